/* Logs that want cosignatures: each sends its next checkpoint as soon as the one before was cosigned. The checkpoints
 * are signed, and their proofs made, before the clock starts, so that this client costs little beside the witness.
 * Usage: witnesses vkeys RUN LOGS                             prints the logs' keys
 *        witnesses run RUN LOGS PORT PATH SECONDS [STEPS]     one connection a log; prints cosignatures, seconds,
 *        milliseconds of the median answer and of the slowest of a hundred, and how many answers were refusals */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "accord/checkpoint.h"
#include "accord/merkle.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "witness/witness.h"

#define GROWTH 100 /* entries from one checkpoint to the next */
#define LEVELS 24
#define TIMES_MAX (1 << 22)

struct tree {
    size_t steps;
    uint8_t (*levels[LEVELS])[ACCORD_HASH_SIZE];
    uint8_t (*roots)[ACCORD_HASH_SIZE];
    struct accord_merkle_proof *proofs;
};

struct request {
    uint32_t size;
    uint8_t *data;
};

struct client {
    int socket;
    size_t next;
    struct request *requests;
    double sent;
    char reply[8192];
    size_t reply_size;
};

static const char *run;
static float times[TIMES_MAX];
static size_t times_count, refused;

static void die(const char *what)
{
    fprintf(stderr, "witnesses: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The logs: their keys are digests of their names, so both calls of this program have the same. */
static void seed_of(size_t log, uint8_t seed[32], char name[64])
{
    struct accord_sha256 sha;
    int size = snprintf(name, 64, "bench.example/%s/%zu", run, log);
    accord_crypto_default.sha256_init(&sha);
    accord_crypto_default.sha256_update(&sha, (const uint8_t *)name, (size_t)size);
    accord_crypto_default.sha256_final(&sha, seed);
}

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static void print_vkeys(size_t logs)
{
    for (size_t i = 0; i < logs; i++) {
        uint8_t seed[32], key[32], text[256];
        char name[64];
        struct accord_out out = {text, sizeof text, 0, false};
        seed_of(i, seed, name);
        accord_ed25519_public(seed, key);
        accord_vkey_print(&out, bytes_of(name), ACCORD_KEY_ED25519, (struct accord_bytes){key, 32},
                          &accord_crypto_default);
        printf("%.*s\n", (int)out.size, (const char *)text);
    }
}

/* One tree that all logs grow along */

static void store(void *context, unsigned level, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE])
{
    struct tree *tree = context;
    memcpy(tree->levels[level][index], hash, ACCORD_HASH_SIZE);
}

static enum accord_status read_hash(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct tree *tree = context;
    memcpy(hash, tree->levels[level][index], ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

static void make_tree(struct tree *tree, size_t steps)
{
    struct accord_frontier frontier = {0};
    const struct accord_hash_source source = {tree, read_hash};
    tree->steps = steps;
    tree->roots = calloc(steps + 1, sizeof *tree->roots);
    tree->proofs = calloc(steps + 1, sizeof *tree->proofs);
    for (unsigned i = 0; i < LEVELS; i++)
        tree->levels[i] = calloc((steps * GROWTH >> i) + 2, ACCORD_HASH_SIZE);
    for (size_t step = 1; step <= steps; step++) {
        for (size_t i = 0; i < GROWTH; i++) {
            uint8_t leaf[ACCORD_HASH_SIZE];
            uint64_t index = frontier.size;
            accord_merkle_leaf(&accord_crypto_default, (struct accord_bytes){(const uint8_t *)&index, sizeof index},
                               leaf);
            accord_frontier_append(&accord_crypto_default, &frontier, leaf, store, tree);
        }
        accord_frontier_root(&accord_crypto_default, &frontier, tree->roots[step]);
        if (step > 1 && accord_consistency_prove(&accord_crypto_default, &source, (step - 1) * GROWTH, step * GROWTH,
                                                 &tree->proofs[step]) != ACCORD_OK)
            die("proof");
    }
}

static void make_request(struct request *request, const struct tree *tree, size_t step, const uint8_t seed[32],
                         const char *name, uint32_t id, const char *path)
{
    uint8_t text[512], line[512], body[8192], raw[65];
    struct accord_out note = {text, sizeof text, 0, false}, all = {body, sizeof body, 0, false};
    struct accord_out signature = {line, sizeof line, 0, false};
    char head[256];
    accord_checkpoint_print(&note, bytes_of(name), step * GROWTH, tree->roots[step]);
    accord_ed25519_sign(seed, text, note.size, raw);
    accord_signature_print(&signature, bytes_of(name), id, (struct accord_bytes){raw, 64});
    accord_put_byte(&note, '\n');
    accord_put(&note, accord_out_bytes(&signature));
    accord_add_checkpoint_print(&all, (step - 1) * GROWTH, &tree->proofs[step], accord_out_bytes(&note));
    int head_size = snprintf(
        head, sizeof head, "POST %s/add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", path, all.size);
    request->size = (uint32_t)((size_t)head_size + all.size);
    request->data = malloc(request->size);
    memcpy(request->data, head, (size_t)head_size);
    memcpy(request->data + head_size, body, all.size);
}

static void make_requests(struct client *client, const struct tree *tree, size_t log, const char *path)
{
    uint8_t seed[32], key[32];
    char name[64];
    seed_of(log, seed, name);
    accord_ed25519_public(seed, key);
    uint32_t id =
        accord_key_id(bytes_of(name), ACCORD_KEY_ED25519, (struct accord_bytes){key, 32}, &accord_crypto_default);
    client->requests = calloc(tree->steps, sizeof *client->requests);
    for (size_t step = 1; step <= tree->steps; step++)
        make_request(&client->requests[step - 1], tree, step, seed, name, id, path);
}

/* Asking */

static void send_next(struct client *client)
{
    const struct request *request = &client->requests[client->next];
    client->reply_size = 0;
    client->sent = now();
    if (send(client->socket, request->data, request->size, MSG_NOSIGNAL) != (ssize_t)request->size)
        die("send");
}

/* Is the reply whole? */
static int whole(const struct client *client)
{
    const char *end = memmem(client->reply, client->reply_size, "\r\n\r\n", 4);
    const char *length = end == NULL ? NULL : memmem(client->reply, client->reply_size, "ength: ", 7);
    return length != NULL && (size_t)(end + 4 - client->reply) + strtoul(length + 7, NULL, 10) <= client->reply_size;
}

static void take(struct client *client)
{
    ssize_t got =
        recv(client->socket, client->reply + client->reply_size, sizeof client->reply - 1 - client->reply_size, 0);
    if (got <= 0)
        die("recv");
    client->reply_size += (size_t)got;
    client->reply[client->reply_size] = 0;
    if (!whole(client))
        return;
    if (strncmp(client->reply, "HTTP/1.1 200", 12) != 0 && refused++ == 0)
        fprintf(stderr, "%s\n", client->reply);
    if (times_count < TIMES_MAX)
        times[times_count++] = (float)(1000 * (now() - client->sent));
    client->next++;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void load(struct client *clients, size_t logs, size_t steps, double seconds)
{
    struct epoll_event events[256];
    int epoll = epoll_create1(0);
    double begin = now();
    size_t done = 0;
    for (size_t i = 0; i < logs; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].socket, &event);
        send_next(&clients[i]);
    }
    while (now() - begin < seconds && done < logs) {
        int count = epoll_wait(epoll, events, 256, 1000);
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            size_t before = client->next;
            take(client);
            if (client->next == before)
                continue;
            if (client->next < steps)
                send_next(client);
            else
                done++;
        }
    }
    double took = now() - begin;
    qsort(times, times_count, sizeof *times, by_value);
    printf("%zu %.3f %.3f %.3f %zu\n", times_count - refused, took, (double)times[times_count / 2],
           (double)times[times_count * 99 / 100], refused);
}

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, socket_ = socket(AF_INET, SOCK_STREAM, 0);
    if (socket_ < 0 || connect(socket_, (const struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return socket_;
}

int main(int argc, char **argv)
{
    accord_crypto_start();
    if (argc == 4 && strcmp(argv[1], "vkeys") == 0) {
        run = argv[2];
        print_vkeys(strtoul(argv[3], NULL, 10));
        return 0;
    }
    if (argc < 7 || strcmp(argv[1], "run") != 0) {
        fprintf(stderr, "usage: witnesses vkeys RUN LOGS | run RUN LOGS PORT PATH SECONDS [STEPS]\n");
        return 2;
    }
    static struct tree tree;
    run = argv[2];
    size_t logs = strtoul(argv[3], NULL, 10);
    double seconds = strtod(argv[6], NULL);
    size_t steps = argc > 7 ? strtoul(argv[7], NULL, 10) : (size_t)(seconds * 15000 / (double)logs) + 10;
    struct client *clients = calloc(logs, sizeof *clients);
    make_tree(&tree, steps);
    for (size_t i = 0; i < logs; i++) {
        make_requests(&clients[i], &tree, i, argv[5]);
        clients[i].socket = connect_to((unsigned)strtoul(argv[4], NULL, 10));
    }
    load(clients, logs, steps, seconds);
    return 0;
}
