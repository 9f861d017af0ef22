/* The log over HTTP. Knows the routes, what a request must look like and which status code says what; refuses to know
 * how entries become durable (sequencer.h) and how bytes get to a client (http.h). Tiles are given out only as far as
 * the sealed tree reaches: beyond it a file may be of a batch that was never acknowledged, or not be durable yet, and
 * an answer that says "immutable" cannot be taken back. */
#include "serve/log_role.h"

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

#define SMALL 1024         /* bytes of an entry whose place is kept for the next one */
#define SPARE_MAX 1024     /* places that are kept */
#define RETRY_OVERLOADED 1 /* seconds */
#define RETRY_FAILED 5
#define PATH_SIZE 128 /* of a tile */

/* One request to add, while the sequencer has it. An entry stands here behind its length; a batch where it came. */
struct place {
    struct accord_add add;
    struct place *next; /* while it is spare */
    size_t room;
    uint8_t bytes[];
};

struct accord_log_role {
    struct accord_log_role_options options;
    int dir;
    struct place *spare;
    size_t spare_count;
};

/* Answers */

static void refuse(struct accord_log_role *role, struct accord_http_exchange *exchange, enum accord_add_outcome outcome,
                   unsigned status, const char *why)
{
    atomic_fetch_add_explicit(&role->options.metrics->adds[outcome], 1, memory_order_relaxed);
    accord_http_answer_text(exchange, status, why);
}

static void answer_add(struct accord_http_exchange *exchange, const struct accord_add *add)
{
    static const unsigned statuses[ACCORD_ADD_OUTCOMES] = {
        [ACCORD_ADD_APPENDED] = 200, [ACCORD_ADD_KNOWN] = 200,     [ACCORD_ADD_MALFORMED] = 400,
        [ACCORD_ADD_REFUSED] = 403,  [ACCORD_ADD_TOO_LARGE] = 413, [ACCORD_ADD_OVERLOADED] = 503,
        [ACCORD_ADD_FAILED] = 503};
    uint8_t text[2 * ACCORD_DECIMAL_SIZE_MAX + 1];
    struct accord_out out = {text, sizeof text, 0, false};
    unsigned status = statuses[add->outcome];
    if (status == 200) {
        accord_put_decimal(&out, add->first);
        if (add->batch) {
            accord_put_byte(&out, ' ');
            accord_put_decimal(&out, add->count);
        }
        accord_answer_text(exchange, accord_out_bytes(&out));
        return;
    }
    accord_answer_error(exchange, status, &add->error,
                        add->outcome == ACCORD_ADD_OVERLOADED ? RETRY_OVERLOADED
                        : add->outcome == ACCORD_ADD_FAILED   ? RETRY_FAILED
                                                              : 0);
}

/* Adding */

static struct place *place_take(struct accord_log_role *role, size_t size)
{
    struct place *place = role->spare;
    if (size <= SMALL && place != NULL) {
        role->spare = place->next;
        role->spare_count--;
        return place;
    }
    size_t room = size <= SMALL ? SMALL : size;
    place = malloc(sizeof *place + room);
    if (place != NULL)
        place->room = room;
    return place;
}

static void place_give_back(struct accord_log_role *role, struct place *place)
{
    if (place->room != SMALL || role->spare_count == SPARE_MAX) {
        free(place);
        return;
    }
    place->next = role->spare;
    role->spare = place;
    role->spare_count++;
}

static void put(struct accord_log_role *role, struct accord_http_exchange *exchange, struct place *place,
                struct accord_bytes entries, uint64_t count, bool batch)
{
    place->add.entries = entries;
    place->add.count = count;
    place->add.batch = batch;
    place->add.context = exchange;
    accord_http_keep(exchange, place);
    if (accord_sequencer_put(role->options.sequencer, &place->add))
        return;
    answer_add(exchange, &place->add);
    place_give_back(role, place);
}

