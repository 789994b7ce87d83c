/*
 * floor.c - the yardstick of `make bench`: a bare GnuTLS handshake loop, N connections, K in flight, one thread: full
 * handshake with a client certificate, server chain verified, one GET, read to the end, close.  Nothing else.
 * usage: floor IP PORT HOST CHAIN.pem KEY.pem SERVER-CA.pem N K [1.2|1.3]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum stage { IDLE, CONNECTING, SHAKING, SENDING, READING };

struct connection {
	enum stage stage;
	int fd;
	gnutls_session_t session;
	short wants;
	bool answered;
};

struct floor {
	struct sockaddr_in address;
	const char *host;
	const char *priority;
	gnutls_certificate_credentials_t credentials;
	long left, done, failed;
};

static void die(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(3);
}

static void start(struct floor *f, struct connection *c)
{
	int one = 1;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die(strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(c->fd, (struct sockaddr *)&f->address, sizeof f->address) < 0 && errno != EINPROGRESS)
		die(strerror(errno));
	gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_FORCE_CLIENT_CERT | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(c->session, f->priority, NULL);
	gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, f->credentials);
	gnutls_server_name_set(c->session, GNUTLS_NAME_DNS, f->host, strlen(f->host));
	gnutls_session_set_verify_cert(c->session, f->host, 0);
	gnutls_transport_set_int(c->session, c->fd);
	gnutls_handshake_set_timeout(c->session, GNUTLS_INDEFINITE_TIMEOUT);
	c->stage = CONNECTING;
	c->wants = POLLOUT;
	c->answered = false;
	f->left--;
}

static void finish(struct floor *f, struct connection *c, bool ok)
{
	if (ok)
		gnutls_bye(c->session, GNUTLS_SHUT_WR);
	gnutls_deinit(c->session);
	close(c->fd);
	c->stage = IDLE;
	f->done++;
	f->failed += !ok;
}

static bool again(struct connection *c, ssize_t n)
{
	if (n != GNUTLS_E_AGAIN && n != GNUTLS_E_INTERRUPTED)
		return false;
	c->wants = gnutls_record_get_direction(c->session) ? POLLOUT : POLLIN;
	return true;
}

static void step(struct floor *f, struct connection *c)
{
	char buffer[4096];
	ssize_t n;
	if (c->stage == CONNECTING)
		c->stage = SHAKING;
	if (c->stage == SHAKING) {
		do
			n = gnutls_handshake(c->session);
		while (n < 0 && n != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)n));
		if (again(c, n))
			return;
		if (n < 0) {
			finish(f, c, false);
			return;
		}
		c->stage = SENDING;
	}
	if (c->stage == SENDING) {
		int len = snprintf(buffer, sizeof buffer, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", f->host);
		n = gnutls_record_send(c->session, buffer, (size_t)len);
		if (again(c, n))
			return;
		c->stage = READING;
	}
	for (;;) {
		n = gnutls_record_recv(c->session, buffer, sizeof buffer);
		if (again(c, n))
			return;
		if (n <= 0)
			break;
		c->answered = c->answered || strncmp(buffer, "HTTP/1.1 200", 12) == 0;
	}
	finish(f, c, c->answered);
}

static void run(struct floor *f, size_t k)
{
	struct connection *v = calloc(k, sizeof *v);
	struct pollfd *p = calloc(k, sizeof *p);
	if (!v || !p)
		die("out of memory");
	for (;;) {
		size_t busy = 0;
		for (size_t i = 0; i < k; i++) {
			if (v[i].stage == IDLE && f->left > 0)
				start(f, &v[i]);
			busy += v[i].stage != IDLE;
			p[i] = (struct pollfd){.fd = v[i].stage == IDLE ? -1 : v[i].fd, .events = v[i].wants};
		}
		if (!busy)
			break;
		if (poll(p, k, -1) < 0 && errno != EINTR)
			die(strerror(errno));
		for (size_t i = 0; i < k; i++)
			if (v[i].stage != IDLE && p[i].revents)
				step(f, &v[i]);
	}
	free(v);
	free(p);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct floor f = {.address = {.sin_family = AF_INET}};
	struct rusage usage;
	if (argc < 9)
		die("usage: floor IP PORT HOST CHAIN KEY SERVER-CA N K [1.2|1.3]");
	inet_pton(AF_INET, argv[1], &f.address.sin_addr);
	f.address.sin_port = htons((unsigned short)strtoul(argv[2], NULL, 10));
	f.host = argv[3];
	f.left = strtol(argv[7], NULL, 10);
	f.priority = argc > 9 && strcmp(argv[9], "1.2") == 0 ?
			     "NORMAL:-VERS-ALL:+VERS-TLS1.2:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1" :
			     "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519";
	gnutls_certificate_allocate_credentials(&f.credentials);
	if (gnutls_certificate_set_x509_key_file(f.credentials, argv[4], argv[5], GNUTLS_X509_FMT_PEM) < 0)
		die("cannot load the client certificate");
	if (gnutls_certificate_set_x509_trust_file(f.credentials, argv[6], GNUTLS_X509_FMT_PEM) < 0)
		die("cannot load the server CA");
	double begin = seconds();
	run(&f, strtoul(argv[8], NULL, 10));
	double wall = seconds() - begin;
	getrusage(RUSAGE_SELF, &usage);
	printf("n=%ld failed=%ld wall_us=%.0f cpu_us=%.0f\n", f.done, f.failed, wall * 1e6,
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
		       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
	return f.failed ? 1 : 0;
}
