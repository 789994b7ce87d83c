/* What is remembered of a server, its sessions and its chain, against a GnuTLS server in a forked child. */
#include "clients/peer_test.h"

#define OPEN13 "connect connected hello-sent first-byte server-chain handshake-done "

static const unsigned versions[] = {TLS12, TLS13};

static gnutls_datum_t ticket_key;

static void peer_gives_tickets(const struct peer *p, int fd)
{
	gnutls_session_t s = server_side(p, fd);
	gnutls_session_ticket_enable_server(s, &ticket_key);
	if (shake(s) == 0) {
		read_request(s);
		write_all(s, p->text);
		read_request(s);
	}
	gnutls_deinit(s);
}

START_TEST(session_is_resumed)
{
	struct peer p = {.act = peer_gives_tickets, .text = OK_TEXT, .ask = true};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(versions[_i]), request_step(),
				   verb_step(VERB_SAVE, 0),    verb_step(VERB_CLOSE, 0),
				   connect_step(versions[_i]), request_step()};
	steps[4].conn = steps[5].conn = 1;
	steps[4].connect.resume = "ticket";
	steps[5].req = 1;
	gnutls_session_ticket_key_generate(&ticket_key);
	peer_start(&p);
	run_steps(&p, steps, 6, &c);
	peer_stop(&p);
	gnutls_free(ticket_key.data);
	ck_assert_ptr_nonnull(observation_find(&seen, 0, EVENT_SESSION_SAVED, 0, -1));
	ck_assert_ptr_nonnull(observation_find(&seen, 0, EVENT_SESSION_OFFERED, 1, -1));
	ck_assert_ptr_nonnull(observation_find(&seen, 0, EVENT_RESUMED, 1, -1));
	ck_assert_ptr_null(observation_find(&seen, 0, EVENT_CERTIFICATE_REQUESTED, 1, -1));
	ck_assert_int_eq(observation_find(&seen, 0, EVENT_RESPONSE, 1, 1)->a, 200);
}
END_TEST

/* No ticket was given: nothing is saved, and the second handshake is a full one. */
START_TEST(session_is_absent)
{
	struct peer p = {.act = peer_serves, .text = OK_TEXT, .flags = GNUTLS_NO_TICKETS};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13),	     request_step(),	  verb_step(VERB_SAVE, 0),
				   verb_step(VERB_CLOSE, 0), connect_step(TLS13), request_step()};
	steps[4].connect.resume = "ticket";
	steps[5].req = 1;
	peer_start(&p);
	run_steps(&p, steps, 6, &c);
	peer_stop(&p);
	expect(OPEN13 "request-sent response=200 excerpt body=2 closed " OPEN13
		      "request-sent response=200 excerpt body=2 closed");
}
END_TEST

/* --- the server's chain --- */

static void write_pem(const char *path, const gnutls_datum_t *der)
{
	gnutls_datum_t pem;
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(gnutls_pem_base64_encode2("CERTIFICATE", der, &pem), 0);
	fwrite(pem.data, 1, pem.size, f);
	fclose(f);
	gnutls_free(pem.data);
}

START_TEST(server_chain)
{
	struct peer p = {.act = peer_serves, .text = OK_TEXT};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	char good[] = "/tmp/mtlspec-ca-XXXXXX", bad[] = "/tmp/mtlspec-ca-XXXXXX";
	close(mkstemp(good));
	close(mkstemp(bad));
	write_pem(good, &kept_der[0]);
	write_pem(bad, &kept_der[1]);
	peer_start(&p);
	struct job job = job_of(&p, steps, 2, &c);
	run_job(&job);
	char leaf[65];
	snprintf(leaf, sizeof leaf, "%s", observation_find(&seen, 0, EVENT_SERVER_CHAIN, 0, -1)->text);
	ck_assert_uint_eq(strlen(leaf), 64);
	job.server_ca = good;
	run_job(&job);
	ck_assert_ptr_nonnull(observation_find(&seen, 0, EVENT_RESPONSE, 0, 0));
	run_job(&job); /* now by comparison alone */
	ck_assert_str_eq(observation_find(&seen, 0, EVENT_SERVER_CHAIN, 0, -1)->text, leaf);
	ck_assert_ptr_nonnull(observation_find(&seen, 0, EVENT_RESPONSE, 0, 0));
	job.server_subject = true;
	run_job(&job);
	const char *text = observation_find(&seen, 0, EVENT_SERVER_CHAIN, 0, -1)->text;
	ck_assert(text_starts(text, leaf) && strcmp(text + 64, " CN=server") == 0);
	job.server_subject = false;
	for (int again = 0; again < 2; again++) {
		job.server_ca = bad;
		run_job(&job);
		expect("connect connected hello-sent first-byte server-chain tls-error alert-sent handshake-failed");
	}
	peer_stop(&p);
	unlink(good);
	unlink(bad);
}
END_TEST

/* The same address shows another certificate: said, and the one seen first stays the measure. */
START_TEST(server_chain_changes)
{
	struct peer p = {.act = peer_serves, .text = OK_TEXT};
	struct job_credential c = credential();
	struct job_step steps[] = {connect_step(TLS13), request_step()};
	uint16_t port;
	peer_start(&p);
	struct job job = job_of(&p, steps, 2, &c);
	port = p.port;
	run_job(&job);
	peer_stop(&p);
	pki_close();
	pki_open();
	for (int again = 0; again < 2; again++) {
		p.port = port;
		peer_start(&p);
		struct job_credential other = credential();
		job.credentials = &other;
		run_job(&job);
		peer_stop(&p);
		ck_assert_ptr_nonnull(observation_find(&seen, 0, EVENT_SERVER_CHAIN_CHANGED, 0, -1));
		ck_assert_ptr_null(observation_find(&seen, 0, EVENT_SERVER_CHAIN, 0, -1));
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("session");
	TCase *c = tcase_create("session");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, session_is_resumed, 0, 2);
	tcase_add_test(c, session_is_absent);
	tcase_add_test(c, server_chain);
	tcase_add_test(c, server_chain_changes);
	suite_add_tcase(s, c);
	return s;
}
