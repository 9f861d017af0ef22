/* What tests of gathering share: witnesses behind a web server, which follow C2SP tlog-witness or break it as the test
 * wants, and the policies that name them. */
#ifndef ACCORD_TESTS_WITNESSES_H
#define ACCORD_TESTS_WITNESSES_H

#include "web.h"

#include "accord/policy.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/key.h"
#include "witness/witness.h"

enum behaviour {
    WITNESS_GOOD,
    WITNESS_HANGS,
    WITNESS_LATE,      /* answers well, after 600 ms */
    WITNESS_ENDLESS,   /* 10 GB */
    WITNESS_GARBAGE,   /* 200, and no signature lines */
    WITNESS_EMPTY,     /* 200, and nothing */
    WITNESS_OTHER,     /* cosigns another checkpoint */
    WITNESS_STRANGER,  /* a line of an unknown key alone */
    WITNESS_TALKATIVE, /* lines of unknown keys before and after the good one */
    WITNESS_REDIRECTS,
    WITNESS_BROKEN,   /* 500 */
    WITNESS_FORBIDS,  /* 403 */
    WITNESS_AHEAD,    /* 409: saw more than there is */
    WITNESS_STUBBORN, /* 409 whatever is asked */
    WITNESS_CLOSES,   /* closes without a word */
    WITNESS_BEHAVIOURS
};

#define WITNESSES_MAX 128
#define OTHER_CHECKPOINT slice("example.com/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")

struct witnesses {
    struct web web;
    size_t count;
    struct accord_signer *signers[WITNESSES_MAX];
    _Atomic enum behaviour behaviour[WITNESSES_MAX];
    atomic_uint asked[WITNESSES_MAX];
    struct accord_witness_seen seen[WITNESSES_MAX];
    pthread_mutex_t lock;      /* of seen */
    struct accord_signer *log; /* whose checkpoints they cosign */
};

static inline bool witness_sign(int handle, const struct accord_signer *signer, struct accord_bytes text,
                                enum behaviour how)
{
    struct accord_buffer lines;
    struct accord_signer *stranger;
    accord_buffer_init(&lines, 8192);
    if (accord_signer_generate(&stranger, slice("stranger.example"), ACCORD_KEY_COSIGNATURE_ED25519, NULL) != ACCORD_OK)
        abort();
    bool signed_all = true;
    if (how == WITNESS_STRANGER || how == WITNESS_TALKATIVE)
        signed_all = accord_signer_sign(stranger, text, 1700000000, &lines, NULL) == ACCORD_OK;
    if (how != WITNESS_STRANGER)
        signed_all = signed_all && accord_signer_sign(signer, text, 1700000000, &lines, NULL) == ACCORD_OK;
    if (how == WITNESS_TALKATIVE)
        signed_all = signed_all && accord_signer_sign(stranger, text, 1700000001, &lines, NULL) == ACCORD_OK;
    if (!signed_all)
        abort();
    bool keep = web_reply(handle, 200, "", accord_buffer_bytes(&lines));
    accord_signer_free(stranger);
    accord_buffer_free(&lines);
    return keep;
}

/* As the specification says: judged by the cosigner's own rules. */
static inline bool witness_judge(struct witnesses *witnesses, size_t i, int handle, struct accord_bytes body,
                                 enum behaviour how)
{
    struct accord_add_checkpoint request;
    struct accord_witness_verdict verdict;
    char size[32];
    if (accord_add_checkpoint_parse(&request, body, NULL) != ACCORD_OK)
        return web_reply(handle, 400, "", slice("malformed\n"));
    pthread_mutex_lock(&witnesses->lock);
    accord_witness_judge(&request, accord_signer_vkey(witnesses->log), 1, &witnesses->seen[i], &accord_crypto_default,
                         &verdict);
    if (verdict.http_status == 200)
        witnesses->seen[i] = verdict.next;
    pthread_mutex_unlock(&witnesses->lock);
    if (verdict.http_status == 409) {
        snprintf(size, sizeof size, "%llu\n", (unsigned long long)verdict.seen_size);
        return web_reply(handle, 409, "Content-Type: text/x.tlog.size\r\n", slice(size));
    }
    if (verdict.http_status != 200)
        return web_reply(handle, (unsigned)verdict.http_status, "", slice("no\n"));
    return witness_sign(handle, witnesses->signers[i], request.checkpoint.note.text, how);
}

