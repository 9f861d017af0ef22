/* What is put before the judge: statements that proofs showed to be in a log. Knows how proofs become exhibits, and
 * what a second proof of an entry adds; refuses to know what the exhibits mean. */
#include "accord/judge.h"

#include <string.h>

#include "core/text.h"

void accord_dossier_init(struct accord_dossier *dossier, const struct accord_verifier *verifier,
                         struct accord_out memory)
{
    dossier->verifier = verifier;
    dossier->memory = memory;
    dossier->time = 0;
    dossier->count = 0;
}

static enum accord_exhibit_kind kind_of(struct accord_bytes entry)
{
    static const struct {
        const char *name;
        enum accord_exhibit_kind kind;
    } kinds[] = {{"release", ACCORD_EXHIBIT_RELEASE},
                 {"attest", ACCORD_EXHIBIT_ATTEST},
                 {"policy", ACCORD_EXHIBIT_POLICY},
                 {"current", ACCORD_EXHIBIT_CURRENT},
                 {"withdraw", ACCORD_EXHIBIT_WITHDRAW}};
    struct accord_bytes line;
    if (!accord_cut_prefix(&entry, ACCORD_LITERAL("accord/v1/")) || !accord_cut_line(&entry, &line))
        return ACCORD_EXHIBIT_OTHER;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (accord_bytes_equal(line, (struct accord_bytes){(const uint8_t *)kinds[i].name, strlen(kinds[i].name)}))
            return kinds[i].kind;
    return ACCORD_EXHIBIT_OTHER;
}

/* The members whose mirrors cosigned the checkpoint. A line that is wrong counts for nothing. */
static void find_mirrors(const struct accord_verifier *verifier, const struct accord_note_claim *checkpoint,
                         uint64_t mirrors[ACCORD_MEMBERS_MAX / 64])
{
    const struct accord_roster_claim *roster = &verifier->roster;
    for (size_t i = 0; i < roster->key_count; i++) {
        const struct accord_roster_key *key = &roster->keys[i];
        if (key->role == ACCORD_ROLE_MIRROR && accord_verifier_distrusted(verifier, &key->vkey) == NULL &&
            accord_note_signed_by(checkpoint, &key->vkey, verifier->crypto, NULL) == ACCORD_SIGNED)
            mirrors[key->member / 64] |= UINT64_C(1) << key->member % 64;
    }
}

/* A mirror that holds a small tree need not hold a larger one, so the two are not mixed. */
static void add_mirrors(struct accord_exhibit *exhibit, uint64_t tree_size,
                        const uint64_t mirrors[ACCORD_MEMBERS_MAX / 64])
{
    if (tree_size > exhibit->tree_size)
        memset(exhibit->newest_mirrors, 0, sizeof exhibit->newest_mirrors);
    for (size_t word = 0; word < ACCORD_MEMBERS_MAX / 64; word++) {
        exhibit->mirrors[word] |= mirrors[word];
        exhibit->newest_mirrors[word] |= tree_size >= exhibit->tree_size ? mirrors[word] : 0;
    }
    if (tree_size > exhibit->tree_size)
        exhibit->tree_size = tree_size;
}

/* The same entry in the same place, proven before; NULL where it is new. */
static struct accord_exhibit *find(struct accord_dossier *dossier, const struct accord_shown *shown,
                                   const uint8_t digest[ACCORD_HASH_SIZE])
{
    for (size_t i = 0; i < dossier->count; i++) {
        struct accord_exhibit *exhibit = &dossier->exhibits[i];
        if (memcmp(exhibit->digest, digest, ACCORD_HASH_SIZE) == 0 && exhibit->place.index == shown->place.index &&
            accord_bytes_equal(exhibit->place.origin, shown->place.origin))
            return exhibit;
    }
    return NULL;
}

/* Entry and origin are kept behind each other; the entry is there already. */
static enum accord_status keep(struct accord_dossier *dossier, const struct accord_shown *shown,
                               const uint8_t digest[ACCORD_HASH_SIZE], struct accord_exhibit **kept,
                               struct accord_error *error)
{
    struct accord_out *memory = &dossier->memory;
    struct accord_bytes origin = {memory->data + memory->size, shown->place.origin.size};
    if (dossier->count == ACCORD_EXHIBITS_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("proofs"));
        accord_error_expected_number(error, ACCORD_EXHIBITS_MAX);
        return ACCORD_TOO_LARGE;
    }
    accord_put(memory, shown->place.origin);
    if (memory->full)
        return accord_fail(error, ACCORD_NO_SPACE, 0);
    *kept = &dossier->exhibits[dossier->count++];
    memset(*kept, 0, sizeof **kept);
    (*kept)->kind = kind_of(shown->entry);
    (*kept)->entry = shown->entry;
    (*kept)->place = shown->place;
    (*kept)->place.origin = origin;
    memcpy((*kept)->digest, digest, ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

enum accord_status accord_dossier_add(struct accord_dossier *dossier, struct accord_seen_checkpoint *memory,
                                      struct accord_bytes proof, struct accord_error *error)
{
    struct accord_shown shown;
    uint8_t digest[ACCORD_HASH_SIZE];
    uint64_t mirrors[ACCORD_MEMBERS_MAX / 64] = {0};
    size_t before = dossier->memory.size;
    enum accord_status status = accord_verify_entry(dossier->verifier, memory, proof, &dossier->memory, &shown, error);
    if (status != ACCORD_OK)
        return status;
    accord_hash(dossier->verifier->crypto, shown.entry, digest);
    struct accord_exhibit *exhibit = find(dossier, &shown, digest);
    if (exhibit != NULL)
        dossier->memory.size = before;
    else
        status = keep(dossier, &shown, digest, &exhibit, error);
    if (exhibit == NULL)
        return status;
    if (shown.place.seen_at < exhibit->place.seen_at)
        exhibit->place.seen_at = shown.place.seen_at;
    if (shown.not_before > exhibit->not_before)
        exhibit->not_before = shown.not_before;
    if (shown.not_before > dossier->time)
        dossier->time = shown.not_before;
    find_mirrors(dossier->verifier, &shown.checkpoint, mirrors);
    add_mirrors(exhibit, shown.tree_size, mirrors);
    return ACCORD_OK;
}
