/* Policies: the grammar of C2SP tlog-policy with every refusal, the limits, and every answer that a checkpoint can get.
 * The verdicts of another implementation are in tests/vectors/proofs.txt (proof.c). */
#include "trust.h"

#include <stdlib.h>

static const struct accord_crypto *crypto = &accord_crypto_default;
static struct accord_policy policy;

static enum accord_status parse(const char *template, struct accord_error *error)
{
    TRUST_OUT(text, 1 << 17);
    text.size = 0;
    trust_expand(&text, template);
    return accord_policy_parse(&policy, accord_out_bytes(&text), crypto, error);
}

static void assert_prints(const char *template)
{
    TRUST_OUT(printed, 1 << 17);
    TRUST_OUT(expected, 1 << 17);
    accord_policy_print(&printed, &policy);
    trust_expand(&expected, template);
    assert_int_equal(printed.size, expected.size);
    assert_memory_equal(printed.data, expected.data, expected.size);
}

static void example_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(parse("log $l0\n\nwitness X1 $w1\nwitness X2 $w2\nwitness X3 $w3\ngroup X-witnesses 2 X1 X2 X3\n\n"
                           "witness Y1 $w4\nwitness Y2 $w5\nwitness Y3 $w6\ngroup Y-witnesses any Y1 Y2 Y3\n\n"
                           "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
                           NULL),
                     ACCORD_OK);
    assert_int_equal(policy.log_count, 1);
    assert_int_equal(policy.witness_count, 6);
    assert_int_equal(policy.group_count, 3);
    assert_int_equal(policy.member_count, 8);
    assert_int_equal(policy.quorum, ACCORD_POLICY_GROUP_BASE + 2);
    assert_slice(policy.witnesses[3].name, "Y1");
    assert_int_equal(policy.groups[0].threshold, 2);
    assert_int_equal(policy.groups[1].threshold, 1);
    assert_int_equal(policy.groups[2].threshold, 2);
    assert_int_equal(policy.groups[1].first, 3);
    assert_int_equal(policy.members[3], 3);
    assert_int_equal(policy.members[7], ACCORD_POLICY_GROUP_BASE + 1);
    assert_prints("log $l0\nwitness X1 $w1\nwitness X2 $w2\nwitness X3 $w3\nwitness Y1 $w4\nwitness Y2 $w5\n"
                  "witness Y3 $w6\ngroup X-witnesses 2 X1 X2 X3\ngroup Y-witnesses 1 Y1 Y2 Y3\n"
                  "group X-and-Y 2 X-witnesses Y-witnesses\nquorum X-and-Y\n");
    bool cosigned[ACCORD_POLICY_WITNESSES_MAX] = {false};
    for (unsigned set = 0; set < 64; set++) {
        for (unsigned i = 0; i < 6; i++)
            cosigned[i] = set >> i & 1;
        bool expected = cosigned[0] + cosigned[1] + cosigned[2] >= 2 && (cosigned[3] || cosigned[4] || cosigned[5]);
        assert_int_equal(accord_policy_satisfied(&policy, cosigned), expected);
    }
}

