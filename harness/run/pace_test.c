#include "harness/run/pace.h"

#include "harness/base/test.h"

/* A server that takes `limit` connections a second and answers 429 to the others; one at a time, 1 ms each. */
static void play(struct pace *p, unsigned limit, unsigned seconds, unsigned *served, unsigned *lost)
{
	unsigned in_second = 0;
	*served = *lost = 0;
	for (uint64_t now = 1, second = 0; now < (uint64_t)seconds * 1000000u; now += 1000) {
		if (now / 1000000u != second) {
			second = now / 1000000u;
			in_second = 0;
		}
		if (p->over || !pace_ready(p, now))
			continue;
		pace_started(p, now);
		bool taken = in_second++ < limit;
		*(taken ? served : lost) += 1;
		pace_finished(p, taken ? PACE_FINE : PACE_THROTTLED, now, now + 500);
	}
}

static const struct {
	unsigned rate, limit, least_served, most_lost;
} limits[] = {
	{0, 20, 250, 4},   /* settles at ten a second */
	{0, 4, 70, 8},
	{0, 1, 12, 12},	   /* as slow as gaps get */
	{10, 20, 299, 0},  /* the rate alone is enough */
	{1000, 2000, 29000, 0},
};

START_TEST(settles_below_a_limit)
{
	struct pace p = {.rate = limits[_i].rate, .patient = true};
	unsigned served, lost;
	play(&p, limits[_i].limit, 30, &served, &lost);
	ck_assert_msg(served >= limits[_i].least_served && lost <= limits[_i].most_lost, "limit %u: %u served, %u lost",
		      limits[_i].limit, served, lost);
	ck_assert(!p.over);
}
END_TEST

START_TEST(gives_up)
{
	struct pace p = {.patient = true};
	uint64_t now = 1000;
	unsigned n = 0;
	enum pace_step step = PACE_GO;
	while (step != PACE_OVER && n < 100) {
		now = p.next_us > now ? p.next_us : now;
		pace_started(&p, now);
		step = pace_finished(&p, PACE_REFUSED, now, now + 100);
		ck_assert_int_eq(step, n == 0 ? PACE_SLOWED : n + 1 == PACE_GIVE_UP ? PACE_OVER : PACE_GO);
		n++;
	}
	ck_assert_uint_eq(n, PACE_GIVE_UP);
	ck_assert_msg(now > 10000000u && now < 25000000u, "after %llu us", (unsigned long long)now);
	ck_assert_int_eq(pace_finished(&p, PACE_REFUSED, now, now), PACE_GO); /* said */
}
END_TEST

START_TEST(counts_what_was_under_way_once)
{
	struct pace p = {.patient = true};
	for (unsigned i = 0; i < 50; i++)
		pace_finished(&p, PACE_THROTTLED, 1000, 2000 + i); /* fifty started together */
	ck_assert_uint_eq(p.trouble, 1);
	ck_assert(!p.over && p.gap_us == 100000);
}
END_TEST

START_TEST(resets_are_not_given_up)
{
	struct pace p = {.patient = true};
	uint64_t now = 1000;
	for (unsigned i = 0; i < 100; i++, now += 200000)
		ck_assert_int_eq(pace_finished(&p, PACE_RESET, now, now), i ? PACE_GO : PACE_SLOWED);
	ck_assert_uint_eq(p.gap_us, 100000);
	ck_assert_int_eq(pace_finished(&p, PACE_REFUSED, now, now), PACE_SLOWED); /* another kind: said too */
}
END_TEST

START_TEST(answers)
{
	struct observation o;
	observation_init(&o);
	ck_assert_int_eq(pace_answer(&o, false), PACE_FINE);
	ck_assert_int_eq(pace_answer(&o, true), PACE_THROTTLED);
	observation_add(&o, 1, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL);
	observation_add(&o, 2, EVENT_RESET, 0, -1, 104, 0, NULL);
	ck_assert_int_eq(pace_answer(&o, false), PACE_FINE); /* it had spoken: a refusal like others */
	observation_add(&o, 3, EVENT_RESET, 1, -1, 104, 0, NULL);
	ck_assert_int_eq(pace_answer(&o, false), PACE_RESET);
	observation_add(&o, 4, EVENT_CONNECT_FAILED, 2, -1, 111, 0, NULL);
	ck_assert_int_eq(pace_answer(&o, true), PACE_REFUSED);
	observation_fini(&o);
}
END_TEST

START_TEST(ours_gets_no_gaps)
{
	struct pace p = {.rate = 100};
	ck_assert_int_eq(pace_finished(&p, PACE_REFUSED, 0, 1), PACE_GO);
	pace_started(&p, 1000);
	ck_assert(!pace_ready(&p, 10999) && pace_ready(&p, 11000));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("pace");
	TCase *t = tcase_create("pace");
	tcase_add_loop_test(t, settles_below_a_limit, 0, sizeof limits / sizeof *limits);
	tcase_add_test(t, gives_up);
	tcase_add_test(t, counts_what_was_under_way_once);
	tcase_add_test(t, resets_are_not_given_up);
	tcase_add_test(t, answers);
	tcase_add_test(t, ours_gets_no_gaps);
	suite_add_tcase(s, t);
	return s;
}
