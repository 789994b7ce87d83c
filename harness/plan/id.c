#include "harness/plan/plan.h"

#include <stdio.h>
#include <string.h>

void plan_id(const struct kase *k, char out[static PLAN_ID_SIZE])
{
	const struct scenario *s = k->scenario;
	int n = snprintf(out, PLAN_ID_SIZE, "%s/%s[tls=%s,negotiation=%s,http=%s", s->suite, s->id, tls_text(k->tls),
			 negotiation_text(k->negotiation), http_text(k->http));
	size_t at = (size_t)n;
	/* The client axis shows only where a scenario has more than one. */
	if ((s->client & (s->client - 1)) && at < PLAN_ID_SIZE)
		at += (size_t)snprintf(out + at, PLAN_ID_SIZE - at, ",client=%s", client_kind_text(k->client));
	if (k->name_endpoint && k->endpoint && at < PLAN_ID_SIZE)
		at += (size_t)snprintf(out + at, PLAN_ID_SIZE - at, ",endpoint=%s", k->endpoint->id);
	if (k->condition && at < PLAN_ID_SIZE)
		at += (size_t)snprintf(out + at, PLAN_ID_SIZE - at, ",condition=%s", k->condition->id);
	for (size_t i = 0; i < s->n_axes && at < PLAN_ID_SIZE; i++)
		if (k->axis[i])
			at += (size_t)snprintf(out + at, PLAN_ID_SIZE - at, ",%s=%s", s->axes[i].name, k->axis[i]);
	if (at < PLAN_ID_SIZE)
		snprintf(out + at, PLAN_ID_SIZE - at, "]");
}

const char *plan_value(const void *kase, const char *key)
{
	const struct kase *k = kase;
	if (strcmp(key, "tls") == 0)
		return tls_text(k->tls);
	if (strcmp(key, "negotiation") == 0)
		return negotiation_text(k->negotiation);
	if (strcmp(key, "http") == 0)
		return http_text(k->http);
	if (strcmp(key, "client") == 0)
		return client_kind_text(k->client);
	if (strcmp(key, "condition") == 0)
		return k->condition ? k->condition->id : NULL;
	if (strcmp(key, "endpoint") == 0)
		return k->endpoint ? k->endpoint->id : NULL;
	if (strcmp(key, "scenario") == 0)
		return k->scenario->id;
	if (strcmp(key, "suite") == 0)
		return k->scenario->suite;
	if (strcmp(key, "severity") == 0)
		return severity_text(k->scenario->severity);
	if (strcmp(key, "impact") == 0)
		return impact_text(k->scenario->impact);
	for (size_t i = 0; i < k->scenario->n_axes; i++)
		if (strcmp(key, k->scenario->axes[i].name) == 0)
			return k->axis[i];
	return NULL;
}
