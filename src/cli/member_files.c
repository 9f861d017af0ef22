/* Statements that travel as files from member to member until enough of them have signed. It knows how signatures are
 * added and put together; what a statement says, its parser knows. */
#include "cli/member_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "follow/pin.h"
#include "keys/key.h"

#define DASH_SIZE 4 /* U+2014 and the space before a signature's name */

/* The accord */

enum accord_status accord_member_last(const struct accord_call *call, const struct accord_roster_claim *roster,
                                      const char *location, struct accord_checkpoint *last, uint64_t *time,
                                      uint8_t *origin, struct accord_error *error)
{
    struct accord_reader *reader = NULL;
    struct accord_buffer note, text;
    struct accord_checkpoint_claim claim;
    struct accord_cosigners cosigners;
    struct accord_policy *policy = malloc(sizeof *policy);
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status =
        policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                       : accord_log_source_open(&reader, call->fs, call->crypto, call->network, location, error);
    if (status == ACCORD_OK) {
        status = accord_scan_size(reader, &note, &claim, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_policy(roster, &text, error);
    }
    if (status == ACCORD_OK) {
        status = accord_policy_parse(policy, accord_buffer_bytes(&text), call->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_verify_checkpoint(roster, policy, &claim, call->crypto, last, &cosigners, error);
    }
    if (status == ACCORD_OK) {
        *time = cosigners.seen_at;
        memcpy(origin, claim.origin.data, claim.origin.size);
        last->origin = (struct accord_bytes){origin, claim.origin.size};
    }
    accord_buffer_free(&note);
    accord_buffer_free(&text);
    accord_reader_close(reader);
    free(policy);
    return status;
}

enum accord_status accord_member_log_open(struct accord_member_log *log, const struct accord_call *call,
                                          const char *location, bool dated, struct accord_error *error)
{
    struct accord_reader *reader;
    struct accord_buffer trust;
    enum accord_status status = accord_log_source_open(&reader, call->fs, call->crypto, call->network, location, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&trust, ACCORD_TRUST_SIZE_MAX);
    status = accord_pin(reader, call->crypto, NULL, NULL, &log->chain, &trust, error);
    accord_buffer_free(&trust);
    accord_reader_close(reader);
    return status == ACCORD_OK && dated ? accord_member_last(call, accord_chain_roster(log->chain), location,
                                                             &log->last, &log->time, log->origin, error)
                                        : status;
}

static enum accord_status offer(void *context, uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    enum accord_link link;
    return accord_chain_offer(context, index, entry, &link, error);
}

enum accord_status accord_member_log_walk(struct accord_member_log *log, const struct accord_call *call,
                                          const char *location, struct accord_error *error)
{
    struct accord_reader *reader = NULL;
    struct accord_buffer note;
    struct accord_checkpoint_claim newest;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_chain_new(&log->chain, call->crypto, NULL, error);
    if (status == ACCORD_OK) {
        status = accord_log_source_open(&reader, call->fs, call->crypto, call->network, location, error);
    }
    if (status == ACCORD_OK) {
        status = accord_scan_size(reader, &note, &newest, error);
    }
    if (status == ACCORD_OK) {
        status = accord_scan(reader, newest.size, offer, log->chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(log->chain, error);
    }
    accord_buffer_free(&note);
    accord_reader_close(reader);
    return status;
}

void accord_member_log_free(struct accord_member_log *log)
{
    accord_chain_free(log->chain);
    log->chain = NULL;
}

/* Files */

/* A file without a signature line is made a note by one of nobody, so that parsers take it. */
static enum accord_status make_whole(struct accord_member_file *file, struct accord_error *error)
{
    uint8_t line[256], nothing[64] = {0};
    struct accord_bytes bytes = accord_buffer_bytes(&file->bytes);
    struct accord_out out = {line, sizeof line, 0, false};
    struct accord_statement_claim statement;
    file->whole.size = 0;
    enum accord_status status = accord_buffer_append(&file->whole, bytes);
    if (status == ACCORD_OK && bytes.size > 1 && memcmp(bytes.data + bytes.size - 2, "\n\n", 2) == 0) {
        accord_signature_print(&out, ACCORD_LITERAL("nobody"), 0, (struct accord_bytes){nothing, sizeof nothing});
        status = accord_buffer_append(&file->whole, accord_out_bytes(&out));
    }
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    status = accord_statement_parse(&statement, accord_buffer_bytes(&file->whole), error);
    file->text = statement.note.text;
    file->kind = statement.kind;
    return status;
}

enum accord_status accord_member_file_read(struct accord_member_file *file, const struct accord_call *call,
                                           const char *path, struct accord_error *error)
{
    file->path = path;
    accord_buffer_init(&file->bytes, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&file->whole, (size_t)2 * ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = accord_file_read(call->fs, path, &file->bytes, error);
    return status == ACCORD_OK ? make_whole(file, error) : status;
}

enum accord_status accord_member_file_begin(struct accord_member_file *file, struct accord_bytes text,
                                            struct accord_error *error)
{
    file->path = NULL;
    accord_buffer_init(&file->bytes, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&file->whole, (size_t)2 * ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = accord_buffer_append(&file->bytes, text);
    if (status == ACCORD_OK) {
        status = accord_buffer_append(&file->bytes, ACCORD_LITERAL("\n"));
    }
    return status == ACCORD_OK ? make_whole(file, error) : accord_fail(error, status, 0);
}

void accord_member_file_free(struct accord_member_file *file)
{
    accord_buffer_free(&file->bytes);
    accord_buffer_free(&file->whole);
}

static bool has_line(const struct accord_member_file *file, struct accord_bytes name, uint32_t id)
{
    struct accord_note_claim note;
    struct accord_signature signature;
    size_t cursor = 0;
    if (accord_note_parse(&note, accord_buffer_bytes(&file->whole), NULL) != ACCORD_OK) {
        return false;
    }
    while (accord_note_next_signature(&note, &cursor, &signature)) {
        if (signature.id == id && accord_bytes_equal(signature.name, name)) {
            return true;
        }
    }
    return false;
}

enum accord_status accord_member_file_add(struct accord_member_file *file, const struct accord_signer *signer,
                                          struct accord_error *error)
{
    const struct accord_vkey *vkey = accord_signer_vkey(signer);
    if (vkey->type != ACCORD_KEY_ED25519) {
        accord_fail(error, ACCORD_KEY_TYPE, 0);
        accord_error_what(error, vkey->name);
        return ACCORD_KEY_TYPE;
    }
    if (has_line(file, vkey->name, vkey->id)) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_signer_sign(signer, file->text, 0, &file->bytes, error);
    return status == ACCORD_OK ? make_whole(file, error) : status;
}

static enum accord_status sign_by(struct accord_member_file *file, const struct accord_call *call, const char *key,
                                  size_t *added, struct accord_error *error)
{
    struct accord_signer *signer;
    enum accord_status status =
        accord_signer_open(&signer, call->fs, key, accord_call_value(call, "passphrase-file"), error);
    if (status != ACCORD_OK) {
        return status;
    }
    size_t before = file->bytes.size;
    status = accord_member_file_add(file, signer, error);
    *added += file->bytes.size > before;
    accord_signer_free(signer);
    return status;
}

enum accord_status accord_member_file_sign(struct accord_member_file *file, const struct accord_call *call,
                                           size_t *added, struct accord_error *error)
{
    const char *key;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    *added = 0;
    while (status == ACCORD_OK && accord_call_next(call, "key", &cursor, &key)) {
        status = sign_by(file, call, key, added, error);
    }
    return status;
}

/* Is it a line of a key of the roster that does not verify? One such line would refuse the whole roster. */
static bool is_wrong(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                     const struct accord_signature *signature, const struct accord_crypto *crypto)
{
    for (size_t i = 0; i < roster->key_count; i++) {
        const struct accord_vkey *vkey = &roster->keys[i].vkey;
        if (roster->keys[i].role != ACCORD_ROLE_REPORT && vkey->type == ACCORD_KEY_ED25519 &&
            vkey->id == signature->id && accord_bytes_equal(vkey->name, signature->name)) {
            return accord_signature_verify(signature, note->text, vkey, crypto, NULL) != ACCORD_SIGNED;
        }
    }
    return false;
}

enum accord_status accord_member_file_merge(struct accord_member_file *file, const struct accord_member_file *from,
                                            const struct accord_roster_claim *roster, const struct accord_call *call,
                                            struct accord_error *error)
{
    struct accord_note_claim note;
    struct accord_signature signature;
    size_t cursor = 0;
    if (!accord_bytes_equal(file->text, from->text)) {
        accord_fail(error, ACCORD_CHAIN, 0);
        accord_error_expected(error, ACCORD_LITERAL("files of one and the same text, but for their signatures"));
        return ACCORD_CHAIN;
    }
    if (from->bytes.size == from->text.size + 1) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_note_parse(&note, accord_buffer_bytes(&from->bytes), error);
    while (status == ACCORD_OK && accord_note_next_signature(&note, &cursor, &signature)) {
        if (is_wrong(roster, &note, &signature, call->crypto)) {
            accord_note(call, "left out: the signature of %.*s in %s does not verify", ACCORD_TEXT(signature.name),
                        from->path);
        } else if (!has_line(file, signature.name, signature.id)) {
            const uint8_t *begin = signature.name.data - DASH_SIZE;
            const uint8_t *end = signature.base64.data + signature.base64.size + 1;
            status = accord_buffer_append(&file->bytes, (struct accord_bytes){begin, (size_t)(end - begin)});
            status = status == ACCORD_OK ? make_whole(file, error) : accord_fail(error, status, 0);
        }
    }
    return status;
}
