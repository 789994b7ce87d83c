#include "harness/run/schedule.h"

#include "harness/run/run.h"

#include <stdlib.h>
#include <string.h>

enum stage { STAGE_BEFORE, STAGE_CASES, STAGE_AFTER, STAGE_OVER };

struct control {
	int32_t condition;
	bool submitted, accepted;
	unsigned again;
};

struct group {
	uint32_t id;
	size_t combination;
	struct combination cells;
	uint32_t *running; /* owned: the cells of the combination that run, counted from its first */
	uint64_t n_running;
	uint64_t at, end; /* executions: repetition * n_running + position */
	uint64_t anchor;  /* a case number of the combination, for controls */
	struct control controls[SCHEDULE_CONTROLS];
	size_t n_controls, next_control;
	unsigned under_way;
	uint64_t asked_us; /* when the last control before the cases was handed out */
	enum stage stage;
	bool replay, alone;
	bool exclusive; /* each of its cases runs with nothing beside it */
	uint64_t replay_number;
	unsigned replay_left;
	bool replayed; /* behind the latest control: the next one comes first */
};

struct replay {
	uint64_t number;
	bool alone;
};

struct schedule {
	struct schedule_spec spec;
	struct group **open;
	size_t n_open, cap_open;
	size_t next_combination, next_exclusive;
	uint32_t next_group;
	struct replay *replays;
	size_t n_replays, cap_replays, next_replay;
	const struct endpoint *abandoned[32];
	size_t n_abandoned;
	bool stopped, hard;
	uint64_t total;
	uint8_t *runs, *exclusive; /* a bit a cell: is it one that runs, and has it to be alone? */
};

static void find_runs(struct schedule *s)
{
	uint64_t cells = plan_cells(s->spec.plan);
	const char *reason, *clause;
	s->runs = mem_alloc(cells / 8 + 1);
	s->exclusive = mem_alloc(cells / 8 + 1);
	for (uint64_t i = 0; i < cells; i++) {
		struct kase k;
		plan_case(s->spec.plan, i, &k);
		if (plan_disposition(s->spec.plan, &k, &reason, &clause) != DISPOSITION_RUN)
			continue;
		s->runs[i / 8] |= (uint8_t)(1u << (i % 8));
		if (scenario_runs_alone(k.scenario))
			s->exclusive[i / 8] |= (uint8_t)(1u << (i % 8));
		s->total += s->spec.repeat;
	}
}

struct schedule *schedule_open(const struct schedule_spec *spec)
{
	struct schedule *s = mem_alloc(sizeof *s);
	s->spec = *spec;
	s->next_group = spec->first_group;
	find_runs(s);
	return s;
}

static void group_free(struct group *g)
{
	free(g->running);
	free(g);
}

void schedule_close(struct schedule **out)
{
	struct schedule *s = *out;
	if (!s)
		return;
	for (size_t i = 0; i < s->n_open; i++)
		group_free(s->open[i]);
	free(s->open);
	free(s->replays);
	free(s->runs);
	free(s->exclusive);
	free(s);
	*out = NULL;
}

uint64_t schedule_total(const struct schedule *s)
{
	return s->total;
}

static bool is_finished(const struct schedule *s, uint64_t number, uint64_t repetition)
{
	uint64_t bit = number * s->spec.repeat + repetition;
	return s->spec.finished && (s->spec.finished[bit / 8] >> (bit % 8) & 1);
}

static bool is_abandoned(const struct schedule *s, const struct endpoint *e)
{
	for (size_t i = 0; i < s->n_abandoned; i++)
		if (s->abandoned[i] == e)
			return true;
	return false;
}

/* The execution at `at`, if it is one that runs. */
static bool execution(const struct schedule *s, const struct group *g, uint64_t at, uint64_t *number)
{
	*number = g->cells.first + g->running[plan_order(s->spec.plan, &g->cells, at % g->n_running, g->n_running)];
	return !is_finished(s, *number, at / g->n_running);
}

