/* What gives away a state file that was put in the place of a newer one, for state.c alone: which file it was, and how
 * many writes it has seen at least. The latter is in a file beside it, `<state>-count`, which is written after each
 * commit and never waited for. */
#ifndef ACCORD_WITNESS_BINDING_H
#define ACCORD_WITNESS_BINDING_H

#include "base/fs.h"

struct accord_binding {
    const struct accord_fs *fs;
    char *count_path;
    int count_file; /* -1: not open */
};

/* False where memory ran out. */
bool accord_binding_init(struct accord_binding *binding, const struct accord_fs *fs, const char *path);
void accord_binding_free(struct accord_binding *binding);
/* Which file is at path; both 0 where the file system does not say. */
void accord_binding_identify(const struct accord_fs *fs, const char *path, uint64_t *number, uint64_t *made_ns);
/* How many writes there were at least; 0 where that is not known. */
uint64_t accord_binding_count(const struct accord_binding *binding);
/* There were so many. */
void accord_binding_set_count(struct accord_binding *binding, uint64_t count);

#endif
