/* Where a log is read from. It knows the two kinds of places, and what neither can tell: whether it is the right log.
 */
#include "cli/log_source.h"

#include "cli/network.h"

#include <stdlib.h>
#include <string.h>

bool accord_location_is_url(const char *location)
{
    return strncmp(location, "http://", 7) == 0 || strncmp(location, "https://", 8) == 0;
}

enum accord_status accord_log_source_open(struct accord_reader **reader, const struct accord_fs *fs,
                                          const struct accord_crypto *crypto, const struct accord_network *network,
                                          const char *location, struct accord_error *error)
{
    if (!accord_location_is_url(location)) {
        return accord_reader_open(reader, fs, crypto, location, error);
    }
    if (network == NULL) {
        abort();
    }
    return network->reader_open(reader, crypto, location, error);
}
