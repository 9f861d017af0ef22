/* The memory behind the refusal of rollbacks. It knows its file's lines and their order, and takes no reading of the
 * file that is not exactly what it would have written: a damaged memory must not pass for an empty one. */
#include "cli/accepted.h"

#include "base/file.h"
#include "cli/say.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (64 * 1024 * 1024)
#define PATH_SIZE 4096
#define KEY_SIZE 512
#define LINE_SIZE 1024

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
    struct accord_remembered remembered;
};

/* The next word must be this one. */
static bool word(struct accord_bytes *rest, const char *expected)
{
    struct accord_bytes found;
    return accord_word_next(rest, &found) && accord_bytes_equal(found, accord_bytes_of(expected));
}

static bool number(struct accord_bytes *rest, uint64_t *value)
{
    struct accord_bytes found;
    return accord_word_next(rest, &found) && accord_decimal_read(found, value);
}

/* <key> <number>, where the key stands next: a number that is remembered is not 0. */
static bool read_number(struct accord_bytes *rest, const char *key, uint64_t *value)
{
    struct accord_bytes peek = *rest;
    if (rest->size == 0 || !word(&peek, key)) {
        return true;
    }
    *rest = peek;
    return number(rest, value) && *value > 0;
}

/* [policy <number> <digest>] [current <index> <time> <origin>] [time <time>] [roster <number>], in this order */
static bool read_rest(struct accord_bytes rest, struct accord_remembered *remembered)
{
    struct accord_bytes digest, peek = rest;
    if (rest.size > 0 && word(&peek, "policy")) {
        if (!number(&peek, &remembered->policy_number) || remembered->policy_number == 0 ||
            !accord_word_next(&peek, &digest) || !accord_digest_parse(digest, remembered->policy)) {
            return false;
        }
        rest = peek;
    }
    peek = rest;
    if (rest.size > 0 && word(&peek, "current")) {
        if (!number(&peek, &remembered->current.index) || !number(&peek, &remembered->current.seen_at) ||
            !accord_word_next(&peek, &remembered->current.origin)) {
            return false;
        }
        rest = peek;
    }
    return read_number(&rest, "time", &remembered->time) && read_number(&rest, "roster", &remembered->roster_number) &&
           rest.size == 0;
}

/* Cuts the next line; false where it does not follow the grammar. */
static bool cut(struct accord_bytes *rest, struct line *line)
{
    struct accord_bytes start = *rest, text, vendor, product;
    memset(&line->remembered, 0, sizeof line->remembered);
    if (!accord_cut_line(rest, &text)) {
        return false;
    }
    line->whole = (struct accord_bytes){start.data, text.size + 1};
    if (!accord_cut(&text, ' ', &vendor) || !accord_cut(&text, ' ', &product) || vendor.size == 0 ||
        product.size == 0 || !number(&text, &line->remembered.sequence)) {
        return false;
    }
    line->remembered.released = true;
    line->key = (struct accord_bytes){start.data, vendor.size + product.size + 2};
    return read_rest(text, &line->remembered);
}

