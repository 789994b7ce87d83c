/* The client against a GnuTLS server in a forked child: everything a peer can do, seen as events. */
#include "clients/client.h"

#include "harness/base/clock.h"
#include "harness/base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TLS13 BIT(TLS_1_3)
#define TLS12 BIT(TLS_1_2)

/* --- a small PKI: one self-signed certificate for the server, one for the client --- */

static gnutls_privkey_t client_key;
static gnutls_pubkey_t client_pub;
static struct blob client_chain[1], client_issuer[1];
static gnutls_certificate_credentials_t server_cred;

static gnutls_datum_t self_signed(const char *name, gnutls_x509_privkey_t *key, gnutls_datum_t *issuer)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t der;
	unsigned char serial = 1;
	ck_assert_int_eq(gnutls_x509_privkey_init(key), 0);
	ck_assert_int_eq(
	    gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	    0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, &serial, 1);
	gnutls_x509_crt_set_dn(crt, name, NULL);
	gnutls_x509_crt_set_activation_time(crt, clock_now() - 3600);
	gnutls_x509_crt_set_expiration_time(crt, clock_now() + 3600);
	gnutls_x509_crt_set_key(crt, *key);
	ck_assert_int_eq(gnutls_x509_crt_sign2(crt, crt, *key, GNUTLS_DIG_SHA256, 0), 0);
	ck_assert_int_eq(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der), 0);
	if (issuer)
		ck_assert_int_eq(gnutls_x509_crt_get_raw_issuer_dn(crt, issuer), 0);
	gnutls_x509_crt_deinit(crt);
	return der;
}

static gnutls_x509_privkey_t kept_keys[2];
static gnutls_datum_t kept_der[3];

