/*
 * Any bytes as requests: it ends, what it calls a request has its framing right, and the requests are the same however
 * the bytes arrive.
 */
#include "harness/reference/h1.h"

#include "harness/base/text.h"

#include <stdlib.h>
#include <string.h>

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

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Every request, with its end in the input; then what ended it. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t step)
{
	struct input in = {data, size, step};
	struct wire wire = {.read = give, .write = swallow, .context = &in};
	struct server_h1 h;
	struct request request;
	uint64_t hash = 0;
	server_h1_init(&h, &wire);
	while (server_h1_head(&h, &request) && server_h1_content(&h, &request)) {
		must(!h.status && request.method[0] && request.target[0] && request.body <= SERVER_H1_BODY &&
		     h.at <= h.len);
		const uint64_t numbers[] = {request.body, h.minor, h.keep_alive, size - in.left - (h.len - h.at)};
		hash = text_hash(request.method, strlen(request.method) + 1, hash);
		hash = text_hash(request.target, strlen(request.target) + 1, hash);
		hash = text_hash(request.authority, strlen(request.authority) + 1, hash);
		hash = text_hash(request.sha256, sizeof request.sha256, hash);
		hash = text_hash(numbers, sizeof numbers, hash);
	}
	must(h.status || h.ended);
	return text_hash(&h.status, sizeof h.status, hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	must(read_all(data, size, size + 1) == read_all(data, size, 1 + size % 13));
	return 0;
}
