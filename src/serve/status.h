/* How the server is: /healthz for a load balancer, /metrics for Prometheus. */
#ifndef ACCORD_SERVE_STATUS_H
#define ACCORD_SERVE_STATUS_H

#include "base/clock.h"
#include "serve/http.h"
#include "serve/metrics.h"

struct accord_status_page {
    const struct accord_metrics *metrics;
    bool has_log, has_witness, has_mirror, has_bastion;
    const struct accord_policy *policy; /* NULL: nobody is asked */
    const struct accord_http *http;
    const struct accord_clock *clock;
    const char *version;
    uint64_t unpublished_max_ms; /* a log whose checkpoint is so much behind is not well */
    bool stopping;
    /* The tree of so many entries was acknowledged by then and is not published; since_us is 0 where all is. */
    uint64_t waiting_size, since_us;
    uint64_t open_files, counted_us; /* and when they were counted */
};

/* To be called whenever something may have been added, so that it is known since when it waits. */
void accord_status_look(struct accord_status_page *page);
/* Answers where the path is one of its own; false otherwise. */
ACCORD_MUST_USE bool accord_status_handle(struct accord_status_page *page, struct accord_http_exchange *exchange,
                                          const struct accord_http_request *request);

#endif
