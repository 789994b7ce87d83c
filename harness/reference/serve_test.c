/* The listener as a process: its words, its sockets, its end. */
#include "harness/reference/reference.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/text.h"
#include "harness/reference/testpki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rundir dir;
static char anchor[600], key[600], junk[600];

static void write_file(char *path, size_t size, const char *name, const gnutls_datum_t *text)
{
	struct err err = {{0}};
	snprintf(path, size, "%s/%s", dir.path, name);
	ck_assert_int_eq(fs_write(path, text->data, text->size, 0600, &err), RC_OK);
}

static void setup(void)
{
	static const struct twig twigs[] = {TWIG_ROOT(), {0}};
	struct err err = {{0}};
	struct minted_twigs m;
	gnutls_datum_t pem, rubbish = {(unsigned char *)(uintptr_t) "no PEM\n", 7};
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
	twigs_mint(&m, twigs);
	gnutls_pem_base64_encode2("CERTIFICATE", &m.der[0], &pem);
	write_file(anchor, sizeof anchor, "anchor.pem", &pem);
	gnutls_free(pem.data);
	gnutls_x509_privkey_export2(twig_key(&m, 0), GNUTLS_X509_FMT_PEM, &pem);
	write_file(key, sizeof key, "key.pem", &pem);
	gnutls_free(pem.data);
	write_file(junk, sizeof junk, "junk.pem", &rubbish);
	twigs_free(&m);
}

static void teardown(void)
{
	rundir_close(&dir);
}

/* @a, @k and @j stand for the files above. */
static int arguments(const char *words, char *store, size_t size, char **argv)
{
	int argc = 0;
	char word[256];
	argv[argc++] = (char *)(uintptr_t) "serve";
	while (text_word(&words, word, sizeof word)) {
		const char *file = strcmp(word, "@a") == 0   ? anchor
				   : strcmp(word, "@k") == 0 ? key
				   : strcmp(word, "@j") == 0 ? junk
							     : word;
		size_t n = (size_t)snprintf(store, size, "%s", file) + 1;
		argv[argc++] = store;
		store += n;
		size -= n;
	}
	argv[argc] = NULL;
	return argc;
}

#define TLS "--certificate @a --key @k --anchors @a "
static const struct {
	const char *words, *says;
} refused[] = {
    {"", "nothing to serve"},
    {"--listen required=127.0.0.1:0", "TLS needs"},
    {"--listen nonsense=127.0.0.1:0", "no mode is called nonsense"},
    {"--listen plain", "expected LEFT=RIGHT"},
    {"--listen plain=127.0.0.1", "expected IP:PORT"},
    {"--listen plain=localhost:0", "expected IP:PORT"},
    {"--listen plain:=127.0.0.1:0", "only plain:HOST"},
    {TLS "--listen none:a=127.0.0.1:0", "only plain:HOST"},
    {"--listen plain=127.0.0.1:0 --fault nonsense", "no fault is called nonsense"},
    {"--listen plain=127.0.0.1:0 word", "takes no argument word"},
    {"--listen plain=127.0.0.1:0 --depth many", "a number"},
    {TLS "--listen by-name=127.0.0.1:0", "by-name needs --name"},
    {TLS "--listen by-name=127.0.0.1:0 --name a=plain", "the mode is"},
    {TLS "--listen by-name=127.0.0.1:0 --name a=required,other", "no anchors are given for other"},
    {TLS "--anchors-for other=@j --listen none=127.0.0.1:0", "cannot"},
    {"--certificate @a --key @k --anchors @j --listen none=127.0.0.1:0", "no PEM certificates"},
    {"--certificate @j --key @k --anchors @a --listen none=127.0.0.1:0", "junk.pem"},
};

START_TEST(refuses)
{
	char store[4096], *argv[32];
	struct err err = {{0}};
	int argc = arguments(refused[_i].words, store, sizeof store, argv);
	enum rc rc = reference_serve(argc, argv, &err);
	ck_assert_msg(rc == RC_INPUT || rc == RC_ABSENT, "%s: %d", refused[_i].words, rc);
	ck_assert_msg(strstr(err.text, refused[_i].says), "%s: %s", refused[_i].words, err.text);
}
END_TEST

struct server {
	pid_t pid;
	FILE *out;
};

