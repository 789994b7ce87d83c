/*
 * Any bytes as a suite, target or known-failures file: no crash, no leak, no fetch, the tree that libxml2 builds too,
 * a place for every complaint, and a plan for every suite that is accepted.
 */
#include "harness/plan/plan.h"
#include "harness/suite/load.h"
#include "harness/suite/xml.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME  "fuzz.xml"
#define MOST_CASES 50

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- the tree against libxml2's own --- */

/* What libxml2 makes of an attribute: references replaced. */
static void must_be_attribute(const struct attribute *mine, xmlDocPtr doc, const xmlAttr *theirs)
{
	char name[512];
	const char *prefix = theirs->ns && theirs->ns->prefix ? (const char *)theirs->ns->prefix : NULL;
	snprintf(name, sizeof name, "%s%s%s", prefix ? prefix : "", prefix ? ":" : "", (const char *)theirs->name);
	must(strncmp(mine->name, name, sizeof name - 1) == 0);
	xmlChar *value = xmlNodeListGetString(doc, theirs->children, 1);
	must(strcmp(mine->value, value ? (const char *)value : "") == 0);
	xmlFree(value);
}

static bool is_text(const xmlNode *n)
{
	return n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;
}

/* Only what stands directly inside, blanks cut off both ends. */
static void must_be_text(const char *mine, const xmlNode *theirs)
{
	xmlBufferPtr all = xmlBufferCreate();
	for (const xmlNode *n = theirs->children; n; n = n->next)
		if (is_text(n))
			xmlBufferCat(all, n->content);
	const char *text = (const char *)xmlBufferContent(all);
	size_t len = strlen(text), from = 0;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	while (from < len && isspace((unsigned char)text[from]))
		from++;
	must(strlen(mine) == len - from && memcmp(mine, text + from, len - from) == 0);
	xmlBufferFree(all);
}

static void must_be_tree(const struct node *mine, xmlDocPtr doc, const xmlNode *theirs, int parent_line)
{
	size_t n = 0;
	must(strcmp(mine->name, (const char *)theirs->name) == 0);
	/* libxml2 notes where the start tag ends, the loader where it begins; past 65535 libxml2 keeps no line. */
	long end = xmlGetLineNo(theirs);
	must(mine->where.line >= parent_line && (mine->where.line <= end || end >= 65535));
	for (const xmlAttr *a = theirs->properties; a; a = a->next, n++) {
		must(n < mine->n_attributes);
		must(mine->attributes[n].line >= mine->where.line && (mine->attributes[n].line <= end || end >= 65535));
		must_be_attribute(&mine->attributes[n], doc, a);
	}
	must(n == mine->n_attributes);
	must_be_text(mine->text, theirs);
	n = 0;
	for (const xmlNode *c = theirs->children; c; c = c->next) {
		if (c->type != XML_ELEMENT_NODE)
			continue;
		must(n < mine->n_children);
		must_be_tree(&mine->children[n++], doc, c, mine->where.line);
	}
	must(n == mine->n_children);
}

/* A complaint leaves no tree, but for one about mixed content. */
static const struct node *parse_both(struct arena *a, const void *data, size_t size)
{
	struct findings f = {.arena = a};
	const struct node *root = xml_parse(&f, a, FILE_NAME, data, size);
	must(root || f.n > 0);
	if (root) {
		xmlDocPtr doc =
		    xmlReadMemory(data, (int)size, FILE_NAME, NULL,
				  XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
		must(doc != NULL);
		must_be_tree(root, doc, xmlDocGetRootElement(doc), 1);
		xmlFreeDoc(doc);
	}
	findings_fini(&f);
	return root;
}

/* --- every text that was loaded can be read to its end --- */

static size_t read_so_far;

static void touch(const char *text)
{
	read_so_far += text ? strlen(text) : 0;
}

static void touch_all(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		touch(texts[i]);
}

static void touch_when(const struct when *w)
{
	for (size_t i = 0; i < w->n; i++) {
		touch(w->terms[i].key);
		touch(w->terms[i].pattern);
	}
}

static void touch_parameters(const struct parameter *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		touch(v[i].name);
		touch(v[i].value);
	}
}

