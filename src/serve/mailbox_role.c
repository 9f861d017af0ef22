/* The mailbox over HTTP. Knows the routes, status codes, and how much may come at once; what is announced it asks
 * reports.h, and how a file becomes durable case/mailbox.h knows. What is sealed nobody here can read. */
#include "serve/mailbox_role.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "case/mailbox.h"
#include "core/text.h"
#include "serve/answers.h"
#include "serve/event.h"

#define ROOT "/mailbox"
#define UPLOADS_MAX 16
#define INBOX_MAX 1048576           /* bytes of an upload that wait */
#define SPARE ((uint64_t)256 << 20) /* octets of the disk that are left to the log */
#define RETRY_OVERLOADED 5          /* seconds */
#define RETRY_FAILED 30
#define NAME_SIZE (2 * ACCORD_HASH_SIZE)

struct upload {
    struct accord_mailbox_role *role;
    struct accord_http_exchange *exchange;
    struct accord_mailbox_upload *file;
    uint64_t size; /* that is reserved for it */
    pthread_t thread;
    struct upload *told; /* in the news */
    /* Under the role's mutex. */
    struct accord_buffer inbox;
    bool last, gone, done, listed;
    bool waiting; /* the loop has bytes that did not fit */
    unsigned status;
    struct accord_error error;
};

struct accord_mailbox_role {
    struct accord_mailbox_role_options options;
    int dir;
    pthread_mutex_t mutex;
    pthread_cond_t wake, idle; /* wake: for the threads of all uploads, of which there are few */
    /* Under mutex. */
    struct upload *news;
    unsigned uploads; /* that are not answered */
    unsigned working; /* threads */
    uint64_t held;    /* octets: of files, and reserved for uploads */
    bool draining;
};

/* Telling the loop; with the mutex. True where the bell is to be rung. */
static bool tell(struct upload *upload)
{
    struct accord_mailbox_role *role = upload->role;
    if (upload->listed)
        return false;
    upload->listed = true;
    upload->told = role->news;
    role->news = upload;
    return true;
}

static void ring(const struct accord_mailbox_role *role, bool rings)
{
    if (rings)
        role->options.answered(role->options.context);
}

/* The thread of an upload */

/* Waits for bytes, which are then the thread's; false where nothing more comes. */
static bool next_bytes(struct upload *upload, struct accord_buffer *work, bool *whole)
{
    struct accord_mailbox_role *role = upload->role;
    bool rings = false;
    pthread_mutex_lock(&role->mutex);
    while (upload->inbox.size == 0 && !upload->last && !upload->gone && !role->draining)
        pthread_cond_wait(&role->wake, &role->mutex);
    struct accord_buffer empty = *work;
    empty.size = 0;
    *work = upload->inbox;
    upload->inbox = empty;
    *whole = upload->last;
    bool more = work->size > 0 && !upload->gone;
    if (upload->waiting && more) {
        upload->waiting = false;
        rings = tell(upload);
    }
    pthread_mutex_unlock(&role->mutex);
    ring(role, rings);
    return more;
}

static unsigned status_of(enum accord_status status, const struct accord_error *error)
{
    if (status == ACCORD_OK)
        return 201;
    if (status == ACCORD_COMMITMENT)
        return 400;
    if (status == ACCORD_TOO_LARGE)
        return 413;
    return strcmp(error->found, strerror(ENOSPC)) == 0 || strcmp(error->found, strerror(EDQUOT)) == 0 ? 507 : 503;
}

static void *work_at(void *context)
{
    struct upload *upload = context;
    struct accord_mailbox_role *role = upload->role;
    struct accord_buffer work;
    struct accord_error error = {0};
    enum accord_status status = ACCORD_OK;
    bool whole = false;
    accord_buffer_init(&work, 2 * INBOX_MAX);
    while (status == ACCORD_OK && next_bytes(upload, &work, &whole))
        status = accord_mailbox_write(upload->file, accord_buffer_bytes(&work), &error);
    if (status == ACCORD_OK && !whole) {
        status = accord_fail(&error, ACCORD_BUSY, 0);
        accord_error_what(&error, ACCORD_LITERAL("the upload ended before its end"));
    }
    if (status == ACCORD_OK)
        status = accord_mailbox_end(upload->file, &error);
    accord_mailbox_free(upload->file);
    upload->file = NULL;
    accord_buffer_free(&work);
    pthread_mutex_lock(&role->mutex);
    upload->status = status_of(status, &error);
    upload->error = error;
    upload->done = true;
    role->held -= status == ACCORD_OK ? 0 : upload->size;
    if (--role->working == 0)
        pthread_cond_broadcast(&role->idle);
    bool rings = tell(upload);
    pthread_mutex_unlock(&role->mutex);
    ring(role, rings);
    return NULL;
}

