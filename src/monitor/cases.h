/* The reports to those who are watched, and what became of them: the docket's judgement (case/docket.h), made again at
 * each look of the entries that it stands on. Their places in the log are what the monitor's state remembers. */
#ifndef ACCORD_MONITOR_CASES_H
#define ACCORD_MONITOR_CASES_H

#include "case/docket.h"

#define ACCORD_MONITOR_CASES_MAX 2048 /* reports that are followed; each vendor has its share of them */
#define ACCORD_MONITOR_CASE_ENTRIES_MAX 16384
#define ACCORD_MONITOR_LINKS_ROOM 2048   /* of these only the chain of rosters takes */
#define ACCORD_MONITOR_RELEASES_MAX 8192 /* of watched vendors, the newest: what a case may say that was published */

struct accord_monitor_cases;

/* vendors are borrowed; charter is the digest of the accord's. */
ACCORD_MUST_USE enum accord_status accord_monitor_cases_new(struct accord_monitor_cases **cases,
                                                            const struct accord_crypto *crypto,
                                                            const struct accord_bytes *vendors, size_t vendor_count,
                                                            const uint8_t charter[ACCORD_HASH_SIZE],
                                                            struct accord_error *error);
void accord_monitor_cases_free(struct accord_monitor_cases *cases);

/* `entry INDEX`, ascending, and `released DIGEST VENDOR`, each with its newline. Appended. */
ACCORD_MUST_USE enum accord_status accord_monitor_cases_print(const struct accord_monitor_cases *cases,
                                                              struct accord_buffer *lines);
/* Cuts such lines off *rest; false where there are too many, or one is wrong, or names an entry that is not below next.
 */
ACCORD_MUST_USE bool accord_monitor_cases_cut(struct accord_bytes *rest, uint64_t next, struct accord_bytes *lines);
/* Takes lines that were cut. Those of vendors who are not watched any more are left out. */
ACCORD_MUST_USE enum accord_status accord_monitor_cases_read(struct accord_monitor_cases *cases,
                                                             struct accord_bytes lines, struct accord_error *error);

/* Begins a look: what is remembered is read again, by read, which proves it. reader has to live as long as the look,
 * and serves the roots of the log's trees. */
struct accord_monitor_cases_log {
    struct accord_reader *reader;
    struct accord_bytes origin;
    void *context;
    enum accord_status (*read)(void *context, struct accord_reader *reader, uint64_t index, struct accord_buffer *entry,
                               struct accord_error *error);
};
ACCORD_MUST_USE enum accord_status accord_monitor_cases_begin(struct accord_monitor_cases *cases,
                                                              const struct accord_monitor_cases_log *log,
                                                              struct accord_error *error);
/* May this entry belong to a case, or be needed to judge one? By its first line alone. */
bool accord_monitor_cases_look(struct accord_bytes entry);
/* The next entry, which is proven to be in the tree. */
ACCORD_MUST_USE enum accord_status accord_monitor_cases_take(struct accord_monitor_cases *cases, uint64_t index,
                                                             struct accord_bytes entry, struct accord_error *error);
/* Ends the look: judges at a checkpoint's quorum time, and shows each case with its vendor. */
ACCORD_MUST_USE enum accord_status
accord_monitor_cases_end(struct accord_monitor_cases *cases, uint64_t size, uint64_t time,
                         enum accord_status (*show)(void *context, struct accord_bytes vendor,
                                                    const struct accord_docket_case *found, struct accord_error *error),
                         void *context, struct accord_error *error);
/* Were there more than are followed? */
bool accord_monitor_cases_full(const struct accord_monitor_cases *cases);

#endif
