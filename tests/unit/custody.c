/* Taking stock of a directory: what opens what, however the key is put away; what is in clear although it does not look
 * it; and what was not looked at, which is never called closed. */
#include "custody/custody.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "age/age.h"
#include "crypto/backend.h"
#include "custody/opening.h"
#include "slices.h"

#define ITEMS_MAX 128
#define SIGHT(name) ACCORD_CUSTODY_SIGHT_##name
#define KIND(name) ACCORD_CUSTODY_##name

/* A directory, and what was found in it last. */
struct host {
    char dir[64];
    struct accord_custody custody;
    size_t count;
    struct {
        char name[64];
        enum accord_custody_kind kind;
        enum accord_custody_sight sight;
    } items[ITEMS_MAX];
};

static const uint8_t secrets[3][32] = {{1}, {2}, {3}};

static void put(const struct host *host, const char *name, const void *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", host->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(size == 0 || fwrite(data, size, 1, file) == 1);
    assert_int_equal(fclose(file), 0);
}

static void put_text_file(const struct host *host, const char *name, const char *text)
{
    put(host, name, text, strlen(text));
}

static void drop(const struct host *host, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", host->dir, name);
    assert_int_equal(unlink(path), 0);
}

static void key_text(unsigned which, char text[75])
{
    accord_age_identity_print(secrets[which], text);
}

static enum accord_status append(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    (void)error;
    return accord_buffer_append(context, bytes);
}

/* Sealed to one of the keys, or under a passphrase. */
static void put_sealed(const struct host *host, const char *name, int key, const char *passphrase, const char *plain)
{
    uint8_t recipient[1][32];
    struct accord_buffer file;
    struct accord_age_sealer *sealer;
    accord_buffer_init(&file, 65536);
    if (key >= 0) {
        accord_age_recipient_of(secrets[key], recipient[0]);
    }
    const struct accord_age_sealing sealing = {
        .recipients = (const uint8_t(*)[32])recipient,
        .recipient_count = key >= 0,
        .passphrase = slice(passphrase == NULL ? "" : passphrase),
        .sink = {&file, append},
    };
    assert_int_equal(accord_age_sealer_new(&sealer, &sealing, NULL), ACCORD_OK);
    assert_int_equal(accord_age_sealer_write(sealer, slice(plain), NULL), ACCORD_OK);
    assert_int_equal(accord_age_sealer_end(sealer, NULL), ACCORD_OK);
    accord_age_sealer_free(sealer);
    put(host, name, file.data, file.size);
    accord_buffer_free(&file);
}

static enum accord_status keep(void *context, const struct accord_custody_item *item, struct accord_error *error)
{
    struct host *host = context;
    (void)error;
    assert_true(host->count < ITEMS_MAX);
    const char *slash = strrchr(item->path, '/');
    snprintf(host->items[host->count].name, sizeof host->items[0].name, "%.63s", slash + 1);
    host->items[host->count].kind = item->kind;
    host->items[host->count++].sight = item->sight;
    return ACCORD_OK;
}

static void look(struct host *host)
{
    struct accord_error error;
    host->count = 0;
    assert_int_equal(accord_custody_take(&accord_crypto_default, host->dir, &host->custody, keep, host, &error),
                     ACCORD_OK);
    assert_int_equal(host->custody.files, host->count);
}

static void expect(const struct host *host, const char *name, enum accord_custody_kind kind,
                   enum accord_custody_sight sight)
{
    for (size_t i = 0; i < host->count; i++) {
        if (strcmp(host->items[i].name, name) == 0) {
            if (host->items[i].kind != kind || host->items[i].sight != sight) {
                fail_msg("%s: %s, %s", name, accord_custody_kind_code(host->items[i].kind),
                         accord_custody_sight_code(host->items[i].sight));
            }
            return;
        }
    }
    fail_msg("%s was not found", name);
}

static int host_new(void **state)
{
    struct host *host = calloc(1, sizeof *host);
    assert_non_null(host);
    accord_crypto_start();
    snprintf(host->dir, sizeof host->dir, "/tmp/accord-test-XXXXXX");
    assert_non_null(mkdtemp(host->dir));
    put_sealed(host, "case.age", 0, NULL, "a report");
    *state = host;
    return 0;
}

static int host_free(void **state)
{
    struct host *host = *state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+rwx '%s'; rm -rf '%s'", host->dir, host->dir);
    int result = system(command);
    free(host);
    return result;
}

/* Keys */

