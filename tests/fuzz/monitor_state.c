/* A monitor's state: print(parse(x)) == x for each x that is accepted, and what it says fits together. */
#include "monitor/state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct accord_monitor_state state;
    static uint8_t printed[ACCORD_MONITOR_STATE_SIZE_MAX];
    struct accord_out out = {printed, sizeof printed, 0, false};
    struct accord_bytes bytes = {data, size};
    struct accord_error error = {0};
    enum accord_status status = accord_monitor_state_parse(&state, bytes, &error);
    require(error.status == status);
    if (status != ACCORD_OK)
        return 0;
    require(state.next <= state.checkpoint.size && state.witness_count <= ACCORD_POLICY_WITNESSES_MAX);
    require(!state.has_roster || state.roster_index < state.next);
    accord_monitor_state_print(&out, &state);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), bytes));
    return 0;
}
