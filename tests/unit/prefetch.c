/* Reading ahead: the same answers, sooner; nothing that a log does not have, and no more than it was told to hold. */
#include "net/log_http.h"

#include "base/clock.h"
#include "logs.h"
#include "net/prefetch.h"
#include "web.h"

#define TILES 100

static const struct accord_crypto *crypto = &accord_crypto_default;

/* A server that takes its time, and answers each tile with its own name, as often as makes it size bytes long. */
struct fixture {
    struct web web;
    char url[64];
    struct accord_client *client;
    struct accord_prefetch *prefetch;
    unsigned delay_ms;
    atomic_size_t size;
    atomic_uint status; /* of all answers */
    atomic_uint under_way, most, beyond;
    atomic_bool stopping;
    atomic_bool moody;       /* hangs up on whoever asks for an odd tile for the first time */
    atomic_bool hung[TILES]; /* up on */
};

static bool answer(struct web *web, int handle, const struct web_request *request)
{
    struct fixture *fixture = web->context;
    struct accord_tile tile;
    unsigned now = atomic_fetch_add(&fixture->under_way, 1) + 1, most = atomic_load(&fixture->most);
    while (now > most && !atomic_compare_exchange_weak(&fixture->most, &most, now))
        continue;
    if (accord_tile_path_parse(&tile, slice(request->path + 1)) != ACCORD_OK || tile.index >= TILES)
        atomic_fetch_add(&fixture->beyond, 1);
    usleep(fixture->delay_ms * 1000);
    atomic_fetch_sub(&fixture->under_way, 1);
    if (atomic_load(&fixture->moody) && tile.index % 2 == 1 && !atomic_exchange(&fixture->hung[tile.index], true)) {
        static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n/tile";
        (void)send(handle, half, sizeof half - 1, MSG_NOSIGNAL);
        return false;
    }
    size_t size = atomic_load(&fixture->size);
    char *body = malloc(size + 1);
    for (size_t i = 0, length = strlen(request->path); i < size; i++)
        body[i] = request->path[i % length];
    bool kept = web_reply(handle, atomic_load(&fixture->status), "", (struct accord_bytes){(uint8_t *)body, size});
    free(body);
    return kept;
}

static bool is_stopping(void *context)
{
    struct fixture *fixture = context;
    return atomic_load(&fixture->stopping);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    web_start(&fixture->web, answer, fixture);
    snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%u/", fixture->web.port);
    fixture->size = 64;
    fixture->status = 200;
    assert_int_equal(accord_client_new(&fixture->client, NULL), ACCORD_OK);
    assert_int_equal(accord_prefetch_new(&fixture->prefetch, fixture->client, fixture->url, is_stopping, fixture, NULL),
                     ACCORD_OK);
    accord_prefetch_size(fixture->prefetch, TILES * ACCORD_TILE_WIDTH + 17);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    accord_prefetch_free(fixture->prefetch);
    accord_client_free(fixture->client);
    web_stop(&fixture->web);
    free(fixture);
    return 0;
}

/* Gets a tile, and looks whether it is that one. */
static enum accord_status get(struct fixture *fixture, struct accord_tile tile, size_t maximum)
{
    char name[ACCORD_TILE_PATH_SIZE_MAX + 1], url[256];
    struct accord_out out = {(uint8_t *)name, ACCORD_TILE_PATH_SIZE_MAX, 0, false};
    accord_tile_path_print(&out, &tile);
    name[out.size] = '\0';
    snprintf(url, sizeof url, "%s%s", fixture->url, name);
    struct accord_fetch fetch = {.url = url, .context = fixture};
    accord_buffer_init(&fetch.answer, maximum);
    enum accord_status status = accord_prefetch_get(fixture->prefetch, &tile, &fetch);
    assert_ptr_equal(fetch.url, url);
    assert_ptr_equal(fetch.context, fixture);
    assert_int_equal(fetch.status, status);
    if (status == ACCORD_OK) {
        size_t size = atomic_load(&fixture->size), length = strlen(name) + 1;
        assert_int_equal(fetch.http_status, atomic_load(&fixture->status));
        assert_int_equal(fetch.answer.size, size);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(fetch.answer.data[i], i % length == 0 ? '/' : name[i % length - 1]);
    }
    accord_buffer_free(&fetch.answer);
    return status;
}

static struct accord_tile bundle(uint64_t index)
{
    return (struct accord_tile){true, 0, index, ACCORD_TILE_WIDTH};
}

static struct accord_tile leaves(uint64_t index)
{
    return (struct accord_tile){false, 0, index, ACCORD_TILE_WIDTH};
}

static unsigned requests(struct fixture *fixture)
{
    return atomic_load(&fixture->web.requests);
}

