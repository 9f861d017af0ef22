/* The judge's rules, each at its boundary. The dossier is filled by hand: what proofs establish, others test. */
#include "accord/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/key.h"

#define MEMBERS 5
#define RELEASED_AT 100000 /* quorum time of the release */
#define RELEASE_INDEX 50
#define HEX_0 "0000000000000000000000000000000000000000000000000000000000000000"
#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define S "sha256:5555555555555555555555555555555555555555555555555555555555555555"
#define D "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define HEAD(kind) "accord/v1/" kind "\nvendor m0.example\nproduct p\n"
#define ATTEST(stage, by) "accord/v1/attest\nstage " stage "\nvendor m0.example\nproduct p\nby " by "\n"

/* m0 is the vendor: three release keys. m0 and m1 are in one jurisdiction. */
static const char *const places[MEMBERS] = {"CH", "CH", "FI", "JP", "US"};

static struct world {
    struct accord_signer *release[MEMBERS], *stage[MEMBERS], *current[MEMBERS], *mirror[MEMBERS], *more[2], *stranger;
    struct accord_buffer roster, entries[ACCORD_EXHIBITS_MAX];
    struct accord_verifier verifier;
    struct accord_dossier dossier;
    struct accord_judgement judgement;
    struct accord_release_claim release_claim;
    struct accord_verdict verdict;
    struct accord_remembered remembered;
    struct accord_question question;
    struct accord_error error;
} * world;

static struct accord_bytes slice(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static void append(struct accord_buffer *buffer, struct accord_bytes bytes)
{
    assert_int_equal(accord_buffer_append(buffer, bytes), ACCORD_OK);
}

static struct accord_signer *new_key(const char *role, unsigned member, enum accord_key_type type)
{
    char name[64];
    struct accord_signer *signer;
    snprintf(name, sizeof name, "m%u.example/%s", member, role);
    assert_int_equal(accord_signer_generate(&signer, slice(name), type, NULL), ACCORD_OK);
    return signer;
}

static void put_key(struct accord_buffer *text, const char *role, const struct accord_signer *signer)
{
    append(text, slice("key "));
    append(text, slice(role));
    append(text, slice(" "));
    append(text, accord_signer_vkey(signer)->text);
    append(text, slice("\n"));
}

static void make_roster(void)
{
    struct accord_signer *log = new_key("log", 0, ACCORD_KEY_ED25519);
    struct accord_buffer *text = &world->roster;
    accord_buffer_init(text, 65536);
    append(text, slice("accord/v1/roster\ncharter sha256:" HEX_0 "\nnumber 1\nadmit 3\nquorum 1 1\nlog "));
    append(text, accord_signer_vkey(log)->text);
    append(text, slice("\n"));
    for (unsigned i = 0; i < MEMBERS; i++) {
        char line[64];
        snprintf(line, sizeof line, "member m%u.example %s Member\n", i, places[i]);
        append(text, slice(line));
        put_key(text, "release", world->release[i]);
        for (size_t j = 0; i == 0 && j < 2; j++)
            put_key(text, "release", world->more[j]);
        put_key(text, "stage", world->stage[i]);
        put_key(text, "current", world->current[i]);
        if (i == 0) {
            struct accord_signer *witness = new_key("witness", 0, ACCORD_KEY_COSIGNATURE_ED25519);
            put_key(text, "witness", witness);
            accord_signer_free(witness);
        }
        put_key(text, "mirror", world->mirror[i]);
    }
    append(text, slice("\n"));
    assert_int_equal(
        accord_signer_sign(world->release[0], (struct accord_bytes){text->data, text->size - 1}, 0, text, NULL),
        ACCORD_OK);
    assert_int_equal(
        accord_roster_parse(&world->verifier.roster, accord_buffer_bytes(text), &accord_crypto_default, &world->error),
        ACCORD_OK);
    accord_hash(&accord_crypto_default, accord_buffer_bytes(text), world->verifier.roster_digest);
    world->verifier.crypto = &accord_crypto_default;
    accord_signer_free(log);
}

static int make_world(void **state)
{
    (void)state;
    accord_crypto_start();
    world = calloc(1, sizeof *world);
    assert_non_null(world);
    for (unsigned i = 0; i < MEMBERS; i++) {
        world->release[i] = new_key("release", i, ACCORD_KEY_ED25519);
        world->stage[i] = new_key("stage", i, ACCORD_KEY_ED25519);
        world->current[i] = new_key("current", i, ACCORD_KEY_ED25519);
        world->mirror[i] = new_key("mirror", i, ACCORD_KEY_COSIGNATURE_ED25519);
    }
    world->more[0] = new_key("second", 0, ACCORD_KEY_ED25519);
    world->more[1] = new_key("third", 0, ACCORD_KEY_ED25519);
    world->stranger = new_key("stranger", 0, ACCORD_KEY_ED25519);
    for (size_t i = 0; i < ACCORD_EXHIBITS_MAX; i++)
        accord_buffer_init(&world->entries[i], ACCORD_ENTRY_SIZE_MAX);
    make_roster();
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEMBERS; i++) {
        accord_signer_free(world->release[i]);
        accord_signer_free(world->stage[i]);
        accord_signer_free(world->current[i]);
        accord_signer_free(world->mirror[i]);
    }
    accord_signer_free(world->more[0]);
    accord_signer_free(world->more[1]);
    accord_signer_free(world->stranger);
    for (size_t i = 0; i < ACCORD_EXHIBITS_MAX; i++)
        accord_buffer_free(&world->entries[i]);
    accord_buffer_free(&world->roster);
    free(world);
    return 0;
}

/* A statement by one signer, at an index of the log, seen at a time. */
static struct accord_exhibit *add(enum accord_exhibit_kind kind, const char *text, const struct accord_signer *signer,
                                  uint64_t index, uint64_t seen_at)
{
    size_t place = world->dossier.count++;
    struct accord_buffer *entry = &world->entries[place];
    struct accord_exhibit *exhibit = &world->dossier.exhibits[place];
    entry->size = 0;
    append(entry, slice(text));
    append(entry, slice("\n"));
    assert_int_equal(accord_signer_sign(signer, slice(text), 0, entry, NULL), ACCORD_OK);
    *exhibit = (struct accord_exhibit){.kind = kind,
                                       .entry = accord_buffer_bytes(entry),
                                       .place = {ACCORD_LITERAL("m0.example/log"), index, seen_at},
                                       .tree_size = index + 1,
                                       .not_before = seen_at};
    accord_hash(&accord_crypto_default, exhibit->entry, exhibit->digest);
    world->dossier.time = seen_at > world->dossier.time ? seen_at : world->dossier.time;
    return exhibit;
}

