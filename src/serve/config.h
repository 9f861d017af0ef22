/* CONFIG of accord serve: a keyword and its values a line, `#` comments, as in a tlog-policy file. */
#ifndef ACCORD_SERVE_CONFIG_H
#define ACCORD_SERVE_CONFIG_H

#include "accord/error.h"
#include "serve/listen.h"

#define ACCORD_CONFIG_PATH_SIZE 4096

struct accord_config_listen {
    char address[256];
    bool tls;
};

/* Relative paths in it are taken from the directory of CONFIG. Empty texts: not given. */
struct accord_config {
    size_t listen_count;
    struct accord_config_listen listen[ACCORD_LISTEN_MAX];                            /* listen ADDRESS [tls] */
    char tls_certificates[ACCORD_CONFIG_PATH_SIZE], tls_key[ACCORD_CONFIG_PATH_SIZE]; /* tls CERTIFICATES KEY */
    char log[ACCORD_CONFIG_PATH_SIZE], log_key[ACCORD_CONFIG_PATH_SIZE];              /* log DIR KEY */
    char passphrase_file[ACCORD_CONFIG_PATH_SIZE];                                    /* passphrase-file FILE */
    bool statements;                      /* accept statements (the default) or any */
    char policy[ACCORD_CONFIG_PATH_SIZE]; /* policy POLICY */
    uint64_t interval_ms;                 /* interval 1s, 500ms: between checkpoints */
    uint64_t witness_timeout_ms;          /* witness-timeout 5s: for one round of asking */
    uint64_t fallback_ms;                 /* without-quorum wait (the default: 0), or: publish 10m */
    bool dedup;                           /* dedup on (the default) or off */
    unsigned connections;                 /* connections 10000 */
    unsigned idle_seconds;                /* idle-timeout 60s */
    unsigned request_seconds;             /* request-timeout 30s */
    uint64_t memory_bytes;                /* memory 64M: of requests that are held at once */
};

/* ACCORD_MALFORMED, ACCORD_DUPLICATE, ACCORD_UNKNOWN_FIELD ... with the line. */
ACCORD_MUST_USE enum accord_status accord_config_parse(struct accord_config *config, struct accord_bytes text,
                                                       const char *directory, struct accord_error *error);

#endif
