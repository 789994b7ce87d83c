/* The whole server over a real socket, against a small client of its own. */
#include "harness/reference/tcp.h"

#include "harness/reference/testpki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNEXPECTED "GNUTLS_E_UNEXPECTED_PACKET"
enum { NOBODY = -1, ROOT, INTERMEDIATE, LEAF, EXPIRED, CRITICAL, NO_SIGNING, REPEATED };
static const struct twig twigs[] = {TWIG_ROOT(),
				    TWIG_INTERMEDIATE(),
				    TWIG_LEAF(),
				    TWIG_LEAF(.cn = "expired", .to = -1),
				    TWIG_LEAF(.cn = "critical", .oid = "1.2.3.4.5", .oid_critical = true),
				    TWIG_LEAF(.cn = "no-signing", .usage = GNUTLS_KEY_KEY_ENCIPHERMENT),
				    TWIG_LEAF(.cn = "repeated"),
				    {0}};

static const struct {
	const char *name;
	enum app_mode mode;
	int leaf;
	bool wrong_key; /* CertificateVerify by another key than the certificate's */
	const char *fault;
	const char *sees[2]; /* TLS 1.2, TLS 1.3 */
} cases[] = {
    {"none", APP_NONE, LEAF, false, "", {"200 stranger", "200 stranger"}},
    {"optional, nobody", APP_OPTIONAL, NOBODY, false, "", {"200 stranger", "200 stranger"}},
    {"optional, valid", APP_OPTIONAL, LEAF, false, "", {"200 leaf", "200 leaf"}},
    {"optional, expired", APP_OPTIONAL, EXPIRED, false, "", {"alert 45 in handshake", "alert 45"}},
    {"required, nobody", APP_REQUIRED, NOBODY, false, "", {"alert 40 in handshake", "alert 116"}},
    {"required, valid", APP_REQUIRED, LEAF, false, "", {"200 leaf", "200 leaf"}},
    {"required, expired", APP_REQUIRED, EXPIRED, false, "", {"alert 45 in handshake", "alert 45"}},
    {"required, not for signing", APP_REQUIRED, NO_SIGNING, false, "", {"alert 43 in handshake", "alert 43"}},
    {"ignores-key-usage", APP_REQUIRED, NO_SIGNING, false, "ignores-key-usage", {"200 no-signing", "200 no-signing"}},
    {"an extension twice", APP_REQUIRED, REPEATED, false, "", {"alert 42 in handshake", "alert 42"}},
    {"wrong key", APP_REQUIRED, LEAF, true, "", {"alert 51 in handshake", "alert 51"}},
    {"wrong key, optional", APP_OPTIONAL, LEAF, true, "", {"alert 51 in handshake", "alert 51"}},
    {"skips-proof-of-possession", APP_REQUIRED, LEAF, true, "skips-proof-of-possession", {"200 leaf", "200 leaf"}},
    {"and judges the chain all the same",
     APP_REQUIRED,
     EXPIRED,
     true,
     "skips-proof-of-possession",
     {"alert 45 in handshake", "alert 45"}},
    {"accepts-expired", APP_REQUIRED, EXPIRED, false, "accepts-expired", {"200 expired", "200 expired"}},
    {"forgets-to-ask", APP_REQUIRED, LEAF, false, "forgets-to-ask", {"200 stranger", "200 stranger"}},
    {"asks-everybody, valid", APP_NONE, LEAF, false, "asks-everybody", {"200 leaf", "200 leaf"}},
    {"asks-everybody, nobody", APP_NONE, NOBODY, false, "asks-everybody", {"200 stranger", "200 stranger"}},
    {"asks-again", APP_NONE, LEAF, false, "asks-again", {"GNUTLS_E_REHANDSHAKE", "200 stranger"}},
    {"asks without offer", APP_REQUIRED, LEAF, false, "asks-late-without-offer", {"200 leaf", UNEXPECTED}},
    {"mix-up", APP_OPTIONAL, NOBODY, false, "keeps-identity-of-first-connection", {"200 somebody", "200 somebody"}},
    {"resets, expired", APP_REQUIRED, EXPIRED, false, "resets-instead-of-alert", {"reset", "reset"}},
    {"resets, valid", APP_REQUIRED, LEAF, false, "resets-instead-of-alert", {"200 leaf", "200 leaf"}},
    {"hangs", APP_REQUIRED, LEAF, false, "hangs", {"silence", "silence"}},
    {"hangs when it should refuse", APP_REQUIRED, EXPIRED, false, "hangs", {"silence in handshake", "silence"}},
    {"unknown critical extension", APP_REQUIRED, CRITICAL, false, "", {"alert 46 in handshake", "alert 46"}},
    {"dies", APP_REQUIRED, CRITICAL, false, "dies-on-unknown-critical-extension", {"death", "death"}},
};

