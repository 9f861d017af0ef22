/* Runs, read: their header, what they have of a key, their records in order. Knows the file's form; refuses to know the
 * log, and what becomes of a file that is not sound. */
#include "log/dedup_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/dedup_form.h"

#define MAGIC "accord dedup 1\n" /* and its NUL */
#define BUCKET_BITS_MAX 16
#define INDEX_BITS_MIN 8
#define PIECE 256      /* records in one read of a look-up */
#define GUESS_MIN 32   /* records that are read without a guess */
#define PIECES_MAX 64  /* reads in one look-up: far more than chance asks for */
#define FILTER_BITS 12 /* for each entry: about one in a hundred that it lets through is not there */

static void put64(uint8_t *at, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return number;
}

/* The form */

bool accord_dedup_header_parse(struct accord_dedup_header *header, const uint8_t data[ACCORD_DEDUP_HEADER_SIZE])
{
    header->first = get64(data + 16);
    header->end = get64(data + 24);
    header->count = get64(data + 32);
    memcpy(header->salt, data + 40, sizeof header->salt);
    memcpy(header->checksum, data + 40 + sizeof header->salt, sizeof header->checksum);
    return memcmp(data, MAGIC, sizeof MAGIC) == 0 && header->first < header->end &&
           header->end - header->first <= ACCORD_DEDUP_RANGE_MAX && header->count <= header->end - header->first;
}

void accord_dedup_header_print(const struct accord_dedup_header *header, uint8_t data[ACCORD_DEDUP_HEADER_SIZE])
{
    memcpy(data, MAGIC, sizeof MAGIC);
    put64(data + 16, header->first);
    put64(data + 24, header->end);
    put64(data + 32, header->count);
    memcpy(data + 40, header->salt, sizeof header->salt);
    memcpy(data + 40 + sizeof header->salt, header->checksum, sizeof header->checksum);
}

void accord_dedup_checksum(const struct accord_dedup_header *header, struct accord_bytes directory,
                           const uint8_t *records, uint8_t checksum[ACCORD_HASH_SIZE])
{
    const struct accord_crypto *crypto = &accord_crypto_default;
    uint8_t data[ACCORD_DEDUP_HEADER_SIZE];
    struct accord_sha256 sha;
    accord_dedup_header_print(header, data);
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, data, ACCORD_DEDUP_HEADER_SIZE - ACCORD_HASH_SIZE);
    crypto->sha256_update(&sha, directory.data, directory.size);
    if (records != NULL)
        crypto->sha256_update(&sha, records, ACCORD_HASH_SIZE);
    crypto->sha256_final(&sha, checksum);
}

void accord_dedup_run_shape(struct accord_dedup_run *run)
{
    uint64_t last = run->header.end - run->header.first - 1;
    unsigned bits = INDEX_BITS_MIN;
    while (bits < 32 && last >> bits != 0)
        bits++;
    run->index_bits = bits;
    run->bucket_bits = bits - INDEX_BITS_MIN < BUCKET_BITS_MAX ? bits - INDEX_BITS_MIN : BUCKET_BITS_MAX;
}

void accord_dedup_run_path(char path[ACCORD_DEDUP_PATH_SIZE], const struct accord_dedup_place *place, uint64_t first,
                           uint64_t end, bool temporary)
{
    (void)snprintf(path, ACCORD_DEDUP_PATH_SIZE, "%s/%llu-%llu.%s", place->dir, (unsigned long long)first,
                   (unsigned long long)end, temporary ? "tmp" : "run");
}

/* Filters: a word for each key, and four bits in it. */

static uint64_t filter_mask(uint64_t key)
{
    uint64_t mixed = (key >> 24) * 0x9e3779b97f4a7c15u;
    return (uint64_t)1 << (mixed >> 58) | (uint64_t)1 << (mixed >> 52 & 63) | (uint64_t)1 << (mixed >> 46 & 63) |
           (uint64_t)1 << (mixed >> 40 & 63);
}