static void sign_also(struct accord_exhibit *exhibit, const struct accord_signer *signer)
{
    struct accord_buffer *entry = &world->entries[exhibit - world->dossier.exhibits];
    struct accord_note_claim note;
    uint8_t text[8192];
    assert_int_equal(accord_note_parse(&note, exhibit->entry, NULL), ACCORD_OK);
    assert_true(note.text.size <= sizeof text);
    memcpy(text, note.text.data, note.text.size);
    assert_int_equal(accord_signer_sign(signer, (struct accord_bytes){text, note.text.size}, 0, entry, NULL),
                     ACCORD_OK);
    exhibit->entry = accord_buffer_bytes(entry);
    accord_hash(&accord_crypto_default, exhibit->entry, exhibit->digest);
}

static void digest_text(const struct accord_exhibit *exhibit, char text[80])
{
    struct accord_out out = {(uint8_t *)text, 79, 0, false};
    accord_digest_print(&out, exhibit->digest);
    text[out.size] = 0;
}

static void begin(void)
{
    world->dossier.verifier = &world->verifier;
    world->dossier.count = 0;
    world->dossier.time = 0;
    memset(&world->remembered, 0, sizeof world->remembered);
    world->question = (struct accord_question){
        .verdict = &world->verdict, .dossier = &world->dossier, .remembered = &world->remembered};
}

/* The release, of one artifact, with these lines before it and after it. */
static struct accord_exhibit *release_with(const char *policy, const char *stages)
{
    static char text[8192];
    snprintf(text, sizeof text, "%sversion 1\nsequence 7\n%sartifact " A " 3 a\n%s", HEAD("release"), policy, stages);
    struct accord_exhibit *exhibit = add(ACCORD_EXHIBIT_RELEASE, text, world->release[0], RELEASE_INDEX, RELEASED_AT);
    return exhibit;
}

static struct accord_exhibit *policy(unsigned number, const struct accord_exhibit *previous, const char *demands,
                                     uint64_t index, uint64_t seen_at)
{
    static char text[ACCORD_ENTRY_SIZE_MAX];
    char digest[80], line[128] = "";
    if (previous != NULL) {
        digest_text(previous, digest);
        snprintf(line, sizeof line, "previous %s\n", digest);
    }
    snprintf(text, sizeof text, "%snumber %u\n%stime %llu\n%s", HEAD("policy"), number, line,
             (unsigned long long)seen_at, demands);
    return add(ACCORD_EXHIBIT_POLICY, text, world->release[0], index, seen_at);
}

static const char *names_policy(unsigned number, const struct accord_exhibit *exhibit)
{
    static char line[128];
    char digest[80];
    digest_text(exhibit, digest);
    snprintf(line, sizeof line, "policy %u %s\n", number, digest);
    return line;
}

static enum accord_status judge(const struct accord_exhibit *release)
{
    struct accord_release verified;
    struct accord_signers signers;
    assert_int_equal(accord_release_parse(&world->release_claim, release->entry, &world->error), ACCORD_OK);
    assert_int_equal(accord_release_verify(&world->release_claim, &world->verifier.roster, &release->place,
                                           &accord_crypto_default, &verified, NULL),
                     ACCORD_OK);
    assert_int_equal(accord_roster_signers(&world->verifier.roster, &world->release_claim.statement.note,
                                           ACCORD_LITERAL("m0.example"), &release->place, &accord_crypto_default,
                                           &signers, NULL),
                     ACCORD_OK);
    world->verdict = (struct accord_verdict){.verified = true,
                                             .release = &world->release_claim,
                                             .log = release->place.origin,
                                             .index = release->place.index,
                                             .seen_at = release->place.seen_at,
                                             .signed_count = signers.release};
    memset(&world->error, 0, sizeof world->error);
    enum accord_status status = accord_judge(&world->question, &world->judgement, &world->error);
    assert_int_equal(world->judgement.fit, status == ACCORD_OK);
    assert_int_equal(world->error.status, status);
    return status;
}

/* Something later in the log, so that it is known to be later. */
static void later(uint64_t time)
{
    (void)add(ACCORD_EXHIBIT_OTHER, "accord/v1/nothing\nof note\n", world->release[1], 90, time);
}

static void nothing_is_demanded(void **state)
{
    (void)state;
    begin();
    assert_int_equal(judge(release_with("", "")), ACCORD_OK);
    assert_int_equal(world->judgement.next.sequence, 7);
    world->remembered = (struct accord_remembered){.released = true, .sequence = 7};
    assert_int_equal(judge(&world->dossier.exhibits[0]), ACCORD_OK);
    world->remembered.sequence = 8;
    assert_int_equal(judge(&world->dossier.exhibits[0]), ACCORD_ROLLBACK);
    begin();
    const struct accord_exhibit *release = release_with("", "stage build " D "\n");
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.absent_count, 1);
    world->dossier.count = 0; /* the release itself has to be there */
    assert_int_equal(judge(release), ACCORD_NO_ENTRY);
}

