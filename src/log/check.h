/* Recomputing a whole log from its entries, streamed, on all cores. */
#ifndef ACCORD_LOG_CHECK_H
#define ACCORD_LOG_CHECK_H

#include "accord/note.h"
#include "base/buffer.h"
#include "base/fs.h"
#include "log/reader.h"

struct accord_check_result {
    uint64_t size; /* entries checked */
    uint8_t root[ACCORD_HASH_SIZE];
};

/* Checks that the checkpoint is signed by vkey (or any of the log's own where vkey is NULL: then only hashes are
 * checked), that each entry hashes to its place in the level 0 tiles, each tile to its place above, and all to the
 * root; that partial tiles of the checkpoint's size are present. The first thing wrong, in index order, is named in
 * *error (what: the file). progress, which may be NULL, is called now and then from the calling thread. */
ACCORD_MUST_USE enum accord_status accord_log_check(const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                    const char *dir, const struct accord_vkey *vkey, unsigned threads,
                                                    void (*progress)(void *context, uint64_t done, uint64_t size),
                                                    void *context, struct accord_check_result *result,
                                                    struct accord_error *error);
/* The same of a log that was opened to read, wherever it is. More than one thread only where its store may be read by
 * several at once, as a directory may. */
ACCORD_MUST_USE enum accord_status
accord_log_check_reader(struct accord_reader *reader, const struct accord_crypto *crypto,
                        const struct accord_vkey *vkey, unsigned threads,
                        void (*progress)(void *context, uint64_t done, uint64_t size), void *context,
                        struct accord_check_result *result, struct accord_error *error);

#endif
