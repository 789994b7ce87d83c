#include "harness/reference/x509.h"

#include "harness/base/text.h"
#include "harness/reference/constraints.h"
#include "harness/reference/dn.h"

#include <gnutls/crypto.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool digits(const unsigned char *at, size_t n, int *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		*out = *out * 10 + (at[i] - '0');
	}
	return true;
}

/* Seconds since 1970 of a Gregorian date and time (proleptic; no leap seconds). */
static int64_t seconds(int y, int mon, int d, int h, int min, int s)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t years = y - 1, leaps = years / 4 - years / 100 + years / 400;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	int64_t days = years * 365 + leaps + before[mon - 1] + (mon > 2 && leap) + d - 1;
	return (days - 719162) * 86400 + h * 3600 + min * 60 + s;
}

/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, both with seconds and Z, no fraction. */
static const char *date(struct tlv t, int64_t *out)
{
	bool utc = t.tag == TLV_UTC_TIME;
	size_t year_digits = utc ? 2 : 4;
	const unsigned char *at = t.body.at;
	int y, v[5];
	if (!utc && t.tag != TLV_GENERALIZED_TIME)
		return "is no time";
	if (t.body.len != year_digits + 11 || at[year_digits + 10] != 'Z' || !digits(at, year_digits, &y))
		return "is not written with seconds and Z";
	for (size_t i = 0; i < 5; i++)
		if (!digits(at + year_digits + 2 * i, 2, &v[i]))
			return "is not written with seconds and Z";
	if (utc)
		y += y < 50 ? 2000 : 1900;
	else if (y < 2050)
		return "is GeneralizedTime before 2050";
	if (v[0] < 1 || v[0] > 12 || v[1] < 1 || v[1] > 31 || v[2] > 23 || v[3] > 59 || v[4] > 60)
		return "is no date";
	*out = seconds(y, v[0], v[1], v[2], v[3], v[4]);
	return NULL;
}

static bool validity(struct x509 *c, struct span body)
{
	struct tlv from, to;
	if (!tlv_next(&body, &from) || !tlv_next(&body, &to) || body.len)
		return false;
	c->bad_date = date(from, &c->not_before);
	if (!c->bad_date)
		c->bad_date = date(to, &c->not_after);
	if (c->bad_date) {
		/* One defect, one rule: what cannot be read bounds nothing. */
		c->not_before = INT64_MIN;
		c->not_after = INT64_MAX;
	}
	return true;
}

static bool basic_constraints(struct x509 *c, struct span value)
{
	struct tlv s, e;
	c->has_basic = true;
	if (!tlv_take(&value, TLV_SEQUENCE, &s) || value.len)
		return false;
	if (tlv_take(&s.body, TLV_BOOLEAN, &e) && !tlv_bool(e.body, &c->is_ca))
		return false;
	if (tlv_take(&s.body, TLV_INTEGER, &e) && !tlv_long(e.body, &c->path_len))
		return false;
	return s.body.len == 0;
}

static bool key_usage(struct x509 *c, struct span value)
{
	struct tlv bits;
	c->has_usage = true;
	if (!tlv_take(&value, TLV_BIT_STRING, &bits) || value.len || bits.body.len < 1 || bits.body.at[0] > 7)
		return false;
	for (size_t i = 0; i < 16 && i / 8 + 1 < bits.body.len; i++)
		if (bits.body.at[1 + i / 8] & (0x80 >> i % 8))
			c->usage |= 1u << i;
	return true;
}

static bool purposes(struct x509 *c, struct span value)
{
	struct tlv s, oid;
	c->has_purposes = true;
	if (!tlv_take(&value, TLV_SEQUENCE, &s) || value.len)
		return false;
	c->purposes = s.body;
	while (s.body.len)
		if (!tlv_take(&s.body, TLV_OID, &oid))
			return false;
	return true;
}

static bool alt_names(struct x509 *c, struct span value)
{
	struct tlv s, name;
	if (!tlv_take(&value, TLV_SEQUENCE, &s) || value.len)
		return false;
	c->alt_names = s.body;
	while (s.body.len)
		if (!tlv_next(&s.body, &name) || (name.tag & 0xc0) != TLV_CONTEXT)
			return false;
	return true;
}

