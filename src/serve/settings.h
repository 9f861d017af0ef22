/* What CONFIG says, with the files that it names: read and checked as a whole, so that a server starts, and goes over
 * to new settings, with all of them or not at all. */
#ifndef ACCORD_SERVE_SETTINGS_H
#define ACCORD_SERVE_SETTINGS_H

#include "accord/policy.h"
#include "keys/key.h"
#include "serve/config.h"
#include "serve/http.h"
#include "serve/publisher.h"
#include "serve/serve.h"
#include "witness/known_logs.h"

struct accord_settings {
    struct accord_config config;
    char dir[ACCORD_CONFIG_PATH_SIZE]; /* the log's: config.log, or public/ in it; empty where there is no log */
    struct accord_logs *logs;          /* that witnesses and mirrors know */
    struct accord_buffer policy_text;  /* empty: no policy */
    struct accord_policy policy;       /* borrows from it */
    struct accord_buffer tls_certificates, tls_key;
};

/* Reads CONFIG and what it names but the keys. Where it fails, options->subject gets the file that the error is
 * about. To be freed. */
ACCORD_MUST_USE enum accord_status accord_settings_load(struct accord_settings **settings,
                                                        const struct accord_serve_options *options,
                                                        struct accord_error *error);
void accord_settings_free(struct accord_settings *settings);
/* From here on errors are about this file. Returns path. */
const char *accord_settings_about(const struct accord_serve_options *options, const char *path);
/* Is this the key of the log that is there, and does the policy know it by it? */
ACCORD_MUST_USE enum accord_status accord_settings_check_key(const struct accord_settings *settings,
                                                             const struct accord_serve_options *options,
                                                             const struct accord_signer *key,
                                                             struct accord_error *error);
/* Opens the log's key, where there is a log. */
ACCORD_MUST_USE enum accord_status accord_settings_key(const struct accord_settings *settings,
                                                       const struct accord_serve_options *options,
                                                       struct accord_signer **key, struct accord_error *error);

/* Opens the key that the bastion knows this server by. */
ACCORD_MUST_USE enum accord_status accord_settings_bastion_key(const struct accord_settings *settings,
                                                               const struct accord_serve_options *options,
                                                               struct accord_signer **key, struct accord_error *error);

/* NULL where there is none. */
const struct accord_policy *accord_settings_policy(const struct accord_settings *settings);
void accord_settings_rules(const struct accord_settings *settings, struct accord_publisher_rules *rules);
/* False where there are no certificates; otherwise borrowed from settings. */
ACCORD_MUST_USE bool accord_settings_tls(const struct accord_settings *settings, struct accord_http_tls *tls);
/* The keywords whose new values wait for a restart, with a comma between; empty where there are none. */
void accord_settings_restart(const struct accord_settings *now, const struct accord_settings *next, char *text,
                             size_t size);

#endif
