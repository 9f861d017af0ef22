/* A mirror as the place where pullers bring what they pull. */
#ifndef ACCORD_SERVE_PULLER_MIRROR_H
#define ACCORD_SERVE_PULLER_MIRROR_H

#include "base/fs.h"
#include "mirror/mirror.h"
#include "serve/puller.h"

/* Borrowed, as what it names is, until accord_puller_stop has returned. */
struct accord_puller_mirror {
    struct accord_mirror *mirror;
    const struct accord_fs *fs;
    const struct accord_clock *clock;
};
struct accord_puller_place accord_puller_mirror_place(struct accord_puller_mirror *mirror);
/* For accord_puller_options: context is the struct accord_puller_mirror. Both notes are kept below the copy
 * (accord_pull_keep). */
void accord_puller_mirror_forked(void *context, const struct accord_known_log *log, const struct accord_pulled *pulled,
                                 const struct accord_error *error);

#endif
