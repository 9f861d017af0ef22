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
#define BOX_SIZE 32768 /* bytes of requests that are not answered yet, in one piece: less than a socket holds */
#define LINGER_US 60

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

/* What came through the socket and was not looked at yet. */
struct inbox {
    int socket;
    size_t at, end;
    uint8_t data[BOX_SIZE];
};

/* What is to go through it. */
struct outbox {
    int socket;
    size_t size;
    uint8_t data[BOX_SIZE];
};

struct accord_keeper {
    pid_t process;
    bool broken;
    pthread_mutex_t mutex;
    struct inbox inbox;
    struct outbox outbox;
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

/* Both sides: all of it, or false. timeout_ms -1 is the keeper's, which waits for ever. */

static bool await(int socket, short events, int timeout_ms)
{
    struct pollfd poll_ = {.fd = socket, .events = events};
    int ready;
    do
        ready = poll(&poll_, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* A signature takes about as long as falling asleep and waking up again: so it is looked for a while first. */
static ssize_t linger(struct inbox *inbox)
{
    ssize_t got;
    uint64_t until_us = accord_monotonic_us() + LINGER_US;
    do
        got = recv(inbox->socket, inbox->data, sizeof inbox->data, MSG_DONTWAIT);
    while (got < 0 && errno == EAGAIN && accord_monotonic_us() < until_us);
    return got;
}

static bool fill(struct inbox *inbox, int timeout_ms)
{
    ssize_t got = -1;
    errno = EAGAIN;
    if (timeout_ms >= 0)
        got = linger(inbox);
    while (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (timeout_ms >= 0 && !await(inbox->socket, POLLIN, timeout_ms))
            return false;
        got = read(inbox->socket, inbox->data, sizeof inbox->data);
    }
    inbox->at = 0;
    inbox->end = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static bool read_all(struct inbox *inbox, void *data, size_t size, int timeout_ms)
{
    for (size_t done = 0; done < size;) {
        if (inbox->at == inbox->end && !fill(inbox, timeout_ms))
            return false;
        size_t part = inbox->end - inbox->at < size - done ? inbox->end - inbox->at : size - done;
        memcpy((uint8_t *)data + done, inbox->data + inbox->at, part);
        inbox->at += part;
        done += part;
    }
    return true;
}

static bool flush(struct outbox *outbox)
{
    for (size_t done = 0; done < outbox->size;) {
        ssize_t put = write(outbox->socket, outbox->data + done, outbox->size - done);
        if (put < 0 && errno != EINTR)
            return false;
        done += put > 0 ? (size_t)put : 0;
    }
    outbox->size = 0;
    return true;
}

/* Leaves when the box is full, or is flushed. */
static bool write_all(struct outbox *outbox, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t room = sizeof outbox->data - outbox->size, part = room < size - done ? room : size - done;
        memcpy(outbox->data + outbox->size, (const uint8_t *)data + done, part);
        outbox->size += part;
        done += part;
        if (outbox->size == sizeof outbox->data && !flush(outbox))
            return false;
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
    /* All but SIGKILL and SIGSTOP: the library's own function would leave out two more. */
    const uint64_t all = ~UINT64_C(0);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
    (void)prctl(PR_SET_NAME, "accord-keeper", 0, 0, 0);
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &nothing) == 0 &&
           setrlimit(RLIMIT_NOFILE, &nothing) == 0 && lock_in();
}

/* Answers leave together when nothing more is asked. */
static bool sign_one(struct inbox *inbox, struct outbox *outbox, const struct accord_signer *signer, uint8_t *text,
                     struct accord_buffer *line)
{
    struct request request;
    struct accord_error error;
    uint32_t size = 0;
    if (inbox->at == inbox->end && !flush(outbox))
        return false;
    if (!read_all(inbox, &request, sizeof request, -1) || request.size > ACCORD_KEEPER_TEXT_MAX ||
        !read_all(inbox, text, request.size, -1))
        return false;
    struct accord_bytes note = {text, request.size};
    line->size = 0;
    enum accord_status status = request.timestamp == 0
                                    ? accord_signer_sign_subtree(signer, note, line, &error)
                                    : accord_signer_sign(signer, note, request.timestamp, line, &error);
    if (status != ACCORD_OK)
        return write_all(outbox, &size, sizeof size) && write_all(outbox, &error, sizeof error);
    size = (uint32_t)line->size;
    return write_all(outbox, &size, sizeof size) && write_all(outbox, line->data, line->size);
}

static bool greet(struct outbox *outbox, enum accord_status status, const struct accord_signer *signer,
                  const struct accord_error *error)
{
    struct greeting greeting;
    memset(&greeting, 0, sizeof greeting);
    greeting.status = status;
    if (status == ACCORD_OK)
        greeting.vkey_size = (uint32_t)accord_signer_vkey(signer)->text.size;
    else
        greeting.error = *error;
    return write_all(outbox, &greeting, sizeof greeting) &&
           (status != ACCORD_OK || write_all(outbox, accord_signer_vkey(signer)->text.data, greeting.vkey_size)) &&
           flush(outbox);
}

__attribute__((noreturn)) static void keep(struct accord_keeper *self, int socket, const struct accord_fs *fs,
                                           const char *key_arg, const char *passphrase_file)
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
    self->inbox.socket = self->outbox.socket = alone < 0 ? socket : alone;
    bool heard = greet(&self->outbox, status, signer, &error);
    while (heard && status == ACCORD_OK && sign_one(&self->inbox, &self->outbox, signer, text, &line))
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
    if (!read_all(&keeper->inbox, &greeting, sizeof greeting, 6 * ACCORD_KEEPER_TIMEOUT_MS))
        return gone(keeper, error);
    if (greeting.status != ACCORD_OK) {
        if (error != NULL)
            *error = greeting.error;
        return greeting.status;
    }
    if (greeting.vkey_size > sizeof text ||
        !read_all(&keeper->inbox, text, greeting.vkey_size, ACCORD_KEEPER_TIMEOUT_MS))
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
    keeper->inbox.socket = keeper->outbox.socket = sockets[0];
    keeper->process = fork();
    if (keeper->process == 0)
        keep(keeper, sockets[1], fs, key_arg, passphrase_file);
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
    close(keeper->inbox.socket);
    if (keeper->process > 0) /* it may be stopped, or wait for a key that does not come; there is nothing to lose */
        (void)kill(keeper->process, SIGKILL);
    while (keeper->process > 0 && waitpid(keeper->process, NULL, 0) < 0 && errno == EINTR)
        continue;
    pthread_mutex_destroy(&keeper->mutex);
    free(keeper);
}

bool accord_keeper_gone(struct accord_keeper *keeper)
{
    pthread_mutex_lock(&keeper->mutex);
    bool gone = keeper->broken;
    pthread_mutex_unlock(&keeper->mutex);
    return gone;
}

static bool ask(struct accord_keeper *keeper, struct accord_bytes text, uint64_t timestamp)
{
    struct request request;
    memset(&request, 0, sizeof request);
    request.timestamp = timestamp;
    request.size = (uint32_t)text.size;
    return write_all(&keeper->outbox, &request, sizeof request) && write_all(&keeper->outbox, text.data, text.size);
}

/* False where the keeper is gone; *status is what it said. */
static bool hear(struct accord_keeper *keeper, struct accord_buffer *line, enum accord_status *status,
                 struct accord_error *error)
{
    uint32_t size;
    uint8_t text[LINE_MAX_SIZE];
    struct accord_error said;
    if (!read_all(&keeper->inbox, &size, sizeof size, ACCORD_KEEPER_TIMEOUT_MS) || size > sizeof text)
        return false;
    if (size == 0) {
        if (!read_all(&keeper->inbox, &said, sizeof said, ACCORD_KEEPER_TIMEOUT_MS))
            return false;
        *status = said.status;
        if (error != NULL)
            *error = said;
        return true;
    }
    if (!read_all(&keeper->inbox, text, size, ACCORD_KEEPER_TIMEOUT_MS))
        return false;
    enum accord_status appended = accord_buffer_append(line, (struct accord_bytes){text, size});
    if (appended != ACCORD_OK)
        *status = accord_fail(error, appended, 0);
    return true;
}

/* Asks for as many as fit into one piece, at least one; 0 where the keeper is gone. */
static size_t ask_some(struct accord_keeper *keeper, const struct accord_bytes *texts, size_t count, uint64_t timestamp)
{
    size_t many = 0, size = 0;
    while (many < count && (many == 0 || size + texts[many].size + sizeof(struct request) <= BOX_SIZE)) {
        size += texts[many].size + sizeof(struct request);
        if (!ask(keeper, texts[many++], timestamp))
            return 0;
    }
    return flush(&keeper->outbox) ? many : 0;
}

static bool too_large(const struct accord_bytes *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].size > ACCORD_KEEPER_TEXT_MAX)
            return true;
    return false;
}

