/*
 * personality.h - how products are documented to react where the reference server has a way of its own: rows of (mode,
 * TLS version, client) -> reaction, each with its source.  Pure; knows no profile, which is written from the same
 * documents without looking here.
 */
#ifndef HARNESS_REFERENCE_PERSONALITY_H
#define HARNESS_REFERENCE_PERSONALITY_H

#include "harness/base/buf.h"
#include "harness/reference/app.h"

/* What the client is or does. */
enum persona_client {
	CLIENT_COMES,		/* opens a connection */
	CLIENT_CANNOT_BE_ASKED, /* wants what is protected, over TLS 1.3 and without post_handshake_auth (RFC
				   8446 4.2.6) */
	CLIENT_HAS_NONE,	/* answers the request for a certificate with an empty Certificate */
	CLIENT_OUT_OF_DATE,	/* its chain has a certificate before or after its time */
	CLIENT_UNTRUSTED,	/* its chain is not believed for any other reason */
};

enum persona_reaction {
	PERSONA_ASKS_FIRST,	 /* for a certificate, in the first handshake */
	PERSONA_REFUSES_VERSION, /* alert protocol_version (RFC 8446 4.1.3) */
	PERSONA_SERVES,
	PERSONA_ANSWERS, /* with `page` */
	PERSONA_RESETS,	 /* TCP RST */
};

struct persona_page {
	unsigned status;
	const char *substatus; /* "7" of 403.7; NULL: none is documented */
	const char *title;
	const char *code; /* HRESULT; NULL: none is documented */
};

struct persona_row {
	unsigned modes; /* 1u << enum app_mode; 0: every mode */
	unsigned tls;	/* PERSONA_TLS_*; 0: every version */
	enum persona_client client;
	enum persona_reaction reaction;
	const struct persona_page *page; /* for PERSONA_ANSWERS */
	const char *source;		 /* row of domain.md, or a document */
};
enum { PERSONA_TLS_1_2 = 1, PERSONA_TLS_1_3 = 2 };

struct personality {
	const char *name, *sentence;
	const char *server;  /* as the Server header says it */
	bool empty_ca_list;  /* a request for a certificate names no CA */
	uint64_t body_limit; /* bytes kept while a certificate is awaited; 413 to more, and no request for it */
	const struct persona_row *rows; /* its own, before those that all share */
	size_t n;
};

const struct personality *personalities(size_t *n);
const struct personality *personality_find(const char *name); /* NULL: none is called so */

/* The first row that fits; NULL: it does as the reference server does.  `p` may be NULL. */
const struct persona_row *personality_react(const struct personality *p, enum app_mode mode, bool tls13,
					    enum persona_client client);

/* The page in HTML; hidden: the page that remote clients see, without substatus and code. */
void personality_put_page(struct buf *out, const struct persona_page *page, bool hidden);

#endif
