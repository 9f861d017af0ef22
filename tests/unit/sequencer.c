/* The sequencer: many requests to one commit, each answered with its index once it is durable; what is known, refused,
 * turned away; disks that fail, and come back or do not. Statements are judged by a stand-in. */
#include "logs.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#include "log/check.h"
#include "log/reader.h"
#include "serve/event.h"
#include "serve/sequencer_inner.h"

/* Stand-ins: log lines are counted; an entry that begins with '!' is malformed, with '#' not allowed, with '@' a link.
 */

static _Atomic unsigned errors_said;

void accord_event(enum accord_event_level level, const char *event, const char *fields, ...)
{
    (void)level;
    (void)event;
    (void)fields;
}

void accord_event_error(enum accord_event_level level, const char *event, const char *subject,
                        const struct accord_error *error)
{
    (void)event;
    assert_non_null(subject);
    assert_int_not_equal(error->status, ACCORD_OK);
    if (level == ACCORD_EVENT_ERROR)
        errors_said++;
}

char *accord_event_quote(char *text, size_t size, struct accord_bytes value)
{
    (void)value;
    assert_true(size > 0);
    text[0] = '\0';
    return text;
}

struct accord_admission {
    bool link_waits; /* one was judged and not taken yet */
};
static uint64_t took[8];
static size_t took_count;
static enum accord_status admission_opens;

enum accord_status accord_admission_open(struct accord_admission **admission, const struct accord_fs *fs,
                                         const struct accord_crypto *crypto, const char *dir, uint64_t size,
                                         struct accord_reports *reports, struct accord_error *error)
{
    (void)reports;
    (void)fs;
    (void)crypto;
    (void)dir;
    (void)size;
    if (admission_opens != ACCORD_OK)
        return accord_fail(error, admission_opens, 0);
    *admission = calloc(1, sizeof **admission);
    return ACCORD_OK;
}

void accord_admission_close(struct accord_admission *admission)
{
    free(admission);
}

enum accord_status accord_admission_judge(struct accord_admission *admission, struct accord_bytes entry, bool *link,
                                          struct accord_error *error)
{
    assert_false(admission->link_waits);
    *link = entry.data[0] == '@';
    admission->link_waits = *link;
    if (entry.data[0] == '!')
        return accord_fail(error, ACCORD_MALFORMED, 0);
    return entry.data[0] == '#' ? accord_fail(error, ACCORD_WRONG_SIGNER, 0) : ACCORD_OK;
}

bool accord_admission_is_form(enum accord_status status)
{
    return status == ACCORD_MALFORMED;
}

enum accord_status accord_admission_took(struct accord_admission *admission, uint64_t index, struct accord_bytes entry,
                                         struct accord_error *error)
{
    (void)error;
    assert_true(admission->link_waits);
    assert_int_equal(entry.data[0], '@');
    admission->link_waits = false;
    took[took_count++ % 8] = index;
    return ACCORD_OK;
}

void accord_admission_remember(struct accord_admission *admission, uint64_t size)
{
    (void)size;
    assert_non_null(admission);
}

/* A file system whose writes and syncs can be made to fail, or to take their time. */

static struct {
    _Atomic int write_error, sync_error; /* errno; 0: all is well */
    _Atomic unsigned sync_us, syncs;
} trouble;

static int64_t trouble_write(void *context, int handle, const void *data, size_t size, uint64_t offset)
{
    return trouble.write_error != 0 ? -trouble.write_error
                                    : accord_fs_real.write_at(context, handle, data, size, offset);
}

static int trouble_open(void *context, const char *path, int how, unsigned mode)
{
    if ((how & ACCORD_OPEN_CREATE) != 0 && trouble.write_error != 0)
        return -trouble.write_error;
    return accord_fs_real.open(context, path, how, mode);
}

static int trouble_sync(void *context, int handle)
{
    trouble.syncs++;
    if (trouble.sync_us > 0)
        usleep(trouble.sync_us);
    return trouble.sync_error != 0 ? -trouble.sync_error : accord_fs_real.sync(context, handle);
}

/* A sequencer and its client */

struct client {
    struct log_place *place;
    struct accord_fs fs;
    struct accord_metrics metrics;
    struct accord_sequencer_options options;
    struct accord_sequencer *sequencer;
    _Atomic unsigned told, left; /* threads of the test that came back */
};

struct request {
    struct accord_add add;
    uint8_t bytes[];
};

static void answered(void *context)
{
    struct client *client = context;
    client->told++;
}

