/* CONFIG of accord serve. Knows its keywords, what each takes and the bounds of what may be asked for; refuses to know
 * what is in the files that it names, and whether an address can be had. */
#include "serve/config.h"

#include <string.h>

#include "core/text.h"
#include "witness/known_logs.h"

#define VALUES_MAX 3
#define MAILBOX_WORK_MAX 40
#define MAILBOX_LIMIT (UINT64_C(1152) << 20) /* a GiB, and what its size class may add */
#define MINUTE_MS UINT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

struct parser {
    struct accord_config *config;
    const char *directory;
    struct accord_logs *logs;
    uint64_t line;
    struct accord_bytes keyword, values[VALUES_MAX];
    size_t count; /* of values */
    struct accord_error *error;
};

struct keyword {
    struct accord_bytes name;
    size_t values_min, values_max;
    bool repeated;
    const char *expects; /* in a refusal */
    enum accord_status (*take)(struct parser *parser);
};

/* Refusals: what is the keyword, or what the caller says instead. */

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static enum accord_status refuse(struct parser *parser, enum accord_status status, const char *expected,
                                 struct accord_bytes found)
{
    accord_fail(parser->error, status, parser->line);
    accord_error_what(parser->error, parser->keyword);
    accord_error_expected(parser->error, bytes_of(expected));
    accord_error_found(parser->error, found);
    return status;
}

/* Values */

static bool is(struct accord_bytes value, const char *word)
{
    return accord_bytes_equal(value, bytes_of(word));
}

static bool begins(struct accord_bytes value, const char *prefix)
{
    return accord_cut_prefix(&value, bytes_of(prefix));
}

static bool ends(struct accord_bytes value, const char *suffix)
{
    size_t size = strlen(suffix);
    return value.size >= size && memcmp(value.data + value.size - size, suffix, size) == 0;
}

static enum accord_status too_long(struct parser *parser, struct accord_bytes value)
{
    return refuse(parser, ACCORD_TOO_LARGE, "a shorter name", value);
}

/* A path; a relative one is taken from CONFIG's directory. */
static enum accord_status path_of(struct parser *parser, struct accord_bytes value, char path[ACCORD_CONFIG_PATH_SIZE])
{
    struct accord_out out = {(uint8_t *)path, ACCORD_CONFIG_PATH_SIZE - 1, 0, false};
    if (value.data[0] != '/' && !is(bytes_of(parser->directory), ".")) {
        accord_put(&out, bytes_of(parser->directory));
        accord_put_byte(&out, '/');
    }
    accord_put(&out, value);
    if (out.full)
        return too_long(parser, value);
    path[out.size] = 0;
    return ACCORD_OK;
}

/* A key: a file, or one that an agent holds. */
static enum accord_status key_of(struct parser *parser, struct accord_bytes value, char path[ACCORD_CONFIG_PATH_SIZE])
{
    if (!begins(value, "ssh-agent:"))
        return path_of(parser, value, path);
    if (value.size >= ACCORD_CONFIG_PATH_SIZE)
        return too_long(parser, value);
    memcpy(path, value.data, value.size);
    path[value.size] = 0;
    return ACCORD_OK;
}

struct unit {
    const char *suffix;
    uint64_t times;
};

/* A number and its unit: one of those listed, an empty suffix ends the list and stands for itself where times is not 0.
 */
static bool read_number(struct accord_bytes value, const struct unit *units, uint64_t *number)
{
    struct accord_bytes digits = {value.data, 0};
    while (digits.size < value.size && value.data[digits.size] >= '0' && value.data[digits.size] <= '9')
        digits.size++;
    struct accord_bytes suffix = {value.data + digits.size, value.size - digits.size};
    while (units->suffix[0] != 0 && !is(suffix, units->suffix))
        units++;
    if (!is(suffix, units->suffix) || units->times == 0 || !accord_decimal_read(digits, number) ||
        *number > UINT64_MAX / units->times)
        return false;
    *number *= units->times;
    return true;
}

static enum accord_status duration_of(struct parser *parser, struct accord_bytes value, uint64_t least, uint64_t most,
                                      const char *expected, uint64_t *ms)
{
    static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", MINUTE_MS}, {"h", HOUR_MS}, {"", 0}};
    uint64_t number;
    if (!read_number(value, units, &number) || number < least || number > most)
        return refuse(parser, ACCORD_MALFORMED, expected, value);
    *ms = number;
    return ACCORD_OK;
}

