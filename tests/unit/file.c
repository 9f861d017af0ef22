/* Whole files on the machine's own file system, and the port beneath them. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct accord_fs *const fs = &accord_fs_real;
static char directory[] = "/tmp/accord-unit-file-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static bool count_name(void *arg, const char *name)
{
    (void)name;
    ++*(int *)arg;
    return true;
}

static bool stop_at_once(void *arg, const char *name)
{
    (void)name;
    ++*(int *)arg;
    return false;
}

static int count_files(void)
{
    int count = 0;
    assert_int_equal(fs->list(fs->context, directory, count_name, &count), 0);
    return count;
}

static enum accord_status read_file(const char *name, size_t maximum, struct accord_buffer *buffer)
{
    struct accord_error error;
    accord_buffer_init(buffer, maximum);
    enum accord_status status = accord_file_read(fs, path_of(name), buffer, &error);
    if (status != ACCORD_OK) {
        assert_int_equal(error.status, status);
        assert_string_equal(error.what, path_of(name));
    }
    return status;
}

static void assert_file(const char *name, struct accord_bytes bytes)
{
    struct accord_buffer buffer;
    assert_int_equal(read_file(name, 1 << 20, &buffer), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&buffer), bytes));
    accord_buffer_free(&buffer);
}

static void reads_what_it_wrote(void **state)
{
    (void)state;
    static uint8_t bytes[300000];
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 300000};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 % 251);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct accord_error error;
        struct accord_bytes data = {bytes, sizes[i]};
        assert_int_equal(accord_file_replace(fs, path_of("a"), data, 0640, &error), ACCORD_OK);
        assert_file("a", data);
        assert_int_equal(count_files(), 1);
    }
    assert_int_equal(fs->unlink(fs->context, path_of("a")), 0);
}

static void the_buffer_s_maximum_bounds_reading(void **state)
{
    (void)state;
    struct accord_error error;
    struct accord_buffer buffer;
    assert_int_equal(accord_file_replace(fs, path_of("b"), ACCORD_LITERAL("12345"), 0600, &error), ACCORD_OK);
    assert_int_equal(read_file("b", 5, &buffer), ACCORD_OK);
    assert_int_equal(buffer.size, 5);
    accord_buffer_free(&buffer);
    assert_int_equal(read_file("b", 4, &buffer), ACCORD_TOO_LARGE);
    accord_buffer_free(&buffer);
    assert_int_equal(read_file("b", 0, &buffer), ACCORD_TOO_LARGE);
    /* What the buffer holds already counts. */
    accord_buffer_init(&buffer, 9);
    assert_int_equal(accord_buffer_append(&buffer, ACCORD_LITERAL("head ")), ACCORD_OK);
    assert_int_equal(accord_file_read(fs, path_of("b"), &buffer, &error), ACCORD_TOO_LARGE);
    accord_buffer_free(&buffer);
    /* A file without a size of its own never ends, and is cut off. */
    accord_buffer_init(&buffer, 100000);
    assert_int_equal(accord_file_read(fs, "/dev/zero", &buffer, &error), ACCORD_TOO_LARGE);
    assert_int_equal(buffer.size, 100000);
    accord_buffer_free(&buffer);
    assert_int_equal(fs->unlink(fs->context, path_of("b")), 0);
}

static void says_what_went_wrong(void **state)
{
    (void)state;
    struct accord_buffer buffer;
    struct accord_error error;
    assert_int_equal(read_file("absent", 10, &buffer), ACCORD_NOT_FOUND);
    accord_buffer_init(&buffer, 10);
    assert_int_equal(accord_file_read(fs, directory, &buffer, &error), ACCORD_IO);
    assert_string_equal(error.found, strerror(EISDIR));
    accord_buffer_free(&buffer);
    assert_int_equal(accord_file_replace(fs, path_of("no/such"), ACCORD_LITERAL("x"), 0600, &error), ACCORD_NOT_FOUND);
    /* A directory cannot be replaced, and no temporary file is left. */
    assert_int_equal(fs->make_dir(fs->context, path_of("d"), 0700), 0);
    assert_int_equal(fs->make_dir(fs->context, path_of("d"), 0700), -EEXIST);
    assert_int_equal(accord_file_replace(fs, path_of("d"), ACCORD_LITERAL("x"), 0600, &error), ACCORD_IO);
    assert_int_equal(count_files(), 1);
    assert_int_equal(fs->exists(fs->context, path_of("d")), 2);
    assert_int_equal(rmdir(path_of("d")), 0);
}

