/* Feeds bytes to the loader as a suite, target or known-failures file: no crash, no leak, no fetch, and every refusal
 * says why. */
#include "harness/suite/load.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct err err = {0};
	const struct suite *suite = NULL;
	enum rc rc = load_bytes(&a, "fuzz.xml", data, size, &suite, &err);
	if ((rc == RC_OK) != (suite != NULL) || (rc == RC_OK) != (err.text[0] == '\0'))
		abort();
	arena_fini(&a);
	return 0;
}
