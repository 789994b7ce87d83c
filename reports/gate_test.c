#include "reports/gate.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/suite/suite.h"
#include "reports/fixture.h"
#include "reports/gate_read.h"

#include <stdlib.h>
#include <string.h>

static struct rundir dir;
static struct err err;
static struct arena arena;

static void setup(void)
{
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
}

static void teardown(void)
{
	arena_fini(&arena);
	rundir_close(&dir);
}

static const char *file(const char *name)
{
	return arena_printf(&arena, "%s/%s", dir.path, name);
}

/* Cases as "VERDICT ID [formerly ID]" lines; a line "target KEY" begins another target. */
static const char *results(const char *name, const char *lines)
{
	struct buf b;
	char key[64];
	bool in = false;
	buf_init(&b, 1u << 20);
	buf_adds(
	    &b,
	    "<results xmlns=\"urn:mtlspec:1\" format=\"1\" suite-digest=\"d\" selection=\"\" interrupted=\"no\">\n");
	for (const char *p = lines; *p;) {
		char verdict[64], id[200], former[200] = "";
		size_t len = strcspn(p, "\n");
		char *line = arena_strndup(&arena, p, len);
		if (sscanf(line, "target %63s", key) == 1)
			buf_addf(&b, "%s<target index=\"0\" key=\"%s\" id=\"%s\" name=\"%s:variant\" version=\"1.22.1\">\n",
				 in ? "</target>\n" : "", key, key, key);
		else if (sscanf(line, "%63s %199s formerly %199s", verdict, id, former) >= 2)
			buf_addf(
			    &b,
			    "<case id=\"s/%s[tls=1.3,negotiation=required,http=1.1,condition=c]\" verdict=\"%s\" "
			    "severity=\"%s\" reason=\"why\"%s/>\n",
			    id, verdict, strstr(id, "minor") ? "low" : "high",
			    former[0]
				? arena_printf(
				      &arena,
				      " formerly=\"x/y[] s/%s[tls=1.3,negotiation=required,http=1.1,condition=c]\"",
				      former)
			    : strcmp(verdict, "known-failure") == 0 ? " judged=\"false-accept\""
								    : "");
		in = true;
		p += p[len] ? len + 1 : len;
	}
	buf_adds(&b, in ? "</target>\n<totals/></results>\n" : "<totals/></results>\n");
	ck_assert_int_eq(fs_write(file(name), b.data, b.len, 0644, &err), RC_OK);
	buf_fini(&b);
	return file(name);
}