static enum accord_status seconds_of(struct parser *parser, unsigned *seconds)
{
    static const char *const expected = "a duration of whole seconds from 1s to 1h";
    uint64_t ms = 0;
    enum accord_status status = duration_of(parser, parser->values[0], 1000, HOUR_MS, expected, &ms);
    if (status == ACCORD_OK && ms % 1000 != 0)
        return refuse(parser, ACCORD_MALFORMED, expected, parser->values[0]);
    if (status == ACCORD_OK)
        *seconds = (unsigned)(ms / 1000);
    return status;
}

/* One of two words; *first says whether it is the first. */
static enum accord_status choice_of(struct parser *parser, const char *one, const char *other, const char *expected,
                                    bool *first)
{
    *first = is(parser->values[0], one);
    if (!*first && !is(parser->values[0], other))
        return refuse(parser, ACCORD_MALFORMED, expected, parser->values[0]);
    return ACCORD_OK;
}

/* Keywords */

static enum accord_status take_listen(struct parser *parser)
{
    struct accord_config *config = parser->config;
    if (config->listen_count == ACCORD_LISTEN_MAX)
        return refuse(parser, ACCORD_TOO_LARGE, "16 addresses at most", parser->values[0]);
    struct accord_config_listen *listen = &config->listen[config->listen_count];
    if (parser->values[0].size >= sizeof listen->address)
        return too_long(parser, parser->values[0]);
    if (parser->count == 2 && !is(parser->values[1], "tls"))
        return refuse(parser, ACCORD_MALFORMED, "listen ADDRESS [tls]", parser->values[1]);
    memcpy(listen->address, parser->values[0].data, parser->values[0].size);
    listen->address[parser->values[0].size] = 0;
    listen->tls = parser->count == 2;
    /* Port 0 is another one each time. */
    for (size_t i = 0; i < config->listen_count && !ends(parser->values[0], ":0"); i++) {
        if (strcmp(config->listen[i].address, listen->address) == 0)
            return refuse(parser, ACCORD_DUPLICATE, "each address once", parser->values[0]);
    }
    config->listen_count++;
    return ACCORD_OK;
}

static enum accord_status take_tls(struct parser *parser)
{
    enum accord_status status = path_of(parser, parser->values[0], parser->config->tls_certificates);
    return status == ACCORD_OK ? path_of(parser, parser->values[1], parser->config->tls_key) : status;
}

static enum accord_status take_log(struct parser *parser)
{
    enum accord_status status = path_of(parser, parser->values[0], parser->config->log);
    return status == ACCORD_OK ? key_of(parser, parser->values[1], parser->config->log_key) : status;
}

static enum accord_status take_passphrase_file(struct parser *parser)
{
    return path_of(parser, parser->values[0], parser->config->passphrase_file);
}

static enum accord_status take_accept(struct parser *parser)
{
    return choice_of(parser, "statements", "any", "accept statements, or accept any", &parser->config->statements);
}

static enum accord_status take_policy(struct parser *parser)
{
    return path_of(parser, parser->values[0], parser->config->policy);
}

static enum accord_status take_interval(struct parser *parser)
{
    return duration_of(parser, parser->values[0], 10, HOUR_MS, "a duration from 10ms to 1h",
                       &parser->config->interval_ms);
}

static enum accord_status take_witness_timeout(struct parser *parser)
{
    return duration_of(parser, parser->values[0], 100, 10 * MINUTE_MS, "a duration from 100ms to 10m",
                       &parser->config->witness_timeout_ms);
}

static enum accord_status take_without_quorum(struct parser *parser)
{
    static const char *const expected = "without-quorum wait, or without-quorum publish DURATION (1s to 24h)";
    bool wait;
    enum accord_status status = choice_of(parser, "wait", "publish", expected, &wait);
    if (status != ACCORD_OK)
        return status;
    if (wait != (parser->count == 1))
        return refuse(parser, ACCORD_MALFORMED, expected, parser->values[parser->count - 1]);
    return wait ? ACCORD_OK
                : duration_of(parser, parser->values[1], 1000, 24 * HOUR_MS, expected, &parser->config->fallback_ms);
}

static enum accord_status take_dedup(struct parser *parser)
{
    return choice_of(parser, "on", "off", "dedup on, or dedup off", &parser->config->dedup);
}

static enum accord_status take_connections(struct parser *parser)
{
    uint64_t number;
    if (!accord_decimal_read(parser->values[0], &number) || number < 1 || number > 1000000)
        return refuse(parser, ACCORD_MALFORMED, "a number from 1 to 1000000", parser->values[0]);
    parser->config->connections = (unsigned)number;
    return ACCORD_OK;
}

