/* The sequencer: gives entries their places, and sees to the order in which things become durable. Knows that order;
 * refuses to know how the storage keeps its word (store.h) and how tiles are cut (edge.h). */
#include "log/log.h"

#include <stdlib.h>
#include <string.h>

#include "accord/note.h"
#include "accord/tile.h"
#include "log/edge.h"
#include "log/hasher.h"
#include "log/objects.h"

/* The journal is emptied once it holds so much: the disk need not hold every entry twice, and opening the log after a
 * crash reads all of it. */
#define JOURNAL_SIZE_MAX ((uint64_t)128 << 20)
/* And on opening once it holds so much: or each of many short-lived processes would replay what the last one did. */
#define REPLAY_SIZE_MAX ((uint64_t)1 << 20)
#define UNITS_MAX ACCORD_HASHER_UNITS(ACCORD_LOG_APPEND_COUNT_MAX)
#define CACHED_TILES 4
/* On opening, how many entries before the oldest tree that counts are looked at for partial tiles: a power cut brings
 * back what was removed shortly before it. */
#define SWEPT_BEHIND ((uint64_t)256 * ACCORD_TILE_WIDTH)

/* A batch on its way into the log. */
struct slot {
    struct accord_leaves leaves;
    struct accord_growth growth;
    uint32_t starts[UNITS_MAX];
    uint8_t roots[UNITS_MAX][ACCORD_HASH_SIZE];
    uint8_t (*hashes)[ACCORD_HASH_SIZE];
    uint64_t capacity; /* hashes */
};

/* A tree, as far as one has to know it to sign it. */
struct tree {
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
};

/* What takes long, and runs on the store's thread. It may be over before whoever began it asks. */
struct job {
    enum { NO_JOB, SEAL, PUBLISH } kind;
    bool over;
    enum accord_status status;
    struct accord_error error;
    struct tree tree; /* that is being sealed or published */
};

struct accord_log {
    const struct accord_crypto *crypto;
    struct accord_store store;
    struct accord_edge edge;
    struct accord_hasher *hasher;
    uint64_t base;                   /* of the journal */
    uint64_t journal_max;            /* bytes of batches in it */
    uint64_t settled;                /* the largest tree whose tiles are all there and durable */
    struct tree sealed;              /* the one that may be signed */
    struct accord_buffer checkpoint; /* the published one */
    uint64_t published;              /* its size */
    struct job job;
    struct slot slots[2];
    struct slot *under_way;                    /* the batch whose commit was begun and not waited for, or NULL */
    struct accord_buffer leaves[CACHED_TILES]; /* tiles of level 0, by their index modulo so many */
    uint64_t leaves_index[CACHED_TILES];
    bool broken; /* what the storage holds is not known any more */
    struct accord_error why;
};

/* Invariants: published <= sealed <= settled <= size of the edge, and base <= settled. While not broken, the head's
 * base is base and its committed batches lead from there to the edge; the batch under way comes after it. */

static enum accord_status break_log(struct accord_log *log, const struct accord_error *why, struct accord_error *error)
{
    log->broken = true;
    log->why = *why;
    if (error != NULL)
        *error = *why;
    return why->status;
}

static enum accord_status is_broken(const struct accord_log *log, struct accord_error *error)
{
    if (error != NULL)
        *error = log->why;
    accord_error_expected(error, ACCORD_LITERAL("that the log is opened again: an earlier write failed"));
    return log->why.status;
}

/* Batches */

static enum accord_status batch_refuse(enum accord_status status, uint64_t entry, struct accord_bytes expected,
                                       struct accord_error *error)
{
    accord_fail(error, status, 0);
    accord_error_what(error, ACCORD_LITERAL("batch, entry number, counted from 0"));
    accord_error_expected(error, expected);
    accord_error_found_number(error, entry);
    return status;
}

