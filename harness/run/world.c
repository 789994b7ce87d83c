#include "harness/run/world.h"

/* The set "others" has a root that signed nobody. */
static enum rc reload(struct world *w, bool others, struct err *err)
{
	enum rc rc;
	if (others) {
		w->changed = true;
		TRY(running_trust(w->running, "main", "others", err));
	}
	rc = running_reload(w->running, err);
out:
	return rc;
}

static enum rc stop(struct world *w, struct err *err)
{
	w->stopped = true;
	return running_stop(w->running, err);
}

static enum rc start(struct world *w, struct err *err)
{
	w->stopped = false;
	return running_restart(w->running, err);
}

enum rc world_change(void *context, const struct job_step *step, struct err *err)
{
	struct world *w = context;
	if (!w->running)
		return err_set(err, RC_ABSENT, "nothing runs");
	if (step->verb == VERB_RELOAD)
		return reload(w, text_equal(step->handle, "others"), err);
	if (step->verb == VERB_STOP)
		return stop(w, err);
	if (step->verb == VERB_START && !step->handle)
		return start(w, err);
	return err_set(err, RC_ABSENT, "%s", verb_text(step->verb));
}

enum rc world_restore(struct world *w, struct err *err)
{
	enum rc rc = RC_OK;
	if (w->stopped)
		TRY(start(w, err));
	if (!w->changed)
		return RC_OK;
	w->changed = false;
	TRY(running_trust(w->running, "main", "main", err));
	rc = running_reload(w->running, err);
out:
	return rc;
}
