/* The sequencer: gives entries their places, and sees to the order in which things become durable. Knows that order;
 * refuses to know how the storage keeps its word (store.h) and how tiles are cut (edge.h). */
#include "log/log.h"

#include <stdlib.h>
#include <string.h>

#include "accord/note.h"
#include "accord/tile.h"
#include "log/edge.h"
#include "log/hasher.h"
#include "log/store.h"

/* The journal is emptied once it holds so much: the disk need not hold every entry twice. */
#define JOURNAL_SIZE_MAX ((uint64_t)256 << 20)
/* And on opening once it holds so much: or each of many short-lived processes would replay what the last one did. */
#define REPLAY_SIZE_MAX ((uint64_t)1 << 20)
#define UNITS_MAX ACCORD_HASHER_UNITS(ACCORD_LOG_APPEND_COUNT_MAX)

/* A batch on its way into the log. */
struct slot {
    struct accord_leaves leaves;
    struct accord_growth growth;
    uint32_t starts[UNITS_MAX];
    uint8_t roots[UNITS_MAX][ACCORD_HASH_SIZE];
    uint8_t (*hashes)[ACCORD_HASH_SIZE];
    uint64_t capacity; /* hashes */
};

struct accord_log {
    const struct accord_crypto *crypto;
    struct accord_store store;
    struct accord_edge edge;
    struct accord_hasher *hasher;
    uint64_t base;                   /* the tree whose tiles are all there and durable */
    struct accord_buffer checkpoint; /* the published one */
    uint64_t published;              /* its size */
    struct slot slots[2];
    struct slot *under_way; /* the batch whose commit was begun and not waited for, or NULL */
    bool broken;            /* what the storage holds is not known any more */
    struct accord_error why;
};

/* Invariants: published <= base <= size of the edge. While not broken, the head's base is base and its committed
 * batches lead from there to the edge; the batch under way comes after it. */

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

