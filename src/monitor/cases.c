/* Which entries of a log a watched vendor's cases stand on. It asks the docket what it keeps, and remembers that; what
 * a case means, and what counts in it, the docket knows alone. */
#include "monitor/cases.h"

#include <stdlib.h>
#include <string.h>

#include "accord/release.h"
#include "core/fields.h"
#include "core/text.h"

#define RELEASED_LINE_MAX (sizeof "released sha256: \n" + 2 * ACCORD_HASH_SIZE + ACCORD_DOMAIN_SIZE_MAX)

struct released {
    uint8_t digest[ACCORD_HASH_SIZE];
    size_t vendor;
};

struct known {
    uint8_t id[ACCORD_HASH_SIZE];
    size_t vendor;
};

struct accord_monitor_cases {
    const struct accord_crypto *crypto;
    const struct accord_bytes *vendors;
    size_t vendor_count;
    uint8_t charter[ACCORD_HASH_SIZE];

    /* Memory. */
    size_t entry_count, released_count;
    uint64_t entries[ACCORD_MONITOR_CASE_ENTRIES_MAX]; /* links of the chain too; ascending */
    struct released released[ACCORD_MONITOR_RELEASES_MAX];
    bool full;

    /* The look that is under way. */
    struct accord_chain *chain;
    struct accord_docket **dockets; /* of each vendor */
    struct accord_docket_roots roots;
    struct accord_docket_log log;
    struct accord_buffer origin;
    size_t known_count;
    struct known known[ACCORD_MONITOR_CASES_MAX]; /* the cases that are followed */
};

