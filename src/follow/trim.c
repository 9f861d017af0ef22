/* A checkpoint with fewer cosignatures. The more of them stay the better, since a witness may be convicted later; it
 * knows which ones a quorum can do without, and takes the longest of those. */
#include "follow/trim.h"

#include <string.h>

#define LINES_MAX ACCORD_SIGNATURES_MAX
#define NOBODY SIZE_MAX
#define THE_LOG (SIZE_MAX - 1)

/* A signature line, and whose it is: a witness's place in the policy, or none. */
struct line {
    struct accord_bytes bytes;
    size_t whose;
    bool kept;
};

struct trimming {
    const struct accord_policy *policy;
    bool cosigned[ACCORD_POLICY_WITNESSES_MAX];
    struct line lines[LINES_MAX];
    size_t count, size; /* lines; bytes of the note with those that are kept */
};

static bool names(const struct accord_signature *signature, const struct accord_vkey *vkey)
{
    return signature->id == vkey->id && accord_bytes_equal(signature->name, vkey->name);
}

static size_t find_whose(const struct accord_policy *policy, const struct accord_signature *signature)
{
    for (size_t i = 0; i < policy->log_count; i++) {
        if (names(signature, &policy->logs[i].vkey)) {
            return THE_LOG;
        }
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        if (names(signature, &policy->witnesses[i].vkey)) {
            return i;
        }
    }
    return NOBODY;
}

static void take_lines(struct trimming *trimming, const struct accord_note_claim *note)
{
    struct accord_signature signature;
    size_t cursor = 0;
    const uint8_t *start = note->signatures.data;
    trimming->size = note->whole.size;
    while (trimming->count < LINES_MAX && accord_note_next_signature(note, &cursor, &signature)) {
        const uint8_t *end = signature.base64.data + signature.base64.size + 1;
        trimming->lines[trimming->count++] =
            (struct line){{start, (size_t)(end - start)}, find_whose(trimming->policy, &signature), true};
        start = end;
    }
}

/* Can the note do without this line? */
static bool is_needed(struct trimming *trimming, const struct line *line)
{
    if (line->whose == NOBODY || line->whose == THE_LOG) {
        return line->whose == THE_LOG;
    }
    trimming->cosigned[line->whose] = false;
    bool needed = !accord_policy_satisfied(trimming->policy, trimming->cosigned);
    trimming->cosigned[line->whose] = true;
    return needed;
}

/* The line that goes next, or NULL. */
static struct line *choose(struct trimming *trimming)
{
    struct line *chosen = NULL;
    for (size_t i = 0; i < trimming->count; i++) {
        struct line *line = &trimming->lines[i];
        if (!line->kept || is_needed(trimming, line)) {
            continue;
        }
        bool better = chosen == NULL || (line->whose == NOBODY && chosen->whose != NOBODY) ||
                      ((line->whose == NOBODY) == (chosen->whose == NOBODY) && line->bytes.size > chosen->bytes.size);
        chosen = better ? line : chosen;
    }
    return chosen;
}

/* Takes the line out, and what else stands there of the same witness: only its first line counted. */
static void drop(struct trimming *trimming, struct line *line)
{
    for (size_t i = 0; i < trimming->count; i++) {
        struct line *other = &trimming->lines[i];
        if (other == line || (other->kept && line->whose != NOBODY && other->whose == line->whose)) {
            other->kept = false;
            trimming->size -= other->bytes.size;
        }
    }
    if (line->whose != NOBODY) {
        trimming->cosigned[line->whose] = false;
    }
}

static enum accord_status print(const struct trimming *trimming, const struct accord_note_claim *note,
                                struct accord_buffer *out, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(out, note->text);
    if (status == ACCORD_OK) {
        status = accord_buffer_append(out, ACCORD_LITERAL("\n"));
    }
    for (size_t i = 0; status == ACCORD_OK && i < trimming->count; i++) {
        if (trimming->lines[i].kept) {
            status = accord_buffer_append(out, trimming->lines[i].bytes);
        }
    }
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

enum accord_status accord_checkpoint_trim(const struct accord_policy *policy, struct accord_bytes note, size_t most,
                                          const struct accord_crypto *crypto, struct accord_buffer *out,
                                          struct accord_error *error)
{
    struct trimming trimming = {.policy = policy};
    struct accord_checkpoint_claim claim;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    enum accord_status status = accord_checkpoint_parse(&claim, note, error);
    if (status == ACCORD_OK) {
        status = accord_policy_verify(policy, &claim, crypto, &checkpoint, &cosigners, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    memcpy(trimming.cosigned, cosigners.cosigned, sizeof trimming.cosigned);
    take_lines(&trimming, &claim.note);
    while (trimming.size > most) {
        struct line *line = choose(&trimming);
        if (line == NULL) {
            accord_fail(error, ACCORD_TOO_LARGE, 0);
            accord_error_what(error, ACCORD_LITERAL("a checkpoint with its quorum and no more"));
            accord_error_expected_number(error, most);
            accord_error_found_number(error, trimming.size);
            return ACCORD_TOO_LARGE;
        }
        drop(&trimming, line);
    }
    return print(&trimming, &claim.note, out, error);
}
