/* Package URLs (package-url/purl-spec): read, and made canonical without their version, qualifiers and subpath; and
 * those that follow from an ecosystem or a collection and a name. */
#include "feed/product.h"

#include "feed/reader.h"

#include "core/text.h"
#include "version/version.h"

#include <stdlib.h>
#include <string.h>

#define QUALIFIERS_MAX 64

static const struct accord_bytes nothing = {NULL, 0};

/* Which parts of a type's names are compared in lowercase. */
static const struct type {
    const char *name;
    bool folds_namespace, folds_name;
} types[] = {
    {"alpm", true, true}, {"apk", true, true},    {"bitbucket", true, true}, {"composer", true, true},
    {"deb", true, true},  {"github", true, true}, {"golang", true, true},    {"hex", true, true},
    {"npm", true, true},  {"pub", false, true},   {"pypi", false, true},     {"rpm", true, false},
};

static bool is(struct accord_bytes text, const char *word)
{
    return accord_bytes_equal(text, (struct accord_bytes){(const uint8_t *)word, strlen(word)});
}

static struct accord_bytes text_of(const char *word)
{
    return (struct accord_bytes){(const uint8_t *)word, word == NULL ? 0 : strlen(word)};
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

static struct accord_bytes scheme_of(struct accord_bytes type)
{
    return accord_version_scheme_name(accord_version_scheme_of_purl(type));
}

static const struct type *type_of(struct accord_bytes name)
{
    static const struct type other = {.name = NULL};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is(name, types[i].name))
            return &types[i];
    return &other;
}

/* The last byte equal to at: what stands before it stays in *rest, what follows is *piece. */
static bool cut_last(struct accord_bytes *rest, uint8_t at, struct accord_bytes *piece)
{
    for (size_t i = rest->size; i > 0; i--) {
        if (rest->data[i - 1] != at)
            continue;
        *piece = (struct accord_bytes){rest->data + i, rest->size - i};
        rest->size = i - 1;
        return true;
    }
    return false;
}

static bool decode(struct accord_arena *arena, struct accord_bytes text, bool fold, struct accord_bytes *decoded)
{
    struct accord_out out = accord_arena_room(arena, text.size);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            if (text.size - i < 3)
                return false;
            uint8_t digits[2] = {lower(text.data[i + 1]), lower(text.data[i + 2])};
            if (!accord_hex_read((struct accord_bytes){digits, 2}, &byte, 1))
                return false;
            i += 2;
        }
        if (byte < ' ' || text.data[i] == ' ' || byte == 0x7f) /* a space may be encoded */
            return false;
        accord_put_byte(&out, fold ? lower(byte) : byte);
    }
    *decoded = accord_out_bytes(&out);
    return accord_utf8_valid(*decoded);
}

static void put_encoded(struct accord_out *out, struct accord_bytes text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if ((byte >= '0' && byte <= '9') || (lower(byte) >= 'a' && lower(byte) <= 'z') ||
            (byte < 0x80 && strchr(".-_~:", byte) != NULL && byte != 0)) {
            accord_put_byte(out, byte);
            continue;
        }
        accord_put_byte(out, '%');
        accord_put_byte(out, (uint8_t)digits[byte >> 4]);
        accord_put_byte(out, (uint8_t)digits[byte & 15]);
    }
}

/* `pkg:type/namespace/name` of decoded parts; the namespace's segments are between slashes. */
static struct accord_bytes print(struct accord_arena *arena, struct accord_bytes type, struct accord_bytes space,
                                 struct accord_bytes name)
{
    bool python = is(type, "pypi");
    struct accord_out out = accord_arena_room(arena, type.size + 3 * (space.size + name.size) + 8);
    accord_put(&out, ACCORD_LITERAL("pkg:"));
    accord_put(&out, type);
    accord_put_byte(&out, '/');
    while (space.size > 0) {
        struct accord_bytes segment;
        if (!accord_cut(&space, '/', &segment)) {
            segment = space;
            space = nothing;
        }
        put_encoded(&out, segment);
        if (segment.size > 0)
            accord_put_byte(&out, '/');
    }
    size_t start = out.size;
    put_encoded(&out, name);
    for (size_t i = start; python && i < out.size; i++)
        if (out.data[i] == '_')
            out.data[i] = '-';
    return accord_out_bytes(&out);
}

