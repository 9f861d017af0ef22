/* Telling what a file is: by its own grammar wherever it has one, by its name only where the name is part of a format.
 * Knows the formats that accord writes; what it cannot tell it calls unknown, and never guesses. */
#include "custody/kind.h"

#include "accord/bundle.h"
#include "accord/checkpoint.h"
#include "accord/evidence.h"
#include "accord/policy.h"
#include "accord/proof.h"
#include "accord/roster.h"
#include "age/small.h"
#include "core/fields.h"
#include "core/text.h"
#include "keys/private.h"

#include <stdlib.h>
#include <string.h>

#define SQLITE_MAGIC "SQLite format 3" /* and its NUL */
#define STATE_MARK_OFFSET 68           /* of the application id */
#define STATE_MARK "acw7"              /* witness/state.c */
#define COUNT_SIZE 33                  /* witness/binding.c */
#define TICKET_KEY_SIZE 32             /* mirror/ticket.c */

#define CODE(name, code, phrase) code,
#define PHRASE(name, code, phrase) phrase,
static const char *const codes[] = {ACCORD_CUSTODY_KIND_LIST(CODE)};
static const char *const phrases[] = {ACCORD_CUSTODY_KIND_LIST(PHRASE)};

const char *accord_custody_kind_code(enum accord_custody_kind kind)
{
    return codes[kind];
}

const char *accord_custody_kind_phrase(enum accord_custody_kind kind)
{
    return phrases[kind];
}

static struct accord_bytes text_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static bool begins(struct accord_bytes bytes, struct accord_bytes with)
{
    return accord_cut_prefix(&bytes, with);
}

static bool ends(struct accord_bytes bytes, struct accord_bytes with)
{
    return bytes.size >= with.size && with.size > 0 &&
           memcmp(bytes.data + bytes.size - with.size, with.data, with.size) == 0;
}

static bool holds(struct accord_bytes bytes, struct accord_bytes what)
{
    return bytes.data != NULL && memmem(bytes.data, bytes.size, what.data, what.size) != NULL;
}

/* The last part of the path. */
static struct accord_bytes name_of(struct accord_bytes path)
{
    struct accord_bytes part;
    while (accord_cut(&path, '/', &part)) {
    }
    return path;
}

/* Where it lies */

static void place(struct accord_bytes path, struct accord_custody_verdict *verdict)
{
    struct accord_bytes part;
    bool own = false;
    while (accord_cut(&path, '/', &part)) {
        bool is_public = accord_bytes_equal(part, ACCORD_LITERAL("public"));
        bool is_private = accord_bytes_equal(part, ACCORD_LITERAL("private"));
        own = own || accord_bytes_equal(part, ACCORD_LITERAL(".accord"));
        verdict->below_public = is_public || (verdict->below_public && !is_private);
        verdict->below_private = is_private || (verdict->below_private && !is_public);
    }
    verdict->below_public = verdict->below_public && !own;
}

static bool is_hex(struct accord_bytes name)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    return accord_hex_read(name, hash, sizeof hash);
}

/* A mirror keeps each log in a directory that is named for the SHA-256 of its origin. */
static enum accord_custody_kind kind_of_log(struct accord_bytes directory)
{
    return is_hex(name_of(directory)) ? ACCORD_CUSTODY_MIRROR : ACCORD_CUSTODY_LOG;
}

/* <log>/tile/... */
static bool take_tile(struct accord_bytes path, struct accord_custody_verdict *verdict)
{
    struct accord_bytes rest = path, part;
    for (size_t at = 0; rest.size > 0; at = path.size - rest.size) {
        if (begins(rest, ACCORD_LITERAL("tile/")) && accord_tile_path_parse(&verdict->tile, rest) == ACCORD_OK) {
            verdict->is_tile = true;
            verdict->log_size = at == 0 ? 0 : at - 1;
            verdict->kind = kind_of_log((struct accord_bytes){path.data, verdict->log_size});
            return true;
        }
        if (!accord_cut(&rest, '/', &part)) {
            return false;
        }
    }
    return false;
}

/* Keys */

/* OpenSSH's says inside whether it is encrypted: its cipher is the first that its base64 names, however the lines are
 * broken. */
static bool is_sealed_openssh(struct accord_bytes block)
{
    static const char begin[] = "b3BlbnNzaC1rZXktdjEAAAAA", none[] = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    uint8_t text[sizeof none - 1];
    size_t size = 0;
    for (size_t i = 0; i < block.size && size < sizeof text; i++) {
        if (block.data[i] > ' ') {
            text[size++] = block.data[i];
        }
    }
    return size == sizeof text && memcmp(text, begin, sizeof begin - 1) == 0 && memcmp(text, none, sizeof text) != 0;
}

