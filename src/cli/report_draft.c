/* Drafts of reports. Each has a key, a salt and a seed that nothing else has: two reports of one person, or of one
 * flaw, have nothing in common that anybody could see. */
#include "cli/report_draft.h"

#include <stdlib.h>
#include <string.h>

#include "cli/report_seal.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes what,
                                 const char *expected)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    accord_error_expected(error, accord_bytes_of(expected));
    return status;
}

/* All of the vendor's report keys: whoever of its people has one of them can open it. */
static enum accord_status take_recipients(struct accord_report_draft *draft, struct accord_error *error)
{
    const struct accord_member *member = draft->member;
    struct accord_cover *cover = &draft->cover;
    for (size_t i = member->first_key; i < member->first_key + member->key_count; i++) {
        const struct accord_roster_key *key = &draft->roster->keys[i];
        if (key->role != ACCORD_ROLE_REPORT) {
            continue;
        }
        if (cover->recipient_count == ACCORD_COVER_RECIPIENTS_MAX - 1) {
            return refuse(error, ACCORD_TOO_LARGE, member->domain, "a member with at most 31 report keys");
        }
        if (!accord_age_recipient_read(key->text, draft->recipients[cover->recipient_count])) {
            return refuse(error, ACCORD_BAD_KEY, key->text, "a report key that can be encrypted to");
        }
        cover->recipients[cover->recipient_count++] = key->text;
    }
    return cover->recipient_count > 0
               ? ACCORD_OK
               : refuse(error, ACCORD_BAD_KEY, member->domain, "a member with a report key: this one has none");
}

static enum accord_status take_custody(struct accord_report_draft *draft, struct accord_error *error)
{
    struct accord_cover *cover = &draft->cover;
    if (draft->custody.k == 0) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_report_share(draft->roster, &draft->custody, cover->key, error);
    memcpy(draft->recipients[cover->recipient_count], draft->custody.recipient, sizeof draft->recipients[0]);
    cover->recipients[cover->recipient_count++] = accord_bytes_of(draft->custody.recipient_text);
    return status;
}

