/* Shares: whatever coefficients and shares come, K that are right give a secret that is the coefficients', and no share
 * has two texts. The first byte is K - 1, then K coefficients, then a number and a share as often as there are. */
#include "case/sharing.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Other texts for the same number mod 2^255, and the neighbours of a right share, are wrong. */
static void require_one_text(const uint8_t coefficients[][32], unsigned k, unsigned number, const uint8_t share[32])
{
    uint8_t other[32];
    for (unsigned bit = 0; bit < 256; bit += 51) {
        memcpy(other, share, sizeof other);
        other[bit / 8] ^= (uint8_t)(1U << bit % 8);
        require(!accord_sharing_check(coefficients, k, number, other));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t coefficients[ACCORD_CUSTODIANS_MAX][32], shares[ACCORD_CUSTODIANS_MAX][32], secret[32], identity[32];
    const uint8_t(*public)[32] = (const uint8_t(*)[32])coefficients;
    unsigned numbers[ACCORD_CUSTODIANS_MAX], count = 0, seen = 0;
    accord_crypto_start();
    if (size < 1 || data[0] >= ACCORD_CUSTODIANS_MAX || size < 1 + 32 * (1 + (size_t)data[0]))
        return 0;
    unsigned k = 1U + data[0];
    memcpy(coefficients, data + 1, 32 * (size_t)k);
    bool sound = accord_sharing_sound(public, k);
    size_t used = 1 + 32 * (size_t)k;
    for (; size - used >= 33 && count < k; used += 33) {
        unsigned number = data[used];
        bool right = accord_sharing_check(public, k, number, data + used + 1);
        require(!right || (sound && number >= 1 && number <= ACCORD_CUSTODIANS_MAX));
        if (right && (seen >> number & 1) == 0) {
            require_one_text(public, k, number, data + used + 1);
            seen |= 1U << number;
            numbers[count] = number;
            memcpy(shares[count++], data + used + 1, 32);
        }
    }
    if (count == k) {
        require(accord_sharing_combine(public, k, numbers, (const uint8_t(*)[32])shares, secret));
        require(k > 1 || memcmp(secret, shares[0], 32) == 0);
        accord_sharing_identity(secret, identity);
        shares[k - 1][0] ^= 1;
        require(!accord_sharing_combine(public, k, numbers, (const uint8_t(*)[32])shares, secret));
    }
    return 0;
}
