#include "harness/run/pace.h"

#define GAP_FIRST   100000u
#define GAP_MAX	    2000000u
#define PAUSE_FIRST 1000000u /* whoever counts by the second begins anew */
#define PAUSE_MAX   2000000u
#define CALM	    256 /* good answers in a row until the gap shrinks */

enum pace_answer pace_answer(const struct observation *o, bool throttled)
{
	if (observation_refused(o))
		return PACE_REFUSED;
	if (throttled)
		return PACE_THROTTLED;
	for (size_t i = 0; i < o->n; i++)
		if (o->events[i].kind == EVENT_RESET &&
		    !observation_find(o, 0, EVENT_FIRST_BYTE, o->events[i].conn, -1))
			return PACE_RESET;
	return PACE_FINE;
}

bool pace_ready(const struct pace *p, uint64_t now_us)
{
	return now_us >= p->next_us;
}

void pace_started(struct pace *p, uint64_t now_us)
{
	uint64_t every = p->rate ? 1000000u / p->rate : 0;
	p->next_us = now_us + (p->gap_us > every ? p->gap_us : every);
}

static void calm_down(struct pace *p)
{
	p->trouble = 0;
	if (++p->calm < CALM)
		return;
	p->calm = 0;
	p->gap_us = p->gap_us > GAP_FIRST ? p->gap_us / 2 : 0;
}

/* Trouble behind trouble is the same trouble: it takes longer pauses, not longer gaps afterwards. */
static void slow_down(struct pace *p, bool reset, uint64_t now_us)
{
	if (reset || !p->gap_us)
		p->gap_us = p->gap_us > GAP_FIRST ? p->gap_us : GAP_FIRST;
	else if (!p->trouble && p->gap_us < GAP_MAX)
		p->gap_us = p->gap_us * 2 < GAP_MAX ? p->gap_us * 2 : GAP_MAX;
	p->calm = 0;
	p->slowed_us = now_us;
	p->next_us = now_us + (reset ? GAP_FIRST : p->trouble ? PAUSE_MAX : PAUSE_FIRST);
}

/* For the controls behind what has run, nothing else comes. */
static enum pace_step give_up(struct pace *p, uint64_t now_us)
{
	p->over = true;
	p->gap_us = GAP_FIRST;
	p->next_us = now_us + p->gap_us;
	return PACE_OVER;
}

enum pace_step pace_finished(struct pace *p, enum pace_answer answer, uint64_t started_us, uint64_t now_us)
{
	if (!p->patient || p->over)
		return PACE_GO;
	if (answer == PACE_FINE) {
		calm_down(p);
		return PACE_GO;
	}
	if (started_us >= p->slowed_us) {
		/* Some servers reset what they dislike in a ClientHello: that is slowed a little and never given up. */
		slow_down(p, answer == PACE_RESET, now_us);
		if (answer != PACE_RESET && ++p->trouble >= PACE_GIVE_UP)
			return give_up(p, now_us);
	}
	if (p->said & 1u << answer)
		return PACE_GO;
	p->said |= 1u << answer;
	return PACE_SLOWED;
}
