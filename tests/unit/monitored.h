/* What the tests of the monitor share: an accord of a few members, a log in memory that can fork, lie and go back, and
 * whoever is told. */
#ifndef ACCORD_TESTS_MONITORED_H
#define ACCORD_TESTS_MONITORED_H

#include "slices.h"

#include <stdio.h>
#include <stdlib.h>

#include "accord/apply.h"
#include "accord/tile.h"
#include "log/store.h"
#include "monitor/monitor.h"
#include "rosters.h"

#define M_ORIGIN "log.example"
#define M_NOW 1700000000
#define M_ENTRIES_MAX 50000

static const struct accord_crypto *const m_crypto = &accord_crypto_default;

/* Entries, in memory that is never given back: a test is short. */

struct m_kept {
    struct m_kept *before;
    uint8_t bytes[];
};

static struct m_kept *m_kept_last;

static inline struct accord_bytes m_keep(struct accord_bytes bytes)
{
    struct m_kept *kept = malloc(sizeof *kept + bytes.size);
    assert_non_null(kept);
    kept->before = m_kept_last;
    m_kept_last = kept;
    memcpy(kept->bytes, bytes.data, bytes.size);
    return (struct accord_bytes){kept->bytes, bytes.size};
}

/* A statement of this text, signed by so many keys. */
static inline struct accord_bytes m_signed(const char *text, const char *const *keys, size_t count)
{
    static uint8_t memory[ACCORD_ENTRY_SIZE_MAX];
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_text(&out, text);
    put_signatures(&out, keys, count);
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

static inline void m_put_digest(struct accord_out *out, const char *key, struct accord_bytes entry)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(m_crypto, entry, digest);
    put_text(out, key);
    accord_digest_print(out, digest);
    put_text(out, "\n");
}

static const char *const m_keys[] = {"m0.example/release", "m1.example/release"};

static inline struct accord_bytes m_charter(void)
{
    uint8_t memory[4096];
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_text(&out, "accord/v1/charter\nname test\n");
    for (unsigned i = 0; i < 2; i++) {
        char text[64];
        snprintf(text, sizeof text, "founder m%u.example ", i);
        put_text(&out, text);
        put_vkey(&out, m_keys[i], ACCORD_KEY_ED25519);
        put_text(&out, "\n");
    }
    put_signatures(&out, m_keys, 2);
    return m_keep(accord_out_bytes(&out));
}

/* Members m0 to m<members - 1>, each with a witness in a jurisdiction of its own; so many of them must cosign. Signed
 * by m0 and m1, or by so many of these. */
static inline struct accord_bytes m_roster(unsigned number, struct accord_bytes charter, struct accord_bytes previous,
                                           unsigned members, unsigned quorum, unsigned signers)
{
    static const char *const jurisdictions[] = {"CH", "FI", "DE", "US"};
    uint8_t memory[16384];
    struct accord_out out = {memory, sizeof memory, 0, false};
    char text[128];
    put_text(&out, "accord/v1/roster\n");
    m_put_digest(&out, "charter ", charter);
    snprintf(text, sizeof text, "number %u\n", number);
    put_text(&out, text);
    if (number > 1)
        m_put_digest(&out, "previous ", previous);
    snprintf(text, sizeof text, "admit 2\nquorum %u 1\nlog ", quorum);
    put_text(&out, text);
    put_vkey(&out, M_ORIGIN, ACCORD_KEY_ED25519);
    put_text(&out, "\n");
    for (unsigned i = 0; i < members; i++)
        put_member(&out, i, jurisdictions[i], true, true);
    put_signatures(&out, m_keys, signers);
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

/* A release of one artifact, whose content is its name. */
static inline struct accord_bytes m_release(const char *vendor, const char *artifact, unsigned sequence,
                                            const char *signer)
{
    char text[1024], hex[65];
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(m_crypto, slice(artifact), digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    snprintf(text, sizeof text,
             "accord/v1/release\nvendor %s\nproduct p\nversion 1\nsequence %u\nartifact sha256:%s %zu %s\n", vendor,
             sequence, hex, strlen(artifact), artifact);
    return m_signed(text, &signer, 1);
}

/* The log */

struct m_log {
    size_t count;
    struct accord_bytes entries[M_ENTRIES_MAX];
    uint8_t leaves[M_ENTRIES_MAX][ACCORD_HASH_SIZE];
    size_t published;            /* entries of the tree that its checkpoint names */
    unsigned witnesses;          /* one bit each */
    uint64_t time;               /* of their cosignatures */
    const char *absent;          /* a name that it does not serve, or NULL */
    uint64_t lies_at;            /* an entry that it serves with one bit changed; UINT64_MAX: none */
    bool lies_well;              /* the tile of that entry's leaf lies too */
    const char *origin, *signer; /* of its checkpoints */
    unsigned reads;
};

static inline struct m_log *m_log_new(void)
{
    struct m_log *log = calloc(1, sizeof *log);
    assert_non_null(log);
    log->witnesses = 3;
    log->time = M_NOW;
    log->lies_at = UINT64_MAX;
    log->origin = log->signer = M_ORIGIN;
    return log;
}

static inline void m_log_add(struct m_log *log, struct accord_bytes entry)
{
    assert_true(log->count < M_ENTRIES_MAX);
    accord_merkle_leaf(m_crypto, entry, log->leaves[log->count]);
    log->entries[log->count++] = entry;
    log->published = log->count;
}

/* Entries of no kind; of another content for another seed. */
static inline void m_log_fill(struct m_log *log, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "entry %zu of %u", log->count, seed);
        m_log_add(log, m_keep(slice(text)));
    }
}

