/* The reports of a log. Knows which cases there are and who may answer in them, which sealed reports are announced, and
 * what the operator asks of new ones; which answers count in a case is for whoever reads the log. */
#include "serve/reports.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "case/docket.h"
#include "core/text.h"

#define DAY 86400
#define SEEN 16 /* checkpoints whose quorum was asked lately */
#define CASES_MAX ((size_t)1 << 20)
#define MICROSECONDS 1000000

/* What is kept of a report; a log may have many. */
struct kept {
    uint8_t id[ACCORD_HASH_SIZE], sealed[ACCORD_HASH_SIZE];
    uint8_t key[ACCORD_ED25519_PUBLIC_SIZE];
    uint32_t key_id;
    uint64_t sealed_size;
};

/* Places in the list, by the first bytes of a digest and a key of this run. */
struct table {
    uint32_t *slots; /* a place plus one; 0: free */
    size_t size;     /* a power of two, or 0 */
};

struct accord_reports {
    const struct accord_crypto *crypto;
    pthread_mutex_t mutex;
    struct accord_reports_terms terms;
    struct kept *list;
    size_t count, capacity;
    struct table by_id, by_sealed;
    uint8_t table_key[crypto_shorthash_KEYBYTES];
    uint64_t last_entry; /* the newest entry of a case, plus one */
    uint64_t covered;    /* the size of the largest tree whose checkpoint an entry carries */
    uint64_t allowed_us; /* the moment at which the next report is taken, were they all evenly apart */
    /* For judge alone, which one thread calls. */
    uint64_t policy_number;
    struct accord_policy *policy;
    struct accord_buffer policy_text, checkpoint;
    struct {
        uint8_t digest[ACCORD_HASH_SIZE];
        uint64_t roster, size;
    } seen[SEEN];
    size_t next_seen;
};

enum accord_status accord_reports_new(struct accord_reports **reports, const struct accord_crypto *crypto,
                                      struct accord_error *error)
{
    struct accord_reports *made = calloc(1, sizeof *made);
    *reports = made;
    if (made == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    made->crypto = crypto;
    pthread_mutex_init(&made->mutex, NULL);
    randombytes_buf(made->table_key, sizeof made->table_key);
    accord_buffer_init(&made->policy_text, ACCORD_POLICY_SIZE_MAX);
    accord_buffer_init(&made->checkpoint, ACCORD_MOMENT_CHECKPOINT_MAX);
    return ACCORD_OK;
}

void accord_reports_free(struct accord_reports *reports)
{
    if (reports == NULL) {
        return;
    }
    free(reports->list);
    free(reports->by_id.slots);
    free(reports->by_sealed.slots);
    free(reports->policy);
    accord_buffer_free(&reports->policy_text);
    accord_buffer_free(&reports->checkpoint);
    pthread_mutex_destroy(&reports->mutex);
    free(reports);
}

void accord_reports_set(struct accord_reports *reports, const struct accord_reports_terms *terms)
{
    pthread_mutex_lock(&reports->mutex);
    reports->terms = *terms;
    pthread_mutex_unlock(&reports->mutex);
}

void accord_reports_terms(struct accord_reports *reports, struct accord_reports_terms *terms)
{
    pthread_mutex_lock(&reports->mutex);
    *terms = reports->terms;
    pthread_mutex_unlock(&reports->mutex);
}

void accord_reports_clear(struct accord_reports *reports)
{
    pthread_mutex_lock(&reports->mutex);
    reports->count = 0;
    reports->last_entry = reports->covered = 0;
    free(reports->by_id.slots);
    free(reports->by_sealed.slots);
    reports->by_id = reports->by_sealed = (struct table){NULL, 0};
    pthread_mutex_unlock(&reports->mutex);
}

/* The list; with the mutex */

static const uint8_t *digest_of(const struct accord_reports *reports, const struct table *table, size_t place)
{
    return table == &reports->by_id ? reports->list[place].id : reports->list[place].sealed;
}

static size_t slot_of(const struct accord_reports *reports, const struct table *table,
                      const uint8_t digest[ACCORD_HASH_SIZE])
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, digest, ACCORD_HASH_SIZE, reports->table_key);
    size_t slot = (size_t)hash & (table->size - 1);
    while (table->slots[slot] != 0 &&
           memcmp(digest_of(reports, table, table->slots[slot] - 1), digest, ACCORD_HASH_SIZE) != 0) {
        slot = (slot + 1) & (table->size - 1);
    }
    return slot;
}

