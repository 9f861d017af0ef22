/* A sealed report, from its octets to what it says. It knows in which order it is asked whether they are those of the
 * entry: octets, file key, parcel, whose it is. That a report is true nobody can know. */
#include "cli/case_opening.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "case/belt.h"
#include "cli/case_extract.h"
#include "cli/case_mail.h"
#include "cli/say.h"
#include "crypto/backend.h"
#include "keys/key.h"

/* One report on its way. The first refusal of what comes after the octets is kept: whether these are the entry's is
 * known only in the end, and if they are not, nothing else is to blame. */
struct opening {
    const struct accord_call *call;
    const struct accord_report_claim *claim;
    struct accord_case_opening *out;
    struct accord_age_opener *opener;
    struct accord_belt *belt; /* from the opener to the parcel's reader */
    struct accord_case_extract extract;
    struct accord_sha256 sealed;
    uint64_t size;
    bool skims;      /* what the keys do not open is left where it is, before it is known what it was */
    bool has_header; /* the file key is out/file_key, and was looked at */
    enum accord_status status;
    struct accord_error error;
    struct accord_progress progress;
};

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *what,
                                 const char *expected, const char *found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, accord_bytes_of(what));
    accord_error_expected(error, accord_bytes_of(expected));
    accord_error_found(error, accord_bytes_of(found));
    return status;
}

/* The file key is known as soon as the header was read. */
static enum accord_status look_at_key(struct opening *opening, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    if (opening->has_header || !accord_age_opener_file_key(opening->opener, opening->out->file_key)) {
        return ACCORD_OK;
    }
    opening->has_header = true;
    accord_report_file_key(opening->call->crypto, opening->out->file_key, digest);
    return memcmp(digest, opening->claim->file_key, sizeof digest) == 0
               ? ACCORD_OK
               : refuse(error, ACCORD_COMMITMENT, "the file key", "the one that the entry commits to", "another one");
}

/* Octets of the age file. Who it was sealed to is known of those of the entry alone, so all are read; but where nobody
 * says that it is for these keys. */
static enum accord_status take_sealed(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct opening *opening = context;
    if (bytes.size > opening->claim->sealed_size - opening->size) {
        return refuse(error, ACCORD_COMMITMENT, "the sealed report", "as many octets as its entry says", "more");
    }
    for (size_t i = 0; i < bytes.size && opening->out->head_size < ACCORD_CASE_HEAD_SIZE; i++) {
        opening->out->head[opening->out->head_size++] = bytes.data[i];
    }
    opening->size += bytes.size;
    opening->call->crypto->sha256_update(&opening->sealed, bytes.data, bytes.size);
    accord_progress_step(&opening->progress, opening->size >> 20, opening->claim->sealed_size >> 20);
    if (opening->status == ACCORD_OK) {
        opening->status = accord_age_opener_write(opening->opener, bytes, &opening->error);
    }
    if (opening->status == ACCORD_OK) {
        opening->status = look_at_key(opening, &opening->error);
    }
    if (opening->skims && (opening->status == ACCORD_WRONG_KEY || opening->status == ACCORD_KEY_TYPE)) {
        *error = opening->error;
        return opening->status;
    }
    return ACCORD_OK;
}

static enum accord_status take_parcel(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct opening *opening = context;
    return accord_parcel_reader_write(opening->out->reader, bytes, error);
}

