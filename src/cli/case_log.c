/* Reading a log for its cases. It knows in which order what is believed: first the chain of rosters, then that the
 * entries are those of a tree with its quorum, then the docket. What the cases mean the docket knows. */
#include "cli/case_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/accord_dir.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "core/text.h"
#include "follow/pin.h"
#include "follow/trim.h"

#define NAME_DIGITS_MIN 8

/* Now */

void accord_case_now_init(struct accord_case_now *now)
{
    *now = (struct accord_case_now){0};
    accord_buffer_init(&now->checkpoint, ACCORD_NOTE_SIZE_MAX);
}

void accord_case_now_free(struct accord_case_now *now)
{
    accord_buffer_free(&now->checkpoint);
}

enum accord_status accord_case_now_read(struct accord_case_now *now, struct accord_reader *reader,
                                        struct accord_error *error)
{
    now->checkpoint.size = 0;
    enum accord_status status = accord_reader_checkpoint(reader, &now->checkpoint, error);
    return status == ACCORD_OK ? accord_checkpoint_parse(&now->claim, accord_buffer_bytes(&now->checkpoint), error)
                               : status;
}

/* In the place of the log's own, one that an entry can carry. */
static enum accord_status trim(struct accord_case_now *now, const struct accord_policy *policy,
                               const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_buffer trimmed;
    accord_buffer_init(&trimmed, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_checkpoint_trim(policy, accord_buffer_bytes(&now->checkpoint),
                                                       ACCORD_MOMENT_CHECKPOINT_MAX, crypto, &trimmed, error);
    if (status != ACCORD_OK) {
        accord_buffer_free(&trimmed);
        return status;
    }
    accord_buffer_free(&now->checkpoint);
    now->checkpoint = trimmed;
    return accord_checkpoint_parse(&now->claim, accord_buffer_bytes(&now->checkpoint), error);
}

enum accord_status accord_case_now_verify(struct accord_case_now *now, const struct accord_chain *chain,
                                          const struct accord_trust_claim *kept, struct accord_error *error)
{
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    struct accord_policy *policy = NULL;
    struct accord_buffer text;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_chain_policy_new(roster, kept, chain->crypto, &text, &policy, error);
    if (status == ACCORD_OK) {
        status =
            accord_roster_verify_checkpoint(roster, policy, &now->claim, chain->crypto, &checkpoint, &cosigners, error);
    }
    if (status == ACCORD_OK) {
        now->time = cosigners.seen_at;
        status = accord_roster_closed(roster, now->claim.origin) == NULL ? trim(now, policy, chain->crypto, error)
                                                                         : ACCORD_OK;
    }
    free(policy);
    accord_buffer_free(&text);
    return status;
}

/* The walk */

struct walk {
    struct accord_case_log *log;
    const struct accord_case_log_seen *seen;
    struct accord_chain *chain;
    struct accord_docket_roots roots;
    struct accord_docket_log docket_log;
    struct accord_frontier frontier;
    struct accord_progress progress;
};

static enum accord_status see(void *context, uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct walk *walk = context;
    enum accord_link link;
    uint8_t leaf[ACCORD_HASH_SIZE];
    accord_merkle_leaf(walk->roots.crypto, entry, leaf);
    accord_frontier_append(walk->roots.crypto, &walk->frontier, leaf, NULL, NULL);
    enum accord_status status = accord_chain_offer(walk->chain, index, entry, &link, error);
    if (status == ACCORD_OK && link == ACCORD_LINK_NONE) {
        status = accord_docket_see(walk->log->docket, walk->chain, &walk->docket_log, index, entry, error);
    }
    if (status == ACCORD_OK && walk->seen->see != NULL) {
        status = walk->seen->see(walk->seen->context, walk->chain, index, entry, error);
    }
    accord_progress_step(&walk->progress, index + 1, walk->log->now.claim.size);
    return status;
}

static enum accord_status check_root(const struct walk *walk, struct accord_error *error)
{
    const struct accord_checkpoint_claim *claim = &walk->log->now.claim;
    uint8_t hash[ACCORD_HASH_SIZE];
    accord_frontier_root(walk->roots.crypto, &walk->frontier, hash);
    if (memcmp(hash, claim->root, sizeof hash) == 0) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_LOG_CORRUPT, 0);
    accord_error_what(error, claim->origin);
    accord_error_expected(error, ACCORD_LITERAL("entries that make the tree of its checkpoint"));
    accord_error_found(error, ACCORD_LITERAL("others"));
    return ACCORD_LOG_CORRUPT;
}

/* A chain that walks along, so that each entry meets the roster in force there; that all of it holds was asked before.
 */
static enum accord_status read_cases(struct accord_case_log *log, const struct accord_crypto *crypto,
                                     const struct accord_case_log_seen *seen, struct accord_error *error)
{
    struct walk walk = {
        .log = log, .seen = seen, .roots = {crypto, log->reader}, .progress = {.doing = "read", .of = "entries"}};
    enum accord_status status = accord_chain_new(&walk.chain, crypto, log->chain->digest, error);
    walk.docket_log = accord_docket_log_of(&walk.roots, log->now.claim.origin);
    accord_reader_set_size(log->reader, log->now.claim.size);
    if (status == ACCORD_OK) {
        status = accord_scan(log->reader, log->now.claim.size, see, &walk, error);
        accord_progress_end(&walk.progress);
    }
    if (status == ACCORD_OK) {
        status = check_root(&walk, error);
    }
    if (status == ACCORD_OK) {
        status = accord_docket_judge(log->docket, walk.chain, log->now.claim.size, log->now.time, error);
    }
    accord_chain_free(walk.chain);
    return status;
}

