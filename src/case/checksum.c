/* Four lanes of multiply and rotate, which a processor works on at once. */
#include "case/checksum.h"

#include <string.h>

#define STEP sizeof(((struct accord_checksum *)0)->rest)
#define ODD UINT64_C(0x9e3779b97f4a7c15)

void accord_checksum_init(struct accord_checksum *sum)
{
    memset(sum, 0, sizeof *sum);
    for (unsigned i = 0; i < 4; i++) {
        sum->lane[i] = ODD * (i + 1);
    }
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * ODD;
    return lane << 29 | lane >> 35;
}

static void steps(struct accord_checksum *sum, const uint8_t *data, size_t count)
{
    uint64_t a = sum->lane[0], b = sum->lane[1], c = sum->lane[2], d = sum->lane[3], word[4];
    for (size_t i = 0; i < count; i++) {
        memcpy(word, data + i * STEP, STEP);
        a = mix(a, word[0]);
        b = mix(b, word[1]);
        c = mix(c, word[2]);
        d = mix(d, word[3]);
    }
    sum->lane[0] = a;
    sum->lane[1] = b;
    sum->lane[2] = c;
    sum->lane[3] = d;
}

void accord_checksum_update(struct accord_checksum *sum, struct accord_bytes bytes)
{
    size_t held = (size_t)(sum->size % STEP);
    sum->size += bytes.size;
    if (held > 0) {
        size_t room = STEP - held, now = bytes.size < room ? bytes.size : room;
        memcpy(sum->rest + held, bytes.data, now);
        bytes.data += now;
        bytes.size -= now;
        if (now < room) {
            return;
        }
        steps(sum, sum->rest, 1);
    }
    steps(sum, bytes.data, bytes.size / STEP);
    if (bytes.size % STEP > 0) {
        memcpy(sum->rest, bytes.data + bytes.size / STEP * STEP, bytes.size % STEP);
    }
}

uint64_t accord_checksum_final(const struct accord_checksum *sum)
{
    struct accord_checksum end = *sum;
    size_t held = (size_t)(end.size % STEP);
    memset(end.rest + held, 0, STEP - held);
    steps(&end, end.rest, 1);
    uint64_t all = end.size;
    for (unsigned i = 0; i < 4; i++) {
        all = mix(all, end.lane[i]);
    }
    return all;
}
