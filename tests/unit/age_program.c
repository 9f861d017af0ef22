/* The age program decrypts what accord encrypts; skipped, and counted as skipped, where it or script(1) is absent. */
#include "age/small.h"
#include "base/file.h"
#include "crypto/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The age program reads what accord writes. It asks for the passphrase on a terminal, which script(1) gives it. */
static void age_opens_what_it_made(void **state)
{
    (void)state;
    char path[] = "/tmp/accord-unit-age-XXXXXX", command[512];
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    const struct accord_bytes text = ACCORD_LITERAL("a secret that is for tests only\n");
    struct accord_buffer file;
    struct accord_error error;
    accord_buffer_init(&file, ACCORD_AGE_FILE_MAX);
    assert_int_equal(accord_age_encrypt(text, ACCORD_LITERAL("test-only passphrase"), &file, &error), ACCORD_OK);
    assert_int_equal(write(handle, file.data, file.size), file.size);
    assert_int_equal(close(handle), 0);
    accord_buffer_free(&file);
    snprintf(command, sizeof command,
             "(sleep 1; echo 'test-only passphrase') | script -qec 'age -d -o %s.plain %s' /dev/null >/dev/null 2>&1",
             path, path);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s.plain", path);
    struct accord_buffer plain;
    accord_buffer_init(&plain, ACCORD_AGE_PLAIN_MAX);
    assert_int_equal(accord_file_read(&accord_fs_real, command, &plain, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&plain), text));
    accord_buffer_free(&plain);
    assert_int_equal(unlink(command), 0);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    accord_crypto_start();
    if (system("age --version >/dev/null 2>&1") != 0 || system("script -qec true /dev/null >/dev/null 2>&1") != 0) {
        puts("1..0 # SKIP no age program, or no terminal to be had from script(1)");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(age_opens_what_it_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
