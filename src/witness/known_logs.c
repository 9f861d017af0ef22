/* Known logs: their texts in one arena, a table over the hashes of their origins, and nothing else, so that many cost
 * little; a key is parsed when it is asked for. Knows how lists of logs are written; refuses to know what the keys are
 * used for. */
#include "witness/known_logs.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define ARENA_MAX (UINT32_MAX - 65536)
#define TABLE_LEAST 64
#define URL_SIZE_MAX 2048
#define VKEY_SIZE_MAX 4096

/* In the arena, from offset on: the origin, the URL, the keys; each behind its length, and the keys behind their
 * number. */
struct accord_logs {
    atomic_uint holders;
    const struct accord_crypto *crypto;
    struct accord_buffer arena;
    uint32_t *offsets; /* of each log */
    size_t count, room;
    size_t sealed; /* the first so many get no further key */
    uint32_t
        *table; /* a log's place and one, by its origin's hash; 0 is free; a power of two, never more than half full
                 */
    size_t table_size;
};

static void hash_origin(const struct accord_logs *logs, struct accord_bytes origin, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha;
    logs->crypto->sha256_init(&sha);
    logs->crypto->sha256_update(&sha, origin.data, origin.size);
    logs->crypto->sha256_final(&sha, hash);
}

/* The arena */

static struct accord_bytes field_at(const struct accord_logs *logs, size_t *at)
{
    const uint8_t *data = logs->arena.data + *at;
    struct accord_bytes field = {data + 2, (size_t)data[0] << 8 | data[1]};
    *at += 2 + field.size;
    return field;
}

static enum accord_status put_field(struct accord_logs *logs, struct accord_bytes field)
{
    const uint8_t size[2] = {(uint8_t)(field.size >> 8), (uint8_t)field.size};
    enum accord_status status = accord_buffer_append(&logs->arena, (struct accord_bytes){size, sizeof size});
    return status == ACCORD_OK ? accord_buffer_append(&logs->arena, field) : status;
}

struct record {
    struct accord_bytes origin, url;
    size_t key_count;
    struct accord_bytes keys[ACCORD_LOG_KEYS_MAX];
};

static void read_record(const struct accord_logs *logs, size_t log, struct record *record)
{
    size_t at = logs->offsets[log];
    record->origin = field_at(logs, &at);
    record->url = field_at(logs, &at);
    record->key_count = logs->arena.data[at++];
    for (size_t i = 0; i < record->key_count; i++)
        record->keys[i] = field_at(logs, &at);
}

/* A record's slices may be in the arena, which moves when it grows: so room is made before they are taken. */
static enum accord_status write_record(struct accord_logs *logs, struct record *record, uint32_t *offset)
{
    uint8_t key_count = (uint8_t)record->key_count;
    size_t size = 5 + record->origin.size + record->url.size;
    for (size_t i = 0; i < record->key_count; i++)
        size += 2 + record->keys[i].size;
    struct accord_bytes *const parts[] = {&record->origin, &record->url};
    const uint8_t *before = logs->arena.data, *end = before + logs->arena.size;
    enum accord_status status = accord_buffer_reserve(&logs->arena, size);
    for (size_t i = 0; i < 2 + record->key_count; i++) {
        struct accord_bytes *part = i < 2 ? parts[i] : &record->keys[i - 2];
        if (before != NULL && part->data >= before && part->data < end)
            part->data = logs->arena.data + (part->data - before);
    }
    *offset = (uint32_t)logs->arena.size;
    if (status == ACCORD_OK)
        status = put_field(logs, record->origin);
    if (status == ACCORD_OK)
        status = put_field(logs, record->url);
    if (status == ACCORD_OK)
        status = accord_buffer_append(&logs->arena, (struct accord_bytes){&key_count, 1});
    for (size_t i = 0; status == ACCORD_OK && i < record->key_count; i++)
        status = put_field(logs, record->keys[i]);
    return status;
}

/* The table */

static struct accord_bytes origin_of(const struct accord_logs *logs, size_t log)
{
    size_t at = logs->offsets[log];
    return field_at(logs, &at);
}

