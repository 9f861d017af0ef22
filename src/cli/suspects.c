/* Whose key is whose, as a trust file, a policy or the caller says it. Whether somebody is guilty is evidence.c's. */
#include "cli/suspects.h"

#include "base/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum accord_status add(struct accord_suspects *suspects, const struct accord_suspect *suspect)
{
    for (size_t i = 0; i < suspects->count; i++) {
        if (accord_bytes_equal(suspects->list[i].vkey.text, suspect->vkey.text)) {
            return ACCORD_OK;
        }
    }
    if (suspects->count == suspects->capacity) {
        size_t capacity = 2 * suspects->capacity + 16;
        struct accord_suspect *list = realloc(suspects->list, capacity * sizeof *list);
        if (list == NULL) {
            return ACCORD_NO_MEMORY;
        }
        suspects->list = list;
        suspects->capacity = capacity;
    }
    suspects->list[suspects->count++] = *suspect;
    return ACCORD_OK;
}

static enum accord_status add_policy(struct accord_suspects *suspects, const struct accord_policy *policy,
                                     const struct accord_verifier *verifier)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; i < policy->log_count && status == ACCORD_OK; i++) {
        const struct accord_vkey *vkey = &policy->logs[i].vkey;
        status = add(suspects, &(struct accord_suspect){.log = true, .vkey = *vkey, .name = vkey->name});
    }
    for (size_t i = 0; i < policy->witness_count && status == ACCORD_OK; i++) {
        struct accord_suspect suspect = {.vkey = policy->witnesses[i].vkey, .name = policy->witnesses[i].name};
        if (verifier != NULL && verifier->witness_member[i] != SIZE_MAX) {
            suspect.jurisdiction = verifier->roster.members[verifier->witness_member[i]].jurisdiction;
        }
        status = add(suspects, &suspect);
    }
    return status;
}

/* Mirrors stand in the roster alone: no policy has them. */
static enum accord_status add_mirrors(struct accord_suspects *suspects, const struct accord_roster_claim *roster)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; i < roster->key_count && status == ACCORD_OK; i++) {
        const struct accord_roster_key *key = &roster->keys[i];
        const struct accord_member *member = &roster->members[key->member];
        if (key->role == ACCORD_ROLE_MIRROR) {
            status = add(suspects, &(struct accord_suspect){.mirror = true,
                                                            .vkey = key->vkey,
                                                            .name = member->domain,
                                                            .jurisdiction = member->jurisdiction});
        }
    }
    return status;
}

enum accord_status accord_suspects_add_verifier(struct accord_suspects *suspects,
                                                const struct accord_verifier *verifier)
{
    enum accord_status status = add_policy(suspects, &verifier->policy, verifier);
    return status == ACCORD_OK ? add_mirrors(suspects, &verifier->roster) : status;
}

enum accord_status accord_suspects_add_policy(struct accord_suspects *suspects, const struct accord_policy *policy)
{
    return add_policy(suspects, policy, NULL);
}

enum accord_status accord_suspects_add_vkey(struct accord_suspects *suspects, const struct accord_vkey *vkey)
{
    bool log = vkey->type == ACCORD_KEY_ED25519;
    return add(suspects, &(struct accord_suspect){.log = log, .vkey = *vkey, .name = vkey->name});
}

void accord_suspects_free(struct accord_suspects *suspects)
{
    free(suspects->list);
}

static bool is_unsupported(const struct accord_evidence_claim *evidence, const struct accord_vkey *vkey,
                           const struct accord_crypto *crypto)
{
    return accord_note_signed_by(&evidence->checkpoint[0].note, vkey, crypto, NULL) == ACCORD_SIGNED_UNKNOWN &&
           accord_note_signed_by(&evidence->checkpoint[1].note, vkey, crypto, NULL) == ACCORD_SIGNED_UNKNOWN;
}

size_t accord_suspects_judge(struct accord_suspects *suspects, const struct accord_evidence_claim *evidence,
                             const struct accord_crypto *crypto)
{
    size_t convicted = 0;
    for (size_t i = 0; i < suspects->count; i++) {
        struct accord_suspect *suspect = &suspects->list[i];
        suspect->convicted = accord_evidence_convicts(evidence, &suspect->vkey, crypto);
        suspect->unsupported = !suspect->convicted && is_unsupported(evidence, &suspect->vkey, crypto);
        convicted += suspect->convicted;
    }
    return convicted;
}

static const char *role_of(const struct accord_suspect *suspect)
{
    return suspect->log ? "log" : suspect->mirror ? "mirror" : "witness";
}

json_t *accord_suspect_json(const struct accord_suspect *suspect)
{
    json_t *jurisdiction = suspect->jurisdiction.size == 0 ? json_null() : accord_json_text(suspect->jurisdiction);
    return json_pack("{s:s, s:o, s:o, s:o}", "role", role_of(suspect), "name", accord_json_text(suspect->name),
                     "jurisdiction", jurisdiction, "vkey", accord_json_text(suspect->vkey.text));
}

void accord_suspect_name(const struct accord_suspect *suspect, char *text, size_t size)
{
    if (suspect->jurisdiction.size > 0) {
        (void)snprintf(text, size, "the %s of %.*s (%.*s)", role_of(suspect), ACCORD_TEXT(suspect->name),
                       ACCORD_TEXT(suspect->jurisdiction));
    } else {
        (void)snprintf(text, size, "the %s %.*s", role_of(suspect), ACCORD_TEXT(suspect->name));
    }
    accord_text_calm(text, strlen(text));
}
