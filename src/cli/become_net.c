/* Finding accord-net and becoming it. Knows where it may lie: beside this program, or where it was installed. */
#include "cli/become_net.h"

#include "cli/say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "accord-net"

/* The path of a file beside this program; false where it is not known. */
static bool beside(char path[4096])
{
    ssize_t size = readlink("/proc/self/exe", path, 4096 - sizeof NAME - 1);
    if (size <= 0 || size >= (ssize_t)(4096 - sizeof NAME - 1)) {
        return false;
    }
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return false;
    }
    memcpy(slash + 1, NAME, sizeof NAME);
    return true;
}

int accord_become_net(const struct accord_call *call)
{
    char path[4096];
    /* execv takes the arguments as they are and changes none of them. */
    char *const *arguments = (char *const *)(uintptr_t)call->program_arguments;
    if (beside(path)) {
        (void)execv(path, arguments);
    }
    (void)execv(ACCORD_LIBEXEC "/" NAME, arguments);
    return accord_refuse_words(call, ACCORD_NETWORK,
                               "this needs the network, and " NAME
                               ", which has it, is neither beside this program nor in " ACCORD_LIBEXEC ": %s",
                               strerror(errno));
}
