/* Pulling a log into a copy: what comes out is the log, byte for byte, whatever broke in between; and what does not
 * belong to it changes nothing. */
#include "mirror/pull.h"

#include "base/file.h"
#include "log/check.h"
#include "logs.h"

static const struct accord_crypto *crypto = &accord_crypto_default;
static const struct accord_fs *fs = &accord_fs_real;

static uint64_t now(void *context)
{
    (void)context;
    return 1700000000;
}
static const struct accord_clock test_clock = {NULL, now};

/* A log, and the directory that its copy lies in. */
struct pulling {
    struct log_place source;
    char dir[80];
    const struct accord_fs *fs;
    const struct accord_signer *cosigner;
    uint64_t bundles; /* after so many it stops */
    struct accord_pulled pulled;
    struct accord_error error;
};

static int set_up(void **state)
{
    void *place;
    struct pulling *pulling = calloc(1, sizeof *pulling);
    assert_non_null(pulling);
    assert_int_equal(place_new(&place), 0);
    pulling->source = *(struct log_place *)place;
    free(place);
    snprintf(pulling->dir, sizeof pulling->dir, "%s/copy", pulling->source.root);
    pulling->fs = fs;
    pulling->bundles = UINT64_MAX;
    accord_pulled_init(&pulling->pulled);
    *state = pulling;
    return 0;
}

static int tear_down(void **state)
{
    struct pulling *pulling = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", pulling->source.root);
    accord_pulled_free(&pulling->pulled);
    free(pulling);
    return system(command);
}

/* Another log's directory beside the source. */
static struct log_place beside(const struct pulling *pulling, const char *name)
{
    struct log_place place = pulling->source;
    snprintf(place.log, sizeof place.log, "%.60s/%.16s", place.root, name);
    return place;
}

/* The log of this many entries, of which the one at fork is another. */
static void make_fork(const struct log_place *place, uint64_t fork, uint64_t size)
{
    static const uint8_t entry[] = {0, 5, 'o', 't', 'h', 'e', 'r'};
    uint64_t first, count;
    struct accord_error error;
    struct accord_log *log = log_new(place);
    log_fill(log, fork);
    assert_int_equal(accord_log_append(log, (struct accord_bytes){entry, sizeof entry}, &first, &count, &error),
                     ACCORD_OK);
    log_fill(log, size - fork - 1);
    log_publish(log);
    accord_log_close(log);
}

static bool stop_after(void *context)
{
    struct pulling *pulling = context;
    return pulling->bundles-- == 0;
}

static enum accord_status pull_with(struct pulling *pulling, const char *location, const char *key)
{
    uint8_t text[256];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_vkey vkey;
    struct accord_pull_copy into = {.crypto = crypto, .clock = &test_clock, .cosigner = pulling->cosigner};
    put_vkey(&out, key, ACCORD_KEY_ED25519);
    assert_int_equal(accord_vkey_parse(&vkey, accord_out_bytes(&out), crypto, NULL), ACCORD_OK);
    struct accord_pull_keys keys = {crypto, &vkey, 1};
    struct accord_pull round = {
        .crypto = crypto, .judge = accord_pull_signed_by(&keys), .context = pulling, .stop = stop_after};
    accord_pulled_free(&pulling->pulled);
    accord_pulled_init(&pulling->pulled);
    memset(&pulling->error, 0, sizeof pulling->error);
    enum accord_status status = accord_reader_open(&round.reader, fs, crypto, location, &pulling->error);
    if (status == ACCORD_OK)
        status = accord_copy_open(&into.copy, pulling->fs, crypto, pulling->dir, (struct accord_bytes){NULL, 0},
                                  &pulling->error);
    if (status == ACCORD_OK) {
        const struct accord_pull_target target = accord_pull_into(&into);
        round.target = &target;
        status = accord_pull_round(&round, &pulling->pulled, &pulling->error);
    }
    assert_true(status == ACCORD_OK || pulling->error.status == status);
    accord_copy_close(into.copy);
    accord_reader_close(round.reader);
    return status;
}

static enum accord_status pull(struct pulling *pulling)
{
    return pull_with(pulling, pulling->source.log, LOG_ORIGIN);
}

/* Is each file of the copy as it is in the log? The log may have forms of its last tiles that it published before. */
static bool is_same(const struct pulling *pulling)
{
    char command[512];
    snprintf(command, sizeof command,
             "cd '%s' && find . -name .accord -prune -o -type f -print | while read f; do cmp \"$f\" '%s'/$f || exit "
             "1; done",
             pulling->dir, pulling->source.log);
    return system(command) == 0;
}

/* Is the copy the log, file for file, and sound? */
static void assert_copied(const struct pulling *pulling, uint64_t size)
{
    struct accord_check_result result;
    struct accord_error error;
    assert_true(is_same(pulling));
    assert_int_equal(accord_log_check(fs, crypto, pulling->dir, NULL, 1, NULL, NULL, &result, &error), ACCORD_OK);
    assert_int_equal(result.size, size);
}

