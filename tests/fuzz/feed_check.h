/* What holds of every advisory that is read, in whichever format: claims are whole, nothing is given of what is
 * refused, and what is given twice is the same. */
#ifndef ACCORD_TESTS_FEED_CHECK_H
#define ACCORD_TESTS_FEED_CHECK_H

#include "feed/feed.h"

#include "core/text.h"
#include "version/version.h"

#include <stdlib.h>
#include <string.h>

struct feed_seen {
    size_t vulnerabilities, claims;
    uint64_t sum;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Looks at every byte; texts are UTF-8 of one line. */
static void look_at(struct feed_seen *seen, struct accord_bytes text, bool line)
{
    require(accord_utf8_valid(text));
    for (size_t i = 0; i < text.size; i++) {
        require(!line || text.data[i] >= ' ');
        seen->sum = seen->sum * 31 + text.data[i];
    }
    seen->sum = seen->sum * 31 + text.size;
}

static enum accord_status see_vulnerability(void *context, const struct accord_claim_vulnerability *one,
                                            struct accord_error *error)
{
    struct feed_seen *seen = context;
    (void)error;
    seen->vulnerabilities++;
    require(one->id.size > 0 && one->document.size > 0);
    look_at(seen, one->id, true);
    look_at(seen, one->document, true);
    look_at(seen, one->aliases, true);
    look_at(seen, one->title, true);
    look_at(seen, one->severity, true);
    look_at(seen, one->url, true);
    return ACCORD_OK;
}

static enum accord_status see_claim(void *context, const struct accord_claim *one, struct accord_error *error)
{
    struct feed_seen *seen = context;
    struct accord_bytes rest;
    uint8_t digest[ACCORD_HASH_SIZE];
    (void)error;
    seen->claims++;
    require(seen->vulnerabilities > 0);
    require(one->says >= ACCORD_CLAIM_AFFECTED && one->says <= ACCORD_CLAIM_FIXED);
    require(one->names >= ACCORD_CLAIM_SHA256 && one->names <= ACCORD_CLAIM_NAME);
    require(one->product.size > 0 && (one->range.size > 0) != (one->prose.size > 0));
    require(one->range.size == 0 || accord_vers_check(one->range, NULL) == ACCORD_OK);
    require(one->names != ACCORD_CLAIM_SHA256 || accord_hex_read(one->product, digest, sizeof digest));
    rest = one->product;
    require(one->names != ACCORD_CLAIM_PURL || accord_cut_prefix(&rest, ACCORD_LITERAL("pkg:")));
    require(one->justification.size == 0 || one->says == ACCORD_CLAIM_NOT_AFFECTED);
    look_at(seen, one->range, true);
    look_at(seen, one->prose, true);
    look_at(seen, one->product, true);
    look_at(seen, one->qualifiers, true);
    look_at(seen, one->justification, true);
    look_at(seen, one->remedy, true);
    look_at(seen, one->fixed, false);
    return ACCORD_OK;
}

static int feed_check(const uint8_t *data, size_t size)
{
    struct feed_seen first = {.sum = 0}, second = {.sum = 0};
    const struct accord_claim_sink sink = {&first, see_vulnerability, see_claim},
                                   again = {&second, see_vulnerability, see_claim};
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_feed_format format = 0;
    enum accord_status status = accord_feed_read((struct accord_bytes){data, size}, &sink, &format, &error);
    require(status == error.status && (status == ACCORD_OK) == (format != 0));
    require(status == ACCORD_OK || first.vulnerabilities + first.claims == 0);
    require(accord_feed_read((struct accord_bytes){data, size}, &again, NULL, NULL) == status);
    require(memcmp(&first, &second, sizeof first) == 0);
    return 0;
}

#endif
