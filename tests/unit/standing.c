/* The standings' parts: the set of digests, the words, and that nothing from a log can be a tag on the page. */
#include "slices.h"

#include "base/digests.h"
#include "crypto/backend.h"
#include "signing.h"
#include "status/cells.h"
#include "status/page.h"
#include "status/tally.h"

#include <stdio.h>
#include <stdlib.h>

static struct accord_error error;

static void number_digest(uint64_t number, uint8_t digest[ACCORD_HASH_SIZE])
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    accord_hash(&accord_crypto_default, slice(text), digest);
}

static void a_set_holds_what_was_added(void **state)
{
    (void)state;
    struct accord_digests digests = {0};
    uint8_t digest[ACCORD_HASH_SIZE];
    number_digest(1, digest);
    assert_int_equal(accord_digests_find(&digests, digest), 0);
    for (uint64_t i = 0; i < 20000; i++) {
        number_digest(i, digest);
        assert_int_equal(accord_digests_find(&digests, digest), 0);
        assert_int_equal(accord_digests_add(&digests, digest, (uint8_t)(i % 7 + 1), &error), ACCORD_OK);
        assert_int_equal(accord_digests_add(&digests, digest, 9, &error), ACCORD_OK);
    }
    assert_int_equal(digests.count, 20000);
    for (uint64_t i = 0; i < 40000; i++) {
        number_digest(i, digest);
        assert_int_equal(accord_digests_find(&digests, digest), i < 20000 ? i % 7 + 1 : 0);
    }
    accord_digests_free(&digests);
    assert_int_equal(accord_digests_find(&digests, digest), 0);
}

/* One member with one product; what is a name or a title could be anything here. */
static struct accord_standings *standings_new(void)
{
    struct accord_standings *standings = calloc(1, sizeof *standings);
    standings->chain = calloc(1, sizeof *standings->chain);
    standings->products = calloc(1, sizeof *standings->products);
    assert_non_null(standings->products);
    struct accord_roster_claim *roster = &standings->chain->roster[0];
    roster->number = 3;
    roster->member_count = 1;
    roster->members[0].domain = slice("m.example");
    roster->members[0].jurisdiction = slice("CH");
    standings->chain->charter.name = slice("test");
    standings->checkpoint.origin = slice("log.example/<script>alert('x')</script>&\"");
    standings->checkpoint.size = 10;
    standings->quorum_time = standings->now = 1600000000;
    standings->product_count = standings->members[0].product_count = 1;
    snprintf(standings->products[0].name, sizeof standings->products[0].name, "<b>");
    return standings;
}

static void standings_free(struct accord_standings *standings)
{
    free(standings->chain);
    free(standings->products);
    free(standings);
}

static void the_page_escapes_what_is_not_its_own(void **state)
{
    (void)state;
    struct accord_standings *standings = standings_new();
    struct accord_buffer page, again;
    accord_buffer_init(&page, 1 << 20);
    accord_buffer_init(&again, 1 << 20);
    assert_int_equal(accord_standings_page(standings, &page, &error), ACCORD_OK);
    assert_int_equal(accord_standings_page(standings, &again, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&page), accord_buffer_bytes(&again)));
    assert_null(memmem(page.data, page.size, "<script", 7));
    assert_null(memmem(page.data, page.size, "<b>", 3));
    const char *escaped = "log.example/&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38;&#34;";
    assert_non_null(memmem(page.data, page.size, escaped, strlen(escaped)));
    page.maximum = page.size;
    assert_int_equal(accord_standings_page(standings, &page, &error), ACCORD_TOO_LARGE);
    accord_buffer_free(&page);
    accord_buffer_free(&again);
    standings_free(standings);
}

static void assert_cell(const struct accord_standings *standings, enum accord_member_column column,
                        const char *expected, bool expected_late)
{
    char text[ACCORD_CELL_SIZE];
    bool late;
    accord_member_cell(standings, 0, column, text, &late);
    assert_string_equal(text, expected);
    assert_int_equal(late, expected_late);
}

