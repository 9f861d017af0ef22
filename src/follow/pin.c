/* What must be true before anybody trusts a log's word about its own accord. It knows which roster answers for which
 * link of the chain; the caller compares the charter's digest with one that came another way. */
#include "follow/pin.h"

#include "base/file.h"
#include "follow/walk.h"

#include <stdlib.h>
#include <string.h>

enum accord_status accord_pin(struct accord_reader *reader, const struct accord_crypto *crypto, const uint8_t *charter,
                              const struct accord_trust_claim *kept, struct accord_chain **chain,
                              struct accord_buffer *trust, struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim newest;
    struct accord_walk walk = {.crypto = crypto, .reader = reader, .newest = &newest, .kept = kept};
    enum accord_status status = accord_chain_new(chain, crypto, charter, error);
    if (status != ACCORD_OK) {
        return status;
    }
    walk.chain = *chain;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = accord_scan_size(reader, &note, &newest, error);
    if (status == ACCORD_OK) {
        status = accord_walk_log(&walk, error);
    }
    if (status == ACCORD_OK) {
        status =
            accord_chain_trust(*chain, kept == NULL ? (struct accord_bytes){NULL, 0} : kept->distrust, trust, error);
    }
    accord_buffer_free(&note);
    return status;
}

/* The number of the roster in a trust file; 0 where it holds none that can be read. */
static enum accord_status roster_number(const struct accord_crypto *crypto, const struct accord_trust_claim *trust,
                                        uint64_t *number, struct accord_error *error)
{
    struct accord_roster_claim *roster = malloc(sizeof *roster);
    if (roster == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    bool read = accord_roster_parse(roster, trust->roster_entry, crypto, NULL) == ACCORD_OK;
    *number = read ? roster->number : 0;
    free(roster);
    return ACCORD_OK;
}

static enum accord_status refuse_charter(const struct accord_trust_claim *kept, const struct accord_trust_claim *made,
                                         struct accord_error *error)
{
    uint8_t text[7 + 2 * ACCORD_HASH_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_fail(error, ACCORD_CHAIN, 0);
    accord_error_what(error, ACCORD_LITERAL("charter"));
    accord_digest_print(&out, kept->charter);
    accord_error_expected(error, accord_out_bytes(&out));
    out.size = 0;
    accord_digest_print(&out, made->charter);
    accord_error_found(error, accord_out_bytes(&out));
    return ACCORD_CHAIN;
}

enum accord_status accord_pin_succeeds(const struct accord_crypto *crypto, const struct accord_trust_claim *kept,
                                       struct accord_bytes trust, bool charter_given, struct accord_error *error)
{
    struct accord_trust_claim made;
    uint64_t kept_number = 0, made_number = 0;
    if (kept->roster_entry.size == 0 || accord_trust_parse(&made, trust, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    if (memcmp(kept->charter, made.charter, ACCORD_HASH_SIZE) != 0) {
        return charter_given ? ACCORD_OK : refuse_charter(kept, &made, error);
    }
    enum accord_status status = roster_number(crypto, kept, &kept_number, error);
    if (status == ACCORD_OK) {
        status = roster_number(crypto, &made, &made_number, error);
    }
    if (status == ACCORD_OK && made_number < kept_number) {
        status = accord_fail(error, ACCORD_ROLLBACK, 0);
        accord_error_what(error, ACCORD_LITERAL("roster"));
        accord_error_expected_number(error, kept_number);
        accord_error_found_number(error, made_number);
    }
    return status;
}

enum accord_status accord_pin_kept(const struct accord_fs *fs, const char *path, struct accord_buffer *bytes,
                                   struct accord_trust_claim *kept, struct accord_error *error)
{
    static const char head[] = "accord/v1/trust\n";
    memset(kept, 0, sizeof *kept);
    int present = fs->exists(fs->context, path);
    if (present < 0) {
        return accord_file_error(error, present, path);
    }
    if (present != 1) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_file_read(fs, path, bytes, error);
    if (status != ACCORD_OK || bytes->size < sizeof head - 1 || memcmp(bytes->data, head, sizeof head - 1) != 0) {
        return status;
    }
    return accord_trust_parse(kept, accord_buffer_bytes(bytes), error);
}
