/* accord log follow: new entries as JSON lines, as they come. It knows when to look again and what was passed on; what
 * a log must hold to stands in follow/follower.c. */
#include "accord/policy.h"
#include "accord/statement.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "core/text.h"
#include "follow/follower.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND_US 1000000
#define INTERVAL_SECONDS 1
#define INTERVAL_MAX_SECONDS 86400
#define BACKOFF_MAX_SECONDS 60

const struct accord_option accord_options_log_follow[] = {
    {.name = "from", .value = "INDEX", .help = "the first entry to print; otherwise 0, or what the state says"},
    {.name = "state", .value = "FILE", .help = "remembers what was printed and seen; made where there is none"},
    {.name = "vkey", .value = "VKEY", .help = "the log's public key, which must have signed"},
    {.name = "policy", .value = "POLICY", .help = "a policy whose quorum must have cosigned"},
    {.name = "interval", .value = "SECONDS", .help = "how often to look; 1 otherwise"},
    {.name = "once", .help = "print what is there now, and end"},
    {.name = NULL}};

struct following {
    struct accord_call *call;
    struct accord_reader *reader;
    const struct accord_vkey *vkey;
    const struct accord_policy *policy;
    const char *state; /* path, or NULL */
    struct accord_position position, saved;
    uint64_t saved_us; /* when */
    struct accord_buffer note;
    struct accord_lines lines;
};

static volatile sig_atomic_t stop;
static volatile sig_atomic_t idle; /* all that was read is printed and remembered */

/* A server that does not answer is not waited for where there is nothing to finish. */
static void on_signal(int number)
{
    (void)number;
    stop = 1;
    if (idle) {
        _exit(0);
    }
}

static json_t *base64_json(struct accord_bytes bytes)
{
    size_t size = ACCORD_BASE64_SIZE(bytes.size);
    uint8_t *text = malloc(size + 1);
    if (text == NULL) {
        return NULL;
    }
    struct accord_out out = {text, size + 1, 0, false};
    accord_put_base64(&out, bytes);
    json_t *json = json_stringn((const char *)text, out.size);
    free(text);
    return json;
}

/* {"index":0,"leaf":"sha256:...","size":5,"entry":"..."}: entry_base64 where the bytes are not text. */
static json_t *entry_json(uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry)
{
    struct accord_statement_claim statement;
    bool is_text = accord_utf8_valid(entry) && memchr(entry.data, 0, entry.size) == NULL;
    json_t *json =
        json_pack("{s:o, s:o, s:I, s:o}", "index", accord_json_number(index), "leaf", accord_json_digest(leaf), "size",
                  (json_int_t)entry.size, is_text ? "entry" : "entry_base64",
                  is_text ? accord_json_text(entry) : base64_json(entry));
    if (json != NULL && accord_statement_parse(&statement, entry, NULL) == ACCORD_OK) {
        (void)json_object_set_new(json, "statement", accord_json_text(statement.kind));
    }
    return json;
}

