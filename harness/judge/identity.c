#include "harness/judge/parts.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const struct shown_identity *identity_of(const struct judge_context *c, const char *credential)
{
	for (size_t i = 0; credential && i < c->n_identities; i++)
		if (text_equal(c->identities[i].credential, credential))
			return &c->identities[i];
	return NULL;
}

const char *identity_presented(const struct observation *o, int conn)
{
	/* A session may come from a connection that itself resumed one: as many steps as connections. */
	for (int step = 0; step < JOB_MAX_CONNECTIONS && conn >= 0; step++) {
		const struct event *sent = NULL, *resumed = observation_find(o, 0, EVENT_RESUMED, conn, -1);
		for (size_t i = 0; i < o->n; i++)
			if (o->events[i].conn == conn && o->events[i].kind == EVENT_CERTIFICATE_SENT)
				sent = &o->events[i];
		if (sent || !resumed)
			return sent ? sent->text : NULL;
		const struct event *offered = observation_find(o, 0, EVENT_SESSION_OFFERED, conn, -1);
		conn = -1;
		for (size_t i = 0; offered && i < o->n; i++)
			if (o->events[i].kind == EVENT_SESSION_SAVED && text_equal(o->events[i].text, offered->text))
				conn = o->events[i].conn;
	}
	return NULL;
}

static bool is_name_byte(unsigned char c)
{
	return isalnum(c) || c == '-' || c == '_' || c == '.' || c >= 0x80;
}

/* `token` in `data`, not as part of a longer name. */
static bool has_token(const char *data, size_t len, const char *token, size_t n)
{
	for (size_t at = 0; n && at + n <= len; at++) {
		if (memcmp(data + at, token, n) != 0)
			continue;
		bool starts = at == 0 || !is_name_byte((unsigned char)data[at - 1]);
		bool ends = at + n == len || !is_name_byte((unsigned char)data[at + n]);
		if (starts && ends)
			return true;
	}
	return false;
}

/* The CN of a subject: the forge gives it bare, a user's certificate may come as a whole DN. */
static const char *common_name(const char *subject, size_t *len)
{
	for (const char *p = subject; *p; p++) {
		bool starts = p == subject || strchr(",/+ ", p[-1]);
		if (!starts || strncasecmp(p, "CN", 2) != 0)
			continue;
		const char *value = p + 2 + strspn(p + 2, " ");
		if (*value != '=')
			continue;
		value++;
		value += strspn(value, " ");
		*len = strcspn(value, ",/+");
		return value;
	}
	*len = strlen(subject);
	return subject;
}

static enum same same_hex(const char *echoed, const char *hex)
{
	const char *h = hex;
	for (const char *p = echoed; *p; p++) {
		if (*p == ':' || *p == ' ')
			continue;
		if (!*h || tolower((unsigned char)*p) != tolower((unsigned char)*h))
			return SAME_NO;
		h++;
	}
	return *h ? SAME_NO : SAME_YES;
}

