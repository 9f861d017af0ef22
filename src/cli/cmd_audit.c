/* accord audit: what of this is affected. Reads advisories into an index and lists of components against it; what an
 * answer means is audit/'s. */
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/audit_report.h"
#include "cli/commands.h"
#include "cli/stream.h"
#include "core/text.h"

const struct accord_option accord_options_audit[] = {
    {.name = "advisories",
     .value = "PATH",
     .help = "advisories: a file, a directory of files, or a zip archive; CSAF, OSV, CVE or OpenVEX in JSON",
     .rule = ACCORD_OPTION_SOME},
    {.name = "index", .value = "FILE", .help = "keeps what was read of the advisories, for the next time"},
    {.name = "fail-on",
     .value = "ANSWER",
     .help = "exit with 1 for this answer, or a worse one; otherwise for affected"},
    {.name = NULL}};

struct audit {
    const struct accord_call *call;
    struct accord_index *index;
    struct accord_matcher *matcher;
    struct accord_audit_report report;
    struct accord_progress progress;
};

static enum accord_status judge(void *context, const struct accord_component *component, struct accord_error *error)
{
    struct audit *audit = context;
    struct accord_match match;
    accord_progress_step(&audit->progress, audit->report.component_count, 0);
    enum accord_status status = accord_matcher_match(audit->matcher, component, &match, error);
    return status == ACCORD_OK ? accord_audit_report_add(&audit->report, component, &match, error) : status;
}

/* A file of a directory is known by its digest alone: no version is guessed. */
static enum accord_status judge_file(struct audit *audit, struct accord_stream *stream, const char *path,
                                     struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE], digits[2 * ACCORD_HASH_SIZE];
    uint64_t size;
    enum accord_status status =
        accord_stream_hash(stream, audit->call->fs, audit->call->crypto, path, digest, &size, error);
    struct accord_out out = {digits, sizeof digits, 0, false};
    accord_put_hex(&out, (struct accord_bytes){digest, sizeof digest});
    const struct accord_component component = {
        .name = accord_bytes_of(path), .hash_count = 1, .sha256 = {accord_out_bytes(&out)}};
    return status == ACCORD_OK ? judge(audit, &component, error) : status;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum accord_status judge_directory(struct audit *audit, const char *path, struct accord_error *error)
{
    char *copy = strdup(path);
    char *const paths[] = {copy, NULL};
    struct accord_stream *stream = malloc(sizeof *stream);
    FTS *walk =
        copy == NULL || stream == NULL ? NULL : fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    enum accord_status status = walk == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    for (FTSENT *entry; status == ACCORD_OK && (entry = fts_read(walk)) != NULL;) {
        if (entry->fts_info == FTS_F && S_ISREG(entry->fts_statp->st_mode)) {
            status = judge_file(audit, stream, entry->fts_path, error);
        } else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
            status = accord_file_error(error, -entry->fts_errno, entry->fts_path);
        }
    }
    if (walk != NULL) {
        (void)fts_close(walk);
    }
    free(stream);
    free(copy);
    return status;
}

static enum accord_status judge_operand(struct audit *audit, const char *path, struct accord_error *error)
{
    audit->report.document = path;
    if (strcmp(path, "-") != 0 && audit->call->fs->exists(audit->call->fs->context, path) == 2) {
        return judge_directory(audit, path, error);
    }
    const struct accord_component_sink sink = {audit, judge};
    enum accord_sbom_format format = ACCORD_SBOM_CYCLONEDX;
    struct accord_buffer document;
    accord_buffer_init(&document, ACCORD_SBOM_SIZE_MAX);
    enum accord_status status = accord_file_read(audit->call->fs, path, &document, error);
    if (status == ACCORD_OK) {
        status = accord_sbom_read(accord_buffer_bytes(&document), &sink, &format, error);
    }
    if (status == ACCORD_OK && (format == ACCORD_SBOM_DPKG || format == ACCORD_SBOM_RPM)) {
        audit->report.binary_lists++;
    }
    accord_buffer_free(&document);
    return status;
}

static void tell_read(void *context, uint64_t documents)
{
    struct audit *audit = context;
    accord_progress_step(&audit->progress, documents, 0);
}

static void tell_refused(void *context, const char *place, const struct accord_error *why)
{
    struct audit *audit = context;
    accord_progress_end(&audit->progress);
    accord_audit_report_refused(&audit->report, place, why);
}

static enum accord_status read_advisories(struct audit *audit, const char **subject, struct accord_error *error)
{
    const struct accord_index_told told = {audit, tell_read, tell_refused};
    const char *path = NULL;
    enum accord_status status = ACCORD_OK;
    audit->progress = (struct accord_progress){.doing = "read", .of = "advisories"};
    for (size_t cursor = 0; status == ACCORD_OK && accord_call_next(audit->call, "advisories", &cursor, &path);) {
        struct accord_feed_tally tally = {0, 0, 0};
        *subject = path;
        status = accord_index_source(audit->index, path, &told, &tally, error);
        audit->report.tally.read += tally.read;
        audit->report.tally.refused += tally.refused;
        audit->report.tally.bytes += tally.bytes;
    }
    accord_progress_end(&audit->progress);
    return status == ACCORD_OK ? accord_index_count(audit->index, &audit->report.vulnerabilities, error) : status;
}

static enum accord_status work(struct audit *audit, const char **subject, struct accord_error *error)
{
    const struct accord_call *call = audit->call;
    *subject = accord_call_value(call, "index");
    enum accord_status status = accord_index_open(&audit->index, *subject, call->crypto, error);
    if (status == ACCORD_OK) {
        status = read_advisories(audit, subject, error);
    }
    if (status == ACCORD_OK) {
        status = accord_matcher_new(&audit->matcher, audit->index, error);
    }
    audit->progress = (struct accord_progress){.doing = "audited", .of = "components"};
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count; i++) {
        *subject = call->operands[i];
        status = judge_operand(audit, *subject, error);
    }
    accord_progress_end(&audit->progress);
    return status;
}

static bool read_threshold(const char *word, enum accord_audit_answer *threshold)
{
    for (*threshold = ACCORD_AUDIT_AFFECTED; *threshold <= ACCORD_AUDIT_UNKNOWN; (*threshold)++) {
        if (strcmp(accord_audit_answer_word(*threshold), word) == 0) {
            return true;
        }
    }
    return false;
}

int accord_run_audit(struct accord_call *call)
{
    enum accord_audit_answer threshold = ACCORD_AUDIT_AFFECTED;
    const char *word = accord_call_value(call, "fail-on"), *subject = NULL;
    if (word != NULL && !read_threshold(word, &threshold)) {
        return accord_usage(call, "--fail-on %s: this is no answer that can fail", word);
    }
    struct audit audit = {.call = call};
    struct accord_error error = {.status = ACCORD_OK};
    accord_audit_report_init(&audit.report, call);
    error.status = work(&audit, &subject, &error);
    int result = 0;
    for (enum accord_audit_answer answer = ACCORD_AUDIT_AFFECTED; answer <= threshold; answer++) {
        result = audit.report.answers[answer] > 0 ? 1 : result;
    }
    result = error.status == ACCORD_OK ? accord_audit_report_tell(&audit.report, result)
                                       : accord_refuse(call, subject, &error);
    accord_audit_report_free(&audit.report);
    accord_matcher_free(audit.matcher);
    accord_index_close(audit.index);
    return result;
}
