/* The mirror over HTTP. Knows the routes, status codes, types and headers, and that only what a published tree has is
 * given out; refuses to know what a request means (mirror/) and who works at it (mirror_work.h). */
#include "serve/mirror_role.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accord/tile.h"
#include "base/file.h"
#include "core/text.h"
#include "serve/answers.h"
#include "serve/event.h"
#include "serve/mirror_work.h"

#define CHECKPOINT_BODY_MAX 131072 /* as a witness has it */
#define RETRY_OVERLOADED 1         /* seconds */
#define RETRY_FAILED 5
#define TELL_AGAIN_MS 60000
#define TRIES 3
#define PATH_SIZE 192 /* an origin's hash and a tile */
#define ADD_CHECKPOINT "/add-checkpoint"
#define ADD_ENTRIES "/add-entries"

struct accord_mirror_role {
    struct accord_mirror_work *work;
    struct accord_mirror *mirror;
    int dir;
    uint64_t told_ms; /* when the operator was told last that it fails; 0: never */
};

/* Answers */

static void answer_upload(struct accord_http_exchange *exchange, const struct accord_mirror_answer *found)
{
    const struct accord_http_answer answer = {.status = found->status,
                                              .type = found->info ? ACCORD_MIRROR_INFO_TYPE : NULL,
                                              .caching = ACCORD_HTTP_NO_STORE,
                                              .body = accord_buffer_bytes(&found->text),
                                              .file = -1,
                                              .retry_after = found->status == 503 ? RETRY_FAILED : 0,
                                              .encoding = "gzip"};
    accord_http_answer(exchange, &answer);
}

/* "The mirror MAY handle the request by internally updating the pending checkpoint and responding with an empty
 * response body." */
static void answer_checkpoint(struct accord_http_exchange *exchange, const struct accord_witness_verdict *verdict)
{
    char text[ACCORD_DECIMAL_SIZE_MAX + 2];
    int size = snprintf(text, sizeof text, "%llu\n", (unsigned long long)verdict->seen_size);
    const struct accord_http_answer conflict = {.status = 409,
                                                .type = "text/x.tlog.size",
                                                .caching = ACCORD_HTTP_NO_STORE,
                                                .body = {(const uint8_t *)text, (size_t)size},
                                                .file = -1};
    if (verdict->http_status == 200)
        accord_answer_text(exchange, (struct accord_bytes){NULL, 0});
    else if (verdict->http_status == 409)
        accord_http_answer(exchange, &conflict);
    else
        accord_answer_error(exchange, (unsigned)verdict->http_status, &verdict->error, 0);
}

/* A log whose copy fails, among others that do not, is not to fill the operator's log. That there was no memory for one
 * of many requests is nothing to mend. */
static void tell(struct accord_mirror_role *role, enum accord_status failed, const struct accord_error *error)
{
    uint64_t now_ms = accord_monotonic_us() / 1000;
    if (failed == ACCORD_NO_MEMORY || (role->told_ms != 0 && now_ms - role->told_ms < TELL_AGAIN_MS))
        return;
    role->told_ms = now_ms;
    accord_event_error(ACCORD_EVENT_ERROR, "mirror-failing", accord_mirror_dir(role->mirror), error);
}

static void answer_job(struct accord_mirror_role *role, struct accord_mirror_job *job)
{
    struct accord_http_exchange *exchange = job->context;
    accord_http_keep(exchange, NULL);
    if (job->upload) {
        const struct accord_mirror_answer *answer = accord_mirror_upload_answer(job->state);
        if (answer->status == 503)
            tell(role, answer->error.status, &answer->error);
        answer_upload(exchange, answer);
    } else if (job->failed != ACCORD_OK) {
        tell(role, job->failed, &job->error);
        accord_answer_error(exchange, 503, &job->error, RETRY_FAILED);
    } else {
        answer_checkpoint(exchange, &job->verdict);
    }
    accord_mirror_work_free(role->work, job);
}

void accord_mirror_role_answer(struct accord_mirror_role *role)
{
    bool go_on;
    struct accord_mirror_job *job;
    while ((job = accord_mirror_work_take(role->work, &go_on)) != NULL) {
        if (go_on)
            accord_http_go_on(job->context);
        else
            answer_job(role, job);
    }
}

/* Uploads */

static bool is_post(const struct accord_http_request *request, const char *path)
{
    return request->method == ACCORD_HTTP_POST && strcmp(request->path, path) == 0;
}

bool accord_mirror_role_streams(const struct accord_http_request *request)
{
    return is_post(request, ADD_ENTRIES);
}

