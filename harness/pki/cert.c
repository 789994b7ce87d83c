#include "harness/pki/cert.h"

#include "harness/pki/der.h"
#include "harness/pki/eku.h"
#include "harness/pki/general_name.h"

#define OID_BASIC_CONSTRAINTS	     "2.5.29.19"
#define OID_KEY_USAGE		     "2.5.29.15"
#define OID_EXTENDED_KEY_USAGE	     "2.5.29.37"
#define OID_SUBJECT_ALTERNATIVE_NAME "2.5.29.17"
#define OID_NAME_CONSTRAINTS	     "2.5.29.30"
#define OID_SUBJECT_KEY_ID	     "2.5.29.14"
#define OID_AUTHORITY_KEY_ID	     "2.5.29.35"
#define OID_CRL_NUMBER		     "2.5.29.20"

static void put_attribute(struct buf *b, const char *oid, const char *text)
{
	size_t set = b->len;
	der_put_oid(b, oid);
	der_put(b, DER_UTF8_STRING, text, strlen(text));
	der_close(b, set, DER_SEQUENCE);
	der_close(b, set, DER_SET);
}

void cert_put_name(struct buf *b, const char *organisation, const char *unit, const char *common_name)
{
	size_t from = b->len;
	put_attribute(b, "2.5.4.10", organisation);
	if (unit)
		put_attribute(b, "2.5.4.11", unit);
	put_attribute(b, "2.5.4.3", common_name);
	der_close(b, from, DER_SEQUENCE);
}

/* Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue } around what was appended since `from`. */
static void close_extension(struct buf *b, size_t from, const char *oid, bool critical)
{
	struct buf head;
	buf_init(&head, 256);
	der_put_oid(&head, oid);
	if (critical)
		der_put_true(&head);
	der_close(b, from, DER_OCTET_STRING);
	size_t len = b->len - from;
	buf_add(b, head.data, head.len); /* makes room; the value is moved behind next */
	if (!b->overflow) {
		memmove(b->data + from + head.len, b->data + from, len);
		memcpy(b->data + from, head.data, head.len);
	}
	buf_fini(&head);
	der_close(b, from, DER_SEQUENCE);
}

static void put_basic_constraints(struct buf *b, const struct cert_spec *c)
{
	size_t from = b->len;
	if (c->basic_constraints == PRESENCE_ABSENT)
		return;
	if (c->ca)
		der_put_true(b);
	if (c->path_length >= 0)
		der_put_unsigned(b, (uint64_t)c->path_length);
	der_close(b, from, DER_SEQUENCE);
	close_extension(b, from, OID_BASIC_CONSTRAINTS, c->basic_constraints == PRESENCE_CRITICAL);
}

static void put_key_usage(struct buf *b, const struct cert_spec *c)
{
	size_t from = b->len;
	if (!c->has_key_usage)
		return;
	der_put_flags(b, c->key_usage);
	close_extension(b, from, OID_KEY_USAGE, true);
}

static bool put_eku(struct buf *b, const struct cert_spec *c)
{
	char word[128];
	const char *words = c->eku;
	size_t from = b->len;
	if (!c->eku)
		return true;
	while (text_word(&words, word, sizeof word))
		if (!eku_put(b, word))
			return false;
	der_close(b, from, DER_SEQUENCE);
	close_extension(b, from, OID_EXTENDED_KEY_USAGE, c->eku_critical);
	return true;
}

static bool put_san(struct buf *b, const struct cert_spec *c)
{
	size_t from = b->len;
	if (!c->san)
		return true;
	if (!general_names_put(b, c->san, false))
		return false;
	der_close(b, from, DER_SEQUENCE);
	close_extension(b, from, OID_SUBJECT_ALTERNATIVE_NAME, c->san_critical);
	return true;
}

static bool put_name_constraints(struct buf *b, const struct cert_spec *c)
{
	size_t from = b->len, part = b->len;
	if (!c->has_name_constraints)
		return true;
	if (c->permitted) {
		if (!general_names_put(b, c->permitted, true))
			return false;
		der_close(b, part, DER_CONSTRUCTED(0));
	}
	part = b->len;
	if (c->excluded) {
		if (!general_names_put(b, c->excluded, true))
			return false;
		der_close(b, part, DER_CONSTRUCTED(1));
	}
	der_close(b, from, DER_SEQUENCE);
	close_extension(b, from, OID_NAME_CONSTRAINTS, c->name_constraints_critical);
	return true;
}

static void put_key_ids(struct buf *b, const struct cert_input *in)
{
	size_t from = b->len;
	if (in->key_id) {
		der_put(b, DER_OCTET_STRING, in->key_id, CERT_KEY_ID);
		close_extension(b, from, OID_SUBJECT_KEY_ID, false);
	}
	from = b->len;
	if (in->issuer_key_id) {
		der_put(b, DER_CONTEXT(0), in->issuer_key_id, CERT_KEY_ID);
		der_close(b, from, DER_SEQUENCE);
		close_extension(b, from, OID_AUTHORITY_KEY_ID, false);
	}
}

static bool put_extensions(struct buf *b, const struct cert_input *in)
{
	const struct cert_spec *c = in->spec;
	size_t from = b->len;
	put_basic_constraints(b, c);
	put_key_usage(b, c);
	if (!put_eku(b, c) || !put_san(b, c) || !put_name_constraints(b, c))
		return false;
	put_key_ids(b, in);
	for (size_t i = 0; i < c->n_extensions; i++) {
		size_t one = b->len;
		if (!text_unhex(b, c->extensions[i].value))
			return false;
		close_extension(b, one, c->extensions[i].oid, c->extensions[i].critical);
	}
	if (b->len == from)
		return true; /* Extensions is SIZE (1..MAX) */
	der_close(b, from, DER_SEQUENCE);
	der_close(b, from, DER_CONSTRUCTED(3));
	return true;
}

