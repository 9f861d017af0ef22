/* The witness over HTTP. Knows the routes and which status code and type an answer has; refuses to know what is
 * cosigned (witness/), and when that is durable (clerk.h). */
#include "serve/witness_role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "serve/answers.h"

#define BODY_MAX 131072 /* a proof, and a checkpoint with more signatures than a log has need to send */
#define RETRY_SECONDS 1
#define ADD "/add-checkpoint"
#define SUBTREE "/sign-subtree"

struct accord_witness_role {
    struct accord_witness_role_options options;
};

/* Requests */

static void put(struct accord_witness_role *role, struct accord_http_exchange *exchange, enum accord_clerk_task task,
                struct accord_bytes body, const uint8_t *origin_hash)
{
    struct accord_clerk_request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        accord_answer_later(exchange, ACCORD_LITERAL("Memory ran out.\n"), RETRY_SECONDS);
        return;
    }
    request->task = task;
    request->witnesses = role->options.witnesses;
    request->witness_count = role->options.witness_count;
    request->body = body;
    request->context = exchange;
    if (origin_hash != NULL)
        memcpy(request->origin_hash, origin_hash, sizeof request->origin_hash);
    if (accord_clerk_put(role->options.clerk, request))
        return;
    accord_answer_error(exchange, 503, &request->error, RETRY_SECONDS);
    accord_clerk_request_free(request);
    free(request);
}

/* For whoever comes with a browser: who this is, as a policy's line wants it. */
static void show_front(const struct accord_witness_role *role, struct accord_http_exchange *exchange)
{
    struct accord_buffer text;
    accord_buffer_init(&text, 65536);
    enum accord_status status = accord_buffer_append(
        &text, ACCORD_LITERAL("A witness of transparency logs (C2SP tlog-witness), served by accord.\n\n"));
    for (size_t i = 0; status == ACCORD_OK && i < role->options.witness_count; i++) {
        status = accord_buffer_append(&text, accord_signer_vkey(role->options.witnesses[i])->text);
        if (status == ACCORD_OK)
            status = accord_buffer_append(&text, ACCORD_LITERAL("\n"));
    }
    if (status == ACCORD_OK)
        status =
            accord_buffer_append(&text, ACCORD_LITERAL("\nPOST add-checkpoint\nGET  <SHA-256 of a log's origin, in "
                                                       "hex>/checkpoint\n"));
    if (status == ACCORD_OK)
        accord_answer_text(exchange, accord_buffer_bytes(&text));
    else
        accord_answer_later(exchange, ACCORD_LITERAL("Memory ran out.\n"), RETRY_SECONDS);
    accord_buffer_free(&text);
}

/* "/<origin hash>/checkpoint" */
static bool read_monitored(const char *path, uint8_t origin_hash[ACCORD_HASH_SIZE])
{
    struct accord_bytes rest = {(const uint8_t *)path, strlen(path)}, hash;
    return accord_cut_prefix(&rest, ACCORD_LITERAL("/")) && accord_cut(&rest, '/', &hash) &&
           accord_bytes_equal(rest, ACCORD_LITERAL("checkpoint")) &&
           accord_hex_read(hash, origin_hash, ACCORD_HASH_SIZE);
}

size_t accord_witness_role_body_max(const struct accord_http_request *request)
{
    return strcmp(request->path, ADD) == 0 || strcmp(request->path, SUBTREE) == 0 ? BODY_MAX : 0;
}

/* "It is OPTIONAL for a witness to support this API": only ML-DSA-44 cosignatures can be of a subtree. */
static bool signs_subtrees(const struct accord_witness_role *role)
{
    for (size_t i = 0; i < role->options.witness_count; i++)
        if (accord_signer_vkey(role->options.witnesses[i])->type == ACCORD_KEY_COSIGNATURE_MLDSA44)
            return true;
    return false;
}

void accord_witness_role_handle(struct accord_witness_role *role, struct accord_http_exchange *exchange,
                                const struct accord_http_request *request)
{
    uint8_t origin_hash[ACCORD_HASH_SIZE];
    bool reads = request->method == ACCORD_HTTP_GET || request->method == ACCORD_HTTP_HEAD;
    bool front = request->path[0] == 0 || strcmp(request->path, "/") == 0;
    bool subtree = strcmp(request->path, SUBTREE) == 0 && signs_subtrees(role);
    if (subtree || strcmp(request->path, ADD) == 0) {
        if (request->method == ACCORD_HTTP_POST)
            put(role, exchange, subtree ? ACCORD_CLERK_SUBTREE : ACCORD_CLERK_COSIGN, request->body, NULL);
        else
            accord_answer_not_allowed(exchange, ACCORD_LITERAL("This is to be posted to.\n"), "POST");
    } else if (!front && !read_monitored(request->path, origin_hash)) {
        accord_http_answer_text(exchange, 404, "There is nothing here.\n");
    } else if (!reads) {
        accord_answer_not_allowed(exchange, ACCORD_LITERAL("This is to be read.\n"), "GET, HEAD");
    } else if (front) {
        show_front(role, exchange);
    } else {
        put(role, exchange, ACCORD_CLERK_SHOW, (struct accord_bytes){NULL, 0}, origin_hash);
    }
}

/* Answers */

/* "The response body MUST consist of the tree size of the latest cosigned checkpoint in decimal, followed by a newline
 * (U+000A). The response MUST have a Content-Type of text/x.tlog.size." */
static void answer_conflict(struct accord_http_exchange *exchange, uint64_t seen_size)
{
    char text[ACCORD_DECIMAL_SIZE_MAX + 2];
    int size = snprintf(text, sizeof text, "%llu\n", (unsigned long long)seen_size);
    const struct accord_http_answer answer = {.status = 409,
                                              .type = "text/x.tlog.size",
                                              .caching = ACCORD_HTTP_NO_STORE,
                                              .body = {(const uint8_t *)text, (size_t)size},
                                              .file = -1};
    accord_http_answer(exchange, &answer);
}

static void answer(struct accord_http_exchange *exchange, const struct accord_clerk_request *request)
{
    const struct accord_http_answer found = {.status = 200,
                                             .caching = request->task == ACCORD_CLERK_SHOW ? ACCORD_HTTP_NO_CACHE
                                                                                           : ACCORD_HTTP_NO_STORE,
                                             .body = accord_buffer_bytes(&request->text),
                                             .file = -1};
    if (request->http_status == 200)
        accord_http_answer(exchange, &found);
    else if (request->http_status == 409)
        answer_conflict(exchange, request->seen_size);
    else if (request->task == ACCORD_CLERK_SHOW && request->http_status == 404)
        accord_http_answer_text(exchange, 404, "This witness has cosigned nothing of such a log.\n");
    else
        accord_answer_error(exchange, (unsigned)request->http_status, &request->error,
                            request->http_status == 503 ? RETRY_SECONDS : 0);
}

void accord_witness_role_answer(struct accord_clerk *clerk)
{
    struct accord_clerk_request *request = accord_clerk_take(clerk);
    while (request != NULL) {
        struct accord_clerk_request *next = request->next;
        answer(request->context, request);
        accord_clerk_request_free(request);
        free(request);
        request = next;
    }
}

enum accord_status accord_witness_role_new(struct accord_witness_role **out,
                                           const struct accord_witness_role_options *options,
                                           struct accord_error *error)
{
    struct accord_witness_role *role = calloc(1, sizeof *role);
    *out = role;
    if (role == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    role->options = *options;
    return ACCORD_OK;
}

void accord_witness_role_free(struct accord_witness_role *role)
{
    free(role);
}
