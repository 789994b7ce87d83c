/*
 * app.h - what the reference server decides, pure: who is admitted after a handshake, and what a request is answered.
 * Knows no socket, no TLS library, no HTTP version.
 */
#ifndef HARNESS_REFERENCE_APP_H
#define HARNESS_REFERENCE_APP_H

#include "harness/base/buf.h"
#include "harness/reference/check.h"

enum app_mode { APP_NONE, APP_OPTIONAL, APP_REQUIRED, APP_PLAIN, APP_RENEGOTIATION, APP_POST_HANDSHAKE };

/* One name of an endpoint, or the endpoint itself when it has no names. */
struct personality;  /* personality.h */
struct persona_page;

struct policy {
	const char *host; /* lower case; NULL: any, requests are not compared with the handshake's name */
	enum app_mode mode;
	const struct anchors *anchors, *former; /* former: before the anchors were read again; NULL: never */
	unsigned depth;
	uint64_t hold; /* bytes of content that are held back to ask for a certificate behind them */
	const struct faults *faults;
	const struct personality *personality; /* NULL: the reference server's own ways */
	bool hide_details;		       /* error pages as remote clients get them */
	const char *moved, *moved_to;	       /* a path, and the host whose it is, lower case; NULL: none */
	bool too_early;			       /* what came early for somebody is to come again (RFC 8470 5.2) */
};

/* When a certificate is asked for; one that is asked for late, after a request, is required. */
enum app_ask { APP_ASK_NEVER, APP_ASK_FIRST, APP_ASK_LATE };
enum app_ask app_asks(const struct policy *policy);

/* What the transport knows of who called. */
struct peer {
	bool asked; /* a CertificateRequest was sent */
	bool tls13;
	bool resumed; /* the chain was sent when the session was made */
	const struct span *chain; /* as sent, end entity first; NULL when none was sent */
	size_t n;
	int64_t now;
	bool late; /* asked only after a request */
};

enum admit { ADMIT_IDENTITY, ADMIT_ANONYMOUS, ADMIT_REFUSED, ADMIT_UNASKED };

/* Made after the handshake, and once more when a certificate was asked for late; kept for the connection's requests. */
struct admission {
	enum admit admit;
	int alert;	   /* for ADMIT_REFUSED: what TLS says, RFC 8446 6.2 and RFC 5246 7.4.6 */
	char subject[256]; /* for ADMIT_IDENTITY: commonName of the leaf */
	char sha256[65];   /* and the digest of its DER */
	char why[256];	   /* for ADMIT_REFUSED: the failed checks by name, or "no-certificate" */
	int64_t since, expires; /* for ADMIT_IDENTITY: when it was judged, and how long the judgement holds */
	bool last;	   /* nothing more is served on this connection */
	/* For ADMIT_REFUSED, as a personality has it: said by this page and by no alert, or by a TCP reset. */
	const struct persona_page *page;
	bool reset;
};
void app_admit(const struct policy *policy, const struct peer *peer, struct admission *out);

/*
 * The late request came to nothing, and only HTTP can still say so: the client did not offer post_handshake_auth (RFC
 * 8446 4.2.6), it cannot renegotiate safely (RFC 5746 4.4), it will not (RFC 5246 7.2.2), or it did not answer in time.
 */
enum app_silence { APP_NOT_OFFERED, APP_LEGACY, APP_DECLINED, APP_IGNORED };
void app_unanswered(const struct policy *policy, enum app_silence silence, struct admission *out);

/* What an HTTP driver read. */
struct request {
	unsigned number; /* on its connection, from 1 */
	char method[32], target[4096];
	char port[8];	     /* of it, ":8443"; "" when none was sent */
	char authority[256]; /* Host, or the authority of an absolute target; lower case, no port; "" when none was sent
			      */
	bool has_content;    /* it has some framing, be it of no bytes */
	uint64_t body;	     /* bytes of content */
	char sha256[65];     /* of the content, hex */
	int64_t now;
	bool early; /* it came as early data */
};

struct reply {
	bool ask; /* nothing to send yet: ask for a certificate, then put the same request again */
	bool last;
	unsigned status;
	char subject[256], sha256[65]; /* header values; "" = no such header */
	char content_sha256[65];       /* of what the request brought; "": nothing is said of it */
	uint64_t content;	       /* and its length */
	const char *server, *type;     /* likewise, of Server and Content-Type; NULL: the reference server's */
	char location[4096];	       /* likewise */
	struct buf body;	       /* owned */
};
void app_answer(const struct policy *policy, const struct admission *admission, const struct request *request,
		struct reply *out);
void reply_fini(struct reply *reply); /* idempotent */

#endif
