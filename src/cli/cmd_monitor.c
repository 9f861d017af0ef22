/* accord monitor: what somebody must know about a log, as it comes. It knows when to look, whom to ask and which exit
 * status follows; what is worth telling stands in monitor/. */
#include "base/clock.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/monitor_ask.h"
#include "cli/monitor_tell.h"
#include "cli/product_view.h"
#include "cli/say.h"
#include "cli/trust_file.h"
#include "core/text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_S 30
#define SILENT_S 86400
#define DURATION_MAX_S 315360000 /* ten years */
#define BACKOFF_MAX_S 600

const struct accord_option accord_options_monitor[] = {
    {.name = "trust", .value = "TRUST", .help = "the trust file; else $ACCORD_TRUST, else ~/.config/accord/trust"},
    {.name = "state",
     .value = "FILE",
     .help = "what was seen and judged; made where there is none",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "vendor",
     .value = "NAME",
     .help = "a member whose name is watched; may be repeated",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "expect",
     .value = "FILE|DIR",
     .help = "what is mine: a list of digests, a proof, a directory of proofs; may be repeated",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "witness",
     .value = "URL",
     .help = "compare with what this witness saw; its vkey may follow after a space; may be repeated",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "witness-silent", .value = "DURATION", .help = "how long a witness may not cosign; 24h otherwise"},
    {.name = "stale", .value = "DURATION", .help = "how old the newest checkpoint may be; otherwise it is not asked"},
    {.name = "exec", .value = "CMD", .help = "a shell command for each finding, which it reads as JSON"},
    {.name = "evidence", .value = "DIR", .help = "where contradictions are kept; FILE.evidence otherwise"},
    {.name = "all-signatures", .help = "verify the signatures of every release, not only in a watched name"},
    {.name = "follow", .help = "look again and again, until SIGTERM or SIGINT"},
    {.name = "interval", .value = "DURATION", .help = "how often; 30s otherwise"},
    {.name = NULL}};

struct monitoring {
    struct accord_call *call;
    struct accord_trust_file trust;
    struct accord_expected expected;
    struct accord_bytes *vendors;
    size_t vendor_count;
    struct accord_monitor_asking asking;
    struct accord_monitor_telling telling;
    struct accord_progress progress;
    struct accord_monitor *monitor;
    char evidence[4096];
    uint64_t interval_s, silent_s, stale_s;
    bool waiting; /* for a log that cannot be read */
};

static volatile sig_atomic_t stop;
static volatile sig_atomic_t idle; /* all that was judged is told and remembered */

/* A server that does not answer is not waited for where there is nothing to finish. */
static void on_signal(int number)
{
    (void)number;
    stop = 1;
    if (idle) {
        _exit(0);
    }
}

static bool take_duration(const struct accord_call *call, const char *option, uint64_t *seconds)
{
    const char *text = accord_call_value(call, option);
    return text == NULL || (accord_duration_read(text, seconds) && *seconds > 0 && *seconds <= DURATION_MAX_S);
}

static void progress(void *context, uint64_t done, uint64_t size)
{
    struct accord_monitor_telling *telling = context;
    struct monitoring *monitoring =
        (struct monitoring *)(void *)((char *)telling - offsetof(struct monitoring, telling));
    accord_progress_step(&monitoring->progress, done, size);
}

static unsigned threads(const struct accord_call *call)
{
    long cores = accord_location_is_url(call->operands[0]) ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > ACCORD_SWEEP_THREADS_MAX ? ACCORD_SWEEP_THREADS_MAX : (unsigned)cores;
}

/* Asks the witnesses first: one that is ahead of what the log shows afterwards is worth telling. Nothing is under way
 * that a signal could cut off. */
static enum accord_status fetch(struct monitoring *monitoring, struct accord_reader *reader, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    struct accord_monitor_asking *asking = &monitoring->asking;
    idle = 1;
    if (asking->count > 0 && accord_monitor_origin(monitoring->monitor).size == 0) {
        status = accord_monitor_fetch(monitoring->monitor, reader, error);
    }
    if (status == ACCORD_OK && asking->count > 0) {
        accord_monitor_ask(monitoring->call, asking, accord_monitor_origin(monitoring->monitor));
    }
    if (status == ACCORD_OK) {
        status = accord_monitor_fetch(monitoring->monitor, reader, error);
    }
    idle = 0;
    return status;
}

static enum accord_status look(struct monitoring *monitoring, struct accord_error *error)
{
    struct accord_call *call = monitoring->call;
    struct accord_reader *reader = NULL;
    accord_monitor_begin(&monitoring->telling);
    enum accord_status status =
        accord_log_source_open(&reader, call->fs, call->crypto, call->network, call->operands[0], error);
    if (status == ACCORD_OK) {
        status = fetch(monitoring, reader, error);
    }
    if (status == ACCORD_OK) {
        monitoring->progress = (struct accord_progress){.doing = "judged", .of = "entries"};
        status = accord_monitor_look(monitoring->monitor, reader, monitoring->asking.views, monitoring->asking.count,
                                     call->clock->now(call->clock->context), error);
        accord_progress_end(&monitoring->progress);
    }
    accord_reader_close(reader);
    return status;
}

