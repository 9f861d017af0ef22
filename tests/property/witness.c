/* A thousand random histories of a witness: steps, stale and forked requests, replays, spoiled bytes, restarts. Each
 * answer is foretold by a model of one line, and no two cosignatures of a witness contradict each other. */
#include "../unit/witnessing.h"

#include "witness/cosigner.h"

#include <unistd.h>

#define HISTORIES 1000
#define TURNS 14
#define WITNESSES 2
#define LOGS 2

/* A cosignature that got out. */
struct cosigned {
    unsigned witness, log;
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
};

struct sent {
    struct accord_buffer body;
    unsigned log;
    int branch;
    uint64_t old_size, size;
    bool spoiled;
};

struct history {
    unsigned number;
    uint64_t random;
    struct accord_cosigner_state *state;
    struct test_log logs[LOGS];
    struct accord_vkey keys[LOGS];
    struct accord_witness_seen model[WITNESSES][LOGS];
    struct sent sent[TURNS];
    struct cosigned cosigned[TURNS * WITNESSES];
    size_t sent_count, cosigned_count;
};

static char directory[] = "/tmp/accord-witness-XXXXXX";
static char path[64], count_path[80];
static struct accord_signer *witnesses[WITNESSES];
static struct accord_fs fs; /* the machine's, but nothing is synced: no power is cut here */

static int no_sync(void *context, int handle)
{
    (void)context;
    (void)handle;
    return 0;
}

