/* The thread that follows accords. Knows which log is due, and how a trust file makes place for the one after it;
 * refuses to know which roster follows from which, and what must be true of it (follow/pin.h), and what the server
 * makes of a trust file (settings.c). */
#include "serve/accords.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "follow/pin.h"
#include "serve/event.h"

#define VISIT_MS 60000         /* for one visit at one log; what it read by then is not read again */
#define BACKOFF_MAX_MS 3600000 /* between visits at a log that fails */
#define BACKOFF_DOUBLINGS 6
#define COMPLAIN_AGAIN_MS 3600000 /* of what goes on being wrong */
#define BEHIND_TRIES 3            /* before a tree that is older than the last one, as caches show, is worth a word */
#define TRUST_MODE 0644

/* What is to be followed, as CONFIG says it. */
struct plan {
    size_t count;
    uint64_t interval_ms;
    char trusts[ACCORD_CONFIG_LISTS_MAX][ACCORD_CONFIG_PATH_SIZE];
    char urls[ACCORD_CONFIG_LISTS_MAX][ACCORD_CONFIG_URL_SIZE];
};

/* One log of one accord. */
struct place {
    char trust[ACCORD_CONFIG_PATH_SIZE];
    char url[ACCORD_CONFIG_URL_SIZE];
    struct accord_pin_progress progress;
    uint64_t due_ms;
    unsigned failures; /* one after another */
    enum accord_status complaint;
    uint64_t complained_ms;
};

#define PLACES_MAX (ACCORD_CONFIG_LISTS_MAX * ACCORD_ROSTER_LOGS_MAX)

struct accord_accords {
    struct accord_accords_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* of the four below */
    pthread_cond_t changed;
    atomic_bool stopping;
    bool plan_is_new;
    struct plan next;
    /* The thread's own. */
    struct plan plan;
    struct place *places[PLACES_MAX];
    size_t place_count;
    uint64_t plan_due_ms; /* UINT64_MAX: there is nothing left to plan */
    uint64_t visit_until_ms;
    uint64_t random;
};

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

/* Nine tenths to eleven tenths of it, so that the witnesses of an accord do not go in step. For nothing that matters.
 */
static uint64_t around(struct accord_accords *accords, uint64_t ms)
{
    accords->random = accords->random * 6364136223846793005U + 1442695040888963407U;
    return ms - ms / 10 + (accords->random >> 33) % (ms / 5 + 1);
}

static void shown(const char *url, char *name, size_t size)
{
    struct accord_error error;
    accord_fail(&error, ACCORD_OK, 0);
    accord_url_blame(&error, url);
    accord_event_quote(name, size, (struct accord_bytes){(const uint8_t *)error.what, strlen(error.what)});
}

/* A visit */

static bool is_given_up(void *context)
{
    const struct accord_accords *accords = context;
    return atomic_load(&accords->stopping) || now_ms() >= accords->visit_until_ms;
}

static enum accord_status open_log(struct accord_accords *accords, const char *url, struct accord_reader **reader,
                                   struct accord_error *error)
{
    const struct accord_accords_options *options = &accords->options;
    const struct accord_patience patience = {.stop = is_given_up, .context = accords, .once = true};
    accords->visit_until_ms = now_ms() + VISIT_MS;
    if (options->open != NULL)
        return options->open(options->context, url, &patience, reader, error);
    return accord_reader_open_url_with(reader, options->crypto, url, &patience, error);
}

/* The trust file at path, which must be one. */
static enum accord_status read_trust(const struct accord_accords *accords, const char *path,
                                     struct accord_buffer *bytes, struct accord_trust_claim *kept,
                                     struct accord_error *error)
{
    enum accord_status status = accord_file_read(accords->options.fs, path, bytes, error);
    if (status == ACCORD_OK)
        status = accord_trust_parse(kept, accord_buffer_bytes(bytes), error);
    return status;
}

