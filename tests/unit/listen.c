/* Sockets that listen: each form of address, and those that somebody else made. */
#include "slices.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/listen.h"

#define INHERITED_FIRST 3

static struct sockets {
    int handles[ACCORD_LISTEN_MAX];
    size_t count;
    struct accord_error error;
} opened;

static enum accord_status open_at(const char *address)
{
    memset(&opened, 0, sizeof opened);
    enum accord_status status = accord_listen(address, opened.handles, &opened.count, &opened.error);
    assert_int_equal(status == ACCORD_OK, opened.count > 0);
    if (status != ACCORD_OK)
        assert_int_equal(opened.error.status, status);
    return status;
}

static void close_all(const struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        close(sockets->handles[i]);
}

static unsigned port_of(int handle)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(handle, (struct sockaddr *)&address, &size), 0);
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

/* Somebody gets through. */
static bool reaches(int listener)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    int client = socket(address.ss_family, SOCK_STREAM, 0);
    assert_true(client >= 0);
    bool connected = connect(client, (struct sockaddr *)&address, size) == 0;
    int taken = connected ? accept(listener, NULL, NULL) : -1;
    if (taken >= 0)
        close(taken);
    close(client);
    return taken >= 0;
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int handle = socket(AF_INET6, SOCK_STREAM, 0);
    bool works = handle >= 0 && bind(handle, (struct sockaddr *)&address, sizeof address) == 0;
    if (handle >= 0)
        close(handle);
    return works;
}

