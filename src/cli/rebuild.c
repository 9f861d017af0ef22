/* A clean directory, the source, the recorded commands, the digests of what they left. Whether the attestation may be
 * believed, and what is said of the outcome, its caller knows. */
#include "cli/rebuild.h"

#include "base/file.h"
#include "cli/attest_gather.h"
#include "cli/child.h"
#include "cli/say.h"
#include "cli/tree.h"
#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_SHOWN_MAX 1048576
#define TAR_SAID_MAX 65536
#define TOOLS_TIME_LIMIT_MS 60000 /* all of them together */

void accord_rebuild_init(struct accord_rebuild *rebuild, const struct accord_call *call,
                         const struct accord_attest_claim *attest)
{
    *rebuild = (struct accord_rebuild){.call = call, .attest = attest};
}

void accord_rebuild_free(struct accord_rebuild *rebuild)
{
    free(rebuild->subjects);
    rebuild->subjects = NULL;
    if (rebuild->room[0] != '\0' && !rebuild->keep) {
        accord_tree_remove(rebuild->room);
    }
}

static bool put_path(char path[PATH_MAX], const char *directory, const char *name)
{
    int size = snprintf(path, PATH_MAX, "%s/%s", directory, name);
    return size >= 0 && size < PATH_MAX;
}

enum accord_status accord_rebuild_room(struct accord_rebuild *rebuild, const char *path, struct accord_error *error)
{
    const char *temporary = getenv("TMPDIR");
    char *absolute = NULL;
    bool made;
    if (path != NULL) {
        made = strlen(path) < PATH_MAX && mkdir(path, 0700) == 0;
        absolute = made ? realpath(path, NULL) : NULL;
        rebuild->keep = true;
    } else {
        made = put_path(rebuild->room, temporary == NULL || temporary[0] != '/' ? "/tmp" : temporary,
                        "accord-rebuild-XXXXXX") &&
               mkdtemp(rebuild->room) != NULL;
        absolute = made ? realpath(rebuild->room, NULL) : NULL;
    }
    int failed = errno;
    made = made && absolute != NULL && strlen(absolute) < PATH_MAX - sizeof "/source";
    if (made) {
        memcpy(rebuild->room, absolute, strlen(absolute) + 1);
        made = put_path(rebuild->directory, rebuild->room, "source");
    }
    free(absolute);
    if (!made) {
        rebuild->room[0] = '\0';
        return accord_file_error(error, -failed, path == NULL ? "a directory for temporary files" : path);
    }
    rebuild->cut = accord_sandbox_can_cut();
    return ACCORD_OK;
}

/* Is this one of the attestation's materials? */
static bool is_material(struct accord_rebuild *rebuild, const uint8_t sha256[ACCORD_HASH_SIZE])
{
    struct accord_attest_thing material;
    size_t cursor = 0;
    while (accord_attest_next_material(rebuild->attest, &cursor, &material)) {
        if (memcmp(material.sha256, sha256, ACCORD_HASH_SIZE) == 0) {
            rebuild->source = material;
            return true;
        }
    }
    return false;
}

/* What every file of the source is dated: the recorded SOURCE_DATE_EPOCH, to which tools that know it bring newer times
 * down, or else now, as in a new checkout. */
static uint64_t source_time(const struct accord_rebuild *rebuild)
{
    struct accord_bytes name, value;
    uint64_t time = rebuild->call->clock->now(rebuild->call->clock->context), epoch;
    size_t cursor = 0;
    while (accord_attest_next_line(rebuild->attest, ACCORD_LITERAL("environment"), &cursor, &name, &value)) {
        if (accord_bytes_equal(name, ACCORD_LITERAL("SOURCE_DATE_EPOCH")) && accord_decimal_read(value, &epoch) &&
            epoch < time) {
            return epoch;
        }
    }
    return time;
}

/* Copies a directory to the room; *sha256 gets its manifest's digest. */
static enum accord_status copy_directory(struct accord_rebuild *rebuild, const char *from,
                                         uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_tree tree = {.copy_time = source_time(rebuild)};
    if (mkdir(rebuild->directory, 0755) != 0) {
        return accord_file_error(error, -errno, rebuild->directory);
    }
    enum accord_status status = accord_tree_walk(&tree, rebuild->call->crypto, from, rebuild->directory, error);
    if (status == ACCORD_OK) {
        status = accord_tree_digest(&tree, rebuild->call->crypto, sha256, error);
    }
    accord_tree_free(&tree);
    return status;
}

