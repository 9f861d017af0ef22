/* The metrics as Prometheus reads them. */
#ifndef ACCORD_SERVE_METRICS_PRINT_H
#define ACCORD_SERVE_METRICS_PRINT_H

#include "serve/http.h"
#include "serve/metrics.h"

struct accord_metrics_view {
    const struct accord_metrics *metrics;
    bool has_log, has_witness, has_mirror, has_bastion; /* what this server is: nothing is said of what it is not */
    const struct accord_policy *policy;                 /* whose witnesses these are; NULL: nobody is asked */
    struct accord_http_counts http;
    uint64_t open_files; /* of the process */
    const char *version;
    uint64_t now;            /* POSIX seconds */
    uint64_t unpublished_ms; /* for how long at least what was acknowledged has waited to be published */
};

/* Appends the text exposition format, version 0.0.4. */
ACCORD_MUST_USE enum accord_status accord_metrics_print(const struct accord_metrics_view *view,
                                                        struct accord_buffer *out);

#endif
