/* Lists of components, in whichever form: what is given is text of one line, bounded, and the same when it is read
 * again. */
#include <stdlib.h>

#include "core/text.h"
#include "sbom/component.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

struct seen {
    uint64_t count, sum;
};

static void look_at(struct seen *seen, struct accord_bytes text)
{
    require(accord_utf8_valid(text));
    for (size_t i = 0; i < text.size; i++)
        seen->sum = seen->sum * 31 + text.data[i];
    seen->sum = seen->sum * 31 + text.size;
}

static enum accord_status see(void *context, const struct accord_component *component, struct accord_error *error)
{
    struct seen *seen = context;
    (void)error;
    require(++seen->count <= ACCORD_SBOM_COMPONENTS_MAX && component->hash_count <= ACCORD_COMPONENT_HASHES_MAX);
    look_at(seen, component->name);
    look_at(seen, component->version);
    look_at(seen, component->vendor);
    look_at(seen, component->purl);
    look_at(seen, component->cpe);
    for (size_t i = 0; i < component->hash_count; i++) {
        uint8_t digest[32];
        require(accord_hex_read(component->sha256[i], digest, sizeof digest));
    }
    return ACCORD_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen[2] = {{0, 0}, {0, 0}};
    enum accord_status status[2];
    for (unsigned i = 0; i < 2; i++) {
        const struct accord_component_sink sink = {&seen[i], see};
        struct accord_error error = {.status = ACCORD_OK};
        enum accord_sbom_format format;
        status[i] = accord_sbom_read((struct accord_bytes){data, size}, &sink, &format, &error);
        require(status[i] == error.status);
    }
    require(status[0] == status[1] && seen[0].count == seen[1].count && seen[0].sum == seen[1].sum);
    return 0;
}
