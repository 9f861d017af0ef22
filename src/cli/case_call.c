/* An answer on its way into a log. It knows the order: look at the whole log, find where the case stands, say it, ask
 * whether it will count, log it, and log a tick. What is said the command knows. */
#include "cli/case_call.h"

#include <stdlib.h>
#include <string.h>

#include "accord/demand.h"
#include "cli/product_view.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

struct run {
    const struct accord_case_saying *saying;
    const struct accord_chain *chain; /* the walk's */
    struct accord_case_roots roots;
    struct accord_docket_log docket_log;
    struct accord_docket *docket;
    struct accord_case_now now;
    const struct accord_docket_case *found;
    struct accord_buffer checkpoint_base64;
};

static enum accord_status begin(void *context, const struct accord_chain *chain, struct accord_reader *reader,
                                uint64_t size, struct accord_error *error)
{
    struct run *run = context;
    const struct accord_docket_filter filter = {0};
    (void)size;
    run->chain = chain;
    run->roots = (struct accord_case_roots){run->saying->call->crypto, reader};
    enum accord_status status = accord_case_now_read(&run->now, reader, error);
    run->docket_log = accord_case_docket_log(&run->roots, run->now.claim.origin);
    return status == ACCORD_OK ? accord_docket_new(&run->docket, run->saying->call->crypto, &filter, error) : status;
}

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct run *run = context;
    return accord_docket_see(run->docket, chain, &run->docket_log, index, entry, error);
}

/* The moment of an entry that is made now. */
static enum accord_status moment(struct run *run, struct accord_moment *made, struct accord_error *error)
{
    struct accord_bytes checkpoint = accord_buffer_bytes(&run->now.checkpoint);
    size_t size = ACCORD_BASE64_SIZE(checkpoint.size);
    enum accord_status status = accord_buffer_reserve(&run->checkpoint_base64, size);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {run->checkpoint_base64.data, size, 0, false};
    accord_put_base64(&out, checkpoint);
    run->checkpoint_base64.size = out.size;
    *made = (struct accord_moment){run->saying->call->clock->now(run->saying->call->clock->context),
                                   accord_buffer_bytes(&run->checkpoint_base64)};
    return ACCORD_OK;
}

