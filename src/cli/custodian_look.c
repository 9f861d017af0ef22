/* The order of a custodian's look: first whether this is the log that it saw before, then that this is kept, then the
 * cases. What is due the docket knows, and accord_custodian_duty. */
#include "cli/custodian_look.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/report.h"
#include "cli/case_call.h"
#include "cli/custodian_say.h"
#include "cli/say.h"
#include "crypto/backend.h"

/* Whether the tree grows out of the last one; and it is kept before anything is said under it. */
static enum accord_status accept_tree(struct accord_custodian_looking *looking, struct accord_case_log *log,
                                      struct accord_error *error)
{
    struct accord_custodian_state *state = &looking->state;
    struct accord_position position = state->position;
    struct accord_bytes origin = log->now.claim.origin;
    if (state->origin.size > 0 && !accord_bytes_equal(accord_buffer_bytes(&state->origin), origin)) {
        accord_fail(error, ACCORD_STATE, 0);
        accord_error_expected(error, accord_buffer_bytes(&state->origin));
        accord_error_found(error, origin);
        return ACCORD_STATE;
    }
    enum accord_status status =
        accord_follow_tree(&position, log->reader, looking->call->crypto, &log->now.claim, error);
    if (status == ACCORD_OK && state->origin.size == 0) {
        status = accord_buffer_append(&state->origin, origin);
    }
    if (status == ACCORD_OK) {
        position.next = position.size; /* all of it was read */
        state->position = position;
    }
    return status;
}

static enum accord_status save(struct accord_custodian_looking *looking, struct accord_error *error)
{
    return looking->dry_run || looking->state_path == NULL
               ? ACCORD_OK
               : accord_custodian_state_save(&looking->state, looking->call->fs, looking->state_path, error);
}

/* The roster that follows takes the place of the one that was kept, so that nobody is believed any more who is out. Not
 * where somebody else has changed the file since it was read: the next look will. */
static enum accord_status follow_roster(const struct accord_custodian_looking *looking,
                                        const struct accord_case_log *log, struct accord_error *error)
{
    const struct accord_call *call = looking->call;
    struct accord_buffer trust, present;
    if (looking->dry_run) {
        return ACCORD_OK;
    }
    accord_buffer_init(&trust, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&present, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = accord_chain_trust(log->chain, log->trust.distrust, &trust, error);
    struct accord_bytes before = accord_buffer_bytes(&log->trust_bytes);
    if (status == ACCORD_OK && !accord_bytes_equal(accord_buffer_bytes(&trust), before)) {
        int lock;
        status = accord_file_lock(call->fs, looking->trust, true, &lock, error);
        if (status == ACCORD_OK) {
            status = accord_file_read(call->fs, looking->trust, &present, error);
        }
        if (status == ACCORD_OK && accord_bytes_equal(accord_buffer_bytes(&present), before)) {
            status = accord_file_replace(call->fs, looking->trust, accord_buffer_bytes(&trust), 0644, error);
        }
        accord_file_unlock(call->fs, lock);
    }
    accord_buffer_free(&trust);
    accord_buffer_free(&present);
    return status;
}

/* One case */

static void note_down(struct accord_custodian_looking *looking, const char *what,
                      const struct accord_docket_case *found, const struct accord_entered *entered)
{
    json_t *object = json_pack("{s:s, s:o}", "did", what, "case", accord_json_digest(found->id));
    if (object != NULL && entered != NULL) {
        (void)json_object_set_new(object, "index", accord_json_number(entered->index));
    }
    (void)json_array_append_new(looking->did, object);
}

static void tell_failure(struct accord_custodian_looking *looking, const char *what,
                         const struct accord_docket_case *found, struct accord_error *error)
{
    char sentence[512], name[17];
    int status = accord_status_exit(error->status);
    accord_case_short(found->id, name);
    accord_error_sentence(error, NULL, sentence, sizeof sentence);
    accord_note(looking->call, "case %s: the %s could not be logged: %s", name, what, sentence);
    looking->failed++;
    looking->worst = status > looking->worst ? status : looking->worst;
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:o}", "did", "failed", "answer", what, "rule",
                  accord_status_rule(error->status), "sentence", sentence, "case", accord_json_digest(found->id));
    (void)json_array_append_new(looking->did, object);
}

/* Logs the share, or the complaint. */
static void say(struct accord_custodian_looking *looking, const struct accord_docket_case *found,
                const struct accord_custodian_share *share)
{
    struct accord_error error = {0};
    struct accord_entered entered;
    char name[17];
    const char *what = share->verdict == ACCORD_SHARE_RIGHT ? "share" : "complaint";
    accord_case_short(found->id, name);
    if (looking->dry_run) {
        accord_note(looking->call, "case %s: a %s is due", name, what);
        note_down(looking, share->verdict == ACCORD_SHARE_RIGHT ? "share-due" : "complaint-due", found, NULL);
        return;
    }
    accord_entered_init(&entered);
    error.status =
        accord_custodian_say(looking->call, &looking->enter, looking->member, found, share, &entered, &error);
    if (error.status == ACCORD_OK) {
        accord_note(looking->call,
                    share->verdict == ACCORD_SHARE_RIGHT
                        ? "case %s: its embargo is over; the share is logged, as entry %" PRIu64
                        : "case %s: its reporter gave a wrong share; the complaint that proves it is entry %" PRIu64,
                    name, entered.index);
        note_down(looking, what, found, &entered);
    } else {
        tell_failure(looking, what, found, &error);
    }
    accord_entered_free(&entered);
}