/* What stands between its BEGIN and the next "-----". */
static bool is_sealed_pem(struct accord_bytes label, struct accord_bytes rest)
{
    const uint8_t *end = rest.data == NULL ? NULL : memmem(rest.data, rest.size, "-----", 5);
    struct accord_bytes block = {rest.data, end == NULL ? rest.size : (size_t)(end - rest.data)};
    return ends(label, ACCORD_LITERAL("-----BEGIN ENCRYPTED ")) ||
           holds(block, ACCORD_LITERAL("Proc-Type: 4,ENCRYPTED")) ||
           (ends(label, ACCORD_LITERAL("-----BEGIN OPENSSH ")) && is_sealed_openssh(block));
}

/* PEM, of any kind of private key. A file is sealed where each key in it is. */
static bool take_pem(struct accord_bytes head, struct accord_custody_verdict *verdict)
{
    static const char mark[] = "PRIVATE KEY-----";
    const struct accord_bytes dashed = ACCORD_LITERAL("-----");
    bool some = false, sealed = true;
    while (holds(head, ACCORD_LITERAL("PRIVATE KEY-----"))) {
        const uint8_t *at = memmem(head.data, head.size, mark, sizeof mark - 1);
        struct accord_bytes label = {head.data, (size_t)(at - head.data)};
        size_t dashes = label.size;
        while (dashes > 0 && !begins((struct accord_bytes){head.data + dashes, label.size - dashes}, dashed)) {
            dashes--;
        }
        bool ending =
            begins((struct accord_bytes){head.data + dashes, label.size - dashes}, ACCORD_LITERAL("-----END "));
        head = (struct accord_bytes){at + sizeof mark - 1, head.size - label.size - (sizeof mark - 1)};
        sealed = sealed && ((ending && some) || is_sealed_pem(label, head));
        some = true;
    }
    if (some) {
        verdict->kind = sealed ? ACCORD_CUSTODY_SEALED_KEY : ACCORD_CUSTODY_KEY;
        verdict->clear_key = !sealed;
    }
    return some;
}

/* A file that holds a key among other things is a key, too. */
static bool take_key(struct accord_bytes path, struct accord_bytes head, struct accord_custody_verdict *verdict)
{
    if (holds(head, ACCORD_LITERAL("PRIVATE+KEY+")) || holds(head, ACCORD_LITERAL("AGE-SECRET-KEY-")) ||
        (ends(path, ACCORD_LITERAL(".accord/ticket-key")) && head.size == TICKET_KEY_SIZE)) {
        verdict->kind = ACCORD_CUSTODY_KEY;
        verdict->clear_key = true;
        return true;
    }
    return take_pem(head, verdict);
}

/* State */

bool accord_custody_is_state(struct accord_bytes head)
{
    return head.size >= STATE_MARK_OFFSET + 4 && memcmp(head.data, SQLITE_MAGIC, sizeof SQLITE_MAGIC) == 0 &&
           memcmp(head.data + STATE_MARK_OFFSET, STATE_MARK, 4) == 0;
}

/* What SQLite, or the witness, keeps beside the state. */
static bool take_beside(struct accord_bytes path, const struct accord_custody_look *look,
                        struct accord_custody_verdict *verdict)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm", "-count"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        struct accord_bytes suffix = text_of(suffixes[i]);
        if (ends(path, suffix) && (strcmp(suffixes[i], "-count") != 0 || look->size == COUNT_SIZE)) {
            verdict->kind = ACCORD_CUSTODY_WITNESS;
            verdict->beside_state = true;
            verdict->beside_size = path.size - suffix.size;
            return true;
        }
    }
    return false;
}

/* The memory of `accord verify`: lines `vendor product sequence ...`. */
static bool is_accepted(struct accord_bytes file)
{
    struct accord_bytes line, vendor, product, sequence;
    uint64_t number;
    bool some = false;
    while (accord_cut_line(&file, &line)) {
        if (!accord_word_next(&line, &vendor) || !accord_word_next(&line, &product) ||
            !accord_word_next(&line, &sequence) || !accord_domain_valid(vendor) || !accord_token_valid(product) ||
            !accord_decimal_read(sequence, &number)) {
            return false;
        }
        some = true;
    }
    return some && file.size == 0;
}

static bool take_state(struct accord_bytes path, struct accord_bytes head, struct accord_custody_verdict *verdict)
{
    bool own = holds(path, ACCORD_LITERAL(".accord/"));
    if (accord_custody_is_state(head)) {
        verdict->kind = ACCORD_CUSTODY_WITNESS;
    } else if (begins(head, ACCORD_LITERAL("accord journal 1")) || begins(head, ACCORD_LITERAL("accord dedup 1\n\0")) ||
               begins(head, ACCORD_LITERAL("accord admission memory 1\n")) ||
               (own && accord_bytes_equal(name_of(path), ACCORD_LITERAL("doubt")))) {
        verdict->kind = ACCORD_CUSTODY_JOURNAL;
    } else if (begins(head, ACCORD_LITERAL("accord follow 1\n")) ||
               begins(head, ACCORD_LITERAL("accord monitor 1\n")) || is_accepted(head)) {
        verdict->kind = ACCORD_CUSTODY_STATE;
    } else {
        return false;
    }
    return true;
}

