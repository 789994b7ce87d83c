/*
 * target_text.h - the target file that `mtlspec run` accepts, from what was measured.  What was not measured stands in
 * comments, never in attributes.  Pure but for the memory it makes.
 */
#ifndef HARNESS_DISCOVER_TARGET_TEXT_H
#define HARNESS_DISCOVER_TARGET_TEXT_H

#include "harness/discover/conclude.h"

/* `identity`: name the given certificate in it, if the server accepted it.  The text is the arena's. */
enum rc target_text(struct arena *a, const struct facts *f, const struct conclusion *c, bool identity, const char **text,
		    struct err *err) MUST_USE;
/* "nginx" of a Server header, lower-case and without version, as target files name products; NULL: no header. */
const char *target_text_product(struct arena *a, const struct facts *f, const struct conclusion *c);

#endif
