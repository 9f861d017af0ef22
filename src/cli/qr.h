/* QR codes, drawn with characters. */
#ifndef ACCORD_CLI_QR_H
#define ACCORD_CLI_QR_H

#include "base/buffer.h"

/* Appends the drawing, with its margin, to *text: two rows of modules a line. With colours dark is black and light is
 * white whatever the terminal's own are; without, dark is ink. ACCORD_TOO_LARGE for what no code holds,
 * ACCORD_NOT_FOUND where libqrencode is not installed. */
ACCORD_MUST_USE enum accord_status accord_qr_draw(struct accord_bytes bytes, bool colours, struct accord_buffer *text,
                                                  struct accord_error *error);

#endif
