/* accord custody: what a host has in its possession, custody or control, told as a table. Knows how much of a long list
 * a person reads; what is in it, custody/ has found. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "core/text.h"
#include "custody/custody.h"

#define PATHS_MAX 1000 /* of a row that are kept; all are counted */
#define SHOWN_MAX 20   /* of them in the table; all of them with --json and --all */

const struct accord_option accord_options_custody[] = {
    {.name = "all", .help = "name each file, not the first of each kind only; at most 1000 of a kind"}, {.name = NULL}};

struct named {
    char *path;
    const char *why;
    uint64_t size;
    size_t x25519, scrypt, other;
};

struct row {
    size_t count, capacity;
    struct named *files;
};

struct stock {
    const struct accord_call *call;
    struct accord_custody custody;
    struct row rows[ACCORD_CUSTODY_KIND_COUNT][ACCORD_CUSTODY_SIGHT_COUNT];
};

static enum accord_status no_memory(struct accord_error *error)
{
    return accord_fail(error, ACCORD_NO_MEMORY, 0);
}

/* Of what is published as it is, nobody asks for a list: the log is one. */
static enum accord_status keep(void *context, const struct accord_custody_item *item, struct accord_error *error)
{
    struct stock *stock = context;
    struct row *row = &stock->rows[item->kind][item->sight];
    if (item->sight == ACCORD_CUSTODY_SIGHT_PUBLIC || row->count == PATHS_MAX) {
        return ACCORD_OK;
    }
    if (row->count == row->capacity) {
        size_t capacity = row->capacity == 0 ? 16 : row->capacity * 2;
        struct named *grown = realloc(row->files, capacity * sizeof *grown);
        if (grown == NULL) {
            return no_memory(error);
        }
        row->files = grown;
        row->capacity = capacity;
    }
    char *path = strdup(item->path);
    if (path == NULL) {
        return no_memory(error);
    }
    row->files[row->count++] = (struct named){path, item->why, item->size, item->x25519, item->scrypt, item->other};
    return ACCORD_OK;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->path, ((const struct named *)b)->path);
}

static void stock_free(struct stock *stock)
{
    for (size_t k = 0; k < ACCORD_CUSTODY_KIND_COUNT; k++) {
        for (size_t s = 0; s < ACCORD_CUSTODY_SIGHT_COUNT; s++) {
            struct row *row = &stock->rows[k][s];
            for (size_t i = 0; i < row->count; i++) {
                free(row->files[i].path);
            }
            free(row->files);
        }
    }
    free(stock);
}

/* For a person */

/* A name may hold anything, and is not to move the cursor. */
static void print_path(const struct accord_call *call, const char *path)
{
    char text[1024];
    size_t size = 0;
    for (; path[size] != '\0' && size < sizeof text - 1; size++) {
        text[size] = path[size];
    }
    accord_text_calm(text, size);
    accord_print(call, (struct accord_bytes){(const uint8_t *)text, size});
}

