/* Taking stock of a directory, in two rounds: the first finds what might open something, the second tells what each
 * file is and whether the host could read it. Memory is one buffer and the keys; a file is opened once a round, without
 * waiting for it and without following a link, and what is no plain file is not opened at all. */
#include "custody/custody.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accord/bundle.h"
#include "accord/checkpoint.h"
#include "age/small.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "custody/opening.h"
#include "custody/walk.h"

#define HEAD_SIZE (1 << 20)
#define ALL_SIZE ACCORD_BUNDLE_FILE_SIZE_MAX
#define SEALED_KEY_SIZE_MAX 4096 /* what is encrypted to a passphrase and larger than that is no key */
#define PASSPHRASE_FILE_MAX 1024

#define CODE(name, code, phrase) code,
#define PHRASE(name, code, phrase) phrase,
static const char *const codes[] = {ACCORD_CUSTODY_SIGHT_LIST(CODE)};
static const char *const phrases[] = {ACCORD_CUSTODY_SIGHT_LIST(PHRASE)};

const char *accord_custody_sight_code(enum accord_custody_sight sight)
{
    return codes[sight];
}

const char *accord_custody_sight_phrase(enum accord_custody_sight sight)
{
    return phrases[sight];
}

struct round {
    const struct accord_crypto *crypto;
    const char *dir;
    struct accord_custody *custody;
    struct accord_opening *opening;
    enum accord_status (*each)(void *context, const struct accord_custody_item *item, struct accord_error *error);
    void *context;
    bool first;      /* of the two rounds */
    uint8_t *buffer; /* ALL_SIZE, of which what is not used is not there */
    /* The log whose checkpoint was read last, and the size that it signs. */
    char log[ACCORD_WALK_PATH_SIZE];
    bool has_log, log_is_signed;
    uint64_t log_size;
};

/* Reading */

static bool read_all(int handle, uint8_t *data, size_t size, uint64_t offset, size_t *got)
{
    for (*got = 0; *got < size;) {
        ssize_t count = pread(handle, data + *got, size - *got, (off_t)(offset + *got));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0;
        }
        *got += (size_t)count;
    }
    return true;
}

/* A plain file, or -1: a name may have become something else since it was listed. */
static int open_plain(int directory, const char *name, uint64_t *size)
{
    struct stat status;
    int handle = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (handle >= 0 && (fstat(handle, &status) != 0 || !S_ISREG(status.st_mode))) {
        (void)close(handle);
        errno = EINVAL;
        handle = -1;
    }
    if (handle >= 0) {
        *size = (uint64_t)status.st_size;
    }
    return handle;
}

static bool read_head(struct round *round, int handle, uint64_t size, struct accord_bytes *head)
{
    size_t got, wanted = size < HEAD_SIZE ? (size_t)size : HEAD_SIZE;
    if (!read_all(handle, round->buffer, wanted, 0, &got)) {
        return false;
    }
    *head = (struct accord_bytes){round->buffer, got};
    if (size > HEAD_SIZE && size <= ALL_SIZE && accord_custody_wants_all(*head)) {
        if (!read_all(handle, round->buffer, (size_t)size, 0, &got)) {
            return false;
        }
        head->size = got;
    }
    return true;
}

/* Where it lies, for kind.c: below the directory that was asked for. */
static const char *below(const struct round *round, const char *path)
{
    size_t size = strlen(round->dir);
    while (size > 0 && round->dir[size - 1] == '/') {
        size--;
    }
    return strncmp(path, round->dir, size) == 0 && path[size] == '/' ? path + size + 1 : path;
}

/* Trees */

