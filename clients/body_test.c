/* Requests with a body, at servers that take it, refuse it half way, or never read it. */
#include "clients/peer_test.h"

#include <poll.h>

enum { LARGE = 8 << 20 }; /* no pair of socket buffers takes it all */

static void finish(gnutls_session_t s, int fd, bool rough)
{
	static const struct linger at_once = {.l_onoff = 1};
	if (rough)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	else
		gnutls_bye(s, GNUTLS_SHUT_WR);
	gnutls_deinit(s);
}

/* Reads the head and what came with it, answers, and closes over what is still on its way: RFC 9112 9.6's reset. */
static void peer_refuses(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	if (shake(s) == 0) {
		read_request(s);
		write_all(s, p->text);
	}
	finish(s, fd, p->number);
}

static void peer_never_reads(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	int small = 4096;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (shake(s) == 0 && p->text)
		write_all(s, p->text);
	poll(NULL, 0, -1); /* until it is killed */
}

/* Answers the first record with how many requests begin in it. */
static void peer_counts(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	char buf[16384], text[128];
	unsigned n = 0;
	if (shake(s) == 0) {
		ssize_t got = gnutls_record_recv(s, buf, sizeof buf - 1);
		buf[got > 0 ? got : 0] = '\0';
		for (const char *at = buf; (at = strstr(at, " HTTP/1.1\r\n")) != NULL; at++)
			n++;
		snprintf(text, sizeof text, "HTTP/1.1 %u X\r\nContent-Length: 0\r\n\r\n", 200 + n);
		write_all(s, text);
		write_all(s, text);
		until_client_goes(fd);
	}
	gnutls_deinit(s);
}

static struct job_step post(uint64_t body)
{
	struct job_step step = request_step();
	step.request.method = "POST";
	step.request.body = body;
	return step;
}

#define REFUSAL "HTTP/1.1 413 Too much\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n"

/* Whatever becomes of the rest of the body: what was answered is seen, every time. */
START_TEST(early_refusal)
{
	struct peer p = {.act = peer_refuses, .text = REFUSAL, .number = _i & 1};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(_i & 2 ? TLS12 : TLS13), post(LARGE)};
	steps[1].request.chunked = _i & 4;
	peer_start(&p);
	for (int i = 0; i < 10; i++) {
		run_steps(&p, steps, 2, &c);
		const struct event *answer = observation_find(&seen, 0, EVENT_RESPONSE, 0, 0);
		const struct event *body = observation_find(&seen, 0, EVENT_BODY, 0, 0);
		ck_assert_msg(answer && answer->a == 413 && body && body->a == 3 && body->b == 1, "%s", words(&seen));
		ck_assert_msg(!observation_find(&seen, 0, EVENT_BODY_SENT, 0, 0), "%s", words(&seen));
		ck_assert_msg(!observation_find(&seen, 0, EVENT_TIMEOUT, 0, -1), "%s", words(&seen));
	}
	peer_stop(&p);
}
END_TEST

/* Nobody takes the body: the deadline ends it, and an answer that came meanwhile stands. */
START_TEST(never_read)
{
	struct peer p = {.act = peer_never_reads, .text = _i ? REFUSAL : NULL};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), post(LARGE)};
	struct job job;
	peer_start(&p);
	job = job_of(&p, steps, 2, &c);
	job.deadlines.response_ms = 300;
	run_job(&job);
	peer_stop(&p);
	const struct event *answer = observation_find(&seen, 0, EVENT_RESPONSE, 0, 0);
	const struct event *timeout = observation_find(&seen, 0, EVENT_TIMEOUT, 0, -1);
	ck_assert_msg(_i ? answer && answer->a == 413 && !timeout : !answer && timeout, "%s", words(&seen));
	ck_assert(!observation_find(&seen, 0, EVENT_BODY_SENT, 0, 0));
	ck_assert_uint_lt(seen.duration_us, 2000000);
}
END_TEST