static enum accord_status take_idle_timeout(struct parser *parser)
{
    return seconds_of(parser, &parser->config->idle_seconds);
}

static enum accord_status take_request_timeout(struct parser *parser)
{
    return seconds_of(parser, &parser->config->request_seconds);
}

/* Less than two of the largest batches would let one client keep all others out. */
static enum accord_status take_memory(struct parser *parser)
{
    static const struct unit units[] = {{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"", 1}};
    uint64_t number;
    if (!read_number(parser->values[0], units, &number) || number < UINT64_C(32) << 20 || number > UINT64_C(64) << 30)
        return refuse(parser, ACCORD_MALFORMED, "a size from 32M to 64G", parser->values[0]);
    parser->config->memory_bytes = number;
    return ACCORD_OK;
}

/* Where a role is: "/", or "/" and what a URL's path may hold, without what is the log's or the server's own. */
static enum accord_status prefix_of(struct parser *parser, struct accord_bytes value,
                                    char prefix[ACCORD_CONFIG_PREFIX_SIZE])
{
    static const char *const own[] = {"/add", "/add-batch", "/checkpoint", "/tile", "/mailbox", "/healthz", "/metrics"};
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    bool right = begins(value, "/") && value.size < ACCORD_CONFIG_PREFIX_SIZE;
    for (size_t i = 0; right && i < value.size; i++)
        right = memchr(allowed, value.data[i], sizeof allowed - 1) != NULL &&
                !(value.data[i] == '/' && i + 1 < value.size && value.data[i + 1] == '/');
    while (right && value.size > 0 && value.data[value.size - 1] == '/')
        value.size--;
    for (size_t i = 0; right && i < sizeof own / sizeof *own; i++)
        right = !is(value, own[i]) && !(begins(value, own[i]) && value.data[strlen(own[i])] == '/');
    if (!right)
        return refuse(parser, ACCORD_MALFORMED, "a path as /witness, that is not one of the log's", value);
    memcpy(prefix, value.data, value.size);
    prefix[value.size] = 0;
    return ACCORD_OK;
}

static enum accord_status take_cosigner(struct parser *parser, struct accord_config_cosigner *cosigners, size_t *count)
{
    if (*count == ACCORD_CONFIG_COSIGNERS_MAX)
        return refuse(parser, ACCORD_TOO_LARGE, "16 at most", parser->values[0]);
    struct accord_config_cosigner *cosigner = &cosigners[*count];
    enum accord_status status = key_of(parser, parser->values[0], cosigner->key);
    if (status == ACCORD_OK)
        status = path_of(parser, parser->values[1], cosigner->state);
    if (status == ACCORD_OK)
        status = prefix_of(parser, parser->values[2], cosigner->prefix);
    if (status == ACCORD_OK)
        ++*count;
    return status;
}

static enum accord_status take_witness(struct parser *parser)
{
    return take_cosigner(parser, parser->config->witnesses, &parser->config->witness_count);
}

static enum accord_status take_mirror(struct parser *parser)
{
    return take_cosigner(parser, parser->config->mirrors, &parser->config->mirror_count);
}

static bool is_url(struct accord_bytes value)
{
    return begins(value, "https://") || begins(value, "http://");
}

static enum accord_status take_known_log(struct parser *parser)
{
    struct accord_bytes url = {NULL, 0};
    if (parser->count == 2 && !is_url(url = parser->values[1]))
        return refuse(parser, ACCORD_MALFORMED, "known-log VKEY [URL], with an http:// or https:// URL", url);
    enum accord_status status = accord_logs_add(parser->logs, parser->values[0], url, parser->error);
    if (status != ACCORD_OK && parser->error != NULL)
        parser->error->line = parser->line;
    return status;
}

static enum accord_status take_file(struct parser *parser, char (*files)[ACCORD_CONFIG_PATH_SIZE], size_t *count)
{
    if (*count == ACCORD_CONFIG_LISTS_MAX)
        return refuse(parser, ACCORD_TOO_LARGE, "16 at most", parser->values[0]);
    enum accord_status status = path_of(parser, parser->values[0], files[*count]);
    if (status == ACCORD_OK)
        ++*count;
    return status;
}

static enum accord_status take_known_logs(struct parser *parser)
{
    return take_file(parser, parser->config->lists, &parser->config->list_count);
}

