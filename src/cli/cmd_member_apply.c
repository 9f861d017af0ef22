/* accord member apply, rotate, leave: what a candidate or a member says of itself, in a file that travels to the
 * others. Private keys stay where they are: they sign here, and what is in the file is public. */
#include <stdlib.h>
#include <string.h>

#include "accord/apply.h"
#include "cli/commands.h"
#include "cli/member_files.h"
#include "cli/say.h"
#include "core/text.h"
#include "keys/key.h"

#define REPORT_DAYS_MAX 3650
#define ACCORD_MEMBER_ACCORD                                                                                           \
    {                                                                                                                  \
        .name = "accord", .value = "LOG", .help = "the accord's directory, or its log's URL",                          \
        .rule = ACCORD_OPTION_REQUIRED                                                                                 \
    }
#define ACCORD_MEMBER_OUTPUT                                                                                           \
    {                                                                                                                  \
        .name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"          \
    }
#define ACCORD_MEMBER_PASSPHRASE                                                                                       \
    {                                                                                                                  \
        .name = "passphrase-file", .value = "F", .help = "the passphrase of the keys"                                  \
    }

const struct accord_option accord_options_member_apply[] = {
    ACCORD_MEMBER_ACCORD,
    {.name = "domain", .value = "D", .help = "the candidate's domain", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "jurisdiction", .value = "JJ", .help = "its jurisdiction (ISO 3166-1)", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "title", .value = "T", .help = "its name in words", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key",
     .value = "[ROLE=]FILE",
     .help = "a private key whose public half goes in, and which signs",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "public",
     .value = "ROLE=VKEY",
     .help = "a public key, or age1... for report, whose private half is elsewhere",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "url", .value = "ROLE=URL", .help = "where its witness or mirror is", .rule = ACCORD_OPTION_REPEATED},
    {.name = "threshold", .value = "N", .help = "how many of its release keys must sign; 1 otherwise"},
    {.name = "report-days", .value = "N", .help = "what is reported to it opens after so many days, if not earlier"},
    ACCORD_MEMBER_OUTPUT,
    ACCORD_MEMBER_PASSPHRASE,
    {.name = NULL}};

const struct accord_option accord_options_member_rotate[] = {
    ACCORD_MEMBER_ACCORD,
    {.name = "domain", .value = "D", .help = "the member", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "jurisdiction", .value = "JJ", .help = "its jurisdiction, where that is another now"},
    {.name = "title", .value = "T", .help = "its name in words, where that is another now"},
    {.name = "key",
     .value = "[ROLE=]FILE",
     .help = "a private key: a new one goes in, and signs; one that the member has signs",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "public", .value = "ROLE=VKEY", .help = "a new public key", .rule = ACCORD_OPTION_REPEATED},
    {.name = "drop", .value = "NAME|VKEY", .help = "a key that the member gives up", .rule = ACCORD_OPTION_REPEATED},
    {.name = "url", .value = "ROLE=URL", .help = "where its witness or mirror is", .rule = ACCORD_OPTION_REPEATED},
    {.name = "threshold", .value = "N", .help = "how many of its release keys must sign"},
    {.name = "report-days", .value = "N", .help = "what is reported to it opens after so many days, if not earlier"},
    ACCORD_MEMBER_OUTPUT,
    ACCORD_MEMBER_PASSPHRASE,
    {.name = NULL}};

const struct accord_option accord_options_member_leave[] = {
    ACCORD_MEMBER_ACCORD,
    {.name = "domain", .value = "D", .help = "the member", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key", .value = "KEY", .help = "a release key of the member", .rule = ACCORD_OPTION_SOME},
    {.name = "reason", .value = "TEXT", .help = "why, in at most 256 bytes"},
    ACCORD_MEMBER_OUTPUT,
    ACCORD_MEMBER_PASSPHRASE,
    {.name = NULL}};

/* An application in the making. */
struct applying {
    const struct accord_call *call;
    struct accord_member_log log;
    struct accord_member member;
    struct accord_roster_key keys[ACCORD_APPLY_KEYS_MAX];
    struct accord_signer *signers[ACCORD_APPLY_KEYS_MAX];
    struct accord_buffer texts[ACCORD_APPLY_KEYS_MAX]; /* public halves of the private keys */
    size_t signer_count, text_count, dropped_count;
    struct accord_bytes dropped[ACCORD_APPLY_KEYS_MAX]; /* what is given up */
    struct accord_member_file file;
    struct accord_apply_claim claim;
};

static enum accord_status wrong(const char *option, const char *value, struct accord_error *error)
{
    accord_fail(error, ACCORD_USAGE, 0);
    accord_error_what(error, accord_bytes_of(option));
    accord_error_found(error, accord_bytes_of(value));
    return ACCORD_USAGE;
}

/* Cuts `ROLE=` off the text; false, with nothing changed, where it does not begin with a role. */
static bool cut_role(struct accord_bytes *text, enum accord_key_role *role)
{
    struct accord_bytes rest = *text, word;
    if (!accord_cut(&rest, '=', &word) || !accord_role_read(word, role)) {
        return false;
    }
    *text = rest;
    return true;
}

/* The role that a key's name speaks of: the word after the domain, as `accord key new` has it in its examples. */
static bool guess_role(const struct accord_vkey *vkey, enum accord_key_role *role)
{
    struct accord_bytes rest = vkey->name, domain;
    bool cosigns = vkey->type != ACCORD_KEY_ED25519;
    if (accord_cut(&rest, '/', &domain)) {
        struct accord_bytes word;
        if (!accord_cut(&rest, '-', &word)) {
            word = rest;
        }
        if (accord_role_read(word, role) && *role != ACCORD_ROLE_REPORT &&
            cosigns == (*role == ACCORD_ROLE_WITNESS || *role == ACCORD_ROLE_MIRROR)) {
            return true;
        }
    }
    *role = cosigns ? ACCORD_ROLE_WITNESS : ACCORD_ROLE_RELEASE;
    return cosigns;
}

static size_t find_key(const struct applying *applying, struct accord_bytes text)
{
    for (size_t i = 0; i < applying->member.key_count; i++) {
        if (accord_bytes_equal(applying->keys[i].text, text)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void drop_at(struct applying *applying, size_t at)
{
    applying->member.key_count--;
    memmove(&applying->keys[at], &applying->keys[at + 1], (applying->member.key_count - at) * sizeof applying->keys[0]);
}

/* Puts a key in; one of a role of which a member has one takes the other's place, and its URL. */
static enum accord_status add_key(struct applying *applying, enum accord_key_role role, struct accord_bytes text,
                                  struct accord_error *error)
{
    struct accord_roster_key key = {.role = role, .text = text};
    for (size_t i = 0; i < applying->dropped_count; i++) {
        if (accord_bytes_equal(applying->dropped[i], text)) {
            accord_fail(error, ACCORD_DUPLICATE, 0);
            accord_error_what(error, text);
            accord_error_expected(error, ACCORD_LITERAL("a key that is not given up with --drop"));
            return ACCORD_DUPLICATE;
        }
    }
    for (size_t i = 0; i < applying->member.key_count; i++) {
        if (applying->keys[i].role == role && (role == ACCORD_ROLE_WITNESS || role == ACCORD_ROLE_MIRROR)) {
            key.url = applying->keys[i].url;
            drop_at(applying, i);
        }
    }
    if (applying->member.key_count == ACCORD_APPLY_KEYS_MAX) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    applying->keys[applying->member.key_count++] = key;
    return ACCORD_OK;
}

/* The public half of a private key, which stays in *text. */
static enum accord_status public_half(struct applying *applying, const char *path, struct accord_bytes *text,
                                      struct accord_error *error)
{
    struct accord_buffer *buffer = &applying->texts[applying->text_count];
    if (applying->text_count == ACCORD_APPLY_KEYS_MAX) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    accord_buffer_init(buffer, 4096);
    applying->text_count++;
    enum accord_status status = accord_key_public(applying->call->fs, path,
                                                  accord_call_value(applying->call, "passphrase-file"), buffer, error);
    *text = accord_buffer_bytes(buffer);
    return status;
}

/* A key that signs statements signs this one. */
static enum accord_status keep_signer(struct applying *applying, const char *path, struct accord_error *error)
{
    struct accord_signer **signer = &applying->signers[applying->signer_count];
    enum accord_status status = accord_signer_open(signer, applying->call->fs, path,
                                                   accord_call_value(applying->call, "passphrase-file"), error);
    applying->signer_count += status == ACCORD_OK;
    return status;
}

/* --key [ROLE=]FILE */
static enum accord_status take_private(struct applying *applying, const char *argument, struct accord_error *error)
{
    struct accord_bytes path = accord_bytes_of(argument), text;
    enum accord_key_role role = ACCORD_ROLE_REPORT;
    bool given = cut_role(&path, &role);
    enum accord_status status = public_half(applying, (const char *)path.data, &text, error);
    if (status != ACCORD_OK) {
        accord_error_what(error, path);
        return status;
    }
    struct accord_bytes rest = text;
    struct accord_vkey vkey;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("age1"))) {
        status = accord_vkey_parse(&vkey, text, applying->call->crypto, error);
        if (status == ACCORD_OK && vkey.type == ACCORD_KEY_ED25519) {
            status = keep_signer(applying, (const char *)path.data, error);
        }
        bool there = find_key(applying, text) != SIZE_MAX;
        if (status == ACCORD_OK && !given && !there && !guess_role(&vkey, &role)) {
            return wrong("key", argument, error);
        }
    } else {
        role = ACCORD_ROLE_REPORT;
    }
    return status == ACCORD_OK && find_key(applying, text) == SIZE_MAX ? add_key(applying, role, text, error) : status;
}

static enum accord_status take_keys(struct applying *applying, struct accord_error *error)
{
    const char *argument;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(applying->call, "key", &cursor, &argument)) {
        status = take_private(applying, argument, error);
    }
    cursor = 0;
    while (status == ACCORD_OK && accord_call_next(applying->call, "public", &cursor, &argument)) {
        struct accord_bytes text = accord_bytes_of(argument);
        enum accord_key_role role;
        if (!cut_role(&text, &role)) {
            return wrong("public", argument, error);
        }
        status = add_key(applying, role, text, error);
    }
    cursor = 0;
    while (status == ACCORD_OK && accord_call_next(applying->call, "url", &cursor, &argument)) {
        struct accord_bytes text = accord_bytes_of(argument);
        enum accord_key_role role;
        size_t at = 0;
        bool is_role = cut_role(&text, &role);
        while (is_role && at < applying->member.key_count && applying->keys[at].role != role) {
            at++;
        }
        if (!is_role || at == applying->member.key_count) {
            return wrong("url", argument, error);
        }
        applying->keys[at].url = text;
    }
    return status;
}

/* A number from 1 to most; *number stays where the option is not given. */
static enum accord_status take_number(const struct applying *applying, const char *option, uint64_t most,
                                      unsigned *number, struct accord_error *error)
{
    const char *text = accord_call_value(applying->call, option);
    uint64_t given;
    if (text == NULL) {
        return ACCORD_OK;
    }
    if (!accord_decimal_read(accord_bytes_of(text), &given) || given == 0 || given > most) {
        return wrong(option, text, error);
    }
    *number = (unsigned)given;
    return ACCORD_OK;
}

/* Keys in the order of their roles, so that the same keys make the same text. */
static void sort_keys(struct applying *applying)
{
    struct accord_roster_key *keys = applying->keys;
    for (size_t i = 1; i < applying->member.key_count; i++) {
        for (size_t k = i; k > 0 && keys[k - 1].role > keys[k].role; k--) {
            const struct accord_roster_key key = keys[k];
            keys[k] = keys[k - 1];
            keys[k - 1] = key;
        }
    }
}

/* Prints the application, signs it with all that is here, and has the parser look at it. */
static enum accord_status make(struct applying *applying, struct accord_error *error)
{
    uint8_t *memory = malloc(ACCORD_ENTRY_SIZE_MAX);
    if (memory == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {memory, ACCORD_ENTRY_SIZE_MAX, 0, false};
    sort_keys(applying);
    accord_put(&out, ACCORD_LITERAL("accord/v1/apply\ncharter "));
    accord_digest_print(&out, applying->log.chain->digest);
    accord_put_byte(&out, '\n');
    accord_member_print(&out, &applying->member, applying->keys);
    enum accord_status status = out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                                         : accord_member_file_begin(&applying->file, accord_out_bytes(&out), error);
    free(memory);
    for (size_t i = 0; status == ACCORD_OK && i < applying->signer_count; i++) {
        status = accord_member_file_add(&applying->file, applying->signers[i], error);
    }
    return status == ACCORD_OK ? accord_apply_parse(&applying->claim, accord_buffer_bytes(&applying->file.whole),
                                                    applying->call->crypto, error)
                               : status;
}

static enum accord_status begin_apply(struct applying *applying, struct accord_error *error)
{
    const struct accord_call *call = applying->call;
    (void)error;
    applying->member = (struct accord_member){.domain = accord_bytes_of(accord_call_value(call, "domain")),
                                              .jurisdiction = accord_bytes_of(accord_call_value(call, "jurisdiction")),
                                              .title = accord_bytes_of(accord_call_value(call, "title")),
                                              .release_threshold = 1};
    return ACCORD_OK;
}

/* Begins with the lines that the member has, without the keys that are dropped. */
static enum accord_status begin_rotate(struct applying *applying, struct accord_error *error)
{
    const struct accord_call *call = applying->call;
    const struct accord_roster_claim *roster = accord_chain_roster(applying->log.chain);
    struct accord_bytes domain = accord_bytes_of(accord_call_value(call, "domain"));
    const char *jurisdiction = accord_call_value(call, "jurisdiction"), *title = accord_call_value(call, "title");
    const char *name;
    size_t place = accord_roster_member(roster, domain), cursor = 0;
    if (place == SIZE_MAX || roster->members[place].key_count > ACCORD_APPLY_KEYS_MAX) {
        accord_fail(error, place == SIZE_MAX ? ACCORD_NOT_A_MEMBER : ACCORD_TOO_LARGE, 0);
        accord_error_what(error, domain);
        return error->status;
    }
    applying->member = roster->members[place];
    memcpy(applying->keys, &roster->keys[applying->member.first_key],
           applying->member.key_count * sizeof applying->keys[0]);
    applying->member.jurisdiction =
        jurisdiction == NULL ? applying->member.jurisdiction : accord_bytes_of(jurisdiction);
    applying->member.title = title == NULL ? applying->member.title : accord_bytes_of(title);
    while (accord_call_next(call, "drop", &cursor, &name)) {
        size_t before = applying->member.key_count;
        struct accord_bytes wanted = accord_bytes_of(name);
        for (size_t i = applying->member.key_count; i-- > 0;) {
            if (accord_bytes_equal(applying->keys[i].text, wanted) ||
                accord_bytes_equal(applying->keys[i].vkey.name, wanted)) {
                applying->dropped[applying->dropped_count++] = applying->keys[i].text;
                drop_at(applying, i);
            }
        }
        if (applying->member.key_count == before) {
            return wrong("drop", name, error);
        }
    }
    return ACCORD_OK;
}

/* Says what is in the file, and which keys have yet to sign it. */
static int tell(const struct accord_call *call, const struct applying *applying)
{
    const struct accord_apply_claim *claim = &applying->claim;
    json_t *missing = json_array();
    for (size_t i = 0; i < claim->member.key_count; i++) {
        const struct accord_roster_key *key = &claim->keys[i];
        bool statements = key->role != ACCORD_ROLE_REPORT && key->vkey.type == ACCORD_KEY_ED25519;
        bool is_signed = statements &&
                         accord_note_signed_by(&claim->statement.note, &key->vkey, call->crypto, NULL) == ACCORD_SIGNED;
        accord_note(call, "  %.*s %.*s%s", ACCORD_TEXT(accord_role_name(key->role)), ACCORD_TEXT(key->text),
                    statements && !is_signed ? ", which has yet to sign (accord member sign)" : "");
        if (statements && !is_signed) {
            (void)json_array_append_new(missing, accord_json_text(key->vkey.name));
        }
    }
    return accord_answer(call,
                         json_pack("{s:o, s:o}", "domain", accord_json_text(claim->member.domain), "missing", missing));
}

static int run(struct accord_call *call,
               enum accord_status (*begin)(struct applying *applying, struct accord_error *error))
{
    struct accord_error error = {0};
    struct applying *applying = calloc(1, sizeof *applying);
    if (applying == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    applying->call = call;
    enum accord_status status =
        accord_member_log_open(&applying->log, call, accord_call_value(call, "accord"), false, &error);
    if (status == ACCORD_OK) {
        status = begin(applying, &error);
    }
    if (status == ACCORD_OK) {
        status = take_keys(applying, &error);
    }
    if (status == ACCORD_OK) {
        status = take_number(applying, "threshold", ACCORD_APPLY_KEYS_MAX, &applying->member.release_threshold, &error);
    }
    if (status == ACCORD_OK) {
        status = take_number(applying, "report-days", REPORT_DAYS_MAX, &applying->member.report_days, &error);
    }
    if (status == ACCORD_OK) {
        status = make(applying, &error);
    }
    if (status == ACCORD_OK) {
        status =
            accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&applying->file.bytes), &error);
    }
    error.status = status;
    int result = status == ACCORD_OK ? tell(call, applying)
                 : status == ACCORD_USAGE
                     ? accord_usage(call, "--%s %s: that is no value for it", error.what, error.found)
                     : accord_refuse(call, NULL, &error);
    for (size_t i = 0; i < applying->signer_count; i++) {
        accord_signer_free(applying->signers[i]);
    }
    for (size_t i = 0; i < applying->text_count; i++) {
        accord_buffer_free(&applying->texts[i]);
    }
    accord_member_file_free(&applying->file);
    accord_member_log_free(&applying->log);
    free(applying);
    return result;
}

int accord_run_member_apply(struct accord_call *call)
{
    return run(call, begin_apply);
}

int accord_run_member_rotate(struct accord_call *call)
{
    return run(call, begin_rotate);
}

/* leave */

static enum accord_status make_departure(const struct accord_call *call, const struct accord_chain *chain,
                                         struct accord_member_file *file, struct accord_error *error)
{
    uint8_t text[1024];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_leave_claim claim;
    struct accord_signers signers;
    const char *reason = accord_call_value(call, "reason"), *domain = accord_call_value(call, "domain");
    size_t added;
    accord_put(&out, ACCORD_LITERAL("accord/v1/leave\ncharter "));
    accord_digest_print(&out, chain->digest);
    accord_put_byte(&out, '\n');
    accord_field_print(&out, ACCORD_LITERAL("member"), accord_bytes_of(domain));
    if (reason != NULL) {
        accord_field_print(&out, ACCORD_LITERAL("reason"), accord_bytes_of(reason));
    }
    enum accord_status status = out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                                         : accord_member_file_begin(file, accord_out_bytes(&out), error);
    if (status == ACCORD_OK) {
        status = accord_member_file_sign(file, call, &added, error);
    }
    if (status == ACCORD_OK) {
        status = accord_leave_parse(&claim, accord_buffer_bytes(&file->whole), error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_signed(accord_chain_roster(chain), &claim.statement.note, claim.member, NULL,
                                      call->crypto, &signers, error);
    }
    /* What is not enough yet may travel on, to those who have the other keys. */
    if (status == ACCORD_THRESHOLD) {
        accord_note(call, "not yet enough: %s of the %s release keys have signed (accord member sign)", error->found,
                    error->expected);
        status = ACCORD_OK;
    }
    return status;
}

int accord_run_member_leave(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_member_log log = {0};
    struct accord_member_file file = {0};
    error.status = accord_member_log_open(&log, call, accord_call_value(call, "accord"), false, &error);
    if (error.status == ACCORD_OK) {
        error.status = make_departure(call, log.chain, &file, &error);
    }
    if (error.status == ACCORD_OK) {
        error.status = accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&file.bytes), &error);
    }
    int result = error.status == ACCORD_OK
                     ? accord_answer(call, json_pack("{s:s}", "domain", accord_call_value(call, "domain")))
                     : accord_refuse(call, NULL, &error);
    accord_member_file_free(&file);
    accord_member_log_free(&log);
    return result;
}
