#include "clients/arrival.h"

#include "harness/base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
	const char *name;
	int family, listening; /* a server that takes IPv4 on a socket of IPv6 is asked for as IPv4 */
} rows[] = {{"IPv4", AF_INET, AF_INET}, {"IPv6", AF_INET6, AF_INET6}, {"IPv4 at a socket of IPv6", AF_INET, AF_INET6}};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* False: this machine has no IPv6. */
static bool join(int family, int listening, int *client, int *server)
{
	union address a = {.any.sa_family = (sa_family_t)listening};
	socklen_t len = sizeof a;
	int door = socket(listening, SOCK_STREAM, 0);
	if (listening == AF_INET)
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.v6.sin6_addr = family == AF_INET ? in6addr_any : in6addr_loopback;
	if (door < 0 || bind(door, &a.any, listening == AF_INET ? sizeof a.v4 : sizeof a.v6) < 0) {
		close(door);
		return false;
	}
	ck_assert(listen(door, 1) == 0 && getsockname(door, &a.any, &len) == 0);
	if (family != listening)
		a.v4 = (struct sockaddr_in){AF_INET, a.v6.sin6_port, {htonl(INADDR_LOOPBACK)}, {0}};
	*client = socket(family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(*client, &a.any, family == AF_INET ? sizeof a.v4 : sizeof a.v6), 0);
	*server = accept(door, NULL, NULL);
	ck_assert_int_ge(*server, 0);
	close(door);
	return true;
}

START_TEST(read_or_not)
{
	int client, server;
	char bytes[8];
	if (!join(rows[_i].family, rows[_i].listening, &client, &server))
		return;
	ck_assert_int_eq(arrival_look(client), ARRIVAL_READ);
	ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	ck_assert_int_eq(recv(server, bytes, sizeof bytes, MSG_PEEK), 5); /* it has come */
	ck_assert_int_eq(arrival_look(client), ARRIVAL_UNREAD);
	ck_assert_int_eq(recv(server, bytes, 3, 0), 3);
	ck_assert_int_eq(arrival_look(client), ARRIVAL_UNREAD);
	ck_assert_int_eq(recv(server, bytes, sizeof bytes, 0), 2);
	ck_assert_int_eq(arrival_look(client), ARRIVAL_READ);
	close(server);
	close(client);
}
END_TEST

START_TEST(not_a_connection)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(arrival_look(fd), ARRIVAL_UNKNOWN);
	close(fd);
	ck_assert_int_eq(arrival_look(-1), ARRIVAL_UNKNOWN);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("arrival");
	TCase *c = tcase_create("arrival");
	tcase_add_loop_test(c, read_or_not, 0, sizeof rows / sizeof *rows);
	tcase_add_test(c, not_a_connection);
	suite_add_tcase(s, c);
	return s;
}
