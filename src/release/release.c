/* Releases (docs/protocol.md, "Release"): what a vendor says that it published, and whether its keys signed that.
 * Knows nothing of logs, quorums or files: verify.c joins them. */
#include "accord/release.h"

#include "core/fields.h"
#include "core/text.h"

#include <string.h>

#define HEX_SIZE (2 * ACCORD_HASH_SIZE)
#define NAME_SIZE_MAX 255
#define PLATFORM_SIZE_MAX 64
/* The shortest line that holds a digest is that of the stage `use`; its newline is in place of the NUL. */
#define DIGEST_LINES_MAX (ACCORD_ENTRY_SIZE_MAX / (sizeof "stage use sha256:" + HEX_SIZE))

/* The digests that stood on lines before, with what distinguishes them, as offsets into the entry: a release of 700
 * artifacts is compared with itself, so a first look takes two words. */
struct seen {
    size_t count;
    struct {
        uint32_t digest_word, label_word;
        uint16_t digest, label, label_size, platform, platform_size;
    } item[DIGEST_LINES_MAX];
};

static bool artifact_name_valid(struct accord_bytes name)
{
    bool dots = accord_bytes_equal(name, ACCORD_LITERAL(".")) || accord_bytes_equal(name, ACCORD_LITERAL(".."));
    return name.size > 0 && name.size <= NAME_SIZE_MAX && name.data[0] != ' ' && !dots &&
           memchr(name.data, '/', name.size) == NULL;
}

/* Two or three parts with '/' between, each of lowercase letters, digits and . _ - */
static bool platform_valid(struct accord_bytes platform)
{
    size_t part = 0, slashes = 0;
    for (size_t i = 0; i < platform.size; i++) {
        uint8_t c = platform.data[i];
        bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (c == '/' ? part == 0 : !allowed)
            return false;
        slashes += c == '/';
        part = c == '/' ? 0 : part + 1;
    }
    return part > 0 && (slashes == 1 || slashes == 2) && platform.size <= PLATFORM_SIZE_MAX;
}

static bool stage_valid(struct accord_bytes stage)
{
    const struct accord_bytes stages[] = {ACCORD_LITERAL("design"),       ACCORD_LITERAL("source"),
                                          ACCORD_LITERAL("build"),        ACCORD_LITERAL("test"),
                                          ACCORD_LITERAL("distribution"), ACCORD_LITERAL("use")};
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        if (accord_bytes_equal(stages[i], stage))
            return true;
    return false;
}

static uint32_t fold(uint32_t word, struct accord_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        word = (word ^ bytes.data[i]) * 16777619;
    return word;
}

static bool at_offset(const uint8_t *base, uint16_t offset, uint16_t size, struct accord_bytes bytes)
{
    return accord_bytes_equal((struct accord_bytes){base + offset, size}, bytes);
}

/* What makes a line unlike the others: its digest (as hexadecimal), its name or stage, its platform. */
struct line_identity {
    struct accord_bytes hex, label, platform;
};

/* Refuses a line that says again what one before it said: both the digest and the label where both is set, one of the
 * two otherwise. Remembers it otherwise. */
static bool seen_add(struct accord_fields *fields, struct seen *seen, const struct line_identity *line, bool both)
{
    const uint8_t *base = fields->statement->note.whole.data;
    uint32_t digest_word = fold(0, (struct accord_bytes){line->hex.data, 8});
    uint32_t label_word = fold(fold(0, line->label), line->platform);
    for (size_t i = 0; i < seen->count; i++) {
        bool digest =
            seen->item[i].digest_word == digest_word && at_offset(base, seen->item[i].digest, HEX_SIZE, line->hex);
        bool label = seen->item[i].label_word == label_word &&
                     at_offset(base, seen->item[i].label, seen->item[i].label_size, line->label) &&
                     at_offset(base, seen->item[i].platform, seen->item[i].platform_size, line->platform);
        if (both ? digest && label : digest || label)
            return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each once"),
                                        digest ? line->hex : line->label);
    }
    if (seen->count == DIGEST_LINES_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("as many lines as an entry can hold"),
                                    line->label);
    size_t at = seen->count++;
    seen->item[at].digest_word = digest_word;
    seen->item[at].label_word = label_word;
    seen->item[at].digest = (uint16_t)(line->hex.data - base);
    seen->item[at].label = (uint16_t)(line->label.data - base);
    seen->item[at].label_size = (uint16_t)line->label.size;
    seen->item[at].platform = line->platform.size == 0 ? 0 : (uint16_t)(line->platform.data - base);
    seen->item[at].platform_size = (uint16_t)line->platform.size;
    return true;
}

