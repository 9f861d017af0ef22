/* Keeping what contradicts. Knows how a contradiction between two checkpoints is found and shown; refuses to know
 * where they came from. */
#include "monitor/monitor_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/evidence.h"
#include "base/file.h"
#include "core/text.h"
#include "evidence/view.h"

#define KEPT_MAX 256 /* files of evidence: nobody may fill a disk with them */
#define NAME_SIZE 16 /* bytes of the digest in a name */

struct count {
    size_t files;
};

static bool count_file(void *context, const char *name)
{
    struct count *count = context;
    count->files += strstr(name, ".evidence") != NULL || strstr(name, ".checkpoints") != NULL;
    return true;
}

static bool signed_both(const struct accord_monitor *monitor, const struct accord_checkpoint_claim claims[2],
                        const struct accord_vkey *vkey)
{
    const struct accord_crypto *crypto = monitor->options.rules.crypto;
    return accord_note_signed_by(&claims[0].note, vkey, crypto, NULL) == ACCORD_SIGNED &&
           accord_note_signed_by(&claims[1].note, vkey, crypto, NULL) == ACCORD_SIGNED;
}

/* The name comes from what the two say and which witnesses signed both, not from when: a contradiction that lasts is
 * kept once, and again only where it convicts others too. */
static void print_name(const struct accord_monitor *monitor, struct accord_bytes first, struct accord_bytes second,
                       const char *ending, char path[4096])
{
    const struct accord_crypto *crypto = monitor->options.rules.crypto;
    const struct accord_policy *policy = accord_rules_policy(monitor->rules);
    struct accord_checkpoint_claim claims[2];
    struct accord_bytes notes[2] = {first, second};
    uint8_t digest[ACCORD_HASH_SIZE], hex[2 * NAME_SIZE];
    struct accord_out out = {hex, sizeof hex, 0, false};
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    for (size_t i = 0; i < 2; i++) {
        bool parsed = accord_checkpoint_parse(&claims[i], notes[i], NULL) == ACCORD_OK;
        struct accord_bytes text = parsed ? claims[i].note.text : notes[i];
        crypto->sha256_update(&sha, text.data, text.size);
    }
    for (size_t i = 0; i < policy->witness_count; i++)
        if (signed_both(monitor, claims, &policy->witnesses[i].vkey))
            crypto->sha256_update(&sha, policy->witnesses[i].vkey.text.data, policy->witnesses[i].vkey.text.size);
    crypto->sha256_final(&sha, digest);
    accord_put_hex(&out, (struct accord_bytes){digest, NAME_SIZE});
    snprintf(path, 4096, "%s/%.*s.%s", monitor->options.evidence, (int)out.size, (const char *)hex, ending);
}

/* Makes the directory, so that it is still there after a power cut. */
static int make_directory(const struct accord_fs *fs, const char *path)
{
    char parent[4096];
    int result = fs->make_dir(fs->context, path, 0755);
    size_t size = (size_t)snprintf(parent, sizeof parent, "%s", path);
    while (size > 1 && parent[size - 1] == '/')
        parent[--size] = '\0';
    while (size > 0 && parent[size - 1] != '/')
        parent[--size] = '\0';
    return result < 0 ? result : fs->sync_dir(fs->context, size == 0 ? "." : parent);
}

static enum accord_status keep(const struct accord_monitor *monitor, struct accord_bytes bytes, const char *path,
                               struct accord_error *error)
{
    const struct accord_fs *fs = monitor->options.fs;
    struct count count = {0};
    int result = fs->exists(fs->context, monitor->options.evidence);
    if (result == 0)
        result = make_directory(fs, monitor->options.evidence);
    if (result < 0)
        return accord_file_error(error, result, monitor->options.evidence);
    if (fs->exists(fs->context, path) == 1) {
        result = fs->sync_dir(fs->context, monitor->options.evidence); /* whoever wrote it may have been killed */
        return result < 0 ? accord_file_error(error, result, path) : ACCORD_OK;
    }
    result = fs->list(fs->context, monitor->options.evidence, count_file, &count);
    if (result < 0)
        return accord_file_error(error, result, monitor->options.evidence);
    if (count.files >= KEPT_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("evidence"));
        accord_error_expected_number(error, KEPT_MAX);
        return ACCORD_TOO_LARGE;
    }
    return accord_file_replace(fs, path, bytes, 0644, error);
}

