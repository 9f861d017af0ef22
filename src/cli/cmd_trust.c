/* accord trust pin, distrust: the file that a verifier keeps. What must hold before it is written stands in pin.c, and
 * whom evidence convicts in evidence/evidence.c. */
#include "accord/evidence.h"
#include "accord/statement.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "cli/suspects.h"
#include "cli/trust_file.h"
#include "follow/pin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct accord_option accord_options_trust_pin[] = {
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = "charter", .value = "sha256:HEX", .help = "the charter's digest, as you have it from elsewhere"},
    {.name = NULL}};

const struct accord_option accord_options_trust_distrust[] = {{.name = NULL}};

static int tell(const struct accord_call *call, const struct accord_chain *chain)
{
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    uint8_t text[96];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_digest_print(&out, chain->digest);
    accord_note(call, "pinned: %.*s, roster %" PRIu64 " with %zu members", ACCORD_TEXT(chain->charter.name),
                roster->number, roster->member_count);
    accord_note(call, "  charter %.*s", ACCORD_TEXT(accord_out_bytes(&out)));
    if (accord_call_value(call, "charter") == NULL) {
        accord_note(call, "  compare this digest with one that came to you another way: all trust hangs on it");
    }
    return accord_answer(call, json_pack("{s:o, s:o, s:I, s:I, s:I}", "name", accord_json_text(chain->charter.name),
                                         "charter", accord_json_digest(chain->digest), "roster",
                                         (json_int_t)roster->number, "index", (json_int_t)chain->roster_index,
                                         "members", (json_int_t)roster->member_count));
}

/* Everything that pinning touches. */
struct pinning {
    struct accord_reader *reader;
    struct accord_chain *chain;
    struct accord_buffer old, trust;
    struct accord_trust_claim kept; /* of the file that is there already */
    int lock;
};

static enum accord_status pin(const struct accord_call *call, const uint8_t *charter, struct pinning *pinning,
                              struct accord_error *error)
{
    const char *output = accord_call_value(call, "output");
    bool file = output != NULL && strcmp(output, "-") != 0;
    enum accord_status status = file ? accord_file_lock(call->fs, output, true, &pinning->lock, error) : ACCORD_OK;
    if (status == ACCORD_OK && file) {
        status = accord_pin_kept(call->fs, output, &pinning->old, &pinning->kept, error);
    }
    if (status == ACCORD_OK) {
        status =
            accord_log_source_open(&pinning->reader, call->fs, call->crypto, call->network, call->operands[0], error);
    }
    if (status == ACCORD_OK) {
        status =
            accord_pin(pinning->reader, call->crypto, charter, &pinning->kept, &pinning->chain, &pinning->trust, error);
    }
    if (status == ACCORD_OK && file) {
        status = accord_pin_succeeds(call->crypto, &pinning->kept, accord_buffer_bytes(&pinning->trust),
                                     charter != NULL, error);
    }
    return status == ACCORD_OK ? accord_output(call, output, accord_buffer_bytes(&pinning->trust), error) : status;
}

