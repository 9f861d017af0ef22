/* accord member enact: the next roster comes into force. Logged with the quorum of the roster before it, and then, as
 * an entry of its own, that this quorum stood behind it; so that whoever comes later, when the witnesses are others,
 * can still tell. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "accord/apply.h"
#include "cli/accord_dir.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/log_source.h"
#include "cli/member_files.h"
#include "cli/say.h"
#include "core/text.h"
#include "follow/trim.h"

const struct accord_option accord_options_member_enact[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "key",
     .value = "KEY",
     .help = "any key of type 0x01, to sign the enactment; the log's own where LOG is a directory"},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write the roster's proof, if it is wanted"},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

#define CHECKPOINT_SIZE_MAX 45000 /* then its proof, in base64, and a signature fit an entry */
#define TIMEOUT_SECONDS 60
#define TIMEOUT_MAX_SECONDS 86400

/* A roster that is being enacted. */
struct enacting {
    const struct accord_call *call;
    struct accord_enter enter;
    struct accord_member_file file; /* the roster, with all signatures */
    struct accord_member_file *sources;
    struct accord_roster_claim *claim;
    struct accord_entered roster, enactment;
    struct accord_buffer policy_text; /* of the roster before */
    char log_key[ACCORD_PATH_SIZE];
    const char *key; /* that signs the enactment */
    bool known;      /* the log has it already: only its enactment is missing */
};

static void waiting(void *context)
{
    accord_note(context, "waiting until the log publishes it with its quorum ...");
}

/* Unlike other statements a roster brings its signatures along, so no key need be given. 0, or an exit status. */
static int fill_enter(struct enacting *enacting)
{
    const struct accord_call *call = enacting->call;
    const char *timeout = accord_call_value(call, "timeout");
    uint64_t seconds = TIMEOUT_SECONDS;
    size_t cursor = 0;
    enacting->enter = (struct accord_enter){.fs = call->fs,
                                            .crypto = call->crypto,
                                            .clock = call->clock,
                                            .network = call->network,
                                            .location = accord_call_value(call, "accord"),
                                            .waiting = waiting,
                                            .waiting_context = (void *)(uintptr_t)call,
                                            .passphrase_file = accord_call_value(call, "passphrase-file")};
    if (timeout != NULL &&
        (!accord_decimal_read(accord_bytes_of(timeout), &seconds) || seconds == 0 || seconds > TIMEOUT_MAX_SECONDS)) {
        return accord_usage(call, "--timeout is a number of seconds, from 1 to %d", TIMEOUT_MAX_SECONDS);
    }
    enacting->enter.timeout_ms = seconds * 1000;
    if (accord_call_next(call, "key", &cursor, &enacting->key)) {
        enacting->enter.keys = &enacting->key;
        enacting->enter.key_count = 1;
    } else if (accord_location_is_url(enacting->enter.location)) {
        return accord_usage(call, "a log behind a URL signs nothing for you: give --key");
    }
    return 0;
}

/* All signatures, of all files. The first one is merged into nothing like the others. Are there enough? */
static enum accord_status merge(struct enacting *enacting, const struct accord_roster_claim *roster,
                                struct accord_error *error)
{
    const struct accord_call *call = enacting->call;
    enum accord_status status = accord_member_file_begin(&enacting->file, enacting->sources[0].text, error);
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count; i++) {
        status = accord_member_file_merge(&enacting->file, &enacting->sources[i], roster, call, error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_parse(enacting->claim, accord_buffer_bytes(&enacting->file.whole), call->crypto, error);
    }
    return status == ACCORD_OK ? accord_roster_verify_next(roster, enacting->claim, call->crypto, error) : status;
}

static enum accord_status read_files(struct enacting *enacting, struct accord_error *error)
{
    const struct accord_call *call = enacting->call;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count; i++) {
        status = accord_member_file_read(&enacting->sources[i], call, call->operands[i], error);
        if (status == ACCORD_OK && !accord_bytes_equal(enacting->sources[i].kind, ACCORD_LITERAL("roster"))) {
            status = accord_fail(error, ACCORD_UNKNOWN_KIND, 1);
            accord_error_expected(error, ACCORD_LITERAL("roster"));
            accord_error_found(error, enacting->sources[i].kind);
        }
    }
    return status;
}

