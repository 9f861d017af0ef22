/* Reports (docs/protocol.md, "Report"): what a log holds of a flaw that is told to its vendor. Knows the lines and who
 * signs; what is sealed, and whether it is what was committed to, it cannot know. */
#include "accord/report.h"

#include "core/text.h"
#include "report/lines.h"

#include <string.h>

static bool vendor(struct accord_fields *fields, struct accord_report_claim *report)
{
    if (!accord_fields_at(fields, ACCORD_LITERAL("blinded")))
        return accord_fields_domain(fields, ACCORD_LITERAL("vendor"), &report->vendor);
    return accord_lines_bytes(fields, ACCORD_LITERAL("blinded"), report->blinded, sizeof report->blinded);
}

/* case <vkey> */
static bool key(struct accord_fields *fields, struct accord_report_claim *report, const struct accord_crypto *crypto)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("case")) ||
        !accord_fields_part_vkey(fields, fields->taken.value, crypto, &report->key))
        return false;
    if (report->key.type != ACCORD_KEY_ED25519)
        return accord_fields_refuse(fields, ACCORD_KEY_TYPE, ACCORD_LITERAL("type 0x01 (Ed25519)"), report->key.name);
    return accord_bytes_equal(report->key.name, ACCORD_LITERAL(ACCORD_REPORTER_NAME)) ||
           accord_fields_refuse(fields, ACCORD_WRONG_KEY, ACCORD_LITERAL("a key named reporter"), report->key.name);
}

/* sealed <digest> <size> */
static bool sealed(struct accord_fields *fields, struct accord_report_claim *report)
{
    struct accord_bytes word;
    if (!accord_fields_take(fields, ACCORD_LITERAL("sealed")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (!accord_word_next(&rest, &word) || rest.size == 0)
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("sealed <digest> <size>"),
                                    fields->taken.value);
    return accord_fields_part_digest(fields, word, report->sealed) &&
           accord_fields_part_number(fields, rest, 1, UINT64_MAX, &report->sealed_size);
}

static bool recipient(struct accord_fields *fields, struct accord_report_claim *report)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("recipient")))
        return false;
    report->recipient = fields->taken.value;
    return accord_recipient_valid(report->recipient) ||
           accord_fields_refuse(fields, ACCORD_BAD_KEY, ACCORD_LITERAL("an age1... recipient"), report->recipient);
}

