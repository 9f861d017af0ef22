/* How commands speak: sentences for a person on standard error, answers for a program on standard output. */
#ifndef ACCORD_CLI_SAY_H
#define ACCORD_CLI_SAY_H

#include "accord/error.h"
#include "base/buffer.h"
#include "cli/command.h"

#include <jansson.h>

/* Says why not, and returns the exit status of the error. With --json the object {"ok":false,"rule":...,"sentence":...}
 * goes to standard output, with "line", "what", "expected" and "found" where the error has them. subject (a file, a
 * command) may be NULL. */
ACCORD_MUST_USE int accord_refuse(const struct accord_call *call, const char *subject,
                                  const struct accord_error *error);
/* The same for a status alone, with what was wrong. what may be NULL. */
ACCORD_MUST_USE int accord_refuse_status(const struct accord_call *call, const char *subject, enum accord_status status,
                                         const char *what);
/* The same in words of the command's own, where the list's sentence would mislead. */
ACCORD_MUST_USE __attribute__((format(printf, 3, 4))) int
accord_refuse_words(const struct accord_call *call, enum accord_status status, const char *format, ...);
/* Wrong usage: a sentence (without a full stop), where to read on, and exit status 2. */
ACCORD_MUST_USE __attribute__((format(printf, 2, 3))) int accord_usage(const struct accord_call *call,
                                                                       const char *format, ...);
/* A line for a person, on standard error; silent with --json. A newline is added. */
__attribute__((format(printf, 2, 3))) void accord_note(const struct accord_call *call, const char *format, ...);
/* The same into a text that is shown later. Words that do not fit it are left out: a report is no place to fail. */
__attribute__((format(printf, 2, 3))) void accord_tell(struct accord_buffer *text, const char *format, ...);
/* Bytes for a program, on standard output; silent with --json. */
void accord_print(const struct accord_call *call, struct accord_bytes bytes);
/* With --json prints the object, with "ok":true and "rule":"ok" added, and in any case frees it. Returns 0; 3 where the
 * object is NULL (memory ran out). */
ACCORD_MUST_USE int accord_answer(const struct accord_call *call, json_t *object);
/* The same for an answer that may be a no: "ok" is whether exit_status is 0, which is returned. */
ACCORD_MUST_USE int accord_answer_with(const struct accord_call *call, json_t *object, int exit_status);
/* Writes bytes to a file (atomically, mode 0644), or to standard output where path is NULL or "-". */
ACCORD_MUST_USE enum accord_status accord_output(const struct accord_call *call, const char *path,
                                                 struct accord_bytes bytes, struct accord_error *error);

/* A JSON string of any bytes: what is not UTF-8 becomes '?'. NULL where memory ran out. */
json_t *accord_json_text(struct accord_bytes text);
/* `sha256:<hex>` */
/* A number; beyond 2^63 - 1, which a JSON integer of ours cannot hold, the same digits as a string. */
json_t *accord_json_number(uint64_t number);
json_t *accord_json_digest(const uint8_t hash[ACCORD_HASH_SIZE]);
/* A C string as bytes. */
struct accord_bytes accord_bytes_of(const char *text);

/* Progress on standard error where a person waits: it is a terminal, and a second has gone by. The zero value is ready.
 * Call end in any case: it clears the line. */
struct accord_progress {
    const char *doing; /* "checked" */
    const char *of;    /* "entries" */
    uint64_t started_ms, said_ms;
    bool on, begun;
};
void accord_progress_step(struct accord_progress *progress, uint64_t done, uint64_t total);
void accord_progress_end(struct accord_progress *progress);

/* For %.*s. */
#define ACCORD_TEXT(bytes) (int)(bytes).size, (const char *)(bytes).data

#endif
