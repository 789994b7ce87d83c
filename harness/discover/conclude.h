/*
 * conclude.h - from what was seen to what it means: the negotiation of each TLS version, which statuses serve and refuse,
 * whether an identity shows.  Pure.  A conclusion that the facts leave open carries its doubt in words.
 */
#ifndef HARNESS_DISCOVER_CONCLUDE_H
#define HARNESS_DISCOVER_CONCLUDE_H

#include "harness/discover/echo.h"
#include "harness/discover/stuck.h"
#include "harness/discover/wire.h"

struct policy {
	bool known; /* the version is accepted */
	enum negotiation negotiation;
	const char *doubt; /* NULL: shown by what was seen; else why that is not enough */
};

#define CONCLUSION_MAX_REFUSALS 4

struct conclusion {
	enum wire wire;
	unsigned tls; /* accepted */
	int newest;   /* of them; -1: none */
	struct policy policy[TLS__COUNT];
	bool mixed; /* accepted versions differ in policy */
	const struct look *without; /* at the newest version */
	const struct look *asked;   /* the newest that was asked for a certificate, early or late; or NULL */
	const struct look *stuck;   /* what shows that a browser cannot be asked, or NULL */
	enum stuck how_stuck;
	const struct look *control; /* the newest one tried, or NULL */
	int accepted;		    /* status that serves; 0: none was seen */
	int refused[CONCLUSION_MAX_REFUSALS]; /* statuses that refuse for want of a good certificate */
	size_t n_refused;
	const char *refused_to; /* Location that refuses, or NULL */
	unsigned http;		/* mask, measured */
	struct echo_found echo;
};

void conclude(struct arena *a, const struct facts *f, struct conclusion *out);

/* The policy of one version, from its looks without and with the certificate (not tried: fine). */
struct policy conclude_policy(struct arena *a, const struct look *without, const struct look *control);
/* Served to the holder of the certificate. */
bool conclude_accepted(const struct look *control);

#endif
