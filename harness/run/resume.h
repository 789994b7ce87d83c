/* resume.h - what an earlier journal has finished, so that --resume goes on behind it. */
#ifndef HARNESS_RUN_RESUME_H
#define HARNESS_RUN_RESUME_H

#include "harness/run/session.h"

struct resume;

/* RC_INPUT when the journal is of another suite, selection or seed.  An execution counts only if its controls came after it. */
enum rc resume_read(struct session *s, const char *journal, struct resume **out, struct err *err) MUST_USE;
uint32_t resume_first_group(const struct resume *r); /* NULL: 0 */
/* Bit number * repeat + repetition of the target; NULL when nothing is finished. */
const uint8_t *resume_finished(const struct resume *r, unsigned target);
void resume_close(struct resume **r); /* idempotent */

#endif