static void cells_say_what_is_late(void **state)
{
    (void)state;
    struct accord_standings *standings = standings_new();
    struct accord_standing *standing = &standings->members[0];
    assert_cell(standings, ACCORD_COLUMN_MEMBER, "m.example", false);
    assert_cell(standings, ACCORD_COLUMN_WITNESS, "-", false);
    standing->has_witness = true;
    assert_cell(standings, ACCORD_COLUMN_WITNESS, "SILENT, never seen", true);
    standing->last_seen = 1500000000;
    assert_cell(standings, ACCORD_COLUMN_WITNESS, "SILENT since 2017-07-14", true);
    standing->cosigned = standing->mirrored = true;
    assert_cell(standings, ACCORD_COLUMN_WITNESS, "cosigns, mirrors", false);
    assert_cell(standings, ACCORD_COLUMN_REBUILDS, "-", false);
    standing->rebuilt = 2;
    assert_cell(standings, ACCORD_COLUMN_REBUILDS, "2", false);
    standing->rebuilt_otherwise = 1;
    assert_cell(standings, ACCORD_COLUMN_REBUILDS, "2, and 1 DIFFER", true);
    standing->staged[ACCORD_STAGE_SOURCE] = 4;
    standing->staged[ACCORD_STAGE_BUILD] = 3;
    assert_cell(standings, ACCORD_COLUMN_ATTESTED, "source 4, build 3", false);
    assert_cell(standings, ACCORD_COLUMN_CURRENT, "-", false);
    standings->products[0].currents = 1;
    assert_cell(standings, ACCORD_COLUMN_CURRENT, "of 1 product", false);
    standings->products[0].current_overdue = true;
    assert_cell(standings, ACCORD_COLUMN_CURRENT, "OVERDUE of 1", true);
    standing->demands = 1;
    standing->demand_claim.next = 17638;
    assert_cell(standings, ACCORD_COLUMN_DEMAND, "next by 2018-04-17", false);
    standing->demand_overdue = true;
    assert_cell(standings, ACCORD_COLUMN_DEMAND, "OVERDUE since 2018-04-17", true);
    standings_free(standings);
}

static void counts_have_words(void **state)
{
    (void)state;
    char text[2 * ACCORD_CELL_SIZE];
    struct accord_demand_count count = {slice("US"), slice("content"), 0, 249};
    accord_demand_words(&count, text);
    assert_string_equal(text, "content, by the law of US: 0 to 249");
    count = (struct accord_demand_count){slice("any"), slice("a:b"), 0, 0};
    accord_demand_words(&count, text);
    assert_string_equal(text, "a:b, by anybody's law: 0");
}

/* One member's products leave the others' room alone. */
static void a_member_has_so_many_products_counted(void **state)
{
    (void)state;
    struct accord_tally *tally = calloc(1, sizeof *tally);
    struct accord_standing_product *product;
    assert_non_null(tally);
    tally->standings = calloc(1, sizeof *tally->standings);
    assert_non_null(tally->standings);
    for (unsigned i = 0; i < ACCORD_STANDING_PRODUCTS_MAX + 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        assert_int_equal(accord_tally_product(tally, 0, slice(name), &product, &error), ACCORD_OK);
        assert_int_equal(product != NULL, i < ACCORD_STANDING_PRODUCTS_MAX);
    }
    assert_int_equal(accord_tally_product(tally, 0, slice("p7"), &product, &error), ACCORD_OK);
    assert_non_null(product);
    assert_string_equal(product->name, "p7");
    assert_int_equal(accord_tally_product(tally, 1, slice("p"), &product, &error), ACCORD_OK);
    assert_non_null(product);
    assert_int_equal(tally->standings->members[0].product_count, ACCORD_STANDING_PRODUCTS_MAX);
    assert_int_equal(tally->standings->members[1].product_count, 1);
    free(tally->slots);
    free(tally->standings->products);
    free(tally->standings);
    free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_holds_what_was_added),
        cmocka_unit_test(the_page_escapes_what_is_not_its_own),
        cmocka_unit_test(cells_say_what_is_late),
        cmocka_unit_test(counts_have_words),
        cmocka_unit_test(a_member_has_so_many_products_counted),
    };
    return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}
