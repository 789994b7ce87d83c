#include "harness/discover/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 1024

void fixture_observe(struct observation *o, const char *events)
{
	char word[WORD_MAX];
	uint32_t at = 0;
	while (text_word(&events, word, sizeof word)) {
		enum event_kind kind;
		int a = 0, b = 0;
		char *text = NULL, *colon = strchr(word, ':');
		if (colon) {
			*colon = '\0';
			a = (int)strtol(colon + 1, &text, 10);
			b = *text == ':' ? (int)strtol(text + 1, &text, 10) : 0;
			text = *text == ':' ? text + 1 : NULL;
		}
		for (char *p = text; p && *p; p++)
			*p = *p == '|' ? ' ' : *p;
		if (!event_kind_parse(word, &kind))
			abort(); /* a test that says nothing must not pass */
		int req = kind >= EVENT_REQUEST_SENT && kind <= EVENT_TOO_LARGE ? 0 : -1;
		observation_add(o, at += 100, kind, 0, req, a, b, text);
	}
}

void fixture_look(struct look *out, struct arena *a, const char *events, enum tls offered)
{
	struct observation o;
	observation_init(&o);
	fixture_observe(&o, events);
	look_read(out, a, &o, offered);
	observation_fini(&o);
}

#define UP "connect connected first-byte "
#define CHAIN "server-chain:2:0:5e1f00 "
#define ASKED "certificate-requested:1:35:CN=Lab|CA "
#define DECLINED "certificate-declined "
#define SENT "certificate-sent:2:900:given "
#define DONE13 "handshake-done:3:0:http/1.1 "
#define DONE12 "handshake-done:2:0:http/1.1 "
#define GET "request-sent:40:0:GET|/ "
#define SERVED GET "response:200:1:OK header:0:0:Server:|nginx/1.22.1 body:3:1 "
#define IIS "header:0:0:Server:|Microsoft-IIS/10.0 "
#define IIS_403_7 "response:403:1:Forbidden " IIS "excerpt:0:0:IIS|10.0|Detailed|Error|-|403.7|-|Forbidden body:3:1"
#define OLD "connect connected first-byte alert-received:70:2 handshake-failed:-12"

