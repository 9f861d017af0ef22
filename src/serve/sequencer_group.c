/* Groups: requests that share one commit. Knows which request appends, which is answered with an index that is there,
 * which is refused, and what each is told once its group is durable or failed; refuses to know when a group is made and
 * what becomes of a log that takes nothing more. */
#include <stdio.h>
#include <string.h>

#include "accord/tile.h"
#include "base/report.h"
#include "serve/sequencer_inner.h"

/* Answers */

void accord_add_answer(struct accord_sequencer *sequencer, struct accord_add *add, enum accord_add_outcome outcome)
{
    add->outcome = outcome;
    add->next = NULL;
    *sequencer->done_end = add;
    sequencer->done_end = &add->next;
    sequencer->done_requests++;
    sequencer->done_bytes += add->entries.size;
    sequencer->outcomes[outcome]++;
}

static struct accord_add *pop(struct accord_sequencer *sequencer)
{
    struct accord_add *add = sequencer->pending;
    sequencer->pending = add->next;
    if (add->next == NULL)
        sequencer->pending_end = &sequencer->pending;
    sequencer->pending_bytes -= add->entries.size;
    return add;
}

void accord_answer_failed(struct accord_sequencer *sequencer, const struct accord_error *error)
{
    while (sequencer->pending != NULL) {
        struct accord_add *add = pop(sequencer);
        add->error = *error;
        accord_add_answer(sequencer, add, ACCORD_ADD_FAILED);
    }
}

static void refuse(struct accord_sequencer *sequencer, struct accord_add *add, enum accord_add_outcome outcome,
                   enum accord_status status, struct accord_bytes expected)
{
    accord_fail(&add->error, status, 0);
    accord_error_what(&add->error, ACCORD_LITERAL("entries"));
    accord_error_expected(&add->error, expected);
    accord_add_answer(sequencer, add, outcome);
}

/* What a request holds */

/* Whoever put the request has seen to it; but here a mistake would move the indexes of others. */
static bool well_formed(const struct accord_add *add)
{
    size_t cursor = 0;
    struct accord_bytes entry;
    uint64_t count = 0;
    while (accord_bundle_next(add->entries, &cursor, &entry)) {
        if (entry.size == 0)
            return false;
        count++;
    }
    return cursor == add->entries.size && count == add->count && count > 0;
}

static enum accord_status hash(struct accord_sequencer *sequencer, const struct accord_add *add,
                               uint8_t (*hashes)[ACCORD_HASH_SIZE], struct accord_error *error)
{
    uint64_t count;
    if (add->count == 1) {
        struct accord_bytes entry = {add->entries.data + 2, add->entries.size - 2};
        accord_merkle_leaf(sequencer->options.crypto, entry, hashes[0]);
        return ACCORD_OK;
    }
    return accord_log_hash(sequencer->log, add->entries, hashes, add->count, &count, error);
}

static bool group_leaf(const struct accord_group *group, uint64_t index, uint8_t leaf[ACCORD_HASH_SIZE])
{
    if (group == NULL || !group->hashed || index < group->base || index - group->base >= group->count)
        return false;
    memcpy(leaf, group->hashes[index - group->base], ACCORD_HASH_SIZE);
    return true;
}

enum accord_status accord_sequencer_leaf(void *context, uint64_t index, uint8_t leaf[ACCORD_HASH_SIZE],
                                         struct accord_error *error)
{
    struct accord_sequencer *sequencer = context;
    if (index < accord_log_size(sequencer->log))
        return accord_log_leaf(sequencer->log, index, leaf, error);
    if (group_leaf(sequencer->under_way, index, leaf) || group_leaf(sequencer->gathering, index, leaf))
        return ACCORD_OK;
    return accord_fail(error, ACCORD_WRONG_INDEX, 0);
}

/* Are all its entries in the log, or on their way into it, one after another, from the first place of its first one on?
 * That place is add->first then. What cannot be told is not known. */
