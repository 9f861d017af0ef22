/* Work: numbers are tried until one makes the hash begin with zeros. What stands before the number is hashed once. */
#include "cli/report_work.h"

#include "cli/say.h"
#include "core/text.h"

/* A day of one core; whoever asks for more wants no reports. */
#define BITS_MAX 36
#define STEP (1 << 18)

static unsigned zero_bits(const uint8_t hash[ACCORD_HASH_SIZE])
{
    unsigned bits = 0;
    while (bits < 8 * ACCORD_HASH_SIZE && (hash[bits / 8] >> (7 - bits % 8) & 1) == 0) {
        bits++;
    }
    return bits;
}

static uint64_t find(const struct accord_crypto *crypto, struct accord_bytes before, unsigned bits)
{
    struct accord_progress progress = {.doing = "worked through", .of = "hashes, on the average"};
    struct accord_sha256 begun, sha;
    uint8_t hash[ACCORD_HASH_SIZE], digits[ACCORD_DECIMAL_SIZE_MAX + 1];
    uint64_t number = 0;
    crypto->sha256_init(&begun);
    crypto->sha256_update(&begun, before.data, before.size);
    for (;; number++) {
        struct accord_out out = {digits, sizeof digits, 0, false};
        accord_put_decimal(&out, number);
        accord_put_byte(&out, '\n');
        sha = begun;
        crypto->sha256_update(&sha, digits, out.size);
        crypto->sha256_final(&sha, hash);
        if (zero_bits(hash) >= bits) {
            break;
        }
        if (number % STEP == 0) {
            accord_progress_step(&progress, number, (uint64_t)1 << bits);
        }
    }
    accord_progress_end(&progress);
    return number;
}

enum accord_status accord_report_print_worked(struct accord_out *text, struct accord_report_claim *claim, unsigned bits,
                                              const struct accord_crypto *crypto, struct accord_error *error)
{
    size_t begin = text->size;
    claim->has_work = bits > 0;
    accord_report_print(text, claim, 0);
    if (bits == 0 || text->full) {
        return ACCORD_OK;
    }
    if (bits > BITS_MAX) {
        accord_fail(error, ACCORD_WORK, 0);
        accord_error_expected_number(error, bits);
        return ACCORD_WORK;
    }
    struct accord_bytes before = {text->data + begin, text->size - begin - (sizeof "0\n" - 1)};
    uint64_t number = find(crypto, before, bits);
    text->size = begin;
    accord_report_print(text, claim, number);
    return ACCORD_OK;
}