static const struct kept *find(const struct accord_reports *reports, const struct table *table,
                               const uint8_t digest[ACCORD_HASH_SIZE])
{
    uint32_t place = table->size == 0 ? 0 : table->slots[slot_of(reports, table, digest)];
    return place == 0 ? NULL : &reports->list[place - 1];
}

/* At most half full. */
static bool grow_table(struct accord_reports *reports, struct table *table)
{
    if (reports->count * 2 < table->size) {
        return true;
    }
    struct table grown = {.size = table->size == 0 ? 64 : table->size * 2};
    grown.slots = calloc(grown.size, sizeof *grown.slots);
    if (grown.slots == NULL) {
        return false;
    }
    free(table->slots);
    *table = grown;
    for (size_t i = 0; i < reports->count; i++) {
        table->slots[slot_of(reports, table, digest_of(reports, table, i))] = (uint32_t)i + 1;
    }
    return true;
}

static bool grow_list(struct accord_reports *reports)
{
    if (reports->count < reports->capacity) {
        return true;
    }
    size_t capacity = reports->capacity == 0 ? 64 : reports->capacity * 2;
    struct kept *list = capacity > CASES_MAX ? NULL : realloc(reports->list, capacity * sizeof *list);
    if (list == NULL) {
        return false;
    }
    reports->list = list;
    reports->capacity = capacity;
    return true;
}

/* A report that stands twice in the log is one; two that announce the same octets are two, and the larger size is the
 * bound: nobody who announces another's octets again keeps them out. */
static enum accord_status keep(struct accord_reports *reports, const struct kept *kept, struct accord_error *error)
{
    if (find(reports, &reports->by_id, kept->id) != NULL) {
        return ACCORD_OK;
    }
    if (!grow_list(reports) || !grow_table(reports, &reports->by_id) || !grow_table(reports, &reports->by_sealed)) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    const struct kept *same = find(reports, &reports->by_sealed, kept->sealed);
    uint64_t size = same != NULL && same->sealed_size > kept->sealed_size ? same->sealed_size : kept->sealed_size;
    reports->list[reports->count] = *kept;
    reports->list[reports->count++].sealed_size = size;
    reports->by_id.slots[slot_of(reports, &reports->by_id, kept->id)] = (uint32_t)reports->count;
    reports->by_sealed.slots[slot_of(reports, &reports->by_sealed, kept->sealed)] = (uint32_t)reports->count;
    return ACCORD_OK;
}

/* Learning */

static bool is_report(struct accord_bytes entry)
{
    return accord_cut_prefix(&entry, ACCORD_LITERAL("accord/v1/report\n"));
}

static bool is_tick(struct accord_bytes entry)
{
    return accord_cut_prefix(&entry, ACCORD_LITERAL("accord/v1/tick\n"));
}

bool accord_reports_recognize(struct accord_bytes entry)
{
    return is_report(entry) || is_tick(entry) || accord_answer_recognize(entry);
}

/* The tree of the checkpoint that an entry carries; 0 where it is none. Whether it has its quorum was asked when the
 * entry was taken. */