static void assert_is_listening(int handle)
{
    assert_true((fcntl(handle, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(handle, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true(reaches(handle));
}

static void ipv4(void **state)
{
    char name[128], expected[128];
    (void)state;
    assert_int_equal(open_at("127.0.0.1:0"), ACCORD_OK);
    assert_int_equal(opened.count, 1);
    assert_is_listening(opened.handles[0]);
    snprintf(expected, sizeof expected, "127.0.0.1:%u", port_of(opened.handles[0]));
    accord_listen_name(opened.handles[0], name);
    assert_string_equal(name, expected);
    /* An Internet socket leaves no path behind. */
    accord_listen_unlink(opened.handles[0]);
    /* The name is an address again, and taken while this one lives. */
    struct sockets first = opened;
    assert_int_equal(open_at(name), ACCORD_IO);
    assert_string_equal(opened.error.what, name);
    assert_string_equal(opened.error.found, strerror(EADDRINUSE));
    close_all(&first);
    assert_int_equal(open_at(name), ACCORD_OK);
    close_all(&opened);
}

static void ipv6(void **state)
{
    char name[128], expected[128];
    (void)state;
    if (!has_ipv6()) {
        print_message("# this machine has no IPv6\n");
        assert_int_equal(open_at("[::1]:0"), ACCORD_IO);
        return;
    }
    assert_int_equal(open_at("[::1]:0"), ACCORD_OK);
    assert_int_equal(opened.count, 1);
    assert_is_listening(opened.handles[0]);
    snprintf(expected, sizeof expected, "[::1]:%u", port_of(opened.handles[0]));
    accord_listen_name(opened.handles[0], name);
    assert_string_equal(name, expected);
    struct sockets first = opened;
    assert_int_equal(open_at(name), ACCORD_IO);
    close_all(&first);
}

/* All addresses of both families, each with a socket of its own on the port that was asked for. */
static void every_address(void **state)
{
    char address[16], name[128];
    (void)state;
    assert_int_equal(open_at("127.0.0.1:0"), ACCORD_OK);
    unsigned port = port_of(opened.handles[0]);
    close_all(&opened);
    snprintf(address, sizeof address, ":%u", port);
    assert_int_equal(open_at(address), ACCORD_OK);
    assert_int_equal(opened.count, has_ipv6() ? 2 : 1);
    for (size_t i = 0; i < opened.count; i++) {
        assert_int_equal(port_of(opened.handles[i]), port);
        accord_listen_name(opened.handles[i], name);
        assert_true(strncmp(name, "0.0.0.0:", 8) == 0 || strncmp(name, "[::]:", 5) == 0);
        assert_is_listening(opened.handles[i]);
    }
    /* Half of it is taken: none of it is given. */
    struct sockets first = opened;
    close(first.handles[--first.count]);
    assert_int_equal(open_at(address), ACCORD_IO);
    close_all(&first);
    assert_int_equal(open_at(address), ACCORD_OK);
    close_all(&opened);
}

static void names(void **state)
{
    (void)state;
    assert_int_equal(open_at("localhost:0"), ACCORD_OK);
    for (size_t i = 0; i < opened.count; i++) {
        char name[128];
        accord_listen_name(opened.handles[i], name);
        assert_true(strncmp(name, "127.0.0.1:", 10) == 0 || strncmp(name, "[::1]:", 6) == 0);
        assert_is_listening(opened.handles[i]);
    }
    close_all(&opened);
    assert_int_equal(open_at("no-such-host.invalid:80"), ACCORD_NETWORK);
    assert_string_equal(opened.error.what, "no-such-host.invalid:80");
    assert_true(opened.error.found[0] != 0);
}

/* An address that is none of this machine's (RFC 5737). */
static void elsewhere(void **state)
{
    (void)state;
    assert_int_equal(open_at("192.0.2.1:0"), ACCORD_IO);
    assert_string_equal(opened.error.found, strerror(EADDRNOTAVAIL));
}

static void malformed(void **state)
{
    static const char *const texts[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        ":",
        "127.0.0.1:http",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "h:+1",
        "127.0.0.1:01",
        "::1:80",
        "::1",
        "[::1]",
        "[::1]80",
        "[]:80",
        "[::1:80",
        "::1]:80",
        "127.0.0.1: 80",
        "a:b:1",
        "127.0.0.1:80 ",
        "127.0.0.1:99999999999999999999",
    };
    char address[400];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(open_at(texts[i]), ACCORD_MALFORMED);
        assert_string_equal(opened.error.what, texts[i]);
        assert_true(opened.error.found[0] != 0);
    }
    memset(address, 'a', sizeof address);
    memcpy(address + 390, ":80", 4);
    assert_int_equal(open_at(address), ACCORD_TOO_LARGE);
}

/* Unix sockets */

static int enter_dir(void **state)
{
    static char dir[] = "/tmp/accord-test-XXXXXX";
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
    *state = mkdtemp(dir);
    assert_non_null(*state);
    return chdir(dir);
}

static int leave_dir(void **state)
{
    assert_int_equal(chdir("/"), 0);
    return rmdir(*state);
}

static void unix_sockets(void **state)
{
    char address[160], path[128], name[128];
    struct stat found;
    snprintf(path, sizeof path, "%s/s", (const char *)*state);
    snprintf(address, sizeof address, "unix:%s", path);
    assert_int_equal(open_at(address), ACCORD_OK);
    assert_int_equal(opened.count, 1);
    assert_is_listening(opened.handles[0]);
    accord_listen_name(opened.handles[0], name);
    assert_string_equal(name, address);
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(found.st_mode & 0777, 0660);
    /* Whoever is served stays. */
    struct sockets first = opened;
    assert_int_equal(open_at(address), ACCORD_LOCKED);
    assert_string_equal(opened.error.what, path);
    assert_true(reaches(first.handles[0]));
    /* What its server left behind goes. */
    close_all(&first);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(open_at(address), ACCORD_OK);
    assert_true(reaches(opened.handles[0]));
    accord_listen_unlink(opened.handles[0]);
    assert_int_not_equal(stat(path, &found), 0);
    close_all(&opened);
    /* A relative path, as a person types it. */
    assert_int_equal(open_at("unix:s"), ACCORD_OK);
    accord_listen_name(opened.handles[0], name);
    assert_string_equal(name, "unix:s");
    assert_true(reaches(opened.handles[0]));
    accord_listen_unlink(opened.handles[0]);
    close_all(&opened);
    assert_int_not_equal(stat(path, &found), 0);
}

/* A listener whose queue is full is still one. */
static void unix_socket_of_a_busy_server(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "busy"};
    (void)state;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), clients[4];
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server, 0), 0);
    for (size_t i = 0; i < 4; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(clients[i], (struct sockaddr *)&address, sizeof address);
    }
    assert_int_equal(open_at("unix:busy"), ACCORD_LOCKED);
    for (size_t i = 0; i < 4; i++)
        close(clients[i]);
    close(server);
    assert_int_equal(unlink("busy"), 0);
}

