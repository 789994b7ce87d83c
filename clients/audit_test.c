#include "clients/audit.h"

#include "harness/base/test.h"

#include <string.h>

#define ROWS(t) ((int)(sizeof(t) / sizeof *(t)))
#define RANDOM "0123456789abcdef0123456789ABCDEF"
#define HELLO12 "\x03\x03" RANDOM "\x00\xc0\x2b\x00"
#define NAME "\x30\x02\x31\x00" /* a name of one empty set: DER, if not sense */
#define SIGNATURES "\x00\x0d\x00\x04\x00\x02\x04\x03"

#define TICKET "\x11\x22\x33\x44\x01n\x00\x04" "what" /* behind its life: age_add, nonce, ticket */
#define EARLY "\x00\x2a\x00\x04\x00\x00\x40\x00"

enum message { HELLO, EXTENSIONS, REQUEST13, LATE, REQUEST12, REQUEST11, TICKET13 };

static const struct {
	const char *name;
	enum message message;
	const char *bytes;
	size_t len;
	const char *want; /* breaches, each "name: why;" */
} rows[] = {
#define BYTES(text) text, sizeof text - 1
    {"TLS 1.2", HELLO, BYTES(HELLO12), ""},
    {"TLS 1.2 with extensions", HELLO, BYTES(HELLO12 "\x00\x04\x00\x17\x00\x00"), ""},
    {"TLS 1.3", HELLO, BYTES(HELLO12 "\x00\x06\x00\x2b\x00\x02\x03\x04"), ""},
    {"TLS 1.1", HELLO, BYTES("\x03\x02" RANDOM "\x00\xc0\x2b\x00"), "version-not-offered: TLS 1.1;"},
    {"a version to come", HELLO, BYTES(HELLO12 "\x00\x06\x00\x2b\x00\x02\x03\x05"), "version-not-offered: 0x0305;"},
    {"SSL 3", HELLO, BYTES("\x03\x00" RANDOM "\x00\xc0\x2b\x00"), "version-not-offered: 0x0300;"},
    {"a hello cut short says nothing", HELLO, BYTES("\x03\x02" RANDOM), ""},
    {"ALPN as offered", HELLO, BYTES(HELLO12 "\x00\x0f\x00\x10\x00\x0b\x00\x09\x08http/1.1"), ""},
    {"ALPN of our second offer", HELLO, BYTES(HELLO12 "\x00\x09\x00\x10\x00\x05\x00\x03\x02h2"), ""},
    {"ALPN not offered", HELLO, BYTES(HELLO12 "\x00\x09\x00\x10\x00\x05\x00\x03\x02h3"), "protocol-not-offered: h3;"},
    {"a piece of what was offered", HELLO, BYTES(HELLO12 "\x00\x08\x00\x10\x00\x04\x00\x02\x01h"), "protocol-not-offered: h;"},
    {"two protocols", HELLO, BYTES(HELLO12 "\x00\x0c\x00\x10\x00\x08\x00\x06\x02h2\x02h3"),
     "protocol-not-offered: not exactly one protocol;"},
    {"no protocol", HELLO, BYTES(HELLO12 "\x00\x06\x00\x10\x00\x02\x00\x00"), "protocol-not-offered: not exactly one protocol;"},
    {"unprintable", HELLO, BYTES(HELLO12 "\x00\x09\x00\x10\x00\x05\x00\x03\x02\x01\xff"), "protocol-not-offered: ??;"},
    {"TLS 1.3 ALPN as offered", EXTENSIONS, BYTES("\x00\x0f\x00\x10\x00\x0b\x00\x09\x08http/1.1"), ""},
    {"TLS 1.3 ALPN not offered", EXTENSIONS, BYTES("\x00\x09\x00\x10\x00\x05\x00\x03\x02h3"), "protocol-not-offered: h3;"},
    {"no extensions", EXTENSIONS, BYTES("\x00\x00"), ""},

    {"sound", REQUEST13, BYTES("\x00\x00\x08" SIGNATURES), ""},
    {"with names", REQUEST13, BYTES("\x00\x00\x14" SIGNATURES "\x00\x2f\x00\x08\x00\x06\x00\x04" NAME), ""},
    {"context in the handshake", REQUEST13, BYTES("\x01x\x00\x08" SIGNATURES),
     "request-context-not-empty: certificate_request_context in the handshake;"},
    {"context later", LATE, BYTES("\x01x\x00\x08" SIGNATURES), ""},
    {"empty context later, the first", LATE, BYTES("\x00\x00\x08" SIGNATURES), ""},
    {"no extension", REQUEST13, BYTES("\x00\x00\x00"), "request-without-algorithms: no signature_algorithms;"},
    {"no scheme", REQUEST13, BYTES("\x00\x00\x06\x00\x0d\x00\x02\x00\x00"),
     "request-without-algorithms: signature_algorithms is empty;"},
    {"half a scheme", REQUEST13, BYTES("\x00\x00\x07\x00\x0d\x00\x03\x00\x01\x04"),
     "request-malformed: signature_algorithms: not a list of schemes;"},
    {"no name", REQUEST13, BYTES("\x00\x00\x0e" SIGNATURES "\x00\x2f\x00\x02\x00\x00"),
     "request-empty-authorities: certificate_authorities without a name;"},
    {"list longer than its extension", REQUEST13, BYTES("\x00\x00\x14" SIGNATURES "\x00\x2f\x00\x08\x00\x07\x00\x04" NAME),
     "request-malformed: certificate_authorities: its length is wrong;"},
    {"list shorter than its extension", REQUEST13, BYTES("\x00\x00\x14" SIGNATURES "\x00\x2f\x00\x08\x00\x05\x00\x04" NAME),
     "request-malformed: certificate_authorities: its length is wrong;"},
    {"name longer than its list", REQUEST13, BYTES("\x00\x00\x14" SIGNATURES "\x00\x2f\x00\x08\x00\x06\x00\x05" NAME),
     "request-malformed: CA name 1 is not one DER name;"},
    {"empty name", REQUEST13, BYTES("\x00\x00\x10" SIGNATURES "\x00\x2f\x00\x04\x00\x02\x00\x00"),
     "request-malformed: CA name 1 is not one DER name;"},
    {"name that is a set", REQUEST13, BYTES("\x00\x00\x14" SIGNATURES "\x00\x2f\x00\x08\x00\x06\x00\x04\x31\x02\x31\x00"),
     "request-malformed: CA name 1 is not one DER name;"},
    {"name with an octet behind it", REQUEST13, BYTES("\x00\x00\x15" SIGNATURES "\x00\x2f\x00\x09\x00\x07\x00\x05" NAME "x"),
     "request-malformed: CA name 1 is not one DER name;"},
    {"name with its length in the long form", REQUEST13, BYTES("\x00\x00\x15" SIGNATURES "\x00\x2f\x00\x09\x00\x07\x00\x05\x30\x81\x02\x31\x00"),
     "request-malformed: CA name 1 is not one DER name;"},
    {"extension twice", REQUEST13, BYTES("\x00\x00\x10" SIGNATURES SIGNATURES), "request-bad-extension: extension 13 stands twice;"},
    {"post_handshake_auth sent by a server", REQUEST13, BYTES("\x00\x00\x0c" SIGNATURES "\x00\x31\x00\x00"),
     "request-bad-extension: extension 49 has no place in a CertificateRequest;"},
    {"an extension that nobody knows (RFC 8701)", REQUEST13, BYTES("\x00\x00\x0c" SIGNATURES "\x1a\x1a\x00\x00"), ""},
    {"filters", REQUEST13, BYTES("\x00\x00\x14" SIGNATURES "\x00\x30\x00\x08\x00\x06\x03\x55\x1d\x0f\x00\x00"), ""},
    {"an OID twice", REQUEST13, BYTES("\x00\x00\x1a" SIGNATURES "\x00\x30\x00\x0e\x00\x0c\x03\x55\x1d\x0f\x00\x00\x03\x55\x1d\x0f\x00\x00"),
     "request-bad-filters: an OID stands twice;"},
    {"any purpose", REQUEST13, BYTES("\x00\x00\x1e" SIGNATURES "\x00\x30\x00\x12\x00\x10\x05\x06\x03\x55\x1d\x25\x00\x08\x30\x06\x06\x04\x55\x1d\x25\x00"),
     "request-bad-filters: anyExtendedKeyUsage;"},
    {"filter cut short", REQUEST13, BYTES("\x00\x00\x10" SIGNATURES "\x00\x30\x00\x04\x00\x02\x03\x55"),
     "request-malformed: oid_filters: its lengths are wrong;"},
    {"extension cut short", REQUEST13, BYTES("\x00\x00\x04\x00\x0d\x00\x04"),
     "request-malformed: an extension is longer than what is there;"},
    {"longer than it says", REQUEST13, BYTES("\x00\x00\x08" SIGNATURES "x"), "request-malformed: its lengths do not add up;"},
    {"empty message", REQUEST13, BYTES(""), "request-malformed: its lengths do not add up;"},

    {"TLS 1.2", REQUEST12, BYTES("\x01\x40\x00\x02\x04\x03\x00\x06\x00\x04" NAME), ""},
    {"TLS 1.2 without names", REQUEST12, BYTES("\x01\x40\x00\x02\x04\x03\x00\x00"), ""},
    {"no type", REQUEST12, BYTES("\x00\x00\x02\x04\x03\x00\x00"), "request-without-types: certificate_types is empty;"},
    {"no algorithm", REQUEST12, BYTES("\x01\x40\x00\x00\x00\x00"),
     "request-without-algorithms: supported_signature_algorithms is empty;"},
    {"names longer than the message", REQUEST12, BYTES("\x01\x40\x00\x02\x04\x03\x00\x07\x00\x04" NAME),
     "request-malformed: its lengths do not add up;"},
    {"a name that is none", REQUEST12, BYTES("\x01\x40\x00\x02\x04\x03\x00\x0c\x00\x04" NAME "\x00\x04\x04\x02\x31\x00"),
     "request-malformed: CA name 2 is not one DER name;"},
    {"TLS 1.1 has no algorithms", REQUEST11, BYTES("\x01\x40\x00\x00"), ""},

    {"seven days", TICKET13, BYTES("\x00\x09\x3a\x80" TICKET "\x00\x00"), ""},
    {"a second more", TICKET13, BYTES("\x00\x09\x3a\x81" TICKET "\x00\x00"), "ticket-lives-too-long: 604801 s;"},
    {"as long as there are numbers", TICKET13, BYTES("\xff\xff\xff\xff" TICKET "\x00\x08" EARLY),
     "ticket-lives-too-long: 4294967295 s;"},
    {"a ticket cut short says nothing", TICKET13, BYTES("\xff\xff\xff\xff" TICKET "\x00\x08\x00\x2a"), ""},
};

