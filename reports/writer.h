/*
 * writer.h - XML through libxml2's text writer onto a stdio stream: flat memory, always escaped, always valid XML 1.0
 * (every value goes through clean.h).  A fault stays until writer_check tells it, so that callers write element by
 * element without a branch each.  Does not own the stream; close the writer before it, and keep the struct where it is.
 */
#ifndef REPORTS_WRITER_H
#define REPORTS_WRITER_H

#include "harness/base/buf.h"
#include "harness/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct _xmlTextWriter;
struct writer {
	struct _xmlTextWriter *xml; /* owned */
	FILE *file;		    /* borrowed */
	struct buf scratch;	    /* owned */
	uint64_t elements;	    /* started so far */
	bool bad;
	int error; /* errno of the first failed write, 0: not from the stream */
};

#define WRITER_MAX_VALUE 16384 /* bytes of one attribute or text; longer ones are cut */

enum rc writer_open(struct writer *w, FILE *file, struct err *err) MUST_USE;
void writer_close(struct writer *w); /* idempotent; unflushed bytes are lost */

void writer_prolog(struct writer *w);
void writer_start(struct writer *w, const char *element);
void writer_end(struct writer *w);
/* An attribute; NULL writes none. */
void writer_attr(struct writer *w, const char *name, const char *value);
void writer_attr_max(struct writer *w, const char *name, const char *value, size_t max);
void writer_attr_u64(struct writer *w, const char *name, uint64_t value);
void writer_attr_i64(struct writer *w, const char *name, int64_t value);
void writer_attr_flag(struct writer *w, const char *name, bool value); /* "yes", "no" */
/* Microseconds as seconds ("1.234567") or milliseconds ("1.234"). */
void writer_attr_seconds(struct writer *w, const char *name, uint64_t us);
void writer_attr_millis(struct writer *w, const char *name, uint64_t us);
/* Text on one line, or of several lines of which each is cleaned by itself. */
void writer_text(struct writer *w, const char *text);
void writer_lines(struct writer *w, const char *text);
/* A comment of its own; "--" inside it is taken apart (XML 1.0 2.5). */
void writer_comment(struct writer *w, const char *text);
/* Everything that another writer wrote into `from`, from its start, as it is. */
void writer_copy(struct writer *w, FILE *from);
/* Ends all elements, hands every byte to the stream; RC_FAULT names `path` and what went wrong so far. */
enum rc writer_finish(struct writer *w, const char *path, struct err *err) MUST_USE;
enum rc writer_check(struct writer *w, const char *path, struct err *err) MUST_USE;

#endif
