/* Signing with an Ed25519 key that ssh-agent holds (draft-miller-ssh-agent), found at $SSH_AUTH_SOCK. */
#ifndef ACCORD_KEYS_AGENT_H
#define ACCORD_KEYS_AGENT_H

#include "accord/crypto.h"
#include "accord/error.h"

#define ACCORD_AGENT_TIMEOUT_S 10

/* Does the agent hold this key? ACCORD_OK; ACCORD_NOT_FOUND; ACCORD_IO where there is no agent, or it does not answer
 * as it should, within ACCORD_AGENT_TIMEOUT_S for each step. */
ACCORD_MUST_USE enum accord_status accord_agent_find(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE],
                                                     struct accord_error *error);
/* Signs; the signature has been verified. ACCORD_IO where the agent refuses, too. */
ACCORD_MUST_USE enum accord_status accord_agent_sign(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE],
                                                     struct accord_bytes message,
                                                     uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE],
                                                     struct accord_error *error);

#endif
