/* The monitor's shell. Knows in which order a look asks its questions, what of the answers is remembered, and that
 * nothing is remembered before it was told; refuses to know what an entry means (rules.c). */
#include "monitor/monitor_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/report.h"
#include "monitor/rules_inner.h"

#define ROSTERS_AHEAD_MAX 64
#define READS_AHEAD_MAX 256 /* of accord_pin_next: some four million entries, since no quorum says where they end */
#define SAVE_US 1000000     /* while there is more to read: after a second, and less and less often */
#define SAVE_MOST_US (64 * SAVE_US)

/* Remembering */

static enum accord_status lock(struct accord_monitor *monitor, struct accord_error *error)
{
    const struct accord_fs *fs = monitor->options.fs;
    int size = snprintf(monitor->path, sizeof monitor->path, "%s", monitor->options.state);
    if (size < 0 || (size_t)size >= sizeof monitor->path)
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    return accord_file_lock(fs, monitor->path, false, &monitor->lock, error);
}

/* Takes over what a state says: the roster, the checkpoint, the witnesses. */
static enum accord_status take_state(struct accord_monitor *monitor, const struct accord_monitor_state *read,
                                     struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(&monitor->note, read->note);
    size_t offset = 0;
    for (size_t i = 0; status == ACCORD_OK && i < read->witness_count; i++)
        status = accord_buffer_append(&monitor->vkeys, read->witnesses[i].vkey);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    for (size_t i = 0; i < read->witness_count; i++) {
        monitor->state.witnesses[i] = read->witnesses[i];
        monitor->state.witnesses[i].vkey.data = monitor->vkeys.data + offset;
        offset += read->witnesses[i].vkey.size;
    }
    monitor->state.witness_count = read->witness_count;
    monitor->position = (struct accord_position){.next = read->next, .size = read->checkpoint.size};
    memcpy(monitor->position.root, read->checkpoint.root, ACCORD_HASH_SIZE);
    monitor->begun = true;
    status = accord_dues_read(accord_rules_dues(monitor->rules), read->dues, error);
    if (status == ACCORD_OK && monitor->cases != NULL)
        status = accord_monitor_cases_read(monitor->cases, read->cases, error);
    if (status != ACCORD_OK)
        return status;
    return read->has_roster ? accord_rules_restore(monitor->rules, read->roster_index, read->roster, error) : ACCORD_OK;
}

static enum accord_status load(struct accord_monitor *monitor, struct accord_error *error)
{
    struct accord_buffer text;
    accord_buffer_init(&text, ACCORD_MONITOR_STATE_SIZE_MAX);
    struct accord_monitor_state *read = malloc(sizeof *read);
    enum accord_status status = read == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                                             : accord_file_read(monitor->options.fs, monitor->path, &text, error);
    if (status == ACCORD_OK) {
        status = accord_monitor_state_parse(read, accord_buffer_bytes(&text), error);
        if (status == ACCORD_OK)
            status = take_state(monitor, read, error);
        if (status != ACCORD_OK)
            accord_error_what(error, (struct accord_bytes){(const uint8_t *)monitor->path, strlen(monitor->path)});
    } else if (status == ACCORD_NOT_FOUND) {
        status = ACCORD_OK;
    }
    accord_hash(monitor->options.rules.crypto, accord_buffer_bytes(&text), monitor->saved);
    accord_buffer_free(&text);
    free(read);
    return status;
}