static void start(struct server *s, const char *words)
{
	int fd[2];
	char store[4096], *argv[32];
	struct err err = {{0}};
	int argc = arguments(words, store, sizeof store, argv);
	ck_assert_int_eq(pipe(fd), 0);
	s->pid = fork();
	if (s->pid == 0) {
		dup2(fd[1], 1);
		close(fd[0]);
		_exit(reference_serve(argc, argv, &err) == RC_OK ? 0 : 1);
	}
	close(fd[1]);
	s->out = fdopen(fd[0], "r");
}

static unsigned port_of(struct server *s, const char *mode)
{
	char line[256], said[64];
	unsigned port = 0;
	ck_assert_ptr_nonnull(fgets(line, sizeof line, s->out));
	ck_assert_msg(sscanf(line, "listening %63s 127.0.0.1:%u", said, &port) == 2, "%s", line);
	ck_assert_str_eq(said, mode);
	return port;
}

static int dial(unsigned port)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static void plain_exchange(unsigned port, const char *request, const char *status, const char *word)
{
	char page[2048];
	int fd = dial(port);
	size_t used = 0;
	ssize_t n;
	ck_assert_int_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	while ((n = recv(fd, page + used, sizeof page - 1 - used, 0)) > 0)
		used += (size_t)n;
	page[used] = '\0';
	ck_assert_int_eq(n, 0);
	ck_assert_msg(text_starts(page, status) && strstr(page, word), "%s", page);
	close(fd);
}

static void plain_request(unsigned port)
{
	plain_exchange(port, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "mtlspec reference: hello stranger");
}

/* The backend of one name: a terminator that looks at SNI alone leads nobody past it by Host. */
START_TEST(answers_for_one_host_alone)
{
	struct server s;
	int status;
	start(&s, "--listen plain:Open.example=127.0.0.1:0");
	unsigned port = port_of(&s, "plain:Open.example");
	plain_exchange(port, "GET / HTTP/1.0\r\nHost: OPEN.example:8443\r\n\r\n", "HTTP/1.1 200 ", "hello stranger");
	plain_exchange(port, "GET / HTTP/1.0\r\nHost: protected.example\r\n\r\n", "HTTP/1.1 421 ", "another name");
	ck_assert_int_eq(kill(s.pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(s.pid, &status, 0), s.pid);
	fclose(s.out);
}
END_TEST

START_TEST(serves_until_it_is_told_to_stop)
{
	struct server s;
	int status;
	char byte;
	start(&s, TLS "--listen plain=127.0.0.1:0 --listen required=127.0.0.1:0 --fault=");
	unsigned port = port_of(&s, "plain"), tls = port_of(&s, "required");
	ck_assert_uint_ne(port, tls);
	for (int i = 0; i < 3; i++)
		plain_request(port);
	/* A connection that says nothing holds nobody up, and ends with the server. */
	int silent = dial(tls);
	plain_request(port);
	ck_assert_int_eq(kill(s.pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(s.pid, &status, 0), s.pid);
	ck_assert_int_eq(status, 0);
	ssize_t n = recv(silent, &byte, 1, 0);
	ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "the connection outlives its server");
	close(silent);
	fclose(s.out);
}
END_TEST

/*
 * More connections than workers allowed, all silent: the next one waits its turn and is served when they leave.  That is
 * the birth and death of as many processes: seconds of work, and how long it takes is the machine's affair.
 */
START_TEST(waits_when_all_workers_are_taken)
{
	enum { MANY = 260 };
	static int fd[MANY];
	struct server s;
	int status;
	start(&s, "--listen plain=127.0.0.1:0");
	unsigned port = port_of(&s, "plain");
	for (int i = 0; i < MANY; i++)
		fd[i] = dial(port);
	int last = dial(port);
	struct pollfd p = {.fd = last, .events = POLLIN};
	ck_assert_int_eq(send(last, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL), 18);
	ck_assert_int_eq(poll(&p, 1, 200), 0);
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
	ck_assert_int_eq(poll(&p, 1, -1), 1);
	close(last);
	plain_request(port);
	kill(s.pid, SIGTERM);
	waitpid(s.pid, &status, 0);
	ck_assert_int_eq(status, 0);
	fclose(s.out);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/serve");
	TCase *t = tcase_create("serve");
	tcase_set_timeout(t, 120); /* nothing here has a deadline of its own */
	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, refuses, 0, (int)(sizeof refused / sizeof *refused));
	tcase_add_test(t, answers_for_one_host_alone);
	tcase_add_test(t, serves_until_it_is_told_to_stop);
	tcase_add_test(t, waits_when_all_workers_are_taken);
	suite_add_tcase(s, t);
	return s;
}