static void policies_are_all_there(void **state)
{
    (void)state;
    begin();
    struct accord_exhibit *first = policy(1, NULL, "notice 0\n", 10, 1000);
    struct accord_exhibit *second = policy(2, first, "notice 0\n", 11, 1001);
    struct accord_exhibit *release = release_with(names_policy(2, second), "");
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.policy_count, 2);
    assert_int_equal(world->judgement.making, 2);
    first->kind = ACCORD_EXHIBIT_OTHER; /* as if it were not there */
    assert_int_equal(judge(release), ACCORD_POLICY);
    first->kind = ACCORD_EXHIBIT_POLICY;
    second->kind = ACCORD_EXHIBIT_OTHER;
    assert_int_equal(judge(release), ACCORD_POLICY);
    second->kind = ACCORD_EXHIBIT_POLICY;
    /* what was seen before is not forgotten */
    world->remembered.policy_number = 2;
    memcpy(world->remembered.policy, second->digest, ACCORD_HASH_SIZE);
    assert_int_equal(judge(release), ACCORD_OK);
    world->remembered.policy[0] ^= 1;
    assert_int_equal(judge(release), ACCORD_POLICY);
    world->remembered.policy[0] ^= 1;
    world->remembered.policy_number = 3;
    assert_int_equal(judge(release), ACCORD_POLICY);

    /* one that was logged before the release has to be named by it; one that was logged after it need not */
    begin();
    first = policy(1, NULL, "notice 0\n", RELEASE_INDEX - 1, 1000);
    release = release_with("", "");
    assert_int_equal(judge(release), ACCORD_POLICY);
    first->place.index = RELEASE_INDEX + 1;
    assert_int_equal(judge(release), ACCORD_OK);
    /* in another log it was there when its vendor made it, however late it is proven */
    for (unsigned after = 0; after < 2; after++) {
        begin();
        first = policy(1, NULL, "notice 0\n", RELEASE_INDEX + 1, RELEASED_AT + after);
        first->place.origin = ACCORD_LITERAL("other/log");
        first->place.seen_at = RELEASED_AT + 5000;
        assert_int_equal(judge(release_with("", "")), after == 1 ? ACCORD_OK : ACCORD_POLICY);
    }
    /* the newest that was there, whichever of those before it are said to have come later */
    begin();
    first = policy(1, NULL, "notice 0\n", RELEASE_INDEX + 1, 1000);
    (void)policy(2, first, "notice 0\n", RELEASE_INDEX - 1, 1000);
    assert_int_equal(judge(release_with("", "")), ACCORD_POLICY);

    /* of two with one number the one that was logged first counts */
    begin();
    first = policy(1, NULL, "notice 0\n", 10, 1000);
    struct accord_exhibit *other = policy(2, first, "notice 0\nthreshold 1\n", 12, 1000);
    second = policy(2, first, "notice 0\nthreshold 2\n", 11, 1000);
    release = release_with(names_policy(2, other), "");
    assert_int_equal(judge(release), ACCORD_POLICY);
    other->place.index = 9;
    assert_int_equal(judge(release), ACCORD_OK);

    /* one that does not follow is refused, but where another one does */
    begin();
    first = policy(1, NULL, "notice 0\n", 10, 1000);
    (void)add(ACCORD_EXHIBIT_POLICY, HEAD("policy") "number 2\nprevious " D "\ntime 1000\nnotice 0\n",
              world->release[0], 11, 1000);
    release = release_with(names_policy(1, first), "");
    assert_int_equal(judge(release), ACCORD_POLICY);
    second = policy(2, first, "notice 0\npublic-for 1000000\n", 60, RELEASED_AT + 1);
    assert_int_equal(judge(release), ACCORD_NOT_PUBLIC);
    assert_int_equal(world->judgement.policy_count, 2);
    second->kind = ACCORD_EXHIBIT_OTHER;

    /* somebody else's signature makes no policy */
    begin();
    first = add(ACCORD_EXHIBIT_POLICY, HEAD("policy") "number 1\ntime 1000\nnotice 0\n", world->release[1], 10, 1000);
    assert_int_equal(judge(release_with(names_policy(1, first), "")), ACCORD_WRONG_SIGNER);
    /* nor does another product's */
    begin();
    first =
        add(ACCORD_EXHIBIT_POLICY, "accord/v1/policy\nvendor m0.example\nproduct q\nnumber 1\ntime 1000\nnotice 0\n",
            world->release[0], 10, 1000);
    assert_int_equal(judge(release_with(names_policy(1, first), "")), ACCORD_POLICY);
}

static void thresholds(void **state)
{
    (void)state;
    begin();
    struct accord_exhibit *first = policy(1, NULL, "notice 0\nthreshold 2\n", 10, 1000);
    struct accord_exhibit *release = release_with(names_policy(1, first), "");
    assert_int_equal(judge(release), ACCORD_THRESHOLD);
    sign_also(release, world->release[0]); /* one key twice is one key */
    assert_int_equal(judge(release), ACCORD_THRESHOLD);
    sign_also(release, world->release[1]); /* nor does another member's count */
    sign_also(release, world->stage[0]);
    assert_int_equal(judge(release), ACCORD_THRESHOLD);
    sign_also(release, world->more[0]);
    assert_int_equal(judge(release), ACCORD_OK);
    /* the next policy needs as many */
    struct accord_exhibit *second = policy(2, first, "notice 0\n", 60, 2000);
    assert_int_equal(judge(release), ACCORD_THRESHOLD);
    sign_also(second, world->more[1]);
    assert_int_equal(judge(release), ACCORD_OK);
}

/* A policy that is loosened holds until its notice is over since the next one was public. */
static void notice(void **state)
{
    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        begin();
        struct accord_exhibit *first = policy(1, NULL, "notice 500\npublic-for 1000\n", 10, 1000);
        struct accord_exhibit *second = policy(2, first, "notice 0\n", 11, RELEASED_AT - 400);
        struct accord_exhibit *release = release_with(names_policy(2, second), "");
        later(RELEASED_AT + 99 + over);
        assert_int_equal(judge(release), over == 1 ? ACCORD_OK : ACCORD_NOT_PUBLIC);
    }
    /* what is tightened holds at once, also for what was released before */
    begin();
    struct accord_exhibit *first = policy(1, NULL, "notice 0\n", 10, 1000);
    struct accord_exhibit *release = release_with(names_policy(1, first), "");
    (void)policy(2, first, "notice 0\nthreshold 3\npublic-for 10\n", 60, RELEASED_AT + 1);
    assert_int_equal(judge(release), ACCORD_NOT_PUBLIC);
    later(RELEASED_AT + 10); /* how it had to be made, the later policy does not say */
    assert_int_equal(judge(release), ACCORD_OK);
    /* times near the end of numbers do not wrap */
    begin();
    first = policy(1, NULL, "notice 18446744073709551615\nthreshold 2\n", 10, 1000);
    struct accord_exhibit *second = policy(2, first, "notice 0\n", 11, 1001);
    sign_also(second, world->more[0]);
    assert_int_equal(judge(release_with(names_policy(2, second), "")), ACCORD_THRESHOLD);
}

