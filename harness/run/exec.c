#include "harness/run/exec.h"

#include "harness/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

struct exec {
	struct exec_spec spec;
	struct client *client;
	const struct live_endpoint *endpoints; /* borrowed from the target */
	size_t n_endpoints;
	struct arena arena; /* of the case that runs */
	struct journal_record record;
};

void exec_case(const struct plan *plan, const struct suite *suite, const struct task *task, struct kase *out)
{
	plan_case(plan, task->number, out);
	if (task->condition >= 0) {
		struct kase k = *out;
		plan_control_case(&k, &suite->conditions[task->condition], out);
	}
}

bool exec_ran_alone(const struct task *task, const struct kase *k)
{
	return (task->kind == JOURNAL_REPLAY && task->repetition == RUN_ALONE) ||
	       (task->kind != JOURNAL_CONTROL && scenario_runs_alone(k->scenario));
}

enum rc exec_open(struct exec **x, const struct exec_spec *spec, struct err *err)
{
	*x = mem_alloc(sizeof **x);
	(*x)->spec = *spec;
	observation_init(&(*x)->record.observation);
	(*x)->record.observation.latest = spec->latest;
	if (spec->null_transport)
		return RC_OK;
	(*x)->n_endpoints = running_endpoints(spec->running, &(*x)->endpoints);
	enum rc rc = client_open(&(*x)->client, spec->waiting, spec->world, spec->context, err);
	if (rc == RC_OK)
		client_ask((*x)->client, spec->give_up);
	else
		exec_close(x);
	return rc;
}

void exec_close(struct exec **x)
{
	if (!*x)
		return;
	client_close(&(*x)->client);
	arena_fini(&(*x)->arena);
	observation_fini(&(*x)->record.observation);
	free(*x);
	*x = NULL;
}

/* What a conforming server would have shown: judge and reports get work, nothing is claimed about a server. */
static void invent_answer(struct exec *x, const struct kase *k, bool sent)
{
	static const struct shown_identity nobody = {"", "null", "null", "null"};
	struct observation *o = &x->record.observation;
	char line[512];
	observation_add(o, 8, EVENT_RESPONSE, 0, 0, 200, 1, "OK");
	if (sent && x->spec.target->echo.header) {
		struct shown_identity *one = arena_memdup(&x->arena, &nobody, sizeof nobody);
		one->credential = k->condition->id;
		snprintf(line, sizeof line, "%s: null", x->spec.target->echo.header);
		observation_add(o, 8, EVENT_HEADER, 0, 0, 0, 0, line);
		x->record.identities = one;
		x->record.n_identities = 1;
	}
	observation_add(o, 8, EVENT_FOUND, 0, 0, JOB_WATCH_ACCEPT, 0, NULL);
}

static void invent(struct exec *x, const struct kase *k)
{
	struct observation *o = &x->record.observation;
	bool asked = k->negotiation != NEGOTIATION_NONE;
	bool sent = asked && k->condition && !k->condition->none;
	bool reject = asked && k->condition && !(k->condition->decision & BIT(DECISION_ACCEPT));
	observation_add(o, 1, EVENT_CONNECT, 0, -1, 0, 0, "null");
	observation_add(o, 2, EVENT_CONNECTED, 0, -1, 0, 0, NULL);
	observation_add(o, 3, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL);
	if (asked)
		observation_add(o, 4, EVENT_CERTIFICATE_REQUESTED, 0, -1, 1, 37, NULL);
	if (asked)
		observation_add(o, 5, sent ? EVENT_CERTIFICATE_SENT : EVENT_CERTIFICATE_DECLINED, 0, -1, 2, 900,
				sent ? k->condition->id : NULL);
	observation_add(o, 6, EVENT_HANDSHAKE_DONE, 0, -1, (int32_t)k->tls, 0, NULL);
	observation_add(o, 7, EVENT_REQUEST_SENT, 0, 0, 60, 0, "GET /");
	if (reject)
		observation_add(o, 8, EVENT_ALERT_RECEIVED, 0, 0, 42, 2, NULL);
	else
		invent_answer(x, k, sent);
	o->duration_us = 9;
}

static void fault(struct exec *x, const char *sentence)
{
	observation_add(&x->record.observation, 0, EVENT_FAULT, -1, -1, 0, 0, sentence);
}

static const struct live_endpoint *live(const struct exec *x, const struct kase *k)
{
	for (size_t i = 0; i < x->n_endpoints; i++)
		if (x->endpoints[i].endpoint == k->endpoint)
			return &x->endpoints[i];
	return NULL;
}

const struct journal_record *exec_task(struct exec *x, const struct task *task)
{
	const struct exec_spec *s = &x->spec;
	struct journal_record *r = &x->record;
	struct kase k;
	struct err err = {{0}};
	arena_reset(&x->arena);
	observation_clear(&r->observation);
	r->kind = task->kind;
	r->target = s->target_index;
	r->number = task->number;
	r->repetition = task->repetition;
	r->group = task->group;
	r->condition = task->condition >= 0 ? s->suite->conditions[task->condition].id : NULL;
	r->text = NULL;
	r->identities = NULL;
	r->n_identities = 0;
	exec_case(s->plan, s->suite, task, &k);
	if (s->null_transport) {
		invent(x, &k);
		return r;
	}
	r->at = (uint64_t)clock_now();
	/* Serial numbers never repeat in a run: group and repetition tell controls and replays apart. */
	uint64_t serial = (task->number * (s->repeat + 1) + task->repetition) * 4096u + (unsigned)task->kind * 1024u +
			  task->group % 1024u;
	struct job_spec spec = {
		.suite = s->suite,
		.target = s->target,
		.endpoint = live(x, &k),
		.endpoints = x->endpoints,
		.n_endpoints = x->n_endpoints,
		.forge = s->forge,
		.kase = &k,
		.serial = serial,
		.deadlines = s->deadlines,
		.now = clock_now() + (time_t)s->ahead,
	};
	struct built built = {0};
	if (!spec.endpoint) {
		fault(x, "the endpoint of the case is not live");
		return r;
	}
	enum rc rc = job_build(&x->arena, &spec, &built, &err);
	if (rc == RC_ABSENT)
		observation_add(&r->observation, 0, EVENT_UNSUPPORTED, -1, -1, 0, 0, err.text);
	else if (rc != RC_OK)
		fault(x, err.text);
	if (rc != RC_OK)
		return r;
	r->identities = built.identities;
	r->n_identities = built.n_identities;
	if (client_run(x->client, &built.job, &r->observation, &err) != RC_OK)
		fault(x, err.text);
	return r;
}