/* The roster */

static enum accord_status make_roster(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                                      struct accord_error *error)
{
    const struct enacting *enacting = context;
    (void)roster;
    (void)error;
    accord_put(text, enacting->file.text);
    return ACCORD_OK;
}

static enum accord_status judge_roster(void *context, const struct accord_roster_claim *roster,
                                       struct accord_bytes entry, struct accord_error *error)
{
    struct enacting *enacting = context;
    enum accord_status status = accord_roster_parse(enacting->claim, entry, enacting->call->crypto, error);
    if (status == ACCORD_OK) {
        enacting->policy_text.size = 0;
        status = accord_chain_policy(roster, &enacting->policy_text, error);
    }
    return status == ACCORD_OK ? accord_roster_verify_next(roster, enacting->claim, enacting->call->crypto, error)
                               : status;
}

static enum accord_status log_roster(struct enacting *enacting, struct accord_error *error)
{
    struct accord_enter enter = enacting->enter;
    const struct accord_enter_plan plan = {.context = enacting, .make = make_roster, .judge = judge_roster};
    struct accord_bytes bytes = accord_buffer_bytes(&enacting->file.bytes);
    size_t skip = enacting->file.text.size + 1;
    enter.key_count = 0;
    enter.signatures = (struct accord_bytes){bytes.data + skip, bytes.size - skip};
    return accord_enter_log(&enter, &plan, &enacting->roster, error);
}

/* The enactment */