size_t accord_mirror_role_body_max(const struct accord_http_request *request)
{
    return is_post(request, ADD_CHECKPOINT) ? CHECKPOINT_BODY_MAX : 0;
}

/* What comes after an early answer is not looked at. */
bool accord_mirror_role_part(struct accord_mirror_role *role, struct accord_http_exchange *exchange,
                             const struct accord_http_request *request, struct accord_bytes part, bool last)
{
    struct accord_mirror_job *job = accord_http_kept(exchange);
    if (job == NULL) {
        job = accord_mirror_work_upload(role->work, request->gzipped, exchange);
        if (job == NULL) {
            accord_answer_later(exchange, ACCORD_LITERAL("Too many uploads are under way.\n"), RETRY_OVERLOADED);
            return true;
        }
        accord_http_keep(exchange, job);
    }
    return accord_mirror_work_part(role->work, job, part, last);
}

void accord_mirror_role_gone(struct accord_mirror_role *role, struct accord_http_exchange *exchange)
{
    struct accord_mirror_job *job = accord_http_kept(exchange);
    if (job != NULL)
        accord_mirror_work_gone(role->work, job);
    accord_http_keep(exchange, NULL);
}

/* Reading */

static bool is_read(const struct accord_http_request *request)
{
    return request->method == ACCORD_HTTP_GET || request->method == ACCORD_HTTP_HEAD;
}

