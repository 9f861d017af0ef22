/* Versions, three on lines after a scheme, and ranges: an order is one (the other way round it is the opposite, and of
 * three the least and the greatest are apart), and what is a range of its own version says so. */
#include "version/version.h"

#include <stdlib.h>

#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_orders(enum accord_version_scheme scheme, const struct accord_bytes versions[3])
{
    int order[3][3];
    for (unsigned i = 0; i < 3; i++)
        for (unsigned k = 0; k < 3; k++)
            if (accord_version_compare(scheme, versions[i], versions[k], &order[i][k], NULL) != ACCORD_OK)
                return;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned k = 0; k < 3; k++) {
            require((order[i][k] < 0) == (order[k][i] > 0) && (i != k || order[i][k] == 0));
            for (unsigned j = 0; j < 3; j++)
                require(order[i][k] > 0 || order[k][j] > 0 || order[i][j] <= 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_bytes rest = {data, size}, scheme, versions[3];
    struct accord_error error = {.status = ACCORD_OK};
    bool contains;
    if (!accord_cut_line(&rest, &scheme))
        return 0;
    for (unsigned i = 0; i < 3; i++)
        if (!accord_cut_line(&rest, &versions[i]))
            return 0;
    check_orders(accord_version_scheme(scheme), versions);
    enum accord_status status = accord_vers_contains(versions[0], versions[1], &contains, &error);
    require(status == error.status && (status == ACCORD_OK || !contains));
    if (status == ACCORD_OK && !accord_bytes_equal(versions[0], ACCORD_LITERAL("vers:all/*")))
        (void)!accord_vers_check(versions[0], &error);
    (void)accord_version_scheme_of_osv(versions[2]);
    return 0;
}
