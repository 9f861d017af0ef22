/* The process that keeps a key. Knows how the two sides speak, and what the kernel is asked to forbid; refuses to know
 * what is signed: that is accord_signer_sign's, on the keeper's side.
 *
 * A request is the time (8 bytes; 0 for a subtree's text), the size of a text (4) and the text; an answer is a size (4)
 * and a signature line, or a size of 0 and an error. Both sides are one program on one machine, so numbers and the
 * error are as they lie in memory. */
#include "keys/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "crypto/backend.h"

#define LINE_MAX_SIZE 8192
#define AHEAD_SIZE 32768 /* bytes of requests that are not answered yet: less than a socket holds, so nobody blocks */
#define AHEAD_COUNT 64
#define LINGER_US 60

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

struct accord_keeper {
    pid_t process;
    int socket;
    bool broken;
    pthread_mutex_t mutex;
};

struct request {
    uint64_t timestamp;
    uint32_t size;
};

/* The first thing that the keeper says. */
struct greeting {
    enum accord_status status;
    uint32_t vkey_size;
    struct accord_error error;
};

/* Both sides: all of it, or false. timeout_ms -1 waits for ever. */

static bool await(int socket, short events, int timeout_ms)
{
    struct pollfd poll_ = {.fd = socket, .events = events};
    int ready;
    do
        ready = poll(&poll_, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static bool read_all(int socket, void *data, size_t size, int timeout_ms)
{
    for (size_t done = 0; done < size;) {
        if (timeout_ms >= 0 && !await(socket, POLLIN, timeout_ms))
            return false;
        ssize_t got = read(socket, (uint8_t *)data + done, size - done);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool write_all(int socket, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = write(socket, (const uint8_t *)data + done, size - done);
        if (put < 0 && errno != EINTR)
            return false;
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* The keeper's side */

/* From here on nothing can be opened, sent or started. */
static bool lock_in(void)
{
#ifdef ARCHITECTURE
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read),
        ALLOW(write),
        /* what malloc, locks and a library's randomness need */
        ALLOW(brk),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(mprotect),
        ALLOW(madvise),
        ALLOW(futex),
        ALLOW(getrandom),
        ALLOW(clock_gettime),
        ALLOW(getpid),
        ALLOW(rt_sigreturn),
        ALLOW(exit),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
#undef ALLOW
    const struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
    return false;
#endif
}

/* Leaves the socket alone of all that is open, as 3. */
static int keep_only(int socket)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++)
        if (null < 0 || dup2(null, i) < 0)
            return -1;
    if (socket != 3 && dup2(socket, 3) < 0)
        return -1;
    return close_range(4, ~0U, 0) == 0 ? 3 : -1;
}

static bool withdraw(void)
{
    static const struct rlimit nothing = {0, 0};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGINT, &ignore, NULL);
    (void)sigaction(SIGTERM, &ignore, NULL);
    (void)sigaction(SIGHUP, &ignore, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)prctl(PR_SET_NAME, "accord-keeper", 0, 0, 0);
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &nothing) == 0 &&
           setrlimit(RLIMIT_NOFILE, &nothing) == 0 && lock_in();
}

static bool sign_one(int socket, const struct accord_signer *signer, uint8_t *text, struct accord_buffer *line)
{
    struct request request;
    struct accord_error error;
    uint32_t size = 0;
    if (!read_all(socket, &request, sizeof request, -1) || request.size > ACCORD_KEEPER_TEXT_MAX ||
        !read_all(socket, text, request.size, -1))
        return false;
    struct accord_bytes note = {text, request.size};
    line->size = 0;
    enum accord_status status = request.timestamp == 0
                                    ? accord_signer_sign_subtree(signer, note, line, &error)
                                    : accord_signer_sign(signer, note, request.timestamp, line, &error);
    if (status != ACCORD_OK)
        return write_all(socket, &size, sizeof size) && write_all(socket, &error, sizeof error);
    size = (uint32_t)line->size;
    uint8_t answer[sizeof size + LINE_MAX_SIZE];
    memcpy(answer, &size, sizeof size);
    memcpy(answer + sizeof size, line->data, size);
    return write_all(socket, answer, sizeof size + size);
}