/* What was told has arrived; only now is it remembered. */
static enum accord_status save(struct accord_monitor *monitor, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    struct accord_monitor_state *state = &monitor->state;
    if (monitor->untold)
        return ACCORD_OK;
    enum accord_status status = monitor->options.settle(monitor->options.sink.context, error);
    if (status != ACCORD_OK || !monitor->begun)
        return status;
    uint8_t *text = malloc(ACCORD_MONITOR_STATE_SIZE_MAX);
    if (text == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    struct accord_out out = {text, ACCORD_MONITOR_STATE_SIZE_MAX, 0, false};
    state->next = monitor->position.next;
    state->note = accord_buffer_bytes(&monitor->note);
    const struct accord_dues *dues = accord_rules_dues(monitor->rules);
    size_t room = dues->count * ACCORD_DUE_LINE_SIZE_MAX;
    uint8_t *lines = malloc(room + 1);
    if (lines == NULL) {
        free(text);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out due = {lines, room, 0, false};
    accord_dues_print(&due, dues);
    state->dues = accord_out_bytes(&due);
    struct accord_buffer cases;
    accord_buffer_init(&cases, ACCORD_MONITOR_STATE_SIZE_MAX);
    status = monitor->cases == NULL ? ACCORD_OK : accord_monitor_cases_print(monitor->cases, &cases);
    state->cases = accord_buffer_bytes(&cases);
    state->roster = (struct accord_bytes){NULL, 0};
    state->has_roster = accord_rules_met(monitor->rules, &state->roster, &state->roster_index);
    accord_monitor_state_print(&out, state);
    state->dues = state->cases = (struct accord_bytes){NULL, 0};
    free(lines);
    accord_buffer_free(&cases);
    accord_hash(monitor->options.rules.crypto, accord_out_bytes(&out), digest);
    if (status != ACCORD_OK || out.full)
        status = accord_fail(error, status != ACCORD_OK ? status : ACCORD_TOO_LARGE, 0);
    else if (memcmp(digest, monitor->saved, sizeof digest) != 0)
        status = accord_file_replace(monitor->options.fs, monitor->path, accord_out_bytes(&out), 0644, error);
    if (status == ACCORD_OK)
        memcpy(monitor->saved, digest, sizeof digest);
    monitor->saved_us = accord_monotonic_us();
    free(text);
    return status;
}

/* Telling */

static enum accord_status tell(struct accord_monitor *monitor, const struct accord_finding *finding,
                               struct accord_error *error)
{
    enum accord_status status = monitor->options.sink.take(monitor->options.sink.context, finding, error);
    monitor->told += status == ACCORD_OK;
    monitor->untold = monitor->untold || status != ACCORD_OK;
    return status;
}

static enum accord_status take_finding(void *context, const struct accord_finding *finding, struct accord_error *error)
{
    return tell(context, finding, error);
}

enum accord_status accord_monitor_tell(struct accord_monitor *monitor, struct accord_finding *finding,
                                       struct accord_error *error)
{
    const struct accord_crypto *crypto = monitor->options.rules.crypto;
    struct accord_sha256 sha;
    uint8_t digest[ACCORD_HASH_SIZE], code = (uint8_t)finding->code;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, &code, 1);
    crypto->sha256_update(&sha, (const uint8_t *)finding->subject, strlen(finding->subject) + 1);
    if (finding->evidence != NULL)
        crypto->sha256_update(&sha, (const uint8_t *)finding->evidence, strlen(finding->evidence));
    crypto->sha256_final(&sha, digest);
    for (size_t i = 0; i < monitor->standing_count; i++)
        if (memcmp(monitor->standing[i].digest, digest, sizeof digest) == 0) {
            monitor->standing[i].again = true;
            return ACCORD_OK;
        }
    enum accord_status status = tell(monitor, finding, error);
    if (status == ACCORD_OK && monitor->standing_count < STANDING_MAX) {
        memcpy(monitor->standing[monitor->standing_count].digest, digest, sizeof digest);
        monitor->standing[monitor->standing_count++].again = true;
    }
    return status;
}

/* What did not stand in this look is over. */
static void forget_standing(struct accord_monitor *monitor)
{
    size_t kept = 0;
    for (size_t i = 0; i < monitor->standing_count; i++)
        if (monitor->standing[i].again) {
            monitor->standing[kept] = monitor->standing[i];
            monitor->standing[kept++].again = false;
        }
    monitor->standing_count = kept;
}

enum accord_status accord_monitor_wrong(struct accord_monitor *monitor, enum accord_finding_code code,
                                        const struct accord_error *why, struct accord_error *error)
{
    struct accord_finding finding;
    if (accord_status_exit(why->status) != 1) {
        *error = *why;
        return why->status;
    }
    accord_finding_begin(&finding, code, (struct accord_bytes){NULL, 0});
    accord_finding_blame(&finding, why);
    return accord_monitor_tell(monitor, &finding, error);
}

/* The checkpoint */

/* Why the log's tree does not grow out of the one before, with evidence where there can be some. */
static enum accord_status tell_contradiction(struct accord_monitor *monitor, struct accord_reader *reader,
                                             const struct accord_error *why, struct accord_error *error)
{
    struct accord_finding finding;
    struct accord_checkpoint_claim seen;
    struct accord_error unkept;
    char path[4096] = "";
    bool back = why->status == ACCORD_ROLLBACK;
    enum accord_status status = accord_checkpoint_parse(&seen, accord_buffer_bytes(&monitor->note), error);
    if (status != ACCORD_OK)
        return status;
    status = accord_monitor_contradiction(monitor, reader, &seen, &monitor->claim, path, &unkept);
    bool shown = path[0] != '\0', prefix = status == ACCORD_OK && !shown;
    if (!shown && !prefix)
        status = accord_monitor_keep_notes(monitor, seen.note.whole, monitor->claim.note.whole, path, &unkept);
    accord_finding_begin(&finding, back && !shown ? ACCORD_FINDING_ROLLBACK : ACCORD_FINDING_INCONSISTENT,
                         (struct accord_bytes){NULL, 0});
    accord_finding_say(&finding, ": it shows a tree of %llu entries, it showed one of %llu before",
                       (unsigned long long)monitor->claim.size, (unsigned long long)seen.size);
    if (!shown && !back)
        accord_finding_say(&finding, ", and its tiles do not lead to its own checkpoint");
    if (status != ACCORD_OK)
        accord_finding_blame(&finding, &unkept);
    else if (path[0] != '\0')
        finding.evidence = path;
    return accord_monitor_tell(monitor, &finding, error);
}

/* From here on this is the last checkpoint. */
static enum accord_status accept(struct accord_monitor *monitor, const struct accord_position *position,
                                 struct accord_error *error)
{
    const struct accord_policy *policy = accord_rules_policy(monitor->rules);
    monitor->note.size = 0;
    enum accord_status status = accord_buffer_append(&monitor->note, accord_buffer_bytes(&monitor->fetched));
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    monitor->position = *position;
    monitor->begun = true;
    monitor->vouched = accord_monitor_time(monitor);
    accord_rules_time(monitor->rules, monitor->vouched);
    status = accord_monitor_watch(monitor, error);
    for (size_t i = 0; status == ACCORD_OK && i < policy->witness_count; i++)
        if (monitor->cosigners.cosigned[i])
            accord_monitor_seen(monitor, policy->witnesses[i].vkey.text, monitor->cosigners.timestamp[i]);
    return status;
}

static enum accord_status check_origin(const struct accord_monitor *monitor, struct accord_error *error)
{
    struct accord_bytes known = accord_monitor_origin(monitor);
    if (!monitor->begun || accord_bytes_equal(known, monitor->claim.origin))
        return ACCORD_OK;
    accord_fail(error, ACCORD_STATE, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)monitor->path, strlen(monitor->path)});
    accord_error_expected(error, known);
    accord_error_found(error, monitor->claim.origin);
    return ACCORD_STATE;
}

