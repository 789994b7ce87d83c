/* mtlspec show CASE: one case in full, its certificates as files, and the same with curl and openssl. */
#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/cmd.h"
#include "harness/run/recipe.h"
#include "harness/run/session.h"
#include "harness/target/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
	"usage: mtlspec show CASE [--bundle FILE] [--target NAME|FILE] [OPTION of run]...\n\n"
	"Prints the case: what it does, what is expected and why, and the same with curl and openssl.  Its certificates are\n"
	"written to mtlspec-show/ (chain.pem, key.pem, anchors.pem), or with --bundle into one shell script that carries\n"
	"them: sh FILE HOST:PORT plays the case at any server that trusts anchors.pem.";

struct shown {
	struct session session;
	struct arena arena;
	const struct session_target *target;
	struct kase kase;
	char id[PLAN_ID_SIZE];
	const char *bundle;
};

static void print_clauses(const struct suite *suite, const char *clauses)
{
	char word[32];
	while (text_word(&clauses, word, sizeof word)) {
		const struct requirement *r = suite_requirement(suite, word);
		if (r)
			printf("  %s  %s (%s): %s\n", r->id, r->section, r->level, r->text);
	}
}

static void print_mask(const char *what, unsigned mask)
{
	const char *sep = "";
	printf("%s ", what);
	for (unsigned i = 0; i < DECISION__COUNT; i++) {
		if (mask & BIT(i)) {
			printf("%s%s", sep, decision_text((enum decision)i));
			sep = " or ";
		}
	}
	printf("\n");
}

static void print_expectations(const struct shown *s)
{
	const struct scenario *c = s->kase.scenario;
	puts("\nExpected");
	for (size_t i = 0; i < c->n_expects; i++) {
		const struct expect *e = &c->expects[i];
		if (!when_holds(&e->when, plan_value, &s->kase))
			continue;
		printf("  request %s: ", e->of ? e->of : "r");
		if (e->as_condition && s->kase.condition)
			print_mask("as the condition says:", s->kase.condition->decision);
		else if (e->decision)
			print_mask("decision", e->decision);
		else
			puts(e->policy ? "left to the profile" : "see signal, phase or identity");
		if (e->signals)
			printf("    signal %s\n", e->signals);
	}
	for (size_t i = 0; i < c->n_nevers; i++)
		if (when_holds(&c->nevers[i].when, plan_value, &s->kase))
			printf("  never: %s%s%s\n", c->nevers[i].event, c->nevers[i].clause ? ", " : "",
			       c->nevers[i].clause ? c->nevers[i].clause : "");
	print_clauses(s->target->suite, c->clause);
	if (s->kase.condition)
		print_clauses(s->target->suite, s->kase.condition->clause);
}

static void print_script(struct shown *s)
{
	const struct scenario *c = s->kase.scenario;
	puts("\nScript");
	if (c->default_script) {
		puts("  connect with the condition's certificate, one GET of the protected path, read the response");
		return;
	}
	for (size_t i = 0; i < c->n_steps; i++) {
		printf("  %s", verb_text(c->steps[i].verb));
		for (size_t j = 0; j < c->steps[i].n_attributes; j++)
			printf(" %s=\"%s\"", c->steps[i].attributes[j].name,
			       value_expand(&s->arena, c->steps[i].attributes[j].value, plan_value, &s->kase));
		puts("");
	}
}

static void print_case(struct shown *s)
{
	const struct scenario *c = s->kase.scenario;
	printf("%s\n\n  %s\n", s->id, c->title ? c->title : "");
	printf("  severity %s, impact %s, %s:%d\n", severity_text(c->severity), impact_text(c->impact), c->where.file,
	       c->where.line);
	if (s->kase.condition)
		printf("  condition %s: %s (%s, level %s)\n", s->kase.condition->id, s->kase.condition->title,
		       s->kase.condition->row ? s->kase.condition->row : "own", level_text(s->kase.condition->level));
	const char *reason, *clause;
	enum disposition d = plan_disposition(s->target->plan, &s->kase, &reason, &clause);
	if (d != DISPOSITION_RUN)
		printf("  does not run at target %s: %s\n", s->target->name, reason);
	print_script(s);
	print_expectations(s);
}