static void print(struct accord_out *out, struct accord_bytes key, const struct accord_remembered *remembered)
{
    accord_put(out, key);
    accord_put_decimal(out, remembered->sequence);
    if (remembered->policy_number > 0) {
        accord_put(out, ACCORD_LITERAL(" policy "));
        accord_put_decimal(out, remembered->policy_number);
        accord_put_byte(out, ' ');
        accord_digest_print(out, remembered->policy);
    }
    if (remembered->current.origin.size > 0) {
        accord_put(out, ACCORD_LITERAL(" current "));
        accord_put_decimal(out, remembered->current.index);
        accord_put_byte(out, ' ');
        accord_put_decimal(out, remembered->current.seen_at);
        accord_put_byte(out, ' ');
        accord_put(out, remembered->current.origin);
    }
    if (remembered->time > 0) {
        accord_put(out, ACCORD_LITERAL(" time "));
        accord_put_decimal(out, remembered->time);
    }
    if (remembered->roster_number > 0) {
        accord_put(out, ACCORD_LITERAL(" roster "));
        accord_put_decimal(out, remembered->roster_number);
    }
    accord_put_byte(out, '\n');
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
            accord_error_expected(error, ACCORD_LITERAL("sorted lines `vendor product sequence ...`"));
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
    int size = snprintf(made->path, sizeof made->path, "%s", path);
    enum accord_status status = ACCORD_OK;
    if (size < 0 || size >= PATH_SIZE) {
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
    } else {
        status = accord_file_lock(fs, path, true, &made->lock, error);
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

static struct accord_bytes key_of(struct accord_out *out, struct accord_bytes vendor, struct accord_bytes product)
{
    accord_put(out, vendor);
    accord_put_byte(out, ' ');
    accord_put(out, product);
    accord_put_byte(out, ' ');
    return accord_out_bytes(out);
}

/* The line of a key, in sorted lines; false where there is none, and *rest begins where it would stand. */
static bool find(struct accord_bytes *rest, struct accord_bytes key, struct line *line)
{
    while (rest->size > 0) {
        struct accord_bytes here = *rest;
        int order = cut(rest, line) ? compare(line->key, key) : 1;
        if (order >= 0) {
            *rest = here;
            return order == 0;
        }
    }
    return false;
}

bool accord_accepted_find(struct accord_bytes lines, struct accord_bytes vendor, struct accord_bytes product,
                          struct accord_remembered *remembered)
{
    uint8_t text[KEY_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    struct line line;
    bool found = find(&lines, key_of(&out, vendor, product), &line);
    memset(remembered, 0, sizeof *remembered);
    if (found) {
        *remembered = line.remembered;
    }
    return found;
}

struct accord_bytes accord_accepted_lines(const struct accord_accepted *accepted)
{
    return accord_buffer_bytes(&accepted->lines);
}

static bool is_newer(const struct accord_place *place, const struct accord_place *known)
{
    if (known->origin.size == 0 || place->origin.size == 0) {
        return place->origin.size > 0;
    }
    return accord_bytes_equal(place->origin, known->origin) ? place->index > known->index
                                                            : place->seen_at > known->seen_at;
}

/* Both: of each thing the newer. */
static struct accord_remembered join(const struct accord_remembered *known, const struct accord_remembered *next)
{
    struct accord_remembered both = *next;
    if (known->policy_number > next->policy_number) {
        both.policy_number = known->policy_number;
        memcpy(both.policy, known->policy, sizeof both.policy);
    }
    if (!is_newer(&next->current, &known->current)) {
        both.current = known->current;
    }
    both.time = known->time > next->time ? known->time : next->time;
    both.roster_number = known->roster_number > next->roster_number ? known->roster_number : next->roster_number;
    return both;
}

enum accord_status accord_accepted_take(struct accord_accepted *accepted, struct accord_bytes vendor,
                                        struct accord_bytes product, const struct accord_remembered *next,
                                        struct accord_error *error)
{
    uint8_t key_text[KEY_SIZE], text[LINE_SIZE];
    struct accord_out key_out = {key_text, sizeof key_text, 0, false}, out = {text, sizeof text, 0, false};
    struct accord_bytes key = key_of(&key_out, vendor, product), rest = accord_buffer_bytes(&accepted->lines);
    struct line line;
    bool found = find(&rest, key, &line);
    bool goes_back = next->goes_back && next->goes_back_from == line.remembered.sequence;
    if (found && !goes_back && next->sequence < line.remembered.sequence) {
        accord_fail(error, ACCORD_ROLLBACK, 0);
        accord_error_expected_number(error, line.remembered.sequence);
        accord_error_found_number(error, next->sequence);
        return ACCORD_ROLLBACK;
    }
    struct accord_remembered both = found ? join(&line.remembered, next) : *next;
    print(&out, key, &both);
    if (key_out.full || out.full) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    if (found && accord_bytes_equal(line.whole, accord_out_bytes(&out))) {
        return ACCORD_OK;
    }
    accepted->changed = true;
    return splice(&accepted->lines, accepted->lines.size - rest.size, found ? line.whole.size : 0,
                  accord_out_bytes(&out), error);
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
        accord_file_unlock(accepted->fs, accepted->lock);
        accord_buffer_free(&accepted->lines);
        free(accepted);
    }
}
