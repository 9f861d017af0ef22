/* What a release is to entering (enter.h): its sequence comes from what the log holds, and it says what was asked for
 * and no more. */
#include "cli/issue.h"

#include "accord/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* A release on its way. */
struct issuing {
    const struct accord_issue *issue;
    struct accord_issued *issued;
    struct accord_release_claim claim;
    struct accord_buffer policy_text;
    struct accord_policy *policy; /* of the roster in force */
};

void accord_issued_init(struct accord_issued *issued)
{
    issued->sequence = 0;
    accord_entered_init(&issued->entered);
    accord_buffer_init(&issued->bundle, ACCORD_BUNDLE_FILE_SIZE_MAX);
}

void accord_issued_free(struct accord_issued *issued)
{
    accord_entered_free(&issued->entered);
    accord_buffer_free(&issued->bundle);
}

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct issuing *issuing = context;
    return accord_product_view_see(issuing->issue->view, chain, index, entry, error);
}

static bool again(void *context, const struct accord_chain *chain, struct accord_bytes origin)
{
    struct issuing *issuing = context;
    return accord_product_view_again(issuing->issue->view, chain, origin);
}

static enum accord_status next_sequence(const struct issuing *issuing, uint64_t *sequence, struct accord_error *error)
{
    const struct accord_issue *issue = issuing->issue;
    const struct accord_product_view *view = issue->view;
    *sequence = issue->sequence_given ? issue->sequence : view->released ? view->highest + 1 : 1;
    if (!issue->sequence_given && view->released && view->highest == UINT64_MAX) {
        accord_fail(error, ACCORD_BAD_DECIMAL, 0);
        accord_error_what(error, ACCORD_LITERAL("sequence"));
        return ACCORD_BAD_DECIMAL;
    }
    return ACCORD_OK;
}

static enum accord_status make(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error)
{
    struct issuing *issuing = context;
    const struct accord_issue *issue = issuing->issue;
    (void)roster;
    enum accord_status status = next_sequence(issuing, &issuing->issued->sequence, error);
    if (status != ACCORD_OK) {
        return status;
    }
    const struct accord_product_view *view = issue->view;
    struct accord_release_draft draft = {.vendor = view->vendor,
                                         .product = view->product,
                                         .version = issue->version,
                                         .sequence = issuing->issued->sequence,
                                         .policy_number = view->policy_count,
                                         .artifacts = issue->artifacts,
                                         .artifact_count = issue->artifact_count,
                                         .stages = issue->stages,
                                         .stage_count = issue->stage_count};
    if (view->policy_count > 0) {
        accord_hash(view->crypto, accord_buffer_bytes(&view->policies[view->policy_count - 1].entry), draft.policy);
    }
    accord_release_print(text, &draft);
    return ACCORD_OK;
}

static enum accord_status refuse_words(struct accord_bytes what, struct accord_bytes asked, struct accord_error *error)
{
    accord_fail(error, ACCORD_MALFORMED, 0);
    accord_error_what(error, what);
    accord_error_found(error, asked);
    return ACCORD_MALFORMED;
}

/* Does the statement say what it was asked to say, and no more? A name with a newline in it would add lines. */
static enum accord_status check_words(const struct accord_issue *issue, const struct accord_release_claim *claim,
                                      uint64_t sequence, struct accord_error *error)
{
    if (!accord_bytes_equal(claim->vendor, issue->view->vendor)) {
        return refuse_words(ACCORD_LITERAL("vendor"), issue->view->vendor, error);
    }
    if (!accord_bytes_equal(claim->product, issue->view->product)) {
        return refuse_words(ACCORD_LITERAL("product"), issue->view->product, error);
    }
    if (!accord_bytes_equal(claim->version, issue->version) || claim->sequence != sequence) {
        return refuse_words(ACCORD_LITERAL("version"), issue->version, error);
    }
    struct accord_artifact artifact;
    size_t cursor = 0;
    for (size_t i = 0; i < issue->artifact_count; i++) {
        const struct accord_artifact *asked = &issue->artifacts[i];
        if (!accord_release_next_artifact(claim, &cursor, &artifact) ||
            !accord_bytes_equal(artifact.name, asked->name)) {
            return refuse_words(ACCORD_LITERAL("artifact"), asked->name, error);
        }
        if (!accord_bytes_equal(artifact.platform, asked->platform)) {
            return refuse_words(ACCORD_LITERAL("platform"), asked->platform, error);
        }
    }
    return ACCORD_OK;
}

