/*
 * job.h - what one case asks of a client: resolved, typed, nothing left to look up.  Plain data, borrowed by the client
 * while it runs.  Knows neither XML nor expectations.
 */
#ifndef CLIENTS_JOB_H
#define CLIENTS_JOB_H

#include "clients/vocab.h"

#include <stddef.h>
#include <stdint.h>

struct gnutls_privkey_st;
struct gnutls_pubkey_st;

struct blob {
	const void *data;
	size_t len;
};

/* How CertificateVerify is made (conditions C-180, C-182, C-184; RFC 8446 4.4.3). */
#define PROOF_LIST(X)                                                                                                  \
	X(PROOF_OWN_KEY, "own-key")                                                                                    \
	X(PROOF_BIT_FLIPPED, "bit-flipped")                                                                            \
	X(PROOF_ZERO, "zero")                                                                                          \
	X(PROOF_SCHEME_UNKNOWN, "scheme-unknown")	  /* right, under a scheme for private use */                  \
	X(PROOF_SCHEME_SHA1, "scheme-sha1")		  /* ecdsa_sha1, and truly so */                               \
	X(PROOF_SCHEME_PKCS1, "scheme-pkcs1")		  /* rsa_pkcs1_sha256 */                                       \
	X(PROOF_SCHEME_OTHER_CURVE, "scheme-other-curve") /* ecdsa_secp384r1_sha384 by a P-256 key */
ENUM_DECLARE(proof, PROOF, PROOF_LIST);

/*
 * One certificate message a client may send: raw DER in message order, never parsed on our side.  The keys are handles
 * of the TLS library, borrowed; a key that is not the leaf's gives a real proof-of-possession failure.
 */
struct job_credential {
	const char *id; /* "leaf-expired", "own:production" */
	const struct blob *chain;
	size_t n;
	struct gnutls_privkey_st *key;
	struct gnutls_pubkey_st *pub; /* of `key` */
	enum proof proof;
	const struct blob *issuers; /* DER names a browser matches with the CA list: the issuer of each entry of chain */
	size_t n_issuers;
};

#define VERB_LIST(X)                                                                                       \
	X(VERB_CONNECT, "connect")                                                                         \
	X(VERB_REQUEST, "request")                                                                         \
	X(VERB_AWAIT, "await")                                                                             \
	X(VERB_ANSWER, "answer")                                                                           \
	X(VERB_SAVE, "save")                                                                               \
	X(VERB_CLOSE, "close")                                                                             \
	X(VERB_WAIT, "wait")                                                                               \
	X(VERB_RENEGOTIATE, "renegotiate")                                                                 \
	X(VERB_KEY_UPDATE, "key-update")                                                                   \
	X(VERB_TAMPER, "tamper")                                                                           \
	X(VERB_REVOKE, "revoke")                                                                           \
	X(VERB_PUBLISH, "publish")                                                                         \
	X(VERB_RELOAD, "reload")                                                                           \
	X(VERB_START, "start")                                                                             \
	X(VERB_STOP, "stop")
ENUM_DECLARE(verb, VERB, VERB_LIST);
/* Wire verbs are ours; world verbs (revoke and on) are asked of the parent. */
#define VERB_IS_WORLD(v) ((v) >= VERB_REVOKE)

/* How far a request, or a key update, waits before the script goes on; read: by the server, so that what follows comes alone. */
#define UNTIL_LIST(X)                                                                                      \
	X(UNTIL_DONE, "done")                                                                              \
	X(UNTIL_SENT, "sent")                                                                              \
	X(UNTIL_READ, "read")                                                                              \
	X(UNTIL_ASKED, "asked")                                                                            \
	X(UNTIL_HEADERS, "headers")
ENUM_DECLARE(until, UNTIL, UNTIL_LIST);

/* wait: notify, and until the server has closed, too */
#define HOW_CLOSE_LIST(X)                                                                                  \
	X(CLOSE_NOTIFY, "notify")                                                                          \
	X(CLOSE_WAIT, "wait")                                                                              \
	X(CLOSE_FIN, "fin")                                                                                \
	X(CLOSE_RESET, "reset")
ENUM_DECLARE(how_close, HOW_CLOSE, HOW_CLOSE_LIST);

/*
 * How a late request for a certificate is met.  "no" answers it; a client may also say no (RFC 5246 7.2.2:
 * no_renegotiation, a warning or fatal; RFC 8446 4.6.2: unexpected_message), or take no notice (RFC 5246 7.4.1.1).
 */
#define REFUSE_LIST(X)                                                                                                 \
	X(REFUSE_NO, "no") X(REFUSE_WARNING, "warning") X(REFUSE_FATAL, "fatal") X(REFUSE_IGNORE, "ignore")
