/* Fuzzes the reader of certificates that others made. */
#include "harness/pki/cert.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blob der = {.data = data, .len = size}, bits;
	struct cert_view view;
	if (!cert_parse(der, &view))
		return 0;
	const uint8_t *end = data + size, *last = (const uint8_t *)view.public_key.data + view.public_key.len;
	if (last > end || (const uint8_t *)view.serial.data < data)
		abort(); /* a view outside of what was read */
	cert_key_bits(view.public_key, &bits);
	return 0;
}