static void add_control(struct group *g, const struct schedule *s, const struct kase *k)
{
	const struct condition *c = plan_control(s->spec.plan, k);
	if (!c)
		return;
	int32_t index = (int32_t)(c - s->spec.suite->conditions);
	for (size_t i = 0; i < g->n_controls; i++)
		if (g->controls[i].condition == index)
			return;
	if (g->n_controls < SCHEDULE_CONTROLS)
		g->controls[g->n_controls++] = (struct control){.condition = index};
}

/* The next stretch of the combination with something to run in it; false when there is none. */
static bool fill(const struct schedule *s, struct group *g)
{
	uint64_t limit = g->n_running * s->spec.repeat, wanted = 0, number;
	struct kase k;
	g->n_controls = g->next_control = 0;
	g->at = g->end;
	while (g->end < limit && wanted < SCHEDULE_GROUP) {
		if (execution(s, g, g->end, &number)) {
			if (!wanted)
				g->at = g->end;
			wanted++;
			g->anchor = number;
			plan_case(s->spec.plan, number, &k);
			add_control(g, s, &k);
		}
		g->end++;
	}
	g->stage = STAGE_BEFORE;
	return wanted > 0;
}

static void open_group(struct schedule *s, struct group *g)
{
	g->id = s->next_group++;
	*VEC_PUSH(s->open, s->n_open, s->cap_open) = g;
}

static bool is_in(const struct schedule *s, uint64_t cell, bool exclusive)
{
	unsigned bit = cell % 8;
	return (s->runs[cell / 8] >> bit & 1) && (s->exclusive[cell / 8] >> bit & 1) == exclusive;
}

static struct group *group_of(const struct schedule *s, size_t combination, bool exclusive)
{
	struct group *g = mem_alloc(sizeof *g);
	g->combination = combination;
	g->exclusive = exclusive;
	plan_combination(s->spec.plan, combination, &g->cells);
	uint64_t end = g->cells.first + g->cells.n;
	for (uint64_t i = g->cells.first; i < end; i++)
		g->n_running += is_in(s, i, exclusive);
	g->running = mem_alloc(g->n_running * sizeof *g->running);
	for (uint64_t i = g->cells.first, n = 0; i < end; i++)
		if (is_in(s, i, exclusive))
			g->running[n++] = (uint32_t)(i - g->cells.first);
	return g;
}

static bool has_control(const struct group *g, int32_t condition)
{
	for (size_t i = 0; i < g->n_controls; i++)
		if (g->controls[i].condition == condition)
			return true;
	return false;
}

static void count_ahead(const struct schedule *s, size_t combination, bool exclusive, uint64_t *cases, uint64_t *controls)
{
	struct group *g = group_of(s, combination, exclusive), before = {0};
	uint64_t number;
	while (fill(s, g)) {
		for (uint64_t at = g->at; at < g->end; at++)
			*cases += execution(s, g, at, &number);
		*controls += g->n_controls; /* behind the stretch; those before it stand from the last one */
		for (size_t k = 0; k < g->n_controls; k++)
			*controls += !has_control(&before, g->controls[k].condition);
		before = *g;
	}
	group_free(g);
}

void schedule_ahead(const struct schedule *s, uint64_t *cases, uint64_t *controls)
{
	*cases = *controls = 0;
	for (size_t i = 0; i < plan_combinations(s->spec.plan); i++) {
		count_ahead(s, i, false, cases, controls);
		count_ahead(s, i, true, cases, controls);
	}
}

static bool open_combination(struct schedule *s, size_t combination, bool exclusive)
{
	struct group *g = group_of(s, combination, exclusive);
	if (!is_abandoned(s, g->cells.endpoint) && fill(s, g)) {
		open_group(s, g);
		return true;
	}
	group_free(g);
	return false;
}

/* Those come behind everything else, one combination after the other. */
static bool open_exclusive(struct schedule *s)
{
	while (s->n_open == 0 && s->next_exclusive < plan_combinations(s->spec.plan)) {
		size_t next = s->next_exclusive++;
		if (open_combination(s, next, true))
			return true;
	}
	return false;
}