static void touch_scenario(const struct scenario *s)
{
	touch_all((const char *const[]){s->suite, s->id, s->title, s->why, s->conditions, s->clause, s->needs}, 7);
	for (size_t i = 0; i < s->n_axes; i++) {
		touch(s->axes[i].name);
		touch_all(s->axes[i].values, s->axes[i].n);
	}
	for (size_t i = 0; i < s->n_expects; i++)
		touch_when(&s->expects[i].when);
	for (size_t i = 0; i < s->n_nevers; i++)
		touch_when(&s->nevers[i].when);
	for (size_t i = 0; i < s->n_clauses; i++)
		touch_when(&s->clauses[i].when);
	for (size_t i = 0; i < s->n_steps; i++)
		for (size_t j = 0; j < s->steps[i].n_attributes; j++)
			touch(s->steps[i].attributes[j].value);
}

static void touch_suite(const struct suite *s)
{
	for (size_t i = 0; i < s->n_conditions; i++)
		touch_all((const char *const[]){s->conditions[i].title, s->conditions[i].quote,
						s->conditions[i].openssl, s->conditions[i].openssl_reason},
			  4);
	for (size_t i = 0; i < s->n_scenarios; i++)
		touch_scenario(&s->scenarios[i]);
	for (size_t i = 0; i < s->n_requirements; i++)
		touch_all((const char *const[]){s->requirements[i].section, s->requirements[i].text}, 2);
	for (size_t i = 0; i < s->n_impossibles; i++) {
		touch_when(&s->impossibles[i].when);
		touch(s->impossibles[i].reason);
	}
	for (size_t i = 0; i < s->n_profiles; i++) {
		touch(s->profiles[i].title);
		for (size_t j = 0; j < s->profiles[i].n_lines; j++)
			touch_when(&s->profiles[i].lines[j].when);
	}
	for (size_t i = 0; i < s->n_diagnoses; i++) {
		const struct diagnosis *d = &s->diagnoses[i];
		touch(d->title);
		touch(d->match);
		touch_when(&d->when);
		touch_all(d->causes, d->n_causes);
		touch_all(d->checks, d->n_checks);
		touch_all(d->fixes, d->n_fixes);
	}
}

static void touch_target(const struct target *t)
{
	touch(t->title);
	touch_parameters(t->parameters, t->n_parameters);
	for (size_t i = 0; i < t->n_processes; i++) {
		const struct process *p = &t->processes[i];
		touch_all(p->arguments, p->n_arguments);
		touch_all(p->version, p->n_version);
		touch_parameters(p->env, p->n_env);
		for (size_t j = 0; j < p->n_arguments; j++)
			read_so_far += p->split[j];
		for (size_t j = 0; j < p->n_files; j++)
			touch_all((const char *const[]){p->files[j].from, p->files[j].to}, 2);
	}
	for (size_t i = 0; i < t->n_endpoints; i++)
		for (size_t j = 0; j < t->endpoints[i].n_names; j++)
			touch_all((const char *const[]){t->endpoints[i].names[j].id, t->endpoints[i].names[j].host}, 2);
	for (size_t i = 0; i < t->n_variants; i++) {
		touch_parameters(t->variants[i].sets, t->variants[i].n_sets);
		touch_all((const char *const[]){t->variants[i].profile, t->variants[i].has}, 2);
		for (size_t j = 0; j < t->variants[i].n_endpoints; j++)
			touch_all((const char *const[]){t->variants[i].endpoints[j].id, t->variants[i].endpoints[j].url}, 2);
	}
	for (size_t i = 0; i < t->n_identities; i++)
		touch_all((const char *const[]){t->identities[i].certificate, t->identities[i].key}, 2);
}

static void touch_pins(const struct pins *p)
{
	for (size_t i = 0; i < p->n; i++) {
		touch(p->rows[i].cases);
		touch_when(&p->rows[i].when);
	}
}