/* Is the file still what was read? Somebody may have pinned, or distrusted, in the meantime. */
static bool is_unchanged(const struct accord_accords *accords, const char *path, struct accord_bytes read)
{
    struct accord_buffer now;
    accord_buffer_init(&now, ACCORD_TRUST_SIZE_MAX);
    bool same = accord_file_read(accords->options.fs, path, &now, NULL) == ACCORD_OK &&
                accord_bytes_equal(accord_buffer_bytes(&now), read);
    accord_buffer_free(&now);
    return same;
}

/* One visit, with what it reads. */
struct visit {
    struct place *place;
    struct accord_buffer old, trust;
    struct accord_trust_claim kept;
    uint64_t number; /* of the roster that was found */
    bool again;
    struct accord_error error;
};

static enum accord_status replace(struct accord_accords *accords, struct visit *visit)
{
    const char *path = visit->place->trust;
    char name[ACCORD_CONFIG_PATH_SIZE + 2], url[128];
    const struct accord_accords_options *options = &accords->options;
    enum accord_status status =
        accord_pin_succeeds(options->crypto, &visit->kept, accord_buffer_bytes(&visit->trust), false, &visit->error);
    if (status == ACCORD_OK)
        status = accord_file_replace(options->fs, path, accord_buffer_bytes(&visit->trust), TRUST_MODE, &visit->error);
    if (status != ACCORD_OK)
        return status;
    accord_event_quote(name, sizeof name, (struct accord_bytes){(const uint8_t *)path, strlen(path)});
    shown(visit->place->url, url, sizeof url);
    accord_event(ACCORD_EVENT_INFO, "accord-followed", "trust=%s log=%s roster=%llu", name, url,
                 (unsigned long long)visit->number);
    options->changed(options->context);
    return ACCORD_OK;
}

static enum accord_status look(struct accord_accords *accords, struct visit *visit)
{
    struct place *place = visit->place;
    struct accord_reader *reader = NULL;
    enum accord_status status = read_trust(accords, place->trust, &visit->old, &visit->kept, &visit->error);
    if (status == ACCORD_OK)
        status = open_log(accords, place->url, &reader, &visit->error);
    if (status == ACCORD_OK)
        status = accord_pin_next(reader, accords->options.crypto, &visit->kept, &place->progress, &visit->trust,
                                 &visit->number, &visit->again, &visit->error);
    accord_reader_close(reader);
    if (visit->trust.size == 0)
        return status;
    /* Where it is not replaced, the next visit finds progress to be for another roster, and begins at the kept one. */
    visit->again = true;
    if (status == ACCORD_OK && is_unchanged(accords, place->trust, accord_buffer_bytes(&visit->old)))
        status = replace(accords, visit);
    return status;
}

/* Is it to be spoken of: is it new, or was it long ago? */
static bool is_news(struct place *place, enum accord_status status)
{
    uint64_t now = now_ms();
    if (status == ACCORD_ROLLBACK && place->failures < BEHIND_TRIES)
        return false;
    bool news = status != place->complaint || now - place->complained_ms >= COMPLAIN_AGAIN_MS;
    place->complaint = status;
    place->complained_ms = news ? now : place->complained_ms;
    return news;
}

static void judge(struct accord_accords *accords, struct place *place, const struct visit *visit,
                  enum accord_status status)
{
    uint64_t wait = accords->plan.interval_ms, most = wait > BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS;
    char url[128];
    if (status == ACCORD_OK) {
        place->failures = 0;
        place->complaint = ACCORD_OK;
        place->due_ms = now_ms() + (visit->again ? 0 : around(accords, wait));
        return;
    }
    place->failures++;
    wait <<= place->failures > BACKOFF_DOUBLINGS ? BACKOFF_DOUBLINGS : place->failures - 1;
    place->due_ms = now_ms() + around(accords, wait < most ? wait : most);
    if (!is_news(place, status))
        return;
    shown(place->url, url, sizeof url);
    bool forked = status == ACCORD_CONSISTENCY || status == ACCORD_INCLUSION;
    accord_event_error(forked ? ACCORD_EVENT_ERROR : ACCORD_EVENT_WARNING, forked ? "accord-forked" : "accord-failed",
                       url, &visit->error);
}

