#include "clients/tls_drive.h"

#include "clients/credential.h"
#include "clients/credential_proof.h"
#include "clients/fragment.h"
#include "clients/session.h"
#include "clients/tls_early.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#define MAX_WARNINGS	  32 /* alerts of level warning on one connection */
#define MAX_LATE_REQUESTS 16 /* HelloRequests and post-handshake CertificateRequests on one connection */
#define SNI_MAX		  255
#define ALPN_MAX	  16
#define DRAIN_RECORDS	  64
#define FLIGHT_MAX	  (1u << 20)

/*
 * X25519 first and alone as key share: the cheapest.  The other groups stay enabled: in TLS 1.2 they also say which
 * curves a server's certificate may use (RFC 8422 5.1.1).
 */
#define PRIORITY_GROUPS                                                                                                \
	":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:+GROUP-X448"                     \
	":+GROUP-FFDHE2048:+GROUP-FFDHE3072:+GROUP-FFDHE4096"

enum rc tls_shared_open(struct tls_shared *s, struct err *err)
{
	*s = (struct tls_shared){0};
	return credential_install(s, err);
}

void tls_shared_close(struct tls_shared *s)
{
	for (size_t i = 0; i < 4 * BIT(TLS__COUNT); i++)
		if (s->priority[i / BIT(TLS__COUNT)][i % BIT(TLS__COUNT)])
			gnutls_priority_deinit(s->priority[i / BIT(TLS__COUNT)][i % BIT(TLS__COUNT)]);
	credential_forget(s);
	session_forget_servers(s);
	*s = (struct tls_shared){0};
}

static int priority_for(struct tls_shared *s, const struct job_connect *want, gnutls_priority_t *out)
{
	static const char *const version[TLS__COUNT] = {":+VERS-TLS1.0", ":+VERS-TLS1.1", ":+VERS-TLS1.2",
							":+VERS-TLS1.3"};
	char text[512] = "NORMAL:-VERS-ALL";
	int rc = 0;
	unsigned mask = want->tls & (BIT(TLS__COUNT) - 1);
	gnutls_priority_t *known = &s->priority[want->no_ems + 2 * want->legacy][mask];
	if (!*known) {
		size_t at = strlen(text);
		for (int v = TLS__COUNT - 1; v >= 0; v--)
			if (mask & BIT(v))
				at += (size_t)snprintf(text + at, sizeof text - at, "%s", version[v]);
		snprintf(text + at, sizeof text - at, "%s%s%s", PRIORITY_GROUPS, want->no_ems ? ":%NO_SESSION_HASH" : "",
			 want->legacy ? ":%DISABLE_SAFE_RENEGOTIATION" : "");
		rc = gnutls_priority_init(known, text, NULL);
	}
	*out = *known;
	return rc;
}

/* --- transport --- */

/* RFC 8446 5.1: a handshake message may be split over records.  Nothing of the first flight is encrypted yet. */
static void push_in_records(struct tls_link *l, const giovec_t *parts, int n)
{
	struct buf whole, cut;
	buf_init(&whole, FLIGHT_MAX);
	buf_init(&cut, FLIGHT_MAX);
	for (int i = 0; i < n; i++)
		buf_add(&whole, parts[i].iov_base, parts[i].iov_len);
	fragment_records(&cut, whole.data, whole.len, l->want->fragment.bytes);
	struct iovec all = {cut.data, cut.len};
	net_push(&l->net, &all, 1);
	buf_fini(&whole);
	buf_fini(&cut);
}

static ssize_t push(gnutls_transport_ptr_t ptr, const giovec_t *parts, int n)
{
	struct tls_link *l = ptr;
	size_t len = 0;
	for (int i = 0; i < n; i++)
		len += parts[i].iov_len;
	credential_flight_leaves(l);
	if (early_push(l, parts, (size_t)n))
		return (ssize_t)len;
	if (l->want->fragment.records && !l->hello_cut) {
		l->hello_cut = true;
		push_in_records(l, parts, n);
	} else {
		net_push(&l->net, parts, (size_t)n);
	}
	return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t ptr, void *data, size_t len)
{
	struct tls_link *l = ptr;
	ssize_t got = net_pull(&l->net, data, len);
	if (got < 0)
		gnutls_transport_set_errno(l->session, errno);
	return got;
}

/* The library asks only when it waits for a session ticket (gnutls_session_get_data2 under TLS 1.3). */
static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
	struct tls_link *l = ptr;
	return net_readable(&l->net, ms) ? 1 : 0;
}

