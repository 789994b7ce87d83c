#include "reports/progress.h"

#include "harness/base/test.h"

#include <string.h>

static char *out;
static size_t len;

static const uint64_t verdicts[VERDICT__COUNT] = {[VERDICT_PASS] = 40,
						  [VERDICT_FALSE_ACCEPT] = 2,
						  [VERDICT_BROKEN] = 1,
						  [VERDICT_KNOWN_FAILURE] = 3,
						  [VERDICT_OBSERVED] = 4};

static struct progress start(bool terminal)
{
	struct progress p;
	progress_open(&p, open_memstream(&out, &len), terminal, 1000000);
	return p;
}

static size_t count(char c)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += out[i] == c;
	return n;
}

/* A thousand updates in one second: at most ten on the terminal, one line, none longer than a row, erased at the end.
 */
START_TEST(terminal)
{
	struct progress p = start(true);
	FILE *f = p.file;
	for (uint64_t i = 0; i < 1000; i++)
		progress_update(&p, i, 1000, verdicts, PROGRESS_ETA_UNKNOWN, 1000000 + i * 1000);
	fflush(f);
	ck_assert_uint_ge(count('\r'), 9);
	ck_assert_uint_le(count('\r'), 11);
	ck_assert_uint_eq(count('\n'), 0);
	progress_close(&p);
	fclose(f);
	ck_assert_str_eq(out + len - 4, "\r\033[K");
	free(out);
}
END_TEST

START_TEST(row_is_bounded)
{
	struct progress p = start(true);
	FILE *f = p.file;
	progress_update(&p, UINT64_MAX / 20, UINT64_MAX / 11, verdicts, 123456789, 2000000);
	fclose(f);
	ck_assert_uint_le(len, 4 + 79);
	free(out);
}
END_TEST

/* Elsewhere a line each tenth, and one every ten seconds when nothing moves. */
START_TEST(plain)
{
	struct progress p = start(false);
	FILE *f = p.file;
	for (uint64_t i = 0; i <= 1000; i++)
		progress_update(&p, i, 1000, verdicts, PROGRESS_ETA_UNKNOWN, 1000000 + i * 1000);
	fflush(f);
	ck_assert_uint_eq(count('\n'), 10);
	ck_assert_uint_eq(count('\r'), 0);
	ck_assert_ptr_nonnull(strstr(out, "100/1000 10%  94 passed, 2 failed, 1 errors, 1s left\n"));
	ck_assert_ptr_nonnull(strstr(out, "1000/1000 100%  994 passed, 2 failed, 1 errors\n"));
	progress_close(&p);
	fclose(f);
	free(out);
}
END_TEST

START_TEST(slow)
{
	struct progress p = start(false);
	FILE *f = p.file;
	for (uint64_t s = 0; s < 35; s++)
		progress_update(&p, 1, 1000, verdicts, PROGRESS_ETA_UNKNOWN, 1000000 + s * 1000000);
	fflush(f);
	ck_assert_uint_eq(count('\n'), 3);
	progress_close(&p);
	fclose(f);
	free(out);
}
END_TEST

static const struct {
	uint32_t eta;
	const char *text;
} etas[] = {
	{0, ", 0s left"},
	{59, ", 59s left"},
	{150, ", 2m30s left"},
	{7300, ", 2h01m left"},
	{PROGRESS_ETA_UNKNOWN, ", 4s left"},
};

START_TEST(eta)
{
	struct progress p = start(true);
	FILE *f = p.file;
	progress_update(&p, 50, 100, verdicts, etas[_i].eta, 5000000);
	fclose(f);
	ck_assert_msg(strstr(out, etas[_i].text) != NULL, "%s in %s", etas[_i].text, out);
	free(out);
}
END_TEST

START_TEST(quiet)
{
	struct progress p;
	progress_open(&p, NULL, true, 0);
	progress_update(&p, 1, 2, verdicts, 1, 1000000);
	progress_clear(&p);
	progress_close(&p);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");
	tcase_add_test(t, terminal);
	tcase_add_test(t, row_is_bounded);
	tcase_add_test(t, plain);
	tcase_add_test(t, slow);
	tcase_add_loop_test(t, eta, 0, sizeof etas / sizeof *etas);
	tcase_add_test(t, quiet);
	suite_add_tcase(s, t);
	return s;
}
