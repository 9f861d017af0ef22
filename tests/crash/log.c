/* The log under power cuts, killed processes and failing calls, at every call of scripted histories. Knows what was
 * acknowledged and published; asks the log for no less. ACCORD_CRASH_ROUNDS=N widens the sampling N times;
 * ACCORD_SEED=N runs one of the random histories. */
#include "log/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "accord/note.h"
#include "crypto/backend.h"
#include "log/check.h"
#include "log/reader.h"
#include "sim_fs.h"

#define ORIGIN "example.com/log"
#define DIR "/log"
#define ENTRIES_MAX 80000
#define PUBLISHED_MAX 64
#define ENTRY_SIZE 2048
#define BATCH_MAX 700  /* entries, in random histories */
#define HISTORIES 1000 /* random ones */
#define STEPS 90       /* of each */
#define LONG_IDS 600   /* among the first entries some span sectors, so that they can be torn and keep their form */

/* What the program was told, and what it tried. */
struct world {
    struct sim_fs *sim;
    const struct accord_fs *fs;
    struct accord_log *log;
    bool created;                      /* accord_log_create returned ACCORD_OK */
    uint32_t next_id;                  /* of the entries made so far */
    uint32_t ids[ENTRIES_MAX];         /* of the entry at each index, as far as known */
    uint64_t acknowledged;             /* entries */
    uint64_t put;                      /* entries of one batch after these, put and not yet acknowledged */
    struct accord_bytes borrowed;      /* the batch itself */
    enum accord_log_syncing syncing;   /* of the logs it opens */
    uint64_t unsure;                   /* entries of one batch after these, which may be in the log or not */
    uint64_t published[PUBLISHED_MAX]; /* sizes for which publishing was tried */
    size_t published_count;
    uint64_t published_ok; /* the last size for which it returned ACCORD_OK */
    char story[256];       /* for the message of a failure */

    /* Of random histories. */
    uint64_t random;
    char job;             /* 's' or 'q' while one is under way, else 0 */
    uint64_t journal_max; /* of the logs it opens; 0: as it is */
    bool planned;         /* an accident was, and the log has not been opened again since */
    unsigned turn;        /* of the two arrays of hashes */
    uint8_t hashes[2][BATCH_MAX][ACCORD_HASH_SIZE];
};

#define HOLDS(world, condition)                                                                                        \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s: does not hold: %s", (world)->story, #condition);                                             \
    } while (0)

static void must_be_ok(const struct world *world, const char *what, enum accord_status status,
                       const struct accord_error *error)
{
    if (status != ACCORD_OK)
        fail_msg("%s: %s: status %d, %s, expected %s, found %s", world->story, what, (int)status, error->what,
                 error->expected, error->found);
}

static size_t entry_make(uint32_t id, uint8_t entry[ENTRY_SIZE])
{
    int size = snprintf((char *)entry, ENTRY_SIZE, "%u", id);
    size_t all = id % 3 == 1 && id < LONG_IDS ? 1900 : (size_t)size + id % 3;
    memset(entry + size, 'x', all - (size_t)size);
    return all;
}

/* A batch of entries with new ids. */
static struct accord_bytes batch_make(struct world *world, uint64_t count)
{
    uint8_t *data = malloc(count * 16 + (count < LONG_IDS ? count : LONG_IDS) * ENTRY_SIZE), entry[ENTRY_SIZE];
    size_t size = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t id = world->next_id++;
        size_t part = entry_make(id, entry);
        data[size++] = (uint8_t)(part >> 8);
        data[size++] = (uint8_t)part;
        memcpy(data + size, entry, part);
        size += part;
        world->ids[world->acknowledged + world->put + i] = id;
    }
    return (struct accord_bytes){data, size};
}

static struct accord_bytes checkpoint_make(uint8_t data[512], uint64_t size, const uint8_t root[ACCORD_HASH_SIZE])
{
    struct accord_out out = {data, 512, 0, false};
    uint8_t signature[64] = {1};
    accord_checkpoint_print(&out, ACCORD_LITERAL(ORIGIN), size, root);
    out.data[out.size++] = '\n';
    accord_signature_print(&out, ACCORD_LITERAL(ORIGIN), 7, (struct accord_bytes){signature, sizeof signature});
    return accord_out_bytes(&out);
}