static size_t slot_of(const struct accord_logs *logs, const uint8_t hash[ACCORD_HASH_SIZE])
{
    uint64_t start;
    memcpy(&start, hash, sizeof start);
    return (size_t)start & (logs->table_size - 1);
}

/* The log's place; logs->count where it is not there. Origins whose hashes begin alike are told apart by the rest. */
static size_t find(const struct accord_logs *logs, const uint8_t hash[ACCORD_HASH_SIZE])
{
    if (logs->table_size == 0)
        return logs->count;
    for (size_t slot = slot_of(logs, hash); logs->table[slot] != 0; slot = (slot + 1) & (logs->table_size - 1)) {
        uint8_t other[ACCORD_HASH_SIZE];
        size_t log = logs->table[slot] - 1;
        hash_origin(logs, origin_of(logs, log), other);
        if (memcmp(other, hash, sizeof other) == 0)
            return log;
    }
    return logs->count;
}

static void enter(struct accord_logs *logs, size_t log)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    hash_origin(logs, origin_of(logs, log), hash);
    size_t slot = slot_of(logs, hash);
    while (logs->table[slot] != 0)
        slot = (slot + 1) & (logs->table_size - 1);
    logs->table[slot] = (uint32_t)log + 1;
}

/* Room for one more log. */
static enum accord_status make_room(struct accord_logs *logs)
{
    if (logs->count == ACCORD_LOGS_MAX)
        return ACCORD_TOO_LARGE;
    if (logs->count == logs->room) {
        size_t room = logs->room == 0 ? TABLE_LEAST / 2 : logs->room * 2;
        uint32_t *offsets = realloc(logs->offsets, room * sizeof *offsets);
        if (offsets == NULL)
            return ACCORD_NO_MEMORY;
        logs->offsets = offsets;
        logs->room = room;
    }
    if (logs->table_size >= 2 * logs->room)
        return ACCORD_OK;
    uint32_t *table = calloc(2 * logs->room, sizeof *table);
    if (table == NULL)
        return ACCORD_NO_MEMORY;
    free(logs->table);
    logs->table = table;
    logs->table_size = 2 * logs->room;
    for (size_t i = 0; i < logs->count; i++)
        enter(logs, i);
    return ACCORD_OK;
}

/* Adding */

enum accord_status accord_logs_new(struct accord_logs **out, const struct accord_crypto *crypto,
                                   struct accord_error *error)
{
    struct accord_logs *logs = calloc(1, sizeof *logs);
    *out = logs;
    if (logs == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    logs->holders = 1;
    logs->crypto = crypto;
    accord_buffer_init(&logs->arena, ARENA_MAX);
    return ACCORD_OK;
}

struct accord_logs *accord_logs_keep(struct accord_logs *logs)
{
    atomic_fetch_add(&logs->holders, 1);
    return logs;
}

void accord_logs_free(struct accord_logs *logs)
{
    if (logs == NULL || atomic_fetch_sub(&logs->holders, 1) > 1)
        return;
    accord_buffer_free(&logs->arena);
    free(logs->offsets);
    free(logs->table);
    free(logs);
}

static enum accord_status add_new(struct accord_logs *logs, struct record *record)
{
    uint32_t offset;
    enum accord_status status = make_room(logs);
    if (status == ACCORD_OK)
        status = write_record(logs, record, &offset);
    if (status != ACCORD_OK)
        return status;
    logs->offsets[logs->count] = offset;
    enter(logs, logs->count++);
    return ACCORD_OK;
}

/* A log that is there: gets a key or a URL that it had not. What its record was stays behind in the arena, which is
 * read once. */
static enum accord_status add_to(struct accord_logs *logs, size_t log, const struct record *more)
{
    struct record record;
    read_record(logs, log, &record);
    bool known = false, url = record.url.size == 0 && more->url.size > 0;
    for (size_t i = 0; i < record.key_count; i++)
        known = known || accord_bytes_equal(record.keys[i], more->keys[0]);
    bool closed = !known && log < logs->sealed;
    if (closed || (known && !url))
        return ACCORD_OK;
    if (!known && record.key_count == ACCORD_LOG_KEYS_MAX)
        return ACCORD_TOO_LARGE;
    if (!known)
        record.keys[record.key_count++] = more->keys[0];
    if (url)
        record.url = more->url;
    uint32_t offset;
    enum accord_status status = write_record(logs, &record, &offset);
    if (status == ACCORD_OK)
        logs->offsets[log] = offset;
    return status;
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *what, uint64_t line,
                                 struct accord_bytes found)
{
    accord_fail(error, status, line);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)what, strlen(what)});
    accord_error_found(error, found);
    return status;
}

