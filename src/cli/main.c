/* accord's main: it brings the machine's file system, crypto and clock together, runs one command, and sees to it that
 * what was written to standard output has arrived. */
#include "base/clock.h"
#include "base/fs.h"
#include "cli/command.h"
#include "crypto/backend.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define EXIT_COULD_NOT 3

int main(int argc, char **argv)
{
    /* A reader that goes away is an error that we report, like a full disk. */
    signal(SIGPIPE, SIG_IGN);
    accord_crypto_start();
    int status =
        accord_dispatch(argc, (const char *const *)argv, &accord_fs_real, &accord_crypto_default, &accord_clock_real);
    errno = 0;
    int failed_before = ferror(stdout);
    if (fflush(stdout) != 0 || failed_before || fclose(stdout) != 0) {
        fprintf(stderr, "accord: standard output: writing failed%s%s\n", errno == 0 ? "" : ": ",
                errno == 0 ? "" : strerror(errno));
        return EXIT_COULD_NOT;
    }
    return status;
}
