/* A few threads that stand by to share out work of tens of microseconds, for which starting one would cost more than it
 * brings. */
#ifndef ACCORD_SERVE_CREW_H
#define ACCORD_SERVE_CREW_H

#include <stddef.h>

struct accord_crew;

/* As many as there are other processors, at most 3; NULL where there is none, or they cannot be had: accord_crew_share
 * then does all of the work itself. */
struct accord_crew *accord_crew_new(void);
void accord_crew_free(struct accord_crew *crew);
/* Calls work(context, i) for each i below count, in any order, several at once, and returns when all have returned.
 * From one thread at a time. */
void accord_crew_share(struct accord_crew *crew, size_t count, void (*work)(void *context, size_t i), void *context);

#endif
