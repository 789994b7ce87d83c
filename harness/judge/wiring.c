#include "harness/judge/parts.h"

#include <string.h>

static const char *attribute(const struct kase *k, const struct script_step *s, const char *name)
{
	const char *value = script_attribute(s, name);
	/* A value that is one {axis} takes the cell's word; longer mixtures name nothing we look up. */
	size_t len = value ? strlen(value) : 0;
	char key[64];
	if (len < 3 || len - 2 >= sizeof key || value[0] != '{' || value[len - 1] != '}')
		return value;
	memcpy(key, value + 1, len - 2);
	key[len - 2] = '\0';
	return plan_value(k, key);
}

/* The connect step of connection number `conn`, by order in the script. */
static const struct script_step *connect_step(const struct kase *k, int conn)
{
	const struct scenario *s = k->scenario;
	int at = 0;
	for (size_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].verb == VERB_CONNECT && at++ == conn)
			return &s->steps[i];
	return NULL;
}

int wiring_connection(const struct kase *k, const char *id)
{
	const struct scenario *s = k->scenario;
	int at = 0;
	for (size_t i = 0; i < s->n_steps; i++) {
		if (s->steps[i].verb != VERB_CONNECT)
			continue;
		if (text_equal(attribute(k, &s->steps[i], "id"), id))
			return at;
		at++;
	}
	return s->n_steps == 0 ? 0 : -1;
}

static void fill(const struct kase *k, struct wiring *w)
{
	const struct script_step *s = connect_step(k, w->conn);
	if (!s)
		return;
	w->certificate = attribute(k, s, "certificate");
	w->name = attribute(k, s, "name");
	w->sni = attribute(k, s, "sni");
	w->resume = attribute(k, s, "resume");
	w->own_tls = attribute(k, s, "tls") != NULL;
	w->pha_off = text_equal(attribute(k, s, "pha"), "no");
}

/* Walks the requests of the script; stops at `id`, or at number `request` when `id` is NULL. */
static bool walk(const struct kase *k, const char *id, int request, struct wiring *out)
{
	const struct scenario *s = k->scenario;
	int conns = 0, reqs = 0;
	bool found = false;
	*out = (struct wiring){.conn = 0, .req = request < 0 ? 0 : request};
	for (size_t i = 0; i < s->n_steps; i++) {
		const struct script_step *step = &s->steps[i];
		if (step->verb == VERB_CONNECT)
			conns++;
		if (step->verb != VERB_REQUEST)
			continue;
		const char *on = attribute(k, step, "on");
		bool here = id ? text_equal(attribute(k, step, "id"), id) : (request < 0 || reqs == request);
		if (here) {
			/* job_build.c: without on= a request goes out on the connection opened last */
			*out = (struct wiring){.conn = on ? wiring_connection(k, on) : conns - 1, .req = reqs};
			found = true;
			fill(k, out);
			const char *late = attribute(k, step, "certificate");
			if (late)
				out->certificate = late;
		}
		reqs++;
	}
	return found || s->n_steps == 0;
}

bool wiring_find(const struct kase *k, const char *id, struct wiring *out)
{
	return walk(k, k->scenario->n_steps ? id : NULL, -1, out);
}

void wiring_of(const struct kase *k, int request, struct wiring *out)
{
	if (!walk(k, NULL, request, out))
		*out = (struct wiring){.conn = 0, .req = request};
}

static const struct endpoint_name *find_name(const struct kase *k, const struct wiring *w)
{
	for (size_t i = 0; w->name && k->endpoint && i < k->endpoint->n_names; i++)
		if (strcmp(k->endpoint->names[i].id, w->name) == 0)
			return &k->endpoint->names[i];
	return NULL;
}

enum negotiation wiring_negotiation(const struct kase *k, const struct wiring *w)
{
	const struct endpoint_name *name = find_name(k, w);
	return name ? name->negotiation : k->negotiation;
}

const char *wiring_trust(const struct kase *k, const struct wiring *w)
{
	const struct endpoint_name *name = find_name(k, w);
	const char *trust = name ? name->trust : k->endpoint ? k->endpoint->trust : NULL;
	return trust ? trust : "main";
}

const struct condition *wiring_condition(const struct kase *k, const struct suite *s, const struct wiring *w)
{
	return w->certificate ? suite_condition(s, w->certificate) : k->condition;
}
