/* A mailbox on disk: sealed reports, each a file named by its SHA-256 (docs/protocol.md, "Mailbox"). Nothing in it can
 * be read by whoever hosts it. Files appear whole and durable, or not at all. */
#ifndef ACCORD_CASE_MAILBOX_H
#define ACCORD_CASE_MAILBOX_H

#include "accord/merkle.h"
#include "age/age.h"
#include "base/fs.h"

/* An upload into a directory: written beside, and renamed once its digest is the one that was announced. size: at most
 * so many octets. */
struct accord_mailbox_upload;
ACCORD_MUST_USE enum accord_status accord_mailbox_begin(struct accord_mailbox_upload **upload,
                                                        const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                        const char *directory, const uint8_t digest[ACCORD_HASH_SIZE],
                                                        uint64_t size, struct accord_error *error);
/* ACCORD_TOO_LARGE past the size. */
ACCORD_MUST_USE enum accord_status accord_mailbox_write(struct accord_mailbox_upload *upload, struct accord_bytes bytes,
                                                        struct accord_error *error);
/* Durable, under its name, once this is ACCORD_OK. ACCORD_COMMITMENT where it is not what was announced. */
ACCORD_MUST_USE enum accord_status accord_mailbox_end(struct accord_mailbox_upload *upload, struct accord_error *error);
/* Also where it was not ended: then nothing of it stays. */
void accord_mailbox_free(struct accord_mailbox_upload *upload);
ACCORD_MUST_USE bool accord_mailbox_has(const struct accord_fs *fs, const char *directory,
                                        const uint8_t digest[ACCORD_HASH_SIZE]);
/* Reads it all to the sink, and checks the digest in the end: ACCORD_NOT_FOUND, ACCORD_COMMITMENT. */
ACCORD_MUST_USE enum accord_status accord_mailbox_read(const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                       const char *directory, const uint8_t digest[ACCORD_HASH_SIZE],
                                                       const struct accord_age_sink *sink, struct accord_error *error);

#endif
