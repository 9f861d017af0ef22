/* What a vendor says is so now, and what it takes back (docs/protocol.md, "Current"). Knows their grammar and who must
 * have signed them; what follows for a release is judge.c's. */
#include "accord/product.h"

#include <string.h>

#include "core/fields.h"
#include "core/text.h"

/* <key> <number> <digest> */
static bool number_and_digest(struct accord_fields *fields, struct accord_bytes key, uint64_t *number,
                              uint8_t digest[ACCORD_HASH_SIZE])
{
    struct accord_bytes word;
    if (!accord_fields_take(fields, key))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (!accord_word_next(&rest, &word))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("a number and a digest"),
                                    fields->taken.value);
    return accord_fields_part_number(fields, word, 1, UINT64_MAX, number) &&
           accord_fields_part_digest(fields, rest, digest);
}

static bool channel_split(struct accord_bytes value, struct accord_channel *channel, struct accord_bytes *newest,
                          struct accord_bytes *lowest)
{
    *lowest = value;
    return accord_word_next(lowest, &channel->name) && accord_word_next(lowest, newest) &&
           accord_token_valid(channel->name);
}

/* channel <name> <newest> <lowest> */
static bool channel_line(struct accord_fields *fields, struct accord_bytes *names)
{
    struct accord_channel channel;
    struct accord_bytes newest, lowest;
    if (!accord_fields_take(fields, ACCORD_LITERAL("channel")))
        return false;
    if (!channel_split(fields->taken.value, &channel, &newest, &lowest))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("channel <name> <newest> <lowest>"),
                                    fields->taken.value);
    if (!accord_fields_part_number(fields, newest, 0, UINT64_MAX, &channel.newest) ||
        !accord_fields_part_number(fields, lowest, 0, channel.newest, &channel.lowest))
        return false;
    size_t count = 0;
    for (; names[count].data != NULL; count++)
        if (accord_bytes_equal(names[count], channel.name))
            return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each channel once"), channel.name);
    if (count == ACCORD_CHANNELS_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 32 channels"), channel.name);
    names[count] = channel.name;
    return true;
}

/* Lines of one sequence each, ascending. */
static bool sequences(struct accord_fields *fields, struct accord_bytes key, size_t *count)
{
    uint64_t last = 0;
    for (*count = 0; accord_fields_at(fields, key); (*count)++) {
        uint64_t sequence;
        if (!accord_fields_number(fields, key, 0, UINT64_MAX, &sequence))
            return false;
        if (*count > 0 && sequence <= last)
            return accord_fields_refuse(fields, sequence == last ? ACCORD_DUPLICATE : ACCORD_MALFORMED,
                                        ACCORD_LITERAL("sequences that ascend"), fields->taken.value);
        if (*count == ACCORD_SEQUENCES_MAX)
            return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 1024 sequences"),
                                        fields->taken.value);
        last = sequence;
    }
    return true;
}

static bool current_lines(struct accord_fields *fields, struct accord_current_claim *current)
{
    struct accord_bytes names[ACCORD_CHANNELS_MAX + 1] = {{NULL, 0}};
    if (!accord_fields_number(fields, ACCORD_LITERAL("time"), 1, UINT64_MAX, &current->time))
        return false;
    if (!number_and_digest(fields, ACCORD_LITERAL("roster"), &current->roster_number, current->roster))
        return false;
    if (accord_fields_at(fields, ACCORD_LITERAL("policy")) &&
        !number_and_digest(fields, ACCORD_LITERAL("policy"), &current->policy_number, current->policy))
        return false;
    do {
        if (!channel_line(fields, names))
            return false;
        current->channel_count++;
    } while (accord_fields_at(fields, ACCORD_LITERAL("channel")));
    return sequences(fields, ACCORD_LITERAL("withdrawn"), &current->withdrawn_count) && accord_fields_end(fields);
}

