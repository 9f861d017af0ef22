/* What stands in a view. */
#include "advisory/view.h"

#include <string.h>

const struct accord_view_release *accord_view_find(const struct accord_advisory_view *view,
                                                   const uint8_t digest[ACCORD_HASH_SIZE])
{
    for (size_t i = 0; i < view->release_count; i++) {
        if (memcmp(view->releases[i].digest, digest, ACCORD_HASH_SIZE) == 0) {
            return &view->releases[i];
        }
    }
    return NULL;
}
