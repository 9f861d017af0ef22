/* From options to what is to be entered, and from what failed to words. */
#include "cli/enter_call.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/say.h"
#include "core/text.h"

#define TIMEOUT_SECONDS 60
#define TIMEOUT_MAX_SECONDS 86400

static void waiting(void *context)
{
    accord_note(context, "waiting until the log publishes it with its quorum ...");
}

int accord_enter_call(const struct accord_call *call, struct accord_enter *enter)
{
    size_t count = accord_call_count(call, "key"), cursor = 0;
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
    while (accord_call_next(call, "key", &cursor, &keys[enter->key_count])) {
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
    return 0;
}

void accord_enter_call_free(struct accord_enter *enter)
{
    free((void *)(uintptr_t)enter->keys);
    enter->keys = NULL;
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
