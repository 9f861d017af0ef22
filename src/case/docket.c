/* Collecting the cases of a log. It knows which entries are of cases, which checkpoints in them count, and who signed;
 * what counts in a case, and when it was, is judged when all was seen (docket_judge.c), since the time of an entry is
 * in entries after it. */
#include "case/docket_inner.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "accord/release.h"
#include "core/text.h"

#define TICKS_MAX ((size_t)1 << 26)
#define BY_VENDOR_MAX 128 /* answers of a case that are kept, of each side, while one roster is in force */
#define BY_REPORTER_MAX 64
#define BY_CUSTODIAN_MAX 3 /* of each */
#define BY_OTHERS_MAX 16

static bool keep_text(struct accord_bytes text, uint8_t *memory, size_t size, struct accord_bytes *kept)
{
    if (text.size == 0 || text.size > size) {
        return text.size == 0;
    }
    memcpy(memory, text.data, text.size);
    *kept = (struct accord_bytes){memory, text.size};
    return true;
}

enum accord_status accord_docket_new(struct accord_docket **docket, const struct accord_crypto *crypto,
                                     const struct accord_docket_filter *filter, struct accord_error *error)
{
    struct accord_docket *made = calloc(1, sizeof *made);
    *docket = made;
    if (made == NULL || (made->policy = malloc(sizeof *made->policy)) == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    made->crypto = crypto;
    randombytes_buf(made->table_key, sizeof made->table_key);
    if (!keep_text(filter->vendor, made->vendor_memory, sizeof made->vendor_memory, &made->vendor) ||
        !keep_text(filter->custodian, made->custodian_memory, sizeof made->custodian_memory, &made->custodian) ||
        !keep_text(filter->digits, made->digits_memory, sizeof made->digits_memory, &made->digits)) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    made->room = filter->room == 0 ? ACCORD_DOCKET_BYTES_MAX : filter->room;
    made->has_id = filter->id != NULL;
    memcpy(made->id_memory, made->has_id ? filter->id : made->id_memory, sizeof made->id_memory);
    made->has_index = filter->index != NULL;
    made->index = made->has_index ? *filter->index : 0;
    accord_buffer_init(&made->policy_text, ACCORD_POLICY_SIZE_MAX);
    accord_buffer_init(&made->checkpoint, ACCORD_MOMENT_CHECKPOINT_MAX);
    return ACCORD_OK;
}

static void free_answers(struct accord_docket_kept *kept)
{
    for (size_t i = 0; i < kept->found.answer_count; i++) {
        free((void *)(uintptr_t)kept->entries[i].data);
    }
    free(kept->entries);
    free(kept->found.answers);
    kept->entries = NULL;
    kept->found.answers = NULL;
    kept->found.answer_count = kept->capacity = 0;
}

static void free_case(struct accord_docket_kept *kept)
{
    free_answers(kept);
    free((void *)(uintptr_t)kept->found.entry.data);
    free(kept);
}

void accord_docket_free(struct accord_docket *docket)
{
    if (docket == NULL) {
        return;
    }
    for (size_t i = 0; i < docket->case_count; i++) {
        free_case(docket->cases[i]);
    }
    free(docket->cases);
    free(docket->table);
    free(docket->ticks);
    free(docket->policy);
    accord_digests_free(&docket->releases);
    accord_buffer_free(&docket->policy_text);
    accord_buffer_free(&docket->checkpoint);
    free(docket);
}

/* Memory */

/* Room for one more in an array that doubles. */
static enum accord_status grow(void **items, size_t count, size_t *capacity, size_t size, size_t most,
                               struct accord_error *error)
{
    if (count < *capacity) {
        return ACCORD_OK;
    }
    size_t next = *capacity == 0 ? 16 : *capacity * 2;
    next = next > most ? most : next;
    void *moved = count < next ? realloc(*items, next * size) : NULL;
    if (moved == NULL) {
        return accord_fail(error, count < next ? ACCORD_NO_MEMORY : ACCORD_TOO_LARGE, 0);
    }
    *items = moved;
    *capacity = next;
    return ACCORD_OK;
}

/* Copies an entry; what is kept beside it counts, too. ACCORD_TOO_LARGE where that is more than most. */
static enum accord_status copy(struct accord_docket *docket, struct accord_bytes bytes, size_t beside, size_t most,
                               struct accord_bytes *kept, struct accord_error *error)
{
    if (docket->bytes > most || bytes.size + beside > most - docket->bytes) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    uint8_t *data = malloc(bytes.size);
    if (data == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    memcpy(data, bytes.data, bytes.size);
    docket->bytes += bytes.size + beside;
    *kept = (struct accord_bytes){data, bytes.size};
    return ACCORD_OK;
}

/* By a key of this run: whoever makes reports cannot choose where they go. */
static size_t slot_of(const struct accord_docket *docket, const uint8_t id[ACCORD_HASH_SIZE])
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, id, ACCORD_HASH_SIZE, docket->table_key);
    size_t slot = (size_t)hash & (docket->table_size - 1);
    while (docket->table[slot] != 0 &&
           memcmp(docket->cases[docket->table[slot] - 1]->found.id, id, ACCORD_HASH_SIZE) != 0) {
        slot = (slot + 1) & (docket->table_size - 1);
    }
    return slot;
}

