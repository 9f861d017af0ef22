/* A statement by way of a log server: posted, waited for, proven. It knows that the server is not believed: the quorum
 * that the roster asks for is asked here, and the proof is verified before anybody gets it. */
#include "cli/enter_parts.h"

#include "accord/policy.h"
#include "base/clock.h"
#include "cli/log_source.h"
#include "cli/network.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_NANOSECONDS 300000000
#define MICROSECONDS 1000

/* What the wait for the checkpoint knows. */
struct waiting {
    const struct accord_enter *enter;
    struct accord_entered *entered;
    struct accord_reader *reader;
    const struct accord_policy *policy;
    struct accord_checkpoint checkpoint;
    uint64_t published; /* the size that was seen last */
};

/* One look: ACCORD_OK where the checkpoint covers the entry and has its quorum, ACCORD_QUORUM where not yet. */
static enum accord_status look(struct waiting *waiting, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_cosigners cosigners;
    struct accord_buffer *note = &waiting->entered->checkpoint;
    note->size = 0;
    enum accord_status status = accord_reader_checkpoint(waiting->reader, note, error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(note), error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    waiting->published = claim.size;
    if (claim.size <= waiting->entered->index) {
        return accord_fail(error, ACCORD_QUORUM, 0);
    }
    status =
        accord_policy_verify(waiting->policy, &claim, waiting->enter->crypto, &waiting->checkpoint, &cosigners, error);
    waiting->entered->witness_count = cosigners.count;
    return status;
}

static enum accord_status wait_for_quorum(struct waiting *waiting, struct accord_error *error)
{
    const struct timespec pause = {.tv_nsec = POLL_NANOSECONDS};
    uint64_t begun_us = accord_monotonic_us();
    for (bool told = false;; told = true) {
        enum accord_status status = look(waiting, error);
        if (status != ACCORD_QUORUM) {
            return status;
        }
        if ((accord_monotonic_us() - begun_us) / MICROSECONDS >= waiting->enter->timeout_ms) {
            break;
        }
        if (!told && waiting->enter->waiting != NULL) {
            waiting->enter->waiting(waiting->enter->waiting_context);
        }
        (void)nanosleep(&pause, NULL);
    }
    accord_fail(error, ACCORD_NETWORK, 0);
    accord_error_what(error, ACCORD_LITERAL("the log's checkpoint"));
    accord_error_expected(error, ACCORD_LITERAL("one that covers the entry, with its quorum"));
    accord_error_found_number(error, waiting->published);
    return ACCORD_NETWORK;
}

static enum accord_status post(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                               struct accord_reader *reader, const struct accord_roster_claim *roster,
                               struct accord_entered *entered, struct accord_error *error)
{
    struct accord_buffer text;
    struct accord_policy *policy = NULL;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_enter_make(enter, plan, roster, entered, error);
    if (status == ACCORD_OK) {
        status = accord_chain_policy_new(roster, NULL, enter->crypto, &text, &policy, error);
    }
    if (status == ACCORD_OK) {
        status = enter->network->add(enter->location, accord_buffer_bytes(&entered->entry), enter->timeout_ms,
                                     &entered->index, error);
        entered->appended = status == ACCORD_OK;
    }
    struct waiting waiting = {.enter = enter, .entered = entered, .reader = reader, .policy = policy};
    if (status == ACCORD_OK) {
        status = wait_for_quorum(&waiting, error);
    }
    if (status == ACCORD_OK) {
        status = accord_enter_finish(enter, plan, reader, waiting.checkpoint.size, entered, error);
    }
    free(policy);
    accord_buffer_free(&text);
    return status;
}

enum accord_status accord_enter_log_url(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                                        struct accord_entered *entered, struct accord_error *error)
{
    struct accord_chain *chain = NULL;
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    enum accord_status status =
        accord_log_source_open(&reader, enter->fs, enter->crypto, enter->network, enter->location, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = accord_scan_size(reader, &note, &checkpoint, error);
    if (status == ACCORD_OK) {
        status = accord_enter_survey(enter, plan, reader, checkpoint.size, &chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(chain, error);
    }
    if (status == ACCORD_OK) {
        status = post(enter, plan, reader, accord_chain_roster(chain), entered, error);
    }
    accord_chain_free(chain);
    accord_buffer_free(&note);
    accord_reader_close(reader);
    return status;
}