/* It waits for 100, but not for ever; and says so. */
START_TEST(no_continue)
{
	struct peer p = {.act = peer_serves, .text = ""};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), post(10)};
	struct job job;
	steps[1].request.expect_continue = true;
	peer_start(&p);
	job = job_of(&p, steps, 2, &c);
	job.deadlines.response_ms = 400;
	run_job(&job);
	peer_stop(&p);
	const struct event *overdue = observation_find(&seen, 0, EVENT_CONTINUE_OVERDUE, 0, 0);
	const struct event *sent = observation_find(&seen, 0, EVENT_BODY_SENT, 0, 0);
	ck_assert_msg(overdue && overdue->a == 101 && sent > overdue, "%s", words(&seen));
}
END_TEST

/* `yes 'mtlspec generated request body.' | head -c N | sha256sum` */
static const struct {
	uint64_t bytes;
	const char *sha256;
} digests[] = {
    {1, "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"},
    {4096, "d1dba9c8e0cc245afaa8bc4be8a0dda4ff2267dc64df0be928bc394d917b7e75"},
    {65536, "95a3d048adc5bdd25ba3e7b1a507782b0239069c593d832b21b9720acf0f98d1"},
};

/* However it is framed, what is digested is the content. */
START_TEST(what_was_sent)
{
	struct peer p = {.act = peer_serves, .text = ""};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), post(digests[_i].bytes), post(digests[_i].bytes)};
	steps[1].request.until = UNTIL_SENT;
	steps[2].request.until = UNTIL_SENT;
	steps[2].request.chunked = true;
	steps[2].req = 1;
	struct job job;
	peer_start(&p);
	job = job_of(&p, steps, 3, &c);
	job.deadlines.response_ms = 1000; /* of the silence at the end */
	run_job(&job);
	peer_stop(&p);
	for (int r = 0; r < 2; r++) {
		const struct event *sent = observation_find(&seen, 0, EVENT_BODY_SENT, 0, r);
		ck_assert_msg(sent && sent->a == (int)digests[_i].bytes, "%s", words(&seen));
		ck_assert_str_eq(sent->text, digests[_i].sha256);
	}
}
END_TEST

/* Joined requests are one record; the bytes noted are each one's own. */
START_TEST(joined)
{
	struct peer p = {.act = peer_counts};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), post(5), request_step(), verb_step(VERB_AWAIT, -1),
				   verb_step(VERB_AWAIT, -1)};
	steps[1].request.until = UNTIL_SENT;
	steps[1].request.joined = true;
	steps[2].request.until = UNTIL_SENT;
	steps[2].req = steps[4].req = 1;
	steps[3].req = 0;
	peer_start(&p);
	run_steps(&p, steps, 5, &c);
	peer_stop(&p);
	const struct event *answer = observation_find(&seen, 0, EVENT_RESPONSE, 0, 0);
	const struct event *sent[] = {observation_find(&seen, 0, EVENT_REQUEST_SENT, 0, 0),
				      observation_find(&seen, 0, EVENT_REQUEST_SENT, 0, 1)};
	ck_assert_msg(answer && answer->a == 202 && observation_find(&seen, 0, EVENT_RESPONSE, 0, 1), "%s",
		      words(&seen));
	ck_assert(sent[0] && sent[1] && sent[0] < sent[1] && sent[1] < answer);
	/* POST with Content-Length and 5 bytes against GET */
	ck_assert_int_eq(sent[0]->a - sent[1]->a, (int)strlen("POSTContent-Length: 5\r\n") - (int)strlen("GET") + 5);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("body");
	TCase *c = tcase_create("body");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, early_refusal, 0, 8);
	tcase_add_loop_test(c, never_read, 0, 2);
	tcase_add_test(c, no_continue);
	tcase_add_loop_test(c, what_was_sent, 0, ROWS(digests));
	tcase_add_test(c, joined);
	suite_add_tcase(s, c);
	return s;
}
