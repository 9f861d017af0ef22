/* How an accord begins: who founds it, with which keys, under which rule. It prints the two statements of
 * docs/protocol.md and hands them to the parsers that everyone uses, so what it made is never its own opinion. */
#include "cli/founding.h"

#include "base/file.h"
#include "cli/accord_dir.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TEXT_SIZE_MAX 4096

/* title, domain, jurisdiction, a key of each role */
#define COLUMNS_MAX (3 + ACCORD_FOUNDING_ROLES)

static const char *const role_names[ACCORD_FOUNDING_ROLES] = {"release", "stage",   "witness",
                                                              "report",  "current", "receipt"};

/* Cuts a line into at most nine columns; returns how many there were. */
static size_t cut_columns(struct accord_bytes line, struct accord_bytes columns[COLUMNS_MAX + 1])
{
    size_t count = 0;
    while (count < COLUMNS_MAX && accord_cut(&line, '\t', &columns[count])) {
        count++;
    }
    columns[count] = line;
    return count + 1;
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, uint64_t line,
                                 struct accord_bytes expected, struct accord_bytes found)
{
    accord_fail(error, status, line);
    accord_error_expected(error, expected);
    accord_error_found(error, found);
    return status;
}

/* A founder's domain names a directory of keys: letters, digits, '-' and '.', not at either end. What else a domain
 * must be, the roster's parser knows. */
static bool domain_safe(struct accord_bytes domain)
{
    for (size_t i = 0; i < domain.size; i++) {
        uint8_t c = domain.data[i];
        bool inner = c == '-' || c == '.';
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !inner) {
            return false;
        }
        if (inner && (i == 0 || i + 1 == domain.size)) {
            return false;
        }
    }
    return domain.size > 0 && domain.size <= 253;
}

static enum accord_status read_founder(struct accord_founding *founding, struct accord_bytes line, uint64_t number,
                                       struct accord_error *error)
{
    struct accord_bytes columns[COLUMNS_MAX + 1];
    size_t count = cut_columns(line, columns);
    if (count != 3 && (count < 7 || count > COLUMNS_MAX)) {
        return refuse(error, ACCORD_MALFORMED, number,
                      ACCORD_LITERAL("name, domain, jurisdiction and perhaps four to six keys, with tabs between"),
                      line);
    }
    if (founding->count == ACCORD_MEMBERS_MAX) {
        return refuse(error, ACCORD_TOO_LARGE, number, ACCORD_LITERAL("at most 128 members"), line);
    }
    struct accord_founder *founder = &founding->founders[founding->count];
    *founder = (struct accord_founder){.title = columns[0], .domain = columns[1], .jurisdiction = columns[2]};
    for (size_t i = 3; i < count; i++) {
        founder->keys[i - 3] = columns[i];
    }
    if (!domain_safe(founder->domain)) {
        return refuse(error, ACCORD_MALFORMED, number, ACCORD_LITERAL("a domain in lowercase"), founder->domain);
    }
    for (size_t i = 0; i < founding->count; i++) {
        if (accord_bytes_equal(founding->founders[i].domain, founder->domain)) {
            return refuse(error, ACCORD_DUPLICATE, number, ACCORD_LITERAL("each domain once"), founder->domain);
        }
    }
    founding->count++;
    return ACCORD_OK;
}

enum accord_status accord_founding_read(struct accord_founding *founding, struct accord_bytes file,
                                        struct accord_error *error)
{
    struct accord_bytes rest = file, line;
    uint64_t number = 0;
    while (rest.size > 0) {
        number++;
        if (!accord_cut_line(&rest, &line)) {
            return refuse(error, ACCORD_MALFORMED, number, ACCORD_LITERAL("a newline at the end of each line"), rest);
        }
        if (line.size == 0 || line.data[0] == '#') {
            continue;
        }
        enum accord_status status = read_founder(founding, line, number, error);
        if (status != ACCORD_OK) {
            return status;
        }
    }
    if (founding->count == 0) {
        return refuse(error, ACCORD_MALFORMED, 0, ACCORD_LITERAL("at least one member"), ACCORD_LITERAL("none"));
    }
    return ACCORD_OK;
}

