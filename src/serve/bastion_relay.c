/* HTTP/2 requests in HTTP/1.1, and answers back. Knows what may stand in a line, so that nothing that comes from
 * elsewhere can end one, or begin another request; refuses to know connections, and what a request asks for.
 *
 * The answers are our own server's, which states each body's length: one that does not is refused. */
#include "serve/bastion_relay.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_SIZE 4096

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static bool is(struct accord_bytes name, const char *text)
{
    return accord_bytes_equal(name, bytes_of(text));
}

static bool is_any(struct accord_bytes name, const char *const *texts)
{
    while (*texts != NULL && !is(name, *texts))
        texts++;
    return *texts != NULL;
}

/* Requests */

/* RFC 9110, section 5.6.2: a token. HTTP/2 has no upper case in names. */
static bool is_token(struct accord_bytes text, bool upper)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool letter = upper ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return text.size > 0;
}

/* Printable ASCII without a space. */
static bool is_graphic(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return text.size > 0;
}

static bool is_value(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f)
            return false;
    return true;
}

static void refuse(struct accord_relay_request *request, unsigned status)
{
    if (request->refused == 0)
        request->refused = status;
}

static void keep_text(struct accord_relay_request *request, char *place, size_t room, struct accord_bytes value,
                      bool valid)
{
    if (!valid || value.size >= room || place[0] != 0) {
        refuse(request, 400);
        return;
    }
    memcpy(place, value.data, value.size);
    place[value.size] = 0;
}

static void keep_path(struct accord_relay_request *request, struct accord_bytes value)
{
    if (!is_graphic(value) || value.data[0] != '/' || request->path.maximum != 0) {
        refuse(request, 400);
        return;
    }
    accord_buffer_init(&request->path, PATH_MAX_SIZE);
    if (accord_buffer_append(&request->path, value) != ACCORD_OK)
        refuse(request, 431);
}

static void keep_length(struct accord_relay_request *request, struct accord_bytes value)
{
    uint64_t size;
    keep_text(request, request->length, sizeof request->length, value, accord_decimal_read(value, &size));
}

static void keep_line(struct accord_relay_request *request, struct accord_bytes name, struct accord_bytes value)
{
    /* What speaks of a connection ends with it (RFC 9113, section 8.2.2); the bastion sees to Expect; and cookies are
     * not for those who share an origin (https-bastion, "Client to bastion requests"). */
    static const char *const left_out[] = {"connection",
                                           "keep-alive",
                                           "proxy-connection",
                                           "te",
                                           "trailer",
                                           "transfer-encoding",
                                           "upgrade",
                                           "expect",
                                           "host",
                                           "http2-settings",
                                           "proxy-authorization",
                                           "cookie",
                                           NULL};
    if (!is_token(name, false) || !is_value(value)) {
        refuse(request, 400);
        return;
    }
    if (is_any(name, left_out))
        return;
    if (request->lines.maximum == 0)
        accord_buffer_init(&request->lines, ACCORD_RELAY_HEAD_MAX);
    if (accord_buffer_append(&request->lines, name) != ACCORD_OK ||
        accord_buffer_append(&request->lines, ACCORD_LITERAL(": ")) != ACCORD_OK ||
        accord_buffer_append(&request->lines, value) != ACCORD_OK ||
        accord_buffer_append(&request->lines, ACCORD_LITERAL("\r\n")) != ACCORD_OK)
        refuse(request, 431);
}

void accord_relay_request_header(struct accord_relay_request *request, struct accord_bytes name,
                                 struct accord_bytes value)
{
    if (request->refused != 0)
        return;
    if (is(name, ":method"))
        keep_text(request, request->method, sizeof request->method, value, is_token(value, true));
    else if (is(name, ":path"))
        keep_path(request, value);
    else if (is(name, ":authority"))
        keep_text(request, request->authority, sizeof request->authority, value, is_graphic(value));
    else if (is(name, "content-length"))
        keep_length(request, value);
    else if (!is(name, ":scheme"))
        keep_line(request, name, value);
}

/* Where the body ends: a POST without one says so, since it is one with a body otherwise. */
static void print_framing(const struct accord_relay_request *request, bool body, bool *chunked, char *line, size_t size)
{
    const char *length = !body && strcmp(request->method, "POST") == 0 ? "0" : request->length;
    *chunked = body && length[0] == 0;
    if (*chunked)
        (void)snprintf(line, size, "Transfer-Encoding: chunked\r\n");
    else
        (void)snprintf(line, size, length[0] == 0 ? "%s" : "Content-Length: %s\r\n", length);
}

