/* CONFIG of accord serve: what each keyword takes, and every refusal with its line. */
#include "slices.h"

#include "crypto/backend.h"
#include "keys/key.h"
#include "serve/config.h"
#include "witness/known_logs.h"

#include <stdio.h>
#include <string.h>

static struct accord_config config;
static struct accord_error error;
static struct accord_logs *logs; /* of the last one that was parsed */

static enum accord_status parse(const char *text)
{
    memset(&error, 0, sizeof error);
    accord_logs_free(logs);
    assert_int_equal(accord_logs_new(&logs, &accord_crypto_default, NULL), ACCORD_OK);
    enum accord_status status = accord_config_parse(&config, slice(text), "/etc/accord", logs, &error);
    assert_int_equal(status, error.status);
    return status;
}

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(parse("log log log.key"), ACCORD_OK);
    assert_int_equal(config.listen_count, 0);
    assert_string_equal(config.log, "/etc/accord/log");
    assert_string_equal(config.log_key, "/etc/accord/log.key");
    assert_string_equal(config.tls_certificates, "");
    assert_string_equal(config.passphrase_file, "");
    assert_string_equal(config.policy, "");
    assert_true(config.statements);
    assert_true(config.dedup);
    assert_int_equal(config.interval_ms, 1000);
    assert_int_equal(config.witness_timeout_ms, 5000);
    assert_int_equal(config.fallback_ms, 0);
    assert_int_equal(config.connections, 10000);
    assert_int_equal(config.idle_seconds, 60);
    assert_int_equal(config.request_seconds, 30);
    assert_int_equal(config.memory_bytes, 64 << 20);
}

static void everything(void **state)
{
    (void)state;
    assert_int_equal(parse("# a server\n\n"
                           "listen 127.0.0.1:7380\t# loopback\n"
                           "  listen [::]:443 tls\n"
                           "tls /etc/tls/chain.pem tls.key\n"
                           "log /var/lib/accord/log ssh-agent:example.com/log+abc\n"
                           "passphrase-file secret#1\n"
                           "accept any\n"
                           "policy policies/ours\n"
                           "interval 500ms\n"
                           "witness-timeout 10s\n"
                           "without-quorum publish 10m\n"
                           "dedup off\n"
                           "connections 20\n"
                           "idle-timeout 2m\n"
                           "request-timeout 1h\n"
                           "memory 2G #\n"),
                     ACCORD_OK);
    assert_int_equal(config.listen_count, 2);
    assert_string_equal(config.listen[0].address, "127.0.0.1:7380");
    assert_false(config.listen[0].tls);
    assert_string_equal(config.listen[1].address, "[::]:443");
    assert_true(config.listen[1].tls);
    assert_string_equal(config.tls_certificates, "/etc/tls/chain.pem");
    assert_string_equal(config.tls_key, "/etc/accord/tls.key");
    assert_string_equal(config.log, "/var/lib/accord/log");
    assert_string_equal(config.log_key, "ssh-agent:example.com/log+abc");
    assert_string_equal(config.passphrase_file, "/etc/accord/secret#1");
    assert_false(config.statements);
    assert_string_equal(config.policy, "/etc/accord/policies/ours");
    assert_int_equal(config.interval_ms, 500);
    assert_int_equal(config.witness_timeout_ms, 10000);
    assert_int_equal(config.fallback_ms, 600000);
    assert_false(config.dedup);
    assert_int_equal(config.connections, 20);
    assert_int_equal(config.idle_seconds, 120);
    assert_int_equal(config.request_seconds, 3600);
    assert_true(config.memory_bytes == UINT64_C(2) << 30);
}

static void relative_to_here(void **state)
{
    (void)state;
    assert_int_equal(
        accord_config_parse(&config, slice("log log /k\nmemory 33554432\nwithout-quorum wait\n"), ".", logs, NULL),
        ACCORD_OK);
    assert_string_equal(config.log, "log");
    assert_string_equal(config.log_key, "/k");
    assert_int_equal(config.memory_bytes, 32 << 20);
}

