#include "clients/audit.h"

#include <stdio.h>
#include <string.h>

/* Extension types: RFC 6066, 7301, 8446 section 4.2. */
enum { EXT_ALPN = 16, EXT_SIGNATURE_ALGORITHMS = 13, EXT_EARLY_DATA = 42, EXT_SUPPORTED_VERSIONS = 43, EXT_CERTIFICATE_AUTHORITIES = 47,
       EXT_OID_FILTERS = 48, EXT_SIGNATURE_ALGORITHMS_CERT = 50 };
enum { MAX_EXTENSIONS = 64, MAX_FILTERS = 64, RANDOM = 32 };

/* A view of bytes that shrinks from the front; `bad` once something was asked that is not there. */
struct bytes {
	const unsigned char *at;
	size_t len;
	bool bad;
};

static struct bytes take(struct bytes *b, size_t len)
{
	struct bytes piece = {b->at, len, false};
	if (len > b->len) {
		b->bad = true;
		return (struct bytes){b->at, 0, true};
	}
	b->at += len;
	b->len -= len;
	return piece;
}

static size_t number(struct bytes *b, size_t octets)
{
	struct bytes n = take(b, octets);
	size_t v = 0;
	for (size_t i = 0; i < n.len; i++)
		v = v << 8 | n.at[i];
	return v;
}

/* A vector: its length in `octets`, then so much (RFC 8446 3.4). */
static struct bytes vector(struct bytes *b, size_t octets)
{
	size_t len = number(b, octets);
	return take(b, len);
}

static void found(struct audit *a, enum breach what, const char *why)
{
	a->found(a->context, what, why);
}

/* --- what was negotiated --- */

static void check_version(struct audit *a, size_t version)
{
	char why[64];
	enum tls v;
	if (version >= 0x0301 && version <= 0x0304) {
		v = (enum tls)(version - 0x0301);
		if (a->tls & BIT(v))
			return;
		snprintf(why, sizeof why, "TLS %s", tls_text(v));
	} else {
		snprintf(why, sizeof why, "0x%04zx", version);
	}
	found(a, BREACH_VERSION, why);
}

static bool is_offered(const struct audit *a, struct bytes name)
{
	char word[256];
	const char *words = a->alpn;
	while (text_word(&words, word, sizeof word))
		if (strlen(word) == name.len && memcmp(word, name.at, name.len) == 0)
			return true;
	return false;
}

/* RFC 7301 3.1: exactly one name; 3.2: one that the client advertised. */
static void check_protocol(struct audit *a, struct bytes body)
{
	char why[64];
	struct bytes list = vector(&body, 2), name = vector(&list, 1);
	if (body.bad || list.bad || name.bad || body.len || list.len || name.len == 0) {
		found(a, BREACH_PROTOCOL, "not exactly one protocol");
		return;
	}
	if (is_offered(a, name))
		return;
	size_t len = name.len < 40 ? name.len : 40;
	snprintf(why, sizeof why, "%.*s", (int)len, (const char *)name.at);
	for (size_t i = 0; i < len; i++)
		if (name.at[i] < 0x20 || name.at[i] > 0x7e)
			why[i] = '?';
	why[len] = '\0';
	found(a, BREACH_PROTOCOL, why);
}

void audit_server_hello(struct audit *a, const void *message, size_t len)
{
	struct bytes m = {message, len, false};
	size_t version = number(&m, 2);
	take(&m, RANDOM);
	vector(&m, 1); /* legacy_session_id_echo */
	take(&m, 3);   /* cipher suite, compression */
	struct bytes extensions = {m.at, 0, false};
	if (m.len)
		extensions = vector(&m, 2);
	while (extensions.len && !extensions.bad) {
		size_t type = number(&extensions, 2);
		struct bytes body = vector(&extensions, 2);
		if (type == EXT_SUPPORTED_VERSIONS && body.len == 2)
			version = number(&body, 2);
		else if (type == EXT_ALPN)
			check_protocol(a, body);
	}
	if (!m.bad) /* otherwise our library says what it makes of it */
		check_version(a, version);
}

void audit_encrypted_extensions(struct audit *a, const void *message, size_t len)
{
	struct bytes m = {message, len, false}, extensions = vector(&m, 2);
	while (extensions.len && !extensions.bad) {
		size_t type = number(&extensions, 2);
		struct bytes body = vector(&extensions, 2);
		if (type == EXT_ALPN)
			check_protocol(a, body);
	}
}

/* --- the request for a certificate --- */

