/* Views as people pass them on. Knows what mail does to a checkpoint and undoes it; that is safe because signatures are
 * verified afterwards, over what was put together again. Refuses to know whether a view is true. */
#include "evidence/view.h"

#include "accord/proof.h"
#include "core/text.h"

#include <string.h>

#define LINE ACCORD_LITERAL("accord/v1/view")
#define PROOF ACCORD_LITERAL("c2sp.org/tlog-proof@v1\n")
#define HASH ACCORD_LITERAL("sha256:")
#define DASH ACCORD_LITERAL("\xe2\x80\x94")

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes what,
                                 struct accord_bytes found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    accord_error_found(error, found);
    return status;
}

/* Writes the text line by line, without quoting, indentation and blanks at the end. */
static struct accord_bytes unquote(struct accord_bytes text, struct accord_out *memory)
{
    size_t start = memory->size;
    struct accord_bytes line;
    while (text.size > 0) {
        if (!accord_cut_line(&text, &line)) {
            line = text;
            text.size = 0;
        }
        while (line.size > 0 && (is_blank(line.data[0]) || line.data[0] == '>'))
            line = (struct accord_bytes){line.data + 1, line.size - 1};
        while (line.size > 0 && is_blank(line.data[line.size - 1]))
            line.size--;
        accord_put(memory, line);
        accord_put_byte(memory, '\n');
    }
    return (struct accord_bytes){memory->data + start, memory->size - start};
}

/* Cuts a word; mail may have broken the line at any space. */
static struct accord_bytes cut_word(struct accord_bytes *rest)
{
    size_t start = 0, end;
    while (start < rest->size && (is_blank(rest->data[start]) || rest->data[start] == '\n'))
        start++;
    for (end = start; end < rest->size && !is_blank(rest->data[end]) && rest->data[end] != '\n'; end++)
        ;
    struct accord_bytes word = {rest->data + start, end - start};
    *rest = (struct accord_bytes){rest->data + end, rest->size - end};
    return word;
}

static void put_signature(struct accord_out *out, struct accord_bytes name, struct accord_bytes base64)
{
    accord_put(out, DASH);
    accord_put_byte(out, ' ');
    accord_put(out, name);
    accord_put_byte(out, ' ');
    accord_put(out, base64);
    accord_put_byte(out, '\n');
}

/* Makes a view of what was put together. */
static enum accord_status take_note(struct accord_view *view, struct accord_bytes note,
                                    const struct accord_crypto *crypto, struct accord_error *error)
{
    enum accord_status status = accord_checkpoint_parse(&view->checkpoint, note, error);
    if (status == ACCORD_OK) {
        view->note = note;
        accord_hash(crypto, view->checkpoint.origin, view->origin_hash);
    }
    return status;
}

/* Puts together the checkpoint that starts at *rest, if one does; *rest then stands behind it. A blank line parts its
 * text from the signatures, of which each is three words. */
static bool assemble(struct accord_bytes *rest, struct accord_out *memory, struct accord_bytes *note)
{
    struct accord_bytes after = *rest, line, signatures, dash, name;
    struct accord_checkpoint_claim claim;
    size_t start = memory->size;
    do {
        if (!accord_cut_line(&after, &line) || line.data - rest->data > ACCORD_CHECKPOINT_TEXT_SIZE_MAX)
            return false;
    } while (line.size > 0);
    struct accord_bytes text = {rest->data, (size_t)(line.data - rest->data)};
    if (accord_checkpoint_text_parse(&claim, text, NULL) != ACCORD_OK)
        return false;
    accord_put(memory, text);
    accord_put_byte(memory, '\n');
    size_t head = memory->size;
    size_t count = 0;
    for (signatures = after; accord_bytes_equal(dash = cut_word(&signatures), DASH); after = signatures) {
        name = cut_word(&signatures);
        if (count++ == ACCORD_SIGNATURES_MAX)
            break;
        put_signature(memory, name, cut_word(&signatures));
    }
    *note = (struct accord_bytes){memory->data + start, memory->size - start};
    if (memory->size == head || memory->full || accord_checkpoint_parse(&claim, *note, NULL) != ACCORD_OK) {
        memory->size = start;
        return false;
    }
    *rest = after;
    return true;
}

/* Do a tree size and a root follow this line? What cannot begin a checkpoint is passed over at the cost of a line. */
static bool may_begin(struct accord_bytes rest)
{
    struct accord_bytes line;
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
    return accord_cut_line(&rest, &line) && line.size > 0 && accord_cut_line(&rest, &line) &&
           accord_decimal_read(line, &size) && accord_cut_line(&rest, &line) &&
           accord_base64_read(line, root, sizeof root);
}

