#include "harness/run/bringup.h"

/* Whose credential may be shown before the first case: one that the server can trust, or nobody's. */
static const struct condition *control_of(const struct bringup_spec *spec)
{
	const struct suite *s = spec->target->suite;
	if (!spec->target->target->remote || spec->session->options->pki)
		return suite_condition(s, "valid");
	for (size_t i = 0; i < s->n_conditions; i++)
		if (s->conditions[i].own && s->conditions[i].decision == BIT(DECISION_ACCEPT))
			return &s->conditions[i];
	return NULL;
}

static enum rc open_probe(struct bringup *up, const struct bringup_spec *spec, struct err *err)
{
	enum rc rc;
	const struct probe_spec probe = {
		.suite = spec->target->suite,
		.target = spec->target->target,
		.running = up->running,
		.plan = spec->target->plan,
		.deadlines = session_deadlines(spec->session, spec->target),
		.pace = spec->pace,
		.control = control_of(spec),
		.give_up = spec->give_up,
	};
	TRY(probe_open(&up->probe, &probe, err));
	rc = probe_strangers(up->probe, err);
out:
	return rc;
}

/* Everything is dated by the clock that will look at it. */
static enum rc open_forge(struct bringup *up, const struct bringup_spec *spec, struct err *err)
{
	enum rc rc;
	const struct session *s = spec->session;
	struct forge_spec forge = {
		.suite = spec->target->suite,
		.target = spec->target->target,
		.now = s->now + (up->probe ? (time_t)probe_ahead(up->probe) : 0),
		.seed = s->seed,
		.pki_dir = s->options->pki,
	};
	TRY(forge_open(&up->forge, &forge, err));
	rc = session_prepare(spec->target, up->forge, err);
out:
	return rc == RC_ABSENT ? RC_INPUT : rc; /* not the server is missing, but what the user named */
}

static enum rc open_running(struct bringup *up, const struct bringup_spec *spec, struct err *err)
{
	struct target_spec target = {
		.target = spec->target->target,
		.variant = spec->target->variant,
		.sets = spec->target->sets,
		.n_sets = spec->target->n_sets,
		.dir = spec->dir,
		.self = spec->session->program,
		.forge = up->forge,
		.guard = spec->guard,
		.give_up = spec->give_up,
	};
	return running_open(&up->running, &target, &spec->session->arena, err);
}

/* A server of ours needs the PKI before it starts; the PKI for somebody else's needs to know its clock. */
enum rc bringup_open(struct bringup *up, const struct bringup_spec *spec, struct err *err)
{
	enum rc rc;
	bool remote = spec->target->target->remote;
	if (!remote)
		TRY(open_forge(up, spec, err));
	TRY(open_running(up, spec, err));
	TRY(open_probe(up, spec, err));
	if (remote)
		TRY(open_forge(up, spec, err));
	TRY(probe_control(up->probe, up->forge, err));
	probe_servers(up->probe, &up->servers);
out:
	return rc;
}

void bringup_close(struct bringup *up)
{
	probe_close(&up->probe);
	running_close(&up->running);
	forge_close(&up->forge);
	servers_fini(&up->servers);
}

size_t bringup_notes(struct bringup *up, const char *const **out)
{
	*out = NULL;
	return up->probe ? probe_notes(up->probe, out) : 0;
}