/* Uploads */

static void free_upload(struct upload *upload)
{
    accord_mailbox_free(upload->file);
    accord_buffer_free(&upload->inbox);
    free(upload);
}

/* "/mailbox/" and a digest. */
static bool digest_of(const struct accord_http_request *request, uint8_t digest[ACCORD_HASH_SIZE])
{
    struct accord_bytes rest = {(const uint8_t *)request->path, strlen(request->path)};
    return accord_cut_prefix(&rest, ACCORD_LITERAL(ROOT "/")) && accord_hex_read(rest, digest, ACCORD_HASH_SIZE);
}

bool accord_mailbox_role_has(const struct accord_http_request *request)
{
    return strcmp(request->path, ROOT) == 0 || strncmp(request->path, ROOT "/", sizeof ROOT) == 0;
}

bool accord_mailbox_role_streams(const struct accord_http_request *request)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    return request->method == ACCORD_HTTP_POST && digest_of(request, digest);
}

static bool disk_has_room(const struct accord_mailbox_role *role, uint64_t size)
{
    struct statvfs found;
    return fstatvfs(role->dir, &found) != 0 || (uint64_t)found.f_bavail * found.f_frsize >= size + SPARE;
}

/* Takes a place, and the octets; the status that refuses, or 0. */
static unsigned reserve(struct accord_mailbox_role *role, uint64_t size)
{
    unsigned most = role->options.uploads_max == 0 ? UPLOADS_MAX : role->options.uploads_max, status = 0;
    bool room = disk_has_room(role, size);
    pthread_mutex_lock(&role->mutex);
    if (role->draining || role->uploads >= most)
        status = 503;
    else if (!room || (role->options.keep > 0 && (size > role->options.keep || role->held > role->options.keep - size)))
        status = 507;
    if (status == 0) {
        role->uploads++;
        role->working++;
        role->held += size;
    }
    pthread_mutex_unlock(&role->mutex);
    return status;
}

static void give_back(struct accord_mailbox_role *role, uint64_t size)
{
    pthread_mutex_lock(&role->mutex);
    role->uploads--;
    role->working--;
    role->held -= size;
    pthread_mutex_unlock(&role->mutex);
}

static enum accord_status start(struct accord_mailbox_role *role, struct accord_http_exchange *exchange,
                                const uint8_t digest[ACCORD_HASH_SIZE], uint64_t size, struct accord_error *error)
{
    struct upload *upload = calloc(1, sizeof *upload);
    if (upload == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    upload->role = role;
    upload->exchange = exchange;
    upload->size = size;
    accord_buffer_init(&upload->inbox, 2 * INBOX_MAX);
    enum accord_status status = accord_mailbox_begin(&upload->file, role->options.fs, role->options.crypto,
                                                     role->options.dir, digest, size, error);
    accord_http_keep(exchange, upload);
    if (status == ACCORD_OK && pthread_create(&upload->thread, NULL, work_at, upload) != 0)
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    if (status != ACCORD_OK) {
        accord_http_keep(exchange, NULL);
        free_upload(upload);
    }
    return status;
}

/* The first part: may it come? Otherwise it is answered. */
static void begin(struct accord_mailbox_role *role, struct accord_http_exchange *exchange,
                  const struct accord_http_request *request)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    uint64_t size;
    struct accord_error error;
    if (!digest_of(request, digest) || !accord_reports_await(role->options.reports, digest, &size)) {
        accord_fail(&error, ACCORD_NOT_AWAITED, 0);
        accord_answer_error(exchange, 403, &error, 0);
        return;
    }
    if (accord_mailbox_has(role->options.fs, role->options.dir, digest)) {
        accord_answer_text(exchange, (struct accord_bytes){NULL, 0});
        return;
    }
    unsigned status = reserve(role, size);
    if (status != 0) {
        accord_fail(&error, ACCORD_BUSY, 0);
        accord_error_what(&error, status == 507 ? ACCORD_LITERAL("the mailbox is full")
                                                : ACCORD_LITERAL("many uploads are under way"));
        accord_answer_error(exchange, status, &error, RETRY_OVERLOADED);
    } else if (start(role, exchange, digest, size, &error) != ACCORD_OK) {
        give_back(role, size);
        accord_event_error(ACCORD_EVENT_ERROR, "mailbox-failing", role->options.dir, &error);
        accord_answer_error(exchange, status_of(error.status, &error), &error, RETRY_FAILED);
    }
}

