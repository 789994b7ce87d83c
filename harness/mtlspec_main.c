/* mtlspec: the table of sub-commands.  A sub-command is one cmd_*.c and one row here. */
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/cmd.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MTLSPEC_VERSION
#define MTLSPEC_VERSION "0.1"
#endif

static const struct {
	const char *name;
	int (*run)(const struct cmd_context *c, int argc, char **argv);
	const char *sentence;
} commands[] = {
	{"run", cmd_run, "the main job: play scenarios against a target, report what differs"},
	{"list", cmd_list, "what would run and why not"},
	{"show", cmd_show, "one case in full, with files and recipes to play it by hand"},
	{"report", cmd_report, "render the reports of a run again from its journal"},
	{"lint", cmd_lint, "check suites, targets and lists of known failures; write skeletons"},
	{"explain", cmd_explain, "causes and fixes for an alert, a status, an error code or pasted text"},
	{"self-test", cmd_self_test, "does every fault of the reference server turn its cases red?"},
	{"discover", cmd_discover, "what a server does about client certificates: table, diagnosis, target file"},
	{"serve", cmd_serve, "the reference server alone, sound or with faults"},
	{"gate", cmd_gate, "compare two results: new failures, fixed, disappeared; for CI"},
	{"pki", cmd_pki, "a PKI that outlives a run: make, show, export for servers"},
	{NULL, NULL, NULL}, /* end of the table */
};

static void help(FILE *out)
{
	fputs("mtlspec plays every kind of client-certificate situation against an HTTPS server and says what the\n"
	      "server did, what it should have done, and why the difference matters.\n\n"
	      "usage: mtlspec COMMAND [OPTION]...\n\n",
	      out);
	for (size_t i = 0; commands[i].name; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].sentence);
	fputs("\nmtlspec COMMAND --help tells more.  Exit status: 0 conforming, 1 not, 2 usage, 3 harness or\n"
	      "environment fault, 4 nothing ran, 5 only flaky.\n",
	      out);
}

int main(int argc, char **argv)
{
	static char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	struct cmd_context context = {.program = n > 0 ? program : argv[0], .now = clock_now(), .version = MTLSPEC_VERSION};
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		help(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("mtlspec %s\n", context.version);
		return EXIT_OK;
	}
	for (size_t i = 0; commands[i].name; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(&context, argc - 1, argv + 1);
	fprintf(stderr, "mtlspec: unknown command %s; mtlspec --help lists them\n", argv[1]);
	return EXIT_USAGE;
}
