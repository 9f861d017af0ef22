/* Every bound on input has its name here. */
#ifndef ACCORD_LIMITS_H
#define ACCORD_LIMITS_H

#define ACCORD_HASH_SIZE 32                  /* SHA-256 */
#define ACCORD_ENTRY_SIZE_MAX 65535          /* an entry: its length is a uint16 in an entry bundle (C2SP tlog-tiles) */
#define ACCORD_NOTE_SIZE_MAX 1048576         /* a signed note with all its signatures */
#define ACCORD_SIGNATURES_MAX 512            /* signature lines of one note */
#define ACCORD_KEY_NAME_SIZE_MAX 255         /* ML-DSA-44 cosignatures hold names in at most 255 bytes */
#define ACCORD_ORIGIN_SIZE_MAX 255           /* likewise */
#define ACCORD_CHECKPOINT_TEXT_SIZE_MAX 4096 /* with extension lines; a cosignature's message is made on the stack */
#define ACCORD_PROOF_HASHES_MAX 63           /* an inclusion or a consistency proof */
#define ACCORD_PROOF_SIZE_MAX 1310720        /* a tlog-proof: extra line, hashes and checkpoint */
#define ACCORD_POLICY_SIZE_MAX 1048576
#define ACCORD_POLICY_LOGS_MAX 64
#define ACCORD_POLICY_WITNESSES_MAX 128
#define ACCORD_POLICY_GROUPS_MAX 64
#define ACCORD_TILE_WIDTH 256 /* hashes in a full tile, entries in a full bundle */
#define ACCORD_TILE_SIZE_MAX (ACCORD_TILE_WIDTH * ACCORD_HASH_SIZE)
#define ACCORD_TILE_PATH_SIZE_MAX 64 /* "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255", with room */
#define ACCORD_BUNDLE_SIZE_MAX (ACCORD_TILE_WIDTH * (2 + ACCORD_ENTRY_SIZE_MAX))
#define ACCORD_STATEMENT_LINES_MAX 4096
#define ACCORD_DISTRUST_MAX (ACCORD_POLICY_LOGS_MAX + ACCORD_POLICY_WITNESSES_MAX) /* lines of a trust file */
#define ACCORD_TRUST_SIZE_MAX 524288 /* a trust file: its roster, and distrust lines of keys of every type */

#endif
