/* mtlspec list: what would run and why not, and how far the requirements are covered. */
#include "harness/base/opt.h"
#include "harness/cmd.h"
#include "harness/run/session.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "usage: mtlspec list [--target NAME|FILE]... [OPTION of run]...\n\n"
			    "Prints the id of every case that would run, then the cells that would not, counted with the\n"
			    "reason, then the requirements that the cases name.";

struct reason_row {
	enum disposition disposition;
	const char *reason, *clause;
	uint64_t n;
};

struct listing {
	struct reason_row rows[128];
	size_t n;
	uint64_t counts[DISPOSITION__COUNT];
	bool *covered; /* per requirement */
	struct arena arena;
};

static void count(struct listing *l, enum disposition d, const char *reason, const char *clause)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->rows[i].disposition == d && strcmp(l->rows[i].reason, reason) == 0) {
			l->rows[i].n++;
			return;
		}
	}
	if (l->n < sizeof l->rows / sizeof *l->rows)
		l->rows[l->n++] = (struct reason_row){d, arena_strdup(&l->arena, reason), clause, 1};
}

static void cover(struct listing *l, const struct suite *suite, const char *clauses)
{
	char word[32];
	while (text_word(&clauses, word, sizeof word))
		for (size_t i = 0; i < suite->n_requirements; i++)
			if (strcmp(suite->requirements[i].id, word) == 0)
				l->covered[i] = true;
}

static void cover_case(struct listing *l, const struct suite *suite, const struct kase *k)
{
	cover(l, suite, k->scenario->clause);
	if (k->condition)
		cover(l, suite, k->condition->clause);
	for (size_t i = 0; i < k->scenario->n_expects; i++)
		cover(l, suite, k->scenario->expects[i].clause);
	for (size_t i = 0; i < k->scenario->n_nevers; i++)
		cover(l, suite, k->scenario->nevers[i].clause);
}

static const char *const words[DISPOSITION__COUNT] = {"run", "impossible", "unsupported", "excluded"};

static void print_rest(const struct listing *l, const struct session_target *t, uint64_t cells)
{
	printf("\n%s: %llu cells = %llu run + %llu impossible + %llu unsupported + %llu excluded\n", t->name,
	       (unsigned long long)cells, (unsigned long long)l->counts[DISPOSITION_RUN],
	       (unsigned long long)l->counts[DISPOSITION_IMPOSSIBLE],
	       (unsigned long long)l->counts[DISPOSITION_UNSUPPORTED],
	       (unsigned long long)l->counts[DISPOSITION_EXCLUDED]);
	for (size_t i = 0; i < l->n; i++)
		printf("  %8llu %-12s %s%s%s%s\n", (unsigned long long)l->rows[i].n, words[l->rows[i].disposition],
		       l->rows[i].reason, l->rows[i].clause ? " (" : "", l->rows[i].clause ? l->rows[i].clause : "",
		       l->rows[i].clause ? ")" : "");
	size_t covered = 0;
	for (size_t i = 0; i < t->suite->n_requirements; i++)
		covered += l->covered[i];
	printf("requirements named by these cases: %zu of %zu\n ", covered, t->suite->n_requirements);
	for (size_t i = 0; i < t->suite->n_requirements; i++)
		if (l->covered[i])
			printf(" %s", t->suite->requirements[i].id);
	printf("\n");
}

static uint64_t list_target(const struct session_target *t)
{
	struct listing l = {.n = 0};
	uint64_t cells = plan_cells(t->plan);
	l.covered = ARENA_NEW(&l.arena, bool, t->suite->n_requirements + 1);
	for (uint64_t i = 0; i < cells; i++) {
		struct kase k;
		char id[PLAN_ID_SIZE];
		const char *reason, *clause;
		plan_case(t->plan, i, &k);
		enum disposition d = plan_disposition(t->plan, &k, &reason, &clause);
		l.counts[d]++;
		if (d != DISPOSITION_RUN) {
			count(&l, d, reason, clause);
			continue;
		}
		cover_case(&l, t->suite, &k);
		plan_id(&k, id);
		puts(id);
	}
	print_rest(&l, t, cells);
	arena_fini(&l.arena);
	return l.counts[DISPOSITION_RUN];
}

int cmd_list(const struct cmd_context *c, int argc, char **argv)
{
	struct arena a = {0};
	struct err err = {{0}};
	struct options options;
	struct session session = {0};
	uint64_t run = 0;
	int rest;
	enum rc rc;
	TRY(options_parse(&a, argc, argv, usage, &options, &rest, &err));
	if (rest < argc) {
		rc = err_set(&err, RC_INPUT, "list takes no words beside its options: %s", argv[rest]);
		goto out;
	}
	TRY(session_open(&session, &options, c->program, c->now, 0, &err));
	for (size_t i = 0; i < session.n_targets; i++)
		run += list_target(&session.targets[i]);
out:
	session_close(&session);
	arena_fini(&a);
	return rc != RC_OK ? cmd_fail(rc, &err) : run ? EXIT_OK : EXIT_NOTHING;
}