static bool stopped(const struct accord_monitor *monitor)
{
    return monitor->options.stop != NULL && *monitor->options.stop != 0;
}

/* What was judged while this roster was the newest one met holds none that comes after it: reading goes on behind. */
static void pass_over_judged(struct accord_monitor *monitor, const struct accord_trust_claim *kept)
{
    struct accord_pin_progress *progress = &monitor->progress;
    struct accord_bytes met;
    uint64_t index;
    uint8_t digest[ACCORD_HASH_SIZE];
    if (!accord_rules_met(monitor->rules, &met, &index) || !accord_bytes_equal(met, kept->roster_entry))
        return;
    accord_hash(monitor->options.rules.crypto, met, digest);
    if (progress->begun && memcmp(progress->roster, digest, sizeof digest) == 0)
        return;
    *progress = (struct accord_pin_progress){
        .begun = true,
        .accepted = {.placed = true, .position = monitor->position},
        .unaccepted = {.placed = true, .position = {.next = monitor->position.next}},
    };
    memcpy(progress->roster, digest, sizeof digest);
}

/* Looks ahead in the log for the roster after the newest that is known, and for what shows that it counts. What cannot
 * be read is no reason to fail: then nothing more is known than before. */
static bool foresee(struct accord_monitor *monitor, struct accord_reader *reader)
{
    struct accord_buffer trust;
    struct accord_error unread;
    uint64_t number;
    bool more = true, read = true;
    accord_buffer_init(&trust, ACCORD_TRUST_SIZE_MAX);
    pass_over_judged(monitor, accord_rules_trust(monitor->rules));
    for (unsigned i = 0; read && more && trust.size == 0 && i < READS_AHEAD_MAX && !stopped(monitor); i++)
        read = accord_pin_next(reader, monitor->options.rules.crypto, accord_rules_trust(monitor->rules),
                               &monitor->progress, &trust, &number, &more, &unread) == ACCORD_OK;
    bool found = read && trust.size > 0 &&
                 accord_rules_foresee(monitor->rules, accord_buffer_bytes(&trust), &unread) == ACCORD_OK;
    accord_buffer_free(&trust);
    accord_reader_set_size(reader, monitor->claim.size);
    return found;
}

