/* What tests of the log share: a directory of their own, entries made from their numbers, signed checkpoints. */
#ifndef ACCORD_TESTS_LOGS_H
#define ACCORD_TESTS_LOGS_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"
#include "signing.h"
#include "slices.h"

#define LOG_ORIGIN "example.com/log"

/* A new directory, and the log's directory in it, which does not exist yet. */
struct log_place {
    char root[64];
    char log[80];
};

static inline int place_new(void **state)
{
    struct log_place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    snprintf(place->root, sizeof place->root, "%s", "/tmp/accord-test-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    snprintf(place->log, sizeof place->log, "%s/log", place->root);
    *state = place;
    return 0;
}

static inline int place_free(void **state)
{
    struct log_place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->root);
    int result = system(command);
    free(place);
    return result;
}

/* A path below the log's directory; valid until the call after the next. */
static inline const char *log_path(const struct log_place *place, const char *name)
{
    static char paths[2][256];
    static unsigned turn;
    turn ^= 1;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", place->log, name);
    return paths[turn];
}

static inline long log_file_size(const struct log_place *place, const char *name)
{
    struct stat status;
    return stat(log_path(place, name), &status) == 0 ? (long)status.st_size : -1;
}

/* The entry with this number: its decimal digits, now and then much longer. */
static inline size_t log_entry(uint64_t number, uint8_t entry[1024])
{
    size_t size = (size_t)snprintf((char *)entry, 1024, "%llu", (unsigned long long)number);
    size_t all = number % 97 == 3 ? 1000 : size;
    memset(entry + size, '.', all - size);
    return all;
}

/* Appends count entries, whose numbers are their indexes. */
static inline void log_fill(struct accord_log *log, uint64_t count)
{
    uint8_t *data = malloc(ACCORD_LOG_APPEND_SIZE_MAX), entry[1024];
    assert_non_null(data);
    size_t filled = 0;
    uint64_t next = accord_log_size(log), waiting = 0, end = next + count;
    while (next < end) {
        size_t size = log_entry(next++, entry);
        data[filled++] = (uint8_t)(size >> 8);
        data[filled++] = (uint8_t)size;
        memcpy(data + filled, entry, size);
        filled += size;
        waiting++;
        if (next == end || filled > 1 << 20) {
            uint64_t first, got;
            struct accord_error error;
            struct accord_bytes batch = {data, filled};
            assert_int_equal(accord_log_append(log, batch, &first, &got, &error), ACCORD_OK);
            assert_int_equal(first, next - waiting);
            assert_int_equal(got, waiting);
            filled = 0;
            waiting = 0;
        }
    }
    free(data);
}

/* A checkpoint signed by the key of that name. */
static inline struct accord_bytes log_checkpoint(uint8_t data[512], const char *origin, const char *signer,
                                                 uint64_t size, const uint8_t root[ACCORD_HASH_SIZE])
{
    struct accord_out out = {data, 512, 0, false};
    uint8_t seed[32], public_key[32], signature[64];
    accord_checkpoint_print(&out, slice(origin), size, root);
    signing_seed(signer, seed);
    seed[0] ^= (uint8_t)ACCORD_KEY_ED25519;
    accord_ed25519_public(seed, public_key);
    accord_ed25519_sign(seed, out.data, out.size, signature);
    uint32_t id =
        accord_key_id(slice(signer), ACCORD_KEY_ED25519, (struct accord_bytes){public_key, 32}, &accord_crypto_default);
    put_text(&out, "\n");
    accord_signature_print(&out, slice(signer), id, (struct accord_bytes){signature, sizeof signature});
    assert_false(out.full);
    return accord_out_bytes(&out);
}

static inline struct accord_log *log_open(const struct log_place *place)
{
    struct accord_log *log;
    struct accord_error error;
    assert_int_equal(accord_log_open(&log, &accord_fs_real, &accord_crypto_default, place->log, false, &error),
                     ACCORD_OK);
    return log;
}

static inline struct accord_log *log_new(const struct log_place *place)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    struct accord_error error;
    accord_merkle_empty_root(&accord_crypto_default, root);
    struct accord_bytes checkpoint = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 0, root);
    assert_int_equal(accord_log_create(&accord_fs_real, &accord_crypto_default, place->log, checkpoint, &error),
                     ACCORD_OK);
    return log_open(place);
}

static inline void log_publish(struct accord_log *log)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    struct accord_error error;
    assert_int_equal(accord_log_integrate(log, &error), ACCORD_OK);
    accord_log_root(log, root);
    struct accord_bytes checkpoint = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, accord_log_size(log), root);
    assert_int_equal(accord_log_publish(log, checkpoint, &error), ACCORD_OK);
}

/* A published log of so many entries, closed. */
static inline void log_make(const struct log_place *place, uint64_t size)
{
    struct accord_log *log = log_new(place);
    log_fill(log, size);
    log_publish(log);
    accord_log_close(log);
}

/* Changes one byte of a file of the log. */
static inline void log_damage(const struct log_place *place, const char *name, long offset)
{
    FILE *file = fopen(log_path(place, name), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_not_equal(byte, EOF);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

#endif
