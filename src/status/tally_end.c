/* What follows from the counts, once all of the log was read: the stages of releases whose attestations came after
 * them, by when a statement was in the log, and what is overdue. It knows one time, a quorum's. */
#include <stdlib.h>
#include <string.h>

#include "accord/product.h"
#include "status/tally.h"

#define DAY 86400

/* Products */

static size_t hash_of(size_t member, struct accord_bytes name)
{
    uint64_t word = 14695981039346656037U ^ member;
    for (size_t i = 0; i < name.size; i++) {
        word = (word ^ name.data[i]) * 1099511628211U;
    }
    return (size_t)(word ^ word >> 32);
}

/* The slot of a product, or the free one where it would be. */
static size_t slot_of(const struct accord_tally *tally, size_t member, struct accord_bytes name)
{
    size_t at = hash_of(member, name) & (tally->slot_count - 1);
    for (; tally->slots[at] != 0; at = (at + 1) & (tally->slot_count - 1)) {
        const struct accord_standing_product *product = &tally->standings->products[tally->slots[at] - 1];
        if (product->member == member && strlen(product->name) == name.size &&
            memcmp(product->name, name.data, name.size) == 0) {
            break;
        }
    }
    return at;
}

/* Twice as much room; the slots are as many again. */
static bool make_room(struct accord_tally *tally)
{
    struct accord_standings *standings = tally->standings;
    size_t capacity = tally->product_capacity == 0 ? 64 : tally->product_capacity * 2;
    struct accord_standing_product *products = realloc(standings->products, capacity * sizeof *products);
    if (products == NULL) {
        return false;
    }
    standings->products = products;
    uint32_t *slots = calloc(capacity * 2, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    free(tally->slots);
    tally->slots = slots;
    tally->slot_count = capacity * 2;
    tally->product_capacity = capacity;
    for (size_t i = 0; i < standings->product_count; i++) {
        const struct accord_standing_product *product = &products[i];
        const struct accord_bytes name = {(const uint8_t *)product->name, strlen(product->name)};
        slots[slot_of(tally, product->member, name)] = (uint32_t)(i + 1);
    }
    return true;
}

enum accord_status accord_tally_product(struct accord_tally *tally, size_t member, struct accord_bytes name,
                                        struct accord_standing_product **product, struct accord_error *error)
{
    struct accord_standings *standings = tally->standings;
    *product = NULL;
    if (standings->product_count == tally->product_capacity && !make_room(tally)) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    size_t slot = slot_of(tally, member, name);
    if (tally->slots[slot] == 0 && standings->members[member].product_count == ACCORD_STANDING_PRODUCTS_MAX) {
        return ACCORD_OK;
    }
    if (tally->slots[slot] == 0) {
        standings->members[member].product_count++;
        struct accord_standing_product *made = &standings->products[standings->product_count++];
        memset(made, 0, sizeof *made);
        made->member = member;
        memcpy(made->name, name.data, name.size);
        accord_buffer_init(&made->policy, ACCORD_ENTRY_SIZE_MAX);
        tally->slots[slot] = (uint32_t)standings->product_count;
    }
    *product = &standings->products[tally->slots[slot] - 1];
    return ACCORD_OK;
}

static int by_member_and_name(const void *a, const void *b)
{
    const struct accord_standing_product *one = a, *other = b;
    return one->member != other->member ? (one->member < other->member ? -1 : 1) : strcmp(one->name, other->name);
}

/* The end */

/* The lines of one release stand together. */
static void end_stages(struct accord_tally *tally)
{
    uint8_t done = 0;
    for (size_t i = 0; i < tally->open_count; i++) {
        const struct accord_tally_open *open = &tally->open[i];
        done = i == 0 || tally->open[i - 1].release != open->release ? open->done : done;
        if ((done >> open->stage & 1) == 0 && accord_digests_find(&tally->met, open->digest) == open->stage + 1) {
            done |= (uint8_t)(1U << open->stage);
            tally->standings->members[open->member].staged[open->stage]++;
        }
    }
}

/* The earliest time at which a quorum vouched for a tree that holds the entry. */
static uint64_t not_after(const struct accord_tally *tally, uint64_t index)
{
    uint64_t time = tally->standings->quorum_time;
    for (size_t i = 0; i < tally->anchor_count; i++) {
        const struct accord_tally_anchor *anchor = &tally->anchors[i];
        if (index < anchor->size && anchor->time < time) {
            time = anchor->time;
        }
    }
    return time;
}

static void end_product(const struct accord_tally *tally, struct accord_standing_product *product)
{
    uint64_t now = tally->standings->now;
    /* The policy that asks for statements, where there is none at all. */
    uint64_t since = not_after(tally, product->currents > 0 ? product->current_index : product->policy_index);
    product->current_not_after = product->currents > 0 ? since : 0;
    product->current_overdue = product->max_age > 0 && now > since && now - since > product->max_age;
}

static void end_member(const struct accord_tally *tally, struct accord_standing *standing)
{
    /* The day that is named is the last one on which it is not late. */
    int64_t due = ((int64_t)standing->demand_claim.next + 1) * DAY;
    standing->demand_overdue = standing->demands > 0 && (due < 0 || tally->standings->now >= (uint64_t)due);
}

/* What came of the reports that each member said it has. */
static void count_case(struct accord_standings *standings, const struct accord_docket_case *found)
{
    struct accord_case_standing stands;
    size_t member = accord_roster_member(accord_standings_roster(standings), found->vendor);
    if (member == SIZE_MAX || found->state.received == 0) {
        return;
    }
    accord_case_stand(&found->state, standings->now, &stands);
    standings->members[member].reports_received++;
    standings->members[member].reports_fixed += found->state.published != 0;
    standings->members[member].reports_overdue += stands.overdue;
}

static enum accord_status end_cases(struct accord_tally *tally, struct accord_error *error)
{
    struct accord_standings *standings = tally->standings;
    if (standings->cases == NULL) {
        return ACCORD_OK;
    }
    enum accord_status status =
        accord_docket_judge(standings->cases, tally->chain, standings->checkpoint.size, standings->quorum_time, error);
    for (size_t i = 0; status == ACCORD_OK && i < accord_docket_count(standings->cases); i++) {
        count_case(standings, accord_docket_case(standings->cases, i));
    }
    return status;
}

enum accord_status accord_tally_end(struct accord_tally *tally, struct accord_error *error)
{
    struct accord_standings *standings = tally->standings;
    end_stages(tally);
    if (standings->product_count > 0) {
        qsort(standings->products, standings->product_count, sizeof standings->products[0], by_member_and_name);
    }
    for (size_t i = 0; i < standings->product_count; i++) {
        struct accord_standing *standing = &standings->members[standings->products[i].member];
        end_product(tally, &standings->products[i]);
        bool first = i == 0 || standings->products[i - 1].member != standings->products[i].member;
        standing->first_product = first ? i : standing->first_product;
    }
    for (size_t i = 0; i < accord_standings_roster(standings)->member_count; i++) {
        end_member(tally, &standings->members[i]);
    }
    return end_cases(tally, error);
}
