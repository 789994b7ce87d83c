/* mtlspec pki init|export|show: a PKI that outlives a run. */
#include "harness/base/clock.h"
#include "harness/base/opt.h"
#include "harness/cmd.h"
#include "harness/pki/export.h"
#include "harness/pki/forge.h"
#include "harness/pki/lasting.h"
#include "harness/suite/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_DEFAULT 30
#define DAYS_MAX     3650

static const char usage[] = "usage: mtlspec pki init DIR [--issuer CA --issuer-key KEY] [--days 30]\n"
			    "       mtlspec pki export --for PRODUCT DIR [--out OUT]\n"
			    "       mtlspec pki show DIR\n\n"
			    "init makes an anchor for servers that cannot be given a new one in each run, or a "
			    "subordinate of a lab CA that they\n"
			    "trust already.  export writes it with commands that install and remove it, and a client "
			    "certificate to try it with.\n"
			    "mtlspec run --pki DIR uses it.";

struct pki_options {
	const char *issuer, *issuer_key, *product, *out;
	uint64_t days;
};

enum { OPT_ISSUER, OPT_ISSUER_KEY, OPT_DAYS, OPT_FOR, OPT_OUT };
static const struct opt options[] = {
    [OPT_ISSUER] = {"issuer", 0, "FILE", "init: a lab CA's certificate, with its own chain behind it, if any"},
    [OPT_ISSUER_KEY] = {"issuer-key", 0, "FILE", "init: its key"},
    [OPT_DAYS] = {"days", 0, "N", "init: how long it is valid (30)"},
    [OPT_FOR] = {"for", 0, "PRODUCT", "export: pem nginx apache haproxy java kubernetes iis"},
    [OPT_OUT] = {"out", 0, "OUT", "export: where to (DIR/export-PRODUCT)"},
};

static enum rc take(void *context, int row, const char *argument, struct err *err)
{
	struct pki_options *o = context;
	switch (row) {
	case OPT_ISSUER:
		o->issuer = argument;
		break;
	case OPT_ISSUER_KEY:
		o->issuer_key = argument;
		break;
	case OPT_DAYS:
		if (!text_u64(argument, 1, DAYS_MAX, &o->days))
			return err_set(err, RC_INPUT, "--days %s: not a number from 1 to %d", argument, DAYS_MAX);
		break;
	case OPT_FOR:
		o->product = argument;
		break;
	case OPT_OUT:
		o->out = argument;
		break;
	}
	return RC_OK;
}

static void print_certificate(const char *what, struct blob der, time_t now)
{
	struct import_facts facts;
	struct err err = {{0}};
	char from[32], to[32], sha1[41], sha256[65];
	if (import_facts(what, der, &facts, &err) != RC_OK) {
		printf("%s\n  %s\n", what, err.text);
		return;
	}
	clock_format(facts.not_before, from);
	clock_format(facts.not_after, to);
	keys_hash_hex(HASH_SHA1, der.data, der.len, sha1);
	keys_hash_hex(HASH_SHA256, der.data, der.len, sha256);
	printf("%s\n  subject  %s\n  issuer   %s\n", what, facts.subject, facts.self_issued ? "itself" : facts.issuer);
	printf("  valid    %s to %s UTC%s\n", from, to, now > facts.not_after ? ", EXPIRED" : "");
	printf("  sha1     %s\n  sha256   %s\n", sha1, sha256);
	if (facts.path_length >= 0)
		printf("  path     at most %d CAs below\n", facts.path_length);
}

/* What is in it, even when it is not fit for use: the reason comes last. */
static enum rc show(const struct cmd_context *c, const char *dir, struct err *err)
{
	enum rc rc;
	struct keys keys;
	struct lasting l;
	struct blob chain[IMPORT_MAX_CHAIN];
	size_t n;
	keys_init(&keys);
	TRY(import_certificates(&keys.arena, arena_printf(&keys.arena, "%s/" LASTING_ANCHOR, dir), chain, &n, err));
	print_certificate("anchor, to be trusted by servers (" LASTING_ANCHOR ")", chain[0], c->now);
	TRY(import_certificates(&keys.arena, arena_printf(&keys.arena, "%s/" LASTING_CA, dir), chain, &n, err));
	print_certificate("CA that mtlspec signs with (" LASTING_CA ")", chain[0], c->now);
	for (size_t i = 1; i < n; i++)
		print_certificate("CA between it and the anchor (" LASTING_CA ")", chain[i], c->now);
	TRY(lasting_load(&keys, dir, c->now, &l, err));
	printf("key belongs to the CA (" LASTING_KEY "); %s\n",
	       l.subordinate ? "the CA is subordinate: clients send it along" : "the CA is the anchor itself");
out:
	keys_fini(&keys);
	return rc;
}

