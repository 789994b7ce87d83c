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
};
/* The curl line and the openssl s_client line for the default script at a live endpoint (arena). */
const char *recipe_curl(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f);
const char *recipe_openssl(struct arena *a, const struct kase *k, const struct live_endpoint *e,
			   const struct recipe_files *f);

#endif
