#include "harness/discover/discover.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "harness/discover/diagnose.h"
#include "harness/discover/probe.h"
#include "harness/discover/target_text.h"
#include "harness/pki/forge.h"
#include "harness/pki/import.h"
#include "reports/clean.h"

#include <stdio.h>
#include <string.h>

/* The user's certificate as clients and comparisons want it. */
struct loaded {
	struct keys keys;    /* owned */
	struct forge *forge; /* owned; NULL: none */
	struct own own;
	struct job_credential credential;
};

/* The target file may be used from elsewhere. */
static enum rc find_file(struct arena *a, const char *file, const char **out, struct err *err)
{
	if (!fs_exists(file))
		return err_set(err, RC_INPUT, "--certificate: there is no file %s", file);
	return fs_absolute(a, file, out, err);
}

/* Key and certificate in one file unless a comma says otherwise. */
static enum rc name_files(struct arena *a, const struct discover_spec *spec, struct own *out, struct err *err)
{
	enum rc rc;
	const char *comma = strchr(spec->certificate, ',');
	const char *file = comma ? arena_strndup(a, spec->certificate, (size_t)(comma - spec->certificate)) : spec->certificate;
	TRY(find_file(a, file, &out->certificate, err));
	out->key = out->certificate;
	if (comma)
		TRY(find_file(a, comma + 1, &out->key, err));
	out->password_env = spec->password_env;
out:
	return rc;
}

/* What comparisons need to know of the chain; `label` stands in sentences about it. */
static enum rc describe(struct arena *a, const char *label, const struct blob *chain, size_t n, struct own *own, struct err *err)
{
	enum rc rc = RC_OK;
	struct import_facts facts;
	char sha1[129], sha256[129];
	const char **issuers = ARENA_NEW(a, const char *, n);
	for (size_t i = 0; i < n; i++) {
		TRY(import_facts(label, chain[i], &facts, err));
		issuers[i] = arena_strdup(a, facts.issuer);
		if (i > 0)
			continue;
		own->subject = arena_strdup(a, facts.common_name);
		own->dn = arena_strdup(a, facts.subject);
	}
	keys_hash_hex(HASH_SHA1, chain[0].data, chain[0].len, sha1);
	keys_hash_hex(HASH_SHA256, chain[0].data, chain[0].len, sha256);
	own->sha1 = arena_strdup(a, sha1);
	own->sha256 = arena_strdup(a, sha256);
	own->issuers = issuers;
	own->n = n;
	own->any = true;
out:
	return rc;
}

static enum rc load_files(struct arena *a, const struct discover_spec *spec, struct loaded *out, struct err *err)
{
	enum rc rc;
	struct import_identity from;
	const char *password = NULL;
	TRY(name_files(a, spec, &out->own, err));
	if (spec->password_env && !(password = clock_env(spec->password_env))) {
		rc = err_set(err, RC_INPUT, "the environment has no variable %s with the password", spec->password_env);
		goto out;
	}
	TRY(import_identity(&out->keys, out->own.certificate, out->own.key, password, &from, err));
	TRY(describe(a, out->own.certificate, from.chain, from.n, &out->own, err));
	out->credential = (struct job_credential){
		.id = "given",
		.chain = arena_memdup(a, from.chain, from.n * sizeof *from.chain),
		.n = from.n,
		.key = from.key->private,
		.pub = from.key->public,
	};
out:
	return rc;
}

/* A fresh good leaf of the user's lasting PKI. */
static enum rc mint(struct arena *a, const struct discover_spec *spec, struct loaded *out, struct err *err)
{
	enum rc rc;
	struct minted minted;
	struct forge_spec forge = {.suite = spec->suite, .now = spec->now, .seed = (uint64_t)spec->now, .pki_dir = spec->pki};
	const struct condition *valid = suite_condition(spec->suite, "valid");
	if (!valid)
		return err_set(err, RC_INPUT, "the suite has no condition called valid");
	TRY(forge_open(&out->forge, &forge, err));
	TRY(forge_prepare(out->forge, valid, err));
	TRY(forge_mint(out->forge, valid, (uint64_t)spec->now, a, &minted, err));
	TRY(fs_absolute(a, spec->pki, &out->own.pki, err));
	TRY(describe(a, spec->pki, minted.credential.chain, minted.credential.n, &out->own, err));
	out->credential = minted.credential;
	out->credential.id = "given";
out:
	return rc;
}

static enum rc load(struct arena *a, const struct discover_spec *spec, struct loaded *out, struct err *err)
{
	if (spec->certificate)
		return load_files(a, spec, out, err);
	return spec->pki ? mint(a, spec, out, err) : RC_OK;
}

enum rc discover(struct arena *a, const struct discover_spec *spec, struct discovery *out, struct err *err)
{
	enum rc rc;
	struct loaded loaded = {.own.any = false};
	keys_init(&loaded.keys);
	TRY(load(a, spec, &loaded, err));
	struct probe_spec probe = {
		.url = spec->url,
		.address = spec->address,
		.timeout_ms = spec->timeout_ms ? spec->timeout_ms : DISCOVER_TIMEOUT_MS,
		.own = &loaded.own,
		.credential = loaded.own.any ? &loaded.credential : NULL,
	};
	TRY(probe_server(a, &probe, &out->facts, err));
	conclude(a, &out->facts, &out->found);
out:
	forge_close(&loaded.forge);
	keys_fini(&loaded.keys);
	return rc;
}

enum rc discover_target(struct arena *a, const struct discover_spec *spec, const char *path, struct err *err)
{
	enum rc rc;
	const char *text;
	struct discovery d;
	struct buf line;
	buf_init(&line, 4096);
	TRY(discover(a, spec, &d, err));
	clean_adds(&line, diagnose_summary(a, &d.facts, &d.found), 1000);
	if (d.found.newest < 0) {
		rc = err_set(err, RC_FAULT, "%s: nothing to test: %s", spec->url, line.data);
		goto out;
	}
	fprintf(stderr, "discovered %s with %u connections: %s\n", spec->url, d.facts.connections, line.data);
	TRY(target_text(a, &d.facts, &d.found, false, &text, err));
	rc = fs_write(path, text, strlen(text), 0644, err);
out:
	buf_fini(&line);
	return rc;
}
