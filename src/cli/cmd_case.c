/* accord case receipt, progress, extend, disclose: what either side says in a case. Knows the options; what may be said
 * when, the state machine knows, which is asked before anything is logged. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "accord/proof.h"
#include "base/file.h"
#include "cli/case_call.h"
#include "cli/case_opening.h"
#include "cli/case_words.h"
#include "cli/commands.h"
#include "cli/commitment.h"
#include "cli/enter_call.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

#define DIGEST_SIZE (7 + 2 * ACCORD_HASH_SIZE)

#define CASE_FILE                                                                                                      \
    {                                                                                                                  \
        .name = "case", .value = "FILE", .help = "speak as the reporter: the case file, in the place of --by and CASE" \
    }
#define CASE_BY                                                                                                        \
    {                                                                                                                  \
        .name = "by", .value = "NAME", .help = "the member who speaks"                                                 \
    }
#define CASE_KEY                                                                                                       \
    {                                                                                                                  \
        .name = "key", .value = "KEY", .help = "its receipt key, or as many release keys as must sign",                \
        .rule = ACCORD_OPTION_REPEATED                                                                                 \
    }

const struct accord_option accord_options_case_receipt[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "by", .value = "NAME", .help = "the vendor", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key",
     .value = "KEY",
     .help = "its receipt key, or as many release keys as must sign",
     .rule = ACCORD_OPTION_SOME},
    {.name = "report-key",
     .value = "KEY",
     .help = "the report key that opens it; several may be tried",
     .rule = ACCORD_OPTION_SOME},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

const struct accord_option accord_options_case_progress[] = {
    ACCORD_ENTER_ACCORD,
    CASE_BY,
    CASE_KEY,
    CASE_FILE,
    {.name = "text", .value = "TEXT", .help = "triaged, regulator: what is committed to; refused: more words"},
    {.name = "release",
     .value = "PROOF|DIGEST",
     .help = "fix, published: the release, by its proof or its entry's digest"},
    {.name = "reason", .value = "WORD", .help = "refused: why, like spam, duplicate, not-ours, not-a-flaw"},
    {.name = "keep",
     .value = "FILE",
     .help = "triaged, fix, regulator: where what reveals it is kept; revealed: that file"},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

const struct accord_option accord_options_case_extend[] = {
    ACCORD_ENTER_ACCORD,
    CASE_BY,
    CASE_KEY,
    CASE_FILE,
    {.name = "until",
     .value = "DATE|DURATION",
     .help = "the day until which it stays closed, or how much longer, like 14d",
     .rule = ACCORD_OPTION_REQUIRED},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

const struct accord_option accord_options_case_disclose[] = {ACCORD_ENTER_ACCORD,
                                                             CASE_BY,
                                                             CASE_KEY,
                                                             CASE_FILE,
                                                             {.name = "report-key",
                                                              .value = "KEY",
                                                              .help = "a member: the report key that opens it",
                                                              .rule = ACCORD_OPTION_REPEATED},
                                                             {.name = "early", .help = "before its embargo is over"},
                                                             ACCORD_ENTER_PASSPHRASE,
                                                             ACCORD_ENTER_TIMEOUT,
                                                             {.name = NULL}};

/* Who speaks, and in which case. */
struct speaking {
    struct accord_call *call;
    struct accord_enter enter;
    struct accord_case_reporter reporter;
    bool is_reporter;
    const char *name; /* of the case */
    struct accord_bytes by;
    const char *state;                /* progress: the word */
    enum accord_answer_kind kind;     /* of the answer */
    struct accord_commitment keeping; /* what is committed to, or revealed */
    uint8_t value[ACCORD_HASH_SIZE];  /* receipt, published */
    bool has_salt;
    uint8_t salt[32];                       /* receipt: the blind key; disclose: the seed */
    uint8_t file_key[ACCORD_FILE_KEY_SIZE]; /* disclose */
};

/* The operands: CASE, where no case file says it, then words of the verb's own. */
static int find_who(struct speaking *speaking, size_t words)
{
    const struct accord_call *call = speaking->call;
    const char *file = accord_call_knows(call, "case") ? accord_call_value(call, "case") : NULL;
    const char *by = accord_call_value(call, "by");
    struct accord_error error = {0};
    if ((file == NULL) == (by == NULL)) {
        return accord_usage(call, "who speaks? give --by NAME and --key KEY, or --case FILE");
    }
    if (call->operand_count != words + (file == NULL)) {
        return accord_usage(call, file == NULL ? "which case? give the digits of its digest"
                                               : "the case file says which case it is: leave CASE away");
    }
    speaking->is_reporter = file != NULL;
    speaking->name = file == NULL ? call->operands[0] : speaking->reporter.name;
    speaking->by = file == NULL ? accord_bytes_of(by) : ACCORD_LITERAL(ACCORD_REPORTER_NAME);
    speaking->state = words > 0 ? call->operands[call->operand_count - 1] : NULL;
    if (file != NULL) {
        error.status = accord_case_reporter_open(&speaking->reporter, call, file, &error);
    }
    return error.status == ACCORD_OK ? 0 : accord_refuse(call, file, &error);
}