static void accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "quorum none\n",
        "\n \t \n# comment \xff\n\t # another\n \tquorum\t \tnone \t\n",
        "log $l0 https://log.example/\nlog $l1\nlog $m0\nquorum none\n",
        "log $l0 url\nwitness w $w0 url\nquorum w\n",
        "witness w $w0 #\nquorum w\n", /* the third item is a URL, whatever it looks like */
        "witness all $w0\nwitness any $w1\nwitness 1 $w2\ngroup group all all any 1\nquorum group\n",
        "witness witness.example/0 $w0\nwitness m $m0\ngroup g 1 m\nquorum witness.example/0\n",
        "witness a $w0\nquorum a\nwitness b $w1\ngroup c any a b\nlog $l0\n# after the quorum\n",
        "witness K $w0\nwitness \xe2\x84\xaa $w1\nwitness \x80 $w2\nquorum \x80\n",
        "witness a $w0\nwitness b $w1\ngroup g 2 a b\nquorum a\n",
        "log $l0\nwitness a $m0\nlog $m0\nquorum a\n", /* logs and witnesses are compared each among themselves */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct accord_error error = {0};
        if (parse(texts[i], &error) != ACCORD_OK)
            fail_msg("%s: %d, line %d: %s", texts[i], (int)error.status, (int)error.line, error.found);
    }
    assert_int_equal(parse("log $l0\tu\n witness  w   $w0\thttps://w/\t\nquorum w\n", NULL), ACCORD_OK);
    assert_slice(policy.logs[0].url, "u");
    assert_slice(policy.witnesses[0].url, "https://w/");
    assert_prints("log $l0 u\nwitness w $w0 https://w/\nquorum w\n");
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
        const char *what;
    } cases[] = {
        {"", ACCORD_NO_QUORUM_LINE, 0, ""},
        {"log $l0\n", ACCORD_NO_QUORUM_LINE, 0, ""},
        {"# quorum none\n", ACCORD_NO_QUORUM_LINE, 0, ""},
        {"quorum none", ACCORD_MALFORMED, 1, "line"},
        {"quorum none\n# no newline", ACCORD_MALFORMED, 2, "line"},
        {"quorum none\n\n ", ACCORD_MALFORMED, 3, "line"},
        {"quorum none\r\n", ACCORD_MALFORMED, 1, "line"},
        {"\nquorum\vnone\n", ACCORD_MALFORMED, 2, "line"},
        {"quorum none\n# \x7f\n", ACCORD_MALFORMED, 2, "line"},
        {"quorum none\n# \x01\n", ACCORD_MALFORMED, 2, "line"},
        {"quorum\n", ACCORD_MALFORMED, 1, "quorum"},
        {"quorum none none\n", ACCORD_MALFORMED, 1, "quorum"},
        {"quorum none # comment\n", ACCORD_MALFORMED, 1, "quorum"},
        {"quorum none\nquorum none\n", ACCORD_DUPLICATE, 2, "quorum"},
        {"quorum w\nwitness w $w0\n", ACCORD_UNKNOWN_NAME, 1, "quorum"},
        {"quorum None\n", ACCORD_UNKNOWN_NAME, 1, "quorum"},
        {"Quorum none\n", ACCORD_MALFORMED, 1, "line"},
        {"quorumnone\n", ACCORD_MALFORMED, 1, "line"},
        {"quorum\xc2\xa0none\n", ACCORD_MALFORMED, 1, "line"},
        {"log\nquorum none\n", ACCORD_MALFORMED, 1, "log"},
        {"log $l0 url more\nquorum none\n", ACCORD_MALFORMED, 1, "log.example/0"},
        {"log x\nquorum none\n", ACCORD_BAD_KEY, 1, NULL},
        {"\nlog log.example/0+00000000+AAAA\nquorum none\n", ACCORD_KEY_TYPE, 2, NULL},
        {"log $w0\nquorum none\n", ACCORD_KEY_TYPE, 1, "witness.example/0"},
        {"log $l0\nlog $l1\nlog $l0\nquorum none\n", ACCORD_DUPLICATE, 3, "log.example/0"},
        {"log $l0\nlog $d0\nquorum none\n", ACCORD_DUPLICATE, 2, "other.example/0"},
        {"log $m0\nlog $n0\nquorum none\n", ACCORD_DUPLICATE, 2, "other.example/0"},
        {"witness\nquorum none\n", ACCORD_MALFORMED, 1, "witness"},
        {"witness w\nquorum none\n", ACCORD_MALFORMED, 1, "w"},
        {"witness $w0\nquorum none\n", ACCORD_MALFORMED, 1, NULL},
        {"witness w $w0 url more\nquorum none\n", ACCORD_MALFORMED, 1, "w"},
        {"witness w $l0\nquorum none\n", ACCORD_KEY_TYPE, 1, "log.example/0"},
        {"witness w $w0\nwitness w $w1\nquorum none\n", ACCORD_DUPLICATE, 2, "w"},
        {"witness a $w0\nwitness b $w0\nquorum none\n", ACCORD_DUPLICATE, 2, "b"},
        {"witness a $w0\nwitness b $e0\nquorum none\n", ACCORD_DUPLICATE, 2, "b"},
        {"witness a $m0\nwitness b $n0\nquorum none\n", ACCORD_DUPLICATE, 2, "b"},
        {"witness none $w0\nquorum none\n", ACCORD_DUPLICATE, 1, "none"},
        {"group\nquorum none\n", ACCORD_MALFORMED, 1, "group"},
        {"group g\nquorum none\n", ACCORD_MALFORMED, 1, "g"},
        {"group g all\nquorum none\n", ACCORD_MALFORMED, 1, "g"},
        {"group g 0\nquorum none\n", ACCORD_MALFORMED, 1, "g"},
        {"witness a $w0\ngroup none any a\nquorum a\n", ACCORD_DUPLICATE, 2, "none"},
        {"witness a $w0\ngroup a any a\nquorum a\n", ACCORD_DUPLICATE, 2, "a"},
        {"witness a $w0\ngroup g any a\nwitness g $w1\nquorum a\n", ACCORD_DUPLICATE, 3, "g"},
        {"witness a $w0\nwitness b $w1\ngroup g any a\ngroup g any b\nquorum a\n", ACCORD_DUPLICATE, 4, "g"},
        {"witness a $w0\ngroup g any a a\nquorum a\n", ACCORD_DUPLICATE, 2, "g"},
        {"witness a $w0\ngroup g any a\ngroup h any a\nquorum a\n", ACCORD_DUPLICATE, 3, "h"},
        {"witness a $w0\ngroup g any a g\nquorum a\n", ACCORD_UNKNOWN_NAME, 2, "g"},
        {"group g any a\nwitness a $w0\nquorum a\n", ACCORD_UNKNOWN_NAME, 1, "g"},
        {"witness a $w0\ngroup g any a none\nquorum a\n", ACCORD_MALFORMED, 2, "g"},
        {"witness a $w0\ngroup g 0 a\nquorum a\n", ACCORD_MALFORMED, 2, "g"},
        {"witness a $w0\ngroup g 2 a\nquorum a\n", ACCORD_MALFORMED, 2, "g"},
        {"witness a $w0\ngroup g 18446744073709551616 a\nquorum a\n", ACCORD_BAD_DECIMAL, 2, "g"},
        {"witness a $w0\ngroup g 4294967297 a\nquorum a\n", ACCORD_MALFORMED, 2, "g"},
        {"witness a $w0\ngroup g 01 a\nquorum a\n", ACCORD_BAD_DECIMAL, 2, "g"},
        {"witness a $w0\ngroup g +1 a\nquorum a\n", ACCORD_BAD_DECIMAL, 2, "g"},
        {"witness a $w0\ngroup g -1 a\nquorum a\n", ACCORD_BAD_DECIMAL, 2, "g"},
        {"witness a $w0\ngroup g ALL a\nquorum a\n", ACCORD_BAD_DECIMAL, 2, "g"},
        {"mirror a $w0\nquorum none\n", ACCORD_MALFORMED, 1, "line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_error error = {0};
        enum accord_status status = parse(cases[i].text, &error);
        if (status != cases[i].status || error.status != status || error.line != cases[i].line ||
            (cases[i].what != NULL && strcmp(error.what, cases[i].what) != 0))
            fail_msg("%s: status %d, line %d, what %s", cases[i].text, (int)status, (int)error.line, error.what);
        assert_int_equal(parse(cases[i].text, NULL), status);
    }
    static const uint8_t nul[] = "quorum none\n# \0\n";
    assert_int_equal(accord_policy_parse(&policy, (struct accord_bytes){nul, sizeof nul - 1}, crypto, NULL),
                     ACCORD_MALFORMED);
}

