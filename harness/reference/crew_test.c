/* Threads and processes serve alike, end when they are told to, and make room. */
#include "harness/base/test.h"
#include "harness/reference/crew.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct faults faults;
static struct site site;
static struct endpoint endpoint;
static sigset_t held, before;
static volatile sig_atomic_t children;

static void on_child(int number UNUSED)
{
	children++;
}

static void setup(void)
{
	struct sigaction act = {.sa_handler = on_child};
	faults = (struct faults){0};
	site = (struct site){.policy = {.mode = APP_PLAIN, .faults = &faults}};
	endpoint = (struct endpoint){.word = "plain", .site = &site, .n = 1, .fd = -1};
	sigemptyset(&held);
	sigaddset(&held, SIGCHLD);
	sigprocmask(SIG_BLOCK, &held, &before);
	sigaction(SIGCHLD, &act, NULL);
}

static void teardown(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static struct crew *make(int processes)
{
	struct crew *c = crew_open(processes, &held);
	ck_assert_ptr_nonnull(c);
	return c;
}

/* The client's end of a connection that is being served. */
static int come(struct crew *c)
{
	int fd[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	crew_serve(c, fd[1], &endpoint, 1, 0);
	return fd[0];
}

static bool ends(int fd)
{
	char waste[4096];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;
	do
		n = poll(&p, 1, 5000) == 1 ? read(fd, waste, sizeof waste) : 1;
	while (n > 0 && p.revents);
	close(fd);
	return n <= 0;
}

/* The rows are the two kinds. */
START_TEST(answers)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	struct crew *c = make(_i);
	char answer[13] = "";
	for (int i = 0; i < 20; i++) {
		int fd = come(c);
		ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
		ck_assert_int_eq(recv(fd, answer, 12, MSG_WAITALL), 12);
		ck_assert_str_eq(answer, "HTTP/1.1 200");
		shutdown(fd, SHUT_WR);
		ck_assert(ends(fd));
		crew_collect(c);
	}
	crew_close(&c);
	crew_close(&c);
	ck_assert_ptr_null(c);
}
END_TEST

/* Clients that say nothing hold nobody up. */
START_TEST(breaks_off)
{
	struct crew *c = make(_i);
	int fd[8];
	for (int i = 0; i < 8; i++)
		fd[i] = come(c);
	crew_close(&c);
	for (int i = 0; i < 8; i++)
		ck_assert(ends(fd[i]));
}
END_TEST

START_TEST(is_bounded)
{
	struct crew *c = make(_i);
	int fd[1000], n = 0;
	while (crew_has_room(c) && n < 1000)
		fd[n++] = come(c);
	ck_assert_int_eq(n, 256);
	shutdown(fd[0], SHUT_WR);
	children = 0;
	while (!children)
		sigsuspend(&before);
	crew_collect(c);
	ck_assert(crew_has_room(c));
	crew_close(&c);
	while (n > 0)
		close(fd[--n]);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/crew");
	TCase *t = tcase_create("crew");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, answers, 0, 2);
	tcase_add_loop_test(t, breaks_off, 0, 2);
	tcase_add_loop_test(t, is_bounded, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
