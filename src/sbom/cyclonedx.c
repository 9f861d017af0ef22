/* CycloneDX in JSON, 1.2 to 1.6: the components, those inside others, and the document's own subject. Knows no other
 * part of a document: vulnerabilities that it lists are its own opinion, and are not read. */
#include <string.h>

#include "core/text.h"
#include "sbom/reader.h"

/* Objects and arrays are nested at most ACCORD_SBOM_DEPTH_MAX deep, and each level of components takes two of those. */
#define LEVELS_MAX (ACCORD_SBOM_DEPTH_MAX / 2 + 1)

struct level {
    struct accord_json list, item;
    size_t next, count;
};

static enum accord_status read_hashes(struct accord_sbom_reader *reader, const struct accord_json *component)
{
    struct accord_json hashes = accord_json_member(component, "hashes");
    size_t count = 0;
    enum accord_status status = accord_json_array(&hashes, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json hash = accord_json_item(&hashes, i);
        struct accord_bytes algorithm, content = {NULL, 0};
        status = accord_json_member_text(&hash, "alg", ACCORD_SBOM_TEXT_MAX, &algorithm, reader->error);
        if (status == ACCORD_OK) {
            status = accord_json_member_text(&hash, "content", ACCORD_SBOM_TEXT_MAX, &content, reader->error);
        }
        if (status == ACCORD_OK && accord_bytes_equal(algorithm, ACCORD_LITERAL("SHA-256"))) {
            accord_sbom_digest(reader, content);
        }
    }
    return status;
}

/* Whoever is named first of those who answer for it. */
static enum accord_status read_vendor(struct accord_sbom_reader *reader, const struct accord_json *component)
{
    static const char *const parties[] = {"manufacturer", "supplier"};
    struct accord_bytes *vendor = &reader->component.vendor;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && vendor->size == 0 && i < sizeof parties / sizeof parties[0]; i++) {
        struct accord_json party = accord_json_member(component, parties[i]);
        status = accord_json_object(&party, reader->error);
        if (status == ACCORD_OK && party.value != NULL) {
            status = accord_json_member_text(&party, "name", ACCORD_SBOM_TEXT_MAX, vendor, reader->error);
        }
    }
    if (status == ACCORD_OK && vendor->size == 0) {
        status = accord_json_member_text(component, "publisher", ACCORD_SBOM_TEXT_MAX, vendor, reader->error);
    }
    return status;
}

static enum accord_status read_name(struct accord_sbom_reader *reader, const struct accord_json *component)
{
    struct accord_bytes group = {NULL, 0}, name = {NULL, 0};
    struct accord_json at = accord_json_member(component, "name");
    enum accord_status status = accord_json_string_needed(&at, ACCORD_SBOM_TEXT_MAX, &name, reader->error);
    if (status == ACCORD_OK) {
        status = accord_json_member_text(component, "group", ACCORD_SBOM_TEXT_MAX, &group, reader->error);
    }
    reader->component.name = name;
    if (status == ACCORD_OK && group.size > 0) {
        struct accord_out out = {reader->text, sizeof reader->text, 0, false};
        accord_put(&out, group);
        accord_put_byte(&out, '/');
        accord_put(&out, name);
        reader->component.name = accord_out_bytes(&out);
    }
    return status;
}

static enum accord_status read_component(struct accord_sbom_reader *reader, const struct accord_json *component)
{
    struct accord_component *read = &reader->component;
    const struct {
        const char *name;
        struct accord_bytes *text;
    } texts[] = {{"version", &read->version}, {"purl", &read->purl}, {"cpe", &read->cpe}};
    enum accord_status status = accord_json_object_needed(component, reader->error);
    if (status == ACCORD_OK) {
        status = read_name(reader, component);
    }
    for (size_t i = 0; status == ACCORD_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status = accord_json_member_text(component, texts[i].name, ACCORD_SBOM_TEXT_MAX, texts[i].text, reader->error);
    }
    if (status == ACCORD_OK) {
        status = read_vendor(reader, component);
    }
    if (status == ACCORD_OK) {
        status = read_hashes(reader, component);
    }
    return status == ACCORD_OK ? accord_sbom_give(reader) : status;
}

static enum accord_status open_level(struct accord_sbom_reader *reader, struct level *level,
                                     const struct accord_json *up)
{
    level->list = accord_json_member(up, "components");
    level->next = 0;
    return accord_json_array(&level->list, &level->count, reader->error);
}

/* The components of what stands at top, each before those inside it. */
static enum accord_status walk(struct accord_sbom_reader *reader, const struct accord_json *top)
{
    struct level levels[LEVELS_MAX];
    size_t depth = 1;
    enum accord_status status = open_level(reader, &levels[0], top);
    while (status == ACCORD_OK && depth > 0) {
        struct level *level = &levels[depth - 1];
        if (level->next == level->count) {
            depth--;
            continue;
        }
        level->item = accord_json_item(&level->list, level->next++);
        status = read_component(reader, &level->item);
        if (status == ACCORD_OK && json_object_get(level->item.value, "components") != NULL) {
            if (depth == LEVELS_MAX) {
                return accord_json_refuse(&level->item, ACCORD_TOO_LARGE, "fewer components in one another",
                                          reader->error);
            }
            status = open_level(reader, &levels[depth++], &level->item);
        }
    }
    return status;
}

enum accord_status accord_sbom_cyclonedx(struct accord_sbom_reader *reader, const struct accord_json *document)
{
    static const char *const versions[] = {"1.2", "1.3", "1.4", "1.5", "1.6"};
    struct accord_bytes format, version;
    struct accord_json at = accord_json_member(document, "bomFormat");
    enum accord_status status = accord_json_string_needed(&at, ACCORD_SBOM_TEXT_MAX, &format, reader->error);
    if (status == ACCORD_OK && !accord_bytes_equal(format, ACCORD_LITERAL("CycloneDX"))) {
        return accord_json_refuse(&at, ACCORD_MALFORMED, "CycloneDX", reader->error);
    }
    at = accord_json_member(document, "specVersion");
    if (status == ACCORD_OK) {
        status = accord_json_string_needed(&at, ACCORD_SBOM_TEXT_MAX, &version, reader->error);
    }
    bool known = false;
    for (size_t i = 0; status == ACCORD_OK && i < sizeof versions / sizeof versions[0]; i++) {
        known = known || (version.size == 3 && memcmp(version.data, versions[i], 3) == 0);
    }
    if (status == ACCORD_OK && !known) {
        return accord_json_refuse(&at, ACCORD_MALFORMED, "1.2 to 1.6", reader->error);
    }
    struct accord_json metadata = accord_json_member(document, "metadata");
    if (status == ACCORD_OK) {
        status = accord_json_object(&metadata, reader->error);
    }
    struct accord_json subject = accord_json_member(&metadata, "component");
    if (status == ACCORD_OK && subject.value != NULL) {
        status = read_component(reader, &subject);
        if (status == ACCORD_OK) {
            status = walk(reader, &subject);
        }
    }
    return status == ACCORD_OK ? walk(reader, document) : status;
}
