/* Computing the standings: the rosters first, as whoever pins them has to, then every entry of the tree that the newest
 * checkpoint signs, proven to be in it. Knows which time counts; what counts is tally.c's. */
#include "status/standing.h"

#include <stdlib.h>
#include <string.h>

#include "follow/pin.h"
#include "monitor/sweep.h"
#include "status/tally.h"

static bool look(void *context, unsigned thread, const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry)
{
    (void)thread, (void)leaf;
    return accord_tally_look(context, entry);
}

static enum accord_status take(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                               struct accord_bytes entry, bool *changed, struct accord_error *error)
{
    (void)leaf, (void)changed;
    return accord_tally_take(context, index, entry, error);
}

/* The newest checkpoint, by the newest roster: who cosigned it, and when. */
static enum accord_status take_checkpoint(struct accord_standings *standings, const struct accord_trust_claim *trust,
                                          const struct accord_crypto *crypto, struct accord_error *error)
{
    const struct accord_roster_claim *roster = accord_standings_roster(standings);
    struct accord_policy *policy = standings->policy;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    struct accord_distrust distrust;
    struct accord_vkey vkey;
    size_t cursor = 0;
    enum accord_status status = accord_chain_policy(roster, &standings->policy_text, error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(policy, accord_buffer_bytes(&standings->policy_text), crypto, error);
    }
    while (status == ACCORD_OK && trust != NULL && accord_trust_next_distrust(trust, &cursor, &distrust)) {
        status = accord_vkey_parse(&vkey, distrust.vkey, crypto, error);
        if (status == ACCORD_OK) {
            (void)accord_policy_distrust(policy, &vkey);
        }
    }
    if (status == ACCORD_OK) {
        status = accord_roster_verify_checkpoint(roster, policy, &standings->checkpoint, crypto, &checkpoint,
                                                 &cosigners, error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < roster->key_count; i++) {
        const struct accord_roster_key *key = &roster->keys[i];
        struct accord_standing *standing = &standings->members[key->member];
        uint64_t time = 0;
        bool is_witness = key->role == ACCORD_ROLE_WITNESS, is_mirror = key->role == ACCORD_ROLE_MIRROR;
        bool is_signed = (is_witness || is_mirror) &&
                         accord_note_signed_by(&standings->checkpoint.note, &key->vkey, crypto, &time) == ACCORD_SIGNED;
        standing->has_witness = standing->has_witness || is_witness;
        standing->has_mirror = standing->has_mirror || is_mirror;
        standing->cosigned = standing->cosigned || (is_witness && is_signed);
        standing->mirrored = standing->mirrored || (is_mirror && is_signed);
        standing->last_seen = is_witness && is_signed ? time : standing->last_seen;
    }
    standings->quorum_time = status == ACCORD_OK ? cosigners.seen_at : 0;
    return status;
}

static enum accord_status pin(struct accord_standings *standings, struct accord_reader *reader,
                              const struct accord_standings_options *options, struct accord_error *error)
{
    const struct accord_trust_claim *trust = options->trust;
    struct accord_buffer made;
    accord_buffer_init(&made, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = accord_pin(reader, options->crypto, trust == NULL ? NULL : trust->charter, trust,
                                           &standings->chain, &made, error);
    if (status == ACCORD_OK && trust != NULL) {
        status = accord_pin_succeeds(options->crypto, trust, accord_buffer_bytes(&made), true, error);
    }
    accord_buffer_free(&made);
    return status;
}

static enum accord_status open_log(struct accord_standings *standings, struct accord_reader *reader,
                                   const struct accord_standings_options *options, struct accord_error *error)
{
    standings->policy = malloc(sizeof *standings->policy);
    enum accord_status status = standings->policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    if (status == ACCORD_OK) {
        status = accord_scan_size(reader, &standings->note, &standings->checkpoint, error);
    }
    if (status == ACCORD_OK) {
        status = take_checkpoint(standings, options->trust, options->crypto, error);
    }
    standings->now = options->has_at ? options->at : standings->quorum_time;
    return status;
}

static enum accord_status count(struct accord_tally *tally, struct accord_reader *reader, struct accord_error *error)
{
    const struct accord_standings_options *options = tally->options;
    const struct accord_checkpoint_claim *checkpoint = &tally->standings->checkpoint;
    struct accord_position position = {0};
    const struct accord_sweep sweep = {.reader = reader,
                                       .crypto = options->crypto,
                                       .threads = options->threads,
                                       .context = tally,
                                       .look = look,
                                       .judge = take};
    enum accord_status status = accord_follow_tree(&position, reader, options->crypto, checkpoint, error);
    while (status == ACCORD_OK && position.next < position.size) {
        status = accord_sweep(&sweep, &position, error);
        if (options->progress != NULL) {
            options->progress(options->context, position.next, position.size);
        }
    }
    return status == ACCORD_OK ? accord_tally_end(tally, error) : status;
}

static enum accord_status tally(struct accord_standings *standings, struct accord_reader *reader,
                                const struct accord_standings_options *options, struct accord_error *error)
{
    struct accord_tally *counting = calloc(1, sizeof *counting);
    if (counting == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    counting->options = options;
    counting->standings = standings;
    enum accord_status status = accord_chain_new(&counting->chain, options->crypto, standings->chain->digest, error);
    const struct accord_docket_filter all = {0};
    counting->roots = (struct accord_docket_roots){options->crypto, reader};
    counting->docket_log = accord_docket_log_of(&counting->roots, standings->checkpoint.origin);
    if (status == ACCORD_OK) {
        status = accord_docket_new(&standings->cases, options->crypto, &all, error);
    }
    if (status == ACCORD_OK) {
        status = count(counting, reader, error);
    }
    accord_chain_free(counting->chain);
    accord_digests_free(&counting->met);
    free(counting->open);
    free(counting->slots);
    free(counting);
    return status;
}

enum accord_status accord_standings_new(struct accord_standings **out, struct accord_reader *reader,
                                        const struct accord_standings_options *options, struct accord_error *error)
{
    struct accord_standings *standings = *out = calloc(1, sizeof *standings);
    if (standings == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    accord_buffer_init(&standings->note, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&standings->policy_text, ACCORD_POLICY_SIZE_MAX);
    for (size_t i = 0; i < ACCORD_MEMBERS_MAX; i++) {
        accord_buffer_init(&standings->members[i].demand, ACCORD_ENTRY_SIZE_MAX);
    }
    enum accord_status status = pin(standings, reader, options, error);
    if (status == ACCORD_OK) {
        status = open_log(standings, reader, options, error);
    }
    return status == ACCORD_OK ? tally(standings, reader, options, error) : status;
}

void accord_standings_free(struct accord_standings *standings)
{
    if (standings == NULL) {
        return;
    }
    for (size_t i = 0; i < ACCORD_MEMBERS_MAX; i++) {
        accord_buffer_free(&standings->members[i].demand);
    }
    for (size_t i = 0; i < standings->product_count; i++) {
        accord_buffer_free(&standings->products[i].policy);
    }
    accord_docket_free(standings->cases);
    free(standings->products);
    free(standings->policy);
    accord_buffer_free(&standings->policy_text);
    accord_buffer_free(&standings->note);
    accord_chain_free(standings->chain);
    free(standings);
}