static const struct {
	const char *name, *before, *after;
	struct gate_spec spec;
	uint64_t n[GATE__COUNT];
	bool passed;
} rows[] = {
	{"nothing changed",
     "target t\npass a\nfalse-accept b",
     "target t\nfalse-accept b\npass a",
     {0},
     {[GATE_STILL] = 1},
     true},
	{"a new failure", "target t\npass a", "target t\nfalse-accept a", {0}, {[GATE_NEW] = 1}, false},
	{"fixed", "target t\nfalse-accept a", "target t\npass a", {0}, {[GATE_FIXED] = 1}, true},
	{"observed and deviation are no failures",
     "target t\npass a\npass b",
     "target t\nobserved a\ndeviation b",
     {0},
     {0},
     true},
	{"strict: a deviation is", "target t\npass b", "target t\ndeviation b", {.strict = true}, {[GATE_NEW] = 1}, false},
	{"flaky is no failure", "target t\npass a", "target t\nflaky a", {0}, {0}, true},
	{"graver is new", "target t\nfalse-reject a", "target t\nfalse-accept a", {0}, {[GATE_NEW] = 1}, false},
	{"milder is still failing", "target t\nfalse-accept a", "target t\nfalse-reject a", {0}, {[GATE_STILL] = 1}, true},
	{"inconclusive is new", "target t\npass a", "target t\ninconclusive a", {0}, {[GATE_NEW] = 1}, false},
	{"broken stays broken", "target t\nbroken a", "target t\ninconclusive a", {0}, {[GATE_STILL] = 1}, true},
	{"a crash is new beside all else", "target t\nfalse-accept a", "target t\ncrash a", {0}, {[GATE_NEW] = 1}, false},
	{"new in the suite", "target t\npass a", "target t\npass a\npass b", {0}, {[GATE_ADDED] = 1}, true},
	{"new and failing", "target t\npass a", "target t\npass a\nfalse-accept b", {0}, {[GATE_ADDED_FAILING] = 1}, false},
	{"new and failing, allowed",
     "target t\npass a",
     "target t\npass a\nfalse-accept b",
     {.allow_added = true},
     {[GATE_ADDED_FAILING] = 1},
     true},
	{"new allowed, yet worse elsewhere",
     "target t\npass a",
     "target t\ncrash a\nfalse-accept b",
     {.allow_added = true},
     {[GATE_ADDED_FAILING] = 1, [GATE_NEW] = 1},
     false},
	{"disappeared", "target t\npass a\npass b", "target t\npass a", {0}, {[GATE_DISAPPEARED] = 1}, false},
	{"disappeared, allowed",
     "target t\npass a\npass b",
     "target t\npass a",
     {.allow_disappeared = true},
     {[GATE_DISAPPEARED] = 1},
     true},
	{"renamed", "target t\npass old", "target t\npass a formerly old", {0}, {0}, true},
	{"renamed and worse", "target t\npass old", "target t\nviolation a formerly old", {0}, {[GATE_NEW] = 1}, false},
	{"known", "target t\npass a", "target t\nknown-failure a", {0}, {[GATE_KNOWN] = 1}, true},
	{"known before, fixed", "target t\nknown-failure a", "target t\npass a", {0}, {[GATE_FIXED] = 1}, true},
	{"known before, not pinned now",
     "target t\nknown-failure a",
     "target t\nfalse-accept a",
     {0},
     {[GATE_STILL] = 1},
     true},
	{"unexpected pass", "target t\nknown-failure a", "target t\nunexpected-pass a", {0}, {[GATE_STILL] = 1}, true},
	{"unexpected pass of a good one", "target t\npass a", "target t\nunexpected-pass a", {0}, {[GATE_NEW] = 1}, false},
	{"below fail-on",
     "target t\npass minor",
     "target t\nfalse-reject minor",
     {.fail_on = SEVERITY_MEDIUM},
     {[GATE_NEW] = 1},
     true},
	{"below fail-on, but a crash",
     "target t\npass minor",
     "target t\ncrash minor",
     {.fail_on = SEVERITY_MEDIUM},
     {[GATE_NEW] = 1},
     false},
	{"below fail-on, but unproven",
     "target t\npass minor",
     "target t\nbroken minor",
     {.fail_on = SEVERITY_MEDIUM},
     {[GATE_NEW] = 1},
     false},
	{"one target each, renamed", "target nginx\npass a", "target nginx-1-27\npass a", {0}, {0}, true},
	{"same id at two targets",
     "target t\npass a\ntarget u\nfalse-accept a",
     "target u\nfalse-accept a\ntarget t\npass a",
     {0},
     {[GATE_STILL] = 1},
     true},
	{"a target more", "target t\npass a", "target t\npass a\ntarget u\npass a", {0}, {[GATE_ADDED] = 1}, true},
	{"a target less", "target t\npass a\ntarget u\npass a", "target t\npass a", {0}, {[GATE_DISAPPEARED] = 1}, false},
	{"empty baseline", "", "target t\npass a", {0}, {[GATE_ADDED] = 1}, true},
	{"empty both", "", "", {0}, {0}, true},
};

START_TEST(compares)
{
	struct gate_results before = {0}, after = {0};
	struct gate_counts counts;
	FILE *out = fopen(file("out.txt"), "w");
	ck_assert_int_eq(gate_read(&before, results("before.xml", rows[_i].before), NULL, NULL, &err), RC_OK);
	ck_assert_int_eq(gate_read(&after, results("after.xml", rows[_i].after), NULL, NULL, &err), RC_OK);
	ck_assert_int_eq(gate_compare(&before, &after, &rows[_i].spec, out, &counts, &err), RC_OK);
	for (int kind = 0; kind < GATE__COUNT; kind++)
		ck_assert_msg(counts.n[kind] == rows[_i].n[kind], "%s: %d %s", rows[_i].name, (int)counts.n[kind],
			      gate_kind_text((enum gate_kind)kind));
	ck_assert_msg(counts.passed == rows[_i].passed, "%s", rows[_i].name);
	fclose(out);
	gate_results_fini(&before);
	gate_results_fini(&after);
}
END_TEST