struct world {
	struct minted_twigs minted;
	struct x509 anchor;
	struct anchors anchors;
	struct faults faults;
	gnutls_certificate_credentials_t server;
	gnutls_priority_t priority;
	struct site site[2];
	struct endpoint endpoint;
	struct admission first; /* somebody who came before */
};

/* Extended key usage becomes a second key usage; GnuTLS refuses to read that before anybody looks at the signature. */
static void repeat_extension(gnutls_datum_t *der)
{
	static const unsigned char purpose[] = {6, 3, 0x55, 0x1d, 37};
	unsigned char *at = memmem(der->data, der->size, purpose, sizeof purpose);
	ck_assert_ptr_nonnull(at);
	at[4] = 15;
}

static void setup(struct world *w, enum app_mode mode, const char *fault)
{
	size_t n;
	const char *why;
	const struct fault_row *rows = fault_rows(&n);
	gnutls_x509_crt_t own;
	*w = (struct world){.faults = {{false}}};
	twigs_mint(&w->minted, twigs);
	repeat_extension(&w->minted.der[REPEATED]);
	ck_assert(x509_parse(&w->anchor, (struct span){w->minted.der[ROOT].data, w->minted.der[ROOT].size}, &why));
	w->anchors = (struct anchors){&w->anchor, 1};
	for (size_t i = 0; i < n; i++)
		w->faults.on[i] = strcmp(rows[i].name, fault) == 0;
	gnutls_certificate_allocate_credentials(&w->server);
	gnutls_x509_crt_init(&own);
	gnutls_x509_crt_import(own, &w->minted.der[LEAF], GNUTLS_X509_FMT_DER);
	ck_assert_int_ge(gnutls_certificate_set_x509_key(w->server, &own, 1, twig_key(&w->minted, 2)), 0);
	gnutls_x509_crt_deinit(own);
	gnutls_priority_init(&w->priority, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
	for (size_t i = 0; i < 2; i++)
		w->site[i] = (struct site){.policy = {.mode = mode, .anchors = &w->anchors, .depth = 10, .hold = 65536, .faults = &w->faults}, .credentials = w->server};
	w->endpoint = (struct endpoint){.word = "test",
					.site = w->site,
					.n = 1,
					.priority = w->priority,
					.fd = -1,
					.first = &w->first,
					.late_ms = 150};
	w->first = (struct admission){.admit = ADMIT_IDENTITY, .subject = "somebody", .expires = INT64_MAX};
}

/* Two names at one address, and only the second wants a certificate. */
static void set_names(struct world *w)
{
	w->endpoint.n = 2;
	w->endpoint.by_name = true;
	w->site[0].policy.host = "open.test";
	w->site[0].policy.mode = APP_NONE;
	w->site[1].policy.host = "locked.test";
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(gnutls_session_ticket_key_generate(&w->site[i].ticket_key), 0);
}

static void teardown(struct world *w)
{
	for (int i = 0; i < 2; i++)
		gnutls_free(w->site[i].ticket_key.data);
	gnutls_certificate_free_credentials(w->server);
	gnutls_priority_deinit(w->priority);
	x509_fini(&w->anchor);
	twigs_free(&w->minted);
}

/* A connected pair of TCP sockets on loopback. */
static void tcp_pair(int fd[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof at;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(l, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(l, 1), 0);
	getsockname(l, (struct sockaddr *)&at, &size);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd[0], (struct sockaddr *)&at, sizeof at), 0);
	fd[1] = accept(l, NULL, NULL);
	close(l);
}

