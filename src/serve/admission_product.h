/* Statements about products and their makers: may they be logged by this roster? */
#ifndef ACCORD_SERVE_ADMISSION_PRODUCT_H
#define ACCORD_SERVE_ADMISSION_PRODUCT_H

#include "accord/roster.h"

/* *known is false where the kind is not one of policy, seen, current, withdraw, attest, demand; nothing is judged then.
 */
ACCORD_MUST_USE enum accord_status accord_admission_product(const struct accord_roster_claim *roster,
                                                            const struct accord_crypto *crypto,
                                                            const struct accord_statement_claim *statement, bool *known,
                                                            struct accord_error *error);

#endif
