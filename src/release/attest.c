/* Attestations (docs/protocol.md, "Attestation"): what somebody says about one stage of a product's life, and whether
 * they signed it. Knows nothing of releases, logs or files: how the stages of a release connect is for its judge. */
#include "accord/attest.h"

#include "core/fields.h"
#include "core/text.h"

#include <string.h>

#define LABEL_SIZE_MAX 512

/* A power of two, and more than there are lines. */
#define SEEN_SLOTS 8192
_Static_assert(ACCORD_STATEMENT_LINES_MAX < SEEN_SLOTS, "a slot is left when all lines have theirs");

/* The digests or tokens that stood on lines before, by offset into the entry; a slot of size 0 is empty. */
struct seen {
    uint16_t offset[SEEN_SLOTS];
    uint8_t size[SEEN_SLOTS];
};

static struct accord_bytes stage_text(enum accord_stage stage)
{
    switch (stage) {
    case ACCORD_STAGE_DESIGN:
        return ACCORD_LITERAL("design");
    case ACCORD_STAGE_SOURCE:
        return ACCORD_LITERAL("source");
    case ACCORD_STAGE_BUILD:
        return ACCORD_LITERAL("build");
    case ACCORD_STAGE_TEST:
        return ACCORD_LITERAL("test");
    case ACCORD_STAGE_DISTRIBUTION:
        return ACCORD_LITERAL("distribution");
    case ACCORD_STAGE_USE:
        return ACCORD_LITERAL("use");
    case ACCORD_STAGE_COUNT:
        break;
    }
    return (struct accord_bytes){NULL, 0};
}

bool accord_stage_read(struct accord_bytes text, enum accord_stage *stage)
{
    for (int i = 0; i < ACCORD_STAGE_COUNT; i++)
        if (accord_bytes_equal(text, stage_text((enum accord_stage)i))) {
            *stage = (enum accord_stage)i;
            return true;
        }
    return false;
}

struct accord_bytes accord_stage_name(enum accord_stage stage)
{
    return stage_text(stage);
}

struct accord_bytes accord_outcome_name(enum accord_outcome_kind outcome)
{
    switch (outcome) {
    case ACCORD_ATTEST_PASS:
        return ACCORD_LITERAL("pass");
    case ACCORD_ATTEST_FAIL:
        return ACCORD_LITERAL("fail");
    case ACCORD_ATTEST_MATCH:
        return ACCORD_LITERAL("match");
    case ACCORD_ATTEST_MISMATCH:
        return ACCORD_LITERAL("mismatch");
    case ACCORD_ATTEST_NO_OUTCOME:
        break;
    }
    return (struct accord_bytes){NULL, 0};
}

bool accord_outcome_read(struct accord_bytes text, enum accord_outcome_kind *outcome)
{
    for (int i = ACCORD_ATTEST_PASS; i <= ACCORD_ATTEST_MISMATCH; i++)
        if (accord_bytes_equal(text, accord_outcome_name((enum accord_outcome_kind)i))) {
            *outcome = (enum accord_outcome_kind)i;
            return true;
        }
    return false;
}

static uint32_t fold(struct accord_bytes bytes)
{
    uint32_t word = 2166136261;
    for (size_t i = 0; i < bytes.size; i++)
        word = (word ^ bytes.data[i]) * 16777619;
    return word ^ word >> 16;
}

/* Refuses what stood on a line before; remembers it otherwise. It is part of the entry, and at most 128 bytes. */
static bool seen_add(struct accord_fields *fields, struct seen *seen, struct accord_bytes text)
{
    const uint8_t *base = fields->statement->note.whole.data;
    size_t slot = fold(text) % SEEN_SLOTS;
    while (seen->size[slot] != 0) {
        if (accord_bytes_equal((struct accord_bytes){base + seen->offset[slot], seen->size[slot]}, text))
            return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each once"), text);
        slot = (slot + 1) % SEEN_SLOTS;
    }
    seen->offset[slot] = (uint16_t)(text.data - base);
    seen->size[slot] = (uint8_t)text.size;
    return true;
}

/* The words of `<digest> <text>`, `<token> <text>`: both not empty, no space at either end. */
static bool split(struct accord_bytes value, struct accord_bytes *name, struct accord_bytes *text)
{
    *text = value;
    return accord_word_next(text, name) && text->size > 0 && text->data[0] != ' ';
}

/* subject <digest> <label>, material <digest> <label> */
static bool thing_lines(struct accord_fields *fields, struct accord_bytes key, struct seen *seen, size_t *count)
{
    memset(seen, 0, sizeof *seen);
    while (accord_fields_at(fields, key)) {
        struct accord_bytes digest, label;
        uint8_t hash[ACCORD_HASH_SIZE];
        if (!accord_fields_take(fields, key))
            return false;
        if (!split(fields->taken.value, &digest, &label))
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("<digest> <label>"),
                                        fields->taken.value);
        if (!accord_fields_part_digest(fields, digest, hash))
            return false;
        if (label.size > LABEL_SIZE_MAX)
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("a label of at most 512 bytes"),
                                        label);
        if (!seen_add(fields, seen, digest))
            return false;
        *count += 1;
    }
    return true;
}

