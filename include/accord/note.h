/* Signed notes and verifier keys (C2SP signed-note), and what a key of each signature type signs. */
#ifndef ACCORD_NOTE_H
#define ACCORD_NOTE_H

#include "accord/bytes.h"
#include "accord/crypto.h"
#include "accord/error.h"
#include "accord/limits.h"

/* Signature types (C2SP signed-note, "Signature types"; C2SP tlog-cosignature). */
enum accord_key_type {
    ACCORD_KEY_ED25519 = 0x01,             /* over the note's text */
    ACCORD_KEY_COSIGNATURE_ED25519 = 0x04, /* timestamped, over a checkpoint */
    ACCORD_KEY_COSIGNATURE_MLDSA44 = 0x06  /* timestamped, over a checkpoint's origin, size and root */
};

/* A verifier key. All slices borrow from the text that was parsed. */
struct accord_vkey {
    struct accord_bytes text; /* the whole vkey */
    struct accord_bytes name;
    struct accord_bytes base64; /* of the type byte and the public key; canonical, so equal keys have equal text */
    uint32_t id;
    enum accord_key_type type;
    uint8_t ed25519[ACCORD_ED25519_PUBLIC_SIZE]; /* types 0x01 and 0x04 */
};

/* Parses `<name>+<hex id>+<base64>`: types 0x01, 0x04 and 0x06 only (others: ACCORD_KEY_TYPE), and checks the id. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_vkey_parse(struct accord_vkey *vkey, struct accord_bytes text,
                                                                const struct accord_crypto *crypto,
                                                                struct accord_error *error);
/* Prints a vkey from its parts; public_key has 32 or 1312 bytes as the type asks. */
ACCORD_API void accord_vkey_print(struct accord_out *out, struct accord_bytes name, enum accord_key_type type,
                                  struct accord_bytes public_key, const struct accord_crypto *crypto);
/* key ID = SHA-256(name || 0x0A || type || public key)[:4] (C2SP signed-note, "Signatures"). */
ACCORD_API uint32_t accord_key_id(struct accord_bytes name, enum accord_key_type type, struct accord_bytes public_key,
                                  const struct accord_crypto *crypto);
/* A key name: not empty, valid UTF-8, no Unicode space, no '+', no control character, at most 255 bytes. */
ACCORD_API bool accord_key_name_valid(struct accord_bytes name);
/* Do both wrap the same underlying public key, whatever name, id and type they give it? (C2SP tlog-policy) */
ACCORD_API bool accord_vkey_same_public(const struct accord_vkey *a, const struct accord_vkey *b);

/* A note that is well formed; nothing has been verified. Borrows from the bytes that were parsed. */
struct accord_note_claim {
    struct accord_bytes whole;
    struct accord_bytes text;       /* includes its final newline, not the blank line */
    struct accord_bytes signatures; /* the signature lines, each with its newline */
    size_t signature_count;
    uint64_t signature_line; /* line number of the first signature line */
};

/* One signature line. */
struct accord_signature {
    struct accord_bytes name;
    struct accord_bytes base64; /* of the key id and the signature */
    uint32_t id;
    uint64_t line;
};

/* Parses a whole note: every byte belongs to it. At least one signature, at most ACCORD_SIGNATURES_MAX. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_note_parse(struct accord_note_claim *note,
                                                                struct accord_bytes bytes, struct accord_error *error);

/* Steps through the signatures of a note that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_note_next_signature(const struct accord_note_claim *note, size_t *cursor,
                                           struct accord_signature *signature);

/* Parses signature lines alone (a witness's answer, C2SP tlog-witness): gives them as a note without a text. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_signatures_parse(struct accord_note_claim *note, struct accord_bytes bytes, struct accord_error *error);

enum accord_signed {
    ACCORD_NOT_SIGNED = 0, /* no line of this key */
    ACCORD_SIGNED,         /* verified */
    ACCORD_SIGNED_WRONGLY, /* a line with this key's name and id does not verify */
    ACCORD_SIGNED_UNKNOWN  /* a line of this key is there, but this machine cannot verify its type */
};

/* Did this key sign the note? For type 0x01 the message is the note's text; types 0x04 and 0x06 want a checkpoint as
 * text. Only the first line that names the key counts, as in Go's sumdb/note. *timestamp (POSIX seconds, may be NULL)
 * is set for types 0x04 and 0x06. */
ACCORD_MUST_USE ACCORD_API enum accord_signed accord_note_signed_by(const struct accord_note_claim *note,
                                                                    const struct accord_vkey *vkey,
                                                                    const struct accord_crypto *crypto,
                                                                    uint64_t *timestamp);
/* The same for one signature line that has the key's name and id. */
ACCORD_MUST_USE ACCORD_API enum accord_signed
accord_signature_verify(const struct accord_signature *signature, struct accord_bytes text,
                        const struct accord_vkey *vkey, const struct accord_crypto *crypto, uint64_t *timestamp);

/* Prints one signature line: `U+2014 name base64(id || signature)`, newline. For types 0x04 and 0x06 the signature is
 * that of tlog-cosignature: pass the timestamp's 8 big-endian bytes and the signature together. */
ACCORD_API void accord_signature_print(struct accord_out *out, struct accord_bytes name, uint32_t id,
                                       struct accord_bytes signature);

/* Writes the message that a cosignature of this type signs over the checkpoint text (C2SP tlog-cosignature, "Ed25519
 * signed message", "ML-DSA-44 signed message"); cosigner is used by type 0x06. ACCORD_MALFORMED where text is not a
 * checkpoint's. A buffer of text.size + 64 (0x04) or 640 (0x06) bytes suffices. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_cosignature_message(struct accord_out *out, enum accord_key_type type, struct accord_bytes text,
                           struct accord_bytes cosigner, uint64_t timestamp);

/* Leaves start .. end - 1 of a log's tree, and the hash of the subtree that they are. */
struct accord_subtree {
    struct accord_bytes origin; /* borrowed */
    uint64_t start, end;
    uint8_t hash[ACCORD_HASH_SIZE];
};

/* Writes the message that a cosigner signs of a subtree (C2SP tlog-cosignature, "ML-DSA-44 signed message"). For one
 * that does not begin at 0 timestamp must be 0. ACCORD_MALFORMED. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_subtree_message(struct accord_out *out,
                                                                     const struct accord_subtree *subtree,
                                                                     struct accord_bytes cosigner, uint64_t timestamp);

#endif