/* --- how things go wrong --- */

/* Record a warning; false when the peer has said too many. */
static bool note_warning(struct tls_link *l)
{
	recorder_note_repeatable(l->net.rec, EVENT_ALERT_RECEIVED, l->net.conn, l->net.req,
				 (int32_t)gnutls_alert_get(l->session), GNUTLS_AL_WARNING, NULL);
	return ++l->warnings <= MAX_WARNINGS;
}

/* Our library found fault with the peer: say so on the wire, as RFC 8446 section 6.2 asks. */
static void complain(struct tls_link *l, int code)
{
	int level = 0;
	int number = gnutls_error_to_alert(code, &level);
	l->queued = TLS_QUEUED_NOTHING; /* what was made but not sent stays here */
	net_note(&l->net, EVENT_TLS_ERROR, code, 0, l->why ? l->why : gnutls_strerror(code));
	if (gnutls_alert_send(l->session, (gnutls_alert_level_t)level, (gnutls_alert_description_t)number) == 0) {
		net_backlog(&l->net);
		net_note(&l->net, EVENT_ALERT_SENT, number, level, NULL);
	}
}

/* `code` ended the session: record what the peer did, or that we gave up. */
static void note_end(struct tls_link *l, int code)
{
	l->up = false;
	l->closed_well = code == 0 || code == GNUTLS_E_SESSION_EOF;
	if (l->closed_well)
		net_note(&l->net, EVENT_CLOSE_NOTIFY, 0, 0, NULL);
	else if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
		net_note(&l->net, EVENT_ALERT_RECEIVED, (int32_t)gnutls_alert_get(l->session), GNUTLS_AL_FATAL, NULL);
	else if (!l->net.timed_out && !net_note_end(&l->net))
		complain(l, code);
}

bool tls_failed(struct tls_link *l, int code)
{
	note_end(l, code);
	net_note(&l->net, EVENT_HANDSHAKE_FAILED, code, 0, gnutls_strerror(code));
	return false;
}

/* --- handshakes --- */

int tls_drive(struct tls_link *l, int (*step)(gnutls_session_t))
{
	for (;;) {
		int code = step(l->session);
		if (code == GNUTLS_E_AGAIN) {
			if (!net_wait(&l->net))
				return GNUTLS_E_TIMEDOUT;
		} else if (code == GNUTLS_E_WARNING_ALERT_RECEIVED) {
			if (!note_warning(l) || gnutls_alert_get(l->session) == GNUTLS_A_NO_RENEGOTIATION)
				return code;
		} else if (code != GNUTLS_E_INTERRUPTED) {
			return code;
		}
	}
}

