#include "harness/suite/xml.h"

#include "harness/base/fs.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if LIBXML_VERSION >= 21200
typedef const xmlError *parser_error;
#else
typedef xmlErrorPtr parser_error;
#endif

/* An element whose end has not come yet: its children are the nodes behind `first`, its text is behind `text_at`. */
struct open_element {
	struct node node;
	size_t first, text_at;
};

struct parse {
	struct findings *findings;
	struct arena *arena;
	const char *file;
	xmlParserCtxtPtr parser;   /* borrowed */
	struct open_element *open; /* owned, like the two below */
	struct node *nodes;
	char *text;
	size_t n_open, cap_open, n_nodes, cap_nodes, n_text, cap_text;
	bool failed;
};

static void fail(struct parse *p, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* One finding a document: what follows the first would be guesses. */
static void fail(struct parse *p, int line, const char *fmt, ...)
{
	char text[600];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (!p->failed)
		findings_add(p->findings, (struct where){p->file, line > 0 ? line : 1}, "%s", text);
	p->failed = true;
	xmlStopParser(p->parser);
}

/*
 * The start tag as it is written ends at the parser's cursor, and "<" cannot stand in an attribute (XML 1.0, 3.1), so
 * the tag begins at the last "<" before it.
 */
static const char *tag_start(const struct parse *p, int *line)
{
	const xmlParserInput *in = p->parser->input;
	const char *at = (const char *)in->cur;
	*line = in->line;
	while (at > (const char *)in->base && *at != '<') {
		at--;
		*line -= *at == '\n';
	}
	return at;
}

/* Move over one name="value" of a start tag, counting lines; false at the end of the tag. */
static bool next_attribute(const char **at, const char *end, int *line, const char **name, size_t *len, int *name_line)
{
	const char *p = *at;
	while (p < end && isspace((unsigned char)*p))
		*line += *p++ == '\n';
	*name = p;
	*name_line = *line;
	while (p < end && *p != '=' && !isspace((unsigned char)*p))
		p++;
	*len = (size_t)(p - *name);
	while (p < end && *p != '"' && *p != '\'')
		*line += *p++ == '\n';
	if (p >= end)
		return false;
	const char quote = *p++;
	while (p < end && *p != quote)
		*line += *p++ == '\n';
	*at = p < end ? p + 1 : end;
	return true;
}

/* Give each attribute the line of its name. */
static void place_attributes(const struct parse *p, const char *at, int line, struct attribute *attributes, size_t n)
{
	const char *end = (const char *)p->parser->input->cur, *name;
	size_t len;
	int name_line;
	while (at < end && !isspace((unsigned char)*at))
		at++;
	while (next_attribute(&at, end, &line, &name, &len, &name_line))
		for (size_t i = 0; i < n; i++)
			if (strlen(attributes[i].name) == len && memcmp(attributes[i].name, name, len) == 0)
				attributes[i].line = name_line;
}

static void take_attributes(struct parse *p, struct node *node, const xmlChar **raw, size_t n, const char *tag)
{
	struct attribute *v = ARENA_NEW(p->arena, struct attribute, n);
	for (size_t i = 0; i < n; i++) {
		const xmlChar **a = raw + i * 5; /* local name, prefix, namespace, value, end of value */
		v[i].name = a[1] ? arena_printf(p->arena, "%s:%s", (const char *)a[1], (const char *)a[0])
				 : arena_strdup(p->arena, (const char *)a[0]);
		v[i].value = arena_strndup(p->arena, (const char *)a[3], (size_t)(a[4] - a[3]));
		v[i].line = node->where.line;
	}
	place_attributes(p, tag, node->where.line, v, n);
	node->attributes = v;
	node->n_attributes = n;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
		     const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct parse *p = context;
	struct open_element e = {.first = p->n_nodes, .text_at = p->n_text};
	(void)prefix, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
	if (p->failed)
		return;
	const char *tag = tag_start(p, &e.node.where.line);
	e.node.where.file = p->file;
	e.node.name = arena_strdup(p->arena, (const char *)name);
	if (!uri || strcmp((const char *)uri, XML_NAMESPACE) != 0) {
		fail(p, e.node.where.line,
		     "<%s> is not in the namespace: write xmlns=\"" XML_NAMESPACE "\" on the root", e.node.name);
		return;
	}
	take_attributes(p, &e.node, attributes, (size_t)n_attributes, tag);
	*VEC_PUSH(p->open, p->n_open, p->cap_open) = e;
}

/* The text behind `from` without blanks around it. */
static const char *trimmed(struct parse *p, size_t from)
{
	size_t to = p->n_text;
	while (from < to && isspace((unsigned char)p->text[from]))
		from++;
	while (from < to && isspace((unsigned char)p->text[to - 1]))
		to--;
	return from < to ? arena_strndup(p->arena, p->text + from, to - from) : "";
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct parse *p = context;
	(void)name, (void)prefix, (void)uri;
	if (p->failed)
		return;
	struct open_element e = p->open[--p->n_open];
	struct node *node = &e.node;
	node->text = trimmed(p, e.text_at);
	node->n_children = p->n_nodes - e.first;
	if (node->n_children)
		node->children = arena_memdup(p->arena, p->nodes + e.first, node->n_children * sizeof *node);
	if (node->n_children && *node->text)
		findings_add(p->findings, node->where, "text beside elements in <%s>", node->name);
	p->n_nodes = e.first;
	p->n_text = e.text_at;
	*VEC_PUSH(p->nodes, p->n_nodes, p->cap_nodes) = *node;
}

static void on_text(void *context, const xmlChar *text, int len)
{
	struct parse *p = context;
	for (int i = 0; i < len; i++)
		*VEC_PUSH(p->text, p->n_text, p->cap_text) = (char)text[i];
}

/* Refused before its first declaration is read: neither an external entity nor a bomb gets as far as being known. */
static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct parse *p = context;
	(void)external, (void)system;
	fail(p, p->parser->input->line,
	     "<!DOCTYPE %s>: document type declarations, entities and external files are refused", (const char *)name);
}

