/* From options to an attestation's lines: files and directories are hashed, git is asked, programs tell their version.
 * What a line may hold is not judged here: the statement's parser does, when it is made. */
#include "cli/attest_gather.h"

#include "cli/attest_import.h"
#include "cli/child.h"
#include "cli/git_given.h"
#include "cli/say.h"
#include "cli/stream.h"
#include "cli/tree.h"
#include "core/fields.h"
#include "core/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOOL_SAID_MAX 65536
#define TOOL_NAME_SIZE 256

enum accord_status accord_attest_digest(const struct accord_call *call, const char *path,
                                        uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error)
{
    if (accord_is_directory(path)) {
        struct accord_tree tree = {0};
        enum accord_status status = accord_tree_walk(&tree, call->crypto, path, NULL, error);
        if (status == ACCORD_OK) {
            status = accord_tree_digest(&tree, call->crypto, sha256, error);
        }
        accord_tree_free(&tree);
        return status;
    }
    struct accord_stream *stream = malloc(sizeof *stream);
    uint64_t size;
    enum accord_status status = stream == NULL
                                    ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                                    : accord_stream_hash(stream, call->fs, call->crypto, path, sha256, &size, error);
    free(stream);
    return status;
}

static bool goes_up(const char *path)
{
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/' ? 1 : 0;
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0')) {
            return true;
        }
    }
    return false;
}

/* What a file is called: its path, but for one that leads out of this directory only its last part. */
static struct accord_bytes label_of(const char *path)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    while (size > 2 && path[0] == '.' && path[1] == '/') {
        path += 2;
        size -= 2;
    }
    if (path[0] == '/' || goes_up(path)) {
        const char *slash = memrchr(path, '/', size);
        size_t before = slash == NULL ? 0 : (size_t)(slash + 1 - path);
        path += before;
        size -= before;
    }
    return (struct accord_bytes){(const uint8_t *)path, size};
}

typedef void (*take_thing)(struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE],
                           struct accord_bytes label);

static int gather_path(const struct accord_call *call, struct accord_attesting *attesting, const char *root,
                       const char *path, take_thing take)
{
    char full[PATH_MAX];
    uint8_t sha256[ACCORD_HASH_SIZE];
    struct accord_error error = {0};
    bool below = root != NULL && strcmp(path, "-") != 0;
    if (below && path[0] == '/') {
        return accord_usage(call, "%s is not below --root: its path begins with /", path);
    }
    int size = snprintf(full, sizeof full, "%s%s%s", below ? root : "", below ? "/" : "", path);
    if (size < 0 || size >= (int)sizeof full) {
        return accord_refuse_status(call, path, ACCORD_TOO_LARGE, NULL);
    }
    error.status = accord_attest_digest(call, full, sha256, &error);
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, NULL, &error);
    }
    take(attesting, sha256, label_of(path));
    return 0;
}

static int gather_files(const struct accord_call *call, struct accord_attesting *attesting)
{
    const char *path;
    size_t cursor = 0;
    int result = 0;
    for (size_t i = 0; result == 0 && i < call->operand_count; i++) {
        result =
            gather_path(call, attesting, accord_call_value(call, "root"), call->operands[i], accord_attesting_subject);
    }
    while (result == 0 && accord_call_next(call, "input", &cursor, &path)) {
        result = gather_path(call, attesting, NULL, path, accord_attesting_material);
    }
    return result;
}

static void parameter(struct accord_attesting *attesting, const char *name, struct accord_bytes text)
{
    if (!accord_attesting_has_line(attesting, ACCORD_LITERAL("parameter"), accord_bytes_of(name))) {
        accord_attesting_line(attesting, ACCORD_LITERAL("parameter"), accord_bytes_of(name), text);
    }
}

/* A commit's files are what a source attestation is about, and what every other stage starts from. */
static void take_commit(struct accord_attesting *attesting, const struct accord_git *git,
                        const struct accord_git_found *found)
{
    char label[80];
    snprintf(label, sizeof label, "git:%s", found->commit);
    take_thing take = attesting->draft.stage == ACCORD_STAGE_SOURCE || attesting->draft.stage == ACCORD_STAGE_DESIGN
                          ? accord_attesting_subject
                          : accord_attesting_material;
    take(attesting, found->tree, accord_bytes_of(label));
    parameter(attesting, "git:commit", accord_bytes_of(found->commit));
    if (git->tag != NULL) {
        parameter(attesting, "git:tag", accord_bytes_of(git->tag));
    }
    if (git->signature) {
        parameter(attesting, git->tag != NULL ? "git:tag-signed-by" : "git:commit-signed-by",
                  accord_buffer_bytes(&found->signer));
    }
}

