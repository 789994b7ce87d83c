/* signature.h - one certificate's signature under another's key (RFC 5280 6.1.3(a)(1)).  GnuTLS does the arithmetic. */
#ifndef HARNESS_REFERENCE_SIGNATURE_H
#define HARNESS_REFERENCE_SIGNATURE_H

#include "harness/reference/x509.h"

/* True when it verifies; the strength of the algorithm is another question (signature_strength). */
bool signature_holds(struct x509 *cert, struct x509 *issuer);

enum signature_strength {
	SIGNATURE_SOUND,
	SIGNATURE_SHA1,	 /* RFC 8446 4.4.2.4: RECOMMENDED to refuse */
	SIGNATURE_BROKEN /* MD5 and older: MUST be refused there */
};
enum signature_strength signature_strength(const struct x509 *cert);

#endif