static enum accord_status do_create(struct world *world, struct accord_error *error)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    accord_merkle_empty_root(&accord_crypto_default, root);
    enum accord_status status =
        accord_log_create(world->fs, &accord_crypto_default, DIR, checkpoint_make(data, 0, root), error);
    world->created = world->created || status == ACCORD_OK;
    return status;
}

/* Closes the log, as whoever dies does. What was put and not flushed may be in it or not. */
static void do_close(struct world *world)
{
    accord_log_close(world->log);
    world->log = NULL;
    world->unsure = world->put > 0 ? world->put : world->unsure;
    world->put = 0;
    free((void *)(uintptr_t)world->borrowed.data);
    world->borrowed.data = NULL;
}

static enum accord_status do_open(struct world *world, struct accord_error *error)
{
    do_close(world);
    enum accord_status status = accord_log_open(&world->log, world->fs, &accord_crypto_default, DIR, false, error);
    if (status == ACCORD_OK)
        accord_log_sync(world->log, world->syncing);
    if (status == ACCORD_OK && world->journal_max > 0)
        accord_log_journal_max(world->log, world->journal_max);
    return status;
}

/* What was put before is acknowledged or not: the log's size says which. Of what follows a batch that is not, nothing
 * is ever in the log. */
static void settle_put(struct world *world, enum accord_status status)
{
    uint64_t size = accord_log_size(world->log);
    bool acknowledged = size == world->acknowledged + world->put;
    HOLDS(world, acknowledged || (status != ACCORD_OK && size == world->acknowledged));
    world->unsure = acknowledged ? 0 : world->put;
    world->acknowledged = size;
    world->put = 0;
    free((void *)(uintptr_t)world->borrowed.data);
    world->borrowed.data = NULL;
}

static enum accord_status do_append(struct world *world, uint64_t count, struct accord_error *error)
{
    uint64_t first, got;
    struct accord_bytes batch = batch_make(world, count);
    enum accord_status status = accord_log_append(world->log, batch, &first, &got, error);
    free((void *)(uintptr_t)batch.data);
    if (status == ACCORD_OK) {
        HOLDS(world, first == world->acknowledged + world->put);
        HOLDS(world, got == count);
        world->put += count;
    }
    settle_put(world, status);
    if (status != ACCORD_OK && world->unsure == 0)
        world->unsure = count;
    return status;
}

static enum accord_status do_put(struct world *world, uint64_t count, struct accord_error *error)
{
    struct accord_bytes batch = batch_make(world, count);
    enum accord_status status = accord_log_put(world->log, batch, error);
    settle_put(world, status);
    if (status == ACCORD_OK) {
        world->put = count;
        world->borrowed = batch;
    } else {
        world->unsure = world->unsure == 0 ? count : world->unsure;
        free((void *)(uintptr_t)batch.data);
    }
    return status;
}

static enum accord_status do_flush(struct world *world, struct accord_error *error)
{
    enum accord_status status = accord_log_flush(world->log, error);
    settle_put(world, status);
    return status;
}

static enum accord_status do_integrate(struct world *world, struct accord_error *error)
{
    enum accord_status status = accord_log_integrate(world->log, error);
    settle_put(world, status);
    return status;
}

static void will_publish(struct world *world, uint64_t size)
{
    if (world->published_count == PUBLISHED_MAX)
        memmove(world->published, world->published + 1, --world->published_count * sizeof *world->published);
    world->published[world->published_count++] = size;
}

static enum accord_status do_publish(struct world *world, struct accord_error *error)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    uint64_t size = accord_log_size(world->log);
    accord_log_root(world->log, root);
    will_publish(world, size);
    enum accord_status status = accord_log_publish(world->log, checkpoint_make(data, size, root), error);
    if (status == ACCORD_OK)
        world->published_ok = size;
    return status;
}

/* What was put before a seal or a publication is flushed by it. */
static enum accord_status do_seal(struct world *world, bool begins, struct accord_error *error)
{
    bool done;
    if (!begins)
        return accord_log_seal_end(world->log, true, &done, error);
    enum accord_status status = accord_log_seal_begin(world->log, error);
    settle_put(world, status);
    return status;
}

