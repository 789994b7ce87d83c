#include "harness/discover/target_text.h"

#include "reports/writer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct writing {
	struct writer w;
	struct arena *arena;
	const struct facts *facts;
	const struct conclusion *found;
};

static const char *mask_words(struct arena *a, unsigned mask, const char *(*text)(unsigned))
{
	const char *out = "";
	for (unsigned i = 0; i < 8; i++)
		if (mask & BIT(i))
			out = arena_printf(a, "%s%s%s", out, *out ? " " : "", text(i));
	return out;
}

static const char *tls_word(unsigned v)
{
	return tls_text((enum tls)v);
}

static const char *http_word(unsigned v)
{
	return http_text((enum http)v);
}

const char *target_text_product(struct arena *a, const struct facts *f, const struct conclusion *c)
{
	const struct look *looks[] = {c->without, c->control, &f->first, &f->browser, &f->version[TLS_1_2]};
	const char *server = NULL;
	for (size_t i = 0; i < sizeof looks / sizeof *looks && !server; i++)
		server = looks[i] ? look_header(looks[i], "Server") : NULL;
	size_t len = server ? strcspn(server, "/ (") : 0;
	char *out = arena_strndup(a, server ? server : "", len);
	for (char *p = out; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return NULL; /* no product token (RFC 9110 10.2.4): a joke or worse */
		*p = (char)tolower((unsigned char)*p);
	}
	return *out ? out : NULL;
}

/* An id of its own for targets of several runs: "localhost-8443". */
static const char *target_id(struct arena *a, const struct facts *f)
{
	char *id = arena_printf(a, "%s-%u", f->host, (unsigned)f->address.port);
	for (char *p = id; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '-';
	return id;
}

/* Placeholders of target files are written @NAME@; a literal @ is doubled. */
static const char *literal(struct arena *a, const char *text)
{
	struct buf b;
	buf_init(&b, 65536);
	for (const char *p = text; *p; p++)
		buf_adds(&b, *p == '@' ? "@@" : (const char[]){*p, '\0'});
	const char *out = arena_strndup(a, b.data ? b.data : "", b.len);
	buf_fini(&b);
	return out;
}

static void comment(struct writing *g, const char *text)
{
	writer_comment(&g->w, text);
}

static void put_head(struct writing *g)
{
	const struct facts *f = g->facts;
	const struct conclusion *c = g->found;
	const char *product = target_text_product(g->arena, f, c), *profile = stuck_profile(f, product);
	bool ca_list = c->asked && c->asked->ca_names > 0;
	bool echo = c->echo.echo.header || c->echo.echo.body;
	writer_start(&g->w, "target");
	writer_attr(&g->w, "xmlns", "urn:mtlspec:1");
	writer_attr(&g->w, "id", target_id(g->arena, f));
	writer_attr(&g->w, "product", product);
	writer_attr(&g->w, "profile", profile);
	writer_attr(&g->w, "tls", mask_words(g->arena, c->tls, tls_word));
	if (c->http)
		writer_attr(&g->w, "http", mask_words(g->arena, c->http, http_word));
	if (echo || ca_list)
		writer_attr(&g->w, "has", echo && ca_list ? "echo ca-list" : echo ? "echo" : "ca-list");
	writer_start(&g->w, "title");
	writer_text(&g->w, arena_printf(g->arena, "%s, as discovery found it", f->url));
	writer_end(&g->w);
	if (profile)
		comment(g, "profile: by whose documents signals are judged; what was seen fits this one.");
	if (product)
		comment(g, arena_printf(g->arena, "product: what the Server header says; a proxy in front may say it for another. "
						  "profile=\"ID\" judges signals by a product's documents."));
	comment(g, c->http ? "http: what answered, or was chosen by ALPN; HTTP/1.0 was not tried."
			   : "http: not measured, no HTTP answer was seen; left out it means 1.0 and 1.1.");
}

/* Versions of one negotiation become one endpoint. */
static unsigned versions_of(const struct conclusion *c, enum negotiation n)
{
	unsigned mask = 0;
	for (unsigned v = 0; v < TLS__COUNT; v++)
		if (c->policy[v].known && c->policy[v].negotiation == n)
			mask |= BIT(v);
	return mask;
}

static void put_doubts(struct writing *g, unsigned versions)
{
	const char *said = NULL;
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		const char *doubt = versions & BIT(v) ? g->found->policy[v].doubt : NULL;
		if (doubt && !text_equal(doubt, said))
			comment(g, arena_printf(g->arena, "not certain: under TLS %s %s.", tls_word((unsigned)v), doubt));
		said = doubt ? doubt : said;
	}
}

static bool serves_strangers(const struct facts *f, unsigned versions)
{
	for (unsigned v = 0; v < TLS__COUNT; v++)
		if ((versions & BIT(v)) && f->version[v].outcome.status >= 200 && f->version[v].outcome.status < 300)
			return true;
	return false;
}

