/* Finding and reading the trust file. What it means is accord/verify.h's. */
#include "cli/trust_file.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

#define POLICY_TEXT_SIZE (256 * 1024)

bool accord_trust_file_find(struct accord_trust_file *file, const char *given)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (given == NULL || *given == '\0') {
        given = getenv("ACCORD_TRUST");
    }
    int size = -1;
    if (given != NULL && *given != '\0') {
        size = snprintf(file->path, sizeof file->path, "%s", given);
    } else if (config != NULL && *config != '\0') {
        size = snprintf(file->path, sizeof file->path, "%s/accord/trust", config);
    } else if (home != NULL && *home != '\0') {
        size = snprintf(file->path, sizeof file->path, "%s/.config/accord/trust", home);
    }
    return size > 0 && (size_t)size < sizeof file->path;
}

enum accord_status accord_trust_file_open(struct accord_trust_file *file, const struct accord_fs *fs,
                                          const struct accord_crypto *crypto, struct accord_error *error)
{
    accord_buffer_init(&file->bytes, ACCORD_TRUST_SIZE_MAX);
    file->verifier = malloc(sizeof *file->verifier);
    file->policy_text = malloc(POLICY_TEXT_SIZE);
    if (file->verifier == NULL || file->policy_text == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_file_read(fs, file->path, &file->bytes, error);
    if (status == ACCORD_NOT_FOUND) {
        accord_error_expected(error, ACCORD_LITERAL("a trust file: accord trust pin LOG -o FILE makes one"));
    }
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_out out = {file->policy_text, POLICY_TEXT_SIZE, 0, false};
    return accord_verifier_init(file->verifier, accord_buffer_bytes(&file->bytes), &out, crypto, error);
}

void accord_trust_file_free(struct accord_trust_file *file)
{
    free(file->policy_text);
    free(file->verifier);
    accord_buffer_free(&file->bytes);
}
