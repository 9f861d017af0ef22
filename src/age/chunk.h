/* One chunk of a payload. */
#ifndef ACCORD_AGE_CHUNK_H
#define ACCORD_AGE_CHUNK_H

#include "age/inner.h"

#define ACCORD_AGE_SEALED_CHUNK_SIZE (ACCORD_AGE_CHUNK_SIZE + ACCORD_AGE_TAG_SIZE)

/* What opening a chunk showed. */
enum accord_age_chunk {
    ACCORD_AGE_CHUNK_FINE,
    ACCORD_AGE_CHUNK_FORGED, /* not what was sealed at this place */
    ACCORD_AGE_CHUNK_CUT,    /* the file ended here, and the chunk was not the last */
    ACCORD_AGE_CHUNK_LAST,   /* it was the last, and the file goes on */
    ACCORD_AGE_CHUNK_EMPTY   /* the last is empty, and was not the first */
};

/* Writes size + ACCORD_AGE_TAG_SIZE bytes. */
void accord_age_chunk_seal(const uint8_t key[32], uint64_t number, bool last, const uint8_t *plain, size_t size,
                           uint8_t *sealed);
/* Writes size - ACCORD_AGE_TAG_SIZE bytes, which are authentic where it is FINE, CUT or LAST. size is at least the
 * tag's. */
enum accord_age_chunk accord_age_chunk_open(const uint8_t key[32], uint64_t number, bool last, const uint8_t *sealed,
                                            size_t size, uint8_t *plain);

#endif