static enum accord_status do_publish_sealed(struct world *world, bool begins, struct accord_error *error)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    uint64_t size = accord_log_sealed(world->log, root);
    bool done;
    enum accord_status status;
    if (begins) {
        will_publish(world, size);
        status = accord_log_publish_begin(world->log, checkpoint_make(data, size, root), error);
        settle_put(world, status);
        return status;
    }
    status = accord_log_publish_end(world->log, true, &done, error);
    if (status == ACCORD_OK) /* of the tree that was sealed when it was begun */
        world->published_ok = world->published[world->published_count - 1];
    return status;
}

static uint64_t read_number(const char **script)
{
    uint64_t count = 0;
    for (; **script >= '0' && **script <= '9'; ++*script)
        count = count * 10 + (uint64_t)(**script - '0');
    while (**script == ' ')
        ++*script;
    return count;
}

/* A history: "c" create and open, "o" open again, "i" integrate, "p" publish, a number to append so many, "+" and a
 * number to put so many, "f" flush; "s" and "S" begin and end a seal, "q" and "Q" a publication of what was sealed. */
static enum accord_status do_step(struct world *world, const char **script, struct accord_error *error)
{
    const char step = *(*script)++;
    if (step == 'c') {
        enum accord_status status = do_create(world, error);
        return status == ACCORD_OK ? do_open(world, error) : status;
    }
    if (step == 'o')
        return do_open(world, error);
    if (step == 'i')
        return do_integrate(world, error);
    if (step == 'p')
        return do_publish(world, error);
    if (step == 'f')
        return do_flush(world, error);
    if (step == 's' || step == 'S')
        return do_seal(world, step == 's', error);
    if (step == 'q' || step == 'Q')
        return do_publish_sealed(world, step == 'q', error);
    if (step == '+')
        return do_put(world, read_number(script), error);
    --*script;
    return do_append(world, read_number(script), error);
}

static enum accord_status do_script(struct world *world, const char *script, struct accord_error *error)
{
    while (*script != '\0') {
        enum accord_status status = do_step(world, &script, error);
        if (status != ACCORD_OK)
            return status;
    }
    return ACCORD_OK;
}

static void check_entries(struct world *world, uint64_t size)
{
    struct accord_reader *reader;
    struct accord_error error;
    struct accord_buffer out;
    accord_buffer_init(&out, ACCORD_ENTRY_SIZE_MAX);
    must_be_ok(world, "reader", accord_reader_open(&reader, world->fs, &accord_crypto_default, DIR, &error), &error);
    accord_reader_set_size(reader, size);
    for (uint64_t i = 0; i < size; i++) {
        uint8_t entry[ENTRY_SIZE];
        size_t part = entry_make(world->ids[i], entry);
        out.size = 0;
        must_be_ok(world, "entry", accord_reader_entry(reader, i, &out, &error), &error);
        if (out.size != part || memcmp(out.data, entry, part) != 0)
            fail_msg("%s: entry %llu is not the one that was acknowledged", world->story, (unsigned long long)i);
    }
    accord_reader_close(reader);
    accord_buffer_free(&out);
}

static void check_log(struct world *world, uint64_t *size)
{
    struct accord_error error;
    struct accord_check_result result;
    must_be_ok(world, "check",
               accord_log_check(world->fs, &accord_crypto_default, DIR, NULL, 1, NULL, NULL, &result, &error), &error);
    *size = result.size;
}

/* Looks at the log just opened: it has what was acknowledged, and all or none of what was not. */
static void take_stock(struct world *world)
{
    uint64_t size = accord_log_size(world->log);
    if (size != world->acknowledged && size != world->acknowledged + world->unsure)
        fail_msg("%s: %llu entries were acknowledged, %llu more may be there, but the log has %llu", world->story,
                 (unsigned long long)world->acknowledged, (unsigned long long)world->unsure, (unsigned long long)size);
    world->acknowledged = size;
    world->unsure = 0;
}

/* Opens the log after something went wrong. */
static void open_world(struct world *world)
{
    struct accord_error error;
    enum accord_status status = do_open(world, &error);
    if (!world->created && status == ACCORD_NOT_FOUND) {
        must_be_ok(world, "create again", do_create(world, &error), &error);
        status = do_open(world, &error);
    }
    must_be_ok(world, "open", status, &error);
    world->created = true;
    take_stock(world);
}