/* A started server's ports are not known here: what stands in for them is said. */
static struct live_endpoint stand_in(struct shown *s)
{
	const struct endpoint *e = s->kase.endpoint;
	struct live_endpoint out = {.endpoint = e, .address = {"127.0.0.1", 8443}, .host = "localhost",
				    .authority = "localhost:8443", .path = "/"};
	for (size_t i = 0; e && i < e->n_names; i++)
		if (e->names[i].negotiation == NEGOTIATION_REQUIRED) {
			out.host = e->names[i].host;
			out.authority = arena_printf(&s->arena, "%s:8443", out.host);
		}
	return out;
}

/* Where the case goes: of somebody else's server the target file tells. */
static enum rc where_to(struct shown *s, struct live_endpoint *out, struct err *err)
{
	enum rc rc = RC_OK;
	const struct endpoint *e = s->kase.endpoint;
	struct url url;
	*out = stand_in(s);
	if (!s->target->target->remote || !e)
		return RC_OK;
	TRY(url_parse(&s->arena, e->url, e->where, &url, err));
	out->host = url.host;
	out->authority = url.authority;
	out->path = url.path;
	out->address = (struct job_address){NULL, url.port};
	if (e->address)
		rc = url_address(&s->arena, e->address, e->where, &out->address.ip, &out->address.port, err);
out:
	return rc;
}

static enum rc put_files(struct shown *s, FILE *file, const char *dir, bool credential, struct err *err)
{
	enum rc rc = RC_OK;
	const char *names[] = {"chain.pem", "key.pem", "anchors.pem"};
	for (size_t i = credential ? 0 : 2; i < 3; i++) {
		char *data = NULL;
		size_t len;
		TRY(fs_read(&s->arena, arena_printf(&s->arena, "%s/%s", dir, names[i]), 1u << 20, &data, &len, err));
		fprintf(file, "cat > %s <<'PEM'\n%sPEM\n", names[i], data);
	}
out:
	return rc;
}

static enum rc write_bundle(struct shown *s, const char *dir, const struct recipe_files *f, struct live_endpoint e,
			    struct err *err)
{
	enum rc rc;
	struct fs_out out = {0};
	const struct recipe_files here = {f->chain ? "chain.pem" : NULL, "key.pem", NULL, f->body_limit};
	TRY(fs_out_open(&out, s->bundle, err));
	fchmod(fileno(out.file), 0700); /* there is a key inside */
	fprintf(out.file, "#!/bin/sh\n# %s\n# The server must trust anchors.pem, which stands below.\n", s->id);
	fprintf(out.file, "[ $# = 1 ] || { echo 'usage: sh %s HOST:PORT' >&2; exit 2; }\n", s->bundle);
	fputs("set -eu\naddress=$1\numask 077\n", out.file);
	fputs("dir=$(mktemp -d)\ntrap 'rm -rf \"$dir\"' EXIT\ncd \"$dir\"\n", out.file);
	TRY(put_files(s, out.file, dir, f->chain != NULL, err));
	/* The address is the user's: no --resolve. */
	e.address.ip = NULL;
	e.authority = "$address";
	fprintf(out.file, "%s\n", recipe_curl(&s->arena, &s->kase, &e, &here));
	rc = fs_out_commit(&out, err);
out:
	fs_out_close(&out);
	return rc;
}

/* The user's own credential is named, never copied. */
static bool own_files(const struct shown *s, const struct condition *c, struct recipe_files *f)
{
	const struct target *t = s->target->target;
	for (size_t i = 0; c->own && i < t->n_identities; i++) {
		if (strcmp(t->identities[i].id, c->own) != 0)
			continue;
		f->chain = t->identities[i].certificate;
		f->key = t->identities[i].key;
	}
	return c->own != NULL;
}

/* What the connection shows that the lines make; scripts that say nothing show the condition's, or one in order. */
static const struct condition *first_certificate(struct shown *s)
{
	const struct suite *suite = s->target->suite;
	const char *id = recipe_certificate(&s->arena, &s->kase);
	const struct condition *named = id ? suite_condition(suite, id) : NULL;
	if (named)
		return named;
	return s->kase.condition ? s->kase.condition : suite_condition(suite, "valid");
}