size_t accord_docket_place(const struct accord_docket *docket, const uint8_t id[ACCORD_HASH_SIZE])
{
    if (docket->table_size == 0) {
        return SIZE_MAX;
    }
    size_t place = docket->table[slot_of(docket, id)];
    return place == 0 ? SIZE_MAX : place - 1;
}

/* At most half full, so that looking ends soon. */
static enum accord_status grow_table(struct accord_docket *docket, struct accord_error *error)
{
    if (docket->case_count * 2 < docket->table_size) {
        return ACCORD_OK;
    }
    size_t size = docket->table_size == 0 ? 64 : docket->table_size * 2;
    size_t *table = calloc(size, sizeof *table);
    if (table == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    free(docket->table);
    docket->table = table;
    docket->table_size = size;
    for (size_t i = 0; i < docket->case_count; i++) {
        docket->table[slot_of(docket, docket->cases[i]->found.id)] = i + 1;
    }
    return ACCORD_OK;
}

/* The clock */

/* The policy of the roster in force. */
static enum accord_status load_policy(struct accord_docket *docket, const struct accord_roster_claim *roster,
                                      struct accord_error *error)
{
    if (docket->policy_number == roster->number) {
        return ACCORD_OK;
    }
    free(docket->policy);
    docket->policy = NULL;
    docket->policy_text.size = 0;
    docket->policy_number = 0;
    enum accord_status status =
        accord_chain_policy_new(roster, NULL, docket->crypto, &docket->policy_text, &docket->policy, error);
    docket->policy_number = status == ACCORD_OK ? roster->number : 0;
    return status;
}

/* Judges a checkpoint: *seen says whether it counts. Fails only where the log was forked, or cannot be read. */
static enum accord_status judge_checkpoint(struct accord_docket *docket, const struct accord_roster_claim *roster,
                                           const struct accord_docket_log *log, uint64_t index,
                                           struct accord_docket_seen *seen, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    uint8_t root[ACCORD_HASH_SIZE];
    enum accord_status status = load_policy(docket, roster, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (accord_checkpoint_parse(&claim, accord_buffer_bytes(&docket->checkpoint), NULL) != ACCORD_OK ||
        !accord_bytes_equal(claim.origin, log->origin)) {
        return ACCORD_OK;
    }
    if (claim.size > index) {
        seen->known = false; /* it may count in an entry further on */
        return ACCORD_OK;
    }
    if (accord_roster_verify_checkpoint(roster, docket->policy, &claim, docket->crypto, &checkpoint, &cosigners,
                                        NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    status = log->root(log->context, claim.size, root, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (memcmp(root, claim.root, sizeof root) != 0) {
        accord_fail(error, ACCORD_EVIDENCE, 0);
        accord_error_what(error, claim.origin);
        accord_error_expected(error,
                              ACCORD_LITERAL("the tree that a quorum cosigned, in a checkpoint that is in this log"));
        accord_error_found(error, ACCORD_LITERAL("another: the log was forked"));
        return ACCORD_EVIDENCE;
    }
    *seen = (struct accord_docket_seen){.known = true,
                                        .counts = true,
                                        .size = claim.size,
                                        .not_before = cosigners.not_before,
                                        .time = cosigners.seen_at};
    return ACCORD_OK;
}

/* Thousands of entries carry the same checkpoint. */
static enum accord_status find_checkpoint(struct accord_docket *docket, const struct accord_roster_claim *roster,
                                          const struct accord_docket_log *log, uint64_t index,
                                          const struct accord_docket_seen **found, struct accord_error *error)
{
    uint8_t key[ACCORD_HASH_SIZE];
    struct accord_sha256 sha;
    docket->crypto->sha256_init(&sha);
    docket->crypto->sha256_update(&sha, (const uint8_t *)&roster->number, sizeof roster->number);
    docket->crypto->sha256_update(&sha, docket->checkpoint.data, docket->checkpoint.size);
    docket->crypto->sha256_final(&sha, key);
    for (size_t i = 0; i < ACCORD_DOCKET_SEEN; i++) {
        if (docket->seen[i].known && memcmp(docket->seen[i].key, key, sizeof key) == 0) {
            *found = &docket->seen[i];
            return ACCORD_OK;
        }
    }
    struct accord_docket_seen *seen = &docket->seen[docket->next_seen];
    docket->next_seen = (docket->next_seen + 1) % ACCORD_DOCKET_SEEN;
    *seen = (struct accord_docket_seen){.known = true};
    enum accord_status status = judge_checkpoint(docket, roster, log, index, seen, error);
    memcpy(seen->key, key, sizeof key);
    *found = seen;
    return status;
}

static enum accord_status keep_tick(struct accord_docket *docket, const struct accord_docket_seen *seen,
                                    struct accord_error *error)
{
    if (docket->tick_count > 0 && docket->ticks[docket->tick_count - 1].size == seen->size &&
        docket->ticks[docket->tick_count - 1].time == seen->time) {
        return ACCORD_OK;
    }
    void *items = docket->ticks;
    enum accord_status status =
        grow(&items, docket->tick_count, &docket->tick_capacity, sizeof *docket->ticks, TICKS_MAX, error);
    docket->ticks = items;
    if (status == ACCORD_OK) {
        docket->ticks[docket->tick_count++] = (struct accord_docket_tick){seen->size, seen->time};
    }
    return status;
}

/* Takes the checkpoint that an entry carries. *counts: then the entry may count, too. */
static enum accord_status take_checkpoint(struct accord_docket *docket, const struct accord_chain *chain,
                                          const struct accord_docket_log *log, uint64_t index,
                                          struct accord_bytes base64, bool *counts, struct accord_error *error)
{
    const struct accord_docket_seen *seen = NULL;
    size_t size;
    *counts = false;
    docket->checkpoint.size = 0;
    if (!accord_base64_size(base64, &size) || accord_buffer_reserve(&docket->checkpoint, size) != ACCORD_OK ||
        !accord_base64_read(base64, docket->checkpoint.data, size)) {
        return ACCORD_OK;
    }
    docket->checkpoint.size = size;
    enum accord_status status = find_checkpoint(docket, accord_chain_roster(chain), log, index, &seen, error);
    if (status != ACCORD_OK || !seen->counts) {
        return status;
    }
    *counts = true;
    docket->not_before = seen->not_before > docket->not_before ? seen->not_before : docket->not_before;
    docket->covered = seen->size > docket->covered ? seen->size : docket->covered;
    return keep_tick(docket, seen, error);
}

/* Entries */

void accord_docket_release(const struct accord_crypto *crypto, const uint8_t entry[ACCORD_HASH_SIZE],
                           struct accord_bytes vendor, uint8_t key[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, entry, ACCORD_HASH_SIZE);
    crypto->sha256_update(&sha, vendor.data, vendor.size);
    crypto->sha256_final(&sha, key);
}

enum accord_status accord_docket_note_release(struct accord_docket *docket, const uint8_t digest[ACCORD_HASH_SIZE],
                                              struct accord_bytes vendor, struct accord_error *error)
{
    uint8_t key[ACCORD_HASH_SIZE];
    accord_docket_release(docket->crypto, digest, vendor, key);
    return accord_digests_find(&docket->releases, key) != 0 ? ACCORD_OK
                                                            : accord_digests_add(&docket->releases, key, 1, error);
}

static enum accord_status see_release(struct accord_docket *docket, const struct accord_chain *chain,
                                      struct accord_bytes entry, struct accord_error *error)
{
    struct accord_release_claim claim;
    struct accord_release release;
    uint8_t digest[ACCORD_HASH_SIZE];
    if (accord_release_parse(&claim, entry, NULL) != ACCORD_OK ||
        (docket->vendor.size > 0 && !accord_bytes_equal(docket->vendor, claim.vendor)) ||
        accord_release_verify(&claim, accord_chain_roster(chain), NULL, docket->crypto, &release, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    accord_hash(docket->crypto, entry, digest);
    return accord_docket_note_release(docket, digest, claim.vendor, error);
}

static unsigned report_days(const struct accord_chain *chain, struct accord_bytes vendor)
{
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    size_t member = accord_roster_member(roster, vendor);
    return member == SIZE_MAX ? 0 : roster->members[member].report_days;
}

/* A case with a copy of its report's entry, which the claim borrows from; NULL where that failed. */
static struct accord_docket_kept *new_case(struct accord_docket *docket, struct accord_bytes entry,
                                           struct accord_error *error)
{
    struct accord_docket_kept *kept = calloc(1, sizeof *kept);
    enum accord_status status =
        kept == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                     : copy(docket, entry, sizeof *kept, docket->room / 4 * 3 /* the rest is for answers */,
                            &kept->found.entry, error);
    if (status == ACCORD_OK) {
        status = accord_report_parse(&kept->found.claim, kept->found.entry, docket->crypto, error);
    }
    if (status != ACCORD_OK && kept != NULL) {
        free_case(kept);
    }
    return status == ACCORD_OK ? kept : NULL;
}

static enum accord_status keep_case(struct accord_docket *docket, const struct accord_chain *chain, uint64_t index,
                                    struct accord_bytes entry, const uint8_t id[ACCORD_HASH_SIZE],
                                    struct accord_error *error)
{
    void *items = docket->cases;
    struct accord_error refusal = {.status = ACCORD_OK};
    if (chain->charter_entry.size == 0) {
        accord_fail(error, ACCORD_CHAIN, 0); /* a chain that was resumed does not know the days */
        accord_error_expected(error, ACCORD_LITERAL("the charter, which sets how long a case stays closed"));
        return ACCORD_CHAIN;
    }
    enum accord_status status = grow(&items, docket->case_count, &docket->case_capacity, sizeof *docket->cases,
                                     ACCORD_DOCKET_CASES_MAX, &refusal);
    docket->cases = items;
    if (status == ACCORD_OK) {
        status = grow_table(docket, &refusal);
    }
    struct accord_docket_kept *kept = status == ACCORD_OK ? new_case(docket, entry, &refusal) : NULL;
    if (kept == NULL) {
        docket->left_out += refusal.status == ACCORD_TOO_LARGE;
        return refusal.status == ACCORD_TOO_LARGE ? ACCORD_OK : accord_fail(error, refusal.status, 0);
    }
    struct accord_docket_case *found = &kept->found;
    memcpy(found->id, id, ACCORD_HASH_SIZE);
    found->index = index;
    found->not_before = docket->not_before;
    found->claimed = found->claim.moment.time;
    found->vendor = found->claim.vendor;
    kept->rule = chain->charter.embargo;
    kept->report_days = report_days(chain, found->vendor);
    docket->table[slot_of(docket, id)] = docket->case_count + 1;
    docket->cases[docket->case_count++] = kept;
    docket->last_entry = index + 1;
    return ACCORD_OK;
}

static bool has_custodian(const struct accord_report_claim *claim, struct accord_bytes domain)
{
    bool has = false;
    for (size_t i = 0; i < claim->custodian_count; i++) {
        has |= accord_bytes_equal(claim->custodians[i].domain, domain);
    }
    return has;
}

/* Does it pass the filter? */
static bool wanted(const struct accord_docket *docket, const struct accord_report_claim *claim, uint64_t index,
                   const uint8_t id[ACCORD_HASH_SIZE])
{
    uint8_t digits[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {digits, sizeof digits, 0, false};
    accord_put_hex(&out, (struct accord_bytes){id, ACCORD_HASH_SIZE});
    return (docket->vendor.size == 0 || claim->vendor.size == 0 || accord_bytes_equal(docket->vendor, claim->vendor)) &&
           (docket->custodian.size == 0 || has_custodian(claim, docket->custodian)) &&
           (docket->digits.size == 0 || memcmp(docket->digits.data, digits, docket->digits.size) == 0) &&
           (!docket->has_index || docket->index == index) &&
           (!docket->has_id || memcmp(docket->id_memory, id, ACCORD_HASH_SIZE) == 0);
}

/* An entry that is logged twice is one report: the first. */
static enum accord_status see_report(struct accord_docket *docket, const struct accord_chain *chain,
                                     const struct accord_docket_log *log, uint64_t index, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_report_claim claim;
    uint8_t id[ACCORD_HASH_SIZE];
    bool counts;
    if (accord_report_parse(&claim, entry, docket->crypto, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    enum accord_status status =
        take_checkpoint(docket, chain, log, index, claim.moment.checkpoint_base64, &counts, error);
    if (status != ACCORD_OK || !counts ||
        accord_report_verify(&claim, accord_chain_roster(chain), NULL, docket->crypto, NULL) != ACCORD_OK) {
        return status;
    }
    accord_hash(docket->crypto, entry, id);
    return wanted(docket, &claim, index, id) && accord_docket_place(docket, id) == SIZE_MAX
               ? keep_case(docket, chain, index, entry, id, error)
               : ACCORD_OK;
}

/* A roster may take away keys that a thief has used up all room with; the reporter's key is in none. */
static void make_room(struct accord_docket_kept *kept, uint64_t roster)
{
    if (kept->roster != roster) {
        kept->by_vendor = kept->by_others = 0;
        memset(kept->by_custodian, 0, sizeof kept->by_custodian);
        kept->roster = roster;
    }
}

/* May one more of this side be kept? Nobody's answers take the room of another's; what others say who have no say here
 * takes none. */
static bool has_room(struct accord_docket_kept *kept, const struct accord_case_event *event)
{
    bool vendor = event->by == ACCORD_PARTY_VENDOR, reporter = event->by == ACCORD_PARTY_REPORTER;
    bool custodian = event->by == ACCORD_PARTY_CUSTODIAN;
    if (event->by == ACCORD_PARTY_OTHER && (event->kind != ACCORD_ANSWER_DISCLOSE || !event->holds)) {
        return false;
    }
    unsigned *count = vendor      ? &kept->by_vendor
                      : reporter  ? &kept->by_reporter
                      : custodian ? &kept->by_custodian[event->custodian]
                                  : &kept->by_others;
    unsigned most = vendor ? BY_VENDOR_MAX : reporter ? BY_REPORTER_MAX : custodian ? BY_CUSTODIAN_MAX : BY_OTHERS_MAX;
    if (*count == most || kept->found.answer_count == ACCORD_DOCKET_ANSWERS_MAX) {
        return false;
    }
    ++*count;
    return true;
}

/* A blinded case has a vendor from the receipt on that shows it, if that counts: so whose answers it has is asked again
 * when it is judged. Its days are the vendor's from the first on that shows it. */
static void may_unblind(const struct accord_docket *docket, const struct accord_chain *chain,
                        struct accord_docket_kept *kept, const struct accord_answer_claim *claim)
{
    if (kept->shown_by.size == 0 && claim->kind == ACCORD_ANSWER_RECEIPT && claim->has_salt &&
        accord_docket_shows(docket, &kept->found, claim->by, claim->salt)) {
        kept->shown_by = claim->by;
        kept->report_days = report_days(chain, claim->by);
    }
}

static void fill_answer(struct accord_docket_answer *answer, const struct accord_answer_claim *claim,
                        const struct accord_case_event *event)
{
    *answer = (struct accord_docket_answer){
        .event = *event, .by = claim->by, .has_salt = claim->has_salt, .word = claim->word, .text = claim->text};
    memcpy(answer->value, claim->value, sizeof answer->value);
    memcpy(answer->salt, claim->salt, sizeof answer->salt);
    memcpy(answer->file_key, claim->file_key, sizeof answer->file_key);
}

static enum accord_status keep_answer(struct accord_docket *docket, const struct accord_chain *chain,
                                      struct accord_docket_kept *kept, const struct accord_case_event *event,
                                      struct accord_bytes entry, struct accord_error *error)
{
    struct accord_docket_case *found = &kept->found;
    struct accord_answer_claim claim;
    struct accord_bytes owned;
    size_t capacity = kept->capacity;
    void *answers = found->answers, *entries = kept->entries;
    enum accord_status status =
        grow(&answers, found->answer_count, &capacity, sizeof *found->answers, ACCORD_DOCKET_ANSWERS_MAX, error);
    found->answers = answers;
    if (status == ACCORD_OK) {
        status = grow(&entries, found->answer_count, &kept->capacity, sizeof *kept->entries, ACCORD_DOCKET_ANSWERS_MAX,
                      error);
        kept->entries = entries;
    }
    if (status == ACCORD_OK) {
        status = copy(docket, entry, sizeof *found->answers, docket->room, &owned, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    kept->entries[found->answer_count] = owned;
    struct accord_docket_answer *answer = &found->answers[found->answer_count++];
    status = accord_answer_parse(&claim, owned, error);
    if (status != ACCORD_OK) {
        return status;
    }
    fill_answer(answer, &claim, event);
    answer->roster = accord_chain_roster(chain)->number;
    may_unblind(docket, chain, kept, &claim);
    docket->last_entry = event->index + 1;
    return ACCORD_OK;
}

/* A case without one of its answers could be another one: opened where it was withdrawn. */
static enum accord_status leave_out(struct accord_docket *docket, struct accord_docket_kept *kept)
{
    for (size_t i = 0; i < kept->found.answer_count; i++) {
        docket->bytes -= kept->entries[i].size + sizeof *kept->found.answers;
    }
    free_answers(kept);
    kept->shown_by = (struct accord_bytes){NULL, 0}; /* it borrows from an answer */
    kept->left_out = true;
    docket->left_out++;
    return ACCORD_OK;
}

static bool has_answer(const struct accord_docket_kept *kept, struct accord_bytes entry)
{
    bool has = false;
    for (size_t i = 0; i < kept->found.answer_count; i++) {
        has |= accord_bytes_equal(kept->entries[i], entry);
    }
    return has;
}

static enum accord_status see_answer(struct accord_docket *docket, const struct accord_chain *chain,
                                     const struct accord_docket_log *log, uint64_t index, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_answer_claim claim;
    struct accord_case_event event;
    uint8_t digest[ACCORD_HASH_SIZE];
    bool counts;
    if (accord_answer_parse(&claim, entry, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    enum accord_status status =
        take_checkpoint(docket, chain, log, index, claim.moment.checkpoint_base64, &counts, error);
    size_t at = accord_docket_place(docket, claim.case_id);
    if (status != ACCORD_OK || !counts || at == SIZE_MAX) {
        return status;
    }
    struct accord_docket_kept *kept = docket->cases[at];
    if (kept->left_out || has_answer(kept, entry) ||
        accord_answer_verify(&claim, &kept->found.claim.key, accord_chain_roster(chain), NULL, docket->crypto, NULL) !=
            ACCORD_OK) {
        return ACCORD_OK;
    }
    accord_hash(docket->crypto, entry, digest);
    accord_docket_event(docket, &kept->found, kept->shown_by, &claim, digest, &event);
    event.index = index;
    event.not_before = docket->not_before;
    make_room(kept, accord_chain_roster(chain)->number);
    if (!has_room(kept, &event)) {
        return ACCORD_OK;
    }
    status = keep_answer(docket, chain, kept, &event, entry, error);
    return status == ACCORD_TOO_LARGE ? leave_out(docket, kept) : status;
}

enum accord_status accord_docket_see(struct accord_docket *docket, const struct accord_chain *chain,
                                     const struct accord_docket_log *log, uint64_t index, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_bytes rest = entry;
    struct accord_tick_claim tick;
    bool counts;
    if (!chain->has_roster || !accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/"))) {
        return ACCORD_OK;
    }
    if (docket->origin.size == 0 && log->origin.size <= sizeof docket->origin_memory) {
        memcpy(docket->origin_memory, log->origin.data, log->origin.size);
        docket->origin = (struct accord_bytes){docket->origin_memory, log->origin.size};
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("release\n"))) {
        return see_release(docket, chain, entry, error);
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("report\n"))) {
        return see_report(docket, chain, log, index, entry, error);
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("tick\n"))) {
        return accord_tick_parse(&tick, entry, NULL) == ACCORD_OK
                   ? take_checkpoint(docket, chain, log, index, tick.checkpoint_base64, &counts, error)
                   : ACCORD_OK;
    }
    return accord_answer_recognize(entry) ? see_answer(docket, chain, log, index, entry, error) : ACCORD_OK;
}

size_t accord_docket_count(const struct accord_docket *docket)
{
    return docket->shown;
}

uint64_t accord_docket_left_out(const struct accord_docket *docket)
{
    return docket->left_out;
}

const struct accord_docket_case *accord_docket_case(const struct accord_docket *docket, size_t place)
{
    return &docket->cases[place]->found;
}

uint64_t accord_docket_now(const struct accord_docket *docket)
{
    return docket->now;
}

uint64_t accord_docket_weight(const struct accord_docket *docket)
{
    return (uint64_t)docket->bytes + docket->tick_count;
}

bool accord_docket_wants_tick(const struct accord_docket *docket)
{
    return docket->last_entry > docket->covered;
}

static enum accord_status root_of(void *context, uint64_t size, uint8_t root[ACCORD_HASH_SIZE],
                                  struct accord_error *error)
{
    const struct accord_docket_roots *roots = context;
    struct accord_hash_source source = accord_reader_hashes(roots->reader);
    enum accord_status status = accord_root_compute(roots->crypto, &source, size, root);
    if (status != ACCORD_OK && error != NULL) {
        *error = *accord_reader_error(roots->reader);
    }
    return status;
}

struct accord_docket_log accord_docket_log_of(struct accord_docket_roots *roots, struct accord_bytes origin)
{
    return (struct accord_docket_log){.context = roots, .origin = origin, .root = root_of};
}