static int base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int hex_value(unsigned char c)
{
	if (isdigit(c))
		return c - '0';
	c = (unsigned char)tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoding in place, for forms that carry PEM in a header (nginx $ssl_client_escaped_cert). */
static void unescape(char *text)
{
	char *to = text;
	for (const char *p = text; *p; p++) {
		int high = p[0] == '%' ? hex_value((unsigned char)p[1]) : -1;
		int low = high >= 0 ? hex_value((unsigned char)p[2]) : -1;
		*to++ = low >= 0 ? (char)(high * 16 + low) : *p;
		p += low >= 0 ? 2 : 0;
	}
	*to = '\0';
}

/* Bytes of the certificate, or NULL.  RFC 9440 puts colons around the base64. */
static unsigned char *decode(struct arena *a, enum echo_form form, const char *echoed, size_t *len)
{
	char *text = arena_strdup(a, echoed);
	if (form == ECHO_PEM_URL) {
		unescape(text);
		char *begin = strstr(text, "-----BEGIN CERTIFICATE-----");
		char *end = begin ? strstr(begin, "-----END CERTIFICATE-----") : NULL;
		if (!end)
			return NULL;
		*end = '\0';
		text = begin + strlen("-----BEGIN CERTIFICATE-----");
	}
	unsigned char *der = arena_alloc(a, strlen(text) + 1);
	unsigned bits = 0, n = 0;
	*len = 0;
	for (const char *p = text; *p && *p != '='; p++) {
		int v = base64_value((unsigned char)*p);
		if (v < 0 && !isspace((unsigned char)*p) && *p != ':')
			return NULL;
		if (v < 0)
			continue;
		bits = bits << 6 | (unsigned)v;
		n += 6;
		if (n >= 8) {
			n -= 8;
			der[(*len)++] = (unsigned char)(bits >> n);
		}
	}
	return der;
}

struct der {
	const unsigned char *at, *end;
};

/* Reads one element; `in` becomes its contents.  False when it does not fit. */
static bool der_next(struct der *d, unsigned *tag, struct der *in)
{
	if (d->end - d->at < 2)
		return false;
	*tag = d->at[0];
	size_t len = d->at[1];
	d->at += 2;
	if (len & 0x80) {
		size_t bytes = len & 0x7f;
		if (bytes == 0 || bytes > 3 || (size_t)(d->end - d->at) < bytes)
			return false;
		for (len = 0; bytes; bytes--)
			len = len << 8 | *d->at++;
	}
	if ((size_t)(d->end - d->at) < len)
		return false;
	*in = (struct der){d->at, d->at + len};
	d->at += len;
	return true;
}

/* The subject of a certificate (RFC 5280 4.1): [0] version, serial, algorithm, issuer, validity come before it. */
static bool der_subject(const unsigned char *der, size_t len, struct der *subject)
{
	struct der all = {der, der + len}, certificate, tbs, skipped;
	unsigned tag;
	if (!der_next(&all, &tag, &certificate) || tag != 0x30 || !der_next(&certificate, &tag, &tbs) || tag != 0x30)
		return false;
	if (!der_next(&tbs, &tag, &skipped))
		return false;
	if (tag == 0xa0 && !der_next(&tbs, &tag, &skipped))
		return false;
	for (int i = 0; i < 3; i++)
		if (!der_next(&tbs, &tag, &skipped))
			return false;
	return der_next(&tbs, &tag, subject) && tag == 0x30;
}

/* `text` as the whole contents of a string: in DER its length stands right before it. */
static bool der_holds(const struct der *d, const char *text, size_t n)
{
	size_t len = (size_t)(d->end - d->at);
	for (size_t at = 1; n && n < 128 && at + n <= len; at++)
		if (d->at[at - 1] == n && memcmp(d->at + at, text, n) == 0)
			return true;
	return false;
}

static enum same same_certificate(struct arena *a, enum echo_form form, const char *echoed, const char *cn, size_t n)
{
	size_t len;
	struct der subject;
	unsigned char *der = decode(a, form, echoed, &len);
	if (!der || !der_subject(der, len, &subject))
		return SAME_UNKNOWN;
	return der_holds(&subject, cn, n) ? SAME_YES : SAME_NO;
}

enum same identity_same(struct arena *a, enum echo_form form, const char *echoed, const struct shown_identity *shown)
{
	size_t n = 0;
	const char *cn = shown->subject ? common_name(shown->subject, &n) : NULL;
	switch (form) {
	case ECHO_SUBJECT:
		if (!n)
			return SAME_UNKNOWN;
		return has_token(echoed, strcspn(echoed, "\r\n<"), cn, n) ? SAME_YES : SAME_NO;
	case ECHO_SHA1_HEX:
		return shown->sha1 ? same_hex(echoed, shown->sha1) : SAME_UNKNOWN;
	case ECHO_SHA256_HEX:
		return shown->sha256 ? same_hex(echoed, shown->sha256) : SAME_UNKNOWN;
	case ECHO_DER_BASE64:
	case ECHO_PEM_URL:
		return n ? same_certificate(a, form, echoed, cn, n) : SAME_UNKNOWN;
	case ECHO__COUNT:
		break;
	}
	return SAME_UNKNOWN;
}
