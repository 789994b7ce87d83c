#include "reports/report.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "reports/names.h"
#include "reports/signature.h"
#include "reports/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct results {
	struct fs_out out;
	struct writer w;
	struct names names;
	struct arena scratch; /* of one call */
	bool in_target;
};

static void attr_time(struct writer *w, const char *name, time_t when)
{
	char text[40];
	clock_format(when, text);
	snprintf(text + strlen(text), sizeof text - strlen(text), "Z");
	writer_attr(w, name, text);
}

/* What is "" or NULL is not written. */
static void attr_given(struct writer *w, const char *name, const char *value)
{
	if (value && value[0])
		writer_attr(w, name, value);
}

static enum rc begin(struct reporter *r, const struct report_meta *m, struct err *err)
{
	struct results *s = r->state;
	struct writer *w = &s->w;
	enum rc rc = fs_out_open(&s->out, r->path, err);
	if (rc != RC_OK)
		return rc;
	rc = writer_open(w, s->out.file, err);
	if (rc != RC_OK)
		return rc;
	writer_prolog(w);
	writer_start(w, "results");
	writer_attr(w, "xmlns", "urn:mtlspec:1");
	writer_attr(w, "format", "1");
	writer_attr(w, "tool-version", m->tool_version);
	writer_attr(w, "suite-digest", m->suite_digest);
	writer_attr(w, "tls-library", m->tls_library);
	writer_attr(w, "hostname", m->hostname);
	writer_attr(w, "command", m->command);
	writer_attr(w, "selection", m->selection ? m->selection : "");
	writer_attr_u64(w, "seed", m->seed);
	attr_time(w, "started", m->started);
	writer_attr_millis(w, "duration-ms", (uint64_t)m->duration_ms * 1000);
	writer_attr_flag(w, "interrupted", m->interrupted);
	writer_attr_flag(w, "strict", m->strict);
	writer_attr(w, "fail-on", severity_text(m->fail_on));
	return writer_check(w, r->path, err);
}

static void end_target(struct results *s)
{
	if (s->in_target)
		writer_end(&s->w);
	s->in_target = false;
}

static enum rc target(struct reporter *r, const struct report_target *t, struct err *err)
{
	struct results *s = r->state;
	struct writer *w = &s->w;
	end_target(s);
	s->in_target = true;
	writer_start(w, "target");
	writer_attr_u64(w, "index", t->index);
	writer_attr(w, "key", names_target(&s->names, t));
	writer_attr(w, "name", t->name);
	attr_given(w, "id", t->id);
	attr_given(w, "product", t->product);
	attr_given(w, "version", t->version);
	attr_given(w, "tls-library", t->library);
	attr_given(w, "configuration", t->configuration);
	attr_given(w, "profile", t->profile);
	writer_attr_flag(w, "remote", t->remote);
	attr_given(w, "skipped", t->skipped);
	for (size_t i = 0; i < t->n_servers; i++) {
		writer_start(w, "server");
		writer_attr(w, "endpoint", t->servers[i].endpoint);
		writer_attr(w, "sha256", t->servers[i].sha256);
		attr_given(w, "subject", t->servers[i].subject);
		writer_end(w);
	}
	for (size_t i = 0; i < t->n_notes; i++) {
		writer_start(w, "note");
		writer_text(w, t->notes[i]);
		writer_end(w);
	}
	return writer_check(w, r->path, err);
}

/* The ALPN of the last handshake that came to its end. */
static const char *alpn(const struct observation *o)
{
	for (size_t i = o->n; i > 0; i--)
		if (o->events[i - 1].kind == EVENT_HANDSHAKE_DONE)
			return o->events[i - 1].text;
	return NULL;
}

static void write_outcome(struct writer *w, const struct outcome *out)
{
	if (out->any) {
		writer_attr(w, "decision", decision_text(out->decision));
		attr_given(w, "signal", out->signal);
		writer_attr(w, "phase", phase_text(out->phase));
	}
	if (out->tls >= 0)
		writer_attr(w, "tls", tls_text((enum tls)out->tls));
	writer_attr_flag(w, "asked", out->asked);
	writer_attr_flag(w, "sent", out->sent);
	writer_attr_flag(w, "asked-late", out->asked_late);
	writer_attr_flag(w, "resumed", out->resumed);
	if (out->status)
		writer_attr_i64(w, "status", out->status);
	attr_given(w, "identity", out->identity);
}

static void write_event(struct writer *w, const struct event *e)
{
	writer_start(w, "event");
	writer_attr_millis(w, "at-ms", e->at_us);
	writer_attr(w, "kind", event_kind_text((enum event_kind)e->kind));
	if (e->conn >= 0)
		writer_attr_i64(w, "connection", e->conn);
	if (e->req >= 0)
		writer_attr_i64(w, "request", e->req);
	if (e->a)
		writer_attr_i64(w, "a", e->a);
	if (e->b)
		writer_attr_i64(w, "b", e->b);
	if (e->text)
		writer_text(w, e->text);
	writer_end(w);
}

static void write_run(struct writer *w, const struct report_run *run, bool events)
{
	const struct observation *o = run->observation;
	char signature[24];
	snprintf(signature, sizeof signature, "%016" PRIx64, signature_of(o));
	writer_start(w, "run");
	writer_attr_u64(w, "repetition", run->repetition);
	attr_time(w, "started", run->started);
	writer_attr_millis(w, "duration-ms", o->duration_us);
	writer_attr(w, "verdict", verdict_text(run->judgement->verdict));
	write_outcome(w, &run->judgement->outcome);
	attr_given(w, "alpn", alpn(o));
	writer_attr(w, "signature", signature);
	if (o->full)
		writer_attr_flag(w, "events-dropped", true);
	for (size_t i = 0; events && i < o->n; i++)
		write_event(w, &o->events[i]);
	writer_end(w);
}

