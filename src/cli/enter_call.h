/* What all commands have in common that bring a statement into a log: --accord, --key, --passphrase-file, --timeout. */
#ifndef ACCORD_CLI_ENTER_CALL_H
#define ACCORD_CLI_ENTER_CALL_H

#include "cli/command.h"
#include "cli/enter.h"

#define ACCORD_ENTER_ACCORD                                                                                            \
    {                                                                                                                  \
        .name = "accord", .value = "LOG", .help = "the accord's directory, or its log's URL",                          \
        .rule = ACCORD_OPTION_REQUIRED                                                                                 \
    }
#define ACCORD_ENTER_PASSPHRASE                                                                                        \
    {                                                                                                                  \
        .name = "passphrase-file", .value = "F", .help = "the passphrase of the keys"                                  \
    }
#define ACCORD_ENTER_SIGNED                                                                                            \
    {                                                                                                                  \
        .name = "signed", .value = "FILE",                                                                             \
        .help = "the same statement, signed elsewhere with --statement-only: its signatures count, too",               \
        .rule = ACCORD_OPTION_REPEATED                                                                                 \
    }
#define ACCORD_ENTER_TIMEOUT                                                                                           \
    {                                                                                                                  \
        .name = "timeout", .value = "SECONDS", .help = "how long to wait for a log behind a URL; 60 otherwise"         \
    }

/* Fills *enter from the call's options. 0, or the exit status after a sentence. Freed by accord_enter_call_free. */
ACCORD_MUST_USE int accord_enter_call(const struct accord_call *call, struct accord_enter *enter);
/* The same where another option than --key names the keys that sign. */
ACCORD_MUST_USE int accord_enter_call_by(const struct accord_call *call, const char *option,
                                         struct accord_enter *enter);
void accord_enter_call_free(struct accord_enter *enter);
/* Refuses what could not be entered: where the entry is in the log although it is not public, says so. */
int accord_enter_refuse(const struct accord_call *call, const struct accord_entered *entered,
                        struct accord_error *error);
/* What --statement-only answers: the signed statement, for a program. */
int accord_enter_answer_statement(const struct accord_call *call, const struct accord_entered *entered);
/* The text of a signed statement: what stands before its blank line. */
struct accord_bytes accord_enter_text(struct accord_bytes entry);

#endif
