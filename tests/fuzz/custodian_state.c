/* What a custodian keeps: what parses prints as it came, and knows each case once. */
#include "case/custodian.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_custodian_state state;
    struct accord_error error = {.status = ACCORD_OK};
    accord_custodian_state_init(&state);
    enum accord_status status = accord_custodian_state_parse(&state, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status == ACCORD_OK) {
        size_t room = accord_custodian_state_size(&state);
        struct accord_out out = {malloc(room), room, 0, false};
        require(out.data != NULL);
        for (size_t i = 0; i < state.seen_count; i++) {
            enum accord_custodian_verdict verdict = ACCORD_SHARE_UNOPENED;
            require(accord_custodian_knows(&state, state.seen[i].id, &verdict) && verdict == state.seen[i].verdict);
        }
        accord_custodian_state_print(&out, &state);
        require(!out.full && out.size == size && memcmp(out.data, data, size) == 0);
        free(out.data);
    }
    accord_custodian_state_free(&state);
    return 0;
}
