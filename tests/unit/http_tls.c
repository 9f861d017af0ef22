/* The HTTP server over TLS, with openssl's program as the client: versions, certificates that do not fit, and new ones
 * while it runs. */
#include "hall.h"

#include <sys/stat.h>
#include <sys/wait.h>

#define ARGUMENTS_MAX 24
#define TEXT_SIZE (4u << 20)

static const struct accord_http_limits limits = {
    .connections = 64, .body_bytes = 1 << 20, .idle_seconds = 2, .request_seconds = 10};

static char dir[] = "/tmp/accord-test-XXXXXX";

/* Runs a line of the shell in the directory of this test. */
static bool run(const char *line)
{
    char text[1024];
    snprintf(text, sizeof text, "cd %s && { %s; } >log 2>&1", dir, line);
    return system(text) == 0;
}

/* A key and its certificate for a name. */
static bool make(const char *name)
{
    char line[512];
    snprintf(line, sizeof line,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.crt "
             "-subj /CN=%s -days 2",
             name, name, name);
    return run(line);
}

static char *read_text(const char *name, const char *suffix, struct accord_bytes *bytes)
{
    char path[128];
    static char texts[4][16384];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    bytes->size = fread(text, 1, sizeof texts[0], file);
    bytes->data = (const uint8_t *)text;
    fclose(file);
    assert_in_range(bytes->size, 1, sizeof texts[0] - 1);
    return text;
}

static struct accord_http_tls tls_of(const char *certificate, const char *key)
{
    struct accord_http_tls tls;
    read_text(certificate, ".crt", &tls.certificates);
    read_text(key, ".key", &tls.key);
    return tls;
}

/* A client that runs */

struct client {
    struct hall *hall;
    pid_t process;
    int in, out;
    char *text; /* all that it said */
    size_t size;
    bool over;
};

