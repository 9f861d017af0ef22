/* Reading ahead. Knows which tiles are read one after another, and how much may wait to be read; refuses to know what
 * an answer means, and what is in it. It begins with one request more, and doubles while the next one asked for is the
 * next one there is, so a short log sees few requests that nobody needed, and none for what it does not have. */
#include "net/prefetch.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define URL_SIZE 4096
#define ASK_WHETHER_TO_STOP_MS 250
#define LANES 2 /* bundles, and tiles of level 0 */

struct slot {
    bool used;
    uint64_t index;
    char *url;
    struct accord_fetch fetch; /* under way while its inner is not NULL */
};

/* What is read in the order of its indexes. An index has its place in slots by its remainder. */
struct lane {
    uint64_t next;  /* the one after the last that was read */
    unsigned ahead; /* how many are fetched ahead now */
    unsigned most;
    size_t each; /* bytes that one of them may take */
    struct slot slots[ACCORD_PREFETCH_COUNT];
};

struct accord_prefetch {
    struct accord_client *client;
    const char *url;
    bool (*stop)(void *context);
    void *context;
    uint64_t full; /* tiles of level 0 that are full */
    struct lane lanes[LANES];
};

enum accord_status accord_prefetch_new(struct accord_prefetch **out, struct accord_client *client, const char *url,
                                       bool (*stop)(void *context), void *context, struct accord_error *error)
{
    struct accord_prefetch *prefetch = calloc(1, sizeof *prefetch);
    *out = prefetch;
    if (prefetch == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    prefetch->client = client;
    prefetch->url = url;
    prefetch->stop = stop;
    prefetch->context = context;
    for (size_t i = 0; i < LANES; i++) {
        prefetch->lanes[i].most = ACCORD_PREFETCH_COUNT - 1;
        prefetch->lanes[i].each = i == 0 ? ACCORD_PREFETCH_BYTES / ACCORD_PREFETCH_COUNT : ACCORD_TILE_SIZE_MAX;
    }
    return ACCORD_OK;
}

void accord_prefetch_size(struct accord_prefetch *prefetch, uint64_t size)
{
    prefetch->full = size / ACCORD_TILE_WIDTH;
}

static void drop(struct accord_prefetch *prefetch, struct slot *slot)
{
    if (!slot->used)
        return;
    accord_client_stop(prefetch->client, &slot->fetch);
    accord_buffer_free(&slot->fetch.answer);
    free(slot->url);
    memset(slot, 0, sizeof *slot);
}

static void drop_all(struct accord_prefetch *prefetch, struct lane *lane)
{
    for (size_t i = 0; i < ACCORD_PREFETCH_COUNT; i++)
        drop(prefetch, &lane->slots[i]);
    lane->ahead = 0;
}

void accord_prefetch_free(struct accord_prefetch *prefetch)
{
    if (prefetch == NULL)
        return;
    for (size_t i = 0; i < LANES; i++)
        drop_all(prefetch, &prefetch->lanes[i]);
    free(prefetch);
}

/* NULL where it is not worth it: partial tiles are the last ones, and there are few of higher levels. */
static struct lane *lane_of(struct accord_prefetch *prefetch, const struct accord_tile *tile)
{
    if (tile == NULL || tile->level > 0 || tile->width < ACCORD_TILE_WIDTH)
        return NULL;
    return &prefetch->lanes[tile->entries ? 0 : 1];
}

/* Begins one request. Where it cannot be begun nobody misses it: it is made when it is wanted. */
static void begin(struct accord_prefetch *prefetch, struct lane *lane, const struct accord_tile *tile)
{
    struct slot *slot = &lane->slots[tile->index % ACCORD_PREFETCH_COUNT];
    char name[ACCORD_TILE_PATH_SIZE_MAX + 1];
    struct accord_out out = {(uint8_t *)name, ACCORD_TILE_PATH_SIZE_MAX, 0, false};
    if (slot->used)
        return;
    accord_tile_path_print(&out, tile);
    name[out.size] = '\0';
    slot->url = malloc(URL_SIZE);
    if (slot->url == NULL || accord_url_join(slot->url, URL_SIZE, prefetch->url, name, NULL) != ACCORD_OK) {
        free(slot->url);
        slot->url = NULL;
        return;
    }
    slot->used = true;
    slot->index = tile->index;
    slot->fetch.url = slot->url;
    accord_buffer_init(&slot->fetch.answer, lane->each);
    if (accord_client_start(prefetch->client, &slot->fetch) != ACCORD_OK)
        drop(prefetch, slot);
}

/* This one is read now: is it the next one, and what will come after it? */
static void look_ahead(struct accord_prefetch *prefetch, struct lane *lane, const struct accord_tile *tile)
{
    if (tile->index + 1 == lane->next)
        return;
    if (tile->index != lane->next)
        drop_all(prefetch, lane);
    else
        lane->ahead = lane->ahead * 2 + 1 < lane->most ? lane->ahead * 2 + 1 : lane->most;
    lane->next = tile->index + 1;
    struct accord_tile later = *tile;
    for (unsigned i = 0; i < lane->ahead && lane->next + i < prefetch->full; i++) {
        later.index = lane->next + i;
        begin(prefetch, lane, &later);
    }
}

/* Until it has ended. What else ends meanwhile waits in its slot. */
static void await(const struct accord_prefetch *prefetch, struct accord_fetch *fetch)
{
    while (fetch->inner != NULL) {
        if (prefetch->stop != NULL && prefetch->stop(prefetch->context))
            accord_client_stop(prefetch->client, fetch);
        else
            (void)accord_client_wait(prefetch->client, ASK_WHETHER_TO_STOP_MS);
    }
}

/* Gives what the slot holds to fetch. */
static enum accord_status hand_over(struct accord_prefetch *prefetch, struct slot *slot, struct accord_fetch *fetch)
{
    const char *url = fetch->url;
    void *context = fetch->context;
    size_t maximum = fetch->answer.maximum;
    accord_buffer_free(&fetch->answer);
    *fetch = slot->fetch;
    fetch->url = url;
    fetch->context = context;
    fetch->answer.maximum = maximum;
    accord_buffer_init(&slot->fetch.answer, 0);
    drop(prefetch, slot);
    return fetch->status;
}

/* Fewer at once from here on, each of which may be larger: in the end as large as any may be. */
static void enlarge(struct accord_prefetch *prefetch, struct lane *lane)
{
    drop_all(prefetch, lane);
    lane->each = lane->each > ACCORD_BUNDLE_SIZE_MAX / 2 ? ACCORD_BUNDLE_SIZE_MAX : lane->each * 2;
    lane->most = lane->most > 1 ? lane->most / 2 : 1;
}

static enum accord_status fetch_now(struct accord_prefetch *prefetch, struct accord_fetch *fetch)
{
    enum accord_status status = accord_client_start(prefetch->client, fetch);
    if (status != ACCORD_OK)
        return status;
    await(prefetch, fetch);
    return fetch->status;
}

enum accord_status accord_prefetch_get(struct accord_prefetch *prefetch, const struct accord_tile *tile,
                                       struct accord_fetch *fetch)
{
    struct lane *lane = lane_of(prefetch, tile);
    if (lane == NULL)
        return fetch_now(prefetch, fetch);
    look_ahead(prefetch, lane, tile);
    struct slot *slot = &lane->slots[tile->index % ACCORD_PREFETCH_COUNT];
    bool ahead = slot->used && slot->index == tile->index;
    if (ahead) {
        await(prefetch, &slot->fetch);
        if (slot->fetch.status == ACCORD_TOO_LARGE || slot->fetch.answer.size > fetch->answer.maximum) {
            enlarge(prefetch, lane);
            ahead = false;
        } else if (slot->fetch.status != ACCORD_OK) {
            /* It shared the line with the others, and its time has passed while nobody waited for it. */
            drop_all(prefetch, lane);
            ahead = false;
        }
    }
    enum accord_status status = ahead ? hand_over(prefetch, slot, fetch) : fetch_now(prefetch, fetch);
    /* Who says that it is too much is asked for one at a time again. */
    if (status != ACCORD_OK || fetch->http_status != 200)
        drop_all(prefetch, lane);
    return status;
}
