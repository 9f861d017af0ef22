/* What a file is, by what it holds and where it lies. A pure function: whoever looks reads the bytes. */
#ifndef ACCORD_CUSTODY_KIND_H
#define ACCORD_CUSTODY_KIND_H

#include "accord/crypto.h"
#include "accord/tile.h"

/* X(NAME, "code", "phrase"): codes are stable. */
#define ACCORD_CUSTODY_KIND_LIST(X)                                                                                    \
    X(LOG, "log", "a log's tree: checkpoint, hashes, entries")                                                         \
    X(MIRROR, "mirror", "a mirror's copies of logs")                                                                   \
    X(JOURNAL, "journal", "a log's own state: journal, indexes, what it remembers")                                    \
    X(WITNESS, "witness", "what a witness or a mirror remembers of what it cosigned")                                  \
    X(KEY, "key", "private keys")                                                                                      \
    X(SEALED_KEY, "encrypted-key", "private keys encrypted to a passphrase")                                           \
    X(CIPHERTEXT, "ciphertext", "files encrypted to keys or passphrases")                                              \
    X(STATE, "state", "state of monitor, follow and verify")                                                           \
    X(TRUST, "trust", "trust files")                                                                                   \
    X(DOCUMENT, "document", "statements, proofs, bundles, evidence, checkpoints, policies, public keys")               \
    X(NOTHING, "nothing", "empty files, sockets, pipes, links that lead nowhere")                                      \
    X(UNKNOWN, "unknown", "what accord cannot tell, or could not look at")

#define ACCORD_CUSTODY_KIND_ENUM(name, code, phrase) ACCORD_CUSTODY_##name,
enum accord_custody_kind { ACCORD_CUSTODY_KIND_LIST(ACCORD_CUSTODY_KIND_ENUM) ACCORD_CUSTODY_KIND_COUNT };
#undef ACCORD_CUSTODY_KIND_ENUM

const char *accord_custody_kind_code(enum accord_custody_kind kind);
const char *accord_custody_kind_phrase(enum accord_custody_kind kind);

/* What was read of a file. */
struct accord_custody_look {
    const char *path;         /* as far as it says where the file lies: below the directory that is asked for */
    uint64_t size;            /* of the file */
    struct accord_bytes head; /* its beginning, or all of it */
};

/* What follows from that alone. */
struct accord_custody_verdict {
    enum accord_custody_kind kind;
    const char *why;   /* of UNKNOWN */
    bool below_public; /* the innermost of public/ and private/ on the way is public/, and it is not in .accord/ */
    bool below_private;
    bool is_tile; /* LOG or MIRROR: */
    struct accord_tile tile;
    size_t log_size; /* how much of path is the log's directory */
    bool is_checkpoint;
    bool beside_state;  /* WITNESS, if the file that its name begins with is one: */
    size_t beside_size; /* how much of path that is */
    bool is_age;        /* the header is still to be read */
    bool leads;         /* its one line is the path of a directory that belongs to the host */
    bool clear_key;     /* a private key that is not encrypted */
};

void accord_custody_classify(const struct accord_crypto *crypto, const struct accord_custody_look *look,
                             struct accord_custody_verdict *verdict);
/* Would more than the first million bytes help to tell what this is? */
bool accord_custody_wants_all(struct accord_bytes head);
/* Is it SQLite's, with the mark of a witness's state? */
bool accord_custody_is_state(struct accord_bytes head);

#endif