/* A key that people and programs would use all the same. */
static void test_a_key_anywhere(void **state)
{
    static const char *const around[][2] = {
        {"", ""},
        {"", "\n"},
        {"# created: today\n# public key: age1...\n", "\n"},
        {"", "\r\n"},
        {"  ", "\n"},
        {"export AGE_KEY=", "\n"},
        {"{\"key\": \"", "\"}"},
        {"accord follow 1\n", "\n"},
        {"accord journal 1\n", "\n"},
        {"age-encryption.org/v1\n-> X25519 broken\n", ""},
        {"AGE-SECRET-KEY-1 is how they begin, as does\nAGE-SECRET-KEY-", "\n"},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4C\n-----END ENCRYPTED PRIVATE KEY-----\n", "\n"},
    };
    struct host *host = *state;
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(SEALED));
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        char text[512], key[75];
        key_text(0, key);
        snprintf(text, sizeof text, "%s%s%s", around[i][0], i == 10 ? key + 15 : key, around[i][1]);
        put_text_file(host, "odd", text);
        look(host);
        for (size_t j = 0; j < host->count; j++) {
            if (strcmp(host->items[j].name, "case.age") == 0 && host->items[j].sight != SIGHT(OPENS)) {
                fail_msg("%zu: %s", i, accord_custody_sight_code(host->items[j].sight));
            }
        }
    }
    drop(host, "odd");
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(SEALED));
}

/* What might be a key, and could be mended by whoever has it. */
static void test_a_damaged_key(void **state)
{
    struct host *host = *state;
    char key[76];
    key_text(0, key);
    key[40] = key[40] == 'Q' ? 'P' : 'Q';
    put_text_file(host, "damaged", key);
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(UNTRIED));
    key[40] = '\n'; /* broken in two lines */
    put_text_file(host, "damaged", key);
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(UNTRIED));
    put_text_file(host, "damaged", "keys begin with AGE-SECRET-KEY-1...\n");
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(SEALED));
}

/* A key that opens a key that opens a key. */
static void test_keys_behind_keys(void **state)
{
    struct host *host = *state;
    char key[75];
    key_text(0, key);
    put_sealed(host, "second.age", 1, NULL, key);
    key_text(1, key);
    put_sealed(host, "a-third.age", 2, NULL, key);
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(SEALED));
    key_text(2, key);
    put_text_file(host, "last", key);
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(OPENS));
    expect(host, "second.age", KIND(CIPHERTEXT), SIGHT(OPENS));
    expect(host, "a-third.age", KIND(CIPHERTEXT), SIGHT(OPENS));
    drop(host, "last");
    put_sealed(host, "last.age", -1, "open sesame", key);
    look(host);
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(SEALED));
    put_text_file(host, "note", "open sesame\r\n"); /* as Windows ends a line */
    look(host);
    expect(host, "last.age", KIND(SEALED_KEY), SIGHT(OPENS));
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(OPENS));
    expect(host, "note", KIND(KEY), SIGHT(CLEAR));
}

/* One encrypted key in a file makes no secret of the other. */
static void test_pem(void **state)
{
#define SEALED_PEM "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAw\n-----END ENCRYPTED PRIVATE KEY-----\n"
#define OLD_PEM "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMC4C\n-----END RSA PRIVATE KEY-----\n"
#define CLEAR_PEM "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n"
#define SSH "b3BlbnNzaC1rZXktdjEAAAAA"
#define SSH_PEM(body) "-----BEGIN OPENSSH PRIVATE KEY-----\n" body "\n-----END OPENSSH PRIVATE KEY-----\n"
    static const struct {
        const char *text;
        bool sealed;
    } cases[] = {
        {SEALED_PEM, true},
        {OLD_PEM, true},
        {SEALED_PEM OLD_PEM, true},
        {SSH_PEM(SSH "CmFlczI1Ni1jdHI"), true},
        {CLEAR_PEM, false},
        {SEALED_PEM CLEAR_PEM, false},
        {CLEAR_PEM SEALED_PEM, false},
        {"Proc-Type: 4,ENCRYPTED\n" CLEAR_PEM, false},
        {CLEAR_PEM "Proc-Type: 4,ENCRYPTED\n", false},
        {SSH_PEM(SSH "BG5vbmUAAAAE"), false},
        {SSH_PEM("b3BlbnNzaC1rZXkt\ndjEAAAAABG5v\nbmUAAAAE"), false}, /* however its lines are broken */
        {SSH_PEM(SSH "CmFlczI1Ni1jdHI") SSH_PEM(SSH "BG5vbmUAAAAE"), false},
        {SSH_PEM("AAAA"), false}, /* nobody knows */
        {"-----END PRIVATE KEY----- -----BEGIN PRIVATE KEY-----", false},
    };
    struct host *host = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_text_file(host, "pem", cases[i].text);
        look(host);
        expect(host, "pem", cases[i].sealed ? KIND(SEALED_KEY) : KIND(KEY),
               cases[i].sealed ? SIGHT(SEALED) : SIGHT(CLEAR));
    }
    put_text_file(host, "pem", SEALED_PEM);
    put_text_file(host, "note", "a passphrase?\tperhaps\n");
    look(host);
    expect(host, "pem", KIND(SEALED_KEY), SIGHT(UNTRIED));
}

