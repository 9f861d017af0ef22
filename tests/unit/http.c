/* The HTTP server: what is served, what is refused, and that nobody's misbehaviour is another's trouble. */
#include "hall.h"

#include <sys/resource.h>
#include <zlib.h>

#define CONNECTIONS 64
#define BODIES ((size_t)256 << 10)
#define MANY 2000

static const struct accord_http_limits patient = {
    .connections = CONNECTIONS, .body_bytes = BODIES, .idle_seconds = 30, .request_seconds = 30};
static const struct accord_http_limits hasty = {
    .connections = CONNECTIONS, .body_bytes = BODIES, .idle_seconds = 2, .request_seconds = 1};

static int set_up(void **state)
{
    static struct hall hall;
    hall_open(&hall, &patient, NULL);
    *state = &hall;
    return 0;
}

static int set_up_hasty(void **state)
{
    static struct hall hall;
    hall_open(&hall, &hasty, NULL);
    *state = &hall;
    return 0;
}

static int tear_down(void **state)
{
    hall_close(*state);
    return 0;
}

/* Everything was given back, and the server goes on. */
static void assert_calm(struct hall *hall)
{
    hall_await_connections(hall, 0);
    assert_int_equal(hall_counts(hall).body_bytes, 0);
    assert_int_equal(hall_ask(hall, "/now"), 200);
    hall_await_connections(hall, 0);
}

/* Answers */

static void answers_now(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(hall_get(&client, "/now", "", &reply), 200);
        assert_slice(reply.body, "here you are\n");
        assert_string_equal(hall_header(&reply, "Content-Type"), "text/plain; charset=utf-8");
        assert_string_equal(hall_header(&reply, "Cache-Control"), "no-store");
        assert_null(hall_header(&reply, "Retry-After"));
        assert_null(hall_header(&reply, "Allow"));
        assert_null(hall_header(&reply, "Vary"));
        assert_int_equal(hall->last.method, ACCORD_HTTP_GET);
        assert_int_equal(hall->last.body.size, 0);
    }
    assert_int_equal(hall_counts(hall).connections, 1);
    assert_int_equal(hall_counts(hall).requests, 3);
    hall_leave(&client);
    assert_calm(hall);
}

