/* Sealing: a fresh file key, wrapped for each recipient, and the payload under it. Knows what a seed decides; refuses
 * to know what is sealed. */
#include "age/armor.h"
#include "age/inner.h"
#include "age/small.h"
#include "age/stream.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LINE_SIZE 22 /* age-encryption.org/v1 */
#define STANZA_SIZE 98     /* -> X25519, a share and a key of 43 characters each, three ends */
#define END_SIZE 48        /* ---, a MAC of 43 characters */
#define HEADER_SIZE_MAX (FIRST_LINE_SIZE + ACCORD_AGE_RECIPIENTS_MAX * STANZA_SIZE + END_SIZE)

struct accord_age_sealer {
    struct accord_age_armor_writer armor;
    bool armored, ended;
    struct accord_age_stream *stream;
};

static enum accord_status to_armor(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    return accord_age_armor_write(context, bytes, error);
}

/* A stanza for each recipient. */
static enum accord_status put_recipients(struct accord_out *out, const struct accord_age_sealing *sealing,
                                         const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], struct accord_error *error)
{
    uint8_t ephemeral[32];
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; i < sealing->recipient_count && status == ACCORD_OK; i++) {
        if (sealing->seed != NULL)
            accord_age_seed_ephemeral(sealing->seed, i, ephemeral);
        else
            accord_random(ephemeral, sizeof ephemeral);
        status = accord_age_x25519_wrap(out, ephemeral, sealing->recipients[i], file_key);
        accord_wipe(ephemeral, sizeof ephemeral);
        if (status != ACCORD_OK) {
            char text[63];
            accord_age_recipient_print(sealing->recipients[i], text);
            accord_age_fail(error, status, text);
        }
    }
    return status;
}

static enum accord_status put_header(struct accord_out *out, const struct accord_age_sealing *sealing,
                                     const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], struct accord_error *error)
{
    uint8_t mac[32];
    enum accord_status status;
    accord_age_header_put_version(out);
    if (sealing->recipient_count > 0)
        status = put_recipients(out, sealing, file_key, error);
    else {
        status = accord_age_scrypt_wrap(out, sealing->passphrase, ACCORD_AGE_WORK_LOG2, file_key);
        if (status != ACCORD_OK)
            accord_fail(error, status, 0);
    }
    size_t end = out->size;
    accord_put(out, ACCORD_LITERAL("---"));
    accord_age_header_mac(file_key, accord_out_bytes(out), mac);
    out->size = end;
    accord_age_header_put_end(out, mac);
    if (out->full)
        abort();
    return status;
}

/* Header and nonce go out; the stream is ready for the plaintext. */
static enum accord_status begin(struct accord_age_sealer *sealer, const struct accord_age_sealing *sealing,
                                const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], struct accord_age_sink sink,
                                struct accord_error *error)
{
    uint8_t header[HEADER_SIZE_MAX + ACCORD_AGE_NONCE_SIZE], nonce[ACCORD_AGE_NONCE_SIZE], key[32];
    struct accord_out out = {header, sizeof header, 0, false};
    enum accord_status status = put_header(&out, sealing, file_key, error);
    if (status != ACCORD_OK)
        return status;
    if (sealing->seed != NULL)
        accord_age_seed_nonce(sealing->seed, nonce);
    else
        accord_random(nonce, sizeof nonce);
    accord_put(&out, (struct accord_bytes){nonce, sizeof nonce});
    accord_age_payload_key(file_key, nonce, key);
    sealer->stream = accord_age_stream_new(ACCORD_AGE_SEAL, key, sink);
    accord_wipe(key, sizeof key);
    if (sealer->stream == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    return sink.write(sink.context, accord_out_bytes(&out), error);
}

enum accord_status accord_age_sealer_new(struct accord_age_sealer **sealer, const struct accord_age_sealing *sealing,
                                         struct accord_error *error)
{
    bool passphrase = sealing->passphrase.size > 0;
    if (sealing->recipient_count > ACCORD_AGE_RECIPIENTS_MAX || passphrase == (sealing->recipient_count > 0) ||
        (passphrase && sealing->seed != NULL))
        abort();
    uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE];
    struct accord_age_sealer *made = calloc(1, sizeof *made);
    *sealer = NULL;
    if (made == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    made->armored = sealing->armor;
    made->armor.sink = sealing->sink;
    if (sealing->seed != NULL)
        accord_age_seed_file_key(sealing->seed, file_key);
    else
        accord_random(file_key, sizeof file_key);
    struct accord_age_sink sink = sealing->armor ? (struct accord_age_sink){&made->armor, to_armor} : sealing->sink;
    enum accord_status status = begin(made, sealing, file_key, sink, error);
    accord_wipe(file_key, sizeof file_key);
    if (status == ACCORD_OK)
        *sealer = made;
    else
        accord_age_sealer_free(made);
    return status;
}

enum accord_status accord_age_sealer_write(struct accord_age_sealer *sealer, struct accord_bytes plain,
                                           struct accord_error *error)
{
    if (sealer->ended)
        abort();
    return accord_age_stream_write(sealer->stream, plain, error);
}

enum accord_status accord_age_sealer_end(struct accord_age_sealer *sealer, struct accord_error *error)
{
    if (sealer->ended)
        abort();
    sealer->ended = true;
    enum accord_status status = accord_age_stream_end(sealer->stream, error);
    return status == ACCORD_OK && sealer->armored ? accord_age_armor_end(&sealer->armor, error) : status;
}

void accord_age_sealer_free(struct accord_age_sealer *sealer)
{
    if (sealer == NULL)
        return;
    accord_age_stream_free(sealer->stream);
    free(sealer);
}

uint64_t accord_age_sealed_size(size_t recipient_count, uint64_t plain_size)
{
    uint64_t chunks = plain_size == 0 ? 1 : (plain_size - 1) / ACCORD_AGE_CHUNK_SIZE + 1;
    uint64_t more = FIRST_LINE_SIZE + STANZA_SIZE * (uint64_t)recipient_count + END_SIZE + ACCORD_AGE_NONCE_SIZE +
                    chunks * ACCORD_AGE_TAG_SIZE;
    return plain_size > UINT64_MAX - more ? UINT64_MAX : plain_size + more;
}
