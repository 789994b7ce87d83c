#include "reports/gate_read.h"

#include "harness/base/fs.h"
#include "harness/judge/judge.h"
#include "reports/clean.h"
#include "reports/gate.h"

#include <fcntl.h>
#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMESPACE "urn:mtlspec:1"

struct reading {
	struct gate_results *r;
	const struct pins *pins;
	const char *today, *path;
	xmlTextReaderPtr xml;
	struct arena scratch; /* of one case */
	bool root, totals;
	char complaint[256]; /* libxml2's first */
	int line;
};

/* ---- ids ---- */

static bool read_axis(struct arena *a, const char *key, const char *value, struct kase *k, struct scenario *s,
		      struct axis *axes)
{
	if (strcmp(key, "tls") == 0)
		return tls_parse(value, &k->tls);
	if (strcmp(key, "negotiation") == 0)
		return negotiation_parse(value, &k->negotiation);
	if (strcmp(key, "http") == 0)
		return http_parse(value, &k->http);
	if (strcmp(key, "client") == 0) {
		s->client = BIT(CLIENT_WILLING) | BIT(CLIENT_BROWSER);
		return client_kind_parse(value, &k->client);
	}
	if (strcmp(key, "endpoint") == 0) {
		struct endpoint *e = ARENA_NEW(a, struct endpoint, 1);
		e->id = value;
		k->endpoint = e;
		k->name_endpoint = true;
		return true;
	}
	if (strcmp(key, "condition") == 0) {
		struct condition *c = ARENA_NEW(a, struct condition, 1);
		c->id = value;
		k->condition = c;
		return true;
	}
	if (s->n_axes == PLAN_MAX_AXES)
		return false;
	axes[s->n_axes].name = key;
	k->axis[s->n_axes++] = value;
	return true;
}

bool gate_cell(struct arena *a, const char *id, enum client_kind client, struct kase *out)
{
	char again[PLAN_ID_SIZE];
	struct scenario *s = ARENA_NEW(a, struct scenario, 1);
	struct axis *axes = ARENA_NEW(a, struct axis, PLAN_MAX_AXES);
	char *text = arena_strdup(a, id), *slash = strchr(text, '/'), *open = strchr(text, '['),
	     *end = strrchr(text, ']');
	if (!slash || !open || !end || slash > open || end < open || end[1])
		return false;
	*slash = *open = *end = '\0';
	*s = (struct scenario){.suite = text, .id = slash + 1, .axes = axes, .client = BIT(client)};
	*out = (struct kase){.scenario = s, .client = client};
	for (char *p = open + 1; p;) {
		char *next = strchr(p, ','), *equal = strchr(p, '=');
		if (next)
			*next++ = '\0';
		if (!equal)
			return false;
		*equal = '\0';
		if (!read_axis(a, p, equal + 1, out, s, axes))
			return false;
		p = next;
	}
	plan_id(out, again);
	return strcmp(again, id) == 0;
}

/* ---- the file ---- */

static void complain(void *context, xmlErrorPtr e)
{
	struct reading *g = context;
	if (g->complaint[0])
		return;
	snprintf(g->complaint, sizeof g->complaint, "%s", e->message ? e->message : "damaged");
	g->complaint[strcspn(g->complaint, "\n")] = '\0';
	g->line = e->line;
}

static enum rc bad(const struct reading *g, struct err *err, const char *what, const char *value)
{
	struct buf b;
	buf_init(&b, 400);
	enum rc rc = err_at(err, RC_INPUT, g->path, (int)xmlGetLineNo(xmlTextReaderCurrentNode(g->xml)), "%s %s", what,
			    clean_text(&b, value ? value : "(absent)", 200));
	buf_fini(&b);
	return rc;
}

/* An attribute of the element at hand in `a`, or NULL. */
static const char *attr(struct reading *g, struct arena *a, const char *name)
{
	xmlChar *v = xmlTextReaderGetAttribute(g->xml, BAD_CAST name);
	const char *out = v ? arena_strdup(a, (const char *)v) : NULL;
	xmlFree(v);
	return out;
}

static const char *attr_or_empty(struct reading *g, const char *name)
{
	const char *v = attr(g, &g->r->arena, name);
	return v ? v : "";
}

static enum rc read_root(struct reading *g, const char *element, struct err *err)
{
	const char *ns = (const char *)xmlTextReaderConstNamespaceUri(g->xml);
	if (strcmp(element, "results") != 0 || !ns || strcmp(ns, NAMESPACE) != 0)
		return bad(g, err, "this is no results.xml of mtlspec: its root is", element);
	const char *format = attr(g, &g->scratch, "format");
	if (!format || strcmp(format, "1") != 0)
		return bad(g, err, "results in another format than this mtlspec reads (1):", format);
	g->root = true;
	g->r->digest = attr_or_empty(g, "suite-digest");
	g->r->selection = attr_or_empty(g, "selection");
	g->r->interrupted = text_equal(attr(g, &g->scratch, "interrupted"), "yes");
	return RC_OK;
}

static enum rc read_target(struct reading *g, struct err *err)
{
	struct gate_results *r = g->r;
	struct gate_target t = {
	    .key = attr(g, &r->arena, "key"),
	    .id = attr_or_empty(g, "id"),
	    .name = attr_or_empty(g, "name"),
	    .product = attr_or_empty(g, "product"),
	    .version = attr_or_empty(g, "version"),
	    .library = attr_or_empty(g, "tls-library"),
	};
	if (!t.key || !t.key[0])
		return bad(g, err, "<target> without a key:", t.name);
	if (!t.id[0])
		t.id = t.key;
	*VEC_PUSH(r->targets, r->n_targets, r->cap_targets) = t;
	return RC_OK;
}