/* Reads the checkpoint of the log in this directory: what it commits to is published, and nothing else. */
static void know_log(struct round *round, struct accord_bytes directory)
{
    char path[ACCORD_WALK_PATH_SIZE + 16];
    struct accord_checkpoint_claim claim;
    struct accord_buffer note;
    uint64_t size;
    size_t got = 0;
    if (round->has_log && directory.size == strlen(round->log) &&
        memcmp(directory.data, round->log, directory.size) == 0) {
        return;
    }
    (void)snprintf(round->log, sizeof round->log, "%.*s", (int)directory.size, (const char *)directory.data);
    (void)snprintf(path, sizeof path, "%s/checkpoint", round->log);
    round->has_log = true;
    round->log_is_signed = false;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    int handle = open_plain(AT_FDCWD, path, &size);
    if (handle >= 0 && size <= ACCORD_NOTE_SIZE_MAX && accord_buffer_reserve(&note, (size_t)size + 1) == ACCORD_OK &&
        read_all(handle, note.data, (size_t)size, 0, &got) &&
        accord_checkpoint_parse(&claim, (struct accord_bytes){note.data, got}, NULL) == ACCORD_OK) {
        round->log_is_signed = true;
        round->log_size = claim.size;
    }
    if (handle >= 0) {
        (void)close(handle);
    }
    accord_buffer_free(&note);
}

/* Exactly as many entries as the name says, each with its length before it, and nothing after the last. */
static bool is_bundle(struct round *round, int handle, uint64_t size, unsigned width)
{
    uint64_t skip = 0;
    unsigned entries = 0, length = 0, digits = 0;
    size_t got;
    for (uint64_t offset = 0; offset < size; offset += got) {
        if (!read_all(handle, round->buffer, HEAD_SIZE, offset, &got) || got == 0) {
            return false;
        }
        for (size_t at = 0; at < got;) {
            if (skip > 0) {
                size_t left = got - at, step = skip < left ? (size_t)skip : left;
                skip -= step;
                at += step;
                continue;
            }
            length = length << 8 | round->buffer[at++];
            if (++digits == 2) {
                skip = length;
                length = digits = 0;
                entries++;
            }
        }
        if (entries > width) {
            return false;
        }
    }
    return entries == width && skip == 0 && digits == 0;
}

static void judge_tile(struct round *round, const struct accord_custody_verdict *verdict, struct accord_bytes directory,
                       int handle, struct accord_custody_item *item)
{
    const struct accord_tile *tile = &verdict->tile;
    bool shaped = tile->entries ? is_bundle(round, handle, item->size, tile->width)
                                : item->size == (uint64_t)tile->width * ACCORD_HASH_SIZE;
    know_log(round, directory);
    item->sight = ACCORD_CUSTODY_SIGHT_CLEAR;
    if (!shaped) {
        item->kind = ACCORD_CUSTODY_UNKNOWN;
        item->why = "named like a part of a log's tree, but not of its shape";
    } else if (verdict->below_private) {
        item->why = "part of a log's tree, in a private directory";
    } else if (!round->log_is_signed) {
        item->why = "part of a log's tree, without a checkpoint";
    } else if (tile->width > accord_tile_width(tile->level, tile->index, round->log_size)) {
        item->why = "part of a log's tree that its checkpoint does not sign yet";
    } else {
        item->sight = ACCORD_CUSTODY_SIGHT_PUBLIC;
    }
}

/* What is encrypted */

static enum accord_custody_sight sight_of(enum accord_opened opened)
{
    return opened == ACCORD_OPENED           ? ACCORD_CUSTODY_SIGHT_OPENS
           : opened == ACCORD_OPENED_UNTRIED ? ACCORD_CUSTODY_SIGHT_UNTRIED
                                             : ACCORD_CUSTODY_SIGHT_SEALED;
}