static void check_partial(const struct world *world, const char *place, uint64_t size)
{
    char path[64];
    uint64_t index = size / 256;
    if (size % 256 == 0 || index >= 1000)
        return;
    snprintf(path, sizeof path, "%s/%03u.p/%u", place, (unsigned)index, (unsigned)(size % 256));
    if (world->fs->exists(world->fs->context, path) != 1)
        fail_msg("%s: %s is gone", world->story, path);
}

/* The partial forms of a published tree stay until another one is published. */
static void check_partials(const struct world *world, uint64_t size)
{
    check_partial(world, DIR "/tile/0", size);
    check_partial(world, DIR "/tile/entries", size);
    check_partial(world, DIR "/tile/1", size >> 8);
    check_partial(world, DIR "/tile/2", size >> 16);
}

/* What readers find: the last checkpoint that was published, or one whose publishing was tried since. */
static uint64_t check_published(struct world *world)
{
    uint64_t published;
    check_log(world, &published);
    HOLDS(world, published >= world->published_ok);
    bool tried = published == world->published_ok;
    for (size_t i = 0; i < world->published_count; i++)
        tried = tried || world->published[i] == published;
    HOLDS(world, tried);
    check_partials(world, published);
    return published;
}

/* Opens it and asks for all that was promised; then goes on working with it. */
static void check_world(struct world *world)
{
    struct accord_error error;
    uint64_t published = UINT64_MAX, again;
    if (world->created)
        published = check_published(world); /* readers do not wait for anybody to open it */
    open_world(world);
    uint64_t size = accord_log_size(world->log);
    again = check_published(world);
    HOLDS(world, published == UINT64_MAX || again == published);
    published = again;
    world->published_ok = published;
    must_be_ok(world, "integrate", accord_log_integrate(world->log, &error), &error);
    must_be_ok(world, "publish", do_publish(world, &error), &error);
    check_log(world, &published);
    HOLDS(world, published == size);
    check_entries(world, size);
    must_be_ok(world, "append", do_append(world, 3, &error), &error);
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->sim = sim_fs_new();
    world->fs = sim_fs_port(world->sim);
    return world;
}

static void world_free(struct world *world)
{
    accord_log_close(world->log);
    free((void *)(uintptr_t)world->borrowed.data);
    sim_fs_free(world->sim);
    free(world);
}

static void world_dies(struct world *world, bool power, enum sim_survival mode, uint64_t seed)
{
    do_close(world);
    if (power)
        sim_fs_reboot(world->sim, mode, seed);
    else
        sim_fs_kill(world->sim);
}

enum accident { CUT_VANISH, CUT_KEEP, CUT_MIX, CUT_MIX_TWICE, KILL, FAIL_EIO, FAIL_ENOSPC, FAIL_FOREVER, ACCIDENTS };

static const char *const accident_names[ACCIDENTS] = {"cut, all lost",    "cut, all kept",  "cut, mixed",
                                                      "cut, mixed twice", "killed",         "one EIO",
                                                      "one ENOSPC",       "ENOSPC for ever"};

/* Runs a history into its accident, looks, cuts the power, and looks again. Returns false where the history was over
 * before the nth call. */