static void limits(void **state)
{
    (void)state;
    TRUST_OUT(most, 1 << 16);
    char line[80];
    for (unsigned i = 0; i < ACCORD_POLICY_LOGS_MAX; i++) {
        snprintf(line, sizeof line, "log $l%u\n", i);
        trust_expand(&most, line);
    }
    for (unsigned i = 0; i < ACCORD_POLICY_WITNESSES_MAX; i++) {
        snprintf(line, sizeof line, "witness w%u $w%u\n", i, i);
        trust_expand(&most, line);
    }
    for (unsigned i = 0; i < ACCORD_POLICY_GROUPS_MAX; i++) {
        snprintf(line, sizeof line, i == 0 ? "group g%u 2 w%u w%u\n" : "group g%u 3 w%u w%u g%u\n", i, 2 * i, 2 * i + 1,
                 i - 1);
        trust_expand(&most, line);
    }
    trust_expand(&most, "quorum g63\n");
    struct accord_error error;
    assert_int_equal(accord_policy_parse(&policy, accord_out_bytes(&most), crypto, &error), ACCORD_OK);
    assert_int_equal(policy.member_count, ACCORD_POLICY_MEMBERS_MAX - 1);
    bool cosigned[ACCORD_POLICY_WITNESSES_MAX];
    memset(cosigned, true, sizeof cosigned);
    assert_true(accord_policy_satisfied(&policy, cosigned));
    for (size_t i = 0; i < ACCORD_POLICY_WITNESSES_MAX; i++) { /* 64 groups deep, each witness is needed */
        cosigned[i] = false;
        assert_false(accord_policy_satisfied(&policy, cosigned));
        cosigned[i] = true;
    }
    static const char *const more[] = {"log $l64\n", "witness w128 $w128\n", "group g64 any g63\n"};
    for (size_t i = 0; i < 3; i++) {
        struct accord_out copy = most;
        trust_expand(&copy, more[i]);
        assert_int_equal(accord_policy_parse(&policy, accord_out_bytes(&copy), crypto, &error), ACCORD_TOO_LARGE);
        assert_int_equal(error.line, 64 + 128 + 64 + 2);
        assert_string_equal(error.expected, i == 1 ? "128" : "64");
    }
    uint8_t *large = malloc(ACCORD_POLICY_SIZE_MAX + 1);
    assert_non_null(large);
    memset(large, '\n', ACCORD_POLICY_SIZE_MAX + 1);
    memcpy(large, "quorum none", 11);
    struct accord_bytes bytes = {large, ACCORD_POLICY_SIZE_MAX};
    assert_int_equal(accord_policy_parse(&policy, bytes, crypto, &error), ACCORD_OK);
    bytes.size++;
    assert_int_equal(accord_policy_parse(&policy, bytes, crypto, &error), ACCORD_TOO_LARGE);
    free(large);
}

