/*
 * app.h - what the reference server decides, pure: who is admitted after a handshake, and what a request is answered.
 * Knows no socket, no TLS library, no HTTP version.
 */
#ifndef HARNESS_REFERENCE_APP_H
#define HARNESS_REFERENCE_APP_H

#include "harness/base/buf.h"
#include "harness/reference/check.h"

enum app_mode { APP_NONE, APP_OPTIONAL, APP_REQUIRED, APP_PLAIN };

/* One name of an endpoint, or the endpoint itself when it has no names. */
struct policy {
	const char *host; /* lower case; NULL: any, requests are not compared with the handshake's name */
	enum app_mode mode;
	const struct anchors *anchors;
	unsigned depth;
	const struct faults *faults;
};

/* What the transport knows of who called. */
struct peer {
	bool asked; /* a CertificateRequest was sent */
	bool tls13;
	const struct span *chain; /* as sent, end entity first; NULL when none was sent */
	size_t n;
	int64_t now;
};

enum admit { ADMIT_IDENTITY, ADMIT_ANONYMOUS, ADMIT_REFUSED };

/* Made once after the handshake, kept for the requests of that connection. */
struct admission {
	enum admit admit;
	int alert;	   /* for ADMIT_REFUSED: what TLS says, RFC 8446 6.2 and RFC 5246 7.4.6 */
	char subject[256]; /* for ADMIT_IDENTITY: commonName of the leaf */
	char sha256[65];   /* and the digest of its DER */
	char why[256];	   /* for ADMIT_REFUSED: the failed checks by name, or "no-certificate" */
};
void app_admit(const struct policy *policy, const struct peer *peer, struct admission *out);

/* What an HTTP driver read. */
struct request {
	unsigned number; /* on its connection, from 1 */
	char method[32], target[4096];
	char authority[256]; /* Host, or the authority of an absolute target; lower case, no port; "" when none was sent
			      */
	uint64_t body;	     /* bytes of content */
};

struct reply {
	unsigned status;
	char subject[256], sha256[65]; /* header values; "" = no such header */
	struct buf body;	       /* owned */
};
void app_answer(const struct policy *policy, const struct admission *admission, const struct request *request,
		struct reply *out);
void reply_fini(struct reply *reply); /* idempotent */

#endif
