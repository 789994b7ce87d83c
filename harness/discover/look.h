/*
 * look.h - what one connection showed: the observation of a discovery probe as answers to questions.  Pure; texts are copied
 * into the arena given.  Has no opinion beyond the judge's own words for how a connection ended.
 */
#ifndef HARNESS_DISCOVER_LOOK_H
#define HARNESS_DISCOVER_LOOK_H

#include "harness/judge/judge.h"

#define LOOK_MAX_HEADERS 48
#define LOOK_FOUND_MARKER BIT(JOB_WATCH_ECHO)	 /* of look.found: the text before a subject */
#define LOOK_FOUND_SUBJECT BIT(JOB_WATCH_SUBJECTS) /* the subject that the certificate has */
#define LOOK_FOUND_NOT_SUPPORTED BIT(JOB_WATCH_ACCEPT) /* facts.h: what the pages of IIS and of httpd say */
#define LOOK_FOUND_CANNOT_ASK	 BIT(JOB_WATCH_REJECT)

struct look_header {
	const char *name, *value;
};

struct look {
	bool tried;
	bool connected; /* TCP */
	int connect_errno;
	bool bytes; /* the server said something */
	bool tls;   /* and it was TLS: an alert, a chain, a request for a certificate or a finished handshake */
	bool done;  /* our handshake returned 0 */
	int version; /* enum tls agreed, -1: the handshake did not get that far */
	const char *alpn; /* agreed; NULL: none */
	const char *complaint; /* of our library about what came; NULL: none */
	bool asked;	    /* for a certificate, in the first handshake */
	int ca_names, ca_bytes;
	const char *ca_text; /* the first names, one a line; NULL: none */
	enum event_kind late; /* EVENT_HELLO_REQUEST, EVENT_REAUTH_REQUEST; else EVENT_KIND__COUNT */
	int sent_entries, sent_bytes;
	const char *server; /* sha256 of the server's leaf */
	bool server_changed;
	int minor; /* HTTP/1.minor of the response */
	const char *reason, *excerpt;
	struct look_header headers[LOOK_MAX_HEADERS];
	size_t n_headers;
	unsigned found; /* watched strings seen in the body */
	bool timed_out;
	const char *cut; /* the answer was no HTTP, or past a bound of ours: which; NULL: neither */
	uint32_t connect_us, handshake_us, response_us; /* since the probe began; 0: did not happen */
	struct outcome outcome; /* decision, signal and phase of the request */
};

/* `offered`: the newest TLS version of the ClientHello. */
void look_read(struct look *out, struct arena *a, const struct observation *o, enum tls offered);
/* Value of a response header, or NULL. */
const char *look_header(const struct look *l, const char *name);
/* The server went on with the version offered, whatever came of the connection. */
bool look_spoke(const struct look *l);
/* "http:400 in response", "alert:certificate_required late", "connection refused": one phrase for how it ended. */
const char *look_end(struct arena *a, const struct look *l);

#endif
