/* <wait>: let time pass, as part of what is tested (a ticket or a certificate that runs out).  The budget is for the server's time. */
#include "clients/script.h"
#include "harness/base/clock.h"

void verb_wait(struct script *s, const struct job_step *step)
{
	uint64_t until = clock_us() + (uint64_t)step->ms * 1000u;
	s->budget_at_us += (uint64_t)step->ms * 1000u;
	recorder_poll(&s->rec, NULL, 0, until);
}
