#include "harness/run/probe.h"

#include "clients/client.h"
#include "harness/base/clock.h"
#include "harness/run/crosscheck.h"
#include "harness/target/url.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PLACES 32
#define MAX_NOTES  64
/* The probe stops early rather than keep a run waiting for a server that answers slowly or not at all. */
#define STEP_MS	      5000u
#define STEP_LOCAL_MS 2000u
#define BUDGET_US     20000000u
#define PATIENCE      4u /* a case waits that many times longer: it waits for verdicts, the probe for notes */
#define PATIENCE_LOCAL 32u
/* Serial numbers of cases begin at 0. */
#define FIRST_SERIAL ((uint64_t)1 << 60)

struct spot { /* what goes with a place that only connections need */
	const struct live_endpoint *live;
	const char *authority;
	bool dead;   /* no TLS there */
	bool silent; /* or an answer that did not come: it need not be waited for again */
};

struct probe {
	struct probe_spec spec;
	struct arena arena;
	struct client *client; /* owned */
	struct place places[MAX_PLACES];
	struct spot spots[MAX_PLACES];
	size_t n;
	struct servers servers;
	struct minted control;
	struct shown_identity identity;
	bool has_control, stopped;
	uint64_t serial, until_us, spent_us;
	unsigned answered;
	struct observation seen;
	bool clock_known;
	int64_t ahead;
	const char *notes[MAX_NOTES];
};

/* --- what there is to look at --- */

/* The name's own port goes with it (RFC 9110 7.2). */
static const char *authority_of(struct probe *p, const struct live_endpoint *live, const char *host)
{
	if (strcmp(host, live->host) == 0)
		return live->authority;
	return arena_printf(&p->arena, "%s%s", host, url_port(live->authority));
}

static void add_place(struct probe *p, const struct live_endpoint *live, const struct endpoint_name *name, const char *host)
{
	const struct endpoint *e = live->endpoint;
	const char *trust = name ? name->trust : e->trust;
	if (p->n == MAX_PLACES)
		return;
	p->spots[p->n] = (struct spot){.live = live, .authority = authority_of(p, live, host)};
	p->places[p->n++] = (struct place){
		.endpoint = e,
		.label = name ? arena_printf(&p->arena, "%s/%s", e->id, name->id) : e->id,
		.host = host,
		.declared = name ? name->negotiation : e->negotiation,
		.tls = e->tls ? e->tls : p->spec.target->tls,
		.http = e->http ? e->http : p->spec.target->http,
		.trusts_main = !trust || strcmp(trust, "main") == 0,
	};
}

static void add_endpoint(struct probe *p, const struct live_endpoint *live)
{
	const struct endpoint *e = live->endpoint;
	if (!e->n_names)
		add_place(p, live, NULL, live->host);
	for (size_t i = 0; i < e->n_names && i < sizeof live->names / sizeof *live->names; i++)
		add_place(p, live, &e->names[i], live->names[i]);
}

enum rc probe_open(struct probe **out, const struct probe_spec *spec, struct err *err)
{
	struct probe *p = mem_alloc(sizeof *p);
	const struct live_endpoint *live;
	*out = p;
	p->spec = *spec;
	p->serial = FIRST_SERIAL;
	p->until_us = clock_us() + BUDGET_US;
	observation_init(&p->seen);
	size_t n = running_endpoints(spec->running, &live);
	for (size_t i = 0; i < n; i++)
		if (plan_uses(spec->plan, live[i].endpoint))
			add_endpoint(p, &live[i]);
	enum rc rc = client_open(&p->client, NULL, NULL, NULL, err);
	if (rc == RC_OK)
		client_ask(p->client, spec->give_up);
	else
		probe_close(out);
	return rc;
}

void probe_close(struct probe **out)
{
	struct probe *p = *out;
	if (!p)
		return;
	client_close(&p->client);
	observation_fini(&p->seen);
	servers_fini(&p->servers);
	arena_fini(&p->arena);
	free(p);
	*out = NULL;
}

