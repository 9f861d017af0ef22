/* accord current, accord withdraw: what a vendor says is so now, and what it takes back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/product_view.h"
#include "cli/say.h"
#include "core/text.h"

#define PATH_SIZE 512

const struct accord_option accord_options_current[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "vendor", .value = "NAME", .help = "the member whose product it is", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "product", .value = "P", .help = "the product", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key", .value = "KEY", .help = "a current key of the vendor, or release keys", .rule = ACCORD_OPTION_SOME},
    {.name = "channel",
     .value = "NAME[=NEWEST]",
     .help = "a channel, and its newest sequence; without one the newest release",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "lowest",
     .value = "[NAME=]SEQUENCE",
     .help = "the lowest sequence still fit for use, of one channel or of all",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "only", .help = "these channels and no others: nothing is taken from the statement before"},
    {.name = "output", .value = "FILE", .help = "where the proof goes; otherwise P.current", .letter = 'o'},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

const struct accord_option accord_options_withdraw[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "vendor", .value = "NAME", .help = "the member whose product it is", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "product", .value = "P", .help = "the product", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key", .value = "KEY", .help = "a release key of the vendor", .rule = ACCORD_OPTION_REPEATED},
    ACCORD_ENTER_SIGNED,
    {.name = "sequence", .value = "N", .help = "the release that is taken back", .rule = ACCORD_OPTION_SOME},
    {.name = "reason",
     .value = "WORD",
     .help = "why: compromised, vulnerable, defective, legal, ...",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "text", .value = "TEXT", .help = "the same in words"},
    {.name = "replaced-by", .value = "N", .help = "the release to be used instead"},
    {.name = "output", .value = "FILE", .help = "where the proof goes; otherwise P.withdrawn", .letter = 'o'},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = "statement-only", .help = "sign the statement and write it to standard output; log nothing"},
    {.name = NULL}};

struct saying {
    const struct accord_call *call;
    struct accord_product_view *view;
    size_t channel_count;
    struct accord_channel channels[ACCORD_CHANNELS_MAX];
};

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct saying *saying = context;
    return accord_product_view_see(saying->view, chain, index, entry, error);
}

static bool again(void *context, const struct accord_chain *chain, struct accord_bytes origin)
{
    struct saying *saying = context;
    return accord_product_view_again(saying->view, chain, origin);
}

static enum accord_status wrong(const char *option, const char *value, struct accord_error *error)
{
    accord_fail(error, ACCORD_USAGE, 0);
    accord_error_what(error, accord_bytes_of(option));
    accord_error_found(error, accord_bytes_of(value));
    return ACCORD_USAGE;
}

static void put_line(struct accord_out *out, const char *key, uint64_t number)
{
    accord_put(out, accord_bytes_of(key));
    accord_put_byte(out, ' ');
    accord_put_decimal(out, number);
    accord_put_byte(out, '\n');
}

static enum accord_status make_withdraw(void *context, const struct accord_roster_claim *roster,
                                        struct accord_out *text, struct accord_error *error);

/* What both have in common: made, logged, and its proof written. */
static int say(const struct accord_call *call, const struct accord_enter_plan *plan, const char *suffix)
{
    struct accord_error error = {0};
    struct accord_enter enter;
    struct accord_entered entered;
    char path[PATH_SIZE];
    const char *output = accord_call_value(call, "output");
    int result = accord_enter_call(call, &enter);
    if (result != 0) {
        return result;
    }
    bool statement_only = plan->make == make_withdraw && accord_call_flag(call, "statement-only");
    accord_entered_init(&entered);
    error.status = statement_only ? accord_enter_statement(&enter, plan, &entered, &error)
                                  : accord_enter_log(&enter, plan, &entered, &error);
    snprintf(path, sizeof path, "%s.%s", accord_call_value(call, "product"), suffix);
    output = output == NULL ? path : output;
    if (error.status == ACCORD_USAGE) {
        result = accord_usage(call, "--%s %s: that is no value for it", error.what, error.found);
    } else if (error.status != ACCORD_OK) {
        result = accord_enter_refuse(call, &entered, &error);
    } else if (statement_only) {
        result = accord_enter_answer_statement(call, &entered);
    } else {
        accord_note(call, "%.*s", ACCORD_TEXT(accord_enter_text(accord_buffer_bytes(&entered.entry))));
        accord_note(call, "logged as entry %" PRIu64 "; cosigned by %zu witnesses", entered.index,
                    entered.witness_count);
        error.status = accord_output(call, output, accord_buffer_bytes(&entered.proof), &error);
        result = error.status != ACCORD_OK
                     ? accord_refuse(call, output, &error)
                     : accord_answer(call, json_pack("{s:o, s:o}", "index", accord_json_number(entered.index), "proof",
                                                     accord_json_text(accord_bytes_of(output))));
        if (error.status == ACCORD_OK && strcmp(output, "-") != 0) {
            accord_note(call, "  wrote %s", output);
        }
    }
    accord_entered_free(&entered);
    accord_enter_call_free(&enter);
    return result;
}

