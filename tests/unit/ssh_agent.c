/* Signing with a key that a real ssh-agent holds; skipped, and counted as skipped, where OpenSSH's programs are absent.
 */
#include "base/file.h"
#include "crypto/backend.h"
#include "keys/agent.h"
#include "keys/key.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/accord-unit-agent-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][100];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 100, "%s/%s", directory, name);
    return path;
}

/* The base64 field of an authorized_keys line ends in the 32 bytes of the key. */
static void read_public(uint8_t public_key[32])
{
    struct accord_buffer file;
    struct accord_error error;
    accord_buffer_init(&file, 4096);
    assert_int_equal(accord_file_read(&accord_fs_real, path_of("id.raw"), &file, &error), ACCORD_OK);
    assert_int_equal(file.size, 51);
    memcpy(public_key, file.data + 19, 32);
    accord_buffer_free(&file);
}

static pid_t start_agent(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL)
            execlp("ssh-agent", "ssh-agent", "-D", "-a", path_of("agent"), (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 100 && access(path_of("agent"), F_OK) != 0; i++)
        usleep(50000);
    return child;
}

static void check_signer(const uint8_t public_key[32], enum accord_key_type type)
{
    uint8_t text[512];
    char key_arg[600];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_error error;
    struct accord_signer *signer;
    struct accord_buffer lines;
    struct accord_note_claim note;
    struct accord_signature signature;
    size_t cursor = 0;
    const struct accord_bytes checkpoint =
        ACCORD_LITERAL("log.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    accord_vkey_print(&out, ACCORD_LITERAL("agent.example"), type, (struct accord_bytes){public_key, 32},
                      &accord_crypto_default);
    snprintf(key_arg, sizeof key_arg, "ssh-agent:%.*s", (int)out.size, (const char *)text);
    assert_int_equal(accord_signer_open(&signer, &accord_fs_real, key_arg, NULL, &error), ACCORD_OK);
    accord_buffer_init(&lines, 4096);
    assert_int_equal(accord_signer_sign(signer, checkpoint, 1795403411, &lines, &error), ACCORD_OK);
    assert_int_equal(accord_signatures_parse(&note, accord_buffer_bytes(&lines), &error), ACCORD_OK);
    assert_true(accord_note_next_signature(&note, &cursor, &signature));
    assert_int_equal(
        accord_signature_verify(&signature, checkpoint, accord_signer_vkey(signer), &accord_crypto_default, NULL),
        ACCORD_SIGNED);
    assert_int_equal(accord_signer_save(signer, &accord_fs_real, path_of("saved"), NULL, &error), ACCORD_KEY_TYPE);
    accord_buffer_free(&lines);
    accord_signer_free(signer);
}

static void signs_with_a_real_agent(void **state)
{
    (void)state;
    char command[512];
    uint8_t public_key[32];
    struct accord_error error;
    snprintf(command, sizeof command,
             "cd %s && ssh-keygen -q -t ed25519 -N '' -C test-only -f id && cut -d' ' -f2 id.pub | base64 -d > id.raw",
             directory);
    assert_int_equal(system(command), 0);
    read_public(public_key);
    pid_t agent = start_agent();
    assert_int_equal(setenv("SSH_AUTH_SOCK", path_of("agent"), 1), 0);
    assert_int_equal(accord_agent_find(public_key, &error), ACCORD_NOT_FOUND);
    snprintf(command, sizeof command, "ssh-add -q %s 2>/dev/null", path_of("id"));
    assert_int_equal(system(command), 0);
    check_signer(public_key, ACCORD_KEY_ED25519);
    check_signer(public_key, ACCORD_KEY_COSIGNATURE_ED25519);
    assert_int_equal(system("ssh-add -q -D 2>/dev/null"), 0);
    uint8_t signature[64];
    assert_int_equal(accord_agent_sign(public_key, ACCORD_LITERAL("x"), signature, &error), ACCORD_IO);
    assert_int_equal(kill(agent, SIGTERM), 0);
    assert_int_equal(waitpid(agent, NULL, 0), agent);
}

int main(void)
{
    accord_crypto_start();
    if (system("command -v ssh-agent ssh-add ssh-keygen base64 >/dev/null 2>&1") != 0) {
        puts("1..0 # SKIP no OpenSSH programs");
        return 0;
    }
    if (mkdtemp(directory) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_with_a_real_agent),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const names[] = {"agent", "id", "id.pub", "id.raw"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(path_of(names[i]));
    (void)rmdir(directory);
    return failed;
}
