/* The sequencer under power cuts, killed processes and failing calls: one seed is one history of requests, turns,
 * checkpoints and faults. Knows what was answered, sealed and published; asks for no less afterwards.
 * ACCORD_CRASH_ROUNDS=N runs N times as many seeds, ACCORD_CRASH_SEED=N that one alone. */
#include "serve/sequencer_inner.h"

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
#include "serve/event.h"
#include "sim_fs.h"

#define ORIGIN "example.com/log"
#define DIR "/log"
#define ENTRIES_MAX 20000
#define TREES_MAX 256
#define REQUESTS_MAX 64
#define IDS 60 /* so few different entries that many come again */
#define BIG_ID 1000
#define ENTRY_SIZE 8192
#define UNKNOWN UINT32_MAX

/* Log lines go nowhere. */
void accord_event(enum accord_event_level level, const char *event, const char *fields, ...)
{
    (void)level;
    (void)event;
    (void)fields;
}

void accord_event_error(enum accord_event_level level, const char *event, const char *subject,
                        const struct accord_error *error)
{
    (void)level;
    (void)event;
    (void)subject;
    (void)error;
}

char *accord_event_quote(char *text, size_t size, struct accord_bytes value)
{
    (void)value;
    memset(text, 0, size);
    return text;
}

struct request {
    struct accord_add add;
    uint32_t ids[64];
    uint8_t *bytes;
};

struct tree {
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
};

/* What those outside know. */
struct world {
    uint64_t seed, random;
    struct sim_fs *sim;
    struct accord_sequencer *sequencer;
    struct accord_metrics metrics;
    struct accord_sequencer_seams seams;
    struct request *requests[REQUESTS_MAX]; /* put and not answered */
    uint32_t ids[ENTRIES_MAX];              /* of the entry at each index, as far as it was answered */
    uint64_t size;                          /* past all of these */
    struct tree trees[TREES_MAX];           /* that were sealed, so signed: no log may contradict them */
    size_t tree_count;
    uint64_t published; /* the last size for which publishing went well */
    struct accord_job job;
    uint8_t checkpoint[512];
    bool asked;
    uint32_t next_big;
    unsigned answers, appended, known, failed; /* so that a test can see that it tests something */
};

#define HOLDS(world, condition)                                                                                        \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("ACCORD_CRASH_SEED=%llu: does not hold: %s", (unsigned long long)(world)->seed, #condition);      \
    } while (0)

static void must_be_ok(const struct world *world, const char *what, enum accord_status status,
                       const struct accord_error *error)
{
    if (status != ACCORD_OK)
        fail_msg("ACCORD_CRASH_SEED=%llu: %s: status %d, %s, expected %s, found %s", (unsigned long long)world->seed,
                 what, (int)status, error->what, error->expected, error->found);
}

static uint64_t pick(struct world *world, uint64_t below)
{
    world->random = world->random * 6364136223846793005u + 1442695040888963407u;
    return (world->random >> 33) % below;
}

static uint64_t clock_us;

static uint64_t now_us(void)
{
    return clock_us;
}

/* Entries and requests */

static size_t entry_make(uint32_t id, uint8_t entry[ENTRY_SIZE])
{
    size_t size = (size_t)snprintf((char *)entry, ENTRY_SIZE, "%u", id);
    size_t all = id >= BIG_ID ? 7000 : id % 9 == 0 ? 700 : size;
    memset(entry + size, 'x', all - size);
    return all;
}

static struct request *request_make(struct world *world, bool batch, bool big)
{
    struct request *request = calloc(1, sizeof *request);
    uint64_t count = big ? (pick(world, 2) == 0 ? 40 : 10) : batch ? 1 + pick(world, 6) : 1;
    request->bytes = malloc(count * (ENTRY_SIZE + 2));
    uint32_t id = big ? BIG_ID + world->next_big : (uint32_t)pick(world, IDS);
    if (big)
        world->next_big += pick(world, 3) == 0 ? 0 : 40;
    size_t size = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t this = big ? id + (uint32_t)i : (id + (uint32_t)i) % IDS;
        size_t part = entry_make(this, request->bytes + size + 2);
        request->bytes[size] = (uint8_t)(part >> 8);
        request->bytes[size + 1] = (uint8_t)part;
        size += part + 2;
        request->ids[i] = this;
    }
    request->add.entries = (struct accord_bytes){request->bytes, size};
    request->add.count = count;
    request->add.batch = batch;
    return request;
}

static void request_free(struct request *request)
{
    if (request != NULL)
        free(request->bytes);
    free(request);
}

