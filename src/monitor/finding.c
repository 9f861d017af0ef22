/* Findings as words. Knows the list of codes and how to make words of them that do no harm to a terminal, a mail or a
 * shell; refuses to know when something is worth finding. */
#include "monitor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"

struct kind {
    const char *name, *sentence;
    enum accord_severity severity;
};

#define KIND(name, code, severity, sentence) {code, sentence, ACCORD_SEVERITY_##severity},
static const struct kind kinds[ACCORD_FINDING_COUNT] = {ACCORD_FINDING_LIST(KIND)};
#undef KIND

const char *accord_finding_name(enum accord_finding_code code)
{
    return kinds[code].name;
}

const char *accord_finding_sentence(enum accord_finding_code code)
{
    return kinds[code].sentence;
}

const char *accord_severity_name(enum accord_severity severity)
{
    static const char *const names[] = {"notice", "warning", "alert"};
    return names[severity];
}

/* Also beyond ASCII there are characters that a terminal obeys, and some that turn a line round. */
static void calm(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
            *text = '?';
}

void accord_finding_begin(struct accord_finding *finding, enum accord_finding_code code, struct accord_bytes subject)
{
    memset(finding, 0, sizeof *finding);
    finding->code = code;
    finding->severity = kinds[code].severity;
    size_t size = subject.size < sizeof finding->subject ? subject.size : sizeof finding->subject - 1;
    for (size_t i = 0; i < size; i++)
        finding->subject[i] = subject.data[i] == '\0' ? '?' : (char)subject.data[i];
    calm(finding->subject);
    snprintf(finding->sentence, sizeof finding->sentence, "%s", kinds[code].sentence);
}

void accord_finding_say(struct accord_finding *finding, const char *format, ...)
{
    size_t size = strlen(finding->sentence);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->sentence + size, sizeof finding->sentence - size, format, arguments);
    va_end(arguments);
    calm(finding->sentence + size);
}

void accord_finding_blame(struct accord_finding *finding, const struct accord_error *error)
{
    char sentence[512];
    accord_error_sentence(error, NULL, sentence, sizeof sentence);
    accord_finding_say(finding, ": %s", sentence);
}
