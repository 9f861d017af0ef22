/* The memory behind the refusal of rollbacks. It knows its file's lines and their order, and takes no reading of the
 * file that is not exactly what it would have written: a damaged memory must not pass for an empty one. */
#include "cli/accepted.h"

#include "base/file.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (64 * 1024 * 1024)
#define PATH_SIZE 4096

/* The lines as they stand in the file: sorted by `vendor product `, which is unique. */
struct accord_accepted {
    const struct accord_fs *fs;
    char path[PATH_SIZE];
    int lock;
    bool changed;
    struct accord_buffer lines;
};

struct line {
    struct accord_bytes whole; /* with its newline */
    struct accord_bytes key;   /* `vendor product ` */
    uint64_t sequence;
};

/* Cuts the next line; false where it does not follow the grammar. */
static bool cut(struct accord_bytes *rest, struct line *line)
{
    struct accord_bytes start = *rest, text, vendor, product;
    if (!accord_cut_line(rest, &text)) {
        return false;
    }
    line->whole = (struct accord_bytes){start.data, text.size + 1};
    if (!accord_cut(&text, ' ', &vendor) || !accord_cut(&text, ' ', &product) || vendor.size == 0 ||
        product.size == 0 || !accord_decimal_read(text, &line->sequence)) {
        return false;
    }
    line->key = (struct accord_bytes){start.data, vendor.size + product.size + 2};
    return true;
}

static int compare(struct accord_bytes a, struct accord_bytes b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    if (order == 0) {
        order = a.size < b.size ? -1 : a.size > b.size;
    }
    return order;
}

static enum accord_status check(const struct accord_accepted *accepted, struct accord_error *error)
{
    struct accord_bytes rest = accord_buffer_bytes(&accepted->lines);
    struct line line, last = {0};
    for (uint64_t number = 1; rest.size > 0; number++) {
        if (!cut(&rest, &line) || (number > 1 && compare(last.key, line.key) >= 0)) {
            accord_fail(error, ACCORD_STATE, number);
            accord_error_what(error, (struct accord_bytes){(const uint8_t *)accepted->path, strlen(accepted->path)});
            accord_error_expected(error, ACCORD_LITERAL("sorted lines `vendor product sequence`"));
            return ACCORD_STATE;
        }
        last = line;
    }
    return ACCORD_OK;
}

enum accord_status accord_accepted_open(struct accord_accepted **accepted, const struct accord_fs *fs, const char *path,
                                        struct accord_error *error)
{
    struct accord_accepted *made = calloc(1, sizeof *made);
    *accepted = made;
    if (made == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    made->fs = fs;
    made->lock = -1;
    accord_buffer_init(&made->lines, FILE_SIZE_MAX);
    char lock[PATH_SIZE + 8];
    int size = snprintf(made->path, sizeof made->path, "%s", path);
    enum accord_status status = ACCORD_OK;
    if (size < 0 || size >= PATH_SIZE) {
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
    } else {
        snprintf(lock, sizeof lock, "%s.lock", path);
        made->lock = fs->open(fs->context, lock, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE, 0600);
        int result = made->lock < 0 ? made->lock : fs->lock(fs->context, made->lock, true);
        status = result < 0 ? accord_file_error(error, result, lock) : ACCORD_OK;
    }
    if (status == ACCORD_OK) {
        status = accord_file_read(fs, path, &made->lines, error);
        status = status == ACCORD_NOT_FOUND ? ACCORD_OK : status;
    }
    if (status == ACCORD_OK) {
        status = check(made, error);
    }
    if (status != ACCORD_OK) {
        accord_accepted_close(made);
        *accepted = NULL;
    }
    return status;
}

/* Puts text in the place of size bytes at offset. */
static enum accord_status splice(struct accord_buffer *lines, size_t offset, size_t size, struct accord_bytes text,
                                 struct accord_error *error)
{
    enum accord_status status = accord_buffer_reserve(lines, text.size);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    memmove(lines->data + offset + text.size, lines->data + offset + size, lines->size - offset - size);
    memcpy(lines->data + offset, text.data, text.size);
    lines->size = lines->size - size + text.size;
    return ACCORD_OK;
}

enum accord_status accord_accepted_take(struct accord_accepted *accepted, struct accord_bytes vendor,
                                        struct accord_bytes product, uint64_t sequence, struct accord_error *error)
{
    uint8_t text[1024];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, vendor);
    accord_put_byte(&out, ' ');
    accord_put(&out, product);
    accord_put_byte(&out, ' ');
    struct accord_bytes key = accord_out_bytes(&out);
    accord_put_decimal(&out, sequence);
    accord_put_byte(&out, '\n');
    if (out.full) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    struct accord_bytes rest = accord_buffer_bytes(&accepted->lines);
    struct line line;
    size_t replaced = 0;
    while (rest.size > 0) {
        struct accord_bytes here = rest;
        if (!cut(&rest, &line) || compare(line.key, key) > 0) {
            rest = here;
            break;
        }
        if (compare(line.key, key) == 0) {
            if (sequence < line.sequence) {
                accord_fail(error, ACCORD_ROLLBACK, 0);
                accord_error_expected_number(error, line.sequence);
                accord_error_found_number(error, sequence);
                return ACCORD_ROLLBACK;
            }
            if (sequence == line.sequence) {
                return ACCORD_OK;
            }
            rest = here;
            replaced = line.whole.size;
            break;
        }
    }
    accepted->changed = true;
    return splice(&accepted->lines, accepted->lines.size - rest.size, replaced, accord_out_bytes(&out), error);
}

enum accord_status accord_accepted_save(struct accord_accepted *accepted, struct accord_error *error)
{
    if (!accepted->changed) {
        return ACCORD_OK;
    }
    accepted->changed = false;
    return accord_file_replace(accepted->fs, accepted->path, accord_buffer_bytes(&accepted->lines), 0600, error);
}

void accord_accepted_close(struct accord_accepted *accepted)
{
    if (accepted != NULL) {
        if (accepted->lock >= 0) {
            accepted->fs->close(accepted->fs->context, accepted->lock);
        }
        accord_buffer_free(&accepted->lines);
        free(accepted);
    }
}