static int run(struct accord_call *call, struct accord_enter_plan plan, const char *suffix)
{
    int result;
    struct saying *saying = calloc(1, sizeof *saying);
    if (saying != NULL) {
        saying->call = call;
        saying->view = accord_product_view_new(call->crypto, accord_call_value(call, "vendor"),
                                               accord_call_value(call, "product"));
    }
    plan.context = saying;
    result = saying == NULL || saying->view == NULL ? accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL)
                                                    : say(call, &plan, suffix);
    if (saying != NULL) {
        accord_product_view_free(saying->view);
    }
    free(saying);
    return result;
}

/* current */

static struct accord_channel *find_channel(struct saying *saying, struct accord_bytes name)
{
    for (size_t i = 0; i < saying->channel_count; i++) {
        if (accord_bytes_equal(saying->channels[i].name, name)) {
            return &saying->channels[i];
        }
    }
    return NULL;
}

static enum accord_status add_channel(struct saying *saying, struct accord_bytes name, struct accord_channel **channel,
                                      struct accord_error *error)
{
    *channel = find_channel(saying, name);
    if (*channel != NULL) {
        return ACCORD_OK;
    }
    if (saying->channel_count == ACCORD_CHANNELS_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("channels"));
        accord_error_expected_number(error, ACCORD_CHANNELS_MAX);
        return ACCORD_TOO_LARGE;
    }
    *channel = &saying->channels[saying->channel_count++];
    (*channel)->name = name;
    (*channel)->lowest = 0;
    return ACCORD_OK;
}

/* The channels of the statement before. One that is alone follows the newest release. */
static enum accord_status take_known(struct saying *saying, struct accord_error *error)
{
    struct accord_product_view *view = saying->view;
    struct accord_channel known, *channel;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    bool holds_on = view->has_current && !accord_call_flag(saying->call, "only");
    while (status == ACCORD_OK && holds_on && accord_current_next_channel(&view->current, &cursor, &known)) {
        status = add_channel(saying, known.name, &channel, error);
        if (status == ACCORD_OK) {
            *channel = known;
        }
    }
    if (status == ACCORD_OK && saying->channel_count == 0 && accord_call_count(saying->call, "channel") == 0) {
        status = add_channel(saying, ACCORD_LITERAL("stable"), &channel, error);
    }
    if (saying->channel_count == 1 && saying->channels[0].newest < view->highest) {
        saying->channels[0].newest = view->highest;
    }
    return status;
}

static enum accord_status take_channels(struct saying *saying, struct accord_error *error)
{
    const char *text;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(saying->call, "channel", &cursor, &text)) {
        struct accord_bytes number = accord_bytes_of(text), name = number;
        struct accord_channel *channel;
        uint64_t newest = saying->view->highest;
        if (accord_cut(&number, '=', &name) && !accord_decimal_read(number, &newest)) {
            return wrong("channel", text, error);
        }
        status = add_channel(saying, name, &channel, error);
        if (status == ACCORD_OK) {
            channel->newest = newest;
        }
    }
    return status;
}

