/* The logs that witnesses and mirrors accept: of each origin the keys that may speak for it, and where it is read. Made
 * once from what the configuration names and then only read, so any thread may ask; 100,000 of them cost about 12 MiB.
 * New settings make a new one. */
#ifndef ACCORD_WITNESS_KNOWN_LOGS_H
#define ACCORD_WITNESS_KNOWN_LOGS_H

#include "base/buffer.h"
#include "witness/cosigner.h"

struct accord_logs;

#define ACCORD_LOGS_MAX 1000000

ACCORD_MUST_USE enum accord_status accord_logs_new(struct accord_logs **logs, const struct accord_crypto *crypto,
                                                   struct accord_error *error);
/* Somebody else needs it too: it is freed when the last one has called accord_logs_free. From any thread. Returns logs.
 */
struct accord_logs *accord_logs_keep(struct accord_logs *logs);
void accord_logs_free(struct accord_logs *logs);
/* A log by its vkey (of type 0x01, or 0x06 as tlog-cosignature allows a log); url may be empty. The same key again is
 * no mistake, and brings the URL that was missing. ACCORD_BAD_KEY, ACCORD_KEY_TYPE, ACCORD_TOO_LARGE,
 * ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_logs_add(struct accord_logs *logs, struct accord_bytes vkey,
                                                   struct accord_bytes url, struct accord_error *error);
/* The logs of a list: the `log` lines of a tlog-policy file, whatever its other lines say, or a list of the witness
 * network (`logs/v0`, then `vkey`, perhaps `origin`, and lines that are passed over). The error has the line. */
ACCORD_MUST_USE enum accord_status accord_logs_add_list(struct accord_logs *logs, struct accord_bytes list,
                                                        struct accord_error *error);
/* From here on no origin that is there gets another key: what is added speaks for origins of its own, and may bring a
 * URL that was missing. For lists that somebody else writes, like a roster. */
void accord_logs_seal(struct accord_logs *logs);
size_t accord_logs_count(const struct accord_logs *logs);

#define ACCORD_LOG_KEYS_MAX 8 /* of one origin */

/* One of them; its texts are borrowed for as long as logs is there. */
struct accord_known_log {
    struct accord_bytes origin, url;       /* url is empty where none was given */
    uint8_t origin_hash[ACCORD_HASH_SIZE]; /* as in a monitoring prefix's paths */
    size_t key_count;                      /* at least 1 */
    struct accord_vkey keys[ACCORD_LOG_KEYS_MAX];
};
/* False where there is none. */
ACCORD_MUST_USE bool accord_logs_find(const struct accord_logs *logs, struct accord_bytes origin,
                                      struct accord_known_log *log);
ACCORD_MUST_USE bool accord_logs_find_hash(const struct accord_logs *logs, const uint8_t origin_hash[ACCORD_HASH_SIZE],
                                           struct accord_known_log *log);
/* at: 0 .. accord_logs_count - 1. */
void accord_logs_at(const struct accord_logs *logs, size_t at, struct accord_known_log *log);

/* For accord_cosigning_prepare, one for each thread that asks. */
struct accord_logs_finder {
    const struct accord_logs *logs;
    struct accord_known_log found;
};
struct accord_known_logs accord_logs_lookup(struct accord_logs_finder *finder);

#endif
