/* eku.h - the words for key purposes (RFC 5280 4.2.1.12).  A dotted OID stands for itself. */
#ifndef HARNESS_PKI_EKU_H
#define HARNESS_PKI_EKU_H

#include <stdbool.h>
#include <stddef.h>

#define EKU_WORDS "clientAuth serverAuth codeSigning emailProtection timeStamping OCSPSigning smartcardLogon anyExtendedKeyUsage or an OID"

struct buf;
/* Appends the OID of one word; false when it is neither a word nor an OID. */
bool eku_put(struct buf *b, const char *word);

#endif
