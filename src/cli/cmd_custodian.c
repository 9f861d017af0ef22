/* accord custodian run: a signatory's side of the reports whose key it shares. Knows the options, when to look and
 * which exit status follows; what is due when, case/custodian.h knows. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/report.h"
#include "cli/case_opening.h"
#include "cli/commands.h"
#include "cli/custodian_look.h"
#include "cli/enter_call.h"
#include "cli/say.h"
#include "cli/trust_file.h"
#include "core/text.h"

#define EVERY_MAX_S 86400

const struct accord_option accord_options_custodian_run[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "member", .value = "NAME", .help = "the member that is custodian", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key",
     .value = "REPORTKEY",
     .help = "the report key that its shares are sealed to; those before it, too",
     .rule = ACCORD_OPTION_SOME},
    {.name = "sign",
     .value = "KEY",
     .help = "its receipt key, or as many release keys as must sign",
     .rule = ACCORD_OPTION_SOME},
    {.name = "trust", .value = "TRUST", .help = "the trust file; else $ACCORD_TRUST, else ~/.config/accord/trust"},
    {.name = "state", .value = "FILE", .help = "the last tree that was seen, and which shares were checked"},
    {.name = "once", .help = "look once; so it is without --every"},
    {.name = "every", .value = "SECONDS", .help = "look again and again, until SIGTERM or SIGINT"},
    {.name = "dry-run", .help = "say what is due; log nothing, write nothing"},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

static volatile sig_atomic_t stop;
static volatile sig_atomic_t idle; /* nothing is under way that a signal could cut off */
static volatile sig_atomic_t idle_status;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
    if (idle != 0) {
        _exit((int)idle_status);
    }
}

/* What goes away by waiting: the network's troubles, a tile that is not there yet, a log that somebody else writes. */
static bool is_passing(enum accord_status status)
{
    return status == ACCORD_NETWORK || status == ACCORD_NOT_FOUND || status == ACCORD_LOCKED;
}

static json_t *answer_of(struct accord_custodian_looking *looking)
{
    json_t *did = looking->did;
    looking->did = NULL;
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "member", accord_json_text(looking->member), "size",
                     accord_json_number(looking->state.position.size), "waiting", accord_json_number(looking->waiting),
                     "failed", accord_json_number(looking->failed), "did", did == NULL ? json_array() : did);
}

static int once(struct accord_custodian_looking *looking)
{
    const struct accord_call *call = looking->call;
    struct accord_error error = {0};
    error.status = accord_custodian_look(looking, &error);
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, looking->enter.location, &error);
    }
    if (stop != 0) {
        return accord_refuse_words(call, ACCORD_IO, "stopped before all cases were looked at");
    }
    accord_note(call, "%zu %s for the end of the embargo", looking->waiting,
                looking->waiting == 1 ? "case waits" : "cases wait");
    return accord_answer_with(call, answer_of(looking), looking->worst);
}

/* A signal ends the wait: idle. */
static void wait_for(uint64_t seconds)
{
    idle = 1;
    (void)poll(NULL, 0, (int)(1000 * seconds));
    idle = 0;
}

static int again_and_again(struct accord_custodian_looking *looking, uint64_t every_s)
{
    const struct accord_call *call = looking->call;
    bool met = false;
    while (stop == 0) {
        struct accord_error error = {0};
        error.status = accord_custodian_look(looking, &error);
        if (error.status != ACCORD_OK && !(met && is_passing(error.status))) {
            return accord_refuse(call, looking->enter.location, &error);
        }
        if (error.status != ACCORD_OK) {
            char sentence[512];
            accord_error_sentence(&error, NULL, sentence, sizeof sentence);
            accord_note(call, "%s; looking again in %" PRIu64 " s", sentence, every_s);
        } else if (json_array_size(looking->did) > 0) {
            (void)!accord_answer_with(call, answer_of(looking), looking->worst);
        }
        met = met || error.status == ACCORD_OK;
        if (stop == 0) {
            wait_for(every_s);
        }
    }
    return 0;
}

static int run(struct accord_custodian_looking *looking, uint64_t every_s)
{
    const struct accord_call *call = looking->call;
    struct accord_error error = {0};
    const struct sigaction action = {.sa_handler = on_signal};
    error.status = accord_case_secrets(call, "key", &looking->secrets, &looking->secret_count, &error);
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, NULL, &error);
    }
    if (looking->state_path != NULL) {
        error.status = accord_custodian_state_load(&looking->state, call->fs, looking->state_path, &error);
    }
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, looking->state_path, &error);
    }
    idle_status = every_s > 0 ? 0 : accord_status_exit(ACCORD_IO);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    return every_s > 0 ? again_and_again(looking, every_s) : once(looking);
}

int accord_run_custodian_run(struct accord_call *call)
{
    struct accord_trust_file trust = {.verifier = NULL};
    struct accord_custodian_looking looking = {.call = call,
                                               .state_path = accord_call_value(call, "state"),
                                               .dry_run = accord_call_flag(call, "dry-run"),
                                               .member = accord_bytes_of(accord_call_value(call, "member")),
                                               .stop = &stop,
                                               .idle = &idle};
    const char *every = accord_call_value(call, "every");
    uint64_t every_s = 0;
    if (every != NULL && accord_call_flag(call, "once")) {
        return accord_usage(call, "--once and --every do not go together");
    }
    if (every != NULL &&
        (!accord_decimal_read(accord_bytes_of(every), &every_s) || every_s == 0 || every_s > EVERY_MAX_S)) {
        return accord_usage(call, "--every is a number of seconds, from 1 to %d", EVERY_MAX_S);
    }
    if (!accord_trust_file_find(&trust, accord_call_value(call, "trust"))) {
        return accord_usage(call, "whose log is it? give --trust TRUST: without it anybody's log could say that a "
                                  "share is due");
    }
    looking.trust = trust.path;
    int result = accord_enter_call_by(call, "sign", &looking.enter);
    if (result != 0) {
        return result;
    }
    accord_custodian_state_init(&looking.state);
    result = run(&looking, every_s);
    accord_custodian_state_free(&looking.state);
    accord_case_secrets_free(looking.secrets, looking.secret_count);
    accord_enter_call_free(&looking.enter);
    json_decref(looking.did);
    return result;
}
