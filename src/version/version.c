/* Which order a scheme has, and by which names schemes go. Knows no order itself. */
#include "version/version.h"

#include <string.h>

#include "core/text.h"
#include "version/parts.h"

static const struct {
    const char *name; /* in VERS */
    bool (*compare)(struct accord_bytes a, struct accord_bytes b, int *order);
} schemes[] = {[ACCORD_VERSION_NONE] = {"", NULL},
               [ACCORD_VERSION_DEB] = {"deb", accord_version_deb},
               [ACCORD_VERSION_RPM] = {"rpm", accord_version_rpm},
               [ACCORD_VERSION_SEMVER] = {"semver", accord_version_semver},
               [ACCORD_VERSION_NPM] = {"npm", accord_version_npm},
               [ACCORD_VERSION_GOLANG] = {"golang", accord_version_golang},
               [ACCORD_VERSION_PYPI] = {"pypi", accord_version_pypi},
               [ACCORD_VERSION_GEM] = {"gem", accord_version_gem},
               [ACCORD_VERSION_NUGET] = {"nuget", accord_version_nuget},
               [ACCORD_VERSION_INTDOT] = {"intdot", accord_version_intdot}};
#define SCHEME_COUNT (sizeof schemes / sizeof schemes[0])

/* Ecosystems of OSV, up to a colon. Those that are not here have an order that is not known. */
static const struct {
    const char *name;
    enum accord_version_scheme scheme;
} ecosystems[] = {{"Debian", ACCORD_VERSION_DEB},      {"Ubuntu", ACCORD_VERSION_DEB},
                  {"AlmaLinux", ACCORD_VERSION_RPM},   {"Rocky Linux", ACCORD_VERSION_RPM},
                  {"Red Hat", ACCORD_VERSION_RPM},     {"SUSE", ACCORD_VERSION_RPM},
                  {"openSUSE", ACCORD_VERSION_RPM},    {"Mageia", ACCORD_VERSION_RPM},
                  {"openEuler", ACCORD_VERSION_RPM},   {"Azure Linux", ACCORD_VERSION_RPM},
                  {"npm", ACCORD_VERSION_NPM},         {"PyPI", ACCORD_VERSION_PYPI},
                  {"Go", ACCORD_VERSION_GOLANG},       {"crates.io", ACCORD_VERSION_SEMVER},
                  {"Hex", ACCORD_VERSION_SEMVER},      {"Pub", ACCORD_VERSION_SEMVER},
                  {"SwiftURL", ACCORD_VERSION_SEMVER}, {"GitHub Actions", ACCORD_VERSION_SEMVER},
                  {"RubyGems", ACCORD_VERSION_GEM},    {"NuGet", ACCORD_VERSION_NUGET}};

static bool is(struct accord_bytes text, const char *name)
{
    return accord_bytes_equal(text, (struct accord_bytes){(const uint8_t *)name, strlen(name)});
}

enum accord_version_scheme accord_version_scheme(struct accord_bytes type)
{
    for (size_t i = ACCORD_VERSION_DEB; i < SCHEME_COUNT; i++)
        if (is(type, schemes[i].name))
            return (enum accord_version_scheme)i;
    return is(type, "cargo") || is(type, "hex") ? ACCORD_VERSION_SEMVER : ACCORD_VERSION_NONE;
}

enum accord_version_scheme accord_version_scheme_of_purl(struct accord_bytes type)
{
    return is(type, "semver") || is(type, "intdot") ? ACCORD_VERSION_NONE
           : is(type, "pub")                        ? ACCORD_VERSION_SEMVER
                                                    : accord_version_scheme(type);
}

enum accord_version_scheme accord_version_scheme_of_osv(struct accord_bytes ecosystem)
{
    struct accord_bytes rest = ecosystem, name = accord_cut_before(&rest, ':');
    for (size_t i = 0; i < sizeof ecosystems / sizeof ecosystems[0]; i++)
        if (is(name, ecosystems[i].name))
            return ecosystems[i].scheme;
    return ACCORD_VERSION_NONE;
}

struct accord_bytes accord_version_scheme_name(enum accord_version_scheme scheme)
{
    const char *name = (size_t)scheme < SCHEME_COUNT ? schemes[scheme].name : "";
    return (struct accord_bytes){(const uint8_t *)name, strlen(name)};
}

static enum accord_status refuse(enum accord_status status, enum accord_version_scheme scheme,
                                 struct accord_bytes found, struct accord_error *error)
{
    accord_fail(error, status, 0);
    accord_error_what(error, ACCORD_LITERAL("version"));
    accord_error_expected(error, status == ACCORD_UNSUPPORTED ? ACCORD_LITERAL("a scheme whose order is known")
                                                              : accord_version_scheme_name(scheme));
    accord_error_found(error, found);
    return status;
}

enum accord_status accord_version_compare(enum accord_version_scheme scheme, struct accord_bytes a,
                                          struct accord_bytes b, int *order, struct accord_error *error)
{
    int itself;
    *order = 0;
    if (a.size > ACCORD_VERSION_SIZE_MAX || b.size > ACCORD_VERSION_SIZE_MAX)
        return refuse(ACCORD_MALFORMED, scheme, a.size > b.size ? a : b, error);
    if (scheme == ACCORD_VERSION_NONE || (size_t)scheme >= SCHEME_COUNT)
        return accord_bytes_equal(a, b) ? ACCORD_OK : refuse(ACCORD_UNSUPPORTED, scheme, b, error);
    if (schemes[scheme].compare(a, b, order))
        return ACCORD_OK;
    return refuse(ACCORD_MALFORMED, scheme, schemes[scheme].compare(a, a, &itself) ? b : a, error);
}
