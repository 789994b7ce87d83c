/* A client that will not, or not yet, answer a late request; and one that renegotiates.  Against a forked GnuTLS
 * server. */
#include "clients/peer_test.h"

#include <poll.h>

#define OPEN	"connect connected hello-sent first-byte server-chain handshake-done "
#define NO_TEXT "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"

static int reauthenticate(gnutls_session_t s)
{
	return gnutls_reauth(s, 0);
}

/* 0, or what came of it. */
static int ask(gnutls_session_t s)
{
	bool tls13 = gnutls_protocol_get_version(s) == GNUTLS_TLS1_3;
	int rc = tls13 ? 0 : gnutls_rehandshake(s);
	gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
	while (rc == 0) {
		int got = tls13 ? reauthenticate(s) : gnutls_handshake(s);
		if (got != GNUTLS_E_AGAIN && got != GNUTLS_E_INTERRUPTED)
			return got;
	}
	return rc;
}

/* Asks as often as it is told to, then answers: 200 to a certificate, 403 to a refusal that the session survives. */
static void peer_asks(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	int rc = shake(s);
	if (rc == 0)
		read_request(s);
	for (unsigned i = 0; rc == 0 && i < p->number; i++)
		rc = ask(s);
	if (rc == 0 || rc == GNUTLS_E_WARNING_ALERT_RECEIVED)
		write_all(s, rc == 0 ? p->text : NO_TEXT);
	read_request(s);
	gnutls_deinit(s);
}

/* Asks, waits for nothing, answers 403 when the client has gone on reading for a while. */
static void peer_gives_up(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	struct pollfd never = {.fd = -1};
	shake(s);
	read_request(s);
	gnutls_rehandshake(s);
	poll(&never, 1, 50);
	write_all(s, NO_TEXT);
	read_request(s);
	gnutls_deinit(s);
}

static const struct {
	const char *name;
	unsigned tls;
	enum refuse refuse;
	void (*act)(const struct peer *p, int fd);
	const char *want;
} refusals[] = {
    {"warning, TLS 1.2", TLS12, REFUSE_WARNING, peer_asks,
     OPEN "request-sent hello-request alert-sent response=403 body=0 closed"},
    {"fatal, TLS 1.2", TLS12, REFUSE_FATAL, peer_asks, OPEN "request-sent hello-request alert-sent eof"},
    {"fatal, TLS 1.3", TLS13, REFUSE_FATAL, peer_asks, OPEN "request-sent reauth-request alert-sent eof"},
    {"a warning is no word of TLS 1.3", TLS13, REFUSE_WARNING, peer_asks,
     OPEN "request-sent reauth-request alert-sent eof"},
    {"no notice taken", TLS12, REFUSE_IGNORE, peer_gives_up,
     OPEN "request-sent hello-request response=403 body=0 closed"},
};

START_TEST(refused)
{
	struct peer p = {.act = refusals[_i].act,
			 .text = OK_TEXT,
			 .number = 1,
			 .flags = GNUTLS_POST_HANDSHAKE_AUTH | GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(refusals[_i].tls), request_step(), verb_step(VERB_ANSWER, 0),
				   verb_step(VERB_AWAIT, 0)};
	steps[0].connect.late_possible = steps[0].connect.offer_pha = true;
	steps[1].request.until = UNTIL_ASKED;
	steps[2].refuse = refusals[_i].refuse;
	steps[3].req = 0;
	peer_start(&p);
	run_steps(&p, steps, 4, &c);
	peer_stop(&p);
	expect(refusals[_i].want);
}
END_TEST

/* Reads on while it takes its time. */
static void peer_takes_its_time(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	read_request(s);
	gnutls_record_set_timeout(s, 100);
	read_request(s);
	write_all(s, NO_TEXT);
	read_request(s);
	gnutls_deinit(s);
}

START_TEST(new_keys_in_between)
{
	struct peer p = {
	    .act = peer_takes_its_time, .text = OK_TEXT, .flags = GNUTLS_POST_HANDSHAKE_AUTH | GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step(), verb_step(VERB_KEY_UPDATE, 0),
				   verb_step(VERB_AWAIT, 0)};
	steps[1].request.until = UNTIL_SENT;
	steps[2].ask_peer = true;
	steps[2].read = _i == 1;
	steps[3].req = 0;
	peer_start(&p);
	run_steps(&p, steps, 4, &c);
	peer_stop(&p);
	expect(OPEN "request-sent key-updated response=403 body=0 closed");
}
END_TEST

/* Tells whether the first request was all there was to read when it came. */
static void peer_counts(const struct peer *p, int fd)
{
	char more;
	gnutls_session_t s = server_side(p, fd);
	struct pollfd never = {.fd = -1};
	shake(s);
	poll(&never, 1, 20); /* whoever does not wait for it has sent everything by now */
	read_request(s);
	bool alone = !gnutls_record_check_pending(s) && recv(fd, &more, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
	write_all(s, alone ? OK_TEXT : NO_TEXT);
	read_request(s);
	gnutls_deinit(s);
}

START_TEST(read_by_itself)
{
	struct peer p = {.act = peer_counts, .flags = GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step(), request_step(), verb_step(VERB_AWAIT, 0)};
	steps[1].request.until = UNTIL_READ;
	steps[2].req = 1;
	steps[2].request.until = UNTIL_SENT;
	steps[3].req = 0;
	peer_start(&p);
	run_steps(&p, steps, 4, &c);
	peer_stop(&p);
	ck_assert_int_eq(observation_find(&seen, 0, EVENT_RESPONSE, 0, 0)->a, 200);
}
END_TEST

/* --- asked again and again, and not at all --- */

/* Asks without end and hears nothing else. */
static void peer_asks_for_ever(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	read_request(s);
	while (ask(s) == 0)
		;
	gnutls_deinit(s);
}

/* Asks, then says nothing to what it gets. */
static void peer_asks_and_hangs(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	char buf[4096];
	shake(s);
	read_request(s);
	ask(s);
	while (read(fd, buf, sizeof buf) > 0)
		;
	gnutls_deinit(s);
}

static unsigned times(enum event_kind kind)
{
	unsigned n = 0;
	for (size_t i = 0; i < seen.n; i++)
		n += seen.events[i].kind == kind;
	return n;
}

static void run_late(const struct peer *with, unsigned tls)
{
	struct peer p = *with;
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(tls), request_step()};
	steps[0].connect.credential = 0;
	steps[0].connect.late_possible = steps[0].connect.offer_pha = true;
	p.flags = GNUTLS_POST_HANDSHAKE_AUTH | GNUTLS_NO_TICKETS;
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	peer_stop(&p);
}

