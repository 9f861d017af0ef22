/* A file system in memory with a crash model (sim_fs.h). Knows what is on the disk, what is pending, and how to decide
 * between them; refuses to know what a program writes. Each file is its present bytes, its bytes on the disk and the
 * list of calls between the two. */
#include "sim_fs.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_SIZE 512
#define HANDLE_COUNT 64
#define FIRST_HANDLE 1000 /* so that a handle is not mistaken for a descriptor */

enum fate { PENDING, SETTLED, ADRIFT };

struct content {
    uint8_t *data;
    size_t size, capacity;
};

/* A call that changed bytes: a write (data is not NULL) or a new size. */
struct change {
    enum fate fate;
    uint64_t offset; /* or the new size */
    size_t size;
    uint8_t *data;
};

struct name {
    char *text;
    struct inode *inode;
};

struct names {
    struct name *list;
    size_t count, capacity;
};

/* A call that changed names: `to` now means inode (or nothing, where it is NULL), and `from`, where it is not NULL, no
 * longer does. */
struct naming {
    char *from, *to;
    struct inode *inode;
};

struct inode {
    struct inode *next; /* in the list of all */
    bool directory;
    int locked_by; /* a handle, or 0 */
    struct content now, disk;
    struct change *changes;
    size_t change_count, change_capacity;
    struct names names_now, names_disk;
    struct naming *namings;
    size_t naming_count, naming_capacity;
};

struct handle {
    struct inode *inode; /* NULL where free */
    int how;
};

struct sim_fs {
    struct accord_fs port;
    pthread_mutex_t mutex;
    struct inode *all, *root;
    struct handle handles[HANDLE_COUNT];
    uint64_t changes, calls;
    uint64_t cut_at, fail_at; /* counter values, 0 never */
    int fail_error;
    bool fail_forever, failing, cut;
    uint64_t random;
};

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* A name, which may stand in a path that ends in slashes. */
static char *name_copy(const char *text)
{
    return text == NULL ? NULL : need(strndup(text, strcspn(text, "/")));
}

static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity == 0 ? 8 : *capacity * 2;
    return need(realloc(list, *capacity * size));
}

/* splitmix64 */
static uint64_t next_random(struct sim_fs *sim)
{
    uint64_t z = (sim->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Contents */

static void content_resize(struct content *content, uint64_t size)
{
    if (size > content->capacity) {
        size_t capacity = content->capacity * 2 > size ? content->capacity * 2 : (size_t)size;
        content->data = need(realloc(content->data, capacity));
        content->capacity = capacity;
    }
    if (size > content->size)
        memset(content->data + content->size, 0, (size_t)size - content->size);
    content->size = (size_t)size;
}

static void content_write(struct content *content, uint64_t offset, const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    if (offset + size > content->size)
        content_resize(content, offset + size);
    memcpy(content->data + offset, data, size);
}

static void change_apply(struct content *content, const struct change *change)
{
    if (change->data != NULL)
        content_write(content, change->offset, change->data, change->size);
    else
        content_resize(content, change->offset);
}

static void change_record(struct inode *inode, uint64_t offset, const uint8_t *data, size_t size)
{
    inode->changes = grow(inode->changes, inode->change_count, &inode->change_capacity, sizeof(struct change));
    struct change change = {PENDING, offset, size, NULL};
    if (data != NULL) {
        change.data = need(malloc(size == 0 ? 1 : size));
        memcpy(change.data, data, size);
    }
    change_apply(&inode->now, &change);
    inode->changes[inode->change_count++] = change;
}

static void changes_clear(struct inode *inode)
{
    for (size_t i = 0; i < inode->change_count; i++)
        free(inode->changes[i].data);
    inode->change_count = 0;
}

/* After a sync. What is adrift stays in the list, in its place, and so does what came after it. */
static void changes_settle(struct inode *inode, enum fate fate)
{
    bool adrift = false;
    for (size_t i = 0; i < inode->change_count; i++) {
        if (inode->changes[i].fate == PENDING)
            inode->changes[i].fate = fate;
        adrift = adrift || inode->changes[i].fate == ADRIFT;
    }
    if (adrift)
        return;
    for (size_t i = 0; i < inode->change_count; i++)
        change_apply(&inode->disk, &inode->changes[i]);
    changes_clear(inode);
}

/* Names */

static struct name *names_find(const struct names *names, const char *text, size_t size)
{
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->list[i].text) == size && memcmp(names->list[i].text, text, size) == 0)
            return &names->list[i];
    return NULL;
}