bool accord_mailbox_role_part(struct accord_mailbox_role *role, struct accord_http_exchange *exchange,
                              const struct accord_http_request *request, struct accord_bytes part, bool last)
{
    struct upload *upload = accord_http_kept(exchange);
    if (upload == NULL) {
        begin(role, exchange, request);
        upload = accord_http_kept(exchange);
    }
    if (upload == NULL)
        return true;
    pthread_mutex_lock(&role->mutex);
    bool taken = upload->done || upload->inbox.size == 0 || upload->inbox.size + part.size <= INBOX_MAX;
    if (taken && !upload->done && accord_buffer_append(&upload->inbox, part) != ACCORD_OK)
        upload->gone = true; /* the thread ends it */
    upload->last = upload->last || (taken && last);
    upload->waiting = !taken;
    pthread_cond_broadcast(&role->wake);
    pthread_mutex_unlock(&role->mutex);
    return taken;
}

void accord_mailbox_role_gone(struct accord_mailbox_role *role, struct accord_http_exchange *exchange)
{
    struct upload *upload = accord_http_kept(exchange);
    if (upload == NULL)
        return;
    accord_http_keep(exchange, NULL);
    pthread_mutex_lock(&role->mutex);
    upload->exchange = NULL;
    upload->gone = true;
    pthread_cond_broadcast(&role->wake);
    pthread_mutex_unlock(&role->mutex);
}

static void answer_done(struct accord_mailbox_role *role, struct upload *upload)
{
    (void)pthread_join(upload->thread, NULL);
    const struct accord_http_answer stored = {.status = 201, .caching = ACCORD_HTTP_NO_STORE, .file = -1};
    if (upload->status == 503 || upload->status == 507)
        accord_event_error(ACCORD_EVENT_WARNING, "mailbox-failing", role->options.dir, &upload->error);
    if (upload->exchange != NULL) {
        accord_http_keep(upload->exchange, NULL);
        if (upload->status == 201)
            accord_http_answer(upload->exchange, &stored);
        else
            accord_answer_error(upload->exchange, upload->status, &upload->error,
                                upload->status == 503 ? RETRY_FAILED : 0);
    }
    pthread_mutex_lock(&role->mutex);
    role->uploads--;
    pthread_mutex_unlock(&role->mutex);
    free_upload(upload);
}

void accord_mailbox_role_answer(struct accord_mailbox_role *role)
{
    for (;;) {
        pthread_mutex_lock(&role->mutex);
        struct upload *upload = role->news;
        bool done = false;
        if (upload != NULL) {
            role->news = upload->told;
            upload->listed = false;
            done = upload->done;
        }
        pthread_mutex_unlock(&role->mutex);
        if (upload == NULL)
            return;
        if (done)
            answer_done(role, upload);
        else if (upload->exchange != NULL)
            accord_http_go_on(upload->exchange);
    }
}

/* Reading */

static void answer_terms(struct accord_mailbox_role *role, struct accord_http_exchange *exchange)
{
    struct accord_reports_terms terms;
    char text[160];
    accord_reports_terms(role->options.reports, &terms);
    int size = snprintf(text, sizeof text, "limit %llu\nwork %u\nreports %llu %llu\nintroduced %s\n",
                        (unsigned long long)terms.limit, terms.work, (unsigned long long)terms.rate,
                        (unsigned long long)terms.seconds, terms.introduced ? "yes" : "no");
    accord_answer_text(exchange, (struct accord_bytes){(const uint8_t *)text, (size_t)size});
}