static enum accord_status make_keys(struct accord_report_draft *draft, struct accord_error *error)
{
    struct accord_out out = {draft->key_text, sizeof draft->key_text, 0, false};
    enum accord_status status =
        accord_signer_generate(&draft->signer, ACCORD_LITERAL(ACCORD_REPORTER_NAME), ACCORD_KEY_ED25519, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (!accord_signer_print(draft->signer, &out) || out.full) {
        return accord_fail(error, ACCORD_NO_SPACE, 0);
    }
    draft->file.private_key = (struct accord_bytes){draft->key_text, out.size - 1}; /* without its newline */
    draft->cover.key = accord_signer_vkey(draft->signer)->text;
    accord_random(draft->file.salt, sizeof draft->file.salt);
    accord_random(draft->file.seed, sizeof draft->file.seed);
    return ACCORD_OK;
}

enum accord_status accord_report_draft_new(struct accord_report_draft **out, const struct accord_call *call,
                                           const struct accord_roster_claim *roster, struct accord_bytes vendor,
                                           const struct accord_report_custody *custody, struct accord_error *error)
{
    size_t member = accord_roster_member(roster, vendor);
    struct accord_report_draft *draft = calloc(1, sizeof *draft);
    *out = draft;
    if (draft == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    accord_entered_init(&draft->entered);
    accord_buffer_init(&draft->cover_text, ACCORD_COVER_SIZE_MAX);
    if (member == SIZE_MAX) {
        return refuse(error, ACCORD_NOT_A_MEMBER, vendor, "a member's domain");
    }
    draft->call = call;
    draft->roster = roster;
    draft->member = &roster->members[member];
    draft->custody = *custody;
    enum accord_status status = make_keys(draft, error);
    if (status == ACCORD_OK) {
        status = take_recipients(draft, error);
    }
    return status == ACCORD_OK ? take_custody(draft, error) : status;
}

void accord_report_draft_free(struct accord_report_draft *draft)
{
    if (draft != NULL) {
        accord_signer_free(draft->signer);
        accord_buffer_wipe(&draft->cover_text);
        accord_entered_free(&draft->entered);
        accord_wipe(draft, sizeof *draft);
        free(draft);
    }
}

/* The cover */

static enum accord_status take_text(const struct accord_call *call, const char *option, struct accord_bytes *text,
                                    struct accord_error *error)
{
    const char *value = accord_call_value(call, option);
    *text = accord_bytes_of(value == NULL ? "" : value);
    for (size_t i = 0; i < text->size; i++) {
        if (text->data[i] < ' ') { /* a newline would add a line */
            return refuse(error, ACCORD_MALFORMED, accord_bytes_of(option), "one line of text");
        }
    }
    return ACCORD_OK;
}

static enum accord_status take_affected(const struct accord_call *call, struct accord_cover *cover,
                                        struct accord_error *error)
{
    const char *value;
    size_t cursor = 0;
    while (accord_call_next(call, "affected", &cursor, &value)) {
        if (cover->affected_count == ACCORD_COVER_AFFECTED_MAX || strpbrk(value, "\n ") != NULL) {
            return refuse(error, ACCORD_MALFORMED, accord_bytes_of(value), "at most 64 digests or versions");
        }
        cover->affected[cover->affected_count++] = accord_bytes_of(value);
    }
    return ACCORD_OK;
}

static enum accord_status take_options(struct accord_report_draft *draft, struct accord_error *error)
{
    struct accord_cover *cover = &draft->cover;
    enum accord_status status = take_text(draft->call, "title", &cover->title, error);
    if (status == ACCORD_OK) {
        status = take_text(draft->call, "product", &cover->product, error);
    }
    if (status == ACCORD_OK) {
        status = take_text(draft->call, "severity", &cover->severity, error);
    }
    if (status == ACCORD_OK) {
        status = take_text(draft->call, "contact", &cover->contact, error);
    }
    cover->title = cover->title.size == 0 ? cover->files[0].name : cover->title;
    return status == ACCORD_OK ? take_affected(draft->call, cover, error) : status;
}

/* Prints it, and reads it as its vendor will. */
static enum accord_status print_cover(struct accord_report_draft *draft, struct accord_error *error)
{
    struct accord_cover *read = malloc(sizeof *read);
    enum accord_status status = accord_buffer_reserve(&draft->cover_text, ACCORD_COVER_SIZE_MAX);
    if (read == NULL || status != ACCORD_OK) {
        free(read);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {draft->cover_text.data, ACCORD_COVER_SIZE_MAX, 0, false};
    accord_cover_print(&out, &draft->cover);
    draft->cover_text.size = out.size;
    status = out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                      : accord_cover_parse(read, accord_out_bytes(&out), draft->call->crypto, error);
    accord_wipe(read, sizeof *read);
    free(read);
    return status;
}

enum accord_status accord_report_draft_cover(struct accord_report_draft *draft, const struct accord_cover *files,
                                             const uint8_t *group, struct accord_error *error)
{
    struct accord_cover *cover = &draft->cover;
    cover->vendor = draft->member->domain;
    memcpy(cover->salt, draft->file.salt, sizeof cover->salt);
    cover->has_group = group != NULL;
    if (group != NULL) {
        memcpy(cover->group, group, sizeof cover->group);
    }
    cover->file_count = files->file_count;
    memcpy(cover->files, files->files, sizeof cover->files);
    enum accord_status status = take_options(draft, error);
    return status == ACCORD_OK ? print_cover(draft, error) : status;
}

uint64_t accord_report_draft_size(const struct accord_report_draft *draft)
{
    return accord_age_sealed_size(draft->cover.recipient_count,
                                  accord_parcel_size(&draft->cover, draft->cover_text.size));
}

/* Sealing */

static void fill_claim(struct accord_report_draft *draft, const struct accord_report_sealing *sealing)
{
    const struct accord_crypto *crypto = draft->call->crypto;
    struct accord_report_claim *claim = &draft->claim;
    uint8_t file_key[ACCORD_FILE_KEY_SIZE];
    if (accord_call_flag(draft->call, "blinded")) {
        accord_report_blind_key(crypto, draft->file.salt, claim->blinded);
        accord_report_blinded(crypto, claim->blinded, draft->member->domain, claim->blinded);
    } else {
        claim->vendor = draft->member->domain;
    }
    claim->key = *accord_signer_vkey(draft->signer);
    accord_report_commitment(crypto, draft->file.salt, draft->member->domain, sealing->parcel, claim->commitment);
    accord_age_seed_file_key(draft->file.seed, file_key);
    accord_report_file_key(crypto, file_key, claim->file_key);
    accord_wipe(file_key, sizeof file_key);
    memcpy(claim->sealed, sealing->sealed, sizeof claim->sealed);
    claim->sealed_size = sealing->sealed_size;
    accord_report_custody_fill(draft->roster, &draft->custody, claim);
}

enum accord_status accord_report_draft_seal(struct accord_report_draft *draft, uint64_t opens,
                                            struct accord_bytes introduced, struct accord_error *error)
{
    struct accord_report_sealing sealing = {.call = draft->call,
                                            .cover = &draft->cover,
                                            .cover_text = accord_buffer_bytes(&draft->cover_text),
                                            .paths = draft->call->operands,
                                            .recipients = (const uint8_t(*)[32])draft->recipients,
                                            .seed = draft->file.seed,
                                            .output = draft->sending.part_path};
    enum accord_status status = accord_report_seal(&sealing, error);
    if (status != ACCORD_OK) {
        return status;
    }
    fill_claim(draft, &sealing);
    draft->sending.number = sealing.number;
    draft->sending.made_ns = sealing.made_ns;
    draft->claim.opens = opens;
    draft->claim.introduced = introduced;
    memcpy(draft->file.charter, draft->roster->charter, sizeof draft->file.charter);
    memcpy(draft->file.parcel, sealing.parcel, sizeof draft->file.parcel);
    draft->file.vendor = draft->member->domain;
    draft->file.cover = accord_buffer_bytes(&draft->cover_text);
    return ACCORD_OK;
}
