/* What is put before the judge, as it comes: a trust file, then a bundle, whose first proof is the release's. Whatever
 * it is, it crashes nothing, the order of the other proofs changes no verdict, and nothing is fit that was not signed
 * by whom it speaks for. */
#include "accord/bundle.h"
#include "accord/judge.h"
#include "crypto/backend.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static struct {
    struct accord_verifier verifier;
    struct accord_verify_memory memory;
    struct accord_seen_checkpoint seen;
    struct accord_verdict verdict;
    struct accord_dossier dossier;
    struct accord_judgement judgement;
    uint8_t policy_text[65536], entries[1 << 24];
} * world;

static bool is_signed(const struct accord_note_claim *note, struct accord_bytes domain, enum accord_key_role role)
{
    const struct accord_roster_claim *roster = &world->verifier.roster;
    size_t member = accord_roster_member(roster, domain);
    for (size_t i = 0; i < roster->key_count; i++)
        if (roster->keys[i].member == member && roster->keys[i].role == role &&
            accord_note_signed_by(note, &roster->keys[i].vkey, &accord_crypto_default, NULL) == ACCORD_SIGNED)
            return true;
    /* a former member's, a past key's: who looks for those is not tried here */
    return roster->past_count > 0;
}

static void check_attestations(const struct accord_attestation *attestations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct accord_attest_claim *claim = &attestations[i].claim;
        require(is_signed(&claim->statement.note, claim->by, ACCORD_ROLE_STAGE) ||
                is_signed(&claim->statement.note, claim->by, ACCORD_ROLE_RELEASE));
        for (size_t j = 0; j < i; j++)
            require(attestations[i].exhibit != attestations[j].exhibit);
    }
}

static void check_fit(void)
{
    const struct accord_judgement *judgement = &world->judgement;
    const struct accord_release_claim *release = world->verdict.release;
    const struct accord_demands *demands = &judgement->demands;
    require(is_signed(&release->statement.note, release->vendor, ACCORD_ROLE_RELEASE));
    for (size_t i = 0; i < judgement->policy_count; i++) {
        const struct accord_product_policy_claim *policy = &judgement->policies[i];
        require(policy->number == i + 1 && is_signed(&policy->statement.note, policy->vendor, ACCORD_ROLE_RELEASE));
    }
    check_attestations(judgement->attestations, judgement->attestation_count);
    check_attestations(judgement->rebuilds, judgement->rebuild_count);
    require(judgement->rebuild_count >= demands->rebuilders && world->verdict.signed_count >= demands->threshold);
    require(judgement->emergency || demands->public_for == 0 ||
            judgement->time - judgement->public_since >= demands->public_for);
    require(demands->max_age == 0 || judgement->current_exhibit != NULL);
    if (judgement->current_exhibit != NULL) {
        const struct accord_current_claim *current = &judgement->current;
        require(is_signed(&current->statement.note, release->vendor, ACCORD_ROLE_CURRENT) ||
                is_signed(&current->statement.note, release->vendor, ACCORD_ROLE_RELEASE));
        require(release->sequence >= judgement->channel.lowest);
    }
}

/* The other proofs, once as they come and once from the last to the first. */
static enum accord_status judge(struct accord_bytes bundle, bool backwards)
{
    const struct accord_question question = {.verdict = &world->verdict, .dossier = &world->dossier};
    struct accord_bytes proofs[ACCORD_BUNDLE_PARTS_MAX];
    struct accord_error error = {.status = ACCORD_OK};
    size_t count = 0, cursor = 0;
    while (count < ACCORD_BUNDLE_PARTS_MAX && accord_proof_bundle_next(bundle, &cursor, &proofs[count]))
        count++;
    accord_dossier_init(&world->dossier, &world->verifier,
                        (struct accord_out){world->entries, sizeof world->entries, 0, false});
    for (size_t i = 0; i < count; i++) {
        size_t which = i == 0 || !backwards ? i : count - i;
        enum accord_status status = accord_dossier_add(&world->dossier, &world->seen, proofs[which], &error);
        require(status == error.status);
        if (status != ACCORD_OK)
            return status;
    }
    enum accord_status status = accord_judge(&question, &world->judgement, &error);
    require(status == error.status && world->judgement.fit == (status == ACCORD_OK));
    if (status == ACCORD_OK)
        check_fit();
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_bytes first;
    size_t at = 0, cursor = 0;
    while (at < size && !accord_proof_bundle_is((struct accord_bytes){data + at, size - at}))
        at++;
    struct accord_bytes trust = {data, at}, bundle = {data + at, size - at};
    if (world == NULL)
        world = calloc(1, sizeof *world);
    require(world != NULL);
    memset(&world->memory, 0, sizeof world->memory);
    memset(&world->seen, 0, sizeof world->seen);
    struct accord_out text = {world->policy_text, sizeof world->policy_text, 0, false};
    if (accord_verifier_init(&world->verifier, trust, &text, &accord_crypto_default, NULL) != ACCORD_OK ||
        accord_proof_bundle_check(bundle, NULL, NULL) != ACCORD_OK ||
        !accord_proof_bundle_next(bundle, &cursor, &first) ||
        accord_verify_proof(&world->verifier, &world->memory, first, &world->verdict, NULL) != ACCORD_OK)
        return 0;
    enum accord_status forwards = judge(bundle, false), backwards = judge(bundle, true);
    require((forwards == ACCORD_OK) == (backwards == ACCORD_OK));
    return 0;
}
