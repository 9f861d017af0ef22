/* How the release was made: who attests which stage, whether what one stage produced is what the next consumed, and who
 * built it again. */
#include <string.h>

#include "core/text.h"
#include "release/judge_inner.h"

/* Attestations */

static bool is_of_product(const struct accord_judging *judging, const struct accord_attest_claim *attest)
{
    return accord_bytes_equal(attest->vendor, judging->release->vendor) &&
           accord_bytes_equal(attest->product, judging->release->product);
}

static struct accord_bytes jurisdiction_of(const struct accord_roster_claim *roster, struct accord_bytes domain)
{
    size_t member = accord_roster_member(roster, domain);
    if (member != SIZE_MAX)
        return roster->members[member].jurisdiction;
    for (size_t i = 0; i < roster->former_count; i++)
        if (accord_bytes_equal(roster->former[i].domain, domain))
            return roster->former[i].jurisdiction;
    return (struct accord_bytes){NULL, 0};
}

/* The attestation with this digest, parsed and verified; *found is false where it is not in the dossier. */
static enum accord_status take(const struct accord_judging *judging, const uint8_t digest[ACCORD_HASH_SIZE],
                               struct accord_attestation *attestation, bool *found)
{
    const struct accord_exhibit *exhibit;
    size_t cursor = 0;
    *found = false;
    while ((exhibit = accord_judge_next(judging, ACCORD_EXHIBIT_ATTEST, &cursor)) != NULL) {
        if (memcmp(exhibit->digest, digest, ACCORD_HASH_SIZE) != 0)
            continue;
        attestation->exhibit = exhibit;
        enum accord_status status = accord_attest_parse(&attestation->claim, exhibit->entry, judging->error);
        if (status == ACCORD_OK)
            status = accord_attest_verify(&attestation->claim, judging->roster, &exhibit->place, judging->crypto,
                                          judging->error);
        attestation->jurisdiction = jurisdiction_of(judging->roster, attestation->claim.by);
        *found = status == ACCORD_OK;
        return status;
    }
    return ACCORD_OK;
}

static enum accord_status refuse_absent(const struct accord_judging *judging, const struct accord_release_stage *stage)
{
    uint8_t text[95];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, ACCORD_LITERAL("the proof of attestation "));
    accord_digest_print(&out, stage->attestation);
    return accord_judge_refuse(judging, ACCORD_MISSING_STAGE, stage->stage, accord_out_bytes(&out),
                               ACCORD_LITERAL("it is not in the bundle"));
}

/* The attestations that the release names. Where no policy asks for any, those that are not there are only counted. */
static enum accord_status collect(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    struct accord_release_stage stage;
    size_t cursor = 0;
    while (accord_release_next_stage(judging->release, &cursor, &stage)) {
        bool found;
        if (judgement->attestation_count == ACCORD_ATTESTATIONS_MAX)
            return accord_judge_refuse_numbers(judging, ACCORD_TOO_LARGE, ACCORD_LITERAL("stages of the release"),
                                               ACCORD_ATTESTATIONS_MAX, judging->release->stage_count);
        struct accord_attestation *attestation = &judgement->attestations[judgement->attestation_count];
        enum accord_status status = take(judging, stage.attestation, attestation, &found);
        if (status != ACCORD_OK)
            return status;
        if (!found && judgement->policy_count > 0)
            return refuse_absent(judging, &stage);
        if (!found) {
            judgement->absent_count++;
            continue;
        }
        if (!is_of_product(judging, &attestation->claim) ||
            !accord_bytes_equal(accord_stage_name(attestation->claim.stage), stage.stage))
            return accord_judge_refuse(judging, ACCORD_DISCONNECTED, stage.stage,
                                       ACCORD_LITERAL("an attestation of this stage of this product"),
                                       accord_stage_name(attestation->claim.stage));
        judgement->attestation_count++;
    }
    return ACCORD_OK;
}

/* Requirements */

/* Nobody in particular: everybody may. */
static bool may_attest(const struct accord_judging *judging, struct accord_bytes who, struct accord_bytes by)
{
    struct accord_bytes word;
    if (who.size == 0)
        return true;
    while (who.size > 0 && accord_word_next(&who, &word))
        if (accord_bytes_equal(word, ACCORD_LITERAL("any")) || accord_bytes_equal(word, by) ||
            (accord_bytes_equal(word, ACCORD_LITERAL("vendor")) && accord_bytes_equal(by, judging->release->vendor)))
            return true;
    return false;
}

