/* The journal's bytes and their durability. Knows the order of writes and syncs that makes a batch part of the log, and
 * what a failed one leaves behind; refuses to know what hashes to what: whether a record is sound is for its reader to
 * say. */
#include "log/journal.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "log/log.h"

#define MAGIC "accord journal 1"
#define MAGIC_SIZE (sizeof MAGIC - 1)
#define RECORD_MAGIC "batch  1"
#define RECORD_MAGIC_SIZE (sizeof RECORD_MAGIC - 1)
#define RECORD_HEADER_SIZE ACCORD_JOURNAL_RECORD_HEADER_SIZE
#define HEADER_SIZE_MAX (MAGIC_SIZE + 8 + 64 * ACCORD_HASH_SIZE + ACCORD_HASH_SIZE)
#define FILE_MODE 0644
/* Of less than this it is not worth a call to say that it will not be read soon. */
#define FORGET_SIZE_MIN ((uint64_t)1 << 20)
/* A record of so many bytes of entries is copied into one piece: a copy costs less than two calls. */
#define GATHERED_SIZE_MAX 32768
#define RECORD_SIZE_MAX (RECORD_HEADER_SIZE + ACCORD_LOG_APPEND_SIZE_MAX + ACCORD_HASH_SIZE)

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

static enum accord_status fail(const struct accord_journal *journal, struct accord_error *error,
                               enum accord_status status, struct accord_bytes found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)journal->path, strlen(journal->path)});
    accord_error_found(error, found);
    return status;
}

bool accord_journal_init(struct accord_journal *journal, const struct accord_fs *fs, const struct accord_crypto *crypto)
{
    memset(journal, 0, sizeof *journal);
    journal->fs = fs;
    journal->crypto = crypto;
    journal->handle = -1;
    accord_buffer_init(&journal->record, RECORD_SIZE_MAX);
    journal->worker = accord_worker_new(fs == &accord_fs_real ? ACCORD_LOG_SYNC_BEHIND : ACCORD_LOG_SYNC_FIRST);
    return journal->worker != NULL;
}

void accord_journal_close(struct accord_journal *journal)
{
    accord_worker_free(journal->worker);
    journal->worker = NULL;
    if (journal->handle >= 0)
        (void)journal->fs->close(journal->fs->context, journal->handle);
    journal->handle = -1;
    accord_buffer_free(&journal->record);
}

static size_t header_print(const struct accord_journal *journal, const struct accord_frontier *base,
                           uint8_t header[HEADER_SIZE_MAX])
{
    memcpy(header, MAGIC, MAGIC_SIZE);
    put64(header + MAGIC_SIZE, base->size);
    size_t size = MAGIC_SIZE + 8;
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((base->size >> bit & 1) != 0) {
            memcpy(header + size, base->hash[bit], ACCORD_HASH_SIZE);
            size += ACCORD_HASH_SIZE;
        }
    }
    accord_hash(journal->crypto, (struct accord_bytes){header, size}, header + size);
    return size + ACCORD_HASH_SIZE;
}

/* The header's size; 0 where it is not sound. */
static size_t header_parse(const struct accord_journal *journal, const uint8_t *header, size_t size,
                           struct accord_frontier *base)
{
    if (size < MAGIC_SIZE + 8 || memcmp(header, MAGIC, MAGIC_SIZE) != 0)
        return 0;
    memset(base, 0, sizeof *base);
    base->size = get64(header + MAGIC_SIZE);
    size_t at = MAGIC_SIZE + 8;
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((base->size >> bit & 1) == 0)
            continue;
        if (size - at < ACCORD_HASH_SIZE)
            return 0;
        memcpy(base->hash[bit], header + at, ACCORD_HASH_SIZE);
        at += ACCORD_HASH_SIZE;
    }
    uint8_t hash[ACCORD_HASH_SIZE];
    accord_hash(journal->crypto, (struct accord_bytes){header, at}, hash);
    if (size - at < ACCORD_HASH_SIZE || memcmp(hash, header + at, ACCORD_HASH_SIZE) != 0)
        return 0;
    return at + ACCORD_HASH_SIZE;
}

