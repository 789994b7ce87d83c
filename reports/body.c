#include "reports/body.h"

#include "reports/clean.h"

#include <string.h>

#define LINE_MAX_BYTES	400
#define EVENT_MAX_BYTES 220
#define SHOWN_RUNS	12

const char *report_junit_element(enum verdict v, bool strict)
{
	switch (v) {
	case VERDICT_PASS:
	case VERDICT_OBSERVED:
		return NULL;
	case VERDICT_DEVIATION:
	case VERDICT_FLAKY:
		return strict ? "failure" : NULL;
	case VERDICT_FALSE_REJECT:
	case VERDICT_VIOLATION:
	case VERDICT_FALSE_ACCEPT:
	case VERDICT_CRASH:
	case VERDICT_UNEXPECTED_PASS:
		return "failure";
	case VERDICT_INCONCLUSIVE:
	case VERDICT_BROKEN:
		return "error";
	case VERDICT_KNOWN_FAILURE:
	case VERDICT_UNSUPPORTED:
	case VERDICT_IMPOSSIBLE:
	case VERDICT_EXCLUDED:
		return "skipped";
	case VERDICT__COUNT:
		break;
	}
	return "error";
}

static bool given(const char *text)
{
	return text && text[0];
}

/* "Label: text" on one line; nothing without a text. */
static void line(struct buf *b, const char *label, const char *text)
{
	if (!given(text))
		return;
	buf_addf(b, "%-11s", label);
	clean_adds(b, text, LINE_MAX_BYTES);
	buf_adds(b, "\n");
}

/* Why the case has its final verdict. */
static void put_reason(struct buf *b, const struct report_case *c, size_t max)
{
	const char *reason = c->judgement->reason;
	if (c->verdict == VERDICT_FLAKY && given(c->flaky))
		reason = c->flaky;
	if (c->verdict == VERDICT_KNOWN_FAILURE && c->pin)
		reason = given(c->pin->reason) ? c->pin->reason : "pinned without a reason";
	if (c->verdict == VERDICT_UNEXPECTED_PASS && c->judgement->verdict == VERDICT_PASS) {
		buf_adds(b, "pinned as a known failure, but it passes");
		return;
	}
	if (c->verdict == VERDICT_UNEXPECTED_PASS)
		buf_addf(b, "its known failure is out of date, still %s: ", verdict_text(c->judgement->verdict));
	clean_adds(b, given(reason) ? reason : "no reason given", max);
}

void body_message(struct buf *b, const struct report_case *c)
{
	const struct judgement *j = c->judgement;
	buf_addf(b, "%s: ", verdict_text(c->verdict));
	put_reason(b, c, 240);
	if (c->verdict == VERDICT_KNOWN_FAILURE && c->pin && given(c->pin->link)) {
		buf_adds(b, " ");
		clean_adds(b, c->pin->link, 120);
	}
	if (given(j->clause)) {
		buf_adds(b, " (");
		clean_adds(b, j->clause, 80);
		buf_adds(b, ")");
	}
}

void body_note(struct buf *b, const struct report_case *c)
{
	const struct judgement *j = c->judgement;
	body_message(b, c);
	if (given(j->expected)) {
		buf_adds(b, "; expected ");
		clean_adds(b, j->expected, 160);
	}
	if (given(j->observed)) {
		buf_adds(b, "; observed ");
		clean_adds(b, j->observed, 160);
	}
	if (given(j->note)) {
		buf_adds(b, "; ");
		clean_adds(b, j->note, 160);
	}
	if (given(c->no_browser)) {
		buf_adds(b, "; ");
		clean_adds(b, c->no_browser, 200);
	}
}

void body_clauses(struct buf *b, const struct suite *s, const char *clauses, const char *indent)
{
	char id[64];
	while (text_word(&clauses, id, sizeof id)) {
		const struct requirement *r = s ? suite_requirement(s, id) : NULL;
		buf_adds(b, indent);
		clean_adds(b, id, sizeof id);
		if (r) {
			buf_adds(b, " (");
			clean_adds(b, r->section, 120);
			if (given(r->level))
				buf_addf(b, ", %s", r->level);
			buf_adds(b, "): ");
			clean_adds(b, r->text, LINE_MAX_BYTES);
		}
		buf_adds(b, "\n");
	}
}

void body_group(struct buf *b, const struct report_case *c)
{
	buf_addf(b, "%s/%s", c->kase->scenario->suite, c->kase->scenario->id);
	if (c->kase->condition)
		buf_addf(b, " condition=%s", c->kase->condition->id);
}

static void head(struct buf *b, const struct report_case *c)
{
	const struct judgement *j = c->judgement;
	const struct pin *pin = c->pin;
	buf_addf(b, "%s, severity %s: ", verdict_text(c->verdict), severity_text(j->severity));
	put_reason(b, c, LINE_MAX_BYTES);
	buf_adds(b, "\n");
	line(b, "Case:", c->id);
	line(b, "Target:", c->target->name);
	line(b, "Scenario:", c->kase->scenario->title);
	if (c->kase->condition) {
		buf_addf(b, "%-11s%s: ", "Condition:", c->kase->condition->id);
		clean_adds(b, c->kase->condition->title, LINE_MAX_BYTES);
		buf_adds(b, "\n");
	}
	line(b, "Why:", c->kase->scenario->why);
	body_clauses(b, c->target->suite, j->clause, "Clause:    ");
	line(b, "Expected:", j->expected);
	line(b, "Observed:", j->observed);
	line(b, "Note:", j->note);
	line(b, "Browsers:", c->no_browser);
	line(b, "Flaky:", c->flaky);
	if (!pin)
		return;
	buf_addf(b, "%-11s%s:%d: ", "Pinned:", pin->where.file ? pin->where.file : "?", pin->where.line);
	clean_adds(b, pin->reason, 200);
	if (given(pin->link)) {
		buf_adds(b, " ");
		clean_adds(b, pin->link, 200);
	}
	if (given(pin->until))
		buf_addf(b, ", until %.10s", pin->until);
	buf_adds(b, "\n");
}

