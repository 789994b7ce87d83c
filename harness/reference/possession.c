#include "harness/reference/possession.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

typedef int verify_data(gnutls_pubkey_t, gnutls_sign_algorithm_t, unsigned, const gnutls_datum_t *,
			const gnutls_datum_t *);

static atomic_bool skip, any;

void possession_skip(void)
{
	skip = true;
}

void possession_take_any(void)
{
	any = true;
}

static verify_data *real;

static void find_real(void)
{
	/* ISO C has no cast from object to function pointer; POSIX promises that the bits are the same. */
	void *found = dlsym(RTLD_NEXT, "gnutls_pubkey_verify_data2");
	memcpy(&real, &found, sizeof real);
}

int possession_verify(gnutls_pubkey_t key, gnutls_sign_algorithm_t algorithm, unsigned flags,
		      const gnutls_datum_t *data, const gnutls_datum_t *signature)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, find_real);
	return real ? real(key, algorithm, flags, data, signature) : GNUTLS_E_INTERNAL_ERROR;
}

int gnutls_pubkey_verify_data2(gnutls_pubkey_t pubkey, gnutls_sign_algorithm_t algo, unsigned int flags,
			       const gnutls_datum_t *data, const gnutls_datum_t *signature)
{
	static const gnutls_sign_algorithm_t others[] = {GNUTLS_SIGN_ECDSA_SHA1, GNUTLS_SIGN_ECDSA_SHA384,
							 GNUTLS_SIGN_RSA_SHA256};
	int ret = skip ? 0 : possession_verify(pubkey, algo, flags, data, signature);
	for (size_t i = 0; ret < 0 && any && i < sizeof others / sizeof *others; i++)
		if (possession_verify(pubkey, others[i], flags | GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1, data, signature) == 0)
			ret = 0;
	return ret;
}
