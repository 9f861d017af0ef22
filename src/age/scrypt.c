/* Passphrases (C2SP age, "The scrypt recipient type"). Knows their stanza, and how much work is too much. */
#include "age/inner.h"
#include "age/small.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <sodium.h>
#include <string.h>

#define LABEL "age-encryption.org/v1/scrypt"
#define LABEL_SIZE (sizeof LABEL - 1)
#define SALT_SIZE 16

/* false where its memory (2^work KiB) cannot be had. */
static bool wrapping_key(struct accord_bytes passphrase, const uint8_t salt[SALT_SIZE], unsigned work_log2,
                         uint8_t key[32])
{
    uint8_t labelled[LABEL_SIZE + SALT_SIZE];
    memcpy(labelled, LABEL, LABEL_SIZE);
    memcpy(labelled + LABEL_SIZE, salt, SALT_SIZE);
    return crypto_pwhash_scryptsalsa208sha256_ll(passphrase.data, passphrase.size, labelled, sizeof labelled,
                                                 (uint64_t)1 << work_log2, 8, 1, key, 32) == 0;
}

enum accord_status accord_age_scrypt_wrap(struct accord_out *out, struct accord_bytes passphrase, unsigned work_log2,
                                          const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE])
{
    uint8_t salt[SALT_SIZE], key[32], wrapped[ACCORD_AGE_WRAPPED_SIZE], arguments[32], body[44];
    accord_random(salt, sizeof salt);
    if (!wrapping_key(passphrase, salt, work_log2, key))
        return ACCORD_NO_MEMORY;
    accord_age_wrap(key, file_key, wrapped);
    accord_wipe(key, sizeof key);
    struct accord_out arguments_out = {arguments, sizeof arguments, 0, false}, body_out = {body, sizeof body, 0, false};
    accord_age_base64_put(&arguments_out, salt, sizeof salt);
    accord_put_byte(&arguments_out, ' ');
    accord_put_decimal(&arguments_out, work_log2);
    accord_age_base64_put(&body_out, wrapped, sizeof wrapped);
    accord_put_byte(&body_out, '\n');
    accord_age_header_put_stanza(out,
                                 &(struct accord_age_stanza){ACCORD_LITERAL("scrypt"), accord_out_bytes(&arguments_out),
                                                             accord_out_bytes(&body_out)});
    return ACCORD_OK;
}

static enum accord_status too_much(struct accord_error *error, uint64_t work)
{
    accord_fail(error, ACCORD_TOO_LARGE, 2);
    accord_error_what(error, ACCORD_LITERAL("scrypt work factor"));
    accord_error_expected(error, ACCORD_LITERAL("20 or less"));
    accord_error_found_number(error, work);
    return ACCORD_TOO_LARGE;
}

enum accord_status accord_age_scrypt_unwrap(const struct accord_age_stanza *stanza, struct accord_bytes passphrase,
                                            uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], struct accord_error *error)
{
    _Static_assert(ACCORD_AGE_WORK_LOG2_MAX == 20, "as the refusal says");
    uint8_t salt[SALT_SIZE], wrapped[ACCORD_AGE_WRAPPED_SIZE], key[32];
    struct accord_bytes work = stanza->arguments, text;
    uint64_t number;
    if (!accord_cut(&work, ' ', &text) || !accord_age_base64_read(text, salt, sizeof salt) ||
        !accord_decimal_read(work, &number) || !accord_age_body_read(stanza, wrapped, sizeof wrapped))
        return accord_fail(error, ACCORD_MALFORMED, 2);
    if (number > ACCORD_AGE_WORK_LOG2_MAX)
        return too_much(error, number);
    if (!wrapping_key(passphrase, salt, (unsigned)number, key))
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    bool opened = accord_age_unwrap(key, wrapped, file_key);
    accord_wipe(key, sizeof key);
    return opened ? ACCORD_OK : accord_fail(error, ACCORD_WRONG_PASSPHRASE, 0);
}
