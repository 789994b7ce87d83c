#include "harness/suite/load.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/plan/plan.h"
#include "harness/suite/suite.h"
#include "harness/suite/xml.h"

#include <stdio.h>
#include <string.h>

#define NS " xmlns=\"" XML_NAMESPACE "\""

static struct arena arena;

static void fini(void)
{
	arena_fini(&arena);
}

/* What load_bytes says of a file f.xml, or "" when it likes it. */
static const char *complaint(const char *text)
{
	static struct err err;
	const struct suite *suite;
	err = (struct err){0};
	enum rc rc = load_bytes(&arena, "f.xml", text, strlen(text), &suite, &err);
	ck_assert_int_eq(rc, err.text[0] ? RC_INPUT : RC_OK);
	return err.text;
}

static const struct {
	const char *name, *text, *complaint; /* the beginning of it */
} bad[] = {
	{"empty file", "", "f.xml:1: not well-formed: "},
	{"not well-formed", "<scenarios" NS ">\n<scenario>\n</scenarios>", "f.xml:3: not well-formed: "},
	{"undefined entity", "<scenarios" NS ">\n&lol;</scenarios>", "f.xml:2: not well-formed: Entity 'lol' not defined"},
	{"no namespace", "<scenarios/>", "f.xml:1: <scenarios> is not in the namespace"},
	{"unknown root", "<nonsense" NS "/>", "f.xml:1: unknown root <nonsense>; legal: suite scenarios"},
};

START_TEST(bad_inputs)
{
	ck_assert_msg(strncmp(complaint(bad[_i].text), bad[_i].complaint, strlen(bad[_i].complaint)) == 0, "%s: \"%s\"", bad[_i].name,
		      complaint(bad[_i].text));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("load");
	TCase *t = tcase_create("load");
	tcase_add_checked_fixture(t, NULL, fini);
	tcase_add_loop_test(t, bad_inputs, 0, sizeof bad / sizeof *bad);
	suite_add_tcase(s, t);
	return s;
}
