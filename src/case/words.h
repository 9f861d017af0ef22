/* How a case is spoken of, wherever it is shown. */
#ifndef ACCORD_CASE_WORDS_H
#define ACCORD_CASE_WORDS_H

#include "case/docket.h"

/* "1f8e3c5a90b1d2e4": how a case is named where there is little room. */
void accord_case_short(const uint8_t id[ACCORD_HASH_SIZE], char text[17]);
/* "2026-11-23 14:00 UTC": a quorum's time says no more than the hour. "-" for 0, "never" for UINT64_MAX. */
void accord_case_hour(uint64_t time, char text[32]);
/* "silent, overdue, disclosable", or "-": what is to be noticed of where it stands. */
void accord_case_flags(const struct accord_docket_case *found, const struct accord_case_standing *standing,
                       char text[128]);
/* Who it is about: a domain, or "(blinded)". */
struct accord_bytes accord_case_vendor(const struct accord_docket_case *found);

#endif
