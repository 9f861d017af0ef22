/* accord case open: K custodians gave their shares, and the report opens. Knows how the shares become a key; whether
 * what opens is the report of its entry, case_opening.h knows. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "case/sharing.h"
#include "cli/case_call.h"
#include "cli/case_opening.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/plain.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

const struct accord_option accord_options_case_open[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "trust", .value = "TRUST", .help = "a trust file: its charter, and none of whom it distrusts"},
    {.name = "output", .letter = 'o', .value = "DIR", .help = "where the report's files are extracted to"},
    {.name = "sealed", .value = "FILE", .help = "the sealed report, where the mailbox has it not any more"},
    {.name = "log", .help = "log its key, so that everybody can open it: so it is with --key or --case"},
    {.name = "by", .value = "NAME", .help = "the member who logs it"},
    {.name = "key",
     .value = "KEY",
     .help = "its receipt key, or as many release keys as must sign",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "case", .value = "FILE", .help = "the reporter logs it: the case file, in the place of --by and CASE"},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

/* A case that is being opened. */
struct task {
    const struct accord_call *call;
    const struct accord_docket_case *found;
    const char *name, *location;
    uint64_t now;
    struct accord_case_reporter reporter;
    struct accord_case_opening opening;
    uint64_t logged; /* the index of its disclosure */
    bool is_logged;
};

/* The first K shares that count, and of whom. Anybody can read them: they are no secret any more. */
static unsigned gather(const struct accord_docket_case *found, unsigned *numbers, uint8_t shares[][32])
{
    unsigned count = 0;
    for (size_t i = 0; i < found->answer_count && count < found->claim.custody; i++) {
        const struct accord_docket_answer *answer = &found->answers[i];
        if (answer->event.kind == ACCORD_ANSWER_SHARE && answer->counts == ACCORD_OK) {
            numbers[count] = (unsigned)answer->event.custodian + 1;
            memcpy(shares[count++], answer->value, 32);
        }
    }
    return count;
}

/* Who has not said anything, and who was given a wrong share. */
static void tell_missing(const struct task *task)
{
    const struct accord_case *state = &task->found->state;
    for (size_t i = 0; i < task->found->claim.custodian_count; i++) {
        struct accord_bytes domain = task->found->claim.custodians[i].domain;
        const char *words = (state->shared >> i & 1) != 0       ? "gave its share"
                            : (state->complained >> i & 1) != 0 ? "was given a wrong share by the reporter"
                                                                : "has not given its share";
        accord_note(task->call, "  %.*s %s", ACCORD_TEXT(domain), words);
    }
}

static int refuse_too_few(const struct task *task, unsigned count)
{
    struct accord_case_standing standing;
    char time[32];
    unsigned k = task->found->claim.custody;
    accord_case_stand(&task->found->state, task->now, &standing);
    accord_time_print(standing.disclosable ? task->now : standing.opens, time);
    tell_missing(task);
    if (task->found->state.withdrawn != 0) {
        return accord_refuse_words(task->call, ACCORD_NOT_DUE,
                                   "%u of %u shares are in the log, and none is due: its reporter withdrew the report",
                                   count, k);
    }
    return standing.disclosable
               ? accord_refuse_words(
                     task->call, ACCORD_SHARE,
                     "%u of %u shares are in the log; its embargo is over by the witnesses' clock (%s): "
                     "ask the custodians that have not given theirs",
                     count, k, time)
               : accord_refuse_words(task->call, ACCORD_NOT_DUE,
                                     "%u of %u shares are in the log; none is due before %s, by the witnesses' clock",
                                     count, k, time);
}

/* The key that the shares make. False where it is not the one that the entry names: then its reporter named another. */
static bool make_key(const struct accord_report_claim *claim, const unsigned *numbers, const uint8_t shares[][32],
                     uint8_t x25519[32])
{
    uint8_t secret[32], recipient[32];
    char text[63];
    if (!accord_sharing_combine(claim->coefficients, claim->custody, numbers, shares, secret)) {
        return false;
    }
    accord_sharing_identity(secret, x25519);
    accord_wipe(secret, sizeof secret);
    accord_age_recipient_of(x25519, recipient);
    accord_age_recipient_print(recipient, text);
    return accord_bytes_equal(accord_bytes_of(text), claim->recipient);
}

static int refuse_false(const struct task *task, const char *words)
{
    return accord_refuse_words(task->call, ACCORD_WRONG_KEY,
                               "the custodians' shares are right, and the report does not open: %s. The custody was "
                               "false, by its reporter's doing",
                               words);
}

/* What the shares say, and whether the sealed report agrees. */
static int open_it(struct task *task)
{
    const struct accord_call *call = task->call;
    const struct accord_report_claim *claim = &task->found->claim;
    unsigned numbers[ACCORD_CUSTODIANS_MAX];
    uint8_t shares[ACCORD_CUSTODIANS_MAX][32], x25519[1][32] = {{0}};
    struct accord_error error = {0};
    unsigned count = gather(task->found, numbers, shares);
    if (claim->custody == 0) {
        return accord_refuse_words(call, ACCORD_CASE, "this report has no custodians");
    }
    if (count < claim->custody) {
        return refuse_too_few(task, count);
    }
    if (!make_key(claim, numbers, (const uint8_t(*)[32])shares, x25519[0])) {
        return refuse_false(task, "its entry names another recipient than the one whose key was shared");
    }
    const struct accord_case_keys keys = {.secrets = (const uint8_t(*)[32])x25519, .secret_count = 1};
    error.status = accord_case_open(&task->opening, call, task->location, task->found, &keys,
                                    accord_call_value(call, "sealed"), accord_call_value(call, "output"), &error);
    if (error.status == ACCORD_OK) {
        return 0;
    }
    tell_missing(task);
    return error.status == ACCORD_WRONG_KEY ? refuse_false(task, "it was sealed to another key")
                                            : accord_refuse(call, "the sealed report", &error);
}