int accord_dedup_filter_init(struct accord_dedup_run *run, const struct accord_dedup_place *place)
{
    uint64_t range = run->header.end - run->header.first;
    if (range > place->filter_max || range > ACCORD_DEDUP_SMALL)
        return 0;
    uint64_t words = range * FILTER_BITS / 64 + 1;
    run->filter = calloc(words, sizeof *run->filter);
    if (run->filter == NULL)
        return -ENOMEM;
    run->filter_words = words;
    return 0;
}

void accord_dedup_filter_add(struct accord_dedup_run *run, uint64_t key)
{
    if (run->filter_words > 0)
        run->filter[(key >> 32) * run->filter_words >> 32] |= filter_mask(key);
}

static bool filter_passes(const struct accord_dedup_run *run, uint64_t key)
{
    uint64_t mask = filter_mask(key);
    return run->filter_words == 0 || (run->filter[(key >> 32) * run->filter_words >> 32] & mask) == mask;
}

/* Opening */

static int read_whole(const struct accord_dedup_run *run, void *data, size_t size, uint64_t offset)
{
    int64_t got = run->fs->read_at(run->fs->context, run->handle, data, size, offset);
    if (got < 0)
        return (int)got;
    return (uint64_t)got == size ? 0 : -EBADMSG;
}

static int directory_parse(struct accord_dedup_run *run, struct accord_bytes directory)
{
    uint32_t before = 0;
    size_t buckets = directory.size / 4;
    for (size_t i = 0; i < buckets; i++) {
        const uint8_t *at = directory.data + 4 * i;
        uint32_t end = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        if (end < before)
            return -EBADMSG;
        run->ends[i] = before = end;
    }
    return before == run->header.count ? 0 : -EBADMSG;
}

/* The SHA-256 of the records; and the filter, which is made of them too. */
static int records_read(struct accord_dedup_run *run, uint8_t hash[ACCORD_HASH_SIZE])
{
    size_t size = (size_t)run->header.count * ACCORD_DEDUP_RECORD_SIZE;
    uint8_t *data = malloc(size + 1);
    if (data == NULL)
        return -ENOMEM;
    int result = read_whole(run, data, size, accord_dedup_record_offset(run, 0));
    if (result == 0)
        accord_hash(&accord_crypto_default, (struct accord_bytes){data, size}, hash);
    free(data);
    return result;
}

static int filter_read(struct accord_dedup_run *run)
{
    struct accord_dedup_cursor cursor;
    uint64_t key, index;
    int result = accord_dedup_cursor_init(&cursor, run, 16384);
    while (result == 0 && (result = accord_dedup_cursor_next(&cursor, &key, &index)) > 0) {
        accord_dedup_filter_add(run, key);
        result = 0;
    }
    accord_dedup_cursor_free(&cursor);
    return result;
}

static int verify(struct accord_dedup_run *run, struct accord_bytes directory)
{
    uint8_t records[ACCORD_HASH_SIZE], checksum[ACCORD_HASH_SIZE];
    bool small = run->header.end - run->header.first <= ACCORD_DEDUP_SMALL;
    int result = small ? records_read(run, records) : 0;
    if (result != 0)
        return result;
    accord_dedup_checksum(&run->header, directory, small ? records : NULL, checksum);
    if (memcmp(checksum, run->header.checksum, sizeof checksum) != 0)
        return -EBADMSG;
    return directory_parse(run, directory);
}

static int load_directory(struct accord_dedup_run *run)
{
    size_t buckets = (size_t)1 << run->bucket_bits;
    uint8_t *directory = malloc(buckets * 4);
    run->ends = calloc(buckets, sizeof *run->ends);
    int result = directory == NULL || run->ends == NULL ? -ENOMEM : 0;
    if (result == 0)
        result = read_whole(run, directory, buckets * 4, ACCORD_DEDUP_HEADER_SIZE);
    if (result == 0)
        result = verify(run, (struct accord_bytes){directory, buckets * 4});
    free(directory);
    return result;
}