/* The words of a comparison in which everything happens, of files that the reporter wrote. */
START_TEST(golden)
{
	struct fixture good = {.clean = true}, full = {.interrupted = true};
	const struct fixture *fixtures[] = {&good, &full};
	const char *names[] = {"before.xml", "after.xml"};
	struct gate_results r[2] = {{.n = 0}, {.n = 0}};
	struct gate_counts counts;
	struct gate_spec spec = {.shown = 2};
	for (int i = 0; i < 2; i++) {
		struct reporter w;
		ck_assert_int_eq(results_open(&w, file(names[i]), &err), RC_OK);
		ck_assert_int_eq(fixture_feed(&w, fixtures[i], &err), RC_OK);
		w.ops->close(&w);
		ck_assert_int_eq(gate_read(&r[i], file(names[i]), NULL, NULL, &err), RC_OK);
		r[i].path = names[i];
	}
	FILE *out = fopen(file("out.txt"), "w");
	ck_assert_int_eq(gate_compare(&r[0], &r[1], &spec, out, &counts, &err), RC_OK);
	fclose(out);
	const char *why = fixture_same(file("out.txt"), "reports/golden/gate.txt");
	ck_assert_msg(!why, "%s", why);
	gate_results_fini(&r[0]);
	gate_results_fini(&r[1]);
}
END_TEST

static const struct {
	const char *name, *text, *says;
} damaged[] = {
	{"empty", "", "no results.xml of mtlspec"},
	{"not XML", "hello\n", "no results.xml of mtlspec"},
	{"JUnit", "<testsuites><testsuite/></testsuites>", "its root is testsuites"},
	{"no namespace", "<results format=\"1\"><totals/></results>", "its root is results"},
	{"another format", "<results xmlns=\"urn:mtlspec:1\" format=\"2\"><totals/></results>", "another format"},
	{"cut short",
     "<results xmlns=\"urn:mtlspec:1\" format=\"1\">\n<target key=\"t\">\n<case id=\"a\" verdict=\"pass\" "
     "severity=\"low\"",
     ":3: cut short"},
	{"no totals", "<results xmlns=\"urn:mtlspec:1\" format=\"1\"></results>", "no <totals>"},
	{"odd verdict",
     "<results xmlns=\"urn:mtlspec:1\" format=\"1\"><target key=\"t\">\n<case id=\"a\" verdict=\"fine\" "
     "severity=\"low\"/></target><totals/></results>",
     ":2: unknown verdict fine"},
	{"odd severity",
     "<results xmlns=\"urn:mtlspec:1\" format=\"1\"><target key=\"t\"><case id=\"a\" "
     "verdict=\"pass\"/></target><totals/></results>",
     "unknown severity (absent)"},
	{"case without id",
     "<results xmlns=\"urn:mtlspec:1\" format=\"1\"><target key=\"t\"><case "
     "verdict=\"pass\"/></target><totals/></results>",
     "without an id"},
	{"case outside",
     "<results xmlns=\"urn:mtlspec:1\" format=\"1\"><case id=\"a\" verdict=\"pass\" severity=\"low\"/></results>",
     "outside of a target"},
	{"keyless target", "<results xmlns=\"urn:mtlspec:1\" format=\"1\"><target name=\"n\"/></results>",
     "without a key: n"},
	{"billion laughs",
     "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><results xmlns=\"urn:mtlspec:1\" format=\"1\" "
     "selection=\"&b;\"/>",
     "document type"},
};

START_TEST(refuses)
{
	struct gate_results r = {0};
	ck_assert_int_eq(fs_write(file("r.xml"), damaged[_i].text, strlen(damaged[_i].text), 0644, &err), RC_OK);
	ck_assert_msg(gate_read(&r, file("r.xml"), NULL, NULL, &err) == RC_INPUT, "%s", damaged[_i].name);
	ck_assert_msg(strstr(err.text, damaged[_i].says) && strstr(err.text, "r.xml"), "%s: %s", damaged[_i].name,
		      err.text);
	gate_results_fini(&r);
}
END_TEST

