#include "clients/observation.h"

#include "harness/base/test.h"

START_TEST(round_trip)
{
	struct observation in, out;
	struct buf b;
	struct err err = {{0}};
	observation_init(&in);
	observation_init(&out);
	buf_init(&b, 1 << 20);
	observation_add(&in, 10, EVENT_CONNECT, 0, -1, 0, 0, "127.0.0.1:1");
	observation_add(&in, 900, EVENT_ALERT_RECEIVED, 0, 0, 45, 2, NULL);
	in.duration_us = 1000;
	observation_put(&b, &in);
	struct reader r = {(const unsigned char *)b.data, (const unsigned char *)b.data + b.len, false};
	ck_assert_int_eq(observation_get(&r, &out, &err), RC_OK);
	ck_assert_uint_eq(out.n, 2);
	ck_assert_str_eq(out.events[0].text, "127.0.0.1:1");
	ck_assert_ptr_null(out.events[1].text);
	ck_assert_int_eq(out.events[1].a, 45);
	ck_assert_uint_eq(out.duration_us, 1000);
	for (size_t cut = 0; cut < b.len; cut++) {
		struct reader torn = {(const unsigned char *)b.data, (const unsigned char *)b.data + cut, false};
		ck_assert_int_eq(observation_get(&torn, &out, &err), RC_INPUT);
	}
	observation_fini(&in);
	observation_fini(&out);
	buf_fini(&b);
}
END_TEST

/* What a parent reads off the shared page when the worker is dead. */
START_TEST(latest)
{
	struct event page = {.kind = EVENT_CONNECT};
	struct observation o;
	observation_init(&o);
	o.latest = &page;
	observation_clear(&o);
	ck_assert_uint_eq(page.kind, EVENT_KIND__COUNT);
	observation_add(&o, 5, EVENT_CONNECT, 0, -1, 0, 0, "127.0.0.1:1");
	observation_add(&o, 7, EVENT_ALERT_RECEIVED, 1, 2, 45, 2, "text of a process that is gone");
	ck_assert_uint_eq(page.kind, EVENT_ALERT_RECEIVED);
	ck_assert_uint_eq(page.at_us, 7);
	ck_assert_int_eq(page.conn, 1);
	ck_assert_int_eq(page.req, 2);
	ck_assert_int_eq(page.a, 45);
	ck_assert_ptr_null(page.text);
	observation_clear(&o);
	ck_assert_uint_eq(page.kind, EVENT_KIND__COUNT);
	observation_fini(&o);
}
END_TEST

START_TEST(bounded)
{
	struct observation o;
	observation_init(&o);
	for (int i = 0; i < 2 * OBSERVATION_MAX_EVENTS; i++)
		observation_add(&o, 0, EVENT_INTERIM, 0, 0, 100, 0, NULL);
	ck_assert_uint_eq(o.n, OBSERVATION_MAX_EVENTS);
	ck_assert(o.full);
	observation_fini(&o);
}
END_TEST

START_TEST(lines)
{
	static const struct {
		struct event event;
		const char *want;
	} rows[] = {
	    {{.at_us = 1500, .kind = EVENT_SESSION_TICKET, .req = -1, .a = 7200},
	     "   1.500 ms  c0 session-ticket lives 7200 s"},
	    {{.kind = EVENT_SESSION_TICKET, .req = -1, .a = 7200, .b = 16384},
	     "   0.000 ms  c0 session-ticket lives 7200 s, early data up to 16384 bytes"},
	    {{.kind = EVENT_BREACH, .req = -1, .a = BREACH_TICKET_LIFE, .text = "604801 s"},
	     "   0.000 ms  c0 breach ticket-lives-too-long: 604801 s"},
	};
	struct buf b;
	buf_init(&b, 1024);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&b);
		observation_event_line(&b, &rows[i].event);
		ck_assert_str_eq(b.data, rows[i].want);
	}
	buf_fini(&b);
}
END_TEST

/* A server that was told to stop refuses rightly. */
START_TEST(refused)
{
	static const struct {
		const char *name, *told[3]; /* before the connect that fails */
		bool want;
	} rows[] = {
	    {"by itself", {NULL}, true},
	    {"stopped", {"stop"}, false},
	    {"reloaded while it was stopped", {"stop", "reload"}, false},
	    {"started again", {"stop", "start"}, true},
	    {"reloaded", {"reload"}, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct observation o;
		observation_init(&o);
		ck_assert_msg(!observation_refused(&o), "%s", rows[i].name);
		for (int k = 0; k < 3 && rows[i].told[k]; k++)
			observation_add(&o, 0, EVENT_TARGET_TOLD, -1, -1, 0, 0, rows[i].told[k]);
		observation_add(&o, 0, EVENT_CONNECT_FAILED, 0, -1, 111, 0, NULL);
		ck_assert_msg(observation_refused(&o) == rows[i].want, "%s", rows[i].name);
		observation_fini(&o);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("observation");
	TCase *c = tcase_create("observation");
	tcase_add_test(c, round_trip);
	tcase_add_test(c, latest);
	tcase_add_test(c, bounded);
	tcase_add_test(c, lines);
	tcase_add_test(c, refused);
	suite_add_tcase(s, c);
	return s;
}
