/*
 * conn.h - one accepted connection while it is served: what tcp.c (transport, handshake), site.c (which name, whom to
 * ask), resume.c (sessions), early.c (early data), versions.c and late.c (asking after the request) tell each other; nobody outside
 * includes it.
 */
#ifndef HARNESS_REFERENCE_CONN_H
#define HARNESS_REFERENCE_CONN_H

#include "harness/reference/tcp.h"

#include <stdint.h>
#include <sys/types.h>

enum { CONN_EARLY_MAX = 16384 };

struct conn {
	int fd;
	uint64_t until; /* clock_us() */
	const struct endpoint *endpoint;
	const struct site *site;      /* NULL until the name is known */
	struct site nameless;	      /* for faults */
	bool hello_is_lost;	      /* for a fault: its first piece alone says nothing */
	const struct site *earned_at; /* whose tickets open here: what a resumed session is judged as */
	bool anywhere;		      /* for a fault: or as any name that asks would */
	gnutls_session_t session;     /* NULL without TLS */
	bool predecessors;	      /* the client came with a session, and this server has given out none yet */
	bool asked, asked_again;
	bool late;  /* waiting for the answer to a late request */
	bool new_keys; /* a KeyUpdate came instead: GnuTLS wants it read as data is */
	int broken; /* what ended the session after the handshake, or 0 */
	const struct faults *faults;
	struct admission admission;
	int alert; /* what ends the handshake by our decision, or 0 */
	unsigned renegotiations;
	char early[CONN_EARLY_MAX]; /* data that came while we waited for that answer */
	size_t early_at, early_len;
	bool reads_early;   /* what was read last came as early data */
	bool early_is_over; /* EndOfEarlyData is here, and Finished is still to come */
};

/* tcp.c: reads and writes below TLS; both wait until the connection's deadline. */
ssize_t conn_pull(gnutls_transport_ptr_t context, void *out, size_t size);
bool conn_write(void *context, const void *data, size_t len);
/* Read and throw away until the client goes. */
void conn_fall_silent(struct conn *c);

/* tcp.c: what the chain of the handshake, or of the session that it resumes, is worth. */
int conn_admit(struct conn *c);

/* early.c: early data that is left, 0: none.  Fault: answer it while the client may still be anybody. */
long conn_read_early(void *context, void *out, size_t size);
void conn_serve_early(struct conn *c);

/* site.c: SNI picks the site (GnuTLS calls it after the ClientHello); where there is one site, conn_take_site() does. */
int conn_choose_site(gnutls_session_t session);
int conn_take_site(struct conn *c, const struct site *site);

/* resume.c: GnuTLS shows it every message; a handshake that is done. */
int conn_on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		    const gnutls_datum_t *message);
void conn_note_session(struct conn *c);
/* versions.c: before GnuTLS looks at a ClientHello.  0, or the error that ends the handshake. */
int conn_take_hello(struct conn *c, const gnutls_datum_t *hello);

/* lies.c: a message that faults may change, as above. */
int conn_lie(struct conn *c, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *message);

/* late.c: for struct wire.  False: the connection is over. */
bool conn_ask_late(void *context);
bool conn_waiting(void *context);
/* Is there a KeyUpdate to be read where GnuTLS looks for the answer to a late request?  Sets c->new_keys. */
bool conn_has_new_keys(struct conn *c, size_t wanted);
/* Fault: the renegotiation that a client began.  False: the connection is over. */
bool conn_follow_renegotiation(struct conn *c);
/* Faults: what nobody needs, and what nobody offered to answer. */
void conn_ask_again(struct conn *c);
void conn_ask_unoffered(struct conn *c);

#endif
