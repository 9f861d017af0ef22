/* Asking an advisory what a reader will ask of it. */
#include "cli/advisory_check.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "version/version.h"

#define RANGE_SIZE 4096 /* more than the grammar lets a range have, and a scheme before it */

/* How the versions of each product are ordered, in the order of the products. */
struct orders {
    size_t count;
    enum accord_version_scheme scheme[ACCORD_ADVISORY_PRODUCTS_MAX];
};

static enum accord_status refuse(enum accord_status status, const struct accord_advisory_item *item,
                                 struct accord_bytes expected, struct accord_bytes found, struct accord_error *error)
{
    accord_fail(error, status, item->line);
    accord_error_what(error, item->product.size > 0 ? item->product : ACCORD_LITERAL("order"));
    accord_error_expected(error, expected);
    accord_error_found(error, found);
    return status;
}

static enum accord_status check_release(const struct accord_advisory_claim *advisory, struct accord_board *board,
                                        const struct accord_advisory_item *item, struct accord_error *error)
{
    uint8_t memory[80], digest[ACCORD_HASH_SIZE];
    struct accord_out out = {memory, sizeof memory, 0, false};
    uint64_t index;
    if (!item->has_digest || item->kind == ACCORD_ADVISORY_CASE ||
        (accord_board_release_named(board, advisory->vendor, item->product, item->range, digest, &index) &&
         memcmp(digest, item->digest, sizeof digest) == 0)) {
        return ACCORD_OK;
    }
    accord_digest_print(&out, item->digest);
    return refuse(ACCORD_NOT_FOUND, item,
                  ACCORD_LITERAL("the digest of the release of this version that this vendor logged"),
                  accord_out_bytes(&out), error);
}

static enum accord_version_scheme scheme_of(const struct accord_advisory_claim *advisory, const struct orders *orders,
                                            struct accord_bytes product)
{
    for (size_t i = 0; i < orders->count; i++) {
        if (accord_bytes_equal(advisory->products[i], product)) {
            return orders->scheme[i];
        }
    }
    return ACCORD_VERSION_NONE;
}

/* Can a reader tell which versions those are? */
static enum accord_status check_range(const struct accord_advisory_claim *advisory, const struct orders *orders,
                                      const struct accord_advisory_item *item, struct accord_error *error)
{
    uint8_t memory[RANGE_SIZE];
    struct accord_out out = {memory, sizeof memory, 0, false};
    enum accord_version_scheme scheme = scheme_of(advisory, orders, item->product);
    bool bounds = item->range.size > 0 &&
                  (memchr(item->range.data, '<', item->range.size) || memchr(item->range.data, '>', item->range.size));
    if (item->range.size == 0) {
        return ACCORD_OK;
    }
    if (scheme == ACCORD_VERSION_NONE) {
        return bounds
                   ? refuse(ACCORD_MALFORMED, item,
                            ACCORD_LITERAL("an `order` line of the product, without which no version is below another"),
                            item->range, error)
                   : ACCORD_OK;
    }
    accord_put(&out, ACCORD_LITERAL("vers:"));
    accord_put(&out, accord_version_scheme_name(scheme));
    accord_put_byte(&out, '/');
    accord_put(&out, item->range);
    return accord_vers_check(accord_out_bytes(&out), NULL) == ACCORD_OK
               ? ACCORD_OK
               : refuse(ACCORD_MALFORMED, item, ACCORD_LITERAL("versions of its order, the bounds from the lowest on"),
                        item->range, error);
}

static enum accord_status check_item(const struct accord_advisory_claim *advisory, struct accord_board *board,
                                     struct orders *orders, const struct accord_advisory_item *item,
                                     struct accord_error *error)
{
    if (item->kind == ACCORD_ADVISORY_PRODUCT) {
        orders->scheme[orders->count++] = ACCORD_VERSION_NONE;
    }
    if (item->kind == ACCORD_ADVISORY_ORDER) {
        enum accord_version_scheme scheme = accord_version_scheme(item->word);
        orders->scheme[orders->count - 1] = scheme;
        return scheme != ACCORD_VERSION_NONE
                   ? ACCORD_OK
                   : refuse(ACCORD_MALFORMED, item,
                            ACCORD_LITERAL("deb, rpm, semver, npm, golang, pypi, gem, nuget or intdot"), item->word,
                            error);
    }
    enum accord_status status = check_release(advisory, board, item, error);
    return status == ACCORD_OK ? check_range(advisory, orders, item, error) : status;
}

enum accord_status accord_advisory_check(const struct accord_advisory_claim *advisory, struct accord_board *board,
                                         struct accord_error *error)
{
    struct accord_advisory_item item;
    struct orders orders = {.count = 0};
    enum accord_status status = ACCORD_OK;
    size_t cursor = 0;
    while (status == ACCORD_OK && accord_advisory_next(advisory, &cursor, &item)) {
        status = check_item(advisory, board, &orders, &item, error);
    }
    return status;
}