/* The words of `artifact <digest> <size> <name>`: *digest and *size as text. */
static bool artifact_split(struct accord_bytes value, struct accord_bytes *digest, struct accord_bytes *size,
                           struct accord_bytes *name)
{
    *name = value;
    return accord_word_next(name, digest) && accord_word_next(name, size) && artifact_name_valid(*name);
}

/* artifact <digest> <size> <name>, and a platform line where one follows */
static bool artifact_lines(struct accord_fields *fields, struct seen *seen)
{
    struct accord_bytes digest, size_text;
    struct line_identity line = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    uint8_t hash[ACCORD_HASH_SIZE];
    uint64_t size;
    if (!accord_fields_take(fields, ACCORD_LITERAL("artifact")))
        return false;
    if (!artifact_split(fields->taken.value, &digest, &size_text, &line.label))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("artifact <digest> <size> <file name>"),
                                    fields->taken.value);
    if (!accord_fields_part_digest(fields, digest, hash) ||
        !accord_fields_part_number(fields, size_text, 0, UINT64_MAX, &size))
        return false;
    line.hex = (struct accord_bytes){digest.data + digest.size - HEX_SIZE, HEX_SIZE};
    if (accord_fields_at(fields, ACCORD_LITERAL("platform"))) {
        if (!accord_fields_take(fields, ACCORD_LITERAL("platform")))
            return false;
        line.platform = fields->taken.value;
        if (!platform_valid(line.platform))
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("a platform like linux/amd64"),
                                        line.platform);
    }
    return seen_add(fields, seen, &line, false);
}