static void add_one(struct accord_log_role *role, struct accord_http_exchange *exchange, struct accord_bytes body)
{
    if (body.size == 0) {
        refuse(role, exchange, ACCORD_ADD_MALFORMED, 400, "The body is empty; an entry has 1 to 65535 bytes.\n");
        return;
    }
    if (body.size > ACCORD_ENTRY_SIZE_MAX) {
        refuse(role, exchange, ACCORD_ADD_TOO_LARGE, 413, "An entry has 1 to 65535 bytes.\n");
        return;
    }
    struct place *place = place_take(role, body.size + 2);
    if (place == NULL) {
        accord_answer_later(exchange, ACCORD_LITERAL("Memory ran out.\n"), RETRY_OVERLOADED);
        return;
    }
    place->bytes[0] = (uint8_t)(body.size >> 8);
    place->bytes[1] = (uint8_t)(body.size & 255);
    memcpy(place->bytes + 2, body.data, body.size);
    put(role, exchange, place, (struct accord_bytes){place->bytes, body.size + 2}, 1, false);
}

/* How many entries a batch has; 0 where it is not whole entries, each of at least a byte. */
static uint64_t count_entries(struct accord_bytes batch)
{
    struct accord_bytes entry;
    size_t cursor = 0;
    uint64_t count = 0;
    while (accord_bundle_next(batch, &cursor, &entry)) {
        if (entry.size == 0)
            return 0;
        count++;
    }
    return cursor == batch.size ? count : 0;
}

static void add_batch(struct accord_log_role *role, struct accord_http_exchange *exchange, struct accord_bytes body)
{
    uint64_t count = count_entries(body);
    if (body.size > ACCORD_LOG_APPEND_SIZE_MAX || count > ACCORD_LOG_APPEND_COUNT_MAX) {
        refuse(role, exchange, ACCORD_ADD_TOO_LARGE, 413, "A batch has at most 8388608 bytes and 131072 entries.\n");
        return;
    }
    if (count == 0) {
        refuse(role, exchange, ACCORD_ADD_MALFORMED, 400,
               "A batch is one or more entries, each behind its length (two bytes, big-endian) of 1 to 65535.\n");
        return;
    }
    struct place *place = place_take(role, 0);
    if (place == NULL)
        accord_answer_later(exchange, ACCORD_LITERAL("Memory ran out.\n"), RETRY_OVERLOADED);
    else
        put(role, exchange, place, body, count, true);
}

void accord_log_role_answer(struct accord_log_role *role)
{
    struct accord_add *add = accord_sequencer_take(role->options.sequencer);
    while (add != NULL) {
        struct accord_add *next = add->next;
        struct place *place = accord_http_kept(add->context);
        answer_add(add->context, add);
        place_give_back(role, place);
        add = next;
    }
}

/* Reading */

static bool is_read(const struct accord_http_request *request)
{
    return request->method == ACCORD_HTTP_GET || request->method == ACCORD_HTTP_HEAD;
}

/* An open regular file and its size, or -errno. */
static int open_file(const struct accord_log_role *role, const char *path, uint64_t *size)
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
        accord_http_answer_text(exchange, 404, "There is no such file in this log.\n");
    else if (negative_errno == -EMFILE || negative_errno == -ENFILE || negative_errno == -ENOMEM)
        accord_answer_later(exchange, ACCORD_LITERAL("Too many files are open.\n"), RETRY_OVERLOADED);
    else
        accord_http_answer_text(exchange, 500, "The file cannot be read.\n");
}

static void read_checkpoint(const struct accord_log_role *role, struct accord_http_exchange *exchange)
{
    struct accord_http_answer answer = {.status = 200, .caching = ACCORD_HTTP_NO_CACHE};
    answer.file = open_file(role, "checkpoint", &answer.size);
    if (answer.file < 0)
        answer_no_file(exchange, answer.file);
    else
        accord_http_answer(exchange, &answer);
}

/* A partial tile of hashes is removed once the full one is there; that begins with the same hashes. */
static int open_full(const struct accord_log_role *role, const struct accord_tile *partial, uint64_t *size)
{
    char path[PATH_SIZE];
    struct accord_tile full = *partial;
    struct accord_out out = {(uint8_t *)path, sizeof path - 1, 0, false};
    uint64_t wanted = (uint64_t)partial->width * ACCORD_HASH_SIZE;
    full.width = 256;
    accord_tile_path_print(&out, &full);
    path[out.size] = 0;
    int file = open_file(role, path, size);
    if (file >= 0 && *size < wanted) {
        close(file);
        return -EIO;
    }
    *size = wanted;
    return file;
}

