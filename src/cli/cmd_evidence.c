/* accord evidence make, verify, compare: two views that contradict each other. It tells what was found; whether views
 * contradict each other stands in views.c, and whom evidence convicts in evidence/evidence.c. */
#include "accord/evidence.h"
#include "base/file.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/suspects.h"
#include "cli/trust_file.h"
#include "cli/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_REFUSED 1

const struct accord_option accord_options_evidence_make[] = {
    {.name = "log", .value = "LOG", .help = "a log that serves the larger tree, where the sizes differ"},
    {.name = "proof", .value = "FILE", .help = "instead: how the larger tree begins, and the proof of that"},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = NULL}};

const struct accord_option accord_options_evidence_verify[] = {
    {.name = "trust", .value = "TRUST", .help = "a trust file whose logs and witnesses may be convicted"},
    {.name = "policy", .value = "POLICY", .help = "a tlog-policy file whose logs and witnesses may be"},
    {.name = "vkey",
     .value = "VKEY",
     .help = "the public key of a log or a witness that may be",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = NULL}};

const struct accord_option accord_options_evidence_compare[] = {
    {.name = "log", .value = "LOG", .help = "a log that serves the larger tree, where both are files"},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where a contradiction is kept, as evidence"},
    {.name = NULL}};

/* What make and compare work on. */
struct pair {
    struct accord_viewed views[2];
    struct accord_related related;
    const char *subject; /* for a refusal */
};

static enum accord_status pair_open(struct pair *pair, const struct accord_call *call, const char *log,
                                    const char *proof, struct accord_error *error)
{
    memset(pair, 0, sizeof *pair);
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; i < 2 && status == ACCORD_OK; i++) {
        pair->subject = call->operands[i];
        status = accord_viewed_open(&pair->views[i], call, call->operands[i], error);
    }
    if (status == ACCORD_OK) {
        status = accord_views_relate(&pair->related, call, pair->views, log, proof, &pair->subject, error);
    }
    return status;
}

static void pair_free(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        accord_viewed_free(&pair->views[i]);
    }
}

static uint64_t size_of(const struct accord_viewed *viewed)
{
    return viewed->view.checkpoint.size;
}

static struct accord_bytes origin_of(const struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        if (pair->views[i].view.checkpoint.origin.size > 0) {
            return pair->views[i].view.checkpoint.origin;
        }
    }
    return ACCORD_LITERAL("a log whose name is too long for a line");
}

/* The names under which signature lines stand on both notes: who may be convicted. */
static json_t *signed_both(const struct pair *pair)
{
    struct accord_signature one, other;
    size_t cursor = 0;
    json_t *names = json_array();
    while (accord_note_next_signature(&pair->views[0].view.checkpoint.note, &cursor, &one)) {
        size_t again = 0;
        bool found = false;
        while (!found && accord_note_next_signature(&pair->views[1].view.checkpoint.note, &again, &other)) {
            found = one.id == other.id && accord_bytes_equal(one.name, other.name);
        }
        if (found) {
            (void)json_array_append_new(names, accord_json_text(one.name));
        }
    }
    return names;
}

/* Can this contradiction be made into evidence at all? Says why not. */
static enum accord_status check_signed(const struct pair *pair, const json_t *names, struct accord_error *error)
{
    for (size_t i = 0; i < 2; i++) {
        if (pair->views[i].view.note.size == 0) {
            accord_fail(error, ACCORD_UNSIGNED, 0);
            accord_error_what(error, accord_bytes_of(pair->views[i].name));
            accord_error_expected(error, ACCORD_LITERAL("the signed checkpoint, from whoever passed on this line"));
            return ACCORD_UNSIGNED;
        }
    }
    if (json_array_size(names) == 0) {
        accord_fail(error, ACCORD_UNSIGNED, 0);
        accord_error_expected(error, ACCORD_LITERAL("one key that signed both"));
        return ACCORD_UNSIGNED;
    }
    return ACCORD_OK;
}

static enum accord_status print_evidence(const struct accord_call *call, const struct pair *pair,
                                         struct accord_buffer *bytes, struct accord_error *error)
{
    const struct accord_related *related = &pair->related;
    struct accord_evidence_claim claim;
    enum accord_status status = accord_buffer_reserve(bytes, ACCORD_EVIDENCE_SIZE_MAX);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {bytes->data, bytes->capacity, 0, false};
    accord_evidence_print(&out, related->smaller->view.note, related->larger->view.note,
                          related->proven ? related->root : NULL, &related->proof);
    bytes->size = out.size;
    status = out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                      : accord_evidence_parse(&claim, accord_buffer_bytes(bytes), error);
    return status == ACCORD_OK ? accord_evidence_verify(&claim, call->crypto, error) : status;
}

