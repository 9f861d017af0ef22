/* What a key of each type signs, and whether it did (C2SP signed-note, "Signatures"; tlog-cosignature). Knows one note
 * and one key at a time: how many signatures are enough is a policy's matter. */
#include "accord/checkpoint.h"
#include "accord/note.h"

#include "core/text.h"

#include <string.h>

#define KEY_ID_SIZE 4
#define TIME_SIZE 8
#define TIME_LINES_SIZE_MAX 64 /* "cosignature/v1\ntime 9223372036854775807\n" is 40 bytes */
#define SUBTREE_MESSAGE_SIZE_MAX 640

static void put_short(struct accord_out *out, struct accord_bytes bytes)
{
    accord_put_byte(out, (uint8_t)bytes.size);
    accord_put(out, bytes);
}

/* tlog-cosignature, "Ed25519 signed message". */
static void put_time_lines(struct accord_out *out, struct accord_bytes text, uint64_t timestamp)
{
    accord_put(out, ACCORD_LITERAL("cosignature/v1\ntime "));
    accord_put_decimal(out, timestamp);
    accord_put_byte(out, '\n');
    accord_put(out, text);
}

enum accord_status accord_subtree_message(struct accord_out *out, const struct accord_subtree *subtree,
                                          struct accord_bytes cosigner, uint64_t timestamp)
{
    if (!accord_key_name_valid(cosigner) || subtree->origin.size == 0 ||
        subtree->origin.size > ACCORD_ORIGIN_SIZE_MAX || timestamp > INT64_MAX ||
        (subtree->start != 0 && timestamp != 0))
        return ACCORD_MALFORMED;
    accord_put(out, (struct accord_bytes){(const uint8_t *)"subtree/v1\n", 12}); /* the NUL is part of the label */
    put_short(out, cosigner);
    accord_put_be64(out, timestamp);
    put_short(out, subtree->origin);
    accord_put_be64(out, subtree->start);
    accord_put_be64(out, subtree->end);
    accord_put(out, (struct accord_bytes){subtree->hash, ACCORD_HASH_SIZE});
    return out->full ? ACCORD_NO_SPACE : ACCORD_OK;
}

/* A checkpoint is the subtree from 0 to its size. */
static enum accord_status put_tree(struct accord_out *out, const struct accord_checkpoint_claim *checkpoint,
                                   struct accord_bytes cosigner, uint64_t timestamp)
{
    struct accord_subtree tree = {.origin = checkpoint->origin, .end = checkpoint->size};
    memcpy(tree.hash, checkpoint->root, sizeof tree.hash);
    return accord_subtree_message(out, &tree, cosigner, timestamp);
}

enum accord_status accord_cosignature_message(struct accord_out *out, enum accord_key_type type,
                                              struct accord_bytes text, struct accord_bytes cosigner,
                                              uint64_t timestamp)
{
    struct accord_checkpoint_claim checkpoint;
    if (accord_checkpoint_text_parse(&checkpoint, text, NULL) != ACCORD_OK || timestamp > INT64_MAX)
        return ACCORD_MALFORMED;
    if (type == ACCORD_KEY_COSIGNATURE_ED25519) {
        put_time_lines(out, text, timestamp);
    } else if (type == ACCORD_KEY_COSIGNATURE_MLDSA44) {
        return put_tree(out, &checkpoint, cosigner, timestamp);
    } else {
        return ACCORD_KEY_TYPE;
    }
    return out->full ? ACCORD_NO_SPACE : ACCORD_OK;
}

/* A timestamp must not exceed 2^63 - 1. Zero is allowed to a cosigner that makes no statement about time; accord counts
 * on the time of each cosignature, so for a key that a caller trusts with it zero is wrong. */
static bool read_time(const uint8_t bytes[TIME_SIZE], uint64_t *timestamp)
{
    *timestamp = 0;
    for (size_t i = 0; i < TIME_SIZE; i++)
        *timestamp = *timestamp << 8 | bytes[i];
    return *timestamp > 0 && *timestamp <= INT64_MAX;
}

static enum accord_signed verdict(bool verified)
{
    return verified ? ACCORD_SIGNED : ACCORD_SIGNED_WRONGLY;
}