/* stage <stage> <digest of the attestation> */
static bool stage_line(struct accord_fields *fields, struct seen *seen)
{
    struct line_identity line = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    uint8_t hash[ACCORD_HASH_SIZE];
    if (!accord_fields_take(fields, ACCORD_LITERAL("stage")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (!accord_word_next(&rest, &line.label) || !stage_valid(line.label))
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("design, source, build, test, distribution or use"),
                                    fields->taken.value);
    if (!accord_fields_part_digest(fields, rest, hash))
        return false;
    line.hex = (struct accord_bytes){rest.data + rest.size - HEX_SIZE, HEX_SIZE};
    return seen_add(fields, seen, &line, true);
}

/* policy <number> <digest> */
static bool policy_line(struct accord_fields *fields, struct accord_release_claim *release)
{
    struct accord_bytes number;
    if (!accord_fields_take(fields, ACCORD_LITERAL("policy")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (!accord_word_next(&rest, &number))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("policy <number> <digest>"),
                                    fields->taken.value);
    release->has_policy = true;
    return accord_fields_part_number(fields, number, 1, UINT64_MAX, &release->policy_number) &&
           accord_fields_part_digest(fields, rest, release->policy);
}

static bool artifacts_and_stages(struct accord_fields *fields, struct accord_release_claim *release)
{
    struct seen seen;
    seen.count = 0;
    do {
        if (!artifact_lines(fields, &seen))
            return false;
        release->artifact_count++;
    } while (accord_fields_at(fields, ACCORD_LITERAL("artifact")));
    seen.count = 0;
    while (accord_fields_at(fields, ACCORD_LITERAL("stage"))) {
        if (!stage_line(fields, &seen))
            return false;
        release->stage_count++;
    }
    return accord_fields_end(fields);
}

enum accord_status accord_release_parse(struct accord_release_claim *release, struct accord_bytes entry,
                                        struct accord_error *error)
{
    struct accord_fields fields;
    memset(release, 0, sizeof *release);
    enum accord_status status =
        accord_fields_open(&fields, &release->statement, entry, ACCORD_LITERAL("release"),
                           ACCORD_LITERAL("vendor product version sequence policy artifact* platform* stage*"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_domain(&fields, ACCORD_LITERAL("vendor"), &release->vendor) ||
        !accord_fields_token(&fields, ACCORD_LITERAL("product"), &release->product) ||
        !accord_fields_token(&fields, ACCORD_LITERAL("version"), &release->version) ||
        !accord_fields_number(&fields, ACCORD_LITERAL("sequence"), 0, UINT64_MAX, &release->sequence))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (accord_fields_at(&fields, ACCORD_LITERAL("policy")) && !policy_line(&fields, release))
        return fields.status;
    if (!artifacts_and_stages(&fields, release))
        return fields.status;
    return ACCORD_OK;
}

/* The next line of this key; false where there is none. */
static bool next_line(const struct accord_release_claim *release, size_t *cursor, struct accord_bytes key,
                      struct accord_field *field)
{
    while (accord_statement_next(&release->statement, cursor, field))
        if (accord_bytes_equal(field->key, key))
            return true;
    return false;
}

/* The platform line that follows the artifact before cursor, or nothing: `x-` lines may stand between. */
static struct accord_bytes platform_after(const struct accord_release_claim *release, size_t cursor)
{
    struct accord_field field;
    while (accord_statement_next(&release->statement, &cursor, &field)) {
        if (accord_bytes_equal(field.key, ACCORD_LITERAL("platform")))
            return field.value;
        if (!accord_cut_prefix(&field.key, ACCORD_LITERAL("x-")))
            break;
    }
    return (struct accord_bytes){NULL, 0};
}

bool accord_release_next_artifact(const struct accord_release_claim *release, size_t *cursor,
                                  struct accord_artifact *artifact)
{
    struct accord_field field;
    struct accord_bytes digest, size;
    if (!next_line(release, cursor, ACCORD_LITERAL("artifact"), &field))
        return false;
    artifact->platform = platform_after(release, *cursor);
    return artifact_split(field.value, &digest, &size, &artifact->name) &&
           accord_digest_parse(digest, artifact->sha256) && accord_decimal_read(size, &artifact->size);
}

/* Compares digests as they are written, so that the lines of other artifacts need no decoding. */
bool accord_release_find(const struct accord_release_claim *release, const uint8_t sha256[ACCORD_HASH_SIZE],
                         struct accord_artifact *artifact)
{
    uint8_t text[7 + HEX_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_field field;
    size_t cursor = 0, before = 0;
    accord_digest_print(&out, sha256);
    while (accord_statement_next(&release->statement, &cursor, &field)) {
        if (accord_bytes_equal(field.key, ACCORD_LITERAL("artifact")) &&
            accord_cut_prefix(&field.value, accord_out_bytes(&out)))
            return accord_release_next_artifact(release, &before, artifact);
        before = cursor;
    }
    return false;
}

bool accord_release_next_stage(const struct accord_release_claim *release, size_t *cursor,
                               struct accord_release_stage *stage)
{
    struct accord_field field;
    if (!next_line(release, cursor, ACCORD_LITERAL("stage"), &field))
        return false;
    return accord_word_next(&field.value, &stage->stage) && accord_digest_parse(field.value, stage->attestation);
}

enum accord_status accord_release_verify(const struct accord_release_claim *claim,
                                         const struct accord_roster_claim *roster, const struct accord_place *place,
                                         const struct accord_crypto *crypto, struct accord_release *release,
                                         struct accord_error *error)
{
    struct accord_signers signers;
    memset(release, 0, sizeof *release);
    release->member = accord_roster_member(roster, claim->vendor);
    enum accord_status status =
        accord_roster_signed(roster, &claim->statement.note, claim->vendor, place, crypto, &signers, error);
    release->signed_count = signers.release;
    if (status != ACCORD_OK)
        return status;
    release->claim = claim;
    release->verified = true;
    return ACCORD_OK;
}

static void put_artifact(struct accord_out *out, const struct accord_artifact *artifact)
{
    accord_put(out, ACCORD_LITERAL("artifact "));
    accord_digest_print(out, artifact->sha256);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, artifact->size);
    accord_put_byte(out, ' ');
    accord_put(out, artifact->name);
    accord_put_byte(out, '\n');
    if (artifact->platform.size > 0)
        accord_field_print(out, ACCORD_LITERAL("platform"), artifact->platform);
}

static void put_stage(struct accord_out *out, const struct accord_release_stage *stage)
{
    accord_put(out, ACCORD_LITERAL("stage "));
    accord_put(out, stage->stage);
    accord_put_byte(out, ' ');
    accord_digest_print(out, stage->attestation);
    accord_put_byte(out, '\n');
}

void accord_release_print(struct accord_out *out, const struct accord_release_draft *draft)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/release\n"));
    accord_field_print(out, ACCORD_LITERAL("vendor"), draft->vendor);
    accord_field_print(out, ACCORD_LITERAL("product"), draft->product);
    accord_field_print(out, ACCORD_LITERAL("version"), draft->version);
    accord_put(out, ACCORD_LITERAL("sequence "));
    accord_put_decimal(out, draft->sequence);
    accord_put_byte(out, '\n');
    if (draft->policy_number > 0) {
        accord_put(out, ACCORD_LITERAL("policy "));
        accord_put_decimal(out, draft->policy_number);
        accord_put_byte(out, ' ');
        accord_digest_print(out, draft->policy);
        accord_put_byte(out, '\n');
    }
    for (size_t i = 0; i < draft->artifact_count; i++)
        put_artifact(out, &draft->artifacts[i]);
    for (size_t i = 0; i < draft->stage_count; i++)
        put_stage(out, &draft->stages[i]);
}
