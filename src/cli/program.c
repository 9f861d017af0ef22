/* What both programs do: bring the machine's file system, crypto and clock together, run one command, and see to it
 * that what was written to standard output has arrived. */
#include "cli/program.h"

#include "base/clock.h"
#include "base/fs.h"
#include "cli/command.h"
#include "crypto/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_COULD_NOT 3

/* Where a standard descriptor is closed, the next file to be opened would take its place, and what is said to the user
 * would be written into it. A descriptor that cannot be used in the right direction keeps the place, and fails. */
static bool occupy_standard_descriptors(void)
{
    for (int handle = STDIN_FILENO; handle <= STDERR_FILENO; handle++) {
        int direction = handle == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(handle, F_GETFD) < 0 && open("/dev/null", direction | O_CLOEXEC) != handle) {
            return false;
        }
    }
    return true;
}

int accord_program(int argc, char **argv, const struct accord_network *network)
{
    if (!occupy_standard_descriptors()) {
        return EXIT_COULD_NOT;
    }
    /* A reader that goes away is an error that we report, like a full disk. */
    signal(SIGPIPE, SIG_IGN);
    accord_crypto_start();
    int status = accord_dispatch(argc, (const char *const *)argv, &accord_fs_real, &accord_crypto_default,
                                 &accord_clock_real, network);
    errno = 0;
    int failed_before = ferror(stdout);
    if (fflush(stdout) != 0 || failed_before || fclose(stdout) != 0) {
        fprintf(stderr, "accord: standard output: writing failed%s%s\n", errno == 0 ? "" : ": ",
                errno == 0 ? "" : strerror(errno));
        return EXIT_COULD_NOT;
    }
    return status;
}
