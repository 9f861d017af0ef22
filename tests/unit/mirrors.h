/* What tests of the mirror share: a log in memory with a fork of it, its checkpoints and proofs, and the requests that
 * a client of a mirror makes. */
#ifndef ACCORD_TESTS_MIRRORS_H
#define ACCORD_TESTS_MIRRORS_H

#include "slices.h"

#include <stdio.h>
#include <stdlib.h>

#include "accord/merkle.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/key.h"
#include "mirror/mirror.h"
#include "mirror/upload.h"
#include "witness/known_logs.h"
#include "witness/witness.h"

#define MIRRORED_MAX 2048u
#define MIRRORED_LEVELS 12
#define MIRRORED_NOW 1700000000

struct mirrored {
    struct accord_signer *signer;
    uint64_t fork_at;
    unsigned branch;                                                   /* of the entries that are read now */
    size_t least;                                                      /* bytes of each entry, if it is not 0 */
    uint8_t nodes[2][MIRRORED_LEVELS][MIRRORED_MAX][ACCORD_HASH_SIZE]; /* of full subtrees; level 0: the leaves */
};

static inline size_t mirrored_entry(const struct mirrored *log, unsigned branch, uint64_t index, uint8_t entry[1024])
{
    size_t size = (size_t)snprintf((char *)entry, 1024, "%u %u", index < log->fork_at ? 0 : branch, (unsigned)index);
    size_t all = index % 97 == 3 ? 700 : index % 101 == 7 ? 0 : size;
    if (all < log->least)
        all = log->least;
    memset(entry + (all > size ? size : all), 'm', all > size ? all - size : 0);
    return all;
}