/* "MUST NOT" be a witness's key: what a log signs is its checkpoint, as type 0x01 or 0x06 do (tlog-checkpoint). */
static enum accord_status check_vkey(const struct accord_logs *logs, struct accord_bytes text, uint64_t line,
                                     struct accord_vkey *vkey, struct accord_error *error)
{
    if (text.size > VKEY_SIZE_MAX)
        return refuse(error, ACCORD_TOO_LARGE, "a known log's vkey", line, text);
    enum accord_status status = accord_vkey_parse(vkey, text, logs->crypto, error);
    if (status == ACCORD_OK && vkey->type == ACCORD_KEY_COSIGNATURE_ED25519)
        return refuse(error, ACCORD_KEY_TYPE, "a known log's vkey", line, text);
    if (status != ACCORD_OK && error != NULL)
        error->line = line;
    return status;
}

/* origin.data is NULL where it is the key's name. */
static enum accord_status add(struct accord_logs *logs, struct accord_bytes origin, struct accord_bytes vkey_text,
                              struct accord_bytes url, uint64_t line, struct accord_error *error)
{
    struct accord_vkey vkey;
    enum accord_status status = check_vkey(logs, vkey_text, line, &vkey, error);
    if (status != ACCORD_OK)
        return status;
    if (url.size > URL_SIZE_MAX)
        return refuse(error, ACCORD_TOO_LARGE, "a known log's URL", line, url);
    struct record record = {.origin = origin.data == NULL ? vkey.name : origin, .url = url, .key_count = 1};
    record.keys[0] = vkey_text;
    if (record.origin.size == 0 || record.origin.size > ACCORD_KEY_NAME_SIZE_MAX)
        return refuse(error, ACCORD_MALFORMED, "a known log's origin", line, record.origin);
    uint8_t hash[ACCORD_HASH_SIZE];
    hash_origin(logs, record.origin, hash);
    size_t log = find(logs, hash);
    status = log == logs->count ? add_new(logs, &record) : add_to(logs, log, &record);
    return status == ACCORD_OK ? ACCORD_OK : refuse(error, status, "known logs", line, vkey_text);
}

enum accord_status accord_logs_add(struct accord_logs *logs, struct accord_bytes vkey, struct accord_bytes url,
                                   struct accord_error *error)
{
    return add(logs, (struct accord_bytes){NULL, 0}, vkey, url, 0, error);
}

void accord_logs_seal(struct accord_logs *logs)
{
    logs->sealed = logs->count;
}

/* Lists */

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool cut_word(struct accord_bytes *rest, struct accord_bytes *word)
{
    while (rest->size > 0 && is_blank(rest->data[0])) {
        rest->data++;
        rest->size--;
    }
    *word = (struct accord_bytes){rest->data, 0};
    while (word->size < rest->size && !is_blank(rest->data[word->size]))
        word->size++;
    rest->data += word->size;
    rest->size -= word->size;
    return word->size > 0;
}

/* Where a list is, and in the witness network's form the log whose lines these are. */
struct list {
    struct accord_logs *logs;
    struct accord_error *error;
    uint64_t line;
    bool network; /* logs/v0 */
    bool begun;   /* its first line that says something was there */
    struct accord_bytes vkey, origin;
    uint64_t vkey_line;
};

static bool is(struct accord_bytes word, const char *text)
{
    return accord_bytes_equal(word, (struct accord_bytes){(const uint8_t *)text, strlen(text)});
}

static enum accord_status add_pending(struct list *list)
{
    static const struct accord_bytes none = {NULL, 0};
    struct accord_bytes vkey = list->vkey, origin = list->origin;
    list->vkey = list->origin = none;
    return vkey.data == NULL ? ACCORD_OK : add(list->logs, origin, vkey, none, list->vkey_line, list->error);
}