static bool open_next(struct schedule *s)
{
	if (s->stopped || s->n_open >= SCHEDULE_OPEN)
		return false;
	while (s->next_combination < plan_combinations(s->spec.plan)) {
		size_t next = s->next_combination++;
		if (open_combination(s, next, false))
			return true;
	}
	return open_exclusive(s);
}

static bool open_replay(struct schedule *s)
{
	if (s->stopped || s->n_open >= SCHEDULE_OPEN || s->next_replay == s->n_replays)
		return false;
	const struct replay *r = &s->replays[s->next_replay];
	struct kase k;
	plan_case(s->spec.plan, r->number, &k);
	bool exclusive = scenario_runs_alone(k.scenario);
	if ((r->alone || exclusive) && s->n_open)
		return false;
	s->next_replay++;
	if (is_abandoned(s, k.endpoint))
		return true;
	struct group *g = mem_alloc(sizeof *g);
	*g = (struct group){
		.replay = true,
		.alone = r->alone,
		.exclusive = exclusive,
		.replay_number = r->number,
		.replay_left = r->alone ? 1 : 2,
		.anchor = r->number,
	};
	add_control(g, s, &k);
	open_group(s, g);
	return true;
}

static bool control_task(struct group *g, struct task *task)
{
	while (g->next_control < g->n_controls && g->controls[g->next_control].submitted)
		g->next_control++;
	if (g->next_control == g->n_controls)
		return false;
	struct control *c = &g->controls[g->next_control++];
	c->submitted = true;
	*task = (struct task){
		.kind = JOURNAL_CONTROL,
		.number = g->anchor,
		.repetition = g->stage == STAGE_AFTER,
		.group = g->id,
		.condition = c->condition,
	};
	return true;
}

static bool case_task(const struct schedule *s, struct group *g, struct task *task)
{
	uint64_t number;
	if (s->stopped)
		return false;
	if (g->replay) {
		if (!g->replay_left || g->replayed)
			return false;
		g->replayed = true;
		g->replay_left--;
		*task = (struct task){JOURNAL_REPLAY, g->replay_number, g->alone ? RUN_ALONE : g->replay_left, g->id, -1};
		return true;
	}
	if (is_abandoned(s, g->cells.endpoint))
		return false;
	for (; g->at < g->end; g->at++) {
		if (execution(s, g, g->at, &number)) {
			*task = (struct task){JOURNAL_CASE, number, (uint32_t)(g->at / g->n_running), g->id, -1};
			g->at++;
			return true;
		}
	}
	return false;
}

static void controls_again(struct group *g)
{
	g->next_control = 0;
	for (size_t i = 0; i < g->n_controls; i++)
		g->controls[i].submitted = false;
}

/* What the controls behind a stretch showed stands for those before the next one. */
static bool go_on(struct schedule *s, struct group *g)
{
	struct group before = *g;
	if (s->stopped || is_abandoned(s, g->cells.endpoint) || !fill(s, g))
		return false;
	g->id = s->next_group++;
	for (size_t i = 0; i < g->n_controls; i++)
		for (size_t j = 0; j < before.n_controls; j++)
			if (before.controls[j].condition == g->controls[i].condition && before.controls[j].accepted)
				g->controls[i].submitted = g->controls[i].accepted = true;
	return true;
}

static bool any_accepted(const struct group *g)
{
	for (size_t i = 0; i < g->n_controls; i++)
		if (g->controls[i].accepted)
			return true;
	return false;
}

/* Nothing of this stage is left to submit or under way: what comes then. */
static void advance(struct schedule *s, struct group *g)
{
	switch (g->stage) {
	case STAGE_BEFORE:
		g->stage = s->stopped ? STAGE_OVER : STAGE_CASES;
		break;
	case STAGE_CASES:
		if (g->replay && g->replay_left && !s->stopped) {
			/* the second replay has a control of its own */
			g->replayed = false;
			controls_again(g);
			g->stage = STAGE_BEFORE;
		} else if (g->replay || s->hard) {
			g->stage = STAGE_OVER;
		} else if (g->n_controls && !any_accepted(g)) {
			/* Refused before: nothing between proves anything, whatever comes after. */
			g->stage = STAGE_AFTER;
			g->next_control = g->n_controls;
		} else {
			controls_again(g);
			g->stage = STAGE_AFTER;
		}
		break;
	case STAGE_AFTER:
		if (g->replay || !go_on(s, g))
			g->stage = STAGE_OVER;
		break;
	case STAGE_OVER:
		break;
	}
}