static enum accord_status read_trust(struct accord_case_log *log, const struct accord_call *call, const char *path,
                                     struct accord_error *error)
{
    if (path == NULL) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_file_read(call->fs, path, &log->trust_bytes, error);
    if (status == ACCORD_OK) {
        status = accord_trust_parse(&log->trust, accord_buffer_bytes(&log->trust_bytes), error);
    }
    log->has_trust = status == ACCORD_OK;
    return status;
}

/* The chain, each link of it judged; and that it is not older than what the trust file knows. */
static enum accord_status pin(struct accord_case_log *log, const struct accord_crypto *crypto,
                              struct accord_error *error)
{
    const struct accord_trust_claim *kept = log->has_trust ? &log->trust : NULL;
    struct accord_buffer trust;
    accord_buffer_init(&trust, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status =
        accord_pin(log->reader, crypto, kept == NULL ? NULL : kept->charter, kept, &log->chain, &trust, error);
    if (status == ACCORD_OK && kept != NULL) {
        status = accord_pin_succeeds(crypto, kept, accord_buffer_bytes(&trust), true, error);
    }
    accord_buffer_free(&trust);
    return status;
}

enum accord_status accord_case_log_open(struct accord_case_log *log, const struct accord_call *call,
                                        const char *location, const char *trust,
                                        const struct accord_docket_filter *filter, struct accord_error *error)
{
    return accord_case_log_walk(log, call, location, trust, filter, &(struct accord_case_log_seen){NULL, NULL}, error);
}

enum accord_status accord_case_log_walk(struct accord_case_log *log, const struct accord_call *call,
                                        const char *location, const char *trust,
                                        const struct accord_docket_filter *filter,
                                        const struct accord_case_log_seen *seen, struct accord_error *error)
{
    *log = (struct accord_case_log){0};
    accord_case_now_init(&log->now);
    accord_buffer_init(&log->trust_bytes, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = read_trust(log, call, trust, error);
    if (status == ACCORD_OK) {
        status = accord_log_source_open(&log->reader, call->fs, call->crypto, call->network, location, error);
    }
    if (status == ACCORD_OK) {
        status = pin(log, call->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_case_now_read(&log->now, log->reader, error);
    }
    if (status == ACCORD_OK) {
        status = accord_case_now_verify(&log->now, log->chain, log->has_trust ? &log->trust : NULL, error);
    }
    if (status == ACCORD_OK) {
        status = accord_docket_new(&log->docket, call->crypto, filter, error);
    }
    return status == ACCORD_OK ? read_cases(log, call->crypto, seen, error) : status;
}

void accord_case_log_free(struct accord_case_log *log)
{
    accord_docket_free(log->docket);
    accord_chain_free(log->chain);
    accord_reader_close(log->reader);
    accord_case_now_free(&log->now);
    accord_buffer_free(&log->trust_bytes);
}

/* Names */

void accord_case_tell_left_out(const struct accord_call *call, const struct accord_docket *docket)
{
    uint64_t count = accord_docket_left_out(docket);
    if (count > 0) {
        accord_note(call,
                    "%" PRIu64
                    " more cases were not looked at: this log has more than there is room for. Name a case, or "
                    "a vendor",
                    count);
    }
}

struct accord_docket_filter accord_case_named(const char *text, uint64_t *index)
{
    struct accord_bytes name = accord_bytes_of(text);
    struct accord_docket_filter filter = {.index = NULL};
    bool whole = accord_cut_prefix(&name, ACCORD_LITERAL("sha256:"));
    if (!whole && name.size < NAME_DIGITS_MIN && accord_decimal_read(name, index)) {
        filter.index = index;
    } else if (name.size >= NAME_DIGITS_MIN && name.size <= (size_t)2 * ACCORD_HASH_SIZE) {
        filter.digits = name;
    } else {
        static const uint8_t none[ACCORD_HASH_SIZE];
        filter.id = none;
    }
    return filter;
}

bool accord_case_is_named(const uint8_t id[ACCORD_HASH_SIZE], uint64_t index, const struct accord_docket_filter *named)
{
    uint8_t digits[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {digits, sizeof digits, 0, false};
    accord_put_hex(&out, (struct accord_bytes){id, ACCORD_HASH_SIZE});
    return named->index != NULL ? index == *named->index
                                : named->digits.size > 0 && memcmp(digits, named->digits.data, named->digits.size) == 0;
}

enum accord_status accord_case_find(const struct accord_docket *docket, const char *text,
                                    const struct accord_docket_case **found, struct accord_error *error)
{
    uint64_t index;
    const struct accord_docket_filter filter = accord_case_named(text, &index);
    size_t count = 0;
    for (size_t i = 0; i < accord_docket_count(docket); i++) {
        const struct accord_docket_case *one = accord_docket_case(docket, i);
        if (accord_case_is_named(one->id, one->index, &filter)) {
            *found = one;
            count++;
        }
    }
    if (count == 1) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_fail(error, count == 0 ? ACCORD_NOT_FOUND : ACCORD_DUPLICATE, 0);
    accord_error_what(error, accord_bytes_of(text));
    accord_error_expected(error, count == 0 ? ACCORD_LITERAL("a report's index in the log, or eight or more digits of "
                                                             "its case's digest")
                                            : ACCORD_LITERAL("more digits: several cases begin so"));
    return status;
}

enum accord_status accord_case_mailbox(const struct accord_fs *fs, const char *location, char *path, size_t size,
                                       struct accord_error *error)
{
    char log[ACCORD_PATH_SIZE];
    enum accord_status status = accord_log_locate(fs, location, log, sizeof log, error);
    int written = status == ACCORD_OK ? snprintf(path, size, "%s/mailbox", log) : 0;
    return status == ACCORD_OK && (written < 0 || (size_t)written >= size) ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                                                                           : status;
}