enum rc cert_put_tbs(struct buf *b, const struct cert_input *in, struct err *err)
{
	const struct cert_spec *c = in->spec;
	size_t from = b->len, part;
	if (c->version != 1) { /* v1 is the DEFAULT, hence left out */
		part = b->len;
		der_put_unsigned(b, c->version - 1);
		der_close(b, part, DER_CONSTRUCTED(0));
	}
	der_put(b, DER_INTEGER, in->serial, CERT_SERIAL);
	buf_add(b, in->algorithm.data, in->algorithm.len);
	buf_add(b, in->issuer.data, in->issuer.len);
	part = b->len;
	der_put_time(b, in->now + (time_t)c->not_before);
	der_put_time(b, in->now + (time_t)c->not_after);
	der_close(b, part, DER_SEQUENCE);
	buf_add(b, in->subject.data, in->subject.len);
	buf_add(b, in->public_key.data, in->public_key.len);
	/* RFC 5280 4.1.2.9: extensions only in version 3 */
	if (c->version == 3 && !put_extensions(b, in))
		return err_at(err, RC_INPUT, c->where.file, c->where.line, "%s: an extension cannot be encoded",
			      c->name);
	der_close(b, from, DER_SEQUENCE);
	return b->overflow ? err_at(err, RC_INPUT, c->where.file, c->where.line, "%s: certificate too large", c->name)
			   : RC_OK;
}

void cert_put_signed(struct buf *b, struct blob tbs, struct blob algorithm, struct blob signature)
{
	size_t from = b->len;
	buf_add(b, tbs.data, tbs.len);
	buf_add(b, algorithm.data, algorithm.len);
	der_put_bits(b, signature.data, signature.len);
	der_close(b, from, DER_SEQUENCE);
}

/* TBSCertList of RFC 5280 5.1.2 without entries; version 2, authority key identifier and number as 5.2 asks. */
void cert_put_crl_tbs(struct buf *b, const struct crl_input *in)
{
	size_t from = b->len, all, one;
	der_put_unsigned(b, 1);
	buf_add(b, in->algorithm.data, in->algorithm.len);
	buf_add(b, in->issuer.data, in->issuer.len);
	der_put_time(b, in->this_update);
	der_put_time(b, in->next_update);
	all = one = b->len;
	der_put(b, DER_CONTEXT(0), in->key_id, CERT_KEY_ID);
	der_close(b, one, DER_SEQUENCE);
	close_extension(b, one, OID_AUTHORITY_KEY_ID, false);
	one = b->len;
	der_put_unsigned(b, in->number);
	close_extension(b, one, OID_CRL_NUMBER, false);
	der_close(b, all, DER_SEQUENCE);
	der_close(b, all, DER_CONSTRUCTED(0));
	der_close(b, from, DER_SEQUENCE);
}

static struct blob whole(const struct der_tlv *t)
{
	return (struct blob){.data = t->start, .len = (size_t)(t->data - t->start) + t->len};
}

bool cert_parse_tbs(struct blob der, struct cert_view *out)
{
	struct der_tlv tbs, t, time;
	struct der in = der_of(der.data, der.len);
	if (!der_expect(&in, DER_SEQUENCE, &tbs))
		return false;
	out->tbs = whole(&tbs);
	in = der_of(tbs.data, tbs.len);
	if (!der_next(&in, &t) || (t.tag == DER_CONSTRUCTED(0) && !der_next(&in, &t)) || t.tag != DER_INTEGER)
		return false;
	out->serial = (struct blob){.data = t.data, .len = t.len};
	if (!der_expect(&in, DER_SEQUENCE, &t) || !der_expect(&in, DER_SEQUENCE, &t)) /* algorithm, issuer */
		return false;
	out->issuer = whole(&t);
	if (!der_expect(&in, DER_SEQUENCE, &t)) /* validity */
		return false;
	struct der validity = der_of(t.data, t.len);
	if (!der_next(&validity, &time) || !der_next(&validity, &time) || !der_expect(&in, DER_SEQUENCE, &t))
		return false;
	out->not_after = whole(&time);
	out->subject = whole(&t);
	if (!der_expect(&in, DER_SEQUENCE, &t))
		return false;
	out->public_key = whole(&t);
	return true;
}

bool cert_parse(struct blob der, struct cert_view *out)
{
	struct der_tlv cert;
	struct der in = der_of(der.data, der.len);
	return der_expect(&in, DER_SEQUENCE, &cert) &&
	       cert_parse_tbs((struct blob){.data = cert.data, .len = cert.len}, out);
}

bool cert_key_bits(struct blob public_key, struct blob *bits)
{
	struct der_tlv spki, t;
	struct der in = der_of(public_key.data, public_key.len);
	if (!der_expect(&in, DER_SEQUENCE, &spki))
		return false;
	in = der_of(spki.data, spki.len);
	if (!der_expect(&in, DER_SEQUENCE, &t) || !der_expect(&in, DER_BIT_STRING, &t) || t.len < 2)
		return false;
	*bits = (struct blob){.data = t.data + 1, .len = t.len - 1}; /* behind the count of unused bits */
	return true;
}
