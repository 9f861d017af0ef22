/* Private keys: made, read from files, saved, and signing notes. Knows where a key may live (a file, a file under a
 * passphrase, ssh-agent); the grammars are private.c's, the encryption that of age/. Seeds lie in locked memory. */
#include "keys/key.h"

#include "age/small.h"
#include "base/file.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/agent.h"
#include "keys/keeper.h"
#include "keys/private.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define AGENT_PREFIX "ssh-agent:"
#define PASSPHRASE_SIZE_MAX 4096
#define KEY_FILE_MODE 0600
#define VKEY_SIZE_MAX (ACCORD_KEY_NAME_SIZE_MAX + 1 + 8 + 1 + ACCORD_BASE64_SIZE(1 + ACCORD_MLDSA44_PUBLIC_SIZE))
/* A checkpoint's message for types 0x04 and 0x06 (accord/note.h). */
#define MESSAGE_OVERHEAD 640

struct accord_signer {
    struct accord_vkey vkey;
    uint8_t *seed;                /* locked memory; NULL where somebody else holds the key: */
    struct accord_keeper *keeper; /* a process of its own, or where this is NULL ssh-agent */
    uint8_t vkey_text[VKEY_SIZE_MAX];
};

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static enum accord_status fail(struct accord_error *error, enum accord_status status, struct accord_bytes what)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    return status;
}

/* Says which file an error is about, where nothing more exact has been said. */
static enum accord_status name_file(struct accord_error *error, enum accord_status status, const char *path)
{
    if (status != ACCORD_OK && error != NULL && error->what[0] == 0)
        accord_error_what(error, bytes_of(path));
    return status;
}

/* Reads a small secret file into memory that is not moved while it grows, so nothing is left behind. */
static enum accord_status read_secret(const struct accord_fs *fs, const char *path, size_t maximum,
                                      struct accord_buffer *buffer, struct accord_error *error)
{
    accord_buffer_init(buffer, maximum);
    if (accord_buffer_reserve(buffer, maximum) != ACCORD_OK)
        return fail(error, ACCORD_NO_MEMORY, bytes_of(path));
    return accord_file_read(fs, path, buffer, error);
}

enum accord_status accord_passphrase_read(const struct accord_fs *fs, const char *path, struct accord_buffer *buffer,
                                          struct accord_bytes *passphrase, struct accord_error *error)
{
    enum accord_status status = read_secret(fs, path, PASSPHRASE_SIZE_MAX, buffer, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes rest = accord_buffer_bytes(buffer);
    if (!accord_cut_line(&rest, passphrase))
        *passphrase = rest;
    if (passphrase->size > 0)
        return ACCORD_OK;
    status = fail(error, ACCORD_MALFORMED, bytes_of(path));
    accord_error_expected(error, ACCORD_LITERAL("a passphrase on the first line"));
    return status;
}

/* Opens an encrypted key. */
static enum accord_status decrypt(const struct accord_fs *fs, const char *path, struct accord_bytes file,
                                  const char *passphrase_file, struct accord_buffer *plain, struct accord_error *error)
{
    if (passphrase_file == NULL) {
        enum accord_status status = fail(error, ACCORD_USAGE, bytes_of(path));
        accord_error_expected(error, ACCORD_LITERAL("--passphrase-file, since this key is encrypted"));
        return status;
    }
    struct accord_buffer secret;
    struct accord_bytes passphrase;
    enum accord_status status = accord_passphrase_read(fs, passphrase_file, &secret, &passphrase, error);
    if (status == ACCORD_OK) {
        status = accord_buffer_reserve(plain, ACCORD_AGE_PLAIN_MAX);
        status = status == ACCORD_OK ? accord_age_decrypt(file, passphrase, plain, error)
                                     : fail(error, status, bytes_of(path));
    }
    accord_buffer_wipe(&secret);
    return status;
}

/* Reads a private key's file, and decrypts it where it is encrypted. */
static enum accord_status read_key(const struct accord_fs *fs, const char *path, const char *passphrase_file,
                                   struct accord_buffer *plain, struct accord_error *error)
{
    enum accord_status status = read_secret(fs, path, ACCORD_AGE_FILE_MAX, plain, error);
    if (status != ACCORD_OK || !accord_age_recognize(accord_buffer_bytes(plain)))
        return status;
    struct accord_buffer file = *plain;
    accord_buffer_init(plain, ACCORD_AGE_PLAIN_MAX);
    status = decrypt(fs, path, accord_buffer_bytes(&file), passphrase_file, plain, error);
    accord_buffer_wipe(&file);
    return status;
}

/* Writes a private key's file, encrypted where a passphrase is given. */
static enum accord_status write_key(const struct accord_fs *fs, const char *path, const char *passphrase_file,
                                    struct accord_bytes plain, struct accord_error *error)
{
    if (passphrase_file == NULL)
        return accord_file_create(fs, path, plain, KEY_FILE_MODE, error);
    struct accord_buffer secret, file;
    struct accord_bytes passphrase;
    accord_buffer_init(&file, ACCORD_AGE_FILE_MAX);
    enum accord_status status = accord_passphrase_read(fs, passphrase_file, &secret, &passphrase, error);
    if (status == ACCORD_OK)
        status = accord_age_encrypt(plain, passphrase, &file, error);
    if (status == ACCORD_OK)
        status = accord_file_create(fs, path, accord_buffer_bytes(&file), KEY_FILE_MODE, error);
    accord_buffer_wipe(&secret);
    accord_buffer_free(&file);
    return status;
}

/* Computes the public key of a seed: 32 or 1312 bytes. */
static enum accord_status public_of(enum accord_key_type type, const uint8_t seed[ACCORD_SEED_SIZE],
                                    uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE], size_t *size)
{
    if (type == ACCORD_KEY_COSIGNATURE_MLDSA44) {
        *size = ACCORD_MLDSA44_PUBLIC_SIZE;
        return accord_mldsa44_public(seed, public_key) ? ACCORD_OK : ACCORD_NO_CRYPTO;
    }
    *size = ACCORD_ED25519_PUBLIC_SIZE;
    accord_ed25519_public(seed, public_key);
    return ACCORD_OK;
}