static void runs(struct buf *b, const struct report_case *c)
{
	if (c->n_runs < 2)
		return;
	buf_addf(b, "%-11s%zu:", "Runs:", c->n_runs);
	for (size_t i = 0; i < c->n_runs && i < SHOWN_RUNS; i++)
		buf_addf(b, "%s %s", i ? "," : "", verdict_text(c->runs[i].judgement->verdict));
	buf_adds(b, c->n_runs > SHOWN_RUNS ? ", ...\n" : "\n");
}

/* Every event as a clean line; starts[i] is where line i begins, starts[n] the end. */
static void event_lines(struct buf *b, const struct observation *o, size_t *starts)
{
	struct buf scratch;
	buf_init(&scratch, 2 * OBSERVATION_MAX_TEXT);
	for (size_t i = 0; i < o->n; i++) {
		starts[i] = b->len;
		buf_clear(&scratch);
		observation_event_line(&scratch, &o->events[i]);
		clean_add(b, scratch.data, scratch.len, EVENT_MAX_BYTES);
		buf_adds(b, "\n");
	}
	starts[o->n] = b->len;
	buf_fini(&scratch);
}

/* First and last events as far as `room` escaped bytes go; what is left out in the middle is counted. */
static void events(struct buf *b, const struct observation *o, size_t room)
{
	struct buf all;
	size_t starts[OBSERVATION_MAX_EVENTS + 1], first = 0, last = o->n, used = 0;
	if (o->n == 0 || o->n > OBSERVATION_MAX_EVENTS)
		return;
	buf_init(&all, OBSERVATION_MAX_EVENTS * (EVENT_MAX_BYTES + 1));
	event_lines(&all, o, starts);
	for (; last > 0; last--) {
		size_t cost = clean_cost(all.data + starts[last - 1], starts[last] - starts[last - 1]);
		if (used + cost > room / 2)
			break;
		used += cost;
	}
	for (; first < last; first++) {
		used += clean_cost(all.data + starts[first], starts[first + 1] - starts[first]);
		if (used + 60 > room)
			break;
	}
	buf_add(b, all.data, starts[first]);
	if (first < last)
		buf_addf(b, "    ... %zu events left out, results.xml has them ...\n", last - first);
	buf_add(b, all.data + starts[last], starts[o->n] - starts[last]);
	if (o->full)
		buf_addf(b, "    ... more than %d events, the rest was not kept\n", OBSERVATION_MAX_EVENTS);
	buf_fini(&all);
}

static void list(struct buf *b, const char *label, const char *const *rows, size_t n, size_t most)
{
	for (size_t i = 0; i < n && i < most; i++) {
		buf_addf(b, "  %s: ", label);
		clean_adds(b, rows[i], 300);
		buf_adds(b, "\n");
	}
}

static void tail(struct buf *b, const struct report_case *c)
{
	const struct diagnosis *d = c->judgement->diagnosis;
	if (d) {
		buf_addf(b, "Likely cause (%s): ", d->id);
		clean_adds(b, d->title, 200);
		buf_adds(b, "\n");
		list(b, "cause", d->causes, d->n_causes, 2);
		list(b, "check", d->checks, d->n_checks, 2);
		list(b, "fix", d->fixes, d->n_fixes, 2);
	}
	buf_adds(b, "Again:     mtlspec run --target '");
	clean_adds(b, c->target->name, LINE_MAX_BYTES);
	buf_adds(b, "'");
	if (given(c->target->words))
		clean_adds(b, c->target->words, LINE_MAX_BYTES);
	buf_adds(b, " --select '");
	clean_adds(b, c->id, PLAN_ID_SIZE);
	buf_adds(b, "'\n");
	if (given(c->recipe)) {
		buf_adds(b, "By hand:\n");
		for (const char *p = c->recipe; *p;) {
			size_t len = strcspn(p, "\n");
			buf_adds(b, "  ");
			clean_add(b, p, len, LINE_MAX_BYTES);
			buf_adds(b, "\n");
			p += p[len] ? len + 1 : len;
		}
	}
}

/* The bound holds whatever the peer wrote: whole lines go from the end until it does. */
static void bound(struct buf *b, size_t start)
{
	static const char mark[] = "(cut here)\n";
	size_t used = 0, at = start;
	while (at < b->len) {
		size_t len = strcspn(b->data + at, "\n") + 1;
		used += clean_cost(b->data + at, len);
		if (used > BODY_MAX - sizeof mark) {
			b->len = at;
			buf_adds(b, mark);
			return;
		}
		at += len;
	}
}

void report_body(struct buf *b, const struct report_case *c)
{
	struct buf end;
	size_t start = b->len;
	buf_init(&end, BODY_MAX);
	head(b, c);
	runs(b, c);
	tail(&end, c);
	size_t used = clean_cost(b->data + start, b->len - start) + (end.len ? clean_cost(end.data, end.len) : 0);
	buf_adds(b, c->observation->n ? "Events:\n" : "Events:    none\n");
	events(b, c->observation, used + 800 < BODY_MAX ? BODY_MAX - used - 200 : 600);
	if (end.len)
		buf_add(b, end.data, end.len);
	bound(b, start);
	buf_fini(&end);
}