enum accord_status accord_monitor_keep(const struct accord_monitor *monitor, struct accord_bytes first,
                                       struct accord_bytes second, const uint8_t *root,
                                       const struct accord_merkle_proof *proof, char path[4096],
                                       struct accord_error *error)
{
    uint8_t *text = malloc(ACCORD_EVIDENCE_SIZE_MAX);
    if (text == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    struct accord_out out = {text, ACCORD_EVIDENCE_SIZE_MAX, 0, false};
    accord_evidence_print(&out, first, second, root, proof);
    print_name(monitor, first, second, "evidence", path);
    enum accord_status status =
        out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0) : keep(monitor, accord_out_bytes(&out), path, error);
    free(text);
    return status;
}

enum accord_status accord_monitor_keep_notes(const struct accord_monitor *monitor, struct accord_bytes first,
                                             struct accord_bytes second, char path[4096], struct accord_error *error)
{
    struct accord_buffer text;
    accord_buffer_init(&text, 2 * ACCORD_NOTE_SIZE_MAX + 1);
    enum accord_status status = accord_buffer_append(&text, first);
    if (status == ACCORD_OK)
        status = accord_buffer_append(&text, ACCORD_LITERAL("\n"));
    if (status == ACCORD_OK)
        status = accord_buffer_append(&text, second);
    print_name(monitor, first, second, "checkpoints", path);
    status =
        status == ACCORD_OK ? keep(monitor, accord_buffer_bytes(&text), path, error) : accord_fail(error, status, 0);
    accord_buffer_free(&text);
    return status;
}

/* What reading said, where it was reading that failed. */
static enum accord_status reading_failed(const struct accord_reader *reader, enum accord_status status,
                                         struct accord_error *error)
{
    if (status != ACCORD_CONSISTENCY && error != NULL && accord_reader_error(reader)->status == status) {
        *error = *accord_reader_error(reader);
        return status;
    }
    return accord_fail(error, status, 0);
}

enum accord_status accord_monitor_contradiction(const struct accord_monitor *monitor, struct accord_reader *reader,
                                                const struct accord_checkpoint_claim *one,
                                                const struct accord_checkpoint_claim *other, char path[4096],
                                                struct accord_error *error)
{
    const struct accord_checkpoint_claim *first = one->size <= other->size ? one : other;
    const struct accord_checkpoint_claim *second = first == one ? other : one;
    const struct accord_crypto *crypto = monitor->options.rules.crypto;
    struct accord_merkle_proof proof;
    uint8_t root[ACCORD_HASH_SIZE];
    path[0] = '\0';
    if (first->size == 0)
        return ACCORD_OK; /* an empty tree begins every other one */
    if (first->size == second->size)
        return memcmp(first->root, second->root, ACCORD_HASH_SIZE) == 0
                   ? ACCORD_OK
                   : accord_monitor_keep(monitor, first->note.whole, second->note.whole, NULL, NULL, path, error);
    accord_reader_set_size(reader, second->size);
    struct accord_hash_source source = accord_reader_hashes(reader);
    enum accord_status status = accord_view_prove(crypto, &source, first->size, second, root, &proof);
    if (status != ACCORD_OK)
        return reading_failed(reader, status, error);
    if (memcmp(root, first->root, ACCORD_HASH_SIZE) == 0)
        return ACCORD_OK;
    return accord_monitor_keep(monitor, first->note.whole, second->note.whole, root, &proof, path, error);
}
