/* accord log checkpoint, prove, check: what anybody who can read a log can do with it. */
#include "accord/proof.h"
#include "cli/accord_dir.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/qr.h"
#include "cli/say.h"
#include "core/text.h"
#include "evidence/view.h"
#include "log/check.h"
#include "log/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 4 /* of a check: hashing that many streams outruns a disk */

const struct accord_option accord_options_log_checkpoint[] = {
    {.name = "line", .help = "in one line, to be passed on"},
    {.name = "qr", .help = "that line as a QR code"},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = NULL}};

const struct accord_option accord_options_log_prove[] = {
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = "no-extra", .help = "leave the entry itself out of the proof"},
    {.name = NULL}};

const struct accord_option accord_options_log_check[] = {
    {.name = "vkey", .value = "VKEY", .help = "the log's public key", .rule = ACCORD_OPTION_REQUIRED}, {.name = NULL}};

/* An open log and its newest checkpoint, which nobody has verified. */
struct reading {
    struct accord_reader *reader;
    struct accord_buffer checkpoint;
    struct accord_checkpoint_claim claim;
};

static enum accord_status reading_init(struct reading *reading, const struct accord_call *call,
                                       struct accord_error *error)
{
    *reading = (struct reading){0};
    accord_buffer_init(&reading->checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status =
        accord_log_source_open(&reading->reader, call->fs, call->crypto, call->network, call->operands[0], error);
    if (status == ACCORD_OK) {
        status = accord_reader_checkpoint(reading->reader, &reading->checkpoint, error);
    }
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&reading->claim, accord_buffer_bytes(&reading->checkpoint), error);
    }
    if (status == ACCORD_OK) {
        accord_reader_set_size(reading->reader, reading->claim.size);
    }
    return status;
}

static void reading_free(struct reading *reading)
{
    accord_buffer_free(&reading->checkpoint);
    accord_reader_close(reading->reader);
}

/* The checkpoint as it was asked for: as it is, as a line, as a QR code of that line. */
static enum accord_status show(const struct accord_call *call, const struct reading *reading, struct accord_bytes line,
                               struct accord_error *error)
{
    const char *output = accord_call_value(call, "output");
    struct accord_buffer text;
    accord_buffer_init(&text, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = ACCORD_OK;
    if (accord_call_flag(call, "qr")) {
        bool terminal = (output == NULL || strcmp(output, "-") == 0) && isatty(STDOUT_FILENO) == 1;
        status = accord_qr_draw(line, terminal, &text, error);
    }
    if (status == ACCORD_OK && accord_call_flag(call, "line")) {
        status = accord_buffer_append(&text, line);
        status = status == ACCORD_OK ? accord_buffer_append(&text, ACCORD_LITERAL("\n")) : status;
        status = status == ACCORD_OK ? status : accord_fail(error, status, 0);
    }
    if (status == ACCORD_OK) {
        bool plain = !accord_call_flag(call, "qr") && !accord_call_flag(call, "line");
        status = accord_output(call, output, accord_buffer_bytes(plain ? &reading->checkpoint : &text), error);
    }
    accord_buffer_free(&text);
    return status;
}

int accord_run_log_checkpoint(struct accord_call *call)
{
    struct accord_error error;
    struct reading reading;
    uint8_t text[ACCORD_VIEW_LINE_SIZE];
    struct accord_out line = {text, sizeof text, 0, false};
    enum accord_status status = reading_init(&reading, call, &error);
    if (status == ACCORD_OK) {
        accord_view_print(&line, &reading.claim, call->crypto);
        status = show(call, &reading, accord_out_bytes(&line), &error);
    }
    int exit_status;
    if (status != ACCORD_OK) {
        exit_status = accord_refuse(call, call->operands[0], &error);
    } else {
        exit_status = accord_answer(
            call, json_pack("{s:o, s:I, s:o, s:o, s:o}", "origin", accord_json_text(reading.claim.origin), "size",
                            (json_int_t)reading.claim.size, "root", accord_json_digest(reading.claim.root),
                            "checkpoint", accord_json_text(accord_buffer_bytes(&reading.checkpoint)), "line",
                            accord_json_text(accord_out_bytes(&line))));
    }
    reading_free(&reading);
    return exit_status;
}

/* The proof of one entry, appended to *proof. */
static enum accord_status prove(const struct accord_call *call, struct reading *reading, uint64_t index,
                                struct accord_buffer *proof, struct accord_error *error)
{
    if (index >= reading->claim.size) {
        enum accord_status status = accord_fail(error, ACCORD_WRONG_INDEX, 0);
        accord_error_found_number(error, index);
        return status;
    }
    struct accord_merkle_proof inclusion;
    struct accord_hash_source source = accord_reader_hashes(reading->reader);
    enum accord_status status = accord_inclusion_prove(call->crypto, &source, index, reading->claim.size, &inclusion);
    if (status != ACCORD_OK) {
        *error = *accord_reader_error(reading->reader);
        error->status = status;
        return status;
    }
    struct accord_buffer entry;
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    status = accord_reader_entry(reading->reader, index, &entry, error);
    if (status == ACCORD_OK && accord_buffer_reserve(proof, ACCORD_PROOF_SIZE_MAX) != ACCORD_OK) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (status == ACCORD_OK) {
        struct accord_out out = {proof->data, proof->capacity, 0, false};
        struct accord_bytes extra = accord_buffer_bytes(&entry);
        if (accord_call_flag(call, "no-extra")) {
            extra = (struct accord_bytes){NULL, 0};
        }
        accord_proof_print(&out, extra, index, &inclusion, accord_buffer_bytes(&reading->checkpoint));
        proof->size = out.size;
        status = out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0) : ACCORD_OK;
    }
    accord_buffer_free(&entry);
    return status;
}