static inline void mirrored_init_wide(struct mirrored *log, const char *origin, uint64_t fork_at, size_t least)
{
    memset(log, 0, sizeof *log);
    log->fork_at = fork_at;
    log->least = least;
    assert_int_equal(accord_signer_generate(&log->signer, slice(origin), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    for (unsigned branch = 0; branch < 2; branch++) {
        for (uint64_t i = 0; i < MIRRORED_MAX; i++) {
            uint8_t entry[1024];
            struct accord_bytes bytes = {entry, mirrored_entry(log, branch, i, entry)};
            accord_merkle_leaf(&accord_crypto_default, bytes, log->nodes[branch][0][i]);
        }
        for (unsigned level = 1; level < MIRRORED_LEVELS; level++)
            for (uint64_t i = 0; i < MIRRORED_MAX >> level; i++)
                accord_merkle_node(&accord_crypto_default, log->nodes[branch][level - 1][2 * i],
                                   log->nodes[branch][level - 1][2 * i + 1], log->nodes[branch][level][i]);
    }
}

static inline void mirrored_init(struct mirrored *log, const char *origin, uint64_t fork_at)
{
    mirrored_init_wide(log, origin, fork_at, 0);
}

static inline void mirrored_free(struct mirrored *log)
{
    accord_signer_free(log->signer);
}

static inline enum accord_status mirrored_hash(void *context, unsigned level, uint64_t index,
                                               uint8_t hash[ACCORD_HASH_SIZE])
{
    const struct mirrored *log = context;
    if (level >= MIRRORED_LEVELS || index >= MIRRORED_MAX >> level)
        return ACCORD_WRONG_INDEX;
    memcpy(hash, log->nodes[log->branch][level][index], ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

static inline struct accord_hash_source mirrored_source(struct mirrored *log, unsigned branch)
{
    log->branch = branch;
    return (struct accord_hash_source){log, mirrored_hash};
}

static inline void mirrored_root(struct mirrored *log, unsigned branch, uint64_t size, uint8_t root[ACCORD_HASH_SIZE])
{
    struct accord_hash_source source = mirrored_source(log, branch);
    if (size == 0)
        accord_merkle_empty_root(&accord_crypto_default, root);
    else
        assert_int_equal(accord_root_compute(&accord_crypto_default, &source, size, root), ACCORD_OK);
}

static inline void mirrored_note(struct mirrored *log, unsigned branch, uint64_t size, struct accord_buffer *note)
{
    uint8_t text[512], root[ACCORD_HASH_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    mirrored_root(log, branch, size, root);
    accord_checkpoint_print(&out, accord_signer_vkey(log->signer)->name, size, root);
    assert_int_equal(accord_buffer_append(note, accord_out_bytes(&out)), ACCORD_OK);
    assert_int_equal(accord_buffer_append(note, slice("\n")), ACCORD_OK);
    assert_int_equal(accord_signer_sign(log->signer, accord_out_bytes(&out), MIRRORED_NOW, note, NULL), ACCORD_OK);
}

/* The body of an add-checkpoint request. */
static inline void mirrored_step(struct mirrored *log, unsigned branch, uint64_t old_size, uint64_t size,
                                 struct accord_buffer *body)
{
    static uint8_t printed[16384];
    struct accord_merkle_proof proof = {0};
    struct accord_hash_source source = mirrored_source(log, branch);
    struct accord_buffer note;
    accord_buffer_init(&note, 8192);
    if (old_size > 0 && old_size < size)
        assert_int_equal(accord_consistency_prove(&accord_crypto_default, &source, old_size, size, &proof), ACCORD_OK);
    mirrored_note(log, branch, size, &note);
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_add_checkpoint_print(&out, old_size, &proof, accord_buffer_bytes(&note));
    assert_false(out.full);
    assert_int_equal(accord_buffer_append(body, accord_out_bytes(&out)), ACCORD_OK);
    accord_buffer_free(&note);
}

static inline void mirrored_put(struct accord_buffer *body, const struct accord_out *out)
{
    assert_false(out->full);
    assert_int_equal(accord_buffer_append(body, accord_out_bytes(out)), ACCORD_OK);
}

static inline void mirrored_package(struct mirrored *log, unsigned branch, uint64_t first, uint64_t end, uint64_t size,
                                    struct accord_buffer *body)
{
    uint8_t data[4096], entry[1024];
    struct accord_merkle_proof proof;
    for (uint64_t i = first; i < end; i++) {
        size_t bytes = mirrored_entry(log, branch, i, entry);
        struct accord_out out = {data, sizeof data, 0, false};
        accord_put_byte(&out, (uint8_t)(bytes >> 8));
        accord_put_byte(&out, (uint8_t)bytes);
        accord_put(&out, (struct accord_bytes){entry, bytes});
        mirrored_put(body, &out);
    }
    struct accord_hash_source source = mirrored_source(log, branch);
    assert_int_equal(accord_subtree_prove(&accord_crypto_default, &source, first / 256 * 256, end, size, &proof),
                     ACCORD_OK);
    struct accord_out out = {data, sizeof data, 0, false};
    accord_upload_proof_print(&out, &proof);
    mirrored_put(body, &out);
}

static inline void mirrored_header(const char *origin, uint64_t start, uint64_t end, struct accord_bytes ticket,
                                   struct accord_buffer *body)
{
    static uint8_t data[70000];
    const struct accord_upload_header header = {slice(origin), ticket, start, end};
    struct accord_out out = {data, sizeof data, 0, false};
    accord_upload_header_print(&out, &header);
    mirrored_put(body, &out);
}

/* The body of an add-entries request: the first so many packages of it. */
static inline void mirrored_upload(struct mirrored *log, unsigned branch, uint64_t start, uint64_t end,
                                   uint64_t packages, struct accord_bytes ticket, struct accord_buffer *body)
{
    char origin[256];
    struct accord_bytes name = accord_signer_vkey(log->signer)->name;
    snprintf(origin, sizeof origin, "%.*s", (int)name.size, (const char *)name.data);
    mirrored_header(origin, start, end, ticket, body);
    while (packages-- > 0 && start < end) {
        uint64_t stop = (start / 256 + 1) * 256 < end ? (start / 256 + 1) * 256 : end;
        mirrored_package(log, branch, start, stop, end, body);
        start = stop;
    }
}

/* What a mirror says in a 409 or a 202. */
struct mirrored_info {
    uint64_t size, next;
    uint8_t ticket[8192];
    size_t ticket_size;
};

static inline struct mirrored_info mirrored_read_info(struct accord_bytes text)
{
    struct mirrored_info info;
    struct accord_bytes line;
    assert_true(accord_cut_line(&text, &line) && accord_decimal_read(line, &info.size));
    assert_true(accord_cut_line(&text, &line) && accord_decimal_read(line, &info.next));
    assert_true(accord_cut_line(&text, &line) && accord_base64_size(line, &info.ticket_size));
    assert_true(info.ticket_size <= sizeof info.ticket);
    assert_true(accord_base64_read(line, info.ticket, info.ticket_size));
    assert_int_equal(text.size, 0);
    return info;
}

static inline struct accord_logs *mirrored_logs(const struct mirrored *const *logs, size_t count)
{
    struct accord_logs *known;
    assert_int_equal(accord_logs_new(&known, &accord_crypto_default, NULL), ACCORD_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(accord_logs_add(known, accord_signer_vkey(logs[i]->signer)->text, slice(""), NULL), ACCORD_OK);
    return known;
}

#endif