static uint64_t size_of(struct accord_reports *reports, struct accord_bytes base64)
{
    struct accord_checkpoint_claim claim;
    uint8_t *bytes = malloc(ACCORD_MOMENT_CHECKPOINT_MAX);
    size_t size;
    uint64_t tree = 0;
    (void)reports;
    if (bytes != NULL && accord_base64_size(base64, &size) && size <= ACCORD_MOMENT_CHECKPOINT_MAX &&
        accord_base64_read(base64, bytes, size) &&
        accord_checkpoint_parse(&claim, (struct accord_bytes){bytes, size}, NULL) == ACCORD_OK) {
        tree = claim.size;
    }
    free(bytes);
    return tree;
}

static void note(struct accord_reports *reports, uint64_t index, uint64_t tree, bool is_entry)
{
    if (is_entry && index + 1 > reports->last_entry) {
        reports->last_entry = index + 1;
    }
    reports->covered = tree <= index && tree > reports->covered ? tree : reports->covered;
}

static enum accord_status learn_report(struct accord_reports *reports, uint64_t index, struct accord_bytes entry,
                                       struct accord_error *error)
{
    struct accord_report_claim claim;
    struct kept kept;
    if (accord_report_parse(&claim, entry, reports->crypto, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    accord_hash(reports->crypto, entry, kept.id);
    memcpy(kept.sealed, claim.sealed, sizeof kept.sealed);
    memcpy(kept.key, claim.key.ed25519, sizeof kept.key);
    kept.key_id = claim.key.id;
    kept.sealed_size = claim.sealed_size;
    uint64_t tree = size_of(reports, claim.moment.checkpoint_base64);
    pthread_mutex_lock(&reports->mutex);
    note(reports, index, tree, true);
    enum accord_status status = keep(reports, &kept, error);
    pthread_mutex_unlock(&reports->mutex);
    return status;
}

static void learn_other(struct accord_reports *reports, uint64_t index, struct accord_bytes entry)
{
    struct accord_answer_claim answer;
    struct accord_tick_claim tick;
    bool ticks = is_tick(entry);
    if ((ticks ? accord_tick_parse(&tick, entry, NULL) : accord_answer_parse(&answer, entry, NULL)) != ACCORD_OK) {
        return;
    }
    uint64_t tree = size_of(reports, ticks ? tick.checkpoint_base64 : answer.moment.checkpoint_base64);
    pthread_mutex_lock(&reports->mutex);
    note(reports, index, tree, !ticks);
    pthread_mutex_unlock(&reports->mutex);
}

enum accord_status accord_reports_learn(struct accord_reports *reports, uint64_t index, struct accord_bytes entry,
                                        bool *is_one, struct accord_error *error)
{
    *is_one = is_report(entry);
    if (*is_one) {
        return learn_report(reports, index, entry, error);
    }
    if (accord_reports_recognize(entry)) {
        learn_other(reports, index, entry);
    }
    return ACCORD_OK;
}

/* Judging */

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes what,
                                 struct accord_bytes expected)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    accord_error_expected(error, expected);
    return status;
}

static enum accord_status load_policy(struct accord_reports *reports, const struct accord_roster_claim *roster,
                                      struct accord_error *error)
{
    if (reports->policy_number == roster->number) {
        return ACCORD_OK;
    }
    free(reports->policy);
    reports->policy = NULL;
    reports->policy_text.size = 0;
    enum accord_status status =
        accord_chain_policy_new(roster, NULL, reports->crypto, &reports->policy_text, &reports->policy, error);
    reports->policy_number = status == ACCORD_OK ? roster->number : 0;
    return status;
}

/* Is it this log's, with the roster's quorum? *size is its tree's. */
static enum accord_status verify_checkpoint(struct accord_reports *reports, const struct accord_reports_log *log,
                                            uint64_t *size, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    enum accord_status status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&reports->checkpoint), error);
    if (status == ACCORD_OK && log->origin.size > 0 && !accord_bytes_equal(log->origin, claim.origin)) {
        status = refuse(error, ACCORD_UNKNOWN_LOG, claim.origin, log->origin);
    }
    if (status == ACCORD_OK) {
        status = load_policy(reports, log->roster, error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_verify_checkpoint(log->roster, reports->policy, &claim, reports->crypto, &checkpoint,
                                                 &cosigners, error);
    }
    *size = claim.size;
    return status;
}

