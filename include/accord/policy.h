/* Trust policies (C2SP tlog-policy): which logs, which witnesses, which quorum. */
#ifndef ACCORD_POLICY_H
#define ACCORD_POLICY_H

#include "accord/checkpoint.h"

struct accord_policy_log {
    struct accord_vkey vkey;
    struct accord_bytes url; /* empty where there is none */
    bool distrusted;         /* accord_policy_distrust */
};

struct accord_policy_witness {
    struct accord_bytes name;
    struct accord_vkey vkey;
    struct accord_bytes url;
    bool distrusted; /* accord_policy_distrust */
};

/* Members are numbers: 0 to 127 are witnesses, 128 and up are groups (128 + the group's place). Members of group g
 * stand in policy.members[first .. first + count). */
struct accord_policy_group {
    struct accord_bytes name;
    unsigned threshold;
    unsigned first;
    unsigned count;
};

#define ACCORD_POLICY_GROUP_BASE ACCORD_POLICY_WITNESSES_MAX
#define ACCORD_POLICY_QUORUM_NONE UINT32_MAX
#define ACCORD_POLICY_MEMBERS_MAX (ACCORD_POLICY_WITNESSES_MAX + ACCORD_POLICY_GROUPS_MAX)

/* A policy. Slices borrow from the text that was parsed. About 35 KiB: not for a small stack. */
struct accord_policy {
    size_t log_count, witness_count, group_count, member_count;
    uint32_t quorum; /* a member number, or ACCORD_POLICY_QUORUM_NONE */
    struct accord_policy_log logs[ACCORD_POLICY_LOGS_MAX];
    struct accord_policy_witness witnesses[ACCORD_POLICY_WITNESSES_MAX];
    struct accord_policy_group groups[ACCORD_POLICY_GROUPS_MAX];
    uint16_t members[ACCORD_POLICY_MEMBERS_MAX];
};

ACCORD_MUST_USE ACCORD_API enum accord_status accord_policy_parse(struct accord_policy *policy,
                                                                  struct accord_bytes text,
                                                                  const struct accord_crypto *crypto,
                                                                  struct accord_error *error);
/* Prints a policy in canonical form: one space, no comments, numeric thresholds. print(parse(print(p))) == print(p). */
ACCORD_API void accord_policy_print(struct accord_out *out, const struct accord_policy *policy);

/* Nothing rests on this key any more, under whatever name the policy has it: its witness does not count towards a
 * quorum, and nothing that goes by the origin of its log is accepted. How many places of the policy it holds. */
ACCORD_API size_t accord_policy_distrust(struct accord_policy *policy, const struct accord_vkey *vkey);

/* Which witnesses cosigned, and when. */
struct accord_cosigners {
    bool cosigned[ACCORD_POLICY_WITNESSES_MAX];      /* by place in policy.witnesses */
    bool discounted[ACCORD_POLICY_WITNESSES_MAX];    /* cosigned too, and distrusted: not counted in anything here */
    uint64_t timestamp[ACCORD_POLICY_WITNESSES_MAX]; /* POSIX seconds */
    size_t count;
    size_t log;          /* place in policy.logs of the log that signed */
    uint64_t seen_at;    /* the earliest time by which a quorum had cosigned: public since; 0 with quorum none */
    uint64_t not_before; /* the latest time that a quorum vouches for: it is not earlier than this; 0 with none */
};

/* Verifies a checkpoint: signed by a log of the policy whose key name is the origin, cosigned by the quorum, no known
 * key's signature wrong. ACCORD_UNKNOWN_LOG, ACCORD_DISTRUSTED, ACCORD_UNSIGNED, ACCORD_UNSUPPORTED (the log signed
 * only in a type that this machine cannot verify), ACCORD_SIGNATURE, ACCORD_QUORUM (cosigners is filled then too, so a
 * caller can say who is missing). Every known witness's signature is verified; one of a type that cannot be verified
 * here does not count, and a distrusted witness's changes nothing, be it right or wrong.
 */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_policy_verify(const struct accord_policy *policy, const struct accord_checkpoint_claim *claim,
                     const struct accord_crypto *crypto, struct accord_checkpoint *checkpoint,
                     struct accord_cosigners *cosigners, struct accord_error *error);
/* Does this set of witnesses (by place), less those that are distrusted, satisfy the quorum? */
ACCORD_API bool accord_policy_satisfied(const struct accord_policy *policy,
                                        const bool cosigned[ACCORD_POLICY_WITNESSES_MAX]);

#endif
