/* DIR/.accord/admission: how far the log has been read for links of the chain of charter and rosters, and where they
 * are. Derived: whoever cannot use it reads the log. Inside this room only. */
#ifndef ACCORD_SERVE_ADMISSION_MEMORY_H
#define ACCORD_SERVE_ADMISSION_MEMORY_H

#include "accord/merkle.h"
#include "base/buffer.h"

/* The links are kept as the file has them: a line each, the indexes of the charter and of each roster, in order. */
struct accord_admission_memory {
    uint64_t read;                  /* entries */
    uint8_t root[ACCORD_HASH_SIZE]; /* of the tree of so many entries: of which log, and of which of its pasts */
    struct accord_buffer links;
};

void accord_admission_memory_init(struct accord_admission_memory *memory);
void accord_admission_memory_free(struct accord_admission_memory *memory);
/* Adds the index of a link. ACCORD_TOO_LARGE where the chain is longer than a memory may be. */
ACCORD_MUST_USE enum accord_status accord_admission_memory_add(struct accord_admission_memory *memory, uint64_t index,
                                                               struct accord_error *error);
/* Cuts the next index off *links, which starts as those of a memory; false after the last. */
ACCORD_MUST_USE bool accord_admission_memory_next(struct accord_bytes *links, uint64_t *index);

/* ACCORD_NOT_FOUND; ACCORD_STATE where the file is not whole. *memory was initialised, and is freed by the caller. */
ACCORD_MUST_USE enum accord_status accord_admission_memory_load(struct accord_admission_memory *memory,
                                                                const struct accord_fs *fs,
                                                                const struct accord_crypto *crypto, const char *path,
                                                                struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_admission_memory_save(const struct accord_admission_memory *memory,
                                                                const struct accord_fs *fs,
                                                                const struct accord_crypto *crypto, const char *path,
                                                                struct accord_error *error);

#endif