static bool run_accident(const char *script, enum accord_log_syncing syncing, enum accident accident, uint64_t nth,
                         uint64_t seed)
{
    struct world *world = world_new();
    world->syncing = syncing;
    struct accord_error error;
    snprintf(world->story, sizeof world->story, "history \"%s\", syncing %s, %s at call %llu, seed %llu", script,
             syncing == ACCORD_LOG_SYNC_LAST ? "late" : "early", accident_names[accident], (unsigned long long)nth,
             (unsigned long long)seed);
    if (accident >= FAIL_EIO)
        sim_fs_fail_at(world->sim, nth, accident == FAIL_EIO ? EIO : ENOSPC, accident == FAIL_FOREVER);
    else
        sim_fs_cut_at(world->sim, nth);
    enum accord_status status = do_script(world, script, &error);
    bool reached = accident >= FAIL_EIO ? sim_fs_calls(world->sim) >= nth : sim_fs_is_cut(world->sim);
    HOLDS(world, reached || status == ACCORD_OK);
    bool power = accident <= CUT_MIX_TWICE;
    enum sim_survival mode = accident == CUT_VANISH ? SIM_VANISH : accident == CUT_KEEP ? SIM_KEEP : SIM_MIX;
    world_dies(world, power, mode, seed);
    if (accident == CUT_MIX_TWICE) {
        sim_fs_cut_at(world->sim, 1 + seed % 13);
        if (do_open(world, &error) == ACCORD_OK && accord_log_integrate(world->log, &error) == ACCORD_OK)
            (void)do_publish(world, &error);
        world_dies(world, true, SIM_MIX, seed + 1);
    }
    /* A short visit, which adds to what it finds before any of it is in tiles. */
    if (seed % 2 == 1) {
        open_world(world);
        must_be_ok(world, "append", do_append(world, 2, &error), &error);
        world_dies(world, true, SIM_MIX, seed + 3);
    }
    check_world(world);
    strcat(world->story, ", after another cut");
    world_dies(world, true, SIM_MIX, seed + 2);
    check_world(world);
    world_free(world);
    return reached;
}

static uint64_t rounds(void)
{
    const char *text = getenv("ACCORD_CRASH_ROUNDS");
    uint64_t number = text == NULL ? 1 : strtoull(text, NULL, 10);
    return number == 0 ? 1 : number;
}

/* Every stride-th call of the history, each with every accident. */
static void run_history(const char *script, enum accord_log_syncing syncing, uint64_t stride, uint64_t seeds)
{
    for (int accident = 0; accident < ACCIDENTS; accident++) {
        bool chance = accident == CUT_MIX || accident == CUT_MIX_TWICE;
        bool more = true;
        for (uint64_t nth = 1; more; nth += stride)
            for (uint64_t seed = 0; seed < (chance ? seeds : 1) && more; seed++)
                more = run_accident(script, syncing, (enum accident)accident, nth, nth * 1001 + seed);
    }
}

static void test_small_history(void **state)
{
    (void)state;
    run_history("c1 ip3 1 ipo250 ip1 1 ip300 o2 ipo5 oip", ACCORD_LOG_SYNC_FIRST, 1, 2 * rounds());
}

/* Batches one behind another: each is staged before the one before it is durable. */
static const char pipeline[] = "c+3 +1 +5 f+250 +4 ip+1 +300 +2 f2 +7 +600 foip+9 +9 4 o+1 fip";

static void test_pipeline_sync_early(void **state)
{
    (void)state;
    run_history(pipeline, ACCORD_LOG_SYNC_FIRST, 1, 2 * rounds());
}

static void test_pipeline_sync_late(void **state)
{
    (void)state;
    run_history(pipeline, ACCORD_LOG_SYNC_LAST, 1, 2 * rounds());
}

/* Entries come in while the tiles of those before them are made durable, and while their checkpoint is published: the
 * published tree is then ahead of the journal's base. */
static const char sealing[] =
    "c3 ips+2 S+4 q5 Qs250 S+1 q+3 Qs1 +300 SqQ+2 sS700 qQ+1 fos+9 S+5 qQ2 sSo+3 is1 SqQ300 s2 iSq1 "
    "iQ";

static void test_sealing_sync_early(void **state)
{
    (void)state;
    run_history(sealing, ACCORD_LOG_SYNC_FIRST, rounds() >= 3 ? 1 : 3, 2 * rounds());
}

static void test_sealing_sync_late(void **state)
{
    (void)state;
    run_history(sealing, ACCORD_LOG_SYNC_LAST, rounds() >= 3 ? 1 : 3, 2 * rounds());
}

/* A batch that does not fit the disk while the one before it is being made durable: that one is in, and the log goes
 * on. */
