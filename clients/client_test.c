/* The client against a GnuTLS server in a forked child: everything a peer can do, seen as events. */
#include "clients/peer_test.h"

#include <poll.h>

static int refuse_all(gnutls_session_t s)
{
	(void)s;
	return GNUTLS_E_CERTIFICATE_ERROR;
}

static void peer_answers(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	if (shake(s) == 0) {
		read_request(s);
		write_all(s, p->text);
		if (strstr(p->text, "Content-Length"))
			read_request(s); /* until the client goes */
		gnutls_bye(s, GNUTLS_SHUT_WR);
	}
	gnutls_deinit(s);
}

/* Verifies nothing, refuses, says so and is gone at once. */
static void peer_refuses(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	gnutls_session_set_verify_function(s, refuse_all);
	if (shake(s) < 0)
		gnutls_alert_send(s, GNUTLS_AL_FATAL, (gnutls_alert_description_t)p->number);
	gnutls_deinit(s);
}

static void peer_closes(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	read_request(s);
	gnutls_deinit(s);
}

static void reset_on_close(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void peer_resets(const struct peer *p, int fd)
{
	peer_closes(p, fd);
	reset_on_close(fd);
}

static void read_some(int fd)
{
	char buf[4096];
	(void)!read(fd, buf, sizeof buf);
}

static void peer_resets_hello(const struct peer *p, int fd)
{
	(void)p;
	read_some(fd);
	reset_on_close(fd);
}

static void peer_ends_at_hello(const struct peer *p, int fd)
{
	(void)p;
	read_some(fd);
}

static void peer_is_silent(const struct peer *p, int fd)
{
	(void)p;
	until_client_goes(fd);
}

static void peer_is_silent_later(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	until_client_goes(fd);
	gnutls_deinit(s);
}

static void peer_babbles(const struct peer *p, int fd)
{
	read_some(fd);
	(void)!write(fd, p->text, strlen(p->text));
	until_client_goes(fd);
}

/* poll on nothing: the pace of a peer that trickles, not a synchronisation */
static bool pace(int fd, int ms)
{
	struct pollfd f = {.fd = fd, .events = POLLRDHUP};
	return poll(&f, 1, ms) == 0;
}

static void peer_trickles(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	read_request(s);
	for (const char *at = p->text; *at && pace(fd, 30); at++)
		if (gnutls_record_send(s, at, 1) <= 0)
			break;
	gnutls_deinit(s);
}

/* A record header that promises 16 KiB, then a byte now and then. */
static void peer_trickles_hello(const struct peer *p, int fd)
{
	static const unsigned char header[] = {22, 3, 3, 0x40, 0};
	(void)p;
	(void)!write(fd, header, sizeof header);
	while (pace(fd, 30) && write(fd, "\0", 1) == 1)
		;
}

static void peer_floods(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	char many[16384];
	size_t n = 0, len = strlen(p->text);
	shake(s);
	read_request(s);
	for (; n + len < sizeof many; n += len)
		memcpy(many + n, p->text, len);
	while (gnutls_record_send(s, many, n) > 0)
		;
	gnutls_deinit(s);
}

static void peer_warns(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	shake(s);
	read_request(s);
	while (gnutls_alert_send(s, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED) == 0)
		;
	gnutls_deinit(s);
}

/* Connect and GET, as most cases do. */
static void run_get(struct peer *p, unsigned tls, uint64_t body, struct job_deadlines deadlines)
{
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(tls), request_step()};
	if (body)
		steps[1].request.method = "POST";
	steps[1].request.body = body;
	struct job job = job_of(p, steps, 2, &c);
	job.deadlines = deadlines;
	peer_start(p);
	job.address.port = p->port;
	run_job(&job);
	peer_stop(p);
}

/* TLS 1.3 asks before it shows its chain, TLS 1.2 behind it. */
#define BEFORE	"connect connected hello-sent first-byte "
#define ASKED	BEFORE "certificate-requested server-chain certificate-sent handshake-done request-sent "
#define SENT12	BEFORE "server-chain certificate-requested certificate-sent "
#define ASKED12 SENT12 "handshake-done request-sent "