static struct client *client_plain(void **state)
{
    struct client *client = calloc(1, sizeof *client);
    assert_non_null(client);
    client->place = *state;
    client->fs = accord_fs_real;
    accord_log_close(log_new(client->place));
    client->options = (struct accord_sequencer_options){.fs = &accord_fs_real,
                                                        .crypto = &accord_crypto_default,
                                                        .dir = client->place->log,
                                                        .dedup = true,
                                                        .queue_bytes = 64 << 20,
                                                        .queue_requests = 100000,
                                                        .metrics = &client->metrics,
                                                        .answered = answered,
                                                        .context = client};
    errors_said = 0;
    took_count = 0;
    admission_opens = ACCORD_OK;
    return client;
}

/* On a disk that can be made to fail. */
static struct client *client_troubled(void **state)
{
    struct client *client = client_plain(state);
    client->fs.write_at = trouble_write;
    client->fs.open = trouble_open;
    client->fs.sync = trouble_sync;
    client->options.fs = &client->fs;
    trouble.write_error = 0;
    trouble.sync_error = 0;
    trouble.sync_us = 0;
    trouble.syncs = 0;
    return client;
}

static void start(struct client *client)
{
    struct accord_error error;
    assert_int_equal(accord_sequencer_start(&client->sequencer, &client->options, &error), ACCORD_OK);
}

/* Without a thread: turns are taken by the test. */
static void make(struct client *client)
{
    struct accord_error error;
    assert_int_equal(accord_sequencer_make(&client->sequencer, &client->options, &accord_sequencer_real, &error),
                     ACCORD_OK);
}

static void client_free(struct client *client)
{
    accord_sequencer_stop(client->sequencer);
    free(client);
}

/* A request of the entries in text, separated by commas. */
static struct request *request_new(const char *text, bool batch)
{
    struct request *request = calloc(1, sizeof *request + 2 * strlen(text) + 3);
    assert_non_null(request);
    size_t size = 0, length;
    for (const char *part = text; part != NULL; part = part[length] == ',' ? part + length + 1 : NULL) {
        length = batch ? strcspn(part, ",") : strlen(part);
        request->bytes[size++] = (uint8_t)(length >> 8);
        request->bytes[size++] = (uint8_t)length;
        memcpy(request->bytes + size, part, length);
        size += length;
        request->add.count++;
    }
    request->add.entries = (struct accord_bytes){request->bytes, size};
    request->add.batch = batch;
    return request;
}

/* count entries that differ from all others of another seed. */
static struct request *request_big(uint64_t count, size_t entry_size, uint64_t seed)
{
    struct request *request = calloc(1, sizeof *request + count * (entry_size + 2));
    assert_non_null(request);
    uint8_t *out = request->bytes;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id[2] = {seed, i};
        *out++ = (uint8_t)(entry_size >> 8);
        *out++ = (uint8_t)entry_size;
        memset(out, 'x', entry_size);
        memcpy(out, id, sizeof id < entry_size ? sizeof id : entry_size);
        out += entry_size;
    }
    request->add.entries = (struct accord_bytes){request->bytes, (size_t)(out - request->bytes)};
    request->add.count = count;
    request->add.batch = true;
    return request;
}

static void put(struct client *client, struct request *request)
{
    assert_true(accord_sequencer_put(client->sequencer, &request->add));
}

static void turns(struct client *client)
{
    while (accord_sequencer_turn(client->sequencer).until_us == 0)
        continue;
}

/* The next answers, linked: at least count of them, within ten seconds. */
static struct accord_add *collect(struct client *client, size_t count)
{
    struct accord_add *first = NULL, **end = &first;
    for (unsigned tries = 0; tries < 10000 && count > 0; tries++) {
        *end = accord_sequencer_take(client->sequencer);
        if (*end == NULL)
            usleep(1000);
        for (; *end != NULL; end = &(*end)->next)
            count -= count > 0;
    }
    assert_int_equal(count, 0);
    return first;
}

static struct accord_add *drop(struct accord_add *add)
{
    struct accord_add *next = add->next;
    free((struct request *)(void *)((uint8_t *)add - offsetof(struct request, add)));
    return next;
}

static void expect(struct accord_add **answers, enum accord_add_outcome outcome, uint64_t first)
{
    assert_non_null(*answers);
    assert_int_equal((*answers)->outcome, outcome);
    if (outcome == ACCORD_ADD_APPENDED || outcome == ACCORD_ADD_KNOWN)
        assert_int_equal((*answers)->first, first);
    else
        assert_int_not_equal((*answers)->error.status, ACCORD_OK);
    *answers = drop(*answers);
}