/* An open regular file and its size, or -errno. */
static int open_file(const struct accord_mirror_role *role, const char *path, uint64_t *size)
{
    struct stat found;
    int file = openat(role->dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return -errno;
    if (fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) {
        close(file);
        return -ENOENT;
    }
    *size = (uint64_t)found.st_size;
    return file;
}

static void answer_no_file(struct accord_http_exchange *exchange, int negative_errno)
{
    if (negative_errno == -ENOENT || negative_errno == -ENOTDIR)
        accord_http_answer_text(exchange, 404, "There is no such file in this mirror.\n");
    else if (negative_errno == -EMFILE || negative_errno == -ENFILE || negative_errno == -ENOMEM)
        accord_answer_later(exchange, ACCORD_LITERAL("Too many files are open.\n"), RETRY_OVERLOADED);
    else
        accord_http_answer_text(exchange, 500, "The file cannot be read.\n");
}

static void answer_file(struct accord_http_exchange *exchange, const struct accord_http_answer *answer)
{
    if (answer->file < 0)
        answer_no_file(exchange, answer->file);
    else
        accord_http_answer(exchange, answer);
}

static void path_print(struct accord_bytes hash, const struct accord_tile *tile, char path[PATH_SIZE])
{
    struct accord_out out = {(uint8_t *)path, PATH_SIZE - 1, 0, false};
    accord_put(&out, hash);
    accord_put_byte(&out, '/');
    if (tile != NULL)
        accord_tile_path_print(&out, tile);
    else
        accord_put(&out, ACCORD_LITERAL("checkpoint"));
    path[out.size] = '\0';
}

/* The bytes of the first width entries of a bundle; false where it does not have so many. */
static bool measure(int file, uint64_t size, unsigned width, uint64_t *end)
{
    uint8_t length[2];
    *end = 0;
    for (unsigned i = 0; i < width; i++) {
        if (size - *end < 2 || pread(file, length, 2, (off_t)*end) != 2)
            return false;
        *end += 2 + ((uint64_t)length[0] << 8 | length[1]);
        if (*end > size)
            return false;
    }
    return true;
}

/* A tile of which the published tree has so many hashes or entries. A partial form that was asked for is cut from the
 * form that the tree has, so nothing else is given out, whatever lies in the directory. */
static int open_tile(const struct accord_mirror_role *role, struct accord_bytes hash, const struct accord_tile *tile,
                     unsigned width, uint64_t *size)
{
    char path[PATH_SIZE];
    struct accord_tile whole = *tile;
    whole.width = width;
    path_print(hash, &whole, path);
    int file = open_file(role, path, size);
    uint64_t end = (uint64_t)tile->width * ACCORD_HASH_SIZE;
    if (file < 0 || tile->width == width)
        return file;
    if (tile->entries ? !measure(file, *size, tile->width, &end) : end > *size) {
        close(file);
        return -EIO;
    }
    *size = end;
    return file;
}

/* The tree may grow between the two looks at it, and its unfinished tiles with it. */
static void read_tile(const struct accord_mirror_role *role, struct accord_http_exchange *exchange,
                      struct accord_bytes hash, const uint8_t origin_hash[ACCORD_HASH_SIZE],
                      const struct accord_tile *tile)
{
    struct accord_http_answer answer = {.status = 200,
                                        .type = "application/octet-stream",
                                        .caching = ACCORD_HTTP_IMMUTABLE,
                                        .compress = tile->entries,
                                        .file = -ENOENT};
    for (int i = 0; i < TRIES && answer.file == -ENOENT; i++) {
        uint64_t published;
        if (accord_mirror_published(role->mirror, origin_hash, &published, NULL) != ACCORD_OK)
            break;
        unsigned width = accord_tile_width(tile->level, tile->index, published);
        if (width < tile->width)
            break;
        answer.file = open_tile(role, hash, tile, width, &answer.size);
    }
    answer_file(exchange, &answer);
}

static void read_checkpoint(const struct accord_mirror_role *role, struct accord_http_exchange *exchange,
                            struct accord_bytes hash)
{
    char path[PATH_SIZE];
    struct accord_http_answer answer = {.status = 200, .caching = ACCORD_HTTP_NO_CACHE};
    path_print(hash, NULL, path);
    answer.file = open_file(role, path, &answer.size);
    answer_file(exchange, &answer);
}

/* "<monitoring prefix>/<origin hash>" and a path of tlog-tiles. */
static void read_something(const struct accord_mirror_role *role, struct accord_http_exchange *exchange,
                           const struct accord_http_request *request)
{
    uint8_t origin_hash[ACCORD_HASH_SIZE];
    struct accord_tile tile;
    struct accord_bytes rest = {(const uint8_t *)request->path, strlen(request->path)}, hash;
    bool ours = accord_cut_prefix(&rest, ACCORD_LITERAL("/")) && accord_cut(&rest, '/', &hash) &&
                accord_hex_read(hash, origin_hash, ACCORD_HASH_SIZE);
    bool checkpoint = ours && accord_bytes_equal(rest, ACCORD_LITERAL("checkpoint"));
    if (!ours || (!checkpoint && accord_tile_path_parse(&tile, rest) != ACCORD_OK))
        accord_http_answer_text(exchange, 404, "There is nothing here.\n");
    else if (!is_read(request))
        accord_answer_not_allowed(exchange, ACCORD_LITERAL("This is to be read.\n"), "GET, HEAD");
    else if (checkpoint)
        read_checkpoint(role, exchange, hash);
    else
        read_tile(role, exchange, hash, origin_hash, &tile);
}

void accord_mirror_role_handle(struct accord_mirror_role *role, struct accord_http_exchange *exchange,
                               const struct accord_http_request *request)
{
    if (is_post(request, ADD_CHECKPOINT)) {
        if (!accord_mirror_work_checkpoint(role->work, request->body, exchange))
            accord_answer_later(exchange, ACCORD_LITERAL("Too many requests wait.\n"), RETRY_OVERLOADED);
    } else if (strcmp(request->path, ADD_CHECKPOINT) == 0 || strcmp(request->path, ADD_ENTRIES) == 0) {
        accord_answer_not_allowed(exchange, ACCORD_LITERAL("This is done by POST.\n"), "POST");
    } else {
        read_something(role, exchange, request);
    }
}

/* The role */

enum accord_status accord_mirror_role_new(struct accord_mirror_role **out,
                                          const struct accord_mirror_role_options *options, struct accord_error *error)
{
    struct accord_mirror_role *role = calloc(1, sizeof *role);
    *out = NULL;
    if (role == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    role->mirror = options->mirror;
    const char *path = accord_mirror_dir(options->mirror);
    role->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum accord_status status = role->dir < 0 ? accord_file_error(error, -errno, path) : ACCORD_OK;
    const struct accord_mirror_work_options work = {.mirror = options->mirror,
                                                    .clock = options->clock,
                                                    .threads = options->threads,
                                                    .uploads_max = options->uploads_max,
                                                    .held_max = options->held_max,
                                                    .answered = options->answered,
                                                    .context = options->context};
    if (status == ACCORD_OK)
        status = accord_mirror_work_start(&role->work, &work, error);
    if (status != ACCORD_OK) {
        accord_mirror_role_free(role);
        return status;
    }
    *out = role;
    return ACCORD_OK;
}

void accord_mirror_role_free(struct accord_mirror_role *role)
{
    if (role == NULL)
        return;
    accord_mirror_work_stop(role->work);
    if (role->dir >= 0)
        close(role->dir);
    free(role);
}

void accord_mirror_role_drain(struct accord_mirror_role *role)
{
    accord_mirror_work_drain(role->work);
}
