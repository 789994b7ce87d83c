/*
 * plan.h - the plan is a function: case number -> case.  Mixed radix over the axes, permuted by the seed without a table;
 * accounting counts, nothing is kept per case.  Pure: no I/O, no clock.
 *
 * Numbers run combination by combination (tls, negotiation, http, client); in a combination scenario by scenario, and in
 * a scenario over conditions and axes, the last axis fastest.
 */
#ifndef HARNESS_PLAN_PLAN_H
#define HARNESS_PLAN_PLAN_H

#include "clients/job.h"
#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/suite/model.h"

#include <stdbool.h>

#define PLAN_MAX_AXES 8
#define PLAN_ID_SIZE 512

/* One cell of a scenario's matrix, with everything that its position says. */
struct kase {
	uint64_t number;
	const struct scenario *scenario;
	const struct condition *condition; /* NULL when the scenario has no condition axis */
	enum tls tls;
	enum negotiation negotiation;
	enum http http;
	enum client_kind client;
	const char *axis[PLAN_MAX_AXES]; /* value of scenario->axes[i] */
	const struct endpoint *endpoint; /* NULL when the target has none for it */
	bool name_endpoint;		  /* several endpoints share the mode: the id names which */
};

enum disposition {
	DISPOSITION_RUN,
	DISPOSITION_IMPOSSIBLE,	 /* a clause forbids the cell */
	DISPOSITION_UNSUPPORTED, /* the target or this build lacks a capability */
	DISPOSITION_EXCLUDED,	 /* the user's selection, or the impact allowed */
	DISPOSITION__COUNT
};
/* The reason for a cell that another shard accounts for, whatever becomes of it there: excluded. */
extern const char plan_other_shard[];

/* What a run takes that need not see everything (self-test); the other cells are excluded. */
struct plan_sample {
	bool newest_tls, newest_http; /* of each scenario */
	const bool *scenarios;	      /* by place in the suite; NULL: all */
	/* of the scenarios that run every condition: globs, NULL: all of them; and a mask, 0: all */
	const char *conditions;
	unsigned negotiation;
};

struct plan_spec {
	const struct suite *suite;
	const struct target *target;
	const char *const *select, *const *skip; /* globs over ids, or axis=value,axis=value lists */
	size_t n_select, n_skip;
	unsigned client; /* mask from --client; 0: as the scenarios say */
	enum impact impact;
	unsigned http_built; /* mask: transports of this build */
	uint64_t seed;
	unsigned shard, shards; /* 1-based; shards 0: no sharding */
	bool quick;	/* the newest TLS version and one HTTP version of each scenario */
	const struct plan_sample *sample; /* NULL: everything */
	bool own_only;	/* no minted certificate is trusted there: conditions own:* and none only */
};

struct plan;
/* RC_INPUT for a malformed selection and for one that matches nothing. */
enum rc plan_make(struct arena *a, const struct plan_spec *spec, const struct plan **out, struct err *err) MUST_USE;
uint64_t plan_cells(const struct plan *p);
void plan_case(const struct plan *p, uint64_t number, struct kase *out);
/* What becomes of it; `reason` gets a sentence, `clause` the requirement or NULL. */
enum disposition plan_disposition(const struct plan *p, const struct kase *k, const char **reason, const char **clause);

/* Cells that share endpoint, TLS, HTTP and client: run together, between two runs of their controls. */
struct combination {
	enum tls tls;
	enum negotiation negotiation;
	enum http http;
	enum client_kind client;
	const struct endpoint *endpoint; /* NULL: the target has none */
	bool name_endpoint;
	uint64_t first, n; /* case numbers */
};
size_t plan_combinations(const struct plan *p);
void plan_combination(const struct plan *p, size_t i, struct combination *out);
/* Whether any cell there is run. */
bool plan_uses(const struct plan *p, const struct endpoint *e);
/* Which of `n` things of the combination comes at position `i` under the seed. */
uint64_t plan_order(const struct plan *p, const struct combination *c, uint64_t i, uint64_t n);

/* The cells of one scenario in one combination: consecutive case numbers.  In order of numbers. */
struct segment {
	const struct scenario *scenario;
	size_t combination;
	uint64_t first, n;
};
size_t plan_segments(const struct plan *p, const struct segment **out);

/*
 * The control of a case: the condition it differs from, under the default script of the same combination.  NULL when the
 * case needs none (it is its own control).
 */
const struct condition *plan_control(const struct plan *p, const struct kase *k);

/* A case of the default script with `condition` in the combination of `k`: what a control runs. */
void plan_control_case(const struct kase *k, const struct condition *condition, struct kase *out);

void plan_id(const struct kase *k, char out[static PLAN_ID_SIZE]); /* suite/scenario[tls=1.3,...] */
const char *plan_value(const void *kase, const char *key);	     /* a when_lookup over a struct kase */
/* A pasted id or a selection that names exactly one cell. */
enum rc plan_find(const struct plan *p, const char *id, uint64_t *number, struct err *err) MUST_USE;

#endif
