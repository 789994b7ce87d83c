#include "reports/report.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "reports/body.h"
#include "reports/clean.h"
#include "reports/fixture.h"

#include <libxml/tree.h>
#include <libxml/parser.h>
#include <string.h>
#include <unistd.h>

#define GRAMMAR "suites/schema/junit.rng"

static struct rundir dir;
static struct err err;
static struct arena arena;
static const char **files;
static size_t n_files;

static void setup(void)
{
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
}

static void teardown(void)
{
	arena_fini(&arena);
	rundir_close(&dir);
}

static void render(const struct fixture *f)
{
	struct reporter r;
	ck_assert_int_eq(junit_open(&r, dir.path, false, &err), RC_OK);
	enum rc rc = fixture_feed(&r, f, &err);
	ck_assert_msg(rc == RC_OK, "%s", err.text);
	r.ops->close(&r);
	ck_assert_int_eq(fs_list(&arena, dir.path, &files, &n_files, &err), RC_OK);
	for (size_t i = 0; i < n_files; i++) {
		const char *why = fixture_valid(arena_printf(&arena, "%s/%s", dir.path, files[i]), GRAMMAR);
		ck_assert_msg(!why, "%s: %s", files[i], why);
	}
}

static bool has_file(const char *name)
{
	for (size_t i = 0; i < n_files; i++)
		if (strcmp(files[i], name) == 0)
			return true;
	return false;
}

/* What a reader adds up over all files. */
struct sums {
	unsigned long tests, failures, errors, skipped, elements, names;
};

static unsigned long number(xmlNode *node, const char *name)
{
	xmlChar *v = xmlGetProp(node, BAD_CAST name);
	unsigned long out = strtoul((const char *)v, NULL, 10);
	xmlFree(v);
	return out;
}

static const char *elements[] = {"failure", "error", "skipped"};

static void add_suite(xmlNode *suite, struct sums *said, struct sums *found, xmlHashTable *seen)
{
	said->tests += number(suite, "tests");
	said->failures += number(suite, "failures");
	said->errors += number(suite, "errors");
	said->skipped += number(suite, "skipped");
	for (xmlNode *c = xmlFirstElementChild(suite); c; c = xmlNextElementSibling(c)) {
		xmlNode *child = xmlFirstElementChild(c);
		xmlChar *class = xmlGetProp(c, BAD_CAST "classname"), *name = xmlGetProp(c, BAD_CAST "name");
		unsigned long *counts[] = {&found->failures, &found->errors, &found->skipped};
		found->tests++;
		found->names += xmlHashAddEntry2(seen, class, name, seen) == 0;
		for (size_t i = 0; child && i < 3; i++)
			*counts[i] += strcmp((const char *)child->name, elements[i]) == 0;
		found->elements += child ? 2 : 1;
		xmlFree(class);
		xmlFree(name);
	}
}

static void add_up(struct sums *found)
{
	struct sums said = {0};
	*found = (struct sums){0};
	xmlHashTable *seen = xmlHashCreate(1024);
	for (size_t i = 0; i < n_files; i++) {
		xmlDoc *doc = xmlReadFile(arena_printf(&arena, "%s/%s", dir.path, files[i]), NULL, 0);
		ck_assert_ptr_nonnull(doc);
		unsigned long before = found->elements;
		for (xmlNode *s = xmlFirstElementChild(xmlDocGetRootElement(doc)); s; s = xmlNextElementSibling(s))
			add_suite(s, &said, found, seen);
		ck_assert_msg(found->elements - before < 50000, "%s has too many elements", files[i]);
		xmlFreeDoc(doc);
	}
	xmlHashFree(seen, NULL);
	ck_assert_uint_eq(said.tests, found->tests);
	ck_assert_uint_eq(said.failures, found->failures);
	ck_assert_uint_eq(said.errors, found->errors);
	ck_assert_uint_eq(said.skipped, found->skipped);
	ck_assert_uint_eq(found->names, found->tests); /* (classname, name) is unique */
}

static const struct {
	const char *name;
	struct fixture fixture;
	struct sums want;
} rows[] = {
	{"every verdict", {0}, {.tests = 12 + 1 + 12, .failures = 4, .errors = 2, .skipped = 14}},
	{"strict", {.strict = true}, {.tests = 25, .failures = 6, .errors = 2, .skipped = 14}},
	{"interrupted", {.interrupted = true}, {.tests = 26, .failures = 4, .errors = 3, .skipped = 14}},
	{"hostile", {.hostile = true}, {.tests = 27, .failures = 6, .errors = 2, .skipped = 14}},
	{"clean", {.clean = true}, {.tests = 5, .skipped = 3}},
	{"split", {.many = 70000}, {.tests = 70025, .failures = 4, .errors = 2, .skipped = 14}},
};

START_TEST(adds_up)
{
	struct sums found;
	render(&rows[_i].fixture);
	add_up(&found);
	ck_assert_msg(found.tests == rows[_i].want.tests && found.failures == rows[_i].want.failures &&
			  found.errors == rows[_i].want.errors && found.skipped == rows[_i].want.skipped,
		      "%s: %lu tests %lu failures %lu errors %lu skipped", rows[_i].name, found.tests, found.failures,
		      found.errors, found.skipped);
}
END_TEST

