/* accord help, accord completion: the table of commands speaks for itself. */
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/say.h"

const struct accord_option accord_options_help[] = {
    {.name = "man", .help = "print the manual page, in mdoc"},
    {.name = "list", .help = "print the commands' names only, one a line"},
    {.name = NULL}};

const struct accord_option accord_options_completion[] = {{.name = NULL}};

static int list_names(void)
{
    for (size_t i = 0; i < accord_command_count; i++) {
        if (!accord_commands[i].hidden) {
            puts(accord_commands[i].name);
        }
    }
    return 0;
}

int accord_run_help(struct accord_call *call)
{
    if (accord_call_flag(call, "list")) {
        return list_names();
    }
    bool man = accord_call_flag(call, "man");
    if (call->operand_count == 0) {
        if (man) {
            accord_help_man(NULL, stdout);
        } else {
            accord_help_overview(stdout);
        }
        return 0;
    }
    int words;
    const struct accord_command *command = accord_command_find((int)call->operand_count, call->operands, &words);
    if (command != NULL && (size_t)words == call->operand_count) {
        if (man) {
            accord_help_man(command, stdout);
        } else {
            accord_help_command(command, stdout);
        }
        return 0;
    }
    if (call->operand_count == 1 && accord_command_family(call->operands[0]) && !man) {
        accord_help_family(call->operands[0], stdout);
        return 0;
    }
    return accord_usage(call, "there is no command %s%s%s", call->operands[0], call->operand_count > 1 ? " " : "",
                        call->operand_count > 1 ? call->operands[1] : "");
}

int accord_run_completion(struct accord_call *call)
{
    if (!accord_help_completion(call->operands[0], stdout)) {
        return accord_usage(call, "there is no completion for %s", call->operands[0]);
    }
    return 0;
}
