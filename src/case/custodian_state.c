/* A custodian's memory, as a text: the position of a follower, then a line for each share that was looked at. No secret
 * is in it. */
#include "case/custodian.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/fields.h"
#include "core/text.h"

#define POSITION_LINES 5
#define NEW_MAX 4096
#define CHECKED_LINE_MAX (sizeof "checked sha256: unopened\n" - 1 + 2 * ACCORD_HASH_SIZE)
#define STATE_SIZE_MAX (ACCORD_POSITION_SIZE_MAX + ACCORD_DOCKET_CASES_MAX * CHECKED_LINE_MAX)

static const char *const words[] = {[ACCORD_SHARE_UNOPENED] = "unopened",
                                    [ACCORD_SHARE_RIGHT] = "right",
                                    [ACCORD_SHARE_WRONG] = "wrong",
                                    [ACCORD_SHARE_FOREIGN] = "foreign"};

void accord_custodian_state_init(struct accord_custodian_state *state)
{
    *state = (struct accord_custodian_state){.sorted = 0};
    accord_buffer_init(&state->origin, ACCORD_ORIGIN_SIZE_MAX);
}

void accord_custodian_state_free(struct accord_custodian_state *state)
{
    accord_buffer_free(&state->origin);
    free(state->seen);
    state->seen = NULL;
    state->seen_count = state->seen_room = state->sorted = 0;
}

static int compare(const void *a, const void *b)
{
    const struct accord_custodian_seen *one = a, *other = b;
    return memcmp(one->id, other->id, sizeof one->id);
}

static void sort(struct accord_custodian_state *state)
{
    if (state->sorted < state->seen_count) {
        qsort(state->seen, state->seen_count, sizeof *state->seen, compare);
        state->sorted = state->seen_count;
    }
}

/* Sorts now and then only: anybody can log reports that name a custodian, by the thousands. */
static struct accord_custodian_seen *find(struct accord_custodian_state *state, const uint8_t id[ACCORD_HASH_SIZE])
{
    struct accord_custodian_seen key;
    memcpy(key.id, id, sizeof key.id);
    if (state->seen_count - state->sorted > NEW_MAX) {
        sort(state);
    }
    struct accord_custodian_seen *found =
        state->sorted == 0 ? NULL : bsearch(&key, state->seen, state->sorted, sizeof *state->seen, compare);
    for (size_t i = state->sorted; found == NULL && i < state->seen_count; i++) {
        found = compare(&key, &state->seen[i]) == 0 ? &state->seen[i] : NULL;
    }
    return found;
}

bool accord_custodian_knows(struct accord_custodian_state *state, const uint8_t id[ACCORD_HASH_SIZE],
                            enum accord_custodian_verdict *verdict)
{
    const struct accord_custodian_seen *seen = find(state, id);
    if (seen != NULL) {
        *verdict = seen->verdict;
    }
    return seen != NULL;
}

static enum accord_status append(struct accord_custodian_state *state, const uint8_t id[ACCORD_HASH_SIZE],
                                 enum accord_custodian_verdict verdict)
{
    if (state->seen_count == state->seen_room) {
        size_t room = state->seen_room == 0 ? 16 : 2 * state->seen_room;
        struct accord_custodian_seen *seen = realloc(state->seen, room * sizeof *seen);
        if (seen == NULL) {
            return ACCORD_NO_MEMORY;
        }
        state->seen = seen;
        state->seen_room = room;
    }
    struct accord_custodian_seen *last = &state->seen[state->seen_count++];
    memcpy(last->id, id, sizeof last->id);
    last->verdict = verdict;
    return ACCORD_OK;
}

enum accord_status accord_custodian_remember(struct accord_custodian_state *state, const uint8_t id[ACCORD_HASH_SIZE],
                                             enum accord_custodian_verdict verdict)
{
    struct accord_custodian_seen *seen = find(state, id);
    if (seen != NULL) {
        seen->verdict = verdict;
        return ACCORD_OK;
    }
    /* More than a file holds is looked at anew the next time. */
    return state->seen_count < ACCORD_DOCKET_CASES_MAX ? append(state, id, verdict) : ACCORD_OK;
}

/* The text */

static struct accord_bytes word_of(enum accord_custodian_verdict verdict)
{
    return (struct accord_bytes){(const uint8_t *)words[verdict], strlen(words[verdict])};
}

