/* Reading a log for its advisories, and gathering what a document about one says: its history with the times of the
 * log's clock, and the releases that it names. What any of it means it does not ask. */
#include "cli/advisory_log.h"

#include <stdlib.h>
#include <string.h>

#include "cli/say.h"
#include "core/text.h"

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    return accord_board_see(context, chain, index, entry, error);
}

enum accord_status accord_advisory_log_open(struct accord_advisory_log *advisories, const struct accord_call *call,
                                            const char *location, const char *trust,
                                            const struct accord_board_filter *filter, struct accord_error *error)
{
    static const uint8_t none[ACCORD_HASH_SIZE] = {0};
    const struct accord_docket_filter cases = {.id = none}; /* the clock alone is wanted */
    *advisories = (struct accord_advisory_log){0};
    enum accord_status status = accord_board_new(&advisories->board, call->crypto, filter, error);
    const struct accord_case_log_seen seen = {advisories->board, see};
    return status == ACCORD_OK ? accord_case_log_walk(&advisories->log, call, location, trust, &cases, &seen, error)
                               : status;
}

void accord_advisory_log_free(struct accord_advisory_log *advisories)
{
    accord_board_free(advisories->board);
    accord_case_log_free(&advisories->log);
}

/* Releases */

static bool named_before(const struct accord_advisory_sight *sight, const uint8_t digest[ACCORD_HASH_SIZE])
{
    return accord_view_find(&sight->view, digest) != NULL;
}

