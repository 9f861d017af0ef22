/* One document's reading: the component at hand, and room for what is not in the document as it must be given. */
#ifndef ACCORD_SBOM_READER_H
#define ACCORD_SBOM_READER_H

#include "sbom/component.h"
#include "json/json.h"

#define ACCORD_SBOM_TEXT_MAX 4096 /* bytes of a name, a version, a purl */

struct accord_sbom_reader {
    const struct accord_component_sink *sink;
    struct accord_error *error;
    struct accord_component component;
    uint64_t count;
    uint8_t digests[ACCORD_COMPONENT_HASHES_MAX][64];
    uint8_t text[2 * ACCORD_SBOM_TEXT_MAX + 64]; /* of a joined name, or a purl that is made */
};

/* Adds a SHA-256 in hexadecimal of either case. What is none is passed over: it names no bytes. */
void accord_sbom_digest(struct accord_sbom_reader *reader, struct accord_bytes hex);
/* Gives the component at hand to the sink, and clears it. */
ACCORD_MUST_USE enum accord_status accord_sbom_give(struct accord_sbom_reader *reader);

ACCORD_MUST_USE enum accord_status accord_sbom_cyclonedx(struct accord_sbom_reader *reader,
                                                         const struct accord_json *document);
ACCORD_MUST_USE enum accord_status accord_sbom_spdx(struct accord_sbom_reader *reader,
                                                    const struct accord_json *document);
/* A list of lines. ACCORD_UNKNOWN_KIND where its first line is of neither. */
ACCORD_MUST_USE enum accord_status accord_sbom_list(struct accord_sbom_reader *reader, struct accord_bytes document,
                                                    enum accord_sbom_format *format);

#endif
