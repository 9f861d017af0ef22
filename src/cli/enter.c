/* How a statement comes into the log. The log stays locked from the look at what it holds to the publishing, so two
 * that release at once get two sequences. It knows the order of steps; what is said, and whether it holds, the plan
 * knows. */
#include "cli/enter_parts.h"

#include "accord/bundle.h"
#include "accord/proof.h"
#include "cli/accord_dir.h"
#include "cli/log_source.h"
#include "cli/publish.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

void accord_entered_init(struct accord_entered *entered)
{
    *entered = (struct accord_entered){0};
    accord_buffer_init(&entered->entry, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&entered->checkpoint, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&entered->proof, ACCORD_PROOF_SIZE_MAX);
}

void accord_entered_free(struct accord_entered *entered)
{
    accord_buffer_free(&entered->entry);
    accord_buffer_free(&entered->checkpoint);
    accord_buffer_free(&entered->proof);
}

struct survey {
    const struct accord_enter_plan *plan;
    struct accord_chain *chain;
};

static enum accord_status survey_entry(void *context, uint64_t index, struct accord_bytes entry,
                                       struct accord_error *error)
{
    struct survey *survey = context;
    enum accord_link link;
    enum accord_status status = accord_chain_offer(survey->chain, index, entry, &link, error);
    if (status == ACCORD_OK && link == ACCORD_LINK_NONE && survey->plan->see != NULL) {
        status = survey->plan->see(survey->plan->context, survey->chain, index, entry, error);
    }
    return status;
}

static enum accord_status see_again(void *context, uint64_t index, struct accord_bytes entry,
                                    struct accord_error *error)
{
    struct survey *survey = context;
    return survey->plan->see(survey->plan->context, survey->chain, index, entry, error);
}

static enum accord_status look_again(struct survey *survey, struct accord_reader *reader, uint64_t size,
                                     struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_reader_checkpoint(reader, &note, error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&checkpoint, accord_buffer_bytes(&note), error);
    }
    if (status == ACCORD_OK && survey->plan->again(survey->plan->context, survey->chain, checkpoint.origin)) {
        status = accord_scan(reader, size, see_again, survey, error);
    }
    accord_buffer_free(&note);
    return status;
}