/* Walks the batch once: how many entries, and where each unit of them starts. */
static enum accord_status batch_measure(struct slot *slot, struct accord_bytes entries, uint64_t skew, uint64_t *count,
                                        struct accord_error *error)
{
    size_t cursor = 0;
    struct accord_bytes entry;
    *count = 0;
    if (entries.size > ACCORD_LOG_APPEND_SIZE_MAX)
        return batch_refuse(ACCORD_TOO_LARGE, 0, ACCORD_LITERAL("at most 8 MiB in one append"), error);
    while (cursor < entries.size) {
        if (*count == ACCORD_LOG_APPEND_COUNT_MAX)
            return batch_refuse(ACCORD_TOO_LARGE, *count, ACCORD_LITERAL("fewer entries in one append"), error);
        if (*count == 0 || (*count + skew) % ACCORD_HASHER_UNIT == 0)
            slot->starts[(*count + skew) / ACCORD_HASHER_UNIT] = (uint32_t)cursor;
        if (!accord_bundle_next(entries, &cursor, &entry))
            return batch_refuse(ACCORD_MALFORMED, *count, ACCORD_LITERAL("a uint16 length and as many bytes"), error);
        if (entry.size == 0)
            return batch_refuse(ACCORD_MALFORMED, *count, ACCORD_LITERAL("an entry of 1 to 65535 bytes"), error);
        ++*count;
    }
    if (*count == 0)
        return batch_refuse(ACCORD_MALFORMED, 0, ACCORD_LITERAL("at least one entry"), error);
    return ACCORD_OK;
}

