/* A client of ssh-agent. Knows three of its messages; trusts nothing it says: every length is checked, and a signature
 * is verified before it is used. */
#include "keys/agent.h"

#include "base/buffer.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum message {
    AGENT_FAILURE = 5,
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    SIGN_RESPONSE = 14
};

#define MESSAGE_SIZE_MAX (256 * 1024) /* OpenSSH's own limit */
#define IDENTITIES_MAX 2048           /* likewise */
#define ALGORITHM "ssh-ed25519"
/* The public key as SSH encodes it: a string with the algorithm's name, a string with the key. */
#define BLOB_SIZE (4 + sizeof ALGORITHM - 1 + 4 + ACCORD_ED25519_PUBLIC_SIZE)

static enum accord_status fail(struct accord_error *error, enum accord_status status, const char *found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, ACCORD_LITERAL("ssh-agent"));
    accord_error_found(error, (struct accord_bytes){(const uint8_t *)found, strlen(found)});
    return status;
}

static enum accord_status fail_errno(struct accord_error *error, int number)
{
    return fail(error, ACCORD_IO,
                number == EAGAIN || number == EWOULDBLOCK ? "no answer within 10 seconds" : strerror(number));
}

static void put_be32(struct accord_out *out, size_t number)
{
    accord_put_byte(out, (uint8_t)(number >> 24));
    accord_put_byte(out, (uint8_t)(number >> 16));
    accord_put_byte(out, (uint8_t)(number >> 8));
    accord_put_byte(out, (uint8_t)number);
}

static void put_string(struct accord_out *out, struct accord_bytes string)
{
    put_be32(out, string.size);
    accord_put(out, string);
}

static bool cut_be32(struct accord_bytes *rest, uint32_t *number)
{
    if (rest->size < 4)
        return false;
    const uint8_t *byte = rest->data;
    *number = (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
    *rest = (struct accord_bytes){rest->data + 4, rest->size - 4};
    return true;
}

static bool cut_string(struct accord_bytes *rest, struct accord_bytes *string)
{
    struct accord_bytes after = *rest;
    uint32_t size;
    if (!cut_be32(&after, &size) || size > after.size)
        return false;
    *string = (struct accord_bytes){after.data, size};
    *rest = (struct accord_bytes){after.data + size, after.size - size};
    return true;
}

static void make_blob(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], uint8_t blob[BLOB_SIZE])
{
    struct accord_out out = {blob, BLOB_SIZE, 0, false};
    put_string(&out, ACCORD_LITERAL(ALGORITHM));
    put_string(&out, (struct accord_bytes){public_key, ACCORD_ED25519_PUBLIC_SIZE});
}

