#include "reports/names.h"

#include "harness/base/test.h"

#include <string.h>

static const struct {
	const char *in, *out;
} slugs[] = {
	{"nginx", "nginx"},
	{"nginx:default-depth", "nginx-default-depth"},
	{"1.1", "1-1"},
	{"a..b//c", "a-b-c"},
	{"..", "x"},
	{"", "x"},
	{NULL, "x"},
	{"-a-", "a"},
	{"M\xc3\xbcller", "M-ller"},
	{"under_score", "under_score"},
};

START_TEST(slug)
{
	struct arena a = {0};
	ck_assert_str_eq(names_slug(&a, slugs[_i].in), slugs[_i].out);
	arena_fini(&a);
}
END_TEST

START_TEST(slug_is_bounded)
{
	struct arena a = {0};
	char longest[500];
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (size_t i = 79; i < 82; i++)
		longest[i] = i == 79 ? '.' : 'b';
	ck_assert_uint_le(strlen(names_slug(&a, longest)), 80);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *name, *key;
} targets[] = {
	{"nginx", "nginx"},
	{"/home/me/nginx.xml", "nginx-2"},
	{"https://host.example:8443/", "host-example-8443"},
	{"nginx:default-depth", "nginx-default-depth"},
	{"nginx.default-depth", "nginx-default-depth-2"},
	{"my-iis.xml", "my-iis"},
};

START_TEST(target_keys)
{
	struct names n = {0};
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < sizeof targets / sizeof *targets; i++) {
			struct report_target t = {.name = targets[i].name, .index = i};
			ck_assert_str_eq(names_target(&n, &t), targets[i].key);
		}
	}
	names_fini(&n);
	names_fini(&n);
}
END_TEST

static const struct {
	const char *scenario, *condition, *id, *out;
} formers[] = {
	{NULL, NULL, "s/a[tls=1.3,condition=c]", NULL},
	{"b", NULL, "s/a[tls=1.3,condition=c]", "s/b[tls=1.3,condition=c]"},
	{"b t/d", NULL, "s/a[tls=1.3]", "s/b[tls=1.3] t/d[tls=1.3]"},
	{NULL, "e", "s/a[condition=c,size=limit]", "s/a[condition=e,size=limit]"},
	{"b", "e", "s/a[condition=c]", "s/b[condition=c] s/a[condition=e] s/b[condition=e]"},
	{"b", NULL, "s/a", "s/b"},
};

START_TEST(formerly)
{
	struct arena a = {0};
	struct condition c = {.id = "c", .formerly = formers[_i].condition};
	struct scenario s = {.suite = "s", .id = "a", .formerly = formers[_i].scenario};
	struct kase k = {.scenario = &s, .condition = &c};
	ck_assert_pstr_eq(names_formerly(&a, &k, formers[_i].id), formers[_i].out);
	k.condition = NULL;
	if (!formers[_i].condition)
		ck_assert_pstr_eq(names_formerly(&a, &k, formers[_i].id), formers[_i].out);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *dir, *file, *out;
} paths[] = {
	{"/usr/share/mtlspec/suites", "/usr/share/mtlspec/suites/scenarios/a.xml", "suites/scenarios/a.xml"},
	{"/usr/share/mtlspec/suites/", "/usr/share/mtlspec/suites/scenarios/a.xml", "suites/scenarios/a.xml"},
	{"suites", "suites/a.xml", "suites/a.xml"},
	{"/x/suites", "/x/suites2/a.xml", "/x/suites2/a.xml"},
	{"/x/suites", "mine/a.xml", "mine/a.xml"},
	{NULL, "mine/a.xml", "mine/a.xml"},
	{"/x", NULL, NULL},
};

START_TEST(file_names)
{
	struct arena a = {0};
	struct suite s = {.dir = paths[_i].dir};
	ck_assert_pstr_eq(names_file(&a, &s, paths[_i].file), paths[_i].out);
	ck_assert_pstr_eq(names_file(&a, NULL, paths[_i].file), paths[_i].file);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("names");
	TCase *t = tcase_create("names");
	tcase_add_loop_test(t, slug, 0, sizeof slugs / sizeof *slugs);
	tcase_add_test(t, slug_is_bounded);
	tcase_add_test(t, target_keys);
	tcase_add_loop_test(t, formerly, 0, sizeof formers / sizeof *formers);
	tcase_add_loop_test(t, file_names, 0, sizeof paths / sizeof *paths);
	suite_add_tcase(s, t);
	return s;
}
