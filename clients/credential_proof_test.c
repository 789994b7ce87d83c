/* CertificateVerify under other schemes: refused by a GnuTLS server as it is, taken by one that is told to look away. */
#include "clients/peer_test.h"

/* As if the message had named ecdsa_secp256r1_sha256: behind the transcript, before it is read. */
static int rename_scheme(gnutls_session_t s, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *m)
{
	(void)s, (void)type, (void)when;
	if (incoming && m->size > 2)
		memcpy(m->data, "\x04\x03", 2);
	return 0;
}

static void serve(const struct peer *p, int fd, bool looks_away, const char *priority)
{
	gnutls_session_t s = server_side(p, fd);
	int code;
	gnutls_priority_set_direct(s, priority, NULL);
	if (looks_away)
		gnutls_handshake_set_hook_function(s, GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY, GNUTLS_HOOK_POST, rename_scheme);
	code = shake(s);
	if (code == 0 && p->number) { /* once more, after the handshake */
		read_request(s);
		gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
		do
			code = gnutls_reauth(s, 0);
		while (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED);
	}
	if (code == 0) {
		if (!p->number)
			read_request(s);
		write_all(s, p->text);
		until_client_goes(fd);
	} else if (code != GNUTLS_E_FATAL_ALERT_RECEIVED) {
		gnutls_alert_send_appropriate(s, code);
	}
	gnutls_deinit(s);
}

static void peer_knows(const struct peer *p, int fd)
{
	serve(p, fd, false, "NORMAL");
}

static void peer_looks_away(const struct peer *p, int fd)
{
	serve(p, fd, true, "NORMAL");
}

/* Our key share is of another group: the hello is sent back. */
static void peer_sends_back(const struct peer *p, int fd)
{
	serve(p, fd, true, "NORMAL:-GROUP-ALL:+GROUP-SECP384R1");
}

/* SHA-384: another transcript hash. */
static void peer_hashes_long(const struct peer *p, int fd)
{
	serve(p, fd, true, "NORMAL:-CIPHER-ALL:+AES-256-GCM");
}

static const struct {
	const char *name;
	enum proof proof;
	behave *act;
	bool served;
} rows[] = {
    {"unknown scheme", PROOF_SCHEME_UNKNOWN, peer_knows, false},
    {"ecdsa_sha1", PROOF_SCHEME_SHA1, peer_knows, false},
    {"other curve", PROOF_SCHEME_OTHER_CURVE, peer_knows, false},
    {"own key", PROOF_OWN_KEY, peer_knows, true},
    {"unknown scheme, looked away", PROOF_SCHEME_UNKNOWN, peer_looks_away, true},
    {"unknown scheme, hello sent back", PROOF_SCHEME_UNKNOWN, peer_sends_back, true},
    {"unknown scheme, SHA-384", PROOF_SCHEME_UNKNOWN, peer_hashes_long, true},
    {"ecdsa_sha1 under another name is no ecdsa_secp256r1_sha256", PROOF_SCHEME_SHA1, peer_looks_away, false},
};

START_TEST(schemes)
{
	struct peer p = {.act = rows[_i].act, .text = OK_TEXT, .ask = true};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	c.proof = rows[_i].proof;
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	peer_stop(&p);
	ck_assert_msg(observation_find(&seen, 0, EVENT_CERTIFICATE_SENT, 0, -1) != NULL, "%s: %s", rows[_i].name, words(&seen));
	ck_assert_msg((observation_find(&seen, 0, EVENT_RESPONSE, 0, -1) != NULL) == rows[_i].served, "%s: %s",
		      rows[_i].name, words(&seen));
	ck_assert_msg((observation_find(&seen, 0, EVENT_ALERT_RECEIVED, 0, -1) != NULL) != rows[_i].served, "%s: %s",
		      rows[_i].name, words(&seen));
}
END_TEST

/* The transcript of an answer after the handshake begins with that of the handshake, ours included. */
START_TEST(late)
{
	struct peer p = {.act = peer_looks_away, .text = OK_TEXT, .flags = GNUTLS_POST_HANDSHAKE_AUTH, .number = 1};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	steps[0].connect.offer_pha = true;
	c.proof = PROOF_SCHEME_UNKNOWN;
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	peer_stop(&p);
	ck_assert_msg(observation_find(&seen, 0, EVENT_REAUTHENTICATED, 0, -1) != NULL, "%s", words(&seen));
	ck_assert_msg(observation_find(&seen, 0, EVENT_RESPONSE, 0, -1) != NULL, "%s", words(&seen));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("credential proof");
	TCase *c = tcase_create("credential proof");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, schemes, 0, ROWS(rows));
	tcase_add_test(c, late);
	suite_add_tcase(s, c);
	return s;
}