/* The witnesses may be those of a later roster already, whose enactment lies in the log. */
static enum accord_status look_ahead(struct accord_monitor *monitor, struct accord_reader *reader,
                                     struct accord_checkpoint *checkpoint, struct accord_error *why)
{
    enum accord_status status = ACCORD_QUORUM;
    for (unsigned i = 0; status == ACCORD_QUORUM && i < ROSTERS_AHEAD_MAX && foresee(monitor, reader); i++)
        status = accord_policy_verify(accord_rules_policy(monitor->rules), &monitor->claim,
                                      monitor->options.rules.crypto, checkpoint, &monitor->cosigners, why);
    return status;
}

/* Is what was fetched a checkpoint of this log, by its policy, that grows out of the one before? *accepted says so; all
 * else is told. The log's signature is asked for first: without it nothing it shows is evidence. */
static enum accord_status judge_checkpoint(struct accord_monitor *monitor, struct accord_reader *reader, bool *accepted,
                                           struct accord_error *error)
{
    const struct accord_crypto *crypto = monitor->options.rules.crypto;
    struct accord_checkpoint checkpoint;
    struct accord_position position = monitor->position;
    struct accord_error why = monitor->unfetched, unsupported;
    if (why.status == ACCORD_OK)
        (void)!accord_checkpoint_parse(&monitor->claim, accord_buffer_bytes(&monitor->fetched), &why);
    if (why.status != ACCORD_OK)
        return accord_monitor_wrong(monitor, ACCORD_FINDING_CHECKPOINT, &why, error);
    enum accord_status quorum = accord_policy_verify(accord_rules_policy(monitor->rules), &monitor->claim, crypto,
                                                     &checkpoint, &monitor->cosigners, &unsupported);
    if (quorum == ACCORD_QUORUM)
        quorum = look_ahead(monitor, reader, &checkpoint, &unsupported);
    if (quorum == ACCORD_QUORUM && stopped(monitor))
        return ACCORD_OK; /* reading ahead was cut off: nothing is known of the quorum */
    const struct accord_policy *policy = accord_rules_policy(monitor->rules);
    if (quorum != ACCORD_OK && quorum != ACCORD_QUORUM)
        return accord_monitor_wrong(monitor, ACCORD_FINDING_CHECKPOINT, &unsupported, error);
    enum accord_status status = check_origin(monitor, error);
    if (status != ACCORD_OK)
        return status;
    monitor->log = &policy->logs[monitor->cosigners.log].vkey;
    status = accord_follow_tree(&position, reader, crypto, &monitor->claim, &why);
    if (status == ACCORD_ROLLBACK || status == ACCORD_CONSISTENCY)
        return tell_contradiction(monitor, reader, &why, error);
    if (status != ACCORD_OK)
        return accord_monitor_wrong(monitor, ACCORD_FINDING_CORRUPT, &why, error);
    if (quorum != ACCORD_OK)
        return accord_monitor_wrong(monitor, ACCORD_FINDING_QUORUM, &unsupported, error);
    *accepted = true;
    return accept(monitor, &position, error);
}

