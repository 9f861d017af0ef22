/* Responses: headers, and bodies that may be compressed. Knows what HTTP says of them; refuses to know connections. */
#include "serve/http_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>

#define COMPRESSED_MAX ((size_t)256 << 10) /* compressing more would hold up the others */
#define COMPRESSED_MIN 512                 /* below it there is nothing to win */
#define LEVEL 4
#define MEMORY_LEVEL 8
#define GZIP_WINDOW (15 + 16) /* zlib's way to say gzip */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* A quality of 0, in any of its spellings, says no. */
static bool allowed(const char *parameters, const char *end)
{
    const char *q = parameters;
    while (q < end && (is_space(*q) || *q == ';'))
        q++;
    if (end - q < 3 || (q[0] != 'q' && q[0] != 'Q') || q[1] != '=')
        return true;
    for (q += 2; q < end; q++)
        if (*q >= '1' && *q <= '9')
            return true;
    return false;
}

bool accord_http_accepts_gzip(const char *header)
{
    while (header != NULL && *header != '\0') {
        while (is_space(*header) || *header == ',')
            header++;
        const char *end = header + strcspn(header, ",");
        size_t name = strcspn(header, ",; \t");
        if (name == 4 && strncasecmp(header, "gzip", 4) == 0)
            return allowed(header + name, end);
        header = end;
    }
    return false;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        abort();
}

static void add_headers(struct MHD_Response *response, const struct accord_http_answer *answer)
{
    static const char *const caching[] = {
        [ACCORD_HTTP_NO_STORE] = "no-store",
        [ACCORD_HTTP_NO_CACHE] = "no-cache",
        [ACCORD_HTTP_IMMUTABLE] = "public, max-age=31536000, immutable",
    };
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type == NULL ? "text/plain; charset=utf-8" : answer->type);
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching[answer->caching]);
    if (answer->allow != NULL)
        add(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
    if (answer->encoding != NULL)
        add(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, answer->encoding);
    if (answer->compress)
        add(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (answer->retry_after > 0) {
        char seconds[16];
        (void)snprintf(seconds, sizeof seconds, "%u", answer->retry_after);
        add(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
}

/* The compressed bytes, of which the caller frees data; data is NULL where it does not pay. */
static struct accord_bytes compress_bytes(struct accord_bytes bytes)
{
    z_stream stream = {0};
    struct accord_bytes none = {NULL, 0};
    uint8_t *data = malloc(bytes.size);
    if (data == NULL ||
        deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(data);
        return none;
    }
    stream.next_in = (Bytef *)(uintptr_t)bytes.data;
    stream.avail_in = (uInt)bytes.size;
    stream.next_out = data;
    stream.avail_out = (uInt)bytes.size;
    bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    size_t size = stream.total_out;
    (void)deflateEnd(&stream);
    if (done && size < bytes.size)
        return (struct accord_bytes){data, size};
    free(data);
    return none;
}

static bool read_all(const struct accord_http_answer *answer, uint8_t *data)
{
    size_t size = (size_t)answer->size, done = 0;
    while (done < size) {
        ssize_t got = pread(answer->file, data + done, size - done, (off_t)(answer->offset + done));
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* NULL where the answer goes out as it is. */
static struct MHD_Response *compressed(const struct accord_http_answer *answer)
{
    bool is_file = answer->file >= 0;
    uint64_t size = is_file ? answer->size : answer->body.size;
    if (size < COMPRESSED_MIN || size > COMPRESSED_MAX)
        return NULL;
    uint8_t *copy = is_file ? malloc((size_t)size) : NULL;
    struct accord_bytes plain = is_file ? (struct accord_bytes){copy, (size_t)size} : answer->body, gzip = {NULL, 0};
    if (plain.data != NULL && (!is_file || read_all(answer, copy)))
        gzip = compress_bytes(plain);
    free(copy);
    if (gzip.data == NULL)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(gzip.size, (void *)(uintptr_t)gzip.data, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free((void *)(uintptr_t)gzip.data);
    else
        add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    return response;
}

static struct MHD_Response *plain(const struct accord_http_answer *answer)
{
    if (answer->file >= 0)
        return MHD_create_response_from_fd_at_offset64(answer->size, answer->file, answer->offset);
    return MHD_create_response_from_buffer(answer->body.size, (void *)(uintptr_t)answer->body.data,
                                           MHD_RESPMEM_MUST_COPY);
}

struct MHD_Response *accord_http_response(const struct accord_http_answer *answer,
                                          const struct accord_http_request *request, unsigned *status)
{
    struct MHD_Response *response = NULL;
    bool tried = answer->compress && request->accepts_gzip;
    if (tried)
        response = compressed(answer);
    bool given = response == NULL && answer->file >= 0;
    if (response == NULL)
        response = plain(answer);
    if (answer->file >= 0 && (!given || response == NULL))
        (void)close(answer->file);
    if (response == NULL) {
        *status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        response = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    }
    if (response == NULL)
        abort();
    add_headers(response, answer);
    return response;
}
