/* The frame of the commands. One table, accord_commands[] in commands.c, gives dispatch, usage, --help, man pages and
 * shell completion. A command is a function of a call; it returns an exit status, mostly by way of say.h. Example, a
 * whole file cmd_count.c:
 *
 *     #include "cli/commands.h"
 *     #include "cli/say.h"
 *
 *     const struct accord_option accord_options_count[] = {
 *         {.name = "key", .value = "KEY", .help = "the log's private key", .rule = ACCORD_OPTION_REQUIRED},
 *         {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; - is standard output"},
 *         {.name = NULL}};
 *
 *     int accord_run_count(struct accord_call *call)
 *     {
 *         struct accord_error error;
 *         if (something_fails(call->fs, call->crypto, accord_call_value(call, "key"), call->operands[0], &error)) {
 *             return accord_refuse(call, call->operands[0], &error);      // a sentence, or JSON; its exit status
 *         }
 *         accord_note(call, "%s has 3 of them", call->operands[0]);       // for a person: stderr, silent with --json
 *         return accord_answer(call, json_pack("{s:i}", "count", 3));     // for a program; exit status 0
 *     }
 *
 * with ACCORD_COMMAND(count) in commands.h, an entry in accord_commands[] in commands.c, and in src/cli/meson.build the
 * file in cli_sources and the name in man_pages. --help and --json are every command's; unknown options,
 * missing required ones and wrong numbers of operands never reach run. */
#ifndef ACCORD_CLI_COMMAND_H
#define ACCORD_CLI_COMMAND_H

#include "accord/crypto.h"
#include "base/clock.h"
#include "base/fs.h"
#include "cli/options.h"

struct accord_command;
struct accord_network; /* network.h */

/* One run of a command: what it was given, and the seams that it works through. */
struct accord_call {
    const struct accord_command *command;
    struct accord_arguments arguments;
    const char *const *operands; /* arguments.operands */
    size_t operand_count;
    bool json;
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const struct accord_network *network; /* NULL in the program that is linked without it */
    const char *const *program_arguments; /* all of argv, for the program that has it */
};

#define ACCORD_OPERANDS_ANY SIZE_MAX

struct accord_command {
    const char *section;  /* heading in `accord help`; NULL: as the one before */
    const char *name;     /* "verify", or a family and its verb: "log add" */
    const char *operands; /* "DIR ENTRY..." */
    size_t operands_min, operands_max;
    const char *summary;     /* a phrase without a full stop */
    const char *description; /* whole sentences; paragraphs are parted by an empty line */
    const char *example;     /* command lines, each with its newline */
    const struct accord_option *options;
    int (*run)(struct accord_call *call);
    bool keeps_keys; /* it handles private keys: no core dumps, no debugger */
    bool network;    /* it always needs the network */
    bool hidden;     /* not advertised */
};

extern const struct accord_command accord_commands[];
extern const size_t accord_command_count;
extern const struct accord_option accord_options_shared[]; /* --help, --json */

/* Has the command such an option at all? */
bool accord_call_knows(const struct accord_call *call, const char *option);
/* The value of an option, or NULL where it was not given; "" for a flag that was. Aborts on a name that the command's
 * table does not have: that is a mistake in the program. */
const char *accord_call_value(const struct accord_call *call, const char *option);
bool accord_call_flag(const struct accord_call *call, const char *option);
/* The values of a repeated option: sets *value to the next, *cursor starts at 0; false after the last. */
bool accord_call_next(const struct accord_call *call, const char *option, size_t *cursor, const char **value);
size_t accord_call_count(const struct accord_call *call, const char *option);
/* What an ordered option says for operand i: the last value that stands before it, or NULL. */
const char *accord_call_value_for(const struct accord_call *call, const char *option, size_t operand);

/* The command that the first words of argv name (one or two; *words says how many), or NULL. */
const struct accord_command *accord_command_find(int argc, const char *const *argv, int *words);
/* Is this the first word of commands of two words? */
bool accord_command_family(const char *word);
/* Runs `accord argv[1] ...`; returns the exit status. Everything but the seams comes from argv. */
int accord_dispatch(int argc, const char *const *argv, const struct accord_fs *fs, const struct accord_crypto *crypto,
                    const struct accord_clock *clock, const struct accord_network *network);

#endif
