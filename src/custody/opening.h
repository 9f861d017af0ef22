/* What opens what: the private keys that lie about in a directory, and the texts that may be a passphrase, tried on
 * what is encrypted there. Bounded: what was not tried is told apart from what did not open. */
#ifndef ACCORD_CUSTODY_OPENING_H
#define ACCORD_CUSTODY_OPENING_H

#include "accord/error.h"
#include "age/header.h"

struct accord_opening; /* holds secrets: locked, wiped when it is freed */

enum accord_opened { ACCORD_OPENED_NOT, ACCORD_OPENED, ACCORD_OPENED_UNTRIED };

struct accord_opening *accord_opening_new(void); /* NULL where memory ran out */
void accord_opening_free(struct accord_opening *opening);

/* First, each file that may be a key, a passphrase, or encrypted to one: at most ACCORD_OPENING_FILE_MAX bytes. */
#define ACCORD_OPENING_FILE_MAX 65536
void accord_opening_key(struct accord_opening *opening, struct accord_bytes file); /* private keys, in clear */
bool accord_opening_is_key(struct accord_bytes file);                              /* does an age key stand in it? */
void accord_opening_passphrase(struct accord_opening *opening, struct accord_bytes file); /* what may be one */
void accord_opening_sealed(struct accord_opening *opening, const char *path, struct accord_bytes file);
void accord_opening_sealed_other(struct accord_opening *opening); /* a key whose encryption is not age's */
void accord_opening_unread(struct accord_opening *opening);       /* a place, or a file, that was not looked at whole */
/* Then, once: passphrases and keys on what is sealed. What opens may hold keys. */
void accord_opening_try(struct accord_opening *opening);

/* Does anything there open this? path is that which accord_opening_sealed was given. */
enum accord_opened accord_opening_opens(struct accord_opening *opening, const char *path,
                                        const struct accord_age_header *header);
/* Is this text, as accord_opening_passphrase takes it, one that opened something? */
bool accord_opening_is_passphrase(const struct accord_opening *opening, struct accord_bytes file);
/* Of a private key whose encryption is not age's: nobody tried, unless there is nothing to try. */
enum accord_opened accord_opening_other(const struct accord_opening *opening);

#endif
