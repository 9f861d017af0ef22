/* Tickets. Knows HMAC-SHA256 (RFC 2104) over the crypto port; refuses to know what a checkpoint is. */
#include "mirror/ticket.h"

#include <string.h>

#include "base/file.h"
#include "crypto/backend.h"

#define BLOCK_SIZE 64
/* What keeps this key's MACs apart from any others that it may ever make. */
#define PURPOSE ACCORD_LITERAL("accord mirror ticket 1\n")

static void mac(const struct accord_crypto *crypto, const uint8_t key[ACCORD_TICKET_KEY_SIZE], struct accord_bytes note,
                uint8_t result[ACCORD_HASH_SIZE])
{
    uint8_t inner[BLOCK_SIZE], outer[BLOCK_SIZE];
    struct accord_sha256 sha;
    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        inner[i] = (i < ACCORD_TICKET_KEY_SIZE ? key[i] : 0) ^ 0x36;
        outer[i] = (i < ACCORD_TICKET_KEY_SIZE ? key[i] : 0) ^ 0x5c;
    }
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, inner, sizeof inner);
    crypto->sha256_update(&sha, PURPOSE.data, PURPOSE.size);
    crypto->sha256_update(&sha, note.data, note.size);
    crypto->sha256_final(&sha, result);
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, outer, sizeof outer);
    crypto->sha256_update(&sha, result, ACCORD_HASH_SIZE);
    crypto->sha256_final(&sha, result);
    accord_wipe(inner, sizeof inner);
    accord_wipe(outer, sizeof outer);
}

enum accord_status accord_ticket_make(const struct accord_crypto *crypto, const uint8_t key[ACCORD_TICKET_KEY_SIZE],
                                      struct accord_bytes note, struct accord_buffer *ticket)
{
    uint8_t tag[ACCORD_HASH_SIZE];
    if (note.size > ACCORD_TICKET_SIZE_MAX - sizeof tag)
        return ACCORD_OK;
    mac(crypto, key, note, tag);
    enum accord_status status = accord_buffer_append(ticket, (struct accord_bytes){tag, sizeof tag});
    return status == ACCORD_OK ? accord_buffer_append(ticket, note) : status;
}

bool accord_ticket_open(const struct accord_crypto *crypto, const uint8_t key[ACCORD_TICKET_KEY_SIZE],
                        struct accord_bytes ticket, struct accord_bytes *note)
{
    uint8_t tag[ACCORD_HASH_SIZE], differs = 0;
    if (ticket.size < sizeof tag)
        return false;
    *note = (struct accord_bytes){ticket.data + sizeof tag, ticket.size - sizeof tag};
    mac(crypto, key, *note, tag);
    for (size_t i = 0; i < sizeof tag; i++)
        differs |= tag[i] ^ ticket.data[i];
    return differs == 0;
}

enum accord_status accord_ticket_key(const struct accord_fs *fs, const char *path, uint8_t key[ACCORD_TICKET_KEY_SIZE],
                                     struct accord_error *error)
{
    struct accord_buffer bytes;
    accord_buffer_init(&bytes, ACCORD_TICKET_KEY_SIZE);
    enum accord_status status = accord_file_read(fs, path, &bytes, error);
    if (status == ACCORD_NOT_FOUND) {
        accord_random(key, ACCORD_TICKET_KEY_SIZE);
        status = accord_file_replace(fs, path, (struct accord_bytes){key, ACCORD_TICKET_KEY_SIZE}, 0600, error);
    } else if (status == ACCORD_TOO_LARGE || (status == ACCORD_OK && bytes.size != ACCORD_TICKET_KEY_SIZE)) {
        status = accord_fail(error, ACCORD_STATE, 0);
        accord_error_what(error, (struct accord_bytes){(const uint8_t *)path, strlen(path)});
        accord_error_expected(error, ACCORD_LITERAL("a key of 32 bytes"));
    } else if (status == ACCORD_OK) {
        memcpy(key, bytes.data, ACCORD_TICKET_KEY_SIZE);
    }
    accord_buffer_wipe(&bytes);
    return status;
}
