/* Sealing and opening as a stream: what comes out, that a seed decides it bit for bit, and that nothing which was
 * changed, cut off or put together opens. */
#include "slices.h"

#include "age/age.h"
#include "age/header.h"
#include "base/buffer.h"
#include "crypto/backend.h"

#include <stdlib.h>

#define SIZE_MAX_TESTED (3 << 20)

static uint8_t secrets[3][32], recipients[3][32], seed[32];
static uint8_t *text; /* SIZE_MAX_TESTED bytes of no pattern */
static struct accord_error error;

static enum accord_status append(void *context, struct accord_bytes bytes, struct accord_error *wrong)
{
    enum accord_status status = accord_buffer_append(context, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(wrong, status, 0);
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    text = malloc(SIZE_MAX_TESTED);
    if (text == NULL)
        return -1;
    accord_random(text, SIZE_MAX_TESTED);
    for (size_t i = 0; i < 32; i++)
        seed[i] = (uint8_t)i;
    for (size_t i = 0; i < 3; i++) {
        memset(secrets[i], (int)i + 1, 32);
        accord_age_recipient_of(secrets[i], recipients[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(text);
    return 0;
}

/* Pieces of any size, so that chunks are filled in every way. */
static size_t piece_of(uint32_t *state, size_t left)
{
    *state = *state * 1664525 + 1013904223;
    size_t size = 1 + (*state >> 8) % (*state >> 30 == 0 ? 200000 : 5000);
    return size < left ? size : left;
}

static void seal(struct accord_buffer *file, struct accord_age_sealing sealing, size_t size, uint32_t pieces)
{
    struct accord_age_sealer *sealer;
    accord_buffer_init(file, 2 * SIZE_MAX_TESTED);
    sealing.sink = (struct accord_age_sink){file, append};
    assert_int_equal(accord_age_sealer_new(&sealer, &sealing, &error), ACCORD_OK);
    for (size_t at = 0; at < size;) {
        size_t piece = piece_of(&pieces, size - at);
        assert_int_equal(accord_age_sealer_write(sealer, (struct accord_bytes){text + at, piece}, &error), ACCORD_OK);
        at += piece;
    }
    assert_int_equal(accord_age_sealer_end(sealer, &error), ACCORD_OK);
    accord_age_sealer_free(sealer);
}

static void seal_for(struct accord_buffer *file, size_t count, size_t size, bool armor)
{
    seal(file,
         (struct accord_age_sealing){
             .recipients = (const uint8_t(*)[32])recipients, .recipient_count = count, .seed = seed, .armor = armor},
         size, 1);
}

static enum accord_status open_with(struct accord_bytes file, struct accord_age_opening opening,
                                    struct accord_buffer *plain, uint32_t pieces)
{
    struct accord_age_opener *opener;
    enum accord_status status = ACCORD_OK;
    accord_buffer_init(plain, 2 * SIZE_MAX_TESTED);
    opening.sink = (struct accord_age_sink){plain, append};
    assert_int_equal(accord_age_opener_new(&opener, &opening, &error), ACCORD_OK);
    for (size_t at = 0; at < file.size && status == ACCORD_OK;) {
        size_t piece = piece_of(&pieces, file.size - at);
        status = accord_age_opener_write(opener, (struct accord_bytes){file.data + at, piece}, &error);
        at += piece;
    }
    enum accord_status end = accord_age_opener_end(opener, &error);
    if (status != ACCORD_OK)
        assert_int_equal(end, status); /* a refusal stays one */
    accord_age_opener_free(opener);
    return end;
}

/* In one piece. */
static enum accord_status open_whole(struct accord_bytes file, struct accord_age_opening opening,
                                     struct accord_buffer *plain)
{
    struct accord_age_opener *opener;
    accord_buffer_init(plain, 2 * SIZE_MAX_TESTED);
    opening.sink = (struct accord_age_sink){plain, append};
    assert_int_equal(accord_age_opener_new(&opener, &opening, &error), ACCORD_OK);
    (void)!accord_age_opener_write(opener, file, &error);
    enum accord_status end = accord_age_opener_end(opener, &error);
    accord_age_opener_free(opener);
    return end;
}

static enum accord_status open_as(struct accord_bytes file, size_t who, struct accord_buffer *plain)
{
    return open_with(
        file,
        (struct accord_age_opening){.secrets = (const uint8_t(*)[32]) & secrets[who], .secret_count = 1, .armor = true},
        plain, 7);
}

static void gives_back_what_was_sealed(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,      1,         65535,     65536,         65537,
                                   131072, 8 * 65536, 9 * 65536, 9 * 65536 + 1, SIZE_MAX_TESTED};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned armor = 0; armor < 2; armor++) {
            struct accord_buffer file, plain;
            seal_for(&file, 3, sizes[i], armor == 1);
            if (armor == 0)
                assert_int_equal(file.size, accord_age_sealed_size(3, sizes[i]));
            for (size_t who = 0; who < 3; who++) {
                assert_int_equal(open_as(accord_buffer_bytes(&file), who, &plain), ACCORD_OK);
                assert_true(accord_bytes_equal(accord_buffer_bytes(&plain), (struct accord_bytes){text, sizes[i]}));
                accord_buffer_free(&plain);
            }
            accord_buffer_free(&file);
        }
    }
    assert_true(accord_age_sealed_size(1, UINT64_MAX) == UINT64_MAX);
}

static void a_seed_decides_every_bit(void **state)
{
    (void)state;
    struct accord_buffer one, two, other;
    const struct accord_age_sealing sealing = {
        .recipients = (const uint8_t(*)[32])recipients, .recipient_count = 2, .seed = seed};
    struct accord_age_sealing no_seed = sealing;
    no_seed.seed = NULL;
    seal(&one, sealing, SIZE_MAX_TESTED, 1);
    seal(&two, sealing, SIZE_MAX_TESTED, 99);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&one), accord_buffer_bytes(&two)));
    seal(&other, no_seed, SIZE_MAX_TESTED, 1);
    assert_int_equal(other.size, one.size);
    assert_false(accord_bytes_equal(accord_buffer_bytes(&one), accord_buffer_bytes(&other)));
    accord_buffer_free(&other);
    seed[31] ^= 1;
    seal(&other, sealing, SIZE_MAX_TESTED, 1);
    seed[31] ^= 1;
    assert_false(accord_bytes_equal(accord_buffer_bytes(&one), accord_buffer_bytes(&other)));
    accord_buffer_free(&other);
    accord_buffer_free(&one);
    accord_buffer_free(&two);
}

