/* What the table of commands says of itself: overview, help, manual pages, completion. */
#ifndef ACCORD_CLI_HELP_H
#define ACCORD_CLI_HELP_H

#include "cli/command.h"

#include <stdio.h>

void accord_help_version(FILE *out);
void accord_help_overview(FILE *out);
void accord_help_family(const char *family, FILE *out);
void accord_help_command(const struct accord_command *command, FILE *out);
/* A command or a family whose name is within two edits of word, or NULL. */
const char *accord_help_nearest(const char *word);
/* The manual page of one command, or of accord itself where command is NULL, in mdoc. */
void accord_help_man(const struct accord_command *command, FILE *out);
/* False where the shell is not one of bash, zsh and fish. */
ACCORD_MUST_USE bool accord_help_completion(const char *shell, FILE *out);

#endif