static void greet(int socket, enum accord_status status, const struct accord_signer *signer,
                  const struct accord_error *error)
{
    struct greeting greeting;
    memset(&greeting, 0, sizeof greeting);
    greeting.status = status;
    if (status == ACCORD_OK)
        greeting.vkey_size = (uint32_t)accord_signer_vkey(signer)->text.size;
    else
        greeting.error = *error;
    if (write_all(socket, &greeting, sizeof greeting) && status == ACCORD_OK)
        (void)write_all(socket, accord_signer_vkey(signer)->text.data, greeting.vkey_size);
}

__attribute__((noreturn)) static void keep(int socket, const struct accord_fs *fs, const char *key_arg,
                                           const char *passphrase_file)
{
    struct accord_signer *signer = NULL;
    struct accord_error error;
    struct accord_buffer line;
    enum accord_status status = accord_signer_open(&signer, fs, key_arg, passphrase_file, &error);
    uint8_t *text = malloc(ACCORD_KEEPER_TEXT_MAX);
    accord_buffer_init(&line, LINE_MAX_SIZE);
    int alone = keep_only(socket);
    if (status == ACCORD_OK && text == NULL)
        status = accord_fail(&error, ACCORD_NO_MEMORY, 0);
    if (status == ACCORD_OK && (alone < 0 || !withdraw())) {
        status = accord_fail(&error, ACCORD_UNSUPPORTED, 0);
        accord_error_what(&error, ACCORD_LITERAL("a process for the key"));
        accord_error_expected(&error, ACCORD_LITERAL("a kernel with seccomp filters"));
    }
    greet(alone < 0 ? socket : alone, status, signer, &error);
    while (status == ACCORD_OK && sign_one(alone, signer, text, &line))
        continue;
    accord_signer_free(signer);
    _exit(0);
}

/* The other side */

static enum accord_status gone(struct accord_keeper *keeper, struct accord_error *error)
{
    keeper->broken = true;
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, ACCORD_LITERAL("the process that keeps the key"));
    accord_error_found(error, ACCORD_LITERAL("it does not answer"));
    return ACCORD_IO;
}

static enum accord_status hear_greeting(struct accord_keeper *keeper, struct accord_buffer *vkey,
                                        struct accord_error *error)
{
    struct greeting greeting;
    uint8_t text[4096];
    /* scrypt may take its time over a passphrase */
    if (!read_all(keeper->socket, &greeting, sizeof greeting, 6 * ACCORD_KEEPER_TIMEOUT_MS))
        return gone(keeper, error);
    if (greeting.status != ACCORD_OK) {
        if (error != NULL)
            *error = greeting.error;
        return greeting.status;
    }
    if (greeting.vkey_size > sizeof text ||
        !read_all(keeper->socket, text, greeting.vkey_size, ACCORD_KEEPER_TIMEOUT_MS))
        return gone(keeper, error);
    enum accord_status status = accord_buffer_append(vkey, (struct accord_bytes){text, greeting.vkey_size});
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

enum accord_status accord_keeper_start(struct accord_keeper **out, const struct accord_fs *fs, const char *key_arg,
                                       const char *passphrase_file, struct accord_buffer *vkey,
                                       struct accord_error *error)
{
    int sockets[2];
    *out = NULL;
    struct accord_keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        free(keeper);
        return accord_file_error(error, -errno, "socketpair");
    }
    pthread_mutex_init(&keeper->mutex, NULL);
    keeper->socket = sockets[0];
    keeper->process = fork();
    if (keeper->process == 0)
        keep(sockets[1], fs, key_arg, passphrase_file);
    int failed = errno;
    close(sockets[1]);
    enum accord_status status =
        keeper->process < 0 ? accord_file_error(error, -failed, "fork") : hear_greeting(keeper, vkey, error);
    if (status != ACCORD_OK)
        accord_keeper_stop(keeper);
    else
        *out = keeper;
    return status;
}