enum accord_status accord_current_parse(struct accord_current_claim *current, struct accord_bytes entry,
                                        struct accord_error *error)
{
    struct accord_fields fields;
    memset(current, 0, sizeof *current);
    enum accord_status status =
        accord_fields_open(&fields, &current->statement, entry, ACCORD_LITERAL("current"),
                           ACCORD_LITERAL("vendor product time roster policy channel* withdrawn*"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_domain(&fields, ACCORD_LITERAL("vendor"), &current->vendor) ||
        !accord_fields_token(&fields, ACCORD_LITERAL("product"), &current->product))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    return current_lines(&fields, current) ? ACCORD_OK : fields.status;
}

/* The next line of this key; false where there is none. */
static bool next_line(const struct accord_statement_claim *statement, size_t *cursor, struct accord_bytes key,
                      struct accord_bytes *value)
{
    struct accord_field field;
    while (accord_statement_next(statement, cursor, &field))
        if (accord_bytes_equal(field.key, key)) {
            *value = field.value;
            return true;
        }
    return false;
}

bool accord_current_next_channel(const struct accord_current_claim *current, size_t *cursor,
                                 struct accord_channel *channel)
{
    struct accord_bytes value, newest, lowest;
    return next_line(&current->statement, cursor, ACCORD_LITERAL("channel"), &value) &&
           channel_split(value, channel, &newest, &lowest) && accord_decimal_read(newest, &channel->newest) &&
           accord_decimal_read(lowest, &channel->lowest);
}

bool accord_current_next_withdrawn(const struct accord_current_claim *current, size_t *cursor, uint64_t *sequence)
{
    struct accord_bytes value;
    return next_line(&current->statement, cursor, ACCORD_LITERAL("withdrawn"), &value) &&
           accord_decimal_read(value, sequence);
}

enum accord_status accord_current_verify(const struct accord_current_claim *current,
                                         const struct accord_roster_claim *roster, const struct accord_place *place,
                                         const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_signers signers;
    enum accord_status status =
        accord_roster_signers(roster, &current->statement.note, current->vendor, place, crypto, &signers, error);
    if (status != ACCORD_OK || signers.current > 0)
        return status;
    return accord_roster_signed(roster, &current->statement.note, current->vendor, place, crypto, &signers, error);
}

/* reason <token> [<text>] */
static bool reason_line(struct accord_fields *fields, struct accord_withdraw_claim *withdraw)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("reason")))
        return false;
    withdraw->text = fields->taken.value;
    return (accord_word_next(&withdraw->text, &withdraw->reason) && accord_token_valid(withdraw->reason) &&
            (withdraw->text.size == 0 || withdraw->text.data[0] != ' ')) ||
           accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("reason <word> [<text>]"),
                                fields->taken.value);
}

static bool withdraw_lines(struct accord_fields *fields, struct accord_withdraw_claim *withdraw)
{
    uint64_t first;
    if (!accord_fields_at(fields, ACCORD_LITERAL("sequence")))
        return accord_fields_number(fields, ACCORD_LITERAL("sequence"), 0, UINT64_MAX, &first);
    if (!sequences(fields, ACCORD_LITERAL("sequence"), &withdraw->sequence_count) || !reason_line(fields, withdraw))
        return false;
    withdraw->has_replacement = accord_fields_at(fields, ACCORD_LITERAL("replaced-by"));
    if (withdraw->has_replacement &&
        !accord_fields_number(fields, ACCORD_LITERAL("replaced-by"), 0, UINT64_MAX, &withdraw->replaced_by))
        return false;
    return accord_fields_end(fields);
}

enum accord_status accord_withdraw_parse(struct accord_withdraw_claim *withdraw, struct accord_bytes entry,
                                         struct accord_error *error)
{
    struct accord_fields fields;
    memset(withdraw, 0, sizeof *withdraw);
    enum accord_status status =
        accord_fields_open(&fields, &withdraw->statement, entry, ACCORD_LITERAL("withdraw"),
                           ACCORD_LITERAL("vendor product sequence* reason replaced-by"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_domain(&fields, ACCORD_LITERAL("vendor"), &withdraw->vendor) ||
        !accord_fields_token(&fields, ACCORD_LITERAL("product"), &withdraw->product))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    return withdraw_lines(&fields, withdraw) ? ACCORD_OK : fields.status;
}

bool accord_withdraw_next_sequence(const struct accord_withdraw_claim *withdraw, size_t *cursor, uint64_t *sequence)
{
    struct accord_bytes value;
    return next_line(&withdraw->statement, cursor, ACCORD_LITERAL("sequence"), &value) &&
           accord_decimal_read(value, sequence);
}