/* Puts the vkey of a name and the signer's seed into the signer. */
static enum accord_status complete(struct accord_signer *signer, struct accord_bytes name, enum accord_key_type type,
                                   struct accord_error *error)
{
    uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE];
    size_t size;
    enum accord_status status = public_of(type, signer->seed, public_key, &size);
    if (status != ACCORD_OK)
        return fail(error, status, name);
    struct accord_out out = {signer->vkey_text, sizeof signer->vkey_text, 0, false};
    accord_vkey_print(&out, name, type, (struct accord_bytes){public_key, size}, &accord_crypto_default);
    return accord_vkey_parse(&signer->vkey, accord_out_bytes(&out), &accord_crypto_default, error);
}

static struct accord_signer *signer_new(void)
{
    struct accord_signer *signer = calloc(1, sizeof *signer);
    if (signer == NULL)
        return NULL;
    signer->seed = sodium_malloc(ACCORD_SEED_SIZE);
    if (signer->seed != NULL)
        return signer;
    free(signer);
    return NULL;
}

void accord_signer_free(struct accord_signer *signer)
{
    if (signer == NULL)
        return;
    sodium_free(signer->seed);
    accord_keeper_stop(signer->keeper);
    free(signer);
}

/* Gives the signer to the caller, or frees it where something failed. */
static enum accord_status hand_over(struct accord_signer **place, struct accord_signer *signer,
                                    enum accord_status status)
{
    if (status == ACCORD_OK)
        *place = signer;
    else
        accord_signer_free(signer);
    return status;
}

enum accord_status accord_signer_generate(struct accord_signer **signer, struct accord_bytes name,
                                          enum accord_key_type type, struct accord_error *error)
{
    *signer = NULL;
    if (!accord_key_name_valid(name)) {
        enum accord_status status = fail(error, ACCORD_BAD_KEY, name);
        accord_error_expected(error, ACCORD_LITERAL("a name of 1 to 255 bytes without spaces or '+'"));
        return status;
    }
    struct accord_signer *made = signer_new();
    if (made == NULL)
        return fail(error, ACCORD_NO_MEMORY, name);
    accord_random(made->seed, ACCORD_SEED_SIZE);
    return hand_over(signer, made, complete(made, name, type, error));
}

