/* meta.h - what the journal says of a run and its targets beside the cases: "key=value" lines, read back by reports. */
#ifndef HARNESS_RUN_META_H
#define HARNESS_RUN_META_H

#include "harness/run/journal.h"
#include "harness/run/pace.h"
#include "harness/run/servers.h"
#include "harness/run/session.h"

/* What a note begins with that makes the run broken (exit 3): for good, or until it is resumed. */
#define META_BROKEN "!"
#define META_LOST   "~"

enum rc meta_write_run(struct journal *j, const struct session *s, const char *version, struct err *err) MUST_USE;
/* `running` and `servers` may be NULL; `skipped` says why nothing runs there, or NULL; `broken`: the environment failed. */
enum rc meta_write_target(struct journal *j, const struct session_target *t, const struct running *running,
			  const struct servers *servers, const char *skipped, bool broken, struct err *err) MUST_USE;

/* The value of the `nth` line with this key (arena), or NULL. */
const char *meta_value(struct arena *a, const char *text, const char *key, unsigned nth);

/* The sentence when a remote endpoint refuses the control: what was seen, what to install, where (arena). */
const char *meta_refused_control(struct arena *a, const struct kase *k, const struct judge_context *c,
				 const struct observation *o);

/* The sentence when somebody else's server slows the run down, or has it stopped (arena). */
const char *meta_pace(struct arena *a, enum pace_answer answer, bool over);

#endif