static void write_cell(struct writer *w, const struct kase *k)
{
	char scenario[256];
	snprintf(scenario, sizeof scenario, "%s/%s", k->scenario->suite, k->scenario->id);
	writer_attr(w, "scenario", scenario);
	if (k->condition)
		writer_attr(w, "condition", k->condition->id);
	writer_attr(w, "tls", tls_text(k->tls));
	writer_attr(w, "negotiation", negotiation_text(k->negotiation));
	writer_attr(w, "http", http_text(k->http));
	writer_attr(w, "client", client_kind_text(k->client));
}

static void write_judgement(struct writer *w, const struct report_case *c)
{
	const struct judgement *j = c->judgement;
	if (j->verdict != c->verdict)
		writer_attr(w, "judged", verdict_text(j->verdict));
	attr_given(w, "clause", j->clause);
	writer_attr(w, "reason", j->reason);
	writer_attr(w, "expected", j->expected);
	writer_attr(w, "observed", j->observed);
	attr_given(w, "note", j->note);
	if (j->diagnosis)
		writer_attr(w, "diagnosis", j->diagnosis->id);
	attr_given(w, "flaky", c->flaky);
	attr_given(w, "no-browser", c->no_browser);
	if (c->pin) {
		writer_attr(w, "pinned", c->pin->reason);
		attr_given(w, "link", c->pin->link);
	}
}

static enum rc one_case(struct reporter *r, const struct report_case *c, struct err *err)
{
	struct results *s = r->state;
	struct writer *w = &s->w;
	struct report_run only = {.judgement = c->judgement, .observation = c->observation};
	const struct report_run *runs = c->n_runs ? c->runs : &only;
	size_t n = c->n_runs ? c->n_runs : 1;
	writer_start(w, "case");
	writer_attr(w, "id", c->id);
	writer_attr(w, "verdict", verdict_text(c->verdict));
	writer_attr(w, "severity", severity_text(c->judgement->severity));
	write_cell(w, c->kase);
	attr_given(w, "formerly", names_formerly(&s->scratch, c->kase, c->id));
	write_judgement(w, c);
	for (size_t i = 0; i < n; i++)
		write_run(w, &runs[i], c->verdict != VERDICT_PASS);
	if (c->verdict != VERDICT_PASS && c->recipe) {
		writer_start(w, "recipe");
		writer_lines(w, c->recipe);
		writer_end(w);
	}
	writer_end(w);
	arena_reset(&s->scratch);
	return writer_check(w, r->path, err);
}

static enum rc cells(struct reporter *r, const struct report_cells *c, struct err *err)
{
	struct writer *w = &((struct results *)r->state)->w;
	char scenario[256];
	snprintf(scenario, sizeof scenario, "%s/%s", c->scenario->suite, c->scenario->id);
	writer_start(w, "cells");
	writer_attr(w, "scenario", scenario);
	writer_attr(w, "disposition", names_disposition(c->disposition));
	writer_attr_u64(w, "n", c->n);
	attr_given(w, "clause", c->clause);
	writer_attr(w, "reason", c->reason);
	writer_end(w);
	return writer_check(w, r->path, err);
}

static enum rc scenario_end(struct reporter *r, const struct report_target *t, const struct scenario *sc,
			    struct err *err)
{
	(void)t;
	(void)sc;
	return writer_check(&((struct results *)r->state)->w, r->path, err);
}

static enum rc end(struct reporter *r, const struct report_totals *t, struct err *err)
{
	struct results *s = r->state;
	struct writer *w = &s->w;
	end_target(s);
	writer_start(w, "totals");
	writer_attr_u64(w, "cells", t->cells);
	writer_attr_u64(w, "run", t->run);
	for (int d = DISPOSITION_RUN + 1; d < DISPOSITION__COUNT; d++)
		writer_attr_u64(w, names_disposition((enum disposition)d), t->not_run[d]);
	writer_attr_u64(w, "unfinished", t->unfinished);
	if (t->no_browser)
		writer_attr_u64(w, "no-browser", t->no_browser);
	writer_attr_i64(w, "exit-code", t->exit_code);
	for (int v = 0; v < VERDICT_UNSUPPORTED; v++) {
		writer_start(w, "verdict");
		writer_attr(w, "name", verdict_text((enum verdict)v));
		writer_attr_u64(w, "n", t->verdicts[v]);
		writer_end(w);
	}
	writer_end(w);
	enum rc rc = writer_finish(w, r->path, err);
	writer_close(w);
	return rc == RC_OK ? fs_out_commit(&s->out, err) : rc;
}

static void close_results(struct reporter *r)
{
	struct results *s = r->state;
	if (!s)
		return;
	writer_close(&s->w);
	fs_out_close(&s->out);
	names_fini(&s->names);
	arena_fini(&s->scratch);
	free(s);
	*r = (struct reporter){0};
}

enum rc results_open(struct reporter *r, const char *path, struct err *err)
{
	static const struct reporter_ops ops = {"results", begin,	 target, one_case,
						cells,	   scenario_end, end,	 close_results};
	(void)err;
	*r = (struct reporter){.ops = &ops, .path = path, .state = mem_alloc(sizeof(struct results))};
	return RC_OK;
}
