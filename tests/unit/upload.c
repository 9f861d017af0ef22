/* The machine that reads add-entries requests: every cut of the bytes gives the same, and every fault is told. */
#include "mirrors.h"

#define ORIGIN "log.example/up"

static struct mirrored *the_log;

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    the_log = calloc(1, sizeof *the_log);
    assert_non_null(the_log);
    mirrored_init(the_log, ORIGIN, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mirrored_free(the_log);
    free(the_log);
    return 0;
}

/* Feeds all of it in pieces of so many bytes, and prints what was told. */
static enum accord_upload_step feed_all(struct accord_upload *upload, struct accord_bytes body, size_t piece,
                                        struct accord_buffer *printed, unsigned *packages)
{
    static uint8_t data[70000];
    *packages = 0;
    for (size_t at = 0; at < body.size; at += piece) {
        struct accord_bytes rest = {body.data + at, body.size - at < piece ? body.size - at : piece};
        for (;;) {
            enum accord_upload_step step = accord_upload_feed(upload, &rest);
            struct accord_out out = {data, sizeof data, 0, false};
            if (step == ACCORD_UPLOAD_WRONG)
                return step;
            if (step == ACCORD_UPLOAD_HUNGRY) {
                assert_int_equal(rest.size, 0);
                break;
            }
            if (step == ACCORD_UPLOAD_HEADER) {
                accord_upload_header_print(&out, &upload->header);
            } else {
                assert_int_equal(accord_buffer_append(printed, upload->package.entries), ACCORD_OK);
                accord_upload_proof_print(&out, &upload->package.proof);
                ++*packages;
            }
            mirrored_put(printed, &out);
        }
    }
    return ACCORD_UPLOAD_HUNGRY;
}

static void test_every_cut(void **state)
{
    (void)state;
    static const uint64_t ranges[][3] = {{0, 1, 1},     {0, 256, 1},    {0, 257, 2},   {3, 600, 3},
                                         {255, 257, 2}, {256, 1000, 3}, {700, 701, 1}, {5, 5, 0}};
    static const size_t pieces[] = {1, 2, 3, 7, 64, 1000, 1000000};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct accord_buffer body;
        accord_buffer_init(&body, 1 << 20);
        mirrored_upload(the_log, 0, ranges[i][0], ranges[i][1], UINT64_MAX, slice("a ticket"), &body);
        for (size_t j = 0; j < sizeof pieces / sizeof *pieces; j++) {
            struct accord_upload upload;
            struct accord_buffer printed;
            unsigned packages;
            accord_upload_init(&upload);
            accord_buffer_init(&printed, 1 << 20);
            assert_int_equal(feed_all(&upload, accord_buffer_bytes(&body), pieces[j], &printed, &packages),
                             ACCORD_UPLOAD_HUNGRY);
            assert_int_equal(packages, ranges[i][2]);
            assert_true(accord_upload_whole(&upload));
            assert_true(accord_bytes_equal(accord_buffer_bytes(&printed), accord_buffer_bytes(&body)));
            struct accord_bytes more = slice("x");
            assert_int_equal(accord_upload_feed(&upload, &more), ACCORD_UPLOAD_WRONG);
            assert_int_equal(upload.error.status, ACCORD_TRAILING);
            accord_buffer_free(&printed);
            accord_upload_free(&upload);
        }
        accord_buffer_free(&body);
    }
}

/* A body that ends anywhere is not whole, and gives the packages that lie before its end. */
static void test_every_end(void **state)
{
    (void)state;
    struct accord_buffer body;
    size_t first, second;
    accord_buffer_init(&body, 1 << 20);
    mirrored_upload(the_log, 0, 250, 600, 1, slice(""), &body);
    first = body.size;
    mirrored_package(the_log, 0, 256, 512, 600, &body);
    second = body.size;
    mirrored_package(the_log, 0, 512, 600, 600, &body);
    for (size_t size = 0; size < body.size; size++) {
        struct accord_upload upload;
        struct accord_buffer printed;
        unsigned packages;
        accord_upload_init(&upload);
        accord_buffer_init(&printed, 1 << 20);
        assert_int_equal(feed_all(&upload, (struct accord_bytes){body.data, size}, 997, &printed, &packages),
                         ACCORD_UPLOAD_HUNGRY);
        assert_int_equal(packages, (unsigned)(size >= first) + (unsigned)(size >= second));
        assert_false(accord_upload_whole(&upload));
        accord_buffer_free(&printed);
        accord_upload_free(&upload);
    }
    accord_buffer_free(&body);
}

