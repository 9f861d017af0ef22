/* Keys that evidence may convict, and whose they are. */
#ifndef ACCORD_CLI_SUSPECTS_H
#define ACCORD_CLI_SUSPECTS_H

#include "accord/verify.h"
#include "cli/say.h"

struct accord_suspect {
    bool log, mirror; /* or a witness */
    bool convicted;
    bool unsupported; /* lines of its key stand under both, of a type that cannot be verified here */
    struct accord_vkey vkey;
    struct accord_bytes name; /* a log's origin, a witness's name: in an accord its member's domain; so a mirror's */
    struct accord_bytes jurisdiction; /* of the member; empty where no roster says it */
};

/* A list that grows; the zero value is empty. */
struct accord_suspects {
    struct accord_suspect *list;
    size_t count, capacity;
};

/* Add the keys of a trust file, of a policy, or one. They borrow from it. A key that is there already is not added
 * again. ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_suspects_add_verifier(struct accord_suspects *suspects,
                                                                const struct accord_verifier *verifier);
ACCORD_MUST_USE enum accord_status accord_suspects_add_policy(struct accord_suspects *suspects,
                                                              const struct accord_policy *policy);
ACCORD_MUST_USE enum accord_status accord_suspects_add_vkey(struct accord_suspects *suspects,
                                                            const struct accord_vkey *vkey);
void accord_suspects_free(struct accord_suspects *suspects);

/* Marks whom the evidence, which must hold, convicts; returns how many. */
size_t accord_suspects_judge(struct accord_suspects *suspects, const struct accord_evidence_claim *evidence,
                             const struct accord_crypto *crypto);
/* {"role":"witness","name":...,"jurisdiction":...,"vkey":...} */
json_t *accord_suspect_json(const struct accord_suspect *suspect);
/* "the log example.com/log", "the witness of sap.com (DE)", "the mirror of sap.com (DE)", "the witness w" */
void accord_suspect_name(const struct accord_suspect *suspect, char *text, size_t size);

#endif
