/* The table of what is due. Knows its lines, takes no reading that it would not have printed, and nothing of time:
 * what is late is for who knows what time a quorum vouches for (overdue.c). */
#include "monitor/dues.h"

#include <stdlib.h>
#include <string.h>

#include "core/fields.h"
#include "core/text.h"

void accord_dues_free(struct accord_dues *dues)
{
    free(dues->list);
    *dues = (struct accord_dues){0, 0, NULL};
}

static struct accord_bytes text_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static bool copy(char *text, size_t size, struct accord_bytes bytes)
{
    if (bytes.size >= size)
        return false;
    if (bytes.size > 0)
        memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    return true;
}

static struct accord_due *find(const struct accord_dues *dues, struct accord_bytes member, struct accord_bytes product)
{
    for (size_t i = 0; i < dues->count; i++)
        if (accord_bytes_equal(text_of(dues->list[i].member), member) &&
            accord_bytes_equal(text_of(dues->list[i].product), product))
            return &dues->list[i];
    return NULL;
}

struct accord_due *accord_dues_of(struct accord_dues *dues, struct accord_bytes member, struct accord_bytes product)
{
    struct accord_due *due = find(dues, member, product);
    if (due != NULL || dues->count == ACCORD_DUES_MAX)
        return due;
    if (dues->count == dues->capacity) {
        size_t capacity = dues->capacity == 0 ? 16 : dues->capacity * 2;
        struct accord_due *grown = realloc(dues->list, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        dues->list = grown;
        dues->capacity = capacity;
    }
    due = &dues->list[dues->count];
    memset(due, 0, sizeof *due);
    due->is_current = product.size > 0;
    if (!copy(due->member, sizeof due->member, member) || !copy(due->product, sizeof due->product, product))
        return NULL;
    dues->count++;
    return due;
}

static void put_number(struct accord_out *out, uint64_t number)
{
    accord_put_decimal(out, number);
    accord_put_byte(out, ' ');
}

void accord_dues_print(struct accord_out *out, const struct accord_dues *dues)
{
    for (size_t i = 0; i < dues->count; i++) {
        const struct accord_due *due = &dues->list[i];
        if (due->is_current) {
            accord_put(out, ACCORD_LITERAL("current "));
            put_number(out, due->seen);
            put_number(out, due->policy);
            put_number(out, due->max_age);
            accord_put(out, text_of(due->member));
            accord_put_byte(out, ' ');
            accord_put(out, text_of(due->product));
        } else {
            accord_put(out, ACCORD_LITERAL("demand "));
            accord_date_print(out, due->to);
            accord_put_byte(out, ' ');
            accord_date_print(out, due->next);
            accord_put_byte(out, ' ');
            accord_put(out, text_of(due->member));
        }
        accord_put_byte(out, '\n');
    }
}

static bool take_number(struct accord_bytes *rest, uint64_t *number)
{
    struct accord_bytes word;
    return accord_word_next(rest, &word) && accord_decimal_read(word, number);
}

static bool take_date(struct accord_bytes *rest, int32_t *day)
{
    struct accord_bytes word;
    return accord_word_next(rest, &word) && accord_date_read(word, day);
}

static bool take_member(struct accord_bytes word, struct accord_due *due)
{
    return accord_domain_valid(word) && copy(due->member, sizeof due->member, word);
}

static bool read_line(struct accord_bytes line, struct accord_due *due)
{
    struct accord_bytes word;
    memset(due, 0, sizeof *due);
    due->is_current = accord_cut_prefix(&line, ACCORD_LITERAL("current "));
    if (due->is_current)
        return take_number(&line, &due->seen) && take_number(&line, &due->policy) &&
               take_number(&line, &due->max_age) && accord_word_next(&line, &word) && take_member(word, due) &&
               accord_token_valid(line) && copy(due->product, sizeof due->product, line);
    return accord_cut_prefix(&line, ACCORD_LITERAL("demand ")) && take_date(&line, &due->to) &&
           take_date(&line, &due->next) && due->to < due->next && take_member(line, due);
}

bool accord_due_cut(struct accord_bytes *rest, struct accord_due *due)
{
    struct accord_bytes after = *rest, line;
    struct accord_due read;
    if (!accord_cut_line(&after, &line) || !read_line(line, &read))
        return false;
    *rest = after;
    *due = read;
    return true;
}

enum accord_status accord_dues_read(struct accord_dues *dues, struct accord_bytes lines, struct accord_error *error)
{
    struct accord_due read;
    while (accord_due_cut(&lines, &read)) {
        if (find(dues, text_of(read.member), text_of(read.product)) != NULL || dues->count == ACCORD_DUES_MAX)
            return accord_fail(error, ACCORD_STATE, 0);
        struct accord_due *due = accord_dues_of(dues, text_of(read.member), text_of(read.product));
        if (due == NULL)
            return accord_fail(error, ACCORD_NO_MEMORY, 0);
        *due = read;
    }
    return lines.size == 0 ? ACCORD_OK : accord_fail(error, ACCORD_STATE, 0);
}