START_TEST(asked_for_ever)
{
	const struct peer p = {.act = peer_asks_for_ever};
	run_late(&p, _i ? TLS13 : TLS12);
	ck_assert_int_eq(times(EVENT_TOO_LARGE), 1);
	ck_assert_int_le(times(_i ? EVENT_REAUTH_REQUEST : EVENT_HELLO_REQUEST), 17);
	ck_assert(!seen.full);
}
END_TEST

START_TEST(asked_and_left_alone)
{
	const struct peer p = {.act = peer_asks_and_hangs};
	run_late(&p, _i ? TLS13 : TLS12);
	ck_assert_int_eq(times(_i ? EVENT_REAUTHENTICATED : EVENT_RENEGOTIATED), 1);
	ck_assert_int_eq(times(EVENT_TIMEOUT), 1);
	ck_assert_int_lt(seen.duration_us, 20000000);
}
END_TEST

/* --- renegotiations of ours --- */

/* Takes `number` of them, then says no as told by `text`. */
static void peer_is_renegotiated(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	char buf[1024];
	shake(s);
	for (unsigned taken = 0;;) {
		ssize_t n = gnutls_record_recv(s, buf, sizeof buf);
		if (n == GNUTLS_E_REHANDSHAKE && taken++ < p->number) {
			if (shake(s) < 0)
				break;
		} else if (n == GNUTLS_E_REHANDSHAKE) {
			gnutls_alert_send(s, strcmp(p->text, "fatal") == 0 ? GNUTLS_AL_FATAL : GNUTLS_AL_WARNING,
					  GNUTLS_A_NO_RENEGOTIATION);
			until_client_goes(fd); /* GnuTLS has no way back to the session that it has */
			break;
		} else if (n > 0) {
			write_all(s, OK_TEXT);
		} else if (n == 0 || gnutls_error_is_fatal((int)n)) {
			break;
		}
	}
	gnutls_deinit(s);
}

static const struct {
	const char *name, *text;
	unsigned takes;
	size_t steps;
	const char *want;
} ours[] = {
    {"refused by warning", "warning", 0, 2, OPEN "renegotiation-tried alert-received=100 closed"},
    {"refused at the second", "warning", 1, 2,
     OPEN "renegotiation-tried server-chain renegotiated renegotiation-tried alert-received=100 closed"},
    {"refused by a fatal alert", "fatal", 0, 2, OPEN "renegotiation-tried alert-received=100 handshake-failed"},
    {"all taken", "warning", 3, 3,
     OPEN "renegotiation-tried server-chain renegotiated renegotiation-tried server-chain renegotiated request-sent "
	  "response=200 excerpt body=2 closed"},
};

START_TEST(renegotiates)
{
	struct peer p = {
	    .act = peer_is_renegotiated, .text = ours[_i].text, .number = ours[_i].takes, .flags = GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS12), verb_step(VERB_RENEGOTIATE, 0), request_step()};
	steps[0].connect.late_possible = true;
	steps[1].times = 2;
	peer_start(&p);
	run_steps(&p, steps, ours[_i].steps, &c);
	peer_stop(&p);
	expect(ours[_i].want);
}
END_TEST

/* Neither renegotiation_info nor the SCSV: the peer finds the session unsafe. */
static void peer_tells_safety(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	char safe = gnutls_safe_renegotiation_status(s) ? 's' : 'u';
	(void)!write(p->report, &safe, 1);
	read_request(s);
	write_all(s, OK_TEXT);
	gnutls_deinit(s);
}

START_TEST(from_before_rfc_5746)
{
	struct peer p = {.act = peer_tells_safety, .flags = GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS12), request_step()};
	int told[2];
	char safe = 0;
	steps[0].connect.legacy = _i;
	ck_assert_int_eq(pipe(told), 0);
	p.report = told[1];
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	ck_assert_int_eq(read(told[0], &safe, 1), 1);
	peer_stop(&p);
	close(told[0]);
	close(told[1]);
	ck_assert_int_eq(safe, _i ? 'u' : 's');
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("late");
	TCase *c = tcase_create("late");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, refused, 0, ROWS(refusals));
	tcase_add_loop_test(c, new_keys_in_between, 0, 2);
	tcase_add_test(c, read_by_itself);
	tcase_add_loop_test(c, asked_for_ever, 0, 2);
	tcase_add_loop_test(c, asked_and_left_alone, 0, 2);
	tcase_add_loop_test(c, renegotiates, 0, ROWS(ours));
	tcase_add_loop_test(c, from_before_rfc_5746, 0, 2);
	suite_add_tcase(s, c);
	return s;
}
