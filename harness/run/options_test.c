#include "harness/run/options.h"

#include "harness/base/test.h"

#include <string.h>

/* Words as main gets them, behind "run". */
static enum rc parse(struct arena *a, const char *line, struct options *o, struct err *err)
{
	char **argv = ARENA_NEW(a, char *, 32), word[128];
	int argc = 0, rest;
	argv[argc++] = arena_strdup(a, "run");
	while (text_word(&line, word, sizeof word))
		argv[argc++] = arena_strdup(a, word);
	return options_parse(a, argc, argv, "", o, &rest, err);
}

static const struct {
	const char *a, *b, *differ; /* NULL: the same plan */
} plans[] = {
	{"", "", NULL},
	{"", "--target reference", NULL},
	{"--out x --jobs 0 --in-flight 1 --rate 5 --timeout 1s --stats", "--resume --seed 4 --strict --fail-on high", NULL},
	{"--known-failures k.xml --baseline b.xml --junit-cells all", "", NULL},
	{"--select a --select b", "--select a --select b", NULL},
	{"--select a --select b", "--select b --select a", "select"},
	{"--select a", "--select a --select b", "select"},
	{"--target nginx", "", "target"},
	{"--suite x.xml", "", "suite"},
	{"--profile p", "--profile q", "profile"},
	{"--skip x", "", "skip"},
	{"--quick", "", "quick"},
	{"--client browser", "", "client"},
	{"--certificate c.pem", "", "certificate"},
	{"--pki d", "", "pki"},
	{"--set a=b", "--set a=c", "set"},
	{"--impact hostile", "", "impact"},
	{"--repeat 2", "", "repeat"},
	{"--shard 1/2", "--shard 2/2", "shard"},
	{"--fault x", "", "fault"},
	{"--personality x", "", "personality"},
	{"--null-transport", "", "null-transport"},
};

START_TEST(differ)
{
	struct arena arena = {0};
	struct err err = {{0}};
	struct options a, b;
	ck_assert_int_eq(parse(&arena, plans[_i].a, &a, &err), RC_OK);
	ck_assert_int_eq(parse(&arena, plans[_i].b, &b, &err), RC_OK);
	const char *there = options_differ(&a, &b), *back = options_differ(&b, &a);
	ck_assert_msg(text_equal(there, plans[_i].differ) && text_equal(back, plans[_i].differ), "\"%s\", \"%s\": %s, %s",
		      plans[_i].a, plans[_i].b, there ? there : "same", back ? back : "same");
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *words, *sentence; /* part of it; NULL: legal */
} words[] = {
	{"--shard 3/3", NULL},
	{"--shard 0/3", "1 <= K <= N"},
	{"--shard 4/3", "1 <= K <= N"},
	{"--shard 3", "want K/N or auto"},
	{"--shard 1/", "1 <= K <= N"},
	{"--shard -1/3", "1 <= K <= N"},
	{"--jobs 0", NULL},
	{"--jobs 257", "from 0 to 256"},
	{"--jobs x", "want a number"},
	{"--in-flight 0", "from 1 to 512"},
	{"--rate 0", "from 1"},
	{"--rate 1.5", "want a number"},
	{"--repeat 0", "from 1"},
	{"--seed -1", "want a number"},
	{"--seed 18446744073709551615", NULL},
	{"--seed 18446744073709551616", "want a number"},
	{"--timeout 0s", "want a duration"},
	{"--timeout 2", "want a duration"},
	{"--timeout 2s", NULL},
	{"--fail-on worst", "one of: "},
	{"--client chrome", "one of: "},
	{"--impact none", "one of: "},
	{"--set program", "want NAME=VALUE"},
	{"--set =x", "want NAME=VALUE"},
	{"--frobnicate", "unknown option --frobnicate"},
	{"--seed", "needs an argument"},
	{"--out=", "--out: an empty word"},
	{"--target=", "--target: an empty word"},
	{"--quick=1", "--quick takes no argument"},
	{"--strict=yes", "--strict takes no argument"},
};

