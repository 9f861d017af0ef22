/* What mirror.c, mirror_pending.c and mirror_upload.c share. */
#ifndef ACCORD_MIRROR_MIRROR_INNER_H
#define ACCORD_MIRROR_MIRROR_INNER_H

#include <pthread.h>

#include "mirror/mirror.h"
#include "mirror/ticket.h"
#include "witness/state.h"

#define ACCORD_MIRROR_PENDING_KEPT 8 /* "any of the last several pending checkpoint values" */

struct accord_mirror_pending {
    uint64_t size;
    struct accord_buffer note;
};

/* One log that somebody asked for lately. */
struct accord_mirror_slot {
    uint8_t hash[ACCORD_HASH_SIZE]; /* of its origin */
    pthread_mutex_t lock;           /* of the copy: whoever holds it may use it, open it and close it */
    struct accord_copy *copy;       /* NULL where it is not open */
    /* Under the mirror's mutex. */
    struct accord_mirror_slot *next;          /* in its bucket */
    struct accord_mirror_slot *newer, *older; /* by when it was used */
    unsigned users, holders;                  /* who have it; of these, who have the lock or wait for it */
    uint64_t opened_at;                       /* how many syncs had failed */
    bool open;                                /* there is a copy, of so many bytes */
    size_t held;
    bool published; /* something is known to be, of this size */
    uint64_t published_size;
    bool pending_known;
    size_t pending_count; /* the newest last */
    struct accord_mirror_pending pending[ACCORD_MIRROR_PENDING_KEPT];
};

#define ACCORD_MIRROR_BUCKETS 4096

struct accord_mirror {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    char dir[4096 - 128];
    struct accord_signer *signers[ACCORD_MIRROR_KEYS_MAX];
    size_t signer_count, copies_max;
    uint8_t ticket_key[ACCORD_TICKET_KEY_SIZE];

    pthread_mutex_t memory;              /* of the state file; taken before mutex, never after it */
    struct accord_cosigner_state *state; /* NULL where it failed, and is to be opened again */

    pthread_mutex_t mutex; /* of all below; nobody waits for anything else with it */
    struct accord_logs *logs;
    struct accord_mirror_slot *buckets[ACCORD_MIRROR_BUCKETS];
    struct accord_mirror_slot *newest, *oldest;
    size_t slot_count, open_count, open_held;
    uint64_t doubts;             /* syncs of copies that failed */
    bool state_doubted;          /* the state file was open then */
    struct accord_error suspect; /* ACCORD_OK, or why nothing is signed any more */
};

/* The logs that are known now; to be given back with accord_logs_free. */
struct accord_logs *accord_mirror_logs(struct accord_mirror *mirror);
/* The slot of a log, made where there is none; NULL where memory ran out. */
struct accord_mirror_slot *accord_mirror_slot_get(struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE]);
void accord_mirror_slot_put(struct accord_mirror *mirror, struct accord_mirror_slot *slot);
/* Its copy, locked and open. */
ACCORD_MUST_USE enum accord_status accord_mirror_slot_hold(struct accord_mirror *mirror,
                                                           struct accord_mirror_slot *slot, struct accord_bytes origin,
                                                           struct accord_error *error);
void accord_mirror_slot_let_go(struct accord_mirror *mirror, struct accord_mirror_slot *slot);
void accord_mirror_path(const struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE], const char *name,
                        char path[4096]);

/* Opens the state file. With memory held. */
ACCORD_MUST_USE enum accord_status accord_mirror_remember(struct accord_mirror *mirror, struct accord_error *error);
/* Loads what is remembered of a log, where that has not been done. */
ACCORD_MUST_USE enum accord_status accord_mirror_pending_load(struct accord_mirror *mirror,
                                                              struct accord_mirror_slot *slot,
                                                              struct accord_bytes origin, struct accord_error *error);
/* Appends the pending checkpoint of this size, or the newest where size is NULL. ACCORD_NOT_FOUND. */
ACCORD_MUST_USE enum accord_status accord_mirror_pending_find(struct accord_mirror *mirror,
                                                              struct accord_mirror_slot *slot, const uint64_t *size,
                                                              struct accord_buffer *note, struct accord_error *error);
/* The same of the published checkpoint, without our cosignatures. */
ACCORD_MUST_USE enum accord_status accord_mirror_published_find(struct accord_mirror *mirror,
                                                                const uint8_t hash[ACCORD_HASH_SIZE],
                                                                struct accord_buffer *note, struct accord_error *error);

#endif