/* Rebuilt by another implementation from docs/protocol.md, "Sealing" (tests/vectors/gen/age_seal.py). */
static void is_sealed_as_the_protocol_says(void **state)
{
    (void)state;
    struct accord_buffer file;
    uint8_t hash[ACCORD_HASH_SIZE], file_key[ACCORD_AGE_FILE_KEY_SIZE];
    static const uint8_t expected_key[] = {0x47, 0x04, 0x39, 0x3d, 0xd1, 0xa1, 0xa0, 0x17,
                                           0xbd, 0x30, 0x20, 0x2c, 0x55, 0x60, 0xbd, 0x89};
    static const uint8_t expected_hash[] = {0xbd, 0x50, 0x02, 0xcc, 0xc6, 0x44, 0x50, 0x3f, 0x6c, 0x49, 0x71,
                                            0xb3, 0x5b, 0xf6, 0x2d, 0xe7, 0x75, 0x53, 0x8c, 0x82, 0xeb, 0x45,
                                            0xa5, 0x97, 0xbb, 0x56, 0xc1, 0x6e, 0xae, 0x52, 0xf8, 0xa7};
    memset(text, 'a', 65537);
    seal_for(&file, 3, 65537, false);
    accord_random(text, 65537);
    accord_hash(&accord_crypto_default, accord_buffer_bytes(&file), hash);
    assert_memory_equal(hash, expected_hash, sizeof hash);
    accord_age_seed_file_key(seed, file_key);
    assert_memory_equal(file_key, expected_key, sizeof file_key);
    accord_buffer_free(&file);
}

static void opens_with_its_file_key(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE];
    seal_for(&file, 2, 70000, true);
    accord_age_seed_file_key(seed, file_key);
    struct accord_age_opening opening = {.file_key = file_key, .armor = true};
    assert_int_equal(open_with(accord_buffer_bytes(&file), opening, &plain, 1), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&plain), (struct accord_bytes){text, 70000}));
    accord_buffer_free(&plain);
    file_key[0] ^= 1;
    assert_int_equal(open_with(accord_buffer_bytes(&file), opening, &plain, 1), ACCORD_SIGNATURE);
    assert_int_equal(plain.size, 0);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
}

