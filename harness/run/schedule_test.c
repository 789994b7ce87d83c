#include "harness/base/test.h"
#include "harness/run/run.h"
#include "harness/run/schedule.h"

#include <string.h>

static const struct condition conditions[] = {
	{.id = "valid", .decision = BIT(DECISION_ACCEPT)},
	{.id = "expired", .differs_from = "valid", .decision = BIT(DECISION_REJECT)},
	{.id = "untrusted", .differs_from = "valid", .decision = BIT(DECISION_REJECT)},
};
static const struct scenario scenarios[] = {
	{.suite = "chain", .id = "chain", .conditions = "*", .default_script = true, .tls = BIT(TLS_1_2) | BIT(TLS_1_3),
	 .negotiation = BIT(NEGOTIATION_REQUIRED), .http = BIT(HTTP_1_1), .client = BIT(CLIENT_WILLING)},
};
static const struct suite suite = {
	.conditions = conditions, .n_conditions = 3, .scenarios = scenarios, .n_scenarios = 1};
static const struct endpoint endpoints[] = {{.id = "main", .negotiation = NEGOTIATION_REQUIRED}};
static const struct target target = {
	.id = "t", .tls = BIT(TLS_1_2) | BIT(TLS_1_3), .http = BIT(HTTP_1_1), .endpoints = endpoints, .n_endpoints = 1};

struct world {
	struct arena arena;
	const struct plan *plan;
	struct schedule *schedule;
};

static void open_world_of(struct world *w, const struct suite *of, uint64_t repeat, uint64_t patience,
			  const uint8_t *finished)
{
	struct err err = {{0}};
	struct plan_spec plan = {
		.suite = of, .target = &target, .impact = IMPACT_HOSTILE, .http_built = BIT(HTTP_1_1), .seed = 3};
	*w = (struct world){{0}, NULL, NULL};
	ck_assert_int_eq(plan_make(&w->arena, &plan, &w->plan, &err), RC_OK);
	struct schedule_spec spec = {
		.plan = w->plan, .suite = of, .repeat = repeat, .patience_us = patience, .finished = finished};
	w->schedule = schedule_open(&spec);
}

static void open_world(struct world *w, uint64_t repeat, uint64_t patience, const uint8_t *finished)
{
	open_world_of(w, &suite, repeat, patience, finished);
}

static void close_world(struct world *w)
{
	schedule_close(&w->schedule);
	arena_fini(&w->arena);
}

/* Runs to the end, one task after the other; notes what came as "c" control, "x" case, "r" replay. */
static void run_out(struct world *w, bool accepted, char *trace, size_t size)
{
	struct task task;
	size_t n = strlen(trace);
	while (schedule_next(w->schedule, true, 0, &task) == SCHEDULE_TASK) {
		ck_assert_uint_lt(n, size - 1);
		trace[n++] = task.kind == JOURNAL_CONTROL ? 'c' : task.kind == JOURNAL_CASE ? 'x' : 'r';
		schedule_finished(w->schedule, &task, accepted);
	}
	trace[n] = '\0';
}

START_TEST(controls_around_cases)
{
	struct world w;
	char trace[64] = "";
	open_world(&w, 1, 0, NULL);
	uint64_t cases, controls;
	ck_assert_uint_eq(schedule_total(w.schedule), 6);
	schedule_ahead(w.schedule, &cases, &controls);
	ck_assert(cases == 6 && controls == 4);
	run_out(&w, true, trace, sizeof trace);
	ck_assert_str_eq(trace, "cxxxccxxxc");
	close_world(&w);
}
END_TEST

START_TEST(refused_controls_are_not_asked_again)
{
	struct world w;
	char trace[64] = "";
	open_world(&w, 1, 0, NULL);
	run_out(&w, false, trace, sizeof trace);
	ck_assert_str_eq(trace, "cxxxcxxx");
	close_world(&w);
}
END_TEST

START_TEST(every_execution_once)
{
	struct world w;
	struct task task;
	unsigned seen[6][50] = {{0}};
	uint64_t cases, controls;
	open_world(&w, 50, 0, NULL);
	schedule_ahead(w.schedule, &cases, &controls);
	ck_assert(cases == 300 && controls == 4);
	while (schedule_next(w.schedule, true, 0, &task) == SCHEDULE_TASK) {
		if (task.kind == JOURNAL_CASE)
			seen[task.number][task.repetition]++;
		schedule_finished(w.schedule, &task, true);
	}
	for (size_t i = 0; i < 6; i++)
		for (size_t r = 0; r < 50; r++)
			ck_assert_uint_eq(seen[i][r], 1);
	close_world(&w);
}
END_TEST