static struct client client_start(struct hall *hall, const char *option)
{
    int in[2], out[2];
    char address[32];
    struct client client = {.hall = hall, .text = calloc(1, TEXT_SIZE)};
    snprintf(address, sizeof address, "127.0.0.1:%u", hall->port);
    assert_non_null(client.text);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    client.process = fork();
    assert_true(client.process >= 0);
    if (client.process == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(out[1], 2);
        execlp("openssl", "openssl", "s_client", "-connect", address, "-cipher", "DEFAULT:@SECLEVEL=0", "-nameopt",
               "RFC2253", option, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    client.in = in[1];
    client.out = out[0];
    assert_int_equal(fcntl(client.out, F_SETFL, O_NONBLOCK), 0);
    return client;
}

static void client_say(const struct client *client, const char *text)
{
    assert_int_equal(write(client->in, text, strlen(text)), strlen(text));
}

/* Turns until the client has printed the text so many times; false where it ended before. */
static bool client_prints(struct client *client, const char *text, unsigned count)
{
    uint64_t end_ms = hall_now_ms() + HALL_PATIENCE_MS;
    for (;;) {
        unsigned found = 0;
        for (const char *at = strstr(client->text, text); at != NULL; at = strstr(at + 1, text))
            found++;
        if (found >= count)
            return true;
        if (client->over || hall_now_ms() > end_ms)
            return false;
        hall_turn(client->hall, 5);
        ssize_t got = read(client->out, client->text + client->size, TEXT_SIZE - 1 - client->size);
        client->size += got > 0 ? (size_t)got : 0;
        client->over = got == 0;
    }
}

static void client_end(struct client *client)
{
    int status;
    close(client->in);
    close(client->out);
    kill(client->process, SIGKILL);
    assert_int_equal(waitpid(client->process, &status, 0), client->process);
    free(client->text);
    client->text = NULL;
}

#define NOW "GET /now HTTP/1.1\r\nHost: h\r\n\r\n"

/* Which protocol a client of that option ends up with, and that it is served; false where it is refused. */
static bool is_served(struct hall *hall, const char *option, const char *version, const char *subject)
{
    struct client client = client_start(hall, option);
    bool connected = client_prints(&client, version, 1) && client_prints(&client, subject, 1);
    if (connected) {
        client_say(&client, NOW);
        connected = client_prints(&client, "here you are\n", 1);
    }
    client_end(&client);
    return connected;
}

static int set_up(void **state)
{
    static struct hall hall;
    const struct accord_http_tls tls = tls_of("first", "first");
    hall_open(&hall, &limits, &tls);
    *state = &hall;
    return 0;
}

static int tear_down(void **state)
{
    hall_await_connections(*state, 0);
    hall_close(*state);
    return 0;
}

static void versions(void **state)
{
    struct hall *hall = *state;
    assert_true(is_served(hall, "-tls1_3", "New, TLSv1.3", "subject=CN=first"));
    assert_true(is_served(hall, "-tls1_2", "New, TLSv1.2", "subject=CN=first"));
    assert_int_equal(hall->handled, 2);
    static const char *const old[] = {"-tls1_1", "-tls1"};
    for (size_t i = 0; i < 2; i++) {
        struct client client = client_start(hall, old[i]);
        assert_true(client_prints(&client, "New, (NONE)", 1));
        /* It was the server that said no. */
        assert_null(strstr(client.text, "written 0 bytes"));
        assert_null(strstr(client.text, "no protocols available"));
        client_end(&client);
    }
    assert_int_equal(hall->handled, 2);
}

static void large_answers(void **state)
{
    struct hall *hall = *state;
    static char data[2 << 20];
    memset(data, 'x', sizeof data - 4);
    memcpy(data + sizeof data - 4, "end\n", 4);
    hall->answer.status = 200;
    hall->answer.body = (struct accord_bytes){(const uint8_t *)data, sizeof data};
    struct client client = client_start(hall, "-tls1_3");
    client_say(&client, "GET /answer HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(client_prints(&client, "xend\n", 1));
    client_say(&client, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nechoe");
    assert_true(client_prints(&client, "echoe", 1));
    client_end(&client);
}

/* Whoever does not speak TLS is nobody's trouble, and neither is who stops in the middle of the first message. */
static void other_protocols(void **state)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    struct hall *hall = *state;
    struct hall_client plain = hall_connect(hall), silent = hall_connect(hall), half = hall_connect(hall);
    uint64_t start_ms = hall_now_ms();
    hall_say(&plain, NOW);
    assert_true(hall_send(&half, hello, sizeof hello - 1));
    assert_true(hall_hung_up(&plain, 1000));
    assert_true(is_served(hall, "-tls1_3", "New, TLSv1.3", "subject=CN=first"));
    assert_true(hall_hung_up(&half, 4000));
    assert_true(hall_hung_up(&silent, 4000));
    assert_in_range(hall_now_ms() - start_ms, 1900, 3500);
    assert_int_equal(hall->handled, 1);
    hall_leave(&plain);
    hall_leave(&half);
    hall_leave(&silent);
}

/* Certificates that cannot be used: a sentence, and the socket stays the caller's. */
static void unusable(void **state)
{
    struct accord_http_tls cases[6];
    struct hall *hall = *state;
    struct accord_error error;
    unsigned port;
    size_t before = hall_descriptors();
    cases[0] = tls_of("first", "second");
    cases[1] = cases[2] = cases[3] = cases[4] = cases[5] = tls_of("first", "first");
    cases[1].certificates = slice("-----BEGIN CERTIFICATE-----\ngarbage\n-----END CERTIFICATE-----\n");
    cases[2].key = slice("garbage");
    cases[3].certificates = cases[3].key;
    cases[4].key = slice("");
    cases[5].certificates.size /= 2;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int handle = hall_socket(&port);
        assert_int_equal(accord_http_listen(hall->http, handle, "the name", &cases[i], &error), ACCORD_IO);
        assert_string_equal(error.what, "the name");
        assert_string_equal(error.expected, "certificates in PEM, and the key that is theirs");
        assert_int_equal(hall_descriptors(), before + 1);
        close(handle);
        assert_int_equal(accord_http_renew_tls(hall->http, &cases[i], &error), ACCORD_IO);
        assert_string_equal(error.what, "test");
    }
    assert_int_equal(hall_descriptors(), before);
    /* What was there goes on. */
    hall_watch(hall);
    assert_true(is_served(hall, "-tls1_3", "New, TLSv1.3", "subject=CN=first"));
}

static size_t daemons(const struct hall *hall)
{
    int descriptors[64];
    return accord_http_watch(hall->http, descriptors, 64);
}

static void renewal(void **state)
{
    struct hall *hall = *state;
    struct accord_error error;
    const struct accord_http_tls first = tls_of("first", "first"), second = tls_of("second", "second");
    struct client old = client_start(hall, "-tls1_3");
    assert_true(client_prints(&old, "subject=CN=first", 1));
    client_say(&old, NOW);
    assert_true(client_prints(&old, "here you are\n", 1));
    client_say(&old, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_await_pending(hall, 1);
    assert_int_equal(accord_http_renew_tls(hall->http, &second, &error), ACCORD_OK);
    hall_watch(hall);
    assert_int_equal(daemons(hall), 2);
    assert_true(is_served(hall, "-tls1_3", "New, TLSv1.3", "subject=CN=second"));
    assert_true(is_served(hall, "-tls1_2", "New, TLSv1.2", "subject=CN=second"));
    /* The old one is still answered, and not kept for ever. */
    hall_answer_pending(hall, "and you\n");
    assert_true(client_prints(&old, "and you\n", 1));
    assert_true(client_prints(&old, "Connection: close", 1));
    hall_await_connections(hall, 0);
    client_end(&old);
    hall_turn(hall, 0);
    assert_int_equal(daemons(hall), 1);
    /* As often as anybody likes. */
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(accord_http_renew_tls(hall->http, i % 2 == 0 ? &first : &second, &error), ACCORD_OK);
        hall_watch(hall);
        hall_turn(hall, 0);
    }
    assert_int_equal(daemons(hall), 1);
    assert_true(is_served(hall, "-tls1_3", "New, TLSv1.3", "subject=CN=second"));
}

static void quiesces(void **state)
{
    struct hall *hall = *state;
    struct client waiting = client_start(hall, "-tls1_3"), idle = client_start(hall, "-tls1_3");
    client_say(&waiting, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    hall_await_pending(hall, 1);
    client_say(&idle, NOW);
    assert_true(client_prints(&idle, "here you are\n", 1));
    accord_http_quiesce(hall->http);
    hall_await_connections(hall, 1);
    hall_answer_pending(hall, "last words\n");
    assert_true(client_prints(&waiting, "Connection: close", 1));
    assert_true(client_prints(&waiting, "last words\n", 1));
    hall_await_connections(hall, 0);
    client_end(&waiting);
    client_end(&idle);
    /* The loop goes on with what is left: nothing. */
    hall_turn(hall, 0);
    assert_int_equal(daemons(hall), 0);
}

/* GnuTLS does not free the certificate where the key is not its own. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:gnutls_\nleak:libtasn1.so";
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(versions), WITH(large_answers), WITH(other_protocols), WITH(unusable), WITH(renewal), WITH(quiesces),
    };
    signal(SIGPIPE, SIG_IGN);
    if (system("openssl version >/dev/null 2>&1") != 0) {
        printf("1..0 # SKIP no openssl\n");
        return 0;
    }
    if (mkdtemp(dir) == NULL || !make("first") || !make("second"))
        return 1;
    int failed = cmocka_run_group_tests_name("http_tls", tests, NULL, NULL);
    return run("rm -f first.* second.* log") && rmdir(dir) == 0 ? failed : 1;
}