static bool known(struct accord_sequencer *sequencer, const struct accord_group *group, struct accord_add *add,
                  uint8_t (*hashes)[ACCORD_HASH_SIZE])
{
    struct accord_error error;
    uint64_t index, end = group->base + group->count;
    bool found;
    enum accord_status status = accord_dedup_find(sequencer->dedup, hashes[0], &index, &found, &error);
    if (status == ACCORD_OK && (!found || index >= end || add->count > end - index))
        return false;
    for (uint64_t i = 1; i < add->count && status == ACCORD_OK; i++) {
        uint8_t leaf[ACCORD_HASH_SIZE];
        status = accord_sequencer_leaf(sequencer, index + i, leaf, &error);
        if (status == ACCORD_OK && memcmp(leaf, hashes[i], sizeof leaf) != 0)
            return false;
    }
    if (status != ACCORD_OK) {
        accord_sequencer_complain(sequencer, ACCORD_DEDUP_FAILED, &error);
        return false;
    }
    add->first = index;
    return true;
}

/* Statements */

static void refuse_statement(struct accord_sequencer *sequencer, struct accord_add *add, uint64_t place,
                             enum accord_status status)
{
    if (add->batch) {
        char what[sizeof add->error.what];
        int size = snprintf(what, sizeof what, "entry %llu%s%.60s", (unsigned long long)place,
                            add->error.what[0] == '\0' ? "" : ": ", add->error.what);
        accord_error_what(&add->error, (struct accord_bytes){(const uint8_t *)what, (size_t)size});
    }
    accord_add_answer(sequencer, add,
                      accord_status_exit(status) == 3    ? ACCORD_ADD_FAILED
                      : accord_admission_is_form(status) ? ACCORD_ADD_MALFORMED
                                                         : ACCORD_ADD_REFUSED);
}

static enum accord_status judge(struct accord_sequencer *sequencer, struct accord_group *group, struct accord_add *add,
                                uint64_t *place)
{
    size_t cursor = 0;
    struct accord_bytes entry;
    bool link = false;
    for (*place = 0; *place < add->count && accord_bundle_next(add->entries, &cursor, &entry); ++*place) {
        /* The one after a roster could only be judged once that is durable, and then it is too late to refuse both. */
        if (link) {
            accord_fail(&add->error, ACCORD_CHAIN, 0);
            accord_error_expected(
                &add->error, ACCORD_LITERAL("a charter, a roster or an entry of a case only as the last of its batch"));
            return ACCORD_CHAIN;
        }
        group->judged++;
        enum accord_status status = accord_admission_judge(sequencer->admission, entry, &link, &add->error);
        if (status != ACCORD_OK)
            return status;
    }
    if (link)
        group->link = entry;
    return ACCORD_OK;
}

/* False where it is answered already. */
static bool admit(struct accord_sequencer *sequencer, struct accord_group *group, struct accord_add *add)
{
    uint64_t place;
    if (!sequencer->judging)
        return true;
    if (sequencer->admission == NULL) {
        add->error = sequencer->unjudged;
        accord_add_answer(sequencer, add, ACCORD_ADD_FAILED);
        return false;
    }
    if (add->count > ACCORD_JUDGED_BATCH_MAX) {
        refuse(sequencer, add, ACCORD_ADD_TOO_LARGE, ACCORD_TOO_LARGE,
               ACCORD_LITERAL("at most 1024 statements in one batch"));
        return false;
    }
    enum accord_status status = judge(sequencer, group, add, &place);
    if (status != ACCORD_OK)
        refuse_statement(sequencer, add, place, status);
    group->full = group->full || group->link.data != NULL || group->judged >= ACCORD_JUDGED_MAX;
    return status == ACCORD_OK;
}

/* Gathering */

static void start(const struct accord_sequencer *sequencer, struct accord_group *group)
{
    const struct accord_group *before = sequencer->under_way;
    group->first = NULL;
    group->end = &group->first;
    group->requests = 0;
    group->base = before != NULL ? before->base + before->count : accord_log_size(sequencer->log);
    group->count = 0;
    group->entries = (struct accord_bytes){group->bytes, 0};
    group->hashed = sequencer->dedup != NULL;
    group->full = false;
    group->judged = 0;
    group->link = (struct accord_bytes){NULL, 0};
}

