/* Judging a docket: when each entry was, by the checkpoints that the log carries, and what counts, in the order of the
 * log. Knows nothing of how the entries came here. */
#include "case/docket_inner.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "case/sharing.h"
#include "core/text.h"

/* Times */

static int by_size(const void *a, const void *b)
{
    const struct accord_docket_tick *x = a, *y = b;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* Sorted by size, each with the earliest time of all trees that are no smaller. */
static void sort_ticks(struct accord_docket *docket)
{
    if (docket->tick_count > 0) {
        qsort(docket->ticks, docket->tick_count, sizeof *docket->ticks, by_size);
    }
    for (size_t i = docket->tick_count; i > 1; i--) {
        uint64_t next = docket->ticks[i - 1].time;
        docket->ticks[i - 2].time = docket->ticks[i - 2].time < next ? docket->ticks[i - 2].time : next;
    }
}

/* The earliest quorum time of a larger tree. */
uint64_t accord_docket_time(const struct accord_docket *docket, uint64_t index)
{
    size_t low = 0, high = docket->tick_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (docket->ticks[middle].size > index) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low < docket->tick_count && docket->ticks[low].time < docket->now ? docket->ticks[low].time : docket->now;
}

/* Events */

bool accord_docket_shows(const struct accord_docket *docket, const struct accord_docket_case *found,
                         struct accord_bytes by, const uint8_t salt[32])
{
    uint8_t blinded[ACCORD_HASH_SIZE];
    accord_report_blinded(docket->crypto, salt, by, blinded);
    return found->claim.vendor.size == 0 && memcmp(blinded, found->claim.blinded, sizeof blinded) == 0;
}

static enum accord_party party_of(const struct accord_docket_case *found, struct accord_bytes vendor,
                                  const struct accord_answer_claim *answer, size_t *custodian)
{
    if (answer->kind == ACCORD_ANSWER_SHARE || answer->kind == ACCORD_ANSWER_COMPLAINT) {
        for (*custodian = 0; *custodian < found->claim.custodian_count; ++*custodian) {
            if (accord_bytes_equal(found->claim.custodians[*custodian].domain, answer->by)) {
                return ACCORD_PARTY_CUSTODIAN;
            }
        }
        *custodian = 0;
        return ACCORD_PARTY_OTHER;
    }
    if (accord_bytes_equal(answer->by, ACCORD_LITERAL(ACCORD_REPORTER_NAME))) {
        return ACCORD_PARTY_REPORTER;
    }
    return accord_bytes_equal(answer->by, vendor) ? ACCORD_PARTY_VENDOR : ACCORD_PARTY_OTHER;
}

/* What a sealed share held: at most its bytes and one more. */
struct opened {
    uint8_t bytes[ACCORD_SHARING_PLAIN_SIZE + 1];
    size_t size;
};

static enum accord_status take_opened(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct opened *opened = context;
    (void)error;
    for (size_t i = 0; i < bytes.size && opened->size < sizeof opened->bytes; i++) {
        opened->bytes[opened->size++] = bytes.data[i];
    }
    return ACCORD_OK;
}

/* Opens a custodian's sealed share with its file key; false where the key does not open it. */
static bool open_share(const struct accord_custodian *custodian, const uint8_t file_key[ACCORD_FILE_KEY_SIZE],
                       struct opened *opened)
{
    uint8_t sealed[ACCORD_SHARE_SEALED_MAX];
    size_t size;
    struct accord_age_opener *opener = NULL;
    const struct accord_age_opening opening = {.file_key = file_key, .sink = {opened, take_opened}};
    if (!accord_base64_size(custodian->share_base64, &size) || size > sizeof sealed ||
        !accord_base64_read(custodian->share_base64, sealed, size) ||
        accord_age_opener_new(&opener, &opening, NULL) != ACCORD_OK) {
        return false;
    }
    bool is_open = accord_age_opener_write(opener, (struct accord_bytes){sealed, size}, NULL) == ACCORD_OK &&
                   accord_age_opener_end(opener, NULL) == ACCORD_OK;
    accord_age_opener_free(opener);
    return is_open;
}

/* A complaint holds where the key opens what was made for this report, and no share is in it. */
static bool is_wrong(const struct accord_report_claim *claim, size_t custodian,
                     const uint8_t file_key[ACCORD_FILE_KEY_SIZE])
{
    struct opened opened = {.size = 0};
    return open_share(&claim->custodians[custodian], file_key, &opened) &&
           accord_sharing_is_for((struct accord_bytes){opened.bytes, opened.size}, claim->key.text) &&
           !accord_sharing_check(claim->coefficients, claim->custody, (unsigned)custodian + 1, opened.bytes);
}

/* Else whoever has the file key, its vendor first of all, could say in the reporter's place what was sealed to whom. */
static bool seed_gives_key(const struct accord_answer_claim *answer)
{
    uint8_t file_key[ACCORD_FILE_KEY_SIZE];
    accord_age_seed_file_key(answer->salt, file_key);
    return memcmp(file_key, answer->file_key, sizeof file_key) == 0;
}

static bool holds(const struct accord_docket *docket, const struct accord_docket_case *found,
                  const struct accord_answer_claim *answer, const struct accord_case_event *event)
{
    const struct accord_report_claim *claim = &found->claim;
    uint8_t hash[ACCORD_HASH_SIZE];
    bool custodied = event->by == ACCORD_PARTY_CUSTODIAN;
    if (answer->kind == ACCORD_ANSWER_PUBLISHED) {
        accord_docket_release(docket->crypto, answer->value, answer->by, hash);
        return accord_digests_find(&docket->releases, hash) != 0;
    }
    if (answer->kind == ACCORD_ANSWER_DISCLOSE) {
        accord_report_file_key(docket->crypto, answer->file_key, hash);
        return memcmp(hash, claim->file_key, sizeof hash) == 0 && (!answer->has_salt || seed_gives_key(answer));
    }
    if (answer->kind == ACCORD_ANSWER_SHARE) {
        return custodied &&
               accord_sharing_check(claim->coefficients, claim->custody, (unsigned)event->custodian + 1, answer->value);
    }
    return answer->kind == ACCORD_ANSWER_COMPLAINT && custodied && is_wrong(claim, event->custodian, answer->file_key);
}

void accord_docket_event(const struct accord_docket *docket, const struct accord_docket_case *found,
                         struct accord_bytes shown_by, const struct accord_answer_claim *answer,
                         const uint8_t digest[ACCORD_HASH_SIZE], struct accord_case_event *event)
{
    bool shows = answer->kind == ACCORD_ANSWER_RECEIPT && answer->has_salt &&
                 accord_docket_shows(docket, found, answer->by, answer->salt);
    struct accord_bytes vendor = found->vendor.size > 0 ? found->vendor : shows ? answer->by : shown_by;
    *event = (struct accord_case_event){.kind = answer->kind,
                                        .claimed = answer->moment.time,
                                        .has_previous = answer->has_previous,
                                        .until = answer->until,
                                        .has_seed = answer->kind == ACCORD_ANSWER_DISCLOSE && answer->has_salt};
    event->by = party_of(found, vendor, answer, &event->custodian);
    memcpy(event->digest, digest, sizeof event->digest);
    memcpy(event->previous, answer->previous, sizeof event->previous);
    event->holds = holds(docket, found, answer, event);
}

void accord_docket_reveal(const struct accord_docket *docket, const struct accord_docket_case *found, size_t count,
                          const struct accord_docket_answer *answer, struct accord_case_event *event)
{
    uint8_t value[ACCORD_HASH_SIZE];
    if (answer->event.kind != ACCORD_ANSWER_REVEALED) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct accord_docket_answer *one = &found->answers[i];
        enum accord_answer_kind kind = one->event.kind;
        if (one->counts != ACCORD_OK || memcmp(one->event.digest, answer->value, ACCORD_HASH_SIZE) != 0 ||
            (kind != ACCORD_ANSWER_TRIAGED && kind != ACCORD_ANSWER_FIX && kind != ACCORD_ANSWER_REGULATOR)) {
            continue;
        }
        accord_progress_commitment(docket->crypto, answer->salt, accord_answer_name(kind), answer->text, value);
        event->is_own = accord_bytes_equal(one->by, answer->by);
        event->holds = memcmp(value, one->value, sizeof value) == 0;
    }
}