ENUM_DECLARE(refuse, REFUSE, REFUSE_LIST);

#define JOB_MAX_CONNECTIONS 8
#define JOB_MAX_REQUESTS 16
#define JOB_NO_CREDENTIAL (-1)

/* The ClientHello in pieces of so many bytes: TCP segments, or TLS records (RFC 8446 5.1).  bytes 0: whole. */
struct job_fragment {
	size_t bytes;
	bool records;
};

/* Where TCP goes: an IP address literal and a port.  Names are resolved before the run. */
struct job_address {
	const char *ip; /* "127.0.0.1", "::1" */
	uint16_t port;
};

/* Open the connection if the answer to a request leads there, and nothing else does (redirect.h). */
struct job_follow {
	int req; /* the request; meaningless without authority */
	const char *authority, *target; /* where to; authority NULL: no answer is waited for */
};

struct job_connect {
	const char *host; /* SNI; NULL sends none */
	bool literal;	  /* send it even where it is an address, which RFC 6066 section 3 forbids */
	struct job_fragment fragment;
	unsigned tls;	  /* mask of BIT(enum tls) offered */
	enum http http;	  /* decides ALPN and driver */
	const char *alpn; /* space-separated override; NULL: by http (1.0 and 1.1 offer "http/1.1") and client */
	enum client_kind client;
	int credential;	    /* index into job.credentials, or JOB_NO_CREDENTIAL: decline when asked */
	bool late_possible; /* this connection may renegotiate: no TLS 1.2 tickets (engineering.md 1a) */
	bool offer_pha;	    /* post_handshake_auth in the ClientHello */
	bool no_tickets;    /* RFC 5077 not offered: under TLS 1.2 a session then has an id only */
	bool no_ems;	    /* extended_master_secret not offered (RFC 7627) */
	bool legacy;	    /* knows no RFC 5746: neither renegotiation_info nor the SCSV */
	bool plain;	    /* no TLS: HTTP as it is */
	const char *resume; /* handle of a saved session, or NULL */
	bool early;	    /* what is sent first goes out as early data, as far as that session allows (tls_early.h) */
	struct job_follow follow;
	struct job_address elsewhere; /* not the job's address; ip NULL: the job's */
};

struct job_header {
	const char *name, *value;
};

struct job_request {
	const char *method, *target, *host; /* request target as on the wire; value of Host (NULL sends none) */
	const struct job_header *headers;   /* sent as given: repeated and odd spellings are the script's business */
	size_t n_headers;
	uint64_t body; /* bytes of a generated body; 0 sends none */
	bool chunked, expect_continue;
	enum until until;
	bool joined; /* another request follows at once on this connection: the end of this one leaves together with it */
};

struct job_step {
	enum verb verb;
	int line; /* in the scenario file */
	int conn; /* connection this step makes or works on, or -1 */
	int req;  /* request this step makes or waits for, or -1 */
	const char *handle; /* save: name of the session */
	struct job_connect connect;
	struct job_request request;
	int credential;	    /* answer, renegotiate */
	enum refuse refuse; /* answer: this late request, and every later one of the connection */
	bool ask_peer;	    /* key-update: the server has to update its keys too */
	bool read;	    /* key-update: wait until it is read */
	unsigned times;	    /* renegotiate: one behind the other, unless it is refused */
	enum how_close how;
	uint32_t ms; /* wait */
};

struct job_deadlines {
	uint32_t connect_ms, handshake_ms, response_ms, budget_ms; /* budget: the whole case */
};

/*
 * Slots of job.watch_strings: an entry that is NULL or "" is never found.  Behind them the subject of each credential,
 * for targets that echo the identity in the body.
 */
enum { JOB_WATCH_ACCEPT, JOB_WATCH_REJECT, JOB_WATCH_ECHO, JOB_WATCH_SUBJECTS };

struct job {
	const char *id; /* the case, for transcripts */
	struct job_address address;
	const struct job_step *steps;
	size_t n_steps;
	const struct job_credential *credentials;
	size_t n_credentials;
	struct job_deadlines deadlines;
	const char *const *watch_headers; /* response headers to record, matched without case; "*" is every one */
	size_t n_watch_headers;
	const char *const *watch_strings; /* looked for in response bodies (first 64 KiB): EVENT_FOUND names the index */
	size_t n_watch_strings;
	unsigned ca_names; /* of a request for a certificate: how many to note, one a line; 0: the first */
	const char *server_ca; /* PEM file the server must chain to; NULL: record and compare only */
	bool server_subject;   /* the server's subject (RFC 4514) and a blank go behind the hash of its leaf */
};

static inline const struct job_address *job_address(const struct job *job, const struct job_connect *c)
{
	return c->elsewhere.ip ? &c->elsewhere : &job->address;
}

#endif