START_TEST(refused)
{
	struct arena arena = {0};
	struct err err = {{0}};
	struct options o;
	enum rc rc = parse(&arena, words[_i].words, &o, &err);
	ck_assert_msg(rc == (words[_i].sentence ? RC_INPUT : RC_OK), "%s: rc %d, %s", words[_i].words, rc, err.text);
	if (words[_i].sentence)
		ck_assert_msg(strstr(err.text, words[_i].sentence) != NULL, "%s: %s", words[_i].words, err.text);
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *set[6]; /* NAME, VALUE, ... */
	unsigned shard, shards; /* 0: refused */
} shards[] = {
	{{"TEST_SHARD_INDEX", "0", "TEST_TOTAL_SHARDS", "3"}, 1, 3},
	{{"GTEST_SHARD_INDEX", "2", "GTEST_TOTAL_SHARDS", "3"}, 3, 3},
	{{"CI_NODE_INDEX", "3", "CI_NODE_TOTAL", "3", "GITLAB_CI", "true"}, 3, 3}, /* GitLab counts from 1 */
	{{"CI_NODE_INDEX", "0", "CI_NODE_TOTAL", "3"}, 1, 3},	/* Knapsack from 0 */
	{{"CI_NODE_INDEX", "0", "CI_NODE_TOTAL", "3", "GITLAB_CI", "true"}, 0, 0},
	{{"CI_NODE_INDEX", "3", "CI_NODE_TOTAL", "3"}, 0, 0},
	{{"CIRCLE_NODE_INDEX", "1", "CIRCLE_NODE_TOTAL", "2"}, 2, 2},
	{{"BUILDKITE_PARALLEL_JOB", "1"}, 0, 0}, /* no total */
	{{"BITBUCKET_PARALLEL_STEP", "x", "BITBUCKET_PARALLEL_STEP_COUNT", "2"}, 0, 0},
	{{"CI_NODE_TOTAL", "3"}, 0, 0}, /* a total alone: GitLab sets it in every job */
	{{"CIRCLE_NODE_INDEX", "0", "CIRCLE_NODE_TOTAL", "0"}, 0, 0},
	{{NULL}, 0, 0},
};

START_TEST(shard_auto)
{
	struct arena arena = {0};
	struct err err = {{0}};
	struct options o;
	static const char *const all[] = {"TEST_SHARD_INDEX",  "TEST_TOTAL_SHARDS",	 "GTEST_SHARD_INDEX",
					  "GTEST_TOTAL_SHARDS", "CI_NODE_INDEX",	 "CI_NODE_TOTAL",
					  "GITLAB_CI",		"CIRCLE_NODE_INDEX",	 "CIRCLE_NODE_TOTAL",
					  "BUILDKITE_PARALLEL_JOB", "BITBUCKET_PARALLEL_STEP", "SYSTEM_JOBPOSITIONINPHASE"};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		unsetenv(all[i]);
	for (size_t i = 0; i < 6 && shards[_i].set[i]; i += 2)
		setenv(shards[_i].set[i], shards[_i].set[i + 1], 1);
	enum rc rc = parse(&arena, "--shard auto", &o, &err);
	ck_assert_msg(rc == (shards[_i].shards ? RC_OK : RC_INPUT), "rc %d: %s", rc, err.text);
	ck_assert_msg(rc == RC_OK || strstr(err.text, "--shard auto"), "%s", err.text);
	if (rc == RC_OK) {
		ck_assert_uint_eq(o.shard, shards[_i].shard);
		ck_assert_uint_eq(o.shards, shards[_i].shards);
	}
	arena_fini(&arena);
}
END_TEST

#define N(table) (int)(sizeof(table) / sizeof *(table))

Suite *test_suite(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("options");
	tcase_add_loop_test(t, differ, 0, N(plans));
	tcase_add_loop_test(t, refused, 0, N(words));
	tcase_add_loop_test(t, shard_auto, 0, N(shards));
	suite_add_tcase(s, t);
	return s;
}