static struct accord_buffer read_copy(const struct pulling *pulling, const char *name)
{
    char path[256];
    struct accord_buffer note;
    struct accord_error error;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    snprintf(path, sizeof path, "%s/%s", pulling->dir, name);
    assert_int_equal(accord_file_read(fs, path, &note, &error), ACCORD_OK);
    return note;
}

static void assert_buffers_equal(const struct accord_buffer *a, const struct accord_buffer *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

static void test_growth(void **state)
{
    struct pulling *pulling = *state;
    static const uint64_t counts[] = {0, 1, 0, 254, 1, 1, 255, 600, 70000};
    uint64_t size = 0;
    struct accord_log *log = log_new(&pulling->source);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        log_fill(log, counts[i]);
        if (counts[i] > 0)
            log_publish(log);
        assert_int_equal(pull(pulling), ACCORD_OK);
        assert_int_equal(pulling->pulled.changed, counts[i] > 0 || i == 0);
        assert_int_equal(pulling->pulled.put, counts[i]);
        assert_int_equal(pulling->pulled.held, size);
        assert_int_equal(pulling->pulled.size, size += counts[i]);
        assert_false(pulling->pulled.stopped);
        struct accord_buffer there = read_copy(pulling, "checkpoint");
        assert_buffers_equal(&there, &pulling->pulled.note);
        accord_buffer_free(&there);
        if (size > 0)
            assert_copied(pulling, size);
    }
    accord_log_close(log);
}

static void test_stops_anywhere(void **state)
{
    struct pulling *pulling = *state;
    char path[128];
    log_make(&pulling->source, 2000);
    snprintf(path, sizeof path, "%s/checkpoint", pulling->dir);
    uint64_t put = 0;
    for (int i = 0; i < 4; i++) {
        pulling->bundles = 2;
        assert_int_equal(pull(pulling), ACCORD_OK);
        if (i < 3) {
            assert_int_equal(pulling->pulled.held, put);
            assert_int_equal(pulling->pulled.put, 512);
            assert_true(pulling->pulled.stopped);
            assert_false(pulling->pulled.changed);
            assert_int_equal(fs->exists(fs->context, path), 0);
        }
        put += pulling->pulled.put;
    }
    assert_int_equal(put, 2000);
    assert_true(pulling->pulled.changed);
    assert_copied(pulling, 2000);
}

/* The refusal; that the copy publishes what it did; that both notes are there where both are worth something. */
static void assert_refused(struct pulling *pulling, const char *location, enum accord_status refusal, bool evidence)
{
    struct accord_buffer before = read_copy(pulling, "checkpoint");
    assert_int_equal(pull_with(pulling, location, LOG_ORIGIN), refusal);
    struct accord_buffer after = read_copy(pulling, "checkpoint");
    assert_buffers_equal(&before, &after);
    assert_false(pulling->pulled.changed);
    assert_int_equal(pulling->pulled.note.size > 0 && pulling->pulled.last.size > 0, evidence);
    if (evidence)
        assert_buffers_equal(&before, &pulling->pulled.last);
    accord_buffer_free(&before);
    accord_buffer_free(&after);
}

static void test_another_history(void **state)
{
    struct pulling *pulling = *state;
    static const uint64_t sizes[] = {700, 701, 1500};
    log_make(&pulling->source, 700);
    assert_int_equal(pull(pulling), ACCORD_OK);
    for (size_t i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "fork-%zu", i);
        struct log_place fork = beside(pulling, name);
        make_fork(&fork, 300, sizes[i]);
        assert_refused(pulling, fork.log, ACCORD_CONSISTENCY, true);
    }
    assert_int_equal(accord_pull_keep(fs, pulling->dir, &pulling->pulled, NULL), ACCORD_OK);
    struct accord_buffer shown = read_copy(pulling, ".accord/fork-shown");
    assert_buffers_equal(&shown, &pulling->pulled.note);
    struct log_place shorter = beside(pulling, "shorter");
    log_make(&shorter, 699);
    assert_refused(pulling, shorter.log, ACCORD_ROLLBACK, true);
    assert_int_equal(accord_pull_keep(fs, pulling->dir, &pulling->pulled, NULL), ACCORD_OK);
    struct accord_buffer kept = read_copy(pulling, ".accord/fork-shown");
    assert_buffers_equal(&shown, &kept);
    accord_buffer_free(&shown);
    accord_buffer_free(&kept);
    struct log_place empty = beside(pulling, "empty");
    log_make(&empty, 0);
    assert_refused(pulling, empty.log, ACCORD_ROLLBACK, true);
    assert_copied(pulling, 700);
}