/* custodian <domain> <base64> */
static bool custodian(struct accord_fields *fields, struct accord_report_claim *report)
{
    struct accord_custodian *place = &report->custodians[report->custodian_count];
    if (!accord_fields_take(fields, ACCORD_LITERAL("custodian")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (report->custodian_count == ACCORD_CUSTODIANS_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 16 custodians"), rest);
    if (!accord_word_next(&rest, &place->domain) || rest.size == 0)
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("custodian <domain> <age file in base64>"),
                                    fields->taken.value);
    place->share_base64 = rest;
    if (!accord_fields_part_domain(fields, place->domain) ||
        !accord_lines_base64(fields, rest, ACCORD_SHARE_SEALED_MAX,
                             ACCORD_LITERAL("an age file of at most 512 bytes in base64")))
        return false;
    for (size_t i = 0; i < report->custodian_count; i++)
        if (accord_bytes_equal(report->custodians[i].domain, place->domain))
            return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each custodian once"), place->domain);
    report->custodian_count++;
    return true;
}

/* custody, recipient, K coefficients, N custodians; or nothing of them. */
static bool custody(struct accord_fields *fields, struct accord_report_claim *report)
{
    uint64_t k;
    if (!accord_fields_at(fields, ACCORD_LITERAL("custody")))
        return true;
    if (!accord_fields_number(fields, ACCORD_LITERAL("custody"), 1, ACCORD_CUSTODIANS_MAX, &k) ||
        !recipient(fields, report))
        return false;
    report->custody = (unsigned)k;
    for (unsigned i = 0; i < report->custody; i++)
        if (!accord_lines_bytes(fields, ACCORD_LITERAL("coefficient"), report->coefficients[i],
                                sizeof report->coefficients[i]))
            return false;
    do {
        if (!custodian(fields, report))
            return false;
    } while (accord_fields_at(fields, ACCORD_LITERAL("custodian")));
    return report->custodian_count >= report->custody ||
           accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("as many custodians as have to open it"),
                                fields->taken.value);
}

static bool how_it_comes(struct accord_fields *fields, struct accord_report_claim *report)
{
    uint64_t any;
    if (accord_fields_at(fields, ACCORD_LITERAL("introduced")) &&
        !accord_fields_domain(fields, ACCORD_LITERAL("introduced"), &report->introduced))
        return false;
    if (!accord_fields_at(fields, ACCORD_LITERAL("work")))
        return true;
    report->has_work = true;
    return accord_fields_number(fields, ACCORD_LITERAL("work"), 0, UINT64_MAX, &any);
}

enum accord_status accord_report_parse(struct accord_report_claim *report, struct accord_bytes entry,
                                       const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_fields fields;
    memset(report, 0, sizeof *report);
    enum accord_status status = accord_fields_open(
        &fields, &report->statement, entry, ACCORD_LITERAL("report"),
        ACCORD_LITERAL("vendor blinded case time checkpoint opens commitment file-key sealed custody "
                       "recipient coefficient* custodian* introduced work"),
        error);
    if (status != ACCORD_OK)
        return status;
    if (!vendor(&fields, report) || !key(&fields, report, crypto))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (!accord_lines_moment(&fields, &report->moment) ||
        !accord_fields_number(&fields, ACCORD_LITERAL("opens"), 1, UINT64_MAX, &report->opens) ||
        !accord_lines_bytes(&fields, ACCORD_LITERAL("commitment"), report->commitment, ACCORD_HASH_SIZE) ||
        !accord_lines_bytes(&fields, ACCORD_LITERAL("file-key"), report->file_key, ACCORD_HASH_SIZE) ||
        !sealed(&fields, report) || !custody(&fields, report) || !how_it_comes(&fields, report) ||
        !accord_fields_end(&fields))
        return fields.status;
    return ACCORD_OK;
}

static enum accord_status member(const struct accord_roster_claim *roster, struct accord_bytes domain,
                                 struct accord_error *error)
{
    if (accord_roster_member(roster, domain) != SIZE_MAX)
        return ACCORD_OK;
    accord_fail(error, ACCORD_NOT_A_MEMBER, 0);
    accord_error_what(error, domain);
    return ACCORD_NOT_A_MEMBER;
}

enum accord_status accord_report_verify(const struct accord_report_claim *report,
                                        const struct accord_roster_claim *roster, const struct accord_place *place,
                                        const struct accord_crypto *crypto, struct accord_error *error)
{
    const struct accord_note_claim *note = &report->statement.note;
    enum accord_status status = report->vendor.size == 0 ? ACCORD_OK : member(roster, report->vendor, error);
    for (size_t i = 0; status == ACCORD_OK && i < report->custodian_count; i++)
        status = member(roster, report->custodians[i].domain, error);
    if (status == ACCORD_OK)
        status = accord_key_signed(&report->key, note, crypto, error);
    if (status == ACCORD_OK && report->introduced.size > 0)
        status = accord_receipt_signed(roster, note, report->introduced, place, crypto, error);
    return status;
}

unsigned accord_report_work(const struct accord_report_claim *report, const struct accord_crypto *crypto)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    unsigned bits = 0;
    accord_hash(crypto, report->statement.note.text, hash);
    while (bits < 8 * sizeof hash && (hash[bits / 8] >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

void accord_report_print(struct accord_out *out, const struct accord_report_claim *report, uint64_t work)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/report\n"));
    if (report->vendor.size > 0)
        accord_field_print(out, ACCORD_LITERAL("vendor"), report->vendor);
    else
        accord_lines_put_bytes(out, ACCORD_LITERAL("blinded"),
                               (struct accord_bytes){report->blinded, sizeof report->blinded});
    accord_field_print(out, ACCORD_LITERAL("case"), report->key.text);
    accord_lines_put_moment(out, &report->moment);
    accord_lines_put_number(out, ACCORD_LITERAL("opens"), report->opens);
    accord_lines_put_bytes(out, ACCORD_LITERAL("commitment"),
                           (struct accord_bytes){report->commitment, ACCORD_HASH_SIZE});
    accord_lines_put_bytes(out, ACCORD_LITERAL("file-key"), (struct accord_bytes){report->file_key, ACCORD_HASH_SIZE});
    accord_put(out, ACCORD_LITERAL("sealed "));
    accord_digest_print(out, report->sealed);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, report->sealed_size);
    accord_put_byte(out, '\n');
    if (report->custody > 0) {
        accord_lines_put_number(out, ACCORD_LITERAL("custody"), report->custody);
        accord_field_print(out, ACCORD_LITERAL("recipient"), report->recipient);
    }
    for (unsigned i = 0; i < report->custody; i++)
        accord_lines_put_bytes(out, ACCORD_LITERAL("coefficient"),
                               (struct accord_bytes){report->coefficients[i], sizeof report->coefficients[i]});
    for (size_t i = 0; i < report->custodian_count; i++) {
        accord_put(out, ACCORD_LITERAL("custodian "));
        accord_put(out, report->custodians[i].domain);
        accord_put_byte(out, ' ');
        accord_put(out, report->custodians[i].share_base64);
        accord_put_byte(out, '\n');
    }
    if (report->introduced.size > 0)
        accord_field_print(out, ACCORD_LITERAL("introduced"), report->introduced);
    if (report->has_work)
        accord_lines_put_number(out, ACCORD_LITERAL("work"), work);
}