static void names_set(struct names *names, const char *text, struct inode *inode)
{
    struct name *name = names_find(names, text, strlen(text));
    if (inode == NULL && name != NULL) {
        free(name->text);
        *name = names->list[--names->count];
    } else if (inode != NULL && name != NULL) {
        name->inode = inode;
    } else if (inode != NULL) {
        names->list = grow(names->list, names->count, &names->capacity, sizeof(struct name));
        names->list[names->count++] = (struct name){need(strdup(text)), inode};
    }
}

static void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i].text);
    names->count = 0;
}

static void naming_apply(struct names *names, const struct naming *naming)
{
    if (naming->from != NULL) {
        const struct name *from = names_find(names, naming->from, strlen(naming->from));
        if (from != NULL && from->inode == naming->inode)
            names_set(names, naming->from, NULL);
    }
    names_set(names, naming->to, naming->inode);
}

static void naming_record(struct inode *directory, const char *from, const char *to, struct inode *inode)
{
    directory->namings =
        grow(directory->namings, directory->naming_count, &directory->naming_capacity, sizeof(struct naming));
    struct naming naming = {name_copy(from), name_copy(to), inode};
    naming_apply(&directory->names_now, &naming);
    directory->namings[directory->naming_count++] = naming;
}

static void namings_clear(struct inode *directory)
{
    for (size_t i = 0; i < directory->naming_count; i++) {
        free(directory->namings[i].from);
        free(directory->namings[i].to);
    }
    directory->naming_count = 0;
}

static void namings_settle(struct inode *directory)
{
    for (size_t i = 0; i < directory->naming_count; i++)
        naming_apply(&directory->names_disk, &directory->namings[i]);
    namings_clear(directory);
}

static struct inode *inode_new(struct sim_fs *sim, bool directory)
{
    struct inode *inode = need(calloc(1, sizeof *inode));
    inode->directory = directory;
    inode->next = sim->all;
    sim->all = inode;
    return inode;
}

static void inode_free(struct inode *inode)
{
    changes_clear(inode);
    namings_clear(inode);
    names_clear(&inode->names_now);
    names_clear(&inode->names_disk);
    free(inode->changes);
    free(inode->namings);
    free(inode->names_now.list);
    free(inode->names_disk.list);
    free(inode->now.data);
    free(inode->disk.data);
    free(inode);
}

/* Looks path up. *parent is the directory of its last name and *last that name (NULL for the root itself). Returns 0,
 * or -ENOENT or -ENOTDIR where a directory on the way is missing; *inode is NULL where only the last name is. */
static int look_up(struct sim_fs *sim, const char *path, struct inode **parent, const char **last, struct inode **inode)
{
    *parent = NULL;
    *last = NULL;
    *inode = sim->root;
    for (const char *at = path; *at != '\0';) {
        size_t size = strcspn(at, "/");
        if (size > 0 && !(size == 1 && at[0] == '.')) {
            if (*inode == NULL)
                return -ENOENT;
            if (!(*inode)->directory)
                return -ENOTDIR;
            *parent = *inode;
            *last = at;
            const struct name *name = names_find(&(*parent)->names_now, at, size);
            *inode = name == NULL ? NULL : name->inode;
        }
        at += size;
        while (*at == '/')
            at++;
    }
    return 0;
}

/* The gate that every call passes. Returns 1 where the call may go on; 2 where the power goes during it, so that it
 * must be recorded as pending and then answer -EIO; a negative errno where it fails. */
enum { GO_ON = 1, GO_DARK = 2 };

static int gate(struct sim_fs *sim, bool change, bool creates)
{
    if (sim->cut)
        return -EIO;
    sim->calls++;
    if (change)
        sim->changes++;
    if (sim->fail_at != 0 && sim->calls == sim->fail_at) {
        sim->failing = sim->fail_forever;
        return -sim->fail_error;
    }
    if (sim->failing && creates)
        return -sim->fail_error;
    if (change && sim->cut_at != 0 && sim->changes == sim->cut_at) {
        sim->cut = true;
        return GO_DARK;
    }
    return GO_ON;
}

