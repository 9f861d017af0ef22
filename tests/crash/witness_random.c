/* Witnesses in random histories: batches of requests of several logs and their forks, from clients that know where the
 * witness stands and from those that do not, replays, calls that fail, power that goes, processes that are killed,
 * restarts, states that are put back from backups, and operators who bring back what they have. Whatever happens, no
 * witness ever lets out two cosignatures that contradict each other.
 *
 * A history is its seed: ACCORD_CRASH_SEED=N plays that one alone. ACCORD_CRASH_ROUNDS multiplies their number. */
#include "sim_fs.h"

#include "../unit/witnessing.h"
#include "witness/cosigner.h"

#include <sqlite3.h>

#define PATH "state"
#define HISTORIES 1000
#define STEPS 40
#define WITNESSES 3 /* the first two are keys of one witness, and answer together */
#define LOGS 3
#define BATCH_MAX 6
#define REPLAYS 8

struct kept { /* a checkpoint that was cosigned, as somebody may have it */
    struct accord_buffer note;
    uint64_t size;
};

struct history {
    uint64_t seed, random;
    struct sim_fs *sim;
    struct accord_fs fs; /* the simulation's, with numbers for files */
    uint64_t file_number;
    struct accord_cosigner_state *state;
    struct accord_buffer backup;
    bool has_backup, marks_lost; /* since the backup the power went, or a write failed: the count may be old */
    uint64_t largest[WITNESSES][LOGS];
    int branch[WITNESSES][LOGS]; /* -1: nothing past the fork was let out */
    struct kept kept[WITNESSES][LOGS];
    struct accord_buffer replays[REPLAYS];
    unsigned replay_log[REPLAYS], replay_count;
    unsigned cosigned, noticed;
};

static const uint64_t fork_at[LOGS] = {8, 4, 0};
static struct test_log logs[LOGS];
static struct accord_signer *witnesses[WITNESSES];
static struct accord_vkey log_keys[LOGS];

static uint64_t pick(struct history *history, uint64_t below)
{
    history->random ^= history->random << 13;
    history->random ^= history->random >> 7;
    history->random ^= history->random << 17;
    return history->random % below;
}

static void require(const struct history *history, bool condition, const char *what)
{
    if (!condition)
        fail_msg("ACCORD_CRASH_SEED=%d: %s", (int)history->seed, what);
}

