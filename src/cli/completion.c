/* Completion scripts for shells, made from the table of commands. */
#include "cli/help.h"

#include <string.h>

static size_t family_size(const struct accord_command *command)
{
    return strcspn(command->name, " ");
}

static const char *verb(const struct accord_command *command)
{
    const char *space = strchr(command->name, ' ');
    return space == NULL ? NULL : space + 1;
}

/* Is it the first of its family in the table? */
static bool leads(size_t place)
{
    size_t size = family_size(&accord_commands[place]);
    for (size_t i = 0; i < place; i++) {
        if (family_size(&accord_commands[i]) == size &&
            memcmp(accord_commands[i].name, accord_commands[place].name, size) == 0) {
            return false;
        }
    }
    return true;
}

static bool same_family(size_t a, size_t b)
{
    size_t size = family_size(&accord_commands[a]);
    return family_size(&accord_commands[b]) == size &&
           memcmp(accord_commands[a].name, accord_commands[b].name, size) == 0;
}

/* Text between single quotes; a colon parts things in zsh's lists. */
static void print_quoted(FILE *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else if (strchr("[]:", *text) != NULL) {
            fprintf(out, "\\%c", *text);
        } else {
            fputc(*text, out);
        }
    }
}

static void print_families(FILE *out)
{
    for (size_t i = 0; i < accord_command_count; i++) {
        if (leads(i) && !accord_commands[i].hidden) {
            fprintf(out, " %.*s", (int)family_size(&accord_commands[i]), accord_commands[i].name);
        }
    }
}

static void print_verbs(FILE *out, size_t family)
{
    for (size_t i = family; i < accord_command_count; i++) {
        if (same_family(family, i) && !accord_commands[i].hidden) {
            fprintf(out, " %s", verb(&accord_commands[i]));
        }
    }
}

static void bash(FILE *out)
{
    fputs("# bash completion for accord\n"
          "_accord() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"--help --version",
          out);
    print_families(out);
    fputs("\"\n    else\n        case $command in\n", out);
    for (size_t i = 0; i < accord_command_count; i++) {
        if (leads(i) && verb(&accord_commands[i]) != NULL) {
            fprintf(out,
                    "        %.*s)\n            command=\"$command ${COMP_WORDS[2]}\"\n            [ \"$COMP_CWORD\" "
                    "-eq 2 ] && words=\"",
                    (int)family_size(&accord_commands[i]), accord_commands[i].name);
            print_verbs(out, i);
            fputs("\"\n            ;;\n", out);
        }
    }
    fputs("        esac\n    fi\n    if [ -z \"$words\" ]; then\n"
          "        [[ $current == -* ]] || return\n        case $command in\n",
          out);
    for (size_t i = 0; i < accord_command_count; i++) {
        fprintf(out, "        \"%s\") words=\"", accord_commands[i].name);
        for (const struct accord_option *option = accord_commands[i].options; option->name != NULL; option++) {
            fprintf(out, "--%s ", option->name);
        }
        fputs("--json --help\" ;;\n", out);
    }
    fputs("        esac\n    fi\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
          "complete -o default -F _accord accord\n",
          out);
}

static void zsh_command(FILE *out, const struct accord_command *command)
{
    fprintf(out, "    '%s')\n        _arguments", command->name);
    const struct accord_option *tables[] = {command->options, accord_options_shared};
    for (size_t t = 0; t < 2; t++) {
        for (const struct accord_option *option = tables[t]; option->name != NULL; option++) {
            bool many = option->rule != ACCORD_OPTION_ONCE && option->rule != ACCORD_OPTION_REQUIRED;
            fprintf(out, " \\\n            '%s--%s[", many ? "*" : "", option->name);
            print_quoted(out, option->help);
            fputs("]", out);
            if (option->value != NULL) {
                fputs(":", out);
                print_quoted(out, option->value);
                fputs(":_files", out);
            }
            fputs("'", out);
        }
    }
    fputs(" \\\n            '*:file:_files'\n        ;;\n", out);
}

static void zsh(FILE *out)
{
    fputs("#compdef accord\n"
          "_accord() {\n    local -a choices\n    if (( CURRENT == 2 )); then\n        choices=(",
          out);
    print_families(out);
    fputs(" )\n        _describe command choices\n        return\n    fi\n    local command=$words[2]\n    case "
          "$command in\n",
          out);
    for (size_t i = 0; i < accord_command_count; i++) {
        if (leads(i) && verb(&accord_commands[i]) != NULL) {
            fprintf(out, "    %.*s)\n        if (( CURRENT == 3 )); then\n            choices=(",
                    (int)family_size(&accord_commands[i]), accord_commands[i].name);
            for (size_t j = i; j < accord_command_count; j++) {
                if (same_family(i, j) && !accord_commands[j].hidden) {
                    fprintf(out, " '%s:", verb(&accord_commands[j]));
                    print_quoted(out, accord_commands[j].summary);
                    fputs("'", out);
                }
            }
            fputs(" )\n            _describe verb choices\n            return\n        fi\n"
                  "        command=\"$words[2] $words[3]\"\n        shift words\n        (( CURRENT-- ))\n        ;;\n",
                  out);
        }
    }
    fputs("    esac\n    shift words\n    (( CURRENT-- ))\n    case $command in\n", out);
    for (size_t i = 0; i < accord_command_count; i++) {
        zsh_command(out, &accord_commands[i]);
    }
    fputs("    esac\n}\n_accord \"$@\"\n", out);
}

static void fish_quoted(FILE *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '\'' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

static void fish(FILE *out)
{
    fputs("# fish completion for accord\ncomplete -c accord -n __fish_use_subcommand -l version -d 'which accord this "
          "is'\n",
          out);
    for (size_t i = 0; i < accord_command_count; i++) {
        const struct accord_command *command = &accord_commands[i];
        char condition[128];
        int family = (int)family_size(command);
        if (leads(i) && !command->hidden) {
            fprintf(out, "complete -c accord -n __fish_use_subcommand -a %.*s -d '", family, command->name);
            fish_quoted(out, verb(command) == NULL ? command->summary : "");
            fputs("'\n", out);
        }
        snprintf(condition, sizeof condition, "__fish_seen_subcommand_from %.*s", family, command->name);
        if (verb(command) != NULL && !command->hidden) {
            fprintf(out, "complete -c accord -n '%s' -a %s -d '", condition, verb(command));
            fish_quoted(out, command->summary);
            fputs("'\n", out);
            snprintf(condition, sizeof condition,
                     "__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s", family, command->name,
                     verb(command));
        }
        const struct accord_option *tables[] = {command->options, accord_options_shared};
        for (size_t t = 0; t < 2; t++) {
            for (const struct accord_option *option = tables[t]; option->name != NULL; option++) {
                fprintf(out, "complete -c accord -n '%s' -l %s%s -d '", condition, option->name,
                        option->value == NULL ? "" : " -r");
                fish_quoted(out, option->help);
                fputs("'\n", out);
            }
        }
    }
}

bool accord_help_completion(const char *shell, FILE *out)
{
    static const struct {
        const char *name;
        void (*print)(FILE *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shell, shells[i].name) == 0) {
            shells[i].print(out);
            return true;
        }
    }
    return false;
}
