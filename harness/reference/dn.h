/* dn.h - distinguished names: the comparison of RFC 5280 7.1, and looking one attribute up.  Pure. */
#ifndef HARNESS_REFERENCE_DN_H
#define HARNESS_REFERENCE_DN_H

#include "harness/reference/tlv.h"

/* Both are whole Name elements.  Letter case, string type and runs of blanks do not count (7.1, RFC 4518 2.6.1). */
bool dn_equal(struct span a, struct span b);
/* `base` is `name` or an ancestor of it: its RDNs begin those of `name` (4.2.1.10, directoryName). */
bool dn_within(struct span name, struct span base);
bool dn_is_empty(struct span name);
/* Every attribute in order: its OID (body bytes) and value. */
struct dn_walk {
	struct span names, set;
};
struct dn_walk dn_walk(struct span name);
bool dn_next(struct dn_walk *walk, struct span *oid, struct tlv *value);
/* Value of a string element as UTF-8; false when its type is no character string or its bytes are not of that type. */
bool dn_text(struct tlv value, char *out, size_t size, size_t *len);

#endif
