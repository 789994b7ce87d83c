/* <wait>: let time pass, as part of what is tested (a ticket or a certificate that runs out). */
#include "clients/script.h"
#include "harness/base/clock.h"

void verb_wait(struct script *s, const struct job_step *step)
{
	uint64_t until = clock_us() + (uint64_t)step->ms * 1000u;
	bool whole = until <= s->budget_at_us;
	recorder_poll(&s->rec, NULL, 0, whole ? until : s->budget_at_us);
	if (!whole)
		recorder_note(&s->rec, EVENT_TIMEOUT, step->conn, step->req, 0, 0, "budget");
}
