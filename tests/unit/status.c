/* /healthz and /metrics: what counts as well, and since when something waits. HTTP is played here. */
#include "slices.h"

#include "log/log.h"
#include "serve/status.h"

#include <stdio.h>
#include <unistd.h>

static struct accord_metrics metrics;
static struct accord_status_page page;
static unsigned answered_status;
static char answered_text[65536];
static const char *answered_type, *answered_allow;
static uint64_t now;

void accord_http_answer(struct accord_http_exchange *exchange, const struct accord_http_answer *answer)
{
    (void)exchange;
    assert_int_equal(answer->file, -1);
    answered_status = answer->status;
    answered_type = answer->type;
    answered_allow = answer->allow;
    snprintf(answered_text, sizeof answered_text, "%.*s", (int)answer->body.size, (const char *)answer->body.data);
}

void accord_http_answer_text(struct accord_http_exchange *exchange, unsigned status, const char *text)
{
    const struct accord_http_answer answer = {.status = status, .body = slice(text), .file = -1};
    accord_http_answer(exchange, &answer);
}

void accord_http_count(const struct accord_http *http, struct accord_http_counts *counts)
{
    (void)http;
    *counts = (struct accord_http_counts){.connections = 12};
}

static uint64_t clock_now(void *context)
{
    (void)context;
    return now;
}

static bool ask(const char *path, enum accord_http_method method)
{
    const struct accord_http_request request = {.path = path, .method = method};
    answered_status = 0;
    answered_allow = NULL;
    return accord_status_handle(&page, NULL, &request);
}

static void begin(void)
{
    static const struct accord_clock clock = {NULL, clock_now};
    memset(&metrics, 0, sizeof metrics);
    page = (struct accord_status_page){
        .metrics = &metrics, .has_log = true, .clock = &clock, .version = "1", .unpublished_max_ms = 1000000};
}

static void assert_health(unsigned status, const char *says)
{
    assert_true(ask("/healthz", ACCORD_HTTP_GET));
    assert_int_equal(answered_status, status);
    assert_non_null(strstr(answered_text, says));
    assert_int_equal(answered_text[strlen(answered_text) - 1], '\n');
}

static void its_own_paths(void **state)
{
    (void)state;
    begin();
    assert_false(ask("/", ACCORD_HTTP_GET));
    assert_false(ask("/healthz/", ACCORD_HTTP_GET));
    assert_false(ask("/add", ACCORD_HTTP_POST));
    assert_int_equal(answered_status, 0);
    assert_true(ask("/metrics", ACCORD_HTTP_POST));
    assert_int_equal(answered_status, 405);
    assert_string_equal(answered_allow, "GET, HEAD");
    assert_true(ask("/healthz", ACCORD_HTTP_HEAD));
    assert_int_equal(answered_status, 200);
}

static void health(void **state)
{
    (void)state;
    begin();
    assert_health(200, "ok");
    metrics.health = ACCORD_LOG_TO_REOPEN;
    assert_health(503, "at the moment");
    metrics.health = ACCORD_LOG_SYNC_FAILED;
    assert_health(503, "a sync failed");
    metrics.health = ACCORD_LOG_SOUND;
    metrics.cosign_failing = 1;
    assert_health(503, "A witness cosigns nothing");
    metrics.cosign_failing = 0;
    page.stopping = true;
    assert_health(503, "stopping");
}

/* What waits is not forgotten because more comes after it, nor when that is published but later things are not. */
static void what_is_not_published(void **state)
{
    (void)state;
    begin();
    page.unpublished_max_ms = 0;
    metrics.size = metrics.published = 10;
    usleep(3000);
    assert_health(200, "ok");
    metrics.size = 11;
    accord_status_look(&page);
    usleep(3000);
    metrics.size = 20;
    assert_health(503, "not published yet");
    metrics.published = 11;
    accord_status_look(&page);
    assert_int_equal(page.waiting_size, 20);
    page.unpublished_max_ms = 1000000;
    assert_health(200, "ok");
    page.unpublished_max_ms = 0;
    metrics.published = 20;
    usleep(3000);
    assert_health(200, "ok");
    assert_int_equal(page.since_us, 0);
}

static void figures(void **state)
{
    (void)state;
    begin();
    now = 500;
    metrics.published_at = 450;
    assert_true(ask("/metrics", ACCORD_HTTP_GET));
    assert_int_equal(answered_status, 200);
    assert_string_equal(answered_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(answered_text, "\naccord_log_checkpoint_age_seconds 50\n"));
    assert_non_null(strstr(answered_text, "\naccord_http_connections 12\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_own_paths),
        cmocka_unit_test(health),
        cmocka_unit_test(what_is_not_published),
        cmocka_unit_test(figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