static void found(void *context, enum breach what, const char *why)
{
	buf_addf(context, "%s: %s;", breach_text(what), why);
}

static void read_message(struct audit *a, enum message message, const char *bytes, size_t len)
{
	static const enum tls version[] = {
	    [REQUEST13] = TLS_1_3, [LATE] = TLS_1_3, [REQUEST12] = TLS_1_2, [REQUEST11] = TLS_1_1};
	if (message == HELLO)
		audit_server_hello(a, bytes, len);
	else if (message == EXTENSIONS)
		audit_encrypted_extensions(a, bytes, len);
	else if (message == TICKET13)
		audit_new_session_ticket(a, bytes, len, &(struct audit_ticket){0});
	else
		audit_certificate_request(a, version[message], message == LATE, bytes, len);
}

START_TEST(messages)
{
	struct buf got;
	buf_init(&got, 4096);
	buf_adds(&got, "");
	struct audit a = {.tls = BIT(TLS_1_2) | BIT(TLS_1_3), .alpn = "http/1.1 h2", .found = found, .context = &got};
	read_message(&a, rows[_i].message, rows[_i].bytes, rows[_i].len);
	ck_assert_msg(strcmp(got.data ? got.data : "", rows[_i].want) == 0, "%s: %s", rows[_i].name, got.data);
	buf_fini(&got);
}
END_TEST

