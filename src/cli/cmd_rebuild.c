/* accord rebuild: a recorded build, believed, repeated, compared, and the outcome attested. The repeating is
 * rebuild.c's. */
#include "accord/verify.h"
#include "cli/attest_gather.h"
#include "cli/attesting.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/rebuild.h"
#include "cli/say.h"
#include "cli/trust_file.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_LIMIT_SECONDS 3600
#define TIME_LIMIT_SECONDS_MAX 604800
#define LINE_SIZE_MAX 65536

const struct accord_option accord_options_rebuild[] = {
    {.name = "source",
     .value = "DIR|TAR",
     .help = "what went into the build: a directory, or an archive that tar reads",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "trust", .value = "TRUST", .help = "the trust file; otherwise that of accord verify"},
    {.name = "unverified", .help = "run the commands whoever wrote them; nothing can be attested"},
    {.name = "directory", .value = "DIR", .help = "build in DIR, which must not exist, and leave it there"},
    {.name = "time-limit", .value = "SECONDS", .help = "for all commands together; 3600 otherwise"},
    {.name = "accord", .value = "LOG", .help = "where to log the outcome"},
    {.name = "by", .value = "NAME", .help = "the member who rebuilds: its domain"},
    {.name = "key", .value = "KEY", .help = "a stage key of it", .rule = ACCORD_OPTION_REPEATED},
    ACCORD_ENTER_PASSPHRASE,
    {.name = "output",
     .value = "FILE",
     .help = "where the proof of the outcome goes; otherwise beside PROOF",
     .letter = 'o'},
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

static bool can_be_repeated(const struct accord_attest_claim *claim)
{
    return claim->stage == ACCORD_STAGE_BUILD && claim->run_count > 0 && !claim->repeats;
}

/* Is the attestation in the log, under the quorum, and signed by whom it is by? Commands of strangers are not run. */
static enum accord_status believe(const struct accord_attest_found *found, const struct accord_verifier *verifier,
                                  struct accord_error *error)
{
    struct accord_shown shown;
    struct accord_seen_checkpoint *memory = calloc(1, sizeof *memory);
    uint8_t *bytes = malloc(ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = ACCORD_OK;
    if (memory == NULL || bytes == NULL) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out entry = {bytes, ACCORD_ENTRY_SIZE_MAX, 0, false};
    if (status == ACCORD_OK) {
        status = accord_verify_entry(verifier, memory, found->proof_bytes, &entry, &shown, error);
    }
    if (status == ACCORD_OK) {
        status = accord_attest_verify(&found->claim, &verifier->roster, &shown.place, verifier->crypto, error);
    }
    free(memory);
    free(bytes);
    return status;
}

static int check_belief(const struct accord_call *call, const struct accord_attest_found *found)
{
    struct accord_error error = {0};
    struct accord_trust_file file;
    if (accord_call_flag(call, "unverified")) {
        return 0;
    }
    if (!found->has_proof) {
        return accord_refuse_words(call, ACCORD_NO_ENTRY,
                                   "%s: a statement without its proof; --unverified runs its commands all the same",
                                   call->operands[0]);
    }
    if (!accord_trust_file_find(&file, accord_call_value(call, "trust"))) {
        return accord_usage(call, "no trust file: give --trust TRUST; accord trust pin LOG -o TRUST makes one");
    }
    error.status = accord_trust_file_open(&file, call->fs, call->crypto, &error);
    int result = error.status == ACCORD_OK ? 0 : accord_refuse(call, file.path, &error);
    if (result == 0) {
        error.status = believe(found, file.verifier, &error);
        result = error.status == ACCORD_OK ? 0 : accord_refuse(call, call->operands[0], &error);
    }
    accord_trust_file_free(&file);
    return result;
}

/* Tools that have another version here than they had there. */
static void compare_tools(const struct accord_call *call, struct accord_rebuild *rebuild)
{
    struct accord_bytes name, recorded;
    size_t cursor = 0;
    while (accord_attest_next_line(rebuild->attest, ACCORD_LITERAL("environment"), &cursor, &name, &recorded)) {
        struct accord_buffer line;
        if (!accord_cut_prefix(&name, ACCORD_LITERAL(ACCORD_TOOL_PREFIX)) || name.size == 0) {
            continue;
        }
        accord_buffer_init(&line, LINE_SIZE_MAX);
        if (!accord_rebuild_tool(rebuild, name, &line)) {
            accord_note(call, "%.*s was %.*s; it is not here", ACCORD_TEXT(name), ACCORD_TEXT(recorded));
        } else if (!accord_bytes_equal(accord_buffer_bytes(&line), recorded)) {
            accord_note(call, "%.*s was %.*s; here it is %.*s", ACCORD_TEXT(name), ACCORD_TEXT(recorded),
                        ACCORD_TEXT(accord_buffer_bytes(&line)));
        }
        accord_buffer_free(&line);
    }
}

static void put_digest(char text[80], const uint8_t sha256[ACCORD_HASH_SIZE])
{
    struct accord_out out = {(uint8_t *)text, 79, 0, false};
    accord_digest_print(&out, sha256);
    text[out.size] = '\0';
}

static bool matched(const struct accord_rebuilt_subject *subject)
{
    return subject->produced && memcmp(subject->sha256, subject->recorded.sha256, ACCORD_HASH_SIZE) == 0;
}

static void tell_subjects(const struct accord_call *call, const struct accord_rebuild *rebuild)
{
    for (size_t i = 0; i < rebuild->subject_count; i++) {
        const struct accord_rebuilt_subject *subject = &rebuild->subjects[i];
        char recorded[80], here[80];
        put_digest(recorded, subject->recorded.sha256);
        put_digest(here, subject->sha256);
        if (matched(subject)) {
            accord_note(call, "match: %.*s %s", ACCORD_TEXT(subject->recorded.label), recorded);
        } else {
            accord_note(call, "mismatch: %.*s: recorded %s, rebuilt %s", ACCORD_TEXT(subject->recorded.label), recorded,
                        subject->produced ? here : "nothing");
        }
    }
}

static json_t *subjects_json(const struct accord_rebuild *rebuild)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rebuild->subject_count; i++) {
        const struct accord_rebuilt_subject *subject = &rebuild->subjects[i];
        json_array_append_new(list, json_pack("{s:o, s:b, s:o, s:o}", "label",
                                              accord_json_text(subject->recorded.label), "match", matched(subject),
                                              "recorded", accord_json_digest(subject->recorded.sha256), "rebuilt",
                                              subject->produced ? accord_json_digest(subject->sha256) : json_null()));
    }
    return list;
}

