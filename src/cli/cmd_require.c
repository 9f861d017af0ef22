/* accord require: a product's policy, which says what its releases must carry. The next one is the newest one with the
 * changes that are given. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/judge.h"
#include "accord/proof.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/product_view.h"
#include "cli/say.h"
#include "core/text.h"

const struct accord_option accord_options_require[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "vendor", .value = "NAME", .help = "the member whose product it is", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "product", .value = "P", .help = "the product", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key", .value = "KEY", .help = "a release key of the vendor", .rule = ACCORD_OPTION_REPEATED},
    ACCORD_ENTER_SIGNED,
    {.name = "stage",
     .value = "STAGE=WHO[,WHO...]",
     .help = "a stage that must be attested, by one of: vendor, any, domains",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "threshold", .value = "N", .help = "so many release keys sign a release"},
    {.name = "rebuilders", .value = "K[/J]", .help = "K other members rebuilt it, from J jurisdictions"},
    {.name = "public-for", .value = "TIME", .help = "a quorum has seen it for so long: 7d, 12h, 30m"},
    {.name = "mirrors", .value = "M[/J]", .help = "M members' mirrors hold it, in J jurisdictions"},
    {.name = "emergency", .value = "N", .help = "so many release keys do without public-for and mirrors"},
    {.name = "max-age", .value = "TIME", .help = "`current` is no older than that"},
    {.name = "notice", .value = "TIME", .help = "public notice before anything is loosened; 30d in the first policy"},
    {.name = "drop",
     .value = "WHAT",
     .help = "a stage, or the name of an option here, that is demanded no more",
     .rule = ACCORD_OPTION_REPEATED},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = "statement-only", .help = "sign the statement and write it to standard output; log nothing"},
    {.name = NULL}};

#define NOTICE (UINT64_C(30) * 86400)
#define WHO_SIZE 4096

struct requiring {
    const struct accord_call *call;
    struct accord_product_view *view;
    struct accord_demands demands;
    uint64_t number, time;
    char who[ACCORD_STAGE_COUNT][WHO_SIZE];
};

static enum accord_status wrong(const char *option, const char *value, struct accord_error *error)
{
    accord_fail(error, ACCORD_USAGE, 0);
    accord_error_what(error, accord_bytes_of(option));
    accord_error_found(error, accord_bytes_of(value));
    return ACCORD_USAGE;
}

static enum accord_status take_number(const struct requiring *requiring, const char *option, unsigned *number,
                                      struct accord_error *error)
{
    const char *text = accord_call_value(requiring->call, option);
    uint64_t value;
    if (text == NULL) {
        return ACCORD_OK;
    }
    if (!accord_decimal_read(accord_bytes_of(text), &value) || value == 0 || value > ACCORD_MEMBERS_MAX) {
        return wrong(option, text, error);
    }
    *number = (unsigned)value;
    return ACCORD_OK;
}

/* N or N/J; J is 1 where it is not given. */
static enum accord_status take_pair(const struct requiring *requiring, const char *option, unsigned *number,
                                    unsigned *jurisdictions, struct accord_error *error)
{
    const char *text = accord_call_value(requiring->call, option);
    struct accord_bytes first, rest;
    uint64_t count, places = 1;
    if (text == NULL) {
        return ACCORD_OK;
    }
    rest = accord_bytes_of(text);
    bool pair = accord_cut(&rest, '/', &first);
    if (!accord_decimal_read(pair ? first : rest, &count) || (pair && !accord_decimal_read(rest, &places)) ||
        count == 0 || count > ACCORD_MEMBERS_MAX || places == 0 || places > count) {
        return wrong(option, text, error);
    }
    *number = (unsigned)count;
    *jurisdictions = (unsigned)places;
    return ACCORD_OK;
}

static enum accord_status take_time(const struct requiring *requiring, const char *option, uint64_t *seconds,
                                    struct accord_error *error)
{
    const char *text = accord_call_value(requiring->call, option);
    return text == NULL || accord_duration_read(text, seconds) ? ACCORD_OK : wrong(option, text, error);
}

/* STAGE=WHO,WHO */
static enum accord_status take_stage(struct requiring *requiring, const char *text, struct accord_error *error)
{
    struct accord_bytes who = accord_bytes_of(text), name;
    enum accord_stage stage;
    if (!accord_cut(&who, '=', &name) || !accord_stage_read(name, &stage) || who.size == 0 || who.size >= WHO_SIZE) {
        return wrong("stage", text, error);
    }
    char *place = requiring->who[stage];
    for (size_t i = 0; i < who.size; i++) {
        place[i] = who.data[i] == ',' ? ' ' : (char)who.data[i];
    }
    requiring->demands.require[stage] = (struct accord_requirement){true, {(const uint8_t *)place, who.size}};
    return ACCORD_OK;
}