static void unix_places_that_are_taken(void **state)
{
    char address[160];
    struct stat found;
    (void)state;
    close(open("file", O_CREAT | O_WRONLY, 0600));
    assert_int_equal(open_at("unix:file"), ACCORD_EXISTS);
    assert_string_equal(opened.error.what, "file");
    assert_int_equal(stat("file", &found), 0);
    assert_true(S_ISREG(found.st_mode));
    assert_int_equal(unlink("file"), 0);
    /* A link to a socket is no socket: what is removed is what was named. */
    assert_int_equal(symlink("nowhere", "link"), 0);
    assert_int_equal(open_at("unix:link"), ACCORD_EXISTS);
    assert_int_equal(lstat("link", &found), 0);
    assert_int_equal(unlink("link"), 0);
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(open_at("unix:dir"), ACCORD_EXISTS);
    assert_int_equal(rmdir("dir"), 0);
    assert_int_equal(open_at("unix:missing/s"), ACCORD_NOT_FOUND);
    assert_int_equal(open_at("unix:"), ACCORD_TOO_LARGE);
    snprintf(address, sizeof address, "unix:%0107d", 0);
    assert_int_equal(open_at(address), ACCORD_OK);
    accord_listen_unlink(opened.handles[0]);
    close_all(&opened);
    snprintf(address, sizeof address, "unix:%0108d", 0);
    assert_int_equal(open_at(address), ACCORD_TOO_LARGE);
}

/* Sockets of the service manager */

/* What a child with these descriptors from 3 on makes of its environment: how many sockets it takes, and whether each
 * is ready to be served; 100 where one is not. */
static unsigned inherited(const char *count, const char *process, const int *handles, size_t handle_count)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int sockets[ACCORD_LISTEN_MAX], high[ACCORD_LISTEN_MAX];
        char self[32];
        snprintf(self, sizeof self, "%ld", (long)getpid());
        setenv("LISTEN_FDS", count, 1);
        setenv("LISTEN_PID", process == NULL ? self : process, 1);
        for (size_t i = 0; i < handle_count; i++)
            high[i] = fcntl(handles[i], F_DUPFD, 100);
        for (size_t i = 0; i < handle_count; i++)
            (void)dup2(high[i], INHERITED_FIRST + (int)i);
        for (int i = INHERITED_FIRST + (int)handle_count; i < 200; i++)
            close(i);
        size_t taken = accord_listen_inherited(sockets);
        bool good = true;
        for (size_t i = 0; i < taken; i++)
            good = good && (fcntl(sockets[i], F_GETFL) & O_NONBLOCK) != 0 && fcntl(sockets[i], F_GETFD) == FD_CLOEXEC;
        _exit(good ? (int)taken : 100);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (unsigned)WEXITSTATUS(status);
}

static void service_manager(void **state)
{
    (void)state;
    assert_int_equal(open_at("127.0.0.1:0"), ACCORD_OK);
    struct sockets first = opened;
    assert_int_equal(open_at("127.0.0.1:0"), ACCORD_OK);
    int plain = open("/dev/null", O_RDONLY), deaf = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(plain >= 0 && deaf >= 0);
    /* They come without O_NONBLOCK. */
    assert_int_equal(fcntl(first.handles[0], F_SETFL, 0), 0);
    const int both[] = {first.handles[0], opened.handles[0]}, mixed[] = {plain, first.handles[0], deaf};
    assert_int_equal(inherited("2", NULL, both, 2), 2);
    assert_int_equal(inherited("1", NULL, both, 2), 1);
    assert_int_equal(inherited("3", NULL, mixed, 3), 1);
    assert_int_equal(inherited("0", NULL, both, 2), 0);
    assert_int_equal(inherited("", NULL, both, 2), 0);
    assert_int_equal(inherited("-1", NULL, both, 2), 0);
    assert_int_equal(inherited("two", NULL, both, 2), 0);
    assert_int_equal(inherited("18446744073709551615", NULL, both, 2), 2);
    assert_int_equal(inherited("2", "1", both, 2), 0);
    assert_int_equal(inherited("2", "", both, 2), 0);
    close(plain);
    close(deaf);
    close_all(&first);
    close_all(&opened);
    int none[ACCORD_LISTEN_MAX];
    unsetenv("LISTEN_FDS");
    assert_int_equal(accord_listen_inherited(none), 0);
}

static void no_socket(void **state)
{
    char name[128];
    (void)state;
    int handle = open("/dev/null", O_RDONLY);
    accord_listen_name(handle, name);
    assert_string_equal(name, "?");
    accord_listen_unlink(handle);
    close(handle);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter_dir, leave_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4),
        cmocka_unit_test(ipv6),
        cmocka_unit_test(every_address),
        cmocka_unit_test(names),
        cmocka_unit_test(elsewhere),
        cmocka_unit_test(malformed),
        IN_DIR(unix_sockets),
        IN_DIR(unix_socket_of_a_busy_server),
        IN_DIR(unix_places_that_are_taken),
        cmocka_unit_test(service_manager),
        cmocka_unit_test(no_socket),
    };
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
