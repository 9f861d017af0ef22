/* A mirror as the place where pulled entries go (pull.h), while it takes uploads of the same log. */
#ifndef ACCORD_MIRROR_MIRROR_PULL_H
#define ACCORD_MIRROR_MIRROR_PULL_H

#include "base/clock.h"
#include "mirror/mirror.h"
#include "mirror/pull.h"

/* Zeroed but for the first part; freed by accord_mirror_pull_free. For one thread. */
struct accord_mirror_pull {
    struct accord_mirror *mirror;
    struct accord_bytes origin; /* of a known log; borrowed */
    const struct accord_clock *clock;
    struct accord_buffer body; /* its own */
};
struct accord_pull_target accord_mirror_pull_target(struct accord_mirror_pull *pull);
void accord_mirror_pull_free(struct accord_mirror_pull *pull);

#endif
