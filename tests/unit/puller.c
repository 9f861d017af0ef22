/* The pullers: every log that is known is copied by and by; one that hangs, fails or forks is none of the others'
 * trouble. */
#include "logs.h"
#include "web.h"

#include "base/clock.h"
#include "base/file.h"
#include "log/check.h"
#include "serve/puller_mirror.h"

#define LOGS_MAX 10
#define WAIT_MS 20000

static const struct accord_crypto *crypto = &accord_crypto_default;
static const struct accord_fs *fs = &accord_fs_real;

enum behaviour { SERVES, HANGS, FAILS, IS_ELSEWHERE };

/* Logs, a server that shows them at /0, /1 ..., and a mirror. */
struct fixture {
    char root[64];
    struct web web;
    atomic_int behaviour[LOGS_MAX];
    const char *_Atomic shows[LOGS_MAX]; /* the directory in place of its own */
    struct accord_logs *logs;
    struct accord_signer *signer;
    struct accord_mirror *mirror;
    struct accord_puller_mirror into;
    struct accord_puller_place place;
    struct accord_puller_counts counts;
    struct accord_puller *puller;
    atomic_uint seen, forked;
    char notes[2][512]; /* of a fork */
};

static uint64_t wall(void *context)
{
    (void)context;
    return 1700000000;
}
static const struct accord_clock test_clock = {NULL, wall};

static void pause_ms(unsigned ms)
{
    usleep(ms * 1000);
}

static const char *origin_of(unsigned number)
{
    static const char *const origins[LOGS_MAX] = {"log0.example", "log1.example", "log2.example", "log3.example",
                                                  "log4.example", "log5.example", "log6.example", "log7.example",
                                                  "log8.example", "log9.example"};
    return origins[number];
}

/* Logs */

static struct log_place place_of(const struct fixture *fixture, const char *name)
{
    struct log_place place;
    snprintf(place.root, sizeof place.root, "%s", fixture->root);
    snprintf(place.log, sizeof place.log, "%.60s/%.16s", fixture->root, name);
    return place;
}

static void publish_as(struct accord_log *log, const char *origin)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    assert_int_equal(accord_log_integrate(log, NULL), ACCORD_OK);
    accord_log_root(log, root);
    assert_int_equal(accord_log_publish(log, log_checkpoint(data, origin, origin, accord_log_size(log), root), NULL),
                     ACCORD_OK);
}

/* Makes it where it is not there; first, if it is not NULL, is its next entry. */
static void grow(const struct fixture *fixture, const char *name, unsigned number, const char *first, uint64_t count)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE], entry[64];
    struct log_place place = place_of(fixture, name);
    const char *origin = origin_of(number);
    uint64_t at, one;
    if (access(place.log, F_OK) != 0) {
        accord_merkle_empty_root(crypto, root);
        assert_int_equal(accord_log_create(fs, crypto, place.log, log_checkpoint(data, origin, origin, 0, root), NULL),
                         ACCORD_OK);
    }
    struct accord_log *log = log_open(&place);
    if (first != NULL) {
        entry[0] = 0;
        entry[1] = (uint8_t)snprintf((char *)entry + 2, sizeof entry - 2, "%s", first);
        assert_int_equal(accord_log_append(log, (struct accord_bytes){entry, 2U + entry[1]}, &at, &one, NULL),
                         ACCORD_OK);
    }
    log_fill(log, count);
    publish_as(log, origin);
    accord_log_close(log);
}

/* The server */

static bool answer(struct web *web, int handle, const struct web_request *request)
{
    static _Thread_local uint8_t bytes[ACCORD_TILE_SIZE_MAX + 262144];
    struct fixture *fixture = web->context;
    unsigned number = (unsigned)(request->path[1] - '0') % LOGS_MAX;
    char path[512];
    switch ((enum behaviour)atomic_load(&fixture->behaviour[number])) {
    case HANGS:
        return web_hang(web, handle);
    case FAILS:
        return web_reply(handle, 500, "", slice("no\n"));
    case IS_ELSEWHERE:
        return web_reply(handle, 302, "Location: http://127.0.0.1:1/\r\n", slice(""));
    case SERVES:
        break;
    }
    const char *shown = atomic_load(&fixture->shows[number]), own[2] = {request->path[1], 0};
    snprintf(path, sizeof path, "%s/%s%s", fixture->root, shown == NULL ? own : shown, request->path + 2);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return web_reply(handle, 404, "", slice("not here"));
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return web_reply(handle, 200, "", (struct accord_bytes){bytes, size});
}

