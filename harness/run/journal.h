/*
 * journal.h - the only file written while a run goes on: one length-checked record for every finished case or control.
 * Reports are rendered from it, at the end, on SIGINT, or after kill -9.  A torn last record is dropped, never guessed.
 */
#ifndef HARNESS_RUN_JOURNAL_H
#define HARNESS_RUN_JOURNAL_H

#include "clients/observation.h"
#include "harness/base/arena.h"
#include "harness/judge/judge.h"

#include <stdio.h>

#define JOURNAL_KIND_LIST(X)                                                                                     \
	X(JOURNAL_META, "meta")	      /* text: key=value lines about run or target */                            \
	X(JOURNAL_CASE, "case")	      /* a planned case */                                                       \
	X(JOURNAL_CONTROL, "control") /* a control of a group */                                                 \
	X(JOURNAL_REPLAY, "replay")   /* an unexpected verdict run again */                                      \
	X(JOURNAL_NOTE, "note")	      /* text: a sentence for the report of its target */                        \
	X(JOURNAL_END, "end")	      /* the run came to its end */
ENUM_DECLARE(journal_kind, JOURNAL, JOURNAL_KIND_LIST);

/* Repetition that marks the lone replay of a case during which the target had died. */
#define RUN_ALONE 0xa1u

struct journal_record {
	enum journal_kind kind;
	uint32_t target; /* index in the run */
	uint64_t number; /* case number; of a control: any case of its combination */
	uint32_t repetition;
	uint32_t group;	       /* the controls around it */
	const char *condition; /* of a control */
	const char *text;
	uint64_t at; /* wall clock, seconds */
	const struct shown_identity *identities;
	size_t n_identities;
	struct observation observation;
};

struct journal {
	FILE *file; /* owned */
	const char *path;
};
/* Is a run writing it at this moment? */
bool journal_in_use(const char *path);
/* Creates or, with `append`, goes on behind the last whole record (a torn tail is cut off). */
enum rc journal_open(struct journal *j, const char *path, bool append, struct err *err) MUST_USE;
enum rc journal_write(struct journal *j, const struct journal_record *r, struct err *err) MUST_USE;
void journal_close(struct journal *j); /* idempotent */

/* The bytes of one record, and back: also what workers send to the parent. */
void journal_put(struct buf *b, const struct journal_record *r);
enum rc journal_get(const void *data, size_t len, struct arena *a, struct journal_record *r, struct err *err) MUST_USE;

struct journal_reader {
	FILE *file;
	struct arena arena;
	struct buf buf;
	bool torn; /* the tail was not whole */
};
enum rc journal_reader_open(struct journal_reader *r, const char *path, struct err *err) MUST_USE;
/* RC_END behind the last whole record.  The record lives until the next call. */
enum rc journal_next(struct journal_reader *r, struct journal_record *out, uint64_t *offset, struct err *err) MUST_USE;
/* The record at an offset that journal_next gave; its texts go into `a`. */
enum rc journal_at(struct journal_reader *r, uint64_t offset, struct arena *a, struct journal_record *out,
		   struct err *err) MUST_USE;
void journal_reader_close(struct journal_reader *r);

#endif
