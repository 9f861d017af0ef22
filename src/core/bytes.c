/* Slices. Knows no format. */
#include "accord/bytes.h"

#include <string.h>

bool accord_bytes_equal(struct accord_bytes a, struct accord_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