struct refusal {
    const char *text;
    enum accord_status status;
    uint64_t line;
    const char *what;
};

static void refusals(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"", ACCORD_MISSING_FIELD, 0, "log"},
        {"listen :1\n# log a b\n", ACCORD_MISSING_FIELD, 0, "log"},
        {"log a b\nlisten :1 tls\n", ACCORD_MISSING_FIELD, 0, "tls"},
        {"log a b\ntea\n", ACCORD_UNKNOWN_FIELD, 2, "tea"},
        {"Log a b\n", ACCORD_UNKNOWN_FIELD, 1, "Log"},
        {"log a\n", ACCORD_MALFORMED, 1, "log"},
        {"log a # b\n", ACCORD_MALFORMED, 1, "log"},
        {"log\n", ACCORD_MALFORMED, 1, "log"},
        {"log a b c\n", ACCORD_MALFORMED, 1, "log"},
        {"log a b\n\nlog a b\n", ACCORD_DUPLICATE, 3, "log"},
        {"listen :1\nlisten :2\nlisten :1\n", ACCORD_DUPLICATE, 3, "listen"},
        {"listen :1 ssl\n", ACCORD_MALFORMED, 1, "listen"},
        {"tls a\n", ACCORD_MALFORMED, 1, "tls"},
        {"accept all\n", ACCORD_MALFORMED, 1, "accept"},
        {"accept any\naccept any\n", ACCORD_DUPLICATE, 2, "accept"},
        {"dedup yes\n", ACCORD_MALFORMED, 1, "dedup"},
        {"interval 1\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval s\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 1.5s\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 01s\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 1 s\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 0s\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 9ms\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 61m\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 18446744073709551616s\n", ACCORD_MALFORMED, 1, "interval"},
        {"interval 18446744073709551615h\n", ACCORD_MALFORMED, 1, "interval"},
        {"witness-timeout 11m\n", ACCORD_MALFORMED, 1, "witness-timeout"},
        {"without-quorum publish\n", ACCORD_MALFORMED, 1, "without-quorum"},
        {"without-quorum wait 1m\n", ACCORD_MALFORMED, 1, "without-quorum"},
        {"without-quorum publish 0s\n", ACCORD_MALFORMED, 1, "without-quorum"},
        {"without-quorum never\n", ACCORD_MALFORMED, 1, "without-quorum"},
        {"idle-timeout 1500ms\n", ACCORD_MALFORMED, 1, "idle-timeout"},
        {"request-timeout 2h\n", ACCORD_MALFORMED, 1, "request-timeout"},
        {"connections 0\n", ACCORD_MALFORMED, 1, "connections"},
        {"connections 1000001\n", ACCORD_MALFORMED, 1, "connections"},
        {"connections -1\n", ACCORD_MALFORMED, 1, "connections"},
        {"memory 31M\n", ACCORD_MALFORMED, 1, "memory"},
        {"memory 64MB\n", ACCORD_MALFORMED, 1, "memory"},
        {"memory 65G\n", ACCORD_MALFORMED, 1, "memory"},
        {"witness k s\n", ACCORD_MALFORMED, 1, "witness"},
        {"mirror\n", ACCORD_MALFORMED, 1, "mirror"},
        {"log a b\nmailbox\n", ACCORD_MALFORMED, 2, "mailbox"},
        {"log a b\nmailbox m m\n", ACCORD_MALFORMED, 2, "mailbox"},
        {"log a b\nmailbox m\nmailbox m\n", ACCORD_DUPLICATE, 3, "mailbox"},
        {"log a b\naccept any\nmailbox m\n", ACCORD_MISSING_FIELD, 0, "log"},
        {"mailbox-limit 63K\n", ACCORD_MALFORMED, 1, "mailbox-limit"},
        {"mailbox-limit 65G\n", ACCORD_MALFORMED, 1, "mailbox-limit"},
        {"mailbox-keep 1\n", ACCORD_MALFORMED, 1, "mailbox-keep"},
        {"mailbox-work 41\n", ACCORD_MALFORMED, 1, "mailbox-work"},
        {"mailbox-rate 5\n", ACCORD_MALFORMED, 1, "mailbox-rate"},
        {"mailbox-rate 0 1h\n", ACCORD_MALFORMED, 1, "mailbox-rate"},
        {"mailbox-rate 5 25h\n", ACCORD_MALFORMED, 1, "mailbox-rate"},
        {"mailbox-from nobody\n", ACCORD_MALFORMED, 1, "mailbox-from"},
        {"known-log v u\n", ACCORD_MALFORMED, 1, "known-log"},
        {"log a b\r\n", ACCORD_MALFORMED, 1, ""},
        {"# \x01\n", ACCORD_MALFORMED, 1, ""},
        {"log a \xff\n", ACCORD_MALFORMED, 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.what, cases[i].what);
        assert_true(error.expected[0] != 0);
    }
}

