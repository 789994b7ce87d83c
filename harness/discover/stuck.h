/*
 * stuck.h - a certificate is wanted after the request, and the client cannot be asked: TLS 1.3 without
 * post_handshake_auth (RFC 8446 4.2.6).  How servers end such a request, told from other refusals.  Pure.
 */
#ifndef HARNESS_DISCOVER_STUCK_H
#define HARNESS_DISCOVER_STUCK_H

#include "harness/discover/facts.h"

enum stuck {
	STUCK_NOT,
	STUCK_RESET, /* TCP reset behind the request: http.sys before Windows 11 24H2 and Server 2025 (SC-002) */
	STUCK_NOT_SUPPORTED, /* 500 with 0x80070032: http.sys since (SC-001) */
	STUCK_ERROR,	     /* a server error without the code, where older versions ask late */
	STUCK_FORBIDDEN,     /* 403, which says so or where the request is asked late otherwise: httpd */
};

/* Of a connection under TLS 1.3; `late` says that the server asks late otherwise. */
enum stuck stuck_of(const struct look *l, bool late);

/* The look that shows it, NULL when none does: a browser's, or our own where even that was not asked. */
const struct look *stuck_look(const struct facts *f, enum stuck *how);

/*
 * Id of the profile whose documents describe what was seen of a server that calls itself IIS; NULL: none, or it does
 * not.
 */
const char *stuck_profile(const struct facts *f, const char *product);

#endif
