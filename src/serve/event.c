/* Log lines. Knows how a line of logfmt is put together and how a value is quoted; refuses to know which events there
 * are. A line that is too long is cut before its newline, so that it stays one line; where standard error takes nothing
 * the line is lost, since a server that waits for its log's reader serves nobody. */
#include "serve/event.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"

#define LINE_SIZE 2048
#define VALUE_SIZE 768

struct line {
    char text[LINE_SIZE];
    size_t used; /* always leaves room for the newline */
};

static void grow(struct line *line, int length)
{
    size_t room = sizeof line->text - 1 - line->used;
    if (length > 0)
        line->used += (size_t)length < room ? (size_t)length : room - 1;
}

__attribute__((format(printf, 2, 0))) static void add_list(struct line *line, const char *format, va_list arguments)
{
    grow(line, vsnprintf(line->text + line->used, sizeof line->text - 1 - line->used, format, arguments));
}

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_list(line, format, arguments);
    va_end(arguments);
}

static void begin(struct line *line, enum accord_event_level level, const char *event)
{
    static const char *const levels[] = {"info", "warning", "error"};
    char when[32] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) != NULL)
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    line->used = 0;
    add(line, "time=%s level=%s event=%s", when, levels[level], event);
}

static void end(struct line *line)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct pollfd output = {.fd = STDERR_FILENO, .events = POLLOUT};
    line->text[line->used++] = '\n';
    /* A pipe with room has it for a whole line, as long as nobody else takes it. */
    pthread_mutex_lock(&lock);
    if (poll(&output, 1, 0) == 1) {
        ssize_t written = write(STDERR_FILENO, line->text, line->used);
        (void)written;
    }
    pthread_mutex_unlock(&lock);
}

void accord_event(enum accord_event_level level, const char *event, const char *fields, ...)
{
    struct line line;
    begin(&line, level, event);
    if (fields != NULL) {
        va_list arguments;
        add(&line, " ");
        va_start(arguments, fields);
        add_list(&line, fields, arguments);
        va_end(arguments);
    }
    end(&line);
}

void accord_event_error(enum accord_event_level level, const char *event, const char *subject,
                        const struct accord_error *error)
{
    struct line line;
    char sentence[VALUE_SIZE], value[VALUE_SIZE];
    begin(&line, level, event);
    if (subject != NULL)
        add(&line, " subject=%s",
            accord_event_quote(value, sizeof value, (struct accord_bytes){(const uint8_t *)subject, strlen(subject)}));
    accord_error_sentence(error, NULL, sentence, sizeof sentence);
    add(&line, " rule=%s message=%s", accord_status_rule(error->status),
        accord_event_quote(value, sizeof value, (struct accord_bytes){(const uint8_t *)sentence, strlen(sentence)}));
    end(&line);
}

static bool is_plain(struct accord_bytes value)
{
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '"' || byte == '=' || byte == '\\')
            return false;
    }
    return value.size > 0;
}

/* One byte as it stands between quotes; returns how many characters that takes. */
static size_t escape(uint8_t byte, char text[5])
{
    static const char digits[] = "0123456789abcdef";
    text[0] = '\\';
    if (byte == '"' || byte == '\\') {
        text[1] = (char)byte;
        return 2;
    }
    if (byte >= ' ' && byte < 0x7f) {
        text[0] = (char)byte;
        return 1;
    }
    text[1] = 'x';
    text[2] = digits[byte >> 4];
    text[3] = digits[byte & 15];
    return 4;
}

char *accord_event_quote(char *text, size_t size, struct accord_bytes value)
{
    size_t used = 0;
    char escaped[5];
    if (size < 3) { /* not even the quotes */
        if (size > 0)
            text[0] = 0;
        return text;
    }
    if (is_plain(value) && value.size < size) {
        memcpy(text, value.data, value.size);
        text[value.size] = 0;
        return text;
    }
    text[used++] = '"';
    for (size_t i = 0; i < value.size; i++) {
        size_t length = escape(value.data[i], escaped);
        if (length + 2 > size - used)
            break;
        memcpy(text + used, escaped, length);
        used += length;
    }
    text[used++] = '"';
    text[used] = 0;
    return text;
}
