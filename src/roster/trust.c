/* Trust files (docs/protocol.md, "Trust file"): what a verifier keeps. Knows the lines above the roster's entry; the
 * entry itself is verbatim, and roster.c's to read. */
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

enum accord_status accord_trust_parse(struct accord_trust_claim *trust, struct accord_bytes bytes,
                                      struct accord_error *error)
{
    struct accord_bytes rest = bytes, value;
    memset(trust, 0, sizeof *trust);
    if (!cut_field(&rest, ACCORD_LITERAL("accord/v1/trust"), &value) || value.size > 0)
        return refuse(error, 1, ACCORD_LITERAL("accord/v1/trust"), value);
    if (!cut_field(&rest, ACCORD_LITERAL("charter "), &value) || !accord_digest_parse(value, trust->charter))
        return refuse(error, 2, ACCORD_LITERAL("charter sha256:<64 lowercase hex digits>"), value);
    if (!cut_field(&rest, ACCORD_LITERAL("roster-index "), &value) || !accord_decimal_read(value, &trust->roster_index))
        return refuse(error, 3, ACCORD_LITERAL("roster-index <decimal>"), value);
    if (!cut_field(&rest, ACCORD_LITERAL(""), &value) || value.size > 0)
        return refuse(error, 4, ACCORD_LITERAL("an empty line"), value);
    if (rest.size == 0 || rest.size > ACCORD_ENTRY_SIZE_MAX)
        return refuse(error, 5, ACCORD_LITERAL("the roster's entry, at most 65535 bytes"),
                      (struct accord_bytes){NULL, 0});
    trust->roster_entry = rest;
    return ACCORD_OK;
}

void accord_trust_print(struct accord_out *out, const struct accord_trust_claim *trust)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/trust\ncharter "));
    accord_digest_print(out, trust->charter);
    accord_put(out, ACCORD_LITERAL("\nroster-index "));
    accord_put_decimal(out, trust->roster_index);
    accord_put(out, ACCORD_LITERAL("\n\n"));
    accord_put(out, trust->roster_entry);
}