/* parameter <token> <text>, environment <token> <text> */
static bool named_lines(struct accord_fields *fields, struct accord_bytes key, struct seen *seen)
{
    memset(seen, 0, sizeof *seen);
    while (accord_fields_at(fields, key)) {
        struct accord_bytes token, text;
        if (!accord_fields_take(fields, key))
            return false;
        if (!split(fields->taken.value, &token, &text) || !accord_token_valid(token))
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("<name> <text>"), fields->taken.value);
        if (!seen_add(fields, seen, token))
            return false;
    }
    return true;
}

/* run <text>, import <digest> <url>, location <url> */
static bool other_lines(struct accord_fields *fields, struct accord_attest_claim *attest)
{
    struct accord_bytes digest, url;
    uint8_t hash[ACCORD_HASH_SIZE];
    for (; accord_fields_at(fields, ACCORD_LITERAL("run")); attest->run_count++)
        if (!accord_fields_take(fields, ACCORD_LITERAL("run")))
            return false;
    while (accord_fields_at(fields, ACCORD_LITERAL("import"))) {
        if (!accord_fields_take(fields, ACCORD_LITERAL("import")))
            return false;
        if (!split(fields->taken.value, &digest, &url))
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("<digest> <predicate type>"),
                                        fields->taken.value);
        if (!accord_fields_part_digest(fields, digest, hash) || !accord_fields_part_url(fields, url))
            return false;
    }
    while (accord_fields_at(fields, ACCORD_LITERAL("location")))
        if (!accord_fields_take(fields, ACCORD_LITERAL("location")) ||
            !accord_fields_part_url(fields, fields->taken.value))
            return false;
    return true;
}

static bool outcome_lines(struct accord_fields *fields, struct accord_attest_claim *attest)
{
    if (accord_fields_at(fields, ACCORD_LITERAL("outcome"))) {
        if (!accord_fields_take(fields, ACCORD_LITERAL("outcome")))
            return false;
        if (!accord_outcome_read(fields->taken.value, &attest->outcome))
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("pass, fail, match or mismatch"),
                                        fields->taken.value);
    }
    if (!accord_fields_at(fields, ACCORD_LITERAL("repeats")))
        return true;
    if (!accord_fields_digest(fields, ACCORD_LITERAL("repeats"), attest->repeated))
        return false;
    attest->repeats = true;
    if (attest->outcome == ACCORD_ATTEST_MATCH || attest->outcome == ACCORD_ATTEST_MISMATCH)
        return true;
    accord_fields_refuse(fields, ACCORD_MISSING_FIELD, ACCORD_LITERAL("match or mismatch"),
                         accord_outcome_name(attest->outcome));
    accord_error_what(fields->error, ACCORD_LITERAL("outcome"));
    return false;
}

static bool head(struct accord_fields *fields, struct accord_attest_claim *attest)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("stage")))
        return false;
    if (!accord_stage_read(fields->taken.value, &attest->stage))
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("design, source, build, test, distribution or use"),
                                    fields->taken.value);
    return accord_fields_domain(fields, ACCORD_LITERAL("vendor"), &attest->vendor) &&
           accord_fields_token(fields, ACCORD_LITERAL("product"), &attest->product) &&
           accord_fields_domain(fields, ACCORD_LITERAL("by"), &attest->by);
}

static bool body(struct accord_fields *fields, struct accord_attest_claim *attest)
{
    struct seen seen;
    if (accord_fields_at(fields, ACCORD_LITERAL("version")) &&
        !accord_fields_token(fields, ACCORD_LITERAL("version"), &attest->version))
        return false;
    if (!thing_lines(fields, ACCORD_LITERAL("subject"), &seen, &attest->subject_count))
        return false;
    if (attest->subject_count == 0 && !accord_fields_take(fields, ACCORD_LITERAL("subject")))
        return false;
    return thing_lines(fields, ACCORD_LITERAL("material"), &seen, &attest->material_count) &&
           named_lines(fields, ACCORD_LITERAL("parameter"), &seen) &&
           named_lines(fields, ACCORD_LITERAL("environment"), &seen) && other_lines(fields, attest) &&
           outcome_lines(fields, attest) && accord_fields_end(fields);
}

enum accord_status accord_attest_parse(struct accord_attest_claim *attest, struct accord_bytes entry,
                                       struct accord_error *error)
{
    struct accord_fields fields;
    memset(attest, 0, sizeof *attest);
    enum accord_status status =
        accord_fields_open(&fields, &attest->statement, entry, ACCORD_LITERAL("attest"),
                           ACCORD_LITERAL("stage vendor product by version subject* material* parameter* environment* "
                                          "run* import* location* outcome repeats"),
                           error);
    if (status != ACCORD_OK)
        return status;
    if (!head(&fields, attest))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    return body(&fields, attest) ? ACCORD_OK : fields.status;
}

/* The next line of this key; false where there is none. */
static bool next_line(const struct accord_attest_claim *attest, size_t *cursor, struct accord_bytes key,
                      struct accord_field *field)
{
    while (accord_statement_next(&attest->statement, cursor, field))
        if (accord_bytes_equal(field->key, key))
            return true;
    return false;
}