static struct sim_fs *enter(void *context)
{
    struct sim_fs *sim = context;
    pthread_mutex_lock(&sim->mutex);
    return sim;
}

static int64_t leave(struct sim_fs *sim, int64_t result)
{
    pthread_mutex_unlock(&sim->mutex);
    return result;
}

static int leave_int(struct sim_fs *sim, int result)
{
    return (int)leave(sim, result);
}

static struct handle *handle_of(struct sim_fs *sim, int handle)
{
    int place = handle - FIRST_HANDLE;
    if (place < 0 || place >= HANDLE_COUNT || sim->handles[place].inode == NULL)
        return NULL;
    return &sim->handles[place];
}

/* The port */

static int handle_take(struct sim_fs *sim, struct inode *inode, int how)
{
    for (int i = 0; i < HANDLE_COUNT; i++) {
        if (sim->handles[i].inode == NULL) {
            sim->handles[i] = (struct handle){inode, how};
            return FIRST_HANDLE + i;
        }
    }
    return -EMFILE;
}

static int open_locked(struct sim_fs *sim, const char *path, int how)
{
    int go = gate(sim, (how & (ACCORD_OPEN_CREATE | ACCORD_OPEN_TRUNCATE)) != 0, (how & ACCORD_OPEN_CREATE) != 0);
    if (go < 0)
        return go;
    struct inode *parent, *inode;
    const char *last;
    int result = look_up(sim, path, &parent, &last, &inode);
    if (result != 0)
        return result;
    if (inode == NULL && (how & ACCORD_OPEN_CREATE) == 0)
        return -ENOENT;
    if (inode != NULL && (how & ACCORD_OPEN_EXCLUSIVE) != 0)
        return -EEXIST;
    if (inode != NULL && inode->directory)
        return -EISDIR;
    if (inode == NULL) {
        inode = inode_new(sim, false);
        naming_record(parent, NULL, last, inode);
    } else if ((how & ACCORD_OPEN_TRUNCATE) != 0) {
        change_record(inode, 0, NULL, 0);
    }
    return go == GO_DARK ? -EIO : handle_take(sim, inode, how);
}

static int sim_open(void *context, const char *path, int how, unsigned mode)
{
    (void)mode;
    struct sim_fs *sim = enter(context);
    return leave_int(sim, open_locked(sim, path, how));
}

static int sim_close(void *context, int number)
{
    struct sim_fs *sim = enter(context);
    struct handle *handle = handle_of(sim, number);
    if (handle == NULL)
        return leave_int(sim, sim->cut ? -EIO : -EBADF);
    if (handle->inode->locked_by == number)
        handle->inode->locked_by = 0;
    handle->inode = NULL;
    return leave_int(sim, sim->cut ? -EIO : 0);
}

static int64_t sim_read_at(void *context, int number, void *data, size_t size, uint64_t offset)
{
    struct sim_fs *sim = enter(context);
    int go = gate(sim, false, false);
    const struct handle *handle = handle_of(sim, number);
    if (go < 0)
        return leave(sim, go);
    if (handle == NULL || (handle->how & ACCORD_OPEN_READ) == 0)
        return leave(sim, -EBADF);
    const struct content *content = &handle->inode->now;
    if (offset >= content->size)
        return leave(sim, 0);
    size_t left = content->size - (size_t)offset;
    size_t got = size < left ? size : left;
    memcpy(data, content->data + offset, got);
    return leave(sim, (int64_t)got);
}

static int64_t sim_write_at(void *context, int number, const void *data, size_t size, uint64_t offset)
{
    struct sim_fs *sim = enter(context);
    bool was_cut = sim->cut;
    int go = gate(sim, true, true);
    struct handle *handle = handle_of(sim, number);
    if (handle == NULL || (handle->how & ACCORD_OPEN_WRITE) == 0)
        return leave(sim, was_cut ? -EIO : -EBADF);
    if (go < 0) {
        if (!was_cut && size > 1)
            change_record(handle->inode, offset, data, size / 2);
        return leave(sim, go);
    }
    change_record(handle->inode, offset, data, size);
    return leave(sim, go == GO_DARK ? -EIO : (int64_t)size);
}

