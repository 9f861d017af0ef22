/* Pullers and a mirror, put together. Knows where a log's copy lies; how the two work stands in puller.c and mirror/.
 */
#include "serve/puller_mirror.h"

#include "core/text.h"
#include "mirror/mirror_pull.h"
#include "serve/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096

static enum accord_status begin(void *context, const struct accord_known_log *log, struct accord_pull_target *target,
                                struct accord_error *error)
{
    const struct accord_puller_mirror *place = context;
    struct accord_mirror_pull *pull = calloc(1, sizeof *pull);
    if (pull == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    pull->mirror = place->mirror;
    pull->origin = log->origin;
    pull->clock = place->clock;
    *target = accord_mirror_pull_target(pull);
    return ACCORD_OK;
}

static void end(void *context, struct accord_pull_target *target)
{
    (void)context;
    accord_mirror_pull_free(target->context);
    free(target->context);
}

struct accord_puller_place accord_puller_mirror_place(struct accord_puller_mirror *mirror)
{
    return (struct accord_puller_place){mirror, begin, end};
}

void accord_puller_mirror_forked(void *context, const struct accord_known_log *log, const struct accord_pulled *pulled,
                                 const struct accord_error *error)
{
    const struct accord_puller_mirror *place = context;
    struct accord_error keeping;
    char dir[PATH_SIZE];
    uint8_t hash[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {hash, sizeof hash, 0, false};
    (void)error;
    accord_put_hex(&out, (struct accord_bytes){log->origin_hash, ACCORD_HASH_SIZE});
    int printed =
        snprintf(dir, sizeof dir, "%s/%.*s", accord_mirror_dir(place->mirror), (int)out.size, (const char *)hash);
    if (printed < 0 || (size_t)printed >= sizeof dir)
        return;
    if (accord_pull_keep(place->fs, dir, pulled, &keeping) != ACCORD_OK)
        accord_event_error(ACCORD_EVENT_WARNING, "evidence-not-kept", NULL, &keeping);
}