static bool constraints(struct x509 *c, struct span value)
{
	struct tlv s;
	if (!tlv_take(&value, TLV_SEQUENCE, &s) || value.len)
		return false;
	c->constraints = s.body;
	return constraints_well_formed(s.body);
}

static bool subject_key_id(struct x509 *c, struct span value)
{
	struct tlv id;
	if (!tlv_take(&value, TLV_OCTET_STRING, &id) || value.len)
		return false;
	c->key_id = id.body;
	return true;
}

static bool authority_key_id(struct x509 *c, struct span value)
{
	struct tlv s, id;
	if (!tlv_take(&value, TLV_SEQUENCE, &s) || value.len)
		return false;
	if (tlv_take(&s.body, TLV_CONTEXT, &id))
		c->authority_key_id = id.body;
	return true;
}

/* Recognised, with nothing to remember: no certificate policy is demanded, so none of these can make a path fail. */
static bool recognised(struct x509 *c UNUSED, struct span value UNUSED)
{
	return true;
}

/* The extensions that this verifier processes; any other that is critical is "unknown" (RFC 5280 4.2). */
static const struct {
	const char *oid, *name;
	bool (*read)(struct x509 *c, struct span value);
} extensions[] = {
    {"2.5.29.19", "basicConstraints", basic_constraints},
    {"2.5.29.15", "keyUsage", key_usage},
    {"2.5.29.37", "extKeyUsage", purposes},
    {"2.5.29.17", "subjectAltName", alt_names},
    {"2.5.29.30", "nameConstraints", constraints},
    {"2.5.29.14", "subjectKeyIdentifier", subject_key_id},
    {"2.5.29.35", "authorityKeyIdentifier", authority_key_id},
    {"2.5.29.32", "certificatePolicies", recognised},
    {"2.5.29.54", "inhibitAnyPolicy", recognised},
};

static bool extension(struct x509 *c, struct span body)
{
	struct tlv type, flag, value;
	char oid[64];
	bool critical = false, known = false;
	if (!tlv_take(&body, TLV_OID, &type) || !tlv_oid(type.body, oid, sizeof oid))
		return false;
	if (tlv_take(&body, TLV_BOOLEAN, &flag) && !tlv_bool(flag.body, &critical))
		return false;
	if (!tlv_take(&body, TLV_OCTET_STRING, &value) || body.len)
		return false;
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		if (strcmp(extensions[i].oid, oid) != 0)
			continue;
		known = true;
		if (!extensions[i].read(c, value.body) && !c->malformed)
			c->malformed = extensions[i].name;
	}
	if (!known && critical && !c->unknown_critical[0])
		snprintf(c->unknown_critical, sizeof c->unknown_critical, "%s", oid);
	if (critical && strcmp(oid, "2.5.29.30") == 0)
		c->constraints_critical = true;
	if (critical && strcmp(oid, "2.5.29.17") == 0)
		c->alt_names_critical = true;
	return true;
}

/* Whether an extension with the OID `oid` stands in `before`, the list up to it. */
static bool repeated(struct span before, struct span oid)
{
	struct tlv e, type;
	while (tlv_take(&before, TLV_SEQUENCE, &e))
		if (tlv_take(&e.body, TLV_OID, &type) && span_equal(type.body, oid))
			return true;
	return false;
}

static bool extension_list(struct x509 *c, struct span body)
{
	struct tlv list, e, type;
	c->has_extensions = true;
	if (!tlv_take(&body, TLV_SEQUENCE, &list) || body.len)
		return false;
	struct span rest = list.body;
	while (rest.len) {
		struct span before = {list.body.at, (size_t)(rest.at - list.body.at)};
		if (!tlv_take(&rest, TLV_SEQUENCE, &e) || !extension(c, e.body))
			return false;
		if (!c->repeated[0] && tlv_take(&e.body, TLV_OID, &type) && repeated(before, type.body))
			tlv_oid(type.body, c->repeated, sizeof c->repeated);
	}
	return true;
}

