/* accord manifest: the text whose digest a directory, or a commit's files, go by. As a file it can be released, and
 * verified, like any other. */
#include "cli/commands.h"
#include "cli/git_given.h"
#include "cli/say.h"
#include "cli/tree.h"

#define MANIFEST_SIZE_MAX (UINT64_C(1) << 31)

const struct accord_option accord_options_manifest[] = {
    {.name = "git", .value = "DIR", .help = "of a commit of this repository"},
    ACCORD_GIT_OPTIONS,
    {.name = "output", .value = "FILE", .help = "where it goes; otherwise to standard output", .letter = 'o'},
    {.name = NULL}};

/* Writes the manifest of a tree that was digested. */
static int write_manifest(const struct accord_call *call, const struct accord_tree *tree,
                          const uint8_t sha256[ACCORD_HASH_SIZE])
{
    struct accord_error error = {0};
    struct accord_buffer text;
    const char *output = accord_call_value(call, "output");
    accord_buffer_init(&text, MANIFEST_SIZE_MAX);
    error.status = accord_tree_print(tree, &text, &error);
    if (error.status == ACCORD_OK && (!call->json || output != NULL)) {
        error.status = accord_output(call, output, accord_buffer_bytes(&text), &error);
    }
    accord_buffer_free(&text);
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, NULL, &error);
    }
    return accord_answer(
        call, json_pack("{s:o, s:I}", "sha256", accord_json_digest(sha256), "files", (json_int_t)tree->count));
}

static int of_directory(const struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_tree tree = {0};
    uint8_t sha256[ACCORD_HASH_SIZE];
    error.status = accord_tree_walk(&tree, call->crypto, call->operands[0], NULL, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_tree_digest(&tree, call->crypto, sha256, &error);
    }
    int result = error.status == ACCORD_OK ? write_manifest(call, &tree, sha256) : accord_refuse(call, NULL, &error);
    accord_tree_free(&tree);
    return result;
}

static int of_commit(const struct accord_call *call, const struct accord_git *git)
{
    struct accord_git_found found;
    accord_git_found_init(&found);
    int result = accord_git_find(call, git, &found);
    if (result == 0) {
        result = write_manifest(call, &found.files, found.tree);
    }
    accord_git_found_free(&found);
    return result;
}

int accord_run_manifest(struct accord_call *call)
{
    struct accord_git_given given;
    int result = accord_git_given(call, &given);
    if (result != 0) {
        return result;
    }
    if ((given.git.repository != NULL) == (call->operand_count == 1)) {
        return accord_usage(call, "it needs either a DIR or --git");
    }
    return given.git.repository != NULL ? of_commit(call, &given.git) : of_directory(call);
}
