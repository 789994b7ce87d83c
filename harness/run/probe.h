/*
 * probe.h - looks at a target before its first case: one connection at a time, harmless GETs, first without a certificate,
 * then with the control's.  What it finds are notes, the server's certificates and its clock; never a verdict.
 */
#ifndef HARNESS_RUN_PROBE_H
#define HARNESS_RUN_PROBE_H

#include "harness/pki/forge.h"
#include "harness/run/pace.h"
#include "harness/run/servers.h"
#include "harness/target/target.h"

struct probe_spec {
	const struct suite *suite; /* with the target's own identities */
	const struct target *target;
	const struct running *running;
	const struct plan *plan;       /* endpoints that no case of it uses are left alone */
	struct job_deadlines deadlines; /* of cases; the probe is less patient */
	struct pace *pace;		/* the run's: what was spent here counts there */
	const struct condition *control; /* whose credential it may show; NULL: none that the server could trust */
	bool (*give_up)(void);		 /* asked between connections and at a signal; may be NULL */
};

struct probe;
enum rc probe_open(struct probe **p, const struct probe_spec *spec, struct err *err) MUST_USE;
void probe_close(struct probe **p); /* idempotent */

/* TLS versions, what is asked and of whom, how strangers are answered.  Needs no PKI. */
enum rc probe_strangers(struct probe *p, struct err *err) MUST_USE;
/* The control and the HTTP versions. */
enum rc probe_control(struct probe *p, struct forge *f, struct err *err) MUST_USE;

/* Seconds that the server's clock is ahead of ours, by its Date header; 0: by less than it matters, or unknown. */
int64_t probe_ahead(const struct probe *p);
/* Sentences, the weightiest first; they live as long as the probe. */
size_t probe_notes(struct probe *p, const char *const **out);
/* The certificates seen: handed over, the caller owns them. */
void probe_servers(struct probe *p, struct servers *out);
/* The mean time of one connection with an answer; 0: there was none. */
uint64_t probe_mean_us(const struct probe *p);

#endif
