/*
 * observation.h - what a client saw: ordered events with times, no opinion.  Written by the script, read by judge and
 * reports; kept in the journal in the form of observation_put.
 */
#ifndef CLIENTS_OBSERVATION_H
#define CLIENTS_OBSERVATION_H

#include "clients/vocab.h"
#include "harness/base/arena.h"
#include "harness/base/buf.h"

#define OBSERVATION_MAX_EVENTS 512
#define OBSERVATION_MAX_TEXT 4096 /* of one event's text: a longer one is cut */
#define OBSERVATION_EXCERPT 512

struct event {
	uint32_t at_us; /* since the case began */
	uint8_t kind;	/* enum event_kind */
	int8_t conn;	/* connection index, -1: none */
	int8_t req;	/* request index, -1: none */
	int32_t a, b;
	const char *text; /* arena of the observation, or NULL */
};

struct observation {
	struct arena arena;   /* owned: the texts */
	struct event *events; /* owned */
	size_t n, cap;
	bool full;	      /* events were dropped */
	uint32_t duration_us; /* of the whole case */
	/*
	 * Borrowed; NULL: none.  Gets a copy of every event without its text, so that whoever shares the page knows the
	 * latest one when this process dies; of kind EVENT_KIND__COUNT before the first.
	 */
	struct event *latest;
};

void observation_init(struct observation *o);
void observation_fini(struct observation *o); /* idempotent */
void observation_clear(struct observation *o); /* keeps the memory for the next case */

/* Append; control bytes of the peer are kept as they are, `text` is copied and cut at OBSERVATION_MAX_TEXT. */
void observation_add(struct observation *o, uint32_t at_us, enum event_kind kind, int conn, int req, int32_t a,
		     int32_t b, const char *text);
/* The first event of `kind` at or after index `from` on this connection and request (-1: any), or NULL. */
const struct event *observation_find(const struct observation *o, size_t from, enum event_kind kind, int conn, int req);
/* Did a connect fail although nobody had stopped the target? */
bool observation_refused(const struct observation *o);
/* Did a connection end, or fail to begin, without a word? */
bool observation_was_cut(const struct observation *o);

void observation_put(struct buf *b, const struct observation *o);
/* RC_INPUT when the bytes are not an observation. */
enum rc observation_get(struct reader *r, struct observation *o, struct err *err) MUST_USE;

/* One line: "  1.234 ms  c0 certificate-requested 1 CA name, 37 bytes"; for reports and transcripts. */
void observation_event_line(struct buf *b, const struct event *e);

#endif