int accord_run_log_prove(struct accord_call *call)
{
    uint64_t index;
    if (!accord_decimal_read(accord_bytes_of(call->operands[1]), &index)) {
        return accord_usage(call, "INDEX is a number in decimal, not %s", call->operands[1]);
    }
    struct accord_error error;
    struct reading reading;
    struct accord_buffer proof;
    accord_buffer_init(&proof, ACCORD_PROOF_SIZE_MAX);
    enum accord_status status = reading_init(&reading, call, &error);
    if (status == ACCORD_OK) {
        status = prove(call, &reading, index, &proof, &error);
    }
    if (status == ACCORD_OK) {
        status = accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&proof), &error);
    }
    int exit_status;
    if (status != ACCORD_OK) {
        exit_status = accord_refuse(call, call->operands[0], &error);
    } else {
        exit_status =
            accord_answer(call, json_pack("{s:o, s:I, s:I, s:o}", "origin", accord_json_text(reading.claim.origin),
                                          "index", (json_int_t)index, "size", (json_int_t)reading.claim.size, "proof",
                                          accord_json_text(accord_buffer_bytes(&proof))));
    }
    reading_free(&reading);
    accord_buffer_free(&proof);
    return exit_status;
}

static void step(void *context, uint64_t done, uint64_t size)
{
    accord_progress_step(context, done, size);
}

static unsigned threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) {
        return 1;
    }
    return cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
}

int accord_run_log_check(struct accord_call *call)
{
    struct accord_error error;
    struct accord_vkey vkey;
    const char *text = accord_call_value(call, "vkey");
    if (accord_vkey_parse(&vkey, accord_bytes_of(text), call->crypto, &error) != ACCORD_OK) {
        return accord_refuse(call, "--vkey", &error);
    }
    struct accord_reader *reader;
    struct accord_check_result result;
    struct accord_progress progress = {.doing = "checked", .of = "entries"};
    enum accord_status status =
        accord_log_source_open(&reader, call->fs, call->crypto, call->network, call->operands[0], &error);
    if (status == ACCORD_OK) {
        /* One connection is read by one thread. */
        unsigned count = accord_location_is_url(call->operands[0]) ? 1 : threads();
        status = accord_log_check_reader(reader, call->crypto, &vkey, count, step, &progress, &result, &error);
        accord_progress_end(&progress);
    }
    accord_reader_close(reader);
    if (status != ACCORD_OK) {
        return accord_refuse(call, call->operands[0], &error);
    }
    accord_note(call, "checked: all %" PRIu64 " entries of %.*s hash to the root that its checkpoint signs",
                result.size, ACCORD_TEXT(vkey.name));
    return accord_answer(call, json_pack("{s:o, s:I, s:o}", "origin", accord_json_text(vkey.name), "size",
                                         (json_int_t)result.size, "root", accord_json_digest(result.root)));
}
