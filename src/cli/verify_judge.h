/* What `accord verify` brings before the judge besides a release's own proof, and the story that comes of it. */
#ifndef ACCORD_CLI_VERIFY_JUDGE_H
#define ACCORD_CLI_VERIFY_JUDGE_H

#include <jansson.h>

#include "accord/judge.h"
#include "base/buffer.h"
#include "base/fs.h"

/* A bundle, or a single proof, that is given for all files, or for those of one product. */
struct accord_given {
    const char *path;
    struct accord_buffer bytes;
    char vendor[256], product[256]; /* empty: for all */
};

/* For all files of a run; read-only while it lasts. */
struct accord_judge_job {
    const struct accord_fs *fs;
    const struct accord_verifier *verifier;
    const struct accord_given *given;
    size_t given_count;
    struct accord_bytes remembered; /* as accord_accepted_lines has them; may be empty */
    struct accord_bytes channel;    /* may be empty */
    bool needs_current;             /* each file's product must have one */
    uint64_t clock;                 /* POSIX seconds */
    bool explain, json;
};

/* One thread's. About 200 KiB. */
struct accord_judge_bench;
struct accord_judge_bench *accord_judge_bench_new(const struct accord_judge_job *job);
void accord_judge_bench_free(struct accord_judge_bench *bench);

/* Judges a release whose proof verified. The file's own bundle, FILE.bundle, is taken where there is one. What is to be
 * remembered goes to *next, which borrows from the bench and the job until the next call. The story for a person is
 * appended to *story, nothing where nothing but the release itself was asked; for a program it goes to *answer, which
 * the caller frees, where the job asks for it. */
ACCORD_MUST_USE enum accord_status accord_judge_file(struct accord_judge_bench *bench,
                                                     const struct accord_verdict *verdict, struct accord_bytes proof,
                                                     const char *file, struct accord_remembered *next,
                                                     struct accord_buffer *story, json_t **answer,
                                                     struct accord_error *error);

#endif