static void do_put(struct world *world, bool big)
{
    size_t place = 0;
    while (place < REQUESTS_MAX && world->requests[place] != NULL)
        place++;
    if (place == REQUESTS_MAX)
        return;
    struct request *request = request_make(world, big || pick(world, 3) == 0, big);
    if (accord_sequencer_put(world->sequencer, &request->add))
        world->requests[place] = request;
    else
        request_free(request);
}

/* Often one; now and then so many large ones that each group is staged while the one before it is made durable. */
static void do_puts(struct world *world)
{
    uint64_t count = pick(world, 15) == 0 ? 5 : 1;
    for (uint64_t i = 0; i < count; i++)
        do_put(world, count > 1 ? pick(world, 5) > 0 : pick(world, 20) == 0);
}

/* An index is given to one entry, for ever; a new one lies past all that were given. */
static void check_answer(struct world *world, const struct request *request)
{
    const struct accord_add *add = &request->add;
    world->answers++;
    if (add->outcome == ACCORD_ADD_FAILED) {
        HOLDS(world, add->error.status != ACCORD_OK);
        world->failed++;
        return;
    }
    HOLDS(world, add->outcome == ACCORD_ADD_APPENDED || add->outcome == ACCORD_ADD_KNOWN);
    HOLDS(world, add->first + add->count <= ENTRIES_MAX);
    *(add->outcome == ACCORD_ADD_KNOWN ? &world->known : &world->appended) += 1;
    for (uint64_t i = 0; i < add->count; i++) {
        uint32_t *id = &world->ids[add->first + i];
        HOLDS(world, *id == (add->outcome == ACCORD_ADD_KNOWN ? request->ids[i] : UNKNOWN) || *id == UNKNOWN);
        *id = request->ids[i];
    }
    if (world->size < add->first + add->count)
        world->size = add->first + add->count;
}

static void take_answers(struct world *world)
{
    struct accord_add *next;
    for (struct accord_add *add = accord_sequencer_take(world->sequencer); add != NULL; add = next) {
        size_t place = 0;
        next = add->next;
        while (place < REQUESTS_MAX && (world->requests[place] == NULL || &world->requests[place]->add != add))
            place++;
        HOLDS(world, place < REQUESTS_MAX);
        check_answer(world, world->requests[place]);
        request_free(world->requests[place]);
        world->requests[place] = NULL;
    }
}

/* Checkpoints */

static struct accord_bytes checkpoint_make(uint8_t data[512], const struct tree *tree)
{
    struct accord_out out = {data, 512, 0, false};
    uint8_t signature[64] = {1};
    accord_checkpoint_print(&out, ACCORD_LITERAL(ORIGIN), tree->size, tree->root);
    out.data[out.size++] = '\n';
    accord_signature_print(&out, ACCORD_LITERAL(ORIGIN), 7, (struct accord_bytes){signature, sizeof signature});
    return accord_out_bytes(&out);
}

static void job_done(struct world *world)
{
    struct accord_job *job = &world->job;
    if (!world->asked || !job->over)
        return;
    world->asked = false;
    if (job->status != ACCORD_OK)
        return;
    if (job->publish) {
        world->published = job->size;
    } else {
        HOLDS(world, world->tree_count < TREES_MAX);
        struct tree *tree = &world->trees[world->tree_count++];
        tree->size = job->size;
        memcpy(tree->root, job->root, sizeof tree->root);
        /* What was answered before it was asked for is in it, or will be in the next; sizes never fall. */
        HOLDS(world, world->tree_count == 1 || tree->size >= tree[-1].size);
    }
}

static void do_ask(struct world *world)
{
    if (world->asked)
        return;
    memset(&world->job, 0, sizeof world->job);
    world->job.publish = world->tree_count > 0 && pick(world, 2) == 0;
    if (world->job.publish)
        world->job.checkpoint = checkpoint_make(world->checkpoint, &world->trees[world->tree_count - 1]);
    world->asked = accord_sequencer_ask(world->sequencer, &world->job);
    HOLDS(world, world->asked);
}

static void do_turn(struct world *world)
{
    (void)accord_sequencer_turn(world->sequencer);
    job_done(world);
    take_answers(world);
}

/* Turns until there is nothing to do: then everybody has been answered, whatever the disk is like. */
static void do_all(struct world *world)
{
    while (accord_sequencer_turn(world->sequencer).until_us == 0)
        job_done(world);
    job_done(world);
    take_answers(world);
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        HOLDS(world, world->requests[i] == NULL);
}

/* Living and dying */