/* Judging */

/* What a later roster takes away counts for nothing from where it says on, and whatever it does not name any more
 * counts for nothing at all (docs/protocol.md, "Keys that were"). */
static enum accord_status still_signed(const struct accord_docket *docket, const struct accord_roster_claim *roster,
                                       const struct accord_docket_kept *kept, size_t place, struct accord_error *error)
{
    const struct accord_docket_answer *answer = &kept->found.answers[place];
    const struct accord_place where = {docket->origin, answer->event.index, answer->event.time};
    struct accord_answer_claim claim;
    if (accord_bytes_equal(answer->by, ACCORD_LITERAL(ACCORD_REPORTER_NAME)) || answer->roster == roster->number) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_answer_parse(&claim, kept->entries[place], error);
    return status == ACCORD_OK
               ? accord_answer_verify(&claim, &kept->found.claim.key, roster, &where, docket->crypto, error)
               : status;
}

/* A receipt has the blind key where the vendor is blinded, and nowhere else. */
static enum accord_status salt_belongs(const struct accord_docket *docket, const struct accord_docket_case *found,
                                       const struct accord_docket_answer *answer, struct accord_error *error)
{
    bool wanted = found->claim.vendor.size == 0;
    if (answer->event.kind != ACCORD_ANSWER_RECEIPT ||
        (answer->has_salt == wanted && (!wanted || accord_docket_shows(docket, found, answer->by, answer->salt)))) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_COMMITMENT, 0);
    accord_error_what(error, ACCORD_LITERAL("blind-key"));
    accord_error_expected(error, wanted ? ACCORD_LITERAL("the blind key, which shows a blinded vendor")
                                        : ACCORD_LITERAL("none: the vendor is not blinded"));
    return ACCORD_COMMITMENT;
}

