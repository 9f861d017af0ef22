/* Work on two threads, for the crypto port. Knows nothing of what the work is.
 *
 * A new thread is given another processor by name: left to itself the scheduler starts it on the caller's, where the
 * two take turns for longer than all of the work takes. It still starts late, so neither has a share of its own: each
 * takes the next piece that nobody has taken. */
#include "crypto/parts.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Starting a thread costs several signatures' time. */
#define WORTH_A_THREAD 12

struct pieces {
    atomic_size_t next;
    size_t count;
    void (*work)(void *context, size_t i);
    void *context;
};

static void *take_pieces(void *argument)
{
    struct pieces *pieces = argument;
    for (size_t i = atomic_fetch_add(&pieces->next, 1); i < pieces->count; i = atomic_fetch_add(&pieces->next, 1))
        pieces->work(pieces->context, i);
    return NULL;
}

/* Starts a thread on any processor that this process may use but the one it is on. */
static bool start_elsewhere(pthread_t *thread, struct pieces *pieces)
{
    cpu_set_t elsewhere;
    pthread_attr_t attributes;
    int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof elsewhere, &elsewhere) != 0)
        return false;
    CPU_CLR((size_t)here, &elsewhere);
    if (CPU_COUNT(&elsewhere) == 0 || pthread_attr_init(&attributes) != 0)
        return false;
    bool started = pthread_attr_setaffinity_np(&attributes, sizeof elsewhere, &elsewhere) == 0 &&
                   pthread_create(thread, &attributes, take_pieces, pieces) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

void accord_spread(size_t count, void (*work)(void *context, size_t i), void *context)
{
    struct pieces pieces = {.count = count, .work = work, .context = context};
    pthread_t thread;
    bool started = count >= WORTH_A_THREAD && start_elsewhere(&thread, &pieces);
    take_pieces(&pieces);
    if (started)
        pthread_join(thread, NULL);
}
