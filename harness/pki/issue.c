#include "harness/pki/issue.h"

#include "harness/pki/der.h"

#include <stdio.h>

#define MAX_CERTIFICATE (1u << 20)
#define UNIT_MAX	64 /* ub-organizational-unit-name, RFC 5280 appendix A.1 */

static struct blob keep(struct arena *a, const struct buf *b)
{
	return (struct blob){.data = arena_memdup(a, b->data, b->len), .len = b->len};
}

struct blob issue_name(struct arena *a, uint64_t tag, const char *unit, const char *name)
{
	struct buf b;
	char common[96];
	buf_init(&b, 1024);
	snprintf(common, sizeof common, ISSUE_ORGANISATION " %s %08x", name, (unsigned)(tag >> 32));
	cert_put_name(&b, ISSUE_ORGANISATION, unit ? arena_printf(a, "%.*s", UNIT_MAX, unit) : NULL, common);
	struct blob out = keep(a, &b);
	buf_fini(&b);
	return out;
}

static void change_case(unsigned char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z'))
			text[i] ^= 'a' ^ 'A';
}

/* Another character, in no other case. */
static void change_last(unsigned char *text, size_t len)
{
	while (len > 0 && text[len - 1] >= 0x80)
		len--; /* inside a character of UTF-8 */
	if (len > 0)
		text[len - 1] = text[len - 1] == '0' ? '1' : '0';
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type, value }, RFC 5280 4.1.2.4; lengths stay as they are. */
static struct blob rewritten(struct arena *a, struct blob name, bool other_case)
{
	struct der_tlv t;
	unsigned char *copy = arena_memdup(a, name.data, name.len), *last = NULL;
	size_t last_len = 0;
	struct der in = der_of(copy, name.len), set, pair;
	for (in = der_expect(&in, DER_SEQUENCE, &t) ? der_of(t.data, t.len) : der_of(copy, 0); der_next(&in, &t);) {
		for (set = der_of(t.data, t.len); der_next(&set, &t);) {
			pair = der_of(t.data, t.len);
			if (!der_expect(&pair, DER_OID, &t) || !der_next(&pair, &t))
				continue;
			last = copy + (t.data - copy);
			last_len = t.len;
			if (other_case)
				change_case(last, last_len);
		}
	}
	if (last && !other_case)
		change_last(last, last_len);
	return (struct blob){.data = copy, .len = name.len};
}

struct blob issue_issuer_name(struct arena *a, enum issuer_name what, struct blob issuer, struct blob subject)
{
	switch (what) {
	case ISSUER_NAME_OWN:
		return subject;
	case ISSUER_NAME_OTHER:
		return rewritten(a, issuer, false);
	case ISSUER_NAME_OTHER_CASE:
		return rewritten(a, issuer, true);
	case ISSUER_NAME_ISSUER:
	case ISSUER_NAME__COUNT:
		break;
	}
	return (struct blob){0};
}

enum rc issue_tbs(struct arena *a, time_t now, const struct make *m, struct blob *tbs, struct blob *algorithm,
		  struct err *err)
{
	enum rc rc;
	struct buf b;
	const struct key *signer = m->signer ? m->signer : m->issuer->key;
	const struct cert_spec *spec = m->spec;
	bool self = m->issuer->key == m->key && m->issuer->subject.data == m->subject.data;
	struct cert_input in = {.spec = spec, .now = now, .subject = m->subject, .public_key = m->key->public_der};
	buf_init(&b, MAX_CERTIFICATE);
	*algorithm = in.algorithm = keys_algorithm(signer, spec->signature, a);
	in.issuer = m->issuer_name.data ? m->issuer_name : m->issuer->subject;
	in.key_id = spec->key_id ? m->key_id ? m->key_id : m->key->id : NULL;
	/* RFC 5280 4.2.1.1: a self-signed certificate may omit it */
	in.issuer_key_id = spec->issuer_key_id && !self ? m->issuer->key_id : NULL;
	TRY(keys_random(in.serial, sizeof in.serial, err));
	in.serial[0] = (in.serial[0] & 0x3f) | 0x40; /* positive, RFC 5280 4.1.2.2 */
	TRY(cert_put_tbs(&b, &in, err));
	*tbs = keep(a, &b);
out:
	buf_fini(&b);
	return rc;
}

enum rc issue_certificate(struct arena *a, time_t now, const struct make *m, struct made *out, struct err *err)
{
	enum rc rc;
	struct buf b;
	struct blob tbs, algorithm, signature;
	struct make full = *m;
	buf_init(&b, MAX_CERTIFICATE);
	*out = (struct made){
	    .spec = m->spec, .key = m->key, .subject = m->subject, .key_id = m->key_id ? m->key_id : m->key->id};
	if (!full.issuer)
		full.issuer = out;
	TRY(issue_tbs(a, now, &full, &tbs, &algorithm, err));
	TRY(keys_sign(full.signer ? full.signer : full.issuer->key, m->spec->signature, tbs, a, &signature, err));
	cert_put_signed(&b, tbs, algorithm, signature);
	out->der = keep(a, &b);
out:
	buf_fini(&b);
	return rc;
}
