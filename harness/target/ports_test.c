#include "harness/target/ports.h"

#include "harness/base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* errno of binding to it, 0 when it could be had. */
static int try_bind(uint16_t number)
{
	struct sockaddr_in sa = {
	    .sin_family = AF_INET, .sin_port = htons(number), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	int e = bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ? errno : 0;
	close(fd);
	return e;
}

START_TEST(same_word_same_port)
{
	struct arena a = {0};
	struct ports p = {0};
	struct err err = {{0}};
	uint16_t one, two, again;
	ck_assert_int_eq(ports_get(&p, &a, "one", &one, &err), RC_OK);
	ck_assert_int_eq(ports_get(&p, &a, "two", &two, &err), RC_OK);
	ck_assert_uint_ne(one, two);
	ck_assert_int_eq(try_bind(one), EADDRINUSE);
	ports_release(&p);
	ck_assert_int_eq(try_bind(one), 0);
	ck_assert_int_eq(ports_get(&p, &a, "one", &again, &err), RC_OK);
	ck_assert_uint_eq(one, again);
	ports_fini(&p);
	ports_fini(&p);
	arena_fini(&a);
}
END_TEST

START_TEST(never_twice)
{
	struct arena a = {0};
	struct ports p = {0};
	struct err err = {{0}};
	for (int i = 0; i < 300; i++) {
		char word[16];
		uint16_t number;
		snprintf(word, sizeof word, "w%d", i);
		ck_assert_int_eq(ports_get(&p, &a, word, &number, &err), RC_OK);
		for (int k = 0; k < i; k++) /* an assertion each would cost a message each */
			if (p.list[k].number == number)
				ck_abort_msg("port %u twice", (unsigned)number);
		ports_release(&p);
	}
	ports_fini(&p);
	arena_fini(&a);
}
END_TEST

/* Held, a port is nobody else's, and a connection to it is refused: it is bound, but nobody listens. */
START_TEST(held_again)
{
	struct arena a = {0};
	struct ports p = {0};
	struct err err = {{0}};
	uint16_t number;
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	ck_assert_int_eq(ports_get(&p, &a, "one", &number, &err), RC_OK);
	ports_release(&p);
	ck_assert_int_eq(ports_hold(&p, &err), RC_OK);
	ck_assert_int_eq(ports_hold(&p, &err), RC_OK); /* held already */
	sa.sin_port = htons(number);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_lt(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
	ports_release(&p);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(ports_hold(&p, &err), RC_END); /* somebody listens */
	close(fd);
	ports_fini(&p);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("target/ports");
	TCase *t = tcase_create("ports");
	tcase_add_test(t, same_word_same_port);
	tcase_add_test(t, never_twice);
	tcase_add_test(t, held_again);
	suite_add_tcase(s, t);
	return s;
}