/* Every message of the table, cut off everywhere: whatever is said is said without reading on. */
START_TEST(cut_short)
{
	struct buf got;
	buf_init(&got, 1 << 16);
	struct audit a = {.alpn = "", .found = found, .context = &got};
	for (size_t len = 0; len < rows[_i].len; len++) {
		char *copy = malloc(len ? len : 1);
		memcpy(copy, rows[_i].bytes, len);
		a.n_contexts = 0;
		read_message(&a, rows[_i].message, copy, len);
		free(copy);
	}
	buf_fini(&got);
}
END_TEST

/* RFC 8446 4.3.2: each request on a connection has a context of its own; the first handshake's is the empty one. */
START_TEST(contexts)
{
	static const char one[] = "\x01x\x00\x08" SIGNATURES, two[] = "\x01y\x00\x08" SIGNATURES,
			  none[] = "\x00\x00\x08" SIGNATURES;
	static const char repeated[] = "request-context-repeated: certificate_request_context as before;";
	struct buf got;
	buf_init(&got, 4096);
	struct audit a = {.alpn = "", .found = found, .context = &got};
	audit_certificate_request(&a, TLS_1_3, false, none, sizeof none - 1);
	audit_certificate_request(&a, TLS_1_3, true, one, sizeof one - 1);
	audit_certificate_request(&a, TLS_1_3, true, two, sizeof two - 1);
	ck_assert_uint_eq(got.len, 0);
	audit_certificate_request(&a, TLS_1_3, true, one, sizeof one - 1);
	ck_assert_str_eq(got.data, repeated);
	buf_clear(&got);
	audit_certificate_request(&a, TLS_1_3, true, none, sizeof none - 1);
	ck_assert_str_eq(got.data, repeated);
	for (unsigned i = 0; i < 2 * AUDIT_MAX_CONTEXTS; i++) { /* more than are kept: never read beyond */
		char other[] = "\x02\x01\x01\x00\x08" SIGNATURES;
		other[2] = (char)i;
		audit_certificate_request(&a, TLS_1_3, true, other, sizeof other - 1);
	}
	ck_assert_uint_eq(a.n_contexts, AUDIT_MAX_CONTEXTS);
	buf_fini(&got);
}
END_TEST

