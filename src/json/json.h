/* Reading JSON that others wrote: strictly, within limits, and with the place of whatever is refused
 * (`affected[3].ranges[0].type`). For the rooms that read a format of JSON; none of these functions recurses. */
#ifndef ACCORD_JSON_JSON_H
#define ACCORD_JSON_JSON_H

#include "accord/error.h"

#include <jansson.h>

/* A place in a document and what stands there. It lives where the caller has it, and must outlive its parts. */
struct accord_json {
    const json_t *value;          /* NULL: nothing stands there, or null */
    const struct accord_json *up; /* whose part it is; NULL: the document itself */
    const char *name;             /* a member's; NULL for an item */
    size_t index;                 /* an item's */
};

/* Parses a document, whose outermost value is an object, into *value: json_decref it. Depth counts objects and arrays
 * in one another. ACCORD_TOO_LARGE for more than size_max bytes or depth_max levels, ACCORD_DUPLICATE where a name
 * stands twice in one object, ACCORD_MALFORMED for what is not JSON in UTF-8 or has bytes after its end; *error has the
 * line. */
ACCORD_MUST_USE enum accord_status accord_json_load(json_t **value, struct accord_bytes document, size_t size_max,
                                                    size_t depth_max, struct accord_error *error);

static inline struct accord_json accord_json_document(const json_t *value)
{
    return (struct accord_json){value, NULL, NULL, 0};
}
/* A member of an object or an item of an array; value is NULL where there is none, or where it is null. */
struct accord_json accord_json_member(const struct accord_json *up, const char *name);
struct accord_json accord_json_item(const struct accord_json *up, size_t index);

/* Refuses what stands there: *error says where, what was expected, and what was found. */
enum accord_status accord_json_refuse(const struct accord_json *at, enum accord_status status, const char *expected,
                                      struct accord_error *error);

/* Each refuses another type by ACCORD_MALFORMED. What is absent is an empty text, 0 items, no number: the functions
 * ending in _needed refuse that, too (and a text that is empty). */

/* A string of at most size_max bytes (ACCORD_TOO_LARGE); it borrows from the document. */
ACCORD_MUST_USE enum accord_status accord_json_string(const struct accord_json *at, size_t size_max,
                                                      struct accord_bytes *text, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_json_string_needed(const struct accord_json *at, size_t size_max,
                                                             struct accord_bytes *text, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_json_array(const struct accord_json *at, size_t *count,
                                                     struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_json_array_needed(const struct accord_json *at, size_t *count,
                                                            struct accord_error *error);
/* It is an object, or absent. */
ACCORD_MUST_USE enum accord_status accord_json_object(const struct accord_json *at, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_json_object_needed(const struct accord_json *at, struct accord_error *error);

/* Reads a member in one call: the string's bytes, or empty. For parts of which nothing but their text is asked. */
ACCORD_MUST_USE enum accord_status accord_json_member_text(const struct accord_json *up, const char *name,
                                                           size_t size_max, struct accord_bytes *text,
                                                           struct accord_error *error);

/* RFC 3339: `2021-10-06T17:51:21Z`, with a fraction (which is dropped) or an offset. POSIX seconds; 0 for years before
 * 1970. false where it is no such date. */
ACCORD_MUST_USE bool accord_json_date(struct accord_bytes text, uint64_t *seconds);

#endif
