/* Following an accord's log for its next roster: what is read, what is refused, what becomes of the trust file. */
#include "monitored.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "follow/pin.h"
#include "serve/accords.h"

#define WAIT_MS 20000

/* An accord whose trust file holds roster 1, and its log. */
struct fixture {
    char root[64], path[80], errors[80];
    struct m_log *log;
    struct accord_bytes charter, rosters[3];
    struct accord_buffer trust; /* what a verifier keeps */
    struct accord_pin_progress progress;
    struct accord_buffer made; /* by the last call */
    uint64_t number;
    bool more;
    /* What the thread sees of it. */
    pthread_mutex_t lock;
    struct accord_fs fs;
    atomic_uint opened, changed, rename_failures;
    atomic_bool hangs, fails;
    struct accord_bytes interferes; /* what somebody else writes to the trust file while the log is read, once */
    struct accord_accords *accords;
    int stderr_kept;
};

static struct accord_bytes trust_of(struct accord_bytes charter, struct accord_bytes roster, uint64_t index)
{
    static uint8_t memory[65536];
    struct accord_out out = {memory, sizeof memory, 0, false};
    struct accord_trust_claim claim = {.roster_index = index, .roster_entry = roster};
    accord_hash(m_crypto, charter, claim.charter);
    accord_trust_print(&out, &claim);
    return m_keep(accord_out_bytes(&out));
}

/* The same with a key that it distrusts. */
static struct accord_bytes distrusting(struct accord_bytes trust, const char *name)
{
    uint8_t lines[4096], vkey[512], memory[65536], evidence[ACCORD_HASH_SIZE] = {1};
    struct accord_out out = {lines, sizeof lines, 0, false}, key = {vkey, sizeof vkey, 0, false};
    struct accord_out whole = {memory, sizeof memory, 0, false};
    struct accord_trust_claim claim;
    assert_int_equal(accord_trust_parse(&claim, trust, NULL), ACCORD_OK);
    put_vkey(&key, name, ACCORD_KEY_COSIGNATURE_ED25519);
    assert_int_equal(accord_trust_add_distrust(&out, &claim, accord_out_bytes(&key), evidence), ACCORD_OK);
    claim.distrust = accord_out_bytes(&out);
    accord_trust_print(&whole, &claim);
    return m_keep(accord_out_bytes(&whole));
}

