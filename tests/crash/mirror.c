/* A mirror whose power is cut at every call that changes something, which is killed there, and whose calls fail one
 * after the other; and random histories of requests, interleaved uploads, forks and accidents. Whatever it has signed
 * it holds, whole; what it publishes is of one history; and a client can always go on. ACCORD_CRASH_ROUNDS=N runs N
 * times as many random histories; ACCORD_SEED=N runs one of them. */
#include "sim_fs.h"

#include "../unit/mirrors.h"

#include <errno.h>
#include <sqlite3.h>

#include "log/check.h"
#include "log/reader.h"

#define DIR "/mirror"
#define ORIGIN "log.example/crash"
#define FORK_AT 600
#define HISTORIES 300
#define STEPS 24
#define UPLOADS 2

static struct mirrored *the_log;
static struct accord_signer *keys[2];
static char copy_dir[128];

/* What the program was told. */
struct world {
    struct sim_fs *sim;
    struct accord_mirror *mirror;
    uint64_t pending;   /* the largest that was accepted */
    uint64_t tried;     /* the largest that was sent in */
    uint64_t signed_of; /* the largest that was answered with signatures */
    bool any_pending, any_signed;
    int branch; /* of what is beyond the fork; -1 until something is */
    char story[128];

    /* Of random histories. */
    uint64_t random;
    struct {
        struct accord_mirror_upload *upload; /* NULL where none is under way */
        struct accord_buffer body;
        size_t at;
        uint64_t end;
        bool over;
    } uploads[UPLOADS];
};