static void publicity(void **state)
{
    (void)state;
    for (unsigned enough = 0; enough < 2; enough++) {
        begin();
        struct accord_exhibit *first = policy(1, NULL, "notice 0\npublic-for 3600\nemergency 3\n", 10, 1000);
        struct accord_exhibit *release = release_with(names_policy(1, first), "");
        later(RELEASED_AT + 3599 + enough);
        assert_int_equal(judge(release), enough == 1 ? ACCORD_OK : ACCORD_NOT_PUBLIC);
        assert_false(world->judgement.emergency);
        sign_also(release, world->more[0]);
        assert_int_equal(judge(release), enough == 1 ? ACCORD_OK : ACCORD_NOT_PUBLIC);
        sign_also(release, world->more[1]);
        assert_int_equal(judge(release), ACCORD_OK);
        assert_int_equal(world->judgement.emergency, enough == 0);
    }
    /* what a later policy says of emergencies holds at once, too */
    begin();
    struct accord_exhibit *loose = policy(1, NULL, "notice 0\npublic-for 3600\nemergency 2\n", 10, 1000);
    struct accord_exhibit *urgent = release_with(names_policy(1, loose), "");
    sign_also(urgent, world->more[0]);
    assert_int_equal(judge(urgent), ACCORD_OK);
    struct accord_exhibit *tight =
        policy(2, loose, "notice 0\npublic-for 3600\nemergency 3\n", RELEASE_INDEX + 1, RELEASED_AT + 1);
    assert_int_equal(judge(urgent), ACCORD_NOT_PUBLIC);
    (void)policy(3, tight, "notice 0\npublic-for 3600\n", RELEASE_INDEX + 2, RELEASED_AT + 2);
    sign_also(urgent, world->more[1]);
    assert_int_equal(judge(urgent), ACCORD_NOT_PUBLIC);
    /* what is remembered of time has a quorum behind it, and counts; the clock does not */
    begin();
    struct accord_exhibit *first = policy(1, NULL, "notice 0\npublic-for 3600\n", 10, 1000);
    struct accord_exhibit *release = release_with(names_policy(1, first), "");
    world->question.clock = RELEASED_AT + 1000000;
    assert_int_equal(judge(release), ACCORD_NOT_PUBLIC);
    world->remembered.time = RELEASED_AT + 3600;
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.next.time, RELEASED_AT + 3600);
}

static void mirrors(void **state)
{
    (void)state;
    static const struct {
        uint64_t bits;
        enum accord_status status;
    } cases[] = {{1 << 2, ACCORD_NOT_PUBLIC},          /* one is too few */
                 {1 << 0 | 1 << 1, ACCORD_NOT_PUBLIC}, /* two of one jurisdiction */
                 {1 << 0 | 1 << 2, ACCORD_OK},
                 {31, ACCORD_OK}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        struct accord_exhibit *first = policy(1, NULL, "notice 0\nmirrors 2 2\n", 10, 1000);
        struct accord_exhibit *release = release_with(names_policy(1, first), "");
        release->mirrors[0] = cases[i].bits;
        assert_int_equal(judge(release), cases[i].status);
        /* another entry's checkpoint does as well, where its tree has the release in it */
        release->mirrors[0] = 0;
        struct accord_exhibit *other = add(ACCORD_EXHIBIT_OTHER, "accord/v1/x\ny z\n", world->release[1], 5, 5);
        other->mirrors[0] = 31; /* those of its smaller trees say nothing of the release */
        other->newest_mirrors[0] = cases[i].bits;
        other->tree_size = RELEASE_INDEX + 1;
        assert_int_equal(judge(release), cases[i].status);
        other->tree_size = RELEASE_INDEX;
        assert_int_equal(judge(release), ACCORD_NOT_PUBLIC);
        other->tree_size = RELEASE_INDEX + 1;
        other->place.origin = ACCORD_LITERAL("other/log");
        assert_int_equal(judge(release), ACCORD_NOT_PUBLIC);
    }
}

/* A release under a policy, with these attestations, which it names; an attestation that is NULL ends them. */
struct attested {
    const char *text;
    const struct accord_signer *signer;
    const char *stage; /* that the release says it is of; NULL: the release does not name it */
};

static struct accord_exhibit *attested(const char *demands, const struct attested *attestations)
{
    char stages[2048] = "";
    begin();
    struct accord_exhibit *first = policy(1, NULL, demands, 10, 1000);
    for (size_t i = 0; attestations[i].text != NULL; i++) {
        char digest[80];
        struct accord_exhibit *exhibit =
            add(ACCORD_EXHIBIT_ATTEST, attestations[i].text, attestations[i].signer, 20 + i, 2000);
        digest_text(exhibit, digest);
        if (attestations[i].stage != NULL)
            snprintf(stages + strlen(stages), sizeof stages - strlen(stages), "stage %s %s\n", attestations[i].stage,
                     digest);
    }
    return release_with(names_policy(1, first), stages);
}

#define DEMANDS "notice 0\nrequire source vendor\nrequire build vendor\nrequire test any\n"
#define SOURCE                                                                                                         \
    {                                                                                                                  \
        ATTEST("source", "m0.example") "subject " S " tree\n", world->stage[0], "source"                               \
    }
#define BUILD                                                                                                          \
    {                                                                                                                  \
        ATTEST("build", "m0.example") "subject " A " a\nmaterial " S " tree\n", world->stage[0], "build"               \
    }
#define TESTED                                                                                                         \
    {                                                                                                                  \
        ATTEST("test", "m3.example") "subject " A " a\noutcome pass\n", world->stage[3], "test"                        \
    }

