/* Who may log what. Knows which kinds of statements a log takes and by which roster each is judged, and how to find
 * that roster again without reading the whole log; refuses to know what becomes of an entry that may be logged. */
#include "serve/admission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/release.h"
#include "base/clock.h"
#include "base/file.h"
#include "core/text.h"
#include "follow/chain.h"
#include "serve/admission_member.h"
#include "serve/admission_memory.h"
#include "serve/admission_product.h"
#include "serve/event.h"

#define PATH_SIZE 4096
/* How many entries may have to be read again at the next start, and how many are worth telling the operator about. */
#define UNREMEMBERED_MAX 10000
#define QUIET_MAX 100000

struct accord_admission {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    struct accord_reports *reports; /* may be NULL */
    char dir[PATH_SIZE], path[PATH_SIZE];
    struct accord_chain *chain;
    struct accord_admission_memory memory; /* its links are those of the chain */
    uint64_t committed;                    /* what the newest remember, or open, was told */
    uint64_t tried;                        /* the size at which the memory was written last, or was to be */
    bool new_link;                         /* since then */
    /* What is being judged. Too large for a stack. */
    struct accord_charter_claim charter;
    struct accord_roster_claim roster;
    struct accord_release_claim release;
    struct accord_admission_bounds bounds; /* of what anybody may log */
};

/* Remembering */