static bool went_well(const struct accord_attest_claim *attest)
{
    return attest->outcome != ACCORD_ATTEST_FAIL && attest->outcome != ACCORD_ATTEST_MISMATCH;
}

static enum accord_status check_requirement(const struct accord_judging *judging, enum accord_stage stage,
                                            struct accord_bytes who)
{
    const struct accord_judgement *judgement = judging->judgement;
    struct accord_bytes other = ACCORD_LITERAL("nobody");
    for (size_t i = 0; i < judgement->attestation_count; i++) {
        const struct accord_attest_claim *attest = &judgement->attestations[i].claim;
        if (attest->stage != stage)
            continue;
        if (may_attest(judging, who, attest->by) && went_well(attest))
            return ACCORD_OK;
        other = went_well(attest) ? attest->by : ACCORD_LITERAL("an attestation that it failed");
    }
    uint8_t text[95];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, ACCORD_LITERAL("an attestation by "));
    accord_put(&out, who);
    return accord_judge_refuse(judging, ACCORD_MISSING_STAGE, accord_stage_name(stage), accord_out_bytes(&out), other);
}

/* Each policy that is in force asks for itself: two of them may name different people. */
static enum accord_status check_requirements(const struct accord_judging *judging)
{
    const struct accord_judgement *judgement = judging->judgement;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; i < judgement->policy_count; i++)
        for (int stage = 0; status == ACCORD_OK && (judgement->making >> i & 1) && stage < ACCORD_STAGE_COUNT;
             stage++) {
            const struct accord_requirement *require = &judgement->policies[i].demands.require[stage];
            if (require->required)
                status = check_requirement(judging, (enum accord_stage)stage, require->who);
        }
    return status;
}

/* Connections. Where a policy requires a stage, all of it is asked once more of the attestations by those who may: who
 * may attest a little would let others attest the rest. `who` is empty where everybody's count. */

static bool is_done(const struct accord_judging *judging)
{
    return *judging->work > ACCORD_JUDGE_WORK_MAX;
}

static bool has_subject(const struct accord_judging *judging, const struct accord_attest_claim *attest,
                        const uint8_t sha256[ACCORD_HASH_SIZE])
{
    struct accord_attest_thing subject;
    size_t cursor = 0;
    while (!is_done(judging) && accord_attest_next_subject(attest, &cursor, &subject)) {
        ++*judging->work;
        if (memcmp(subject.sha256, sha256, ACCORD_HASH_SIZE) == 0)
            return true;
    }
    return false;
}

/* Is it a subject of an attestation of this stage? */
static bool is_produced(const struct accord_judging *judging, enum accord_stage stage, struct accord_bytes who,
                        const uint8_t sha256[ACCORD_HASH_SIZE])
{
    const struct accord_judgement *judgement = judging->judgement;
    for (size_t i = 0; i < judgement->attestation_count; i++) {
        const struct accord_attest_claim *attest = &judgement->attestations[i].claim;
        if (attest->stage == stage && may_attest(judging, who, attest->by) && (who.size == 0 || went_well(attest)) &&
            has_subject(judging, attest, sha256))
            return true;
    }
    return false;
}

static bool is_attested(const struct accord_judgement *judgement, enum accord_stage stage)
{
    for (size_t i = 0; i < judgement->attestation_count; i++)
        if (judgement->attestations[i].claim.stage == stage)
            return true;
    return false;
}

static enum accord_status refuse_connection(const struct accord_judging *judging, enum accord_stage stage,
                                            struct accord_bytes expected, struct accord_bytes found)
{
    return accord_judge_refuse(judging, ACCORD_DISCONNECTED, accord_stage_name(stage), expected, found);
}

/* Every artifact is among the subjects of the stage. */
static enum accord_status check_artifacts(const struct accord_judging *judging, enum accord_stage stage,
                                          struct accord_bytes who)
{
    struct accord_artifact artifact;
    size_t cursor = 0;
    while (is_attested(judging->judgement, stage) && accord_release_next_artifact(judging->release, &cursor, &artifact))
        if (!is_produced(judging, stage, who, artifact.sha256))
            return refuse_connection(judging, stage,
                                     who.size == 0
                                         ? ACCORD_LITERAL("every artifact of the release among its subjects")
                                         : ACCORD_LITERAL("every artifact attested by who may, says its policy"),
                                     artifact.name);
    return ACCORD_OK;
}

