#include "harness/run/checkup.h"

bool checkup_looks_ill(const struct observation *o)
{
	return observation_was_cut(o) || observation_find(o, 0, EVENT_TIMEOUT, -1, -1);
}

bool checkup_due(struct checkup *c, const struct observation *o, uint64_t now_us)
{
	if (observation_was_cut(o))
		return true;
	if (checkup_looks_ill(o))
		return o->duration_us < 2 * CHECKUP_FRESH_US || now_us - c->looked_us > CHECKUP_FRESH_US;
	return ++c->since >= CHECKUP_EVERY;
}

void checkup_made(struct checkup *c, uint64_t now_us)
{
	*c = (struct checkup){.looked_us = now_us};
}
