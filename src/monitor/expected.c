/* What somebody says is theirs. Knows lists of digests and the entries in proofs; refuses to know what an entry says,
 * and whether it is in any log. */
#include "monitor/expected.h"

#include <stdlib.h>
#include <string.h>

#include "accord/proof.h"
#include "core/text.h"

#define CAPACITY_LEAST 64

void accord_expected_free(struct accord_expected *expected)
{
    free(expected->digest);
    free(expected->used);
    memset(expected, 0, sizeof *expected);
}

/* The slot of the digest: where it is, or where it would be. */
static size_t place(const struct accord_expected *expected, const uint8_t digest[ACCORD_HASH_SIZE])
{
    uint64_t word;
    memcpy(&word, digest, sizeof word);
    size_t at = (size_t)word & (expected->capacity - 1);
    while (expected->used[at] && memcmp(expected->digest[at], digest, ACCORD_HASH_SIZE) != 0)
        at = (at + 1) & (expected->capacity - 1);
    return at;
}

static enum accord_status grow(struct accord_expected *expected)
{
    struct accord_expected larger = {.capacity = expected->capacity == 0 ? CAPACITY_LEAST : expected->capacity * 2};
    larger.digest = calloc(larger.capacity, sizeof *larger.digest);
    larger.used = calloc(larger.capacity, 1);
    if (larger.digest == NULL || larger.used == NULL) {
        accord_expected_free(&larger);
        return ACCORD_NO_MEMORY;
    }
    for (size_t i = 0; i < expected->capacity; i++)
        if (expected->used[i] && accord_expected_add(&larger, expected->digest[i]) != ACCORD_OK)
            abort();
    accord_expected_free(expected);
    *expected = larger;
    return ACCORD_OK;
}

enum accord_status accord_expected_add(struct accord_expected *expected, const uint8_t digest[ACCORD_HASH_SIZE])
{
    if (accord_expected_has(expected, digest))
        return ACCORD_OK;
    if (expected->count == ACCORD_EXPECTED_MAX)
        return ACCORD_TOO_LARGE;
    if ((expected->count + 1) * 2 > expected->capacity) {
        enum accord_status status = grow(expected);
        if (status != ACCORD_OK)
            return status;
    }
    size_t at = place(expected, digest);
    memcpy(expected->digest[at], digest, ACCORD_HASH_SIZE);
    expected->used[at] = 1;
    expected->count++;
    return ACCORD_OK;
}

bool accord_expected_has(const struct accord_expected *expected, const uint8_t digest[ACCORD_HASH_SIZE])
{
    return expected->capacity > 0 && expected->used[place(expected, digest)];
}

static bool read_line(struct accord_bytes line, uint8_t digest[ACCORD_HASH_SIZE])
{
    struct accord_bytes hex = line;
    size_t size = 0;
    if (!accord_cut_prefix(&hex, ACCORD_LITERAL("sha256:")))
        hex = line;
    while (size < hex.size && hex.data[size] != ' ' && hex.data[size] != '\t')
        size++;
    hex.size = size;
    return accord_hex_read(hex, digest, ACCORD_HASH_SIZE);
}

enum accord_status accord_expected_read(struct accord_expected *expected, struct accord_bytes text,
                                        struct accord_error *error)
{
    struct accord_bytes line;
    uint8_t digest[ACCORD_HASH_SIZE];
    for (uint64_t number = 1; text.size > 0; number++) {
        if (!accord_cut_line(&text, &line)) {
            line = text;
            text.size = 0;
        }
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (!read_line(line, digest)) {
            accord_fail(error, ACCORD_BAD_HEX, number);
            accord_error_expected(error, ACCORD_LITERAL("sha256:<64 hex digits>"));
            accord_error_found(error, line);
            return ACCORD_BAD_HEX;
        }
        enum accord_status status = accord_expected_add(expected, digest);
        if (status != ACCORD_OK)
            return accord_fail(error, status, number);
    }
    return ACCORD_OK;
}

enum accord_status accord_expected_read_proof(struct accord_expected *expected, struct accord_bytes proof,
                                              const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_proof_claim claim;
    uint8_t leaf[ACCORD_HASH_SIZE];
    uint8_t *entry = malloc(ACCORD_ENTRY_SIZE_MAX);
    if (entry == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    struct accord_out out = {entry, ACCORD_ENTRY_SIZE_MAX, 0, false};
    enum accord_status status = accord_proof_parse(&claim, proof, error);
    if (status == ACCORD_OK)
        status = accord_proof_extra(&claim, &out, error);
    if (status == ACCORD_OK) {
        accord_merkle_leaf(crypto, accord_out_bytes(&out), leaf);
        status = accord_expected_add(expected, leaf);
        if (status != ACCORD_OK)
            accord_fail(error, status, 0);
    }
    free(entry);
    return status;
}
