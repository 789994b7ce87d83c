#include "harness/suite/relaxng.h"

#include "harness/base/fs.h"
#include "harness/suite/xml.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if LIBXML_VERSION >= 21200
typedef const xmlError *parser_error;
#else
typedef xmlErrorPtr parser_error;
#endif

#define MAX_GRAMMARS   16
#define MAX_COMPLAINTS 5

struct relaxng {
	struct arena arena;
	const char *dir;
	struct {
		const char *root;
		xmlRelaxNGPtr grammar;
	} rows[MAX_GRAMMARS];
	size_t n;
};

/* Where the complaints of one document or grammar go. */
struct complaints {
	struct findings *findings; /* NULL: the first goes into `first` */
	const char *file;
	char first[340]; /* a text and its line */
	size_t n;
};

static void take(void *context, parser_error e)
{
	struct complaints *c = context;
	char text[300];
	snprintf(text, sizeof text, "%s", e->message ? e->message : "unknown");
	for (size_t n = strlen(text); n && isspace((unsigned char)text[n - 1]); n--)
		text[n - 1] = '\0';
	if (!c->findings && !c->n)
		snprintf(c->first, sizeof c->first, "line %d: %s", e->line, text);
	if (c->findings && c->n < MAX_COMPLAINTS)
		findings_add(c->findings, (struct where){c->file, e->line > 0 ? e->line : 1}, "grammar: %s", text);
	c->n++;
}

void relaxng_open(struct relaxng **r, const char *dir)
{
	*r = mem_alloc(sizeof **r);
	**r = (struct relaxng){0};
	(*r)->dir = arena_strdup(&(*r)->arena, dir);
}

void relaxng_close(struct relaxng **r)
{
	if (!*r)
		return;
	for (size_t i = 0; i < (*r)->n; i++)
		xmlRelaxNGFree((*r)->rows[i].grammar);
	arena_fini(&(*r)->arena);
	free(*r);
	*r = NULL;
}

static enum rc grammar_of(struct relaxng *r, const char *root, xmlRelaxNGPtr *out, struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->rows[i].root, root) == 0) {
			*out = r->rows[i].grammar;
			return RC_OK;
		}
	}
	const char *path = arena_printf(&r->arena, "%s/%s.rng", r->dir, root);
	if (r->n == MAX_GRAMMARS || !fs_exists(path))
		return err_set(err, RC_FAULT, "no grammar %s", path);
	struct complaints c = {.file = path};
	xmlRelaxNGParserCtxtPtr parser = xmlRelaxNGNewParserCtxt(path);
	if (!parser)
		return err_set(err, RC_FAULT, "cannot read the grammar %s", path);
	xmlRelaxNGSetParserStructuredErrors(parser, take, &c);
	*out = xmlRelaxNGParse(parser);
	xmlRelaxNGFreeParserCtxt(parser);
	if (!*out)
		return err_set(err, RC_FAULT, "the grammar %s is broken: %s", path, c.first);
	r->rows[r->n].root = arena_strdup(&r->arena, root);
	r->rows[r->n++].grammar = *out;
	return RC_OK;
}

enum rc relaxng_check(struct relaxng *r, struct findings *f, const char *root, const char *path, struct err *err)
{
	enum rc rc;
	xmlRelaxNGPtr grammar;
	xmlRelaxNGValidCtxtPtr valid = NULL;
	xmlDocPtr doc = NULL;
	/* Includes of grammars are local files; nothing else is ever opened by name. */
	xmlExternalEntityLoader before = xmlGetExternalEntityLoader();
	xmlSetExternalEntityLoader(xmlNoNetExternalEntityLoader);
	TRY(grammar_of(r, root, &grammar, err));
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!doc)
		TRY(err_set(err, RC_FAULT, "%s could be read once, but not twice", path));
	valid = xmlRelaxNGNewValidCtxt(grammar);
	if (!valid)
		TRY(err_set(err, RC_FAULT, "no memory to validate %s", path));
	struct complaints c = {.findings = f, .file = path};
	xmlRelaxNGSetValidStructuredErrors(valid, take, &c);
	if (xmlRelaxNGValidateDoc(valid, doc) != 0 && !c.n)
		findings_add(f, (struct where){path, 1}, "grammar: does not hold for this document");
out:
	xmlRelaxNGFreeValidCtxt(valid);
	xmlFreeDoc(doc);
	xmlSetExternalEntityLoader(before);
	return rc;
}
