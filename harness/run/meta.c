#include "harness/run/meta.h"

#include "harness/base/clock.h"

#include <string.h>
#include <unistd.h>

#define META_MAX (1u << 20)

/* One line: a newline inside a value would begin another key. */
static void line(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, "%s=", key);
	for (const char *p = value ? value : ""; *p; p++)
		buf_add(b, *p == '\n' ? " " : p, 1);
	buf_adds(b, "\n");
}

static enum rc write_lines(struct journal *j, struct buf *b, uint32_t target, uint64_t at, struct err *err)
{
	struct journal_record r = {.kind = JOURNAL_META, .target = target, .at = at, .text = b->data};
	enum rc rc = journal_write(j, &r, err);
	buf_fini(b);
	return rc;
}

/* A word of the command line.  What `--shard auto` found is kept: a report is rendered where nothing tells it again. */
static void word(struct buf *b, const struct options *o, const char *text)
{
	char whole[256];
	const char *value = o->shard_text;
	bool here = value && value >= text && value <= text + strlen(text);
	snprintf(whole, sizeof whole, "%.*s%u/%u", here ? (int)(value - text) : 0, text, o->shard, o->shards);
	line(b, "arg", here ? whole : text);
}

enum rc meta_write_run(struct journal *j, const struct session *s, const char *version, struct err *err)
{
	char number[32], host[256] = "", cwd[4096] = "";
	struct buf b;
	buf_init(&b, META_MAX);
	line(&b, "kind", "run");
	line(&b, "tool", version);
	line(&b, "digest", s->digest);
	line(&b, "library", forge_library());
	snprintf(number, sizeof number, "%llu", (unsigned long long)s->seed);
	line(&b, "seed", number);
	gethostname(host, sizeof host - 1);
	line(&b, "hostname", host);
	line(&b, "cwd", getcwd(cwd, sizeof cwd) ? cwd : "");
	for (int i = 0; i < s->options->argc; i++)
		word(&b, s->options, s->options->argv[i]);
	return write_lines(j, &b, 0, (uint64_t)s->now, err);
}

enum rc meta_write_target(struct journal *j, const struct session_target *t, const struct running *running,
			  const struct servers *servers, const char *skipped, bool broken, struct err *err)
{
	struct buf b;
	buf_init(&b, META_MAX);
	line(&b, "kind", "target");
	line(&b, "name", t->name);
	line(&b, "product", running ? running_product(running) : t->target->product);
	line(&b, "version", running ? running_version(running) : "");
	line(&b, "library", running ? running_library(running) : "");
	if (skipped)
		line(&b, broken ? "failed" : "skipped", skipped);
	for (size_t i = 0; servers && i < servers->n; i++) {
		struct buf value;
		buf_init(&value, META_MAX);
		buf_addf(&value, "%s %s %s", servers->rows[i].label, servers->rows[i].sha256, servers->rows[i].subject);
		line(&b, "server", value.data);
		buf_fini(&value);
	}
	return write_lines(j, &b, t->index, (uint64_t)clock_now(), err);
}

const char *meta_value(struct arena *a, const char *text, const char *key, unsigned nth)
{
	size_t len = strlen(key);
	for (const char *p = text; p && *p;) {
		const char *end = p + strcspn(p, "\n");
		if (strncmp(p, key, len) == 0 && p[len] == '=' && nth-- == 0)
			return arena_strndup(a, p + len + 1, (size_t)(end - p) - len - 1);
		p = *end ? end + 1 : end;
	}
	return NULL;
}

/* What the client made of bytes that are no answer: the detail of the event, or "". */
static const char *no_answer_detail(struct arena *a, const struct observation *o)
{
	static const enum event_kind kinds[] = {EVENT_TLS_ERROR, EVENT_MALFORMED, EVENT_TOO_LARGE, EVENT_TIMEOUT};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct event *e = observation_find(o, 0, kinds[i], -1, -1);
		if (e && e->text)
			return arena_printf(a, ": %s", e->text);
	}
	return "";
}

const char *meta_refused_control(struct arena *a, const struct kase *k, const struct judge_context *c,
				 const struct observation *o)
{
	struct outcome out;
	const struct endpoint *e = k->endpoint;
	judge_outcome(k, c, o, 0, &out);
	if (observation_find(o, 0, EVENT_CONNECT_FAILED, -1, -1))
		return arena_printf(a, "endpoint %s: no TCP connection (%s): nothing was judged there; is the server up and the "
				       "address right?",
				    e->id, out.signal[0] ? out.signal : "refused");
	if (!observation_find(o, 0, EVENT_FIRST_BYTE, -1, -1))
		return arena_printf(a, "endpoint %s: no TLS answer (%s): nothing was judged there; is this a TLS port?",
				    e->id, out.signal);
	if (out.decision == DECISION_UNANSWERED)
		return arena_printf(a, "endpoint %s: the control got no answer that our client can read (%s%s): nothing was judged "
				       "there; does the server hang, or speak something else?",
				    e->id, out.signal[0] ? out.signal : "nothing", no_answer_detail(a, o));
	if (!out.asked && k->negotiation != NEGOTIATION_NONE)
		return arena_printf(a, "endpoint %s: the control was answered by %s and no certificate was asked for: nothing "
				       "was judged there; does the target file's negotiation fit the server?",
				    e->id, out.signal[0] ? out.signal : "nothing");
	return arena_printf(a, "endpoint %s: the control certificate was refused (%s): nothing was judged there; install the "
			       "anchor of `mtlspec pki export` in the server's store for client certificates, or give one "
			       "that it accepts with --certificate",
			    e->id, out.signal[0] ? out.signal : "no answer");
}

static const char *pace_words(enum pace_answer answer)
{
	switch (answer) {
	case PACE_REFUSED:
		return "connections were refused";
	case PACE_RESET:
		return "connections were reset before the server's first byte";
	case PACE_THROTTLED:
		return "the server answered 429 or 503";
	case PACE_FINE:
	case PACE__COUNT:
		break;
	}
	return "?";
}

const char *meta_pace(struct arena *a, enum pace_answer answer, bool over)
{
	char when[32];
	clock_format(clock_now(), when);
	if (over)
		return arena_printf(a, META_LOST "%s %d times in a row, with pauses between them, until %s UTC: the rest was not run",
				    pace_words(answer), PACE_GIVE_UP, when);
	return arena_printf(a, "%s, for the first time at %s UTC: the run slowed down", pace_words(answer), when);
}