/* How many members share the founder's jurisdiction; 0 where an earlier one does, so that each is counted once. */
static unsigned members_alike(const struct accord_founding *founding, size_t place)
{
    unsigned count = 0;
    for (size_t i = 0; i < founding->count; i++) {
        if (accord_bytes_equal(founding->founders[i].jurisdiction, founding->founders[place].jurisdiction)) {
            if (i < place) {
                return 0;
            }
            count++;
        }
    }
    return count;
}

/* Two thirds of the members; and more than any one jurisdiction has, so that no one state can change the roster. */
static unsigned default_admit(const struct accord_founding *founding)
{
    unsigned admit = (unsigned)(2 * founding->count + 2) / 3;
    for (size_t i = 0; i < founding->count; i++) {
        unsigned alike = members_alike(founding, i);
        if (alike >= admit && alike < founding->count) {
            admit = alike + 1;
        }
    }
    return admit;
}

enum accord_status accord_founding_rule(struct accord_founding *founding, struct accord_error *error)
{
    if (founding->quorum_witnesses == 0) {
        founding->quorum_witnesses = 1;
    }
    founding->jurisdiction_count = 0;
    for (size_t i = 0; i < founding->count; i++) {
        founding->jurisdiction_count += members_alike(founding, i) >= founding->quorum_witnesses;
    }
    if (founding->quorum_jurisdictions == 0) {
        founding->quorum_jurisdictions = (unsigned)(3 * founding->jurisdiction_count + 3) / 4;
    }
    if (founding->admit == 0) {
        founding->admit = default_admit(founding);
    }
    if (founding->quorum_jurisdictions == 0 || founding->quorum_jurisdictions > founding->jurisdiction_count) {
        accord_fail(error, ACCORD_USAGE, 0);
        accord_error_what(error, ACCORD_LITERAL("jurisdictions with so many witnesses"));
        accord_error_expected_number(error, founding->quorum_jurisdictions);
        accord_error_found_number(error, founding->jurisdiction_count);
        return ACCORD_USAGE;
    }
    return ACCORD_OK;
}

static void text_of(struct accord_bytes bytes, char text[256])
{
    snprintf(text, 256, "%.*s", (int)bytes.size, (const char *)bytes.data);
}

/* Makes one note key, DOMAIN/ROLE, and keeps its vkey's text. The signer of a release key is kept to sign with. */
static enum accord_status make_note_key(struct accord_founding *founding, size_t place, size_t role,
                                        const struct accord_fs *fs, const char *path, struct accord_error *error)
{
    char name[300], domain[256];
    text_of(founding->founders[place].domain, domain);
    snprintf(name, sizeof name, "%s/%s", domain, role_names[role]);
    enum accord_key_type type = role + 1 == ACCORD_ROLE_WITNESS ? ACCORD_KEY_COSIGNATURE_ED25519 : ACCORD_KEY_ED25519;
    struct accord_signer *signer;
    enum accord_status status =
        accord_signer_generate(&signer, (struct accord_bytes){(const uint8_t *)name, strlen(name)}, type, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_signer_save(signer, fs, path, NULL, error);
    if (status == ACCORD_OK) {
        status = accord_buffer_append(&founding->key_texts[place][role], accord_signer_vkey(signer)->text);
    }
    if (status == ACCORD_OK && role + 1 == ACCORD_ROLE_RELEASE) {
        founding->signers[place] = signer;
        return ACCORD_OK;
    }
    accord_signer_free(signer);
    return status;
}

static enum accord_status make_keys_of(struct accord_founding *founding, size_t place, const struct accord_fs *fs,
                                       const char *directory, struct accord_error *error)
{
    char domain[256], path[ACCORD_PATH_SIZE], file[32];
    text_of(founding->founders[place].domain, domain);
    enum accord_status status = accord_path_join(path, directory, NULL, domain, error);
    if (status != ACCORD_OK) {
        return status;
    }
    int result = fs->make_dir(fs->context, path, 0700);
    if (result < 0) {
        return accord_file_error(error, result, path);
    }
    for (size_t role = 0; status == ACCORD_OK && role < ACCORD_FOUNDING_ROLES; role++) {
        accord_buffer_init(&founding->key_texts[place][role], KEY_TEXT_SIZE_MAX);
        snprintf(file, sizeof file, "%s.key", role_names[role]);
        status = accord_path_join(path, directory, domain, file, error);
        if (status == ACCORD_OK && role + 1 == ACCORD_ROLE_REPORT) {
            char recipient[64];
            status = accord_report_key_new(fs, path, NULL, recipient, error);
            if (status == ACCORD_OK) {
                status = accord_buffer_append(
                    &founding->key_texts[place][role],
                    (struct accord_bytes){(const uint8_t *)recipient, strnlen(recipient, sizeof recipient)});
            }
        } else if (status == ACCORD_OK) {
            status = make_note_key(founding, place, role, fs, path, error);
        }
        founding->founders[place].keys[role] = accord_buffer_bytes(&founding->key_texts[place][role]);
    }
    return status;
}

enum accord_status accord_founding_make_keys(struct accord_founding *founding, const struct accord_fs *fs,
                                             const char *directory, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < founding->count; i++) {
        status = make_keys_of(founding, i, fs, directory, error);
    }
    return status;
}