START_TEST(absent)
{
	struct gate_results r = {0};
	ck_assert_int_eq(gate_read(&r, file("absent.xml"), NULL, NULL, &err), RC_INPUT);
	ck_assert_ptr_nonnull(strstr(err.text, "absent.xml: No such file"));
	gate_results_fini(&r);
	err.text[0] = '\0';
	ck_assert_int_eq(gate_read(&r, dir.path, NULL, NULL, &err), RC_INPUT);
	ck_assert_ptr_nonnull(strstr(err.text, "/results.xml: No such file"));
	results("results.xml", "target t\npass a");
	gate_results_fini(&r);
	ck_assert_int_eq(gate_read(&r, dir.path, NULL, NULL, &err), RC_OK);
	ck_assert_uint_eq(r.n, 1);
	gate_results_fini(&r);
}
END_TEST

static const char *const ids[] = {
	"chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]",
	"chain/chain[tls=1.2,negotiation=by-name,http=2,client=browser,condition=own:production]",
	"body/limit[tls=1.3,negotiation=renegotiation,http=1.0,size=limit+1,expect-continue=no]",
	"a/b[tls=1.0,negotiation=none,http=3,endpoint=second,condition=c]",
};
static const char *const no_ids[] = {"",
				     "a",
				     "a/b",
				     "a/b[",
				     "a/b[tls=1.3]",
				     "a/b[tls=9,negotiation=none,http=2]",
				     "[a/b]",
				     "a/b[negotiation=none,tls=1.3,http=2]",
				     "a/b[tls=1.3,negotiation=none,http=2]x",
				     "a/b[tls=1.3,negotiation=none,http=2,a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9]"};

START_TEST(cells)
{
	struct kase k;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		ck_assert_msg(gate_cell(&arena, ids[i], CLIENT_WILLING, &k), "%s", ids[i]);
	ck_assert_str_eq(plan_value(&k, "condition"), "c");
	ck_assert(gate_cell(&arena, ids[2], CLIENT_BROWSER, &k));
	ck_assert_str_eq(plan_value(&k, "size"), "limit+1");
	ck_assert_str_eq(plan_value(&k, "client"), "browser");
	for (size_t i = 0; i < sizeof no_ids / sizeof *no_ids; i++)
		ck_assert_msg(!gate_cell(&arena, no_ids[i], CLIENT_WILLING, &k), "%s", no_ids[i]);
}
END_TEST

static const struct {
	const char *name, *attributes, *verdict, *today;
	enum verdict want;
} pinned[] = {
	{"matches", "case='s/a*' target='t' verdict='false-accept'", "false-accept", "2026-11-24", VERDICT_KNOWN_FAILURE},
	{"last day", "case='s/a*' verdict='false-accept' until='2026-11-24'", "false-accept", "2026-11-24",
     VERDICT_KNOWN_FAILURE},
	{"out of date", "case='s/a*' verdict='false-accept' until='2026-11-23'", "false-accept", "2026-11-24",
     VERDICT_UNEXPECTED_PASS},
	{"another verdict", "case='s/a*' verdict='false-reject'", "false-accept", "2026-11-24", VERDICT_FALSE_ACCEPT},
	{"another target", "case='s/a*' target='u' verdict='false-accept'", "false-accept", "2026-11-24",
     VERDICT_FALSE_ACCEPT},
	{"a variant by its name", "case='*' target='t:v*' verdict='false-accept'", "false-accept", "2026-11-24",
     VERDICT_KNOWN_FAILURE},
	{"another variant", "case='*' target='t:w*' verdict='false-accept'", "false-accept", "2026-11-24",
     VERDICT_FALSE_ACCEPT},
	{"another cell", "case='*' when='tls=1.2' verdict='false-accept'", "false-accept", "2026-11-24",
     VERDICT_FALSE_ACCEPT},
	{"this cell and version", "case='*' when='tls=1.3 version=&lt;1.23' verdict='false-accept'", "false-accept",
     "2026-11-24", VERDICT_KNOWN_FAILURE},
	{"passes", "case='*' verdict='false-accept'", "pass", "2026-11-24", VERDICT_UNEXPECTED_PASS},
	{"known to the run, not here", "case='s/b*' verdict='false-accept'", "known-failure", "2026-11-24",
     VERDICT_FALSE_ACCEPT},
};

