/* Collecting the advisories of a log. It knows who has to sign, and how revisions follow from each other; what they say
 * it does not ask. */
#include "advisory/board.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "accord/release.h"
#include "core/text.h"

#define FIRST_CAPACITY 16

struct kept {
    struct accord_board_advisory advisory; /* what it names is owned */
    size_t capacity;                       /* of revisions */
};

struct release {
    uint8_t key[ACCORD_HASH_SIZE];    /* of what it is looked for by */
    uint8_t digest[ACCORD_HASH_SIZE]; /* of the entry */
    uint64_t index;
};

struct releases {
    struct release *items; /* sorted by key, then by index, where sorted */
    size_t count, capacity;
    bool sorted;
};

struct accord_board {
    const struct accord_crypto *crypto;
    struct accord_buffer vendor, id; /* the filter's, or empty */
    struct kept **advisories;
    size_t count, capacity;
    size_t *table; /* places in advisories, plus one, by vendor and id */
    size_t table_size;
    uint8_t table_key[16];
    struct releases by_digest, by_version;
    size_t bytes;
    struct accord_advisory_claim claim; /* of the entry at hand: too large for a stack */
};

enum accord_status accord_board_new(struct accord_board **board, const struct accord_crypto *crypto,
                                    const struct accord_board_filter *filter, struct accord_error *error)
{
    struct accord_board *made = calloc(1, sizeof *made);
    *board = made;
    if (made == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    made->crypto = crypto;
    randombytes_buf(made->table_key, sizeof made->table_key);
    accord_buffer_init(&made->vendor, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&made->id, ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = accord_buffer_append(&made->vendor, filter->vendor);
    status = status == ACCORD_OK ? accord_buffer_append(&made->id, filter->id) : status;
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static void free_bytes(struct accord_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static void free_kept(struct kept *kept)
{
    for (size_t i = 0; i < kept->advisory.revision_count; i++) {
        free_bytes(kept->advisory.revisions[i].change);
    }
    free(kept->advisory.revisions);
    free_bytes(kept->advisory.vendor);
    free_bytes(kept->advisory.id);
    free_bytes(kept->advisory.entry);
    free(kept);
}

void accord_board_free(struct accord_board *board)
{
    if (board == NULL) {
        return;
    }
    for (size_t i = 0; i < board->count; i++) {
        free_kept(board->advisories[i]);
    }
    free(board->advisories);
    free(board->table);
    free(board->by_digest.items);
    free(board->by_version.items);
    accord_buffer_free(&board->vendor);
    accord_buffer_free(&board->id);
    free(board);
}

/* Memory */

static enum accord_status grow(void **items, size_t count, size_t *capacity, size_t size, size_t most,
                               struct accord_error *error)
{
    if (count < *capacity) {
        return ACCORD_OK;
    }
    size_t next = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    next = next > most ? most : next;
    void *moved = count < next ? realloc(*items, next * size) : NULL;
    if (moved == NULL) {
        return accord_fail(error, count < next ? ACCORD_NO_MEMORY : ACCORD_TOO_LARGE, 0);
    }
    *items = moved;
    *capacity = next;
    return ACCORD_OK;
}

static enum accord_status copy(struct accord_board *board, struct accord_bytes bytes, struct accord_bytes *kept,
                               struct accord_error *error)
{
    *kept = (struct accord_bytes){NULL, 0};
    if (bytes.size == 0) {
        return ACCORD_OK;
    }
    if (bytes.size > ACCORD_BOARD_BYTES_MAX - board->bytes) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("the advisories of this log: name a vendor"));
        return ACCORD_TOO_LARGE;
    }
    uint8_t *data = malloc(bytes.size);
    if (data == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    memcpy(data, bytes.data, bytes.size);
    board->bytes += bytes.size;
    *kept = (struct accord_bytes){data, bytes.size};
    return ACCORD_OK;
}

/* By a key of this run: whoever names advisories cannot choose where they go. */
static uint64_t hash_of(const struct accord_board *board, struct accord_bytes vendor, struct accord_bytes id)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;
    uint64_t number;
    crypto_generichash_init(&state, board->table_key, sizeof board->table_key, sizeof hash);
    crypto_generichash_update(&state, vendor.data, vendor.size);
    crypto_generichash_update(&state, (const uint8_t *)"\n", 1);
    crypto_generichash_update(&state, id.data, id.size);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&number, hash, sizeof number);
    return number;
}

/* The slot of the advisory, or the free one where it would go; the table has a free one. */
static size_t slot_of(const struct accord_board *board, struct accord_bytes vendor, struct accord_bytes id)
{
    size_t slot = (size_t)hash_of(board, vendor, id) & (board->table_size - 1);
    while (board->table[slot] != 0) {
        const struct accord_board_advisory *other = &board->advisories[board->table[slot] - 1]->advisory;
        if (accord_bytes_equal(other->vendor, vendor) && accord_bytes_equal(other->id, id)) {
            break;
        }
        slot = (slot + 1) & (board->table_size - 1);
    }
    return slot;
}

static struct kept *find(const struct accord_board *board, struct accord_bytes vendor, struct accord_bytes id)
{
    size_t place = board->table_size == 0 ? 0 : board->table[slot_of(board, vendor, id)];
    return place == 0 ? NULL : board->advisories[place - 1];
}

/* At most half of it is in use. */
static enum accord_status widen_table(struct accord_board *board, struct accord_error *error)
{
    if ((board->count + 1) * 2 <= board->table_size) {
        return ACCORD_OK;
    }
    size_t size = board->table_size == 0 ? (size_t)4 * FIRST_CAPACITY : board->table_size * 2;
    size_t *table = calloc(size, sizeof *table);
    if (table == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    free(board->table);
    board->table = table;
    board->table_size = size;
    for (size_t i = 0; i < board->count; i++) {
        const struct accord_board_advisory *advisory = &board->advisories[i]->advisory;
        board->table[slot_of(board, advisory->vendor, advisory->id)] = i + 1;
    }
    return ACCORD_OK;
}

/* Advisories */

static enum accord_status add_revision(struct accord_board *board, struct kept *kept, uint64_t index,
                                       struct accord_bytes entry, struct accord_error *error)
{
    struct accord_board_advisory *advisory = &kept->advisory;
    struct accord_board_revision revision = {.index = index};
    struct accord_bytes newest = {NULL, 0};
    void *revisions = advisory->revisions;
    enum accord_status status = grow(&revisions, advisory->revision_count, &kept->capacity, sizeof *advisory->revisions,
                                     SIZE_MAX / sizeof *advisory->revisions, error);
    advisory->revisions = revisions;
    accord_hash(board->crypto, entry, revision.digest);
    if (status == ACCORD_OK) {
        status = copy(board, entry, &newest, error);
    }
    if (status == ACCORD_OK) {
        status = copy(board, board->claim.change, &revision.change, error);
    }
    if (status != ACCORD_OK) {
        free_bytes(newest);
        return status;
    }
    board->bytes -= advisory->entry.size;
    free_bytes(advisory->entry);
    advisory->entry = newest;
    advisory->revisions[advisory->revision_count++] = revision;
    return ACCORD_OK;
}

static enum accord_status add_advisory(struct accord_board *board, uint64_t index, struct accord_bytes entry,
                                       struct accord_error *error)
{
    void *items = board->advisories;
    enum accord_status status =
        grow(&items, board->count, &board->capacity, sizeof *board->advisories, ACCORD_BOARD_ADVISORIES_MAX, error);
    board->advisories = items;
    status = status == ACCORD_OK ? widen_table(board, error) : status;
    if (status != ACCORD_OK) {
        return status;
    }
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    status = copy(board, board->claim.vendor, &kept->advisory.vendor, error);
    status = status == ACCORD_OK ? copy(board, board->claim.id, &kept->advisory.id, error) : status;
    status = status == ACCORD_OK ? add_revision(board, kept, index, entry, error) : status;
    if (status != ACCORD_OK) {
        free_kept(kept);
        return status;
    }
    board->table[slot_of(board, kept->advisory.vendor, kept->advisory.id)] = board->count + 1;
    board->advisories[board->count++] = kept;
    return ACCORD_OK;
}

/* Does the advisory at hand come next? */
static bool follows(const struct accord_board *board, const struct kept *kept)
{
    const struct accord_advisory_claim *claim = &board->claim;
    if (kept == NULL) {
        return claim->revision == 1;
    }
    const struct accord_board_advisory *advisory = &kept->advisory;
    return claim->revision == advisory->revision_count + 1 &&
           memcmp(claim->previous, advisory->revisions[advisory->revision_count - 1].digest, ACCORD_HASH_SIZE) == 0;
}

static bool passes(const struct accord_board *board, struct accord_bytes vendor, struct accord_bytes id)
{
    return (board->vendor.size == 0 || accord_bytes_equal(accord_buffer_bytes(&board->vendor), vendor)) &&
           (board->id.size == 0 || accord_bytes_equal(accord_buffer_bytes(&board->id), id));
}

static enum accord_status see_advisory(struct accord_board *board, const struct accord_chain *chain, uint64_t index,
                                       struct accord_bytes entry, struct accord_error *error)
{
    const struct accord_advisory_claim *claim = &board->claim;
    if (accord_advisory_parse(&board->claim, entry, NULL) != ACCORD_OK || !passes(board, claim->vendor, claim->id)) {
        return ACCORD_OK;
    }
    struct kept *kept = find(board, claim->vendor, claim->id);
    if (!follows(board, kept) ||
        accord_advisory_verify(claim, accord_chain_roster(chain), NULL, board->crypto, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    return kept == NULL ? add_advisory(board, index, entry, error) : add_revision(board, kept, index, entry, error);
}

/* Releases */

/* Whoever names a release of another vendor finds nothing. */
static void key_of(const struct accord_board *board, const struct accord_bytes *parts, size_t count,
                   uint8_t key[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha;
    board->crypto->sha256_init(&sha);
    for (size_t i = 0; i < count; i++) {
        board->crypto->sha256_update(&sha, parts[i].data, parts[i].size);
        board->crypto->sha256_update(&sha, (const uint8_t *)"\n", 1);
    }
    board->crypto->sha256_final(&sha, key);
}

static enum accord_status add(struct releases *releases, const struct release *release, struct accord_error *error)
{
    void *items = releases->items;
    enum accord_status status =
        grow(&items, releases->count, &releases->capacity, sizeof *release, ACCORD_BOARD_RELEASES_MAX, error);
    releases->items = items;
    if (status == ACCORD_OK) {
        releases->items[releases->count++] = *release;
        releases->sorted = false;
    }
    return status;
}

static enum accord_status see_release(struct accord_board *board, const struct accord_chain *chain, uint64_t index,
                                      struct accord_bytes entry, struct accord_error *error)
{
    struct accord_release_claim claim;
    struct accord_release release;
    if (accord_release_parse(&claim, entry, NULL) != ACCORD_OK ||
        (board->vendor.size > 0 && !accord_bytes_equal(accord_buffer_bytes(&board->vendor), claim.vendor)) ||
        accord_release_verify(&claim, accord_chain_roster(chain), NULL, board->crypto, &release, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    struct release kept = {.index = index};
    accord_hash(board->crypto, entry, kept.digest);
    const struct accord_bytes by_digest[] = {{kept.digest, sizeof kept.digest}, claim.vendor};
    const struct accord_bytes by_version[] = {claim.vendor, claim.product, claim.version};
    key_of(board, by_digest, 2, kept.key);
    enum accord_status status = add(&board->by_digest, &kept, error);
    key_of(board, by_version, 3, kept.key);
    return status == ACCORD_OK ? add(&board->by_version, &kept, error) : status;
}

static int compare(const void *a, const void *b)
{
    const struct release *x = a, *y = b;
    int order = memcmp(x->key, y->key, sizeof x->key);
    return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* The last one with this key, or NULL. */
static const struct release *look_up(struct releases *releases, const uint8_t key[ACCORD_HASH_SIZE])
{
    if (!releases->sorted && releases->count > 0) {
        qsort(releases->items, releases->count, sizeof *releases->items, compare);
        releases->sorted = true;
    }
    size_t low = 0, high = releases->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(releases->items[middle].key, key, ACCORD_HASH_SIZE) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && memcmp(releases->items[low - 1].key, key, ACCORD_HASH_SIZE) == 0 ? &releases->items[low - 1]
                                                                                       : NULL;
}

bool accord_board_release(struct accord_board *board, const uint8_t digest[ACCORD_HASH_SIZE],
                          struct accord_bytes vendor, uint64_t *index)
{
    uint8_t key[ACCORD_HASH_SIZE];
    const struct accord_bytes parts[] = {{digest, ACCORD_HASH_SIZE}, vendor};
    key_of(board, parts, 2, key);
    const struct release *found = look_up(&board->by_digest, key);
    *index = found == NULL ? 0 : found->index;
    return found != NULL;
}

bool accord_board_release_named(struct accord_board *board, struct accord_bytes vendor, struct accord_bytes product,
                                struct accord_bytes version, uint8_t digest[ACCORD_HASH_SIZE], uint64_t *index)
{
    uint8_t key[ACCORD_HASH_SIZE];
    const struct accord_bytes parts[] = {vendor, product, version};
    key_of(board, parts, 3, key);
    const struct release *found = look_up(&board->by_version, key);
    if (found == NULL) {
        return false;
    }
    memcpy(digest, found->digest, ACCORD_HASH_SIZE);
    *index = found->index;
    return true;
}

/* The log */

enum accord_status accord_board_see(struct accord_board *board, const struct accord_chain *chain, uint64_t index,
                                    struct accord_bytes entry, struct accord_error *error)
{
    struct accord_bytes rest = entry;
    if (!chain->has_roster || !accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/"))) {
        return ACCORD_OK;
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("advisory\n"))) {
        return see_advisory(board, chain, index, entry, error);
    }
    return accord_cut_prefix(&rest, ACCORD_LITERAL("release\n")) ? see_release(board, chain, index, entry, error)
                                                                 : ACCORD_OK;
}

size_t accord_board_count(const struct accord_board *board)
{
    return board->count;
}

const struct accord_board_advisory *accord_board_advisory(const struct accord_board *board, size_t place)
{
    return &board->advisories[place]->advisory;
}

const struct accord_board_advisory *accord_board_find(const struct accord_board *board, struct accord_bytes vendor,
                                                      struct accord_bytes id)
{
    struct kept *kept = find(board, vendor, id);
    return kept == NULL ? NULL : &kept->advisory;
}