static enum accord_signed verify_ed25519(struct accord_bytes base64, struct accord_bytes text,
                                         const struct accord_vkey *vkey, const struct accord_crypto *crypto)
{
    uint8_t payload[KEY_ID_SIZE + ACCORD_ED25519_SIGNATURE_SIZE];
    if (!accord_base64_read(base64, payload, sizeof payload))
        return ACCORD_SIGNED_WRONGLY;
    return verdict(crypto->ed25519_verify(vkey->ed25519, text.data, text.size, payload + KEY_ID_SIZE));
}

static enum accord_signed verify_timed(struct accord_bytes base64, struct accord_bytes text,
                                       const struct accord_vkey *vkey, const struct accord_crypto *crypto,
                                       uint64_t *timestamp)
{
    uint8_t payload[KEY_ID_SIZE + TIME_SIZE + ACCORD_ED25519_SIGNATURE_SIZE];
    uint8_t message[TIME_LINES_SIZE_MAX + ACCORD_CHECKPOINT_TEXT_SIZE_MAX];
    struct accord_out out = {message, sizeof message, 0, false};
    if (!accord_base64_read(base64, payload, sizeof payload) || !read_time(payload + KEY_ID_SIZE, timestamp) ||
        accord_cosignature_message(&out, vkey->type, text, vkey->name, *timestamp) != ACCORD_OK)
        return ACCORD_SIGNED_WRONGLY;
    return verdict(crypto->ed25519_verify(vkey->ed25519, message, out.size, payload + KEY_ID_SIZE + TIME_SIZE));
}

static enum accord_signed verify_mldsa44(struct accord_bytes base64, struct accord_bytes text,
                                         const struct accord_vkey *vkey, const struct accord_crypto *crypto,
                                         uint64_t *timestamp)
{
    uint8_t payload[KEY_ID_SIZE + TIME_SIZE + ACCORD_MLDSA44_SIGNATURE_SIZE];
    uint8_t typed[1 + ACCORD_MLDSA44_PUBLIC_SIZE];
    uint8_t message[SUBTREE_MESSAGE_SIZE_MAX];
    struct accord_out out = {message, sizeof message, 0, false};
    if (!accord_base64_read(base64, payload, sizeof payload) || !read_time(payload + KEY_ID_SIZE, timestamp) ||
        !accord_base64_read(vkey->base64, typed, sizeof typed) ||
        accord_cosignature_message(&out, vkey->type, text, vkey->name, *timestamp) != ACCORD_OK)
        return ACCORD_SIGNED_WRONGLY;
    int answer = -1;
    if (crypto->mldsa44_verify != NULL)
        answer = crypto->mldsa44_verify(typed + 1, message, out.size, payload + KEY_ID_SIZE + TIME_SIZE);
    return answer < 0 ? ACCORD_SIGNED_UNKNOWN : verdict(answer == 1);
}

enum accord_signed accord_signature_verify(const struct accord_signature *signature, struct accord_bytes text,
                                           const struct accord_vkey *vkey, const struct accord_crypto *crypto,
                                           uint64_t *timestamp)
{
    uint64_t time = 0;
    enum accord_signed signed_by = ACCORD_NOT_SIGNED;
    if (signature->id == vkey->id && accord_bytes_equal(signature->name, vkey->name)) {
        if (vkey->type == ACCORD_KEY_ED25519)
            signed_by = verify_ed25519(signature->base64, text, vkey, crypto);
        else if (vkey->type == ACCORD_KEY_COSIGNATURE_ED25519)
            signed_by = verify_timed(signature->base64, text, vkey, crypto, &time);
        else
            signed_by = verify_mldsa44(signature->base64, text, vkey, crypto, &time);
    }
    /* A time that no verified signature stands behind must not leave this function. */
    if (timestamp != NULL)
        *timestamp = signed_by == ACCORD_SIGNED ? time : 0;
    return signed_by;
}

enum accord_signed accord_note_signed_by(const struct accord_note_claim *note, const struct accord_vkey *vkey,
                                         const struct accord_crypto *crypto, uint64_t *timestamp)
{
    struct accord_signature signature;
    size_t cursor = 0;
    while (accord_note_next_signature(note, &cursor, &signature))
        if (signature.id == vkey->id && accord_bytes_equal(signature.name, vkey->name))
            return accord_signature_verify(&signature, note->text, vkey, crypto, timestamp);
    if (timestamp != NULL)
        *timestamp = 0;
    return ACCORD_NOT_SIGNED;
}
