#include "harness/suite/suite.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/suite/xml.h"

#include <signal.h>
#include <string.h>

static struct arena arena;
static struct rundir dir;
static struct suite suite;

static const char target_text[] =
    "<target xmlns=\"" XML_NAMESPACE
    "\" id=\"shop\" product=\"shopd\" profile=\"shop\" tls=\"1.2\" has=\"echo\" body-limit=\"131072\"\n"
    " server-ca=\"ca.pem\">\n"
    "<title>A shop</title><parameter name=\"depth\" value=\"10\"/>\n"
    "<process id=\"p\" package=\"shopd\" install=\"by hand\"><argument split=\"yes\">@depth@</argument><argument>-v</argument><env "
    "name=\"A\" value=\"@dir@\"/>"
    "<file from=\"target.xml\" to=\"a/b\" verbatim=\"yes\"/>"
    "<prepare within=\"2s\"><argument>make</argument><argument split=\"yes\">@depth@</argument></prepare><version pattern=\"v\"><argument>x</argument></version>"
    "<reload signal=\"HUP\" done=\"read\"/><log path=\"stderr\" crash=\"died\"/></process>\n"
    "<endpoint id=\"a\" negotiation=\"required\" url=\"https://localhost:@port:a@/\" address=\"127.0.0.1:@port:a@\" "
    "trust=\"tenant\"/>"
    "<endpoint id=\"n\" negotiation=\"by-name\" url=\"https://protected.test:@port:n@/\" http=\"1.1\">"
    "<name id=\"open\" host=\"open.test\" negotiation=\"none\" redirect=\"/a\"/><name id=\"protected.test\" "
    "negotiation=\"required\"/></endpoint>"
    "<accept status=\"200\" contains=\"hello\"/><reject location=\"/login\"/><echo body=\"you: \" as=\"sha256-hex\"/>"
    "<verified header=\"X\" yes=\"1\"/><received length=\"L\" sha256=\"D\"/><limits in-flight=\"1\" handshake=\"5s\"/>"
    "<variant id=\"shallow\"><title>less</title><set name=\"depth\" value=\"1\"/></variant>"
    "<variant id=\"closed\" profile=\"other\" has=\"clock\" body-limit=\"9\"><endpoint id=\"b\" negotiation=\"none\" "
    "url=\"https://localhost:@port:a@/\"/></variant>"
    "<identity id=\"mine\" certificate=\"c.pem\"/><identity id=\"bad\" certificate=\"/c.pem\" key=\"pkcs11:x\" "
    "decision=\"reject\"/>"
    "</target>";

static void init(void)
{
	static const struct profile profiles[] = {{.id = "shop"}, {.id = "other"}};
	struct err err = {0};
	ck_assert(rundir_open(&dir, &err) == RC_OK);
	suite = (struct suite){.dir = dir.path, .profiles = profiles, .n_profiles = 2};
	ck_assert(fs_mkdirs(arena_printf(&arena, "%s/targets/shop", dir.path), &err) == RC_OK);
	ck_assert(fs_mkdirs(arena_printf(&arena, "%s/targets/no-target", dir.path), &err) == RC_OK);
	ck_assert(fs_write(arena_printf(&arena, "%s/targets/shop/target.xml", dir.path), target_text,
			   sizeof target_text - 1, 0600, &err) == RC_OK);
}

static void fini(void)
{
	rundir_close(&dir);
	arena_fini(&arena);
}

