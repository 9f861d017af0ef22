/* Files into one sealed report: read, packed, encrypted and hashed in one pass. */
#ifndef ACCORD_CLI_REPORT_SEAL_H
#define ACCORD_CLI_REPORT_SEAL_H

#include "case/parcel.h"
#include "cli/command.h"

struct accord_report_sealing {
    const struct accord_call *call;
    const struct accord_cover *cover;
    struct accord_bytes cover_text;
    const char *const *paths;        /* of the cover's files */
    const uint8_t (*recipients)[32]; /* those of the cover, in its order */
    const uint8_t *seed;             /* ACCORD_AGE_SEED_SIZE bytes */
    const char *output;              /* made anew, mode 0600, durable; what lay there is removed */
    /* What it gives: */
    uint8_t parcel[ACCORD_HASH_SIZE], sealed[ACCORD_HASH_SIZE]; /* digests of the plaintext, of the ciphertext */
    uint64_t sealed_size;
    uint64_t number, made_ns; /* which file it is (base/fs.h) */
};
ACCORD_MUST_USE enum accord_status accord_report_seal(struct accord_report_sealing *sealing,
                                                      struct accord_error *error);
/* The cover's files from operands: their names and sizes. */
ACCORD_MUST_USE enum accord_status accord_report_files(const struct accord_call *call, struct accord_cover *cover,
                                                       struct accord_error *error);

#endif
