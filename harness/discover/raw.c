#include "harness/discover/raw.h"

#include "clients/net.h"
#include "harness/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>

#define LINE_MAX_BYTES 120
#define TLS_RECORD_MAX (16384 + 256) /* RFC 8446 5.2 */

static bool has_head(const struct raw *r)
{
	return raw_kind(r) == RAW_HTTP && (memmem(r->data, r->n, "\r\n\r\n", 4) || memmem(r->data, r->n, "\n\n", 2));
}

static void read_all(struct net *net, struct raw *out)
{
	while (out->n < RAW_KEPT && !has_head(out)) {
		ssize_t got = net_pull(net, out->data + out->n, RAW_KEPT - out->n);
		if (got > 0)
			out->n += (size_t)got;
		else if (net->ended || net->read_errno || (got < 0 && !net_wait(net)))
			break;
	}
	out->ended = net->ended;
	out->reset = net->read_errno != 0 || net->lost_errno != 0;
	out->timed_out = net->timed_out;
}

enum rc raw_exchange(const struct job_address *to, const void *data, size_t len, uint32_t ms, struct raw *out,
		     struct err *err)
{
	enum rc rc;
	struct observation events;
	struct net net = {.fd = -1};
	unsigned char *ahead = mem_alloc(NET_AHEAD);
	struct recorder rec = {.out = &events, .began_us = clock_us()};
	struct iovec part = {(void *)(uintptr_t)data, len};
	struct deadline deadline = {rec.began_us + (uint64_t)ms * 1000u, "response"};
	*out = (struct raw){.tried = true};
	observation_init(&events);
	net_init(&net, &rec, 0, ahead);
	net_set_deadline(&net, deadline);
	TRY(net_connect(&net, to, &out->connected, err));
	if (!out->connected)
		goto out;
	net_push(&net, &part, 1);
	net_flush(&net);
	read_all(&net, out);
out:
	net_close(&net, CLOSE_FIN);
	net_fini(&net);
	observation_fini(&events);
	free(ahead);
	return rc;
}

enum raw_kind raw_kind(const struct raw *r)
{
	if (r->n == 0)
		return RAW_NOTHING;
	if (r->n >= 5 && memcmp(r->data, "HTTP/", 5) == 0)
		return RAW_HTTP;
	bool record = r->n >= 5 && (r->data[0] == 0x15 || r->data[0] == 0x16) && r->data[1] == 3 && r->data[2] <= 4;
	size_t size = record ? (size_t)r->data[3] << 8 | r->data[4] : 0;
	return size > 0 && size <= TLS_RECORD_MAX ? RAW_TLS : RAW_OTHER;
}

const char *raw_line(struct arena *a, const struct raw *r)
{
	char line[LINE_MAX_BYTES + 1];
	size_t n = 0;
	for (; n < r->n && n < LINE_MAX_BYTES && r->data[n] != '\r' && r->data[n] != '\n'; n++)
		line[n] = r->data[n] >= ' ' && r->data[n] <= '~' ? (char)r->data[n] : '.';
	return arena_strndup(a, line, n);
}

int raw_status(const struct raw *r)
{
	const unsigned char *space = raw_kind(r) == RAW_HTTP ? memchr(r->data, ' ', r->n) : NULL;
	if (!space || space + 4 > r->data + r->n)
		return 0;
	int status = 0;
	for (int i = 1; i <= 3; i++) {
		if (space[i] < '0' || space[i] > '9')
			return 0;
		status = status * 10 + (space[i] - '0');
	}
	return status;
}

const char *raw_header(struct arena *a, const struct raw *r, const char *name)
{
	const char *text = arena_strndup(a, (const char *)r->data, r->n);
	size_t len = strlen(name);
	for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (*line == '\r' || *line == '\n' || *line == '\0')
			break;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			const char *value = line + len + 1 + strspn(line + len + 1, " \t");
			return arena_strndup(a, value, strcspn(value, "\r\n"));
		}
	}
	return NULL;
}

const char *raw_end(struct arena *a, const struct raw *r)
{
	if (!r->tried)
		return "not tried";
	if (!r->connected)
		return "no connection";
	switch (raw_kind(r)) {
	case RAW_HTTP:
		return arena_printf(a, "answered \"%s\"", raw_line(a, r));
	case RAW_TLS:
		return r->data[0] == 0x15 ? "answered with a TLS alert" : "answered with a TLS handshake";
	case RAW_OTHER:
		return arena_printf(a, "answered \"%s\"", raw_line(a, r));
	case RAW_NOTHING:
		break;
	}
	return r->reset ? "reset the connection" : r->ended ? "closed the connection" : "kept silent";
}
