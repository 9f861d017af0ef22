/* The option parser: it knows tables and argv, and no command. It neither prints nor exits: what is wrong is a message
 * for the caller. */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct accord_option *find_name(const struct accord_option *table, const char *name, size_t size)
{
    for (; table->name != NULL; table++) {
        if ((strlen(table->name) == size && memcmp(table->name, name, size) == 0) ||
            (table->alias != NULL && strlen(table->alias) == size && memcmp(table->alias, name, size) == 0)) {
            return table;
        }
    }
    return NULL;
}

static const struct accord_option *find_letter(const struct accord_option *table, char letter)
{
    for (; table->name != NULL; table++) {
        if (table->letter == letter) {
            return table;
        }
    }
    return NULL;
}

/* One option as argv spells it: `--name`, `--name=value`, `-o` or `-ovalue`. */
struct spelled {
    const struct accord_option *option; /* NULL: unknown */
    const char *value;                  /* what is attached to it, or NULL */
};

static struct spelled look_up(const char *argument, const struct accord_option *own, const struct accord_option *shared)
{
    struct spelled spelled = {NULL, NULL};
    if (argument[1] == '-') {
        const char *name = argument + 2;
        const char *equals = strchr(name, '=');
        size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
        spelled.option = find_name(own, name, size);
        if (spelled.option == NULL) {
            spelled.option = find_name(shared, name, size);
        }
        spelled.value = equals == NULL ? NULL : equals + 1;
    } else {
        spelled.option = find_letter(own, argument[1]);
        if (spelled.option == NULL) {
            spelled.option = find_letter(shared, argument[1]);
        }
        spelled.value = argument[2] == 0 ? NULL : argument + 2;
    }
    return spelled;
}

static bool given_before(const struct accord_arguments *arguments, const struct accord_option *option)
{
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (arguments->given[i].option == option) {
            return true;
        }
    }
    return false;
}

/* Takes the option at argv[*at], and its value from the next argument where it is not attached. */
static bool take_option(struct accord_arguments *arguments, int argc, const char *const *argv, int *at,
                        const struct accord_option *own, const struct accord_option *shared, char *message, size_t size)
{
    struct spelled spelled = look_up(argv[*at], own, shared);
    const struct accord_option *option = spelled.option;
    if (option == NULL) {
        snprintf(message, size, "there is no option %.*s", (int)strcspn(argv[*at], "="), argv[*at]);
        return false;
    }
    if (option->value == NULL && spelled.value != NULL) {
        snprintf(message, size, "--%s takes no value", option->name);
        return false;
    }
    if (option->value != NULL && spelled.value == NULL) {
        if (*at + 1 >= argc) {
            snprintf(message, size, "--%s needs a value: %s", option->name, option->value);
            return false;
        }
        spelled.value = argv[++*at];
    }
    if ((option->rule == ACCORD_OPTION_ONCE || option->rule == ACCORD_OPTION_REQUIRED) && option->value != NULL &&
        given_before(arguments, option)) {
        snprintf(message, size, "--%s may be given only once", option->name);
        return false;
    }
    arguments->given[arguments->given_count++] =
        (struct accord_argument){option, spelled.value, arguments->operand_count};
    return true;
}

bool accord_options_parse(struct accord_arguments *arguments, int argc, const char *const *argv,
                          const struct accord_option *own, const struct accord_option *shared, char *message,
                          size_t size)
{
    *arguments = (struct accord_arguments){0};
    size_t room = (size_t)argc + 1;
    arguments->given = calloc(room, sizeof *arguments->given);
    arguments->operands = calloc(room, sizeof *arguments->operands);
    if (arguments->given == NULL || arguments->operands == NULL) {
        snprintf(message, size, "memory ran out");
        return false;
    }
    bool options_ended = false;
    for (int i = 0; i < argc; i++) {
        if (options_ended || argv[i][0] != '-' || argv[i][1] == 0) {
            arguments->operands[arguments->operand_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            options_ended = true;
        } else if (!take_option(arguments, argc, argv, &i, own, shared, message, size)) {
            return false;
        }
    }
    return true;
}

bool accord_options_complete(const struct accord_arguments *arguments, const struct accord_option *own, char *message,
                             size_t size)
{
    for (const struct accord_option *option = own; option->name != NULL; option++) {
        if ((option->rule == ACCORD_OPTION_REQUIRED || option->rule == ACCORD_OPTION_SOME) &&
            !given_before(arguments, option)) {
            snprintf(message, size, "--%s %s is needed", option->name, option->value == NULL ? "" : option->value);
            return false;
        }
    }
    return true;
}

void accord_options_free(struct accord_arguments *arguments)
{
    free(arguments->given);
    free(arguments->operands);
    *arguments = (struct accord_arguments){0};
}
