/*
 * index.h - one pass over a journal: where each execution lies, what became of the controls around it, the notes.  Eight
 * bytes an execution; everything else grows with groups and replays only.
 */
#ifndef HARNESS_RUN_INDEX_H
#define HARNESS_RUN_INDEX_H

#include "harness/run/journal.h"
#include "harness/run/session.h"

struct index_replay {
	uint64_t number, offset;
	uint32_t repetition; /* RUN_ALONE: with nothing beside it */
};

struct index_target {
	const char *meta; /* text of its META record, or NULL: never reached */
	uint64_t *offsets; /* [number * repeat + repetition]: offset + 1, or 0 */
	struct index_replay *replays; /* sorted by number */
	size_t n_replays, cap_replays;
	const char **notes;
	size_t n_notes, cap_notes;
	bool broken, lost; /* a note says that the environment failed; lost: until the run is resumed */
};

struct index {
	struct arena arena;
	const char *meta; /* of the run */
	uint64_t started, ended; /* wall clock, seconds */
	bool complete, torn;
	struct index_target *targets;
	size_t n_targets;
	uint32_t next_group; /* above every group */
	struct index_groups *groups;
};

enum rc index_open(struct index *x, const struct session *s, const char *journal, struct err *err) MUST_USE;
void index_close(struct index *x);

/* What became of `control` around a record of this group. */
enum control_state index_control(const struct index *x, unsigned target, uint32_t group, int32_t condition, bool replay);

#endif
