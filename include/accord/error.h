/* What can go wrong, as data. One list gives the enum, the stable rule names of --json, the exit status, the sentence
 * that the command line prints and the table in the manual. core/ knows only the enum: its prose lives in base/. */
#ifndef ACCORD_ERROR_H
#define ACCORD_ERROR_H

#include "accord/bytes.h"

/* X(name, "rule", exit status, "sentence") */
#define ACCORD_ERROR_LIST(X)                                                                                           \
    X(OK, "ok", 0, "done")                                                                                             \
    /* what arrived is not well formed */                                                                              \
    X(MALFORMED, "malformed", 1, "this does not follow its grammar")                                                   \
    X(TOO_LARGE, "too-large", 1, "this is larger than accord accepts")                                                 \
    X(NOT_UTF8, "not-utf8", 1, "a signed note must be UTF-8 without control characters")                               \
    X(BAD_DECIMAL, "bad-decimal", 1, "a number must be decimal, without sign or leading zeros, and fit 64 bits")       \
    X(BAD_BASE64, "bad-base64", 1, "this is not canonical standard base64")                                            \
    X(BAD_HEX, "bad-hex", 1, "this is not lowercase hexadecimal of the right length")                                  \
    X(BAD_KEY, "bad-key", 1, "this is not a valid key")                                                                \
    X(BAD_KEY_ID, "bad-key-id", 1, "the key's id does not match its name and public key")                              \
    X(KEY_TYPE, "key-type", 1, "a key of this type cannot be used here")                                               \
    X(TRAILING, "trailing-bytes", 1, "there are bytes after the end")                                                  \
    X(DUPLICATE, "duplicate", 1, "this may appear only once")                                                          \
    X(UNKNOWN_NAME, "unknown-name", 1, "this name is not defined on a line before")                                    \
    X(UNKNOWN_KIND, "unknown-kind", 1, "accord does not know this kind of statement")                                  \
    X(UNKNOWN_FIELD, "unknown-field", 1, "this kind of statement has no such key")                                     \
    X(MISSING_FIELD, "missing-field", 1, "the statement lacks a line")                                                 \
    X(NO_QUORUM_LINE, "no-quorum-line", 1, "a policy must have exactly one quorum line")                               \
    /* signatures, logs, quorums */                                                                                    \
    X(SIGNATURE, "signature", 1, "a signature by a known key does not verify")                                         \
    X(UNSIGNED, "unsigned", 1, "no key that is known here signed this")                                                \
    X(UNSUPPORTED, "unsupported", 1, "this machine cannot verify signatures of this type")                             \
    X(UNKNOWN_LOG, "unknown-log", 1, "the checkpoint's log is not one that the policy trusts")                         \
    X(QUORUM, "quorum", 1, "too few witnesses vouch for this checkpoint")                                              \
    X(DISTRUSTED, "distrusted", 1, "this log is convicted of two histories: nothing in it is accepted any more")       \
    X(INCLUSION, "inclusion", 1, "the inclusion proof does not lead to the checkpoint's root")                         \
    X(CONSISTENCY, "consistency", 1, "the consistency proof does not hold: the log may have forked")                   \
    X(EVIDENCE, "evidence", 1, "the two views agree, or say nothing that contradicts: this is no evidence")            \
    X(WRONG_INDEX, "wrong-index", 1, "the index is not inside the tree")                                               \
    /* statements, releases, rosters */                                                                                \
    X(NO_ENTRY, "no-entry", 1, "the proof carries no entry in its extra line")                                         \
    X(WRONG_FILE, "wrong-file", 1, "the file is not among the artifacts of this release")                              \
    X(WRONG_SIGNER, "wrong-signer", 1, "the statement is not signed by a key of the party that it speaks for")         \
    X(THRESHOLD, "threshold", 1, "too few of the keys that must sign have signed")                                     \
    X(NOT_A_MEMBER, "not-a-member", 1, "the roster has no such member")                                                \
    X(CHAIN, "chain", 1, "the roster does not follow from the charter that is pinned")                                 \
    X(ROLLBACK, "rollback", 1, "an older version than one that was accepted before")                                   \
    X(CLOSED_LOG, "closed-log", 1, "this log is closed, and this is not its last checkpoint")                          \
    X(POLICY, "policy", 1, "the product's policies are not all there, or not those that are in force")                 \
    X(MISSING_STAGE, "missing-stage", 1, "a stage that the product's policy requires is not attested")                 \
    X(DISCONNECTED, "disconnected", 1, "what one stage produced is not what the next one consumed")                    \
    X(REBUILDERS, "rebuilders", 1, "too few others rebuilt the same bytes")                                            \
    X(NOT_PUBLIC, "not-public", 1, "this has not been public for as long, or in as many places, as it must be")        \
    X(WITHDRAWN, "withdrawn", 1, "its vendor has taken this release back")                                             \
    X(SUPERSEDED, "superseded", 1, "its vendor says that this release is not fit for use any more")                    \
    X(STALE, "stale", 1, "what is known of this product is older than its policy allows")                              \
    X(TRUST, "trust", 1, "this is not a trust file that can be used")                                                  \
    /* reports */                                                                                                      \
    X(COMMITMENT, "commitment", 1, "what was opened is not what was committed to")                                     \
    X(CASE, "case", 1, "this does not follow from the case's entries before it")                                       \
    X(CLOCK, "clock", 1, "this claims a time that the witnesses' clock rules out")                                     \
    X(NOT_DUE, "not-due", 1, "its time has not come")                                                                  \
    X(SHARE, "share", 1, "this is not the share that its custodian should have")                                       \
    X(NOT_AWAITED, "not-awaited", 1, "no report in the log announces these bytes")                                     \
    X(WORK, "work", 1, "this log asks for more proof of work, or for a member's introduction")                         \
    /* the log and the witness */                                                                                      \
    X(LOG_CORRUPT, "log-corrupt", 1, "what the log holds does not agree with itself")                                  \
    X(WITNESS_CONFLICT, "witness-conflict", 1, "the witness last saw another size of this log")                        \
    X(WITNESS_PROOF, "witness-proof", 1, "the checkpoint does not follow from what the witness saw before")            \
    X(STATE, "state", 3, "this is not a state file that can be used")                                                  \
    X(LOG_DIVERGED, "log-diverged", 1, "the log's own checkpoint is not a beginning of its tree")                      \
    X(EXISTS, "exists", 1, "it exists already, and is never overwritten")                                              \
    X(WRONG_KEY, "wrong-key", 1, "this is not the key that belongs here")                                              \
    X(WRONG_PASSPHRASE, "wrong-passphrase", 1, "the passphrase does not open this key")                                \
    /* the caller, and the world */                                                                                    \
    X(USAGE, "usage", 2, "the command was not used as it should be")                                                   \
    X(NOT_FOUND, "not-found", 3, "it does not exist")                                                                  \
    X(IO, "io", 3, "reading or writing failed")                                                                        \
    X(LOCKED, "locked", 3, "another process holds the lock")                                                           \
    X(NO_MEMORY, "no-memory", 3, "memory ran out")                                                                     \
    X(NO_SPACE, "no-space", 3, "the caller's buffer is too small")                                                     \
    X(NO_CRYPTO, "no-crypto", 3, "the library that this key needs is not installed")                                   \
    X(REFUSED, "refused", 1, "the server does not take this")                                                          \
    X(BUSY, "busy", 3, "no more of these are taken now: try again later")                                              \
    X(NETWORK, "network", 3, "the network or the server did not answer as it should")

