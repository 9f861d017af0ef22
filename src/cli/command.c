/* Finds the command that argv names, checks what it was given against its table, and runs it. It knows the shape of
 * commands and none of them. */
#include "cli/command.h"

#include "cli/become_net.h"
#include "cli/log_source.h"

#include "cli/help.h"
#include "cli/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

const struct accord_option accord_options_shared[] = {{.name = "json", .help = "print the answer as JSON"},
                                                      {.name = "help", .help = "explain this command"},
                                                      {.name = NULL}};

static const struct accord_option *find_option(const struct accord_call *call, const char *name)
{
    for (const struct accord_option *option = call->command->options; option->name != NULL; option++) {
        if (strcmp(option->name, name) == 0) {
            return option;
        }
    }
    return NULL;
}

static const struct accord_option *option_named(const struct accord_call *call, const char *name)
{
    const struct accord_option *option = find_option(call, name);
    if (option == NULL) {
        abort();
    }
    return option;
}

bool accord_call_knows(const struct accord_call *call, const char *option)
{
    return find_option(call, option) != NULL;
}

static const struct accord_argument *last_given(const struct accord_call *call, const struct accord_option *option,
                                                size_t operands_before_max)
{
    const struct accord_argument *last = NULL;
    for (size_t i = 0; i < call->arguments.given_count; i++) {
        const struct accord_argument *given = &call->arguments.given[i];
        if (given->option == option && given->operands_before <= operands_before_max) {
            last = given;
        }
    }
    return last;
}

const char *accord_call_value(const struct accord_call *call, const char *option)
{
    const struct accord_argument *given = last_given(call, option_named(call, option), SIZE_MAX);
    if (given == NULL) {
        return NULL;
    }
    return given->value == NULL ? "" : given->value;
}

bool accord_call_flag(const struct accord_call *call, const char *option)
{
    return last_given(call, option_named(call, option), SIZE_MAX) != NULL;
}

bool accord_call_next(const struct accord_call *call, const char *option, size_t *cursor, const char **value)
{
    const struct accord_option *wanted = option_named(call, option);
    while (*cursor < call->arguments.given_count) {
        const struct accord_argument *given = &call->arguments.given[(*cursor)++];
        if (given->option == wanted) {
            *value = given->value;
            return true;
        }
    }
    return false;
}

size_t accord_call_count(const struct accord_call *call, const char *option)
{
    size_t cursor = 0, count = 0;
    const char *value;
    while (accord_call_next(call, option, &cursor, &value)) {
        count++;
    }
    return count;
}

const char *accord_call_value_for(const struct accord_call *call, const char *option, size_t operand)
{
    const struct accord_argument *given = last_given(call, option_named(call, option), operand);
    return given == NULL ? NULL : given->value;
}

static bool is_named(const struct accord_command *command, int argc, const char *const *argv, int *words)
{
    const char *space = strchr(command->name, ' ');
    if (space == NULL) {
        *words = 1;
        return argc >= 1 && strcmp(command->name, argv[0]) == 0;
    }
    size_t family = (size_t)(space - command->name);
    *words = 2;
    return argc >= 2 && strlen(argv[0]) == family && memcmp(command->name, argv[0], family) == 0 &&
           strcmp(space + 1, argv[1]) == 0;
}

const struct accord_command *accord_command_find(int argc, const char *const *argv, int *words)
{
    for (size_t i = 0; i < accord_command_count; i++) {
        if (is_named(&accord_commands[i], argc, argv, words)) {
            return &accord_commands[i];
        }
    }
    return NULL;
}

bool accord_command_family(const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i < accord_command_count; i++) {
        const char *name = accord_commands[i].name;
        if (strncmp(name, word, size) == 0 && name[size] == ' ') {
            return true;
        }
    }
    return false;
}

static bool asks_for_help(int argc, const char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return true;
        }
    }
    return false;
}

/* So that wrong usage of a program that asked for JSON is answered in JSON. */
static bool asks_for_json(int argc, const char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

/* Private keys must not end up in a core file, nor be read by another process of the same user. */
static void guard_keys(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Does this option's value say where to look: a LOG, or an URL and nothing else? */
static bool is_place(const struct accord_option *option)
{
    return option->value != NULL && (strstr(option->value, "LOG") != NULL || strcmp(option->value, "URL") == 0);
}

/* Was a place given as a URL? */
static bool url_given(const struct accord_call *call)
{
    for (size_t i = 0; i < call->operand_count && strstr(call->command->operands, "LOG") != NULL; i++) {
        if (accord_location_is_url(call->operands[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < call->arguments.given_count; i++) {
        const struct accord_argument *given = &call->arguments.given[i];
        if (is_place(given->option) && accord_location_is_url(given->value)) {
            return true;
        }
    }
    return false;
}

static int run_parsed(struct accord_call *call, int argc, const char *const *argv)
{
    const struct accord_command *command = call->command;
    char message[512];
    if (!accord_options_parse(&call->arguments, argc, argv, command->options, accord_options_shared, message,
                              sizeof message) ||
        !accord_options_complete(&call->arguments, command->options, message, sizeof message)) {
        return accord_usage(call, "%s", message);
    }
    call->operands = call->arguments.operands;
    call->operand_count = call->arguments.operand_count;
    if (call->operand_count < command->operands_min) {
        return accord_usage(call, "it needs %s", command->operands);
    }
    if (call->operand_count > command->operands_max) {
        return accord_usage(call, "there is one argument too many: %s", call->operands[command->operands_max]);
    }
    if (call->network == NULL && (command->network || url_given(call))) {
        return accord_become_net(call);
    }
    if (command->keeps_keys) {
        guard_keys();
    }
    return command->run(call);
}

/* The first words name no command. */
static int not_a_command(struct accord_call *call, int argc, const char *const *argv)
{
    if (accord_command_family(argv[0])) {
        if (asks_for_help(argc, argv)) {
            accord_help_family(argv[0], stdout);
            return 0;
        }
        if (argc > 1 && argv[1][0] != '-') {
            return accord_usage(call, "there is no command %s %s", argv[0], argv[1]);
        }
        accord_help_family(argv[0], stderr);
        return 2;
    }
    if (argv[0][0] == '-') {
        return accord_usage(call, "there is no option %s", argv[0]);
    }
    const char *near = accord_help_nearest(argv[0]);
    if (near != NULL) {
        return accord_usage(call, "there is no command %s; did you mean %s?", argv[0], near);
    }
    return accord_usage(call, "there is no command %s", argv[0]);
}

int accord_dispatch(int argc, const char *const *argv, const struct accord_fs *fs, const struct accord_crypto *crypto,
                    const struct accord_clock *clock, const struct accord_network *network)
{
    struct accord_call call = {
        .fs = fs, .crypto = crypto, .clock = clock, .network = network, .program_arguments = argv};
    if (argc < 2) {
        accord_help_overview(stderr);
        return 2;
    }
    call.json = asks_for_json(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0) {
        accord_help_overview(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        accord_help_version(stdout);
        return 0;
    }
    int words;
    call.command = accord_command_find(argc - 1, argv + 1, &words);
    if (call.command == NULL) {
        return not_a_command(&call, argc - 1, argv + 1);
    }
    if (asks_for_help(argc - 1 - words, argv + 1 + words)) {
        accord_help_command(call.command, stdout);
        return 0;
    }
    int status = run_parsed(&call, argc - 1 - words, argv + 1 + words);
    accord_options_free(&call.arguments);
    return status;
}