static enum accord_status dial(int *handle, struct accord_error *error)
{
    const char *path = getenv("SSH_AUTH_SOCK");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || path[0] == 0)
        return fail(error, ACCORD_IO, "SSH_AUTH_SOCK is not set");
    if (strlen(path) >= sizeof address.sun_path)
        return fail(error, ACCORD_IO, "SSH_AUTH_SOCK is too long a path");
    memcpy(address.sun_path, path, strlen(path) + 1);
    struct timeval timeout = {.tv_sec = ACCORD_AGENT_TIMEOUT_S};
    *handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*handle < 0)
        return fail_errno(error, errno);
    if (setsockopt(*handle, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
        setsockopt(*handle, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 ||
        connect(*handle, (const struct sockaddr *)&address, sizeof address) != 0) {
        int number = errno;
        (void)close(*handle);
        return fail_errno(error, number);
    }
    return ACCORD_OK;
}

static enum accord_status send_all(int handle, struct accord_bytes bytes, struct accord_error *error)
{
    while (bytes.size > 0) {
        ssize_t sent = send(handle, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return fail_errno(error, errno);
        bytes = (struct accord_bytes){bytes.data + sent, bytes.size - (size_t)sent};
    }
    return ACCORD_OK;
}

static enum accord_status receive_all(int handle, uint8_t *data, size_t size, struct accord_error *error)
{
    while (size > 0) {
        ssize_t got = recv(handle, data, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(error, errno);
        if (got == 0)
            return fail(error, ACCORD_IO, "the agent closed the connection");
        data += got;
        size -= (size_t)got;
    }
    return ACCORD_OK;
}

/* Receives one message of the kind that is wanted; *body is what follows its kind. */
static enum accord_status receive(int handle, enum message wanted, struct accord_buffer *buffer,
                                  struct accord_bytes *body, struct accord_error *error)
{
    uint8_t length[4];
    uint32_t size = 0;
    enum accord_status status = receive_all(handle, length, sizeof length, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes rest = {length, sizeof length};
    if (!cut_be32(&rest, &size) || size == 0 || size > MESSAGE_SIZE_MAX)
        return fail(error, ACCORD_IO, "an answer of an impossible size");
    if (accord_buffer_reserve(buffer, size) != ACCORD_OK)
        return fail(error, ACCORD_NO_MEMORY, "");
    status = receive_all(handle, buffer->data, size, error);
    if (status != ACCORD_OK)
        return status;
    if (buffer->data[0] == AGENT_FAILURE)
        return fail(error, ACCORD_IO, "the agent refused (locked, or the user said no)");
    if (buffer->data[0] != wanted)
        return fail(error, ACCORD_IO, "an answer to another question");
    *body = (struct accord_bytes){buffer->data + 1, size - 1};
    return ACCORD_OK;
}

/* Sends one request and receives its answer into *buffer. */
static enum accord_status ask(struct accord_bytes request, enum message wanted, struct accord_buffer *buffer,
                              struct accord_bytes *body, struct accord_error *error)
{
    int handle;
    enum accord_status status = dial(&handle, error);
    if (status != ACCORD_OK)
        return status;
    status = send_all(handle, request, error);
    if (status == ACCORD_OK)
        status = receive(handle, wanted, buffer, body, error);
    (void)close(handle);
    return status;
}

/* A list of public keys and comments: is this one among them? */
static enum accord_status search(struct accord_bytes list, struct accord_bytes blob, struct accord_error *error)
{
    uint32_t count;
    bool found = false;
    if (!cut_be32(&list, &count) || count > IDENTITIES_MAX)
        return fail(error, ACCORD_IO, "a list of keys that is malformed");
    for (uint32_t i = 0; i < count; i++) {
        struct accord_bytes key, comment;
        if (!cut_string(&list, &key) || !cut_string(&list, &comment))
            return fail(error, ACCORD_IO, "a list of keys that is malformed");
        found = found || accord_bytes_equal(key, blob);
    }
    if (list.size != 0)
        return fail(error, ACCORD_IO, "a list of keys that is malformed");
    return found ? ACCORD_OK : fail(error, ACCORD_NOT_FOUND, "the agent does not hold this key (see ssh-add -L)");
}

enum accord_status accord_agent_find(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], struct accord_error *error)
{
    static const uint8_t request[] = {0, 0, 0, 1, REQUEST_IDENTITIES};
    uint8_t blob[BLOB_SIZE];
    struct accord_buffer buffer;
    struct accord_bytes list;
    make_blob(public_key, blob);
    accord_buffer_init(&buffer, MESSAGE_SIZE_MAX);
    enum accord_status status =
        ask((struct accord_bytes){request, sizeof request}, IDENTITIES_ANSWER, &buffer, &list, error);
    if (status == ACCORD_OK)
        status = search(list, (struct accord_bytes){blob, sizeof blob}, error);
    accord_buffer_free(&buffer);
    return status;
}

/* The length, the kind, the key, the message, and flags that are zero. */
static enum accord_status make_request(struct accord_buffer *request, struct accord_bytes blob,
                                       struct accord_bytes message)
{
    size_t size = 4 + 1 + 4 + blob.size + 4 + message.size + 4;
    if (message.size > MESSAGE_SIZE_MAX || size - 4 > MESSAGE_SIZE_MAX)
        return ACCORD_TOO_LARGE;
    accord_buffer_init(request, size);
    enum accord_status status = accord_buffer_reserve(request, size);
    if (status != ACCORD_OK)
        return status;
    struct accord_out out = {request->data, size, 0, false};
    put_be32(&out, size - 4);
    accord_put_byte(&out, SIGN_REQUEST);
    put_string(&out, blob);
    put_string(&out, message);
    put_be32(&out, 0);
    request->size = out.size;
    return ACCORD_OK;
}

/* A string that holds two: the algorithm's name and the signature. */
static bool parse_signature(struct accord_bytes body, uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE])
{
    struct accord_bytes both, name, value;
    if (!cut_string(&body, &both) || body.size != 0 || !cut_string(&both, &name) || !cut_string(&both, &value) ||
        both.size != 0 || !accord_bytes_equal(name, ACCORD_LITERAL(ALGORITHM)) ||
        value.size != ACCORD_ED25519_SIGNATURE_SIZE)
        return false;
    memcpy(signature, value.data, ACCORD_ED25519_SIGNATURE_SIZE);
    return true;
}

enum accord_status accord_agent_sign(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], struct accord_bytes message,
                                     uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE], struct accord_error *error)
{
    uint8_t blob[BLOB_SIZE];
    struct accord_buffer request = {0}, buffer;
    struct accord_bytes body;
    make_blob(public_key, blob);
    accord_buffer_init(&buffer, MESSAGE_SIZE_MAX);
    enum accord_status status = make_request(&request, (struct accord_bytes){blob, sizeof blob}, message);
    if (status != ACCORD_OK)
        fail(error, status, "");
    else
        status = ask(accord_buffer_bytes(&request), SIGN_RESPONSE, &buffer, &body, error);
    if (status == ACCORD_OK &&
        (!parse_signature(body, signature) ||
         !accord_crypto_default.ed25519_verify(public_key, message.data, message.size, signature)))
        status = fail(error, ACCORD_IO, "a signature that does not verify");
    accord_buffer_free(&request);
    accord_buffer_free(&buffer);
    return status;
}
