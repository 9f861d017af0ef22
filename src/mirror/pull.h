/* Pulling: one round of bringing a copy up to what a log shows. The log is read through a reader, so it may lie in a
 * directory or behind a URL, and nothing that it says is believed: its checkpoint must be signed, must grow out of the
 * tree that was accepted before, and each bundle is proven to be in it before it is put. A round may be broken off
 * anywhere; the next one goes on. */
#ifndef ACCORD_MIRROR_PULL_H
#define ACCORD_MIRROR_PULL_H

#include "base/clock.h"
#include "keys/key.h"
#include "log/reader.h"
#include "mirror/copy.h"

/* Where entries go, as its owner lets others at it: a copy that one process has for itself (accord_pull_copy), or a
 * mirror's, which takes uploads at the same time. Each call stands alone. */
struct accord_pull_target {
    void *context;
    /* The signed checkpoint of the largest tree that was accepted for this log, appended; ACCORD_NOT_FOUND where there
     * is none. */
    enum accord_status (*last)(void *context, struct accord_buffer *note, struct accord_error *error);
    /* The checkpoint is signed, and proof (from old_size, the size of last's) leads to it: it is accepted, which must
     * be remembered before this returns. ACCORD_WITNESS_CONFLICT where another one was accepted since. */
    enum accord_status (*accept)(void *context, uint64_t old_size, const struct accord_merkle_proof *proof,
                                 const struct accord_checkpoint_claim *claim, struct accord_error *error);
    /* accord_copy_next, accord_copy_subtree_hashed, accord_copy_put_hashed. */
    uint64_t (*next)(void *context);
    enum accord_status (*subtree)(void *context, uint64_t first, const uint8_t (*leaves)[ACCORD_HASH_SIZE],
                                  uint64_t count, uint8_t hash[ACCORD_HASH_SIZE], struct accord_error *error);
    enum accord_status (*put)(void *context, uint64_t first, struct accord_bytes entries,
                              const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count, struct accord_error *error);
    /* All entries are held: commits, cosigns where that is its way, and publishes. *changed says whether something new
     * is published now. */
    enum accord_status (*publish)(void *context, const struct accord_checkpoint_claim *claim, bool *changed,
                                  struct accord_error *error);
};

/* Who must have signed. */
struct accord_pull_judge {
    void *context;
    enum accord_status (*judge)(void *context, const struct accord_checkpoint_claim *claim, struct accord_error *error);
};
/* The keys of a log, whose name is its origin: at least one has signed, and none wrongly (tlog-witness,
 * "add-checkpoint"). */
struct accord_pull_keys {
    const struct accord_crypto *crypto;
    const struct accord_vkey *keys;
    size_t count;
};
struct accord_pull_judge accord_pull_signed_by(struct accord_pull_keys *keys);

struct accord_pull {
    const struct accord_crypto *crypto;
    struct accord_reader *reader;
    struct accord_pull_judge judge;
    const struct accord_pull_target *target;
    /* May be NULL. progress: so many of total entries are held. stop: asked after each bundle. */
    void *context;
    void (*progress)(void *context, uint64_t held, uint64_t total);
    bool (*stop)(void *context);
};

/* What a round found. The buffers are the notes word for word: where the status is ACCORD_CONSISTENCY or
 * ACCORD_ROLLBACK and both are there, they are two views of one log, signed by it, that somebody should look at. */
struct accord_pulled {
    struct accord_buffer note; /* the log's newest checkpoint; empty until its signatures were verified */
    struct accord_buffer last; /* what was accepted before; empty where nothing was */
    uint64_t held;             /* entries before the round */
    uint64_t size;             /* of the newest checkpoint */
    uint64_t put;              /* entries of this round */
    bool stopped;              /* stop said so: what was put stays, nothing was published */
    bool changed;              /* something new is published */
};
void accord_pulled_init(struct accord_pulled *pulled);
void accord_pulled_free(struct accord_pulled *pulled);

/* One round. ACCORD_NETWORK and ACCORD_NOT_FOUND may pass; ACCORD_ROLLBACK may be an old answer of a cache;
 * ACCORD_INCLUSION and ACCORD_LOG_CORRUPT name the tile or the bundle that is wrong; what was put before stays. */
ACCORD_MUST_USE enum accord_status accord_pull_round(const struct accord_pull *pull, struct accord_pulled *pulled,
                                                     struct accord_error *error);

/* Its beginning alone: the log's newest checkpoint, signed. What it has to do with earlier ones is not asked; target
 * may be NULL. */
ACCORD_MUST_USE enum accord_status accord_pull_checkpoint(const struct accord_pull *pull, struct accord_pulled *pulled,
                                                          struct accord_checkpoint_claim *claim,
                                                          struct accord_error *error);

/* A copy as a target, for who has it alone. cosigner may be NULL; otherwise its cosignature ("I hold it all") is added
 * to what is published. */
struct accord_pull_copy {
    struct accord_copy *copy;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const struct accord_signer *cosigner;
};
struct accord_pull_target accord_pull_into(struct accord_pull_copy *copy);

/* Keeps the two notes of an ACCORD_CONSISTENCY or an ACCORD_ROLLBACK in the copy's directory, as .accord/fork-accepted
 * and .accord/fork-shown, for `accord evidence make`. The first ones that were kept stay: no log can fill a disk so. */
ACCORD_MUST_USE enum accord_status accord_pull_keep(const struct accord_fs *fs, const char *dir,
                                                    const struct accord_pulled *pulled, struct accord_error *error);

#endif
