/* Reading what is mine, and asking witnesses. It knows files, directories and URLs, and nothing of what follows from
 * what they hold. */
#include "cli/monitor_ask.h"

#include "base/file.h"
#include "base/report.h"
#include "cli/log_source.h"
#include "cli/network.h"
#include "cli/say.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROOF_ENDING ".tlog-proof"
#define PROOF_HEADER ACCORD_LITERAL("c2sp.org/tlog-proof@v1\n")

/* What is mine */

struct directory {
    const struct accord_call *call;
    const char *path;
    struct accord_expected *expected;
    enum accord_status status;
    struct accord_error *error;
};

static enum accord_status take(const struct accord_call *call, const char *path, bool proof,
                               struct accord_expected *expected, struct accord_error *error)
{
    struct accord_buffer text;
    accord_buffer_init(&text, proof ? ACCORD_PROOF_SIZE_MAX : ACCORD_EXPECTED_LIST_SIZE_MAX);
    enum accord_status status = accord_file_read(call->fs, path, &text, error);
    if (status == ACCORD_OK) {
        struct accord_bytes bytes = accord_buffer_bytes(&text), rest = bytes;
        status = proof || accord_cut_prefix(&rest, PROOF_HEADER)
                     ? accord_expected_read_proof(expected, bytes, call->crypto, error)
                     : accord_expected_read(expected, bytes, error);
        accord_error_what(status == ACCORD_OK ? NULL : error, accord_bytes_of(path));
    }
    accord_buffer_free(&text);
    return status;
}

static bool take_named(void *context, const char *name)
{
    struct directory *directory = context;
    char path[4096];
    size_t size = strlen(name), ending = sizeof PROOF_ENDING - 1;
    if (size < ending || strcmp(name + size - ending, PROOF_ENDING) != 0) {
        return true;
    }
    int written = snprintf(path, sizeof path, "%s/%s", directory->path, name);
    if (written < 0 || (size_t)written >= sizeof path) {
        directory->status = accord_fail(directory->error, ACCORD_TOO_LARGE, 0);
        return false;
    }
    directory->status = take(directory->call, path, true, directory->expected, directory->error);
    return directory->status == ACCORD_OK;
}

enum accord_status accord_monitor_expect(const struct accord_call *call, struct accord_expected *expected,
                                         struct accord_error *error)
{
    struct accord_expected read = {0};
    const char *path;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(call, "expect", &cursor, &path)) {
        struct directory directory = {call, path, &read, ACCORD_OK, error};
        if (call->fs->exists(call->fs->context, path) != 2) {
            status = take(call, path, false, &read, error);
            continue;
        }
        int result = call->fs->list(call->fs->context, path, take_named, &directory);
        status = result < 0 ? accord_file_error(error, result, path) : directory.status;
    }
    if (status == ACCORD_OK) {
        accord_expected_free(expected);
        *expected = read;
    } else {
        accord_expected_free(&read);
    }
    return status;
}

/* Witnesses */

static enum accord_status take_witness(const struct accord_call *call, const char *text,
                                       struct accord_monitor_asked *asked, struct accord_error *error)
{
    const char *space = strchr(text, ' ');
    size_t size = space == NULL ? strlen(text) : (size_t)(space - text);
    accord_buffer_init(&asked->note, ACCORD_NOTE_SIZE_MAX);
    if (!accord_location_is_url(text) || size + 80 >= sizeof asked->url) {
        accord_fail(error, ACCORD_USAGE, 0);
        accord_error_expected(error, ACCORD_LITERAL("http:// or https://, and perhaps a space and a vkey"));
        accord_error_found(error, accord_bytes_of(text));
        return ACCORD_USAGE;
    }
    while (size > 0 && text[size - 1] == '/') {
        size--;
    }
    memcpy(asked->url, text, size);
    asked->url[size] = '\0';
    accord_url_show(asked->url, asked->shown, sizeof asked->shown);
    asked->has_vkey = space != NULL;
    return space == NULL ? ACCORD_OK : accord_vkey_parse(&asked->vkey, accord_bytes_of(space + 1), call->crypto, error);
}

enum accord_status accord_monitor_asking_init(const struct accord_call *call, struct accord_monitor_asking *asking,
                                              struct accord_error *error)
{
    const char *text;
    size_t cursor = 0, count = accord_call_count(call, "witness");
    enum accord_status status = ACCORD_OK;
    *asking = (struct accord_monitor_asking){0};
    if (count > ACCORD_MONITOR_ASKED_MAX) {
        accord_error_expected_number(error, ACCORD_MONITOR_ASKED_MAX);
        return accord_fail(error, ACCORD_USAGE, 0);
    }
    asking->witness = calloc(count + 1, sizeof *asking->witness);
    asking->views = calloc(count + 1, sizeof *asking->views);
    if (asking->witness == NULL || asking->views == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    while (status == ACCORD_OK && accord_call_next(call, "witness", &cursor, &text)) {
        status = take_witness(call, text, &asking->witness[asking->count++], error);
    }
    return status;
}

void accord_monitor_asking_free(struct accord_monitor_asking *asking)
{
    for (size_t i = 0; i < asking->count; i++) {
        accord_buffer_free(&asking->witness[i].note);
    }
    free(asking->witness);
    free(asking->views);
}

void accord_monitor_ask(const struct accord_call *call, struct accord_monitor_asking *asking,
                        struct accord_bytes origin)
{
    uint8_t hash[ACCORD_HASH_SIZE], hex[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {hex, sizeof hex, 0, false};
    accord_hash(call->crypto, origin, hash);
    accord_put_hex(&out, (struct accord_bytes){hash, sizeof hash});
    for (size_t i = 0; i < asking->count; i++) {
        struct accord_monitor_asked *asked = &asking->witness[i];
        struct accord_monitor_view *view = &asking->views[i];
        char url[sizeof asked->url + 80];
        snprintf(url, sizeof url, "%s/%.*s/checkpoint", asked->url, (int)out.size, (const char *)hex);
        asked->note.size = 0;
        *view = (struct accord_monitor_view){.name = accord_bytes_of(asked->shown),
                                             .vkey = asked->has_vkey ? &asked->vkey : NULL};
        view->error.status = call->network->get(url, &asked->note, &view->error);
        view->note =
            view->error.status == ACCORD_OK ? accord_buffer_bytes(&asked->note) : (struct accord_bytes){NULL, 0};
    }
}
