/* forge_inner.h - what forge.c and forge_file.c share.  For nobody else. */
#ifndef HARNESS_PKI_FORGE_INNER_H
#define HARNESS_PKI_FORGE_INNER_H

#include "harness/pki/forge.h"
#include "harness/pki/issue.h"
#include "harness/pki/lasting.h"
#include "harness/pki/blueprint.h"

#define FORGE_MAX_CHAIN (BLUEPRINT_MAX_MESSAGE + 1 + LASTING_MAX_ABOVE) /* and the lasting CA itself */

/* The leaf's TBS, complete but for the places that make each minted leaf unique. */
struct stencil {
	struct blob tbs; /* no data: the leaf is fixed */
	struct blob algorithm;
	const struct key *signer;
	enum hash hash;
	size_t serial_at, name_at[2], n_names; /* offsets into tbs; a self-issued leaf holds its name twice */
	size_t issuer_at, issuer_len, not_after_at, not_after_len;
};

struct prepared {
	const struct condition *condition;
	struct blueprint blueprint;
	struct made made[BLUEPRINT_MAX_CERTS];
	struct stencil stencil;
	struct blob chain[FORGE_MAX_CHAIN], issuers[FORGE_MAX_CHAIN]; /* an entry without data is the fresh leaf */
	size_t n;
	const struct key *proof_key;
	struct blob leaf; /* a fixed one; no data: cut from the stencil */
	char subject[64]; /* of a fixed leaf */
};

/* The anchors of one trust name: its root first, then what conditions put into the store. */
struct anchor_set {
	const char *name;
	const struct made *root;
	struct blob *stored; /* owned vector */
	size_t n, cap;
};

struct forge {
	const struct suite *suite;   /* borrowed */
	const struct target *target; /* borrowed; may be NULL */
	time_t now;
	uint64_t tag; /* of the run: in names and serial numbers */
	uint64_t seed;
	struct arena arena;
	struct keys keys;
	struct lasting lasting; /* without a key: the root is minted for the run */
	struct prepared base;	/* the hierarchy that untouched certificates come from */
	struct anchor_set *sets; /* owned vector; [0] is "main" */
	size_t n_sets, cap_sets;
	const struct prepared **prepared; /* owned vector */
	size_t n_prepared, cap_prepared;
	const struct made **authorities; /* owned vector: every CA that publishes a CRL */
	size_t n_authorities, cap_authorities;
	struct made server_ca; /* der.len 0 until the first server certificate */
};

/* issue_certificate and issue_name with what the forge knows. */
enum rc forge_make(struct forge *f, const struct make *m, struct made *out, struct err *err) MUST_USE;
struct blob forge_name(struct forge *f, const char *unit, const char *name);
/* The set of that name; made with a root of its own when there is none yet. */
enum rc forge_anchor_set(struct forge *f, const char *name, struct anchor_set **out, struct err *err) MUST_USE;

#endif
