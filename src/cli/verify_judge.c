/* Reading what is put before the judge: proofs and bundles, of a file and of the whole run. It knows when there is
 * nothing to ask beyond the release itself; the judging is accord/judge.h's, the telling judgement_report.c's. */
#include "cli/verify_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/bundle.h"
#include "base/file.h"
#include "cli/accepted.h"
#include "cli/judgement_report.h"
#include "cli/say.h"

#define PATH_SIZE 4096

struct accord_judge_bench {
    const struct accord_judge_job *job;
    char own_path[PATH_SIZE]; /* the bundle of the file at hand */
    struct accord_buffer own;
    uint8_t *memory; /* for the entries */
    size_t capacity;
    struct accord_seen_checkpoint seen;
    struct accord_dossier dossier;
    struct accord_judgement judgement;
};

struct accord_judge_bench *accord_judge_bench_new(const struct accord_judge_job *job)
{
    struct accord_judge_bench *bench = calloc(1, sizeof *bench);
    if (bench != NULL) {
        bench->job = job;
        accord_buffer_init(&bench->own, ACCORD_BUNDLE_FILE_SIZE_MAX);
    }
    return bench;
}

void accord_judge_bench_free(struct accord_judge_bench *bench)
{
    if (bench != NULL) {
        accord_buffer_free(&bench->own);
        free(bench->memory);
        free(bench);
    }
}

/* A file without a bundle has none; a name that is too long to have one, neither. */
static enum accord_status read_own(struct accord_judge_bench *bench, const char *file, struct accord_error *error)
{
    int size = snprintf(bench->own_path, sizeof bench->own_path, "%s.bundle", file);
    bench->own.size = 0;
    if (size < 0 || size >= PATH_SIZE || strcmp(file, "-") == 0) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_file_read(bench->job->fs, bench->own_path, &bench->own, error);
    return status == ACCORD_NOT_FOUND ? ACCORD_OK : status;
}

/* Room for every entry of what is read: each is smaller than its proof. */
static enum accord_status make_room(struct accord_judge_bench *bench, size_t proof_size, struct accord_error *error)
{
    size_t room = proof_size + bench->own.size + (size_t)ACCORD_EXHIBITS_MAX * ACCORD_ORIGIN_SIZE_MAX;
    for (size_t i = 0; i < bench->job->given_count; i++) {
        room += bench->job->given[i].bytes.size;
    }
    if (bench->capacity < room) {
        free(bench->memory);
        bench->memory = malloc(room);
        bench->capacity = bench->memory == NULL ? 0 : room;
    }
    return bench->memory == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

/* A refusal of what a file holds says which one, and which part of it. */
static enum accord_status name_part(enum accord_status status, const char *path, size_t part,
                                    struct accord_error *error)
{
    char text[PATH_SIZE + 32];
    if (status != ACCORD_OK && error->what[0] == '\0') {
        snprintf(text, sizeof text, part == 0 ? "%s" : "%s, part %zu", path, part);
        accord_error_what(error, accord_bytes_of(text));
    }
    return status;
}

/* A bundle, or a single proof. */
static enum accord_status add_file(struct accord_judge_bench *bench, const char *path, struct accord_bytes bytes,
                                   struct accord_error *error)
{
    struct accord_bytes proof;
    size_t cursor = 0, part = 0;
    if (!accord_proof_bundle_is(bytes)) {
        return name_part(accord_dossier_add(&bench->dossier, &bench->seen, bytes, error), path, 0, error);
    }
    enum accord_status status = name_part(accord_proof_bundle_check(bytes, NULL, error), path, 0, error);
    while (status == ACCORD_OK && accord_proof_bundle_next(bytes, &cursor, &proof)) {
        status = name_part(accord_dossier_add(&bench->dossier, &bench->seen, proof, error), path, ++part, error);
    }
    return status;
}

/* A log that knows nothing of a product gives nothing for it. */
static bool is_for(const struct accord_given *given, const struct accord_release_claim *release)
{
    return given->vendor[0] == '\0' ||
           (given->bytes.size > 0 && accord_bytes_equal(accord_bytes_of(given->vendor), release->vendor) &&
            accord_bytes_equal(accord_bytes_of(given->product), release->product));
}

static enum accord_status fill_dossier(struct accord_judge_bench *bench, const struct accord_release_claim *release,
                                       struct accord_bytes proof, struct accord_error *error)
{
    const struct accord_judge_job *job = bench->job;
    enum accord_status status = make_room(bench, proof.size, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_dossier_init(&bench->dossier, job->verifier, (struct accord_out){bench->memory, bench->capacity, 0, false});
    status = accord_dossier_add(&bench->dossier, &bench->seen, proof, error);
    if (status == ACCORD_OK && bench->own.size > 0) {
        status = add_file(bench, bench->own_path, accord_buffer_bytes(&bench->own), error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < job->given_count; i++) {
        if (is_for(&job->given[i], release)) {
            status = add_file(bench, job->given[i].path, accord_buffer_bytes(&job->given[i].bytes), error);
        }
    }
    return status;
}

/* Nothing was brought, nothing is named, nothing is known: then the release's own proof says all that there is. */
static bool is_plain(const struct accord_judge_bench *bench, const struct accord_release_claim *release,
                     const struct accord_remembered *remembered)
{
    return bench->own.size == 0 && bench->job->given_count == 0 && bench->job->channel.size == 0 &&
           !bench->job->needs_current && !release->has_policy && release->stage_count == 0 &&
           remembered->policy_number == 0 && remembered->current.origin.size == 0 &&
           remembered->roster_number <= bench->job->verifier->roster.number;
}

enum accord_status accord_judge_file(struct accord_judge_bench *bench, const struct accord_verdict *verdict,
                                     struct accord_bytes proof, const char *file, struct accord_remembered *next,
                                     struct accord_buffer *story, json_t **answer, struct accord_error *error)
{
    const struct accord_judge_job *job = bench->job;
    const struct accord_release_claim *release = verdict->release;
    struct accord_remembered remembered;
    *answer = NULL;
    (void)accord_accepted_find(job->remembered, release->vendor, release->product, &remembered);
    *next = (struct accord_remembered){
        .released = true, .sequence = release->sequence, .roster_number = job->verifier->roster.number};
    enum accord_status status = read_own(bench, file, error);
    if (status != ACCORD_OK || is_plain(bench, release, &remembered)) {
        return status;
    }
    const struct accord_question question = {.verdict = verdict,
                                             .dossier = &bench->dossier,
                                             .channel = job->channel,
                                             .needs_current = job->needs_current,
                                             .clock = job->clock,
                                             .remembered = &remembered};
    status = fill_dossier(bench, release, proof, error);
    if (status == ACCORD_OK) {
        status = accord_judge(&question, &bench->judgement, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    *next = bench->judgement.next;
    if (job->json) {
        *answer = accord_judgement_json(&question, &bench->judgement);
    } else {
        accord_judgement_print(&question, &bench->judgement, job->explain, story);
    }
    return ACCORD_OK;
}
