#include "harness/run/servers.h"

#include "harness/base/test.h"

#include <stdio.h>
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const struct endpoint one = {.id = "one"}, two = {.id = "two"};

/* One connection in words: the name sent, what came; CHANGED in front of a hash for the other event. */
struct shown {
	const struct endpoint *endpoint;
	const char *sni, *leaf;
	bool changed_event, want;
};

#define S(e, name, hash) .endpoint = e, .sni = name, .leaf = hash

static void observe(struct observation *o, const struct shown *s)
{
	observation_clear(o);
	observation_add(o, 1, EVENT_HELLO_SENT, 0, -1, 0, 0, s->sni);
	if (s->leaf)
		observation_add(o, 2, s->changed_event ? EVENT_SERVER_CHAIN_CHANGED : EVENT_SERVER_CHAIN, 0, -1, 2, 0, s->leaf);
}

static const struct {
	const char *name;
	struct shown recorded[3], seen[4];
} rows[] = {
	{"the same", {{S(&one, "a", A)}}, {{S(&one, "a", A)}, {S(&one, "a", A)}}},
	{"another", {{S(&one, "a", A)}}, {{S(&one, "a", A)}, {S(&one, "a", B), .want = true}, {S(&one, "a", B)}, {S(&one, "a", A)}}},
	{"names have their own", {{S(&one, "a", A)}, {S(&one, "b", B)}}, {{S(&one, "b", B)}, {S(&one, "b", A), .want = true}}},
	{"addresses too", {{S(&one, "a", A)}, {S(&two, "a", B)}}, {{S(&two, "a", B)}, {S(&one, "a", A)}}},
	{"a name not met before", {{S(&one, "a", A)}}, {{S(&one, "new", B)}, {S(&one, "new", B)}, {S(&one, "new", C), .want = true}}},
	{"no name sent", {{S(&one, "a", A)}}, {{S(&one, NULL, B)}, {S(&one, NULL, B)}}},
	{"two by turns", {{S(&one, "a", A)}, {S(&one, "a", B)}}, {{S(&one, "a", B)}, {S(&one, "a", A), .changed_event = true}}},
	{"the same leaf, another chain", {{S(&one, "a", A)}}, {{S(&one, "a", A), .changed_event = true, .want = true}}},
	{"a subject behind it", {{S(&one, "a", A " CN=server,O=x")}}, {{S(&one, "a", A)}}},
	{"a resumed session shows none", {{S(&one, "a", A)}}, {{S(&one, "a", NULL)}}},
	{"nothing recorded", {{.endpoint = NULL}}, {{S(&one, "a", A)}, {S(&one, "a", B), .want = true}}},
};

START_TEST(pins)
{
	struct servers s = {.rows = NULL};
	struct observation o;
	observation_init(&o);
	for (size_t i = 0; i < 3 && rows[_i].recorded[i].endpoint; i++) {
		observe(&o, &rows[_i].recorded[i]);
		servers_record(&s, rows[_i].recorded[i].endpoint, "label", &o);
	}
	for (size_t i = 0; i < 4 && rows[_i].seen[i].endpoint; i++) {
		observe(&o, &rows[_i].seen[i]);
		ck_assert_msg(servers_changed(&s, rows[_i].seen[i].endpoint, &o) == rows[_i].seen[i].want, "%s: %zu",
			      rows[_i].name, i);
	}
	observation_fini(&o);
	servers_fini(&s);
}
END_TEST

START_TEST(records)
{
	struct servers s = {.rows = NULL};
	struct observation o;
	const struct shown shown = {S(&one, "a", A " CN=server,O=x")};
	observation_init(&o);
	observe(&o, &shown);
	servers_record(&s, &one, "one/a", &o);
	servers_record(&s, &one, "one/a", &o);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_str_eq(s.rows[0].label, "one/a");
	ck_assert_str_eq(s.rows[0].sha256, A);
	ck_assert_str_eq(s.rows[0].subject, "CN=server,O=x");
	for (unsigned i = 0; i < 2000; i++) {
		char leaf[80];
		snprintf(leaf, sizeof leaf, "%064u", i);
		const struct shown next = {S(&one, "a", leaf)};
		observe(&o, &next);
		servers_record(&s, &one, "one/a", &o);
	}
	ck_assert_uint_eq(s.n, 256);
	observation_fini(&o);
	servers_fini(&s);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("servers");
	TCase *t = tcase_create("servers");
	tcase_add_loop_test(t, pins, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, records);
	suite_add_tcase(s, t);
	return s;
}
