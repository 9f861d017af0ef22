/* Names of products, made into the few forms that claims have. It knows how ecosystems, collections and CPE name
 * things; which versions are meant it does not. */
#include "feed/product.h"

#include "feed/reader.h"

#include "core/text.h"

#include <string.h>

static const struct accord_bytes nothing = {NULL, 0};

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

struct accord_bytes accord_feed_name(struct accord_arena *arena, struct accord_bytes vendor,
                                     struct accord_bytes product)
{
    struct accord_bytes left = accord_feed_folded(arena, vendor), right = accord_feed_folded(arena, product);
    if (left.size == 0 || right.size == 0)
        return left.size == 0 ? right : left;
    struct accord_out out = accord_arena_room(arena, left.size + 1 + right.size);
    accord_put(&out, left);
    accord_put_byte(&out, '/');
    accord_put(&out, right);
    return accord_out_bytes(&out);
}

bool accord_feed_sha256(struct accord_arena *arena, struct accord_bytes text, struct accord_bytes *digest)
{
    uint8_t bytes[ACCORD_HASH_SIZE];
    *digest = accord_feed_folded(arena, text);
    return text.size == 2 * sizeof bytes && accord_hex_read(*digest, bytes, sizeof bytes);
}

/* A byte of percent-encoding or of itself, cut from the front; '%' without two digits is itself no byte. */
static bool cut_byte(struct accord_bytes *rest, uint8_t *byte)
{
    *byte = rest->data[0];
    size_t size = 1;
    if (*byte == '%') {
        uint8_t digits[2];
        if (rest->size < 3)
            return false;
        digits[0] = lower(rest->data[1]);
        digits[1] = lower(rest->data[2]);
        if (!accord_hex_read((struct accord_bytes){digits, 2}, byte, 1))
            return false;
        size = 3;
    }
    rest->data += size;
    rest->size -= size;
    return true;
}

/* CPE 2.2 as a URI and 2.3 as a formatted string (NISTIR 7695), one component: unescaped, lowercase. *any where it is
 * `*`, `-` or empty. */
static bool cut_component(struct accord_arena *arena, struct accord_bytes *rest, bool uri, struct accord_bytes *text,
                          bool *any)
{
    struct accord_out out = accord_arena_room(arena, rest->size);
    size_t start = rest->size;
    bool wild = false, escaped = false;
    while (rest->size > 0 && rest->data[0] != ':') {
        uint8_t byte = rest->data[0];
        if (uri) {
            if (!cut_byte(rest, &byte))
                return false;
        } else {
            escaped = byte == '\\' && rest->size > 1;
            byte = escaped ? rest->data[1] : byte;
            rest->data += escaped ? 2 : 1;
            rest->size -= escaped ? 2 : 1;
            wild = wild || (!escaped && (byte == '*' || byte == '?'));
        }
        if (byte <= ' ' || byte >= 0x7f)
            return false;
        accord_put_byte(&out, lower(byte));
    }
    bool dash = start - rest->size == 1 && out.size == 1 && out.data[0] == '-';
    *any = out.size == 0 || wild || dash;
    *text = accord_out_bytes(&out);
    if (rest->size > 0) {
        rest->data++;
        rest->size--;
    }
    return true;
}

bool accord_feed_cpe(struct accord_arena *arena, struct accord_bytes text, struct accord_bytes *product,
                     struct accord_bytes *version)
{
    struct accord_bytes rest = text, part, vendor, name, number, update;
    bool any[5], uri = accord_cut_prefix(&rest, ACCORD_LITERAL("cpe:/"));
    if (!uri && !accord_cut_prefix(&rest, ACCORD_LITERAL("cpe:2.3:")))
        return false;
    *version = nothing;
    if (rest.size > ACCORD_FEED_ID_SIZE_MAX * 4 || !cut_component(arena, &rest, uri, &part, &any[0]) ||
        !cut_component(arena, &rest, uri, &vendor, &any[1]) || !cut_component(arena, &rest, uri, &name, &any[2]) ||
        !cut_component(arena, &rest, uri, &number, &any[3]) || !cut_component(arena, &rest, uri, &update, &any[4]))
        return false;
    if (any[0] || any[1] || any[2] || part.size != 1 || strchr("aoh", part.data[0]) == NULL)
        return false;
    struct accord_out out = accord_arena_room(arena, vendor.size + name.size + 3);
    accord_put(&out, part);
    accord_put_byte(&out, ':');
    accord_put(&out, vendor);
    accord_put_byte(&out, ':');
    accord_put(&out, name);
    *product = accord_out_bytes(&out);
    if (any[3])
        return true;
    out = accord_arena_room(arena, number.size + update.size + 1);
    accord_put(&out, number);
    if (!any[4]) {
        accord_put_byte(&out, ' ');
        accord_put(&out, update);
    }
    *version = accord_out_bytes(&out);
    return true;
}