static void visit_place(struct accord_accords *accords, struct place *place)
{
    struct visit visit = {.place = place};
    accord_buffer_init(&visit.old, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&visit.trust, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = look(accords, &visit);
    if (!atomic_load(&accords->stopping))
        judge(accords, place, &visit, status);
    accord_buffer_free(&visit.old);
    accord_buffer_free(&visit.trust);
}

/* Places */

struct places {
    struct place *all[PLACES_MAX];
    size_t count;
};

static const struct place *find(struct place *const *places, size_t count, const char *trust, const char *url)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(places[i]->trust, trust) == 0 && strcmp(places[i]->url, url) == 0)
            return places[i];
    return NULL;
}

/* One that was there before goes on where it was. */
static enum accord_status add_place(struct accord_accords *accords, struct places *places, const char *trust,
                                    const char *url, struct accord_error *error)
{
    if (find(places->all, places->count, trust, url) != NULL)
        return ACCORD_OK;
    struct place *place = places->count < PLACES_MAX ? calloc(1, sizeof *place) : NULL;
    if (place == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    const struct place *old = find(accords->places, accords->place_count, trust, url);
    if (old != NULL)
        *place = *old;
    snprintf(place->trust, sizeof place->trust, "%s", trust);
    snprintf(place->url, sizeof place->url, "%s", url);
    place->due_ms = now_ms();
    places->all[places->count++] = place;
    return ACCORD_OK;
}

static enum accord_status add_log(struct accord_accords *accords, struct places *places, const char *trust,
                                  struct accord_bytes url, struct accord_error *error)
{
    char text[ACCORD_CONFIG_URL_SIZE];
    if (url.size == 0)
        return ACCORD_OK;
    if (url.size >= sizeof text) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, url);
        return ACCORD_TOO_LARGE;
    }
    memcpy(text, url.data, url.size);
    text[url.size] = 0;
    return add_place(accords, places, trust, text, error);
}

/* The logs of the roster in a trust file, or the one that CONFIG names. */
static enum accord_status add_accord(struct accord_accords *accords, struct places *places, size_t at,
                                     struct accord_error *error)
{
    const char *path = accords->plan.trusts[at], *url = accords->plan.urls[at];
    if (url[0] != 0)
        return add_place(accords, places, path, url, error);
    struct accord_buffer bytes;
    struct accord_trust_claim trust;
    struct accord_roster_claim *roster = malloc(sizeof *roster);
    accord_buffer_init(&bytes, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status =
        roster == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : read_trust(accords, path, &bytes, &trust, error);
    if (status == ACCORD_OK)
        status = accord_roster_parse(roster, trust.roster_entry, accords->options.crypto, error);
    for (size_t i = 0; status == ACCORD_OK && i < roster->log_count; i++)
        status = add_log(accords, places, path, roster->logs[i].url, error);
    accord_buffer_free(&bytes);
    free(roster);
    return status;
}

static void free_places(struct place *const *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(places[i]);
}

/* An accord that cannot be planned now goes on as before, and is planned later. */
static void keep_accord(struct accord_accords *accords, struct places *places, size_t at,
                        const struct accord_error *error)
{
    char name[ACCORD_CONFIG_PATH_SIZE + 2];
    const char *path = accords->plan.trusts[at];
    for (size_t i = 0; i < accords->place_count; i++)
        if (strcmp(accords->places[i]->trust, path) == 0)
            (void)!add_place(accords, places, path, accords->places[i]->url, NULL);
    accord_event_quote(name, sizeof name, (struct accord_bytes){(const uint8_t *)path, strlen(path)});
    accord_event_error(ACCORD_EVENT_WARNING, "accord-failed", name, error);
    accords->plan_due_ms = now_ms() + around(accords, BACKOFF_MAX_MS);
}

static void make_places(struct accord_accords *accords)
{
    struct places places = {.count = 0};
    struct accord_error error;
    accords->plan_due_ms = UINT64_MAX;
    for (size_t at = 0; at < accords->plan.count; at++)
        if (add_accord(accords, &places, at, &error) != ACCORD_OK)
            keep_accord(accords, &places, at, &error);
    free_places(accords->places, accords->place_count);
    memcpy(accords->places, places.all, places.count * sizeof places.all[0]);
    accords->place_count = places.count;
}

/* The thread */

static struct place *first_due(const struct accord_accords *accords)
{
    struct place *first = NULL;
    for (size_t i = 0; i < accords->place_count; i++)
        if (first == NULL || accords->places[i]->due_ms < first->due_ms)
            first = accords->places[i];
    return first;
}

/* Under the lock. */
static void wait_until_ms(struct accord_accords *accords, uint64_t until)
{
    if (until == UINT64_MAX) {
        pthread_cond_wait(&accords->changed, &accords->lock);
        return;
    }
    const struct timespec time = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};
    pthread_cond_timedwait(&accords->changed, &accords->lock, &time);
}

