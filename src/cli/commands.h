/* What each command brings to the table in commands.c: its options and its function. */
#ifndef ACCORD_CLI_COMMANDS_H
#define ACCORD_CLI_COMMANDS_H

#include "cli/command.h"

#define ACCORD_COMMAND(name)                                                                                           \
    extern const struct accord_option accord_options_##name[];                                                         \
    int accord_run_##name(struct accord_call *call)

ACCORD_COMMAND(advisory_list);
ACCORD_COMMAND(advisory_log);
ACCORD_COMMAND(advisory_show);
ACCORD_COMMAND(attest);
ACCORD_COMMAND(attest_export);
ACCORD_COMMAND(audit);
ACCORD_COMMAND(case_open);
ACCORD_COMMAND(completion);
ACCORD_COMMAND(current);
ACCORD_COMMAND(custodian_run);
ACCORD_COMMAND(custody);
ACCORD_COMMAND(demand);
ACCORD_COMMAND(case_list);
ACCORD_COMMAND(case_show);
ACCORD_COMMAND(case_receipt);
ACCORD_COMMAND(case_progress);
ACCORD_COMMAND(case_extend);
ACCORD_COMMAND(case_disclose);
ACCORD_COMMAND(evidence_compare);
ACCORD_COMMAND(evidence_make);
ACCORD_COMMAND(evidence_verify);
ACCORD_COMMAND(help);
ACCORD_COMMAND(inbox);
ACCORD_COMMAND(init);
ACCORD_COMMAND(key_new);
ACCORD_COMMAND(key_public);
ACCORD_COMMAND(log_add);
ACCORD_COMMAND(log_check);
ACCORD_COMMAND(log_checkpoint);
ACCORD_COMMAND(log_follow);
ACCORD_COMMAND(log_mirror);
ACCORD_COMMAND(log_new);
ACCORD_COMMAND(log_prove);
ACCORD_COMMAND(log_publish);
ACCORD_COMMAND(log_request);
ACCORD_COMMAND(member_admit);
ACCORD_COMMAND(member_apply);
ACCORD_COMMAND(member_carry);
ACCORD_COMMAND(member_enact);
ACCORD_COMMAND(member_leave);
ACCORD_COMMAND(member_list);
ACCORD_COMMAND(member_rotate);
ACCORD_COMMAND(member_sign);
ACCORD_COMMAND(manifest);
ACCORD_COMMAND(monitor);
ACCORD_COMMAND(policy);
ACCORD_COMMAND(proof_refresh);
ACCORD_COMMAND(proof_show);
ACCORD_COMMAND(proof_verify);
ACCORD_COMMAND(rebuild);
ACCORD_COMMAND(release);
ACCORD_COMMAND(report);
ACCORD_COMMAND(require);
ACCORD_COMMAND(serve);
ACCORD_COMMAND(status);
ACCORD_COMMAND(trust_chain);
ACCORD_COMMAND(trust_distrust);
ACCORD_COMMAND(trust_follow);
ACCORD_COMMAND(trust_pin);
ACCORD_COMMAND(verify);
ACCORD_COMMAND(withdraw);
ACCORD_COMMAND(witness_cosign);
ACCORD_COMMAND(witness_restore);

#endif