START_TEST(known_failures)
{
	const struct pins *pins;
	struct gate_results r = {0};
	const char *text = arena_printf(
	    &arena, "<known-failures xmlns='urn:mtlspec:1'><failure %s reason='because'/></known-failures>",
	    pinned[_i].attributes);
	ck_assert_int_eq(fs_write(file("known.xml"), text, strlen(text), 0644, &err), RC_OK);
	enum rc rc = pins_load(&arena, file("known.xml"), &pins, &err);
	ck_assert_msg(rc == RC_OK, "%s: %s", pinned[_i].name, err.text);
	const char *path = results("r.xml", arena_printf(&arena, "target t\n%s a", pinned[_i].verdict));
	ck_assert_int_eq(gate_read(&r, path, pins, pinned[_i].today, &err), RC_OK);
	ck_assert_msg(r.cases[0].verdict == pinned[_i].want, "%s: %s", pinned[_i].name,
		      verdict_text(r.cases[0].verdict));
	gate_results_fini(&r);
}
END_TEST

/* What --write-known writes, the loader reads, and with it nothing fails any more. */
START_TEST(writes_known)
{
	const struct pins *pins;
	struct gate_results r = {0}, again = {0};
	uint64_t n;
	struct fixture f = {.hostile = true};
	struct reporter w;
	ck_assert_int_eq(results_open(&w, file("r.xml"), &err), RC_OK);
	ck_assert_int_eq(fixture_feed(&w, &f, &err), RC_OK);
	w.ops->close(&w);
	ck_assert_int_eq(gate_read(&r, file("r.xml"), NULL, NULL, &err), RC_OK);
	ck_assert_int_eq(gate_write_known(&r, file("known.xml"), 1795519190, false, &n, &err), RC_OK);
	ck_assert_uint_eq(n, 8);
	const char *why = fixture_same(file("known.xml"), "reports/golden/known-failures.xml");
	ck_assert_msg(!why, "%s", why);
	enum rc rc = pins_load(&arena, file("known.xml"), &pins, &err);
	ck_assert_msg(rc == RC_OK, "%s", err.text);
	ck_assert_int_eq(gate_read(&again, file("r.xml"), pins, "2026-11-24", &err), RC_OK);
	uint64_t known = 0;
	for (size_t i = 0; i < again.n; i++) {
		ck_assert_msg(!gate_rank(again.cases[i].verdict, false), "%s", again.cases[i].id);
		known += again.cases[i].verdict == VERDICT_KNOWN_FAILURE;
	}
	ck_assert_uint_eq(known, 8);
	gate_results_fini(&r);
	gate_results_fini(&again);
}
END_TEST

/* Rows of an <expected> file against a run of two cases at one target of version 1.22.1. */
static const struct {
	const char *name, *rows, *cases;
	uint64_t predicted, unpredicted, missing;
	const char *says;
} foretold[] = {
	{"all passes, nothing foretold", "", "pass a\npass b", 0, 0, 0, "0 of 0 rows did not come: passed"},
	{"foretold and came", "<verdict case='s/a*' verdict='false-accept' reason='r'/>", "false-accept a\npass b", 1, 0, 0,
     "1 predicted, 0 not predicted"},
	{"one row for two", "<verdict case='*' verdict='false-accept deviation' reason='r'/>", "false-accept a\ndeviation b", 2,
     0, 0, "passed"},
	{"came, not foretold", "", "false-accept a\npass b", 0, 1, 0, "not predicted: false-accept s/a[tls=1.3"},
	{"another verdict than foretold", "<verdict case='s/a*' verdict='false-accept' reason='r'/>", "false-reject a", 0, 1, 1,
     "predicted, but did not come: "},
	{"foretold, passes", "<verdict case='s/a*' verdict='inconclusive' reason='r'/>", "pass a\npass b", 0, 0, 1,
     "expected.xml:1: inconclusive s/a*"},
	{"foretold now and then, passes", "<verdict case='s/a*' verdict='pass false-reject' reason='r'/>", "pass a\npass b", 0, 0, 0,
     "0 of 1 rows did not come: passed"},
	{"foretold now and then, came", "<verdict case='s/a*' verdict='pass false-reject' reason='r'/>", "false-reject a\npass b",
     1, 0, 0, "1 predicted"},
	{"foretold now and then of no cell", "<verdict case='s/c*' verdict='pass false-reject' reason='r'/>", "pass a", 0, 0, 1,
     "predicted, but did not come"},
	{"policy left open is told too", "", "observed a", 0, 1, 0, "not predicted: observed"},
	{"a cell that did not run needs no row", "", "unsupported a\nexcluded b", 0, 0, 0, "passed"},
	{"other cells", "<verdict case='*' when='tls=1.2' verdict='violation' reason='r'/>", "violation a", 0, 1, 1,
     "violation * tls=1.2"},
	{"a row for other versions is owed nothing", "<verdict case='*' when='version=&lt;1.20' verdict='crash' reason='r'/>",
     "pass a", 0, 0, 0, "0 of 1 rows"},
	{"and predicts nothing", "<verdict case='*' when='version=&lt;1.20' verdict='crash' reason='r'/>", "crash a", 0, 1, 0,
     "failed"},
	{"more than are shown", "", "crash a\ncrash b\ncrash c", 0, 3, 0, "and 1 more that nothing predicted"},
};