static void put_endpoint(struct writing *g, enum negotiation n)
{
	const struct facts *f = g->facts;
	unsigned versions = versions_of(g->found, n);
	bool v6 = strchr(f->address.ip, ':') != NULL;
	if (!versions)
		return;
	put_doubts(g, versions);
	writer_start(&g->w, "endpoint");
	writer_attr(&g->w, "id", negotiation_text(n));
	writer_attr(&g->w, "negotiation", negotiation_text(n));
	writer_attr(&g->w, "url", literal(g->arena, f->url));
	writer_attr(&g->w, "address", arena_printf(g->arena, v6 ? "[%s]:%u" : "%s:%u", f->address.ip, (unsigned)f->address.port));
	if (versions != g->found->tls)
		writer_attr(&g->w, "tls", mask_words(g->arena, versions, tls_word));
	if (serves_strangers(f, versions))
		writer_attr(&g->w, "strangers", "yes");
	writer_end(&g->w);
}

static void put_accept(struct writing *g)
{
	const struct conclusion *c = g->found;
	if (!c->accepted) {
		comment(g, "accept: not measured, nothing was served; left out it means any 2xx.");
		return;
	}
	writer_start(&g->w, "accept");
	writer_attr_u64(&g->w, "status", (uint64_t)c->accepted);
	writer_end(&g->w);
}

static void put_reject(struct writing *g)
{
	const struct conclusion *c = g->found;
	const char *statuses = "";
	if (!c->n_refused && !c->refused_to) {
		comment(g, "reject: no refusal by HTTP was seen.");
		return;
	}
	for (size_t i = 0; i < c->n_refused; i++)
		statuses = arena_printf(g->arena, "%s%s%d", statuses, i ? " " : "", c->refused[i]);
	writer_start(&g->w, "reject");
	writer_attr(&g->w, "status", *statuses ? statuses : NULL);
	writer_attr(&g->w, "location", c->refused_to);
	writer_end(&g->w);
}

static void put_echo(struct writing *g)
{
	const struct echo_found *e = &g->found->echo;
	if (e->echo.header || e->echo.body) {
		writer_start(&g->w, "echo");
		writer_attr(&g->w, "header", e->echo.header);
		writer_attr(&g->w, "body", e->echo.body);
		writer_attr(&g->w, "as", echo_form_text(e->echo.as));
		writer_end(&g->w);
	} else if (g->found->control && conclude_accepted(g->found->control)) {
		comment(g, "echo: no header and no page that was looked at names the certificate given.");
	} else {
		comment(g, "echo: not measured, no certificate was accepted.");
	}
	if (!e->verified.header)
		return;
	writer_start(&g->w, "verified");
	writer_attr(&g->w, "header", e->verified.header);
	writer_attr(&g->w, "yes", e->verified.yes);
	writer_attr(&g->w, "no", e->verified.no);
	writer_end(&g->w);
}

/* Two at once and ten a second: what design calls polite towards a server that someone else runs. */
static void put_limits(struct writing *g)
{
	const char *time = arena_printf(g->arena, "%ums", (unsigned)g->facts->timeout_ms);
	comment(g, "limits: not measured; two connections at once and ten a second, with the deadlines of this discovery.");
	writer_start(&g->w, "limits");
	writer_attr(&g->w, "in-flight", "2");
	writer_attr(&g->w, "rate", "10");
	writer_attr(&g->w, "connect", time);
	writer_attr(&g->w, "handshake", time);
	writer_attr(&g->w, "response", time);
	writer_end(&g->w);
}

static void put_identity(struct writing *g)
{
	const struct own *own = &g->facts->own;
	if (!own->any)
		return;
	if (!g->found->control || !conclude_accepted(g->found->control)) {
		comment(g, "identity: the certificate given was not accepted, so it is no control.");
		return;
	}
	if (own->pki) {
		comment(g, arena_printf(g->arena, "identity: none; a leaf of the PKI %s was accepted; give that PKI to the run.", own->pki));
		return;
	}
	writer_start(&g->w, "identity");
	writer_attr(&g->w, "id", "given");
	writer_attr(&g->w, "certificate", own->certificate);
	if (!text_equal(own->key, own->certificate))
		writer_attr(&g->w, "key", own->key);
	writer_attr(&g->w, "password-env", own->password_env);
	writer_attr(&g->w, "decision", "accept");
	writer_end(&g->w);
}

static void put_server(struct writing *g)
{
	const struct look *l = g->found->without;
	if (l && l->server)
		comment(g, arena_printf(g->arena, "server certificate seen: sha256 %s; every run records and compares it, "
						  "server-ca=\"FILE\" would verify it.",
					l->server));
}

enum rc target_text(struct arena *a, const struct facts *f, const struct conclusion *c, bool identity, const char **text,
		    struct err *err)
{
	enum rc rc;
	char *data = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&data, &size);
	struct writing g = {.arena = a, .facts = f, .found = c};
	if (!file)
		return err_errno(err, RC_FAULT, "cannot make a stream in memory");
	TRY(writer_open(&g.w, file, err));
	writer_prolog(&g.w);
	comment(&g, arena_printf(a, "Written by mtlspec discover %s: what was measured, and as comments what was not.", f->url));
	put_head(&g);
	put_server(&g);
	for (unsigned n = 0; n < NEGOTIATION__COUNT; n++)
		put_endpoint(&g, (enum negotiation)n);
	put_accept(&g);
	put_reject(&g);
	put_echo(&g);
	put_limits(&g);
	if (identity)
		put_identity(&g);
	writer_end(&g.w);
	TRY(writer_finish(&g.w, "target.xml", err));
	fflush(file);
	*text = arena_strndup(a, data, size);
out:
	writer_close(&g.w);
	fclose(file);
	free(data);
	return rc;
}