/* Entries */

static bool look_at(void *context, unsigned thread, const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry)
{
    struct accord_monitor *monitor = context;
    return accord_rules_look(monitor->rules, monitor->glasses[thread], leaf, entry) ||
           (monitor->cases_begun && accord_monitor_cases_look(entry));
}

static enum accord_status judge_entry(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                                      struct accord_bytes entry, bool *changed, struct accord_error *error)
{
    struct accord_monitor *monitor = context;
    const struct accord_finding_sink sink = {monitor, take_finding};
    struct accord_error why;
    enum accord_status status = accord_rules_judge(monitor->rules, monitor->glasses[0], &monitor->claim, index, leaf,
                                                   entry, &sink, changed, error);
    /* A checkpoint in the log that its quorum signed, of another tree: that is told, and the log is followed on. */
    if (status == ACCORD_OK && monitor->cases_begun &&
        accord_monitor_cases_take(monitor->cases, index, entry, &why) != ACCORD_OK)
        status = accord_monitor_wrong(monitor, ACCORD_FINDING_INCONSISTENT, &why, error);
    return status;
}

/* What this log has at the index, proven to be in its tree. */
static enum accord_status read_proven(void *context, struct accord_reader *reader, uint64_t index,
                                      struct accord_buffer *entry, struct accord_error *error)
{
    struct accord_monitor *monitor = context;
    const struct accord_crypto *crypto = monitor->options.rules.crypto;
    struct accord_merkle_proof proof;
    uint8_t leaf[ACCORD_HASH_SIZE];
    struct accord_hash_source source = accord_reader_hashes(reader);
    enum accord_status status = accord_reader_entry(reader, index, entry, error);
    if (status != ACCORD_OK)
        return status;
    status = accord_inclusion_prove(crypto, &source, index, monitor->claim.size, &proof);
    if (status != ACCORD_OK) {
        *error = *accord_reader_error(reader);
        return status;
    }
    accord_merkle_leaf(crypto, accord_buffer_bytes(entry), leaf);
    status = accord_inclusion_verify(crypto, index, monitor->claim.size, leaf, &proof, monitor->claim.root);
    if (status != ACCORD_OK) {
        accord_fail(error, status, 0);
        accord_error_what(error, ACCORD_LITERAL("the entry at this index"));
        accord_error_found_number(error, index);
    }
    return status;
}

/* Is the trust file's roster in this log, where the trust file says? Then the log has the whole chain. That it is not
 * has to be proven too: a log that could hide it would hide every roster after it. */
static enum accord_status find_carry(struct accord_monitor *monitor, struct accord_reader *reader,
                                     struct accord_error *error)
{
    const struct accord_trust_claim *trust = &monitor->options.rules.verifier->trust;
    struct accord_buffer entry;
    if (monitor->carry_known || trust->roster_index >= monitor->claim.size)
        return ACCORD_OK;
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = read_proven(monitor, reader, trust->roster_index, &entry, error);
    bool carries = status == ACCORD_OK && accord_bytes_equal(accord_buffer_bytes(&entry), trust->roster_entry);
    accord_buffer_free(&entry);
    if (status != ACCORD_OK)
        return status;
    monitor->carry_known = true;
    accord_rules_carry(monitor->rules, carries);
    /* Without the chain so far its next link could not be told. */
    struct accord_bytes met;
    uint64_t index;
    if (carries && !accord_rules_met(monitor->rules, &met, &index))
        monitor->position.next = 0;
    return ACCORD_OK;
}

