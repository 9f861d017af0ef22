/* Headers of HTTP/2 become one request of HTTP/1.1 or none; a head of an answer is understood or refused. */
#include "serve/bastion_relay.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool begins(struct accord_bytes line, const char *name)
{
    return line.size >= strlen(name) && strncasecmp((const char *)line.data, name, strlen(name)) == 0;
}

/* Whoever reads it finds one head, with one opinion on where the body ends. */
static void judge(struct accord_bytes head, bool body, bool chunked)
{
    unsigned framings = 0;
    struct accord_bytes rest = head, line = {NULL, 1};
    while (line.size > 0) {
        require(accord_cut_line(&rest, &line) && line.size > 0 && line.data[line.size - 1] == '\r');
        line.size--;
        for (size_t i = 0; i < line.size; i++)
            require((line.data[i] >= ' ' || line.data[i] == '\t') && line.data[i] != 0x7f);
        bool encoded = begins(line, "transfer-encoding:");
        framings += encoded || begins(line, "content-length:");
        require(!encoded || (chunked && body));
    }
    require(rest.size == 0 && framings <= 1 && (!body || framings == 1));
}

static void ask(struct accord_bytes *rest, bool body)
{
    struct accord_relay_request request = {.refused = 0};
    struct accord_bytes line, name;
    struct accord_buffer out;
    bool chunked = false;
    accord_buffer_init(&out, ACCORD_RELAY_HEAD_MAX);
    while (accord_cut_line(rest, &line) && line.size > 0) {
        if (!accord_cut(&line, '=', &name))
            name = (struct accord_bytes){NULL, 0};
        accord_relay_request_header(&request, name, line);
    }
    if (accord_relay_request_print(&request, body, &out, &chunked)) {
        require(request.refused == 0);
        judge(accord_buffer_bytes(&out), body, chunked);
    } else {
        require(request.refused == 400 || request.refused == 431);
    }
    accord_buffer_free(&out);
    accord_relay_request_free(&request);
}

static void answer(struct accord_bytes text, bool is_head)
{
    struct accord_relay_answer answer;
    uint8_t *copy = malloc(text.size + 1);
    require(copy != NULL);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    if (accord_relay_answer_read(&answer, copy, text.size, is_head) == ACCORD_RELAY_WHOLE) {
        require(answer.head_size <= text.size && answer.count <= ACCORD_RELAY_HEADERS_MAX);
        require(strlen(answer.status) == 3 && (!is_head || answer.size == 0));
        for (size_t i = 0; i < answer.count; i++) {
            const struct accord_relay_header *header = &answer.headers[i];
            require(header->name.size > 0 && header->name.data >= copy);
            require(header->value.data + header->value.size <= copy + answer.head_size);
        }
    }
    free(copy);
}

/* A byte of flags; headers, one a line, as name=value; an empty line; an answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct accord_bytes rest = {data + 1, size - 1};
    ask(&rest, (data[0] & 1) != 0);
    answer(rest, (data[0] & 2) != 0);
    return 0;
}