static enum accord_status root_at(const struct accord_admission *admission, struct accord_reader *reader, uint64_t size,
                                  uint8_t root[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_hash_source source = accord_reader_hashes(reader);
    accord_reader_set_size(reader, size);
    enum accord_status status = accord_root_compute(admission->crypto, &source, size, root);
    if (status != ACCORD_OK && error != NULL)
        *error = *accord_reader_error(reader);
    return status;
}

static enum accord_status save(struct accord_admission *admission, struct accord_error *error)
{
    struct accord_reader *reader;
    enum accord_status status = accord_reader_open(&reader, admission->fs, admission->crypto, admission->dir, error);
    if (status != ACCORD_OK)
        return status;
    admission->memory.read = admission->committed;
    status = root_at(admission, reader, admission->committed, admission->memory.root, error);
    accord_reader_close(reader);
    return status == ACCORD_OK ? accord_admission_memory_save(&admission->memory, admission->fs, admission->crypto,
                                                              admission->path, error)
                               : status;
}

/* A memory that cannot be written costs the next start its time, and nothing else. */
static void remember(struct accord_admission *admission)
{
    struct accord_error error;
    admission->tried = admission->committed;
    admission->new_link = false;
    if (save(admission, &error) != ACCORD_OK)
        accord_event_error(ACCORD_EVENT_WARNING, "admission-memory-not-written", admission->path, &error);
}

void accord_admission_remember(struct accord_admission *admission, uint64_t size)
{
    if (size < admission->committed) /* a log that shrinks: the caller's mistake */
        abort();
    admission->committed = size;
    if (admission->new_link || size - admission->tried >= UNREMEMBERED_MAX)
        remember(admission);
}

/* Reading the chain from the log */

/* Reports are remembered as the links are, so that a start finds them; that alone is no cause to write it down. */
static enum accord_status learn(struct accord_admission *admission, uint64_t index, struct accord_bytes entry,
                                struct accord_error *error)
{
    bool is_report = false;
    if (admission->reports == NULL || !accord_reports_recognize(entry))
        return ACCORD_OK;
    enum accord_status status = accord_reports_learn(admission->reports, index, entry, &is_report, error);
    return status == ACCORD_OK && is_report ? accord_admission_memory_add(&admission->memory, index, error) : status;
}

static enum accord_status offer(void *context, uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct accord_admission *admission = context;
    enum accord_link link;
    enum accord_status status = accord_chain_offer(admission->chain, index, entry, &link, error);
    if (status != ACCORD_OK)
        return status;
    if (link == ACCORD_LINK_NONE)
        return learn(admission, index, entry, error);
    admission->new_link = true;
    return accord_admission_memory_add(&admission->memory, index, error);
}

/* Takes the links that a memory names, each of which must be one. */
static enum accord_status follow(struct accord_admission *admission, struct accord_reader *reader,
                                 struct accord_bytes links, struct accord_error *error)
{
    struct accord_buffer entry;
    enum accord_status status = ACCORD_OK;
    uint64_t index;
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    while (status == ACCORD_OK && accord_admission_memory_next(&links, &index)) {
        enum accord_link link = ACCORD_LINK_NONE;
        bool is_report = false;
        entry.size = 0;
        status = accord_reader_entry(reader, index, &entry, error);
        if (status == ACCORD_OK && admission->reports != NULL)
            status = accord_reports_learn(admission->reports, index, accord_buffer_bytes(&entry), &is_report, error);
        if (is_report)
            continue;
        if (status == ACCORD_OK)
            status = accord_chain_offer(admission->chain, index, accord_buffer_bytes(&entry), &link, error);
        if (status == ACCORD_OK && link == ACCORD_LINK_NONE) {
            status = accord_fail(error, ACCORD_CHAIN, 0);
            accord_error_expected(error, ACCORD_LITERAL("the next link of the chain at the index that is remembered"));
            accord_error_found_number(error, index);
        }
    }
    accord_buffer_free(&entry);
    return status;
}

/* Is the memory one of this log, whose present size this is? Then the chain is what it was. */
static enum accord_status recall(struct accord_admission *admission, struct accord_reader *reader, uint64_t size,
                                 struct accord_error *error)
{
    struct accord_admission_memory *memory = &admission->memory;
    uint8_t root[ACCORD_HASH_SIZE];
    enum accord_status status =
        accord_admission_memory_load(memory, admission->fs, admission->crypto, admission->path, error);
    if (status != ACCORD_OK)
        return status;
    if (memory->read > size) {
        accord_fail(error, ACCORD_STATE, 0);
        accord_error_what(error, ACCORD_LITERAL("entries read"));
        accord_error_expected_number(error, size);
        accord_error_found_number(error, memory->read);
        return ACCORD_STATE;
    }
    status = root_at(admission, reader, memory->read, root, error);
    if (status == ACCORD_OK && memcmp(root, memory->root, sizeof root) != 0) {
        status = accord_fail(error, ACCORD_STATE, 0);
        accord_error_what(error, ACCORD_LITERAL("root"));
    }
    return status == ACCORD_OK ? follow(admission, reader, accord_buffer_bytes(&memory->links), error) : status;
}

/* Back to knowing nothing. */
static enum accord_status forget(struct accord_admission *admission, struct accord_error *error)
{
    accord_admission_memory_free(&admission->memory);
    accord_admission_memory_init(&admission->memory);
    if (admission->reports != NULL)
        accord_reports_clear(admission->reports);
    accord_chain_free(admission->chain);
    admission->chain = NULL;
    return accord_chain_new(&admission->chain, admission->crypto, NULL, error);
}

static enum accord_status catch_up(struct accord_admission *admission, struct accord_reader *reader, uint64_t size,
                                   struct accord_error *error)
{
    uint64_t from = admission->memory.read;
    accord_reader_set_size(reader, size);
    if (size - from > QUIET_MAX)
        accord_event(ACCORD_EVENT_INFO, "admission-reading", "from=%llu to=%llu", (unsigned long long)from,
                     (unsigned long long)size);
    enum accord_status status = accord_scan_from(reader, from, size, offer, admission, error);
    if (status != ACCORD_OK)
        return status;
    if (size - from > QUIET_MAX)
        accord_event(ACCORD_EVENT_INFO, "admission-read", "size=%llu", (unsigned long long)size);
    admission->tried = from;
    admission->committed = size;
    if (admission->new_link || size - from >= UNREMEMBERED_MAX)
        remember(admission);
    return ACCORD_OK;
}

static enum accord_status begin(struct accord_admission *admission, uint64_t size, struct accord_error *error)
{
    struct accord_reader *reader;
    struct accord_error unusable;
    enum accord_status status = accord_chain_new(&admission->chain, admission->crypto, NULL, error);
    if (status == ACCORD_OK)
        status = accord_reader_open(&reader, admission->fs, admission->crypto, admission->dir, error);
    if (status != ACCORD_OK)
        return status;
    status = recall(admission, reader, size, &unusable);
    if (status != ACCORD_OK) {
        if (status != ACCORD_NOT_FOUND)
            accord_event_error(ACCORD_EVENT_WARNING, "admission-memory-not-used", admission->path, &unusable);
        status = forget(admission, error);
    }
    if (status == ACCORD_OK)
        status = catch_up(admission, reader, size, error);
    accord_reader_close(reader);
    return status;
}

enum accord_status accord_admission_open(struct accord_admission **out, const struct accord_fs *fs,
                                         const struct accord_crypto *crypto, const char *dir, uint64_t size,
                                         struct accord_reports *reports, struct accord_error *error)
{
    struct accord_admission *admission = calloc(1, sizeof *admission);
    *out = NULL;
    if (admission == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    admission->fs = fs;
    admission->crypto = crypto;
    admission->reports = reports;
    if (reports != NULL)
        accord_reports_clear(reports);
    accord_admission_memory_init(&admission->memory);
    int written = snprintf(admission->path, sizeof admission->path, "%s/.accord/admission", dir);
    enum accord_status status = ACCORD_OK;
    if (written < 0 || (size_t)written >= sizeof admission->path)
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
    else
        memcpy(admission->dir, dir, strlen(dir) + 1);
    if (status == ACCORD_OK)
        status = begin(admission, size, error);
    if (status == ACCORD_OK)
        *out = admission;
    else {
        admission->tried = admission->committed;
        admission->new_link = false;
        accord_admission_close(admission);
    }
    return status;
}

void accord_admission_close(struct accord_admission *admission)
{
    if (admission == NULL)
        return;
    if (admission->new_link || admission->committed > admission->tried)
        remember(admission);
    accord_admission_memory_free(&admission->memory);
    accord_chain_free(admission->chain);
    free(admission);
}

/* Judging */

static enum accord_status judge_charter(struct accord_admission *admission, struct accord_bytes entry,
                                        struct accord_error *error)
{
    enum accord_status status = accord_charter_parse(&admission->charter, entry, admission->crypto, error);
    if (status != ACCORD_OK)
        return status;
    if (admission->chain->has_charter) {
        accord_fail(error, ACCORD_CHAIN, 0);
        accord_error_what(error, ACCORD_LITERAL("charter"));
        accord_error_expected(error, ACCORD_LITERAL("one charter in a log, which this one has"));
        accord_error_found(error, admission->charter.name);
        return ACCORD_CHAIN;
    }
    return accord_charter_verify(&admission->charter, admission->crypto, error);
}

static enum accord_status judge_roster(struct accord_admission *admission, struct accord_bytes entry,
                                       struct accord_error *error)
{
    const struct accord_chain *chain = admission->chain;
    enum accord_status status = accord_roster_parse(&admission->roster, entry, admission->crypto, error);
    if (status != ACCORD_OK)
        return status;
    if (chain->has_roster)
        return accord_roster_verify_next(accord_chain_roster(chain), &admission->roster, admission->crypto, error);
    return chain->has_charter
               ? accord_roster_verify_first(&admission->roster, &chain->charter, admission->crypto, error)
               : accord_chain_complete(chain, error);
}

static enum accord_status judge_release(struct accord_admission *admission, struct accord_bytes entry,
                                        struct accord_error *error)
{
    struct accord_release release;
    enum accord_status status = accord_release_parse(&admission->release, entry, error);
    if (status == ACCORD_OK)
        status = accord_chain_complete(admission->chain, error);
    return status == ACCORD_OK ? accord_release_verify(&admission->release, accord_chain_roster(admission->chain), NULL,
                                                       admission->crypto, &release, error)
                               : status;
}

static enum accord_status refuse_kind(struct accord_bytes kind, struct accord_error *error)
{
    accord_fail(error, ACCORD_UNKNOWN_KIND, 1);
    accord_error_expected(error, ACCORD_LITERAL("a kind of statement that this log takes"));
    accord_error_found(error, kind);
    return ACCORD_UNKNOWN_KIND;
}

static enum accord_status judge_other(struct accord_admission *admission,
                                      const struct accord_statement_claim *statement, bool *link,
                                      struct accord_error *error)
{
    bool known = false;
    enum accord_status status = accord_chain_complete(admission->chain, NULL);
    const struct accord_roster_claim *roster = status == ACCORD_OK ? accord_chain_roster(admission->chain) : NULL;
    if (roster != NULL && admission->reports != NULL && accord_reports_recognize(statement->note.whole)) {
        const struct accord_reports_log log = {
            .roster = roster, .now = accord_clock_real.now(NULL), .now_us = accord_monotonic_us()};
        *link = true;
        return accord_reports_judge(admission->reports, &log, statement->note.whole, error);
    }
    if (roster != NULL)
        status = accord_admission_product(roster, admission->crypto, statement, &known, error);
    if (roster != NULL && !known)
        status = accord_admission_member(&admission->bounds, admission->chain, statement, accord_monotonic_us(), &known,
                                         error);
    return known ? status : refuse_kind(statement->kind, error);
}

enum accord_status accord_admission_judge(struct accord_admission *admission, struct accord_bytes entry, bool *link,
                                          struct accord_error *error)
{
    struct accord_statement_claim statement;
    *link = false;
    enum accord_status status = accord_statement_parse(&statement, entry, error);
    if (status != ACCORD_OK)
        return status;
    if (accord_bytes_equal(statement.kind, ACCORD_LITERAL("release")))
        return judge_release(admission, entry, error);
    if (accord_bytes_equal(statement.kind, ACCORD_LITERAL("charter")))
        status = judge_charter(admission, entry, error);
    else if (accord_bytes_equal(statement.kind, ACCORD_LITERAL("roster")))
        status = judge_roster(admission, entry, error);
    else {
        status = judge_other(admission, &statement, link, error);
        *link = *link && status == ACCORD_OK;
        return status;
    }
    *link = status == ACCORD_OK;
    return status;
}

bool accord_admission_is_form(enum accord_status status)
{
    static const enum accord_status form[] = {
        ACCORD_MALFORMED, ACCORD_TOO_LARGE,    ACCORD_NOT_UTF8,      ACCORD_BAD_DECIMAL,   ACCORD_BAD_BASE64,
        ACCORD_BAD_HEX,   ACCORD_BAD_KEY,      ACCORD_BAD_KEY_ID,    ACCORD_KEY_TYPE,      ACCORD_TRAILING,
        ACCORD_DUPLICATE, ACCORD_UNKNOWN_NAME, ACCORD_UNKNOWN_FIELD, ACCORD_MISSING_FIELD,
    };
    for (size_t i = 0; i < sizeof form / sizeof form[0]; i++)
        if (status == form[i])
            return true;
    return false;
}

enum accord_status accord_admission_took(struct accord_admission *admission, uint64_t index, struct accord_bytes entry,
                                         struct accord_error *error)
{
    /* Below what was committed nothing new can come: a memory without this link may have been written. */
    if (index < admission->committed)
        abort();
    bool before = admission->new_link;
    admission->new_link = false;
    enum accord_status status = offer(admission, index, entry, error);
    if (status == ACCORD_OK && !admission->new_link && !accord_reports_recognize(entry)) {
        status = accord_fail(error, ACCORD_CHAIN, 0);
        accord_error_expected(error, ACCORD_LITERAL("an entry that was judged to be the next link"));
        accord_error_found_number(error, index);
    }
    admission->new_link = admission->new_link || before;
    return status;
}
