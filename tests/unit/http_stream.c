/* Bodies without a bound: taken by part, held back while there is no room, given up with their client. */
#include "hall.h"

#define BODIES ((size_t)64 << 10)

static const struct accord_http_limits patient = {
    .connections = 8, .body_bytes = BODIES, .idle_seconds = 30, .request_seconds = 30};
static const struct accord_http_limits hasty = {
    .connections = 8, .body_bytes = BODIES, .idle_seconds = 2, .request_seconds = 1};

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

static void assert_calm(struct hall *hall)
{
    hall_await_connections(hall, 0);
    assert_int_equal(hall_counts(hall).body_bytes, 0);
    assert_int_equal(hall_ask(hall, "/now"), 200);
    hall_await_connections(hall, 0);
}

static void begin(struct hall_client *client, const char *headers)
{
    char text[512];
    snprintf(text, sizeof text, "POST /stream HTTP/1.1\r\nHost: h\r\n%s\r\n", headers);
    hall_say(client, text);
}

static void assert_streamed(const struct hall *hall, const void *data, size_t size)
{
    assert_true(hall->ended);
    assert_int_equal(hall->streamed_size, size);
    assert_memory_equal(hall->streamed, data, size);
}

static void again(struct hall *hall)
{
    hall->streamed_size = 0;
    hall->ended = false;
    hall->parts = 0;
}