static inline bool witness_other(int handle, const struct accord_signer *signer)
{
    return witness_sign(handle, signer, OTHER_CHECKPOINT, WITNESS_GOOD);
}

static inline bool witness_answer(struct web *web, int handle, const struct web_request *request)
{
    static const char block[65536] = {'x'};
    struct witnesses *witnesses = web->context;
    char *end;
    size_t i = strtoul(request->path + 1, &end, 10);
    if (i >= witnesses->count || strcmp(end, "/add-checkpoint") != 0 || strcmp(request->method, "POST") != 0)
        return web_reply(handle, 404, "", slice("nobody here\n"));
    atomic_fetch_add(&witnesses->asked[i], 1);
    enum behaviour how = atomic_load(&witnesses->behaviour[i]);
    switch (how) {
    case WITNESS_HANGS:
        return web_hang(web, handle);
    case WITNESS_ENDLESS:
        web_send(handle, "HTTP/1.1 200 OK\r\n\r\n", 19);
        while (web_send(handle, block, sizeof block))
            continue;
        return false;
    case WITNESS_GARBAGE:
        return web_reply(handle, 200, "", slice("<html>\n"));
    case WITNESS_EMPTY:
        return web_reply(handle, 200, "", slice(""));
    case WITNESS_OTHER:
        return witness_other(handle, witnesses->signers[i]);
    case WITNESS_REDIRECTS:
        return web_reply(handle, 307, "Location: /0/add-checkpoint\r\n", slice(""));
    case WITNESS_BROKEN:
        return web_reply(handle, 500, "", slice("broken\n"));
    case WITNESS_FORBIDS:
        return web_reply(handle, 403, "", slice("no\n"));
    case WITNESS_AHEAD:
        return web_reply(handle, 409, "", slice("999999\n"));
    case WITNESS_STUBBORN:
        return web_reply(handle, 409, "", slice(atomic_load(&witnesses->asked[i]) % 2 == 0 ? "1\n" : "2\n"));
    case WITNESS_CLOSES:
        return false;
    case WITNESS_LATE:
        usleep(600000);
        break;
    case WITNESS_GOOD:
    case WITNESS_STRANGER:
    case WITNESS_TALKATIVE:
    case WITNESS_BEHAVIOURS:
        break;
    }
    return witness_judge(witnesses, i, handle, request->body, how);
}

static inline void witnesses_start(struct witnesses *witnesses, size_t count, struct accord_signer *log)
{
    memset(witnesses, 0, sizeof *witnesses);
    witnesses->count = count;
    witnesses->log = log;
    pthread_mutex_init(&witnesses->lock, NULL);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "w%zu.example", i);
        assert_int_equal(
            accord_signer_generate(&witnesses->signers[i], slice(name), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
            ACCORD_OK);
    }
    web_start(&witnesses->web, witness_answer, witnesses);
}

static inline void witnesses_stop(struct witnesses *witnesses)
{
    web_stop(&witnesses->web);
    for (size_t i = 0; i < witnesses->count; i++)
        accord_signer_free(witnesses->signers[i]);
    pthread_mutex_destroy(&witnesses->lock);
}

static inline void policy_vkey(struct accord_out *out, const char *before, const struct accord_vkey *vkey)
{
    accord_put(out, slice(before));
    accord_put(out, vkey->text);
}

/* `threshold` of all witnesses. Their URLs are the server's, where there is one. */
static inline struct accord_bytes witnesses_policy(const struct witnesses *witnesses, size_t threshold, uint8_t *data,
                                                   size_t size)
{
    struct accord_out out = {data, size, 0, false};
    char text[64];
    policy_vkey(&out, "log ", accord_signer_vkey(witnesses->log));
    accord_put(&out, slice("\n"));
    for (size_t i = 0; i < witnesses->count; i++) {
        snprintf(text, sizeof text, "witness w%zu ", i);
        policy_vkey(&out, text, accord_signer_vkey(witnesses->signers[i]));
        snprintf(text, sizeof text, " http://127.0.0.1:%u/%zu/\n", witnesses->web.port, i);
        accord_put(&out, slice(text));
    }
    snprintf(text, sizeof text, "group all %zu", threshold);
    accord_put(&out, slice(text));
    for (size_t i = 0; i < witnesses->count; i++) {
        snprintf(text, sizeof text, " w%zu", i);
        accord_put(&out, slice(text));
    }
    accord_put(&out, slice("\nquorum all\n"));
    assert_false(out.full);
    return accord_out_bytes(&out);
}

#endif
