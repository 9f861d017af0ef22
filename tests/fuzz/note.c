/* Notes and signature lines: what parses is made of exactly the bytes that came. */
#include "accord/note.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Prints each signature again from its parts. */
static void reprint(struct accord_out *out, const struct accord_note_claim *note)
{
    static uint8_t payload[ACCORD_NOTE_SIZE_MAX];
    struct accord_signature signature;
    size_t cursor = 0, count = 0, payload_size;
    while (accord_note_next_signature(note, &cursor, &signature)) {
        require(accord_base64_size(signature.base64, &payload_size) && payload_size > 4);
        require(accord_base64_read(signature.base64, payload, payload_size));
        require(signature.line == note->signature_line + count++);
        accord_signature_print(out, signature.name, signature.id, (struct accord_bytes){payload + 4, payload_size - 4});
    }
    require(count == note->signature_count && count > 0 && count <= ACCORD_SIGNATURES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_NOTE_SIZE_MAX];
    struct accord_bytes bytes = {data, size};
    struct accord_note_claim note;
    struct accord_error error;
    struct accord_out out = {printed, sizeof printed, 0, false};
    memset(&error, 0, sizeof error);
    enum accord_status status = accord_note_parse(&note, bytes, &error);
    require(status == error.status);
    if (status == ACCORD_OK) {
        accord_put(&out, note.text);
        accord_put_byte(&out, '\n');
        reprint(&out, &note);
        require(!out.full && accord_bytes_equal(accord_out_bytes(&out), bytes));
    }
    out = (struct accord_out){printed, sizeof printed, 0, false};
    if (accord_signatures_parse(&note, bytes, NULL) == ACCORD_OK) {
        reprint(&out, &note);
        require(!out.full && accord_bytes_equal(accord_out_bytes(&out), bytes));
    }
    return 0;
}