/* Findings come first: whoever acts on 1 knows that there are some. What the list calls a refusal is here something
 * that could not be done. */
static int exit_status(const struct monitoring *monitoring, int status)
{
    if (monitoring->monitor != NULL && accord_monitor_told(monitoring->monitor) > 0) {
        return 1;
    }
    return status == 1 ? 3 : status;
}

/* A witness that could not be asked, when that begins: what it saw is compared with nothing. */
static int say_unasked(struct monitoring *monitoring)
{
    int status = 0;
    for (size_t i = 0; i < monitoring->asking.count; i++) {
        const struct accord_monitor_view *view = &monitoring->asking.views[i];
        bool unasked = view->error.status != ACCORD_NOT_FOUND && accord_status_exit(view->error.status) == 3;
        bool said = monitoring->asking.witness[i].unasked;
        monitoring->asking.witness[i].unasked = unasked;
        if (unasked && !said) {
            status = accord_monitor_refuse(&monitoring->telling, "a witness could not be asked", &view->error);
        }
    }
    return status;
}

static int once(struct monitoring *monitoring)
{
    struct accord_error error = {0};
    enum accord_status status = look(monitoring, &error);
    if (status != ACCORD_OK) {
        error.status = status;
        return exit_status(monitoring,
                           accord_monitor_refuse(&monitoring->telling, monitoring->call->operands[0], &error));
    }
    int result = exit_status(monitoring, say_unasked(monitoring));
    if (result == 0 && isatty(STDERR_FILENO) == 1) {
        accord_note(monitoring->call, "nothing to report up to entry %" PRIu64,
                    accord_monitor_next(monitoring->monitor));
    }
    return result;
}

/* What goes away by waiting: the network's troubles, and a tile that is not there yet. */
static bool is_passing(enum accord_status status)
{
    return status == ACCORD_NETWORK || status == ACCORD_NOT_FOUND;
}

/* Releases of mine are made while the monitor runs. */
static void expect_again(struct monitoring *monitoring)
{
    struct accord_error error;
    char sentence[512];
    if (accord_monitor_expect(monitoring->call, &monitoring->expected, &error) != ACCORD_OK) {
        accord_error_sentence(&error, NULL, sentence, sizeof sentence);
        accord_note(monitoring->call, "what is expected cannot be read, and stays as it was: %s", sentence);
    }
}

/* The log cannot be read now. Who reads JSON is told once; and what was read last may become too old. */
static enum accord_status wait_for_log(struct monitoring *monitoring, const struct accord_error *why, uint64_t wait_s,
                                       struct accord_error *error)
{
    struct accord_call *call = monitoring->call;
    accord_note(call, "%s: %s; looking again in %" PRIu64 " s", why->what, why->found, wait_s);
    if (call->json && !monitoring->waiting) {
        (void)!accord_monitor_refuse(&monitoring->telling, call->operands[0], why);
    }
    monitoring->waiting = true;
    return accord_monitor_wait(monitoring->monitor, call->clock->now(call->clock->context), error);
}

static int follow(struct monitoring *monitoring)
{
    struct accord_call *call = monitoring->call;
    uint64_t wait_s = monitoring->interval_s;
    bool met = false;
    while (stop == 0 && !monitoring->telling.lines.ended) {
        struct accord_error error = {0};
        enum accord_status status = look(monitoring, &error);
        met = met || status == ACCORD_OK;
        if (status == ACCORD_OK && monitoring->telling.lines.ended) {
            break;
        }
        wait_s = status == ACCORD_OK ? monitoring->interval_s : wait_s * 2 > BACKOFF_MAX_S ? BACKOFF_MAX_S : wait_s * 2;
        if (status != ACCORD_OK && met && is_passing(status)) {
            struct accord_error why = error;
            why.status = status;
            status = wait_for_log(monitoring, &why, wait_s, &error);
        } else if (status == ACCORD_OK) {
            monitoring->waiting = false;
            (void)say_unasked(monitoring);
        }
        if (status != ACCORD_OK) {
            error.status = status;
            return exit_status(monitoring, accord_monitor_refuse(&monitoring->telling, call->operands[0], &error));
        }
        accord_lines_pause(&monitoring->telling.lines, 1000 * wait_s);
        expect_again(monitoring);
    }
    return 0;
}

