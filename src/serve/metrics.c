/* Metrics as text: Prometheus' exposition format 0.0.4. Knows the names, which are an interface that dashboards and
 * alarms are built on, and reads the counters as they are at this moment, each by itself; refuses to know who counts.
 */
#include "serve/metrics_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log/log.h"

#define FIRST_SECONDS 0.00025
#define LINE_SIZE 1024
#define LABEL_SIZE (2 * ACCORD_KEY_NAME_SIZE_MAX + 1)

struct text {
    struct accord_buffer *out;
    enum accord_status status;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (text->status != ACCORD_OK)
        return;
    if (length < 0 || (size_t)length >= sizeof line)
        text->status = ACCORD_TOO_LARGE;
    else
        text->status = accord_buffer_append(text->out, (struct accord_bytes){(const uint8_t *)line, (size_t)length});
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void head(struct text *text, const char *name, const char *type, const char *help)
{
    say(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct text *text, const char *name, const char *type, const char *help, uint64_t value)
{
    head(text, name, type, help);
    say(text, "%s %llu\n", name, (unsigned long long)value);
}

/* labels: `witness="w",`, or nothing. */
static void histogram(struct text *text, const char *name, const char *labels, const struct accord_histogram *values)
{
    uint64_t count = 0;
    double bound = FIRST_SECONDS;
    size_t length = strlen(labels);
    for (size_t i = 0; i + 1 < ACCORD_HISTOGRAM_BUCKETS; i++) {
        count += read_counter(&values->bucket[i]);
        say(text, "%s_bucket{%sle=\"%.10g\"} %llu\n", name, labels, bound, (unsigned long long)count);
        bound *= 2;
    }
    count += read_counter(&values->bucket[ACCORD_HISTOGRAM_BUCKETS - 1]);
    say(text, "%s_bucket{%sle=\"+Inf\"} %llu\n", name, labels, (unsigned long long)count);
    char only[LABEL_SIZE + 32] = "";
    if (length > 0)
        snprintf(only, sizeof only, "{%.*s}", (int)(length - 1), labels);
    say(text, "%s_sum%s %.6f\n", name, only, (double)read_counter(&values->sum_us) / 1e6);
    say(text, "%s_count%s %llu\n", name, only, (unsigned long long)count);
}

static void adds(struct text *text, const struct accord_metrics *metrics)
{
    static const char *const outcomes[ACCORD_ADD_OUTCOMES] = {
        [ACCORD_ADD_APPENDED] = "appended",   [ACCORD_ADD_KNOWN] = "known",
        [ACCORD_ADD_MALFORMED] = "malformed", [ACCORD_ADD_REFUSED] = "refused",
        [ACCORD_ADD_TOO_LARGE] = "too_large", [ACCORD_ADD_OVERLOADED] = "overloaded",
        [ACCORD_ADD_FAILED] = "failed"};
    head(text, "accord_log_adds_total", "counter", "Requests to add, by how they were answered.");
    for (size_t i = 0; i < ACCORD_ADD_OUTCOMES; i++)
        say(text, "accord_log_adds_total{outcome=\"%s\"} %llu\n", outcomes[i],
            (unsigned long long)read_counter(&metrics->adds[i]));
    number(text, "accord_log_entries_total", "counter", "Entries appended.", read_counter(&metrics->entries));
    number(text, "accord_log_entry_bytes_total", "counter", "Bytes of entries appended.",
           read_counter(&metrics->entry_bytes));
    number(text, "accord_log_commits_total", "counter", "Commits, each of which is one fdatasync.",
           read_counter(&metrics->commits));
    head(text, "accord_log_acknowledge_seconds", "histogram", "From a whole request to its answer.");
    histogram(text, "accord_log_acknowledge_seconds", "", &metrics->acknowledge);
    head(text, "accord_log_commit_seconds", "histogram", "A commit, with its fdatasync.");
    histogram(text, "accord_log_commit_seconds", "", &metrics->commit);
    number(text, "accord_log_queue_requests", "gauge", "Requests that wait for their commit.",
           read_counter(&metrics->queue_requests));
    number(text, "accord_log_queue_bytes", "gauge", "Bytes of those.", read_counter(&metrics->queue_bytes));
    number(text, "accord_log_dedup_entries", "gauge", "Entries that deduplication knows.",
           read_counter(&metrics->dedup_covered));
    number(text, "accord_log_dedup_bytes", "gauge", "Bytes that deduplication takes on the disk.",
           read_counter(&metrics->dedup_bytes));
}

static void tree(struct text *text, const struct accord_metrics_view *view)
{
    static const char *const states[] = {
        [ACCORD_LOG_SOUND] = "sound", [ACCORD_LOG_TO_REOPEN] = "to_reopen", [ACCORD_LOG_SYNC_FAILED] = "sync_failed"};
    const struct accord_metrics *metrics = view->metrics;
    uint64_t at = read_counter(&metrics->published_at);
    number(text, "accord_log_size", "gauge", "Entries that were acknowledged.", read_counter(&metrics->size));
    number(text, "accord_log_sealed_size", "gauge", "Entries whose tiles are durable.", read_counter(&metrics->sealed));
    number(text, "accord_log_published_size", "gauge", "Entries in the published checkpoint.",
           read_counter(&metrics->published));
    number(text, "accord_log_checkpoint_timestamp_seconds", "gauge", "When the checkpoint was published.", at);
    number(text, "accord_log_checkpoint_age_seconds", "gauge", "How long ago that was.",
           view->now > at ? view->now - at : 0);
    head(text, "accord_log_unpublished_seconds", "gauge",
         "How long at least the oldest acknowledged entry that is not published has waited.");
    say(text, "accord_log_unpublished_seconds %.3f\n", (double)view->unpublished_ms / 1000);
    number(text, "accord_log_publications_total", "counter", "Rounds in which the quorum held.",
           read_counter(&metrics->publications));
    number(text, "accord_log_quorum_misses_total", "counter", "Rounds in which it did not.",
           read_counter(&metrics->quorum_misses));
    int health = atomic_load_explicit(&metrics->health, memory_order_relaxed);
    head(text, "accord_log_health", "gauge", "1 for the state that the log is in.");
    for (int i = 0; i <= ACCORD_LOG_SYNC_FAILED; i++)
        say(text, "accord_log_health{state=\"%s\"} %d\n", states[i], i == health);
}

/* `witness="<name>",` with the name escaped as the format asks. */
static void label_of(const struct accord_policy *policy, size_t witness, char label[LABEL_SIZE + 32])
{
    char name[LABEL_SIZE];
    struct accord_bytes from = policy->witnesses[witness].name;
    size_t used = 0;
    for (size_t i = 0; i < from.size && used + 2 < sizeof name; i++) {
        if (from.data[i] == '"' || from.data[i] == '\\')
            name[used++] = '\\';
        name[used++] = (char)from.data[i];
    }
    name[used] = 0;
    snprintf(label, LABEL_SIZE + 32, "witness=\"%s\",", name);
}

static void witnesses(struct text *text, const struct accord_metrics_view *view)
{
    static const char *const outcomes[ACCORD_WITNESS_OUTCOMES] = {[ACCORD_WITNESS_COSIGNED] = "cosigned",
                                                                  [ACCORD_WITNESS_CAUGHT_UP] = "caught_up",
                                                                  [ACCORD_WITNESS_REFUSED] = "refused",
                                                                  [ACCORD_WITNESS_FAILED] = "failed"};
    char label[LABEL_SIZE + 32];
    if (view->policy == NULL || view->policy->witness_count == 0)
        return;
    head(text, "accord_log_witness_answers_total", "counter", "What witnesses answered.");
    for (size_t i = 0; i < view->policy->witness_count; i++) {
        label_of(view->policy, i, label);
        for (size_t j = 0; j < ACCORD_WITNESS_OUTCOMES; j++)
            say(text, "accord_log_witness_answers_total{%soutcome=\"%s\"} %llu\n", label, outcomes[j],
                (unsigned long long)read_counter(&view->metrics->witnesses[i].outcomes[j]));
    }
    head(text, "accord_log_witness_seconds", "histogram", "How long witnesses took to answer.");
    for (size_t i = 0; i < view->policy->witness_count; i++) {
        label_of(view->policy, i, label);
        histogram(text, "accord_log_witness_seconds", label, &view->metrics->witnesses[i].latency);
    }
}

/* What witnesses of this server do; nothing where it has none. */
static void cosigns(struct text *text, const struct accord_metrics *metrics)
{
    static const char *const outcomes[ACCORD_COSIGN_OUTCOMES] = {
        [ACCORD_COSIGN_COSIGNED] = "cosigned",     [ACCORD_COSIGN_MALFORMED] = "malformed",
        [ACCORD_COSIGN_UNSIGNED] = "unsigned",     [ACCORD_COSIGN_UNKNOWN] = "unknown_log",
        [ACCORD_COSIGN_CONFLICT] = "conflict",     [ACCORD_COSIGN_REFUSED] = "refused",
        [ACCORD_COSIGN_OVERLOADED] = "overloaded", [ACCORD_COSIGN_FAILED] = "failed"};
    head(text, "accord_witness_requests_total", "counter", "Requests to cosign, by how they were answered.");
    for (size_t i = 0; i < ACCORD_COSIGN_OUTCOMES; i++)
        say(text, "accord_witness_requests_total{outcome=\"%s\"} %llu\n", outcomes[i],
            (unsigned long long)read_counter(&metrics->cosigns[i]));
    head(text, "accord_witness_answer_seconds", "histogram", "From a whole request to cosign to its answer.");
    histogram(text, "accord_witness_answer_seconds", "", &metrics->cosign);
    number(text, "accord_witness_commits_total", "counter", "Transactions, each of which is one sync.",
           read_counter(&metrics->cosign_commits));
    number(text, "accord_witness_states_failing", "gauge", "States that could not be read or written when last tried.",
           (uint64_t)atomic_load_explicit(&metrics->cosign_failing, memory_order_relaxed));
}

static void pulls(struct text *text, const struct accord_puller_counts *counts)
{
    number(text, "accord_mirror_visits_total", "counter", "Visits at logs, to pull what is new.",
           read_counter(&counts->visits));
    number(text, "accord_mirror_changes_total", "counter", "Visits after which something new is published.",
           read_counter(&counts->changes));
    number(text, "accord_mirror_failures_total", "counter", "Visits at logs that could not be read, or pulled.",
           read_counter(&counts->failed));
    number(text, "accord_mirror_forks_total", "counter", "Visits at logs whose tree does not grow out of the last one.",
           read_counter(&counts->forked));
    number(text, "accord_mirror_entries_total", "counter", "Entries that were pulled.", read_counter(&counts->entries));
}

static void bastion(struct text *text, const struct accord_bastion_counts *counts)
{
    number(text, "accord_bastion_connected", "gauge", "Whether the bastion is connected.",
           read_counter(&counts->connected));
    number(text, "accord_bastion_connections_total", "counter", "Connections to it that were made.",
           read_counter(&counts->connections));
    number(text, "accord_bastion_failures_total", "counter", "Attempts that made none.",
           read_counter(&counts->failures));
    number(text, "accord_bastion_requests_total", "counter", "Requests that came by it.",
           read_counter(&counts->requests));
    number(text, "accord_bastion_refused_total", "counter", "Those that were answered before the server saw them.",
           read_counter(&counts->refused));
    number(text, "accord_bastion_cut_off_total", "counter", "Those without an answer, or without all of it.",
           read_counter(&counts->cut_off));
}

static uint64_t resident_bytes(void)
{
    unsigned long long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    char line[128] = "", *end;
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) != NULL) {
        total = strtoull(line, &end, 10);
        resident = strtoull(end, NULL, 10);
    }
    fclose(file);
    return resident <= total ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void process(struct text *text, const struct accord_metrics_view *view)
{
    struct rusage usage;
    struct rlimit files;
    number(text, "accord_http_connections", "gauge", "Connections that are open.", view->http.connections);
    number(text, "accord_http_requests_total", "counter", "HTTP requests.", view->http.requests);
    number(text, "accord_http_bodies_refused_total", "counter", "Requests whose body was too large, or one too many.",
           view->http.bodies_refused);
    number(text, "accord_http_body_bytes", "gauge", "Bytes of bodies that are held.", view->http.body_bytes);
    number(text, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", resident_bytes());
    number(text, "process_open_fds", "gauge", "Number of open file descriptors.", view->open_files);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        number(text, "process_max_fds", "gauge", "Maximum number of open file descriptors.", files.rlim_cur);
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        head(text, "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
        say(text, "process_cpu_seconds_total %.3f\n",
            (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    }
    head(text, "accord_build_info", "gauge", "Which accord this is.");
    say(text, "accord_build_info{version=\"%s\"} 1\n", view->version);
}

enum accord_status accord_metrics_print(const struct accord_metrics_view *view, struct accord_buffer *out)
{
    struct text text = {out, ACCORD_OK};
    if (view->has_log) {
        adds(&text, view->metrics);
        tree(&text, view);
        witnesses(&text, view);
    }
    if (view->has_witness)
        cosigns(&text, view->metrics);
    if (view->has_mirror)
        pulls(&text, &view->metrics->pulls);
    if (view->has_bastion)
        bastion(&text, &view->metrics->bastion);
    if (view->has_witness || view->has_mirror)
        number(&text, "accord_known_logs", "gauge", "Logs that witnesses and mirrors accept.",
               read_counter(&view->metrics->known_logs));
    process(&text, view);
    return text.status;
}
