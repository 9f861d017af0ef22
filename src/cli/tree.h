/* The files of a directory, or of a tree that git keeps, on the way to their manifest. */
#ifndef ACCORD_CLI_TREE_H
#define ACCORD_CLI_TREE_H

#include "base/buffer.h"
#include "release/manifest.h"

#define ACCORD_TREE_FILES_MAX 4000000
#define ACCORD_TREE_DEPTH_MAX 200

/* The zero value holds none. Paths are owned. */
struct accord_tree {
    struct accord_manifest_file *files;
    size_t count, capacity;
    uint64_t copy_time; /* of the copies that a walk makes, POSIX seconds: one for all, so that none is newer */
};

ACCORD_MUST_USE enum accord_status accord_tree_add(struct accord_tree *tree, struct accord_bytes path,
                                                   enum accord_manifest_mode mode,
                                                   const uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error);
/* Every file and symbolic link below directory, hashed; links are not followed. Where copy is not NULL it is a new
 * directory, and gets them all as they were read, without a `.git` directly below. What is neither a file, a link nor a
 * directory is refused. */
ACCORD_MUST_USE enum accord_status accord_tree_walk(struct accord_tree *tree, const struct accord_crypto *crypto,
                                                    const char *directory, const char *copy,
                                                    struct accord_error *error);
/* Sorts the files and hashes their manifest. */
ACCORD_MUST_USE enum accord_status accord_tree_digest(struct accord_tree *tree, const struct accord_crypto *crypto,
                                                      uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error);
/* Appends the manifest itself, of a tree that was digested. */
ACCORD_MUST_USE enum accord_status accord_tree_print(const struct accord_tree *tree, struct accord_buffer *text,
                                                     struct accord_error *error);
void accord_tree_free(struct accord_tree *tree);
/* Is there a directory of this name? */
bool accord_is_directory(const char *path);
/* Removes a directory and all that is in it, as far as it can; links are not followed. */
void accord_tree_remove(const char *directory);

#endif
