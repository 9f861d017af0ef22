/* What a release is to entering (enter.h): its sequence comes from what the log holds, and it says what was asked for
 * and no more. */
#include "cli/issue.h"

#include <string.h>

#include "core/text.h"

/* A release on its way. */
struct issuing {
    const struct accord_issue *issue;
    struct accord_issued *issued;
    bool released; /* this product was released before */
    uint64_t highest;
    struct accord_release_claim claim;
};

void accord_issued_init(struct accord_issued *issued)
{
    issued->sequence = 0;
    accord_entered_init(&issued->entered);
}

void accord_issued_free(struct accord_issued *issued)
{
    accord_entered_free(&issued->entered);
}

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct issuing *issuing = context;
    const struct accord_issue *issue = issuing->issue;
    struct accord_bytes rest = entry;
    struct accord_release_claim *release = &issuing->claim;
    (void)index;
    (void)error;
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/release\n")) &&
        accord_release_parse(release, entry, NULL) == ACCORD_OK && accord_bytes_equal(release->vendor, issue->vendor) &&
        accord_bytes_equal(release->product, issue->product) &&
        (!chain->has_roster || /* somebody else's use of the name raises nothing */
         accord_release_verify(release, accord_chain_roster(chain), NULL, issue->enter.crypto,
                               &(struct accord_release){0}, NULL) == ACCORD_OK)) {
        issuing->highest = release->sequence > issuing->highest ? release->sequence : issuing->highest;
        issuing->released = true;
    }
    return ACCORD_OK;
}

static enum accord_status next_sequence(const struct issuing *issuing, uint64_t *sequence, struct accord_error *error)
{
    const struct accord_issue *issue = issuing->issue;
    *sequence = issue->sequence_given ? issue->sequence : issuing->released ? issuing->highest + 1 : 1;
    if (!issue->sequence_given && issuing->released && issuing->highest == UINT64_MAX) {
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
    const struct accord_release_draft draft = {.vendor = issue->vendor,
                                               .product = issue->product,
                                               .version = issue->version,
                                               .sequence = issuing->issued->sequence,
                                               .artifacts = issue->artifacts,
                                               .artifact_count = issue->artifact_count};
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
    if (!accord_bytes_equal(claim->vendor, issue->vendor)) {
        return refuse_words(ACCORD_LITERAL("vendor"), issue->vendor, error);
    }
    if (!accord_bytes_equal(claim->product, issue->product)) {
        return refuse_words(ACCORD_LITERAL("product"), issue->product, error);
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
    if (status == ACCORD_OK) {
        status = check_words(issuing->issue, &issuing->claim, issuing->issued->sequence, error);
    }
    if (status == ACCORD_OK && roster != NULL) {
        status = accord_release_verify(&issuing->claim, roster, NULL, issuing->issue->enter.crypto, &release, error);
    }
    return status;
}

static enum accord_status issue_by(const struct accord_issue *issue, struct accord_issued *issued,
                                   enum accord_status (*enter)(const struct accord_enter *,
                                                               const struct accord_enter_plan *,
                                                               struct accord_entered *, struct accord_error *),
                                   struct accord_error *error)
{
    struct issuing issuing = {.issue = issue, .issued = issued};
    const struct accord_enter_plan plan = {.context = &issuing, .see = see, .make = make, .judge = judge};
    return enter(&issue->enter, &plan, &issued->entered, error);
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