static enum rc init(const struct cmd_context *c, const char *dir, const struct pki_options *o, struct err *err)
{
	struct lasting_spec spec = {.dir = dir,
				    .issuer = o->issuer,
				    .issuer_key = o->issuer_key,
				    .now = c->now,
				    .days = o->days ? (unsigned)o->days : DAYS_DEFAULT};
	enum rc rc = lasting_init(&spec, err);
	if (rc != RC_OK)
		return rc;
	TRY(show(c, dir, err));
	if (o->issuer)
		printf("\nServers that trust the anchor need nothing else.  Next: mtlspec run --pki %s --target FILE\n",
		       dir);
	else
		printf("\nNext: mtlspec pki export --for nginx %s   (or iis apache haproxy java kubernetes pem)\n",
		       dir);
out:
	return rc;
}

/* A certificate that the server must accept once the anchor is installed: to try it before a run. */
static enum rc write_client(const struct cmd_context *c, const char *dir, const char *out, struct err *err)
{
	enum rc rc;
	struct arena a = {0};
	struct forge *f = NULL;
	struct minted m;
	struct suite_spec spec = {0};
	struct forge_spec forge = {.now = c->now, .seed = (uint64_t)c->now, .pki_dir = dir};
	TRY(suite_find_dir(&a, c->program, &spec.dir, err));
	TRY(suite_load(&a, &spec, &forge.suite, err));
	const struct condition *valid = suite_condition(forge.suite, "valid");
	if (!valid) {
		rc = err_set(err, RC_FAULT, "%s: no condition named valid", spec.dir);
		goto out;
	}
	TRY(forge_open(&f, &forge, err));
	TRY(forge_prepare(f, valid, err));
	TRY(forge_mint(f, valid, (uint64_t)c->now, &a, &m, err));
	TRY(forge_write_credential(f, &m, arena_printf(&a, "%s/client.pem", out),
				   arena_printf(&a, "%s/client.key", out), err));
out:
	forge_close(&f);
	arena_fini(&a);
	return rc;
}

static enum rc export(const struct cmd_context *c, const char *dir, const struct pki_options *o, struct err *err) {
	enum rc rc; char products[256]; struct keys keys; struct lasting l; keys_init(&keys);
	if (!o->product){rc = err_set(err, RC_INPUT, "export needs --for with one of: %s",
				      export_products(products, sizeof products));
			 goto out;}
const char *out = o->out ? o->out : arena_printf(&keys.arena, "%s/export-%s", dir, o->product);
TRY(lasting_load(&keys, dir, c->now, &l, err));
TRY(export_write(&l, o->product, out, err));
TRY(write_client(c, dir, out, err));
printf("%s: the anchor, commands that install and remove it, and a client certificate to try it with:\n"
       "  curl --cert %s/client.pem --key %s/client.key https://HOST:PORT/\n",
       out, out, out);
if (l.subordinate)
	puts("The anchor is the lab's own: servers that trust it need no installation.");
out : keys_fini(&keys);
return rc;
}

int cmd_pki(const struct cmd_context *c, int argc, char **argv)
{
	struct err err = {{0}};
	struct pki_options o = {0};
	int rest;
	enum rc rc = opt_parse(argc, argv, usage, options, sizeof options / sizeof *options, take, &o, &rest, &err);
	if (rc != RC_OK)
		return cmd_fail(rc, &err);
	const char *verb = rest < argc ? argv[rest] : "", *dir = rest + 1 < argc ? argv[rest + 1] : NULL;
	if (!dir || rest + 2 < argc)
		rc = err_set(&err, RC_INPUT,
			     "pki wants init, export or show, and a directory; mtlspec pki --help tells more");
	else if (strcmp(verb, "init") == 0)
		rc = init(c, dir, &o, &err);
	else if (strcmp(verb, "export") == 0)
		rc = export(c, dir, &o, &err);
	else if (strcmp(verb, "show") == 0)
		rc = show(c, dir, &err);
	else
		rc = err_set(&err, RC_INPUT, "pki %s: unknown; there are init, export and show", verb);
	return cmd_fail(rc, &err);
}
