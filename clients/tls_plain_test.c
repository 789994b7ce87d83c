/* HTTP without TLS against servers of bare sockets. */
#include "clients/peer_test.h"

static void peer_says(const struct peer *p, int fd)
{
	char head[4096];
	if (read(fd, head, sizeof head) <= 0 || write(fd, p->text, p->number) != (ssize_t)p->number)
		return;
	shutdown(fd, SHUT_WR);
	until_client_goes(fd);
}

#define BEGIN "connect connected plain request-sent "
#define SAYS(text) text, sizeof text - 1

static const struct {
	const char *name, *text;
	unsigned len;
	const char *want;
} rows[] = {
    {"serves", SAYS(OK_TEXT), BEGIN "first-byte response=200 excerpt body=2 closed"},
    {"refuses", SAYS("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), BEGIN "first-byte response=400 body=0 closed"},
    {"answers as TLS does", SAYS("\x15\x03\x01\x00\x02\x02\x46"), BEGIN "first-byte alert-received=70"},
    {"closes", SAYS(""), BEGIN "eof"},
    {"talks nonsense", SAYS("\x15\x03\x01"), BEGIN "first-byte malformed:not an HTTP/1 status line closed"},
};

START_TEST(plain)
{
	struct peer p = {.act = peer_says, .text = rows[_i].text, .number = rows[_i].len};
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	struct job_credential c = credential();
	steps[0].connect.plain = true;
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	peer_stop(&p);
	ck_assert_msg(strcmp(words(&seen), rows[_i].want) == 0, "%s: %s", rows[_i].name, words(&seen));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("plain");
	TCase *c = tcase_create("plain");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, plain, 0, ROWS(rows));
	suite_add_tcase(s, c);
	return s;
}