static int set_up(void **state)
{
    (void)state;
    static const char *const names[] = {"witness/a", "witness/a", "witness/b"};
    static const char *const origins[] = {"log/a", "log/b", "log/c"};
    accord_crypto_start();
    for (unsigned i = 0; i < WITNESSES; i++)
        assert_int_equal(accord_signer_generate(&witnesses[i], slice(names[i]), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                         ACCORD_OK);
    for (unsigned i = 0; i < LOGS; i++) {
        test_log_init(&logs[i], origins[i], fork_at[i]);
        log_keys[i] = *accord_signer_vkey(logs[i].signer);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WITNESSES; i++)
        accord_signer_free(witnesses[i]);
    for (unsigned i = 0; i < LOGS; i++)
        accord_signer_free(logs[i].signer);
    return 0;
}

/* Files that are put in the place of others have other numbers. */
static uint64_t current_number;

static int identify(void *context, const char *path, uint64_t *number, uint64_t *made_ns)
{
    (void)context;
    (void)path;
    *number = current_number;
    *made_ns = 0;
    return 0;
}
/* What leaves */

/* A cosignature of a tree has left: its branch is the only one there will ever be. */
static void let_out(struct history *history, unsigned witness, unsigned log, const struct accord_cosigning *cosigning,
                    struct accord_bytes line)
{
    const struct accord_checkpoint_claim *checkpoint = &cosigning->request.checkpoint;
    uint8_t root[ACCORD_HASH_SIZE];
    struct kept *kept = &history->kept[witness][log];
    int *branch = &history->branch[witness][log];
    history->cosigned++;
    require(history, checkpoint->size >= history->largest[witness][log], "a witness went back");
    history->largest[witness][log] = checkpoint->size;
    if (checkpoint->size > fork_at[log]) {
        test_log_root(&logs[log], 0, checkpoint->size, root);
        int of = memcmp(root, checkpoint->root, sizeof root) == 0 ? 0 : 1;
        require(history, *branch < 0 || *branch == of, "a witness cosigned a fork");
        *branch = of;
    }
    kept->note.size = 0;
    kept->size = checkpoint->size;
    put(&kept->note, checkpoint->note.whole);
    put(&kept->note, line);
}

/* Requests */

static uint64_t where(struct history *history, unsigned witness, unsigned log)
{
    struct accord_witness_seen seen;
    if (pick(history, 4) == 0 || accord_cosigner_seen(history->state, accord_signer_vkey(witnesses[witness])->text,
                                                      log_keys[log].name, &seen, NULL) != ACCORD_OK)
        return pick(history, TREE_SIZE_MAX);
    return seen.size;
}

/* A request: an honest step, a step of a fork, from a guess, or one that was sent before. */
static unsigned make_body(struct history *history, unsigned first_witness, struct accord_buffer *body)
{
    unsigned log = (unsigned)pick(history, LOGS);
    if (history->replay_count > 0 && pick(history, 5) == 0) {
        unsigned at = (unsigned)pick(history, history->replay_count);
        put(body, accord_buffer_bytes(&history->replays[at]));
        return history->replay_log[at];
    }
    uint64_t old_size = where(history, first_witness, log);
    uint64_t room = TREE_SIZE_MAX - old_size, size = old_size + (room == 0 ? 0 : pick(history, room < 6 ? room : 6));
    int branch = pick(history, 3) == 0 ? 1 : 0;
    put_step(body, &logs[log], branch, old_size < size ? old_size : size, size);
    unsigned at = (unsigned)pick(history, REPLAYS);
    if (at >= history->replay_count)
        at = history->replay_count < REPLAYS ? history->replay_count++ : REPLAYS - 1;
    history->replays[at].size = 0;
    put(&history->replays[at], accord_buffer_bytes(body));
    history->replay_log[at] = log;
    return log;
}

struct asked {
    unsigned log, first; /* of the witnesses */
    struct accord_buffer body;
    struct accord_cosigning cosigning;
    struct accord_witness_verdict verdicts[2];
    struct accord_buffer lines[2];
};

static const struct accord_vkey *find(void *context, struct accord_bytes origin, size_t *count)
{
    (void)context;
    for (unsigned i = 0; i < LOGS; i++)
        if (accord_bytes_equal(log_keys[i].name, origin)) {
            *count = 1;
            return &log_keys[i];
        }
    *count = 0;
    return log_keys;
}

static void prepare(struct history *history, struct asked *asked)
{
    static const struct accord_known_logs known = {NULL, find};
    bool pair = pick(history, 2) == 0;
    memset(asked, 0, sizeof *asked);
    asked->first = pair ? 0 : 2;
    accord_buffer_init(&asked->body, 16384);
    accord_buffer_init(&asked->lines[0], 4096);
    accord_buffer_init(&asked->lines[1], 4096);
    asked->log = make_body(history, asked->first, &asked->body);
    asked->cosigning = (struct accord_cosigning){.body = accord_buffer_bytes(&asked->body),
                                                 .witnesses = &witnesses[asked->first],
                                                 .witness_count = pair ? 2 : 1,
                                                 .verdicts = asked->verdicts,
                                                 .lines = asked->lines,
                                                 .together = pair};
    require(history, accord_cosigning_prepare(&asked->cosigning, &known, &accord_crypto_default, NULL) == ACCORD_OK,
            "a request cannot be prepared");
}

static void conclude(struct history *history, struct asked *asked, enum accord_status status)
{
    for (unsigned i = 0; i < asked->cosigning.witness_count; i++) {
        bool line = asked->lines[i].size > 0;
        require(history, line == (status == ACCORD_OK && asked->verdicts[i].http_status == 200),
                "a line without a verdict, or the other way round");
        if (line)
            let_out(history, asked->first + i, asked->log, &asked->cosigning, accord_buffer_bytes(&asked->lines[i]));
        accord_buffer_free(&asked->lines[i]);
    }
    accord_cosigning_free(&asked->cosigning);
    accord_buffer_free(&asked->body);
}

/* Some requests in one transaction. */
static enum accord_status ask(struct history *history)
{
    struct asked asked[BATCH_MAX];
    struct accord_cosigning *cosignings[BATCH_MAX];
    struct accord_error error;
    unsigned count = 1 + (unsigned)pick(history, BATCH_MAX);
    for (unsigned i = 0; i < count; i++) {
        prepare(history, &asked[i]);
        cosignings[i] = &asked[i].cosigning;
    }
    enum accord_status status =
        accord_cosigner_answer_all(history->state, cosignings, count, NOW, &accord_crypto_default, &error);
    for (unsigned i = 0; i < count; i++)
        conclude(history, &asked[i], status);
    return status;
}

/* The state */

static void close_state(struct history *history)
{
    accord_cosigner_state_close(history->state);
    history->state = NULL;
}

/* The operator of a witness whose state is in doubt brings the newest checkpoint of each log that anybody has. */
static void restore(struct history *history)
{
    struct accord_cosigner_state *state;
    struct accord_checkpoint_claim claim;
    bool signed_by, raised;
    history->noticed++;
    require(history, accord_cosigner_state_open_any(&state, &history->fs, PATH, NULL) == ACCORD_OK, "it does not open");
    for (unsigned i = 0; i < WITNESSES; i++)
        for (unsigned j = 0; j < LOGS; j++) {
            const struct kept *kept = &history->kept[i][j];
            if (kept->note.size == 0)
                continue;
            require(history, accord_checkpoint_parse(&claim, accord_buffer_bytes(&kept->note), NULL) == ACCORD_OK,
                    "what was cosigned is no checkpoint");
            require(history,
                    accord_cosigner_state_raise(state, accord_signer_vkey(witnesses[i]), &claim, &accord_crypto_default,
                                                &signed_by, &raised, NULL) == ACCORD_OK &&
                        signed_by,
                    "the memory cannot be raised");
        }
    require(history, accord_cosigner_state_confirm(state, NULL) == ACCORD_OK, "it cannot be confirmed");
    accord_cosigner_state_close(state);
}

static void open_state(struct history *history)
{
    struct accord_error error;
    enum accord_status status = accord_cosigner_state_open(&history->state, &history->fs, PATH, &error);
    if (status == ACCORD_STATE) {
        restore(history);
        status = accord_cosigner_state_open(&history->state, &history->fs, PATH, &error);
    }
    require(history, status == ACCORD_OK, "the state does not open");
}

static void copy(struct history *history)
{
    const struct accord_fs *fs = &history->fs;
    int file = fs->open(fs->context, PATH, ACCORD_OPEN_READ, 0);
    uint8_t data[65536];
    history->backup.size = 0;
    require(history, file >= 0, "there is no state");
    int64_t got = fs->read_at(fs->context, file, data, sizeof data, 0);
    require(history, got > 0 && got < (int64_t)sizeof data, "the state is too large for this test");
    put(&history->backup, (struct accord_bytes){data, (size_t)got});
    (void)fs->close(fs->context, file);
    history->has_backup = true;
    history->marks_lost = false;
}

/* The backup takes the state's place: as another file, or, where the count beside it is sound, written into it. */
static void put_back(struct history *history)
{
    const struct accord_fs *fs = &history->fs;
    if (pick(history, 2) == 0 || history->marks_lost) {
        (void)fs->unlink(fs->context, PATH);
        current_number = ++history->file_number;
    }
    int file = fs->open(fs->context, PATH, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_TRUNCATE, 0600);
    require(history,
            file >= 0 &&
                fs->write_at(fs->context, file, history->backup.data, history->backup.size, 0) ==
                    (int64_t)history->backup.size &&
                fs->sync(fs->context, file) == 0 && fs->sync_dir(fs->context, ".") == 0,
            "the backup cannot be put back");
    (void)fs->close(fs->context, file);
}

/* What can happen */

static void fail_somewhere(struct history *history)
{
    sim_fs_fail_at(history->sim, 1 + pick(history, 12), pick(history, 2) == 0 ? 28 : 5, pick(history, 3) == 0);
    (void)ask(history);
    sim_fs_fail_at(history->sim, 0, 0, false);
    history->marks_lost = true;
    close_state(history);
    open_state(history);
}

static void cut(struct history *history)
{
    sim_fs_cut_at(history->sim, 1 + pick(history, 6));
    for (unsigned i = 0; i < 3 && !sim_fs_is_cut(history->sim); i++)
        (void)ask(history);
    close_state(history);
    sim_fs_reboot(history->sim, (enum sim_survival)pick(history, 3), pick(history, 1000000));
    history->marks_lost = true;
    open_state(history);
}

static void kill_it(struct history *history)
{
    sim_fs_cut_at(history->sim, 1 + pick(history, 6));
    for (unsigned i = 0; i < 3 && !sim_fs_is_cut(history->sim); i++)
        (void)ask(history);
    close_state(history);
    sim_fs_kill(history->sim);
    open_state(history);
}

static void step(struct history *history)
{
    switch (pick(history, 16)) {
    case 0:
        fail_somewhere(history);
        break;
    case 1:
        cut(history);
        break;
    case 2:
        kill_it(history);
        break;
    case 3: /* a restart */
        close_state(history);
        open_state(history);
        break;
    case 4: /* a backup, as it should be made */
        close_state(history);
        copy(history);
        open_state(history);
        break;
    case 5:
        close_state(history);
        if (history->has_backup)
            put_back(history);
        open_state(history);
        break;
    default:
        if (ask(history) != ACCORD_OK) { /* what a request showed */
            close_state(history);
            open_state(history);
        }
    }
}

static void play(uint64_t seed, unsigned *cosigned, unsigned *noticed)
{
    struct history history = {.seed = seed, .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .sim = sim_fs_new()};
    history.fs = *sim_fs_port(history.sim);
    history.fs.identify = identify;
    current_number = history.file_number = 1;
    accord_buffer_init(&history.backup, 65536);
    for (unsigned i = 0; i < WITNESSES; i++)
        for (unsigned j = 0; j < LOGS; j++) {
            history.branch[i][j] = -1;
            accord_buffer_init(&history.kept[i][j].note, 16384);
        }
    for (unsigned i = 0; i < REPLAYS; i++)
        accord_buffer_init(&history.replays[i], 16384);
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int)seed + 1, NULL);
    open_state(&history);
    for (unsigned i = 0; i < STEPS; i++)
        step(&history);
    close_state(&history);
    *cosigned += history.cosigned;
    *noticed += history.noticed;
    for (unsigned i = 0; i < WITNESSES; i++)
        for (unsigned j = 0; j < LOGS; j++)
            accord_buffer_free(&history.kept[i][j].note);
    for (unsigned i = 0; i < REPLAYS; i++)
        accord_buffer_free(&history.replays[i]);
    accord_buffer_free(&history.backup);
    sim_fs_free(history.sim);
}

static void test_histories(void **state)
{
    (void)state;
    unsigned cosigned = 0, noticed = 0;
    const char *only = getenv("ACCORD_CRASH_SEED"), *rounds = getenv("ACCORD_CRASH_ROUNDS");
    uint64_t count = HISTORIES * (rounds == NULL ? 1 : strtoul(rounds, NULL, 10));
    if (only != NULL) {
        play(strtoul(only, NULL, 10), &cosigned, &noticed);
        return;
    }
    for (uint64_t seed = 1; seed <= count; seed++)
        play(seed, &cosigned, &noticed);
    assert_true(cosigned > 10 * count); /* it is not idle */
    assert_true(noticed > count / 4);   /* and backups matter */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