/* ACCORD_OK with an empty view->note where there is none. The same checkpoint may stand there again. */
static enum accord_status find_note(struct accord_view *view, struct accord_bytes text, struct accord_out *memory,
                                    const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_bytes note = {NULL, 0}, other, line;
    while (text.size > 0) {
        if (may_begin(text) && assemble(&text, memory, note.size == 0 ? &note : &other)) {
            size_t end = (size_t)(note.data + note.size - memory->data);
            if (memory->size != end && !accord_bytes_equal(note, other))
                return refuse(error, ACCORD_DUPLICATE, ACCORD_LITERAL("checkpoint"),
                              ACCORD_LITERAL("several in one text"));
            memory->size = end;
        } else if (!accord_cut_line(&text, &line)) {
            break;
        }
    }
    return note.size == 0 ? ACCORD_OK : take_note(view, note, crypto, error);
}

/* The words of a line, behind its first one. */
static enum accord_status read_line(struct accord_view *view, struct accord_bytes words, struct accord_out *memory,
                                    const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_bytes origin = cut_word(&words), size = cut_word(&words), root = cut_word(&words);
    struct accord_bytes signature = cut_word(&words), hash = origin;
    struct accord_checkpoint_claim *checkpoint = &view->checkpoint;
    uint8_t payload[4 + ACCORD_ED25519_SIGNATURE_SIZE];
    if (origin.size == 0 || origin.size > ACCORD_ORIGIN_SIZE_MAX)
        return refuse(error, ACCORD_MALFORMED, ACCORD_LITERAL("origin"), origin);
    if (!accord_decimal_read(size, &checkpoint->size) || checkpoint->size > INT64_MAX)
        return refuse(error, ACCORD_BAD_DECIMAL, ACCORD_LITERAL("tree size"), size);
    if (!accord_base64_read(root, checkpoint->root, ACCORD_HASH_SIZE))
        return refuse(error, ACCORD_BAD_BASE64, ACCORD_LITERAL("root hash"), root);
    if (accord_cut_prefix(&hash, HASH)) {
        if (!accord_hex_read(hash, view->origin_hash, ACCORD_HASH_SIZE))
            return refuse(error, ACCORD_BAD_HEX, ACCORD_LITERAL("origin"), origin);
        return ACCORD_OK;
    }
    checkpoint->origin = origin;
    accord_hash(crypto, origin, view->origin_hash);
    if (!accord_base64_read(signature, payload, sizeof payload))
        return ACCORD_OK;
    size_t start = memory->size;
    accord_checkpoint_print(memory, origin, checkpoint->size, checkpoint->root);
    accord_put_byte(memory, '\n');
    put_signature(memory, origin, signature);
    return take_note(view, (struct accord_bytes){memory->data + start, memory->size - start}, crypto, error);
}

static bool same_tree(const struct accord_view *a, const struct accord_view *b)
{
    return accord_view_same_log(a, b) && a->checkpoint.size == b->checkpoint.size &&
           memcmp(a->checkpoint.root, b->checkpoint.root, ACCORD_HASH_SIZE) == 0;
}

/* Finds the line in a text; the same one again, as in an answer that quotes it, changes nothing. */
static enum accord_status find_line(struct accord_view *view, struct accord_bytes text, struct accord_out *memory,
                                    const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_view other = {0};
    struct accord_bytes word;
    bool found = false;
    while ((word = cut_word(&text)).size > 0) {
        if (!accord_bytes_equal(word, LINE))
            continue;
        struct accord_view *into = found ? &other : view;
        memset(into, 0, sizeof *into);
        enum accord_status status = read_line(into, text, memory, crypto, error);
        if (status != ACCORD_OK)
            return status;
        if (found && !same_tree(view, &other))
            return refuse(error, ACCORD_DUPLICATE, LINE, ACCORD_LITERAL("several in one text"));
        found = true;
    }
    return found ? ACCORD_OK
                 : refuse(error, ACCORD_MALFORMED, ACCORD_LITERAL("view"),
                          ACCORD_LITERAL("neither a checkpoint nor a line"));
}

enum accord_status accord_view_read(struct accord_view *view, struct accord_bytes text, struct accord_out *memory,
                                    const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_bytes rest = text;
    struct accord_proof_claim proof;
    memset(view, 0, sizeof *view);
    if (text.size > ACCORD_VIEW_TEXT_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_expected_number(error, ACCORD_VIEW_TEXT_SIZE_MAX);
        return ACCORD_TOO_LARGE;
    }
    if (accord_cut_prefix(&rest, PROOF)) {
        enum accord_status status = accord_proof_parse(&proof, text, error);
        return status == ACCORD_OK ? take_note(view, proof.checkpoint_bytes, crypto, error) : status;
    }
    if (take_note(view, text, crypto, NULL) == ACCORD_OK)
        return ACCORD_OK;
    memset(view, 0, sizeof *view);
    struct accord_bytes plain = unquote(text, memory);
    if (memory->full)
        return accord_fail(error, ACCORD_NO_SPACE, 0);
    enum accord_status status = find_note(view, plain, memory, crypto, error);
    if (status == ACCORD_OK && view->note.size == 0)
        status = find_line(view, plain, memory, crypto, error);
    return status == ACCORD_OK && memory->full ? accord_fail(error, ACCORD_NO_SPACE, 0) : status;
}