static enum accord_status hashes_reserve(struct slot *slot, uint64_t count, struct accord_error *error)
{
    if (count <= slot->capacity)
        return ACCORD_OK;
    free(slot->hashes);
    slot->capacity = 0;
    slot->hashes = malloc((size_t)count * ACCORD_HASH_SIZE);
    if (slot->hashes == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    slot->capacity = count;
    return ACCORD_OK;
}

/* hashes are those of the leaves where they are known, else NULL. */
static enum accord_status batch_prepare(struct slot *slot, struct accord_bytes entries,
                                        const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t first,
                                        struct accord_error *error)
{
    uint64_t count, skew = first % ACCORD_HASHER_UNIT;
    enum accord_status status = batch_measure(slot, entries, skew, &count, error);
    if (status == ACCORD_OK && hashes == NULL)
        status = hashes_reserve(slot, count, error);
    slot->leaves = (struct accord_leaves){.entries = entries,
                                          .count = count,
                                          .skew = skew,
                                          .starts = slot->starts,
                                          .known = hashes != NULL,
                                          .hashes = slot->hashes,
                                          .roots = slot->roots};
    if (hashes != NULL) /* they are only read */
        slot->leaves.hashes = (uint8_t(*)[ACCORD_HASH_SIZE])(uintptr_t)hashes;
    return status;
}

/* The tree that the next batch comes after. */
static const struct accord_frontier *tip(const struct accord_log *log)
{
    return log->under_way != NULL ? &log->under_way->growth.frontier : &log->edge.frontier;
}

/* Stages the batch while its leaves are hashed. */
static enum accord_status batch_stage(struct accord_log *log, struct slot *slot, struct accord_error *error)
{
    const struct accord_leaves *leaves = &slot->leaves;
    accord_hasher_begin(log->hasher, leaves);
    enum accord_status status =
        log->store.batch_stage(log->store.context, tip(log)->size, leaves->count, leaves->entries, error);
    accord_hasher_finish(log->hasher);
    if (status == ACCORD_OK)
        accord_edge_grow(&log->edge, tip(log), leaves, &slot->growth);
    return status;
}

static enum accord_status batch_begin(struct accord_log *log, struct slot *slot, bool behind,
                                      struct accord_error *error)
{
    uint8_t root[ACCORD_HASH_SIZE];
    accord_frontier_root(log->crypto, &slot->growth.frontier, root);
    enum accord_status status = log->store.batch_commit_begin(log->store.context, root, behind, error);
    if (status == ACCORD_OK)
        log->under_way = slot;
    return status;
}

/* Waits for the batch that is under way, if any, and takes it from there. */
static enum accord_status batch_end(struct accord_log *log, struct slot **committed, struct accord_error *error)
{
    struct accord_error why;
    *committed = log->under_way;
    log->under_way = NULL;
    if (*committed == NULL || log->store.batch_commit_wait(log->store.context, &why) == ACCORD_OK)
        return ACCORD_OK;
    *committed = NULL;
    return break_log(log, &why, error);
}

static enum accord_status batch_write(struct accord_log *log, const struct slot *slot, struct accord_error *error)
{
    const struct accord_leaves *leaves = &slot->leaves;
    return accord_edge_append(&log->edge, &log->store, leaves->entries, leaves->count,
                              (const uint8_t(*)[ACCORD_HASH_SIZE])leaves->hashes, &slot->growth, log->published, error);
}

/* Once the batch is committed it is in the log, whatever becomes of its tiles: if writing them fails the caller is told
 * that the entries are in, and the next call that something is wrong. Opening the log again writes the tiles. */
static void batch_apply(struct accord_log *log, const struct slot *slot)
{
    struct accord_error why;
    if (slot == NULL)
        return;
    enum accord_status status = batch_write(log, slot, &why);
    log->edge.frontier = slot->growth.frontier;
    if (status != ACCORD_OK)
        (void)break_log(log, &why, NULL);
}

/* Jobs */

/* Ends the job that was begun, where it is over, or in any case where wait is true; its beginner reads how it went.
 * What a seal that failed had to make durable is not, and no later settle would speak of it. A checkpoint that could
 * not be written is another matter, but not a sync of it that failed. */
static void job_end(struct accord_log *log, bool wait)
{
    struct job *job = &log->job;
    if (job->kind == NO_JOB || job->over)
        return;
    job->over = log->store.job_end(log->store.context, wait, &job->status, &job->error);
    if (!job->over || job->status == ACCORD_OK)
        return;
    if (job->kind == SEAL || log->store.health(log->store.context) == ACCORD_LOG_SYNC_FAILED)
        (void)break_log(log, &job->error, NULL);
}

/* One job at a time: waits for the one before, which stays to be ended. */
static enum accord_status settle_now(struct accord_log *log, struct accord_error *error)
{
    enum accord_status status;
    job_end(log, true);
    if (log->broken)
        return is_broken(log, error);
    log->store.settle_begin(log->store.context);
    (void)log->store.job_end(log->store.context, true, &status, error);
    return status;
}

/* Kept is what readers of the published tree, or of one that may be published yet, ask for, and what opening the log
 * begins from. */
static void sweep(const struct accord_log *log, uint64_t old, uint64_t now)
{
    const uint64_t keep[] = {log->base, log->published, log->sealed.size,
                             log->job.kind != NO_JOB ? log->job.tree.size : 0};
    accord_edge_sweep(&log->store, old, now, keep, sizeof keep / sizeof *keep);
}

static void is_settled(struct accord_log *log, uint64_t size)
{
    uint64_t old = log->settled;
    if (size <= old)
        return;
    log->settled = size;
    sweep(log, old, size);
}

/* Makes the tiles of all that was committed durable, and empties the staging area. Nothing is under way. */
static enum accord_status settle(struct accord_log *log, struct accord_error *error)
{
    uint64_t size = log->edge.frontier.size;
    struct accord_error why;
    enum accord_status status = ACCORD_OK;
    if (log->settled != size) {
        status = accord_edge_partials(&log->edge, &log->store, log->settled, &why);
        if (status == ACCORD_OK)
            status = settle_now(log, &why);
    }
    if (status == ACCORD_OK && log->base != size)
        status = log->store.head_move(log->store.context, &log->edge.frontier, &why);
    if (status != ACCORD_OK)
        return break_log(log, &why, error);
    uint64_t old = log->base;
    log->base = size;
    is_settled(log, size);
    sweep(log, old, size);
    return ACCORD_OK;
}

/* The present tree, which is settled, becomes the sealed one. */
static void seal(struct accord_log *log, const struct tree *tree)
{
    uint64_t old = log->sealed.size;
    log->sealed = *tree;
    sweep(log, old, tree->size);
}

static struct tree present(const struct accord_log *log)
{
    struct tree tree = {.size = log->edge.frontier.size};
    accord_frontier_root(log->crypto, &log->edge.frontier, tree.root);
    return tree;
}

static struct slot *free_slot(struct accord_log *log)
{
    return log->under_way == &log->slots[0] ? &log->slots[1] : &log->slots[0];
}

/* The order is that of a pipeline: this batch is staged and hashed while the one before it is being made durable, and
 * the tiles of that one are written while this one is. */
static enum accord_status put(struct accord_log *log, struct accord_bytes entries,
                              const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t known, bool behind,
                              struct accord_error *error)
{
    struct slot *slot = free_slot(log), *before;
    enum accord_status status = batch_prepare(slot, entries, hashes, tip(log)->size, error);
    if (status == ACCORD_OK && hashes != NULL && slot->leaves.count != known)
        abort();
    if (status == ACCORD_OK)
        status = batch_stage(log, slot, error);
    enum accord_status ended = batch_end(log, &before, error);
    if (ended != ACCORD_OK)
        status = ended;
    if (status == ACCORD_OK)
        status = batch_begin(log, slot, behind, error);
    batch_apply(log, before);
    return status;
}

static enum accord_status put_next(struct accord_log *log, struct accord_bytes entries,
                                   const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t known, bool behind,
                                   struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    if (log->store.batch_bytes(log->store.context) > log->journal_max)
        status = accord_log_flush(log, error);
    if (status == ACCORD_OK && log->broken)
        status = is_broken(log, error);
    return status == ACCORD_OK ? put(log, entries, hashes, known, behind, error) : status;
}

enum accord_status accord_log_put(struct accord_log *log, struct accord_bytes entries, struct accord_error *error)
{
    return put_next(log, entries, NULL, 0, true, error);
}

enum accord_status accord_log_put_hashed(struct accord_log *log, struct accord_bytes entries,
                                         const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t count, bool soon,
                                         struct accord_error *error)
{
    return put_next(log, entries, hashes, count, !soon, error);
}

enum accord_status accord_log_hash(struct accord_log *log, struct accord_bytes entries,
                                   uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t capacity, uint64_t *count,
                                   struct accord_error *error)
{
    struct slot *slot = free_slot(log);
    enum accord_status status = batch_measure(slot, entries, 0, count, error);
    if (status == ACCORD_OK && *count > capacity)
        status = batch_refuse(ACCORD_TOO_LARGE, capacity, ACCORD_LITERAL("room for their hashes"), error);
    if (status != ACCORD_OK)
        return status;
    slot->leaves = (struct accord_leaves){
        .entries = entries, .count = *count, .starts = slot->starts, .hashes = hashes, .roots = slot->roots};
    accord_hasher_begin(log->hasher, &slot->leaves);
    accord_hasher_finish(log->hasher);
    return ACCORD_OK;
}

enum accord_status accord_log_flush(struct accord_log *log, struct accord_error *error)
{
    struct slot *committed;
    struct accord_error why;
    if (log->broken)
        return is_broken(log, error);
    enum accord_status status = batch_end(log, &committed, error);
    if (status != ACCORD_OK)
        return status;
    batch_apply(log, committed);
    if (!log->broken && log->store.batch_bytes(log->store.context) > log->journal_max)
        (void)settle(log, &why);
    return ACCORD_OK;
}

/* For those who go on: a batch that was flushed may have broken the log after it was acknowledged. */
static enum accord_status flush_all(struct accord_log *log, struct accord_error *error)
{
    enum accord_status status = accord_log_flush(log, error);
    return status == ACCORD_OK && log->broken ? is_broken(log, error) : status;
}

enum accord_status accord_log_append(struct accord_log *log, struct accord_bytes entries, uint64_t *first,
                                     uint64_t *count, struct accord_error *error)
{
    enum accord_status status = flush_all(log, error);
    uint64_t before = log->edge.frontier.size;
    if (status == ACCORD_OK)
        status = put(log, entries, NULL, 0, false, error);
    if (status == ACCORD_OK)
        status = accord_log_flush(log, error);
    if (status != ACCORD_OK)
        return status;
    *first = before;
    *count = log->edge.frontier.size - before;
    return ACCORD_OK;
}

struct accord_bytes accord_log_cut(struct accord_bytes *rest, size_t size)
{
    size_t cursor = 0, end = 0;
    struct accord_bytes entry;
    for (uint64_t count = 0; count < ACCORD_LOG_APPEND_COUNT_MAX && end < size; count++) {
        if (!accord_bundle_next(*rest, &cursor, &entry))
            break;
        if (count > 0 && (cursor > size || cursor > ACCORD_LOG_APPEND_SIZE_MAX))
            break;
        end = cursor;
    }
    struct accord_bytes piece = {rest->data, end};
    *rest = (struct accord_bytes){end == 0 ? rest->data : rest->data + end, rest->size - end};
    return piece;
}

uint64_t accord_log_size(const struct accord_log *log)
{
    return log->edge.frontier.size;
}

void accord_log_root(const struct accord_log *log, uint8_t root[ACCORD_HASH_SIZE])
{
    accord_frontier_root(log->crypto, &log->edge.frontier, root);
}

struct accord_bytes accord_log_checkpoint(const struct accord_log *log)
{
    return accord_buffer_bytes(&log->checkpoint);
}

enum accord_log_health accord_log_health(const struct accord_log *log)
{
    enum accord_log_health health = log->store.health(log->store.context);
    return health == ACCORD_LOG_SOUND && log->broken ? ACCORD_LOG_TO_REOPEN : health;
}

/* The tile of level 0 that holds a leaf below the edge's unfinished one. */
static enum accord_status leaf_tile(struct accord_log *log, uint64_t index, struct accord_buffer **bytes,
                                    struct accord_error *error)
{
    struct accord_tile tile = {false, 0, index / ACCORD_TILE_WIDTH, ACCORD_TILE_WIDTH};
    size_t place = (size_t)(tile.index % CACHED_TILES);
    struct accord_buffer *cached = &log->leaves[place];
    *bytes = cached;
    if (cached->size == ACCORD_TILE_SIZE_MAX && log->leaves_index[place] == tile.index)
        return ACCORD_OK;
    enum accord_status status = accord_object_read(&log->store, &tile, cached, error);
    log->leaves_index[place] = tile.index;
    if (status != ACCORD_OK)
        cached->size = 0;
    return status;
}

enum accord_status accord_log_leaf(struct accord_log *log, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE],
                                   struct accord_error *error)
{
    uint64_t size = accord_log_size(log);
    struct accord_buffer *tile;
    if (index >= size) {
        accord_fail(error, ACCORD_WRONG_INDEX, 0);
        accord_error_expected_number(error, size);
        accord_error_found_number(error, index);
        return ACCORD_WRONG_INDEX;
    }
    if (log->broken) /* the edge may be, too */
        return is_broken(log, error);
    size_t place = (size_t)(index % ACCORD_TILE_WIDTH);
    if (index / ACCORD_TILE_WIDTH == size / ACCORD_TILE_WIDTH) {
        memcpy(hash, log->edge.tiles[0][place], ACCORD_HASH_SIZE);
        return ACCORD_OK;
    }
    enum accord_status status = leaf_tile(log, index, &tile, error);
    if (status == ACCORD_OK)
        memcpy(hash, tile->data + place * ACCORD_HASH_SIZE, ACCORD_HASH_SIZE);
    return status;
}