static void stages(void **state)
{
    (void)state;
    const struct {
        struct attested attestations[5];
        enum accord_status status;
    } cases[] = {
        {{SOURCE, BUILD, TESTED, {0}}, ACCORD_OK},
        {{BUILD, TESTED, {0}}, ACCORD_MISSING_STAGE},
        {{SOURCE, TESTED, {0}}, ACCORD_MISSING_STAGE},
        {{SOURCE, BUILD, {0}}, ACCORD_MISSING_STAGE},
        /* by somebody who may not */
        {{SOURCE,
          {ATTEST("build", "m1.example") "subject " A " a\nmaterial " S " t\n", world->stage[1], "build"},
          TESTED,
          {0}},
         ACCORD_MISSING_STAGE},
        /* by a key that is not whose it says */
        {{SOURCE,
          {ATTEST("build", "m0.example") "subject " A " a\nmaterial " S " t\n", world->stage[1], "build"},
          TESTED,
          {0}},
         ACCORD_WRONG_SIGNER},
        /* a test that failed */
        {{SOURCE,
          BUILD,
          {ATTEST("test", "m3.example") "subject " A " a\noutcome fail\n", world->stage[3], "test"},
          {0}},
         ACCORD_MISSING_STAGE},
        /* of another stage than the release says */
        {{SOURCE, BUILD, {ATTEST("source", "m3.example") "subject " A " a\n", world->stage[3], "test"}, {0}},
         ACCORD_DISCONNECTED},
        /* of another product */
        {{SOURCE,
          BUILD,
          {"accord/v1/attest\nstage test\nvendor m0.example\nproduct q\nby m3.example\nsubject " A " a\n",
           world->stage[3], "test"},
          {0}},
         ACCORD_DISCONNECTED},
        /* a build that did not make the artifact */
        {{SOURCE,
          {ATTEST("build", "m0.example") "subject " B " a\nmaterial " S " t\n", world->stage[0], "build"},
          TESTED,
          {0}},
         ACCORD_DISCONNECTED},
        /* a build of another source */
        {{SOURCE,
          {ATTEST("build", "m0.example") "subject " A " a\nmaterial " B " t\n", world->stage[0], "build"},
          TESTED,
          {0}},
         ACCORD_DISCONNECTED},
        /* a test of something else */
        {{SOURCE, BUILD, TESTED, {ATTEST("test", "m3.example") "subject " B " a\n", world->stage[3], "test"}, {0}},
         ACCORD_DISCONNECTED},
        /* a source by the vendor beside the one that was built: what may be anybody's is what was consumed */
        {{SOURCE,
          {ATTEST("source", "m3.example") "subject " B " t\n", world->stage[3], "source"},
          {ATTEST("build", "m0.example") "subject " A " a\nmaterial " B " t\n", world->stage[0], "build"},
          TESTED,
          {0}},
         ACCORD_DISCONNECTED},
        /* a build by the vendor beside the one that made the artifact */
        {{SOURCE,
          {ATTEST("build", "m0.example") "subject " B " b\nmaterial " S " t\n", world->stage[0], "build"},
          {ATTEST("build", "m3.example") "subject " A " a\nmaterial " S " t\n", world->stage[3], "build"},
          TESTED,
          {0}},
         ACCORD_DISCONNECTED},
        /* a build that failed made the artifact, beside one that did not fail */
        {{SOURCE,
          {ATTEST("build", "m0.example") "subject " A " a\nmaterial " S " t\noutcome fail\n", world->stage[0], "build"},
          {ATTEST("build", "m0.example") "subject " B " b\nmaterial " S " t\n", world->stage[0], "build"},
          TESTED,
          {0}},
         ACCORD_DISCONNECTED},
        /* a source that has nothing of the design */
        {{{ATTEST("design", "m0.example") "subject " D " d\n", world->stage[0], "design"}, SOURCE, BUILD, TESTED, {0}},
         ACCORD_DISCONNECTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum accord_status status = judge(attested(DEMANDS, cases[i].attestations));
        if (status != cases[i].status)
            fail_msg("case %zu: %d, not %d", i, (int)status, (int)cases[i].status);
    }
    /* one whose proof is not there */
    struct accord_exhibit *release = attested(DEMANDS, cases[0].attestations);
    for (size_t i = 0; i < world->dossier.count; i++) {
        if (world->dossier.exhibits[i].kind != ACCORD_EXHIBIT_ATTEST)
            continue;
        world->dossier.exhibits[i].kind = ACCORD_EXHIBIT_OTHER;
        assert_int_equal(judge(release), ACCORD_MISSING_STAGE);
        world->dossier.exhibits[i].kind = ACCORD_EXHIBIT_ATTEST;
    }
    assert_int_equal(judge(release), ACCORD_OK);
}

static void add_rebuild(unsigned member, const char *by, const char *repeated, const char *what)
{
    char text[1024];
    snprintf(text, sizeof text, "accord/v1/attest\nstage build\nvendor m0.example\nproduct p\nby %s\n%srepeats %s\n",
             by, what, repeated);
    (void)add(ACCORD_EXHIBIT_ATTEST, text, world->stage[member], 60 + member, 3000);
}

static void rebuilders(void **state)
{
    (void)state;
    const struct attested build[] = {BUILD, {0}};
    const char *same = "subject " A " a\noutcome match\n", *other = "subject " B " a\noutcome match\n",
               *mismatch = "subject " B " a\noutcome mismatch\n";
    char digest[80];
    struct accord_exhibit *release = attested("notice 0\nrebuilders 2 2\n", build);
    digest_text(&world->dossier.exhibits[1], digest);
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    add_rebuild(2, "m2.example", digest, same);
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    add_rebuild(2, "m2.example", digest, "subject " A " b\noutcome match\n"); /* one rebuilder twice is one */
    add_rebuild(0, "m0.example", digest, same);                               /* the vendor is none */
    add_rebuild(3, "m3.example", digest, other);                              /* nor is who made other bytes */
    add_rebuild(3, "m3.example", D, same);                                    /* or repeated something else */
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    assert_int_equal(world->judgement.rebuild_count, 1);
    add_rebuild(3, "m3.example", digest, same);
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.rebuild_count, 2);
    /* what somebody else signed in a rebuilder's name is nothing: neither a match nor a mismatch, nor a reason to
     * refuse */
    add_rebuild(1, "m4.example", digest, same);
    add_rebuild(1, "m4.example", digest, mismatch);
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.rebuild_count, 2);
    add_rebuild(4, "m4.example", digest, mismatch);
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    /* a hundred rebuilds by each of two are two rebuilders, in two jurisdictions */
    release = attested("notice 0\nrebuilders 3 1\n", build);
    digest_text(&world->dossier.exhibits[1], digest);
    for (unsigned i = 0; i < 200; i++) {
        char what[128];
        snprintf(what, sizeof what, "subject " A " a%u\noutcome match\n", i);
        add_rebuild(i < 100 ? 2 : 3, i < 100 ? "m2.example" : "m3.example", digest, what);
    }
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    assert_int_equal(world->judgement.rebuild_count, 2);
    assert_int_equal(world->judgement.rebuilder_jurisdictions, 2);
    add_rebuild(4, "m4.example", digest, same);
    assert_int_equal(judge(release), ACCORD_OK);
    /* who built it is none of those who built it again, vendor or not; but finds out what it finds out */
    const struct attested others[] = {
        {ATTEST("build", "m2.example") "subject " A " a\nmaterial " S " t\n", world->stage[2], "build"}, {0}};
    release = attested("notice 0\nrebuilders 1 1\n", others);
    digest_text(&world->dossier.exhibits[1], digest);
    add_rebuild(2, "m2.example", digest, same);
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    add_rebuild(3, "m3.example", digest, same);
    assert_int_equal(judge(release), ACCORD_OK);
    add_rebuild(2, "m2.example", digest, mismatch);
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    /* two of one jurisdiction */
    release = attested("notice 0\nrebuilders 2 2\n", build);
    digest_text(&world->dossier.exhibits[1], digest);
    add_rebuild(2, "m2.example", digest, same);
    world->verifier.roster.members[3].jurisdiction = world->verifier.roster.members[2].jurisdiction;
    add_rebuild(3, "m3.example", digest, same);
    assert_int_equal(judge(release), ACCORD_REBUILDERS);
    world->verifier.roster.members[3].jurisdiction = slice(places[3]);
    assert_int_equal(judge(release), ACCORD_OK);
}