bool accord_relay_request_print(struct accord_relay_request *request, bool body, struct accord_buffer *out,
                                bool *chunked)
{
    char line[sizeof request->authority + 128], framing[sizeof request->length + 24];
    bool announced = request->length[0] != 0 && strcmp(request->length, "0") != 0;
    if (request->method[0] == 0 || request->path.size == 0 || (announced && !body))
        refuse(request, 400);
    if (request->refused != 0)
        return false;
    print_framing(request, body, chunked, framing, sizeof framing);
    (void)snprintf(line, sizeof line, " HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s",
                   request->authority[0] == 0 ? "bastion" : request->authority, framing);
    struct accord_bytes parts[] = {bytes_of(request->method),
                                   ACCORD_LITERAL(" "),
                                   accord_buffer_bytes(&request->path),
                                   bytes_of(line),
                                   accord_buffer_bytes(&request->lines),
                                   ACCORD_LITERAL("\r\n")};
    size_t size = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        size += parts[i].size;
    if (size > ACCORD_RELAY_HEAD_MAX)
        refuse(request, 431);
    for (size_t i = 0; request->refused == 0 && i < sizeof parts / sizeof *parts; i++)
        if (parts[i].size > 0 && accord_buffer_append(out, parts[i]) != ACCORD_OK)
            refuse(request, 431);
    return request->refused == 0;
}

void accord_relay_request_free(struct accord_relay_request *request)
{
    accord_buffer_free(&request->path);
    accord_buffer_free(&request->lines);
}

enum accord_status accord_relay_chunk_print(struct accord_buffer *out, struct accord_bytes part)
{
    char line[32];
    (void)snprintf(line, sizeof line, "%zx\r\n", part.size);
    enum accord_status status = accord_buffer_append(out, bytes_of(line));
    if (status == ACCORD_OK && part.size > 0)
        status = accord_buffer_append(out, part);
    return status == ACCORD_OK ? accord_buffer_append(out, ACCORD_LITERAL("\r\n")) : status;
}

/* Answers */

/* Cuts a line that ends in CRLF. */
static bool cut_line(struct accord_bytes *rest, struct accord_bytes *line)
{
    if (!accord_cut_line(rest, line) || line->size == 0 || line->data[line->size - 1] != '\r')
        return false;
    line->size--;
    return true;
}

static bool read_status(struct accord_relay_answer *answer, struct accord_bytes line)
{
    if (!accord_cut_prefix(&line, ACCORD_LITERAL("HTTP/1.1 ")) || line.size < 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (line.data[i] < '0' || line.data[i] > '9')
            return false;
    memcpy(answer->status, line.data, 3);
    answer->status[3] = 0;
    return answer->status[0] >= '2' && answer->status[0] <= '5' && (line.size == 3 || line.data[3] == ' ');
}

static void lower(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] >= 'A' && data[i] <= 'Z')
            data[i] = (uint8_t)(data[i] + 'a' - 'A');
}

static bool read_header(struct accord_relay_answer *answer, uint8_t *data, size_t size, bool *has_size)
{
    static const char *const left_out[] = {"connection", "keep-alive", "upgrade", "proxy-connection", NULL};
    const uint8_t *colon = memchr(data, ':', size);
    if (colon == NULL)
        return false;
    size_t name_size = (size_t)(colon - data);
    lower(data, name_size);
    struct accord_relay_header header = {{data, name_size}, {colon + 1, size - name_size - 1}};
    while (header.value.size > 0 && (header.value.data[0] == ' ' || header.value.data[0] == '\t')) {
        header.value.data++;
        header.value.size--;
    }
    if (!is_token(header.name, false) || !is_value(header.value) || is(header.name, "transfer-encoding"))
        return false;
    if (is(header.name, "content-length")) {
        if (*has_size || !accord_decimal_read(header.value, &answer->size))
            return false;
        *has_size = true;
    }
    if (is_any(header.name, left_out))
        return true;
    if (answer->count == ACCORD_RELAY_HEADERS_MAX)
        return false;
    answer->headers[answer->count++] = header;
    return true;
}

enum accord_relay_read accord_relay_answer_read(struct accord_relay_answer *answer, uint8_t *data, size_t size,
                                                bool is_head)
{
    const uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
    if (end == NULL)
        return size < ACCORD_RELAY_ANSWER_HEAD_MAX ? ACCORD_RELAY_MORE : ACCORD_RELAY_WRONG;
    *answer = (struct accord_relay_answer){.head_size = (size_t)(end - data) + 4};
    struct accord_bytes rest = {data, answer->head_size - 2}, line;
    bool has_size = false;
    if (!cut_line(&rest, &line) || !read_status(answer, line))
        return ACCORD_RELAY_WRONG;
    while (rest.size > 0)
        if (!cut_line(&rest, &line) || !read_header(answer, data + (line.data - data), line.size, &has_size))
            return ACCORD_RELAY_WRONG;
    bool bodiless = is_head || strcmp(answer->status, "204") == 0 || strcmp(answer->status, "304") == 0;
    if (bodiless)
        answer->size = 0;
    return has_size || bodiless ? ACCORD_RELAY_WHOLE : ACCORD_RELAY_WRONG;
}