static void wait_for(struct accord_group *group, struct accord_add *add, enum accord_add_outcome outcome)
{
    add->outcome = outcome;
    add->next = NULL;
    *group->end = add;
    group->end = &add->next;
    group->requests++;
}

static void append(struct accord_sequencer *sequencer, struct accord_group *group, struct accord_add *add,
                   uint8_t (*hashes)[ACCORD_HASH_SIZE])
{
    if (add->entries.size >= ACCORD_BORROW_BYTES) {
        group->entries = add->entries;
        group->full = true;
    } else {
        memcpy(group->bytes + group->entries.size, add->entries.data, add->entries.size);
        group->entries.size += add->entries.size;
    }
    add->first = group->base + group->count;
    group->count += add->count;
    wait_for(group, add, ACCORD_ADD_APPENDED);
    if (group->hashed && accord_dedup_covered(sequencer->dedup) == add->first)
        accord_dedup_add(sequencer->dedup, (const uint8_t(*)[ACCORD_HASH_SIZE])hashes, add->count);
}

/* What is known comes before what is allowed: to answer with an index admits nothing, and whoever sends a roster again,
 * for want of an answer, gets the index although that roster is not the next one any more. */
static void place(struct accord_sequencer *sequencer, struct accord_group *group, struct accord_add *add)
{
    uint8_t(*hashes)[ACCORD_HASH_SIZE] = group->hashes + group->count;
    if (add->entries.size > ACCORD_LOG_APPEND_SIZE_MAX || add->count > ACCORD_LOG_APPEND_COUNT_MAX) {
        refuse(sequencer, add, ACCORD_ADD_TOO_LARGE, ACCORD_TOO_LARGE,
               ACCORD_LITERAL("at most 8 MiB and 131072 entries in one batch"));
        return;
    }
    if (!well_formed(add)) {
        refuse(sequencer, add, ACCORD_ADD_MALFORMED, ACCORD_MALFORMED,
               ACCORD_LITERAL("a uint16 length and as many bytes, at least one, for each entry"));
        return;
    }
    if (group->hashed && hash(sequencer, add, hashes, &add->error) != ACCORD_OK) {
        accord_add_answer(sequencer, add, ACCORD_ADD_FAILED);
        return;
    }
    if (group->hashed && known(sequencer, group, add, hashes)) {
        if (add->first + add->count <= accord_log_size(sequencer->log))
            accord_add_answer(sequencer, add, ACCORD_ADD_KNOWN);
        else
            wait_for(group, add, ACCORD_ADD_KNOWN);
    } else if (admit(sequencer, group, add)) {
        append(sequencer, group, add, hashes);
    }
}

/* The first always fits, so that each turn gets on. */
static bool fits(const struct accord_group *group, const struct accord_add *add)
{
    return group->count == 0 ||
           (add->entries.size < ACCORD_BORROW_BYTES && add->entries.size <= ACCORD_GROUP_BYTES - group->entries.size &&
            add->count <= ACCORD_LOG_APPEND_COUNT_MAX - group->count);
}

void accord_group_gather(struct accord_sequencer *sequencer)
{
    struct accord_group *before = sequencer->under_way;
    struct accord_group *group = before == &sequencer->groups[0] ? &sequencer->groups[1] : &sequencer->groups[0];
    start(sequencer, group);
    sequencer->gathering = group;
    while (sequencer->pending != NULL && !group->full && fits(group, sequencer->pending))
        place(sequencer, group, pop(sequencer));
    if (group->count > 0)
        return;
    /* Nothing to put. Those that wait do so for what is being made durable already. */
    sequencer->gathering = NULL;
    if (group->first != NULL && before != NULL) {
        *before->end = group->first;
        before->end = group->end;
        before->requests += group->requests;
    }
}

/* Committing */

