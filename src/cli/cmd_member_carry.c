/* accord member carry: another log of the accord begins with what the first one has of its chain, so that it can be
 * pinned by itself. What it copies was signed elsewhere; whether it counts, whoever pins it asks. */
#include <stdlib.h>
#include <string.h>

#include "cli/accord_dir.h"
#include "cli/commands.h"
#include "cli/enter_parts.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "core/text.h"
#include "follow/chain.h"
#include "log/log.h"

#define CHAIN_SIZE_MAX (UINT32_C(256) * 1024 * 1024)

const struct accord_option accord_options_member_carry[] = {{.name = NULL}};

/* The chain on its way. */
struct carrying {
    const struct accord_call *call;
    struct accord_chain *chain;
    struct accord_buffer batch; /* entries with their lengths, as accord_log_append takes them */
    size_t rosters, count;
};

static enum accord_status take(struct carrying *carrying, struct accord_bytes entry, struct accord_error *error)
{
    const uint8_t length[2] = {(uint8_t)(entry.size >> 8), (uint8_t)entry.size};
    enum accord_status status = accord_buffer_append(&carrying->batch, (struct accord_bytes){length, 2});
    if (status == ACCORD_OK) {
        status = accord_buffer_append(&carrying->batch, entry);
    }
    carrying->count++;
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

static enum accord_status see(void *context, uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct carrying *carrying = context;
    struct accord_bytes rest = entry;
    enum accord_link link;
    enum accord_status status = accord_chain_offer(carrying->chain, index, entry, &link, error);
    if (status != ACCORD_OK) {
        return status;
    }
    carrying->rosters += link == ACCORD_LINK_ROSTER;
    bool enacts = carrying->chain->has_roster && accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/enact\n"));
    return link != ACCORD_LINK_NONE || enacts ? take(carrying, entry, error) : ACCORD_OK;
}

static enum accord_status collect(struct carrying *carrying, struct accord_error *error)
{
    const struct accord_call *call = carrying->call;
    struct accord_reader *reader;
    struct accord_buffer note;
    struct accord_checkpoint_claim newest;
    enum accord_status status = accord_chain_new(&carrying->chain, call->crypto, NULL, error);
    if (status == ACCORD_OK) {
        status = accord_log_source_open(&reader, call->fs, call->crypto, call->network, call->operands[0], error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = accord_scan_size(reader, &note, &newest, error);
    if (status == ACCORD_OK) {
        status = accord_scan(reader, newest.size, see, carrying, error);
    }
    if (status == ACCORD_OK) {
        status = accord_chain_complete(carrying->chain, error);
    }
    accord_buffer_free(&note);
    accord_reader_close(reader);
    return status;
}

static enum accord_status put_down(const struct carrying *carrying, struct accord_entered *entered,
                                   struct accord_error *error)
{
    const struct accord_call *call = carrying->call;
    const struct accord_enter enter = {
        .fs = call->fs, .crypto = call->crypto, .clock = call->clock, .location = call->operands[1]};
    struct accord_dir dir;
    struct accord_log *log;
    uint64_t count;
    enum accord_status status = accord_dir_open(&dir, call->fs, call->operands[1], error);
    if (status == ACCORD_OK) {
        status = accord_log_open(&log, call->fs, call->crypto, dir.log, true, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    if (accord_log_size(log) > 0) {
        status = accord_fail(error, ACCORD_EXISTS, 0);
        accord_error_expected(error, ACCORD_LITERAL("an empty log"));
        accord_error_found_number(error, accord_log_size(log));
    }
    if (status == ACCORD_OK) {
        status = accord_log_append(log, accord_buffer_bytes(&carrying->batch), &entered->index, &count, error);
        entered->appended = status == ACCORD_OK;
    }
    if (status == ACCORD_OK) {
        status = accord_enter_publish(&enter, &dir, log, accord_chain_roster(carrying->chain), entered, error);
    }
    accord_log_close(log);
    return status;
}

int accord_run_member_carry(struct accord_call *call)
{
    struct accord_error error = {0};
    struct carrying carrying = {.call = call};
    struct accord_entered entered;
    accord_entered_init(&entered);
    accord_buffer_init(&carrying.batch, CHAIN_SIZE_MAX);
    const char *subject = call->operands[0];
    error.status = collect(&carrying, &error);
    if (error.status == ACCORD_OK) {
        subject = call->operands[1];
        error.status = put_down(&carrying, &entered, &error);
    }
    int result;
    if (error.status == ACCORD_OK) {
        accord_note(call, "carried over: %zu entries, %zu rosters among them", carrying.count, carrying.rosters);
        result = accord_answer(call, json_pack("{s:I, s:I}", "entries", (json_int_t)carrying.count, "rosters",
                                               (json_int_t)carrying.rosters));
    } else {
        result = accord_refuse(call, subject, &error);
    }
    accord_chain_free(carrying.chain);
    accord_buffer_free(&carrying.batch);
    accord_entered_free(&entered);
    return result;
}