/* DER of one SEQUENCE and nothing behind it (X.690 8.1.3, 10.1). */
static bool is_sequence(struct bytes name)
{
	if (number(&name, 1) != 0x30)
		return false;
	size_t len = number(&name, 1);
	if (len >= 0x80) {
		size_t octets = len & 0x7f;
		if (octets == 0 || octets > 2)
			return false;
		len = number(&name, octets);
		if (len < (octets == 1 ? 0x80u : 0x100u))
			return false;
	}
	return !name.bad && len == name.len;
}

/* RFC 8446 4.2.4, RFC 5246 7.4.4: DistinguishedName<1..2^16-1>, each a DER name.  The number of names. */
static size_t check_names(struct audit *a, struct bytes names)
{
	char why[64];
	size_t n = 0;
	while (names.len) {
		struct bytes name = vector(&names, 2);
		n++;
		if (names.bad || name.len == 0 || !is_sequence(name)) {
			snprintf(why, sizeof why, "CA name %zu is not one DER name", n);
			found(a, BREACH_REQUEST_MALFORMED, why);
			return n;
		}
	}
	return n;
}

static void check_algorithms(struct audit *a, struct bytes body, const char *which)
{
	char why[64];
	struct bytes list = vector(&body, 2);
	if (body.bad || body.len || list.len % 2) {
		snprintf(why, sizeof why, "%s: not a list of schemes", which);
		found(a, BREACH_REQUEST_MALFORMED, why);
	} else if (list.len == 0) {
		snprintf(why, sizeof why, "%s is empty", which);
		found(a, BREACH_REQUEST_ALGORITHMS, why);
	}
}

static void check_authorities(struct audit *a, struct bytes body)
{
	struct bytes names = vector(&body, 2);
	if (body.bad || body.len)
		found(a, BREACH_REQUEST_MALFORMED, "certificate_authorities: its length is wrong");
	else if (check_names(a, names) == 0)
		found(a, BREACH_REQUEST_AUTHORITIES, "certificate_authorities without a name");
}

/* RFC 8446 4.2.5. */
static void check_filters(struct audit *a, struct bytes body)
{
	static const unsigned char any_purpose[] = {0x06, 0x04, 0x55, 0x1d, 0x25, 0x00}; /* 2.5.29.37.0 */
	static const unsigned char purposes[] = {0x06, 0x03, 0x55, 0x1d, 0x25};		 /* 2.5.29.37 */
	struct bytes filters = vector(&body, 2), seen[MAX_FILTERS];
	size_t n = 0;
	if (body.bad || body.len)
		found(a, BREACH_REQUEST_MALFORMED, "oid_filters: its length is wrong");
	while (filters.len && n < MAX_FILTERS) {
		struct bytes oid = vector(&filters, 1), values = vector(&filters, 2);
		if (filters.bad || oid.len == 0) {
			found(a, BREACH_REQUEST_MALFORMED, "oid_filters: its lengths are wrong");
			return;
		}
		for (size_t i = 0; i < n; i++)
			if (seen[i].len == oid.len && memcmp(seen[i].at, oid.at, oid.len) == 0)
				found(a, BREACH_REQUEST_FILTERS, "an OID stands twice");
		bool of_purpose = oid.len == sizeof purposes && memcmp(oid.at, purposes, oid.len) == 0;
		if (of_purpose && memmem(values.at, values.len, any_purpose, sizeof any_purpose))
			found(a, BREACH_REQUEST_FILTERS, "anyExtendedKeyUsage");
		seen[n++] = oid;
	}
}

/* RFC 8446 4.2: the table's extensions that belong to other messages; types nobody knows may stand anywhere. */
static bool belongs_elsewhere(size_t type)
{
	static const unsigned char elsewhere[] = {0, 1, 10, 14, 15, 16, 19, 20, 21, 22, 23, 35, 41, 42, 43, 44, 45, 49, 51};
	for (size_t i = 0; i < sizeof elsewhere; i++)
		if (elsewhere[i] == type)
			return true;
	return false;
}

static void check_extension(struct audit *a, size_t type, struct bytes body)
{
	char why[64];
	if (type == EXT_SIGNATURE_ALGORITHMS)
		check_algorithms(a, body, "signature_algorithms");
	else if (type == EXT_SIGNATURE_ALGORITHMS_CERT)
		check_algorithms(a, body, "signature_algorithms_cert");
	else if (type == EXT_CERTIFICATE_AUTHORITIES)
		check_authorities(a, body);
	else if (type == EXT_OID_FILTERS)
		check_filters(a, body);
	if (!belongs_elsewhere(type))
		return;
	snprintf(why, sizeof why, "extension %zu has no place in a CertificateRequest", type);
	found(a, BREACH_REQUEST_EXTENSION, why);
}