/* --- one connection --- */

/* Waits for its turn; false when there is no time left or nobody wants to know any more. */
static bool may_connect(struct probe *p)
{
	struct pace *pace = p->spec.pace;
	for (;;) {
		uint64_t now = clock_us();
		if (p->stopped || (p->spec.give_up && p->spec.give_up()) || now > p->until_us)
			p->stopped = true;
		if (p->stopped)
			return false;
		if (pace_ready(pace, now)) {
			pace_started(pace, now);
			return true;
		}
		poll(NULL, 0, (int)((pace->next_us - now) / 1000u) + 1); /* the rate that was asked for; ends on a signal */
	}
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static struct job_deadlines deadlines(const struct probe *p)
{
	const struct job_deadlines *d = &p->spec.deadlines;
	bool remote = p->spec.target->remote;
	uint32_t step = remote ? STEP_MS : STEP_LOCAL_MS, patience = remote ? PATIENCE : PATIENCE_LOCAL;
	return (struct job_deadlines){
		.connect_ms = least(d->connect_ms / patience, step),
		.handshake_ms = least(d->handshake_ms / patience, step),
		.response_ms = least(d->response_ms / patience, step),
		.budget_ms = least(d->budget_ms, 3 * step),
	};
}

enum { WITH_CONTROL = 1, ONLY_H2 = 2 };

static void steps_of(const struct probe *p, size_t at, unsigned tls, enum http http, unsigned how, struct job_step *steps)
{
	const struct spot *spot = &p->spots[at];
	steps[0] = (struct job_step){
		.verb = VERB_CONNECT,
		.req = -1,
		.credential = JOB_NO_CREDENTIAL,
		.connect =
			{
				.host = p->places[at].host,
				.tls = tls,
				.http = how & ONLY_H2 ? HTTP_1_1 : http,
				.alpn = how & ONLY_H2 ? "h2" : NULL,
				.client = CLIENT_WILLING,
				.credential = how & WITH_CONTROL ? 0 : JOB_NO_CREDENTIAL,
				.late_possible = true,
				.offer_pha = true,
			},
	};
	steps[1] = (struct job_step){
		.verb = VERB_REQUEST,
		.credential = JOB_NO_CREDENTIAL,
		.request = {.method = "GET", .target = spot->live->path, .host = spot->authority},
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

/* The outcome by the rules of the target file, which look_read() knows nothing of. */
static void judge_it(const struct probe *p, const struct place *at, unsigned tls, enum http http, struct outcome *out)
{
	static const struct scenario script = {.suite = "probe", .id = "probe", .default_script = true};
	const struct kase k = {
		.scenario = &script,
		.tls = newest(tls),
		.negotiation = at->declared,
		.http = http,
		.client = CLIENT_WILLING,
		.endpoint = at->endpoint,
	};
	const struct judge_context c = {
		.suite = p->spec.suite,
		.target = p->spec.target,
		.identities = &p->identity,
		.n_identities = p->has_control ? 1 : 0,
	};
	judge_outcome(&k, &c, &p->seen, 0, out);
	out->identity = arena_strdup(&((struct probe *)(uintptr_t)p)->arena, out->identity);
}

static void take_clock(struct probe *p, const struct look *l)
{
	const char *date = look_header(l, "Date");
	time_t theirs;
	if (!date || !crosscheck_date(date, &theirs))
		return;
	p->clock_known = true;
	p->ahead = (int64_t)theirs - (int64_t)clock_now();
}

static void take(struct probe *p, struct sight *out, size_t at, unsigned tls, enum http http)
{
	const struct event *body = observation_find(&p->seen, 0, EVENT_BODY, 0, 0);
	look_read(&out->look, &p->arena, &p->seen, newest(tls));
	judge_it(p, &p->places[at], tls, http, &out->look.outcome);
	out->body = body ? body->a : -1;
	take_clock(p, &out->look);
	servers_record(&p->servers, p->places[at].endpoint, p->places[at].label, &p->seen);
	if (out->look.outcome.status) {
		p->answered++;
		p->spent_us += p->seen.duration_us;
	}
	/* One more is one too many; the run itself will tell. */
	p->stopped = p->stopped || out->look.outcome.throttled;
}

static enum rc look(struct probe *p, size_t at, unsigned tls, enum http http, unsigned how, struct sight *out, struct err *err)
{
	const struct target *t = p->spec.target;
	const char *const headers[] = {"Date", "Location", t->echo.header ? t->echo.header : "Date",
				       t->verified.header ? t->verified.header : "Date"};
	const char *const strings[JOB_WATCH_SUBJECTS + 1] = {
		[JOB_WATCH_ACCEPT] = t->accept.contains,
		[JOB_WATCH_REJECT] = t->reject.contains,
		[JOB_WATCH_ECHO] = t->echo.body,
		[JOB_WATCH_SUBJECTS] = t->echo.body && p->has_control ? p->identity.subject : NULL,
	};
	struct job_step steps[2];
	if (!may_connect(p))
		return RC_OK;
	steps_of(p, at, tls, http, how, steps);
	const struct job job = {
		.id = "probe",
		.address = p->spots[at].live->address,
		.steps = steps,
		.n_steps = how & ONLY_H2 ? 1 : 2,
		.credentials = &p->control.credential,
		.n_credentials = how & WITH_CONTROL ? 1 : 0,
		.deadlines = deadlines(p),
		.watch_headers = headers,
		.n_watch_headers = sizeof headers / sizeof *headers,
		.watch_strings = strings,
		.n_watch_strings = JOB_WATCH_SUBJECTS + 1,
		.server_ca = t->server_ca,
		.server_subject = true,
	};
	enum rc rc = client_run(p->client, &job, &p->seen, err);
	/* What our library cannot speak is nothing that the server lacks. */
	if (rc == RC_OK && !observation_find(&p->seen, 0, EVENT_FAULT, -1, -1))
		take(p, out, at, tls, http);
	return rc;
}

/* --- without a certificate --- */

static enum http newest_http(const struct place *at)
{
	return (at->http & BIT(HTTP_1_1)) || !(at->http & BIT(HTTP_1_0)) ? HTTP_1_1 : HTTP_1_0;
}

static bool same_address(const struct job_address *x, const struct job_address *y)
{
	return x->port == y->port && strcmp(x->ip, y->ip) == 0;
}

/* Its address, under another name, has been looked at before. */
static bool is_second_name(const struct probe *p, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_address(&p->spots[i].live->address, &p->spots[at].live->address))
			return true;
	return false;
}

/* What nobody declared: all of it is offered at once, then what is older than the answer. */
static enum rc look_beyond(struct probe *p, size_t at, struct err *err)
{
	enum rc rc = RC_OK;
	struct place *place = &p->places[at];
	unsigned left = (BIT(TLS__COUNT) - 1) & ~place->tls;
	while (left) {
		struct sight s = {.body = -1};
		TRY(look(p, at, left, newest_http(place), 0, &s, err));
		if (s.look.version < 0 || !s.look.done)
			break;
		place->undeclared |= BIT(s.look.version);
		left &= BIT(s.look.version) - 1;
	}
out:
	return rc;
}

static enum rc strangers_at(struct probe *p, size_t at, struct err *err)
{
	enum rc rc = RC_OK;
	struct place *place = &p->places[at];
	bool spoke = false;
	for (unsigned v = TLS__COUNT; v-- > 0;) {
		struct sight *s = &place->stranger[v];
		if (!(place->tls & BIT(v)))
			continue;
		TRY(look(p, at, BIT(v), newest_http(place), 0, s, err));
		spoke = spoke || look_spoke(&s->look);
		/* no TCP, or silence: nothing that another version would change */
		p->spots[at].silent = s->look.timed_out;
		if (s->look.tried && ((!spoke && !s->look.connected) || s->look.timed_out))
			break;
	}
	p->spots[at].dead = !spoke;
	if (spoke && !p->spots[at].silent && !is_second_name(p, at))
		rc = look_beyond(p, at, err);
out:
	return rc;
}

enum rc probe_strangers(struct probe *p, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < i; k++)
			if (p->spots[k].dead && same_address(&p->spots[k].live->address, &p->spots[i].live->address))
				p->spots[i].dead = true;
		if (!p->spots[i].dead)
			TRY(strangers_at(p, i, err));
	}
out:
	return rc;
}