static enum accord_status begin(struct world *world, struct accord_error *error)
{
    const struct accord_sequencer_options options = {.fs = sim_fs_port(world->sim),
                                                     .crypto = &accord_crypto_default,
                                                     .dir = DIR,
                                                     .dedup = true,
                                                     .queue_bytes = 8 << 20,
                                                     .queue_requests = 1000,
                                                     .metrics = &world->metrics};
    enum accord_status status = accord_sequencer_make(&world->sequencer, &options, &world->seams, error);
    if (status == ACCORD_OK && pick(world, 2) == 0) /* so that the journal is emptied at times, whatever else goes on */
        accord_log_journal_max(world->sequencer->log, pick(world, 50000));
    return status;
}

/* What was put is answered by nobody any more. */
static void end(struct world *world)
{
    accord_sequencer_unmake(world->sequencer);
    world->sequencer = NULL;
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        request_free(world->requests[i]);
        world->requests[i] = NULL;
    }
    world->asked = false;
}

static void check_published(struct world *world)
{
    struct accord_buffer text;
    struct accord_reader *reader;
    struct accord_checkpoint_claim claim;
    struct accord_error error;
    accord_buffer_init(&text, ACCORD_NOTE_SIZE_MAX);
    must_be_ok(world, "reader",
               accord_reader_open(&reader, sim_fs_port(world->sim), &accord_crypto_default, DIR, &error), &error);
    must_be_ok(world, "checkpoint", accord_reader_checkpoint(reader, &text, &error), &error);
    must_be_ok(world, "checkpoint", accord_checkpoint_parse(&claim, accord_buffer_bytes(&text), &error), &error);
    HOLDS(world, claim.size >= world->published);
    world->published = claim.size;
    accord_reader_close(reader);
    accord_buffer_free(&text);
}

static void begin_again(struct world *world)
{
    struct accord_error error;
    check_published(world);
    must_be_ok(world, "start", begin(world, &error), &error);
    HOLDS(world, world->metrics.size >= world->size);
    HOLDS(world, world->tree_count == 0 || world->metrics.size >= world->trees[world->tree_count - 1].size);
}

static void do_crash(struct world *world)
{
    bool power = pick(world, 3) > 0;
    if (!sim_fs_is_cut(world->sim))
        sim_fs_cut_at(world->sim, 1);
    end(world);
    if (power)
        sim_fs_reboot(world->sim, (enum sim_survival)pick(world, 3), pick(world, 1 << 30));
    else
        sim_fs_kill(world->sim);
    begin_again(world);
}

static void do_restart(struct world *world)
{
    struct accord_error error;
    end(world);
    if (sim_fs_is_cut(world->sim) || begin(world, &error) != ACCORD_OK) {
        sim_fs_reboot(world->sim, SIM_MIX, pick(world, 1 << 30));
        begin_again(world);
    }
}

static void do_fault(struct world *world)
{
    static const int errors[] = {ENOSPC, EIO, EROFS};
    if (sim_fs_is_cut(world->sim))
        return;
    if (pick(world, 2) == 0)
        sim_fs_cut_at(world->sim, 1 + pick(world, 40));
    else
        sim_fs_fail_at(world->sim, 1 + pick(world, 30), errors[pick(world, 3)], pick(world, 4) == 0);
}

/* One step. A cut that happened is found at the next crash; until then everything fails, as it would not for long. */
static void step(struct world *world)
{
    uint64_t what = pick(world, 100);
    if (sim_fs_is_cut(world->sim) && what < 40)
        do_crash(world);
    else if (what < 45)
        do_puts(world);
    else if (what < 80)
        do_turn(world);
    else if (what < 90)
        do_ask(world);
    else if (what < 94)
        do_fault(world);
    else if (what < 96)
        sim_fs_fail_at(world->sim, 0, 0, false);
    else if (what < 97)
        do_restart(world);
    else if (what < 98)
        do_crash(world);
    else if (what < 99)
        do_all(world);
    else
        clock_us += 200000 * pick(world, 40);
}

/* At the end */

static void check_trees(struct world *world, uint64_t index, struct accord_frontier *frontier)
{
    uint8_t root[ACCORD_HASH_SIZE];
    for (size_t i = 0; i < world->tree_count; i++)
        if (world->trees[i].size == index) {
            accord_frontier_root(&accord_crypto_default, frontier, root);
            HOLDS(world, memcmp(root, world->trees[i].root, sizeof root) == 0);
        }
}