/* Lines of a key with digests that no other line has, as many as an entry holds; the text is the caller's until the
 * next call. */
static const char *long_attestation(const char *head, const char *key, unsigned number)
{
    static char text[ACCORD_ENTRY_SIZE_MAX];
    size_t size = (size_t)snprintf(text, sizeof text, "%s", head);
    for (unsigned i = 0; size + 512 < sizeof text; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s sha256:%056x%08x x\n", key, number, i);
    return text;
}

/* However much attestations say, a judgement takes no longer than a moment. */
static void much(void **state)
{
    (void)state;
    char stages[8192] = "";
    begin();
    for (unsigned i = 0; i < ACCORD_ATTESTATIONS_MAX; i++) {
        const bool source = i % 2 == 0;
        char digest[80];
        const struct accord_exhibit *exhibit =
            add(ACCORD_EXHIBIT_ATTEST,
                source ? long_attestation(ATTEST("source", "m0.example"), "subject", i)
                       : long_attestation(ATTEST("build", "m0.example") "subject " A " a\n", "material", i),
                world->stage[0], 20 + i, 2000);
        digest_text(exhibit, digest);
        snprintf(stages + strlen(stages), sizeof stages - strlen(stages), "stage %s %s\n", source ? "source" : "build",
                 digest);
    }
    struct accord_exhibit *release = release_with("", stages);
    assert_int_equal(judge(release), ACCORD_TOO_LARGE);
    /* one more than a release may name */
    snprintf(stages + strlen(stages), sizeof stages - strlen(stages), "stage test " D "\n");
    begin();
    assert_int_equal(judge(release_with("", stages)), ACCORD_OK); /* none of them is there */
    assert_int_equal(world->judgement.absent_count, ACCORD_ATTESTATIONS_MAX + 1);
}

/* As many policies as there may be, each as long as an entry. */
static void many_policies(void **state)
{
    (void)state;
    static char demands[65000];
    struct accord_exhibit *last = NULL;
    begin();
    size_t size = (size_t)snprintf(demands, sizeof demands, "notice 0\n");
    for (unsigned i = 0; i < 4000; i++)
        size += (size_t)snprintf(demands + size, sizeof demands - size, "x-a 1234567\n");
    for (unsigned i = 1; i <= ACCORD_PRODUCT_POLICIES_MAX; i++)
        last = policy(i, last, demands, i, 1000 + i);
    for (unsigned i = 0; i < 128; i++)
        (void)policy(1, NULL, demands, 100 + i, 2000 + i);
    struct accord_exhibit *release = release_with(names_policy(ACCORD_PRODUCT_POLICIES_MAX, last), "");
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.policy_count, ACCORD_PRODUCT_POLICIES_MAX);
}

static uint64_t said_at; /* the time that `current` statements have; 0: that at which they are seen */

static struct accord_exhibit *current(const char *lines, uint64_t index, uint64_t seen_at,
                                      const struct accord_signer *signer)
{
    char text[2048], digest[80];
    struct accord_out out = {(uint8_t *)digest, sizeof digest - 1, 0, false};
    accord_digest_print(&out, world->verifier.roster_digest);
    digest[out.size] = 0;
    snprintf(text, sizeof text, "%stime %llu\nroster 1 %s\n%s", HEAD("current"),
             (unsigned long long)(said_at == 0 ? seen_at : said_at), digest, lines);
    return add(ACCORD_EXHIBIT_CURRENT, text, signer, index, seen_at);
}

static void fresh(void **state)
{
    (void)state;
    begin();
    struct accord_exhibit *release = release_with("", "");
    struct accord_exhibit *now = current("channel stable 9 7\n", 70, 5000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.channel.newest, 9);
    assert_int_equal(world->judgement.next.current.index, 70);
    /* older than one that was seen */
    world->remembered.current = (struct accord_place){ACCORD_LITERAL("m0.example/log"), 71, 5001};
    assert_int_equal(judge(release), ACCORD_ROLLBACK);
    world->remembered.current.index = 70;
    assert_int_equal(judge(release), ACCORD_OK);
    world->remembered.current = (struct accord_place){ACCORD_LITERAL("other/log"), 1, 5001};
    assert_int_equal(judge(release), ACCORD_ROLLBACK);
    world->remembered.current.seen_at = 5000;
    assert_int_equal(judge(release), ACCORD_OK);
    /* the newer one counts: it takes back, and no order of the parts changes that */
    (void)current("channel stable 9 8\n", 71, 5001, world->current[0]);
    assert_int_equal(judge(release), ACCORD_SUPERSEDED);
    now->place.index = 72;
    assert_int_equal(judge(release), ACCORD_OK);

    /* by whom */
    static const struct {
        int key; /* 0: another member's current key, 1: a stage key, 2: a stranger's, 3: a release key */
        enum accord_status status;
    } keys[] = {{0, ACCORD_WRONG_SIGNER}, {1, ACCORD_WRONG_SIGNER}, {2, ACCORD_WRONG_SIGNER}, {3, ACCORD_OK}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct accord_signer *signers[] = {world->current[1], world->stage[0], world->stranger,
                                                 world->release[0]};
        begin();
        release = release_with("", "");
        (void)current("channel stable 9 7\n", 70, 5000, signers[keys[i].key]);
        assert_int_equal(judge(release), keys[i].status);
    }

    /* a roster that this verifier does not know */
    begin();
    release = release_with("", "");
    (void)add(ACCORD_EXHIBIT_CURRENT, HEAD("current") "time 5000\nroster 2 " D "\nchannel stable 9 7\n",
              world->current[0], 70, 5000);
    assert_int_equal(judge(release), ACCORD_TRUST);
    begin();
    release = release_with("", "");
    (void)add(ACCORD_EXHIBIT_CURRENT, HEAD("current") "time 5000\nroster 1 " D "\nchannel stable 9 7\n",
              world->current[0], 70, 5000);
    assert_int_equal(judge(release), ACCORD_CHAIN);

    /* another product's says nothing */
    begin();
    release = release_with("", "");
    (void)add(ACCORD_EXHIBIT_CURRENT,
              "accord/v1/current\nvendor m0.example\nproduct q\ntime 5000\nroster 2 " D "\nchannel s 99 99\n",
              world->current[0], 70, 5000);
    assert_int_equal(judge(release), ACCORD_OK);
    assert_null(world->judgement.current_exhibit);

    /* and where somebody brought it, that is not what was meant */
    world->question.needs_current = true;
    assert_int_equal(judge(release), ACCORD_STALE);
    (void)current("channel stable 9 7\n", 70, 5000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_OK);

    /* between logs the one that was said later is newer, whenever it was proven; an index of another log says nothing
     */
    begin();
    release = release_with("", "");
    (void)current("channel stable 9 8\n", 70, 5001, world->current[0]);
    said_at = 5000;
    now = current("channel stable 9 7\n", 71, 9000, world->current[0]);
    now->place.origin = ACCORD_LITERAL("other/log");
    assert_int_equal(judge(release), ACCORD_SUPERSEDED);
    said_at = 0;

    /* channels */
    begin();
    release = release_with("", "");
    (void)current("channel beta 9 8\nchannel stable 7 6\n", 70, 5000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_OK);
    world->question.channel = ACCORD_LITERAL("stable");
    assert_int_equal(judge(release), ACCORD_OK);
    world->question.channel = ACCORD_LITERAL("beta");
    assert_int_equal(judge(release), ACCORD_SUPERSEDED);
    world->question.channel = ACCORD_LITERAL("nightly");
    assert_int_equal(judge(release), ACCORD_UNKNOWN_NAME);
    begin();
    release = release_with("", "");
    world->question.channel = ACCORD_LITERAL("stable");
    assert_int_equal(judge(release), ACCORD_STALE);
}

