/*
 * Started processes are this very binary: with MTLSPEC_FAKE set it is a server that answers every ClientHello with an
 * alert, or does what the word says.  So the test needs no server and no certificate.
 */
#include "harness/target/target.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/target/ready.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The forge is not under test: one line a file is enough to see who asked for what. */
enum rc forge_write_anchors(struct forge *f, const char *trust, const char *path, struct err *err)
{
	(void)f;
	return fs_write(path, trust, strlen(trust), 0644, err);
}

enum rc forge_write_trust_store(struct forge *f, const char *trust, const char *path, struct err *err)
{
	return forge_write_anchors(f, trust, path, err);
}

enum rc forge_write_crls(struct forge *f, const char *path, struct err *err)
{
	(void)f;
	return fs_write(path, "crl", 3, 0644, err);
}

enum rc forge_write_server(struct forge *f, const char *hosts, const char *chain_path, const char *key_path,
			   const char *ca_path, struct err *err)
{
	(void)f;
	enum rc rc = fs_write(chain_path, hosts, strlen(hosts), 0644, err);
	if (rc == RC_OK)
		rc = fs_write(key_path, "key\n", 4, 0600, err);
	return rc == RC_OK ? fs_write(ca_path, "ca", 2, 0644, err) : rc;
}

static void serve(int fd)
{
	static const char alert[] = {0x15, 3, 3, 0, 2, 2, 40};
	char in[4096];
	ssize_t n = recv(fd, in, sizeof in, 0);
	if (n >= 5 && memcmp(in, "boom!", 5) == 0)
		abort();
	if (n >= 4 && memcmp(in, "asan", 4) == 0)
		fprintf(stderr, "x.c:1:2: runtime error: index out of bounds\n");
	if (n > 0 && in[0] == 0x16)
		(void)!send(fd, alert, sizeof alert, MSG_NOSIGNAL);
	close(fd);
}

/* Forks workers, which return from here.  One master logs their end a while after it took note, the other looks rarely.
 */
static void master(bool logs_death)
{
	for (;;) {
		pid_t pid = fork();
		if (pid == 0)
			return;
		int status;
		if (!logs_death)
			poll(NULL, 0, 60000);
		waitpid(pid, &status, 0);
		if (logs_death)
			poll(NULL, 0, 20);
		if (logs_death && WIFSIGNALED(status))
			fprintf(stderr, "worker process %ld exited on signal %d\n", (long)pid, WTERMSIG(status));
	}
}

static void on_hangup(int number)
{
	static const char words[] = "configuration read";
	(void)number;
	if (write(2, words, sizeof words - 1) < 0)
		_exit(5);
}

static void fake_server(const char *word, const char *port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	sa.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (strcmp(word, "dies") == 0) {
		fprintf(stderr, "first line\nbad configuration\n");
		_exit(3);
	}
	if (strcmp(word, "taken") == 0 && access("second", F_OK) != 0) {
		fclose(fopen("second", "w"));
		fprintf(stderr, "bind: Address already in use\n");
		_exit(1);
	}
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, 16) < 0)
		_exit(4);
	if (strcmp(word, "reloads") == 0)
		signal(SIGHUP, on_hangup);
	on_hangup(0); /* as at every start */
	if (word[0] == 'm')
		master(strcmp(word, "master-logs") == 0);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		if (c >= 0 && strcmp(word, "silent") == 0)
			continue;
		if (c >= 0)
			serve(c);
	}
}

__attribute__((constructor)) static void become_server(void)
{
	const char *word = getenv("MTLSPEC_FAKE");
	if (word)
		fake_server(word, getenv("MTLSPEC_PORT"));
}

/* One process, one endpoint; tests change what they need. */
static const char *const version_arguments[] = {"/bin/echo", "nginx/1.2.3 with OpenSSL 3.0.1"};
static const struct parameter parameters[] = {{"word", "sound", {"t.xml", 1}},
					      {"program", "", {"t.xml", 2}},
					      {"wrapper", "", {"t.xml", 3}},
					      {"ready", "5s", {"t.xml", 4}},
					      {"loop", "@loop@", {"t.xml", 5}}};
static const struct parameter fake_env[] = {{"MTLSPEC_FAKE", "@word@", {"t.xml", 6}},
					    {"MTLSPEC_PORT", "@port:one@", {"t.xml", 7}}};
