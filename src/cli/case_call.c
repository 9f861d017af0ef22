/* An answer on its way into a log. It knows the order: look at the whole log, find where the case stands, say it, ask
 * whether it will count, log it, and log a tick. What is said the command knows. */
#include "cli/case_call.h"

#include <inttypes.h>
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
    struct accord_docket_roots roots;
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
    uint64_t index;
    const struct accord_docket_filter filter = accord_case_named(run->saying->name, &index);
    (void)size;
    run->chain = chain;
    run->roots = (struct accord_docket_roots){run->saying->call->crypto, reader};
    enum accord_status status = accord_case_now_read(&run->now, reader, error);
    run->docket_log = accord_docket_log_of(&run->roots, run->now.claim.origin);
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

/* Ticks */

struct ticking {
    const struct accord_enter *enter;
    const struct accord_entered *entered;
    const struct accord_chain *chain; /* the walk's */
    struct accord_case_now now;
    /* Where it is asked whether an answer counts, which is known under the checkpoint that it got. */
    struct accord_docket *docket;
    struct accord_docket_roots roots;
    struct accord_docket_log docket_log;
    bool was_found;
    enum accord_status counts;
    struct accord_error why;
};

static enum accord_status begin_tick(void *context, const struct accord_chain *chain, struct accord_reader *reader,
                                     uint64_t size, struct accord_error *error)
{
    struct ticking *ticking = context;
    (void)size;
    ticking->chain = chain;
    ticking->roots = (struct accord_docket_roots){ticking->enter->crypto, reader};
    enum accord_status status =
        accord_buffer_append(&ticking->now.checkpoint, accord_buffer_bytes(&ticking->entered->checkpoint));
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    status = accord_checkpoint_parse(&ticking->now.claim, accord_buffer_bytes(&ticking->now.checkpoint), error);
    ticking->docket_log = accord_docket_log_of(&ticking->roots, ticking->now.claim.origin);
    return status;
}

static enum accord_status see_tick(void *context, const struct accord_chain *chain, uint64_t index,
                                   struct accord_bytes entry, struct accord_error *error)
{
    struct ticking *ticking = context;
    return ticking->docket == NULL
               ? ACCORD_OK
               : accord_docket_see(ticking->docket, chain, &ticking->docket_log, index, entry, error);
}

/* Another answer may have come first, while this one was made. */
static enum accord_status look_for(struct ticking *ticking, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(ticking->enter->crypto, accord_buffer_bytes(&ticking->entered->entry), digest);
    enum accord_status status =
        accord_docket_judge(ticking->docket, ticking->chain, ticking->now.claim.size, ticking->now.time, error);
    for (size_t i = 0; status == ACCORD_OK && i < accord_docket_count(ticking->docket); i++) {
        const struct accord_docket_case *one = accord_docket_case(ticking->docket, i);
        for (size_t k = 0; k < one->answer_count; k++) {
            if (memcmp(one->answers[k].event.digest, digest, sizeof digest) == 0) {
                ticking->was_found = true;
                ticking->counts = one->answers[k].counts;
                ticking->why = one->answers[k].why;
            }
        }
    }
    return status;
}

static enum accord_status make_tick(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                                    struct accord_error *error)
{
    struct ticking *ticking = context;
    struct accord_case_now *now = &ticking->now;
    (void)roster;
    enum accord_status status = accord_case_now_verify(now, ticking->chain, NULL, error);
    if (status == ACCORD_OK && ticking->docket != NULL) {
        status = look_for(ticking, error);
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

static enum accord_status tick(struct ticking *ticking, struct accord_error *error)
{
    const struct accord_enter_plan plan = {
        .context = ticking, .begin = begin_tick, .see = see_tick, .make = make_tick, .judge = judge_tick};
    struct accord_entered ticked;
    accord_entered_init(&ticked);
    accord_case_now_init(&ticking->now);
    enum accord_status status = accord_enter_log(ticking->enter, &plan, &ticked, error);
    accord_entered_free(&ticked);
    accord_case_now_free(&ticking->now);
    return status;
}

enum accord_status accord_case_tick(const struct accord_enter *enter, const struct accord_entered *entered,
                                    struct accord_error *error)
{
    struct ticking ticking = {.enter = enter, .entered = entered};
    return tick(&ticking, error);
}

/* Logs the tick, and looks on the way whether the answer counts. */
static enum accord_status check_counts(const struct accord_case_saying *saying, struct accord_entered *entered,
                                       struct accord_error *error)
{
    uint64_t index;
    const struct accord_docket_filter filter = accord_case_named(saying->name, &index);
    struct accord_error late;
    struct ticking ticking = {.enter = saying->enter, .entered = entered};
    enum accord_status status = accord_docket_new(&ticking.docket, saying->call->crypto, &filter, error);
    if (status == ACCORD_OK && tick(&ticking, &late) != ACCORD_OK && late.status != ACCORD_EXISTS &&
        late.status != ACCORD_REFUSED) {
        accord_note(saying->call,
                    "note: the checkpoint under it could not be logged, too (%s): its time counts from the next one "
                    "that an entry of this log carries",
                    late.what);
    }
    accord_docket_free(ticking.docket);
    if (status == ACCORD_OK && ticking.was_found && ticking.counts != ACCORD_OK) {
        accord_note(saying->call,
                    "it is entry %" PRIu64 " of the log, and was passed over: look at the case, and say it again",
                    entered->index);
        entered->appended = false; /* there is nothing to be waited for */
        *error = ticking.why;
        status = ticking.counts;
    }
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
    return status == ACCORD_OK ? check_counts(saying, entered, error) : status;
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
