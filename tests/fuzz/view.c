/* Views: whatever text is searched, what is found is a checkpoint, and its line says the same. */
#include "evidence/view.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t space[2][1 << 18];
    struct accord_view view, again;
    struct accord_error error = {0};
    struct accord_out memory = {space[0], 2 * size + 1024, 0, false};
    if (memory.capacity > sizeof space[0])
        return 0;
    enum accord_status status =
        accord_view_read(&view, (struct accord_bytes){data, size}, &memory, &accord_crypto_default, &error);
    require(status == ACCORD_OK || error.status == status);
    require(status != ACCORD_NO_SPACE);
    if (status != ACCORD_OK || view.note.size == 0)
        return 0;
    struct accord_checkpoint_claim claim;
    require(accord_checkpoint_parse(&claim, view.note, NULL) == ACCORD_OK && claim.size == view.checkpoint.size);
    uint8_t line[ACCORD_VIEW_LINE_SIZE];
    struct accord_out out = {line, sizeof line, 0, false};
    accord_view_print(&out, &claim, &accord_crypto_default);
    require(!out.full);
    memory = (struct accord_out){space[1], sizeof space[1], 0, false};
    require(accord_view_read(&again, accord_out_bytes(&out), &memory, &accord_crypto_default, NULL) == ACCORD_OK);
    require(accord_view_same_log(&view, &again) && again.checkpoint.size == claim.size);
    require(memcmp(again.checkpoint.root, claim.root, ACCORD_HASH_SIZE) == 0);
    return 0;
}
