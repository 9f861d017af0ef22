/* Demands (docs/protocol.md, "Demand"): how many legal demands a member says that it received, by whose law and of what
 * kind, and when it will say so again. Knows the grammar and the calendar; whether a statement is true nobody can read
 * off it, and whether one is overdue is for who knows what time it is. */
#include "accord/demand.h"

#include "core/fields.h"
#include "core/text.h"

#include <string.h>

#define DATE_SIZE 10 /* 2018-04-17 */

/* Days from 1970-01-01 to the first of March of a year, counted so that a leap day ends its year (proleptic Gregorian
 * calendar; the year is from 0 on). */
static int32_t days_to_march(int32_t year)
{
    return 365 * year + year / 4 - year / 100 + year / 400 - 719468;
}

/* Days of a year that begins in March, before its month (0 is March). */
static int32_t days_before(int32_t month)
{
    return (153 * month + 2) / 5;
}

static int32_t day_of(int32_t year, int32_t month, int32_t day)
{
    year -= month < 3 ? 1 : 0;
    return days_to_march(year) + days_before(month < 3 ? month + 9 : month - 3) + day - 1;
}

static int32_t days_in(int32_t year, int32_t month)
{
    return month == 12 ? 31 : day_of(year, month + 1, 1) - day_of(year, month, 1);
}

/* Exactly that many digits. */
static bool digits(struct accord_bytes text, size_t offset, size_t size, int32_t *number)
{
    *number = 0;
    for (size_t i = offset; i < offset + size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *number = *number * 10 + (text.data[i] - '0');
    }
    return true;
}

bool accord_date_read(struct accord_bytes text, int32_t *day)
{
    int32_t year, month, number;
    if (text.size != DATE_SIZE || text.data[4] != '-' || text.data[7] != '-' || !digits(text, 0, 4, &year) ||
        !digits(text, 5, 2, &month) || !digits(text, 8, 2, &number))
        return false;
    if (year < 1 || month < 1 || month > 12 || number < 1 || number > days_in(year, month))
        return false;
    *day = day_of(year, month, number);
    return true;
}

static void put_digits(struct accord_out *out, int32_t number, int32_t unit)
{
    for (; unit > 0; unit /= 10)
        accord_put_byte(out, (uint8_t)('0' + number / unit % 10));
}

void accord_date_print(struct accord_out *out, int32_t day)
{
    int32_t year = (day + 719468) / 366; /* never too late, and soon right: three steps a thousand years */
    while (days_to_march(year + 1) <= day)
        year++;
    int32_t left = day - days_to_march(year), month = 11;
    while (days_before(month) > left)
        month--;
    put_digits(out, year + (month > 9 ? 1 : 0), 1000);
    accord_put_byte(out, '-');
    put_digits(out, month > 9 ? month - 9 : month + 3, 10);
    accord_put_byte(out, '-');
    put_digits(out, left - days_before(month) + 1, 10);
}

/* Grammar */

static bool date_line(struct accord_fields *fields, struct accord_bytes key, int32_t *day)
{
    return accord_fields_take(fields, key) &&
           (accord_date_read(fields->taken.value, day) ||
            accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("a day like 2018-04-17"),
                                 fields->taken.value));
}

static bool jurisdiction_valid(struct accord_bytes text)
{
    return accord_bytes_equal(text, ACCORD_LITERAL("any")) ||
           (text.size == 2 && text.data[0] >= 'A' && text.data[0] <= 'Z' && text.data[1] >= 'A' && text.data[1] <= 'Z');
}

/* Cuts <jurisdiction> <kind> <least> <most>; the two numbers are left as text. */
static bool cut_count(struct accord_bytes value, struct accord_demand_count *count, struct accord_bytes *least,
                      struct accord_bytes *most)
{
    *most = value;
    return accord_word_next(most, &count->jurisdiction) && accord_word_next(most, &count->kind) &&
           accord_word_next(most, least) && most->size > 0;
}

static bool seen_before(const struct accord_fields *fields, const struct accord_demand_count *count)
{
    struct accord_demand_count other;
    struct accord_bytes least, most;
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(fields->statement, &cursor, &field) && field.line < fields->taken.line)
        if (accord_bytes_equal(field.key, ACCORD_LITERAL("count")) && cut_count(field.value, &other, &least, &most) &&
            accord_bytes_equal(other.jurisdiction, count->jurisdiction) && accord_bytes_equal(other.kind, count->kind))
            return true;
    return false;
}