static const char *const arguments[] = {"@wrapper@", "@program@", "@server-pair@@server-chain@", "@anchors:tenant@"};
static const bool split[] = {true, false, false, false};
static const struct server_log logs[] = {{"stderr", "exited on signal"}};
static const struct process process = {.id = "fake",
				       .package = "fake-server",
				       .arguments = arguments,
				       .split = split,
				       .n_arguments = 4,
				       .env = fake_env,
				       .n_env = 2,
				       .version = version_arguments,
				       .n_version = 2,
				       .version_pattern = "nginx/",
				       .logs = logs,
				       .n_logs = 1,
				       .where = {"t.xml", 8}};
static const struct endpoint_name names[] = {{"open", "open.mtlspec.test", NEGOTIATION_NONE, "main", NULL}};
static const struct endpoint endpoint = {.id = "required",
					 .url = "https://localhost:@port:one@/path",
					 .address = "127.0.0.1:@port:one@",
					 .negotiation = NEGOTIATION_REQUIRED,
					 .names = names,
					 .n_names = 1,
					 .where = {"t.xml", 9}};
static const struct target fake = {.id = "fake",
				   .product = "fake",
				   .dir = "/",
				   .parameters = parameters,
				   .n_parameters = 5,
				   .processes = &process,
				   .n_processes = 1,
				   .endpoints = &endpoint,
				   .n_endpoints = 1};

struct bench {
	struct arena a;
	struct rundir dir;
	struct err err;
	struct parameter sets[4];
	struct target_spec spec;
	struct running *r;
	char self[512];
};

static void bench_open(struct bench *b, const char *word)
{
	memset(b, 0, sizeof *b);
	ck_assert_int_eq(rundir_open(&b->dir, &b->err), RC_OK);
	ssize_t n = readlink("/proc/self/exe", b->self, sizeof b->self - 1);
	ck_assert_int_gt(n, 0);
	b->sets[0] = (struct parameter){.name = "word", .value = word};
	b->sets[1] = (struct parameter){.name = "program", .value = b->self};
	b->spec = (struct target_spec){
	    .target = &fake, .sets = b->sets, .n_sets = 2, .dir = b->dir.path, .self = "/bin/mtlspec"};
}

static enum rc bench_start(struct bench *b)
{
	return running_open(&b->r, &b->spec, &b->a, &b->err);
}

static void bench_close(struct bench *b)
{
	running_close(&b->r);
	running_close(&b->r);
	rundir_close(&b->dir);
	arena_fini(&b->a);
}

static void say(const struct bench *b, const char *words)
{
	const struct live_endpoint *l;
	ck_assert_uint_eq(running_endpoints(b->r, &l), 1);
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(l[0].address.port)};
	inet_pton(AF_INET, l[0].address.ip, &sa.sin_addr);
	char in[8];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(send(fd, words, strlen(words), MSG_NOSIGNAL), (ssize_t)strlen(words));
	while (recv(fd, in, sizeof in, 0) > 0)
		; /* until it has done with us */
	close(fd);
}

START_TEST(starts_and_stops)
{
	struct bench b;
	char how[256], *data;
	size_t len;
	const struct live_endpoint *l;
	bench_open(&b, "sound");
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	ck_assert_uint_eq(running_endpoints(b.r, &l), 1);
	ck_assert_str_eq(l[0].host, "localhost");
	ck_assert_str_eq(l[0].path, "/path");
	ck_assert_str_eq(l[0].address.ip, "127.0.0.1");
	ck_assert_str_eq(l[0].authority, arena_printf(&b.a, "localhost:%u", (unsigned)l[0].address.port));
	ck_assert_str_eq(l[0].names[0], "open.mtlspec.test");
	ck_assert_str_eq(running_version(b.r), "1.2.3");
	ck_assert_str_eq(running_library(b.r), "OpenSSL 3.0.1");
	ck_assert_str_eq(running_parameter(b.r, "word"), "sound");
	ck_assert_ptr_null(running_parameter(b.r, "nothing"));
	ck_assert(running_healthy(b.r, how, sizeof how));
	const char *dir = running_dir(b.r);
	ck_assert_int_eq(fs_read(&b.a, arena_printf(&b.a, "%s/server-cert.pem", dir), 99, &data, &len, &b.err), RC_OK);
	ck_assert_str_eq(data, "localhost open.mtlspec.test");
	ck_assert_int_eq(fs_read(&b.a, arena_printf(&b.a, "%s/server-pair.pem", dir), 99, &data, &len, &b.err), RC_OK);
	ck_assert_str_eq(data, "key\nlocalhost open.mtlspec.test");
	ck_assert_int_eq(fs_read(&b.a, arena_printf(&b.a, "%s/server-chain.pem", dir), 99, &data, &len, &b.err), RC_OK);
	ck_assert_str_eq(data, "localhost open.mtlspec.testca");
	ck_assert_int_eq(fs_read(&b.a, arena_printf(&b.a, "%s/anchors-tenant.pem", dir), 99, &data, &len, &b.err),
			 RC_OK);
	ck_assert_int_eq(running_reload(b.r, &b.err), RC_ABSENT);
	bench_close(&b);
}
END_TEST