#define HOLDS(world, condition)                                                                                        \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s: does not hold: %s", (world)->story, #condition);                                             \
    } while (0)

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    the_log = calloc(1, sizeof *the_log);
    assert_non_null(the_log);
    mirrored_init(the_log, ORIGIN, FORK_AT);
    static const char *const names[] = {"mirror.example/a", "mirror.example/b"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(accord_signer_generate(&keys[i], slice(names[i]), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                         ACCORD_OK);
    uint8_t hash[ACCORD_HASH_SIZE], hex[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {hex, sizeof hex, 0, false};
    accord_hash(&accord_crypto_default, slice(ORIGIN), hash);
    accord_put_hex(&out, (struct accord_bytes){hash, sizeof hash});
    snprintf(copy_dir, sizeof copy_dir, "%s/%.64s", DIR, (const char *)hex);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mirrored_free(the_log);
    free(the_log);
    accord_signer_free(keys[0]);
    accord_signer_free(keys[1]);
    return 0;
}

static enum accord_status mirror_open(struct world *world, struct accord_error *error)
{
    const struct mirrored *const logs[] = {the_log};
    struct accord_logs *known = mirrored_logs(logs, 1);
    const struct accord_mirror_options options = {.fs = sim_fs_port(world->sim),
                                                  .crypto = &accord_crypto_default,
                                                  .dir = DIR,
                                                  .signers = keys,
                                                  .signer_count = 2,
                                                  .copies_max = 1};
    enum accord_status status = accord_mirror_open(&world->mirror, &options, known, error);
    accord_logs_free(known);
    return status;
}

static void uploads_drop(struct world *world)
{
    for (size_t i = 0; i < UPLOADS; i++) {
        accord_mirror_upload_free(world->uploads[i].upload);
        accord_buffer_free(&world->uploads[i].body);
        world->uploads[i].upload = NULL;
    }
}

static void mirror_close(struct world *world)
{
    uploads_drop(world);
    accord_mirror_close(world->mirror);
    world->mirror = NULL;
}

/* Which history does this root belong to? */
static void check_root(struct world *world, uint64_t size, const uint8_t root[ACCORD_HASH_SIZE])
{
    uint8_t expected[ACCORD_HASH_SIZE];
    if (size <= FORK_AT || world->branch >= 0) {
        mirrored_root(the_log, size <= FORK_AT ? 0 : (unsigned)world->branch, size, expected);
        HOLDS(world, memcmp(expected, root, sizeof expected) == 0);
        return;
    }
    mirrored_root(the_log, 0, size, expected);
    world->branch = memcmp(expected, root, sizeof expected) == 0 ? 0 : 1;
    mirrored_root(the_log, (unsigned)world->branch, size, expected);
    HOLDS(world, memcmp(expected, root, sizeof expected) == 0);
}

/* What is published is there, whole, signed by the log and by both of our keys; and no less than what was answered. */
static void check_published(struct world *world)
{
    const struct accord_fs *fs = sim_fs_port(world->sim);
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    struct accord_check_result result;
    struct accord_error error = {0};
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    if (accord_reader_open(&reader, fs, &accord_crypto_default, copy_dir, &error) != ACCORD_OK) {
        HOLDS(world, !world->any_signed);
        return;
    }
    HOLDS(world, accord_reader_checkpoint(reader, &note, NULL) == ACCORD_OK);
    HOLDS(world, accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL) == ACCORD_OK);
    HOLDS(world, claim.size >= world->signed_of && claim.size <= world->tried);
    check_root(world, claim.size, claim.root);
    for (int i = 0; i < 2; i++)
        HOLDS(world, accord_note_signed_by(&claim.note, accord_signer_vkey(keys[i]), &accord_crypto_default, NULL) ==
                         ACCORD_SIGNED);
    if (accord_log_check_reader(reader, &accord_crypto_default, accord_signer_vkey(the_log->signer), 1, NULL, NULL,
                                &result, &error) != ACCORD_OK)
        fail_msg("%s: %s: expected %s, found %s", world->story, error.what, error.expected, error.found);
    accord_reader_close(reader);
    accord_buffer_free(&note);
}

/* Requests */

/* 0 where the mirror could not. */
static int step(struct world *world, unsigned branch, uint64_t old_size, uint64_t size, uint64_t *seen_size)
{
    struct accord_buffer body;
    struct accord_witness_verdict verdict;
    accord_buffer_init(&body, 65536);
    mirrored_step(the_log, branch, old_size, size, &body);
    world->tried = size > world->tried ? size : world->tried;
    enum accord_status status =
        accord_mirror_add_checkpoint(world->mirror, accord_buffer_bytes(&body), MIRRORED_NOW, &verdict, NULL);
    accord_buffer_free(&body);
    if (status != ACCORD_OK)
        return 0;
    *seen_size = verdict.seen_size;
    if (verdict.http_status == 200) {
        uint8_t root[ACCORD_HASH_SIZE];
        mirrored_root(the_log, branch, size, root);
        HOLDS(world, size >= world->pending);
        check_root(world, size, root);
        world->pending = size;
        world->any_pending = true;
    } else if (verdict.http_status == 409) {
        HOLDS(world, verdict.seen_size >= world->pending);
    }
    return verdict.http_status;
}

/* A 200: signatures over that tree were let out. */
static void check_answer(struct world *world, const struct accord_mirror_answer *answer, uint64_t end)
{
    HOLDS(world, answer->status != 404 && answer->status != 400);
    if (answer->status != 200)
        return;
    HOLDS(world, end >= world->signed_of);
    world->signed_of = end;
    world->any_signed = true;
    struct accord_note_claim lines;
    HOLDS(world, accord_signatures_parse(&lines, accord_buffer_bytes(&answer->text), NULL) == ACCORD_OK);
    HOLDS(world, lines.signature_count == 2);
}

/* The status, and what was said with it. */
static unsigned send_upload(struct world *world, uint64_t start, uint64_t end, uint64_t packages,
                            struct mirrored_info *info)
{
    struct accord_mirror_upload *upload;
    struct accord_buffer body;
    accord_buffer_init(&body, 1 << 22);
    mirrored_upload(the_log, world->branch == 1 ? 1 : 0, start, end, packages, slice(""), &body);
    assert_int_equal(accord_mirror_upload_new(&upload, world->mirror, NULL), ACCORD_OK);
    if (accord_mirror_upload_feed(upload, accord_buffer_bytes(&body)))
        accord_mirror_upload_end(upload, MIRRORED_NOW);
    const struct accord_mirror_answer *answer = accord_mirror_upload_answer(upload);
    unsigned status = answer->status;
    check_answer(world, answer, end);
    if (answer->info)
        *info = mirrored_read_info(accord_buffer_bytes(&answer->text));
    accord_mirror_upload_free(upload);
    accord_buffer_free(&body);
    return status;
}

/* As a client does it that knows nothing: it brings the log to this size, or further. */
static void bring_to(struct world *world, uint64_t size)
{
    uint64_t old_size = 0, seen_size = 0;
    struct mirrored_info info = {.size = size, .next = 0};
    unsigned status = 0;
    int answered = 0;
    if (world->any_pending && world->pending > size)
        size = world->pending;
    for (int i = 0; i < 3 && answered != 200; i++) {
        answered = step(world, world->branch == 1 ? 1 : 0, old_size, size, &seen_size);
        if (answered == 409) {
            old_size = seen_size;
            size = seen_size > size ? seen_size : size;
        } else if (answered == 422 && world->branch < 0) { /* the fork is what it has seen */
            world->branch = 1;
        }
    }
    HOLDS(world, answered == 200);
    info.size = size;
    for (int i = 0; i < 4 && status != 200; i++)
        status = send_upload(world, info.next, size, UINT64_MAX, &info);
    HOLDS(world, status == 200);
    HOLDS(world, world->signed_of == size);
}

/* A web server may have given out what lies there before the mirror is started again. */
static void recover(struct world *world)
{
    struct accord_error error = {0};
    uint64_t seen_size;
    check_published(world);
    if (mirror_open(world, &error) != ACCORD_OK)
        fail_msg("%s: %s: expected %s, found %s", world->story, error.what, error.expected, error.found);
    if (world->any_pending && world->pending > FORK_AT) {
        int answered = step(world, world->branch == 0 ? 1 : 0, world->pending, world->pending, &seen_size);
        HOLDS(world, answered == 422 || (answered == 409 && seen_size > world->pending));
    }
    check_published(world);
}

static void finish(struct world *world)
{
    uint64_t more = (world->tried > 1500 ? world->tried : 1500) + 13;
    bring_to(world, more < MIRRORED_MAX ? more : MIRRORED_MAX);
    mirror_close(world);
    check_published(world);
    recover(world);
    mirror_close(world);
    sim_fs_free(world->sim);
}

/* A script, spoiled at each call */

static void script(struct world *world)
{
    static const uint64_t sizes[] = {0, 1, 300, 700, 701, 1100};
    struct mirrored_info info;
    uint64_t held = 0, seen_size;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (step(world, 0, held, sizes[i], &seen_size) != 200 && world->pending < sizes[i])
            return;
        if (sizes[i] - held > 256)
            (void)send_upload(world, held, sizes[i], 1, &info);
        if (i == 3) { /* a restart with pending entries */
            mirror_close(world);
            if (mirror_open(world, NULL) != ACCORD_OK)
                return;
        }
        if (send_upload(world, held, sizes[i], UINT64_MAX, &info) != 200)
            return;
        held = sizes[i];
        if (held > FORK_AT)
            (void)step(world, 1, held, held + 50, &seen_size);
    }
}

