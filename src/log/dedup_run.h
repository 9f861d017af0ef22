/* Runs: what the deduplication has on the disk (log/dedup.h). A run covers a range of indexes and never changes. It is
 * written beside its name and renamed; its file is
 *
 *     "accord dedup 1\n\0"                             16 bytes
 *     first, end: its range; count: its records        8 bytes each, as all numbers big-endian
 *     salt                                            16 bytes, one for the directory
 *     SHA-256 of all above, the directory, and, where the range is at most ACCORD_DEDUP_SMALL, SHA-256 of the records
 *     directory: for each bucket where it ends, counted in records                            4 bytes each
 *     records, sorted                                                                         6 bytes each
 *
 * A key is SipHash-2-4 of a leaf hash's first half under the salt, so nobody who chooses entries chooses where they
 * fall. With r = the bits that the range needs, 8 or more, and b = min(16, r - 8): the first b bits of a key are its
 * bucket, and a record is the next 48 - r bits and then the index, counted from first, in r bits. */
#ifndef ACCORD_LOG_DEDUP_RUN_H
#define ACCORD_LOG_DEDUP_RUN_H

#include "accord/crypto.h"
#include "accord/merkle.h"
#include "base/fs.h"

#define ACCORD_DEDUP_SALT_SIZE 16
#define ACCORD_DEDUP_HEADER_SIZE (16 + 3 * 8 + ACCORD_DEDUP_SALT_SIZE + ACCORD_HASH_SIZE)
#define ACCORD_DEDUP_RECORD_SIZE 6
#define ACCORD_DEDUP_RANGE_MAX UINT32_MAX
#define ACCORD_DEDUP_SMALL 131072
#define ACCORD_DEDUP_PATH_SIZE 4096
#define ACCORD_DEDUP_HITS_MAX 32

uint64_t accord_dedup_key(const uint8_t salt[ACCORD_DEDUP_SALT_SIZE], const uint8_t hash[ACCORD_HASH_SIZE]);

/* A directory of runs. */
struct accord_dedup_place {
    const struct accord_fs *fs;
    const char *dir; /* so short that names in it fit ACCORD_DEDUP_PATH_SIZE */
    uint8_t salt[ACCORD_DEDUP_SALT_SIZE];
    uint64_t filter_max; /* runs up to this range have a filter in memory */
};

struct accord_dedup_header {
    uint64_t first, end, count;
    uint8_t salt[ACCORD_DEDUP_SALT_SIZE];
    uint8_t checksum[ACCORD_HASH_SIZE];
};

/* false where it is not a header: another magic, an empty range or one too large, more records than indexes. The
 * checksum is not looked at. */
ACCORD_MUST_USE bool accord_dedup_header_parse(struct accord_dedup_header *header,
                                               const uint8_t data[ACCORD_DEDUP_HEADER_SIZE]);
void accord_dedup_header_print(const struct accord_dedup_header *header, uint8_t data[ACCORD_DEDUP_HEADER_SIZE]);
/* The checksum of a header, its directory as it is in the file, and its records' SHA-256 (NULL where the range is not
 * small). */
void accord_dedup_checksum(const struct accord_dedup_header *header, struct accord_bytes directory,
                           const uint8_t *records, uint8_t checksum[ACCORD_HASH_SIZE]);

/* An open run. Threads may read it at once. */
struct accord_dedup_run {
    const struct accord_fs *fs;
    int handle;
    struct accord_dedup_header header;
    unsigned index_bits, bucket_bits;
    uint32_t *ends; /* of the buckets */
    uint64_t bytes; /* on the disk */
    uint64_t *filter;
    uint64_t filter_words; /* 0 where there is none */
    bool busy;             /* the index's own mark: it is being merged */
};

/* All of these return 0 or -errno. -EBADMSG: the file is not what a run of this range is. */
ACCORD_MUST_USE int accord_dedup_run_open(struct accord_dedup_run **run, const struct accord_dedup_place *place,
                                          uint64_t first, uint64_t end);
void accord_dedup_run_close(struct accord_dedup_run *run);
/* The path of a run, or of the file that is to become one. */
void accord_dedup_run_path(char path[ACCORD_DEDUP_PATH_SIZE], const struct accord_dedup_place *place, uint64_t first,
                           uint64_t end, bool temporary);

/* The lowest indexes of entries that may have this key, in order. Nearly always there is none where none has it. */
struct accord_dedup_hits {
    uint64_t index[ACCORD_DEDUP_HITS_MAX];
    size_t count;
};
ACCORD_MUST_USE int accord_dedup_run_look(const struct accord_dedup_run *run, uint64_t key,
                                          struct accord_dedup_hits *hits);

/* Reads a run's records in order. Those that a damaged disk put out of order are left out. */
struct accord_dedup_cursor {
    const struct accord_dedup_run *run;
    uint64_t next, bucket, last;
    size_t at, filled, size;
    uint8_t *buffer;
};
ACCORD_MUST_USE int accord_dedup_cursor_init(struct accord_dedup_cursor *cursor, const struct accord_dedup_run *run,
                                             size_t buffer_size);
void accord_dedup_cursor_free(struct accord_dedup_cursor *cursor);
/* 1 and the next record's key, whose bits that the run does not have are 0, and index; 0 at the end. */
ACCORD_MUST_USE int accord_dedup_cursor_next(struct accord_dedup_cursor *cursor, uint64_t *key, uint64_t *index);

/* Writes a run. The zero value is not writing. */
struct accord_dedup_writer {
    const struct accord_dedup_place *place;
    struct accord_dedup_run *run;
    struct accord_sha256 records;
    uint8_t *buffer;
    size_t filled;
    uint64_t offset, hinted;
    uint64_t bucket, last;
    unsigned repeats;
};
ACCORD_MUST_USE int accord_dedup_writer_begin(struct accord_dedup_writer *writer,
                                              const struct accord_dedup_place *place, uint64_t first, uint64_t end);
/* Keys in order; of equal ones, lower indexes first. Of those that the run cannot tell apart only the first few are
 * kept, so that many equal entries cost no more than one. */
ACCORD_MUST_USE int accord_dedup_writer_put(struct accord_dedup_writer *writer, uint64_t key, uint64_t index);
/* Gives the file its name; the run is open then. With durable, a power cut does not undo that; without, it may leave a
 * damaged file, which a small run's checksum tells. On failure the writer is abandoned. */
ACCORD_MUST_USE int accord_dedup_writer_finish(struct accord_dedup_writer *writer, bool durable,
                                               struct accord_dedup_run **run);
void accord_dedup_writer_abandon(struct accord_dedup_writer *writer);

#endif