static void put_checkpoint(const struct log_place *place, struct accord_bytes note)
{
    assert_int_equal(accord_file_replace(fs, log_path(place, "checkpoint"), note, 0644, NULL), ACCORD_OK);
}

static void test_signatures(void **state)
{
    struct pulling *pulling = *state;
    uint8_t note[512], root[ACCORD_HASH_SIZE] = {1};
    log_make(&pulling->source, 10);
    assert_int_equal(pull(pulling), ACCORD_OK);
    assert_int_equal(pull_with(pulling, pulling->source.log, "example.com/other"), ACCORD_WRONG_KEY);
    put_checkpoint(&pulling->source, log_checkpoint(note, LOG_ORIGIN, "example.com/other", 20, root));
    assert_refused(pulling, pulling->source.log, ACCORD_UNSIGNED, false);
    put_checkpoint(&pulling->source, log_checkpoint(note, "example.com/other", "example.com/other", 20, root));
    assert_refused(pulling, pulling->source.log, ACCORD_WRONG_KEY, false);
    assert_int_equal(pull_with(pulling, pulling->source.log, "example.com/other"), ACCORD_WRONG_KEY);
    struct accord_bytes wrong = log_checkpoint(note, LOG_ORIGIN, LOG_ORIGIN, 20, root);
    note[sizeof LOG_ORIGIN] = '3'; /* a size that was not signed */
    put_checkpoint(&pulling->source, wrong);
    assert_refused(pulling, pulling->source.log, ACCORD_SIGNATURE, false);
    put_checkpoint(&pulling->source, slice("<html>no log here</html>\n"));
    assert_int_equal(pull(pulling), ACCORD_MALFORMED);
}

static void test_sizes_that_cannot_be(void **state)
{
    struct pulling *pulling = *state;
    uint8_t note[512], root[ACCORD_HASH_SIZE] = {1};
    static const uint64_t sizes[] = {11, 257, 1000000, UINT64_C(1) << 40, INT64_MAX};
    log_make(&pulling->source, 10);
    put_checkpoint(&pulling->source, log_checkpoint(note, LOG_ORIGIN, LOG_ORIGIN, 0, root));
    assert_int_equal(pull(pulling), ACCORD_MALFORMED);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put_checkpoint(&pulling->source, log_checkpoint(note, LOG_ORIGIN, LOG_ORIGIN, sizes[i], root));
        assert_int_equal(pull(pulling), ACCORD_NOT_FOUND);
        assert_memory_equal(pulling->error.what, "tile/", 5);
        assert_int_equal(pulling->pulled.put, 0);
    }
}

/* What is damaged at the source is named, what came before it stays, and once it is whole the copy goes on. */
static void test_damage(void **state)
{
    struct pulling *pulling = *state;
    static const struct {
        const char *name;
        long offset; /* negative: it is cut there */
        enum accord_status refusal;
    } damages[] = {
        {"tile/entries/003", 100, ACCORD_INCLUSION},     {"tile/entries/003", -100, ACCORD_LOG_CORRUPT},
        {"tile/entries/003", 0, ACCORD_LOG_CORRUPT}, /* a length */
        {"tile/entries/010.p/140", 2, ACCORD_INCLUSION}, {"tile/1/000.p/10", 3 * 32, ACCORD_INCLUSION},
        {"tile/0/010.p/140", 32, ACCORD_INCLUSION},
    };
    log_make(&pulling->source, 2700);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char command[512];
        struct log_place bad = beside(pulling, "bad");
        snprintf(command, sizeof command, "rm -rf '%s' '%s' && cp -r '%s' '%s'", bad.log, pulling->dir,
                 pulling->source.log, bad.log);
        assert_int_equal(system(command), 0);
        if (damages[i].offset >= 0)
            log_damage(&bad, damages[i].name, damages[i].offset);
        else
            assert_int_equal(truncate(log_path(&bad, damages[i].name), -damages[i].offset), 0);
        assert_int_equal(pull_with(pulling, bad.log, LOG_ORIGIN), damages[i].refusal);
        assert_memory_equal(pulling->error.what, "tile/entries/", 13);
        assert_true(pulling->pulled.put % ACCORD_TILE_WIDTH == 0 && pulling->pulled.put < 2700);
        assert_int_equal(pull(pulling), ACCORD_OK);
        assert_copied(pulling, 2700);
    }
}

/* A copy that was begun of one history holds none of it once it follows another. */
static void test_begun_on_a_fork(void **state)
{
    struct pulling *pulling = *state;
    struct log_place fork = beside(pulling, "fork");
    log_make(&pulling->source, 3000);
    make_fork(&fork, 700, 2800);
    pulling->bundles = 8;
    assert_int_equal(pull_with(pulling, fork.log, LOG_ORIGIN), ACCORD_OK);
    assert_true(pulling->pulled.stopped);
    pulling->bundles = UINT64_MAX;
    assert_int_equal(pull(pulling), ACCORD_OK);
    assert_true(pulling->pulled.put > 3000 - 8 * ACCORD_TILE_WIDTH);
    assert_copied(pulling, 3000);
}

