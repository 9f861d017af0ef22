/* The table of commands as words for a person. It knows the table's shape, and nothing of what commands do. */
#include "cli/help.h"

#include <string.h>

#define WIDTH 100 /* columns of help text */

/* One paragraph after another, broken at spaces. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
    int column = 0;
    while (*text != 0) {
        if (*text == '\n') {
            fputs(text[1] == '\n' ? "\n\n" : "\n", out);
            text += text[1] == '\n' ? 2 : 1;
            column = 0;
            continue;
        }
        int word = (int)strcspn(text, " \n");
        if (column > 0 && column + 1 + word > WIDTH - indent) {
            fputc('\n', out);
            column = 0;
        }
        column +=
            column == 0 ? fprintf(out, "%*s%.*s", indent, "", word, text) - indent : fprintf(out, " %.*s", word, text);
        text += word;
        text += *text == ' ';
    }
    fputc('\n', out);
}

/* " --key KEY", " [-o FILE]", " [--attest FILE]..."; cut to fit. */
static void format_option(const struct accord_option *option, char *text, size_t size)
{
    bool needed = option->rule == ACCORD_OPTION_REQUIRED || option->rule == ACCORD_OPTION_SOME;
    bool many = option->rule != ACCORD_OPTION_ONCE && option->rule != ACCORD_OPTION_REQUIRED;
    char name[64];
    if (option->letter != 0) {
        snprintf(name, sizeof name, "-%c", option->letter);
    } else {
        snprintf(name, sizeof name, "--%s", option->name);
    }
    snprintf(text, size, "%s%s%s%s%s%s", needed ? " " : " [", name, option->value == NULL ? "" : " ",
             option->value == NULL ? "" : option->value, needed ? "" : "]", many ? "..." : "");
}

static void print_usage(FILE *out, const struct accord_command *command)
{
    char piece[256];
    int column = fprintf(out, "usage: accord %s", command->name);
    int indent = column;
    for (const struct accord_option *option = command->options;; option++) {
        if (option->name != NULL) {
            format_option(option, piece, sizeof piece);
        } else {
            snprintf(piece, sizeof piece, "%s%s", command->operands[0] == 0 ? "" : " ", command->operands);
        }
        if (column + (int)strlen(piece) > WIDTH) {
            column = fprintf(out, "\n%*s", indent, "") - 1;
        }
        column += fprintf(out, "%s", piece);
        if (option->name == NULL) {
            break;
        }
    }
    fputc('\n', out);
}

static void print_options(FILE *out, const struct accord_option *option)
{
    for (; option->name != NULL; option++) {
        int column = option->letter == 0 ? fprintf(out, "      --%s", option->name)
                                         : fprintf(out, "  -%c, --%s", option->letter, option->name);
        if (option->value != NULL) {
            column += fprintf(out, " %s", option->value);
        }
        fprintf(out, "%*s%s\n", column < 34 ? 34 - column : 2, "", option->help);
    }
}

void accord_help_version(FILE *out)
{
    fputs("accord " ACCORD_VERSION "\n", out);
}

void accord_help_overview(FILE *out)
{
    fputs("accord: is this file what its vendor published to all of us?\n"
          "usage: accord COMMAND [OPTION...] [ARGUMENT...]\n",
          out);
    for (size_t i = 0; i < accord_command_count; i++) {
        const struct accord_command *command = &accord_commands[i];
        if (command->section != NULL) {
            fprintf(out, "\n%s\n", command->section);
        }
        if (!command->hidden) {
            fprintf(out, "  %-16s  %s\n", command->name, command->summary);
        }
    }
    fputs("\nExit status: 0 done or verified, 1 refused, 2 wrong usage, 3 could not (I/O, network).\n"
          "accord COMMAND --help explains a command; accord --version says which accord this is.\n",
          out);
}

void accord_help_family(const char *family, FILE *out)
{
    size_t size = strlen(family);
    fprintf(out, "usage: accord %s VERB [OPTION...] [ARGUMENT...]\n\n", family);
    for (size_t i = 0; i < accord_command_count; i++) {
        const struct accord_command *command = &accord_commands[i];
        if (strncmp(command->name, family, size) == 0 && command->name[size] == ' ' && !command->hidden) {
            fprintf(out, "  %-16s  %s\n", command->name, command->summary);
        }
    }
    fprintf(out, "\naccord %s VERB --help explains one of them.\n", family);
}

void accord_help_command(const struct accord_command *command, FILE *out)
{
    print_usage(out, command);
    fputc('\n', out);
    print_wrapped(out, command->description, 0);
    fputs("\nOptions:\n", out);
    print_options(out, command->options);
    print_options(out, accord_options_shared);
    fputs("\nExample:\n", out);
    for (const char *line = command->example; *line != 0;) {
        int size = (int)strcspn(line, "\n");
        fprintf(out, "  %.*s\n", size, line);
        line += size;
        line += *line == '\n';
    }
}

/* Levenshtein's distance, of words of everyday length. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 24 };
    size_t a_size = strlen(a), b_size = strlen(b), row[LONGEST + 1];
    if (a_size > LONGEST || b_size > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t least = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < least ? change : least;
        }
    }
    return row[b_size];
}

const char *accord_help_nearest(const char *word)
{
    const char *nearest = NULL;
    size_t least = 3;
    for (size_t i = 0; i < accord_command_count; i++) {
        char first[32];
        const char *name = accord_commands[i].name;
        snprintf(first, sizeof first, "%.*s", (int)strcspn(name, " "), name);
        size_t edits = distance(word, first);
        if (edits < least && !accord_commands[i].hidden) {
            least = edits;
            nearest = name;
        }
    }
    return nearest;
}