/* Sealing */

enum accord_status accord_log_seal_begin(struct accord_log *log, struct accord_error *error)
{
    struct job *job = &log->job;
    if (job->kind != NO_JOB)
        abort();
    enum accord_status status = flush_all(log, error);
    struct accord_error why;
    struct tree tree = present(log);
    bool settles = tree.size != log->settled;
    if (status == ACCORD_OK && settles &&
        accord_edge_partials(&log->edge, &log->store, log->settled, &why) != ACCORD_OK)
        status = break_log(log, &why, error);
    if (status != ACCORD_OK)
        return status;
    *job = (struct job){.kind = SEAL, .over = !settles, .tree = tree};
    if (settles)
        log->store.settle_begin(log->store.context);
    return ACCORD_OK;
}

enum accord_status accord_log_seal_end(struct accord_log *log, bool wait, bool *done, struct accord_error *error)
{
    struct job *job = &log->job;
    if (job->kind != SEAL)
        abort();
    job_end(log, wait);
    *done = job->over;
    if (!job->over)
        return ACCORD_OK;
    struct job ended = *job;
    job->kind = NO_JOB;
    if (ended.status != ACCORD_OK) {
        if (error != NULL)
            *error = ended.error;
        return ended.status;
    }
    is_settled(log, ended.tree.size);
    seal(log, &ended.tree);
    return ACCORD_OK;
}