/* What came out; where nothing did, what should have. */
static void attest_subjects(struct accord_attesting *attesting, const struct accord_rebuild *rebuild)
{
    for (size_t i = 0; i < rebuild->subject_count; i++) {
        const struct accord_rebuilt_subject *subject = &rebuild->subjects[i];
        const uint8_t *sha256 = subject->produced ? subject->sha256 : subject->recorded.sha256;
        if (!accord_attesting_has_subject(attesting, sha256)) {
            accord_attesting_subject(attesting, sha256, subject->recorded.label);
        }
    }
}

/* The environment as it was here: the same variables, this machine's tools. */
static void attest_environment(struct accord_attesting *attesting, struct accord_rebuild *rebuild)
{
    struct accord_bytes name, text;
    size_t cursor = 0;
    while (accord_attest_next_line(rebuild->attest, ACCORD_LITERAL("environment"), &cursor, &name, &text)) {
        struct accord_bytes tool = name;
        struct accord_buffer line;
        accord_buffer_init(&line, LINE_SIZE_MAX);
        if (accord_attest_is_variable(name)) {
            accord_attesting_line(attesting, ACCORD_LITERAL("environment"), name, text);
        } else if (accord_cut_prefix(&tool, ACCORD_LITERAL(ACCORD_TOOL_PREFIX)) && tool.size > 0 &&
                   accord_rebuild_tool(rebuild, tool, &line)) {
            accord_attesting_line(attesting, ACCORD_LITERAL("environment"), name, accord_buffer_bytes(&line));
        }
        accord_buffer_free(&line);
    }
}

static void draft_outcome(struct accord_attesting *attesting, struct accord_rebuild *rebuild,
                          const struct accord_attest_found *found)
{
    struct accord_attest_draft *draft = &attesting->draft;
    const struct accord_attest_claim *attest = rebuild->attest;
    struct accord_bytes name, text;
    size_t cursor = 0;
    draft->stage = ACCORD_STAGE_BUILD;
    draft->vendor = attest->vendor;
    draft->product = attest->product;
    draft->by = accord_bytes_of(accord_call_value(rebuild->call, "by"));
    draft->version = attest->version;
    draft->outcome = rebuild->matches == rebuild->subject_count ? ACCORD_ATTEST_MATCH : ACCORD_ATTEST_MISMATCH;
    draft->repeats = true;
    accord_hash(rebuild->call->crypto, accord_buffer_bytes(&found->entry), draft->repeated);
    attest_subjects(attesting, rebuild);
    accord_attesting_material(attesting, rebuild->source.sha256, rebuild->source.label);
    accord_attesting_line(attesting, ACCORD_LITERAL("parameter"), ACCORD_LITERAL("network"),
                          rebuild->cut ? ACCORD_LITERAL("none") : ACCORD_LITERAL("reachable"));
    attest_environment(attesting, rebuild);
    while (accord_attest_next_line(attest, ACCORD_LITERAL("run"), &cursor, &name, &text)) {
        accord_attesting_line(attesting, ACCORD_LITERAL("run"), ACCORD_LITERAL(""), text);
    }
}

/* PROOF without its ending, .by-NAME.tlog-proof */
static bool default_path(const struct accord_call *call, char path[PATH_MAX])
{
    const char *proof = call->operands[0], *ending = ".tlog-proof";
    size_t size = strlen(proof), tail = strlen(ending);
    size -= size > tail && strcmp(proof + size - tail, ending) == 0 ? tail : 0;
    int written = snprintf(path, PATH_MAX, "%.*s.by-%s%s", (int)size, proof, accord_call_value(call, "by"), ending);
    return written >= 0 && written < PATH_MAX;
}

