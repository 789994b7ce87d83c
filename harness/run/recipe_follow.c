/* A redirect by hand: curl goes on by itself, and shows its certificate to whoever asks on the way. */
#include "harness/run/recipe.h"

#include "harness/target/url.h"

/* The connection that a redirect leads to. */
static const struct script_step *followed(const struct scenario *s)
{
	for (size_t i = 0; !s->default_script && i < s->n_steps; i++)
		if (s->steps[i].verb == VERB_CONNECT && script_attribute(&s->steps[i], "follow"))
			return &s->steps[i];
	return NULL;
}

const char *recipe_certificate(struct arena *a, const struct kase *k)
{
	const struct script_step *s = followed(k->scenario);
	return s ? recipe_value(a, k, s, "certificate") : recipe_attribute(a, k, VERB_CONNECT, "certificate");
}

static const char *port_of(const struct live_endpoint *e)
{
	const char *port = url_port(e->authority);
	return *port ? port : ":443";
}

const char *recipe_follow(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f)
{
	const char *resolve = "", *from = NULL, *path = NULL;
	if (!e->endpoint || !followed(k->scenario))
		return NULL;
	for (size_t i = 0; i < e->endpoint->n_names; i++) {
		const struct endpoint_name *name = &e->endpoint->names[i];
		if (e->address.ip)
			resolve = arena_printf(a, "%s --connect-to %s%s:%s:%u", resolve, name->host, port_of(e), e->address.ip,
					       (unsigned)e->address.port);
		from = name->redirect ? name->host : from;
		path = name->redirect ? name->redirect : path;
	}
	if (!from)
		return NULL;
	const char *mine = f->chain ? arena_printf(a, " --cert '%s' --key '%s'", f->chain, f->key) : "";
	return arena_printf(a, "curl -v --location --max-redirs 1 --tls-max %s --insecure%s%s 'https://%s%s%s'", tls_text(k->tls), mine,
			    resolve, from, port_of(e), path);
}
