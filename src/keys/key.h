/* Private keys: files, and signing with them.
 *
 * A note key's file holds one line in the form of Go's sumdb/note, `PRIVATE+KEY+<name>+<hex id>+<base64>`: the base64
 * is the type byte (0x01, 0x04 or 0x06) and a 32-byte seed. A report key's file is an age identity (`# public key:
 * age1...` and `AGE-SECRET-KEY-1...`). Either may be encrypted to a passphrase as age does (scrypt), binary or armored.
 */
#ifndef ACCORD_KEYS_KEY_H
#define ACCORD_KEYS_KEY_H

#include "accord/note.h"
#include "base/buffer.h"
#include "base/fs.h"

/* Signs notes with one key. vkey's slices borrow from the signer; it must not move. Made by accord_signer_open,
 * accord_signer_generate; freed (and the secret wiped) by accord_signer_free. */
struct accord_signer;

/* What a key is for: the type byte, and the purpose that `accord key new --for` takes. log, release and stage make
 * 0x01, witness 0x04 (or 0x06 with mldsa44). */
ACCORD_MUST_USE enum accord_status accord_signer_generate(struct accord_signer **signer, struct accord_bytes name,
                                                          enum accord_key_type type, struct accord_error *error);
/* key_arg is a file's path, or `ssh-agent:VKEY`. passphrase_file may be NULL. */
ACCORD_MUST_USE enum accord_status accord_signer_open(struct accord_signer **signer, const struct accord_fs *fs,
                                                      const char *key_arg, const char *passphrase_file,
                                                      struct accord_error *error);
/* The same with the key in a process of its own (keeper.h): before any thread is there. A key that ssh-agent holds is
 * apart already. */
ACCORD_MUST_USE enum accord_status accord_signer_open_apart(struct accord_signer **signer, const struct accord_fs *fs,
                                                            const char *key_arg, const char *passphrase_file,
                                                            struct accord_error *error);
void accord_signer_free(struct accord_signer *signer);
const struct accord_vkey *accord_signer_vkey(const struct accord_signer *signer);
/* The secret of an Ed25519 key, for what signs something else than notes with it (the certificate that a bastion is
 * shown): borrowed. NULL where it is of another type, or not in this process. */
const uint8_t *accord_signer_seed(const struct accord_signer *signer);
/* Prints the line of the private key, with its newline: a secret. False where it is not in this process. */
ACCORD_MUST_USE bool accord_signer_print(const struct accord_signer *signer, struct accord_out *out);
/* A signer from such a line, which a file of another kind holds. */
ACCORD_MUST_USE enum accord_status accord_signer_read(struct accord_signer **signer, struct accord_bytes text,
                                                      struct accord_error *error);
/* Writes the private key's file: mode 0600, never over another (ACCORD_EXISTS). */
ACCORD_MUST_USE enum accord_status accord_signer_save(const struct accord_signer *signer, const struct accord_fs *fs,
                                                      const char *path, const char *passphrase_file,
                                                      struct accord_error *error);

/* Appends to *out the signature line over a note's text. For types 0x04 and 0x06 the text must be a checkpoint's and
 * timestamp is the cosignature's time; type 0x01 ignores timestamp. */
ACCORD_MUST_USE enum accord_status accord_signer_sign(const struct accord_signer *signer, struct accord_bytes text,
                                                      uint64_t timestamp, struct accord_buffer *out,
                                                      struct accord_error *error);

/* Signs many with one key: the line over texts[i] is appended to *lines[i]. Begun, and then ended, so that something
 * else can be done while a process of its own signs: a key that is not in one is only used at the end. Each that was
 * begun is ended, on the same thread, before another one is begun. Where it fails, some lines may be there. */
struct accord_signing {
    const struct accord_signer *signer;
    const struct accord_bytes *texts;
    size_t count;
    uint64_t timestamp;
    struct accord_buffer *const *lines;
    size_t asked; /* the signer's own */
};
void accord_signing_begin(struct accord_signing *signing);
ACCORD_MUST_USE enum accord_status accord_signing_end(struct accord_signing *signing, struct accord_error *error);
/* Is the key in a process of its own that is gone? Then it signs nothing any more, and is not opened again. */
bool accord_signer_gone(const struct accord_signer *signer);

/* A subtree as text, for accord_signer_sign_subtree: `subtree START END`, the hash in base64, the origin, each with its
 * newline. */
void accord_subtree_print(struct accord_out *out, const struct accord_subtree *subtree);
/* Appends the signature line over a subtree, without a time. ACCORD_KEY_TYPE where the key is not ML-DSA-44. */
ACCORD_MUST_USE enum accord_status accord_signer_sign_subtree(const struct accord_signer *signer,
                                                              struct accord_bytes subtree, struct accord_buffer *out,
                                                              struct accord_error *error);

/* The passphrase in a file, its first line: *passphrase borrows from *buffer, which this initialises, and which the
 * caller wipes in either case. */
ACCORD_MUST_USE enum accord_status accord_passphrase_read(const struct accord_fs *fs, const char *path,
                                                          struct accord_buffer *buffer, struct accord_bytes *passphrase,
                                                          struct accord_error *error);
/* Report keys (age X25519 identities). public_out gets `age1...` and a NUL. */
ACCORD_MUST_USE enum accord_status accord_report_key_new(const struct accord_fs *fs, const char *path,
                                                         const char *passphrase_file, char public_out[64],
                                                         struct accord_error *error);
/* The secret of a report key's file. The caller wipes it. */
ACCORD_MUST_USE enum accord_status accord_report_key_open(const struct accord_fs *fs, const char *path,
                                                          const char *passphrase_file, uint8_t secret[32],
                                                          struct accord_error *error);
/* The public half of any private key file: a vkey or an `age1...` recipient, appended to *out without a newline. */
ACCORD_MUST_USE enum accord_status accord_key_public(const struct accord_fs *fs, const char *key_arg,
                                                     const char *passphrase_file, struct accord_buffer *out,
                                                     struct accord_error *error);

#endif