static bool count_line(struct accord_fields *fields)
{
    struct accord_demand_count count;
    struct accord_bytes least, most;
    if (!accord_fields_take(fields, ACCORD_LITERAL("count")))
        return false;
    struct accord_bytes value = fields->taken.value;
    if (!cut_count(value, &count, &least, &most))
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("<jurisdiction> <kind> <at least> <at most>"), value);
    if (!jurisdiction_valid(count.jurisdiction))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("two capital letters, or any"),
                                    count.jurisdiction);
    if (!accord_token_valid(count.kind))
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("a letter or digit, then letters, digits or . _ + ~ : -"),
                                    count.kind);
    if (!accord_fields_part_number(fields, least, 0, UINT64_MAX, &count.least) ||
        !accord_fields_part_number(fields, most, count.least, UINT64_MAX, &count.most))
        return false;
    if (seen_before(fields, &count))
        return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each jurisdiction and kind once"), value);
    return true;
}

static bool refuse_order(struct accord_fields *fields, struct accord_bytes expected)
{
    return accord_fields_refuse(fields, ACCORD_MALFORMED, expected, fields->taken.value);
}

static bool body(struct accord_fields *fields, struct accord_demand_claim *demand)
{
    if (!date_line(fields, ACCORD_LITERAL("from"), &demand->from) ||
        !date_line(fields, ACCORD_LITERAL("to"), &demand->to))
        return false;
    if (demand->to < demand->from)
        return refuse_order(fields, ACCORD_LITERAL("a day that is not before `from`"));
    if (!date_line(fields, ACCORD_LITERAL("next"), &demand->next))
        return false;
    if (demand->next <= demand->to)
        return refuse_order(fields, ACCORD_LITERAL("a day after `to`"));
    do {
        if (!count_line(fields))
            return false;
        demand->count_count++;
    } while (demand->count_count < ACCORD_DEMAND_COUNTS_MAX && accord_fields_at(fields, ACCORD_LITERAL("count")));
    return accord_fields_end(fields);
}

enum accord_status accord_demand_parse(struct accord_demand_claim *demand, struct accord_bytes entry,
                                       struct accord_error *error)
{
    struct accord_fields fields;
    memset(demand, 0, sizeof *demand);
    enum accord_status status = accord_fields_open(&fields, &demand->statement, entry, ACCORD_LITERAL("demand"),
                                                   ACCORD_LITERAL("member from to next count*"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_domain(&fields, ACCORD_LITERAL("member"), &demand->member))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    return body(&fields, demand) ? ACCORD_OK : fields.status;
}

bool accord_demand_next_count(const struct accord_demand_claim *demand, size_t *cursor,
                              struct accord_demand_count *count)
{
    struct accord_bytes least, most;
    struct accord_field field;
    while (accord_statement_next(&demand->statement, cursor, &field))
        if (accord_bytes_equal(field.key, ACCORD_LITERAL("count")))
            return cut_count(field.value, count, &least, &most) && accord_decimal_read(least, &count->least) &&
                   accord_decimal_read(most, &count->most);
    return false;
}

/* Printing */

static void put_date(struct accord_out *out, struct accord_bytes key, int32_t day)
{
    accord_put(out, key);
    accord_put_byte(out, ' ');
    accord_date_print(out, day);
    accord_put_byte(out, '\n');
}

void accord_demand_print(struct accord_out *out, const struct accord_demand_draft *draft)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/demand\n"));
    accord_field_print(out, ACCORD_LITERAL("member"), draft->member);
    put_date(out, ACCORD_LITERAL("from"), draft->from);
    put_date(out, ACCORD_LITERAL("to"), draft->to);
    put_date(out, ACCORD_LITERAL("next"), draft->next);
    for (size_t i = 0; i < draft->count_count; i++) {
        const struct accord_demand_count *count = &draft->counts[i];
        accord_put(out, ACCORD_LITERAL("count "));
        accord_put(out, count->jurisdiction);
        accord_put_byte(out, ' ');
        accord_put(out, count->kind);
        accord_put_byte(out, ' ');
        accord_put_decimal(out, count->least);
        accord_put_byte(out, ' ');
        accord_put_decimal(out, count->most);
        accord_put_byte(out, '\n');
    }
}