/* Writes the evidence where --output says; *object describes it. */
static enum accord_status keep(const struct accord_call *call, const struct pair *pair, json_t *names, json_t **object,
                               struct accord_error *error)
{
    struct accord_buffer bytes;
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_buffer_init(&bytes, ACCORD_EVIDENCE_SIZE_MAX);
    enum accord_status status = check_signed(pair, names, error);
    if (status == ACCORD_OK) {
        status = print_evidence(call, pair, &bytes, error);
    }
    if (status == ACCORD_OK) {
        status = accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&bytes), error);
    }
    if (status == ACCORD_OK) {
        accord_hash(call->crypto, accord_buffer_bytes(&bytes), digest);
        accord_note(call,
                    "evidence: %.*s showed a tree of %" PRIu64 " entries and a tree of %" PRIu64
                    " that contradict each other",
                    ACCORD_TEXT(origin_of(pair)), size_of(pair->related.smaller), size_of(pair->related.larger));
        size_t keys = json_array_size(names);
        accord_note(call, "  %zu %s under both; accord evidence verify says whom their signatures convict", keys,
                    keys == 1 ? "key stands" : "keys stand");
        *object = json_pack("{s:o, s:o, s:o, s:O, s:o, s:o}", "origin", accord_json_text(origin_of(pair)), "sizes",
                            json_pack("[o, o]", accord_json_number(size_of(pair->related.smaller)),
                                      accord_json_number(size_of(pair->related.larger))),
                            "sha256", accord_json_digest(digest), "signed_both", names, "evidence",
                            accord_json_text(accord_buffer_bytes(&bytes)), "relation", json_string("contradiction"));
    }
    accord_buffer_free(&bytes);
    return status;
}

/* The two views agree: that is all there is to say, and no evidence. */
static int refuse_agreement(const struct accord_call *call, const struct pair *pair)
{
    if (pair->related.relation == ACCORD_RELATION_SAME) {
        return accord_refuse_words(call, ACCORD_EVIDENCE, "these agree: both show the same tree of %" PRIu64 " entries",
                                   size_of(pair->related.larger));
    }
    return accord_refuse_words(call, ACCORD_EVIDENCE,
                               "these agree: the tree of %" PRIu64 " entries begins with the tree of %" PRIu64,
                               size_of(pair->related.larger), size_of(pair->related.smaller));
}

static int needs_proof(const struct accord_call *call, const struct pair *pair, const char *how)
{
    return accord_usage(call,
                        "the trees have %" PRIu64 " and %" PRIu64 " entries, and nothing shows how the larger one "
                        "begins: give %s",
                        size_of(pair->related.smaller), size_of(pair->related.larger), how);
}

static bool both_stdin(const struct accord_call *call)
{
    return strcmp(call->operands[0], "-") == 0 && strcmp(call->operands[1], "-") == 0;
}

int accord_run_evidence_make(struct accord_call *call)
{
    struct accord_error error = {0};
    struct pair pair;
    int result;
    if (both_stdin(call)) {
        return accord_usage(call, "standard input can be one of the two, not both");
    }
    enum accord_status status =
        pair_open(&pair, call, accord_call_value(call, "log"), accord_call_value(call, "proof"), &error);
    if (status != ACCORD_OK) {
        error.status = status;
        result = accord_refuse(call, pair.subject, &error);
    } else if (pair.related.relation == ACCORD_RELATION_UNKNOWN) {
        result = needs_proof(call, &pair, "--log LOG that serves it, or --proof FILE");
    } else if (pair.related.relation != ACCORD_RELATION_CONTRADICTION) {
        result = refuse_agreement(call, &pair);
    } else {
        json_t *names = signed_both(&pair), *object = NULL;
        status = keep(call, &pair, names, &object, &error);
        error.status = status;
        result = status == ACCORD_OK ? accord_answer(call, object) : accord_refuse(call, NULL, &error);
        json_decref(names);
    }
    pair_free(&pair);
    return result;
}

static json_t *relation_json(const struct pair *pair)
{
    const char *words[] = {"unknown", "same", "beginning", "contradiction"};
    return json_pack("{s:o, s:s, s:o}", "origin", accord_json_text(origin_of(pair)), "relation",
                     words[pair->related.relation], "sizes",
                     json_pack("[o, o]", accord_json_number(size_of(&pair->views[0])),
                               accord_json_number(size_of(&pair->views[1]))));
}

