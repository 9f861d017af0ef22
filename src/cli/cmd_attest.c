/* accord attest: gathers what one stage of a product's life is to say (attest_gather.c), has it logged (attesting.c)
 * and writes its proof. */
#include "base/file.h"
#include "cli/attest_gather.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/git_given.h"
#include "cli/say.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

const struct accord_option accord_options_attest[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "stage",
     .value = "STAGE",
     .help = "design, source, build, test, distribution or use",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "vendor",
     .value = "NAME",
     .help = "the member whose product it is: its domain",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "product", .value = "P", .help = "the product", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "version", .value = "V", .help = "the version, as people call it"},
    {.name = "by", .value = "NAME", .help = "the member who attests; otherwise the vendor"},
    {.name = "key", .value = "KEY", .help = "a stage key of whoever attests", .rule = ACCORD_OPTION_REPEATED},
    ACCORD_ENTER_SIGNED,
    ACCORD_ENTER_PASSPHRASE,
    {.name = "root", .value = "DIR", .help = "FILEs are paths below DIR, and are called so"},
    {.name = "input", .value = "FILE|DIR", .help = "what went in", .rule = ACCORD_OPTION_REPEATED},
    {.name = "git", .value = "DIR", .help = "a repository: the files of a commit went in, or are the source"},
    ACCORD_GIT_OPTIONS,
    {.name = "parameter", .value = "K=V", .help = "with what it was done", .rule = ACCORD_OPTION_REPEATED},
    {.name = "environment",
     .value = "K=V",
     .help = "a variable as it was set; K alone takes it from here",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "tool",
     .value = "PROGRAM",
     .help = "records what PROGRAM --version says; cc for a build with --run",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "run",
     .value = "COMMAND",
     .help = "a command that was run, for /bin/sh; it is recorded, not run again",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "dsse",
     .value = "FILE",
     .help = "an in-toto Statement in a DSSE envelope, to be checked and taken in",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "dsse-key",
     .value = "PEM",
     .help = "a public key that may have signed envelopes",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "location", .value = "URL", .help = "where it can be had", .rule = ACCORD_OPTION_REPEATED},
    {.name = "outcome", .value = "O", .help = "pass, fail, match or mismatch"},
    {.name = "repeats", .value = "DIGEST", .help = "the attestation whose work was done again"},
    {.name = "output",
     .value = "PROOF",
     .help = "where the proof goes; otherwise FILE.STAGE.tlog-proof",
     .letter = 'o'},
    ACCORD_ENTER_TIMEOUT,
    {.name = "statement-only", .help = "sign the statement and write it to standard output; log nothing"},
    {.name = NULL}};

/* FILE.STAGE.tlog-proof, beside the first FILE. */
static bool default_path(const struct accord_call *call, const struct accord_attest_draft *draft, char path[PATH_MAX])
{
    bool file = call->operand_count > 0 && strcmp(call->operands[0], "-") != 0;
    const char *root = file ? accord_call_value(call, "root") : NULL;
    struct accord_bytes name = file ? accord_bytes_of(call->operands[0]) : draft->product;
    struct accord_bytes stage = accord_stage_name(draft->stage);
    while (name.size > 1 && name.data[name.size - 1] == '/') {
        name.size--;
    }
    int size = snprintf(path, PATH_MAX, "%s%s%.*s.%.*s.tlog-proof", root == NULL ? "" : root, root == NULL ? "" : "/",
                        ACCORD_TEXT(name), ACCORD_TEXT(stage));
    return size >= 0 && size < PATH_MAX;
}

static json_t *subjects_json(const struct accord_attest_draft *draft)
{
    json_t *list = json_array();
    for (size_t i = 0; i < draft->subject_count; i++) {
        json_array_append_new(list, json_pack("{s:o, s:o}", "label", accord_json_text(draft->subjects[i].label),
                                              "sha256", accord_json_digest(draft->subjects[i].sha256)));
    }
    return list;
}

static int tell(const struct accord_call *call, const struct accord_attest_draft *draft,
                const struct accord_entered *entered)
{
    struct accord_error error = {0};
    char path[PATH_MAX];
    uint8_t digest[ACCORD_HASH_SIZE];
    const char *output = accord_call_value(call, "output");
    accord_note(call, "%.*s", ACCORD_TEXT(accord_enter_text(accord_buffer_bytes(&entered->entry))));
    accord_note(call, "logged as entry %" PRIu64 "; cosigned by %zu witnesses", entered->index, entered->witness_count);
    if (output == NULL && !default_path(call, draft, path)) {
        return accord_refuse_status(call, "output", ACCORD_TOO_LARGE, NULL);
    }
    output = output == NULL ? path : output;
    error.status = accord_output(call, output, accord_buffer_bytes(&entered->proof), &error);
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, NULL, &error);
    }
    if (strcmp(output, "-") != 0) {
        accord_note(call, "  wrote %s", output);
    }
    accord_hash(call->crypto, accord_buffer_bytes(&entered->entry), digest);
    return accord_answer(call,
                         json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "stage",
                                   accord_json_text(accord_stage_name(draft->stage)), "vendor",
                                   accord_json_text(draft->vendor), "product", accord_json_text(draft->product), "by",
                                   accord_json_text(draft->by), "attestation", accord_json_digest(digest), "index",
                                   (json_int_t)entered->index, "witnesses", (json_int_t)entered->witness_count, "proof",
                                   accord_json_text(accord_bytes_of(output)), "subjects", subjects_json(draft)));
}

static int answer_statement(const struct accord_call *call, const struct accord_entered *entered)
{
    struct accord_bytes entry = accord_buffer_bytes(&entered->entry);
    accord_print(call, entry);
    return accord_answer(call, json_pack("{s:o}", "statement", accord_json_text(entry)));
}

static int attest(const struct accord_call *call, struct accord_attesting *attesting, const struct accord_enter *enter)
{
    struct accord_error error = {0};
    struct accord_entered entered;
    bool statement_only = accord_call_flag(call, "statement-only");
    accord_entered_init(&entered);
    error.status = accord_attesting_enter(attesting, enter, statement_only, &entered, &error);
    int result = error.status != ACCORD_OK ? accord_enter_refuse(call, &entered, &error)
                 : statement_only          ? answer_statement(call, &entered)
                                           : tell(call, &attesting->draft, &entered);
    accord_entered_free(&entered);
    return result;
}

int accord_run_attest(struct accord_call *call)
{
    struct accord_enter enter;
    struct accord_attesting attesting;
    int result = accord_enter_call(call, &enter);
    if (result != 0) {
        return result;
    }
    accord_attesting_init(&attesting);
    result = accord_attest_gather(call, &attesting);
    if (result == 0) {
        result = attest(call, &attesting, &enter);
    }
    accord_attesting_free(&attesting);
    accord_enter_call_free(&enter);
    return result;
}
