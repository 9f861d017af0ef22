/* Answers as text. What it is given it prints; whether that follows the grammar the parser says. */
#include "accord/report.h"

#include "core/text.h"
#include "report/lines.h"

static struct accord_bytes hash_of(const uint8_t hash[ACCORD_HASH_SIZE])
{
    return (struct accord_bytes){hash, ACCORD_HASH_SIZE};
}

static void put_head(struct accord_out *out, struct accord_bytes kind, const struct accord_answer_claim *answer)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/"));
    accord_put(out, kind);
    accord_put_byte(out, '\n');
    accord_lines_put_digest(out, ACCORD_LITERAL("case"), answer->case_id);
    accord_field_print(out, ACCORD_LITERAL("by"), answer->by);
    if (answer->has_previous)
        accord_lines_put_digest(out, ACCORD_LITERAL("previous"), answer->previous);
    accord_lines_put_moment(out, &answer->moment);
}

static void put_reason(struct accord_out *out, const struct accord_answer_claim *answer)
{
    accord_put(out, ACCORD_LITERAL("reason "));
    accord_put(out, answer->word);
    if (answer->text.size > 0)
        accord_put_byte(out, ' ');
    accord_put(out, answer->text);
    accord_put_byte(out, '\n');
}

static void put_progress(struct accord_out *out, const struct accord_answer_claim *answer)
{
    put_head(out, ACCORD_LITERAL("progress"), answer);
    accord_field_print(out, ACCORD_LITERAL("state"), accord_answer_name(answer->kind));
    if (accord_answer_commits(answer->kind))
        accord_lines_put_bytes(out, ACCORD_LITERAL("commitment"), hash_of(answer->value));
    if (answer->kind == ACCORD_ANSWER_PUBLISHED)
        accord_lines_put_digest(out, ACCORD_LITERAL("release"), answer->value);
    if (answer->kind == ACCORD_ANSWER_EXTEND)
        accord_lines_put_number(out, ACCORD_LITERAL("until"), answer->until);
    if (answer->kind == ACCORD_ANSWER_REFUSED)
        put_reason(out, answer);
    if (answer->kind == ACCORD_ANSWER_REVEALED) {
        accord_lines_put_digest(out, ACCORD_LITERAL("entry"), answer->value);
        accord_lines_put_bytes(out, ACCORD_LITERAL("salt"), hash_of(answer->salt));
        accord_field_print(out, ACCORD_LITERAL("text"), answer->text);
    }
}

static void put_receipt(struct accord_out *out, const struct accord_answer_claim *answer)
{
    put_head(out, ACCORD_LITERAL("receipt"), answer);
    accord_lines_put_bytes(out, ACCORD_LITERAL("value"), hash_of(answer->value));
    if (answer->has_salt)
        accord_lines_put_bytes(out, ACCORD_LITERAL("blind-key"), hash_of(answer->salt));
}

static void put_disclose(struct accord_out *out, const struct accord_answer_claim *answer)
{
    put_head(out, ACCORD_LITERAL("disclose"), answer);
    accord_lines_put_bytes(out, ACCORD_LITERAL("file-key"),
                           (struct accord_bytes){answer->file_key, sizeof answer->file_key});
    if (answer->has_salt)
        accord_lines_put_bytes(out, ACCORD_LITERAL("seed"), hash_of(answer->salt));
}

static void put_share(struct accord_out *out, const struct accord_answer_claim *answer)
{
    put_head(out, ACCORD_LITERAL("share"), answer);
    if (answer->kind == ACCORD_ANSWER_SHARE)
        accord_lines_put_bytes(out, ACCORD_LITERAL("scalar"), hash_of(answer->value));
    else
        accord_lines_put_bytes(out, ACCORD_LITERAL("complaint"),
                               (struct accord_bytes){answer->file_key, sizeof answer->file_key});
}

void accord_answer_print(struct accord_out *out, const struct accord_answer_claim *answer)
{
    if (answer->kind == ACCORD_ANSWER_RECEIPT)
        put_receipt(out, answer);
    else if (answer->kind == ACCORD_ANSWER_DISCLOSE)
        put_disclose(out, answer);
    else if (answer->kind == ACCORD_ANSWER_SHARE || answer->kind == ACCORD_ANSWER_COMPLAINT)
        put_share(out, answer);
    else
        put_progress(out, answer);
}

void accord_tick_print(struct accord_out *out, struct accord_bytes checkpoint)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/tick\n"));
    accord_lines_put_bytes(out, ACCORD_LITERAL("checkpoint"), checkpoint);
}