static int begin(struct speaking *speaking, struct accord_call *call, size_t words)
{
    *speaking = (struct speaking){.call = call};
    accord_commitment_init(&speaking->keeping);
    int result = find_who(speaking, words);
    if (result == 0) {
        result = accord_enter_call(call, &speaking->enter);
        speaking->enter.signer = speaking->reporter.signer;
    }
    return result;
}

static void end(struct speaking *speaking)
{
    accord_enter_call_free(&speaking->enter);
    accord_case_reporter_free(&speaking->reporter);
    accord_commitment_free(&speaking->keeping);
    accord_wipe(speaking, sizeof *speaking);
}

/* Is it a commitment, whose words are revealed later? */
static bool commits(enum accord_answer_kind kind)
{
    return kind == ACCORD_ANSWER_TRIAGED || kind == ACCORD_ANSWER_FIX || kind == ACCORD_ANSWER_REGULATOR;
}

/* What the kinds have of their own. */
static enum accord_status fill(void *context, const struct accord_docket *docket,
                               const struct accord_docket_case *found, struct accord_answer_claim *answer,
                               struct accord_error *error)
{
    struct speaking *speaking = context;
    struct accord_case_standing standing;
    answer->kind = speaking->kind;
    memcpy(answer->value, speaking->value, sizeof answer->value);
    answer->has_salt = speaking->has_salt;
    memcpy(answer->salt, speaking->salt, sizeof answer->salt);
    memcpy(answer->file_key, speaking->file_key, sizeof answer->file_key);
    if (commits(speaking->kind)) {
        return accord_commitment_make(&speaking->keeping, speaking->call, found->id, answer, error);
    }
    if (speaking->kind == ACCORD_ANSWER_REVEALED) {
        return accord_commitment_reveal(&speaking->keeping, speaking->call, found, answer, error);
    }
    if (speaking->kind == ACCORD_ANSWER_EXTEND) {
        accord_case_stand(&found->state, accord_docket_now(docket), &standing);
        return accord_case_when(accord_call_value(speaking->call, "until"), standing.opens, &answer->until)
                   ? ACCORD_OK
                   : accord_fail(error, ACCORD_USAGE, 0);
    }
    if (speaking->kind == ACCORD_ANSWER_REFUSED) {
        const char *text = accord_call_value(speaking->call, "text");
        answer->word = accord_bytes_of(accord_call_value(speaking->call, "reason"));
        answer->text = accord_bytes_of(text == NULL ? "" : text);
    }
    return ACCORD_OK;
}

static int tell(const struct speaking *speaking, const struct accord_entered *entered)
{
    const struct accord_call *call = speaking->call;
    struct accord_bytes name = accord_answer_name(speaking->kind);
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(call->crypto, accord_buffer_bytes(&entered->entry), digest);
    accord_note(call, "%.*s by %.*s: logged as entry %" PRIu64 "; cosigned by %zu witnesses", ACCORD_TEXT(name),
                ACCORD_TEXT(speaking->by), entered->index, entered->witness_count);
    if (speaking->keeping.path[0] != '\0' && speaking->kind != ACCORD_ANSWER_REVEALED) {
        accord_note(call, "  wrote %s: keep it, it reveals what was committed to", speaking->keeping.path);
    }
    return accord_answer(call, json_pack("{s:o, s:o, s:o}", "answer", accord_json_text(name), "index",
                                         accord_json_number(entered->index), "digest", accord_json_digest(digest)));
}

static int say(struct speaking *speaking)
{
    struct accord_error error = {0};
    struct accord_entered entered;
    const struct accord_case_saying saying = {.call = speaking->call,
                                              .enter = &speaking->enter,
                                              .name = speaking->name,
                                              .by = speaking->by,
                                              .context = speaking,
                                              .fill = fill};
    accord_entered_init(&entered);
    error.status = accord_case_say(&saying, &entered, &error);
    int result =
        error.status == ACCORD_OK ? tell(speaking, &entered) : accord_enter_refuse(speaking->call, &entered, &error);
    accord_entered_free(&entered);
    return result;
}