static void begin(struct world *world, const char *story, uint64_t number)
{
    memset(world, 0, sizeof *world);
    world->sim = sim_fs_new();
    world->branch = -1;
    snprintf(world->story, sizeof world->story, "%s %llu", story, (unsigned long long)number);
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int)number + 1, NULL);
}

/* True while the accident happened. */
static bool spoil(const char *story, uint64_t nth, int survival, uint64_t seed)
{
    struct world world;
    begin(&world, story, nth);
    sim_fs_cut_at(world.sim, nth);
    if (mirror_open(&world, NULL) == ACCORD_OK)
        script(&world);
    bool cut = sim_fs_is_cut(world.sim);
    mirror_close(&world);
    if (survival < 0)
        sim_fs_kill(world.sim);
    else
        sim_fs_reboot(world.sim, (enum sim_survival)survival, seed);
    recover(&world);
    finish(&world);
    return cut;
}

static void test_power_cuts(void **state)
{
    (void)state;
    uint64_t nth = 1;
    while (spoil("vanish", nth, SIM_VANISH, nth))
        nth++;
    assert_true(nth > 100);
    for (nth = 1; spoil("keep", nth, SIM_KEEP, nth); nth++)
        continue;
    for (nth = 1; spoil("mix", nth, SIM_MIX, nth); nth++)
        (void)spoil("mix again", nth, SIM_MIX, nth + 100000);
}

