#include "harness/discover/probe.h"

#include "clients/client.h"
#include "harness/discover/raw.h"
#include "harness/discover/wire.h"
#include "harness/target/ready.h"
#include "harness/target/url.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* RFC 2606 section 2: no server has it. */
#define OTHER_NAME "mtlspec-nobody.invalid"
#define ALL_VERSIONS (BIT(TLS__COUNT) - 1)

struct prober {
	struct arena *arena;
	const struct probe_spec *spec;
	struct facts *facts;
	struct client *client; /* owned */
	struct observation seen;
	struct err *err;
};

/* --- where to --- */

static bool is_known(const struct address_tried *v, size_t n, const char *ip)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].address.ip, ip) == 0)
			return true;
	return false;
}

/* Addresses of the host in the resolver's order; no connection is made for it. */
static enum rc resolve(struct arena *a, const char *host, uint16_t port, struct address_tried *out, size_t *n, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char ip[INET6_ADDRSTRLEN + 16];
	unsigned char raw[16];
	*n = 0;
	if (url_host_is_ip(host)) {
		out[(*n)++].address = (struct job_address){host, port};
		return RC_OK;
	}
	int e = getaddrinfo(host, NULL, &hints, &list);
	if (e && url_host_is_localhost(host)) { /* whatever the machine's files say */
		out[(*n)++].address = (struct job_address){"127.0.0.1", port};
		out[(*n)++].address = (struct job_address){"::1", port};
		return RC_OK;
	}
	if (e)
		return err_set(err, RC_FAULT, "cannot resolve %s: %s", host, gai_strerror(e));
	for (const struct addrinfo *i = list; i && *n < DISCOVER_MAX_ADDRESSES; i = i->ai_next) {
		if (getnameinfo(i->ai_addr, i->ai_addrlen, ip, sizeof ip, NULL, 0, NI_NUMERICHOST) != 0 ||
		    is_known(out, *n, ip))
			continue;
		/* one with a %scope is no literal that a target file could name */
		if (inet_pton(AF_INET, ip, raw) == 1 || inet_pton(AF_INET6, ip, raw) == 1)
			out[(*n)++].address = (struct job_address){arena_strdup(a, ip), port};
	}
	freeaddrinfo(list);
	return *n ? RC_OK : err_set(err, RC_FAULT, "%s has no usable address", host);
}

/* --- one connection --- */

enum { WITH_REQUEST = 1, WITH_CERTIFICATE = 2, WITHOUT_NAME = 4, WITH_OTHER_NAME = 8, WITHOUT_PHA = 16 };

static const char *name_sent(const struct facts *f, unsigned how)
{
	if (how & WITHOUT_NAME)
		return NULL;
	return how & WITH_OTHER_NAME ? OTHER_NAME : f->host;
}

static void fill_steps(const struct facts *f, unsigned tls, const char *alpn, unsigned how, struct job_step *steps)
{
	steps[0] = (struct job_step){
		.verb = VERB_CONNECT,
		.req = -1,
		.credential = JOB_NO_CREDENTIAL,
		.connect =
			{
				.host = name_sent(f, how),
				.tls = tls,
				.http = HTTP_1_1,
				.alpn = alpn,
				.client = CLIENT_WILLING,
				.credential = how & WITH_CERTIFICATE ? 0 : JOB_NO_CREDENTIAL,
				/* A late request is seen and named, not provoked. */
				.late_possible = true,
				.offer_pha = !(how & WITHOUT_PHA),
			},
	};
	steps[1] = (struct job_step){
		.verb = VERB_REQUEST,
		.credential = JOB_NO_CREDENTIAL,
		.request = {.method = "GET", .target = f->path, .host = f->authority},
	};
}

static enum tls newest(unsigned mask)
{
	enum tls v = TLS_1_0;
	for (unsigned i = 0; i < TLS__COUNT; i++)
		if (mask & BIT(i))
			v = (enum tls)i;
	return v;
}

