/* Going on as accord-net. */
#ifndef ACCORD_CLI_BECOME_NET_H
#define ACCORD_CLI_BECOME_NET_H

#include "cli/command.h"

/* Replaces this process by accord-net, with the same arguments: before anything was read or done. Returns only where
 * that cannot be: the exit status, once the sentence is out. */
ACCORD_MUST_USE int accord_become_net(const struct accord_call *call);

#endif