uint64_t accord_log_sealed(const struct accord_log *log, uint8_t root[ACCORD_HASH_SIZE])
{
    memcpy(root, log->sealed.root, ACCORD_HASH_SIZE);
    return log->sealed.size;
}

void accord_log_wake(struct accord_log *log, void (*wake)(void *context), void *context)
{
    log->store.job_wake(log->store.context, wake, context);
}

enum accord_status accord_log_integrate(struct accord_log *log, struct accord_error *error)
{
    enum accord_status status = flush_all(log, error);
    if (status == ACCORD_OK)
        status = settle(log, error);
    if (status != ACCORD_OK)
        return status;
    struct tree tree = present(log);
    seal(log, &tree);
    return ACCORD_OK;
}

/* Checkpoints */

static enum accord_status diverged(const char *what, uint64_t expected, uint64_t found, struct accord_error *error)
{
    accord_fail(error, ACCORD_LOG_DIVERGED, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)what, strlen(what)});
    accord_error_expected_number(error, expected);
    accord_error_found_number(error, found);
    return ACCORD_LOG_DIVERGED;
}

static enum accord_status check_tree(const struct accord_checkpoint_claim *claim, const struct tree *tree,
                                     struct accord_error *error)
{
    if (claim->size != tree->size)
        return diverged("the checkpoint's size", tree->size, claim->size, error);
    if (memcmp(tree->root, claim->root, sizeof tree->root) != 0) {
        accord_fail(error, ACCORD_LOG_DIVERGED, 0);
        accord_error_what(error, ACCORD_LITERAL("the checkpoint's root"));
        return ACCORD_LOG_DIVERGED;
    }
    return ACCORD_OK;
}

