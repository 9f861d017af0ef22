/* Opening age files: in pieces of any sizes the answer, its place and what came out are the same as in one piece. The
 * first bytes of an input are what opens it (1: armor may come, 2: by the file key) and the sizes of the pieces. */
#include "age/age.h"
#include "base/buffer.h"
#include "crypto/backend.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The identity and the file key of C2SP's vectors, which the corpus is made of. */
#define IDENTITY "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"

struct result {
    enum accord_status status;
    struct accord_error error;
    struct accord_buffer plain;
    uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE];
    bool has_file_key;
};

static enum accord_status append(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct result *result = context;
    enum accord_status status = accord_buffer_append(&result->plain, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* Opens; step gives the size of the next piece, 0 for all that is left. */
static void open_in_pieces(struct accord_bytes file, uint8_t how, const uint8_t steps[4], struct result *result)
{
    static uint8_t secrets[2][32] = {{1, 2, 3}};
    static const uint8_t file_key[] = "YELLOW SUBMARINE";
    struct accord_age_opening opening = {.armor = how & 1, .sink = {result, append}};
    struct accord_age_opener *opener;
    accord_buffer_init(&result->plain, 1 << 25);
    memset(&result->error, 0, sizeof result->error);
    if (how & 2)
        opening.file_key = file_key;
    else {
        if (!accord_age_identity_read(ACCORD_LITERAL(IDENTITY), secrets[1]))
            abort();
        opening.secrets = (const uint8_t(*)[32])secrets;
        opening.secret_count = 2;
    }
    if (accord_age_opener_new(&opener, &opening, NULL) != ACCORD_OK)
        abort();
    result->status = ACCORD_OK;
    for (unsigned i = 0; file.size > 0 && result->status == ACCORD_OK; i++) {
        size_t step = (size_t)steps[i % 4] * (i % 8 == 7 ? 769 : 1);
        step = step == 0 || step > file.size ? file.size : step;
        result->status = accord_age_opener_write(opener, (struct accord_bytes){file.data, step}, &result->error);
        file = (struct accord_bytes){file.data + step, file.size - step};
    }
    enum accord_status end = accord_age_opener_end(opener, &result->error);
    if (result->status != ACCORD_OK && end != result->status)
        abort();
    result->status = end;
    result->has_file_key = accord_age_opener_file_key(opener, result->file_key);
    accord_age_opener_free(opener);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t whole[4] = {0, 0, 0, 0};
    struct result one, other;
    if (size < 5)
        return 0;
    accord_crypto_start();
    struct accord_bytes file = {data + 5, size - 5};
    open_in_pieces(file, data[0], whole, &one);
    open_in_pieces(file, data[0], data + 1, &other);
    if (one.status != other.status || one.has_file_key != other.has_file_key || one.plain.size != other.plain.size ||
        (one.plain.size > 0 && memcmp(one.plain.data, other.plain.data, one.plain.size) != 0))
        abort();
    if (one.status != ACCORD_OK &&
        (one.error.status != one.status || one.error.line != other.error.line ||
         strcmp(one.error.what, other.error.what) != 0 || strcmp(one.error.found, other.error.found) != 0))
        abort();
    accord_buffer_free(&one.plain);
    accord_buffer_free(&other.plain);
    return 0;
}
