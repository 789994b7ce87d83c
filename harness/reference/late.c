/* Asking for a certificate after the request: renegotiation (TLS 1.2) and post-handshake authentication (1.3). */
#include "harness/reference/conn.h"

#include "harness/base/clock.h"
#include "harness/reference/unoffered.h"

enum { WARNINGS_MAX = 3 };

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

bool conn_ask_late(void *context)
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
		conn_fall_silent(c);
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

bool conn_waiting(void *context)
{
	const struct conn *c = context;
	return c->early_len > 0 || gnutls_record_check_pending(c->session) > 0;
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
	unsigned char record[UNOFFERED_MAX];
	c->asked_again = true;
	if (unoffered_is_possible(c->session))
		conn_write(c, record, unoffered_request(c->session, record));
}