/* Cosigning */

static size_t count_lines(struct pulling *pulling, const struct accord_vkey *vkey, size_t *own)
{
    struct accord_buffer note = read_copy(pulling, "checkpoint");
    struct accord_checkpoint_claim claim;
    struct accord_signature signature;
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
    *own = 0;
    for (size_t cursor = 0; accord_note_next_signature(&claim.note, &cursor, &signature);)
        *own += accord_bytes_equal(signature.name, vkey->name);
    assert_int_equal(accord_note_signed_by(&claim.note, vkey, crypto, NULL),
                     *own > 0 ? ACCORD_SIGNED : ACCORD_NOT_SIGNED);
    size_t count = claim.note.signature_count;
    accord_buffer_free(&note);
    return count;
}

static void add_line(struct pulling *pulling, const char *name, uint32_t id)
{
    struct accord_buffer note;
    uint8_t line[512], signature[72] = {7};
    struct accord_out out = {line, sizeof line, 0, false};
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    assert_int_equal(accord_file_read(fs, log_path(&pulling->source, "checkpoint"), &note, NULL), ACCORD_OK);
    accord_signature_print(&out, slice(name), id, (struct accord_bytes){signature, sizeof signature});
    assert_int_equal(accord_buffer_append(&note, accord_out_bytes(&out)), ACCORD_OK);
    put_checkpoint(&pulling->source, accord_buffer_bytes(&note));
    accord_buffer_free(&note);
}

static void test_cosigns(void **state)
{
    struct pulling *pulling = *state;
    struct accord_signer *signer;
    size_t own;
    assert_int_equal(accord_signer_generate(&signer, slice("mirror.example/m"), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    const struct accord_vkey *vkey = accord_signer_vkey(signer);
    log_make(&pulling->source, 300);
    assert_int_equal(pull(pulling), ACCORD_OK);
    assert_int_equal(count_lines(pulling, vkey, &own), 1);
    pulling->cosigner = signer;
    assert_int_equal(pull(pulling), ACCORD_OK);
    assert_true(pulling->pulled.changed);
    assert_int_equal(count_lines(pulling, vkey, &own), 2);
    assert_int_equal(own, 1);
    assert_int_equal(pull(pulling), ACCORD_OK);
    assert_false(pulling->pulled.changed);
    /* What the log says in our name is not passed on. */
    add_line(pulling, "mirror.example/m", vkey->id);
    assert_int_equal(pull(pulling), ACCORD_OK);
    assert_false(pulling->pulled.changed);
    add_line(pulling, "witness.example/w", 1);
    assert_int_equal(pull(pulling), ACCORD_OK);
    assert_true(pulling->pulled.changed);
    assert_int_equal(count_lines(pulling, vkey, &own), 3);
    assert_int_equal(own, 1);
    accord_signer_free(signer);
}

/* The disk */

/* Lets the first calls that write succeed, and fails the next one. */
static unsigned calls_left;

static bool fails(void)
{
    return calls_left == 0 || calls_left-- == 1;
}

static int64_t failing_write_at(void *context, int handle, const void *data, size_t size, uint64_t offset)
{
    return fails() ? -28 : fs->write_at(context, handle, data, size, offset);
}

static int failing_rename(void *context, const char *from, const char *to)
{
    return fails() ? -5 : fs->rename(context, from, to);
}

static int failing_sync_dir(void *context, const char *path)
{
    return fails() ? -5 : fs->sync_dir(context, path);
}

static void test_a_disk_that_fails(void **state)
{
    struct pulling *pulling = *state;
    struct accord_fs failing = accord_fs_real;
    bool done = false;
    unsigned calls = 1, refused = 0;
    failing.write_at = failing_write_at;
    failing.rename = failing_rename;
    failing.sync_dir = failing_sync_dir;
    log_make(&pulling->source, 1200);
    for (; !done; calls++) {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", pulling->dir);
        assert_int_equal(system(command), 0);
        pulling->fs = &failing;
        calls_left = calls;
        done = pull(pulling) == ACCORD_OK;
        if (!done) {
            assert_int_equal(pulling->error.status, ACCORD_IO);
            refused++;
        }
        pulling->fs = fs;
        assert_int_equal(pull(pulling), ACCORD_OK);
        assert_copied(pulling, 1200);
    }
    assert_in_range(refused, 10, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_growth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stops_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_history, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_signatures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sizes_that_cannot_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_begun_on_a_fork, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cosigns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_disk_that_fails, set_up, tear_down),
    };
    accord_crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
