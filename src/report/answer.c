/* Answers to a report (docs/protocol.md, "Answers"): receipt, progress, disclosure, share; and ticks. Knows the lines
 * and who signs; whether an answer counts where it stands is the state machine's. */
#include "accord/report.h"

#include "core/text.h"
#include "report/lines.h"

#include <string.h>

static const struct accord_bytes names[] = {[ACCORD_ANSWER_RECEIPT] = {(const uint8_t *)"receipt", 7},
                                            [ACCORD_ANSWER_TRIAGED] = {(const uint8_t *)"triaged", 7},
                                            [ACCORD_ANSWER_NEED_INFO] = {(const uint8_t *)"need-info", 9},
                                            [ACCORD_ANSWER_FIX] = {(const uint8_t *)"fix", 3},
                                            [ACCORD_ANSWER_PUBLISHED] = {(const uint8_t *)"published", 9},
                                            [ACCORD_ANSWER_EXPLOITED] = {(const uint8_t *)"exploited", 9},
                                            [ACCORD_ANSWER_EXTEND] = {(const uint8_t *)"extend", 6},
                                            [ACCORD_ANSWER_REGULATOR] = {(const uint8_t *)"regulator", 9},
                                            [ACCORD_ANSWER_REFUSED] = {(const uint8_t *)"refused", 7},
                                            [ACCORD_ANSWER_UNREADABLE] = {(const uint8_t *)"unreadable", 10},
                                            [ACCORD_ANSWER_WITHDRAWN] = {(const uint8_t *)"withdrawn", 9},
                                            [ACCORD_ANSWER_REVEALED] = {(const uint8_t *)"revealed", 8},
                                            [ACCORD_ANSWER_DISCLOSE] = {(const uint8_t *)"disclose", 8},
                                            [ACCORD_ANSWER_SHARE] = {(const uint8_t *)"share", 5},
                                            [ACCORD_ANSWER_COMPLAINT] = {(const uint8_t *)"complaint", 9}};
#define NAME_COUNT (sizeof names / sizeof names[0])

struct accord_bytes accord_answer_name(enum accord_answer_kind kind)
{
    return (size_t)kind < NAME_COUNT ? names[kind] : (struct accord_bytes){NULL, 0};
}

bool accord_answer_read(struct accord_bytes name, enum accord_answer_kind *kind)
{
    for (size_t i = ACCORD_ANSWER_RECEIPT; i < NAME_COUNT; i++) {
        if (accord_bytes_equal(names[i], name)) {
            *kind = (enum accord_answer_kind)i;
            return true;
        }
    }
    return false;
}

/* The kinds of statements that are answers, and the keys of their lines. */
static const struct {
    struct accord_bytes kind, keys;
} kinds[] = {
    {{(const uint8_t *)"receipt", 7}, {(const uint8_t *)"case by previous time checkpoint value blind-key", 48}},
    {{(const uint8_t *)"progress", 8},
     {(const uint8_t *)"case by previous time checkpoint state commitment release until reason entry salt text", 86}},
    {{(const uint8_t *)"disclose", 8}, {(const uint8_t *)"case by time checkpoint file-key seed", 37}},
    {{(const uint8_t *)"share", 5}, {(const uint8_t *)"case by time checkpoint scalar complaint", 40}}};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

/* Which of the kinds, by the first line; KIND_COUNT where it is none. */
static size_t kind_of(struct accord_bytes entry)
{
    struct accord_bytes rest = entry, line;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/")) || !accord_cut_line(&rest, &line))
        return KIND_COUNT;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (accord_bytes_equal(line, kinds[i].kind))
            return i;
    return KIND_COUNT;
}

bool accord_answer_recognize(struct accord_bytes entry)
{
    return kind_of(entry) < KIND_COUNT;
}

/* case, by: the head. */
static bool head(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    if (!accord_fields_digest(fields, ACCORD_LITERAL("case"), answer->case_id) ||
        !accord_fields_take(fields, ACCORD_LITERAL("by")))
        return false;
    answer->by = fields->taken.value;
    return accord_bytes_equal(answer->by, ACCORD_LITERAL(ACCORD_REPORTER_NAME)) ||
           accord_fields_part_domain(fields, answer->by);
}

/* previous, time, checkpoint. */
static bool link(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    answer->has_previous = true;
    return accord_fields_digest(fields, ACCORD_LITERAL("previous"), answer->previous) &&
           accord_lines_moment(fields, &answer->moment);
}

static bool optional_salt(struct accord_fields *fields, struct accord_bytes key, struct accord_answer_claim *answer)
{
    answer->has_salt = accord_fields_at(fields, key);
    return !answer->has_salt || accord_lines_bytes(fields, key, answer->salt, sizeof answer->salt);
}

static bool receipt(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    answer->kind = ACCORD_ANSWER_RECEIPT;
    return link(fields, answer) &&
           accord_lines_bytes(fields, ACCORD_LITERAL("value"), answer->value, sizeof answer->value) &&
           optional_salt(fields, ACCORD_LITERAL("blind-key"), answer);
}

/* reason <token> [<text>] */
static bool reason(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("reason")))
        return false;
    answer->text = fields->taken.value;
    if (!accord_word_next(&answer->text, &answer->word)) {
        answer->word = answer->text;
        answer->text.size = 0;
    }
    bool one_space = answer->text.size == 0 || answer->text.data[0] != ' ';
    return (accord_token_valid(answer->word) && one_space) ||
           accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("reason <word> [<text>]"),
                                fields->taken.value);
}