static enum accord_status take_known_accord(struct parser *parser)
{
    struct accord_config *config = parser->config;
    struct accord_bytes url = parser->count == 2 ? parser->values[1] : (struct accord_bytes){NULL, 0};
    if (parser->count == 2 && (!is_url(url) || url.size >= ACCORD_CONFIG_URL_SIZE))
        return refuse(parser, ACCORD_MALFORMED, "known-accord TRUST [URL], with an http:// or https:// URL", url);
    if (url.size > 0 && config->trust_count < ACCORD_CONFIG_LISTS_MAX)
        memcpy(config->trust_urls[config->trust_count], url.data, url.size);
    return take_file(parser, parser->config->trusts, &parser->config->trust_count);
}

static enum accord_status take_pull_interval(struct parser *parser)
{
    return duration_of(parser, parser->values[0], 1000, 24 * HOUR_MS, "a duration from 1s to 24h",
                       &parser->config->pull_ms);
}

static enum accord_status take_bastion(struct parser *parser)
{
    struct accord_bytes url = parser->values[0];
    if (!begins(url, "https://") || url.size >= sizeof parser->config->bastion)
        return refuse(parser, ACCORD_MALFORMED, "bastion URL KEY, with an https:// URL", url);
    memcpy(parser->config->bastion, url.data, url.size);
    return key_of(parser, parser->values[1], parser->config->bastion_key);
}

static enum accord_status take_bastion_ca(struct parser *parser)
{
    return path_of(parser, parser->values[0], parser->config->bastion_ca);
}

static enum accord_status take_mailbox(struct parser *parser)
{
    return path_of(parser, parser->values[0], parser->config->mailbox);
}

static enum accord_status size_of(struct parser *parser, uint64_t most, const char *expected, uint64_t *size)
{
    static const struct unit units[] = {{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"", 1}};
    uint64_t number;
    if (!read_number(parser->values[0], units, &number) || number < UINT64_C(1) << 16 || number > most)
        return refuse(parser, ACCORD_MALFORMED, expected, parser->values[0]);
    *size = number;
    return ACCORD_OK;
}

static enum accord_status take_mailbox_limit(struct parser *parser)
{
    return size_of(parser, UINT64_C(64) << 30, "a size from 64K to 64G", &parser->config->mailbox_limit);
}

static enum accord_status take_mailbox_keep(struct parser *parser)
{
    return size_of(parser, UINT64_C(1) << 50, "a size from 64K to 1048576G", &parser->config->mailbox_keep);
}

static enum accord_status take_mailbox_work(struct parser *parser)
{
    uint64_t number;
    if (!accord_decimal_read(parser->values[0], &number) || number > MAILBOX_WORK_MAX)
        return refuse(parser, ACCORD_MALFORMED, "a number of bits from 0 to 40", parser->values[0]);
    parser->config->mailbox_work = (unsigned)number;
    return ACCORD_OK;
}

static enum accord_status take_mailbox_rate(struct parser *parser)
{
    static const char *const expected = "mailbox-rate NUMBER DURATION: so many reports (1 to 1000000) in 1s to 24h";
    uint64_t number, ms = 0;
    if (!accord_decimal_read(parser->values[0], &number) || number < 1 || number > 1000000)
        return refuse(parser, ACCORD_MALFORMED, expected, parser->values[0]);
    enum accord_status status = duration_of(parser, parser->values[1], 1000, 24 * HOUR_MS, expected, &ms);
    parser->config->mailbox_rate = number;
    parser->config->mailbox_seconds = ms / 1000;
    return status;
}

static enum accord_status take_mailbox_from(struct parser *parser)
{
    bool anybody = false;
    enum accord_status status =
        choice_of(parser, "anybody", "introduced", "mailbox-from anybody, or mailbox-from introduced", &anybody);
    parser->config->mailbox_introduced = status == ACCORD_OK && !anybody;
    return status;
}

