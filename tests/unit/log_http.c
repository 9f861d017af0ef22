/* A log behind a URL, served as it lies by a web server that follows the rules, or does not. */
#include "logs.h"
#include "web.h"

#include "base/clock.h"
#include "net/log_http.h"

static const struct accord_crypto *crypto = &accord_crypto_default;

/* What the server does in place of serving the directory. */
struct fixture {
    void *place; /* struct log_place */
    struct web web;
    char url[64];
    struct accord_client *client;
    unsigned busy;       /* so many answers are put off */
    unsigned status;     /* other than 0: of all answers */
    const char *headers; /* of those */
    const char *body;    /* of all answers to POST */
    char posted[64];
};

static bool serve_file(const struct fixture *fixture, int handle, const char *path)
{
    static _Thread_local uint8_t bytes[ACCORD_TILE_SIZE_MAX + 262144];
    FILE *file = fopen(log_path(fixture->place, path + 1), "rb");
    if (file == NULL)
        return web_reply(handle, 404, "", slice("not here"));
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return web_reply(handle, 200, "", (struct accord_bytes){bytes, size});
}

static bool answer(struct web *web, int handle, const struct web_request *request)
{
    struct fixture *fixture = web->context;
    if (fixture->busy > 0) {
        fixture->busy--;
        return web_reply(handle, fixture->busy % 2 == 0 ? 503 : 429, fixture->headers, slice("later\n"));
    }
    if (fixture->status != 0)
        return web_reply(handle, fixture->status, fixture->headers, slice("no, since\nit is so"));
    if (strcmp(request->method, "POST") != 0)
        return serve_file(fixture, handle, request->path);
    if (strcmp(request->path, "/add") != 0)
        return web_reply(handle, 404, "", slice(""));
    snprintf(fixture->posted, sizeof fixture->posted, "%.*s", (int)request->body.size,
             (const char *)request->body.data);
    return web_reply(handle, 200, "", slice(fixture->body));
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(place_new(&fixture->place), 0);
    fixture->headers = "";
    fixture->body = "7";
    web_start(&fixture->web, answer, fixture);
    snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%u", fixture->web.port);
    assert_int_equal(accord_client_new(&fixture->client, NULL), ACCORD_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    accord_client_free(fixture->client);
    web_stop(&fixture->web);
    int result = place_free(&fixture->place);
    free(fixture);
    return result;
}

static struct accord_reader *open_reader(const struct fixture *fixture)
{
    struct accord_reader *reader;
    struct accord_error error;
    assert_int_equal(accord_reader_open_url(&reader, crypto, fixture->url, &error), ACCORD_OK);
    return reader;
}

static enum accord_status read_checkpoint(const struct fixture *fixture, uint64_t *size, struct accord_error *error)
{
    struct accord_reader *reader = open_reader(fixture);
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_reader_checkpoint(reader, &note, error);
    if (status == ACCORD_OK) {
        assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), error), ACCORD_OK);
        *size = claim.size;
    }
    accord_buffer_free(&note);
    accord_reader_close(reader);
    return status;
}

/* Every entry, and a proof of some, over one connection and a few requests for each bundle. */
static void reads(void **state)
{
    struct fixture *fixture = *state;
    struct accord_buffer out;
    struct accord_error error;
    uint8_t entry[1024], root[ACCORD_HASH_SIZE];
    uint64_t size;
    struct accord_log *log = log_new(fixture->place);
    log_fill(log, 10000);
    log_publish(log);
    accord_log_root(log, root);
    accord_log_close(log);
    assert_int_equal(read_checkpoint(fixture, &size, &error), ACCORD_OK);
    assert_int_equal(size, 10000);
    unsigned connections = atomic_load(&fixture->web.connections), requests = atomic_load(&fixture->web.requests);
    struct accord_reader *reader = open_reader(fixture);
    struct accord_hash_source source = accord_reader_hashes(reader);
    accord_reader_set_size(reader, size);
    accord_buffer_init(&out, ACCORD_ENTRY_SIZE_MAX);
    for (uint64_t i = 0; i < size; i++) {
        out.size = 0;
        assert_int_equal(accord_reader_entry(reader, i, &out, &error), ACCORD_OK);
        assert_int_equal(out.size, log_entry(i, entry));
        assert_memory_equal(out.data, entry, out.size);
    }
    assert_in_range(atomic_load(&fixture->web.requests) - requests, 80, 90);
    for (uint64_t i = 0; i < size; i += 1 + i / 2) {
        struct accord_merkle_proof proof;
        uint8_t leaf[ACCORD_HASH_SIZE];
        accord_merkle_leaf(crypto, (struct accord_bytes){entry, log_entry(i, entry)}, leaf);
        assert_int_equal(accord_inclusion_prove(crypto, &source, i, size, &proof), ACCORD_OK);
        assert_int_equal(accord_inclusion_verify(crypto, i, size, leaf, &proof, root), ACCORD_OK);
    }
    assert_int_equal(atomic_load(&fixture->web.connections) - connections, 1);
    accord_buffer_free(&out);
    accord_reader_close(reader);
}

