/* What a witness answers to sign-subtree (C2SP tlog-witness): pure, as witness.c is. It needs no memory: the checkpoint
 * that it cosigned is in the request. */
#include "witness/witness.h"

static void refuse(struct accord_witness_verdict *verdict, int http_status, enum accord_status status,
                   struct accord_bytes what)
{
    verdict->http_status = http_status;
    accord_fail(&verdict->error, status, 0);
    accord_error_what(&verdict->error, what);
}

/* "the witness MUST verify that the checkpoint includes a valid cosignature from one of its own keys" */
static bool is_ours(const struct accord_checkpoint_claim *checkpoint, const struct accord_vkey *const *witnesses,
                    size_t count, const struct accord_crypto *crypto)
{
    for (size_t i = 0; i < count; i++)
        if (accord_note_signed_by(&checkpoint->note, witnesses[i], crypto, NULL) == ACCORD_SIGNED)
            return true;
    return false;
}

void accord_witness_judge_subtree(const struct accord_sign_subtree *request, bool known,
                                  const struct accord_vkey *const *witnesses, size_t witness_count,
                                  const struct accord_crypto *crypto, struct accord_witness_verdict *verdict)
{
    const struct accord_subtree *subtree = &request->subtree;
    const struct accord_checkpoint_claim *checkpoint = &request->checkpoint;
    *verdict = (struct accord_witness_verdict){.http_status = 200};
    if (!accord_subtree_valid(subtree->start, subtree->end, checkpoint->size))
        refuse(verdict, 400, ACCORD_WRONG_INDEX, ACCORD_LITERAL("subtree"));
    else if (!known)
        refuse(verdict, 404, ACCORD_UNKNOWN_LOG, checkpoint->origin);
    else if (!is_ours(checkpoint, witnesses, witness_count, crypto))
        refuse(verdict, 403, ACCORD_UNSIGNED, checkpoint->origin);
    else if (accord_subtree_verify(crypto, subtree->start, subtree->end, checkpoint->size, subtree->hash,
                                   &request->proof, checkpoint->root) != ACCORD_OK)
        refuse(verdict, 422, ACCORD_WITNESS_PROOF, ACCORD_LITERAL("subtree"));
}