static enum accord_status signer_of_text(struct accord_signer **signer, struct accord_bytes text,
                                         struct accord_error *error)
{
    struct accord_private_key key;
    enum accord_status status = accord_private_key_parse(&key, text, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_signer *made = signer_new();
    if (made != NULL)
        memcpy(made->seed, key.seed, ACCORD_SEED_SIZE);
    accord_wipe(key.seed, sizeof key.seed);
    if (made == NULL)
        return fail(error, ACCORD_NO_MEMORY, key.name);
    status = complete(made, key.name, key.type, error);
    if (status == ACCORD_OK && made->vkey.id != key.id)
        status = fail(error, ACCORD_BAD_KEY_ID, key.name);
    return hand_over(signer, made, status);
}

/* `ssh-agent:VKEY`: the public half is ours, the private half is the agent's. */
static enum accord_status signer_of_agent(struct accord_signer **signer, struct accord_bytes vkey,
                                          struct accord_error *error)
{
    struct accord_signer *made = calloc(1, sizeof *made);
    if (made == NULL)
        return fail(error, ACCORD_NO_MEMORY, vkey);
    if (vkey.size > sizeof made->vkey_text)
        return hand_over(signer, made, fail(error, ACCORD_BAD_KEY, vkey));
    if (vkey.size > 0)
        memcpy(made->vkey_text, vkey.data, vkey.size);
    struct accord_bytes text = {made->vkey_text, vkey.size};
    enum accord_status status = accord_vkey_parse(&made->vkey, text, &accord_crypto_default, error);
    if (status == ACCORD_OK && made->vkey.type == ACCORD_KEY_COSIGNATURE_MLDSA44) {
        status = fail(error, ACCORD_KEY_TYPE, made->vkey.name);
        accord_error_expected(error, ACCORD_LITERAL("an Ed25519 key, which is what ssh-agent can hold"));
    }
    if (status == ACCORD_OK)
        status = accord_agent_find(made->vkey.ed25519, error);
    return hand_over(signer, made, status);
}

/* *vkey is what follows `ssh-agent:`. */
static bool is_agent(const char *key_arg, struct accord_bytes *vkey)
{
    *vkey = bytes_of(key_arg);
    return accord_cut_prefix(vkey, ACCORD_LITERAL(AGENT_PREFIX));
}

enum accord_status accord_signer_open(struct accord_signer **signer, const struct accord_fs *fs, const char *key_arg,
                                      const char *passphrase_file, struct accord_error *error)
{
    struct accord_bytes vkey;
    *signer = NULL;
    if (is_agent(key_arg, &vkey))
        return signer_of_agent(signer, vkey, error);
    struct accord_buffer plain;
    enum accord_status status = read_key(fs, key_arg, passphrase_file, &plain, error);
    if (status == ACCORD_OK)
        status = signer_of_text(signer, accord_buffer_bytes(&plain), error);
    accord_buffer_wipe(&plain);
    return name_file(error, status, key_arg);
}

enum accord_status accord_signer_open_apart(struct accord_signer **signer, const struct accord_fs *fs,
                                            const char *key_arg, const char *passphrase_file,
                                            struct accord_error *error)
{
    struct accord_bytes agent;
    struct accord_buffer vkey;
    if (is_agent(key_arg, &agent))
        return signer_of_agent(signer, agent, error);
    struct accord_signer *made = calloc(1, sizeof *made);
    if (made == NULL)
        return fail(error, ACCORD_NO_MEMORY, bytes_of(key_arg));
    accord_buffer_init(&vkey, sizeof made->vkey_text);
    enum accord_status status = accord_keeper_start(&made->keeper, fs, key_arg, passphrase_file, &vkey, error);
    if (status == ACCORD_OK) {
        memcpy(made->vkey_text, vkey.data, vkey.size);
        status = accord_vkey_parse(&made->vkey, (struct accord_bytes){made->vkey_text, vkey.size},
                                   &accord_crypto_default, error);
    }
    accord_buffer_free(&vkey);
    return hand_over(signer, made, status);
}

const struct accord_vkey *accord_signer_vkey(const struct accord_signer *signer)
{
    return &signer->vkey;
}

const uint8_t *accord_signer_seed(const struct accord_signer *signer)
{
    return signer->vkey.type == ACCORD_KEY_COSIGNATURE_MLDSA44 ? NULL : signer->seed;
}

bool accord_signer_print(const struct accord_signer *signer, struct accord_out *out)
{
    if (signer->seed == NULL)
        return false;
    struct accord_private_key key = {.name = signer->vkey.name, .id = signer->vkey.id, .type = signer->vkey.type};
    memcpy(key.seed, signer->seed, sizeof key.seed);
    accord_private_key_print(out, &key);
    accord_wipe(&key, sizeof key);
    return true;
}

enum accord_status accord_signer_read(struct accord_signer **signer, struct accord_bytes text,
                                      struct accord_error *error)
{
    *signer = NULL;
    return signer_of_text(signer, text, error);
}

enum accord_status accord_signer_save(const struct accord_signer *signer, const struct accord_fs *fs, const char *path,
                                      const char *passphrase_file, struct accord_error *error)
{
    uint8_t text[ACCORD_PRIVATE_KEY_SIZE_MAX];
    struct accord_out out = {text, sizeof text, 0, false};
    if (!accord_signer_print(signer, &out))
        return fail(error, ACCORD_KEY_TYPE, signer->vkey.name);
    enum accord_status status = write_key(fs, path, passphrase_file, accord_out_bytes(&out), error);
    accord_wipe(text, sizeof text);
    return name_file(error, status, path);
}

/* Signs a message with the key, wherever it is. */
static enum accord_status sign_message(const struct accord_signer *signer, struct accord_bytes message,
                                       uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE], size_t *size,
                                       struct accord_error *error)
{
    *size = ACCORD_ED25519_SIGNATURE_SIZE;
    if (signer->seed == NULL)
        return accord_agent_sign(signer->vkey.ed25519, message, signature, error);
    if (signer->vkey.type != ACCORD_KEY_COSIGNATURE_MLDSA44) {
        accord_ed25519_sign(signer->seed, message.data, message.size, signature);
        return ACCORD_OK;
    }
    *size = ACCORD_MLDSA44_SIGNATURE_SIZE;
    return accord_mldsa44_sign(signer->seed, message.data, message.size, signature)
               ? ACCORD_OK
               : fail(error, ACCORD_NO_CRYPTO, signer->vkey.name);
}

