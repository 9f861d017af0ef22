/* Connecting to a bastion. libcurl does what it does for every other https:// URL: names, proxies, TLS, and whose
 * certificate that is; OpenSSL, which it is built on, is given the certificate of our key and the protocol's name.
 * Refuses to know what is spoken then. */
#include "serve/bastion_dial.h"

#include "base/report.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 10000L
#define PROTOCOL "bastion/0"
#define SEED_SIZE 32
#define SECONDS_BEFORE (60 * 60L) /* the certificate is made anew for each connection: clocks may differ by so much */
#define SECONDS_AFTER (24 * 60 * 60L)

struct accord_dial {
    CURL *easy;
    int socket;
    const struct accord_dial_options *options; /* while it connects */
    bool refused;                              /* our own part failed: there is no certificate */
    bool agreed;                               /* on the protocol */
    char words[CURL_ERROR_SIZE];
};

static struct accord_bytes text_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static enum accord_status fail(struct accord_error *error, const char *url, const char *words)
{
    char shown[256];
    accord_url_show(url, shown, sizeof shown);
    accord_fail(error, ACCORD_NETWORK, 0);
    accord_error_what(error, text_of(shown));
    accord_error_found(error, text_of(words));
    return ACCORD_NETWORK;
}

/* The certificate */

static bool add_extension(X509 *certificate, int id, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, id, value);
    bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool fill(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -SECONDS_BEFORE) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), SECONDS_AFTER) != NULL && name != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"bastion backend", -1, -1, 0) ==
               1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "clientAuth") && X509_sign(certificate, key, NULL) > 0;
}

static bool show_certificate(SSL_CTX *context, const uint8_t seed[SEED_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED_SIZE);
    X509 *certificate = X509_new();
    bool shown = key != NULL && certificate != NULL && fill(certificate, key) &&
                 SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return shown;
}

/* "using TLS 1.3, specifying the ALPN protocol `bastion/0`": whoever speaks another is no bastion. */
static void on_handshake(const SSL *ssl, int where, int result)
{
    const unsigned char *protocol = NULL;
    unsigned size = 0;
    (void)result;
    if ((where & SSL_CB_HANDSHAKE_DONE) == 0)
        return;
    struct accord_dial *dial = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_get0_alpn_selected(ssl, &protocol, &size);
    dial->agreed = SSL_version(ssl) == TLS1_3_VERSION && size == sizeof PROTOCOL - 1 &&
                   memcmp(protocol, PROTOCOL, sizeof PROTOCOL - 1) == 0;
}

/* libcurl has made its context; what it has no word for is added. */
static CURLcode on_context(CURL *easy, void *ssl_context, void *context)
{
    struct accord_dial *dial = context;
    static const unsigned char protocols[] = "\x09" PROTOCOL;
    (void)easy;
    SSL_CTX_set_info_callback(ssl_context, on_handshake);
    dial->refused = SSL_CTX_set_app_data(ssl_context, dial) != 1 ||
                    !show_certificate(ssl_context, dial->options->seed) ||
                    SSL_CTX_set_alpn_protos(ssl_context, protocols, sizeof protocols - 1) != 0;
    return dial->refused ? CURLE_SSL_CONNECT_ERROR : CURLE_OK;
}

/* The connection */

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct accord_dial *dial = context;
    (void)a, (void)b, (void)c, (void)d;
    return dial->options->stop != NULL && dial->options->stop(dial->options->context);
}

static bool set_up(struct accord_dial *dial)
{
    CURL *easy = dial->easy;
    const char *ca_file = dial->options->ca_file;
    return curl_easy_setopt(easy, CURLOPT_URL, dial->options->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                            (long)CURL_SSLVERSION_TLSv1_3 | (long)CURL_SSLVERSION_MAX_TLSv1_3) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, dial) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, dial) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, dial->words) == CURLE_OK &&
           (ca_file == NULL || (curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
                                curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static const char *connect_words(struct accord_dial *dial)
{
    if (!set_up(dial))
        return "this libcurl cannot connect to a bastion: is it built on OpenSSL?";
    CURLcode code = curl_easy_perform(dial->easy);
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (dial->refused)
        return "OpenSSL does not take the key";
    if (code != CURLE_OK)
        return dial->words[0] != 0 ? dial->words : curl_easy_strerror(code);
    if (curl_easy_getinfo(dial->easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK || socket == CURL_SOCKET_BAD)
        return "no connection";
    dial->socket = socket;
    return dial->agreed ? NULL : "a server that does not speak " PROTOCOL " over TLS 1.3";
}

enum accord_status accord_dial(struct accord_dial **out, const struct accord_dial_options *options,
                               struct accord_error *error)
{
    struct accord_dial *dial = calloc(1, sizeof *dial);
    *out = NULL;
    if (dial != NULL)
        dial->easy = curl_easy_init();
    if (dial == NULL || dial->easy == NULL) {
        free(dial);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    dial->options = options;
    const char *words = connect_words(dial);
    dial->options = NULL;
    enum accord_status status = words == NULL ? ACCORD_OK : fail(error, options->url, words);
    if (status == ACCORD_OK)
        *out = dial;
    else
        accord_dial_hang_up(dial);
    return status;
}

void accord_dial_hang_up(struct accord_dial *dial)
{
    if (dial == NULL)
        return;
    curl_easy_cleanup(dial->easy);
    free(dial);
}

int accord_dial_socket(const struct accord_dial *dial)
{
    return dial->socket;
}

ssize_t accord_dial_receive(struct accord_dial *dial, void *data, size_t size)
{
    size_t done = 0;
    CURLcode code = curl_easy_recv(dial->easy, data, size, &done);
    if (code == CURLE_AGAIN)
        return 0;
    return code == CURLE_OK && done > 0 ? (ssize_t)done : -1;
}

ssize_t accord_dial_send(struct accord_dial *dial, const void *data, size_t size)
{
    size_t done = 0;
    CURLcode code = curl_easy_send(dial->easy, data, size, &done);
    if (code == CURLE_AGAIN)
        return 0;
    return code == CURLE_OK ? (ssize_t)done : -1;
}