/* It speaks of something that is released. */
static bool touches_release(const struct accord_judging *judging, const struct accord_attest_claim *attest)
{
    struct accord_artifact artifact;
    struct accord_attest_thing subject;
    size_t cursor = 0;
    while (accord_attest_next_subject(attest, &cursor, &subject))
        if (accord_release_find(judging->release, subject.sha256, &artifact))
            return true;
    return false;
}

/* Some of what went in came out of the stage before. */
static bool consumes(const struct accord_judging *judging, const struct accord_attest_claim *attest,
                     enum accord_stage before, struct accord_bytes who)
{
    struct accord_attest_thing material;
    size_t cursor = 0;
    while (accord_attest_next_material(attest, &cursor, &material))
        if (is_produced(judging, before, who, material.sha256))
            return true;
    return false;
}

/* What the stage after this one consumed came out of this one. */
static enum accord_status check_consumed(const struct accord_judging *judging, enum accord_stage stage,
                                         struct accord_bytes who)
{
    const struct accord_judgement *judgement = judging->judgement;
    enum accord_stage next = stage == ACCORD_STAGE_SOURCE ? ACCORD_STAGE_BUILD : ACCORD_STAGE_SOURCE;
    for (size_t i = 0; is_attested(judgement, stage) && i < judgement->attestation_count; i++) {
        const struct accord_attest_claim *attest = &judgement->attestations[i].claim;
        if (attest->stage == next && !consumes(judging, attest, stage, who))
            return refuse_connection(judging, next,
                                     stage == ACCORD_STAGE_SOURCE
                                         ? ACCORD_LITERAL("a material that a source attestation names")
                                         : ACCORD_LITERAL("a material that a design attestation names"),
                                     attest->by);
    }
    return ACCORD_OK;
}

static enum accord_status check_stage(const struct accord_judging *judging, enum accord_stage stage,
                                      struct accord_bytes who)
{
    return stage == ACCORD_STAGE_DESIGN || stage == ACCORD_STAGE_SOURCE ? check_consumed(judging, stage, who)
                                                                        : check_artifacts(judging, stage, who);
}

static enum accord_status check_touches(const struct accord_judging *judging)
{
    const struct accord_judgement *judgement = judging->judgement;
    for (size_t i = 0; i < judgement->attestation_count; i++) {
        const struct accord_attest_claim *attest = &judgement->attestations[i].claim;
        if ((attest->stage == ACCORD_STAGE_TEST || attest->stage == ACCORD_STAGE_DISTRIBUTION) &&
            !touches_release(judging, attest))
            return refuse_connection(judging, attest->stage, ACCORD_LITERAL("an artifact of the release as a subject"),
                                     attest->by);
    }
    return ACCORD_OK;
}

static enum accord_status check_connections(const struct accord_judging *judging)
{
    const struct accord_bytes everybody = {NULL, 0};
    const struct accord_judgement *judgement = judging->judgement;
    enum accord_status status = check_touches(judging);
    for (int stage = 0; status == ACCORD_OK && stage < ACCORD_STAGE_USE; stage++)
        status = check_stage(judging, (enum accord_stage)stage, everybody);
    for (size_t i = 0; i < judgement->policy_count; i++)
        for (int stage = 0; status == ACCORD_OK && (judgement->making >> i & 1) && stage < ACCORD_STAGE_USE; stage++) {
            const struct accord_requirement *require = &judgement->policies[i].demands.require[stage];
            if (require->required)
                status = check_stage(judging, (enum accord_stage)stage, require->who);
        }
    return status;
}

static enum accord_status refuse_work(const struct accord_judging *judging)
{
    return accord_judge_refuse_numbers(judging, ACCORD_TOO_LARGE, ACCORD_LITERAL("comparisons of attestations"),
                                       ACCORD_JUDGE_WORK_MAX, *judging->work);
}

enum accord_status accord_judge_stages(const struct accord_judging *judging)
{
    enum accord_status status = collect(judging);
    if (status == ACCORD_OK)
        status = check_requirements(judging);
    if (status == ACCORD_OK)
        status = check_connections(judging);
    return is_done(judging) ? refuse_work(judging) : status;
}

/* Rebuilders */

