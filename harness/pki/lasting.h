/*
 * lasting.h - a PKI that outlives a run: a directory made by `mtlspec pki init` with an anchor, the CA that mtlspec signs
 * with, and its key (0600).  The CA is the anchor itself, or a subordinate of a lab CA that servers trust already.
 *
 *   DIR/ca.pem      the CA that signs, then every CA between it and the anchor
 *   DIR/ca.key      its key, PKCS#8
 *   DIR/anchor.pem  what servers install
 */
#ifndef HARNESS_PKI_LASTING_H
#define HARNESS_PKI_LASTING_H

#include "harness/pki/import.h"

#define LASTING_MAX_ABOVE 4
#define LASTING_CA "ca.pem"
#define LASTING_KEY "ca.key"
#define LASTING_ANCHOR "anchor.pem"

struct lasting {
	const struct key *key;		      /* of the CA, the pool's; NULL: there is no lasting PKI */
	struct blob ca, subject;	      /* DER of the certificate and of its name */
	struct blob above[LASTING_MAX_ABOVE]; /* CAs between it and the anchor, nearest first */
	size_t n_above;
	struct blob anchor; /* DER */
	bool subordinate;   /* the anchor is not the CA itself */
	int path_length;    /* of the CA; -1: not limited */
	unsigned char key_id[CERT_KEY_ID];
};

/*
 * Reads the directory and refuses, with the reason: not one, expired or not yet valid at `now`, key unreadable or not the
 * certificate's, not a CA, a pathLenConstraint that leaves no room below.  Keys and DER belong to `keys`.
 */
enum rc lasting_load(struct keys *keys, const char *dir, time_t now, struct lasting *out, struct err *err) MUST_USE;

struct lasting_spec {
	const char *dir;
	const char *issuer, *issuer_key; /* files of a lab CA (with its own chain behind it, if any), or NULL: self-signed */
	unsigned days;
	time_t now;
};
/* Makes the directory (mode 0700) and its files.  RC_INPUT when there is a PKI already or the issuer cannot serve. */
enum rc lasting_init(const struct lasting_spec *spec, struct err *err) MUST_USE;

#endif
