/* Trying keys. Knows how many keys, passphrases and files it holds and how much work it spends; whatever goes beyond
 * is untried, and never called closed. Secrets lie in locked memory. */
#include "custody/opening.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "age/small.h"
#include "core/text.h"
#include "keys/private.h"

#define SECRETS_MAX 256
#define PASSPHRASES_MAX 16
#define PASSPHRASE_SIZE_MAX 256
#define SEALED_MAX 64
#define WORK_MAX (UINT64_C(1) << 21) /* scrypt: some ten seconds, in units of 1 KiB of its memory */

struct passphrase {
    uint8_t text[PASSPHRASE_SIZE_MAX];
    size_t size;
    bool opened; /* something */
};

struct sealed {
    char *path;
    struct accord_bytes file;
    enum accord_opened opened;
};

struct secrets {
    uint8_t identities[SECRETS_MAX][32];
    struct passphrase passphrases[PASSPHRASES_MAX];
};

struct accord_opening {
    struct secrets *secrets;
    size_t identity_count, passphrase_count, sealed_count;
    bool more_identities, more_passphrases, other_keys; /* there were more than are held; keys of other kinds */
    struct sealed sealed[SEALED_MAX];
};

struct accord_opening *accord_opening_new(void)
{
    struct accord_opening *opening = calloc(1, sizeof *opening);
    if (opening == NULL) {
        return NULL;
    }
    opening->secrets = sodium_malloc(sizeof *opening->secrets);
    if (opening->secrets == NULL) {
        free(opening);
        return NULL;
    }
    return opening;
}

void accord_opening_free(struct accord_opening *opening)
{
    if (opening == NULL) {
        return;
    }
    for (size_t i = 0; i < opening->sealed_count; i++) {
        free(opening->sealed[i].path);
        free((void *)(uintptr_t)opening->sealed[i].file.data);
    }
    sodium_free(opening->secrets);
    free(opening);
}

void accord_opening_key(struct accord_opening *opening, struct accord_bytes file)
{
    struct accord_bytes line;
    uint8_t secret[32];
    for (bool more = true; more;) {
        more = accord_cut_line(&file, &line);
        line = more ? line : file;
        struct accord_bytes rest = line;
        if (!accord_cut_prefix(&rest, ACCORD_LITERAL("AGE-SECRET-KEY-"))) {
            opening->other_keys =
                opening->other_keys || (line.size > 0 && memmem(line.data, line.size, "PRIVATE KEY-----", 16) != NULL);
        } else if (accord_identity_parse(secret, line, NULL) != ACCORD_OK) {
            opening->other_keys = true;
        } else if (opening->identity_count == SECRETS_MAX) {
            opening->more_identities = true;
        } else {
            memcpy(opening->secrets->identities[opening->identity_count++], secret, sizeof secret);
        }
    }
    sodium_memzero(secret, sizeof secret);
}

/* As --passphrase-file takes it: the first line. */
static bool first_line(struct accord_bytes file, struct accord_bytes *line)
{
    *line = file;
    if (!accord_cut_line(&file, line)) {
        *line = file;
    }
    return line->size > 0 && line->size <= PASSPHRASE_SIZE_MAX;
}

bool accord_opening_is_passphrase(const struct accord_opening *opening, struct accord_bytes file)
{
    struct accord_bytes line;
    bool is = false;
    for (size_t i = 0; i < opening->passphrase_count && first_line(file, &line); i++) {
        const struct passphrase *passphrase = &opening->secrets->passphrases[i];
        is = is || (passphrase->opened &&
                    accord_bytes_equal(line, (struct accord_bytes){passphrase->text, passphrase->size}));
    }
    return is;
}

void accord_opening_passphrase(struct accord_opening *opening, struct accord_bytes file)
{
    struct accord_bytes line;
    if (!first_line(file, &line)) {
        return;
    }
    if (opening->passphrase_count == PASSPHRASES_MAX) {
        opening->more_passphrases = true;
        return;
    }
    struct passphrase *passphrase = &opening->secrets->passphrases[opening->passphrase_count++];
    memcpy(passphrase->text, line.data, line.size);
    passphrase->size = line.size;
    passphrase->opened = false;
}

