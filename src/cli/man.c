/* Manual pages in mdoc, made from the table of commands and the list of errors; so they cannot disagree with them. */
#include "accord/error.h"
#include "base/report.h"
#include "cli/help.h"

#include <ctype.h>
#include <string.h>

#define MANUAL_DATE "November 23, 2026"
#define LINE_MAX_SIZE 76 /* mdoc's own advice is 80 */

/* Text inside a line. */
static void print_text(FILE *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\') {
            fputs("\\e", out);
        } else {
            fputc(text[i], out);
        }
    }
}

/* Whole lines; a dot or an apostrophe at the start of one is no request. */
static void print_lines(FILE *out, const char *text)
{
    while (*text != 0) {
        size_t size = strcspn(text, "\n");
        if (*text == '.' || *text == '\'') {
            fputs("\\&", out);
        }
        print_text(out, text, size);
        fputc('\n', out);
        text += size;
        text += *text == '\n';
    }
}

/* Sentences begin on lines of their own, as mdoc wants it, and long ones are broken at spaces. */
static void print_sentences(FILE *out, const char *text)
{
    size_t column = 0;
    bool ended = false; /* the word before ended a sentence */
    while (*text != 0) {
        if (strncmp(text, "\n\n", 2) == 0) {
            fputs("\n.Pp\n", out);
            text += 2;
            column = 0;
            continue;
        }
        size_t word = strcspn(text, " \n");
        if (column > 0 && (ended || column + 1 + word > LINE_MAX_SIZE)) {
            fputc('\n', out);
            column = 0;
        } else if (column > 0) {
            fputc(' ', out);
            column++;
        }
        if (column == 0 && (*text == '.' || *text == '\'')) {
            fputs("\\&", out);
        }
        print_text(out, text, word);
        column += word;
        ended = word > 1 && strchr(".?!", text[word - 1]) != NULL && text[word - 2] != '.';
        text += word;
        text += *text == ' ';
    }
    fputc('\n', out);
}

static void print_option(FILE *out, const struct accord_option *option)
{
    if (option->letter != 0) {
        fprintf(out, "Fl %c", option->letter);
    } else {
        fprintf(out, "Fl -%s", option->name);
    }
    if (option->value != NULL) {
        fprintf(out, " Ar %s", option->value);
    }
}

static void print_synopsis(FILE *out, const struct accord_command *command)
{
    fprintf(out, ".Sh SYNOPSIS\n.Nm accord %s\n", command->name);
    for (const struct accord_option *option = command->options; option->name != NULL; option++) {
        bool needed = option->rule == ACCORD_OPTION_REQUIRED || option->rule == ACCORD_OPTION_SOME;
        bool many = option->rule != ACCORD_OPTION_ONCE && option->rule != ACCORD_OPTION_REQUIRED;
        fputs(needed ? "." : ".Op ", out);
        print_option(out, option);
        fputs(many ? " ...\n" : "\n", out);
    }
    if (command->operands[0] != 0) {
        fprintf(out, ".Ar %s\n", command->operands);
    }
}

static void print_options(FILE *out, const struct accord_option *option)
{
    for (; option->name != NULL; option++) {
        fputs(".It ", out);
        if (option->letter != 0) {
            fprintf(out, "Fl %c , ", option->letter);
        }
        fprintf(out, "Fl -%s", option->name);
        if (option->value != NULL) {
            fprintf(out, " Ar %s", option->value);
        }
        fputc('\n', out);
        print_sentences(out, option->help);
    }
}

static void print_exit_status(FILE *out)
{
    fputs(".Sh EXIT STATUS\n"
          "0 done or verified, 1 refused (it ran, and the answer is no), 2 wrong usage,\n"
          "3 could not (I/O, network).\n",
          out);
}