static struct accord_logs *known(const struct fixture *fixture, unsigned count)
{
    struct accord_logs *logs;
    assert_int_equal(accord_logs_new(&logs, crypto, NULL), ACCORD_OK);
    for (unsigned i = 0; i < count; i++) {
        uint8_t vkey[256];
        char url[64];
        struct accord_out out = {vkey, sizeof vkey, 0, false};
        put_vkey(&out, origin_of(i), ACCORD_KEY_ED25519);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/%u/", fixture->web.port, i);
        assert_int_equal(accord_logs_add(logs, accord_out_bytes(&out), slice(url), NULL), ACCORD_OK);
    }
    return logs;
}

static void saw(void *context, const struct accord_known_log *log, const struct accord_checkpoint_claim *claim)
{
    struct fixture *fixture = context;
    if (accord_bytes_equal(log->origin, claim->origin))
        atomic_fetch_add(&fixture->seen, 1);
}

static void forked(void *context, const struct accord_known_log *log, const struct accord_pulled *pulled,
                   const struct accord_error *error)
{
    struct fixture *fixture = context;
    if (atomic_load(&fixture->forked) == 0) {
        snprintf(fixture->notes[0], sizeof fixture->notes[0], "%.*s", (int)pulled->last.size,
                 (const char *)pulled->last.data);
        snprintf(fixture->notes[1], sizeof fixture->notes[1], "%.*s", (int)pulled->note.size,
                 (const char *)pulled->note.data);
    }
    accord_puller_mirror_forked(&fixture->into, log, pulled, error);
    atomic_fetch_add(&fixture->forked, 1);
}

