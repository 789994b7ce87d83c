#include "harness/reference/possession.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

typedef int verify_data(gnutls_pubkey_t, gnutls_sign_algorithm_t, unsigned, const gnutls_datum_t *,
			const gnutls_datum_t *);

static bool skip;

void possession_skip(void)
{
	skip = true;
}

int possession_verify(gnutls_pubkey_t key, gnutls_sign_algorithm_t algorithm, unsigned flags,
		      const gnutls_datum_t *data, const gnutls_datum_t *signature)
{
	static verify_data *real;
	if (!real) {
		/* ISO C has no cast from object to function pointer; POSIX promises that the bits are the same. */
		void *found = dlsym(RTLD_NEXT, "gnutls_pubkey_verify_data2");
		memcpy(&real, &found, sizeof real);
	}
	return real ? real(key, algorithm, flags, data, signature) : GNUTLS_E_INTERNAL_ERROR;
}

int gnutls_pubkey_verify_data2(gnutls_pubkey_t pubkey, gnutls_sign_algorithm_t algo, unsigned int flags,
			       const gnutls_datum_t *data, const gnutls_datum_t *signature)
{
	return skip ? 0 : possession_verify(pubkey, algo, flags, data, signature);
}
