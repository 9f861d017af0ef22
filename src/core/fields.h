/* Reading a statement's lines by its kind's grammar: one line is at hand, and is taken by its key. The first refusal
 * ends it, with its place and its words. For the rooms whose nouns are statements. */
#ifndef ACCORD_CORE_FIELDS_H
#define ACCORD_CORE_FIELDS_H

#include "accord/statement.h"

#define ACCORD_DOMAIN_SIZE_MAX 253
#define ACCORD_LABEL_SIZE_MAX 63
#define ACCORD_TOKEN_SIZE_MAX 128
#define ACCORD_URL_SIZE_MAX 512

struct accord_fields {
    const struct accord_statement_claim *statement;
    struct accord_bytes keys;  /* the kind's, in their order, one space between; '*' after one that may come again */
    bool extensions;           /* lines whose key begins with `x-` are passed over */
    bool more;                 /* is a line at hand? */
    size_t cursor;             /* behind the line at hand */
    struct accord_field next;  /* the line at hand */
    struct accord_field taken; /* the line that was taken last: where the refusal of a value points */
    enum accord_status status; /* of the refusal */
    struct accord_error *error;
};

/* Parses entry into *statement, which must be of this kind, and stands before its second line. Afterwards statement
 * must stay where it is. */
ACCORD_MUST_USE enum accord_status accord_fields_open(struct accord_fields *fields,
                                                      struct accord_statement_claim *statement,
                                                      struct accord_bytes entry, struct accord_bytes kind,
                                                      struct accord_bytes keys, struct accord_error *error);
/* From here on `x-` lines are passed over: the fixed head of the statement has been read. */
void accord_fields_allow_extensions(struct accord_fields *fields);
/* Has the line at hand this key? */
bool accord_fields_at(const struct accord_fields *fields, struct accord_bytes key);
/* Takes the line at hand, which must have this key. All functions that return bool here return false where they
 * refused, and fields->status says why. */
ACCORD_MUST_USE bool accord_fields_take(struct accord_fields *fields, struct accord_bytes key);
/* No line may be left. */
ACCORD_MUST_USE bool accord_fields_end(struct accord_fields *fields);
/* Refuses the value of the line that was taken; returns false. */
bool accord_fields_refuse(struct accord_fields *fields, enum accord_status status, struct accord_bytes expected,
                          struct accord_bytes found);

/* Take a line whose whole value is one thing: a number from least to most, a digest, a domain, a token. */
ACCORD_MUST_USE bool accord_fields_number(struct accord_fields *fields, struct accord_bytes key, uint64_t least,
                                          uint64_t most, uint64_t *number);
ACCORD_MUST_USE bool accord_fields_digest(struct accord_fields *fields, struct accord_bytes key,
                                          uint8_t hash[ACCORD_HASH_SIZE]);
ACCORD_MUST_USE bool accord_fields_domain(struct accord_fields *fields, struct accord_bytes key,
                                          struct accord_bytes *domain);
ACCORD_MUST_USE bool accord_fields_token(struct accord_fields *fields, struct accord_bytes key,
                                         struct accord_bytes *token);

/* Read a part of the value of the line that was taken. */
ACCORD_MUST_USE bool accord_fields_part_number(struct accord_fields *fields, struct accord_bytes text, uint64_t least,
                                               uint64_t most, uint64_t *number);
ACCORD_MUST_USE bool accord_fields_part_digest(struct accord_fields *fields, struct accord_bytes text,
                                               uint8_t hash[ACCORD_HASH_SIZE]);
ACCORD_MUST_USE bool accord_fields_part_domain(struct accord_fields *fields, struct accord_bytes text);
ACCORD_MUST_USE bool accord_fields_part_url(struct accord_fields *fields, struct accord_bytes text);
ACCORD_MUST_USE bool accord_fields_part_vkey(struct accord_fields *fields, struct accord_bytes text,
                                             const struct accord_crypto *crypto, struct accord_vkey *vkey);
/* Refuses unless a key's name is the domain, or begins with the domain and '/': so a signature line says who signed. */
ACCORD_MUST_USE bool accord_fields_key_of(struct accord_fields *fields, const struct accord_vkey *vkey,
                                          struct accord_bytes domain);

/* Lowercase letters, digits and '-' in labels of 1 to 63, at least two labels, at most 253 bytes; no label begins or
 * ends with '-'. */
bool accord_domain_valid(struct accord_bytes domain);
/* A letter or digit, then letters, digits and . _ + ~ : - ; at most 128 bytes. */
bool accord_token_valid(struct accord_bytes token);
/* The shape of an age X25519 recipient, `age1` and 58 bech32 characters; its checksum and point are not checked. */
bool accord_recipient_valid(struct accord_bytes text);
/* `scheme://` and printable ASCII without spaces; at most 512 bytes. */
bool accord_url_valid(struct accord_bytes url);

#endif
