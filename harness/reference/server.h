/*
 * server.h - the reference server as its options made it (serve.c), and as connections see it (trust.c); nobody else
 * includes it.
 */
#ifndef HARNESS_REFERENCE_SERVER_H
#define HARNESS_REFERENCE_SERVER_H

#include "harness/base/arena.h"
#include "harness/reference/tcp.h"

enum { ENDPOINTS_MAX = 32, SITES_MAX = 32, TRUSTS_MAX = 8 };

/* What an endpoint speaks: a late mode exists in one version. */
enum versions { VERSIONS_ALL, VERSIONS_TLS12, VERSIONS_TLS13, VERSIONS_OLD, VERSIONS_COUNT };

/* An anchor set under its name, with the credentials that announce it (RFC 8446 4.2.4).  Never changed once it is read. */
struct trust {
	const char *name, *file;
	struct anchors anchors;
	gnutls_certificate_credentials_t credentials;
	struct trust *former; /* as read before: NULL: never */
};

struct server {
	struct arena arena;
	const char *certificate, *key;
	struct trust *trust[TRUSTS_MAX]; /* as read last */
	size_t trusts;
	struct endpoint endpoint[ENDPOINTS_MAX];
	const char *address[ENDPOINTS_MAX];
	size_t endpoints;
	struct site named[SITES_MAX]; /* of by-name endpoints */
	const char *named_trust[SITES_MAX];
	size_t names;
	const struct endpoint *serving; /* what connections that come now see of it all */
	struct faults faults;
	uint64_t depth, hold;
	const struct personality *personality;
	bool hide_details;
	bool takes_early, too_early;
	struct early *early;
	gnutls_priority_t priority[VERSIONS_COUNT];
};

/* Reads every anchor set for the first time. */
enum rc trust_load(struct server *s, struct err *err) MUST_USE;
/* NULL: none is called so. */
const struct trust *trust_find(const struct server *s, const char *name);
/* Makes s->serving.  Connections that are open keep what they began with: nothing of it is freed before trust_close(). */
void trust_publish(struct server *s);
/* SIGHUP: the anchors are read again.  Sessions keep what they have; what cannot be read changes nothing. */
void trust_reload(struct server *s);
void trust_close(struct server *s); /* idempotent */

#endif