/* Says that they contradict each other and what to keep; keeps it where --output says where. */
static int tell_contradiction(const struct accord_call *call, const struct pair *pair)
{
    struct accord_error error = {0};
    json_t *names = signed_both(pair), *object = NULL;
    enum accord_status status = ACCORD_OK;
    accord_note(call,
                "CONTRADICTION: %.*s showed a tree of %" PRIu64 " entries and a tree of %" PRIu64
                " that cannot both be true",
                ACCORD_TEXT(origin_of(pair)), size_of(&pair->views[0]), size_of(&pair->views[1]));
    if (accord_call_value(call, "output") != NULL) {
        status = keep(call, pair, names, &object, &error);
    } else if (check_signed(pair, names, NULL) == ACCORD_OK) {
        accord_note(call, "  keep both, as they are: accord evidence make makes one file of them, "
                          "and --output FILE here does so at once");
    } else {
        accord_note(call, "  keep both, as they are, and get the signed checkpoints: a line without a signature "
                          "convicts nobody");
    }
    json_decref(names);
    if (status != ACCORD_OK) {
        error.status = status;
        return accord_refuse(call, NULL, &error);
    }
    object = object == NULL ? relation_json(pair) : object;
    (void)json_object_set_new(object, "rule", json_string(accord_status_rule(ACCORD_CONSISTENCY)));
    return accord_answer_with(call, object, EXIT_REFUSED);
}

static int tell_relation(const struct accord_call *call, const struct pair *pair)
{
    const struct accord_related *related = &pair->related;
    switch (related->relation) {
    case ACCORD_RELATION_CONTRADICTION:
        return tell_contradiction(call, pair);
    case ACCORD_RELATION_SAME:
        accord_note(call, "the same: both show one tree of %" PRIu64 " entries of %.*s", size_of(related->larger),
                    ACCORD_TEXT(origin_of(pair)));
        break;
    case ACCORD_RELATION_BEGINNING:
        accord_note(call, "consistent: the tree of %" PRIu64 " entries of %.*s begins with the tree of %" PRIu64,
                    size_of(related->larger), ACCORD_TEXT(origin_of(pair)), size_of(related->smaller));
        break;
    case ACCORD_RELATION_UNKNOWN:
        if (related->smaller->reader == NULL) {
            return needs_proof(call, pair, "--log LOG that serves it");
        }
        return accord_refuse_words(call, ACCORD_NOT_FOUND,
                                   "%s: the log shows a tree of %" PRIu64 " entries, and the view one of %" PRIu64
                                   ": it has not come so far yet, or it has gone back",
                                   related->smaller->name, size_of(related->smaller), size_of(related->larger));
    }
    return accord_answer(call, relation_json(pair));
}

int accord_run_evidence_compare(struct accord_call *call)
{
    struct accord_error error = {0};
    struct pair pair;
    if (both_stdin(call)) {
        return accord_usage(call, "standard input can be one of the two, not both");
    }
    enum accord_status status = pair_open(&pair, call, accord_call_value(call, "log"), NULL, &error);
    error.status = status;
    int result = status == ACCORD_OK ? tell_relation(call, &pair) : accord_refuse(call, pair.subject, &error);
    pair_free(&pair);
    return result;
}

/* Everything that keys are taken from, and what is judged. */
struct judging {
    const char *subject;
    bool has_trust;
    struct accord_trust_file trust;
    struct accord_buffer policy_text, bytes;
    struct accord_policy policy;
    struct accord_suspects suspects;
    struct accord_evidence_claim claim;
    size_t convicted;
};

static enum accord_status take_trust(const struct accord_call *call, struct judging *judging,
                                     struct accord_error *error)
{
    const char *given = accord_call_value(call, "trust");
    if (given == NULL && (accord_call_value(call, "policy") != NULL || accord_call_count(call, "vkey") > 0)) {
        return ACCORD_OK;
    }
    if (!accord_trust_file_find(&judging->trust, given)) {
        judging->subject = "--trust";
        return accord_fail(error, ACCORD_USAGE, 0);
    }
    judging->has_trust = true;
    judging->subject = judging->trust.path;
    enum accord_status status = accord_trust_file_open(&judging->trust, call->fs, call->crypto, error);
    if (status == ACCORD_OK && accord_suspects_add_verifier(&judging->suspects, judging->trust.verifier) != ACCORD_OK) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    return status;
}

static enum accord_status take_policy(const struct accord_call *call, struct judging *judging,
                                      struct accord_error *error)
{
    const char *path = accord_call_value(call, "policy");
    if (path == NULL) {
        return ACCORD_OK;
    }
    judging->subject = path;
    enum accord_status status = accord_file_read(call->fs, path, &judging->policy_text, error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(&judging->policy, accord_buffer_bytes(&judging->policy_text), call->crypto, error);
    }
    if (status == ACCORD_OK && accord_suspects_add_policy(&judging->suspects, &judging->policy) != ACCORD_OK) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    return status;
}

