#include "harness/base/test.h"
#include "harness/run/checkup.h"

#define SECOND 1000000u

static const struct {
	const char *name;
	enum event_kind kind;
	uint32_t took_us, ago_us; /* the last look */
	bool due;
} rows[] = {
    {"cut off", EVENT_EOF, 5000, 10, true},
    {"reset", EVENT_RESET, 5000, 10, true},
    {"nobody listens", EVENT_CONNECT_FAILED, 5000, 10, true},
    {"silent, nobody looked", EVENT_TIMEOUT, 2 * SECOND, 5 * SECOND, true},
    {"silent, somebody looked since", EVENT_TIMEOUT, 2 * SECOND, 50000, false},
    {"silent for less than a look is fresh", EVENT_TIMEOUT, 120000, 50000, true},
    {"answered", EVENT_RESPONSE, 5000, 5 * SECOND, false},
};

START_TEST(due)
{
	struct observation o;
	struct checkup c = {0};
	checkup_made(&c, 10 * SECOND);
	observation_init(&o);
	observation_add(&o, 0, rows[_i].kind, 0, -1, 0, 0, NULL);
	o.duration_us = rows[_i].took_us;
	ck_assert_msg(checkup_due(&c, &o, 10 * SECOND + rows[_i].ago_us) == rows[_i].due, "%s", rows[_i].name);
	observation_fini(&o);
}
END_TEST

START_TEST(sound_cases_are_counted)
{
	struct observation o;
	struct checkup c = {0};
	observation_init(&o);
	for (unsigned i = 1; i < CHECKUP_EVERY; i++)
		ck_assert(!checkup_due(&c, &o, SECOND));
	ck_assert(checkup_due(&c, &o, SECOND));
	checkup_made(&c, SECOND);
	ck_assert(!checkup_due(&c, &o, SECOND));
	observation_fini(&o);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("checkup");
	TCase *t = tcase_create("checkup");
	tcase_add_loop_test(t, due, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, sound_cases_are_counted);
	suite_add_tcase(s, t);
	return s;
}
