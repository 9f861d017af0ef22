/* accord init: a new accord, made in a directory beside its own and moved there when it is whole. What the charter and
 * the roster say stands in founding.c. */
#include "base/file.h"
#include "cli/accord_dir.h"
#include "cli/commands.h"
#include "cli/founding.h"
#include "cli/publish.h"
#include "cli/say.h"
#include "core/text.h"
#include "follow/chain.h"
#include "keys/checkpoint.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMBERS_FILE_MAX (1024 * 1024)

const struct accord_option accord_options_init[] = {
    {.name = "name", .value = "NAME", .help = "the accord's name; its log is NAME/log", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "members",
     .value = "FILE.tsv",
     .help = "a line for each: name, domain, jurisdiction, and four public keys",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "demo-keys", .value = "KEYS", .help = "make every member's keys too, in KEYS/DOMAIN/: for trying things"},
    {.name = "founder-keys", .value = "KEYS", .help = "sign with KEYS/DOMAIN/release.key of every member"},
    {.name = "jurisdictions", .value = "J", .help = "how many jurisdictions must vouch; three quarters otherwise"},
    {.name = "witnesses", .value = "K", .help = "how many witnesses in each of them; 1 otherwise"},
    {.name = "admit",
     .value = "N",
     .help = "how many members must sign the next roster; otherwise two thirds, and more than one jurisdiction has"},
    {.name = NULL}};

/* An accord in the making. Every path is of the temporary directory. */
struct making {
    const struct accord_call *call;
    struct accord_founding *founding;
    struct accord_buffer members;
    char temporary[ACCORD_PATH_SIZE];
    struct accord_dir dir;
    struct accord_signer *log_key;
    struct accord_buffer charter, roster, checkpoint;
    char demo[ACCORD_PATH_SIZE];    /* absolute; empty without --demo-keys */
    bool made_directory, made_keys; /* by this process: to be removed on failure */
    uint8_t digest[ACCORD_HASH_SIZE];
};

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

/* Removes what this process made. */
static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static enum accord_status make_dir(const struct accord_call *call, const char *path, unsigned mode,
                                   struct accord_error *error)
{
    int result = call->fs->make_dir(call->fs->context, path, mode);
    return result < 0 ? accord_file_error(error, result, path) : ACCORD_OK;
}

/* DIR.new-PID with public/ and private/: the paths of what will be inside. */
static enum accord_status make_layout(struct making *making, struct accord_error *error)
{
    const struct accord_call *call = making->call;
    char private_dir[ACCORD_PATH_SIZE];
    size_t length = strlen(call->operands[0]);
    while (length > 1 && call->operands[0][length - 1] == '/') {
        length--;
    }
    int size = snprintf(making->temporary, sizeof making->temporary, "%.*s.new-%ld", (int)length, call->operands[0],
                        (long)getpid());
    if (size < 0 || size >= ACCORD_PATH_SIZE) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    struct accord_dir *dir = &making->dir;
    enum accord_status status = accord_path_join(dir->log, making->temporary, NULL, "public", error);
    if (status == ACCORD_OK) {
        status = accord_path_join(private_dir, making->temporary, NULL, "private", error);
    }
    if (status == ACCORD_OK) {
        status = accord_path_join(dir->log_key, private_dir, NULL, "log.key", error);
    }
    if (status == ACCORD_OK) {
        status = accord_path_join(dir->witnesses, private_dir, NULL, "witnesses.db", error);
    }
    if (status == ACCORD_OK) {
        status = accord_path_join(dir->demo, private_dir, NULL, "demo", error);
    }
    if (status == ACCORD_OK) {
        status = make_dir(call, making->temporary, 0755, error);
    }
    making->made_directory = status == ACCORD_OK;
    return status == ACCORD_OK ? make_dir(call, private_dir, 0700, error) : status;
}

