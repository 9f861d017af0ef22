/* CONFIG of accord serve: every byte is understood or refused, and what is accepted is whole. */
#include "serve/config.h"

#include "crypto/backend.h"
#include "witness/known_logs.h"

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
    struct accord_logs *logs;
    require(accord_logs_new(&logs, &accord_crypto_default, NULL) == ACCORD_OK);
    enum accord_status status = accord_config_parse(&config, text, "/etc", logs, &error);
    size_t known = accord_logs_count(logs);
    require(error.status == status);
    require(accord_config_parse(&again, text, "/etc", logs, NULL) == status); /* known once more is no change */
    require(accord_logs_count(logs) == known);
    accord_logs_free(logs);
    require(memcmp(&config, &again, sizeof config) == 0);
    if (status != ACCORD_OK)
        return 0;
    require(config.log[0] == '/' || (config.log[0] == 0 && config.witness_count + config.mirror_count > 0));
    require(strlen(config.log) < sizeof config.log && strlen(config.log_key) < sizeof config.log_key);
    require((config.log_key[0] == 0) == (config.log[0] == 0));
    require(config.witness_count <= ACCORD_CONFIG_COSIGNERS_MAX && config.mirror_count <= ACCORD_CONFIG_COSIGNERS_MAX);
    for (size_t i = 0; i < config.witness_count; i++)
        require(config.witnesses[i].prefix[0] == 0 || config.witnesses[i].prefix[0] == '/');
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
