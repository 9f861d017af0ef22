/* What is due: when a member is to speak of legal demands again, and how old a product's `current` may become. A table
 * without I/O, and its lines in the monitor's state. */
#ifndef ACCORD_MONITOR_DUES_H
#define ACCORD_MONITOR_DUES_H

#include "accord/demand.h"

#define ACCORD_DUES_MAX 1024 /* further ones are not kept */
#define ACCORD_DUE_LINE_SIZE_MAX 512

struct accord_due {
    bool is_current; /* otherwise it is about legal demands */
    char member[254];
    int32_t to, next; /* of the demand statement that speaks of the latest days */
    char product[129];
    uint64_t seen;            /* by when the newest `current` was public, or the policy that asks for one */
    uint64_t policy, max_age; /* the newest policy's number and what it asks, in seconds; 0 without */
};

/* The zero value is empty. */
struct accord_dues {
    size_t count, capacity;
    struct accord_due *list;
};

void accord_dues_free(struct accord_dues *dues);
/* The one about this, made where it is new; product is empty for legal demands. NULL where there are too many, or no
 * memory is left. */
struct accord_due *accord_dues_of(struct accord_dues *dues, struct accord_bytes member, struct accord_bytes product);
/* `demand TO NEXT MEMBER`, `current SEEN POLICY MAX-AGE MEMBER PRODUCT`, each with its newline. */
void accord_dues_print(struct accord_out *out, const struct accord_dues *dues);
/* Cuts the next line; false where it is none of these, and *due and *rest are not changed. */
ACCORD_MUST_USE bool accord_due_cut(struct accord_bytes *rest, struct accord_due *due);
/* Reads lines, each about something else. ACCORD_STATE, ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_dues_read(struct accord_dues *dues, struct accord_bytes lines,
                                                    struct accord_error *error);

#endif
