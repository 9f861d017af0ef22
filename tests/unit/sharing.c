/* One secret among custodians: the algebra, whoever makes the shares, and the vectors of a program that shares no code
 * (tests/vectors/gen/sharing.py). */
#include "slices.h"

#include <sodium.h>
#include <stdio.h>

#include "case/sharing.h"
#include "core/text.h"
#include "crypto/backend.h"

#define N_MAX 6
#define VECTORS "tests/vectors/sharing/shares.txt"

typedef uint8_t word[32];

/* What is made for K of N. */
struct set {
    unsigned k, n;
    word secret, coefficients[ACCORD_CUSTODIANS_MAX], shares[ACCORD_CUSTODIANS_MAX];
};

static struct set make(unsigned k, unsigned n)
{
    struct set set = {.k = k, .n = n};
    accord_sharing_new(k, n, set.secret, set.coefficients, set.shares);
    return set;
}

#define COEFFICIENTS(set) ((const uint8_t(*)[32])(set)->coefficients)

/* The shares of these custodians (a bit each, the first is bit 0), in the order of their numbers or the other way. */
static bool combine(const struct set *set, unsigned who, bool backwards, word secret)
{
    word shares[ACCORD_CUSTODIANS_MAX];
    unsigned numbers[ACCORD_CUSTODIANS_MAX], count = 0;
    for (unsigned j = 0; j < set->n; j++) {
        unsigned i = backwards ? set->n - 1 - j : j;
        if ((who >> i & 1) != 0) {
            numbers[count] = i + 1;
            memcpy(shares[count++], set->shares[i], 32);
        }
    }
    return accord_sharing_combine(COEFFICIENTS(set), set->k, numbers, (const uint8_t(*)[32])shares, secret);
}

static unsigned bits(unsigned x)
{
    unsigned count = 0;
    for (; x != 0; x &= x - 1) {
        count++;
    }
    return count;
}

static void any_k_give_the_secret(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= N_MAX; n++) {
        for (unsigned k = 1; k <= n; k++) {
            struct set set = make(k, n);
            word secret;
            assert_true(accord_sharing_sound(COEFFICIENTS(&set), k));
            for (unsigned i = 0; i < n; i++) {
                assert_true(accord_sharing_check(COEFFICIENTS(&set), k, i + 1, set.shares[i]));
            }
            for (unsigned who = 0; who < 1U << n; who++) {
                if (bits(who) == k) {
                    assert_true(combine(&set, who, who % 2 != 0, secret));
                    assert_memory_equal(secret, set.secret, 32);
                }
            }
        }
    }
}

static void sixteen_of_sixteen(void **state)
{
    (void)state;
    struct set set = make(ACCORD_CUSTODIANS_MAX, ACCORD_CUSTODIANS_MAX);
    word secret;
    assert_true(combine(&set, 0xffff, false, secret));
    assert_memory_equal(secret, set.secret, 32);
}

/* One share too few, and another's number in its place: refused, and nothing of the secret is given. */
static void fewer_do_not(void **state)
{
    (void)state;
    struct set set = make(3, 5);
    word secret, shares[3] = {{0}}, zero = {0};
    memcpy(shares[0], set.shares[0], 32);
    memcpy(shares[1], set.shares[1], 32);
    const unsigned twice[] = {1, 2, 2}, three[] = {1, 2, 3}, none[] = {1, 2, 0}, beyond[] = {1, 2, 17};
    memcpy(shares[2], set.shares[1], 32);
    assert_false(accord_sharing_combine(COEFFICIENTS(&set), 3, twice, (const uint8_t(*)[32])shares, secret));
    assert_memory_equal(secret, zero, 32);
    assert_false(accord_sharing_combine(COEFFICIENTS(&set), 3, three, (const uint8_t(*)[32])shares, secret));
    assert_memory_equal(secret, zero, 32);
    memcpy(shares[2], set.secret, 32); /* the share of number 0 is the secret: nobody has this number */
    assert_false(accord_sharing_combine(COEFFICIENTS(&set), 3, none, (const uint8_t(*)[32])shares, secret));
    memcpy(shares[2], set.shares[2], 32);
    assert_false(accord_sharing_combine(COEFFICIENTS(&set), 3, beyond, (const uint8_t(*)[32])shares, secret));
    assert_true(accord_sharing_combine(COEFFICIENTS(&set), 3, three, (const uint8_t(*)[32])shares, secret));
    assert_memory_equal(secret, set.secret, 32);
}

