/* Tickets (C2SP tlog-mirror): a pending checkpoint, signed by the log, under a MAC of the mirror's own key. So whoever
 * has one can go on with an upload after a restart, or after the mirror has forgotten how the checkpoint looked. */
#ifndef ACCORD_MIRROR_TICKET_H
#define ACCORD_MIRROR_TICKET_H

#include "accord/crypto.h"
#include "base/buffer.h"
#include "base/fs.h"

#define ACCORD_TICKET_KEY_SIZE 32
#define ACCORD_TICKET_SIZE_MAX 65535

/* Reads the key from a file, or makes it (mode 0600) where there is none. ACCORD_STATE where it is something else. */
ACCORD_MUST_USE enum accord_status accord_ticket_key(const struct accord_fs *fs, const char *path,
                                                     uint8_t key[ACCORD_TICKET_KEY_SIZE], struct accord_error *error);
/* Appends the ticket of a note; nothing where it would be too large. */
ACCORD_MUST_USE enum accord_status accord_ticket_make(const struct accord_crypto *crypto,
                                                      const uint8_t key[ACCORD_TICKET_KEY_SIZE],
                                                      struct accord_bytes note, struct accord_buffer *ticket);
/* The note in a ticket that was made with this key, borrowed; false where it was not. */
ACCORD_MUST_USE bool accord_ticket_open(const struct accord_crypto *crypto, const uint8_t key[ACCORD_TICKET_KEY_SIZE],
                                        struct accord_bytes ticket, struct accord_bytes *note);

#endif
