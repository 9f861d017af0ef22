/* What is worth telling about an entry: the monitor's judgement, as a state machine without I/O. Its state is the chain
 * of rosters; an entry and the checkpoint that it stands under go in, findings come out. */
#ifndef ACCORD_MONITOR_RULES_H
#define ACCORD_MONITOR_RULES_H

#include "accord/release.h"
#include "accord/verify.h"
#include "monitor/dues.h"
#include "monitor/expected.h"
#include "monitor/finding.h"

struct accord_rules;

/* All is borrowed until the rules are freed. */
struct accord_rules_options {
    const struct accord_crypto *crypto;
    const struct accord_verifier *verifier; /* the trust file */
    const struct accord_bytes *vendors;     /* domains that are watched */
    size_t vendor_count;
    const struct accord_expected *expected;
    bool all_signatures; /* verify every release's, not only those in a watched name */
};

/* What one thread looks with. About 20 KiB of its own and more on the heap. */
struct accord_rules_glass;

ACCORD_MUST_USE enum accord_status
accord_rules_new(struct accord_rules **rules, const struct accord_rules_options *options, struct accord_error *error);
void accord_rules_free(struct accord_rules *rules);
ACCORD_MUST_USE struct accord_rules_glass *accord_rules_glass_new(void); /* NULL where memory ran out */
void accord_rules_glass_free(struct accord_rules_glass *glass);

/* Is this the log that the accord's charter and rosters lie in? Until it is said so, rosters in it mean nothing, and
 * all entries are judged by the trust file's. */
void accord_rules_carry(struct accord_rules *rules, bool carries);
/* Goes on with a roster that was met before, at this index, which is copied. ACCORD_STATE where it is none, or of
 * another charter. */
ACCORD_MUST_USE enum accord_status accord_rules_restore(struct accord_rules *rules, uint64_t index,
                                                        struct accord_bytes entry, struct accord_error *error);
/* The newest roster that was met in the log: its entry and index; false where there is none yet. */
ACCORD_MUST_USE bool accord_rules_met(const struct accord_rules *rules, struct accord_bytes *entry, uint64_t *index);
/* Is the roster that was met before, as accord_rules_restore was told, another than the trust file's of that number, or
 * one that follows another? Then fills the finding. */
ACCORD_MUST_USE bool accord_rules_conflict(const struct accord_rules *rules, struct accord_finding *finding);
/* What a checkpoint must hold to: the policy of the newest roster, the trust file's, one met since or one that is known
 * ahead, less those whom the trust file distrusts. */
const struct accord_policy *accord_rules_policy(const struct accord_rules *rules);
/* The trust file that this roster stands in. */
const struct accord_trust_claim *accord_rules_trust(const struct accord_rules *rules);
/* Takes a trust file with a later roster, proven to follow from that one (accord_pin_next), which will be met in the
 * log: copied. The refusals of accord_verifier_init. */
ACCORD_MUST_USE enum accord_status accord_rules_foresee(struct accord_rules *rules, struct accord_bytes trust,
                                                        struct accord_error *error);

/* What is judged from here on was public at this time: a quorum's. */
void accord_rules_time(struct accord_rules *rules, uint64_t time);
/* What is due by what was judged: legal demands of every member, `current` of watched vendors. To be restored before
 * anything is judged. */
struct accord_dues *accord_rules_dues(struct accord_rules *rules);

/* Could this entry be a finding, or change the state? What is not answers false; threads may ask at once, each with
 * its own glass. */
bool accord_rules_look(const struct accord_rules *rules, struct accord_rules_glass *glass,
                       const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry);
/* Judges an entry, which is proven to be in the tree of the checkpoint. *changed is set where another roster came into
 * force. ACCORD_QUORUM and the like, and nothing judged, where the entry is a roster and the checkpoint is none by the
 * policy of the roster before it. */
ACCORD_MUST_USE enum accord_status accord_rules_judge(struct accord_rules *rules, struct accord_rules_glass *glass,
                                                      const struct accord_checkpoint_claim *checkpoint, uint64_t index,
                                                      const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry,
                                                      const struct accord_finding_sink *sink, bool *changed,
                                                      struct accord_error *error);

#endif