static void mailboxes(void **state)
{
    (void)state;
    assert_int_equal(parse("log a b\n"), ACCORD_OK);
    assert_true(config.mailbox[0] == 0 && config.mailbox_limit == UINT64_C(1152) << 20 && config.mailbox_work == 0);
    assert_int_equal(parse("log a b\nmailbox m\nmailbox-limit 64M\nmailbox-keep 2G\nmailbox-work 20\n"
                           "mailbox-rate 100 1h\nmailbox-from introduced\n"),
                     ACCORD_OK);
    assert_string_equal(config.mailbox, "/etc/accord/m");
    assert_true(config.mailbox_limit == 64 << 20 && config.mailbox_keep == UINT64_C(2) << 30);
    assert_true(config.mailbox_work == 20 && config.mailbox_rate == 100 && config.mailbox_seconds == 3600);
    assert_true(config.mailbox_introduced);
}

static void cosigners(void **state)
{
    (void)state;
    assert_int_equal(parse("witness w.key w.state /witness\nwitness w2.key w.state /witness/\n"
                           "witness ssh-agent:x /var/v.state /\nmirror m.key m /m\npull-interval 5m\n"
                           "known-logs logs.txt\nknown-accord trust\n"
                           "known-accord other https://log.example/\nbastion https://b.example/ b.key\n"),
                     ACCORD_OK);
    assert_string_equal(config.log, "");
    assert_int_equal(config.witness_count, 3);
    assert_string_equal(config.witnesses[0].key, "/etc/accord/w.key");
    assert_string_equal(config.witnesses[0].state, "/etc/accord/w.state");
    assert_string_equal(config.witnesses[0].prefix, "/witness");
    assert_string_equal(config.witnesses[1].prefix, "/witness");
    assert_string_equal(config.witnesses[2].key, "ssh-agent:x");
    assert_string_equal(config.witnesses[2].prefix, "");
    assert_int_equal(config.mirror_count, 1);
    assert_string_equal(config.mirrors[0].state, "/etc/accord/m");
    assert_int_equal(config.pull_ms, 300000);
    assert_string_equal(config.lists[0], "/etc/accord/logs.txt");
    assert_string_equal(config.trusts[0], "/etc/accord/trust");
    assert_string_equal(config.trust_urls[0], "");
    assert_string_equal(config.trusts[1], "/etc/accord/other");
    assert_string_equal(config.trust_urls[1], "https://log.example/");
    assert_string_equal(config.bastion, "https://b.example/");
    assert_string_equal(config.bastion_key, "/etc/accord/b.key");
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
    } wrong[] = {
        {"witness k s\n", ACCORD_MALFORMED, 1},
        {"witness k s /w x\n", ACCORD_MALFORMED, 1},
        {"witness k s w\n", ACCORD_MALFORMED, 1},
        {"witness k s /a//b\n", ACCORD_MALFORMED, 1},
        {"witness k s /a?b\n", ACCORD_MALFORMED, 1},
        {"witness k s /tile\n", ACCORD_MALFORMED, 1},
        {"witness k s /tile/x\n", ACCORD_MALFORMED, 1},
        {"witness k s /healthz\n", ACCORD_MALFORMED, 1},
        {"log l k\nwitness w s /\n", ACCORD_MISSING_FIELD, 0},
        {"witness a s /w\nwitness b t /w\n", ACCORD_DUPLICATE, 0},
        {"witness a s /w\nwitness a s /v\n", ACCORD_DUPLICATE, 0},
        {"witness a s /w\nmirror b m /w\n", ACCORD_DUPLICATE, 0},
        {"witness a s /w\nmirror b s /m\n", ACCORD_DUPLICATE, 0},
        {"mirror a m /m\nmirror b m /n\n", ACCORD_DUPLICATE, 0},
        {"witness k s /w\nbastion http://b.example k\n", ACCORD_MALFORMED, 2},
        {"witness k s /w\npull-interval 1ms\n", ACCORD_MALFORMED, 2},
        {"witness k s /w\nknown-accord t log.example\n", ACCORD_MALFORMED, 2},
        {"known-log x\n", ACCORD_BAD_KEY, 1},
        {"\nknown-log x ftp://y\n", ACCORD_MALFORMED, 2},
        {"policy p\n", ACCORD_MISSING_FIELD, 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(parse(wrong[i].text), wrong[i].status);
        assert_int_equal(error.line, wrong[i].line);
    }
}