/* A stolen key released the highest sequence that there is, and this device took it. */
static void recovery(void **state)
{
    (void)state;
    begin();
    struct accord_exhibit *release = release_with("", "");
    world->remembered = (struct accord_remembered){.released = true, .sequence = UINT64_MAX};
    assert_int_equal(judge(release), ACCORD_ROLLBACK);
    (void)add(ACCORD_EXHIBIT_WITHDRAW, HEAD("withdraw") "sequence 18446744073709551615\nreason compromised\n",
              world->release[0], 69, 4999);
    assert_int_equal(judge(release), ACCORD_ROLLBACK); /* from which on a release is fit, a withdrawal does not say */
    struct accord_exhibit *now =
        current("channel stable 9 7\nwithdrawn 18446744073709551615\n", 70, 5000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_OK);
    assert_true(world->judgement.next.goes_back);
    assert_int_equal(world->judgement.next.goes_back_from, UINT64_MAX);
    assert_int_equal(world->judgement.next.sequence, 7);
    world->remembered.sequence = 8; /* which is not taken back */
    assert_int_equal(judge(release), ACCORD_ROLLBACK);
    world->remembered.sequence = UINT64_MAX;
    (void)current("channel stable 9 8\nwithdrawn 18446744073709551615\n", 71, 5001, world->current[0]);
    assert_int_equal(judge(release), ACCORD_SUPERSEDED);
    now->place.index = 72;
    world->remembered.current = (struct accord_place){ACCORD_LITERAL("m0.example/log"), 73, 5002};
    assert_int_equal(judge(release), ACCORD_ROLLBACK); /* an older word does not take back */
}

static void rosters(void **state)
{
    (void)state;
    begin();
    struct accord_exhibit *release = release_with("", "");
    world->remembered.roster_number = 1;
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.next.roster_number, 1);
    world->remembered.roster_number = 2;
    assert_int_equal(judge(release), ACCORD_TRUST);
}

static void ages(void **state)
{
    (void)state;
    begin();
    struct accord_exhibit *first = policy(1, NULL, "notice 0\nmax-age 600\n", 10, 1000);
    struct accord_exhibit *release = release_with(names_policy(1, first), "");
    assert_int_equal(judge(release), ACCORD_STALE);
    char lines[256];
    snprintf(lines, sizeof lines, "%schannel stable 9 7\n", names_policy(1, first));
    struct accord_exhibit *now = current(lines, 70, RELEASED_AT + 1000, world->current[0]);
    static const struct {
        uint64_t clock;
        enum accord_status status;
    } cases[] = {{0, ACCORD_OK},
                 {1, ACCORD_OK}, /* a clock that is behind knows less than the quorum */
                 {RELEASED_AT + 1600, ACCORD_OK},
                 {RELEASED_AT + 1601, ACCORD_STALE},
                 {UINT64_MAX, ACCORD_STALE}}; /* a clock that was pushed forward, */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world->question.clock = cases[i].clock;
        assert_int_equal(judge(release), cases[i].status);
    }
    world->question.clock = RELEASED_AT + 1500; /* and set right again */
    assert_int_equal(judge(release), ACCORD_OK);
    assert_int_equal(world->judgement.next.time, RELEASED_AT + 1000);
    /* a quorum's word that it is later makes it old without any clock */
    world->question.clock = 0;
    later(RELEASED_AT + 1601);
    assert_int_equal(judge(release), ACCORD_STALE);
    now->not_before = RELEASED_AT + 1601; /* the same statement, proven again later, is as old as it was */
    assert_int_equal(judge(release), ACCORD_STALE);
    said_at = UINT64_MAX; /* a vendor whose clock is ahead makes it no newer than its quorum says */
    now = current(lines, 71, RELEASED_AT + 1000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_STALE);
    now->not_before = RELEASED_AT + 1001;
    assert_int_equal(judge(release), ACCORD_OK);
    said_at = 0;
    /* a current that knows a policy which is not there */
    begin();
    first = policy(1, NULL, "notice 0\n", 10, 1000);
    release = release_with(names_policy(1, first), "");
    (void)current("policy 2 " D "\nchannel stable 9 7\n", 70, 5000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_POLICY);
}