static int gather_git(const struct accord_call *call, struct accord_attesting *attesting)
{
    struct accord_git_found found;
    struct accord_git_given given;
    int result = accord_git_given(call, &given);
    if (result != 0 || given.git.repository == NULL) {
        return result;
    }
    accord_git_found_init(&found);
    result = accord_git_find(call, &given.git, &found);
    if (result == 0) {
        take_commit(attesting, &given.git, &found);
        accord_note(call, "commit %s: %zu files", found.commit, found.files.count);
    }
    accord_git_found_free(&found);
    return result;
}

/* NAME=TEXT of an option. */
static bool cut_pair(const char *value, struct accord_bytes *name, struct accord_bytes *text)
{
    *text = accord_bytes_of(value);
    return accord_cut(text, '=', name) && accord_token_valid(*name) && text->size > 0;
}

static int gather_pairs(const struct accord_call *call, struct accord_attesting *attesting)
{
    const char *value;
    size_t cursor = 0;
    struct accord_bytes name, text;
    while (accord_call_next(call, "parameter", &cursor, &value)) {
        if (!cut_pair(value, &name, &text)) {
            return accord_usage(call, "--parameter %s is not NAME=TEXT: a word, and what is not empty", value);
        }
        accord_attesting_line(attesting, ACCORD_LITERAL("parameter"), name, text);
    }
    cursor = 0;
    while (accord_call_next(call, "environment", &cursor, &value)) {
        if (strchr(value, '=') == NULL) {
            const char *ours = getenv(value);
            name = accord_bytes_of(value);
            text = accord_bytes_of(ours == NULL ? "" : ours);
            if (text.size == 0 || !accord_token_valid(name)) {
                return accord_usage(call, "--environment %s: it is not set, or empty, here", value);
            }
        } else if (!cut_pair(value, &name, &text)) {
            return accord_usage(call, "--environment %s is not NAME=TEXT: a word, and what is not empty", value);
        }
        accord_attesting_line(attesting, ACCORD_LITERAL("environment"), name, text);
    }
    return 0;
}

bool accord_attest_is_variable(struct accord_bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && !(i > 0 && (c == '_' || (c >= '0' && c <= '9')))) {
            return false;
        }
    }
    return name.size > 0;
}

enum accord_status accord_attest_tool(const char *program, struct accord_buffer *line, struct accord_error *error)
{
    const char *argv[] = {program, "--version", NULL};
    const char *environment[] = {"LC_ALL=C", NULL};
    struct accord_buffer said;
    int exit_status = 0;
    accord_buffer_init(&said, TOOL_SAID_MAX);
    enum accord_status status = accord_child_run(argv, environment, true, &said, &exit_status, error);
    struct accord_bytes text = accord_buffer_bytes(&said), first;
    if (status == ACCORD_OK && accord_cut(&text, '\n', &first)) {
        text = first;
    }
    while (text.size > 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    if (status == ACCORD_OK && (exit_status != 0 || text.size == 0)) {
        status = accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, accord_bytes_of(program));
        accord_error_found(error, ACCORD_LITERAL("it does not tell its --version"));
    }
    if (status == ACCORD_OK) {
        status = accord_buffer_append(line, text);
    }
    accord_buffer_free(&said);
    return status;
}

static enum accord_status gather_tool(struct accord_attesting *attesting, const char *program,
                                      struct accord_error *error)
{
    char name[TOOL_NAME_SIZE];
    struct accord_buffer line;
    const char *slash = strrchr(program, '/');
    accord_buffer_init(&line, TOOL_SAID_MAX);
    enum accord_status status = accord_attest_tool(program, &line, error);
    if (status == ACCORD_OK) {
        snprintf(name, sizeof name, ACCORD_TOOL_PREFIX "%s", slash == NULL ? program : slash + 1);
        accord_attesting_line(attesting, ACCORD_LITERAL("environment"), accord_bytes_of(name),
                              accord_buffer_bytes(&line));
    }
    accord_buffer_free(&line);
    return status;
}

