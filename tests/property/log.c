/* Random histories of a log against a naive model: a list of entries, and the recursive root of RFC 6962, section 2.1.
 * ACCORD_SEED=N runs one history. */
#include "../unit/logs.h"

#include "log/check.h"
#include "log/reader.h"

#define HISTORIES 60
#define STEPS 60
#define ENTRIES_MAX 20000
#define ROOM (6 * 900) /* what one step adds at most */

static const struct accord_crypto *crypto = &accord_crypto_default;

/* The machine's own file system without its syncs: no power is cut here. */
static struct accord_fs quick;

static int quick_sync(void *context, int handle)
{
    (void)context;
    (void)handle;
    return 0;
}

static int quick_sync_path(void *context, const char *path)
{
    (void)context;
    (void)path;
    return 0;
}

struct model {
    const struct log_place *place;
    struct accord_log *log;
    uint64_t random;
    struct accord_bytes entries[ENTRIES_MAX]; /* allocated */
    uint64_t count;
    uint64_t published;
    uint64_t sealing; /* the size that is being sealed or published */
    enum { NOTHING, SEALING, PUBLISHING } job;
};

static uint64_t chance(struct model *model, uint64_t below)
{
    uint64_t z = (model->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

/* MTH of RFC 6962, as it stands there; the depth is that of a tree of 20,000 leaves. */
static void naive_root(const struct accord_bytes *entries, uint64_t count, uint8_t root[ACCORD_HASH_SIZE])
{
    uint8_t left[ACCORD_HASH_SIZE], right[ACCORD_HASH_SIZE];
    if (count == 0) {
        accord_hash(crypto, (struct accord_bytes){NULL, 0}, root);
    } else if (count == 1) {
        accord_merkle_leaf(crypto, entries[0], root);
    } else {
        uint64_t split = 1;
        while (split * 2 < count)
            split *= 2;
        naive_root(entries, split, left);
        naive_root(entries + split, count - split, right);
        accord_merkle_node(crypto, left, right, root);
    }
}

static size_t entry_size(struct model *model)
{
    uint64_t kind = chance(model, 300);
    return kind == 0 ? 65535 : kind == 1 ? 1 + chance(model, 65535) : 1 + chance(model, 200);
}

/* New entries, which the model has at once. */
static void batch_make(struct model *model, struct accord_buffer *batch)
{
    uint64_t count = chance(model, 4) == 0 ? 1 + chance(model, 900) : 1 + chance(model, 5);
    accord_buffer_init(batch, ACCORD_LOG_APPEND_SIZE_MAX);
    for (uint64_t i = 0; i < count; i++) {
        size_t size = entry_size(model);
        uint8_t *data = malloc(size), length[2] = {(uint8_t)(size >> 8), (uint8_t)size};
        assert_non_null(data);
        for (size_t j = 0; j < size; j++)
            data[j] = (uint8_t)chance(model, 256);
        model->entries[model->count] = (struct accord_bytes){data, size};
        assert_int_equal(accord_buffer_append(batch, (struct accord_bytes){length, 2}), ACCORD_OK);
        assert_int_equal(accord_buffer_append(batch, model->entries[model->count++]), ACCORD_OK);
    }
}

static void do_append(struct model *model)
{
    uint64_t before = model->count, first, got;
    struct accord_buffer batch;
    struct accord_error error;
    batch_make(model, &batch);
    assert_int_equal(accord_log_append(model->log, accord_buffer_bytes(&batch), &first, &got, &error), ACCORD_OK);
    assert_int_equal(first, before);
    assert_int_equal(got, model->count - before);
    accord_buffer_free(&batch);
}

/* Some batches put one behind another; what was put is acknowledged by the next put, also by one that is refused. */
static void do_puts(struct model *model)
{
    enum { PUTS_MAX = 5 };
    struct accord_bytes malformed = {(const uint8_t *)"\0\1a\0\2b", 6};
    struct accord_buffer batches[PUTS_MAX];
    struct accord_error error;
    uint64_t puts = 1 + chance(model, PUTS_MAX);
    for (uint64_t i = 0; i < puts; i++) {
        uint64_t before = model->count;
        batch_make(model, &batches[i]);
        assert_int_equal(accord_log_put(model->log, accord_buffer_bytes(&batches[i]), &error), ACCORD_OK);
        assert_int_equal(accord_log_size(model->log), before);
        if (i > 0)
            memset(batches[i - 1].data, 0xff, batches[i - 1].size);
    }
    if (chance(model, 3) == 0) {
        assert_int_equal(accord_log_put(model->log, malformed, &error), ACCORD_MALFORMED);
        assert_int_equal(accord_log_size(model->log), model->count);
    }
    if (chance(model, 4) == 0)
        do_append(model);
    else if (chance(model, 3) == 0)
        assert_int_equal(accord_log_integrate(model->log, &error), ACCORD_OK);
    else
        assert_int_equal(accord_log_flush(model->log, &error), ACCORD_OK);
    for (uint64_t i = 0; i < puts; i++)
        accord_buffer_free(&batches[i]);
}

static void do_refused(struct model *model)
{
    uint64_t first, count;
    struct accord_error error;
    struct accord_bytes batch = {(const uint8_t *)"\0\1a\0\2b", 6};
    assert_int_equal(accord_log_append(model->log, batch, &first, &count, &error), ACCORD_MALFORMED);
}

static void compare(struct model *model)
{
    struct accord_reader *reader;
    struct accord_check_result result;
    struct accord_error error;
    uint8_t root[ACCORD_HASH_SIZE];
    assert_int_equal(accord_log_check(&quick, crypto, model->place->log, NULL, 2, NULL, NULL, &result, &error),
                     ACCORD_OK);
    assert_int_equal(result.size, model->published);
    naive_root(model->entries, model->published, root);
    assert_memory_equal(result.root, root, sizeof root);
    assert_int_equal(accord_reader_open(&reader, &quick, crypto, model->place->log, &error), ACCORD_OK);
    accord_reader_set_size(reader, model->published);
    struct accord_buffer out;
    accord_buffer_init(&out, ACCORD_ENTRY_SIZE_MAX);
    for (uint64_t i = 0; i < model->published; i += 1 + chance(model, 20)) {
        out.size = 0;
        assert_int_equal(accord_reader_entry(reader, i, &out, &error), ACCORD_OK);
        assert_true(accord_bytes_equal(accord_buffer_bytes(&out), model->entries[i]));
    }
    accord_buffer_free(&out);
    accord_reader_close(reader);
}

/* Begins a seal, or a publication of what is sealed; or ends what was begun, where it is over. */
static void do_job(struct model *model)
{
    struct accord_error error;
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    bool done, waits = chance(model, 2) == 0;
    if (model->job == NOTHING && chance(model, 2) == 0) {
        assert_int_equal(accord_log_seal_begin(model->log, &error), ACCORD_OK);
        model->sealing = model->count;
        model->job = SEALING;
    } else if (model->job == NOTHING) {
        uint64_t size = accord_log_sealed(model->log, root);
        struct accord_bytes checkpoint = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, size, root);
        assert_int_equal(accord_log_publish_begin(model->log, checkpoint, &error), ACCORD_OK);
        model->sealing = size;
        model->job = PUBLISHING;
    } else if (model->job == SEALING) {
        assert_int_equal(accord_log_seal_end(model->log, waits, &done, &error), ACCORD_OK);
        assert_true(!done || accord_log_sealed(model->log, root) == model->sealing);
        naive_root(model->entries, model->sealing, data);
        assert_true(!done || memcmp(root, data, sizeof root) == 0);
        model->job = done ? NOTHING : SEALING;
        assert_true(done || !waits);
    } else {
        assert_int_equal(accord_log_publish_end(model->log, waits, &done, &error), ACCORD_OK);
        model->published = done ? model->sealing : model->published;
        model->job = done ? NOTHING : PUBLISHING;
        assert_true(done || !waits);
    }
}

static void do_open(struct model *model)
{
    struct accord_error error;
    if (model->log != NULL) {
        while (model->job == PUBLISHING)
            do_job(model);
        accord_log_close(model->log);
    }
    model->job = NOTHING;
    assert_int_equal(accord_log_open(&model->log, &quick, crypto, model->place->log, false, &error), ACCORD_OK);
    accord_log_sync(model->log, (enum accord_log_syncing)chance(model, 3));
    if (chance(model, 2) == 0)
        accord_log_journal_max(model->log, chance(model, 100000));
}

static void do_publish(struct model *model)
{
    log_publish(model->log);
    model->published = model->count;
}

static void do_leaf(struct model *model)
{
    uint8_t hash[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE];
    struct accord_error error;
    uint64_t index = chance(model, model->count + 1);
    enum accord_status status = accord_log_leaf(model->log, index, hash, &error);
    assert_int_equal(status, index < model->count ? ACCORD_OK : ACCORD_WRONG_INDEX);
    if (status != ACCORD_OK)
        return;
    accord_merkle_leaf(crypto, model->entries[index], expected);
    assert_memory_equal(hash, expected, sizeof hash);
}

static void do_step(struct model *model)
{
    struct accord_error error;
    uint64_t kind = chance(model, 16);
    if (kind < 3)
        do_append(model);
    else if (kind < 5)
        do_puts(model);
    else if (kind == 5)
        do_refused(model);
    else if (kind == 6)
        do_open(model);
    else if (kind == 7)
        assert_int_equal(accord_log_integrate(model->log, &error), ACCORD_OK);
    else if (kind == 8 && model->job != PUBLISHING)
        compare(model);
    else if (kind == 9 && model->job == NOTHING)
        do_publish(model);
    else if (kind == 10)
        do_leaf(model);
    else
        do_job(model);
    uint8_t root[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE];
    naive_root(model->entries, model->count, expected);
    accord_log_root(model->log, root);
    assert_int_equal(accord_log_size(model->log), model->count);
    assert_memory_equal(root, expected, sizeof root);
}

static void run_history(uint64_t seed)
{
    void *place;
    print_message("# seed %llu\n", (unsigned long long)seed);
    assert_int_equal(place_new(&place), 0);
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    model->place = place;
    model->random = seed;
    model->log = log_new(place);
    do_open(model);
    for (int i = 0; i < STEPS && model->count < ENTRIES_MAX - ROOM; i++)
        do_step(model);
    do_open(model);
    do_publish(model);
    compare(model);
    accord_log_close(model->log);
    for (uint64_t i = 0; i < model->count; i++)
        free((void *)(uintptr_t)model->entries[i].data);
    free(model);
    assert_int_equal(place_free(&place), 0);
}

static void test_histories(void **state)
{
    (void)state;
    const char *one = getenv("ACCORD_SEED");
    quick = accord_fs_real;
    quick.sync = quick_sync;
    quick.sync_dir = quick_sync_path;
    quick.sync_all = quick_sync_path;
    if (one != NULL)
        run_history(strtoull(one, NULL, 10));
    for (uint64_t seed = 1; one == NULL && seed <= HISTORIES; seed++)
        run_history(seed);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories)};
    return cmocka_run_group_tests_name("property-log", tests, NULL, NULL);
}
