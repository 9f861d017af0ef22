/* The HTTP client against a server that follows the rules, and against ones that do not. */
#include "web.h"

#include "base/clock.h"
#include "net/client.h"

/* "packed", as gzip makes it. */
#define PACKED                                                                                                         \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x48\x4c\xce\x4e\x4d\x01\x00\x10\xb4\xf6\x21\x06\x00\x00\x00"

static bool say(int handle, const char *text)
{
    return web_send(handle, text, strlen(text));
}

static bool answer(struct web *web, int handle, const struct web_request *request)
{
    static const char block[65536] = {'x'};
    if (strcmp(request->path, "/echo") == 0)
        return web_reply(handle, 200, "", request->body);
    if (strcmp(request->path, "/later") == 0)
        return web_reply(handle, 503, "Retry-After: \t17 \r\n", slice("later"));
    if (strcmp(request->path, "/date") == 0)
        return web_reply(handle, 429, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", slice(""));
    if (strcmp(request->path, "/redirect") == 0)
        return web_reply(handle, 302, "Location: /echo\r\n", slice(""));
    if (strcmp(request->path, "/gzip") == 0)
        return web_reply(handle, 200, "Content-Encoding: gzip\r\n", slice("not gzip"));
    if (strcmp(request->path, "/packed") == 0)
        return web_reply(handle, 200, "Content-Encoding: gzip\r\n", ACCORD_LITERAL(PACKED));
    if (strcmp(request->path, "/hang") == 0)
        return web_hang(web, handle);
    if (strcmp(request->path, "/half") == 0)
        return say(handle, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") && false;
    if (strcmp(request->path, "/garbage") == 0)
        return web_send(handle, "\0\1\2 what\r\n\r\n", 12) && false;
    if (strcmp(request->path, "/large") == 0) {
        say(handle, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n");
        while (web_send(handle, block, sizeof block))
            continue;
        return false;
    }
    if (strcmp(request->path, "/headers") == 0) {
        say(handle, "HTTP/1.1 200 OK\r\n");
        while (say(handle, "X-More: and more and more\r\n"))
            continue;
        return false;
    }
    return web_reply(handle, 404, "", slice(request->method));
}

struct fixture {
    struct web web;
    struct accord_client *client;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    web_start(&fixture->web, answer, NULL);
    assert_int_equal(accord_client_new(&fixture->client, NULL), ACCORD_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    accord_client_free(fixture->client);
    web_stop(&fixture->web);
    free(fixture);
    return 0;
}

static struct accord_fetch make(char url[128], const struct fixture *fixture, const char *path)
{
    struct accord_fetch fetch = {.url = url};
    snprintf(url, 128, "http://127.0.0.1:%u%s", fixture->web.port, path);
    accord_buffer_init(&fetch.answer, 4096);
    return fetch;
}

static void gets_and_posts(void **state)
{
    struct fixture *fixture = *state;
    char url[128];
    struct accord_fetch fetch = make(url, fixture, "/nothing");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    assert_int_equal(fetch.http_status, 404);
    assert_slice(accord_buffer_bytes(&fetch.answer), "GET");
    accord_buffer_free(&fetch.answer);
    fetch = make(url, fixture, "/echo");
    fetch.post = true;
    fetch.body = slice("the body");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    assert_int_equal(fetch.http_status, 200);
    assert_slice(accord_buffer_bytes(&fetch.answer), "the body");
    accord_buffer_free(&fetch.answer);
    fetch = make(url, fixture, "/nothing");
    fetch.post = true;
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    assert_slice(accord_buffer_bytes(&fetch.answer), "POST");
    accord_buffer_free(&fetch.answer);
    /* and all of it over one connection */
    assert_int_equal(atomic_load(&fixture->web.connections), 1);
    assert_int_equal(atomic_load(&fixture->web.requests), 3);
}

static void reads_retry_after(void **state)
{
    struct fixture *fixture = *state;
    char url[128];
    struct accord_fetch fetch = make(url, fixture, "/later");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    assert_int_equal(fetch.http_status, 503);
    assert_int_equal(fetch.retry_after, 17);
    accord_buffer_free(&fetch.answer);
    fetch = make(url, fixture, "/date");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    assert_int_equal(fetch.http_status, 429);
    assert_int_equal(fetch.retry_after, 0);
    accord_buffer_free(&fetch.answer);
}

static void follows_no_redirect(void **state)
{
    struct fixture *fixture = *state;
    char url[128];
    struct accord_fetch fetch = make(url, fixture, "/redirect");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    assert_int_equal(fetch.http_status, 302);
    assert_int_equal(atomic_load(&fixture->web.requests), 1);
    accord_buffer_free(&fetch.answer);
}

/* What is read may come packed; what is not what it says is an error. */
static void unpacks_gzip(void **state)
{
    struct fixture *fixture = *state;
    char url[128];
    struct accord_fetch fetch = make(url, fixture, "/packed");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    assert_slice(accord_buffer_bytes(&fetch.answer), "packed");
    accord_buffer_free(&fetch.answer);
    fetch = make(url, fixture, "/gzip");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_NETWORK);
    accord_buffer_free(&fetch.answer);
}

static void stops_at_the_maximum(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {"/large", "/headers"};
    for (size_t i = 0; i < 2; i++) {
        char url[128];
        struct accord_fetch fetch = make(url, fixture, paths[i]);
        assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_TOO_LARGE);
        assert_int_equal(fetch.error.status, ACCORD_TOO_LARGE);
        assert_string_equal(fetch.error.what, url);
        assert_string_equal(fetch.error.expected, i == 0 ? "4096" : "65536");
        assert_true(fetch.answer.size <= 4096);
        accord_buffer_free(&fetch.answer);
    }
}

static void gives_up_in_time(void **state)
{
    struct fixture *fixture = *state;
    char url[128];
    struct accord_fetch fetch = make(url, fixture, "/hang");
    fetch.timeout_ms = 200;
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_NETWORK);
    assert_true(fetch.elapsed_ms >= 150 && fetch.elapsed_ms < 5000);
    assert_non_null(strstr(fetch.error.found, "imed out"));
    accord_buffer_free(&fetch.answer);
}

static void says_what_went_wrong(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {"/half", "/garbage"};
    char url[128], secret[128];
    struct accord_fetch fetch;
    for (size_t i = 0; i < 2; i++) {
        fetch = make(url, fixture, paths[i]);
        assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_NETWORK);
        assert_string_equal(fetch.error.what, url);
        assert_true(strlen(fetch.error.found) > 0);
        accord_buffer_free(&fetch.answer);
    }
    fetch = make(url, fixture, "/hang");
    snprintf(secret, sizeof secret, "http://user:secr@et@127.0.0.1:%u/hang", fixture->web.port);
    fetch.url = secret;
    fetch.timeout_ms = 100;
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_NETWORK);
    assert_string_equal(fetch.error.what, url);
    assert_null(strstr(fetch.error.found, "secr"));
    accord_buffer_free(&fetch.answer);
}

