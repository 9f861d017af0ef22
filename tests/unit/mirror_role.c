/* The mirror over real HTTP: a server's loop on a thread of its own, and clients that send what they like. */
#include "mirrors.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "serve/mirror_role.h"

#define ORIGIN "log.example/wide"
#define BODY_MAX ((size_t)1 << 23)

struct server {
    struct accord_http *http;
    struct accord_mirror *mirror;
    struct accord_mirror_role *role;
    struct accord_clock clock;
    int bell, epoll;
    unsigned port;
    pthread_t thread;
    atomic_bool stop;
};

static struct mirrored *the_log;
static struct accord_signer *key;
static char directory[64], hash_hex[65];

static uint64_t now(void *context)
{
    (void)context;
    return MIRRORED_NOW;
}

static void answered(void *context)
{
    const struct server *server = context;
    const uint64_t one = 1;
    if (write(server->bell, &one, sizeof one) != sizeof one)
        abort();
}

static size_t body_max(void *context, const struct accord_http_request *request)
{
    (void)context;
    return accord_mirror_role_body_max(request);
}

static void handle(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request)
{
    struct server *server = context;
    accord_mirror_role_handle(server->role, exchange, request);
}

static bool streams(void *context, const struct accord_http_request *request)
{
    (void)context;
    return accord_mirror_role_streams(request);
}

static bool part(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request,
                 struct accord_bytes bytes, bool last)
{
    struct server *server = context;
    return accord_mirror_role_part(server->role, exchange, request, bytes, last);
}

static void gone(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request)
{
    (void)request;
    struct server *server = context;
    accord_mirror_role_gone(server->role, exchange);
}

static void watch(const struct server *server, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    assert_int_equal(epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event), 0);
}

static void *serve(void *context)
{
    struct server *server = context;
    struct epoll_event events[16];
    while (!atomic_load(&server->stop)) {
        uint64_t rung;
        (void)epoll_wait(server->epoll, events, 16, accord_http_timeout_ms(server->http));
        while (read(server->bell, &rung, sizeof rung) > 0)
            continue;
        accord_mirror_role_answer(server->role);
        accord_http_run(server->http);
    }
    return NULL;
}

static int listen_anywhere(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(handle, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(handle, 64), 0);
    assert_int_equal(getsockname(handle, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return handle;
}

static void mirror_open(struct server *server)
{
    const struct mirrored *const logs[] = {the_log};
    struct accord_logs *known = mirrored_logs(logs, 1);
    const struct accord_mirror_options options = {
        .fs = &accord_fs_real, .crypto = &accord_crypto_default, .dir = directory, .signers = &key, .signer_count = 1};
    assert_int_equal(accord_mirror_open(&server->mirror, &options, known, NULL), ACCORD_OK);
    accord_logs_free(known);
}

static void server_start(struct server *server, unsigned uploads_max, size_t held_max)
{
    static const struct accord_http_limits limits = {
        .connections = 64, .body_bytes = 1 << 20, .idle_seconds = 30, .request_seconds = 30};
    const struct accord_http_handler handler = {
        .context = server, .body_max = body_max, .handle = handle, .streams = streams, .part = part, .gone = gone};
    memset(server, 0, sizeof *server);
    server->clock.now = now;
    server->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    mirror_open(server);
    const struct accord_mirror_role_options options = {.mirror = server->mirror,
                                                       .clock = &server->clock,
                                                       .threads = 2,
                                                       .uploads_max = uploads_max,
                                                       .held_max = held_max,
                                                       .answered = answered,
                                                       .context = server};
    assert_int_equal(accord_mirror_role_new(&server->role, &options, NULL), ACCORD_OK);
    assert_int_equal(accord_http_new(&server->http, &handler, &limits, NULL), ACCORD_OK);
    int handle_of = listen_anywhere(&server->port), descriptors[16];
    assert_int_equal(accord_http_listen(server->http, handle_of, "test", NULL, NULL), ACCORD_OK);
    size_t count = accord_http_watch(server->http, descriptors, 16);
    for (size_t i = 0; i < count; i++)
        watch(server, descriptors[i]);
    watch(server, server->bell);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    accord_mirror_role_drain(server->role);
    atomic_store(&server->stop, true);
    answered(server);
    pthread_join(server->thread, NULL);
    accord_mirror_role_answer(server->role);
    accord_http_free(server->http);
    accord_mirror_role_free(server->role);
    accord_mirror_close(server->mirror);
    close(server->bell);
    close(server->epoll);
}

/* Clients */

struct reply {
    unsigned status;
    char head[1024];
    struct accord_bytes body;
    uint8_t data[1 << 19];
};

static struct reply reply;

static int client_connect(const struct server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)server->port)};
    const struct timeval patience = {.tv_sec = 20};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return client;
}

