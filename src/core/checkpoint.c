/* The text of a checkpoint (C2SP tlog-checkpoint). Knows its lines; not who may sign it (policy.c), and not which root
 * is right for which size (merkle.c). */
#include "accord/checkpoint.h"

#include "core/characters.h"
#include "core/text.h"

#include <string.h>

static enum accord_status refuse(struct accord_error *error, enum accord_status status, uint64_t line,
                                 struct accord_bytes what, struct accord_bytes found)
{
    accord_fail(error, status, line);
    accord_error_what(error, what);
    accord_error_found(error, found);
    return status;
}

static enum accord_status check_extensions(struct accord_bytes rest, struct accord_error *error)
{
    struct accord_bytes line;
    for (uint64_t number = 4; rest.size > 0; number++)
        if (!accord_cut_line(&rest, &line) || line.size == 0)
            return refuse(error, ACCORD_MALFORMED, number, ACCORD_LITERAL("extension line"), rest);
    return ACCORD_OK;
}

static enum accord_status parse_lines(struct accord_checkpoint_claim *checkpoint, struct accord_error *error)
{
    struct accord_bytes rest = checkpoint->note.text, line = {NULL, 0};
    if (rest.size > ACCORD_CHECKPOINT_TEXT_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_expected_number(error, ACCORD_CHECKPOINT_TEXT_SIZE_MAX);
        accord_error_found_number(error, rest.size);
        return ACCORD_TOO_LARGE;
    }
    if (!accord_cut_line(&rest, &checkpoint->origin) || checkpoint->origin.size == 0)
        return refuse(error, ACCORD_MALFORMED, 1, ACCORD_LITERAL("origin"), rest);
    if (checkpoint->origin.size > ACCORD_ORIGIN_SIZE_MAX)
        return refuse(error, ACCORD_TOO_LARGE, 1, ACCORD_LITERAL("origin"), checkpoint->origin);
    if (!accord_cut_line(&rest, &line) || !accord_decimal_read(line, &checkpoint->size) || checkpoint->size > INT64_MAX)
        return refuse(error, ACCORD_BAD_DECIMAL, 2, ACCORD_LITERAL("tree size"), line);
    line.size = 0;
    if (!accord_cut_line(&rest, &line) || !accord_base64_read(line, checkpoint->root, sizeof checkpoint->root))
        return refuse(error, ACCORD_BAD_BASE64, 3, ACCORD_LITERAL("root hash"), line);
    checkpoint->extensions = rest;
    return check_extensions(rest, error);
}

enum accord_status accord_checkpoint_parse(struct accord_checkpoint_claim *checkpoint, struct accord_bytes bytes,
                                           struct accord_error *error)
{
    memset(checkpoint, 0, sizeof *checkpoint);
    enum accord_status status = accord_note_parse(&checkpoint->note, bytes, error);
    return status != ACCORD_OK ? status : parse_lines(checkpoint, error);
}

enum accord_status accord_checkpoint_text_parse(struct accord_checkpoint_claim *checkpoint, struct accord_bytes text,
                                                struct accord_error *error)
{
    memset(checkpoint, 0, sizeof *checkpoint);
    checkpoint->note.text = text;
    enum accord_status status = accord_characters_check(text, error);
    return status != ACCORD_OK ? status : parse_lines(checkpoint, error);
}

void accord_checkpoint_print(struct accord_out *out, struct accord_bytes origin, uint64_t size,
                             const uint8_t root[ACCORD_HASH_SIZE])
{
    accord_put(out, origin);
    accord_put_byte(out, '\n');
    accord_put_decimal(out, size);
    accord_put_byte(out, '\n');
    accord_put_base64(out, (struct accord_bytes){root, ACCORD_HASH_SIZE});
    accord_put_byte(out, '\n');
}
