/* git believes the bytes that lie under an id, of whichever file of the repository has them, and reads one object from
 * one place now and from another then. What it packs and unpacks it names by the bytes, as after a fetch from a
 * stranger: so whatever is looked at is looked at in a copy that was made like that. */
#include "cli/git_copy.h"

#include "base/file.h"
#include "cli/child.h"
#include "cli/git_line.h"
#include "cli/say.h"
#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *id,
                                 const char *found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, accord_bytes_of(id));
    accord_error_found(error, accord_bytes_of(found));
    return status;
}

static enum accord_status make_room(struct accord_git_copy *copy, struct accord_error *error)
{
    const char *temporary = getenv("TMPDIR");
    int size = snprintf(copy->directory, sizeof copy->directory, "%s/accord-git-XXXXXX",
                        temporary == NULL || temporary[0] != '/' ? "/tmp" : temporary);
    if (size < 0 || size >= (int)sizeof copy->directory || mkdtemp(copy->directory) == NULL) {
        copy->directory[0] = '\0';
        return accord_file_error(error, -errno, "a directory for temporary files");
    }
    copy->git.repository = copy->directory;
    return ACCORD_OK;
}

/* Runs a command of git's that only has to go well. */
static enum accord_status run(const struct accord_git_line *line, bool *well, struct accord_error *error)
{
    struct accord_buffer said;
    int exit_status = 0;
    accord_buffer_init(&said, ACCORD_GIT_SAID_MAX);
    enum accord_status status = accord_child_run(line->argv, line->environment, true, &said, &exit_status, error);
    *well = exit_status == 0;
    accord_buffer_free(&said);
    return status;
}

/* An empty repository, without hooks or whatever else a template has. */
static enum accord_status create(const struct accord_git_copy *copy, const char *id, struct accord_error *error)
{
    struct accord_git_line line;
    bool well = false;
    accord_git_begin(&line, &copy->git);
    accord_git_add(&line, "init");
    accord_git_add(&line, "--quiet");
    accord_git_add(&line, "--bare");
    accord_git_add(&line, "--template=");
    accord_git_add(&line, strlen(id) == 40 ? "--object-format=sha1" : "--object-format=sha256");
    enum accord_status status = run(&line, &well, error);
    return status == ACCORD_OK && !well ? refuse(error, ACCORD_IO, copy->directory, "git init failed") : status;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t wrote = write(fd, data, size);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        data += wrote < 0 ? 0 : wrote;
        size -= wrote < 0 ? 0 : (size_t)wrote;
    }
    return true;
}

/* All that one says is what the other reads, which has heard all then; NULL: nobody. */
static bool pour(struct accord_child *from, struct accord_child *to)
{
    static _Thread_local uint8_t chunk[CHUNK];
    bool written = true;
    ssize_t got;
    do {
        got = read(from->out, chunk, sizeof chunk);
        written = got <= 0 || to == NULL || write_all(to->in, chunk, (size_t)got);
    } while (written && (got > 0 || (got < 0 && errno == EINTR)));
    if (to != NULL) {
        (void)close(to->in);
        to->in = -1;
    }
    return written && got == 0;
}

static void list(struct accord_git_line *line, const struct accord_git *git, const char *id)
{
    accord_git_begin(line, git);
    accord_git_add(line, "rev-list");
    accord_git_add(line, "--objects");
    accord_git_add(line, "--no-walk");
    accord_git_add(line, id);
}

/* rev-list tells pack-objects what to pack, and that tells index-pack, which works out the ids anew. */
static enum accord_status carry(const struct accord_git_copy *copy, const struct accord_git *git, const char *id,
                                bool *well, struct accord_error *error)
{
    struct accord_git_line lines[3];
    struct accord_child children[3];
    size_t started = 0;
    enum accord_status status = ACCORD_OK;
    list(&lines[0], git, id);
    accord_git_begin(&lines[1], git);
    accord_git_add(&lines[1], "pack-objects");
    accord_git_add(&lines[1], "--stdout");
    accord_git_add(&lines[1], "--quiet");
    accord_git_add(&lines[1], "--window=0");
    accord_git_begin(&lines[2], &copy->git);
    accord_git_add(&lines[2], "index-pack");
    accord_git_add(&lines[2], "--stdin");
    while (status == ACCORD_OK && started < 3) {
        status = accord_child_start(&children[started], lines[started].argv, lines[started].environment, error);
        started += status == ACCORD_OK ? 1 : 0;
    }
    *well = status == ACCORD_OK && pour(&children[0], &children[1]) && pour(&children[1], &children[2]) &&
            pour(&children[2], NULL);
    for (size_t i = 0; i < started; i++) {
        *well = accord_child_end(&children[i]) == 0 && *well;
    }
    return status;
}

/* Is all that belongs to the object there, under the ids that it has in a copy? */
static enum accord_status check(const struct accord_git_copy *copy, const char *id, struct accord_error *error)
{
    struct accord_git_line line;
    bool whole = false;
    list(&line, &copy->git, id);
    accord_git_add(&line, "--quiet");
    enum accord_status status = run(&line, &whole, error);
    return status == ACCORD_OK && !whole
               ? refuse(error, ACCORD_MALFORMED, id, "the repository has other bytes under an id of its files")
               : status;
}

enum accord_status accord_git_copy_make(struct accord_git_copy *copy, const struct accord_git *git, const char *id,
                                        struct accord_error *error)
{
    bool well = false;
    *copy = (struct accord_git_copy){.git = *git};
    enum accord_status status = make_room(copy, error);
    if (status == ACCORD_OK) {
        status = create(copy, id, error);
    }
    if (status == ACCORD_OK) {
        status = carry(copy, git, id, &well, error);
    }
    if (status == ACCORD_OK && !well) {
        status = refuse(error, ACCORD_IO, id, "git does not have all of it here, or there is no room for a copy");
    }
    return status == ACCORD_OK ? check(copy, id, error) : status;
}

void accord_git_copy_remove(struct accord_git_copy *copy)
{
    if (copy->directory[0] != '\0') {
        accord_tree_remove(copy->directory);
        copy->directory[0] = '\0';
    }
}