static void test_kills(void **state)
{
    (void)state;
    for (uint64_t nth = 1; spoil("kill", nth, -1, 0); nth++)
        continue;
}

static uint64_t calls_of_script(void)
{
    struct world world;
    begin(&world, "calls", 0);
    assert_int_equal(mirror_open(&world, NULL), ACCORD_OK);
    script(&world);
    mirror_close(&world);
    uint64_t calls = sim_fs_calls(world.sim);
    sim_fs_free(world.sim);
    assert_int_equal(world.signed_of, 1100);
    return calls;
}

/* After a call that failed the mirror goes on, or says that it cannot; then the power is cut. */
static void test_failing_calls(void **state)
{
    (void)state;
    uint64_t calls = calls_of_script();
    for (unsigned how = 0; how < 2; how++) {
        for (uint64_t nth = 1; nth <= calls; nth += 1 + nth / 100) {
            struct world world;
            begin(&world, how == 0 ? "one call fails" : "all calls fail from", nth);
            sim_fs_fail_at(world.sim, nth, how == 0 ? EIO : ENOSPC, how == 1);
            if (mirror_open(&world, NULL) == ACCORD_OK)
                script(&world);
            mirror_close(&world);
            sim_fs_reboot(world.sim, SIM_MIX, nth);
            recover(&world);
            finish(&world);
        }
    }
}

/* A call failed, perhaps a sync; the same process goes on, and is believed. Then the power is cut, and of what was not
 * made durable nothing is left. */
static void test_goes_on_after_a_failing_call(void **state)
{
    (void)state;
    uint64_t calls = calls_of_script();
    for (uint64_t nth = 1; nth <= calls; nth++) {
        struct world world;
        begin(&world, "goes on after call", nth);
        sim_fs_fail_at(world.sim, nth, EIO, false);
        if (mirror_open(&world, NULL) == ACCORD_OK)
            script(&world);
        if (world.mirror == NULL || nth % 2 == 0) {
            mirror_close(&world);
            HOLDS(&world, mirror_open(&world, NULL) == ACCORD_OK);
        }
        bring_to(&world, 1300);
        sim_fs_cut_at(world.sim, 1);
        mirror_close(&world);
        sim_fs_reboot(world.sim, SIM_VANISH, nth);
        recover(&world);
        finish(&world);
    }
}

/* Random histories */

static uint64_t random_below(struct world *world, uint64_t limit)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return world->random % limit;
}

static void do_checkpoint(struct world *world)
{
    uint64_t old_size = world->pending, size = old_size + random_below(world, 200), seen_size;
    unsigned branch = world->branch == 1 ? 1 : 0;
    if (random_below(world, 6) == 0)
        branch ^= 1;
    if (random_below(world, 6) == 0)
        old_size = random_below(world, world->tried + 1);
    if (size >= old_size && size < MIRRORED_MAX - 200)
        (void)step(world, branch, old_size, size, &seen_size);
}

