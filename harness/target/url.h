/* url.h - reads https URLs and "host:port" addresses.  Pure: no network, no lookup.  Results live in the arena given. */
#ifndef HARNESS_TARGET_URL_H
#define HARNESS_TARGET_URL_H

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/suite/model.h"

#include <stdbool.h>
#include <stdint.h>

struct url {
	const char *host;      /* without brackets; as written but for case, which is lowered (RFC 3986 3.2.2) */
	uint16_t port;	       /* 443 unless said */
	const char *authority; /* for Host: the default port is left out (RFC 9110 4.2.2, 7.2) */
	const char *path;      /* with the query; "/" when there is none */
};

/* RC_INPUT behind "file:line: " for anything but https://HOST[:PORT][/PATH][?QUERY]. */
enum rc url_parse(struct arena *a, const char *text, struct where where, struct url *out, struct err *err) MUST_USE;
/* "127.0.0.1:8443", "[::1]:8443", "host:8443" or any of them without a port (443). */
enum rc url_address(struct arena *a, const char *text, struct where where, const char **host, uint16_t *port,
		    struct err *err) MUST_USE;
/* Of "host:8443" or "[::1]:8443": ":8443"; "" where none is said. */
const char *url_port(const char *authority);
/* True for an IP literal: no name to put into SNI (RFC 6066 section 3). */
bool url_host_is_ip(const char *host);
/* "localhost" and what ends in ".localhost": the loopback addresses, also where nothing resolves it (RFC 6761 6.3). */
bool url_host_is_localhost(const char *host);

#endif
