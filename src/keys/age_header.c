/* The header of age files to any recipients. Knows its grammar, and how an X25519 identity unwraps a file's key; other
 * types of recipients it counts. It refuses to know the payload. */
#include "keys/age_header.h"

#include "core/text.h"
#include "crypto/backend.h"
#include "keys/age_inner.h"

#include <sodium.h>
#include <string.h>

#define BODY_COLUMNS 64
#define X25519_LABEL "age-encryption.org/v1/X25519\x01"

struct stanza {
    struct accord_bytes type, arguments; /* arguments: words with a space between; may be empty */
    struct accord_bytes body;            /* its only line; empty where it has several */
};

/* A word of visible characters: false where it has others, or none. */
static bool is_word(struct accord_bytes word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < '!' || word.data[i] > '~')
            return false;
    return word.size > 0;
}

static bool are_words(struct accord_bytes text)
{
    struct accord_bytes word;
    while (accord_cut(&text, ' ', &word))
        if (!is_word(word))
            return false;
    return is_word(text);
}

/* Base64 without padding, of as many characters as fit a line. */
static bool is_body(struct accord_bytes line)
{
    for (size_t i = 0; i < line.size; i++) {
        uint8_t c = line.data[i];
        bool is = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
        if (!is)
            return false;
    }
    return line.size <= BODY_COLUMNS;
}

/* `-> type argument...`, and lines of its body, of which the last one is not full. */
static bool cut_stanza(struct accord_bytes *rest, struct stanza *stanza)
{
    struct accord_bytes line;
    size_t lines = 0;
    if (!accord_cut_prefix(rest, ACCORD_LITERAL("-> ")) || !accord_cut_line(rest, &line) || !are_words(line))
        return false;
    stanza->arguments = line;
    if (!accord_cut(&stanza->arguments, ' ', &stanza->type)) {
        stanza->type = line;
        stanza->arguments.size = 0;
    }
    do {
        if (!accord_cut_line(rest, &line) || !is_body(line))
            return false;
        lines++;
    } while (line.size == BODY_COLUMNS);
    stanza->body = lines == 1 ? line : (struct accord_bytes){NULL, 0};
    return true;
}

static uint64_t line_of(struct accord_bytes file, struct accord_bytes rest)
{
    uint64_t line = 1;
    for (size_t i = 0; i < file.size - rest.size; i++)
        line += file.data[i] == '\n';
    return line;
}

/* Stanzas that say nothing, so that readers get used to types that they do not know. */
static bool is_grease(struct accord_bytes type)
{
    static const char end[] = "-grease";
    return type.size >= sizeof end - 1 && memcmp(type.data + type.size - (sizeof end - 1), end, sizeof end - 1) == 0;
}

static bool parse(struct accord_age_header *header, struct accord_bytes file, struct accord_bytes *rest)
{
    struct accord_bytes line, peek;
    struct stanza stanza;
    size_t stanzas = 0;
    if (!accord_cut_prefix(rest, ACCORD_LITERAL(ACCORD_AGE_VERSION)))
        return false;
    for (peek = *rest; !accord_cut_prefix(&peek, ACCORD_LITERAL("---")); peek = *rest) {
        if (!cut_stanza(rest, &stanza))
            return false;
        stanzas++;
        if (accord_bytes_equal(stanza.type, ACCORD_LITERAL("X25519")))
            header->x25519++;
        else if (accord_bytes_equal(stanza.type, ACCORD_LITERAL("scrypt")))
            header->scrypt++;
        else if (!is_grease(stanza.type))
            header->other++;
    }
    header->mac_over = (struct accord_bytes){file.data, (size_t)(peek.data - file.data)};
    if (stanzas == 0 || !accord_cut_line(&peek, &line) || !accord_cut_prefix(&line, ACCORD_LITERAL(" ")) ||
        !accord_age_base64_read(line, header->mac, sizeof header->mac))
        return false;
    header->size = (size_t)(peek.data - file.data);
    return true;
}

enum accord_status accord_age_header_parse(struct accord_age_header *header, struct accord_bytes file,
                                           struct accord_error *error)
{
    struct accord_bytes rest = file;
    memset(header, 0, sizeof *header);
    if (parse(header, file, &rest))
        return ACCORD_OK;
    accord_fail(error, ACCORD_MALFORMED, line_of(file, rest));
    accord_error_what(error, ACCORD_LITERAL("the header of an encrypted file"));
    return ACCORD_MALFORMED;
}

/* C2SP age, "The X25519 recipient type". */
static bool unwrap(const struct stanza *stanza, const uint8_t secret[32], uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE])
{
    static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    uint8_t salt[64], wrapped[ACCORD_AGE_FILE_KEY_SIZE + crypto_aead_chacha20poly1305_ietf_ABYTES], shared[32], key[32];
    if (!accord_age_base64_read(stanza->arguments, salt, 32) ||
        !accord_age_base64_read(stanza->body, wrapped, sizeof wrapped) ||
        crypto_scalarmult_base(salt + 32, secret) != 0 || crypto_scalarmult(shared, secret, salt) != 0)
        return false;
    accord_age_derive((struct accord_bytes){shared, sizeof shared}, (struct accord_bytes){salt, sizeof salt},
                      ACCORD_LITERAL(X25519_LABEL), key);
    bool opened = crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL, wrapped, sizeof wrapped, NULL, 0,
                                                            nonce, key) == 0;
    accord_wipe(shared, sizeof shared);
    accord_wipe(key, sizeof key);
    return opened;
}

bool accord_age_header_opens(const struct accord_age_header *header, const uint8_t secret[32])
{
    struct accord_bytes rest = header->mac_over;
    struct stanza stanza;
    uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], mac[32];
    bool opened = false;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL(ACCORD_AGE_VERSION)))
        return false;
    while (!opened && cut_stanza(&rest, &stanza))
        opened = accord_bytes_equal(stanza.type, ACCORD_LITERAL("X25519")) && unwrap(&stanza, secret, file_key);
    if (opened) {
        accord_age_header_mac(file_key, header->mac_over, mac);
        opened = sodium_memcmp(mac, header->mac, sizeof mac) == 0;
    }
    accord_wipe(file_key, sizeof file_key);
    return opened;
}