static enum accord_status read_entries(struct accord_monitor *monitor, struct accord_reader *reader,
                                       struct accord_error *error)
{
    const struct accord_sweep sweep = {.reader = reader,
                                       .crypto = monitor->options.rules.crypto,
                                       .threads = monitor->options.threads,
                                       .context = monitor,
                                       .look = look_at,
                                       .judge = judge_entry};
    enum accord_status status = ACCORD_OK;
    uint64_t wait_us = SAVE_US;
    while (status == ACCORD_OK && monitor->position.next < monitor->position.size && !stopped(monitor)) {
        status = accord_sweep(&sweep, &monitor->position, error);
        if (monitor->options.progress != NULL)
            monitor->options.progress(monitor->options.sink.context, monitor->position.next, monitor->position.size);
        if (status == ACCORD_OK && accord_monotonic_us() - monitor->saved_us >= wait_us) {
            status = save(monitor, error);
            wait_us = wait_us < SAVE_MOST_US ? 2 * wait_us : wait_us;
        }
    }
    return status;
}

/* Cases are those of the accord's own log. */
static enum accord_status begin_cases(struct accord_monitor *monitor, struct accord_reader *reader,
                                      struct accord_error *error)
{
    const struct accord_monitor_cases_log log = {reader, monitor->claim.origin, monitor, read_proven};
    monitor->cases_begun = false;
    if (monitor->cases == NULL || !monitor->rules->carries)
        return ACCORD_OK;
    enum accord_status status = accord_monitor_cases_begin(monitor->cases, &log, error);
    monitor->cases_begun = status == ACCORD_OK;
    return status;
}

static enum accord_status judge_entries(struct accord_monitor *monitor, struct accord_reader *reader,
                                        struct accord_error *error)
{
    struct accord_error why;
    enum accord_status status = find_carry(monitor, reader, &why);
    if (status == ACCORD_OK)
        status = begin_cases(monitor, reader, &why);
    if (status == ACCORD_OK)
        status = read_entries(monitor, reader, &why);
    for (unsigned i = 0; status == ACCORD_QUORUM && i < ROSTERS_AHEAD_MAX && foresee(monitor, reader); i++)
        status = read_entries(monitor, reader, &why);
    if (status == ACCORD_OK || (status == ACCORD_QUORUM && stopped(monitor)))
        return ACCORD_OK;
    return accord_monitor_wrong(monitor, status == ACCORD_QUORUM ? ACCORD_FINDING_QUORUM : ACCORD_FINDING_CORRUPT, &why,
                                error);
}

/* The trust file may have come from elsewhere since the log was read: what was met there need not be its roster. */
static enum accord_status hold_against_trust(struct accord_monitor *monitor, struct accord_error *error)
{
    struct accord_finding finding;
    return accord_rules_conflict(monitor->rules, &finding) ? accord_monitor_tell(monitor, &finding, error) : ACCORD_OK;
}

enum accord_status accord_monitor_fetch(struct accord_monitor *monitor, struct accord_reader *reader,
                                        struct accord_error *error)
{
    monitor->fetched.size = 0;
    memset(&monitor->unfetched, 0, sizeof monitor->unfetched);
    enum accord_status status = accord_reader_checkpoint(reader, &monitor->fetched, error);
    if (accord_status_exit(status) != 1)
        return status;
    monitor->unfetched = *error;
    return ACCORD_OK;
}

