/* What the characters of a signed note may be: shared by all parsers of notes and of parts of notes. */
#ifndef ACCORD_CORE_CHARACTERS_H
#define ACCORD_CORE_CHARACTERS_H

#include "accord/bytes.h"
#include "accord/error.h"

/* Valid UTF-8 without characters below U+0020 but newline (C2SP signed-note, "Format"); otherwise ACCORD_NOT_UTF8 with
 * the line, counted from 1. */
ACCORD_MUST_USE enum accord_status accord_characters_check(struct accord_bytes bytes, struct accord_error *error);
/* A key name of any length (C2SP signed-note, "Format"): not empty, valid UTF-8, no Unicode space, no '+', no control
 * character. */
bool accord_characters_name(struct accord_bytes name);

#endif