/* Documents */

static bool is_policy(const struct accord_crypto *crypto, struct accord_bytes file)
{
    struct accord_policy *policy = file.size > ACCORD_POLICY_SIZE_MAX ? NULL : malloc(sizeof *policy);
    bool is = policy != NULL && accord_policy_parse(policy, file, crypto, NULL) == ACCORD_OK;
    free(policy);
    return is;
}

/* One line that is a verification key, or an age recipient. */
static bool is_public_key(const struct accord_crypto *crypto, struct accord_bytes file)
{
    struct accord_vkey vkey;
    struct accord_bytes line = file;
    if (accord_cut_line(&file, &line) && file.size > 0) {
        return false;
    }
    return accord_vkey_parse(&vkey, line, crypto, NULL) == ACCORD_OK ||
           (begins(line, ACCORD_LITERAL("age1")) && line.size == 62);
}

static bool is_document(const struct accord_crypto *crypto, struct accord_bytes file)
{
    struct accord_statement_claim statement;
    struct accord_checkpoint_claim checkpoint;
    struct accord_evidence_claim evidence;
    struct accord_proof_claim *proof = malloc(sizeof *proof);
    size_t count;
    bool is = proof != NULL && accord_proof_parse(proof, file, NULL) == ACCORD_OK;
    free(proof);
    return is || accord_statement_parse(&statement, file, NULL) == ACCORD_OK ||
           accord_proof_bundle_check(file, &count, NULL) == ACCORD_OK ||
           accord_evidence_parse(&evidence, file, NULL) == ACCORD_OK ||
           accord_checkpoint_parse(&checkpoint, file, NULL) == ACCORD_OK || is_public_key(crypto, file) ||
           is_policy(crypto, file);
}

bool accord_custody_wants_all(struct accord_bytes head)
{
    return begins(head, ACCORD_LITERAL("accord/v1/")) || begins(head, ACCORD_LITERAL("c2sp.org/tlog-proof@"));
}

static bool is_whole(const struct accord_custody_look *look)
{
    return look->head.size == look->size;
}

/* private/demo of an accord's directory: where the keys of the demo's members lie. */
static bool take_pointer(struct accord_bytes path, struct accord_bytes head, struct accord_custody_verdict *verdict)
{
    struct accord_bytes line = head;
    if (!ends(path, ACCORD_LITERAL("private/demo")) || !accord_cut_line(&head, &line) || head.size > 0) {
        return false;
    }
    verdict->kind = ACCORD_CUSTODY_STATE;
    verdict->leads = true;
    return true;
}

static bool take_document(const struct accord_crypto *crypto, struct accord_bytes path,
                          const struct accord_custody_look *look, struct accord_custody_verdict *verdict)
{
    struct accord_trust_claim trust;
    struct accord_checkpoint_claim checkpoint;
    struct accord_bytes head = look->head, name = name_of(path);
    if (!is_whole(look)) {
        return false;
    }
    if (accord_bytes_equal(name, ACCORD_LITERAL("checkpoint")) &&
        accord_checkpoint_parse(&checkpoint, head, NULL) == ACCORD_OK) {
        verdict->is_checkpoint = true;
        verdict->log_size = path.size == name.size ? 0 : path.size - name.size - 1;
        verdict->kind = kind_of_log((struct accord_bytes){path.data, verdict->log_size});
    } else if (accord_trust_parse(&trust, head, NULL) == ACCORD_OK) {
        verdict->kind = ACCORD_CUSTODY_TRUST;
    } else if (is_document(crypto, head)) {
        verdict->kind = ACCORD_CUSTODY_DOCUMENT;
    } else {
        return take_pointer(path, head, verdict);
    }
    return true;
}

void accord_custody_classify(const struct accord_crypto *crypto, const struct accord_custody_look *look,
                             struct accord_custody_verdict *verdict)
{
    struct accord_bytes path = text_of(look->path);
    *verdict = (struct accord_custody_verdict){.kind = ACCORD_CUSTODY_UNKNOWN};
    place(path, verdict);
    if (look->size == 0) {
        verdict->kind = ACCORD_CUSTODY_NOTHING;
        return;
    }
    if (take_tile(path, verdict)) {
        return;
    }
    if (accord_age_recognize(look->head)) {
        verdict->kind = ACCORD_CUSTODY_CIPHERTEXT;
        verdict->is_age = true;
        return;
    }
    if (take_state(path, look->head, verdict) || take_key(path, look->head, verdict) ||
        take_document(crypto, path, look, verdict)) {
        return;
    }
    if (!take_beside(path, look, verdict)) {
        verdict->why = "in no format that accord writes";
    }
}
