/* What a client answers when it is asked for a certificate, against a GnuTLS server in a forked child. */
#include "clients/peer_test.h"

static const unsigned versions[] = {TLS12, TLS13};

/* Says what was wrong, as servers do. */
static void peer_complains(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	int rc = shake(s);
	if (rc < 0)
		gnutls_alert_send_appropriate(s, rc);
	else
		peer_serves(p, fd);
	gnutls_deinit(s);
}

static void peer_lists_nobody(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	gnutls_certificate_send_x509_rdn_sequence(s, 1);
	if (shake(s) == 0) {
		read_request(s);
		write_all(s, p->text);
		read_request(s);
	}
	gnutls_deinit(s);
}

static const struct {
	enum proof proof;
	bool foreign; /* a key that is not the leaf's */
} liars[] = {{PROOF_BIT_FLIPPED, false}, {PROOF_ZERO, false}, {PROOF_OWN_KEY, true}};

START_TEST(possession_is_not_proved)
{
	struct peer p = {.act = peer_complains, .text = OK_TEXT, .ask = true};
	struct job_credential c = credential();
	gnutls_privkey_t key;
	gnutls_pubkey_t pub;
	gnutls_privkey_init(&key);
	gnutls_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_pubkey_init(&pub);
	gnutls_pubkey_import_privkey(pub, key, 0, 0);
	c.proof = liars[_i].proof;
	if (liars[_i].foreign) {
		c.key = key;
		c.pub = pub;
	}
	for (size_t v = 0; v < 2; v++) {
		struct job_step steps[] = {connect_step(versions[v]), request_step()};
		peer_start(&p);
		run_steps(&p, steps, 2, &c);
		peer_stop(&p);
		const struct event *sent = observation_find(&seen, 0, EVENT_CERTIFICATE_SENT, 0, -1);
		const struct event *alert = observation_find(&seen, 0, EVENT_ALERT_RECEIVED, 0, -1);
		ck_assert_msg(sent && alert && alert->a == GNUTLS_A_DECRYPT_ERROR, "%s", words(&seen));
		ck_assert_str_eq(sent->text, "valid");
	}
	gnutls_privkey_deinit(key);
	gnutls_pubkey_deinit(pub);
}
END_TEST

/* A name that the server lists: its own, self-signed. */
static struct blob server_name(void)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t dn;
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_import(crt, &kept_der[0], GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_get_raw_dn(crt, &dn);
	gnutls_x509_crt_deinit(crt);
	return (struct blob){dn.data, dn.size};
}

static const struct {
	behave *act;
	enum client_kind kind;
	bool listed, sends;
} choices[] = {
    {peer_serves, CLIENT_WILLING, false, true},	      {peer_serves, CLIENT_WILLING, true, true},
    {peer_serves, CLIENT_BROWSER, false, false},      {peer_serves, CLIENT_BROWSER, true, true},
    {peer_lists_nobody, CLIENT_BROWSER, false, true}, {peer_lists_nobody, CLIENT_WILLING, false, true},
};

START_TEST(who_sends)
{
	struct job_credential c = credential();
	struct blob issuers[] = {client_issuer[0], server_name()};
	c.issuers = issuers;
	c.n_issuers = choices[_i].listed ? 2 : 1;
	for (size_t v = 0; v < 2; v++) {
		struct peer p = {.act = choices[_i].act, .text = OK_TEXT, .ask = true};
		struct job_step steps[] = {connect_step(versions[v]), request_step()};
		steps[0].connect.client = choices[_i].kind;
		peer_start(&p);
		run_steps(&p, steps, 2, &c);
		peer_stop(&p);
		const struct event *asked = observation_find(&seen, 0, EVENT_CERTIFICATE_REQUESTED, 0, -1);
		const struct event *sent = observation_find(&seen, 0, EVENT_CERTIFICATE_SENT, 0, -1);
		ck_assert_msg(asked && (sent != NULL) == choices[_i].sends, "%d: %s", _i, words(&seen));
		ck_assert_ptr_nonnull(observation_find(
		    &seen, 0, choices[_i].sends ? EVENT_CERTIFICATE_SENT : EVENT_CERTIFICATE_DECLINED, 0, -1));
		if (choices[_i].act == peer_serves) {
			ck_assert_int_eq(asked->a, 1);
			ck_assert_uint_eq((size_t)asked->b, issuers[1].len);
			ck_assert_str_eq(asked->text, "CN=server");
		} else {
			ck_assert_int_eq(asked->a, 0);
			ck_assert_ptr_null(asked->text);
		}
	}
	gnutls_free((void *)(uintptr_t)issuers[1].data);
}
END_TEST

/* Bytes that are no certificate go out as they are; the server says what it thinks. */
START_TEST(garbage_is_sent)
{
	struct peer p = {.act = peer_complains, .text = OK_TEXT, .ask = true};
	struct job_credential c = credential();
	struct blob garbage[] = {{"\x30\x03garbage", 9}};
	c.chain = garbage;
	struct job_step steps[] = {connect_step(versions[_i]), request_step()};
	peer_start(&p);
	run_steps(&p, steps, 2, &c);
	peer_stop(&p);
	const struct event *sent = observation_find(&seen, 0, EVENT_CERTIFICATE_SENT, 0, -1);
	ck_assert_msg(sent && observation_find(&seen, 0, EVENT_ALERT_RECEIVED, 0, -1), "%s", words(&seen));
	ck_assert_int_eq(sent->b, 9);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("credential");
	TCase *c = tcase_create("credential");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, possession_is_not_proved, 0, ROWS(liars));
	tcase_add_loop_test(c, who_sends, 0, ROWS(choices));
	tcase_add_loop_test(c, garbage_is_sent, 0, 2);
	suite_add_tcase(s, c);
	return s;
}
