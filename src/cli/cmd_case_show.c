/* accord case show: one case, what was said in it, and, once it is disclosed, whether what was sealed is what the
 * vendor was told. Anybody can ask: nothing but the log and its mailbox is believed. */
#include <stdlib.h>
#include <string.h>

#include "cli/case_call.h"
#include "cli/case_opening.h"
#include "cli/case_words.h"
#include "cli/commands.h"
#include "cli/plain.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

#define TEXT_SIZE_MAX 1048576

const struct accord_option accord_options_case_show[] = {
    {.name = "trust", .value = "TRUST", .help = "a trust file: its charter, and none of whom it distrusts"},
    {.name = "sealed", .value = "FILE", .help = "the sealed report, where the mailbox has it not any more"},
    {.name = "output", .letter = 'o', .value = "DIR", .help = "where what was disclosed is extracted to"},
    {.name = NULL}};

/* The roster in force where the case was reported: what its vendor could open then is not what it can open now. */
struct then {
    const struct accord_docket_filter *named;
    const struct accord_crypto *crypto;
    bool seen;
    struct accord_buffer roster;
};

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct then *then = context;
    struct accord_bytes rest = entry;
    uint8_t id[ACCORD_HASH_SIZE];
    if (then->seen || !chain->has_roster || !accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/report\n"))) {
        return ACCORD_OK;
    }
    accord_hash(then->crypto, entry, id);
    if (!accord_case_is_named(id, index, then->named)) {
        return ACCORD_OK;
    }
    then->seen = true;
    enum accord_status status =
        accord_buffer_append(&then->roster, accord_buffer_bytes(&chain->roster_entry[chain->current]));
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* The first disclosure that counts, and with a seed the one that brought it; or NULL. */
static const struct accord_docket_answer *disclosure(const struct accord_docket_case *found, bool with_seed)
{
    for (size_t i = 0; i < found->answer_count; i++) {
        const struct accord_docket_answer *answer = &found->answers[i];
        if (answer->event.kind == ACCORD_ANSWER_DISCLOSE && answer->counts == ACCORD_OK &&
            (!with_seed || answer->has_salt)) {
            return answer;
        }
    }
    return NULL;
}

/* Did the vendor's receipt name this parcel? Only who had opened it could. NULL: there is none. */
static const char *receipt_words(const struct accord_call *call, const struct accord_docket_case *found,
                                 const struct accord_case_opening *opening)
{
    uint8_t value[ACCORD_HASH_SIZE];
    accord_receipt_value(call->crypto, opening->cover->salt, found->id, opening->parcel, value);
    for (size_t i = 0; i < found->answer_count; i++) {
        const struct accord_docket_answer *answer = &found->answers[i];
        if (answer->event.kind == ACCORD_ANSWER_RECEIPT && answer->counts == ACCORD_OK) {
            return memcmp(answer->value, value, sizeof value) == 0
                       ? "its vendor's receipt is of this very report"
                       : "its vendor's receipt is not of this report: it was given for something else";
        }
    }
    return found->state.unreadable == 0 ? "its vendor gave no receipt" : NULL;
}

