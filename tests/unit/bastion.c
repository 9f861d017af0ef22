/* Being reached through a bastion: what is passed on and what is not, who is believed to be one, and that a bad one
 * holds up nobody. The bastion is made here, of OpenSSL and libnghttp2, and turned by the test beside the server. */
#include "hall.h"

#include <nghttp2/nghttp2.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>

#include "crypto/backend.h"
#include "serve/bastion.h"
#include "serve/bastion_relay.h"

#define STREAMS_MAX 256
#define CA_FILE "/tmp/accord-bastion-ca-XXXXXX"

static const struct accord_http_limits patient = {
    .connections = 200, .body_bytes = (size_t)256 << 10, .idle_seconds = 30, .request_seconds = 30};

struct reply {
    int32_t id;
    unsigned status;
    char body[65536], allow[64], type[64];
    size_t size;
    bool over;
    uint32_t code; /* that it ended with */
    /* What is sent. */
    size_t to_send, sent;
    bool resets; /* as soon as it has begun */
};

/* A bastion, with one backend at a time. */
struct tower {
    struct hall *hall;
    int listener;
    unsigned port;
    SSL_CTX *context;
    EVP_PKEY *key;
    X509 *certificate;
    char ca_file[sizeof CA_FILE];
    int socket;
    SSL *ssl;
    bool ready, silent, deaf; /* shaken hands; says nothing; reads nothing */
    nghttp2_session *h2;
    uint8_t out[65536];
    size_t out_size;
    unsigned goaways, pings, accepted;
    bool hung_up;
    struct reply replies[STREAMS_MAX];
    size_t count;
    struct accord_signer *signer;
    struct accord_bastion *bastion;
    struct accord_bastion_counts counts;
};

/* Certificates */

static X509 *make_certificate(EVP_PKEY *key, const char *names)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_EXTENSION *alternative = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    assert_int_equal(X509_set_version(certificate, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"bastion.test", -1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(certificate, name), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_non_null(alternative);
    assert_int_equal(X509_add_ext(certificate, alternative, -1), 1);
    X509_EXTENSION_free(alternative);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static int take_any(int fine, X509_STORE_CTX *store)
{
    (void)fine, (void)store;
    return 1;
}

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *size, const unsigned char *in,
                           unsigned in_size, void *context)
{
    static const unsigned char only[] = "\x09"
                                        "bastion/0";
    (void)ssl, (void)context;
    assert_int_equal(in_size, sizeof only - 1);
    assert_memory_equal(in, only, in_size);
    *out = in + 1;
    *size = 9;
    return SSL_TLSEXT_ERR_OK;
}

static void tower_certify(struct tower *tower, const char *names)
{
    X509_free(tower->certificate);
    EVP_PKEY_free(tower->key);
    SSL_CTX_free(tower->context);
    tower->key = EVP_EC_gen("P-256");
    assert_non_null(tower->key);
    tower->certificate = make_certificate(tower->key, names);
    tower->context = SSL_CTX_new(TLS_server_method());
    assert_non_null(tower->context);
    assert_int_equal(SSL_CTX_use_certificate(tower->context, tower->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tower->context, tower->key), 1);
    SSL_CTX_set_verify(tower->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, take_any);
    SSL_CTX_set_alpn_select_cb(tower->context, select_protocol, NULL);
}

static void tower_trust(struct tower *tower)
{
    FILE *file = fopen(tower->ca_file, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, tower->certificate), 1);
    assert_int_equal(fclose(file), 0);
}

/* Its side of HTTP/2 */

static struct reply *reply_of(nghttp2_session *h2, int32_t id)
{
    return nghttp2_session_get_stream_user_data(h2, id);
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t value_size, uint8_t flags, void *context)
{
    struct reply *reply = reply_of(h2, frame->hd.stream_id);
    (void)flags, (void)context;
    assert_non_null(reply);
    if (name_size == 7 && memcmp(name, ":status", 7) == 0)
        reply->status = (unsigned)strtoul((const char *)value, NULL, 10);
    if (name_size == 5 && memcmp(name, "allow", 5) == 0)
        snprintf(reply->allow, sizeof reply->allow, "%.*s", (int)value_size, (const char *)value);
    if (name_size == 12 && memcmp(name, "content-type", 12) == 0)
        snprintf(reply->type, sizeof reply->type, "%.*s", (int)value_size, (const char *)value);
    assert_false(name_size == 10 && memcmp(name, "connection", 10) == 0);
    return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t size, void *context)
{
    struct reply *reply = reply_of(h2, id);
    (void)flags, (void)context;
    assert_non_null(reply);
    for (size_t i = 0; i < size; i++)
        if (reply->size + i < sizeof reply->body)
            reply->body[reply->size + i] = (char)data[i];
    reply->size += size;
    return 0;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *context)
{
    struct tower *tower = context;
    (void)h2;
    tower->goaways += frame->hd.type == NGHTTP2_GOAWAY;
    tower->pings += frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0;
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t code, void *context)
{
    struct reply *reply = reply_of(h2, id);
    (void)context;
    assert_non_null(reply);
    reply->over = true;
    reply->code = code;
    return 0;
}