/* A checkpoint of log 0, signed as asked: "l0 w1@1000 w2@2000", where ! damages the last signature. */
static struct accord_checkpoint_claim claim;
static struct accord_checkpoint checkpoint;
static struct accord_cosigners cosigners;
static struct accord_error error;

static void sign_as(struct accord_out *note, const char *signers)
{
    const struct accord_bytes text = slice("log.example/0\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
    accord_put(note, text);
    accord_put_byte(note, '\n');
    for (const char *at = signers; *at != 0;) {
        char *end;
        struct trust_key key = {*at, (unsigned)strtoul(at + 1, &end, 10)};
        uint64_t timestamp = *end == '@' ? strtoull(end + 1, &end, 10) : 1;
        trust_sign(note, key, text, timestamp);
        if (*end == '!') {
            uint8_t *digit = note->data + note->size - 20;
            *digit = *digit == 'A' ? 'B' : 'A';
            end++;
        }
        at = *end == ' ' ? end + 1 : end;
    }
}

static enum accord_status verify_with(const struct accord_crypto *with, const char *signers)
{
    TRUST_OUT(note, 1 << 20);
    note.size = 0;
    sign_as(&note, signers);
    assert_int_equal(accord_checkpoint_parse(&claim, accord_out_bytes(&note), NULL), ACCORD_OK);
    memset(&error, 0, sizeof error);
    memset(&checkpoint, 0xff, sizeof checkpoint);
    enum accord_status status = accord_policy_verify(&policy, &claim, with, &checkpoint, &cosigners, &error);
    assert_int_equal(error.status, status);
    assert_int_equal(checkpoint.verified, status == ACCORD_OK);
    if (status == ACCORD_OK) {
        assert_slice(checkpoint.origin, "log.example/0");
        assert_int_equal(checkpoint.size, 7);
        assert_memory_equal(checkpoint.root, claim.root, sizeof checkpoint.root);
    }
    return status;
}

static enum accord_status verify(const char *signers)
{
    return verify_with(crypto, signers);
}

/* Nothing rests on this key any more; how many places it held. */
static size_t distrust(const char *key)
{
    TRUST_OUT(text, 4096);
    struct accord_vkey vkey;
    text.size = 0;
    trust_expand(&text, key);
    assert_int_equal(accord_vkey_parse(&vkey, accord_out_bytes(&text), crypto, NULL), ACCORD_OK);
    return accord_policy_distrust(&policy, &vkey);
}

#define TWO_OF_THREE "log $l1\nlog $l0\nwitness a $w1\nwitness b $w2\nwitness c $w3\ngroup q 2 a b c\nquorum q\n"

static void checkpoints(void **state)
{
    (void)state;
    assert_int_equal(parse(TWO_OF_THREE, NULL), ACCORD_OK);
    assert_int_equal(verify("l0 w1 w2"), ACCORD_OK);
    assert_int_equal(cosigners.log, 1);
    assert_int_equal(cosigners.count, 2);
    assert_true(cosigners.cosigned[0] && cosigners.cosigned[1] && !cosigners.cosigned[2]);
    assert_int_equal(verify("w3 w9 w2 l7 l0"), ACCORD_OK); /* in any order, and strangers do no harm */
    assert_int_equal(verify("l0 w1 w2 w9! l7!"), ACCORD_OK);
    assert_int_equal(verify("l0 w1 w2 w1!"), ACCORD_OK); /* the first line of a key counts */
    assert_int_equal(verify("l0 l1 w1 w2"), ACCORD_OK);

    assert_int_equal(verify("w1 w2 w3"), ACCORD_UNSIGNED);
    assert_int_equal(verify("l1 w1 w2 w3"), ACCORD_UNSIGNED); /* signed by a log of another origin */
    assert_int_equal(verify("d0 w1 w2 w3"), ACCORD_UNSIGNED); /* the right key under another name */
    assert_string_equal(error.what, "log.example/0");
    assert_int_equal(verify("l0! w1 w2"), ACCORD_SIGNATURE);
    assert_string_equal(error.what, "log.example/0");
    assert_int_equal(error.line, 5);
    assert_int_equal(verify("l0 l1! w1 w2"), ACCORD_SIGNATURE);
    assert_int_equal(verify("l0 w1! w2 w3"), ACCORD_SIGNATURE); /* even if the others would do */
    assert_string_equal(error.what, "witness.example/1");
    assert_int_equal(error.line, 6);
    assert_int_equal(verify("l0 w1! w1 w2 w3"), ACCORD_SIGNATURE);
    assert_int_equal(verify("l0 w1@0 w2 w3"), ACCORD_SIGNATURE);

    assert_int_equal(verify("l0 w2 w9"), ACCORD_QUORUM);
    assert_int_equal(cosigners.count, 1);
    assert_true(cosigners.cosigned[1] && !cosigners.cosigned[0]);
    assert_int_equal(cosigners.seen_at, 0);
    assert_string_equal(error.what, "q");
    assert_string_equal(error.expected, "2 of 3");
    assert_string_equal(error.found, "1");
    assert_int_equal(verify("l0 w2 w2 w2"), ACCORD_QUORUM); /* nobody counts twice */
    assert_int_equal(verify("l0 e1 e2 e3"), ACCORD_QUORUM);
}

static void distrusted_keys(void **state)
{
    (void)state;
    const bool all[ACCORD_POLICY_WITNESSES_MAX] = {true, true, true};
    assert_int_equal(parse(TWO_OF_THREE, NULL), ACCORD_OK);
    assert_int_equal(distrust("$w9"), 0);
    assert_int_equal(distrust("$w1"), 1);
    assert_int_equal(verify("l0 w1@5 w2@1000 w3@2000"), ACCORD_OK);
    assert_int_equal(cosigners.count, 2);
    assert_true(!cosigners.cosigned[0] && cosigners.cosigned[1] && cosigners.cosigned[2]);
    assert_true(cosigners.discounted[0] && !cosigners.discounted[1]);
    assert_int_equal(cosigners.seen_at, 2000); /* nor does its time count */
    assert_int_equal(cosigners.timestamp[0], 0);
    assert_int_equal(verify("l0 w1! w2 w3"), ACCORD_OK); /* whatever it signs changes nothing */
    assert_false(cosigners.discounted[0]);
    assert_int_equal(verify("l0 w1 w2"), ACCORD_QUORUM);
    assert_true(cosigners.discounted[0]);
    assert_string_equal(error.found, "1");
    assert_true(accord_policy_satisfied(&policy, all));
    assert_int_equal(distrust("$w2"), 1);
    assert_false(accord_policy_satisfied(&policy, all));

    assert_int_equal(parse(TWO_OF_THREE, NULL), ACCORD_OK); /* a policy that is parsed anew trusts everybody again */
    assert_int_equal(verify("l0 w1 w2"), ACCORD_OK);
    assert_int_equal(distrust("$l0"), 1);
    assert_int_equal(verify("l0 w1 w2 w3"), ACCORD_DISTRUSTED);
    assert_string_equal(error.what, "log.example/0");
    assert_int_equal(verify("l1 w1 w2 w3"), ACCORD_DISTRUSTED);
    assert_int_equal(parse(TWO_OF_THREE, NULL), ACCORD_OK);
    assert_int_equal(distrust("$l1"), 1);
    assert_int_equal(verify("l0 w1 w2"), ACCORD_OK); /* another log's sins */
}

static void logs_and_quorums_of_every_kind(void **state)
{
    (void)state;
    assert_int_equal(parse("log $l1\nquorum none\n", NULL), ACCORD_OK);
    assert_int_equal(verify("l0 l1"), ACCORD_UNKNOWN_LOG);
    assert_string_equal(error.found, "log.example/0");
    assert_int_equal(parse("quorum none\n", NULL), ACCORD_OK);
    assert_int_equal(verify("l0"), ACCORD_UNKNOWN_LOG);
    assert_int_equal(parse("log $l0\nwitness a $w1\nquorum none\n", NULL), ACCORD_OK);
    assert_int_equal(verify("l0"), ACCORD_OK);
    assert_int_equal(cosigners.seen_at, 0);
    assert_int_equal(cosigners.not_before, 0);
    assert_int_equal(verify("l0 w1@9"), ACCORD_OK);
    assert_int_equal(cosigners.count, 1);
    assert_int_equal(cosigners.seen_at, 0);
    assert_int_equal(verify("l0 w1!"), ACCORD_SIGNATURE); /* known, though the quorum does not ask for it */
    assert_int_equal(parse("log $l0\nwitness a $w1\nwitness b $w2\nquorum b\n", NULL), ACCORD_OK);
    assert_int_equal(verify("l0 w1"), ACCORD_QUORUM);
    assert_string_equal(error.what, "b");
    assert_string_equal(error.expected, "1 of 1");
    assert_string_equal(error.found, "0");
    assert_int_equal(verify("l0 w2@77 w1@5"), ACCORD_OK);
    assert_int_equal(cosigners.seen_at, 77);
    assert_int_equal(cosigners.not_before, 77);
    assert_int_equal(cosigners.timestamp[0], 5);
}

static int mldsa_accepts(const uint8_t *public_key, const uint8_t *message, size_t size, const uint8_t *signature)
{
    (void)public_key, (void)message, (void)size, (void)signature;
    return 1;
}

static int mldsa_refuses(const uint8_t *public_key, const uint8_t *message, size_t size, const uint8_t *signature)
{
    (void)public_key, (void)message, (void)size, (void)signature;
    return 0;
}

/* What this machine cannot verify counts for nothing, and is said. */
static void unsupported_types(void **state)
{
    (void)state;
    struct accord_crypto with = accord_crypto_default, without = accord_crypto_default;
    with.mldsa44_verify = mldsa_accepts;
    without.mldsa44_verify = NULL;
    assert_int_equal(parse("log $l0\nwitness a $w1\nwitness m $m1\ngroup q all a m\nquorum q\n", NULL), ACCORD_OK);
    assert_int_equal(verify_with(&with, "l0 w1@30 m1@40"), ACCORD_OK);
    assert_int_equal(cosigners.seen_at, 40);
    assert_int_equal(cosigners.not_before, 30);
    assert_int_equal(verify_with(&without, "l0 w1 m1@40"), ACCORD_QUORUM);
    assert_string_equal(error.expected, "2 of 2");
    assert_string_equal(error.found, "1, unsupported 1");
    assert_false(cosigners.cosigned[1]);
    assert_int_equal(cosigners.timestamp[1], 0);
    with.mldsa44_verify = mldsa_refuses;
    assert_int_equal(verify_with(&with, "l0 w1 m1@40"), ACCORD_SIGNATURE);
    assert_string_equal(error.what, "mldsa.example/1");
    assert_int_equal(parse("log $l0\nwitness a $w1\nwitness m $m1\ngroup q any a m\nquorum q\n", NULL), ACCORD_OK);
    assert_int_equal(verify_with(&without, "l0 w1 m1@40"), ACCORD_OK);
}

/* Logs may sign with ML-DSA-44 too, alone or beside Ed25519. */
static void logs_of_unsupported_types(void **state)
{
    (void)state;
    struct accord_crypto with = accord_crypto_default, without = accord_crypto_default;
    with.mldsa44_verify = mldsa_accepts;
    without.mldsa44_verify = NULL;
    assert_int_equal(parse("log $o0\nquorum none\n", NULL), ACCORD_OK);
    assert_prints("log $o0\nquorum none\n");
    assert_int_equal(verify_with(&with, "o0@5"), ACCORD_OK);
    assert_int_equal(verify_with(&with, "l0"), ACCORD_UNSIGNED);
    assert_int_equal(verify_with(&without, "o0@5"), ACCORD_UNSUPPORTED);
    assert_string_equal(error.what, "log.example/0");
    assert_int_equal(parse("log $o0\nlog $l0\nquorum none\n", NULL), ACCORD_OK);
    assert_int_equal(verify_with(&without, "o0@5"), ACCORD_UNSUPPORTED);
    assert_int_equal(verify_with(&without, "o0@5 l0"), ACCORD_OK);
    assert_int_equal(cosigners.log, 1);
    assert_int_equal(verify_with(&with, "l0 o0@5"), ACCORD_OK);
    assert_int_equal(cosigners.log, 0);
}

/* A line is a key's only when both name and id are. */
static void ids_of_others(void **state)
{
    (void)state;
    TRUST_OUT(note, 4096);
    static const uint8_t zeros[72];
    assert_int_equal(parse(TWO_OF_THREE, NULL), ACCORD_OK);
    sign_as(&note, "l0 w1 w2");
    uint32_t id = policy.witnesses[2].vkey.id;
    accord_signature_print(&note, slice("impostor.example"), id, (struct accord_bytes){zeros, sizeof zeros});
    accord_signature_print(&note, slice("witness.example/3"), id ^ 1, (struct accord_bytes){zeros, sizeof zeros});
    assert_int_equal(accord_checkpoint_parse(&claim, accord_out_bytes(&note), NULL), ACCORD_OK);
    assert_int_equal(accord_policy_verify(&policy, &claim, crypto, &checkpoint, &cosigners, &error), ACCORD_OK);
    assert_false(cosigners.cosigned[2]);
    accord_signature_print(&note, slice("witness.example/3"), id, (struct accord_bytes){zeros, sizeof zeros});
    assert_int_equal(accord_checkpoint_parse(&claim, accord_out_bytes(&note), NULL), ACCORD_OK);
    assert_int_equal(accord_policy_verify(&policy, &claim, crypto, &checkpoint, &cosigners, &error), ACCORD_SIGNATURE);
}

static uint64_t below(uint64_t *seed, uint64_t limit)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % limit;
}