static enum accord_status take_lowest(struct saying *saying, struct accord_error *error)
{
    const char *text;
    size_t cursor = 0;
    while (accord_call_next(saying->call, "lowest", &cursor, &text)) {
        struct accord_bytes number = accord_bytes_of(text), name;
        uint64_t lowest;
        bool one = accord_cut(&number, '=', &name);
        struct accord_channel *channel = one ? find_channel(saying, name) : NULL;
        if (!accord_decimal_read(number, &lowest) || (one && channel == NULL)) {
            return wrong("lowest", text, error);
        }
        for (size_t i = 0; i < saying->channel_count; i++) {
            if (!one || channel == &saying->channels[i]) {
                saying->channels[i].lowest = lowest;
            }
        }
    }
    return ACCORD_OK;
}

static void put_reference(struct accord_out *out, const char *key, uint64_t number, struct accord_bytes entry,
                          const struct accord_crypto *crypto)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(crypto, entry, digest);
    accord_put(out, accord_bytes_of(key));
    accord_put_byte(out, ' ');
    accord_put_decimal(out, number);
    accord_put_byte(out, ' ');
    accord_digest_print(out, digest);
    accord_put_byte(out, '\n');
}

static void print_current(const struct saying *saying, const struct accord_roster_claim *roster,
                          struct accord_out *text)
{
    const struct accord_product_view *view = saying->view;
    accord_put(text, ACCORD_LITERAL("accord/v1/current\n"));
    accord_product_view_print_head(text, view);
    put_line(text, "time", saying->call->clock->now(saying->call->clock->context));
    put_reference(text, "roster", roster->number, roster->statement.note.whole, view->crypto);
    if (view->policy_count > 0) {
        put_reference(text, "policy", view->policy_count,
                      accord_buffer_bytes(&view->policies[view->policy_count - 1].entry), view->crypto);
    }
    for (size_t i = 0; i < saying->channel_count; i++) {
        accord_put(text, ACCORD_LITERAL("channel "));
        accord_put(text, saying->channels[i].name);
        accord_put_byte(text, ' ');
        accord_put_decimal(text, saying->channels[i].newest);
        accord_put_byte(text, ' ');
        accord_put_decimal(text, saying->channels[i].lowest);
        accord_put_byte(text, '\n');
    }
    for (size_t i = 0; i < view->withdrawn_count; i++) {
        put_line(text, "withdrawn", view->withdrawn[i]);
    }
}

static enum accord_status make_current(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                                       struct accord_error *error)
{
    struct saying *saying = context;
    enum accord_status status = take_known(saying, error);
    if (status == ACCORD_OK) {
        status = take_channels(saying, error);
    }
    if (status == ACCORD_OK) {
        status = take_lowest(saying, error);
    }
    if (status == ACCORD_OK && !saying->view->released) {
        status = accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, saying->view->product);
        accord_error_expected(error, ACCORD_LITERAL("a product of which a release is logged"));
    }
    if (status == ACCORD_OK) {
        print_current(saying, roster, text);
    }
    return status;
}

static enum accord_status judge_current(void *context, const struct accord_roster_claim *roster,
                                        struct accord_bytes entry, struct accord_error *error)
{
    struct saying *saying = context;
    struct accord_current_claim claim;
    enum accord_status status = accord_current_parse(&claim, entry, error);
    if (status == ACCORD_OK) {
        status = accord_product_view_check_names(saying->view, claim.vendor, claim.product, error);
    }
    return status == ACCORD_OK ? accord_current_verify(&claim, roster, NULL, saying->view->crypto, error) : status;
}