static void tower_begin(struct tower *tower)
{
    nghttp2_session_callbacks *callbacks;
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    assert_int_equal(nghttp2_session_client_new(&tower->h2, callbacks, tower), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(tower->h2, NGHTTP2_FLAG_NONE, NULL, 0), 0);
}

static ssize_t give_body(nghttp2_session *h2, int32_t id, uint8_t *data, size_t size, uint32_t *flags,
                         nghttp2_data_source *source, void *context)
{
    struct reply *reply = source->ptr;
    (void)h2, (void)id, (void)context;
    if (size > reply->to_send - reply->sent)
        size = reply->to_send - reply->sent;
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)("abcdefg"[(reply->sent + i) % 7]);
    reply->sent += size;
    if (reply->sent == reply->to_send)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size;
}

#define BODILESS SIZE_MAX
static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0};
}

/* A request with up to one more header; size BODILESS: END_STREAM comes with the headers. */
static struct reply *tower_ask(struct tower *tower, const char *method, const char *path, const char *name,
                               const char *value, size_t size)
{
    assert_true(tower->count < STREAMS_MAX);
    struct reply *reply = &tower->replies[tower->count++];
    const nghttp2_data_provider body = {.source = {.ptr = reply}, .read_callback = give_body};
    nghttp2_nv headers[] = {nv(":method", method),
                            nv(":scheme", "https"),
                            nv(":authority", "bastion.test"),
                            nv(":path", path),
                            nv("x-forwarded-for", "192.0.2.1"),
                            nv(name == NULL ? "x-a" : name, value == NULL ? "b" : value)};
    memset(reply, 0, sizeof *reply);
    reply->to_send = size;
    reply->id = nghttp2_submit_request(tower->h2, NULL, headers, 6, size == BODILESS ? NULL : &body, reply);
    assert_true(reply->id > 0);
    return reply;
}

/* Its connection */

static void tower_hang_up(struct tower *tower)
{
    nghttp2_session_del(tower->h2);
    SSL_free(tower->ssl);
    if (tower->socket >= 0)
        close(tower->socket);
    tower->h2 = NULL;
    tower->ssl = NULL;
    tower->socket = -1;
    tower->ready = false;
    tower->out_size = 0;
    tower->count = 0;
}