static enum accord_status take_network_line(struct list *list, struct accord_bytes word, struct accord_bytes rest)
{
    struct accord_bytes value;
    enum accord_status status = ACCORD_OK;
    if (is(word, "vkey")) {
        status = add_pending(list);
        if (!cut_word(&rest, &value))
            return refuse(list->error, ACCORD_MALFORMED, "vkey", list->line, word);
        list->vkey = value;
        list->vkey_line = list->line;
    } else if (list->vkey.data == NULL) {
        return refuse(list->error, ACCORD_MALFORMED, "a line before any vkey", list->line, word);
    } else if (is(word, "origin")) {
        if (!cut_word(&rest, &value))
            return refuse(list->error, ACCORD_MALFORMED, "origin", list->line, word);
        list->origin = value;
    }
    return status;
}

static enum accord_status take_policy_line(struct list *list, struct accord_bytes word, struct accord_bytes rest)
{
    struct accord_bytes vkey, url, more;
    if (is(word, "witness") || is(word, "group") || is(word, "quorum"))
        return ACCORD_OK;
    if (!is(word, "log"))
        return refuse(list->error, ACCORD_UNKNOWN_FIELD, "a list of logs", list->line, word);
    if (!cut_word(&rest, &vkey))
        return refuse(list->error, ACCORD_MALFORMED, "log VKEY [URL]", list->line, word);
    (void)cut_word(&rest, &url);
    if (cut_word(&rest, &more))
        return refuse(list->error, ACCORD_MALFORMED, "log VKEY [URL]", list->line, more);
    return add(list->logs, (struct accord_bytes){NULL, 0}, vkey, url, list->line, list->error);
}

static enum accord_status take_line(struct list *list, struct accord_bytes line)
{
    struct accord_bytes word;
    if (!cut_word(&line, &word) || word.data[0] == '#')
        return ACCORD_OK;
    if (!list->begun && is(word, "logs/v0")) {
        list->network = list->begun = true;
        return ACCORD_OK;
    }
    list->begun = true;
    return list->network ? take_network_line(list, word, line) : take_policy_line(list, word, line);
}

enum accord_status accord_logs_add_list(struct accord_logs *logs, struct accord_bytes text, struct accord_error *error)
{
    struct list list = {.logs = logs, .error = error};
    struct accord_bytes line;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && text.size > 0) {
        list.line++;
        if (!accord_cut_line(&text, &line)) {
            line = text;
            text.size = 0;
        }
        status = take_line(&list, line);
    }
    return status == ACCORD_OK ? add_pending(&list) : status;
}

/* Asking */

size_t accord_logs_count(const struct accord_logs *logs)
{
    return logs->count;
}

void accord_logs_at(const struct accord_logs *logs, size_t at, struct accord_known_log *log)
{
    struct record record;
    read_record(logs, at, &record);
    log->origin = record.origin;
    log->url = record.url;
    log->key_count = record.key_count;
    hash_origin(logs, record.origin, log->origin_hash);
    for (size_t i = 0; i < record.key_count; i++)
        if (accord_vkey_parse(&log->keys[i], record.keys[i], logs->crypto, NULL) != ACCORD_OK)
            abort();
}

bool accord_logs_find_hash(const struct accord_logs *logs, const uint8_t origin_hash[ACCORD_HASH_SIZE],
                           struct accord_known_log *log)
{
    size_t at = find(logs, origin_hash);
    if (at == logs->count)
        return false;
    accord_logs_at(logs, at, log);
    return true;
}

bool accord_logs_find(const struct accord_logs *logs, struct accord_bytes origin, struct accord_known_log *log)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    hash_origin(logs, origin, hash);
    return accord_logs_find_hash(logs, hash, log);
}

static const struct accord_vkey *find_keys(void *context, struct accord_bytes origin, size_t *count)
{
    struct accord_logs_finder *finder = context;
    bool found = accord_logs_find(finder->logs, origin, &finder->found);
    *count = found ? finder->found.key_count : 0;
    return finder->found.keys;
}

struct accord_known_logs accord_logs_lookup(struct accord_logs_finder *finder)
{
    return (struct accord_known_logs){finder, find_keys};
}
