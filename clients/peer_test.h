/*
 * peer_test.h - what tests of the client share: a small PKI, a GnuTLS server in a forked child that acts as told, jobs,
 * and observations as words.  Included by one file of a test program.
 */
#ifndef CLIENTS_PEER_TEST_H
#define CLIENTS_PEER_TEST_H

#include "clients/client.h"
#include "harness/base/clock.h"
#include "harness/base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TLS13	BIT(TLS_1_3)
#define TLS12	BIT(TLS_1_2)
#define ROWS(t) ((int)(sizeof(t) / sizeof *(t)))

/* An answer that leaves the connection open. */
#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* --- a small PKI: one self-signed certificate for the server, one for the client --- */

static gnutls_privkey_t client_key;
static gnutls_pubkey_t client_pub;
static struct blob client_chain[1], client_issuer[1];
static gnutls_certificate_credentials_t server_cred;

static inline gnutls_datum_t self_signed(const char *name, gnutls_x509_privkey_t *key, gnutls_datum_t *issuer)
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

static inline void pki_open(void)
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

static inline void pki_close(void)
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
	unsigned flags;	  /* of gnutls_init */
	int report;	  /* descriptor a behaviour may write to */
	uint16_t port;	  /* 0: the kernel's choice */
	pid_t pid;
};

static inline void write_all(gnutls_session_t s, const char *text)
{
	for (size_t left = strlen(text); left;) {
		ssize_t n = gnutls_record_send(s, text, left);
		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

static inline gnutls_session_t server_side(const struct peer *p, int fd)
{
	gnutls_session_t s;
	gnutls_init(&s, GNUTLS_SERVER | p->flags);
	gnutls_set_default_priority(s);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, server_cred);
	gnutls_certificate_server_set_request(s, p->ask ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
	gnutls_transport_set_int(s, fd);
	return s;
}

static inline int shake(gnutls_session_t s)
{
	int rc;
	do
		rc = gnutls_handshake(s);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	return rc;
}

/* One request's head; bodies in these tests are short or never read. */
static inline void read_request(gnutls_session_t s)
{
	char buf[16384];
	ssize_t n;
	do
		n = gnutls_record_recv(s, buf, sizeof buf);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
}

/* Answers each request with p->text until the client goes. */
static inline void peer_serves(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	char buf[16384];
	ssize_t n;
	if (shake(s) == 0)
		while ((n = gnutls_record_recv(s, buf, sizeof buf)) > 0 || n == GNUTLS_E_AGAIN)
			if (n > 0)
				write_all(s, p->text);
	gnutls_deinit(s);
}

static inline void until_client_goes(int fd)
{
	char buf[4096];
	while (read(fd, buf, sizeof buf) > 0)
		;
}

/* Forks; the child serves one connection after the other until peer_stop. */
static inline void peer_start(struct peer *p)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(p->port)};
	socklen_t len = sizeof a;
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
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

static inline void peer_stop(struct peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
}

/* --- jobs --- */

static const char *const no_words[1];

static inline struct job_credential credential(void)
{
	return (struct job_credential){.id = "valid",
				       .chain = client_chain,
				       .n = 1,
				       .key = client_key,
				       .pub = client_pub,
				       .issuers = client_issuer,
				       .n_issuers = 1};
}

static inline struct job_step connect_step(unsigned tls)
{
	return (struct job_step){
	    .verb = VERB_CONNECT,
	    .conn = 0,
	    .req = -1,
	    .connect = {.host = "localhost", .tls = tls, .http = HTTP_1_1, .credential = 0},
	};
}

static inline struct job_step request_step(void)
{
	return (struct job_step){
	    .verb = VERB_REQUEST,
	    .conn = 0,
	    .req = 0,
	    .request = {.method = "GET", .target = "/", .host = "localhost", .until = UNTIL_DONE},
	};
}

static inline struct job job_of(const struct peer *p, const struct job_step *steps, size_t n,
				const struct job_credential *c)
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

/* All events as "kind[=a][:text]" words, without what differs from run to run, and what every TLS 1.2 session has. */
static inline const char *words(const struct observation *o)
{
	static char out[8192];
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < o->n && at < sizeof out - 300; i++) {
		const struct event *e = &o->events[i];
		if (e->kind == EVENT_EXTENDED_MASTER_SECRET)
			continue;
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

static inline void run_job(const struct job *job)
{
	struct err err = {{0}};
	enum rc rc = client_run(client, job, &seen, &err);
	ck_assert_msg(rc == RC_OK, "%s", err.text);
}

static inline void run_steps(struct peer *p, const struct job_step *steps, size_t n, const struct job_credential *c)
{
	struct job job = job_of(p, steps, n, c);
	run_job(&job);
}

static inline void expect(const char *want)
{
	ck_assert_str_eq(words(&seen), want);
}

static inline struct job_step verb_step(enum verb verb, int conn)
{
	return (struct job_step){.verb = verb, .conn = conn, .req = -1, .handle = "ticket"};
}

static inline void open_all(void)
{
	struct err err = {{0}};
	pki_open();
	observation_init(&seen);
	ck_assert_int_eq(client_open(&client, NULL, NULL, NULL, &err), RC_OK);
}

static inline void close_all(void)
{
	client_close(&client);
	observation_fini(&seen);
	pki_close();
}

#endif
