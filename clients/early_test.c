/* Early data, against a GnuTLS server in a forked child that takes it, throws it away or never said it would. */
#include "clients/peer_test.h"

static gnutls_datum_t ticket_key;
static gnutls_anti_replay_t anti_replay;

/* No two ClientHellos of these tests are the same. */
static int add_hello(void *context, time_t until, const gnutls_datum_t *key, const gnutls_datum_t *data)
{
	(void)context, (void)until, (void)key, (void)data;
	return 0;
}

/*
 * Tickets with early data when p->number is not 0, of so many bytes; what comes early is read and counted as a request.
 * With p->text "reject" the second connection takes none.
 */
static void peer_takes_early_data(const struct peer *p, int fd)
{
	static unsigned connections;
	bool rejects = strcmp(p->text, "reject") == 0 && connections++ > 0;
	gnutls_session_t s = server_side(p, fd);
	char buf[16384];
	gnutls_session_ticket_enable_server(s, &ticket_key);
	gnutls_record_set_max_early_data_size(s, p->number);
	if (!rejects)
		gnutls_anti_replay_enable(s, anti_replay);
	if (shake(s) == 0) {
		ssize_t n = gnutls_record_recv_early_data(s, buf, sizeof buf);
		/* a request that came in full is answered; otherwise the rest of it follows */
		if (n < 4 || memcmp(buf + n - 4, "\r\n\r\n", 4) != 0)
			read_request(s);
		write_all(s, OK_TEXT);
		while (gnutls_record_recv(s, buf, sizeof buf) > 0)
			write_all(s, OK_TEXT);
	}
	gnutls_deinit(s);
}

#define FIRST "connect connected hello-sent first-byte certificate-requested server-chain certificate-sent handshake-done "      \
	      "request-sent session-ticket session-ticket response=200 excerpt body=2 session-saved closed "
#define SECOND "connect connected session-offered "
#define EARLY SECOND "request-sent early-data-sent hello-sent first-byte handshake-done resumed "
#define ANSWERED "session-ticket session-ticket response=200 excerpt body=2 closed"

static const struct {
	const char *name, *text;
	unsigned bytes;
	unsigned flags;
	const char *want;
	bool without; /* the script does not ask for it */
} rows[] = {
    {"taken, and answered by a server that waits for our Finished", "", 1024, GNUTLS_ENABLE_EARLY_DATA,
     FIRST EARLY "early-data-accepted finished-sent " ANSWERED, false},
    {"taken as far as the ticket allows", "", 8, GNUTLS_ENABLE_EARLY_DATA, FIRST EARLY "early-data-accepted finished-sent " ANSWERED,
     false},
    {"thrown away, and sent again", "reject", 1024, GNUTLS_ENABLE_EARLY_DATA, FIRST EARLY "early-data-rejected " ANSWERED, false},
    {"not allowed by the ticket", "", 1024, 0, FIRST SECOND "hello-sent first-byte handshake-done resumed request-sent " ANSWERED, false},
    {"not asked for", "", 1024, GNUTLS_ENABLE_EARLY_DATA,
     FIRST SECOND "hello-sent first-byte handshake-done resumed request-sent " ANSWERED, true},
};

static void begin(struct peer *p, struct job_step steps[static 6])
{
	steps[0] = steps[4] = connect_step(TLS13);
	steps[1] = steps[5] = request_step();
	steps[2] = verb_step(VERB_SAVE, 0);
	steps[3] = verb_step(VERB_CLOSE, 0);
	steps[4].conn = steps[5].conn = steps[5].req = 1;
	steps[4].connect.resume = "ticket";
	gnutls_session_ticket_key_generate(&ticket_key);
	ck_assert_int_eq(gnutls_anti_replay_init(&anti_replay), 0);
	gnutls_anti_replay_set_add_function(anti_replay, add_hello);
	peer_start(p);
}

static void end(struct peer *p)
{
	peer_stop(p);
	gnutls_anti_replay_deinit(anti_replay);
	gnutls_free(ticket_key.data);
}

START_TEST(early)
{
	struct peer p = {.act = peer_takes_early_data, .text = rows[_i].text, .ask = true, .number = rows[_i].bytes,
			 .flags = rows[_i].flags};
	struct job_credential c = credential();
	struct job_step steps[6];
	begin(&p, steps);
	steps[4].connect.early = !rows[_i].without;
	run_steps(&p, steps, 6, &c);
	end(&p);
	ck_assert_msg(strcmp(words(&seen), rows[_i].want) == 0, "%s:\n%s\n%s", rows[_i].name, words(&seen), rows[_i].want);
	const struct event *sent = observation_find(&seen, 0, EVENT_EARLY_DATA_SENT, 1, -1);
	if (sent && rows[_i].bytes < 1024)
		ck_assert_int_eq(sent->a, rows[_i].bytes);
}
END_TEST

/* Nobody read, so that the handshake never began: nothing was said, and nothing is left behind. */
START_TEST(never_read)
{
	struct peer p = {.act = peer_takes_early_data, .text = "", .ask = true, .number = 1024, .flags = GNUTLS_ENABLE_EARLY_DATA};
	struct job_credential c = credential();
	struct job_step steps[6];
	begin(&p, steps);
	steps[4].connect.early = true;
	run_steps(&p, steps, 5, &c);
	end(&p);
	expect(FIRST "connect connected session-offered");
}
END_TEST

/* A second request on the connection goes out behind our Finished, as ever. */
START_TEST(second_request)
{
	struct peer p = {.act = peer_takes_early_data, .text = "", .ask = true, .number = 1024, .flags = GNUTLS_ENABLE_EARLY_DATA};
	struct job_credential c = credential();
	struct job_step steps[7];
	begin(&p, steps);
	steps[4].connect.early = true;
	steps[6] = request_step();
	steps[6].conn = 1;
	steps[6].req = 2;
	run_steps(&p, steps, 7, &c);
	end(&p);
	expect(FIRST EARLY "early-data-accepted finished-sent session-ticket session-ticket response=200 excerpt body=2 request-sent response=200 excerpt body=2 closed");
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("early");
	TCase *c = tcase_create("early");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, early, 0, ROWS(rows));
	tcase_add_test(c, never_read);
	tcase_add_test(c, second_request);
	suite_add_tcase(s, c);
	return s;
}
