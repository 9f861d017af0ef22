/* Signs any text as accord signs statements: for tests of those that no command makes. Reads the text from standard
 * input, writes the note to standard output. Usage: sign-note KEY... */
#include "crypto/backend.h"
#include "keys/key.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

static void must(enum accord_status status, const char *what, const struct accord_error *error)
{
    if (status == ACCORD_OK)
        return;
    fprintf(stderr, "sign-note: %s: status %d: %s %s\n", what, (int)status, error->what, error->found);
    exit(1);
}

int main(int count, char **keys)
{
    struct accord_error error = {0};
    struct accord_buffer text, note;
    accord_crypto_start();
    accord_buffer_init(&text, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&note, ACCORD_ENTRY_SIZE_MAX);
    must(accord_file_read(&accord_fs_real, "-", &text, &error), "standard input", &error);
    must(accord_buffer_append(&note, accord_buffer_bytes(&text)), "note", &error);
    must(accord_buffer_append(&note, ACCORD_LITERAL("\n")), "note", &error);
    for (int i = 1; i < count; i++) {
        struct accord_signer *signer;
        must(accord_signer_open(&signer, &accord_fs_real, keys[i], NULL, &error), keys[i], &error);
        must(accord_signer_sign(signer, accord_buffer_bytes(&text), 0, &note, &error), keys[i], &error);
        accord_signer_free(signer);
    }
    bool written = fwrite(note.data, 1, note.size, stdout) == note.size && fflush(stdout) == 0;
    accord_buffer_free(&text);
    accord_buffer_free(&note);
    return written ? 0 : 1;
}
