/* recipe.h - the same situation with curl and openssl, for a person who does not trust us.  Text only; runs nothing. */
#ifndef HARNESS_RUN_RECIPE_H
#define HARNESS_RUN_RECIPE_H

#include "harness/base/arena.h"
#include "harness/plan/plan.h"
#include "harness/target/target.h"

/* The line that writes the certificate files and prints the curl and openssl lines (arena). */
const char *recipe_line(struct arena *a, const struct kase *k, const char *target, const char *words);

struct recipe_files {
	const char *chain, *key; /* NULL: no certificate */
	const char *server_ca;
	uint64_t body_limit; /* of the target, for sizes that name it */
};

/* An attribute of a step, with the cell's words in it (arena); NULL when it is not there. */
const char *recipe_value(struct arena *a, const struct kase *k, const struct script_step *s, const char *name);
/* Value of an attribute of the script's first step of this verb at this cell (arena), or NULL. */
const char *recipe_attribute(struct arena *a, const struct kase *k, enum verb verb, const char *name);

/* The curl line and the openssl s_client line for the first request at a live endpoint, its body included (arena). */
const char *recipe_curl(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f);
const char *recipe_openssl(struct arena *a, const struct kase *k, const struct live_endpoint *e,
			   const struct recipe_files *f);
/* The id of the certificate that these lines show: of the connection that a redirect leads to, or of the first; NULL: the cell's. */
const char *recipe_certificate(struct arena *a, const struct kase *k);
/* The curl line for a script that follows a redirect, NULL for one that does not (arena). */
const char *recipe_follow(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f);
/* Two s_client lines for a script that sends early data, NULL for one that does not (arena). */
const char *recipe_early(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f);

#endif
