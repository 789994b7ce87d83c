/* select.h - which cells the user wants: --select, --skip, --impact, --quick, --shard.  Pure. */
#ifndef HARNESS_PLAN_SELECT_H
#define HARNESS_PLAN_SELECT_H

#include "harness/plan/plan.h"

struct selection;

/*
 * A word of --select is an id pattern when it holds "/" or no "=" (a pasted id, "ticket-*"), else a list
 * axis=pattern,axis=pattern of which all must hold.  Only * and ? are special.
 */
enum rc selection_parse(struct arena *a, const struct plan_spec *spec, struct selection **out, struct err *err) MUST_USE;
bool selection_takes(const struct selection *s, const struct kase *k); /* --select and --skip alone */
/* A cell belongs to one shard, whether it can run or not: the sums of all shards are those of the whole. */
bool selection_in_shard(const struct selection *s, const struct kase *k);
const char *selection_excludes(const struct selection *s, const struct kase *k); /* the reason, or NULL */

#endif
