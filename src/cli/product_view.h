/* What an accord's log holds of one product: its releases, its policies, what is current, what is taken back. Filled as
 * the log is walked (enter.h); what does not hold by the roster of its place is passed over. */
#ifndef ACCORD_CLI_PRODUCT_VIEW_H
#define ACCORD_CLI_PRODUCT_VIEW_H

#include "accord/product.h"
#include "accord/release.h"
#include "base/buffer.h"
#include "cli/enter.h"

struct accord_product_entry {
    uint64_t index;
    struct accord_buffer entry;
    struct accord_buffer proof; /* of a policy: the earliest that was logged of it, with its entry; may be empty */
};

struct accord_product_view {
    const struct accord_crypto *crypto;
    struct accord_bytes vendor, product;
    struct accord_bytes origin; /* of the log that is walked; empty: only what its rosters say in passing is known */
    char origin_text[ACCORD_ORIGIN_SIZE_MAX];
    bool released; /* this product was released before */
    uint64_t highest;
    size_t policy_count; /* each follows from the one before it */
    struct accord_product_entry policies[64];
    struct accord_product_policy_claim policy; /* the newest of them */
    bool has_current;
    struct accord_product_entry current_entry;
    struct accord_current_claim current; /* the newest */
    size_t withdrawn_count;              /* of withdrawals, ascending; where they are too many, the highest */
    uint64_t withdrawn[ACCORD_SEQUENCES_MAX];
    size_t withdrawal_count; /* where withdrawals are: the newest of them */
    uint64_t withdrawals[64];
};

/* About 16 KiB: on the heap. */
struct accord_product_view *accord_product_view_new(const struct accord_crypto *crypto, const char *vendor,
                                                    const char *product);
void accord_product_view_free(struct accord_product_view *view);
/* For the plan's see. */
ACCORD_MUST_USE enum accord_status accord_product_view_see(struct accord_product_view *view,
                                                           const struct accord_chain *chain, uint64_t index,
                                                           struct accord_bytes entry, struct accord_error *error);
/* After a walk: did a roster take keys of the vendor away, so that what was seen in passing may not count any more?
 * Then the view is empty again, and is to be filled by a second walk of the log of this origin, in which each statement
 * is judged by the last roster, for the place where it is: as whoever verifies will judge it. */
bool accord_product_view_again(struct accord_product_view *view, const struct accord_chain *chain,
                               struct accord_bytes origin);
/* Adds one that is taken back. ACCORD_TOO_LARGE past ACCORD_SEQUENCES_MAX. */
ACCORD_MUST_USE enum accord_status accord_product_view_withdraw(struct accord_product_view *view, uint64_t sequence,
                                                                struct accord_error *error);
/* Prints `vendor` and `product` lines. */
void accord_product_view_print_head(struct accord_out *out, const struct accord_product_view *view);
/* Does a statement that was made name this vendor and product, and nothing else? A name with a newline would add lines.
 */
ACCORD_MUST_USE enum accord_status accord_product_view_check_names(const struct accord_product_view *view,
                                                                   struct accord_bytes vendor,
                                                                   struct accord_bytes product,
                                                                   struct accord_error *error);

/* "7d", "12h", "30m", "45s", or seconds. */
bool accord_duration_read(const char *text, uint64_t *seconds);

#endif