/* The roster's proof with a checkpoint that fits. */
static enum accord_status trim(const struct enacting *enacting, const struct accord_proof_claim *proof,
                               struct accord_buffer *checkpoint, struct accord_error *error)
{
    const struct accord_crypto *crypto = enacting->call->crypto;
    struct accord_policy *policy = malloc(sizeof *policy);
    if (policy == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_policy_parse(policy, accord_buffer_bytes(&enacting->policy_text), crypto, error);
    if (status == ACCORD_OK) {
        status =
            accord_checkpoint_trim(policy, proof->checkpoint_bytes, CHECKPOINT_SIZE_MAX, crypto, checkpoint, error);
    }
    free(policy);
    return status;
}

static enum accord_status print_enactment(const struct enacting *enacting, const struct accord_proof_claim *proof,
                                          struct accord_bytes checkpoint, struct accord_out *text,
                                          struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE], *memory = malloc(ACCORD_ENACT_PROOF_SIZE_MAX);
    if (memory == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {memory, ACCORD_ENACT_PROOF_SIZE_MAX, 0, false};
    accord_proof_print(&out, (struct accord_bytes){NULL, 0}, proof->index, &proof->inclusion, checkpoint);
    accord_hash(enacting->call->crypto, accord_buffer_bytes(&enacting->roster.entry), digest);
    accord_enact_print(text, enacting->claim->charter, enacting->claim->number, digest, accord_out_bytes(&out));
    text->full = text->full || out.full;
    free(memory);
    return ACCORD_OK;
}

static enum accord_status make_enactment(void *context, const struct accord_roster_claim *roster,
                                         struct accord_out *text, struct accord_error *error)
{
    const struct enacting *enacting = context;
    struct accord_proof_claim proof;
    struct accord_buffer checkpoint;
    (void)roster;
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_proof_parse(&proof, accord_buffer_bytes(&enacting->roster.proof), error);
    if (status == ACCORD_OK) {
        status = trim(enacting, &proof, &checkpoint, error);
    }
    if (status == ACCORD_OK) {
        status = print_enactment(enacting, &proof, accord_buffer_bytes(&checkpoint), text, error);
    }
    accord_buffer_free(&checkpoint);
    return status;
}

/* The quorum was asked for when the roster was published; what is left is that the entry says what was meant. */
static enum accord_status judge_enactment(void *context, const struct accord_roster_claim *roster,
                                          struct accord_bytes entry, struct accord_error *error)
{
    const struct enacting *enacting = context;
    struct accord_enact_claim claim;
    enum accord_status status = accord_enact_parse(&claim, entry, error);
    if (status == ACCORD_OK && claim.number != roster->number) {
        status = accord_fail(error, ACCORD_CHAIN, 0);
        accord_error_expected_number(error, roster->number);
        accord_error_found_number(error, claim.number);
    }
    (void)enacting;
    return status;
}

static enum accord_status log_enactment(struct enacting *enacting, struct accord_error *error)
{
    struct accord_enter enter = enacting->enter;
    const struct accord_enter_plan plan = {.context = enacting, .make = make_enactment, .judge = judge_enactment};
    if (enter.key_count == 0) {
        enter.keys = &enacting->key;
        enter.key_count = 1;
        enter.passphrase_file = NULL;
    }
    return accord_enter_log(&enter, &plan, &enacting->enactment, error);
}

/* Is the checkpoint one by the roster before? */
static enum accord_status check_earlier(struct enacting *enacting, const struct accord_roster_claim *earlier,
                                        const struct accord_checkpoint_claim *newest, struct accord_error *error)
{
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    struct accord_policy *policy = malloc(sizeof *policy);
    enum accord_status status = policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                                               : accord_chain_policy(earlier, &enacting->policy_text, error);
    if (status == ACCORD_OK) {
        status =
            accord_policy_parse(policy, accord_buffer_bytes(&enacting->policy_text), enacting->call->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_verify_checkpoint(earlier, policy, newest, enacting->call->crypto, &checkpoint,
                                                 &cosigners, error);
    }
    free(policy);
    return status;
}

/* Proves the roster that the log has under its newest checkpoint. */
static enum accord_status prove_newest(struct enacting *enacting, struct accord_reader *reader,
                                       const struct accord_chain *chain, struct accord_error *error)
{
    struct accord_entered *entered = &enacting->roster;
    struct accord_checkpoint_claim newest;
    struct accord_merkle_proof inclusion;
    struct accord_hash_source source = accord_reader_hashes(reader);
    enum accord_status status = accord_scan_size(reader, &entered->checkpoint, &newest, error);
    if (status == ACCORD_OK) {
        status = check_earlier(enacting, accord_chain_earlier(chain), &newest, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    entered->index = chain->roster_index;
    status = accord_inclusion_prove(enacting->call->crypto, &source, entered->index, newest.size, &inclusion);
    if (status != ACCORD_OK) {
        *error = *accord_reader_error(reader);
        return status;
    }
    status = accord_buffer_reserve(&entered->proof, ACCORD_PROOF_SIZE_MAX / 2);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {entered->proof.data, entered->proof.capacity, 0, false};
    accord_proof_print(&out, accord_buffer_bytes(&entered->entry), entered->index, &inclusion,
                       accord_buffer_bytes(&entered->checkpoint));
    entered->proof.size = out.size;
    return out.full ? accord_fail(error, ACCORD_NO_SPACE, 0) : ACCORD_OK;
}

/* A log that has the roster already, without an enactment: somebody was interrupted. The newest checkpoint may still
 * have the quorum that it needs. */
static enum accord_status prove_known(struct enacting *enacting, const struct accord_chain *chain,
                                      struct accord_error *error)
{
    struct accord_reader *reader = NULL;
    struct accord_entered *entered = &enacting->roster;
    enum accord_status status =
        accord_buffer_append(&entered->entry, accord_buffer_bytes(&chain->roster_entry[chain->current]));
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    status = accord_log_source_open(&reader, enacting->call->fs, enacting->call->crypto, enacting->call->network,
                                    enacting->enter.location, error);
    if (status == ACCORD_OK) {
        status = prove_newest(enacting, reader, chain, error);
    }
    if (status == ACCORD_OK) {
        status =
            accord_roster_parse(enacting->claim, accord_buffer_bytes(&entered->entry), enacting->call->crypto, error);
    }
    accord_reader_close(reader);
    return status;
}

/* What the log has, and whether it is this roster. */
static enum accord_status look(struct enacting *enacting, struct accord_error *error)
{
    const struct accord_call *call = enacting->call;
    struct accord_member_log log = {0};
    enum accord_status status = accord_member_log_walk(&log, call, accord_call_value(call, "accord"), error);
    if (status == ACCORD_OK) {
        const struct accord_roster_claim *roster = accord_chain_roster(log.chain);
        enacting->known = accord_bytes_equal(roster->statement.note.text, enacting->sources[0].text);
        status = enacting->known ? prove_known(enacting, log.chain, error) : merge(enacting, roster, error);
    }
    accord_member_log_free(&log);
    return status;
}

/* The key that signs where none is given. */
static enum accord_status choose_key(struct enacting *enacting, struct accord_error *error)
{
    struct accord_dir dir;
    if (enacting->enter.key_count > 0 || accord_location_is_url(enacting->enter.location)) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_dir_open(&dir, enacting->call->fs, enacting->enter.location, error);
    if (status == ACCORD_OK) {
        memcpy(enacting->log_key, dir.log_key, sizeof enacting->log_key);
        enacting->key = enacting->log_key;
    }
    return status;
}

static enum accord_status enact(struct enacting *enacting, struct accord_error *error)
{
    enum accord_status status = read_files(enacting, error);
    if (status == ACCORD_OK) {
        status = choose_key(enacting, error);
    }
    if (status == ACCORD_OK) {
        status = look(enacting, error);
    }
    if (status == ACCORD_OK && !enacting->known) {
        status = log_roster(enacting, error);
    }
    if (status == ACCORD_OK) {
        accord_note(enacting->call, "roster %" PRIu64 " is entry %" PRIu64 " of the log", enacting->claim->number,
                    enacting->roster.index);
        status = log_enactment(enacting, error);
    }
    const char *output = accord_call_value(enacting->call, "output");
    return status == ACCORD_OK && output != NULL
               ? accord_output(enacting->call, output, accord_buffer_bytes(&enacting->roster.proof), error)
               : status;
}

static int tell(const struct enacting *enacting)
{
    accord_note(enacting->call, "its enactment is entry %" PRIu64 "; it is in force", enacting->enactment.index);
    return accord_answer(enacting->call,
                         json_pack("{s:o, s:o, s:o}", "number", accord_json_number(enacting->claim->number), "index",
                                   accord_json_number(enacting->roster.index), "enactment",
                                   accord_json_number(enacting->enactment.index)));
}

static int refuse(const struct enacting *enacting, struct accord_error *error)
{
    bool published = enacting->roster.proof.size > 0;
    if (enacting->roster.appended && !published) {
        return accord_enter_refuse(enacting->call, &enacting->roster, error);
    }
    int result = accord_refuse(enacting->call, published ? NULL : enacting->call->operands[0], error);
    if (published) {
        accord_note(enacting->call, "  the roster is in the log; for its enactment run this again");
    }
    return result;
}

int accord_run_member_enact(struct accord_call *call)
{
    struct accord_error error = {0};
    struct enacting enacting = {.call = call};
    int result = fill_enter(&enacting);
    if (result != 0) {
        return result;
    }
    enacting.sources = calloc(call->operand_count, sizeof *enacting.sources);
    enacting.claim = malloc(sizeof *enacting.claim);
    accord_entered_init(&enacting.roster);
    accord_entered_init(&enacting.enactment);
    accord_buffer_init(&enacting.policy_text, ACCORD_POLICY_SIZE_MAX);
    error.status = enacting.sources == NULL || enacting.claim == NULL ? accord_fail(&error, ACCORD_NO_MEMORY, 0)
                                                                      : enact(&enacting, &error);
    result = error.status == ACCORD_OK ? tell(&enacting) : refuse(&enacting, &error);
    for (size_t i = 0; enacting.sources != NULL && i < call->operand_count; i++) {
        accord_member_file_free(&enacting.sources[i]);
    }
    free(enacting.sources);
    free(enacting.claim);
    accord_member_file_free(&enacting.file);
    accord_entered_free(&enacting.roster);
    accord_entered_free(&enacting.enactment);
    accord_buffer_free(&enacting.policy_text);
    return result;
}
