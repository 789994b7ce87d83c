#include "harness/judge/judge.h"

/* The exit column of design.md section 1; `strict` is its last column. */
int judge_exit(enum verdict v, enum severity severity, enum severity fail_on, bool strict)
{
	switch (v) {
	case VERDICT_PASS:
	case VERDICT_OBSERVED:
	case VERDICT_KNOWN_FAILURE:
	case VERDICT_UNSUPPORTED: /* 4 when a run has nothing else: the run knows */
	case VERDICT_IMPOSSIBLE:
	case VERDICT_EXCLUDED:
		return 0;
	case VERDICT_DEVIATION:
		return strict ? 1 : 0;
	case VERDICT_FALSE_ACCEPT:
	case VERDICT_FALSE_REJECT:
	case VERDICT_VIOLATION:
		return strict || severity >= fail_on ? 1 : 0;
	case VERDICT_CRASH:
	case VERDICT_UNEXPECTED_PASS:
		return 1;
	case VERDICT_INCONCLUSIVE:
	case VERDICT_BROKEN:
		return 3;
	case VERDICT_FLAKY:
		return strict ? 1 : 5;
	case VERDICT__COUNT:
		break;
	}
	return 3;
}

int judge_exit_worse(int a, int b)
{
	static const int order[] = {2, 1, 3, 5, 4, 0};
	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a > b ? a : b;
}
