#include "harness/reference/faults.h"

#define FAULT_ROW_(value, name, clause, among, catch_all, sentence) {name, sentence, clause, among, catch_all},
static const struct fault_row rows[] = {FAULT_LIST(FAULT_ROW_)};

const struct fault_row *fault_rows(size_t *n)
{
	*n = sizeof rows / sizeof *rows;
	return rows;
}
