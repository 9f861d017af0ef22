/* Reading on in a log for the roster that comes next. It knows how far it read, in which trees, and what makes it stop;
 * what counts as a next roster, chain.c and walk.c know. */
#include "follow/pin.h"

#include "follow/walk.h"

#include <stdlib.h>
#include <string.h>

#define BUNDLES_AT_ONCE 64

/* A stretch of a log that is read for the next roster. */
struct stretch {
    struct accord_walk *walk;
    struct accord_pin_progress *progress;
    struct accord_pin_way *way;
    bool by_enactment; /* the tree is not one that the kept roster's policy accepts */
    bool elsewhere;    /* the kept roster is not where its trust file says: this is another log of the accord */
    bool found;
};

/* Anybody may log anything: an enactment that does not hold is passed over. */
static enum accord_status try_enactment(struct stretch *stretch, struct accord_bytes entry, struct accord_error *error)
{
    const struct accord_chain *chain = stretch->walk->chain;
    struct accord_walk_enactment *enactment = malloc(sizeof *enactment);
    if (enactment == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status =
        accord_walk_enacts(stretch->walk, accord_chain_earlier(chain),
                           accord_buffer_bytes(&chain->roster_entry[chain->current]), entry, enactment, error);
    stretch->found = status == ACCORD_OK;
    free(enactment);
    return accord_walk_may_be_enacted(status) ? ACCORD_OK : status;
}

/* A tree that nobody speaks for gives a candidate, and then what enacts it. */
static enum accord_status follow_unaccepted(struct stretch *stretch, uint64_t index, struct accord_bytes entry,
                                            struct accord_error *error)
{
    struct accord_pin_progress *progress = stretch->progress;
    enum accord_link link;
    if (progress->has_candidate) {
        return accord_walk_is_enactment(entry) ? try_enactment(stretch, entry, error) : ACCORD_OK;
    }
    enum accord_status status = accord_chain_offer(stretch->walk->chain, index, entry, &link, error);
    if (status == ACCORD_OK && link == ACCORD_LINK_ROSTER) {
        progress->has_candidate = true;
        progress->candidate = index;
    }
    return status;
}

static enum accord_status follow_entry(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                                       struct accord_bytes entry, struct accord_error *error)
{
    struct stretch *stretch = context;
    enum accord_link link;
    (void)leaf;
    /* What comes after the next roster is judged by that roster's policy: another time. */
    if (stretch->found) {
        return ACCORD_CHAIN;
    }
    if (!stretch->way->placed) {
        stretch->elsewhere = !accord_bytes_equal(entry, stretch->walk->kept->roster_entry);
        stretch->way->placed = !stretch->elsewhere;
        return stretch->elsewhere ? ACCORD_CHAIN : ACCORD_OK;
    }
    if (stretch->by_enactment) {
        return follow_unaccepted(stretch, index, entry, error);
    }
    enum accord_status status = accord_chain_offer(stretch->walk->chain, index, entry, &link, error);
    stretch->found = status == ACCORD_OK && link == ACCORD_LINK_ROSTER;
    return status;
}

static enum accord_status follow_bundle(struct stretch *stretch, struct accord_error *error)
{
    struct accord_pin_way *way = stretch->way;
    struct accord_position *position = &way->position;
    stretch->elsewhere = !way->placed && position->next >= position->size;
    enum accord_status status = ACCORD_OK;
    if (!stretch->elsewhere) {
        status =
            accord_follow_bundle(position, stretch->walk->reader, stretch->walk->crypto, follow_entry, stretch, error);
    }
    if (stretch->elsewhere) {
        way->placed = true;
        position->next = 0;
    }
    return stretch->elsewhere || stretch->found ? ACCORD_OK : status;
}

/* What was read before was read for another roster, or never. What a tree was that somebody spoke for stays. */
static void follow_from(struct accord_pin_progress *progress, const struct accord_trust_claim *kept,
                        const uint8_t digest[ACCORD_HASH_SIZE])
{
    if (progress->begun && memcmp(progress->roster, digest, ACCORD_HASH_SIZE) == 0) {
        return;
    }
    progress->begun = true;
    progress->accepted.placed = false;
    progress->accepted.position.next = kept->roster_index;
    progress->unaccepted = (struct accord_pin_way){.position.next = kept->roster_index};
    progress->has_candidate = false;
    memcpy(progress->roster, digest, ACCORD_HASH_SIZE);
}

static enum accord_status read_bundles(struct stretch *stretch, struct accord_error *error)
{
    const struct accord_walk *walk = stretch->walk;
    struct accord_position *position = &stretch->way->position;
    enum accord_status status = accord_follow_tree(position, walk->reader, walk->crypto, walk->newest, error);
    for (unsigned i = 0; status == ACCORD_OK && !stretch->found && i < BUNDLES_AT_ONCE; i++) {
        if (stretch->way->placed && position->next >= position->size) {
            break;
        }
        status = follow_bundle(stretch, error);
    }
    return status;
}

/* The candidate that was met in an earlier call is the chain's newest link again. */
static enum accord_status take_candidate(struct stretch *stretch, struct accord_error *error)
{
    struct accord_buffer entry;
    enum accord_link link = ACCORD_LINK_NONE;
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    accord_reader_set_size(stretch->walk->reader, stretch->walk->newest->size);
    enum accord_status status = accord_reader_entry(stretch->walk->reader, stretch->progress->candidate, &entry, error);
    if (status == ACCORD_OK) {
        status = accord_chain_offer(stretch->walk->chain, stretch->progress->candidate, accord_buffer_bytes(&entry),
                                    &link, error);
    }
    if (status == ACCORD_OK && link != ACCORD_LINK_ROSTER) {
        status = accord_fail(error, ACCORD_CHAIN, 0);
    }
    accord_buffer_free(&entry);
    return status;
}

/* why is the refusal of the checkpoint. It stays unless an enactment is found, or there is more to read in what the
 * log's own key signed; what such a tree contradicts is nothing that was accepted, so reading begins anew. */
static enum accord_status follow_by_enactment(struct stretch *stretch, const struct accord_trust_claim *kept,
                                              enum accord_status why, struct accord_error *error)
{
    struct accord_error failed;
    struct accord_pin_progress *progress = stretch->progress;
    stretch->way = &progress->unaccepted;
    stretch->by_enactment = true;
    enum accord_status status = progress->has_candidate ? take_candidate(stretch, &failed) : ACCORD_OK;
    if (status == ACCORD_OK) {
        status = read_bundles(stretch, &failed);
    }
    if (status == ACCORD_OK) {
        const struct accord_position *position = &stretch->way->position;
        bool goes_on = why == ACCORD_QUORUM && position->next < position->size;
        return stretch->found || goes_on ? ACCORD_OK : why;
    }
    progress->unaccepted = (struct accord_pin_way){.position.next = kept->roster_index};
    progress->has_candidate = false;
    if (accord_walk_may_be_enacted(status)) {
        return why;
    }
    if (error != NULL) {
        *error = failed;
    }
    return status;
}

static enum accord_status follow(struct stretch *stretch, struct accord_error *error)
{
    struct accord_walk *walk = stretch->walk;
    enum accord_status status = accord_walk_accepts(walk, accord_chain_roster(walk->chain), error);
    if (status == ACCORD_OK) {
        stretch->way = &stretch->progress->accepted;
        return read_bundles(stretch, error);
    }
    return accord_walk_may_be_enacted(status) ? follow_by_enactment(stretch, walk->kept, status, error) : status;
}

static enum accord_status follow_found(const struct stretch *stretch, struct accord_buffer *trust, uint64_t *number,
                                       struct accord_error *error)
{
    const struct accord_chain *chain = stretch->walk->chain;
    uint64_t next = stretch->way->position.next;
    enum accord_status status = accord_chain_trust(chain, stretch->walk->kept->distrust, trust, error);
    if (status == ACCORD_OK) {
        *number = accord_chain_roster(chain)->number;
        accord_hash(chain->crypto, accord_buffer_bytes(&chain->roster_entry[chain->current]),
                    stretch->progress->roster);
        stretch->progress->accepted.position.next = next;
        stretch->progress->accepted.placed = true;
        stretch->progress->unaccepted = (struct accord_pin_way){.placed = true, .position.next = next};
        stretch->progress->has_candidate = false;
    }
    return status;
}

enum accord_status accord_pin_next(struct accord_reader *reader, const struct accord_crypto *crypto,
                                   const struct accord_trust_claim *kept, struct accord_pin_progress *progress,
                                   struct accord_buffer *trust, uint64_t *number, bool *more,
                                   struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim newest;
    struct accord_walk walk = {.crypto = crypto, .reader = reader, .newest = &newest, .kept = kept};
    struct stretch stretch = {.walk = &walk, .progress = progress, .way = &progress->accepted};
    uint8_t digest[ACCORD_HASH_SIZE];
    *more = false;
    enum accord_status status = accord_chain_new(&walk.chain, crypto, kept->charter, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    accord_hash(crypto, kept->roster_entry, digest);
    follow_from(progress, kept, digest);
    status = accord_chain_resume(walk.chain, kept, error);
    if (status == ACCORD_OK) {
        status = accord_scan_size(reader, &note, &newest, error);
    }
    if (status == ACCORD_OK) {
        status = follow(&stretch, error);
    }
    bool found = status == ACCORD_OK && stretch.found;
    uint64_t size = stretch.way->position.size, next = stretch.way->position.next;
    if (found) {
        status = follow_found(&stretch, trust, number, error);
    }
    *more = status == ACCORD_OK && next < size;
    accord_buffer_free(&note);
    accord_chain_free(walk.chain);
    return status;
}
