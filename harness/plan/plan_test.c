#include "harness/base/test.h"
#include "harness/plan/plan.h"

#include <string.h>

static const struct condition conditions[] = {
	{.id = "valid", .decision = BIT(DECISION_ACCEPT)},
	{.id = "leaf-expired", .differs_from = "valid", .decision = BIT(DECISION_REJECT)},
	{.id = "in-store", .differs_from = "valid", .needs = "store"},
	{.id = "none", .none = true, .differs_from = "valid"},
};
static const char *const sizes[] = {"limit", "limit+1"};
static const struct axis axes[] = {{.name = "size", .values = sizes, .n = 2}};
static const struct scenario scenarios[] = {
	{.suite = "chain", .id = "chain", .conditions = "*", .default_script = true,
	 .tls = BIT(TLS_1_2) | BIT(TLS_1_3), .negotiation = BIT(NEGOTIATION_OPTIONAL) | BIT(NEGOTIATION_POST_HANDSHAKE),
	 .http = BIT(HTTP_1_1) | BIT(HTTP_2), .client = BIT(CLIENT_WILLING)},
	{.suite = "body", .id = "body-limit", .impact = IMPACT_STATE, .axes = axes, .n_axes = 1, .tls = BIT(TLS_1_3),
	 .negotiation = BIT(NEGOTIATION_OPTIONAL), .http = BIT(HTTP_1_1),
	 .client = BIT(CLIENT_WILLING) | BIT(CLIENT_BROWSER)},
};
static const struct when_term pha_12[] = {{"tls", "1.2"}, {"negotiation", "post-handshake"}};
static const struct impossible impossibles[] = {{.when = {pha_12, 2}, .clause = "R-010", .reason = "TLS 1.3 only"}};
static const struct suite suite = {
	.conditions = conditions, .n_conditions = 4, .scenarios = scenarios, .n_scenarios = 2,
	.impossibles = impossibles, .n_impossibles = 1,
};
static const struct endpoint endpoints[] = {{.id = "optional", .negotiation = NEGOTIATION_OPTIONAL}};
static const struct target target = {
	.id = "t", .tls = BIT(TLS_1_2) | BIT(TLS_1_3), .http = BIT(HTTP_1_1), .endpoints = endpoints, .n_endpoints = 1,
};
static const struct plan_spec base = {
	.suite = &suite, .target = &target, .impact = IMPACT_HOSTILE, .http_built = BIT(HTTP_1_1),
};

static enum rc make(struct arena *a, const struct plan_spec *spec, const struct plan **p)
{
	struct err err = {{0}};
	return plan_make(a, spec, p, &err);
}

START_TEST(sum_is_the_matrix)
{
	struct arena a = {0};
	const struct plan *p;
	uint64_t seen[DISPOSITION__COUNT] = {0};
	ck_assert_int_eq(make(&a, &base, &p), RC_OK);
	/* 2 tls x 2 negotiations x 2 http x 4 conditions, and 2 clients x 2 sizes */
	ck_assert_uint_eq(plan_cells(p), 36);
	for (uint64_t i = 0; i < plan_cells(p); i++) {
		struct kase k;
		const char *reason, *clause;
		plan_case(p, i, &k);
		ck_assert_uint_eq(k.number, i);
		seen[plan_disposition(p, &k, &reason, &clause)]++;
	}
	ck_assert_uint_eq(seen[DISPOSITION_IMPOSSIBLE], 8);
	ck_assert_uint_eq(seen[DISPOSITION_UNSUPPORTED], 8 + 8 + 2);
	ck_assert_uint_eq(seen[DISPOSITION_RUN], 36 - 8 - 18);
	arena_fini(&a);
}
END_TEST