static int64_t sim_size(void *context, int number)
{
    struct sim_fs *sim = enter(context);
    int go = gate(sim, false, false);
    const struct handle *handle = handle_of(sim, number);
    if (go < 0)
        return leave(sim, go);
    return leave(sim, handle == NULL ? -EBADF : (int64_t)handle->inode->now.size);
}

static int sim_truncate(void *context, int number, uint64_t size)
{
    struct sim_fs *sim = enter(context);
    int go = gate(sim, true, true);
    struct handle *handle = handle_of(sim, number);
    if (go < 0)
        return leave_int(sim, go);
    if (handle == NULL || (handle->how & ACCORD_OPEN_WRITE) == 0)
        return leave_int(sim, -EBADF);
    change_record(handle->inode, size, NULL, 0);
    return leave_int(sim, go == GO_DARK ? -EIO : 0);
}

/* What a sync that went through, failed or lost its power does to what was pending. */
static int settle_result(int go, bool was_cut, enum fate *fate)
{
    *fate = go == GO_ON ? SETTLED : go < 0 && !was_cut ? ADRIFT : PENDING;
    return go == GO_ON ? 0 : go == GO_DARK ? -EIO : go;
}

static int sim_sync(void *context, int number)
{
    struct sim_fs *sim = enter(context);
    bool was_cut = sim->cut;
    enum fate fate;
    int result = settle_result(gate(sim, true, true), was_cut, &fate);
    struct handle *handle = handle_of(sim, number);
    if (handle == NULL)
        return leave_int(sim, was_cut ? -EIO : -EBADF);
    changes_settle(handle->inode, fate);
    return leave_int(sim, result);
}

static int sim_sync_dir(void *context, const char *path)
{
    struct sim_fs *sim = enter(context);
    bool was_cut = sim->cut;
    enum fate fate;
    int result = settle_result(gate(sim, true, true), was_cut, &fate);
    struct inode *parent, *inode;
    const char *last;
    int looked = look_up(sim, path, &parent, &last, &inode);
    if (looked != 0 || inode == NULL)
        return leave_int(sim, looked != 0 ? looked : -ENOENT);
    if (!inode->directory)
        return leave_int(sim, -ENOTDIR);
    if (fate == SETTLED)
        namings_settle(inode);
    return leave_int(sim, result);
}

static int sim_sync_all(void *context, const char *path)
{
    (void)path;
    struct sim_fs *sim = enter(context);
    bool was_cut = sim->cut;
    enum fate fate;
    int result = settle_result(gate(sim, true, true), was_cut, &fate);
    for (struct inode *inode = sim->all; inode != NULL; inode = inode->next) {
        changes_settle(inode, fate);
        if (fate == SETTLED)
            namings_settle(inode);
    }
    return leave_int(sim, result);
}

static int rename_locked(struct sim_fs *sim, const char *from, const char *to)
{
    int go = gate(sim, true, false);
    if (go < 0)
        return go;
    struct inode *from_parent, *from_inode, *to_parent, *to_inode;
    const char *from_last, *to_last;
    int result = look_up(sim, from, &from_parent, &from_last, &from_inode);
    if (result == 0)
        result = look_up(sim, to, &to_parent, &to_last, &to_inode);
    if (result != 0)
        return result;
    if (from_inode == NULL || from_parent == NULL || to_parent == NULL)
        return -ENOENT;
    if (from_parent != to_parent)
        return -EXDEV;
    if (to_inode != NULL && to_inode->directory)
        return -EISDIR;
    if (from_inode != to_inode)
        naming_record(from_parent, from_last, to_last, from_inode);
    return go == GO_DARK ? -EIO : 0;
}

static int sim_rename(void *context, const char *from, const char *to)
{
    struct sim_fs *sim = enter(context);
    return leave_int(sim, rename_locked(sim, from, to));
}

static int remove_locked(struct sim_fs *sim, const char *path, bool directory)
{
    int go = gate(sim, true, false);
    if (go < 0)
        return go;
    struct inode *parent, *inode;
    const char *last;
    int result = look_up(sim, path, &parent, &last, &inode);
    if (result != 0)
        return result;
    if (inode == NULL || parent == NULL)
        return -ENOENT;
    if (inode->directory != directory)
        return directory ? -ENOTDIR : -EISDIR;
    if (directory && inode->names_now.count > 0)
        return -ENOTEMPTY;
    naming_record(parent, NULL, last, NULL);
    return go == GO_DARK ? -EIO : 0;
}

