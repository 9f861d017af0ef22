/* C2SP's vectors for age (tests/vectors/age, from the C2SP project's CCTV repository, where each file's first lines say
 * what is expected): each gives its outcome, and what comes out before a refusal is what the vector says, however the
 * file is cut into pieces. */
#include "slices.h"

#include "age/age.h"
#include "base/buffer.h"
#include "base/file.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define DIRECTORY "tests/vectors/age"
#define VECTORS 143
#define FILE_SIZE_MAX (20 << 20)

struct vector {
    char name[256];
    struct accord_buffer all, inflated;
    struct accord_bytes file, expect, payload, passphrase;
    uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], secrets[2][32], hybrids[2][32];
    size_t secret_count, hybrid_count;
    bool armored, has_file_key; /* some are too long on purpose */
};

struct outcome {
    enum accord_status status;
    struct accord_buffer plain;
    bool has_file_key;
    uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE];
};

static unsigned unjudged;

static void inflate_file(struct vector *vector)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    assert_int_equal(inflateInit(&stream), Z_OK);
    accord_buffer_init(&vector->inflated, FILE_SIZE_MAX);
    assert_int_equal(accord_buffer_reserve(&vector->inflated, FILE_SIZE_MAX), ACCORD_OK);
    union {
        const uint8_t *in;
        uint8_t *zlib;
    } input = {.in = vector->file.data}; /* zlib's interface has no const */
    stream.next_in = input.zlib;
    stream.avail_in = (uInt)vector->file.size;
    stream.next_out = vector->inflated.data;
    stream.avail_out = FILE_SIZE_MAX;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    vector->inflated.size = stream.total_out;
    vector->file = accord_buffer_bytes(&vector->inflated);
    inflateEnd(&stream);
}

static void take_line(struct vector *vector, struct accord_bytes line, bool *compressed)
{
    if (accord_cut_prefix(&line, ACCORD_LITERAL("expect: ")))
        vector->expect = line;
    else if (accord_cut_prefix(&line, ACCORD_LITERAL("payload: ")))
        vector->payload = line;
    else if (accord_cut_prefix(&line, ACCORD_LITERAL("file key: ")))
        vector->has_file_key = accord_hex_read(line, vector->file_key, sizeof vector->file_key);
    else if (accord_cut_prefix(&line, ACCORD_LITERAL("passphrase: ")))
        vector->passphrase = vector->passphrase.size == 0 ? line : vector->passphrase;
    else if (accord_cut_prefix(&line, ACCORD_LITERAL("identity: "))) {
        if (accord_age_identity_read(line, vector->secrets[vector->secret_count]))
            vector->secret_count++;
        else {
            assert_true(accord_age_hybrid_identity_read(line, vector->hybrids[vector->hybrid_count]));
            vector->hybrid_count++;
        }
        assert_true(vector->secret_count < 2 && vector->hybrid_count < 2);
    } else if (accord_bytes_equal(line, ACCORD_LITERAL("armored: yes")))
        vector->armored = true;
    else if (accord_bytes_equal(line, ACCORD_LITERAL("compressed: zlib")))
        *compressed = true;
    else if (!accord_cut_prefix(&line, ACCORD_LITERAL("comment: ")))
        fail_msg("%s: a line that is not known: %.*s", vector->name, (int)line.size, (const char *)line.data);
}

static void read_vector(struct vector *vector, const char *name)
{
    char path[512];
    struct accord_error error;
    struct accord_bytes line;
    bool compressed = false;
    memset(vector, 0, sizeof *vector);
    snprintf(vector->name, sizeof vector->name, "%s", name);
    snprintf(path, sizeof path, "%s/%s", DIRECTORY, name);
    accord_buffer_init(&vector->all, 1 << 20);
    assert_int_equal(accord_file_read(&accord_fs_real, path, &vector->all, &error), ACCORD_OK);
    vector->file = accord_buffer_bytes(&vector->all);
    while (accord_cut_line(&vector->file, &line) && line.size > 0)
        take_line(vector, line, &compressed);
    if (compressed)
        inflate_file(vector);
}