/* What a suite does not return: the roots that are read by calls of their own. */
static void read_alone(struct arena *a, const struct node *root)
{
	struct findings f = {.arena = a};
	if (strcmp(root->name, "target") == 0) {
		touch_target(target_read(&f, a, root, NULL));
	} else if (strcmp(root->name, "known-failures") == 0 || strcmp(root->name, "expected") == 0) {
		touch_pins(pins_read(&f, a, root));
	}
	findings_sort(&f);
	for (size_t i = 1; i < f.n; i++)
		must(f.rows[i - 1].where.line <= f.rows[i].where.line);
	findings_fini(&f);
}

/* --- what is accepted can be planned --- */

static void plan_all(struct arena *a, const struct suite *s)
{
	static const struct endpoint endpoints[] = {
	    {.id = "none", .negotiation = NEGOTIATION_NONE},
	    {.id = "optional", .negotiation = NEGOTIATION_OPTIONAL},
	    {.id = "required", .negotiation = NEGOTIATION_REQUIRED},
	};
	static const struct target target = {.id = "t",
					     .tls = BIT(TLS_1_2) | BIT(TLS_1_3),
					     .http = BIT(HTTP_1_0) | BIT(HTTP_1_1),
					     .endpoints = endpoints,
					     .n_endpoints = 3};
	const struct plan_spec spec = {
	    .suite = s, .target = &target, .impact = IMPACT_HOSTILE, .http_built = target.http};
	const struct plan *plan;
	struct err err = {0};
	char id[PLAN_ID_SIZE];
	if (!s->n_scenarios || plan_make(a, &spec, &plan, &err) != RC_OK)
		return;
	uint64_t cells = plan_cells(plan), step = cells / MOST_CASES + 1;
	for (uint64_t i = 0; i < cells; i += step) {
		struct kase k;
		const char *reason = NULL, *clause = NULL;
		uint64_t found;
		plan_case(plan, i, &k);
		must(k.number == i);
		plan_disposition(plan, &k, &reason, &clause);
		touch(reason);
		plan_id(&k, id);
		must(strlen(id) + 1 < sizeof id); /* not cut */
		err = (struct err){0};
		must(plan_find(plan, id, &found, &err) == RC_OK && found == i);
	}
}

/* --- the whole --- */

/* "fuzz.xml:LINE: sentence", with a line that the file has. */
static void must_be_complaint(const char *text, const uint8_t *data, size_t size)
{
	char *end;
	long lines = 1;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	must(strncmp(text, FILE_NAME ":", strlen(FILE_NAME ":")) == 0);
	long line = strtol(text + strlen(FILE_NAME ":"), &end, 10);
	must(line >= 1 && line <= lines && strncmp(end, ": ", 2) == 0 && end[2]);
}

static xmlParserInputPtr no_entity(const char *url, const char *id, xmlParserCtxtPtr parser)
{
	(void)url, (void)id, (void)parser;
	abort(); /* a document made us fetch something */
}

static void say_nothing(void *context, const char *fmt, ...)
{
	(void)context, (void)fmt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct err err = {0}, again = {0};
	const struct suite *suite = NULL, *second = NULL;
	xmlSetExternalEntityLoader(no_entity);
	xmlSetGenericErrorFunc(NULL, say_nothing); /* of the second parser */
	enum rc rc = load_bytes(&a, FILE_NAME, data, size, &suite, &err);
	must((rc == RC_OK) == (suite != NULL) && (rc == RC_OK) == (err.text[0] == '\0'));
	if (rc != RC_OK)
		must_be_complaint(err.text, data, size);
	must(load_bytes(&a, FILE_NAME, data, size, &second, &again) == rc && strcmp(err.text, again.text) == 0);
	const struct node *root = parse_both(&a, data, size);
	if (root)
		read_alone(&a, root);
	if (suite) {
		touch_suite(suite);
		plan_all(&a, suite);
	}
	arena_fini(&a);
	return 0;
}
