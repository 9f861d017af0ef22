/* Components: what runs somewhere, whoever listed it. CycloneDX 1.4 to 1.6 and SPDX 2.2, 2.3 in JSON, the lists of
 * `dpkg -l`, `dpkg-query -W` and `rpm -qa`; each read into these. The slices live as long as the call that gives them.
 */
#ifndef ACCORD_SBOM_COMPONENT_H
#define ACCORD_SBOM_COMPONENT_H

#include "accord/error.h"

#define ACCORD_COMPONENT_HASHES_MAX 8
#define ACCORD_SBOM_SIZE_MAX ((size_t)256 << 20)
#define ACCORD_SBOM_COMPONENTS_MAX 1000000
#define ACCORD_SBOM_DEPTH_MAX 64

struct accord_component {
    struct accord_bytes name;    /* as listed; with its group as `group/name` */
    struct accord_bytes version; /* empty: not said */
    struct accord_bytes vendor;  /* supplier, publisher or manufacturer; or empty */
    struct accord_bytes purl;    /* as listed (it may be invalid: whoever uses it parses it); or empty */
    struct accord_bytes cpe;     /* as listed; or empty */
    size_t hash_count;
    struct accord_bytes sha256[ACCORD_COMPONENT_HASHES_MAX]; /* 64 lowercase hex digits; of the component's own bytes */
    uint64_t line;                                           /* of a list; 0 in JSON */
};

enum accord_sbom_format { ACCORD_SBOM_CYCLONEDX = 1, ACCORD_SBOM_SPDX, ACCORD_SBOM_DPKG, ACCORD_SBOM_RPM };
/* "cyclonedx", "spdx", "dpkg", "rpm". */
struct accord_bytes accord_sbom_format_name(enum accord_sbom_format format);

struct accord_component_sink {
    void *context;
    enum accord_status (*component)(void *context, const struct accord_component *component,
                                    struct accord_error *error);
};
/* Which format this is follows from what is in it. Components are given in the document's order, nested ones after the
 * one that they are in; the document's own subject (CycloneDX metadata.component, what an SPDX document DESCRIBES)
 * comes as well. ACCORD_MALFORMED (line, what), ACCORD_TOO_LARGE, ACCORD_DUPLICATE, ACCORD_UNKNOWN_KIND: none of these
 * formats. */
ACCORD_MUST_USE enum accord_status accord_sbom_read(struct accord_bytes document,
                                                    const struct accord_component_sink *sink,
                                                    enum accord_sbom_format *format, struct accord_error *error);

#endif