enum accord_status accord_founding_open_keys(struct accord_founding *founding, const struct accord_fs *fs,
                                             const char *directory, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < founding->count; i++) {
        char domain[256], path[ACCORD_PATH_SIZE];
        struct accord_founder *founder = &founding->founders[i];
        text_of(founder->domain, domain);
        if (founder->keys[0].size == 0) {
            return refuse(error, ACCORD_MISSING_FIELD, 0, ACCORD_LITERAL("the four key columns for every member"),
                          founder->domain);
        }
        status = accord_path_join(path, directory, domain, "release.key", error);
        if (status == ACCORD_OK) {
            status = accord_signer_open(&founding->signers[i], fs, path, NULL, error);
        }
        if (status == ACCORD_OK &&
            !accord_bytes_equal(accord_signer_vkey(founding->signers[i])->text, founder->keys[0])) {
            accord_fail(error, ACCORD_WRONG_KEY, 0);
            accord_error_what(error, (struct accord_bytes){(const uint8_t *)path, strlen(path)});
            accord_error_expected(error, founder->keys[0]);
            status = ACCORD_WRONG_KEY;
        }
    }
    return status;
}

/* Prints into an entry's worth of memory, signs by every founder. */
static enum accord_status sign_by_all(const struct accord_founding *founding, const struct accord_out *text,
                                      struct accord_buffer *entry, struct accord_error *error)
{
    if (text->full) {
        return refuse(error, ACCORD_TOO_LARGE, 0, ACCORD_LITERAL("a statement of at most 65535 bytes"),
                      ACCORD_LITERAL("more"));
    }
    enum accord_status status = accord_buffer_append(entry, accord_out_bytes(text));
    if (status == ACCORD_OK) {
        status = accord_buffer_append(entry, ACCORD_LITERAL("\n"));
    }
    for (size_t i = 0; status == ACCORD_OK && i < founding->count; i++) {
        status = accord_signer_sign(founding->signers[i], accord_out_bytes(text), 0, entry, error);
    }
    return status;
}

/* A word and the space after it. */
static void put_word(struct accord_out *out, struct accord_bytes word)
{
    accord_put(out, word);
    accord_put_byte(out, ' ');
}

