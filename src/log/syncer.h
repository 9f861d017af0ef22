/* One sync at a time, on a thread of its own, so that its caller can go on while the disk works. The thread makes no
 * other call on the file system. */
#ifndef ACCORD_LOG_SYNCER_H
#define ACCORD_LOG_SYNCER_H

#include "base/fs.h"
#include "log/log.h"

struct accord_syncer;

/* NULL where memory ran out. The thread is started by the first sync that wants it; where it cannot be started, the
 * caller syncs. */
struct accord_syncer *accord_syncer_new(const struct accord_fs *fs);
/* Waits for a sync that is under way. */
void accord_syncer_free(struct accord_syncer *syncer);
void accord_syncer_mode(struct accord_syncer *syncer, enum accord_log_syncing mode);
/* Begins to sync an open file. Its bytes from offset on will not be read soon, and need not stay in memory. */
void accord_syncer_begin(struct accord_syncer *syncer, int handle, uint64_t offset, uint64_t size);
/* The result of the sync that was begun, once it is there. */
int accord_syncer_wait(struct accord_syncer *syncer);

#endif
