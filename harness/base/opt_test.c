#include "harness/base/opt.h"

#include "harness/base/test.h"

#include <stdio.h>
#include <string.h>

enum { ROW_OUT, ROW_QUICK, ROW_TIMEOUT };
static const struct opt table[] = {
	[ROW_OUT] = {"out", 'o', "FILE", "where to"},
	[ROW_QUICK] = {"quick", 'q', NULL, "less"},
	[ROW_TIMEOUT] = {"timeout", 0, "T", "how long"},
};

static enum rc take(void *context, int row, const char *argument, struct err *err UNUSED)
{
	char *seen = context;
	size_t n = strlen(seen);
	snprintf(seen + n, 200 - n, "%s=%s ", table[row].name, argument ? argument : "");
	return RC_OK;
}

static const struct {
	const char *line;
	enum rc rc;
	const char *seen;  /* what was taken */
	const char *fault; /* the sentence */
	int words;	   /* left over */
} rows[] = {
	{"run", RC_OK, "", "", 0},
	{"run -q -o a --timeout 5s b", RC_OK, "quick= out=a timeout=5s ", "", 1},
	{"run b --out=a c -q", RC_OK, "out=a quick= ", "", 2},
	{"run -qoa -- -q", RC_OK, "quick= out=a ", "", 1},
	{"run --nonsense", RC_INPUT, "", "unknown option --nonsense", 0},
	{"run https://x/ --nonsense=5 y", RC_INPUT, "", "unknown option --nonsense=5", 0},
	{"run x --out", RC_INPUT, "", "option --out needs an argument", 0},
	{"run x -o", RC_INPUT, "", "option -o needs an argument", 0},
	{"run x -qz", RC_INPUT, "quick= ", "unknown option -z", 0},
	{"run x -zq", RC_INPUT, "", "unknown option -z", 0},
};

START_TEST(parses)
{
	char line[200], seen[200] = "", *argv[16], *save = NULL;
	int argc = 0, rest = -1;
	struct err err = {{0}};
	snprintf(line, sizeof line, "%s", rows[_i].line);
	for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	enum rc rc = opt_parse(argc, argv, "", table, 3, take, seen, &rest, &err);
	ck_assert_msg(rc == rows[_i].rc, "%s: rc %d", rows[_i].line, (int)rc);
	ck_assert_str_eq(seen, rows[_i].seen);
	ck_assert_str_eq(err.text, rows[_i].fault);
	if (rc == RC_OK)
		ck_assert_int_eq(argc - rest, rows[_i].words);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("base/opt");
	TCase *t = tcase_create("opt");
	tcase_add_loop_test(t, parses, 0, (int)(sizeof rows / sizeof *rows));
	suite_add_tcase(s, t);
	return s;
}