static void never_makes_over_another(void **state)
{
    (void)state;
    struct accord_error error;
    struct stat status;
    assert_int_equal(accord_file_create(fs, path_of("k"), ACCORD_LITERAL("first"), 0600, &error), ACCORD_OK);
    assert_int_equal(stat(path_of("k"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(accord_file_create(fs, path_of("k"), ACCORD_LITERAL("second"), 0600, &error), ACCORD_EXISTS);
    assert_string_equal(error.what, path_of("k"));
    assert_file("k", ACCORD_LITERAL("first"));
    assert_int_equal(count_files(), 1);
    assert_int_equal(fs->unlink(fs->context, path_of("k")), 0);
}

static const struct accord_fs *failing_base;
static int calls_left;

static int failing_sync(void *context, int handle)
{
    return calls_left-- == 0 ? -ENOSPC : failing_base->sync(context, handle);
}

static int failing_sync_dir(void *context, const char *path)
{
    return calls_left-- == 0 ? -EIO : failing_base->sync_dir(context, path);
}

static int failing_rename(void *context, const char *from, const char *to)
{
    return calls_left-- == 0 ? -EIO : failing_base->rename(context, from, to);
}

static int64_t failing_write(void *context, int handle, const void *data, size_t size, uint64_t offset)
{
    return calls_left-- == 0 ? -ENOSPC : failing_base->write_at(context, handle, data, size, offset);
}

/* Whichever call fails, the file holds the old bytes or the new, and nothing else is left beside it. */
static void a_failure_tears_nothing(void **state)
{
    (void)state;
    struct accord_fs failing = accord_fs_real;
    failing_base = fs;
    failing.sync = failing_sync;
    failing.sync_dir = failing_sync_dir;
    failing.rename = failing_rename;
    failing.write_at = failing_write;
    struct accord_error error;
    int failures = 0;
    for (int nth = 0;; nth++) {
        assert_int_equal(accord_file_replace(fs, path_of("f"), ACCORD_LITERAL("old"), 0600, &error), ACCORD_OK);
        calls_left = nth;
        enum accord_status result = accord_file_replace(&failing, path_of("f"), ACCORD_LITERAL("new"), 0600, &error);
        assert_int_equal(count_files(), 1);
        if (result == ACCORD_OK)
            break;
        failures++;
        assert_int_equal(result, ACCORD_IO);
        struct accord_buffer buffer;
        assert_int_equal(read_file("f", 10, &buffer), ACCORD_OK);
        /* Only the last call, which makes the name durable, fails after the new bytes are in place. */
        assert_memory_equal(buffer.data, nth < 3 ? "old" : "new", 3);
        accord_buffer_free(&buffer);
    }
    assert_int_equal(failures, 4);
    assert_file("f", ACCORD_LITERAL("new"));
    assert_int_equal(fs->unlink(fs->context, path_of("f")), 0);
    for (int nth = 0; nth < 4; nth++) {
        calls_left = nth;
        assert_int_equal(accord_file_create(&failing, path_of("f"), ACCORD_LITERAL("new"), 0600, &error), ACCORD_IO);
        assert_int_equal(count_files(), 0);
    }
}

static void the_port_does_what_it_says(void **state)
{
    (void)state;
    int how = ACCORD_OPEN_READ | ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_EXCLUSIVE;
    int handle = fs->open(fs->context, path_of("p"), how, 0600);
    assert_true(handle >= 0);
    assert_int_equal(fcntl(handle, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fs->open(fs->context, path_of("p"), how, 0600), -EEXIST);
    assert_int_equal(fs->write_at(fs->context, handle, "abc", 3, 5), 3);
    assert_int_equal(fs->size(fs->context, handle), 8);
    char data[16];
    assert_int_equal(fs->read_at(fs->context, handle, data, sizeof data, 4), 4);
    assert_memory_equal(data, "\0abc", 4);
    assert_int_equal(fs->read_at(fs->context, handle, data, sizeof data, 8), 0);
    assert_int_equal(fs->truncate(fs->context, handle, 6), 0);
    assert_int_equal(fs->size(fs->context, handle), 6);
    assert_int_equal(fs->sync(fs->context, handle), 0);
    assert_int_equal(fs->sync_dir(fs->context, directory), 0);
    assert_int_equal(fs->sync_dir(fs->context, path_of("p")), -ENOTDIR);
    assert_int_equal(fs->sync_all(fs->context, directory), 0);
    assert_int_equal(fs->exists(fs->context, path_of("p")), 1);
    assert_int_equal(fs->exists(fs->context, path_of("p/q")), 0);
    assert_int_equal(fs->exists(fs->context, path_of("q")), 0);
    /* Another open file, even in this process, cannot have the lock. */
    int second = fs->open(fs->context, path_of("p"), ACCORD_OPEN_READ, 0);
    assert_int_equal(fs->lock(fs->context, handle, false), 0);
    assert_int_equal(fs->lock(fs->context, second, false), -EWOULDBLOCK);
    assert_int_equal(fs->close(fs->context, handle), 0);
    assert_int_equal(fs->lock(fs->context, second, true), 0);
    assert_int_equal(fs->close(fs->context, second), 0);
    assert_int_equal(fs->rename(fs->context, path_of("p"), "/nonexistent/p"), -ENOENT);
    int count = 0;
    assert_int_equal(fs->list(fs->context, "/", stop_at_once, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(fs->list(fs->context, path_of("p"), count_name, &count), -ENOTDIR);
    assert_int_equal(fs->unlink(fs->context, path_of("p")), 0);
    assert_int_equal(fs->unlink(fs->context, path_of("p")), -ENOENT);
}

/* A pipe gives its bytes in pieces; "-" is standard input. */
static void reads_a_pipe_as_standard_input(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    assert_int_equal(close(ends[1]), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    struct accord_buffer buffer;
    struct accord_error error;
    accord_buffer_init(&buffer, 5);
    assert_int_equal(accord_file_read(fs, "-", &buffer, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&buffer), ACCORD_LITERAL("piped")));
    accord_buffer_free(&buffer);
    assert_int_equal(close(ends[0]), 0);
    if (kept >= 0) {
        assert_true(dup2(kept, STDIN_FILENO) >= 0);
        assert_int_equal(close(kept), 0);
    }
}

int main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(the_buffer_s_maximum_bounds_reading),
        cmocka_unit_test(says_what_went_wrong),
        cmocka_unit_test(never_makes_over_another),
        cmocka_unit_test(a_failure_tears_nothing),
        cmocka_unit_test(the_port_does_what_it_says),
        cmocka_unit_test(reads_a_pipe_as_standard_input),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)rmdir(directory);
    return failed;
}
