/* Fetching a log's full tiles and bundles ahead of whoever reads them one after another: several requests are under way
 * at once, so that a log far away is read as fast as it can be sent. Who reads here and there costs nothing more. */
#ifndef ACCORD_NET_PREFETCH_H
#define ACCORD_NET_PREFETCH_H

#include "accord/tile.h"
#include "net/client.h"

/* At once, of bundles and of tiles each; what they may hold together while they wait to be read. */
#define ACCORD_PREFETCH_COUNT 16
#define ACCORD_PREFETCH_BYTES 33554432

struct accord_prefetch;

/* Uses the client, which nobody else uses meanwhile. stop, which may be NULL, is asked a few times a second: what is
 * waited for then ends with ACCORD_NETWORK. url is that of the log. All are borrowed. */
ACCORD_MUST_USE enum accord_status accord_prefetch_new(struct accord_prefetch **prefetch, struct accord_client *client,
                                                       const char *url, bool (*stop)(void *context), void *context,
                                                       struct accord_error *error);
void accord_prefetch_free(struct accord_prefetch *prefetch);
/* The log claims so many entries: nothing beyond them is fetched ahead. 0 until then. */
void accord_prefetch_size(struct accord_prefetch *prefetch, uint64_t size);
/* Brings what accord_client_fetch would, perhaps sooner. tile: what fetch->url is that of; NULL where it is none. */
ACCORD_MUST_USE enum accord_status accord_prefetch_get(struct accord_prefetch *prefetch, const struct accord_tile *tile,
                                                       struct accord_fetch *fetch);

#endif
