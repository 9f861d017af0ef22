/* A log's key and its checkpoints. */
#ifndef ACCORD_KEYS_CHECKPOINT_H
#define ACCORD_KEYS_CHECKPOINT_H

#include "accord/checkpoint.h"
#include "keys/key.h"

/* Signs a checkpoint with the log's key: a whole note, appended to *checkpoint. Its origin is the key's name. */
ACCORD_MUST_USE enum accord_status accord_checkpoint_sign(const struct accord_signer *log_key, uint64_t size,
                                                          const uint8_t root[ACCORD_HASH_SIZE],
                                                          struct accord_buffer *checkpoint, struct accord_error *error);
/* Is this a key that signs a log's checkpoints: type 0x01, or 0x06 in the way of tlog-cosignature? ACCORD_KEY_TYPE
 * where it is a witness's. */
ACCORD_MUST_USE enum accord_status accord_checkpoint_key_check(const struct accord_signer *log_key,
                                                               struct accord_error *error);
/* Is it the key of the log that this checkpoint is of? A log's origin is its key's name: ACCORD_WRONG_KEY otherwise. */
ACCORD_MUST_USE enum accord_status accord_checkpoint_origin_check(const struct accord_signer *log_key,
                                                                  struct accord_bytes checkpoint,
                                                                  struct accord_error *error);

#endif
