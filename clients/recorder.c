#include "clients/recorder.h"

#include "harness/base/clock.h"

#include <errno.h>
#include <poll.h>

#define PATIENCE_MS  20	 /* a longer wait is told to the ear (client.h) */
#define ROOM_FOR_END 128 /* events kept free for how things end */

uint32_t recorder_now(const struct recorder *r)
{
	uint64_t us = clock_us() - r->began_us;
	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

void recorder_note(const struct recorder *r, enum event_kind kind, int conn, int req, int32_t a, int32_t b,
		   const char *text)
{
	observation_add(r->out, recorder_now(r), kind, conn, req, a, b, text);
}

void recorder_note_repeatable(const struct recorder *r, enum event_kind kind, int conn, int req, int32_t a, int32_t b,
			      const char *text)
{
	if (r->out->n >= OBSERVATION_MAX_EVENTS - ROOM_FOR_END)
		r->out->full = true;
	else
		recorder_note(r, kind, conn, req, a, b, text);
}

/* Milliseconds for poll(2), rounded up so that we never spin in the last one. */
static int left_ms(uint64_t at_us)
{
	uint64_t now = clock_us();
	if (now >= at_us)
		return 0;
	uint64_t ms = (at_us - now + 999) / 1000;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

int recorder_poll(const struct recorder *r, struct pollfd *fds, unsigned n, uint64_t at_us)
{
	bool told = false;
	int got;
	for (;;) {
		int left = r->give_up && r->give_up() ? 0 : left_ms(at_us);
		int ms = told || left < PATIENCE_MS ? left : PATIENCE_MS;
		got = poll(fds, n, ms);
		if (got > 0 || (got < 0 && errno != EINTR) || left == 0)
			break;
		if (got == 0 && !told && left > PATIENCE_MS) {
			told = true;
			if (r->waiting)
				r->waiting(r->context, true);
		}
	}
	if (told && r->waiting)
		r->waiting(r->context, false);
	return got;
}