static void tell_verdict(struct accord_custodian_looking *looking, const struct accord_docket_case *found,
                         enum accord_custodian_verdict verdict)
{
    static const struct {
        const char *did, *words;
    } told[] = {
        [ACCORD_SHARE_UNOPENED] = {"unopened", "none of the keys opens it; give the report key that it had then, too"},
        [ACCORD_SHARE_RIGHT] = {"checked", "it is right"},
        [ACCORD_SHARE_WRONG] = {NULL, NULL}, /* the complaint says it */
        [ACCORD_SHARE_FOREIGN] = {"foreign",
                                  "it was not made for this report, and nothing is said of it: whoever copied "
                                  "it from another one would learn what it holds"}};
    char name[17];
    accord_case_short(found->id, name);
    if (told[verdict].did != NULL) {
        accord_note(looking->call, "case %s: the share that was given to %.*s: %s", name, ACCORD_TEXT(looking->member),
                    told[verdict].words);
        note_down(looking, told[verdict].did, found, NULL);
    }
}

/* What is in the share, now and, where that is not known yet, for later. */
static enum accord_status check(struct accord_custodian_looking *looking, const struct accord_docket_case *found,
                                size_t place, struct accord_custodian_share *share, struct accord_error *error)
{
    enum accord_custodian_verdict before = ACCORD_SHARE_UNOPENED;
    bool known = accord_custodian_knows(&looking->state, found->id, &before);
    accord_custodian_open(share, &found->claim, place, (const uint8_t(*)[32])looking->secrets, looking->secret_count);
    if (known && before == share->verdict) {
        return ACCORD_OK;
    }
    tell_verdict(looking, found, share->verdict);
    if (known && share->verdict == ACCORD_SHARE_UNOPENED) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_custodian_remember(&looking->state, found->id, share->verdict);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static enum accord_status attend(struct accord_custodian_looking *looking, const struct accord_docket_case *found,
                                 uint64_t now, struct accord_error *error)
{
    size_t place = 0;
    enum accord_custodian_verdict verdict = ACCORD_SHARE_UNOPENED;
    struct accord_custodian_share share;
    enum accord_custodian_duty duty = accord_custodian_duty(found, looking->member, now, &place);
    if (duty == ACCORD_DUTY_NONE) {
        return ACCORD_OK;
    }
    looking->waiting += duty == ACCORD_DUTY_CHECK;
    if (duty == ACCORD_DUTY_CHECK && accord_custodian_knows(&looking->state, found->id, &verdict) &&
        verdict == ACCORD_SHARE_RIGHT) {
        return ACCORD_OK;
    }
    enum accord_status status = check(looking, found, place, &share, error);
    bool is_due = duty == ACCORD_DUTY_RELEASE && share.verdict == ACCORD_SHARE_RIGHT;
    if (status == ACCORD_OK && (is_due || share.verdict == ACCORD_SHARE_WRONG)) {
        say(looking, found, &share);
    }
    accord_wipe(&share, sizeof share);
    return status;
}

/* Most likely its name is misspelt; or it has left, and nothing that it says counts any more. */
static void tell_stranger(struct accord_custodian_looking *looking, const struct accord_case_log *log)
{
    bool is_member = accord_roster_member(accord_chain_roster(log->chain), looking->member) != SIZE_MAX;
    if (!is_member && !looking->told_stranger) {
        accord_note(looking->call, "%.*s is no member by the newest roster: it is nobody's custodian",
                    ACCORD_TEXT(looking->member));
    }
    looking->told_stranger = !is_member;
}

static enum accord_status attend_all(struct accord_custodian_looking *looking, const struct accord_case_log *log,
                                     struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    size_t count = accord_docket_count(log->docket);
    for (size_t i = 0; status == ACCORD_OK && i < count && *looking->stop == 0; i++) {
        status = attend(looking, accord_docket_case(log->docket, i), accord_docket_now(log->docket), error);
    }
    return status;
}

enum accord_status accord_custodian_look(struct accord_custodian_looking *looking, struct accord_error *error)
{
    const struct accord_call *call = looking->call;
    const struct accord_docket_filter filter = {.custodian = looking->member};
    struct accord_case_log log;
    json_decref(looking->did);
    looking->did = json_array();
    looking->waiting = looking->failed = 0;
    looking->worst = 0;
    *looking->idle = 1;
    enum accord_status status =
        accord_case_log_open(&log, call, looking->enter.location, looking->trust, &filter, error);
    if (status == ACCORD_OK) {
        status = accept_tree(looking, &log, error);
    }
    *looking->idle = 0;
    if (status == ACCORD_OK) {
        status = save(looking, error);
    }
    if (status == ACCORD_OK) {
        status = follow_roster(looking, &log, error);
    }
    if (status == ACCORD_OK) {
        tell_stranger(looking, &log);
        accord_case_tell_left_out(call, log.docket);
        looking->worst = accord_docket_left_out(log.docket) > 0 ? accord_status_exit(ACCORD_TOO_LARGE) : 0;
        status = attend_all(looking, &log, error);
    }
    if (status == ACCORD_OK) {
        status = save(looking, error);
    }
    accord_case_log_free(&log);
    return status;
}
