/* A cosigner's memory in SQLite. Knows the table, what makes a file ours, and that what is read must agree with the
 * checkpoint that it was taken from; refuses to know when a witness may cosign (witness.c). */
#include "witness/state.h"

#include "base/file.h"
#include "crypto/backend.h"
#include "witness/binding.h"
#include "witness/sqlite_vfs.h"

#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 1633908535 /* "acw7", for file(1) and other tools */
#define VERSION 3                 /* 1 did not know which file it is; 2 held every cosignature itself */
#define VALUE_SIZE_MAX ((size_t)2 * ACCORD_NOTE_SIZE_MAX)

/* The text of a number, for the pragmas. */
#define DIGITS(number) DIGITS_OF(number)
#define DIGITS_OF(number) #number

/* A write-ahead log, so that a transaction costs one sync, held by this connection alone (no shared memory). What a
 * process that died left in it was perhaps never made durable, so on opening all of it goes into the database, synced,
 * before anything is answered. */
#define SETTINGS                                                                                                       \
    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"      \
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"                           \
    "PRAGMA wal_checkpoint(TRUNCATE)"

/* A database that nobody wrote to yet, or of which a power cut left no more. */
#define IS_NEW                                                                                                         \
    "SELECT page_count <= 1 AND application_id = 0 AND user_version = 0 AND NOT EXISTS (SELECT 1 FROM sqlite_schema) " \
    "FROM pragma_page_count, pragma_application_id, pragma_user_version"

/* time is when the cosignature was made that the checkpoint lacks: a cosignature is not waited for before the row is
 * durable, and can be made again. 0 where it lacks none. */
#define TABLE                                                                                                          \
    "CREATE TABLE seen (witness TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, "      \
    "checkpoint BLOB NOT NULL, time INTEGER NOT NULL, writes INTEGER NOT NULL, PRIMARY KEY (witness, origin)) "        \
    "STRICT, WITHOUT ROWID"

/* One row: which file this is, and why nothing is cosigned by it any more, if that is so. */
#define FILE_TABLE "CREATE TABLE file (number INTEGER NOT NULL, made_ns INTEGER NOT NULL, doubt TEXT) STRICT"
#define FILE_ROW "INSERT INTO file (number, made_ns, doubt) VALUES (0, 0, NULL)"

#define CREATE                                                                                                         \
    "BEGIN IMMEDIATE; PRAGMA application_id = " DIGITS(APPLICATION_ID) "; PRAGMA user_version = " DIGITS(              \
        VERSION) "; " TABLE "; " FILE_TABLE "; " FILE_ROW "; COMMIT"

/* Versions 1 and 2 had this one. */
#define OLD_TABLE                                                                                                      \
    "CREATE TABLE cosigned (witness TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, "  \
    "checkpoint BLOB NOT NULL, writes INTEGER NOT NULL, PRIMARY KEY (witness, origin)) STRICT, WITHOUT ROWID"
#define UPGRADE                                                                                                        \
    "PRAGMA user_version = " DIGITS(VERSION) "; " TABLE "; "                                                           \
                                             "INSERT INTO seen SELECT witness, origin, size, root, checkpoint, 0, "    \
                                             "writes FROM cosigned; DROP TABLE cosigned; "                             \
                                             "COMMIT"
#define UPGRADE_1 "BEGIN IMMEDIATE; " FILE_TABLE "; " FILE_ROW "; " UPGRADE
#define UPGRADE_2 "BEGIN IMMEDIATE; " UPGRADE

#define READ "SELECT witness, origin, size, root, checkpoint, time FROM seen WHERE witness = ?1 AND origin = ?2"
#define READ_ALL "SELECT witness, origin, size, root, checkpoint, time, writes FROM seen"
/* SQLite leaves a row alone that would stay as it is, and then a transaction is over without a sync. But the row may be
 * there only because a transaction got so far that failed, or whose process was killed, before its journal's removal
 * was durable; and the journal could come back. So each write changes the row: it counts them. */