static int sim_unlink(void *context, const char *path)
{
    struct sim_fs *sim = enter(context);
    return leave_int(sim, remove_locked(sim, path, false));
}

static int sim_remove_dir(void *context, const char *path)
{
    struct sim_fs *sim = enter(context);
    return leave_int(sim, remove_locked(sim, path, true));
}

static int make_dir_locked(struct sim_fs *sim, const char *path)
{
    int go = gate(sim, true, true);
    if (go < 0)
        return go;
    struct inode *parent, *inode;
    const char *last;
    int result = look_up(sim, path, &parent, &last, &inode);
    if (result != 0)
        return result;
    if (inode != NULL)
        return -EEXIST;
    naming_record(parent, NULL, last, inode_new(sim, true));
    return go == GO_DARK ? -EIO : 0;
}

static int sim_make_dir(void *context, const char *path, unsigned mode)
{
    (void)mode;
    struct sim_fs *sim = enter(context);
    return leave_int(sim, make_dir_locked(sim, path));
}

static int sim_exists(void *context, const char *path)
{
    struct sim_fs *sim = enter(context);
    int go = gate(sim, false, false);
    if (go < 0)
        return leave_int(sim, go);
    struct inode *parent, *inode;
    const char *last;
    if (look_up(sim, path, &parent, &last, &inode) != 0 || inode == NULL)
        return leave_int(sim, 0);
    return leave_int(sim, inode->directory ? 2 : 1);
}