/* Many entries carry the same checkpoint. */
static enum accord_status judge_checkpoint(struct accord_reports *reports, const struct accord_reports_log *log,
                                           struct accord_bytes base64, uint64_t *tree, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    size_t size;
    reports->checkpoint.size = 0;
    if (!accord_base64_size(base64, &size) || accord_buffer_reserve(&reports->checkpoint, size) != ACCORD_OK ||
        !accord_base64_read(base64, reports->checkpoint.data, size)) {
        return refuse(error, ACCORD_BAD_BASE64, ACCORD_LITERAL("checkpoint"), ACCORD_LITERAL("a checkpoint in base64"));
    }
    reports->checkpoint.size = size;
    accord_hash(reports->crypto, accord_buffer_bytes(&reports->checkpoint), digest);
    for (size_t i = 0; i < SEEN; i++) {
        if (reports->seen[i].roster == log->roster->number &&
            memcmp(reports->seen[i].digest, digest, sizeof digest) == 0) {
            *tree = reports->seen[i].size;
            return ACCORD_OK;
        }
    }
    enum accord_status status = verify_checkpoint(reports, log, tree, error);
    if (status == ACCORD_OK) {
        size_t place = reports->next_seen++ % SEEN;
        memcpy(reports->seen[place].digest, digest, sizeof digest);
        reports->seen[place].roster = log->roster->number;
        reports->seen[place].size = *tree;
    }
    return status;
}

static enum accord_status judge_moment(struct accord_reports *reports, const struct accord_reports_log *log,
                                       const struct accord_moment *moment, struct accord_error *error)
{
    uint64_t tree;
    if (moment->time > log->now + DAY || moment->time + DAY < log->now || moment->time > UINT64_MAX - DAY) {
        return refuse(error, ACCORD_CLOCK, ACCORD_LITERAL("time"), ACCORD_LITERAL("a time within a day of now"));
    }
    return judge_checkpoint(reports, log, moment->checkpoint_base64, &tree, error);
}

/* A bucket that is full again after `seconds`. With the mutex. */
static bool take_turn(struct accord_reports *reports, uint64_t now_us)
{
    uint64_t rate = reports->terms.rate, window = reports->terms.seconds * MICROSECONDS;
    if (rate == 0) {
        return true;
    }
    uint64_t from = reports->allowed_us > now_us ? reports->allowed_us : now_us;
    if (from + window / rate > now_us + window) {
        return false;
    }
    reports->allowed_us = from + window / rate;
    return true;
}

static enum accord_status meet_terms(struct accord_reports *reports, const struct accord_reports_log *log,
                                     const struct accord_report_claim *claim, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    pthread_mutex_lock(&reports->mutex);
    const struct accord_reports_terms *terms = &reports->terms;
    if (reports->count == CASES_MAX) {
        status = refuse(error, ACCORD_BUSY, ACCORD_LITERAL("reports"), ACCORD_LITERAL("at most 1,048,576 in a log"));
    } else if (terms->limit > 0 && claim->sealed_size > terms->limit) {
        status = refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("the sealed report"), (struct accord_bytes){NULL, 0});
        accord_error_expected_number(error, terms->limit);
        accord_error_found_number(error, claim->sealed_size);
    } else if (claim->introduced.size == 0 && terms->introduced) {
        status = refuse(error, ACCORD_WORK, ACCORD_LITERAL("introduced"), ACCORD_LITERAL("a member who introduces it"));
    } else if (claim->introduced.size == 0 && terms->work > 0 &&
               accord_report_work(claim, reports->crypto) < terms->work) {
        status = refuse(error, ACCORD_WORK, ACCORD_LITERAL("zero bits"), (struct accord_bytes){NULL, 0});
        accord_error_expected_number(error, terms->work);
        accord_error_found_number(error, accord_report_work(claim, reports->crypto));
    } else if (claim->introduced.size == 0 && !take_turn(reports, log->now_us)) {
        status = refuse(error, ACCORD_BUSY, ACCORD_LITERAL("reports"),
                        ACCORD_LITERAL("fewer of them in this time, or a member who introduces it"));
    }
    pthread_mutex_unlock(&reports->mutex);
    return status;
}