static int compare_texts(const void *a, const void *b)
{
    const struct accord_bytes *left = a, *right = b;
    int order = memcmp(left->data, right->data, left->size < right->size ? left->size : right->size);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* `key=value` by key, the keys in lowercase; those without a value are left out. */
static bool read_qualifiers(struct accord_arena *arena, struct accord_bytes text, struct accord_bytes *qualifiers)
{
    struct accord_bytes pairs[QUALIFIERS_MAX], pair;
    size_t count = 0, size = 0;
    while (text.size > 0) {
        struct accord_bytes key, value;
        if (!accord_cut(&text, '&', &pair)) {
            pair = text;
            text = nothing;
        }
        if (!accord_cut(&pair, '=', &key) || key.size == 0 || count == QUALIFIERS_MAX)
            return false;
        if (pair.size == 0)
            continue;
        if (!decode(arena, key, true, &key) || !decode(arena, pair, false, &value))
            return false;
        struct accord_out out = accord_arena_room(arena, key.size + 1 + 3 * value.size);
        accord_put(&out, key);
        accord_put_byte(&out, '=');
        put_encoded(&out, value);
        pairs[count++] = accord_out_bytes(&out);
        size += out.size + 1;
    }
    qsort(pairs, count, sizeof *pairs, compare_texts);
    struct accord_out out = accord_arena_room(arena, size);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            accord_put_byte(&out, '&');
        accord_put(&out, pairs[i]);
    }
    *qualifiers = accord_out_bytes(&out);
    return true;
}

static bool is_type(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = lower(text.data[i]);
        bool letter = byte >= 'a' && byte <= 'z';
        bool other = (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '+';
        if (!letter && !(other && i > 0))
            return false;
    }
    return text.size > 0;
}

/* Everything before the qualifiers: type, namespace, name and version. */
static bool read_path(struct accord_arena *arena, struct accord_bytes rest, struct accord_feed_purl *purl)
{
    struct accord_bytes type, name, version = nothing, piece;
    while (rest.size > 0 && rest.data[0] == '/')
        rest = (struct accord_bytes){rest.data + 1, rest.size - 1};
    if (!accord_cut(&rest, '/', &type) || !is_type(type))
        return false;
    type = accord_feed_folded(arena, type);
    const struct type *known = type_of(type);
    name = rest;
    if (cut_last(&name, '@', &piece) && memchr(piece.data, '/', piece.size) == NULL) {
        version = piece;
        rest = name;
        if (rest.size > 0 && rest.data[rest.size - 1] == '/')
            return false; /* a version of nothing */
    }
    while (rest.size > 0 && rest.data[rest.size - 1] == '/')
        rest.size--;
    struct accord_bytes space = rest;
    if (!cut_last(&space, '/', &name)) {
        name = rest;
        space = nothing;
    }
    if (name.size == 0 || !decode(arena, space, known->folds_namespace, &space) ||
        !decode(arena, name, known->folds_name, &name) || !decode(arena, version, false, &purl->version))
        return false;
    purl->product = print(arena, type, space, name);
    purl->scheme = scheme_of(type);
    return true;
}

bool accord_feed_purl(struct accord_arena *arena, struct accord_bytes text, struct accord_feed_purl *purl)
{
    struct accord_bytes rest = text, piece, qualifiers = nothing;
    *purl = (struct accord_feed_purl){.version = nothing};
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("pkg:")))
        return false;
    (void)cut_last(&rest, '#', &piece);
    struct accord_bytes path;
    if (accord_cut(&rest, '?', &path))
        qualifiers = rest;
    else
        path = rest;
    return read_path(arena, path, purl) && read_qualifiers(arena, qualifiers, &purl->qualifiers);
}

/* OSV's ecosystems (ossf.github.io/osv-schema, "Defined ecosystems") and the packages of distributions among them. */
static const struct ecosystem {
    const char *name, *type, *space;
    const char *id; /* of a distribution, as os-release has it */
} ecosystems[] = {
    {"Go", "golang", NULL, NULL},
    {"npm", "npm", NULL, NULL},
    {"PyPI", "pypi", NULL, NULL},
    {"Maven", "maven", NULL, NULL},
    {"crates.io", "cargo", NULL, NULL},
    {"RubyGems", "gem", NULL, NULL},
    {"NuGet", "nuget", NULL, NULL},
    {"Packagist", "composer", NULL, NULL},
    {"Hex", "hex", NULL, NULL},
    {"Pub", "pub", NULL, NULL},
    {"Hackage", "hackage", NULL, NULL},
    {"CRAN", "cran", NULL, NULL},
    {"ConanCenter", "conan", NULL, NULL},
    {"SwiftURL", "swift", NULL, NULL},
    {"Bitnami", "bitnami", NULL, NULL},
    {"Debian", "deb", "debian", "debian"},
    {"Ubuntu", "deb", "ubuntu", "ubuntu"},
    {"Alpine", "apk", "alpine", "alpine"},
    {"Wolfi", "apk", "wolfi", "wolfi"},
    {"Chainguard", "apk", "chainguard", "chainguard"},
    {"AlmaLinux", "rpm", "almalinux", "almalinux"},
    {"Rocky Linux", "rpm", "rocky-linux", "rocky"},
    {"Red Hat", "rpm", "redhat", "rhel"},
    {"openSUSE", "rpm", "opensuse", "opensuse"},
    {"SUSE", "rpm", "suse", "sles"},
    {"Mageia", "rpm", "mageia", "mageia"},
    {"openEuler", "rpm", "openeuler", "openeuler"},
};

/* `distro=debian-12`: the release is what follows the last name that ends in a number's beginning
 * (`Ubuntu:Pro:22.04:LTS`, `Alpine:v3.18`); where there is no number the whole of it stands there, so that nothing else
 * is taken for it. */
