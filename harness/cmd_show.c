/* mtlspec show CASE: one case in full, its certificates as files, and the same with curl and openssl. */
#include "harness/base/fs.h"
#include "harness/cmd.h"
#include "harness/run/recipe.h"
#include "harness/run/session.h"

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

static void print_script(const struct scenario *c)
{
	puts("\nScript");
	if (c->default_script) {
		puts("  connect with the condition's certificate, one GET of the protected path, read the response");
		return;
	}
	for (size_t i = 0; i < c->n_steps; i++) {
		printf("  %s", verb_text(c->steps[i].verb));
		for (size_t j = 0; j < c->steps[i].n_attributes; j++)
			printf(" %s=\"%s\"", c->steps[i].attributes[j].name, c->steps[i].attributes[j].value);
		puts("");
	}
}

static void print_case(const struct shown *s)
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
	print_script(c);
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

static enum rc write_bundle(struct shown *s, const char *dir, const struct recipe_files *f, struct err *err)
{
	enum rc rc;
	struct fs_out out = {0};
	const char *names[] = {"chain.pem", "key.pem", "anchors.pem"};
	struct recipe_files here = {f->chain ? "chain.pem" : NULL, "key.pem", NULL};
	struct live_endpoint e = stand_in(s);
	TRY(fs_out_open(&out, s->bundle, err));
	fprintf(out.file, "#!/bin/sh\n# %s\n# usage: sh %s HOST:PORT   (the server must trust anchors.pem)\nset -e\n", s->id,
		s->bundle);
	fputs("umask 077\ndir=$(mktemp -d) && cd \"$dir\"\n", out.file);
	for (size_t i = f->chain ? 0 : 2; i < 3; i++) {
		char *data = NULL;
		size_t len;
		TRY(fs_read(&s->arena, arena_printf(&s->arena, "%s/%s", dir, names[i]), 1u << 20, &data, &len, err));
		fprintf(out.file, "cat > %s <<'PEM'\n%sPEM\n", names[i], data);
	}
	e.authority = "$1";
	e.host = arena_strdup(&s->arena, e.host);
	const char *curl = recipe_curl(&s->arena, &s->kase, &e, &here);
	/* The address is the user's: no --resolve. */
	const char *resolve = strstr(curl, " --resolve "), *url = strstr(curl, " https://");
	fprintf(out.file, "%.*s \"https://$1%s\"\n", (int)((resolve ? resolve : url) - curl), curl, e.path);
	rc = fs_out_commit(&out, err);
out:
	fs_out_close(&out);
	return rc;
}

static enum rc export_files(struct shown *s, const char *dir, struct recipe_files *f, struct err *err)
{
	enum rc rc;
	struct forge *forge = NULL;
	struct minted m;
	const struct condition *c = s->kase.condition ? s->kase.condition : suite_condition(s->target->suite, "valid");
	struct forge_spec spec = {
		.suite = s->target->suite,
		.target = s->target->target,
		.now = s->session.now,
		.seed = s->session.seed,
		.pki_dir = s->session.options->pki,
	};
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

static enum rc show(struct shown *s, struct err *err)
{
	enum rc rc;
	struct recipe_files f = {0};
	const char *dir = "mtlspec-show";
	if (s->bundle)
		dir = arena_printf(&s->arena, "%s.d", s->bundle);
	print_case(s);
	TRY(export_files(s, dir, &f, err));
	struct live_endpoint e = stand_in(s);
	printf("\nBy hand (files in %s; the server must trust anchors.pem and listens on 127.0.0.1:8443 here)\n  %s\n  %s\n", dir,
	       recipe_curl(&s->arena, &s->kase, &e, &f), recipe_openssl(&s->arena, &s->kase, &e, &f));
	if (!s->kase.scenario->default_script)
		puts("  (the script does more than one request: the lines above are its first)");
	if (s->bundle) {
		TRY(write_bundle(s, dir, &f, err));
		printf("\nBundle: %s\n", s->bundle);
		TRY(fs_remove_tree(dir, err));
	}
out:
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
