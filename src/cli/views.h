/* Views as the command line takes them, and what two of them say of each other. */
#ifndef ACCORD_CLI_VIEWS_H
#define ACCORD_CLI_VIEWS_H

#include "base/buffer.h"
#include "cli/command.h"
#include "evidence/view.h"
#include "log/reader.h"

struct accord_viewed {
    const char *name; /* the operand */
    struct accord_buffer text, memory;
    struct accord_reader *reader; /* where it was a log, which serves this view's tree; else NULL */
    struct accord_view view;
};

/* Reads an operand: a line, a LOG's newest checkpoint, or a file (- is standard input) that holds a checkpoint, a
 * tlog-proof or a line. To be freed in either case. */
ACCORD_MUST_USE enum accord_status accord_viewed_open(struct accord_viewed *viewed, const struct accord_call *call,
                                                      const char *operand, struct accord_error *error);
void accord_viewed_free(struct accord_viewed *viewed);

enum accord_relation {
    ACCORD_RELATION_UNKNOWN = 0, /* nobody showed how the larger tree begins */
    ACCORD_RELATION_SAME,
    ACCORD_RELATION_BEGINNING, /* the smaller tree is the larger one's beginning */
    ACCORD_RELATION_CONTRADICTION
};

/* Two views of one log. */
struct accord_related {
    const struct accord_viewed *smaller, *larger;
    enum accord_relation relation;
    bool proven; /* the sizes differ, and the next two say how the larger tree begins */
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_merkle_proof proof;
};

/* log (a LOG that serves the larger tree) and proof (a file) may be NULL; a view that is a log serves its own.
 * ACCORD_WRONG_KEY where they speak of two logs, ACCORD_CONSISTENCY where what was to prove it does not lead to the
 * larger tree; *subject is then what that was. */
ACCORD_MUST_USE enum accord_status accord_views_relate(struct accord_related *related, const struct accord_call *call,
                                                       const struct accord_viewed views[2], const char *log,
                                                       const char *proof, const char **subject,
                                                       struct accord_error *error);

#endif
