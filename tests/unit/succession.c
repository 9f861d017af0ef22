/* Rosters after witnesses have changed: pinned and followed by enactments, and led from one to the newest by one file.
 */
#include "accord/succession.h"
#include "follow/pin.h"
#include "follow/rosters.h"
#include "follow/trim.h"
#include "monitored.h"

static struct accord_error error;
static struct accord_succession *succession;
static struct accord_bytes charter, rosters[4];

/* Bits of the witnesses m0 to m3. */
#define OLD 3U /* roster 1's: m0 and m1, both of them */
#define NEW 4U /* m2 alone, whom rosters 2 and 3 ask */

/* A roster whose members are all that have a release key; those whose bit is set have a witness. */
static struct accord_bytes roster_of(unsigned number, struct accord_bytes previous, unsigned witnesses, unsigned quorum,
                                     unsigned signers)
{
    static const char *const jurisdictions[] = {"CH", "FI", "DE", "US"};
    uint8_t memory[16384];
    struct accord_out out = {memory, sizeof memory, 0, false};
    char text[128];
    put_text(&out, "accord/v1/roster\n");
    m_put_digest(&out, "charter ", charter);
    snprintf(text, sizeof text, "number %u\n", number);
    put_text(&out, text);
    if (number > 1)
        m_put_digest(&out, "previous ", previous);
    snprintf(text, sizeof text, "admit 2\nquorum %u 1\nlog ", quorum);
    put_text(&out, text);
    put_vkey(&out, M_ORIGIN, ACCORD_KEY_ED25519);
    put_text(&out, "\n");
    for (unsigned i = 0; i < 4; i++)
        put_member(&out, i, jurisdictions[i], (witnesses >> i & 1) != 0, false);
    put_signatures(&out, m_keys, signers);
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

static void enact(struct m_log *log, unsigned number, size_t index, unsigned witnesses)
{
    m_log_add(log, m_enactment(log, charter, number, index, witnesses, "stranger.example"));
}

static int set_up(void **state)
{
    accord_crypto_start();
    charter = m_charter();
    rosters[0] = roster_of(1, charter, 3, 2, 2);
    rosters[1] = roster_of(2, rosters[0], 4, 1, 2);
    rosters[2] = roster_of(3, rosters[1], 12, 2, 2);
    succession = malloc(sizeof *succession);
    *state = succession;
    return succession == NULL;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* Rosters 1 to 3: 2 enacted by the first witnesses, 3 by the second; by whom the newest checkpoint is, is the test's.
 */
static struct m_log *life(bool enacted)
{
    struct m_log *log = m_log_new();
    m_log_add(log, charter);
    m_log_add(log, rosters[0]);
    m_log_fill(log, 3, 1);
    m_log_add(log, rosters[1]);
    if (enacted)
        enact(log, 2, 5, OLD);
    m_log_fill(log, 2, 2);
    m_log_add(log, rosters[2]);
    if (enacted)
        enact(log, 3, log->count - 1, NEW);
    return log;
}

static enum accord_status pin(struct m_log *log, struct accord_trust_claim *trust)
{
    static struct accord_buffer bytes;
    struct accord_chain *chain = NULL;
    struct accord_reader *reader = m_reader(log);
    accord_buffer_free(&bytes);
    accord_buffer_init(&bytes, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = accord_pin(reader, m_crypto, NULL, NULL, &chain, &bytes, &error);
    if (status == ACCORD_OK)
        assert_int_equal(accord_trust_parse(trust, accord_buffer_bytes(&bytes), NULL), ACCORD_OK);
    accord_chain_free(chain);
    accord_reader_close(reader);
    return status;
}

static void a_log_whose_witnesses_all_changed_is_pinned(void **state)
{
    (void)state;
    struct accord_trust_claim trust;
    struct m_log *log = life(true);
    log->witnesses = 12;
    assert_int_equal(pin(log, &trust), ACCORD_OK);
    assert_true(accord_bytes_equal(trust.roster_entry, rosters[2]));
    assert_int_equal(trust.roster_index, 9);
    /* All that an enactment shows is an older tree: of the newest one its own quorum speaks. */
    log->witnesses = 8;
    assert_int_equal(pin(log, &trust), ACCORD_QUORUM);
    log->witnesses = OLD;
    assert_int_equal(pin(log, &trust), ACCORD_QUORUM);
    log->witnesses = 12;
    log->lies_at = 1;
    assert_int_equal(pin(log, &trust), ACCORD_LOG_CORRUPT);
    free(log);
}

static void without_enactments_each_roster_needs_the_quorum_before_it(void **state)
{
    (void)state;
    struct accord_trust_claim trust;
    struct m_log *log = life(false);
    log->witnesses = 12;
    assert_int_equal(pin(log, &trust), ACCORD_QUORUM);
    log->witnesses = NEW | OLD;
    assert_int_equal(pin(log, &trust), ACCORD_OK);
    assert_true(accord_bytes_equal(trust.roster_entry, rosters[2]));
    free(log);
}

static void enactments_that_do_not_hold_are_passed_over(void **state)
{
    (void)state;
    struct accord_trust_claim trust;
    struct m_log *log = m_log_new();
    m_log_add(log, charter);
    m_log_add(log, rosters[0]);
    m_log_add(log, rosters[1]);
    enact(log, 2, 2, 1);   /* one witness of two */
    enact(log, 2, 1, OLD); /* of another entry */
    enact(log, 3, 2, OLD); /* of another number */
    log->witnesses = NEW;
    assert_int_equal(pin(log, &trust), ACCORD_QUORUM);
    enact(log, 2, 2, OLD);
    assert_int_equal(pin(log, &trust), ACCORD_OK);
    assert_true(accord_bytes_equal(trust.roster_entry, rosters[1]));
    free(log);
}

/* Whoever may log anything puts a roster of their own, with the number of the one that must speak, between the next one
 * and its enactment: it does not follow, so its quorum is nobody's. */
static void what_does_not_follow_enacts_nothing(void **state)
{
    (void)state;
    struct accord_trust_claim trust;
    struct m_log *log = m_log_new();
    m_log_add(log, charter);
    m_log_add(log, rosters[0]);
    m_log_add(log, rosters[1]);
    m_log_add(log, roster_of(1, charter, 8, 1, 1));
    enact(log, 2, 2, 8);
    log->witnesses = NEW;
    assert_int_equal(pin(log, &trust), ACCORD_QUORUM);
    enact(log, 2, 2, OLD);
    assert_int_equal(pin(log, &trust), ACCORD_OK);
    free(log);
}

static struct accord_bytes trust_of(struct accord_bytes roster, uint64_t index)
{
    uint8_t memory[32768];
    struct accord_trust_claim claim = {.roster_index = index, .roster_entry = roster};
    struct accord_out out = {memory, sizeof memory, 0, false};
    accord_hash(m_crypto, charter, claim.charter);
    accord_trust_print(&out, &claim);
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

static void a_follower_reads_on_by_enactments(void **state)
{
    (void)state;
    struct m_log *log = life(true);
    struct accord_pin_progress progress = {.begun = false};
    struct accord_bytes kept_bytes = trust_of(rosters[0], 1);
    log->witnesses = 12;
    for (unsigned number = 2; number <= 4; number++) {
        struct accord_trust_claim kept;
        struct accord_buffer made;
        struct accord_reader *reader = m_reader(log);
        uint64_t found = 0;
        bool more;
        accord_buffer_init(&made, ACCORD_TRUST_SIZE_MAX);
        assert_int_equal(accord_trust_parse(&kept, kept_bytes, NULL), ACCORD_OK);
        assert_int_equal(accord_pin_next(reader, m_crypto, &kept, &progress, &made, &found, &more, &error), ACCORD_OK);
        assert_int_equal(found, number == 4 ? 0 : number);
        assert_int_equal(made.size == 0, number == 4);
        if (number < 4)
            kept_bytes = m_keep(accord_buffer_bytes(&made));
        accord_buffer_free(&made);
        accord_reader_close(reader);
    }
    free(log);
}

/* A log that nobody of the kept roster speaks for, and that enacts nothing: its refusal stays, however often one asks.
 */
static void a_follower_refuses_what_is_not_enacted(void **state)
{
    (void)state;
    struct m_log *log = life(false);
    struct accord_pin_progress progress = {.begun = false};
    struct accord_trust_claim kept;
    assert_int_equal(accord_trust_parse(&kept, trust_of(rosters[0], 1), NULL), ACCORD_OK);
    log->witnesses = 12;
    for (unsigned i = 0; i < 6; i++) {
        struct accord_buffer made;
        struct accord_reader *reader = m_reader(log);
        uint64_t found = 0;
        bool more;
        accord_buffer_init(&made, ACCORD_TRUST_SIZE_MAX);
        enum accord_status status = accord_pin_next(reader, m_crypto, &kept, &progress, &made, &found, &more, &error);
        assert_int_equal(status, i < 4 ? ACCORD_QUORUM : ACCORD_OK);
        assert_int_equal(found, i < 4 ? 0 : 2);
        if (i == 1) /* it grows: what was read is not read again */
            m_log_fill(log, 700, 3);
        if (i == 2) { /* another tree than was shown before, in which the candidate is elsewhere */
            free(log);
            log = m_log_new();
            log->witnesses = 12;
            m_log_add(log, charter);
            m_log_add(log, rosters[0]);
            m_log_add(log, rosters[1]);
        }
        if (i == 3)
            enact(log, 2, 2, OLD);
        accord_buffer_free(&made);
        accord_reader_close(reader);
        if (i == 4)
            break;
    }
    free(log);
}

/* A checkpoint loses what its quorum can do without, and only as much as must go. */
static void a_checkpoint_is_trimmed_to_its_quorum(void **state)
{
    (void)state;
    static struct accord_roster_claim claim;
    static struct accord_policy policy;
    struct m_log *log = life(false);
    struct accord_buffer text, trimmed;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    struct accord_bytes roster = roster_of(1, charter, 15, 2, 2), note = m_checkpoint(log, log->count, 15);
    assert_int_equal(accord_roster_parse(&claim, roster, m_crypto, &error), ACCORD_OK);
    assert_int_equal(accord_chain_policy(&claim, &text, &error), ACCORD_OK);
    assert_int_equal(accord_policy_parse(&policy, accord_buffer_bytes(&text), m_crypto, &error), ACCORD_OK);
    size_t most = note.size;
    for (unsigned left = 4; left >= 2; left--) {
        struct accord_checkpoint_claim parsed;
        struct accord_checkpoint checkpoint;
        struct accord_cosigners cosigners;
        accord_buffer_init(&trimmed, ACCORD_NOTE_SIZE_MAX);
        assert_int_equal(accord_checkpoint_trim(&policy, note, most, m_crypto, &trimmed, &error), ACCORD_OK);
        assert_true(trimmed.size <= most);
        assert_int_equal(accord_checkpoint_parse(&parsed, accord_buffer_bytes(&trimmed), &error), ACCORD_OK);
        assert_int_equal(accord_policy_verify(&policy, &parsed, m_crypto, &checkpoint, &cosigners, &error), ACCORD_OK);
        assert_int_equal(cosigners.count, left);
        most = trimmed.size - 1;
        accord_buffer_free(&trimmed);
    }
    accord_buffer_init(&trimmed, ACCORD_NOTE_SIZE_MAX);
    assert_int_equal(accord_checkpoint_trim(&policy, note, most, m_crypto, &trimmed, &error), ACCORD_TOO_LARGE);
    note = m_checkpoint(log, log->count, 1);
    assert_int_equal(accord_checkpoint_trim(&policy, note, note.size, m_crypto, &trimmed, &error), ACCORD_QUORUM);
    accord_buffer_free(&trimmed);
    accord_buffer_free(&text);
    free(log);
}

/* Bundles */

static uint8_t bundle_memory[1 << 18];

static struct accord_bytes bundle_of(const struct accord_bytes *parts, size_t count)
{
    struct accord_out out = {bundle_memory, sizeof bundle_memory, 0, false};
    accord_proof_bundle_begin(&out);
    for (size_t i = 0; i < count; i++)
        accord_proof_bundle_put(&out, parts[i]);
    assert_false(out.full);
    return accord_out_bytes(&out);
}

static enum accord_status follow(struct accord_bytes trust, struct accord_bytes bundle)
{
    return accord_succession_follow(succession, trust, bundle, m_crypto, &error);
}

static void one_file_leads_from_the_first_to_the_newest(void **state)
{
    (void)state;
    for (unsigned witnesses = 12; witnesses <= 15; witnesses += 3) {
        struct m_log *log = life(true);
        struct accord_chain *chain = NULL;
        struct accord_buffer bundle;
        struct accord_reader *reader = m_reader(log);
        size_t count;
        log->witnesses = witnesses;
        accord_buffer_init(&bundle, ACCORD_BUNDLE_FILE_SIZE_MAX);
        assert_int_equal(accord_rosters_bundle(reader, m_crypto, 0, &chain, &bundle, &count, &error), ACCORD_OK);
        /* Roster 1 is there where its own quorum still speaks. */
        assert_int_equal(count, witnesses == 15 ? 3 : 2);
        assert_int_equal(follow(trust_of(rosters[0], 1), accord_buffer_bytes(&bundle)), ACCORD_OK);
        assert_int_equal(succession->from, 1);
        assert_int_equal(succession->to, 3);
        assert_true(accord_bytes_equal(succession->trust.roster_entry, rosters[2]));
        assert_int_equal(succession->trust.roster_index, 9);
        assert_int_equal(follow(trust_of(rosters[2], 9), accord_buffer_bytes(&bundle)), ACCORD_OK);
        assert_int_equal(succession->to, 3);
        accord_buffer_free(&bundle);
        accord_chain_free(chain);
        accord_reader_close(reader);
        free(log);
    }
}

/* A log of the charter, roster 1 and these; each entry is a part, proven under a checkpoint of these witnesses. */
static struct accord_bytes parts_of(const struct accord_bytes *entries, size_t count, unsigned witnesses,
                                    struct accord_bytes *parts)
{
    struct m_log *log = m_log_new();
    m_log_add(log, charter);
    m_log_add(log, rosters[0]);
    for (size_t i = 0; i < count; i++)
        m_log_add(log, entries[i]);
    for (size_t i = 0; i < count; i++)
        parts[i] = m_proof(log, 2 + i, witnesses, true);
    free(log);
    return bundle_of(parts, count);
}

static void what_does_not_follow_is_refused(void **state)
{
    (void)state;
    struct accord_bytes parts[4], trust = trust_of(rosters[0], 1);
    struct accord_bytes too_few = roster_of(2, rosters[0], 4, 1, 1), fork = roster_of(2, rosters[0], 5, 1, 2);
    const struct accord_bytes forked[] = {rosters[1], fork}, chain[] = {rosters[1], rosters[2]};
    const struct accord_bytes poor[] = {too_few, rosters[1]};

    assert_int_equal(follow(trust, parts_of(chain, 2, OLD | NEW, parts)), ACCORD_OK);
    assert_int_equal(succession->to, 3);
    /* in any order, and with what is something else between them */
    const struct accord_bytes turned[] = {rosters[2], charter, rosters[1]};
    assert_int_equal(follow(trust, parts_of(turned, 3, OLD | NEW, parts)), ACCORD_OK);
    assert_int_equal(succession->to, 3);

    assert_int_equal(follow(trust, parts_of(forked, 2, OLD, parts)), ACCORD_CHAIN);
    assert_string_equal(error.what, "different rosters that follow, of number");
    assert_int_equal(follow(trust, parts_of(&rosters[2], 1, OLD, parts)), ACCORD_CHAIN);
    assert_string_equal(error.expected, "2");
    assert_string_equal(error.found, "3");
    assert_int_equal(follow(trust, parts_of(&too_few, 1, OLD, parts)), ACCORD_THRESHOLD);
    assert_int_equal(follow(trust, parts_of(poor, 2, OLD, parts)), ACCORD_OK);
    assert_int_equal(succession->to, 2);
    assert_int_equal(follow(trust, parts_of(&rosters[1], 1, NEW, parts)), ACCORD_QUORUM);
    assert_int_equal(follow(trust, parts_of(chain, 2, OLD, parts)), ACCORD_QUORUM);
    assert_int_equal(follow(trust_of(rosters[2], 3), parts_of(&rosters[1], 1, OLD, parts)), ACCORD_ROLLBACK);
    assert_string_equal(error.expected, "3");
    assert_string_equal(error.found, "2");
    assert_int_equal(follow(trust_of(fork, 3), parts_of(chain, 2, OLD, parts)), ACCORD_CHAIN);
    assert_int_equal(follow(trust, parts_of(&charter, 1, OLD, parts)), ACCORD_CHAIN);
}

static void a_proof_must_be_of_its_entry(void **state)
{
    (void)state;
    struct accord_bytes parts[4], trust = trust_of(rosters[0], 1);
    struct accord_bytes whole = parts_of(&rosters[1], 1, OLD, parts);
    assert_int_equal(follow(trust, whole), ACCORD_OK);
    /* The proof of roster 2 with another roster 2, which was signed too, in its extra line. */
    uint8_t memory[65536];
    struct accord_out out = {memory, sizeof memory, 0, false};
    struct accord_proof_claim claim;
    assert_int_equal(accord_proof_parse(&claim, parts[0], &error), ACCORD_OK);
    accord_proof_print(&out, roster_of(2, rosters[0], 5, 1, 2), claim.index, &claim.inclusion, claim.checkpoint_bytes);
    parts[0] = accord_out_bytes(&out);
    assert_int_equal(follow(trust, bundle_of(parts, 1)), ACCORD_INCLUSION);
}

static void damage_is_named_by_its_part(void **state)
{
    (void)state;
    struct accord_bytes parts[4], trust = trust_of(rosters[0], 1);
    (void)parts_of(rosters + 1, 2, OLD | NEW, parts);
    uint8_t *copy = malloc(parts[1].size);
    assert_non_null(copy);
    memcpy(copy, parts[1].data, parts[1].size);
    copy[4] ^= 1;
    parts[1].data = copy;
    assert_int_equal(follow(trust, bundle_of(parts, 2)), ACCORD_MALFORMED);
    assert_string_equal(error.what, "part 2");
    free(copy);
    assert_int_equal(follow(trust, slice("accord/v1/bundle\nproof 9\nx")), ACCORD_MALFORMED);
    assert_int_equal(follow(slice("accord/v1/trust\n"), slice("accord/v1/bundle\nproof 1\nx")), ACCORD_TRUST);
}

/* Evidence convicted m0's witness: what it says does not count, here neither. */
static void whom_the_trust_file_distrusts_does_not_count(void **state)
{
    (void)state;
    uint8_t memory[32768], line[512], evidence[ACCORD_HASH_SIZE] = {0}, vkey[256];
    struct accord_out lines = {line, sizeof line, 0, false}, out = {memory, sizeof memory, 0, false};
    struct accord_out key = {vkey, sizeof vkey, 0, false};
    struct accord_trust_claim claim = {.roster_index = 1, .roster_entry = rosters[0]};
    struct accord_bytes parts[4];
    put_vkey(&key, "m0.example/witness", ACCORD_KEY_COSIGNATURE_ED25519);
    assert_int_equal(accord_trust_add_distrust(&lines, &claim, accord_out_bytes(&key), evidence), ACCORD_OK);
    claim.distrust = accord_out_bytes(&lines);
    accord_hash(m_crypto, charter, claim.charter);
    accord_trust_print(&out, &claim);
    assert_int_equal(follow(trust_of(rosters[0], 1), parts_of(&rosters[1], 1, OLD, parts)), ACCORD_OK);
    assert_int_equal(follow(accord_out_bytes(&out), parts_of(&rosters[1], 1, OLD, parts)), ACCORD_QUORUM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_whose_witnesses_all_changed_is_pinned),
        cmocka_unit_test(without_enactments_each_roster_needs_the_quorum_before_it),
        cmocka_unit_test(enactments_that_do_not_hold_are_passed_over),
        cmocka_unit_test(what_does_not_follow_enacts_nothing),
        cmocka_unit_test(a_follower_reads_on_by_enactments),
        cmocka_unit_test(a_follower_refuses_what_is_not_enacted),
        cmocka_unit_test(a_checkpoint_is_trimmed_to_its_quorum),
        cmocka_unit_test(one_file_leads_from_the_first_to_the_newest),
        cmocka_unit_test(what_does_not_follow_is_refused),
        cmocka_unit_test(a_proof_must_be_of_its_entry),
        cmocka_unit_test(damage_is_named_by_its_part),
        cmocka_unit_test(whom_the_trust_file_distrusts_does_not_count),
    };
    return cmocka_run_group_tests_name("succession", tests, set_up, tear_down);
}
