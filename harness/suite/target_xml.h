/* target_xml.h - what the two readers of target files share.  Reads nodes only. */
#ifndef HARNESS_SUITE_TARGET_XML_H
#define HARNESS_SUITE_TARGET_XML_H

#include "harness/suite/findings.h"
#include "harness/suite/model.h"
#include "harness/suite/read.h"

struct target_reading {
	struct findings *findings;
	struct arena *arena;
	struct target *target; /* parameters are read first */
};

/* <process>, in process_xml.c. */
void process_read(struct target_reading *r, const struct node *n, struct process *out);

/* A finding for every @WORD@ that is neither a parameter nor known to the harness; @@ is a literal @. */
void placeholders_check(struct target_reading *r, struct where where, const char *text);

/* Children of one name as parameters: name= and value=. */
const struct parameter *parameters_read(struct target_reading *r, const struct node *n, const char *element,
					size_t *count);

#endif
