/* Signing a log's checkpoints. Knows what a log's key may be and what it signs; when a checkpoint may be signed, and
 * who else must sign it, is for those who publish. */
#include "keys/checkpoint.h"

#include "core/text.h"

enum accord_status accord_checkpoint_sign(const struct accord_signer *log_key, uint64_t size,
                                          const uint8_t root[ACCORD_HASH_SIZE], struct accord_buffer *checkpoint,
                                          struct accord_error *error)
{
    uint8_t text[ACCORD_ORIGIN_SIZE_MAX + 128];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_checkpoint_print(&out, accord_signer_vkey(log_key)->name, size, root);
    if (out.full)
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    enum accord_status status = accord_buffer_append(checkpoint, accord_out_bytes(&out));
    if (status == ACCORD_OK)
        status = accord_buffer_append(checkpoint, ACCORD_LITERAL("\n"));
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    return accord_signer_sign(log_key, accord_out_bytes(&out), 0, checkpoint, error);
}

enum accord_status accord_checkpoint_key_check(const struct accord_signer *log_key, struct accord_error *error)
{
    const struct accord_vkey *vkey = accord_signer_vkey(log_key);
    if (vkey->type != ACCORD_KEY_COSIGNATURE_ED25519)
        return ACCORD_OK;
    accord_fail(error, ACCORD_KEY_TYPE, 0);
    accord_error_what(error, vkey->name);
    accord_error_expected(error, ACCORD_LITERAL("a key made with --for log"));
    accord_error_found(error, ACCORD_LITERAL("a witness's"));
    return ACCORD_KEY_TYPE;
}

enum accord_status accord_checkpoint_origin_check(const struct accord_signer *log_key, struct accord_bytes checkpoint,
                                                  struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    enum accord_status status = accord_checkpoint_parse(&claim, checkpoint, error);
    struct accord_bytes name = accord_signer_vkey(log_key)->name;
    if (status != ACCORD_OK || accord_bytes_equal(claim.origin, name))
        return status;
    accord_fail(error, ACCORD_WRONG_KEY, 0);
    accord_error_what(error, ACCORD_LITERAL("the log's origin"));
    accord_error_expected(error, claim.origin);
    accord_error_found(error, name);
    return ACCORD_WRONG_KEY;
}