static void minorities_that_lie(void **state)
{
    (void)state;
    assert_int_equal(parse("log $l0\nwitness a $w1\nwitness b $w2\nwitness c $w3\nwitness d $w4\nwitness e $w5\n"
                           "group q 3 a b c d e\nquorum q\n",
                           NULL),
                     ACCORD_OK);
    assert_int_equal(verify("l0 w1@100 w2@200 w3@300 w4@1 w5@9223372036854775807"), ACCORD_OK);
    assert_int_equal(cosigners.seen_at, 200);
    assert_int_equal(cosigners.not_before, 200);
    assert_int_equal(verify("l0 w1@100 w2@200 w3@300"), ACCORD_OK);
    assert_int_equal(cosigners.seen_at, 300);
    assert_int_equal(cosigners.not_before, 100);
}

/* The two times against their definitions, for random times and random absence. */
static void times_as_defined(void **state)
{
    (void)state;
    uint64_t seed = 1;
    assert_int_equal(parse("log $l0\nwitness a $w0\nwitness b $w1\nwitness c $w2\nwitness d $w3\nwitness e $w4\n"
                           "witness f $w5\ngroup x 2 a b c\ngroup y any d e\ngroup z 2 x y f\nquorum z\n",
                           NULL),
                     ACCORD_OK);
    unsigned satisfied = 0;
    for (unsigned round = 0; round < 200; round++) {
        char signers[200] = "l0";
        uint64_t times[6] = {0}, seen_at = 0, not_before = 0;
        for (unsigned i = 0; i < 6; i++)
            if (below(&seed, 4) > 0) {
                times[i] = 1 + below(&seed, 8);
                size_t size = strlen(signers);
                snprintf(signers + size, sizeof signers - size, " w%u@%u", i, (unsigned)times[i]);
            }
        for (uint64_t t = 1; t <= 8; t++) {
            bool by[ACCORD_POLICY_WITNESSES_MAX] = {false}, from[ACCORD_POLICY_WITNESSES_MAX] = {false};
            for (unsigned i = 0; i < 6; i++) {
                by[i] = times[i] != 0 && times[i] <= t;
                from[i] = times[i] >= t;
            }
            if (seen_at == 0 && accord_policy_satisfied(&policy, by))
                seen_at = t;
            if (accord_policy_satisfied(&policy, from))
                not_before = t;
        }
        assert_int_equal(verify(signers), seen_at != 0 ? ACCORD_OK : ACCORD_QUORUM);
        assert_int_equal(cosigners.seen_at, seen_at);
        assert_int_equal(cosigners.not_before, not_before);
        satisfied += seen_at != 0 ? 1 : 0;
    }
    assert_true(satisfied > 50 && satisfied < 190);
}