static int sim_list(void *context, const char *path, bool (*each)(void *arg, const char *name), void *arg)
{
    struct sim_fs *sim = enter(context);
    int go = gate(sim, false, false);
    if (go < 0)
        return leave_int(sim, go);
    struct inode *parent, *inode;
    const char *last;
    int result = look_up(sim, path, &parent, &last, &inode);
    if (result != 0 || inode == NULL)
        return leave_int(sim, result != 0 ? result : -ENOENT);
    if (!inode->directory)
        return leave_int(sim, -ENOTDIR);
    /* A copy, since the function that is called may remove what it is told of. */
    size_t count = inode->names_now.count;
    char **copy = need(malloc((count + 1) * sizeof *copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = need(strdup(inode->names_now.list[i].text));
    (void)leave(sim, 0);
    bool more = true;
    for (size_t i = 0; i < count; i++) {
        more = more && each(arg, copy[i]);
        free(copy[i]);
    }
    free(copy);
    return 0;
}

static int sim_lock(void *context, int number, bool wait)
{
    struct sim_fs *sim = enter(context);
    int go = gate(sim, false, false);
    struct handle *handle = handle_of(sim, number);
    if (go < 0)
        return leave_int(sim, go);
    if (handle == NULL)
        return leave_int(sim, -EBADF);
    if (handle->inode->locked_by != 0 && handle->inode->locked_by != number)
        return leave_int(sim, wait ? -EDEADLK : -EWOULDBLOCK);
    handle->inode->locked_by = number;
    return leave_int(sim, 0);
}

static void sim_write_back(void *context, int number)
{
    (void)context;
    (void)number;
}

static void sim_forget(void *context, int number, uint64_t offset, uint64_t size)
{
    (void)context;
    (void)number;
    (void)offset;
    (void)size;
}

/* Life and death */

struct sim_fs *sim_fs_new(void)
{
    struct sim_fs *sim = need(calloc(1, sizeof *sim));
    if (pthread_mutex_init(&sim->mutex, NULL) != 0)
        abort();
    sim->root = inode_new(sim, true);
    sim->port = (struct accord_fs){
        .context = sim,
        .open = sim_open,
        .close = sim_close,
        .read_at = sim_read_at,
        .write_at = sim_write_at,
        .size = sim_size,
        .truncate = sim_truncate,
        .sync = sim_sync,
        .sync_dir = sim_sync_dir,
        .sync_all = sim_sync_all,
        .rename = sim_rename,
        .unlink = sim_unlink,
        .make_dir = sim_make_dir,
        .exists = sim_exists,
        .list = sim_list,
        .lock = sim_lock,
        .remove_dir = sim_remove_dir,
        .write_back = sim_write_back,
        .forget = sim_forget,
    };
    return sim;
}

void sim_fs_free(struct sim_fs *sim)
{
    for (struct inode *inode = sim->all; inode != NULL;) {
        struct inode *next = inode->next;
        inode_free(inode);
        inode = next;
    }
    pthread_mutex_destroy(&sim->mutex);
    free(sim);
}

const struct accord_fs *sim_fs_port(struct sim_fs *sim)
{
    return &sim->port;
}

uint64_t sim_fs_changes(const struct sim_fs *sim)
{
    return sim->changes;
}

uint64_t sim_fs_calls(const struct sim_fs *sim)
{
    return sim->calls;
}

void sim_fs_cut_at(struct sim_fs *sim, uint64_t nth)
{
    sim->cut_at = nth == 0 ? 0 : sim->changes + nth;
}

void sim_fs_fail_at(struct sim_fs *sim, uint64_t nth, int error, bool forever)
{
    sim->fail_at = nth == 0 ? 0 : sim->calls + nth;
    sim->fail_error = error;
    sim->fail_forever = forever;
    sim->failing = false;
}

bool sim_fs_is_cut(const struct sim_fs *sim)
{
    return sim->cut;
}

/* Decides one torn write, sector by sector. */
static void change_tear(struct sim_fs *sim, struct content *disk, const struct change *change)
{
    for (size_t done = 0; done < change->size;) {
        uint64_t offset = change->offset + done;
        size_t piece = SECTOR_SIZE - (size_t)(offset % SECTOR_SIZE);
        if (piece > change->size - done)
            piece = change->size - done;
        uint64_t chance = next_random(sim) % 5;
        if (chance < 2) {
            content_write(disk, offset, change->data + done, piece);
        } else if (chance == 2) {
            uint8_t garbage[SECTOR_SIZE];
            for (size_t i = 0; i < piece; i++)
                garbage[i] = (uint8_t)next_random(sim);
            content_write(disk, offset, garbage, piece);
        }
        done += piece;
    }
}

static void change_decide(struct sim_fs *sim, struct content *disk, const struct change *change, enum sim_survival mode)
{
    if (change->fate == SETTLED || mode == SIM_KEEP) {
        change_apply(disk, change);
        return;
    }
    uint64_t chance = mode == SIM_VANISH ? 0 : next_random(sim) % 3;
    if (chance == 1)
        change_apply(disk, change);
    else if (chance == 2 && change->data != NULL)
        change_tear(sim, disk, change);
}

static void inode_decide(struct sim_fs *sim, struct inode *inode, enum sim_survival mode)
{
    for (size_t i = 0; i < inode->change_count; i++)
        change_decide(sim, &inode->disk, &inode->changes[i], mode);
    changes_clear(inode);
    content_resize(&inode->now, 0);
    content_write(&inode->now, 0, inode->disk.data, inode->disk.size);
    for (size_t i = 0; i < inode->naming_count; i++) {
        const struct naming *naming = &inode->namings[i];
        if (mode == SIM_KEEP || (mode == SIM_MIX && next_random(sim) % 2 == 0))
            naming_apply(&inode->names_disk, naming);
    }
    namings_clear(inode);
    names_clear(&inode->names_now);
    for (size_t i = 0; i < inode->names_disk.count; i++)
        names_set(&inode->names_now, inode->names_disk.list[i].text, inode->names_disk.list[i].inode);
}

void sim_fs_kill(struct sim_fs *sim)
{
    for (struct inode *inode = sim->all; inode != NULL; inode = inode->next)
        inode->locked_by = 0;
    memset(sim->handles, 0, sizeof sim->handles);
    sim->cut = false;
    sim->cut_at = 0;
    sim->fail_at = 0;
    sim->failing = false;
}

void sim_fs_reboot(struct sim_fs *sim, enum sim_survival mode, uint64_t seed)
{
    sim->random = seed;
    for (struct inode *inode = sim->all; inode != NULL; inode = inode->next)
        inode_decide(sim, inode, mode);
    sim_fs_kill(sim);
}

uint64_t sim_fs_bytes(struct sim_fs *sim)
{
    (void)enter(sim);
    uint64_t bytes = 0;
    for (const struct inode *directory = sim->all; directory != NULL; directory = directory->next)
        for (size_t i = 0; i < directory->names_now.count; i++)
            bytes += directory->names_now.list[i].inode->now.size;
    return (uint64_t)leave(sim, (int64_t)bytes);
}