static enum accord_status append(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(context, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static void open_vector(const struct vector *vector, struct accord_age_opening opening, size_t piece,
                        struct outcome *outcome)
{
    struct accord_age_opener *opener;
    struct accord_error error = {.status = ACCORD_OK};
    accord_buffer_init(&outcome->plain, FILE_SIZE_MAX);
    opening.armor = vector->armored;
    opening.sink = (struct accord_age_sink){&outcome->plain, append};
    assert_int_equal(accord_age_opener_new(&opener, &opening, NULL), ACCORD_OK);
    outcome->status = ACCORD_OK;
    for (size_t at = 0; at < vector->file.size && outcome->status == ACCORD_OK; at += piece) {
        size_t left = vector->file.size - at;
        struct accord_bytes bytes = {vector->file.data + at, left < piece ? left : piece};
        outcome->status = accord_age_opener_write(opener, bytes, &error);
    }
    outcome->status = accord_age_opener_end(opener, &error);
    assert_int_equal(error.status, outcome->status);
    outcome->has_file_key = accord_age_opener_file_key(opener, outcome->file_key);
    accord_age_opener_free(opener);
}

static bool expects(const struct vector *vector, const char *what)
{
    return accord_bytes_equal(vector->expect, slice(what));
}

static bool came_out(const struct vector *vector, const struct outcome *outcome)
{
    uint8_t expected[ACCORD_HASH_SIZE], hash[ACCORD_HASH_SIZE];
    if (vector->payload.size == 0)
        return outcome->plain.size == 0;
    assert_true(accord_hex_read(vector->payload, expected, sizeof expected));
    accord_hash(&accord_crypto_default, accord_buffer_bytes(&outcome->plain), hash);
    return memcmp(hash, expected, sizeof hash) == 0;
}

/* Is the status one of those that the expectation allows? */
static bool allowed(const struct vector *vector, enum accord_status status)
{
    if (expects(vector, "success"))
        return status == ACCORD_OK;
    if (expects(vector, "no match"))
        return status == ACCORD_WRONG_KEY || status == ACCORD_WRONG_PASSPHRASE || status == ACCORD_KEY_TYPE;
    if (expects(vector, "HMAC failure"))
        return status == ACCORD_SIGNATURE;
    if (expects(vector, "header failure"))
        return status == ACCORD_MALFORMED || status == ACCORD_TOO_LARGE;
    if (expects(vector, "armor failure"))
        return status == ACCORD_MALFORMED || status == ACCORD_BAD_BASE64;
    assert_true(expects(vector, "payload failure"));
    return status == ACCORD_MALFORMED || status == ACCORD_SIGNATURE;
}

static void judge(const struct vector *vector, struct accord_age_opening opening)
{
    static const size_t pieces[] = {SIZE_MAX / 2, 65552, 4099, 1};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct outcome outcome;
        if (pieces[i] < 4099 && vector->file.size > 300000)
            continue;
        open_vector(vector, opening, pieces[i], &outcome);
        if (!allowed(vector, outcome.status) || !came_out(vector, &outcome))
            fail_msg("%s in pieces of %zu: status %d, %zu bytes came out", vector->name, pieces[i], (int)outcome.status,
                     outcome.plain.size);
        if (expects(vector, "success")) {
            assert_true(outcome.has_file_key);
            assert_memory_equal(outcome.file_key, vector->file_key, sizeof outcome.file_key);
        }
        accord_buffer_free(&outcome.plain);
    }
}

/* The file key opens what its recipients open, so the payload of every vector can be judged on every machine. */
static void judge_by_file_key(const struct vector *vector)
{
    struct outcome outcome;
    open_vector(vector, (struct accord_age_opening){.file_key = vector->file_key}, 1000, &outcome);
    if (expects(vector, "success") || expects(vector, "HMAC failure") || expects(vector, "armor failure") ||
        expects(vector, "payload failure")) {
        assert_true(allowed(vector, outcome.status));
        assert_true(came_out(vector, &outcome));
    }
    accord_buffer_free(&outcome.plain);
}

/* A vector with a hybrid key that only the key's stanza decides, on a machine that has not its algorithm. */
static bool cannot_be_judged(const struct vector *vector, struct accord_age_opening opening)
{
    struct outcome outcome;
    open_vector(vector, opening, 1000, &outcome);
    bool cannot = outcome.status == ACCORD_NO_CRYPTO;
    accord_buffer_free(&outcome.plain);
    return cannot;
}

static void run_vector(const char *name)
{
    struct vector vector;
    read_vector(&vector, name);
    struct accord_age_opening keys = {.secrets = (const uint8_t(*)[32])vector.secrets,
                                      .secret_count = vector.secret_count,
                                      .hybrid_secrets = (const uint8_t(*)[32])vector.hybrids,
                                      .hybrid_count = vector.hybrid_count};
    if (vector.passphrase.size > 0)
        judge(&vector, (struct accord_age_opening){.passphrase = vector.passphrase});
    if (vector.hybrid_count > 0 && !accord_age_hybrid_available() && cannot_be_judged(&vector, keys)) {
        printf("# %s needs ML-KEM-768, which this machine's libcrypto has not\n", vector.name);
        unjudged++;
    } else if (vector.secret_count + vector.hybrid_count > 0)
        judge(&vector, keys);
    if (vector.has_file_key)
        judge_by_file_key(&vector);
    accord_buffer_free(&vector.inflated);
    accord_buffer_free(&vector.all);
}

static void answers_c2sp_vectors(void **state)
{
    (void)state;
    unsigned count = 0;
    DIR *directory = opendir(DIRECTORY);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        run_vector(entry->d_name);
        count++;
    }
    closedir(directory);
    assert_int_equal(count, VECTORS);
    printf("# %u vectors, of which %u could not be judged by their own key\n", count, unjudged);
    if (accord_age_hybrid_available())
        assert_int_equal(unjudged, 0);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_c2sp_vectors),
    };
    return cmocka_run_group_tests_name("age_vectors", tests, NULL, NULL);
}