#define WRITE                                                                                                          \
    "INSERT INTO seen (witness, origin, size, root, checkpoint, time, writes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1) "     \
    "ON CONFLICT (witness, origin) DO UPDATE SET size = excluded.size, root = excluded.root, "                         \
    "checkpoint = excluded.checkpoint, time = excluded.time, writes = writes + 1 "                                     \
    "WHERE size < excluded.size OR (size = excluded.size AND root = excluded.root)"

struct accord_cosigner_state {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *read, *write;
    struct accord_sqlite_vfs vfs;
    struct accord_binding binding;
    uint64_t writes, uncounted;    /* of all rows, ever; in this transaction */
    char doubt[ACCORD_DOUBT_SIZE]; /* why nothing is cosigned by it; empty where there is no doubt */
    const char *name;              /* the path as the caller gave it, inside path */
    char path[];                   /* as SQLite is given it */
};

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static enum accord_status unusable(const struct accord_cosigner_state *state, struct accord_bytes found,
                                   struct accord_error *error)
{
    accord_fail(error, ACCORD_STATE, 0);
    accord_error_what(error, bytes_of(state->name));
    accord_error_expected(error, ACCORD_LITERAL("the state of an accord witness"));
    accord_error_found(error, found);
    return ACCORD_STATE;
}

/* An SQLite result as a status. What the port could not do is told apart from what the file holds. */
static enum accord_status fail(const struct accord_cosigner_state *state, int result, struct accord_error *error)
{
    result &= 0xff;
    if (result == SQLITE_NOMEM)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    bool io = result == SQLITE_IOERR || result == SQLITE_CANTOPEN || result == SQLITE_FULL || result == SQLITE_BUSY;
    if (io && state->vfs.failed < 0)
        return accord_file_error(error, state->vfs.failed, state->name);
    return unusable(state, bytes_of(sqlite3_errstr(result)), error);
}