static enum accord_status print_entry(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                                      struct accord_bytes entry, struct accord_error *error)
{
    struct following *following = context;
    json_t *json = entry_json(index, leaf, entry);
    if (json == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    /* On a terminal an entry says nothing but what can be read: UTF-8 has control characters too. */
    char *text = json_dumps(json, JSON_COMPACT | (isatty(STDOUT_FILENO) == 1 ? JSON_ENSURE_ASCII : 0));
    json_decref(json);
    if (text == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_lines_put(&following->lines, accord_bytes_of(text), error);
    free(text);
    return status;
}

/* What was printed has left this process before it is remembered: after a crash some of it may come twice, none of it
 * is left out. While there is more to print, once a second is often enough. */
static enum accord_status save(struct following *following, struct accord_bytes origin, bool more,
                               struct accord_error *error)
{
    const struct accord_position *position = &following->position;
    enum accord_status status = accord_lines_flush(&following->lines, error);
    bool changed = memcmp(position, &following->saved, sizeof following->saved) != 0;
    bool began = position->next <= position->size; /* nothing was printed before */
    if (status != ACCORD_OK || following->state == NULL || !changed || !began ||
        (more && accord_monotonic_us() - following->saved_us < SECOND_US)) {
        return status;
    }
    uint8_t text[ACCORD_POSITION_SIZE_MAX];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_position_print(&out, origin, position);
    following->saved = *position;
    following->saved_us = accord_monotonic_us();
    return accord_file_replace(following->call->fs, following->state, accord_out_bytes(&out), 0644, error);
}

static enum accord_status check_signed(const struct following *following, const struct accord_checkpoint_claim *claim,
                                       struct accord_error *error)
{
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    const struct accord_crypto *crypto = following->call->crypto;
    if (following->policy != NULL) {
        return accord_policy_verify(following->policy, claim, crypto, &checkpoint, &cosigners, error);
    }
    if (following->vkey == NULL) {
        return ACCORD_OK;
    }
    if (!accord_bytes_equal(claim->origin, following->vkey->name)) {
        accord_fail(error, ACCORD_WRONG_KEY, 0);
        accord_error_expected(error, following->vkey->name);
        accord_error_found(error, claim->origin);
        return ACCORD_WRONG_KEY;
    }
    enum accord_signed how = accord_note_signed_by(&claim->note, following->vkey, crypto, NULL);
    if (how == ACCORD_SIGNED) {
        return ACCORD_OK;
    }
    accord_fail(error, how == ACCORD_SIGNED_WRONGLY ? ACCORD_SIGNATURE : ACCORD_UNSIGNED, 0);
    accord_error_what(error, following->vkey->name);
    return how == ACCORD_SIGNED_WRONGLY ? ACCORD_SIGNATURE : ACCORD_UNSIGNED;
}

/* The state is read when the log has said who it is. */
static enum accord_status load(struct following *following, struct accord_bytes origin, struct accord_error *error)
{
    struct accord_buffer text;
    const struct accord_fs *fs = following->call->fs;
    if (following->state == NULL || fs->exists(fs->context, following->state) != 1) {
        return ACCORD_OK;
    }
    accord_buffer_init(&text, ACCORD_POSITION_SIZE_MAX);
    enum accord_status status = accord_file_read(fs, following->state, &text, error);
    if (status == ACCORD_OK) {
        status = accord_position_parse(&following->position, origin, accord_buffer_bytes(&text), error);
        accord_error_what(status == ACCORD_OK ? NULL : error, accord_bytes_of(following->state));
    }
    accord_buffer_free(&text);
    following->saved = following->position;
    return status;
}

/* What goes away by waiting: the network's troubles, and a tile that is not there yet. */
static bool is_passing(enum accord_status status)
{
    return status == ACCORD_NETWORK || status == ACCORD_NOT_FOUND;
}

/* Prints what the accepted tree has that was not printed. */
static enum accord_status print_new(struct following *following, struct accord_bytes origin, struct accord_error *error)
{
    struct accord_position *position = &following->position;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && position->next < position->size && stop == 0) {
        status =
            accord_follow_bundle(position, following->reader, following->call->crypto, print_entry, following, error);
        if (status == ACCORD_OK) {
            status = save(following, origin, true, error);
        }
    }
    /* What came before a trouble that passes is not printed again because of it. */
    struct accord_error saving;
    enum accord_status saved =
        status == ACCORD_OK || is_passing(status) ? save(following, origin, false, &saving) : ACCORD_OK;
    if (saved != ACCORD_OK) {
        *error = saving;
        return saved;
    }
    return status;
}

/* One look at the log: its new entries, if any. */
static enum accord_status look(struct following *following, bool first, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_position *position = &following->position;
    following->note.size = 0;
    idle = 1;
    enum accord_status status = accord_reader_checkpoint(following->reader, &following->note, error);
    idle = 0;
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&following->note), error);
    }
    if (status == ACCORD_OK && first) {
        uint64_t from = position->next;
        status = load(following, claim.origin, error);
        position->next = accord_call_value(following->call, "from") != NULL ? from : position->next;
    }
    if (status == ACCORD_OK) {
        status = check_signed(following, &claim, error);
    }
    if (status == ACCORD_OK) {
        status = accord_follow_tree(position, following->reader, following->call->crypto, &claim, error);
    }
    return status == ACCORD_OK ? print_new(following, claim.origin, error) : status;
}