/* One request, to its answer. */
static void say(struct client *client, const char *text, bool batch, enum accord_add_outcome outcome, uint64_t first)
{
    put(client, request_new(text, batch));
    if (!client->sequencer->started)
        turns(client);
    struct accord_add *answers = collect(client, 1);
    expect(&answers, outcome, first);
}

static enum accord_status seal_and_publish(struct client *client, uint64_t *size)
{
    uint8_t root[ACCORD_HASH_SIZE], data[512];
    struct accord_error error;
    enum accord_status status = accord_sequencer_seal(client->sequencer, size, root, &error);
    if (status != ACCORD_OK)
        return status;
    return accord_sequencer_publish(client->sequencer, log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, *size, root),
                                    &error);
}

static void stop(struct client *client)
{
    accord_sequencer_stop(client->sequencer);
    client->sequencer = NULL;
}

static void unmake(struct client *client)
{
    accord_sequencer_unmake(client->sequencer);
    client->sequencer = NULL;
}

/* The log is whole, and has so many entries once it is published. */
static void check(struct client *client, uint64_t size)
{
    struct accord_error error;
    struct accord_check_result result;
    struct accord_log *log = log_open(client->place);
    assert_int_equal(accord_log_size(log), size);
    log_publish(log);
    accord_log_close(log);
    assert_int_equal(accord_log_check(&accord_fs_real, &accord_crypto_default, client->place->log, NULL, 1, NULL, NULL,
                                      &result, &error),
                     ACCORD_OK);
    assert_int_equal(result.size, size);
}

/* The tests */

static void test_histogram(void **state)
{
    (void)state;
    static const uint64_t us[] = {0, 250, 251, 500, 501, 250 << 15, (250 << 15) + 1, UINT64_MAX / 2};
    static const unsigned bucket[] = {0, 0, 1, 1, 2, 15, 16, 16};
    struct accord_histogram histogram;
    uint64_t sum = 0;
    memset(&histogram, 0, sizeof histogram);
    for (size_t i = 0; i < sizeof us / sizeof us[0]; i++) {
        uint64_t before = histogram.bucket[bucket[i]];
        accord_histogram_add(&histogram, us[i]);
        assert_int_equal(histogram.bucket[bucket[i]], before + 1);
        sum += us[i];
    }
    assert_int_equal(histogram.sum_us, sum);
}

static void test_add_and_restart(void **state)
{
    struct client *client = client_plain(state);
    start(client);
    say(client, "a", false, ACCORD_ADD_APPENDED, 0);
    say(client, "b,c,d", true, ACCORD_ADD_APPENDED, 1);
    say(client, "e,f", false, ACCORD_ADD_APPENDED, 4); /* one entry with a comma */
    stop(client);
    start(client);
    say(client, "g", false, ACCORD_ADD_APPENDED, 5);
    say(client, "a", false, ACCORD_ADD_KNOWN, 0);
    assert_true(client->told > 0);
    assert_int_equal(client->metrics.adds[ACCORD_ADD_APPENDED], 4);
    assert_int_equal(client->metrics.adds[ACCORD_ADD_KNOWN], 1);
    assert_int_equal(client->metrics.entries, 6);
    assert_int_equal(client->metrics.entry_bytes, 1 + 3 + 3 + 1);
    assert_int_equal(client->metrics.size, 6);
    assert_int_equal(client->metrics.queue_requests, 0);
    assert_int_equal(client->metrics.queue_bytes, 0);
    stop(client);
    check(client, 6);
    client_free(client);
}

static void test_second_server(void **state)
{
    struct client *client = client_plain(state);
    struct accord_sequencer *second;
    struct accord_error error;
    start(client);
    assert_int_equal(accord_sequencer_start(&second, &client->options, &error), ACCORD_LOCKED);
    assert_null(second);
    say(client, "a", false, ACCORD_ADD_APPENDED, 0);
    client_free(client);
}

/* While one commit is being synced the next gathers: two hundred requests share one sync. */
static void test_group_commit(void **state)
{
    struct client *client = client_troubled(state);
    char text[16];
    start(client);
    say(client, "first", false, ACCORD_ADD_APPENDED, 0);
    uint64_t commits = client->metrics.commits;
    unsigned syncs = trouble.syncs;
    trouble.sync_us = 100000;
    put(client, request_new("slow", false));
    usleep(30000);
    for (unsigned i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "%u", i);
        put(client, request_new(text, false));
    }
    struct accord_add *answers = collect(client, 201);
    assert_int_equal(client->metrics.commits, commits + 2);
    assert_int_equal(trouble.syncs, syncs + 2);
    for (uint64_t i = 0; i < 201; i++)
        expect(&answers, ACCORD_ADD_APPENDED, i + 1);
    client_free(client);
}