/* As much of it as the server takes. */
static void client_send(int client, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t sent = send(client, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        size -= (size_t)sent;
    }
}

static unsigned client_reply(int client)
{
    size_t size = 0;
    ssize_t got;
    while (size < sizeof reply.data && (got = recv(client, reply.data + size, sizeof reply.data - size, 0)) > 0)
        size += (size_t)got;
    close(client);
    const uint8_t *end = memmem(reply.data, size, "\r\n\r\n", 4);
    assert_non_null(end);
    size_t head = (size_t)(end - reply.data) + 4;
    snprintf(reply.head, sizeof reply.head, "%.*s", (int)head, (const char *)reply.data);
    reply.body = (struct accord_bytes){reply.data + head, size - head};
    reply.status = (unsigned)strtoul(reply.head + 9, NULL, 10);
    return reply.status;
}

static int post_begin(const struct server *server, const char *path, const char *headers, size_t size)
{
    char text[512];
    int client = client_connect(server);
    int length =
        snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n",
                 path, headers, size);
    client_send(client, text, (size_t)length);
    return client;
}

static unsigned post(const struct server *server, const char *path, const char *headers, struct accord_bytes body)
{
    int client = post_begin(server, path, headers, body.size);
    client_send(client, body.data, body.size);
    return client_reply(client);
}

static unsigned get(const struct server *server, const char *path)
{
    char text[512];
    int client = client_connect(server);
    int length =
        snprintf(text, sizeof text, "GET /%s%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", hash_hex, path);
    client_send(client, text, (size_t)length);
    return client_reply(client);
}

static void assert_header(const char *line)
{
    if (strcasestr(reply.head, line) == NULL)
        fail_msg("no %s in %s", line, reply.head);
}

static unsigned post_step(const struct server *server, uint64_t old_size, uint64_t size)
{
    struct accord_buffer body;
    accord_buffer_init(&body, 65536);
    mirrored_step(the_log, 0, old_size, size, &body);
    unsigned status = post(server, "/add-checkpoint", "", accord_buffer_bytes(&body));
    accord_buffer_free(&body);
    return status;
}

static void make_upload(struct accord_buffer *body, uint64_t start, uint64_t end, uint64_t packages)
{
    accord_buffer_init(body, BODY_MAX);
    mirrored_upload(the_log, 0, start, end, packages, slice(""), body);
}

static unsigned post_upload(const struct server *server, uint64_t start, uint64_t end, uint64_t packages)
{
    struct accord_buffer body;
    make_upload(&body, start, end, packages);
    unsigned status = post(server, "/add-entries", "", accord_buffer_bytes(&body));
    accord_buffer_free(&body);
    return status;
}

static void assert_info(uint64_t size, uint64_t next)
{
    assert_header("Content-Type: text/x.tlog.mirror-info\r\n");
    struct mirrored_info info = mirrored_read_info(reply.body);
    assert_int_equal(info.size, size);
    assert_int_equal(info.next, next);
}

static struct accord_buffer gzip(struct accord_bytes body)
{
    struct accord_buffer out;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    accord_buffer_init(&out, 2 * BODY_MAX);
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(accord_buffer_reserve(&out, deflateBound(&stream, body.size)), ACCORD_OK);
    stream.next_in = (Bytef *)(uintptr_t)body.data;
    stream.avail_in = (uInt)body.size;
    stream.next_out = out.data;
    stream.avail_out = (uInt)out.capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.size = stream.total_out;
    deflateEnd(&stream);
    return out;
}

/* Tests */

