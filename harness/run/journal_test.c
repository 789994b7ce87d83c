#include "harness/base/test.h"
#include "harness/run/journal.h"

#include <string.h>
#include <unistd.h>

static const struct shown_identity identity = {"valid", "mtlspec-1", "aa", "bb"};

static void write_three(const char *path)
{
	struct err err = {{0}};
	struct journal j;
	ck_assert_int_eq(journal_open(&j, path, false, &err), RC_OK);
	for (uint64_t i = 0; i < 3; i++) {
		struct journal_record r = {.kind = JOURNAL_CASE, .number = i, .group = 5, .at = 1, .identities = &identity,
					   .n_identities = 1};
		observation_add(&r.observation, 7, EVENT_RESPONSE, 0, 0, 200, 1, "OK");
		ck_assert_int_eq(journal_write(&j, &r, &err), RC_OK);
		observation_fini(&r.observation);
	}
	journal_close(&j);
}

static size_t count(const char *path, bool *torn)
{
	struct err err = {{0}};
	struct journal_reader r;
	struct journal_record record = {0};
	uint64_t at;
	size_t n = 0;
	ck_assert_int_eq(journal_reader_open(&r, path, &err), RC_OK);
	while (journal_next(&r, &record, &at, &err) == RC_OK) {
		ck_assert_uint_eq(record.number, n);
		ck_assert_str_eq(record.identities[0].subject, "mtlspec-1");
		ck_assert_uint_eq(record.observation.n, 1);
		n++;
	}
	*torn = r.torn;
	observation_fini(&record.observation);
	journal_reader_close(&r);
	return n;
}

static char path[] = "/tmp/mtlspec-journal-XXXXXX";

START_TEST(whole_and_torn)
{
	bool torn;
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	write_three(path);
	ck_assert_uint_eq(count(path, &torn), 3);
	ck_assert(!torn);
	ck_assert_int_eq(truncate(path, 200), 0);
	size_t left = count(path, &torn);
	ck_assert_uint_lt(left, 3);
	ck_assert(torn);
	struct err err = {{0}};
	struct journal j;
	ck_assert_int_eq(journal_open(&j, path, true, &err), RC_OK);
	struct journal_record r = {.kind = JOURNAL_CASE, .number = left, .identities = &identity, .n_identities = 1};
	observation_add(&r.observation, 7, EVENT_EOF, 0, 0, 0, 0, NULL);
	ck_assert_int_eq(journal_write(&j, &r, &err), RC_OK);
	observation_fini(&r.observation);
	journal_close(&j);
	ck_assert_uint_eq(count(path, &torn), left + 1);
	ck_assert(!torn);
	unlink(path);
}
END_TEST

START_TEST(full_disk_is_said)
{
	struct err err = {{0}};
	struct journal j;
	enum rc rc = journal_open(&j, "/dev/full", false, &err);
	ck_assert_int_eq(rc, RC_FAULT);
	ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
	journal_close(&j);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("journal");
	TCase *c = tcase_create("journal");
	tcase_add_test(c, whole_and_torn);
	tcase_add_test(c, full_disk_is_said);
	suite_add_tcase(s, c);
	return s;
}
