/* Following the accords of `known-accord`: a thread that reads on in each one's logs, and puts the next roster into the
 * trust file where one is there, so that a member's witness knows by itself which logs its accord has. */
#ifndef ACCORD_SERVE_ACCORDS_H
#define ACCORD_SERVE_ACCORDS_H

#include "net/log_http.h"
#include "serve/config.h"

struct accord_accords;

struct accord_accords_options {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    /* Opens a log to read; NULL: over HTTP. */
    enum accord_status (*open)(void *context, const char *url, const struct accord_patience *patience,
                               struct accord_reader **reader, struct accord_error *error);
    void (*changed)(void *context); /* a trust file was replaced: from the thread */
    void *context;
};

/* What options names is borrowed until the end; config's trust files are read now and then, and as often as a pulled
 * log is visited. */
ACCORD_MUST_USE enum accord_status accord_accords_start(struct accord_accords **accords,
                                                        const struct accord_accords_options *options,
                                                        const struct accord_config *config, struct accord_error *error);
/* From here on it follows these: at a reload. */
void accord_accords_know(struct accord_accords *accords, const struct accord_config *config);
/* Ends the thread, in the middle of what it does. accords may be NULL. */
void accord_accords_stop(struct accord_accords *accords);

#endif
