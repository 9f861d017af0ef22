/* Deduplication's index beside an SQLite table with the same keys: bytes an entry, inserts a second, a look-up of a key
 * that is not there. The entries are numbers, hashed by a mixer, so neither waits for SHA-256. Usage: dedup DIR ENTRIES
 */
#include "log/dedup.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define GROUP 4096
#define LOOKUPS 500000
#define ABSENT ((uint64_t)1 << 40) /* numbers from here on were never entered */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static void leaf_of(uint64_t index, uint8_t leaf[ACCORD_HASH_SIZE])
{
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t word = mix(index * 4 + i);
        memcpy(leaf + 8 * i, &word, sizeof word);
    }
}

static enum accord_status leaf(void *context, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE],
                               struct accord_error *error)
{
    (void)context;
    (void)error;
    leaf_of(index, hash);
    return ACCORD_OK;
}

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "dedup: %s failed\n", what);
    exit(1);
}

static void report(const char *name, uint64_t entries, double took, double bytes, double lookups)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("    %-8s %5.1f bytes an entry, %10.0f inserts/s, %5.2f us a look-up of what is not there (peak %ld KiB)\n",
           name, bytes / (double)entries, (double)entries / took, 1e6 * lookups / LOOKUPS, usage.ru_maxrss);
}

static void ours(const char *dir, uint64_t entries)
{
    static uint8_t leaves[GROUP][ACCORD_HASH_SIZE];
    struct accord_dedup *dedup;
    struct accord_error error;
    const struct accord_leaf_source source = {NULL, leaf};
    must(accord_dedup_open(&dedup, &accord_fs_real, dir, 0, source, &error) == ACCORD_OK, "opening");
    double begun = seconds();
    for (uint64_t first = 0; first < entries; first += GROUP) {
        uint64_t count = entries - first < GROUP ? entries - first : GROUP;
        for (uint64_t i = 0; i < count; i++)
            leaf_of(first + i, leaves[i]);
        accord_dedup_add(dedup, (const uint8_t(*)[ACCORD_HASH_SIZE])leaves, count);
        accord_dedup_commit(dedup, first + count);
        while (accord_dedup_covered(dedup) < first + count) /* what did not fit while runs were being written */
            must(accord_dedup_catch_up(dedup, first + count, GROUP, &error) == ACCORD_OK, "catching up");
    }
    double took = seconds() - begun;
    accord_dedup_close(dedup);
    must(accord_dedup_open(&dedup, &accord_fs_real, dir, entries, source, &error) == ACCORD_OK, "opening again");
    begun = seconds();
    for (uint64_t i = 0; i < LOOKUPS; i++) {
        uint64_t index;
        bool found;
        leaf_of(ABSENT + i, leaves[0]);
        must(accord_dedup_find(dedup, leaves[0], &index, &found, &error) == ACCORD_OK && !found, "looking up");
    }
    report("accord", entries, took, (double)accord_dedup_bytes(dedup), seconds() - begun);
    accord_dedup_close(dedup);
}

static void execute(sqlite3 *database, const char *sql)
{
    must(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

/* 20,000 rows a transaction, no sync, 8 MiB of cache: as fast as it goes within accord's memory. */
static void theirs(const char *path, uint64_t entries)
{
    sqlite3 *database;
    sqlite3_stmt *insert, *look;
    struct stat file;
    must(sqlite3_open(path, &database) == SQLITE_OK, "sqlite3_open");
    execute(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;"
                      "CREATE TABLE seen (hash INTEGER PRIMARY KEY, place INTEGER) WITHOUT ROWID");
    must(sqlite3_prepare_v2(database, "INSERT OR IGNORE INTO seen VALUES (?, ?)", -1, &insert, NULL) == SQLITE_OK &&
             sqlite3_prepare_v2(database, "SELECT place FROM seen WHERE hash = ?", -1, &look, NULL) == SQLITE_OK,
         "sqlite3_prepare");
    double begun = seconds();
    for (uint64_t i = 0; i < entries; i++) {
        if (i % 20000 == 0)
            execute(database, i == 0 ? "BEGIN" : "COMMIT; BEGIN");
        sqlite3_bind_int64(insert, 1, (int64_t)mix(i));
        sqlite3_bind_int64(insert, 2, (int64_t)i);
        must(sqlite3_step(insert) == SQLITE_DONE, "INSERT");
        sqlite3_reset(insert);
    }
    execute(database, "COMMIT");
    double took = seconds() - begun;
    execute(database, "PRAGMA wal_checkpoint(TRUNCATE)");
    begun = seconds();
    for (uint64_t i = 0; i < LOOKUPS; i++) {
        sqlite3_bind_int64(look, 1, (int64_t)mix(ABSENT + i));
        must(sqlite3_step(look) == SQLITE_DONE, "SELECT");
        sqlite3_reset(look);
    }
    double lookups = seconds() - begun;
    must(stat(path, &file) == 0, path);
    report("SQLite", entries, took, (double)file.st_size, lookups);
    sqlite3_finalize(insert);
    sqlite3_finalize(look);
    sqlite3_close(database);
}

int main(int argc, char **argv)
{
    char path[4096];
    must(argc == 3, "usage: dedup DIR ENTRIES:");
    uint64_t entries = strtoull(argv[2], NULL, 10);
    snprintf(path, sizeof path, "%s/sqlite", argv[1]);
    ours(argv[1], entries);
    theirs(path, entries);
    return 0;
}