/* What one peer does and what must be seen of it.  Deadlines 0: two seconds. */
static const struct {
	const char *name;
	struct peer peer;
	unsigned tls;
	uint64_t body;
	struct job_deadlines deadlines;
	const char *events, *contains; /* the words, or what is among them */
} table[] = {
    {"accept",
     {.act = peer_answers, .text = OK_TEXT, .ask = true},
     TLS13,
     0,
     {0},
     ASKED "response=200 excerpt body=2 closed",
     NULL},
    {"accept, not asked",
     {.act = peer_answers, .text = OK_TEXT},
     TLS13,
     0,
     {0},
     BEFORE "server-chain handshake-done request-sent response=200 excerpt body=2 closed",
     NULL},
    {"accept, 1.2",
     {.act = peer_answers, .text = OK_TEXT, .ask = true},
     TLS12,
     0,
     {0},
     ASKED12 "response=200 excerpt body=2 closed",
     NULL},
    {"accept, 1.1",
     {.act = peer_answers, .text = OK_TEXT, .ask = true},
     BIT(TLS_1_1),
     0,
     {0},
     ASKED12 "response=200 excerpt body=2 closed",
     NULL},
    {"accept, 1.0",
     {.act = peer_answers, .text = OK_TEXT, .ask = true},
     BIT(TLS_1_0),
     0,
     {0},
     ASKED12 "response=200 excerpt body=2 closed",
     NULL},
    {"until close",
     {.act = peer_answers, .text = "HTTP/1.0 200 OK\r\n\r\nhello", .ask = true},
     TLS13,
     0,
     {0},
     ASKED "response=200 close-notify excerpt body=5",
     NULL},
    {"close_notify", {.act = peer_answers, .text = "", .ask = true}, TLS13, 0, {0}, ASKED "close-notify", NULL},
    {"close_notify, 1.2", {.act = peer_answers, .text = "", .ask = true}, TLS12, 0, {0}, ASKED12 "close-notify", NULL},
    {"FIN", {.act = peer_closes, .text = "", .ask = true}, TLS13, 0, {0}, ASKED "eof", NULL},
    {"FIN, 1.2", {.act = peer_closes, .text = "", .ask = true}, TLS12, 0, {0}, ASKED12 "eof", NULL},
    {"FIN at hello",
     {.act = peer_ends_at_hello, .text = "", .ask = true},
     TLS13,
     0,
     {0},
     "connect connected hello-sent eof handshake-failed",
     NULL},
    {"RST", {.act = peer_resets, .text = "", .ask = true}, TLS13, 0, {0}, ASKED "reset", NULL},
    {"RST, 1.2", {.act = peer_resets, .text = "", .ask = true}, TLS12, 0, {0}, ASKED12 "reset", NULL},
    {"RST at hello",
     {.act = peer_resets_hello, .text = "", .ask = true},
     TLS13,
     0,
     {0},
     "connect connected hello-sent reset handshake-failed",
     NULL},
    {"silence",
     {.act = peer_is_silent, .text = "", .ask = true},
     TLS13,
     0,
     {2000, 150, 2000, 9000},
     "connect connected hello-sent timeout:handshake handshake-failed closed",
     NULL},
    {"silence after the handshake",
     {.act = peer_is_silent_later, .text = "", .ask = true},
     TLS13,
     0,
     {2000, 2000, 150, 9000},
     ASKED "timeout:response closed",
     NULL},
    {"silence beyond the budget",
     {.act = peer_is_silent_later, .text = "", .ask = true},
     TLS12,
     0,
     {2000, 2000, 2000, 400},
     ASKED12 "timeout:budget closed",
     NULL},
    {"trickle",
     {.act = peer_trickles, .text = "HTTP/1.1 200 OK and so on for ever", .ask = true},
     TLS13,
     0,
     {2000, 2000, 200, 9000},
     ASKED "timeout:response closed",
     NULL},
    {"trickle at hello",
     {.act = peer_trickles_hello, .text = "", .ask = true},
     TLS13,
     0,
     {2000, 200, 2000, 9000},
     "connect connected hello-sent first-byte timeout:handshake handshake-failed closed",
     NULL},
    {"not TLS",
     {.act = peer_babbles, .text = "HTTP/1.1 400 Bad Request\r\n\r\n", .ask = true},
     TLS13,
     0,
     {0},
     "connect connected hello-sent first-byte tls-error alert-sent handshake-failed",
     NULL},
    {"not HTTP",
     {.act = peer_answers, .text = "SSH-2.0-OpenSSH_9.2\r\n", .ask = true},
     TLS13,
     0,
     {0},
     ASKED "malformed:not an HTTP/1 status line closed",
     NULL},
    {"flood of interim responses",
     {.act = peer_floods, .text = "HTTP/1.1 102 Processing\r\n\r\n", .ask = true},
     TLS13,
     0,
     {0},
     NULL,
     "interim=102 interim=102 too-large:interim responses closed"},
    {"flood of body",
     {.act = peer_floods, .text = "HTTP/1.1 200 OK\r\n\r\n", .ask = true},
     TLS13,
     0,
     {2000, 2000, 200, 9000},
     NULL,
     "request-sent response=200 too-large:body timeout:response excerpt body="},
    {"flood of header",
     {.act = peer_floods, .text = "HTTP/1.1 200 OK\r\nX: HTTP/1.1 200 OK", .ask = true},
     TLS13,
     0,
     {0},
     ASKED "response=200 too-large:header fields closed",
     NULL},
    {"flood of warnings",
     {.act = peer_warns, .text = "", .ask = true},
     TLS12,
     0,
     {0},
     NULL,
     "alert-received=90 alert-received=90 tls-error alert-sent"},
};