static enum accord_status drop(struct accord_demands *demands, const char *what, struct accord_error *error)
{
    enum accord_stage stage;
    if (accord_stage_read(accord_bytes_of(what), &stage)) {
        demands->require[stage].required = false;
    } else if (strcmp(what, "threshold") == 0) {
        demands->threshold = 0;
    } else if (strcmp(what, "rebuilders") == 0) {
        demands->rebuilders = demands->rebuilder_jurisdictions = 0;
    } else if (strcmp(what, "public-for") == 0) {
        demands->public_for = 0;
    } else if (strcmp(what, "mirrors") == 0) {
        demands->mirrors = demands->mirror_jurisdictions = 0;
    } else if (strcmp(what, "emergency") == 0) {
        demands->emergency = 0;
    } else if (strcmp(what, "max-age") == 0) {
        demands->max_age = 0;
    } else {
        return wrong("drop", what, error);
    }
    return ACCORD_OK;
}

static enum accord_status take_options(struct requiring *requiring, struct accord_error *error)
{
    struct accord_demands *demands = &requiring->demands;
    const char *text;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(requiring->call, "drop", &cursor, &text)) {
        status = drop(demands, text, error);
    }
    cursor = 0;
    while (status == ACCORD_OK && accord_call_next(requiring->call, "stage", &cursor, &text)) {
        status = take_stage(requiring, text, error);
    }
    if (status == ACCORD_OK) {
        status = take_number(requiring, "threshold", &demands->threshold, error);
    }
    if (status == ACCORD_OK) {
        status = take_pair(requiring, "rebuilders", &demands->rebuilders, &demands->rebuilder_jurisdictions, error);
    }
    if (status == ACCORD_OK) {
        status = take_time(requiring, "public-for", &demands->public_for, error);
    }
    if (status == ACCORD_OK) {
        status = take_pair(requiring, "mirrors", &demands->mirrors, &demands->mirror_jurisdictions, error);
    }
    if (status == ACCORD_OK) {
        status = take_number(requiring, "emergency", &demands->emergency, error);
    }
    if (status == ACCORD_OK) {
        status = take_time(requiring, "max-age", &demands->max_age, error);
    }
    return status == ACCORD_OK ? take_time(requiring, "notice", &demands->notice, error) : status;
}

static void put_number(struct accord_out *out, const char *key, uint64_t number)
{
    if (number > 0) {
        accord_put(out, accord_bytes_of(key));
        accord_put_byte(out, ' ');
        accord_put_decimal(out, number);
        accord_put_byte(out, '\n');
    }
}

static void put_pair(struct accord_out *out, const char *key, unsigned number, unsigned jurisdictions)
{
    if (number > 0) {
        accord_put(out, accord_bytes_of(key));
        accord_put_byte(out, ' ');
        accord_put_decimal(out, number);
        accord_put_byte(out, ' ');
        accord_put_decimal(out, jurisdictions);
        accord_put_byte(out, '\n');
    }
}

static void put_stages(struct accord_out *out, const struct accord_demands *demands)
{
    for (int stage = 0; stage < ACCORD_STAGE_COUNT; stage++) {
        if (demands->require[stage].required) {
            accord_put(out, ACCORD_LITERAL("require "));
            accord_put(out, accord_stage_name((enum accord_stage)stage));
            accord_put_byte(out, ' ');
            accord_put(out, demands->require[stage].who);
            accord_put_byte(out, '\n');
        }
    }
}

static void put_previous(struct accord_out *out, const struct accord_product_view *view)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    if (view->policy_count > 0) {
        accord_hash(view->crypto, accord_buffer_bytes(&view->policies[view->policy_count - 1].entry), digest);
        accord_put(out, ACCORD_LITERAL("previous "));
        accord_digest_print(out, digest);
        accord_put_byte(out, '\n');
    }
}

