/* What the orders of several ecosystems are made of. Inside this room only. */
#ifndef ACCORD_VERSION_PARTS_H
#define ACCORD_VERSION_PARTS_H

#include "accord/bytes.h"

/* Each compares two versions of its ecosystem; false where one of them is none. */
bool accord_version_deb(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_rpm(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_semver(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_npm(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_golang(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_pypi(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_gem(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_nuget(struct accord_bytes a, struct accord_bytes b, int *order);
bool accord_version_intdot(struct accord_bytes a, struct accord_bytes b, int *order);

static inline bool accord_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool accord_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Cuts digits, or letters, off the front; maybe none. */
struct accord_bytes accord_cut_digits(struct accord_bytes *rest);
struct accord_bytes accord_cut_letters(struct accord_bytes *rest);
/* Of digit strings of any size; an empty one is 0. */
int accord_compare_digits(struct accord_bytes a, struct accord_bytes b);
/* Byte by byte; what is longer comes later. */
int accord_compare_bytes(struct accord_bytes a, struct accord_bytes b);
/* What stands before the first of these bytes; all of it where none is there. *rest is what follows it. */
struct accord_bytes accord_cut_before(struct accord_bytes *rest, uint8_t at);
bool accord_all_digits(struct accord_bytes text); /* and at least one */

#endif
