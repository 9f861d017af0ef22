/* Is this file what its vendor published to all of us? The whole judgement of `accord verify`, as pure functions of
 * bytes: a trust file, a proof, a file's digest. For programs and devices to embed. */
#ifndef ACCORD_VERIFY_H
#define ACCORD_VERIFY_H

#include "accord/evidence.h"
#include "accord/policy.h"
#include "accord/proof.h"
#include "accord/release.h"
#include "accord/roster.h"

/* A key that signed two histories, and what shows it: a digest in a trust file, or a name that the caller gave. */
struct accord_distrusted {
    struct accord_vkey vkey;
    struct accord_bytes evidence;
};

/* A trust file, ready for use. Read-only once made, so threads may share it. About 250 KiB: not for a stack. */
struct accord_verifier {
    const struct accord_crypto *crypto;
    struct accord_trust_claim trust;
    struct accord_roster_claim roster;
    struct accord_policy policy;
    uint8_t roster_digest[ACCORD_HASH_SIZE]; /* of its entry */
    uint8_t rule_digest[ACCORD_HASH_SIZE];   /* of the roster and of who is distrusted */
    size_t distrusted_count;
    struct accord_distrusted distrusted[ACCORD_DISTRUST_MAX];
    size_t witness_member[ACCORD_POLICY_WITNESSES_MAX]; /* whose witness it is: a place in roster.members */
};

/* Parses a trust file and renders its roster's policy into policy_text (65,536 bytes suffice for 128 members with names
 * of everyday length; ACCORD_NO_SPACE otherwise). The verifier borrows both. ACCORD_TRUST where the trust file cannot
 * be used, and the status of what is wrong inside it. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_verifier_init(struct accord_verifier *verifier, struct accord_bytes trust, struct accord_out *policy_text,
                     const struct accord_crypto *crypto, struct accord_error *error);

/* From here on the key's witness does not count towards the quorum, its mirror is none, and its log is refused
 * (ACCORD_DISTRUSTED). The `distrust` lines of the trust file have been taken already. The verifier borrows what the
 * vkey was parsed from, and evidence. ACCORD_TOO_LARGE past ACCORD_DISTRUST_MAX keys. Not while other threads use the
 * verifier. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_verifier_distrust(struct accord_verifier *verifier,
                                                                       const struct accord_vkey *vkey,
                                                                       struct accord_bytes evidence,
                                                                       struct accord_error *error);
/* The same for every log, witness and mirror of the roster that a file of evidence convicts: *convicted says how many.
 * name is what the evidence is called. The refusals of accord_evidence_parse and accord_evidence_verify, on which the
 * verifier is as it was. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_verifier_take_evidence(struct accord_verifier *verifier,
                                                                            struct accord_bytes evidence,
                                                                            struct accord_bytes name, size_t *convicted,
                                                                            struct accord_error *error);
/* Why nothing rests on this key, or NULL where it is not distrusted. */
ACCORD_API const struct accord_distrusted *accord_verifier_distrusted(const struct accord_verifier *verifier,
                                                                      const struct accord_vkey *vkey);

/* A checkpoint that verified, remembered by the digest of its exact bytes and that of the rule it met. May be copied.
 * Where a proof was refused with ACCORD_QUORUM, its cosigners stand here. */
struct accord_seen_checkpoint {
    bool seen;
    uint8_t rule_digest[ACCORD_HASH_SIZE];
    uint8_t digest[ACCORD_HASH_SIZE];
    struct accord_checkpoint checkpoint; /* its origin is empty here: it stands in origin */
    struct accord_cosigners cosigners;
    size_t origin_size;
    uint8_t origin[ACCORD_ORIGIN_SIZE_MAX];
};

/* What one thread remembers between proofs, so that many proofs under one checkpoint cost one verification of its
 * signatures, and many files of one release one verification of the vendor's. What a verifier of another roster, or of
 * other trust, accepted is forgotten. The zero value remembers nothing.
 * About 140 KiB; must not move while a verdict is in use. */
struct accord_verify_memory {
    struct accord_seen_checkpoint checkpoint;
    bool seen_release;
    uint8_t roster_digest[ACCORD_HASH_SIZE]; /* whose keys the release was verified by, and where it was: */
    uint64_t index, seen_at;
    size_t origin_size;
    uint8_t origin[ACCORD_ORIGIN_SIZE_MAX];
    unsigned current; /* which entry the release was read from; the other is for the next */
    size_t entry_size;
    struct accord_release_claim claim;
    struct accord_release release;
    uint8_t entry[2][ACCORD_ENTRY_SIZE_MAX];
};

/* What a proof established. Slices borrow from the memory and the verifier, until the next call with this memory. */
struct accord_verdict {
    bool verified; /* the zero value is "not verified" */
    const struct accord_release_claim *release;
    struct accord_bytes log; /* origin */
    uint64_t index, tree_size;
    uint64_t seen_at;    /* public since: POSIX seconds */
    uint64_t not_before; /* as of when the proof speaks */
    const struct accord_cosigners *cosigners;
    const struct accord_member *vendor; /* NULL where it is a former member */
    struct accord_bytes vendor_title;
    unsigned signed_count; /* of the vendor's release keys */
};

/* An entry that a proof showed to be in a log. Slices borrow from the caller's memories. */
struct accord_shown {
    struct accord_bytes entry;
    struct accord_place place;
    uint64_t tree_size, not_before;
    const struct accord_cosigners *cosigners;
    struct accord_note_claim checkpoint; /* the checkpoint's note, of the proof's own bytes */
};
/* Judges a proof of any entry: its checkpoint by the roster's policy, the entry's place in it. What the entry says is
 * not looked at. Its bytes go to *entry. The refusals of accord_proof_parse, accord_policy_verify, accord_proof_extra
 * and accord_proof_verify. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_verify_entry(const struct accord_verifier *verifier,
                                                                  struct accord_seen_checkpoint *memory,
                                                                  struct accord_bytes proof, struct accord_out *entry,
                                                                  struct accord_shown *shown,
                                                                  struct accord_error *error);

/* Judges everything but the file: the proof's checkpoint by the roster's policy, the entry's place in it, the release
 * in the entry, its vendor's signatures. The refusals are those of accord_proof_parse, accord_policy_verify,
 * accord_proof_extra, accord_proof_verify, accord_release_parse and accord_release_verify. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_verify_proof(const struct accord_verifier *verifier, struct accord_verify_memory *memory,
                    struct accord_bytes proof, struct accord_verdict *verdict, struct accord_error *error);
/* Is this the digest and the size of an artifact of the release? ACCORD_WRONG_FILE otherwise: *error says what the
 * release holds. name, which may be empty, is the file's own, and only makes the refusal more telling. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_verify_artifact(const struct accord_verdict *verdict, const uint8_t sha256[ACCORD_HASH_SIZE], uint64_t size,
                       struct accord_bytes name, struct accord_artifact *artifact, struct accord_error *error);

/* How many witnesses of one jurisdiction vouch. */
struct accord_vouching {
    struct accord_bytes jurisdiction;
    unsigned witnesses;
};
/* Fills list, sorted by jurisdiction, and returns how many there are. */
ACCORD_API size_t accord_verify_vouching(const struct accord_verifier *verifier,
                                         const struct accord_cosigners *cosigners,
                                         struct accord_vouching list[ACCORD_MEMBERS_MAX]);

#endif