enum accord_status accord_enter_survey(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                                       struct accord_reader *reader, uint64_t size, struct accord_chain **chain,
                                       struct accord_error *error)
{
    enum accord_status status = accord_chain_new(chain, enter->crypto, NULL, error);
    if (status != ACCORD_OK) {
        return status;
    }
    struct survey survey = {plan, *chain};
    accord_reader_set_size(reader, size);
    if (plan->begin != NULL) {
        status = plan->begin(plan->context, *chain, reader, size, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_scan(reader, size, survey_entry, &survey, error);
    return status == ACCORD_OK && plan->again != NULL ? look_again(&survey, reader, size, error) : status;
}

static enum accord_status sign_by(const struct accord_enter *enter, const char *key, struct accord_bytes text,
                                  struct accord_buffer *entry, struct accord_error *error)
{
    struct accord_signer *signer;
    enum accord_status status = accord_signer_open(&signer, enter->fs, key, enter->passphrase_file, error);
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

/* Says where the texts part: a person wants to know which line is another one. */
static enum accord_status refuse_text(struct accord_bytes ours, struct accord_bytes theirs, struct accord_error *error)
{
    struct accord_bytes our_line = {NULL, 0}, their_line = {NULL, 0};
    uint64_t line = 0;
    do {
        line++;
    } while (accord_cut_line(&ours, &our_line) && accord_cut_line(&theirs, &their_line) &&
             accord_bytes_equal(our_line, their_line));
    accord_fail(error, ACCORD_WRONG_SIGNER, line);
    accord_error_what(error, ACCORD_LITERAL("the statement that was signed elsewhere"));
    accord_error_expected(error, our_line);
    accord_error_found(error, their_line);
    return ACCORD_WRONG_SIGNER;
}

/* Text, blank line, signatures: those of the keys, and those that were made elsewhere. */
static enum accord_status sign_text(const struct accord_enter *enter, struct accord_bytes text,
                                    struct accord_buffer *entry, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(entry, text);
    if (status == ACCORD_OK) {
        status = accord_buffer_append(entry, ACCORD_LITERAL("\n"));
    }
    if (status == ACCORD_OK) {
        status = accord_buffer_append(entry, enter->signatures);
    }
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    for (size_t i = 0; status == ACCORD_OK && i < enter->key_count; i++) {
        status = sign_by(enter, enter->keys[i], text, entry, error);
    }
    return status == ACCORD_OK && enter->signer != NULL ? accord_signer_sign(enter->signer, text, 0, entry, error)
                                                        : status;
}

enum accord_status accord_enter_make(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                                     const struct accord_roster_claim *roster, struct accord_entered *entered,
                                     struct accord_error *error)
{
    uint8_t *memory = malloc(ACCORD_ENTRY_SIZE_MAX);
    if (memory == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {memory, ACCORD_ENTRY_SIZE_MAX, 0, false};
    enum accord_status status = plan->make(plan->context, roster, &out, error);
    if (status == ACCORD_OK && out.full) {
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("the statement"));
        accord_error_expected(error, ACCORD_LITERAL("at most 65535 bytes"));
    }
    if (status == ACCORD_OK && enter->signed_text.size > 0 &&
        !accord_bytes_equal(enter->signed_text, accord_out_bytes(&out))) {
        status = refuse_text(accord_out_bytes(&out), enter->signed_text, error);
    }
    if (status == ACCORD_OK) {
        status = sign_text(enter, accord_out_bytes(&out), &entered->entry, error);
    }
    free(memory);
    return status == ACCORD_OK ? plan->judge(plan->context, roster, accord_buffer_bytes(&entered->entry), error)
                               : status;
}

enum accord_status accord_enter_statement(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                                          struct accord_entered *entered, struct accord_error *error)
{
    struct accord_chain *chain = NULL;
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    enum accord_status status =
        accord_log_source_open(&reader, enter->fs, enter->crypto, enter->network, enter->location, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = accord_scan_size(reader, &note, &checkpoint, error);
    if (status == ACCORD_OK) {
        status = accord_enter_survey(enter, plan, reader, checkpoint.size, &chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_enter_make(enter, plan, NULL, entered, error);
    }
    accord_chain_free(chain);
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

enum accord_status accord_enter_publish(const struct accord_enter *enter, const struct accord_dir *dir,
                                        struct accord_log *log, const struct accord_roster_claim *roster,
                                        struct accord_entered *entered, struct accord_error *error)
{
    struct accord_keyring witnesses = {0};
    struct accord_signer *log_key = NULL;
    struct accord_buffer text;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    struct accord_policy *policy = NULL;
    enum accord_status status = accord_chain_policy_new(roster, NULL, enter->crypto, &text, &policy, error);
    if (status == ACCORD_OK) {
        status = accord_signer_open(&log_key, enter->fs, dir->log_key, NULL, error);
    }
    if (status == ACCORD_OK && dir->demo[0] != '\0') {
        status = accord_keyring_witnesses(&witnesses, enter->fs, dir->demo, roster, error);
    }
    if (status == ACCORD_OK) {
        struct accord_publisher publisher = {.fs = enter->fs,
                                             .crypto = enter->crypto,
                                             .clock = enter->clock,
                                             .log_key = log_key,
                                             .witnesses = witnesses.signers,
                                             .witness_count = witnesses.count,
                                             .witness_state = dir->witnesses,
                                             .policy = policy};
        entered->witness_count = witnesses.count;
        status = accord_publish(log, dir->log, &publisher, &entered->checkpoint, error);
    }
    accord_keyring_free(&witnesses);
    accord_signer_free(log_key);
    free(policy);
    accord_buffer_free(&text);
    return status;
}

static enum accord_status make_inclusion(const struct accord_crypto *crypto, struct accord_reader *reader,
                                         uint64_t size, struct accord_bytes checkpoint, uint64_t index,
                                         struct accord_bytes entry, struct accord_merkle_proof *inclusion,
                                         struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    uint8_t leaf[ACCORD_HASH_SIZE];
    struct accord_hash_source source = accord_reader_hashes(reader);
    accord_reader_set_size(reader, size);
    enum accord_status status = accord_inclusion_prove(crypto, &source, index, size, inclusion);
    if (status != ACCORD_OK) {
        if (error != NULL) {
            *error = *accord_reader_error(reader);
        }
        return status;
    }
    status = accord_checkpoint_parse(&claim, checkpoint, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_merkle_leaf(crypto, entry, leaf);
    status = accord_inclusion_verify(crypto, index, size, leaf, inclusion, claim.root);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

enum accord_status accord_enter_prove(const struct accord_crypto *crypto, struct accord_reader *reader, uint64_t size,
                                      struct accord_bytes checkpoint, uint64_t index, struct accord_bytes entry,
                                      struct accord_buffer *proof, struct accord_error *error)
{
    struct accord_merkle_proof inclusion;
    enum accord_status status = make_inclusion(crypto, reader, size, checkpoint, index, entry, &inclusion, error);
    if (status != ACCORD_OK) {
        return status;
    }
    size_t room = 2 * entry.size + checkpoint.size + 64 * ACCORD_PROOF_HASHES_MAX + 256;
    status = accord_buffer_reserve(proof, room);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {proof->data + proof->size, room, 0, false};
    accord_proof_print(&out, entry, index, &inclusion, checkpoint);
    proof->size += out.size;
    return out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0) : ACCORD_OK;
}

enum accord_status accord_enter_bundle(struct accord_buffer *bundle, struct accord_bytes proof,
                                       struct accord_error *error)
{
    size_t room = proof.size + 64;
    enum accord_status status = accord_buffer_reserve(bundle, room);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {bundle->data + bundle->size, room, 0, false};
    if (bundle->size == 0) {
        accord_proof_bundle_begin(&out);
    }
    accord_proof_bundle_put(&out, proof);
    bundle->size += out.size;
    return ACCORD_OK;
}

enum accord_status accord_enter_finish(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                                       struct accord_reader *reader, uint64_t size, struct accord_entered *entered,
                                       struct accord_error *error)
{
    enum accord_status status =
        accord_enter_prove(enter->crypto, reader, size, accord_buffer_bytes(&entered->checkpoint), entered->index,
                           accord_buffer_bytes(&entered->entry), &entered->proof, error);
    return status == ACCORD_OK && plan->after != NULL ? plan->after(plan->context, reader, size, entered, error)
                                                      : status;
}

/* All that happens under the log's lock. */
static enum accord_status enter_locked(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                                       const struct accord_dir *dir, struct accord_log *log,
                                       struct accord_reader *reader, struct accord_chain **chain,
                                       struct accord_entered *entered, struct accord_error *error)
{
    enum accord_status status = accord_log_integrate(log, error);
    if (status == ACCORD_OK) {
        status = accord_enter_survey(enter, plan, reader, accord_log_size(log), chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(*chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_enter_make(enter, plan, accord_chain_roster(*chain), entered, error);
    }
    if (status == ACCORD_OK) {
        status = append(log, accord_buffer_bytes(&entered->entry), &entered->index, error);
        entered->appended = status == ACCORD_OK;
    }
    if (status == ACCORD_OK) {
        status = accord_enter_publish(enter, dir, log, accord_chain_roster(*chain), entered, error);
    }
    return status == ACCORD_OK ? accord_enter_finish(enter, plan, reader, accord_log_size(log), entered, error)
                               : status;
}

enum accord_status accord_enter_log(const struct accord_enter *enter, const struct accord_enter_plan *plan,
                                    struct accord_entered *entered, struct accord_error *error)
{
    if (accord_location_is_url(enter->location)) {
        return accord_enter_log_url(enter, plan, entered, error);
    }
    struct accord_dir dir;
    struct accord_log *log;
    struct accord_reader *reader;
    struct accord_chain *chain = NULL;
    enum accord_status status = accord_dir_open(&dir, enter->fs, enter->location, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_log_open(&log, enter->fs, enter->crypto, dir.log, true, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_reader_open(&reader, enter->fs, enter->crypto, dir.log, error);
    if (status == ACCORD_OK) {
        status = enter_locked(enter, plan, &dir, log, reader, &chain, entered, error);
        accord_reader_close(reader);
    }
    accord_chain_free(chain);
    accord_log_close(log);
    return status;
}
