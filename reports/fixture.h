/*
 * fixture.h - one small run with every verdict and a hostile server, as C literals: what the tests of the reporters
 * feed. No product code uses it.
 */
#ifndef REPORTS_FIXTURE_H
#define REPORTS_FIXTURE_H

#include "reports/report.h"

struct fixture {
	bool strict, interrupted;
	bool hostile;  /* also a server that sends every bad byte it can think of */
	bool clean;    /* only what passes */
	unsigned many; /* so many further passing cases */
};

/* begin .. end on `r`; the rc of the first call that failed. */
enum rc fixture_feed(struct reporter *r, const struct fixture *f, struct err *err) MUST_USE;
/* The case of the fixture whose verdict is `v`, alone; its memory is static and lasts until the next call. */
const struct report_case *fixture_case(enum verdict v);
/* The whole file as a string to free(); NULL when there is none. */
char *fixture_slurp(const char *path);
/*
 * NULL when `path` holds exactly the bytes of `golden`, else the first line that differs.  With MTLSPEC_GOLDEN=write in
 * the environment the golden file is written instead: for a change that is meant, to be read in the diff.
 */
const char *fixture_same(const char *path, const char *golden);
/* NULL when the XML file is valid under the RELAX NG grammar, else the first complaint. */
const char *fixture_valid(const char *path, const char *grammar);

#endif
