/* <key-update>: new keys in the middle of whatever goes on (RFC 8446 4.6.3). */
#include "clients/script.h"

void verb_key_update(struct script *s, const struct job_step *step)
{
	struct conn *c = script_conn(s, step->conn);
	if (!c)
		return;
	net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.response_ms, "response"));
	if (!tls_key_update(&c->link, step->ask_peer))
		return;
	if (step->read)
		net_until_read(&c->link.net);
	else
		net_flush(&c->link.net);
}
