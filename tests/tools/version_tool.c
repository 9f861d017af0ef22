/* Orders versions for the oracles of versions.interop: lines `<scheme> TAB <a> TAB <b>` in; -1, 0, 1 or `?` out, where
 * one of them is none. With the scheme `vers`, a is a range and b `<version>`: 0 or 1. */
#include <stdio.h>
#include <string.h>

#include "version/version.h"

static struct accord_bytes slice(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

int main(void)
{
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *a = strchr(line, '\t'), *b = a == NULL ? NULL : strchr(a + 1, '\t');
        line[strcspn(line, "\n")] = '\0';
        if (b == NULL)
            return 2;
        *a++ = *b++ = '\0';
        int order;
        bool contains;
        enum accord_status status =
            strcmp(line, "vers") == 0
                ? accord_vers_contains(slice(a), slice(b), &contains, NULL)
                : accord_version_compare(accord_version_scheme(slice(line)), slice(a), slice(b), &order, NULL);
        if (status != ACCORD_OK)
            puts("?");
        else
            printf("%d\n", strcmp(line, "vers") == 0 ? contains : order < 0 ? -1 : order > 0);
    }
    return 0;
}
