/* The index in SQLite: its schema, its statements, and one transaction a source. Knows how claims are kept and found;
 * refuses to know what they mean for anybody. */
#include "audit/index.h"

#include <fts.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x61636164 /* acad */
#define STRING(x) #x
#define TEXT_OF(x) STRING(x)

/* Claims lie clustered by the hash of their product: those of one product are neighbours, and nothing else is read. */
static const char schema[] = "PRAGMA user_version=" TEXT_OF(
    SCHEMA_VERSION) ";"
                    "PRAGMA application_id=1633902948;"
                    "CREATE TABLE source(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, digest BLOB NOT NULL,"
                    " read INTEGER NOT NULL, refused INTEGER NOT NULL, bytes INTEGER NOT NULL);"
                    "CREATE TABLE vulnerability(id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name, document, "
                    "aliases, title,"
                    " severity, url, published INTEGER, modified INTEGER);"
                    "CREATE INDEX vulnerability_source ON vulnerability(source);"
                    "CREATE TABLE claim(key INTEGER, vulnerability INTEGER, ordinal INTEGER, names INTEGER, says "
                    "INTEGER, product,"
                    " range, prose, qualifiers, fixed, justification, remedy,"
                    " PRIMARY KEY(key, vulnerability, ordinal)) WITHOUT ROWID;"
                    "CREATE TABLE release(sha256 BLOB, entry INTEGER, source INTEGER, vendor, product, version, branch,"
                    " sequence INTEGER, time INTEGER, newest INTEGER, withdrawn INTEGER,"
                    " PRIMARY KEY(sha256, entry, source)) WITHOUT ROWID;";

/* The sources that were named since the index was opened: others answer nothing, and stay for the next time. */
static const char asked[] = "CREATE TEMP TABLE asked(id INTEGER PRIMARY KEY)";

enum statement {
    FIND_SOURCE,
    ASK_SOURCE,
    ADD_SOURCE,
    TALLY_SOURCE,
    DROP_CLAIMS,
    DROP_VULNERABILITIES,
    DROP_RELEASES,
    DROP_SOURCE,
    ADD_VULNERABILITY,
    ADD_CLAIM,
    ADD_RELEASE,
    FIND_CLAIMS,
    FIND_RELEASES,
    COUNT,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [FIND_SOURCE] = "SELECT id, digest, read, refused, bytes FROM source WHERE path=?1",
    [ASK_SOURCE] = "INSERT OR IGNORE INTO temp.asked VALUES(?1)",
    [ADD_SOURCE] = "INSERT INTO source(path, digest, read, refused, bytes) VALUES(?1, ?2, 0, 0, 0)",
    [TALLY_SOURCE] = "UPDATE source SET read=?2, refused=?3, bytes=?4 WHERE id=?1",
    [DROP_CLAIMS] = "DELETE FROM claim WHERE vulnerability IN (SELECT id FROM vulnerability WHERE source=?1)",
    [DROP_VULNERABILITIES] = "DELETE FROM vulnerability WHERE source=?1",
    [DROP_RELEASES] = "DELETE FROM release WHERE source=?1",
    [DROP_SOURCE] = "DELETE FROM source WHERE id=?1",
    [ADD_VULNERABILITY] = "INSERT INTO vulnerability(source, name, document, aliases, title, severity, url, published,"
                          " modified) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [ADD_CLAIM] = "INSERT INTO claim VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [ADD_RELEASE] = "INSERT OR REPLACE INTO release VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [FIND_CLAIMS] = "SELECT c.vulnerability, c.says, c.range, c.prose, c.qualifiers, c.fixed, c.justification,"
                    " c.remedy, v.name, v.document, v.aliases, v.title, v.severity, v.url, v.published, v.modified,"
                    " s.path FROM claim c JOIN vulnerability v ON v.id=c.vulnerability JOIN source s ON s.id=v.source"
                    " WHERE c.key=?1 AND c.names=?2 AND c.product=?3 AND v.source IN temp.asked ORDER BY "
                    "c.vulnerability, c.ordinal",
    [FIND_RELEASES] = "SELECT entry, vendor, product, version, branch, sequence, time, newest, withdrawn FROM release"
                      " WHERE sha256=?1 AND source IN temp.asked ORDER BY entry, source",
    [COUNT] = "SELECT count(*) FROM vulnerability WHERE source IN temp.asked",
};

