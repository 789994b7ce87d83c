/* What bytes are taken for, and real exchanges with a server that does one thing. */
#include "harness/discover/raw.h"

#include "harness/base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena arena;
static pid_t server;

static void teardown(void)
{
	arena_fini(&arena);
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
}

static const struct {
	const char *name, *bytes;
	size_t n;
	enum raw_kind kind;
	int status;
	const char *line, *location;
} rows[] = {
	{"nothing", "", 0, RAW_NOTHING, 0, "", NULL},
	{"alert", "\x15\x03\x03\x00\x02\x02\x46", 7, RAW_TLS, 0, NULL, NULL},
	{"server hello", "\x16\x03\x01\x00\x7a\x02", 6, RAW_TLS, 0, NULL, NULL},
	{"application data first", "\x17\x03\x03\x00\x10", 5, RAW_OTHER, 0, NULL, NULL},
	{"record too long", "\x16\x03\x03\xff\xff", 5, RAW_OTHER, 0, NULL, NULL},
	{"empty record", "\x16\x03\x03\x00\x00", 5, RAW_OTHER, 0, NULL, NULL},
	{"half a record header", "\x16\x03", 2, RAW_OTHER, 0, NULL, NULL},
	{"http", "HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\nLocation: no", 0, RAW_HTTP, 301, "HTTP/1.1 301 Moved", "https://x/"},
	{"behind the head", "HTTP/1.1 200 OK\r\nA: b\r\n\r\nLocation: no", 0, RAW_HTTP, 200, "HTTP/1.1 200 OK", NULL},
	{"cut status", "HTTP/1.1 30", 0, RAW_HTTP, 0, "HTTP/1.1 30", NULL},
	{"no number", "HTTP/1.1 abc\r\n", 0, RAW_HTTP, 0, "HTTP/1.1 abc", NULL},
	{"greeting", "220 mail\x07.example ESMTP\r\n", 0, RAW_OTHER, 0, "220 mail.example ESMTP", NULL},
};

START_TEST(kinds)
{
	struct raw r = {.tried = true, .connected = true};
	r.n = rows[_i].n ? rows[_i].n : strlen(rows[_i].bytes);
	memcpy(r.data, rows[_i].bytes, r.n);
	ck_assert_msg(raw_kind(&r) == rows[_i].kind, "%s: kind %d", rows[_i].name, (int)raw_kind(&r));
	ck_assert_msg(raw_status(&r) == rows[_i].status, "%s: status %d", rows[_i].name, raw_status(&r));
	if (rows[_i].line && !strchr(rows[_i].bytes, '\a'))
		ck_assert_str_eq(raw_line(&arena, &r), rows[_i].line);
	ck_assert_pstr_eq(raw_header(&arena, &r, "location"), rows[_i].location);
	for (const char *p = raw_line(&arena, &r); *p; p++)
		ck_assert(*p >= ' ' && *p <= '~');
}
END_TEST

enum act { ACT_ANSWER, ACT_SILENT, ACT_CLOSE, ACT_RESET, ACT_FLOOD };

static void act(int fd, enum act what)
{
	char sink[4096];
	struct linger now = {1, 0};
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	if (what != ACT_RESET && read(fd, sink, sizeof sink) <= 0)
		return;
	if (what == ACT_ANSWER && write(fd, answer, sizeof answer - 1) < 0)
		return;
	memset(sink, 'x', sizeof sink);
	while (what == ACT_FLOOD && send(fd, sink, sizeof sink, MSG_NOSIGNAL) > 0)
		;
	if (what == ACT_ANSWER || what == ACT_SILENT) /* keeps the connection */
		while (read(fd, sink, sizeof sink) > 0)
			;
	if (what == ACT_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

static uint16_t serve(enum act what)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			act(accept(fd, NULL, NULL), what);
	}
	close(fd);
	return ntohs(a.sin_port);
}

static const struct {
	enum act act;
	const char *end;
	bool timed_out;
} exchanges[] = {
	{ACT_ANSWER, "answered \"HTTP/1.1 200 OK\"", false},
	{ACT_SILENT, "kept silent", true},
	{ACT_CLOSE, "closed the connection", false},
	{ACT_RESET, "reset the connection", false},
	{ACT_FLOOD, "answered \"xxxx", false},
};

START_TEST(exchange)
{
	struct raw r;
	struct err err = {{0}};
	struct job_address to = {"127.0.0.1", serve(exchanges[_i].act)};
	ck_assert_int_eq(raw_exchange(&to, "GET\r\n", 5, 300, &r, &err), RC_OK);
	ck_assert_msg(text_starts(raw_end(&arena, &r), exchanges[_i].end), "%s", raw_end(&arena, &r));
	ck_assert_int_eq(r.timed_out, exchanges[_i].timed_out);
	ck_assert_uint_le(r.n, RAW_KEPT);
}
END_TEST

#define ROWS(v) ((int)(sizeof(v) / sizeof *(v)))

Suite *test_suite(void)
{
	Suite *s = suite_create("discover/raw");
	TCase *t = tcase_create("raw");
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, kinds, 0, ROWS(rows));
	tcase_add_loop_test(t, exchange, 0, ROWS(exchanges));
	suite_add_tcase(s, t);
	return s;
}
