/* How a document names a product, made into how a claim does. */
#ifndef ACCORD_FEED_PRODUCT_H
#define ACCORD_FEED_PRODUCT_H

#include "feed/arena.h"
#include "feed/claim.h"

/* A package URL: what a claim has of it. Texts lie in the arena. */
struct accord_feed_purl {
    struct accord_bytes product;    /* `pkg:golang/example.com/x` */
    struct accord_bytes qualifiers; /* canonical; or empty */
    struct accord_bytes version;    /* decoded; or empty */
    struct accord_bytes scheme;     /* VERS's, of this type's versions; or empty */
};
/* false where it is no package URL. */
ACCORD_MUST_USE bool accord_feed_purl(struct accord_arena *arena, struct accord_bytes text,
                                      struct accord_feed_purl *purl);
/* A CPE name: `part:vendor:product`, and what it says beside that. */
struct accord_feed_cpe {
    struct accord_bytes product;
    struct accord_bytes version; /* with its update, where it has one, as `1.2 sp1`; empty: any, or not said */
    bool is_part; /* an edition, a language, a target: what is said of it is not said of the whole product */
};
/* CPE 2.2 as a URI, or 2.3 as a formatted string. false where it is no CPE name, or names no product. */
ACCORD_MUST_USE bool accord_feed_cpe_read(struct accord_arena *arena, struct accord_bytes text,
                                          struct accord_feed_cpe *cpe);
/* `vendor/product`, or the one that there is. */
struct accord_bytes accord_feed_name(struct accord_arena *arena, struct accord_bytes vendor,
                                     struct accord_bytes product);
/* SHA-256 in hexadecimal of either case, as 64 lowercase digits. false where it is none. */
ACCORD_MUST_USE bool accord_feed_sha256(struct accord_arena *arena, struct accord_bytes text,
                                        struct accord_bytes *digest);
/* The package URL of a package in an ecosystem, as OSV names them (`Go`, `Debian:12`); its scheme, too. false where it
 * is not known which packages those are. */
ACCORD_MUST_USE bool accord_feed_ecosystem(struct accord_arena *arena, struct accord_bytes ecosystem,
                                           struct accord_bytes name, struct accord_feed_purl *purl);
/* The package URL of a package in a collection, as CVE records name it by its URL. false where it is none of those that
 * are known. */
ACCORD_MUST_USE bool accord_feed_collection(struct accord_arena *arena, struct accord_bytes url,
                                            struct accord_bytes name, struct accord_feed_purl *purl);

#endif
