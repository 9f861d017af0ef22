/* Which format a document is in, and reading it twice: to see that it follows its format, and then to give its claims.
 */
#include "feed/reader.h"

#include "core/text.h"

#include <string.h>

static const struct {
    struct accord_bytes name;
    enum accord_status (*read)(struct accord_feed_reader *reader);
} formats[] = {
    [ACCORD_FEED_CSAF] = {{(const uint8_t *)"csaf", 4}, accord_feed_read_csaf},
    [ACCORD_FEED_OSV] = {{(const uint8_t *)"osv", 3}, accord_feed_read_osv},
    [ACCORD_FEED_CVE] = {{(const uint8_t *)"cve", 3}, accord_feed_read_cve},
    [ACCORD_FEED_OPENVEX] = {{(const uint8_t *)"openvex", 7}, accord_feed_read_openvex},
};

struct accord_bytes accord_feed_format_name(enum accord_feed_format format)
{
    return formats[format].name;
}

/* CSAF 2.0, section 3.2.1; CVE record format 5; OpenVEX 0.2.0; OSV 1.7.0: the members that each must have and that no
 * other has. 0: none of them. */
static enum accord_feed_format format_of(const struct accord_json *root)
{
    struct accord_json document = accord_json_member(root, "document");
    const char *context = json_string_value(json_object_get(root->value, "@context"));
    const char *type = json_string_value(json_object_get(root->value, "dataType"));
    if (json_object_get(document.value, "csaf_version") != NULL)
        return ACCORD_FEED_CSAF;
    if (type != NULL && strcmp(type, "CVE_RECORD") == 0)
        return ACCORD_FEED_CVE;
    if (context != NULL && strncmp(context, "https://openvex.dev/ns", 22) == 0)
        return ACCORD_FEED_OPENVEX;
    if (json_object_get(root->value, "id") != NULL && json_object_get(root->value, "modified") != NULL)
        return ACCORD_FEED_OSV;
    return 0;
}

static enum accord_status read_twice(struct accord_feed_reader *reader, enum accord_feed_format format,
                                     const struct accord_claim_sink *sink)
{
    enum accord_status status = formats[format].read(reader);
    if (status == ACCORD_OK) {
        accord_arena_reset(&reader->whole);
        accord_arena_reset(&reader->brief);
        reader->vulnerability = (struct accord_claim_vulnerability){.published = 0};
        reader->sink = sink;
        reader->claims = 0;
        status = formats[format].read(reader);
    }
    accord_arena_free(&reader->whole);
    accord_arena_free(&reader->brief);
    return status;
}

enum accord_status accord_feed_read(struct accord_bytes document, const struct accord_claim_sink *sink,
                                    enum accord_feed_format *format, struct accord_error *error)
{
    json_t *value = NULL;
    enum accord_status status =
        accord_json_load(&value, document, ACCORD_FEED_DOCUMENT_MAX, ACCORD_FEED_DEPTH_MAX, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_feed_reader reader = {.root = accord_json_document(value), .error = error};
    enum accord_feed_format found = format_of(&reader.root);
    if (found == 0)
        status = accord_json_refuse(&reader.root, ACCORD_UNKNOWN_KIND, "CSAF, OSV, a CVE record or OpenVEX", error);
    else
        status = read_twice(&reader, found, sink);
    if (status == ACCORD_OK && format != NULL)
        *format = found;
    json_decref(value);
    return status;
}