/* Looking into the case before something is said of what is in it. */
static int look(struct speaking *speaking, int (*with)(struct speaking *speaking, const struct accord_case_log *log,
                                                       const struct accord_docket_case *found))
{
    const struct accord_call *call = speaking->call;
    struct accord_error error = {0};
    struct accord_case_log log;
    const struct accord_docket_case *found;
    uint64_t index;
    const struct accord_docket_filter filter = accord_case_named(speaking->name, &index);
    error.status = accord_case_log_open(&log, call, speaking->enter.location, NULL, &filter, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_case_find(log.docket, speaking->name, &found, &error);
    }
    int result =
        error.status == ACCORD_OK ? with(speaking, &log, found) : accord_refuse(call, speaking->enter.location, &error);
    accord_case_log_free(&log);
    return result;
}

/* Opens it with the call's report keys. */
static enum accord_status open_report(const struct speaking *speaking, const struct accord_docket_case *found,
                                      struct accord_case_opening *opening, struct accord_error *error)
{
    uint8_t(*secrets)[32] = NULL;
    size_t count = 0;
    *opening = (struct accord_case_opening){0};
    enum accord_status status = accord_case_secrets(speaking->call, "report-key", &secrets, &count, error);
    if (status == ACCORD_OK) {
        const struct accord_case_keys keys = {.secrets = (const uint8_t(*)[32])secrets, .secret_count = count};
        status = accord_case_open(opening, speaking->call, speaking->enter.location, found, &keys, NULL, NULL, error);
    }
    accord_case_secrets_free(secrets, count);
    return status;
}

/* receipt */

static int take_receipt(struct speaking *speaking, const struct accord_case_log *log,
                        const struct accord_docket_case *found)
{
    struct accord_error error = {0};
    struct accord_case_opening opening;
    (void)log;
    error.status = open_report(speaking, found, &opening, &error);
    if (error.status == ACCORD_OK && !accord_bytes_equal(opening.cover->vendor, speaking->by)) {
        error.status = accord_fail(&error, ACCORD_WRONG_SIGNER, 0);
        accord_error_expected(&error, opening.cover->vendor);
        accord_error_found(&error, speaking->by);
    }
    if (error.status == ACCORD_OK) {
        speaking->kind = ACCORD_ANSWER_RECEIPT;
        accord_receipt_value(speaking->call->crypto, opening.cover->salt, found->id, opening.parcel, speaking->value);
        speaking->has_salt = found->claim.vendor.size == 0;
        accord_report_blind_key(speaking->call->crypto, opening.cover->salt, speaking->salt);
    }
    int result = error.status == ACCORD_OK ? 0 : accord_refuse(speaking->call, speaking->name, &error);
    accord_case_opening_free(&opening);
    return result;
}

int accord_run_case_receipt(struct accord_call *call)
{
    struct speaking speaking;
    int result = begin(&speaking, call, 0);
    if (result == 0) {
        result = look(&speaking, take_receipt);
    }
    if (result == 0) {
        result = say(&speaking);
    }
    end(&speaking);
    return result;
}

/* progress */

static int release_digest(const struct speaking *speaking, uint8_t digest[ACCORD_HASH_SIZE])
{
    const struct accord_call *call = speaking->call;
    const char *given = accord_call_value(call, "release");
    struct accord_error error = {0};
    struct accord_buffer bytes, entry;
    struct accord_proof_claim claim;
    if (accord_digest_parse(accord_bytes_of(given), digest)) {
        return 0;
    }
    accord_buffer_init(&bytes, ACCORD_PROOF_SIZE_MAX);
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    error.status = accord_file_read(call->fs, given, &bytes, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_proof_parse(&claim, accord_buffer_bytes(&bytes), &error);
    }
    if (error.status == ACCORD_OK) {
        error.status = accord_buffer_reserve(&entry, ACCORD_ENTRY_SIZE_MAX);
    }
    if (error.status == ACCORD_OK) {
        struct accord_out out = {entry.data, ACCORD_ENTRY_SIZE_MAX, 0, false};
        error.status = accord_proof_extra(&claim, &out, &error);
        accord_hash(call->crypto, accord_out_bytes(&out), digest);
    }
    accord_buffer_free(&bytes);
    accord_buffer_free(&entry);
    return error.status == ACCORD_OK ? 0 : accord_refuse(call, given, &error);
}

/* What is committed to: words, or a release. */
static int take_commitment(struct speaking *speaking)
{
    const struct accord_call *call = speaking->call;
    const char *text = accord_call_value(call, "text"), *keep = accord_call_value(call, "keep");
    uint8_t digest[ACCORD_HASH_SIZE], bytes[DIGEST_SIZE];
    struct accord_out out = {bytes, sizeof bytes, 0, false};
    struct accord_bytes what = accord_bytes_of(text == NULL ? "" : text);
    if (speaking->kind == ACCORD_ANSWER_FIX) {
        int result = accord_call_value(call, "release") == NULL
                         ? accord_usage(call, "which release? give --release PROOF or --release DIGEST")
                         : release_digest(speaking, digest);
        if (result != 0) {
            return result;
        }
        accord_digest_print(&out, digest);
        what = accord_out_bytes(&out);
    }
    if (what.size == 0) {
        return accord_usage(call, "what is committed to? give --text TEXT: nobody sees it until it is revealed");
    }
    return accord_commitment_begin(&speaking->keeping, call, what, keep);
}