static void pki_open(void)
{
	gnutls_datum_t pem;
	gnutls_x509_crt_t crt;
	signal(SIGPIPE, SIG_IGN);
	kept_der[0] = self_signed("CN=server", &kept_keys[0], NULL);
	kept_der[1] = self_signed("CN=client", &kept_keys[1], &kept_der[2]);
	gnutls_certificate_allocate_credentials(&server_cred);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_import(crt, &kept_der[0], GNUTLS_X509_FMT_DER);
	ck_assert_int_eq(gnutls_certificate_set_x509_key(server_cred, &crt, 1, kept_keys[0]), 0);
	ck_assert_int_eq(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
	ck_assert_int_gt(gnutls_certificate_set_x509_trust_mem(server_cred, &pem, GNUTLS_X509_FMT_PEM), 0);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_privkey_init(&client_key);
	gnutls_privkey_import_x509(client_key, kept_keys[1], 0);
	gnutls_pubkey_init(&client_pub);
	gnutls_pubkey_import_privkey(client_pub, client_key, 0, 0);
	client_chain[0] = (struct blob){kept_der[1].data, kept_der[1].size};
	client_issuer[0] = (struct blob){kept_der[2].data, kept_der[2].size};
}

static void pki_close(void)
{
	gnutls_certificate_free_credentials(server_cred);
	gnutls_privkey_deinit(client_key);
	gnutls_pubkey_deinit(client_pub);
	for (int i = 0; i < 2; i++)
		gnutls_x509_privkey_deinit(kept_keys[i]);
	for (int i = 0; i < 3; i++)
		gnutls_free(kept_der[i].data);
}

/* --- the peer --- */

struct peer;
typedef void behave(const struct peer *p, int fd);
struct peer {
	behave *act;
	const char *text; /* response bytes */
	unsigned number;  /* of an alert */
	bool ask;	  /* CertificateRequest in the handshake */
	uint16_t port;
	pid_t pid;
};

static int refuse_all(gnutls_session_t s)
{
	(void)s;
	return GNUTLS_E_CERTIFICATE_ERROR;
}

static void write_all(gnutls_session_t s, const char *text)
{
	for (size_t left = strlen(text); left;) {
		ssize_t n = gnutls_record_send(s, text, left);
		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

static gnutls_session_t server_side(const struct peer *p, int fd)
{
	gnutls_session_t s;
	gnutls_init(&s, GNUTLS_SERVER);
	gnutls_set_default_priority(s);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, server_cred);
	gnutls_certificate_server_set_request(s, p->ask ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
	gnutls_transport_set_int(s, fd);
	return s;
}

static int shake(gnutls_session_t s)
{
	int rc;
	do
		rc = gnutls_handshake(s);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	return rc;
}

/* One request's head; bodies in these tests are short or never read. */
static void read_request(gnutls_session_t s)
{
	char buf[16384];
	ssize_t n;
	do
		n = gnutls_record_recv(s, buf, sizeof buf);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
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

static void until_client_goes(int fd)
{
	char buf[4096];
	while (read(fd, buf, sizeof buf) > 0)
		;
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

static void peer_start(struct peer *p)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	p->port = ntohs(a.sin_port);
	p->pid = fork();
	ck_assert_int_ge(p->pid, 0);
	if (p->pid == 0) {
		for (;;) {
			int c = accept(fd, NULL, NULL);
			if (c < 0)
				_exit(1);
			p->act(p, c);
			close(c);
		}
	}
	close(fd);
}

static void peer_stop(struct peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
}

/* --- jobs --- */

static const char *const no_words[1];

static struct job_credential credential(void)
{
	return (struct job_credential){.id = "valid",
				       .chain = client_chain,
				       .n = 1,
				       .key = client_key,
				       .pub = client_pub,
				       .issuers = client_issuer,
				       .n_issuers = 1};
}

static struct job_step connect_step(unsigned tls)
{
	return (struct job_step){
	    .verb = VERB_CONNECT,
	    .conn = 0,
	    .req = -1,
	    .connect = {.host = "localhost", .tls = tls, .http = HTTP_1_1, .credential = 0},
	};
}

static struct job_step request_step(void)
{
	return (struct job_step){
	    .verb = VERB_REQUEST,
	    .conn = 0,
	    .req = 0,
	    .request = {.method = "GET", .target = "/", .host = "localhost", .until = UNTIL_DONE},
	};
}

static struct job job_of(const struct peer *p, const struct job_step *steps, size_t n, const struct job_credential *c)
{
	return (struct job){
	    .id = "test",
	    .address = {"127.0.0.1", p->port},
	    .steps = steps,
	    .n_steps = n,
	    .credentials = c,
	    .n_credentials = 1,
	    .deadlines = {2000, 2000, 2000, 10000},
	    .watch_headers = no_words,
	};
}

/* All events as "kind[=a][:text]" words, without what differs from run to run. */
static const char *words(const struct observation *o)
{
	static char out[8192];
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < o->n && at < sizeof out - 300; i++) {
		const struct event *e = &o->events[i];
		at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", at ? " " : "",
				       event_kind_text((enum event_kind)e->kind));
		if (e->kind == EVENT_ALERT_RECEIVED || e->kind == EVENT_RESPONSE || e->kind == EVENT_BODY ||
		    e->kind == EVENT_INTERIM)
			at += (size_t)snprintf(out + at, sizeof out - at, "=%d", e->a);
		if (e->kind == EVENT_TIMEOUT || e->kind == EVENT_MALFORMED || e->kind == EVENT_TOO_LARGE)
			at += (size_t)snprintf(out + at, sizeof out - at, ":%s", e->text);
	}
	return out;
}

static struct client *client;
static struct observation seen;

static void run_job(const struct job *job)
{
	struct err err = {{0}};
	enum rc rc = client_run(client, job, &seen, &err);
	ck_assert_msg(rc == RC_OK, "%s", err.text);
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
#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* What one peer does and what must be seen of it.  Deadlines 0: two seconds. */
static const struct {
	const char *name;
	struct peer peer;
	unsigned tls;
	uint64_t body;
	struct job_deadlines deadlines;
	const char *events;
} table[] = {
    {"accept", {peer_answers, OK_TEXT, 0, true, 0, 0}, TLS13, 0, {0}, ASKED "response=200 excerpt body=2 closed"},
    {"accept, not asked",
     {peer_answers, OK_TEXT, 0, false, 0, 0},
     TLS13,
     0,
     {0},
     BEFORE "server-chain handshake-done request-sent response=200 excerpt body=2 closed"},
    {"accept, 1.2",
     {peer_answers, OK_TEXT, 0, true, 0, 0},
     TLS12,
     0,
     {0},
     ASKED12 "response=200 excerpt body=2 closed"},
    {"until close",
     {peer_answers, "HTTP/1.0 200 OK\r\n\r\nhello", 0, true, 0, 0},
     TLS13,
     0,
     {0},
     ASKED "response=200 close-notify excerpt body=5"},
    {"close_notify", {peer_answers, "", 0, true, 0, 0}, TLS13, 0, {0}, ASKED "close-notify"},
    {"close_notify, 1.2", {peer_answers, "", 0, true, 0, 0}, TLS12, 0, {0}, ASKED12 "close-notify"},
    {"FIN", {peer_closes, "", 0, true, 0, 0}, TLS13, 0, {0}, ASKED "eof"},
    {"FIN, 1.2", {peer_closes, "", 0, true, 0, 0}, TLS12, 0, {0}, ASKED12 "eof"},
    {"FIN at hello",
     {peer_ends_at_hello, "", 0, true, 0, 0},
     TLS13,
     0,
     {0},
     "connect connected hello-sent eof handshake-failed"},
    {"RST", {peer_resets, "", 0, true, 0, 0}, TLS13, 0, {0}, ASKED "reset"},
    {"RST, 1.2", {peer_resets, "", 0, true, 0, 0}, TLS12, 0, {0}, ASKED12 "reset"},
    {"RST at hello",
     {peer_resets_hello, "", 0, true, 0, 0},
     TLS13,
     0,
     {0},
     "connect connected hello-sent reset handshake-failed"},
    {"silence",
     {peer_is_silent, "", 0, true, 0, 0},
     TLS13,
     0,
     {2000, 150, 2000, 9000},
     "connect connected hello-sent timeout:handshake handshake-failed closed"},
    {"silence after the handshake",
     {peer_is_silent_later, "", 0, true, 0, 0},
     TLS13,
     0,
     {2000, 2000, 150, 9000},
     ASKED "timeout:response closed"},
    {"silence beyond the budget",
     {peer_is_silent_later, "", 0, true, 0, 0},
     TLS12,
     0,
     {2000, 2000, 2000, 150},
     ASKED12 "timeout:budget closed"},
    {"trickle",
     {peer_trickles, "HTTP/1.1 200 OK and so on for ever", 0, true, 0, 0},
     TLS13,
     0,
     {2000, 2000, 200, 9000},
     ASKED "timeout:response closed"},
    {"trickle at hello",
     {peer_trickles_hello, "", 0, true, 0, 0},
     TLS13,
     0,
     {2000, 200, 2000, 9000},
     "connect connected hello-sent first-byte timeout:handshake handshake-failed closed"},
    {"not TLS",
     {peer_babbles, "HTTP/1.1 400 Bad Request\r\n\r\n", 0, true, 0, 0},
     TLS13,
     0,
     {0},
     "connect connected hello-sent first-byte tls-error alert-sent handshake-failed"},
    {"not HTTP",
     {peer_answers, "SSH-2.0-OpenSSH_9.2\r\n", 0, true, 0, 0},
     TLS13,
     0,
     {0},
     ASKED "malformed:not an HTTP/1 status line closed"},
    {"flood of interim responses",
     {peer_floods, "HTTP/1.1 102 Processing\r\n\r\n", 0, true, 0, 0},
     TLS13,
     0,
     {0},
     NULL},
    {"flood of body",
     {peer_floods, "HTTP/1.1 200 OK\r\n\r\n", 0, true, 0, 0},
     TLS13,
     0,
     {2000, 2000, 200, 9000},
     ASKED "response=200 too-large:body timeout:response excerpt"},
    {"flood of header",
     {peer_floods, "HTTP/1.1 200 OK\r\nX: HTTP/1.1 200 OK", 0, true, 0, 0},
     TLS13,
     0,
     {0},
     ASKED "response=200 too-large:header fields closed"},
    {"flood of warnings", {peer_warns, "", 0, true, 0, 0}, TLS12, 0, {0}, NULL},
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
	if (table[_i].events)
		ck_assert_msg(strncmp(got, table[_i].events, strlen(table[_i].events)) == 0, "%s:\n%s\nnot\n%s",
			      table[_i].name, got, table[_i].events);
	else
		ck_assert_msg(strstr(got, "closed") != NULL || strstr(got, "tls-error"), "%s:\n%s", table[_i].name,
			      got);
}
END_TEST

/* Alert families: every number that a server may end a handshake with, both versions. */
static const unsigned alerts[] = {10, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 80, 109, 112, 116, 120};

START_TEST(alert_is_seen)
{
	struct peer p = {peer_refuses, "", alerts[_i], true, 0, 0};
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
	struct peer p = {peer_refuses, "", 48, true, 0, 0};
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
	struct peer p = {peer_is_silent, "", 0, false, 0, 0};
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

static void open_all(void)
{
	struct err err = {{0}};
	pki_open();
	observation_init(&seen);
	ck_assert_int_eq(client_open(&client, NULL, NULL, NULL, &err), RC_OK);
}

static void close_all(void)
{
	client_close(&client);
	observation_fini(&seen);
	pki_close();
}

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