enum accord_status accord_monitor_cases_new(struct accord_monitor_cases **cases, const struct accord_crypto *crypto,
                                            const struct accord_bytes *vendors, size_t vendor_count,
                                            const uint8_t charter[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_monitor_cases *made = calloc(1, sizeof *made);
    *cases = made;
    if (made == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    made->crypto = crypto;
    made->vendors = vendors;
    made->vendor_count = vendor_count;
    memcpy(made->charter, charter, ACCORD_HASH_SIZE);
    accord_buffer_init(&made->origin, ACCORD_ORIGIN_SIZE_MAX);
    made->dockets = calloc(vendor_count + 1, sizeof made->dockets[0]);
    return made->dockets == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

/* What is of one look. */
static void end_look(struct accord_monitor_cases *cases)
{
    for (size_t i = 0; cases->dockets != NULL && i < cases->vendor_count; i++) {
        accord_docket_free(cases->dockets[i]);
        cases->dockets[i] = NULL;
    }
    accord_chain_free(cases->chain);
    cases->chain = NULL;
    cases->known_count = 0;
}

void accord_monitor_cases_free(struct accord_monitor_cases *cases)
{
    if (cases == NULL)
        return;
    end_look(cases);
    free(cases->dockets);
    accord_buffer_free(&cases->origin);
    free(cases);
}

bool accord_monitor_cases_full(const struct accord_monitor_cases *cases)
{
    return cases->full;
}

/* The place of a vendor that is watched, or SIZE_MAX. */
static size_t vendor_of(const struct accord_monitor_cases *cases, struct accord_bytes domain)
{
    for (size_t i = 0; i < cases->vendor_count; i++)
        if (accord_bytes_equal(cases->vendors[i], domain))
            return i;
    return SIZE_MAX;
}

/* Memory */

/* Entries come in the order of the log; one that is judged again is there already. However many cases there are, a
 * roster has room: without it the next ones could not be judged. */
static void remember(struct accord_monitor_cases *cases, uint64_t index, bool link)
{
    size_t most = ACCORD_MONITOR_CASE_ENTRIES_MAX - (link ? 0 : ACCORD_MONITOR_LINKS_ROOM);
    if (cases->entry_count > 0 && cases->entries[cases->entry_count - 1] >= index)
        return;
    if (cases->entry_count >= most) {
        cases->full = true;
        return;
    }
    cases->entries[cases->entry_count++] = index;
}

static void remember_release(struct accord_monitor_cases *cases, const uint8_t digest[ACCORD_HASH_SIZE], size_t vendor)
{
    for (size_t i = 0; i < cases->released_count; i++)
        if (cases->released[i].vendor == vendor && memcmp(cases->released[i].digest, digest, ACCORD_HASH_SIZE) == 0)
            return;
    if (cases->released_count == ACCORD_MONITOR_RELEASES_MAX) {
        cases->released_count--;
        memmove(&cases->released[0], &cases->released[1], cases->released_count * sizeof cases->released[0]);
    }
    struct released *released = &cases->released[cases->released_count++];
    memcpy(released->digest, digest, ACCORD_HASH_SIZE);
    released->vendor = vendor;
}

enum accord_status accord_monitor_cases_print(const struct accord_monitor_cases *cases, struct accord_buffer *lines)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < cases->entry_count; i++) {
        uint8_t line[32];
        struct accord_out out = {line, sizeof line, 0, false};
        accord_put(&out, ACCORD_LITERAL("entry "));
        accord_put_decimal(&out, cases->entries[i]);
        accord_put_byte(&out, '\n');
        status = accord_buffer_append(lines, accord_out_bytes(&out));
    }
    for (size_t i = 0; status == ACCORD_OK && i < cases->released_count; i++) {
        uint8_t line[RELEASED_LINE_MAX];
        struct accord_out out = {line, sizeof line, 0, false};
        accord_put(&out, ACCORD_LITERAL("released "));
        accord_digest_print(&out, cases->released[i].digest);
        accord_put_byte(&out, ' ');
        accord_put(&out, cases->vendors[cases->released[i].vendor]);
        accord_put_byte(&out, '\n');
        status = accord_buffer_append(lines, accord_out_bytes(&out));
    }
    return status;
}

static bool cut_entry(struct accord_bytes *rest, uint64_t *index)
{
    struct accord_bytes line;
    return accord_cut_prefix(rest, ACCORD_LITERAL("entry ")) && accord_cut_line(rest, &line) &&
           accord_decimal_read(line, index);
}

static bool cut_released(struct accord_bytes *rest, uint8_t digest[ACCORD_HASH_SIZE], struct accord_bytes *vendor)
{
    struct accord_bytes word;
    return accord_cut_prefix(rest, ACCORD_LITERAL("released ")) && accord_cut_line(rest, vendor) &&
           accord_cut(vendor, ' ', &word) && accord_digest_parse(word, digest) && accord_domain_valid(*vendor);
}

static bool at(struct accord_bytes rest, struct accord_bytes prefix)
{
    return accord_cut_prefix(&rest, prefix);
}

bool accord_monitor_cases_cut(struct accord_bytes *rest, uint64_t next, struct accord_bytes *lines)
{
    struct accord_bytes from = *rest, vendor;
    uint8_t digest[ACCORD_HASH_SIZE];
    uint64_t index, before = 0;
    size_t entries = 0, releases = 0;
    while (at(*rest, ACCORD_LITERAL("entry "))) {
        if (!cut_entry(rest, &index) || index >= next || (entries > 0 && index <= before) ||
            ++entries > ACCORD_MONITOR_CASE_ENTRIES_MAX)
            return false;
        before = index;
    }
    while (at(*rest, ACCORD_LITERAL("released ")))
        if (!cut_released(rest, digest, &vendor) || ++releases > ACCORD_MONITOR_RELEASES_MAX)
            return false;
    *lines = (struct accord_bytes){from.data, from.size - rest->size};
    return true;
}

enum accord_status accord_monitor_cases_read(struct accord_monitor_cases *cases, struct accord_bytes lines,
                                             struct accord_error *error)
{
    struct accord_bytes rest = lines, vendor;
    uint8_t digest[ACCORD_HASH_SIZE];
    uint64_t index;
    if (!accord_monitor_cases_cut(&rest, UINT64_MAX, &lines) || rest.size > 0)
        return accord_fail(error, ACCORD_STATE, 0);
    while (cut_entry(&lines, &index))
        remember(cases, index, true);
    while (cut_released(&lines, digest, &vendor)) {
        size_t place = vendor_of(cases, vendor);
        if (place != SIZE_MAX)
            remember_release(cases, digest, place);
    }
    return ACCORD_OK;
}

/* Entries */

static size_t known_vendor(const struct accord_monitor_cases *cases, const uint8_t id[ACCORD_HASH_SIZE])
{
    for (size_t i = 0; i < cases->known_count; i++)
        if (memcmp(cases->known[i].id, id, ACCORD_HASH_SIZE) == 0)
            return cases->known[i].vendor;
    return SIZE_MAX;
}

/* Whoever floods one vendor takes no place of another's. */
static bool has_room(const struct accord_monitor_cases *cases, size_t vendor)
{
    size_t count = 0, share = ACCORD_MONITOR_CASES_MAX / cases->vendor_count;
    for (size_t i = 0; i < cases->known_count; i++)
        count += cases->known[i].vendor == vendor;
    return count < (share > 0 ? share : 1) && cases->known_count < ACCORD_MONITOR_CASES_MAX;
}

/* Shows the entry to a vendor's docket. *kept says that the docket kept something of it. */
static enum accord_status show(struct accord_monitor_cases *cases, size_t vendor, uint64_t index,
                               struct accord_bytes entry, bool *kept, struct accord_error *error)
{
    struct accord_docket *docket = cases->dockets[vendor];
    uint64_t before = accord_docket_weight(docket);
    enum accord_status status = accord_docket_see(docket, cases->chain, &cases->log, index, entry, error);
    *kept = status == ACCORD_OK && accord_docket_weight(docket) != before;
    if (*kept)
        remember(cases, index, false);
    return status;
}

/* The value of the second line, where it has this key: every report's vendor, every answer's case. */
static bool second_line(struct accord_bytes entry, struct accord_bytes key, struct accord_bytes *value)
{
    struct accord_bytes line;
    return accord_cut_line(&entry, &line) && accord_cut_prefix(&entry, key) && accord_cut_line(&entry, value);
}

static enum accord_status take_release(struct accord_monitor_cases *cases, struct accord_bytes entry,
                                       struct accord_error *error)
{
    struct accord_release_claim claim;
    struct accord_release verified;
    struct accord_bytes domain;
    uint8_t digest[ACCORD_HASH_SIZE];
    size_t vendor = second_line(entry, ACCORD_LITERAL("vendor "), &domain) ? vendor_of(cases, domain) : SIZE_MAX;
    if (vendor == SIZE_MAX || accord_release_parse(&claim, entry, NULL) != ACCORD_OK ||
        accord_release_verify(&claim, accord_chain_roster(cases->chain), NULL, cases->crypto, &verified, NULL) !=
            ACCORD_OK)
        return ACCORD_OK;
    accord_hash(cases->crypto, entry, digest);
    remember_release(cases, digest, vendor);
    return accord_docket_note_release(cases->dockets[vendor], digest, claim.vendor, error);
}

static enum accord_status take_report(struct accord_monitor_cases *cases, uint64_t index, struct accord_bytes entry,
                                      struct accord_error *error)
{
    struct accord_bytes domain;
    bool kept;
    size_t vendor = second_line(entry, ACCORD_LITERAL("vendor "), &domain) ? vendor_of(cases, domain) : SIZE_MAX;
    if (vendor == SIZE_MAX)
        return ACCORD_OK;
    if (!has_room(cases, vendor)) {
        cases->full = true;
        return ACCORD_OK;
    }
    enum accord_status status = show(cases, vendor, index, entry, &kept, error);
    if (kept) {
        struct known *known = &cases->known[cases->known_count++];
        accord_hash(cases->crypto, entry, known->id);
        known->vendor = vendor;
    }
    return status;
}

/* A checkpoint in the log dates what stands before it: it is needed where nothing newer does. */
static enum accord_status take_tick(struct accord_monitor_cases *cases, uint64_t index, struct accord_bytes entry,
                                    struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    bool kept;
    for (size_t i = 0; status == ACCORD_OK && i < cases->vendor_count; i++)
        if (accord_docket_wants_tick(cases->dockets[i]))
            status = show(cases, i, index, entry, &kept, error);
    return status;
}

static enum accord_status take_answer(struct accord_monitor_cases *cases, uint64_t index, struct accord_bytes entry,
                                      struct accord_error *error)
{
    struct accord_bytes text;
    uint8_t id[ACCORD_HASH_SIZE];
    bool kept;
    if (!second_line(entry, ACCORD_LITERAL("case "), &text) || !accord_digest_parse(text, id))
        return ACCORD_OK;
    size_t vendor = known_vendor(cases, id);
    return vendor == SIZE_MAX ? ACCORD_OK : show(cases, vendor, index, entry, &kept, error);
}

bool accord_monitor_cases_look(struct accord_bytes entry)
{
    return at(entry, ACCORD_LITERAL("accord/v1/report\n")) || at(entry, ACCORD_LITERAL("accord/v1/tick\n")) ||
           at(entry, ACCORD_LITERAL("accord/v1/release\n")) || accord_answer_recognize(entry);
}

enum accord_status accord_monitor_cases_take(struct accord_monitor_cases *cases, uint64_t index,
                                             struct accord_bytes entry, struct accord_error *error)
{
    enum accord_link link;
    enum accord_status status = accord_chain_offer(cases->chain, index, entry, &link, error);
    if (status != ACCORD_OK)
        return status;
    if (link != ACCORD_LINK_NONE) {
        remember(cases, index, true);
        return ACCORD_OK;
    }
    if (!cases->chain->has_roster)
        return ACCORD_OK;
    if (at(entry, ACCORD_LITERAL("accord/v1/release\n")))
        return take_release(cases, entry, error);
    if (at(entry, ACCORD_LITERAL("accord/v1/report\n")))
        return take_report(cases, index, entry, error);
    if (at(entry, ACCORD_LITERAL("accord/v1/tick\n")))
        return take_tick(cases, index, entry, error);
    return accord_answer_recognize(entry) ? take_answer(cases, index, entry, error) : ACCORD_OK;
}

/* Looks */

static enum accord_status open_dockets(struct accord_monitor_cases *cases, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < cases->vendor_count; i++) {
        const struct accord_docket_filter filter = {.vendor = cases->vendors[i]};
        status = accord_docket_new(&cases->dockets[i], cases->crypto, &filter, error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < cases->released_count; i++) {
        const struct released *released = &cases->released[i];
        status = accord_docket_note_release(cases->dockets[released->vendor], released->digest,
                                            cases->vendors[released->vendor], error);
    }
    return status;
}

enum accord_status accord_monitor_cases_begin(struct accord_monitor_cases *cases,
                                              const struct accord_monitor_cases_log *log, struct accord_error *error)
{
    struct accord_buffer entry;
    end_look(cases);
    cases->origin.size = 0;
    enum accord_status status = accord_buffer_append(&cases->origin, log->origin);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    cases->roots = (struct accord_docket_roots){cases->crypto, log->reader};
    cases->log = accord_docket_log_of(&cases->roots, accord_buffer_bytes(&cases->origin));
    status = accord_chain_new(&cases->chain, cases->crypto, cases->charter, error);
    if (status == ACCORD_OK)
        status = open_dockets(cases, error);
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    for (size_t i = 0; status == ACCORD_OK && i < cases->entry_count; i++) {
        entry.size = 0;
        status = log->read(log->context, log->reader, cases->entries[i], &entry, error);
        if (status == ACCORD_OK)
            status = accord_monitor_cases_take(cases, cases->entries[i], accord_buffer_bytes(&entry), error);
    }
    accord_buffer_free(&entry);
    return status;
}

enum accord_status accord_monitor_cases_end(struct accord_monitor_cases *cases, uint64_t size, uint64_t time,
                                            enum accord_status (*tell)(void *context, struct accord_bytes vendor,
                                                                       const struct accord_docket_case *found,
                                                                       struct accord_error *error),
                                            void *context, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0;
         status == ACCORD_OK && cases->chain != NULL && cases->chain->has_roster && i < cases->vendor_count; i++) {
        struct accord_docket *docket = cases->dockets[i];
        status = accord_docket_judge(docket, cases->chain, size, time, error);
        for (size_t k = 0; status == ACCORD_OK && k < accord_docket_count(docket); k++)
            status = tell(context, cases->vendors[i], accord_docket_case(docket, k), error);
    }
    end_look(cases);
    return status;
}
