/* Outcomes as words and as JSON. It knows how things are said, and judges nothing. */
#include "cli/verify_report.h"

#include "base/clock.h"
#include "base/report.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The path as it was given, but for what would move a terminal's cursor. */
static void say_name(struct accord_buffer *text, const char *file)
{
    size_t start = text->size;
    accord_tell(text, "verified: %s", file);
    accord_text_calm((char *)text->data + start, text->size - start);
    accord_tell(text, "\n");
}

/* "1 witness", "34 witnesses". */
static const char *plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void say_vouching(const struct accord_outcome *outcome, const struct accord_roster_claim *roster,
                         struct accord_buffer *text)
{
    if (outcome->closed_log) {
        accord_tell(text,
                    "  the log is closed: the roster names its last tree, of %" PRIu64
                    " entries, and no witness is asked\n",
                    outcome->tree_size);
        return;
    }
    accord_tell(text, "  vouched for by %zu %s in %zu %s (the rule: %u in each of %u):", outcome->witness_count,
                plural(outcome->witness_count, "witness", "witnesses"), outcome->vouching_count,
                plural(outcome->vouching_count, "jurisdiction", "jurisdictions"), roster->quorum_witnesses,
                roster->quorum_jurisdictions);
    for (size_t i = 0; i < outcome->vouching_count; i++) {
        accord_tell(text, "%s %.*s %u", i == 0 ? "" : ",", ACCORD_TEXT(outcome->vouching[i].jurisdiction),
                    outcome->vouching[i].witnesses);
    }
    accord_tell(text, "\n");
}

/* The place of the next key that the outcome suffers from: logs first, then witnesses. NULL after the last. */
static const struct accord_distrusted *next_distrusted(const struct accord_outcome *outcome,
                                                       const struct accord_verifier *verifier, size_t *cursor,
                                                       struct accord_bytes *name, bool *log)
{
    const struct accord_policy *policy = &verifier->policy;
    while (*cursor < policy->log_count + policy->witness_count) {
        size_t i = (*cursor)++;
        *log = i < policy->log_count;
        const struct accord_vkey *vkey = *log ? &policy->logs[i].vkey : &policy->witnesses[i - policy->log_count].vkey;
        bool suffers = *log ? outcome->status == ACCORD_DISTRUSTED && policy->logs[i].distrusted &&
                                  accord_bytes_equal(vkey->name, accord_bytes_of(outcome->error.what))
                            : outcome->discounted[i - policy->log_count];
        if (suffers) {
            *name = *log ? vkey->name : policy->witnesses[i - policy->log_count].name;
            return accord_verifier_distrusted(verifier, vkey);
        }
    }
    return NULL;
}

/* Who signed two histories, and by which evidence. */
static void say_distrusted(const struct accord_outcome *outcome, const struct accord_verifier *verifier,
                           struct accord_buffer *text)
{
    const struct accord_distrusted *distrusted;
    struct accord_bytes name;
    size_t cursor = 0;
    bool log;
    while ((distrusted = next_distrusted(outcome, verifier, &cursor, &name, &log)) != NULL) {
        size_t start = text->size;
        accord_tell(text, "  not counted: %.*s %s two histories; evidence %.*s", ACCORD_TEXT(name),
                    log ? "signed" : "cosigned", ACCORD_TEXT(distrusted->evidence));
        accord_text_calm((char *)text->data + start, text->size - start);
        accord_tell(text, "\n");
    }
}

void accord_outcome_print(const struct accord_outcome *outcome, const struct accord_verifier *verifier,
                          struct accord_buffer *text)
{
    if (outcome->status != ACCORD_OK) {
        char sentence[1024];
        accord_error_sentence(&outcome->error, outcome->file, sentence, sizeof sentence);
        accord_tell(text, "%s%s\n", accord_status_exit(outcome->status) == 1 ? "REFUSED: " : "", sentence);
        say_distrusted(outcome, verifier, text);
        return;
    }
    char time[32];
    accord_time_print(outcome->seen_at, time);
    say_name(text, outcome->file);
    accord_tell(text, "  %.*s (%.*s) published %.*s %.*s, sequence %" PRIu64, ACCORD_TEXT(outcome->title),
                ACCORD_TEXT(outcome->vendor), ACCORD_TEXT(outcome->product), ACCORD_TEXT(outcome->version),
                outcome->sequence);
    if (outcome->platform.size > 0) {
        accord_tell(text, ", for %.*s", ACCORD_TEXT(outcome->platform));
    }
    const char *name = last_part(outcome->file);
    if (!accord_bytes_equal(outcome->artifact, accord_bytes_of(name))) {
        accord_tell(text, ", as %.*s", ACCORD_TEXT(outcome->artifact));
    }
    accord_tell(text, "\n  public since %s: entry %" PRIu64 " of %.*s\n", time, outcome->index,
                ACCORD_TEXT(outcome->log));
    say_vouching(outcome, &verifier->roster, text);
    say_distrusted(outcome, verifier, text);
    (void)!accord_buffer_append(text, accord_buffer_bytes(&outcome->story));
}

