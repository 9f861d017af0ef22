/* Following a log: what is taken as its growth, what is handed on, and what is remembered. */
#include "follow/follower.h"

#include "logs.h"

static const struct accord_crypto *crypto = &accord_crypto_default;
static const struct accord_fs *fs = &accord_fs_real;

/* A log with a follower. */
struct followed {
    struct accord_log *log;
    struct accord_reader *reader;
    struct accord_position position;
    uint64_t handed; /* entries so far; the next must be this one */
    uint64_t fail_at;
};

static void followed_init(struct followed *followed, const struct log_place *place)
{
    struct accord_error error;
    memset(followed, 0, sizeof *followed);
    followed->fail_at = UINT64_MAX;
    followed->log = log_new(place);
    assert_int_equal(accord_reader_open(&followed->reader, fs, crypto, place->log, &error), ACCORD_OK);
}

static void followed_free(struct followed *followed)
{
    accord_reader_close(followed->reader);
    accord_log_close(followed->log);
}

static struct accord_checkpoint_claim grow(struct followed *followed, uint64_t count)
{
    struct accord_checkpoint_claim tree = {.origin = slice(LOG_ORIGIN)};
    log_fill(followed->log, count);
    log_publish(followed->log);
    tree.size = accord_log_size(followed->log);
    accord_log_root(followed->log, tree.root);
    return tree;
}

static enum accord_status take(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                               struct accord_bytes entry, struct accord_error *error)
{
    struct followed *followed = context;
    uint8_t expected[1024], hash[ACCORD_HASH_SIZE];
    size_t size = log_entry(index, expected);
    if (index == followed->fail_at)
        return accord_fail(error, ACCORD_IO, 0);
    assert_int_equal(index, followed->handed++);
    assert_int_equal(entry.size, size);
    assert_memory_equal(entry.data, expected, size);
    accord_merkle_leaf(crypto, entry, hash);
    assert_memory_equal(leaf, hash, sizeof hash);
    return ACCORD_OK;
}

static enum accord_status follow_tree(struct followed *followed, const struct accord_checkpoint_claim *tree)
{
    struct accord_error error;
    return accord_follow_tree(&followed->position, followed->reader, crypto, tree, &error);
}

static enum accord_status follow_bundle(struct followed *followed)
{
    struct accord_error error;
    return accord_follow_bundle(&followed->position, followed->reader, crypto, take, followed, &error);
}

static void test_growth(void **state)
{
    struct followed followed;
    static const uint64_t counts[] = {0, 1, 0, 254, 1, 1, 255, 600, 70000};
    followed_init(&followed, *state);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct accord_checkpoint_claim tree = grow(&followed, counts[i]);
        assert_int_equal(follow_tree(&followed, &tree), ACCORD_OK);
        while (followed.position.next < followed.position.size)
            assert_int_equal(follow_bundle(&followed), ACCORD_OK);
        assert_int_equal(followed.handed, tree.size);
        assert_int_equal(follow_bundle(&followed), ACCORD_OK);
        assert_int_equal(followed.handed, tree.size);
    }
    followed_free(&followed);
}

static void test_other_trees(void **state)
{
    struct followed followed;
    followed_init(&followed, *state);
    struct accord_checkpoint_claim first = grow(&followed, 300);
    assert_int_equal(follow_tree(&followed, &first), ACCORD_OK);
    const struct accord_position before = followed.position;
    struct accord_checkpoint_claim tree = first;
    tree.size--;
    assert_int_equal(follow_tree(&followed, &tree), ACCORD_ROLLBACK);
    tree = first;
    tree.root[0] ^= 1;
    assert_int_equal(follow_tree(&followed, &tree), ACCORD_CONSISTENCY);
    tree = grow(&followed, 500);
    tree.root[31] ^= 1;
    assert_int_equal(follow_tree(&followed, &tree), ACCORD_CONSISTENCY);
    assert_memory_equal(&followed.position, &before, sizeof before);
    tree.root[31] ^= 1;
    assert_int_equal(follow_tree(&followed, &tree), ACCORD_OK);
    followed_free(&followed);
}

/* A tree that nobody compared with another one before: its entries must be in it. */
static void test_entries_elsewhere(void **state)
{
    struct followed followed;
    followed_init(&followed, *state);
    struct accord_checkpoint_claim tree = grow(&followed, 600);
    tree.root[7] ^= 1;
    assert_int_equal(follow_tree(&followed, &tree), ACCORD_OK);
    assert_int_equal(follow_bundle(&followed), ACCORD_INCLUSION);
    followed.position.next = 599;
    assert_int_equal(follow_bundle(&followed), ACCORD_INCLUSION);
    assert_int_equal(followed.handed, 0);
    followed_free(&followed);
}

static void test_who_takes_fails(void **state)
{
    struct followed followed;
    followed_init(&followed, *state);
    struct accord_checkpoint_claim tree = grow(&followed, 600);
    followed.fail_at = 300;
    assert_int_equal(follow_tree(&followed, &tree), ACCORD_OK);
    assert_int_equal(follow_bundle(&followed), ACCORD_OK);
    assert_int_equal(follow_bundle(&followed), ACCORD_IO);
    assert_int_equal(followed.position.next, 300);
    followed.fail_at = UINT64_MAX;
    assert_int_equal(follow_bundle(&followed), ACCORD_OK);
    assert_int_equal(followed.handed, 512);
    followed_free(&followed);
}

static void test_position(void **state)
{
    (void)state;
    uint8_t text[ACCORD_POSITION_SIZE_MAX];
    char changed[ACCORD_POSITION_SIZE_MAX];
    struct accord_error error;
    struct accord_position read, position = {.next = 17, .size = UINT64_MAX, .root = {1, 2, 3}};
    struct accord_out out = {text, sizeof text, 0, false};
    accord_position_print(&out, slice("example.com/log"), &position);
    assert_int_equal(accord_position_parse(&read, slice("example.com/log"), accord_out_bytes(&out), &error), ACCORD_OK);
    assert_memory_equal(&read, &position, sizeof read);
    struct accord_bytes any = {NULL, 0};
    assert_int_equal(accord_position_parse(&read, any, accord_out_bytes(&out), &error), ACCORD_OK);
    assert_int_equal(accord_position_parse(&read, slice("example.com/other"), accord_out_bytes(&out), &error),
                     ACCORD_STATE);
    assert_int_equal(read.size, 0);
    for (size_t size = 0; size < out.size; size++)
        assert_int_equal(accord_position_parse(&read, any, (struct accord_bytes){text, size}, &error), ACCORD_STATE);
    static const char *const bad[] = {"next 017", "next -1", "next 1 ", "Next 17"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *after = strstr((const char *)text, "\nsize");
        snprintf(changed, sizeof changed, "accord follow 1\norigin example.com/log\n%s%.*s", bad[i],
                 (int)(out.size - (size_t)(after - (const char *)text)), after);
        assert_int_equal(accord_position_parse(&read, any, slice(changed), &error), ACCORD_STATE);
    }
    position.size = 16;
    out.size = 0;
    accord_position_print(&out, slice("example.com/log"), &position);
    assert_int_equal(accord_position_parse(&read, any, accord_out_bytes(&out), &error), ACCORD_STATE);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_new, place_free)

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_growth),          IN_PLACE(test_other_trees),      IN_PLACE(test_entries_elsewhere),
        IN_PLACE(test_who_takes_fails), cmocka_unit_test(test_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
