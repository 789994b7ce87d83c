#include "clients/client.h"

#include "clients/script.h"
#include "harness/base/clock.h"

#include <stdlib.h>
#include <string.h>

struct client {
	struct tls_shared shared;
	client_waiting *waiting;
	client_world *world;
	client_give_up *give_up;
	void *context;
	struct conn conns[JOB_MAX_CONNECTIONS];
	struct exchange exchanges[JOB_MAX_REQUESTS];
	unsigned char ahead[JOB_MAX_CONNECTIONS][NET_AHEAD]; /* pages nobody reads into are never touched */
};

enum rc client_open(struct client **c, client_waiting *waiting, client_world *world, void *context, struct err *err)
{
	*c = mem_alloc(sizeof **c);
	(*c)->waiting = waiting;
	(*c)->world = world;
	(*c)->context = context;
	for (size_t i = 0; i < JOB_MAX_CONNECTIONS; i++)
		(*c)->conns[i].link.net.fd = -1;
	enum rc rc = tls_shared_open(&(*c)->shared, err);
	if (rc != RC_OK)
		client_close(c);
	return rc;
}

void client_close(struct client **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < JOB_MAX_CONNECTIONS; i++) {
		tls_fini(&(*c)->conns[i].link);
		net_fini(&(*c)->conns[i].link.net);
	}
	tls_shared_close(&(*c)->shared);
	free(*c);
	*c = NULL;
}

void client_ask(struct client *c, client_give_up *give_up)
{
	c->give_up = give_up;
}

enum rc client_run(struct client *c, const struct job *job, struct observation *out, struct err *err)
{
	struct script s = {
	    .job = job,
	    .rec = {.out = out, .began_us = clock_us(), .waiting = c->waiting, .give_up = c->give_up, .context = c->context},
	    .shared = &c->shared,
	    .world = c->world,
	    .conns = c->conns,
	    .exchanges = c->exchanges,
	    .ahead = c->ahead[0],
	    .err = err,
	};
	observation_clear(out);
	memset(c->exchanges, 0, sizeof c->exchanges);
	s.budget_at_us = s.rec.began_us + (uint64_t)job->deadlines.budget_ms * 1000u;
	enum rc rc = script_run(&s);
	out->duration_us = recorder_now(&s.rec);
	if (rc != RC_OK)
		observation_add(out, out->duration_us, EVENT_FAULT, -1, -1, 0, 0, err->text);
	return rc;
}
