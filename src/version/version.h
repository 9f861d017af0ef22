/* The order of versions, as each ecosystem has it, and ranges of them (VERS, https://github.com/package-url/vers-spec).
 * Pure functions of bytes; time and memory are linear in what is given. What cannot be ordered is refused, never
 * guessed. */
#ifndef ACCORD_VERSION_VERSION_H
#define ACCORD_VERSION_VERSION_H

#include "accord/error.h"

#define ACCORD_VERSION_SIZE_MAX 1024 /* bytes */
#define ACCORD_VERS_SIZE_MAX 65536
#define ACCORD_VERS_CONSTRAINTS_MAX 4096

enum accord_version_scheme {
    ACCORD_VERSION_NONE = 0, /* no order is known: versions are the same, byte by byte, or not */
    ACCORD_VERSION_DEB,      /* Debian Policy, 5.6.12: [epoch:]upstream[-revision] */
    ACCORD_VERSION_RPM,      /* rpmvercmp: [epoch:]version[-release], with ~ and ^ */
    ACCORD_VERSION_SEMVER,   /* Semantic Versioning 2.0.0, section 11 */
    ACCORD_VERSION_NPM,      /* the same, with a `v` or `=` before it */
    ACCORD_VERSION_GOLANG,   /* the same, with a `v` before it, as golang.org/x/mod/semver has it */
    ACCORD_VERSION_PYPI,     /* PEP 440 */
    ACCORD_VERSION_GEM,      /* Gem::Version */
    ACCORD_VERSION_NUGET,    /* up to four numbers, and a label whose case does not matter */
    ACCORD_VERSION_INTDOT    /* numbers with dots between them */
};

/* By the type of a VERS string: `deb`, `rpm`, `semver`, `npm`, `golang`, `pypi`, `gem`, `nuget`, `intdot`; also
 * `cargo`, `hex` and `composer` where they are semver's. NONE for all others, `generic` among them. */
enum accord_version_scheme accord_version_scheme(struct accord_bytes type);
/* The same by the type of a package URL, and by an ecosystem of OSV, like `Debian:12` or `PyPI`. */
enum accord_version_scheme accord_version_scheme_of_purl(struct accord_bytes type);
enum accord_version_scheme accord_version_scheme_of_osv(struct accord_bytes ecosystem);
/* The type of a VERS string; empty for NONE. */
struct accord_bytes accord_version_scheme_name(enum accord_version_scheme scheme);

/* *order is below, above or equal to 0. ACCORD_MALFORMED where one of them is no version of the scheme (*error's
 * found), ACCORD_UNSUPPORTED where the scheme is NONE and they differ. */
ACCORD_MUST_USE enum accord_status accord_version_compare(enum accord_version_scheme scheme, struct accord_bytes a,
                                                          struct accord_bytes b, int *order,
                                                          struct accord_error *error);

/* Is the version in the range, a VERS string? ACCORD_MALFORMED where the range does not follow its grammar, or is not
 * in order; ACCORD_UNSUPPORTED where that cannot be decided: the scheme's order is not known, or one of the versions is
 * none of it. */
ACCORD_MUST_USE enum accord_status accord_vers_contains(struct accord_bytes range, struct accord_bytes version,
                                                        bool *contains, struct accord_error *error);
/* Can the range be read, and all of it be ordered? The refusals of accord_vers_contains. */
ACCORD_MUST_USE enum accord_status accord_vers_check(struct accord_bytes range, struct accord_error *error);

#endif