/* What one server shows; an entry that is NULL is not tried. */
static const struct {
	const char *name;
	const char *first, *version[TLS__COUNT], *control[TLS__COUNT], *browser, *alpn, *no_name, *other_name, *hello, *plain;
	bool own;
} servers[] = {
	{.name = "required-by-status", /* nginx */
	 .first = UP CHAIN ASKED DECLINED DONE13 GET "response:400:1:Bad|Request header:0:0:Server:|nginx/1.22.1 "
		     "header:0:0:X-Client-Verify:|NONE header:0:0:Date:|today body:3:1",
	 .version = {OLD, OLD, UP CHAIN ASKED DECLINED DONE12 GET "response:400:1:Bad|Request header:0:0:Server:|nginx/1.22.1 body:3:1"},
	 .control = {NULL, NULL, UP CHAIN ASKED SENT DONE12 SERVED,
		     UP CHAIN ASKED SENT DONE13 GET "response:200:1:OK header:0:0:Server:|nginx/1.22.1 header:0:0:Date:|today "
			"header:0:0:X-Client-Subject:|CN=alice,O=Lab header:0:0:X-Client-Verify:|SUCCESS body:3:1"},
	 .alpn = UP ASKED DECLINED "handshake-done:3:0:h2", .no_name = UP CHAIN ASKED DECLINED DONE13,
	 .other_name = UP CHAIN ASKED DECLINED DONE13, .plain = "HTTP/1.1 400 Bad Request\r\n\r\n", .own = true},
	{.name = "required-by-alert",
	 .first = UP CHAIN ASKED DECLINED DONE13 GET "alert-received:116:2",
	 .version = {OLD, OLD, UP CHAIN ASKED DECLINED "alert-received:40:2 handshake-failed:-12"},
	 .alpn = UP CHAIN ASKED DECLINED DONE13, .plain = "\x15\x03\x01\x00\x02\x02\x46"},
	{.name = "required-refuses-all", /* 403 to everybody, certificates asked for */
	 .first = UP CHAIN ASKED DECLINED DONE13 GET "response:403:1:Forbidden body:3:1",
	 .version = {OLD, OLD, OLD}, .control = {NULL, NULL, NULL, UP CHAIN ASKED SENT DONE13 GET "response:403:1:Forbidden body:3:1"},
	 .own = true},
	{.name = "required-refuses-mine",
	 .first = UP CHAIN "certificate-requested:1:35:CN=Other|CA " DECLINED DONE13 GET "alert-received:116:2",
	 .version = {OLD, OLD, OLD},
	 .control = {NULL, NULL, NULL, UP CHAIN "certificate-requested:1:35:CN=Other|CA " SENT DONE13 GET "alert-received:48:2"},
	 .own = true},
	{.name = "required-by-redirect",
	 .first = UP CHAIN ASKED DECLINED DONE13 GET "response:302:1:Found header:0:0:Location:|https://login.example/ body:0:1",
	 .version = {OLD, OLD, OLD}, .control = {NULL, NULL, NULL, UP CHAIN ASKED SENT DONE13 SERVED}, .own = true},
	{.name = "optional-without-echo",
	 .first = UP CHAIN "certificate-requested:0:0 " DECLINED DONE13 SERVED,
	 .version = {OLD, OLD, UP CHAIN "certificate-requested:0:0 " DECLINED DONE12 SERVED},
	 .control = {NULL, NULL, NULL, UP CHAIN "certificate-requested:0:0 " SENT DONE13 SERVED}, .own = true},
	{.name = "none-403", .first = UP CHAIN DONE13 GET "response:403:1:Forbidden body:3:1", .version = {OLD, OLD, OLD}},
	{.name = "versions-differ",
	 .first = UP CHAIN DONE13 SERVED,
	 .version = {UP CHAIN "handshake-done:0:0:http/1.1 " SERVED, OLD,
		     UP "server-chain-changed:2:0:0dd00d " ASKED DECLINED DONE12 SERVED},
	 .alpn = UP CHAIN "handshake-done:3", .no_name = UP CHAIN ASKED DECLINED DONE13,
	 .other_name = UP "alert-received:112:2 handshake-failed:-12", .plain = "HTTP/1.1 200 OK\r\n\r\n"},
	{.name = "late",
	 .first = UP CHAIN DONE13 GET "reauth-request " ASKED DECLINED "reauthenticated alert-received:116:2",
	 .version = {OLD, OLD, UP CHAIN DONE12 GET "hello-request " ASKED DECLINED "alert-received:40:2 handshake-failed:-12"}},
	{.name = "late-resets", /* IIS on Server 2022 */
	 .first = UP CHAIN DONE13 GET "reauth-request certificate-requested:0:0 " DECLINED "reauthenticated " IIS_403_7,
	 .version = {OLD, OLD, UP CHAIN DONE12 GET "hello-request certificate-requested:0:0 " DECLINED IIS_403_7},
	 .browser = UP CHAIN DONE13 GET "reset:104"},
	{.name = "late-resets-all", /* the same, if it asked nobody who offers it either; SslNegotiateCert */
	 .first = UP CHAIN DONE13 GET "reset:104",
	 .version = {OLD, OLD, UP CHAIN DONE12 GET "hello-request certificate-requested:0:0 " DECLINED "response:200:1:OK " IIS "body:3:1"}},
	{.name = "late-not-supported", /* IIS on Server 2025, seen from the machine itself */
	 .first = UP CHAIN DONE13 GET "reauth-request certificate-requested:0:0 " DECLINED "reauthenticated " IIS_403_7,
	 .version = {OLD, OLD, UP CHAIN DONE12 GET "hello-request certificate-requested:0:0 " DECLINED IIS_403_7},
	 .browser = UP CHAIN DONE13 GET "response:500:1:Internal|Server|Error " IIS "found:0 "
		       "excerpt:0:0:IIS|10.0|Detailed|Error|-|500.0|-|Internal|Server|Error body:3:1"},
	{.name = "late-hides-details", /* and from elsewhere */
	 .first = UP CHAIN DONE13 GET "reauth-request certificate-requested:0:0 " DECLINED "reauthenticated response:403:1:Forbidden " IIS "body:3:1",
	 .version = {OLD, OLD, UP CHAIN DONE12 GET "hello-request certificate-requested:0:0 " DECLINED "response:403:1:Forbidden " IIS "body:3:1"},
	 .browser = UP CHAIN DONE13 GET "response:500:1:Internal|Server|Error " IIS "body:3:1"},
	{.name = "late-cannot-ask", /* httpd */
	 .first = UP CHAIN DONE13 GET "reauth-request " ASKED DECLINED "reauthenticated alert-received:116:2",
	 .version = {OLD, OLD, UP CHAIN DONE12 GET "hello-request " ASKED DECLINED "alert-received:40:2 handshake-failed:-12"},
	 .browser = UP CHAIN DONE13 GET "response:403:1:Forbidden header:0:0:Server:|Apache found:1 body:3:1"},
	{.name = "late-renegotiates-alone", /* IIS without TLS 1.3 */
	 .first = UP CHAIN DONE12 GET "hello-request certificate-requested:0:0 " DECLINED IIS_403_7, .version = {OLD, OLD, NULL, OLD}},
	{.name = "endless-header", .first = UP CHAIN ASKED DECLINED DONE13 GET "too-large:0:0:header|section",
	 .version = {OLD, OLD, OLD}},
	{.name = "unknown-name", .first = UP "alert-received:112:2 handshake-failed:-12",
	 .version = {OLD, OLD, UP "alert-received:112:2 handshake-failed:-12", UP "alert-received:112:2 handshake-failed:-12"}},
	{.name = "nobody", .first = "connect connect-failed:111"},
	{.name = "silent", .first = "connect connected hello-sent timeout:0:0:handshake handshake-failed:-319", .plain = ""},
	{.name = "resets", .first = "connect connected hello-sent reset:104 handshake-failed:-54", .plain = ""},
	{.name = "plain-http", .first = UP "tls-error:-15:0:unexpected|packet alert-sent:10:2 handshake-failed:-15",
	 .hello = "HTTP/1.1 400 Bad Request\r\n\r\n", .plain = "HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\n"},
	{.name = "other-protocol", .first = UP "tls-error:-15:0:unexpected|packet handshake-failed:-15",
	 .hello = "SSH-2.0-OpenSSH_9.2\r\n", .plain = "SSH-2.0-OpenSSH_9.2\r\n"},
};
#define N_SERVERS (sizeof servers / sizeof *servers)

