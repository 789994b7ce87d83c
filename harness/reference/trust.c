/* The anchor sets, read once and again, and the sites that they make: copies, of which connections see one to their end. */
#include "harness/reference/server.h"

#include <stdio.h>
#include <string.h>

static void forget(struct trust *t)
{
	anchors_fini(&t->anchors);
	if (t->credentials)
		gnutls_certificate_free_credentials(t->credentials);
	t->credentials = NULL;
}

static enum rc load(struct server *s, struct trust *t, struct err *err)
{
	enum rc rc;
	TRY(anchors_load(&s->arena, &t->anchors, t->file, err));
	gnutls_certificate_allocate_credentials(&t->credentials);
	/* GnuTLS lists them when it asks; whom to believe is check.c's to say */
	const char *listed = s->faults.on[FAULT_LISTS_ANOTHER_AUTHORITY] ? s->certificate : t->file;
	if (s->faults.on[FAULT_LISTS_AUTHORITIES_OF_FIRST_NAME])
		listed = s->trust[0]->file;
	int ret = gnutls_certificate_set_x509_trust_file(t->credentials, listed, GNUTLS_X509_FMT_PEM);
	if (ret < 0)
		return err_set(err, RC_INPUT, "%s: %s", t->file, gnutls_strerror(ret));
	ret = gnutls_certificate_set_x509_key_file(t->credentials, s->certificate, s->key, GNUTLS_X509_FMT_PEM);
	if (ret < 0)
		return err_set(err, RC_INPUT, "%s and %s: %s", s->certificate, s->key, gnutls_strerror(ret));
out:
	return rc;
}

enum rc trust_load(struct server *s, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < s->trusts; i++)
		TRY(load(s, s->trust[i], err));
out:
	return rc;
}

const struct trust *trust_find(const struct server *s, const char *name)
{
	for (size_t i = 0; i < s->trusts; i++)
		if (strcmp(s->trust[i]->name, name) == 0)
			return s->trust[i];
	return NULL;
}

/* Whatever any name trusts.  The keys stay with the sets that they come from. */
static const struct anchors *pool(struct server *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->trusts; i++)
		n += s->trust[i]->anchors.n;
	struct anchors *all = ARENA_NEW(&s->arena, struct anchors, 1);
	all->cert = ARENA_NEW(&s->arena, struct x509, n);
	for (size_t i = 0; i < s->trusts; i++)
		for (size_t j = 0; j < s->trust[i]->anchors.n; j++)
			all->cert[all->n++] = s->trust[i]->anchors.cert[j];
	return all;
}

static void trusts(struct site *site, const struct trust *t, const struct anchors *all)
{
	if (site->policy.mode == APP_PLAIN)
		return;
	site->credentials = t->credentials;
	site->policy.anchors = all ? all : &t->anchors;
	site->policy.former = t->former ? &t->former->anchors : NULL;
}

void trust_publish(struct server *s)
{
	const struct anchors *all = s->faults.on[FAULT_ACCEPTS_ANCHOR_OF_ANOTHER_NAME] ? pool(s) : NULL;
	struct endpoint *serving = ARENA_NEW(&s->arena, struct endpoint, s->endpoints);
	struct site *named = ARENA_NEW(&s->arena, struct site, s->names + 1);
	struct site *own = ARENA_NEW(&s->arena, struct site, s->endpoints);
	for (size_t i = 0; i < s->names; i++) {
		named[i] = s->named[i];
		trusts(&named[i], trust_find(s, s->named_trust[i]), all);
	}
	for (size_t i = 0; i < s->endpoints; i++) {
		serving[i] = s->endpoint[i];
		if (!serving[i].by_name) {
			own[i] = *s->endpoint[i].site;
			trusts(&own[i], trust_find(s, "main"), all);
		}
		serving[i].site = serving[i].by_name ? named : &own[i];
		serving[i].before = serving[0].site;
	}
	s->serving = serving;
}

void trust_reload(struct server *s)
{
	struct err err = {{0}};
	if (s->faults.on[FAULT_KEEPS_TRUST_AFTER_RELOAD])
		return;
	for (size_t i = 0; i < s->trusts; i++) {
		struct trust *now = ARENA_NEW(&s->arena, struct trust, 1);
		*now = (struct trust){.name = s->trust[i]->name, .file = s->trust[i]->file, .former = s->trust[i]};
		if (load(s, now, &err) == RC_OK) {
			s->trust[i] = now;
			continue;
		}
		fprintf(stderr, "mtlspec serve: not read again: %s\n", err.text);
		forget(now);
	}
	trust_publish(s);
}

void trust_close(struct server *s)
{
	for (size_t i = 0; i < s->trusts; i++)
		for (struct trust *t = s->trust[i]; t; t = t->former)
			forget(t);
	s->trusts = 0;
}
