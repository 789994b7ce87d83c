#include "harness/reference/tcp.h"

#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "harness/reference/h1.h"
#include "harness/reference/possession.h"
#include "harness/reference/unoffered.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HANDSHAKE_FAILURE = 40,
	UNRECOGNIZED_NAME = 112,
	MISSING_EXTENSION = 109,
	CHAIN_MAX = 256,
	EARLY_MAX = 16384,
	WARNINGS_MAX = 3
};

struct conn {
	int fd;
	uint64_t until; /* clock_us() */
	const struct endpoint *endpoint;
	const struct site *site;      /* NULL until the name is known */
	struct site nameless;	      /* for a fault */
	const struct site *earned_at; /* whose tickets open here: what a resumed session is judged as */
	gnutls_session_t session;     /* NULL without TLS */
	bool asked, asked_again;
	bool late;  /* waiting for the answer to a late request */
	int broken; /* what ended the session after the handshake, or 0 */
	const struct faults *faults;
	struct admission admission;
	int alert; /* what ends the handshake by our decision, or 0 */
	unsigned renegotiations;
	char early[EARLY_MAX]; /* data that came while we waited for that answer */
	size_t early_at, early_len;
};

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

static ssize_t pull(gnutls_transport_ptr_t context, void *out, size_t size)
{
	struct conn *c = context;
	for (;;) {
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

static bool plain_write(void *context, const void *data, size_t len)
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
	return pull(context, out, size);
}

/* Until the client goes. */
static void fall_silent(struct conn *c)
{
	char waste[4096];
	while (pull(c, waste, sizeof waste) > 0)
		;
}

/* The late request that nobody needs: renegotiation or post-handshake authentication, as the version has it. */
static void ask_again(struct conn *c)
{
	int ret;
	c->asked_again = true;
	gnutls_certificate_server_set_request(c->session, GNUTLS_CERT_REQUEST);
	if (gnutls_protocol_get_version(c->session) == GNUTLS_TLS1_3) {
		do
			ret = gnutls_reauth(c->session, 0);
		while (ret < 0 && !gnutls_error_is_fatal(ret));
	} else if (gnutls_rehandshake(c->session) == 0) {
		do
			ret = gnutls_handshake(c->session);
		while (ret < 0 && !gnutls_error_is_fatal(ret));
	}
}

static void ask_unoffered(struct conn *c)
{
	unsigned char record[UNOFFERED_MAX];
	c->asked_again = true;
	if (unoffered_is_possible(c->session))
		plain_write(c, record, unoffered_request(c->session, record));
}

static bool tls_write(void *context, const void *data, size_t len)
{
	struct conn *c = context;
	if (c->faults->on[FAULT_ASKS_LATE_WITHOUT_OFFER] && !c->asked_again)
		ask_unoffered(c);
	if (c->faults->on[FAULT_ASKS_AGAIN] && !c->asked_again)
		ask_again(c);
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
	for (;;) {
		ssize_t n = gnutls_record_recv(c->session, out, size);
		if (n >= 0)
			return n;
		/* A client that renegotiates is told no (RFC 5246 7.2.2), not for ever. */
		if (n == GNUTLS_E_REHANDSHAKE && ++c->renegotiations <= 3)
			gnutls_alert_send(c->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
		else if (n == GNUTLS_E_REHANDSHAKE || gnutls_error_is_fatal((int)n))
			return -1;
	}
}

/*
 * Every name seals its tickets with a key of its own, so that a session is resumed where it was earned or nowhere: RFC
 * 6066 3 demands that of TLS 1.2, and what a session is worth is decided by one policy and its anchors.  None where the
 * request comes late: GnuTLS would resume in the middle of a renegotiation.
 */
static void take_tickets(struct conn *c)
{
	c->earned_at = c->faults->on[FAULT_RESUMES_ACROSS_NAMES] ? &c->endpoint->site[0] : c->site;
	if (c->earned_at->ticket_key.size && app_asks(&c->site->policy) != APP_ASK_LATE)
		gnutls_session_ticket_enable_server(c->session, &c->earned_at->ticket_key);
}

static void ask(struct conn *c)
{
	c->asked = app_asks(&c->site->policy) == APP_ASK_FIRST;
	/* REQUEST, never REQUIRE: who may pass is app.c's to say, not GnuTLS's. */
	gnutls_certificate_server_set_request(c->session, c->asked ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
	gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->site->credentials);
	take_tickets(c);
}

static int take_site(struct conn *c, const struct site *site)
{
	c->site = site;
	ask(c);
	return 0;
}

/* RFC 9325 3.7: unknown names are refused; RFC 8446 9.2: so is none. */
static int refuse_name(struct conn *c, int alert)
{
	c->alert = alert;
	return GNUTLS_E_UNRECOGNIZED_NAME;
}

/* The fault that holds Host to nothing: a site of no name, otherwise like the first. */
static const struct site *nameless(struct conn *c)
{
	c->nameless = c->endpoint->site[0];
	c->nameless.policy.host = NULL;
	return &c->nameless;
}

/* RFC 6066 3: SNI picks the site, and RFC 4343: in whatever case it is written. */
static int choose_site(gnutls_session_t session)
{
	struct conn *c = gnutls_session_get_ptr(session);
	int (*compare)(const char *, const char *) = c->faults->on[FAULT_COMPARES_NAMES_BY_CASE] ? strcmp : strcasecmp;
	char name[256];
	size_t size = sizeof name - 1;
	unsigned type;
	int ret = gnutls_server_name_get(session, name, &size, &type, 0);
	if (ret == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
		bool tls13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
		if (c->faults->on[FAULT_HOST_WITHOUT_SNI_UNCHECKED])
			return take_site(c, nameless(c));
		return refuse_name(c, tls13 ? MISSING_EXTENSION : HANDSHAKE_FAILURE);
	}
	for (size_t i = 0; ret == 0 && i < c->endpoint->n; i++)
		if (compare(c->endpoint->site[i].policy.host, name) == 0)
			return take_site(c, &c->endpoint->site[i]);
	if (c->faults->on[FAULT_TAKES_UNKNOWN_NAMES])
		return take_site(c, &c->endpoint->site[0]);
	return refuse_name(c, UNRECOGNIZED_NAME);
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
	struct admission *first = c->endpoint->first;
	if (c->admission.admit == ADMIT_IDENTITY && first->admit != ADMIT_IDENTITY)
		*first = c->admission;
	else if (c->admission.admit == ADMIT_ANONYMOUS)
		c->admission = *first;
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
			    .tls13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3,
			    .chain = chain,
			    .n = n,
			    .now = clock_now()};
	const struct site *judge = gnutls_session_is_resumed(session) ? c->earned_at : c->site;
	app_admit(&judge->policy, &peer, &c->admission);
	if (c->faults->on[FAULT_KEEPS_IDENTITY_OF_FIRST_CONNECTION])
		mix_up(c);
	if (c->admission.admit != ADMIT_REFUSED) {
		/* In TLS 1.2 only where it matters: a renegotiation would lose the extended master secret. */
		if (n && c->admission.admit == ADMIT_IDENTITY && !peer.tls13 && forbids_signing(chain[0]))
			gnutls_session_enable_compatibility_mode(session);
		return 0;
	}
	if (c->faults->on[FAULT_DIES_ON_UNKNOWN_CRITICAL_EXTENSION] &&
	    text_has_word(c->admission.why, "critical-extension"))
		abort();
	c->alert = c->admission.alert;
	return -1;
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
	while (pull(c, waste, sizeof waste) > 0)
		;
}

/*
 * A leaf whose key usage forbids signing is app.c's to refuse, with the alert that fits; GnuTLS would say
 * internal_error.  Its "compatibility mode" lifts that check.  TLS 1.3 verifies CertificateVerify before it calls
 * admit(), so there the mode is set when the request for a certificate has gone out, after the hellos, where it changes
 * nothing that they negotiate.
 */
static int leave_key_usage_to_us(gnutls_session_t session, unsigned type UNUSED, unsigned when UNUSED,
				 unsigned incoming UNUSED, const gnutls_datum_t *message UNUSED)
{
	if (gnutls_protocol_get_version(session) == GNUTLS_TLS1_3)
		gnutls_session_enable_compatibility_mode(session);
	return 0;
}

/* 0, or why it ended. */
static int handshake(struct conn *c)
{
	int ret;
	do
		ret = gnutls_handshake(c->session);
	while (ret < 0 && !gnutls_error_is_fatal(ret));
	bool resumed = ret == 0 && gnutls_session_is_resumed(c->session);
	if (resumed && c->faults->on[FAULT_FORGETS_WHO_RESUMES])
		return ret;
	/*
	 * The callback did not run when nobody was asked, nor for a session: the ticket holds the chain that earned it,
	 * which is judged as if it had been sent now (RFC 8446 4.6.1: it may have expired since).
	 */
	if (resumed || (ret == 0 && !c->asked))
		admit(c->session);
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

/* What the client sent in between is kept, a buffer full: it may be the next request. */
static bool set_aside(struct conn *c)
{
	if (c->early_len == 0)
		c->early_at = 0;
	size_t used = c->early_at + c->early_len;
	ssize_t n =
	    used < sizeof c->early ? gnutls_record_recv(c->session, c->early + used, sizeof c->early - used) : -1;
	if (n > 0)
		c->early_len += (size_t)n;
	return n > 0;
}

static int reauth(gnutls_session_t session)
{
	return gnutls_reauth(session, 0);
}

/* 0, or what ended it: GNUTLS_E_AGAIN when nobody answered, GNUTLS_E_WARNING_ALERT_RECEIVED for no_renegotiation. */
static int await_answer(struct conn *c, int (*step)(gnutls_session_t))
{
	for (unsigned warnings = 0;;) {
		int ret = step(c->session);
		if (ret == GNUTLS_E_AGAIN && clock_us() >= c->until)
			return ret;
		if (ret == GNUTLS_E_GOT_APPLICATION_DATA) {
			if (!set_aside(c))
				return GNUTLS_E_UNEXPECTED_PACKET;
			continue;
		}
		if (ret == GNUTLS_E_WARNING_ALERT_RECEIVED &&
		    (gnutls_alert_get(c->session) == GNUTLS_A_NO_RENEGOTIATION || ++warnings > WARNINGS_MAX))
			return ret;
		if (ret == 0 || gnutls_error_is_fatal(ret))
			return ret;
	}
}

/* RFC 8446 4.6.2, RFC 5246 7.4.1.1: ask after the request, by what the version has. */
static int ask_by_version(struct conn *c)
{
	gnutls_certificate_server_set_request(c->session, GNUTLS_CERT_REQUEST);
	if (gnutls_protocol_get_version(c->session) == GNUTLS_TLS1_3)
		return await_answer(c, reauth);
	int ret = gnutls_rehandshake(c->session);
	return ret < 0 ? ret : await_answer(c, gnutls_handshake);
}

static bool ask_late(void *context)
{
	struct conn *c = context;
	uint64_t until = c->until, limit = clock_us() + c->endpoint->late_ms * 1000ull;
	if (unoffered_is_possible(c->session)) { /* */
		app_unanswered(APP_NOT_OFFERED, &c->admission);
		return true;
	}
	c->asked = c->late = true;
	c->until = limit < until ? limit : until;
	int ret = ask_by_version(c);
	c->late = false;
	c->until = until;
	if (c->faults->on[FAULT_LATE_REQUEST_HANGS]) {
		fall_silent(c);
		return false;
	}
	if (ret == GNUTLS_E_AGAIN)
		app_unanswered(APP_IGNORED, &c->admission);
	else if (ret == GNUTLS_E_WARNING_ALERT_RECEIVED)
		app_unanswered(APP_DECLINED, &c->admission);
	else
		c->broken = ret;
	return c->broken == 0;
}

static bool open_tls(struct conn *c)
{
	static const gnutls_datum_t alpn[] = {{(unsigned char *)(uintptr_t) "http/1.1", 8},
					      {(unsigned char *)(uintptr_t) "http/1.0", 8}};
	if (gnutls_init(&c->session, GNUTLS_SERVER | GNUTLS_NO_TICKETS | GNUTLS_POST_HANDSHAKE_AUTH) < 0)
		return false;
	gnutls_session_set_ptr(c->session, c);
	gnutls_priority_set(c->session, c->endpoint->priority);
	gnutls_alpn_set_protocols(c->session, alpn, 2, GNUTLS_ALPN_MANDATORY); /* RFC 7301 3.2 */
	gnutls_transport_set_ptr(c->session, c);
	gnutls_transport_set_pull_function(c->session, pull);
	gnutls_transport_set_vec_push_function(c->session, push);
	gnutls_session_set_verify_function(c->session, admit);
	gnutls_handshake_set_hook_function(c->session, GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST, GNUTLS_HOOK_POST,
					   leave_key_usage_to_us);
	if (c->endpoint->by_name) {
		gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->endpoint->site[0].credentials);
		gnutls_handshake_set_post_client_hello_function(c->session, choose_site);
	} else {
		c->site = &c->endpoint->site[0];
		ask(c);
	}
	return true;
}

static void break_off(struct conn *c, int ret)
{
	static const struct linger at_once = {.l_onoff = 1};
	if (c->admission.admit == ADMIT_REFUSED && c->faults->on[FAULT_RESETS_INSTEAD_OF_ALERT]) {
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		return;
	}
	say_why(c, ret);
	linger(c);
}

static void serve_tls(struct conn *c)
{
	struct wire wire = {tls_read, tls_write, c, ask_late};
	int ret = handshake(c);
	if (c->faults->on[FAULT_HANGS]) {
		fall_silent(c);
	} else if (ret == 0) {
		server_h1_serve(&wire, &c->site->policy, &c->admission);
		if (c->broken) {
			break_off(c, c->broken);
			return;
		}
		gnutls_bye(c->session, GNUTLS_SHUT_WR); /* RFC 8446 6.1 */
		linger(c);
	} else {
		break_off(c, ret);
	}
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
	if (endpoint->site[0].policy.mode == APP_PLAIN) {
		struct wire wire = {plain_read, plain_write, &c, NULL};
		server_h1_serve(&wire, &endpoint->site[0].policy, &c.admission);
		linger(&c);
	} else if (open_tls(&c)) {
		serve_tls(&c);
		gnutls_deinit(c.session);
	}
	close(fd);
}
