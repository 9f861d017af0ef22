/* How a release comes into the log. The log stays locked from the look at the last sequence to the publishing, so two
 * that release at once get two sequences. It knows the order of steps; what each means stands in the rooms below. */
#include "cli/issue_parts.h"

#include "accord/proof.h"
#include "cli/accord_dir.h"
#include "cli/log_source.h"
#include "cli/publish.h"
#include "core/text.h"
#include "follow/chain.h"

#include <stdlib.h>
#include <string.h>

void accord_issued_init(struct accord_issued *issued)
{
    *issued = (struct accord_issued){0};
    accord_buffer_init(&issued->entry, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&issued->checkpoint, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&issued->proof, ACCORD_PROOF_SIZE_MAX);
}

void accord_issued_free(struct accord_issued *issued)
{
    accord_buffer_free(&issued->entry);
    accord_buffer_free(&issued->checkpoint);
    accord_buffer_free(&issued->proof);
}

static enum accord_status survey_entry(void *context, uint64_t index, struct accord_bytes entry,
                                       struct accord_error *error)
{
    struct accord_survey *survey = context;
    struct accord_bytes rest = entry;
    struct accord_release_claim release;
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/release\n"))) {
        if (accord_release_parse(&release, entry, NULL) == ACCORD_OK &&
            accord_bytes_equal(release.vendor, survey->issue->vendor) &&
            accord_bytes_equal(release.product, survey->issue->product) &&
            (!survey->chain->has_roster || /* somebody else's use of the name raises nothing */
             accord_release_verify(&release, accord_chain_roster(survey->chain), NULL, survey->issue->crypto,
                                   &(struct accord_release){0}, NULL) == ACCORD_OK)) {
            survey->highest = release.sequence > survey->highest ? release.sequence : survey->highest;
            survey->released = true;
        }
        return ACCORD_OK;
    }
    enum accord_link link;
    return accord_chain_offer(survey->chain, index, entry, &link, error);
}

