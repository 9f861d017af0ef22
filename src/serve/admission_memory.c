/* The file of what admission remembers. Knows its lines and its checksum, and that links come in the order of their
 * indexes, below what was read; refuses to know what a link is, and whether the root is that of any log. */
#include "serve/admission_memory.h"

#include <string.h>

#include "accord/statement.h"
#include "base/file.h"
#include "core/text.h"

#define LINKS_SIZE_MAX 16777216
#define FILE_SIZE_MAX (LINKS_SIZE_MAX + 512)
#define FIRST_LINE ACCORD_LITERAL("accord admission memory 1")

void accord_admission_memory_init(struct accord_admission_memory *memory)
{
    memset(memory, 0, sizeof *memory);
    accord_buffer_init(&memory->links, LINKS_SIZE_MAX);
}

void accord_admission_memory_free(struct accord_admission_memory *memory)
{
    accord_buffer_free(&memory->links);
}

enum accord_status accord_admission_memory_add(struct accord_admission_memory *memory, uint64_t index,
                                               struct accord_error *error)
{
    uint8_t line[32];
    struct accord_out out = {line, sizeof line, 0, false};
    accord_put(&out, ACCORD_LITERAL("link "));
    accord_put_decimal(&out, index);
    accord_put_byte(&out, '\n');
    enum accord_status status = accord_buffer_append(&memory->links, accord_out_bytes(&out));
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

bool accord_admission_memory_next(struct accord_bytes *links, uint64_t *index)
{
    struct accord_bytes line;
    return accord_cut_line(links, &line) && accord_cut_prefix(&line, ACCORD_LITERAL("link ")) &&
           accord_decimal_read(line, index);
}

/* read <size> <digest> */
static bool read_line(struct accord_admission_memory *memory, struct accord_bytes line)
{
    struct accord_bytes size;
    return accord_cut_prefix(&line, ACCORD_LITERAL("read ")) && accord_cut(&line, ' ', &size) &&
           accord_decimal_read(size, &memory->read) && accord_digest_parse(line, memory->root);
}

/* Takes the links' lines off *rest: those before the checksum. */
static bool read_links(struct accord_admission_memory *memory, struct accord_bytes *rest)
{
    struct accord_bytes all = *rest, left = *rest;
    for (uint64_t index, least = 0; accord_admission_memory_next(&left, &index); *rest = left, least = index + 1)
        if (index < least || index >= memory->read)
            return false;
    all.size -= rest->size;
    return accord_buffer_append(&memory->links, all) == ACCORD_OK;
}

static bool parse(struct accord_admission_memory *memory, struct accord_bytes text, const struct accord_crypto *crypto)
{
    struct accord_bytes rest = text, line;
    uint8_t expected[ACCORD_HASH_SIZE], found[ACCORD_HASH_SIZE];
    if (!accord_cut_line(&rest, &line) || !accord_bytes_equal(line, FIRST_LINE))
        return false;
    if (!accord_cut_line(&rest, &line) || !read_line(memory, line) || !read_links(memory, &rest))
        return false;
    text.size -= rest.size;
    accord_hash(crypto, text, expected);
    return accord_cut_line(&rest, &line) && accord_digest_parse(line, found) && rest.size == 0 &&
           memcmp(expected, found, sizeof expected) == 0;
}

enum accord_status accord_admission_memory_load(struct accord_admission_memory *memory, const struct accord_fs *fs,
                                                const struct accord_crypto *crypto, const char *path,
                                                struct accord_error *error)
{
    struct accord_buffer text;
    accord_buffer_init(&text, FILE_SIZE_MAX);
    enum accord_status status = accord_file_read(fs, path, &text, error);
    if (status == ACCORD_OK && !parse(memory, accord_buffer_bytes(&text), crypto)) {
        status = accord_fail(error, ACCORD_STATE, 0);
        accord_error_what(error, (struct accord_bytes){(const uint8_t *)path, strlen(path)});
    }
    accord_buffer_free(&text);
    return status;
}

static void print(struct accord_out *out, const struct accord_admission_memory *memory,
                  const struct accord_crypto *crypto)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_put(out, FIRST_LINE);
    accord_put(out, ACCORD_LITERAL("\nread "));
    accord_put_decimal(out, memory->read);
    accord_put_byte(out, ' ');
    accord_digest_print(out, memory->root);
    accord_put_byte(out, '\n');
    accord_put(out, accord_buffer_bytes(&memory->links));
    accord_hash(crypto, accord_out_bytes(out), digest);
    accord_digest_print(out, digest);
    accord_put_byte(out, '\n');
}

enum accord_status accord_admission_memory_save(const struct accord_admission_memory *memory,
                                                const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                const char *path, struct accord_error *error)
{
    struct accord_buffer text;
    accord_buffer_init(&text, FILE_SIZE_MAX);
    enum accord_status status = accord_buffer_reserve(&text, memory->links.size + 512);
    if (status == ACCORD_OK) {
        struct accord_out out = {text.data, text.capacity, 0, false};
        print(&out, memory, crypto);
        status = accord_file_replace(fs, path, accord_out_bytes(&out), 0600, error);
    } else {
        accord_fail(error, status, 0);
    }
    accord_buffer_free(&text);
    return status;
}
