/* A thread of its own for what comes next: bytes are copied into a few blocks, and the thread gives them to a sink in
 * their order. So what makes them and what takes them work at the same time, in bounded memory. */
#ifndef ACCORD_CASE_BELT_H
#define ACCORD_CASE_BELT_H

#include "age/age.h"

struct accord_belt;
/* The sink is used by the thread alone from here on, until accord_belt_end or accord_belt_free returned. */
ACCORD_MUST_USE enum accord_status accord_belt_new(struct accord_belt **belt, const struct accord_age_sink *sink,
                                                   struct accord_error *error);
/* What to write to; once the sink has refused, this gives its refusal, perhaps some blocks late. */
struct accord_age_sink accord_belt_sink(struct accord_belt *belt);
/* Waits until the sink has all of it: its refusal, or ACCORD_OK. */
ACCORD_MUST_USE enum accord_status accord_belt_end(struct accord_belt *belt, struct accord_error *error);
/* Also where it was not ended: what is still on it is dropped. */
void accord_belt_free(struct accord_belt *belt);

#endif
