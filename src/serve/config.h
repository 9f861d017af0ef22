/* CONFIG of accord serve: a keyword and its values a line, `#` comments, as in a tlog-policy file. */
#ifndef ACCORD_SERVE_CONFIG_H
#define ACCORD_SERVE_CONFIG_H

#include "accord/error.h"
#include "serve/listen.h"

#define ACCORD_CONFIG_PATH_SIZE 4096
#define ACCORD_CONFIG_PREFIX_SIZE 128
#define ACCORD_CONFIG_COSIGNERS_MAX 16
#define ACCORD_CONFIG_LISTS_MAX 16
#define ACCORD_CONFIG_URL_SIZE 1024

struct accord_logs;

struct accord_config_listen {
    char address[256];
    bool tls;
};

/* A witness or a mirror: a key of it. Several keys under one prefix answer together. */
struct accord_config_cosigner {
    char key[ACCORD_CONFIG_PATH_SIZE];
    char state[ACCORD_CONFIG_PATH_SIZE];    /* a witness's state file, or a mirror's directory */
    char prefix[ACCORD_CONFIG_PREFIX_SIZE]; /* of paths: "/witness", or "" where it is "/" */
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
    size_t witness_count, mirror_count;   /* witness KEY STATE PREFIX, mirror KEY DIR PREFIX */
    struct accord_config_cosigner witnesses[ACCORD_CONFIG_COSIGNERS_MAX], mirrors[ACCORD_CONFIG_COSIGNERS_MAX];
    size_t list_count, trust_count; /* known-logs FILE, known-accord TRUST [URL] */
    char lists[ACCORD_CONFIG_LISTS_MAX][ACCORD_CONFIG_PATH_SIZE],
        trusts[ACCORD_CONFIG_LISTS_MAX][ACCORD_CONFIG_PATH_SIZE];
    char trust_urls[ACCORD_CONFIG_LISTS_MAX][ACCORD_CONFIG_URL_SIZE]; /* empty: those of the roster's logs */
    uint64_t pull_ms; /* pull-interval 60s: between visits at a log: a mirror's, and an accord's */
    char bastion[256], bastion_key[ACCORD_CONFIG_PATH_SIZE]; /* bastion URL KEY */
    char bastion_ca[ACCORD_CONFIG_PATH_SIZE];                /* bastion-ca FILE */
    char mailbox[ACCORD_CONFIG_PATH_SIZE];                   /* mailbox DIR */
    uint64_t mailbox_limit, mailbox_keep;   /* mailbox-limit SIZE (1152M), mailbox-keep SIZE (0: any) */
    unsigned mailbox_work;                  /* mailbox-work BITS */
    uint64_t mailbox_rate, mailbox_seconds; /* mailbox-rate NUMBER DURATION; 0: any */
    bool mailbox_introduced;                /* mailbox-from introduced, or anybody (the default) */
};

/* ACCORD_MALFORMED, ACCORD_DUPLICATE, ACCORD_UNKNOWN_FIELD ... with the line. What known-log lines name is added to
 * logs. */
ACCORD_MUST_USE enum accord_status accord_config_parse(struct accord_config *config, struct accord_bytes text,
                                                       const char *directory, struct accord_logs *logs,
                                                       struct accord_error *error);

#endif
