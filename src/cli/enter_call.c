/* From options to what is to be entered, and from what failed to words. */
#include "cli/enter_call.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/say.h"
#include "core/text.h"

#define TIMEOUT_SECONDS 60
#define TIMEOUT_MAX_SECONDS 86400

static void waiting(void *context)
{
    accord_note(context, "waiting until the log publishes it with its quorum ...");
}

/* A signed statement: its text has to be that of the others, its signature lines come behind theirs. */
static enum accord_status read_signed(const struct accord_call *call, const char *path, struct accord_buffer *text,
                                      struct accord_buffer *lines, struct accord_error *error)
{
    struct accord_buffer bytes;
    struct accord_note_claim note;
    accord_buffer_init(&bytes, ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = accord_file_read(call->fs, path, &bytes, error);
    if (status == ACCORD_OK) {
        status = accord_note_parse(&note, accord_buffer_bytes(&bytes), error);
    }
    if (status == ACCORD_OK && text->size > 0 && !accord_bytes_equal(accord_buffer_bytes(text), note.text)) {
        status = accord_fail(error, ACCORD_WRONG_SIGNER, 0);
        accord_error_expected(error, ACCORD_LITERAL("the same statement as the ones before it"));
    }
    if (status == ACCORD_OK && text->size == 0) {
        status = accord_buffer_append(text, note.text);
    }
    if (status == ACCORD_OK) {
        size_t at = note.text.size + 1;
        status = accord_buffer_append(lines, (struct accord_bytes){bytes.data + at, bytes.size - at});
    }
    accord_buffer_free(&bytes);
    return status;
}

static int read_all_signed(const struct accord_call *call, struct accord_enter *enter)
{
    struct accord_buffer text, lines;
    struct accord_error error = {0};
    const char *path = NULL;
    size_t cursor = 0;
    accord_buffer_init(&text, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&lines, ACCORD_ENTRY_SIZE_MAX);
    while (error.status == ACCORD_OK && accord_call_knows(call, "signed") &&
           accord_call_next(call, "signed", &cursor, &path)) {
        error.status = read_signed(call, path, &text, &lines, &error);
    }
    enter->signed_text = accord_buffer_bytes(&text); /* freed by accord_enter_call_free */
    enter->signatures = accord_buffer_bytes(&lines);
    bool by_case = accord_call_knows(call, "case") && accord_call_value(call, "case") != NULL;
    if (error.status == ACCORD_OK && enter->key_count == 0 && text.size == 0 && !by_case) {
        return accord_usage(call, "nobody signs: give --key KEY, or --signed FILE");
    }
    return error.status == ACCORD_OK ? 0 : accord_refuse(call, path, &error);
}

int accord_enter_call_by(const struct accord_call *call, const char *option, struct accord_enter *enter)
{
    size_t count = accord_call_count(call, option), cursor = 0;
    const char **keys = calloc(count + 1, sizeof *keys);
    *enter = (struct accord_enter){.fs = call->fs,
                                   .crypto = call->crypto,
                                   .clock = call->clock,
                                   .network = call->network,
                                   .location = accord_call_value(call, "accord"),
                                   .waiting = waiting,
                                   .waiting_context = (void *)(uintptr_t)call,
                                   .passphrase_file = accord_call_value(call, "passphrase-file"),
                                   .keys = keys};
    if (keys == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    while (accord_call_next(call, option, &cursor, &keys[enter->key_count])) {
        enter->key_count++;
    }
    const char *timeout = accord_call_value(call, "timeout");
    uint64_t seconds = TIMEOUT_SECONDS;
    if (timeout != NULL &&
        (!accord_decimal_read(accord_bytes_of(timeout), &seconds) || seconds == 0 || seconds > TIMEOUT_MAX_SECONDS)) {
        accord_enter_call_free(enter);
        return accord_usage(call, "--timeout is a number of seconds, from 1 to %d", TIMEOUT_MAX_SECONDS);
    }
    enter->timeout_ms = seconds * 1000;
    int result = read_all_signed(call, enter);
    if (result != 0) {
        accord_enter_call_free(enter);
    }
    return result;
}

void accord_enter_call_free(struct accord_enter *enter)
{
    free((void *)(uintptr_t)enter->keys);
    free((void *)(uintptr_t)enter->signed_text.data);
    free((void *)(uintptr_t)enter->signatures.data);
    enter->keys = NULL;
    enter->signed_text = enter->signatures = (struct accord_bytes){NULL, 0};
}

int accord_enter_call(const struct accord_call *call, struct accord_enter *enter)
{
    return accord_enter_call_by(call, "key", enter);
}

int accord_enter_refuse(const struct accord_call *call, const struct accord_entered *entered,
                        struct accord_error *error)
{
    int result = accord_refuse(call, NULL, error);
    if (entered->appended) {
        accord_note(call,
                    "  the statement is entry %" PRIu64
                    " of the log already, but not public: once accord log publish has its quorum, accord log prove "
                    "makes its proof",
                    entered->index);
    }
    return result;
}

struct accord_bytes accord_enter_text(struct accord_bytes entry)
{
    struct accord_note_claim note;
    return accord_note_parse(&note, entry, NULL) == ACCORD_OK ? note.text : entry;
}

int accord_enter_answer_statement(const struct accord_call *call, const struct accord_entered *entered)
{
    struct accord_bytes entry = accord_buffer_bytes(&entered->entry);
    accord_print(call, entry);
    return accord_answer(call, json_pack("{s:o}", "statement", accord_json_text(entry)));
}