START_TEST(finished_ones_are_left_out)
{
	struct world w;
	char trace[64] = "";
	const uint8_t finished[] = {0x07}; /* the first combination */
	open_world(&w, 1, 0, finished);
	run_out(&w, true, trace, sizeof trace);
	ck_assert_str_eq(trace, "cxxxc");
	close_world(&w);
}
END_TEST

START_TEST(a_control_under_way_holds_cases_up)
{
	struct world w;
	struct task first, second, task;
	open_world(&w, 1, 1000, NULL);
	/* the controls of both combinations may run at once, their cases may not yet */
	ck_assert_int_eq(schedule_next(w.schedule, true, 10, &first), SCHEDULE_TASK);
	ck_assert_int_eq(schedule_next(w.schedule, false, 10, &second), SCHEDULE_TASK);
	ck_assert(first.kind == JOURNAL_CONTROL && second.kind == JOURNAL_CONTROL && first.group != second.group);
	ck_assert_int_eq(schedule_next(w.schedule, false, 900, &task), SCHEDULE_WAIT);
	/* past its patience, a silent control holds nothing up */
	ck_assert_int_eq(schedule_next(w.schedule, false, 1100, &task), SCHEDULE_TASK);
	ck_assert_int_eq(task.kind, JOURNAL_CASE);
	close_world(&w);
}
END_TEST

START_TEST(replays_have_controls_of_their_own)
{
	struct world w;
	char trace[64] = "";
	open_world(&w, 1, 0, NULL);
	schedule_replay(w.schedule, 1, false);
	schedule_replay(w.schedule, 1, false);
	run_out(&w, true, trace, sizeof trace);
	ck_assert_str_eq(trace, "cxxxccxxxccrcr");
	close_world(&w);
}
END_TEST

START_TEST(a_lone_replay_is_alone)
{
	struct world w;
	struct task task;
	char trace[64] = "";
	open_world(&w, 1, 0, NULL);
	run_out(&w, true, trace, sizeof trace);
	schedule_replay(w.schedule, 1, true);
	ck_assert_int_eq(schedule_next(w.schedule, false, 0, &task), SCHEDULE_WAIT);
	ck_assert_int_eq(schedule_next(w.schedule, true, 0, &task), SCHEDULE_TASK);
	ck_assert_int_eq(task.kind, JOURNAL_CONTROL);
	schedule_finished(w.schedule, &task, true);
	ck_assert_int_eq(schedule_next(w.schedule, true, 0, &task), SCHEDULE_TASK);
	ck_assert_int_eq(task.kind, JOURNAL_REPLAY);
	ck_assert_uint_eq(task.repetition, RUN_ALONE);
	schedule_finished(w.schedule, &task, true);
	ck_assert_int_eq(schedule_next(w.schedule, true, 0, &task), SCHEDULE_DONE);
	close_world(&w);
}
END_TEST

static const struct {
	bool hard;
	const char *trace;
} stops[] = {{false, "cxc"}, {true, "cx"}};

START_TEST(stopping)
{
	struct world w;
	struct task task;
	char trace[64] = "cx";
	open_world(&w, 1, 0, NULL);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(schedule_next(w.schedule, true, 0, &task), SCHEDULE_TASK);
		schedule_finished(w.schedule, &task, true);
	}
	schedule_stop(w.schedule, stops[_i].hard);
	run_out(&w, true, trace, sizeof trace);
	ck_assert_str_eq(trace, stops[_i].trace);
	close_world(&w);
}
END_TEST

START_TEST(an_abandoned_endpoint_runs_nothing_more)
{
	struct world w;
	struct task task;
	char trace[64] = "";
	open_world(&w, 1, 0, NULL);
	ck_assert_int_eq(schedule_next(w.schedule, true, 0, &task), SCHEDULE_TASK);
	ck_assert(schedule_abandon(w.schedule, &endpoints[0]));
	ck_assert(!schedule_abandon(w.schedule, &endpoints[0]));
	schedule_finished(w.schedule, &task, false);
	run_out(&w, false, trace, sizeof trace);
	ck_assert_str_eq(trace, "");
	close_world(&w);
}
END_TEST