/* Logging its key */

static enum accord_status fill(void *context, const struct accord_docket *docket,
                               const struct accord_docket_case *found, struct accord_answer_claim *answer,
                               struct accord_error *error)
{
    const struct task *task = context;
    (void)docket, (void)found, (void)error;
    answer->kind = ACCORD_ANSWER_DISCLOSE;
    memcpy(answer->file_key, task->opening.file_key, sizeof answer->file_key);
    return ACCORD_OK;
}

static int disclose(struct task *task, struct accord_enter *enter)
{
    const struct accord_call *call = task->call;
    struct accord_error error = {0};
    struct accord_entered entered;
    const char *by = accord_call_value(call, "by");
    const struct accord_case_saying saying = {.call = call,
                                              .enter = enter,
                                              .name = task->name,
                                              .by = accord_bytes_of(by == NULL ? ACCORD_REPORTER_NAME : by),
                                              .context = task,
                                              .fill = fill};
    if (task->found->state.disclosed != 0) {
        accord_note(call, "its key is in the log already");
        return 0;
    }
    accord_entered_init(&entered);
    error.status = accord_case_say(&saying, &entered, &error);
    int result = error.status == ACCORD_OK ? 0 : accord_enter_refuse(call, &entered, &error);
    task->is_logged = error.status == ACCORD_OK;
    task->logged = entered.index;
    accord_entered_free(&entered);
    return result;
}

/* Whoever signs is known before anything is opened, so that nothing is done in vain. */
static int log_it(struct task *task)
{
    struct accord_enter enter;
    int result = accord_enter_call(task->call, &enter);
    if (result == 0) {
        enter.signer = task->reporter.signer;
        result = disclose(task, &enter);
    }
    accord_enter_call_free(&enter);
    return result;
}

/* Words */

static int tell(const struct task *task)
{
    const struct accord_call *call = task->call;
    const struct accord_cover *cover = task->opening.cover;
    const char *output = accord_call_value(call, "output");
    char shown[ACCORD_PLAIN_SIZE];
    json_t *files = json_array();
    accord_note(call, "opened with the shares of %u custodians: what was sealed is what its entry committed to",
                task->found->claim.custody);
    accord_note(call, "  to           %.*s", ACCORD_TEXT(cover->vendor));
    accord_note(call, "  title        %s", accord_plain(cover->title, shown));
    for (size_t i = 0; i < cover->file_count; i++) {
        accord_note(call, "  %-12s %s", i == 0 ? "files" : "", accord_plain(cover->files[i].name, shown));
        (void)json_array_append_new(files, accord_json_text(cover->files[i].name));
    }
    if (task->found->state.opened_early) {
        accord_note(call, "  shares of it came before the end of its embargo: the log shows whose");
    }
    if (output != NULL) {
        accord_note(call, "  extracted to %s: a stranger wrote what is in it", output);
    }
    if (task->is_logged) {
        accord_note(call, "  its key is entry %" PRIu64 ": everybody can open it with accord case show", task->logged);
    }
    json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:b}", "case", accord_json_digest(task->found->id), "vendor",
                               accord_json_text(cover->vendor), "title", accord_json_text(cover->title), "files", files,
                               "logged", task->is_logged);
    if (object != NULL && task->is_logged) {
        (void)json_object_set_new(object, "index", accord_json_number(task->logged));
    }
    return accord_answer(call, object);
}

static int run(struct task *task, bool logs)
{
    const struct accord_call *call = task->call;
    struct accord_error error = {0};
    struct accord_case_log log;
    uint64_t index;
    const struct accord_docket_filter filter = accord_case_named(task->name, &index);
    error.status = accord_case_log_open(&log, call, task->location, accord_call_value(call, "trust"), &filter, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_case_find(log.docket, task->name, &task->found, &error);
    }
    int result = error.status == ACCORD_OK ? 0 : accord_refuse(call, task->location, &error);
    if (result == 0) {
        task->now = accord_docket_now(log.docket);
        result = open_it(task);
    }
    if (result == 0 && logs) {
        result = log_it(task);
    }
    if (result == 0) {
        result = tell(task);
    }
    accord_case_opening_free(&task->opening);
    accord_case_log_free(&log);
    return result;
}

int accord_run_case_open(struct accord_call *call)
{
    struct task task = {.call = call, .location = accord_call_value(call, "accord")};
    const char *file = accord_call_value(call, "case"), *by = accord_call_value(call, "by");
    bool keys = accord_call_count(call, "key") > 0;
    struct accord_error error = {0};
    if (file != NULL && (by != NULL || keys)) {
        return accord_usage(call, "who logs it? either --by NAME and --key KEY, or --case FILE");
    }
    if ((by != NULL) != keys) {
        return accord_usage(call, "--by NAME and --key KEY go together");
    }
    if (accord_call_flag(call, "log") && file == NULL && !keys) {
        return accord_usage(call, "who logs it? give --by NAME and --key KEY, or --case FILE");
    }
    if (call->operand_count != (file == NULL)) {
        return accord_usage(call, file == NULL ? "which case? give the digits of its digest"
                                               : "the case file says which case it is: leave CASE away");
    }
    if (file != NULL) {
        error.status = accord_case_reporter_open(&task.reporter, call, file, &error);
    }
    task.name = file == NULL ? call->operands[0] : task.reporter.name;
    int result = error.status == ACCORD_OK ? run(&task, file != NULL || keys) : accord_refuse(call, file, &error);
    accord_case_reporter_free(&task.reporter);
    return result;
}