static void answer_all(struct accord_sequencer *sequencer, struct accord_group *group, const struct accord_error *error)
{
    uint64_t size = accord_log_size(sequencer->log);
    struct accord_add *next;
    for (struct accord_add *add = group->first; add != NULL; add = next) {
        next = add->next;
        bool durable = error == NULL || (add->outcome == ACCORD_ADD_KNOWN && add->first + add->count <= size);
        if (!durable)
            add->error = *error;
        accord_add_answer(sequencer, add, durable ? add->outcome : ACCORD_ADD_FAILED);
    }
    group->first = NULL;
    group->end = &group->first;
}

static void fail(struct accord_sequencer *sequencer, struct accord_group *group, const struct accord_error *error)
{
    if (sequencer->dedup != NULL)
        accord_dedup_cut(sequencer->dedup, accord_log_size(sequencer->log));
    accord_sequencer_complain(sequencer, ACCORD_COMMIT_FAILED, error);
    answer_all(sequencer, group, error);
}

/* A roster that cannot be taken note of leaves nobody who could judge: that one has to be made anew from the log. */
static void take_link(struct accord_sequencer *sequencer, const struct accord_group *group)
{
    if (group->link.data == NULL || sequencer->admission == NULL)
        return;
    if (accord_admission_took(sequencer->admission, group->base + group->count - 1, group->link,
                              &sequencer->unjudged) == ACCORD_OK)
        return;
    accord_sequencer_complain(sequencer, ACCORD_ADMISSION_FAILED, &sequencer->unjudged);
    accord_admission_close(sequencer->admission);
    sequencer->admission = NULL;
    sequencer->admission_at_us = 0;
}

static void acknowledge(struct accord_sequencer *sequencer, struct accord_group *group)
{
    struct accord_metrics *metrics = sequencer->options.metrics;
    atomic_fetch_add_explicit(&metrics->entries, group->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->entry_bytes, group->entries.size - 2 * group->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->commits, 1, memory_order_relaxed);
    accord_histogram_add(&metrics->commit, sequencer->seams.now_us() - group->begun_us);
    if (sequencer->dedup != NULL)
        accord_dedup_commit(sequencer->dedup, group->base + group->count);
    take_link(sequencer, group);
    sequencer->last_requests = group->requests;
    sequencer->open_delay_us = 0;
    answer_all(sequencer, group, NULL);
}

void accord_group_settle(struct accord_sequencer *sequencer, const struct accord_error *error)
{
    struct accord_group *group = sequencer->under_way;
    if (group == NULL)
        return;
    if (group->base + group->count <= accord_log_size(sequencer->log))
        acknowledge(sequencer, group);
    else if (error != NULL)
        fail(sequencer, group, error);
    else
        return;
    sequencer->under_way = NULL;
}

void accord_group_put(struct accord_sequencer *sequencer)
{
    struct accord_group *group = sequencer->gathering;
    struct accord_error error;
    group->begun_us = sequencer->seams.now_us();
    const uint8_t(*hashes)[ACCORD_HASH_SIZE] = group->hashed ? (const uint8_t(*)[ACCORD_HASH_SIZE])group->hashes : NULL;
    /* With little behind it the group is flushed at once, and a thread for its sync would be woken for nothing. */
    bool soon = sequencer->pending_bytes < ACCORD_CHAIN_BYTES;
    enum accord_status status =
        accord_log_put_hashed(sequencer->log, group->entries, hashes, group->count, soon, &error);
    accord_group_settle(sequencer, status == ACCORD_OK ? NULL : &error);
    sequencer->gathering = NULL;
    if (status == ACCORD_OK)
        sequencer->under_way = group;
    else
        fail(sequencer, group, &error);
    accord_sequencer_examine(sequencer);
}

void accord_group_flush(struct accord_sequencer *sequencer)
{
    struct accord_error error;
    enum accord_status status = accord_log_flush(sequencer->log, &error);
    accord_group_settle(sequencer, status == ACCORD_OK ? NULL : &error);
    accord_sequencer_examine(sequencer);
}