static void judge_answer(const struct accord_docket *docket, const struct accord_roster_claim *roster,
                         struct accord_docket_kept *kept, size_t place)
{
    struct accord_docket_answer *answer = &kept->found.answers[place];
    answer->event.time = accord_docket_time(docket, answer->event.index);
    if (kept->found.vendor.size == 0 && answer->event.kind != ACCORD_ANSWER_RECEIPT &&
        answer->event.by == ACCORD_PARTY_VENDOR) {
        answer->event.by = ACCORD_PARTY_OTHER; /* the receipt that showed it did not count */
    }
    accord_docket_reveal(docket, &kept->found, place, answer, &answer->event);
    answer->counts = still_signed(docket, roster, kept, place, &answer->why);
    if (answer->counts == ACCORD_OK) {
        answer->counts = salt_belongs(docket, &kept->found, answer, &answer->why);
    }
    if (answer->counts == ACCORD_OK) {
        answer->counts = accord_case_step(&kept->found.state, &answer->event, &answer->why);
    }
    if (answer->counts == ACCORD_OK && answer->event.kind == ACCORD_ANSWER_RECEIPT) {
        kept->found.vendor = answer->by;
    }
}

/* False where the report does not count: it is in no tree that a quorum has seen, or its own time is ruled out; and
 * where it turned out that it is not to the filter's vendor. */
static bool judge_case(const struct accord_docket *docket, const struct accord_roster_claim *roster,
                       struct accord_docket_kept *kept, uint64_t size)
{
    struct accord_docket_case *found = &kept->found;
    uint64_t time = accord_docket_time(docket, found->index);
    if (kept->left_out || found->index >= size || found->claimed > time + ACCORD_CASE_DAY ||
        found->claimed + ACCORD_CASE_DAY < found->not_before) {
        return false;
    }
    accord_case_begin(&found->state, &kept->rule, kept->report_days, found->claim.opens, time, found->id);
    for (size_t i = 0; i < found->answer_count; i++) {
        if (found->answers[i].event.index < size) {
            judge_answer(docket, roster, kept, i);
        } else {
            found->answers[i].counts = accord_fail(&found->answers[i].why, ACCORD_NOT_PUBLIC, 0);
        }
    }
    return docket->vendor.size == 0 || found->vendor.size == 0 || accord_bytes_equal(docket->vendor, found->vendor);
}

enum accord_status accord_docket_judge(struct accord_docket *docket, const struct accord_chain *chain, uint64_t size,
                                       uint64_t time, struct accord_error *error)
{
    size_t count = 0;
    enum accord_status status = accord_chain_complete(chain, error);
    if (status != ACCORD_OK) {
        return status;
    }
    docket->now = time;
    sort_ticks(docket);
    for (size_t i = 0; i < docket->case_count; i++) {
        struct accord_docket_kept *kept = docket->cases[i];
        if (judge_case(docket, accord_chain_roster(chain), kept, size)) {
            docket->cases[i] = docket->cases[count];
            docket->cases[count++] = kept;
        }
    }
    docket->shown = count; /* those that do not count lie behind the others */
    return ACCORD_OK;
}

enum accord_status accord_docket_try(const struct accord_docket *docket, const struct accord_docket_case *found,
                                     const struct accord_answer_claim *answer, const uint8_t digest[ACCORD_HASH_SIZE],
                                     struct accord_error *error)
{
    struct accord_case state = found->state;
    struct accord_docket_answer tried = {.by = answer->by, .has_salt = answer->has_salt, .text = answer->text};
    memcpy(tried.value, answer->value, sizeof tried.value);
    memcpy(tried.salt, answer->salt, sizeof tried.salt);
    accord_docket_event(docket, found, (struct accord_bytes){NULL, 0}, answer, digest, &tried.event);
    /* It will carry the newest checkpoint. */
    tried.event.not_before = docket->not_before > docket->now ? docket->not_before : docket->now;
    /* A log that stood still has an old checkpoint; the next one will be of when this is logged. */
    tried.event.time = tried.event.claimed > docket->now ? tried.event.claimed : docket->now;
    accord_docket_reveal(docket, found, found->answer_count, &tried, &tried.event);
    enum accord_status status = salt_belongs(docket, found, &tried, error);
    return status == ACCORD_OK ? accord_case_step(&state, &tried.event, error) : status;
}
