/*
 * h1.h - HTTP/1.0 and 1.1 as a server (RFC 9112): reads requests from a byte stream, asks app.c, writes replies.
 * Bounded: what is malformed or too big is answered and the connection ended.  Knows no socket and no TLS.
 */
#ifndef HARNESS_REFERENCE_H1_H
#define HARNESS_REFERENCE_H1_H

#include "harness/reference/app.h"

/* The stream below. */
struct wire {
	long (*read)(void *context, void *out, size_t size);	    /* bytes; 0 at the end; -1 on fault or deadline */
	bool (*write)(void *context, const void *data, size_t len); /* all or false */
	void *context;
	/*
	 * Ask for a certificate now; the admission given to server_h1_serve says what came of it.  False: the
	 * connection is over.  NULL where nobody is ever asked late.
	 */
	bool (*ask)(void *context);
	/* Bytes that came before the request for a certificate are still to be read; NULL: none. */
	bool (*waiting)(void *context);
	/* What was read last may come from anybody who has recorded it (RFC 8470); NULL: nothing does. */
	bool (*early)(void *context);
};

enum { SERVER_H1_HEAD = 16384, SERVER_H1_BODY = 16 << 20 };

/* A connection's reader.  `status` is 0 until a request cannot be served; then the 4xx or 5xx to end with. */
struct server_h1 {
	const struct wire *wire;
	char data[SERVER_H1_HEAD + 1];
	size_t at, len; /* unread bytes: data[at..len) */
	unsigned status;
	bool ended; /* the stream ended or failed: nobody is left to answer */
	bool keep_alive;
	bool expects;	 /* the client sends the content of the last request when it is told to (RFC 9110 10.1.1) */
	bool chunked;	 /* how the content of the last request is framed */
	uint64_t length; /* of it, when it is not chunked */
	uint64_t limit;	 /* more content is answered 413 */
	const struct faults *faults;
	unsigned requests; /* read so far */
	unsigned minor;	   /* of the last request */
};

void server_h1_init(struct server_h1 *h, const struct wire *wire);
/* One request without its content, then that.  False at the end of the stream or when `status` was set. */
bool server_h1_head(struct server_h1 *h, struct request *out);
bool server_h1_content(struct server_h1 *h, struct request *out);
/* Serves requests until the connection is to be closed. */
void server_h1_serve(const struct wire *wire, const struct policy *policy, const struct admission *admission);

#endif