/* Where the last commit carried many, the next one waits a moment for as many; a lonely request never waits. */
static void test_pause(void **state)
{
    struct client *client = client_plain(state);
    char text[16];
    make(client);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "%u", i);
        put(client, request_new(text, false));
    }
    struct accord_rest rest = accord_sequencer_turn(client->sequencer);
    assert_int_equal(rest.requests, 40);
    assert_true(rest.until_us != 0 && rest.until_us != UINT64_MAX);
    put(client, request_new("alone", false));
    rest = accord_sequencer_turn(client->sequencer);
    assert_int_equal(rest.requests, 1);
    assert_true(rest.until_us == UINT64_MAX);
    struct accord_add *answers = collect(client, 41);
    while (answers != NULL)
        answers = drop(answers);
    unmake(client);
    client_free(client);
}

static void test_known(void **state)
{
    struct client *client = client_plain(state);
    make(client);
    /* In one group. */
    put(client, request_new("a", false));
    put(client, request_new("b", false));
    put(client, request_new("a", false));
    put(client, request_new("a,b", true));
    put(client, request_new("b,a", true)); /* not one after another: appended, at 2 and 3 */
    put(client, request_new("b,c", true)); /* appended: the b at 1 is followed by another */
    turns(client);
    assert_int_equal(client->metrics.commits, 1);
    struct accord_add *answers = collect(client, 6);
    expect(&answers, ACCORD_ADD_APPENDED, 0);
    expect(&answers, ACCORD_ADD_APPENDED, 1);
    expect(&answers, ACCORD_ADD_KNOWN, 0);
    expect(&answers, ACCORD_ADD_KNOWN, 0);
    expect(&answers, ACCORD_ADD_APPENDED, 2);
    expect(&answers, ACCORD_ADD_APPENDED, 4);
    /* Across groups: 0 a, 1 b, 2 b, 3 a, 4 b, 5 c. Only the first place of a batch's first entry counts. */
    say(client, "a,b,b,a", true, ACCORD_ADD_KNOWN, 0);
    say(client, "b,b,a", true, ACCORD_ADD_KNOWN, 1);
    say(client, "b,a,b", true, ACCORD_ADD_APPENDED, 6);
    say(client, "a,b,b,a,b,c,b,a,b,d", true, ACCORD_ADD_APPENDED, 9);
    assert_int_equal(client->metrics.entries, 19);
    /* After a restart, and after one without the deduplication's files. */
    unmake(client);
    make(client);
    turns(client);
    say(client, "d", false, ACCORD_ADD_KNOWN, 18);
    say(client, "a,b", true, ACCORD_ADD_KNOWN, 0);
    unmake(client);
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", log_path(client->place, ".accord/dedup"));
    assert_int_equal(system(command), 0);
    make(client);
    turns(client);
    assert_int_equal(client->metrics.dedup_covered, 19);
    say(client, "b", false, ACCORD_ADD_KNOWN, 1);
    unmake(client);
    check(client, 19);
    client_free(client);
}

static void test_dedup_off(void **state)
{
    struct client *client = client_plain(state);
    client->options.dedup = false;
    start(client);
    say(client, "a", false, ACCORD_ADD_APPENDED, 0);
    say(client, "a", false, ACCORD_ADD_APPENDED, 1);
    say(client, "a,a", true, ACCORD_ADD_APPENDED, 2);
    stop(client);
    check(client, 4);
    client_free(client);
}

static void test_big_batches(void **state)
{
    struct client *client = client_plain(state);
    start(client);
    put(client, request_big(20000, 100, 1));
    put(client, request_new("small", false));
    put(client, request_big(3000, 300, 2));
    put(client, request_big(ACCORD_LOG_APPEND_COUNT_MAX, 62, 3)); /* 8 MiB to the byte */
    put(client, request_big(300, 100, 4));
    put(client, request_big(3000, 300, 2));
    put(client, request_big(ACCORD_LOG_APPEND_COUNT_MAX + 1, 20, 5));
    put(client, request_new("small", false));
    struct accord_add *answers = collect(client, 8), *by_size[8] = {NULL};
    for (size_t i = 0; i < 8; i++, answers = answers->next)
        by_size[i] = answers;
    /* A request whose answer is known at once overtakes those that are still to be made durable. */
    uint64_t appended = 0;
    for (size_t i = 0; i < 8; i++) {
        struct accord_add *add = by_size[i];
        if (add->count > ACCORD_LOG_APPEND_COUNT_MAX) {
            assert_int_equal(add->outcome, ACCORD_ADD_TOO_LARGE);
        } else if (add->outcome == ACCORD_ADD_KNOWN) {
            assert_int_equal(add->first, add->count == 1 ? 20000 : 20001);
        } else {
            assert_int_equal(add->outcome, ACCORD_ADD_APPENDED);
            assert_int_equal(add->first, appended);
            appended += add->count;
        }
        (void)drop(add);
    }
    assert_int_equal(appended, 20000 + 1 + 3000 + ACCORD_LOG_APPEND_COUNT_MAX + 300);
    stop(client);
    check(client, appended);
    client_free(client);
}

