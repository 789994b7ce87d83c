#include "harness/pki/pkcs12.h"

#include "harness/base/test.h"
#include "harness/pki/der.h"

#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>

/* GnuTLS finds what was put in, and no MAC; that Java takes it is seen with Tomcat. */
START_TEST(certificates_come_back)
{
	static const struct blob certificates[] = {{"0\1\1", 3}, {"0\2\2\2", 4}};
	struct buf b;
	gnutls_pkcs12_t p12;
	gnutls_pkcs12_bag_t bag;
	buf_init(&b, 4096);
	pkcs12_put_trust(&b, certificates, (size_t)_i);
	gnutls_datum_t file = {(unsigned char *)b.data, (unsigned)b.len}, got;
	ck_assert_int_eq(gnutls_pkcs12_init(&p12), 0);
	ck_assert_int_eq(gnutls_pkcs12_import(p12, &file, GNUTLS_X509_FMT_DER, 0), 0);
	ck_assert_int_eq(gnutls_pkcs12_bag_init(&bag), 0);
	ck_assert_int_ge(gnutls_pkcs12_get_bag(p12, 0, bag), 0);
	ck_assert_int_eq(gnutls_pkcs12_bag_get_count(bag), _i);
	for (unsigned i = 0; i < (unsigned)_i; i++) {
		ck_assert_int_eq(gnutls_pkcs12_bag_get_type(bag, i), GNUTLS_BAG_CERTIFICATE);
		ck_assert_int_eq(gnutls_pkcs12_bag_get_data(bag, i, &got), 0);
		ck_assert_uint_eq(got.size, certificates[i].len);
		ck_assert_mem_eq(got.data, certificates[i].data, got.size);
	}
	gnutls_pkcs12_bag_deinit(bag);
	gnutls_pkcs12_deinit(p12);
	buf_fini(&b);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("pkcs12");
	TCase *t = tcase_create("pkcs12");
	tcase_add_loop_test(t, certificates_come_back, 1, 3);
	suite_add_tcase(s, t);
	return s;
}