START_TEST(notices_death_and_restarts_on_the_same_port)
{
	struct bench b;
	char how[256];
	const struct live_endpoint *l;
	bench_open(&b, "sound");
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	running_endpoints(b.r, &l);
	uint16_t port = l[0].address.port;
	say(&b, "boom!");
	while (running_healthy(b.r, how, sizeof how))
		; /* the kernel is still collecting it */
	ck_assert_msg(strstr(how, "process fake ended: killed by signal 6") != NULL, "%s", how);
	ck_assert_msg(running_restart(b.r, &b.err) == RC_OK, "%s", b.err.text);
	running_endpoints(b.r, &l);
	ck_assert_uint_eq(l[0].address.port, port);
	ck_assert(running_healthy(b.r, how, sizeof how));
	bench_close(&b);
}
END_TEST

/* The client sees the end of its connection long before the log tells why. */
static const char *const masters[] = {"master-logs", "master-rarely-looks"};

START_TEST(notices_workers_that_die)
{
	struct bench b;
	char how[256];
	bench_open(&b, masters[_i]);
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	ck_assert(running_healthy(b.r, how, sizeof how));
	say(&b, "boom!");
	ck_assert(!running_healthy(b.r, how, sizeof how));
	ck_assert_msg(strstr(how, "killed by signal 6") || strstr(how, "exited on signal 6"), "%s", how);
	if (_i == 0) { /* the other one has no worker left */
		for (int again = 0; again < 5; again++) {
			ck_assert_msg(running_restart(b.r, &b.err) == RC_OK, "%s", b.err.text);
			ck_assert_msg(running_healthy(b.r, how, sizeof how), "told twice: %s", how);
			say(&b, "boom!");
			ck_assert(!running_healthy(b.r, how, sizeof how));
		}
	}
	bench_close(&b);
}
END_TEST

START_TEST(stops_and_starts_on_the_same_port)
{
	struct bench b;
	char how[256];
	const struct live_endpoint *l;
	bench_open(&b, masters[0]);
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	for (int again = 0; again < 2; again++) {
		ck_assert_msg(running_stop(b.r, &b.err) == RC_OK, "%s", b.err.text);
		running_endpoints(b.r, &l);
		ck_assert(!ready_tcp(&l[0].address, 1000));
		ck_assert_msg(running_restart(b.r, &b.err) == RC_OK, "%s", b.err.text);
		ck_assert(ready_tcp(&l[0].address, 1000));
		ck_assert_msg(running_healthy(b.r, how, sizeof how), "%s", how);
	}
	bench_close(&b);
}
END_TEST

