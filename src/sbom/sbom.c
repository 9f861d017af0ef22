/* Which format a list of components is in, and what all formats share. Knows nothing of any of them but how it
 * begins. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sbom/reader.h"

struct accord_bytes accord_sbom_format_name(enum accord_sbom_format format)
{
    switch (format) {
    case ACCORD_SBOM_CYCLONEDX:
        return ACCORD_LITERAL("cyclonedx");
    case ACCORD_SBOM_SPDX:
        return ACCORD_LITERAL("spdx");
    case ACCORD_SBOM_DPKG:
        return ACCORD_LITERAL("dpkg");
    case ACCORD_SBOM_RPM:
        return ACCORD_LITERAL("rpm");
    }
    return ACCORD_LITERAL("");
}

void accord_sbom_digest(struct accord_sbom_reader *reader, struct accord_bytes hex)
{
    struct accord_component *component = &reader->component;
    if (hex.size != 64 || component->hash_count == ACCORD_COMPONENT_HASHES_MAX) {
        return;
    }
    uint8_t *digits = reader->digests[component->hash_count], bytes[32];
    for (size_t i = 0; i < hex.size; i++) {
        uint8_t byte = hex.data[i];
        digits[i] = byte >= 'A' && byte <= 'F' ? (uint8_t)(byte - 'A' + 'a') : byte;
    }
    if (accord_hex_read((struct accord_bytes){digits, 64}, bytes, sizeof bytes)) {
        component->sha256[component->hash_count++] = (struct accord_bytes){digits, 64};
    }
}

enum accord_status accord_sbom_give(struct accord_sbom_reader *reader)
{
    if (reader->count == ACCORD_SBOM_COMPONENTS_MAX) {
        (void)accord_fail(reader->error, ACCORD_TOO_LARGE, reader->component.line);
        accord_error_what(reader->error, ACCORD_LITERAL("components"));
        accord_error_expected_number(reader->error, ACCORD_SBOM_COMPONENTS_MAX);
        return ACCORD_TOO_LARGE;
    }
    reader->count++;
    enum accord_status status = reader->sink->component(reader->sink->context, &reader->component, reader->error);
    reader->component = (struct accord_component){.hash_count = 0};
    return status;
}

static enum accord_status unknown_kind(struct accord_error *error)
{
    (void)accord_fail(error, ACCORD_UNKNOWN_KIND, 0);
    accord_error_expected(error, ACCORD_LITERAL("CycloneDX or SPDX in JSON, or a list by dpkg or rpm"));
    return ACCORD_UNKNOWN_KIND;
}

static enum accord_status read_json(struct accord_sbom_reader *reader, struct accord_bytes document,
                                    enum accord_sbom_format *format)
{
    json_t *value = NULL;
    enum accord_status status =
        accord_json_load(&value, document, ACCORD_SBOM_SIZE_MAX, ACCORD_SBOM_DEPTH_MAX, reader->error);
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_json top = accord_json_document(value);
    if (json_object_get(value, "bomFormat") != NULL) {
        *format = ACCORD_SBOM_CYCLONEDX;
        status = accord_sbom_cyclonedx(reader, &top);
    } else if (json_object_get(value, "spdxVersion") != NULL) {
        *format = ACCORD_SBOM_SPDX;
        status = accord_sbom_spdx(reader, &top);
    } else {
        status = unknown_kind(reader->error);
    }
    json_decref(value);
    return status;
}

enum accord_status accord_sbom_read(struct accord_bytes document, const struct accord_component_sink *sink,
                                    enum accord_sbom_format *format, struct accord_error *error)
{
    enum accord_sbom_format found = ACCORD_SBOM_CYCLONEDX;
    if (document.size > ACCORD_SBOM_SIZE_MAX) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    struct accord_sbom_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    reader->sink = sink;
    reader->error = error;
    size_t at = 0;
    while (at < document.size && memchr(" \t\r\n", document.data[at], 4) != NULL) {
        at++;
    }
    enum accord_status status;
    if (at < document.size && document.data[at] == '{') {
        status = read_json(reader, document, &found);
    } else {
        status = accord_sbom_list(reader, document, &found);
        status = status == ACCORD_UNKNOWN_KIND ? unknown_kind(error) : status;
    }
    if (status == ACCORD_OK && format != NULL) {
        *format = found;
    }
    free(reader);
    return status;
}