static int load(struct accord_dedup_run *run, const struct accord_dedup_place *place, uint64_t first, uint64_t end)
{
    uint8_t header[ACCORD_DEDUP_HEADER_SIZE];
    int64_t size = run->fs->size(run->fs->context, run->handle);
    int result = size < 0 ? (int)size : read_whole(run, header, sizeof header, 0);
    if (result != 0)
        return result;
    if (!accord_dedup_header_parse(&run->header, header) || run->header.first != first || run->header.end != end)
        return -EBADMSG;
    accord_dedup_run_shape(run);
    run->bytes = accord_dedup_record_offset(run, run->header.count);
    if ((uint64_t)size != run->bytes)
        return -EBADMSG;
    result = load_directory(run);
    if (result == 0)
        result = accord_dedup_filter_init(run, place);
    if (result == 0 && run->filter_words > 0)
        result = filter_read(run);
    return result;
}

int accord_dedup_run_open(struct accord_dedup_run **run, const struct accord_dedup_place *place, uint64_t first,
                          uint64_t end)
{
    char path[ACCORD_DEDUP_PATH_SIZE];
    struct accord_dedup_run *made = calloc(1, sizeof *made);
    if (made == NULL)
        return -ENOMEM;
    accord_dedup_run_path(path, place, first, end, false);
    made->fs = place->fs;
    made->handle = place->fs->open(place->fs->context, path, ACCORD_OPEN_READ, 0);
    int result = made->handle < 0 ? made->handle : load(made, place, first, end);
    if (result != 0)
        accord_dedup_run_close(made);
    else
        *run = made;
    return result;
}

void accord_dedup_run_close(struct accord_dedup_run *run)
{
    if (run == NULL)
        return;
    if (run->handle >= 0)
        (void)run->fs->close(run->fs->context, run->handle);
    free(run->ends);
    free(run->filter);
    free(run);
}

/* Looking up */

/* Part of a bucket, and where in it a key's records would be. */
struct search {
    const struct accord_dedup_run *run;
    uint64_t low, high; /* the bucket */
    uint64_t from, to;  /* what was read of it */
    uint64_t suffix;
    bool before, after; /* there may be records of the key outside of that */
    struct accord_dedup_hits *hits;
};

/* Keeps the lowest, in order. */
static void hit(struct accord_dedup_hits *hits, uint64_t index)
{
    if (hits->count == ACCORD_DEDUP_HITS_MAX && hits->index[hits->count - 1] <= index)
        return;
    size_t at = hits->count < ACCORD_DEDUP_HITS_MAX ? hits->count++ : hits->count - 1;
    for (; at > 0 && hits->index[at - 1] > index; at--)
        hits->index[at] = hits->index[at - 1];
    hits->index[at] = index;
}

static int search_piece(struct search *search, uint64_t from, uint64_t to)
{
    const struct accord_dedup_run *run = search->run;
    uint8_t data[PIECE * ACCORD_DEDUP_RECORD_SIZE];
    size_t count = (size_t)(to - from);
    int result = read_whole(run, data, count * ACCORD_DEDUP_RECORD_SIZE, accord_dedup_record_offset(run, from));
    if (result != 0)
        return result == -EBADMSG ? -EIO : result;
    for (size_t i = 0; i < count; i++) {
        uint64_t record = accord_dedup_record_get(data + i * ACCORD_DEDUP_RECORD_SIZE);
        uint64_t suffix = record >> run->index_bits;
        uint64_t index = run->header.first + (record & (((uint64_t)1 << run->index_bits) - 1));
        if (suffix == search->suffix && index < run->header.end)
            hit(search->hits, index);
        if (i == 0)
            search->before = suffix >= search->suffix;
        if (i == count - 1)
            search->after = suffix <= search->suffix;
    }
    return 0;
}

