/* A file system in memory whose power can be cut, for crash tests: struct accord_fs (base/fs.h) with a crash model.
 *
 * THE CRASH MODEL. A program sees its own calls at once. The disk sees them later:
 *
 * - Bytes written and sizes set (write_at, truncate, open with TRUNCATE) are on the disk once a sync on the file, or
 *   sync_all, has returned 0. Until then each such call is pending. A sync makes no name durable.
 * - Names (made, renamed, removed) are on the disk once sync_dir on their directory, or sync_all, has returned 0. Until
 *   then each such call is pending. sync_dir makes no bytes durable, and not the names of directories inside it. A file
 *   or directory is found after a reboot only if each name on the way to it is there.
 * - When the power is cut the call it hits may be pending too; everything pending is then decided by the reboot's mode
 *   and seed. SIM_VANISH: nothing pending survives. SIM_KEEP: everything does. SIM_MIX: each pending call by itself
 *   survives, vanishes or is torn, in any combination, so a later one may survive an earlier one. A torn write is
 *   decided for each 512-byte sector that it touches: new bytes, what was there before, or garbage in the bytes that
 *   were being written. A name's call is never torn: a rename happens entirely or not at all. Bytes that no surviving
 *   write gave read as zeros.
 * - What is on the disk never changes by itself.
 * - A sync that fails (sim_fs_fail_at) leaves the file's pending bytes adrift, as Linux does: a later sync that returns
 * 0 does not make them durable, while reads go on showing them. At a power cut chance decides. Names stay pending: a
 *   later sync_dir that returns 0 speaks of them all, since a journalled file system that could not write its journal
 *   takes no later call.
 * - A write that fails may have written a beginning of its bytes (half of them). Any other call that fails did nothing.
 * - Locks die with the power.
 *
 * One thread at a time holds its mutex, so that threads may share it; which thread comes first is not decided here.
 * Names are looked up from one root, whether they begin with '/' or not; ".." is not known. A rename between
 * directories answers -EXDEV. lock with wait on a taken lock answers -EDEADLK, since nobody could release it. */
#ifndef ACCORD_TESTS_CRASH_SIM_FS_H
#define ACCORD_TESTS_CRASH_SIM_FS_H

#include "base/fs.h"

struct sim_fs;

enum sim_survival { SIM_VANISH, SIM_KEEP, SIM_MIX };

/* An empty root directory, durable. Aborts where memory runs out, as all functions here do. */
struct sim_fs *sim_fs_new(void);
void sim_fs_free(struct sim_fs *sim);
const struct accord_fs *sim_fs_port(struct sim_fs *sim);

/* Two counters, from 0: of calls that change something or make it durable (open with CREATE or TRUNCATE, write_at,
 * truncate, sync, sync_dir, sync_all, rename, unlink, make_dir, remove_dir); and of all calls but close. */
uint64_t sim_fs_changes(const struct sim_fs *sim);
uint64_t sim_fs_calls(const struct sim_fs *sim);

/* Cuts the power during the nth change from now on (1 is the next one; 0 never). From then on every call answers -EIO.
 */
void sim_fs_cut_at(struct sim_fs *sim, uint64_t nth);
/* The nth call from now on (1 is the next one; 0 never) answers -error; with forever, every later write_at,
 * truncate, sync and creating call does too, as on a full or a dying disk. */
void sim_fs_fail_at(struct sim_fs *sim, uint64_t nth, int error, bool forever);
bool sim_fs_is_cut(const struct sim_fs *sim);

/* Cuts the power now where that has not happened, decides what survives, and starts again: no handle is open, nothing
 * is locked, both plans are cleared. */
void sim_fs_reboot(struct sim_fs *sim, enum sim_survival mode, uint64_t seed);

/* The process dies and the machine goes on: as sim_fs_reboot, but nothing pending is decided, and what the program saw
 * is what the next one sees. After sim_fs_cut_at the call that was hit has taken effect. */
void sim_fs_kill(struct sim_fs *sim);

/* The bytes that all files hold together, as the program sees them. */
uint64_t sim_fs_bytes(struct sim_fs *sim);

#endif
