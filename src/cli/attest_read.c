/* Where an attestation may lie in a file. Verifies nothing. */
#include "cli/attest_read.h"

#include "accord/bundle.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

void accord_attest_found_init(struct accord_attest_found *found)
{
    memset(found, 0, sizeof *found);
    accord_buffer_init(&found->file, ACCORD_BUNDLE_FILE_SIZE_MAX);
    accord_buffer_init(&found->entry, ACCORD_ENTRY_SIZE_MAX);
}

void accord_attest_found_free(struct accord_attest_found *found)
{
    accord_buffer_free(&found->file);
    accord_buffer_free(&found->entry);
}

/* The attestation that a proof carries. */
static enum accord_status take_proof(struct accord_attest_found *found, struct accord_bytes bytes,
                                     struct accord_error *error)
{
    enum accord_status status = accord_proof_parse(&found->proof, bytes, error);
    found->entry.size = 0;
    if (status == ACCORD_OK) {
        status = accord_buffer_reserve(&found->entry, ACCORD_ENTRY_SIZE_MAX);
    }
    struct accord_out out = {found->entry.data, status == ACCORD_OK ? ACCORD_ENTRY_SIZE_MAX : 0, 0, false};
    if (status == ACCORD_OK) {
        status = accord_proof_extra(&found->proof, &out, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    found->entry.size = out.size;
    found->has_proof = true;
    found->proof_bytes = bytes;
    return accord_attest_parse(&found->claim, accord_buffer_bytes(&found->entry), error);
}

static bool is_wanted(const struct accord_attest_found *found, bool (*wanted)(const struct accord_attest_claim *claim))
{
    return wanted == NULL || wanted(&found->claim);
}

static enum accord_status take_bundle(struct accord_attest_found *found,
                                      bool (*wanted)(const struct accord_attest_claim *claim),
                                      struct accord_error *error)
{
    struct accord_bytes bytes = accord_buffer_bytes(&found->file), part, chosen = {NULL, 0};
    size_t cursor = 0, count = 0;
    enum accord_status status = accord_proof_bundle_check(bytes, NULL, error);
    if (status != ACCORD_OK) {
        return status;
    }
    while (accord_proof_bundle_next(bytes, &cursor, &part)) {
        if (take_proof(found, part, NULL) == ACCORD_OK && is_wanted(found, wanted)) {
            chosen = part;
            count++;
        }
    }
    if (count == 1) {
        return take_proof(found, chosen, error);
    }
    status = accord_fail(error, count == 0 ? ACCORD_NOT_FOUND : ACCORD_DUPLICATE, 0);
    accord_error_what(error, ACCORD_LITERAL("an attestation of this kind in the bundle"));
    accord_error_expected(error, ACCORD_LITERAL("one; give its own proof where there are several"));
    accord_error_found_number(error, count);
    return status;
}

enum accord_status accord_attest_find(struct accord_attest_found *found, const struct accord_fs *fs, const char *path,
                                      bool (*wanted)(const struct accord_attest_claim *claim),
                                      struct accord_error *error)
{
    static const char statement[] = "accord/v1/attest\n";
    enum accord_status status = accord_file_read(fs, path, &found->file, error);
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_bytes bytes = accord_buffer_bytes(&found->file);
    if (accord_proof_bundle_is(bytes)) {
        return take_bundle(found, wanted, error);
    }
    if (bytes.size > sizeof statement && memcmp(bytes.data, statement, sizeof statement - 1) == 0) {
        status = accord_attest_parse(&found->claim, bytes, error);
    } else {
        status = take_proof(found, bytes, error);
    }
    if (status == ACCORD_OK && !is_wanted(found, wanted)) {
        status = accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, ACCORD_LITERAL("an attestation of this kind"));
        accord_error_found(error, accord_stage_name(found->claim.stage));
    }
    return status;
}