int accord_run_current(struct accord_call *call)
{
    return run(call,
               (struct accord_enter_plan){.see = see, .again = again, .make = make_current, .judge = judge_current},
               "current");
}

/* withdraw */

/* Its lines, in the order of the grammar; the view holds the sequences that are asked for, and no others. */
static enum accord_status take_sequences(struct saying *saying, struct accord_error *error)
{
    const char *text;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    saying->view->withdrawn_count = 0;
    while (status == ACCORD_OK && accord_call_next(saying->call, "sequence", &cursor, &text)) {
        uint64_t sequence;
        if (!accord_decimal_read(accord_bytes_of(text), &sequence)) {
            return wrong("sequence", text, error);
        }
        status = accord_product_view_withdraw(saying->view, sequence, error);
    }
    return status;
}

static enum accord_status make_withdraw(void *context, const struct accord_roster_claim *roster,
                                        struct accord_out *text, struct accord_error *error)
{
    struct saying *saying = context;
    const char *words = accord_call_value(saying->call, "text");
    const char *replaced_by = accord_call_value(saying->call, "replaced-by");
    uint64_t replacement = 0;
    (void)roster;
    enum accord_status status = take_sequences(saying, error);
    if (status == ACCORD_OK && replaced_by != NULL &&
        !accord_decimal_read(accord_bytes_of(replaced_by), &replacement)) {
        status = wrong("replaced-by", replaced_by, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    accord_put(text, ACCORD_LITERAL("accord/v1/withdraw\n"));
    accord_product_view_print_head(text, saying->view);
    for (size_t i = 0; i < saying->view->withdrawn_count; i++) {
        put_line(text, "sequence", saying->view->withdrawn[i]);
    }
    accord_put(text, ACCORD_LITERAL("reason "));
    accord_put(text, accord_bytes_of(accord_call_value(saying->call, "reason")));
    if (words != NULL) {
        accord_put_byte(text, ' ');
        accord_put(text, accord_bytes_of(words));
    }
    accord_put_byte(text, '\n');
    if (replaced_by != NULL) {
        put_line(text, "replaced-by", replacement);
    }
    return ACCORD_OK;
}

/* A reason with a newline in it would add lines. */
static enum accord_status check_words(const struct saying *saying, const struct accord_withdraw_claim *claim,
                                      struct accord_error *error)
{
    const char *words = accord_call_value(saying->call, "text");
    bool same = accord_bytes_equal(claim->reason, accord_bytes_of(accord_call_value(saying->call, "reason"))) &&
                accord_bytes_equal(claim->text, accord_bytes_of(words == NULL ? "" : words)) &&
                claim->sequence_count == saying->view->withdrawn_count &&
                claim->has_replacement == (accord_call_value(saying->call, "replaced-by") != NULL);
    if (same) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_MALFORMED, 0);
    accord_error_what(error, ACCORD_LITERAL("reason"));
    accord_error_expected(error, ACCORD_LITERAL("a word, and a text in one line"));
    return ACCORD_MALFORMED;
}

static enum accord_status judge_withdraw(void *context, const struct accord_roster_claim *roster,
                                         struct accord_bytes entry, struct accord_error *error)
{
    struct saying *saying = context;
    struct accord_withdraw_claim claim;
    struct accord_signers signers;
    enum accord_status status = accord_withdraw_parse(&claim, entry, error);
    if (status == ACCORD_OK) {
        status = accord_product_view_check_names(saying->view, claim.vendor, claim.product, error);
    }
    if (status == ACCORD_OK) {
        status = check_words(saying, &claim, error);
    }
    return status == ACCORD_OK && roster != NULL ? accord_roster_signed(roster, &claim.statement.note, claim.vendor,
                                                                        NULL, saying->view->crypto, &signers, error)
                                                 : status;
}

int accord_run_withdraw(struct accord_call *call)
{
    return run(call,
               (struct accord_enter_plan){.see = see, .again = again, .make = make_withdraw, .judge = judge_withdraw},
               "withdrawn");
}
