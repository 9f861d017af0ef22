/* A release by way of a log server: posted, waited for, proven. It knows that the server is not believed: the quorum
 * that the roster asks for is asked here, and the proof is verified before anybody gets it. */
#include "cli/issue_parts.h"

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
    const struct accord_issue *issue;
    struct accord_issued *issued;
    struct accord_reader *reader;
    const struct accord_policy *policy;
    struct accord_checkpoint checkpoint;
    uint64_t published; /* the size that was seen last */
};

static enum accord_status make_policy(const struct accord_issue *issue, const struct accord_roster_claim *roster,
                                      struct accord_policy **policy, struct accord_buffer *text,
                                      struct accord_error *error)
{
    *policy = malloc(sizeof **policy);
    if (*policy == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_chain_policy(roster, text, error);
    return status == ACCORD_OK ? accord_policy_parse(*policy, accord_buffer_bytes(text), issue->crypto, error) : status;
}

/* One look: ACCORD_OK where the checkpoint covers the entry and has its quorum, ACCORD_QUORUM where not yet. */
static enum accord_status look(struct waiting *waiting, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_cosigners cosigners;
    struct accord_buffer *note = &waiting->issued->checkpoint;
    note->size = 0;
    enum accord_status status = accord_reader_checkpoint(waiting->reader, note, error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(note), error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    waiting->published = claim.size;
    if (claim.size <= waiting->issued->index) {
        return accord_fail(error, ACCORD_QUORUM, 0);
    }
    status =
        accord_policy_verify(waiting->policy, &claim, waiting->issue->crypto, &waiting->checkpoint, &cosigners, error);
    waiting->issued->witness_count = cosigners.count;
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
        if ((accord_monotonic_us() - begun_us) / MICROSECONDS >= waiting->issue->timeout_ms) {
            break;
        }
        if (!told && waiting->issue->waiting != NULL) {
            waiting->issue->waiting(waiting->issue->waiting_context);
        }
        (void)nanosleep(&pause, NULL);
    }
    accord_fail(error, ACCORD_NETWORK, 0);
    accord_error_what(error, ACCORD_LITERAL("the log's checkpoint"));
    accord_error_expected(error, ACCORD_LITERAL("one that covers the entry, with its quorum"));
    accord_error_found_number(error, waiting->published);
    return ACCORD_NETWORK;
}

static enum accord_status post(const struct accord_issue *issue, struct accord_reader *reader,
                               const struct accord_roster_claim *roster, struct accord_issued *issued,
                               struct accord_error *error)
{
    struct accord_release_claim claim;
    struct accord_release release;
    struct accord_buffer text;
    struct accord_policy *policy = NULL;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_issue_make_entry(issue, issued, &claim, error);
    if (status == ACCORD_OK) {
        status = accord_release_verify(&claim, roster, NULL, issue->crypto, &release, error);
    }
    if (status == ACCORD_OK) {
        status = make_policy(issue, roster, &policy, &text, error);
    }
    if (status == ACCORD_OK) {
        status = issue->network->add(issue->location, accord_buffer_bytes(&issued->entry), issue->timeout_ms,
                                     &issued->index, error);
        issued->appended = status == ACCORD_OK;
    }
    struct waiting waiting = {.issue = issue, .issued = issued, .reader = reader, .policy = policy};
    if (status == ACCORD_OK) {
        status = wait_for_quorum(&waiting, error);
    }
    if (status == ACCORD_OK) {
        status = accord_issue_prove(issue, reader, waiting.checkpoint.size, issued, error);
    }
    free(policy);
    accord_buffer_free(&text);
    return status;
}

enum accord_status accord_issue_release_url(const struct accord_issue *issue, struct accord_issued *issued,
                                            struct accord_error *error)
{
    struct accord_survey survey = {.issue = issue};
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status =
        accord_log_source_open(&reader, issue->fs, issue->crypto, issue->network, issue->location, error);
    if (status == ACCORD_OK) {
        status = accord_scan_size(reader, &note, &checkpoint, error);
    }
    if (status == ACCORD_OK) {
        status = accord_issue_survey_log(&survey, reader, checkpoint.size, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(survey.chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_issue_next_sequence(&survey, &issued->sequence, error);
    }
    if (status == ACCORD_OK) {
        status = post(issue, reader, accord_chain_roster(survey.chain), issued, error);
    }
    accord_chain_free(survey.chain);
    accord_buffer_free(&note);
    accord_reader_close(reader);
    return status;
}