static void fill(struct facts *f, struct look *out, struct arena *a, const char *events, enum tls offered)
{
	if (!events)
		return;
	f->connections++;
	fixture_look(out, a, events, offered);
}

static void fill_raw(struct facts *f, struct raw *out, const char *bytes)
{
	if (!bytes)
		return;
	f->connections++;
	*out = (struct raw){.tried = true, .connected = true, .ended = true};
	/* a TLS record holds a NUL, but at a place we know */
	out->n = *bytes == 0x15 ? 7 : strlen(bytes);
	memcpy(out->data, bytes, out->n);
}

static const struct own own = {
	.any = true,
	.certificate = "/lab/alice.pem",
	.key = "/lab/alice.key",
	.subject = "alice",
	.sha1 = "aa00",
	.sha256 = "bb11",
	.dn = "CN=alice,O=Lab",
	.issuers = (const char *const[]){"CN=Lab CA"},
	.n = 1,
};

const struct facts *fixture_facts(struct arena *a, const char *name)
{
	for (size_t i = 0; i < N_SERVERS; i++) {
		if (strcmp(servers[i].name, name) != 0)
			continue;
		struct facts *f = ARENA_NEW(a, struct facts, 1);
		*f = (struct facts){.url = "https://lab.example:8443/a@b", .host = "lab.example", .authority = "lab.example:8443",
				    .path = "/a@b", .has_name = true, .address = {"192.0.2.7", 8443}, .timeout_ms = 5000};
		fill(f, &f->first, a, servers[i].first, TLS_1_3);
		for (int v = 0; v < TLS__COUNT; v++) {
			fill(f, &f->version[v], a, servers[i].version[v], (enum tls)v);
			fill(f, &f->control[v], a, servers[i].control[v], (enum tls)v);
		}
		if (f->first.version >= 0)
			f->version[f->first.version] = f->first;
		fill(f, &f->browser, a, servers[i].browser, TLS_1_3);
		fill(f, &f->alpn, a, servers[i].alpn, TLS_1_3);
		fill(f, &f->no_name, a, servers[i].no_name, TLS_1_3);
		fill(f, &f->other_name, a, servers[i].other_name, TLS_1_3);
		fill_raw(f, &f->hello, servers[i].hello);
		fill_raw(f, &f->plain, servers[i].plain);
		if (servers[i].own)
			f->own = own;
		return f;
	}
	return NULL;
}

const char *const *fixture_names(void)
{
	static const char *names[N_SERVERS + 1];
	for (size_t i = 0; i < N_SERVERS; i++)
		names[i] = servers[i].name;
	return names;
}
