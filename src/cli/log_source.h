/* A LOG to read: a directory or a URL. */
#ifndef ACCORD_CLI_LOG_SOURCE_H
#define ACCORD_CLI_LOG_SOURCE_H

#include "cli/command.h"
#include "log/reader.h"

/* http:// or https:// */
bool accord_location_is_url(const char *location);
/* Opens it to read. A URL is opened by the network, which the call must have (command.c sees to that). */
ACCORD_MUST_USE enum accord_status accord_log_source_open(struct accord_reader **reader, const struct accord_fs *fs,
                                                          const struct accord_crypto *crypto,
                                                          const struct accord_network *network, const char *location,
                                                          struct accord_error *error);

#endif
