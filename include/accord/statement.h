/* Statements: what an entry says. A signed note whose first line is `accord/v1/<kind>`, then one `key value` a line
 * (docs/protocol.md, "Statements"). This is the grammar that all kinds share; roster.h and release.h have theirs. */
#ifndef ACCORD_STATEMENT_H
#define ACCORD_STATEMENT_H

#include "accord/note.h"

/* A statement that is well formed; nothing has been verified. */
struct accord_statement_claim {
    struct accord_note_claim note;
    struct accord_bytes kind;  /* "release" */
    struct accord_bytes lines; /* the lines after the first, each with its newline */
};

/* One line. line counts from 1 at the statement's first line. */
struct accord_field {
    struct accord_bytes key;   /* lowercase letters, digits and '-' */
    struct accord_bytes value; /* not empty, no space at either end */
    uint64_t line;
};

ACCORD_MUST_USE ACCORD_API enum accord_status
accord_statement_parse(struct accord_statement_claim *statement, struct accord_bytes entry, struct accord_error *error);
/* Steps through the lines of a statement that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_statement_next(const struct accord_statement_claim *statement, size_t *cursor,
                                      struct accord_field *field);
/* Cuts the next word off *value at single spaces; false where none is left or where two spaces meet. */
ACCORD_MUST_USE ACCORD_API bool accord_word_next(struct accord_bytes *value, struct accord_bytes *word);
/* Parses `sha256:<64 lowercase hex digits>`, and prints it. */
ACCORD_MUST_USE ACCORD_API bool accord_digest_parse(struct accord_bytes text, uint8_t hash[ACCORD_HASH_SIZE]);
ACCORD_API void accord_digest_print(struct accord_out *out, const uint8_t hash[ACCORD_HASH_SIZE]);
/* Prints one `key value` line. */
ACCORD_API void accord_field_print(struct accord_out *out, struct accord_bytes key, struct accord_bytes value);

#endif