static bool next_thing(const struct accord_attest_claim *attest, size_t *cursor, struct accord_bytes key,
                       struct accord_attest_thing *thing)
{
    struct accord_field field;
    struct accord_bytes digest;
    return next_line(attest, cursor, key, &field) && split(field.value, &digest, &thing->label) &&
           accord_digest_parse(digest, thing->sha256);
}

bool accord_attest_next_subject(const struct accord_attest_claim *attest, size_t *cursor,
                                struct accord_attest_thing *subject)
{
    return next_thing(attest, cursor, ACCORD_LITERAL("subject"), subject);
}

bool accord_attest_next_material(const struct accord_attest_claim *attest, size_t *cursor,
                                 struct accord_attest_thing *material)
{
    return next_thing(attest, cursor, ACCORD_LITERAL("material"), material);
}

/* Have the lines of this key two parts? */
static bool two_parts(struct accord_bytes key)
{
    return accord_bytes_equal(key, ACCORD_LITERAL("parameter")) ||
           accord_bytes_equal(key, ACCORD_LITERAL("environment")) || accord_bytes_equal(key, ACCORD_LITERAL("import"));
}

bool accord_attest_next_line(const struct accord_attest_claim *attest, struct accord_bytes key, size_t *cursor,
                             struct accord_bytes *name, struct accord_bytes *text)
{
    struct accord_field field;
    if (!next_line(attest, cursor, key, &field))
        return false;
    *name = (struct accord_bytes){NULL, 0};
    *text = field.value;
    return !two_parts(key) || split(field.value, name, text);
}

static void put_things(struct accord_out *out, struct accord_bytes key, const struct accord_attest_thing *things,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        accord_put(out, key);
        accord_put_byte(out, ' ');
        accord_digest_print(out, things[i].sha256);
        accord_put_byte(out, ' ');
        accord_put(out, things[i].label);
        accord_put_byte(out, '\n');
    }
}

static void put_lines(struct accord_out *out, struct accord_bytes key, const struct accord_attest_draft *draft)
{
    for (size_t i = 0; i < draft->line_count; i++) {
        const struct accord_attest_line *line = &draft->lines[i];
        if (!accord_bytes_equal(line->key, key))
            continue;
        accord_put(out, key);
        accord_put_byte(out, ' ');
        if (two_parts(key)) {
            accord_put(out, line->name);
            accord_put_byte(out, ' ');
        }
        accord_put(out, line->text);
        accord_put_byte(out, '\n');
    }
}

void accord_attest_print(struct accord_out *out, const struct accord_attest_draft *draft)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/attest\n"));
    accord_field_print(out, ACCORD_LITERAL("stage"), accord_stage_name(draft->stage));
    accord_field_print(out, ACCORD_LITERAL("vendor"), draft->vendor);
    accord_field_print(out, ACCORD_LITERAL("product"), draft->product);
    accord_field_print(out, ACCORD_LITERAL("by"), draft->by);
    if (draft->version.size > 0)
        accord_field_print(out, ACCORD_LITERAL("version"), draft->version);
    put_things(out, ACCORD_LITERAL("subject"), draft->subjects, draft->subject_count);
    put_things(out, ACCORD_LITERAL("material"), draft->materials, draft->material_count);
    put_lines(out, ACCORD_LITERAL("parameter"), draft);
    put_lines(out, ACCORD_LITERAL("environment"), draft);
    put_lines(out, ACCORD_LITERAL("run"), draft);
    put_lines(out, ACCORD_LITERAL("import"), draft);
    put_lines(out, ACCORD_LITERAL("location"), draft);
    if (draft->outcome != ACCORD_ATTEST_NO_OUTCOME)
        accord_field_print(out, ACCORD_LITERAL("outcome"), accord_outcome_name(draft->outcome));
    if (draft->repeats) {
        accord_put(out, ACCORD_LITERAL("repeats "));
        accord_digest_print(out, draft->repeated);
        accord_put_byte(out, '\n');
    }
}

enum accord_status accord_attest_verify(const struct accord_attest_claim *attest,
                                        const struct accord_roster_claim *roster, const struct accord_place *place,
                                        const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_signers signers;
    enum accord_status status =
        accord_roster_signers(roster, &attest->statement.note, attest->by, place, crypto, &signers, error);
    if (status != ACCORD_OK)
        return status;
    if (signers.known && (signers.stage > 0 || signers.release >= signers.release_threshold))
        return ACCORD_OK;
    status = signers.known ? ACCORD_WRONG_SIGNER : ACCORD_NOT_A_MEMBER;
    accord_fail(error, status, 0);
    accord_error_what(error, attest->by);
    if (signers.known) {
        accord_error_expected(error, ACCORD_LITERAL("a stage key of it, or a threshold of its release keys"));
        accord_error_found(error, signers.release > 0 ? ACCORD_LITERAL("too few of its release keys")
                                                      : ACCORD_LITERAL("no key of it"));
    }
    return status;
}
