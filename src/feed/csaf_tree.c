/* CSAF 2.0, section 3.2.2: branches, full product names, relationships, groups. Branches are walked with a stack of
 * their own; its depth is that of the document. It knows nothing of vulnerabilities. */
#include "feed/csaf_tree.h"

#include "feed/product.h"
#include "feed/range.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX (ACCORD_FEED_DEPTH_MAX / 2)
#define HOPS_MAX 16 /* from a relationship to the component that it is about at last */

/* What the branches above say of a product. */
struct context {
    struct accord_bytes vendor, product, version;
    bool is_range;
    bool is_part; /* a service pack, an architecture, a language ...: not the whole of that version */
};

struct level {
    struct accord_json at, list; /* a branch, and those in it */
    size_t next, count;
    struct context context;
};

static int compare_texts(struct accord_bytes a, struct accord_bytes b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = least == 0 ? 0 : memcmp(a.data, b.data, least);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_products(const void *a, const void *b)
{
    const struct accord_csaf_product *left = a, *right = b;
    return compare_texts(left->id, right->id);
}

static int compare_groups(const void *a, const void *b)
{
    const struct accord_csaf_group *left = a, *right = b;
    return compare_texts(left->id, right->id);
}

static int compare_names(const void *a, const void *b, void *context)
{
    const size_t *left = a, *right = b;
    const struct accord_csaf_product *products = context;
    int order = compare_texts(products[*left].name, products[*right].name);
    return order != 0 ? order : (*left > *right) - (*left < *right);
}

bool accord_csaf_find(const struct accord_csaf_tree *tree, struct accord_bytes id, size_t *product)
{
    struct accord_csaf_product key = {.id = id};
    struct accord_csaf_product *found =
        tree->product_count == 0 ? NULL
                                 : bsearch(&key, tree->products, tree->product_count, sizeof key, compare_products);
    if (found != NULL)
        *product = (size_t)(found - tree->products);
    return found != NULL;
}

bool accord_csaf_find_group(const struct accord_csaf_tree *tree, struct accord_bytes id, size_t *group)
{
    struct accord_csaf_group key = {.id = id};
    struct accord_csaf_group *found =
        tree->group_count == 0 ? NULL : bsearch(&key, tree->groups, tree->group_count, sizeof key, compare_groups);
    if (found != NULL)
        *group = (size_t)(found - tree->groups);
    return found != NULL;
}

static struct accord_csaf_product *add_product(struct accord_feed_reader *reader, struct accord_csaf_tree *tree)
{
    if (tree->product_count == tree->product_capacity) {
        size_t capacity = tree->product_capacity == 0 ? 64 : 2 * tree->product_capacity;
        struct accord_csaf_product *grown = accord_arena_take(&reader->whole, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        if (tree->product_count > 0)
            memcpy(grown, tree->products, tree->product_count * sizeof *grown);
        tree->products = grown;
        tree->product_capacity = capacity;
    }
    struct accord_csaf_product *product = &tree->products[tree->product_count++];
    *product = (struct accord_csaf_product){.claim_count = 0};
    return product;
}

/* A helper's parts: what there is of them. */
struct helper {
    struct accord_json at, hashes;
    size_t hash_count;
    bool has_purl, has_cpe;
    struct accord_feed_purl purl;
    struct accord_feed_cpe cpe;
};

static enum accord_status read_helper(struct accord_feed_reader *reader, const struct accord_json *product,
                                      struct helper *helper)
{
    struct accord_bytes purl, cpe;
    *helper = (struct helper){.at = accord_json_member(product, "product_identification_helper")};
    struct accord_json purl_at = accord_json_member(&helper->at, "purl"),
                       cpe_at = accord_json_member(&helper->at, "cpe");
    helper->hashes = accord_json_member(&helper->at, "hashes");
    enum accord_status status = accord_json_object(&helper->at, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string(&purl_at, ACCORD_FEED_TEXT_SIZE_MAX, &purl, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string(&cpe_at, ACCORD_FEED_TEXT_SIZE_MAX, &cpe, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_array(&helper->hashes, &helper->hash_count, reader->error);
    if (status != ACCORD_OK)
        return status;
    helper->has_purl = purl.size > 0;
    helper->has_cpe = cpe.size > 0;
    if (helper->has_purl && !accord_feed_purl(&reader->whole, purl, &helper->purl))
        return accord_json_refuse(&purl_at, ACCORD_MALFORMED, "a package URL", reader->error);
    if (helper->has_cpe && !accord_feed_cpe_read(&reader->whole, cpe, &helper->cpe))
        return accord_json_refuse(&cpe_at, ACCORD_MALFORMED, "a CPE name", reader->error);
    return ACCORD_OK;
}

static void add_claim(struct accord_csaf_product *product, enum accord_claim_names names, struct accord_bytes name,
                      struct accord_feed_range range)
{
    product->claims[product->claim_count++] =
        (struct accord_claim){.names = names, .product = name, .range = range.range, .prose = range.prose};
}

/* The SHA-256 of one file, where its hashes have one. Without claims to add to, it only counts. */
static enum accord_status read_file_hashes(struct accord_feed_reader *reader, const struct accord_json *file,
                                           struct accord_csaf_product *product, size_t *count)
{
    struct accord_json list = accord_json_member(file, "file_hashes");
    size_t hashes;
    enum accord_status status = accord_json_array_needed(&list, &hashes, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < hashes; i++) {
        struct accord_json at = accord_json_item(&list, i), value_at = accord_json_member(&at, "value");
        struct accord_bytes algorithm, value, digest;
        status = accord_json_member_text(&at, "algorithm", ACCORD_FEED_TEXT_SIZE_MAX, &algorithm, reader->error);
        if (status == ACCORD_OK)
            status = accord_json_string_needed(&value_at, ACCORD_FEED_TEXT_SIZE_MAX, &value, reader->error);
        if (status != ACCORD_OK || !accord_bytes_equal(algorithm, ACCORD_LITERAL("sha256")))
            continue;
        if (!accord_feed_sha256(&reader->whole, value, &digest))
            return accord_json_refuse(&value_at, ACCORD_BAD_HEX, "64 hexadecimal digits", reader->error);
        if (product->claims != NULL)
            add_claim(product, ACCORD_CLAIM_SHA256, digest, accord_feed_range_all());
        (*count)++;
    }
    return status;
}

static enum accord_status read_hashes(struct accord_feed_reader *reader, const struct helper *helper,
                                      struct accord_csaf_product *product, size_t *count)
{
    enum accord_status status = ACCORD_OK;
    *count = 0;
    for (size_t i = 0; status == ACCORD_OK && i < helper->hash_count; i++) {
        struct accord_json file = accord_json_item(&helper->hashes, i);
        status = read_file_hashes(reader, &file, product, count);
    }
    return status;
}

/* Which versions the branches mean; failing that, the helper; failing that, what is left is the product's full name. */
static struct accord_feed_range range_of(struct accord_feed_reader *reader, const struct context *context,
                                         const struct helper *helper, struct accord_bytes full_name)
{
    struct accord_arena *arena = &reader->whole;
    if (context->is_part)
        return accord_feed_range_prose(arena, full_name);
    if (context->version.size > 0 && context->is_range)
        return accord_feed_range_read(arena, context->version);
    if (context->version.size > 0)
        return accord_feed_range_one(arena, helper->purl.scheme, context->version);
    if (helper->purl.version.size > 0)
        return accord_feed_range_listed(arena, helper->purl.scheme, &helper->purl.version, 1);
    if (helper->cpe.version.size > 0)
        return accord_feed_range_one(arena, (struct accord_bytes){NULL, 0}, helper->cpe.version);
    return accord_feed_range_prose(arena, full_name);
}

static enum accord_status make_claims(struct accord_feed_reader *reader, struct accord_csaf_product *product,
                                      const struct context *context, const struct helper *helper,
                                      struct accord_bytes full_name)
{
    struct accord_feed_range range = range_of(reader, context, helper, full_name);
    size_t hashes;
    enum accord_status status = read_hashes(reader, helper, product, &hashes);
    if (status != ACCORD_OK)
        return status;
    product->claims =
        accord_arena_take(&reader->whole, (hashes + helper->has_purl + helper->has_cpe + 1) * sizeof *product->claims);
    if (product->claims == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    status = read_hashes(reader, helper, product, &hashes);
    if (helper->has_purl) {
        bool exact = helper->purl.version.size > 0;
        add_claim(product, ACCORD_CLAIM_PURL, helper->purl.product,
                  exact ? accord_feed_range_listed(&reader->whole, helper->purl.scheme, &helper->purl.version, 1)
                        : range);
        product->claims[product->claim_count - 1].qualifiers = helper->purl.qualifiers;
    }
    if (helper->has_cpe)
        add_claim(product, ACCORD_CLAIM_CPE, helper->cpe.product,
                  helper->cpe.is_part ? accord_feed_range_prose(&reader->whole, full_name) : range);
    product->name = context->product.size > 0
                        ? accord_feed_name(&reader->whole, context->vendor, context->product)
                        : accord_feed_name(&reader->whole, (struct accord_bytes){NULL, 0}, full_name);
    add_claim(product, ACCORD_CLAIM_NAME, product->name, range);
    if (range.range.size > 0 && !context->is_range && accord_feed_is_version(context->version))
        product->version = context->version;
    else if (context->version.size == 0)
        product->version = helper->purl.version;
    return status;
}

/* A full_product_name_t, in the branches or elsewhere. */
static enum accord_status read_product(struct accord_feed_reader *reader, struct accord_csaf_tree *tree,
                                       const struct accord_json *at, const struct context *context,
                                       struct accord_bytes component)
{
    struct accord_json id_at = accord_json_member(at, "product_id"), name_at = accord_json_member(at, "name");
    struct accord_bytes id, name;
    struct helper helper;
    enum accord_status status = accord_json_object_needed(at, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&id_at, ACCORD_FEED_TEXT_SIZE_MAX, &id, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&name_at, ACCORD_FEED_TEXT_SIZE_MAX, &name, reader->error);
    if (status == ACCORD_OK)
        status = read_helper(reader, at, &helper);
    if (status != ACCORD_OK)
        return status;
    struct accord_csaf_product *product = add_product(reader, tree);
    if (product == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    product->id = id;
    if (component.size == 0 || helper.has_purl || helper.has_cpe || helper.hash_count > 0)
        return make_claims(reader, product, context, &helper, name);
    product->component = component;
    product->only_there = true;
    return ACCORD_OK;
}

static bool is(struct accord_bytes text, const char *word)
{
    return accord_bytes_equal(text, (struct accord_bytes){(const uint8_t *)word, strlen(word)});
}

/* Takes what one branch says into the context of those above it. */
static enum accord_status read_category(struct accord_feed_reader *reader, const struct accord_json *at,
                                        struct context *context)
{
    static const char *const parts[] = {"architecture", "host_name",    "language",     "legacy",
                                        "patch_level",  "service_pack", "specification"};
    struct accord_json category_at = accord_json_member(at, "category"), name_at = accord_json_member(at, "name");
    struct accord_bytes category, name;
    enum accord_status status =
        accord_json_string_needed(&category_at, ACCORD_FEED_TEXT_SIZE_MAX, &category, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&name_at, ACCORD_FEED_TEXT_SIZE_MAX, &name, reader->error);
    if (status != ACCORD_OK || is(category, "product_family"))
        return status;
    if (is(category, "vendor")) {
        context->vendor = name;
        return ACCORD_OK;
    }
    if (is(category, "product_name")) {
        context->product = name;
        return ACCORD_OK;
    }
    if (is(category, "product_version") || is(category, "product_version_range")) {
        context->is_part = context->is_part || context->version.size > 0;
        context->version = name;
        context->is_range = is(category, "product_version_range");
        return ACCORD_OK;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (is(category, parts[i])) {
            context->is_part = true;
            return ACCORD_OK;
        }
    }
    return accord_json_refuse(&category_at, ACCORD_MALFORMED, "a category of CSAF's branches", reader->error);
}

/* One branch: a product, or the next level. */
static enum accord_status enter_branch(struct accord_feed_reader *reader, struct accord_csaf_tree *tree,
                                       struct level *levels, size_t *depth)
{
    struct level *above = &levels[*depth - 1], *level = &levels[*depth];
    level->at = accord_json_item(&above->list, above->next++);
    level->context = above->context;
    enum accord_status status = accord_json_object_needed(&level->at, reader->error);
    if (status == ACCORD_OK)
        status = read_category(reader, &level->at, &level->context);
    if (status != ACCORD_OK)
        return status;
    struct accord_json product = accord_json_member(&level->at, "product");
    level->list = accord_json_member(&level->at, "branches");
    level->next = 0;
    if ((product.value == NULL) == (level->list.value == NULL))
        return accord_json_refuse(&level->at, ACCORD_MALFORMED, "a product or branches, and not both", reader->error);
    if (product.value != NULL)
        return read_product(reader, tree, &product, &level->context, (struct accord_bytes){NULL, 0});
    status = accord_json_array(&level->list, &level->count, reader->error);
    if (status == ACCORD_OK && ++*depth == LEVELS_MAX)
        status = accord_json_refuse(&level->at, ACCORD_TOO_LARGE, "fewer branches in one another", reader->error);
    return status;
}

static enum accord_status read_branches(struct accord_feed_reader *reader, struct accord_csaf_tree *tree,
                                        const struct accord_json *root)
{
    struct level levels[LEVELS_MAX];
    size_t depth = 1;
    levels[0] = (struct level){.list = accord_json_member(root, "branches")};
    enum accord_status status = accord_json_array(&levels[0].list, &levels[0].count, reader->error);
    while (status == ACCORD_OK && depth > 0) {
        if (levels[depth - 1].next < levels[depth - 1].count)
            status = enter_branch(reader, tree, levels, &depth);
        else
            depth--;
    }
    return status;
}

static enum accord_status read_full_names(struct accord_feed_reader *reader, struct accord_csaf_tree *tree,
                                          const struct accord_json *root)
{
    static const struct context none;
    struct accord_json list = accord_json_member(root, "full_product_names");
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = read_product(reader, tree, &at, &none, (struct accord_bytes){NULL, 0});
    }
    return status;
}

static enum accord_status read_relationships(struct accord_feed_reader *reader, struct accord_csaf_tree *tree,
                                             const struct accord_json *root)
{
    static const struct context none;
    struct accord_json list = accord_json_member(root, "relationships");
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i), component_at = accord_json_member(&at, "product_reference"),
                           product_at = accord_json_member(&at, "full_product_name");
        struct accord_bytes component;
        status = accord_json_string_needed(&component_at, ACCORD_FEED_TEXT_SIZE_MAX, &component, reader->error);
        if (status == ACCORD_OK)
            status = read_product(reader, tree, &product_at, &none, component);
    }
    return status;
}

static enum accord_status refuse_id(struct accord_feed_reader *reader, enum accord_status status,
                                    struct accord_bytes id, const char *expected)
{
    accord_fail(reader->error, status, 0);
    accord_error_what(reader->error, ACCORD_LITERAL("product_tree"));
    accord_error_expected(reader->error, (struct accord_bytes){(const uint8_t *)expected, strlen(expected)});
    accord_error_found(reader->error, id);
    return status;
}

/* Sorts by id, which must be one product's. */
static enum accord_status sort_products(struct accord_feed_reader *reader, struct accord_csaf_tree *tree)
{
    if (tree->product_count == 0)
        return ACCORD_OK;
    qsort(tree->products, tree->product_count, sizeof *tree->products, compare_products);
    for (size_t i = 1; i < tree->product_count; i++)
        if (accord_bytes_equal(tree->products[i - 1].id, tree->products[i].id))
            return refuse_id(reader, ACCORD_DUPLICATE, tree->products[i].id, "an id for each product");
    return ACCORD_OK;
}

/* What is said of a relationship is said of its component. */
static enum accord_status resolve(struct accord_feed_reader *reader, struct accord_csaf_tree *tree)
{
    for (size_t i = 0; i < tree->product_count; i++) {
        struct accord_csaf_product *product = &tree->products[i];
        size_t at = i, hops = 0;
        while (tree->products[at].component.size > 0) {
            struct accord_bytes wanted = tree->products[at].component;
            if (!accord_csaf_find(tree, wanted, &at))
                return refuse_id(reader, ACCORD_UNKNOWN_NAME, wanted, "relationships between products of the tree");
            if (++hops > HOPS_MAX)
                return refuse_id(reader, ACCORD_MALFORMED, wanted, "relationships that end at a component");
        }
        if (hops == 0)
            continue;
        product->name = tree->products[at].name;
        product->version = tree->products[at].version;
        product->claims = tree->products[at].claims;
        product->claim_count = tree->products[at].claim_count;
    }
    return ACCORD_OK;
}

static enum accord_status find_names(struct accord_feed_reader *reader, struct accord_csaf_tree *tree)
{
    size_t *order = accord_arena_take(&reader->whole, tree->product_count * sizeof *order);
    if (order == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    for (size_t i = 0; i < tree->product_count; i++)
        order[i] = i;
    if (tree->product_count > 1)
        qsort_r(order, tree->product_count, sizeof *order, compare_names, tree->products);
    for (size_t i = 0; i < tree->product_count; i++) {
        struct accord_csaf_product *product = &tree->products[order[i]];
        bool again = i > 0 && accord_bytes_equal(tree->products[order[i - 1]].name, product->name);
        product->named_by = again ? tree->products[order[i - 1]].named_by : order[i];
    }
    return ACCORD_OK;
}

static enum accord_status read_group(struct accord_feed_reader *reader, const struct accord_csaf_tree *tree,
                                     const struct accord_json *at, struct accord_csaf_group *group)
{
    struct accord_json id_at = accord_json_member(at, "group_id"), list = accord_json_member(at, "product_ids");
    size_t count, product;
    enum accord_status status = accord_json_string_needed(&id_at, ACCORD_FEED_TEXT_SIZE_MAX, &group->id, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_array_needed(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json id = accord_json_item(&list, i);
        struct accord_bytes text;
        status = accord_json_string_needed(&id, ACCORD_FEED_TEXT_SIZE_MAX, &text, reader->error);
        if (status == ACCORD_OK && !accord_csaf_find(tree, text, &product))
            status = accord_json_refuse(&id, ACCORD_UNKNOWN_NAME, "the id of a product of the tree", reader->error);
    }
    group->products = list.value;
    return status;
}

static enum accord_status read_groups(struct accord_feed_reader *reader, struct accord_csaf_tree *tree,
                                      const struct accord_json *root)
{
    struct accord_json list = accord_json_member(root, "product_groups");
    enum accord_status status = accord_json_array(&list, &tree->group_count, reader->error);
    if (status != ACCORD_OK || tree->group_count == 0)
        return status;
    tree->groups = accord_arena_take(&reader->whole, tree->group_count * sizeof *tree->groups);
    if (tree->groups == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    for (size_t i = 0; status == ACCORD_OK && i < tree->group_count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = read_group(reader, tree, &at, &tree->groups[i]);
    }
    if (status != ACCORD_OK)
        return status;
    qsort(tree->groups, tree->group_count, sizeof *tree->groups, compare_groups);
    for (size_t i = 1; i < tree->group_count; i++)
        if (accord_bytes_equal(tree->groups[i - 1].id, tree->groups[i].id))
            return refuse_id(reader, ACCORD_DUPLICATE, tree->groups[i].id, "an id for each group of products");
    return ACCORD_OK;
}

enum accord_status accord_csaf_tree_read(struct accord_feed_reader *reader, struct accord_csaf_tree *tree)
{
    struct accord_json root = accord_json_member(&reader->root, "product_tree");
    *tree = (struct accord_csaf_tree){.product_count = 0};
    enum accord_status status = accord_json_object(&root, reader->error);
    if (status == ACCORD_OK)
        status = read_branches(reader, tree, &root);
    if (status == ACCORD_OK)
        status = read_full_names(reader, tree, &root);
    if (status == ACCORD_OK)
        status = read_relationships(reader, tree, &root);
    if (status == ACCORD_OK)
        status = sort_products(reader, tree);
    if (status == ACCORD_OK)
        status = resolve(reader, tree);
    if (status == ACCORD_OK)
        status = find_names(reader, tree);
    return status == ACCORD_OK ? read_groups(reader, tree, &root) : status;
}
