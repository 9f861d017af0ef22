/* Asking git for a commit's files and for signatures. The repository may be a stranger's, its configuration and its
 * objects too: only a name is looked up in it, all else in a copy. Knows a dozen of git's commands, and none that
 * fetches. */
#include "cli/git.h"

#include "cli/child.h"
#include "cli/git_copy.h"
#include "cli/git_line.h"
#include "cli/say.h"
#include "cli/tree.h"
#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTING_MAX (1 << 30)
#define CHUNK 65536

static struct accord_bytes first_line(struct accord_bytes said)
{
    struct accord_bytes line;
    return accord_cut(&said, '\n', &line) ? line : said;
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *what,
                                 struct accord_bytes found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, accord_bytes_of(what));
    accord_error_found(error, first_line(found));
    return status;
}

static bool name_valid(const char *name)
{
    return name[0] != '-' && name[0] != '\0';
}

/* The object that a name stands for. */
static enum accord_status resolve(const struct accord_git *git, const char *name, char id[65],
                                  struct accord_error *error)
{
    struct accord_git_line line;
    struct accord_buffer said;
    int exit_status = 0;
    accord_buffer_init(&said, ACCORD_GIT_SAID_MAX);
    accord_git_begin(&line, git);
    accord_git_add(&line, "rev-parse");
    accord_git_add(&line, "--verify");
    accord_git_add(&line, "--end-of-options");
    accord_git_add(&line, name);
    enum accord_status status = accord_child_run(line.argv, line.environment, true, &said, &exit_status, error);
    struct accord_bytes text = first_line(accord_buffer_bytes(&said));
    uint8_t hash[32];
    bool is_id = accord_hex_read(text, hash, 20) || accord_hex_read(text, hash, 32);
    if (status == ACCORD_OK && (exit_status != 0 || !is_id)) {
        status = refuse(error, ACCORD_NOT_FOUND, name, text);
    }
    if (status == ACCORD_OK) {
        memcpy(id, text.data, text.size);
        id[text.size] = '\0';
    }
    accord_buffer_free(&said);
    return status;
}

/* Is the name inside a tag object the one that it lies under? Its signature holds only for the name inside. */
static enum accord_status check_tag_name(const struct accord_git *git, const char *id, struct accord_error *error)
{
    struct accord_git_line line;
    struct accord_buffer said;
    int exit_status = 0;
    accord_buffer_init(&said, ACCORD_GIT_SAID_MAX);
    accord_git_begin(&line, git);
    accord_git_add(&line, "cat-file");
    accord_git_add(&line, "tag");
    accord_git_add(&line, id);
    enum accord_status status = accord_child_run(line.argv, line.environment, false, &said, &exit_status, error);
    struct accord_bytes rest = accord_buffer_bytes(&said), text, name = {NULL, 0};
    if (status == ACCORD_OK && exit_status != 0) {
        status = refuse(error, ACCORD_UNSIGNED, git->tag, ACCORD_LITERAL("a tag without a signature"));
    }
    while (status == ACCORD_OK && name.size == 0 && accord_cut(&rest, '\n', &text) && text.size > 0) {
        if (accord_cut_prefix(&text, ACCORD_LITERAL("tag "))) {
            name = text;
        }
    }
    if (status == ACCORD_OK && !accord_bytes_equal(name, accord_bytes_of(git->tag))) {
        status = refuse(error, ACCORD_WRONG_SIGNER, git->tag, name);
        accord_error_expected(error, ACCORD_LITERAL("the name that is signed inside the tag"));
    }
    accord_buffer_free(&said);
    return status;
}

/* Who signed, from what gpg (VALIDSIG FINGERPRINT) or ssh-keygen (Good "git" signature for WHO with KEY) told. */
static struct accord_bytes signer_of(struct accord_bytes said)
{
    struct accord_bytes line;
    while (accord_cut(&said, '\n', &line)) {
        struct accord_bytes word;
        if (accord_cut_prefix(&line, ACCORD_LITERAL("[GNUPG:] VALIDSIG ")) && accord_cut(&line, ' ', &word)) {
            return word;
        }
        if (accord_cut_prefix(&line, ACCORD_LITERAL("Good \"git\" signature for "))) {
            return line;
        }
    }
    return (struct accord_bytes){NULL, 0};
}

static enum accord_status check_signature(const struct accord_git *git, const char *verb, const char *id,
                                          struct accord_buffer *signer, struct accord_error *error)
{
    struct accord_git_line line;
    struct accord_buffer said;
    int exit_status = 0;
    accord_buffer_init(&said, ACCORD_GIT_SAID_MAX);
    accord_git_begin(&line, git);
    accord_git_add(&line, verb);
    accord_git_add(&line, "--raw");
    accord_git_add(&line, id);
    enum accord_status status = accord_child_run(line.argv, line.environment, true, &said, &exit_status, error);
    struct accord_bytes who = signer_of(accord_buffer_bytes(&said));
    if (status == ACCORD_OK && (exit_status != 0 || who.size == 0)) {
        status = refuse(error, ACCORD_UNSIGNED, git->tag != NULL ? git->tag : id, accord_buffer_bytes(&said));
        accord_error_expected(error, ACCORD_LITERAL("a good signature, by git verify-tag or verify-commit"));
        if (said.size == 0) {
            accord_error_found(error, ACCORD_LITERAL("none"));
        }
    }
    if (status == ACCORD_OK) {
        status = accord_buffer_append(signer, who);
    }
    accord_buffer_free(&said);
    return status;
}

