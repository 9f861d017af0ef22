/* Who signed a statement, as a roster knows its keys (docs/protocol.md, "Keys that were", "Logs that were"). Knows
 * which keys count for an entry at a place; what a kind of statement asks of them is for the rooms above. */
#include "accord/roster.h"

#include "core/fields.h"
#include "core/text.h"

#include <string.h>

/* Others who signed are named in a refusal, as many as it holds. */
#define OTHERS_SIZE 1024

/* Going through the signature lines of a note. */
struct tally {
    const struct accord_roster_claim *roster;
    const struct accord_note_claim *note;
    struct accord_bytes domain;
    const struct accord_place *place;
    const struct accord_crypto *crypto;
    struct accord_signers *signers;
    struct accord_out others; /* who signed, and does not count */
    uint8_t seen[(ACCORD_ROSTER_KEYS_MAX + ACCORD_ROSTER_PAST_MAX) / 8];
};

/* A key of the roster that a signature line names. */
struct named {
    size_t number; /* of all its keys, those that were included */
    const struct accord_vkey *vkey;
    struct accord_bytes owner;
    enum accord_key_role role;
    bool counts; /* for an entry at this place */
};

static bool names(const struct accord_signature *signature, const struct accord_vkey *vkey)
{
    return vkey->id == signature->id && accord_bytes_equal(vkey->name, signature->name);
}

/* In the log of its line, what is past counts below an index; in any other, before a time. */
static bool was_before(const struct accord_place *place, struct accord_bytes origin, uint64_t index, uint64_t time)
{
    if (place == NULL)
        return false;
    return accord_bytes_equal(origin, place->origin) ? place->index < index : place->seen_at < time;
}

static bool find_key(const struct tally *tally, const struct accord_signature *signature, struct named *named)
{
    const struct accord_roster_claim *roster = tally->roster;
    for (size_t i = 0; i < roster->key_count; i++) {
        const struct accord_roster_key *key = &roster->keys[i];
        if (accord_role_signs(key->role) && names(signature, &key->vkey)) {
            *named = (struct named){i, &key->vkey, roster->members[key->member].domain, key->role, true};
            return true;
        }
    }
    for (size_t i = 0; i < roster->past_count; i++) {
        const struct accord_roster_past *past = &roster->past[i];
        if (names(signature, &past->vkey)) {
            *named = (struct named){ACCORD_ROSTER_KEYS_MAX + i, &past->vkey, past->owner, past->role,
                                    was_before(tally->place, past->origin, past->index, past->time)};
            return true;
        }
    }
    return false;
}

/* Only the first line that names a key counts. */
static bool seen_before(struct tally *tally, size_t number)
{
    uint8_t bit = (uint8_t)(1 << number % 8);
    bool before = (tally->seen[number / 8] & bit) != 0;
    tally->seen[number / 8] |= bit;
    return before;
}

static void put_other(struct tally *tally, const struct named *named)
{
    struct accord_out *out = &tally->others;
    bool is_release = named->counts && named->role == ACCORD_ROLE_RELEASE;
    if (out->size > 0)
        accord_put(out, ACCORD_LITERAL(", "));
    accord_put(out, is_release ? named->owner : named->vkey->name);
    if (!named->counts)
        accord_put(out, ACCORD_LITERAL(" (given up)"));
}

static void count(struct tally *tally, const struct named *named)
{
    bool own = accord_bytes_equal(named->owner, tally->domain);
    if (!own || !named->counts || named->role != ACCORD_ROLE_RELEASE)
        put_other(tally, named);
    if (!own || !named->counts)
        return;
    tally->signers->release += named->role == ACCORD_ROLE_RELEASE;
    tally->signers->stage += named->role == ACCORD_ROLE_STAGE;
    tally->signers->current += named->role == ACCORD_ROLE_CURRENT;
    tally->signers->receipt += named->role == ACCORD_ROLE_RECEIPT;
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, uint64_t line,
                                 struct accord_bytes what)
{
    accord_fail(error, status, line);
    accord_error_what(error, what);
    return status;
}

/* A wrong signature by any key that counts refuses the statement, whoever's key it is; what a key that was given up
 * signs is as if a stranger had. */
static enum accord_status take_signatures(struct tally *tally, struct accord_error *error)
{
    struct accord_signature signature;
    struct named named;
    size_t cursor = 0;
    while (accord_note_next_signature(tally->note, &cursor, &signature)) {
        if (!find_key(tally, &signature, &named) || seen_before(tally, named.number))
            continue;
        bool right =
            accord_signature_verify(&signature, tally->note->text, named.vkey, tally->crypto, NULL) == ACCORD_SIGNED;
        if (!right && named.counts)
            return refuse(error, ACCORD_SIGNATURE, signature.line, named.vkey->name);
        if (right)
            count(tally, &named);
    }
    return ACCORD_OK;
}

/* A threshold that was raised since asks for no more of what was there before. */
static unsigned threshold_at(const struct tally *tally, unsigned threshold)
{
    for (size_t i = 0; i < tally->roster->threshold_count; i++) {
        const struct accord_roster_threshold *past = &tally->roster->thresholds[i];
        if (accord_bytes_equal(past->domain, tally->domain) && past->threshold < threshold &&
            was_before(tally->place, past->origin, past->index, past->time))
            threshold = past->threshold;
    }
    return threshold;
}

static void look_up(const struct tally *tally)
{
    const struct accord_roster_claim *roster = tally->roster;
    size_t member = accord_roster_member(roster, tally->domain), former = accord_roster_former(roster, tally->domain);
    *tally->signers = (struct accord_signers){0};
    if (member != SIZE_MAX)
        *tally->signers =
            (struct accord_signers){.known = true, .release_threshold = roster->members[member].release_threshold};
    else if (former != SIZE_MAX)
        *tally->signers =
            (struct accord_signers){.known = true, .release_threshold = roster->former[former].release_threshold};
    tally->signers->release_threshold = threshold_at(tally, tally->signers->release_threshold);
}