/* A signal is heard some time later: only the server itself knows when it has read its files. */
START_TEST(reloads)
{
	static const char *const make[] = {"/bin/sh", "-c", "echo again > made"}, *const fails[] = {"/bin/false"};
	static const struct {
		const char *word;
		struct reload how;
		enum rc rc;
		const char *error;
	} rows[] = {
	    {"reloads", {.signal = SIGHUP, .done = "configuration read"}, RC_OK, NULL},
	    {"sound", {.command = {.arguments = make, .n_arguments = 3}}, RC_OK, NULL},
	    {"sound", {.command = {.arguments = fails, .n_arguments = 1}}, RC_FAULT, "process fake: its <reload> exited 1"},
	    {"sound", {.signal = SIGHUP, .done = "configuration read"}, RC_FAULT, "process fake ended when it was told"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench b;
		struct process changed = process;
		struct target with = fake;
		changed.reload = rows[i].how;
		with.processes = &changed;
		bench_open(&b, rows[i].word);
		b.spec.target = &with;
		ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
		for (int again = 0; again < 2 && rows[i].rc == RC_OK; again++)
			ck_assert_msg(running_reload(b.r, &b.err) == RC_OK, "%zu: %s", i, b.err.text);
		if (rows[i].how.command.n_arguments == 3)
			ck_assert(fs_exists(arena_printf(&b.a, "%s/made", running_dir(b.r))));
		if (rows[i].error) {
			ck_assert_int_eq(running_reload(b.r, &b.err), rows[i].rc);
			ck_assert_msg(strstr(b.err.text, rows[i].error) != NULL, "%s", b.err.text);
		}
		bench_close(&b);
	}
}
END_TEST

START_TEST(hears_sanitizers_once)
{
	struct bench b;
	char how[256];
	bench_open(&b, "sound");
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	for (int i = 0; i < 3; i++) {
		say(&b, "asan");
		ck_assert(!running_healthy(b.r, how, sizeof how));
		ck_assert_str_eq(how, "process fake says: x.c:1:2: runtime error: index out of bounds");
		ck_assert(running_healthy(b.r, how, sizeof how));
		ck_assert_str_eq(how, "");
	}
	bench_close(&b);
}
END_TEST

START_TEST(tells_why_it_did_not_start)
{
	struct bench b;
	bench_open(&b, "dies");
	ck_assert_int_eq(bench_start(&b), RC_FAULT);
	ck_assert_ptr_null(b.r);
	ck_assert_msg(strstr(b.err.text, "exited 3; it said: first line | bad configuration") != NULL, "%s",
		      b.err.text);
	bench_close(&b);
}
END_TEST

START_TEST(gives_up_on_silence)
{
	struct bench b;
	bench_open(&b, "silent");
	b.sets[b.spec.n_sets++] = (struct parameter){.name = "ready", .value = "2s"};
	ck_assert_int_eq(bench_start(&b), RC_FAULT);
	ck_assert_msg(strstr(b.err.text, "no TLS answer from endpoint required") != NULL, "%s", b.err.text);
	bench_close(&b);
}
END_TEST

START_TEST(chooses_again_when_the_port_is_taken)
{
	struct bench b;
	bench_open(&b, "taken");
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	bench_close(&b);
}
END_TEST

START_TEST(names_the_package)
{
	struct bench b;
	bench_open(&b, "sound");
	b.sets[1].value = "no-such-program";
	ck_assert_int_eq(bench_start(&b), RC_ABSENT);
	ck_assert_str_eq(b.err.text, "no-such-program is not installed (Debian package fake-server)");
	b.err = (struct err){{0}};
	b.sets[b.spec.n_sets++] = (struct parameter){.name = "wrapper", .value = "env -i"};
	ck_assert_int_eq(bench_start(&b), RC_ABSENT);
	ck_assert_ptr_nonnull(strstr(b.err.text, "no-such-program"));
	bench_close(&b);
}
END_TEST

START_TEST(runs_behind_a_wrapper)
{
	struct bench b;
	char how[256];
	bench_open(&b, "sound");
	b.sets[b.spec.n_sets++] = (struct parameter){.name = "wrapper", .value = "nice -n 1"};
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	ck_assert(running_healthy(b.r, how, sizeof how));
	bench_close(&b);
}
END_TEST

static bool given_up(void)
{
	return true;
}

/* What is run before the process: it has ended well, or nothing was started and its own words say why. */
static const struct {
	const char *script; /* of /bin/sh, or the name of a program */
	bool (*give_up)(void);
	uint32_t within_ms;
	enum rc rc;
	const char *text; /* NULL: none */
} preparations[] = {
    {"test -f server-cert.pem && test $MTLSPEC_FAKE = sound && echo > prepared", NULL, 0, RC_OK, NULL},
    {"echo compiling; echo line 3: no such thing >&2; exit 2", NULL, 0, RC_FAULT,
     "process fake: its <prepare> exited 2; it said: compiling | line 3: no such thing"},
    {"echo compiling; exec sleep 60", NULL, 50, RC_FAULT,
     "process fake: its <prepare> did not end within 50 ms; it said: compiling"},
    {"exec sleep 60", given_up, 0, RC_END, ""},
    {"no-such-compiler", NULL, 0, RC_ABSENT, "no-such-compiler is not installed (from example.test)"},
};

START_TEST(prepares_before_it_starts)
{
	struct bench b;
	const char *const words[] = {"/bin/sh", "-c", preparations[_i].script};
	bool program = preparations[_i].rc == RC_ABSENT;
	const struct prepare prepare = {.arguments = program ? &words[2] : words,
					.n_arguments = program ? 1 : 3,
					.within_ms = preparations[_i].within_ms,
					.where = {"t.xml", 3}};
	struct process p = process;
	struct target t = fake;
	p.package = NULL;
	p.install = "from example.test";
	p.prepares = &prepare;
	p.n_prepares = 1;
	t.processes = &p;
	bench_open(&b, "sound");
	b.spec.target = &t;
	b.spec.give_up = preparations[_i].give_up;
	ck_assert_int_eq(bench_start(&b), preparations[_i].rc);
	if (preparations[_i].rc == RC_OK)
		ck_assert(fs_exists(arena_printf(&b.a, "%s/prepared", running_dir(b.r))));
	else
		ck_assert_str_eq(b.err.text, preparations[_i].text);
	bench_close(&b);
}
END_TEST

START_TEST(refuses_bad_settings)
{
	struct bench b;
	bench_open(&b, "sound");
	b.sets[0].name = "wrod";
	ck_assert_int_eq(bench_start(&b), RC_INPUT);
	ck_assert_str_eq(b.err.text, "target fake has no parameter \"wrod\"; it has: word program wrapper ready loop");
	b.err = (struct err){{0}};
	static const char *const looping[] = {"@program@", "@loop@"};
	struct process p = process;
	struct target t = fake;
	p.arguments = looping;
	p.n_arguments = 2;
	t.processes = &p;
	b.sets[0].name = "word";
	b.spec.target = &t;
	ck_assert_int_eq(bench_start(&b), RC_INPUT);
	ck_assert_str_eq(b.err.text, "t.xml:5: parameter \"loop\" means itself");
	bench_close(&b);
}
END_TEST

START_TEST(remote_has_no_process)
{
	struct bench b;
	char how[256];
	const struct live_endpoint *l;
	struct endpoint e = {
	    .id = "e", .url = "https://iis.lab/app?x", .address = "localhost:8443", .where = {"t.xml", 1}};
	struct target t = {.id = "iis", .remote = true, .endpoints = &e, .n_endpoints = 1};
	bench_open(&b, "sound");
	b.spec.target = &t;
	b.spec.n_sets = 0;
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	ck_assert_uint_eq(running_endpoints(b.r, &l), 1);
	ck_assert_str_eq(l[0].host, "iis.lab");
	ck_assert_str_eq(l[0].authority, "iis.lab");
	ck_assert_str_eq(l[0].path, "/app?x");
	ck_assert_uint_eq(l[0].address.port, 8443);
	ck_assert(running_healthy(b.r, how, sizeof how));
	ck_assert_str_eq(running_version(b.r), "");
	bench_close(&b);
}
END_TEST

START_TEST(disowned_processes_live_on)
{
	struct bench b;
	bench_open(&b, "sound");
	ck_assert_msg(bench_start(&b) == RC_OK, "%s", b.err.text);
	pid_t pid = fork();
	if (pid == 0) {
		running_disown(b.r);
		running_close(&b.r);
		_exit(0);
	}
	int status;
	char how[256];
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(running_healthy(b.r, how, sizeof how));
	say(&b, "hello");
	bench_close(&b);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("target/running");
	TCase *t = tcase_create("running");
	tcase_set_timeout(t, 30);
	tcase_add_test(t, starts_and_stops);
	tcase_add_test(t, notices_death_and_restarts_on_the_same_port);
	tcase_add_loop_test(t, notices_workers_that_die, 0, (int)(sizeof masters / sizeof *masters));
	tcase_add_test(t, reloads);
	tcase_add_test(t, stops_and_starts_on_the_same_port);
	tcase_add_test(t, hears_sanitizers_once);
	tcase_add_test(t, tells_why_it_did_not_start);
	tcase_add_test(t, gives_up_on_silence);
	tcase_add_test(t, chooses_again_when_the_port_is_taken);
	tcase_add_test(t, names_the_package);
	tcase_add_test(t, runs_behind_a_wrapper);
	tcase_add_loop_test(t, prepares_before_it_starts, 0, (int)(sizeof preparations / sizeof *preparations));
	tcase_add_test(t, refuses_bad_settings);
	tcase_add_test(t, remote_has_no_process);
	tcase_add_test(t, disowned_processes_live_on);
	suite_add_tcase(s, t);
	return s;
}
