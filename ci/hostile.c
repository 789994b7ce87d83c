/*
 * hostile.c - servers that no product should be: fixtures for ci/e2e/{hostile,probe}.sh.  One process a connection.
 * usage: hostile MODE [N [STATUS]]    prints "port P" when it listens on 127.0.0.1
 *   reset   RST as soon as the connection stands        silent  accepts, reads, says nothing
 *   random  answers everything with random bytes        trickle one byte of a TLS record a second
 *   plain   answers 400 in plain HTTP                   flood   a handshake, then a header without end
 *   status  a good handshake that asks for a certificate and believes anything; answers N to every request
 *   ban     like status 200 without a certificate check, but from connection N on everybody gets 403
 *   banrst  the same, but from connection N on everybody gets a RST
 *   limit   the same, but of one second's connections those beyond N are answered STATUS (429)
 *   gone    the same until connection N; then nobody listens any more
 *   change  the same, but from connection N on with another certificate of its own
 *   asks    asks for a certificate after the request, and says nothing to what it gets
 *   nags    asks again as soon as it is answered, without end
 *   clock   its clock is N seconds ahead: in its Date, and where it asks whether a certificate is valid; others get 403
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priority;

static void die(const char *what)
{
	fprintf(stderr, "hostile: %s\n", what);
	exit(3);
}

static void make_certificate(const char *subject)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\x01", 1);
	gnutls_x509_crt_set_dn(crt, subject, NULL);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 86400);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 86400);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_subject_alternative_name(crt, GNUTLS_SAN_DNSNAME, "localhost");
	if (gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) < 0)
		die("cannot sign");
	gnutls_certificate_allocate_credentials(&credentials);
	if (gnutls_certificate_set_x509_key(credentials, &crt, 1, key) < 0)
		die("cannot use the certificate");
	gnutls_priority_init(&priority, "NORMAL", NULL);
}

/* By our clock and `ahead`. */
static bool is_valid_there(gnutls_session_t session, long ahead)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	gnutls_x509_crt_t crt;
	time_t now = time(NULL) + ahead;
	if (!chain || n == 0 || gnutls_x509_crt_init(&crt) < 0)
		return false;
	return gnutls_x509_crt_import(crt, chain, GNUTLS_X509_FMT_DER) == 0 &&
	       gnutls_x509_crt_get_activation_time(crt) <= now && gnutls_x509_crt_get_expiration_time(crt) >= now;
}