START_TEST(peers)
{
	struct peer p = table[_i].peer;
	struct job_deadlines d = table[_i].deadlines;
	if (!d.budget_ms)
		d = (struct job_deadlines){2000, 2000, 2000, 10000};
	uint64_t began = clock_us();
	run_get(&p, table[_i].tls, table[_i].body, d);
	ck_assert_msg(clock_us() - began < 5000000, "%s: took too long", table[_i].name);
	const char *got = words(&seen);
	ck_assert_msg(!seen.full, "%s: full", table[_i].name);
	if (table[_i].contains)
		ck_assert_msg(strstr(got, table[_i].contains) != NULL, "%s:\n%s", table[_i].name, got);
	else
		ck_assert_msg(strcmp(got, table[_i].events) == 0, "%s:\n%s\nnot\n%s", table[_i].name, got,
			      table[_i].events);
}
END_TEST

/* Alert families: every number that a server may end a handshake with, both versions. */
static const unsigned alerts[] = {10, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 80, 109, 112, 116, 120};

START_TEST(alert_is_seen)
{
	struct peer p = {.act = peer_refuses, .text = "", .number = alerts[_i], .ask = true};
	char want[200];
	run_get(&p, TLS13, 0, (struct job_deadlines){2000, 2000, 2000, 9000});
	snprintf(want, sizeof want, ASKED "alert-received=%u", alerts[_i]);
	ck_assert_str_eq(words(&seen), want);
	run_get(&p, TLS12, 0, (struct job_deadlines){2000, 2000, 2000, 9000});
	snprintf(want, sizeof want, SENT12 "alert-received=%u handshake-failed", alerts[_i]);
	ck_assert_str_eq(words(&seen), want);
}
END_TEST

/* The server refuses and is gone while we still push a body: its alert is read all the same. */
START_TEST(no_alert_is_lost)
{
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(_i ? TLS12 : TLS13), request_step()};
	struct peer p = {.act = peer_refuses, .text = "", .number = 48, .ask = true};
	unsigned lost = 0;
	steps[1].request.method = "POST";
	steps[1].request.body = 400000;
	peer_start(&p);
	struct job job = job_of(&p, steps, 2, &c);
	for (int n = 0; n < 200; n++) {
		run_job(&job);
		const struct event *e = observation_find(&seen, 0, EVENT_ALERT_RECEIVED, 0, -1);
		lost += !e || e->a != 48;
	}
	peer_stop(&p);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

START_TEST(closed_port)
{
	struct peer p = {.act = peer_is_silent, .text = ""};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	peer_start(&p);
	peer_stop(&p);
	struct job job = job_of(&p, steps, 2, &c);
	run_job(&job);
	ck_assert_str_eq(words(&seen), "connect connect-failed");
	ck_assert_int_eq(seen.events[1].a, ECONNREFUSED);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("client");
	TCase *c = tcase_create("peers");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, peers, 0, (int)(sizeof table / sizeof *table));
	tcase_add_loop_test(c, alert_is_seen, 0, (int)(sizeof alerts / sizeof *alerts));
	tcase_add_loop_test(c, no_alert_is_lost, 0, 2);
	tcase_add_test(c, closed_port);
	suite_add_tcase(s, c);
	return s;
}