void accord_keeper_ask(struct accord_keeper *keeper, struct accord_keeper_errand *errand)
{
    pthread_mutex_lock(&keeper->mutex);
    errand->asked = 0;
    if (keeper->broken || errand->count == 0 || too_large(errand->texts, errand->count))
        return;
    errand->asked = ask_some(keeper, errand->texts, errand->count, errand->timestamp);
    keeper->broken = errand->asked == 0;
}

static enum accord_status hear_all(struct accord_keeper *keeper, const struct accord_keeper_errand *errand,
                                   struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    size_t asked = errand->asked, heard = 0;
    if (keeper->broken)
        return gone(keeper, error);
    if (too_large(errand->texts, errand->count))
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    for (;;) {
        for (; heard < asked; heard++)
            if (!hear(keeper, errand->lines[heard], &status, error))
                return gone(keeper, error);
        if (status != ACCORD_OK || heard == errand->count)
            return status;
        size_t more = ask_some(keeper, errand->texts + heard, errand->count - heard, errand->timestamp);
        if (more == 0)
            return gone(keeper, error);
        asked += more;
    }
}

enum accord_status accord_keeper_hear(struct accord_keeper *keeper, const struct accord_keeper_errand *errand,
                                      struct accord_error *error)
{
    enum accord_status status = hear_all(keeper, errand, error);
    pthread_mutex_unlock(&keeper->mutex);
    return status;
}