static bool read_word(struct accord_bytes text, enum accord_custodian_verdict *verdict)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *verdict = (enum accord_custodian_verdict)i;
        if (accord_bytes_equal(text, word_of(*verdict))) {
            return true;
        }
    }
    return false;
}

/* `checked sha256:... right`, each after the one before. */
static enum accord_status take_line(struct accord_custodian_state *state, struct accord_bytes line)
{
    struct accord_bytes digest;
    enum accord_custodian_verdict verdict = ACCORD_SHARE_UNOPENED;
    uint8_t id[ACCORD_HASH_SIZE];
    if (!accord_cut_prefix(&line, ACCORD_LITERAL("checked ")) || !accord_cut(&line, ' ', &digest) ||
        !accord_digest_parse(digest, id) || !read_word(line, &verdict) ||
        state->seen_count >= ACCORD_DOCKET_CASES_MAX ||
        (state->seen_count > 0 && memcmp(state->seen[state->seen_count - 1].id, id, sizeof id) >= 0)) {
        return ACCORD_STATE;
    }
    return append(state, id, verdict);
}

/* The lines of the position, and its origin, which its parser only compares. */
static enum accord_status take_position(struct accord_custodian_state *state, struct accord_bytes *rest,
                                        struct accord_error *error)
{
    struct accord_bytes head = *rest, line, origin = {NULL, 0};
    for (unsigned i = 0; i < POSITION_LINES && accord_cut_line(rest, &line); i++) {
        origin = i == 1 ? line : origin;
    }
    head.size -= rest->size;
    enum accord_status status = accord_position_parse(&state->position, (struct accord_bytes){NULL, 0}, head, error);
    if (status == ACCORD_OK && accord_cut_prefix(&origin, ACCORD_LITERAL("origin ")) &&
        origin.size <= ACCORD_ORIGIN_SIZE_MAX) {
        status = accord_buffer_append(&state->origin, origin);
        return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
    }
    return status == ACCORD_OK ? accord_fail(error, ACCORD_STATE, 2) : status;
}

enum accord_status accord_custodian_state_parse(struct accord_custodian_state *state, struct accord_bytes text,
                                                struct accord_error *error)
{
    struct accord_bytes rest = text, line;
    enum accord_status status = take_position(state, &rest, error);
    uint64_t number = POSITION_LINES;
    while (status == ACCORD_OK && rest.size > 0) {
        number++;
        status = accord_cut_line(&rest, &line) ? take_line(state, line) : ACCORD_STATE;
        if (status != ACCORD_OK) {
            accord_fail(error, status, number);
            accord_error_expected(error, ACCORD_LITERAL("checked sha256:DIGEST right, wrong, foreign or unopened"));
        }
    }
    state->sorted = state->seen_count;
    return status;
}

size_t accord_custodian_state_size(const struct accord_custodian_state *state)
{
    return ACCORD_POSITION_SIZE_MAX + state->seen_count * CHECKED_LINE_MAX;
}

void accord_custodian_state_print(struct accord_out *out, struct accord_custodian_state *state)
{
    sort(state);
    accord_position_print(out, accord_buffer_bytes(&state->origin), &state->position);
    for (size_t i = 0; i < state->seen_count; i++) {
        accord_put(out, ACCORD_LITERAL("checked "));
        accord_digest_print(out, state->seen[i].id);
        accord_put_byte(out, ' ');
        accord_put(out, word_of(state->seen[i].verdict));
        accord_put_byte(out, '\n');
    }
}

/* The file */

enum accord_status accord_custodian_state_load(struct accord_custodian_state *state, const struct accord_fs *fs,
                                               const char *path, struct accord_error *error)
{
    struct accord_buffer text;
    accord_buffer_init(&text, STATE_SIZE_MAX);
    enum accord_status status = accord_file_read(fs, path, &text, error);
    if (status == ACCORD_OK) {
        status = accord_custodian_state_parse(state, accord_buffer_bytes(&text), error);
    } else if (status == ACCORD_NOT_FOUND) {
        status = ACCORD_OK;
    }
    accord_buffer_free(&text);
    return status;
}

enum accord_status accord_custodian_state_save(struct accord_custodian_state *state, const struct accord_fs *fs,
                                               const char *path, struct accord_error *error)
{
    size_t size = accord_custodian_state_size(state);
    struct accord_out out = {malloc(size), size, 0, false};
    if (out.data == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    accord_custodian_state_print(&out, state);
    enum accord_status status = accord_file_replace(fs, path, accord_out_bytes(&out), 0644, error);
    free(out.data);
    return status;
}