/* A cosignature's signature is the time, then the signature over a message made of both (C2SP tlog-cosignature). */
static enum accord_status cosign(const struct accord_signer *signer, struct accord_bytes text, uint64_t timestamp,
                                 struct accord_out *signature, struct accord_error *error)
{
    struct accord_buffer message;
    size_t size = 0, room = text.size + MESSAGE_OVERHEAD;
    accord_buffer_init(&message, room);
    enum accord_status status = accord_buffer_reserve(&message, room);
    struct accord_out out = {message.data, message.capacity, 0, false};
    if (status == ACCORD_OK)
        status = accord_cosignature_message(&out, signer->vkey.type, text, signer->vkey.name, timestamp);
    if (status != ACCORD_OK)
        fail(error, status, signer->vkey.name);
    else
        status = sign_message(signer, accord_out_bytes(&out), signature->data + 8, &size, error);
    accord_put_be64(signature, timestamp);
    signature->size += size;
    accord_buffer_free(&message);
    return status;
}

static enum accord_status append_line(const struct accord_signer *signer, struct accord_bytes signature,
                                      struct accord_buffer *out, struct accord_error *error)
{
    /* The dash, two spaces, the newline. */
    size_t room = 6 + signer->vkey.name.size + ACCORD_BASE64_SIZE(4 + signature.size);
    enum accord_status status = accord_buffer_reserve(out, room);
    if (status != ACCORD_OK)
        return fail(error, status, signer->vkey.name);
    struct accord_out line = {out->data + out->size, room, 0, false};
    accord_signature_print(&line, signer->vkey.name, signer->vkey.id, signature);
    if (line.full)
        abort();
    out->size += line.size;
    return ACCORD_OK;
}

