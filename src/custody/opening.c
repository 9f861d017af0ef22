/* Trying keys. Knows how many keys, passphrases and files it holds and how much work it spends; whatever goes beyond
 * is untried, and never called closed. Secrets lie in locked memory. */
#include "custody/opening.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/small.h"
#include "core/text.h"
#include "keys/private.h"

#define SECRETS_MAX 256
#define PASSPHRASES_MAX 16
#define PASSPHRASE_SIZE_MAX 256
#define SEALED_MAX 64
#define IDENTITY "AGE-SECRET-KEY-"
#define IDENTITY_SIZE 74             /* and "1", and 58 characters */
#define TRIES_MAX (1 << 20)          /* of a key on a stanza: less than a minute */
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
    bool is_passphrase; /* tried, once and for all */
};

struct secrets {
    uint8_t identities[SECRETS_MAX][32];
    struct passphrase passphrases[PASSPHRASES_MAX];
};

struct accord_opening {
    struct secrets *secrets;
    size_t identity_count, passphrase_count, sealed_count;
    bool more_identities, more_passphrases; /* there were more than are held */
    bool other_keys, other_sealed;          /* keys of other kinds: in clear, encrypted */
    bool unread;                            /* something could not be looked at, or not to its end */
    bool unopened;                          /* not all was tried on something that may hold keys */
    uint64_t tries;
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

/* Does a file key of X25519's, cut off or damaged, begin here? Text about such keys is none. */
static bool is_damaged(struct accord_bytes rest)
{
    size_t size = IDENTITY_SIZE < rest.size ? IDENTITY_SIZE : rest.size, letters = sizeof IDENTITY - 1;
    while (letters < size && ((rest.data[letters] >= '0' && rest.data[letters] <= '9') ||
                              (rest.data[letters] >= 'A' && rest.data[letters] <= 'Z'))) {
        letters++;
    }
    return letters >= sizeof IDENTITY - 1 + 8;
}

static bool is_held(const struct accord_opening *opening, const uint8_t secret[32])
{
    for (size_t i = 0; i < opening->identity_count; i++) {
        if (memcmp(opening->secrets->identities[i], secret, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* One key, which may stand anywhere: in a line of its own, after a name and "=", within quotes. */
static void take_identity(struct accord_opening *opening, struct accord_bytes rest)
{
    uint8_t secret[32];
    struct accord_bytes text = {rest.data, IDENTITY_SIZE};
    if (rest.size <= sizeof IDENTITY - 1 || rest.data[sizeof IDENTITY - 1] != '1') {
        opening->other_keys = true; /* of a type that is not tried here */
    } else if (rest.size < IDENTITY_SIZE || accord_identity_parse(secret, text, NULL) != ACCORD_OK) {
        opening->more_identities = opening->more_identities || is_damaged(rest);
    } else if (is_held(opening, secret)) {
    } else if (opening->identity_count == SECRETS_MAX) {
        opening->more_identities = true;
    } else {
        memcpy(opening->secrets->identities[opening->identity_count++], secret, sizeof secret);
    }
    sodium_memzero(secret, sizeof secret);
}

bool accord_opening_is_key(struct accord_bytes file)
{
    return file.data != NULL && memmem(file.data, file.size, IDENTITY, sizeof IDENTITY - 1) != NULL;
}

void accord_opening_key(struct accord_opening *opening, struct accord_bytes file)
{
    if (file.data != NULL && memmem(file.data, file.size, "PRIVATE KEY-----", 16) != NULL) {
        opening->other_keys = true;
    }
    while (accord_opening_is_key(file)) {
        const uint8_t *at = memmem(file.data, file.size, IDENTITY, sizeof IDENTITY - 1);
        file = (struct accord_bytes){at, file.size - (size_t)(at - file.data)};
        take_identity(opening, file);
        file = (struct accord_bytes){at + sizeof IDENTITY - 1, file.size - (sizeof IDENTITY - 1)};
    }
}

void accord_opening_unread(struct accord_opening *opening)
{
    opening->unread = true;
}

void accord_opening_sealed_other(struct accord_opening *opening)
{
    opening->other_sealed = true;
}

/* As --passphrase-file takes it: the first line; but without the end that Windows gives it. */
static bool first_line(struct accord_bytes file, struct accord_bytes *line)
{
    *line = file;
    if (!accord_cut_line(&file, line)) {
        *line = file;
    }
    if (line->size > 0 && line->data[line->size - 1] == '\r') {
        line->size--;
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
        opening->more_passphrases = opening->more_passphrases || line.size > 0;
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
        opening->unopened = true;
        return;
    }
    uint8_t *copy = malloc(file.size);
    char *name = strdup(path);
    if (copy == NULL || name == NULL) {
        free(copy);
        free(name);
        opening->unopened = true;
        return;
    }
    memcpy(copy, file.data, file.size);
    opening->sealed[opening->sealed_count++] = (struct sealed){name, {copy, file.size}, ACCORD_OPENED_NOT, false};
}

static bool read_header(struct accord_bytes file, struct accord_buffer *binary, struct accord_age_header *header)
{
    return accord_age_unarmor(file, binary, NULL) == ACCORD_OK &&
           accord_age_header_parse(header, accord_buffer_bytes(binary), NULL) == ACCORD_OK;
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

static void try_passphrases(struct accord_opening *opening, struct sealed *sealed,
                            const struct accord_age_header *header, uint64_t *left)
{
    uint64_t work =
        header->work_log2 <= ACCORD_AGE_WORK_LOG2_MAX ? UINT64_C(1) << header->work_log2 : WORK_MAX + UINT64_C(1);
    for (size_t p = 0; p < opening->passphrase_count && sealed->opened == ACCORD_OPENED_NOT; p++) {
        if (work > *left) {
            sealed->opened = ACCORD_OPENED_UNTRIED;
        } else {
            *left -= work;
            sealed->opened =
                try_one(opening, sealed, &opening->secrets->passphrases[p]) ? ACCORD_OPENED : ACCORD_OPENED_NOT;
        }
    }
    if (sealed->opened == ACCORD_OPENED_NOT && opening->more_passphrases) {
        sealed->opened = ACCORD_OPENED_UNTRIED;
    }
    opening->unopened = opening->unopened || sealed->opened == ACCORD_OPENED_UNTRIED;
}

static enum accord_status append(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(context, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* What one of the keys opens may hold another key. */
static void look_inside(struct accord_opening *opening, struct sealed *sealed)
{
    struct accord_buffer plain;
    struct accord_age_opener *opener = NULL;
    accord_buffer_init(&plain, ACCORD_OPENING_FILE_MAX);
    const struct accord_age_opening with = {.secrets = (const uint8_t(*)[32])opening->secrets->identities,
                                            .secret_count = opening->identity_count,
                                            .armor = true,
                                            .sink = {&plain, append}};
    enum accord_status status = accord_buffer_reserve(&plain, ACCORD_OPENING_FILE_MAX);
    if (status == ACCORD_OK) {
        status = accord_age_opener_new(&opener, &with, NULL);
    }
    if (status == ACCORD_OK) {
        status = accord_age_opener_write(opener, sealed->file, NULL);
    }
    if (status == ACCORD_OK) {
        status = accord_age_opener_end(opener, NULL);
    }
    accord_age_opener_free(opener);
    if (status == ACCORD_NO_MEMORY) {
        opening->unopened = true;
    }
    accord_opening_key(opening, accord_buffer_bytes(&plain)); /* also where the file was changed further on */
    accord_buffer_wipe(&plain);
}

static bool opens(struct accord_opening *opening, const struct accord_age_header *header)
{
    for (size_t i = 0; header->x25519 > 0 && i < opening->identity_count; i++) {
        if (opening->tries + header->x25519 > TRIES_MAX) {
            opening->more_identities = true;
            return false;
        }
        opening->tries += header->x25519;
        if (accord_age_header_opens(header, opening->secrets->identities[i])) {
            return true;
        }
    }
    return false;
}

/* Returns whether there are more keys than before. */
static bool try_sealed(struct accord_opening *opening, struct sealed *sealed, uint64_t *left)
{
    struct accord_buffer binary;
    struct accord_age_header header;
    size_t before = opening->identity_count;
    accord_buffer_init(&binary, ACCORD_OPENING_FILE_MAX);
    if (!read_header(sealed->file, &binary, &header)) {
        sealed->opened = ACCORD_OPENED_UNTRIED;
    } else if (header.scrypt > 0) {
        sealed->is_passphrase = true;
        try_passphrases(opening, sealed, &header, left);
    } else if (opens(opening, &header)) {
        sealed->opened = ACCORD_OPENED;
        look_inside(opening, sealed);
    }
    accord_buffer_free(&binary);
    return opening->identity_count > before;
}

void accord_opening_try(struct accord_opening *opening)
{
    uint64_t left = WORK_MAX;
    bool more = true;
    /* A key may open what holds the next one. A passphrase is tried once: what it did not open it never will. */
    for (unsigned round = 0; more; round++) {
        more = false;
        for (size_t i = 0; i < opening->sealed_count; i++) {
            struct sealed *sealed = &opening->sealed[i];
            bool again = round == 0 || !sealed->is_passphrase;
            if (sealed->opened == ACCORD_OPENED_NOT && again) {
                more = try_sealed(opening, sealed, &left) || more;
            }
        }
    }
}

enum accord_opened accord_opening_other(const struct accord_opening *opening)
{
    return opening->passphrase_count > 0 || opening->more_passphrases || opening->unread ? ACCORD_OPENED_UNTRIED
                                                                                         : ACCORD_OPENED_NOT;
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

enum accord_opened accord_opening_opens(struct accord_opening *opening, const char *path,
                                        const struct accord_age_header *header)
{
    if (opens(opening, header)) {
        return ACCORD_OPENED;
    }
    enum accord_opened opened = header->scrypt > 0 ? opens_passphrase(opening, path) : ACCORD_OPENED_NOT;
    bool untried = opening->unread || (header->scrypt == 0 && opening->unopened) ||
                   (header->x25519 > 0 && opening->more_identities) || (header->other > 0 && opening->other_keys) ||
                   (header->other > 0 && opening->other_sealed && opening->passphrase_count > 0);
    return opened == ACCORD_OPENED_NOT && untried ? ACCORD_OPENED_UNTRIED : opened;
}