static inline void m_subtree(const struct m_log *log, size_t start, size_t end, uint8_t hash[ACCORD_HASH_SIZE])
{
    static struct accord_frontier frontier;
    frontier.size = 0;
    for (size_t i = start; i < end; i++)
        accord_frontier_append(m_crypto, &frontier, log->leaves[i], NULL, NULL);
    accord_frontier_root(m_crypto, &frontier, hash);
}

static inline void m_cosign(struct accord_out *out, struct accord_bytes text, const char *name, uint64_t time)
{
    uint8_t seed[32], public_key[32], message[1024], signature[72];
    struct accord_out signed_text = {message, sizeof message, 0, false}, stamp = {signature, 8, 0, false};
    signing_seed(name, seed);
    seed[0] ^= (uint8_t)ACCORD_KEY_COSIGNATURE_ED25519;
    accord_ed25519_public(seed, public_key);
    accord_put_be64(&stamp, time);
    assert_int_equal(accord_cosignature_message(&signed_text, ACCORD_KEY_COSIGNATURE_ED25519, text, slice(name), time),
                     ACCORD_OK);
    accord_ed25519_sign(seed, message, signed_text.size, signature + 8);
    uint32_t id =
        accord_key_id(slice(name), ACCORD_KEY_COSIGNATURE_ED25519, (struct accord_bytes){public_key, 32}, m_crypto);
    accord_signature_print(out, slice(name), id, (struct accord_bytes){signature, sizeof signature});
}

/* The log's checkpoint of its first size entries, with the cosignatures of these witnesses. */
static inline struct accord_bytes m_checkpoint(const struct m_log *log, size_t size, unsigned witnesses)
{
    static uint8_t memory[8192];
    struct accord_out out = {memory, sizeof memory, 0, false};
    uint8_t root[ACCORD_HASH_SIZE];
    if (size == 0)
        accord_merkle_empty_root(m_crypto, root);
    else
        m_subtree(log, 0, size, root);
    accord_checkpoint_print(&out, slice(log->origin), size, root);
    struct accord_bytes text = accord_out_bytes(&out);
    accord_put_byte(&out, '\n');
    put_signature(&out, text, log->signer);
    for (unsigned i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "m%u.example/witness", i);
        if ((witnesses >> i & 1) != 0)
            m_cosign(&out, text, name, log->time);
    }
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

static inline enum accord_status m_serve_bundle(const struct m_log *log, const struct accord_tile *tile,
                                                struct accord_buffer *out)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < tile->width; i++) {
        size_t index = tile->index * ACCORD_TILE_WIDTH + i;
        struct accord_bytes entry = log->entries[index];
        uint8_t prefix[2] = {(uint8_t)(entry.size >> 8), (uint8_t)entry.size};
        status = accord_buffer_append(out, (struct accord_bytes){prefix, 2});
        if (status == ACCORD_OK)
            status = accord_buffer_append(out, entry);
        if (status == ACCORD_OK && index == log->lies_at)
            out->data[out->size - 1] ^= 1;
    }
    return status;
}

/* That of the entry as it is served. */
static inline void m_false_leaf(const struct m_log *log, uint8_t leaf[ACCORD_HASH_SIZE])
{
    static uint8_t bytes[ACCORD_ENTRY_SIZE_MAX];
    struct accord_bytes entry = log->entries[log->lies_at];
    memcpy(bytes, entry.data, entry.size);
    bytes[entry.size - 1] ^= 1;
    accord_merkle_leaf(m_crypto, (struct accord_bytes){bytes, entry.size}, leaf);
}

static inline enum accord_status m_read(void *context, const char *name, struct accord_buffer *out,
                                        struct accord_error *error)
{
    struct m_log *log = context;
    struct accord_tile tile;
    if (strcmp(name, "checkpoint") == 0)
        return accord_buffer_append(out, m_checkpoint(log, log->published, log->witnesses));
    bool absent = log->absent != NULL && strcmp(name, log->absent) == 0;
    if (absent || accord_tile_path_parse(&tile, slice(name)) != ACCORD_OK)
        return accord_fail(error, ACCORD_NOT_FOUND, 0);
    size_t span = (size_t)1 << 8 * tile.level;
    if ((tile.index * ACCORD_TILE_WIDTH + tile.width) * span > log->count)
        return accord_fail(error, ACCORD_NOT_FOUND, 0);
    if (tile.entries)
        return m_serve_bundle(log, &tile, out);
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < tile.width; i++) {
        uint8_t hash[ACCORD_HASH_SIZE];
        if (tile.level == 0 && log->lies_well && tile.index * ACCORD_TILE_WIDTH + i == log->lies_at) {
            m_false_leaf(log, hash);
            status = accord_buffer_append(out, (struct accord_bytes){hash, sizeof hash});
            continue;
        }
        size_t start = (tile.index * ACCORD_TILE_WIDTH + i) * span;
        struct accord_frontier frontier;
        frontier.size = 0;
        for (size_t j = start; j < start + span; j++)
            accord_frontier_append(m_crypto, &frontier, log->leaves[j], NULL, NULL);
        accord_frontier_root(m_crypto, &frontier, hash);
        status = accord_buffer_append(out, (struct accord_bytes){hash, sizeof hash});
    }
    return status;
}