static enum accord_status refuse_source(const struct accord_rebuild *rebuild, const char *source,
                                        const uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error)
{
    uint8_t text[80];
    struct accord_out found = {text, sizeof text, 0, false};
    struct accord_attest_thing material;
    size_t cursor = 0;
    accord_fail(error, ACCORD_DISCONNECTED, 0);
    accord_error_what(error, accord_bytes_of(source));
    accord_digest_print(&found, sha256);
    accord_error_found(error, accord_out_bytes(&found));
    if (accord_attest_next_material(rebuild->attest, &cursor, &material)) {
        uint8_t wanted[80];
        struct accord_out expected = {wanted, sizeof wanted, 0, false};
        accord_digest_print(&expected, material.sha256);
        accord_error_expected(error, accord_out_bytes(&expected));
    }
    return ACCORD_DISCONNECTED;
}

static enum accord_status unpack(const char *archive, const char *to, struct accord_error *error)
{
    const char *argv[] = {"tar",         "--extract", "--force-local", "--no-same-owner", "--no-same-permissions",
                          "--directory", to,          "--file",        archive,           NULL};
    struct accord_buffer said;
    int exit_status = 0;
    accord_buffer_init(&said, TAR_SAID_MAX);
    if (mkdir(to, 0755) != 0) {
        return accord_file_error(error, -errno, to);
    }
    enum accord_status status = accord_child_run(argv, NULL, true, &said, &exit_status, error);
    if (status == ACCORD_OK && exit_status != 0) {
        status = accord_fail(error, ACCORD_MALFORMED, 0);
        accord_error_what(error, accord_bytes_of(archive));
        accord_error_found(error, accord_buffer_bytes(&said));
    }
    accord_buffer_free(&said);
    return status;
}

/* The one directory in which all of an archive lies; false where there is none. A link to one is none: what it leads
 * to is not the archive's. */