enum accord_status accord_roster_signers(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                                         struct accord_bytes domain, const struct accord_place *place,
                                         const struct accord_crypto *crypto, struct accord_signers *signers,
                                         struct accord_error *error)
{
    uint8_t text[OTHERS_SIZE];
    struct tally tally = {roster, note, domain, place, crypto, signers, {text, sizeof text, 0, false}, {0}};
    look_up(&tally);
    return take_signatures(&tally, error);
}

/* None of the domain's release keys signed: others are those who did, if any. */
static enum accord_status refuse_signer(struct accord_error *error, struct accord_bytes domain,
                                        struct accord_bytes others)
{
    uint8_t text[24 + ACCORD_DOMAIN_SIZE_MAX];
    struct accord_out out = {text, sizeof text, 0, false};
    refuse(error, ACCORD_WRONG_SIGNER, 0, domain);
    accord_put(&out, ACCORD_LITERAL("a release key of "));
    accord_put(&out, domain);
    accord_error_expected(error, accord_out_bytes(&out));
    accord_error_found(error, others.size > 0 ? others : ACCORD_LITERAL("no key that the roster knows"));
    return ACCORD_WRONG_SIGNER;
}

enum accord_status accord_roster_signed(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                                        struct accord_bytes domain, const struct accord_place *place,
                                        const struct accord_crypto *crypto, struct accord_signers *signers,
                                        struct accord_error *error)
{
    uint8_t text[OTHERS_SIZE];
    struct tally tally = {roster, note, domain, place, crypto, signers, {text, sizeof text, 0, false}, {0}};
    look_up(&tally);
    if (!signers->known)
        return refuse(error, ACCORD_NOT_A_MEMBER, 0, domain);
    enum accord_status status = take_signatures(&tally, error);
    if (status != ACCORD_OK)
        return status;
    if (signers->release == 0)
        return refuse_signer(error, domain, accord_out_bytes(&tally.others));
    if (signers->release < signers->release_threshold) {
        refuse(error, ACCORD_THRESHOLD, 0, domain);
        accord_error_expected_number(error, signers->release_threshold);
        accord_error_found_number(error, signers->release);
        return ACCORD_THRESHOLD;
    }
    return ACCORD_OK;
}

/* Says which tree was the closed log's last. */
static enum accord_status refuse_closed(const struct accord_closed_log *log,
                                        const struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    uint8_t text[96];
    struct accord_out out = {text, sizeof text, 0, false};
    refuse(error, ACCORD_CLOSED_LOG, 0, log->vkey.name);
    accord_put_decimal(&out, log->size);
    accord_put_byte(&out, ' ');
    accord_put_base64(&out, (struct accord_bytes){log->root, ACCORD_HASH_SIZE});
    accord_error_expected(error, accord_out_bytes(&out));
    out.size = 0;
    accord_put_decimal(&out, claim->size);
    accord_put_byte(&out, ' ');
    accord_put_base64(&out, (struct accord_bytes){claim->root, ACCORD_HASH_SIZE});
    accord_error_found(error, accord_out_bytes(&out));
    return ACCORD_CLOSED_LOG;
}

/* The members vouch for the tree by naming it, so no witness is asked; nor does it matter what else the log's key
 * signed since: this tree counts, and no other. */
static enum accord_status verify_closed(const struct accord_closed_log *log,
                                        const struct accord_checkpoint_claim *claim, const struct accord_crypto *crypto,
                                        struct accord_checkpoint *checkpoint, struct accord_cosigners *cosigners,
                                        struct accord_error *error)
{
    memset(checkpoint, 0, sizeof *checkpoint);
    memset(cosigners, 0, sizeof *cosigners);
    cosigners->log = SIZE_MAX;
    if (claim->size != log->size || memcmp(claim->root, log->root, ACCORD_HASH_SIZE) != 0)
        return refuse_closed(log, claim, error);
    enum accord_signed by = accord_note_signed_by(&claim->note, &log->vkey, crypto, NULL);
    if (by != ACCORD_SIGNED)
        return refuse(error, by == ACCORD_SIGNED_WRONGLY ? ACCORD_SIGNATURE : ACCORD_UNSIGNED, 0, log->vkey.name);
    cosigners->seen_at = cosigners->not_before = log->time;
    checkpoint->verified = true;
    checkpoint->origin = claim->origin;
    checkpoint->size = claim->size;
    memcpy(checkpoint->root, claim->root, ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

enum accord_status accord_roster_verify_checkpoint(const struct accord_roster_claim *roster,
                                                   const struct accord_policy *policy,
                                                   const struct accord_checkpoint_claim *claim,
                                                   const struct accord_crypto *crypto,
                                                   struct accord_checkpoint *checkpoint,
                                                   struct accord_cosigners *cosigners, struct accord_error *error)
{
    const struct accord_closed_log *closed = accord_roster_closed(roster, claim->origin);
    return closed != NULL ? verify_closed(closed, claim, crypto, checkpoint, cosigners, error)
                          : accord_policy_verify(policy, claim, crypto, checkpoint, cosigners, error);
}

enum accord_status accord_receipt_signed(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                                         struct accord_bytes domain, const struct accord_place *place,
                                         const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_signers signers;
    enum accord_status status = accord_roster_signers(roster, note, domain, place, crypto, &signers, error);
    if (status != ACCORD_OK || signers.receipt > 0)
        return status;
    return accord_roster_signed(roster, note, domain, place, crypto, &signers, error);
}