static void tower_accept(struct tower *tower)
{
    if (tower->socket < 0) {
        tower->socket = accept4(tower->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (tower->socket < 0)
            return;
        tower->accepted++;
        tower->hung_up = false;
        tower->ssl = SSL_new(tower->context);
        assert_int_equal(SSL_set_fd(tower->ssl, tower->socket), 1);
    }
    int done = SSL_accept(tower->ssl);
    if (done == 1) {
        tower->ready = true;
        tower_begin(tower);
    } else if (SSL_get_error(tower->ssl, done) != SSL_ERROR_WANT_READ) {
        tower_hang_up(tower);
    }
}

static void tower_send(struct tower *tower)
{
    for (;;) {
        const uint8_t *data;
        if (tower->out_size > 0) {
            int sent = SSL_write(tower->ssl, tower->out, (int)tower->out_size);
            if (sent <= 0)
                return;
            tower->out_size = 0;
        }
        ssize_t size = tower->silent ? 0 : nghttp2_session_mem_send(tower->h2, &data);
        if (size <= 0)
            return;
        assert_true((size_t)size <= sizeof tower->out);
        memcpy(tower->out, data, (size_t)size);
        tower->out_size = (size_t)size;
    }
}

static void tower_receive(struct tower *tower)
{
    uint8_t data[16384];
    while (!tower->deaf) {
        int got = SSL_read(tower->ssl, data, sizeof data);
        if (got <= 0) {
            tower->hung_up = tower->hung_up || SSL_get_error(tower->ssl, got) != SSL_ERROR_WANT_READ;
            return;
        }
        ssize_t taken = nghttp2_session_mem_recv(tower->h2, data, (size_t)got);
        assert_int_equal(taken, got);
    }
}

static void turn(struct tower *tower)
{
    hall_turn(tower->hall, 2);
    if (!tower->ready) {
        tower_accept(tower);
        return;
    }
    tower_send(tower);
    tower_receive(tower);
    tower_send(tower);
}

#define AWAIT(tower, condition, ms)                                                                                    \
    do {                                                                                                               \
        uint64_t end_ms = hall_now_ms() + (ms);                                                                        \
        while (!(condition) && hall_now_ms() < end_ms)                                                                 \
            turn(tower);                                                                                               \
        assert_true(condition);                                                                                        \
    } while (0)

static void turn_for(struct tower *tower, uint64_t ms)
{
    uint64_t end_ms = hall_now_ms() + ms;
    while (hall_now_ms() < end_ms)
        turn(tower);
}

static int connect_inside(void *context)
{
    struct hall *hall = context;
    return accord_http_connect(hall->http);
}

static void tower_start(struct tower *tower, const char *host, uint64_t quiet_ms)
{
    struct accord_error error;
    char url[64];
    snprintf(url, sizeof url, "https://%s:%u/", host, tower->port);
    const struct accord_bastion_options options = {.url = url,
                                                   .ca_file = tower->ca_file,
                                                   .key = tower->signer,
                                                   .connect = connect_inside,
                                                   .context = tower->hall,
                                                   .counts = &tower->counts,
                                                   .quiet_ms = quiet_ms};
    assert_int_equal(accord_bastion_start(&tower->bastion, &options, &error), ACCORD_OK);
}

static void *stop_bastion(void *context)
{
    struct tower *tower = context;
    accord_bastion_stop(tower->bastion);
    tower->bastion = NULL;
    return NULL;
}

static int set_up(void **state)
{
    static struct hall hall;
    static struct tower tower;
    struct accord_error error;
    hall_open(&hall, &patient, NULL);
    assert_int_equal(accord_http_open_door(hall.http, &error), ACCORD_OK);
    hall_watch(&hall);
    memset(&tower, 0, sizeof tower);
    tower.hall = &hall;
    tower.socket = -1;
    tower.listener = hall_socket(&tower.port);
    memcpy(tower.ca_file, CA_FILE, sizeof CA_FILE);
    int handle = mkstemp(tower.ca_file);
    assert_true(handle >= 0);
    close(handle);
    tower_certify(&tower, "IP:127.0.0.1,DNS:localhost");
    tower_trust(&tower);
    assert_int_equal(
        accord_signer_generate(&tower.signer, ACCORD_LITERAL("backend.example"), ACCORD_KEY_ED25519, &error),
        ACCORD_OK);
    *state = &tower;
    return 0;
}

static int tear_down(void **state)
{
    struct tower *tower = *state;
    accord_bastion_stop(tower->bastion);
    tower_hang_up(tower);
    hall_await_connections(tower->hall, 0);
    hall_close(tower->hall);
    accord_signer_free(tower->signer);
    SSL_CTX_free(tower->context);
    X509_free(tower->certificate);
    EVP_PKEY_free(tower->key);
    close(tower->listener);
    unlink(tower->ca_file);
    return 0;
}

/* Connecting */

/* TLS 1.3, the protocol, and a certificate of our key, under whose hash clients find us. */
static void introduces_itself(void **state)
{
    struct tower *tower = *state;
    char url[160], hash[2 * ACCORD_HASH_SIZE + 1];
    uint8_t key[32], digest[ACCORD_HASH_SIZE];
    size_t size = sizeof key;
    struct accord_sha256 sha;
    tower_start(tower, "127.0.0.1", 0);
    AWAIT(tower, atomic_load(&tower->counts.connected) == 1, 8000);
    assert_string_equal(SSL_get_version(tower->ssl), "TLSv1.3");
    X509 *shown = SSL_get1_peer_certificate(tower->ssl);
    assert_non_null(shown);
    EVP_PKEY *public_key = X509_get0_pubkey(shown);
    assert_int_equal(EVP_PKEY_get_id(public_key), EVP_PKEY_ED25519);
    assert_int_equal(EVP_PKEY_get_raw_public_key(public_key, key, &size), 1);
    assert_memory_equal(key, accord_signer_vkey(tower->signer)->ed25519, 32);
    assert_int_equal(X509_verify(shown, public_key), 1);
    assert_true(X509_cmp_current_time(X509_get0_notBefore(shown)) < 0);
    assert_true(X509_cmp_current_time(X509_get0_notAfter(shown)) > 0);
    assert_int_equal(X509_get_extended_key_usage(shown), XKU_SSL_CLIENT);
    X509_free(shown);
    accord_crypto_default.sha256_init(&sha);
    accord_crypto_default.sha256_update(&sha, key, sizeof key);
    accord_crypto_default.sha256_final(&sha, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/%s/", tower->port, hash);
    assert_string_equal(accord_bastion_public_url(tower->bastion), url);
}

static void assert_not_believed(struct tower *tower, const char *host)
{
    uint64_t failures = atomic_load(&tower->counts.failures);
    tower_start(tower, host, 0);
    AWAIT(tower, atomic_load(&tower->counts.failures) > failures, 12000);
    assert_int_equal(atomic_load(&tower->counts.connections), 0);
    stop_bastion(tower);
    turn_for(tower, 20);
    tower_hang_up(tower);
}

/* A certificate of somebody else's making, of another name; TLS 1.2; no protocol: none of them is our bastion. */
static void believes_no_other(void **state)
{
    struct tower *tower = *state;
    tower_certify(tower, "IP:127.0.0.1");
    assert_not_believed(tower, "127.0.0.1");
    tower_certify(tower, "DNS:other.example");
    tower_trust(tower);
    assert_not_believed(tower, "127.0.0.1");
    assert_not_believed(tower, "localhost");
    tower_certify(tower, "IP:127.0.0.1");
    tower_trust(tower);
    assert_int_equal(SSL_CTX_set_max_proto_version(tower->context, TLS1_2_VERSION), 1);
    assert_not_believed(tower, "127.0.0.1");
    assert_int_equal(SSL_CTX_set_max_proto_version(tower->context, 0), 1);
    SSL_CTX_set_alpn_select_cb(tower->context, NULL, NULL);
    assert_not_believed(tower, "127.0.0.1");
}

/* It is not there; then it is; it goes, and is back. */
static void comes_back(void **state)
{
    struct tower *tower = *state;
    tower_certify(tower, "DNS:other.example");
    tower_start(tower, "127.0.0.1", 0);
    AWAIT(tower, atomic_load(&tower->counts.failures) == 1, 8000);
    tower_hang_up(tower);
    tower_certify(tower, "IP:127.0.0.1");
    tower_trust(tower);
    AWAIT(tower, atomic_load(&tower->counts.connected) == 1, 8000);
    tower_hang_up(tower);
    AWAIT(tower, atomic_load(&tower->counts.connections) == 2, 12000);
    struct reply *reply = tower_ask(tower, "GET", "/now", NULL, NULL, BODILESS);
    AWAIT(tower, reply->over, 4000);
    assert_int_equal(reply->status, 200);
}

static void wrong_options(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1/",
                                       "https://127.0.0.1/path",
                                       "https://u@127.0.0.1/",
                                       "https://127.0.0.1/?query",
                                       "https://h/#f",
                                       "127.0.0.1",
                                       "https://",
                                       "ftp://h/",
                                       ""};
    struct tower *tower = *state;
    struct accord_error error;
    struct accord_signer *mldsa = NULL;
    struct accord_bastion_options options = {.key = tower->signer, .connect = connect_inside, .context = tower->hall};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        options.url = urls[i];
        assert_int_equal(accord_bastion_start(&tower->bastion, &options, &error), ACCORD_USAGE);
        assert_null(tower->bastion);
    }
    options.url = "https://127.0.0.1:1";
    options.ca_file = "/nowhere/ca.pem";
    assert_int_equal(accord_bastion_start(&tower->bastion, &options, &error), ACCORD_NOT_FOUND);
    if (accord_signer_generate(&mldsa, ACCORD_LITERAL("k"), ACCORD_KEY_COSIGNATURE_MLDSA44, &error) == ACCORD_OK) {
        options.key = mldsa;
        assert_int_equal(accord_bastion_start(&tower->bastion, &options, &error), ACCORD_KEY_TYPE);
        accord_signer_free(mldsa);
    }
}

