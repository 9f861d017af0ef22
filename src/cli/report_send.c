/* The order in which a report leaves: nothing is public before its reporter has, durable, what speaks for it later. It
 * knows steps; what is reported it has only as octets. */
#include "cli/report_send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/case.h"
#include "base/file.h"
#include "cli/case_call.h"
#include "cli/case_mail.h"
#include "cli/enter_call.h"
#include "cli/report_work.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

enum accord_status accord_report_paths(struct accord_report_sending *sending, const char *name,
                                       struct accord_error *error)
{
    int longest = snprintf(sending->part_path, ACCORD_PATH_SIZE, "%s.age.part", name);
    (void)snprintf(sending->sealed_path, ACCORD_PATH_SIZE, "%s.age", name);
    int size = snprintf(sending->case_path, ACCORD_PATH_SIZE, "%s.accord-case", name);
    return longest < 0 || size < 0 || size >= ACCORD_PATH_SIZE ? accord_fail(error, ACCORD_TOO_LARGE, 0) : ACCORD_OK;
}

/* Entering */

struct entering {
    struct accord_report_sending *sending;
    enum accord_report_entry how;
    const struct accord_chain *chain; /* the walk's */
    struct accord_case_now now;
    struct accord_buffer checkpoint_base64;
    struct accord_buffer entry; /* what file->entry borrows while it is written */
};

static enum accord_status begin(void *context, const struct accord_chain *chain, struct accord_reader *reader,
                                uint64_t size, struct accord_error *error)
{
    struct entering *entering = context;
    (void)size;
    entering->chain = chain;
    return entering->how == ACCORD_REPORT_SAME ? ACCORD_OK : accord_case_now_read(&entering->now, reader, error);
}

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct entering *entering = context;
    (void)chain, (void)error;
    if (entering->how != ACCORD_REPORT_FRESH && accord_bytes_equal(entry, entering->sending->file->entry)) {
        entering->sending->in_log = true;
        entering->sending->index = index;
    }
    return ACCORD_OK;
}

/* A day is what the witnesses' clock leaves to a party's. */
static enum accord_status refuse_clock(struct accord_error *error, uint64_t claimed, uint64_t witnessed)
{
    char ours[32], theirs[32];
    accord_time_print(claimed, ours);
    accord_time_print(witnessed, theirs);
    accord_fail(error, ACCORD_CLOCK, 0);
    accord_error_what(error, ACCORD_LITERAL("this machine's clock"));
    accord_error_expected(error, accord_bytes_of(theirs));
    accord_error_found(error, accord_bytes_of(ours));
    return ACCORD_CLOCK;
}

static enum accord_status fill_moment(struct entering *entering, struct accord_error *error)
{
    const struct accord_call *call = entering->sending->call;
    uint64_t claimed = call->clock->now(call->clock->context);
    enum accord_status status = accord_case_now_verify(&entering->now, entering->chain, NULL, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (claimed + ACCORD_CASE_DAY < entering->now.time) {
        return refuse_clock(error, claimed, entering->now.time);
    }
    struct accord_bytes checkpoint = accord_buffer_bytes(&entering->now.checkpoint);
    size_t size = ACCORD_BASE64_SIZE(checkpoint.size);
    status = accord_buffer_reserve(&entering->checkpoint_base64, size);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {entering->checkpoint_base64.data, size, 0, false};
    accord_put_base64(&out, checkpoint);
    entering->sending->claim->moment = (struct accord_moment){claimed, accord_out_bytes(&out)};
    return ACCORD_OK;
}

static enum accord_status make(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error)
{
    struct entering *entering = context;
    struct accord_report_sending *sending = entering->sending;
    if (sending->in_log) {
        accord_fail(error, ACCORD_DUPLICATE, 0);
        accord_error_what(error, ACCORD_LITERAL("the report's entry"));
        return ACCORD_DUPLICATE;
    }
    if (memcmp(roster->charter, sending->file->charter, sizeof roster->charter) != 0) {
        accord_fail(error, ACCORD_CHAIN, 0);
        accord_error_expected(error, ACCORD_LITERAL("the charter of the accord that it was sealed for"));
        return ACCORD_CHAIN;
    }
    if (entering->how == ACCORD_REPORT_SAME) {
        accord_put(text, accord_enter_text(sending->file->entry));
        return ACCORD_OK;
    }
    enum accord_status status = fill_moment(entering, error);
    if (status == ACCORD_OK) {
        status = accord_report_print_worked(text, sending->claim, sending->work, sending->call->crypto, error);
    }
    return status;
}

/* Is what was sealed still there? Another run with the same name would have put its own in its place, and an entry
 * would name what nobody has. */
static enum accord_status check_part(const struct accord_report_sending *sending, struct accord_error *error)
{
    const struct accord_fs *fs = sending->call->fs;
    uint64_t number = 0, made_ns = 0;
    if (fs->identify == NULL || (fs->identify(fs->context, sending->part_path, &number, &made_ns) >= 0 &&
                                 number == sending->number && made_ns == sending->made_ns)) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_LOCKED, 0);
    accord_error_what(error, accord_bytes_of(sending->part_path));
    accord_error_expected(error, ACCORD_LITERAL("what was sealed; another run writes there: give it another name"));
    return ACCORD_LOCKED;
}

