#include "harness/reference/conn.h"

#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "harness/reference/early.h"
#include "harness/reference/h1.h"
#include "harness/reference/possession.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHAIN_MAX = 256 };

/* Wait until the socket is ready; false at the deadline. */
static bool wait_for(const struct conn *c, short events)
{
	for (;;) {
		uint64_t now = clock_us();
		struct pollfd p = {.fd = c->fd, .events = events};
		if (now >= c->until)
			return false;
		int n = poll(&p, 1, (int)((c->until - now) / 1000 + 1));
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

ssize_t conn_pull(gnutls_transport_ptr_t context, void *out, size_t size)
{
	struct conn *c = context;
	if (c->early_is_over && c->faults->on[FAULT_SERVES_EARLY_DATA])
		conn_serve_early(c);
	for (;;) {
		if (c->late && (clock_us() >= c->until || conn_has_new_keys(c, size))) {
			errno = EAGAIN;
			return -1;
		}
		ssize_t n = recv(c->fd, out, size, MSG_DONTWAIT);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n;
		if (!wait_for(c, POLLIN)) {
			/* what ends a request for a certificate need not end the session */
			errno = c->late ? EAGAIN : ETIMEDOUT;
			return -1;
		}
	}
}

/* A whole flight in one system call: fewer packets, and the peer never acts on half of one. */
static ssize_t push(gnutls_transport_ptr_t context, const giovec_t *piece, int n)
{
	struct conn *c = context;
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)piece, .msg_iovlen = (size_t)n};
	for (;;) {
		ssize_t sent = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0 || (errno != EAGAIN && errno != EINTR))
			return sent;
		if (!wait_for(c, POLLOUT)) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

bool conn_write(void *context, const void *data, size_t len)
{
	const char *at = data;
	while (len > 0) {
		giovec_t piece = {(void *)(uintptr_t)at, len};
		ssize_t n = push(context, &piece, 1);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static long plain_read(void *context, void *out, size_t size)
{
	return conn_pull(context, out, size);
}

/* Until the client goes. */
void conn_fall_silent(struct conn *c)
{
	char waste[4096];
	while (conn_pull(c, waste, sizeof waste) > 0)
		;
}

static bool tls_write(void *context, const void *data, size_t len)
{
	struct conn *c = context;
	if (c->faults->on[FAULT_ASKS_LATE_WITHOUT_OFFER] && !c->asked_again)
		conn_ask_unoffered(c);
	if (c->faults->on[FAULT_ASKS_AGAIN] && !c->asked_again)
		conn_ask_again(c);
	const char *at = data;
	while (len > 0) {
		ssize_t n = gnutls_record_send(c->session, at, len);
		if (n < 0 && gnutls_error_is_fatal((int)n))
			return false;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static long tls_read(void *context, void *out, size_t size)
{
	struct conn *c = context;
	if (c->early_len > 0) {
		size_t n = c->early_len < size ? c->early_len : size;
		memcpy(out, c->early + c->early_at, n);
		c->early_at += n;
		c->early_len -= n;
		return (long)n;
	}
	long early = conn_read_early(c, out, size);
	c->reads_early = early > 0;
	if (early > 0)
		return early;
	for (;;) {
		ssize_t n = gnutls_record_recv(c->session, out, size);
		if (n >= 0)
			return n;
		if (n == GNUTLS_E_REHANDSHAKE && c->faults->on[FAULT_ALLOWS_CLIENT_RENEGOTIATION]) {
			if (!conn_follow_renegotiation(c))
				return -1;
			continue;
		}
		if (n == GNUTLS_E_REHANDSHAKE && c->faults->on[FAULT_KEEPS_FIRST_CERTIFICATE]) {
			const struct admission first = c->admission;
			if (!conn_follow_renegotiation(c))
				return -1;
			c->admission = first;
			continue;
		}
		/* A client that renegotiates is told no (RFC 5246 7.2.2), not for ever. */
		if (n == GNUTLS_E_REHANDSHAKE && ++c->renegotiations <= 3)
			gnutls_alert_send(c->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
		else if (n == GNUTLS_E_REHANDSHAKE || gnutls_error_is_fatal((int)n))
			return -1;
	}
}

static bool read_early(void *context)
{
	const struct conn *c = context;
	return c->reads_early;
}

static bool forbids_signing(struct span leaf)
{
	struct x509 c;
	const char *why;
	bool forbids = x509_parse(&c, leaf, &why) && c.has_usage && !(c.usage & X509_DIGITAL_SIGNATURE);
	x509_fini(&c);
	return forbids;
}

static void mix_up(struct conn *c)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct admission *first = c->endpoint->first;
	pthread_mutex_lock(&lock);
	if (c->admission.admit == ADMIT_IDENTITY && first->admit != ADMIT_IDENTITY)
		*first = c->admission;
	else if (c->admission.admit == ADMIT_ANONYMOUS)
		c->admission = *first;
	pthread_mutex_unlock(&lock);
}

/* A session of the server before the restart is worth nothing and costs nothing (RFC 5077 3.1, RFC 8446 4.2.11): the handshake is a full one. */
static void make_much_of_old_session(struct conn *c, unsigned n)
{
	if (n == 0 && c->faults->on[FAULT_TAKES_SESSIONS_OF_PREDECESSOR])
		c->admission = (struct admission){.admit = ADMIT_ANONYMOUS};
	if (n > 0 && c->faults->on[FAULT_REFUSES_SESSIONS_OF_PREDECESSOR])
		c->admission = (struct admission){.admit = ADMIT_REFUSED, .alert = GNUTLS_A_HANDSHAKE_FAILURE, .why = ""};
}

bool tcp_may_die(const struct endpoint *endpoint)
{
	return endpoint->site[0].policy.faults->on[FAULT_DIES_ON_UNKNOWN_CRITICAL_EXTENSION];
}

/*
 * GnuTLS calls this when the client's Certificate is in: before CertificateVerify in TLS 1.2, after it in 1.3.  Also
 * for an empty Certificate.
 */
static int admit(gnutls_session_t session)
{
	struct conn *c = gnutls_session_get_ptr(session);
	struct span chain[CHAIN_MAX];
	unsigned n = 0;
	const gnutls_datum_t *sent = gnutls_certificate_get_peers(session, &n);
	if (!sent)
		n = 0;
	if (n > CHAIN_MAX)
		n = CHAIN_MAX;
	for (unsigned i = 0; i < n; i++)
		chain[i] = (struct span){sent[i].data, sent[i].size};
	struct peer peer = {.asked = c->asked,
			    .late = c->late,
			    .tls13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3,
			    .resumed = gnutls_session_is_resumed(session),
			    .chain = chain,
			    .n = n,
			    .now = clock_now()};
	const struct site *judge = peer.resumed ? c->earned_at : c->site;
	app_admit(&judge->policy, &peer, &c->admission);
	for (size_t i = 0; peer.resumed && c->anywhere && i < c->endpoint->n && c->admission.admit == ADMIT_REFUSED; i++)
		app_admit(&c->endpoint->site[i].policy, &peer, &c->admission);
	if (c->faults->on[FAULT_KEEPS_IDENTITY_OF_FIRST_CONNECTION])
		mix_up(c);
	if (c->predecessors && !peer.resumed)
		make_much_of_old_session(c, n);
	if (c->admission.admit != ADMIT_REFUSED || c->admission.page) {
		/* In TLS 1.2 only where it matters: a renegotiation would lose the extended master secret. */
		if (n && c->admission.admit != ADMIT_ANONYMOUS && !peer.tls13 && forbids_signing(chain[0]))
			gnutls_session_enable_compatibility_mode(session);
		return 0;
	}
	if (tcp_may_die(c->endpoint) && text_has_word(c->admission.why, "critical-extension"))
		abort();
	c->alert = c->admission.alert;
	return -1;
}

int conn_admit(struct conn *c)
{
	return admit(c->session);
}

/*
 * RFC 9112 9.6: close in stages, so that what was said last is not destroyed by a reset: our half first, then read
 * until the peer has closed too.
 */
static void linger(struct conn *c)
{
	char waste[16384];
	uint64_t limit = clock_us() + TCP_DRAIN_MS * 1000ull;
	if (c->until > limit)
		c->until = limit;
	shutdown(c->fd, SHUT_WR);
	while (conn_pull(c, waste, sizeof waste) > 0)
		;
}

/* 0, or why it ended. */
static int handshake(struct conn *c)
{
	int ret;
	do
		ret = gnutls_handshake(c->session);
	while (ret < 0 && !gnutls_error_is_fatal(ret));
	bool resumed = ret == 0 && gnutls_session_is_resumed(c->session);
	if (ret == 0)
		conn_note_session(c);
	if (resumed && c->faults->on[FAULT_FORGETS_WHO_RESUMES])
		return ret;
	/*
	 * The callback did not run when nobody was asked, nor for a session: the ticket holds the chain that earned it,
	 * which is judged as if it had been sent now (RFC 8446 4.6.1: it may have expired since).
	 */
	if (resumed || (ret == 0 && !c->asked))
		conn_admit(c);
	c->early_is_over = false;
	return ret;
}

/*
 * A certificate that GnuTLS cannot read never comes to admit(); under TLS 1.3 it reads it when CertificateVerify is in,
 * and calls some of its reasons internal errors.  RFC 8446 6.2 has that for what the peer is not to blame for, and
 * bad_certificate for the rest.
 */
static bool is_unreadable_certificate(const struct conn *c, int ret)
{
	int level;
	gnutls_handshake_description_t last = gnutls_handshake_get_last_in(c->session);
	return (last == GNUTLS_HANDSHAKE_CERTIFICATE_PKT || last == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY) &&
	       gnutls_error_to_alert(ret, &level) == GNUTLS_A_INTERNAL_ERROR;
}

/* The handshake broke off: tell the peer why, unless it told us or nobody hears it. */
static void say_why(struct conn *c, int ret)
{
	switch (ret) {
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PUSH_ERROR:
	case GNUTLS_E_PULL_ERROR:
		return;
	}
	if (!c->alert && is_unreadable_certificate(c, ret))
		c->alert = GNUTLS_A_BAD_CERTIFICATE;
	if (c->alert)
		gnutls_alert_send(c->session, GNUTLS_AL_FATAL, (gnutls_alert_description_t)c->alert);
	else
		gnutls_alert_send_appropriate(c->session, ret);
}

/* Is what has come, or its first record, less than the ClientHello?  RFC 8446 5.1 lets a client cut it anywhere. */
static bool first_piece_is_short(struct conn *c)
{
	enum { RECORD = 5, HANDSHAKE = 4 };
	unsigned char start[RECORD + HANDSHAKE];
	char waste[16384];
	ssize_t n = 0;
	if (wait_for(c, POLLIN))
		n = recv(c->fd, waste, sizeof waste, MSG_PEEK | MSG_DONTWAIT);
	if (n < (ssize_t)sizeof start)
		return true;
	memcpy(start, waste, sizeof start);
	size_t record = (size_t)start[3] << 8 | start[4], hello = (size_t)start[7] << 8 | start[8];
	return record < HANDSHAKE + hello || (size_t)n < RECORD + record;
}

static bool open_tls(struct conn *c)
{
	static const gnutls_datum_t alpn[] = {{(unsigned char *)(uintptr_t) "http/1.1", 8},
					      {(unsigned char *)(uintptr_t) "http/1.0", 8}};
	/* Whom a second certificate of one connection makes its owner is ours to say, not GnuTLS's. */
	unsigned flags = GNUTLS_SERVER | GNUTLS_NO_TICKETS | GNUTLS_POST_HANDSHAKE_AUTH | GNUTLS_ALLOW_ID_CHANGE;
	if (gnutls_init(&c->session, flags | (c->endpoint->early ? GNUTLS_ENABLE_EARLY_DATA : 0)) < 0)
		return false;
	if (c->endpoint->early)
		early_serve(c->endpoint->early, c->session);
	gnutls_session_set_ptr(c->session, c);
	gnutls_priority_set(c->session, c->endpoint->priority);
	gnutls_alpn_set_protocols(c->session, alpn, 2,
				  c->faults->on[FAULT_IGNORES_ALPN] ? 0 : GNUTLS_ALPN_MANDATORY); /* RFC 7301 3.2 */
	gnutls_transport_set_ptr(c->session, c);
	gnutls_transport_set_pull_function(c->session, conn_pull);
	gnutls_transport_set_vec_push_function(c->session, push);
	gnutls_session_set_verify_function(c->session, admit);
	gnutls_handshake_set_hook_function(c->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH, conn_on_message);
	if (c->endpoint->by_name) {
		gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->endpoint->site[0].credentials);
		gnutls_handshake_set_post_client_hello_function(c->session, conn_choose_site);
		c->hello_is_lost = c->faults->on[FAULT_TAKES_FIRST_FRAGMENT_ONLY] && first_piece_is_short(c);
	} else {
		conn_take_site(c, &c->endpoint->site[0]);
	}
	return true;
}

/* What the socket says at its close is RST, whatever was sent before. */
static void reset(struct conn *c)
{
	static const struct linger at_once = {.l_onoff = 1};
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void break_off(struct conn *c, int ret)
{
	if (c->admission.admit == ADMIT_REFUSED && c->faults->on[FAULT_RESETS_INSTEAD_OF_ALERT]) {
		reset(c);
		return;
	}
	say_why(c, ret);
	linger(c);
}

static void serve_tls(struct conn *c)
{
	struct wire wire = {tls_read, tls_write, c, conn_ask_late, conn_waiting, read_early};
	int ret = handshake(c);
	if (c->faults->on[FAULT_HANGS]) {
		conn_fall_silent(c);
	} else if (ret == 0) {
		server_h1_serve(&wire, &c->site->policy, &c->admission);
		if (c->broken) {
			break_off(c, c->broken);
			return;
		}
		if (c->admission.reset) {
			reset(c);
			return;
		}
		gnutls_bye(c->session, GNUTLS_SHUT_WR); /* RFC 8446 6.1 */
		linger(c);
	} else {
		break_off(c, ret);
	}
}

/* The first octet of a TLS record with a ClientHello is its type, 22 (RFC 8446 5.1). */
static bool speaks_tls(const struct conn *c)
{
	unsigned char first = 0;
	return wait_for(c, POLLIN) && recv(c->fd, &first, 1, MSG_PEEK) == 1 && first == 22;
}

void tcp_serve(int fd, const struct endpoint *endpoint)
{
	struct conn c = {.fd = fd,
			 .endpoint = endpoint,
			 .until = clock_us() + TCP_DEADLINE_MS * 1000ull,
			 .faults = endpoint->site[0].policy.faults,
			 .admission = {.admit = ADMIT_ANONYMOUS}};
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (c.faults->on[FAULT_SKIPS_PROOF_OF_POSSESSION])
		possession_skip();
	if (endpoint->site[0].policy.mode == APP_PLAIN || (c.faults->on[FAULT_SERVES_PLAIN_HTTP] && !speaks_tls(&c))) {
		struct wire wire = {plain_read, conn_write, &c, NULL, NULL, NULL};
		server_h1_serve(&wire, &endpoint->site[0].policy, &c.admission);
		linger(&c);
	} else if (open_tls(&c)) {
		serve_tls(&c);
		gnutls_deinit(c.session);
	}
}
