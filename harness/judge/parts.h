/*
 * parts.h - what the files of the judge tell each other; nobody outside includes it.  Pure like judge.h: borrows
 * everything, texts go into the arena given.
 */
#ifndef HARNESS_JUDGE_PARTS_H
#define HARNESS_JUDGE_PARTS_H

#include "harness/judge/judge.h"

/* wiring.c: what the script says of one request: its connection, and how that was opened. */
struct wiring {
	int conn, req;
	const char *certificate; /* condition id, "none"; NULL: the cell's */
	const char *name;	 /* of the endpoint; NULL: the protected one */
	const char *sni;	 /* where it is not that of the name; else NULL */
	const char *resume;	 /* handle; NULL: a full handshake */
	bool own_tls;		 /* versions that are not the cell's */
	bool pha_off;		 /* post_handshake_auth withheld although the client kind offers it */
};
/* `id` NULL: the last request of the script.  False when the script has no such request. */
bool wiring_find(const struct kase *k, const char *id, struct wiring *out);
void wiring_of(const struct kase *k, int request, struct wiring *out);
int wiring_connection(const struct kase *k, const char *id); /* -1: none of that name */
/* The policy where the request goes: of the name, or of the cell. */
enum negotiation wiring_negotiation(const struct kase *k, const struct wiring *w);
/* The anchor set that the request is judged by: of the name, or of the endpoint. */
const char *wiring_trust(const struct kase *k, const struct wiring *w);
/* The condition that the connection shows; NULL when it shows none because the script says so, or nobody knows. */
const struct condition *wiring_condition(const struct kase *k, const struct suite *s, const struct wiring *w);

/* outcome.c: `decided` is the index of the event that ended the request, or o->n. */
void outcome_compute(const struct kase *k, const struct judge_context *c, const struct observation *o, int conn,
		     int request, struct outcome *out, size_t *decided);
/* http.c: what a response says: decision, signal with the IIS substatus, identity, throttled, undecidable. */
void http_decide(const struct kase *k, const struct judge_context *c, const struct observation *o, size_t at,
		 struct outcome *out);
bool http_status_in(const char *list, int status);
/* Value of a watched header of the response at index `at`, or NULL. */
const char *http_header(const struct observation *o, size_t at, const char *name);

/*
 * body.c: NULL when the answer at index `answer` says that what was sent was received whole; else why not, and the
 * verdict: false-reject, or inconclusive where the answer does not say.
 */
const char *body_wrong(struct arena *a, const struct received_rule *rule, const struct observation *o, size_t answer,
		       enum verdict *verdict);

/* identity.c; identity_same is in judge.h */
const struct shown_identity *identity_of(const struct judge_context *c, const char *credential);
/* The credential behind a connection: sent on it, or on the one whose session it offered; NULL: none. */
const char *identity_presented(const struct observation *o, int conn);

/* decision.c: the two tables of design.md section 1. */
bool decision_late_possible(const struct kase *k, const struct wiring *w);
bool decision_late_mode(const struct kase *k, const struct wiring *w);
/* The policy where the request goes; asked late without insisting (strangers=) it is that of optional. */
enum negotiation decision_policy(const struct kase *k, const struct wiring *w);
/* Expected decisions as a mask; *policy: no clause decides between them. */
unsigned decision_expected(const struct kase *k, const struct suite *s, const struct wiring *w, bool *policy);
/* PASS, FALSE_ACCEPT, FALSE_REJECT or DEVIATION (silent, redirected); `why` names the cell in words. */
enum verdict decision_compare(unsigned expected, enum decision observed, const char **why);
const char *decision_mask_text(struct arena *a, unsigned mask);

/* policy.c: the profile's lines for one case. */
struct dialect {
	const struct profile_line *decision; /* first line that matches and names a decision, or NULL */
	const struct profile_line *signal;   /* first that matches and names a signal or a phase, or NULL */
};
void policy_find(const struct kase *k, const struct judge_context *c, unsigned expected, struct dialect *out);
bool policy_version_holds(const char *condition, const char *version);
/* Is `signal` one of the sanctioned words?  "http:403" and "http:403.16" sanction each other, globs are allowed. */
bool policy_signal_in(const char *sanctioned, const char *signal);

/* exercised.c: NULL when what the expectation tests happened before the request ended; else what did not. */
struct exercise {
	const struct kase *kase;
	const struct judge_context *context;
	const struct observation *observation;
	const struct wiring *wiring;
	const struct outcome *outcome;
	size_t decided;
	bool as_condition;
	bool in_handshake; /* where it is expected to end */
};
const char *exercised_missing(struct arena *a, const struct exercise *x);

/* control.c: what the controls make of one verdict. */
struct weighed {
	enum verdict verdict;
	bool refusal;  /* it rests on a refusal or, at optional, on not being believed */
	bool positive; /* service was expected and refused */
	bool remote;
	bool is_control;
};
/* The verdict that remains; `why` is set when it became inconclusive. */
enum verdict control_weigh(enum control_state control, const struct weighed *w, const char **why);
bool control_is(const struct kase *k);

/* words.c: one line for reports. */
const char *words_outcome(struct arena *a, const struct outcome *o);
const char *words_where(struct arena *a, const struct outcome *o);		   /* "reset in handshake" */
const char *words_clause(struct arena *a, const struct suite *s, const char *ids); /* "RFC 5280 6.1.3(a)(2), R-081" */
const char *words_shown(struct arena *a, const struct kase *k, const struct judge_context *c, const struct wiring *w);

/* One answer about a case; the case takes the gravest of its answers. */
struct finding {
	enum verdict verdict;
	const char *reason, *expected, *observed, *clause, *note;
	struct outcome outcome;
};
/* expect.c */
struct trial {
	struct arena *arena;
	const struct kase *kase;
	const struct judge_context *context;
	const struct observation *observation;
	enum control_state control;
};
void expect_judge(const struct trial *t, const struct expect *e, struct finding *out);

/* breach.c: what no server may say in a handshake, whatever the case is about. */
const char *breach_clause(enum breach b, bool tls13);
/* Why the absence of a breach proves nothing; NULL: it does.  conn -1: any. */
const char *breach_vacuous(const struct observation *o, enum breach b, int conn);
void breach_judge(const struct trial *t, const struct event *e, struct finding *f);

#endif