/* Places */

/* Where something was not looked at, nobody knows that nothing opens the rest. */
static void test_not_looked_at(void **state)
{
    struct host *host = *state;
    char path[512], *huge = calloc(1, 2 << 20);
    assert_non_null(huge);
    key_text(0, huge + (3 << 19));
    put(host, "huge", huge, 2 << 20);
    free(huge);
    look(host);
    expect(host, "huge", KIND(UNKNOWN), SIGHT(UNKNOWN));
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(UNTRIED));
    drop(host, "huge");
    snprintf(path, sizeof path, "%s/up", host->dir);
    assert_int_equal(symlink("..", path), 0);
    look(host);
    expect(host, "up", KIND(UNKNOWN), SIGHT(UNKNOWN));
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(UNTRIED));
    drop(host, "up");
    snprintf(path, sizeof path, "%s/nowhere", host->dir);
    assert_int_equal(symlink("nothing", path), 0);
    put(host, "empty", NULL, 0);
    look(host);
    expect(host, "nowhere", KIND(NOTHING), SIGHT(NONE));
    expect(host, "empty", KIND(NOTHING), SIGHT(NONE));
    expect(host, "case.age", KIND(CIPHERTEXT), SIGHT(SEALED));
}

/* Makes so many directories, each in the one before; returns the last. */
static int descend(int directory, unsigned count, char *path)
{
    char name[251];
    memset(name, 'd', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(mkdirat(directory, name, 0700), 0);
        int next = openat(directory, name, O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        assert_int_equal(close(directory), 0);
        directory = next;
        strcat(strcat(path, "/"), name);
    }
    return directory;
}

/* A link whose end has too long a path to be said leads somewhere all the same. */
static void test_too_long_a_way(void **state)
{
    struct host *host = *state;
    char away[] = "/tmp/accord-test-XXXXXX", first[4096], second[4096] = ".", command[64];
    assert_non_null(mkdtemp(away));
    snprintf(first, sizeof first, "%s", away);
    int middle = descend(open(away, O_RDONLY | O_DIRECTORY), 14, first);
    int last = descend(dup(middle), 8, second);
    assert_int_equal(close(openat(last, "end", O_WRONLY | O_CREAT, 0600)), 0);
    assert_int_equal(symlinkat(strcat(second, "/end"), middle, "link"), 0);
    snprintf(second, sizeof second, "%s/way", host->dir);
    assert_int_equal(symlinkat(strcat(first, "/link"), AT_FDCWD, second), 0);
    assert_int_equal(close(middle) + close(last), 0);
    look(host);
    expect(host, "way", KIND(UNKNOWN), SIGHT(UNKNOWN));
    snprintf(command, sizeof command, "rm -rf %s", away);
    assert_int_equal(system(command), 0);
}

/* A file system that makes up what is read tells no size. */
static void test_files_without_a_size(void **state)
{
    (void)state;
    struct host *host = calloc(1, sizeof *host);
    assert_non_null(host);
    snprintf(host->dir, sizeof host->dir, "/proc/self/net");
    if (access("/proc/sys/kernel/random", R_OK) == 0) {
        snprintf(host->dir, sizeof host->dir, "/proc/sys/kernel/random");
        look(host);
        expect(host, "boot_id", KIND(UNKNOWN), SIGHT(UNKNOWN));
    }
    free(host);
}

/* Whoever fills a directory with stanzas and keys gains no time. */
static void test_work_is_bounded(void **state)
{
    struct host *host = *state;
    struct accord_opening *opening = accord_opening_new();
    struct accord_age_header header = {.x25519 = 1 << 20, .stanzas = {NULL, 0}};
    char key[75];
    (void)host;
    assert_non_null(opening);
    key_text(0, key);
    assert_false(accord_opening_is_key(slice("AGE-SECRET")));
    accord_opening_key(opening, slice(key));
    accord_opening_key(opening, slice(key)); /* the same: it is held once */
    assert_int_equal(accord_opening_opens(opening, "one", &header), ACCORD_OPENED_NOT);
    assert_int_equal(accord_opening_opens(opening, "two", &header), ACCORD_OPENED_UNTRIED);
    accord_opening_free(opening);
}

int main(void)
{
#define AT_HOST(test) cmocka_unit_test_setup_teardown(test, host_new, host_free)
    const struct CMUnitTest tests[] = {
        AT_HOST(test_a_key_anywhere),
        AT_HOST(test_a_damaged_key),
        AT_HOST(test_keys_behind_keys),
        AT_HOST(test_pem),
        AT_HOST(test_not_looked_at),
        AT_HOST(test_too_long_a_way),
        cmocka_unit_test(test_files_without_a_size),
        AT_HOST(test_work_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