/* RFC 8446 4.3.2: empty in the handshake; unique on the connection, which the empty one is once. */
static void check_context(struct audit *a, bool late, struct bytes request_context)
{
	uint64_t digest = text_hash(request_context.at, request_context.len, 0);
	if (!late && request_context.len)
		found(a, BREACH_REQUEST_CONTEXT, "certificate_request_context in the handshake");
	for (size_t i = 0; i < a->n_contexts; i++)
		if (a->contexts[i] == digest) {
			found(a, BREACH_REQUEST_REPEATED, "certificate_request_context as before");
			return;
		}
	if (a->n_contexts < AUDIT_MAX_CONTEXTS)
		a->contexts[a->n_contexts++] = digest;
}

static void audit_request_13(struct audit *a, bool late, struct bytes m)
{
	char why[64];
	size_t seen[MAX_EXTENSIONS], n = 0;
	bool algorithms = false;
	struct bytes request_context = vector(&m, 1), extensions = vector(&m, 2);
	if (m.bad || m.len) {
		found(a, BREACH_REQUEST_MALFORMED, "its lengths do not add up");
		return;
	}
	check_context(a, late, request_context);
	while (extensions.len && n < MAX_EXTENSIONS) {
		size_t type = number(&extensions, 2);
		struct bytes body = vector(&extensions, 2);
		if (extensions.bad) {
			found(a, BREACH_REQUEST_MALFORMED, "an extension is longer than what is there");
			return;
		}
		for (size_t i = 0; i < n; i++) {
			if (seen[i] != type)
				continue;
			snprintf(why, sizeof why, "extension %zu stands twice", type);
			found(a, BREACH_REQUEST_EXTENSION, why);
		}
		seen[n++] = type;
		algorithms = algorithms || type == EXT_SIGNATURE_ALGORITHMS;
		check_extension(a, type, body);
	}
	if (!algorithms)
		found(a, BREACH_REQUEST_ALGORITHMS, "no signature_algorithms");
}

/* RFC 5246 7.4.4; before TLS 1.2 without the algorithms (RFC 4346 7.4.4). */
static void audit_request_12(struct audit *a, enum tls version, struct bytes m)
{
	struct bytes types = vector(&m, 1), algorithms = {m.at, 2, false};
	if (version == TLS_1_2)
		algorithms = vector(&m, 2);
	struct bytes names = vector(&m, 2);
	if (m.bad || m.len || algorithms.len % 2) {
		found(a, BREACH_REQUEST_MALFORMED, "its lengths do not add up");
		return;
	}
	if (types.len == 0)
		found(a, BREACH_REQUEST_TYPES, "certificate_types is empty");
	if (algorithms.len == 0)
		found(a, BREACH_REQUEST_ALGORITHMS, "supported_signature_algorithms is empty");
	check_names(a, names);
}

void audit_certificate_request(struct audit *a, enum tls version, bool late, const void *message, size_t len)
{
	struct bytes m = {message, len, false};
	if (version == TLS_1_3)
		audit_request_13(a, late, m);
	else
		audit_request_12(a, version, m);
}

/* --- tickets --- */

/* RFC 8446 4.6.1: life, age_add, nonce<0..255>, ticket<1..2^16-1>, extensions. */
bool audit_new_session_ticket(struct audit *a, const void *message, size_t len, struct audit_ticket *out)
{
	char why[64];
	struct bytes m = {message, len, false};
	*out = (struct audit_ticket){.seconds = (uint32_t)number(&m, 4)};
	take(&m, 4);
	vector(&m, 1);
	vector(&m, 2);
	struct bytes extensions = vector(&m, 2);
	while (extensions.len && !extensions.bad) {
		size_t type = number(&extensions, 2);
		struct bytes body = vector(&extensions, 2);
		if (type == EXT_EARLY_DATA && body.len == 4)
			out->early_bytes = (uint32_t)number(&body, 4);
	}
	if (m.bad || extensions.bad)
		return false;
	if (out->seconds > AUDIT_WEEK) {
		snprintf(why, sizeof why, "%lu s", (unsigned long)out->seconds);
		found(a, BREACH_TICKET_LIFE, why);
	}
	return true;
}
