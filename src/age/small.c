/* Small files encrypted to a passphrase. Knows how much is small, and puts the streams' two ends into memory; refuses
 * to know what is inside. */
#include "age/small.h"

#include "age/armor.h"
#include "age/inner.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <string.h>

bool accord_age_recognize(struct accord_bytes file)
{
    struct accord_bytes rest = file;
    return accord_cut_prefix(&rest, ACCORD_LITERAL("age-encryption.org/")) ||
           accord_cut_prefix(&rest, ACCORD_LITERAL("-----BEGIN AGE "));
}

static enum accord_status append(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(context, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static struct accord_age_sink sink_of(struct accord_buffer *buffer)
{
    return (struct accord_age_sink){buffer, append};
}

enum accord_status accord_age_unarmor(struct accord_bytes file, struct accord_buffer *binary,
                                      struct accord_error *error)
{
    struct accord_age_armor_reader reader = {.sink = sink_of(binary)};
    struct accord_bytes rest = file;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("-----BEGIN AGE ")))
        return append(binary, file, error);
    enum accord_status status = accord_age_unarmor_write(&reader, file, error);
    return status == ACCORD_OK ? accord_age_unarmor_end(&reader, error) : status;
}

enum accord_status accord_age_decrypt(struct accord_bytes file, struct accord_bytes passphrase,
                                      struct accord_buffer *plain, struct accord_error *error)
{
    struct accord_age_opener *opener = NULL;
    size_t before = plain->size;
    enum accord_status status = accord_age_opener_new(
        &opener, &(struct accord_age_opening){.passphrase = passphrase, .armor = true, .sink = sink_of(plain)}, error);
    if (status == ACCORD_OK)
        status = accord_age_opener_write(opener, file, error);
    if (status == ACCORD_OK)
        status = accord_age_opener_end(opener, error);
    accord_age_opener_free(opener);
    if (status != ACCORD_OK && plain->size > before) {
        accord_wipe(plain->data + before, plain->size - before);
        plain->size = before;
    }
    if (status != ACCORD_SIGNATURE)
        return status;
    if (error != NULL)
        error->status = ACCORD_MALFORMED;
    return ACCORD_MALFORMED;
}

enum accord_status accord_age_encrypt(struct accord_bytes plain, struct accord_bytes passphrase,
                                      struct accord_buffer *file, struct accord_error *error)
{
    struct accord_age_sealer *sealer = NULL;
    if (plain.size > ACCORD_AGE_PLAIN_MAX)
        return accord_age_fail(error, ACCORD_TOO_LARGE, "what is to be encrypted");
    enum accord_status status = accord_age_sealer_new(
        &sealer, &(struct accord_age_sealing){.passphrase = passphrase, .armor = true, .sink = sink_of(file)}, error);
    if (status == ACCORD_OK)
        status = accord_age_sealer_write(sealer, plain, error);
    if (status == ACCORD_OK)
        status = accord_age_sealer_end(sealer, error);
    accord_age_sealer_free(sealer);
    return status;
}
