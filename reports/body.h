/*
 * body.h - the words about one case that JUnit, results.xml and the console share.  Bounded, cleaned, plain text.
 */
#ifndef REPORTS_BODY_H
#define REPORTS_BODY_H

#include "reports/report.h"

#define BODY_MAX	 8000 /* bytes of report_body once escaped for XML; JUnit promises 8 kB */
#define BODY_MESSAGE_MAX 400  /* bytes of body_message before escaping */

/* "false-accept: an expired leaf was accepted (R-081)": one line. */
void body_message(struct buf *b, const struct report_case *c);
/* The same with what was expected and observed, for cases that pass with a note. */
void body_note(struct buf *b, const struct report_case *c);
/* "R-081 (RFC 5280 6.1.3(a)(2), MUST): paraphrase", a line a clause; `indent` stands before each. */
void body_clauses(struct buf *b, const struct suite *s, const char *clauses, const char *indent);
/* "suite/scenario condition=leaf-expired": what failing cells have in common. */
void body_group(struct buf *b, const struct report_case *c);

#endif