static void gives_its_file_key(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    uint8_t expected[ACCORD_AGE_FILE_KEY_SIZE], file_key[ACCORD_AGE_FILE_KEY_SIZE];
    struct accord_age_opener *opener;
    seal_for(&file, 1, 10, false);
    accord_buffer_init(&plain, 100);
    accord_age_seed_file_key(seed, expected);
    const struct accord_age_opening opening = {
        .secrets = (const uint8_t(*)[32])secrets, .secret_count = 3, .sink = {&plain, append}};
    assert_int_equal(accord_age_opener_new(&opener, &opening, &error), ACCORD_OK);
    assert_false(accord_age_opener_file_key(opener, file_key));
    size_t header = (size_t)accord_age_sealed_size(1, 10) - 10 - 32;
    assert_int_equal(accord_age_opener_write(opener, (struct accord_bytes){file.data, header - 1}, &error), ACCORD_OK);
    assert_false(accord_age_opener_file_key(opener, file_key));
    assert_int_equal(accord_age_opener_write(opener, (struct accord_bytes){file.data + header - 1, 1}, &error),
                     ACCORD_OK);
    assert_true(accord_age_opener_file_key(opener, file_key));
    assert_memory_equal(file_key, expected, sizeof expected);
    assert_int_equal(accord_age_opener_end(opener, &error), ACCORD_MALFORMED);
    accord_age_opener_free(opener);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
}

static void a_passphrase_opens_what_it_sealed(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    seal(&file, (struct accord_age_sealing){.passphrase = ACCORD_LITERAL("correct horse")}, 100000, 1);
    struct accord_age_opening opening = {.passphrase = ACCORD_LITERAL("correct horse")};
    assert_int_equal(open_with(accord_buffer_bytes(&file), opening, &plain, 1), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&plain), (struct accord_bytes){text, 100000}));
    accord_buffer_free(&plain);
    opening.passphrase = ACCORD_LITERAL("correct horsf");
    assert_int_equal(open_with(accord_buffer_bytes(&file), opening, &plain, 1), ACCORD_WRONG_PASSPHRASE);
    accord_buffer_free(&plain);
    assert_int_equal(open_as(accord_buffer_bytes(&file), 0, &plain), ACCORD_KEY_TYPE);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
    seal_for(&file, 1, 1, false);
    assert_int_equal(open_with(accord_buffer_bytes(&file), opening, &plain, 1), ACCORD_KEY_TYPE);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
}

static void another_key_opens_nothing(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    seal_for(&file, 2, 1000, false);
    assert_int_equal(open_as(accord_buffer_bytes(&file), 2, &plain), ACCORD_WRONG_KEY);
    assert_int_equal(plain.size, 0);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
}

/* A file of so many chunks, changed in one bit or cut off at one place, at sampled places: it never opens, and what
 * came out of it is a beginning of what was sealed. */
static void nothing_changed_or_cut_opens(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 5, 65536, 12 * 65536 + 5};
    uint32_t sample = 5;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct accord_buffer file, plain;
        seal_for(&file, 2, sizes[i], false);
        size_t whole = file.size;
        for (unsigned round = 0; round < 300; round++) {
            sample = sample * 1664525 + 1013904223;
            size_t at = round < 200 ? sample % (whole < 400 ? whole : 400) : sample % whole;
            bool cut = round % 2 == 0;
            if (!cut)
                file.data[at] ^= (uint8_t)(1 << (sample >> 29));
            enum accord_status status = open_as((struct accord_bytes){file.data, cut ? at : whole}, 1, &plain);
            if (status == ACCORD_OK)
                fail_msg("%zu bytes, %s at %zu: it opens", sizes[i], cut ? "cut" : "changed", at);
            assert_true(plain.size <= sizes[i] && (plain.size == 0 || memcmp(plain.data, text, plain.size) == 0));
            accord_buffer_free(&plain);
            if (!cut)
                file.data[at] ^= (uint8_t)(1 << (sample >> 29));
        }
        accord_buffer_free(&file);
    }
}

