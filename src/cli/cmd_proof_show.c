/* accord proof show: what a proof says, for a reader. It verifies nothing, and says so. */
#include "accord/proof.h"
#include "accord/statement.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_SIZE 4
#define TIME_SIZE 8
#define SIGNATURE_BYTES_MAX (ID_SIZE + TIME_SIZE + ACCORD_MLDSA44_SIGNATURE_SIZE)

const struct accord_option accord_options_proof_show[] = {{.name = NULL}};

/* What a signature seems to be. Its type is not written in it: the size tells, as long as each type has its own. */
struct guess {
    const char *type;
    bool timed;
    uint64_t timestamp;
};

static struct guess guess(const struct accord_signature *signature)
{
    uint8_t bytes[SIGNATURE_BYTES_MAX];
    size_t size;
    struct guess guess = {"a signature of a type that accord does not know", false, 0};
    if (!accord_base64_size(signature->base64, &size) || size < ID_SIZE || size > sizeof bytes ||
        !accord_base64_read(signature->base64, bytes, size)) {
        return guess;
    }
    size -= ID_SIZE;
    if (size == ACCORD_ED25519_SIGNATURE_SIZE) {
        guess.type = "Ed25519 signature";
    } else if (size == TIME_SIZE + ACCORD_ED25519_SIGNATURE_SIZE) {
        guess = (struct guess){"Ed25519 cosignature", true, 0};
    } else if (size == TIME_SIZE + ACCORD_MLDSA44_SIGNATURE_SIZE) {
        guess = (struct guess){"ML-DSA-44 cosignature", true, 0};
    }
    for (size_t i = 0; guess.timed && i < TIME_SIZE; i++) {
        guess.timestamp = guess.timestamp << 8 | bytes[ID_SIZE + i];
    }
    return guess;
}

static void print_signatures(const struct accord_note_claim *note)
{
    size_t cursor = 0;
    struct accord_signature signature;
    while (accord_note_next_signature(note, &cursor, &signature)) {
        struct guess what = guess(&signature);
        printf("  %.*s (key %08" PRIx32 "): %s", ACCORD_TEXT(signature.name), signature.id, what.type);
        if (what.timed) {
            char time[32];
            accord_time_print(what.timestamp, time);
            printf(" of %s", time);
        }
        printf("\n");
    }
}

static json_t *signatures_json(const struct accord_note_claim *note)
{
    json_t *list = json_array();
    size_t cursor = 0;
    struct accord_signature signature;
    while (accord_note_next_signature(note, &cursor, &signature)) {
        struct guess what = guess(&signature);
        char id[9];
        snprintf(id, sizeof id, "%08" PRIx32, signature.id);
        json_t *object =
            json_pack("{s:o, s:s, s:s}", "name", accord_json_text(signature.name), "id", id, "type", what.type);
        if (object != NULL && what.timed) {
            (void)json_object_set_new(object, "time", accord_json_number(what.timestamp));
        }
        (void)json_array_append_new(list, object);
    }
    return list;
}

/* The entry that travels in the proof. */
struct shown {
    struct accord_proof_claim proof;
    struct accord_buffer bytes, entry;
    bool is_statement;
    struct accord_statement_claim statement;
};

static enum accord_status look(const struct accord_call *call, struct shown *shown, struct accord_error *error)
{
    enum accord_status status = accord_file_read(call->fs, call->operands[0], &shown->bytes, error);
    if (status == ACCORD_OK) {
        status = accord_proof_parse(&shown->proof, accord_buffer_bytes(&shown->bytes), error);
    }
    if (status != ACCORD_OK || !shown->proof.has_extra) {
        return status;
    }
    if (accord_buffer_reserve(&shown->entry, ACCORD_PROOF_SIZE_MAX) != ACCORD_OK) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {shown->entry.data, shown->entry.capacity, 0, false};
    status = accord_proof_extra(&shown->proof, &out, error);
    shown->entry.size = out.size;
    shown->is_statement =
        status == ACCORD_OK &&
        accord_statement_parse(&shown->statement, accord_buffer_bytes(&shown->entry), NULL) == ACCORD_OK;
    return status;
}