/* The case file, and what was sealed under its own name: both are there before anything is logged. */
static enum accord_status save(struct entering *entering, struct accord_bytes entry, struct accord_error *error)
{
    struct accord_report_sending *sending = entering->sending;
    const struct accord_fs *fs = sending->call->fs;
    enum accord_status status = accord_buffer_append(&entering->entry, entry);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    sending->file->entry = accord_buffer_bytes(&entering->entry);
    if (entering->how == ACCORD_REPORT_AGAIN) {
        return accord_case_file_replace(sending->file, fs, sending->case_path, sending->passphrase, error);
    }
    status = check_part(sending, error);
    if (status == ACCORD_OK) {
        status = accord_case_file_write(sending->file, fs, sending->case_path, sending->passphrase, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    int renamed = fs->rename(fs->context, sending->part_path, sending->sealed_path);
    return renamed < 0 ? accord_file_error(error, renamed, sending->sealed_path) : ACCORD_OK;
}

static enum accord_status judge(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error)
{
    struct entering *entering = context;
    const struct accord_crypto *crypto = entering->sending->call->crypto;
    struct accord_report_claim *claim = malloc(sizeof *claim);
    enum accord_status status =
        claim == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : accord_report_parse(claim, entry, crypto, error);
    if (status == ACCORD_OK) {
        status = accord_report_verify(claim, roster, NULL, crypto, error);
    }
    free(claim);
    return status == ACCORD_OK && entering->how != ACCORD_REPORT_SAME ? save(entering, entry, error) : status;
}

/* What the checkpoint that it got says of its time, and so of its clock. */
static void stand(struct entering *entering, uint64_t asked, uint64_t time)
{
    struct accord_report_sending *sending = entering->sending;
    const struct accord_roster_claim *roster = accord_chain_roster(entering->chain);
    const struct accord_embargo_rule *rule = &entering->chain->charter.embargo;
    size_t vendor = accord_roster_member(roster, sending->file->vendor);
    struct accord_case state;
    struct accord_case_standing standing;
    accord_case_begin(&state, rule, vendor == SIZE_MAX ? 0 : roster->members[vendor].report_days, asked, time,
                      sending->id);
    accord_case_stand(&state, time, &standing);
    sending->time = time;
    sending->opens = standing.opens;
    sending->silent = time + (uint64_t)rule->receipt * ACCORD_CASE_DAY;
}

static enum accord_status after(void *context, struct accord_reader *reader, uint64_t size,
                                const struct accord_entered *entered, struct accord_error *error)
{
    struct entering *entering = context;
    struct accord_case_now now;
    struct accord_report_claim *claim = malloc(sizeof *claim);
    (void)reader, (void)size;
    if (claim == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    accord_case_now_init(&now);
    accord_hash(entering->sending->call->crypto, accord_buffer_bytes(&entered->entry), entering->sending->id);
    enum accord_status status =
        accord_report_parse(claim, accord_buffer_bytes(&entered->entry), entering->sending->call->crypto, error);
    if (status == ACCORD_OK && accord_buffer_append(&now.checkpoint, accord_buffer_bytes(&entered->checkpoint)) != 0) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&now.claim, accord_buffer_bytes(&now.checkpoint), error);
    }
    if (status == ACCORD_OK) {
        status = accord_case_now_verify(&now, entering->chain, NULL, error);
    }
    if (status == ACCORD_OK && claim->moment.time > now.time + ACCORD_CASE_DAY) {
        status = refuse_clock(error, claim->moment.time, now.time); /* it is in the log, and does not count */
    }
    if (status == ACCORD_OK) {
        stand(entering, claim->opens, now.time);
    }
    accord_case_now_free(&now);
    free(claim);
    return status;
}

enum accord_status accord_report_enter(struct accord_report_sending *sending, enum accord_report_entry how,
                                       struct accord_entered *entered, struct accord_error *error)
{
    struct entering entering = {.sending = sending, .how = how};
    struct accord_enter enter = *sending->enter;
    const struct accord_enter_plan plan = {
        .context = &entering, .begin = begin, .see = see, .make = make, .judge = judge, .after = after};
    struct accord_note_claim note;
    accord_case_now_init(&entering.now);
    accord_buffer_init(&entering.checkpoint_base64, ACCORD_BASE64_SIZE(ACCORD_MOMENT_CHECKPOINT_MAX));
    accord_buffer_init(&entering.entry, ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = ACCORD_OK;
    if (how == ACCORD_REPORT_SAME) {
        status = accord_note_parse(&note, sending->file->entry, error);
        enter.signed_text = note.text;
        enter.signatures = note.signatures;
    } else {
        enter.signer = sending->signer;
        enter.keys = sending->introduce;
        enter.key_count = sending->introduce != NULL;
    }
    if (status == ACCORD_OK) {
        status = accord_enter_log(&enter, &plan, entered, error);
    }
    sending->index = entered->appended ? entered->index : sending->index;
    if (how != ACCORD_REPORT_SAME && entering.entry.size > 0) {
        sending->file->entry = accord_buffer_bytes(&entered->entry); /* as long as entered lives */
    }
    accord_case_now_free(&entering.now);
    accord_buffer_free(&entering.checkpoint_base64);
    accord_buffer_free(&entering.entry);
    return status;
}

/* After it */

static enum accord_status hash(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    (void)error;
    accord_crypto_default.sha256_update(context, bytes.data, bytes.size);
    return ACCORD_OK;
}

/* The file is gone: all is well where the mailbox has it, to the last octet. */
static enum accord_status check_mailbox(const struct accord_report_sending *sending,
                                        const struct accord_report_claim *claim, struct accord_error *error)
{
    struct accord_sha256 sha;
    uint8_t digest[ACCORD_HASH_SIZE];
    const struct accord_age_sink sink = {&sha, hash};
    accord_crypto_default.sha256_init(&sha);
    enum accord_status status =
        accord_case_mail_get(sending->call, sending->enter->location, claim->sealed, claim->sealed_size, &sink, error);
    accord_crypto_default.sha256_final(&sha, digest);
    if (status == ACCORD_NOT_FOUND || (status == ACCORD_OK && memcmp(digest, claim->sealed, sizeof digest) != 0)) {
        return accord_file_error(error, -ENOENT, sending->sealed_path);
    }
    return status;
}

enum accord_status accord_report_upload(const struct accord_report_sending *sending, struct accord_error *error)
{
    struct accord_report_claim *claim = malloc(sizeof *claim);
    if (claim == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_report_parse(claim, sending->file->entry, sending->call->crypto, error);
    const struct accord_fs *fs = sending->call->fs;
    if (status == ACCORD_OK && fs->exists(fs->context, sending->sealed_path) == 0) {
        status = check_mailbox(sending, claim, error);
    } else if (status == ACCORD_OK) {
        status = accord_case_mail_put(sending->call, sending->enter->location, claim->sealed, claim->sealed_size,
                                      sending->sealed_path, sending->enter->timeout_ms, error);
    }
    free(claim);
    return status;
}

enum accord_status accord_report_tick(const struct accord_report_sending *sending, const struct accord_entered *entered,
                                      struct accord_error *error)
{
    struct accord_enter enter = *sending->enter;
    enter.signer = sending->signer;
    return accord_case_tick(&enter, entered, error);
}
