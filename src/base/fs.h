/* The file system as a port, so that a test can cut the power between any two calls (tests/crash/sim_fs.h) and a unit
 * test can run a whole command in memory. Calls return 0 or more on success and -errno on failure; none retries but for
 * EINTR. Durability is POSIX's and no more: written bytes survive a power cut once fsync on the file has returned, a
 * name (made, renamed, removed) once sync_dir on its directory has. */
#ifndef ACCORD_BASE_FS_H
#define ACCORD_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum accord_open {
    ACCORD_OPEN_READ = 1,
    ACCORD_OPEN_WRITE = 2,
    ACCORD_OPEN_CREATE = 4,    /* with WRITE: make it where absent */
    ACCORD_OPEN_EXCLUSIVE = 8, /* with CREATE: -EEXIST where present */
    ACCORD_OPEN_TRUNCATE = 16
};

struct accord_fs {
    void *context;
    /* A handle, or -errno. mode is that of a new file. */
    int (*open)(void *context, const char *path, int how, unsigned mode);
    int (*close)(void *context, int handle);
    /* Bytes read (0 at the end) or written (all of them, or -errno), at an offset. */
    int64_t (*read_at)(void *context, int handle, void *data, size_t size, uint64_t offset);
    int64_t (*write_at)(void *context, int handle, const void *data, size_t size, uint64_t offset);
    int64_t (*size)(void *context, int handle);
    int (*truncate)(void *context, int handle, uint64_t size);
    int (*sync)(void *context, int handle);           /* fdatasync */
    int (*sync_dir)(void *context, const char *path); /* the names in this directory */
    int (*sync_all)(void *context,
                    const char *path); /* all that was written before, on the file system that holds path */
    int (*rename)(void *context, const char *from, const char *to);
    int (*unlink)(void *context, const char *path);
    int (*make_dir)(void *context, const char *path, unsigned mode); /* -EEXIST where present */
    int (*exists)(void *context, const char *path);                  /* 1 a file, 2 a directory, 0 nothing, -errno */
    /* Calls each for each name but "." and ".."; stops where each returns false. */
    int (*list)(void *context, const char *path, bool (*each)(void *arg, const char *name), void *arg);
    /* An exclusive lock on an open file, held until it is closed; -EWOULDBLOCK where wait is false and it is taken. */
    int (*lock)(void *context, int handle, bool wait);
    int (*remove_dir)(void *context, const char *path); /* an empty directory; -ENOTEMPTY otherwise */
    /* Hints, which promise nothing. This file's bytes may go to the disk from now on, without anyone waiting. */
    void (*write_back)(void *context, int handle);
    /* These bytes, which are durable, will not be read soon: they need not take the place of others in memory. */
    void (*forget)(void *context, int handle, uint64_t offset, uint64_t size);
    /* Which file this is: its number, and when it was made (nanoseconds; 0 where that is not known). A copy has others.
     * May be NULL. */
    int (*identify)(void *context, const char *path, uint64_t *number, uint64_t *made_ns);
};

/* The machine's own. */
extern const struct accord_fs accord_fs_real;

#endif
