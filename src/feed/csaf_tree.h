/* The product tree of a CSAF document: which product an id means, and what claims of it will look like. */
#ifndef ACCORD_FEED_CSAF_TREE_H
#define ACCORD_FEED_CSAF_TREE_H

#include "feed/reader.h"

/* One product id. Everything lies in the reader's arena for the whole document. */
struct accord_csaf_product {
    struct accord_bytes id;
    struct accord_bytes name;      /* folded: products of one name are versions of one thing */
    struct accord_bytes version;   /* one version, as it is written; or empty */
    struct accord_bytes component; /* of a relationship that has no helper of its own: what it is said of */
    /* What is said of a component on, in or with another product holds there, and not everywhere. */
    bool only_there;
    struct accord_claim *claims; /* says is not set */
    size_t claim_count;
    size_t named_by; /* the first product of this name, which stands for the name */
};

struct accord_csaf_group {
    struct accord_bytes id;
    const json_t *products; /* an array of ids that are in the tree */
};

struct accord_csaf_tree {
    struct accord_csaf_product *products; /* by id */
    size_t product_count, product_capacity;
    struct accord_csaf_group *groups; /* by id */
    size_t group_count;
};

/* Reads document's product_tree. ACCORD_DUPLICATE where an id means two products, ACCORD_UNKNOWN_NAME where one means
 * none (CSAF 2.0, 6.1.1 and 6.1.2). */
ACCORD_MUST_USE enum accord_status accord_csaf_tree_read(struct accord_feed_reader *reader,
                                                         struct accord_csaf_tree *tree);
/* false where there is none. */
ACCORD_MUST_USE bool accord_csaf_find(const struct accord_csaf_tree *tree, struct accord_bytes id, size_t *product);
ACCORD_MUST_USE bool accord_csaf_find_group(const struct accord_csaf_tree *tree, struct accord_bytes id, size_t *group);

#endif
