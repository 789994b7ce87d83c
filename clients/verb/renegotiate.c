/* <renegotiate>: a handshake that nobody asked for, on a session that has one (RFC 5246 7.4.1.2). */
#include "clients/script.h"

void verb_renegotiate(struct script *s, const struct job_step *step)
{
	struct conn *c = script_conn(s, step->conn);
	if (!c)
		return;
	c->link.credential = step->credential;
	net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.handshake_ms, "handshake"));
	(void)tls_renegotiate(&c->link, step->times); /* recorded; what follows meets the connection as it is */
}