static void test_pipeline_full_disk(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 9; nth++) {
        struct world *world = world_new();
        struct accord_error error;
        world->syncing = ACCORD_LOG_SYNC_LAST;
        snprintf(world->story, sizeof world->story, "pipeline, full disk at write %llu", (unsigned long long)nth);
        must_be_ok(world, "history", do_script(world, "c5 ip+4 ", &error), &error);
        /* The next put writes its entries, syncs those before it, and writes header and root: calls 1, 2, 3 and 4. */
        uint64_t call = nth <= 4 ? nth : 4;
        sim_fs_fail_at(world->sim, call, ENOSPC, false);
        assert_int_equal(do_put(world, 200, &error), ACCORD_IO);
        assert_int_equal(world->acknowledged, call == 2 ? 5 : 9);
        if (call != 2) {
            world->unsure = 0;
            must_be_ok(world, "append", do_append(world, 3, &error), &error);
        } else {
            assert_int_equal(do_flush(world, &error), ACCORD_IO);
            world->unsure = 4;
        }
        world_dies(world, true, SIM_MIX, nth);
        check_world(world);
        world_free(world);
    }
}

static void test_many_files(void **state)
{
    (void)state;
    uint64_t widen = rounds();
    run_history("c10247 ip300 oip", ACCORD_LOG_SYNC_FIRST, widen >= 24 ? 1 : 24 / widen + 1, 2 * widen);
}

static void test_second_level(void **state)
{
    (void)state;
    uint64_t widen = rounds();
    run_history("c65000 ip1000 ipo2 ip", ACCORD_LOG_SYNC_FIRST, widen >= 1200 ? 1 : 1200 / widen + 1, 2);
}

/* After a sync that failed nothing more is taken, until the log is opened again. */
static void test_failed_sync_is_final(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct accord_error error;
    snprintf(world->story, sizeof world->story, "failed sync");
    must_be_ok(world, "history", do_script(world, "c5 ip", &error), &error);
    /* A small append makes two calls: it writes its record, then syncs. */
    sim_fs_fail_at(world->sim, 2, EIO, false);
    uint64_t calls = sim_fs_calls(world->sim);
    assert_int_equal(do_append(world, 2, &error), ACCORD_IO);
    assert_int_equal(sim_fs_calls(world->sim), calls + 2);
    assert_int_equal(accord_log_size(world->log), 5);
    assert_int_equal(accord_log_health(world->log), ACCORD_LOG_SYNC_FAILED);
    uint64_t first, count;
    struct accord_bytes another = {(const uint8_t *)"\0\1a", 3};
    assert_int_equal(accord_log_append(world->log, another, &first, &count, &error), ACCORD_IO);
    assert_int_equal(sim_fs_calls(world->sim), calls + 2); /* it does not even try */
    check_world(world);
    world_free(world);
}

/* Random histories */

