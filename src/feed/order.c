/* How versions are ordered, by the names that VERS has for schemes: src/version knows it, and here is only asked. */
#include "feed/range.h"

#include "version/version.h"

bool accord_feed_scheme_known(struct accord_bytes scheme)
{
    return accord_version_scheme(scheme) != ACCORD_VERSION_NONE;
}

bool accord_feed_order(struct accord_bytes scheme, struct accord_bytes a, struct accord_bytes b, int *order)
{
    enum accord_version_scheme known = accord_version_scheme(scheme);
    return known != ACCORD_VERSION_NONE && accord_version_compare(known, a, b, order, NULL) == ACCORD_OK;
}

bool accord_feed_vers_read(struct accord_bytes range)
{
    return accord_vers_check(range, NULL) == ACCORD_OK;
}