/* What is no release of this vendor's product is left out: one advisory that says so spoils no other. */
static enum accord_status add_release(struct accord_advisory_sight *sight, struct accord_advisory_log *advisories,
                                      const struct accord_advisory_item *item, struct accord_error *error)
{
    uint64_t index;
    size_t place = sight->view.release_count;
    struct accord_view_release *release = &sight->releases[place];
    struct accord_buffer *entry = &sight->entries[place];
    if (!accord_board_release(advisories->board, item->digest, sight->claim->vendor, &index)) {
        return ACCORD_OK;
    }
    accord_buffer_init(entry, ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = accord_reader_entry(advisories->log.reader, index, entry, error);
    if (status != ACCORD_OK || accord_release_parse(&release->claim, accord_buffer_bytes(entry), NULL) != ACCORD_OK ||
        !accord_bytes_equal(release->claim.product, item->product)) {
        accord_buffer_free(entry);
        return status;
    }
    memcpy(release->digest, item->digest, sizeof release->digest);
    release->index = index;
    release->time = accord_docket_time(advisories->log.docket, index);
    sight->view.release_count++;
    return ACCORD_OK;
}

static enum accord_status add_releases(struct accord_advisory_sight *sight, struct accord_advisory_log *advisories,
                                       struct accord_error *error)
{
    struct accord_advisory_item item;
    size_t cursor = 0, count = 0;
    while (accord_advisory_next(sight->claim, &cursor, &item)) {
        count += item.has_digest;
    }
    sight->releases = calloc(count + 1, sizeof *sight->releases);
    sight->entries = calloc(count + 1, sizeof *sight->entries);
    sight->view.releases = sight->releases;
    if (sight->releases == NULL || sight->entries == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = ACCORD_OK;
    cursor = 0;
    while (status == ACCORD_OK && accord_advisory_next(sight->claim, &cursor, &item)) {
        if (item.has_digest && item.kind != ACCORD_ADVISORY_CASE && !named_before(sight, item.digest)) {
            status = add_release(sight, advisories, &item, error);
        }
    }
    return status;
}

/* Views */

static const struct accord_member *member_of(const struct accord_roster_claim *roster, struct accord_bytes domain)
{
    size_t place = accord_roster_member(roster, domain);
    return place == SIZE_MAX ? NULL : &roster->members[place];
}

/* What is the same for all views of a log. */
static enum accord_status begin(struct accord_advisory_sight *sight, struct accord_advisory_log *advisories,
                                struct accord_bytes entry, struct accord_error *error)
{
    const struct accord_roster_claim *roster = accord_chain_roster(advisories->log.chain);
    *sight = (struct accord_advisory_sight){.claim = calloc(1, sizeof *sight->claim)};
    if (sight->claim == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_advisory_parse(sight->claim, entry, error);
    if (status != ACCORD_OK) {
        return status;
    }
    const struct accord_member *member = member_of(roster, sight->claim->vendor);
    struct accord_advisory_view *view = &sight->view;
    view->advisory = sight->claim;
    view->entry = entry;
    view->origin = advisories->log.now.claim.origin;
    view->publisher = member == NULL ? sight->claim->vendor : member->title;
    for (size_t i = 0; i < roster->log_count; i++) {
        if (accord_bytes_equal(roster->logs[i].vkey.name, view->origin)) {
            view->log_url = roster->logs[i].url;
        }
    }
    return add_releases(sight, advisories, error);
}

enum accord_status accord_advisory_see(struct accord_advisory_sight *sight, struct accord_advisory_log *advisories,
                                       const struct accord_board_advisory *advisory, struct accord_error *error)
{
    enum accord_status status = begin(sight, advisories, advisory->entry, error);
    if (status != ACCORD_OK) {
        return status;
    }
    sight->revisions = calloc(advisory->revision_count, sizeof *sight->revisions);
    if (sight->revisions == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    for (size_t i = 0; i < advisory->revision_count; i++) {
        const struct accord_board_revision *revision = &advisory->revisions[i];
        sight->revisions[i] = (struct accord_view_revision){
            i + 1, revision->index, accord_docket_time(advisories->log.docket, revision->index), revision->change};
    }
    sight->view.index = advisory->revisions[advisory->revision_count - 1].index;
    sight->view.revisions = sight->revisions;
    sight->view.revision_count = advisory->revision_count;
    return ACCORD_OK;
}

enum accord_status accord_advisory_see_draft(struct accord_advisory_sight *sight,
                                             struct accord_advisory_log *advisories, struct accord_bytes entry,
                                             uint64_t time, struct accord_error *error)
{
    enum accord_status status = begin(sight, advisories, entry, error);
    if (status != ACCORD_OK) {
        return status;
    }
    sight->revisions = calloc(1, sizeof *sight->revisions);
    if (sight->revisions == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    sight->revisions[0] = (struct accord_view_revision){1, 0, time, {NULL, 0}};
    sight->view.draft = true;
    sight->view.revisions = sight->revisions;
    sight->view.revision_count = 1;
    return ACCORD_OK;
}

void accord_advisory_sight_free(struct accord_advisory_sight *sight)
{
    for (size_t i = 0; sight->entries != NULL && i < sight->view.release_count; i++) {
        accord_buffer_free(&sight->entries[i]);
    }
    free(sight->entries);
    free(sight->releases);
    free(sight->revisions);
    free(sight->claim);
}

enum accord_status accord_advisory_find(const struct accord_board *board, const char *text,
                                        const struct accord_board_advisory **found, struct accord_error *error)
{
    struct accord_bytes id = accord_bytes_of(text), vendor;
    size_t count = 0;
    if (!accord_cut(&id, '/', &vendor)) {
        vendor = (struct accord_bytes){NULL, 0};
    }
    for (size_t i = 0; i < accord_board_count(board); i++) {
        const struct accord_board_advisory *one = accord_board_advisory(board, i);
        if (accord_bytes_equal(one->id, id) && (vendor.size == 0 || accord_bytes_equal(one->vendor, vendor))) {
            *found = one;
            count++;
        }
    }
    if (count == 1) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_fail(error, count == 0 ? ACCORD_NOT_FOUND : ACCORD_DUPLICATE, 0);
    accord_error_what(error, accord_bytes_of(text));
    accord_error_expected(error, count == 0 ? ACCORD_LITERAL("an advisory of this log: its ID, or VENDOR/ID")
                                            : ACCORD_LITERAL("VENDOR/ID: several vendors have one of this name"));
    return status;
}
