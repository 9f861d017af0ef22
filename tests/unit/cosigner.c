/* The witness with its memory, on real files: what it answers, what it remembers, and which state files it refuses. */
#include "witnessing.h"

#include "witness/cosigner.h"
#include "witness/state.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORIGIN "log.example/one"
#define LINE_SIZE_MAX 4096

/* The machine's files, but nothing waits for the disk: power cuts are tests/crash/witness.c's. */
static struct accord_fs fs;

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

static char directory[] = "/tmp/accord-cosigner-XXXXXX";
static char path[64], journal[80], count_path[80];
static struct test_log log_one;
static struct accord_signer *witnesses[2], *stranger, *not_a_witness;
static struct accord_vkey log_key;

static int set_up_group(void **state)
{
    (void)state;
    accord_crypto_start();
    fs = accord_fs_real;
    fs.sync = no_sync;
    fs.sync_dir = no_sync_dir;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/state", directory);
    snprintf(journal, sizeof journal, "%s-wal", path);
    snprintf(count_path, sizeof count_path, "%s-count", path);
    test_log_init(&log_one, ORIGIN, 8);
    log_key = *accord_signer_vkey(log_one.signer);
    static const char *const names[] = {"witness.example/a", "witness.example/b"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(accord_signer_generate(&witnesses[i], slice(names[i]), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                         ACCORD_OK);
    assert_int_equal(accord_signer_generate(&stranger, slice("stranger"), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_generate(&not_a_witness, slice("release"), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    accord_signer_free(log_one.signer);
    accord_signer_free(witnesses[0]);
    accord_signer_free(witnesses[1]);
    accord_signer_free(stranger);
    accord_signer_free(not_a_witness);
    return rmdir(directory);
}

static int remove_state(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(journal);
    (void)unlink(count_path);
    return 0;
}

static struct accord_cosigner_state *open_state(void)
{
    struct accord_cosigner_state *state;
    assert_int_equal(accord_cosigner_state_open(&state, &fs, path, NULL), ACCORD_OK);
    return state;
}

static void assert_not_opened(enum accord_status expected, const char *found)
{
    struct accord_cosigner_state *state;
    struct accord_error error = {0};
    assert_int_equal(accord_cosigner_state_open(&state, &fs, path, &error), expected);
    assert_null(state);
    assert_int_equal(error.status, expected);
    assert_string_equal(error.what, path);
    if (found != NULL)
        assert_string_equal(error.found, found);
}

/* The answers of the first count witnesses. */
struct answers {
    enum accord_status status;
    struct accord_witness_verdict verdicts[2];
    struct accord_buffer lines[2];
};

static struct answers ask(struct accord_cosigner_state *state, size_t count, struct accord_bytes body)
{
    struct answers answers;
    for (int i = 0; i < 2; i++)
        accord_buffer_init(&answers.lines[i], LINE_SIZE_MAX);
    answers.status = accord_cosigner_answer(state, witnesses, count, &log_key, 1, body, NOW, &accord_crypto_default,
                                            answers.verdicts, answers.lines, NULL);
    return answers;
}

static void answers_free(struct answers *answers)
{
    accord_buffer_free(&answers->lines[0]);
    accord_buffer_free(&answers->lines[1]);
}

/* One request to the first count witnesses, all of which must answer so. */
static void assert_step(struct accord_cosigner_state *state, size_t count, int branch, uint64_t old_size, uint64_t size,
                        int http_status)
{
    struct accord_buffer body;
    accord_buffer_init(&body, 16384);
    put_step(&body, &log_one, branch, old_size, size);
    struct answers answers = ask(state, count, accord_buffer_bytes(&body));
    assert_int_equal(answers.status, ACCORD_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(answers.verdicts[i].http_status, http_status);
        assert_int_equal(answers.lines[i].size > 0, http_status == 200);
    }
    answers_free(&answers);
    accord_buffer_free(&body);
}

static struct accord_witness_seen seen_by(struct accord_cosigner_state *state, int witness)
{
    struct accord_witness_seen seen;
    assert_int_equal(
        accord_cosigner_seen(state, accord_signer_vkey(witnesses[witness])->text, slice(ORIGIN), &seen, NULL),
        ACCORD_OK);
    return seen;
}

static void test_cosignatures_verify(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state;
    assert_int_equal(accord_cosigner_state_open(&state, &accord_fs_real, path, NULL), ACCORD_OK);
    struct accord_buffer body, note;
    struct accord_add_checkpoint request;
    accord_buffer_init(&body, 16384);
    accord_buffer_init(&note, 16384);
    put_step(&body, &log_one, 0, 0, 5);
    struct answers answers = ask(state, 2, accord_buffer_bytes(&body));
    assert_int_equal(answers.status, ACCORD_OK);
    assert_int_equal(accord_add_checkpoint_parse(&request, accord_buffer_bytes(&body), NULL), ACCORD_OK);
    for (int i = 0; i < 2; i++) {
        /* "the client MAY concatenate it to the checkpoint" */
        struct accord_note_claim claim;
        uint64_t time = 0;
        note.size = 0;
        put(&note, request.checkpoint_bytes);
        put(&note, accord_buffer_bytes(&answers.lines[i]));
        assert_int_equal(accord_note_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
        assert_int_equal(claim.signature_count, 2);
        assert_int_equal(accord_note_signed_by(&claim, accord_signer_vkey(witnesses[i]), &accord_crypto_default, &time),
                         ACCORD_SIGNED);
        assert_int_equal(time, NOW);
    }
    answers_free(&answers);
    accord_buffer_free(&note);
    accord_buffer_free(&body);
    accord_cosigner_state_close(state);
}

static void test_it_remembers(void **unused)
{
    (void)unused;
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_cosigner_state *state = open_state();
    assert_false(seen_by(state, 0).cosigned);
    assert_step(state, 2, 0, 0, 0, 200);
    assert_true(seen_by(state, 0).cosigned);
    assert_int_equal(seen_by(state, 0).size, 0);
    assert_step(state, 2, 0, 0, 5, 200);
    assert_step(state, 1, 0, 5, 13, 200);
    accord_cosigner_state_close(state);
    for (int again = 0; again < 3; again++) {
        state = open_state();
        test_log_root(&log_one, 0, 13, root);
        assert_int_equal(seen_by(state, 0).size, 13);
        assert_memory_equal(seen_by(state, 0).root, root, sizeof root);
        assert_int_equal(seen_by(state, 1).size, 5);
        assert_step(state, 1, 0, 13, 13, 200);
        assert_step(state, 1, 1, 13, 13, 422);
        assert_step(state, 1, 1, 13, 20, 422);
        assert_step(state, 1, 0, 5, 12, 409);
        accord_cosigner_state_close(state);
    }
    assert_int_not_equal(access(journal, F_OK), 0);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_every_code(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state = open_state();
    struct accord_buffer body;
    accord_buffer_init(&body, 16384);
    assert_step(state, 2, 0, 0, 5, 200);
    assert_step(state, 2, 0, 4, 6, 409);
    assert_step(state, 2, 1, 5, 20, 200); /* not yet a fork: both trees share eight leaves */
    assert_step(state, 2, 0, 20, 21, 422);

    struct answers answers = ask(state, 2, slice("old x\n\n"));
    assert_int_equal(answers.status, ACCORD_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(answers.verdicts[i].http_status, 400);
        assert_int_equal(answers.verdicts[i].error.status, ACCORD_BAD_DECIMAL);
        assert_int_equal(answers.verdicts[i].error.line, 1);
    }
    answers_free(&answers);

    struct test_log other = log_one;
    assert_int_equal(accord_signer_generate(&other.signer, slice("log.example/two"), ACCORD_KEY_ED25519, NULL),
                     ACCORD_OK);
    put_step(&body, &other, 0, 0, 5);
    answers = ask(state, 2, accord_buffer_bytes(&body));
    assert_int_equal(answers.status, ACCORD_OK);
    assert_int_equal(answers.verdicts[1].http_status, 404);
    answers_free(&answers);
    accord_signer_free(other.signer);

    body.size = 0;
    assert_int_equal(accord_signer_generate(&other.signer, slice(ORIGIN), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    put_step(&body, &other, 0, 20, 21);
    answers = ask(state, 2, accord_buffer_bytes(&body));
    assert_int_equal(answers.status, ACCORD_OK);
    assert_int_equal(answers.verdicts[0].http_status, 403);
    assert_int_equal(answers.verdicts[0].error.status, ACCORD_UNSIGNED);
    answers_free(&answers);
    accord_signer_free(other.signer);

    assert_int_equal(seen_by(state, 0).size, 20);
    assert_int_equal(seen_by(state, 1).size, 20);
    accord_buffer_free(&body);
    accord_cosigner_state_close(state);
}

/* "it MUST include the cosignature(s) from the witness's key(s) ... and the cosignature from the log key(s)"; a
 * stranger's line is left out. */
static void test_what_monitors_are_shown(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state = open_state();
    struct accord_buffer checkpoint, body, note;
    struct accord_merkle_proof none = {0};
    struct accord_checkpoint_claim claim;
    uint8_t root[ACCORD_HASH_SIZE];
    accord_buffer_init(&checkpoint, 16384);
    accord_buffer_init(&body, 16384);
    accord_buffer_init(&note, 16384);
    assert_int_equal(accord_cosigner_checkpoint(state, witnesses[0], slice(ORIGIN), &note, NULL), ACCORD_NOT_FOUND);
    test_log_root(&log_one, 0, 5, root);
    put_checkpoint(&checkpoint, log_one.signer, ORIGIN, 5, root);
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&checkpoint), NULL), ACCORD_OK);
    uint8_t text[512];
    size_t text_size = claim.note.text.size;
    assert_true(text_size <= sizeof text);
    memcpy(text, claim.note.text.data, text_size);
    assert_int_equal(accord_signer_sign(stranger, (struct accord_bytes){text, text_size}, NOW, &checkpoint, NULL),
                     ACCORD_OK);
    put_request(&body, 0, &none, accord_buffer_bytes(&checkpoint));
    struct answers answers = ask(state, 2, accord_buffer_bytes(&body));
    assert_int_equal(answers.status, ACCORD_OK);
    accord_cosigner_state_close(state);

    state = open_state();
    for (int i = 0; i < 2; i++) {
        const struct accord_vkey *witness = accord_signer_vkey(witnesses[i]);
        note.size = 0;
        assert_int_equal(accord_cosigner_checkpoint(state, witnesses[i], slice(ORIGIN), &note, NULL), ACCORD_OK);
        assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
        assert_int_equal(claim.size, 5);
        assert_int_equal(claim.note.signature_count, 2);
        assert_int_equal(accord_note_signed_by(&claim.note, &log_key, &accord_crypto_default, NULL), ACCORD_SIGNED);
        assert_int_equal(accord_note_signed_by(&claim.note, witness, &accord_crypto_default, NULL), ACCORD_SIGNED);
        struct accord_bytes line = accord_buffer_bytes(&answers.lines[i]);
        assert_memory_equal(note.data + note.size - line.size, line.data, line.size);
    }
    answers_free(&answers);
    accord_buffer_free(&note);
    accord_buffer_free(&body);
    accord_buffer_free(&checkpoint);
    accord_cosigner_state_close(state);
}

/* Where the answer does not fit nothing is remembered either, by any of the witnesses. */
static void test_a_failure_remembers_nothing(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state = open_state();
    struct accord_buffer body, lines[2];
    struct accord_witness_verdict verdicts[2];
    accord_buffer_init(&body, 16384);
    accord_buffer_init(&lines[0], LINE_SIZE_MAX);
    accord_buffer_init(&lines[1], 10);
    put_step(&body, &log_one, 0, 0, 5);
    assert_int_equal(accord_cosigner_answer(state, witnesses, 2, &log_key, 1, accord_buffer_bytes(&body), NOW,
                                            &accord_crypto_default, verdicts, lines, NULL),
                     ACCORD_TOO_LARGE);
    assert_int_equal(lines[0].size, 0);
    assert_int_equal(verdicts[0].http_status, 0);
    assert_false(seen_by(state, 0).cosigned);
    assert_false(seen_by(state, 1).cosigned);
    assert_step(state, 2, 1, 0, 20, 200);
    accord_buffer_free(&lines[0]);
    accord_buffer_free(&body);
    accord_cosigner_state_close(state);
}

#define MANY 4

static const struct accord_vkey *find_log_one(void *context, struct accord_bytes origin, size_t *count)
{
    (void)context;
    *count = accord_bytes_equal(origin, log_key.name) ? 1 : 0;
    return &log_key;
}

/* Requests of one witness in one transaction: what the first one changes, the next ones see. */
struct many {
    struct accord_buffer bodies[MANY], lines[MANY];
    struct accord_witness_verdict verdicts[MANY];
    struct accord_cosigning cosignings[MANY], *all[MANY];
};

static void many_add(struct many *many, size_t i, int branch, uint64_t old_size, uint64_t size)
{
    const struct accord_known_logs logs = {NULL, find_log_one};
    accord_buffer_init(&many->bodies[i], 16384);
    accord_buffer_init(&many->lines[i], LINE_SIZE_MAX);
    put_step(&many->bodies[i], &log_one, branch, old_size, size);
    many->cosignings[i] = (struct accord_cosigning){.body = accord_buffer_bytes(&many->bodies[i]),
                                                    .witnesses = witnesses,
                                                    .witness_count = 1,
                                                    .verdicts = &many->verdicts[i],
                                                    .lines = &many->lines[i]};
    many->all[i] = &many->cosignings[i];
    assert_int_equal(accord_cosigning_prepare(&many->cosignings[i], &logs, &accord_crypto_default, NULL), ACCORD_OK);
}

static void many_free(struct many *many)
{
    for (size_t i = 0; i < MANY; i++) {
        accord_cosigning_free(&many->cosignings[i]);
        accord_buffer_free(&many->bodies[i]);
        accord_buffer_free(&many->lines[i]);
    }
    free(many);
}

static void test_many_in_one_transaction(void **unused)
{
    (void)unused;
    static const int expected[MANY] = {200, 409, 200, 422};
    struct accord_cosigner_state *state = open_state();
    struct many *many = calloc(1, sizeof *many);
    assert_non_null(many);
    many_add(many, 0, 0, 0, 10);
    many_add(many, 1, 1, 0, 12); /* the fork, which comes second */
    many_add(many, 2, 0, 10, 20);
    many_add(many, 3, 1, 20, 30);
    assert_int_equal(accord_cosigner_answer_all(state, many->all, MANY, NOW, &accord_crypto_default, NULL), ACCORD_OK);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(many->verdicts[i].http_status, expected[i]);
        assert_int_equal(many->lines[i].size > 0, expected[i] == 200);
    }
    assert_int_equal(many->verdicts[1].seen_size, 10);
    assert_int_equal(seen_by(state, 0).size, 20);
    many_free(many);
    accord_cosigner_state_close(state);
}

/* One that cannot be answered takes the others with it: their lines stay inside, and nothing is remembered. */
static void test_many_fail_together(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state = open_state();
    struct many *many = calloc(1, sizeof *many);
    assert_non_null(many);
    for (size_t i = 0; i < MANY; i++)
        many_add(many, i, 0, 10 * i, 10 * (i + 1));
    many->lines[2].maximum = 10;
    assert_int_equal(accord_cosigner_answer_all(state, many->all, MANY, NOW, &accord_crypto_default, NULL),
                     ACCORD_TOO_LARGE);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(many->verdicts[i].http_status, 0);
        assert_int_equal(many->lines[i].size, 0);
    }
    assert_false(seen_by(state, 0).cosigned);
    many->lines[2].maximum = LINE_SIZE_MAX;
    assert_int_equal(accord_cosigner_answer_all(state, many->all, MANY, NOW, &accord_crypto_default, NULL), ACCORD_OK);
    assert_int_equal(seen_by(state, 0).size, 40);
    many_free(many);
    accord_cosigner_state_close(state);
}

static void test_only_cosigners_with_a_clock(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state = open_state();
    struct accord_buffer body, lines[2];
    struct accord_witness_verdict verdicts[2];
    struct accord_signer *signers[2] = {witnesses[0], not_a_witness};
    accord_buffer_init(&body, 16384);
    accord_buffer_init(&lines[0], LINE_SIZE_MAX);
    accord_buffer_init(&lines[1], LINE_SIZE_MAX);
    put_step(&body, &log_one, 0, 0, 5);
    assert_int_equal(accord_cosigner_answer(state, signers, 2, &log_key, 1, accord_buffer_bytes(&body), NOW,
                                            &accord_crypto_default, verdicts, lines, NULL),
                     ACCORD_KEY_TYPE);
    assert_int_equal(accord_cosigner_answer(state, witnesses, 2, &log_key, 1, accord_buffer_bytes(&body), 0,
                                            &accord_crypto_default, verdicts, lines, NULL),
                     ACCORD_IO);
    assert_int_equal(lines[0].size + lines[1].size, 0);
    assert_false(seen_by(state, 0).cosigned);
    accord_buffer_free(&body);
    accord_cosigner_state_close(state);
}

/* The second line of defence: the table itself refuses what the judge should have refused. */
static void test_the_table_never_goes_back(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state = open_state();
    struct accord_buffer note;
    struct accord_bytes witness = accord_signer_vkey(witnesses[0])->text;
    static const struct {
        int branch;
        uint64_t size;
        enum accord_status status;
    } writes[] = {{0, 10, ACCORD_OK}, {0, 9, ACCORD_STATE}, {1, 10, ACCORD_STATE}, {0, 0, ACCORD_STATE},
                  {0, 10, ACCORD_OK}, {0, 11, ACCORD_OK},   {0, 10, ACCORD_STATE}};
    accord_buffer_init(&note, 16384);
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        struct accord_witness_seen next = {.size = writes[i].size, .cosigned = true};
        test_log_root(&log_one, writes[i].branch, next.size, next.root);
        note.size = 0;
        put_checkpoint(&note, log_one.signer, ORIGIN, next.size, next.root);
        assert_int_equal(accord_cosigner_state_begin(state, NULL), ACCORD_OK);
        assert_int_equal(
            accord_cosigner_state_write(state, witness, slice(ORIGIN), &next, accord_buffer_bytes(&note), 0, NULL),
            writes[i].status);
        assert_int_equal(accord_cosigner_state_commit(state, NULL), ACCORD_OK);
    }
    assert_int_equal(seen_by(state, 0).size, 11);
    accord_buffer_free(&note);
    accord_cosigner_state_close(state);
}

static void write_state(const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Runs SQL on the state file with SQLite's own file layer, as another program would. */
static void tamper(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_files_that_are_not_ours(void **unused)
{
    (void)unused;
    static const char text[] =
        "This is a text, and it is longer than the hundred bytes of the header that every SQLite "
        "database begins with.";
    write_state(text, sizeof text);
    assert_not_opened(ACCORD_STATE, "file is not a database");
    write_state(text, 7);
    assert_not_opened(ACCORD_STATE, "file is not a database");
    (void)unlink(path);
    tamper("CREATE TABLE bookmarks (url TEXT)");
    assert_not_opened(ACCORD_STATE, "application id 0");
    tamper("PRAGMA application_id = 1633908535");
    assert_not_opened(ACCORD_STATE, "version 0");
    tamper("PRAGMA user_version = 1");
    assert_not_opened(ACCORD_STATE, "tables like ours: 0");
    (void)unlink(path);
    accord_cosigner_state_close(open_state());
    tamper("PRAGMA user_version = 4");
    assert_not_opened(ACCORD_STATE, "version 4");
    tamper("PRAGMA user_version = 3; CREATE TRIGGER t AFTER INSERT ON seen BEGIN DELETE FROM seen; END");
    assert_not_opened(ACCORD_STATE, "number of tables 3");
    tamper("DROP TRIGGER t");
    accord_cosigner_state_close(open_state());
    tamper("PRAGMA journal_mode = DELETE");
    accord_cosigner_state_close(open_state());
}

static void test_rows_that_do_not_agree(void **unused)
{
    (void)unused;
    static const char *const changes[] = {
        "UPDATE seen SET size = 4",
        "UPDATE seen SET root = zeroblob(32)",
        "UPDATE seen SET root = x'00'",
        "UPDATE seen SET origin = 'log.example/two'",
        "UPDATE seen SET witness = 'witness.example/a'",
        "UPDATE seen SET witness = 'x' || witness",
        "UPDATE seen SET checkpoint = x''",
        "UPDATE seen SET size = -1",
        "UPDATE seen SET time = -1",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct accord_cosigner_state *state = open_state();
        assert_step(state, 1, 0, 0, 5, 200);
        accord_cosigner_state_close(state);
        tamper(changes[i]);
        assert_not_opened(ACCORD_STATE, NULL);
        (void)remove_state(NULL);
    }
}

/* A backup that is put in the place of a newer state */

static void copy_file(const char *from, const char *to)
{
    char command[256];
    snprintf(command, sizeof command, "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
}

static void assert_doubted(const char *why)
{
    struct accord_cosigner_state *state;
    struct accord_error error;
    assert_not_opened(ACCORD_STATE, why);
    assert_int_equal(accord_cosigner_state_open_any(&state, &fs, path, &error), ACCORD_OK);
    assert_string_equal(accord_cosigner_state_doubt(state), why);
    assert_int_equal(accord_cosigner_state_begin(state, &error), ACCORD_STATE);
    assert_int_equal(accord_cosigner_state_confirm(state, &error), ACCORD_OK);
    assert_null(accord_cosigner_state_doubt(state));
    accord_cosigner_state_close(state);
    accord_cosigner_state_close(open_state());
}

static void test_backups_are_noticed(void **unused)
{
    (void)unused;
    static const char copied[] = "it is a copy: not the file that was written to last";
    static const char lacks[] = "it lacks cosignatures that were made";
    char backup[80];
    snprintf(backup, sizeof backup, "%s-backup", path);
    struct accord_cosigner_state *state = open_state();
    assert_step(state, 1, 0, 0, 5, 200);
    accord_cosigner_state_close(state);
    accord_cosigner_state_close(open_state()); /* nothing happened to it */
    copy_file(path, backup);
    state = open_state();
    assert_step(state, 1, 0, 5, 7, 200);
    accord_cosigner_state_close(state);
    copy_file(backup, path); /* written into the same file: its number stays */
    assert_doubted(lacks);
    assert_int_equal(unlink(path), 0);
    copy_file(backup, path);
    assert_doubted(copied);
    (void)unlink(count_path);
    assert_int_equal(rename(backup, path), 0);
    assert_doubted(copied);
    assert_int_equal(rename(path, backup), 0); /* another name is no other file */
    assert_int_equal(rename(backup, path), 0);
    state = open_state();
    assert_step(state, 1, 0, 5, 9, 200);
    accord_cosigner_state_close(state);
    assert_int_equal(unlink(path), 0); /* a new one, where there was another */
    assert_doubted(lacks);
    FILE *torn = fopen(count_path, "we"); /* a write that a power cut tore says nothing */
    assert_non_null(torn);
    assert_true(fputs("ffffffffffffffff", torn) >= 0);
    assert_int_equal(fclose(torn), 0);
    accord_cosigner_state_close(open_state());
}

/* A request that carries a cosignature of this witness over a tree that it does not remember. */
static void test_what_it_forgot_is_noticed(void **unused)
{
    (void)unused;
    char backup[80];
    struct accord_error error;
    bool signed_by, raised;
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    snprintf(backup, sizeof backup, "%s-backup", path);
    struct accord_cosigner_state *state = open_state();
    assert_step(state, 1, 0, 0, 5, 200);
    accord_cosigner_state_close(state);
    copy_file(path, backup);
    state = open_state();
    assert_step(state, 1, 0, 5, 7, 200);
    accord_buffer_init(&note, 8192);
    assert_int_equal(accord_cosigner_checkpoint(state, witnesses[0], slice(ORIGIN), &note, NULL), ACCORD_OK);
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
    assert_int_equal(
        accord_cosigner_notice(state, accord_signer_vkey(witnesses[0]), &claim, &accord_crypto_default, &error),
        ACCORD_OK); /* it knows */
    accord_cosigner_state_close(state);

    /* The worst case: the backup is so well restored that nothing shows it. */
    (void)unlink(count_path);
    copy_file(backup, path);
    state = open_state();
    struct accord_buffer body;
    struct accord_merkle_proof proof;
    struct accord_out out;
    uint8_t text[8192];
    out = (struct accord_out){text, sizeof text, 0, false};
    test_log_prove(&log_one, 0, 5, 7, &proof);
    accord_add_checkpoint_print(&out, 5, &proof, accord_buffer_bytes(&note));
    accord_buffer_init(&body, 8192);
    assert_int_equal(accord_buffer_append(&body, accord_out_bytes(&out)), ACCORD_OK);
    struct answers answers = ask(state, 1, accord_buffer_bytes(&body));
    assert_int_equal(answers.status, ACCORD_STATE);
    assert_int_equal(answers.lines[0].size, 0);
    answers_free(&answers);
    accord_cosigner_state_close(state);
    assert_not_opened(ACCORD_STATE, "a checkpoint carries a cosignature of ours that it does not know");

    /* The operator brings the checkpoint back. */
    assert_int_equal(accord_cosigner_state_open_any(&state, &fs, path, &error), ACCORD_OK);
    assert_int_equal(accord_cosigner_state_raise(state, accord_signer_vkey(witnesses[1]), &claim,
                                                 &accord_crypto_default, &signed_by, &raised, &error),
                     ACCORD_OK);
    assert_false(signed_by);
    assert_int_equal(accord_cosigner_state_raise(state, accord_signer_vkey(witnesses[0]), &claim,
                                                 &accord_crypto_default, &signed_by, &raised, &error),
                     ACCORD_OK);
    assert_true(signed_by && raised);
    assert_int_equal(accord_cosigner_state_raise(state, accord_signer_vkey(witnesses[0]), &claim,
                                                 &accord_crypto_default, &signed_by, &raised, &error),
                     ACCORD_OK);
    assert_true(signed_by && !raised);
    assert_int_equal(accord_cosigner_state_confirm(state, &error), ACCORD_OK);
    accord_cosigner_state_close(state);
    state = open_state();
    assert_step(state, 1, 0, 5, 6, 409);
    struct accord_buffer shown;
    accord_buffer_init(&shown, 8192);
    assert_int_equal(accord_cosigner_checkpoint(state, witnesses[0], slice(ORIGIN), &shown, NULL), ACCORD_OK);
    assert_int_equal(shown.size, note.size);
    assert_memory_equal(shown.data, note.data, note.size);
    answers = ask(state, 1, accord_buffer_bytes(&body)); /* now it knows, and it is a conflict like any other */
    assert_int_equal(answers.status, ACCORD_OK);
    assert_int_equal(answers.verdicts[0].http_status, 409);
    answers_free(&answers);
    accord_buffer_free(&shown);
    accord_buffer_free(&note);
    accord_buffer_free(&body);
    accord_cosigner_state_close(state);
    (void)unlink(backup);
}

/* Bringing back what was cosigned is not the operator's word that there was no more. */
static void test_what_is_brought_back_confirms_nothing(void **unused)
{
    (void)unused;
    char backup[80];
    struct accord_error error;
    bool signed_by, raised;
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    snprintf(backup, sizeof backup, "%s-backup", path);
    struct accord_cosigner_state *state = open_state();
    assert_step(state, 1, 0, 0, 5, 200);
    accord_cosigner_state_close(state);
    copy_file(path, backup);
    state = open_state();
    assert_step(state, 1, 0, 5, 7, 200);
    accord_buffer_init(&note, 8192);
    assert_int_equal(accord_cosigner_checkpoint(state, witnesses[0], slice(ORIGIN), &note, NULL), ACCORD_OK);
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
    assert_step(state, 1, 0, 7, 9, 200);
    accord_cosigner_state_close(state);
    copy_file(backup, path);
    assert_int_equal(accord_cosigner_state_open_any(&state, &fs, path, &error), ACCORD_OK);
    assert_int_equal(accord_cosigner_state_raise(state, accord_signer_vkey(witnesses[0]), &claim,
                                                 &accord_crypto_default, &signed_by, &raised, &error),
                     ACCORD_OK);
    assert_true(signed_by && raised);
    accord_cosigner_state_close(state);
    assert_doubted("it lacks cosignatures that were made");
    accord_buffer_free(&note);
    (void)unlink(backup);
}

/* Makes of the state what versions 1 and 2 had: every checkpoint with its cosignature, in a table of another name. */
#define TO_VERSION_2                                                                                                   \
    "CREATE TABLE cosigned (witness TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, "  \
    "checkpoint BLOB NOT NULL, writes INTEGER NOT NULL, PRIMARY KEY (witness, origin)) STRICT, WITHOUT ROWID; "        \
    "INSERT INTO cosigned SELECT witness, origin, size, root, checkpoint, writes FROM seen; DROP TABLE seen; "         \
    "PRAGMA user_version = 2"

/* States of older versions are taken over. */
static void test_an_old_state_is_taken_over(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state = open_state();
    assert_step(state, 1, 0, 0, 5, 200);
    accord_cosigner_state_close(state);
    tamper(TO_VERSION_2);
    state = open_state();
    assert_step(state, 1, 0, 0, 5, 409);
    assert_step(state, 1, 0, 5, 7, 200);
    accord_cosigner_state_close(state);
    tamper(TO_VERSION_2 "; DROP TABLE file; PRAGMA user_version = 1");
    state = open_state();
    assert_step(state, 1, 0, 5, 6, 409);
    assert_step(state, 1, 0, 7, 9, 200);
    accord_cosigner_state_close(state);
    tamper(TO_VERSION_2 "; DROP TABLE file");
    assert_not_opened(ACCORD_STATE, "number of tables 1");
    tamper("PRAGMA user_version = 1");
    accord_cosigner_state_close(open_state());
    tamper("DELETE FROM file");
    assert_not_opened(ACCORD_STATE, "rows about the file: 0");
}

static bool same(struct accord_witness_seen a, struct accord_witness_seen b)
{
    return a.cosigned == b.cosigned && a.size == b.size && memcmp(a.root, b.root, sizeof a.root) == 0;
}

/* Opens a damaged state: either it is refused, or it says what it said before. */
static void assert_refused_or_same(const struct accord_witness_seen before[2], size_t at)
{
    struct accord_cosigner_state *state;
    if (accord_cosigner_state_open(&state, &fs, path, NULL) != ACCORD_OK)
        return;
    for (int i = 0; i < 2; i++) {
        struct accord_witness_seen seen;
        if (accord_cosigner_seen(state, accord_signer_vkey(witnesses[i])->text, slice(ORIGIN), &seen, NULL) ==
                ACCORD_OK &&
            !same(seen, before[i]))
            fail_msg("damage at byte %zu is believed", at);
    }
    accord_cosigner_state_close(state);
}

static void test_damage_is_never_believed(void **unused)
{
    (void)unused;
    static uint8_t good[65536], bad[65536];
    struct accord_cosigner_state *state = open_state();
    assert_step(state, 2, 0, 0, 5, 200);
    assert_step(state, 1, 0, 5, 13, 200);
    const struct accord_witness_seen before[2] = {seen_by(state, 0), seen_by(state, 1)};
    accord_cosigner_state_close(state);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(good, 1, sizeof good, file);
    fclose(file);
    assert_in_range(size, 8192, sizeof good - 1);
    for (size_t at = 0; at < size; at++) {
        memcpy(bad, good, size);
        bad[at] ^= (uint8_t)(1u << at % 8);
        write_state(bad, size);
        assert_refused_or_same(before, at);
        (void)unlink(journal);
    }
    for (size_t cut = 1; cut < size; cut += 97) {
        write_state(good, cut);
        assert_refused_or_same(before, cut);
        (void)unlink(journal);
    }
    write_state(good, 4096);
    assert_not_opened(ACCORD_STATE, NULL);
    write_state(good, size);
    accord_cosigner_state_close(open_state());
    assert_refused_or_same(before, size);
}

/* A power cut can leave a file without a byte before the first transaction: it is a new one. */
static void test_an_empty_file_is_new(void **unused)
{
    (void)unused;
    write_state("", 0);
    struct accord_cosigner_state *state = open_state();
    assert_step(state, 1, 0, 0, 5, 200);
    accord_cosigner_state_close(state);
}

static void test_no_directory(void **unused)
{
    (void)unused;
    struct accord_cosigner_state *state;
    struct accord_error error = {0};
    assert_int_equal(accord_cosigner_state_open(&state, &accord_fs_real, "/nowhere/at/all", &error), ACCORD_NOT_FOUND);
    assert_string_equal(error.what, "/nowhere/at/all");
    assert_int_equal(accord_cosigner_state_open(&state, &accord_fs_real, directory, &error), ACCORD_IO);
}

/* Names that mean something to SQLite are files here: a witness that remembers nothing must not come about by a name.
 */
static void test_names_mean_files(void **unused)
{
    (void)unused;
    static const char *const names[] = {":memory:", "file:state?mode=memory"};
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(directory), 0);
    struct accord_cosigner_state *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(accord_cosigner_state_open(&state, &accord_fs_real, names[i], NULL), ACCORD_OK);
        accord_cosigner_state_close(state);
        assert_int_equal(unlink(names[i]), 0);
    }
    assert_int_not_equal(accord_cosigner_state_open(&state, &accord_fs_real, "", NULL), ACCORD_OK);
    assert_int_equal(chdir(before), 0);
}

static int busy_locks;

static int lock_when_free(void *context, int handle, bool wait)
{
    if (busy_locks > 0) {
        busy_locks--;
        return -EWOULDBLOCK;
    }
    return accord_fs_real.lock(context, handle, wait);
}

static void test_one_process_at_a_time(void **unused)
{
    (void)unused;
    struct accord_fs busy = fs;
    struct accord_cosigner_state *state;
    busy.lock = lock_when_free;
    busy_locks = 5;
    assert_int_equal(accord_cosigner_state_open(&state, &busy, path, NULL), ACCORD_OK);
    assert_int_equal(busy_locks, 0);
    assert_not_opened(ACCORD_LOCKED, NULL);
    assert_step(state, 1, 0, 0, 5, 200);
    accord_cosigner_state_close(state);
    accord_cosigner_state_close(open_state());
}

/* What one of several processes does: opens, goes one step on from wherever the log is, and closes. */
static int step_on(void)
{
    for (int i = 0; i < 5; i++) {
        struct accord_cosigner_state *state = open_state();
        uint64_t size = seen_by(state, 0).size;
        assert_step(state, 2, 0, size, size + 1, 200);
        accord_cosigner_state_close(state);
    }
    return 0;
}

static void test_several_processes(void **unused)
{
    (void)unused;
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        assert_int_not_equal(children[i], -1);
        if (children[i] == 0)
            _exit(step_on());
    }
    for (int i = 0; i < 4; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    struct accord_cosigner_state *state = open_state();
    assert_int_equal(seen_by(state, 0).size, 20);
    assert_int_equal(seen_by(state, 1).size, 20);
    accord_cosigner_state_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_cosignatures_verify, remove_state),
        cmocka_unit_test_teardown(test_it_remembers, remove_state),
        cmocka_unit_test_teardown(test_every_code, remove_state),
        cmocka_unit_test_teardown(test_what_monitors_are_shown, remove_state),
        cmocka_unit_test_teardown(test_a_failure_remembers_nothing, remove_state),
        cmocka_unit_test_teardown(test_only_cosigners_with_a_clock, remove_state),
        cmocka_unit_test_teardown(test_many_in_one_transaction, remove_state),
        cmocka_unit_test_teardown(test_many_fail_together, remove_state),
        cmocka_unit_test_teardown(test_the_table_never_goes_back, remove_state),
        cmocka_unit_test_teardown(test_files_that_are_not_ours, remove_state),
        cmocka_unit_test_teardown(test_rows_that_do_not_agree, remove_state),
        cmocka_unit_test_teardown(test_backups_are_noticed, remove_state),
        cmocka_unit_test_teardown(test_what_it_forgot_is_noticed, remove_state),
        cmocka_unit_test_teardown(test_what_is_brought_back_confirms_nothing, remove_state),
        cmocka_unit_test_teardown(test_an_old_state_is_taken_over, remove_state),
        cmocka_unit_test_teardown(test_damage_is_never_believed, remove_state),
        cmocka_unit_test_teardown(test_an_empty_file_is_new, remove_state),
        cmocka_unit_test_teardown(test_no_directory, remove_state),
        cmocka_unit_test_teardown(test_names_mean_files, remove_state),
        cmocka_unit_test_teardown(test_one_process_at_a_time, remove_state),
        cmocka_unit_test_teardown(test_several_processes, remove_state),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