/* Tools that were asked for. A build that others can repeat says at least which compiler and which moment it had. */
static int gather_tools(const struct accord_call *call, struct accord_attesting *attesting)
{
    struct accord_error error = {0};
    const char *program, *epoch = getenv("SOURCE_DATE_EPOCH");
    size_t cursor = 0;
    while (accord_call_next(call, "tool", &cursor, &program)) {
        error.status = gather_tool(attesting, program, &error);
        if (error.status != ACCORD_OK) {
            return accord_refuse(call, NULL, &error);
        }
    }
    if (attesting->draft.stage != ACCORD_STAGE_BUILD || accord_call_count(call, "run") == 0) {
        return 0;
    }
    bool told =
        accord_call_count(call, "tool") > 0 ||
        accord_attesting_has_line(attesting, ACCORD_LITERAL("environment"), ACCORD_LITERAL(ACCORD_TOOL_PREFIX "cc"));
    if (!told && gather_tool(attesting, "cc", NULL) != ACCORD_OK) {
        accord_note(call, "no compiler called cc tells its version: --tool names what the build used");
    }
    if (!accord_attesting_has_line(attesting, ACCORD_LITERAL("environment"), ACCORD_LITERAL("PATH"))) {
        accord_note(call,
                    "no PATH is recorded, so whoever repeats the build has none: --environment PATH=/usr/bin:/bin");
    }
    if (epoch != NULL && epoch[0] != '\0' &&
        !accord_attesting_has_line(attesting, ACCORD_LITERAL("environment"), ACCORD_LITERAL("SOURCE_DATE_EPOCH"))) {
        accord_attesting_line(attesting, ACCORD_LITERAL("environment"), ACCORD_LITERAL("SOURCE_DATE_EPOCH"),
                              accord_bytes_of(epoch));
    }
    return 0;
}

static void gather_texts(const struct accord_call *call, struct accord_attesting *attesting, const char *key)
{
    const char *value;
    size_t cursor = 0;
    while (accord_call_next(call, key, &cursor, &value)) {
        accord_attesting_line(attesting, accord_bytes_of(key), ACCORD_LITERAL(""), accord_bytes_of(value));
    }
}

static int gather_head(const struct accord_call *call, struct accord_attest_draft *draft)
{
    const char *by = accord_call_value(call, "by"), *version = accord_call_value(call, "version");
    const char *outcome = accord_call_value(call, "outcome"), *repeats = accord_call_value(call, "repeats");
    draft->vendor = accord_bytes_of(accord_call_value(call, "vendor"));
    draft->product = accord_bytes_of(accord_call_value(call, "product"));
    draft->by = by == NULL ? draft->vendor : accord_bytes_of(by);
    draft->version = accord_bytes_of(version == NULL ? "" : version);
    if (!accord_stage_read(accord_bytes_of(accord_call_value(call, "stage")), &draft->stage)) {
        return accord_usage(call, "--stage is design, source, build, test, distribution or use");
    }
    if (outcome != NULL && !accord_outcome_read(accord_bytes_of(outcome), &draft->outcome)) {
        return accord_usage(call, "--outcome is pass, fail, match or mismatch");
    }
    draft->repeats = repeats != NULL;
    if (repeats != NULL && !accord_digest_parse(accord_bytes_of(repeats), draft->repeated)) {
        return accord_usage(call, "--repeats is the digest of an attestation, sha256:...");
    }
    return 0;
}

int accord_attest_gather(const struct accord_call *call, struct accord_attesting *attesting)
{
    int result = gather_head(call, &attesting->draft);
    if (result == 0) {
        result = gather_files(call, attesting);
    }
    if (result == 0) {
        result = gather_pairs(call, attesting);
    }
    if (result == 0) {
        result = gather_git(call, attesting);
    }
    if (result == 0) {
        result = gather_tools(call, attesting);
    }
    if (result == 0) {
        gather_texts(call, attesting, "run");
        gather_texts(call, attesting, "location");
        result = accord_attest_import(call, attesting);
    }
    if (result == 0 && attesting->draft.subject_count == 0) {
        result = accord_usage(call, "it needs a FILE, or what else it is about: --git, --dsse");
    }
    return result;
}
