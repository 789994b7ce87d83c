/* <save>: keep a connection's session under a name for a later connect. */
#include "clients/script.h"
#include "clients/session.h"

void verb_save(struct script *s, const struct job_step *step)
{
	struct conn *c = script_conn(s, step->conn);
	struct tls_session session;
	if (!c || !step->handle || s->n_saved == JOB_MAX_CONNECTIONS)
		return;
	net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.response_ms, "response"));
	if (!session_save(&c->link, &s->arena, &session))
		return;
	s->saved[s->n_saved++] = (struct saved){step->handle, session};
	net_note(&c->link.net, EVENT_SESSION_SAVED, (int32_t)session.data.len, 0, step->handle);
}