/* Each of them would wait as long as the first for a server that says nothing. */
START_TEST(an_abandoned_endpoint_asks_no_other_control)
{
	static const struct condition several[] = {
		{.id = "valid", .decision = BIT(DECISION_ACCEPT)},
		{.id = "expired", .differs_from = "valid", .decision = BIT(DECISION_REJECT)},
		{.id = "root", .decision = BIT(DECISION_ACCEPT)},
		{.id = "root-expired", .differs_from = "root", .decision = BIT(DECISION_REJECT)},
	};
	static const struct suite two = {.conditions = several, .n_conditions = 4, .scenarios = scenarios, .n_scenarios = 1};
	struct world w;
	struct task task;
	char trace[64] = "";
	open_world_of(&w, &two, 1, 0, NULL);
	run_out(&w, true, trace, sizeof trace);
	ck_assert_str_eq(trace, "ccxxxxccccxxxxcc");
	close_world(&w);
	trace[0] = '\0';
	open_world_of(&w, &two, 1, 0, NULL);
	ck_assert_int_eq(schedule_next(w.schedule, true, 0, &task), SCHEDULE_TASK);
	ck_assert(schedule_abandon(w.schedule, &endpoints[0]));
	schedule_finished(w.schedule, &task, false);
	run_out(&w, false, trace, sizeof trace);
	ck_assert_str_eq(trace, "");
	close_world(&w);
}
END_TEST

/* Cases that change the target, or may kill it, come last, each when nothing else is under way; so do their controls and replays. */
START_TEST(what_others_would_notice_is_alone)
{
	static const struct script_step reload[] = {{.verb = VERB_CONNECT}, {.verb = VERB_REQUEST}, {.verb = VERB_RELOAD}};
	const size_t n_steps = _i ? 2 : 3; /* without the reload, what is sent there has been seen to kill */
	const struct scenario both[] = {
		scenarios[0],
		{.suite = "live", .id = "live", .conditions = "expired", .steps = reload, .n_steps = n_steps,
		 .impact = _i ? IMPACT_HOSTILE : IMPACT_STATE,
		 .tls = BIT(TLS_1_2) | BIT(TLS_1_3), .negotiation = BIT(NEGOTIATION_REQUIRED), .http = BIT(HTTP_1_1),
		 .client = BIT(CLIENT_WILLING)},
	};
	const struct suite with = {.conditions = conditions, .n_conditions = 3, .scenarios = both, .n_scenarios = 2};
	struct world w;
	struct task task, other;
	uint64_t cases, controls;
	unsigned usual = 0, changing = 0;
	open_world_of(&w, &with, 1, 0, NULL);
	schedule_ahead(w.schedule, &cases, &controls);
	ck_assert(cases == 8 && controls == 8);
	schedule_replay(w.schedule, 7, false);
	while (schedule_next(w.schedule, true, 0, &task) == SCHEDULE_TASK) {
		struct kase k;
		plan_case(w.plan, task.number, &k);
		bool changes = k.scenario == &both[1];
		ck_assert(!changes || usual == 6);
		if (changes)
			ck_assert_int_eq(schedule_next(w.schedule, false, 0, &other), SCHEDULE_WAIT);
		usual += task.kind == JOURNAL_CASE && !changes;
		changing += task.kind != JOURNAL_CONTROL && changes;
		schedule_finished(w.schedule, &task, true);
	}
	ck_assert_uint_eq(changing, 2 + 2);
	close_world(&w);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("schedule");
	TCase *c = tcase_create("schedule");
	tcase_add_test(c, controls_around_cases);
	tcase_add_test(c, refused_controls_are_not_asked_again);
	tcase_add_test(c, every_execution_once);
	tcase_add_test(c, finished_ones_are_left_out);
	tcase_add_test(c, a_control_under_way_holds_cases_up);
	tcase_add_test(c, replays_have_controls_of_their_own);
	tcase_add_test(c, a_lone_replay_is_alone);
	tcase_add_loop_test(c, what_others_would_notice_is_alone, 0, 2);
	tcase_add_loop_test(c, stopping, 0, 2);
	tcase_add_test(c, an_abandoned_endpoint_runs_nothing_more);
	tcase_add_test(c, an_abandoned_endpoint_asks_no_other_control);
	suite_add_tcase(s, c);
	return s;
}
