#include "harness/discover/stuck.h"

#include "harness/discover/conclude.h"

#include <string.h>

enum stuck stuck_of(const struct look *l, bool late)
{
	const struct outcome *o = &l->outcome;
	if (!l->tried || !l->done || l->asked || l->late != EVENT_KIND__COUNT || o->decision != DECISION_REJECT ||
	    o->phase != PHASE_RESPONSE)
		return STUCK_NOT;
	if (!o->status)
		return strcmp(o->signal, "reset") == 0 ? STUCK_RESET : STUCK_NOT;
	if (o->status == 500 && (l->found & LOOK_FOUND_NOT_SUPPORTED))
		return STUCK_NOT_SUPPORTED;
	if (o->status == 403 && (late || (l->found & LOOK_FOUND_CANNOT_ASK)))
		return STUCK_FORBIDDEN;
	return o->status >= 500 && late ? STUCK_ERROR : STUCK_NOT;
}

const struct look *stuck_look(const struct facts *f, enum stuck *how)
{
	const struct look *own = &f->version[TLS_1_3];
	bool late = f->version[TLS_1_2].late == EVENT_HELLO_REQUEST;
	*how = stuck_of(&f->browser, true);
	if (*how != STUCK_NOT)
		return &f->browser;
	*how = stuck_of(own, late);
	return *how == STUCK_NOT ? NULL : own;
}

/* suites/profiles/iis-*.xml; each from the same documents as the rows here. */
const char *stuck_profile(const struct facts *f, const char *product)
{
	enum stuck how;
	const struct look *old = &f->version[TLS_1_2], *new = &f->version[TLS_1_3];
	bool lenient = old->late == EVENT_HELLO_REQUEST && old->outcome.status >= 200 && old->outcome.status < 300;
	if (!product || strcmp(product, "microsoft-iis") != 0)
		return NULL;
	stuck_look(f, &how);
	switch (how) {
	case STUCK_RESET: /* SC-002, SC-004, SC-006 */
		return lenient ? "iis-server-2022-negotiate" : "iis-server-2022-require";
	case STUCK_NOT_SUPPORTED: /* SC-001, SC-003, SC-006 */
	case STUCK_ERROR:
		return lenient ? "iis-server-2025-negotiate" : "iis-server-2025-require";
	case STUCK_FORBIDDEN: /* SC-019 */
		return lenient ? NULL : "iis-server-2022-early-require";
	case STUCK_NOT:
		break;
	}
	if (lenient && f->browser.tried && f->browser.outcome.status >= 200 && f->browser.outcome.status < 300) /* SC-019 */
		return "iis-server-2022-early-negotiate";
	if (new->asked) /* SC-011 */
		return "iis-binding-asks";
	return old->late == EVENT_HELLO_REQUEST && !look_spoke(new) ? "iis-without-tls13" : NULL; /* SC-009 */
}