static void print_command(const struct accord_command *command, FILE *out)
{
    char name[64];
    snprintf(name, sizeof name, "accord-%s", command->name);
    char title[64];
    for (size_t i = 0; i < sizeof name; i++) {
        name[i] = name[i] == ' ' ? '-' : name[i];
        title[i] = (char)toupper((unsigned char)name[i]);
    }
    fprintf(out, ".Dd " MANUAL_DATE "\n.Dt %s 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", title, name);
    print_text(out, command->summary, strlen(command->summary));
    fputc('\n', out);
    print_synopsis(out, command);
    fputs(".Sh DESCRIPTION\n", out);
    print_sentences(out, command->description);
    fputs(".Pp\nThe options are:\n.Bl -tag -width Ds\n", out);
    print_options(out, command->options);
    print_options(out, accord_options_shared);
    fputs(".El\n", out);
    print_exit_status(out);
    fputs(".Sh EXAMPLES\n.Bd -literal -offset indent\n", out);
    print_lines(out, command->example);
    fputs(".Ed\n.Sh SEE ALSO\n.Xr accord 1\n", out);
}

static void print_commands(FILE *out)
{
    bool in_list = false;
    for (size_t i = 0; i < accord_command_count; i++) {
        const struct accord_command *command = &accord_commands[i];
        if (command->section != NULL) {
            fprintf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", in_list ? ".El\n" : "", command->section);
            in_list = true;
        }
        if (!command->hidden) {
            fprintf(out, ".It Cm %s\n", command->name);
            print_text(out, command->summary, strlen(command->summary));
            fputs(".\n", out);
        }
    }
    fputs(in_list ? ".El\n" : "", out);
}

static void print_rules(FILE *out)
{
    fputs(".Sh DIAGNOSTICS\n"
          "Each refusal names its rule, what was expected and what was found.\n"
          "These are the rules as\n.Fl -json\nnames them, with their exit status:\n"
          ".Bl -tag -width Ds\n",
          out);
    for (int status = 1; status < ACCORD_STATUS_COUNT; status++) {
        fprintf(out, ".It Cm %s Pq %d\n", accord_status_rule((enum accord_status)status),
                accord_status_exit((enum accord_status)status));
        const char *sentence = accord_status_sentence((enum accord_status)status);
        print_text(out, sentence, strlen(sentence));
        fputs(".\n", out);
    }
    fputs(".El\n", out);
}

static void print_overview(FILE *out)
{
    fputs(".Dd " MANUAL_DATE "\n.Dt ACCORD 1\n.Os\n.Sh NAME\n.Nm accord\n"
          ".Nd is this file what its vendor published to all of us\n"
          ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar option ...\n.Op Ar argument ...\n"
          ".Sh DESCRIPTION\n"
          "With\n.Nm\n"
          "a vendor publishes releases in a log\n"
          "that witnesses of other signatories, in several jurisdictions, cosign;\n"
          "anybody verifies a file offline with one small proof beside it.\n"
          "What was tampered with, kept secret, or signed by the wrong party is refused.\n"
          ".Pp\n"
          "What a person reads goes to standard error,\n"
          "what a program reads to standard output.\n"
          "A single - is standard input or output.\n"
          "A\n.Ar LOG\nis a directory; that of an accord may stand for its log.\n"
          ".Pp\n"
          "Wherever a command takes\n.Fl -key Ar FILE ,\n.Fl -key\n.Li ssh-agent:VKEY\n"
          "signs with a key that is held by\n.Xr ssh-agent 1 .\n",
          out);
    print_commands(out);
    fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev ACCORD_TRUST\n"
          "The trust file of\n.Cm accord verify\nwhere no\n.Fl -trust\nis given.\n"
          ".It Ev SSH_AUTH_SOCK\nWhere\n.Xr ssh-agent 1\nlistens.\n.El\n",
          out);
    print_exit_status(out);
    print_rules(out);
}

void accord_help_man(const struct accord_command *command, FILE *out)
{
    if (command == NULL) {
        print_overview(out);
    } else {
        print_command(command, out);
    }
}