void accord_opening_sealed(struct accord_opening *opening, const char *path, struct accord_bytes file)
{
    if (opening->sealed_count == SEALED_MAX) {
        return;
    }
    uint8_t *copy = malloc(file.size);
    char *name = strdup(path);
    if (copy == NULL || name == NULL) {
        free(copy);
        free(name);
        return;
    }
    memcpy(copy, file.data, file.size);
    opening->sealed[opening->sealed_count++] = (struct sealed){name, {copy, file.size}, ACCORD_OPENED_NOT};
}

/* How much work one try is; 0 where the file is none that can be tried. */
static uint64_t work_of(struct accord_bytes file)
{
    struct accord_buffer binary;
    struct accord_age_header header;
    accord_buffer_init(&binary, ACCORD_AGE_BINARY_MAX);
    bool is = accord_age_unarmor(file, &binary, NULL) == ACCORD_OK &&
              accord_age_header_parse(&header, accord_buffer_bytes(&binary), NULL) == ACCORD_OK && header.scrypt > 0 &&
              header.work_log2 <= ACCORD_AGE_WORK_LOG2_MAX;
    accord_buffer_free(&binary);
    return is ? UINT64_C(1) << header.work_log2 : 0;
}

static bool try_one(struct accord_opening *opening, const struct sealed *sealed, struct passphrase *passphrase)
{
    struct accord_buffer plain;
    accord_buffer_init(&plain, ACCORD_AGE_PLAIN_MAX);
    enum accord_status status = accord_buffer_reserve(&plain, ACCORD_AGE_PLAIN_MAX);
    if (status == ACCORD_OK) {
        status =
            accord_age_decrypt(sealed->file, (struct accord_bytes){passphrase->text, passphrase->size}, &plain, NULL);
    }
    if (status == ACCORD_OK) {
        accord_opening_key(opening, accord_buffer_bytes(&plain));
    }
    accord_buffer_wipe(&plain);
    passphrase->opened = passphrase->opened || status == ACCORD_OK;
    return status == ACCORD_OK;
}

void accord_opening_try(struct accord_opening *opening)
{
    uint64_t left = WORK_MAX;
    for (size_t i = 0; i < opening->sealed_count; i++) {
        struct sealed *sealed = &opening->sealed[i];
        uint64_t work = work_of(sealed->file);
        for (size_t p = 0; p < opening->passphrase_count && sealed->opened == ACCORD_OPENED_NOT; p++) {
            if (work == 0 || work > left) {
                sealed->opened = ACCORD_OPENED_UNTRIED;
            } else {
                left -= work;
                sealed->opened =
                    try_one(opening, sealed, &opening->secrets->passphrases[p]) ? ACCORD_OPENED : ACCORD_OPENED_NOT;
            }
        }
        if (sealed->opened == ACCORD_OPENED_NOT && opening->more_passphrases) {
            sealed->opened = ACCORD_OPENED_UNTRIED;
        }
    }
}

enum accord_opened accord_opening_other(const struct accord_opening *opening)
{
    return opening->passphrase_count > 0 ? ACCORD_OPENED_UNTRIED : ACCORD_OPENED_NOT;
}

static enum accord_opened opens_passphrase(const struct accord_opening *opening, const char *path)
{
    for (size_t i = 0; i < opening->sealed_count; i++) {
        if (strcmp(opening->sealed[i].path, path) == 0) {
            return opening->sealed[i].opened;
        }
    }
    return accord_opening_other(opening);
}

enum accord_opened accord_opening_opens(const struct accord_opening *opening, const char *path,
                                        const struct accord_age_header *header)
{
    for (size_t i = 0; header->x25519 > 0 && i < opening->identity_count; i++) {
        if (accord_age_header_opens(header, opening->secrets->identities[i])) {
            return ACCORD_OPENED;
        }
    }
    enum accord_opened opened = header->scrypt > 0 ? opens_passphrase(opening, path) : ACCORD_OPENED_NOT;
    if (opened == ACCORD_OPENED_NOT &&
        ((header->x25519 > 0 && opening->more_identities) || (header->other > 0 && opening->other_keys))) {
        opened = ACCORD_OPENED_UNTRIED;
    }
    return opened;
}
