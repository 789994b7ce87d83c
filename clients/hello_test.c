/* The ClientHello as it goes over the wire: the server name that was asked for, unaltered, in the pieces asked for. */
#include "clients/peer_test.h"

enum { HELLO_MAX = 65536, RECORD_HEADER = 5, HANDSHAKE_HEADER = 4, SERVER_NAME = 0 };

/* What has come so far, the content of its records, and how it came. */
struct capture {
	unsigned char raw[HELLO_MAX], content[HELLO_MAX];
	size_t n_raw, n_content, first, records, longest;
};

static unsigned number(const unsigned char *at, size_t bytes)
{
	unsigned v = 0;
	while (bytes--)
		v = v << 8 | *at++;
	return v;
}

static void unpack(struct capture *c)
{
	c->n_content = c->records = c->longest = 0;
	for (size_t at = 0; at + RECORD_HEADER <= c->n_raw;) {
		size_t len = number(c->raw + at + 3, 2);
		if (at + RECORD_HEADER + len > c->n_raw)
			return;
		memcpy(c->content + c->n_content, c->raw + at + RECORD_HEADER, len);
		c->n_content += len;
		c->records++;
		c->longest = len > c->longest ? len : c->longest;
		at += RECORD_HEADER + len;
	}
}

static bool is_whole(const struct capture *c)
{
	return c->n_content >= HANDSHAKE_HEADER && c->n_content >= HANDSHAKE_HEADER + number(c->content + 1, 3);
}

/* The HostName of server_name (RFC 6066 section 3) in a whole ClientHello; "-" when it names none. */
static void server_name(const struct capture *c, char *out, size_t size)
{
	const unsigned char *at = c->content + HANDSHAKE_HEADER + 34;
	snprintf(out, size, "-");
	at += 1 + at[0];
	at += 2 + number(at, 2);
	at += 1 + at[0];
	const unsigned char *end = at + 2 + number(at, 2);
	for (at += 2; at < end; at += 4 + number(at + 2, 2))
		if (number(at, 2) == SERVER_NAME)
			snprintf(out, size, "%.*s", (int)number(at + 7, 2), (const char *)at + 9);
}

static void peer_captures(const struct peer *p, int fd)
{
	static struct capture c;
	char name[300], text[400];
	c.n_raw = c.n_content = 0;
	while (!is_whole(&c)) {
		ssize_t n = read(fd, c.raw + c.n_raw, sizeof c.raw - c.n_raw);
		if (n <= 0)
			break;
		c.first = c.n_raw ? c.first : (size_t)n;
		c.n_raw += (size_t)n;
		unpack(&c);
	}
	server_name(&c, name, sizeof name);
	int len = snprintf(text, sizeof text, "%s %s %s", name, c.first == c.n_raw ? "at-once" : "in-pieces",
			   c.records == 1 ? "one-record" : c.longest == 1 ? "bytes" : "records");
	(void)!write(p->report, text, (size_t)len);
}

static const struct {
	const char *name;
	struct job_connect connect;
	const char *hello;
} rows[] = {
    {"a name", {.host = "protected.mtlspec.test"}, "protected.mtlspec.test at-once one-record"},
    {"other case", {.host = "PROTECTED.mtlspec.test"}, "PROTECTED.mtlspec.test at-once one-record"},
    {"trailing dot", {.host = "protected.mtlspec.test."}, "protected.mtlspec.test. at-once one-record"},
    {"none", {.host = NULL}, "- at-once one-record"},
    {"an address is no name", {.host = "127.0.0.1"}, "- at-once one-record"},
    {"an address for a name", {.host = "127.0.0.1", .literal = true}, "127.0.0.1 at-once one-record"},
    {"IPv6 for a name", {.host = "::1", .literal = true}, "::1 at-once one-record"},
    {"records", {.host = "a.test", .fragment = {16, true}}, "a.test at-once records"},
    {"records of a byte", {.host = "a.test", .fragment = {1, true}}, "a.test at-once bytes"},
    {"longer than the hello", {.host = "a.test", .fragment = {16384, true}}, "a.test at-once one-record"},
    {"segments", {.host = "a.test", .fragment = {100, false}}, "a.test in-pieces one-record"},
    {"segments of a byte", {.host = "a.test", .fragment = {1, false}}, "a.test in-pieces one-record"},
};

START_TEST(hello)
{
	struct job_credential c = credential();
	struct job_step step = connect_step(_i % 2 ? TLS12 : TLS13);
	struct peer p = {.act = peer_captures, .text = ""};
	const int row = _i / 2;
	int ends[2];
	char got[400] = "";
	step.connect.host = rows[row].connect.host;
	step.connect.literal = rows[row].connect.literal;
	step.connect.fragment = rows[row].connect.fragment;
	ck_assert_int_eq(pipe(ends), 0);
	p.report = ends[1];
	peer_start(&p);
	run_steps(&p, &step, 1, &c);
	ck_assert_int_gt(read(ends[0], got, sizeof got - 1), 0);
	peer_stop(&p);
	close(ends[0]);
	close(ends[1]);
	ck_assert_msg(strcmp(got, rows[row].hello) == 0, "%s: %s", rows[row].name, got);
}
END_TEST

static void peer_resets_first_piece(const struct peer *p UNUSED, int fd)
{
	char piece[100];
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	(void)!read(fd, piece, sizeof piece);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* The segment behind a reset is the one send() that hears of it. */
START_TEST(reset_between_segments)
{
	struct job_credential c = credential();
	struct job_step step = connect_step(_i ? TLS12 : TLS13);
	struct peer p = {.act = peer_resets_first_piece, .text = ""};
	step.connect.fragment = (struct job_fragment){100, false};
	peer_start(&p);
	run_steps(&p, &step, 1, &c);
	peer_stop(&p);
	const struct event *lost = observation_find(&seen, 0, EVENT_WRITE_LOST, 0, -1);
	const struct event *reset = observation_find(&seen, 0, EVENT_RESET, 0, -1);
	ck_assert_msg(reset && reset->a == ECONNRESET && (!lost || lost->a == ECONNRESET), "%s", words(&seen));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("hello");
	TCase *c = tcase_create("hello");
	tcase_add_unchecked_fixture(c, open_all, close_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, hello, 0, 2 * ROWS(rows));
	tcase_add_loop_test(c, reset_between_segments, 0, 2);
	suite_add_tcase(s, c);
	return s;
}