static void keep(struct fixture *fixture, struct accord_bytes trust)
{
    fixture->trust.size = 0;
    assert_int_equal(accord_buffer_append(&fixture->trust, trust), ACCORD_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->root, sizeof f->root, "%s", "/tmp/accord-test-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->path, sizeof f->path, "%s/trust", f->root);
    snprintf(f->errors, sizeof f->errors, "%s/errors", f->root);
    f->charter = m_charter();
    f->rosters[0] = m_roster(1, f->charter, f->charter, 2, 2, 2);
    f->rosters[1] = m_roster(2, f->charter, f->rosters[0], 3, 3, 2);
    f->rosters[2] = m_roster(3, f->charter, f->rosters[1], 3, 2, 2);
    f->log = m_log_new();
    m_log_add(f->log, f->charter);
    m_log_add(f->log, f->rosters[0]);
    accord_buffer_init(&f->trust, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&f->made, ACCORD_TRUST_SIZE_MAX);
    keep(f, trust_of(f->charter, f->rosters[0], 1));
    pthread_mutex_init(&f->lock, NULL);
    f->fs = accord_fs_real;
    f->stderr_kept = -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    accord_accords_stop(f->accords);
    if (f->stderr_kept >= 0) {
        dup2(f->stderr_kept, STDERR_FILENO);
        close(f->stderr_kept);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", f->root);
    int result = system(command);
    accord_buffer_free(&f->trust);
    accord_buffer_free(&f->made);
    pthread_mutex_destroy(&f->lock);
    free(f->log);
    free(f);
    return result;
}

/* One look at the log. */
static enum accord_status next(struct fixture *f)
{
    struct accord_trust_claim kept;
    struct accord_error error;
    struct accord_reader *reader = m_reader(f->log);
    f->made.size = 0;
    f->number = 0;
    assert_int_equal(accord_trust_parse(&kept, accord_buffer_bytes(&f->trust), NULL), ACCORD_OK);
    enum accord_status status =
        accord_pin_next(reader, m_crypto, &kept, &f->progress, &f->made, &f->number, &f->more, &error);
    accord_reader_close(reader);
    return status;
}

static void expect_made(struct fixture *f, uint64_t number, struct accord_bytes roster, uint64_t index)
{
    struct accord_trust_claim made;
    assert_int_equal(f->number, number);
    assert_int_equal(accord_trust_parse(&made, accord_buffer_bytes(&f->made), NULL), ACCORD_OK);
    assert_true(accord_bytes_equal(made.roster_entry, roster));
    assert_int_equal(made.roster_index, index);
}

static void expect_nothing(struct fixture *f)
{
    assert_int_equal(next(f), ACCORD_OK);
    assert_int_equal(f->made.size, 0);
    assert_false(f->more);
}

/* Reading on */

static void only_new_entries_are_read(void **state)
{
    struct fixture *f = *state;
    m_log_fill(f->log, 600, 1);
    struct accord_bytes kept = m_roster(1, f->charter, f->charter, 2, 2, 2);
    m_log_add(f->log, kept);
    keep(f, trust_of(f->charter, kept, 602));
    f->log->absent = "tile/entries/000";
    expect_nothing(f);
    assert_int_equal(f->progress.accepted.position.next, 603);
    f->log->absent = "tile/entries/002";
    m_log_fill(f->log, 300, 2);
    assert_int_equal(next(f), ACCORD_NOT_FOUND);
    f->log->absent = NULL;
    expect_nothing(f);
    f->log->absent = "tile/entries/002";
    m_log_fill(f->log, 200, 3);
    expect_nothing(f);
    assert_int_equal(f->progress.accepted.position.next, 1103);
}

static void the_next_rosters(void **state)
{
    struct fixture *f = *state;
    f->log->witnesses = 7;
    m_log_fill(f->log, 10, 1);
    m_log_add(f->log, f->rosters[1]);
    m_log_fill(f->log, 10, 2);
    m_log_add(f->log, f->rosters[2]);
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 2, f->rosters[1], 12);
    assert_true(f->more);
    keep(f, accord_buffer_bytes(&f->made));
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 3, f->rosters[2], 23);
    keep(f, accord_buffer_bytes(&f->made));
    expect_nothing(f);
    assert_int_equal(f->progress.accepted.position.next, 24);
}

static void a_roster_needs_the_quorum_of_the_one_before(void **state)
{
    struct fixture *f = *state;
    expect_nothing(f);
    f->log->witnesses = 1;
    m_log_add(f->log, f->rosters[1]);
    assert_int_equal(next(f), ACCORD_QUORUM);
    assert_int_equal(f->made.size, 0);
    f->log->witnesses = 3;
    m_log_add(f->log, f->rosters[2]);
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 2, f->rosters[1], 2);
    keep(f, accord_buffer_bytes(&f->made));
    /* Roster 2 asks for three witnesses, before it lets roster 3 ask for two. */
    assert_int_equal(next(f), ACCORD_QUORUM);
    f->log->witnesses = 7;
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 3, f->rosters[2], 3);
}

static void whom_the_trust_file_distrusts(void **state)
{
    struct fixture *f = *state;
    struct accord_trust_claim kept, made;
    m_log_add(f->log, f->rosters[1]);
    keep(f, distrusting(accord_buffer_bytes(&f->trust), "m0.example/witness"));
    assert_int_equal(next(f), ACCORD_QUORUM);
    keep(f, distrusting(trust_of(f->charter, f->rosters[0], 1), "m3.example/witness"));
    assert_int_equal(next(f), ACCORD_OK);
    assert_int_equal(accord_trust_parse(&kept, accord_buffer_bytes(&f->trust), NULL), ACCORD_OK);
    assert_int_equal(accord_trust_parse(&made, accord_buffer_bytes(&f->made), NULL), ACCORD_OK);
    assert_true(made.distrust.size > 0 && accord_bytes_equal(made.distrust, kept.distrust));
}

