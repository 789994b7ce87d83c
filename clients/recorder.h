/*
 * recorder.h - where everything below the script puts what it saw: one observation, the clock of its case, and the ear
 * that wants to know about long waits.  Borrows all of it; has no opinion.
 */
#ifndef CLIENTS_RECORDER_H
#define CLIENTS_RECORDER_H

#include "clients/client.h"

struct recorder {
	struct observation *out;
	uint64_t began_us;
	client_waiting *waiting; /* may be NULL */
	client_give_up *give_up; /* may be NULL */
	void *context;
};

/* The moment when a step is given up, and what its timeout event says: connect, handshake, response, budget. */
struct deadline {
	uint64_t at_us;
	const char *name;
};

void recorder_note(const struct recorder *r, enum event_kind kind, int conn, int req, int32_t a, int32_t b,
		   const char *text);
/* For what a peer can repeat at will: dropped (the observation says `full`) while there is still room for the end. */
void recorder_note_repeatable(const struct recorder *r, enum event_kind kind, int conn, int req, int32_t a, int32_t b,
			      const char *text);
/* Microseconds as an event carries them. */
uint32_t recorder_now(const struct recorder *r);

struct pollfd;
/*
 * poll(2) until `at_us`, signals survived; a wait that outlasts 20 ms tells the ear once, and once more when it is
 * over. Returns what poll returned: 0 when the time is up.
 */
int recorder_poll(const struct recorder *r, struct pollfd *fds, unsigned n, uint64_t at_us);

#endif
