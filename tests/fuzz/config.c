/* CONFIG of accord serve: every byte is understood or refused, and what is accepted is whole. */
#include "serve/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct accord_config config, again;
    struct accord_error error = {0};
    struct accord_bytes text = {data, size};
    enum accord_status status = accord_config_parse(&config, text, "/etc", &error);
    require(error.status == status);
    require(accord_config_parse(&again, text, "/etc", NULL) == status);
    require(memcmp(&config, &again, sizeof config) == 0);
    if (status != ACCORD_OK)
        return 0;
    require(config.log[0] == '/' && strlen(config.log) < sizeof config.log);
    require(config.log_key[0] != 0 && strlen(config.log_key) < sizeof config.log_key);
    require(config.listen_count <= ACCORD_LISTEN_MAX);
    for (size_t i = 0; i < config.listen_count; i++) {
        require(config.listen[i].address[0] != 0);
        require(!config.listen[i].tls || config.tls_certificates[0] == '/');
    }
    require((config.tls_certificates[0] == 0) == (config.tls_key[0] == 0));
    require(config.interval_ms >= 10 && config.interval_ms <= 3600000);
    require(config.witness_timeout_ms >= 100 && config.fallback_ms <= 86400000);
    require(config.connections >= 1 && config.idle_seconds >= 1 && config.request_seconds >= 1);
    require(config.memory_bytes >= 32 << 20);
    return 0;
}
