/* The body of an add-entries request (C2SP tlog-mirror, "Request Body"), as a machine that is fed with bytes in
 * whatever cuts they come. Nothing is verified but the form. It holds one package at a time, and of that what came. */
#ifndef ACCORD_MIRROR_UPLOAD_H
#define ACCORD_MIRROR_UPLOAD_H

#include "accord/merkle.h"
#include "accord/tile.h"
#include "base/buffer.h"

/* Borrowed from the machine until it is fed again. */
struct accord_upload_header {
    struct accord_bytes origin, ticket;
    uint64_t start, end;
};

/* Entries [first, first + count), and the proof of the subtree [first rounded down to 256, first + count). Borrowed
 * until the machine is fed again. */
struct accord_upload_package {
    uint64_t first, count;
    struct accord_bytes entries;
    struct accord_merkle_proof proof;
};

enum accord_upload_step {
    ACCORD_UPLOAD_HUNGRY,  /* all bytes were taken, and there may be more */
    ACCORD_UPLOAD_HEADER,  /* upload->header is there, once */
    ACCORD_UPLOAD_PACKAGE, /* upload->package is */
    ACCORD_UPLOAD_WRONG    /* upload->error says what; no more bytes are taken */
};

struct accord_upload {
    struct accord_upload_header header;
    struct accord_upload_package package;
    struct accord_error error; /* ACCORD_MALFORMED, ACCORD_TRAILING, ACCORD_TOO_LARGE (a proof), ACCORD_NO_MEMORY */
    /* The machine's own. */
    enum { ACCORD_UPLOAD_IN_HEADER, ACCORD_UPLOAD_IN_PACKAGES, ACCORD_UPLOAD_STOPPED } state;
    struct accord_buffer head;
    struct accord_buffer body; /* of the present package */
    size_t wanted;             /* bytes of head or body until the next thing can be told */
    size_t proof_at;           /* where the entries of the present package end; 0: not known yet */
    uint64_t entries;          /* of the present package, begun */
    bool in_entry;             /* the next thing is an entry's bytes, and not its length */
    bool given;                /* the package has been given out */
};

void accord_upload_init(struct accord_upload *upload);
void accord_upload_free(struct accord_upload *upload);
/* Takes bytes from the front of *rest until there is something to tell, or none are left. */
ACCORD_MUST_USE enum accord_upload_step accord_upload_feed(struct accord_upload *upload, struct accord_bytes *rest);
/* Have all packages of the canonical sequence come? */
bool accord_upload_whole(const struct accord_upload *upload);
/* How much memory it has. */
size_t accord_upload_held(const struct accord_upload *upload);

/* What the machine reads, for clients: the header, and what stands behind the entries of a package. */
void accord_upload_header_print(struct accord_out *out, const struct accord_upload_header *header);
void accord_upload_proof_print(struct accord_out *out, const struct accord_merkle_proof *proof);

#endif
