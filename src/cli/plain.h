/* What a stranger wrote, on a terminal: as text and nothing else. */
#ifndef ACCORD_CLI_PLAIN_H
#define ACCORD_CLI_PLAIN_H

#include "accord/bytes.h"

#define ACCORD_PLAIN_SIZE 512

/* The text (UTF-8), cut to fit, with a question mark in the place of each control character and of what turns the
 * direction of what follows it. Returns shown, which ends in NUL. */
const char *accord_plain(struct accord_bytes text, char shown[ACCORD_PLAIN_SIZE]);

#endif
