/*
 * crosscheck.h - what target.xml declares against what the probe saw: sentences that name the attribute to change.  Pure.
 * They are notes of the target and never change a verdict.
 */
#ifndef HARNESS_RUN_CROSSCHECK_H
#define HARNESS_RUN_CROSSCHECK_H

#include "harness/discover/look.h"
#include "harness/suite/model.h"

#include <time.h>

/* One connection; not tried: all zero. */
struct sight {
	struct look look; /* its outcome by the target's own rules of <accept>, <reject> and <echo> */
	int32_t body;	  /* bytes of the answer's; -1: none */
	bool asked_h2;	  /* h2 alone was offered, nothing was requested */
};

/* An address under one name, with the policy that target.xml declares for it. */
struct place {
	const struct endpoint *endpoint;
	const char *label; /* "required", "names/open" */
	const char *host;
	enum negotiation declared;
	unsigned tls, http;		 /* masks, declared */
	bool trusts_main;		 /* the control is one of its clients */
	struct sight stranger[TLS__COUNT]; /* without a certificate, this version alone */
	struct sight request[HTTP__COUNT]; /* one request in that HTTP version */
	struct sight control;
	unsigned undeclared; /* TLS versions spoken beyond the declared ones */
};

struct crosscheck {
	const struct target *target;
	const struct place *places;
	size_t n;
	bool clock_known;
	int64_t ahead; /* seconds: the server's clock less ours */
};

/* The difference that is worth a word, and a PKI dated by it. */
#define CROSSCHECK_CLOCK 60

/* At most `max` sentences into `out` (arena); how many there are. */
size_t crosscheck(struct arena *a, const struct crosscheck *c, const char **out, size_t max);

/* The three forms of an HTTP date (RFC 9110 5.6.7); false for anything else. */
bool crosscheck_date(const char *text, time_t *out);

#endif
