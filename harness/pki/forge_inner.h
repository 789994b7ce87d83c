/* forge_inner.h - what forge.c and forge_file.c share.  For nobody else. */
#ifndef HARNESS_PKI_FORGE_INNER_H
#define HARNESS_PKI_FORGE_INNER_H

#include "harness/pki/forge.h"
#include "harness/pki/keys.h"
#include "harness/pki/lasting.h"
#include "harness/pki/recipe.h"

#define FORGE_ORGANISATION "mtlspec TEST ONLY"
#define FORGE_MAX_CHAIN (RECIPE_MAX_MESSAGE + LASTING_MAX_ABOVE)

/* A certificate that exists; everything in the forge's arena. */
struct made {
	const struct cert_spec *spec;
	const struct key *key;
	struct blob der, subject;
	const unsigned char *key_id;
};

/* The leaf's TBS, complete but for the places that make each minted leaf unique. */
struct stencil {
	struct blob tbs; /* len 0: the leaf is fixed */
	struct blob algorithm;
	const struct key *signer;
	enum hash hash;
	size_t serial_at, name_at[2], n_names; /* offsets into tbs; a self-issued leaf holds its name twice */
	size_t issuer_at, issuer_len;
};

struct prepared {
	const struct condition *condition;
	struct recipe recipe;
	struct made made[RECIPE_MAX_CERTS];
	struct stencil stencil;
	struct blob chain[FORGE_MAX_CHAIN], issuers[FORGE_MAX_CHAIN]; /* an entry without data is the fresh leaf */
	size_t n;
	const struct key *proof_key;
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
	const struct suite *suite; /* borrowed */
	time_t now;
	uint64_t tag; /* of the run: in names and serial numbers */
	uint64_t seed;
	struct arena arena;
	struct keys keys;
	struct lasting lasting; /* empty when the root is minted for the run */
	struct prepared base;	/* the hierarchy that untouched certificates come from */
	struct anchor_set *sets; /* owned vector; [0] is "main" */
	size_t n_sets, cap_sets;
	const struct prepared **prepared; /* owned vector */
	size_t n_prepared, cap_prepared;
	const struct made **authorities; /* owned vector: every CA that publishes a CRL */
	size_t n_authorities, cap_authorities;
	struct made server_ca; /* der.len 0 until the first server certificate */
};

/* Makes and signs one certificate; `issuer` may be `out` itself (self-signed).  Everything lands in the forge's arena. */
struct make {
	const struct cert_spec *spec;
	const struct made *issuer;
	const struct key *key, *signer; /* signer: NULL is the issuer's */
	struct blob subject, issuer_name; /* issuer_name: no data is the issuer's subject */
	const unsigned char *key_id;	  /* NULL: the key's */
};
enum rc forge_make(struct forge *f, const struct make *m, struct made *out, struct err *err) MUST_USE;
struct blob forge_name(struct forge *f, const char *unit, const char *name);
/* The set of that name; made with a root of its own when there is none yet. */
enum rc forge_anchor_set(struct forge *f, const char *name, struct anchor_set **out, struct err *err) MUST_USE;

#endif