static struct accord_bytes distribution(struct accord_arena *arena, const char *id, struct accord_bytes release)
{
    struct accord_bytes rest = release, piece, best = release;
    for (bool more = true; more;) {
        more = accord_cut(&rest, ':', &piece);
        piece = more ? piece : rest;
        struct accord_bytes number = piece;
        if (number.size > 1 && number.data[0] == 'v')
            number = (struct accord_bytes){number.data + 1, number.size - 1};
        if (number.size > 0 && number.data[0] >= '0' && number.data[0] <= '9') {
            best = number;
            more = false;
        }
    }
    struct accord_out out = accord_arena_room(arena, strlen(id) + 3 * best.size + 16);
    accord_put(&out, ACCORD_LITERAL("distro="));
    accord_put(&out, text_of(id));
    accord_put_byte(&out, '-');
    put_encoded(&out, best);
    return accord_out_bytes(&out);
}

/* A package by its decoded name: what stands before the last slash (of Maven, the colon) is its namespace. */
static bool by_name(struct accord_arena *arena, const char *type_name, struct accord_bytes space,
                    struct accord_bytes name, struct accord_feed_purl *purl)
{
    const struct type *known = type_of(text_of(type_name));
    struct accord_bytes last = nothing;
    *purl = (struct accord_feed_purl){.scheme = scheme_of(text_of(type_name))};
    if (!accord_feed_id_valid(name))
        return false;
    if (space.size == 0 && cut_last(&name, strcmp(type_name, "maven") == 0 ? ':' : '/', &last)) {
        space = name;
        name = last;
    }
    if (name.size == 0)
        return false;
    if (known->folds_namespace)
        space = accord_feed_folded(arena, space);
    if (known->folds_name)
        name = accord_feed_folded(arena, name);
    purl->product = print(arena, text_of(type_name), space, name);
    return true;
}

bool accord_feed_ecosystem(struct accord_arena *arena, struct accord_bytes ecosystem, struct accord_bytes name,
                           struct accord_feed_purl *purl)
{
    struct accord_bytes release = ecosystem, family;
    *purl = (struct accord_feed_purl){.version = nothing};
    if (!accord_cut(&release, ':', &family)) {
        family = ecosystem;
        release = nothing;
    }
    for (size_t i = 0; i < sizeof ecosystems / sizeof *ecosystems; i++) {
        const struct ecosystem *known = &ecosystems[i];
        if (!is(family, known->name))
            continue;
        if (!by_name(arena, known->type, text_of(known->space), name, purl))
            return false;
        purl->scheme = accord_version_scheme_name(accord_version_scheme_of_osv(ecosystem));
        if (known->id != NULL && release.size > 0)
            purl->qualifiers = distribution(arena, known->id, release);
        return true;
    }
    return false;
}

/* Hosts of collections, as a name and what it stands in; where the rest of the URL matters, that. */
static const struct collection {
    const char *name, *domain, *path, *type;
} collections[] = {
    {"npmjs", "org", "", "npm"},          {"npmjs", "com", "", "npm"},     {"pypi", "org", "", "pypi"},
    {"rubygems", "org", "", "gem"},       {"crates", "io", "", "cargo"},   {"nuget", "org", "", "nuget"},
    {"packagist", "org", "", "composer"}, {"hex", "pm", "", "hex"},        {"maven.apache", "org", "", "maven"},
    {"maven", "org", "/maven2", "maven"}, {"pkg.go", "dev", "", "golang"}, {"pub", "dev", "", "pub"},
};

/* Is the host name.domain, or below it? */
static bool is_host(struct accord_bytes host, const struct collection *collection)
{
    size_t name = strlen(collection->name), domain = strlen(collection->domain), size = name + 1 + domain;
    if (host.size < size || (host.size > size && host.data[host.size - size - 1] != '.'))
        return false;
    const uint8_t *at = host.data + (host.size - size);
    return memcmp(at, collection->name, name) == 0 && at[name] == '.' &&
           memcmp(at + name + 1, collection->domain, domain) == 0;
}

bool accord_feed_collection(struct accord_arena *arena, struct accord_bytes url, struct accord_bytes name,
                            struct accord_feed_purl *purl)
{
    struct accord_bytes rest = url, host;
    *purl = (struct accord_feed_purl){.version = nothing};
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("https://")) && !accord_cut_prefix(&rest, ACCORD_LITERAL("http://")))
        return false;
    host = rest;
    const uint8_t *slash = rest.size == 0 ? NULL : memchr(rest.data, '/', rest.size);
    if (slash != NULL)
        host.size = (size_t)(slash - rest.data);
    rest = (struct accord_bytes){rest.data + host.size, rest.size - host.size};
    host = accord_feed_folded(arena, host);
    for (size_t i = 0; i < sizeof collections / sizeof *collections; i++)
        if (is_host(host, &collections[i]) && accord_cut_prefix(&rest, text_of(collections[i].path)))
            return by_name(arena, collections[i].type, nothing, name, purl);
    return false;
}