static int check_server(gnutls_session_t session)
{
	return session_check_server(gnutls_session_get_ptr(session)) ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static bool is_sendable_name(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return len > 0 && len <= SNI_MAX;
}

static bool is_address(const char *name)
{
	unsigned char raw[16];
	return inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
}

/* Addresses are not sent as names (RFC 6066 section 3), unless that is what a script is after. */
static int set_name(struct tls_link *l, const char *name)
{
	if (!name || (is_address(name) && !l->want->literal))
		return 0;
	if (!is_sendable_name(name))
		return GNUTLS_E_INVALID_REQUEST;
	l->net.name = name;
	return gnutls_server_name_set(l->session, GNUTLS_NAME_DNS, name, strlen(name));
}

static const char *alpn_words(const struct job_connect *want)
{
	if (want->alpn)
		return want->alpn;
	switch (want->http) {
	case HTTP_1_0:
	case HTTP_1_1: /* a browser does not know beforehand; where h2 is chosen the driver says so */
		return want->client == CLIENT_BROWSER ? "h2 http/1.1" : "http/1.1";
	case HTTP_2:
		return want->client == CLIENT_BROWSER ? "h2 http/1.1" : "h2";
	case HTTP_3:
		return "h3";
	case HTTP__COUNT:
		break;
	}
	return "";
}

static int set_alpn(struct tls_link *l, const char *words)
{
	char word[ALPN_MAX][256];
	gnutls_datum_t list[ALPN_MAX];
	unsigned n = 0;
	while (n < ALPN_MAX && text_word(&words, word[n], sizeof word[n])) {
		list[n] = (gnutls_datum_t){(unsigned char *)word[n], (unsigned)strlen(word[n])};
		n++;
	}
	return n ? gnutls_alpn_set_protocols(l->session, list, n, 0) : 0;
}

/* Tickets cost both sides; they are for scripts that save a session of this connection or offer one. */
static bool wants_ticket(const struct tls_link *l)
{
	for (size_t i = 0; i < l->job->n_steps; i++)
		if (l->job->steps[i].verb == VERB_SAVE && l->job->steps[i].conn == l->net.conn)
			return true;
	return l->want->resume != NULL;
}

static int set_up(struct tls_link *l, struct tls_session resume)
{
	const struct job_connect *want = l->want;
	unsigned flags = GNUTLS_CLIENT | GNUTLS_NO_SIGNAL | GNUTLS_KEY_SHARE_TOP;
	gnutls_priority_t priority;
	int rc;
	if (!wants_ticket(l))
		flags |= GNUTLS_NO_TICKETS;
	/* GnuTLS 3.7 takes a second handshake behind a ticket for a protocol error (upstream issue 1421). */
	if (want->late_possible || want->no_tickets)
		flags |= GNUTLS_NO_TICKETS_TLS12;
	if (want->offer_pha)
		flags |= GNUTLS_POST_HANDSHAKE_AUTH;
	if ((rc = priority_for(l->shared, want, &priority)) < 0 || (rc = gnutls_init(&l->session, flags)) < 0)
		return rc;
	gnutls_session_set_ptr(l->session, l);
	gnutls_transport_set_ptr(l->session, l);
	gnutls_transport_set_vec_push_function(l->session, push);
	gnutls_transport_set_pull_function(l->session, pull);
	gnutls_transport_set_pull_timeout_function(l->session, pull_timeout);
	gnutls_session_set_verify_function(l->session, check_server);
	tls_watch_messages(l, alpn_words(want));
	if ((rc = gnutls_priority_set(l->session, priority)) < 0 || (rc = set_name(l, want->host)) < 0 ||
	    (rc = set_alpn(l, alpn_words(want))) < 0 ||
	    (rc = gnutls_credentials_set(l->session, GNUTLS_CRD_CERTIFICATE, l->shared->credentials)) < 0)
		return rc;
	if (resume.data.len == 0)
		return 0;
	rc = gnutls_session_set_data(l->session, resume.data.data, resume.data.len);
	if (rc == 0)
		net_note(&l->net, EVENT_SESSION_OFFERED, 0, 0, want->resume);
	if (rc == 0 && want->early && resume.early_bytes)
		early_begin(l, resume.early_bytes);
	return rc;
}

enum tls tls_version(const struct tls_link *l)
{
	switch ((int)gnutls_protocol_get_version(l->session)) {
	case GNUTLS_TLS1_0:
		return TLS_1_0;
	case GNUTLS_TLS1_1:
		return TLS_1_1;
	case GNUTLS_TLS1_2:
		return TLS_1_2;
	}
	return TLS_1_3;
}

static void note_done(struct tls_link *l)
{
	gnutls_datum_t alpn = {0};
	l->up = true;
	if (gnutls_alpn_get_selected_protocol(l->session, &alpn) == 0)
		snprintf(l->alpn, sizeof l->alpn, "%.*s", (int)alpn.size, (const char *)alpn.data);
	net_note(&l->net, EVENT_HANDSHAKE_DONE, (int32_t)tls_version(l), 0, l->alpn[0] ? l->alpn : NULL);
	if (gnutls_session_is_resumed(l->session))
		net_note(&l->net, EVENT_RESUMED, 0, 0, NULL);
	/* RFC 8446 derives every secret from the transcript: under TLS 1.3 there is nothing to note */
	if (tls_version(l) != TLS_1_3 && (gnutls_session_get_flags(l->session) & GNUTLS_SFLAGS_EXT_MASTER_SECRET))
		net_note(&l->net, EVENT_EXTENDED_MASTER_SECRET, 0, 0, NULL);
}

bool tls_shake(struct tls_link *l)
{
	int code = tls_drive(l, gnutls_handshake);
	if (code < 0)
		return tls_failed(l, code);
	note_done(l);
	return true;
}

bool tls_open(struct tls_link *l, struct tls_shared *shared, const struct job *job, const struct job_connect *want,
	      struct tls_session resume)
{
	struct net net = l->net;
	*l = (struct tls_link){.net = net, .shared = shared, .job = job, .want = want, .credential = want->credential};
	if (!want->fragment.records)
		l->net.segment = want->fragment.bytes;
	int code = set_up(l, resume);
	if (code < 0) {
		net_note(&l->net, EVENT_FAULT, code, 0, gnutls_strerror(code));
		return false;
	}
	return early_waits(l) || tls_shake(l);
}

bool tls_takes_data(const struct tls_link *l)
{
	return l->up || early_waits(l);
}

/* --- records --- */

static enum tls_got asked(struct tls_link *l, bool renegotiation)
{
	recorder_note_repeatable(l->net.rec, renegotiation ? EVENT_HELLO_REQUEST : EVENT_REAUTH_REQUEST, l->net.conn,
				 l->net.req, 0, 0, NULL);
	l->late = true;
	l->renegotiation = renegotiation;
	if (++l->late_requests <= MAX_LATE_REQUESTS)
		return TLS_GOT_ASKED;
	net_note(&l->net, EVENT_TOO_LARGE, 0, 0, "late certificate requests");
	l->up = false;
	return TLS_GOT_END;
}

/* Asked, having offered no answer (RFC 8446 4.6.2): the library calls that unexpected and takes no note of what it was. */
static bool is_unoffered_request(const struct tls_link *l, ssize_t code)
{
	return code == GNUTLS_E_UNEXPECTED_PACKET &&
	       gnutls_handshake_get_last_in(l->session) == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST;
}

enum tls_got tls_recv(struct tls_link *l, void *data, size_t size, size_t *got)
{
	*got = 0;
	if (early_waits(l))
		(void)early_finish(l);
	if (!l->up)
		return TLS_GOT_END;
	if (l->plain)
		return tls_recv_plain(l, data, size, got);
	for (;;) {
		ssize_t n = gnutls_record_recv(l->session, data, size);
		if (n > 0) {
			*got = (size_t)n;
			return TLS_GOT_DATA;
		}
		if (n == GNUTLS_E_AGAIN && l->net.timed_out)
			return TLS_GOT_TIMEOUT;
		if (n == GNUTLS_E_AGAIN && l->net.in_at == l->net.in_len) {
			early_release(l);
			return TLS_GOT_NOTHING;
		}
		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n == GNUTLS_E_REHANDSHAKE || n == GNUTLS_E_REAUTH_REQUEST)
			return asked(l, n == GNUTLS_E_REHANDSHAKE);
		if (n == GNUTLS_E_WARNING_ALERT_RECEIVED && note_warning(l))
			continue;
		if (is_unoffered_request(l, n))
			net_note(&l->net, EVENT_REAUTH_REQUEST, 0, 0, NULL);
		note_end(l, (int)n);
		return TLS_GOT_END;
	}
}

