/* DSSE envelopes (secure-systems-lab/dsse, v1.0): a payload and signatures over it. */
#ifndef ACCORD_INTOTO_ENVELOPE_H
#define ACCORD_INTOTO_ENVELOPE_H

#include "base/buffer.h"
#include "intoto/key.h"

#define ACCORD_ENVELOPE_SIZE_MAX 4194304
#define ACCORD_ENVELOPE_SIGNATURES_MAX 64
#define ACCORD_ENVELOPE_SIGNATURE_SIZE_MAX 2048
#define ACCORD_ENVELOPE_TYPE_SIZE_MAX 256
#define ACCORD_INTOTO_PAYLOAD_TYPE "application/vnd.in-toto+json"

struct accord_envelope_signature {
    size_t size;
    uint8_t data[ACCORD_ENVELOPE_SIGNATURE_SIZE_MAX];
};

/* What an envelope holds; nothing has been verified. About 130 KiB: on the heap, by accord_envelope_parse. */
struct accord_envelope {
    struct accord_buffer payload;
    struct accord_buffer message; /* PAE(type, payload): what is signed */
    char type[ACCORD_ENVELOPE_TYPE_SIZE_MAX];
    size_t signature_count; /* at least 1 */
    struct accord_envelope_signature signatures[ACCORD_ENVELOPE_SIGNATURES_MAX];
};

/* Parses an envelope in JSON. Base64 may be of either alphabet, as DSSE has it; names that are not DSSE's are passed
 * over, names that stand twice are refused. ACCORD_MALFORMED, ACCORD_BAD_BASE64, ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status accord_envelope_parse(struct accord_envelope **envelope, struct accord_bytes json,
                                                         struct accord_error *error);
void accord_envelope_free(struct accord_envelope *envelope);
/* Did one of these keys sign? ACCORD_UNSIGNED where none did. Key ids are hints, and are not looked at. */
ACCORD_MUST_USE enum accord_status accord_envelope_verify(const struct accord_envelope *envelope,
                                                          const struct accord_intoto_key *const *keys, size_t key_count,
                                                          const struct accord_crypto *crypto,
                                                          struct accord_error *error);
/* Appends PAE(type, payload), DSSE's "pre-authentication encoding". */
ACCORD_MUST_USE enum accord_status accord_envelope_message(struct accord_buffer *message, struct accord_bytes type,
                                                           struct accord_bytes payload);

#endif
