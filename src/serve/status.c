/* Is the log well, and its figures. Knows what counts as well: entries are taken, and what was acknowledged is
 * published in time; refuses to know why it is not so, which the log lines say. */
#include "serve/status.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "serve/metrics_print.h"

#define METRICS_SIZE_MAX (4 << 20)
#define COUNT_AGAIN_US 1000000

static uint64_t size_of(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void accord_status_look(struct accord_status_page *page)
{
    uint64_t published = size_of(&page->metrics->published), size = size_of(&page->metrics->size);
    if (page->since_us != 0 && published < page->waiting_size)
        return;
    page->waiting_size = size;
    page->since_us = size > published ? accord_monotonic_us() : 0;
}

static uint64_t unpublished_ms(struct accord_status_page *page)
{
    accord_status_look(page);
    return page->since_us == 0 ? 0 : (accord_monotonic_us() - page->since_us) / 1000;
}

static void answer_healthz(struct accord_status_page *page, struct accord_http_exchange *exchange)
{
    char why[128];
    uint64_t behind_ms = unpublished_ms(page);
    int health = atomic_load_explicit(&page->metrics->health, memory_order_relaxed);
    if (page->stopping) {
        accord_http_answer_text(exchange, 503, "The server is stopping.\n");
    } else if (health == ACCORD_LOG_SYNC_FAILED) {
        accord_http_answer_text(exchange, 503, "The log takes nothing: a sync failed, and it must be started again.\n");
    } else if (health != ACCORD_LOG_SOUND) {
        accord_http_answer_text(exchange, 503, "The log takes nothing at the moment; it is tried again and again.\n");
    } else if (behind_ms > page->unpublished_max_ms) {
        snprintf(why, sizeof why, "What was added %llu s ago is not published yet.\n",
                 (unsigned long long)(behind_ms / 1000));
        accord_http_answer_text(exchange, 503, why);
    } else if (atomic_load_explicit(&page->metrics->cosign_failing, memory_order_relaxed) > 0) {
        accord_http_answer_text(exchange, 503, "A witness cosigns nothing: its state cannot be read or written.\n");
    } else {
        accord_http_answer_text(exchange, 200, "ok\n");
    }
}

static uint64_t open_files(void)
{
    uint64_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count - 1; /* the one that reads */
}

/* Counting takes a while where there are thousands, and the loop's time is everybody's: once a second is enough. */
static void count_files(struct accord_status_page *page)
{
    uint64_t now_us = accord_monotonic_us();
    if (page->counted_us != 0 && now_us - page->counted_us < COUNT_AGAIN_US)
        return;
    page->open_files = open_files();
    page->counted_us = now_us;
}

static void answer_metrics(struct accord_status_page *page, struct accord_http_exchange *exchange)
{
    count_files(page);
    struct accord_metrics_view view = {.metrics = page->metrics,
                                       .has_log = page->has_log,
                                       .has_witness = page->has_witness,
                                       .has_mirror = page->has_mirror,
                                       .has_bastion = page->has_bastion,
                                       .policy = page->policy,
                                       .version = page->version,
                                       .open_files = page->open_files,
                                       .now = page->clock->now(page->clock->context),
                                       .unpublished_ms = unpublished_ms(page)};
    struct accord_buffer text;
    accord_http_count(page->http, &view.http);
    accord_buffer_init(&text, METRICS_SIZE_MAX);
    if (accord_metrics_print(&view, &text) == ACCORD_OK) {
        struct accord_http_answer answer = {.status = 200,
                                            .type = "text/plain; version=0.0.4; charset=utf-8",
                                            .caching = ACCORD_HTTP_NO_STORE,
                                            .body = accord_buffer_bytes(&text),
                                            .file = -1,
                                            .compress = true};
        accord_http_answer(exchange, &answer);
    } else {
        accord_http_answer_text(exchange, 500, "The metrics do not fit into memory.\n");
    }
    accord_buffer_free(&text);
}

bool accord_status_handle(struct accord_status_page *page, struct accord_http_exchange *exchange,
                          const struct accord_http_request *request)
{
    bool healthz = strcmp(request->path, "/healthz") == 0;
    if (!healthz && strcmp(request->path, "/metrics") != 0)
        return false;
    if (request->method != ACCORD_HTTP_GET && request->method != ACCORD_HTTP_HEAD) {
        struct accord_http_answer answer = {.status = 405,
                                            .caching = ACCORD_HTTP_NO_STORE,
                                            .body = ACCORD_LITERAL("This is to be read.\n"),
                                            .file = -1,
                                            .allow = "GET, HEAD"};
        accord_http_answer(exchange, &answer);
    } else if (healthz) {
        answer_healthz(page, exchange);
    } else {
        answer_metrics(page, exchange);
    }
    return true;
}