static enum accord_status take_vkeys(const struct accord_call *call, struct judging *judging,
                                     struct accord_error *error)
{
    const char *text;
    size_t cursor = 0;
    struct accord_vkey vkey;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(call, "vkey", &cursor, &text)) {
        judging->subject = "--vkey";
        status = accord_vkey_parse(&vkey, accord_bytes_of(text), call->crypto, error);
        if (status == ACCORD_OK && accord_suspects_add_vkey(&judging->suspects, &vkey) != ACCORD_OK) {
            status = accord_fail(error, ACCORD_NO_MEMORY, 0);
        }
    }
    return status;
}

static enum accord_status judge(const struct accord_call *call, struct judging *judging, struct accord_error *error)
{
    enum accord_status status = take_trust(call, judging, error);
    if (status == ACCORD_OK) {
        status = take_policy(call, judging, error);
    }
    if (status == ACCORD_OK) {
        status = take_vkeys(call, judging, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    judging->subject = call->operands[0];
    status = accord_file_read(call->fs, call->operands[0], &judging->bytes, error);
    if (status == ACCORD_OK) {
        status = accord_evidence_parse(&judging->claim, accord_buffer_bytes(&judging->bytes), error);
    }
    if (status == ACCORD_OK) {
        status = accord_evidence_verify(&judging->claim, call->crypto, error);
    }
    if (status == ACCORD_OK) {
        judging->convicted = accord_suspects_judge(&judging->suspects, &judging->claim, call->crypto);
    }
    return status;
}

static int tell_verdict(const struct accord_call *call, const struct judging *judging)
{
    const struct accord_checkpoint_claim *checkpoint = judging->claim.checkpoint;
    uint8_t digest[ACCORD_HASH_SIZE];
    char name[512];
    for (size_t i = 0; i < judging->suspects.count && judging->convicted == 0; i++) {
        if (judging->suspects.list[i].unsupported) {
            return accord_refuse_words(call, ACCORD_UNSUPPORTED,
                                       "%s: the two views contradict each other, but this machine cannot verify the "
                                       "signatures of %.*s under them",
                                       judging->subject, ACCORD_TEXT(judging->suspects.list[i].vkey.name));
        }
    }
    if (judging->convicted == 0) {
        return accord_refuse_words(call, ACCORD_UNSIGNED,
                                   "%s: the two views contradict each other, but none of the %zu keys that are known "
                                   "here signed both",
                                   judging->subject, judging->suspects.count);
    }
    json_t *convicted = json_array();
    accord_note(call,
                "evidence holds: %.*s showed a tree of %" PRIu64 " entries and a tree of %" PRIu64
                " that cannot both be true",
                ACCORD_TEXT(checkpoint[0].origin), checkpoint[0].size, checkpoint[1].size);
    for (size_t i = 0; i < judging->suspects.count; i++) {
        const struct accord_suspect *suspect = &judging->suspects.list[i];
        if (suspect->convicted) {
            accord_suspect_name(suspect, name, sizeof name);
            accord_note(call, "  convicted: %s", name);
            (void)json_array_append_new(convicted, accord_suspect_json(suspect));
        } else if (suspect->unsupported) {
            accord_suspect_name(suspect, name, sizeof name);
            accord_note(call, "  cannot be judged here: %s, whose signatures of type %d this machine cannot verify",
                        name, (int)suspect->vkey.type);
        }
    }
    accord_hash(call->crypto, accord_buffer_bytes(&judging->bytes), digest);
    return accord_answer(
        call,
        json_pack("{s:o, s:o, s:o, s:o}", "origin", accord_json_text(checkpoint[0].origin), "sizes",
                  json_pack("[o, o]", accord_json_number(checkpoint[0].size), accord_json_number(checkpoint[1].size)),
                  "sha256", accord_json_digest(digest), "convicted", convicted));
}

int accord_run_evidence_verify(struct accord_call *call)
{
    struct accord_error error = {0};
    struct judging *judging = calloc(1, sizeof *judging);
    if (judging == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    accord_buffer_init(&judging->policy_text, ACCORD_POLICY_SIZE_MAX);
    accord_buffer_init(&judging->bytes, ACCORD_EVIDENCE_SIZE_MAX);
    enum accord_status status = judge(call, judging, &error);
    error.status = status;
    int result = status == ACCORD_USAGE
                     ? accord_usage(call, "no keys: give --trust TRUST, --policy POLICY or --vkey VKEY")
                 : status != ACCORD_OK ? accord_refuse(call, judging->subject, &error)
                                       : tell_verdict(call, judging);
    if (judging->has_trust) {
        accord_trust_file_free(&judging->trust);
    }
    accord_suspects_free(&judging->suspects);
    accord_buffer_free(&judging->policy_text);
    accord_buffer_free(&judging->bytes);
    free(judging);
    return result;
}
