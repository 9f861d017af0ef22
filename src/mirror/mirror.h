/* A mirror (C2SP tlog-mirror): copies of logs in a directory, DIR/<origin hash>/ each, laid out as any web server can
 * give them out, and DIR/.accord/, the mirror's own: the pending checkpoints and the key of its tickets (0600). Its
 * cosignature says that it holds all of a tree, durably: a checkpoint is signed when its entries are, and what was
 * signed is durable before it is given out. It never signs two trees of a log that contradict each other: each tree
 * that it commits begins with the one before.
 *
 * Any number of threads may call everything here; what happens to one log is in turn, and nobody waits for another
 * log's disk but for the pending checkpoints, which share one file. */
#ifndef ACCORD_MIRROR_MIRROR_H
#define ACCORD_MIRROR_MIRROR_H

#include "base/buffer.h"
#include "base/fs.h"
#include "keys/key.h"
#include "mirror/copy.h"
#include "witness/known_logs.h"
#include "witness/witness.h"

struct accord_mirror;

#define ACCORD_MIRROR_KEYS_MAX 4
#define ACCORD_MIRROR_INFO_TYPE "text/x.tlog.mirror-info"

struct accord_mirror_options {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const char *dir;                      /* made where it is absent */
    struct accord_signer *const *signers; /* borrowed: of types 0x04 and 0x06, all of which cosign */
    size_t signer_count;                  /* 1 .. ACCORD_MIRROR_KEYS_MAX */
    size_t copies_max;                    /* copies that stay open; 0: 256 */
};

/* ACCORD_LOCKED where another process has it, ACCORD_KEY_TYPE, ACCORD_STATE. logs are those that it accepts: it keeps
 * them (accord_logs_keep). */
ACCORD_MUST_USE enum accord_status accord_mirror_open(struct accord_mirror **mirror,
                                                      const struct accord_mirror_options *options,
                                                      struct accord_logs *logs, struct accord_error *error);
/* After everything else has returned. */
void accord_mirror_close(struct accord_mirror *mirror);
/* From here on these logs are known: at a reload. What is held of others is still given out. */
void accord_mirror_know(struct accord_mirror *mirror, struct accord_logs *logs);

/* "add-checkpoint": judged as a witness does, and remembered, durably, as the log's pending checkpoint; nothing is
 * signed. Fails, without a verdict, where the memory could not be read or written. */
ACCORD_MUST_USE enum accord_status accord_mirror_add_checkpoint(struct accord_mirror *mirror, struct accord_bytes body,
                                                                uint64_t now, struct accord_witness_verdict *verdict,
                                                                struct accord_error *error);

/* "add-entries" */

struct accord_mirror_upload; /* one request; for one thread at a time */

struct accord_mirror_answer {
    unsigned status; /* 200, 202, 400, 404, 409, 422; 503 where the disk or the memory failed */
    bool info;       /* the text is of ACCORD_MIRROR_INFO_TYPE; else signature lines (200) or a sentence */
    struct accord_buffer text;
    struct accord_error error; /* of a 503 */
};

ACCORD_MUST_USE enum accord_status accord_mirror_upload_new(struct accord_mirror_upload **upload,
                                                            struct accord_mirror *mirror, struct accord_error *error);
void accord_mirror_upload_free(struct accord_mirror_upload *upload);
/* Takes what has come of the body. False where there is an answer now, and the rest does not matter. */
ACCORD_MUST_USE bool accord_mirror_upload_feed(struct accord_mirror_upload *upload, struct accord_bytes part);
/* The body has ended, or nothing more of it can be had: commits, signs and publishes where all of it came. There is an
 * answer now. now may not be 0. */
void accord_mirror_upload_end(struct accord_mirror_upload *upload, uint64_t now);
/* There is no memory to go on: an answer that says how far it came. */
void accord_mirror_upload_stop(struct accord_mirror_upload *upload);
/* Once there is one. */
const struct accord_mirror_answer *accord_mirror_upload_answer(const struct accord_mirror_upload *upload);
size_t accord_mirror_upload_held(const struct accord_mirror_upload *upload);

/* For those who bring entries by other ways (pull.h): the copy of a log, locked, until it is let go. Its entries may be
 * put, its trees committed; what is published goes through accord_mirror_publish. */
struct accord_mirror_hold {
    struct accord_mirror *mirror;
    struct accord_mirror_slot *slot;
    struct accord_copy *copy;
};
/* The log must be known (ACCORD_UNKNOWN_LOG). */
ACCORD_MUST_USE enum accord_status accord_mirror_hold(struct accord_mirror *mirror, struct accord_bytes origin,
                                                      struct accord_mirror_hold *hold, struct accord_error *error);
void accord_mirror_let_go(struct accord_mirror_hold *hold);
/* Commits the tree of a pending checkpoint, signs it, publishes it, and appends our signature lines to *lines (which
 * may be NULL). pending is the note: its text, and signatures of the log alone. ACCORD_ROLLBACK where it is smaller
 * than what is published, ACCORD_WRONG_INDEX where entries are missing, ACCORD_CONSISTENCY where the entries are those
 * of another tree. */
ACCORD_MUST_USE enum accord_status accord_mirror_publish(struct accord_mirror_hold *hold, struct accord_bytes pending,
                                                         uint64_t now, struct accord_buffer *lines,
                                                         struct accord_error *error);
/* The newest pending checkpoint of a known log: its text and the log's signatures, appended. ACCORD_NOT_FOUND. Not
 * while the log is held. */
ACCORD_MUST_USE enum accord_status accord_mirror_pending(struct accord_mirror *mirror, struct accord_bytes origin,
                                                         struct accord_buffer *note, struct accord_error *error);
/* The same of the one of this size, if it is among the last few. */
ACCORD_MUST_USE enum accord_status accord_mirror_pending_of(struct accord_mirror *mirror, struct accord_bytes origin,
                                                            uint64_t size, struct accord_buffer *note,
                                                            struct accord_error *error);

/* The size of the tree that is published of a log; ACCORD_NOT_FOUND where nothing is. */
ACCORD_MUST_USE enum accord_status accord_mirror_published(struct accord_mirror *mirror,
                                                           const uint8_t origin_hash[ACCORD_HASH_SIZE], uint64_t *size,
                                                           struct accord_error *error);
const char *accord_mirror_dir(const struct accord_mirror *mirror);

#endif