static void withdrawals(void **state)
{
    (void)state;
    begin();
    struct accord_exhibit *release = release_with("", "");
    struct accord_exhibit *withdrawal =
        add(ACCORD_EXHIBIT_WITHDRAW, HEAD("withdraw") "sequence 7\nreason vulnerable CVE\nreplaced-by 8\n",
            world->release[0], 80, 6000);
    assert_int_equal(judge(release), ACCORD_WITHDRAWN);
    assert_string_equal(world->error.found, "vulnerable: CVE");
    assert_string_equal(world->error.expected, "sequence 8");
    withdrawal->kind = ACCORD_EXHIBIT_OTHER;
    assert_int_equal(judge(release), ACCORD_OK);
    (void)add(ACCORD_EXHIBIT_WITHDRAW, HEAD("withdraw") "sequence 6\nsequence 8\nreason x\n", world->release[0], 81,
              6000);
    (void)add(ACCORD_EXHIBIT_WITHDRAW, HEAD("withdraw") "sequence 7\nreason x\n", world->release[1], 82, 6000);
    (void)add(ACCORD_EXHIBIT_WITHDRAW, HEAD("withdraw") "sequence 7\nreason x\n", world->current[0], 83, 6000);
    (void)add(ACCORD_EXHIBIT_WITHDRAW, "accord/v1/withdraw\nvendor m0.example\nproduct q\nsequence 7\nreason x\n",
              world->release[0], 84, 6000);
    assert_int_equal(judge(release), ACCORD_OK);
    (void)current("channel stable 9 7\nwithdrawn 6\n", 85, 6000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_OK);
    (void)current("channel stable 9 7\nwithdrawn 6\nwithdrawn 7\n", 86, 6000, world->current[0]);
    assert_int_equal(judge(release), ACCORD_WITHDRAWN);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Everything at once, much of it contradicting the rest. The release is exhibit 0. */
static void fill_everything(void)
{
    char digest[80], stages[512], lines[256];
    begin();
    struct accord_exhibit *release = release_with("", "");
    world->dossier.count = 1; /* its place is kept: it is made when what it names is there */
    struct accord_exhibit *first =
        policy(1, NULL, "notice 50\nrequire build vendor\nrebuilders 2 1\npublic-for 10\nmax-age 90000\n", 10, 1000);
    struct accord_exhibit *second =
        policy(2, first, "notice 0\nrequire build any\nmirrors 1 1\n", 11, RELEASED_AT - 40);
    (void)policy(2, first, "notice 0\n", 12, RELEASED_AT - 30);
    (void)policy(3, second, "notice 0\nmax-age 80000\n", 61, RELEASED_AT + 5);
    struct accord_exhibit *build =
        add(ACCORD_EXHIBIT_ATTEST, ATTEST("build", "m0.example") "subject " A " a\n", world->stage[0], 20, 2000);
    digest_text(build, digest);
    snprintf(stages, sizeof stages, "stage build %s\n", digest);
    for (unsigned i = 1; i < MEMBERS; i++) {
        char by[32];
        snprintf(by, sizeof by, "m%u.example", i);
        add_rebuild(i, by, digest, "subject " A " a\noutcome match\n");
        add_rebuild(i, by, digest, "subject " A " b\noutcome match\n");
    }
    (void)add(ACCORD_EXHIBIT_OTHER, "accord/v1/x\ny z\n", world->release[1], 5, 5);
    world->dossier.exhibits[world->dossier.count - 1].newest_mirrors[0] = 2;
    world->dossier.exhibits[world->dossier.count - 1].tree_size = 70;
    snprintf(lines, sizeof lines, "%schannel stable 9 7\n", names_policy(2, second));
    (void)current(lines, 71, RELEASED_AT + 20, world->current[0]);
    snprintf(lines, sizeof lines, "%schannel stable 9 7\nwithdrawn 8\n", names_policy(1, first));
    (void)current(lines, 72, RELEASED_AT + 21, world->current[0]);
    (void)current("channel stable 9 8\n", 70, RELEASED_AT + 19, world->current[0]);
    (void)add(ACCORD_EXHIBIT_WITHDRAW, HEAD("withdraw") "sequence 6\nreason x\n", world->release[0], 80,
              RELEASED_AT + 30);
    size_t count = world->dossier.count;
    world->dossier.count = 0;
    release = release_with(names_policy(2, second), stages);
    assert_ptr_equal(release, &world->dossier.exhibits[0]);
    world->dossier.count = count;
}

/* What is put before the judge is one heap: whatever is missing from it, no order of the rest changes the verdict. */
static void order(void **state)
{
    (void)state;
    static struct accord_exhibit all[ACCORD_EXHIBITS_MAX];
    struct accord_dossier *dossier = &world->dossier;
    uint32_t seed = 7;
    unsigned fit = 0;
    fill_everything();
    const size_t whole = dossier->count;
    memcpy(all, dossier->exhibits, whole * sizeof all[0]);
    for (unsigned round = 0; round < 400; round++) {
        struct accord_exhibit release = all[0];
        dossier->exhibits[0] = release;
        dossier->count = 1;
        for (size_t i = 1; i < whole; i++)
            if (next_random(&seed) % 16 != 0)
                dossier->exhibits[dossier->count++] = all[i];
        world->question.clock = RELEASED_AT + next_random(&seed) % 100000;
        enum accord_status status = judge(&release);
        const struct accord_remembered next = world->judgement.next;
        const size_t rebuilds = world->judgement.rebuild_count;
        for (size_t i = dossier->count - 1; i > 0; i--) {
            size_t other = next_random(&seed) % (i + 1);
            struct accord_exhibit moved = dossier->exhibits[i];
            dossier->exhibits[i] = dossier->exhibits[other];
            dossier->exhibits[other] = moved;
        }
        assert_int_equal(judge(&release) == ACCORD_OK, status == ACCORD_OK);
        fit += status == ACCORD_OK;
        if (status != ACCORD_OK)
            continue;
        assert_int_equal(world->judgement.rebuild_count, rebuilds);
        assert_int_equal(world->judgement.next.policy_number, next.policy_number);
        assert_memory_equal(world->judgement.next.policy, next.policy, ACCORD_HASH_SIZE);
        assert_int_equal(world->judgement.next.current.index, next.current.index);
    }
    assert_in_range(fit, 20, 380);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_demanded),
        cmocka_unit_test(policies_are_all_there),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(notice),
        cmocka_unit_test(publicity),
        cmocka_unit_test(mirrors),
        cmocka_unit_test(stages),
        cmocka_unit_test(rebuilders),
        cmocka_unit_test(much),
        cmocka_unit_test(many_policies),
        cmocka_unit_test(fresh),
        cmocka_unit_test(recovery),
        cmocka_unit_test(rosters),
        cmocka_unit_test(ages),
        cmocka_unit_test(withdrawals),
        cmocka_unit_test(order),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
