/* What the sequencer has open: the log, its deduplication, its admission. Knows when each is opened again after it
 * failed, and after which failure never; refuses to know what is done with them. */
#include <string.h>
#include <time.h>

#include "serve/event.h"
#include "serve/sequencer_inner.h"

#define DELAY_FIRST_US 100000
#define DELAY_MAX_US 5000000
#define AGAIN_US 1000000
#define QUIET_US 10000000
/* Entries that the deduplication reads in one turn: so few that those who wait do not notice. */
#define CATCH_UP_SLICE 4096
/* And on opening, before any request: more than a process that was killed can have left behind. What a lost index takes
 * beyond that is read between requests. */
#define CATCH_UP_FIRST 1048576
#define CATCH_UP_PAUSES 500 /* while its tables are being written */
#define PAUSE_NS 1000000

static const char *const complaints[ACCORD_COMPLAINTS] = {"commit-failed", "dedup-failed", "admission-failed",
                                                          "log-not-open"};

void accord_sequencer_complain(struct accord_sequencer *sequencer, enum accord_complaint complaint,
                               const struct accord_error *error)
{
    uint64_t now = sequencer->seams.now_us();
    if (now < sequencer->quiet_until_us[complaint])
        return;
    sequencer->quiet_until_us[complaint] = now + QUIET_US;
    accord_event_error(ACCORD_EVENT_WARNING, complaints[complaint], sequencer->options.dir, error);
}

bool accord_sequencer_able(const struct accord_sequencer *sequencer)
{
    return sequencer->log != NULL && !sequencer->dead;
}

/* Opening */

/* An entry that was acknowledged before a crash must be known to the first request after it. */
static void catch_up_first(struct accord_sequencer *sequencer)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct accord_dedup *dedup = sequencer->dedup;
    struct accord_error error;
    uint64_t size = accord_log_size(sequencer->log), covered = accord_dedup_covered(dedup);
    uint64_t end = size - covered < CATCH_UP_FIRST ? size : covered + CATCH_UP_FIRST;
    for (unsigned pauses = 0; covered < end && pauses < CATCH_UP_PAUSES;) {
        if (accord_dedup_catch_up(dedup, size, CATCH_UP_SLICE, &error) != ACCORD_OK) {
            accord_sequencer_complain(sequencer, ACCORD_DEDUP_FAILED, &error);
            return;
        }
        accord_dedup_commit(dedup, size);
        uint64_t before = covered;
        covered = accord_dedup_covered(dedup);
        if (covered == before) {
            (void)nanosleep(&pause, NULL);
            pauses++;
        }
    }
}

static void dedup_open(struct accord_sequencer *sequencer)
{
    struct accord_error error;
    struct accord_leaf_source source = {sequencer, accord_sequencer_leaf};
    if (!sequencer->options.dedup || sequencer->dedup != NULL)
        return;
    if (accord_dedup_open(&sequencer->dedup, sequencer->options.fs, sequencer->options.dir,
                          accord_log_size(sequencer->log), source, &error) == ACCORD_OK) {
        catch_up_first(sequencer);
        return;
    }
    sequencer->dedup = NULL;
    sequencer->dedup_at_us = sequencer->seams.now_us() + AGAIN_US;
    accord_sequencer_complain(sequencer, ACCORD_DEDUP_FAILED, &error);
}

/* It reads the chain of rosters from tiles, so those must be there. */
static enum accord_status admission_open(struct accord_sequencer *sequencer, struct accord_error *error)
{
    accord_job_end(sequencer, true);
    enum accord_status status = accord_log_integrate(sequencer->log, error);
    accord_group_settle(sequencer, status == ACCORD_OK ? NULL : error);
    if (status == ACCORD_OK)
        status = accord_admission_open(&sequencer->admission, sequencer->options.fs, sequencer->options.crypto,
                                       sequencer->options.dir, accord_log_size(sequencer->log),
                                       sequencer->options.reports, error);
    if (status != ACCORD_OK)
        sequencer->admission = NULL;
    return status;
}

enum accord_status accord_sequencer_open(struct accord_sequencer *sequencer, struct accord_error *error)
{
    const struct accord_sequencer_options *options = &sequencer->options;
    enum accord_status status =
        accord_log_open(&sequencer->log, options->fs, options->crypto, options->dir, false, error);
    if (status != ACCORD_OK) {
        sequencer->log = NULL;
        return status;
    }
    if (sequencer->seams.choose_syncing)
        accord_log_sync(sequencer->log, sequencer->seams.syncing);
    accord_log_wake(sequencer->log, accord_sequencer_poke, sequencer);
    if (sequencer->judging)
        status = admission_open(sequencer, error);
    if (status != ACCORD_OK) {
        accord_sequencer_close(sequencer);
        return status;
    }
    dedup_open(sequencer);
    accord_sequencer_show(sequencer);
    return ACCORD_OK;
}

void accord_sequencer_close(struct accord_sequencer *sequencer)
{
    if (sequencer->log == NULL)
        return;
    accord_job_end(sequencer, true);
    /* To open it again is to write again what lies beyond the published tree: nobody is to be given it meanwhile. */
    atomic_store_explicit(&sequencer->options.metrics->sealed, sequencer->published, memory_order_relaxed);
    accord_admission_close(sequencer->admission);
    sequencer->admission = NULL;
    if (sequencer->dedup != NULL)
        accord_dedup_close(sequencer->dedup);
    sequencer->dedup = NULL;
    accord_log_close(sequencer->log);
    sequencer->log = NULL;
}