static enum accord_status batch_prepare(struct slot *slot, struct accord_bytes entries, uint64_t first,
                                        struct accord_error *error)
{
    uint64_t count, skew = first % ACCORD_HASHER_UNIT;
    enum accord_status status = batch_measure(slot, entries, skew, &count, error);
    if (status == ACCORD_OK)
        status = hashes_reserve(slot, count, error);
    slot->leaves = (struct accord_leaves){entries, count, skew, slot->starts, slot->hashes, slot->roots};
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
    return accord_edge_append(&log->edge, &log->store, leaves->entries, leaves->count, slot->hashes, &slot->growth,
                              log->published, error);
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

/* Makes the tiles of all that was committed durable, and empties the staging area. Nothing is under way. */
static enum accord_status settle(struct accord_log *log, struct accord_error *error)
{
    uint64_t size = log->edge.frontier.size;
    if (log->base == size)
        return ACCORD_OK;
    struct accord_error why;
    enum accord_status status = accord_edge_partials(&log->edge, &log->store, log->base, &why);
    if (status == ACCORD_OK)
        status = log->store.settle(log->store.context, &why);
    if (status == ACCORD_OK)
        status = log->store.head_move(log->store.context, &log->edge.frontier, &why);
    if (status != ACCORD_OK)
        return break_log(log, &why, error);
    uint64_t old = log->base;
    log->base = size;
    accord_edge_sweep(&log->store, old, size, log->published);
    return ACCORD_OK;
}

/* The order is that of a pipeline: this batch is staged and hashed while the one before it is being made durable, and
 * the tiles of that one are written while this one is. */
static enum accord_status put(struct accord_log *log, struct accord_bytes entries, bool behind,
                              struct accord_error *error)
{
    struct slot *slot = log->under_way == &log->slots[0] ? &log->slots[1] : &log->slots[0], *before;
    enum accord_status status = batch_prepare(slot, entries, tip(log)->size, error);
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

enum accord_status accord_log_put(struct accord_log *log, struct accord_bytes entries, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    if (log->store.batch_bytes(log->store.context) > JOURNAL_SIZE_MAX)
        status = accord_log_flush(log, error);
    if (status == ACCORD_OK && log->broken)
        status = is_broken(log, error);
    return status == ACCORD_OK ? put(log, entries, true, error) : status;
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
    if (!log->broken && log->store.batch_bytes(log->store.context) > JOURNAL_SIZE_MAX)
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
        status = put(log, entries, false, error);
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

enum accord_status accord_log_integrate(struct accord_log *log, struct accord_error *error)
{
    enum accord_status status = flush_all(log, error);
    return status == ACCORD_OK ? settle(log, error) : status;
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

static enum accord_status check_tree(const struct accord_checkpoint_claim *claim, const struct accord_crypto *crypto,
                                     const struct accord_frontier *tree, struct accord_error *error)
{
    if (claim->size != tree->size)
        return diverged("the checkpoint's size", tree->size, claim->size, error);
    uint8_t root[ACCORD_HASH_SIZE];
    accord_frontier_root(crypto, tree, root);
    if (memcmp(root, claim->root, sizeof root) != 0) {
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
        status = check_tree(&claim, log->crypto, &log->edge.frontier, error);
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
    if (log->base != claim.size)
        return diverged("tiles of the tree to publish", claim.size, log->base, error);
    return ACCORD_OK;
}

/* A move that failed may have happened all the same, so what is published is read back. */
enum accord_status accord_log_publish(struct accord_log *log, struct accord_bytes checkpoint,
                                      struct accord_error *error)
{
    enum accord_status status = flush_all(log, error);
    if (status == ACCORD_OK)
        status = check_publish(log, checkpoint, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_error why;
    status = log->store.checkpoint_move(log->store.context, checkpoint, &why);
    uint64_t old = log->published;
    struct accord_checkpoint_claim claim;
    struct accord_error reading;
    if (checkpoint_load(log, &claim, &reading) != ACCORD_OK)
        return break_log(log, status == ACCORD_OK ? &reading : &why, error);
    if (status == ACCORD_OK)
        accord_edge_sweep(&log->store, old, log->published, log->published);
    else if (error != NULL)
        *error = why;
    return status;
}

/* Opening */

enum accord_status accord_log_create(const struct accord_fs *fs, const struct accord_crypto *crypto, const char *dir,
                                     struct accord_bytes checkpoint, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_frontier empty;
    memset(&empty, 0, sizeof empty);
    enum accord_status status = accord_checkpoint_parse(&claim, checkpoint, error);
    if (status == ACCORD_OK)
        status = check_tree(&claim, crypto, &empty, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_store store;
    status = accord_store_dir_open(&store, fs, crypto, dir, error);
    if (status == ACCORD_OK)
        status = accord_store_dir_create(&store, checkpoint, error);
    accord_store_dir_close(&store);
    return status;
}

/* Takes the batches that were committed since the base. One that does not lead to its root was never finished, and ends
 * the replay. */
static enum accord_status replay(struct accord_log *log, struct accord_error *error)
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
        status = batch_prepare(slot, batch.entries, log->edge.frontier.size, &unfinished);
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
        if (status != ACCORD_OK)
            return status;
    }
}

/* The published tree must be one that this log settled. Where it is the base itself, the roots are compared. */
static enum accord_status check_published(const struct accord_log *log, const struct accord_checkpoint_claim *claim,
                                          const struct accord_frontier *base, struct accord_error *error)
{
    if (claim->size > base->size)
        return diverged("the published checkpoint's size", base->size, claim->size, error);
    return claim->size < base->size ? ACCORD_OK : check_tree(claim, log->crypto, base, error);
}

static enum accord_status recover(struct accord_log *log, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_frontier base;
    enum accord_status status = checkpoint_load(log, &claim, error);
    if (status == ACCORD_OK)
        status = log->store.head_read(log->store.context, &base, error);
    if (status == ACCORD_OK)
        status = check_published(log, &claim, &base, error);
    if (status == ACCORD_OK)
        status = accord_edge_load(&log->edge, &log->store, &base, error);
    if (status != ACCORD_OK)
        return status;
    log->base = base.size;
    status = replay(log, error);
    bool moves = log->store.batch_bytes(log->store.context) > REPLAY_SIZE_MAX;
    if (status == ACCORD_OK)
        status = log->store.batch_end(log->store.context, moves, error);
    if (status == ACCORD_OK && moves)
        status = accord_log_integrate(log, error);
    return status;
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
    accord_edge_init(&log->edge, crypto);
    accord_buffer_init(&log->checkpoint, ACCORD_NOTE_SIZE_MAX);
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
    free(log->slots[0].hashes);
    free(log->slots[1].hashes);
    free(log);
}

void accord_log_sync(struct accord_log *log, enum accord_log_syncing mode)
{
    accord_store_dir_sync(&log->store, mode);
}
