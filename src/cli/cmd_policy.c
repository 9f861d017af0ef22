/* accord policy: the newest roster of a log, as any C2SP verifier reads it. */
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "follow/chain.h"

const struct accord_option accord_options_policy[] = {
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = NULL}};

static enum accord_status offer(void *context, uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    enum accord_link link;
    return accord_chain_offer(context, index, entry, &link, error);
}

/* Walks the chain up to the newest roster. */
static enum accord_status walk(const struct accord_call *call, struct accord_chain *chain, struct accord_error *error)
{
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    enum accord_status status =
        accord_log_source_open(&reader, call->fs, call->crypto, call->network, call->operands[0], error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = accord_scan_size(reader, &note, &checkpoint, error);
    if (status == ACCORD_OK) {
        status = accord_scan(reader, checkpoint.size, offer, chain, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(chain, error);
    }
    accord_buffer_free(&note);
    accord_reader_close(reader);
    return status;
}

static int answer(const struct accord_call *call, const struct accord_chain *chain)
{
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    return accord_answer(call,
                         json_pack("{s:o, s:I, s:I, s:I, s:{s:i, s:i}}", "charter", accord_json_digest(chain->digest),
                                   "roster", (json_int_t)roster->number, "index", (json_int_t)chain->roster_index,
                                   "members", (json_int_t)roster->member_count, "quorum", "jurisdictions",
                                   (int)roster->quorum_jurisdictions, "witnesses", (int)roster->quorum_witnesses));
}

int accord_run_policy(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_chain *chain;
    struct accord_buffer text;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_chain_new(&chain, call->crypto, NULL, &error);
    if (status == ACCORD_OK) {
        status = walk(call, chain, &error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_policy(accord_chain_roster(chain), &text, &error);
    }
    if (status == ACCORD_OK) {
        status = accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&text), &error);
    }
    error.status = status;
    int result = status == ACCORD_OK ? answer(call, chain) : accord_refuse(call, call->operands[0], &error);
    accord_chain_free(chain);
    accord_buffer_free(&text);
    return result;
}
