/* What a monitor is given to judge with: what is mine, and what witnesses saw. */
#ifndef ACCORD_CLI_MONITOR_ASK_H
#define ACCORD_CLI_MONITOR_ASK_H

#include "cli/command.h"
#include "monitor/monitor.h"

/* Reads every --expect: files of digests, proofs, directories of proofs. expected is replaced where all of them could
 * be read, and left alone otherwise. */
ACCORD_MUST_USE enum accord_status accord_monitor_expect(const struct accord_call *call,
                                                         struct accord_expected *expected, struct accord_error *error);

/* A witness that is asked: `URL` or `URL VKEY`. */
struct accord_monitor_asked {
    char url[2048];
    char shown[256]; /* without a password */
    bool has_vkey;
    struct accord_vkey vkey;
    struct accord_buffer note;
    bool unasked; /* it could not be asked, and that was said */
};

#define ACCORD_MONITOR_ASKED_MAX 64

struct accord_monitor_asking {
    size_t count;
    struct accord_monitor_asked *witness;
    struct accord_monitor_view *views; /* count of them, once they were asked */
};

/* Takes every --witness. To be freed in either case. */
ACCORD_MUST_USE enum accord_status accord_monitor_asking_init(const struct accord_call *call,
                                                              struct accord_monitor_asking *asking,
                                                              struct accord_error *error);
void accord_monitor_asking_free(struct accord_monitor_asking *asking);
/* Asks each for its checkpoint of the log (C2SP tlog-witness, "Monitor Retrieval Mechanism"). */
void accord_monitor_ask(const struct accord_call *call, struct accord_monitor_asking *asking,
                        struct accord_bytes origin);

#endif