static enum rc export_files(struct shown *s, const char *dir, struct recipe_files *f, struct err *err)
{
	enum rc rc = RC_OK;
	struct forge *forge = NULL;
	struct minted m;
	const struct condition *c = first_certificate(s);
	struct forge_spec spec = {
		.suite = s->target->suite,
		.target = s->target->target,
		.now = s->session.now,
		.seed = s->session.seed,
		.pki_dir = s->session.options->pki,
	};
	if (own_files(s, c, f)) {
		if (s->bundle)
			rc = err_set(err, RC_INPUT, "--bundle: a key of your own is never copied; without --bundle the lines are shown");
		return rc;
	}
	TRY(fs_mkdirs(dir, err));
	TRY(forge_open(&forge, &spec, err));
	if (!c->none) {
		TRY(forge_prepare(forge, c, err));
		TRY(forge_mint(forge, c, s->kase.number + 1, &s->arena, &m, err));
		f->chain = arena_printf(&s->arena, "%s/chain.pem", dir);
		f->key = arena_printf(&s->arena, "%s/key.pem", dir);
		TRY(forge_write_credential(forge, &m, f->chain, f->key, err));
	}
	rc = forge_write_anchors(forge, "main", arena_printf(&s->arena, "%s/anchors.pem", dir), err);
out:
	forge_close(&forge);
	return rc;
}

static void print_by_hand(struct shown *s, const char *dir, const struct recipe_files *f, const struct live_endpoint *e)
{
	bool own = f->chain && strncmp(f->chain, dir, strlen(dir)) != 0;
	printf("\nBy hand (%s%s%s%s)\n", own ? "your own certificate" : "files in ", own ? "" : dir,
	       own ? "" : "; the server must trust anchors.pem",
	       s->target->target->remote ? "" : "; here it listens on 127.0.0.1:8443");
	const char *several = recipe_early(&s->arena, &s->kase, e, f);
	if (!several)
		several = recipe_follow(&s->arena, &s->kase, e, f);
	if (several) {
		printf("  %s\n", several);
		return;
	}
	printf("  %s\n  %s\n", recipe_curl(&s->arena, &s->kase, e, f), recipe_openssl(&s->arena, &s->kase, e, f));
	size_t requests = 0;
	for (size_t i = 0; i < s->kase.scenario->n_steps; i++)
		requests += s->kase.scenario->steps[i].verb == VERB_REQUEST;
	if (requests > 1)
		puts("  (the script does more than one request: the lines above are its first)");
}

static enum rc show(struct shown *s, struct err *err)
{
	enum rc rc;
	struct recipe_files f = {.body_limit = s->target->target->body_limit};
	struct rundir scratch = {{0}};
	struct live_endpoint e;
	const char *dir = "mtlspec-show";
	print_case(s);
	TRY(where_to(s, &e, err));
	if (s->bundle) {
		TRY(rundir_open(&scratch, err));
		dir = scratch.path;
	}
	TRY(export_files(s, dir, &f, err));
	if (s->bundle) {
		TRY(write_bundle(s, dir, &f, e, err));
		printf("\nBundle: sh %s HOST:PORT\n", s->bundle);
	} else {
		print_by_hand(s, dir, &f, &e);
	}
out:
	rundir_close(&scratch);
	return rc;
}

/* --bundle is ours; everything else is what run takes. */
static int take_bundle(int argc, char **argv, const char **bundle)
{
	int kept = 0;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--bundle") == 0 && i + 1 < argc)
			*bundle = argv[++i];
		else if (strncmp(argv[i], "--bundle=", 9) == 0)
			*bundle = argv[i] + 9;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

int cmd_show(const struct cmd_context *c, int argc, char **argv)
{
	struct shown *s = mem_alloc(sizeof *s);
	struct err err = {{0}};
	struct options options;
	uint64_t number;
	int rest;
	enum rc rc;
	argc = take_bundle(argc, argv, &s->bundle);
	TRY(options_parse(&s->arena, argc, argv, usage, &options, &rest, &err));
	if (rest + 1 != argc) {
		rc = err_set(&err, RC_INPUT, "show takes one case id; `mtlspec list` prints them");
		goto out;
	}
	TRY(session_open(&s->session, &options, c->program, c->now, options.has_seed ? options.seed : 1, &err));
	s->target = &s->session.targets[0];
	TRY(plan_find(s->target->plan, argv[rest], &number, &err));
	plan_case(s->target->plan, number, &s->kase);
	plan_id(&s->kase, s->id);
	rc = show(s, &err);
out:
	session_close(&s->session);
	arena_fini(&s->arena);
	free(s);
	return rc == RC_OK ? EXIT_OK : cmd_fail(rc, &err);
}