/* Lagrange: the value at x of the polynomial through (xs[i], ys[i]). */
static void interpolate(const unsigned *xs, word *ys, unsigned count, unsigned x, word value)
{
    memset(value, 0, 32);
    for (unsigned i = 0; i < count; i++) {
        word above = {1}, below = {1}, own = {(uint8_t)xs[i]}, at = {(uint8_t)x}, other = {0}, part;
        for (unsigned m = 0; m < count; m++) {
            if (m != i) {
                other[0] = (uint8_t)xs[m];
                crypto_core_ristretto255_scalar_sub(part, at, other);
                crypto_core_ristretto255_scalar_mul(above, above, part);
                crypto_core_ristretto255_scalar_sub(part, own, other);
                crypto_core_ristretto255_scalar_mul(below, below, part);
            }
        }
        assert_int_equal(crypto_core_ristretto255_scalar_invert(below, below), 0);
        crypto_core_ristretto255_scalar_mul(part, above, below);
        crypto_core_ristretto255_scalar_mul(part, part, ys[i]);
        crypto_core_ristretto255_scalar_add(value, value, part);
    }
}

/* Whatever K - 1 custodians hold, any other secret has a polynomial of the same degree through their shares: with it
 * the sharing is as sound, and their shares are as right. So the shares alone say nothing of which secret it is. */
static void fewer_fit_any_secret(void **state)
{
    (void)state;
    for (unsigned k = 2; k <= 5; k++) {
        struct set set = make(k, 7), other = {.k = k, .n = 7};
        unsigned xs[8] = {0};
        word ys[8];
        crypto_core_ristretto255_scalar_random(other.secret); /* another secret, at 0 */
        memcpy(ys[0], other.secret, 32);
        for (unsigned i = 1; i < k; i++) { /* and what numbers 2 .. K hold */
            xs[i] = i + 1;
            memcpy(ys[i], set.shares[i], 32);
        }
        for (unsigned i = 0; i < 7; i++) {
            interpolate(xs, ys, k, i + 1, other.shares[i]);
        }
        for (unsigned i = 1; i < k; i++) {
            assert_memory_equal(other.shares[i], set.shares[i], 32);
        }
        /* Its shares are those of one secret: any K of them give it, by the public half of that secret. */
        assert_int_equal(crypto_scalarmult_ristretto255_base(other.coefficients[0], other.secret), 0);
        for (unsigned j = 1; j < k; j++) {
            memcpy(other.coefficients[j], other.coefficients[0], 32); /* combining asks only for the first */
        }
        for (unsigned who = 0; who < 1U << 7; who++) {
            word secret;
            if (bits(who) == k) {
                assert_true(combine(&other, who, false, secret));
                assert_memory_equal(secret, other.secret, 32);
            }
        }
        assert_memory_not_equal(other.secret, set.secret, 32);
    }
}

static void wrong_shares(void **state)
{
    (void)state;
    struct set set = make(2, 3);
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned bit = 0; bit < 256; bit++) {
            word share;
            memcpy(share, set.shares[i], 32);
            share[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_false(accord_sharing_check(COEFFICIENTS(&set), 2, i + 1, share));
        }
        for (unsigned number = 0; number <= 3; number++) {
            assert_int_equal(accord_sharing_check(COEFFICIENTS(&set), 2, number, set.shares[i]), number == i + 1);
        }
        assert_false(accord_sharing_check(COEFFICIENTS(&set), 2, ACCORD_CUSTODIANS_MAX + 1, set.shares[i]));
    }
    /* What is at number 0 is the secret itself, and at 256 what a byte would take for it. */
    assert_false(accord_sharing_check(COEFFICIENTS(&set), 2, 0, set.secret));
    assert_false(accord_sharing_check(COEFFICIENTS(&set), 2, 256, set.secret));
    assert_false(accord_sharing_check(COEFFICIENTS(&set), 2, 257, set.shares[0]));
}

