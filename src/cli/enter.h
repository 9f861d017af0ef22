/* Bringing a statement into an accord's log: made from what the log holds, signed, judged as everybody will judge it,
 * logged, and proven under a checkpoint with the roster's quorum. LOG may be a directory or a URL. */
#ifndef ACCORD_CLI_ENTER_H
#define ACCORD_CLI_ENTER_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fs.h"
#include "follow/chain.h"
#include "keys/key.h"

struct accord_network; /* network.h */
struct accord_entered;

/* What is to be logged. The log stays locked (where it is a directory) from the first call to the publishing. */
struct accord_enter_plan {
    void *context;
    /* Before anything is seen: the reader reads a tree of this size. The chain is empty, and lives as long. May be
     * NULL.
     */
    enum accord_status (*begin)(void *context, const struct accord_chain *chain, struct accord_reader *reader,
                                uint64_t size, struct accord_error *error);
    /* Each entry of the log, in order; the chain has taken it before. May be NULL. */
    enum accord_status (*see)(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error);
    /* After all of them: is another look needed, with the chain as it is in the end? origin is the log's. May be NULL.
     */
    bool (*again)(void *context, const struct accord_chain *chain, struct accord_bytes origin);
    /* Prints the statement's text. */
    enum accord_status (*make)(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error);
    /* Does the signed entry hold, and say what was meant? Nothing is logged otherwise. */
    enum accord_status (*judge)(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error);
    /* The entry is public; the log can still be read, at this size. May be NULL. */
    enum accord_status (*after)(void *context, struct accord_reader *reader, uint64_t size,
                                const struct accord_entered *entered, struct accord_error *error);
};

struct accord_enter {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const struct accord_network *network; /* NULL where location is a directory */
    const char *location;
    uint64_t timeout_ms;            /* how long to wait for a log behind a URL to publish */
    void (*waiting)(void *context); /* called once where that takes a while; may be NULL */
    void *waiting_context;
    const char *const *keys; /* what accord_signer_open takes; type 0x01 */
    size_t key_count;
    const struct accord_signer *signer; /* one more, which is in no file of its own; may be NULL */
    const char *passphrase_file;        /* may be NULL */
    struct accord_bytes signed_text; /* what was signed elsewhere, and has to be the statement's text; may be empty */
    struct accord_bytes signatures;  /* the signature lines over it */
};

/* What came of it. Start with accord_entered_init. */
struct accord_entered {
    uint64_t index;
    bool appended; /* the entry is in the log at index, whatever came after */
    size_t witness_count;
    struct accord_buffer entry, checkpoint, proof; /* proof: a tlog-proof with the entry in its extra line */
};
void accord_entered_init(struct accord_entered *entered);
void accord_entered_free(struct accord_entered *entered);

ACCORD_MUST_USE enum accord_status accord_enter_log(const struct accord_enter *enter,
                                                    const struct accord_enter_plan *plan,
                                                    struct accord_entered *entered, struct accord_error *error);
/* A tlog-proof of any entry of a log, under a checkpoint of this size; verified, since the log's hashes may be a
 * server's word. Appended to *proof. */
ACCORD_MUST_USE enum accord_status accord_enter_prove(const struct accord_crypto *crypto, struct accord_reader *reader,
                                                      uint64_t size, struct accord_bytes checkpoint, uint64_t index,
                                                      struct accord_bytes entry, struct accord_buffer *proof,
                                                      struct accord_error *error);
/* Adds a proof to a bundle, which begins with the first; its maximum bounds it. */
ACCORD_MUST_USE enum accord_status accord_enter_bundle(struct accord_buffer *bundle, struct accord_bytes proof,
                                                       struct accord_error *error);
/* Makes and signs the entry, judges nothing and logs nothing: entered->entry. */
ACCORD_MUST_USE enum accord_status accord_enter_statement(const struct accord_enter *enter,
                                                          const struct accord_enter_plan *plan,
                                                          struct accord_entered *entered, struct accord_error *error);

#endif