static void test_malformed(void **state)
{
    struct client *client = client_plain(state);
    make(client);
    struct request *request = request_new("a,b", true);
    request->add.count = 3;
    put(client, request);
    request = request_new("abc", false);
    request->bytes[1]--;
    put(client, request);
    request = request_new("a", false);
    request->add.entries.size = 0;
    request->add.count = 0;
    put(client, request);
    put(client, request_new("good", false));
    turns(client);
    struct accord_add *answers = collect(client, 4);
    expect(&answers, ACCORD_ADD_MALFORMED, 0);
    expect(&answers, ACCORD_ADD_MALFORMED, 0);
    expect(&answers, ACCORD_ADD_MALFORMED, 0);
    expect(&answers, ACCORD_ADD_APPENDED, 0);
    unmake(client);
    client_free(client);
}

static void test_overload(void **state)
{
    struct client *client = client_plain(state);
    client->options.queue_requests = 3;
    client->options.queue_bytes = 100;
    make(client);
    for (unsigned round = 0; round < 2; round++) {
        put(client, request_new(round == 0 ? "a" : "d", false));
        put(client, request_new(round == 0 ? "b" : "e", false));
        put(client, request_new(round == 0 ? "c" : "f", false));
        struct request *request = request_new("g", false);
        assert_false(accord_sequencer_put(client->sequencer, &request->add));
        assert_int_equal(request->add.outcome, ACCORD_ADD_OVERLOADED);
        assert_int_not_equal(request->add.error.status, ACCORD_OK);
        free(request);
        assert_int_equal(client->metrics.queue_requests, 3);
        assert_int_equal(client->metrics.queue_bytes, 9);
        turns(client);
        struct accord_add *answers = collect(client, 3);
        for (uint64_t i = 0; i < 3; i++)
            expect(&answers, ACCORD_ADD_APPENDED, 3 * round + i);
    }
    struct request *request = request_big(1, 90, 1), *another = request_big(1, 20, 2);
    put(client, request);
    assert_false(accord_sequencer_put(client->sequencer, &another->add));
    turns(client);
    struct accord_add *answers = collect(client, 1);
    expect(&answers, ACCORD_ADD_APPENDED, 6);
    put(client, another);
    turns(client);
    answers = collect(client, 1);
    expect(&answers, ACCORD_ADD_APPENDED, 7);
    assert_int_equal(client->metrics.adds[ACCORD_ADD_OVERLOADED], 3);
    unmake(client);
    client_free(client);
}

static void test_drain(void **state)
{
    struct client *client = client_troubled(state);
    char text[16];
    trouble.sync_us = 20000;
    start(client);
    for (unsigned i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "%u", i);
        put(client, request_new(text, false));
    }
    accord_sequencer_drain(client->sequencer);
    struct request *request = request_new("late", false);
    assert_false(accord_sequencer_put(client->sequencer, &request->add));
    assert_int_equal(request->add.outcome, ACCORD_ADD_OVERLOADED);
    free(request);
    struct accord_add *answers = accord_sequencer_take(client->sequencer);
    for (uint64_t i = 0; i < 50; i++)
        expect(&answers, ACCORD_ADD_APPENDED, i);
    assert_null(answers);
    uint64_t size;
    assert_int_equal(seal_and_publish(client, &size), ACCORD_OK);
    assert_int_equal(size, 50);
    client_free(client);
}

/* Statements */

