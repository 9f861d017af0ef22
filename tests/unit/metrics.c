/* The metrics' text: counters where they belong, histograms cumulative, labels escaped. */
#include "slices.h"

#include "log/log.h"
#include "serve/metrics_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct accord_metrics metrics;
static struct accord_policy policy;
static char text[4 << 20];

static void print(const struct accord_policy *of, uint64_t now)
{
    struct accord_metrics_view view = {.metrics = &metrics,
                                       .has_log = true,
                                       .has_witness = true,
                                       .policy = of,
                                       .version = "1.2.3",
                                       .now = now,
                                       .unpublished_ms = 1500};
    struct accord_buffer out;
    view.http = (struct accord_http_counts){.connections = 3, .requests = 9, .bodies_refused = 1, .body_bytes = 77};
    accord_buffer_init(&out, sizeof text - 1);
    assert_int_equal(accord_metrics_print(&view, &out), ACCORD_OK);
    memcpy(text, out.data, out.size);
    text[out.size] = 0;
    accord_buffer_free(&out);
}

static void assert_line(const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr(text, whole) == NULL)
        fail_msg("no line %s", line);
}

static void counters(void **state)
{
    (void)state;
    metrics.adds[ACCORD_ADD_APPENDED] = 5;
    metrics.adds[ACCORD_ADD_FAILED] = 2;
    metrics.size = 12;
    metrics.sealed = 11;
    metrics.published = 10;
    metrics.published_at = 1000;
    metrics.health = ACCORD_LOG_TO_REOPEN;
    metrics.cosigns[ACCORD_COSIGN_COSIGNED] = 8;
    metrics.cosigns[ACCORD_COSIGN_CONFLICT] = 3;
    metrics.cosign_commits = 4;
    metrics.known_logs = 100000;
    metrics.cosign_failing = 1;
    print(NULL, 1060);
    assert_line("accord_witness_requests_total{outcome=\"cosigned\"} 8");
    assert_line("accord_witness_requests_total{outcome=\"conflict\"} 3");
    assert_line("accord_witness_requests_total{outcome=\"refused\"} 0");
    assert_line("accord_witness_commits_total 4");
    assert_line("accord_witness_states_failing 1");
    assert_line("accord_known_logs 100000");
    assert_line("accord_log_adds_total{outcome=\"appended\"} 5");
    assert_line("accord_log_adds_total{outcome=\"known\"} 0");
    assert_line("accord_log_adds_total{outcome=\"failed\"} 2");
    assert_line("# TYPE accord_log_size gauge");
    assert_line("accord_log_size 12");
    assert_line("accord_log_sealed_size 11");
    assert_line("accord_log_published_size 10");
    assert_line("accord_log_checkpoint_timestamp_seconds 1000");
    assert_line("accord_log_checkpoint_age_seconds 60");
    assert_line("accord_log_unpublished_seconds 1.500");
    assert_line("accord_log_health{state=\"sound\"} 0");
    assert_line("accord_log_health{state=\"to_reopen\"} 1");
    assert_line("accord_http_connections 3");
    assert_line("accord_http_body_bytes 77");
    assert_line("accord_build_info{version=\"1.2.3\"} 1");
    assert_null(strstr(text, "accord_log_witness"));
    print(NULL, 900); /* a clock that went back */
    assert_line("accord_log_checkpoint_age_seconds 0");
}

static void histograms(void **state)
{
    (void)state;
    static const uint64_t times_us[] = {0, 250, 251, 500, 8192000, 8192001, 100000000};
    for (size_t i = 0; i < sizeof times_us / sizeof times_us[0]; i++)
        accord_histogram_add(&metrics.acknowledge, times_us[i]);
    print(NULL, 0);
    assert_line("# TYPE accord_log_acknowledge_seconds histogram");
    assert_line("accord_log_acknowledge_seconds_bucket{le=\"0.00025\"} 2");
    assert_line("accord_log_acknowledge_seconds_bucket{le=\"0.0005\"} 4");
    assert_line("accord_log_acknowledge_seconds_bucket{le=\"4.096\"} 4");
    assert_line("accord_log_acknowledge_seconds_bucket{le=\"8.192\"} 5");
    assert_line("accord_log_acknowledge_seconds_bucket{le=\"+Inf\"} 7");
    assert_line("accord_log_acknowledge_seconds_sum 116.385002");
    assert_line("accord_log_acknowledge_seconds_count 7");
}

static void witnesses(void **state)
{
    (void)state;
    policy.witness_count = 2;
    policy.witnesses[0].name = slice("plain");
    policy.witnesses[1].name = slice("o\"d\\d");
    metrics.witnesses[1].outcomes[ACCORD_WITNESS_REFUSED] = 4;
    accord_histogram_add(&metrics.witnesses[0].latency, 1000);
    print(&policy, 0);
    assert_line("accord_log_witness_answers_total{witness=\"plain\",outcome=\"cosigned\"} 0");
    assert_line("accord_log_witness_answers_total{witness=\"o\\\"d\\\\d\",outcome=\"refused\"} 4");
    assert_line("accord_log_witness_seconds_bucket{witness=\"plain\",le=\"0.0005\"} 0");
    assert_line("accord_log_witness_seconds_bucket{witness=\"plain\",le=\"0.001\"} 1");
    assert_line("accord_log_witness_seconds_count{witness=\"plain\"} 1");
    assert_line("accord_log_witness_seconds_sum{witness=\"plain\"} 0.001000");
}

/* Names that are as long as they may be, in a policy that is as large as it may be, fit the page. */
static void largest_policy(void **state)
{
    (void)state;
    static char name[ACCORD_KEY_NAME_SIZE_MAX + 1];
    memset(name, '"', sizeof name - 1);
    policy.witness_count = ACCORD_POLICY_WITNESSES_MAX;
    for (size_t i = 0; i < policy.witness_count; i++)
        policy.witnesses[i].name = slice(name);
    print(&policy, 0);
}

/* Each metric says what it is before its first line, and each line is a name, labels and a number. */
static void form(void **state)
{
    (void)state;
    policy.witness_count = 2;
    policy.witnesses[0].name = slice("a");
    policy.witnesses[1].name = slice("b");
    print(&policy, 0);
    char known[64] = "";
    for (char *at = text, *end; *at != 0; at = end + 1) {
        end = strchr(at, '\n');
        assert_non_null(end);
        *end = 0;
        if (strncmp(at, "# HELP ", 7) == 0)
            continue;
        if (strncmp(at, "# TYPE ", 7) == 0) {
            snprintf(known, sizeof known, "%.*s", (int)strcspn(at + 7, " "), at + 7);
            continue;
        }
        assert_int_equal(strncmp(at, known, strlen(known)), 0);
        char *space = strrchr(at, ' '), *after;
        assert_non_null(space);
        (void)strtod(space + 1, &after);
        assert_true(after != space + 1 && *after == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters),       cmocka_unit_test(histograms), cmocka_unit_test(witnesses),
        cmocka_unit_test(largest_policy), cmocka_unit_test(form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