static bool may_connect(struct prober *p)
{
	if (p->facts->connections == DISCOVER_MAX_CONNECTIONS)
		return false;
	p->facts->connections++;
	return true;
}

/* One connection into *out; nothing when the limit is reached. */
static enum rc look(struct prober *p, unsigned tls, const char *alpn, unsigned how, struct look *out)
{
	static const char *const every[] = {"*"};
	const struct facts *f = p->facts;
	uint32_t ms = p->spec->timeout_ms;
	struct job_step steps[2];
	const char *strings[JOB_WATCH_SUBJECTS + 1] = {[JOB_WATCH_ACCEPT] = DISCOVER_NOT_SUPPORTED,
						       [JOB_WATCH_REJECT] = DISCOVER_CANNOT_ASK,
						       [JOB_WATCH_ECHO] = DISCOVER_SUBJECT_MARKER,
						       [JOB_WATCH_SUBJECTS] = p->spec->own->subject};
	if (!may_connect(p))
		return RC_OK;
	fill_steps(f, tls, alpn, how, steps);
	struct job job = {
		.id = "discover",
		.address = f->address,
		.steps = steps,
		.n_steps = how & WITH_REQUEST ? 2 : 1,
		.credentials = p->spec->credential,
		.n_credentials = p->spec->credential ? 1 : 0,
		.deadlines = {ms, ms, ms, 2 * ms},
		.watch_headers = every,
		.n_watch_headers = 1,
		.watch_strings = strings,
		.n_watch_strings = JOB_WATCH_SUBJECTS + 1,
		.ca_names = DISCOVER_CA_NAMES,
	};
	enum rc rc = client_run(p->client, &job, &p->seen, p->err);
	look_read(out, p->arena, &p->seen, newest(tls));
	return rc;
}

static enum rc raw(struct prober *p, const void *data, size_t len, struct raw *out)
{
	if (!may_connect(p))
		return RC_OK;
	return raw_exchange(&p->facts->address, data, len, p->spec->timeout_ms, out, p->err);
}

/* --- what is asked, in order of worth --- */

/* The first address that takes a connection is used for all that follows. */
static enum rc look_first(struct prober *p, const struct address_tried *all, size_t n)
{
	struct facts *f = p->facts;
	for (size_t i = 0; i < n; i++) {
		f->address = all[i].address;
		enum rc rc = look(p, ALL_VERSIONS, NULL, WITH_REQUEST, &f->first);
		if (f->first.connected || i + 1 == n)
			return rc;
		const char *why = rc == RC_OK ? look_end(p->arena, &f->first) : arena_strdup(p->arena, p->err->text);
		*p->err = (struct err){{0}}; /* no socket of that family: the next address */
		f->unused[f->n_unused++] = (struct address_tried){all[i].address, why};
	}
	return RC_OK;
}

static enum rc ask_versions(struct prober *p)
{
	enum rc rc = RC_OK;
	struct facts *f = p->facts;
	if (f->first.version >= 0)
		f->version[f->first.version] = f->first;
	for (int v = TLS__COUNT - 1; v >= 0; v--)
		if (!f->version[v].tried)
			TRY(look(p, BIT(v), NULL, WITH_REQUEST, &f->version[v]));
out:
	return rc;
}

/* With the certificate: the two newest versions, which is where servers differ in how they refuse. */
static enum rc ask_controls(struct prober *p)
{
	enum rc rc = RC_OK;
	struct facts *f = p->facts;
	int left = p->spec->credential ? 2 : 0;
	for (int v = TLS__COUNT - 1; v >= 0 && left; v--) {
		if (!look_spoke(&f->version[v]))
			continue;
		TRY(look(p, BIT(v), NULL, WITH_REQUEST | WITH_CERTIFICATE, &f->control[v]));
		left--;
	}
out:
	return rc;
}

static enum rc ask_plain(struct prober *p)
{
	const struct facts *f = p->facts;
	const char *text = arena_printf(p->arena, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", f->path,
					f->authority);
	return raw(p, text, strlen(text), &p->facts->plain);
}

