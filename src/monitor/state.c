/* The monitor's memory as a file. Knows its lines and takes no reading that is not exactly what it would have printed:
 * a damaged memory must not pass for one that has seen less. Refuses to know whether what it holds is true. */
#include "monitor/state.h"

#include <string.h>

#include "core/text.h"
#include "monitor/cases.h"
#include "monitor/dues.h"

#define HEADER ACCORD_LITERAL("accord monitor 1\n")

static void put_number(struct accord_out *out, struct accord_bytes key, uint64_t number)
{
    accord_put(out, key);
    accord_put_decimal(out, number);
}

void accord_monitor_state_print(struct accord_out *out, const struct accord_monitor_state *state)
{
    accord_put(out, HEADER);
    put_number(out, ACCORD_LITERAL("next "), state->next);
    if (state->has_roster) {
        put_number(out, ACCORD_LITERAL("\nroster "), state->roster_index);
        put_number(out, ACCORD_LITERAL(" "), state->roster.size);
    }
    put_number(out, ACCORD_LITERAL("\ncheckpoint "), state->note.size);
    for (size_t i = 0; i < state->witness_count; i++) {
        put_number(out, ACCORD_LITERAL("\nwitness "), state->witnesses[i].seen);
        accord_put_byte(out, ' ');
        accord_put(out, state->witnesses[i].vkey);
    }
    accord_put_byte(out, '\n');
    accord_put(out, state->dues);
    accord_put(out, state->cases);
    accord_put_byte(out, '\n');
    accord_put(out, state->roster);
    accord_put(out, state->note);
}

/* One `key value` line. */
static bool cut_value(struct accord_bytes *rest, struct accord_bytes key, struct accord_bytes *value)
{
    return accord_cut_prefix(rest, key) && accord_cut_line(rest, value);
}

static bool cut_number(struct accord_bytes *rest, struct accord_bytes key, uint64_t *number)
{
    struct accord_bytes value;
    return cut_value(rest, key, &value) && accord_decimal_read(value, number);
}

/* `roster INDEX SIZE`, which may be absent. */
static bool cut_roster(struct accord_bytes *rest, struct accord_monitor_state *state, uint64_t *size)
{
    struct accord_bytes value, index;
    *size = 0;
    if (!cut_value(rest, ACCORD_LITERAL("roster "), &value))
        return true;
    state->has_roster = true;
    return accord_cut(&value, ' ', &index) && accord_decimal_read(index, &state->roster_index) &&
           accord_decimal_read(value, size) && *size > 0 && *size <= ACCORD_ENTRY_SIZE_MAX;
}

/* `witness SEEN VKEY` lines, each key once. */
static bool cut_witnesses(struct accord_bytes *rest, struct accord_monitor_state *state)
{
    struct accord_bytes line, seen;
    while (cut_value(rest, ACCORD_LITERAL("witness "), &line)) {
        if (state->witness_count == ACCORD_POLICY_WITNESSES_MAX || !accord_cut(&line, ' ', &seen) || line.size == 0)
            return false;
        struct accord_monitor_witness *witness = &state->witnesses[state->witness_count];
        witness->vkey = line;
        if (!accord_decimal_read(seen, &witness->seen))
            return false;
        for (size_t i = 0; i < state->witness_count; i++)
            if (accord_bytes_equal(state->witnesses[i].vkey, line))
                return false;
        state->witness_count++;
    }
    return true;
}

/* What is due, and what cases stand on, up to the empty line. */
static bool cut_dues(struct accord_bytes *rest, struct accord_monitor_state *state)
{
    struct accord_due due;
    struct accord_bytes line, before = *rest;
    size_t count = 0;
    while (accord_due_cut(rest, &due))
        if (++count > ACCORD_DUES_MAX)
            return false;
    state->dues = (struct accord_bytes){before.data, before.size - rest->size};
    return accord_monitor_cases_cut(rest, state->next, &state->cases) && accord_cut_line(rest, &line) && line.size == 0;
}

static bool cut_exactly(struct accord_bytes *rest, uint64_t size, struct accord_bytes *piece)
{
    if (size > rest->size)
        return false;
    *piece = (struct accord_bytes){rest->data, (size_t)size};
    rest->data += size;
    rest->size -= (size_t)size;
    return true;
}

static bool parse(struct accord_monitor_state *state, struct accord_bytes rest)
{
    uint64_t roster_size, note_size;
    return rest.size <= ACCORD_MONITOR_STATE_SIZE_MAX && accord_cut_prefix(&rest, HEADER) &&
           cut_number(&rest, ACCORD_LITERAL("next "), &state->next) && cut_roster(&rest, state, &roster_size) &&
           cut_number(&rest, ACCORD_LITERAL("checkpoint "), &note_size) && cut_witnesses(&rest, state) &&
           cut_dues(&rest, state) && cut_exactly(&rest, roster_size, &state->roster) &&
           cut_exactly(&rest, note_size, &state->note) && rest.size == 0 &&
           accord_checkpoint_parse(&state->checkpoint, state->note, NULL) == ACCORD_OK &&
           state->next <= state->checkpoint.size && (!state->has_roster || state->roster_index < state->next);
}

enum accord_status accord_monitor_state_parse(struct accord_monitor_state *state, struct accord_bytes text,
                                              struct accord_error *error)
{
    memset(state, 0, sizeof *state);
    if (parse(state, text))
        return ACCORD_OK;
    memset(state, 0, sizeof *state);
    accord_fail(error, ACCORD_STATE, 0);
    accord_error_expected(error, ACCORD_LITERAL("the state of accord monitor"));
    return ACCORD_STATE;
}