/* Reads the published checkpoint into the log. */
static enum accord_status checkpoint_load(struct accord_log *log, struct accord_checkpoint_claim *claim,
                                          struct accord_error *error)
{
    log->checkpoint.size = 0;
    enum accord_status status = log->store.read(log->store.context, "checkpoint", &log->checkpoint, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(claim, accord_buffer_bytes(&log->checkpoint), error);
    if (status == ACCORD_OK)
        log->published = claim->size;
    return status;
}

static enum accord_status check_publish(const struct accord_log *log, struct accord_bytes checkpoint,
                                        struct accord_error *error)
{
    struct accord_checkpoint_claim claim, old;
    enum accord_status status = accord_checkpoint_parse(&claim, checkpoint, error);
    if (status == ACCORD_OK)
        status = check_tree(&claim, &log->sealed, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&old, accord_buffer_bytes(&log->checkpoint), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_bytes_equal(claim.origin, old.origin)) {
        accord_fail(error, ACCORD_WRONG_KEY, 0);
        accord_error_what(error, ACCORD_LITERAL("the checkpoint's origin"));
        accord_error_expected(error, old.origin);
        accord_error_found(error, claim.origin);
        return ACCORD_WRONG_KEY;
    }
    return ACCORD_OK;
}

enum accord_status accord_log_publish_begin(struct accord_log *log, struct accord_bytes checkpoint,
                                            struct accord_error *error)
{
    if (log->job.kind != NO_JOB)
        abort();
    enum accord_status status = flush_all(log, error);
    if (status == ACCORD_OK)
        status = check_publish(log, checkpoint, error);
    if (status == ACCORD_OK)
        status = log->store.checkpoint_move_begin(log->store.context, checkpoint, error);
    if (status == ACCORD_OK)
        log->job = (struct job){.kind = PUBLISH, .tree = log->sealed};
    return status;
}

/* A move that failed may have happened all the same, so what is published is read back. */
enum accord_status accord_log_publish_end(struct accord_log *log, bool wait, bool *done, struct accord_error *error)
{
    struct job *job = &log->job;
    if (job->kind != PUBLISH)
        abort();
    job_end(log, wait);
    *done = job->over;
    if (!job->over)
        return ACCORD_OK;
    struct job ended = *job;
    job->kind = NO_JOB;
    uint64_t old = log->published;
    struct accord_checkpoint_claim claim;
    struct accord_error reading;
    if (checkpoint_load(log, &claim, &reading) != ACCORD_OK)
        return break_log(log, ended.status == ACCORD_OK ? &reading : &ended.error, error);
    if (ended.status == ACCORD_OK)
        sweep(log, old, log->published);
    else if (error != NULL)
        *error = ended.error;
    return ended.status;
}

enum accord_status accord_log_publish(struct accord_log *log, struct accord_bytes checkpoint,
                                      struct accord_error *error)
{
    bool done;
    enum accord_status status = accord_log_publish_begin(log, checkpoint, error);
    return status == ACCORD_OK ? accord_log_publish_end(log, true, &done, error) : status;
}

/* Opening */

enum accord_status accord_log_create(const struct accord_fs *fs, const struct accord_crypto *crypto, const char *dir,
                                     struct accord_bytes checkpoint, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct tree empty = {.size = 0};
    accord_merkle_empty_root(crypto, empty.root);
    enum accord_status status = accord_checkpoint_parse(&claim, checkpoint, error);
    if (status == ACCORD_OK)
        status = check_tree(&claim, &empty, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_store store;
    status = accord_store_dir_open(&store, fs, crypto, dir, error);
    if (status == ACCORD_OK)
        status = accord_store_dir_create(&store, checkpoint, error);
    accord_store_dir_close(&store);
    return status;
}

/* Where the tree has the published one's size, it must be that. */
static enum accord_status pass_published(struct accord_log *log, const struct accord_checkpoint_claim *claim,
                                         struct accord_error *error)
{
    struct tree tree = present(log);
    if (tree.size != claim->size)
        return ACCORD_OK;
    log->sealed = tree;
    return check_tree(claim, &tree, error);
}

/* Takes the batches that were committed since the base. One that does not lead to its root was never finished, and ends
 * the replay. */
static enum accord_status replay(struct accord_log *log, const struct accord_checkpoint_claim *claim,
                                 struct accord_error *error)
{
    for (;;) {
        struct slot *slot = &log->slots[0];
        const struct accord_leaves *leaves = &slot->leaves;
        struct accord_batch batch;
        struct accord_error unfinished;
        uint8_t root[ACCORD_HASH_SIZE];
        bool found;
        enum accord_status status = log->store.batch_next(log->store.context, &batch, &found, error);
        if (status != ACCORD_OK || !found)
            return status;
        status = batch_prepare(slot, batch.entries, NULL, log->edge.frontier.size, &unfinished);
        if (status == ACCORD_NO_MEMORY)
            return accord_fail(error, status, 0);
        if (status != ACCORD_OK || batch.first != log->edge.frontier.size || batch.count != leaves->count)
            return ACCORD_OK;
        accord_hasher_begin(log->hasher, leaves);
        accord_hasher_finish(log->hasher);
        accord_edge_grow(&log->edge, &log->edge.frontier, leaves, &slot->growth);
        accord_frontier_root(log->crypto, &slot->growth.frontier, root);
        if (memcmp(root, batch.root, sizeof root) != 0)
            return ACCORD_OK;
        log->store.batch_keep(log->store.context);
        status = batch_write(log, slot, error);
        if (status == ACCORD_OK)
            status = pass_published(log, claim, error);
        if (status != ACCORD_OK)
            return status;
    }
}

/* Where the published tree is one from before the base, its root was compared when that was settled. */
static enum accord_status check_published(struct accord_log *log, const struct accord_checkpoint_claim *claim,
                                          struct accord_error *error)
{
    if (claim->size >= log->base && log->sealed.size != claim->size)
        return diverged("the published checkpoint's size", log->edge.frontier.size, claim->size, error);
    if (claim->size < log->base) {
        log->sealed.size = claim->size;
        memcpy(log->sealed.root, claim->root, ACCORD_HASH_SIZE);
    }
    return ACCORD_OK;
}

/* The tree is known again; what is durable of it is what was settled before, and what was published. */
static enum accord_status recovered(struct accord_log *log, struct accord_error *error)
{
    log->settled = log->published > log->base ? log->published : log->base;
    bool moves = log->store.batch_bytes(log->store.context) > REPLAY_SIZE_MAX;
    uint64_t old = log->published < log->base ? log->published : log->base;
    old = old > SWEPT_BEHIND ? old - SWEPT_BEHIND : 0;
    enum accord_status status = log->store.batch_end(log->store.context, moves, error);
    if (status == ACCORD_OK && moves)
        status = accord_log_integrate(log, error);
    const uint64_t keep[] = {log->base, log->published};
    if (status == ACCORD_OK)
        accord_edge_sweep_all(&log->store, old, log->edge.frontier.size, keep, sizeof keep / sizeof *keep);
    return status;
}

static enum accord_status recover(struct accord_log *log, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_frontier base;
    enum accord_status status = checkpoint_load(log, &claim, error);
    if (status == ACCORD_OK)
        status = log->store.head_read(log->store.context, &base, error);
    if (status == ACCORD_OK)
        status = accord_edge_load(&log->edge, &log->store, &base, error);
    if (status != ACCORD_OK)
        return status;
    log->base = base.size;
    log->sealed.size = UINT64_MAX; /* no tree was met that is the published one */
    status = pass_published(log, &claim, error);
    if (status == ACCORD_OK)
        status = replay(log, &claim, error);
    if (status == ACCORD_OK)
        status = check_published(log, &claim, error);
    return status == ACCORD_OK ? recovered(log, error) : status;
}

enum accord_status accord_log_open(struct accord_log **out, const struct accord_fs *fs,
                                   const struct accord_crypto *crypto, const char *dir, bool wait,
                                   struct accord_error *error)
{
    *out = NULL;
    struct accord_log *log = calloc(1, sizeof *log);
    struct accord_hasher *hasher = accord_hasher_new(crypto);
    if (log == NULL || hasher == NULL) {
        free(log);
        accord_hasher_free(hasher);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    log->crypto = crypto;
    log->hasher = hasher;
    log->journal_max = JOURNAL_SIZE_MAX;
    accord_edge_init(&log->edge, crypto);
    accord_buffer_init(&log->checkpoint, ACCORD_NOTE_SIZE_MAX);
    for (size_t i = 0; i < CACHED_TILES; i++)
        accord_buffer_init(&log->leaves[i], ACCORD_TILE_SIZE_MAX);
    enum accord_status status = accord_store_dir_open(&log->store, fs, crypto, dir, error);
    if (status == ACCORD_OK)
        status = accord_store_dir_lock(&log->store, wait, error);
    if (status == ACCORD_OK)
        status = recover(log, error);
    if (status != ACCORD_OK) {
        accord_log_close(log);
        return status;
    }
    *out = log;
    return ACCORD_OK;
}

void accord_log_close(struct accord_log *log)
{
    if (log == NULL)
        return;
    accord_store_dir_close(&log->store);
    accord_hasher_free(log->hasher);
    accord_edge_free(&log->edge);
    accord_buffer_free(&log->checkpoint);
    for (size_t i = 0; i < CACHED_TILES; i++)
        accord_buffer_free(&log->leaves[i]);
    free(log->slots[0].hashes);
    free(log->slots[1].hashes);
    free(log);
}

void accord_log_sync(struct accord_log *log, enum accord_log_syncing mode)
{
    accord_store_dir_sync(&log->store, mode);
}

void accord_log_journal_max(struct accord_log *log, uint64_t bytes)
{
    log->journal_max = bytes;
}
