/* accord witness restore: what a witness does whose state may be older than what it cosigned. */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "core/text.h"
#include "witness/cosigner.h"

#include <errno.h>

#define VKEYS_SIZE_MAX (1 << 20)

const struct accord_option accord_options_witness_restore[] = {
    {.name = "state",
     .value = "FILE",
     .help = "what the witness remembers of each log",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "checkpoint",
     .value = "FILE",
     .help = "a checkpoint that this witness cosigned, to be remembered",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "vkey",
     .value = "VKEY",
     .help = "a witness that FILE knows nothing of yet: its public key",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "confirm", .help = "use FILE from here on: nothing newer was cosigned than it remembers now"},
    {.name = NULL}};

struct restoring {
    const struct accord_call *call;
    struct accord_cosigner_state *state;
    struct accord_buffer vkeys; /* a line each */
    json_t *raised;
};

/* Whose memory it is: those that the state knows, and those that the caller names. */
static enum accord_status gather_vkeys(struct restoring *restoring, struct accord_error *error)
{
    size_t cursor = 0;
    const char *text;
    enum accord_status status = accord_cosigner_state_witnesses(restoring->state, &restoring->vkeys, error);
    while (status == ACCORD_OK && accord_call_next(restoring->call, "vkey", &cursor, &text)) {
        struct accord_vkey vkey;
        status = accord_vkey_parse(&vkey, accord_bytes_of(text), restoring->call->crypto, error);
        if (status == ACCORD_OK)
            status = accord_buffer_append(&restoring->vkeys, vkey.text);
        if (status == ACCORD_OK)
            status = accord_buffer_append(&restoring->vkeys, ACCORD_LITERAL("\n"));
    }
    return status;
}

static void say_raised(struct restoring *restoring, const struct accord_vkey *witness,
                       const struct accord_checkpoint_claim *checkpoint)
{
    accord_note(restoring->call, "%.*s has seen %.*s with %llu entries", ACCORD_TEXT(witness->name),
                ACCORD_TEXT(checkpoint->origin), (unsigned long long)checkpoint->size);
    (void)json_array_append_new(restoring->raised,
                                json_pack("{s:o, s:o, s:I}", "witness", accord_json_text(witness->name), "origin",
                                          accord_json_text(checkpoint->origin), "size", (json_int_t)checkpoint->size));
}

/* Raises the memory of each witness that signed it. */
static enum accord_status raise_all(struct restoring *restoring, const struct accord_checkpoint_claim *checkpoint,
                                    struct accord_error *error)
{
    struct accord_bytes rest = accord_buffer_bytes(&restoring->vkeys), line;
    enum accord_status status = ACCORD_OK;
    bool anybody = false;
    while (status == ACCORD_OK && accord_cut_line(&rest, &line)) {
        struct accord_vkey witness;
        bool signed_by = false, raised = false;
        status = accord_vkey_parse(&witness, line, restoring->call->crypto, error);
        if (status == ACCORD_OK)
            status = accord_cosigner_state_raise(restoring->state, &witness, checkpoint, restoring->call->crypto,
                                                 &signed_by, &raised, error);
        anybody = anybody || signed_by;
        if (status == ACCORD_OK && raised)
            say_raised(restoring, &witness, checkpoint);
    }
    if (status != ACCORD_OK || anybody)
        return status;
    status = accord_fail(error, ACCORD_UNSIGNED, 0);
    accord_error_expected(error, ACCORD_LITERAL("a cosignature of a witness whose state this is"));
    return status;
}

static enum accord_status restore_one(struct restoring *restoring, const char *path, struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_file_read(restoring->call->fs, path, &note, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&checkpoint, accord_buffer_bytes(&note), error);
    if (status == ACCORD_OK)
        status = raise_all(restoring, &checkpoint, error);
    accord_buffer_free(&note);
    if (status != ACCORD_OK && error->what[0] == 0)
        accord_error_what(error, accord_bytes_of(path));
    return status;
}

static enum accord_status restore_all(struct restoring *restoring, struct accord_error *error)
{
    size_t cursor = 0;
    const char *path;
    enum accord_status status = gather_vkeys(restoring, error);
    while (status == ACCORD_OK && accord_call_next(restoring->call, "checkpoint", &cursor, &path))
        status = restore_one(restoring, path, error);
    if (status == ACCORD_OK && accord_call_flag(restoring->call, "confirm"))
        status = accord_cosigner_state_confirm(restoring->state, error);
    return status;
}

static int answer(const struct restoring *restoring)
{
    const struct accord_call *call = restoring->call;
    const char *doubt = accord_cosigner_state_doubt(restoring->state);
    if (call->json)
        return accord_answer_with(
            call, json_pack("{s:O, s:b, s:s?}", "raised", restoring->raised, "used", doubt == NULL, "doubt", doubt),
            doubt == NULL ? 0 : 1);
    if (doubt == NULL) {
        accord_note(call, "%s is used from here on", accord_call_value(call, "state"));
        return 0;
    }
    accord_note(call, "%s is not used: %s", accord_call_value(call, "state"), doubt);
    accord_note(call,
                "Give the newest checkpoints that this witness cosigned (--checkpoint), as logs and monitors have "
                "them; when nothing newer was cosigned than it remembers then, --confirm.");
    return 1;
}

int accord_run_witness_restore(struct accord_call *call)
{
    struct accord_error error;
    struct restoring restoring = {.call = call, .raised = json_array()};
    accord_buffer_init(&restoring.vkeys, VKEYS_SIZE_MAX);
    int exists = call->fs->exists(call->fs->context, accord_call_value(call, "state"));
    enum accord_status status =
        exists == 1 ? ACCORD_OK
                    : accord_file_error(&error, exists < 0 ? exists : -ENOENT, accord_call_value(call, "state"));
    if (status == ACCORD_OK)
        status = accord_cosigner_state_open_any(&restoring.state, call->fs, accord_call_value(call, "state"), &error);
    if (status == ACCORD_OK)
        status = restore_all(&restoring, &error);
    int exit_status = status == ACCORD_OK ? answer(&restoring) : accord_refuse(call, NULL, &error);
    if (restoring.state != NULL)
        accord_cosigner_state_close(restoring.state);
    accord_buffer_free(&restoring.vkeys);
    json_decref(restoring.raised);
    return exit_status;
}
