/* accord trust pin: the file that a verifier keeps. What must hold before it is written stands in pin.c. */
#include "accord/statement.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "follow/pin.h"

#include <inttypes.h>
#include <string.h>

const struct accord_option accord_options_trust_pin[] = {
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = "charter", .value = "sha256:HEX", .help = "the charter's digest, as you have it from elsewhere"},
    {.name = NULL}};

static int tell(const struct accord_call *call, const struct accord_chain *chain)
{
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    uint8_t text[96];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_digest_print(&out, chain->digest);
    accord_note(call, "pinned: %.*s, roster %" PRIu64 " with %zu members", ACCORD_TEXT(chain->charter.name),
                roster->number, roster->member_count);
    accord_note(call, "  charter %.*s", ACCORD_TEXT(accord_out_bytes(&out)));
    if (accord_call_value(call, "charter") == NULL) {
        accord_note(call, "  compare this digest with one that came to you another way: all trust hangs on it");
    }
    return accord_answer(call, json_pack("{s:o, s:o, s:I, s:I, s:I}", "name", accord_json_text(chain->charter.name),
                                         "charter", accord_json_digest(chain->digest), "roster",
                                         (json_int_t)roster->number, "index", (json_int_t)chain->roster_index,
                                         "members", (json_int_t)roster->member_count));
}

int accord_run_trust_pin(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_chain *chain = NULL;
    struct accord_buffer trust;
    uint8_t digest[ACCORD_HASH_SIZE];
    const char *charter = accord_call_value(call, "charter");
    if (charter != NULL && !accord_digest_parse(accord_bytes_of(charter), digest)) {
        return accord_usage(call, "--charter must be sha256: and 64 lowercase hexadecimal digits");
    }
    accord_buffer_init(&trust, 2 * ACCORD_ENTRY_SIZE_MAX);
    struct accord_reader *reader;
    enum accord_status status =
        accord_log_source_open(&reader, call->fs, call->crypto, call->network, call->operands[0], &error);
    if (status == ACCORD_OK) {
        status = accord_pin(reader, call->crypto, charter == NULL ? NULL : digest, &chain, &trust, &error);
    }
    accord_reader_close(reader);
    const char *output = accord_call_value(call, "output");
    if (status == ACCORD_OK && output != NULL && strcmp(output, "-") != 0) {
        status =
            accord_pin_succeeds(call->fs, call->crypto, output, accord_buffer_bytes(&trust), charter != NULL, &error);
    }
    if (status == ACCORD_OK) {
        status = accord_output(call, output, accord_buffer_bytes(&trust), &error);
    }
    error.status = status;
    int result = status == ACCORD_OK ? tell(call, chain) : accord_refuse(call, call->operands[0], &error);
    accord_chain_free(chain);
    accord_buffer_free(&trust);
    return result;
}
