/* Trust files (docs/protocol.md, "Trust file"): what a verifier keeps. Knows the lines above the roster's entry; the
 * entry itself is verbatim, and roster.c's to read. What a vkey is, it does not ask. */
#include "accord/roster.h"

#include "core/text.h"

#include <string.h>

static enum accord_status refuse(struct accord_error *error, uint64_t line, struct accord_bytes expected,
                                 struct accord_bytes found)
{
    accord_fail(error, ACCORD_TRUST, line);
    accord_error_expected(error, expected);
    accord_error_found(error, found);
    return ACCORD_TRUST;
}

/* Cuts one line, which must begin so, and gives what follows; false, with what is there in *value, where it does not.
 */
static bool cut_field(struct accord_bytes *rest, struct accord_bytes prefix, struct accord_bytes *value)
{
    *value = *rest;
    return accord_cut_line(rest, value) && accord_cut_prefix(value, prefix);
}

#define DISTRUST ACCORD_LITERAL("distrust ")

/* One set of keys has one form: sorted by their bytes, so a key that is written twice stands beside itself. */
static int compare(struct accord_bytes a, struct accord_bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static bool read_distrust(struct accord_bytes line, struct accord_distrust *distrust)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    return accord_cut_prefix(&line, DISTRUST) && accord_cut(&line, ' ', &distrust->vkey) && distrust->vkey.size > 0 &&
           accord_digest_parse(distrust->evidence = line, digest);
}

/* `distrust <vkey> <digest>` lines up to the empty line, which is taken too. */
static enum accord_status parse_distrust(struct accord_trust_claim *trust, struct accord_bytes *rest,
                                         struct accord_error *error)
{
    struct accord_bytes lines = *rest, line, last = {NULL, 0};
    struct accord_distrust distrust;
    for (uint64_t number = 4;; number++) {
        lines.size = (size_t)(rest->data - lines.data);
        if (!cut_field(rest, ACCORD_LITERAL(""), &line))
            return refuse(error, number, ACCORD_LITERAL("an empty line"), line);
        if (line.size == 0)
            break;
        if (!read_distrust(line, &distrust))
            return refuse(error, number, ACCORD_LITERAL("distrust <vkey> sha256:<hex>, or an empty line"), line);
        if (compare(last, distrust.vkey) >= 0)
            return refuse(error, number, ACCORD_LITERAL("distrust lines sorted by their keys, one for each"), line);
        if (number - 4 == ACCORD_DISTRUST_MAX)
            return refuse(error, number, ACCORD_LITERAL("at most 192 distrust lines"), line);
        last = distrust.vkey;
    }
    trust->distrust = lines;
    return ACCORD_OK;
}

bool accord_trust_next_distrust(const struct accord_trust_claim *trust, size_t *cursor,
                                struct accord_distrust *distrust)
{
    struct accord_bytes rest = trust->distrust, line;
    if (*cursor >= rest.size)
        return false;
    rest = (struct accord_bytes){rest.data + *cursor, rest.size - *cursor};
    if (!accord_cut_line(&rest, &line) || !read_distrust(line, distrust))
        return false;
    *cursor = trust->distrust.size - rest.size;
    return true;
}

enum accord_status accord_trust_parse(struct accord_trust_claim *trust, struct accord_bytes bytes,
                                      struct accord_error *error)
{
    struct accord_bytes rest = bytes, value;
    memset(trust, 0, sizeof *trust);
    if (bytes.size > ACCORD_TRUST_SIZE_MAX)
        return refuse(error, 0, ACCORD_LITERAL("at most 524288 bytes"), (struct accord_bytes){NULL, 0});
    if (!cut_field(&rest, ACCORD_LITERAL("accord/v1/trust"), &value) || value.size > 0)
        return refuse(error, 1, ACCORD_LITERAL("accord/v1/trust"), value);
    if (!cut_field(&rest, ACCORD_LITERAL("charter "), &value) || !accord_digest_parse(value, trust->charter))
        return refuse(error, 2, ACCORD_LITERAL("charter sha256:<64 lowercase hex digits>"), value);
    if (!cut_field(&rest, ACCORD_LITERAL("roster-index "), &value) || !accord_decimal_read(value, &trust->roster_index))
        return refuse(error, 3, ACCORD_LITERAL("roster-index <decimal>"), value);
    enum accord_status status = parse_distrust(trust, &rest, error);
    if (status != ACCORD_OK)
        return status;
    if (rest.size == 0 || rest.size > ACCORD_ENTRY_SIZE_MAX) {
        uint64_t line = 5;
        for (size_t i = 0; i < trust->distrust.size; i++)
            line += trust->distrust.data[i] == '\n';
        return refuse(error, line, ACCORD_LITERAL("the roster's entry, at most 65535 bytes"),
                      (struct accord_bytes){NULL, 0});
    }
    trust->roster_entry = rest;
    return ACCORD_OK;
}

void accord_trust_print(struct accord_out *out, const struct accord_trust_claim *trust)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/trust\ncharter "));
    accord_digest_print(out, trust->charter);
    accord_put(out, ACCORD_LITERAL("\nroster-index "));
    accord_put_decimal(out, trust->roster_index);
    accord_put_byte(out, '\n');
    accord_put(out, trust->distrust);
    accord_put_byte(out, '\n');
    accord_put(out, trust->roster_entry);
}

static void put_distrust(struct accord_out *out, struct accord_bytes vkey, const uint8_t evidence[ACCORD_HASH_SIZE])
{
    accord_put(out, DISTRUST);
    accord_put(out, vkey);
    accord_put_byte(out, ' ');
    accord_digest_print(out, evidence);
    accord_put_byte(out, '\n');
}

enum accord_status accord_trust_add_distrust(struct accord_out *out, const struct accord_trust_claim *trust,
                                             struct accord_bytes vkey, const uint8_t evidence[ACCORD_HASH_SIZE])
{
    struct accord_distrust distrust;
    size_t cursor = 0, start = 0, lines = 0;
    bool placed = false;
    for (; accord_trust_next_distrust(trust, &cursor, &distrust); start = cursor, lines++) {
        int order = placed ? -1 : compare(distrust.vkey, vkey);
        if (order > 0)
            put_distrust(out, vkey, evidence);
        placed = placed || order >= 0;
        accord_put(out, (struct accord_bytes){trust->distrust.data + start, cursor - start});
        lines += order > 0;
    }
    if (!placed)
        put_distrust(out, vkey, evidence);
    lines += !placed;
    return lines > ACCORD_DISTRUST_MAX ? ACCORD_TOO_LARGE : out->full ? ACCORD_NO_SPACE : ACCORD_OK;
}