/* The header, out of armor that may be cut off where reading ended: its whole lines will do. */
static bool read_age(struct accord_bytes head, bool whole, struct accord_buffer *binary,
                     struct accord_age_header *header)
{
    static const char end[] = "-----END AGE ENCRYPTED FILE-----\n";
    struct accord_bytes rest = head, line;
    struct accord_buffer text;
    accord_buffer_init(&text, HEAD_SIZE + sizeof end);
    enum accord_status status = ACCORD_OK;
    if (!whole && accord_cut_prefix(&rest, ACCORD_LITERAL("-----BEGIN AGE "))) {
        rest = head;
        while (status == ACCORD_OK && accord_cut_line(&rest, &line)) {
            status = accord_buffer_append(&text, (struct accord_bytes){line.data, line.size + 1});
        }
        if (status == ACCORD_OK) {
            status = accord_buffer_append(&text, (struct accord_bytes){(const uint8_t *)end, sizeof end - 1});
        }
        head = accord_buffer_bytes(&text);
    }
    if (status == ACCORD_OK) {
        status = accord_age_unarmor(head, binary, NULL);
    }
    if (status == ACCORD_OK) {
        status = accord_age_header_parse(header, accord_buffer_bytes(binary), NULL);
    }
    accord_buffer_free(&text);
    return status == ACCORD_OK;
}

static void judge_age(struct round *round, struct accord_bytes head, struct accord_custody_item *item)
{
    struct accord_buffer binary;
    struct accord_age_header header;
    accord_buffer_init(&binary, HEAD_SIZE);
    if (!read_age(head, head.size == item->size, &binary, &header)) {
        item->kind = ACCORD_CUSTODY_UNKNOWN;
        item->why = "begins as an encrypted file of age, and its header cannot be read";
    } else {
        item->x25519 = header.x25519;
        item->scrypt = header.scrypt;
        item->other = header.other;
        if (header.scrypt == 1 && header.x25519 + header.other == 0 && item->size <= SEALED_KEY_SIZE_MAX) {
            item->kind = ACCORD_CUSTODY_SEALED_KEY;
        }
        item->sight = sight_of(accord_opening_opens(round->opening, item->path, &header));
    }
    accord_buffer_free(&binary);
}

/* The two rounds */

static bool is_text(struct accord_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] < ' ' && memchr("\t\n\r", bytes.data[i], 3) == NULL) {
            return false;
        }
    }
    return bytes.size > 0;
}

/* A key opens what it opens, whatever file it stands in: also one that is a state, a document or encrypted itself. */
static void collect(struct round *round, const struct accord_custody_verdict *verdict,
                    const struct accord_custody_item *item, struct accord_bytes head)
{
    if (verdict->clear_key || accord_opening_is_key(head)) {
        accord_opening_key(round->opening, head);
    }
    if (verdict->is_age && item->size <= ACCORD_OPENING_FILE_MAX) {
        accord_opening_sealed(round->opening, item->path, head);
    } else if (verdict->kind == ACCORD_CUSTODY_SEALED_KEY) {
        accord_opening_sealed_other(round->opening);
    } else if (verdict->kind == ACCORD_CUSTODY_UNKNOWN && item->size <= PASSPHRASE_FILE_MAX && is_text(head)) {
        accord_opening_passphrase(round->opening, head);
    }
    if ((verdict->kind == ACCORD_CUSTODY_UNKNOWN || verdict->kind == ACCORD_CUSTODY_SEALED_KEY) &&
        head.size < item->size) {
        accord_opening_unread(round->opening);
    }
}

/* A file beside a state, by its name: is there a state with the rest of the name? */
static bool has_state(const char *path, size_t size)
{
    char name[ACCORD_WALK_PATH_SIZE];
    uint8_t head[128];
    uint64_t file_size;
    size_t got = 0;
    (void)snprintf(name, sizeof name, "%.*s", (int)size, path);
    int handle = open_plain(AT_FDCWD, name, &file_size);
    bool is = handle >= 0 && read_all(handle, head, sizeof head, 0, &got) &&
              accord_custody_is_state((struct accord_bytes){head, got});
    if (handle >= 0) {
        (void)close(handle);
    }
    return is;
}

