/* mtlspec discover URL: what does this server do?  No certificate needed. */
#include "harness/base/fs.h"
#include "harness/base/opt.h"
#include "harness/cmd.h"
#include "harness/discover/diagnose.h"
#include "harness/discover/discover.h"
#include "harness/discover/table.h"
#include "harness/discover/target_text.h"
#include "harness/suite/suite.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: mtlspec discover URL [--certificate FILE[,KEY] | --pki DIR] [--out FILE] [--timeout T]\n\n"
	"Asks an HTTPS server what it does about client certificates: TLS versions, whether and when it asks for one, its\n"
	"CA list, what happens without one and, if you give one, with it; whether the answer names it.  At most 12\n"
	"connections, one after the other, plain GETs.  Prints a table, a diagnosis and a target file for mtlspec run.\n"
	"Exit status: 0 a TLS server answered, 2 usage, 3 nothing could be learnt: no connection, or no TLS there.";

enum row { ROW_CERTIFICATE, ROW_PASSWORD, ROW_PKI, ROW_ADDRESS, ROW_OUT, ROW_TIMEOUT, ROW__COUNT };
static const struct opt table[] = {
	[ROW_CERTIFICATE] = {"certificate", 0, "FILE[,KEY]", "a client certificate to show: PEM (chain, then key) or PKCS#12"},
	[ROW_PASSWORD] = {"password-env", 0, "NAME", "environment variable with the password of the PKCS#12 file or key"},
	[ROW_PKI] = {"pki", 0, "DIR", "show a certificate of this PKI (mtlspec pki init), which the server trusts"},
	[ROW_ADDRESS] = {"address", 0, "IP:PORT", "connect there, whatever address the URL's host has"},
	[ROW_OUT] = {"out", 'o', "FILE", "write the target file there instead of printing it"},
	[ROW_TIMEOUT] = {"timeout", 0, "T", "deadline of each step of a connection, such as 500ms or 10s (default 5s)"},
};

struct words {
	struct discover_spec spec;
	const char *out;
};

static enum rc take(void *context, int row, const char *text, struct err *err)
{
	struct words *w = context;
	switch ((enum row)row) {
	case ROW_CERTIFICATE:
		w->spec.certificate = text;
		break;
	case ROW_PASSWORD:
		w->spec.password_env = text;
		break;
	case ROW_PKI:
		w->spec.pki = text;
		break;
	case ROW_ADDRESS:
		w->spec.address = text;
		break;
	case ROW_OUT:
		w->out = text;
		break;
	case ROW_TIMEOUT:
		if (!text_millis(text, &w->spec.timeout_ms) || w->spec.timeout_ms == 0)
			return err_set(err, RC_INPUT, "--timeout %s: want a duration such as 500ms, 2s or 1m", text);
		break;
	case ROW__COUNT:
		break;
	}
	return RC_OK;
}

/* The file must be one that `run` takes: the loader says so before anybody relies on it. */
static enum rc write_file(struct arena *a, const struct suite *suite, const char *path, const char *text, struct err *err)
{
	enum rc rc;
	struct fs_out out = {.file = NULL};
	const struct target *target;
	const struct variant *variant;
	TRY(fs_out_open(&out, path, err));
	if (fputs(text, out.file) < 0) {
		rc = err_errno(err, RC_FAULT, "cannot write %s", path);
		goto out;
	}
	TRY(fs_out_commit(&out, err));
	rc = target_load(a, suite, path, &target, &variant, err);
	if (rc == RC_INPUT)
		rc = RC_FAULT; /* not the user's words */
out:
	fs_out_close(&out);
	return rc;
}

static enum rc print(struct arena *a, const struct suite *suite, const struct discovery *d, const char *out, struct err *err)
{
	enum rc rc = RC_OK;
	struct buf b;
	const char *text = NULL;
	buf_init(&b, 1u << 20);
	table_put(&b, a, &d->facts, &d->found);
	diagnose_put(&b, a, suite, &d->facts, &d->found);
	if (d->found.newest >= 0) {
		TRY(target_text(a, &d->facts, &d->found, true, &text, err));
		if (out)
			TRY(write_file(a, suite, out, text, err));
	}
	diagnose_put_next(&b, a, &d->facts, &d->found, text ? out : NULL);
	if (text && out)
		buf_addf(&b, "\ntarget file: %s\n", out);
	else if (text)
		buf_addf(&b, "\ntarget file:\n%s", text);
	fputs(b.data, stdout);
out:
	buf_fini(&b);
	return rc;
}

static enum rc find_suite(struct arena *a, const struct cmd_context *c, const struct suite **out, struct err *err)
{
	enum rc rc;
	struct suite_spec spec = {.dir = NULL};
	TRY(suite_find_dir(a, c->program, &spec.dir, err));
	rc = suite_load(a, &spec, out, err);
out:
	return rc;
}

int cmd_discover(const struct cmd_context *c, int argc, char **argv)
{
	struct arena a = {0};
	struct err err = {{0}};
	struct words words = {.out = NULL};
	struct discovery *d = ARENA_NEW(&a, struct discovery, 1);
	const struct suite *suite;
	int rest, code = EXIT_OK;
	enum rc rc;
	TRY(opt_parse(argc, argv, usage, table, ROW__COUNT, take, &words, &rest, &err));
	if (rest + 1 != argc) {
		rc = err_set(&err, RC_INPUT, "discover takes one URL: mtlspec discover https://host:8443/");
		goto out;
	}
	TRY(find_suite(&a, c, &suite, &err));
	words.spec.url = argv[rest];
	words.spec.suite = suite;
	words.spec.now = c->now;
	TRY(discover(&a, &words.spec, d, &err));
	TRY(print(&a, suite, d, words.out, &err));
	if (d->found.newest < 0) {
		fprintf(stderr, "mtlspec: %s: no TLS server to test\n", d->facts.url);
		code = EXIT_BROKEN;
	}
out:
	arena_fini(&a);
	return rc == RC_OK ? code : cmd_fail(rc, &err);
}