static void read_tile(const struct accord_log_role *role, struct accord_http_exchange *exchange, const char *path)
{
    struct accord_tile tile;
    struct accord_bytes text = {(const uint8_t *)path, strlen(path)};
    uint64_t sealed = atomic_load(&role->options.metrics->sealed);
    if (accord_tile_path_parse(&tile, text) != ACCORD_OK ||
        accord_tile_width(tile.level, tile.index, sealed) < tile.width) {
        answer_no_file(exchange, -ENOENT);
        return;
    }
    struct accord_http_answer answer = {
        .status = 200, .type = "application/octet-stream", .caching = ACCORD_HTTP_IMMUTABLE, .compress = tile.entries};
    answer.file = open_file(role, path, &answer.size);
    if (answer.file == -ENOENT && !tile.entries && tile.width < 256)
        answer.file = open_full(role, &tile, &answer.size);
    if (answer.file < 0)
        answer_no_file(exchange, answer.file);
    else
        accord_http_answer(exchange, &answer);
}

/* For whoever comes with a browser. */
static void read_front(const struct accord_log_role *role, struct accord_http_exchange *exchange)
{
    char text[1024];
    unsigned long long published = atomic_load(&role->options.metrics->published);
    int length = snprintf(text, sizeof text,
                          "%.*s\n\nA transparency log of %llu entries, served by accord.\n\n"
                          "GET  /checkpoint          the newest checkpoint, signed\n"
                          "GET  /tile/...            hashes and entries (C2SP tlog-tiles)\n"
                          "POST /add                 one entry; answers its index\n"
                          "POST /add-batch           entries, each behind its length as uint16\n",
                          (int)role->options.origin.size, (const char *)role->options.origin.data, published);
    const struct accord_http_answer answer = {
        .status = 200, .caching = ACCORD_HTTP_NO_CACHE, .body = {(const uint8_t *)text, (size_t)length}, .file = -1};
    accord_http_answer(exchange, &answer);
}

static void read_something(const struct accord_log_role *role, struct accord_http_exchange *exchange,
                           const struct accord_http_request *request)
{
    bool front = strcmp(request->path, "/") == 0, checkpoint = strcmp(request->path, "/checkpoint") == 0;
    if (!front && !checkpoint && strncmp(request->path, "/tile/", 6) != 0)
        accord_http_answer_text(exchange, 404, "There is nothing here.\n");
    else if (!is_read(request))
        accord_answer_not_allowed(exchange, ACCORD_LITERAL("This is to be read.\n"), "GET, HEAD");
    else if (front)
        read_front(role, exchange);
    else if (checkpoint)
        read_checkpoint(role, exchange);
    else
        read_tile(role, exchange, request->path + 1);
}

/* Both */

size_t accord_log_role_body_max(const struct accord_http_request *request)
{
    if (strcmp(request->path, "/add") == 0)
        return ACCORD_ENTRY_SIZE_MAX;
    return strcmp(request->path, "/add-batch") == 0 ? ACCORD_LOG_APPEND_SIZE_MAX : 0;
}

void accord_log_role_handle(struct accord_log_role *role, struct accord_http_exchange *exchange,
                            const struct accord_http_request *request)
{
    bool batch = strcmp(request->path, "/add-batch") == 0;
    if (!batch && strcmp(request->path, "/add") != 0)
        read_something(role, exchange, request);
    else if (request->method != ACCORD_HTTP_POST)
        accord_answer_not_allowed(exchange, ACCORD_LITERAL("Entries are added by POST.\n"), "POST");
    else if (batch)
        add_batch(role, exchange, request->body);
    else
        add_one(role, exchange, request->body);
}

enum accord_status accord_log_role_new(struct accord_log_role **out, const struct accord_log_role_options *options,
                                       struct accord_error *error)
{
    *out = NULL;
    struct accord_log_role *role = calloc(1, sizeof *role);
    if (role == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    role->options = *options;
    role->dir = open(options->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (role->dir < 0) {
        enum accord_status status = accord_file_error(error, -errno, options->dir);
        free(role);
        return status;
    }
    *out = role;
    return ACCORD_OK;
}

void accord_log_role_free(struct accord_log_role *role)
{
    if (role == NULL)
        return;
    while (role->spare != NULL) {
        struct place *place = role->spare;
        role->spare = place->next;
        free(place);
    }
    close(role->dir);
    free(role);
}