static int no_sync_dir(void *context, const char *name)
{
    (void)context;
    (void)name;
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    fs = accord_fs_real;
    fs.sync = no_sync;
    fs.sync_dir = no_sync_dir;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/state", directory);
    snprintf(count_path, sizeof count_path, "%s-count", path);
    for (unsigned i = 0; i < WITNESSES; i++)
        assert_int_equal(accord_signer_generate(&witnesses[i], slice(i == 0 ? "witness/a" : "witness/b"),
                                                ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                         ACCORD_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WITNESSES; i++)
        accord_signer_free(witnesses[i]);
    return rmdir(directory);
}

/* splitmix64, below a bound */
static uint64_t draw(struct history *history, uint64_t bound)
{
    uint64_t z = (history->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % bound;
}

static void require(const struct history *history, bool condition, const char *what)
{
    if (!condition)
        fail_msg("history %u, request %zu: %s", history->number, history->sent_count, what);
}

/* A request that nobody sent before. Most begin where some witness is. */
static struct sent *make_request(struct history *history)
{
    struct sent *sent = &history->sent[history->sent_count];
    sent->log = (unsigned)draw(history, LOGS);
    sent->branch = draw(history, 4) == 0;
    sent->old_size = history->model[draw(history, WITNESSES)][sent->log].size;
    if (draw(history, 6) == 0)
        sent->old_size = draw(history, TREE_SIZE_MAX);
    sent->size = draw(history, 5) == 0 ? draw(history, TREE_SIZE_MAX) : sent->old_size + draw(history, 6);
    if (sent->size >= TREE_SIZE_MAX)
        sent->size = TREE_SIZE_MAX - 1;
    accord_buffer_init(&sent->body, 16384);
    put_step(&sent->body, &history->logs[sent->log], sent->branch, sent->old_size, sent->size);
    sent->spoiled = draw(history, 8) == 0;
    if (sent->spoiled)
        sent->body.data[draw(history, sent->body.size)] ^= (uint8_t)(1u << draw(history, 8));
    history->sent_count++;
    return sent;
}

static int foretell(struct history *history, unsigned witness, const struct sent *sent)
{
    const struct accord_witness_seen *seen = &history->model[witness][sent->log];
    uint8_t root[ACCORD_HASH_SIZE];
    if (sent->old_size > sent->size)
        return 400;
    if (sent->old_size != seen->size)
        return 409;
    test_log_root(&history->logs[sent->log], sent->branch, seen->size, root);
    return seen->size > 0 && memcmp(root, seen->root, sizeof root) != 0 ? 422 : 200;
}

/* A line that got out must verify over the text that was sent, and is written down. */
static void note_down(struct history *history, unsigned witness, const struct sent *sent, struct accord_bytes line)
{
    struct accord_add_checkpoint request;
    struct accord_note_claim claim;
    assert_int_equal(accord_add_checkpoint_parse(&request, accord_buffer_bytes(&sent->body), NULL), ACCORD_OK);
    assert_int_equal(accord_signatures_parse(&claim, line, NULL), ACCORD_OK);
    claim.text = request.checkpoint.note.text;
    require(history,
            accord_note_signed_by(&claim, accord_signer_vkey(witnesses[witness]), &accord_crypto_default, NULL) ==
                ACCORD_SIGNED,
            "a cosignature that does not verify");
    struct cosigned *cosigned = &history->cosigned[history->cosigned_count++];
    *cosigned = (struct cosigned){.witness = witness, .log = sent->log, .size = request.checkpoint.size};
    memcpy(cosigned->root, request.checkpoint.root, sizeof cosigned->root);
    struct accord_witness_seen *model = &history->model[witness][sent->log];
    *model = (struct accord_witness_seen){.size = cosigned->size, .cosigned = true};
    memcpy(model->root, cosigned->root, sizeof model->root);
}

static void send_request(struct history *history, const struct sent *sent)
{
    struct accord_witness_verdict verdicts[WITNESSES];
    struct accord_buffer lines[WITNESSES];
    int foretold[WITNESSES];
    for (unsigned i = 0; i < WITNESSES; i++) {
        accord_buffer_init(&lines[i], 4096);
        foretold[i] = foretell(history, i, sent);
    }
    /* sometimes the first is asked alone, so that the two drift apart */
    size_t count = 1 + draw(history, WITNESSES);
    assert_int_equal(accord_cosigner_answer(history->state, witnesses, count, history->keys, LOGS,
                                            accord_buffer_bytes(&sent->body), NOW, &accord_crypto_default, verdicts,
                                            lines, NULL),
                     ACCORD_OK);
    for (unsigned i = 0; i < count; i++) {
        if (!sent->spoiled)
            require(history, verdicts[i].http_status == foretold[i], "another answer than foretold");
        require(history, (verdicts[i].http_status == 200) == (lines[i].size > 0), "answer and line disagree");
        if (lines[i].size > 0)
            note_down(history, i, sent, accord_buffer_bytes(&lines[i]));
    }
    for (unsigned i = 0; i < WITNESSES; i++)
        accord_buffer_free(&lines[i]);
}

/* Is one of the log's trees behind both, and does the proof from the one to the other say so? */
static bool consistent(struct history *history, const struct cosigned *a, const struct cosigned *b)
{
    struct test_log *log = &history->logs[a->log];
    for (int branch = 0; branch < 2; branch++) {
        uint8_t root_a[ACCORD_HASH_SIZE], root_b[ACCORD_HASH_SIZE];
        struct accord_merkle_proof proof;
        test_log_root(log, branch, a->size, root_a);
        test_log_root(log, branch, b->size, root_b);
        test_log_prove(log, branch, a->size, b->size, &proof);
        if (memcmp(root_a, a->root, sizeof root_a) == 0 && memcmp(root_b, b->root, sizeof root_b) == 0)
            return accord_consistency_verify(&accord_crypto_default, a->size, b->size, a->root, b->root, &proof) ==
                   ACCORD_OK;
    }
    return false;
}

static void check_cosignatures(struct history *history)
{
    for (size_t i = 0; i < history->cosigned_count; i++) {
        for (size_t j = i + 1; j < history->cosigned_count; j++) {
            const struct cosigned *a = &history->cosigned[i], *b = &history->cosigned[j];
            if (a->witness != b->witness || a->log != b->log)
                continue;
            require(history, a->size <= b->size, "a witness went back");
            require(history, consistent(history, a, b), "a witness contradicts itself");
        }
    }
}

static void open_state(struct history *history)
{
    assert_int_equal(accord_cosigner_state_open(&history->state, &fs, path, NULL), ACCORD_OK);
}

static size_t play(unsigned number)
{
    static struct history history;
    memset(&history, 0, sizeof history);
    history.number = number;
    history.random = number;
    for (unsigned i = 0; i < LOGS; i++) {
        test_log_init(&history.logs[i], i == 0 ? "log/a" : "log/b", draw(&history, 12));
        history.keys[i] = *accord_signer_vkey(history.logs[i].signer);
    }
    open_state(&history);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        /* what is made but not sent may be replayed later */
        const struct sent *made = make_request(&history);
        bool replay = draw(&history, 5) == 0;
        send_request(&history, replay ? &history.sent[draw(&history, history.sent_count)] : made);
        if (draw(&history, 6) == 0) {
            accord_cosigner_state_close(history.state);
            open_state(&history);
        }
    }
    check_cosignatures(&history);
    accord_cosigner_state_close(history.state);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(count_path), 0);
    for (size_t i = 0; i < history.sent_count; i++)
        accord_buffer_free(&history.sent[i].body);
    for (unsigned i = 0; i < LOGS; i++)
        accord_signer_free(history.logs[i].signer);
    return history.cosigned_count;
}

static void test_no_two_cosignatures_contradict(void **state)
{
    (void)state;
    size_t cosigned = 0;
    for (unsigned number = 0; number < HISTORIES; number++)
        cosigned += play(number);
    /* the histories would prove nothing if hardly anything was cosigned */
    assert_in_range(cosigned, 4 * HISTORIES, 25 * HISTORIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_two_cosignatures_contradict),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
