/* QR codes by libqrencode, which is loaded when the first one is drawn: other commands shall not start later for it. It
 * knows modules, half blocks and colours. */
#include "cli/qr.h"

#include <dlfcn.h>
#include <qrencode.h>

#include "core/text.h"

#define LIBRARY "libqrencode.so.4"
#define MARGIN 4 /* modules of light on each side (ISO/IEC 18004, section 9.1) */
#define BLACK_ON_WHITE ACCORD_LITERAL("\033[38;5;16;48;5;231m")
#define RESET ACCORD_LITERAL("\033[0m")

struct library {
    void *handle;
    QRcode *(*encode)(int size, const unsigned char *data, int version, QRecLevel level);
    void (*free)(QRcode *code);
};

static bool load(struct library *library)
{
    library->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        return false;
    }
    /* POSIX's way round ISO C, which has no conversion from an object's pointer to a function's. */
    *(void **)&library->encode = dlsym(library->handle, "QRcode_encodeData");
    *(void **)&library->free = dlsym(library->handle, "QRcode_free");
    if (library->encode == NULL || library->free == NULL) {
        dlclose(library->handle);
        return false;
    }
    return true;
}

/* The margin is light, and so is the half line below an odd number of rows. */
static bool is_dark(const QRcode *code, int x, int y)
{
    bool inside = x >= 0 && x < code->width && y >= 0 && y < code->width;
    return inside && (code->data[y * code->width + x] & 1) != 0;
}

static void draw(const QRcode *code, bool colours, struct accord_out *out)
{
    static const struct accord_bytes blocks[] = {
        {(const uint8_t *)" ", 1},
        {(const uint8_t *)"\xe2\x96\x80", 3}, /* upper half */
        {(const uint8_t *)"\xe2\x96\x84", 3}, /* lower half */
        {(const uint8_t *)"\xe2\x96\x88", 3}, /* full */
    };
    for (int y = -MARGIN; y < code->width + MARGIN; y += 2) {
        if (colours) {
            accord_put(out, BLACK_ON_WHITE);
        }
        for (int x = -MARGIN; x < code->width + MARGIN; x++) {
            accord_put(out, blocks[is_dark(code, x, y) + 2 * is_dark(code, x, y + 1)]);
        }
        if (colours) {
            accord_put(out, RESET);
        }
        accord_put_byte(out, '\n');
    }
}

enum accord_status accord_qr_draw(struct accord_bytes bytes, bool colours, struct accord_buffer *text,
                                  struct accord_error *error)
{
    struct library library;
    if (!load(&library)) {
        accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, ACCORD_LITERAL(LIBRARY));
        accord_error_expected(error, ACCORD_LITERAL("libqrencode to be installed"));
        return ACCORD_NOT_FOUND;
    }
    QRcode *code =
        bytes.size > ACCORD_NOTE_SIZE_MAX ? NULL : library.encode((int)bytes.size, bytes.data, 0, QR_ECLEVEL_M);
    enum accord_status status = ACCORD_TOO_LARGE;
    if (code != NULL) {
        size_t side = (size_t)code->width + 2 * MARGIN;
        status = accord_buffer_reserve(text, (side / 2 + 1) * (3 * side + 32));
    }
    if (status == ACCORD_OK) {
        struct accord_out out = {text->data + text->size, text->capacity - text->size, 0, false};
        draw(code, colours, &out);
        text->size += out.size;
    }
    if (code != NULL) {
        library.free(code);
    }
    dlclose(library.handle);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}
