/* Rosters for tests: numbered members m0.example, m1.example, ..., whose keys are made from their names. */
#ifndef ACCORD_TESTS_ROSTERS_H
#define ACCORD_TESTS_ROSTERS_H

#include "accord/roster.h"
#include "signing.h"

#include <stdio.h>

/* What has the shape of an age recipient, another for each number. */
static inline void put_recipient(struct accord_out *out, unsigned number)
{
    char digits[64];
    snprintf(digits, sizeof digits, "%058u", number);
    for (char *c = digits; *c != 0; c++)
        *c = "qpzry9x8gf"[*c - '0'];
    put_text(out, "age1");
    put_text(out, digits);
}

/* One member with a release key, and what else is asked for. */
static inline void put_member(struct accord_out *out, unsigned number, const char *jurisdiction, bool witness,
                              bool other_keys)
{
    char text[128], name[64];
    snprintf(text, sizeof text, "member m%u.example %s Member %u\nkey release ", number, jurisdiction, number);
    put_text(out, text);
    snprintf(name, sizeof name, "m%u.example/release", number);
    put_vkey(out, name, ACCORD_KEY_ED25519);
    if (other_keys) {
        put_text(out, "\nkey stage ");
        snprintf(name, sizeof name, "m%u.example/stage", number);
        put_vkey(out, name, ACCORD_KEY_ED25519);
        put_text(out, "\nkey report ");
        put_recipient(out, number);
    }
    if (witness) {
        put_text(out, "\nkey witness ");
        snprintf(name, sizeof name, "m%u.example/witness", number);
        put_vkey(out, name, ACCORD_KEY_COSIGNATURE_ED25519);
        if (number % 2 == 1)
            put_text(out, " https://witness.example/");
    }
    put_text(out, "\n");
}

/* The lines of a roster 1 of a charter of zeros before its members. */
static inline void put_roster_head(struct accord_out *out, unsigned admit, unsigned jurisdictions, unsigned witnesses)
{
    char text[256];
    snprintf(text, sizeof text, "accord/v1/roster\ncharter sha256:%064d\nnumber 1\nadmit %u\nquorum %u %u\nlog ", 0,
             admit, jurisdictions, witnesses);
    put_text(out, text);
    put_vkey(out, "log.example", ACCORD_KEY_ED25519);
    put_text(out, "\n");
}

#endif