static void what_does_not_follow_is_passed_over(void **state)
{
    struct fixture *f = *state;
    m_log_add(f->log, m_roster(2, f->charter, f->rosters[0], 3, 1, 1)); /* one signature, of two */
    m_log_add(f->log, m_roster(2, f->charter, f->charter, 3, 1, 2));    /* after another roster */
    m_log_add(f->log, f->rosters[2]);                                   /* too early */
    m_log_add(f->log, m_keep(slice("accord/v1/roster\n")));
    expect_nothing(f);
    m_log_add(f->log, f->rosters[1]);
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 2, f->rosters[1], 6);
}

static void a_log_that_forks_or_goes_back(void **state)
{
    struct fixture *f = *state;
    m_log_fill(f->log, 300, 1);
    expect_nothing(f);
    struct m_log *honest = f->log, *fork = m_log_new();
    m_log_add(fork, f->charter);
    m_log_add(fork, f->rosters[0]);
    m_log_fill(fork, 200, 1);
    f->log = fork;
    assert_int_equal(next(f), ACCORD_ROLLBACK);
    m_log_fill(fork, 200, 2);
    m_log_add(fork, f->rosters[1]);
    assert_int_equal(next(f), ACCORD_CONSISTENCY);
    assert_int_equal(f->made.size, 0);
    f->log = honest;
    free(fork);
    m_log_add(f->log, f->rosters[1]);
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 2, f->rosters[1], 302);
}

static void entries_that_are_not_in_the_tree(void **state)
{
    struct fixture *f = *state;
    m_log_fill(f->log, 5, 1);
    m_log_add(f->log, f->rosters[1]);
    f->log->lies_at = 4;
    assert_int_equal(next(f), ACCORD_LOG_CORRUPT);
    assert_int_equal(f->made.size, 0);
    f->log->signer = "m0.example/release";
    assert_int_equal(next(f), ACCORD_UNSIGNED);
    f->log->signer = M_ORIGIN;
    f->log->lies_at = UINT64_MAX;
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 2, f->rosters[1], 7);
}

/* The kept roster is in another log of the accord: all of this one is read, once. */
static void another_log_of_the_accord(void **state)
{
    struct fixture *f = *state;
    for (unsigned far = 0; far < 2; far++) {
        memset(&f->progress, 0, sizeof f->progress);
        keep(f, trust_of(f->charter, f->rosters[0], far == 0 ? 3 : 1000));
        f->log->count = f->log->published = 1;
        m_log_add(f->log, f->rosters[1]);
        m_log_fill(f->log, 300, 1);
        assert_int_equal(next(f), ACCORD_OK);
        expect_made(f, 2, f->rosters[1], 1);
    }
}

/* Somebody else put a later roster into the file: what was read for the one before is read again for it. */
static void another_roster_in_the_file(void **state)
{
    struct fixture *f = *state;
    f->log->witnesses = 7;
    m_log_add(f->log, f->rosters[2]);
    expect_nothing(f);
    keep(f, trust_of(f->charter, f->rosters[1], 500));
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 3, f->rosters[2], 2);
}

static void a_long_log_in_several_calls(void **state)
{
    struct fixture *f = *state;
    m_log_fill(f->log, 20000, 1);
    m_log_add(f->log, f->rosters[1]);
    assert_int_equal(next(f), ACCORD_OK);
    assert_int_equal(f->made.size, 0);
    assert_true(f->more);
    assert_in_range(f->progress.accepted.position.next, 10000, 19000);
    assert_int_equal(next(f), ACCORD_OK);
    expect_made(f, 2, f->rosters[1], 20002);
    assert_false(f->more);
}

/* The thread */

