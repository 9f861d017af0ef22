/* SQLite's files over the fs port: so SQLite syncs what the port syncs, and a test can cut its power. */
#ifndef ACCORD_WITNESS_SQLITE_VFS_H
#define ACCORD_WITNESS_SQLITE_VFS_H

#include "base/fs.h"

#include <sqlite3.h>

/* One for each open database; it must not move between register and unregister. */
struct accord_sqlite_vfs {
    sqlite3_vfs vfs;
    char name[32];
    const struct accord_fs *fs;
    int failed;      /* what the port answered last when it failed (a negative errno), for the sentence */
    int sync_failed; /* the first sync that failed (a negative errno), 0 while none has */
};

/* Registers it with SQLite under vfs->name, for sqlite3_open_v2. A database that is opened through it is locked against
 * other processes until it is closed; SQLITE_BUSY, with failed -EWOULDBLOCK, where another one does not let go of it in
 * five seconds. There is no shared memory, so a WAL wants locking_mode EXCLUSIVE; no temporary files. An SQLite result.
 */
int accord_sqlite_vfs_register(struct accord_sqlite_vfs *vfs, const struct accord_fs *fs);
void accord_sqlite_vfs_unregister(struct accord_sqlite_vfs *vfs);

#endif
