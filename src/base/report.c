/* Errors as sentences: the prose that core/ refuses to know. Knows the one list in accord/error.h and nothing else. */
#include "base/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *rule;
    const char *sentence;
    int exit_status;
};

#define ENTRY(name, rule, exit_status, sentence) [ACCORD_##name] = {rule, sentence, exit_status},
static const struct entry entries[] = {ACCORD_ERROR_LIST(ENTRY)};
#undef ENTRY

_Static_assert(sizeof entries / sizeof entries[0] == ACCORD_STATUS_COUNT, "one entry for each status");
#define CHECK(name, rule, exit_status, sentence)                                                                       \
    _Static_assert((exit_status) >= 0 && (exit_status) <= 3, "an exit status is 0, 1, 2 or 3");                        \
    _Static_assert(((exit_status) == 0) == (ACCORD_##name == ACCORD_OK), "only success exits with 0");                 \
    _Static_assert(sizeof rule > 1 && sizeof sentence > 1, "a rule and a sentence for each status");
ACCORD_ERROR_LIST(CHECK)
#undef CHECK

static const struct entry *entry_of(enum accord_status status)
{
    if ((unsigned)status >= ACCORD_STATUS_COUNT)
        abort();
    return &entries[status];
}

const char *accord_status_rule(enum accord_status status)
{
    return entry_of(status)->rule;
}

const char *accord_status_sentence(enum accord_status status)
{
    return entry_of(status)->sentence;
}

int accord_status_exit(enum accord_status status)
{
    return entry_of(status)->exit_status;
}

/* Control characters of ASCII and of Latin-1 (U+0080 to U+009F) become '?': names of files and what was found in them
 * must not say more on a terminal than a sentence does. */
void accord_text_calm(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        unsigned char next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
            text[i] = text[i + 1] = '?';
        else if (byte < 0x20 || byte == 0x7f)
            text[i] = '?';
    }
}

/* Text of the caller's, being filled; what does not fit is cut. */
struct line {
    char *text;
    size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    if (line->used + 1 >= line->size)
        return;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->used, line->size - line->used, format, arguments);
    va_end(arguments);
    if (length > 0) {
        size_t room = line->size - 1 - line->used;
        size_t added = (size_t)length < room ? (size_t)length : room;
        accord_text_calm(line->text + line->used, added);
        line->used += added;
    }
}

void accord_url_show(const char *url, char *text, size_t size)
{
    const char *authority = strstr(url, "://"), *host;
    authority = authority == NULL ? url : authority + 3;
    host = authority;
    for (const char *end = authority + strcspn(authority, "/?#"), *at = authority; at < end; at++)
        host = *at == '@' ? at + 1 : host;
    (void)snprintf(text, size, "%.*s%s", (int)(authority - url), url, host);
}

/* The subject may be a URL with a password in it, which no sentence repeats. */
static void add_subject(struct line *line, const char *subject)
{
    char shown[1024];
    if (strstr(subject, "://") != NULL) {
        accord_url_show(subject, shown, sizeof shown);
        subject = shown;
    }
    add(line, "%s: ", subject);
}

void accord_error_sentence(const struct accord_error *error, const char *subject, char *text, size_t size)
{
    struct line line = {text, size, 0};
    if (size == 0)
        return;
    text[0] = 0;
    if (subject != NULL)
        add_subject(&line, subject);
    if (error->line != 0)
        add(&line, "line %llu: ", (unsigned long long)error->line);
    /* The subject is often the very thing that failed: it is not said twice. */
    if (error->what[0] != 0 && (subject == NULL || strcmp(subject, error->what) != 0))
        add(&line, "%s: ", error->what);
    add(&line, "%s", accord_status_sentence(error->status));
    if (error->expected[0] != 0)
        add(&line, ": expected %s", error->expected);
    /* What the system said of a failed call is an answer, not a value that was found. */
    if (error->found[0] != 0 && error->expected[0] != 0)
        add(&line, ", found %s", error->found);
    else if (error->found[0] != 0)
        add(&line, accord_status_exit(error->status) == 3 ? ": %s" : ": found %s", error->found);
}
