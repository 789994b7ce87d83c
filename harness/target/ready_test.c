#include "harness/target/ready.h"

#include "harness/base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned at16(const struct buf *b, size_t i)
{
	ck_assert_uint_lt(i + 1, b->len);
	return (unsigned)(unsigned char)b->data[i] << 8 | (unsigned char)b->data[i + 1];
}

/* Walks record, message and extensions (RFC 8446 4.1.2, 5.1); the mask of extension types below 64 that it saw. */
static uint64_t walk(const struct buf *b)
{
	uint64_t seen = 0;
	ck_assert_int_eq(b->data[0], 0x16);
	ck_assert_uint_eq(at16(b, 3), b->len - 5);
	ck_assert_int_eq(b->data[5], 1);
	ck_assert_uint_eq(at16(b, 7), b->len - 9);
	size_t at = 9 + 2 + 32;
	at += 1 + (size_t)(unsigned char)b->data[at];
	at += 2 + at16(b, at);
	at += 1 + (size_t)(unsigned char)b->data[at];
	ck_assert_uint_eq(at16(b, at), b->len - at - 2);
	for (at += 2; at < b->len; at += 4 + at16(b, at + 2)) {
		ck_assert_uint_lt(at16(b, at), 64);
		seen |= (uint64_t)1 << at16(b, at);
	}
	ck_assert_uint_eq(at, b->len);
	return seen;
}

static const struct {
	const char *host;
	bool sni;
} hellos[] = {
    {"localhost", true}, {"protected.mtlspec.test", true}, {"127.0.0.1", false}, {"::1", false}, {NULL, false}};

START_TEST(hello_is_well_formed)
{
	struct buf b;
	buf_init(&b, 4096);
	ready_hello(&b, hellos[_i].host);
	uint64_t seen = walk(&b);
	ck_assert_int_eq((seen & 1) != 0, hellos[_i].sni);
	/* groups, signature algorithms, versions, key share: what a TLS 1.3 server must find (RFC 8446 9.2) */
	static const unsigned must[] = {10, 13, 43, 51};
	for (size_t i = 0; i < sizeof must / sizeof *must; i++)
		ck_assert_uint_eq(seen >> must[i] & 1, 1);
	buf_fini(&b);
}
END_TEST

/* A listener that nobody accepts from: TCP answers, TLS does not. */
START_TEST(tcp_is_not_tls)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	struct job_address address = {"127.0.0.1", ntohs(sa.sin_port)};
	ck_assert(!ready_tcp(&address, 1000));
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert(ready_tcp(&address, 1000));
	ck_assert(!ready_tls(&address, "localhost", 20));
	close(fd);
	ck_assert(!ready_tcp(&address, 1000));
	ck_assert(!ready_tcp(&(struct job_address){"not an address", 1}, 1000));
}
END_TEST

START_TEST(resolves)
{
	struct arena a = {0};
	struct err err = {{0}};
	struct job_address out;
	ck_assert_int_eq(ready_resolve(&a, "::1", 5, &out, &err), RC_OK);
	ck_assert_str_eq(out.ip, "::1");
	ck_assert_uint_eq(out.port, 5);
	ck_assert_int_eq(ready_resolve(&a, "localhost", 6, &out, &err), RC_OK);
	ck_assert_msg(strcmp(out.ip, "127.0.0.1") == 0 || strcmp(out.ip, "::1") == 0, "%s", out.ip);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("target/ready");
	TCase *t = tcase_create("ready");
	tcase_add_loop_test(t, hello_is_well_formed, 0, (int)(sizeof hellos / sizeof *hellos));
	tcase_add_test(t, tcp_is_not_tls);
	tcase_add_test(t, resolves);
	suite_add_tcase(s, t);
	return s;
}