static inline void m_close(struct accord_store *store)
{
    (void)store;
}

static inline struct accord_reader *m_reader(struct m_log *log)
{
    struct accord_reader *reader;
    const struct accord_store store = {.context = log, .read = m_read};
    assert_int_equal(accord_reader_open_store(&reader, m_crypto, &store, m_close, NULL), ACCORD_OK);
    return reader;
}

/* A proof of the entry, with it in its extra line or not, under a checkpoint of all that is there, with these
 * witnesses. */
static inline struct accord_bytes m_proof(struct m_log *log, size_t index, unsigned witnesses, bool extra)
{
    static uint8_t memory[65536];
    struct accord_out out = {memory, sizeof memory, 0, false};
    struct accord_merkle_proof inclusion;
    struct accord_reader *reader = m_reader(log);
    accord_reader_set_size(reader, log->count);
    struct accord_hash_source source = accord_reader_hashes(reader);
    assert_int_equal(accord_inclusion_prove(m_crypto, &source, index, log->count, &inclusion), ACCORD_OK);
    accord_reader_close(reader);
    accord_proof_print(&out, extra ? log->entries[index] : (struct accord_bytes){NULL, 0}, index, &inclusion,
                       m_checkpoint(log, log->count, witnesses));
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

/* Says that this roster, the entry at index, was there when these witnesses had cosigned all that is there now. */
static inline struct accord_bytes m_enactment(struct m_log *log, struct accord_bytes charter, unsigned number,
                                              size_t index, unsigned witnesses, const char *signer)
{
    static uint8_t memory[65536];
    uint8_t digest[ACCORD_HASH_SIZE], of[ACCORD_HASH_SIZE];
    struct accord_out out = {memory, sizeof memory, 0, false};
    accord_hash(m_crypto, charter, digest);
    accord_hash(m_crypto, log->entries[index], of);
    accord_enact_print(&out, digest, number, of, m_proof(log, index, witnesses, false));
    put_signatures(&out, &signer, 1);
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

/* Who is told */

#define M_TOLD_MAX 512

struct m_told {
    size_t count;
    struct {
        enum accord_finding_code code;
        enum accord_severity severity;
        bool has_index;
        uint64_t index;
        char subject[256], evidence[256], sentence[ACCORD_FINDING_SENTENCE_SIZE];
    } finding[M_TOLD_MAX];
    size_t fail_at; /* the call that fails; SIZE_MAX: none */
    size_t calls;
};

static inline enum accord_status m_take(void *context, const struct accord_finding *finding, struct accord_error *error)
{
    struct m_told *told = context;
    if (told->calls++ == told->fail_at)
        return accord_fail(error, ACCORD_IO, 0);
    assert_true(told->count < M_TOLD_MAX);
    size_t at = told->count++;
    told->finding[at].code = finding->code;
    told->finding[at].severity = finding->severity;
    told->finding[at].has_index = finding->has_index;
    told->finding[at].index = finding->index;
    snprintf(told->finding[at].subject, sizeof told->finding[at].subject, "%s", finding->subject);
    snprintf(told->finding[at].sentence, sizeof told->finding[at].sentence, "%s", finding->sentence);
    snprintf(told->finding[at].evidence, sizeof told->finding[at].evidence, "%s",
             finding->evidence == NULL ? "" : finding->evidence);
    for (const char *c = finding->sentence; *c != '\0'; c++)
        assert_in_range(*c, 0x20, 0x7e);
    return ACCORD_OK;
}

static inline enum accord_status m_settle(void *context, struct accord_error *error)
{
    (void)context;
    (void)error;
    return ACCORD_OK;
}

/* The trust file */

struct m_trust {
    struct accord_verifier verifier;
    uint8_t text[32768], policy[65536];
};

static inline struct m_trust *m_trust_new(struct accord_bytes charter, struct accord_bytes roster, uint64_t index)
{
    struct m_trust *trust = calloc(1, sizeof *trust);
    struct accord_trust_claim claim = {.roster_index = index, .roster_entry = roster};
    struct accord_error error;
    assert_non_null(trust);
    struct accord_out out = {trust->text, sizeof trust->text, 0, false};
    struct accord_out policy = {trust->policy, sizeof trust->policy, 0, false};
    accord_hash(m_crypto, charter, claim.charter);
    accord_trust_print(&out, &claim);
    assert_int_equal(accord_verifier_init(&trust->verifier, accord_out_bytes(&out), &policy, m_crypto, &error),
                     ACCORD_OK);
    return trust;
}

#endif
