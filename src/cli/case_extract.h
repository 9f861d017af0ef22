/* Where the files of a parcel go: a directory that is made beside its place, and takes it once all of it held. */
#ifndef ACCORD_CLI_CASE_EXTRACT_H
#define ACCORD_CLI_CASE_EXTRACT_H

#include "case/parcel.h"
#include "cli/accord_dir.h"

struct accord_case_extract {
    const struct accord_fs *fs;
    const char *directory; /* NULL: nothing is written */
    char part[ACCORD_PATH_SIZE];
    int lock; /* on the directory part, or -1 */
    bool begun;
    int handle; /* of the file that is being written, or -1 */
    uint64_t offset;
};
/* ACCORD_EXISTS where there is something at directory, or at directory.part what no run of ours left there;
 * ACCORD_LOCKED where another one is at it. What an earlier run that was cut off left beside it is removed. directory
 * has to live as long. */
ACCORD_MUST_USE enum accord_status accord_case_extract_begin(struct accord_case_extract *extract,
                                                             const struct accord_fs *fs, const char *directory,
                                                             struct accord_error *error);
/* For a parcel's reader; its context is the extract. */
enum accord_status accord_case_extract_opened(void *context, const struct accord_cover *cover, size_t file,
                                              struct accord_age_sink *sink, struct accord_error *error);
/* All of it held: the cover is written beside the files, and all of them are durable in the directory. */
ACCORD_MUST_USE enum accord_status accord_case_extract_end(struct accord_case_extract *extract,
                                                           struct accord_bytes cover, struct accord_error *error);
/* Where it was not ended, nothing of it stays. */
void accord_case_extract_free(struct accord_case_extract *extract);

#endif
