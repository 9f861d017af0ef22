/* Any entry of a log, as a monitor judges it: what a look passes over is no finding, what is told is printable, and the
 * same bytes as a list of what is expected are taken or refused. */
#include "monitor/rules.h"

#include <stdlib.h>

#include "../unit/rosters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct fixed {
    struct accord_verifier verifier;
    struct accord_expected expected;
    struct accord_bytes vendor;
    struct accord_rules_glass *look, *judge;
    uint8_t roster[16384], trust[32768], policy[65536];
};

/* A trust file of three members, whose roster nobody has to have signed well. */
static struct fixed *fixed_new(void)
{
    static const char *const keys[] = {"m0.example/release"};
    struct fixed *fixed = calloc(1, sizeof *fixed);
    require(fixed != NULL);
    accord_crypto_start();
    struct accord_out roster = {fixed->roster, sizeof fixed->roster, 0, false};
    struct accord_out trust = {fixed->trust, sizeof fixed->trust, 0, false};
    struct accord_out policy = {fixed->policy, sizeof fixed->policy, 0, false};
    put_roster_head(&roster, 2, 1, 1);
    for (unsigned i = 0; i < 3; i++)
        put_member(&roster, i, "CH", true, true);
    put_signatures(&roster, keys, 1);
    const struct accord_trust_claim claim = {.roster_index = 1, .roster_entry = accord_out_bytes(&roster)};
    accord_trust_print(&trust, &claim);
    require(accord_verifier_init(&fixed->verifier, accord_out_bytes(&trust), &policy, &accord_crypto_default, NULL) ==
            ACCORD_OK);
    fixed->vendor = ACCORD_LITERAL("m0.example");
    fixed->look = accord_rules_glass_new();
    fixed->judge = accord_rules_glass_new();
    require(fixed->look != NULL && fixed->judge != NULL);
    return fixed;
}

static enum accord_status take(void *context, const struct accord_finding *finding, struct accord_error *error)
{
    unsigned *told = context;
    (void)error;
    ++*told;
    for (const char *c = finding->sentence; *c != '\0'; c++)
        require(*c >= 0x20 && *c <= 0x7e);
    for (const char *c = finding->subject; *c != '\0'; c++)
        require(*c >= 0x20 && *c <= 0x7e);
    return ACCORD_OK;
}

static void judge(const struct fixed *fixed, struct accord_bytes entry, bool carries)
{
    const struct accord_rules_options options = {.crypto = &accord_crypto_default,
                                                 .verifier = &fixed->verifier,
                                                 .vendors = &fixed->vendor,
                                                 .vendor_count = 1,
                                                 .expected = &fixed->expected,
                                                 .all_signatures = carries};
    struct accord_rules *rules;
    struct accord_checkpoint_claim none = {.size = 0};
    uint8_t leaf[ACCORD_HASH_SIZE];
    unsigned told = 0;
    bool changed = false;
    const struct accord_finding_sink sink = {&told, take};
    require(accord_rules_new(&rules, &options, NULL) == ACCORD_OK);
    accord_rules_carry(rules, carries);
    accord_merkle_leaf(options.crypto, entry, leaf);
    bool worth = accord_rules_look(rules, fixed->look, leaf, entry);
    require(accord_rules_judge(rules, fixed->judge, &none, 7, leaf, entry, &sink, &changed, NULL) == ACCORD_OK);
    require(told <= 1 && (worth || told == 0) && !changed);
    accord_rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixed *fixed;
    struct accord_expected list = {0};
    if (fixed == NULL)
        fixed = fixed_new();
    (void)!accord_expected_read(&list, (struct accord_bytes){data, size}, NULL);
    (void)!accord_expected_read_proof(&list, (struct accord_bytes){data, size}, &accord_crypto_default, NULL);
    accord_expected_free(&list);
    if (size > ACCORD_ENTRY_SIZE_MAX)
        return 0;
    judge(fixed, (struct accord_bytes){data, size}, false);
    judge(fixed, (struct accord_bytes){data, size}, true);
    return 0;
}
