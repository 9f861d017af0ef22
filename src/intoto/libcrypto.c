/* The few functions of libcrypto's interface that are needed here, declared here, so that it is no dependency of those
 * who never meet such a key (crypto/mldsa.c does the same). Knows no formats but DER's. */
#include "intoto/libcrypto.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY "libcrypto.so.3"
#define PADDING_PSS 6
#define SALT_AUTO (-2)

/* Objects of libcrypto, seen from outside. */
struct pkey;
struct pkey_context;
struct digest_context;

static struct {
    struct pkey *(*public_read)(struct pkey **key, const uint8_t **data, long size);
    void (*pkey_free)(struct pkey *key);
    int (*pkey_is_a)(const struct pkey *key, const char *name);
    int (*pkey_bits)(const struct pkey *key);
    int (*group_name)(const struct pkey *key, char *name, size_t size, size_t *length);
    struct digest_context *(*digest_context_new)(void);
    void (*digest_context_free)(struct digest_context *context);
    int (*verify_init)(struct digest_context *context, struct pkey_context **pkey_context, const char *digest,
                       void *library, const char *properties, struct pkey *key, const void *params);
    int (*set_padding)(struct pkey_context *context, int padding);
    int (*set_salt)(struct pkey_context *context, int length);
    int (*verify)(struct digest_context *context, const uint8_t *signature, size_t signature_size,
                  const uint8_t *message, size_t size);
    void (*clear_errors)(void);
} libcrypto;

static bool available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Stores the function called name at *place, which is a pointer to a function of some type. */
static bool find(void *handle, const char *name, void *place)
{
    void *symbol = dlsym(handle, name);
    if (symbol != NULL)
        memcpy(place, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void load(void)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return;
    available =
        find(handle, "d2i_PUBKEY", &libcrypto.public_read) && find(handle, "EVP_PKEY_free", &libcrypto.pkey_free) &&
        find(handle, "EVP_PKEY_is_a", &libcrypto.pkey_is_a) &&
        find(handle, "EVP_PKEY_get_bits", &libcrypto.pkey_bits) &&
        find(handle, "EVP_PKEY_get_group_name", &libcrypto.group_name) &&
        find(handle, "EVP_MD_CTX_new", &libcrypto.digest_context_new) &&
        find(handle, "EVP_MD_CTX_free", &libcrypto.digest_context_free) &&
        find(handle, "EVP_DigestVerifyInit_ex", &libcrypto.verify_init) &&
        find(handle, "EVP_PKEY_CTX_set_rsa_padding", &libcrypto.set_padding) &&
        find(handle, "EVP_PKEY_CTX_set_rsa_pss_saltlen", &libcrypto.set_salt) &&
        find(handle, "EVP_DigestVerify", &libcrypto.verify) && find(handle, "ERR_clear_error", &libcrypto.clear_errors);
    if (!available)
        dlclose(handle);
}

bool accord_libcrypto_available(void)
{
    return pthread_once(&once, load) == 0 && available;
}

static bool is_p256(const struct pkey *key)
{
    char name[32];
    size_t length = 0;
    return libcrypto.pkey_is_a(key, "EC") == 1 && libcrypto.group_name(key, name, sizeof name, &length) == 1 &&
           strcmp(name, "prime256v1") == 0;
}

void *accord_libcrypto_key(struct accord_bytes der, enum accord_libcrypto_kind *kind, int *bits)
{
    const uint8_t *at = der.data;
    if (!accord_libcrypto_available() || der.size == 0 || der.size > INT_MAX)
        return NULL;
    struct pkey *key = libcrypto.public_read(NULL, &at, (long)der.size);
    libcrypto.clear_errors();
    if (key == NULL || at != der.data + der.size) {
        libcrypto.pkey_free(key);
        return NULL;
    }
    *kind = libcrypto.pkey_is_a(key, "RSA") == 1 ? ACCORD_LIBCRYPTO_RSA
            : is_p256(key)                       ? ACCORD_LIBCRYPTO_P256
                                                 : ACCORD_LIBCRYPTO_OTHER;
    *bits = libcrypto.pkey_bits(key);
    libcrypto.clear_errors();
    return key;
}

void accord_libcrypto_key_free(void *key)
{
    if (key != NULL)
        libcrypto.pkey_free(key);
}

bool accord_libcrypto_verify(void *key, bool pss, struct accord_bytes message, struct accord_bytes signature)
{
    struct pkey_context *context = NULL;
    struct digest_context *digest = libcrypto.digest_context_new();
    bool holds =
        digest != NULL && libcrypto.verify_init(digest, &context, "SHA256", NULL, NULL, key, NULL) == 1 &&
        (!pss || (libcrypto.set_padding(context, PADDING_PSS) == 1 && libcrypto.set_salt(context, SALT_AUTO) == 1)) &&
        libcrypto.verify(digest, signature.data, signature.size, message.data, message.size) == 1;
    libcrypto.digest_context_free(digest);
    libcrypto.clear_errors();
    return holds;
}