static void on_error(void *context, parser_error e)
{
	struct parse *p = context;
	char text[400];
	if (p->failed || e->level < XML_ERR_ERROR)
		return;
	/* The sentence; the lines behind it quote the input. */
	snprintf(text, sizeof text, "%.*s", (int)strcspn(e->message ? e->message : "", "\n"),
		 e->message ? e->message : "");
	fail(p, e->line, "not well-formed: %s", text);
}

static void say_nothing(void *context, const char *fmt, ...)
{
	(void)context, (void)fmt;
}

/*
 * Some faults of an encoding have no parser to complain to: libxml2 prints them, keeps them as its last error, and
 * takes what came before them for the whole.  At a NUL behind the root it just stops.
 */
static void check_whole(struct parse *p)
{
	const xmlParserInput *in = p->parser->input;
	const xmlError *last = xmlGetLastError();
	int line = in ? in->line : 1;
	if (last && last->level >= XML_ERR_ERROR)
		fail(p, line, "not well-formed: %.*s", (int)strcspn(last->message ? last->message : "", "\n"),
		     last->message ? last->message : "");
	else if (!p->parser->wellFormed)
		fail(p, line, "not well-formed");
	else if (in && in->cur < in->end)
		fail(p, line, "not well-formed: a byte behind the end that is no character");
}

const struct node *xml_parse(struct findings *f, struct arena *a, const char *file, const void *data, size_t len)
{
	struct parse p = {.findings = f, .arena = a, .file = file};
	const struct node *root = NULL;
	if (len > XML_MAX_BYTES) {
		findings_add(f, (struct where){file, 1}, "file is too large: %zu bytes, at most %zu are read", len,
			     XML_MAX_BYTES);
		return NULL;
	}
	p.parser = xmlNewParserCtxt();
	if (!p.parser)
		abort(); /* as any allocation */
	memset(p.parser->sax, 0, sizeof *p.parser->sax);
	p.parser->sax->initialized = XML_SAX2_MAGIC;
	p.parser->sax->startElementNs = on_start;
	p.parser->sax->endElementNs = on_end;
	p.parser->sax->characters = on_text;
	p.parser->sax->ignorableWhitespace = on_text;
	p.parser->sax->internalSubset = on_doctype;
	p.parser->sax->serror = on_error;
	p.parser->userData = &p;
	xmlGenericErrorFunc print = xmlGenericError;
	void *print_context = xmlGenericErrorContext;
	xmlSetGenericErrorFunc(NULL, say_nothing);
	xmlResetLastError();
	/* NOENT, or "&amp;" in an attribute comes as "&#38;"; without a DTD there is no other entity to replace. */
	xmlDocPtr doc = xmlCtxtReadMemory(p.parser, data, (int)len, file, NULL, XML_PARSE_NONET | XML_PARSE_NOENT);
	xmlSetGenericErrorFunc(print_context, print);
	if (!p.failed)
		check_whole(&p);
	if (!p.failed && p.n_nodes == 1)
		root = arena_memdup(a, p.nodes, sizeof *p.nodes);
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(p.parser);
	free(p.open);
	free(p.nodes);
	free(p.text);
	return root;
}

enum rc xml_read(struct findings *f, struct arena *a, const char *path, const struct node **out, struct err *err)
{
	struct arena bytes = {0};
	struct err why = {0};
	char *data;
	size_t len, n = strlen(path);
	*out = NULL;
	enum rc rc = fs_read(&bytes, path, XML_MAX_BYTES, &data, &len, &why);
	if (rc == RC_OK)
		*out = xml_parse(f, a, path, data, len);
	else if (rc == RC_INPUT) /* too large, or no regular file: "PATH is ..." */
		findings_add(f, (struct where){path, 1}, "file%s",
			     strncmp(why.text, path, n) == 0 ? why.text + n : why.text);
	else
		err_set(err, rc, "%s", why.text);
	arena_fini(&bytes);
	return rc == RC_INPUT ? RC_OK : rc;
}