static uint64_t pick(struct world *world, uint64_t below)
{
    uint64_t z = (world->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static uint64_t pick_count(struct world *world)
{
    return pick(world, 5) == 0 ? 1 + pick(world, BATCH_MAX) : 1 + pick(world, 6);
}

/* As do_put, of entries that were hashed before. */
static enum accord_status do_put_hashed(struct world *world, uint64_t count, struct accord_error *error)
{
    uint8_t(*hashes)[ACCORD_HASH_SIZE] = world->hashes[world->turn ^= 1];
    uint64_t hashed;
    struct accord_bytes batch = batch_make(world, count);
    must_be_ok(world, "hash", accord_log_hash(world->log, batch, hashes, BATCH_MAX, &hashed, error), error);
    HOLDS(world, hashed == count);
    enum accord_status status = accord_log_put_hashed(world->log, batch, (const uint8_t(*)[ACCORD_HASH_SIZE])hashes,
                                                      count, pick(world, 2) == 0, error);
    settle_put(world, status);
    if (status == ACCORD_OK) {
        world->put = count;
        world->borrowed = batch;
    } else {
        world->unsure = world->unsure == 0 ? count : world->unsure;
        free((void *)(uintptr_t)batch.data);
    }
    return status;
}

/* Reading goes on while anything else does. */
static enum accord_status do_leaf(struct world *world, struct accord_error *error)
{
    uint8_t hash[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE], entry[ENTRY_SIZE];
    uint64_t size = accord_log_size(world->log), index = pick(world, size + 1);
    enum accord_status status = accord_log_leaf(world->log, index, hash, error);
    if (index == size) {
        HOLDS(world, status == ACCORD_WRONG_INDEX);
        return ACCORD_OK;
    }
    if (status != ACCORD_OK)
        return status;
    size_t part = entry_make(world->ids[index], entry);
    accord_merkle_leaf(&accord_crypto_default, (struct accord_bytes){entry, part}, expected);
    HOLDS(world, memcmp(hash, expected, sizeof hash) == 0);
    return ACCORD_OK;
}

static enum accord_status do_job(struct world *world, struct accord_error *error)
{
    bool done = true;
    enum accord_status status;
    if (world->job == 0) {
        char job = pick(world, 2) == 0 ? 's' : 'q';
        status = job == 's' ? do_seal(world, true, error) : do_publish_sealed(world, true, error);
        world->job = status == ACCORD_OK ? job : 0;
        return status;
    }
    bool wait = pick(world, 2) == 0, seals = world->job == 's';
    status = seals ? accord_log_seal_end(world->log, wait, &done, error)
                   : accord_log_publish_end(world->log, wait, &done, error);
    HOLDS(world, done || !wait);
    if (!done)
        return status;
    world->job = 0;
    if (status == ACCORD_OK && !seals)
        world->published_ok = world->published[world->published_count - 1];
    return status;
}

static enum accord_status do_reopen(struct world *world, struct accord_error *error)
{
    world->job = 0;
    enum accord_status status = do_open(world, error);
    if (status == ACCORD_OK)
        take_stock(world);
    return status;
}

static enum accord_status random_step(struct world *world, struct accord_error *error)
{
    uint64_t kind = pick(world, 20), count = pick_count(world);
    if (kind < 4)
        return do_append(world, count, error);
    if (kind < 6)
        return do_put(world, count, error);
    if (kind < 8)
        return do_put_hashed(world, count, error);
    if (kind == 8)
        return do_flush(world, error);
    if (kind == 9)
        return do_integrate(world, error);
    if (kind == 10)
        return do_leaf(world, error);
    if (kind == 11)
        return do_reopen(world, error);
    if (kind == 12 && !world->planned)
        (void)check_published(world);
    if (kind == 13 && world->job == 0) {
        enum accord_status status = do_integrate(world, error);
        return status == ACCORD_OK ? do_publish(world, error) : status;
    }
    return do_job(world, error);
}

/* After a sync that failed the log takes nothing more, and does not try. */
static void check_refuses(struct world *world)
{
    struct accord_error error;
    struct accord_bytes another = {(const uint8_t *)"\0\1a", 3};
    uint64_t first, count, changes = sim_fs_changes(world->sim);
    HOLDS(world, accord_log_append(world->log, another, &first, &count, &error) != ACCORD_OK);
    HOLDS(world, accord_log_put(world->log, another, &error) != ACCORD_OK);
    HOLDS(world, world->job != 0 || accord_log_seal_begin(world->log, &error) != ACCORD_OK);
    HOLDS(world, accord_log_integrate(world->log, &error) != ACCORD_OK);
    HOLDS(world, sim_fs_changes(world->sim) == changes);
}

/* Whatever readers were promised is there before anybody opens the log, and after it. */
static void come_back(struct world *world, bool dies)
{
    sim_fs_fail_at(world->sim, 0, 0, false);
    sim_fs_cut_at(world->sim, 0);
    bool power = dies && (sim_fs_is_cut(world->sim) ? pick(world, 4) != 0 : pick(world, 2) == 0);
    if (dies)
        world_dies(world, power, (enum sim_survival)pick(world, 3), pick(world, 1 << 30));
    world->job = 0;
    world->planned = false;
    uint64_t published = check_published(world);
    check_entries(world, published);
    open_world(world);
    HOLDS(world, check_published(world) == published);
    world->published_ok = published;
}

/* What a process does after each step. */
static void go_on(struct world *world, enum accord_status status)
{
    if (sim_fs_is_cut(world->sim)) {
        come_back(world, true);
        return;
    }
    HOLDS(world, status == ACCORD_OK || world->planned);
    if (world->log == NULL) {
        come_back(world, pick(world, 2) == 0);
        return;
    }
    enum accord_log_health health = accord_log_health(world->log);
    struct accord_error error;
    if (health == ACCORD_LOG_SYNC_FAILED) {
        check_refuses(world);
        come_back(world, true);
    } else if (health == ACCORD_LOG_TO_REOPEN && do_reopen(world, &error) != ACCORD_OK) {
        come_back(world, false);
    }
}

static void plan_accident(struct world *world)
{
    static const int errors[] = {EIO, ENOSPC, EMFILE};
    world->planned = true;
    if (pick(world, 2) == 0)
        sim_fs_cut_at(world->sim, 1 + pick(world, 40));
    else
        sim_fs_fail_at(world->sim, 1 + pick(world, 60), errors[pick(world, 3)], pick(world, 3) == 0);
}

static bool find_leftover(void *arg, const char *name)
{
    size_t size = strlen(name);
    bool *found = arg;
    *found = *found || (size > 4 && (strcmp(name + size - 4, ".new") == 0 || strcmp(name + size - 4, ".tmp") == 0));
    return true;
}

/* What processes left that died is collected. */
static void check_leftovers(struct world *world)
{
    static const char *const places[] = {DIR, DIR "/.accord", DIR "/tile/0", DIR "/tile/1", DIR "/tile/entries"};
    const struct accord_fs *fs = world->fs;
    uint64_t size = accord_log_size(world->log);
    bool found = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        (void)fs->list(fs->context, places[i], find_leftover, &found);
    HOLDS(world, !found);
    for (uint64_t index = 0; index < size / 256; index++) {
        char path[64];
        snprintf(path, sizeof path, DIR "/tile/0/%03u.p", (unsigned)index);
        HOLDS(world, fs->exists(fs->context, path) == 0);
        snprintf(path, sizeof path, DIR "/tile/entries/%03u.p", (unsigned)index);
        HOLDS(world, fs->exists(fs->context, path) == 0);
    }
}

static void run_random(uint64_t seed)
{
    struct world *world = world_new();
    struct accord_error error;
    world->random = seed;
    world->syncing = pick(world, 2) == 0 ? ACCORD_LOG_SYNC_FIRST : ACCORD_LOG_SYNC_LAST;
    world->journal_max = pick(world, 2) == 0 ? 200 + pick(world, 8000) : 0;
    snprintf(world->story, sizeof world->story, "random history, ACCORD_SEED=%llu", (unsigned long long)seed);
    must_be_ok(world, "create", do_create(world, &error), &error);
    open_world(world);
    for (int step = 0; step < STEPS; step++) {
        if (!world->planned && pick(world, 8) == 0)
            plan_accident(world);
        go_on(world, random_step(world, &error));
    }
    come_back(world, true);
    check_world(world);
    must_be_ok(world, "integrate", do_integrate(world, &error), &error);
    must_be_ok(world, "publish", do_publish(world, &error), &error);
    open_world(world);
    check_leftovers(world);
    world_free(world);
}

static void test_random_histories(void **state)
{
    (void)state;
    const char *one = getenv("ACCORD_SEED");
    if (one != NULL)
        run_random(strtoull(one, NULL, 10));
    for (uint64_t seed = 1; one == NULL && seed <= HISTORIES * rounds(); seed++)
        run_random(seed);
}

/* A batch that did not fit the disk is gone, and the log goes on. */
static void test_full_disk(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 3; nth++) {
        struct world *world = world_new();
        struct accord_error error;
        snprintf(world->story, sizeof world->story, "full disk at write %llu", (unsigned long long)nth);
        must_be_ok(world, "history", do_script(world, "c5 ip", &error), &error);
        sim_fs_fail_at(world->sim, nth, ENOSPC, false);
        assert_int_equal(do_append(world, 200, &error), ACCORD_IO);
        world->unsure = 0;
        must_be_ok(world, "append", do_append(world, 3, &error), &error);
        world_dies(world, true, SIM_MIX, nth);
        check_world(world);
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_history),        cmocka_unit_test(test_pipeline_sync_early),
        cmocka_unit_test(test_sealing_sync_early),   cmocka_unit_test(test_sealing_sync_late),
        cmocka_unit_test(test_pipeline_sync_late),   cmocka_unit_test(test_pipeline_full_disk),
        cmocka_unit_test(test_many_files),           cmocka_unit_test(test_second_level),
        cmocka_unit_test(test_failed_sync_is_final), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests_name("crash-log", tests, NULL, NULL);
}