static void test_in_order(void **state)
{
    struct fixture *fixture = *state;
    fixture->delay_ms = 20;
    uint64_t begun_us = accord_monotonic_us();
    for (uint64_t i = 0; i < TILES; i++) {
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
        assert_int_equal(get(fixture, leaves(i), ACCORD_TILE_SIZE_MAX), ACCORD_OK);
    }
    /* One after another they would take four seconds. */
    assert_true(accord_monotonic_us() - begun_us < 2000000);
    assert_int_equal(requests(fixture), 2 * TILES);
    assert_int_equal(atomic_load(&fixture->beyond), 0);
    assert_in_range(atomic_load(&fixture->most), ACCORD_PREFETCH_COUNT, 2 * ACCORD_PREFETCH_COUNT);
}

static void test_here_and_there(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t i = 0; i < TILES; i++)
        assert_int_equal(get(fixture, bundle((i * 37 + 5) % TILES), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_int_equal(requests(fixture), TILES);
    /* In order again, from the middle, and each of them twice. */
    for (uint64_t i = 50; i < TILES; i++)
        for (int j = 0; j < 2; j++)
            assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_in_range(requests(fixture), TILES + 100, TILES + 101);
    /* Where somebody leaves off, what was fetched ahead is dropped. */
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_int_equal(get(fixture, bundle(80), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_int_equal(get(fixture, bundle(10), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
}

/* No size was told: nothing is known to be there. */
static void test_of_no_size(void **state)
{
    struct fixture *fixture = *state;
    accord_prefetch_size(fixture->prefetch, 0);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_int_equal(requests(fixture), 20);
    assert_int_equal(atomic_load(&fixture->most), 1);
}

/* Bundles that are larger than a fair share of what may be held come too, with fewer at once. */
static void test_large(void **state)
{
    struct fixture *fixture = *state;
    fixture->size = 5000000;
    for (uint64_t i = 0; i < 24; i++)
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_in_range(requests(fixture), 24, 60);
    fixture->size = 5000001;
    assert_int_equal(get(fixture, bundle(60), 5000000), ACCORD_TOO_LARGE);
    /* What was fetched ahead holds to the caller's bound, too. */
    for (uint64_t i = 61; i < 66; i++)
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_int_equal(get(fixture, bundle(66), 5000000), ACCORD_TOO_LARGE);
}

static void test_put_off(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t i = 0; i < 8; i++)
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    usleep(300000);
    fixture->status = 429;
    /* What came before is still good; then it is asked for one at a time. */
    unsigned before = requests(fixture);
    fixture->size = 64;
    for (uint64_t i = 60; i < 70; i++)
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    assert_in_range(requests(fixture) - before, 10, 20);
}

/* A request that was made ahead may fail where one that is waited for would not: since it shares the line with others,
 * or since its time passed while whoever reads was busy. It is made again. */
static void test_what_failed_ahead(void **state)
{
    struct fixture *fixture = *state;
    fixture->moody = true;
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(get(fixture, bundle(i), ACCORD_BUNDLE_SIZE_MAX), ACCORD_OK);
    /* One that was waited for is not. What was asked for ahead is still on its way, and is waited for first. */
    unsigned before = 0;
    while (before != requests(fixture)) {
        before = requests(fixture);
        usleep(300000);
    }
    assert_int_equal(get(fixture, bundle(51), ACCORD_BUNDLE_SIZE_MAX), ACCORD_NETWORK);
    assert_int_equal(requests(fixture), before + 1);
}

static void test_stops(void **state)
{
    struct fixture *fixture = *state;
    fixture->delay_ms = 3000;
    fixture->stopping = true;
    uint64_t begun_us = accord_monotonic_us();
    assert_int_equal(get(fixture, bundle(0), ACCORD_BUNDLE_SIZE_MAX), ACCORD_NETWORK);
    assert_true(accord_monotonic_us() - begun_us < 1000000);
}

static void test_a_reader_that_is_stopped(void **state)
{
    struct fixture *fixture = *state;
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_error error;
    struct accord_patience patience = {.once = true};
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    fixture->status = 503;
    assert_int_equal(accord_reader_open_url_with(&reader, crypto, fixture->url, &patience, &error), ACCORD_OK);
    assert_int_equal(accord_reader_checkpoint(reader, &note, &error), ACCORD_NETWORK);
    assert_int_equal(requests(fixture), 1);
    accord_reader_close(reader);
    patience = (struct accord_patience){.stop = is_stopping, .context = fixture};
    fixture->stopping = true;
    assert_int_equal(accord_reader_open_url_with(&reader, crypto, fixture->url, &patience, &error), ACCORD_OK);
    assert_int_equal(accord_reader_checkpoint(reader, &note, &error), ACCORD_NETWORK);
    assert_string_equal(error.found, "given up");
    accord_reader_close(reader);
    accord_buffer_free(&note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_here_and_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_no_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_put_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_failed_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_that_is_stopped, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