/* The known failures given decide anew; those that the run knew are undone by `judged`. */
static void pin_case(struct reading *g, struct gate_case *c)
{
	struct kase k;
	const struct gate_target *t = &g->r->targets[c->target];
	const struct target target = {.id = t->id};
	const struct judge_context context = {
	    .target = &target, .target_name = t->name, .product_version = t->version, .product_library = t->library};
	const struct pin *which;
	if (c->verdict == VERDICT_KNOWN_FAILURE || c->verdict == VERDICT_UNEXPECTED_PASS)
		c->verdict = c->judged;
	if (gate_cell(&g->scratch, c->id, c->client, &k))
		c->verdict = judge_pin(g->pins, &k, &context, c->verdict, g->today, &which);
}

static enum rc read_case(struct reading *g, struct err *err)
{
	struct gate_results *r = g->r;
	if (!r->n_targets)
		return bad(g, err, "<case> outside of a target:", attr(g, &g->scratch, "id"));
	struct gate_case c = {
	    .target = r->n_targets - 1, .id = attr(g, &r->arena, "id"), .formerly = attr(g, &r->arena, "formerly")};
	const char *verdict = attr(g, &g->scratch, "verdict"), *judged = attr(g, &g->scratch, "judged");
	const char *severity = attr(g, &g->scratch, "severity");
	if (!c.id || !c.id[0])
		return bad(g, err, "<case> without an id, verdict", verdict);
	if (!verdict || !verdict_parse(verdict, &c.verdict))
		return bad(g, err, "unknown verdict", verdict);
	c.judged = c.verdict;
	if (judged && !verdict_parse(judged, &c.judged))
		return bad(g, err, "unknown verdict", judged);
	if (!severity || !severity_parse(severity, &c.severity))
		return bad(g, err, "unknown severity", severity);
	const char *client = attr(g, &g->scratch, "client");
	if (!client || !client_kind_parse(client, &c.client))
		c.client = CLIENT_WILLING;
	if (g->pins)
		pin_case(g, &c);
	bool known = c.verdict == VERDICT_KNOWN_FAILURE && !g->pins;
	if (known)
		c.link = attr(g, &r->arena, "link");
	if (c.verdict != VERDICT_PASS && c.verdict != VERDICT_OBSERVED)
		c.reason = attr(g, &r->arena, known ? "pinned" : "reason");
	r->targets[c.target].cases++;
	*VEC_PUSH(r->cases, r->n, r->cap) = c;
	arena_reset(&g->scratch);
	return RC_OK;
}

static enum rc read_node(struct reading *g, struct err *err)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(g->xml);
	switch (xmlTextReaderNodeType(g->xml)) {
	case XML_READER_TYPE_DOCUMENT_TYPE:
		return bad(g, err, "this is no results.xml of mtlspec: it has a document type", name);
	case XML_READER_TYPE_ELEMENT:
		break;
	default:
		return RC_OK;
	}
	if (!g->root)
		return read_root(g, name, err);
	if (strcmp(name, "target") == 0)
		return read_target(g, err);
	if (strcmp(name, "case") == 0)
		return read_case(g, err);
	if (strcmp(name, "totals") == 0)
		g->totals = true;
	return RC_OK;
}

static enum rc read_all(struct reading *g, struct err *err)
{
	int more;
	while ((more = xmlTextReaderRead(g->xml)) == 1) {
		enum rc rc = read_node(g, err);
		if (rc != RC_OK)
			return rc;
	}
	if (more < 0 && !g->root)
		return err_at(err, RC_INPUT, g->path, g->line, "this is no results.xml of mtlspec: %s", g->complaint);
	if (more < 0)
		return err_at(err, RC_INPUT, g->path, g->line, "cut short or damaged: %s", g->complaint);
	if (!g->totals)
		return err_set(err, RC_INPUT, "%s is incomplete: it has no <totals>", g->path);
	return RC_OK;
}

static int by_id(const void *a, const void *b)
{
	const struct gate_case *x = a, *y = b;
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return strcmp(x->id, y->id);
}

static enum rc open_file(struct reading *g, const char *path, int *fd, struct err *err)
{
	g->path =
	    fs_is_dir(path) ? arena_printf(&g->r->arena, "%s/results.xml", path) : arena_strdup(&g->r->arena, path);
	g->r->path = g->path;
	*fd = open(g->path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return err_errno(err, RC_INPUT, "cannot read the results %s", g->path);
	g->xml = xmlReaderForFd(*fd, g->path, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT);
	if (!g->xml)
		return err_set(err, RC_FAULT, "cannot make an XML reader for %s", g->path);
	xmlTextReaderSetStructuredErrorHandler(g->xml, complain, g);
	return RC_OK;
}

enum rc gate_read(struct gate_results *r, const char *path, const struct pins *pins, const char *today, struct err *err)
{
	enum rc rc;
	int fd = -1;
	struct reading g = {.r = r, .pins = pins, .today = today};
	TRY(open_file(&g, path, &fd, err));
	TRY(read_all(&g, err));
	if (r->n)
		qsort(r->cases, r->n, sizeof *r->cases, by_id);
out:
	if (g.xml)
		xmlFreeTextReader(g.xml);
	if (fd >= 0)
		close(fd);
	arena_fini(&g.scratch);
	return rc;
}

void gate_results_fini(struct gate_results *r)
{
	arena_fini(&r->arena);
	free(r->targets);
	free(r->cases);
	*r = (struct gate_results){0};
}