enum accord_status accord_issue_survey_log(struct accord_survey *survey, struct accord_reader *reader, uint64_t size,
                                           struct accord_error *error)
{
    enum accord_status status = accord_chain_new(&survey->chain, survey->issue->crypto, NULL, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_reader_set_size(reader, size);
    return accord_scan(reader, size, survey_entry, survey, error);
}

enum accord_status accord_issue_next_sequence(const struct accord_survey *survey, uint64_t *sequence,
                                              struct accord_error *error)
{
    *sequence = survey->issue->sequence_given ? survey->issue->sequence : survey->released ? survey->highest + 1 : 1;
    if (!survey->issue->sequence_given && survey->released && survey->highest == UINT64_MAX) {
        accord_fail(error, ACCORD_BAD_DECIMAL, 0);
        accord_error_what(error, ACCORD_LITERAL("sequence"));
        return ACCORD_BAD_DECIMAL;
    }
    return ACCORD_OK;
}

static enum accord_status sign_by(const struct accord_issue *issue, const char *key, struct accord_bytes text,
                                  struct accord_buffer *entry, struct accord_error *error)
{
    struct accord_signer *signer;
    enum accord_status status = accord_signer_open(&signer, issue->fs, key, issue->passphrase_file, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (accord_signer_vkey(signer)->type != ACCORD_KEY_ED25519) {
        status = accord_fail(error, ACCORD_KEY_TYPE, 0);
        accord_error_what(error, accord_signer_vkey(signer)->name);
    } else {
        status = accord_signer_sign(signer, text, 0, entry, error);
    }
    accord_signer_free(signer);
    return status;
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

/* Prints the statement, has every key sign it, and reads it back as any verifier would. */
enum accord_status accord_issue_make_entry(const struct accord_issue *issue, struct accord_issued *issued,
                                           struct accord_release_claim *claim, struct accord_error *error)
{
    uint8_t *memory = malloc(ACCORD_ENTRY_SIZE_MAX);
    if (memory == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {memory, ACCORD_ENTRY_SIZE_MAX, 0, false};
    const struct accord_release_draft draft = {.vendor = issue->vendor,
                                               .product = issue->product,
                                               .version = issue->version,
                                               .sequence = issued->sequence,
                                               .artifacts = issue->artifacts,
                                               .artifact_count = issue->artifact_count};
    accord_release_print(&out, &draft);
    enum accord_status status = ACCORD_OK;
    if (out.full) {
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("the statement"));
        accord_error_expected(error, ACCORD_LITERAL("at most 65535 bytes: release fewer files at once"));
    } else {
        status = accord_buffer_append(&issued->entry, accord_out_bytes(&out));
    }
    if (status == ACCORD_OK) {
        status = accord_buffer_append(&issued->entry, ACCORD_LITERAL("\n"));
    }
    for (size_t i = 0; status == ACCORD_OK && i < issue->key_count; i++) {
        status = sign_by(issue, issue->keys[i], accord_out_bytes(&out), &issued->entry, error);
    }
    free(memory);
    if (status == ACCORD_OK) {
        status = accord_release_parse(claim, accord_buffer_bytes(&issued->entry), error);
    }
    return status == ACCORD_OK ? check_words(issue, claim, issued->sequence, error) : status;
}

enum accord_status accord_issue_statement(const struct accord_issue *issue, struct accord_issued *issued,
                                          struct accord_error *error)
{
    struct accord_survey survey = {.issue = issue};
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status =
        accord_log_source_open(&reader, issue->fs, issue->crypto, issue->network, issue->location, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_scan_size(reader, &note, &checkpoint, error);
    if (status == ACCORD_OK) {
        status = accord_issue_survey_log(&survey, reader, checkpoint.size, error);
    }
    if (status == ACCORD_OK) {
        status = accord_issue_next_sequence(&survey, &issued->sequence, error);
    }
    struct accord_release_claim claim;
    if (status == ACCORD_OK) {
        status = accord_issue_make_entry(issue, issued, &claim, error);
    }
    accord_chain_free(survey.chain);
    accord_reader_close(reader);
    accord_buffer_free(&note);
    return status;
}

/* Appends the entry as a batch of one. */
static enum accord_status append(struct accord_log *log, struct accord_bytes entry, uint64_t *index,
                                 struct accord_error *error)
{
    struct accord_buffer batch;
    const uint8_t length[2] = {(uint8_t)(entry.size >> 8), (uint8_t)entry.size};
    uint64_t count;
    accord_buffer_init(&batch, ACCORD_ENTRY_SIZE_MAX + 2);
    enum accord_status status = accord_buffer_append(&batch, (struct accord_bytes){length, 2});
    if (status == ACCORD_OK) {
        status = accord_buffer_append(&batch, entry);
    }
    if (status == ACCORD_OK) {
        status = accord_log_append(log, accord_buffer_bytes(&batch), index, &count, error);
    }
    accord_buffer_free(&batch);
    return status;
}

/* Signs, has the demo's witnesses cosign, asks the roster's quorum, publishes. */
static enum accord_status publish(const struct accord_issue *issue, const struct accord_dir *dir,
                                  struct accord_log *log, const struct accord_roster_claim *roster,
                                  struct accord_issued *issued, struct accord_error *error)
{
    struct accord_keyring witnesses = {0};
    struct accord_signer *log_key = NULL;
    struct accord_buffer text;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    struct accord_policy *policy = malloc(sizeof *policy);
    enum accord_status status =
        policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : accord_chain_policy(roster, &text, error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(policy, accord_buffer_bytes(&text), issue->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_signer_open(&log_key, issue->fs, dir->log_key, NULL, error);
    }
    if (status == ACCORD_OK && dir->demo[0] != '\0') {
        status = accord_keyring_witnesses(&witnesses, issue->fs, dir->demo, roster, error);
    }
    if (status == ACCORD_OK) {
        struct accord_publisher publisher = {.fs = issue->fs,
                                             .crypto = issue->crypto,
                                             .clock = issue->clock,
                                             .log_key = log_key,
                                             .witnesses = witnesses.signers,
                                             .witness_count = witnesses.count,
                                             .witness_state = dir->witnesses,
                                             .policy = policy};
        issued->witness_count = witnesses.count;
        status = accord_publish(log, dir->log, &publisher, &issued->checkpoint, error);
    }
    accord_keyring_free(&witnesses);
    accord_signer_free(log_key);
    free(policy);
    accord_buffer_free(&text);
    return status;
}

static enum accord_status make_inclusion(const struct accord_issue *issue, struct accord_reader *reader, uint64_t size,
                                         const struct accord_issued *issued, struct accord_merkle_proof *inclusion,
                                         struct accord_error *error)
{
    struct accord_checkpoint_claim checkpoint;
    uint8_t leaf[ACCORD_HASH_SIZE];
    struct accord_hash_source source = accord_reader_hashes(reader);
    accord_reader_set_size(reader, size);
    enum accord_status status = accord_inclusion_prove(issue->crypto, &source, issued->index, size, inclusion);
    if (status != ACCORD_OK) {
        if (error != NULL) {
            *error = *accord_reader_error(reader);
        }
        return status;
    }
    status = accord_checkpoint_parse(&checkpoint, accord_buffer_bytes(&issued->checkpoint), error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_merkle_leaf(issue->crypto, accord_buffer_bytes(&issued->entry), leaf);
    status = accord_inclusion_verify(issue->crypto, issued->index, size, leaf, inclusion, checkpoint.root);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

/* Proves the entry under the checkpoint that was just published. */
enum accord_status accord_issue_prove(const struct accord_issue *issue, struct accord_reader *reader, uint64_t size,
                                      struct accord_issued *issued, struct accord_error *error)
{
    struct accord_merkle_proof inclusion;
    enum accord_status status = make_inclusion(issue, reader, size, issued, &inclusion, error);
    if (status != ACCORD_OK) {
        return status;
    }
    size_t room = 2 * issued->entry.size + issued->checkpoint.size + 64 * ACCORD_PROOF_HASHES_MAX + 256;
    status = accord_buffer_reserve(&issued->proof, room);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {issued->proof.data, room, 0, false};
    accord_proof_print(&out, accord_buffer_bytes(&issued->entry), issued->index, &inclusion,
                       accord_buffer_bytes(&issued->checkpoint));
    issued->proof.size = out.size;
    return out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0) : ACCORD_OK;
}

/* All that happens under the log's lock. */
static enum accord_status issue_locked(const struct accord_issue *issue, const struct accord_dir *dir,
                                       struct accord_log *log, struct accord_reader *reader,
                                       struct accord_survey *survey, struct accord_issued *issued,
                                       struct accord_error *error)
{
    struct accord_release_claim claim;
    struct accord_release release;
    enum accord_status status = accord_log_integrate(log, error);
    if (status == ACCORD_OK) {
        status = accord_issue_survey_log(survey, reader, accord_log_size(log), error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(survey->chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_issue_next_sequence(survey, &issued->sequence, error);
    }
    if (status == ACCORD_OK) {
        status = accord_issue_make_entry(issue, issued, &claim, error);
    }
    const struct accord_roster_claim *roster = status == ACCORD_OK ? accord_chain_roster(survey->chain) : NULL;
    if (status == ACCORD_OK) {
        status = accord_release_verify(&claim, roster, NULL, issue->crypto, &release, error);
    }
    if (status == ACCORD_OK) {
        status = append(log, accord_buffer_bytes(&issued->entry), &issued->index, error);
        issued->appended = status == ACCORD_OK;
    }
    if (status == ACCORD_OK) {
        status = publish(issue, dir, log, roster, issued, error);
    }
    if (status == ACCORD_OK) {
        status = accord_issue_prove(issue, reader, accord_log_size(log), issued, error);
    }
    return status;
}

enum accord_status accord_issue_release(const struct accord_issue *issue, struct accord_issued *issued,
                                        struct accord_error *error)
{
    if (accord_location_is_url(issue->location)) {
        return accord_issue_release_url(issue, issued, error);
    }
    struct accord_dir dir;
    struct accord_log *log;
    struct accord_reader *reader;
    struct accord_survey survey = {.issue = issue};
    enum accord_status status = accord_dir_open(&dir, issue->fs, issue->location, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_log_open(&log, issue->fs, issue->crypto, dir.log, true, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_reader_open(&reader, issue->fs, issue->crypto, dir.log, error);
    if (status == ACCORD_OK) {
        status = issue_locked(issue, &dir, log, reader, &survey, issued, error);
        accord_reader_close(reader);
    }
    accord_chain_free(survey.chain);
    accord_log_close(log);
    return status;
}