static void speaks_http_only(void **state)
{
    struct fixture *fixture = *state;
    static const char *const urls[] = {
        "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "127.0.0.1", "", "http//"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct accord_fetch fetch = {.url = urls[i]};
        accord_buffer_init(&fetch.answer, 100);
        assert_false(accord_url_is(urls[i]));
        assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_NETWORK);
        assert_int_equal(fetch.answer.size, 0);
        accord_buffer_free(&fetch.answer);
    }
    struct accord_fetch fetch = {.url = "http://"};
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_NETWORK);
}

static void fetches_many_at_once(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 20 };
    char urls[COUNT + 1][128];
    struct accord_fetch fetches[COUNT + 1];
    fetches[COUNT] = make(urls[COUNT], fixture, "/hang");
    assert_int_equal(accord_client_start(fixture->client, &fetches[COUNT]), ACCORD_OK);
    for (size_t i = 0; i < COUNT; i++) {
        fetches[i] = make(urls[i], fixture, "/echo");
        fetches[i].post = true;
        fetches[i].body = slice(urls[i]);
        assert_int_equal(accord_client_start(fixture->client, &fetches[i]), ACCORD_OK);
    }
    bool seen[COUNT] = {false};
    for (size_t i = 0; i < COUNT; i++) {
        struct accord_fetch *fetch = accord_client_wait(fixture->client, 5000);
        assert_non_null(fetch);
        assert_int_equal(fetch->status, ACCORD_OK);
        assert_false(seen[fetch - fetches]);
        seen[fetch - fetches] = true;
        assert_slice(accord_buffer_bytes(&fetch->answer), urls[fetch - fetches]);
        accord_buffer_free(&fetch->answer);
    }
    assert_null(accord_client_wait(fixture->client, 20));
    /* one fetch can be waited for while another hangs */
    char url[128];
    struct accord_fetch fetch = make(url, fixture, "/nothing");
    assert_int_equal(accord_client_fetch(fixture->client, &fetch), ACCORD_OK);
    accord_buffer_free(&fetch.answer);
    accord_client_stop(fixture->client, &fetches[COUNT]);
    assert_int_equal(fetches[COUNT].status, ACCORD_NETWORK);
    uint64_t begun_us = accord_monotonic_us();
    assert_null(accord_client_wait(fixture->client, 10000));
    assert_true(accord_monotonic_us() - begun_us < 5000000);
}

static void *interrupt(void *context)
{
    usleep(100000);
    accord_client_interrupt(context);
    return NULL;
}

static void can_be_interrupted(void **state)
{
    struct fixture *fixture = *state;
    char url[128];
    pthread_t thread;
    struct accord_fetch fetch = make(url, fixture, "/hang");
    assert_int_equal(accord_client_start(fixture->client, &fetch), ACCORD_OK);
    assert_int_equal(pthread_create(&thread, NULL, interrupt, fixture->client), 0);
    uint64_t begun_us = accord_monotonic_us();
    assert_null(accord_client_wait(fixture->client, 20000));
    assert_true(accord_monotonic_us() - begun_us < 10000000);
    pthread_join(thread, NULL);
    /* the fetch that is still under way is ended by freeing the client */
    accord_client_free(fixture->client);
    assert_int_equal(fetch.status, ACCORD_NETWORK);
    assert_null(fetch.inner);
    assert_int_equal(accord_client_new(&fixture->client, NULL), ACCORD_OK);
}

static void joins_urls(void **state)
{
    (void)state;
    char url[32];
    assert_int_equal(accord_url_join(url, sizeof url, "https://a.example", "x/y", NULL), ACCORD_OK);
    assert_string_equal(url, "https://a.example/x/y");
    assert_int_equal(accord_url_join(url, sizeof url, "https://a.example/b//", "/x", NULL), ACCORD_OK);
    assert_string_equal(url, "https://a.example/b/x");
    assert_int_equal(accord_url_join(url, 20, "https://a.example", "x", NULL), ACCORD_OK);
    assert_int_equal(accord_url_join(url, 19, "https://a.example", "x", NULL), ACCORD_TOO_LARGE);
    assert_true(accord_url_is("http://x") && accord_url_is("HTTPS://x") && !accord_url_is("httpx://x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gets_and_posts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_retry_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(follows_no_redirect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unpacks_gzip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_at_the_maximum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_up_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_went_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(speaks_http_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fetches_many_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(can_be_interrupted, set_up, tear_down),
        cmocka_unit_test(joins_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