static enum accord_status judge(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error)
{
    struct issuing *issuing = context;
    struct accord_release release;
    enum accord_status status = accord_release_parse(&issuing->claim, entry, error);
    if (status == ACCORD_OK && roster != NULL) {
        status = accord_chain_policy(roster, &issuing->policy_text, error);
    }
    if (status == ACCORD_OK && roster != NULL) {
        status = accord_policy_parse(issuing->policy, accord_buffer_bytes(&issuing->policy_text),
                                     issuing->issue->enter.crypto, error);
    }
    if (status == ACCORD_OK) {
        status = check_words(issuing->issue, &issuing->claim, issuing->issued->sequence, error);
    }
    if (status == ACCORD_OK && roster != NULL) {
        status = accord_release_verify(&issuing->claim, roster, NULL, issuing->issue->enter.crypto, &release, error);
    }
    return status;
}

/* Bundles */

/* Does an old proof hold, and does the roster in force accept its checkpoint? Its witnesses may have changed since. */
static bool is_accepted(const struct issuing *issuing, struct accord_bytes proof, struct accord_bytes entry)
{
    struct accord_proof_claim claim;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    return proof.size > 0 && accord_proof_parse(&claim, proof, NULL) == ACCORD_OK &&
           accord_policy_verify(issuing->policy, &claim.checkpoint, issuing->issue->enter.crypto, &checkpoint,
                                &cosigners, NULL) == ACCORD_OK &&
           accord_proof_verify(&claim, &checkpoint, entry, issuing->issue->enter.crypto, NULL) == ACCORD_OK;
}

/* The proof that was logged when the policy was new tells since when it is public; the newest one does otherwise. */
static enum accord_status put_policy(const struct issuing *issuing, struct accord_reader *reader, uint64_t size,
                                     const struct accord_product_entry *policy, struct accord_error *error)
{
    struct accord_buffer proof;
    if (is_accepted(issuing, accord_buffer_bytes(&policy->proof), accord_buffer_bytes(&policy->entry))) {
        return accord_enter_bundle(&issuing->issued->bundle, accord_buffer_bytes(&policy->proof), error);
    }
    accord_buffer_init(&proof, ACCORD_PROOF_SIZE_MAX);
    enum accord_status status = accord_enter_prove(issuing->issue->enter.crypto, reader, size,
                                                   accord_buffer_bytes(&issuing->issued->entered.checkpoint),
                                                   policy->index, accord_buffer_bytes(&policy->entry), &proof, error);
    if (status == ACCORD_OK) {
        status = accord_enter_bundle(&issuing->issued->bundle, accord_buffer_bytes(&proof), error);
    }
    accord_buffer_free(&proof);
    return status;
}

/* The release itself, what it names, and all policies of the product: a file that is enough. */
static enum accord_status after(void *context, struct accord_reader *reader, uint64_t size,
                                const struct accord_entered *entered, struct accord_error *error)
{
    struct issuing *issuing = context;
    const struct accord_issue *issue = issuing->issue;
    struct accord_buffer *bundle = &issuing->issued->bundle;
    if (issue->view->policy_count == 0 && issue->stage_count == 0) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_enter_bundle(bundle, accord_buffer_bytes(&entered->proof), error);
    for (size_t i = 0; status == ACCORD_OK && i < issue->stage_count; i++) {
        status = accord_enter_bundle(bundle, accord_buffer_bytes(&issue->stage_proofs[i]), error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < issue->view->policy_count; i++) {
        status = put_policy(issuing, reader, size, &issue->view->policies[i], error);
    }
    return status;
}

static enum accord_status issue_by(const struct accord_issue *issue, struct accord_issued *issued,
                                   enum accord_status (*enter)(const struct accord_enter *,
                                                               const struct accord_enter_plan *,
                                                               struct accord_entered *, struct accord_error *),
                                   struct accord_error *error)
{
    struct issuing issuing = {.issue = issue, .issued = issued, .policy = malloc(sizeof *issuing.policy)};
    const struct accord_enter_plan plan = {
        .context = &issuing, .see = see, .again = again, .make = make, .judge = judge, .after = after};
    accord_buffer_init(&issuing.policy_text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = issuing.policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                                                       : enter(&issue->enter, &plan, &issued->entered, error);
    accord_buffer_free(&issuing.policy_text);
    free(issuing.policy);
    return status;
}

enum accord_status accord_issue_statement(const struct accord_issue *issue, struct accord_issued *issued,
                                          struct accord_error *error)
{
    return issue_by(issue, issued, accord_enter_statement, error);
}

enum accord_status accord_issue_release(const struct accord_issue *issue, struct accord_issued *issued,
                                        struct accord_error *error)
{
    return issue_by(issue, issued, accord_enter_log, error);
}
