/* The text of a manifest, hashed as it is made: a directory of a million files needs no room for it. Knows nothing of
 * file systems or of git, but that git writes modes so. */
#include "release/manifest.h"

#include "accord/statement.h"
#include "core/text.h"

#include <string.h>

static struct accord_bytes mode_text(enum accord_manifest_mode mode)
{
    switch (mode) {
    case ACCORD_MANIFEST_FILE:
        return ACCORD_LITERAL("100644");
    case ACCORD_MANIFEST_EXECUTABLE:
        return ACCORD_LITERAL("100755");
    case ACCORD_MANIFEST_LINK:
        break;
    }
    return ACCORD_LITERAL("120000");
}

bool accord_manifest_mode_read(struct accord_bytes text, enum accord_manifest_mode *mode)
{
    for (int i = ACCORD_MANIFEST_FILE; i <= ACCORD_MANIFEST_LINK; i++)
        if (accord_bytes_equal(text, mode_text((enum accord_manifest_mode)i))) {
            *mode = (enum accord_manifest_mode)i;
            return true;
        }
    return false;
}

int accord_manifest_order(struct accord_bytes a, struct accord_bytes b)
{
    size_t both = a.size < b.size ? a.size : b.size;
    int order = both == 0 ? 0 : memcmp(a.data, b.data, both);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static bool part_valid(struct accord_bytes part)
{
    return part.size > 0 && !accord_bytes_equal(part, ACCORD_LITERAL(".")) &&
           !accord_bytes_equal(part, ACCORD_LITERAL(".."));
}

static bool path_valid(struct accord_bytes path)
{
    struct accord_bytes rest = path, part;
    if (path.size == 0 || memchr(path.data, '\n', path.size) != NULL || memchr(path.data, '\0', path.size) != NULL)
        return false;
    while (accord_cut(&rest, '/', &part))
        if (!part_valid(part))
            return false;
    return part_valid(rest);
}

void accord_manifest_begin(struct accord_manifest *manifest, const struct accord_crypto *crypto)
{
    manifest->crypto = crypto;
    manifest->last = (struct accord_bytes){NULL, 0};
    crypto->sha256_init(&manifest->sha);
}

static void put_head(struct accord_out *out, const struct accord_manifest_file *file)
{
    accord_put(out, mode_text(file->mode));
    accord_put_byte(out, ' ');
    accord_digest_print(out, file->sha256);
    accord_put_byte(out, ' ');
}

enum accord_status accord_manifest_add(struct accord_manifest *manifest, const struct accord_manifest_file *file,
                                       struct accord_error *error)
{
    uint8_t text[ACCORD_MANIFEST_LINE_OVERHEAD];
    struct accord_out out = {text, sizeof text, 0, false};
    enum accord_status status = ACCORD_OK;
    if (!path_valid(file->path))
        status = ACCORD_MALFORMED;
    else if (manifest->last.size > 0 && accord_manifest_order(manifest->last, file->path) >= 0)
        status = ACCORD_DUPLICATE;
    if (status != ACCORD_OK) {
        accord_fail(error, status, 0);
        accord_error_what(error, file->path);
        return status;
    }
    manifest->last = file->path;
    put_head(&out, file);
    manifest->crypto->sha256_update(&manifest->sha, out.data, out.size);
    manifest->crypto->sha256_update(&manifest->sha, file->path.data, file->path.size);
    manifest->crypto->sha256_update(&manifest->sha, (const uint8_t *)"\n", 1);
    return ACCORD_OK;
}

void accord_manifest_print(struct accord_out *out, const struct accord_manifest_file *file)
{
    put_head(out, file);
    accord_put(out, file->path);
    accord_put_byte(out, '\n');
}

void accord_manifest_end(const struct accord_manifest *manifest, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha = manifest->sha;
    manifest->crypto->sha256_final(&sha, hash);
}