static void judge(struct round *round, const struct accord_custody_verdict *verdict, struct accord_bytes head,
                  int handle, struct accord_custody_item *item)
{
    const char *path = item->path;
    size_t before = (size_t)(below(round, path) - path);
    item->sight = ACCORD_CUSTODY_SIGHT_CLEAR;
    if (verdict->kind == ACCORD_CUSTODY_NOTHING) {
        item->sight = ACCORD_CUSTODY_SIGHT_NONE;
    } else if (verdict->is_tile) {
        judge_tile(round, verdict, (struct accord_bytes){(const uint8_t *)path, before + verdict->log_size}, handle,
                   item);
    } else if (verdict->is_age) {
        judge_age(round, head, item);
    } else if (verdict->kind == ACCORD_CUSTODY_SEALED_KEY) {
        item->sight = sight_of(accord_opening_other(round->opening));
    } else if (verdict->beside_state && !has_state(path, before + verdict->beside_size)) {
        item->kind = ACCORD_CUSTODY_UNKNOWN;
        item->why = "named like what lies beside a database, which is not there";
    } else if (verdict->is_checkpoint && !verdict->below_private) {
        item->sight = ACCORD_CUSTODY_SIGHT_PUBLIC;
    } else if (verdict->kind == ACCORD_CUSTODY_DOCUMENT && verdict->below_public) {
        item->sight = ACCORD_CUSTODY_SIGHT_PUBLIC;
    }
    if (item->kind == ACCORD_CUSTODY_UNKNOWN && accord_opening_is_passphrase(round->opening, head)) {
        item->kind = ACCORD_CUSTODY_KEY;
        item->why = "a passphrase: it opens something in here";
    } else if (item->kind == ACCORD_CUSTODY_UNKNOWN) {
        item->sight = ACCORD_CUSTODY_SIGHT_UNKNOWN;
    }
}

static enum accord_status add(struct round *round, const struct accord_custody_item *item, struct accord_error *error)
{
    struct accord_custody_sum *sum = &round->custody->rows[item->kind][item->sight];
    sum->files++;
    sum->bytes += item->size;
    round->custody->files++;
    round->custody->bytes += item->size;
    return round->each(round->context, item, error);
}

/* The directory that a file of ours names. */
static bool lead(struct accord_roam *roam, struct accord_bytes line)
{
    char path[ACCORD_WALK_PATH_SIZE];
    if (line.size == 0 || line.size > sizeof path) {
        return true;
    }
    (void)snprintf(path, sizeof path, "%.*s", (int)line.size - 1, (const char *)line.data);
    return path[0] != '/' || accord_roam_lead(roam, path);
}

/* Some file systems do not know the size of what they make up as it is read; and a file may grow. */
static bool is_empty(int handle)
{
    uint8_t byte;
    size_t got;
    return read_all(handle, &byte, 1, 0, &got) && got == 0;
}

/* Parts of trees are known by their names, and are read where their shape is asked for; of others the beginning is. */
static bool classify(struct round *round, int handle, struct accord_custody_item *item, struct accord_bytes *head,
                     struct accord_custody_verdict *verdict)
{
    struct accord_custody_look look = {below(round, item->path), item->size, *head};
    accord_custody_classify(round->crypto, &look, verdict);
    if (item->size == 0 && !is_empty(handle)) {
        verdict->kind = ACCORD_CUSTODY_UNKNOWN;
        verdict->why = "it says that it is empty, and is not";
        accord_opening_unread(round->opening);
    } else if (!verdict->is_tile && item->size > 0) {
        if (!read_head(round, handle, item->size, head)) {
            return false;
        }
        look.head = *head;
        accord_custody_classify(round->crypto, &look, verdict);
    }
    item->kind = verdict->kind;
    item->why = verdict->why;
    return true;
}

