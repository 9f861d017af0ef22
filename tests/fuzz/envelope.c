/* Envelopes and the Statements in them: whatever comes, the parts that were read are whole, and what is signed is the
 * encoding of what they hold. */
#include "intoto/envelope.h"
#include "intoto/statement.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static size_t look_at(struct accord_bytes text)
{
    size_t sum = 0;
    for (size_t i = 0; i < text.size; i++)
        sum += text.data[i];
    return sum;
}

static size_t look_at_all(const struct accord_intoto_things *things)
{
    size_t sum = 0;
    require(things->count <= ACCORD_INTOTO_THINGS_MAX);
    for (size_t i = 0; i < things->count; i++)
        sum += look_at(things->list[i].label) + things->list[i].sha256[0];
    return sum;
}

static void read_statement(struct accord_bytes payload)
{
    static volatile size_t sink;
    struct accord_intoto *statement;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_intoto_parse(&statement, payload, &error);
    require(status == error.status && (status == ACCORD_OK) == (statement != NULL));
    if (statement == NULL)
        return;
    require(statement->subjects.count > 0 && statement->type.size > 0);
    sink = look_at_all(&statement->subjects) + look_at_all(&statement->materials) +
           look_at_all(&statement->byproducts) + look_at(statement->type) + look_at(statement->builder) +
           look_at(statement->build_type) + look_at(statement->verifier);
    (void)sink;
    accord_intoto_free(statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_envelope *envelope;
    struct accord_error error = {.status = ACCORD_OK};
    read_statement((struct accord_bytes){data, size});
    enum accord_status status = accord_envelope_parse(&envelope, (struct accord_bytes){data, size}, &error);
    require(status == error.status && (status == ACCORD_OK) == (envelope != NULL));
    if (envelope == NULL)
        return 0;
    struct accord_buffer message;
    struct accord_bytes type = {(const uint8_t *)envelope->type, strlen(envelope->type)};
    accord_buffer_init(&message, ACCORD_ENVELOPE_SIZE_MAX + 1024);
    require(accord_envelope_message(&message, type, accord_buffer_bytes(&envelope->payload)) == ACCORD_OK);
    require(accord_bytes_equal(accord_buffer_bytes(&message), accord_buffer_bytes(&envelope->message)));
    require(envelope->signature_count > 0 && envelope->signature_count <= ACCORD_ENVELOPE_SIGNATURES_MAX);
    for (size_t i = 0; i < envelope->signature_count; i++)
        require(envelope->signatures[i].size > 0);
    read_statement(accord_buffer_bytes(&envelope->payload));
    accord_buffer_free(&message);
    accord_envelope_free(envelope);
    return 0;
}
