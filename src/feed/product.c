/* Names of products, made into the few forms that claims have. It knows how ecosystems, collections and CPE name
 * things; which versions are meant it does not. */
#include "feed/product.h"

#include "feed/reader.h"

#include "core/text.h"

#include <string.h>

#define CPE_SIZE_MAX 1024

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

/* `1.2 sp1` */
static struct accord_bytes with_update(struct accord_arena *arena, struct accord_bytes number,
                                       struct accord_bytes update)
{
    struct accord_out out = accord_arena_room(arena, number.size + update.size + 1);
    accord_put(&out, number);
    if (update.size > 0)
        accord_put_byte(&out, ' ');
    accord_put(&out, update);
    return accord_out_bytes(&out);
}

bool accord_feed_cpe_read(struct accord_arena *arena, struct accord_bytes text, struct accord_feed_cpe *cpe)
{
    enum { PART, VENDOR, PRODUCT, VERSION, UPDATE, COMPONENTS = 11 };
    struct accord_bytes rest = text, parts[COMPONENTS];
    bool any[COMPONENTS], uri = accord_cut_prefix(&rest, ACCORD_LITERAL("cpe:/"));
    *cpe = (struct accord_feed_cpe){.version = nothing};
    if ((!uri && !accord_cut_prefix(&rest, ACCORD_LITERAL("cpe:2.3:"))) || rest.size > CPE_SIZE_MAX)
        return false;
    for (size_t i = 0; i < COMPONENTS; i++)
        if (!cut_component(arena, &rest, uri, &parts[i], &any[i]))
            return false;
    if (rest.size > 0 || any[PART] || any[VENDOR] || any[PRODUCT] || parts[PART].size != 1 ||
        strchr("aoh", parts[PART].data[0]) == NULL)
        return false;
    struct accord_out out = accord_arena_room(arena, parts[VENDOR].size + parts[PRODUCT].size + 3);
    accord_put(&out, parts[PART]);
    accord_put_byte(&out, ':');
    accord_put(&out, parts[VENDOR]);
    accord_put_byte(&out, ':');
    accord_put(&out, parts[PRODUCT]);
    cpe->product = accord_out_bytes(&out);
    if (!any[VERSION])
        cpe->version = with_update(arena, parts[VERSION], any[UPDATE] ? nothing : parts[UPDATE]);
    for (size_t i = UPDATE + 1; i < COMPONENTS; i++)
        cpe->is_part = cpe->is_part || !any[i];
    return true;
}