static enum accord_status make(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error)
{
    struct requiring *requiring = context;
    const struct accord_product_view *view = requiring->view;
    struct accord_demands *demands = &requiring->demands;
    (void)roster;
    if (view->policy_count == ACCORD_PRODUCT_POLICIES_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("policies of the product"));
        accord_error_expected_number(error, ACCORD_PRODUCT_POLICIES_MAX);
        return ACCORD_TOO_LARGE;
    }
    *demands = view->policy_count > 0 ? view->policy.demands : (struct accord_demands){.notice = NOTICE};
    requiring->number = view->policy_count + 1;
    enum accord_status status = take_options(requiring, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_put(text, ACCORD_LITERAL("accord/v1/policy\n"));
    accord_product_view_print_head(text, view);
    put_number(text, "number", requiring->number);
    put_previous(text, view);
    put_number(text, "time", requiring->time);
    accord_put(text, ACCORD_LITERAL("notice "));
    accord_put_decimal(text, demands->notice);
    accord_put_byte(text, '\n');
    put_number(text, "threshold", demands->threshold);
    put_stages(text, demands);
    put_pair(text, "rebuilders", demands->rebuilders, demands->rebuilder_jurisdictions);
    put_number(text, "public-for", demands->public_for);
    put_pair(text, "mirrors", demands->mirrors, demands->mirror_jurisdictions);
    put_number(text, "emergency", demands->emergency);
    put_number(text, "max-age", demands->max_age);
    return ACCORD_OK;
}

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct requiring *requiring = context;
    return accord_product_view_see(requiring->view, chain, index, entry, error);
}

static bool again(void *context, const struct accord_chain *chain, struct accord_bytes origin)
{
    struct requiring *requiring = context;
    return accord_product_view_again(requiring->view, chain, origin);
}

static enum accord_status judge(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error)
{
    struct requiring *requiring = context;
    const struct accord_product_view *view = requiring->view;
    struct accord_product_policy_claim claim;
    enum accord_status status = accord_product_policy_parse(&claim, entry, error);
    if (status == ACCORD_OK) {
        status = accord_product_view_check_names(view, claim.vendor, claim.product, error);
    }
    if (status == ACCORD_OK && roster != NULL) {
        status = accord_product_policy_verify(&claim, view->policy_count == 0 ? NULL : &view->policy, roster, NULL,
                                              view->crypto, error);
    }
    return status;
}

/* Is anything demanded less than before? */
static bool is_looser(const struct accord_demands *now, const struct accord_demands *before)
{
    bool looser = now->notice < before->notice || now->threshold < before->threshold ||
                  now->rebuilders < before->rebuilders || now->public_for < before->public_for ||
                  now->rebuilder_jurisdictions < before->rebuilder_jurisdictions || now->mirrors < before->mirrors ||
                  now->mirror_jurisdictions < before->mirror_jurisdictions;
    looser |= before->max_age > 0 && (now->max_age == 0 || now->max_age > before->max_age);
    looser |= now->emergency > 0 && (before->emergency == 0 || now->emergency < before->emergency);
    for (int stage = 0; stage < ACCORD_STAGE_COUNT; stage++) {
        looser |=
            before->require[stage].required &&
            (!now->require[stage].required || !accord_bytes_equal(now->require[stage].who, before->require[stage].who));
    }
    return looser;
}

static int tell(const struct accord_call *call, const struct requiring *requiring, const struct accord_entered *entered)
{
    const struct accord_product_view *view = requiring->view;
    bool looser = view->policy_count > 0 && is_looser(&requiring->demands, &view->policy.demands);
    accord_note(call, "%.*s", ACCORD_TEXT(accord_enter_text(accord_buffer_bytes(&entered->entry))));
    accord_note(call, "logged as entry %" PRIu64 ": policy %" PRIu64, entered->index, requiring->number);
    if (looser) {
        accord_note(call,
                    "what it loosens holds once it has been public for %" PRIu64
                    " seconds, the notice of the policy before it; what it tightens holds now",
                    view->policy.demands.notice);
    }
    return accord_answer(call, json_pack("{s:o, s:o, s:b}", "number", accord_json_number(requiring->number), "index",
                                         accord_json_number(entered->index), "loosens", looser));
}

/* The proof of the policy, logged after it (docs/protocol.md, `seen`). */
struct keeping {
    const struct accord_product_view *view;
    const struct accord_entered *policy;
};