/* Failing */

static void open_later(struct accord_sequencer *sequencer)
{
    uint64_t delay = sequencer->open_delay_us == 0 ? DELAY_FIRST_US : sequencer->open_delay_us;
    sequencer->open_at_us = sequencer->seams.now_us() + delay;
    sequencer->open_delay_us = delay * 2 < DELAY_MAX_US ? delay * 2 : DELAY_MAX_US;
}

void accord_sequencer_examine(struct accord_sequencer *sequencer)
{
    if (!accord_sequencer_able(sequencer))
        return;
    enum accord_log_health health = accord_log_health(sequencer->log);
    atomic_store_explicit(&sequencer->options.metrics->health, (int)health, memory_order_relaxed);
    if (health == ACCORD_LOG_SOUND)
        return;
    /* A log that takes nothing more says why. */
    if (accord_log_flush(sequencer->log, &sequencer->why) == ACCORD_OK)
        accord_fail(&sequencer->why, ACCORD_IO, 0);
    accord_group_settle(sequencer, &sequencer->why);
    if (health == ACCORD_LOG_SYNC_FAILED) {
        sequencer->dead = true;
        accord_job_end(sequencer, true);
        accord_event_error(ACCORD_EVENT_ERROR, "sync-failed-for-good", sequencer->options.dir, &sequencer->why);
        return;
    }
    accord_event_error(ACCORD_EVENT_WARNING, "log-closed", sequencer->options.dir, &sequencer->why);
    accord_sequencer_close(sequencer);
    open_later(sequencer);
}

/* Mending */

static void log_mend(struct accord_sequencer *sequencer, uint64_t now)
{
    if (sequencer->log != NULL || sequencer->dead || now < sequencer->open_at_us)
        return;
    struct accord_error error;
    if (accord_sequencer_open(sequencer, &error) != ACCORD_OK) {
        sequencer->why = error;
        accord_sequencer_complain(sequencer, ACCORD_OPEN_FAILED, &error);
        open_later(sequencer);
        return;
    }
    sequencer->quiet_until_us[ACCORD_OPEN_FAILED] = 0;
    atomic_store_explicit(&sequencer->options.metrics->health, (int)ACCORD_LOG_SOUND, memory_order_relaxed);
    accord_event(ACCORD_EVENT_INFO, "log-open-again", "size=%llu", (unsigned long long)accord_log_size(sequencer->log));
}

static void admission_mend(struct accord_sequencer *sequencer, uint64_t now)
{
    if (!sequencer->judging && sequencer->admission != NULL) {
        accord_admission_close(sequencer->admission);
        sequencer->admission = NULL;
    }
    if (!sequencer->judging || sequencer->admission != NULL || now < sequencer->admission_at_us)
        return;
    if (admission_open(sequencer, &sequencer->unjudged) != ACCORD_OK) {
        sequencer->admission_at_us = now + AGAIN_US;
        accord_sequencer_complain(sequencer, ACCORD_ADMISSION_FAILED, &sequencer->unjudged);
    }
    accord_sequencer_examine(sequencer);
}

void accord_sequencer_mend(struct accord_sequencer *sequencer)
{
    uint64_t now = sequencer->seams.now_us();
    log_mend(sequencer, now);
    if (accord_sequencer_able(sequencer))
        admission_mend(sequencer, now);
    if (accord_sequencer_able(sequencer) && now >= sequencer->dedup_at_us)
        dedup_open(sequencer);
}

bool accord_sequencer_behind(const struct accord_sequencer *sequencer)
{
    return accord_sequencer_able(sequencer) && sequencer->dedup != NULL &&
           accord_dedup_covered(sequencer->dedup) < accord_log_size(sequencer->log) &&
           sequencer->seams.now_us() >= sequencer->dedup_at_us;
}

void accord_sequencer_keep_up(struct accord_sequencer *sequencer)
{
    struct accord_metrics *metrics = sequencer->options.metrics;
    struct accord_error error;
    if (accord_sequencer_behind(sequencer)) {
        uint64_t size = accord_log_size(sequencer->log), before = accord_dedup_covered(sequencer->dedup);
        enum accord_status status = accord_dedup_catch_up(sequencer->dedup, size, CATCH_UP_SLICE, &error);
        if (status != ACCORD_OK)
            accord_sequencer_complain(sequencer, ACCORD_DEDUP_FAILED, &error);
        if (accord_dedup_covered(sequencer->dedup) == before)
            sequencer->dedup_at_us = sequencer->seams.now_us() + AGAIN_US;
        accord_dedup_commit(sequencer->dedup, size);
    }
    if (sequencer->dedup == NULL)
        return;
    atomic_store_explicit(&metrics->dedup_covered, accord_dedup_covered(sequencer->dedup), memory_order_relaxed);
    atomic_store_explicit(&metrics->dedup_bytes, accord_dedup_bytes(sequencer->dedup), memory_order_relaxed);
}