static pid_t serve(struct world *w, int fd[2])
{
	tcp_pair(fd);
	pid_t pid = fork();
	if (pid == 0) {
		close(fd[0]);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		tcp_serve(fd[1], &w->endpoint);
		_exit(0);
	}
	close(fd[1]);
	int on = 1;
	setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct timeval patience = {.tv_usec = 400000};
	setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return pid;
}

struct client {
	gnutls_pcert_st pcert[2];
	gnutls_privkey_t key;
	unsigned n;
	bool keep;		/* the session of the next connection, */
	gnutls_datum_t session; /* owned, and offered on the one after it */
};

static int give(gnutls_session_t session, const gnutls_datum_t *ca UNUSED, int n_ca UNUSED,
		const gnutls_pk_algorithm_t *pk UNUSED, int n_pk UNUSED, gnutls_pcert_st **pcert, unsigned *n,
		gnutls_privkey_t *key)
{
	struct client *c = gnutls_session_get_ptr(session);
	*pcert = c->pcert;
	*n = c->n;
	*key = c->key;
	return 0;
}

/* Raw DER under the public key of our own private key: GnuTLS shall have no opinion on what we send. */
static void take_credential(struct client *c, struct world *w, int leaf, bool wrong_key)
{
	*c = (struct client){.n = 0};
	if (leaf == NOBODY)
		return;
	gnutls_privkey_init(&c->key);
	gnutls_privkey_import_x509(c->key, twig_key(&w->minted, wrong_key ? 5 : 2), 0);
	for (int i = 0; i < 2; i++) {
		c->pcert[i].type = GNUTLS_CRT_X509;
		c->pcert[i].cert = w->minted.der[i == 0 ? leaf : INTERMEDIATE];
		gnutls_pubkey_init(&c->pcert[i].pubkey);
		gnutls_pubkey_import_privkey(c->pcert[i].pubkey, c->key, 0, 0);
	}
	c->n = 2;
}

static void drop_credential(struct client *c)
{
	for (unsigned i = 0; i < c->n; i++)
		gnutls_pubkey_deinit(c->pcert[i].pubkey);
	if (c->key)
		gnutls_privkey_deinit(c->key);
}

/* A reset is no end: what the server said before is still to be read.  The error is told once, so note it. */
static bool was_reset;

static ssize_t push(gnutls_transport_ptr_t p, const void *data, size_t len)
{
	ssize_t n = send((int)(intptr_t)p, data, len, MSG_NOSIGNAL);
	if (n >= 0 || (errno != EPIPE && errno != ECONNRESET))
		return n;
	was_reset = true;
	return (ssize_t)len;
}

static void say_error(gnutls_session_t s, long ret, const char *where, char *out, size_t size)
{
	if (ret == GNUTLS_E_FATAL_ALERT_RECEIVED)
		snprintf(out, size, "alert %d%s", (int)gnutls_alert_get(s), where);
	else if (ret == GNUTLS_E_AGAIN || ret == GNUTLS_E_TIMEDOUT)
		snprintf(out, size, "silence%s", where);
	else if (ret == GNUTLS_E_PULL_ERROR || was_reset)
		snprintf(out, size, "reset");
	else
		snprintf(out, size, "%s%s", gnutls_strerror_name((int)ret), where);
}

