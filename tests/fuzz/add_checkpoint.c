/* Requests to a witness: what parses prints as it came, and the judge answers anything that parses. */
#include "crypto/backend.h"
#include "witness/witness.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key of the corpus's log. */
static const char log_key[] = "log.example/fuzz+d8769284+AcdZcLEF+anJvutTxHtYRBY8fAj04jCKaqkHNERANKVX";

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Whatever was seen, the answer is one of the protocol's, and only a 200 has something to remember. */
static void judge(const struct accord_add_checkpoint *request, const struct accord_witness_seen *seen)
{
    struct accord_vkey key;
    require(accord_vkey_parse(&key, (struct accord_bytes){(const uint8_t *)log_key, sizeof log_key - 1},
                              &accord_crypto_default, NULL) == ACCORD_OK);
    size_t key_count = accord_bytes_equal(request->checkpoint.origin, key.name) ? 1 : 0;
    struct accord_witness_verdict verdict;
    accord_witness_judge(request, &key, key_count, seen, &accord_crypto_default, &verdict);
    switch (verdict.http_status) {
    case 200:
        require(verdict.error.status == ACCORD_OK && verdict.next.cosigned);
        require(verdict.next.size == request->checkpoint.size && verdict.next.size >= seen->size);
        break;
    case 409:
        require(verdict.seen_size == seen->size && request->old_size != seen->size);
        break;
    case 404:
        require(key_count == 0);
        break;
    default:
        require(verdict.http_status == 400 || verdict.http_status == 403 || verdict.http_status == 422);
    }
    require(verdict.http_status == 200 || (verdict.error.status != ACCORD_OK && !verdict.next.cosigned));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[2 * ACCORD_NOTE_SIZE_MAX];
    struct accord_add_checkpoint request;
    struct accord_error error;
    memset(&error, 0, sizeof error);
    enum accord_status status = accord_add_checkpoint_parse(&request, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_add_checkpoint_print(&out, request.old_size, &request.proof, request.checkpoint_bytes);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), (struct accord_bytes){data, size}));
    struct accord_witness_seen seen = {0};
    judge(&request, &seen);
    seen = (struct accord_witness_seen){.size = request.checkpoint.size, .cosigned = true};
    memcpy(seen.root, request.checkpoint.root, sizeof seen.root);
    judge(&request, &seen);
    seen.size = request.old_size;
    judge(&request, &seen);
    return 0;
}