static enum accord_status look_at(struct round *round, struct accord_roam *roam, const struct accord_walk_found *found,
                                  struct accord_error *error)
{
    struct accord_custody_item item = {
        .path = found->path, .kind = ACCORD_CUSTODY_UNKNOWN, .sight = ACCORD_CUSTODY_SIGHT_UNKNOWN};
    struct accord_custody_verdict verdict;
    struct accord_bytes head = {NULL, 0};
    int handle = open_plain(found->directory, found->name, &item.size);
    if (handle < 0 || !classify(round, handle, &item, &head, &verdict)) {
        item.size = (uint64_t)found->status->st_size;
        item.why = strerror(errno);
        accord_opening_unread(round->opening);
    } else {
        if (verdict.leads && !lead(roam, head)) {
            item.kind = ACCORD_CUSTODY_UNKNOWN;
            item.why = "it names a directory that is not looked into";
        }
        if (round->first) {
            collect(round, &verdict, &item, head);
        } else {
            judge(round, &verdict, head, handle, &item);
        }
    }
    if (handle >= 0) {
        (void)close(handle);
    }
    return round->first ? ACCORD_OK : add(round, &item, error);
}

/* What is no plain file. */
static enum accord_status note(struct round *round, const struct accord_walk_found *found, struct accord_error *error)
{
    struct accord_custody_item item = {
        .path = found->path, .kind = ACCORD_CUSTODY_UNKNOWN, .sight = ACCORD_CUSTODY_SIGHT_UNKNOWN};
    bool empty =
        found->what == ACCORD_WALK_DANGLING ||
        (found->what == ACCORD_WALK_FILE && (S_ISFIFO(found->status->st_mode) || S_ISSOCK(found->status->st_mode)));
    if (empty) {
        item.kind = ACCORD_CUSTODY_NOTHING;
        item.sight = ACCORD_CUSTODY_SIGHT_NONE;
    } else if (round->first) {
        accord_opening_unread(round->opening);
    } else if (found->what == ACCORD_WALK_FILE) {
        item.why = "a device: what lies behind it is not looked at";
    } else if (found->what == ACCORD_WALK_UNREADABLE) {
        item.why = strerror(found->errno_value);
    } else if (found->what == ACCORD_WALK_TOO_DEEP) {
        item.why = "too deep: not looked into";
    } else {
        item.why = "a link that is not followed: to a directory that holds this one, or not to files, or too many";
    }
    return round->first ? ACCORD_OK : add(round, &item, error);
}

static enum accord_status meet(void *context, struct accord_roam *roam, const struct accord_walk_found *found,
                               struct accord_error *error)
{
    struct round *round = context;
    if (found->what == ACCORD_WALK_FILE && S_ISREG(found->status->st_mode)) {
        return look_at(round, roam, found, error);
    }
    return note(round, found, error);
}

enum accord_status accord_custody_take(const struct accord_crypto *crypto, const char *dir,
                                       struct accord_custody *custody,
                                       enum accord_status (*each)(void *context, const struct accord_custody_item *item,
                                                                  struct accord_error *error),
                                       void *context, struct accord_error *error)
{
    struct round round = {.crypto = crypto,
                          .dir = dir,
                          .custody = custody,
                          .opening = accord_opening_new(),
                          .each = each,
                          .context = context,
                          .first = true,
                          .buffer = malloc(ALL_SIZE)};
    memset(custody, 0, sizeof *custody);
    enum accord_status status =
        round.opening == NULL || round.buffer == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    if (status == ACCORD_OK) {
        status = accord_roam(dir, &round, meet, error);
    }
    if (status == ACCORD_OK) {
        accord_opening_try(round.opening);
        round.first = false;
        status = accord_roam(dir, &round, meet, error);
    }
    accord_opening_free(round.opening);
    if (round.buffer != NULL) {
        accord_wipe(round.buffer, HEAD_SIZE); /* keys were read into it */
    }
    free(round.buffer);
    return status;
}