int accord_run_trust_pin(struct accord_call *call)
{
    struct accord_error error = {0};
    struct pinning pinning = {.lock = -1};
    uint8_t digest[ACCORD_HASH_SIZE];
    const char *charter = accord_call_value(call, "charter");
    if (charter != NULL && !accord_digest_parse(accord_bytes_of(charter), digest)) {
        return accord_usage(call, "--charter must be sha256: and 64 lowercase hexadecimal digits");
    }
    accord_buffer_init(&pinning.old, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&pinning.trust, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = pin(call, charter == NULL ? NULL : digest, &pinning, &error);
    error.status = status;
    int result = status == ACCORD_OK ? tell(call, pinning.chain) : accord_refuse(call, call->operands[0], &error);
    accord_file_unlock(call->fs, pinning.lock);
    accord_reader_close(pinning.reader);
    accord_chain_free(pinning.chain);
    accord_buffer_free(&pinning.old);
    accord_buffer_free(&pinning.trust);
    return result;
}

/* A trust file that is about to distrust somebody. lines are its `distrust` lines as they will be. */
struct distrusting {
    struct accord_trust_file file;
    struct accord_trust_claim trust;
    struct accord_suspects suspects;
    struct accord_buffer lines, evidence, result;
    struct accord_buffer words; /* said once the file is written */
    const char *subject;
    json_t *convicted;
    size_t added;
    int lock;
};

/* Adds a key's line. */
static enum accord_status add_line(struct distrusting *distrusting, const struct accord_vkey *vkey,
                                   const uint8_t digest[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_buffer lines;
    accord_buffer_init(&lines, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = accord_buffer_reserve(&lines, distrusting->trust.distrust.size + vkey->text.size + 128);
    if (status == ACCORD_OK) {
        struct accord_out out = {lines.data, lines.capacity, 0, false};
        status = accord_trust_add_distrust(&out, &distrusting->trust, vkey->text, digest);
        lines.size = out.size;
    }
    if (status != ACCORD_OK) {
        accord_buffer_free(&lines);
        return accord_fail(error, status, 0);
    }
    accord_buffer_free(&distrusting->lines);
    distrusting->lines = lines;
    distrusting->trust.distrust = accord_buffer_bytes(&distrusting->lines);
    return ACCORD_OK;
}

static void note_convicted(struct distrusting *distrusting, const struct accord_suspect *suspect, bool known,
                           const uint8_t digest[ACCORD_HASH_SIZE])
{
    char name[512], line[5120];
    accord_suspect_name(suspect, name, sizeof name);
    (void)snprintf(line, sizeof line, "%s: %s, by %s\n", known ? "already distrusted" : "distrusted from here on", name,
                   distrusting->subject);
    (void)!accord_buffer_append(&distrusting->words, accord_bytes_of(line));
    json_t *object = accord_suspect_json(suspect);
    (void)json_object_set_new(object, "evidence", accord_json_digest(digest));
    (void)json_object_set_new(object, "new", json_boolean(!known));
    (void)json_array_append_new(distrusting->convicted, object);
}

/* Takes one file of evidence. */
static enum accord_status convict(const struct accord_call *call, struct distrusting *distrusting,
                                  struct accord_error *error)
{
    struct accord_evidence_claim claim;
    uint8_t digest[ACCORD_HASH_SIZE];
    size_t count = 0;
    distrusting->evidence.size = 0;
    enum accord_status status = accord_file_read(call->fs, distrusting->subject, &distrusting->evidence, error);
    if (status == ACCORD_OK) {
        status = accord_evidence_parse(&claim, accord_buffer_bytes(&distrusting->evidence), error);
    }
    if (status == ACCORD_OK) {
        status = accord_evidence_verify(&claim, call->crypto, error);
    }
    if (status == ACCORD_OK) {
        accord_hash(call->crypto, accord_buffer_bytes(&distrusting->evidence), digest);
        count = accord_suspects_judge(&distrusting->suspects, &claim, call->crypto);
    }
    for (size_t i = 0; i < distrusting->suspects.count && status == ACCORD_OK && count > 0; i++) {
        const struct accord_suspect *suspect = &distrusting->suspects.list[i];
        if (suspect->convicted) {
            size_t before = distrusting->trust.distrust.size;
            status = add_line(distrusting, &suspect->vkey, digest, error);
            bool known = before == distrusting->trust.distrust.size;
            note_convicted(distrusting, suspect, known, digest);
            distrusting->added += !known;
        }
    }
    if (status == ACCORD_OK && count == 0) {
        status = accord_fail(error, ACCORD_UNSIGNED, 0);
        accord_error_expected(error, ACCORD_LITERAL("a log or a witness of the trust file that signed both views"));
    }
    return status;
}

/* Writes the trust file with its new lines; nothing where there are none. */
static enum accord_status write_trust(const struct accord_call *call, struct distrusting *distrusting,
                                      struct accord_error *error)
{
    if (distrusting->added == 0) {
        return ACCORD_OK;
    }
    struct accord_buffer *result = &distrusting->result;
    size_t room = distrusting->trust.distrust.size + distrusting->trust.roster_entry.size + 256;
    enum accord_status status = accord_buffer_reserve(result, room);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {result->data, result->capacity, 0, false};
    accord_trust_print(&out, &distrusting->trust);
    result->size = out.size;
    return accord_output(call, distrusting->file.path, accord_buffer_bytes(result), error);
}

static enum accord_status distrust(const struct accord_call *call, struct distrusting *distrusting,
                                   struct accord_error *error)
{
    distrusting->subject = call->operands[0];
    if (!accord_trust_file_find(&distrusting->file, call->operands[0])) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    enum accord_status status = accord_file_lock(call->fs, distrusting->file.path, true, &distrusting->lock, error);
    if (status == ACCORD_OK) {
        status = accord_trust_file_open(&distrusting->file, call->fs, call->crypto, error);
    }
    if (status == ACCORD_OK) {
        distrusting->trust = distrusting->file.verifier->trust;
        status = accord_suspects_add_verifier(&distrusting->suspects, distrusting->file.verifier);
    }
    for (size_t i = 1; i < call->operand_count && status == ACCORD_OK; i++) {
        distrusting->subject = call->operands[i];
        status = convict(call, distrusting, error);
    }
    if (status == ACCORD_OK) {
        distrusting->subject = call->operands[0];
        status = write_trust(call, distrusting, error);
    }
    return status;
}

int accord_run_trust_distrust(struct accord_call *call)
{
    struct accord_error error = {0};
    struct distrusting distrusting = {.convicted = json_array(), .lock = -1};
    accord_buffer_init(&distrusting.evidence, ACCORD_EVIDENCE_SIZE_MAX);
    accord_buffer_init(&distrusting.result, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&distrusting.words, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = distrust(call, &distrusting, &error);
    error.status = status;
    if (status == ACCORD_OK && distrusting.words.size > 1) {
        accord_note(call, "%.*s", (int)distrusting.words.size - 1, (const char *)distrusting.words.data);
    }
    int result = status == ACCORD_OK ? accord_answer(call, json_pack("{s:O}", "convicted", distrusting.convicted))
                                     : accord_refuse(call, distrusting.subject, &error);
    accord_file_unlock(call->fs, distrusting.lock);
    json_decref(distrusting.convicted);
    accord_trust_file_free(&distrusting.file);
    accord_suspects_free(&distrusting.suspects);
    accord_buffer_free(&distrusting.lines);
    accord_buffer_free(&distrusting.evidence);
    accord_buffer_free(&distrusting.result);
    accord_buffer_free(&distrusting.words);
    return result;
}
