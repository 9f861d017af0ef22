/* The judgement of `accord verify`: trust, proof and digest in, verdict out. It knows the order in which the rules are
 * asked, so that the refusal is the one that tells most, and what may be remembered from one proof to the next. It
 * knows nothing of files, clocks or words. */
#include "accord/verify.h"

#include "core/text.h"

#include <string.h>

/* The member whose witness has this key; every witness of a rendered policy stands in the roster. */
static size_t witness_member(const struct accord_roster_claim *roster, const struct accord_vkey *vkey)
{
    for (size_t i = 0; i < roster->key_count; i++) {
        const struct accord_roster_key *key = &roster->keys[i];
        if (key->role == ACCORD_ROLE_WITNESS && accord_bytes_equal(key->text, vkey->text)) {
            return key->member;
        }
    }
    return SIZE_MAX;
}

const struct accord_distrusted *accord_verifier_distrusted(const struct accord_verifier *verifier,
                                                           const struct accord_vkey *vkey)
{
    for (size_t i = 0; i < verifier->distrusted_count; i++) {
        if (accord_vkey_same_public(&verifier->distrusted[i].vkey, vkey)) {
            return &verifier->distrusted[i];
        }
    }
    return NULL;
}

/* What was accepted under one set of distrusted keys was not accepted under another. */
static void mix_into_rule(struct accord_verifier *verifier, const struct accord_vkey *vkey)
{
    uint8_t digests[2 * ACCORD_HASH_SIZE];
    memcpy(digests, verifier->rule_digest, ACCORD_HASH_SIZE);
    accord_hash(verifier->crypto, vkey->text, digests + ACCORD_HASH_SIZE);
    accord_hash(verifier->crypto, (struct accord_bytes){digests, sizeof digests}, verifier->rule_digest);
}

enum accord_status accord_verifier_distrust(struct accord_verifier *verifier, const struct accord_vkey *vkey,
                                            struct accord_bytes evidence, struct accord_error *error)
{
    if (accord_verifier_distrusted(verifier, vkey) != NULL) {
        return ACCORD_OK;
    }
    if (verifier->distrusted_count == ACCORD_DISTRUST_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("distrusted keys"));
        accord_error_expected_number(error, ACCORD_DISTRUST_MAX);
        return ACCORD_TOO_LARGE;
    }
    verifier->distrusted[verifier->distrusted_count++] = (struct accord_distrusted){*vkey, evidence};
    /* A key that this roster does not have may stand in the next one: that it holds no place here is no error. */
    (void)accord_policy_distrust(&verifier->policy, vkey);
    mix_into_rule(verifier, vkey);
    return ACCORD_OK;
}

/* Distrusts the key where the evidence, which holds, convicts it. */
static enum accord_status judge_key(struct accord_verifier *verifier, const struct accord_evidence_claim *claim,
                                    const struct accord_vkey *vkey, struct accord_bytes name, size_t *convicted,
                                    struct accord_error *error)
{
    if (!accord_evidence_convicts(claim, vkey, verifier->crypto)) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_verifier_distrust(verifier, vkey, name, error);
    *convicted += status == ACCORD_OK;
    return status;
}

/* Mirrors stand in the roster alone: no policy has them. */
static enum accord_status judge_mirrors(struct accord_verifier *verifier, const struct accord_evidence_claim *claim,
                                        struct accord_bytes name, size_t *convicted, struct accord_error *error)
{
    const struct accord_roster_claim *roster = &verifier->roster;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; i < roster->key_count && status == ACCORD_OK; i++) {
        if (roster->keys[i].role == ACCORD_ROLE_MIRROR) {
            status = judge_key(verifier, claim, &roster->keys[i].vkey, name, convicted, error);
        }
    }
    return status;
}

