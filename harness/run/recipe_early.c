/* A request as early data by hand: one connection that earns the session, and one that offers it. */
#include "harness/run/recipe.h"

#include "harness/target/url.h"

#include <string.h>

/* The steps of the script that matter here. */
struct steps {
	const struct script_step *first, *second, *request;
};

static bool find_steps(struct arena *a, const struct kase *k, struct steps *out)
{
	const struct scenario *c = k->scenario;
	*out = (struct steps){0};
	for (size_t i = 0; i < c->n_steps && !out->request; i++) {
		const struct script_step *s = &c->steps[i];
		if (s->verb == VERB_CONNECT && !out->first)
			out->first = s;
		else if (s->verb == VERB_CONNECT && text_equal(recipe_value(a, k, s, "early"), "yes"))
			out->second = s;
		else if (s->verb == VERB_REQUEST && out->second)
			out->request = s;
	}
	return out->request != NULL;
}

/* What a name of the endpoint stands for; NULL: the endpoint's own. */
static const char *host_of(const struct live_endpoint *e, const char *name)
{
	for (size_t i = 0; name && e->endpoint && i < e->endpoint->n_names; i++)
		if (strcmp(e->endpoint->names[i].id, name) == 0)
			return e->endpoint->names[i].host;
	return e->host;
}

static const char *request(struct arena *a, const struct live_endpoint *e, const char *host)
{
	return arena_printf(a, "printf 'GET %s HTTP/1.1\\r\\nHost: %s%s\\r\\nConnection: close\\r\\n\\r\\n'", e->path, host,
			    url_port(e->authority));
}

static const char *s_client(struct arena *a, const struct live_endpoint *e, const char *name)
{
	const char *ip = e->address.ip ? e->address.ip : e->host;
	return arena_printf(a, "openssl s_client -connect %s%s%s:%u -servername %s -tls1_3 -ign_eof", strchr(ip, ':') ? "[" : "", ip,
			    strchr(ip, ':') ? "]" : "", (unsigned)e->address.port, name);
}

const char *recipe_early(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f)
{
	struct steps s;
	if (!find_steps(a, k, &s))
		return NULL;
	const char *name = recipe_value(a, k, s.second, "name"), *host = recipe_value(a, k, s.request, "host"),
		   *earned = host_of(e, recipe_value(a, k, s.first, "name")), *at = recipe_value(a, k, s.first, "at");
	const char *mine =
		f->chain ? arena_printf(a, " -cert '%s' -cert_chain '%s' -key '%s'", f->chain, f->chain, f->key) : "";
	const char *first = arena_printf(a, "%s | %s -sess_out session.pem%s%s%s", request(a, e, earned), s_client(a, e, earned), mine,
					 at ? "   # at the endpoint " : "", at ? at : "");
	const char *again = request(a, e, host_of(e, host ? host : name)), *offers = s_client(a, e, host_of(e, name));
	/* OpenSSL itself keeps a session to its name where early data is sent (SSL_R_INCONSISTENT_EARLY_DATA_SNI) */
	if (strcmp(host_of(e, name), earned) != 0)
		return arena_printf(a, "%s\n  %s | %s -sess_in session.pem   # early data goes to no other name in OpenSSL", first, again,
				    offers);
	return arena_printf(a, "%s\n  %s > early.txt; %s -sess_in session.pem -early_data early.txt < /dev/null", first, again, offers);
}