static enum accord_status follow(struct following *following, uint64_t interval, struct accord_error *error)
{
    bool once = accord_call_flag(following->call, "once"), met = false;
    uint64_t backoff = interval;
    for (;;) {
        enum accord_status status = look(following, !met, error);
        met = met || status == ACCORD_OK;
        if (following->lines.ended) {
            return ACCORD_OK;
        }
        if (status != ACCORD_OK && (once || !met || !is_passing(status))) {
            return status;
        }
        if (once || stop != 0) {
            return ACCORD_OK;
        }
        if (status != ACCORD_OK) {
            accord_note(following->call, "%s: %s; looking again in %" PRIu64 " s", error->what, error->found, backoff);
        }
        accord_lines_pause(&following->lines, 1000 * (status == ACCORD_OK ? interval : backoff));
        if (following->lines.ended || stop != 0) {
            return ACCORD_OK;
        }
        backoff = status == ACCORD_OK                 ? interval
                  : backoff * 2 > BACKOFF_MAX_SECONDS ? BACKOFF_MAX_SECONDS
                                                      : backoff * 2;
    }
}

static int run(struct accord_call *call, const struct accord_vkey *vkey, const struct accord_policy *policy,
               uint64_t from, uint64_t interval)
{
    struct accord_error error = {0};
    struct following following = {.call = call,
                                  .vkey = vkey,
                                  .policy = policy,
                                  .state = accord_call_value(call, "state"),
                                  .position = {.next = from}};
    accord_buffer_init(&following.note, ACCORD_NOTE_SIZE_MAX);
    accord_lines_init(&following.lines, &stop);
    const struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    if (vkey == NULL && policy == NULL) {
        accord_note(call, "nobody's signature is asked for: give --vkey or --policy to know whose log this is");
    }
    enum accord_status status =
        accord_log_source_open(&following.reader, call->fs, call->crypto, call->network, call->operands[0], &error);
    if (status == ACCORD_OK) {
        status = follow(&following, interval, &error);
    }
    error.status = status;
    int result = status == ACCORD_OK ? 0 : accord_refuse(call, call->operands[0], &error);
    accord_reader_close(following.reader);
    accord_buffer_free(&following.note);
    accord_lines_free(&following.lines);
    return result;
}

/* Reads the policy, if one is given, and goes on. */
static int run_with_policy(struct accord_call *call, const struct accord_vkey *vkey, uint64_t from, uint64_t interval)
{
    const char *path = accord_call_value(call, "policy");
    struct accord_error error = {0};
    struct accord_buffer text;
    if (path == NULL) {
        return run(call, vkey, NULL, from, interval);
    }
    struct accord_policy *policy = malloc(sizeof *policy);
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status =
        policy == NULL ? accord_fail(&error, ACCORD_NO_MEMORY, 0) : accord_file_read(call->fs, path, &text, &error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(policy, accord_buffer_bytes(&text), call->crypto, &error);
    }
    int result = status == ACCORD_OK ? run(call, vkey, policy, from, interval) : accord_refuse(call, path, &error);
    accord_buffer_free(&text);
    free(policy);
    return result;
}

int accord_run_log_follow(struct accord_call *call)
{
    struct accord_error error;
    struct accord_vkey vkey;
    uint64_t from = 0, interval = INTERVAL_SECONDS;
    const char *text = accord_call_value(call, "vkey"), *given = accord_call_value(call, "from");
    const char *seconds = accord_call_value(call, "interval");
    if (given != NULL && !accord_decimal_read(accord_bytes_of(given), &from)) {
        return accord_usage(call, "--from is a number in decimal, not %s", given);
    }
    if (seconds != NULL && (!accord_decimal_read(accord_bytes_of(seconds), &interval) || interval == 0 ||
                            interval > INTERVAL_MAX_SECONDS)) {
        return accord_usage(call, "--interval is a number of seconds, from 1 to %d", INTERVAL_MAX_SECONDS);
    }
    if (text != NULL && accord_call_value(call, "policy") != NULL) {
        return accord_usage(call, "--vkey or --policy, not both");
    }
    if (text != NULL && accord_vkey_parse(&vkey, accord_bytes_of(text), call->crypto, &error) != ACCORD_OK) {
        return accord_refuse(call, "--vkey", &error);
    }
    return run_with_policy(call, text == NULL ? NULL : &vkey, from, interval);
}
