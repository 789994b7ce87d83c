/*
 * h1.h - HTTP/1.0 and 1.1 as bytes: an incremental response reader and a request writer.  Pure: no socket, no clock.
 * Everything a hostile server can make grow is bounded.  Section numbers are RFC 9112's.
 */
#ifndef CLIENTS_H1_H
#define CLIENTS_H1_H

#include "clients/job.h"
#include "harness/base/buf.h"

#define H1_MAX_HEAD	  65536	   /* bytes of one header or trailer section with its status line */
#define H1_MAX_FIELDS	  200	   /* fields of one section */
#define H1_MAX_INTERIM	  32	   /* 1xx responses before the final one */
#define H1_MAX_CHUNK_LINE 4096	   /* a chunk size with its extensions */
#define H1_MAX_FRAMING	  1048576u /* bytes of chunk lines in one body */

enum h1_got {
	H1_MORE,      /* the input is used up */
	H1_STATUS,    /* status, minor, text: the reason phrase */
	H1_FIELD,     /* name, text: the value, unfolded and trimmed */
	H1_HEAD_END,  /* also behind a 1xx */
	H1_DATA,      /* data, len: borrowed from the input */
	H1_END,	      /* the final response is complete; what follows in the input is not part of it */
	H1_MALFORMED, /* text: why; for good */
	H1_TOO_LARGE, /* text: which bound; for good */
};

enum h1_state {
	H1_AT_STATUS,
	H1_AT_FIELDS,
	H1_AT_LENGTH, /* body of known length */
	H1_AT_CLOSE,  /* body until the connection ends */
	H1_AT_CHUNK,  /* chunk size line */
	H1_AT_CHUNK_DATA,
	H1_AT_CHUNK_END, /* CRLF behind chunk data */
	H1_AT_TRAILERS,
	H1_AT_END,
	H1_AT_FAULT,
};

struct h1 {
	enum h1_state state;
	bool no_body;	  /* the request was HEAD */
	struct buf line;  /* being read */
	struct buf field; /* read, but the next line may continue it (5.2) */
	bool line_whole, field_given;
	size_t section, fields, interim, framing;
	uint64_t left; /* bytes of the body or chunk still to come */
	bool has_length, has_coding, last_is_chunked, bad_coding, close_said, keep_said;
	uint64_t length;
	/* what the last step found */
	int status, minor;
	const char *name, *text, *data;
	size_t len;
	enum h1_got fault;
};

void h1_init(struct h1 *h);
void h1_fini(struct h1 *h);			 /* idempotent */
void h1_begin(struct h1 *h, const char *method); /* the next bytes answer a request with this method */
/* Moves *at on and says what it found there; call again until H1_MORE, H1_END or a fault. */
enum h1_got h1_step(struct h1 *h, const char **at, const char *end);
/* The connection ended: true when that ends the body as it should (6.3 rule 8). */
bool h1_ends_at_close(const struct h1 *h);
bool h1_is_persistent(const struct h1 *h); /* after H1_END (9.3) */

/* Request line and fields; Content-Length or Transfer-Encoding are added unless the script gives its own. */
void h1_write_head(struct buf *b, const struct job_request *r, enum http version);
/* Bytes [at, at+len) of the generated body. */
void h1_write_body(struct buf *b, uint64_t at, size_t len);

#endif