/* The faults that the contract tells apart. */
static void says_what_is_wrong(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    seal_for(&file, 1, 2 * 65536, false);
    size_t payload = file.size - 2 * 65552;
    static const struct {
        size_t cut; /* bytes of the payload that are left */
        enum accord_status status;
        size_t out;
    } cuts[] = {{0, ACCORD_MALFORMED, 0},         {15, ACCORD_MALFORMED, 0},        {16, ACCORD_SIGNATURE, 0},
                {65551, ACCORD_SIGNATURE, 0},     {65552, ACCORD_MALFORMED, 65536}, {65553, ACCORD_MALFORMED, 65536},
                {65568, ACCORD_SIGNATURE, 65536}, {2 * 65552, ACCORD_OK, 2 * 65536}};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        assert_int_equal(open_as((struct accord_bytes){file.data, payload + cuts[i].cut}, 0, &plain), cuts[i].status);
        assert_int_equal(plain.size, cuts[i].out);
        accord_buffer_free(&plain);
    }
    assert_int_equal(accord_buffer_append(&file, ACCORD_LITERAL("more")), ACCORD_OK);
    assert_int_equal(open_as(accord_buffer_bytes(&file), 0, &plain), ACCORD_SIGNATURE);
    assert_string_equal(error.what, "chunk 1");
    accord_buffer_free(&plain);
    /* chunks that changed their places */
    file.size -= 4;
    uint8_t *chunk = malloc(65552);
    assert_non_null(chunk);
    memcpy(chunk, file.data + payload, 65552);
    memmove(file.data + payload, file.data + payload + 65552, 65552);
    memcpy(file.data + payload + 65552, chunk, 65552);
    free(chunk);
    assert_int_equal(open_as(accord_buffer_bytes(&file), 0, &plain), ACCORD_SIGNATURE);
    assert_string_equal(error.what, "chunk 0");
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
}

/* Of two faults the first in the file is told, although the armor's is found before the chunk's is. */
static void the_first_fault_is_told(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    seal_for(&file, 1, 14 * 65536, true);
    file.data[file.size - 3] = 'x'; /* in the last line */
    assert_int_equal(open_as(accord_buffer_bytes(&file), 0, &plain), ACCORD_MALFORMED);
    assert_string_equal(error.what, "the armor of an encrypted file");
    assert_int_equal(plain.size, 13 * 65536);
    accord_buffer_free(&plain);
    size_t at = file.size / 14 * 13 - 1000; /* in chunk 12 */
    file.data[at] = file.data[at] == 'A' ? 'B' : 'A';
    static const uint32_t pieces[] = {1, 2, 3};
    for (size_t i = 0; i < 4; i++) {
        struct accord_age_opening opening = {
            .secrets = (const uint8_t(*)[32])secrets, .secret_count = 1, .armor = true};
        if (i < 3)
            assert_int_equal(open_with(accord_buffer_bytes(&file), opening, &plain, pieces[i]), ACCORD_SIGNATURE);
        else
            assert_int_equal(open_whole(accord_buffer_bytes(&file), opening, &plain), ACCORD_SIGNATURE);
        assert_string_equal(error.what, "chunk 12");
        assert_int_equal(plain.size, 12 * 65536);
        accord_buffer_free(&plain);
    }
    struct accord_age_opening no_armor = {.secrets = (const uint8_t(*)[32])secrets, .secret_count = 1};
    assert_int_equal(open_with(accord_buffer_bytes(&file), no_armor, &plain, 1), ACCORD_MALFORMED);
    assert_int_equal(error.line, 1);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
}

static void a_header_has_an_end(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    accord_buffer_init(&file, 1 << 20);
    assert_int_equal(accord_buffer_append(&file, ACCORD_LITERAL("age-encryption.org/v1\n")), ACCORD_OK);
    while (file.size < 100000)
        assert_int_equal(accord_buffer_append(&file, ACCORD_LITERAL("-> somebody\nAAAA\n")), ACCORD_OK);
    assert_int_equal(open_as(accord_buffer_bytes(&file), 0, &plain), ACCORD_TOO_LARGE);
    accord_buffer_free(&plain);
    file.data[5000] = '=';
    assert_int_equal(open_as(accord_buffer_bytes(&file), 0, &plain), ACCORD_MALFORMED);
    assert_true(error.line > 500 && error.line < 700);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
    static const char zeros[4096] = "GIF89a";
    assert_int_equal(open_as((struct accord_bytes){(const uint8_t *)zeros, sizeof zeros}, 0, &plain), ACCORD_MALFORMED);
    assert_int_equal(error.line, 1);
    accord_buffer_free(&plain);
    assert_int_equal(open_as(ACCORD_LITERAL(""), 0, &plain), ACCORD_MALFORMED);
    accord_buffer_free(&plain);
}

