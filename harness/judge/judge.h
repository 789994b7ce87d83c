/*
 * judge.h - decides one run of one case.  Pure: no I/O, no clock, no library.  Borrows everything; text of the result
 * goes into the arena given.  The expectation has one owner per question (design: vocabulary).
 */
#ifndef HARNESS_JUDGE_JUDGE_H
#define HARNESS_JUDGE_JUDGE_H

#include "clients/observation.h"
#include "harness/base/arena.h"
#include "harness/plan/plan.h"
#include "harness/suite/model.h"

/* What the run knows of a credential that a script presented, so that an echoed identity can be compared. */
struct shown_identity {
	const char *credential; /* id, as in the events */
	const char *subject, *sha1, *sha256;
};

struct judge_context {
	const struct suite *suite;
	const struct target *target;
	const char *target_name;       /* as given to --target: "nginx:default-depth", "lab/iis.xml"; NULL: unknown */
	const struct profile *profile; /* may be NULL */
	const char *product_version, *product_library; /* "1.22.1", "OpenSSL 3.0.19"; NULL or "": unknown */
	const struct shown_identity *identities;
	size_t n_identities;
};

/* What became of the controls around a case. */
enum control_state {
	CONTROL_NOT_NEEDED,
	CONTROL_GOOD,	    /* accepted before and after */
	CONTROL_REFUSED,    /* refused before: nothing after it proves anything */
	CONTROL_LOST,	    /* accepted before, refused after: something changed in between */
	CONTROL_MISSING,    /* the run ended before it */
};

/* The outcome of one request, computed from events. */
struct outcome {
	bool any; /* the request, or the connection for it, was tried */
	enum decision decision;
	char signal[48]; /* "alert:certificate_expired", "http:403.16", "reset" */
	enum phase phase;
	const char *identity; /* echoed; NULL: no echo rule or nothing echoed */
	bool undecidable;     /* 2xx where strangers are served and nothing is echoed */
	bool throttled;	      /* 429 or 503 */
	bool asked, sent, declined; /* certificate, on the connection of the request */
	bool asked_late;	    /* after the first handshake */
	bool resumed;
	int status; /* HTTP, 0: none */
	int tls;    /* enum tls negotiated, -1: none */
};
void judge_outcome(const struct kase *k, const struct judge_context *c, const struct observation *o, int request,
		   struct outcome *out);

struct judgement {
	enum verdict verdict;
	enum severity severity;
	const char *reason;   /* one line */
	const char *expected; /* "reject", "accept by http:200 in response" */
	const char *observed; /* "accept, http:200 in response" */
	const char *clause;   /* requirement ids; may be NULL */
	const char *note;     /* deviation or policy note; may be NULL */
	struct outcome outcome; /* of the request that decided */
	const struct diagnosis *diagnosis; /* likely cause, or NULL */
};

void judge(struct arena *a, const struct kase *k, const struct judge_context *c, enum control_state control,
	   const struct observation *o, struct judgement *out);

/* True when `o`, the run of a control condition, was accepted; at `optional` that means believed, elsewhere served. */
bool judge_control_accepted(const struct kase *k, const struct judge_context *c, const struct observation *o);

/* Does what the server echoed name this credential? */
enum same { SAME_YES, SAME_NO, SAME_UNKNOWN };
enum same identity_same(struct arena *a, enum echo_form form, const char *echoed, const struct shown_identity *shown);

/* The likely cause: the entry with most `when` terms that all hold; the first among equals; NULL: none. */
struct diagnosis_facts {
	const struct kase *kase;
	const struct outcome *outcome;
	enum verdict verdict;
	const char *product;
};
const struct diagnosis *diagnosis_find(const struct suite *s, const struct diagnosis_facts *f);

/* Does the row speak of this product: its target (an id, or a name of --target), version, library? */
bool judge_pin_applies(const struct pin *p, const struct judge_context *c);
/* And of this case, whatever the verdict? */
bool judge_pin_covers(const struct pin *p, const struct kase *k, const struct judge_context *c);

/* Pin against a verdict: what becomes of it under the known failures; `today` is "2026-11-24". */
enum verdict judge_pin(const struct pins *pins, const struct kase *k, const struct judge_context *c, enum verdict v,
		       const char *today, const struct pin **which);

/* The exit code of design.md section 1 for one verdict; several: 2 1 3 5 4 0 in that order. */
int judge_exit(enum verdict v, enum severity severity, enum severity fail_on, bool strict);
int judge_exit_worse(int a, int b);

#endif