START_TEST(expected)
{
	const struct pins *pins;
	struct gate_results r = {0};
	struct gate_expected n;
	const char *text =
	    arena_printf(&arena, "<expected xmlns='urn:mtlspec:1'>%s</expected>", foretold[_i].rows);
	ck_assert_int_eq(fs_write(file("expected.xml"), text, strlen(text), 0644, &err), RC_OK);
	enum rc rc = pins_load(&arena, file("expected.xml"), &pins, &err);
	ck_assert_msg(rc == RC_OK, "%s: %s", foretold[_i].name, err.text);
	const char *path = results("r.xml", arena_printf(&arena, "target t\n%s", foretold[_i].cases));
	ck_assert_int_eq(gate_read(&r, path, NULL, NULL, &err), RC_OK);
	FILE *out = fopen(file("out.txt"), "w");
	ck_assert_int_eq(gate_check_expected(&r, pins, NULL, 2, out, &n, &err), RC_OK);
	fclose(out);
	char *said = fixture_slurp(file("out.txt"));
	ck_assert_msg(n.predicted == foretold[_i].predicted && n.unpredicted == foretold[_i].unpredicted &&
			      n.missing == foretold[_i].missing,
		      "%s: %s", foretold[_i].name, said);
	ck_assert_msg(strstr(said, foretold[_i].says), "%s: %s", foretold[_i].name, said);
	free(said);
	gate_results_fini(&r);
}
END_TEST

/* What is allowed besides needs no row, and is itself not owed. */
START_TEST(allowed_besides)
{
	static const struct pin may[] = {{.cases = "s/a*", .verdicts = BIT(VERDICT_CRASH)},
					 {.cases = "s/c*", .verdicts = BIT(VERDICT_FLAKY)}};
	const struct pins none = {.n = 0}, allowed = {.rows = may, .n = 2};
	struct gate_results r = {0};
	struct gate_expected n;
	ck_assert_int_eq(gate_read(&r, results("r.xml", "target t\ncrash a\ncrash b"), NULL, NULL, &err), RC_OK);
	FILE *out = fopen(file("out.txt"), "w");
	ck_assert_int_eq(gate_check_expected(&r, &none, &allowed, 2, out, &n, &err), RC_OK);
	fclose(out);
	ck_assert(n.predicted == 1 && n.unpredicted == 1 && n.missing == 0);
	gate_results_fini(&r);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, compares, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, golden);
	tcase_add_loop_test(t, refuses, 0, sizeof damaged / sizeof *damaged);
	tcase_add_test(t, absent);
	tcase_add_test(t, cells);
	tcase_add_loop_test(t, known_failures, 0, sizeof pinned / sizeof *pinned);
	tcase_add_test(t, writes_known);
	tcase_add_test(t, allowed_besides);
	tcase_add_loop_test(t, expected, 0, sizeof foretold / sizeof *foretold);
	suite_add_tcase(s, t);
	return s;
}
