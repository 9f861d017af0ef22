/* From options to a question to git. */
#include "cli/git_given.h"

#include "base/file.h"
#include "cli/say.h"

#include <errno.h>
#include <stdlib.h>

/* git works in the repository: a path that the user gave is found from here. */
static int absolute(const struct accord_call *call, const char *option, char path[PATH_MAX], const char **found)
{
    struct accord_error error = {0};
    const char *given = accord_call_value(call, option);
    *found = given == NULL ? NULL : path;
    if (given == NULL || realpath(given, path) != NULL) {
        return 0;
    }
    (void)accord_file_error(&error, -errno, given);
    return accord_refuse(call, NULL, &error);
}

int accord_git_given(const struct accord_call *call, struct accord_git_given *given)
{
    struct accord_git *git = &given->git;
    *git = (struct accord_git){.repository = accord_call_value(call, "git"),
                               .commit = accord_call_value(call, "commit"),
                               .tag = accord_call_value(call, "tag"),
                               .signature = accord_call_flag(call, "require-signed")};
    if (git->commit != NULL && git->tag != NULL) {
        return accord_usage(call, "--commit and --tag do not go together");
    }
    if (git->repository == NULL) {
        return git->commit != NULL || git->tag != NULL || git->signature
                   ? accord_usage(call, "--commit, --tag and --require-signed need --git")
                   : 0;
    }
    int result = absolute(call, "gnupg-home", given->home, &git->gnupg_home);
    if (result == 0) {
        result = absolute(call, "allowed-signers", given->signers, &git->allowed_signers);
    }
    if (result == 0 && git->signature && git->gnupg_home == NULL && git->allowed_signers == NULL) {
        return accord_usage(call, "--require-signed needs --gnupg-home or --allowed-signers: whose signature?");
    }
    return result;
}

int accord_git_find(const struct accord_call *call, const struct accord_git *git, struct accord_git_found *found)
{
    struct accord_error error = {0};
    error.status = accord_git_look(git, call->crypto, found, &error);
    return error.status == ACCORD_OK ? 0 : accord_refuse(call, git->repository, &error);
}