static void refuses_what_is_no_answer(void **state)
{
    struct fixture *fixture = *state;
    struct accord_error error;
    uint64_t size;
    char expected[128];
    static const struct {
        unsigned http_status;
        enum accord_status status;
    } answers[] = {{404, ACCORD_NOT_FOUND}, {410, ACCORD_NOT_FOUND}, {301, ACCORD_NETWORK}, {304, ACCORD_NETWORK},
                   {204, ACCORD_NETWORK},   {206, ACCORD_NETWORK},   {403, ACCORD_NETWORK}, {500, ACCORD_NETWORK}};
    log_make(fixture->place, 3);
    fixture->headers = "Location: /checkpoint\r\n";
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fixture->status = answers[i].http_status;
        assert_int_equal(read_checkpoint(fixture, &size, &error), answers[i].status);
        assert_int_equal(error.status, answers[i].status);
        snprintf(expected, sizeof expected, "%s/checkpoint", fixture->url);
        assert_string_equal(error.what, expected);
        snprintf(expected, sizeof expected, "HTTP status %u", answers[i].http_status);
        assert_string_equal(error.found, expected);
    }
    fixture->status = 200;
    assert_int_equal(read_checkpoint(fixture, &size, &error), ACCORD_MALFORMED);
    assert_non_null(strstr(error.what, "/checkpoint"));
}

static void asks_a_busy_server_again(void **state)
{
    struct fixture *fixture = *state;
    struct accord_error error;
    uint64_t size, begun_us = accord_monotonic_us();
    log_make(fixture->place, 3);
    fixture->busy = 4;
    assert_int_equal(read_checkpoint(fixture, &size, &error), ACCORD_OK);
    assert_int_equal(fixture->busy, 0);
    fixture->busy = 1;
    fixture->headers = "Retry-After: 1\r\n";
    begun_us = accord_monotonic_us();
    assert_int_equal(read_checkpoint(fixture, &size, &error), ACCORD_OK);
    assert_true(accord_monotonic_us() - begun_us >= 1000000);
    fixture->busy = 1000;
    fixture->headers = "";
    assert_int_equal(read_checkpoint(fixture, &size, &error), ACCORD_NETWORK);
    assert_in_range(fixture->busy, 980, 999);
}

static enum accord_status add(struct fixture *fixture, uint64_t timeout_ms, uint64_t *index, struct accord_error *error)
{
    return accord_log_url_add(fixture->client, fixture->url, slice("an entry"), timeout_ms, index, error);
}

static void adds(void **state)
{
    struct fixture *fixture = *state;
    struct accord_error error;
    uint64_t index;
    static const char *const bad[] = {"", "x", "-1", "07", "7 1", "7\n\n", " 7", "18446744073709551616"};
    assert_int_equal(add(fixture, 10000, &index, &error), ACCORD_OK);
    assert_int_equal(index, 7);
    assert_string_equal(fixture->posted, "an entry");
    fixture->body = "18446744073709551615\n";
    assert_int_equal(add(fixture, 10000, &index, &error), ACCORD_OK);
    assert_int_equal(index, UINT64_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fixture->body = bad[i];
        assert_int_equal(add(fixture, 10000, &index, &error), ACCORD_NETWORK);
        assert_string_equal(error.expected, "an index in decimal");
    }
}

static void says_why_an_entry_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct accord_error error;
    uint64_t index;
    static const struct {
        unsigned http_status;
        enum accord_status status;
    } answers[] = {{400, ACCORD_MALFORMED}, {403, ACCORD_REFUSED}, {413, ACCORD_TOO_LARGE}, {404, ACCORD_NETWORK},
                   {500, ACCORD_NETWORK},   {302, ACCORD_NETWORK}, {201, ACCORD_NETWORK}};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fixture->status = answers[i].http_status;
        assert_int_equal(add(fixture, 10000, &index, &error), answers[i].status);
        assert_non_null(strstr(error.what, "/add"));
        if (answers[i].http_status / 100 == 4)
            assert_string_equal(error.expected, "no, since");
    }
}

static void adds_to_a_busy_server_for_a_while(void **state)
{
    struct fixture *fixture = *state;
    struct accord_error error;
    uint64_t index, begun_us = accord_monotonic_us();
    fixture->busy = 3;
    assert_int_equal(add(fixture, 10000, &index, &error), ACCORD_OK);
    assert_int_equal(index, 7);
    fixture->busy = 1000000;
    begun_us = accord_monotonic_us();
    assert_int_equal(add(fixture, 1000, &index, &error), ACCORD_NETWORK);
    assert_in_range(accord_monotonic_us() - begun_us, 500000, 5000000);
    fixture->headers = "Retry-After: 3600\r\n";
    begun_us = accord_monotonic_us();
    assert_int_equal(add(fixture, 5000, &index, &error), ACCORD_NETWORK);
    assert_true(accord_monotonic_us() - begun_us < 4000000);
    assert_string_equal(error.found, "HTTP status 503");
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        SERVED(reads), SERVED(refuses_what_is_no_answer),    SERVED(asks_a_busy_server_again),
        SERVED(adds),  SERVED(says_why_an_entry_is_refused), SERVED(adds_to_a_busy_server_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
