/* Seals and opens age files on standard input and output, by the room age: for tests beside other programs.
 *
 * age-tool seal [--armor] [--seed FILE] RECIPIENT...       RECIPIENT: age1...
 * age-tool seal [--armor] --passphrase TEXT
 * age-tool open [--passphrase TEXT | IDENTITY-FILE...] */
#include "age/age.h"
#include "base/file.h"
#include "base/report.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE (128 << 10)

static void die(const char *what, const struct accord_error *error)
{
    fprintf(stderr, "age-tool: %s: %s, line %llu: %s %s %s\n", what, accord_status_rule(error->status),
            (unsigned long long)error->line, error->what, error->expected, error->found);
    exit(1);
}

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static enum accord_status to_stdout(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    (void)context;
    while (bytes.size > 0) {
        ssize_t wrote = write(STDOUT_FILENO, bytes.data, bytes.size);
        if (wrote <= 0)
            return accord_fail(error, ACCORD_IO, 0);
        bytes = (struct accord_bytes){bytes.data + wrote, bytes.size - (size_t)wrote};
    }
    return ACCORD_OK;
}

/* All of standard input, in the pieces that come. */
static void pump(void *context, enum accord_status (*take)(void *context, struct accord_bytes, struct accord_error *))
{
    static uint8_t piece[PIECE];
    struct accord_error error = {.status = ACCORD_OK};
    ssize_t got;
    while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0)
        if (take(context, (struct accord_bytes){piece, (size_t)got}, &error) != ACCORD_OK)
            die("standard input", &error);
    if (got < 0)
        die("reading", &error);
}

static enum accord_status seal_piece(void *sealer, struct accord_bytes bytes, struct accord_error *error)
{
    return accord_age_sealer_write(sealer, bytes, error);
}

static enum accord_status open_piece(void *opener, struct accord_bytes bytes, struct accord_error *error)
{
    return accord_age_opener_write(opener, bytes, error);
}

static int seal(char **arguments)
{
    static uint8_t recipients[ACCORD_AGE_RECIPIENTS_MAX][32], seed[ACCORD_AGE_SEED_SIZE];
    struct accord_age_sealing sealing = {.recipients = (const uint8_t(*)[32])recipients, .sink = {NULL, to_stdout}};
    struct accord_age_sealer *sealer;
    struct accord_error error = {.status = ACCORD_OK};
    for (; *arguments != NULL; arguments++) {
        if (strcmp(*arguments, "--armor") == 0)
            sealing.armor = true;
        else if (strcmp(*arguments, "--passphrase") == 0 && arguments[1] != NULL)
            sealing.passphrase = bytes_of(*++arguments);
        else if (strcmp(*arguments, "--seed") == 0 && arguments[1] != NULL) {
            FILE *file = fopen(*++arguments, "rb");
            if (file == NULL || fread(seed, 1, sizeof seed, file) != sizeof seed)
                die(*arguments, &error);
            fclose(file);
            sealing.seed = seed;
        } else if (sealing.recipient_count == ACCORD_AGE_RECIPIENTS_MAX ||
                   !accord_age_recipient_read(bytes_of(*arguments), recipients[sealing.recipient_count++]))
            die(*arguments, &error);
    }
    if (accord_age_sealer_new(&sealer, &sealing, &error) != ACCORD_OK)
        die("sealing", &error);
    pump(sealer, seal_piece);
    if (accord_age_sealer_end(sealer, &error) != ACCORD_OK)
        die("sealing", &error);
    accord_age_sealer_free(sealer);
    return 0;
}

/* The keys of an identity file. */
static void read_identities(const char *path, struct accord_age_opening *opening, uint8_t (*secrets)[32],
                            uint8_t (*hybrids)[32])
{
    struct accord_buffer file;
    struct accord_bytes line;
    struct accord_error error = {.status = ACCORD_OK};
    accord_buffer_init(&file, 65536);
    if (accord_file_read(&accord_fs_real, path, &file, &error) != ACCORD_OK)
        die(path, &error);
    struct accord_bytes rest = accord_buffer_bytes(&file);
    while (accord_cut_line(&rest, &line)) {
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (opening->secret_count < ACCORD_AGE_RECIPIENTS_MAX &&
            accord_age_identity_read(line, secrets[opening->secret_count]))
            opening->secret_count++;
        else if (opening->hybrid_count < ACCORD_AGE_RECIPIENTS_MAX &&
                 accord_age_hybrid_identity_read(line, hybrids[opening->hybrid_count]))
            opening->hybrid_count++;
        else
            die(path, &error);
    }
    accord_buffer_wipe(&file);
}

static int open_file(char **arguments)
{
    static uint8_t secrets[ACCORD_AGE_RECIPIENTS_MAX][32], hybrids[ACCORD_AGE_RECIPIENTS_MAX][32];
    struct accord_age_opening opening = {.secrets = (const uint8_t(*)[32])secrets,
                                         .hybrid_secrets = (const uint8_t(*)[32])hybrids,
                                         .armor = true,
                                         .sink = {NULL, to_stdout}};
    struct accord_age_opener *opener;
    struct accord_error error = {.status = ACCORD_OK};
    if (strcmp(*arguments, "--passphrase") == 0 && arguments[1] != NULL)
        opening.passphrase = bytes_of(arguments[1]);
    else
        for (; *arguments != NULL; arguments++)
            read_identities(*arguments, &opening, secrets, hybrids);
    if (accord_age_opener_new(&opener, &opening, &error) != ACCORD_OK)
        die("opening", &error);
    accord_wipe(secrets, sizeof secrets);
    accord_wipe(hybrids, sizeof hybrids);
    pump(opener, open_piece);
    if (accord_age_opener_end(opener, &error) != ACCORD_OK)
        die("opening", &error);
    accord_age_opener_free(opener);
    return 0;
}

int main(int count, char **arguments)
{
    accord_crypto_start();
    if (count >= 3 && strcmp(arguments[1], "seal") == 0)
        return seal(arguments + 2);
    if (count >= 3 && strcmp(arguments[1], "open") == 0)
        return open_file(arguments + 2);
    fputs("usage: age-tool seal|open ..., see tests/tools/age_tool.c\n", stderr);
    return 2;
}