static enum accord_status begin(struct opening *opening, const struct accord_case_keys *keys, const char *directory,
                                struct accord_error *error)
{
    const struct accord_call *call = opening->call;
    const struct accord_parcel_reading reading = {&opening->extract, accord_case_extract_opened};
    const struct accord_age_sink sink = {opening, take_parcel};
    struct accord_age_opening age = {
        .secrets = keys->secrets, .secret_count = keys->secret_count, .file_key = keys->file_key};
    enum accord_status status = accord_case_extract_begin(&opening->extract, call->fs, directory, error);
    if (status == ACCORD_OK) {
        status = accord_parcel_reader_new(&opening->out->reader, &reading, call->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = accord_belt_new(&opening->belt, &sink, error);
    }
    if (status == ACCORD_OK) {
        age.sink = accord_belt_sink(opening->belt);
        status = accord_age_opener_new(&opening->opener, &age, error);
    }
    call->crypto->sha256_init(&opening->sealed);
    return status;
}

/* Are the octets those that the entry announced? */
static enum accord_status check_sealed(const struct opening *opening, struct accord_error *error)
{
    struct accord_sha256 sealed = opening->sealed;
    uint8_t digest[ACCORD_HASH_SIZE];
    opening->call->crypto->sha256_final(&sealed, digest);
    return opening->size == opening->claim->sealed_size && memcmp(digest, opening->claim->sealed, sizeof digest) == 0
               ? ACCORD_OK
               : refuse(error, ACCORD_COMMITMENT, "the sealed report", "the octets whose digest its entry says",
                        "others: they were changed on their way, or where they lay");
}

/* The file's last chunk, and then the parcel's last octet. */
static enum accord_status end_parcel(struct opening *opening, struct accord_error *error)
{
    struct accord_case_opening *out = opening->out;
    if (opening->status == ACCORD_OK) {
        opening->status = accord_age_opener_end(opening->opener, &opening->error);
    }
    if (opening->status == ACCORD_OK) {
        opening->status = look_at_key(opening, &opening->error);
    }
    if (opening->status == ACCORD_OK) {
        opening->status = accord_belt_end(opening->belt, &opening->error);
    }
    if (opening->status != ACCORD_OK) {
        *error = opening->error;
        return opening->status;
    }
    return accord_parcel_reader_end(out->reader, &out->cover, out->parcel, error);
}

/* Is it the report of this entry, or was another's taken for it? */
static enum accord_status check_cover(const struct opening *opening, struct accord_error *error)
{
    const struct accord_crypto *crypto = opening->call->crypto;
    const struct accord_report_claim *claim = opening->claim;
    const struct accord_cover *cover = opening->out->cover;
    uint8_t value[ACCORD_HASH_SIZE];
    if (!accord_bytes_equal(cover->key, claim->key.text)) {
        return refuse(error, ACCORD_COMMITMENT, "the key of the case", "the one in the cover",
                      "another one: somebody copied another's report");
    }
    accord_report_blind_key(crypto, cover->salt, value);
    accord_report_blinded(crypto, value, cover->vendor, value);
    if (claim->vendor.size > 0 ? !accord_bytes_equal(cover->vendor, claim->vendor)
                               : memcmp(value, claim->blinded, sizeof value) != 0) {
        return refuse(error, ACCORD_COMMITMENT, "the vendor", "the one that the entry says", "another one");
    }
    accord_report_commitment(crypto, cover->salt, cover->vendor, opening->out->parcel, value);
    return memcmp(value, claim->commitment, sizeof value) == 0
               ? ACCORD_OK
               : refuse(error, ACCORD_COMMITMENT, "the parcel", "the one that the entry commits to", "another one");
}

static enum accord_status fetch(struct opening *opening, const char *location, const char *local,
                                struct accord_error *error)
{
    const struct accord_age_sink sink = {opening, take_sealed};
    enum accord_status status = local != NULL ? accord_case_mail_file(opening->call, local, &sink, error)
                                              : accord_case_mail_get(opening->call, location, opening->claim->sealed,
                                                                     opening->claim->sealed_size, &sink, error);
    accord_progress_end(&opening->progress);
    return status;
}

static enum accord_status open_all(struct opening *opening, const char *location, const char *local,
                                   struct accord_error *error)
{
    enum accord_status status = fetch(opening, location, local, error);
    if (status == ACCORD_OK) {
        status = check_sealed(opening, error);
    }
    if (status == ACCORD_OK) {
        status = end_parcel(opening, error);
    }
    if (status == ACCORD_OK) {
        status = check_cover(opening, error);
    }
    return status == ACCORD_OK
               ? accord_case_extract_end(&opening->extract, accord_parcel_reader_cover(opening->out->reader), error)
               : status;
}

enum accord_status accord_case_open(struct accord_case_opening *out, const struct accord_call *call,
                                    const char *location, const struct accord_docket_case *found,
                                    const struct accord_case_keys *keys, const char *local, const char *directory,
                                    struct accord_error *error)
{
    *out = (struct accord_case_opening){0};
    struct opening *opening = calloc(1, sizeof *opening);
    if (opening == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    opening->call = call;
    opening->claim = &found->claim;
    opening->out = out;
    opening->skims = keys->may_be_anothers && found->claim.vendor.size == 0;
    opening->progress = (struct accord_progress){.doing = "opened", .of = "MiB"};
    enum accord_status status = begin(opening, keys, directory, error);
    if (status == ACCORD_OK) {
        status = open_all(opening, location, local, error);
    }
    accord_age_opener_free(opening->opener);
    accord_belt_free(opening->belt); /* before what it writes to */
    accord_case_extract_free(&opening->extract);
    if (status != ACCORD_OK) {
        accord_case_opening_free(out);
    }
    accord_wipe(opening, sizeof *opening);
    free(opening);
    return status;
}

/* What a seed makes again, held against what was there. */
struct resealing {
    const struct accord_case_opening *opening;
    size_t at;
    bool same;
};

static enum accord_status compare(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct resealing *resealing = context;
    const struct accord_case_opening *opening = resealing->opening;
    (void)error;
    resealing->same = resealing->same && bytes.size <= opening->head_size - resealing->at &&
                      memcmp(opening->head + resealing->at, bytes.data, bytes.size) == 0;
    resealing->at += resealing->same ? bytes.size : 0;
    return ACCORD_OK;
}

enum accord_status accord_case_reseal(const struct accord_case_opening *opening,
                                      const uint8_t seed[ACCORD_AGE_SEED_SIZE], struct accord_error *error)
{
    uint8_t recipients[ACCORD_COVER_RECIPIENTS_MAX][32];
    const struct accord_cover *cover = opening->cover;
    struct resealing resealing = {.opening = opening, .same = true};
    struct accord_age_sealer *sealer = NULL;
    for (size_t i = 0; i < cover->recipient_count; i++) {
        resealing.same = resealing.same && accord_age_recipient_read(cover->recipients[i], recipients[i]);
    }
    const struct accord_age_sealing sealing = {.recipients = (const uint8_t(*)[32])recipients,
                                               .recipient_count = cover->recipient_count,
                                               .seed = seed,
                                               .sink = {&resealing, compare}};
    enum accord_status status = resealing.same ? accord_age_sealer_new(&sealer, &sealing, error) : ACCORD_OK;
    accord_age_sealer_free(sealer);
    if (status != ACCORD_OK || (resealing.same && resealing.at > 0)) {
        return status;
    }
    return refuse(error, ACCORD_COMMITMENT, "the seed", "the sealed report, sealed to those whom its cover names",
                  "another one: they could never open it");
}

void accord_case_opening_free(struct accord_case_opening *opening)
{
    accord_parcel_reader_free(opening->reader);
    accord_wipe(opening, sizeof *opening);
}

/* Keys */

enum accord_status accord_case_secrets(const struct accord_call *call, const char *option, uint8_t (**secrets)[32],
                                       size_t *count, struct accord_error *error)
{
    size_t given = accord_call_count(call, option), cursor = 0;
    const char *path;
    enum accord_status status = ACCORD_OK;
    *count = 0;
    *secrets = calloc(given + 1, sizeof **secrets);
    if (*secrets == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    while (status == ACCORD_OK && accord_call_next(call, option, &cursor, &path)) {
        status = accord_report_key_open(call->fs, path, accord_call_value(call, "passphrase-file"), (*secrets)[*count],
                                        error);
        *count += status == ACCORD_OK;
    }
    return status;
}

void accord_case_secrets_free(uint8_t (*secrets)[32], size_t count)
{
    if (secrets != NULL) {
        accord_wipe(secrets, count * sizeof *secrets);
        free(secrets);
    }
}
