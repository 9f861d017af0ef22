/* Commitments that are kept: a salt and some words, in a file of lines. It knows that the file has to be on the disk
 * before the log has the commitment: afterwards nobody could make it again. */
#include "cli/commitment.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/case_log.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

#define FIRST_LINE "accord/v1/commitment\n"
#define FILE_SIZE_MAX 2048

void accord_commitment_init(struct accord_commitment *commitment)
{
    *commitment = (struct accord_commitment){0};
    accord_buffer_init(&commitment->text, ACCORD_COMMITMENT_TEXT_MAX);
    accord_buffer_init(&commitment->file, FILE_SIZE_MAX);
}

void accord_commitment_free(struct accord_commitment *commitment)
{
    accord_buffer_wipe(&commitment->text);
    accord_buffer_wipe(&commitment->file);
    accord_wipe(commitment->salt, sizeof commitment->salt);
}

int accord_commitment_begin(struct accord_commitment *commitment, const struct accord_call *call,
                            struct accord_bytes text, const char *keep)
{
    enum accord_status status = accord_buffer_append(&commitment->text, text);
    if (status != ACCORD_OK) {
        return accord_refuse_status(call, NULL, status, "the text: at most 1,024 bytes");
    }
    if (keep != NULL && strlen(keep) >= sizeof commitment->path) {
        return accord_usage(call, "--keep: the path is too long");
    }
    (void)snprintf(commitment->path, sizeof commitment->path, "%s", keep == NULL ? "" : keep);
    randombytes_buf(commitment->salt, sizeof commitment->salt);
    return 0;
}

static void print(struct accord_out *out, const struct accord_commitment *commitment, struct accord_bytes state,
                  const uint8_t case_id[ACCORD_HASH_SIZE])
{
    accord_put(out, ACCORD_LITERAL(FIRST_LINE "case "));
    accord_digest_print(out, case_id);
    accord_put(out, ACCORD_LITERAL("\nstate "));
    accord_put(out, state);
    accord_put(out, ACCORD_LITERAL("\nsalt "));
    accord_put_base64(out, (struct accord_bytes){commitment->salt, sizeof commitment->salt});
    accord_put(out, ACCORD_LITERAL("\ntext "));
    accord_put(out, accord_buffer_bytes(&commitment->text));
    accord_put_byte(out, '\n');
}

enum accord_status accord_commitment_make(struct accord_commitment *commitment, const struct accord_call *call,
                                          const uint8_t case_id[ACCORD_HASH_SIZE], struct accord_answer_claim *answer,
                                          struct accord_error *error)
{
    uint8_t bytes[FILE_SIZE_MAX];
    struct accord_out out = {bytes, sizeof bytes, 0, false};
    struct accord_bytes state = accord_answer_name(answer->kind);
    char name[17];
    accord_case_short(case_id, name);
    if (commitment->path[0] == '\0') {
        (void)snprintf(commitment->path, sizeof commitment->path, "%s.%.*s.commitment", name, ACCORD_TEXT(state));
    }
    print(&out, commitment, state, case_id);
    enum accord_status status = accord_file_create(call->fs, commitment->path, accord_out_bytes(&out), 0600, error);
    accord_wipe(bytes, sizeof bytes);
    accord_progress_commitment(call->crypto, commitment->salt, state, accord_buffer_bytes(&commitment->text),
                               answer->value);
    return status;
}

/* `key value`, the next line. */
static bool take(struct accord_bytes *rest, struct accord_bytes key, struct accord_bytes *value)
{
    return accord_cut_line(rest, value) && accord_cut_prefix(value, key);
}

enum accord_status accord_commitment_read(struct accord_commitment *commitment, const struct accord_call *call,
                                          const char *path, struct accord_error *error)
{
    struct accord_bytes digest, salt, text;
    enum accord_status status = accord_file_read(call->fs, path, &commitment->file, error);
    struct accord_bytes rest = accord_buffer_bytes(&commitment->file);
    if (status != ACCORD_OK) {
        return status;
    }
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL(FIRST_LINE)) || !take(&rest, ACCORD_LITERAL("case "), &digest) ||
        !take(&rest, ACCORD_LITERAL("state "), &commitment->state) || !take(&rest, ACCORD_LITERAL("salt "), &salt) ||
        !take(&rest, ACCORD_LITERAL("text "), &text) || rest.size > 0 ||
        !accord_base64_read(salt, commitment->salt, sizeof commitment->salt)) {
        return accord_fail(error, ACCORD_MALFORMED, 0);
    }
    status = accord_buffer_append(&commitment->text, text);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

enum accord_status accord_commitment_reveal(const struct accord_commitment *commitment, const struct accord_call *call,
                                            const struct accord_docket_case *found, struct accord_answer_claim *answer,
                                            struct accord_error *error)
{
    uint8_t value[ACCORD_HASH_SIZE];
    accord_progress_commitment(call->crypto, commitment->salt, commitment->state,
                               accord_buffer_bytes(&commitment->text), value);
    for (size_t i = 0; i < found->answer_count; i++) {
        const struct accord_docket_answer *one = &found->answers[i];
        if (one->counts == ACCORD_OK && memcmp(one->value, value, sizeof value) == 0 &&
            accord_bytes_equal(accord_answer_name(one->event.kind), commitment->state)) {
            memcpy(answer->value, one->event.digest, sizeof answer->value);
            memcpy(answer->salt, commitment->salt, sizeof answer->salt);
            answer->has_salt = true;
            answer->text = accord_buffer_bytes(&commitment->text);
            return ACCORD_OK;
        }
    }
    accord_fail(error, ACCORD_NOT_FOUND, 0);
    accord_error_what(error, ACCORD_LITERAL("an answer of this case that this reveals"));
    return ACCORD_NOT_FOUND;
}
