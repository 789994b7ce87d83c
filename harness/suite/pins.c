/* <known-failures> and <expected>: verdicts pinned by users, and predicted by documents. */
#include "harness/suite/load.h"
#include "harness/suite/suite.h"
#include "harness/suite/xml.h"

#include <string.h>

#define PIN_KEYS "tls negotiation http client condition scenario version library"

static bool date_is_legal(const char *text)
{
	static const unsigned days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char *form = "0000-00-00";
	size_t i = 0;
	for (; form[i] && text[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	if (form[i] || text[i])
		return false;
	unsigned month = (unsigned)(text[5] - '0') * 10 + (unsigned)(text[6] - '0');
	unsigned day = (unsigned)(text[8] - '0') * 10 + (unsigned)(text[9] - '0');
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static void read_pin(struct findings *f, struct arena *a, const struct node *n, const struct shape *shape,
		     const char *verdicts, struct pin *p)
{
	read_shape(f, n, shape);
	*p = (struct pin){
	    .cases = read_value(n, "case"),
	    .target = read_value(n, "target"),
	    .when = read_when(f, a, n, PIN_KEYS),
	    .reason = read_value(n, "reason"),
	    .link = read_value(n, "link"),
	    .until = read_value(n, "until"),
	    .where = n->where,
	};
	size_t count;
	const char *const *words = read_list(a, read_value(n, "verdict"), &count);
	for (size_t i = 0; i < count; i++) {
		enum verdict v;
		if (read_index(verdicts, words[i], strlen(words[i])) < 0 || !verdict_parse(words[i], &v))
			findings_add(f, read_where(n, "verdict"), "verdict=\"%s\" on <%s> is not one of: %s", words[i],
				     n->name, verdicts);
		else
			p->verdicts |= BIT(v);
	}
	if (read_value(n, "verdict") && !count)
		findings_add(f, read_where(n, "verdict"), "verdict=\"\" names none of: %s", verdicts);
	if (p->verdicts == BIT(VERDICT_PASS))
		findings_add(f, read_where(n, "verdict"), "verdict=\"pass\" alone on <%s> predicts nothing", n->name);
	if (p->reason && !*p->reason)
		findings_add(f, read_where(n, "reason"), "<%s> with an empty reason", n->name);
	if (p->until && !date_is_legal(p->until))
		findings_add(f, read_where(n, "until"), "until=\"%s\" is no date such as 2027-01-31", p->until);
}

const struct pins *pins_read(struct findings *f, struct arena *a, const struct node *root)
{
	static const struct shape failures = {.attributes = "", .children = "failure"};
	static const struct shape failure = {.attributes = "case target when verdict reason link until",
					     .required = "case verdict reason",
					     .children = ""};
	static const struct shape expected = {.attributes = "", .children = "verdict"};
	static const struct shape verdict = {
	    .attributes = "case when verdict reason", .required = "case verdict reason", .children = ""};
	const bool known = strcmp(root->name, "known-failures") == 0;
	if (!known && strcmp(root->name, "expected") != 0) {
		findings_add(f, root->where, "<%s> is neither <known-failures> nor <expected>", root->name);
		return NULL;
	}
	struct pins *out = ARENA_NEW(a, struct pins, 1);
	struct pin *rows = ARENA_NEW(a, struct pin, root->n_children);
	read_shape(f, root, known ? &failures : &expected);
	for (size_t i = 0; i < root->n_children; i++)
		if (strcmp(root->children[i].name, known ? "failure" : "verdict") == 0)
			read_pin(
			    f, a, &root->children[i], known ? &failure : &verdict,
			    known ? "deviation false-reject violation false-accept crash inconclusive broken flaky"
				  : "pass observed deviation false-reject violation false-accept crash inconclusive flaky",
			    &rows[out->n++]);
	out->path = root->where.file;
	out->rows = rows;
	return out;
}

enum rc pins_load(struct arena *a, const char *path, const struct pins **out, struct err *err)
{
	enum rc rc;
	struct findings f = {.arena = a};
	const struct node *root;
	TRY(xml_read(&f, a, arena_strdup(a, path), &root, err));
	if (root)
		*out = pins_read(&f, a, root);
	rc = findings_result(&f, err);
out:
	findings_fini(&f);
	return rc;
}
