/* vocab.h - the words of the wire that jobs, observations and suites share: versions, alerts, events.  Data only. */
#ifndef CLIENTS_VOCAB_H
#define CLIENTS_VOCAB_H

#include "harness/base/text.h"

#define TLS_LIST(X) X(TLS_1_0, "1.0") X(TLS_1_1, "1.1") X(TLS_1_2, "1.2") X(TLS_1_3, "1.3")
ENUM_DECLARE(tls, TLS, TLS_LIST);

#define HTTP_LIST(X) X(HTTP_1_0, "1.0") X(HTTP_1_1, "1.1") X(HTTP_2, "2") X(HTTP_3, "3")
ENUM_DECLARE(http, HTTP, HTTP_LIST);

/* willing: offers post_handshake_auth, answers HelloRequest, sends its certificate whatever the CA list says. */
#define CLIENT_KIND_LIST(X) X(CLIENT_WILLING, "willing") X(CLIENT_BROWSER, "browser")
ENUM_DECLARE(client_kind, CLIENT_KIND, CLIENT_KIND_LIST);

/* A set of enum values as a bit mask. */
#define BIT(value) (1u << (unsigned)(value))

/* TLS alert descriptions (RFC 8446 section 6, RFC 5246 section 7.2); "?" and false for a number nobody assigned. */
const char *alert_text(unsigned number);
bool alert_parse(const char *name, unsigned *number);

/*
 * What can happen on the wire, in the client's eyes.  a, b and text mean what the comment says; text may be NULL.
 * The names are public: scenarios write <never event="..."/> and results.xml prints them.
 */
#define EVENT_KIND_LIST(X)                                                                                       \
	X(EVENT_CONNECT, "connect")		      /* text: address */                                        \
	X(EVENT_CONNECTED, "connected")		      /* TCP established; text: local address */                 \
	X(EVENT_CONNECT_FAILED, "connect-failed")     /* a: errno */                                             \
	X(EVENT_HELLO_SENT, "hello-sent")	      /* first bytes written; text: SNI or NULL */               \
	X(EVENT_FIRST_BYTE, "first-byte")	      /* the server's first byte on this connection */           \
	X(EVENT_SESSION_OFFERED, "session-offered")   /* text: handle of the saved session */                    \
	X(EVENT_CERTIFICATE_REQUESTED, "certificate-requested") /* a: CA names, b: bytes of them; text: first (job.h) */ \
	X(EVENT_CERTIFICATE_SENT, "certificate-sent") /* a: entries, b: bytes; text: credential id */            \
	X(EVENT_CERTIFICATE_DECLINED, "certificate-declined")   /* asked, empty Certificate sent */              \
	X(EVENT_SERVER_CHAIN, "server-chain")	      /* a: entries; text: sha256 of the leaf, hex (job.h) */    \
	X(EVENT_SERVER_CHAIN_CHANGED, "server-chain-changed")   /* not the chain seen first; text: as above */   \
	X(EVENT_HANDSHAKE_DONE, "handshake-done")     /* our handshake returned 0; a: enum tls; text: ALPN */    \
	X(EVENT_RESUMED, "resumed")		      /* the handshake resumed the offered session */            \
	X(EVENT_HANDSHAKE_FAILED, "handshake-failed") /* our library gave up; a: its code; text: its words */    \
	X(EVENT_HELLO_REQUEST, "hello-request")	      /* the server asks to renegotiate (TLS <= 1.2) */          \
	X(EVENT_REAUTH_REQUEST, "reauth-request")     /* post-handshake CertificateRequest (TLS 1.3) */          \
	X(EVENT_RENEGOTIATED, "renegotiated")	      /* second handshake returned 0 */                          \
	X(EVENT_REAUTHENTICATED, "reauthenticated")   /* our answer is written; not yet an accept */             \
	X(EVENT_ALERT_RECEIVED, "alert-received")     /* a: number, b: level (1 warning, 2 fatal) */             \
	X(EVENT_ALERT_SENT, "alert-sent")	      /* a: number, b: level */                                  \
	X(EVENT_REQUEST_SENT, "request-sent")	      /* a: bytes handed over; text: "GET /path" */              \
	X(EVENT_INTERIM, "interim")		      /* a: 1xx status */                                        \
	X(EVENT_RESPONSE, "response")		      /* a: status, b: HTTP minor or major version; text: reason */ \
	X(EVENT_HEADER, "header")		      /* text: "Name: value" of a watched header, bounded */     \
	X(EVENT_BODY, "body")			      /* a: bytes, clamped, b: 1 if complete */                  \
	X(EVENT_EXCERPT, "excerpt")		      /* text: the body's first bytes, bounded */                \
	X(EVENT_FOUND, "found")			      /* a: index of the watched string seen in the body */      \
	X(EVENT_MALFORMED, "malformed")		      /* not HTTP; text: why */                                  \
	X(EVENT_TOO_LARGE, "too-large")		      /* a bound of ours was reached; text: which */             \
	X(EVENT_CLOSE_NOTIFY, "close-notify")	      /* by the peer */                                          \
	X(EVENT_EOF, "eof")			      /* FIN without close_notify */                             \
	X(EVENT_RESET, "reset")			      /* a: errno of the first reset or broken pipe seen */      \
	X(EVENT_WRITE_LOST, "write-lost")	      /* EPIPE or ECONNRESET swallowed while writing; a: errno */ \
	X(EVENT_TLS_ERROR, "tls-error")		      /* a: library code; text: its words */                     \
	X(EVENT_TIMEOUT, "timeout")		      /* our deadline; text: connect, handshake, response, budget */ \
	X(EVENT_SESSION_SAVED, "session-saved")	      /* a: bytes; text: handle */                               \
	X(EVENT_CLOSED, "closed")		      /* by us */                                                \
	X(EVENT_UNSUPPORTED, "unsupported")	      /* this build has not the verb or transport; text: its name */ \
	X(EVENT_FAULT, "fault")			      /* the harness itself failed; text: how */                 \
	X(EVENT_WORKER_DIED, "worker-died")	      /* added by the parent; a: signal or -exit status */       \
	X(EVENT_TARGET_DIED, "target-died")	      /* added by the parent; text: process and how */           \
	X(EVENT_EXTENDED_MASTER_SECRET, "extended-master-secret") /* the session uses it (RFC 7627) */           \
	X(EVENT_BODY_SENT, "body-sent")		      /* the whole content; a: bytes, clamped; text: its SHA-256, hex */ \
	X(EVENT_RENEGOTIATION_TRIED, "renegotiation-tried") /* by us: a ClientHello that nobody asked for */     \
	X(EVENT_KEY_UPDATED, "key-updated")	      /* our KeyUpdate is written; a: 1 if the peer has to answer */ \
	X(EVENT_BREACH, "breach")		      /* a: enum breach; text: what the server said */           \
	X(EVENT_PLAIN, "plain")			      /* a connection without TLS */                             \
	X(EVENT_CONTINUE_OVERDUE, "continue-overdue") /* neither 100 nor an answer: the body goes out unasked; a: ms waited */ \
	X(EVENT_SESSION_TICKET, "session-ticket")     /* TLS 1.3; a: its life in s, b: early data it takes, bytes, both clamped */ \
	X(EVENT_EARLY_DATA_SENT, "early-data-sent")   /* with the ClientHello (RFC 8446 4.2.10); a: bytes */     \
	X(EVENT_EARLY_DATA_ACCEPTED, "early-data-accepted") /* as the server says */                             \
	X(EVENT_EARLY_DATA_REJECTED, "early-data-rejected") /* it was thrown away; the same goes out once more */ \
	X(EVENT_FINISHED_SENT, "finished-sent")	      /* held back until here: what came before was said to anybody */ \
	X(EVENT_TARGET_TOLD, "target-told")	      /* a world verb is done; text: which */ \
	X(EVENT_LED_ELSEWHERE, "led-elsewhere")	      /* not followed; text: Location, or what there was instead */
