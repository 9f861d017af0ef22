/* A monitor of one log: the shell round the rules. It follows the log, compares what it is shown with what it saw
 * before and with what witnesses saw, keeps contradictions as evidence, tells, and remembers. */
#ifndef ACCORD_MONITOR_MONITOR_H
#define ACCORD_MONITOR_MONITOR_H

#include "monitor/rules.h"
#include "monitor/sweep.h"

#include <signal.h>

struct accord_monitor; /* for one thread at a time; locked against other processes by its state's name */

/* All is borrowed until the monitor is closed. */
struct accord_monitor_options {
    const struct accord_fs *fs;
    struct accord_rules_options rules;
    const char *state;                 /* path; made where there is none */
    const char *evidence;              /* the directory where evidence is kept; made where there is none */
    uint64_t silent_s;                 /* how far a witness may lag behind the quorum's time; 0: it is not asked */
    uint64_t stale_s;                  /* how old the quorum's time may be; 0: it is not asked */
    unsigned threads;                  /* more than one only for logs that several may read at once */
    const volatile sig_atomic_t *stop; /* NULL, or to end early once it is not 0 */
    struct accord_finding_sink sink;
    /* What was told has arrived where it should: only then is it remembered. */
    enum accord_status (*settle)(void *context, struct accord_error *error);
    /* NULL, or called now and then. */
    void (*progress)(void *context, uint64_t done, uint64_t size);
};

/* What a witness showed when it was asked for its newest checkpoint of the log (C2SP tlog-witness, "Monitor Retrieval
 * Mechanism"). */
struct accord_monitor_view {
    struct accord_bytes name;       /* its URL, to be told */
    const struct accord_vkey *vkey; /* NULL, or the key that must have cosigned */
    struct accord_bytes note;       /* empty where it could not be had: error says why */
    struct accord_error error;
};

/* ACCORD_LOCKED where another process has the state; ACCORD_STATE where it cannot be used. */
ACCORD_MUST_USE enum accord_status accord_monitor_open(struct accord_monitor **monitor,
                                                       const struct accord_monitor_options *options,
                                                       struct accord_error *error);
void accord_monitor_close(struct accord_monitor *monitor);
/* The origin of the log, for asking witnesses: what the state says; before that what the log itself does, once it was
 * fetched from; empty until then. */
struct accord_bytes accord_monitor_origin(const struct accord_monitor *monitor);
/* Reads the log's newest checkpoint into the monitor, without looking at it. May take as long as the network does, and
 * leaves nothing undone where it is cut off. Witnesses are asked before: a witness that is ahead of the log is then
 * worth telling. */
ACCORD_MUST_USE enum accord_status accord_monitor_fetch(struct accord_monitor *monitor, struct accord_reader *reader,
                                                        struct accord_error *error);
/* Judges the checkpoint that was fetched, the views, and all entries that are new; tells; remembers. The reader is to
 * be a new one for each look: what one keeps is of the log as it was. What the log did wrong is a finding and
 * ACCORD_OK. Other statuses mean that it could not be judged: try again, but where telling or remembering failed, with
 * a monitor opened anew. now is POSIX seconds. */
ACCORD_MUST_USE enum accord_status accord_monitor_look(struct accord_monitor *monitor, struct accord_reader *reader,
                                                       const struct accord_monitor_view *views, size_t view_count,
                                                       uint64_t now, struct accord_error *error);
/* In place of a look, where the log cannot be read: tells whether what was accepted last is too old by now. */
ACCORD_MUST_USE enum accord_status accord_monitor_wait(struct accord_monitor *monitor, uint64_t now,
                                                       struct accord_error *error);
/* Findings that were told since it was opened. */
uint64_t accord_monitor_told(const struct accord_monitor *monitor);
/* The first entry that was not judged. */
uint64_t accord_monitor_next(const struct accord_monitor *monitor);

#endif