static void upload_begin(struct world *world, size_t i)
{
    uint64_t end = world->pending, start = random_below(world, end + 1);
    if (random_below(world, 2) == 0)
        start = world->signed_of <= end ? world->signed_of : end;
    accord_buffer_init(&world->uploads[i].body, 1 << 22);
    mirrored_upload(the_log, world->branch == 1 ? 1 : 0, start, end, random_below(world, 3) == 0 ? 2 : UINT64_MAX,
                    slice(""), &world->uploads[i].body);
    assert_int_equal(accord_mirror_upload_new(&world->uploads[i].upload, world->mirror, NULL), ACCORD_OK);
    world->uploads[i].at = 0;
    world->uploads[i].end = end;
    world->uploads[i].over = false;
}

static void upload_end(struct world *world, size_t i)
{
    const struct accord_mirror_answer *answer = accord_mirror_upload_answer(world->uploads[i].upload);
    if (answer->status != 400) /* cut short before its first package was whole */
        check_answer(world, answer, world->uploads[i].end);
    accord_mirror_upload_free(world->uploads[i].upload);
    world->uploads[i].upload = NULL;
    accord_buffer_free(&world->uploads[i].body);
}

/* Some of an upload's bytes; in the end what it is answered. */
static void do_upload(struct world *world)
{
    size_t i = random_below(world, UPLOADS);
    if (world->uploads[i].upload == NULL) {
        if (world->any_pending)
            upload_begin(world, i);
        return;
    }
    size_t left = world->uploads[i].body.size - world->uploads[i].at;
    size_t size = random_below(world, 3) == 0 ? left : left > 0 ? (size_t)random_below(world, left) : 0;
    struct accord_bytes part = {world->uploads[i].body.data + world->uploads[i].at, size};
    bool more = accord_mirror_upload_feed(world->uploads[i].upload, part);
    world->uploads[i].at += size;
    if (more && (world->uploads[i].at == world->uploads[i].body.size || random_below(world, 12) == 0)) {
        accord_mirror_upload_end(world->uploads[i].upload, MIRRORED_NOW);
        more = false;
    }
    if (!more)
        upload_end(world, i);
}

static void plan_accident(struct world *world)
{
    uint64_t kind = random_below(world, 4), nth = 1 + random_below(world, 30);
    if (kind < 2)
        sim_fs_cut_at(world->sim, nth);
    else
        sim_fs_fail_at(world->sim, nth, kind == 2 ? EIO : ENOSPC, random_below(world, 2) == 0);
}

static void restart(struct world *world)
{
    uint64_t kind = random_below(world, 4);
    mirror_close(world);
    if (kind == 0)
        sim_fs_kill(world->sim);
    else
        sim_fs_reboot(world->sim, (enum sim_survival)(kind - 1), world->random);
    recover(world);
}

static void history(uint64_t seed)
{
    struct world world;
    begin(&world, "ACCORD_SEED", seed);
    world.random = seed * 0x9e3779b97f4a7c15u + 1;
    assert_int_equal(mirror_open(&world, NULL), ACCORD_OK);
    for (int i = 0; i < STEPS; i++) {
        uint64_t kind = random_below(&world, 16);
        if (kind < 4)
            do_checkpoint(&world);
        else if (kind < 13)
            do_upload(&world);
        else if (kind < 15)
            plan_accident(&world);
        if (kind == 15 || sim_fs_is_cut(world.sim))
            restart(&world);
    }
    restart(&world);
    finish(&world);
}

static void test_random_histories(void **state)
{
    (void)state;
    const char *seed = getenv("ACCORD_SEED"), *rounds = getenv("ACCORD_CRASH_ROUNDS");
    if (seed != NULL) {
        history(strtoull(seed, NULL, 10));
        return;
    }
    uint64_t count = HISTORIES * (rounds == NULL ? 1 : strtoull(rounds, NULL, 10));
    for (uint64_t i = 0; i < count; i++)
        history(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cuts),       cmocka_unit_test(test_kills),
        cmocka_unit_test(test_failing_calls),    cmocka_unit_test(test_goes_on_after_a_failing_call),
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
