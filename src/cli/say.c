/* The voice of the commands. It knows stdout, stderr and JSON, and decides nothing. What goes wrong on standard output
 * is noticed by main, once, at the end. */
#include "cli/say.h"

#include "base/file.h"
#include "base/report.h"
#include "core/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct accord_bytes accord_bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

/* Sets a member and keeps count of failure; steals value. */
static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static void print_json(const json_t *object)
{
    (void)json_dumpf(object, stdout, JSON_INDENT(2));
    (void)putchar('\n');
}

static void refuse_json(const struct accord_error *error, const char *sentence)
{
    json_t *object = json_object();
    bool made = object != NULL && set(object, "ok", json_false()) &&
                set(object, "rule", json_string(accord_status_rule(error->status))) &&
                set(object, "sentence", accord_json_text(accord_bytes_of(sentence)));
    if (made && error->line != 0) {
        made = set(object, "line", json_integer((json_int_t)error->line));
    }
    const char *texts[][2] = {{"what", error->what}, {"expected", error->expected}, {"found", error->found}};
    for (size_t i = 0; made && i < 3; i++) {
        if (texts[i][1][0] != 0) {
            made = set(object, texts[i][0], accord_json_text(accord_bytes_of(texts[i][1])));
        }
    }
    if (made) {
        print_json(object);
    }
    json_decref(object);
}

int accord_refuse(const struct accord_call *call, const char *subject, const struct accord_error *error)
{
    char sentence[1024];
    accord_error_sentence(error, subject, sentence, sizeof sentence);
    if (call->json) {
        refuse_json(error, sentence);
    } else {
        fprintf(stderr, "accord: %s\n", sentence);
    }
    return accord_status_exit(error->status);
}

int accord_refuse_status(const struct accord_call *call, const char *subject, enum accord_status status,
                         const char *what)
{
    struct accord_error error;
    (void)accord_fail(&error, status, 0);
    if (what != NULL) {
        accord_error_what(&error, accord_bytes_of(what));
    }
    return accord_refuse(call, subject, &error);
}

int accord_refuse_words(const struct accord_call *call, enum accord_status status, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (call->json) {
        struct accord_error error;
        (void)accord_fail(&error, status, 0);
        refuse_json(&error, sentence);
    } else {
        fprintf(stderr, "accord: %s\n", sentence);
    }
    return accord_status_exit(status);
}

int accord_usage(const struct accord_call *call, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (call->command == NULL) {
        return accord_refuse_words(call, ACCORD_USAGE, "%s; see accord help", sentence);
    }
    return accord_refuse_words(call, ACCORD_USAGE, "%s: %s; see accord %s --help", call->command->name, sentence,
                               call->command->name);
}

void accord_note(const struct accord_call *call, const char *format, ...)
{
    if (call->json) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void accord_tell(struct accord_buffer *text, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size > 0) {
        size_t fits = (size_t)size < sizeof line ? (size_t)size : sizeof line - 1;
        (void)!accord_buffer_append(text, (struct accord_bytes){(const uint8_t *)line, fits});
    }
}

void accord_print(const struct accord_call *call, struct accord_bytes bytes)
{
    if (!call->json && bytes.size > 0) {
        (void)fwrite(bytes.data, 1, bytes.size, stdout);
    }
}

int accord_answer(const struct accord_call *call, json_t *object)
{
    if (object != NULL && !set(object, "rule", json_string("ok"))) {
        json_decref(object);
        object = NULL;
    }
    return accord_answer_with(call, object, 0);
}

int accord_answer_with(const struct accord_call *call, json_t *object, int exit_status)
{
    if (object == NULL || !set(object, "ok", json_boolean(exit_status == 0))) {
        json_decref(object);
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    if (call->json) {
        print_json(object);
    }
    json_decref(object);
    return exit_status;
}

/* A device, a pipe, a socket: what is there takes bytes, and must not be replaced by a file. */
static bool is_special(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static enum accord_status write_special(const char *path, struct accord_bytes bytes, struct accord_error *error)
{
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
    int failed = errno;
    if (file != NULL && fclose(file) != 0) {
        failed = written ? errno : failed;
        written = false;
    }
    return written ? ACCORD_OK : accord_file_error(error, -failed, path);
}

enum accord_status accord_output(const struct accord_call *call, const char *path, struct accord_bytes bytes,
                                 struct accord_error *error)
{
    if (path == NULL || strcmp(path, "-") == 0) {
        accord_print(call, bytes);
        return ACCORD_OK;
    }
    return is_special(path) ? write_special(path, bytes, error)
                            : accord_file_replace(call->fs, path, bytes, 0644, error);
}

json_t *accord_json_text(struct accord_bytes text)
{
    json_t *string = json_stringn((const char *)text.data, text.size);
    if (string != NULL || text.size > 4096) {
        return string;
    }
    char plain[4096];
    for (size_t i = 0; i < text.size; i++) {
        plain[i] = text.data[i] < 0x20 || text.data[i] > 0x7e ? '?' : (char)text.data[i];
    }
    return json_stringn(plain, text.size);
}

json_t *accord_json_number(uint64_t number)
{
    char text[ACCORD_DECIMAL_SIZE_MAX + 1];
    if (number <= INT64_MAX) {
        return json_integer((json_int_t)number);
    }
    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

json_t *accord_json_digest(const uint8_t hash[ACCORD_HASH_SIZE])
{
    char text[7 + 2 * ACCORD_HASH_SIZE + 1] = "sha256:";
    for (size_t i = 0; i < ACCORD_HASH_SIZE; i++) {
        snprintf(text + 7 + 2 * i, 3, "%02x", hash[i]);
    }
    return json_string(text);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void accord_progress_step(struct accord_progress *progress, uint64_t done, uint64_t total)
{
    if (!progress->begun) {
        progress->begun = true;
        progress->on = isatty(STDERR_FILENO) == 1;
        progress->started_ms = now_ms();
    }
    if (!progress->on) {
        return;
    }
    uint64_t now = now_ms();
    if (now - progress->started_ms < 1000 || now - progress->said_ms < 200) {
        return;
    }
    progress->said_ms = now;
    if (total > 0) {
        fprintf(stderr, "\r%s %" PRIu64 " of %" PRIu64 " %s\033[K", progress->doing, done, total, progress->of);
    } else {
        fprintf(stderr, "\r%s %" PRIu64 " %s\033[K", progress->doing, done, progress->of);
    }
}

void accord_progress_end(struct accord_progress *progress)
{
    if (progress->said_ms != 0) {
        fputs("\r\033[K", stderr);
    }
}
