/*
 * clean.h - the one gate through which text reaches a report.  Peers send any byte; a report is valid XML 1.0 (section
 * 2.2, Char) and safe on a terminal, so what is neither is shown as \xNN, byte by byte.
 */
#ifndef REPORTS_CLEAN_H
#define REPORTS_CLEAN_H

#include "harness/base/buf.h"

/*
 * Appends `text` as one line of UTF-8, at most `max` bytes of it ("..." marks a cut, never inside a character).
 * Becomes \xNN: control characters (C0, DEL, C1), line and paragraph separators, invalid or overlong UTF-8, surrogates,
 * noncharacters, zero-width and bidirectional controls.  Clean text stays as it is, so cleaning twice does no harm.
 */
void clean_add(struct buf *b, const void *text, size_t len, size_t max);
/* The same for a string; NULL adds nothing. */
void clean_adds(struct buf *b, const char *text, size_t max);
/* `text` itself when it is clean and short enough, else its clean form in `scratch` (cleared first); NULL gives "". */
const char *clean_text(struct buf *scratch, const char *text, size_t max);
/* How many of the first bytes are printable ASCII and pass as they are. */
size_t clean_plain(const char *text, size_t len);
/* Bytes of `text` once it is escaped for XML text or an attribute. */
size_t clean_cost(const char *text, size_t len);

#endif
