/* Fuzzes the reader of requests: whatever comes, it ends, and what it calls a request has its framing right. */
#include "harness/reference/h1.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left, step;
};

static long give(void *context, void *out, size_t size)
{
	struct input *in = context;
	size_t n = in->left < in->step ? in->left : in->step;
	if (n > size)
		n = size;
	if (n)
		memcpy(out, in->at, n);
	in->at += n;
	in->left -= n;
	return (long)n;
}

static bool swallow(void *context UNUSED, const void *data UNUSED, size_t len UNUSED)
{
	return true;
}

/* The first byte says in what pieces the others arrive. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct input in = {data + 1, size - 1, data[0] % 64 + 1u};
	struct wire wire = {give, swallow, &in, NULL};
	struct server_h1 h;
	struct request request;
	server_h1_init(&h, &wire);
	while (server_h1_read(&h, &request)) {
		if (h.status || !request.method[0] || !request.target[0] || request.body > SERVER_H1_BODY ||
		    h.at > h.len)
			abort();
	}
	if (!h.status && !h.ended)
		abort();
	return 0;
}
