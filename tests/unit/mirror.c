/* The mirror on real files: each answer of tlog-mirror, their order, and what is published. */
#include "mirrors.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "log/check.h"
#include "mirror/ticket.h"
#include "witness/state.h"

#define ORIGIN "log.example/mirrored"

static struct mirrored *the_log, *other_log;
static struct accord_signer *keys[2];
static char directory[64];

static int set_up_group(void **state)
{
    (void)state;
    accord_crypto_start();
    the_log = calloc(1, sizeof *the_log);
    other_log = calloc(1, sizeof *other_log);
    assert_non_null(the_log);
    assert_non_null(other_log);
    mirrored_init(the_log, ORIGIN, 300);
    mirrored_init(other_log, "log.example/other", 0);
    static const char *const names[] = {"mirror.example/a", "mirror.example/b"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(accord_signer_generate(&keys[i], slice(names[i]), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                         ACCORD_OK);
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    mirrored_free(the_log);
    mirrored_free(other_log);
    free(the_log);
    free(other_log);
    accord_signer_free(keys[0]);
    accord_signer_free(keys[1]);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s", "/tmp/accord-test-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static enum accord_status mirror_try(struct accord_mirror **mirror, const struct accord_fs *fs, size_t copies_max,
                                     struct accord_error *error)
{
    const struct mirrored *const logs[] = {the_log, other_log};
    struct accord_logs *known = mirrored_logs(logs, 2);
    const struct accord_mirror_options options = {.fs = fs,
                                                  .crypto = &accord_crypto_default,
                                                  .dir = directory,
                                                  .signers = keys,
                                                  .signer_count = 2,
                                                  .copies_max = copies_max};
    enum accord_status status = accord_mirror_open(mirror, &options, known, error);
    accord_logs_free(known);
    return status;
}

static struct accord_mirror *mirror_open(size_t copies_max)
{
    struct accord_mirror *mirror;
    struct accord_error error = {0};
    if (mirror_try(&mirror, &accord_fs_real, copies_max, &error) != ACCORD_OK)
        fail_msg("%s %s %s", error.what, error.expected, error.found);
    return mirror;
}

static struct accord_witness_verdict step(struct accord_mirror *mirror, struct mirrored *log, unsigned branch,
                                          uint64_t old_size, uint64_t size)
{
    struct accord_buffer body;
    struct accord_witness_verdict verdict;
    accord_buffer_init(&body, 65536);
    mirrored_step(log, branch, old_size, size, &body);
    struct accord_error error = {0};
    if (accord_mirror_add_checkpoint(mirror, accord_buffer_bytes(&body), MIRRORED_NOW, &verdict, &error) != ACCORD_OK)
        fail_msg("%d %s %s %s", (int)error.status, error.what, error.expected, error.found);
    accord_buffer_free(&body);
    return verdict;
}

static void assert_step(struct accord_mirror *mirror, uint64_t old_size, uint64_t size, int expected)
{
    assert_int_equal(step(mirror, the_log, 0, old_size, size).http_status, expected);
}

struct answer {
    unsigned status;
    bool info;
    struct mirrored_info says;
    char text[8192];
};

/* All of a body, in pieces. */
static struct answer send_body(struct accord_mirror *mirror, struct accord_bytes body)
{
    struct accord_mirror_upload *upload;
    struct answer answer = {0};
    assert_int_equal(accord_mirror_upload_new(&upload, mirror, NULL), ACCORD_OK);
    bool more = true;
    for (size_t at = 0; at < body.size && more; at += 3000) {
        struct accord_bytes part = {body.data + at, body.size - at < 3000 ? body.size - at : 3000};
        more = accord_mirror_upload_feed(upload, part);
    }
    if (more)
        accord_mirror_upload_end(upload, MIRRORED_NOW);
    const struct accord_mirror_answer *found = accord_mirror_upload_answer(upload);
    answer.status = found->status;
    answer.info = found->info;
    if (found->info)
        answer.says = mirrored_read_info(accord_buffer_bytes(&found->text));
    else
        snprintf(answer.text, sizeof answer.text, "%.*s", (int)found->text.size, (const char *)found->text.data);
    accord_mirror_upload_free(upload);
    return answer;
}

static struct answer upload_with(struct accord_mirror *mirror, unsigned branch, uint64_t start, uint64_t end,
                                 uint64_t packages, struct accord_bytes ticket)
{
    struct accord_buffer body;
    accord_buffer_init(&body, 1 << 22);
    mirrored_upload(the_log, branch, start, end, packages, ticket, &body);
    struct answer answer = send_body(mirror, accord_buffer_bytes(&body));
    accord_buffer_free(&body);
    return answer;
}

static struct answer upload(struct accord_mirror *mirror, uint64_t start, uint64_t end, uint64_t packages)
{
    return upload_with(mirror, 0, start, end, packages, slice(""));
}

static void assert_info(struct answer answer, unsigned status, uint64_t size, uint64_t next)
{
    assert_int_equal(answer.status, status);
    assert_true(answer.info);
    assert_int_equal(answer.says.size, size);
    assert_int_equal(answer.says.next, next);
    assert_true(answer.says.ticket_size > 0);
}

static const char *log_path(const char *name)
{
    static char path[512];
    uint8_t hash[ACCORD_HASH_SIZE], hex[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {hex, sizeof hex, 0, false};
    accord_hash(&accord_crypto_default, slice(ORIGIN), hash);
    accord_put_hex(&out, (struct accord_bytes){hash, sizeof hash});
    snprintf(path, sizeof path, "%s/%.64s%s", directory, (const char *)hex, name);
    return path;
}

/* What is published: the log's signature and both of ours, over the tree of this size, all of which is there. */
static void assert_published(uint64_t size)
{
    static uint8_t data[65536];
    FILE *file = fopen(log_path("/checkpoint"), "rb");
    assert_non_null(file);
    struct accord_bytes note = {data, fread(data, 1, sizeof data, file)};
    fclose(file);
    struct accord_checkpoint_claim claim;
    uint64_t when;
    assert_int_equal(accord_checkpoint_parse(&claim, note, NULL), ACCORD_OK);
    assert_int_equal(claim.size, size);
    assert_int_equal(claim.note.signature_count, 3);
    assert_int_equal(
        accord_note_signed_by(&claim.note, accord_signer_vkey(the_log->signer), &accord_crypto_default, NULL),
        ACCORD_SIGNED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(accord_note_signed_by(&claim.note, accord_signer_vkey(keys[i]), &accord_crypto_default, &when),
                         ACCORD_SIGNED);
        assert_int_equal(when, MIRRORED_NOW);
    }
    struct accord_check_result result;
    struct accord_error error = {0};
    if (accord_log_check(&accord_fs_real, &accord_crypto_default, log_path(""), accord_signer_vkey(the_log->signer), 1,
                         NULL, NULL, &result, &error) != ACCORD_OK)
        fail_msg("%s %s %s", error.what, error.expected, error.found);
    assert_int_equal(result.size, size);
}

static void assert_published_size(struct accord_mirror *mirror, uint64_t expected)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    uint64_t size;
    accord_hash(&accord_crypto_default, slice(ORIGIN), hash);
    assert_int_equal(accord_mirror_published(mirror, hash, &size, NULL), ACCORD_OK);
    assert_int_equal(size, expected);
}

static void test_mirrors_a_log(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    uint64_t size, held = 0;
    uint8_t hash[ACCORD_HASH_SIZE] = {0};
    assert_int_equal(accord_mirror_published(mirror, hash, &size, NULL), ACCORD_NOT_FOUND);
    static const uint64_t sizes[] = {0, 1, 100, 256, 600, 1024, 2000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_step(mirror, held, sizes[i], 200);
        struct answer answer = upload(mirror, held, sizes[i], UINT64_MAX);
        assert_int_equal(answer.status, 200);
        assert_false(answer.info);
        struct accord_note_claim lines;
        assert_int_equal(accord_signatures_parse(&lines, slice(answer.text), NULL), ACCORD_OK);
        assert_int_equal(lines.signature_count, 2);
        held = sizes[i];
        assert_published(held);
        assert_published_size(mirror, held);
    }
    accord_mirror_close(mirror);
}

static void test_prefixes(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    assert_step(mirror, 0, 1000, 200);
    assert_info(upload(mirror, 0, 1000, 2), 202, 1000, 512);
    assert_int_equal(access(log_path("/checkpoint"), F_OK), -1);
    struct answer answer = upload(mirror, 512, 1000, 1);
    assert_info(answer, 202, 1000, 768);
    accord_mirror_close(mirror);
    mirror = mirror_open(0);
    /* Bytes of a package that did not come whole are dropped. */
    struct accord_buffer body;
    accord_buffer_init(&body, 1 << 22);
    mirrored_upload(the_log, 0, 700, 1000, UINT64_MAX, slice(""), &body);
    body.size--;
    assert_info(send_body(mirror, accord_buffer_bytes(&body)), 202, 1000, 768);
    body.size = 300;
    assert_int_equal(send_body(mirror, accord_buffer_bytes(&body)).status, 400);
    accord_buffer_free(&body);
    assert_int_equal(upload(mirror, 768, 1000, 0).status, 400);
    assert_int_equal(upload(mirror, 768, 1000, 1).status, 200);
    assert_published(1000);
    /* The same again, and nothing at all, are answered with signatures. */
    assert_int_equal(upload(mirror, 768, 1000, 1).status, 200);
    assert_int_equal(upload(mirror, 1000, 1000, 0).status, 200);
    assert_published(1000);
    accord_mirror_close(mirror);
}

static void test_refusals_in_order(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    struct accord_buffer body;
    accord_buffer_init(&body, 1 << 20);
    mirrored_header("nobody.example", 3, 9, slice(""), &body);
    assert_int_equal(send_body(mirror, accord_buffer_bytes(&body)).status, 404);
    body.size = 0;
    mirrored_header("nobody.example", 9, 3, slice(""), &body);
    assert_int_equal(send_body(mirror, accord_buffer_bytes(&body)).status, 400);
    assert_int_equal(send_body(mirror, (struct accord_bytes){body.data, 20}).status, 400);
    accord_buffer_free(&body);
    assert_int_equal(upload(mirror, 0, 600, 1).status, 422);
    assert_step(mirror, 0, 600, 200);
    assert_info(upload(mirror, 0, 599, 1), 409, 600, 0); /* never pending */
    assert_info(upload(mirror, 5, 600, 1), 409, 600, 0); /* beyond the next entry */
    assert_int_equal(upload(mirror, 0, 600, 3).status, 200);
    assert_step(mirror, 600, 1500, 200);
    assert_info(upload(mirror, 601, 1500, 1), 409, 1500, 600);
    assert_int_equal(upload(mirror, 600, 1500, 4).status, 200);
    assert_info(upload(mirror, 600, 600, 0), 409, 1500, 1500); /* below the mirror checkpoint */
    accord_mirror_close(mirror);
}

/* Others may have brought more than a request is about. Whoever does as the answer says asks for nothing that is
 * refused: its upload_start is never above its upload_end. */
static void test_others_are_ahead(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    assert_step(mirror, 0, 400, 200);
    assert_step(mirror, 400, 1000, 200);
    assert_info(upload(mirror, 0, 1000, 3), 202, 1000, 768);
    assert_info(upload(mirror, 0, 400, 1), 202, 400, 400);
    assert_info(upload(mirror, 900, 1000, 0), 409, 1000, 768);
    assert_int_equal(upload(mirror, 400, 400, 0).status, 200);
    assert_published(400);
    assert_int_equal(upload(mirror, 768, 1000, 1).status, 200);
    assert_info(upload(mirror, 0, 400, 1), 409, 1000, 1000);
    accord_mirror_close(mirror);
}

/* From when on a checkpoint can be read, so can be what it is of. */
static struct {
    struct accord_mirror *mirror;
    unsigned renamed;
    uint64_t size;
} watched;

static int watch_rename(void *context, const char *from, const char *to)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    int result = accord_fs_real.rename(context, from, to);
    if (watched.mirror == NULL || strcmp(to, log_path("/checkpoint")) != 0)
        return result;
    accord_hash(&accord_crypto_default, slice(ORIGIN), hash);
    assert_int_equal(accord_mirror_published(watched.mirror, hash, &watched.size, NULL), ACCORD_OK);
    watched.renamed++;
    return result;
}

static void test_shows_what_it_publishes(void **state)
{
    (void)state;
    struct accord_fs fs = accord_fs_real;
    struct accord_error error = {0};
    static const uint64_t sizes[] = {0, 300, 1000};
    fs.rename = watch_rename;
    assert_int_equal(mirror_try(&watched.mirror, &fs, 0, &error), ACCORD_OK);
    for (unsigned i = 0; i + 1 < 3; i++) {
        assert_step(watched.mirror, sizes[i], sizes[i + 1], 200);
        assert_int_equal(upload(watched.mirror, sizes[i], sizes[i + 1], UINT64_MAX).status, 200);
        assert_int_equal(watched.renamed, i + 1);
        assert_int_equal(watched.size, sizes[i + 1]);
    }
    accord_mirror_close(watched.mirror);
    watched.mirror = NULL;
}

static void test_add_checkpoint_as_a_witness(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    struct accord_witness_verdict verdict;
    assert_step(mirror, 0, 400, 200);
    assert_step(mirror, 400, 400, 200);
    verdict = step(mirror, the_log, 0, 100, 500);
    assert_int_equal(verdict.http_status, 409);
    assert_int_equal(verdict.seen_size, 400);
    assert_int_equal(step(mirror, the_log, 1, 400, 500).http_status, 422);
    assert_int_equal(step(mirror, the_log, 1, 400, 400).http_status, 422);
    assert_int_equal(accord_mirror_add_checkpoint(mirror, slice("old 1\n"), MIRRORED_NOW, &verdict, NULL), ACCORD_OK);
    assert_int_equal(verdict.http_status, 400);
    assert_int_equal(access(log_path("/checkpoint"), F_OK), -1);
    accord_mirror_close(mirror);
}

static void test_wrong_entries(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    assert_step(mirror, 0, 600, 200);
    /* Of the fork: its second package has other entries. */
    struct answer answer = upload_with(mirror, 1, 0, 600, 3, slice(""));
    assert_int_equal(answer.status, 422);
    assert_info(upload(mirror, 300, 600, 1), 409, 600, 0);
    struct accord_buffer body;
    accord_buffer_init(&body, 1 << 22);
    mirrored_upload(the_log, 0, 0, 600, 3, slice(""), &body);
    body.data[body.size - 1] ^= 1;
    assert_int_equal(send_body(mirror, accord_buffer_bytes(&body)).status, 422);
    assert_info(upload(mirror, 513, 600, 1), 409, 600, 512);
    body.data[body.size - 1] ^= 1;
    assert_int_equal(accord_buffer_append(&body, slice("\n")), ACCORD_OK);
    assert_int_equal(send_body(mirror, accord_buffer_bytes(&body)).status, 400);
    assert_int_equal(access(log_path("/checkpoint"), F_OK), -1);
    accord_buffer_free(&body);
    assert_int_equal(upload(mirror, 512, 600, 1).status, 200);
    assert_published(600);
    accord_mirror_close(mirror);
}

/* Several pending checkpoints stay valid; others do with their ticket, also after a restart. */
static void test_older_pending_checkpoints(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    assert_step(mirror, 0, 500, 200);
    struct answer first = upload(mirror, 0, 500, 1);
    assert_info(first, 202, 500, 256);
    for (uint64_t size = 500; size < 520; size++)
        assert_step(mirror, size, size + 1, 200);
    assert_info(upload(mirror, 256, 515, 1), 202, 515, 512);
    assert_info(upload(mirror, 256, 500, 1), 409, 520, 512);
    accord_mirror_close(mirror);
    mirror = mirror_open(0);
    assert_info(upload(mirror, 256, 515, 1), 409, 520, 512);
    struct accord_bytes ticket = {first.says.ticket, first.says.ticket_size};
    assert_int_equal(upload_with(mirror, 0, 256, 500, 1, ticket).status, 200);
    assert_published(500);
    accord_mirror_close(mirror);
}

static void test_forged_tickets(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    struct accord_buffer note, ticket;
    uint8_t key[ACCORD_TICKET_KEY_SIZE] = {7};
    accord_buffer_init(&note, 8192);
    accord_buffer_init(&ticket, 8192);
    assert_step(mirror, 0, 500, 200);
    mirrored_note(the_log, 1, 600, &note);
    assert_int_equal(accord_ticket_make(&accord_crypto_default, key, accord_buffer_bytes(&note), &ticket), ACCORD_OK);
    struct accord_bytes inside;
    assert_true(accord_ticket_open(&accord_crypto_default, key, accord_buffer_bytes(&ticket), &inside));
    assert_true(accord_bytes_equal(inside, accord_buffer_bytes(&note)));
    assert_info(upload_with(mirror, 1, 0, 600, 3, accord_buffer_bytes(&ticket)), 409, 500, 0);
    assert_int_equal(upload(mirror, 0, 500, 2).status, 200);
    struct stat status;
    char path[128];
    snprintf(path, sizeof path, "%s/.accord/ticket-key", directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    accord_buffer_free(&note);
    accord_buffer_free(&ticket);
    accord_mirror_close(mirror);
}

/* With its memory gone, a mirror goes on from what it published, and never to another history. */
static void test_lost_memory(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    char command[160];
    assert_step(mirror, 0, 500, 200);
    assert_int_equal(upload(mirror, 0, 500, 2).status, 200);
    accord_mirror_close(mirror);
    snprintf(command, sizeof command, "rm %s/.accord/pending*", directory);
    assert_int_equal(system(command), 0);
    mirror = mirror_open(0);
    struct accord_witness_verdict verdict = step(mirror, the_log, 1, 0, 600);
    assert_int_equal(verdict.http_status, 409);
    assert_int_equal(verdict.seen_size, 500);
    assert_int_equal(step(mirror, the_log, 1, 500, 600).http_status, 422);
    assert_int_equal(step(mirror, the_log, 0, 500, 600).http_status, 200);
    assert_int_equal(upload(mirror, 500, 600, 2).status, 200);
    assert_published(600);
    accord_mirror_close(mirror);
}

/* A ticket of a checkpoint that is newer than the memory says that the memory is an old one: what was pending then is
 * not a way round what is pending now. */
static void test_ticket_beyond_the_memory(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(0);
    char command[160];
    assert_step(mirror, 0, 300, 200);
    assert_int_equal(upload(mirror, 0, 300, 2).status, 200);
    assert_step(mirror, 300, 900, 200);
    struct answer answer = upload(mirror, 300, 900, 1);
    assert_info(answer, 202, 900, 512);
    accord_mirror_close(mirror);
    snprintf(command, sizeof command, "rm %s/.accord/pending*", directory);
    assert_int_equal(system(command), 0);
    mirror = mirror_open(0);
    struct accord_bytes ticket = {answer.says.ticket, answer.says.ticket_size};
    assert_info(upload_with(mirror, 0, 512, 900, 2, ticket), 409, 300, 300);
    assert_published(300);
    assert_step(mirror, 300, 1000, 200);
    assert_int_equal(upload_with(mirror, 0, 512, 900, 2, ticket).status, 200);
    accord_mirror_close(mirror);
}

/* A directory from a backup */

static void keep_backup(void)
{
    char command[256];
    snprintf(command, sizeof command, "cp -a '%s' '%s.backup'", directory, directory);
    assert_int_equal(system(command), 0);
}

static void put_backup_back(void)
{
    char command[256];
    snprintf(command, sizeof command, "rm -r '%s' && mv '%s.backup' '%s'", directory, directory, directory);
    assert_int_equal(system(command), 0);
}

/* What `accord witness restore` does, with a checkpoint where one is given. */
static void restore(struct accord_bytes note)
{
    char path[128];
    struct accord_cosigner_state *memory;
    struct accord_checkpoint_claim claim;
    bool signed_by, raised;
    snprintf(path, sizeof path, "%s/.accord/pending", directory);
    assert_int_equal(accord_cosigner_state_open_any(&memory, &accord_fs_real, path, NULL), ACCORD_OK);
    assert_non_null(accord_cosigner_state_doubt(memory));
    if (note.size > 0) {
        assert_int_equal(accord_checkpoint_parse(&claim, note, NULL), ACCORD_OK);
        assert_int_equal(accord_cosigner_state_raise(memory, accord_signer_vkey(keys[0]), &claim,
                                                     &accord_crypto_default, &signed_by, &raised, NULL),
                         ACCORD_OK);
        assert_true(signed_by && raised);
    }
    assert_int_equal(accord_cosigner_state_confirm(memory, NULL), ACCORD_OK);
    accord_cosigner_state_close(memory);
}

static void read_published(struct accord_buffer *note)
{
    assert_int_equal(accord_file_read(&accord_fs_real, log_path("/checkpoint"), note, NULL), ACCORD_OK);
}

/* Published once and forgotten: a tree of 900 entries. The other log has something pending, and no more. */
static void forget(struct accord_buffer *seen)
{
    struct accord_mirror *mirror = mirror_open(0);
    assert_step(mirror, 0, 290, 200);
    assert_int_equal(upload(mirror, 0, 290, 2).status, 200);
    assert_int_equal(step(mirror, other_log, 0, 0, 200).http_status, 200);
    accord_mirror_close(mirror);
    keep_backup();
    mirror = mirror_open(0);
    assert_step(mirror, 290, 900, 200);
    assert_int_equal(upload(mirror, 290, 900, 3).status, 200);
    accord_mirror_close(mirror);
    read_published(seen);
    put_backup_back();
}

static void assert_doubted(void)
{
    struct accord_mirror *mirror;
    struct accord_error error = {0};
    assert_int_equal(mirror_try(&mirror, &accord_fs_real, 0, &error), ACCORD_STATE);
    assert_non_null(strstr(error.expected, "accord witness restore"));
}

/* A request, of this log, with a note that somebody has. */
static enum accord_status show(struct accord_mirror *mirror, uint64_t old_size, struct accord_bytes note, int *http)
{
    static uint8_t body[32768];
    struct accord_witness_verdict verdict = {0};
    struct accord_merkle_proof proof;
    struct accord_hash_source source = mirrored_source(the_log, 0);
    struct accord_out out = {body, sizeof body, 0, false};
    assert_int_equal(accord_consistency_prove(&accord_crypto_default, &source, old_size, 900, &proof), ACCORD_OK);
    accord_add_checkpoint_print(&out, old_size, &proof, note);
    enum accord_status status =
        accord_mirror_add_checkpoint(mirror, accord_out_bytes(&out), MIRRORED_NOW, &verdict, NULL);
    *http = verdict.http_status;
    return status;
}

static struct answer upload_other(struct accord_mirror *mirror)
{
    struct accord_buffer body;
    accord_buffer_init(&body, 1 << 20);
    mirrored_upload(other_log, 0, 0, 200, 1, slice(""), &body);
    struct answer answer = send_body(mirror, accord_buffer_bytes(&body));
    accord_buffer_free(&body);
    return answer;
}

/* A copy is not used; nor is what was put back unnoticed, from when on our own cosignature shows what it forgot. */
static void test_restored_directory(void **state)
{
    (void)state;
    struct accord_buffer seen;
    int http;
    accord_buffer_init(&seen, 8192);
    forget(&seen);
    assert_doubted();
    restore(slice(""));
    struct accord_mirror *mirror = mirror_open(0);
    assert_int_equal(show(mirror, 290, accord_buffer_bytes(&seen), &http), ACCORD_STATE);
    assert_int_equal(upload_other(mirror).status, 503);
    assert_int_equal(upload(mirror, 290, 290, 0).status, 503);
    assert_int_equal(
        accord_mirror_add_checkpoint(mirror, slice("old 1\n"), MIRRORED_NOW, &(struct accord_witness_verdict){0}, NULL),
        ACCORD_OK);
    accord_mirror_close(mirror);
    assert_doubted();
    restore(accord_buffer_bytes(&seen));
    mirror = mirror_open(0);
    assert_int_equal(show(mirror, 900, accord_buffer_bytes(&seen), &http), ACCORD_OK);
    assert_int_equal(http, 200);
    assert_int_equal(step(mirror, the_log, 1, 290, 1000).http_status, 409);
    assert_int_equal(step(mirror, the_log, 1, 900, 1000).http_status, 422);
    assert_int_equal(upload_other(mirror).status, 200);
    accord_mirror_close(mirror);
    accord_buffer_free(&seen);
}

/* What it is told that it cosigned it holds again, once the entries come, and publishes with one line of each key. */
static void test_restored_memory_is_filled(void **state)
{
    (void)state;
    struct accord_buffer seen;
    accord_buffer_init(&seen, 8192);
    forget(&seen);
    restore(accord_buffer_bytes(&seen));
    struct accord_mirror *mirror = mirror_open(0);
    assert_int_equal(upload(mirror, 290, 900, 3).status, 200);
    assert_published(900);
    assert_int_equal(step(mirror, the_log, 1, 900, 1000).http_status, 422);
    accord_mirror_close(mirror);
    accord_buffer_free(&seen);
}

/* With an ML-DSA-44 key of the same name beside an Ed25519 one, where this machine has it: its lines are 3,300 bytes.
 */
static void test_mldsa44(void **state)
{
    (void)state;
    struct accord_signer *before = keys[0];
    if (!accord_mldsa44_available())
        return;
    assert_int_equal(accord_signer_generate(&keys[0], slice("mirror.example/b"), ACCORD_KEY_COSIGNATURE_MLDSA44, NULL),
                     ACCORD_OK);
    struct accord_mirror *mirror = mirror_open(0);
    assert_step(mirror, 0, 500, 200);
    struct answer answer = upload(mirror, 0, 500, 1);
    assert_info(answer, 202, 500, 256);
    assert_int_equal(upload(mirror, 256, 500, 1).status, 200);
    assert_published(500);
    accord_mirror_close(mirror);
    mirror = mirror_open(0);
    assert_step(mirror, 500, 900, 200);
    assert_int_equal(step(mirror, the_log, 1, 900, 1000).http_status, 422);
    assert_int_equal(upload(mirror, 500, 500, 0).status, 200);
    assert_int_equal(upload(mirror, 500, 900, 3).status, 200);
    assert_published(900);
    accord_mirror_close(mirror);
    assert_int_equal(tear_down(state) | set_up(state), 0);
    test_restored_directory(state);
    accord_signer_free(keys[0]);
    keys[0] = before;
}

/* Two requests for one log, their packages in turn. */
static void test_interleaved(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(1);
    struct accord_mirror_upload *uploads[2];
    struct accord_buffer bodies[2];
    size_t at[2] = {0, 0};
    bool more[2] = {true, true};
    assert_step(mirror, 0, 900, 200);
    assert_step(mirror, 900, 1400, 200);
    for (int i = 0; i < 2; i++) {
        accord_buffer_init(&bodies[i], 1 << 22);
        mirrored_upload(the_log, 0, 0, i == 0 ? 900 : 1400, UINT64_MAX, slice(""), &bodies[i]);
        assert_int_equal(accord_mirror_upload_new(&uploads[i], mirror, NULL), ACCORD_OK);
    }
    for (int turn = 0; at[0] < bodies[0].size || at[1] < bodies[1].size; turn ^= 1) {
        size_t size = bodies[turn].size - at[turn] < 1111 ? bodies[turn].size - at[turn] : 1111;
        more[turn] = more[turn] && accord_mirror_upload_feed(uploads[turn],
                                                             (struct accord_bytes){bodies[turn].data + at[turn], size});
        at[turn] += size;
    }
    accord_mirror_upload_end(uploads[1], MIRRORED_NOW);
    assert_true(more[0] && more[1]);
    assert_int_equal(accord_mirror_upload_answer(uploads[1])->status, 200);
    assert_published(1400);
    accord_mirror_upload_end(uploads[0], MIRRORED_NOW);
    assert_int_equal(accord_mirror_upload_answer(uploads[0])->status, 409);
    assert_published(1400);
    for (int i = 0; i < 2; i++) {
        accord_mirror_upload_free(uploads[i]);
        accord_buffer_free(&bodies[i]);
    }
    accord_mirror_close(mirror);
}

/* Threads, two logs, one open copy. */
struct racer {
    struct accord_mirror *mirror;
    struct accord_bytes bodies[8];
    unsigned statuses[8];
};

static void *race(void *context)
{
    struct racer *racer = context;
    for (int i = 0; i < 8; i++) {
        struct accord_mirror_upload *one;
        if (accord_mirror_upload_new(&one, racer->mirror, NULL) != ACCORD_OK)
            abort();
        if (accord_mirror_upload_feed(one, racer->bodies[i]))
            accord_mirror_upload_end(one, MIRRORED_NOW);
        racer->statuses[i] = accord_mirror_upload_answer(one)->status;
        accord_mirror_upload_free(one);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct accord_mirror *mirror = mirror_open(1);
    struct accord_buffer bodies[8];
    struct racer racers[4];
    pthread_t threads[4];
    struct mirrored *const logs[] = {the_log, other_log};
    for (uint64_t i = 0; i < 4; i++)
        for (int j = 0; j < 2; j++)
            assert_int_equal(step(mirror, logs[j], 0, i * 400, i * 400 + 400).http_status, 200);
    for (uint64_t i = 0; i < 8; i++) {
        accord_buffer_init(&bodies[i], 1 << 22);
        mirrored_upload(logs[i % 2], 0, 0, (i / 2 + 1) * 400, UINT64_MAX, slice(""), &bodies[i]);
    }
    for (int i = 0; i < 4; i++) {
        racers[i].mirror = mirror;
        for (int j = 0; j < 8; j++)
            racers[i].bodies[j] = accord_buffer_bytes(&bodies[(j + i) % 8]);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        for (int j = 0; j < 8; j++)
            assert_true(racers[i].statuses[j] == 200 || racers[i].statuses[j] == 409);
    }
    for (int i = 0; i < 8; i++)
        accord_buffer_free(&bodies[i]);
    accord_mirror_close(mirror);
    assert_published(1600);
}

static void test_refuses_other_keys(void **state)
{
    (void)state;
    struct accord_mirror *mirror;
    struct accord_error error;
    struct accord_logs *known = mirrored_logs(NULL, 0);
    const struct accord_mirror_options options = {.fs = &accord_fs_real,
                                                  .crypto = &accord_crypto_default,
                                                  .dir = directory,
                                                  .signers = &the_log->signer,
                                                  .signer_count = 1};
    assert_int_equal(accord_mirror_open(&mirror, &options, known, &error), ACCORD_KEY_TYPE);
    accord_logs_free(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mirrors_a_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prefixes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_add_checkpoint_as_a_witness, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_older_pending_checkpoints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forged_tickets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lost_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others_are_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shows_what_it_publishes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ticket_beyond_the_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restored_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restored_memory_is_filled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mldsa44, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_interleaved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_other_keys, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
