#include "clients/tls_digest.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>

void tls_digest_begin(struct tls_digest *d)
{
	gnutls_hash_hd_t handle;
	tls_digest_end(d, NULL);
	if (gnutls_hash_init(&handle, GNUTLS_DIG_SHA256) < 0)
		abort();
	d->handle = handle;
}

void tls_digest_add(struct tls_digest *d, const void *data, size_t len)
{
	if (len && gnutls_hash(d->handle, data, len) < 0)
		abort();
}

void tls_digest_end(struct tls_digest *d, char *hex)
{
	unsigned char sum[32];
	if (hex)
		hex[0] = '\0';
	if (!d->handle)
		return;
	gnutls_hash_deinit(d->handle, sum);
	d->handle = NULL;
	for (size_t i = 0; hex && i < sizeof sum; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}