static void test_statements(void **state)
{
    struct client *client = client_plain(state);
    client->options.statements = true;
    make(client);
    say(client, "a", false, ACCORD_ADD_APPENDED, 0);
    say(client, "!b", false, ACCORD_ADD_MALFORMED, 0);
    say(client, "#b", false, ACCORD_ADD_REFUSED, 0);
    say(client, "c,#d", true, ACCORD_ADD_REFUSED, 0);
    put(client, request_new("c,d,!e", true));
    turns(client);
    struct accord_add *answers = collect(client, 1);
    assert_int_equal(answers->outcome, ACCORD_ADD_MALFORMED);
    assert_string_equal(answers->error.what, "entry 2");
    drop(answers);
    say(client, "c", false, ACCORD_ADD_APPENDED, 1); /* nothing of the refused ones is in */
    /* A link ends its group; it may end a batch, and not stand inside it. */
    uint64_t commits = client->metrics.commits;
    put(client, request_new("d", false));
    put(client, request_new("@1", false));
    put(client, request_new("e", false));
    put(client, request_new("f,@2", true));
    put(client, request_new("@1", false)); /* known: not judged again */
    put(client, request_new("g", false));
    turns(client);
    answers = collect(client, 6);
    expect(&answers, ACCORD_ADD_APPENDED, 2);
    expect(&answers, ACCORD_ADD_APPENDED, 3);
    expect(&answers, ACCORD_ADD_APPENDED, 4);
    expect(&answers, ACCORD_ADD_APPENDED, 5);
    expect(&answers, ACCORD_ADD_KNOWN, 3);
    expect(&answers, ACCORD_ADD_APPENDED, 7);
    assert_int_equal(client->metrics.commits, commits + 3);
    assert_int_equal(took_count, 2);
    assert_int_equal(took[0], 3);
    assert_int_equal(took[1], 6);
    say(client, "h,@3,i", true, ACCORD_ADD_REFUSED, 0);
    unmake(client);
    client_free(client);
}

static void test_mode(void **state)
{
    struct client *client = client_plain(state);
    start(client);
    say(client, "#a", false, ACCORD_ADD_APPENDED, 0);
    accord_sequencer_accept_statements(client->sequencer, true);
    say(client, "#b", false, ACCORD_ADD_REFUSED, 0);
    say(client, "c", false, ACCORD_ADD_APPENDED, 1);
    accord_sequencer_accept_statements(client->sequencer, false);
    say(client, "#b", false, ACCORD_ADD_APPENDED, 2);
    /* Whoever cannot judge takes nothing. */
    admission_opens = ACCORD_LOG_CORRUPT;
    accord_sequencer_accept_statements(client->sequencer, true);
    say(client, "d", false, ACCORD_ADD_FAILED, 0);
    stop(client);
    struct accord_error error;
    client->options.statements = true;
    assert_int_equal(accord_sequencer_start(&client->sequencer, &client->options, &error), ACCORD_LOG_CORRUPT);
    assert_null(client->sequencer);
    client_free(client);
}

/* Publishing */

static void test_publish(void **state)
{
    struct client *client = client_plain(state);
    uint64_t size = 99;
    uint8_t root[ACCORD_HASH_SIZE], data[512];
    struct accord_error error;
    struct accord_buffer checkpoint;
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    start(client);
    assert_false(accord_sequencer_wait_growth(client->sequencer, 1));
    assert_int_equal(accord_sequencer_seal(client->sequencer, &size, root, &error), ACCORD_OK);
    assert_int_equal(size, 0);
    say(client, "a,b,c", true, ACCORD_ADD_APPENDED, 0);
    assert_true(accord_sequencer_wait_growth(client->sequencer, 60000));
    assert_int_equal(accord_sequencer_seal(client->sequencer, &size, root, &error), ACCORD_OK);
    assert_int_equal(size, 3);
    say(client, "d", false, ACCORD_ADD_APPENDED, 3);
    struct accord_bytes wrong = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 4, root);
    assert_int_equal(accord_sequencer_publish(client->sequencer, wrong, &error), ACCORD_LOG_DIVERGED);
    struct accord_bytes right = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 3, root);
    assert_int_equal(accord_sequencer_publish(client->sequencer, right, &error), ACCORD_OK);
    assert_int_equal(client->metrics.published, 3);
    assert_int_equal(client->metrics.sealed, 3);
    assert_int_equal(accord_sequencer_checkpoint(client->sequencer, &checkpoint, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&checkpoint), right));
    assert_true(accord_sequencer_wait_growth(client->sequencer, 0));
    assert_int_equal(seal_and_publish(client, &size), ACCORD_OK);
    assert_int_equal(size, 4);
    assert_false(accord_sequencer_wait_growth(client->sequencer, 1));
    accord_sequencer_wake_all(client->sequencer);
    assert_false(accord_sequencer_wait_growth(client->sequencer, 60000));
    accord_buffer_free(&checkpoint);
    stop(client);
    check(client, 4);
    client_free(client);
}