static enum accord_status judge_report(struct accord_reports *reports, const struct accord_reports_log *log,
                                       struct accord_bytes entry, struct accord_error *error)
{
    struct accord_report_claim claim;
    enum accord_status status = accord_report_parse(&claim, entry, reports->crypto, error);
    if (status == ACCORD_OK) {
        status = accord_report_verify(&claim, log->roster, NULL, reports->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = judge_moment(reports, log, &claim.moment, error);
    }
    return status == ACCORD_OK ? meet_terms(reports, log, &claim, error) : status;
}

static enum accord_status judge_answer(struct accord_reports *reports, const struct accord_reports_log *log,
                                       struct accord_bytes entry, struct accord_error *error)
{
    struct accord_answer_claim claim;
    struct accord_vkey key = {.name = ACCORD_LITERAL(ACCORD_REPORTER_NAME), .type = ACCORD_KEY_ED25519};
    enum accord_status status = accord_answer_parse(&claim, entry, error);
    if (status != ACCORD_OK) {
        return status;
    }
    pthread_mutex_lock(&reports->mutex);
    const struct kept *kept = find(reports, &reports->by_id, claim.case_id);
    if (kept != NULL) {
        memcpy(key.ed25519, kept->key, sizeof kept->key);
        key.id = kept->key_id;
    }
    pthread_mutex_unlock(&reports->mutex);
    if (kept == NULL) {
        return refuse(error, ACCORD_CASE, ACCORD_LITERAL("case"), ACCORD_LITERAL("a case whose report is in this log"));
    }
    status = accord_answer_verify(&claim, &key, log->roster, NULL, reports->crypto, error);
    return status == ACCORD_OK ? judge_moment(reports, log, &claim.moment, error) : status;
}

static enum accord_status judge_tick(struct accord_reports *reports, const struct accord_reports_log *log,
                                     struct accord_bytes entry, struct accord_error *error)
{
    struct accord_tick_claim claim;
    uint64_t tree;
    enum accord_status status = accord_tick_parse(&claim, entry, error);
    if (status == ACCORD_OK) {
        status = judge_checkpoint(reports, log, claim.checkpoint_base64, &tree, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    pthread_mutex_lock(&reports->mutex);
    bool tells = reports->last_entry > reports->covered && tree > reports->covered;
    pthread_mutex_unlock(&reports->mutex);
    return tells ? ACCORD_OK
                 : refuse(error, ACCORD_EXISTS, ACCORD_LITERAL("tick"),
                          ACCORD_LITERAL("a checkpoint that covers an entry of a case which none does"));
}

enum accord_status accord_reports_judge(struct accord_reports *reports, const struct accord_reports_log *log,
                                        struct accord_bytes entry, struct accord_error *error)
{
    if (is_report(entry)) {
        return judge_report(reports, log, entry, error);
    }
    return is_tick(entry) ? judge_tick(reports, log, entry, error) : judge_answer(reports, log, entry, error);
}

bool accord_reports_await(struct accord_reports *reports, const uint8_t digest[ACCORD_HASH_SIZE], uint64_t *size)
{
    pthread_mutex_lock(&reports->mutex);
    const struct kept *kept = find(reports, &reports->by_sealed, digest);
    *size = kept == NULL ? 0 : kept->sealed_size;
    pthread_mutex_unlock(&reports->mutex);
    return kept != NULL;
}
