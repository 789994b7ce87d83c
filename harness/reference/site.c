/* Which site a connection is for, whom it asks and whose tickets it takes. */
#include "harness/reference/conn.h"

#include "harness/reference/personality.h"
#include "harness/reference/sessions.h"

#include <string.h>
#include <strings.h>

/* TLS alerts: RFC 8446 6.2 and 9.2 (missing_extension), RFC 6066 3 (unrecognized_name). */
enum { HANDSHAKE_FAILURE = 40, MISSING_EXTENSION = 109, UNRECOGNIZED_NAME = 112 };

static const struct site *first_that_asks(const struct conn *c)
{
	size_t i = 0;
	while (i + 1 < c->endpoint->n && app_asks(&c->endpoint->site[i].policy) == APP_ASK_NEVER)
		i++;
	return &c->endpoint->site[i];
}

/*
 * Every name seals its tickets with a key of its own and keeps its sessions with an id to itself, so that a session is
 * resumed where it was earned or nowhere: RFC 6066 3 demands that of TLS 1.2, and what a session is worth is decided by
 * one policy and its anchors.  None where the request comes late: GnuTLS would resume in the middle of a renegotiation.
 */
static void take_sessions(struct conn *c)
{
	c->earned_at = c->faults->on[FAULT_RESUMES_ACROSS_NAMES] ? &c->endpoint->site[0] : c->site;
	c->anywhere = c->asked && c->faults->on[FAULT_RESUMES_ACROSS_ANCHORS];
	if (c->anywhere)
		c->earned_at = first_that_asks(c);
	if (c->faults->on[FAULT_RESUMES_ACROSS_ENDPOINTS])
		c->earned_at = c->endpoint->before;
	if (app_asks(&c->site->policy) == APP_ASK_LATE)
		return;
	if (c->earned_at->ticket_key.size)
		gnutls_session_ticket_enable_server(c->session, &c->earned_at->ticket_key);
	if (c->earned_at->sessions)
		sessions_serve(c->earned_at->sessions, c->session);
}

static void ask(struct conn *c)
{
	c->asked = app_asks(&c->site->policy) == APP_ASK_FIRST;
	/* REQUEST, never REQUIRE: who may pass is app.c's to say, not GnuTLS's. */
	gnutls_certificate_server_set_request(c->session, c->asked ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
	gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->site->credentials);
	if (c->site->policy.personality && c->site->policy.personality->empty_ca_list)
		gnutls_certificate_send_x509_rdn_sequence(c->session, 1);
	take_sessions(c);
}

int conn_take_site(struct conn *c, const struct site *site)
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

/* Of faults that hold Host to nothing: a site of no name, otherwise like the first. */
static const struct site *nameless(struct conn *c)
{
	c->nameless = c->endpoint->site[0];
	c->nameless.policy.host = NULL;
	return &c->nameless;
}

/* RFC 6066 3: SNI picks the site, and RFC 4343: in whatever case it is written. */
int conn_choose_site(gnutls_session_t session)
{
	struct conn *c = gnutls_session_get_ptr(session);
	int (*compare)(const char *, const char *) = c->faults->on[FAULT_COMPARES_NAMES_BY_CASE] ? strcmp : strcasecmp;
	char name[256];
	size_t size = sizeof name - 1;
	unsigned type;
	if (c->hello_is_lost)
		return conn_take_site(c, nameless(c));
	int ret = gnutls_server_name_get(session, name, &size, &type, 0);
	if (ret == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
		bool tls13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
		if (c->faults->on[FAULT_HOST_WITHOUT_SNI_UNCHECKED])
			return conn_take_site(c, nameless(c));
		return refuse_name(c, tls13 ? MISSING_EXTENSION : HANDSHAKE_FAILURE);
	}
	for (size_t i = 0; ret == 0 && i < c->endpoint->n; i++)
		if (compare(c->endpoint->site[i].policy.host, name) == 0)
			return conn_take_site(c, &c->endpoint->site[i]);
	if (c->faults->on[FAULT_TAKES_UNKNOWN_NAMES])
		return conn_take_site(c, &c->endpoint->site[0]);
	return refuse_name(c, UNRECOGNIZED_NAME);
}