void accord_keeper_stop(struct accord_keeper *keeper)
{
    if (keeper == NULL)
        return;
    close(keeper->socket);
    while (keeper->process > 0 && waitpid(keeper->process, NULL, 0) < 0 && errno == EINTR)
        continue;
    pthread_mutex_destroy(&keeper->mutex);
    free(keeper);
}

static bool ask(const struct accord_keeper *keeper, struct accord_bytes text, uint64_t timestamp)
{
    uint8_t message[sizeof(struct request) + AHEAD_SIZE];
    struct request request;
    memset(&request, 0, sizeof request);
    request.timestamp = timestamp;
    request.size = (uint32_t)text.size;
    if (text.size > AHEAD_SIZE)
        return write_all(keeper->socket, &request, sizeof request) && write_all(keeper->socket, text.data, text.size);
    memcpy(message, &request, sizeof request);
    memcpy(message + sizeof request, text.data, text.size);
    return write_all(keeper->socket, message, sizeof request + text.size);
}

/* A signature takes about as long as falling asleep and waking up again: so it is looked for a while first. */
static void linger(int socket)
{
    uint8_t first;
    uint64_t until_us = accord_monotonic_us() + LINGER_US;
    while (recv(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN && accord_monotonic_us() < until_us)
        continue;
}

/* False where the keeper is gone; *status is what it said. */
static bool hear(const struct accord_keeper *keeper, struct accord_buffer *line, enum accord_status *status,
                 struct accord_error *error)
{
    uint32_t size;
    uint8_t text[LINE_MAX_SIZE];
    struct accord_error said;
    linger(keeper->socket);
    if (!read_all(keeper->socket, &size, sizeof size, ACCORD_KEEPER_TIMEOUT_MS) || size > sizeof text)
        return false;
    if (size == 0) {
        if (!read_all(keeper->socket, &said, sizeof said, ACCORD_KEEPER_TIMEOUT_MS))
            return false;
        *status = said.status;
        if (error != NULL)
            *error = said;
        return true;
    }
    if (!read_all(keeper->socket, text, size, ACCORD_KEEPER_TIMEOUT_MS))
        return false;
    enum accord_status appended = accord_buffer_append(line, (struct accord_bytes){text, size});
    if (appended != ACCORD_OK)
        *status = accord_fail(error, appended, 0);
    return true;
}

/* How many of the texts are asked for at once: as many as the socket holds, at least one. */
static size_t how_many(const struct accord_bytes *texts, size_t count)
{
    size_t many = 1, size = texts[0].size + sizeof(struct request);
    while (many < count && many < AHEAD_COUNT && (size += texts[many].size + sizeof(struct request)) <= AHEAD_SIZE)
        many++;
    return many;
}

static enum accord_status sign_all(struct accord_keeper *keeper, const struct accord_bytes *texts, size_t count,
                                   uint64_t timestamp, struct accord_buffer *const *lines, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && count > 0) {
        size_t many = how_many(texts, count);
        for (size_t i = 0; i < many; i++)
            if (!ask(keeper, texts[i], timestamp))
                return gone(keeper, error);
        for (size_t i = 0; i < many; i++)
            if (!hear(keeper, lines[i], &status, error))
                return gone(keeper, error);
        texts += many;
        lines += many;
        count -= many;
    }
    return status;
}

enum accord_status accord_keeper_sign(struct accord_keeper *keeper, const struct accord_bytes *texts, size_t count,
                                      uint64_t timestamp, struct accord_buffer *const *lines,
                                      struct accord_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].size > ACCORD_KEEPER_TEXT_MAX)
            return accord_fail(error, ACCORD_TOO_LARGE, 0);
    pthread_mutex_lock(&keeper->mutex);
    enum accord_status status =
        keeper->broken ? gone(keeper, error) : sign_all(keeper, texts, count, timestamp, lines, error);
    pthread_mutex_unlock(&keeper->mutex);
    return status;
}
