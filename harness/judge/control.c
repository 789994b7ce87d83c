#include "harness/judge/parts.h"

bool control_is(const struct kase *k)
{
	return k->condition && !k->condition->none && !k->condition->differs_from &&
	       k->condition->decision == BIT(DECISION_ACCEPT) && k->scenario->default_script;
}

static const char *unproven(enum control_state control)
{
	switch (control) {
	case CONTROL_REFUSED:
		return "its control was refused too";
	case CONTROL_LOST:
		return "its control was accepted before it and refused after it";
	case CONTROL_MISSING:
		return "the run ended before its control was tried again";
	case CONTROL_NOT_NEEDED:
	case CONTROL_GOOD:
		break;
	}
	return NULL;
}

enum verdict control_weigh(enum control_state control, const struct weighed *w, const char **why)
{
	*why = NULL;
	if (w->is_control) {
		/* ours to configure, or somebody else's: there an anchor that nobody installed is no verdict */
		if (w->remote && w->positive && w->verdict == VERDICT_FALSE_REJECT && control != CONTROL_GOOD) {
			*why = "the control was refused: is the anchor installed at the server? "
			       "mtlspec pki export writes it with the commands";
			return VERDICT_INCONCLUSIVE;
		}
		return w->verdict;
	}
	switch (w->verdict) {
	case VERDICT_PASS:
	case VERDICT_OBSERVED:
	case VERDICT_DEVIATION:
	case VERDICT_FALSE_REJECT:
		/* a refusal proves something only next to an acceptance */
		if (w->refusal && !w->positive)
			*why = unproven(control);
		/* and what even the control does not get says nothing of this case */
		if (w->positive && (control == CONTROL_REFUSED || control == CONTROL_LOST))
			*why = unproven(control);
		break;
	case VERDICT_VIOLATION:
	case VERDICT_FALSE_ACCEPT:
	case VERDICT_CRASH:
	case VERDICT_INCONCLUSIVE:
	case VERDICT_BROKEN:
	case VERDICT_KNOWN_FAILURE:
	case VERDICT_UNEXPECTED_PASS:
	case VERDICT_FLAKY:
	case VERDICT_UNSUPPORTED:
	case VERDICT_IMPOSSIBLE:
	case VERDICT_EXCLUDED:
	case VERDICT__COUNT:
		break;
	}
	return *why ? VERDICT_INCONCLUSIVE : w->verdict;
}