static void print_entry(const struct accord_call *call, const struct shown *shown)
{
    if (!shown->proof.has_extra) {
        printf("\nThe entry does not travel in the proof.\n");
        return;
    }
    if (!shown->is_statement) {
        uint8_t hash[ACCORD_HASH_SIZE];
        accord_hash(call->crypto, accord_buffer_bytes(&shown->entry), hash);
        printf("\nThe extra line holds %zu bytes that are no statement of accord's. SHA-256: ", shown->entry.size);
        for (size_t i = 0; i < sizeof hash; i++) {
            printf("%02x", hash[i]);
        }
        printf("\n");
        return;
    }
    printf("\nThe entry is a statement of the kind %.*s:\n", ACCORD_TEXT(shown->statement.kind));
    size_t cursor = 0;
    struct accord_field field;
    while (accord_statement_next(&shown->statement, &cursor, &field)) {
        printf("  %.*s %.*s\n", ACCORD_TEXT(field.key), ACCORD_TEXT(field.value));
    }
    printf("signed as\n");
    print_signatures(&shown->statement.note);
}

static void print_shown(const struct accord_call *call, const struct shown *shown)
{
    const struct accord_checkpoint_claim *checkpoint = &shown->proof.checkpoint;
    uint8_t base64[ACCORD_BASE64_SIZE(ACCORD_HASH_SIZE)];
    struct accord_out out = {base64, sizeof base64, 0, false};
    accord_put_base64(&out, (struct accord_bytes){checkpoint->root, ACCORD_HASH_SIZE});
    printf("This is what %s says. None of it has been verified: accord verify and accord proof verify do that.\n\n",
           call->operands[0]);
    printf("Entry %" PRIu64 " of the log %.*s, in its tree of %" PRIu64 " entries with the root\n  %.*s\n"
           "to which %zu hashes lead. The checkpoint is signed as\n",
           shown->proof.index, ACCORD_TEXT(checkpoint->origin), checkpoint->size, ACCORD_TEXT(accord_out_bytes(&out)),
           shown->proof.inclusion.count);
    print_signatures(&checkpoint->note);
    print_entry(call, shown);
}

static json_t *statement_json(const struct shown *shown)
{
    if (!shown->is_statement) {
        return json_null();
    }
    json_t *lines = json_array();
    size_t cursor = 0;
    struct accord_field field;
    while (accord_statement_next(&shown->statement, &cursor, &field)) {
        (void)json_array_append_new(lines,
                                    json_pack("[o, o]", accord_json_text(field.key), accord_json_text(field.value)));
    }
    return json_pack("{s:o, s:o, s:o}", "kind", accord_json_text(shown->statement.kind), "lines", lines, "signatures",
                     signatures_json(&shown->statement.note));
}

static json_t *shown_json(const struct shown *shown)
{
    const struct accord_checkpoint_claim *checkpoint = &shown->proof.checkpoint;
    return json_pack("{s:b, s:o, s:o, s:I, s:o, s:I, s:o, s:b, s:o}", "verified", 0, "log",
                     accord_json_text(checkpoint->origin), "index", accord_json_number(shown->proof.index), "size",
                     (json_int_t)checkpoint->size, "root", accord_json_digest(checkpoint->root), "hashes",
                     (json_int_t)shown->proof.inclusion.count, "signatures", signatures_json(&checkpoint->note),
                     "has_entry", shown->proof.has_extra, "statement", statement_json(shown));
}

int accord_run_proof_show(struct accord_call *call)
{
    struct accord_error error;
    struct shown *shown = calloc(1, sizeof *shown);
    if (shown == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    accord_buffer_init(&shown->bytes, ACCORD_PROOF_SIZE_MAX);
    accord_buffer_init(&shown->entry, ACCORD_PROOF_SIZE_MAX);
    int exit_status;
    if (look(call, shown, &error) != ACCORD_OK) {
        exit_status = accord_refuse(call, call->operands[0], &error);
    } else {
        if (!call->json) {
            print_shown(call, shown);
        }
        exit_status = accord_answer(call, shown_json(shown));
    }
    accord_buffer_free(&shown->bytes);
    accord_buffer_free(&shown->entry);
    free(shown);
    return exit_status;
}
