/* Whole files: read with a maximum, written atomically. One way to do each. */
#ifndef ACCORD_BASE_FILE_H
#define ACCORD_BASE_FILE_H

#include "base/buffer.h"
#include "base/fs.h"

/* Appends the whole file to *buffer, whose maximum bounds it. ACCORD_NOT_FOUND, ACCORD_TOO_LARGE, ACCORD_IO; *error
 * says which file and which errno. path "-" is standard input where fs is the real one. */
ACCORD_MUST_USE enum accord_status accord_file_read(const struct accord_fs *fs, const char *path,
                                                    struct accord_buffer *buffer, struct accord_error *error);
/* Writes bytes to a temporary file beside path, syncs it, renames it over path and syncs the directory: after a power
 * cut at any point path holds all of the old bytes or all of the new. mode is the file's. */
ACCORD_MUST_USE enum accord_status accord_file_replace(const struct accord_fs *fs, const char *path,
                                                       struct accord_bytes bytes, unsigned mode,
                                                       struct accord_error *error);
/* The same, for those to whom it matters how it failed: sets *sync_failed, which it leaves alone otherwise, where it
 * was a sync that did. */
ACCORD_MUST_USE enum accord_status accord_file_replace_told(const struct accord_fs *fs, const char *path,
                                                            struct accord_bytes bytes, unsigned mode, bool *sync_failed,
                                                            struct accord_error *error);
/* What syncs a name opens it first. Was it the sync that failed, after which nobody knows what the disk holds, and not
 * want of a descriptor or of the file itself? */
bool accord_file_sync_failed(int result);
/* Makes a new file, durable; ACCORD_EXISTS where there is one, which is left alone. */
ACCORD_MUST_USE enum accord_status accord_file_create(const struct accord_fs *fs, const char *path,
                                                      struct accord_bytes bytes, unsigned mode,
                                                      struct accord_error *error);
/* Takes the lock of the file at path, which is an empty file beside it, `path.lock`: for whoever reads the file and
 * replaces it by what follows from it. *handle is what fs->close gives the lock back by; -1 where this fails.
 * ACCORD_LOCKED where wait is false and somebody else has it. */
ACCORD_MUST_USE enum accord_status accord_file_lock(const struct accord_fs *fs, const char *path, bool wait,
                                                    int *handle, struct accord_error *error);
/* Gives it back; nothing where handle is negative. */
void accord_file_unlock(const struct accord_fs *fs, int handle);
/* Fills *error for a failed call of the port: ACCORD_NOT_FOUND for -ENOENT, ACCORD_EXISTS, ACCORD_LOCKED, else
 * ACCORD_IO; what is the path, found the system's words. */
enum accord_status accord_file_error(struct accord_error *error, int negative_errno, const char *path);

#endif