static enum accord_status open_file(struct accord_journal *journal, struct accord_error *error)
{
    const struct accord_fs *fs = journal->fs;
    if (journal->handle >= 0)
        (void)fs->close(fs->context, journal->handle);
    journal->handle = fs->open(fs->context, journal->path, ACCORD_OPEN_READ | ACCORD_OPEN_WRITE, 0);
    if (journal->handle < 0)
        return accord_file_error(error, journal->handle, journal->path);
    return ACCORD_OK;
}

static void begin(struct accord_journal *journal, size_t header_size)
{
    journal->start = header_size;
    journal->end = header_size;
    journal->begun = header_size;
    journal->next = header_size;
}

/* A failure may have come before or after the rename, so which journal is the log's is not known: no batch may be
 * written to either until the log is opened again. */
enum accord_status accord_journal_restart(struct accord_journal *journal, const struct accord_frontier *base,
                                          struct accord_error *error)
{
    if (journal->broken)
        return fail(journal, error, ACCORD_IO, ACCORD_LITERAL("an earlier write failed: open the log again"));
    uint8_t header[HEADER_SIZE_MAX];
    size_t size = header_print(journal, base, header);
    enum accord_status status = accord_file_replace_told(
        journal->fs, journal->path, (struct accord_bytes){header, size}, FILE_MODE, &journal->sync_failed, error);
    if (status == ACCORD_OK)
        status = open_file(journal, error);
    if (status != ACCORD_OK) {
        journal->broken = true;
        return status;
    }
    begin(journal, size);
    return ACCORD_OK;
}

enum accord_status accord_journal_open(struct accord_journal *journal, struct accord_frontier *base,
                                       struct accord_error *error)
{
    enum accord_status status = open_file(journal, error);
    if (status != ACCORD_OK)
        return status;
    uint8_t header[HEADER_SIZE_MAX];
    int64_t got = journal->fs->read_at(journal->fs->context, journal->handle, header, sizeof header, 0);
    if (got < 0)
        return accord_file_error(error, (int)got, journal->path);
    size_t size = header_parse(journal, header, (size_t)got, base);
    if (size == 0)
        return fail(journal, error, ACCORD_LOG_CORRUPT, ACCORD_LITERAL("a header that is not sound"));
    begin(journal, size);
    return ACCORD_OK;
}

/* Reads a record's header at an offset: false where there is none, or one of a batch that no append could have made. */
static bool record_header(struct accord_journal *journal, uint64_t offset, struct accord_batch *batch, int *failed)
{
    uint8_t header[RECORD_HEADER_SIZE];
    const struct accord_fs *fs = journal->fs;
    int64_t got = fs->read_at(fs->context, journal->handle, header, sizeof header, offset);
    *failed = got < 0 ? (int)got : 0;
    if (got != RECORD_HEADER_SIZE || memcmp(header, RECORD_MAGIC, RECORD_MAGIC_SIZE) != 0)
        return false;
    batch->first = get64(header + RECORD_MAGIC_SIZE);
    batch->count = get64(header + RECORD_MAGIC_SIZE + 8);
    uint64_t size = get64(header + RECORD_MAGIC_SIZE + 16);
    batch->entries = (struct accord_bytes){NULL, (size_t)size};
    return size <= ACCORD_LOG_APPEND_SIZE_MAX && batch->count >= 1 && batch->count <= ACCORD_LOG_APPEND_COUNT_MAX &&
           batch->first <= UINT64_MAX - batch->count;
}

