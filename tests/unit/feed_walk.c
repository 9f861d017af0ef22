/* Advisories where they lie: directories, archives, and what is wrong with them. Archives are made here, byte by byte,
 * so that they can lie. */
#include "slices.h"

#include "feed/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OSV(id) "{\"id\": \"" id "\", \"modified\": \"2021-01-02T00:00:00Z\"}"

static char folder[] = "/tmp/accord-feed-walk-XXXXXX";
static char told[8192];
static struct accord_feed_tally tally;
static struct accord_error error;
static const char *ends_at; /* the sink fails at this id */

static void tell(const char *kind, const char *text)
{
    size_t size = strlen(told), prefix = strlen(folder);
    if (strncmp(text, folder, prefix) == 0)
        text += prefix;
    assert_true((size_t)snprintf(told + size, sizeof told - size, "%s %s\n", kind, text) < sizeof told - size);
}

static enum accord_status begin(void *context, const struct accord_claim_vulnerability *one, struct accord_error *where)
{
    char id[64];
    (void)context;
    snprintf(id, sizeof id, "%.*s", (int)one->id.size, (const char *)one->id.data);
    tell("id", id);
    return ends_at != NULL && strcmp(ends_at, id) == 0 ? accord_fail(where, ACCORD_STATE, 0) : ACCORD_OK;
}

static enum accord_status claim(void *context, const struct accord_claim *one, struct accord_error *where)
{
    (void)context;
    (void)one;
    (void)where;
    return ACCORD_OK;
}

static enum accord_status finished(void *context, const char *place, enum accord_feed_format format,
                                   struct accord_error *where)
{
    (void)context;
    (void)where;
    assert_int_equal(format, ACCORD_FEED_OSV);
    tell("read", place);
    return ACCORD_OK;
}

static enum accord_status refused(void *context, const char *place, const struct accord_error *why)
{
    char text[512];
    (void)context;
    snprintf(text, sizeof text, "%d %s", (int)why->status, place + strlen(folder));
    tell("refused", text);
    return ACCORD_OK;
}

static enum accord_status walk(const char *name)
{
    static const struct accord_feed_visitor visitor = {{NULL, begin, claim}, NULL, NULL, finished, refused};
    char path[256];
    snprintf(path, sizeof path, "%s%s", folder, name);
    told[0] = '\0';
    tally = (struct accord_feed_tally){.read = 0};
    error = (struct accord_error){.status = ACCORD_OK};
    return accord_feed_walk(path, &visitor, &tally, &error);
}

static void put(const char *name, const void *data, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

static void make_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void erase(const char *name)
{
    char command[256];
    assert_true((size_t)snprintf(command, sizeof command, "rm -rf %s%s", folder, name) < sizeof command);
    assert_int_equal(system(command), 0);
}

/* A zip archive with members as they are (PKWARE's APPNOTE, 4.3). */
struct zip {
    uint8_t bytes[8192], directory[4096];
    size_t size, directory_size, count;
};

static void little(uint8_t *data, size_t *size, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++, number >>= 8)
        data[(*size)++] = (uint8_t)number;
}

