/* The lines that rosters and applications share: a member, its keys, its threshold. Inside this room only. */
#ifndef ACCORD_ROSTER_LINES_H
#define ACCORD_ROSTER_LINES_H

#include "accord/roster.h"
#include "core/fields.h"

#define ACCORD_RELEASE_THRESHOLD_MAX ACCORD_ROSTER_KEYS_MAX

/* Where the keys of a statement are collected, and which it has besides. */
struct accord_key_lines {
    struct accord_fields *fields;
    const struct accord_crypto *crypto;
    const struct accord_roster_claim *roster; /* its logs and past keys are keys too; NULL in an application */
    struct accord_roster_key *keys;
    size_t count, max;
};

/* No public key may stand twice in a statement, whatever it is for, and no name with its id: refuses one that does. */
ACCORD_MUST_USE bool accord_lines_key_new(const struct accord_key_lines *lines, const struct accord_vkey *vkey);
/* <vkey> [<url>] */
ACCORD_MUST_USE bool accord_lines_vkey_url(struct accord_fields *fields, struct accord_bytes rest,
                                           const struct accord_crypto *crypto, struct accord_vkey *vkey,
                                           struct accord_bytes *url);
/* Takes a member with its keys and its threshold; place is the member's, for its keys. */
ACCORD_MUST_USE bool accord_lines_member(struct accord_key_lines *lines, struct accord_member *member, size_t place);
/* Cuts <domain> <jurisdiction> off the value of the line that was taken: `rest` is what follows. form says what the
 * line should be. */
ACCORD_MUST_USE bool accord_lines_who(struct accord_fields *fields, struct accord_bytes form,
                                      struct accord_bytes *domain, struct accord_bytes *jurisdiction,
                                      struct accord_bytes *rest);
/* A title: not empty, no space in front, at most 128 octets. */
ACCORD_MUST_USE bool accord_lines_title(struct accord_fields *fields, struct accord_bytes form,
                                        struct accord_bytes title);

#endif
