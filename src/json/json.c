/* Strictness and places, over jansson. It knows JSON and no format that is written in it. Depth is measured before
 * jansson sees the bytes, because jansson recurses. */
#include "json/json.h"

#include "core/text.h"

#include <string.h>

#define PLACE_DEPTH_MAX 64 /* of a place that is shown; what is above is left out */

static struct accord_bytes text_of(const char *string)
{
    return (struct accord_bytes){(const uint8_t *)string, strlen(string)};
}

/* The deepest nesting of objects and arrays, and the line where depth_max is passed (0: it is not). Brackets in strings
 * do not count. What is not JSON may be measured wrongly: it is refused later, and no deeper than this says, because a
 * parser that meets a wrong byte goes no further. */
static uint64_t too_deep(struct accord_bytes document, size_t depth_max)
{
    size_t depth = 0;
    uint64_t line = 1;
    bool in_string = false;
    for (size_t i = 0; i < document.size; i++) {
        uint8_t byte = document.data[i];
        if (in_string) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > depth_max)
                return line;
        } else if ((byte == '}' || byte == ']') && depth > 0) {
            depth--;
        } else if (byte == '\n') {
            line++;
        }
    }
    return 0;
}

static enum accord_status refuse_document(struct accord_error *error, enum accord_status status, uint64_t line,
                                          const char *expected)
{
    accord_fail(error, status, line);
    accord_error_what(error, ACCORD_LITERAL("the document"));
    accord_error_expected(error, text_of(expected));
    return status;
}

enum accord_status accord_json_load(json_t **value, struct accord_bytes document, size_t size_max, size_t depth_max,
                                    struct accord_error *error)
{
    json_error_t wrong;
    *value = NULL;
    if (document.size > size_max) {
        refuse_document(error, ACCORD_TOO_LARGE, 0, "fewer bytes");
        accord_error_expected_number(error, size_max);
        accord_error_found_number(error, document.size);
        return ACCORD_TOO_LARGE;
    }
    uint64_t line = too_deep(document, depth_max);
    if (line > 0)
        return refuse_document(error, ACCORD_TOO_LARGE, line, "less depth of objects and arrays in one another");
    *value = json_loadb((const char *)document.data, document.size, JSON_REJECT_DUPLICATES, &wrong);
    if (*value == NULL) {
        enum json_error_code code = json_error_code(&wrong);
        enum accord_status status = code == json_error_duplicate_key   ? ACCORD_DUPLICATE
                                    : code == json_error_out_of_memory ? ACCORD_NO_MEMORY
                                                                       : ACCORD_MALFORMED;
        refuse_document(error, status, wrong.line > 0 ? (uint64_t)wrong.line : 0, "JSON");
        accord_error_found(error, text_of(wrong.text));
        return status;
    }
    if (json_is_object(*value))
        return ACCORD_OK;
    json_decref(*value);
    *value = NULL;
    return refuse_document(error, ACCORD_MALFORMED, 1, "an object of JSON");
}

struct accord_json accord_json_member(const struct accord_json *up, const char *name)
{
    const json_t *value = json_object_get(up->value, name);
    return (struct accord_json){json_is_null(value) ? NULL : value, up, name, 0};
}

struct accord_json accord_json_item(const struct accord_json *up, size_t index)
{
    const json_t *value = json_array_get(up->value, index);
    return (struct accord_json){json_is_null(value) ? NULL : value, up, NULL, index};
}

static void put_place(struct accord_out *out, const struct accord_json *at)
{
    const struct accord_json *chain[PLACE_DEPTH_MAX];
    size_t count = 0;
    for (; at->up != NULL && count < PLACE_DEPTH_MAX; at = at->up)
        chain[count++] = at;
    while (count > 0) {
        const struct accord_json *step = chain[--count];
        if (step->name != NULL) {
            if (out->size > 0)
                accord_put_byte(out, '.');
            accord_put(out, text_of(step->name));
        } else {
            accord_put_byte(out, '[');
            accord_put_decimal(out, step->index);
            accord_put_byte(out, ']');
        }
    }
}

static const char *kind_of(const json_t *value)
{
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        break;
    }
    return "nothing";
}

enum accord_status accord_json_refuse(const struct accord_json *at, enum accord_status status, const char *expected,
                                      struct accord_error *error)
{
    enum { SHOWN = sizeof error->what - 1 };
    uint8_t memory[4096];
    struct accord_out place = {memory, sizeof memory, 0, false};
    accord_fail(error, status, 0);
    put_place(&place, at);
    if (place.size == 0)
        accord_put(&place, ACCORD_LITERAL("the document"));
    size_t skipped = place.size > SHOWN ? place.size - SHOWN : 0; /* its end says more than its beginning */
    accord_error_what(error, (struct accord_bytes){memory + skipped, place.size - skipped});
    accord_error_expected(error, text_of(expected));
    accord_error_found(error, text_of(kind_of(at->value)));
    return status;
}

enum accord_status accord_json_string(const struct accord_json *at, size_t size_max, struct accord_bytes *text,
                                      struct accord_error *error)
{
    *text = (struct accord_bytes){NULL, 0};
    if (at->value == NULL)
        return ACCORD_OK;
    if (!json_is_string(at->value))
        return accord_json_refuse(at, ACCORD_MALFORMED, "a string", error);
    text->size = json_string_length(at->value);
    text->data = (const uint8_t *)json_string_value(at->value);
    if (text->size <= size_max)
        return ACCORD_OK;
    return accord_json_refuse(at, ACCORD_TOO_LARGE, "a shorter string", error);
}

enum accord_status accord_json_string_needed(const struct accord_json *at, size_t size_max, struct accord_bytes *text,
                                             struct accord_error *error)
{
    enum accord_status status = accord_json_string(at, size_max, text, error);
    if (status == ACCORD_OK && text->size == 0)
        status = accord_json_refuse(at, ACCORD_MALFORMED, "a string that is not empty", error);
    return status;
}

enum accord_status accord_json_member_text(const struct accord_json *up, const char *name, size_t size_max,
                                           struct accord_bytes *text, struct accord_error *error)
{
    struct accord_json at = accord_json_member(up, name);
    return accord_json_string(&at, size_max, text, error);
}

enum accord_status accord_json_array(const struct accord_json *at, size_t *count, struct accord_error *error)
{
    *count = json_array_size(at->value);
    if (at->value == NULL || json_is_array(at->value))
        return ACCORD_OK;
    return accord_json_refuse(at, ACCORD_MALFORMED, "an array", error);
}

enum accord_status accord_json_array_needed(const struct accord_json *at, size_t *count, struct accord_error *error)
{
    *count = json_array_size(at->value);
    return json_is_array(at->value) ? ACCORD_OK : accord_json_refuse(at, ACCORD_MALFORMED, "an array", error);
}

enum accord_status accord_json_object(const struct accord_json *at, struct accord_error *error)
{
    if (at->value == NULL || json_is_object(at->value))
        return ACCORD_OK;
    return accord_json_refuse(at, ACCORD_MALFORMED, "an object", error);
}

enum accord_status accord_json_object_needed(const struct accord_json *at, struct accord_error *error)
{
    return json_is_object(at->value) ? ACCORD_OK : accord_json_refuse(at, ACCORD_MALFORMED, "an object", error);
}
