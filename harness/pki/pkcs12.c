#include "harness/pki/pkcs12.h"

#include "harness/pki/der.h"

#define OID_DATA	     "1.2.840.113549.1.7.1"
#define OID_CERT_BAG	     "1.2.840.113549.1.12.10.1.3"
#define OID_X509_CERTIFICATE "1.2.840.113549.1.9.22.1"
/* Oracle's; java.security.KeyStore takes a certificate without it for part of some key's chain, not for an anchor. */
#define OID_TRUSTED_KEY_USAGE "2.16.840.1.113894.746875.1.1"
#define OID_ANY_KEY_USAGE     "2.5.29.37.0"

static void put_bag(struct buf *b, struct blob certificate)
{
	size_t bag = b->len, from, inner;
	der_put_oid(b, OID_CERT_BAG);
	from = b->len;
	der_put_oid(b, OID_X509_CERTIFICATE);
	inner = b->len;
	der_put(b, DER_OCTET_STRING, certificate.data, certificate.len);
	der_close(b, inner, DER_CONSTRUCTED(0));
	der_close(b, from, DER_SEQUENCE);
	der_close(b, from, DER_CONSTRUCTED(0));
	from = b->len;
	der_put_oid(b, OID_TRUSTED_KEY_USAGE);
	inner = b->len;
	der_put_oid(b, OID_ANY_KEY_USAGE);
	der_close(b, inner, DER_SET);
	der_close(b, from, DER_SEQUENCE);
	der_close(b, from, DER_SET);
	der_close(b, bag, DER_SEQUENCE);
}

/* A ContentInfo of type data (RFC 5652 section 4) is opened, and closed around octets that were appended in between. */
struct data {
	size_t whole, octets;
};

static struct data open_data(struct buf *b)
{
	struct data d = {.whole = b->len};
	der_put_oid(b, OID_DATA);
	d.octets = b->len;
	return d;
}

static void close_data(struct buf *b, struct data d)
{
	der_close(b, d.octets, DER_OCTET_STRING);
	der_close(b, d.octets, DER_CONSTRUCTED(0));
	der_close(b, d.whole, DER_SEQUENCE);
}

void pkcs12_put_trust(struct buf *b, const struct blob *certificates, size_t n)
{
	size_t pfx = b->len;
	der_put_unsigned(b, 3);
	struct data safe = open_data(b), contents = open_data(b);
	for (size_t i = 0; i < n; i++)
		put_bag(b, certificates[i]);
	der_close(b, contents.octets, DER_SEQUENCE); /* SafeContents */
	close_data(b, contents);
	der_close(b, safe.octets, DER_SEQUENCE); /* AuthenticatedSafe */
	close_data(b, safe);
	der_close(b, pfx, DER_SEQUENCE);
}
