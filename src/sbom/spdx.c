/* SPDX 2.2 and 2.3 in JSON: its packages, and its files that have a SHA-256. Knows nothing of relationships: what a
 * document lists is there, whatever contains it. */
#include <string.h>

#include "core/text.h"
#include "sbom/reader.h"

static enum accord_status read_checksums(struct accord_sbom_reader *reader, const struct accord_json *up)
{
    struct accord_json list = accord_json_member(up, "checksums");
    size_t count = 0;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json checksum = accord_json_item(&list, i);
        struct accord_bytes algorithm, content = {NULL, 0};
        status = accord_json_member_text(&checksum, "algorithm", ACCORD_SBOM_TEXT_MAX, &algorithm, reader->error);
        if (status == ACCORD_OK) {
            status = accord_json_member_text(&checksum, "checksumValue", ACCORD_SBOM_TEXT_MAX, &content, reader->error);
        }
        if (status == ACCORD_OK && accord_bytes_equal(algorithm, ACCORD_LITERAL("SHA256"))) {
            accord_sbom_digest(reader, content);
        }
    }
    return status;
}

/* The first purl and the first CPE; a CPE 2.3 goes before one of 2.2. */
static enum accord_status read_references(struct accord_sbom_reader *reader, const struct accord_json *package)
{
    struct accord_component *component = &reader->component;
    struct accord_json list = accord_json_member(package, "externalRefs");
    size_t count = 0;
    bool newer = false;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json reference = accord_json_item(&list, i);
        struct accord_bytes type, locator = {NULL, 0};
        status = accord_json_member_text(&reference, "referenceType", ACCORD_SBOM_TEXT_MAX, &type, reader->error);
        if (status == ACCORD_OK) {
            status = accord_json_member_text(&reference, "referenceLocator", 1 << 20, &locator, reader->error);
        }
        if (status != ACCORD_OK) {
            break;
        }
        if (accord_bytes_equal(type, ACCORD_LITERAL("purl")) && component->purl.size == 0) {
            component->purl = locator;
        } else if (accord_bytes_equal(type, ACCORD_LITERAL("cpe23Type")) && !newer) {
            component->cpe = locator;
            newer = true;
        } else if (accord_bytes_equal(type, ACCORD_LITERAL("cpe22Type")) && component->cpe.size == 0) {
            component->cpe = locator;
        }
    }
    return status;
}

/* `Organization: Red Hat`, `Person: Jane (jane@example.com)`, or that nobody says. */
static struct accord_bytes party(struct accord_bytes text)
{
    if (accord_cut_prefix(&text, ACCORD_LITERAL("Organization: ")) ||
        accord_cut_prefix(&text, ACCORD_LITERAL("Person: "))) {
        return text;
    }
    return (struct accord_bytes){NULL, 0};
}

static enum accord_status read_package(struct accord_sbom_reader *reader, const struct accord_json *package)
{
    struct accord_component *component = &reader->component;
    struct accord_bytes supplier = {NULL, 0}, originator = {NULL, 0};
    struct accord_json name = accord_json_member(package, "name");
    enum accord_status status = accord_json_string_needed(&name, ACCORD_SBOM_TEXT_MAX, &component->name, reader->error);
    if (status == ACCORD_OK) {
        status =
            accord_json_member_text(package, "versionInfo", ACCORD_SBOM_TEXT_MAX, &component->version, reader->error);
    }
    if (status == ACCORD_OK) {
        status = accord_json_member_text(package, "supplier", ACCORD_SBOM_TEXT_MAX, &supplier, reader->error);
    }
    if (status == ACCORD_OK) {
        status = accord_json_member_text(package, "originator", ACCORD_SBOM_TEXT_MAX, &originator, reader->error);
    }
    component->vendor = party(supplier);
    if (component->vendor.size == 0) {
        component->vendor = party(originator);
    }
    if (accord_bytes_equal(component->version, ACCORD_LITERAL("NOASSERTION"))) {
        component->version = (struct accord_bytes){NULL, 0};
    }
    if (status == ACCORD_OK) {
        status = read_references(reader, package);
    }
    if (status == ACCORD_OK) {
        status = read_checksums(reader, package);
    }
    return status == ACCORD_OK ? accord_sbom_give(reader) : status;
}

static enum accord_status read_file(struct accord_sbom_reader *reader, const struct accord_json *file)
{
    struct accord_json name = accord_json_member(file, "fileName");
    enum accord_status status =
        accord_json_string_needed(&name, ACCORD_SBOM_TEXT_MAX, &reader->component.name, reader->error);
    if (status == ACCORD_OK) {
        status = read_checksums(reader, file);
    }
    if (status == ACCORD_OK && reader->component.hash_count > 0) {
        return accord_sbom_give(reader);
    }
    reader->component = (struct accord_component){.hash_count = 0};
    return status;
}

static enum accord_status
read_all(struct accord_sbom_reader *reader, const struct accord_json *document, const char *member,
         enum accord_status (*read)(struct accord_sbom_reader *reader, const struct accord_json *item))
{
    struct accord_json list = accord_json_member(document, member);
    size_t count = 0;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json item = accord_json_item(&list, i);
        status = accord_json_object_needed(&item, reader->error);
        if (status == ACCORD_OK) {
            status = read(reader, &item);
        }
    }
    return status;
}

enum accord_status accord_sbom_spdx(struct accord_sbom_reader *reader, const struct accord_json *document)
{
    struct accord_bytes version;
    struct accord_json at = accord_json_member(document, "spdxVersion");
    enum accord_status status = accord_json_string_needed(&at, ACCORD_SBOM_TEXT_MAX, &version, reader->error);
    if (status == ACCORD_OK && !accord_bytes_equal(version, ACCORD_LITERAL("SPDX-2.2")) &&
        !accord_bytes_equal(version, ACCORD_LITERAL("SPDX-2.3"))) {
        return accord_json_refuse(&at, ACCORD_MALFORMED, "SPDX-2.2 or SPDX-2.3", reader->error);
    }
    if (status == ACCORD_OK) {
        status = read_all(reader, document, "packages", read_package);
    }
    return status == ACCORD_OK ? read_all(reader, document, "files", read_file) : status;
}
