#include "clients/http.h"

static const struct http_driver no_h2 = {.missing = "HTTP/2"}, no_h3 = {.missing = "HTTP/3"};

const struct http_driver *http_driver(enum http version)
{
	switch (version) {
	case HTTP_1_0:
	case HTTP_1_1:
		return &h1_driver;
	case HTTP_2:
		return &no_h2;
	case HTTP_3:
	case HTTP__COUNT:
		break;
	}
	return &no_h3;
}
