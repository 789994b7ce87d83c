#include "harness/pki/digest.h"

#include "harness/pki/keys.h"

void digest_sha256(const void *data, size_t len, char out[static DIGEST_HEX])
{
	keys_hash_hex(HASH_SHA256, data, len, out);
}
