/* A client of POST /add-batch that is not the limit: bodies of about 4 MiB are made once, and each entry in them gets
 * another number before it is sent again. Prints: entries acknowledged, seconds, milliseconds of the median request and
 * of the slowest of a hundred.
 * Usage: batches PORT CONNECTIONS SECONDS COUNT ENTRY-SIZE RUN   (ends at SECONDS or COUNT entries, what comes first)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY_SIZE (4u << 20)
#define NUMBER_SIZE 16
#define TIMES_MAX 65536

static unsigned port;
static size_t entry_size;
static uint64_t limit;
static const char *run;
static double until;
static atomic_ullong taken, acknowledged; /* entries */
static double times[TIMES_MAX];
static atomic_uint times_count;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "batches: %s\n", what);
    exit(1);
}

static size_t body_make(uint8_t *body)
{
    size_t count = BODY_SIZE / (2 + entry_size);
    for (size_t i = 0; i < count; i++) {
        uint8_t *entry = body + i * (2 + entry_size);
        memset(entry, '.', 2 + entry_size);
        entry[0] = (uint8_t)(entry_size >> 8);
        entry[1] = (uint8_t)entry_size;
        memcpy(entry + 2 + NUMBER_SIZE, run, strlen(run));
    }
    return count;
}

static void body_number(uint8_t *body, uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *digits = body + i * (2 + entry_size) + 2;
        uint64_t number = first + i;
        for (size_t at = NUMBER_SIZE; at-- > 0; number >>= 4)
            digits[at] = (uint8_t) "0123456789abcdef"[number & 15];
    }
}

static void send_all(int to, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t part = send(to, (const uint8_t *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (part <= 0)
            die("the server closed the connection");
        sent += (size_t)part;
    }
}

/* The answer's status. Its body ends where Content-Length says, which the server must give. */
static int answer(int from)
{
    char text[2048];
    size_t size = 0, whole = 0;
    while (whole == 0 || size < whole) {
        ssize_t part = recv(from, text + size, sizeof text - 1 - size, 0);
        if (part <= 0)
            die("no answer");
        size += (size_t)part;
        text[size] = 0;
        const char *body = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\nContent-Length:");
        if (body != NULL && length == NULL)
            die("an answer without Content-Length");
        if (body != NULL)
            whole = (size_t)(body + 4 - text) + strtoul(length + 17, NULL, 10);
        if (whole >= sizeof text)
            die("an answer that is too long");
    }
    return (int)strtol(text + 9, NULL, 10);
}

static int connect_to(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int to = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (to < 0 || connect(to, (struct sockaddr *)&address, sizeof address) != 0)
        die("cannot connect");
    return to;
}

/* False where the server is overloaded: the same again, later. */
static bool post(int to, const uint8_t *body, size_t size)
{
    char head[160];
    int head_size = snprintf(
        head, sizeof head, "POST /add-batch HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n\r\n", port, size);
    send_all(to, head, (size_t)head_size);
    send_all(to, body, size);
    int status = answer(to);
    if (status != 200 && status != 503)
        die("a batch was refused");
    return status == 200;
}

static void *client(void *unused)
{
    (void)unused;
    uint8_t *body = malloc(BODY_SIZE);
    if (body == NULL)
        die("no memory");
    size_t whole = body_make(body);
    int to = connect_to();
    while (now() < until) {
        uint64_t first = atomic_fetch_add(&taken, whole);
        if (first >= limit)
            break;
        size_t count = limit - first < whole ? (size_t)(limit - first) : whole;
        body_number(body, first, count);
        double start = now();
        while (!post(to, body, count * (2 + entry_size)))
            usleep(50000);
        unsigned place = atomic_fetch_add(&times_count, 1);
        if (place < TIMES_MAX)
            times[place] = now() - start;
        atomic_fetch_add(&acknowledged, count);
    }
    close(to);
    free(body);
    return NULL;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    pthread_t threads[64];
    if (argc != 7)
        die("usage: batches PORT CONNECTIONS SECONDS COUNT ENTRY-SIZE RUN");
    port = (unsigned)strtoul(argv[1], NULL, 10);
    unsigned connections = (unsigned)strtoul(argv[2], NULL, 10);
    limit = strtoull(argv[4], NULL, 10);
    entry_size = strtoul(argv[5], NULL, 10);
    run = argv[6];
    if (connections < 1 || connections > 64 || entry_size < NUMBER_SIZE + strlen(run) || entry_size > 65535)
        die("1 to 64 connections; entries that hold a number and the run's name");
    double start = now();
    until = start + strtod(argv[3], NULL);
    for (unsigned i = 0; i < connections; i++)
        if (pthread_create(&threads[i], NULL, client, NULL) != 0)
            die("cannot start a thread");
    for (unsigned i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    double seconds = now() - start;
    unsigned count = times_count < TIMES_MAX ? times_count : TIMES_MAX;
    qsort(times, count, sizeof times[0], ascending);
    printf("%llu %.3f %.2f %.2f\n", (unsigned long long)acknowledged, seconds, count > 0 ? 1e3 * times[count / 2] : 0,
           count > 0 ? 1e3 * times[count * 99 / 100] : 0);
    return 0;
}