static void answer_file(struct accord_mailbox_role *role, struct accord_http_exchange *exchange,
                        const struct accord_http_request *request)
{
    struct accord_http_answer answer = {
        .status = 200, .type = "application/octet-stream", .caching = ACCORD_HTTP_IMMUTABLE, .file = -1};
    struct stat found;
    uint8_t digest[ACCORD_HASH_SIZE];
    if (digest_of(request, digest))
        answer.file = openat(role->dir, request->path + sizeof ROOT, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (answer.file < 0 && (errno == EMFILE || errno == ENFILE)) {
        accord_answer_later(exchange, ACCORD_LITERAL("Too many files are open.\n"), RETRY_OVERLOADED);
        return;
    }
    if (answer.file < 0 || fstat(answer.file, &found) != 0 || !S_ISREG(found.st_mode)) {
        if (answer.file >= 0)
            close(answer.file);
        accord_http_answer_text(exchange, 404, "There is no such sealed report here.\n");
        return;
    }
    answer.size = (uint64_t)found.st_size;
    accord_http_answer(exchange, &answer);
}

void accord_mailbox_role_handle(struct accord_mailbox_role *role, struct accord_http_exchange *exchange,
                                const struct accord_http_request *request)
{
    bool read = request->method == ACCORD_HTTP_GET || request->method == ACCORD_HTTP_HEAD;
    errno = 0;
    if (!read)
        accord_answer_not_allowed(exchange, ACCORD_LITERAL("This is to be read, or sent by POST.\n"),
                                  "GET, HEAD, POST");
    else if (strcmp(request->path, ROOT) == 0)
        answer_terms(role, exchange);
    else
        answer_file(role, exchange, request);
}

/* The role */

/* Counts what is there, and removes what nobody goes on with. */
static bool look_at(void *context, const char *name)
{
    struct accord_mailbox_role *role = context;
    struct stat found;
    size_t size = strlen(name);
    if (size > NAME_SIZE + 5 && strcmp(name + size - 5, ".part") == 0)
        (void)unlinkat(role->dir, name, 0);
    else if (size == NAME_SIZE && fstatat(role->dir, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode))
        role->held += (uint64_t)found.st_size;
    return true;
}

enum accord_status accord_mailbox_role_new(struct accord_mailbox_role **out,
                                           const struct accord_mailbox_role_options *options,
                                           struct accord_error *error)
{
    struct accord_mailbox_role *role = calloc(1, sizeof *role);
    const struct accord_fs *fs = options->fs;
    *out = NULL;
    if (role == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    role->options = *options;
    pthread_mutex_init(&role->mutex, NULL);
    pthread_cond_init(&role->wake, NULL);
    pthread_cond_init(&role->idle, NULL);
    int result = fs->make_dir(fs->context, options->dir, 0755);
    role->dir = result < 0 && result != -EEXIST ? -1 : open(options->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (role->dir < 0) {
        enum accord_status status =
            accord_file_error(error, result < 0 && result != -EEXIST ? result : -errno, options->dir);
        accord_mailbox_role_free(role);
        return status;
    }
    (void)fs->list(fs->context, options->dir, look_at, role);
    *out = role;
    return ACCORD_OK;
}

void accord_mailbox_role_drain(struct accord_mailbox_role *role)
{
    pthread_mutex_lock(&role->mutex);
    role->draining = true;
    pthread_cond_broadcast(&role->wake);
    while (role->working > 0)
        pthread_cond_wait(&role->idle, &role->mutex);
    pthread_mutex_unlock(&role->mutex);
}

void accord_mailbox_role_free(struct accord_mailbox_role *role)
{
    if (role == NULL)
        return;
    if (role->dir >= 0)
        close(role->dir);
    pthread_cond_destroy(&role->wake);
    pthread_cond_destroy(&role->idle);
    pthread_mutex_destroy(&role->mutex);
    free(role);
}