START_TEST(names_and_variants)
{
	const char *file = arena_printf(&arena, "%s/targets/shop/target.xml", dir.path);
	const struct {
		const char *name, *variant, *error; /* the end of it */
	} rows[] = {
	    {"shop", NULL, NULL},
	    {"shop:shallow", "shallow", NULL},
	    {file, NULL, NULL},
	    {arena_printf(&arena, "%s:shallow", file), "shallow", NULL},
	    {arena_printf(&arena, "%s/targets/shop", dir.path), NULL, NULL},
	    {"shop:deep", NULL, "no variant deep; it has: shallow closed"},
	    {"shops", NULL, "no target shops: neither a file nor one of: shop"},
	    {"no-target", NULL, "no target no-target: neither a file nor one of: shop"},
	    {"", NULL, "no target : neither a file nor one of: shop"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct target *t = NULL;
		const struct variant *v;
		struct err err = {0};
		enum rc rc = target_load(&arena, &suite, rows[i].name, &t, &v, &err);
		if (rows[i].error) {
			ck_assert_msg(rc == RC_INPUT && text_ends(err.text, rows[i].error), "%s: %s", rows[i].name,
				      err.text);
			continue;
		}
		ck_assert_msg(rc == RC_OK, "%s: %s", rows[i].name, err.text);
		ck_assert_str_eq(t->id, "shop");
		ck_assert_msg(rows[i].variant ? v && strcmp(v->id, rows[i].variant) == 0 : !v, "%s", rows[i].name);
	}
}
END_TEST

START_TEST(values)
{
	const struct target *t;
	const struct variant *v;
	struct err err = {0};
	ck_assert_msg(target_load(&arena, &suite, "shop:shallow", &t, &v, &err) == RC_OK, "%s", err.text);
	ck_assert(!t->remote);
	ck_assert_uint_eq(t->tls, BIT(TLS_1_2));
	ck_assert_uint_eq(t->http, BIT(HTTP_1_0) | BIT(HTTP_1_1)); /* not said */
	ck_assert_uint_eq(t->negotiation, BIT(NEGOTIATION_REQUIRED) | BIT(NEGOTIATION_BY_NAME));
	ck_assert_uint_eq(t->body_limit, 131072);
	ck_assert_str_eq(t->server_ca, arena_printf(&arena, "%s/targets/shop/ca.pem", dir.path));
	const struct process *p = &t->processes[0];
	ck_assert_uint_eq(p->n_arguments, 2);
	ck_assert(p->split[0] && !p->split[1]);
	ck_assert_int_eq(p->reload.signal, SIGHUP);
	ck_assert_str_eq(p->reload.done, "read");
	ck_assert_int_eq(p->stop_signal, 0);
	ck_assert_str_eq(p->version_pattern, "v");
	ck_assert_str_eq(p->files[0].to, "a/b");
	ck_assert_str_eq(p->install, "by hand");
	ck_assert_uint_eq(p->n_prepares, 1);
	ck_assert_str_eq(p->prepares[0].arguments[0], "make");
	ck_assert(p->prepares[0].split[1]);
	ck_assert_uint_eq(p->prepares[0].within_ms, 2000);
	ck_assert_str_eq(p->logs[0].crash, "died");
	ck_assert_str_eq(t->endpoints[0].trust, "tenant");
	ck_assert_uint_eq(t->endpoints[1].http, BIT(HTTP_1_1));
	ck_assert_str_eq(t->endpoints[1].names[1].host, "protected.test");
	ck_assert_str_eq(t->endpoints[1].names[0].trust, "main");
	ck_assert_str_eq(t->echo.body, "you: ");
	ck_assert_int_eq(t->echo.as, ECHO_SHA256_HEX);
	ck_assert_str_eq(t->received.length, "L");
	ck_assert_str_eq(t->received.sha256, "D");
	ck_assert_str_eq(t->endpoints[1].names[0].redirect, "/a");
	ck_assert_ptr_null(t->endpoints[1].names[1].redirect);
	ck_assert_str_eq(t->has, "echo body-echo body-limit redirect"); /* the last three follow */
	ck_assert_uint_eq(t->limits.handshake_ms, 5000);
	ck_assert_str_eq(v->sets[0].value, "1");
	ck_assert_str_eq(t->identities[1].key, "pkcs11:x");
	ck_assert_str_eq(t->identities[0].key, t->identities[0].certificate);
}
END_TEST

/* What a variant says replaces what the target says; what follows from its attributes it need not say. */
START_TEST(variants_replace)
{
	const struct target *t;
	const struct variant *v;
	struct err err = {0};
	ck_assert_msg(target_load(&arena, &suite, "shop:closed", &t, &v, &err) == RC_OK, "%s", err.text);
	ck_assert_str_eq(t->profile, "other");
	ck_assert_uint_eq(t->body_limit, 9);
	ck_assert(text_has_word(t->has, "clock") && text_has_word(t->has, "body-limit") && !text_has_word(t->has, "echo"));
	ck_assert_uint_eq(t->n_endpoints, 1);
	ck_assert_uint_eq(t->negotiation, BIT(NEGOTIATION_NONE));
	ck_assert_str_eq(t->product, "shopd");
}
END_TEST

START_TEST(own_certificates_become_conditions)
{
	static const struct condition valid = {.id = "valid", .decision = BIT(DECISION_ACCEPT)};
	const struct target *t;
	const struct variant *v;
	struct err err = {0};
	suite.conditions = &valid;
	suite.n_conditions = 1;
	ck_assert_msg(target_load(&arena, &suite, "shop", &t, &v, &err) == RC_OK, "%s", err.text);
	const struct suite *s = suite_with_identities(&arena, &suite, t);
	ck_assert_uint_eq(s->n_conditions, 3);
	ck_assert_ptr_nonnull(suite_condition(s, "valid"));
	ck_assert_str_eq(suite_condition(s, "own:mine")->own, "mine");
	ck_assert_ptr_null(suite_condition(s, "own:mine")->differs_from);
	ck_assert_str_eq(suite_condition(s, "own:bad")->differs_from, "own:mine");
	ck_assert_uint_eq(suite_condition(s, "own:bad")->decision, BIT(DECISION_REJECT));
	ck_assert_uint_eq(suite.n_conditions, 1);
}
END_TEST

START_TEST(suites_are_found)
{
	struct err err = {0};
	const char *found, *root = dir.path;
	const char *prefix = arena_printf(&arena, "%s/usr", root), *build = arena_printf(&arena, "%s/src", root);
	ck_assert(fs_mkdirs(arena_printf(&arena, "%s/share/mtlspec/suites/schema", prefix), &err) == RC_OK);
	ck_assert(fs_mkdirs(arena_printf(&arena, "%s/suites/schema", build), &err) == RC_OK);
	ck_assert(fs_mkdirs(arena_printf(&arena, "%s/suites", root), &err) == RC_OK); /* without schema: not it */
	ck_assert(suite_find_dir(&arena, arena_printf(&arena, "%s/bin/mtlspec", prefix), &found, &err) == RC_OK);
	ck_assert_str_eq(found, arena_printf(&arena, "%s/share/mtlspec/suites", prefix));
	ck_assert(suite_find_dir(&arena, arena_printf(&arena, "%s/build/dev/mtlspec", build), &found, &err) == RC_OK);
	ck_assert_str_eq(found, arena_printf(&arena, "%s/suites", build));
	ck_assert_int_eq(setenv("MTLSPEC_SUITES", arena_printf(&arena, "%s/suites", build), 1), 0);
	ck_assert(suite_find_dir(&arena, "/nowhere/mtlspec", &found, &err) == RC_OK);
	ck_assert_int_eq(setenv("MTLSPEC_SUITES", root, 1), 0);
	ck_assert(suite_find_dir(&arena, arena_printf(&arena, "%s/build/dev/mtlspec", build), &found, &err) ==
		  RC_INPUT);
	unsetenv("MTLSPEC_SUITES");
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("target_load");
	TCase *t = tcase_create("target_load");
	tcase_add_checked_fixture(t, init, fini);
	tcase_add_test(t, names_and_variants);
	tcase_add_test(t, values);
	tcase_add_test(t, variants_replace);
	tcase_add_test(t, own_certificates_become_conditions);
	tcase_add_test(t, suites_are_found);
	suite_add_tcase(s, t);
	return s;
}