#define ACCORD_ERROR_ENUM(name, rule, exit_status, sentence) ACCORD_##name,
enum accord_status { ACCORD_ERROR_LIST(ACCORD_ERROR_ENUM) ACCORD_STATUS_COUNT };
#undef ACCORD_ERROR_ENUM

/* Where and what. Texts end in NUL, hold printable text as it was found (cut to fit), and are empty where there is
 * nothing to say; line counts from 1, and 0 means that it is not known. */
struct accord_error {
    enum accord_status status;
    uint64_t line;
    char what[96];     /* the thing: a key's name, a field, a file, a group */
    char expected[96]; /* what the rule asks for */
    char found[96];    /* what was there */
};

/* Fills *error (which may be NULL) with a status and a place, clears its texts, and returns the status. */
ACCORD_API enum accord_status accord_fail(struct accord_error *error, enum accord_status status, uint64_t line);

/* Set one text of *error (which may be NULL) from bytes; cut at 95 bytes, control characters become '?'. */
ACCORD_API void accord_error_what(struct accord_error *error, struct accord_bytes text);
ACCORD_API void accord_error_expected(struct accord_error *error, struct accord_bytes text);
ACCORD_API void accord_error_found(struct accord_error *error, struct accord_bytes text);
/* The same from a number, in decimal. */
ACCORD_API void accord_error_expected_number(struct accord_error *error, uint64_t number);
ACCORD_API void accord_error_found_number(struct accord_error *error, uint64_t number);

#endif
