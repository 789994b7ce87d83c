/* <connect>: TCP, TLS, and the HTTP driver on top. */
#include "clients/redirect.h"
#include "clients/script.h"

#include <string.h>
#include <strings.h>

static struct tls_session saved_session(const struct script *s, const char *handle)
{
	for (size_t i = s->n_saved; handle && i-- > 0;)
		if (strcmp(s->saved[i].handle, handle) == 0)
			return s->saved[i].session;
	return (struct tls_session){0};
}

/* A request that comes next leaves together with our last handshake flight (net.h). */
static bool next_writes(const struct script *s, const struct job_step *step)
{
	const struct job_step *next = step + 1;
	return next < s->job->steps + s->job->n_steps && next->verb == VERB_REQUEST && next->conn == step->conn;
}

/* Value of Location in the answer to a request; NULL: none.  *several: more than one. */
static const char *location(const struct observation *o, int req, bool *several)
{
	static const char name[] = "Location:";
	const char *found = NULL;
	*several = false;
	for (size_t i = 0; i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->kind != EVENT_HEADER || e->req != req || !e->text || strncasecmp(e->text, name, strlen(name)) != 0)
			continue;
		*several = *several || found;
		found = e->text + strlen(name);
		found += strspn(found, " ");
	}
	return found;
}

/* Why the answer does not lead where the script goes; NULL: it does. */
static const char *leads_astray(const struct observation *o, const struct job_follow *f)
{
	const struct event *answer = observation_find(o, 0, EVENT_RESPONSE, -1, f->req);
	bool several;
	const char *to = location(o, f->req, &several);
	if (!answer)
		return "no answer";
	if (!redirect_is_status(answer->a))
		return "no redirect";
	if (several)
		return "Location more than once";
	if (!to)
		return "no Location";
	return redirect_leads_to(to, f->authority, f->target) ? NULL : to;
}

/* RFC 9110 15.4, one hop.  What leads elsewhere is told, and nobody goes there. */
static bool leads_here(struct script *s, const struct job_step *step)
{
	const char *why = leads_astray(s->rec.out, &step->connect.follow);
	if (why)
		recorder_note(&s->rec, EVENT_LED_ELSEWHERE, step->conn, -1, 0, 0, why);
	return !why;
}

void verb_connect(struct script *s, const struct job_step *step)
{
	if (step->conn < 0 || step->conn >= JOB_MAX_CONNECTIONS)
		return;
	if (step->connect.follow.authority && !leads_here(s, step))
		return;
	struct conn *c = &s->conns[step->conn];
	struct net *net = &c->link.net;
	const struct http_driver *driver = http_driver(step->connect.http);
	bool connected;
	if (driver->missing) {
		recorder_note(&s->rec, EVENT_UNSUPPORTED, step->conn, -1, 0, 0, driver->missing);
		return;
	}
	script_close(s, c, CLOSE_NOTIFY);
	net_init(net, &s->rec, step->conn, s->ahead + (size_t)step->conn * NET_AHEAD);
	net_set_deadline(net, script_deadline(s, s->job->deadlines.connect_ms, "connect"));
	s->rc = net_connect(net, job_address(s->job, &step->connect), &connected, s->err);
	if (s->rc != RC_OK || !connected) {
		net_close(net, CLOSE_FIN);
		return;
	}
	net_set_deadline(net, script_deadline(s, s->job->deadlines.handshake_ms, "handshake"));
	if (step->connect.plain) {
		tls_open_plain(&c->link, s->job, &step->connect);
	} else if (!tls_open(&c->link, s->shared, s->job, &step->connect, saved_session(s, step->connect.resume))) {
		tls_close(&c->link, CLOSE_FIN);
		return;
	}
	if (!next_writes(s, step))
		net_flush(net);
	c->http = (struct http_link){.driver = driver, .link = &c->link, .job = s->job, .version = step->connect.http};
	c->open = c->http.driver->open(&c->http);
}