/* Keys are spread evenly: the place is guessed, give or take three standard deviations. */
static void guess(struct search *search)
{
    uint64_t count = search->high - search->low, root = 4;
    search->from = search->low;
    search->to = search->high;
    if (count <= GUESS_MIN)
        return;
    unsigned bits = 48 - search->run->index_bits; /* 16 or more */
    uint64_t middle = search->low + ((search->suffix >> (bits - 16)) * count >> 16);
    while (root * root < count)
        root += root / 4 + 1;
    uint64_t reach = root * 3 / 2 < PIECE / 2 ? root * 3 / 2 : PIECE / 2;
    search->from = middle - search->low > reach ? middle - reach : search->low;
    search->to = search->high - middle > reach ? middle + reach : search->high;
}

static int search_bucket(struct search *search)
{
    guess(search);
    int result = search_piece(search, search->from, search->to);
    bool before = search->before, after = search->after;
    for (int pieces = 1; result == 0 && before && search->from > search->low && pieces < PIECES_MAX; pieces++) {
        uint64_t to = search->from;
        search->from = to - search->low > PIECE ? to - PIECE : search->low;
        result = search_piece(search, search->from, to);
        before = search->before;
    }
    for (int pieces = 1; result == 0 && after && search->to < search->high && pieces < PIECES_MAX; pieces++) {
        uint64_t from = search->to;
        search->to = search->high - from > PIECE ? from + PIECE : search->high;
        result = search_piece(search, from, search->to);
        after = search->after;
    }
    return result;
}

int accord_dedup_run_look(const struct accord_dedup_run *run, uint64_t key, struct accord_dedup_hits *hits)
{
    hits->count = 0;
    if (!filter_passes(run, key))
        return 0;
    uint64_t bucket = accord_dedup_bucket(run, key);
    struct search search = {.run = run,
                            .low = bucket == 0 ? 0 : run->ends[bucket - 1],
                            .high = run->ends[bucket],
                            .suffix = accord_dedup_suffix(run, key),
                            .hits = hits};
    return search.low == search.high ? 0 : search_bucket(&search);
}

/* Reading in order */

int accord_dedup_cursor_init(struct accord_dedup_cursor *cursor, const struct accord_dedup_run *run, size_t buffer_size)
{
    memset(cursor, 0, sizeof *cursor);
    cursor->run = run;
    cursor->size = buffer_size / ACCORD_DEDUP_RECORD_SIZE * ACCORD_DEDUP_RECORD_SIZE;
    cursor->buffer = malloc(cursor->size);
    return cursor->buffer == NULL ? -ENOMEM : 0;
}

void accord_dedup_cursor_free(struct accord_dedup_cursor *cursor)
{
    free(cursor->buffer);
    cursor->buffer = NULL;
}

static int cursor_fill(struct accord_dedup_cursor *cursor)
{
    uint64_t left = (cursor->run->header.count - cursor->next) * ACCORD_DEDUP_RECORD_SIZE;
    cursor->filled = left < cursor->size ? (size_t)left : cursor->size;
    cursor->at = 0;
    int result =
        read_whole(cursor->run, cursor->buffer, cursor->filled, accord_dedup_record_offset(cursor->run, cursor->next));
    return result == -EBADMSG ? -EIO : result;
}

int accord_dedup_cursor_next(struct accord_dedup_cursor *cursor, uint64_t *key, uint64_t *index)
{
    const struct accord_dedup_run *run = cursor->run;
    unsigned suffix_bits = 48 - run->index_bits;
    while (cursor->next < run->header.count) {
        int result = cursor->at == cursor->filled ? cursor_fill(cursor) : 0;
        if (result != 0)
            return result;
        uint64_t record = accord_dedup_record_get(cursor->buffer + cursor->at);
        cursor->at += ACCORD_DEDUP_RECORD_SIZE;
        while (run->ends[cursor->bucket] <= cursor->next)
            cursor->bucket++;
        cursor->next++;
        *key = (cursor->bucket << suffix_bits | record >> run->index_bits) << (64 - suffix_bits - run->bucket_bits);
        *index = run->header.first + (record & (((uint64_t)1 << run->index_bits) - 1));
        if (*key < cursor->last || *index >= run->header.end)
            continue;
        cursor->last = *key;
        return 1;
    }
    return 0;
}