static bool only_directory(const char *unpacked, char path[PATH_MAX])
{
    struct stat info;
    char name[NAME_MAX + 1] = "";
    size_t count = 0;
    DIR *directory = opendir(unpacked);
    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(name, sizeof name, "%s", entry->d_name);
            count++;
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    return count == 1 && put_path(path, unpacked, name) && lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The archive itself may be the material, or the files in it, as they lie there or in its one directory. */
static enum accord_status take_archive(struct accord_rebuild *rebuild, const char *archive, struct accord_error *error)
{
    char unpacked[PATH_MAX], inside[PATH_MAX];
    uint8_t of_archive[ACCORD_HASH_SIZE], of_files[ACCORD_HASH_SIZE];
    if (!put_path(unpacked, rebuild->room, "unpacked")) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    enum accord_status status = accord_attest_digest(rebuild->call, archive, of_archive, error);
    if (status == ACCORD_OK) {
        status = unpack(archive, unpacked, error);
    }
    bool one = status == ACCORD_OK && only_directory(unpacked, inside);
    if (status == ACCORD_OK) {
        status = accord_attest_digest(rebuild->call, unpacked, of_files, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    bool whole = is_material(rebuild, of_files);
    status = copy_directory(rebuild, one && !whole ? inside : unpacked, of_files, error);
    if (status != ACCORD_OK || whole || is_material(rebuild, of_archive) || is_material(rebuild, of_files)) {
        return status;
    }
    return refuse_source(rebuild, archive, of_files, error);
}

enum accord_status accord_rebuild_source(struct accord_rebuild *rebuild, const char *source, struct accord_error *error)
{
    uint8_t sha256[ACCORD_HASH_SIZE];
    if (!accord_is_directory(source)) {
        return take_archive(rebuild, source, error);
    }
    enum accord_status status = copy_directory(rebuild, source, sha256, error);
    if (status != ACCORD_OK || is_material(rebuild, sha256)) {
        return status;
    }
    return refuse_source(rebuild, source, sha256, error);
}

/* What a command says, for a person: the beginning of it. */
static void said(void *context, struct accord_bytes output)
{
    struct accord_rebuild *rebuild = context;
    uint64_t left = rebuild->said < OUTPUT_SHOWN_MAX ? OUTPUT_SHOWN_MAX - rebuild->said : 0;
    if (!rebuild->call->json && left > 0) {
        (void)fwrite(output.data, 1, output.size < left ? output.size : (size_t)left, stderr);
        if (output.size >= left) {
            fprintf(stderr, "\n(no more of it is shown)\n");
        }
    }
    rebuild->said += output.size;
}

/* The variables that the attestation recorded, as NAME=VALUE in memory that the caller frees. */
static char *gather_environment(const struct accord_rebuild *rebuild,
                                const char *variables[ACCORD_REBUILD_VARIABLES_MAX + 1])
{
    struct accord_bytes name, value;
    size_t cursor = 0, count = 0, used = 0;
    char *memory = malloc(2 * ACCORD_ENTRY_SIZE_MAX);
    while (memory != NULL && count < ACCORD_REBUILD_VARIABLES_MAX &&
           accord_attest_next_line(rebuild->attest, ACCORD_LITERAL("environment"), &cursor, &name, &value)) {
        if (!accord_attest_is_variable(name)) {
            continue;
        }
        int size = snprintf(memory + used, 2 * ACCORD_ENTRY_SIZE_MAX - used, "%.*s=%.*s", ACCORD_TEXT(name),
                            ACCORD_TEXT(value));
        variables[count++] = memory + used;
        used += (size_t)size + 1;
    }
    variables[count] = NULL;
    return memory;
}

static enum accord_status refuse_run(const char *command, const struct accord_ran *ran, struct accord_error *error)
{
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, accord_bytes_of(command));
    if (ran->timed_out) {
        accord_error_found(error, ACCORD_LITERAL("it had not ended when its time was over"));
    } else {
        char text[64];
        snprintf(text, sizeof text, "exit status %d: nothing was repeated", ran->exit_status);
        accord_error_found(error, accord_bytes_of(text));
    }
    return ACCORD_IO;
}

static enum accord_status run_all(struct accord_rebuild *rebuild, struct accord_sandbox *sandbox,
                                  struct accord_error *error)
{
    struct accord_bytes name, text;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK &&
           accord_attest_next_line(rebuild->attest, ACCORD_LITERAL("run"), &cursor, &name, &text)) {
        struct accord_ran ran;
        char *command = strndup((const char *)text.data, text.size);
        if (command == NULL) {
            return accord_fail(error, ACCORD_NO_MEMORY, 0);
        }
        accord_note(rebuild->call, "$ %s", command);
        status = accord_sandbox_run(sandbox, command, &ran, error);
        if (status == ACCORD_OK && (ran.timed_out || ran.exit_status != 0)) {
            status = refuse_run(command, &ran, error);
        }
        sandbox->time_limit_ms -= ran.took_ms < sandbox->time_limit_ms ? ran.took_ms : sandbox->time_limit_ms;
        free(command);
    }
    return status;
}

enum accord_status accord_rebuild_run(struct accord_rebuild *rebuild, struct accord_error *error)
{
    const char *variables[ACCORD_REBUILD_VARIABLES_MAX + 1];
    char *memory = gather_environment(rebuild, variables);
    if (memory == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (!rebuild->cut) {
        accord_note(rebuild->call, "this machine lets no user take a network away: the commands could reach it");
    }
    struct accord_sandbox sandbox = {.directory = rebuild->directory,
                                     .environment = variables,
                                     .cut = rebuild->cut,
                                     .time_limit_ms = rebuild->time_limit_ms,
                                     .said = said,
                                     .context = rebuild};
    enum accord_status status = run_all(rebuild, &sandbox, error);
    free(memory);
    return status;
}

/* What a tool says, as far as there is room. */
static void keep_said(void *context, struct accord_bytes output)
{
    struct accord_buffer *line = context;
    size_t left = line->maximum - line->size;
    output.size = output.size < left ? output.size : left;
    (void)!accord_buffer_append(line, output);
}

bool accord_rebuild_tool(struct accord_rebuild *rebuild, struct accord_bytes tool, struct accord_buffer *line)
{
    const char *variables[ACCORD_REBUILD_VARIABLES_MAX + 1];
    char command[512];
    struct accord_ran ran;
    struct accord_error error = {0};
    uint64_t left = rebuild->tools_ms < TOOLS_TIME_LIMIT_MS ? TOOLS_TIME_LIMIT_MS - rebuild->tools_ms : 0;
    char *memory = gather_environment(rebuild, variables);
    struct accord_sandbox sandbox = {.directory = rebuild->room,
                                     .environment = variables,
                                     .cut = rebuild->cut,
                                     .time_limit_ms = left < rebuild->time_limit_ms ? left : rebuild->time_limit_ms,
                                     .said = keep_said,
                                     .context = line};
    /* A token: nothing of it is anything to a shell inside quotes. */
    int size = snprintf(command, sizeof command, "LC_ALL=C '%.*s' --version", ACCORD_TEXT(tool));
    bool ran_well = memory != NULL && size > 0 && size < (int)sizeof command && left > 0 &&
                    accord_sandbox_run(&sandbox, command, &ran, &error) == ACCORD_OK;
    free(memory);
    if (!ran_well) {
        return false;
    }
    rebuild->tools_ms += ran.took_ms;
    struct accord_bytes text = accord_buffer_bytes(line), first;
    line->size = accord_cut(&text, '\n', &first) ? first.size : line->size;
    while (line->size > 0 && line->data[line->size - 1] == ' ') {
        line->size--;
    }
    return !ran.timed_out && ran.exit_status == 0 && line->size > 0;
}

/* Where a path leads, past every link, if that is below the directory: what a build only points to it did not make. */
static bool resolve(const struct accord_rebuild *rebuild, char path[PATH_MAX])
{
    char *real = realpath(path, NULL);
    size_t size = strlen(rebuild->directory);
    bool below = real != NULL && strlen(real) < PATH_MAX && strncmp(real, rebuild->directory, size) == 0 &&
                 (real[size] == '/' || real[size] == '\0');
    if (below) {
        memcpy(path, real, strlen(real) + 1);
    }
    free(real);
    return below;
}

/* The path of a subject below the directory, if its label is one, and a file or a directory is there: what else lies
 * there (a pipe) must not be opened. */
static bool find_output(const struct accord_rebuild *rebuild, struct accord_bytes label, char path[PATH_MAX])
{
    struct stat info;
    char name[PATH_MAX];
    if (label.size >= sizeof name || label.size == 0 || label.data[0] == '/' ||
        memchr(label.data, '\0', label.size) != NULL) {
        return false;
    }
    memcpy(name, label.data, label.size);
    name[label.size] = '\0';
    bool up = strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 || strstr(name, "/../") != NULL ||
              (label.size >= 3 && strcmp(name + label.size - 3, "/..") == 0);
    return !up && put_path(path, rebuild->directory, name) && resolve(rebuild, path) && lstat(path, &info) == 0 &&
           (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

enum accord_status accord_rebuild_compare(struct accord_rebuild *rebuild, struct accord_error *error)
{
    struct accord_attest_thing recorded;
    char path[PATH_MAX];
    size_t cursor = 0;
    rebuild->subjects = calloc(rebuild->attest->subject_count, sizeof *rebuild->subjects);
    if (rebuild->subjects == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    while (rebuild->subject_count < rebuild->attest->subject_count &&
           accord_attest_next_subject(rebuild->attest, &cursor, &recorded)) {
        struct accord_rebuilt_subject *subject = &rebuild->subjects[rebuild->subject_count++];
        subject->recorded = recorded;
        subject->produced = find_output(rebuild, recorded.label, path);
        if (!subject->produced) {
            continue;
        }
        enum accord_status status = accord_attest_digest(rebuild->call, path, subject->sha256, error);
        if (status != ACCORD_OK) {
            return status;
        }
        rebuild->matches += memcmp(subject->sha256, recorded.sha256, ACCORD_HASH_SIZE) == 0 ? 1 : 0;
    }
    return ACCORD_OK;
}