struct accord_index {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    const struct accord_crypto *crypto;
    int64_t source;        /* the one that is being read */
    int64_t vulnerability; /* the newest; 0: it is withdrawn, and its claims are not kept */
    int64_t ordinal;
    const struct accord_index_told *told;
    uint64_t documents;
};

static enum accord_status failed(const struct accord_index *index, struct accord_error *error)
{
    int code = index->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(index->db);
    enum accord_status status = code == SQLITE_NOMEM                              ? ACCORD_NO_MEMORY
                                : code == SQLITE_BUSY || code == SQLITE_LOCKED    ? ACCORD_LOCKED
                                : code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? ACCORD_STATE
                                                                                  : ACCORD_IO;
    const char *text = index->db == NULL ? "" : sqlite3_errmsg(index->db);
    (void)accord_fail(error, status, 0);
    accord_error_what(error, ACCORD_LITERAL("the index"));
    accord_error_found(error, (struct accord_bytes){(const uint8_t *)text, strlen(text)});
    return status;
}

/* Statements */

static sqlite3_stmt *prepared(struct accord_index *index, enum statement which)
{
    sqlite3_stmt **statement = &index->statements[which];
    if (*statement == NULL &&
        sqlite3_prepare_v3(index->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
        return NULL;
    }
    (void)sqlite3_reset(*statement);
    return *statement;
}

/* Texts that are empty are kept as NULL, which takes no room. The bytes outlive the step, so none are copied. */
static void bind(sqlite3_stmt *statement, int place, struct accord_bytes text)
{
    if (text.size == 0) {
        (void)sqlite3_bind_null(statement, place);
    } else {
        (void)sqlite3_bind_blob64(statement, place, text.data, text.size, SQLITE_STATIC);
    }
}

static struct accord_bytes column(sqlite3_stmt *statement, int place)
{
    const uint8_t *data = sqlite3_column_blob(statement, place);
    return (struct accord_bytes){data, (size_t)sqlite3_column_bytes(statement, place)};
}

static enum accord_status run(struct accord_index *index, sqlite3_stmt *statement, struct accord_error *error)
{
    if (statement == NULL || sqlite3_step(statement) != SQLITE_DONE) {
        enum accord_status status = failed(index, error);
        (void)sqlite3_reset(statement);
        return status;
    }
    (void)sqlite3_reset(statement);
    return ACCORD_OK;
}

static enum accord_status execute(struct accord_index *index, const char *text, struct accord_error *error)
{
    return sqlite3_exec(index->db, text, NULL, NULL, NULL) == SQLITE_OK ? ACCORD_OK : failed(index, error);
}

static int64_t key_of(const struct accord_index *index, enum accord_claim_names names, struct accord_bytes product)
{
    struct accord_sha256 sha;
    uint8_t hash[ACCORD_HASH_SIZE], kind = (uint8_t)names;
    index->crypto->sha256_init(&sha);
    index->crypto->sha256_update(&sha, &kind, 1);
    index->crypto->sha256_update(&sha, product.data, product.size);
    index->crypto->sha256_final(&sha, hash);
    int64_t key;
    memcpy(&key, hash, sizeof key);
    return key;
}

/* Opening */

static enum accord_status read_number(struct accord_index *index, const char *text, int64_t *number,
                                      struct accord_error *error)
{
    sqlite3_stmt *statement = NULL;
    enum accord_status status = ACCORD_OK;
    if (sqlite3_prepare_v2(index->db, text, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        status = failed(index, error);
    } else {
        *number = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* The tables of a new file, unless another process was quicker. */
static enum accord_status make_tables(struct accord_index *index, struct accord_error *error)
{
    int64_t tables = 0;
    enum accord_status status = execute(index, "BEGIN IMMEDIATE", error);
    if (status == ACCORD_OK) {
        status = read_number(index, "SELECT count(*) FROM sqlite_schema", &tables, error);
    }
    if (status == ACCORD_OK && tables == 0) {
        status = execute(index, schema, error);
    }
    if (status == ACCORD_OK) {
        status = execute(index, "COMMIT", error);
    }
    if (status != ACCORD_OK) {
        (void)sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

/* Of a file that has tables, nothing but this version will do. A reader takes no lock that a writer may have. */
static enum accord_status prepare(struct accord_index *index, struct accord_error *error)
{
    int64_t tables = 0, version = 0, application = 0;
    enum accord_status status = read_number(index, "SELECT count(*) FROM sqlite_schema", &tables, error);
    if (status == ACCORD_OK && tables == 0) {
        status = make_tables(index, error);
    }
    if (status == ACCORD_OK) {
        status = read_number(index, "PRAGMA user_version", &version, error);
    }
    if (status == ACCORD_OK) {
        status = read_number(index, "PRAGMA application_id", &application, error);
    }
    if (status == ACCORD_OK && (version != SCHEMA_VERSION || application != APPLICATION_ID)) {
        (void)accord_fail(error, ACCORD_STATE, 0);
        accord_error_what(error, ACCORD_LITERAL("the index"));
        accord_error_expected(error, ACCORD_LITERAL("version " TEXT_OF(SCHEMA_VERSION) " of an index of accord audit"));
        status = ACCORD_STATE;
    }
    return status;
}

enum accord_status accord_index_open(struct accord_index **opened, const char *path, const struct accord_crypto *crypto,
                                     struct accord_error *error)
{
    struct accord_index *index = calloc(1, sizeof *index);
    *opened = NULL;
    if (index == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    index->crypto = crypto;
    enum accord_status status = ACCORD_OK;
    /* An empty name is a file of SQLite's own, which has no name and goes when it is closed. */
    if (sqlite3_open_v2(path == NULL ? "" : path, &index->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK) {
        status = failed(index, error);
    } else {
        (void)sqlite3_busy_timeout(index->db, 5000);
        status = execute(index,
                         "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=33554432;"
                         "PRAGMA cache_size=-24576; PRAGMA temp_store=FILE; PRAGMA trusted_schema=OFF",
                         error);
    }
    if (status == ACCORD_OK) {
        status = execute(index, asked, error);
    }
    if (status == ACCORD_OK) {
        status = prepare(index, error);
    }
    if (status != ACCORD_OK) {
        accord_index_close(index);
        return status;
    }
    *opened = index;
    return ACCORD_OK;
}

void accord_index_close(struct accord_index *index)
{
    if (index == NULL) {
        return;
    }
    for (size_t i = 0; i < STATEMENTS; i++) {
        (void)sqlite3_finalize(index->statements[i]);
    }
    (void)sqlite3_close(index->db);
    free(index);
}

/* Claims, as they come */

static enum accord_status add_vulnerability(void *context, const struct accord_claim_vulnerability *about,
                                            struct accord_error *error)
{
    struct accord_index *index = context;
    index->vulnerability = 0;
    index->ordinal = 0;
    if (about->withdrawn) {
        return ACCORD_OK;
    }
    sqlite3_stmt *statement = prepared(index, ADD_VULNERABILITY);
    const struct accord_bytes texts[] = {about->id,    about->document, about->aliases,
                                         about->title, about->severity, about->url};
    (void)sqlite3_bind_int64(statement, 1, index->source);
    for (int i = 0; i < 6; i++) {
        bind(statement, 2 + i, texts[i]);
    }
    (void)sqlite3_bind_int64(statement, 8, (int64_t)about->published);
    (void)sqlite3_bind_int64(statement, 9, (int64_t)about->modified);
    enum accord_status status = run(index, statement, error);
    index->vulnerability = sqlite3_last_insert_rowid(index->db);
    return status;
}

static enum accord_status add_claim(void *context, const struct accord_claim *claim, struct accord_error *error)
{
    struct accord_index *index = context;
    if (index->vulnerability == 0) {
        return ACCORD_OK;
    }
    sqlite3_stmt *statement = prepared(index, ADD_CLAIM);
    const struct accord_bytes texts[] = {claim->product, claim->range,         claim->prose, claim->qualifiers,
                                         claim->fixed,   claim->justification, claim->remedy};
    (void)sqlite3_bind_int64(statement, 1, key_of(index, claim->names, claim->product));
    (void)sqlite3_bind_int64(statement, 2, index->vulnerability);
    (void)sqlite3_bind_int64(statement, 3, index->ordinal++);
    (void)sqlite3_bind_int(statement, 4, (int)claim->names);
    (void)sqlite3_bind_int(statement, 5, (int)claim->says);
    for (int i = 0; i < 7; i++) {
        bind(statement, 6 + i, texts[i]);
    }
    return run(index, statement, error);
}

enum accord_status accord_index_release(struct accord_index *index, const struct accord_logged_release *release,
                                        struct accord_error *error)
{
    sqlite3_stmt *statement = prepared(index, ADD_RELEASE);
    const struct accord_bytes texts[] = {release->vendor, release->product, release->version, release->branch};
    bind(statement, 1, (struct accord_bytes){release->sha256, ACCORD_HASH_SIZE});
    (void)sqlite3_bind_int64(statement, 2, (int64_t)release->entry);
    (void)sqlite3_bind_int64(statement, 3, index->source);
    for (int i = 0; i < 4; i++) {
        bind(statement, 4 + i, texts[i]);
    }
    (void)sqlite3_bind_int64(statement, 8, (int64_t)release->sequence);
    (void)sqlite3_bind_int64(statement, 9, (int64_t)release->time);
    (void)sqlite3_bind_int64(statement, 10, (int64_t)release->newest);
    (void)sqlite3_bind_int(statement, 11, release->withdrawn ? 1 : 0);
    return run(index, statement, error);
}

/* Sources */

struct source {
    int64_t id; /* 0: it is not there */
    uint8_t digest[ACCORD_HASH_SIZE];
    struct accord_feed_tally tally;
};

static enum accord_status find_source(struct accord_index *index, const char *name, struct source *source,
                                      struct accord_error *error)
{
    sqlite3_stmt *statement = prepared(index, FIND_SOURCE);
    *source = (struct source){.id = 0};
    (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    int result = statement == NULL ? SQLITE_ERROR : sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        struct accord_bytes digest = column(statement, 1);
        source->id = sqlite3_column_int64(statement, 0);
        if (digest.size == ACCORD_HASH_SIZE) {
            memcpy(source->digest, digest.data, ACCORD_HASH_SIZE);
        }
        source->tally.read = (uint64_t)sqlite3_column_int64(statement, 2);
        source->tally.refused = (uint64_t)sqlite3_column_int64(statement, 3);
        source->tally.bytes = (uint64_t)sqlite3_column_int64(statement, 4);
    }
    enum accord_status status = result == SQLITE_ROW || result == SQLITE_DONE ? ACCORD_OK : failed(index, error);
    (void)sqlite3_reset(statement);
    return status;
}

static enum accord_status drop_source(struct accord_index *index, int64_t id, struct accord_error *error)
{
    static const enum statement drops[] = {DROP_CLAIMS, DROP_VULNERABILITIES, DROP_RELEASES, DROP_SOURCE};
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < sizeof drops / sizeof drops[0]; i++) {
        sqlite3_stmt *statement = prepared(index, drops[i]);
        (void)sqlite3_bind_int64(statement, 1, id);
        status = run(index, statement, error);
    }
    return status;
}

static enum accord_status start(struct accord_index *index, const char *name, const uint8_t digest[ACCORD_HASH_SIZE],
                                struct accord_error *error)
{
    struct source old;
    enum accord_status status = execute(index, "BEGIN IMMEDIATE", error);
    if (status != ACCORD_OK) {
        return status;
    }
    index->vulnerability = 0;
    status = find_source(index, name, &old, error);
    if (status == ACCORD_OK && old.id != 0) {
        status = drop_source(index, old.id, error);
    }
    if (status == ACCORD_OK) {
        sqlite3_stmt *statement = prepared(index, ADD_SOURCE);
        (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob(statement, 2, digest, ACCORD_HASH_SIZE, SQLITE_STATIC);
        status = run(index, statement, error);
        index->source = sqlite3_last_insert_rowid(index->db);
    }
    if (status != ACCORD_OK) {
        (void)sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

enum accord_status accord_index_begin(struct accord_index *index, const char *name, struct accord_claim_sink *sink,
                                      struct accord_error *error)
{
    static const uint8_t none[ACCORD_HASH_SIZE];
    *sink = (struct accord_claim_sink){index, add_vulnerability, add_claim};
    return start(index, name, none, error);
}

static enum accord_status ask(struct accord_index *index, int64_t source, struct accord_error *error)
{
    sqlite3_stmt *statement = prepared(index, ASK_SOURCE);
    (void)sqlite3_bind_int64(statement, 1, source);
    return run(index, statement, error);
}

enum accord_status accord_index_end(struct accord_index *index, bool keep, struct accord_error *error)
{
    enum accord_status status = keep ? execute(index, "COMMIT", error) : ACCORD_OK;
    if (!keep || status != ACCORD_OK) {
        (void)sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    return ask(index, index->source, error);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A digest of the names, sizes and times of all that lies there. */
static enum accord_status fingerprint(const struct accord_index *index, const char *path,
                                      uint8_t digest[ACCORD_HASH_SIZE], struct accord_error *error)
{
    char *copy = strdup(path);
    char *const paths[] = {copy, NULL};
    FTS *walk = copy == NULL ? NULL : fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (walk == NULL) {
        free(copy);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_sha256 sha;
    index->crypto->sha256_init(&sha);
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        const struct stat *at = entry->fts_statp;
        bool file = entry->fts_info == FTS_F;
        int64_t numbers[] = {entry->fts_info, file ? at->st_size : 0, file ? at->st_mtim.tv_sec : 0,
                             file ? at->st_mtim.tv_nsec : 0};
        index->crypto->sha256_update(&sha, (const uint8_t *)entry->fts_path, strlen(entry->fts_path) + 1);
        index->crypto->sha256_update(&sha, (const uint8_t *)numbers, sizeof numbers);
    }
    index->crypto->sha256_final(&sha, digest);
    (void)fts_close(walk);
    free(copy);
    return ACCORD_OK;
}

static enum accord_status tell_read(void *context, const char *place, enum accord_feed_format format,
                                    struct accord_error *error)
{
    struct accord_index *index = context;
    (void)place;
    (void)format;
    (void)error;
    index->documents++;
    if (index->told != NULL && index->told->read != NULL) {
        index->told->read(index->told->context, index->documents);
    }
    return execute(index, "RELEASE document", error);
}

/* What a document claimed before it was refused does not count. */
static enum accord_status tell_refused(void *context, const char *place, const struct accord_error *why)
{
    struct accord_index *index = context;
    if (index->told != NULL && index->told->refused != NULL) {
        index->told->refused(index->told->context, place, why);
    }
    (void)sqlite3_exec(index->db, "ROLLBACK TO document", NULL, NULL, NULL);
    (void)sqlite3_exec(index->db, "RELEASE document", NULL, NULL, NULL);
    return ACCORD_OK;
}

static enum accord_status open_document(void *context, const char *place, struct accord_error *error)
{
    (void)place;
    return execute(context, "SAVEPOINT document", error);
}

enum accord_status accord_index_source(struct accord_index *index, const char *path,
                                       const struct accord_index_told *told, struct accord_feed_tally *tally,
                                       struct accord_error *error)
{
    struct source old;
    uint8_t digest[ACCORD_HASH_SIZE];
    enum accord_status status = fingerprint(index, path, digest, error);
    if (status == ACCORD_OK) {
        status = find_source(index, path, &old, error);
    }
    if (status == ACCORD_OK && old.id != 0 && memcmp(old.digest, digest, sizeof digest) == 0) {
        *tally = old.tally;
        return ask(index, old.id, error);
    }
    if (status == ACCORD_OK) {
        status = start(index, path, digest, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    index->told = told;
    index->documents = 0;
    *tally = (struct accord_feed_tally){0, 0, 0};
    const struct accord_feed_visitor visitor = {
        {index, add_vulnerability, add_claim}, index, open_document, tell_read, tell_refused};
    status = accord_feed_walk(path, &visitor, tally, error);
    if (status == ACCORD_OK) {
        sqlite3_stmt *statement = prepared(index, TALLY_SOURCE);
        (void)sqlite3_bind_int64(statement, 1, index->source);
        (void)sqlite3_bind_int64(statement, 2, (int64_t)tally->read);
        (void)sqlite3_bind_int64(statement, 3, (int64_t)tally->refused);
        (void)sqlite3_bind_int64(statement, 4, (int64_t)tally->bytes);
        status = run(index, statement, error);
    }
    struct accord_error ending;
    enum accord_status ended = accord_index_end(index, status == ACCORD_OK, &ending);
    if (status == ACCORD_OK && ended != ACCORD_OK && error != NULL) {
        *error = ending;
    }
    return status == ACCORD_OK ? ended : status;
}

/* Finding */

static void read_row(sqlite3_stmt *statement, struct accord_index_row *row)
{
    struct accord_claim *claim = &row->claim;
    struct accord_claim_vulnerability *about = &row->about;
    struct accord_bytes *const texts[] = {&claim->range,         &claim->prose,  &claim->qualifiers, &claim->fixed,
                                          &claim->justification, &claim->remedy, &about->id,         &about->document,
                                          &about->aliases,       &about->title,  &about->severity,   &about->url};
    row->vulnerability = (uint64_t)sqlite3_column_int64(statement, 0);
    claim->says = (enum accord_claim_says)sqlite3_column_int(statement, 1);
    for (int i = 0; i < 12; i++) {
        *texts[i] = column(statement, 2 + i);
    }
    about->published = (uint64_t)sqlite3_column_int64(statement, 14);
    about->modified = (uint64_t)sqlite3_column_int64(statement, 15);
    about->withdrawn = false;
    row->source = column(statement, 16);
}

enum accord_status accord_index_find(struct accord_index *index, enum accord_claim_names names,
                                     struct accord_bytes product, accord_index_each *each, void *context,
                                     struct accord_error *error)
{
    sqlite3_stmt *statement = prepared(index, FIND_CLAIMS);
    if (statement == NULL) {
        return failed(index, error);
    }
    (void)sqlite3_bind_int64(statement, 1, key_of(index, names, product));
    (void)sqlite3_bind_int(statement, 2, (int)names);
    bind(statement, 3, product);
    enum accord_status status = ACCORD_OK;
    int result = sqlite3_step(statement);
    for (; status == ACCORD_OK && result == SQLITE_ROW; result = sqlite3_step(statement)) {
        struct accord_index_row row = {.claim = {.names = names, .product = product}};
        read_row(statement, &row);
        status = each(context, &row, error);
        if (status != ACCORD_OK) {
            break;
        }
    }
    if (status == ACCORD_OK && result != SQLITE_DONE) {
        status = failed(index, error);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum accord_status accord_index_find_artifact(struct accord_index *index, const uint8_t sha256[ACCORD_HASH_SIZE],
                                              accord_index_each_release *each, void *context,
                                              struct accord_error *error)
{
    sqlite3_stmt *statement = prepared(index, FIND_RELEASES);
    if (statement == NULL) {
        return failed(index, error);
    }
    bind(statement, 1, (struct accord_bytes){sha256, ACCORD_HASH_SIZE});
    enum accord_status status = ACCORD_OK;
    int result = SQLITE_ROW;
    while (status == ACCORD_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        struct accord_logged_release release = {.entry = (uint64_t)sqlite3_column_int64(statement, 0),
                                                .vendor = column(statement, 1),
                                                .product = column(statement, 2),
                                                .version = column(statement, 3),
                                                .branch = column(statement, 4),
                                                .sequence = (uint64_t)sqlite3_column_int64(statement, 5),
                                                .time = (uint64_t)sqlite3_column_int64(statement, 6),
                                                .newest = (uint64_t)sqlite3_column_int64(statement, 7),
                                                .withdrawn = sqlite3_column_int(statement, 8) != 0};
        memcpy(release.sha256, sha256, ACCORD_HASH_SIZE);
        status = each(context, &release, error);
    }
    if (status == ACCORD_OK && result != SQLITE_DONE) {
        status = failed(index, error);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum accord_status accord_index_count(struct accord_index *index, uint64_t *vulnerabilities, struct accord_error *error)
{
    sqlite3_stmt *statement = prepared(index, COUNT);
    if (statement == NULL || sqlite3_step(statement) != SQLITE_ROW) {
        return failed(index, error);
    }
    *vulnerabilities = (uint64_t)sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement);
    return ACCORD_OK;
}