/* What is not selected there, or cannot run there, is no use of an endpoint. */
START_TEST(endpoints_in_use)
{
	static const struct endpoint unused = {.id = "required", .negotiation = NEGOTIATION_REQUIRED};
	static const struct {
		const char *select;
		bool used;
	} rows[] = {
		{"chain/*", true},
		{"negotiation=optional,http=1.1", true},
		{"negotiation=post-handshake", false},
		{"negotiation=optional,http=2", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		const struct plan *p;
		struct plan_spec spec = base;
		spec.select = &rows[i].select;
		spec.n_select = 1;
		ck_assert_int_eq(make(&a, &spec, &p), RC_OK);
		ck_assert_msg(plan_uses(p, &endpoints[0]) == rows[i].used, "%s", rows[i].select);
		ck_assert(!plan_uses(p, &unused));
		arena_fini(&a);
	}
}
END_TEST

/* A name that the endpoint has not got must not become another name's case. */
START_TEST(names_that_an_endpoint_lacks)
{
	static const struct {
		const char *name, *reason;
	} rows[] = {
		{"open", NULL},
		{"tenant", "no name tenant at the endpoint"},
		{"as.it-stands.test", NULL},
		{"{who}", "no name tenant at the endpoint"},
		{"x{who}", NULL},
	};
	static const char *const who[] = {"tenant"};
	static const struct axis axis = {.name = "who", .values = who, .n = 1};
	static const struct endpoint_name names[] = {{.id = "open"}};
	static const struct endpoint endpoint = {.id = "e", .negotiation = NEGOTIATION_BY_NAME, .names = names, .n_names = 1};
	static const struct target by_name = {.tls = BIT(TLS_1_3), .http = BIT(HTTP_1_1), .endpoints = &endpoint, .n_endpoints = 1};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		const struct plan *p;
		const char *reason, *clause;
		struct kase k;
		const struct attribute attributes[] = {{"id", "c", 1}, {"name", rows[i].name, 1}};
		const struct script_step step = {.verb = VERB_CONNECT, .attributes = attributes, .n_attributes = 2};
		const struct scenario s = {.suite = "s", .id = "s", .axes = &axis, .n_axes = 1, .steps = &step, .n_steps = 1,
					   .tls = BIT(TLS_1_3), .negotiation = BIT(NEGOTIATION_BY_NAME), .http = BIT(HTTP_1_1),
					   .client = BIT(CLIENT_WILLING)};
		const struct suite one = {.scenarios = &s, .n_scenarios = 1};
		const struct plan_spec spec = {.suite = &one, .target = &by_name, .http_built = BIT(HTTP_1_1)};
		ck_assert_int_eq(make(&a, &spec, &p), RC_OK);
		plan_case(p, 0, &k);
		enum disposition d = plan_disposition(p, &k, &reason, &clause);
		ck_assert_int_eq(d, rows[i].reason ? DISPOSITION_UNSUPPORTED : DISPOSITION_RUN);
		if (rows[i].reason)
			ck_assert_str_eq(reason, rows[i].reason);
		arena_fini(&a);
	}
}
END_TEST