static void date_header(char *out, size_t size, long ahead)
{
	time_t now = time(NULL) + ahead;
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(out, size, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
}

static void reset(int fd)
{
	struct linger now = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

static void drain(int fd)
{
	char buffer[4096];
	while (read(fd, buffer, sizeof buffer) > 0)
		;
}

static void pour(int fd, const char *mode)
{
	char buffer[4096];
	ssize_t n = read(fd, buffer, sizeof buffer);
	if (n <= 0)
		return;
	if (strcmp(mode, "plain") == 0) {
		static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
		(void)!write(fd, answer, sizeof answer - 1);
		return;
	}
	if (strcmp(mode, "trickle") == 0) {
		static const char record[] = "\x16\x03\x03\x40\x00";
		for (int i = 0; i < 60; i++) {
			if (write(fd, record + (i < 5 ? i : 4), 1) != 1)
				return;
			poll(NULL, 0, 1000);
		}
		return;
	}
	for (size_t i = 0; i < sizeof buffer; i++)
		buffer[i] = (char)rand();
	(void)!write(fd, buffer, sizeof buffer);
	drain(fd);
}

static void answer(gnutls_session_t session, const char *mode, long status)
{
	char buffer[4096], date[64] = "";
	ssize_t n;
	do
		n = gnutls_record_recv(session, buffer, sizeof buffer);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	if (n <= 0)
		return;
	if (strcmp(mode, "flood") == 0) {
		gnutls_record_send(session, "HTTP/1.1 200 OK\r\nX: ", 20);
		memset(buffer, 'a', sizeof buffer);
		while (gnutls_record_send(session, buffer, sizeof buffer) > 0)
			;
		return;
	}
	if (strcmp(mode, "clock") == 0) {
		date_header(date, sizeof date, status);
		status = is_valid_there(session, status) ? 200 : 403;
	}
	int len = snprintf(buffer, sizeof buffer, "HTTP/1.1 %ld X\r\n%sContent-Length: 6\r\nConnection: close\r\n\r\nhello\n", status,
			   date);
	gnutls_record_send(session, buffer, (size_t)len);
	gnutls_bye(session, GNUTLS_SHUT_WR);
	drain((int)gnutls_transport_get_int(session));
}

/* RFC 8446 4.6.2, RFC 5246 7.4.1.1: after the first request, once or for ever; never an answer. */
static void ask_late(gnutls_session_t session, bool again)
{
	char buffer[4096];
	ssize_t n;
	int rc;
	bool tls13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
	do
		n = gnutls_record_recv(session, buffer, sizeof buffer);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	do {
		if (!tls13)
			gnutls_rehandshake(session);
		do
			rc = tls13 ? gnutls_reauth(session, 0) : gnutls_handshake(session);
		while (rc < 0 && !gnutls_error_is_fatal(rc));
	} while (n > 0 && rc == 0 && again);
	drain((int)gnutls_transport_get_int(session));
}

static bool asks_late(const char *mode)
{
	return strcmp(mode, "asks") == 0 || strcmp(mode, "nags") == 0;
}

static void shake(int fd, const char *mode, long status)
{
	gnutls_session_t session;
	int rc;
	gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS | GNUTLS_POST_HANDSHAKE_AUTH);
	gnutls_priority_set(session, priority);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_certificate_server_set_request(session, asks_late(mode) ? GNUTLS_CERT_IGNORE : GNUTLS_CERT_REQUEST);
	gnutls_transport_set_int(session, fd);
	do
		rc = gnutls_handshake(session);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc == 0 && asks_late(mode))
		ask_late(session, strcmp(mode, "nags") == 0);
	else if (rc == 0)
		answer(session, mode, status);
	gnutls_deinit(session);
}

/* Connections of this second, the one at hand among them. */
static long in_this_second(void)
{
	static time_t second;
	static long n;
	time_t now = time(NULL);
	n = now == second ? n + 1 : 1;
	second = now;
	return n;
}

static void serve(int fd, const char *mode, long n, long count)
{
	if (strcmp(mode, "reset") == 0 || (strcmp(mode, "banrst") == 0 && count > n)) {
		reset(fd);
		return;
	}
	if (strcmp(mode, "silent") == 0)
		drain(fd);
	else if (strcmp(mode, "random") == 0 || strcmp(mode, "plain") == 0 || strcmp(mode, "trickle") == 0)
		pour(fd, mode);
	else if (strcmp(mode, "status") == 0 || strcmp(mode, "clock") == 0)
		shake(fd, mode, n);
	else
		shake(fd, mode, strcmp(mode, "ban") == 0 && count > n ? 403 : 200);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	if (argc < 2)
		die("usage: hostile MODE [N]");
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 200, status = argc > 3 ? strtol(argv[3], NULL, 10) : 429;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	gnutls_global_init();
	make_certificate("CN=hostile");
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 512) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		die(strerror(errno));
	printf("port %u\n", ntohs(address.sin_port));
	fflush(stdout);
	for (long count = 1;; count++) {
		int peer = accept(fd, NULL, NULL);
		if (peer < 0) {
			count--;
			continue;
		}
		bool beyond = strcmp(argv[1], "limit") == 0 && in_this_second() > n;
		if (strcmp(argv[1], "change") == 0 && count == n)
			make_certificate("CN=hostile changed");
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(fd);
			serve(peer, beyond ? "status" : argv[1], beyond ? status : n, count);
			_exit(0);
		}
		close(peer);
		if (strcmp(argv[1], "gone") == 0 && count == n) {
			close(fd);
			pause();
		}
	}
}
