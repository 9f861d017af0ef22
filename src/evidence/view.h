/* Views: what somebody saw of a log, in whatever came by mail or over a telephone. Pure functions of bytes; nothing
 * that they return has been verified. */
#ifndef ACCORD_EVIDENCE_VIEW_H
#define ACCORD_EVIDENCE_VIEW_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"

#define ACCORD_VIEW_LINE_SIZE 200 /* that a line has, its newline not counted, for all origins but the longest */
#define ACCORD_VIEW_TEXT_SIZE_MAX (2 * ACCORD_NOTE_SIZE_MAX) /* what a view is looked for in */

/* One view. Slices borrow from the text or from the caller's memory. */
struct accord_view {
    /* Its note is empty where nobody signed; its origin where only the hash is known. */
    struct accord_checkpoint_claim checkpoint;
    struct accord_bytes note; /* the signed checkpoint, verbatim; empty where nobody signed */
    uint8_t origin_hash[ACCORD_HASH_SIZE];
};

/* Finds the view in a signed checkpoint, in a tlog-proof, in a line (docs/protocol.md, "Views"), or in a text that
 * holds one of these, be it quoted, indented, with other line ends, or broken at its spaces. memory is filled with what
 * had to be put together again: 2 * text.size + 1024 bytes suffice. ACCORD_MALFORMED where there is none,
 * ACCORD_DUPLICATE where there are several. */
ACCORD_MUST_USE enum accord_status accord_view_read(struct accord_view *view, struct accord_bytes text,
                                                    struct accord_out *memory, const struct accord_crypto *crypto,
                                                    struct accord_error *error);
/* Do both speak of one log? */
bool accord_view_same_log(const struct accord_view *a, const struct accord_view *b);
/* Prints a checkpoint as a line, without a newline: with the log's own signature where that fits into
 * ACCORD_VIEW_LINE_SIZE, with the origin's hash in its place where not even the origin does. */
void accord_view_print(struct accord_out *out, const struct accord_checkpoint_claim *checkpoint,
                       const struct accord_crypto *crypto);

/* What the beginning of the tree of a view was: its root, and the consistency proof to the view's own. The source must
 * serve that tree. ACCORD_CONSISTENCY where it serves another one. */
ACCORD_MUST_USE enum accord_status accord_view_prove(const struct accord_crypto *crypto,
                                                     const struct accord_hash_source *source, uint64_t size,
                                                     const struct accord_checkpoint_claim *of,
                                                     uint8_t root[ACCORD_HASH_SIZE], struct accord_merkle_proof *proof);
/* Reads root and proof from a file: lines of base64, as they stand in evidence. */
ACCORD_MUST_USE enum accord_status accord_view_proof_parse(struct accord_bytes text, uint8_t root[ACCORD_HASH_SIZE],
                                                           struct accord_merkle_proof *proof,
                                                           struct accord_error *error);

#endif
