/* <answer>: meet a late request for a certificate as the script chose; wait for the request first. */
#include "clients/script.h"

void verb_answer(struct script *s, const struct job_step *step)
{
	struct conn *c = script_conn(s, step->conn);
	struct exchange *x = script_open_exchange(s, step->conn);
	if (!c)
		return;
	if (!c->link.late && x) {
		net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.response_ms, "response"));
		c->http.driver->read(&c->http, x, UNTIL_ASKED);
	}
	c->link.credential = step->credential;
	c->link.refuse = step->refuse;
	if (!c->link.late)
		return;
	net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.handshake_ms, "handshake"));
	(void)tls_answer(&c->link); /* what came of it is recorded, and the next read meets it */
}