bool accord_view_same_log(const struct accord_view *a, const struct accord_view *b)
{
    return memcmp(a->origin_hash, b->origin_hash, ACCORD_HASH_SIZE) == 0;
}

/* The first signature that the log's own name stands before, where it has the form of an Ed25519 signature over a text
 * that a line can carry. */
static bool own_signature(const struct accord_checkpoint_claim *checkpoint, struct accord_bytes *base64)
{
    struct accord_signature signature;
    size_t cursor = 0, size;
    while (checkpoint->extensions.size == 0 && accord_note_next_signature(&checkpoint->note, &cursor, &signature)) {
        if (accord_bytes_equal(signature.name, checkpoint->origin) && accord_base64_size(signature.base64, &size) &&
            size == 4 + ACCORD_ED25519_SIGNATURE_SIZE) {
            *base64 = signature.base64;
            return true;
        }
    }
    return false;
}

/* Can the origin stand for itself, as one word that is no hash? */
static bool is_word(struct accord_bytes origin)
{
    struct accord_bytes rest = origin;
    return accord_bytes_equal(cut_word(&rest), origin) && !accord_cut_prefix(&origin, HASH);
}

static void put_line(struct accord_out *out, const struct accord_checkpoint_claim *checkpoint, bool hashed,
                     const struct accord_crypto *crypto)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    accord_put(out, LINE);
    accord_put_byte(out, ' ');
    if (hashed) {
        accord_hash(crypto, checkpoint->origin, hash);
        accord_put(out, HASH);
        accord_put_hex(out, (struct accord_bytes){hash, sizeof hash});
    } else {
        accord_put(out, checkpoint->origin);
    }
    accord_put_byte(out, ' ');
    accord_put_decimal(out, checkpoint->size);
    accord_put_byte(out, ' ');
    accord_put_base64(out, (struct accord_bytes){checkpoint->root, ACCORD_HASH_SIZE});
}

void accord_view_print(struct accord_out *out, const struct accord_checkpoint_claim *checkpoint,
                       const struct accord_crypto *crypto)
{
    uint8_t text[ACCORD_VIEW_LINE_SIZE];
    struct accord_out line = {text, sizeof text, 0, false};
    struct accord_bytes signature;
    put_line(&line, checkpoint, !is_word(checkpoint->origin), crypto);
    if (line.full) {
        line = (struct accord_out){text, sizeof text, 0, false};
        put_line(&line, checkpoint, true, crypto);
    } else if (is_word(checkpoint->origin) && own_signature(checkpoint, &signature) &&
               line.size + 1 + signature.size <= sizeof text) {
        accord_put_byte(&line, ' ');
        accord_put(&line, signature);
    }
    accord_put(out, accord_out_bytes(&line));
}

enum accord_status accord_view_prove(const struct accord_crypto *crypto, const struct accord_hash_source *source,
                                     uint64_t size, const struct accord_checkpoint_claim *of,
                                     uint8_t root[ACCORD_HASH_SIZE], struct accord_merkle_proof *proof)
{
    enum accord_status status = accord_root_compute(crypto, source, size, root);
    if (status == ACCORD_OK)
        status = accord_consistency_prove(crypto, source, size, of->size, proof);
    return status == ACCORD_OK ? accord_consistency_verify(crypto, size, of->size, root, of->root, proof) : status;
}

enum accord_status accord_view_proof_parse(struct accord_bytes text, uint8_t root[ACCORD_HASH_SIZE],
                                           struct accord_merkle_proof *proof, struct accord_error *error)
{
    struct accord_bytes line;
    proof->count = 0;
    for (uint64_t number = 1; accord_cut_line(&text, &line); number++) {
        uint8_t *hash = number == 1 ? root : proof->hash[proof->count];
        enum accord_status status = proof->count == ACCORD_PROOF_HASHES_MAX             ? ACCORD_TOO_LARGE
                                    : !accord_base64_read(line, hash, ACCORD_HASH_SIZE) ? ACCORD_BAD_BASE64
                                                                                        : ACCORD_OK;
        if (status != ACCORD_OK) {
            refuse(error, status, ACCORD_LITERAL("consistency proof"), line);
            if (error != NULL)
                error->line = number;
            return status;
        }
        proof->count += number > 1;
        if (text.size == 0)
            return ACCORD_OK;
    }
    return refuse(error, ACCORD_MALFORMED, ACCORD_LITERAL("consistency proof"), text);
}