static int run_opened(struct monitoring *monitoring)
{
    struct accord_call *call = monitoring->call;
    struct accord_error error = {0};
    const struct accord_monitor_options options = {
        .fs = call->fs,
        .rules = {.crypto = call->crypto,
                  .verifier = monitoring->trust.verifier,
                  .vendors = monitoring->vendors,
                  .vendor_count = monitoring->vendor_count,
                  .expected = &monitoring->expected,
                  .all_signatures = accord_call_flag(call, "all-signatures")},
        .state = accord_call_value(call, "state"),
        .evidence = monitoring->evidence,
        .silent_s = monitoring->silent_s,
        .stale_s = monitoring->stale_s,
        .threads = threads(call),
        .stop = &stop,
        .sink = {&monitoring->telling, accord_monitor_take},
        .settle = accord_monitor_settle,
        .progress = progress};
    enum accord_status status = accord_monitor_open(&monitoring->monitor, &options, &error);
    if (status != ACCORD_OK) {
        error.status = status;
        return exit_status(monitoring, accord_monitor_refuse(&monitoring->telling, options.state, &error));
    }
    int result = accord_call_flag(call, "follow") ? follow(monitoring) : once(monitoring);
    accord_monitor_close(monitoring->monitor);
    return result;
}

/* A name that is nobody's watches nothing: most likely it is misspelt. */
static enum accord_status take_vendors(struct monitoring *monitoring, struct accord_error *error)
{
    const char *name;
    size_t cursor = 0;
    monitoring->vendors = calloc(accord_call_count(monitoring->call, "vendor") + 1, sizeof *monitoring->vendors);
    if (monitoring->vendors == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    while (accord_call_next(monitoring->call, "vendor", &cursor, &name)) {
        struct accord_bytes vendor = accord_bytes_of(name);
        monitoring->vendors[monitoring->vendor_count++] = vendor;
        if (accord_roster_member(&monitoring->trust.verifier->roster, vendor) == SIZE_MAX) {
            accord_note(monitoring->call,
                        "%s is no member by the trust file's roster; its name is watched all the same", name);
        }
    }
    return ACCORD_OK;
}

static int run(struct monitoring *monitoring)
{
    struct accord_call *call = monitoring->call;
    struct accord_error error = {0};
    enum accord_status status = accord_trust_file_open(&monitoring->trust, call->fs, call->crypto, &error);
    const char *subject = monitoring->trust.path;
    if (status == ACCORD_OK) {
        status = take_vendors(monitoring, &error);
        subject = NULL;
    }
    if (status == ACCORD_OK) {
        status = accord_monitor_expect(call, &monitoring->expected, &error);
        subject = "--expect";
    }
    if (status == ACCORD_OK) {
        status = accord_monitor_asking_init(call, &monitoring->asking, &error);
        subject = "--witness";
    }
    if (status != ACCORD_OK) {
        error.status = status;
        return exit_status(monitoring, accord_monitor_refuse(&monitoring->telling, subject, &error));
    }
    /* A look that is cut off must not pass for one that found nothing: without --follow a signal kills, and the state
     * is as it was saved last. */
    if (accord_call_flag(call, "follow")) {
        const struct sigaction action = {.sa_handler = on_signal};
        (void)sigaction(SIGTERM, &action, NULL);
        (void)sigaction(SIGINT, &action, NULL);
    }
    return run_opened(monitoring);
}

int accord_run_monitor(struct accord_call *call)
{
    char log[1024];
    struct monitoring monitoring = {.call = call, .interval_s = INTERVAL_S, .silent_s = SILENT_S};
    const char *evidence = accord_call_value(call, "evidence"), *state = accord_call_value(call, "state");
    if (!take_duration(call, "interval", &monitoring.interval_s) ||
        !take_duration(call, "witness-silent", &monitoring.silent_s) ||
        !take_duration(call, "stale", &monitoring.stale_s)) {
        return accord_usage(call, "a duration is like 30s, 10m, 24h or 7d, or a number of seconds");
    }
    if (accord_call_value(call, "interval") != NULL && !accord_call_flag(call, "follow")) {
        return accord_usage(call, "--interval is for --follow");
    }
    int size = snprintf(monitoring.evidence, sizeof monitoring.evidence, "%s%s", evidence == NULL ? state : evidence,
                        evidence == NULL ? ".evidence" : "");
    if (size < 0 || (size_t)size >= sizeof monitoring.evidence - 64) {
        return accord_usage(call, "a path is too long");
    }
    if (!accord_trust_file_find(&monitoring.trust, accord_call_value(call, "trust"))) {
        return accord_usage(call, "it needs --trust TRUST");
    }
    accord_url_show(call->operands[0], log, sizeof log);
    monitoring.telling =
        (struct accord_monitor_telling){.call = call, .log = log, .command = accord_call_value(call, "exec")};
    accord_lines_init(&monitoring.telling.lines, &stop);
    monitoring.telling.lines.unread = !call->json;
    int result = run(&monitoring);
    accord_lines_free(&monitoring.telling.lines);
    accord_monitor_asking_free(&monitoring.asking);
    accord_expected_free(&monitoring.expected);
    accord_trust_file_free(&monitoring.trust);
    free(monitoring.vendors);
    return result;
}