enum accord_status accord_journal_next(struct accord_journal *journal, struct accord_batch *batch, bool *found,
                                       struct accord_error *error)
{
    const struct accord_fs *fs = journal->fs;
    int failed;
    *found = false;
    if (!record_header(journal, journal->end, batch, &failed))
        return failed < 0 ? accord_file_error(error, failed, journal->path) : ACCORD_OK;
    journal->record.size = 0;
    size_t size = batch->entries.size + ACCORD_HASH_SIZE;
    enum accord_status status = accord_buffer_reserve(&journal->record, size);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    uint8_t *data = journal->record.data;
    int64_t got = fs->read_at(fs->context, journal->handle, data, size, journal->end + RECORD_HEADER_SIZE);
    if (got < 0)
        return accord_file_error(error, (int)got, journal->path);
    if ((size_t)got != size)
        return ACCORD_OK;
    batch->entries.data = data;
    memcpy(batch->root, data + batch->entries.size, ACCORD_HASH_SIZE);
    journal->batch = *batch;
    journal->next = journal->end + RECORD_HEADER_SIZE + size;
    *found = true;
    return ACCORD_OK;
}

void accord_journal_keep(struct accord_journal *journal)
{
    journal->end = journal->next;
    journal->begun = journal->end;
}

/* Is there, behind the record that was refused, one that was written after it? Then that one was committed once, and so
 * was this: it is damaged, not unfinished, and to drop both would lose what was acknowledged. */
static bool damaged(struct accord_journal *journal)
{
    struct accord_batch refused, behind;
    int failed;
    if (!record_header(journal, journal->end, &refused, &failed))
        return false;
    uint64_t offset = journal->end + RECORD_HEADER_SIZE + refused.entries.size + ACCORD_HASH_SIZE;
    return record_header(journal, offset, &behind, &failed) && behind.first == refused.first + refused.count;
}

/* Writes what was kept to a new journal, which takes the place of this one. The last record may have been written by a
 * process that died before it synced it, or whose sync failed: then the kernel shows it without having it on the disk,
 * and no later sync of this file would tell. To write it again where it stands could tear it, had it been durable. */
static enum accord_status rewrite(struct accord_journal *journal, struct accord_error *error)
{
    const struct accord_fs *fs = journal->fs;
    size_t size = (size_t)journal->end;
    journal->record.size = 0;
    enum accord_status status = accord_buffer_reserve(&journal->record, size);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    int64_t got = fs->read_at(fs->context, journal->handle, journal->record.data, size, 0);
    if (got < 0 || (size_t)got != size)
        return accord_file_error(error, got < 0 ? (int)got : -EIO, journal->path);
    struct accord_bytes bytes = {journal->record.data, size};
    status = accord_file_replace(fs, journal->path, bytes, FILE_MODE, error);
    return status == ACCORD_OK ? open_file(journal, error) : status;
}

enum accord_status accord_journal_recovered(struct accord_journal *journal, bool moves, struct accord_error *error)
{
    const struct accord_fs *fs = journal->fs;
    int64_t size = fs->size(fs->context, journal->handle);
    if (size < 0)
        return accord_file_error(error, (int)size, journal->path);
    if ((uint64_t)size > journal->end && damaged(journal))
        return fail(journal, error, ACCORD_LOG_CORRUPT, ACCORD_LITERAL("a damaged batch before the last one"));
    enum accord_status status = ACCORD_OK;
    if (!moves && (uint64_t)size > journal->start)
        status = rewrite(journal, error);
    accord_buffer_free(&journal->record);
    journal->broken = status != ACCORD_OK;
    return status;
}

/* A batch whose writing failed is cut off, durably, before another may be written: so no remains of it can ever lie
 * behind a later record. */
static enum accord_status give_up(struct accord_journal *journal, int negative_errno, struct accord_error *error)
{
    const struct accord_fs *fs = journal->fs;
    int cut = fs->truncate(fs->context, journal->handle, journal->end);
    int synced = cut < 0 ? 0 : fs->sync(fs->context, journal->handle);
    journal->broken = journal->broken || cut < 0 || synced < 0;
    journal->sync_failed = journal->sync_failed || synced < 0;
    return accord_file_error(error, negative_errno, journal->path);
}