/* Passing on */

static void open_tower(struct tower *tower, uint64_t quiet_ms)
{
    tower_start(tower, "127.0.0.1", quiet_ms);
    AWAIT(tower, tower->ready && atomic_load(&tower->counts.connected) == 1, 8000);
}

static void assert_echoed(const struct reply *reply, size_t size)
{
    assert_int_equal(reply->status, 200);
    assert_int_equal(reply->code, NGHTTP2_NO_ERROR);
    assert_int_equal(reply->size, size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(reply->body[i], "abcdefg"[i % 7]);
}

static void passes_on(void **state)
{
    struct tower *tower = *state;
    open_tower(tower, 0);
    struct reply *now = tower_ask(tower, "GET", "/now", NULL, NULL, BODILESS);
    struct reply *query = tower_ask(tower, "GET", "/a%2Fb/../?x=%41", NULL, NULL, BODILESS);
    struct reply *head = tower_ask(tower, "HEAD", "/now", NULL, NULL, BODILESS);
    AWAIT(tower, now->over && query->over && head->over, 4000);
    assert_int_equal(now->status, 200);
    assert_string_equal(now->type, "text/plain; charset=utf-8");
    assert_int_equal(now->size, 13);
    assert_memory_equal(now->body, "here you are\n", 13);
    assert_int_equal(query->status, 404);
    assert_int_equal(head->status, 200);
    assert_int_equal(head->size, 0);
    struct reply *nothing = tower_ask(tower, "POST", "/echo", NULL, NULL, BODILESS);
    struct reply *empty = tower_ask(tower, "POST", "/echo", NULL, NULL, 0);
    struct reply *known = tower_ask(tower, "POST", "/echo", "content-length", "3000", 3000);
    struct reply *chunked = tower_ask(tower, "POST", "/echo", NULL, NULL, 4000);
    AWAIT(tower, nothing->over && empty->over && known->over && chunked->over, 4000);
    assert_echoed(nothing, 0);
    assert_echoed(empty, 0);
    assert_echoed(known, 3000);
    assert_echoed(chunked, 4000);
    assert_int_equal(atomic_load(&tower->counts.requests), 7);
    assert_int_equal(atomic_load(&tower->counts.refused), 0);
    assert_int_equal(atomic_load(&tower->counts.cut_off), 0);
}

/* Answers that are larger than what is held of them, many at once, and to clients that take them slowly. */
static void large_answers(void **state)
{
    static uint8_t data[3 << 20];
    struct tower *tower = *state;
    open_tower(tower, 0);
    tower->hall->answer = (struct accord_http_answer){
        .status = 200, .type = "application/octet-stream", .body = {data, sizeof data}, .file = -1};
    struct reply *replies[8];
    for (size_t i = 0; i < 8; i++)
        replies[i] = tower_ask(tower, "GET", "/answer", NULL, NULL, BODILESS);
    for (size_t i = 0; i < 8; i++) {
        AWAIT(tower, replies[i]->over, 20000);
        assert_int_equal(replies[i]->status, 200);
        assert_int_equal(replies[i]->size, sizeof data);
    }
}

/* A body without an end that is held back: the bastion is told by its windows, and others are served. */
static void holds_back(void **state)
{
    struct tower *tower = *state;
    struct hall *hall = tower->hall;
    open_tower(tower, 0);
    hall->room = 10000;
    struct reply *reply = tower_ask(tower, "POST", "/stream", NULL, NULL, 1000000);
    AWAIT(tower, hall->streamed_size > 1000, 4000);
    turn_for(tower, 300);
    assert_true(reply->sent < 600000);
    size_t sent = reply->sent;
    struct reply *other = tower_ask(tower, "POST", "/echo", NULL, NULL, 4000);
    AWAIT(tower, other->over, 4000);
    assert_echoed(other, 4000);
    assert_int_equal(reply->sent, sent);
    hall->room = SIZE_MAX;
    accord_http_go_on(hall->streaming);
    AWAIT(tower, reply->over, 8000);
    assert_int_equal(reply->status, 200);
    assert_memory_equal(reply->body, "1000000\n", 8);
    for (size_t i = 0; i < 1000000; i++)
        if (hall->streamed[i] != (uint8_t) "abcdefg"[i % 7])
            fail_msg("byte %zu differs", i);
}

/* The server's answer is there before the body is: it is given, and the rest is not asked for. */
static void answers_early(void **state)
{
    struct tower *tower = *state;
    open_tower(tower, 0);
    struct reply *reply = tower_ask(tower, "POST", "/echo", "content-length", "9000000", 9000000);
    AWAIT(tower, reply->over, 8000);
    assert_int_equal(reply->status, 413);
    assert_int_equal(reply->code, NGHTTP2_NO_ERROR);
    assert_true(reply->sent < 2000000);
    reply = tower_ask(tower, "GET", "/now", NULL, NULL, BODILESS);
    AWAIT(tower, reply->over, 4000);
    assert_int_equal(reply->status, 200);
}

/* Clients that leave are not waited for, and what they had is given back. */
static void clients_leave(void **state)
{
    struct tower *tower = *state;
    struct hall *hall = tower->hall;
    open_tower(tower, 0);
    struct reply *reply = tower_ask(tower, "POST", "/stream", NULL, NULL, 1000000);
    hall->room = 1000;
    AWAIT(tower, hall->parts > 0, 4000);
    nghttp2_submit_rst_stream(tower->h2, NGHTTP2_FLAG_NONE, reply->id, NGHTTP2_CANCEL);
    turn_for(tower, 100);
    hall->room = SIZE_MAX;
    accord_http_go_on(hall->streaming);
    AWAIT(tower, hall->gone == 1, 4000);
    AWAIT(tower, hall_counts(hall).connections == 0, 4000);
    assert_int_equal(atomic_load(&tower->counts.cut_off), 1);
    /* As often as the whole connection's window would be used up, were it not given back. */
    for (unsigned i = 0; i < 110; i++) {
        hall->room = hall->streamed_size = hall->parts = 0;
        reply = tower_ask(tower, "POST", "/stream", NULL, NULL, 1000000);
        AWAIT(tower, hall->parts > 0 && reply->sent >= 65535, 4000);
        nghttp2_submit_rst_stream(tower->h2, NGHTTP2_FLAG_NONE, reply->id, NGHTTP2_CANCEL);
        hall->room = SIZE_MAX;
        accord_http_go_on(hall->streaming);
        AWAIT(tower, hall->gone == i + 2, 4000);
    }
    reply = tower_ask(tower, "POST", "/echo", NULL, NULL, 4000);
    AWAIT(tower, reply->over, 4000);
    assert_echoed(reply, 4000);
}

/* What is refused here, without the server. */
static void refuses(void **state)
{
    static char large[7000];
    struct tower *tower = *state;
    struct hall *hall = tower->hall;
    open_tower(tower, 0);
    memset(large, 'a', sizeof large - 1);
    struct reply *headers = tower_ask(tower, "GET", "/now", "x-large", large, BODILESS);
    large[0] = '/';
    large[5000] = 0;
    struct reply *path = tower_ask(tower, "GET", large, NULL, NULL, BODILESS);
    struct reply *star = tower_ask(tower, "OPTIONS", "*", NULL, NULL, BODILESS);
    struct reply *posted = tower_ask(tower, "POST", large, NULL, NULL, 100000);
    AWAIT(tower, headers->over && path->over && star->over && posted->over, 4000);
    assert_int_equal(headers->status, 431);
    assert_int_equal(path->status, 431);
    assert_int_equal(star->status, 400);
    assert_int_equal(posted->status, 431);
    assert_int_equal(hall->handled, 0);
    assert_int_equal(atomic_load(&tower->counts.refused), 4);
    accord_http_quiesce(hall->http);
    struct reply *late = tower_ask(tower, "GET", "/now", NULL, NULL, BODILESS);
    AWAIT(tower, late->over, 4000);
    assert_int_equal(late->status, 503);
    assert_int_equal(hall->handled, 0);
}

/* Hostile ones */

static void too_many_at_once(void **state)
{
    struct tower *tower = *state;
    struct hall *hall = tower->hall;
    open_tower(tower, 0);
    for (unsigned i = 0; i < 60; i++)
        tower_ask(tower, "GET", "/later", NULL, NULL, BODILESS);
    AWAIT(tower, hall->pending_count == 60, 8000);
    assert_int_equal(hall_counts(hall).connections, 60);
    while (hall->pending_count > 0)
        hall_answer_pending(hall, "done");
    for (unsigned i = 0; i < 60; i++)
        AWAIT(tower, tower->replies[i].over && tower->replies[i].status == 200, 4000);
}

/* Requests that are taken back as soon as they are made, without end. */
static void flood_of_resets(void **state)
{
    struct tower *tower = *state;
    open_tower(tower, 0);
    uint64_t end_ms = hall_now_ms() + 20000;
    unsigned made = 0;
    while (!tower->hung_up && hall_now_ms() < end_ms) {
        for (unsigned i = 0; i < 50 && tower->goaways == 0; i++, made++) {
            tower->count = 0;
            struct reply *reply = tower_ask(tower, "GET", "/now", NULL, NULL, BODILESS);
            tower_send(tower);
            nghttp2_submit_rst_stream(tower->h2, NGHTTP2_FLAG_NONE, reply->id, NGHTTP2_CANCEL);
        }
        turn(tower);
        assert_in_range(hall_counts(tower->hall).connections, 0, 130);
    }
    assert_true(tower->hung_up);
    assert_int_equal(hall_ask(tower->hall, "/now"), 200);
}

static void say(struct tower *tower, const void *data, size_t size)
{
    assert_int_equal(SSL_write(tower->ssl, data, (int)size), (int)size);
}

/* No HTTP/2; a header that never ends. */
static void nonsense(void **state)
{
    struct tower *tower = *state;
    uint8_t frame[9 + 16384] = {0, 0x40, 0, 9 /* CONTINUATION */, 0, 0, 0, 0, 1};
    tower->silent = true;
    open_tower(tower, 0);
    say(tower, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27);
    AWAIT(tower, tower->hung_up, 4000);
    tower_hang_up(tower);
    AWAIT(tower, tower->ready && atomic_load(&tower->counts.connected) == 1, 12000);
    say(tower, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    say(tower, "\0\0\0\4\0\0\0\0\0", 9);
    say(tower, "\0\0\1\1\0\0\0\0\1\x82", 10); /* HEADERS, not the end of them */
    memset(frame + 9, 0x82, sizeof frame - 9);
    uint64_t end_ms = hall_now_ms() + 4000;
    while (!tower->hung_up && hall_now_ms() < end_ms) {
        (void)SSL_write(tower->ssl, frame, sizeof frame);
        turn(tower);
    }
    assert_true(tower->hung_up);
    assert_int_equal(tower->hall->handled, 0);
}

/* Gone without a word, or never taking what it is given. */
static void silent_and_deaf(void **state)
{
    struct tower *tower = *state;
    static uint8_t data[3 << 20];
    open_tower(tower, 600);
    turn_for(tower, 1500); /* it answers pings: it stays */
    assert_in_range(tower->pings, 1, 5);
    assert_int_equal(atomic_load(&tower->counts.connected), 1);
    tower->silent = true;
    AWAIT(tower, atomic_load(&tower->counts.connected) == 0, 5000);
    tower->silent = false;
    tower_hang_up(tower);
    AWAIT(tower, tower->ready && atomic_load(&tower->counts.connected) == 1, 12000);
    tower->hall->answer = (struct accord_http_answer){.status = 200, .body = {data, sizeof data}, .file = -1};
    assert_int_equal(nghttp2_session_set_local_window_size(tower->h2, NGHTTP2_FLAG_NONE, 0, 1 << 30), 0);
    nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30};
    assert_int_equal(nghttp2_submit_settings(tower->h2, NGHTTP2_FLAG_NONE, &window, 1), 0);
    turn_for(tower, 50);
    for (unsigned i = 0; i < 8; i++) {
        tower_ask(tower, "GET", "/answer", NULL, NULL, BODILESS);
        tower_send(tower);
    }
    tower->deaf = true;
    AWAIT(tower, atomic_load(&tower->counts.connected) == 0, 8000);
}

/* One stream on which nothing happens is ended; the others go on. */
static void stream_that_stands_still(void **state)
{
    struct tower *tower = *state;
    struct hall *hall = tower->hall;
    open_tower(tower, 600);
    struct reply *reply = tower_ask(tower, "GET", "/later", NULL, NULL, BODILESS);
    AWAIT(tower, hall->pending_count == 1, 4000);
    uint64_t start_ms = hall_now_ms();
    AWAIT(tower, reply->over, 8000);
    assert_int_equal(reply->code, NGHTTP2_CANCEL);
    assert_in_range(hall_now_ms() - start_ms, 1000, 5000);
    hall_answer_pending(hall, "too late");
    reply = tower_ask(tower, "GET", "/now", NULL, NULL, BODILESS);
    AWAIT(tower, reply->over, 4000);
    assert_int_equal(reply->status, 200);
}

/* Stopping: what has come is answered, and the bastion knows. */
static void stops(void **state)
{
    struct tower *tower = *state;
    struct hall *hall = tower->hall;
    pthread_t stopper;
    open_tower(tower, 0);
    struct reply *reply = tower_ask(tower, "GET", "/later", NULL, NULL, BODILESS);
    AWAIT(tower, hall->pending_count == 1, 4000);
    assert_int_equal(pthread_create(&stopper, NULL, stop_bastion, tower), 0);
    AWAIT(tower, tower->goaways == 1, 4000);
    turn_for(tower, 50);
    assert_false(tower->hung_up);
    hall_answer_pending(hall, "last");
    AWAIT(tower, reply->over, 4000);
    assert_int_equal(reply->status, 200);
    assert_memory_equal(reply->body, "last", 4);
    AWAIT(tower, tower->hung_up, 4000);
    pthread_join(stopper, NULL);
    assert_int_equal(atomic_load(&tower->counts.connected), 0);
}

/* While it waits for the next attempt, and while nobody answers. */
static void stops_at_once(void **state)
{
    struct tower *tower = *state;
    tower_certify(tower, "DNS:other.example");
    tower_start(tower, "127.0.0.1", 0);
    AWAIT(tower, atomic_load(&tower->counts.failures) == 1, 8000);
    tower_hang_up(tower);
    uint64_t start_ms = hall_now_ms();
    stop_bastion(tower);
    assert_in_range(hall_now_ms() - start_ms, 0, 700);
    tower_start(tower, "127.0.0.1", 0);
    usleep(100000); /* it shakes hands with nobody */
    start_ms = hall_now_ms();
    stop_bastion(tower);
    assert_in_range(hall_now_ms() - start_ms, 0, 3000);
}

/* The text of requests and answers */

static void add(struct accord_relay_request *request, const char *name, const char *value)
{
    accord_relay_request_header(request, (struct accord_bytes){(const uint8_t *)name, strlen(name)},
                                (struct accord_bytes){(const uint8_t *)value, strlen(value)});
}

static void assert_printed(struct accord_relay_request *request, bool body, const char *expected)
{
    struct accord_buffer out;
    bool chunked = false;
    accord_buffer_init(&out, 65536);
    if (expected == NULL) {
        assert_false(accord_relay_request_print(request, body, &out, &chunked));
        assert_true(request->refused >= 400);
    } else {
        assert_true(accord_relay_request_print(request, body, &out, &chunked));
        assert_slice(accord_buffer_bytes(&out), expected);
        assert_int_equal(chunked, strstr(expected, "chunked") != NULL);
    }
    accord_buffer_free(&out);
    accord_relay_request_free(request);
}

static void request_text(void **state)
{
    (void)state;
    struct accord_relay_request get = {.refused = 0}, post = {.refused = 0}, empty = {.refused = 0};
    add(&get, ":method", "GET");
    add(&get, ":scheme", "https");
    add(&get, ":authority", "b.example:443");
    add(&get, ":path", "/w/a?b=c");
    add(&get, "x-forwarded-for", "192.0.2.1");
    add(&get, "connection", "keep-alive");
    add(&get, "transfer-encoding", "chunked");
    add(&get, "te", "trailers");
    add(&get, "host", "other");
    add(&get, "cookie", "a=b");
    add(&get, "accept-encoding", "gzip");
    assert_printed(&get, false,
                   "GET /w/a?b=c HTTP/1.1\r\nHost: b.example:443\r\nConnection: close\r\n"
                   "x-forwarded-for: 192.0.2.1\r\naccept-encoding: gzip\r\n\r\n");
    add(&post, ":method", "POST");
    add(&post, ":path", "/");
    add(&post, "expect", "100-continue");
    assert_printed(&post, true,
                   "POST / HTTP/1.1\r\nHost: bastion\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    add(&empty, ":method", "POST");
    add(&empty, ":path", "/");
    assert_printed(&empty, false, "POST / HTTP/1.1\r\nHost: bastion\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

/* Nothing of it may end a line, or be read as another request. */
static void request_that_is_none(void **state)
{
    static const char *const wrong[][2] = {
        {":method", "get"},
        {":method", "GET /x"},
        {":method", ""},
        {":method", "GET\r\nA:"},
        {":method", "AVERYLONGMETHOD2"},
        {":path", ""},
        {":path", "no/slash"},
        {":path", "/a b"},
        {":path", "/a\r\nHost: b"},
        {":path", "/\x7f"},
        {":path", "/\xc3\xa9"},
        {":path", "/second"},
        {":authority", "a b"},
        {":authority", "a\r\nb: c"},
        {"content-length", "3, 4"},
        {"content-length", "+3"},
        {"content-length", "03"},
        {"content-length", "99999999999999999999"},
        {"content-length", ""},
        {"content-length", "3"},
        {":protocol", "websocket"},
        {"x-a", "b\r\nc: d"},
        {"x-a", "b\nc"},
        {"x a", "b"},
        {"x-a:", "b"},
        {"X-A", "b"},
        {"", "b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct accord_relay_request request = {.refused = 0};
        bool of_path = strcmp(wrong[i][0], ":path") == 0 && strcmp(wrong[i][1], "/second") != 0;
        if (strcmp(wrong[i][0], ":method") != 0)
            add(&request, ":method", "GET");
        if (!of_path)
            add(&request, ":path", "/");
        add(&request, wrong[i][0], wrong[i][1]);
        assert_printed(&request, false, NULL);
        assert_int_equal(request.refused, 400);
    }
    struct accord_relay_request nothing = {.refused = 0};
    assert_printed(&nothing, false, NULL);
}

static enum accord_relay_read read_answer(struct accord_relay_answer *answer, const char *text, bool is_head)
{
    static uint8_t data[8192];
    size_t size = strlen(text);
    memcpy(data, text, size);
    return accord_relay_answer_read(answer, data, size, is_head);
}

static void answer_text(void **state)
{
    static const char *const wrong[] = {
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        "garbage\r\n\r\n",
    };
    struct accord_relay_answer answer;
    static char endless[ACCORD_RELAY_ANSWER_HEAD_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(read_answer(&answer, wrong[i], false), ACCORD_RELAY_WRONG);
    const char *text = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length:  "
                       "12\r\n\r\nbody";
    assert_int_equal(read_answer(&answer, text, false), ACCORD_RELAY_WHOLE);
    assert_string_equal(answer.status, "404");
    assert_int_equal(answer.size, 12);
    assert_int_equal(answer.count, 2);
    assert_slice(answer.headers[0].name, "content-type");
    assert_slice(answer.headers[0].value, "text/plain");
    assert_slice(answer.headers[1].name, "content-length");
    assert_int_equal(answer.head_size, strlen(text) - 4);
    assert_int_equal(read_answer(&answer, text, true), ACCORD_RELAY_WHOLE);
    assert_int_equal(answer.size, 0);
    for (size_t size = 0; size < strlen(text) - 4; size++) {
        char part[256];
        snprintf(part, sizeof part, "%.*s", (int)size, text);
        assert_int_equal(read_answer(&answer, part, false), ACCORD_RELAY_MORE);
    }
    memset(endless, 'a', sizeof endless - 1);
    assert_int_equal(read_answer(&answer, endless, false), ACCORD_RELAY_WRONG);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(introduces_itself),
        WITH(believes_no_other),
        WITH(comes_back),
        WITH(wrong_options),
        WITH(passes_on),
        WITH(large_answers),
        WITH(holds_back),
        WITH(answers_early),
        WITH(clients_leave),
        WITH(refuses),
        WITH(too_many_at_once),
        WITH(flood_of_resets),
        WITH(nonsense),
        WITH(silent_and_deaf),
        WITH(stream_that_stands_still),
        WITH(stops),
        WITH(stops_at_once),
        cmocka_unit_test(request_text),
        cmocka_unit_test(request_that_is_none),
        cmocka_unit_test(answer_text),
    };
    accord_crypto_start();
    return cmocka_run_group_tests_name("bastion", tests, NULL, NULL);
}
