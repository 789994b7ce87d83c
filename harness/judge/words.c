#include "harness/judge/parts.h"

#include <string.h>

const char *words_where(struct arena *a, const struct outcome *o)
{
	if (!o->signal[0])
		return "no end was seen";
	if (o->phase == PHASE_LATE)
		return arena_printf(a, "%s late", o->signal);
	return arena_printf(a, "%s in %s", o->signal, phase_text(o->phase));
}

const char *words_outcome(struct arena *a, const struct outcome *o)
{
	const char *text = arena_printf(a, "%s by %s", decision_text(o->decision), words_where(a, o));
	if (!o->identity)
		return text;
	size_t len = strcspn(o->identity, "\r\n<");
	return arena_printf(a, "%s, identity %.*s", text, len > 120 ? 120 : (int)len, o->identity);
}

const char *words_clause(struct arena *a, const struct suite *s, const char *ids)
{
	char id[64];
	const char *text = NULL;
	while (ids && text_word(&ids, id, sizeof id)) {
		const struct requirement *r = s ? suite_requirement(s, id) : NULL;
		const char *each = r && r->section ? arena_printf(a, "%s, %s", r->section, id) : arena_strdup(a, id);
		text = text ? arena_printf(a, "%s; %s", text, each) : each;
	}
	return text;
}

const char *words_shown(struct arena *a, const struct kase *k, const struct judge_context *c, const struct wiring *w)
{
	const struct condition *shown = wiring_condition(k, c->suite, w);
	if (shown ? shown->none : text_equal(w->certificate, "none"))
		return "a client without a certificate";
	if (!shown)
		return w->certificate ? arena_printf(a, "certificate %s", w->certificate) : "the client";
	return shown->title && shown->title[0] ? arena_printf(a, "certificate %s (%s)", shown->id, shown->title)
					       : arena_printf(a, "certificate %s", shown->id);
}