static const char *const golden[] = {"TEST-nginx-chain.xml",   "TEST-nginx-resumption.xml",   "TEST-hitch-target.xml",
				     "TEST-nginx-2-chain.xml", "TEST-nginx-2-resumption.xml", "TEST-mtlspec.xml"};

START_TEST(golden_files)
{
	struct fixture f = {.interrupted = true, .hostile = true};
	render(&f);
	ck_assert_uint_eq(n_files, sizeof golden / sizeof *golden);
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
		const char *why = fixture_same(arena_printf(&arena, "%s/%s", dir.path, golden[i]),
					       arena_printf(&arena, "reports/golden/%s", golden[i]));
		ck_assert_msg(!why, "%s: %s", golden[i], why);
	}
}
END_TEST

/* What an earlier rendering left and this one does not need goes away; what is not ours stays. */
START_TEST(removes_stale)
{
	struct fixture first = {.interrupted = true, .many = 40000}, second = {0};
	const char *foreign = arena_printf(&arena, "%s/TEST-other.xml", dir.path);
	render(&first);
	ck_assert(has_file("TEST-mtlspec.xml") && has_file("TEST-nginx-chain.part2.xml"));
	ck_assert_int_eq(fs_write(foreign, "<testsuites/>", 13, 0644, &err), RC_OK);
	struct reporter r;
	ck_assert_int_eq(junit_open(&r, dir.path, false, &err), RC_OK);
	ck_assert_int_eq(fixture_feed(&r, &second, &err), RC_OK);
	r.ops->close(&r);
	ck_assert_int_eq(fs_list(&arena, dir.path, &files, &n_files, &err), RC_OK);
	ck_assert(!has_file("TEST-mtlspec.xml") && !has_file("TEST-nginx-chain.part2.xml"));
	ck_assert(has_file("TEST-other.xml") && has_file("TEST-nginx-chain.xml"));
}
END_TEST

/* A shard without cases still says so. */
START_TEST(nothing_ran)
{
	struct reporter r;
	struct report_meta meta = {.hostname = "lab"};
	struct report_totals totals = {0};
	ck_assert_int_eq(junit_open(&r, dir.path, false, &err), RC_OK);
	ck_assert_int_eq(r.ops->begin(&r, &meta, &err), RC_OK);
	ck_assert_int_eq(r.ops->end(&r, &totals, &err), RC_OK);
	r.ops->close(&r);
	char *text = fixture_slurp(arena_printf(&arena, "%s/TEST-mtlspec.xml", dir.path));
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "tests=\"0\""));
	free(text);
}
END_TEST

/* Asked for every cell, each that did not run is a testcase in its own class, under its own id. */
START_TEST(every_cell)
{
	struct reporter r;
	struct report_meta meta = {.hostname = "lab"};
	struct report_totals totals = {.cells = 2};
	const struct report_case *c = fixture_case(VERDICT_PASS);
	struct report_cells cells = {.target = c->target,
				     .scenario = c->kase->scenario,
				     .disposition = DISPOSITION_UNSUPPORTED,
				     .reason = "built without HTTP/3",
				     .n = 1,
				     .kase = c->kase};
	ck_assert_int_eq(junit_open(&r, dir.path, true, &err), RC_OK);
	ck_assert(r.every_cell);
	ck_assert_int_eq(r.ops->begin(&r, &meta, &err), RC_OK);
	ck_assert_int_eq(r.ops->target(&r, c->target, &err), RC_OK);
	cells.id = "chain/chain[tls=1.3,http=3,condition=valid]";
	ck_assert_int_eq(r.ops->cells(&r, &cells, &err), RC_OK);
	cells.id = "chain/chain[tls=1.3,http=3,condition=leaf-expired]";
	ck_assert_int_eq(r.ops->cells(&r, &cells, &err), RC_OK);
	ck_assert_int_eq(r.ops->end(&r, &totals, &err), RC_OK);
	r.ops->close(&r);
	char *text = fixture_slurp(arena_printf(&arena, "%s/TEST-nginx-chain.xml", dir.path));
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "classname=\"mtls.nginx.required.h1-1\" "
					   "name=\"chain/chain[tls=1.3,http=3,condition=valid] Everything in order\""));
	ck_assert_ptr_nonnull(
	    strstr(text, "name=\"chain/chain[tls=1.3,http=3,condition=leaf-expired] Everything in order\""));
	ck_assert_ptr_nonnull(strstr(text, "tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"2\""));
	free(text);
}
END_TEST

