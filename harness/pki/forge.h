/*
 * forge.h - makes the PKI of a run: the base hierarchy, the anchors that targets trust, and for each case a fresh
 * credential as its condition says.  Keys are cached, leaves are minted anew.  GnuTLS inside, none of it outside.
 */
#ifndef HARNESS_PKI_FORGE_H
#define HARNESS_PKI_FORGE_H

#include "clients/job.h"
#include "harness/base/arena.h"
#include "harness/suite/model.h"

#include <time.h>

struct forge;

struct forge_spec {
	const struct suite *suite; /* the conditions; borrowed for the forge's life */
	const struct target *target; /* its <identity> elements are the conditions own:*; may be NULL */
	time_t now;		   /* what the relative dates in conditions refer to: the target's clock */
	uint64_t seed;		   /* serial numbers and names differ between runs with other seeds */
	const char *pki_dir;	   /* a lasting PKI made by `pki init`, or NULL: everything is minted for the run */
};

enum rc forge_open(struct forge **f, const struct forge_spec *spec, struct err *err) MUST_USE;
void forge_close(struct forge **f); /* idempotent */

/*
 * Make what `condition` needs beyond its leaf (own CAs, keys), so that forked workers inherit it.  Call for every selected
 * condition before anchors are written and workers fork.  Errors carry the condition's file and line.
 */
enum rc forge_prepare(struct forge *f, const struct condition *condition, struct err *err) MUST_USE;

/* What a minted credential is, beside what goes on the wire. */
struct minted {
	struct job_credential credential; /* in the arena given */
	char subject[64];		  /* the leaf's CN: unique per minted leaf ("" when the condition has none) */
	char sha1[41], sha256[65];	  /* of the leaf, lower-case hex */
};

/* Mint the chain of `condition` for one case.  `serial` (unique per case and repetition) names it. */
enum rc forge_mint(struct forge *f, const struct condition *condition, uint64_t serial, struct arena *a,
		   struct minted *out, struct err *err) MUST_USE;

/* The same with this notAfter (0: the condition's), for a leaf that is to run out while somebody watches. */
enum rc forge_mint_until(struct forge *f, const struct condition *condition, uint64_t serial, time_t not_after,
			 struct arena *a, struct minted *out, struct err *err) MUST_USE;

/* PEM files for targets.  `trust` is the anchor set's name: "main", or another tenant's. */
enum rc forge_write_anchors(struct forge *f, const char *trust, const char *path, struct err *err) MUST_USE;
/* The same anchors as a trust store for Java: PKCS#12 without a password. */
enum rc forge_write_trust_store(struct forge *f, const char *trust, const char *path, struct err *err) MUST_USE;
/* CRLs of every CA there is, concatenated. */
enum rc forge_write_crls(struct forge *f, const char *path, struct err *err) MUST_USE;
/* A server certificate for `hosts` (space-separated DNS names and IP literals) under its own CA, chain and key (0600). */
enum rc forge_write_server(struct forge *f, const char *hosts, const char *chain_path, const char *key_path,
			   const char *ca_path, struct err *err) MUST_USE;
/* A minted credential as PEM files: chain (leaf first), key (0600): for `show` and `pki export`. */
enum rc forge_write_credential(struct forge *f, const struct minted *m, const char *chain_path, const char *key_path,
			       struct err *err) MUST_USE;

/* The TLS library that clients and forge use, as it names itself: "GnuTLS 3.7.9". */
const char *forge_library(void);

/* RSA and other keys generated so far, for --stats. */
uint64_t forge_keys_made(const struct forge *f);

#endif
