/* Agents that answer badly, and none at all. ssh_agent.c asks a real one. */
#include "keys/agent.h"
#include "crypto/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/accord-unit-agent-XXXXXX";
static const uint8_t seed[32] = "an agent's key, for tests only.";

static const char *path_of(const char *name)
{
    static char paths[4][100];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 100, "%s/%s", directory, name);
    return path;
}

/* Serves count connections: reads what is asked and answers with these bytes. Returns the child's process. */
static pid_t start_fake(struct accord_bytes answer, int count)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of("fake"));
    (void)unlink(address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(setenv("SSH_AUTH_SOCK", address.sun_path, 1), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (int i = 0; i < count; i++) {
            uint8_t request[4096];
            int connection = accept(listener, NULL, NULL);
            if (recv(connection, request, sizeof request, 0) > 0 && answer.size > 0)
                (void)send(connection, answer.data, answer.size, MSG_NOSIGNAL);
            (void)close(connection);
        }
        _exit(0);
    }
    (void)close(listener);
    return child;
}

static void assert_find_fails(struct accord_bytes answer, enum accord_status expected)
{
    uint8_t public_key[32];
    struct accord_error error;
    accord_ed25519_public(seed, public_key);
    pid_t child = start_fake(answer, 1);
    assert_int_equal(accord_agent_find(public_key, &error), expected);
    assert_string_equal(error.what, "ssh-agent");
    assert_true(error.found[0] != 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void refuses_agents_that_answer_badly(void **state)
{
    (void)state;
    assert_find_fails(ACCORD_LITERAL(""), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\0"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\xff\xff\xff\xff\x0c"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\1\5"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\1\x0e"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\1\x0c"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\5\x0c\0\0\0\0"), ACCORD_NOT_FOUND);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\6\x0c\0\0\0\0!"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\5\x0c\0\0\0\1"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\x09\x0c\0\0\0\1\xff\xff\xff\xff"), ACCORD_IO);
    assert_find_fails(ACCORD_LITERAL("\0\0\0\x0d\x0c\0\0\0\1\0\0\0\0\0\0\0\0"), ACCORD_NOT_FOUND);
}

/* A well formed answer whose signature is not one: it must never be used. */
static void refuses_a_signature_that_does_not_verify(void **state)
{
    (void)state;
    uint8_t answer[4 + 1 + 4 + 4 + 11 + 4 + 64] = {0, 0, 0, 88, 14, 0, 0, 0, 83, 0, 0, 0, 11};
    uint8_t public_key[32], signature[64];
    struct accord_error error;
    memcpy(answer + 13, "ssh-ed25519\0\0\0\x40", 15);
    accord_ed25519_public(seed, public_key);
    accord_ed25519_sign(seed, (const uint8_t *)"message", 7, answer + 28);
    pid_t child = start_fake((struct accord_bytes){answer, sizeof answer}, 2);
    assert_int_equal(accord_agent_sign(public_key, ACCORD_LITERAL("message"), signature, &error), ACCORD_OK);
    assert_memory_equal(signature, answer + 28, 64);
    assert_int_equal(accord_agent_sign(public_key, ACCORD_LITERAL("massage"), signature, &error), ACCORD_IO);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void says_that_there_is_no_agent(void **state)
{
    (void)state;
    uint8_t public_key[32] = {0};
    struct accord_error error;
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    assert_int_equal(accord_agent_find(public_key, &error), ACCORD_IO);
    assert_string_equal(error.found, "SSH_AUTH_SOCK is not set");
    assert_int_equal(setenv("SSH_AUTH_SOCK", path_of("nobody"), 1), 0);
    assert_int_equal(accord_agent_find(public_key, &error), ACCORD_IO);
    char path[300];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    assert_int_equal(setenv("SSH_AUTH_SOCK", path, 1), 0);
    assert_int_equal(accord_agent_find(public_key, &error), ACCORD_IO);
}

int main(void)
{
    accord_crypto_start();
    if (mkdtemp(directory) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_agents_that_answer_badly),
        cmocka_unit_test(refuses_a_signature_that_does_not_verify),
        cmocka_unit_test(says_that_there_is_no_agent),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path_of("fake"));
    (void)rmdir(directory);
    return failed;
}
