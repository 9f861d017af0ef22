/* Reading many bundles at once. Knows how to share them among threads and how to prove a row of them with one proof;
 * refuses to know what an entry says, and hands on nothing that is not proven. */
#include "monitor/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "log/objects.h"

#define ROW 64               /* bundles of a row: a power of two, so that a whole row is a subtree */
#define KEPT_SIZE_MAX 262144 /* bytes of a bundle that waits to be judged; larger ones are read again */

/* One bundle of the row. */
struct slot {
    uint64_t start, end; /* entries */
    struct accord_buffer bytes;
    uint8_t root[ACCORD_HASH_SIZE];         /* of its entries' subtree */
    uint64_t worth[ACCORD_TILE_WIDTH / 64]; /* a bit for each entry that is to be judged */
    bool any;
    enum accord_status status;
    struct accord_error error;
};

struct row {
    const struct accord_sweep *sweep;
    uint64_t size; /* of the tree */
    size_t count;
    struct slot slots[ROW];
    atomic_size_t next; /* slot to take */
    atomic_uint thread; /* number to take */
};

static struct accord_tile tile_of(const struct row *row, const struct slot *slot)
{
    uint64_t index = slot->start / ACCORD_TILE_WIDTH;
    return (struct accord_tile){true, 0, index, accord_tile_width(0, index, row->size)};
}

/* The root of so many hashes, which are leaves or bundles. */
static void root_of(const struct accord_crypto *crypto, uint8_t (*hashes)[ACCORD_HASH_SIZE], size_t count,
                    uint8_t root[ACCORD_HASH_SIZE])
{
    struct accord_frontier frontier;
    frontier.size = 0;
    for (size_t i = 0; i < count; i++)
        accord_frontier_append(crypto, &frontier, hashes[i], NULL, NULL);
    accord_frontier_root(crypto, &frontier, root);
}