static enum accord_status make(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error)
{
    struct run *run = context;
    const struct accord_case_saying *saying = run->saying;
    struct accord_answer_claim *answer = calloc(1, sizeof *answer);
    (void)roster;
    if (answer == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_case_now_verify(&run->now, run->chain, NULL, error);
    if (status == ACCORD_OK) {
        status = accord_docket_judge(run->docket, run->chain, run->now.claim.size, run->now.time, error);
    }
    if (status == ACCORD_OK) {
        status = accord_case_find(run->docket, saying->name, &run->found, error);
    }
    if (status == ACCORD_OK) {
        status = moment(run, &answer->moment, error);
    }
    if (status == ACCORD_OK) {
        memcpy(answer->case_id, run->found->id, sizeof answer->case_id);
        memcpy(answer->previous, run->found->state.last, sizeof answer->previous);
        answer->by = saying->by;
        status = saying->fill(saying->context, run->docket, run->found, answer, error);
    }
    if (status == ACCORD_OK) {
        answer->has_previous = answer->kind != ACCORD_ANSWER_DISCLOSE && answer->kind != ACCORD_ANSWER_SHARE &&
                               answer->kind != ACCORD_ANSWER_COMPLAINT;
        accord_answer_print(text, answer);
    }
    accord_wipe(answer, sizeof *answer);
    free(answer);
    return status;
}

static enum accord_status judge(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error)
{
    struct run *run = context;
    const struct accord_crypto *crypto = run->saying->call->crypto;
    uint8_t digest[ACCORD_HASH_SIZE];
    struct accord_answer_claim *answer = malloc(sizeof *answer);
    enum accord_status status =
        answer == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : accord_answer_parse(answer, entry, error);
    if (status == ACCORD_OK) {
        status = accord_answer_verify(answer, &run->found->claim.key, roster, NULL, crypto, error);
    }
    if (status == ACCORD_OK) {
        accord_hash(crypto, entry, digest);
        status = accord_docket_try(run->docket, run->found, answer, digest, error);
    }
    free(answer);
    return status;
}

enum accord_status accord_case_say(const struct accord_case_saying *saying, struct accord_entered *entered,
                                   struct accord_error *error)
{
    struct run run = {.saying = saying};
    const struct accord_enter_plan plan = {.context = &run, .begin = begin, .see = see, .make = make, .judge = judge};
    accord_case_now_init(&run.now);
    accord_buffer_init(&run.checkpoint_base64, ACCORD_BASE64_SIZE(ACCORD_MOMENT_CHECKPOINT_MAX));
    enum accord_status status = accord_enter_log(saying->enter, &plan, entered, error);
    accord_docket_free(run.docket);
    accord_case_now_free(&run.now);
    accord_buffer_free(&run.checkpoint_base64);
    if (status == ACCORD_OK) {
        struct accord_error late;
        if (accord_case_tick(saying->enter, entered, &late) != ACCORD_OK) {
            accord_note(
                saying->call,
                "note: the checkpoint under it could not be logged, too (%s): its time counts from the next one "
                "that an entry of this log carries",
                late.what);
        }
    }
    return status;
}

/* Ticks */

struct ticking {
    const struct accord_enter *enter;
    const struct accord_entered *entered;
    const struct accord_chain *chain; /* the walk's */
    struct accord_case_now now;
};

static enum accord_status begin_tick(void *context, const struct accord_chain *chain, struct accord_reader *reader,
                                     uint64_t size, struct accord_error *error)
{
    struct ticking *ticking = context;
    (void)reader, (void)size, (void)error;
    ticking->chain = chain;
    return ACCORD_OK;
}

static enum accord_status make_tick(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                                    struct accord_error *error)
{
    struct ticking *ticking = context;
    struct accord_case_now *now = &ticking->now;
    (void)roster;
    enum accord_status status =
        accord_buffer_append(&now->checkpoint, accord_buffer_bytes(&ticking->entered->checkpoint));
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    status = accord_checkpoint_parse(&now->claim, accord_buffer_bytes(&now->checkpoint), error);
    if (status == ACCORD_OK) {
        status = accord_case_now_verify(now, ticking->chain, NULL, error);
    }
    if (status == ACCORD_OK) {
        accord_tick_print(text, accord_buffer_bytes(&now->checkpoint));
    }
    return status;
}

static enum accord_status judge_tick(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_tick_claim claim;
    (void)context, (void)roster;
    return accord_tick_parse(&claim, entry, error);
}

enum accord_status accord_case_tick(const struct accord_enter *enter, const struct accord_entered *entered,
                                    struct accord_error *error)
{
    struct ticking ticking = {.enter = enter, .entered = entered};
    const struct accord_enter_plan plan = {
        .context = &ticking, .begin = begin_tick, .make = make_tick, .judge = judge_tick};
    struct accord_entered ticked;
    accord_entered_init(&ticked);
    accord_case_now_init(&ticking.now);
    enum accord_status status = accord_enter_log(enter, &plan, &ticked, error);
    accord_entered_free(&ticked);
    accord_case_now_free(&ticking.now);
    return status;
}

/* The reporter */

enum accord_status accord_case_reporter_open(struct accord_case_reporter *reporter, const struct accord_call *call,
                                             const char *path, struct accord_error *error)
{
    const char *passphrase_file = accord_call_value(call, "passphrase-file");
    struct accord_buffer memory = {0};
    struct accord_bytes passphrase = {NULL, 0};
    uint8_t id[ACCORD_HASH_SIZE];
    enum accord_status status = ACCORD_OK;
    *reporter = (struct accord_case_reporter){0};
    if (passphrase_file != NULL) {
        status = accord_passphrase_read(call->fs, passphrase_file, &memory, &passphrase, error);
    }
    if (status == ACCORD_OK) {
        status = accord_case_file_read(&reporter->file, call->fs, path, passphrase, error);
    }
    accord_buffer_wipe(&memory);
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_out out = {(uint8_t *)reporter->name, sizeof reporter->name - 1, 0, false};
    accord_hash(call->crypto, reporter->file.entry, id);
    accord_digest_print(&out, id);
    return accord_signer_read(&reporter->signer, reporter->file.private_key, error);
}

void accord_case_reporter_free(struct accord_case_reporter *reporter)
{
    accord_signer_free(reporter->signer);
    accord_case_file_free(&reporter->file);
}

bool accord_case_when(const char *text, uint64_t base, uint64_t *time)
{
    int32_t day;
    uint64_t seconds;
    if (accord_date_read(accord_bytes_of(text), &day) && day >= 0) {
        *time = (uint64_t)day * ACCORD_CASE_DAY;
        return true;
    }
    if (accord_decimal_read(accord_bytes_of(text), time)) {
        return true;
    }
    if (!accord_duration_read(text, &seconds) || seconds > UINT64_MAX - base) {
        return false;
    }
    *time = base + seconds;
    return true;
}
