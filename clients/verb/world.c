/* revoke publish reload start stop: the parent owns the world; ask it and wait for its word. */
#include "clients/script.h"
#include "harness/base/clock.h"

void verb_world(struct script *s, const struct job_step *step)
{
	struct err why = {{0}};
	uint64_t began = clock_us();
	enum rc rc = s->world ? s->world(s->rec.context, step, &why) : RC_ABSENT;
	s->budget_at_us += clock_us() - began; /* that is for the server's time with us */
	if (rc == RC_ABSENT)
		recorder_note(&s->rec, EVENT_UNSUPPORTED, step->conn, step->req, 0, 0, verb_text(step->verb));
	else if (rc != RC_OK)
		recorder_note(&s->rec, EVENT_FAULT, step->conn, step->req, 0, 0, why.text);
	else
		recorder_note(&s->rec, EVENT_TARGET_TOLD, step->conn, step->req, 0, 0, verb_text(step->verb));
}