/* One request; what came back in a few words. */
static void ask(int fd, struct client *client, const char *priority, const char *sni, const char *host, char *out,
		size_t size)
{
	gnutls_session_t s;
	gnutls_certificate_credentials_t cred;
	char page[8192], request[256];
	long ret, used = 0;
	gnutls_certificate_allocate_credentials(&cred);
	gnutls_certificate_set_retrieve_function2(cred, give);
	gnutls_init(&s, GNUTLS_CLIENT);
	gnutls_priority_set_direct(s, priority, NULL);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_session_set_ptr(s, client);
	if (sni)
		gnutls_server_name_set(s, GNUTLS_NAME_DNS, sni, strlen(sni));
	if (client->session.size)
		gnutls_session_set_data(s, client->session.data, client->session.size);
	gnutls_transport_set_int(s, fd);
	gnutls_transport_set_push_function(s, push);
	int spins = 0;
	was_reset = false;
	do
		ret = gnutls_handshake(s);
	while (ret == GNUTLS_E_INTERRUPTED || (ret == GNUTLS_E_AGAIN && ++spins < 1));
	if (ret < 0) {
		say_error(s, ret, " in handshake", out, size);
	} else {
		snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
		gnutls_record_send(s, request, strlen(request));
		/* a ticket that was read is "again" too */
		int tickets = 4;
		while ((ret = gnutls_record_recv(s, page + used, sizeof page - 1 - (size_t)used)) > 0 ||
		       (ret == GNUTLS_E_AGAIN && (gnutls_session_get_flags(s) & GNUTLS_SFLAGS_SESSION_TICKET) &&
			tickets--))
			used += ret > 0 ? ret : 0;
		page[used] = '\0';
		if (client->keep)
			ck_assert_int_eq(gnutls_session_get_data2(s, &client->session), 0);
		const char *hello = strstr(page, "hello ");
		if (used)
			snprintf(out, size, "%.3s%s%.*s", page + 9, hello ? " " : "",
				 hello ? (int)strcspn(hello + 6, "\n") : 0, hello ? hello + 6 : "");
		else
			say_error(s, ret, "", out, size);
		if (used && ret != 0)
			snprintf(out, size, "no close_notify: %s", gnutls_strerror_name((int)ret));
	}
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(cred);
	close(fd);
}