/* The pipe to `git cat-file --batch`: what was read and not yet used. */
struct pipe {
    struct accord_child child;
    size_t at, size;
    uint8_t data[CHUNK];
};

static bool fill(struct pipe *pipe)
{
    ssize_t got;
    do {
        got = read(pipe->child.out, pipe->data, sizeof pipe->data);
    } while (got < 0 && errno == EINTR);
    pipe->at = 0;
    pipe->size = got < 0 ? 0 : (size_t)got;
    return got > 0;
}

static bool ask(struct pipe *pipe, struct accord_bytes id)
{
    uint8_t text[66];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, id);
    accord_put_byte(&out, '\n');
    return !out.full && write(pipe->child.in, text, out.size) == (ssize_t)out.size;
}

/* `<id> blob <size>` */
static bool read_header(struct pipe *pipe, uint64_t *size)
{
    uint8_t text[160];
    size_t count = 0;
    for (;;) {
        if (pipe->at == pipe->size && !fill(pipe)) {
            return false;
        }
        uint8_t c = pipe->data[pipe->at++];
        if (c == '\n') {
            break;
        }
        if (count == sizeof text) {
            return false;
        }
        text[count++] = c;
    }
    struct accord_bytes rest = {text, count}, word;
    return accord_cut(&rest, ' ', &word) && accord_cut(&rest, ' ', &word) &&
           accord_bytes_equal(word, ACCORD_LITERAL("blob")) && accord_decimal_read(rest, size);
}