static enum rc ask_more(struct prober *p)
{
	enum rc rc;
	struct facts *f = p->facts;
	unsigned accepted = 0;
	for (unsigned v = 0; v < TLS__COUNT; v++)
		if (look_spoke(&f->version[v]))
			accepted |= BIT(v);
	TRY(ask_controls(p));
	/* our client can be asked late; no browser can */
	if (f->version[TLS_1_3].late == EVENT_REAUTH_REQUEST)
		TRY(look(p, BIT(TLS_1_3), NULL, WITH_REQUEST | WITHOUT_PHA, &f->browser));
	if (accepted) {
		unsigned tls = BIT(newest(accepted));
		TRY(look(p, tls, "h2 http/1.1", 0, &f->alpn));
		TRY(ask_plain(p));
		if (f->has_name) {
			TRY(look(p, tls, NULL, WITHOUT_NAME, &f->no_name));
			TRY(look(p, tls, NULL, WITH_OTHER_NAME, &f->other_name));
		}
	}
out:
	return rc;
}

/* Nothing of TLS was seen: what is it then? */
static enum rc ask_nature(struct prober *p)
{
	enum rc rc = RC_OK;
	struct facts *f = p->facts;
	struct buf hello;
	buf_init(&hello, 4096);
	if (f->first.bytes) {
		ready_hello(&hello, f->has_name ? f->host : NULL);
		TRY(raw(p, hello.data, hello.len, &f->hello));
	}
	TRY(ask_plain(p));
out:
	buf_fini(&hello);
	return rc;
}

static enum rc ask(struct prober *p, const struct address_tried *addresses, size_t n)
{
	enum rc rc;
	struct facts *f = p->facts;
	TRY(look_first(p, addresses, n));
	if (!f->first.connected)
		goto out;
	if (!f->first.tls)
		TRY(ask_nature(p));
	if (wire_of(f) != WIRE_TLS)
		goto out;
	TRY(ask_versions(p));
	TRY(ask_more(p));
out:
	return rc;
}

/* Words of the command line have no file and line to name. */
static const struct where nowhere = {"URL", 0};
#define NOWHERE "URL:0: "

static enum rc parse(struct arena *a, const char *text, struct url *out, struct err *err)
{
	struct err why = {{0}};
	enum rc rc = url_parse(a, text, nowhere, out, &why);
	return rc == RC_OK ? rc : err_set(err, rc, "%s", why.text + strlen(NOWHERE));
}

static enum rc parse_address(struct arena *a, const char *text, const char **host, uint16_t *port, struct err *err)
{
	struct err why = {{0}};
	enum rc rc = url_address(a, text, nowhere, host, port, &why);
	return rc == RC_OK ? rc : err_set(err, rc, "--address: %s", why.text + strlen(NOWHERE));
}

enum rc probe_server(struct arena *a, const struct probe_spec *spec, struct facts *out, struct err *err)
{
	enum rc rc;
	struct url url;
	struct address_tried addresses[DISCOVER_MAX_ADDRESSES];
	size_t n;
	struct prober p = {.arena = a, .spec = spec, .facts = out, .err = err};
	observation_init(&p.seen);
	TRY(parse(a, spec->url, &url, err));
	*out = (struct facts){
		.url = arena_printf(a, "https://%s%s", url.authority, url.path),
		.host = url.host,
		.authority = url.authority,
		.path = url.path,
		.has_name = !url_host_is_ip(url.host),
		.timeout_ms = spec->timeout_ms,
		.own = *spec->own,
	};
	const char *host = url.host;
	uint16_t port = url.port;
	if (spec->address)
		TRY(parse_address(a, spec->address, &host, &port, err));
	TRY(resolve(a, host, port, addresses, &n, err));
	TRY(client_open(&p.client, NULL, NULL, NULL, err));
	rc = ask(&p, addresses, n);
out:
	client_close(&p.client);
	observation_fini(&p.seen);
	return rc;
}