/* "distrusted": who did not count, where there is anybody. */
static void set_distrusted(json_t *object, const struct accord_outcome *outcome, const struct accord_verifier *verifier)
{
    const struct accord_distrusted *distrusted;
    struct accord_bytes name;
    size_t cursor = 0;
    bool log;
    json_t *list = json_array();
    while ((distrusted = next_distrusted(outcome, verifier, &cursor, &name, &log)) != NULL) {
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:o}", "role", log ? "log" : "witness", "name",
                                        accord_json_text(name), "evidence", accord_json_text(distrusted->evidence)));
    }
    if (json_array_size(list) > 0) {
        json_object_set(object, "distrusted", list);
    }
    json_decref(list);
}

static json_t *number_json(uint64_t number)
{
    return accord_json_number(number);
}

static json_t *refusal_json(const struct accord_outcome *outcome)
{
    char sentence[1024];
    accord_error_sentence(&outcome->error, outcome->file, sentence, sizeof sentence);
    json_t *object =
        json_pack("{s:o, s:b, s:s, s:o}", "file", accord_json_text(accord_bytes_of(outcome->file)), "verified", 0,
                  "rule", accord_status_rule(outcome->status), "sentence", accord_json_text(accord_bytes_of(sentence)));
    const struct accord_error *error = &outcome->error;
    if (error->line != 0) {
        json_object_set_new(object, "line", number_json(error->line));
    }
    if (error->what[0] != '\0') {
        json_object_set_new(object, "what", accord_json_text(accord_bytes_of(error->what)));
    }
    if (error->expected[0] != '\0') {
        json_object_set_new(object, "expected", accord_json_text(accord_bytes_of(error->expected)));
    }
    if (error->found[0] != '\0') {
        json_object_set_new(object, "found", accord_json_text(accord_bytes_of(error->found)));
    }
    return object;
}

json_t *accord_outcome_json(const struct accord_outcome *outcome, const struct accord_verifier *verifier)
{
    const struct accord_roster_claim *roster = &verifier->roster;
    if (outcome->status != ACCORD_OK) {
        json_t *refusal = refusal_json(outcome);
        set_distrusted(refusal, outcome, verifier);
        return refusal;
    }
    json_t *vouching = json_object();
    for (size_t i = 0; i < outcome->vouching_count; i++) {
        char code[8];
        snprintf(code, sizeof code, "%.*s", ACCORD_TEXT(outcome->vouching[i].jurisdiction));
        json_object_set_new(vouching, code, number_json(outcome->vouching[i].witnesses));
    }
    json_t *object = json_pack("{s:o, s:b, s:s}", "file", accord_json_text(accord_bytes_of(outcome->file)), "verified",
                               1, "rule", "ok");
    json_object_set_new(object, "vendor", accord_json_text(outcome->vendor));
    json_object_set_new(object, "vendor_name", accord_json_text(outcome->title));
    json_object_set_new(object, "product", accord_json_text(outcome->product));
    json_object_set_new(object, "version", accord_json_text(outcome->version));
    json_object_set_new(object, "sequence", number_json(outcome->sequence));
    json_object_set_new(object, "artifact", accord_json_text(outcome->artifact));
    json_object_set_new(object, "platform",
                        outcome->platform.size == 0 ? json_null() : accord_json_text(outcome->platform));
    json_object_set_new(object, "sha256", accord_json_digest(outcome->sha256));
    json_object_set_new(object, "size", number_json(outcome->size));
    json_object_set_new(object, "log", accord_json_text(outcome->log));
    json_object_set_new(object, "index", number_json(outcome->index));
    json_object_set_new(object, "tree_size", number_json(outcome->tree_size));
    json_object_set_new(object, "public_since", number_json(outcome->seen_at));
    json_object_set_new(object, "not_before", number_json(outcome->not_before));
    json_object_set_new(object, "closed_log", json_boolean(outcome->closed_log));
    json_object_set_new(object, "witnesses", number_json(outcome->witness_count));
    json_object_set_new(object, "vouching", vouching);
    json_object_set_new(object, "quorum",
                        json_pack("{s:i, s:i}", "jurisdictions", (int)roster->quorum_jurisdictions, "witnesses",
                                  (int)roster->quorum_witnesses));
    set_distrusted(object, outcome, verifier);
    if (outcome->answer != NULL) {
        json_object_set(object, "judgement", outcome->answer);
    }
    return object;
}