/* A cosignature without a time makes no statement that accord counts; only a broken clock says zero. */
static enum accord_status check_time(const struct accord_signer *signer, uint64_t timestamp, struct accord_error *error)
{
    if (timestamp != 0 || signer->vkey.type == ACCORD_KEY_ED25519)
        return ACCORD_OK;
    fail(error, ACCORD_IO, ACCORD_LITERAL("clock"));
    accord_error_found(error, ACCORD_LITERAL("a time of zero"));
    return ACCORD_IO;
}

static enum accord_status ask_keeper(const struct accord_signer *signer, struct accord_bytes text, uint64_t timestamp,
                                     struct accord_buffer *line, struct accord_error *error)
{
    struct accord_keeper_errand errand = {&text, 1, timestamp, &line, 0};
    accord_keeper_ask(signer->keeper, &errand);
    return accord_keeper_hear(signer->keeper, &errand, error);
}

enum accord_status accord_signer_sign(const struct accord_signer *signer, struct accord_bytes text, uint64_t timestamp,
                                      struct accord_buffer *out, struct accord_error *error)
{
    uint8_t data[8 + ACCORD_MLDSA44_SIGNATURE_SIZE];
    struct accord_out signature = {data, sizeof data, 0, false};
    enum accord_status status = check_time(signer, timestamp, error);
    if (status != ACCORD_OK)
        return status;
    if (signer->keeper != NULL)
        return ask_keeper(signer, text, timestamp, out, error);
    status = signer->vkey.type == ACCORD_KEY_ED25519 ? sign_message(signer, text, data, &signature.size, error)
                                                     : cosign(signer, text, timestamp, &signature, error);
    return status == ACCORD_OK ? append_line(signer, accord_out_bytes(&signature), out, error) : status;
}

static struct accord_keeper_errand errand_of(const struct accord_signing *signing)
{
    return (struct accord_keeper_errand){signing->texts, signing->count, signing->timestamp, signing->lines,
                                         signing->asked};
}

/* A time that may not be is told at the end. */
void accord_signing_begin(struct accord_signing *signing)
{
    struct accord_keeper_errand errand = errand_of(signing);
    if (signing->signer->keeper == NULL || check_time(signing->signer, signing->timestamp, NULL) != ACCORD_OK)
        return;
    accord_keeper_ask(signing->signer->keeper, &errand);
    signing->asked = errand.asked;
}

enum accord_status accord_signing_end(struct accord_signing *signing, struct accord_error *error)
{
    struct accord_keeper_errand errand = errand_of(signing);
    enum accord_status status = check_time(signing->signer, signing->timestamp, error);
    if (status == ACCORD_OK && signing->signer->keeper != NULL)
        return accord_keeper_hear(signing->signer->keeper, &errand, error);
    for (size_t i = 0; status == ACCORD_OK && i < signing->count; i++)
        status = accord_signer_sign(signing->signer, signing->texts[i], signing->timestamp, signing->lines[i], error);
    return status;
}

bool accord_signer_gone(const struct accord_signer *signer)
{
    return signer->keeper != NULL && accord_keeper_gone(signer->keeper);
}

/* Subtrees */

void accord_subtree_print(struct accord_out *out, const struct accord_subtree *subtree)
{
    accord_put(out, ACCORD_LITERAL("subtree "));
    accord_put_decimal(out, subtree->start);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, subtree->end);
    accord_put_byte(out, '\n');
    accord_put_base64(out, (struct accord_bytes){subtree->hash, sizeof subtree->hash});
    accord_put_byte(out, '\n');
    accord_put(out, subtree->origin);
    accord_put_byte(out, '\n');
}

static bool parse_subtree(struct accord_bytes rest, struct accord_subtree *subtree)
{
    struct accord_bytes range, start, hash;
    return accord_cut_line(&rest, &range) && accord_cut_line(&rest, &hash) &&
           accord_cut_line(&rest, &subtree->origin) && rest.size == 0 &&
           accord_cut_prefix(&range, ACCORD_LITERAL("subtree ")) && accord_cut(&range, ' ', &start) &&
           accord_decimal_read(start, &subtree->start) && accord_decimal_read(range, &subtree->end) &&
           accord_base64_read(hash, subtree->hash, sizeof subtree->hash);
}