/* --- with the control --- */

/* The newest version that was really spoken there. */
static unsigned best_tls(const struct place *place)
{
	for (unsigned v = TLS__COUNT; v-- > 0;)
		if (look_spoke(&place->stranger[v].look))
			return BIT(v);
	return 0;
}

/* What HTTP answers to a stranger may be nothing at all, so the control asks where it is served. */
static enum rc http_at(struct probe *p, size_t at, unsigned tls, struct err *err)
{
	enum rc rc = RC_OK;
	struct place *place = &p->places[at];
	const struct sight *asked = place->control.look.outcome.status ? &place->control : &place->stranger[newest(tls)];
	unsigned how = asked == &place->control ? WITH_CONTROL : 0;
	place->request[newest_http(place)] = *asked;
	if ((place->http & BIT(HTTP_1_0)) && newest_http(place) != HTTP_1_0 && asked->look.outcome.status)
		TRY(look(p, at, tls, HTTP_1_0, how, &place->request[HTTP_1_0], err));
	if (place->http & BIT(HTTP_2)) {
		place->request[HTTP_2].asked_h2 = true;
		TRY(look(p, at, tls, HTTP_2, how | ONLY_H2, &place->request[HTTP_2], err));
	}
out:
	return rc;
}

static enum rc mint(struct probe *p, struct forge *f, struct err *err)
{
	enum rc rc;
	const struct condition *c = p->spec.control;
	TRY(forge_prepare(f, c, err));
	TRY(forge_mint(f, c, p->serial++, &p->arena, &p->control, err));
	p->control.credential.id = c->id;
	p->identity = (struct shown_identity){
		.credential = c->id,
		.subject = p->control.subject,
		.sha1 = p->control.sha1,
		.sha256 = p->control.sha256,
	};
	p->has_control = true;
out:
	return rc;
}