/* Hashes one blob: its header, its bytes and the newline after them. */
static bool hash_blob(struct pipe *pipe, const struct accord_crypto *crypto, struct accord_bytes id,
                      uint8_t sha256[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha;
    uint64_t left;
    crypto->sha256_init(&sha);
    if (!ask(pipe, id) || !read_header(pipe, &left)) {
        return false;
    }
    while (left > 0) {
        if (pipe->at == pipe->size && !fill(pipe)) {
            return false;
        }
        size_t some = pipe->size - pipe->at < left ? pipe->size - pipe->at : (size_t)left;
        crypto->sha256_update(&sha, pipe->data + pipe->at, some);
        pipe->at += some;
        left -= some;
    }
    crypto->sha256_final(&sha, sha256);
    return (pipe->at < pipe->size || fill(pipe)) && pipe->data[pipe->at++] == '\n';
}

/* One item of `git ls-tree -r -z`: `<mode> <type> <id>` TAB `<path>` */
static enum accord_status take_item(struct accord_bytes item, struct pipe *pipe, const struct accord_crypto *crypto,
                                    struct accord_tree *tree, struct accord_error *error)
{
    struct accord_bytes path = item, head, mode_text, type;
    enum accord_manifest_mode mode;
    uint8_t sha256[ACCORD_HASH_SIZE];
    bool read = accord_cut(&path, '\t', &head) && accord_cut(&head, ' ', &mode_text) && accord_cut(&head, ' ', &type);
    if (read && accord_bytes_equal(type, ACCORD_LITERAL("commit"))) {
        enum accord_status status =
            refuse(error, ACCORD_MALFORMED, "git", ACCORD_LITERAL("a submodule, whose files the commit does not have"));
        accord_error_what(error, path);
        return status;
    }
    /* 100664 is what git wrote long ago where it writes 100644 now. */
    if (read && accord_bytes_equal(mode_text, ACCORD_LITERAL("100664"))) {
        mode_text = ACCORD_LITERAL("100644");
    }
    if (!read || !accord_manifest_mode_read(mode_text, &mode)) {
        return refuse(error, ACCORD_MALFORMED, "git ls-tree", item);
    }
    if (!hash_blob(pipe, crypto, head, sha256)) {
        enum accord_status status = refuse(error, ACCORD_IO, "git cat-file", head);
        accord_error_what(error, path);
        accord_error_found(error, ACCORD_LITERAL("git cat-file does not have it here"));
        return status;
    }
    return accord_tree_add(tree, path, mode, sha256, error);
}

static enum accord_status take_items(const struct accord_git *git, struct accord_bytes listing,
                                     const struct accord_crypto *crypto, struct accord_tree *tree,
                                     struct accord_error *error)
{
    struct accord_git_line line;
    struct accord_bytes item;
    struct pipe *pipe = malloc(sizeof *pipe);
    if (pipe == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    pipe->at = pipe->size = 0;
    accord_git_begin(&line, git);
    accord_git_add(&line, "cat-file");
    accord_git_add(&line, "--batch");
    enum accord_status status = accord_child_start(&pipe->child, line.argv, line.environment, error);
    if (status == ACCORD_OK) {
        while (status == ACCORD_OK && accord_cut(&listing, '\0', &item)) {
            status = take_item(item, pipe, crypto, tree, error);
        }
        (void)accord_child_end(&pipe->child);
    }
    free(pipe);
    return status;
}

/* The manifest of a commit's files. */
static enum accord_status digest_tree(const struct accord_git *git, const struct accord_crypto *crypto,
                                      struct accord_git_found *found, struct accord_error *error)
{
    struct accord_git_line line;
    struct accord_buffer listing;
    int exit_status = 0;
    accord_buffer_init(&listing, LISTING_MAX);
    accord_git_begin(&line, git);
    accord_git_add(&line, "ls-tree");
    accord_git_add(&line, "-r");
    accord_git_add(&line, "-z");
    accord_git_add(&line, "--full-tree");
    accord_git_add(&line, found->commit);
    enum accord_status status = accord_child_run(line.argv, line.environment, false, &listing, &exit_status, error);
    if (status == ACCORD_OK && exit_status != 0) {
        status = refuse(error, ACCORD_IO, "git ls-tree", accord_bytes_of(found->commit));
    }
    if (status == ACCORD_OK) {
        status = take_items(git, accord_buffer_bytes(&listing), crypto, &found->files, error);
    }
    if (status == ACCORD_OK) {
        status = accord_tree_digest(&found->files, crypto, found->tree, error);
    }
    accord_buffer_free(&listing);
    return status;
}

void accord_git_found_init(struct accord_git_found *found)
{
    *found = (struct accord_git_found){0};
    accord_buffer_init(&found->signer, 4096);
}

void accord_git_found_free(struct accord_git_found *found)
{
    accord_tree_free(&found->files);
    accord_buffer_free(&found->signer);
}

/* The object that was asked for, as the repository names it: a tag's own, or a commit. */
static enum accord_status find(const struct accord_git *git, char id[65], struct accord_error *error)
{
    char name[1024];
    const char *given = git->tag != NULL ? git->tag : git->commit == NULL ? "HEAD" : git->commit;
    int size = git->tag != NULL ? snprintf(name, sizeof name, "refs/tags/%s", given)
                                : snprintf(name, sizeof name, "%s^{commit}", given);
    if (size < 0 || size >= (int)sizeof name || (git->tag == NULL && !name_valid(given))) {
        return refuse(error, ACCORD_NOT_FOUND, git->tag != NULL ? "tag" : "commit", accord_bytes_of(given));
    }
    return resolve(git, name, id, error);
}

/* What it is: its signature where that is asked for, the commit that it stands for, and the files of that. */
static enum accord_status look(const struct accord_git *copy, const char *id, const struct accord_crypto *crypto,
                               struct accord_git_found *found, struct accord_error *error)
{
    char name[80];
    bool is_tag = copy->tag != NULL;
    enum accord_status status = copy->signature && is_tag ? check_tag_name(copy, id, error) : ACCORD_OK;
    if (status == ACCORD_OK && copy->signature) {
        status = check_signature(copy, is_tag ? "verify-tag" : "verify-commit", id, &found->signer, error);
    }
    snprintf(name, sizeof name, "%s^{commit}", id);
    if (status == ACCORD_OK) {
        status = resolve(copy, name, found->commit, error);
    }
    return status == ACCORD_OK ? digest_tree(copy, crypto, found, error) : status;
}

/* git looks upwards for a repository: one that only lies around the directory is not what was named. */
static enum accord_status check_top(const struct accord_git *git, struct accord_error *error)
{
    struct accord_git_line line;
    struct accord_buffer said;
    int exit_status = 0;
    accord_buffer_init(&said, ACCORD_GIT_SAID_MAX);
    accord_git_begin(&line, git);
    accord_git_add(&line, "rev-parse");
    accord_git_add(&line, "--show-prefix");
    enum accord_status status = accord_child_run(line.argv, line.environment, true, &said, &exit_status, error);
    struct accord_bytes prefix = first_line(accord_buffer_bytes(&said));
    if (status == ACCORD_OK && (exit_status != 0 || prefix.size > 0)) {
        status = refuse(error, ACCORD_NOT_FOUND, "a repository", prefix);
        accord_error_expected(error, ACCORD_LITERAL("the top directory of a git repository"));
    }
    accord_buffer_free(&said);
    return status;
}

enum accord_status accord_git_look(const struct accord_git *git, const struct accord_crypto *crypto,
                                   struct accord_git_found *found, struct accord_error *error)
{
    char id[65];
    struct accord_git_copy copy;
    enum accord_status status = check_top(git, error);
    if (status == ACCORD_OK) {
        status = find(git, id, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_git_copy_make(&copy, git, id, error);
    if (status == ACCORD_OK) {
        status = look(&copy.git, id, crypto, found, error);
    }
    accord_git_copy_remove(&copy);
    return status;
}