/* Under the lock: takes a new plan, or waits for what is due. True where there is something to do. */
static bool await(struct accord_accords *accords, struct place **place)
{
    if (accords->plan_is_new) {
        accords->plan = accords->next;
        accords->plan_is_new = false;
        accords->plan_due_ms = 0;
    }
    *place = first_due(accords);
    uint64_t due_ms = *place == NULL ? UINT64_MAX : (*place)->due_ms;
    uint64_t until = accords->plan_due_ms < due_ms ? accords->plan_due_ms : due_ms;
    if (until <= now_ms())
        return true;
    wait_until_ms(accords, until);
    return false;
}

static void *run(void *context)
{
    struct accord_accords *accords = context;
    struct place *place;
    pthread_mutex_lock(&accords->lock);
    while (!atomic_load(&accords->stopping)) {
        if (!await(accords, &place))
            continue;
        pthread_mutex_unlock(&accords->lock);
        if (accords->plan_due_ms <= now_ms())
            make_places(accords);
        else
            visit_place(accords, place);
        pthread_mutex_lock(&accords->lock);
    }
    pthread_mutex_unlock(&accords->lock);
    return NULL;
}

void accord_accords_know(struct accord_accords *accords, const struct accord_config *config)
{
    pthread_mutex_lock(&accords->lock);
    struct plan *plan = &accords->next;
    plan->count = config->trust_count;
    plan->interval_ms = config->pull_ms;
    memcpy(plan->trusts, config->trusts, sizeof plan->trusts);
    memcpy(plan->urls, config->trust_urls, sizeof plan->urls);
    accords->plan_is_new = true;
    pthread_cond_broadcast(&accords->changed);
    pthread_mutex_unlock(&accords->lock);
}

/* Waits are by the clock that never goes back, whose microseconds accord_monotonic_us gives. */
static bool init_lock(struct accord_accords *accords)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ready = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                 pthread_cond_init(&accords->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ready && pthread_mutex_init(&accords->lock, NULL) == 0;
}

static void accords_free(struct accord_accords *accords)
{
    free_places(accords->places, accords->place_count);
    pthread_cond_destroy(&accords->changed);
    pthread_mutex_destroy(&accords->lock);
    free(accords);
}

enum accord_status accord_accords_start(struct accord_accords **out, const struct accord_accords_options *options,
                                        const struct accord_config *config, struct accord_error *error)
{
    *out = NULL;
    struct accord_accords *accords = calloc(1, sizeof *accords);
    if (accords == NULL || !init_lock(accords)) {
        free(accords);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    accords->options = *options;
    accords->random = accord_monotonic_us();
    accord_accords_know(accords, config);
    if (pthread_create(&accords->thread, NULL, run, accords) != 0) {
        accords_free(accords);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    *out = accords;
    return ACCORD_OK;
}

void accord_accords_stop(struct accord_accords *accords)
{
    if (accords == NULL)
        return;
    pthread_mutex_lock(&accords->lock);
    atomic_store(&accords->stopping, true);
    pthread_cond_broadcast(&accords->changed);
    pthread_mutex_unlock(&accords->lock);
    pthread_join(accords->thread, NULL);
    accords_free(accords);
}
