/* What must be true before anybody trusts a log's word about its own accord. It knows which roster answers for which
 * link of the chain; the caller compares the charter's digest with one that came another way. */
#include "follow/pin.h"

#include "accord/policy.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

struct pin {
    const struct accord_crypto *crypto;
    struct accord_reader *reader;
    const struct accord_checkpoint_claim *checkpoint;
    const struct accord_trust_claim *kept; /* NULL where there is none */
    struct accord_chain *chain;
};

/* Whom the trust file of before distrusts does not count here either. */
static enum accord_status distrust(const struct pin *pin, struct accord_policy *policy, struct accord_error *error)
{
    struct accord_distrust line;
    struct accord_vkey vkey;
    size_t cursor = 0;
    while (pin->kept != NULL && accord_trust_next_distrust(pin->kept, &cursor, &line)) {
        enum accord_status status = accord_vkey_parse(&vkey, line.vkey, pin->crypto, error);
        if (status != ACCORD_OK) {
            return status;
        }
        (void)accord_policy_distrust(policy, &vkey);
    }
    return ACCORD_OK;
}

/* Is the checkpoint one that this roster's policy accepts? */
static enum accord_status verify_checkpoint(const struct pin *pin, const struct accord_roster_claim *roster,
                                            struct accord_checkpoint *checkpoint, struct accord_error *error)
{
    struct accord_buffer text;
    struct accord_cosigners cosigners;
    struct accord_policy *policy = malloc(sizeof *policy);
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status =
        policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : accord_chain_policy(roster, &text, error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(policy, accord_buffer_bytes(&text), pin->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = distrust(pin, policy, error);
    }
    if (status == ACCORD_OK) {
        status = accord_policy_verify(policy, pin->checkpoint, pin->crypto, checkpoint, &cosigners, error);
        /* What is used from here on is size and root; the origin would borrow from the policy's text. */
        checkpoint->origin = pin->checkpoint->origin;
    }
    accord_buffer_free(&text);
    free(policy);
    return status;
}

static enum accord_status verify_included(const struct pin *pin, const struct accord_checkpoint *checkpoint,
                                          uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct accord_merkle_proof proof;
    uint8_t leaf[ACCORD_HASH_SIZE];
    struct accord_hash_source source = accord_reader_hashes(pin->reader);
    enum accord_status status = accord_inclusion_prove(pin->crypto, &source, index, checkpoint->size, &proof);
    if (status != ACCORD_OK) {
        if (error != NULL) {
            *error = *accord_reader_error(pin->reader);
        }
        return status;
    }
    accord_merkle_leaf(pin->crypto, entry, leaf);
    status = accord_inclusion_verify(pin->crypto, index, checkpoint->size, leaf, &proof, checkpoint->root);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

static enum accord_status pin_entry(void *context, uint64_t index, struct accord_bytes entry,
                                    struct accord_error *error)
{
    struct pin *pin = context;
    struct accord_checkpoint checkpoint;
    enum accord_link link;
    enum accord_status status = accord_chain_offer(pin->chain, index, entry, &link, error);
    if (status != ACCORD_OK || link != ACCORD_LINK_ROSTER) {
        return status;
    }
    const struct accord_roster_claim *roster = accord_chain_roster(pin->chain);
    bool first = roster->number == 1;
    const struct accord_roster_claim *answers = first ? roster : &pin->chain->roster[1 - pin->chain->current];
    status = verify_checkpoint(pin, answers, &checkpoint, error);
    if (status == ACCORD_OK && first) {
        status = verify_included(pin, &checkpoint, pin->chain->charter_index,
                                 accord_buffer_bytes(&pin->chain->charter_entry), error);
    }
    if (status == ACCORD_OK) {
        status = verify_included(pin, &checkpoint, index, entry, error);
    }
    return status;
}

static enum accord_status print_trust(const struct accord_chain *chain, struct accord_bytes distrust,
                                      struct accord_buffer *trust, struct accord_error *error)
{
    struct accord_trust_claim claim = {.roster_index = chain->roster_index,
                                       .distrust = distrust,
                                       .roster_entry = accord_buffer_bytes(&chain->roster_entry[chain->current])};
    memcpy(claim.charter, chain->digest, ACCORD_HASH_SIZE);
    size_t room = claim.roster_entry.size + distrust.size + 256;
    enum accord_status status = accord_buffer_reserve(trust, room);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {trust->data + trust->size, room, 0, false};
    accord_trust_print(&out, &claim);
    trust->size += out.size;
    return ACCORD_OK;
}

enum accord_status accord_pin(struct accord_reader *reader, const struct accord_crypto *crypto, const uint8_t *charter,
                              const struct accord_trust_claim *kept, struct accord_chain **chain,
                              struct accord_buffer *trust, struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    struct pin pin = {.crypto = crypto, .reader = reader, .checkpoint = &checkpoint, .kept = kept};
    enum accord_status status = accord_chain_new(chain, crypto, charter, error);
    if (status != ACCORD_OK) {
        return status;
    }
    pin.chain = *chain;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = accord_scan_size(reader, &note, &checkpoint, error);
    if (status == ACCORD_OK) {
        status = accord_scan(reader, checkpoint.size, pin_entry, &pin, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(*chain, error);
    }
    if (status == ACCORD_OK) {
        status = print_trust(*chain, kept == NULL ? (struct accord_bytes){NULL, 0} : kept->distrust, trust, error);
    }
    accord_buffer_free(&note);
    return status;
}

/* Following */

#define BUNDLES_AT_ONCE 64

/* A stretch of a log that is read for the next roster. */
struct stretch {
    const struct pin *pin;
    struct accord_pin_progress *progress;
    bool elsewhere; /* the kept roster is not where its trust file says: this is another log of the accord */
    bool found;
};

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
    if (!stretch->progress->placed) {
        stretch->elsewhere = !accord_bytes_equal(entry, stretch->pin->kept->roster_entry);
        stretch->progress->placed = !stretch->elsewhere;
        return stretch->elsewhere ? ACCORD_CHAIN : ACCORD_OK;
    }
    enum accord_status status = accord_chain_offer(stretch->pin->chain, index, entry, &link, error);
    stretch->found = status == ACCORD_OK && link == ACCORD_LINK_ROSTER;
    return status;
}

static enum accord_status follow_bundle(struct stretch *stretch, struct accord_error *error)
{
    struct accord_pin_progress *progress = stretch->progress;
    struct accord_position *position = &progress->position;
    stretch->elsewhere = !progress->placed && position->next >= position->size;
    enum accord_status status = ACCORD_OK;
    if (!stretch->elsewhere) {
        status =
            accord_follow_bundle(position, stretch->pin->reader, stretch->pin->crypto, follow_entry, stretch, error);
    }
    if (stretch->elsewhere) {
        progress->placed = true;
        position->next = 0;
    }
    return stretch->elsewhere || stretch->found ? ACCORD_OK : status;
}

/* What was read before was read for another roster, or never. */
static void follow_from(struct accord_pin_progress *progress, const struct accord_trust_claim *kept,
                        const uint8_t digest[ACCORD_HASH_SIZE])
{
    if (progress->begun && memcmp(progress->roster, digest, ACCORD_HASH_SIZE) == 0) {
        return;
    }
    progress->begun = true;
    progress->placed = false;
    progress->position.next = kept->roster_index;
    memcpy(progress->roster, digest, ACCORD_HASH_SIZE);
}

static enum accord_status follow_stretch(struct stretch *stretch, struct accord_error *error)
{
    const struct pin *pin = stretch->pin;
    struct accord_position *position = &stretch->progress->position;
    struct accord_checkpoint checkpoint;
    enum accord_status status = verify_checkpoint(pin, accord_chain_roster(pin->chain), &checkpoint, error);
    if (status == ACCORD_OK) {
        status = accord_follow_tree(position, pin->reader, pin->crypto, pin->checkpoint, error);
    }
    for (unsigned i = 0; status == ACCORD_OK && !stretch->found && i < BUNDLES_AT_ONCE; i++) {
        if (stretch->progress->placed && position->next >= position->size) {
            break;
        }
        status = follow_bundle(stretch, error);
    }
    return status;
}

static enum accord_status follow_found(const struct stretch *stretch, struct accord_buffer *trust, uint64_t *number,
                                       struct accord_error *error)
{
    const struct accord_chain *chain = stretch->pin->chain;
    enum accord_status status = print_trust(chain, stretch->pin->kept->distrust, trust, error);
    if (status == ACCORD_OK) {
        *number = accord_chain_roster(chain)->number;
        accord_hash(chain->crypto, accord_buffer_bytes(&chain->roster_entry[chain->current]),
                    stretch->progress->roster);
    }
    return status;
}

enum accord_status accord_pin_next(struct accord_reader *reader, const struct accord_crypto *crypto,
                                   const struct accord_trust_claim *kept, struct accord_pin_progress *progress,
                                   struct accord_buffer *trust, uint64_t *number, bool *more,
                                   struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint;
    struct pin pin = {.crypto = crypto, .reader = reader, .checkpoint = &checkpoint, .kept = kept};
    struct stretch stretch = {.pin = &pin, .progress = progress};
    uint8_t digest[ACCORD_HASH_SIZE];
    *more = false;
    enum accord_status status = accord_chain_new(&pin.chain, crypto, kept->charter, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    accord_hash(crypto, kept->roster_entry, digest);
    follow_from(progress, kept, digest);
    status = accord_chain_resume(pin.chain, kept, error);
    if (status == ACCORD_OK) {
        status = accord_scan_size(reader, &note, &checkpoint, error);
    }
    if (status == ACCORD_OK) {
        status = follow_stretch(&stretch, error);
    }
    if (status == ACCORD_OK && stretch.found) {
        status = follow_found(&stretch, trust, number, error);
    }
    *more = status == ACCORD_OK && progress->position.next < progress->position.size;
    accord_buffer_free(&note);
    accord_chain_free(pin.chain);
    return status;
}

/* The number of the roster in a trust file; 0 where it holds none that can be read. */
static enum accord_status roster_number(const struct accord_crypto *crypto, const struct accord_trust_claim *trust,
                                        uint64_t *number, struct accord_error *error)
{
    struct accord_roster_claim *roster = malloc(sizeof *roster);
    if (roster == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    bool read = accord_roster_parse(roster, trust->roster_entry, crypto, NULL) == ACCORD_OK;
    *number = read ? roster->number : 0;
    free(roster);
    return ACCORD_OK;
}

static enum accord_status refuse_charter(const struct accord_trust_claim *kept, const struct accord_trust_claim *made,
                                         struct accord_error *error)
{
    uint8_t text[7 + 2 * ACCORD_HASH_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_fail(error, ACCORD_CHAIN, 0);
    accord_error_what(error, ACCORD_LITERAL("charter"));
    accord_digest_print(&out, kept->charter);
    accord_error_expected(error, accord_out_bytes(&out));
    out.size = 0;
    accord_digest_print(&out, made->charter);
    accord_error_found(error, accord_out_bytes(&out));
    return ACCORD_CHAIN;
}

enum accord_status accord_pin_succeeds(const struct accord_crypto *crypto, const struct accord_trust_claim *kept,
                                       struct accord_bytes trust, bool charter_given, struct accord_error *error)
{
    struct accord_trust_claim made;
    uint64_t kept_number = 0, made_number = 0;
    if (kept->roster_entry.size == 0 || accord_trust_parse(&made, trust, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    if (memcmp(kept->charter, made.charter, ACCORD_HASH_SIZE) != 0) {
        return charter_given ? ACCORD_OK : refuse_charter(kept, &made, error);
    }
    enum accord_status status = roster_number(crypto, kept, &kept_number, error);
    if (status == ACCORD_OK) {
        status = roster_number(crypto, &made, &made_number, error);
    }
    if (status == ACCORD_OK && made_number < kept_number) {
        status = accord_fail(error, ACCORD_ROLLBACK, 0);
        accord_error_what(error, ACCORD_LITERAL("roster"));
        accord_error_expected_number(error, kept_number);
        accord_error_found_number(error, made_number);
    }
    return status;
}

enum accord_status accord_pin_kept(const struct accord_fs *fs, const char *path, struct accord_buffer *bytes,
                                   struct accord_trust_claim *kept, struct accord_error *error)
{
    static const char head[] = "accord/v1/trust\n";
    memset(kept, 0, sizeof *kept);
    if (fs->exists(fs->context, path) != 1) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_file_read(fs, path, bytes, error);
    if (status != ACCORD_OK || bytes->size < sizeof head - 1 || memcmp(bytes->data, head, sizeof head - 1) != 0) {
        return status;
    }
    return accord_trust_parse(kept, accord_buffer_bytes(bytes), error);
}
