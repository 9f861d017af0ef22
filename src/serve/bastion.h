/* Being reached through a bastion (C2SP https-bastion): a thread that keeps a connection to it, over which its clients'
 * requests come, so that this server needs no port that is open to anyone. */
#ifndef ACCORD_SERVE_BASTION_H
#define ACCORD_SERVE_BASTION_H

#include <stdatomic.h>

#include "keys/key.h"

struct accord_bastion;

/* For the operator. Each but connected is only ever added to. */
struct accord_bastion_counts {
    _Atomic uint64_t connected;   /* 1 while it is, 0 otherwise */
    _Atomic uint64_t connections; /* made */
    _Atomic uint64_t failures;    /* attempts that made none */
    _Atomic uint64_t requests;
    _Atomic uint64_t refused; /* of them: answered, with a status of 400 and more, without the server */
    _Atomic uint64_t cut_off; /* of them: without an answer, or without all of it */
};

struct accord_bastion_options {
    const char *url;                 /* https://host[:port]/ */
    const char *ca_file;             /* PEM, who the bastion's certificate is trusted by; NULL: the system's */
    const struct accord_signer *key; /* Ed25519, and in this process (accord_signer_open of a file) */
    int (*connect)(void *context);   /* a connected stream socket to our server; -1: not now. From the thread */
    void *context;
    struct accord_bastion_counts *counts; /* may be NULL */
    uint64_t quiet_ms; /* 0: 30,000. A bastion that says nothing for so long is asked whether it is still there */
};

/* All that options name is copied but counts and context, which are borrowed until the end. ACCORD_USAGE for a URL with
 * more in it than a host and a port, ACCORD_KEY_TYPE, ACCORD_NOT_FOUND or ACCORD_IO for a ca_file that cannot be read.
 * That the bastion is not there is no failure: it is tried again and again, with a pause that grows to a minute. */
ACCORD_MUST_USE enum accord_status accord_bastion_start(struct accord_bastion **bastion,
                                                        const struct accord_bastion_options *options,
                                                        struct accord_error *error);
/* Where clients find us: the URL, the hash of the key, a slash. Borrowed. */
const char *accord_bastion_public_url(const struct accord_bastion *bastion);
/* The bastion is told, requests that came are answered within five seconds, the thread ends. bastion may be NULL. */
void accord_bastion_stop(struct accord_bastion *bastion);

#endif