static void assert_wrong(struct accord_buffer *body, enum accord_status expected, const char *what)
{
    struct accord_upload upload;
    struct accord_buffer printed;
    unsigned packages;
    accord_upload_init(&upload);
    accord_buffer_init(&printed, 1 << 20);
    assert_int_equal(feed_all(&upload, accord_buffer_bytes(body), 5, &printed, &packages), ACCORD_UPLOAD_WRONG);
    assert_int_equal(upload.error.status, expected);
    assert_string_equal(upload.error.what, what);
    struct accord_bytes more = slice("more");
    assert_int_equal(accord_upload_feed(&upload, &more), ACCORD_UPLOAD_WRONG);
    assert_int_equal(more.size, 4);
    accord_buffer_free(&printed);
    accord_upload_free(&upload);
    accord_buffer_free(body);
}

static void test_refusals(void **state)
{
    (void)state;
    struct accord_buffer body;
    accord_buffer_init(&body, 1 << 20);
    mirrored_header(ORIGIN, 6, 5, slice(""), &body);
    assert_wrong(&body, ACCORD_MALFORMED, "upload_start");
    accord_buffer_init(&body, 1 << 20);
    mirrored_header(ORIGIN, 0, 1, slice(""), &body);
    assert_int_equal(accord_buffer_append(&body, (struct accord_bytes){(const uint8_t *)"\0\1x\100", 4}), ACCORD_OK);
    assert_wrong(&body, ACCORD_TOO_LARGE, "num_hashes");
    accord_buffer_init(&body, 1 << 20);
    mirrored_header(ORIGIN, 0, 0, slice(""), &body);
    assert_int_equal(accord_buffer_append(&body, slice("x")), ACCORD_OK);
    assert_wrong(&body, ACCORD_TRAILING, "add-entries");
}

/* The largest numbers and the largest package that there can be. */
static void test_extremes(void **state)
{
    (void)state;
    struct accord_upload upload;
    struct accord_buffer body;
    static uint8_t entry[2 + ACCORD_ENTRY_SIZE_MAX] = {255, 255};
    accord_upload_init(&upload);
    accord_buffer_init(&body, ACCORD_BUNDLE_SIZE_MAX + 65536);
    mirrored_header(ORIGIN, UINT64_MAX - 256, UINT64_MAX, slice(""), &body);
    struct accord_bytes rest = accord_buffer_bytes(&body);
    assert_int_equal(accord_upload_feed(&upload, &rest), ACCORD_UPLOAD_HEADER);
    assert_int_equal(upload.header.end, UINT64_MAX);
    rest = slice("\0\1a\0");
    rest.size = 4;
    assert_int_equal(accord_upload_feed(&upload, &rest), ACCORD_UPLOAD_PACKAGE);
    assert_int_equal(upload.package.count, 1);
    for (int i = 0; i < 255; i++) {
        rest = (struct accord_bytes){entry, sizeof entry};
        assert_int_equal(accord_upload_feed(&upload, &rest), ACCORD_UPLOAD_HUNGRY);
    }
    rest = slice("\0");
    rest.size = 1;
    assert_int_equal(accord_upload_feed(&upload, &rest), ACCORD_UPLOAD_PACKAGE);
    assert_int_equal(upload.package.first, UINT64_MAX - 255);
    assert_int_equal(upload.package.count, 255);
    assert_true(accord_upload_whole(&upload));
    assert_true(accord_upload_held(&upload) < 3 * (size_t)ACCORD_BUNDLE_SIZE_MAX);
    accord_buffer_free(&body);
    accord_upload_free(&upload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_every_end),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
