/* Hashing a file of any size in bounded memory, reading once. */
#ifndef ACCORD_CLI_STREAM_H
#define ACCORD_CLI_STREAM_H

#include "accord/crypto.h"
#include "accord/error.h"
#include "base/fs.h"

#define ACCORD_STREAM_CHUNK (64 * 1024)
#define ACCORD_STREAM_CHUNKS 8

/* One thread's room to read into. Only the pages that a file fills are ever touched. */
struct accord_stream {
    uint8_t chunk[ACCORD_STREAM_CHUNKS][ACCORD_STREAM_CHUNK];
};

/* Reads path ("-" is standard input) to its end, once: digest and size are those of the bytes that were read. A large
 * file is read by a thread of its own while this one hashes. ACCORD_NOT_FOUND, ACCORD_IO. */
ACCORD_MUST_USE enum accord_status accord_stream_hash(struct accord_stream *stream, const struct accord_fs *fs,
                                                      const struct accord_crypto *crypto, const char *path,
                                                      uint8_t sha256[ACCORD_HASH_SIZE], uint64_t *size,
                                                      struct accord_error *error);

#endif