ENUM_DECLARE(event_kind, EVENT_KIND, EVENT_KIND_LIST);

/*
 * What a server's handshake messages can be found to break, whatever the case is about (audit.h).  The names are public,
 * as those of events: <never event="request-malformed"/>.
 */
#define BREACH_LIST(X)                                                                                           \
	X(BREACH_VERSION, "version-not-offered")	/* TLS version of ServerHello */                         \
	X(BREACH_PROTOCOL, "protocol-not-offered")	/* ALPN, or not exactly one protocol */                  \
	X(BREACH_REQUEST_MALFORMED, "request-malformed")	/* CertificateRequest, and so on */              \
	X(BREACH_REQUEST_CONTEXT, "request-context-not-empty")	/* in the first handshake */                     \
	X(BREACH_REQUEST_REPEATED, "request-context-repeated")	/* on one connection */                          \
	X(BREACH_REQUEST_ALGORITHMS, "request-without-algorithms")                                               \
	X(BREACH_REQUEST_TYPES, "request-without-types")	/* up to TLS 1.2 */                              \
	X(BREACH_REQUEST_AUTHORITIES, "request-empty-authorities") /* TLS 1.3: no names, no extension */         \
	X(BREACH_REQUEST_FILTERS, "request-bad-filters")	/* an OID twice, or anyExtendedKeyUsage */       \
	X(BREACH_REQUEST_EXTENSION, "request-bad-extension")	/* twice, or not one of this message */          \
	X(BREACH_TICKET_LIFE, "ticket-lives-too-long")		/* NewSessionTicket of TLS 1.3: over seven days */
ENUM_DECLARE(breach, BREACH, BREACH_LIST);

#endif
