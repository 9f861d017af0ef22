/* ML-KEM-768 by OpenSSL 3.5's libcrypto, loaded when a hybrid key is first used (as crypto/mldsa.c does with ML-DSA-44,
 * and for the same reason). Knows the functions that are declared here; refuses to know what is encapsulated. */
#include "age/inner.h"
#include "crypto/backend.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY "libcrypto.so.3"
#define ALGORITHM "ML-KEM-768"
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

static struct {
    void *(*kem_fetch)(void *library, const char *algorithm, const char *properties);
    void (*kem_free)(void *kem);
    struct pkey_context *(*context_of_name)(void *library, const char *name, const char *properties);
    struct pkey_context *(*context_of_key)(void *library, struct pkey *key, const char *properties);
    void (*context_free)(struct pkey_context *context);
    int (*keygen_init)(struct pkey_context *context);
    int (*set_params)(struct pkey_context *context, const struct param *params);
    int (*generate)(struct pkey_context *context, struct pkey **key);
    void (*pkey_free)(struct pkey *key);
    int (*decapsulate_init)(struct pkey_context *context, const struct param *params);
    int (*decapsulate)(struct pkey_context *context, uint8_t *shared, size_t *shared_size, const uint8_t *wrapped,
                       size_t wrapped_size);
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
    return find(handle, "EVP_KEM_fetch", &libcrypto.kem_fetch) && find(handle, "EVP_KEM_free", &libcrypto.kem_free) &&
           find(handle, "EVP_PKEY_CTX_new_from_name", &libcrypto.context_of_name) &&
           find(handle, "EVP_PKEY_CTX_new_from_pkey", &libcrypto.context_of_key) &&
           find(handle, "EVP_PKEY_CTX_free", &libcrypto.context_free) &&
           find(handle, "EVP_PKEY_keygen_init", &libcrypto.keygen_init) &&
           find(handle, "EVP_PKEY_CTX_set_params", &libcrypto.set_params) &&
           find(handle, "EVP_PKEY_generate", &libcrypto.generate) &&
           find(handle, "EVP_PKEY_free", &libcrypto.pkey_free) &&
           find(handle, "EVP_PKEY_decapsulate_init", &libcrypto.decapsulate_init) &&
           find(handle, "EVP_PKEY_decapsulate", &libcrypto.decapsulate) &&
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
    void *kem = libcrypto.kem_fetch(NULL, ALGORITHM, NULL);
    available = kem != NULL;
    if (available)
        libcrypto.kem_free(kem);
    libcrypto.clear_errors();
}

bool accord_age_hybrid_available(void)
{
    return pthread_once(&once, load) == 0 && available;
}

/* The key pair of a seed (FIPS 203, ML-KEM.KeyGen_internal of d and z), or NULL. */
static struct pkey *key_of_seed(const uint8_t seed[64])
{
    uint8_t copy[64];
    memcpy(copy, seed, sizeof copy);
    const struct param params[2] = {{"seed", PARAM_OCTET_STRING, copy, sizeof copy, 0}, {NULL, 0, NULL, 0, 0}};
    struct pkey *key = NULL;
    struct pkey_context *context = libcrypto.context_of_name(NULL, ALGORITHM, NULL);
    if (context == NULL || libcrypto.keygen_init(context) != 1 || libcrypto.set_params(context, params) != 1 ||
        libcrypto.generate(context, &key) != 1)
        key = NULL;
    libcrypto.context_free(context);
    accord_wipe(copy, sizeof copy);
    return key;
}

bool accord_age_mlkem768_open(const uint8_t seed[64], const uint8_t wrapped[ACCORD_AGE_MLKEM768_SIZE],
                              uint8_t shared[32])
{
    if (!accord_age_hybrid_available())
        return false;
    struct pkey *key = key_of_seed(seed);
    struct pkey_context *context = key == NULL ? NULL : libcrypto.context_of_key(NULL, key, NULL);
    size_t size = 32;
    bool opened = context != NULL && libcrypto.decapsulate_init(context, NULL) == 1 &&
                  libcrypto.decapsulate(context, shared, &size, wrapped, ACCORD_AGE_MLKEM768_SIZE) == 1 && size == 32;
    libcrypto.context_free(context);
    libcrypto.pkey_free(key);
    libcrypto.clear_errors();
    return opened;
}
