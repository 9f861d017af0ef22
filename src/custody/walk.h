/* Every file below a directory, and below what symbolic links lead to: each place once, however they lead round.
 * Nothing is opened but directories. */
#ifndef ACCORD_CUSTODY_WALK_H
#define ACCORD_CUSTODY_WALK_H

#include "accord/error.h"

#include <sys/stat.h>

#define ACCORD_WALK_PATH_SIZE 4096
#define ACCORD_WALK_DEPTH_MAX 64
#define ACCORD_WALK_ROOTS_MAX 64                  /* DIR, and places that links lead to */
#define ACCORD_WALK_FILES_MAX (UINT64_C(1) << 27) /* then it ends, and says so */

enum accord_walk_what {
    ACCORD_WALK_FILE,       /* status says more: a regular file, a socket, a device ... */
    ACCORD_WALK_DANGLING,   /* a link that leads nowhere, or round in a circle */
    ACCORD_WALK_UNREADABLE, /* a directory, or a name, that could not be looked at: errno_value says why */
    ACCORD_WALK_TOO_DEEP,   /* a directory that is not looked into: deeper, or its path longer, than the bounds */
    ACCORD_WALK_NOT_LED     /* a link that is not followed: to what DIR itself is in, too many, or not to files */
};

struct accord_walk_found {
    enum accord_walk_what what;
    const char *path; /* below DIR as it was given; elsewhere absolute */
    int directory;    /* an open directory, in which name is */
    const char *name;
    const struct stat *status; /* of FILE */
    int errno_value;
};

struct accord_roam;
/* Calls each for everything that is no directory. ACCORD_NOT_FOUND where dir is none; ACCORD_TOO_LARGE past
 * ACCORD_WALK_FILES_MAX; otherwise what each returned, where that was not ACCORD_OK. */
ACCORD_MUST_USE enum accord_status accord_roam(const char *dir, void *context,
                                               enum accord_status (*each)(void *context, struct accord_roam *roam,
                                                                          const struct accord_walk_found *found,
                                                                          struct accord_error *error),
                                               struct accord_error *error);
/* For each: this place is to be walked too, as if a link had led there. A place that is none is passed over; false
 * where it is not followed. */
bool accord_roam_lead(struct accord_roam *roam, const char *path);

#endif