static enum accord_status locked_read(void *context, const char *name, struct accord_buffer *out,
                                      struct accord_error *error)
{
    struct fixture *f = context;
    pthread_mutex_lock(&f->lock);
    enum accord_status status = m_read(f->log, name, out, error);
    pthread_mutex_unlock(&f->lock);
    return status;
}

static void write_trust(struct fixture *f, struct accord_bytes trust)
{
    assert_int_equal(accord_file_replace(&accord_fs_real, f->path, trust, 0644, NULL), ACCORD_OK);
}

static enum accord_status open_source(void *context, const char *url, const struct accord_patience *patience,
                                      struct accord_reader **reader, struct accord_error *error)
{
    struct fixture *f = context;
    const struct accord_store store = {.context = f, .read = locked_read};
    assert_string_equal(url, "http://log.example/");
    atomic_fetch_add(&f->opened, 1);
    while (atomic_load(&f->hangs) && !patience->stop(patience->context))
        usleep(1000);
    if (atomic_load(&f->hangs) || atomic_load(&f->fails))
        return accord_fail(error, ACCORD_NETWORK, 0);
    if (f->interferes.size > 0)
        write_trust(f, f->interferes);
    f->interferes.size = 0;
    return accord_reader_open_store(reader, m_crypto, &store, m_close, error);
}

static void changed(void *context)
{
    struct fixture *f = context;
    atomic_fetch_add(&f->changed, 1);
}

static int failing_rename(void *context, const char *from, const char *to)
{
    struct fixture *f = context;
    if (atomic_load(&f->rename_failures) == 0)
        return accord_fs_real.rename(accord_fs_real.context, from, to);
    atomic_fetch_sub(&f->rename_failures, 1);
    return -30;
}

static void set_config(struct fixture *f, struct accord_config *config)
{
    memset(config, 0, sizeof *config);
    config->pull_ms = 20;
    config->trust_count = 1;
    snprintf(config->trusts[0], sizeof config->trusts[0], "%s", f->path);
    snprintf(config->trust_urls[0], sizeof config->trust_urls[0], "http://log.example/");
}