/* How many of those whom it was sealed to were report keys of its vendor, by the roster of then. */
static enum accord_status vendors_keys(const struct then *then, const struct accord_cover *cover, size_t *count,
                                       struct accord_error *error)
{
    struct accord_roster_claim *roster = malloc(sizeof *roster);
    *count = 0;
    if (roster == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_roster_parse(roster, accord_buffer_bytes(&then->roster), then->crypto, error);
    size_t member = status == ACCORD_OK ? accord_roster_member(roster, cover->vendor) : SIZE_MAX;
    for (size_t i = 0; member != SIZE_MAX && i < cover->recipient_count; i++) {
        for (size_t k = 0; k < roster->key_count; k++) {
            *count += roster->keys[k].role == ACCORD_ROLE_REPORT && roster->keys[k].member == member &&
                      accord_bytes_equal(roster->keys[k].text, cover->recipients[i]);
        }
    }
    free(roster);
    return status;
}

/* Could its vendor read it? The key that opens it shows what was sealed, and not to whom; the seed, which only its
 * reporter has, shows that, too. */
static enum accord_status tell_sealing(const struct accord_call *call, const struct then *then,
                                       const struct accord_docket_case *found,
                                       const struct accord_case_opening *opening, struct accord_error *error)
{
    const struct accord_docket_answer *answer = disclosure(found, true);
    const char *words = "its vendor said that nobody can read it: without its seed, which its reporter can disclose, "
                        "nobody knows";
    size_t count = 0;
    enum accord_status status = ACCORD_OK;
    if (answer != NULL) {
        status = accord_case_reseal(opening, answer->salt, error);
        if (status == ACCORD_OK) {
            status = vendors_keys(then, opening->cover, &count, error);
        }
        if (status != ACCORD_OK) {
            return status;
        }
        accord_note(call,
                    "  its seed makes the same octets again: it was sealed to %zu keys, of which %zu were its vendor's "
                    "in the roster of then",
                    opening->cover->recipient_count, count);
        words = count > 0 ? "its vendor said that nobody can read it: that is not true"
                          : "its vendor said that nobody can read it: it was sealed to none of its keys";
    }
    if (found->state.unreadable != 0 && found->state.received == 0) {
        accord_note(call, "  %s", words);
    }
    return ACCORD_OK;
}

static void tell_cover(const struct accord_call *call, const struct accord_docket_case *found,
                       const struct accord_case_opening *opening)
{
    const struct accord_cover *cover = opening->cover;
    char shown[ACCORD_PLAIN_SIZE];
    accord_note(call, "disclosed: what was sealed is what its entry committed to");
    accord_note(call, "  to           %.*s", ACCORD_TEXT(cover->vendor));
    accord_note(call, "  title        %s", accord_plain(cover->title, shown));
    if (cover->product.size > 0) {
        accord_note(call, "  product      %.*s", ACCORD_TEXT(cover->product));
    }
    if (cover->severity.size > 0) {
        accord_note(call, "  severity     %s", accord_plain(cover->severity, shown));
    }
    for (size_t i = 0; i < cover->file_count; i++) {
        accord_note(call, "  %-12s %s", i == 0 ? "files" : "", accord_plain(cover->files[i].name, shown));
    }
    const char *receipt = receipt_words(call, found, opening);
    if (receipt != NULL) {
        accord_note(call, "  %s", receipt);
    }
}

static json_t *cover_json(const struct accord_cover *cover)
{
    json_t *files = json_array();
    for (size_t i = 0; i < cover->file_count; i++) {
        (void)json_array_append_new(files, json_pack("{s:o, s:o}", "name", accord_json_text(cover->files[i].name),
                                                     "size", accord_json_number(cover->files[i].size)));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "vendor", accord_json_text(cover->vendor), "title",
                     accord_json_text(cover->title), "product", accord_json_text(cover->product), "severity",
                     accord_json_text(cover->severity), "contact", accord_json_text(cover->contact), "files", files);
}

/* Opens it with what was disclosed, and says what came out. */
static int show_disclosed(const struct accord_call *call, const struct then *then,
                          const struct accord_docket_case *found, const struct accord_docket_answer *answer,
                          json_t *object)
{
    struct accord_error error = {0};
    struct accord_case_opening opening = {0};
    const struct accord_case_keys keys = {.file_key = answer->file_key};
    error.status = accord_case_open(&opening, call, call->operands[0], found, &keys, accord_call_value(call, "sealed"),
                                    accord_call_value(call, "output"), &error);
    int result = 0;
    if (error.status == ACCORD_OK) {
        tell_cover(call, found, &opening);
        error.status = tell_sealing(call, then, found, &opening, &error);
    }
    if (error.status == ACCORD_OK) {
        (void)json_object_set_new(object, "disclosure", cover_json(opening.cover));
        result = accord_answer(call, object);
    } else {
        json_decref(object);
        result = accord_refuse(call, "what was disclosed", &error);
    }
    accord_case_opening_free(&opening);
    return result;
}

static int show(const struct accord_call *call, const struct then *then, const struct accord_docket_case *found,
                uint64_t now)
{
    struct accord_buffer text;
    const struct accord_docket_answer *answer = disclosure(found, false);
    accord_buffer_init(&text, TEXT_SIZE_MAX);
    accord_case_tell(&text, found, now);
    accord_print(call, accord_buffer_bytes(&text));
    accord_buffer_free(&text);
    json_t *object = accord_case_json(found, now, true);
    if (answer != NULL) {
        return show_disclosed(call, then, found, answer, object);
    }
    if (accord_call_value(call, "output") != NULL) {
        json_decref(object);
        return accord_refuse_words(call, ACCORD_NOT_DUE, "nothing is disclosed that could be extracted");
    }
    return accord_answer(call, object);
}

int accord_run_case_show(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_case_log log;
    const struct accord_docket_case *found;
    uint64_t index;
    const struct accord_docket_filter filter = accord_case_named(call->operands[1], &index);
    struct then then = {.named = &filter, .crypto = call->crypto};
    accord_buffer_init(&then.roster, ACCORD_ENTRY_SIZE_MAX);
    error.status = accord_case_log_walk(&log, call, call->operands[0], accord_call_value(call, "trust"), &filter,
                                        &(struct accord_case_log_seen){&then, see}, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_case_find(log.docket, call->operands[1], &found, &error);
    }
    int result = error.status == ACCORD_OK ? show(call, &then, found, accord_docket_now(log.docket))
                                           : accord_refuse(call, call->operands[0], &error);
    accord_case_log_free(&log);
    accord_buffer_free(&then.roster);
    return result;
}
