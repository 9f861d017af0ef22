/* Requests to sign a subtree: what parses prints as it came, and each is answered in the protocol's numbers. The second
 * target of the same bytes is a list of known logs. */
#include "core/text.h"
#include "crypto/backend.h"
#include "witness/known_logs.h"
#include "witness/witness.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The witness of the corpus, with whose key its checkpoints are cosigned. */
static const char witness_key[] = "w.example+c4776766+BIR6WtHDzGficAH6sbWeaofc2zLeUAQXXfqFguFfqecE";

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void print(struct accord_out *out, const struct accord_sign_subtree *request)
{
    accord_put(out, ACCORD_LITERAL("subtree "));
    accord_put_decimal(out, request->subtree.start);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, request->subtree.end);
    accord_put_byte(out, '\n');
    accord_put_base64(out, (struct accord_bytes){request->subtree.hash, ACCORD_HASH_SIZE});
    accord_put_byte(out, '\n');
    for (size_t i = 0; i < request->proof.count; i++) {
        accord_put_base64(out, (struct accord_bytes){request->proof.hash[i], ACCORD_HASH_SIZE});
        accord_put_byte(out, '\n');
    }
    accord_put_byte(out, '\n');
    accord_put(out, request->checkpoint.note.whole);
}

static void judge(const struct accord_sign_subtree *request)
{
    struct accord_vkey key;
    const struct accord_vkey *const own = &key;
    struct accord_witness_verdict verdict;
    require(accord_vkey_parse(&key, (struct accord_bytes){(const uint8_t *)witness_key, sizeof witness_key - 1},
                              &accord_crypto_default, NULL) == ACCORD_OK);
    accord_witness_judge_subtree(request, true, &own, 1, &accord_crypto_default, &verdict);
    require((verdict.http_status == 200) == (verdict.error.status == ACCORD_OK));
    require(verdict.http_status == 200 || verdict.http_status == 400 || verdict.http_status == 403 ||
            verdict.http_status == 422);
    if (verdict.http_status == 200)
        require(request->subtree.start < request->subtree.end && request->subtree.end <= request->checkpoint.size);
}

static void read_list(struct accord_bytes list)
{
    struct accord_logs *logs;
    struct accord_known_log log;
    require(accord_logs_new(&logs, &accord_crypto_default, NULL) == ACCORD_OK);
    struct accord_error error = {0};
    enum accord_status status = accord_logs_add_list(logs, list, &error);
    require(status == error.status);
    for (size_t i = 0; i < accord_logs_count(logs); i++) {
        accord_logs_at(logs, i, &log);
        struct accord_bytes origin = log.origin;
        require(log.key_count >= 1 && accord_logs_find(logs, origin, &log) && accord_bytes_equal(log.origin, origin));
    }
    accord_logs_free(logs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[2 * ACCORD_NOTE_SIZE_MAX];
    struct accord_sign_subtree request;
    struct accord_error error = {0};
    struct accord_bytes body = {data, size};
    read_list(body);
    enum accord_status status = accord_sign_subtree_parse(&request, body, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    struct accord_out out = {printed, sizeof printed, 0, false};
    print(&out, &request);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), body));
    judge(&request);
    return 0;
}