static uint32_t crc_of(const char *text)
{
    uint32_t crc = 0xffffffff;
    for (; *text != '\0'; text++) {
        crc ^= (uint8_t)*text;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void put_name(uint8_t *data, size_t *size, const char *name)
{
    memcpy(data + *size, name, strlen(name));
    *size += strlen(name);
}

/* claimed is the size that the archive says, unpacked and packed. */
static void add(struct zip *zip, const char *name, const char *text, uint32_t claimed, uint32_t crc)
{
    size_t start = zip->size;
    little(zip->bytes, &zip->size, 0x04034b50, 4);
    little(zip->bytes, &zip->size, 10, 2);
    little(zip->bytes, &zip->size, 0, 8); /* flags, method, time, date */
    little(zip->bytes, &zip->size, crc, 4);
    little(zip->bytes, &zip->size, claimed, 4);
    little(zip->bytes, &zip->size, claimed, 4);
    little(zip->bytes, &zip->size, strlen(name), 4);
    put_name(zip->bytes, &zip->size, name);
    put_name(zip->bytes, &zip->size, text);
    little(zip->directory, &zip->directory_size, 0x02014b50, 4);
    little(zip->directory, &zip->directory_size, 10, 2);
    little(zip->directory, &zip->directory_size, 10, 2);
    little(zip->directory, &zip->directory_size, 0, 8);
    little(zip->directory, &zip->directory_size, crc, 4);
    little(zip->directory, &zip->directory_size, claimed, 4);
    little(zip->directory, &zip->directory_size, claimed, 4);
    little(zip->directory, &zip->directory_size, strlen(name), 4);
    little(zip->directory, &zip->directory_size, 0, 10);
    little(zip->directory, &zip->directory_size, start, 4);
    put_name(zip->directory, &zip->directory_size, name);
    zip->count++;
}

static void add_good(struct zip *zip, const char *name, const char *text)
{
    add(zip, name, text, (uint32_t)strlen(text), crc_of(text));
}

static void put_zip(struct zip *zip, const char *name)
{
    size_t start = zip->size;
    memcpy(zip->bytes + zip->size, zip->directory, zip->directory_size);
    zip->size += zip->directory_size;
    little(zip->bytes, &zip->size, 0x06054b50, 4);
    little(zip->bytes, &zip->size, 0, 4);
    little(zip->bytes, &zip->size, zip->count, 2);
    little(zip->bytes, &zip->size, zip->count, 2);
    little(zip->bytes, &zip->size, zip->directory_size, 4);
    little(zip->bytes, &zip->size, start, 4);
    little(zip->bytes, &zip->size, 0, 2);
    put(name, zip->bytes, zip->size);
}

static void directories(void **state)
{
    (void)state;
    char link[256];
    make_folder("/d");
    make_folder("/d/b");
    make_folder("/d/.hidden");
    put_text("/d/c.json", OSV("C"));
    put_text("/d/a.json", OSV("A"));
    put_text("/d/b/z.json", OSV("Z"));
    put_text("/d/b/broken.json", "{");
    put_text("/d/notes.txt", OSV("N"));
    put_text("/d/.hidden/h.json", OSV("H"));
    snprintf(link, sizeof link, "%s/d/link.json", folder);
    assert_int_equal(symlink("c.json", link), 0);
    snprintf(link, sizeof link, "%s/d/loop", folder);
    assert_int_equal(symlink(".", link), 0);
    assert_int_equal(walk("/d"), ACCORD_OK);
    assert_string_equal(told, "id A\nread /d/a.json\nrefused 1 /d/b/broken.json\nid Z\nread /d/b/z.json\nid C\nread "
                              "/d/c.json\n");
    assert_int_equal(tally.read, 3);
    assert_int_equal(tally.refused, 1);
    assert_int_equal(tally.bytes, 3 * strlen(OSV("A")));
    assert_int_equal(walk("/d/c.json"), ACCORD_OK);
    assert_string_equal(told, "id C\nread /d/c.json\n");
    assert_int_equal(walk("/d/notes.txt"), ACCORD_OK); /* named, so it is meant */
    assert_string_equal(told, "id N\nread /d/notes.txt\n");
    assert_int_equal(walk("/nothing"), ACCORD_NOT_FOUND);
    assert_int_equal(error.status, ACCORD_NOT_FOUND);
    erase("/d");
}

static void deep_directories(void **state)
{
    (void)state;
    char name[256] = "/deep";
    for (int i = 0; i < ACCORD_FEED_DIRECTORIES_MAX + 1; i++) {
        make_folder(name);
        char file[300];
        snprintf(file, sizeof file, "%s/a.json", name);
        put_text(file, OSV("A"));
        snprintf(name + strlen(name), sizeof name - strlen(name), "/d");
    }
    assert_int_equal(walk("/deep"), ACCORD_OK);
    assert_int_equal(tally.read, ACCORD_FEED_DIRECTORIES_MAX);
    assert_int_equal(tally.refused, 1);
    erase("/deep");
}

static void archives(void **state)
{
    (void)state;
    static struct zip zip;
    memset(&zip, 0, sizeof zip);
    add_good(&zip, "b.json", OSV("B"));
    add_good(&zip, "a.json", OSV("A"));
    add_good(&zip, "readme.txt", "hello");
    add_good(&zip, "wrong.json", "[]");
    add_good(&zip, "sub/c.json", OSV("C"));
    make_folder("/z");
    put_zip(&zip, "/z/all.zip");
    assert_int_equal(walk("/z"), ACCORD_OK);
    assert_string_equal(told, "id B\nread /z/all.zip: b.json\nid A\nread /z/all.zip: a.json\nrefused 1 /z/all.zip: "
                              "wrong.json\nid C\nread /z/all.zip: sub/c.json\n");
    assert_int_equal(tally.read, 3);
    assert_int_equal(tally.refused, 1);
    put("/named-otherwise", zip.bytes, zip.size);
    assert_int_equal(walk("/named-otherwise"), ACCORD_OK);
    assert_int_equal(tally.read, 3);
    put("/short.zip", zip.bytes, zip.size - 30);
    assert_int_equal(walk("/short.zip"), ACCORD_OK);
    assert_string_equal(told, "refused 1 /short.zip\n");
    erase("/z");
    erase("/named-otherwise");
    erase("/short.zip");
}

static void archives_that_lie(void **state)
{
    (void)state;
    static struct zip zip;
    const char *text = OSV("A");
    uint32_t size = (uint32_t)strlen(text);
    char expected[256];
    memset(&zip, 0, sizeof zip);
    add(&zip, "crc.json", text, size, crc_of(text) ^ 1);
    add(&zip, "bomb.json", text, (64u << 20) + 1, crc_of(text));
    add_good(&zip, "good.json", OSV("G"));
    put_zip(&zip, "/lies.zip");
    assert_int_equal(walk("/lies.zip"), ACCORD_OK);
    snprintf(expected, sizeof expected,
             "refused %d /lies.zip: crc.json\nrefused %d /lies.zip: bomb.json\nid G\nread /lies.zip: good.json\n",
             (int)ACCORD_MALFORMED, (int)ACCORD_TOO_LARGE);
    assert_string_equal(told, expected);
    erase("/lies.zip");
}

/* What the sink refuses is no document's fault, and ends the walk. */
static void sink_ends_it(void **state)
{
    (void)state;
    make_folder("/s");
    put_text("/s/1.json", OSV("A"));
    put_text("/s/2.json", OSV("B"));
    put_text("/s/3.json", OSV("C"));
    ends_at = "B";
    assert_int_equal(walk("/s"), ACCORD_STATE);
    assert_int_equal(error.status, ACCORD_STATE);
    assert_string_equal(told, "id A\nread /s/1.json\nid B\n");
    assert_int_equal(tally.refused, 0);
    ends_at = NULL;
    erase("/s");
}

static int start(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories),       cmocka_unit_test(deep_directories), cmocka_unit_test(archives),
        cmocka_unit_test(archives_that_lie), cmocka_unit_test(sink_ends_it),
    };
    return cmocka_run_group_tests_name("feed_walk", tests, start, end);
}
