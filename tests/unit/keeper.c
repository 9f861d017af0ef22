/* Keys in processes of their own: they sign what the same key signs here, refuse what it refuses, and when they are
 * gone that is said, not waited for. */
#include "slices.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "accord/checkpoint.h"
#include "base/file.h"
#include "crypto/backend.h"
#include "keys/keeper.h"

#define NOW 1700000000
#define MANY 200

static char dir[] = "/tmp/accord-keeper-XXXXXX";
static char path[64], passphrase[64];
static struct accord_signer *here;

static struct accord_bytes checkpoint(char text[256], unsigned size)
{
    snprintf(text, 256, "log.example\n%u\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", size);
    return slice(text);
}

static void write_text(const char *to, const char *text)
{
    FILE *file = fopen(to, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key", dir);
    snprintf(passphrase, sizeof passphrase, "%s/passphrase", dir);
    assert_int_equal(accord_signer_generate(&here, slice("w.example"), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    assert_int_equal(accord_signer_save(here, &accord_fs_real, path, NULL, NULL), ACCORD_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    accord_signer_free(here);
    unlink(path);
    unlink(passphrase);
    return rmdir(dir);
}

static struct accord_signer *open_apart(void)
{
    struct accord_signer *apart;
    struct accord_error error;
    assert_int_equal(accord_signer_open_apart(&apart, &accord_fs_real, path, NULL, &error), ACCORD_OK);
    return apart;
}

static void assert_same(struct accord_bytes a, struct accord_bytes b)
{
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, b.size);
}

static void signs_the_same(void **state)
{
    (void)state;
    char text[256];
    struct accord_buffer ours, theirs;
    struct accord_signer *apart = open_apart();
    assert_same(accord_signer_vkey(apart)->text, accord_signer_vkey(here)->text);
    accord_buffer_init(&ours, 4096);
    accord_buffer_init(&theirs, 4096);
    assert_int_equal(accord_signer_sign(here, checkpoint(text, 7), NOW, &ours, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_sign(apart, checkpoint(text, 7), NOW, &theirs, NULL), ACCORD_OK);
    assert_same(accord_buffer_bytes(&theirs), accord_buffer_bytes(&ours));
    accord_buffer_free(&ours);
    accord_buffer_free(&theirs);
    accord_signer_free(apart);
}

static enum accord_status sign_all(const struct accord_signer *signer, const struct accord_bytes *notes, size_t count,
                                   struct accord_buffer *const *lines)
{
    struct accord_signing signing = {
        .signer = signer, .texts = notes, .count = count, .timestamp = NOW, .lines = lines};
    accord_signing_begin(&signing);
    return accord_signing_end(&signing, NULL);
}

/* More than the socket holds, and texts as large as a checkpoint's may be. */
static void signs_many(void **state)
{
    (void)state;
    static char texts[MANY][256];
    static char large[ACCORD_KEEPER_TEXT_MAX + 1];
    struct accord_bytes notes[MANY];
    struct accord_buffer lines[MANY], expected, *places[MANY];
    struct accord_signer *apart = open_apart();
    for (unsigned i = 0; i < MANY; i++) {
        notes[i] = checkpoint(texts[i], i);
        accord_buffer_init(&lines[i], 4096);
        places[i] = &lines[i];
    }
    int size = snprintf(large, sizeof large, "%s", texts[0]);
    memset(large + size, 'x', 4096 - (size_t)size - 1);
    for (size_t i = (size_t)size + 80; i < 4095; i += 80)
        large[i] = '\n';
    large[4095] = '\n';
    notes[MANY / 2] = notes[MANY / 2 + 1] = (struct accord_bytes){(const uint8_t *)large, 4096};
    assert_int_equal(sign_all(apart, notes, MANY, places), ACCORD_OK);
    accord_buffer_init(&expected, 4096);
    for (unsigned i = 0; i < MANY; i++) {
        expected.size = 0;
        assert_int_equal(accord_signer_sign(here, notes[i], NOW, &expected, NULL), ACCORD_OK);
        assert_same(accord_buffer_bytes(&lines[i]), accord_buffer_bytes(&expected));
        accord_buffer_free(&lines[i]);
    }
    large[65536] = '\n';
    notes[0] = (struct accord_bytes){(const uint8_t *)large, 65537};
    expected.size = 0;
    struct accord_buffer *place = &expected;
    assert_int_equal(sign_all(apart, notes, 1, &place), ACCORD_TOO_LARGE);
    assert_int_equal(accord_signer_sign(apart, notes[1], NOW, &expected, NULL), ACCORD_OK);
    accord_buffer_free(&expected);
    accord_signer_free(apart);
}

/* A key of a witness signs checkpoints, with a time, and nothing else, whoever asks. */
static void refuses_the_same(void **state)
{
    (void)state;
    char text[256];
    struct accord_buffer line;
    struct accord_error error;
    struct accord_signer *apart = open_apart();
    accord_buffer_init(&line, 4096);
    assert_int_equal(accord_signer_sign(apart, slice("anything\n"), NOW, &line, &error), ACCORD_MALFORMED);
    assert_string_equal(error.what, "w.example");
    assert_int_equal(accord_signer_sign(apart, checkpoint(text, 1), 0, &line, &error), ACCORD_IO);
    assert_int_equal(line.size, 0);
    assert_int_equal(accord_signer_sign(apart, checkpoint(text, 1), NOW, &line, &error), ACCORD_OK);
    accord_buffer_free(&line);
    accord_signer_free(apart);
}

static void cannot_be_opened(void **state)
{
    (void)state;
    struct accord_signer *apart = NULL;
    struct accord_error error;
    char absent[128];
    snprintf(absent, sizeof absent, "%s/absent", dir);
    assert_int_equal(accord_signer_open_apart(&apart, &accord_fs_real, absent, NULL, &error), ACCORD_NOT_FOUND);
    assert_non_null(strstr(error.what, "absent"));
    write_text(passphrase, "nonsense\n");
    assert_int_equal(accord_signer_open_apart(&apart, &accord_fs_real, passphrase, NULL, &error), ACCORD_BAD_KEY);
    assert_null(apart);
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
    assert_int_equal(errno, ECHILD);
}

/* The process of the only child. */
static pid_t child(void)
{
    char name[64];
    int found = 0;
    snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    char text[64] = "";
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    found = (int)strtol(text, NULL, 10);
    assert_true(found > 0);
    return found;
}

static void read_status(pid_t process, const char *field, char value[64])
{
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%d/status", (int)process);
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    value[0] = 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            snprintf(value, 64, "%s", line + strlen(field));
    fclose(file);
}

/* It is sandboxed, it outlives every signal but the two that nobody outlives, and when it is killed that is said at
 * once, and again. */
static void is_alone(void **state)
{
    (void)state;
    char text[256], value[64];
    struct accord_buffer line;
    struct accord_error error;
    struct accord_signer *apart = open_apart();
    pid_t process = child();
    read_status(process, "Seccomp:", value);
    assert_int_equal(strtol(value, NULL, 10), 2);
    read_status(process, "NoNewPrivs:", value);
    assert_int_equal(strtol(value, NULL, 10), 1);
    accord_buffer_init(&line, 4096);
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            assert_int_equal(kill(process, number), 0);
    assert_int_equal(accord_signer_sign(apart, checkpoint(text, 1), NOW, &line, &error), ACCORD_OK);
    assert_false(accord_signer_gone(apart));
    assert_int_equal(kill(process, SIGKILL), 0);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(accord_signer_sign(apart, checkpoint(text, 1), NOW, &line, &error), ACCORD_IO);
        assert_string_equal(error.what, "the process that keeps the key");
        assert_true(accord_signer_gone(apart));
    }
    (void)signal(SIGPIPE, before);
    accord_buffer_free(&line);
    accord_signer_free(apart);
}

/* One that was stopped ends with its server all the same. */
static void is_not_waited_for(void **state)
{
    (void)state;
    struct accord_signer *apart = open_apart();
    assert_int_equal(kill(child(), SIGSTOP), 0);
    accord_signer_free(apart);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void *sign_often(void *context)
{
    struct accord_signer *apart = context;
    struct accord_buffer ours, theirs;
    char text[256];
    accord_buffer_init(&ours, 4096);
    accord_buffer_init(&theirs, 4096);
    for (unsigned i = 0; i < 200; i++) {
        ours.size = theirs.size = 0;
        if (accord_signer_sign(apart, checkpoint(text, i), NOW, &theirs, NULL) != ACCORD_OK ||
            accord_signer_sign(here, checkpoint(text, i), NOW, &ours, NULL) != ACCORD_OK || theirs.size != ours.size ||
            memcmp(theirs.data, ours.data, ours.size) != 0)
            abort();
    }
    accord_buffer_free(&ours);
    accord_buffer_free(&theirs);
    return NULL;
}

static void from_many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct accord_signer *apart = open_apart();
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_often, apart), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    accord_signer_free(apart);
}

/* With ML-DSA-44, whose library allocates, reads randomness and takes locks. */
static void mldsa(void **state)
{
    (void)state;
    char text[256], name[128];
    struct accord_signer *key, *apart;
    struct accord_buffer line;
    if (!accord_mldsa44_available())
        return;
    snprintf(name, sizeof name, "%s/mldsa", dir);
    assert_int_equal(accord_signer_generate(&key, slice("m.example"), ACCORD_KEY_COSIGNATURE_MLDSA44, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_save(key, &accord_fs_real, name, NULL, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_open_apart(&apart, &accord_fs_real, name, NULL, NULL), ACCORD_OK);
    unlink(name);
    accord_buffer_init(&line, 8192);
    for (unsigned i = 0; i < 20; i++) {
        struct accord_note_claim note;
        line.size = 0;
        assert_int_equal(accord_signer_sign(apart, checkpoint(text, i), NOW, &line, NULL), ACCORD_OK);
        struct accord_buffer whole;
        accord_buffer_init(&whole, 16384);
        assert_int_equal(accord_buffer_append(&whole, slice(text)), ACCORD_OK);
        assert_int_equal(accord_buffer_append(&whole, slice("\n")), ACCORD_OK);
        assert_int_equal(accord_buffer_append(&whole, accord_buffer_bytes(&line)), ACCORD_OK);
        assert_int_equal(accord_note_parse(&note, accord_buffer_bytes(&whole), NULL), ACCORD_OK);
        assert_int_equal(accord_note_signed_by(&note, accord_signer_vkey(key), &accord_crypto_default, NULL),
                         ACCORD_SIGNED);
        accord_buffer_free(&whole);
    }
    accord_buffer_free(&line);
    accord_signer_free(apart);
    accord_signer_free(key);
}

int main(void)
{
    const char *preload = getenv("LD_PRELOAD");
    if (preload != NULL && strstr(preload, "vgpreload") != NULL) { /* the kernel would end valgrind itself */
        printf("1..0 # SKIP a sandboxed process cannot run under valgrind\n");
        return 0;
    }
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_the_same),    cmocka_unit_test(signs_many), cmocka_unit_test(refuses_the_same),
        cmocka_unit_test(cannot_be_opened),  cmocka_unit_test(is_alone),   cmocka_unit_test(is_not_waited_for),
        cmocka_unit_test(from_many_threads), cmocka_unit_test(mldsa),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