static void *publish_on(void *context)
{
    struct client *client = context;
    uint64_t size = 0, last = 0, rounds = 0;
    while (size < 30000 && accord_sequencer_wait_growth(client->sequencer, 10000)) {
        if (seal_and_publish(client, &size) != ACCORD_OK || size < last)
            return NULL;
        last = size;
        rounds++;
    }
    return rounds > 0 ? client : NULL;
}

/* One thread adds, with repetitions, one publishes. */
static void test_publish_during_appends(void **state)
{
    struct client *client = client_plain(state);
    pthread_t thread;
    void *result;
    char text[16];
    start(client);
    assert_int_equal(pthread_create(&thread, NULL, publish_on, client), 0);
    size_t out = 0;
    for (unsigned i = 0; i < 30000; i++) {
        snprintf(text, sizeof text, "%u", i);
        put(client, request_new(text, false));
        put(client, request_new(text, false));
        out += 2;
        struct accord_add *answers = out >= 500 ? collect(client, 400) : NULL;
        for (; answers != NULL; out--) {
            assert_int_equal(answers->first, strtoull((const char *)answers->entries.data + 2, NULL, 10));
            answers = drop(answers);
        }
    }
    struct accord_add *answers = collect(client, out);
    while (answers != NULL)
        answers = drop(answers);
    pthread_join(thread, &result);
    assert_ptr_equal(result, client);
    assert_int_equal(client->metrics.adds[ACCORD_ADD_APPENDED], 30000);
    assert_int_equal(client->metrics.adds[ACCORD_ADD_KNOWN], 30000);
    stop(client);
    check(client, 30000);
    client_free(client);
}

static void *wait_long(void *context)
{
    struct client *client = context;
    (void)accord_sequencer_wait_growth(client->sequencer, 600000);
    client->left++;
    return NULL;
}

static void *seal_once(void *context)
{
    struct client *client = context;
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
    enum accord_status status = accord_sequencer_seal(client->sequencer, &size, root, NULL);
    client->left++;
    return status == ACCORD_OK ? client : NULL; /* either will do */
}

/* Until so many threads are inside, or were: only those inside may be overtaken by the end. */
static void wait_for_visitors(struct client *client, unsigned count)
{
    unsigned seen = 0;
    while (seen < count) {
        pthread_mutex_lock(&client->sequencer->mutex);
        seen = client->sequencer->visitors + client->left;
        pthread_mutex_unlock(&client->sequencer->mutex);
    }
}

static void test_stop_while_others_wait(void **state)
{
    struct client *client = client_troubled(state);
    for (unsigned round = 0; round < 5; round++) {
        char text[16];
        pthread_t waits[5];
        snprintf(text, sizeof text, "%u", round);
        trouble.sync_us = 0;
        start(client);
        uint64_t size;
        assert_int_equal(seal_and_publish(client, &size), ACCORD_OK);
        client->left = 0;
        assert_int_equal(pthread_create(&waits[0], NULL, wait_long, client), 0);
        wait_for_visitors(client, 1);
        assert_int_equal(client->left, 0);
        trouble.sync_us = 5000;
        for (unsigned i = 1; i < 5; i++)
            assert_int_equal(pthread_create(&waits[i], NULL, seal_once, client), 0);
        wait_for_visitors(client, 5);
        struct request *request = request_new(text, false);
        put(client, request);
        usleep(round * 2000);
        stop(client);
        free(request);
        for (unsigned i = 0; i < 5; i++)
            pthread_join(waits[i], NULL);
    }
    client_free(client);
}

/* Disks that fail */

/* A full or read-only disk: what comes is answered with the cause, and taken again once there is room. */
static void refused_and_recovered(void **state, int error)
{
    struct client *client = client_troubled(state);
    start(client);
    say(client, "a", false, ACCORD_ADD_APPENDED, 0);
    trouble.write_error = error;
    say(client, "b", false, ACCORD_ADD_FAILED, 0);
    say(client, "c,d", true, ACCORD_ADD_FAILED, 0);
    say(client, "a", false, ACCORD_ADD_KNOWN, 0);
    uint64_t size;
    assert_int_not_equal(seal_and_publish(client, &size), ACCORD_OK);
    say(client, "e", false, ACCORD_ADD_FAILED, 0);
    trouble.write_error = 0;
    /* It opens the log again by itself, within seconds. */
    for (unsigned tries = 0; tries < 100; tries++) {
        put(client, request_new("f", false));
        struct accord_add *answers = collect(client, 1);
        enum accord_add_outcome outcome = answers->outcome;
        if (outcome != ACCORD_ADD_FAILED)
            assert_int_equal(answers->first, 1);
        drop(answers);
        if (outcome != ACCORD_ADD_FAILED)
            break;
        assert_int_not_equal(tries, 99);
        usleep(100000);
    }
    say(client, "b", false, ACCORD_ADD_APPENDED, 2);
    assert_int_equal(client->metrics.health, ACCORD_LOG_SOUND);
    assert_int_equal(seal_and_publish(client, &size), ACCORD_OK);
    assert_int_equal(size, 3);
    assert_int_equal(errors_said, 0);
    stop(client);
    check(client, 3);
    client_free(client);
}