static void answers_later(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client first = hall_connect(hall), second = hall_connect(hall);
    hall_say(&first, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_await_pending(hall, 1);
    hall_say(&second, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    hall_await_pending(hall, 2);
    assert_slice(hall->last.body, "abc");
    assert_int_equal(hall_counts(hall).body_bytes, 3);
    hall_turn_for(hall, 20);
    hall_receive(&first);
    assert_int_equal(first.size, 0);
    hall_answer_pending(hall, "one");
    assert_int_equal(hall_reply(&first, &reply), 200);
    assert_slice(reply.body, "one");
    hall_answer_pending(hall, "two");
    assert_int_equal(hall_reply(&second, &reply), 200);
    assert_slice(reply.body, "two");
    assert_int_equal(hall_get(&first, "/now", "", &reply), 200);
    assert_int_equal(hall_get(&second, "/now", "", &reply), 200);
    assert_int_equal(hall_counts(hall).body_bytes, 0);
    hall_leave(&first);
    hall_leave(&second);
    assert_calm(hall);
}

/* Whoever asked has left: with a FIN, and with a reset. */
static void answers_nobody(void **state)
{
    struct hall *hall = *state;
    const struct linger reset = {.l_onoff = 1};
    for (unsigned i = 0; i < 2; i++) {
        struct hall_client client = hall_connect(hall);
        hall_say(&client, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        hall_await_pending(hall, 1);
        if (i == 1)
            assert_int_equal(setsockopt(client.socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
        hall_leave(&client);
        hall_turn_for(hall, 20);
        assert_int_equal(hall_counts(hall).body_bytes, 3);
        hall_answer_pending(hall, "too late");
        assert_calm(hall);
    }
}

static void pipelined(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    hall_say(&client, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
                      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                      "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_await_pending(hall, 1);
    hall_turn_for(hall, 20);
    assert_int_equal(hall->handled, 1);
    hall_answer_pending(hall, "first");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_slice(reply.body, "first");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_slice(reply.body, "abc");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_slice(reply.body, "here you are\n");
    hall_leave(&client);
    assert_calm(hall);
}

static void head(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    size_t used;
    struct hall_client client = hall_connect(hall);
    hall_say(&client, "HEAD /now HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(hall_await(&client, true, &reply, &used), 200);
    assert_string_equal(hall_header(&reply, "Content-Length"), "13");
    assert_int_equal(hall->last.method, ACCORD_HTTP_HEAD);
    hall_turn_for(hall, 20);
    hall_receive(&client);
    assert_int_equal(client.size, used);
    hall_leave(&client);
    assert_calm(hall);
}

static void methods(void **state)
{
    static const char *const others[] = {"PUT", "DELETE", "OPTIONS", "get", "POSTS"};
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    char text[128];
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(text, sizeof text, "%s /now HTTP/1.1\r\nHost: h\r\n\r\n", others[i]);
        hall_say(&client, text);
        assert_int_equal(hall_reply(&client, &reply), 200);
        assert_int_equal(hall->last.method, ACCORD_HTTP_OTHER);
    }
    hall_leave(&client);
    assert_calm(hall);
}

static void paths(void **state)
{
    static const char *const cases[][2] = {
        {"/tile/0/x001/067?a=b&c", "/tile/0/x001/067"},
        {"/now?", "/now"},
        {"/a%2Fb%00%zz%?x=%41", "/a%2Fb%00%zz%"},
        {"/a+b/../c//", "/a+b/../c//"},
        {"/?/?", "/"},
        {"*", "*"},
    };
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_not_equal(hall_get(&client, cases[i][0], "", &reply), 0);
        assert_string_equal(hall->last.path, cases[i][1]);
    }
    hall_leave(&client);
    assert_calm(hall);
}

static void old_protocol(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    hall_say(&client, "GET /now HTTP/1.0\r\n\r\n");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_slice(reply.body, "here you are\n");
    assert_true(hall_hung_up(&client, 1000));
    hall_leave(&client);
    client = hall_connect(hall);
    assert_int_equal(hall_get(&client, "/now", "Connection: close\r\n", &reply), 200);
    assert_true(hall_hung_up(&client, 1000));
    hall_leave(&client);
    assert_calm(hall);
}

/* Bodies */

static void echoes(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    char head[128], body[4096];
    memset(body, 'b', sizeof body);
    for (size_t size = 0; size <= sizeof body; size += 1024) {
        snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", size);
        hall_say(&client, head);
        assert_true(hall_send(&client, body, size));
        assert_int_equal(hall_reply(&client, &reply), 200);
        assert_int_equal(reply.body.size, size);
        assert_memory_equal(reply.body.data, body, size);
    }
    hall_say(&client,
             "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_slice(reply.body, "abcde");
    hall_leave(&client);
    assert_calm(hall);
}

static void continues(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    hall_say(&client, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(hall_reply(&client, &reply), 100);
    hall_say(&client, "abc");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_slice(reply.body, "abc");
    hall_leave(&client);
    assert_calm(hall);
}

/* Refused when the headers are there; not a byte of the body is asked for. */
static void too_large_by_announcement(void **state)
{
    static const char *const extras[] = {"", "Expect: 100-continue\r\n"};
    static const char *const lengths[] = {"4097", "1000000000000", "18446744073709551615"};
    struct hall *hall = *state;
    struct hall_reply reply;
    char text[256];
    for (size_t i = 0; i < 6; i++) {
        struct hall_client client = hall_connect(hall);
        snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %s\r\n%s\r\n", lengths[i / 2],
                 extras[i % 2]);
        hall_say(&client, text);
        assert_int_equal(hall_reply(&client, &reply), 413);
        if (i / 2 < 2) { /* a number that is no size may be refused by the library, in its own words */
            assert_slice(reply.body, "the body is larger than is accepted here\n");
            assert_null(hall_header(&reply, "Retry-After"));
            assert_int_equal(hall_counts(hall).bodies_refused, i + 1);
        }
        hall_leave(&client);
    }
    assert_int_equal(hall->handled, 0);
    assert_calm(hall);
}

/* Where the client sends all the same, it still hears why. */
static void too_large_and_sent(void **state)
{
    static char body[600000];
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    memset(body, 'b', sizeof body);
    hall_say(&client, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 600000\r\n\r\n");
    (void)hall_send(&client, body, sizeof body);
    assert_int_equal(hall_reply(&client, &reply), 413);
    hall_leave(&client);
    assert_calm(hall);
}

static void too_large_in_chunks(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    char chunk[1100];
    int size = snprintf(chunk, sizeof chunk, "400\r\n%01024d\r\n", 0);
    hall_say(&client, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 10; i++)
        assert_true(hall_send(&client, chunk, (size_t)size));
    hall_say(&client, "0\r\n\r\n");
    assert_int_equal(hall_reply(&client, &reply), 413);
    assert_int_equal(hall_counts(hall).bodies_refused, 1);
    hall_leave(&client);
    assert_calm(hall);
    /* One that never ends is not listened to for ever. */
    client = hall_connect(hall);
    hall_say(&client, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    unsigned sent = 0;
    while (sent < 20000 && hall_send(&client, chunk, (size_t)size))
        sent++;
    assert_in_range(sent, 1000, 19999);
    hall_leave(&client);
    assert_int_equal(hall->handled, 1);
    assert_calm(hall);
}

static void no_body_taken(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    hall_say(&client, "POST /none HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(hall_reply(&client, &reply), 404);
    assert_int_equal(hall->last.method, ACCORD_HTTP_POST);
    assert_int_equal(hall->last.body.size, 0);
    hall_leave(&client);
    /* Nothing of it is taken for the next request. */
    client = hall_connect(hall);
    hall_say(&client, "GET /now HTTP/1.1\r\nHost: h\r\nContent-Length: 37\r\n\r\n"
                      "GET /inner HTTP/1.1\r\nHost: evil\r\n\r\n"
                      "PUT /outer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_int_equal(hall->last.body.size, 0);
    assert_int_equal(hall_reply(&client, &reply), 404);
    assert_string_equal(hall->path, "/outer");
    assert_int_equal(hall->last.body.size, 0);
    hall_leave(&client);
    assert_int_equal(hall->handled, 3);
    assert_calm(hall);
}

/* All bodies together have a bound, which is felt by those that come next and by nobody after. */
static void bodies_together(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client holders[4], late = hall_connect(hall), last = hall_connect(hall);
    size_t size = BODIES / 4;
    char *body = calloc(1, size), head[128];
    assert_non_null(body);
    hall->body_max = size;
    snprintf(head, sizeof head, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", size);
    for (unsigned i = 0; i < 4; i++) {
        holders[i] = hall_connect(hall);
        hall_say(&holders[i], head);
        assert_true(hall_send(&holders[i], body, size));
        hall_await_pending(hall, i + 1);
    }
    assert_int_equal(hall_counts(hall).body_bytes, BODIES);
    hall_say(&late, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na");
    assert_int_equal(hall_reply(&late, &reply), 503);
    assert_string_equal(hall_header(&reply, "Retry-After"), "1");
    hall_leave(&late);
    late = hall_connect(hall);
    hall_say(&late, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
    assert_int_equal(hall_reply(&late, &reply), 503);
    assert_string_equal(hall_header(&reply, "Retry-After"), "1");
    assert_int_equal(hall_counts(hall).bodies_refused, 2);
    /* What has no body is served. */
    assert_int_equal(hall_get(&last, "/now", "", &reply), 200);
    hall_answer_pending(hall, "done");
    assert_int_equal(hall_reply(&holders[0], &reply), 200);
    hall_say(&last, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na");
    assert_int_equal(hall_reply(&last, &reply), 200);
    while (hall->pending_count > 0)
        hall_answer_pending(hall, "done");
    for (unsigned i = 0; i < 4; i++)
        hall_leave(&holders[i]);
    hall_leave(&late);
    hall_leave(&last);
    free(body);
    assert_calm(hall);
}

/* Clients that leave in the middle of what they say leave nothing behind. */
static void leavers(void **state)
{
    static const char *const beginnings[] = {
        "",
        "POST /ec",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Le",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4000\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4000\r\n\r\nhalf of it",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    };
    struct hall *hall = *state;
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        for (unsigned half = 0; half < 2; half++) {
            struct hall_client client = hall_connect(hall);
            hall_say(&client, beginnings[i]);
            hall_turn_for(hall, 10);
            if (half == 1) {
                shutdown(client.socket, SHUT_WR);
                assert_true(hall_hung_up(&client, 1000));
            }
            hall_leave(&client);
            hall_await_connections(hall, 0);
            assert_int_equal(hall_counts(hall).body_bytes, 0);
        }
    assert_int_equal(hall->handled, 0);
    assert_calm(hall);
}

/* Headers, compression, files */

static void headers(void **state)
{
    static const char *const caching[] = {"no-store", "no-cache", "public, max-age=31536000, immutable"};
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    for (int i = ACCORD_HTTP_NO_STORE; i <= ACCORD_HTTP_IMMUTABLE; i++) {
        hall->answer = (struct accord_http_answer){
            .status = 405, .type = "application/x", .caching = (enum accord_http_caching)i, .file = -1};
        hall->answer.retry_after = 3600;
        hall->answer.allow = "GET, HEAD";
        hall->answer.body = slice("x");
        assert_int_equal(hall_get(&client, "/answer", "", &reply), 405);
        assert_string_equal(hall_header(&reply, "Cache-Control"), caching[i]);
        assert_string_equal(hall_header(&reply, "Content-Type"), "application/x");
        assert_string_equal(hall_header(&reply, "Retry-After"), "3600");
        assert_string_equal(hall_header(&reply, "Allow"), "GET, HEAD");
    }
    hall_leave(&client);
    assert_calm(hall);
}

static void assert_unzips(struct accord_bytes bytes, const char *plain, size_t size)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes.data, .avail_in = (uInt)bytes.size};
    uint8_t *out = malloc(size + 1);
    assert_non_null(out);
    stream.next_out = out;
    stream.avail_out = (uInt)size + 1;
    assert_int_equal(inflateInit2(&stream, 31), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, size);
    assert_int_equal(stream.avail_in, 0);
    assert_memory_equal(out, plain, size);
    inflateEnd(&stream);
    free(out);
}

static int file_of(const char *data, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fflush(file), 0);
    int handle = dup(fileno(file));
    assert_true(handle >= 0);
    fclose(file);
    return handle;
}

/* One answer of so many bytes of data, as bytes or from a file that has 100 more before them. */
static void give(struct hall *hall, const char *data, size_t size, bool from_file)
{
    hall->answer = (struct accord_http_answer){.status = 200, .file = -1, .compress = true};
    hall->answer.body = (struct accord_bytes){(const uint8_t *)data + 100, size};
    if (!from_file)
        return;
    hall->answer.file = file_of(data, size + 100);
    hall->answer.offset = 100;
    hall->answer.size = size;
}

static void compression(void **state)
{
    static const struct {
        const char *header;
        size_t size;
        bool zipped;
    } cases[] = {
        {"", 5000, false},
        {"Accept-Encoding: gzip\r\n", 5000, true},
        {"Accept-Encoding: GZIP\r\n", 5000, true},
        {"accept-encoding: br,\tgzip\r\n", 5000, true},
        {"Accept-Encoding: identity, gzip;q=0.5\r\n", 5000, true},
        {"Accept-Encoding: gzip ; q=0.001\r\n", 5000, true},
        {"Accept-Encoding: gzip;q=0\r\n", 5000, false},
        {"Accept-Encoding: gzip; Q=0.000\r\n", 5000, false},
        {"Accept-Encoding: gzip;q=0, br;q=1\r\n", 5000, false},
        {"Accept-Encoding: xgzip, gzipx\r\n", 5000, false},
        {"Accept-Encoding: ,,;\r\n", 5000, false},
        {"Accept-Encoding:\r\n", 5000, false},
        {"Accept-Encoding: gzip\r\n", 511, false},
        {"Accept-Encoding: gzip\r\n", 512, true},
        {"Accept-Encoding: gzip\r\n", 262144, true},
        {"Accept-Encoding: gzip\r\n", 262145, false},
    };
    static char data[262145 + 100];
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = "0123456789abcdef"[i * i / 7 % 16];
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        size_t size = cases[i / 2].size;
        give(hall, data, size, i % 2 == 1);
        assert_int_equal(hall_get(&client, "/answer", cases[i / 2].header, &reply), 200);
        assert_string_equal(hall_header(&reply, "Vary"), "Accept-Encoding");
        const char *encoding = hall_header(&reply, "Content-Encoding");
        assert_int_equal(encoding != NULL, cases[i / 2].zipped);
        if (encoding != NULL) {
            assert_string_equal(encoding, "gzip");
            assert_true(reply.body.size < size);
            assert_unzips(reply.body, data + 100, size);
        } else {
            assert_int_equal(reply.body.size, size);
            assert_memory_equal(reply.body.data, data + 100, size);
        }
    }
    hall_leave(&client);
    assert_calm(hall);
}

/* Random bytes only grow when they are compressed, so they are not. */
static void compression_that_does_not_pay(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    static char data[5100];
    FILE *random = fopen("/dev/urandom", "r");
    assert_non_null(random);
    assert_int_equal(fread(data, 1, sizeof data, random), sizeof data);
    fclose(random);
    for (unsigned from_file = 0; from_file < 2; from_file++) {
        give(hall, data, 5000, from_file == 1);
        assert_int_equal(hall_get(&client, "/answer", "Accept-Encoding: gzip\r\n", &reply), 200);
        assert_null(hall_header(&reply, "Content-Encoding"));
        assert_int_equal(reply.body.size, 5000);
        assert_memory_equal(reply.body.data, data + 100, 5000);
    }
    hall_leave(&client);
    assert_calm(hall);
}

/* Whole files and parts of them, empty ones, HEAD, and each descriptor is closed. */
static void files(void **state)
{
    static const struct {
        uint64_t offset, size;
    } parts[] = {{0, 1000000}, {0, 0}, {1000000, 0}, {1, 999999}, {4096, 65536}, {999999, 1}};
    struct hall *hall = *state;
    struct hall_reply reply;
    size_t used, before = hall_descriptors(), size = 1000000;
    char *data = malloc(size);
    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 31 % 251);
    struct hall_client client = hall_connect(hall);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        hall->answer = (struct accord_http_answer){.status = 200, .type = "application/octet-stream"};
        hall->answer.file = file_of(data, size);
        hall->answer.offset = parts[i].offset;
        hall->answer.size = parts[i].size;
        assert_int_equal(hall_get(&client, "/answer", "", &reply), 200);
        assert_int_equal(reply.body.size, parts[i].size);
        assert_memory_equal(reply.body.data, data + parts[i].offset, parts[i].size);
        assert_null(hall_header(&reply, "Vary"));
    }
    hall->answer.file = file_of(data, size);
    hall->answer.offset = 0;
    hall->answer.size = size;
    hall_say(&client, "HEAD /answer HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(hall_await(&client, true, &reply, &used), 200);
    assert_string_equal(hall_header(&reply, "Content-Length"), "1000000");
    hall_leave(&client);
    hall_await_connections(hall, 0);
    assert_int_equal(hall_descriptors(), before);
    free(data);
    assert_calm(hall);
}

/* A file that is shorter than it was: the client learns that what it has is not whole. */
static void short_file(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    size_t before = hall_descriptors();
    static char data[3000];
    for (unsigned compress = 0; compress < 2; compress++) {
        struct hall_client client = hall_connect(hall);
        hall->answer = (struct accord_http_answer){.status = 200, .size = 5000, .compress = compress == 1};
        hall->answer.file = file_of(data, sizeof data);
        assert_int_equal(hall_get(&client, "/answer", "Accept-Encoding: gzip\r\n", &reply), 0);
        assert_true(client.over);
        hall_leave(&client);
    }
    hall_await_connections(hall, 0);
    assert_int_equal(hall_descriptors(), before);
    assert_calm(hall);
}

/* Time */

/* Says text byte by byte, one each 100 ms, while another is served; returns the milliseconds until the server had
 * enough. */
static uint64_t trickle(struct hall *hall, const char *begin, const char *text)
{
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall), other = hall_connect(hall);
    uint64_t start_ms = hall_now_ms();
    hall_say(&client, begin);
    while (*text != 0 && hall_send(&client, text, 1) && !hall_hung_up(&client, 100)) {
        assert_int_equal(hall_get(&other, "/now", "", &reply), 200);
        text++;
    }
    assert_true(client.over);
    assert_int_equal(client.size, 0);
    hall_leave(&client);
    hall_leave(&other);
    return hall_now_ms() - start_ms;
}

#define DROPS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void tricklers(void **state)
{
    struct hall *hall = *state;
    assert_in_range(trickle(hall, "GET /now HTTP/1.1\r\nHost: ", DROPS), 900, 1500);
    assert_in_range(trickle(hall, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n", DROPS), 900, 1500);
    assert_int_equal(hall_counts(hall).body_bytes, 0);
    /* A beginning of which not even the line is whole is as good as silence. */
    assert_in_range(trickle(hall, "", DROPS), 900, 2500);
    assert_calm(hall);
}

/* The time of a request is one, for its headers and its body together. */
static void tricklers_have_one_deadline(void **state)
{
    struct hall *hall = *state;
    struct hall_client client = hall_connect(hall);
    uint64_t start_ms = hall_now_ms();
    hall_say(&client, "POST /echo HTTP/1.1\r\nContent-Length: 100\r\n");
    hall_turn_for(hall, 700);
    hall_say(&client, "Host: h\r\n\r\nabc");
    assert_true(hall_hung_up(&client, 3000));
    assert_in_range(hall_now_ms() - start_ms, 900, 1500);
    hall_leave(&client);
    assert_calm(hall);
}

static void silent(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client fresh = hall_connect(hall), used = hall_connect(hall), waiting = hall_connect(hall);
    hall_say(&waiting, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(hall_get(&used, "/now", "", &reply), 200);
    uint64_t start_ms = hall_now_ms();
    hall->turns = 0;
    assert_true(hall_hung_up(&used, 5000));
    assert_in_range(hall_now_ms() - start_ms, 1900, 2600);
    assert_true(hall_hung_up(&fresh, 100));
    /* Whoever waits for an answer is not silent: the server is. */
    assert_false(hall_hung_up(&waiting, 200));
    hall_answer_pending(hall, "at last");
    assert_int_equal(hall_reply(&waiting, &reply), 200);
    hall_leave(&fresh);
    hall_leave(&used);
    hall_leave(&waiting);
    assert_calm(hall);
}

/* Whoever does not take its answer does not keep it either. */
static void not_reading(void **state)
{
    struct hall *hall = *state;
    size_t size = (size_t)16 << 20;
    char *data = calloc(1, size);
    assert_non_null(data);
    struct hall_client client = hall_connect(hall);
    hall->answer = (struct accord_http_answer){.status = 200, .file = -1};
    hall->answer.body = (struct accord_bytes){(const uint8_t *)data, size};
    hall_say(&client, "GET /answer HTTP/1.1\r\nHost: h\r\n\r\n");
    uint64_t start_ms = hall_now_ms();
    hall->turns = 0;
    hall_turn_for(hall, 500);
    assert_int_equal(hall_counts(hall).connections, 1);
    assert_int_equal(hall_ask(hall, "/now"), 200);
    hall_await_connections(hall, 0);
    assert_in_range(hall_now_ms() - start_ms, 900, 1600);
    assert_in_range(hall->turns, 0, 2000);
    hall_leave(&client);
    free(data);
    assert_calm(hall);
}

/* A large file takes its time on a slow line, while others are served; its end is far, but there is one. */
static void large_files_have_time(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    size_t size = (size_t)16 << 20;
    char *data = calloc(1, size);
    assert_non_null(data);
    struct hall_client client = hall_connect(hall);
    hall->answer = (struct accord_http_answer){.status = 200, .size = size, .file = file_of(data, size)};
    hall_say(&client, "GET /answer HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_turn_for(hall, 1600);
    assert_int_equal(hall_counts(hall).connections, 1);
    assert_int_equal(hall_ask(hall, "/now"), 200);
    hall_await_connections(hall, 1);
    hall_turn(hall, 0); /* after a connection's end there is one at once */
    assert_in_range(accord_http_timeout_ms(hall->http), 1000, 16000);
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_int_equal(reply.body.size, size);
    hall_leave(&client);
    free(data);
    assert_calm(hall);
}

/* The loop sleeps while there is nothing to do. */
static void sleeps(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    hall_turn_for(hall, 10);
    assert_int_equal(accord_http_timeout_ms(hall->http), -1);
    struct hall_client idle = hall_connect(hall), waiting = hall_connect(hall), gone = hall_connect(hall),
                       middle = hall_connect(hall);
    assert_int_equal(hall_get(&idle, "/now", "", &reply), 200);
    hall_say(&waiting, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_say(&gone, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_say(&middle, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nab");
    hall_await_pending(hall, 2);
    hall_leave(&gone);
    hall_turn_for(hall, 50);
    assert_in_range(accord_http_timeout_ms(hall->http), 25000, 30000);
    hall->turns = 0;
    hall_turn_for(hall, 300);
    assert_in_range(hall->turns, 1, 3);
    hall_answer_pending(hall, "one");
    hall_answer_pending(hall, "two");
    hall_leave(&idle);
    hall_leave(&waiting);
    hall_leave(&middle);
    assert_calm(hall);
    hall_turn_for(hall, 10);
    assert_int_equal(accord_http_timeout_ms(hall->http), -1);
}

/* Many */

static void fill(struct hall *hall, struct hall_client *clients, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        clients[i] = hall_connect(hall);
        if (i % 8 == 7)
            hall_turn(hall, 0);
    }
    hall_await_connections(hall, count);
}

static bool room_for(rlim_t descriptors)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < descriptors)
        return false;
    limit.rlim_cur = limit.rlim_cur < descriptors ? descriptors : limit.rlim_cur;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void many_idle(void **state)
{
    static struct hall_client clients[MANY];
    static struct hall hall;
    struct accord_http_limits limits = patient;
    struct hall_reply reply;
    size_t count = room_for(2 * MANY + 200) ? MANY : 300;
    (void)state;
    if (count < MANY)
        print_message("# only %zu connections: the limit of open files allows no more\n", count);
    limits.connections = MANY + 10;
    hall_open(&hall, &limits, NULL);
    fill(&hall, clients, count);
    struct hall_client client = hall_connect(&hall);
    uint64_t start_ms = hall_now_ms();
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(hall_get(&client, "/now", "", &reply), 200);
    assert_in_range(hall_now_ms() - start_ms, 0, 2500);
    hall.turns = 0;
    hall_turn_for(&hall, 100);
    assert_in_range(hall.turns, 1, 3);
    /* Each of them can still speak. */
    for (size_t i = 0; i < count; i += 97)
        assert_int_equal(hall_get(&clients[i], "/now", "", &reply), 200);
    for (size_t i = 0; i < count; i++)
        hall_leave(&clients[i]);
    hall_leave(&client);
    hall_await_connections(&hall, 0);
    hall_close(&hall);
}

/* At the limit whoever has been silent for longest makes room: those that have asked before, and those that never said
 * anything. */
static void silent_make_room(void **state)
{
    struct hall *hall = *state;
    struct hall_client clients[CONNECTIONS];
    struct hall_reply reply;
    fill(hall, clients, CONNECTIONS);
    hall_turn_for(hall, 5);
    /* The first becomes the last to have spoken; the second is silent for longest now. */
    assert_int_equal(hall_get(&clients[0], "/now", "", &reply), 200);
    struct hall_client late = hall_connect(hall);
    assert_int_equal(hall_get(&late, "/now", "", &reply), 200);
    assert_true(hall_hung_up(&clients[1], 1000));
    hall_await_connections(hall, CONNECTIONS);
    assert_false(hall_hung_up(&clients[0], 20));
    assert_false(hall_hung_up(&clients[2], 20));
    /* A storm of newcomers: each is served, and all stay within the limit. */
    for (unsigned i = 0; i < 3 * CONNECTIONS; i++) {
        struct hall_client newcomer = hall_connect(hall);
        assert_int_equal(hall_get(&newcomer, "/now", "", &reply), 200);
        hall_leave(&newcomer);
        assert_in_range(hall_counts(hall).connections, 0, CONNECTIONS + 1);
    }
    for (unsigned i = 0; i < CONNECTIONS; i++)
        hall_leave(&clients[i]);
    hall_leave(&late);
    assert_calm(hall);
}

static void busy_stay(void **state)
{
    struct hall *hall = *state;
    struct hall_client clients[CONNECTIONS];
    struct hall_reply reply;
    fill(hall, clients, CONNECTIONS);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        hall_say(&clients[i], "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
        hall_await_pending(hall, i + 1);
    }
    struct hall_client late = hall_connect(hall);
    assert_true(hall_hung_up(&late, 1000));
    hall_leave(&late);
    hall->turns = 0;
    hall_turn_for(hall, 200);
    assert_in_range(hall->turns, 1, 5);
    hall_answer_pending(hall, "one");
    assert_int_equal(hall_reply(&clients[0], &reply), 200);
    hall_turn_for(hall, 5);
    /* Now one is idle, and makes room. */
    assert_int_equal(hall_ask(hall, "/now"), 200);
    assert_true(hall_hung_up(&clients[0], 1000));
    while (hall->pending_count > 0)
        hall_answer_pending(hall, "another");
    for (unsigned i = 1; i < CONNECTIONS; i++)
        assert_int_equal(hall_reply(&clients[i], &reply), 200);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        hall_leave(&clients[i]);
    assert_calm(hall);
}

/* Those who fill the house with half requests keep nobody out for long. */
static void half_requests_make_room(void **state)
{
    struct hall *hall = *state;
    struct hall_client clients[CONNECTIONS];
    fill(hall, clients, CONNECTIONS);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        hall_say(&clients[i], "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf");
    hall_turn_for(hall, 50);
    uint64_t start_ms = hall_now_ms();
    while (hall_ask(hall, "/now") != 200)
        hall_turn_for(hall, 100);
    assert_in_range(hall_now_ms() - start_ms, 500, 5000);
    assert_int_equal(hall->handled, 1);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        hall_leave(&clients[i]);
    assert_calm(hall);
}

/* The malformed */

/* Whatever was said, nothing is handled, and the answer is a 4xx or none; the connection ends. */
static void assert_refused(struct hall *hall, struct hall_client *bystander, const void *data, size_t size)
{
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    unsigned before = hall->handled;
    (void)hall_send(&client, data, size);
    unsigned status = hall_reply(&client, &reply);
    if (status != 0)
        assert_in_range(status, 400, 599);
    assert_int_equal(hall->handled, before);
    assert_true(hall_hung_up(&client, 3000));
    hall_leave(&client);
    assert_int_equal(hall_get(bystander, "/now", "", &reply), 200);
}

static void malformed(void **state)
{
    static const char *const texts[] = {
        "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03 TLS to a plain port\r\n\r\n",
        "garbage\r\n\r\n",
        " /now HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET\r\nHost: h\r\n\r\n",
        "GET /now HTTP/3.0\r\nHost: h\r\n\r\n",
        "GET /now HTTP/0.1\r\nHost: h\r\n\r\n",
        "GET /now FTP/1.1\r\nHost: h\r\n\r\n",
        "GET /now HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 4\r\n\r\nabcd",
        "GET /now HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 38\r\n\r\nGET /now HTTP/1.1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: "
        "3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
    };
    struct hall *hall = *state;
    struct hall_client bystander = hall_connect(hall);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_refused(hall, &bystander, texts[i], strlen(texts[i]));
    }
    hall_leave(&bystander);
    assert_calm(hall);
}

static void large_headers(void **state)
{
    static char text[102400];
    struct hall *hall = *state;
    struct hall_client bystander = hall_connect(hall);
    static const char *const beginnings[] = {"GET /", "GET /now HTTP/1.1\r\nX: ", "GET /now?", ""};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        memset(text, 'a', sizeof text);
        memcpy(text, beginnings[i], strlen(beginnings[i]));
        memcpy(text + sizeof text - 4, "\r\n\r\n", 4);
        assert_refused(hall, &bystander, text, sizeof text);
    }
    for (size_t i = 0; i + 5 < sizeof text; i += 5)
        memcpy(text + i, "a:b\r\n", 5);
    memcpy(text, "GET /now HTTP/1.1\r\nHost: ", 25);
    assert_refused(hall, &bystander, text, sizeof text);
    hall_leave(&bystander);
    assert_calm(hall);
}

/* NUL bytes wherever they fall: what a role sees of such a path is its beginning. */
static void zero_bytes(void **state)
{
    static const char sample[] = "POST /echo?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client bystander = hall_connect(hall);
    for (size_t i = 0; i < sizeof sample - 4; i++) {
        char text[sizeof sample];
        memcpy(text, sample, sizeof sample);
        text[i] = 0;
        struct hall_client client = hall_connect(hall);
        hall->path[0] = 0;
        assert_true(hall_send(&client, text, sizeof text - 1));
        (void)hall_hung_up(&client, 10);
        assert_int_equal(strncmp(hall->path, "/echo", strlen(hall->path)), 0);
        hall_leave(&client);
        assert_int_equal(hall_get(&bystander, "/now", "", &reply), 200);
    }
    hall_leave(&bystander);
    assert_calm(hall);
}

/* Stopping */

static void quiesces(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client idle = hall_connect(hall), fresh = hall_connect(hall), waiting = hall_connect(hall),
                       sending = hall_connect(hall), taking = hall_connect(hall), said = hall_connect(hall);
    size_t size = (size_t)16 << 20;
    char *data = calloc(1, size);
    assert_non_null(data);
    hall->answer.status = 200;
    hall->answer.body = (struct accord_bytes){(const uint8_t *)data, size};
    assert_int_equal(hall_get(&idle, "/now", "", &reply), 200);
    hall_say(&waiting, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_say(&sending, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na");
    hall_say(&taking, "GET /answer HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_await_pending(hall, 1);
    hall_turn_for(hall, 50);
    hall_say(&said, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
    accord_http_quiesce(hall->http);
    /* What came before is served, each for the last time. */
    assert_int_equal(hall_reply(&said, &reply), 200);
    assert_string_equal(hall_header(&reply, "Connection"), "close");
    assert_true(hall_hung_up(&idle, 1000));
    assert_true(hall_hung_up(&fresh, 1000));
    hall_say(&sending, "bc");
    assert_int_equal(hall_reply(&sending, &reply), 200);
    assert_string_equal(hall_header(&reply, "Connection"), "close");
    assert_true(hall_hung_up(&sending, 1000));
    hall_answer_pending(hall, "last");
    assert_int_equal(hall_reply(&waiting, &reply), 200);
    assert_slice(reply.body, "last");
    assert_string_equal(hall_header(&reply, "Connection"), "close");
    assert_true(hall_hung_up(&waiting, 1000));
    assert_int_equal(hall_reply(&taking, &reply), 200);
    assert_int_equal(reply.body.size, size);
    assert_true(hall_hung_up(&taking, 1000));
    hall_await_connections(hall, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)hall->port)};
    int handle = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_not_equal(connect(handle, (struct sockaddr *)&address, sizeof address), 0);
    close(handle);
    struct hall_client *const clients[] = {&idle, &fresh, &waiting, &sending, &taking, &said};
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++)
        hall_leave(clients[i]);
    free(data);
}

/* Freed in the middle of everything: what is there is hung up, and nothing leaks. */
static void freed_at_work(void **state)
{
    static struct hall hall;
    struct hall_client clients[4];
    (void)state;
    size_t before = hall_descriptors();
    hall_open(&hall, &patient, NULL);
    static char data[1 << 20];
    hall.answer.status = 200;
    hall.answer.size = sizeof data;
    hall.answer.file = file_of(data, sizeof data);
    fill(&hall, clients, 4);
    hall_say(&clients[0], "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    hall_say(&clients[1], "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na");
    hall_say(&clients[2], "GET /answer HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_await_pending(&hall, 1);
    hall_turn_for(&hall, 20);
    hall_answer_pending(&hall, "never sent");
    hall_close(&hall);
    for (unsigned i = 0; i < 4; i++)
        hall_leave(&clients[i]);
    assert_int_equal(hall_descriptors(), before);
}

/* Connections of this process: the same server, with no socket that anybody else could come by. */
static void from_inside(void **state)
{
    struct hall *hall = *state;
    struct accord_error error;
    struct hall_reply reply;
    assert_int_equal(accord_http_connect(hall->http), -1);
    assert_int_equal(accord_http_open_door(hall->http, &error), ACCORD_OK);
    hall_watch(hall);
    struct hall_client client = {.hall = hall, .socket = accord_http_connect(hall->http)};
    assert_true(client.socket >= 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(hall_get(&client, "/now", "", &reply), 200);
    hall_say(&client, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    hall_await_pending(hall, 1);
    assert_slice(hall->last.body, "abc");
    assert_int_equal(hall_counts(hall).connections, 1);
    hall_answer_pending(hall, "done");
    assert_int_equal(hall_reply(&client, &reply), 200);
    hall_leave(&client);
    assert_calm(hall);
    /* Nor is it spun for, while nothing comes. */
    hall->turns = 0;
    hall_turn_for(hall, 200);
    assert_in_range(hall->turns, 1, 3);
}

/* They count among all connections, and make room as others do. */
static void from_inside_at_the_limit(void **state)
{
    struct hall *hall = *state;
    struct hall_client clients[CONNECTIONS];
    struct accord_error error;
    struct hall_reply reply;
    assert_int_equal(accord_http_open_door(hall->http, &error), ACCORD_OK);
    hall_watch(hall);
    fill(hall, clients, CONNECTIONS);
    hall_turn_for(hall, 5);
    struct hall_client inner = {.hall = hall, .socket = accord_http_connect(hall->http)};
    assert_int_equal(hall_get(&inner, "/now", "", &reply), 200);
    assert_true(hall_hung_up(&clients[0], 1000));
    for (unsigned i = 1; i < CONNECTIONS; i++) {
        hall_say(&clients[i], "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
        hall_await_pending(hall, i);
    }
    assert_int_equal(hall_ask(hall, "/now"), 200);
    assert_true(hall_hung_up(&inner, 1000));
    while (hall->pending_count > 0)
        hall_answer_pending(hall, "done");
    for (unsigned i = 0; i < CONNECTIONS; i++)
        hall_leave(&clients[i]);
    hall_leave(&inner);
    assert_calm(hall);
}

/* Made and left without end, while the server looks elsewhere: no more of them than it can be asked to bear. */
static void from_inside_without_end(void **state)
{
    struct hall *hall = *state;
    struct accord_error error;
    unsigned made = 0;
    assert_int_equal(accord_http_open_door(hall->http, &error), ACCORD_OK);
    hall_watch(hall);
    for (unsigned round = 0; round < 3; round++) {
        made = 0;
        for (int handle = 0; handle >= 0; made++) {
            assert_in_range(made, 0, 1000);
            handle = accord_http_connect(hall->http);
            if (handle >= 0)
                assert_int_equal(send(handle, "GET /later", 10, MSG_NOSIGNAL), 10);
            if (handle >= 0)
                close(handle);
        }
        assert_in_range(made, 65, 200);
        hall_turn_for(hall, 20);
        hall_await_connections(hall, 0);
    }
    assert_calm(hall);
}

/* From the beginning of the end on they are turned away, those that nobody has looked at yet too. */
static void from_inside_at_the_end(void **state)
{
    static struct hall hall;
    struct accord_error error;
    struct hall_client early, late, last;
    (void)state;
    size_t before = hall_descriptors();
    hall_open(&hall, &patient, NULL);
    assert_int_equal(accord_http_open_door(hall.http, &error), ACCORD_OK);
    hall_watch(&hall);
    early = (struct hall_client){.hall = &hall, .socket = accord_http_connect(hall.http)};
    accord_http_quiesce(hall.http);
    assert_true(hall_hung_up(&early, 1000));
    late = (struct hall_client){.hall = &hall, .socket = accord_http_connect(hall.http)};
    assert_true(late.socket < 0 || hall_hung_up(&late, 1000));
    last = (struct hall_client){.hall = &hall, .socket = accord_http_connect(hall.http)};
    hall_close(&hall);
    hall_receive(&last);
    assert_true(last.over);
    hall_leave(&early);
    hall_leave(&late);
    hall_leave(&last);
    assert_int_equal(hall_descriptors(), before);
}

/* The loop as the server has it, which does nothing unless something happened or is due. */
static bool served_in_time(struct hall_client *client)
{
    uint64_t end_ms = hall_now_ms() + 2000;
    struct hall *hall = client->hall;
    for (uint64_t now_ms = hall_now_ms(); now_ms < end_ms && client->size == 0; now_ms = hall_now_ms()) {
        struct epoll_event events[16];
        int due_ms = accord_http_timeout_ms(hall->http), left_ms = (int)(end_ms - now_ms);
        bool due = due_ms >= 0 && due_ms <= left_ms;
        if (epoll_wait(hall->epoll, events, 16, due ? due_ms : left_ms) > 0 || due)
            accord_http_run(hall->http);
        hall_receive(client);
    }
    return client->size > 0;
}

/* Somebody who asks while there is no descriptor for another connection. */
static struct hall_client ask_in_vain(struct hall *hall)
{
    struct rlimit limit, none;
    struct hall_client client = hall_connect(hall);
    hall_say(&client, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
    int lowest = dup(client.socket);
    assert_true(lowest >= 0 && close(lowest) == 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (unsigned i = 0; i < 5; i++)
        hall_turn(hall, 5);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    hall_receive(&client);
    assert_int_equal(client.size, 0);
    return client;
}

/* It waits, and is served once there is one: when another connection has ended, or at once where there is none. */
static void no_descriptors(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client first = hall_connect(hall);
    assert_int_equal(hall_get(&first, "/now", "", &reply), 200);
    struct hall_client late = ask_in_vain(hall);
    hall_leave(&first);
    assert_true(served_in_time(&late));
    hall_leave(&late);
    hall_await_connections(hall, 0);
    late = ask_in_vain(hall);
    assert_true(served_in_time(&late));
    hall_leave(&late);
    assert_calm(hall);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define HASTY(test) cmocka_unit_test_setup_teardown(test, set_up_hasty, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(answers_now),
        WITH(answers_later),
        WITH(answers_nobody),
        WITH(pipelined),
        WITH(head),
        WITH(methods),
        WITH(paths),
        WITH(old_protocol),
        WITH(echoes),
        WITH(continues),
        WITH(too_large_by_announcement),
        WITH(too_large_and_sent),
        WITH(too_large_in_chunks),
        WITH(no_body_taken),
        WITH(bodies_together),
        WITH(leavers),
        WITH(headers),
        WITH(compression),
        WITH(compression_that_does_not_pay),
        WITH(files),
        WITH(short_file),
        HASTY(tricklers),
        HASTY(tricklers_have_one_deadline),
        HASTY(silent),
        HASTY(not_reading),
        HASTY(large_files_have_time),
        WITH(sleeps),
        cmocka_unit_test(many_idle),
        WITH(silent_make_room),
        WITH(busy_stay),
        WITH(half_requests_make_room),
        WITH(no_descriptors),
        WITH(malformed),
        WITH(large_headers),
        WITH(zero_bytes),
        WITH(quiesces),
        cmocka_unit_test(freed_at_work),
        WITH(from_inside),
        WITH(from_inside_at_the_limit),
        WITH(from_inside_without_end),
        cmocka_unit_test(from_inside_at_the_end),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