START_TEST(tickets)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		bool ok;
		uint32_t seconds, early_bytes;
	} tickets_told[] = {
	    {"no early data", BYTES("\x00\x00\x00\x3c" TICKET "\x00\x00"), true, 60, 0},
	    {"early data", BYTES("\x00\x00\x00\x3c" TICKET "\x00\x08" EARLY), true, 60, 16384},
	    {"behind something unknown", BYTES("\x00\x00\x00\x3c" TICKET "\x00\x0c\x1a\x1a\x00\x00" EARLY), true, 60, 16384},
	    {"of three octets", BYTES("\x00\x00\x00\x3c" TICKET "\x00\x07\x00\x2a\x00\x03\x00\x40\x00"), true, 60, 0},
	    {"of TLS 1.2", BYTES("\x00\x00\x00\x3c\x00\x04" "what"), false, 60, 0},
	};
	struct audit a = {.alpn = "", .found = found};
	for (size_t i = 0; i < sizeof tickets_told / sizeof *tickets_told; i++) {
		struct audit_ticket t;
		bool ok = audit_new_session_ticket(&a, tickets_told[i].bytes, tickets_told[i].len, &t);
		ck_assert_msg(ok == tickets_told[i].ok, "%s", tickets_told[i].name);
		ck_assert_msg(t.seconds == tickets_told[i].seconds && t.early_bytes == tickets_told[i].early_bytes,
			      "%s: %u s, %u bytes", tickets_told[i].name, t.seconds, t.early_bytes);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("audit");
	TCase *c = tcase_create("audit");
	suite_add_tcase(s, c);
	tcase_add_loop_test(c, messages, 0, ROWS(rows));
	tcase_add_loop_test(c, cut_short, 0, ROWS(rows));
	tcase_add_test(c, contexts);
	tcase_add_test(c, tickets);
	return s;
}