/* Logs the outcome and writes its proof to *path. */
static int attest_outcome(const struct accord_call *call, struct accord_rebuild *rebuild,
                          const struct accord_attest_found *found, char path[PATH_MAX])
{
    struct accord_error error = {0};
    struct accord_enter enter;
    struct accord_entered entered;
    struct accord_attesting attesting;
    const char *output = accord_call_value(call, "output");
    int result = accord_enter_call(call, &enter);
    if (result != 0) {
        return result;
    }
    accord_entered_init(&entered);
    accord_attesting_init(&attesting);
    draft_outcome(&attesting, rebuild, found);
    error.status = accord_attesting_enter(&attesting, &enter, false, &entered, &error);
    result = error.status == ACCORD_OK ? 0 : accord_enter_refuse(call, &entered, &error);
    if (result == 0 && output != NULL) {
        snprintf(path, PATH_MAX, "%s", output);
    } else if (result == 0 && !default_path(call, path)) {
        result = accord_refuse_status(call, "output", ACCORD_TOO_LARGE, NULL);
    }
    if (result == 0) {
        error.status = accord_output(call, path, accord_buffer_bytes(&entered.proof), &error);
        result = error.status == ACCORD_OK ? 0 : accord_refuse(call, NULL, &error);
    }
    if (result == 0) {
        accord_note(call, "logged as entry %" PRIu64 "; cosigned by %zu witnesses", entered.index,
                    entered.witness_count);
        accord_note(call, "  wrote %s", path);
    }
    accord_attesting_free(&attesting);
    accord_entered_free(&entered);
    accord_enter_call_free(&enter);
    return result;
}

static int tell(const struct accord_call *call, struct accord_rebuild *rebuild, const struct accord_attest_found *found)
{
    char path[PATH_MAX] = "";
    bool match = rebuild->matches == rebuild->subject_count;
    tell_subjects(call, rebuild);
    if (accord_call_count(call, "key") > 0) {
        int result = attest_outcome(call, rebuild, found, path);
        if (result != 0) {
            return result;
        }
    }
    json_t *answer = json_pack("{s:s, s:b, s:o}", "outcome", match ? "match" : "mismatch", "network", !rebuild->cut,
                               "subjects", subjects_json(rebuild));
    if (answer != NULL && path[0] != '\0') {
        (void)json_object_set_new(answer, "proof", accord_json_text(accord_bytes_of(path)));
    }
    return accord_answer_with(call, answer, match ? 0 : 1);
}

static int repeat(const struct accord_call *call, struct accord_rebuild *rebuild,
                  const struct accord_attest_found *found)
{
    struct accord_error error = {0};
    error.status = accord_rebuild_room(rebuild, accord_call_value(call, "directory"), &error);
    if (error.status == ACCORD_OK) {
        compare_tools(call, rebuild);
        error.status = accord_rebuild_source(rebuild, accord_call_value(call, "source"), &error);
    }
    if (error.status == ACCORD_OK) {
        error.status = accord_rebuild_run(rebuild, &error);
    }
    if (error.status == ACCORD_OK) {
        error.status = accord_rebuild_compare(rebuild, &error);
    }
    return error.status == ACCORD_OK ? tell(call, rebuild, found) : accord_refuse(call, NULL, &error);
}

/* Options that go together. */
static int check_options(const struct accord_call *call, uint64_t *time_limit_ms)
{
    const char *limit = accord_call_value(call, "time-limit");
    bool key = accord_call_count(call, "key") > 0;
    uint64_t seconds = TIME_LIMIT_SECONDS;
    if (key != (accord_call_value(call, "by") != NULL) || key != (accord_call_value(call, "accord") != NULL)) {
        return accord_usage(call, "--accord, --by and --key go together: they attest the outcome");
    }
    if (key && accord_call_flag(call, "unverified")) {
        return accord_usage(call, "--unverified attests nothing: leave out --key");
    }
    if (limit != NULL &&
        (!accord_decimal_read(accord_bytes_of(limit), &seconds) || seconds == 0 || seconds > TIME_LIMIT_SECONDS_MAX)) {
        return accord_usage(call, "--time-limit is a number of seconds, from 1 to %d", TIME_LIMIT_SECONDS_MAX);
    }
    *time_limit_ms = seconds * 1000;
    return 0;
}

int accord_run_rebuild(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_attest_found found;
    struct accord_rebuild rebuild;
    uint64_t time_limit_ms = 0;
    int result = check_options(call, &time_limit_ms);
    if (result != 0) {
        return result;
    }
    accord_attest_found_init(&found);
    error.status = accord_attest_find(&found, call->fs, call->operands[0], can_be_repeated, &error);
    result = error.status == ACCORD_OK ? check_belief(call, &found) : accord_refuse(call, call->operands[0], &error);
    if (result == 0) {
        accord_rebuild_init(&rebuild, call, &found.claim);
        rebuild.time_limit_ms = time_limit_ms;
        result = repeat(call, &rebuild, &found);
        accord_rebuild_free(&rebuild);
    }
    accord_attest_found_free(&found);
    return result;
}