enum accord_status accord_verifier_take_evidence(struct accord_verifier *verifier, struct accord_bytes evidence,
                                                 struct accord_bytes name, size_t *convicted,
                                                 struct accord_error *error)
{
    struct accord_evidence_claim claim;
    const struct accord_policy *policy = &verifier->policy;
    *convicted = 0;
    enum accord_status status = accord_evidence_parse(&claim, evidence, error);
    if (status == ACCORD_OK) {
        status = accord_evidence_verify(&claim, verifier->crypto, error);
    }
    for (size_t i = 0; i < policy->log_count + policy->witness_count && status == ACCORD_OK; i++) {
        const struct accord_vkey *vkey =
            i < policy->log_count ? &policy->logs[i].vkey : &policy->witnesses[i - policy->log_count].vkey;
        status = judge_key(verifier, &claim, vkey, name, convicted, error);
    }
    return status == ACCORD_OK ? judge_mirrors(verifier, &claim, name, convicted, error) : status;
}

/* Takes the trust file's `distrust` lines. */
static enum accord_status distrust_lines(struct accord_verifier *verifier, struct accord_error *error)
{
    struct accord_distrust line;
    struct accord_vkey vkey;
    size_t cursor = 0;
    for (uint64_t number = 4; accord_trust_next_distrust(&verifier->trust, &cursor, &line); number++) {
        enum accord_status status = accord_vkey_parse(&vkey, line.vkey, verifier->crypto, error);
        if (status == ACCORD_OK) {
            status = accord_verifier_distrust(verifier, &vkey, line.evidence, error);
        }
        if (status != ACCORD_OK) {
            if (error != NULL) {
                error->line = number;
            }
            return status;
        }
    }
    return ACCORD_OK;
}