enum accord_status accord_monitor_look(struct accord_monitor *monitor, struct accord_reader *reader,
                                       const struct accord_monitor_view *views, size_t view_count, uint64_t now,
                                       struct accord_error *error)
{
    bool accepted = false;
    struct accord_error unsaved;
    monitor->now = now;
    monitor->saved_us = accord_monotonic_us();
    enum accord_status status = judge_checkpoint(monitor, reader, &accepted, error);
    if (status == ACCORD_OK && accepted)
        status = accord_monitor_views(monitor, reader, views, view_count, error);
    if (status == ACCORD_OK && accepted)
        status = hold_against_trust(monitor, error);
    if (status == ACCORD_OK && accepted)
        status = judge_entries(monitor, reader, error);
    if (status == ACCORD_OK && accepted)
        status = accord_monitor_silence(monitor, error);
    if (status == ACCORD_OK && accepted)
        status = accord_monitor_stale(monitor, error);
    if (status == ACCORD_OK && accepted)
        status = accord_monitor_overdue(monitor, error);
    if (status == ACCORD_OK && accepted)
        status = accord_monitor_tell_cases(monitor, error);
    if (status == ACCORD_OK)
        forget_standing(monitor);
    /* What was judged before a trouble is not judged again because of it. */
    enum accord_status saved = save(monitor, &unsaved);
    if (saved != ACCORD_OK)
        *error = unsaved;
    return saved != ACCORD_OK ? saved : status;
}

enum accord_status accord_monitor_wait(struct accord_monitor *monitor, uint64_t now, struct accord_error *error)
{
    monitor->now = now;
    enum accord_status status = accord_monitor_stale(monitor, error);
    return status == ACCORD_OK ? save(monitor, error) : status;
}

/* Opening */

struct accord_bytes accord_monitor_origin(const struct accord_monitor *monitor)
{
    struct accord_checkpoint_claim claim;
    struct accord_bytes note = accord_buffer_bytes(monitor->begun ? &monitor->note : &monitor->fetched);
    if (accord_checkpoint_parse(&claim, note, NULL) == ACCORD_OK)
        return claim.origin;
    return (struct accord_bytes){NULL, 0};
}

uint64_t accord_monitor_told(const struct accord_monitor *monitor)
{
    return monitor->told;
}

uint64_t accord_monitor_next(const struct accord_monitor *monitor)
{
    return monitor->position.next;
}

static enum accord_status begin(struct accord_monitor *monitor, struct accord_error *error)
{
    if (monitor->options.threads < 1)
        monitor->options.threads = 1;
    if (monitor->options.threads > ACCORD_SWEEP_THREADS_MAX)
        monitor->options.threads = ACCORD_SWEEP_THREADS_MAX;
    for (unsigned i = 0; i < monitor->options.threads; i++) {
        monitor->glasses[i] = accord_rules_glass_new();
        if (monitor->glasses[i] == NULL)
            return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_rules_new(&monitor->rules, &monitor->options.rules, error);
    if (status == ACCORD_OK && monitor->options.rules.vendor_count > 0)
        status = accord_monitor_cases_new(&monitor->cases, monitor->options.rules.crypto,
                                          monitor->options.rules.vendors, monitor->options.rules.vendor_count,
                                          monitor->options.rules.verifier->trust.charter, error);
    if (status == ACCORD_OK)
        status = lock(monitor, error);
    return status == ACCORD_OK ? load(monitor, error) : status;
}

enum accord_status accord_monitor_open(struct accord_monitor **out, const struct accord_monitor_options *options,
                                       struct accord_error *error)
{
    struct accord_monitor *monitor = calloc(1, sizeof *monitor);
    *out = monitor;
    if (monitor == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    monitor->options = *options;
    monitor->lock = -1;
    accord_buffer_init(&monitor->note, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&monitor->fetched, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&monitor->vkeys, ACCORD_MONITOR_STATE_SIZE_MAX);
    enum accord_status status = begin(monitor, error);
    if (status != ACCORD_OK) {
        accord_monitor_close(monitor);
        *out = NULL;
    }
    return status;
}

void accord_monitor_close(struct accord_monitor *monitor)
{
    if (monitor == NULL)
        return;
    if (monitor->lock >= 0)
        monitor->options.fs->close(monitor->options.fs->context, monitor->lock);
    for (unsigned i = 0; i < ACCORD_SWEEP_THREADS_MAX; i++)
        accord_rules_glass_free(monitor->glasses[i]);
    accord_rules_free(monitor->rules);
    accord_monitor_cases_free(monitor->cases);
    accord_buffer_free(&monitor->note);
    accord_buffer_free(&monitor->fetched);
    accord_buffer_free(&monitor->vkeys);
    free(monitor);
}
