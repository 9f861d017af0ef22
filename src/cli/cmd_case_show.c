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

/* The disclosure that counts, or NULL. */
static const struct accord_docket_answer *disclosure(const struct accord_docket_case *found)
{
    for (size_t i = 0; i < found->answer_count; i++) {
        const struct accord_docket_answer *answer = &found->answers[i];
        if (answer->event.kind == ACCORD_ANSWER_DISCLOSE && answer->counts == ACCORD_OK) {
            return answer;
        }
    }
    return NULL;
}

/* Did the vendor's receipt name this parcel? Only who had opened it could. */
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
    return found->state.unreadable != 0 ? "its vendor said that nobody can read it: that is not true"
                                        : "its vendor gave no receipt";
}

/* How many of those whom it was sealed to are report keys of its vendor, as the newest roster has them. */
static size_t vendors_keys(const struct accord_roster_claim *roster, const struct accord_cover *cover)
{
    size_t member = accord_roster_member(roster, cover->vendor), count = 0;
    for (size_t i = 0; i < cover->recipient_count; i++) {
        for (size_t k = 0; member != SIZE_MAX && k < roster->key_count; k++) {
            count += roster->keys[k].role == ACCORD_ROLE_REPORT && roster->keys[k].member == member &&
                     accord_bytes_equal(roster->keys[k].text, cover->recipients[i]);
        }
    }
    return count;
}

/* Whom it was sealed to, where the reporter gave the seed: whether the vendor could read it is settled then. */
static enum accord_status tell_sealing(const struct accord_call *call, const struct accord_case_log *log,
                                       const struct accord_docket_answer *answer,
                                       const struct accord_case_opening *opening, struct accord_error *error)
{
    const struct accord_cover *cover = opening->cover;
    if (!answer->has_salt) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_case_reseal(opening, answer->salt, error);
    if (status == ACCORD_OK) {
        accord_note(call,
                    "  its seed makes the same octets again: it was sealed to %zu keys, of which %zu are its vendor's "
                    "in the newest roster",
                    cover->recipient_count, vendors_keys(accord_chain_roster(log->chain), cover));
    }
    return status;
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
    accord_note(call, "  %s", receipt_words(call, found, opening));
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
static int show_disclosed(const struct accord_call *call, const struct accord_case_log *log,
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
        error.status = tell_sealing(call, log, answer, &opening, &error);
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

static int show(const struct accord_call *call, const struct accord_case_log *log,
                const struct accord_docket_case *found)
{
    uint64_t now = accord_docket_now(log->docket);
    struct accord_buffer text;
    const struct accord_docket_answer *answer = disclosure(found);
    accord_buffer_init(&text, TEXT_SIZE_MAX);
    accord_case_tell(&text, found, now);
    accord_print(call, accord_buffer_bytes(&text));
    accord_buffer_free(&text);
    json_t *object = accord_case_json(found, now, true);
    if (answer != NULL) {
        return show_disclosed(call, log, found, answer, object);
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
    const struct accord_docket_filter filter = {0};
    error.status =
        accord_case_log_open(&log, call, call->operands[0], accord_call_value(call, "trust"), &filter, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_case_find(log.docket, call->operands[1], &found, &error);
    }
    int result = error.status == ACCORD_OK ? show(call, &log, found) : accord_refuse(call, call->operands[0], &error);
    accord_case_log_free(&log);
    return result;
}
