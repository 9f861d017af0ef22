/* accord serve: any roles in one process. */
#ifndef ACCORD_SERVE_SERVE_H
#define ACCORD_SERVE_SERVE_H

#include "accord/crypto.h"
#include "accord/error.h"
#include "base/clock.h"
#include "base/fs.h"

struct accord_serve_options {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const char *config;  /* path */
    const char *version; /* of accord, for those who ask */
    bool check;          /* read and check the configuration, open nothing for writing, and return */
    /* Where it fails: which file the error is about, as a text of so many bytes at most. NULL: nobody asks. */
    char *subject;
    size_t subject_size;
};

/* Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. Returns ACCORD_OK after a graceful stop. */
ACCORD_MUST_USE enum accord_status accord_serve(const struct accord_serve_options *options, struct accord_error *error);

#endif
