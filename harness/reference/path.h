/*
 * path.h - finds certification paths in what a peer sent: any order, duplicates, extra certificates and the root
 * included (RFC 8446 4.4.2).  The search is bounded in breadth, depth and signature work.
 */
#ifndef HARNESS_REFERENCE_PATH_H
#define HARNESS_REFERENCE_PATH_H

#include "harness/base/arena.h"
#include "harness/reference/x509.h"

/* The trust anchors of a policy: parsed once, const afterwards but for the keys they cache. */
struct anchors {
	struct x509 *cert; /* arena */
	size_t n;
};
/* Reads a PEM bundle.  RC_INPUT when there is no certificate in it or one that cannot be read. */
enum rc anchors_load(struct arena *a, struct anchors *out, const char *file, struct err *err) MUST_USE;
void anchors_fini(struct anchors *anchors); /* the keys; idempotent */

enum { PATH_BAG = 64, PATH_LENGTH = PATH_BAG + 1, PATH_PROOFS = 128, PATH_STEPS = 512 };

/* Whether `issuer` signed `cert`, remembered: a signature is verified once, however many paths it is in. */
struct proofs {
	struct {
		const struct x509 *cert, *issuer;
		bool good;
	} row[PATH_PROOFS];
	size_t n;
};
/* False also when the work allowed is used up. */
bool proofs_hold(struct proofs *p, struct x509 *cert, struct x509 *issuer);

/* Leaf first.  When `anchored`, the last one is a trust anchor (which may be the leaf itself). */
struct path {
	struct x509 *cert[PATH_LENGTH];
	size_t n;
	bool anchored;
	struct proofs *proofs; /* borrowed */
};

/* Calls take(context, path) for each path from bag[0], the promising first, until it returns true. */
typedef bool path_take(void *context, const struct path *path);
void path_find(struct x509 *bag, size_t n, const struct anchors *anchors, struct proofs *proofs, path_take *take,
	       void *context);

#endif
