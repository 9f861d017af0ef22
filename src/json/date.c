/* Dates as RFC 3339 has them, of which JSON's formats make strings. It knows the Gregorian calendar and no time zone
 * but the offset that is written. */
#include "json/json.h"

#include "core/text.h"

#define DAY_SECONDS 86400

/* Exactly size digits, whose value is from least to most. */
static bool digits(struct accord_bytes *rest, size_t size, unsigned least, unsigned most, unsigned *number)
{
    if (rest->size < size)
        return false;
    *number = 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = rest->data[i];
        if (byte < '0' || byte > '9')
            return false;
        *number = *number * 10 + (unsigned)(byte - '0');
    }
    rest->data += size;
    rest->size -= size;
    return *number >= least && *number <= most;
}

static bool one_of(struct accord_bytes *rest, char upper, char lower)
{
    if (rest->size == 0 || (rest->data[0] != (uint8_t)upper && rest->data[0] != (uint8_t)lower))
        return false;
    rest->data++;
    rest->size--;
    return true;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 (negative before). */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
    static const unsigned before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t past = (int64_t)year - 1;
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - (year == 0 ? 1 : 0);
    return days + before[month - 1] + (month > 2 && is_leap(year) ? 1 : 0) + day - 1 - 719162;
}

static bool offset_read(struct accord_bytes *rest, int64_t *seconds)
{
    unsigned hours, minutes;
    *seconds = 0;
    if (one_of(rest, 'Z', 'z'))
        return true;
    bool minus = rest->size > 0 && rest->data[0] == '-';
    if (!one_of(rest, '+', '-') || !digits(rest, 2, 0, 23, &hours) || !one_of(rest, ':', ':') ||
        !digits(rest, 2, 0, 59, &minutes))
        return false;
    *seconds = (int64_t)(hours * 3600 + minutes * 60) * (minus ? -1 : 1);
    return true;
}

bool accord_json_date(struct accord_bytes text, uint64_t *seconds)
{
    static const unsigned longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day, hour, minute, second;
    int64_t offset;
    if (!digits(&text, 4, 0, 9999, &year) || !one_of(&text, '-', '-') || !digits(&text, 2, 1, 12, &month) ||
        !one_of(&text, '-', '-') || !digits(&text, 2, 1, longest[month - 1], &day) ||
        (month == 2 && day == 29 && !is_leap(year)))
        return false;
    if (!one_of(&text, 'T', 't') || !digits(&text, 2, 0, 23, &hour) || !one_of(&text, ':', ':') ||
        !digits(&text, 2, 0, 59, &minute) || !one_of(&text, ':', ':') || !digits(&text, 2, 0, 60, &second))
        return false;
    if (one_of(&text, '.', '.')) {
        unsigned fraction;
        if (!digits(&text, 1, 0, 9, &fraction))
            return false;
        while (text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9') {
            text.data++;
            text.size--;
        }
    }
    if (!offset_read(&text, &offset) || text.size > 0)
        return false;
    int64_t at = days_of(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset;
    *seconds = at > 0 ? (uint64_t)at : 0;
    return true;
}