static int take_state(struct speaking *speaking)
{
    const struct accord_call *call = speaking->call;
    struct accord_error error = {0};
    const char *keep = accord_call_value(call, "keep");
    if (!accord_answer_read(accord_bytes_of(speaking->state), &speaking->kind) ||
        speaking->kind < ACCORD_ANSWER_TRIAGED || speaking->kind > ACCORD_ANSWER_REVEALED ||
        speaking->kind == ACCORD_ANSWER_EXTEND) {
        return accord_usage(call,
                            "%s: expected triaged, need-info, fix, published, exploited, regulator, refused, "
                            "unreadable, withdrawn or revealed",
                            speaking->state);
    }
    if (commits(speaking->kind)) {
        return take_commitment(speaking);
    }
    if (speaking->kind == ACCORD_ANSWER_PUBLISHED) {
        return accord_call_value(call, "release") == NULL
                   ? accord_usage(call, "which release? give --release PROOF or --release DIGEST")
                   : release_digest(speaking, speaking->value);
    }
    if (speaking->kind == ACCORD_ANSWER_REFUSED && accord_call_value(call, "reason") == NULL) {
        return accord_usage(call, "why? give --reason WORD");
    }
    if (speaking->kind != ACCORD_ANSWER_REVEALED) {
        return 0;
    }
    if (keep == NULL) {
        return accord_usage(call, "what is revealed? give --keep FILE, which was written when it was committed to");
    }
    error.status = accord_commitment_read(&speaking->keeping, call, keep, &error);
    return error.status == ACCORD_OK ? 0 : accord_refuse(call, keep, &error);
}

int accord_run_case_progress(struct accord_call *call)
{
    struct speaking speaking;
    int result = begin(&speaking, call, 1);
    if (result == 0) {
        result = take_state(&speaking);
    }
    if (result == 0) {
        result = say(&speaking);
    }
    end(&speaking);
    return result;
}

/* extend */

int accord_run_case_extend(struct accord_call *call)
{
    struct speaking speaking;
    uint64_t time;
    int result = begin(&speaking, call, 0);
    if (result == 0 && !accord_case_when(accord_call_value(call, "until"), 0, &time)) {
        result = accord_usage(call, "--until %s: expected a day, like 2026-12-24, or how much longer, like 14d",
                              accord_call_value(call, "until"));
    }
    if (result == 0) {
        speaking.kind = ACCORD_ANSWER_EXTEND;
        result = say(&speaking);
    }
    end(&speaking);
    return result;
}

/* disclose */

static int take_disclosure(struct speaking *speaking, const struct accord_case_log *log,
                           const struct accord_docket_case *found)
{
    const struct accord_call *call = speaking->call;
    struct accord_error error = {0};
    struct accord_case_opening opening = {0};
    struct accord_case_standing standing;
    char hour[32];
    (void)log;
    /* What is logged now will be public at the time of the next checkpoint, which nobody has yet: this machine's clock
     * says about when that is. */
    uint64_t now = call->clock->now(call->clock->context);
    accord_case_stand(&found->state, now, &standing);
    accord_time_print(standing.opens, hour);
    if (now < standing.opens && !accord_call_flag(call, "early")) {
        return accord_refuse_words(
            call, ACCORD_NOT_DUE,
            standing.opens == UINT64_MAX
                ? "its reporter withdrew it: with --early it is disclosed all the same"
                : "its embargo is over at %s: with --early it is disclosed now, and the log will say so",
            hour);
    }
    speaking->kind = ACCORD_ANSWER_DISCLOSE;
    if (speaking->is_reporter) {
        speaking->has_salt = true;
        memcpy(speaking->salt, speaking->reporter.file.seed, sizeof speaking->salt);
        accord_age_seed_file_key(speaking->salt, speaking->file_key);
        return 0;
    }
    error.status = open_report(speaking, found, &opening, &error);
    memcpy(speaking->file_key, opening.file_key, sizeof speaking->file_key);
    accord_case_opening_free(&opening);
    return error.status == ACCORD_OK ? 0 : accord_refuse(call, speaking->name, &error);
}

int accord_run_case_disclose(struct accord_call *call)
{
    struct speaking speaking;
    int result = begin(&speaking, call, 0);
    if (result == 0 && !speaking.is_reporter && accord_call_count(call, "report-key") == 0) {
        result = accord_usage(call, "with what is it opened? give --report-key KEY");
    }
    if (result == 0) {
        result = look(&speaking, take_disclosure);
    }
    if (result == 0) {
        result = say(&speaking);
    }
    end(&speaking);
    return result;
}