/* Larger than any bound on bodies, in one piece, in many, in chunks; and the connection goes on. */
static void taken_whole(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    static uint8_t data[500000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    struct hall_client client = hall_connect(hall);
    begin(&client, "Content-Length: 500000\r\n");
    assert_true(hall_send(&client, data, sizeof data));
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_slice(reply.body, "500000\n");
    assert_streamed(hall, data, sizeof data);
    again(hall);
    begin(&client, "Content-Length: 300\r\n");
    for (size_t i = 0; i < 300; i++)
        assert_true(hall_send(&client, data + i, 1));
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_streamed(hall, data, 300);
    again(hall);
    begin(&client, "Transfer-Encoding: chunked\r\n");
    hall_say(&client, "3\r\nabc\r\n");
    hall_turn_for(hall, 20);
    hall_say(&client, "2\r\nde\r\n0\r\n\r\n");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_streamed(hall, "abcde", 5);
    again(hall);
    begin(&client, "Content-Length: 0\r\n");
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_streamed(hall, "", 0);
    assert_int_equal(hall->parts, 1);
    assert_int_equal(hall->handled, 0);
    assert_int_equal(hall->gone, 0);
    assert_int_equal(hall_get(&client, "/now", "", &reply), 200);
    hall_leave(&client);
    assert_calm(hall);
}

/* While there is no room nothing is read from that client, others are served, and nothing turns in circles. */
static void held_back(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    static uint8_t data[900000];
    memset(data, 'x', sizeof data);
    struct hall_client client = hall_connect(hall);
    hall->room = 10000;
    begin(&client, "Content-Length: 900000\r\n");
    size_t sent = 0;
    while (sent < sizeof data) {
        ssize_t more = send(client.socket, data + sent, sizeof data - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (more > 0)
            sent += (size_t)more;
        hall_turn(hall, 0);
        if (more < 0)
            break;
    }
    hall_turn_for(hall, 100);
    unsigned parts = hall->parts;
    assert_in_range(hall->streamed_size, 1, 10000);
    hall->turns = 0;
    hall_turn_for(hall, 300);
    assert_int_equal(hall->parts, parts);
    assert_in_range(hall->turns, 0, 50);
    assert_int_equal(hall_ask(hall, "/now"), 200);
    hall->room = SIZE_MAX;
    accord_http_go_on(hall->streaming);
    accord_http_go_on(hall->streaming); /* twice is no harm */
    if (sent < sizeof data)
        assert_true(hall_send(&client, data + sent, sizeof data - sent));
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_streamed(hall, data, sizeof data);
    hall_leave(&client);
    assert_calm(hall);
}

/* The end, too, may have to wait. */
static void end_held_back(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    hall->room = 3;
    begin(&client, "Content-Length: 3\r\n");
    hall_say(&client, "abc");
    hall_turn_for(hall, 100);
    assert_int_equal(hall->streamed_size, 3);
    assert_false(hall->ended);
    hall->room = 1;
    accord_http_go_on(hall->streaming);
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_streamed(hall, "abc", 3);
    hall_leave(&client);
    assert_calm(hall);
}

/* Clients that leave in the middle: the role hears of it once, also while it held them back. */
static void gone(void **state)
{
    struct hall *hall = *state;
    struct hall_client client = hall_connect(hall);
    begin(&client, "Content-Length: 100\r\n");
    hall_say(&client, "abc");
    hall_turn_for(hall, 50);
    assert_int_equal(hall->streamed_size, 3);
    assert_int_equal(hall->gone, 0);
    hall_leave(&client);
    hall_await_connections(hall, 0);
    assert_int_equal(hall->gone, 1);
    assert_false(hall->ended);

    client = hall_connect(hall);
    hall->room = 0;
    begin(&client, "Content-Length: 100\r\n");
    hall_say(&client, "abc");
    hall_turn_for(hall, 50);
    hall_leave(&client);
    hall_turn_for(hall, 50);
    assert_int_equal(hall->gone, 1);
    hall->room = SIZE_MAX;
    accord_http_go_on(hall->streaming); /* what had come is offered once more; then it is gone */
    hall_await_connections(hall, 0);
    assert_int_equal(hall->gone, 2);

    client = hall_connect(hall);
    begin(&client, "Transfer-Encoding: chunked\r\n");
    hall_say(&client, "3\r\nabc\r\nnonsense\r\n");
    assert_true(hall_hung_up(&client, 3000));
    assert_int_equal(hall->gone, 3);
    hall_leave(&client);
    assert_calm(hall);
}

/* An answer before the end: what still comes is dropped, and the client hears it. */
static void answered_early(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    static uint8_t data[400000];
    struct hall_client client = hall_connect(hall);
    hall->answer_at = 1000;
    begin(&client, "Content-Length: 400000\r\n");
    assert_true(hall_send(&client, data, sizeof data));
    assert_int_equal(hall_reply(&client, &reply), 409);
    assert_slice(reply.body, "enough\n");
    assert_in_range(hall->streamed_size, 1000, 100000);
    assert_int_equal(hall->gone, 0);
    assert_int_equal(hall_get(&client, "/now", "", &reply), 200);
    again(hall);
    begin(&client, "Content-Length: 400000\r\n");
    assert_true(hall_send(&client, data, 2000));
    hall_turn_for(hall, 50);
    hall_leave(&client); /* answered, so nobody is gone */
    hall_await_connections(hall, 0);
    assert_int_equal(hall->gone, 0);
    assert_calm(hall);
}

/* The role answers while it holds the client back. */
static void answered_while_held(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    hall->room = 0;
    begin(&client, "Content-Length: 6\r\n");
    hall_say(&client, "abc");
    hall_turn_for(hall, 50);
    accord_http_answer_text(hall->streaming, 503, "not now\n");
    hall_turn_for(hall, 20);
    hall_say(&client, "def");
    assert_int_equal(hall_reply(&client, &reply), 503);
    assert_slice(reply.body, "not now\n");
    assert_int_equal(hall_get(&client, "/now", "", &reply), 200);
    hall_leave(&client);
    assert_calm(hall);
}

static void encodings(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    static const struct {
        const char *header;
        unsigned status;
        bool gzipped;
    } cases[] = {{"", 200, false},
                 {"Content-Encoding: gzip\r\n", 200, true},
                 {"content-encoding: GZip\r\n", 200, true},
                 {"Content-Encoding: x-gzip\r\n", 200, true},
                 {"Content-Encoding: identity\r\n", 200, false},
                 {"Content-Encoding: br\r\n", 415, false},
                 {"Content-Encoding: gzip, gzip\r\n", 415, false}};
    char headers[128];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hall_client client = hall_connect(hall);
        again(hall);
        snprintf(headers, sizeof headers, "Content-Length: 3\r\n%s", cases[i].header);
        begin(&client, headers);
        hall_say(&client, "abc");
        assert_int_equal(hall_reply(&client, &reply), cases[i].status);
        assert_int_equal(hall->parts > 0, cases[i].status == 200);
        if (cases[i].status == 200)
            assert_int_equal(hall->last.gzipped, cases[i].gzipped);
        hall_leave(&client);
    }
    struct hall_client client = hall_connect(hall);
    hall_say(&client, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(hall_reply(&client, &reply), 415);
    assert_int_equal(hall->handled, 0);
    hall_leave(&client);
    assert_calm(hall);
}

static void continues(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    begin(&client, "Content-Length: 3\r\nExpect: 100-continue\r\n");
    assert_int_equal(hall_reply(&client, &reply), 100);
    hall_say(&client, "abc");
    assert_int_equal(hall_reply(&client, &reply), 200);
    hall_leave(&client);
    assert_calm(hall);
}

/* Whoever stops sending is closed; whoever goes on is not, however long it takes; nor whoever is held back. */
static void deadlines(void **state)
{
    struct hall *hall = *state;
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    begin(&client, "Content-Length: 6\r\n");
    for (unsigned i = 0; i < 5; i++) {
        hall_turn_for(hall, 500);
        hall_say(&client, "a");
    }
    assert_int_equal(hall->gone, 0);
    hall->room = 0;
    hall_say(&client, "b");
    hall_turn_for(hall, 1500);
    assert_int_equal(hall->gone, 0);
    hall->room = SIZE_MAX;
    accord_http_go_on(hall->streaming);
    assert_int_equal(hall_reply(&client, &reply), 200);
    assert_streamed(hall, "aaaaab", 6);
    again(hall);
    begin(&client, "Content-Length: 6\r\n");
    hall_say(&client, "a");
    uint64_t start_ms = hall_now_ms();
    assert_true(hall_hung_up(&client, 5000));
    assert_in_range(hall_now_ms() - start_ms, 900, 3000);
    assert_int_equal(hall->gone, 1);
    hall_leave(&client);
    assert_calm(hall);
}

/* Those who hold every connection with streams that stand still make room for others. */
static void standing_still_makes_room(void **state)
{
    struct hall *hall = *state;
    struct hall_client clients[8];
    for (unsigned i = 0; i < 8; i++) {
        clients[i] = hall_connect(hall);
        hall->streamed_size = 0;
        begin(&clients[i], "Content-Length: 100\r\n");
        hall_turn_for(hall, 10);
    }
    uint64_t start_ms = hall_now_ms();
    hall->streaming = NULL;
    while (hall_ask(hall, "/now") != 200 && hall_now_ms() - start_ms < 10000)
        hall_turn_for(hall, 100);
    assert_in_range(hall_now_ms() - start_ms, 1000, 5000);
    for (unsigned i = 0; i < 8; i++)
        hall_leave(&clients[i]);
    hall_await_connections(hall, 0);
    assert_int_equal(hall->gone, 8);
    assert_calm(hall);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define HASTY(test) cmocka_unit_test_setup_teardown(test, set_up_hasty, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(taken_whole),    WITH(held_back),
        WITH(end_held_back),  WITH(gone),
        WITH(answered_early), WITH(answered_while_held),
        WITH(encodings),      WITH(continues),
        HASTY(deadlines),     WITH(standing_still_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