static struct accord_puller_options options_of(struct fixture *fixture)
{
    return (struct accord_puller_options){.crypto = crypto,
                                          .place = &fixture->place,
                                          .interval_ms = 250,
                                          .counts = &fixture->counts,
                                          .context = fixture,
                                          .seen = saw,
                                          .forked = forked};
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    snprintf(fixture->root, sizeof fixture->root, "%s", "/tmp/accord-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    web_start(&fixture->web, answer, fixture);
    assert_int_equal(
        accord_signer_generate(&fixture->signer, slice("mirror.example"), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
        ACCORD_OK);
    *state = fixture;
    return 0;
}

/* Opens the mirror and starts pulling. */
static void start(struct fixture *fixture, unsigned count, const struct accord_puller_options *options)
{
    char dir[80];
    snprintf(dir, sizeof dir, "%s/mirror", fixture->root);
    fixture->logs = known(fixture, count);
    const struct accord_mirror_options mirror = {
        .fs = fs, .crypto = crypto, .dir = dir, .signers = &fixture->signer, .signer_count = 1};
    assert_int_equal(accord_mirror_open(&fixture->mirror, &mirror, fixture->logs, NULL), ACCORD_OK);
    fixture->into = (struct accord_puller_mirror){fixture->mirror, fs, &test_clock};
    fixture->place = accord_puller_mirror_place(&fixture->into);
    assert_int_equal(accord_puller_start(&fixture->puller, options, fixture->logs, NULL), ACCORD_OK);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    accord_puller_stop(fixture->puller);
    accord_mirror_close(fixture->mirror);
    accord_logs_free(fixture->logs);
    accord_signer_free(fixture->signer);
    web_stop(&fixture->web);
    snprintf(command, sizeof command, "rm -rf '%s'", fixture->root);
    free(fixture);
    return system(command);
}

static uint64_t published(struct fixture *fixture, unsigned number)
{
    uint64_t size = 0;
    struct accord_known_log log;
    assert_true(accord_logs_find(fixture->logs, slice(origin_of(number)), &log));
    enum accord_status status = accord_mirror_published(fixture->mirror, log.origin_hash, &size, NULL);
    return status == ACCORD_OK ? size : UINT64_MAX;
}

static bool comes_to(struct fixture *fixture, unsigned number, uint64_t size)
{
    uint64_t begun_us = accord_monotonic_us();
    while (published(fixture, number) != size) {
        if (accord_monotonic_us() - begun_us > WAIT_MS * 1000)
            return false;
        pause_ms(5);
    }
    return true;
}

static void test_brings_all(void **state)
{
    struct fixture *fixture = *state;
    const struct accord_puller_options options = options_of(fixture);
    for (unsigned i = 0; i < 6; i++) {
        char name[2] = {(char)('0' + i), 0};
        grow(fixture, name, i, NULL, i * 301);
    }
    start(fixture, 6, &options);
    for (unsigned i = 0; i < 6; i++)
        assert_true(comes_to(fixture, i, i * 301));
    grow(fixture, "3", 3, NULL, 1000);
    grow(fixture, "5", 5, NULL, 1);
    assert_true(comes_to(fixture, 3, 1903));
    assert_true(comes_to(fixture, 5, 1506));
    accord_puller_stop(fixture->puller);
    fixture->puller = NULL;
    assert_int_equal(atomic_load(&fixture->counts.entries), 15 * 301 + 1001);
    assert_int_equal(atomic_load(&fixture->counts.changes), 8);
    assert_int_equal(atomic_load(&fixture->counts.failed) + atomic_load(&fixture->counts.forked), 0);
    assert_int_equal(atomic_load(&fixture->counts.visits), atomic_load(&fixture->seen));
    /* What is published is cosigned, and sound. */
    struct accord_known_log log;
    struct accord_check_result result;
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    char path[256], hash[65];
    assert_true(accord_logs_find(fixture->logs, slice(origin_of(3)), &log));
    for (size_t i = 0; i < 32; i++)
        snprintf(hash + 2 * i, 3, "%02x", log.origin_hash[i]);
    snprintf(path, sizeof path, "%s/mirror/%s", fixture->root, hash);
    assert_int_equal(accord_log_check(fs, crypto, path, &log.keys[0], 1, NULL, NULL, &result, NULL), ACCORD_OK);
    assert_int_equal(result.size, 1903);
    snprintf(path, sizeof path, "%s/mirror/%s/checkpoint", fixture->root, hash);
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    assert_int_equal(accord_file_read(fs, path, &note, NULL), ACCORD_OK);
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
    assert_int_equal(accord_note_signed_by(&claim.note, accord_signer_vkey(fixture->signer), crypto, NULL),
                     ACCORD_SIGNED);
    accord_buffer_free(&note);
}

/* More logs that hang than there are threads, and all of them come first. */
static void test_the_slow_hold_up_nobody(void **state)
{
    struct fixture *fixture = *state;
    const struct accord_puller_options options = options_of(fixture);
    for (unsigned i = 0; i < 5; i++)
        atomic_store(&fixture->behaviour[i], HANGS);
    grow(fixture, "5", 5, NULL, 10);
    grow(fixture, "6", 6, NULL, 10);
    uint64_t begun_us = accord_monotonic_us();
    start(fixture, 7, &options);
    assert_true(comes_to(fixture, 5, 10) && comes_to(fixture, 6, 10));
    assert_true(accord_monotonic_us() - begun_us < 10000000);
    /* Then it is known who is slow. */
    for (unsigned i = 0; i < 4; i++) {
        begun_us = accord_monotonic_us();
        grow(fixture, "6", 6, NULL, 300);
        assert_true(comes_to(fixture, 6, 10 + 300 * (i + 1)));
        assert_true(accord_monotonic_us() - begun_us < (i == 0 ? 10000000 : 3000000));
    }
    /* And nobody waits for them in the end. */
    begun_us = accord_monotonic_us();
    accord_puller_stop(fixture->puller);
    fixture->puller = NULL;
    assert_true(accord_monotonic_us() - begun_us < 3000000);
}

static void test_comes_back(void **state)
{
    struct fixture *fixture = *state;
    const struct accord_puller_options options = options_of(fixture);
    grow(fixture, "0", 0, NULL, 500);
    grow(fixture, "1", 1, NULL, 500);
    atomic_store(&fixture->behaviour[0], FAILS);
    atomic_store(&fixture->behaviour[1], IS_ELSEWHERE);
    start(fixture, 2, &options);
    while (atomic_load(&fixture->counts.failed) < 4)
        pause_ms(5);
    assert_int_equal(published(fixture, 0), UINT64_MAX);
    atomic_store(&fixture->behaviour[0], SERVES);
    atomic_store(&fixture->behaviour[1], SERVES);
    assert_true(comes_to(fixture, 0, 500) && comes_to(fixture, 1, 500));
}

static void test_forks_and_rolls_back(void **state)
{
    struct fixture *fixture = *state;
    const struct accord_puller_options options = options_of(fixture);
    grow(fixture, "0", 0, "a", 600);
    grow(fixture, "forked", 0, "b", 900);
    grow(fixture, "older", 0, "a", 300);
    start(fixture, 1, &options);
    assert_true(comes_to(fixture, 0, 601));
    atomic_store(&fixture->shows[0], "older");
    uint64_t failed = atomic_load(&fixture->counts.failed);
    while (atomic_load(&fixture->counts.failed) == failed)
        pause_ms(5);
    assert_int_equal(atomic_load(&fixture->forked), 0);
    atomic_store(&fixture->shows[0], "forked");
    while (atomic_load(&fixture->forked) == 0)
        pause_ms(5);
    assert_int_equal(published(fixture, 0), 601);
    assert_non_null(strstr(fixture->notes[0], "\n601\n"));
    assert_non_null(strstr(fixture->notes[1], "\n901\n"));
    char command[256];
    snprintf(command, sizeof command, "grep -qx 901 %s/mirror/*/.accord/fork-shown", fixture->root);
    assert_int_equal(system(command), 0);
    atomic_store(&fixture->shows[0], NULL);
    grow(fixture, "0", 0, NULL, 99);
    assert_true(comes_to(fixture, 0, 700));
}

/* Two long logs and one thread: they take turns, and both come to an end. */
static void test_takes_turns(void **state)
{
    struct fixture *fixture = *state;
    struct accord_puller_options options = options_of(fixture);
    options.threads = 1;
    options.slice_ms = 300;
    options.interval_ms = 60000;
    grow(fixture, "0", 0, NULL, 20000);
    grow(fixture, "1", 1, NULL, 20000);
    start(fixture, 2, &options);
    assert_true(comes_to(fixture, 0, 20000) && comes_to(fixture, 1, 20000));
    accord_puller_stop(fixture->puller);
    fixture->puller = NULL;
    assert_in_range(atomic_load(&fixture->counts.visits), 3, 200);
    assert_int_equal(atomic_load(&fixture->counts.entries), 40000);
}

static void test_reload(void **state)
{
    struct fixture *fixture = *state;
    struct accord_puller_options options = options_of(fixture);
    options.interval_ms = 60000;
    grow(fixture, "0", 0, NULL, 100);
    grow(fixture, "1", 1, NULL, 100);
    start(fixture, 1, &options);
    assert_true(comes_to(fixture, 0, 100));
    struct accord_logs *more = known(fixture, 2);
    accord_mirror_know(fixture->mirror, more);
    assert_int_equal(accord_puller_know(fixture->puller, more, 100, NULL), ACCORD_OK);
    accord_logs_free(fixture->logs);
    fixture->logs = more;
    assert_true(comes_to(fixture, 1, 100));
    grow(fixture, "0", 0, NULL, 1);
    assert_true(comes_to(fixture, 0, 101));
}

static void test_only_looks(void **state)
{
    struct fixture *fixture = *state;
    struct accord_puller_options options = options_of(fixture);
    options.place = NULL;
    options.once = true;
    grow(fixture, "0", 0, NULL, 100);
    grow(fixture, "1", 1, NULL, 100);
    atomic_store(&fixture->behaviour[1], FAILS);
    start(fixture, 2, &options);
    while (atomic_load(&fixture->counts.visits) < 4)
        pause_ms(5);
    assert_int_equal(atomic_load(&fixture->seen), 1);
    atomic_store(&fixture->behaviour[1], SERVES);
    while (atomic_load(&fixture->seen) < 2)
        pause_ms(5);
    uint64_t visits = atomic_load(&fixture->counts.visits);
    pause_ms(500);
    assert_int_equal(atomic_load(&fixture->counts.visits), visits);
    assert_int_equal(atomic_load(&fixture->counts.entries), 0);
    assert_int_equal(published(fixture, 0), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_brings_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_slow_hold_up_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forks_and_rolls_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_takes_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_looks, set_up, tear_down),
    };
    accord_crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