#define NAME(text)                                                                                                     \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }
static const struct keyword keywords[] = {
    {NAME("listen"), 1, 2, true, "listen ADDRESS [tls]", take_listen},
    {NAME("tls"), 2, 2, false, "tls CERTIFICATES KEY", take_tls},
    {NAME("log"), 2, 2, false, "log DIR KEY", take_log},
    {NAME("passphrase-file"), 1, 1, false, "passphrase-file FILE", take_passphrase_file},
    {NAME("accept"), 1, 1, false, "accept statements, or accept any", take_accept},
    {NAME("policy"), 1, 1, false, "policy FILE", take_policy},
    {NAME("interval"), 1, 1, false, "interval DURATION", take_interval},
    {NAME("witness-timeout"), 1, 1, false, "witness-timeout DURATION", take_witness_timeout},
    {NAME("without-quorum"), 1, 2, false, "without-quorum wait, or without-quorum publish DURATION",
     take_without_quorum},
    {NAME("dedup"), 1, 1, false, "dedup on, or dedup off", take_dedup},
    {NAME("connections"), 1, 1, false, "connections NUMBER", take_connections},
    {NAME("idle-timeout"), 1, 1, false, "idle-timeout DURATION", take_idle_timeout},
    {NAME("request-timeout"), 1, 1, false, "request-timeout DURATION", take_request_timeout},
    {NAME("memory"), 1, 1, false, "memory SIZE", take_memory},
    {NAME("witness"), 3, 3, true, "witness KEY STATE PREFIX", take_witness},
    {NAME("mirror"), 3, 3, true, "mirror KEY DIR PREFIX", take_mirror},
    {NAME("known-log"), 1, 2, true, "known-log VKEY [URL]", take_known_log},
    {NAME("known-logs"), 1, 1, true, "known-logs FILE", take_known_logs},
    {NAME("known-accord"), 1, 2, true, "known-accord TRUST [URL]", take_known_accord},
    {NAME("pull-interval"), 1, 1, false, "pull-interval DURATION", take_pull_interval},
    {NAME("bastion"), 2, 2, false, "bastion URL KEY", take_bastion},
    {NAME("bastion-ca"), 1, 1, false, "bastion-ca FILE", take_bastion_ca},
    {NAME("mailbox"), 1, 1, false, "mailbox DIR", take_mailbox},
    {NAME("mailbox-limit"), 1, 1, false, "mailbox-limit SIZE", take_mailbox_limit},
    {NAME("mailbox-keep"), 1, 1, false, "mailbox-keep SIZE", take_mailbox_keep},
    {NAME("mailbox-work"), 1, 1, false, "mailbox-work BITS", take_mailbox_work},
    {NAME("mailbox-rate"), 2, 2, false, "mailbox-rate NUMBER DURATION", take_mailbox_rate},
    {NAME("mailbox-from"), 1, 1, false, "mailbox-from anybody, or mailbox-from introduced", take_mailbox_from},
};
#undef NAME
#define KEYWORDS (sizeof keywords / sizeof keywords[0])

/* Lines */

/* Cuts the next item; false at the end of the line, which a comment ends too. */
static bool cut_item(struct accord_bytes *rest, struct accord_bytes *item)
{
    while (rest->size > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t')) {
        rest->data++;
        rest->size--;
    }
    *item = (struct accord_bytes){rest->data, 0};
    while (item->size < rest->size && rest->data[item->size] != ' ' && rest->data[item->size] != '\t')
        item->size++;
    rest->data += item->size;
    rest->size -= item->size;
    return item->size > 0 && item->data[0] != '#';
}