static enum accord_status make_seen(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                                    struct accord_error *error)
{
    const struct keeping *keeping = context;
    uint8_t digest[ACCORD_HASH_SIZE];
    struct accord_proof_claim claim;
    struct accord_bytes proof = accord_buffer_bytes(&keeping->policy->proof);
    (void)roster;
    enum accord_status status = accord_proof_parse(&claim, proof, error);
    uint8_t *bare = status == ACCORD_OK ? malloc(proof.size) : NULL;
    if (bare == NULL) {
        return status == ACCORD_OK ? accord_fail(error, ACCORD_NO_MEMORY, 0) : status;
    }
    struct accord_out out = {bare, proof.size, 0, false};
    accord_proof_print(&out, (struct accord_bytes){NULL, 0}, claim.index, &claim.inclusion, claim.checkpoint_bytes);
    accord_hash(keeping->view->crypto, accord_buffer_bytes(&keeping->policy->entry), digest);
    accord_put(text, ACCORD_LITERAL("accord/v1/seen\n"));
    accord_product_view_print_head(text, keeping->view);
    accord_put(text, ACCORD_LITERAL("entry "));
    accord_digest_print(text, digest);
    accord_put(text, ACCORD_LITERAL("\nproof "));
    accord_put_base64(text, accord_out_bytes(&out));
    accord_put_byte(text, '\n');
    free(bare);
    return ACCORD_OK;
}

static enum accord_status judge_seen(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                     struct accord_error *error)
{
    const struct keeping *keeping = context;
    struct accord_seen_claim claim;
    enum accord_status status = accord_seen_parse(&claim, entry, error);
    return status == ACCORD_OK ? accord_seen_verify(&claim, roster, keeping->view->crypto, error) : status;
}

/* Without it the policy's notice begins whenever somebody proves it: later, so nothing is lost but time. */
static void keep_proof(const struct accord_call *call, const struct accord_enter *enter,
                       const struct accord_product_view *view, const struct accord_entered *policy)
{
    struct accord_error error = {0};
    struct accord_entered entered;
    struct keeping keeping = {view, policy};
    struct accord_enter here = *enter; /* what was signed elsewhere was the policy */
    here.signed_text = here.signatures = (struct accord_bytes){NULL, 0};
    const struct accord_enter_plan plan = {.context = &keeping, .make = make_seen, .judge = judge_seen};
    accord_entered_init(&entered);
    if (here.key_count == 0 || accord_enter_log(&here, &plan, &entered, &error) != ACCORD_OK) {
        accord_note(call, "  its proof could not be logged behind it: what it loosens will have to wait longer");
    }
    accord_entered_free(&entered);
}

/* When it was made: now, or when whoever signed it first made it. */
static uint64_t time_of(const struct accord_call *call, const struct accord_enter *enter)
{
    struct accord_bytes rest = enter->signed_text, line;
    uint64_t time;
    while (accord_cut_line(&rest, &line)) {
        if (accord_cut_prefix(&line, ACCORD_LITERAL("time ")) && accord_decimal_read(line, &time)) {
            return time;
        }
    }
    return call->clock->now(call->clock->context);
}

static int require(const struct accord_call *call, const struct accord_enter *enter, struct requiring *requiring)
{
    struct accord_error error = {0};
    struct accord_entered entered;
    bool statement_only = accord_call_flag(call, "statement-only");
    const struct accord_enter_plan plan = {
        .context = requiring, .see = see, .again = again, .make = make, .judge = judge};
    accord_entered_init(&entered);
    requiring->time = time_of(call, enter);
    error.status = statement_only ? accord_enter_statement(enter, &plan, &entered, &error)
                                  : accord_enter_log(enter, &plan, &entered, &error);
    int result;
    if (error.status == ACCORD_USAGE) {
        result = accord_usage(call, "--%s %s: that is no value for it", error.what, error.found);
    } else if (error.status != ACCORD_OK) {
        result = accord_enter_refuse(call, &entered, &error);
    } else if (statement_only) {
        result = accord_enter_answer_statement(call, &entered);
    } else {
        keep_proof(call, enter, requiring->view, &entered);
        result = tell(call, requiring, &entered);
    }
    accord_entered_free(&entered);
    return result;
}

int accord_run_require(struct accord_call *call)
{
    struct accord_enter enter;
    int result = accord_enter_call(call, &enter);
    if (result != 0) {
        return result;
    }
    struct requiring *requiring = calloc(1, sizeof *requiring);
    if (requiring != NULL) {
        requiring->call = call;
        requiring->view = accord_product_view_new(call->crypto, accord_call_value(call, "vendor"),
                                                  accord_call_value(call, "product"));
    }
    result = requiring == NULL || requiring->view == NULL ? accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL)
                                                          : require(call, &enter, requiring);
    if (requiring != NULL) {
        accord_product_view_free(requiring->view);
    }
    free(requiring);
    accord_enter_call_free(&enter);
    return result;
}
