/* Long options, parsed by the table that each command has: `--name VALUE`, `--name=VALUE`, `--flag`, `-o FILE`, `--`.
 */
#ifndef ACCORD_CLI_OPTIONS_H
#define ACCORD_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum accord_option_rule {
    ACCORD_OPTION_ONCE = 0, /* at most once */
    ACCORD_OPTION_REQUIRED, /* exactly once */
    ACCORD_OPTION_REPEATED, /* any number of times */
    ACCORD_OPTION_SOME,     /* at least once */
    ACCORD_OPTION_ORDERED   /* any number of times; each holds for the operands after it */
};

struct accord_option {
    const char *name;  /* "key"; NULL ends a table */
    const char *value; /* what its value is called in the usage: "FILE"; NULL where it takes none */
    const char *help;  /* a phrase */
    enum accord_option_rule rule;
    char letter;       /* 'o' where `-o` means the same, else 0 */
    const char *alias; /* a second name that is not advertised, or NULL */
};

struct accord_argument {
    const struct accord_option *option;
    const char *value;
    size_t operands_before;
};

/* What a command was given. Strings borrow from argv. */
struct accord_arguments {
    struct accord_argument *given;
    size_t given_count;
    const char **operands;
    size_t operand_count;
};

/* Parses argv[0 .. argc) by two tables, both ended by a NULL name. False where it cannot: message (of size bytes) then
 * says why, in a sentence without a full stop. The caller frees *arguments in either case. */
bool accord_options_parse(struct accord_arguments *arguments, int argc, const char *const *argv,
                          const struct accord_option *own, const struct accord_option *shared, char *message,
                          size_t size);
/* Are the options that the table requires there? */
bool accord_options_complete(const struct accord_arguments *arguments, const struct accord_option *own, char *message,
                             size_t size);
void accord_options_free(struct accord_arguments *arguments);

#endif
