/* What the files of the monitor share. */
#ifndef ACCORD_MONITOR_MONITOR_INNER_H
#define ACCORD_MONITOR_MONITOR_INNER_H

#include "follow/pin.h"
#include "monitor/cases.h"
#include "monitor/monitor.h"
#include "monitor/state.h"

#define STANDING_MAX 256 /* conditions that last; further ones are told each time */

struct accord_monitor {
    struct accord_monitor_options options;
    char path[4096]; /* of the state */
    int lock;
    struct accord_rules *rules;
    struct accord_rules_glass *glasses[ACCORD_SWEEP_THREADS_MAX];
    struct accord_monitor_cases *cases; /* NULL where nobody is watched */
    bool cases_begun;                   /* in this look */

    /* Memory. state borrows from note and from vkeys. */
    struct accord_monitor_state state;
    struct accord_buffer note;  /* the last accepted checkpoint */
    struct accord_buffer vkeys; /* of its witnesses */
    struct accord_position position;
    bool begun; /* a checkpoint has been accepted, now or before */
    uint64_t saved_us;
    uint8_t saved[ACCORD_HASH_SIZE]; /* digest of what the file holds */

    /* The look that is under way. */
    struct accord_buffer fetched;
    struct accord_error unfetched; /* its status is not ACCORD_OK where the log gave something else */
    struct accord_checkpoint_claim claim;
    struct accord_cosigners cosigners;
    const struct accord_vkey *log; /* whose checkpoint it is */
    uint64_t now;
    uint64_t vouched;                    /* accord_monitor_time of the last accepted checkpoint */
    bool carry_known;                    /* accord_rules_carry */
    struct accord_pin_progress progress; /* of looking ahead for rosters, where a checkpoint has not the quorum */

    bool untold; /* a finding could not be told: nothing is remembered any more */
    uint64_t told;
    struct {
        uint8_t digest[ACCORD_HASH_SIZE];
        bool again; /* it stood in this look too */
    } standing[STANDING_MAX];
    size_t standing_count;
};

/* Tells a finding that lasts: only when it was not there in the look before. */
ACCORD_MUST_USE enum accord_status accord_monitor_tell(struct accord_monitor *monitor, struct accord_finding *finding,
                                                       struct accord_error *error);
/* This witness cosigned then. */
void accord_monitor_seen(struct accord_monitor *monitor, struct accord_bytes vkey, uint64_t time);
/* What the log did wrong is told, and ACCORD_OK; what only could not be done is *why's status, and *error. */
ACCORD_MUST_USE enum accord_status accord_monitor_wrong(struct accord_monitor *monitor, enum accord_finding_code code,
                                                        const struct accord_error *why, struct accord_error *error);

/* Keeps two contradicting checkpoints, first being that of the smaller tree, as evidence; root and proof may be NULL
 * where the sizes are the same. path gets its name. */
ACCORD_MUST_USE enum accord_status accord_monitor_keep(const struct accord_monitor *monitor, struct accord_bytes first,
                                                       struct accord_bytes second, const uint8_t *root,
                                                       const struct accord_merkle_proof *proof, char path[4096],
                                                       struct accord_error *error);
/* Where no proof can be had: the two checkpoints as they are, one behind the other. */
ACCORD_MUST_USE enum accord_status accord_monitor_keep_notes(const struct accord_monitor *monitor,
                                                             struct accord_bytes first, struct accord_bytes second,
                                                             char path[4096], struct accord_error *error);
/* Finds out whether two checkpoints of the log contradict each other, by a reader that serves one of the trees, and
 * keeps what shows it: path is empty where they agree, and names what was to be kept where it could not be.
 * ACCORD_CONSISTENCY where what the reader serves is not the larger tree; otherwise what reading or keeping said. */
ACCORD_MUST_USE enum accord_status accord_monitor_contradiction(const struct accord_monitor *monitor,
                                                                struct accord_reader *reader,
                                                                const struct accord_checkpoint_claim *one,
                                                                const struct accord_checkpoint_claim *other,
                                                                char path[4096], struct accord_error *error);
/* Those that the policy names are watched from now on. */
ACCORD_MUST_USE enum accord_status accord_monitor_watch(struct accord_monitor *monitor, struct accord_error *error);
/* Tells who has been silent for too long. */
ACCORD_MUST_USE enum accord_status accord_monitor_silence(struct accord_monitor *monitor, struct accord_error *error);
/* Tells whether the last accepted checkpoint is too old. */
ACCORD_MUST_USE enum accord_status accord_monitor_stale(struct accord_monitor *monitor, struct accord_error *error);
/* The time that the quorum of the checkpoint under judgement vouches for; where nobody's is asked for, the newest there
 * is; 0 where there is none. */
uint64_t accord_monitor_time(const struct accord_monitor *monitor);
/* Tells what should have been said by now, and was not. */
ACCORD_MUST_USE enum accord_status accord_monitor_overdue(struct accord_monitor *monitor, struct accord_error *error);
/* Tells which of the reports to who is watched are answered too late, or not at all. */
ACCORD_MUST_USE enum accord_status accord_monitor_tell_cases(struct accord_monitor *monitor,
                                                             struct accord_error *error);
/* Judges what witnesses showed. */
ACCORD_MUST_USE enum accord_status accord_monitor_views(struct accord_monitor *monitor, struct accord_reader *reader,
                                                        const struct accord_monitor_view *views, size_t count,
                                                        struct accord_error *error);

#endif