/* Tiles are given out as far as they are sealed. Beyond the published tree they are written again where the log is
 * opened again, so while it is closed, and until the next seal, what was sealed before is not. */
static void test_sealed_again(void **state)
{
    struct client *client = client_troubled(state);
    struct accord_error error;
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
    start(client);
    say(client, "a", false, ACCORD_ADD_APPENDED, 0);
    assert_int_equal(seal_and_publish(client, &size), ACCORD_OK);
    say(client, "b", false, ACCORD_ADD_APPENDED, 1);
    assert_int_equal(accord_sequencer_seal(client->sequencer, &size, root, &error), ACCORD_OK);
    say(client, "c", false, ACCORD_ADD_APPENDED, 2);
    assert_int_equal(client->metrics.sealed, 2);
    trouble.write_error = ENOSPC;
    assert_int_not_equal(accord_sequencer_seal(client->sequencer, &size, root, &error), ACCORD_OK);
    say(client, "d", false, ACCORD_ADD_FAILED, 0);
    assert_int_equal(client->metrics.health, ACCORD_LOG_TO_REOPEN);
    assert_int_equal(client->metrics.sealed, 1);
    trouble.write_error = 0;
    for (unsigned tries = 0; tries < 100 && client->metrics.health != ACCORD_LOG_SOUND; tries++)
        usleep(100000);
    assert_int_equal(client->metrics.sealed, 1);
    assert_int_equal(accord_sequencer_seal(client->sequencer, &size, root, &error), ACCORD_OK);
    assert_int_equal(client->metrics.sealed, 3);
    stop(client);
    client_free(client);
}

static void test_full_disk(void **state)
{
    refused_and_recovered(state, ENOSPC);
}

static void test_read_only_disk(void **state)
{
    refused_and_recovered(state, EROFS);
}

static void test_failed_sync(void **state)
{
    struct client *client = client_troubled(state);
    start(client);
    say(client, "a", false, ACCORD_ADD_APPENDED, 0);
    trouble.sync_error = EIO;
    put(client, request_new("b", false));
    put(client, request_new("b", false));
    struct accord_add *answers = collect(client, 2);
    expect(&answers, ACCORD_ADD_FAILED, 0);
    expect(&answers, ACCORD_ADD_FAILED, 0);
    trouble.sync_error = 0;
    uint64_t size;
    for (unsigned i = 0; i < 3; i++) {
        say(client, "c", false, ACCORD_ADD_FAILED, 0);
        say(client, "a", false, ACCORD_ADD_FAILED, 0);
        assert_int_not_equal(seal_and_publish(client, &size), ACCORD_OK);
        usleep(150000);
    }
    assert_int_equal(client->metrics.health, ACCORD_LOG_SYNC_FAILED);
    assert_int_equal(errors_said, 1);
    stop(client);
    /* The next process looks at what the disk holds. What was not acknowledged may be in the log. */
    start(client);
    put(client, request_new("d", false));
    answers = collect(client, 1);
    assert_int_equal(answers->outcome, ACCORD_ADD_APPENDED);
    assert_in_range(answers->first, 1, 3);
    size = answers->first + 1;
    drop(answers);
    stop(client);
    check(client, size);
    client_free(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, place_new, place_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram),
        TEST(add_and_restart),
        TEST(second_server),
        TEST(group_commit),
        TEST(pause),
        TEST(known),
        TEST(dedup_off),
        TEST(big_batches),
        TEST(malformed),
        TEST(overload),
        TEST(drain),
        TEST(statements),
        TEST(mode),
        TEST(publish),
        TEST(publish_during_appends),
        TEST(stop_while_others_wait),
        TEST(sealed_again),
        TEST(full_disk),
        TEST(read_only_disk),
        TEST(failed_sync),
    };
    return cmocka_run_group_tests_name("sequencer", tests, NULL, NULL);
}
