/* What witnesses saw, held against what the log shows. Knows which differences are a contradiction, which are only
 * time; refuses to know how a witness is asked. */
#include "monitor/monitor_inner.h"

#include <string.h>

#include "base/report.h"

static enum accord_status unusable(struct accord_monitor *monitor, const struct accord_monitor_view *view,
                                   const char *why, const struct accord_error *blame, struct accord_error *error)
{
    struct accord_finding finding;
    accord_finding_begin(&finding, ACCORD_FINDING_WITNESS_VIEW, view->name);
    accord_finding_say(&finding, ": %s: %s", finding.subject, why);
    if (blame != NULL)
        accord_finding_blame(&finding, blame);
    return accord_monitor_tell(monitor, &finding, error);
}

/* The witnesses of the policy that cosigned it have been heard of. */
static void hear(struct accord_monitor *monitor, const struct accord_checkpoint_claim *claim)
{
    const struct accord_policy *policy = accord_rules_policy(monitor->rules);
    for (size_t i = 0; i < policy->witness_count; i++) {
        uint64_t time;
        const struct accord_vkey *vkey = &policy->witnesses[i].vkey;
        if (accord_note_signed_by(&claim->note, vkey, monitor->options.rules.crypto, &time) == ACCORD_SIGNED)
            accord_monitor_seen(monitor, vkey->text, time);
    }
}

static enum accord_status tell_split(struct accord_monitor *monitor, const struct accord_monitor_view *view,
                                     const struct accord_checkpoint_claim *claim, const char *path,
                                     const struct accord_error *unkept, struct accord_error *error)
{
    struct accord_finding finding;
    accord_finding_begin(&finding, ACCORD_FINDING_SPLIT_VIEW, view->name);
    accord_finding_say(&finding,
                       ": %s has a tree of %llu entries that the log's tree of %llu contradicts; the log "
                       "signed both",
                       finding.subject, (unsigned long long)claim->size, (unsigned long long)monitor->claim.size);
    if (unkept->status == ACCORD_OK)
        finding.evidence = path;
    else
        accord_finding_blame(&finding, unkept);
    return accord_monitor_tell(monitor, &finding, error);
}

/* The witness saw a larger tree, and the log's tiles do not lead to it, or are not there. */
static enum accord_status tell_ahead(struct accord_monitor *monitor, const struct accord_monitor_view *view,
                                     const struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    struct accord_finding finding;
    struct accord_error why;
    char path[4096];
    accord_finding_begin(&finding, ACCORD_FINDING_WITNESS_AHEAD, view->name);
    accord_finding_say(&finding, ": %s has one of %llu entries, the log shows %llu and no way from there",
                       finding.subject, (unsigned long long)claim->size, (unsigned long long)monitor->claim.size);
    if (accord_monitor_keep_notes(monitor, monitor->claim.note.whole, claim->note.whole, path, &why) == ACCORD_OK)
        finding.evidence = path;
    else
        accord_finding_blame(&finding, &why);
    return accord_monitor_tell(monitor, &finding, error);
}

static enum accord_status compare(struct accord_monitor *monitor, struct accord_reader *reader,
                                  const struct accord_monitor_view *view, const struct accord_checkpoint_claim *claim,
                                  struct accord_error *error)
{
    char path[4096];
    struct accord_error why = {0};
    bool ahead = claim->size > monitor->claim.size;
    enum accord_status status = accord_monitor_contradiction(monitor, reader, &monitor->claim, claim, path, &why);
    if (path[0] != '\0')
        return tell_split(monitor, view, claim, path, &why, error);
    if (status == ACCORD_OK)
        return ACCORD_OK;
    if (ahead && (status == ACCORD_CONSISTENCY || status == ACCORD_NOT_FOUND || status == ACCORD_LOG_CORRUPT))
        return tell_ahead(monitor, view, claim, error);
    if (status != ACCORD_CONSISTENCY)
        return accord_monitor_wrong(monitor, ACCORD_FINDING_CORRUPT, &why, error);
    struct accord_finding finding;
    accord_finding_begin(&finding, ACCORD_FINDING_CORRUPT, (struct accord_bytes){NULL, 0});
    accord_finding_say(&finding, ": its tiles do not lead to its own checkpoint");
    return accord_monitor_tell(monitor, &finding, error);
}

static enum accord_status judge_view(struct accord_monitor *monitor, struct accord_reader *reader,
                                     const struct accord_monitor_view *view, struct accord_error *error)
{
    const struct accord_crypto *crypto = monitor->options.rules.crypto;
    struct accord_checkpoint_claim claim;
    struct accord_error why;
    if (view->note.size == 0)
        return accord_status_exit(view->error.status) == 1 || view->error.status == ACCORD_NOT_FOUND
                   ? unusable(monitor, view, "no checkpoint of this log", &view->error, error)
                   : ACCORD_OK; /* the caller knows that it could not be asked */
    if (accord_checkpoint_parse(&claim, view->note, &why) != ACCORD_OK)
        return unusable(monitor, view, "no checkpoint", &why, error);
    if (!accord_bytes_equal(claim.origin, monitor->claim.origin))
        return unusable(monitor, view, "another log's checkpoint", NULL, error);
    if (accord_note_signed_by(&claim.note, monitor->log, crypto, NULL) != ACCORD_SIGNED)
        return unusable(monitor, view, "a checkpoint that the log has not signed", NULL, error);
    if (view->vkey != NULL && accord_note_signed_by(&claim.note, view->vkey, crypto, NULL) != ACCORD_SIGNED)
        return unusable(monitor, view, "a checkpoint that this witness has not cosigned", NULL, error);
    hear(monitor, &claim);
    return compare(monitor, reader, view, &claim, error);
}

enum accord_status accord_monitor_views(struct accord_monitor *monitor, struct accord_reader *reader,
                                        const struct accord_monitor_view *views, size_t count,
                                        struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++)
        status = judge_view(monitor, reader, &views[i], error);
    accord_reader_set_size(reader, monitor->claim.size);
    return status;
}