static unsigned verifications;

static bool count_verification(const uint8_t *public_key, const uint8_t *message, size_t size, const uint8_t *signature)
{
    verifications++;
    return crypto->ed25519_verify(public_key, message, size, signature);
}

/* A note may be long: each key costs one verification, each stranger none. */
static void cost(void **state)
{
    (void)state;
    struct accord_crypto counting = accord_crypto_default;
    char signers[8192] = "l0 w1 w2";
    for (unsigned i = 3; i < ACCORD_SIGNATURES_MAX; i++)
        strcat(signers, i % 2 ? " w1" : " w9");
    counting.ed25519_verify = count_verification;
    assert_int_equal(parse(TWO_OF_THREE, NULL), ACCORD_OK);
    assert_int_equal(verify_with(&counting, signers), ACCORD_OK);
    assert_int_equal(verifications, 3);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_the_specification),
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(checkpoints),
        cmocka_unit_test(distrusted_keys),
        cmocka_unit_test(logs_and_quorums_of_every_kind),
        cmocka_unit_test(unsupported_types),
        cmocka_unit_test(logs_of_unsupported_types),
        cmocka_unit_test(ids_of_others),
        cmocka_unit_test(minorities_that_lie),
        cmocka_unit_test(times_as_defined),
        cmocka_unit_test(cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
