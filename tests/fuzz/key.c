/* The text of private keys: what parses as a note key prints as it came (but for the final newline, which may be
 * absent), and an age identity that parses prints and parses to the same secret. */
#include "keys/private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_note_key(const struct accord_private_key *key, struct accord_bytes text)
{
    uint8_t printed[ACCORD_PRIVATE_KEY_SIZE_MAX];
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_private_key_print(&out, key);
    size_t size = text.data[text.size - 1] == '\n' ? text.size : text.size + 1;
    if (out.full || out.size != size || memcmp(printed, text.data, text.size) != 0)
        abort();
}

static void check_identity(const uint8_t secret[32])
{
    uint8_t printed[ACCORD_IDENTITY_FILE_SIZE], again[32];
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_identity_print(&out, secret);
    if (out.full || accord_identity_parse(again, accord_out_bytes(&out), NULL) != ACCORD_OK ||
        memcmp(secret, again, sizeof again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_private_key key;
    uint8_t secret[32];
    struct accord_bytes text = {data, size};
    struct accord_error error;
    if (accord_private_key_parse(&key, text, &error) == ACCORD_OK)
        check_note_key(&key, text);
    if (accord_identity_parse(secret, text, &error) == ACCORD_OK)
        check_identity(secret);
    return 0;
}
