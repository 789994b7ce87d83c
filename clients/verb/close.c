/* <close>: end a connection as the script says. */
#include "clients/script.h"

void verb_close(struct script *s, const struct job_step *step)
{
	struct conn *c = script_conn(s, step->conn);
	if (c)
		script_close(s, c, step->how);
}
