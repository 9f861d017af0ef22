/* Reading a log, by whoever: tiles, entries, proofs. Works on a directory; the store it reads through leaves room for
 * HTTP and objects. Nothing that it returns is verified unless it says so. */
#ifndef ACCORD_LOG_READER_H
#define ACCORD_LOG_READER_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"
#include "base/buffer.h"
#include "base/fs.h"

struct accord_reader;

/* location is a log's directory, or an accord's (whose log is in public/). */
ACCORD_MUST_USE enum accord_status accord_reader_open(struct accord_reader **reader, const struct accord_fs *fs,
                                                      const struct accord_crypto *crypto, const char *location,
                                                      struct accord_error *error);
struct accord_store;
/* Reads by way of a store of which nothing but read is called, and close in the end. The store is the reader's from
 * here on, also where this fails. */
ACCORD_MUST_USE enum accord_status accord_reader_open_store(struct accord_reader **reader,
                                                            const struct accord_crypto *crypto,
                                                            const struct accord_store *store,
                                                            void (*close)(struct accord_store *store),
                                                            struct accord_error *error);
void accord_reader_close(struct accord_reader *reader);

/* Appends the newest checkpoint's bytes. */
ACCORD_MUST_USE enum accord_status accord_reader_checkpoint(struct accord_reader *reader, struct accord_buffer *out,
                                                            struct accord_error *error);
/* From here on tiles are read as they are in a tree of this size, which is 0 until then. */
void accord_reader_set_size(struct accord_reader *reader, uint64_t size);
/* Hashes for accord_inclusion_prove and the rest. */
struct accord_hash_source accord_reader_hashes(struct accord_reader *reader);
/* One entry's bytes; its leaf hash is checked against the level 0 tile (ACCORD_LOG_CORRUPT). Entries near the last one
 * read come from a cache, so a loop over all of them reads each bundle once. */
ACCORD_MUST_USE enum accord_status accord_reader_entry(struct accord_reader *reader, uint64_t index,
                                                       struct accord_buffer *out, struct accord_error *error);
/* What it reads through, for those who read objects themselves. */
const struct accord_store *accord_reader_store(const struct accord_reader *reader);
/* What went wrong in a hash source's read. */
const struct accord_error *accord_reader_error(const struct accord_reader *reader);

/* Resolves a LOG argument to the directory of its log: location itself, or location/public. */
ACCORD_MUST_USE enum accord_status accord_log_locate(const struct accord_fs *fs, const char *location, char *path,
                                                     size_t size, struct accord_error *error);

#endif