/* The build attestation of the release that it does again; NULL: none. */
static const struct accord_attest_claim *repeats_ours(const struct accord_judging *judging,
                                                      const struct accord_attest_claim *attest)
{
    const struct accord_judgement *judgement = judging->judgement;
    for (size_t i = 0; attest->repeats && attest->stage == ACCORD_STAGE_BUILD && i < judgement->attestation_count; i++)
        if (judgement->attestations[i].claim.stage == ACCORD_STAGE_BUILD &&
            memcmp(judgement->attestations[i].exhibit->digest, attest->repeated, ACCORD_HASH_SIZE) == 0)
            return &judgement->attestations[i].claim;
    return NULL;
}

static bool has_all_artifacts(const struct accord_judging *judging, const struct accord_attest_claim *attest)
{
    struct accord_artifact artifact;
    size_t cursor = 0;
    while (accord_release_next_artifact(judging->release, &cursor, &artifact))
        if (!has_subject(judging, attest, artifact.sha256))
            return false;
    return true;
}

/* Keeps one rebuild of each member, so that nobody is counted twice, however much it says. */
static void count_rebuilder(struct accord_judgement *judgement, const struct accord_attestation *rebuild)
{
    bool new_jurisdiction = true;
    for (size_t i = 0; i < judgement->rebuild_count; i++) {
        if (accord_bytes_equal(judgement->rebuilds[i].claim.by, rebuild->claim.by))
            return;
        new_jurisdiction &= !accord_bytes_equal(judgement->rebuilds[i].jurisdiction, rebuild->jurisdiction);
    }
    if (judgement->rebuild_count == ACCORD_REBUILDERS_MAX)
        return;
    judgement->rebuilder_jurisdictions += new_jurisdiction;
    judgement->rebuilds[judgement->rebuild_count++] = *rebuild;
}

/* A rebuild that came to other bytes refuses a release that rebuilders have to confirm, whoever else confirmed it. One
 * that does not hold is nothing: a rebuilder whose key was stolen must not take the others' word away. */
static enum accord_status take_rebuild(const struct accord_judging *judging, const struct accord_exhibit *exhibit)
{
    struct accord_judgement *judgement = judging->judgement;
    struct accord_attestation rebuild = {.exhibit = exhibit};
    const struct accord_attest_claim *build = NULL;
    if (accord_attest_parse(&rebuild.claim, exhibit->entry, NULL) != ACCORD_OK ||
        !is_of_product(judging, &rebuild.claim) || (build = repeats_ours(judging, &rebuild.claim)) == NULL ||
        accord_bytes_equal(rebuild.claim.by, judging->release->vendor) ||
        accord_attest_verify(&rebuild.claim, judging->roster, &exhibit->place, judging->crypto, NULL) != ACCORD_OK)
        return ACCORD_OK;
    rebuild.jurisdiction = jurisdiction_of(judging->roster, rebuild.claim.by);
    if (rebuild.claim.outcome == ACCORD_ATTEST_MISMATCH && judgement->demands.rebuilders > 0)
        return accord_judge_refuse(judging, ACCORD_REBUILDERS, rebuild.claim.by,
                                   ACCORD_LITERAL("the same bytes from every rebuilder"), ACCORD_LITERAL("a mismatch"));
    /* Who built it says nothing new. */
    if (rebuild.claim.outcome == ACCORD_ATTEST_MATCH && !accord_bytes_equal(rebuild.claim.by, build->by) &&
        has_all_artifacts(judging, &rebuild.claim))
        count_rebuilder(judgement, &rebuild);
    return ACCORD_OK;
}

enum accord_status accord_judge_rebuilders(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    const struct accord_exhibit *exhibit;
    size_t cursor = 0;
    while ((exhibit = accord_judge_next(judging, ACCORD_EXHIBIT_ATTEST, &cursor)) != NULL) {
        enum accord_status status = take_rebuild(judging, exhibit);
        if (status != ACCORD_OK)
            return status;
    }
    if (is_done(judging))
        return refuse_work(judging);
    if (judgement->rebuild_count < judgement->demands.rebuilders)
        return accord_judge_refuse_numbers(judging, ACCORD_REBUILDERS, ACCORD_LITERAL("rebuilders"),
                                           judgement->demands.rebuilders, judgement->rebuild_count);
    if (judgement->rebuilder_jurisdictions < judgement->demands.rebuilder_jurisdictions)
        return accord_judge_refuse_numbers(judging, ACCORD_REBUILDERS, ACCORD_LITERAL("jurisdictions of rebuilders"),
                                           judgement->demands.rebuilder_jurisdictions,
                                           judgement->rebuilder_jurisdictions);
    return ACCORD_OK;
}
