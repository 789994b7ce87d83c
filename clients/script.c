#include "clients/script.h"

#include "harness/base/clock.h"

/* A verb that this build has not is NULL: the event says so. */
static verb_run *const verbs[VERB__COUNT] = {
    [VERB_CONNECT] = verb_connect,
    [VERB_REQUEST] = verb_request,
    [VERB_AWAIT] = verb_await,
    [VERB_ANSWER] = verb_answer,
    [VERB_SAVE] = verb_save,
    [VERB_CLOSE] = verb_close,
    [VERB_WAIT] = verb_wait,
    [VERB_RENEGOTIATE] = verb_renegotiate,
    [VERB_KEY_UPDATE] = verb_key_update,
    [VERB_REVOKE] = verb_world,
    [VERB_PUBLISH] = verb_world,
    [VERB_RELOAD] = verb_world,
    [VERB_START] = verb_world,
    [VERB_STOP] = verb_world,
};

struct conn *script_conn(struct script *s, int index)
{
	if (index < 0 || index >= JOB_MAX_CONNECTIONS || !s->conns[index].open)
		return NULL;
	return &s->conns[index];
}

struct exchange *script_exchange(struct script *s, int index)
{
	if (index < 0 || index >= JOB_MAX_REQUESTS || !s->exchanges[index].want)
		return NULL;
	return &s->exchanges[index];
}

struct deadline script_deadline(const struct script *s, uint32_t ms, const char *name)
{
	uint64_t at = clock_us() + (uint64_t)ms * 1000u;
	if (at < s->budget_at_us)
		return (struct deadline){at, name};
	return (struct deadline){s->budget_at_us, "budget"};
}

struct exchange *script_open_exchange(struct script *s, int conn)
{
	for (size_t i = 0; i < JOB_MAX_REQUESTS; i++)
		if (s->exchanges[i].want && s->exchanges[i].conn == conn && !s->exchanges[i].over)
			return &s->exchanges[i];
	return NULL;
}

/* A complete answer was the server's last word; without one it may have said something that nobody has read yet. */
static bool has_answer(const struct script *s, int conn)
{
	bool any = false;
	for (size_t i = 0; i < JOB_MAX_REQUESTS; i++) {
		if (!s->exchanges[i].want || s->exchanges[i].conn != conn)
			continue;
		if (!s->exchanges[i].over)
			return false;
		any = true;
	}
	return any;
}

void script_close(struct script *s, struct conn *c, enum how_close how)
{
	bool drain = c->open && !has_answer(s, c->link.net.conn);
	if (drain || how == CLOSE_WAIT)
		net_set_deadline(&c->link.net, script_deadline(s, s->job->deadlines.response_ms, "response"));
	if (drain)
		tls_drain(&c->link);
	if (c->http.driver)
		c->http.driver->close(&c->http);
	tls_close(&c->link, how);
	c->open = false;
	c->http = (struct http_link){0};
}

/* Verbs that wait have said so themselves; one that would only begin now is too late. */
static bool is_spent(struct script *s, const struct job_step *step)
{
	if (clock_us() < s->budget_at_us)
		return false;
	for (size_t i = 0; i < s->rec.out->n; i++) {
		const struct event *e = &s->rec.out->events[i];
		if (e->kind == EVENT_TIMEOUT && text_equal(e->text, "budget"))
			return true;
	}
	recorder_note(&s->rec, EVENT_TIMEOUT, step->conn, step->req, 0, 0, "budget");
	return true;
}

static void run_step(struct script *s, const struct job_step *step)
{
	if (verbs[step->verb])
		verbs[step->verb](s, step);
	else
		recorder_note(&s->rec, EVENT_UNSUPPORTED, step->conn, step->req, 0, 0, verb_text(step->verb));
}

enum rc script_run(struct script *s)
{
	for (size_t i = 0; i < s->job->n_steps && s->rc == RC_OK; i++) {
		if (is_spent(s, &s->job->steps[i]))
			break;
		run_step(s, &s->job->steps[i]);
	}
	for (size_t i = 0; i < JOB_MAX_CONNECTIONS; i++)
		script_close(s, &s->conns[i], CLOSE_NOTIFY);
	arena_fini(&s->arena);
	return s->rc;
}