static int set_up_group(void **state)
{
    (void)state;
    accord_crypto_start();
    the_log = calloc(1, sizeof *the_log);
    assert_non_null(the_log);
    mirrored_init_wide(the_log, ORIGIN, 0, 1000);
    assert_int_equal(accord_signer_generate(&key, slice("mirror.example/m"), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    uint8_t hash[ACCORD_HASH_SIZE];
    struct accord_out out = {(uint8_t *)hash_hex, 64, 0, false};
    accord_hash(&accord_crypto_default, slice(ORIGIN), hash);
    accord_put_hex(&out, (struct accord_bytes){hash, sizeof hash});
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    mirrored_free(the_log);
    free(the_log);
    accord_signer_free(key);
    return 0;
}

static int set_up(void **state)
{
    static struct server server;
    snprintf(directory, sizeof directory, "%s", "/tmp/accord-test-XXXXXX");
    if (mkdtemp(directory) == NULL)
        return 1;
    server_start(&server, 3, 0);
    *state = &server;
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    server_stop(*state);
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static void test_checkpoints(void **state)
{
    const struct server *server = *state;
    assert_int_equal(post_step(server, 0, 100), 200);
    assert_int_equal(reply.body.size, 0);
    assert_int_equal(post_step(server, 0, 200), 409);
    assert_header("Content-Type: text/x.tlog.size\r\n");
    assert_slice(reply.body, "100\n");
    assert_int_equal(post(server, "/add-checkpoint", "", slice("old")), 400);
    assert_int_equal(post(server, "/elsewhere", "", slice("old")), 404);
    assert_int_equal(get(server, "/checkpoint"), 404);
}

static void test_entries_and_reads(void **state)
{
    const struct server *server = *state;
    assert_int_equal(post_upload(server, 0, 1300, 1), 422);
    assert_int_equal(post_step(server, 0, 1300), 200);
    assert_int_equal(post_upload(server, 0, 1300, 2), 202);
    assert_info(1300, 512);
    assert_header("Accept-Encoding: gzip\r\n");
    assert_int_equal(get(server, "/tile/entries/000"), 404);
    assert_int_equal(post_upload(server, 512, 1300, 99), 200);
    struct accord_note_claim lines;
    assert_int_equal(accord_signatures_parse(&lines, reply.body, NULL), ACCORD_OK);
    assert_int_equal(get(server, "/checkpoint"), 200);
    assert_header("Cache-Control: no-cache\r\n");
    struct accord_checkpoint_claim claim;
    assert_int_equal(accord_checkpoint_parse(&claim, reply.body, NULL), ACCORD_OK);
    assert_int_equal(claim.size, 1300);
    assert_int_equal(accord_note_signed_by(&claim.note, accord_signer_vkey(key), &accord_crypto_default, NULL),
                     ACCORD_SIGNED);
    assert_int_equal(get(server, "/tile/0/004"), 200);
    assert_header("immutable");
    assert_header("Content-Type: application/octet-stream\r\n");
    assert_memory_equal(reply.body.data, the_log->nodes[0][0][1024], ACCORD_TILE_SIZE_MAX);
    static const char *const absent[] = {
        "/tile/0/005",      "/tile/0/005.p/21", "/tile/entries/005.p/21", "/tile/2/000",
        "/tile/0/x000/000", "/tile/1/000.p/6",  "/.accord/lock",          "/tile"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(get(server, absent[i]), 404);
    /* Forms that no file has are cut from those that are there. */
    static const struct {
        const char *path;
        uint64_t first, count;
    } bundles[] = {{"/tile/entries/005.p/20", 1280, 20},
                   {"/tile/entries/005.p/7", 1280, 7},
                   {"/tile/entries/002.p/255", 512, 255},
                   {"/tile/entries/000", 0, 256}};
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
        size_t cursor = 0;
        struct accord_bytes entry;
        uint8_t leaf[ACCORD_HASH_SIZE];
        assert_int_equal(get(server, bundles[i].path), 200);
        for (uint64_t j = 0; j < bundles[i].count; j++) {
            assert_true(accord_bundle_next(reply.body, &cursor, &entry));
            accord_merkle_leaf(&accord_crypto_default, entry, leaf);
            assert_memory_equal(leaf, the_log->nodes[0][0][bundles[i].first + j], ACCORD_HASH_SIZE);
        }
        assert_int_equal(cursor, reply.body.size);
    }
    assert_int_equal(get(server, "/tile/0/002.p/3"), 200);
    assert_int_equal(reply.body.size, 96);
    assert_int_equal(get(server, "/tile/1/000.p/5"), 200);
    assert_int_equal(reply.body.size, 160);
}

static void test_methods(void **state)
{
    const struct server *server = *state;
    char text[256];
    int client = client_connect(server);
    client_send(
        client, text,
        (size_t)snprintf(text, sizeof text, "GET /add-entries HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    assert_int_equal(client_reply(client), 405);
    assert_header("Allow: POST\r\n");
    snprintf(text, sizeof text, "/%s/checkpoint", hash_hex);
    assert_int_equal(post(server, text, "", slice("")), 405);
}

static void test_gzip(void **state)
{
    const struct server *server = *state;
    struct accord_buffer body, packed, rest;
    assert_int_equal(post_step(server, 0, 2000), 200);
    make_upload(&body, 0, 2000, 99);
    /* Two members, as RFC 1952 allows. */
    packed = gzip((struct accord_bytes){body.data, 100000});
    rest = gzip((struct accord_bytes){body.data + 100000, body.size - 100000});
    size_t first = packed.size;
    assert_int_equal(accord_buffer_append(&packed, accord_buffer_bytes(&rest)), ACCORD_OK);
    /* Cut short, and damaged. */
    assert_int_equal(
        post(server, "/add-entries", "Content-Encoding: gzip\r\n", (struct accord_bytes){packed.data, first}), 400);
    assert_int_equal(post(server, "/add-entries", "Content-Encoding: gzip\r\n",
                          (struct accord_bytes){packed.data, packed.size - 3000}),
                     202);
    assert_int_equal(post(server, "/add-entries", "Content-Encoding: gzip\r\n", accord_buffer_bytes(&packed)), 200);
    packed.data[first + 3] ^= 0xff;
    assert_int_equal(post(server, "/add-entries", "Content-Encoding: gzip\r\n", accord_buffer_bytes(&packed)), 400);
    assert_int_equal(get(server, "/checkpoint"), 200);
    accord_buffer_free(&body);
    accord_buffer_free(&packed);
    accord_buffer_free(&rest);
}

/* A gigabyte of nothing in a megabyte: answered at its first wrong byte, and never held. */
static void test_bomb(void **state)
{
    const struct server *server = *state;
    struct accord_buffer body, packed;
    accord_buffer_init(&body, BODY_MAX);
    make_upload(&body, 0, 2000, 0);
    assert_int_equal(post_step(server, 0, 2000), 200);
    assert_int_equal(accord_buffer_reserve(&body, BODY_MAX - body.size), ACCORD_OK);
    memset(body.data + body.size, 0, BODY_MAX - body.size);
    body.size = BODY_MAX;
    packed = gzip(accord_buffer_bytes(&body));
    assert_true(packed.size < 20000);
    assert_int_equal(post(server, "/add-entries", "Content-Encoding: gzip\r\n", accord_buffer_bytes(&packed)), 422);
    accord_buffer_free(&body);
    accord_buffer_free(&packed);
}

/* What is wrong with the header is told, whatever follows it. */
static void test_early_answer(void **state)
{
    const struct server *server = *state;
    struct accord_buffer body;
    accord_buffer_init(&body, BODY_MAX);
    mirrored_header("nobody.example", 0, 1, slice(""), &body);
    assert_int_equal(accord_buffer_reserve(&body, 500000), ACCORD_OK);
    memset(body.data + body.size, 'x', 500000);
    body.size += 500000;
    assert_int_equal(post(server, "/add-entries", "", accord_buffer_bytes(&body)), 404);
    accord_buffer_free(&body);
}

/* Clients that pause hold nobody up, but there may only be so many; those that go leave what they brought. */
static void test_pauses(void **state)
{
    const struct server *server = *state;
    struct accord_buffer body;
    int paused[3];
    assert_int_equal(post_step(server, 0, 2000), 200);
    make_upload(&body, 0, 2000, 99);
    for (int i = 0; i < 2; i++) {
        paused[i] = post_begin(server, "/add-entries", "", body.size);
        client_send(paused[i], body.data, 300000);
    }
    assert_int_equal(post_upload(server, 0, 2000, 1), 202);
    paused[2] = post_begin(server, "/add-entries", "", body.size);
    client_send(paused[2], body.data, 10);
    unsigned status = 0;
    for (int i = 0; i < 200 && status != 503; i++) {
        usleep(10000);
        status = post_upload(server, 0, 2000, 1);
    }
    assert_int_equal(status, 503);
    assert_header("Retry-After: ");
    for (int i = 1; i < 3; i++)
        close(paused[i]);
    for (int i = 0; i < 200 && status != 409; i++) {
        usleep(10000);
        status = post_upload(server, 1999, 2000, 1);
    }
    assert_int_equal(status, 409);
    assert_info(2000, 256);
    client_send(paused[0], body.data + 300000, body.size - 300000);
    assert_int_equal(client_reply(paused[0]), 200);
    accord_buffer_free(&body);
}

static void test_drains(void **state)
{
    struct server *server = *state;
    struct accord_buffer body;
    assert_int_equal(post_step(server, 0, 2000), 200);
    make_upload(&body, 0, 2000, 99);
    int client = post_begin(server, "/add-entries", "", body.size);
    client_send(client, body.data, 600000);
    for (int i = 0; i < 200; i++) {
        usleep(10000);
        if (post_upload(server, 1999, 2000, 1) == 409 && mirrored_read_info(reply.body).next == 512)
            break;
    }
    accord_mirror_role_drain(server->role);
    client_send(client, body.data + 600000, body.size - 600000);
    assert_int_equal(client_reply(client), 202);
    assert_info(2000, 512);
    assert_int_equal(post_upload(server, 512, 2000, 1), 503);
    accord_buffer_free(&body);
}

/* With hardly any memory an upload ends where it is. */
static void test_little_memory(void **state)
{
    (void)state;
    struct server server;
    snprintf(directory, sizeof directory, "%s", "/tmp/accord-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    server_start(&server, 3, 200000);
    void *context = &server;
    assert_int_equal(post_step(&server, 0, 2000), 200);
    /* Before its first package, or after it, as the bytes come. */
    unsigned status = post_upload(&server, 0, 2000, 99);
    assert_true(status == 503 || status == 202);
    assert_int_equal(tear_down(&context), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_checkpoints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_entries_and_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_methods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gzip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bomb, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_early_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pauses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drains, set_up, tear_down),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
