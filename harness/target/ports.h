/*
 * ports.h - TCP ports on 127.0.0.1 that the kernel chose: the same word always means the same port.  A port stays bound
 * (so that nobody else gets it) until just before the process that listens on it starts.
 */
#ifndef HARNESS_TARGET_PORTS_H
#define HARNESS_TARGET_PORTS_H

#include "harness/base/arena.h"
#include "harness/base/err.h"

#include <stdint.h>

struct port {
	const char *word; /* arena */
	uint16_t number;
	int fd; /* holds it; -1 once released */
};

struct ports {
	struct port *list; /* owned */
	size_t n, cap;
};

/* The port behind `word`, chosen now if it is new. */
enum rc ports_get(struct ports *p, struct arena *a, const char *word, uint16_t *number, struct err *err) MUST_USE;
void ports_release(struct ports *p); /* free for the listeners; numbers stay known */
/* Hold again what was released, so that nobody takes it meanwhile and whoever connects is refused.  RC_END: something listens there. */
enum rc ports_hold(struct ports *p, struct err *err) MUST_USE;
void ports_fini(struct ports *p);    /* idempotent; leaves {0} */

#endif