enum accord_status accord_founding_charter(const struct accord_founding *founding, const struct accord_crypto *crypto,
                                           struct accord_buffer *entry, struct accord_error *error)
{
    uint8_t *memory = malloc(ACCORD_ENTRY_SIZE_MAX);
    struct accord_charter_claim *claim = malloc(sizeof *claim);
    if (memory == NULL || claim == NULL) {
        free(memory);
        free(claim);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {memory, ACCORD_ENTRY_SIZE_MAX, 0, false};
    accord_put(&out, ACCORD_LITERAL("accord/v1/charter\n"));
    accord_field_print(&out, ACCORD_LITERAL("name"), founding->name);
    for (size_t i = 0; i < founding->count; i++) {
        put_word(&out, ACCORD_LITERAL("founder"));
        put_word(&out, founding->founders[i].domain);
        accord_put(&out, founding->founders[i].keys[0]);
        accord_put_byte(&out, '\n');
    }
    enum accord_status status = sign_by_all(founding, &out, entry, error);
    if (status == ACCORD_OK) {
        status = accord_charter_parse(claim, accord_buffer_bytes(entry), crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_charter_verify(claim, crypto, error);
    }
    free(claim);
    free(memory);
    return status;
}

static void put_member(struct accord_out *out, const struct accord_founder *founder)
{
    put_word(out, ACCORD_LITERAL("member"));
    put_word(out, founder->domain);
    put_word(out, founder->jurisdiction);
    accord_put(out, founder->title);
    accord_put_byte(out, '\n');
    for (size_t role = 0; role < ACCORD_FOUNDING_ROLES; role++) {
        if (founder->keys[role].size == 0) {
            continue;
        }
        put_word(out, ACCORD_LITERAL("key"));
        put_word(out, (struct accord_bytes){(const uint8_t *)role_names[role], strlen(role_names[role])});
        accord_put(out, founder->keys[role]);
        accord_put_byte(out, '\n');
    }
}

static void put_roster(struct accord_out *out, const struct accord_founding *founding, struct accord_bytes charter,
                       struct accord_bytes log_vkey, const struct accord_crypto *crypto)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(crypto, charter, digest);
    accord_put(out, ACCORD_LITERAL("accord/v1/roster\ncharter "));
    accord_digest_print(out, digest);
    accord_put(out, ACCORD_LITERAL("\nnumber 1\nadmit "));
    accord_put_decimal(out, founding->admit);
    accord_put(out, ACCORD_LITERAL("\nquorum "));
    accord_put_decimal(out, founding->quorum_jurisdictions);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, founding->quorum_witnesses);
    accord_put_byte(out, '\n');
    accord_field_print(out, ACCORD_LITERAL("log"), log_vkey);
    for (size_t i = 0; i < founding->count; i++) {
        put_member(out, &founding->founders[i]);
    }
}

enum accord_status accord_founding_roster(const struct accord_founding *founding, struct accord_bytes charter,
                                          struct accord_bytes log_vkey, const struct accord_crypto *crypto,
                                          struct accord_buffer *entry, struct accord_error *error)
{
    uint8_t *memory = malloc(ACCORD_ENTRY_SIZE_MAX);
    struct accord_charter_claim *from = malloc(sizeof *from);
    struct accord_roster_claim *claim = malloc(sizeof *claim);
    enum accord_status status = ACCORD_OK;
    if (memory == NULL || from == NULL || claim == NULL) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    } else {
        struct accord_out out = {memory, ACCORD_ENTRY_SIZE_MAX, 0, false};
        put_roster(&out, founding, charter, log_vkey, crypto);
        status = sign_by_all(founding, &out, entry, error);
    }
    if (status == ACCORD_OK) {
        status = accord_charter_parse(from, charter, crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_parse(claim, accord_buffer_bytes(entry), crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_verify_first(claim, from, crypto, error);
    }
    free(claim);
    free(from);
    free(memory);
    return status;
}

void accord_founding_free(struct accord_founding *founding)
{
    for (size_t i = 0; i < founding->count; i++) {
        accord_signer_free(founding->signers[i]);
        for (size_t role = 0; role < ACCORD_FOUNDING_ROLES; role++) {
            accord_buffer_free(&founding->key_texts[i][role]);
        }
    }
}
