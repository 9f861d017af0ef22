/* A state file's marks. Knows how they are read and written; refuses to know what follows from them (state.c). The
 * count is no more than a hint: where it cannot be read or written, nothing is said. It is written after the commit
 * that it counts, so it is never ahead of a state that was not put back; and with its complement, so that a write that
 * a power cut tore is not taken for a count. */
#include "witness/binding.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define COUNT_SIZE 33 /* 16 hex digits, those of the complement, a newline */
#define FILE_MODE 0600

bool accord_binding_init(struct accord_binding *binding, const struct accord_fs *fs, const char *path)
{
    static const char suffix[] = "-count";
    size_t size = strlen(path);
    *binding = (struct accord_binding){.fs = fs, .count_path = malloc(size + sizeof suffix), .count_file = -1};
    if (binding->count_path == NULL)
        return false;
    memcpy(binding->count_path, path, size);
    memcpy(binding->count_path + size, suffix, sizeof suffix);
    return true;
}

void accord_binding_free(struct accord_binding *binding)
{
    if (binding->count_path != NULL && binding->count_file >= 0)
        (void)binding->fs->close(binding->fs->context, binding->count_file);
    free(binding->count_path);
    *binding = (struct accord_binding){.count_file = -1};
}

void accord_binding_identify(const struct accord_fs *fs, const char *path, uint64_t *number, uint64_t *made_ns)
{
    if (fs->identify == NULL || fs->identify(fs->context, path, number, made_ns) != 0)
        *number = *made_ns = 0;
}

static bool read_number(const uint8_t *hex, uint64_t *number)
{
    uint8_t bytes[8];
    *number = 0;
    if (!accord_hex_read((struct accord_bytes){hex, 16}, bytes, sizeof bytes))
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        *number = *number << 8 | bytes[i];
    return true;
}

static void put_number(struct accord_out *out, uint64_t number)
{
    uint8_t bytes[8];
    struct accord_out raw = {bytes, sizeof bytes, 0, false};
    accord_put_be64(&raw, number);
    accord_put_hex(out, accord_out_bytes(&raw));
}

uint64_t accord_binding_count(const struct accord_binding *binding)
{
    const struct accord_fs *fs = binding->fs;
    uint8_t text[COUNT_SIZE];
    uint64_t count, complement;
    int file = fs->open(fs->context, binding->count_path, ACCORD_OPEN_READ, 0);
    if (file < 0)
        return 0;
    int64_t got = fs->read_at(fs->context, file, text, sizeof text, 0);
    (void)fs->close(fs->context, file);
    bool whole = got == (int64_t)sizeof text && read_number(text, &count) && read_number(text + 16, &complement);
    return whole && complement == ~count ? count : 0;
}

void accord_binding_set_count(struct accord_binding *binding, uint64_t count)
{
    const struct accord_fs *fs = binding->fs;
    uint8_t text[COUNT_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    put_number(&out, count);
    put_number(&out, ~count);
    accord_put_byte(&out, '\n');
    if (binding->count_file < 0)
        binding->count_file =
            fs->open(fs->context, binding->count_path, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE, FILE_MODE);
    if (binding->count_file >= 0)
        (void)fs->write_at(fs->context, binding->count_file, text, out.size, 0);
}