static const char *read_tbs(struct x509 *c, struct span t)
{
	struct tlv e, v;
	c->version = 1;
	if (tlv_take(&t, TLV_CONTEXT_DEEP | 0, &e)) {
		if (!tlv_take(&e.body, TLV_INTEGER, &v) || e.body.len || !tlv_long(v.body, &c->version))
			return "version";
		c->version++;
	}
	if (!tlv_take(&t, TLV_INTEGER, &e))
		return "serialNumber";
	if (!tlv_take(&t, TLV_SEQUENCE, &e))
		return "signature";
	c->tbs_algorithm = e.all;
	if (!tlv_take(&t, TLV_SEQUENCE, &e))
		return "issuer";
	c->issuer = e.all;
	if (!tlv_take(&t, TLV_SEQUENCE, &e) || !validity(c, e.body))
		return "validity";
	if (!tlv_take(&t, TLV_SEQUENCE, &e))
		return "subject";
	c->subject = e.all;
	if (!tlv_take(&t, TLV_SEQUENCE, &e))
		return "subjectPublicKeyInfo";
	c->key_info = e.all;
	tlv_take(&t, TLV_CONTEXT | 1, &e); /* unique identifiers: tolerated (4.1.2.8) */
	tlv_take(&t, TLV_CONTEXT | 2, &e);
	if (tlv_take(&t, TLV_CONTEXT_DEEP | 3, &e) && !extension_list(c, e.body))
		return "extensions";
	return t.len ? "bytes behind the last field" : NULL;
}

bool x509_parse(struct x509 *c, struct span der, const char **why)
{
	struct tlv all, tbs, e;
	struct span rest = der;
	*c = (struct x509){.der = der, .path_len = -1};
	*why = "not a Certificate";
	if (!tlv_take(&rest, TLV_SEQUENCE, &all) || !tlv_take(&all.body, TLV_SEQUENCE, &tbs))
		goto bad;
	*why = "bytes behind the certificate";
	if (rest.len)
		goto bad;
	c->tbs = tbs.all;
	*why = read_tbs(c, tbs.body);
	if (*why)
		goto bad;
	*why = "signatureAlgorithm";
	if (!tlv_take(&all.body, TLV_SEQUENCE, &e))
		goto bad;
	c->algorithm = e.all;
	*why = "signatureValue";
	if (!tlv_take(&all.body, TLV_BIT_STRING, &e) || all.body.len || e.body.len < 1 || e.body.at[0] != 0)
		goto bad;
	c->signature = (struct span){e.body.at + 1, e.body.len - 1};
	*why = NULL;
	return true;
bad:
	*c = (struct x509){0};
	return false;
}

void x509_fini(struct x509 *c)
{
	if (c->public_key)
		gnutls_pubkey_deinit(c->public_key);
	*c = (struct x509){0};
}

gnutls_pubkey_t x509_key(struct x509 *c)
{
	gnutls_datum_t info = {(unsigned char *)(uintptr_t)c->key_info.at, (unsigned)c->key_info.len};
	if (c->key_tried)
		return c->public_key;
	c->key_tried = true;
	if (gnutls_pubkey_init(&c->public_key) < 0) {
		c->public_key = NULL;
	} else if (gnutls_pubkey_import(c->public_key, &info, GNUTLS_X509_FMT_DER) < 0) {
		gnutls_pubkey_deinit(c->public_key);
		c->public_key = NULL;
	}
	return c->public_key;
}

bool x509_is_self_issued(const struct x509 *c)
{
	return dn_equal(c->subject, c->issuer);
}

void x509_common_name(const struct x509 *c, char *out, size_t size)
{
	static const unsigned char cn[] = {0x55, 0x04, 0x03};
	struct dn_walk walk = dn_walk(c->subject);
	struct span oid;
	struct tlv value, last = {0};
	char text[1024];
	size_t len, used = 0;
	out[0] = '\0';
	while (dn_next(&walk, &oid, &value))
		if (span_equal(oid, (struct span){cn, sizeof cn}))
			last = value;
	if (!dn_text(last, text, sizeof text, &len))
		return;
	for (size_t i = 0; i < len && used + 4 < size; i++) {
		unsigned char b = (unsigned char)text[i];
		if (b >= 0x20 && b < 0x7f && b != '%')
			out[used++] = (char)b;
		else
			used += (size_t)snprintf(out + used, size - used, "%%%02X", b);
	}
	out[used] = '\0';
}

void x509_digest(struct span der, char out[static 65])
{
	unsigned char hash[32] = {0};
	struct buf hex;
	gnutls_hash_fast(GNUTLS_DIG_SHA256, der.at, der.len, hash);
	buf_init(&hex, 64);
	text_hex(&hex, hash, sizeof hash);
	memcpy(out, hex.data, 65);
	buf_fini(&hex);
}
