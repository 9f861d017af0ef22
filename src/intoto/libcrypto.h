/* ECDSA and RSA by OpenSSL's libcrypto, which is loaded when the first such key is read, and only then. */
#ifndef ACCORD_INTOTO_LIBCRYPTO_H
#define ACCORD_INTOTO_LIBCRYPTO_H

#include "accord/bytes.h"

enum accord_libcrypto_kind { ACCORD_LIBCRYPTO_OTHER, ACCORD_LIBCRYPTO_P256, ACCORD_LIBCRYPTO_RSA };

bool accord_libcrypto_available(void);
/* The key of a SubjectPublicKeyInfo in DER, every byte of it; NULL where it is none. *bits is the key's size. */
ACCORD_MUST_USE void *accord_libcrypto_key(struct accord_bytes der, enum accord_libcrypto_kind *kind, int *bits);
void accord_libcrypto_key_free(void *key);
/* Over SHA-256 of the message. pss is for RSA: PSS with any length of salt, otherwise PKCS #1 v1.5. */
ACCORD_MUST_USE bool accord_libcrypto_verify(void *key, bool pss, struct accord_bytes message,
                                             struct accord_bytes signature);

#endif