bool tls_send(struct tls_link *l, const void *data, size_t len)
{
	const char *at = data;
	if (l->plain && l->up)
		return tls_send_plain(l, data, len);
	if (early_waits(l)) {
		early_add(l, data, len);
		return true;
	}
	while (l->up && len) {
		/* push() takes everything, so the library never says "again" here. */
		ssize_t n = gnutls_record_send(l->session, at, len);
		if (n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n <= 0)
			return false; /* the read side tells why */
		at += n;
		len -= (size_t)n;
	}
	return l->up;
}

void tls_drain(struct tls_link *l)
{
	char piece[16384];
	size_t got;
	for (int i = 0; l->up && i < DRAIN_RECORDS; i++) {
		enum tls_got what = tls_recv(l, piece, sizeof piece, &got);
		if (what != TLS_GOT_DATA && what != TLS_GOT_ASKED)
			break;
	}
}

void tls_close(struct tls_link *l, enum how_close how)
{
	if (l->net.fd < 0)
		return;
	early_release(l);
	if (l->session && l->up && (how == CLOSE_NOTIFY || how == CLOSE_WAIT))
		gnutls_bye(l->session, GNUTLS_SHUT_WR);
	net_backlog(&l->net);
	if (l->up || l->net.timed_out)
		net_note(&l->net, EVENT_CLOSED, 0, 0, how_close_text(how));
	if (how == CLOSE_WAIT)
		net_until_closed(&l->net);
	net_close(&l->net, how);
	tls_fini(l);
}

void tls_fini(struct tls_link *l)
{
	if (l->session)
		gnutls_deinit(l->session);
	l->session = NULL;
	l->up = false;
	credential_release(l);
	proof_end(l);
	early_end(l);
}