static bool revealed(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    answer->has_salt = true;
    if (!accord_fields_digest(fields, ACCORD_LITERAL("entry"), answer->value) ||
        !accord_lines_bytes(fields, ACCORD_LITERAL("salt"), answer->salt, sizeof answer->salt) ||
        !accord_fields_take(fields, ACCORD_LITERAL("text")))
        return false;
    answer->text = fields->taken.value;
    return true;
}

bool accord_answer_commits(enum accord_answer_kind kind)
{
    return kind == ACCORD_ANSWER_TRIAGED || kind == ACCORD_ANSWER_FIX || kind == ACCORD_ANSWER_REGULATOR;
}

/* What follows the line `state`. */
static bool of_state(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    if (accord_answer_commits(answer->kind))
        return accord_lines_bytes(fields, ACCORD_LITERAL("commitment"), answer->value, sizeof answer->value);
    if (answer->kind == ACCORD_ANSWER_PUBLISHED)
        return accord_fields_digest(fields, ACCORD_LITERAL("release"), answer->value);
    if (answer->kind == ACCORD_ANSWER_EXTEND)
        return accord_fields_number(fields, ACCORD_LITERAL("until"), 1, UINT64_MAX, &answer->until);
    if (answer->kind == ACCORD_ANSWER_REFUSED)
        return reason(fields, answer);
    return answer->kind != ACCORD_ANSWER_REVEALED || revealed(fields, answer);
}

static bool progress(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    if (!link(fields, answer) || !accord_fields_take(fields, ACCORD_LITERAL("state")))
        return false;
    if (!accord_answer_read(fields->taken.value, &answer->kind) || answer->kind < ACCORD_ANSWER_TRIAGED ||
        answer->kind > ACCORD_ANSWER_REVEALED)
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("triaged, need-info, fix, published, exploited, extend, regulator, "
                                                   "refused, unreadable, withdrawn or revealed"),
                                    fields->taken.value);
    return of_state(fields, answer);
}

static bool disclose(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    answer->kind = ACCORD_ANSWER_DISCLOSE;
    return accord_lines_moment(fields, &answer->moment) &&
           accord_lines_bytes(fields, ACCORD_LITERAL("file-key"), answer->file_key, sizeof answer->file_key) &&
           optional_salt(fields, ACCORD_LITERAL("seed"), answer);
}

static bool share(struct accord_fields *fields, struct accord_answer_claim *answer)
{
    if (!accord_lines_moment(fields, &answer->moment))
        return false;
    answer->kind =
        accord_fields_at(fields, ACCORD_LITERAL("complaint")) ? ACCORD_ANSWER_COMPLAINT : ACCORD_ANSWER_SHARE;
    return answer->kind == ACCORD_ANSWER_COMPLAINT
               ? accord_lines_bytes(fields, ACCORD_LITERAL("complaint"), answer->file_key, sizeof answer->file_key)
               : accord_lines_bytes(fields, ACCORD_LITERAL("scalar"), answer->value, sizeof answer->value);
}

enum accord_status accord_answer_parse(struct accord_answer_claim *answer, struct accord_bytes entry,
                                       struct accord_error *error)
{
    static bool (*const bodies[KIND_COUNT])(struct accord_fields *, struct accord_answer_claim *) = {receipt, progress,
                                                                                                     disclose, share};
    struct accord_fields fields;
    size_t kind = kind_of(entry);
    memset(answer, 0, sizeof *answer);
    if (kind == KIND_COUNT) {
        enum accord_status other = accord_statement_parse(&answer->statement, entry, error);
        return other == ACCORD_OK ? accord_fail(error, ACCORD_UNKNOWN_KIND, 1) : other;
    }
    enum accord_status status =
        accord_fields_open(&fields, &answer->statement, entry, kinds[kind].kind, kinds[kind].keys, error);
    if (status != ACCORD_OK)
        return status;
    if (!head(&fields, answer))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (!bodies[kind](&fields, answer) || !accord_fields_end(&fields))
        return fields.status;
    return ACCORD_OK;
}

enum accord_status accord_answer_verify(const struct accord_answer_claim *answer, const struct accord_vkey *reporter,
                                        const struct accord_roster_claim *roster, const struct accord_place *place,
                                        const struct accord_crypto *crypto, struct accord_error *error)
{
    const struct accord_note_claim *note = &answer->statement.note;
    return accord_bytes_equal(answer->by, ACCORD_LITERAL(ACCORD_REPORTER_NAME))
               ? accord_key_signed(reporter, note, crypto, error)
               : accord_receipt_signed(roster, note, answer->by, place, crypto, error);
}

enum accord_status accord_tick_parse(struct accord_tick_claim *tick, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_fields fields;
    enum accord_status status = accord_fields_open(&fields, &tick->statement, entry, ACCORD_LITERAL("tick"),
                                                   ACCORD_LITERAL("checkpoint"), error);
    if (status != ACCORD_OK)
        return status;
    accord_fields_allow_extensions(&fields);
    if (!accord_lines_checkpoint(&fields, &tick->checkpoint_base64) || !accord_fields_end(&fields))
        return fields.status;
    return ACCORD_OK;
}