/* The keys that sign: made now, or the founders' own. */
static enum accord_status make_signers(struct making *making, struct accord_error *error)
{
    const struct accord_call *call = making->call;
    const char *demo = accord_call_value(call, "demo-keys");
    if (demo == NULL) {
        return accord_founding_open_keys(making->founding, call->fs, accord_call_value(call, "founder-keys"), error);
    }
    enum accord_status status = make_dir(call, demo, 0700, error);
    making->made_keys = status == ACCORD_OK;
    if (status == ACCORD_OK) {
        status = accord_founding_make_keys(making->founding, call->fs, demo, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    char *absolute = realpath(demo, NULL);
    if (absolute == NULL) {
        return accord_file_error(error, -errno, demo);
    }
    int size = snprintf(making->demo, sizeof making->demo, "%s\n", absolute);
    free(absolute);
    if (size < 0 || size >= ACCORD_PATH_SIZE) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    return accord_file_create(call->fs, making->dir.demo, accord_bytes_of(making->demo), 0600, error);
}

static enum accord_status make_log(struct making *making, struct accord_error *error)
{
    const struct accord_call *call = making->call;
    char name[ACCORD_KEY_NAME_SIZE_MAX + 8];
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_buffer empty;
    snprintf(name, sizeof name, "%.*s/log", ACCORD_KEY_NAME_SIZE_MAX - 4, accord_call_value(call, "name"));
    enum accord_status status =
        accord_signer_generate(&making->log_key, accord_bytes_of(name), ACCORD_KEY_ED25519, error);
    if (status == ACCORD_OK) {
        status = accord_signer_save(making->log_key, call->fs, making->dir.log_key, NULL, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&empty, ACCORD_NOTE_SIZE_MAX);
    accord_merkle_empty_root(call->crypto, root);
    status = accord_checkpoint_sign(making->log_key, 0, root, &empty, error);
    if (status == ACCORD_OK) {
        status = accord_log_create(call->fs, call->crypto, making->dir.log, accord_buffer_bytes(&empty), error);
    }
    accord_buffer_free(&empty);
    return status;
}

static enum accord_status make_statements(struct making *making, struct accord_error *error)
{
    const struct accord_crypto *crypto = making->call->crypto;
    enum accord_status status = accord_founding_charter(making->founding, crypto, &making->charter, error);
    if (status == ACCORD_OK) {
        accord_hash(crypto, accord_buffer_bytes(&making->charter), making->digest);
        status = accord_founding_roster(making->founding, accord_buffer_bytes(&making->charter),
                                        accord_signer_vkey(making->log_key)->text, crypto, &making->roster, error);
    }
    return status;
}

static enum accord_status append_prefixed(struct accord_buffer *batch, struct accord_bytes entry)
{
    const uint8_t length[2] = {(uint8_t)(entry.size >> 8), (uint8_t)entry.size};
    enum accord_status status = accord_buffer_append(batch, (struct accord_bytes){length, 2});
    return status == ACCORD_OK ? accord_buffer_append(batch, entry) : status;
}

/* Charter and roster become entries 0 and 1. */
static enum accord_status append_statements(struct making *making, struct accord_log *log, struct accord_error *error)
{
    struct accord_buffer batch;
    uint64_t first, count;
    accord_buffer_init(&batch, 2 * (ACCORD_ENTRY_SIZE_MAX + 2));
    enum accord_status status = append_prefixed(&batch, accord_buffer_bytes(&making->charter));
    if (status == ACCORD_OK) {
        status = append_prefixed(&batch, accord_buffer_bytes(&making->roster));
    }
    if (status == ACCORD_OK) {
        status = accord_log_append(log, accord_buffer_bytes(&batch), &first, &count, error);
    }
    accord_buffer_free(&batch);
    return status;
}

/* Publishes under roster 1's own rule in the demo, where its witnesses are here; a real accord's first checkpoint waits
 * for its witnesses (`accord log publish`). */
static enum accord_status publish(struct making *making, struct accord_log *log,
                                  const struct accord_roster_claim *roster, struct accord_policy *policy,
                                  struct accord_error *error)
{
    const struct accord_call *call = making->call;
    struct accord_buffer text;
    struct accord_keyring witnesses = {0};
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_chain_policy(roster, &text, error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(policy, accord_buffer_bytes(&text), call->crypto, error);
    }
    const char *demo = accord_call_value(call, "demo-keys");
    if (status == ACCORD_OK && demo != NULL) {
        status = accord_keyring_witnesses(&witnesses, call->fs, demo, roster, error);
    }
    if (status == ACCORD_OK) {
        struct accord_publisher publisher = {.fs = call->fs,
                                             .crypto = call->crypto,
                                             .clock = call->clock,
                                             .log_key = making->log_key,
                                             .witnesses = witnesses.signers,
                                             .witness_count = witnesses.count,
                                             .witness_state = making->dir.witnesses,
                                             .policy = demo == NULL ? NULL : policy};
        status = accord_publish(log, making->dir.log, &publisher, &making->checkpoint, error);
    }
    accord_keyring_free(&witnesses);
    accord_buffer_free(&text);
    return status;
}

static enum accord_status fill_log(struct making *making, struct accord_error *error)
{
    const struct accord_call *call = making->call;
    struct accord_log *log;
    enum accord_status status = accord_log_open(&log, call->fs, call->crypto, making->dir.log, true, error);
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_roster_claim *roster = malloc(sizeof *roster);
    struct accord_policy *policy = malloc(sizeof *policy);
    status = roster == NULL || policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                                              : append_statements(making, log, error);
    if (status == ACCORD_OK) {
        status = accord_roster_parse(roster, accord_buffer_bytes(&making->roster), call->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = publish(making, log, roster, policy, error);
    }
    free(policy);
    free(roster);
    accord_log_close(log);
    return status;
}

/* Moves the whole to its place, durably. */
static enum accord_status settle(const struct making *making, struct accord_error *error)
{
    const struct accord_call *call = making->call;
    int result = call->fs->sync_all(call->fs->context, making->temporary);
    if (result >= 0) {
        result = call->fs->rename(call->fs->context, making->temporary, call->operands[0]);
    }
    if (result >= 0) {
        result = call->fs->sync_all(call->fs->context, call->operands[0]);
    }
    return result < 0 ? accord_file_error(error, result, call->operands[0]) : ACCORD_OK;
}

/* The steps in their order; what they leave behind on failure, run removes. */
static enum accord_status make(struct making *making, struct accord_error *error)
{
    enum accord_status (*const steps[])(struct making *, struct accord_error *) = {make_layout, make_signers, make_log,
                                                                                   make_statements, fill_log};
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < sizeof steps / sizeof steps[0]; i++) {
        status = steps[i](making, error);
    }
    return status == ACCORD_OK ? settle(making, error) : status;
}

static int tell(const struct making *making)
{
    const struct accord_call *call = making->call;
    const struct accord_founding *founding = making->founding;
    uint8_t text[96];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_digest_print(&out, making->digest);
    accord_note(call, "made %s: %s, %zu members in %zu jurisdictions", call->operands[0],
                accord_call_value(call, "name"), founding->count, founding->jurisdiction_count);
    accord_note(call, "  the rule: %u witness%s in each of %u jurisdictions; %u members admit the next roster",
                founding->quorum_witnesses, founding->quorum_witnesses == 1 ? "" : "es", founding->quorum_jurisdictions,
                founding->admit);
    accord_note(call, "  charter %.*s", ACCORD_TEXT(accord_out_bytes(&out)));
    accord_note(call, "  next: accord trust pin %s -o accord.trust", call->operands[0]);
    return accord_answer(call,
                         json_pack("{s:o, s:o, s:I, s:I, s:i, s:{s:i, s:i}}", "name",
                                   accord_json_text(accord_bytes_of(accord_call_value(call, "name"))), "charter",
                                   accord_json_digest(making->digest), "members", (json_int_t)founding->count,
                                   "jurisdictions", (json_int_t)founding->jurisdiction_count, "admit",
                                   (int)founding->admit, "quorum", "jurisdictions", (int)founding->quorum_jurisdictions,
                                   "witnesses", (int)founding->quorum_witnesses));
}

static bool read_number(const struct accord_call *call, const char *option, unsigned *number)
{
    uint64_t wide = 0;
    const char *text = accord_call_value(call, option);
    if (text == NULL) {
        return true;
    }
    if (!accord_decimal_read(accord_bytes_of(text), &wide) || wide < 1 || wide > ACCORD_MEMBERS_MAX) {
        return false;
    }
    *number = (unsigned)wide;
    return true;
}

/* Reads the members and settles the rule: nothing is made before that. */
static enum accord_status prepare(struct making *making, struct accord_error *error)
{
    const struct accord_call *call = making->call;
    const char *path = accord_call_value(call, "members");
    const char *places[] = {call->operands[0], accord_call_value(call, "demo-keys")};
    for (size_t i = 0; i < 2; i++) {
        if (places[i] != NULL && call->fs->exists(call->fs->context, places[i]) != 0) {
            return accord_file_error(error, -EEXIST, places[i]);
        }
    }
    enum accord_status status = accord_file_read(call->fs, path, &making->members, error);
    if (status == ACCORD_OK) {
        status = accord_founding_read(making->founding, accord_buffer_bytes(&making->members), error);
        if (status != ACCORD_OK && error->what[0] == '\0') {
            accord_error_what(error, accord_bytes_of(path));
        }
    }
    return status == ACCORD_OK ? accord_founding_rule(making->founding, error) : status;
}

static int run(struct making *making)
{
    const struct accord_call *call = making->call;
    struct accord_error error = {0};
    accord_buffer_init(&making->members, MEMBERS_FILE_MAX);
    accord_buffer_init(&making->charter, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&making->roster, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&making->checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = prepare(making, &error);
    if (status == ACCORD_OK) {
        status = make(making, &error);
        if (status != ACCORD_OK && making->made_directory) {
            remove_tree(making->temporary);
        }
        if (status != ACCORD_OK && making->made_keys) {
            remove_tree(accord_call_value(call, "demo-keys"));
        }
    }
    error.status = status;
    int result = status == ACCORD_OK ? tell(making) : accord_refuse(call, NULL, &error);
    accord_founding_free(making->founding);
    accord_signer_free(making->log_key);
    accord_buffer_free(&making->members);
    accord_buffer_free(&making->charter);
    accord_buffer_free(&making->roster);
    accord_buffer_free(&making->checkpoint);
    return result;
}

int accord_run_init(struct accord_call *call)
{
    if ((accord_call_value(call, "demo-keys") == NULL) == (accord_call_value(call, "founder-keys") == NULL)) {
        return accord_usage(call, "give either --demo-keys or --founder-keys");
    }
    if (!accord_key_name_valid(accord_bytes_of(accord_call_value(call, "name")))) {
        return accord_usage(call, "--name must be a name without spaces and without '+'");
    }
    struct making *making = calloc(1, sizeof *making);
    struct accord_founding *founding = calloc(1, sizeof *founding);
    int result;
    if (making == NULL || founding == NULL) {
        result = accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    } else {
        founding->name = accord_bytes_of(accord_call_value(call, "name"));
        making->call = call;
        making->founding = founding;
        if (!read_number(call, "jurisdictions", &founding->quorum_jurisdictions) ||
            !read_number(call, "witnesses", &founding->quorum_witnesses) ||
            !read_number(call, "admit", &founding->admit)) {
            result = accord_usage(call, "--jurisdictions, --witnesses and --admit must be numbers from 1 to 128");
        } else {
            result = run(making);
        }
    }
    free(founding);
    free(making);
    return result;
}