static enum accord_status execute(struct accord_cosigner_state *state, const char *sql, struct accord_error *error)
{
    state->vfs.failed = 0;
    int result = sqlite3_exec(state->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? ACCORD_OK : fail(state, result, error);
}

/* The same of a statement that was prepared, and answers no rows. */
static enum accord_status run(struct accord_cosigner_state *state, sqlite3_stmt *statement, struct accord_error *error)
{
    state->vfs.failed = 0;
    int result = sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? ACCORD_OK : fail(state, result, error);
}

static enum accord_status prepare(struct accord_cosigner_state *state, const char *sql, sqlite3_stmt **statement,
                                  struct accord_error *error)
{
    state->vfs.failed = 0;
    int result = sqlite3_prepare_v3(state->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return result == SQLITE_OK ? ACCORD_OK : fail(state, result, error);
}

/* The first value of the first row, as a number and as a text of which as much is kept as fits. */
static enum accord_status query(struct accord_cosigner_state *state, const char *sql, int64_t *number, char text[64],
                                struct accord_error *error)
{
    sqlite3_stmt *statement = NULL;
    enum accord_status status = prepare(state, sql, &statement, error);
    if (status != ACCORD_OK)
        return status;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const unsigned char *found = sqlite3_column_text(statement, 0);
        *number = sqlite3_column_int64(statement, 0);
        (void)sqlite3_snprintf(64, text, "%s", found == NULL ? "" : (const char *)found);
    } else {
        status = fail(state, result == SQLITE_DONE ? SQLITE_CORRUPT : result, error);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum accord_status expect(struct accord_cosigner_state *state, const char *sql, const char *expected,
                                 const char *what, struct accord_error *error)
{
    int64_t number;
    char text[64], found[96];
    enum accord_status status = query(state, sql, &number, text, error);
    if (status != ACCORD_OK || strcmp(text, expected) == 0)
        return status;
    (void)sqlite3_snprintf((int)sizeof found, found, "%s %s", what, text);
    return unusable(state, bytes_of(found), error);
}

static struct accord_bytes column(sqlite3_stmt *statement, int index)
{
    const uint8_t *data = sqlite3_column_blob(statement, index);
    return (struct accord_bytes){data, (size_t)sqlite3_column_bytes(statement, index)};
}

/* One row, whose columns must say what its own checkpoint says. */
static enum accord_status read_row(const struct accord_cosigner_state *state, sqlite3_stmt *statement,
                                   struct accord_witness_seen *seen, struct accord_bytes *note,
                                   struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_bytes origin = column(statement, 1), root = column(statement, 3);
    int64_t size = sqlite3_column_int64(statement, 2);
    *note = column(statement, 4);
    if (accord_checkpoint_parse(&claim, *note, NULL) != ACCORD_OK || size < 0 ||
        sqlite3_column_int64(statement, 5) < 0 || claim.size != (uint64_t)size ||
        !accord_bytes_equal(claim.origin, origin) ||
        !accord_bytes_equal((struct accord_bytes){claim.root, sizeof claim.root}, root))
        return unusable(state, ACCORD_LITERAL("a row that does not agree with its checkpoint"), error);
    *seen = (struct accord_witness_seen){.size = claim.size, .cosigned = true};
    memcpy(seen->root, claim.root, sizeof seen->root);
    return ACCORD_OK;
}

/* A row that cannot be found any more would be a log that was never seen. So all are looked at, once: a witness's vkey
 * holds a digest of itself. */
static enum accord_status check_rows(struct accord_cosigner_state *state, struct accord_error *error)
{
    sqlite3_stmt *statement = NULL;
    enum accord_status status = prepare(state, READ_ALL, &statement, error);
    int result = SQLITE_DONE;
    state->writes = 0;
    while (status == ACCORD_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        struct accord_witness_seen seen;
        state->writes += (uint64_t)sqlite3_column_int64(statement, 6);
        struct accord_bytes note;
        struct accord_vkey vkey;
        if (accord_vkey_parse(&vkey, column(statement, 0), &accord_crypto_default, NULL) != ACCORD_OK)
            status = unusable(state, ACCORD_LITERAL("a row whose witness is not a vkey"), error);
        else
            status = read_row(state, statement, &seen, &note, error);
    }
    if (status == ACCORD_OK && result != SQLITE_DONE)
        status = fail(state, result, error);
    sqlite3_finalize(statement);
    return status;
}

static enum accord_status check_ours(struct accord_cosigner_state *state, struct accord_error *error)
{
    enum accord_status status = expect(state, "PRAGMA application_id", DIGITS(APPLICATION_ID), "application id", error);
    if (status == ACCORD_OK)
        status = expect(state, "PRAGMA user_version", DIGITS(VERSION), "version", error);
    if (status == ACCORD_OK)
        status = expect(state, "SELECT count(*) FROM sqlite_schema", "2", "number of tables", error);
    if (status == ACCORD_OK)
        status = expect(state, "SELECT count(*) FROM sqlite_schema WHERE sql IN ('" TABLE "', '" FILE_TABLE "')", "2",
                        "tables like ours:", error);
    if (status == ACCORD_OK)
        status = expect(state, "SELECT count(*) FROM file", "1", "rows about the file:", error);
    if (status == ACCORD_OK)
        status = expect(state, "PRAGMA quick_check(1)", "ok", "damage:", error);
    return status == ACCORD_OK ? check_rows(state, error) : status;
}

/* A state of an older accord. One of version 1 is this file from now on. */
static enum accord_status upgrade(struct accord_cosigner_state *state, struct accord_error *error)
{
    int64_t version = 0;
    char text[64];
    enum accord_status status = query(state,
                                      "SELECT CASE WHEN application_id = " DIGITS(
                                          APPLICATION_ID) " THEN user_version "
                                                          "END FROM pragma_application_id, pragma_user_version",
                                      &version, text, error);
    if (status != ACCORD_OK || version < 1 || version >= VERSION)
        return status;
    const char *tables = version == 1 ? "1" : "2";
    status = expect(state, "SELECT count(*) FROM sqlite_schema", tables, "number of tables", error);
    if (status == ACCORD_OK)
        status = expect(state, "SELECT count(*) FROM sqlite_schema WHERE sql IN ('" OLD_TABLE "', '" FILE_TABLE "')",
                        tables, "tables like ours:", error);
    return status == ACCORD_OK ? execute(state, version == 1 ? UPGRADE_1 : UPGRADE_2, error) : status;
}

/* Doubts */

static enum accord_status doubtful(const struct accord_cosigner_state *state, struct accord_error *error)
{
    accord_fail(error, ACCORD_STATE, 0);
    accord_error_what(error, bytes_of(state->name));
    accord_error_expected(error,
                          ACCORD_LITERAL("`accord witness restore` first: it may be older than what was cosigned"));
    accord_error_found(error, bytes_of(state->doubt));
    return ACCORD_STATE;
}

static void doubt(struct accord_cosigner_state *state, const char *why)
{
    (void)sqlite3_snprintf((int)sizeof state->doubt, state->doubt, "%s", why);
}

static enum accord_status bind_file(struct accord_cosigner_state *state, uint64_t number, uint64_t made_ns,
                                    const char *why, struct accord_error *error)
{
    char sql[512];
    (void)sqlite3_snprintf((int)sizeof sql, sql, "UPDATE file SET number = %lld, made_ns = %lld, doubt = %Q",
                           (sqlite3_int64)number, (sqlite3_int64)made_ns, why);
    return execute(state, sql, error);
}

/* Is this the file that was written to last, and all of it? A mark that was never made, or cannot be had here, says
 * nothing. */
static enum accord_status check_binding(struct accord_cosigner_state *state, struct accord_error *error)
{
    sqlite3_stmt *statement = NULL;
    uint64_t number, made_ns, was_number = 0, was_made_ns = 0;
    accord_binding_identify(state->binding.fs, state->path, &number, &made_ns);
    enum accord_status status = prepare(state, "SELECT number, made_ns, doubt FROM file", &statement, error);
    if (status != ACCORD_OK)
        return status;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        was_number = (uint64_t)sqlite3_column_int64(statement, 0);
        was_made_ns = (uint64_t)sqlite3_column_int64(statement, 1);
        if (sqlite3_column_type(statement, 2) != SQLITE_NULL)
            doubt(state, (const char *)sqlite3_column_text(statement, 2));
    } else {
        status = fail(state, result == SQLITE_DONE ? SQLITE_CORRUPT : result, error);
    }
    sqlite3_finalize(statement);
    bool other = was_number != 0 && number != 0 &&
                 (number != was_number || (made_ns != 0 && was_made_ns != 0 && made_ns != was_made_ns));
    if (status != ACCORD_OK || state->doubt[0] != 0)
        return status;
    if (other)
        doubt(state, "it is a copy: not the file that was written to last");
    else if (accord_binding_count(&state->binding) > state->writes)
        doubt(state, "it lacks cosignatures that were made");
    else if (number != was_number || made_ns != was_made_ns)
        status = bind_file(state, number, made_ns, NULL, error);
    return status;
}

static enum accord_status set_up(struct accord_cosigner_state *state, struct accord_error *error)
{
    int64_t is_new = 0;
    char text[64];
    enum accord_status status = execute(state, SETTINGS, error);
    if (status == ACCORD_OK)
        status = query(state, IS_NEW, &is_new, text, error);
    if (status == ACCORD_OK)
        status = is_new == 1 ? execute(state, CREATE, error) : upgrade(state, error);
    if (status == ACCORD_OK)
        status = check_ours(state, error);
    if (status == ACCORD_OK)
        status = check_binding(state, error);
    if (status == ACCORD_OK)
        status = prepare(state, "BEGIN IMMEDIATE", &state->begin, error);
    if (status == ACCORD_OK)
        status = prepare(state, "COMMIT", &state->commit, error);
    if (status == ACCORD_OK)
        status = prepare(state, READ, &state->read, error);
    return status == ACCORD_OK ? prepare(state, WRITE, &state->write, error) : status;
}

/* SQLite gives some names a meaning ("", ":memory:", "file:"); none of them begins with a slash or with "./". */
static struct accord_cosigner_state *state_new(const char *path)
{
    size_t size = strlen(path) + 3;
    struct accord_cosigner_state *state = calloc(1, sizeof *state + size);
    if (state == NULL)
        return NULL;
    const char *prefix = path[0] == '/' ? "" : "./";
    (void)sqlite3_snprintf((int)size, state->path, "%s%s", prefix, path);
    state->name = state->path + strlen(prefix);
    return state;
}

enum accord_status accord_cosigner_state_open_any(struct accord_cosigner_state **result, const struct accord_fs *fs,
                                                  const char *path, struct accord_error *error)
{
    *result = NULL;
    struct accord_cosigner_state *state = state_new(path);
    if (state == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    if (accord_sqlite_vfs_register(&state->vfs, fs) != SQLITE_OK) {
        free(state);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    int opened = sqlite3_open_v2(state->path, &state->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, state->vfs.name);
    enum accord_status status = opened == SQLITE_OK ? ACCORD_OK : fail(state, opened, error);
    if (!accord_binding_init(&state->binding, fs, state->path))
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    if (status == ACCORD_OK) {
        (void)sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void)sqlite3_limit(state->db, SQLITE_LIMIT_LENGTH, VALUE_SIZE_MAX);
        status = set_up(state, error);
    }
    if (status != ACCORD_OK) {
        accord_cosigner_state_close(state);
        return status;
    }
    *result = state;
    return ACCORD_OK;
}

enum accord_status accord_cosigner_state_open(struct accord_cosigner_state **result, const struct accord_fs *fs,
                                              const char *path, struct accord_error *error)
{
    enum accord_status status = accord_cosigner_state_open_any(result, fs, path, error);
    if (status != ACCORD_OK || (*result)->doubt[0] == 0)
        return status;
    status = doubtful(*result, error);
    accord_cosigner_state_close(*result);
    *result = NULL;
    return status;
}

const char *accord_cosigner_state_doubt(const struct accord_cosigner_state *state)
{
    return state->doubt[0] == 0 ? NULL : state->doubt;
}

enum accord_status accord_cosigner_state_keep_doubt(struct accord_cosigner_state *state, struct accord_error *error)
{
    uint64_t number, made_ns;
    if (state->doubt[0] == 0)
        return ACCORD_OK;
    accord_binding_identify(state->binding.fs, state->path, &number, &made_ns);
    return bind_file(state, number, made_ns, state->doubt, error);
}

enum accord_status accord_cosigner_state_suspect(struct accord_cosigner_state *state, const char *why,
                                                 struct accord_error *error)
{
    doubt(state, why);
    enum accord_status status = accord_cosigner_state_keep_doubt(state, error);
    return status == ACCORD_OK ? doubtful(state, error) : status;
}

enum accord_status accord_cosigner_state_confirm(struct accord_cosigner_state *state, struct accord_error *error)
{
    uint64_t number, made_ns;
    accord_binding_identify(state->binding.fs, state->path, &number, &made_ns);
    enum accord_status status = bind_file(state, number, made_ns, NULL, error);
    if (status != ACCORD_OK)
        return status;
    state->doubt[0] = 0;
    accord_binding_set_count(&state->binding, state->writes);
    return ACCORD_OK;
}

void accord_cosigner_state_close(struct accord_cosigner_state *state)
{
    if (state == NULL)
        return;
    sqlite3_finalize(state->begin);
    sqlite3_finalize(state->commit);
    sqlite3_finalize(state->read);
    sqlite3_finalize(state->write);
    (void)sqlite3_close(state->db);
    accord_binding_free(&state->binding);
    accord_sqlite_vfs_unregister(&state->vfs);
    free(state);
}

/* After a sync that failed nobody knows what the disk holds, and a later one that succeeds would not tell: what this
 * process believes to be written may be nowhere. Whoever opens the file again writes all of it again. */
enum accord_status accord_cosigner_state_begin_any(struct accord_cosigner_state *state, struct accord_error *error)
{
    if (state->vfs.sync_failed < 0) {
        accord_file_error(error, state->vfs.sync_failed, state->name);
        accord_error_expected(error, ACCORD_LITERAL("that the state is opened again: an earlier sync failed"));
        return ACCORD_IO;
    }
    state->uncounted = 0;
    return run(state, state->begin, error);
}

enum accord_status accord_cosigner_state_begin(struct accord_cosigner_state *state, struct accord_error *error)
{
    return state->doubt[0] == 0 ? accord_cosigner_state_begin_any(state, error) : doubtful(state, error);
}

enum accord_status accord_cosigner_state_commit(struct accord_cosigner_state *state, struct accord_error *error)
{
    enum accord_status status = run(state, state->commit, error);
    if (status == ACCORD_OK && state->uncounted > 0) {
        state->writes += state->uncounted;
        accord_binding_set_count(&state->binding, state->writes);
    }
    return status;
}

void accord_cosigner_state_rollback(struct accord_cosigner_state *state)
{
    if (sqlite3_get_autocommit(state->db) == 0)
        (void)execute(state, "ROLLBACK", NULL);
}

static int bind_text(sqlite3_stmt *statement, int index, struct accord_bytes text)
{
    return sqlite3_bind_text64(statement, index, (const char *)text.data, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

/* Lets go of what was bound and read. */
static void reset(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

enum accord_status accord_cosigner_state_read(struct accord_cosigner_state *state, struct accord_bytes witness,
                                              struct accord_bytes origin, struct accord_witness_seen *seen,
                                              struct accord_buffer *note, uint64_t *time, struct accord_error *error)
{
    *seen = (struct accord_witness_seen){0};
    state->vfs.failed = 0;
    int result = bind_text(state->read, 1, witness);
    if (result == SQLITE_OK)
        result = bind_text(state->read, 2, origin);
    if (result == SQLITE_OK)
        result = sqlite3_step(state->read);
    enum accord_status status = ACCORD_OK;
    if (result == SQLITE_ROW) {
        struct accord_bytes found;
        status = read_row(state, state->read, seen, &found, error);
        if (status == ACCORD_OK && note != NULL && (status = accord_buffer_append(note, found)) != ACCORD_OK)
            accord_fail(error, status, 0);
        if (time != NULL)
            *time = (uint64_t)sqlite3_column_int64(state->read, 5);
    } else if (result != SQLITE_DONE) {
        status = fail(state, result, error);
    }
    reset(state->read);
    return status;
}

enum accord_status accord_cosigner_state_write(struct accord_cosigner_state *state, struct accord_bytes witness,
                                               struct accord_bytes origin, const struct accord_witness_seen *next,
                                               struct accord_bytes note, uint64_t time, struct accord_error *error)
{
    if (!next->cosigned || next->size > INT64_MAX || time > INT64_MAX)
        abort();
    state->vfs.failed = 0;
    int result = bind_text(state->write, 1, witness);
    if (result == SQLITE_OK)
        result = bind_text(state->write, 2, origin);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(state->write, 3, (int64_t)next->size);
    if (result == SQLITE_OK)
        result = sqlite3_bind_blob(state->write, 4, next->root, sizeof next->root, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_bind_blob64(state->write, 5, note.data, note.size, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(state->write, 6, (int64_t)time);
    if (result == SQLITE_OK)
        result = sqlite3_step(state->write);
    enum accord_status status = ACCORD_OK;
    if (result != SQLITE_DONE)
        status = fail(state, result, error);
    else if (sqlite3_changes(state->db) != 1)
        status = unusable(state, ACCORD_LITERAL("a checkpoint that would go back"), error);
    else
        state->uncounted++;
    reset(state->write);
    return status;
}

enum accord_status accord_cosigner_state_witnesses(struct accord_cosigner_state *state, struct accord_buffer *vkeys,
                                                   struct accord_error *error)
{
    sqlite3_stmt *statement = NULL;
    enum accord_status status = prepare(state, "SELECT DISTINCT witness FROM seen", &statement, error);
    int result = SQLITE_DONE;
    while (status == ACCORD_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        status = accord_buffer_append(vkeys, column(statement, 0));
        if (status == ACCORD_OK)
            status = accord_buffer_append(vkeys, ACCORD_LITERAL("\n"));
        if (status != ACCORD_OK)
            accord_fail(error, status, 0);
    }
    if (status == ACCORD_OK && result != SQLITE_DONE)
        status = fail(state, result, error);
    sqlite3_finalize(statement);
    return status;
}
