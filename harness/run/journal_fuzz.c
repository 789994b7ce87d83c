/* Any bytes as a journal record: refused, or one that can be written and read again and says the same. */
#include "harness/run/journal.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
	if (!holds)
		abort();
}

static enum rc get(const void *data, size_t size, struct arena *a, struct buf *again)
{
	struct journal_record record = {0};
	struct err err = {{0}};
	enum rc rc = journal_get(data, size, a, &record, &err);
	must((rc == RC_OK) == (err.text[0] == '\0'));
	if (rc == RC_OK)
		journal_put(again, &record);
	observation_fini(&record.observation);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct buf once, twice;
	buf_init(&once, SIZE_MAX / 4);
	buf_init(&twice, SIZE_MAX / 4);
	if (get(data, size, &a, &once) == RC_OK) {
		must(get(once.data, once.len, &a, &twice) == RC_OK);
		must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	buf_fini(&twice);
	buf_fini(&once);
	arena_fini(&a);
	return 0;
}
