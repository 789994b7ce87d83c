/*
 * pkcs12.h - writes anchors as a PKCS#12 file (RFC 7292) that Java takes for a trust store: certificates alone, in the clear,
 * without a MAC, so without a password.
 */
#ifndef HARNESS_PKI_PKCS12_H
#define HARNESS_PKI_PKCS12_H

#include "harness/base/buf.h"
#include "harness/pki/cert.h"

/* Appends the file that holds these DER certificates. */
void pkcs12_put_trust(struct buf *b, const struct blob *certificates, size_t n);

#endif
