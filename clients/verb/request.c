/* <request> and <await>: begin an exchange, and see how far it comes. */
#include "clients/script.h"

static void follow(struct script *s, struct conn *c, struct exchange *x, enum until until)
{
	net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.response_ms, "response"));
	c->http.driver->read(&c->http, x, until == UNTIL_READ ? UNTIL_SENT : until);
	if (until == UNTIL_READ && !x->over)
		net_until_read(&c->link.net);
}

void verb_request(struct script *s, const struct job_step *step)
{
	struct conn *c = script_conn(s, step->conn);
	if (!c || step->req < 0 || step->req >= JOB_MAX_REQUESTS)
		return;
	struct exchange *x = &s->exchanges[step->req];
	*x = (struct exchange){.want = &step->request, .index = step->req, .conn = step->conn};
	net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.response_ms, "response"));
	c->http.driver->request(&c->http, x);
	follow(s, c, x, step->request.until);
}

void verb_await(struct script *s, const struct job_step *step)
{
	struct exchange *x = script_exchange(s, step->req);
	struct conn *c = x ? script_conn(s, x->conn) : NULL;
	if (c && !x->over)
		follow(s, c, x, UNTIL_DONE);
}
