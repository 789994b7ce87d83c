/*
 * possession.h - the one place where the proof of possession (RFC 8446 4.4.3) can be skipped.  GnuTLS verifies
 * CertificateVerify by calling its own gnutls_pubkey_verify_data2 through the dynamic linker; this module defines that
 * name for the whole program and hands every call on, unless the serving process was told to skip.
 */
#ifndef HARNESS_REFERENCE_POSSESSION_H
#define HARNESS_REFERENCE_POSSESSION_H

#include "harness/base/err.h"

#include <gnutls/abstract.h>

/* From now on this process takes any CertificateVerify for good. */
void possession_skip(void);
/* From now on a signature is taken that is right under some scheme, whichever the message names. */
void possession_take_any(void);
/* GnuTLS's function itself, whatever possession_skip() said: for the signatures of certificates. */
int possession_verify(gnutls_pubkey_t key, gnutls_sign_algorithm_t algorithm, unsigned flags,
		      const gnutls_datum_t *data, const gnutls_datum_t *signature);

#endif