/* Events go to a file from here on. */
static void start(struct fixture *f)
{
    static struct accord_config config;
    struct accord_accords_options options = {
        .fs = &f->fs, .crypto = m_crypto, .open = open_source, .changed = changed, .context = f};
    int errors = open(f->errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(errors >= 0);
    f->stderr_kept = dup(STDERR_FILENO);
    dup2(errors, STDERR_FILENO);
    close(errors);
    f->fs.context = f;
    f->fs.rename = failing_rename;
    set_config(f, &config);
    write_trust(f, accord_buffer_bytes(&f->trust));
    assert_int_equal(accord_accords_start(&f->accords, &options, &config, NULL), ACCORD_OK);
}

static void wait_for(const atomic_uint *count, unsigned least)
{
    for (unsigned ms = 0; ms < WAIT_MS && atomic_load(count) < least; ms++)
        usleep(1000);
    assert_true(atomic_load(count) >= least);
}

static unsigned said(struct fixture *f, const char *event)
{
    struct accord_buffer text;
    unsigned count = 0;
    accord_buffer_init(&text, 1 << 20);
    assert_int_equal(accord_file_read(&accord_fs_real, f->errors, &text, NULL), ACCORD_OK);
    assert_int_equal(accord_buffer_append(&text, (struct accord_bytes){(const uint8_t *)"", 1}), ACCORD_OK);
    for (const char *at = (const char *)text.data; (at = strstr(at, event)) != NULL; at++)
        count++;
    accord_buffer_free(&text);
    return count;
}

static uint64_t kept_number(struct fixture *f, struct accord_bytes *distrust)
{
    static struct accord_roster_claim roster;
    struct accord_trust_claim trust;
    f->made.size = 0;
    assert_int_equal(accord_file_read(&accord_fs_real, f->path, &f->made, NULL), ACCORD_OK);
    assert_int_equal(accord_trust_parse(&trust, accord_buffer_bytes(&f->made), NULL), ACCORD_OK);
    assert_int_equal(accord_roster_parse(&roster, trust.roster_entry, m_crypto, NULL), ACCORD_OK);
    if (distrust != NULL)
        *distrust = trust.distrust;
    return roster.number;
}

static void add(struct fixture *f, struct accord_bytes entry, unsigned witnesses)
{
    pthread_mutex_lock(&f->lock);
    m_log_add(f->log, entry);
    f->log->witnesses = witnesses;
    pthread_mutex_unlock(&f->lock);
}

static void the_trust_file_follows(void **state)
{
    struct fixture *f = *state;
    start(f);
    wait_for(&f->opened, 3);
    assert_int_equal(atomic_load(&f->changed), 0);
    add(f, f->rosters[1], 7);
    wait_for(&f->changed, 1);
    assert_int_equal(kept_number(f, NULL), 2);
    add(f, f->rosters[2], 7);
    wait_for(&f->changed, 2);
    assert_int_equal(kept_number(f, NULL), 3);
    assert_int_equal(said(f, "event=accord-followed"), 2);
    assert_int_equal(said(f, "level=warning"), 0);
    struct stat file;
    assert_int_equal(stat(f->path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0644);
}

static void what_is_wrong_is_said_once(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->fails, true);
    start(f);
    wait_for(&f->opened, 4);
    assert_int_equal(said(f, "event=accord-failed"), 1);
    add(f, f->rosters[1], 1);
    atomic_store(&f->fails, false);
    wait_for(&f->opened, 6);
    assert_int_equal(said(f, "event=accord-failed"), 2);
    assert_int_equal(atomic_load(&f->changed), 0);
    assert_int_equal(kept_number(f, NULL), 1);
    add(f, slice("an entry"), 3);
    wait_for(&f->changed, 1);
    assert_int_equal(kept_number(f, NULL), 2);
}

static void a_disk_that_fails(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->rename_failures, 2);
    add(f, f->rosters[1], 3);
    start(f);
    wait_for(&f->changed, 1);
    assert_int_equal(atomic_load(&f->rename_failures), 0);
    assert_int_equal(kept_number(f, NULL), 2);
    assert_true(said(f, "event=accord-failed") >= 1);
}

static void what_others_write_meanwhile_stays(void **state)
{
    struct fixture *f = *state;
    struct accord_bytes distrust;
    add(f, f->rosters[1], 3);
    f->interferes = distrusting(accord_buffer_bytes(&f->trust), "m3.example/witness");
    start(f);
    wait_for(&f->changed, 1);
    assert_int_equal(kept_number(f, &distrust), 2);
    assert_true(distrust.size > 0);
}

static void it_stops_in_the_middle(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->hangs, true);
    start(f);
    wait_for(&f->opened, 1);
    uint64_t begun = accord_monotonic_us();
    accord_accords_stop(f->accords);
    f->accords = NULL;
    assert_in_range(accord_monotonic_us() - begun, 0, 5000000);
    assert_int_equal(said(f, "event="), 0);
}

static void other_settings(void **state)
{
    struct fixture *f = *state;
    static struct accord_config config;
    start(f);
    wait_for(&f->opened, 1);
    set_config(f, &config);
    config.trust_count = 0;
    accord_accords_know(f->accords, &config);
    usleep(100000);
    unsigned opened = atomic_load(&f->opened);
    usleep(200000);
    assert_int_equal(atomic_load(&f->opened), opened);
    config.trust_count = 1;
    config.trust_urls[0][0] = 0; /* the roster's logs have no URL */
    accord_accords_know(f->accords, &config);
    usleep(200000);
    assert_int_equal(atomic_load(&f->opened), opened);
    set_config(f, &config);
    accord_accords_know(f->accords, &config);
    wait_for(&f->opened, opened + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_new_entries_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_rosters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_roster_needs_the_quorum_of_the_one_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whom_the_trust_file_distrusts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_follow_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_that_forks_or_goes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_that_are_not_in_the_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_log_of_the_accord, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_roster_in_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_log_in_several_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_trust_file_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_write_meanwhile_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_stops_in_the_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_settings, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("accords", tests, NULL, NULL);
}
