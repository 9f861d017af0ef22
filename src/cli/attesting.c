/* Collecting an attestation's lines, and what it is to entering (enter.h): it says what was asked for and no more, and
 * is signed by whom it is by. */
#include "cli/attesting.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* A copied text, in a list of all. */
struct accord_attesting_text {
    struct accord_attesting_text *next;
    uint8_t data[];
};

void accord_attesting_init(struct accord_attesting *attesting)
{
    *attesting = (struct accord_attesting){0};
}

void accord_attesting_free(struct accord_attesting *attesting)
{
    while (attesting->texts != NULL) {
        struct accord_attesting_text *next = attesting->texts->next;
        free(attesting->texts);
        attesting->texts = next;
    }
    free(attesting->subjects);
    free(attesting->materials);
    free(attesting->lines);
    accord_attesting_init(attesting);
}

struct accord_bytes accord_attesting_text(struct accord_attesting *attesting, struct accord_bytes text)
{
    struct accord_attesting_text *copy = text.size == 0 ? NULL : malloc(sizeof *copy + text.size);
    if (copy == NULL) {
        attesting->failed = attesting->failed || text.size > 0;
        return (struct accord_bytes){NULL, 0};
    }
    memcpy(copy->data, text.data, text.size);
    copy->next = attesting->texts;
    attesting->texts = copy;
    return (struct accord_bytes){copy->data, text.size};
}

/* Room for one more in an array; NULL where there is none, with the array as it was. */
static void *grown(struct accord_attesting *attesting, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    size_t more = *capacity == 0 ? 32 : *capacity * 2;
    void *larger = more > ACCORD_STATEMENT_LINES_MAX * 2 ? NULL : reallocarray(array, more, size);
    if (larger != NULL) {
        *capacity = more;
    }
    attesting->failed = attesting->failed || larger == NULL;
    return larger;
}

void accord_attesting_subject(struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE],
                              struct accord_bytes label)
{
    struct accord_attest_draft *draft = &attesting->draft;
    struct accord_attest_thing *things =
        grown(attesting, attesting->subjects, draft->subject_count, &attesting->subject_capacity, sizeof *things);
    if (things == NULL) {
        return;
    }
    draft->subjects = attesting->subjects = things;
    things[draft->subject_count].label = accord_attesting_text(attesting, label);
    memcpy(things[draft->subject_count++].sha256, sha256, ACCORD_HASH_SIZE);
}

void accord_attesting_material(struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE],
                               struct accord_bytes label)
{
    struct accord_attest_draft *draft = &attesting->draft;
    struct accord_attest_thing *things =
        grown(attesting, attesting->materials, draft->material_count, &attesting->material_capacity, sizeof *things);
    if (things == NULL) {
        return;
    }
    draft->materials = attesting->materials = things;
    things[draft->material_count].label = accord_attesting_text(attesting, label);
    memcpy(things[draft->material_count++].sha256, sha256, ACCORD_HASH_SIZE);
}

void accord_attesting_line(struct accord_attesting *attesting, struct accord_bytes key, struct accord_bytes name,
                           struct accord_bytes text)
{
    struct accord_attest_draft *draft = &attesting->draft;
    struct accord_attest_line *lines =
        grown(attesting, attesting->lines, draft->line_count, &attesting->line_capacity, sizeof *lines);
    if (lines == NULL) {
        return;
    }
    draft->lines = attesting->lines = lines;
    struct accord_attest_line *line = &lines[draft->line_count++];
    line->key = accord_attesting_text(attesting, key);
    line->name = accord_attesting_text(attesting, name);
    line->text = accord_attesting_text(attesting, text);
}

static bool among(const struct accord_attest_thing *things, size_t count, const uint8_t sha256[ACCORD_HASH_SIZE])
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(things[i].sha256, sha256, ACCORD_HASH_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

bool accord_attesting_has_subject(const struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE])
{
    return among(attesting->subjects, attesting->draft.subject_count, sha256);
}

bool accord_attesting_has_material(const struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE])
{
    return among(attesting->materials, attesting->draft.material_count, sha256);
}

bool accord_attesting_has_line(const struct accord_attesting *attesting, struct accord_bytes key,
                               struct accord_bytes name)
{
    for (size_t i = 0; i < attesting->draft.line_count; i++) {
        if (accord_bytes_equal(attesting->lines[i].key, key) && accord_bytes_equal(attesting->lines[i].name, name)) {
            return true;
        }
    }
    return false;
}

static enum accord_status make(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error)
{
    const struct accord_attesting *attesting = context;
    (void)roster;
    if (attesting->failed) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    accord_attest_print(text, &attesting->draft);
    return ACCORD_OK;
}

/* Are there as many lines as were asked for? A text with a newline in it would make more. */
static enum accord_status check_lines(const struct accord_attest_draft *draft, const struct accord_attest_claim *claim,
                                      struct accord_error *error)
{
    size_t asked = 4 + draft->subject_count + draft->material_count + draft->line_count;
    asked += draft->version.size > 0 ? 1 : 0;
    asked += draft->outcome != ACCORD_ATTEST_NO_OUTCOME ? 1 : 0;
    asked += draft->repeats ? 1 : 0;
    struct accord_field field;
    size_t cursor = 0, count = 0;
    while (accord_statement_next(&claim->statement, &cursor, &field)) {
        count++;
    }
    if (count == asked) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_MALFORMED, 0);
    accord_error_found(error, ACCORD_LITERAL("a newline inside a value"));
    return ACCORD_MALFORMED;
}

static enum accord_status judge(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error)
{
    struct accord_attesting *attesting = context;
    struct accord_attest_claim claim;
    enum accord_status status = accord_attest_parse(&claim, entry, error);
    if (status == ACCORD_OK) {
        status = check_lines(&attesting->draft, &claim, error);
    }
    if (status == ACCORD_OK && roster != NULL) {
        status = accord_attest_verify(&claim, roster, NULL, &accord_crypto_default, error);
    }
    if (status == ACCORD_OK && roster != NULL && attesting->judge != NULL) {
        status = attesting->judge(attesting->context, roster, error);
    }
    return status;
}

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct accord_attesting *attesting = context;
    return attesting->see(attesting->context, chain, index, entry, error);
}

enum accord_status accord_attesting_enter(struct accord_attesting *attesting, const struct accord_enter *enter,
                                          bool statement_only, struct accord_entered *entered,
                                          struct accord_error *error)
{
    const struct accord_enter_plan plan = {
        .context = attesting, .see = attesting->see == NULL ? NULL : see, .make = make, .judge = judge};
    return statement_only ? accord_enter_statement(enter, &plan, entered, error)
                          : accord_enter_log(enter, &plan, entered, error);
}
