#include "harness/reference/unoffered.h"

#include "harness/reference/testpki.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct twig twigs[] = {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(), {0}};

/* Client and server over a pair of sockets, handshake done. */
struct pair {
	struct minted_twigs minted;
	gnutls_certificate_credentials_t credentials[2];
	gnutls_session_t client, server;
	int fd[2];
};

static void open_pair(struct pair *p, const char *priority, unsigned client_flags)
{
	gnutls_x509_crt_t own;
	int ret[2] = {GNUTLS_E_AGAIN, GNUTLS_E_AGAIN};
	*p = (struct pair){.client = NULL};
	twigs_mint(&p->minted, twigs);
	gnutls_certificate_allocate_credentials(&p->credentials[0]);
	gnutls_certificate_allocate_credentials(&p->credentials[1]);
	gnutls_x509_crt_init(&own);
	gnutls_x509_crt_import(own, &p->minted.der[2], GNUTLS_X509_FMT_DER);
	ck_assert_int_ge(gnutls_certificate_set_x509_key(p->credentials[1], &own, 1, twig_key(&p->minted, 2)), 0);
	gnutls_x509_crt_deinit(own);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fd), 0);
	gnutls_init(&p->client, GNUTLS_CLIENT | client_flags);
	gnutls_init(&p->server, GNUTLS_SERVER | GNUTLS_NO_TICKETS | GNUTLS_POST_HANDSHAKE_AUTH);
	gnutls_session_t both[] = {p->client, p->server};
	for (int i = 0; i < 2; i++) {
		gnutls_priority_set_direct(both[i], priority, NULL);
		gnutls_credentials_set(both[i], GNUTLS_CRD_CERTIFICATE, p->credentials[i]);
		gnutls_transport_set_int(both[i], p->fd[i]);
	}
	for (int turn = 0; turn < 20 && (ret[0] || ret[1]); turn++)
		if (ret[turn % 2])
			ret[turn % 2] = gnutls_handshake(both[turn % 2]);
	ck_assert_int_eq(ret[0], 0);
	ck_assert_int_eq(ret[1], 0);
}

static void close_pair(struct pair *p)
{
	gnutls_deinit(p->client);
	gnutls_deinit(p->server);
	for (int i = 0; i < 2; i++) {
		gnutls_certificate_free_credentials(p->credentials[i]);
		close(p->fd[i]);
	}
	twigs_free(&p->minted);
}

static void ask(struct pair *p)
{
	unsigned char record[UNOFFERED_MAX];
	size_t n = unoffered_request(p->server, record);
	ck_assert_uint_gt(n, 0);
	ck_assert_int_eq(write(p->fd[1], record, n), (ssize_t)n);
}

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+"
static const char *const ciphers[] = {TLS13 "AES-128-GCM", TLS13 "AES-256-GCM", TLS13 "CHACHA20-POLY1305"};

/* A client that did offer understands it: each time, with other records before and between. */
START_TEST(is_a_certificate_request)
{
	struct pair p;
	char byte;
	open_pair(&p, ciphers[_i], GNUTLS_POST_HANDSHAKE_AUTH);
	ck_assert(!unoffered_is_possible(p.server));
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(gnutls_record_send(p.server, "x", 1), 1);
		ck_assert_int_eq(gnutls_record_recv(p.client, &byte, 1), 1);
		ask(&p);
		ck_assert_int_eq(gnutls_record_recv(p.client, &byte, 1), GNUTLS_E_REAUTH_REQUEST);
	}
	close_pair(&p);
}
END_TEST

START_TEST(is_unexpected_by_who_did_not_offer)
{
	struct pair p;
	char byte;
	open_pair(&p, ciphers[0], 0);
	ck_assert(unoffered_is_possible(p.server));
	ask(&p);
	ck_assert_int_eq(gnutls_record_recv(p.client, &byte, 1), GNUTLS_E_UNEXPECTED_PACKET);
	ck_assert_int_eq(gnutls_handshake_get_last_in(p.client), GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST);
	close_pair(&p);
}
END_TEST

START_TEST(is_not_for_older_versions)
{
	struct pair p;
	unsigned char record[UNOFFERED_MAX];
	open_pair(&p, "NORMAL:-VERS-ALL:+VERS-TLS1.2", 0);
	ck_assert(!unoffered_is_possible(p.server));
	ck_assert_uint_eq(unoffered_request(p.server, record), 0);
	close_pair(&p);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/unoffered");
	TCase *t = tcase_create("unoffered");
	tcase_add_loop_test(t, is_a_certificate_request, 0, (int)(sizeof ciphers / sizeof *ciphers));
	tcase_add_test(t, is_unexpected_by_who_did_not_offer);
	tcase_add_test(t, is_not_for_older_versions);
	suite_add_tcase(s, t);
	return s;
}