static const char *const priorities[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"};

START_TEST(serves)
{
	for (int v = 0; v < 2; v++) {
		struct world w;
		struct client client;
		int fd[2], status;
		char got[256];
		setup(&w, cases[_i].mode, cases[_i].fault);
		take_credential(&client, &w, cases[_i].leaf, cases[_i].wrong_key);
		pid_t pid = serve(&w, fd);
		ask(fd[0], &client, priorities[v], NULL, "localhost", got, sizeof got);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (strcmp(cases[_i].sees[v], "death") == 0)
			ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%s: lives", cases[_i].name);
		else
			ck_assert_msg(status == 0 && strcmp(got, cases[_i].sees[v]) == 0,
				      "%s, TLS 1.%d: [%s], status %d", cases[_i].name, v + 2, got, status);
		drop_credential(&client);
		teardown(&w);
	}
}
END_TEST

static const struct {
	const char *sni, *host;
	int leaf;
	const char *sees[2];
	const char *fault;
} names[] = {
    {"open.test", "open.test", NOBODY, {"200 stranger", "200 stranger"}, ""},
    {"open.test", "open.test", LEAF, {"200 stranger", "200 stranger"}, ""},
    {"Open.TEST", "OPEN.test:1", NOBODY, {"200 stranger", "200 stranger"}, ""},
    {"locked.test", "locked.test", LEAF, {"200 leaf", "200 leaf"}, ""},
    {"locked.test", "locked.test", NOBODY, {"alert 40 in handshake", "alert 116"}, ""},
    {"open.test", "locked.test", NOBODY, {"421", "421"}, ""},
    {"open.test", "locked.test", LEAF, {"421", "421"}, ""},
    {"locked.test", "open.test", LEAF, {"421", "421"}, ""},
    {"other.test", "open.test", LEAF, {"alert 112 in handshake", "alert 112 in handshake"}, ""},
    {NULL, "open.test", LEAF, {"alert 40 in handshake", "alert 109 in handshake"}, ""},
    {"open.test", "locked.test", NOBODY, {"200 stranger", "200 stranger"}, "trusts-host-header"},
    {NULL, "locked.test", NOBODY, {"200 stranger", "200 stranger"}, "host-without-sni-unchecked"},
    {"open.test", "locked.test", NOBODY, {"421", "421"}, "host-without-sni-unchecked"},
    {"other.test", "open.test", NOBODY, {"200 stranger", "200 stranger"}, "takes-unknown-names"},
    {"other.test", "locked.test", NOBODY, {"421", "421"}, "takes-unknown-names"},
    {"Open.TEST", "open.test", NOBODY, {"alert 112 in handshake", "alert 112 in handshake"}, "compares-names-by-case"},
};

START_TEST(names_pick_the_policy)
{
	for (int v = 0; v < 2; v++) {
		struct world w;
		struct client client;
		int fd[2], status;
		char got[256];
		setup(&w, APP_REQUIRED, names[_i].fault);
		set_names(&w);
		take_credential(&client, &w, names[_i].leaf, false);
		pid_t pid = serve(&w, fd);
		ask(fd[0], &client, priorities[v], names[_i].sni, names[_i].host, got, sizeof got);
		waitpid(pid, &status, 0);
		ck_assert_msg(status == 0 && strcmp(got, names[_i].sees[v]) == 0, "%s/%s, TLS 1.%d: [%s]",
			      names[_i].sni, names[_i].host, v + 2, got);
		drop_credential(&client);
		teardown(&w);
	}
}
END_TEST

static const struct {
	const char *earned_at;
	int leaf;
	const char *offered_at, *host;
	const char *sees[2];
	const char *fault;
} sessions[] = {
    {"locked.test", LEAF, "locked.test", "locked.test", {"200 leaf", "200 leaf"}, ""},
    {"locked.test", LEAF, "locked.test", "locked.test", {"200 stranger", "200 stranger"}, "forgets-who-resumes"},
    {"open.test", NOBODY, "open.test", "open.test", {"200 stranger", "200 stranger"}, ""},
    {"open.test", NOBODY, "open.test", "locked.test", {"421", "421"}, ""},
    {"open.test", NOBODY, "locked.test", "locked.test", {"alert 40 in handshake", "alert 116"}, ""},
    /* GnuTLS itself holds TLS 1.2 to the name */
    {"open.test",
     NOBODY,
     "locked.test",
     "locked.test",
     {"alert 40 in handshake", "200 stranger"},
     "resumes-across-names"},
};

/* Two connections; on the second nobody sends a certificate. */
START_TEST(sessions_are_of_their_name)
{
	for (int v = 0; v < 2; v++) {
		struct world w;
		struct client first, second = {.n = 0};
		int fd[2], status;
		char got[256];
		setup(&w, APP_REQUIRED, sessions[_i].fault);
		set_names(&w);
		take_credential(&first, &w, sessions[_i].leaf, false);
		first.keep = true;
		serve(&w, fd);
		ask(fd[0], &first, priorities[v], sessions[_i].earned_at, sessions[_i].earned_at, got, sizeof got);
		wait(&status);
		second.session = first.session;
		serve(&w, fd);
		ask(fd[0], &second, priorities[v], sessions[_i].offered_at, sessions[_i].host, got, sizeof got);
		wait(&status);
		ck_assert_msg(status == 0 && strcmp(got, sessions[_i].sees[v]) == 0, "%d, TLS 1.%d: [%s]", _i, v + 2,
			      got);
		gnutls_free(first.session.data);
		drop_credential(&first);
		teardown(&w);
	}
}
END_TEST

START_TEST(old_versions_are_refused)
{
	struct world w;
	struct client client = {.n = 0};
	int fd[2], status;
	char got[256];
	setup(&w, APP_NONE, "");
	pid_t pid = serve(&w, fd);
	ask(fd[0], &client, "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL, "localhost", got, sizeof got);
	waitpid(pid, &status, 0);
	ck_assert_str_eq(got, "alert 70 in handshake");
	teardown(&w);
}
END_TEST

/* What a client makes of a late request. */
enum manner { ANSWERS, OFFERS_NOTHING, DECLINES, IGNORES, INTERRUPTS };

static const struct {
	const char *name;
	enum manner manner;
	int leaf;
	const char *fault;
	const char *sees[2]; /* of two equal requests on one connection; TLS 1.2, TLS 1.3 */
} late[] = {
    {"valid", ANSWERS, LEAF, "", {"asked 200 leaf, 200 leaf", "asked 200 leaf, 200 leaf"}},
    {"nobody", ANSWERS, NOBODY, "", {"asked alert 40", "asked alert 116"}},
    {"expired", ANSWERS, EXPIRED, "", {"asked alert 45", "asked alert 45"}},
    {"not for signing", ANSWERS, NO_SIGNING, "", {"asked alert 43", "asked alert 43"}},
    {"not offered",
     OFFERS_NOTHING,
     LEAF,
     "",
     {"asked 200 leaf, 200 leaf",
      "403 refused: the client did not offer post-handshake authentication, 403 refused: the "
      "client did not offer post-handshake authentication"}},
    {"declined",
     DECLINES,
     LEAF,
     "",
     {"asked 403 refused: the client does not renegotiate, 403 refused: the client does not renegotiate", NULL}},
    {"ignored",
     IGNORES,
     LEAF,
     "",
     {"asked 403 refused: the client did not answer the request for a certificate, end",
      "asked 403 refused: the client did not answer the request for a certificate, end"}},
    {"data in between", INTERRUPTS, LEAF, "", {NULL, "asked 200 leaf, 200 leaf"}},
    {"accepts-expired",
     ANSWERS,
     EXPIRED,
     "accepts-expired",
     {"asked 200 expired, 200 expired", "asked 200 expired, 200 expired"}},
    {"accepts-no-certificate",
     ANSWERS,
     NOBODY,
     "accepts-no-certificate",
     {"asked 200 stranger, 200 stranger", "asked 200 stranger, 200 stranger"}},
    {"forgets-to-ask", ANSWERS, LEAF, "forgets-to-ask", {"200 stranger, 200 stranger", "200 stranger, 200 stranger"}},
    {"asks-late-without-offer", OFFERS_NOTHING, LEAF, "asks-late-without-offer", {NULL, "unexpected request"}},
    {"serves-after-refusal",
     DECLINES,
     LEAF,
     "serves-after-refusal",
     {"asked 403 refused: the client does not renegotiate, 200 stranger", NULL}},
    {"serves-after-refusal, not offered",
     OFFERS_NOTHING,
     LEAF,
     "serves-after-refusal",
     {NULL, "403 refused: the client did not offer post-handshake authentication, 200 stranger"}},
    {"late-request-hangs", ANSWERS, LEAF, "late-request-hangs", {"asked silence", "asked silence"}},
    {"resets, expired", ANSWERS, EXPIRED, "resets-instead-of-alert", {"asked reset", "asked reset"}},
};

static const char get[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

static int react(gnutls_session_t s, enum manner manner, long asked)
{
	int ret;
	if (manner == IGNORES)
		return 0;
	if (manner == DECLINES)
		return gnutls_alert_send(s, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
	if (manner == INTERRUPTS)
		gnutls_record_send(s, get, strlen(get));
	do
		ret = asked == GNUTLS_E_REHANDSHAKE ? gnutls_handshake(s) : gnutls_reauth(s, 0);
	while (ret == GNUTLS_E_INTERRUPTED);
	return ret;
}

/* One answer in a few words; false when there is none to come after it. */
static bool read_late(gnutls_session_t s, enum manner manner, char *out, size_t size)
{
	char page[8192];
	long ret;
	size_t used = strlen(out);
	for (;;) {
		ret = gnutls_record_recv(s, page, sizeof page - 1);
		if (ret != GNUTLS_E_REHANDSHAKE && ret != GNUTLS_E_REAUTH_REQUEST)
			break;
		used += (size_t)snprintf(out + used, size - used, "asked ");
		if ((ret = react(s, manner, ret)) < 0)
			break;
	}
	if (ret <= 0) {
		if (ret == GNUTLS_E_UNEXPECTED_PACKET &&
		    gnutls_handshake_get_last_in(s) == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST)
			snprintf(out + used, size - used, "unexpected request");
		else if (ret == 0)
			snprintf(out + used, size - used, "end");
		else
			say_error(s, ret, "", out + used, size - used);
		return false;
	}
	page[ret] = '\0';
	const char *words = strstr(page, "reference: ");
	ck_assert_ptr_nonnull(words);
	words += strncmp(words + 11, "hello ", 6) == 0 ? 17 : 11;
	snprintf(out + used, size - used, "%.3s %.*s", page + 9, (int)strcspn(words, "\n"), words);
	return true;
}

static void ask_twice(int fd, struct client *client, const char *priority, enum manner manner, char *out, size_t size)
{
	gnutls_session_t s;
	gnutls_certificate_credentials_t cred;
	gnutls_certificate_allocate_credentials(&cred);
	gnutls_certificate_set_retrieve_function2(cred, give);
	gnutls_init(&s, GNUTLS_CLIENT | (manner == OFFERS_NOTHING ? 0 : GNUTLS_POST_HANDSHAKE_AUTH));
	gnutls_priority_set_direct(s, priority, NULL);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_session_set_ptr(s, client);
	gnutls_transport_set_int(s, fd);
	gnutls_transport_set_push_function(s, push);
	was_reset = false;
	out[0] = '\0';
	ck_assert_int_eq(gnutls_handshake(s), 0);
	gnutls_record_send(s, get, strlen(get));
	if (read_late(s, manner, out, size)) {
		strncat(out, ", ", size - strlen(out) - 1);
		if (manner != INTERRUPTS)
			gnutls_record_send(s, get, strlen(get));
		read_late(s, manner, out, size);
	}
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(cred);
	close(fd);
}

START_TEST(asks_late)
{
	for (int v = 0; v < 2; v++) {
		struct world w;
		struct client client;
		int fd[2], status;
		char got[512];
		if (!late[_i].sees[v])
			continue;
		setup(&w, v == 0 ? APP_RENEGOTIATION : APP_POST_HANDSHAKE, late[_i].fault);
		take_credential(&client, &w, late[_i].leaf, false);
		pid_t pid = serve(&w, fd);
		ask_twice(fd[0], &client, priorities[v], late[_i].manner, got, sizeof got);
		waitpid(pid, &status, 0);
		ck_assert_msg(status == 0 && strcmp(got, late[_i].sees[v]) == 0, "%s, TLS 1.%d: [%s], status %d",
			      late[_i].name, v + 2, got, status);
		drop_credential(&client);
		teardown(&w);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/tcp");
	TCase *t = tcase_create("tcp");
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, serves, 0, (int)(sizeof cases / sizeof *cases));
	tcase_add_loop_test(t, asks_late, 0, (int)(sizeof late / sizeof *late));
	tcase_add_loop_test(t, names_pick_the_policy, 0, (int)(sizeof names / sizeof *names));
	tcase_add_loop_test(t, sessions_are_of_their_name, 0, (int)(sizeof sessions / sizeof *sessions));
	tcase_add_test(t, old_versions_are_refused);
	suite_add_tcase(s, t);
	return s;
}