static void others_coefficients(void **state)
{
    (void)state;
    struct set set = make(2, 3), another = make(2, 3);
    word swapped[2], secret;
    const unsigned numbers[] = {1, 2};
    assert_false(accord_sharing_check(COEFFICIENTS(&another), 2, 1, set.shares[0]));
    memcpy(swapped[0], set.coefficients[1], 32);
    memcpy(swapped[1], set.coefficients[0], 32);
    assert_false(accord_sharing_check((const uint8_t(*)[32])swapped, 2, 2, set.shares[1]));
    assert_false(accord_sharing_combine(COEFFICIENTS(&another), 2, numbers, (const uint8_t(*)[32])set.shares, secret));
    assert_false(accord_sharing_check(COEFFICIENTS(&set), 0, 1, set.shares[0]));
    assert_false(accord_sharing_sound(COEFFICIENTS(&set), 0));
    assert_false(accord_sharing_sound(COEFFICIENTS(&set), ACCORD_CUSTODIANS_MAX + 1));
}

/* The secret is zero where the first coefficient is the identity: everybody would know it. */
static void zero_secret(void **state)
{
    (void)state;
    const word coefficients[2] = {{0}, {0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9,
                                        0x61, 0xc5, 0x00, 0x51, 0x5f, 0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82,
                                        0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76}};
    const word shares[2] = {{1}, {2}}; /* of the polynomial x */
    const unsigned numbers[] = {1, 2};
    word secret;
    assert_false(accord_sharing_sound(coefficients, 2));
    assert_false(accord_sharing_check(coefficients, 2, 1, shares[0]));
    assert_false(accord_sharing_combine(coefficients, 2, numbers, shares, secret));
}

static void each_is_another(void **state)
{
    (void)state;
    struct set a = make(2, 2), b = make(2, 2);
    word x, y;
    assert_memory_not_equal(a.secret, b.secret, 32);
    assert_memory_not_equal(a.shares[0], a.shares[1], 32);
    assert_memory_not_equal(a.coefficients[0], a.coefficients[1], 32);
    accord_sharing_identity(a.secret, x);
    accord_sharing_identity(b.secret, y);
    assert_memory_not_equal(x, y, 32);
    assert_memory_not_equal(x, a.secret, 32);
}

/* Vectors */

static void unhex(const char *text, word value)
{
    size_t size = 0;
    assert_int_equal(sodium_hex2bin(value, 32, text, 64, NULL, &size, NULL), 0);
    assert_int_equal(size, 32);
}

/* The case that is being read, and how much was asked of it. */
struct vector {
    struct set set;
    word identity;
    unsigned cases, wrong, unsound;
};

static void end_of_case(struct vector *vector)
{
    struct set *set = &vector->set;
    word secret;
    if (set->n == 0) {
        return;
    }
    for (unsigned first = 0; first + set->k <= set->n; first++) {
        assert_true(combine(set, ((1U << set->k) - 1) << first, false, secret));
        assert_memory_equal(secret, set->secret, 32);
    }
    accord_sharing_identity(set->secret, secret);
    assert_memory_equal(secret, vector->identity, 32);
    vector->cases++;
    vector->set = (struct set){0};
}

/* The number of "share NUMBER ...". */
static uint64_t number_in(const char *line)
{
    const char *digits = strchr(line, ' ') + 1;
    uint64_t number = 0;
    assert_true(accord_decimal_read((struct accord_bytes){(const uint8_t *)digits, strcspn(digits, " ")}, &number));
    return number;
}