static const struct {
	enum verdict verdict;
	const char *element, *strict;
} table[] = {
	{VERDICT_PASS, NULL, NULL},
	{VERDICT_OBSERVED, NULL, NULL},
	{VERDICT_DEVIATION, NULL, "failure"},
	{VERDICT_FALSE_REJECT, "failure", "failure"},
	{VERDICT_VIOLATION, "failure", "failure"},
	{VERDICT_FALSE_ACCEPT, "failure", "failure"},
	{VERDICT_CRASH, "failure", "failure"},
	{VERDICT_INCONCLUSIVE, "error", "error"},
	{VERDICT_BROKEN, "error", "error"},
	{VERDICT_KNOWN_FAILURE, "skipped", "skipped"},
	{VERDICT_UNEXPECTED_PASS, "failure", "failure"},
	{VERDICT_FLAKY, NULL, "failure"},
	{VERDICT_UNSUPPORTED, "skipped", "skipped"},
	{VERDICT_IMPOSSIBLE, "skipped", "skipped"},
	{VERDICT_EXCLUDED, "skipped", "skipped"},
};

START_TEST(element_of_verdict)
{
	ck_assert_uint_eq(sizeof table / sizeof *table, VERDICT__COUNT);
	ck_assert_pstr_eq(report_junit_element(table[_i].verdict, false), table[_i].element);
	ck_assert_pstr_eq(report_junit_element(table[_i].verdict, true), table[_i].strict);
}
END_TEST

/* Bodies stay below 8 kB after escaping and still hold what a reader needs. */
START_TEST(bodies)
{
	static const enum verdict verdicts[] = {VERDICT_FALSE_ACCEPT, VERDICT_FALSE_REJECT, VERDICT_INCONCLUSIVE,
						VERDICT_CRASH, VERDICT_UNEXPECTED_PASS};
	struct buf b;
	buf_init(&b, 100000);
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		const struct report_case *c = fixture_case(verdicts[i]);
		buf_clear(&b);
		report_body(&b, c);
		ck_assert_uint_le(clean_cost(b.data, b.len), BODY_MAX);
		ck_assert_ptr_nonnull(strstr(b.data, c->id));
		ck_assert_ptr_nonnull(strstr(b.data, "Expected: "));
		ck_assert_ptr_nonnull(strstr(b.data, "Observed: "));
		ck_assert_ptr_nonnull(strstr(b.data, "curl --cert"));
	}
	buf_clear(&b);
	report_body(&b, fixture_case(VERDICT_FALSE_ACCEPT));
	ck_assert_ptr_nonnull(strstr(b.data, "R-081 (RFC 5280 6.1.3(a)(2), MUST): The certificate validity period"));
	ck_assert_ptr_nonnull(strstr(b.data, "KB-22"));
	buf_fini(&b);
}
END_TEST

START_TEST(body_of_flood)
{
	struct buf b;
	struct observation flood;
	struct report_case c = *fixture_case(VERDICT_FALSE_ACCEPT);
	struct judgement j = *c.judgement;
	char evil[3000];
	memset(evil, '<', sizeof evil - 1);
	evil[sizeof evil - 1] = '\0';
	j.observed = j.reason = j.note = j.expected = evil;
	observation_init(&flood);
	for (int i = 0; i < 600; i++)
		observation_add(&flood, (uint32_t)i * 1000, EVENT_HEADER, 0, 0, 0, 0, evil);
	c.observation = &flood;
	buf_init(&b, 100000);
	report_body(&b, &c);
	ck_assert_uint_le(clean_cost(b.data, b.len), BODY_MAX);
	j = *fixture_case(VERDICT_FALSE_ACCEPT)->judgement;
	c.judgement = &j;
	buf_clear(&b);
	report_body(&b, &c);
	ck_assert_uint_le(clean_cost(b.data, b.len), BODY_MAX);
	ck_assert_ptr_nonnull(strstr(b.data, "events left out"));
	ck_assert_ptr_nonnull(strstr(b.data, "511.000 ms"));
	ck_assert_ptr_nonnull(strstr(b.data, "curl --cert"));
	buf_fini(&b);
	observation_fini(&flood);
}
END_TEST

START_TEST(full_disk)
{
	struct reporter r;
	struct fixture many = {.many = 3000};
	if (access("/dev/full", W_OK) != 0)
		return;
	char temp[700];
	snprintf(temp, sizeof temp, "%s/TEST-nginx-chain.xml.tmp-%ld", dir.path, (long)getpid());
	ck_assert_int_eq(symlink("/dev/full", temp), 0);
	ck_assert_int_eq(junit_open(&r, dir.path, false, &err), RC_OK);
	ck_assert_int_eq(fixture_feed(&r, &many, &err), RC_FAULT);
	ck_assert_ptr_nonnull(strstr(err.text, "TEST-nginx-chain.xml"));
	r.ops->close(&r);
	ck_assert_int_eq(fs_list(&arena, dir.path, &files, &n_files, &err), RC_OK);
	ck_assert_uint_eq(n_files, 0);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("junit");
	TCase *t = tcase_create("junit");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, adds_up, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(t, element_of_verdict, 0, sizeof table / sizeof *table);
	tcase_add_test(t, golden_files);
	tcase_add_test(t, removes_stale);
	tcase_add_test(t, nothing_ran);
	tcase_add_test(t, every_cell);
	tcase_add_test(t, bodies);
	tcase_add_test(t, body_of_flood);
	tcase_add_test(t, full_disk);
	suite_add_tcase(s, t);
	return s;
}
