/* Fuzzes everything between a peer's bytes and the verdict: DER, extensions, names, constraints, path search, rules. */
#include "harness/reference/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a run of certificates, end entity first; the last one is the anchor. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct faults sound = {.on = {false}};
	struct span rest = {data, size}, chain[16];
	struct tlv element;
	struct x509 anchor = {0};
	struct check_result result;
	const char *why;
	size_t n = 0;
	while (n < 16 && tlv_next(&rest, &element))
		chain[n++] = element.all;
	if (rest.len && n < 16)
		chain[n++] = rest;
	if (n == 0)
		return 0;
	struct anchors anchors = {&anchor, x509_parse(&anchor, chain[n - 1], &why)};
	struct check_input in = {chain, n, &anchors, 1795519200, 10, &sound};
	check_chain(&in, &result);
	if (!result.failed != !check_alert(&result))
		abort();
	x509_fini(&anchor);
	return 0;
}
