/* What discovery prints and writes, against golden files; every target file is one that the loader and its grammar take. */
#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/discover/diagnose.h"
#include "harness/discover/fixture.h"
#include "harness/discover/table.h"
#include "harness/discover/target_text.h"
#include "harness/suite/suite.h"
#include "reports/fixture.h"

#include <string.h>

static struct rundir dir;
static struct arena arena;
static struct err err;

static const char *const causes[] = {"the client has none"}, *const fixes[] = {"give it one"};
static const struct when_term term = {"signal", "alert:certificate_required"};
static const struct diagnosis diagnoses[] = {
	{.id = "KB-19", .title = "Required, none sent", .when = {&term, 1}, .causes = causes, .n_causes = 1, .fixes = fixes, .n_fixes = 1},
};
static const struct suite suite = {.diagnoses = diagnoses, .n_diagnoses = 1};

static void setup(void)
{
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
}

static void teardown(void)
{
	rundir_close(&dir);
	arena_fini(&arena);
}

static void same(const char *text, const char *name, const char *suffix)
{
	const char *path = arena_printf(&arena, "%s/out%s", dir.path, suffix);
	ck_assert_int_eq(fs_write(path, text, strlen(text), 0644, &err), RC_OK);
	const char *why = fixture_same(path, arena_printf(&arena, "harness/discover/golden/%s%s", name, suffix));
	ck_assert_msg(!why, "%s%s: %s", name, suffix, why);
}

static void loads(const char *name)
{
	const struct target *t;
	const struct variant *v;
	const char *path = arena_printf(&arena, "%s/out.xml", dir.path);
	const char *why = fixture_valid(path, "suites/schema/target.rng");
	ck_assert_msg(!why, "%s: %s", name, why);
	ck_assert_msg(target_load(&arena, NULL, path, &t, &v, &err) == RC_OK, "%s: %s", name, err.text);
	ck_assert(t->remote);
}

START_TEST(says_and_writes)
{
	const char *name = fixture_names()[_i], *text = NULL;
	const struct facts *f = fixture_facts(&arena, name);
	struct conclusion c;
	struct buf b;
	buf_init(&b, 1u << 20);
	conclude(&arena, f, &c);
	table_put(&b, &arena, f, &c);
	diagnose_put(&b, &arena, &suite, f, &c);
	diagnose_put_next(&b, &arena, f, &c, "t.xml");
	same(b.data, name, ".txt");
	buf_fini(&b);
	if (c.newest < 0)
		return;
	ck_assert_int_eq(target_text(&arena, f, &c, true, &text, &err), RC_OK);
	same(text, name, ".xml");
	loads(name);
}
END_TEST

/* What a peer says reaches a terminal or an XML file cleaned. */
START_TEST(peers_cannot_write_on_us)
{
	static const char nasty[] = "connect connected first-byte server-chain:1:0:00 handshake-done:3 request-sent:1:0:GET "
				    "response:200:1:\x1b[31mred header:0:0:Server:|\x1b]0;--> body:1:1";
	struct facts *f = ARENA_NEW(&arena, struct facts, 1);
	struct conclusion c;
	struct buf b;
	const char *text;
	*f = *fixture_facts(&arena, "none-403");
	fixture_look(&f->version[TLS_1_3], &arena, nasty, TLS_1_3);
	f->first = f->version[TLS_1_3];
	buf_init(&b, 1u << 20);
	conclude(&arena, f, &c);
	table_put(&b, &arena, f, &c);
	diagnose_put(&b, &arena, NULL, f, &c);
	ck_assert_ptr_null(strchr(b.data, 0x1b));
	ck_assert_ptr_nonnull(strstr(b.data, "\\x1b"));
	buf_fini(&b);
	ck_assert_int_eq(target_text(&arena, f, &c, true, &text, &err), RC_OK);
	ck_assert_ptr_null(strchr(text, 0x1b));
	same(text, "hostile-words", ".xml");
	loads("hostile-words");
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("discover/text");
	TCase *t = tcase_create("text");
	int n = 0;
	while (fixture_names()[n])
		n++;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, says_and_writes, 0, n);
	tcase_add_test(t, peers_cannot_write_on_us);
	suite_add_tcase(s, t);
	return s;
}