static void take(struct vector *vector, const char *line)
{
    struct set *set = &vector->set;
    word value, two[2];
    const char *hex = strrchr(line, ' ') + 1;
    if (strncmp(line, "case ", 5) == 0) {
        end_of_case(vector);
        return;
    }
    unhex(hex, value);
    if (strncmp(line, "secret ", 7) == 0) {
        memcpy(set->secret, value, 32);
    } else if (strncmp(line, "identity ", 9) == 0) {
        memcpy(vector->identity, value, 32);
    } else if (strncmp(line, "coefficient ", 12) == 0) {
        memcpy(set->coefficients[set->k++], value, 32);
    } else if (strncmp(line, "share ", 6) == 0) {
        uint64_t number = number_in(line);
        assert_int_equal(number, set->n + 1);
        memcpy(set->shares[set->n++], value, 32);
        assert_true(accord_sharing_check(COEFFICIENTS(set), set->k, (unsigned)number, value));
    } else if (strncmp(line, "wrong ", 6) == 0) {
        uint64_t number = number_in(line);
        assert_in_range(number, 1, set->n);
        assert_false(accord_sharing_check(COEFFICIENTS(set), set->k, (unsigned)number, value));
        vector->wrong++;
    } else {
        assert_int_equal(strncmp(line, "unsound ", 8), 0);
        unhex(line + 8, two[0]);
        memcpy(two[1], value, 32);
        assert_false(accord_sharing_sound((const uint8_t(*)[32])two, hex == line + 8 ? 1 : 2));
        vector->unsound++;
    }
}

static void vectors(void **state)
{
    (void)state;
    struct vector vector = {.cases = 0};
    char line[256];
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') {
            take(&vector, line);
        }
    }
    (void)fclose(file);
    end_of_case(&vector);
    assert_int_equal(vector.cases, 11);
    assert_true(vector.wrong > 100 && vector.unsound == 27);
}

/* What is sealed names the report: SHA-256 of "accord/v1/share", a newline and the vkey, by another program. */
static void a_share_is_for_one_report(void **state)
{
    const struct accord_bytes key = slice("reporter+1ffc1dba+AbJ5fHXxEuBFi4LMhSMmLYlpVF0yyv/i4Bct52oMoKZu");
    const uint8_t digest[32] = {0xe7, 0x1b, 0x6e, 0x77, 0x08, 0x84, 0x9a, 0xe4, 0x2a, 0x6b, 0x25,
                                0xf9, 0xd2, 0x38, 0xde, 0x98, 0xce, 0x95, 0x73, 0xe6, 0x6b, 0x66,
                                0xb1, 0xd0, 0xcb, 0x29, 0x3d, 0xe7, 0xa3, 0xcd, 0x60, 0x8e};
    uint8_t share[32], plain[ACCORD_SHARING_PLAIN_SIZE];
    (void)state;
    memset(share, 5, sizeof share);
    accord_sharing_plain(share, key, plain);
    assert_memory_equal(plain, share, 32);
    assert_memory_equal(plain + 32, digest, 32);
    assert_true(accord_sharing_is_for((struct accord_bytes){plain, sizeof plain}, key));
    assert_false(accord_sharing_is_for((struct accord_bytes){plain, sizeof plain - 1}, key));
    assert_false(accord_sharing_is_for((struct accord_bytes){NULL, 0}, key));
    assert_false(accord_sharing_is_for((struct accord_bytes){plain, sizeof plain},
                                       (struct accord_bytes){key.data, key.size - 1}));
    for (size_t i = 32; i < sizeof plain; i++) {
        plain[i] ^= 1;
        assert_false(accord_sharing_is_for((struct accord_bytes){plain, sizeof plain}, key));
        plain[i] ^= 1;
    }
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_k_give_the_secret),
        cmocka_unit_test(sixteen_of_sixteen),
        cmocka_unit_test(fewer_do_not),
        cmocka_unit_test(fewer_fit_any_secret),
        cmocka_unit_test(wrong_shares),
        cmocka_unit_test(others_coefficients),
        cmocka_unit_test(zero_secret),
        cmocka_unit_test(each_is_another),
        cmocka_unit_test(vectors),
        cmocka_unit_test(a_share_is_for_one_report),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
