/* Asking an advisory what a reader will ask of it. */
#include "cli/advisory_check.h"

#include "core/text.h"

enum accord_status accord_advisory_check(const struct accord_advisory_claim *advisory, struct accord_board *board,
                                         struct accord_error *error)
{
    struct accord_advisory_item item;
    size_t cursor = 0;
    uint64_t index;
    while (accord_advisory_next(advisory, &cursor, &item)) {
        if (item.has_digest && item.kind != ACCORD_ADVISORY_CASE &&
            !accord_board_release(board, item.digest, advisory->vendor, &index)) {
            uint8_t memory[80];
            struct accord_out out = {memory, sizeof memory, 0, false};
            accord_digest_print(&out, item.digest);
            accord_fail(error, ACCORD_NOT_FOUND, item.line);
            accord_error_what(error, item.product);
            accord_error_expected(error, ACCORD_LITERAL("the digest of a release that this vendor logged"));
            accord_error_found(error, accord_out_bytes(&out));
            return ACCORD_NOT_FOUND;
        }
    }
    return ACCORD_OK;
}
