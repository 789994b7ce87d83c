/*
 * constraints.h - name constraints (RFC 5280 4.2.1.10, 6.1.3(b)(c)): dNSName, rfc822Name, URI, directoryName and
 * iPAddress.  A constraint on any other form of name is not understood: critical and met by a name of that form, it
 * refuses.  Pure.
 */
#ifndef HARNESS_REFERENCE_CONSTRAINTS_H
#define HARNESS_REFERENCE_CONSTRAINTS_H

#include "harness/reference/x509.h"

/* Comparisons allowed for a whole path: many constraints times many names is a known way to keep a verifier busy. */
enum { CONSTRAINTS_WORK = 1 << 17 };

/* The body of a NameConstraints: is it written as the syntax says? */
bool constraints_well_formed(struct span body);
/* Whether every name of `below` is within what `issuer` constrains.  False, too, when *work is used up. */
bool constraints_hold(const struct x509 *issuer, const struct x509 *below, unsigned *work);

#endif