/* A silent server answers no control either: its cases need not wait for that one after the other. */
static bool patience_is_over(const struct schedule *s, const struct group *g, uint64_t now_us)
{
	return g->stage == STAGE_BEFORE && !g->replay && s->spec.patience_us && g->asked_us &&
	       now_us - g->asked_us > s->spec.patience_us;
}

static bool group_task(struct schedule *s, struct group *g, uint64_t now_us, struct task *task)
{
	while (g->stage != STAGE_OVER) {
		bool controls = !s->hard && !is_abandoned(s, g->cells.endpoint) &&
				(g->stage == STAGE_AFTER || !s->stopped);
		bool got = g->stage == STAGE_CASES ? case_task(s, g, task) : controls && control_task(g, task);
		if (got) {
			g->under_way++;
			if (g->stage == STAGE_BEFORE)
				g->asked_us = now_us;
			return true;
		}
		if (g->under_way && !patience_is_over(s, g, now_us))
			return false;
		advance(s, g);
	}
	return false;
}

static void drop_over(struct schedule *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->n_open; i++) {
		if (s->open[i]->stage == STAGE_OVER)
			group_free(s->open[i]);
		else
			s->open[kept++] = s->open[i];
	}
	s->n_open = kept;
}

enum schedule_answer schedule_next(struct schedule *s, bool idle, uint64_t now_us, struct task *task)
{
	do {
		for (size_t i = 0; i < s->n_open; i++) {
			if ((s->open[i]->alone || s->open[i]->exclusive) && !idle)
				continue;
			if (group_task(s, s->open[i], now_us, task))
				return SCHEDULE_TASK;
		}
		drop_over(s);
		if (s->n_open && (s->open[0]->alone || s->open[0]->exclusive))
			break;
	} while (open_next(s) || open_replay(s));
	return s->n_open ? SCHEDULE_WAIT : SCHEDULE_DONE;
}

void schedule_finished(struct schedule *s, const struct task *task, bool accepted)
{
	for (size_t i = 0; i < s->n_open; i++) {
		struct group *g = s->open[i];
		if (g->id != task->group)
			continue;
		g->under_way--;
		for (size_t c = 0; task->kind == JOURNAL_CONTROL && c < g->n_controls; c++)
			if (g->controls[c].condition == task->condition)
				g->controls[c].accepted = accepted;
	}
}

bool schedule_again(struct schedule *s, const struct task *task)
{
	for (size_t i = 0; i < s->n_open; i++) {
		struct group *g = s->open[i];
		/* Its cases may have begun without it, and then it came too late. */
		if (g->id != task->group || g->stage != (task->repetition ? STAGE_AFTER : STAGE_BEFORE) || s->hard)
			continue;
		for (size_t c = 0; c < g->n_controls; c++) {
			if (g->controls[c].condition != task->condition || g->controls[c].again == SCHEDULE_AGAIN)
				continue;
			g->controls[c].again++;
			g->controls[c].submitted = false;
			g->next_control = 0;
			g->under_way--;
			return true;
		}
	}
	return false;
}

void schedule_replay(struct schedule *s, uint64_t number, bool alone)
{
	for (size_t i = 0; i < s->n_replays; i++)
		if (s->replays[i].number == number && s->replays[i].alone == alone)
			return;
	*VEC_PUSH(s->replays, s->n_replays, s->cap_replays) = (struct replay){number, alone};
}

bool schedule_abandon(struct schedule *s, const struct endpoint *endpoint)
{
	if (is_abandoned(s, endpoint) || s->n_abandoned == sizeof s->abandoned / sizeof *s->abandoned)
		return false;
	s->abandoned[s->n_abandoned++] = endpoint;
	return true;
}

void schedule_stop(struct schedule *s, bool hard)
{
	s->stopped = true;
	s->hard = s->hard || hard;
}