enum accord_status accord_signer_sign_subtree(const struct accord_signer *signer, struct accord_bytes text,
                                              struct accord_buffer *out, struct accord_error *error)
{
    struct accord_subtree subtree;
    uint8_t message[MESSAGE_OVERHEAD], data[8 + ACCORD_MLDSA44_SIGNATURE_SIZE] = {0};
    struct accord_out to_sign = {message, sizeof message, 0, false};
    size_t size = 0;
    if (signer->vkey.type != ACCORD_KEY_COSIGNATURE_MLDSA44)
        return fail(error, ACCORD_KEY_TYPE, signer->vkey.name);
    if (signer->keeper != NULL)
        return ask_keeper(signer, text, 0, out, error);
    enum accord_status status = parse_subtree(text, &subtree)
                                    ? accord_subtree_message(&to_sign, &subtree, signer->vkey.name, 0)
                                    : ACCORD_MALFORMED;
    if (status != ACCORD_OK)
        return fail(error, status, signer->vkey.name);
    status = sign_message(signer, accord_out_bytes(&to_sign), data + 8, &size, error);
    return status == ACCORD_OK ? append_line(signer, (struct accord_bytes){data, 8 + size}, out, error) : status;
}

enum accord_status accord_report_key_new(const struct accord_fs *fs, const char *path, const char *passphrase_file,
                                         char public_out[64], struct accord_error *error)
{
    uint8_t secret[32], text[ACCORD_IDENTITY_FILE_SIZE];
    struct accord_out file = {text, sizeof text, 0, false};
    struct accord_out recipient = {(uint8_t *)public_out, 63, 0, false};
    accord_random(secret, sizeof secret);
    accord_identity_print(&file, secret);
    accord_recipient_print(&recipient, secret);
    public_out[recipient.size] = 0;
    enum accord_status status = write_key(fs, path, passphrase_file, accord_out_bytes(&file), error);
    accord_wipe(secret, sizeof secret);
    accord_wipe(text, sizeof text);
    return name_file(error, status, path);
}

enum accord_status accord_report_key_open(const struct accord_fs *fs, const char *path, const char *passphrase_file,
                                          uint8_t secret[32], struct accord_error *error)
{
    struct accord_buffer plain;
    enum accord_status status = read_key(fs, path, passphrase_file, &plain, error);
    if (status == ACCORD_OK)
        status = accord_identity_parse(secret, accord_buffer_bytes(&plain), error);
    accord_buffer_wipe(&plain);
    return name_file(error, status, path);
}

static enum accord_status append(struct accord_buffer *out, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(out, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* The public half of a decrypted key's text. */
static enum accord_status public_of_text(struct accord_bytes text, struct accord_buffer *out,
                                         struct accord_error *error)
{
    struct accord_bytes rest = text;
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("PRIVATE+KEY+"))) {
        struct accord_signer *signer;
        enum accord_status status = signer_of_text(&signer, text, error);
        if (status == ACCORD_OK)
            status = append(out, signer->vkey.text, error);
        accord_signer_free(signer);
        return status;
    }
    uint8_t secret[32], recipient[64];
    enum accord_status status = accord_identity_parse(secret, text, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_out printed = {recipient, sizeof recipient, 0, false};
    accord_recipient_print(&printed, secret);
    accord_wipe(secret, sizeof secret);
    return append(out, accord_out_bytes(&printed), error);
}

enum accord_status accord_key_public(const struct accord_fs *fs, const char *key_arg, const char *passphrase_file,
                                     struct accord_buffer *out, struct accord_error *error)
{
    struct accord_bytes text;
    if (is_agent(key_arg, &text)) {
        struct accord_vkey vkey;
        enum accord_status parsed = accord_vkey_parse(&vkey, text, &accord_crypto_default, error);
        return parsed == ACCORD_OK ? append(out, text, error) : parsed;
    }
    struct accord_buffer plain;
    enum accord_status status = read_key(fs, key_arg, passphrase_file, &plain, error);
    if (status == ACCORD_OK)
        status = public_of_text(accord_buffer_bytes(&plain), out, error);
    accord_buffer_wipe(&plain);
    return name_file(error, status, key_arg);
}