static enum accord_status check_bytes(struct parser *parser, struct accord_bytes line)
{
    bool wrong = !accord_utf8_valid(line);
    for (size_t i = 0; i < line.size; i++)
        wrong = wrong || (line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 0x7f;
    if (!wrong)
        return ACCORD_OK;
    parser->keyword = (struct accord_bytes){NULL, 0};
    return refuse(parser, ACCORD_MALFORMED, "UTF-8 without control characters but tab and newline", line);
}

static enum accord_status parse_line(struct parser *parser, struct accord_bytes line, bool seen[KEYWORDS])
{
    struct accord_bytes item;
    enum accord_status status = check_bytes(parser, line);
    if (status != ACCORD_OK || !cut_item(&line, &parser->keyword))
        return status;
    size_t at = 0;
    while (at < KEYWORDS && !accord_bytes_equal(keywords[at].name, parser->keyword))
        at++;
    if (at == KEYWORDS)
        return refuse(parser, ACCORD_UNKNOWN_FIELD, "a keyword of accord serve's CONFIG", parser->keyword);
    const struct keyword *keyword = &keywords[at];
    for (parser->count = 0; cut_item(&line, &item); parser->count++) {
        if (parser->count >= keyword->values_max)
            return refuse(parser, ACCORD_MALFORMED, keyword->expects, item);
        if (parser->count < VALUES_MAX)
            parser->values[parser->count] = item;
    }
    if (parser->count < keyword->values_min)
        return refuse(parser, ACCORD_MALFORMED, keyword->expects, ACCORD_LITERAL("a line that ends before"));
    if (seen[at] && !keyword->repeated)
        return refuse(parser, ACCORD_DUPLICATE, keyword->expects, (struct accord_bytes){NULL, 0});
    seen[at] = true;
    return keyword->take(parser);
}

/* What the lines together must say. */

static const struct accord_config_cosigner *cosigner_at(const struct accord_config *config, size_t i)
{
    return i < config->witness_count ? &config->witnesses[i] : &config->mirrors[i - config->witness_count];
}

/* Under one prefix there are the keys of one witness, with one memory, or of one mirror. */
static enum accord_status check_prefixes(struct parser *parser)
{
    const struct accord_config *config = parser->config;
    size_t count = config->witness_count + config->mirror_count;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            bool first = i < config->witness_count, second = j < config->witness_count;
            const struct accord_config_cosigner *a = cosigner_at(config, i), *b = cosigner_at(config, j);
            parser->keyword = first ? ACCORD_LITERAL("witness") : ACCORD_LITERAL("mirror");
            bool same_prefix = strcmp(a->prefix, b->prefix) == 0, same_state = strcmp(a->state, b->state) == 0;
            if (same_prefix && (first != second || !same_state))
                return refuse(parser, ACCORD_DUPLICATE, "a prefix of its own, or keys with one and the same state",
                              bytes_of(a->prefix));
            if (same_state && (first != second || (!first && !same_prefix)))
                return refuse(parser, ACCORD_DUPLICATE, "a directory of its own", bytes_of(a->state));
            if (strcmp(a->key, b->key) == 0)
                return refuse(parser, ACCORD_DUPLICATE, "each key once", bytes_of(a->key));
        }
    }
    return ACCORD_OK;
}

static enum accord_status missing(struct parser *parser, struct accord_bytes keyword, const char *expected,
                                  const char *because)
{
    parser->keyword = keyword;
    return refuse(parser, ACCORD_MISSING_FIELD, expected, bytes_of(because));
}

static enum accord_status check_whole(struct parser *parser)
{
    const struct accord_config *config = parser->config;
    parser->line = 0;
    bool tls = false, rooted = false;
    for (size_t i = 0; i < config->listen_count; i++)
        tls = tls || config->listen[i].tls;
    for (size_t i = 0; i < config->witness_count; i++)
        rooted = rooted || config->witnesses[i].prefix[0] == 0;
    for (size_t i = 0; i < config->mirror_count; i++)
        rooted = rooted || config->mirrors[i].prefix[0] == 0;
    if (config->log[0] == 0 && config->witness_count + config->mirror_count == 0)
        return missing(parser, ACCORD_LITERAL("log"), "log DIR KEY, witness KEY STATE PREFIX or mirror KEY DIR PREFIX",
                       "");
    if (config->log[0] != 0 && rooted)
        return missing(parser, ACCORD_LITERAL("witness"), "a prefix: the log is at /", "/");
    if (config->mailbox[0] != 0 && (config->log[0] == 0 || !config->statements))
        return missing(parser, ACCORD_LITERAL("log"), "a log of statements, whose reports the mailbox is for",
                       "mailbox");
    if (tls && config->tls_certificates[0] == 0)
        return missing(parser, ACCORD_LITERAL("tls"), "tls CERTIFICATES KEY", "listen ADDRESS tls");
    return check_prefixes(parser);
}

enum accord_status accord_config_parse(struct accord_config *config, struct accord_bytes text, const char *directory,
                                       struct accord_logs *logs, struct accord_error *error)
{
    struct parser parser = {.config = config, .directory = directory, .logs = logs, .error = error};
    bool seen[KEYWORDS] = {false};
    enum accord_status status = ACCORD_OK;
    memset(config, 0, sizeof *config);
    config->statements = true;
    config->dedup = true;
    config->interval_ms = 1000;
    config->witness_timeout_ms = 5000;
    config->connections = 10000;
    config->idle_seconds = 60;
    config->request_seconds = 30;
    config->memory_bytes = UINT64_C(64) << 20;
    config->pull_ms = MINUTE_MS;
    config->mailbox_limit = MAILBOX_LIMIT;
    while (status == ACCORD_OK && text.size > 0) {
        struct accord_bytes line;
        if (!accord_cut_line(&text, &line)) { /* the last line may lack its newline */
            line = text;
            text.size = 0;
        }
        parser.line++;
        status = parse_line(&parser, line, seen);
    }
    return status == ACCORD_OK ? check_whole(&parser) : status;
}