enum accord_status accord_verifier_init(struct accord_verifier *verifier, struct accord_bytes trust,
                                        struct accord_out *policy_text, const struct accord_crypto *crypto,
                                        struct accord_error *error)
{
    verifier->crypto = crypto;
    verifier->distrusted_count = 0;
    enum accord_status status = accord_trust_parse(&verifier->trust, trust, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_roster_parse(&verifier->roster, verifier->trust.roster_entry, crypto, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (memcmp(verifier->roster.charter, verifier->trust.charter, ACCORD_HASH_SIZE) != 0) {
        return accord_fail(error, ACCORD_CHAIN, 0);
    }
    accord_hash(crypto, verifier->trust.roster_entry, verifier->roster_digest);
    accord_roster_policy(policy_text, &verifier->roster);
    if (policy_text->full) {
        return accord_fail(error, ACCORD_NO_SPACE, 0);
    }
    status = accord_policy_parse(&verifier->policy, accord_out_bytes(policy_text), crypto, error);
    if (status != ACCORD_OK) {
        return status;
    }
    for (size_t i = 0; i < verifier->policy.witness_count; i++) {
        verifier->witness_member[i] = witness_member(&verifier->roster, &verifier->policy.witnesses[i].vkey);
    }
    memcpy(verifier->rule_digest, verifier->roster_digest, ACCORD_HASH_SIZE);
    return distrust_lines(verifier, error);
}

size_t accord_verify_vouching(const struct accord_verifier *verifier, const struct accord_cosigners *cosigners,
                              struct accord_vouching list[ACCORD_MEMBERS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < verifier->policy.witness_count; i++) {
        if (!cosigners->cosigned[i] || verifier->witness_member[i] == SIZE_MAX) {
            continue;
        }
        struct accord_bytes code = verifier->roster.members[verifier->witness_member[i]].jurisdiction;
        size_t at = 0;
        while (at < count && (list[at].jurisdiction.size < code.size ||
                              (list[at].jurisdiction.size == code.size &&
                               memcmp(list[at].jurisdiction.data, code.data, code.size) < 0))) {
            at++;
        }
        if (at < count && accord_bytes_equal(list[at].jurisdiction, code)) {
            list[at].witnesses++;
            continue;
        }
        memmove(&list[at + 1], &list[at], (count - at) * sizeof list[0]);
        list[at] = (struct accord_vouching){code, 1};
        count++;
    }
    return count;
}

/* Says whose cosignatures are there and do not count: as many as fit. */
static void tell_discounted(const struct accord_verifier *verifier, const struct accord_cosigners *cosigners,
                            struct accord_error *error)
{
    uint8_t text[2048];
    struct accord_out out = {text, sizeof text, 0, false};
    for (size_t i = 0; i < verifier->policy.witness_count; i++) {
        if (cosigners->discounted[i]) {
            accord_put(&out, out.size == 0 ? ACCORD_LITERAL("not counting ") : ACCORD_LITERAL(", "));
            accord_put(&out, verifier->policy.witnesses[i].name);
        }
    }
    if (out.size > 0) {
        accord_error_what(error, accord_out_bytes(&out));
    }
}

/* Says what the rule asks for and which jurisdictions vouch. */
static void tell_quorum(const struct accord_verifier *verifier, const struct accord_cosigners *cosigners,
                        struct accord_error *error)
{
    if (error == NULL) {
        return;
    }
    uint8_t text[2048];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put_decimal(&out, verifier->roster.quorum_witnesses);
    accord_put(&out, verifier->roster.quorum_witnesses == 1 ? ACCORD_LITERAL(" witness in each of ")
                                                            : ACCORD_LITERAL(" witnesses in each of "));
    accord_put_decimal(&out, verifier->roster.quorum_jurisdictions);
    accord_put(&out, ACCORD_LITERAL(" jurisdictions"));
    accord_error_expected(error, accord_out_bytes(&out));
    tell_discounted(verifier, cosigners, error);

    struct accord_vouching list[ACCORD_MEMBERS_MAX];
    size_t count = accord_verify_vouching(verifier, cosigners, list);
    size_t enough = 0;
    for (size_t i = 0; i < count; i++) {
        enough += list[i].witnesses >= verifier->roster.quorum_witnesses;
    }
    out = (struct accord_out){text, sizeof text, 0, false};
    accord_put_decimal(&out, enough);
    accord_put(&out, ACCORD_LITERAL(" of "));
    accord_put_decimal(&out, verifier->roster.quorum_jurisdictions);
    accord_put(&out, ACCORD_LITERAL(" jurisdictions"));
    for (size_t i = 0; i < count; i++) {
        accord_put(&out, i == 0 ? ACCORD_LITERAL(": ") : ACCORD_LITERAL(", "));
        accord_put(&out, list[i].jurisdiction);
        accord_put(&out, ACCORD_LITERAL(" "));
        accord_put_decimal(&out, list[i].witnesses);
    }
    accord_error_found(error, accord_out_bytes(&out));
}

/* Makes *checkpoint true, from memory where these exact bytes were verified before. The origin is copied, because the
 * bytes that it was parsed from are gone when the next proof comes. */
static enum accord_status checkpoint_verify(const struct accord_verifier *verifier,
                                            struct accord_seen_checkpoint *memory,
                                            const struct accord_proof_claim *proof,
                                            struct accord_checkpoint *checkpoint, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(verifier->crypto, proof->checkpoint_bytes, digest);
    if (!memory->seen || memcmp(digest, memory->digest, ACCORD_HASH_SIZE) != 0 ||
        memcmp(verifier->rule_digest, memory->rule_digest, ACCORD_HASH_SIZE) != 0) {
        memory->seen = false;
        enum accord_status status =
            accord_roster_verify_checkpoint(&verifier->roster, &verifier->policy, &proof->checkpoint, verifier->crypto,
                                            &memory->checkpoint, &memory->cosigners, error);
        if (status == ACCORD_QUORUM) {
            tell_quorum(verifier, &memory->cosigners, error);
        }
        if (status != ACCORD_OK) {
            return status;
        }
        if (memory->checkpoint.origin.size > sizeof memory->origin) {
            return accord_fail(error, ACCORD_TOO_LARGE, 0);
        }
        memory->origin_size = memory->checkpoint.origin.size;
        memcpy(memory->origin, memory->checkpoint.origin.data, memory->origin_size);
        memory->checkpoint.origin = (struct accord_bytes){NULL, 0};
        memcpy(memory->digest, digest, ACCORD_HASH_SIZE);
        memcpy(memory->rule_digest, verifier->rule_digest, ACCORD_HASH_SIZE);
        memory->seen = true;
    }
    *checkpoint = memory->checkpoint;
    checkpoint->origin = (struct accord_bytes){memory->origin, memory->origin_size};
    return ACCORD_OK;
}

/* Is this what was verified last, by the same keys, in the same place? */
static bool is_known(const struct accord_verifier *verifier, const struct accord_verify_memory *memory,
                     struct accord_bytes entry, const struct accord_place *place)
{
    struct accord_bytes last = {memory->entry[memory->current], memory->entry_size};
    struct accord_bytes origin = {memory->origin, memory->origin_size};
    return memory->seen_release && accord_bytes_equal(entry, last) && place->index == memory->index &&
           place->seen_at == memory->seen_at && accord_bytes_equal(place->origin, origin) &&
           memcmp(verifier->roster_digest, memory->roster_digest, ACCORD_HASH_SIZE) == 0;
}

/* Parses and verifies the release in entry, unless it is the one that was verified last. entry stands in the half of
 * memory->entry that is not current. */
static enum accord_status release_verify(const struct accord_verifier *verifier, struct accord_verify_memory *memory,
                                         struct accord_bytes entry, const struct accord_place *place,
                                         struct accord_error *error)
{
    if (is_known(verifier, memory, entry, place)) {
        return ACCORD_OK;
    }
    memory->seen_release = false;
    enum accord_status status = accord_release_parse(&memory->claim, entry, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_release_verify(&memory->claim, &verifier->roster, place, verifier->crypto, &memory->release, error);
    if (status != ACCORD_OK) {
        return status;
    }
    memory->current = 1 - memory->current;
    memory->entry_size = entry.size;
    memory->index = place->index;
    memory->seen_at = place->seen_at;
    memory->origin_size = place->origin.size;
    memcpy(memory->origin, place->origin.data, place->origin.size);
    memcpy(memory->roster_digest, verifier->roster_digest, ACCORD_HASH_SIZE);
    memory->seen_release = true;
    return ACCORD_OK;
}

enum accord_status accord_verify_entry(const struct accord_verifier *verifier, struct accord_seen_checkpoint *memory,
                                       struct accord_bytes proof, struct accord_out *entry, struct accord_shown *shown,
                                       struct accord_error *error)
{
    struct accord_proof_claim claim;
    struct accord_checkpoint checkpoint;
    enum accord_status status = accord_proof_parse(&claim, proof, error);
    if (status == ACCORD_OK) {
        status = checkpoint_verify(verifier, memory, &claim, &checkpoint, error);
    }
    size_t before = entry->size;
    if (status == ACCORD_OK) {
        status = accord_proof_extra(&claim, entry, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    shown->entry = (struct accord_bytes){entry->data + before, entry->size - before};
    status = accord_proof_verify(&claim, &checkpoint, shown->entry, verifier->crypto, error);
    if (status != ACCORD_OK) {
        return status;
    }
    const struct accord_cosigners *cosigners = &memory->cosigners;
    shown->place = (struct accord_place){checkpoint.origin, claim.index, cosigners->seen_at};
    shown->tree_size = checkpoint.size;
    shown->not_before = cosigners->not_before;
    shown->cosigners = cosigners;
    shown->checkpoint = claim.checkpoint.note;
    return ACCORD_OK;
}

/* Who the vendor is, or was: its release verified, so the roster has one or the other. */
static void name_vendor(const struct accord_roster_claim *roster, const struct accord_release *release,
                        struct accord_verdict *verdict)
{
    if (release->member != SIZE_MAX) {
        verdict->vendor = &roster->members[release->member];
        verdict->vendor_title = verdict->vendor->title;
        return;
    }
    size_t former = accord_roster_former(roster, release->claim->vendor);
    verdict->vendor_title = roster->former[former].title;
}

enum accord_status accord_verify_proof(const struct accord_verifier *verifier, struct accord_verify_memory *memory,
                                       struct accord_bytes proof, struct accord_verdict *verdict,
                                       struct accord_error *error)
{
    struct accord_shown shown;
    struct accord_out entry = {memory->entry[1 - memory->current], ACCORD_ENTRY_SIZE_MAX, 0, false};
    *verdict = (struct accord_verdict){0};
    enum accord_status status = accord_verify_entry(verifier, &memory->checkpoint, proof, &entry, &shown, error);
    if (status == ACCORD_OK) {
        status = release_verify(verifier, memory, shown.entry, &shown.place, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    *verdict = (struct accord_verdict){.verified = true,
                                       .release = &memory->claim,
                                       .log = shown.place.origin,
                                       .index = shown.place.index,
                                       .tree_size = shown.tree_size,
                                       .seen_at = shown.place.seen_at,
                                       .not_before = shown.not_before,
                                       .cosigners = shown.cosigners,
                                       .signed_count = memory->release.signed_count};
    name_vendor(&verifier->roster, &memory->release, verdict);
    return ACCORD_OK;
}

/* Names the artifacts of a release, the ones that fit. */
static void tell_artifacts(const struct accord_release_claim *release, struct accord_error *error)
{
    uint8_t text[256];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_artifact artifact;
    size_t cursor = 0;
    while (!out.full && accord_release_next_artifact(release, &cursor, &artifact)) {
        accord_put(&out, out.size == 0 ? ACCORD_LITERAL("") : ACCORD_LITERAL(", "));
        accord_put(&out, artifact.name);
    }
    accord_error_expected(error, accord_out_bytes(&out));
}

static void put_digest(struct accord_out *out, const uint8_t sha256[ACCORD_HASH_SIZE], uint64_t size)
{
    accord_digest_print(out, sha256);
    accord_put(out, ACCORD_LITERAL(" "));
    accord_put_decimal(out, size);
}

/* Says what was found, and what the release holds under the file's name, or which names it holds. */
static void tell_wrong_file(const struct accord_release_claim *release, const uint8_t sha256[ACCORD_HASH_SIZE],
                            uint64_t size, struct accord_bytes name, struct accord_error *error)
{
    uint8_t text[128];
    struct accord_out out = {text, sizeof text, 0, false};
    put_digest(&out, sha256, size);
    accord_error_found(error, accord_out_bytes(&out));

    struct accord_artifact artifact;
    size_t cursor = 0;
    while (accord_release_next_artifact(release, &cursor, &artifact)) {
        if (accord_bytes_equal(artifact.name, name)) {
            out = (struct accord_out){text, sizeof text, 0, false};
            put_digest(&out, artifact.sha256, artifact.size);
            accord_error_expected(error, accord_out_bytes(&out));
            return;
        }
    }
    tell_artifacts(release, error);
}

enum accord_status accord_verify_artifact(const struct accord_verdict *verdict, const uint8_t sha256[ACCORD_HASH_SIZE],
                                          uint64_t size, struct accord_bytes name, struct accord_artifact *artifact,
                                          struct accord_error *error)
{
    if (!verdict->verified) {
        return accord_fail(error, ACCORD_WRONG_FILE, 0);
    }
    if (accord_release_find(verdict->release, sha256, artifact) && artifact->size == size) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_WRONG_FILE, 0);
    tell_wrong_file(verdict->release, sha256, size, name, error);
    return ACCORD_WRONG_FILE;
}
