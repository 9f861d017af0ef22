/* ML-DSA-44 by OpenSSL 3.5's libcrypto, loaded when such a key is first used: to start it costs milliseconds, which no
 * other user should pay. Knows the dozen functions of its interface that are declared here, so no header of OpenSSL is
 * needed to build; refuses to know any other algorithm that is in there. */
#include "crypto/backend.h"
#include "crypto/parts.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY "libcrypto.so.3"
#define ALGORITHM "ML-DSA-44"
#define PARAM_INTEGER 1
#define PARAM_OCTET_STRING 5

/* OSSL_PARAM of OpenSSL 3, a public structure of its ABI. */
struct param {
    const char *key;
    unsigned data_type;
    void *data;
    size_t data_size, return_size;
};

/* Objects of libcrypto, seen from outside. */
struct pkey;
struct pkey_context;
struct digest_context;

static struct {
    void *(*signature_fetch)(void *library, const char *algorithm, const char *properties);
    void (*signature_free)(void *signature);
    struct pkey *(*public_new)(void *library, const char *type, const char *properties, const uint8_t *data,
                               size_t size);
    int (*public_get)(const struct pkey *key, uint8_t *data, size_t *size);
    void (*pkey_free)(struct pkey *key);
    struct pkey_context *(*pkey_context_new)(void *library, const char *name, const char *properties);
    void (*pkey_context_free)(struct pkey_context *context);
    int (*keygen_init)(struct pkey_context *context);
    int (*set_params)(struct pkey_context *context, const struct param *params);
    int (*generate)(struct pkey_context *context, struct pkey **key);
    struct digest_context *(*digest_context_new)(void);
    void (*digest_context_free)(struct digest_context *context);
    int (*sign_init)(struct digest_context *context, void **pkey_context, const char *digest, void *library,
                     const char *properties, struct pkey *key, const struct param *params);
    int (*sign)(struct digest_context *context, uint8_t *signature, size_t *signature_size, const uint8_t *message,
                size_t size);
    int (*verify_init)(struct digest_context *context, void **pkey_context, const char *digest, void *library,
                       const char *properties, struct pkey *key, const struct param *params);
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

static bool find_all(void *handle)
{
    return find(handle, "EVP_SIGNATURE_fetch", &libcrypto.signature_fetch) &&
           find(handle, "EVP_SIGNATURE_free", &libcrypto.signature_free) &&
           find(handle, "EVP_PKEY_new_raw_public_key_ex", &libcrypto.public_new) &&
           find(handle, "EVP_PKEY_get_raw_public_key", &libcrypto.public_get) &&
           find(handle, "EVP_PKEY_free", &libcrypto.pkey_free) &&
           find(handle, "EVP_PKEY_CTX_new_from_name", &libcrypto.pkey_context_new) &&
           find(handle, "EVP_PKEY_CTX_free", &libcrypto.pkey_context_free) &&
           find(handle, "EVP_PKEY_keygen_init", &libcrypto.keygen_init) &&
           find(handle, "EVP_PKEY_CTX_set_params", &libcrypto.set_params) &&
           find(handle, "EVP_PKEY_generate", &libcrypto.generate) &&
           find(handle, "EVP_MD_CTX_new", &libcrypto.digest_context_new) &&
           find(handle, "EVP_MD_CTX_free", &libcrypto.digest_context_free) &&
           find(handle, "EVP_DigestSignInit_ex", &libcrypto.sign_init) &&
           find(handle, "EVP_DigestSign", &libcrypto.sign) &&
           find(handle, "EVP_DigestVerifyInit_ex", &libcrypto.verify_init) &&
           find(handle, "EVP_DigestVerify", &libcrypto.verify) &&
           find(handle, "ERR_clear_error", &libcrypto.clear_errors);
}

static void load(void)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return;
    if (!find_all(handle)) {
        dlclose(handle);
        return;
    }
    void *signature = libcrypto.signature_fetch(NULL, ALGORITHM, NULL);
    available = signature != NULL;
    if (available)
        libcrypto.signature_free(signature);
    libcrypto.clear_errors();
}

bool accord_mldsa44_available(void)
{
    return pthread_once(&once, load) == 0 && available;
}

int accord_mldsa44_verify(const uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE], const uint8_t *message, size_t size,
                          const uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE])
{
    if (!accord_mldsa44_available())
        return -1;
    struct pkey *key = libcrypto.public_new(NULL, ALGORITHM, NULL, public_key, ACCORD_MLDSA44_PUBLIC_SIZE);
    struct digest_context *context = libcrypto.digest_context_new();
    int result = 0;
    if (key != NULL && context != NULL && libcrypto.verify_init(context, NULL, NULL, NULL, NULL, key, NULL) == 1)
        result = libcrypto.verify(context, signature, ACCORD_MLDSA44_SIGNATURE_SIZE, message, size) == 1;
    libcrypto.digest_context_free(context);
    libcrypto.pkey_free(key);
    libcrypto.clear_errors();
    return result;
}

/* The key pair of a seed (FIPS 204, ML-DSA.KeyGen_internal), or NULL. */
static struct pkey *key_of_seed(const uint8_t seed[32])
{
    if (!accord_mldsa44_available())
        return NULL;
    uint8_t copy[32];
    memcpy(copy, seed, sizeof copy);
    const struct param params[2] = {{"seed", PARAM_OCTET_STRING, copy, sizeof copy, 0}, {NULL, 0, NULL, 0, 0}};
    struct pkey *key = NULL;
    struct pkey_context *context = libcrypto.pkey_context_new(NULL, ALGORITHM, NULL);
    if (context == NULL || libcrypto.keygen_init(context) != 1 || libcrypto.set_params(context, params) != 1 ||
        libcrypto.generate(context, &key) != 1)
        key = NULL;
    libcrypto.pkey_context_free(context);
    libcrypto.clear_errors();
    accord_wipe(copy, sizeof copy);
    return key;
}

bool accord_mldsa44_public(const uint8_t seed[32], uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE])
{
    struct pkey *key = key_of_seed(seed);
    if (key == NULL)
        return false;
    size_t size = ACCORD_MLDSA44_PUBLIC_SIZE;
    bool done = libcrypto.public_get(key, public_key, &size) == 1 && size == ACCORD_MLDSA44_PUBLIC_SIZE;
    libcrypto.pkey_free(key);
    return done;
}

/* FIPS 204's deterministic variant: a witness that signs the same again shows monitors what it let out (tlog-witness,
 * "Monitor Retrieval Mechanism"), as with Ed25519. */
bool accord_mldsa44_sign(const uint8_t seed[32], const uint8_t *message, size_t size,
                         uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE])
{
    struct pkey *key = key_of_seed(seed);
    if (key == NULL)
        return false;
    int deterministic = 1;
    const struct param params[2] = {{"deterministic", PARAM_INTEGER, &deterministic, sizeof deterministic, 0},
                                    {NULL, 0, NULL, 0, 0}};
    struct digest_context *context = libcrypto.digest_context_new();
    size_t signature_size = ACCORD_MLDSA44_SIGNATURE_SIZE;
    bool done = context != NULL && libcrypto.sign_init(context, NULL, NULL, NULL, NULL, key, params) == 1 &&
                libcrypto.sign(context, signature, &signature_size, message, size) == 1 &&
                signature_size == ACCORD_MLDSA44_SIGNATURE_SIZE;
    libcrypto.digest_context_free(context);
    libcrypto.pkey_free(key);
    libcrypto.clear_errors();
    return done;
}
