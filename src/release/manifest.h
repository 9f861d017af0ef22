/* Manifests: the digest of a directory (docs/protocol.md, "Attestation"). Pure functions of bytes: who walks the
 * directory brings its files in order. */
#ifndef ACCORD_RELEASE_MANIFEST_H
#define ACCORD_RELEASE_MANIFEST_H

#include "accord/crypto.h"
#include "accord/error.h"

enum accord_manifest_mode { ACCORD_MANIFEST_FILE, ACCORD_MANIFEST_EXECUTABLE, ACCORD_MANIFEST_LINK };

struct accord_manifest_file {
    struct accord_bytes path; /* relative, "/" between its parts */
    enum accord_manifest_mode mode;
    uint8_t sha256[ACCORD_HASH_SIZE]; /* of its contents, or of the link's target */
};

#define ACCORD_MANIFEST_LINE_OVERHEAD 80 /* of a line, beyond its path */

struct accord_manifest {
    const struct accord_crypto *crypto;
    struct accord_sha256 sha;
    struct accord_bytes last; /* borrowed: the path of the file before */
};

/* The mode that git writes so: "100644", "100755", "120000". */
ACCORD_MUST_USE bool accord_manifest_mode_read(struct accord_bytes text, enum accord_manifest_mode *mode);
/* Below, at or above 0, as memcmp: the order of the octets of the paths. */
int accord_manifest_order(struct accord_bytes a, struct accord_bytes b);

void accord_manifest_begin(struct accord_manifest *manifest, const struct accord_crypto *crypto);
/* ACCORD_MALFORMED for a path that no manifest can hold: empty, with a newline or a NUL, or with an empty part, "." or
 * ".."; ACCORD_DUPLICATE where it does not come after the one before, whose path must still be there. */
ACCORD_MUST_USE enum accord_status accord_manifest_add(struct accord_manifest *manifest,
                                                       const struct accord_manifest_file *file,
                                                       struct accord_error *error);
/* Prints the line of a file that was added. */
void accord_manifest_print(struct accord_out *out, const struct accord_manifest_file *file);
void accord_manifest_end(const struct accord_manifest *manifest, uint8_t hash[ACCORD_HASH_SIZE]);

#endif