/* Every entry that was answered lies where that was, and every tree that was sealed is a beginning of the log. */
static void check_entries(struct world *world, uint64_t size)
{
    struct accord_reader *reader;
    struct accord_error error;
    struct accord_buffer out;
    struct accord_frontier frontier;
    memset(&frontier, 0, sizeof frontier);
    accord_buffer_init(&out, ACCORD_ENTRY_SIZE_MAX);
    must_be_ok(world, "reader",
               accord_reader_open(&reader, sim_fs_port(world->sim), &accord_crypto_default, DIR, &error), &error);
    accord_reader_set_size(reader, size);
    check_trees(world, 0, &frontier);
    for (uint64_t i = 0; i < size; i++) {
        uint8_t entry[ENTRY_SIZE], leaf[ACCORD_HASH_SIZE];
        out.size = 0;
        must_be_ok(world, "entry", accord_reader_entry(reader, i, &out, &error), &error);
        if (world->ids[i] != UNKNOWN) {
            HOLDS(world, entry_make(world->ids[i], entry) == out.size);
            HOLDS(world, memcmp(entry, out.data, out.size) == 0);
        }
        accord_merkle_leaf(&accord_crypto_default, accord_buffer_bytes(&out), leaf);
        accord_frontier_append(&accord_crypto_default, &frontier, leaf, NULL, NULL);
        check_trees(world, i + 1, &frontier);
    }
    accord_reader_close(reader);
    accord_buffer_free(&out);
}

static void finish_job(struct world *world, bool publish)
{
    while (world->asked)
        do_turn(world);
    memset(&world->job, 0, sizeof world->job);
    world->job.publish = publish;
    if (publish)
        world->job.checkpoint = checkpoint_make(world->checkpoint, &world->trees[world->tree_count - 1]);
    world->asked = accord_sequencer_ask(world->sequencer, &world->job);
    for (unsigned turns = 0; world->asked && turns < 1000; turns++)
        do_turn(world);
    HOLDS(world, !world->asked);
    must_be_ok(world, publish ? "publish" : "seal", world->job.status, &world->job.error);
}

/* A sound disk: what is in the log is found, and can be published. */
static void check_world(struct world *world)
{
    struct accord_check_result result;
    struct accord_error error;
    do_crash(world);
    for (uint64_t i = 0; i < 6; i++)
        do_put(world, false);
    unsigned failed = world->failed;
    do_all(world);
    HOLDS(world, world->failed == failed);
    HOLDS(world, world->metrics.dedup_covered == world->metrics.size);
    finish_job(world, false);
    finish_job(world, true);
    end(world);
    must_be_ok(
        world, "check",
        accord_log_check(sim_fs_port(world->sim), &accord_crypto_default, DIR, NULL, 1, NULL, NULL, &result, &error),
        &error);
    HOLDS(world, result.size >= world->size);
    check_entries(world, result.size);
}

static struct world *world_new(uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    struct accord_error error;
    struct tree empty = {.size = 0};
    uint8_t data[512];
    assert_non_null(world);
    world->seed = seed;
    world->random = seed * 0x9e3779b97f4a7c15u + 1;
    world->sim = sim_fs_new();
    world->seams = (struct accord_sequencer_seams){
        .now_us = now_us,
        .choose_syncing = true,
        .syncing = seed % 2 == 0 ? ACCORD_LOG_SYNC_FIRST : ACCORD_LOG_SYNC_LAST,
    };
    memset(world->ids, 0xff, sizeof world->ids);
    clock_us = 1000000;
    accord_merkle_empty_root(&accord_crypto_default, empty.root);
    must_be_ok(
        world, "create",
        accord_log_create(sim_fs_port(world->sim), &accord_crypto_default, DIR, checkpoint_make(data, &empty), &error),
        &error);
    must_be_ok(world, "start", begin(world, &error), &error);
    return world;
}

static void run_seed(uint64_t seed, unsigned totals[3])
{
    struct world *world = world_new(seed);
    uint64_t steps = 20 + pick(world, 180);
    for (uint64_t i = 0; i < steps; i++)
        step(world);
    check_world(world);
    totals[0] += world->appended;
    totals[1] += world->known;
    totals[2] += world->failed;
    sim_fs_free(world->sim);
    free(world);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void test_histories(void **state)
{
    (void)state;
    unsigned totals[3] = {0, 0, 0};
    uint64_t rounds = number_from("ACCORD_CRASH_ROUNDS", 1), only = number_from("ACCORD_CRASH_SEED", 0);
    uint64_t seeds = 1000 * (rounds == 0 ? 1 : rounds);
    for (uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? seeds : only); seed++)
        run_seed(seed, totals);
    /* Histories in which nothing happens would show nothing. */
    if (only == 0) {
        assert_true(totals[0] > 5 * seeds);
        assert_true(totals[1] > 5 * seeds);
        assert_true(totals[2] > seeds);
    }
    print_message("# %u appended, %u known, %u failed\n", totals[0], totals[1], totals[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests_name("crash-sequencer", tests, NULL, NULL);
}
