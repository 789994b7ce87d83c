#include "clients/http.h"

static bool no_open(struct http_link *h)
{
	static const char *const name[HTTP__COUNT] = {"HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"};
	net_note(&h->link->net, EVENT_UNSUPPORTED, 0, 0, name[h->version]);
	return false;
}

static void no_request(struct http_link *h, struct exchange *x)
{
	(void)h;
	x->over = true;
}

static void no_read(struct http_link *h, struct exchange *x, enum until until)
{
	(void)h;
	(void)x;
	(void)until;
}

static void no_close(struct http_link *h)
{
	(void)h;
}

static const struct http_driver unsupported = {"unsupported", no_open, no_request, no_read, no_request, no_close};

const struct http_driver *http_driver(enum http version)
{
	switch (version) {
	case HTTP_1_0:
	case HTTP_1_1:
		return &h1_driver;
	case HTTP_2:
	case HTTP_3:
	case HTTP__COUNT:
		break;
	}
	return &unsupported;
}
