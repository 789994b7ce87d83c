/*
 * discover.h - asks a server what it does about client certificates and says it: table, diagnosis, target file.  Few
 * connections, one at a time.
 */
#ifndef HARNESS_DISCOVER_DISCOVER_H
#define HARNESS_DISCOVER_DISCOVER_H

#include "harness/discover/conclude.h"

#include <time.h>

#define DISCOVER_TIMEOUT_MS 5000u

struct discover_spec {
	const char *url;
	const char *address;	 /* "IP:PORT" to connect to; NULL: the URL's host, resolved */
	uint32_t timeout_ms;	 /* 0: DISCOVER_TIMEOUT_MS */
	const char *certificate; /* FILE[,KEY]; NULL: none */
	const char *password_env; /* variable with the password of a PKCS#12 file; NULL: none */
	const char *pki;	 /* a lasting PKI: without `certificate`, a leaf of it is shown; NULL: none */
	const struct suite *suite; /* what its leaf is made by */
	time_t now;
};

struct discovery {
	struct facts facts;
	struct conclusion found;
};

/* Texts live in the arena.  RC_OK whatever the server does, also when nothing answers: found.newest is -1 then. */
enum rc discover(struct arena *a, const struct discover_spec *spec, struct discovery *out, struct err *err) MUST_USE;

/*
 * For `run --target URL`: discover and write a target file to `path`, without the identity, which the run has from its
 * own --certificate.  A summary goes to stderr.  RC_FAULT with the sentence when there is no TLS server to test.
 */
enum rc discover_target(struct arena *a, const struct discover_spec *spec, const char *path, struct err *err) MUST_USE;

#endif