enum rc probe_control(struct probe *p, struct forge *f, struct err *err)
{
	enum rc rc = RC_OK;
	if (p->spec.control)
		TRY(mint(p, f, err));
	for (size_t i = 0; i < p->n; i++) {
		struct place *place = &p->places[i];
		unsigned tls = best_tls(place);
		if (!tls || p->spots[i].silent)
			continue;
		if (p->has_control && place->trusts_main && place->declared != NEGOTIATION_NONE)
			TRY(look(p, i, tls, newest_http(place), WITH_CONTROL, &place->control, err));
		if (!place->control.look.timed_out)
			TRY(http_at(p, i, tls, err));
	}
out:
	return rc;
}

/* --- what it comes to --- */

int64_t probe_ahead(const struct probe *p)
{
	return p->clock_known && (p->ahead > CROSSCHECK_CLOCK || p->ahead < -CROSSCHECK_CLOCK) ? p->ahead : 0;
}

size_t probe_notes(struct probe *p, const char *const **out)
{
	const struct crosscheck c = {
		.target = p->spec.target,
		.places = p->places,
		.n = p->n,
		.clock_known = p->clock_known,
		.ahead = p->ahead,
	};
	*out = p->notes;
	return crosscheck(&p->arena, &c, p->notes, MAX_NOTES);
}

void probe_servers(struct probe *p, struct servers *out)
{
	*out = p->servers;
	p->servers = (struct servers){.rows = NULL};
}

uint64_t probe_mean_us(const struct probe *p)
{
	return p->answered ? p->spent_us / p->answered : 0;
}
