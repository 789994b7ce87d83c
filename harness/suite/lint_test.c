#include "harness/suite/lint.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/suite/read.h"
#include "harness/suite/suite.h"
#include "harness/suite/xml.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct rundir run;
static const char *suites;

static void init(void)
{
	struct err err = {0};
	static char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	ck_assert_int_gt(n, 0);
	ck_assert_msg(suite_find_dir(&arena, self, &suites, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(rundir_open(&run, &err) == RC_OK, "%s", err.text);
}

static void fini(void)
{
	rundir_close(&run);
	arena_fini(&arena);
}

/* Everything that lint says, one line each, without the folder of the run. */
static const char *lint_text(const char *const *files, size_t n)
{
	struct lint_result r;
	struct err err = {0};
	const char *all = "";
	size_t len = strlen(run.path);
	enum rc rc = lint(&arena, suites, files, n, &r, &err);
	ck_assert_msg(rc == RC_OK, "%s", err.text);
	for (size_t i = 0; i < r.findings.n; i++) {
		const struct finding *f = &r.findings.rows[i];
		const char *file = strncmp(f->where.file, run.path, len) == 0 ? f->where.file + len + 1 : f->where.file;
		all = arena_printf(&arena, "%s%s:%d: %s\n", all, file, f->where.line, f->text);
	}
	findings_fini(&r.findings);
	return all;
}

static const char *write_file(const char *name, const char *text)
{
	struct err err = {0};
	const char *path = arena_printf(&arena, "%s/%s", run.path, name);
	ck_assert_msg(fs_write(path, text, strlen(text), 0600, &err) == RC_OK, "%s", err.text);
	return path;
}

/* Every shipped XML file, every predicted verdict, every grammar. */
START_TEST(shipped_files)
{
	struct lint_result r;
	struct err err = {0};
	ck_assert_str_eq(lint_text(NULL, 0), "");
	ck_assert(lint(&arena, suites, NULL, 0, &r, &err) == RC_OK);
	ck_assert_uint_ge(r.requirements, 97);
	ck_assert_uint_ge(r.scenarios, 5);
	ck_assert_uint_ge(r.targets, 1);
}
END_TEST

START_TEST(templates)
{
	static const char *const names[] = {"scenario", "condition", "target"};
	struct err err = {0};
	char *text;
	size_t len;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert_msg(lint_template(&arena, suites, names[i], &text, &len, &err) == RC_OK, "%s", err.text);
		ck_assert_msg(strstr(text, "<!--"), "%s", names[i]); /* commented */
		const char *path = write_file(arena_printf(&arena, "%s.xml", names[i]), text);
		ck_assert_str_eq(lint_text(&path, 1), "");
	}
	ck_assert_int_eq(lint_template(&arena, suites, "soup", &text, &len, &err), RC_INPUT);
	ck_assert_str_eq(err.text, "no template soup; there are: condition scenario target");
}
END_TEST

START_TEST(every_fault_is_listed)
{
	const char *path = write_file("bad.xml", "<scenarios xmlns=\"" XML_NAMESPACE "\">\n"
						 "<scenario id=\"a\" severity=\"grave\">\n"
						 "<matrix tls=\"1.3\" negotiation=\"required\" http=\"1.1\"/>\n"
						 "<expect decision=\"maybe\"/></scenario>\n"
						 "<scenario id=\"b\" severity=\"low\" colour=\"red\">\n"
						 "<matrix tls=\"1.3\" negotiation=\"required\" http=\"1.1\"/>\n"
						 "<expect decision=\"reject\" clause=\"R-998\"/></scenario>\n"
						 "</scenarios>");
	ck_assert_str_eq(lint_text(&path, 1),
			 "bad.xml:2: severity=\"grave\" on <scenario> is not one of: low medium high critical\n"
			 "bad.xml:4: decision=\"maybe\" on <expect> is not one of: accept anonymous redirect reject "
			 "unanswered as-condition policy\n"
			 "bad.xml:5: unknown attribute colour on <scenario>; legal: id severity impact clause needs "
			 "endpoint formerly\n"
			 "bad.xml:7: unknown clause R-998: no <requirement> has this id\n");
}
END_TEST

/* A shipped file that is named is not loaded twice. */
START_TEST(shipped_file_by_name)
{
	const char *path = arena_printf(&arena, "%s/scenarios/../scenarios/chain.xml", suites);
	ck_assert_str_eq(lint_text(&path, 1), "");
}
END_TEST

/* What no loader can see in a knob is the forge's to say, with its place. */
START_TEST(forge_words)
{
	const char *path =
	    write_file("knob.xml", "<conditions xmlns=\"" XML_NAMESPACE "\">\n"
				   "<condition id=\"x\" level=\"must\" decision=\"reject\" differs-from=\"valid\">\n"
				   "<leaf not-afterwards=\"-1d\"/></condition></conditions>");
	ck_assert_msg(text_starts(lint_text(&path, 1), "knob.xml:3: "), "%s", lint_text(&path, 1));
}
END_TEST

/* The grammar and the loader must not drift apart: these words stand in both. */
START_TEST(grammar_knows_the_words)
{
	static const struct {
		const char *file, *words;
	} rows[] = {{"part-common.rng", CAPABILITY_WORDS},
		    {"part-pins.rng", "observed deviation false-reject crash flaky broken"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text, word[64];
		size_t len;
		struct err err = {0};
		const char *at = rows[i].words;
		ck_assert(fs_read(&arena, arena_printf(&arena, "%s/schema/%s", suites, rows[i].file), XML_MAX_BYTES,
				  &text, &len, &err) == RC_OK);
		while (text_word(&at, word, sizeof word))
			ck_assert_msg(strstr(text, arena_printf(&arena, "<value>%s</value>", word)), "%s in %s", word,
				      rows[i].file);
	}
	const char *(*enums[])(void) = {tls_words,	   http_words,	   negotiation_words, decision_words,
					phase_words,	   severity_words, impact_words,      level_words,
					client_kind_words, echo_form_words};
	char *all[3], word[64];
	static const char *const files[] = {"part-common.rng", "part-scenario.rng", "part-target.rng"};
	size_t len;
	struct err err = {0};
	for (size_t i = 0; i < 3; i++)
		ck_assert(fs_read(&arena, arena_printf(&arena, "%s/schema/%s", suites, files[i]), XML_MAX_BYTES,
				  &all[i], &len, &err) == RC_OK);
	for (size_t i = 0; i < sizeof enums / sizeof *enums; i++) {
		for (const char *at = enums[i](); text_word(&at, word, sizeof word);) {
			const char *value = arena_printf(&arena, "<value>%s</value>", word);
			ck_assert_msg(strstr(all[0], value) || strstr(all[1], value) || strstr(all[2], value), "%s",
				      word);
		}
	}
	for (const char *at = verb_words(); text_word(&at, word, sizeof word);)
		ck_assert_msg(strstr(all[1], arena_printf(&arena, "<element name=\"%s\">", word)), "verb %s", word);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("lint");
	TCase *t = tcase_create("lint");
	tcase_add_checked_fixture(t, init, fini);
	tcase_add_test(t, shipped_files);
	tcase_add_test(t, templates);
	tcase_add_test(t, every_fault_is_listed);
	tcase_add_test(t, shipped_file_by_name);
	tcase_add_test(t, forge_words);
	tcase_add_test(t, grammar_knows_the_words);
	suite_add_tcase(s, t);
	return s;
}
