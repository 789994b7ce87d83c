/*
 * xml.h - XML text into trees of struct node: the only place that talks to libxml2's parser.  Nothing is fetched, no
 * DTD is read and no entity but the five of XML is expanded: a document type declaration is refused where it stands.
 */
#ifndef HARNESS_SUITE_XML_H
#define HARNESS_SUITE_XML_H

#include "harness/suite/findings.h"
#include "harness/suite/model.h"

#define XML_NAMESPACE "urn:mtlspec:1"
#define XML_MAX_BYTES ((size_t)8 << 20)

/*
 * The root element, or NULL after a finding.  Text is trimmed; elements hold either text or elements.  Lines are those
 * where an element or attribute begins.  `file` must live as long as the arena.
 */
const struct node *xml_parse(struct findings *f, struct arena *a, const char *file, const void *data, size_t len);
/* The same for a file; RC_ABSENT when there is none, RC_OK with *out NULL after a finding. */
enum rc xml_read(struct findings *f, struct arena *a, const char *path, const struct node **out,
		 struct err *err) MUST_USE;

#endif
