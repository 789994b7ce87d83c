/* Verbs and late requests against a GnuTLS server in a forked child. */
#include "clients/peer_test.h"

#include <poll.h>

#include "harness/reference/unoffered.h"

#define OPEN13 "connect connected hello-sent first-byte server-chain handshake-done "

/* --- behaviours --- */

static int ask_late(gnutls_session_t s)
{
	int rc;
	gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
	if (gnutls_protocol_get_version(s) == GNUTLS_TLS1_3) {
		do
			rc = gnutls_reauth(s, 0);
		while (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED);
		return rc;
	}
	gnutls_rehandshake(s);
	return shake(s);
}

static void peer_asks_late(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	unsigned n = 0;
	if (shake(s) == 0) {
		read_request(s);
		if (ask_late(s) == 0 && gnutls_certificate_get_peers(s, &n) && n)
			write_all(s, p->text);
		else
			write_all(s, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
		read_request(s);
	}
	gnutls_deinit(s);
}

/* Refuses the certificate with its own words, without having been sent a request. */
static void peer_refuses(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	gnutls_alert_send(s, GNUTLS_AL_FATAL, GNUTLS_A_UNKNOWN_CA);
	(void)!write(p->report, "r", 1);
	gnutls_deinit(s);
}

/* One byte to the test: how the client went. */
static void peer_tells_end(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	char how = '?';
	shake(s);
	read_request(s);
	write_all(s, p->text);
	char buf[16];
	ssize_t n = gnutls_record_recv(s, buf, sizeof buf);
	if (n == 0)
		how = 'n';
	else if (n == GNUTLS_E_PREMATURE_TERMINATION)
		how = 'f';
	else if (n == GNUTLS_E_PULL_ERROR)
		how = 'r';
	(void)!write(p->report, &how, 1);
	gnutls_deinit(s);
}

/* 100 when the head is there, then all of the body, then 200 with its length. */
static void peer_continues(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	char buf[16384], text[100];
	size_t got = 0;
	(void)p;
	shake(s);
	read_request(s);
	write_all(s, "HTTP/1.1 100 Continue\r\n\r\n");
	while (got < 100000) {
		ssize_t n = gnutls_record_recv(s, buf, sizeof buf);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n%06zu", got);
	write_all(s, text);
	read_request(s);
	gnutls_deinit(s);
}

/* --- late requests --- */

static const struct {
	unsigned tls;
	enum until until;
	int first, second; /* credentials: of connect, of answer */
	const char *want;
} late[] = {
    {TLS13, UNTIL_DONE, 0, 0,
     OPEN13 "request-sent reauth-request certificate-requested certificate-sent reauthenticated response=200 excerpt "
	    "body=2 closed"},
    {TLS13, UNTIL_DONE, JOB_NO_CREDENTIAL, 0,
     OPEN13 "request-sent reauth-request certificate-requested certificate-declined reauthenticated response=403 "
	    "body=0 closed"},
    {TLS13, UNTIL_ASKED, JOB_NO_CREDENTIAL, 0,
     OPEN13 "request-sent reauth-request certificate-requested certificate-sent reauthenticated response=200 excerpt "
	    "body=2 closed"},
    {TLS12, UNTIL_DONE, 0, 0,
     OPEN13
     "request-sent hello-request server-chain certificate-requested certificate-sent renegotiated response=200 excerpt "
     "body=2 closed"},
    {TLS12, UNTIL_DONE, JOB_NO_CREDENTIAL, 0,
     OPEN13
     "request-sent hello-request server-chain certificate-requested certificate-declined renegotiated response=403 "
     "body=0 closed"},
    {TLS12, UNTIL_ASKED, JOB_NO_CREDENTIAL, 0,
     OPEN13
     "request-sent hello-request server-chain certificate-requested certificate-sent renegotiated response=200 excerpt "
     "body=2 closed"},
};

START_TEST(late_request)
{
	struct peer p = {
	    .act = peer_asks_late, .text = OK_TEXT, .flags = GNUTLS_POST_HANDSHAKE_AUTH | GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(late[_i].tls), request_step(), verb_step(VERB_ANSWER, 0),
				   verb_step(VERB_AWAIT, 0)};
	steps[0].connect.credential = late[_i].first;
	steps[0].connect.late_possible = steps[0].connect.offer_pha = true;
	steps[1].request.until = late[_i].until;
	steps[2].credential = late[_i].second;
	steps[3].req = 0;
	peer_start(&p);
	run_steps(&p, steps, 4, &c);
	peer_stop(&p);
	expect(late[_i].want);
}
END_TEST

/* <answer> waits to be asked. */
START_TEST(answer_waits)
{
	struct peer p = {
	    .act = peer_asks_late, .text = OK_TEXT, .flags = GNUTLS_POST_HANDSHAKE_AUTH | GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step(), verb_step(VERB_ANSWER, 0),
				   verb_step(VERB_AWAIT, 0)};
	steps[0].connect.credential = JOB_NO_CREDENTIAL;
	steps[0].connect.offer_pha = true;
	steps[1].request.until = UNTIL_SENT;
	steps[3].req = 0;
	peer_start(&p);
	run_steps(&p, steps, 4, &c);
	peer_stop(&p);
	expect(late[2].want);
}
END_TEST

/* The protocol error that our library makes of it is not all that is told. */
static void peer_asks_unoffered(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	unsigned char record[UNOFFERED_MAX];
	shake(s);
	read_request(s);
	size_t n = unoffered_is_possible(s) ? unoffered_request(s, record) : 0;
	(void)!write(fd, record, n);
	read_request(s);
	gnutls_deinit(s);
}

START_TEST(late_request_without_offer)
{
	struct peer p = {.act = peer_asks_unoffered, .flags = GNUTLS_POST_HANDSHAKE_AUTH | GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	peer_stop(&p);
	expect(OPEN13 "request-sent reauth-request tls-error alert-sent");
}
END_TEST

/* --- verbs --- */

/* The world moves when the peer has said its last word. */
static enum rc when_told(void *context, const struct job_step *step, struct err *err)
{
	char byte;
	(void)step;
	return read(*(int *)context, &byte, 1) == 1 ? RC_OK : err_set(err, RC_FAULT, "no word");
}

/* A script that asks for nothing still hears what was said before it goes. */
START_TEST(last_word_is_heard)
{
	struct peer p = {.act = peer_refuses, .ask = true};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), verb_step(VERB_REVOKE, -1)};
	struct client *own;
	struct err err = {{0}};
	int fds[2];
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(client_open(&own, NULL, when_told, &fds[0], &err), RC_OK);
	p.report = fds[1];
	peer_start(&p);
	struct job job = job_of(&p, steps, 2, &c);
	ck_assert_int_eq(client_run(own, &job, &seen, &err), RC_OK);
	peer_stop(&p);
	client_close(&own);
	expect("connect connected hello-sent first-byte certificate-requested server-chain certificate-sent "
	       "handshake-done target-told "
	       "alert-received=48");
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static const struct {
	enum how_close how;
	char seen;
} closings[] = {{CLOSE_NOTIFY, 'n'}, {CLOSE_WAIT, 'n'}, {CLOSE_FIN, 'f'}, {CLOSE_RESET, 'r'}};

START_TEST(how_we_close)
{
	struct peer p = {.act = peer_tells_end, .text = OK_TEXT};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(_i % 2 ? TLS13 : TLS12), request_step(), verb_step(VERB_CLOSE, 0)};
	int fds[2];
	char how = '-';
	steps[2].how = closings[_i / 2].how;
	ck_assert_int_eq(pipe(fds), 0);
	p.report = fds[1];
	peer_start(&p);
	run_steps(&p, steps, 3, &c);
	struct pollfd told = {.fd = fds[0], .events = POLLIN};
	ck_assert(steps[2].how != CLOSE_WAIT || poll(&told, 1, 0) == 1); /* it has ended before we went on */
	ck_assert_int_eq(read(fds[0], &how, 1), 1);
	peer_stop(&p);
	ck_assert_int_eq(how, closings[_i / 2].seen);
	ck_assert_str_eq(observation_find(&seen, 0, EVENT_CLOSED, 0, -1)->text, how_close_text(steps[2].how));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* Two requests are under way on one connection, a third on another. */
START_TEST(requests_in_flight)
{
	struct peer p = {.act = peer_asks_late, .text = OK_TEXT};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step(), request_step(), verb_step(VERB_AWAIT, -1),
				   verb_step(VERB_AWAIT, -1)};
	p.act = peer_serves;
	p.text = OK_TEXT;
	steps[1].request.until = UNTIL_SENT;
	steps[2].request.until = UNTIL_SENT;
	steps[2].req = 1;
	steps[3].req = 1;
	steps[4].req = 0;
	peer_start(&p);
	run_steps(&p, steps, 5, &c);
	peer_stop(&p);
	/* Both answers, in order, each under its own number. */
	const struct event *first = observation_find(&seen, 0, EVENT_RESPONSE, 0, 0);
	const struct event *second = observation_find(&seen, 0, EVENT_RESPONSE, 0, 1);
	ck_assert_msg(first && second && first < second, "%s", words(&seen));
	ck_assert(observation_find(&seen, 0, EVENT_REQUEST_SENT, 0, 1) < first);
}
END_TEST

START_TEST(expect_continue)
{
	struct peer p = {.act = peer_continues};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	steps[1].request.method = "POST";
	steps[1].request.body = 100000;
	steps[1].request.expect_continue = true;
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	peer_stop(&p);
	expect(OPEN13 "request-sent interim=100 body-sent response=200 excerpt body=6 closed");
	ck_assert_str_eq(observation_find(&seen, 0, EVENT_EXCERPT, 0, 0)->text, "100000");
}
END_TEST

/* A final answer instead of 100: the body is never sent. */
START_TEST(expectation_fails)
{
	struct peer p = {.act = peer_serves, .text = "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step(), request_step()};
	steps[1].request.method = "POST";
	steps[1].request.body = 100000;
	steps[1].request.expect_continue = true;
	steps[2].req = 1; /* cannot be: the server still waits for a body */
	peer_start(&p);
	run_steps(&p, steps, 3, &c);
	peer_stop(&p);
	expect(OPEN13 "request-sent response=417 body=0 closed");
	ck_assert_int_eq(observation_find(&seen, 0, EVENT_REQUEST_SENT, 0, 0)->b, 0);
}
END_TEST

START_TEST(what_is_watched)
{
	struct peer p = {.act = peer_serves,
			 .text =
			     "HTTP/1.1 200 OK\r\nx-who: \xff me\r\nX-Other: 1\r\nContent-Length: 9\r\n\r\nhi needle"};
	static const char *const headers[] = {"X-Who"}, *const strings[] = {"absent", "needle"};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	struct job job = job_of(&p, steps, 2, &c);
	job.watch_headers = headers;
	job.n_watch_headers = 1;
	job.watch_strings = strings;
	job.n_watch_strings = 2;
	peer_start(&p);
	job.address.port = p.port;
	run_job(&job);
	peer_stop(&p);
	expect(OPEN13 "request-sent response=200 header found excerpt body=9 closed");
	ck_assert_str_eq(observation_find(&seen, 0, EVENT_HEADER, 0, 0)->text, "x-who: \xff me");
	ck_assert_int_eq(observation_find(&seen, 0, EVENT_FOUND, 0, 0)->a, 1);
}
END_TEST

/* --- the ear and the world --- */

static unsigned waits, ends;
static bool is_waiting;

static void ear(void *context, bool waiting)
{
	ck_assert_ptr_eq(context, &waits);
	ck_assert(waiting != is_waiting);
	is_waiting = waiting;
	waits += waiting;
	ends += !waiting;
}

static enum rc world(void *context, const struct job_step *step, struct err *err)
{
	ck_assert_ptr_eq(context, &waits);
	if (step->verb == VERB_RELOAD)
		return RC_ABSENT;
	return step->verb == VERB_STOP ? err_set(err, RC_FAULT, "will not stop") : RC_OK;
}

START_TEST(ear_and_world)
{
	struct job_credential c = credential();
	struct job_step steps[] = {verb_step(VERB_WAIT, -1),   verb_step(VERB_WAIT, -1), verb_step(VERB_REVOKE, -1),
				   verb_step(VERB_RELOAD, -1), verb_step(VERB_STOP, -1), verb_step(VERB_TAMPER, -1)};
	struct peer p = {0};
	struct err err = {{0}};
	struct client *own;
	struct job job = job_of(&p, steps, 6, &c);
	steps[0].ms = 5;
	steps[1].ms = 60;
	ck_assert_int_eq(client_open(&own, ear, world, &waits, &err), RC_OK);
	uint64_t began = clock_us();
	ck_assert_int_eq(client_run(own, &job, &seen, &err), RC_OK);
	ck_assert_uint_ge(clock_us() - began, 65000);
	client_close(&own);
	ck_assert_uint_eq(waits, 1);
	ck_assert_uint_eq(ends, 1);
	expect("target-told unsupported fault unsupported");
	ck_assert_str_eq(seen.events[0].text, "revoke");
	ck_assert_str_eq(seen.events[1].text, "reload");
	ck_assert_str_eq(seen.events[2].text, "will not stop");
	ck_assert_str_eq(seen.events[3].text, "tamper");
}
END_TEST

/* What this build has not, and what no harness can do. */
START_TEST(not_here)
{
	struct peer p = {.act = peer_serves, .text = OK_TEXT};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	struct err err = {{0}};
	steps[0].connect.http = HTTP_2;
	peer_start(&p);
	struct job job = job_of(&p, steps, 2, &c);
	run_job(&job);
	expect("unsupported");
	ck_assert_str_eq(observation_find(&seen, 0, EVENT_UNSUPPORTED, 0, -1)->text, "HTTP/2");
	steps[0].connect.http = HTTP_1_1;
	steps[0].connect.host = "n\xc3\xa4me";
	run_job(&job);
	expect("connect connected fault");
	peer_stop(&p);
	job.address.ip = "localhost";
	ck_assert_int_eq(client_run(client, &job, &seen, &err), RC_FAULT);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("script");
	TCase *c = tcase_create("script");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, late_request, 0, ROWS(late));
	tcase_add_test(c, answer_waits);
	tcase_add_test(c, late_request_without_offer);
	tcase_add_test(c, last_word_is_heard);
	tcase_add_loop_test(c, how_we_close, 0, 2 * ROWS(closings));
	tcase_add_test(c, requests_in_flight);
	tcase_add_test(c, expect_continue);
	tcase_add_test(c, expectation_fails);
	tcase_add_test(c, what_is_watched);
	tcase_add_test(c, ear_and_world);
	tcase_add_test(c, not_here);
	suite_add_tcase(s, c);
	return s;
}