__attribute__((format(printf, 2, 3))) static void print(const struct accord_call *call, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t kept = size < 0 ? 0 : (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
    accord_print(call, (struct accord_bytes){(const uint8_t *)text, kept});
}

static void print_file(const struct accord_call *call, const struct named *file)
{
    print(call, "      ");
    print_path(call, file->path);
    if (file->x25519 + file->scrypt + file->other > 0) {
        print(call, " (to %zu %s)", file->x25519 + file->scrypt + file->other,
              file->scrypt > 0                                 ? "passphrase"
              : file->x25519 + file->scrypt + file->other == 1 ? "recipient"
                                                               : "recipients");
    }
    if (file->why != NULL) {
        print(call, ": %s", file->why);
    }
    print(call, "\n");
}

static void print_row(const struct stock *stock, enum accord_custody_kind kind, enum accord_custody_sight sight)
{
    const struct accord_call *call = stock->call;
    const struct accord_custody_sum *sum = &stock->custody.rows[kind][sight];
    const struct row *row = &stock->rows[kind][sight];
    if (sum->files == 0) {
        return;
    }
    size_t most = accord_call_flag(call, "all") || kind == ACCORD_CUSTODY_UNKNOWN ? PATHS_MAX : SHOWN_MAX;
    size_t shown = row->count < most ? row->count : most;
    print(call, "    %-13s %8" PRIu64 " %s %15" PRIu64 " bytes  %s\n", accord_custody_kind_code(kind), sum->files,
          sum->files == 1 ? "file " : "files", sum->bytes, accord_custody_kind_phrase(kind));
    for (size_t i = 0; i < shown; i++) {
        print_file(call, &row->files[i]);
    }
    if (sight != ACCORD_CUSTODY_SIGHT_PUBLIC && sum->files > shown) {
        print(call, "      and %" PRIu64 " more\n", sum->files - shown);
    }
}

static void print_table(const struct stock *stock)
{
    const struct accord_call *call = stock->call;
    print_path(call, call->operands[0]);
    print(call, ": %" PRIu64 " files, %" PRIu64 " bytes\n", stock->custody.files, stock->custody.bytes);
    for (enum accord_custody_sight sight = 0; sight < ACCORD_CUSTODY_SIGHT_COUNT; sight++) {
        uint64_t files = 0;
        for (size_t kind = 0; kind < ACCORD_CUSTODY_KIND_COUNT; kind++) {
            files += stock->custody.rows[kind][sight].files;
        }
        if (files > 0) {
            print(call, "\n  %s%s\n", sight == ACCORD_CUSTODY_SIGHT_UNKNOWN ? "NOT KNOWN: " : "",
                  sight == ACCORD_CUSTODY_SIGHT_UNKNOWN ? "whoever answers for this host should say what this is"
                                                        : accord_custody_sight_phrase(sight));
        }
        for (enum accord_custody_kind kind = 0; kind < ACCORD_CUSTODY_KIND_COUNT; kind++) {
            print_row(stock, kind, sight);
        }
    }
}

/* For a program */

static json_t *json_of_file(const struct named *file)
{
    json_t *object = json_pack("{s:o, s:o}", "path", accord_json_text(accord_bytes_of(file->path)), "bytes",
                               accord_json_number(file->size));
    if (object != NULL && file->why != NULL) {
        (void)json_object_set_new(object, "why", json_string(file->why));
    }
    if (object != NULL && file->x25519 + file->scrypt + file->other > 0) {
        (void)json_object_set_new(object, "recipients",
                                  json_pack("{s:I, s:I, s:I}", "x25519", (json_int_t)file->x25519, "passphrase",
                                            (json_int_t)file->scrypt, "other", (json_int_t)file->other));
    }
    return object;
}

static json_t *json_of_row(const struct stock *stock, enum accord_custody_kind kind, enum accord_custody_sight sight)
{
    const struct accord_custody_sum *sum = &stock->custody.rows[kind][sight];
    const struct row *row = &stock->rows[kind][sight];
    json_t *list = json_array();
    for (size_t i = 0; i < row->count; i++) {
        (void)json_array_append_new(list, json_of_file(&row->files[i]));
    }
    json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "kind", accord_custody_kind_code(kind), "readable",
                               accord_custody_sight_code(sight), "files", accord_json_number(sum->files), "bytes",
                               accord_json_number(sum->bytes));
    if (object == NULL || sight == ACCORD_CUSTODY_SIGHT_PUBLIC) {
        json_decref(list);
        return object;
    }
    (void)json_object_set_new(object, "paths", list);
    (void)json_object_set_new(object, "paths_left_out", accord_json_number(sum->files - row->count));
    return object;
}

static json_t *json_of(const struct stock *stock)
{
    json_t *rows = json_array();
    for (enum accord_custody_sight sight = 0; sight < ACCORD_CUSTODY_SIGHT_COUNT; sight++) {
        for (enum accord_custody_kind kind = 0; kind < ACCORD_CUSTODY_KIND_COUNT; kind++) {
            if (stock->custody.rows[kind][sight].files > 0) {
                (void)json_array_append_new(rows, json_of_row(stock, kind, sight));
            }
        }
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "directory", accord_json_text(accord_bytes_of(stock->call->operands[0])),
                     "files", accord_json_number(stock->custody.files), "bytes",
                     accord_json_number(stock->custody.bytes), "rows", rows);
}

static int tell(struct stock *stock)
{
    uint64_t unknown = stock->custody.rows[ACCORD_CUSTODY_UNKNOWN][ACCORD_CUSTODY_SIGHT_UNKNOWN].files;
    for (size_t k = 0; k < ACCORD_CUSTODY_KIND_COUNT; k++) {
        for (size_t s = 0; s < ACCORD_CUSTODY_SIGHT_COUNT; s++) {
            struct row *row = &stock->rows[k][s];
            if (row->count > 0) {
                qsort(row->files, row->count, sizeof row->files[0], by_path);
            }
        }
    }
    if (!stock->call->json) {
        print_table(stock);
    }
    if (unknown > 0) {
        accord_note(stock->call, "UNKNOWN: accord cannot tell what %" PRIu64 " of these files %s", unknown,
                    unknown == 1 ? "is" : "are");
    }
    return accord_answer_with(stock->call, json_of(stock), unknown > 0 ? 1 : 0);
}

int accord_run_custody(struct accord_call *call)
{
    struct accord_error error = {0};
    struct stock *stock = calloc(1, sizeof *stock);
    if (stock == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    stock->call = call;
    error.status = accord_custody_take(call->crypto, call->operands[0], &stock->custody, keep, stock, &error);
    int result = error.status == ACCORD_OK ? tell(stock) : accord_refuse(call, call->operands[0], &error);
    stock_free(stock);
    return result;
}
