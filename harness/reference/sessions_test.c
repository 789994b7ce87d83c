#include "harness/base/test.h"
#include "harness/reference/sessions.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(tells_ids_apart)
{
	struct sessions *s = sessions_open();
	ck_assert(sessions_note(s, "abc", 3));
	ck_assert(!sessions_note(s, "abc", 3));
	ck_assert(!sessions_note(s, "", 0));
	ck_assert(sessions_has(s, "abc", 3));
	ck_assert(!sessions_has(s, "ab", 2));
	ck_assert(!sessions_has(s, "", 0));
	sessions_close(&s);
	sessions_close(&s);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(is_shared)
{
	struct sessions *s = sessions_open();
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		sessions_note(s, "child", 5);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(sessions_has(s, "child", 5));
	sessions_close(&s);
}
END_TEST

/* What comes last stays; what is longer than an id was never there. */
START_TEST(is_bounded)
{
	struct sessions *s = sessions_open();
	char id[40] = "";
	for (int i = 0; i < 5000; i++) {
		snprintf(id, sizeof id, "%d", i);
		sessions_note(s, id, strlen(id));
	}
	ck_assert(sessions_has(s, "4999", 4));
	ck_assert(!sessions_has(s, "7", 1));
	sessions_note(s, id, sizeof id);
	ck_assert(!sessions_has(s, id, sizeof id));
	sessions_close(&s);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/sessions");
	TCase *t = tcase_create("sessions");
	tcase_add_test(t, tells_ids_apart);
	tcase_add_test(t, is_shared);
	tcase_add_test(t, is_bounded);
	suite_add_tcase(s, t);
	return s;
}