/* What a script shows may need more of a target than the scenario does. */
START_TEST(needs_of_what_is_shown)
{
	static const struct {
		const char *certificate, *has;
		bool remote;
		const char *reason;
	} rows[] = {
		{"valid", NULL, false, NULL},
		{"theirs", "tenants", false, NULL},
		{"theirs", NULL, false, "target does not declare the capability tenants"},
		{"{who}", "echo", false, "target does not declare the capability tenants"},
		{"{who}", "tenants", true, "tenants: the other tenant's anchor is made anew in each run, nobody else's server has it"},
		{"none", NULL, false, NULL},
	};
	static const char *const who[] = {"theirs"};
	static const struct axis axis = {.name = "who", .values = who, .n = 1};
	static const struct condition both[] = {{.id = "valid"}, {.id = "theirs", .needs = "tenants"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		const struct plan *p;
		const char *reason, *clause;
		struct kase k;
		const struct attribute attributes[] = {{"id", "c", 1}, {"certificate", rows[i].certificate, 1}};
		const struct script_step step = {.verb = VERB_CONNECT, .attributes = attributes, .n_attributes = 2};
		const struct scenario s = {.suite = "s", .id = "s", .axes = &axis, .n_axes = 1, .steps = &step, .n_steps = 1,
					   .tls = BIT(TLS_1_3), .negotiation = BIT(NEGOTIATION_OPTIONAL), .http = BIT(HTTP_1_1),
					   .client = BIT(CLIENT_WILLING)};
		const struct suite one = {.conditions = both, .n_conditions = 2, .scenarios = &s, .n_scenarios = 1};
		struct target t = target;
		const struct plan_spec spec = {.suite = &one, .target = &t, .http_built = BIT(HTTP_1_1)};
		t.has = rows[i].has;
		t.remote = rows[i].remote;
		ck_assert_int_eq(make(&a, &spec, &p), RC_OK);
		plan_case(p, 0, &k);
		enum disposition d = plan_disposition(p, &k, &reason, &clause);
		ck_assert_int_eq(d, rows[i].reason ? DISPOSITION_UNSUPPORTED : DISPOSITION_RUN);
		if (rows[i].reason)
			ck_assert_str_eq(reason, rows[i].reason);
		arena_fini(&a);
	}
}
END_TEST

START_TEST(ids_round_trip_and_are_unique)
{
	struct arena a = {0};
	const struct plan *p;
	struct err err = {{0}};
	ck_assert_int_eq(make(&a, &base, &p), RC_OK);
	for (uint64_t i = 0; i < plan_cells(p); i++) {
		struct kase k;
		char id[PLAN_ID_SIZE];
		uint64_t back = 99;
		plan_case(p, i, &k);
		plan_id(&k, id);
		ck_assert_int_eq(plan_find(p, id, &back, &err), RC_OK);
		ck_assert_uint_eq(back, i);
	}
	uint64_t n;
	ck_assert_int_eq(plan_find(p, "chain/chain[tls=9]", &n, &err), RC_INPUT);
	arena_fini(&a);
}
END_TEST

START_TEST(order_is_a_permutation)
{
	struct arena a = {0};
	const struct plan *p;
	struct plan_spec spec = base;
	spec.seed = 7;
	ck_assert_int_eq(make(&a, &spec, &p), RC_OK);
	bool seen[64] = {0}, moved = false;
	for (size_t c = 0; c < plan_combinations(p); c++) {
		struct combination comb;
		plan_combination(p, c, &comb);
		for (uint64_t i = 0; i < comb.n; i++) {
			uint64_t n = comb.first + plan_order(p, &comb, i, comb.n);
			ck_assert(n >= comb.first && n < comb.first + comb.n && !seen[n]);
			seen[n] = true;
			moved = moved || n != comb.first + i;
		}
	}
	ck_assert(moved);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *select, *skip;
	enum rc rc;
	uint64_t run;
} selections[] = {
	{"chain/*", NULL, RC_OK, 8},
	{"chain", NULL, RC_OK, 8},
	{"body-limit", NULL, RC_OK, 4},
	{"tls=1.3,condition=leaf-*", NULL, RC_OK, 1},
	{"chain/chain[tls=1.2,negotiation=optional,http=1.1,condition=valid]", NULL, RC_OK, 1},
	{"size=limit+1", NULL, RC_OK, 2},
	{"tls=1.3", "condition=*", RC_OK, 4},
	{"nothing-like-it", NULL, RC_INPUT, 0},
	{"tsl=1.3", NULL, RC_INPUT, 0},
	{"tls=1.3,=x", NULL, RC_INPUT, 0},
	{"", NULL, RC_INPUT, 0},
};

START_TEST(selection)
{
	struct arena a = {0};
	const struct plan *p;
	struct plan_spec spec = base;
	struct target with_store = target;
	with_store.has = "store";
	spec.target = &with_store;
	spec.select = &selections[_i].select;
	spec.n_select = 1;
	spec.skip = &selections[_i].skip;
	spec.n_skip = selections[_i].skip ? 1 : 0;
	ck_assert_int_eq(make(&a, &spec, &p), selections[_i].rc);
	uint64_t run = 0;
	for (uint64_t i = 0; selections[_i].rc == RC_OK && i < plan_cells(p); i++) {
		struct kase k;
		const char *reason, *clause;
		plan_case(p, i, &k);
		run += plan_disposition(p, &k, &reason, &clause) == DISPOSITION_RUN;
	}
	ck_assert_uint_eq(run, selections[_i].run);
	arena_fini(&a);
}
END_TEST

START_TEST(a_control_is_trusted_there)
{
	static const struct condition with_own[] = {
		{.id = "valid", .decision = BIT(DECISION_ACCEPT)},
		{.id = "none", .none = true, .differs_from = "valid"},
		{.id = "own:old", .own = "old", .decision = BIT(DECISION_REJECT), .differs_from = "own:good"},
		{.id = "own:good", .own = "good", .decision = BIT(DECISION_ACCEPT)},
	};
	static const struct {
		bool own_only;
		const char *control[4];
	} rows[] = {
		{false, {NULL, "valid", "own:good", NULL}},
		{true, {"own:good", "own:good", "own:good", NULL}},
	};
	struct arena a = {0};
	for (size_t r = 0; r < 2; r++) {
		struct suite s = suite;
		struct plan_spec spec = base;
		const struct plan *p;
		s.conditions = with_own;
		spec.suite = &s;
		spec.own_only = rows[r].own_only;
		ck_assert_int_eq(make(&a, &spec, &p), RC_OK);
		for (size_t i = 0; i < 4; i++) {
			struct kase k = {.scenario = &scenarios[0], .condition = &with_own[i]};
			const struct condition *c = plan_control(p, &k);
			ck_assert_pstr_eq(c ? c->id : NULL, rows[r].control[i]);
		}
	}
	arena_fini(&a);
}
END_TEST

START_TEST(shards_cover_once)
{
	struct arena a = {0};
	unsigned seen[64] = {0};
	for (unsigned shard = 1; shard <= 3; shard++) {
		const struct plan *p;
		struct plan_spec spec = base;
		spec.shard = shard;
		spec.shards = 3;
		ck_assert_int_eq(make(&a, &spec, &p), RC_OK);
		for (uint64_t i = 0; i < plan_cells(p); i++) {
			struct kase k;
			const char *reason, *clause;
			plan_case(p, i, &k);
			if (plan_disposition(p, &k, &reason, &clause) != DISPOSITION_EXCLUDED)
				continue;
			seen[i]++;
		}
	}
	for (size_t i = 0; i < 36; i++)
		ck_assert(seen[i] == 2 || seen[i] == 0);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("plan");
	TCase *c = tcase_create("plan");
	tcase_add_test(c, sum_is_the_matrix);
	tcase_add_test(c, endpoints_in_use);
	tcase_add_test(c, names_that_an_endpoint_lacks);
	tcase_add_test(c, needs_of_what_is_shown);
	tcase_add_test(c, ids_round_trip_and_are_unique);
	tcase_add_test(c, order_is_a_permutation);
	tcase_add_loop_test(c, selection, 0, sizeof selections / sizeof *selections);
	tcase_add_test(c, a_control_is_trusted_there);
	tcase_add_test(c, shards_cover_once);
	suite_add_tcase(s, c);
	return s;
}
