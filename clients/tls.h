/*
 * tls.h - TLS over one net: handshake, records, alerts, late requests, each thing seen recorded as an event.  Knows no
 * HTTP.  A handshake that returns true is not an accept: the verdict of the server comes with what is read afterwards.
 */
#ifndef CLIENTS_TLS_H
#define CLIENTS_TLS_H

#include "clients/audit.h"
#include "clients/net.h"

struct gnutls_session_int;
struct gnutls_certificate_credentials_st;
struct gnutls_priority_st;
struct gnutls_pcert_st;
struct gnutls_privkey_st;
struct remembered;
struct proofs;
struct early;
struct iovec;

/* What every connection of a process shares: owned by struct client. */
struct tls_shared {
	/* [no_ems + 2 * legacy][mask of versions], made when first used */
	struct gnutls_priority_st *priority[4][BIT(TLS__COUNT)];
	struct gnutls_certificate_credentials_st *credentials;
	struct remembered *servers; /* session.h: chains seen, by host and address */
	struct blob ca_name;	    /* the CA name decoded last, owned: servers rarely change theirs */
	char ca_text[512];
};

enum rc tls_shared_open(struct tls_shared *s, struct err *err) MUST_USE;
void tls_shared_close(struct tls_shared *s); /* idempotent */

/* Whether a certificate message is on its way: noted when the flight leaves, since our library may still refuse. */
enum tls_queued { TLS_QUEUED_NOTHING, TLS_QUEUED_CERTIFICATE, TLS_QUEUED_EMPTY };

struct tls_link {
	struct net net;
	struct gnutls_session_int *session; /* owned; NULL: none */
	struct tls_shared *shared;	    /* borrowed */
	const struct job *job;		    /* borrowed */
	const struct job_connect *want;	    /* borrowed */
	bool hello_cut;			    /* the first flight has been cut into records */
	int credential;			    /* what answers the next request for a certificate */
	enum refuse refuse;		    /* or how a late one is turned down */
	struct gnutls_pcert_st *chain;	    /* owned: the credential as the library wants it */
	struct gnutls_privkey_st *liar;	    /* owned: a key that signs wrongly, or NULL */
	enum tls_queued queued;
	bool plain;	    /* no TLS at all */
	bool up;	    /* the handshake returned 0 and nothing has ended it since */
	bool closed_well;   /* by the peer's close_notify */
	bool late;	    /* asked late and not answered */
	bool renegotiation; /* `late` is a HelloRequest, not a post-handshake CertificateRequest */
	unsigned warnings, late_requests;
	const char *why; /* what our own check of the server found, in the observation's arena; or NULL */
	char alpn[256];	 /* "" when none was agreed */
	struct audit audit;
	struct proofs *proofs; /* owned: credential_proof.h; NULL unless a proof needs it */
	struct early *early;   /* owned: tls_early.h; NULL unless early data is sent */
	uint32_t ticket_early; /* bytes of early data that the latest ticket allows */
};

/* A session kept for a later connection, and how much early data its ticket allows. */
struct tls_session {
	struct blob data;
	uint32_t early_bytes;
};

/*
 * `net` is connected and has its deadline.  `resume`: of session_save, or empty.  False: over, the events say how.  With
 * early data the handshake waits for what is sent first: it begins when somebody reads.
 */
bool tls_open(struct tls_link *l, struct tls_shared *shared, const struct job *job, const struct job_connect *want,
	      struct tls_session resume);
/* Something can be sent: the handshake is done, or what is sent goes out as early data. */
bool tls_takes_data(const struct tls_link *l);

enum tls_got {
	TLS_GOT_DATA,
	TLS_GOT_NOTHING, /* would block */
	TLS_GOT_ASKED,	 /* hello-request or reauth-request; l->late is set */
	TLS_GOT_END,	 /* alert, close_notify, eof, reset, tls-error: recorded */
	TLS_GOT_TIMEOUT, /* recorded */
};
/* One record, if there is one.  Never blocks, but for a handshake that was put off. */
enum tls_got tls_recv(struct tls_link *l, void *data, size_t size, size_t *got);
/* Encrypts and holds; the caller has seen net_backlog at 0.  False when the session can send no more. */
bool tls_send(struct tls_link *l, const void *data, size_t len);
/* Answer a late request with l->credential, or turn it down as l->refuse says.  False: over, recorded. */
bool tls_answer(struct tls_link *l);
/* Ask for a renegotiation ourselves, up to `times`; a refusal that the session survives ends it.  False: over,
 * recorded. */
bool tls_renegotiate(struct tls_link *l, unsigned times);
/* New sending keys (RFC 8446 4.6.3), and the peer's too if it is asked.  False: not possible on this connection,
 * recorded. */
bool tls_key_update(struct tls_link *l, bool ask_peer);
/* Take notice of what is there already, so that nobody's last word is lost; data is thrown away. */
void tls_drain(struct tls_link *l);
/* Say goodbye as `how` asks and forget the session; event closed unless the peer was first.  Idempotent. */
void tls_close(struct tls_link *l, enum how_close how);
void tls_fini(struct tls_link *l); /* all memory; no event */

/* tls_plain.c: the same without TLS; event plain. */
void tls_open_plain(struct tls_link *l, const struct job *job, const struct job_connect *want);
enum tls_got tls_recv_plain(struct tls_link *l, void *data, size_t size, size_t *got);
bool tls_send_plain(struct tls_link *l, const void *data, size_t len);

/* Negotiated, or so far offered by our library. */
enum tls tls_version(const struct tls_link *l);
/* tls_messages.c: every handshake message of the session is looked at from here on; `alpn`: what is offered. */
void tls_watch_messages(struct tls_link *l, const char *alpn);

#endif