/* Hashes the entries that were read, and looks at them. */
static void hash_slot(const struct row *row, struct slot *slot, unsigned thread, uint64_t from)
{
    uint8_t leaves[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
    const struct accord_sweep *sweep = row->sweep;
    struct accord_bytes bundle = accord_buffer_bytes(&slot->bytes), entry;
    size_t cursor = 0, count = (size_t)(slot->end - slot->start);
    for (size_t i = 0; i < count && accord_bundle_next(bundle, &cursor, &entry); i++) {
        accord_merkle_leaf(sweep->crypto, entry, leaves[i]);
        if (slot->start + i >= from && sweep->look(sweep->context, thread, leaves[i], entry)) {
            slot->worth[i / 64] |= (uint64_t)1 << i % 64;
            slot->any = true;
        }
    }
    root_of(sweep->crypto, leaves, count, slot->root);
    if (slot->bytes.capacity > KEPT_SIZE_MAX) {
        accord_buffer_free(&slot->bytes);
        accord_buffer_init(&slot->bytes, ACCORD_BUNDLE_SIZE_MAX);
    }
}

struct task {
    struct row *row;
    uint64_t from;
};

static void *work(void *context)
{
    const struct task *task = context;
    struct row *row = task->row;
    unsigned thread = atomic_fetch_add(&row->thread, 1);
    const struct accord_store *store = accord_reader_store(row->sweep->reader);
    for (;;) {
        size_t at = atomic_fetch_add(&row->next, 1);
        if (at >= row->count)
            return NULL;
        struct slot *slot = &row->slots[at];
        struct accord_tile tile = tile_of(row, slot);
        slot->status = accord_object_read(store, &tile, &slot->bytes, &slot->error);
        if (slot->status == ACCORD_OK)
            hash_slot(row, slot, thread, task->from);
    }
}

/* All slots, by this thread and as many more as are wanted and can be had. */
static void read_row(struct row *row, uint64_t from)
{
    pthread_t threads[ACCORD_SWEEP_THREADS_MAX];
    unsigned started = 0, most = row->sweep->threads;
    struct task task = {row, from};
    if (most > ACCORD_SWEEP_THREADS_MAX)
        most = ACCORD_SWEEP_THREADS_MAX;
    while (started + 1 < most && started + 1 < row->count && pthread_create(&threads[started], NULL, work, &task) == 0)
        started++;
    (void)work(&task);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* Are the slots from first to end, whose root this is, in the tree? */
static enum accord_status prove(const struct row *row, const struct accord_position *position, size_t first, size_t end,
                                const uint8_t root[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_merkle_proof proof;
    const struct accord_crypto *crypto = row->sweep->crypto;
    uint64_t start = row->slots[first].start, stop = row->slots[end - 1].end;
    struct accord_hash_source source = accord_reader_hashes(row->sweep->reader);
    enum accord_status status = accord_subtree_prove(crypto, &source, start, stop, position->size, &proof);
    if (status != ACCORD_OK) {
        if (error != NULL)
            *error = *accord_reader_error(row->sweep->reader);
        return error != NULL && error->status == status ? status : accord_fail(error, status, 0);
    }
    if (accord_subtree_verify(crypto, start, stop, position->size, root, &proof, position->root) == ACCORD_OK)
        return ACCORD_OK;
    accord_fail(error, ACCORD_INCLUSION, 0);
    accord_error_what(error, ACCORD_LITERAL("the entries from this index on"));
    accord_error_found_number(error, start);
    return ACCORD_INCLUSION;
}

/* How many slots are proven, from the first on; the first that is not says why in *status. A row that is a subtree
 * takes one proof; where that does not hold, or the row is none, each slot has its own. */
static size_t prove_row(const struct row *row, const struct accord_position *position, enum accord_status *status,
                        struct accord_error *error)
{
    uint8_t roots[ROW][ACCORD_HASH_SIZE], root[ACCORD_HASH_SIZE];
    size_t readable = 0;
    while (readable < row->count && row->slots[readable].status == ACCORD_OK) {
        memcpy(roots[readable], row->slots[readable].root, ACCORD_HASH_SIZE);
        readable++;
    }
    *status = ACCORD_OK;
    if (readable == row->count && row->slots[0].start % (ROW * ACCORD_TILE_WIDTH) == 0) {
        root_of(row->sweep->crypto, roots, readable, root);
        if (prove(row, position, 0, readable, root, NULL) == ACCORD_OK)
            return readable;
    }
    for (size_t i = 0; i < readable; i++) {
        *status = prove(row, position, i, i + 1, roots[i], error);
        if (*status != ACCORD_OK)
            return i;
    }
    if (readable < row->count) {
        *status = row->slots[readable].status;
        if (error != NULL)
            *error = row->slots[readable].error;
    }
    return readable;
}

/* Where the bytes were too many to keep they are read again, and must be the same. */
static enum accord_status read_again(const struct row *row, struct slot *slot, struct accord_error *error)
{
    uint8_t leaves[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE], root[ACCORD_HASH_SIZE];
    struct accord_tile tile = tile_of(row, slot);
    enum accord_status status = accord_object_read(accord_reader_store(row->sweep->reader), &tile, &slot->bytes, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes entry;
    size_t cursor = 0, count = (size_t)(slot->end - slot->start);
    for (size_t i = 0; i < count && accord_bundle_next(accord_buffer_bytes(&slot->bytes), &cursor, &entry); i++)
        accord_merkle_leaf(row->sweep->crypto, entry, leaves[i]);
    root_of(row->sweep->crypto, leaves, count, root);
    if (memcmp(root, slot->root, sizeof root) == 0)
        return ACCORD_OK;
    accord_object_fail(error, ACCORD_LOG_CORRUPT, &tile);
    accord_error_expected(error, ACCORD_LITERAL("the bytes that it gave before"));
    return ACCORD_LOG_CORRUPT;
}

/* Hands on the entries of a proven slot that are worth it; all of them once *changed. */
static enum accord_status judge_slot(const struct row *row, struct slot *slot, struct accord_position *position,
                                     bool *changed, struct accord_error *error)
{
    const struct accord_sweep *sweep = row->sweep;
    enum accord_status status = ACCORD_OK;
    if (!slot->any && !*changed) {
        position->next = slot->end;
        return ACCORD_OK;
    }
    if (slot->bytes.size == 0)
        status = read_again(row, slot, error);
    struct accord_bytes entry;
    size_t cursor = 0;
    for (uint64_t index = slot->start; status == ACCORD_OK && index < slot->end; index++) {
        size_t place = (size_t)(index - slot->start);
        (void)accord_bundle_next(accord_buffer_bytes(&slot->bytes), &cursor, &entry);
        if (index < position->next)
            continue;
        if (*changed || (slot->worth[place / 64] >> place % 64 & 1) != 0) {
            uint8_t leaf[ACCORD_HASH_SIZE];
            accord_merkle_leaf(sweep->crypto, entry, leaf);
            status = sweep->judge(sweep->context, index, leaf, entry, changed, error);
        }
        position->next += status == ACCORD_OK;
    }
    return status;
}

static struct row *row_new(const struct accord_sweep *sweep, const struct accord_position *position)
{
    struct row *row = calloc(1, sizeof *row);
    if (row == NULL)
        return NULL;
    row->sweep = sweep;
    row->size = position->size;
    uint64_t start = position->next - position->next % ACCORD_TILE_WIDTH;
    do {
        struct slot *slot = &row->slots[row->count++];
        slot->start = start;
        slot->end = row->size - start < ACCORD_TILE_WIDTH ? row->size : start + ACCORD_TILE_WIDTH;
        start = slot->end;
        accord_buffer_init(&slot->bytes, ACCORD_BUNDLE_SIZE_MAX);
    } while (start < row->size && start % (ROW * ACCORD_TILE_WIDTH) != 0);
    return row;
}

static void row_free(struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        accord_buffer_free(&row->slots[i].bytes);
    free(row);
}

enum accord_status accord_sweep(const struct accord_sweep *sweep, struct accord_position *position,
                                struct accord_error *error)
{
    if (position->next >= position->size)
        return ACCORD_OK;
    struct row *row = row_new(sweep, position);
    if (row == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    struct accord_error wrong;
    enum accord_status proven_status, status = ACCORD_OK;
    bool changed = false;
    read_row(row, position->next);
    size_t proven = prove_row(row, position, &proven_status, &wrong);
    for (size_t i = 0; status == ACCORD_OK && i < proven; i++) {
        status = judge_slot(row, &row->slots[i], position, &changed, error);
        accord_buffer_free(&row->slots[i].bytes); /* a bundle that was read again may be large */
    }
    if (status == ACCORD_OK && proven < row->count) {
        status = proven_status;
        if (error != NULL)
            *error = wrong;
    }
    row_free(row);
    return status;
}
