/* accord serve: a log as a server. */
#include "cli/commands.h"
#include "cli/network.h"
#include "cli/say.h"

#define SUBJECT_SIZE 4096

const struct accord_option accord_options_serve[] = {
    {.name = "check", .help = "read CONFIG and what it names, say whether it can be served, and end"}, {.name = NULL}};

int accord_run_serve(struct accord_call *call)
{
    char subject[SUBJECT_SIZE] = "";
    struct accord_error error = {0};
    const struct accord_serve_options options = {.fs = call->fs,
                                                 .crypto = call->crypto,
                                                 .clock = call->clock,
                                                 .config = call->operands[0],
                                                 .version = ACCORD_VERSION,
                                                 .check = accord_call_flag(call, "check"),
                                                 .subject = subject,
                                                 .subject_size = sizeof subject};
    enum accord_status status = call->network->serve(&options, &error);
    if (status != ACCORD_OK) {
        return accord_refuse(call, subject[0] == 0 ? call->operands[0] : subject, &error);
    }
    if (options.check) {
        accord_note(call, "%s can be served", call->operands[0]);
    }
    return accord_answer(call, json_pack("{s:s}", "config", call->operands[0]));
}