static void known_logs(void **state)
{
    (void)state;
    char text[1024];
    struct accord_signer *signer;
    struct accord_known_log log;
    assert_int_equal(accord_signer_generate(&signer, slice("log.example"), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    struct accord_bytes vkey = accord_signer_vkey(signer)->text;
    snprintf(text, sizeof text, "witness k s /w\nknown-log %.*s https://log.example/\n", (int)vkey.size,
             (const char *)vkey.data);
    assert_int_equal(parse(text), ACCORD_OK);
    assert_int_equal(accord_logs_count(logs), 1);
    assert_true(accord_logs_find(logs, slice("log.example"), &log));
    assert_slice(log.url, "https://log.example/");
    accord_signer_free(signer);
}

static void free_ports(void **state)
{
    (void)state;
    assert_int_equal(parse("listen :0\nlisten :0\nlog a b\n"), ACCORD_OK);
    assert_int_equal(config.listen_count, 2);
}

static void long_names(void **state)
{
    (void)state;
    static char text[ACCORD_CONFIG_PATH_SIZE + 64];
    /* directory, slash, name and NUL just fit */
    size_t longest = ACCORD_CONFIG_PATH_SIZE - 1 - strlen("/etc/accord/");
    memcpy(text, "log ", 4);
    memset(text + 4, 'x', longest);
    memcpy(text + 4 + longest, " k", 3);
    assert_int_equal(parse(text), ACCORD_OK);
    assert_int_equal(strlen(config.log), ACCORD_CONFIG_PATH_SIZE - 1);
    memset(text + 4, 'x', longest + 1);
    memcpy(text + 5 + longest, " k", 3);
    assert_int_equal(parse(text), ACCORD_TOO_LARGE);
    memcpy(text, "listen ", 7);
    memset(text + 7, 'x', 256);
    text[7 + 256] = 0;
    assert_int_equal(parse(text), ACCORD_TOO_LARGE);
}

static void addresses(void **state)
{
    (void)state;
    char text[1024] = "";
    for (unsigned i = 0; i <= ACCORD_LISTEN_MAX; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "listen :%u\n", i + 1);
        if (i + 1 == ACCORD_LISTEN_MAX) {
            assert_int_equal(parse(text), ACCORD_MISSING_FIELD); /* of log */
            assert_int_equal(config.listen_count, ACCORD_LISTEN_MAX);
        }
    }
    assert_int_equal(parse(text), ACCORD_TOO_LARGE);
    assert_int_equal(error.line, ACCORD_LISTEN_MAX + 1);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),   cmocka_unit_test(everything), cmocka_unit_test(relative_to_here),
        cmocka_unit_test(refusals),   cmocka_unit_test(long_names), cmocka_unit_test(addresses),
        cmocka_unit_test(mailboxes),  cmocka_unit_test(cosigners),  cmocka_unit_test(known_logs),
        cmocka_unit_test(free_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
