/* A private key in a process of its own, which speaks to nobody but the process that started it: a pipe in, signatures
 * out. It opens the key itself, so the key's bytes are never in the memory of the process that speaks to the network;
 * then the kernel lets it read, write, allocate and end, and nothing else. Whoever takes over its parent can have
 * signed what the parent could, while it lasts, and takes no key away. */
#ifndef ACCORD_KEYS_KEEPER_H
#define ACCORD_KEYS_KEEPER_H

#include "keys/key.h"

struct accord_keeper;

#define ACCORD_KEEPER_TEXT_MAX 65536 /* of a note that it signs */
#define ACCORD_KEEPER_TIMEOUT_MS 10000

/* Starts the process, which opens the key as accord_signer_open does; *vkey gets the key's vkey, appended. Before any
 * thread is there. ACCORD_UNSUPPORTED where this machine has no seccomp: there is no doing without. */
ACCORD_MUST_USE enum accord_status accord_keeper_start(struct accord_keeper **keeper, const struct accord_fs *fs,
                                                       const char *key_arg, const char *passphrase_file,
                                                       struct accord_buffer *vkey, struct accord_error *error);
/* Ends the process, which would end by itself, too, when there is nobody to speak to any more. */
void accord_keeper_stop(struct accord_keeper *keeper);
/* Is the process gone, or not asked any more because it did not answer? */
bool accord_keeper_gone(struct accord_keeper *keeper);
/* Notes to be signed (or, with a timestamp of 0, subtrees): the signature line over texts[i] is appended to *lines[i].
 */
struct accord_keeper_errand {
    const struct accord_bytes *texts;
    size_t count;
    uint64_t timestamp;
    struct accord_buffer *const *lines;
    size_t asked; /* the keeper's own */
};
/* Both, in this order, from any thread: the keeper is at work between them, for this caller alone. ACCORD_IO where the
 * process is gone or does not answer; it is not asked again then. */
void accord_keeper_ask(struct accord_keeper *keeper, struct accord_keeper_errand *errand);
ACCORD_MUST_USE enum accord_status
accord_keeper_hear(struct accord_keeper *keeper, const struct accord_keeper_errand *errand, struct accord_error *error);

#endif
