/*
 * facts.h - all that discovery saw of one server: plain data, filled by probe.c, read by everything else.  What was not
 * tried says so; nothing here is a guess.
 */
#ifndef HARNESS_DISCOVER_FACTS_H
#define HARNESS_DISCOVER_FACTS_H

#include "harness/discover/look.h"

#define DISCOVER_MAX_CONNECTIONS 12
#define DISCOVER_MAX_ADDRESSES 3
#define DISCOVER_CA_NAMES 24 /* of a list, printed and compared */
/* What a page says when a certificate is wanted late and TLS 1.3 gives no way (SC-001; mod_ssl, AH10158). */
#define DISCOVER_NOT_SUPPORTED "0x80070032"
#define DISCOVER_CANNOT_ASK    "Cannot perform Post-Handshake Authentication"
#define DISCOVER_SUBJECT_MARKER "Subject: " /* how the test pages of OpenSSL and GnuTLS print a certificate */

/* Bytes sent without TLS, and what came back. */
#define RAW_KEPT 512
struct raw {
	bool tried;
	bool connected, reset, ended, timed_out;
	unsigned char data[RAW_KEPT];
	size_t n;
};

/* The certificate that the user gave, or a leaf of a PKI that the user gave. */
struct own {
	bool any;
	const char *pki;			      /* its directory; NULL: the files are the user's */
	const char *certificate, *key, *password_env; /* absolute paths, as the target file names them; NULL: of a PKI */
	const char *subject, *sha1, *sha256;	      /* of the leaf: CN, lower-case hex */
	const char *dn;				      /* subject of the leaf, RFC 4514 */
	const char *const *issuers; /* issuer names of the entries, as CA lists print them */
	size_t n;		    /* entries */
};

struct address_tried {
	struct job_address address;
	const char *why; /* it is not used */
};

struct facts {
	const char *url, *host, *authority, *path;
	bool has_name; /* the host is no address: it goes into SNI */
	struct job_address address;
	struct address_tried unused[DISCOVER_MAX_ADDRESSES];
	size_t n_unused;
	uint32_t timeout_ms;
	unsigned connections;
	struct look first;		 /* every TLS version offered, no certificate, one GET */
	struct look version[TLS__COUNT]; /* that version alone, likewise; the one that `first` agreed on is `first` */
	struct look control[TLS__COUNT]; /* the same with the certificate given */
	struct look browser;		 /* TLS 1.3 and no post_handshake_auth, where that was used; no certificate */
	struct look alpn;		 /* h2 and http/1.1 offered; no request */
	struct look no_name, other_name; /* without SNI, with a name that nobody serves; no request */
	struct raw hello, plain;	 /* a ClientHello of our own making; a plain GET */
	struct own own;
};

#endif
