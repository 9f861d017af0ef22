/* Charters (docs/protocol.md, "Charter"): who founded the accord, with which keys. Knows what the lines say; whether
 * the founders signed them is for chain.c. */
#include "accord/roster.h"

#include "core/fields.h"

#include <string.h>

#define NOTICE_DAYS_MAX 36500
#define EMBARGO_DAYS_MAX 3650

static bool optional_text(struct accord_fields *fields)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    return !accord_fields_at(fields, ACCORD_LITERAL("text")) ||
           accord_fields_digest(fields, ACCORD_LITERAL("text"), digest);
}

static bool optional_notice(struct accord_fields *fields)
{
    uint64_t days;
    return !accord_fields_at(fields, ACCORD_LITERAL("notice-days")) ||
           accord_fields_number(fields, ACCORD_LITERAL("notice-days"), 0, NOTICE_DAYS_MAX, &days);
}

/* embargo <days> <spread> <latest> <extension> <receipt> <silent> <exploited> */
static bool optional_embargo(struct accord_fields *fields, struct accord_embargo_rule *rule)
{
    *rule = ACCORD_EMBARGO_DEFAULT;
    unsigned *const numbers[] = {&rule->days,    &rule->spread, &rule->latest,   &rule->extension,
                                 &rule->receipt, &rule->silent, &rule->exploited};
    struct accord_bytes word;
    uint64_t number;
    if (!accord_fields_at(fields, ACCORD_LITERAL("embargo")))
        return true;
    if (!accord_fields_take(fields, ACCORD_LITERAL("embargo")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!accord_word_next(&rest, &word))
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("seven numbers of days"),
                                        fields->taken.value);
        if (!accord_fields_part_number(fields, word, 1, EMBARGO_DAYS_MAX, &number))
            return false;
        *numbers[i] = (unsigned)number;
    }
    if (rest.size > 0 || rule->latest < rule->days || rule->days < rule->silent || rule->silent < rule->receipt)
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("seven numbers of days; receipt, silent, days, latest ascending"),
                                    fields->taken.value);
    return true;
}

/* No founder twice, and no key twice. */
static bool founder_new(struct accord_fields *fields, const struct accord_charter_claim *charter)
{
    struct accord_bytes domain = charter->founders[charter->founder_count];
    const struct accord_vkey *vkey = &charter->founder_keys[charter->founder_count];
    for (size_t i = 0; i < charter->founder_count; i++) {
        if (accord_bytes_equal(charter->founders[i], domain))
            return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each founder once"), domain);
        if (accord_vkey_same_public(&charter->founder_keys[i], vkey))
            return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each key once"), vkey->text);
    }
    return true;
}

/* founder <domain> <vkey> */
static bool founder(struct accord_fields *fields, struct accord_charter_claim *charter,
                    const struct accord_crypto *crypto)
{
    struct accord_bytes rest, word;
    if (!accord_fields_take(fields, ACCORD_LITERAL("founder")))
        return false;
    if (charter->founder_count == ACCORD_MEMBERS_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 128 founders"),
                                    fields->taken.value);
    struct accord_vkey *vkey = &charter->founder_keys[charter->founder_count];
    rest = fields->taken.value;
    if (!accord_word_next(&rest, &word) || rest.size == 0)
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("founder <domain> <vkey>"),
                                    fields->taken.value);
    charter->founders[charter->founder_count] = word;
    if (!accord_fields_part_domain(fields, word) || !accord_fields_part_vkey(fields, rest, crypto, vkey) ||
        !accord_fields_key_of(fields, vkey, word))
        return false;
    if (vkey->type != ACCORD_KEY_ED25519)
        return accord_fields_refuse(fields, ACCORD_KEY_TYPE, ACCORD_LITERAL("type 0x01 (Ed25519)"), vkey->name);
    if (!founder_new(fields, charter))
        return false;
    charter->founder_count++;
    return true;
}

static bool founders(struct accord_fields *fields, struct accord_charter_claim *charter,
                     const struct accord_crypto *crypto)
{
    do {
        if (!founder(fields, charter, crypto))
            return false;
    } while (accord_fields_at(fields, ACCORD_LITERAL("founder")));
    return true;
}

enum accord_status accord_charter_parse(struct accord_charter_claim *charter, struct accord_bytes entry,
                                        const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_fields fields;
    charter->founder_count = 0;
    enum accord_status status = accord_fields_open(&fields, &charter->statement, entry, ACCORD_LITERAL("charter"),
                                                   ACCORD_LITERAL("name text notice-days embargo founder*"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_token(&fields, ACCORD_LITERAL("name"), &charter->name))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (!optional_text(&fields) || !optional_notice(&fields) || !optional_embargo(&fields, &charter->embargo) ||
        !founders(&fields, charter, crypto) || !accord_fields_end(&fields))
        return fields.status;
    return ACCORD_OK;
}