/* A small record is put together, to be written by one call once the one before it is durable. */
static bool gather(struct accord_journal *journal, struct accord_bytes entries)
{
    struct accord_buffer *record = &journal->record;
    record->size = 0;
    if (entries.size > GATHERED_SIZE_MAX ||
        accord_buffer_reserve(record, RECORD_HEADER_SIZE + GATHERED_SIZE_MAX + ACCORD_HASH_SIZE) != ACCORD_OK)
        return false;
    memcpy(record->data, journal->header, RECORD_HEADER_SIZE);
    memcpy(record->data + RECORD_HEADER_SIZE, entries.data, entries.size);
    record->size = RECORD_HEADER_SIZE + entries.size;
    return true;
}

static int64_t write_record(struct accord_journal *journal, const uint8_t root[ACCORD_HASH_SIZE])
{
    const struct accord_fs *fs = journal->fs;
    struct accord_buffer *record = &journal->record;
    if (journal->gathered) {
        memcpy(record->data + record->size, root, ACCORD_HASH_SIZE);
        return fs->write_at(fs->context, journal->handle, record->data, record->size + ACCORD_HASH_SIZE, journal->end);
    }
    int64_t put = fs->write_at(fs->context, journal->handle, journal->header, sizeof journal->header, journal->end);
    return put < 0 ? put : fs->write_at(fs->context, journal->handle, root, ACCORD_HASH_SIZE, journal->next);
}

enum accord_status accord_journal_stage(struct accord_journal *journal, uint64_t first, uint64_t count,
                                        struct accord_bytes entries, struct accord_error *error)
{
    if (journal->broken)
        return fail(journal, error, ACCORD_IO, ACCORD_LITERAL("an earlier write failed: open the log again"));
    const struct accord_fs *fs = journal->fs;
    uint64_t at = journal->begun + RECORD_HEADER_SIZE;
    memcpy(journal->header, RECORD_MAGIC, RECORD_MAGIC_SIZE);
    put64(journal->header + RECORD_MAGIC_SIZE, first);
    put64(journal->header + RECORD_MAGIC_SIZE + 8, count);
    put64(journal->header + RECORD_MAGIC_SIZE + 16, entries.size);
    journal->gathered = gather(journal, entries);
    if (journal->gathered) {
        journal->next = at + entries.size;
        return ACCORD_OK;
    }
    int64_t put = fs->write_at(fs->context, journal->handle, entries.data, entries.size, at);
    if (put < 0) {
        if (accord_journal_commit_wait(journal, error) != ACCORD_OK)
            return ACCORD_IO;
        return give_up(journal, (int)put, error);
    }
    journal->next = at + entries.size;
    return ACCORD_OK;
}

/* Makes the record durable; its bytes will not be read soon. */
static int sync_record(void *context)
{
    struct accord_journal *journal = context;
    const struct accord_fs *fs = journal->fs;
    uint64_t size = journal->begun - journal->end;
    int result = fs->sync(fs->context, journal->handle);
    if (result >= 0 && size >= FORGET_SIZE_MIN)
        fs->forget(fs->context, journal->handle, journal->end, size);
    return result;
}

enum accord_status accord_journal_commit_begin(struct accord_journal *journal, const uint8_t root[ACCORD_HASH_SIZE],
                                               bool behind, struct accord_error *error)
{
    int64_t put = write_record(journal, root);
    if (put < 0)
        return give_up(journal, (int)put, error);
    journal->next += ACCORD_HASH_SIZE;
    journal->begun = journal->next;
    journal->behind = behind;
    if (behind)
        accord_worker_begin(journal->worker, sync_record, journal);
    return ACCORD_OK;
}

/* After a sync that failed nobody knows what the disk holds, and a second one that succeeds would not tell. */
enum accord_status accord_journal_commit_wait(struct accord_journal *journal, struct accord_error *error)
{
    const struct accord_fs *fs = journal->fs;
    if (journal->begun != journal->end && journal->failed == 0) {
        int result = journal->behind ? accord_worker_wait(journal->worker) : fs->sync(fs->context, journal->handle);
        journal->failed = result < 0 ? result : 0;
        journal->broken = journal->broken || result < 0;
        journal->sync_failed = journal->sync_failed || result < 0;
    }
    if (journal->failed < 0)
        return accord_file_error(error, journal->failed, journal->path);
    journal->end = journal->begun;
    return ACCORD_OK;
}
