/* Checkpoints: what parses is printed as it came, and what is printed can be cosigned and parses alone. */
#include "accord/checkpoint.h"

#include "core/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(struct accord_bytes text)
{
    static uint8_t message[ACCORD_CHECKPOINT_TEXT_SIZE_MAX + 64];
    uint8_t printed[ACCORD_CHECKPOINT_TEXT_SIZE_MAX], subtree[640];
    struct accord_checkpoint_claim checkpoint;
    struct accord_out out = {printed, sizeof printed, 0, false}, timed = {message, text.size + 64, 0, false},
                      pq = {subtree, sizeof subtree, 0, false};
    if (accord_checkpoint_text_parse(&checkpoint, text, NULL) != ACCORD_OK)
        return;
    accord_checkpoint_print(&out, checkpoint.origin, checkpoint.size, checkpoint.root);
    accord_put(&out, checkpoint.extensions);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), text));
    require(accord_cosignature_message(&timed, ACCORD_KEY_COSIGNATURE_ED25519, text, (struct accord_bytes){NULL, 0},
                                       INT64_MAX) == ACCORD_OK);
    require(accord_cosignature_message(&pq, ACCORD_KEY_COSIGNATURE_MLDSA44, text, ACCORD_LITERAL("w"), INT64_MAX) ==
            ACCORD_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_checkpoint_claim checkpoint, alone;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_checkpoint_parse(&checkpoint, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status == ACCORD_OK) {
        require(accord_checkpoint_text_parse(&alone, checkpoint.note.text, NULL) == ACCORD_OK);
        require(alone.size == checkpoint.size && accord_bytes_equal(alone.origin, checkpoint.origin));
        check_text(checkpoint.note.text);
    }
    check_text((struct accord_bytes){data, size});
    return 0;
}