static void points_of_small_order_are_no_recipients(void **state)
{
    (void)state;
    static const uint8_t bad[2][32] = {{0}, {1}};
    struct accord_buffer file;
    struct accord_age_sealer *sealer;
    accord_buffer_init(&file, 10000);
    for (size_t i = 0; i < 2; i++) {
        const struct accord_age_sealing sealing = {
            .recipients = &bad[i], .recipient_count = 1, .sink = {&file, append}};
        assert_int_equal(accord_age_sealer_new(&sealer, &sealing, &error), ACCORD_BAD_KEY);
        assert_null(sealer);
    }
    assert_int_equal(file.size, 0);
    accord_buffer_free(&file);
}

static enum accord_status refuse(void *context, struct accord_bytes bytes, struct accord_error *wrong)
{
    size_t *left = context;
    if (bytes.size > *left)
        return accord_fail(wrong, ACCORD_IO, 77);
    *left -= bytes.size;
    return ACCORD_OK;
}

/* A sink's refusal ends the work, at whichever byte it comes, and is what everybody is told from then on. */
static void a_sink_may_refuse(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 100, 300, 70000, 900000, 1400000};
    struct accord_buffer file;
    seal_for(&file, 1, 1 << 21, false);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        size_t left = limits[i];
        struct accord_age_sealer *sealer;
        struct accord_age_opener *opener;
        const struct accord_age_sealing sealing = {
            .recipients = (const uint8_t(*)[32])recipients, .recipient_count = 1, .sink = {&left, refuse}};
        enum accord_status status = accord_age_sealer_new(&sealer, &sealing, &error);
        if (status == ACCORD_OK) {
            (void)!accord_age_sealer_write(sealer, (struct accord_bytes){text, 1 << 21}, &error);
            status = accord_age_sealer_end(sealer, &error);
            accord_age_sealer_free(sealer);
        }
        assert_int_equal(status, ACCORD_IO);
        assert_int_equal(error.line, 77);
        left = limits[i];
        const struct accord_age_opening opening = {
            .secrets = (const uint8_t(*)[32])secrets, .secret_count = 1, .sink = {&left, refuse}};
        assert_int_equal(accord_age_opener_new(&opener, &opening, &error), ACCORD_OK);
        status = accord_age_opener_write(opener, accord_buffer_bytes(&file), &error);
        if (status != ACCORD_OK) { /* OK where the refusal is still to come: chunks wait to be given to the sink */
            assert_int_equal(status, ACCORD_IO);
            assert_int_equal(accord_age_opener_write(opener, ACCORD_LITERAL("x"), &error), ACCORD_IO);
        }
        assert_int_equal(accord_age_opener_end(opener, &error), ACCORD_IO);
        assert_int_equal(error.line, 77);
        accord_age_opener_free(opener);
    }
    accord_buffer_free(&file);
}

static void reads_and_prints_keys(void **state)
{
    (void)state;
    char recipient[63], identity[75];
    uint8_t key[32];
    accord_age_recipient_print(recipients[0], recipient);
    accord_age_identity_print(secrets[0], identity);
    assert_true(accord_age_recipient_read(slice(recipient), key));
    assert_memory_equal(key, recipients[0], 32);
    assert_true(accord_age_identity_read(slice(identity), key));
    assert_memory_equal(key, secrets[0], 32);
    assert_false(accord_age_identity_read(slice(recipient), key));
    assert_false(accord_age_recipient_read(slice(identity), key));
    recipient[10] = recipient[10] == 'q' ? 'p' : 'q';
    assert_false(accord_age_recipient_read(slice(recipient), key));
    assert_false(
        accord_age_recipient_read(slice("AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ"), key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_sealed),
        cmocka_unit_test(a_seed_decides_every_bit),
        cmocka_unit_test(is_sealed_as_the_protocol_says),
        cmocka_unit_test(opens_with_its_file_key),
        cmocka_unit_test(gives_its_file_key),
        cmocka_unit_test(a_passphrase_opens_what_it_sealed),
        cmocka_unit_test(another_key_opens_nothing),
        cmocka_unit_test(nothing_changed_or_cut_opens),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(the_first_fault_is_told),
        cmocka_unit_test(a_header_has_an_end),
        cmocka_unit_test(points_of_small_order_are_no_recipients),
        cmocka_unit_test(a_sink_may_refuse),
        cmocka_unit_test(reads_and_prints_keys),
    };
    return cmocka_run_group_tests_name("age_stream", tests, setup, teardown);
}
