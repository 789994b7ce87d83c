/* Asking for a certificate after the request: renegotiation (TLS 1.2) and post-handshake authentication (1.3). */
#include "harness/reference/conn.h"

#include "harness/base/clock.h"
#include "harness/reference/unoffered.h"

#include <sys/socket.h>

enum { WARNINGS_MAX = 3, NO_TIME_US = 60000 };

/* What the client sent in between is kept, a buffer full: it may be the next request.  A KeyUpdate leaves nothing. */
static bool read_on(struct conn *c)
{
	if (c->early_len == 0)
		c->early_at = 0;
	size_t used = c->early_at + c->early_len;
	if (used == sizeof c->early)
		return false;
	ssize_t n = gnutls_record_recv(c->session, c->early + used, sizeof c->early - used);
	if (n > 0)
		c->early_len += (size_t)n;
	return n > 0 || (n < 0 && !gnutls_error_is_fatal((int)n));
}

static int reauth(gnutls_session_t session)
{
	return gnutls_reauth(session, 0);
}

/*
 * GnuTLS takes no KeyUpdate while it looks for the answer to its request, where RFC 8446 4.6.2 lets one come.  So it is
 * looked for here, before GnuTLS begins to read the next record: nothing else that a client has to say now makes one of
 * 22 bytes (4 of header, 1 of content, 1 of type, 16 of tag), and data of that length is read in the same way.
 */
bool conn_has_new_keys(struct conn *c, size_t wanted)
{
	enum { HEADER = 5, KEY_UPDATE = 22, APPLICATION_DATA = 23 };
	unsigned char header[HEADER];
	if (wanted != HEADER || gnutls_protocol_get_version(c->session) != GNUTLS_TLS1_3 ||
	    recv(c->fd, header, sizeof header, MSG_DONTWAIT | MSG_PEEK) != HEADER)
		return false;
	c->new_keys = header[0] == APPLICATION_DATA && header[3] == 0 && header[4] == KEY_UPDATE &&
		      !c->faults->on[FAULT_TAKES_NO_KEY_UPDATE_WHILE_ASKING];
	return c->new_keys;
}

/* Data, or a KeyUpdate, instead of the answer. */
static bool take_interlude(struct conn *c)
{
	if (!c->new_keys)
		return !c->faults->on[FAULT_TAKES_NO_DATA_WHILE_ASKING] && read_on(c);
	c->new_keys = c->late = false;
	bool ok = read_on(c);
	c->late = true;
	return ok;
}

/* 0, or what ended it: GNUTLS_E_AGAIN when nobody answered, GNUTLS_E_WARNING_ALERT_RECEIVED for no_renegotiation. */
static int await_answer(struct conn *c, int (*step)(gnutls_session_t))
{
	for (unsigned warnings = 0;;) {
		int ret = step(c->session);
		if (ret == GNUTLS_E_GOT_APPLICATION_DATA || (ret == GNUTLS_E_AGAIN && c->new_keys)) {
			bool data = !c->new_keys;
			if (!take_interlude(c))
				return GNUTLS_E_UNEXPECTED_PACKET;
			if (data && c->faults->on[FAULT_SERVES_WHO_SENDS_DATA_INSTEAD])
				return GNUTLS_E_GOT_APPLICATION_DATA;
			continue;
		}
		if (ret == GNUTLS_E_AGAIN && clock_us() >= c->until)
			return ret;
		if (ret == GNUTLS_E_WARNING_ALERT_RECEIVED &&
		    (gnutls_alert_get(c->session) == GNUTLS_A_NO_RENEGOTIATION || ++warnings > WARNINGS_MAX))
			return ret;
		if (ret == 0 || gnutls_error_is_fatal(ret))
			return ret;
	}
}

static void write_request(struct conn *c)
{
	unsigned char record[UNOFFERED_MAX];
	conn_write(c, record, unoffered_request(c->session, record));
}

/* RFC 8446 4.6.2, RFC 5246 7.4.1.1: ask after the request, by what the version has. */
static int ask_by_version(struct conn *c)
{
	gnutls_certificate_server_set_request(c->session, GNUTLS_CERT_REQUEST);
	if (gnutls_protocol_get_version(c->session) == GNUTLS_TLS1_3) {
		for (int i = 0; i < 2 && c->faults->on[FAULT_REPEATS_REQUEST_CONTEXT]; i++)
			write_request(c);
		return await_answer(c, reauth);
	}
	int ret = gnutls_rehandshake(c->session);
	return ret < 0 ? ret : await_answer(c, gnutls_handshake);
}

/* Whom not to ask at all: who did not offer to answer, and who cannot do it safely. */
static bool cannot_answer(struct conn *c)
{
	bool tls13 = gnutls_protocol_get_version(c->session) == GNUTLS_TLS1_3;
	if (unoffered_is_possible(c->session))
		app_unanswered(&c->site->policy, APP_NOT_OFFERED, &c->admission);
	else if (!tls13 && !gnutls_safe_renegotiation_status(c->session) &&
		 !c->faults->on[FAULT_RENEGOTIATES_WITH_LEGACY_CLIENTS])
		app_unanswered(&c->site->policy, APP_LEGACY, &c->admission);
	else
		return false;
	return true;
}

/* How long the answer may take, in microseconds. */
static uint64_t patience(const struct conn *c, bool serves_before)
{
	if (serves_before)
		return 0;
	return c->faults->on[FAULT_GIVES_NO_TIME_TO_ANSWER] ? NO_TIME_US : c->endpoint->late_ms * 1000ull;
}

bool conn_ask_late(void *context)
{
	struct conn *c = context;
	bool serves_before = c->faults->on[FAULT_SERVES_BEFORE_THE_ANSWER];
	uint64_t until = c->until, limit = clock_us() + patience(c, serves_before);
	if (cannot_answer(c))
		return !c->admission.reset;
	c->asked = c->late = true;
	c->until = limit < until ? limit : until;
	int ret = ask_by_version(c);
	c->late = false;
	c->until = until;
	if (c->faults->on[FAULT_LATE_REQUEST_HANGS]) {
		conn_fall_silent(c);
		return false;
	}
	if (ret == GNUTLS_E_GOT_APPLICATION_DATA)
		c->admission = (struct admission){.admit = ADMIT_ANONYMOUS};
	else if (ret != GNUTLS_E_AGAIN && ret != GNUTLS_E_WARNING_ALERT_RECEIVED)
		c->broken = ret;
	else if (serves_before || c->faults->on[FAULT_SERVES_WHO_DOES_NOT_ANSWER])
		c->admission = (struct admission){.admit = ADMIT_ANONYMOUS};
	else
		app_unanswered(&c->site->policy, ret == GNUTLS_E_AGAIN ? APP_IGNORED : APP_DECLINED, &c->admission);
	return c->broken == 0;
}

bool conn_waiting(void *context)
{
	const struct conn *c = context;
	return c->early_len > 0 || gnutls_record_check_pending(c->session) > 0;
}

bool conn_follow_renegotiation(struct conn *c)
{
	int ret;
	do
		ret = gnutls_handshake(c->session);
	while (ret < 0 && !gnutls_error_is_fatal(ret));
	return ret == 0;
}

/* The late request that nobody needs: renegotiation or post-handshake authentication, as the version has it. */
void conn_ask_again(struct conn *c)
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

void conn_ask_unoffered(struct conn *c)
{
	c->asked_again = true;
	if (unoffered_is_possible(c->session))
		write_request(c);
}
