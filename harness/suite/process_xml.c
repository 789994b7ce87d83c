/* <process> of a target: the command, its files, what is run before it, how it is asked for its version, reloaded and stopped. */
#include "harness/base/fs.h"
#include "harness/suite/target_xml.h"

#include <signal.h>
#include <string.h>

static int read_signal(struct target_reading *r, const struct node *n)
{
	static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGKILL};
	int index = read_word(r->findings, n, "signal", "HUP INT QUIT TERM USR1 USR2 WINCH KILL", -1);
	return index < 0 ? 0 : numbers[index];
}

static size_t count(const struct node *n, const char *name)
{
	size_t found = 0;
	for (size_t i = 0; i < n->n_children; i++)
		found += strcmp(n->children[i].name, name) == 0;
	return found;
}

static const char *const *read_arguments(struct target_reading *r, const struct node *n, const bool **split,
					 size_t *n_out)
{
	static const struct shape shape = {.attributes = "split", .children = "", .text = true};
	const char **v = ARENA_NEW(r->arena, const char *, count(n, "argument") + 1);
	bool *splits = ARENA_NEW(r->arena, bool, count(n, "argument") + 1);
	*n_out = 0;
	for (size_t i = 0; i < n->n_children; i++) {
		const struct node *c = &n->children[i];
		if (strcmp(c->name, "argument") != 0)
			continue;
		read_shape(r->findings, c, &shape);
		placeholders_check(r, c->where, c->text);
		splits[*n_out] = read_yes(r->findings, c, "split", false);
		v[(*n_out)++] = c->text;
	}
	if (split)
		*split = splits;
	return v;
}

static void read_file(struct target_reading *r, const struct node *n, struct template_file *out)
{
	static const struct shape shape = {.attributes = "from to verbatim", .required = "from", .children = ""};
	read_shape(r->findings, n, &shape);
	const char *from = read_value(n, "from"), *to = read_value(n, "to"), *dir = r->target->dir;
	*out = (struct template_file){
	    .from = from, .to = to ? to : from, .verbatim = read_yes(r->findings, n, "verbatim", false)};
	if (out->to && (*out->to == '/' || strstr(out->to, "..")))
		findings_add(r->findings, n->where, "<file to=\"%s\"> leaves the folder of the run", out->to);
	if (from && dir && !fs_exists(*from == '/' ? from : arena_printf(r->arena, "%s/%s", dir, from)))
		findings_add(r->findings, read_where(n, "from"), "from=\"%s\": no such file beside the target file",
			     from);
}

static void read_log(struct target_reading *r, const struct node *n, struct server_log *out)
{
	static const struct shape shape = {.attributes = "path crash", .required = "path", .children = ""};
	read_shape(r->findings, n, &shape);
	*out = (struct server_log){.path = read_value(n, "path"), .crash = read_value(n, "crash")};
}

static void read_version(struct target_reading *r, const struct node *n, struct process *p)
{
	static const struct shape shape = {.attributes = "pattern", .children = "argument"};
	if (!n)
		return;
	read_shape(r->findings, n, &shape);
	p->version_pattern = read_value(n, "pattern");
	p->version = read_arguments(r, n, NULL, &p->n_version);
	if (!p->n_version)
		findings_add(r->findings, n->where, "<version> without an <argument>: what should be run?");
}

static void read_command(struct target_reading *r, const struct node *n, struct prepare *out)
{
	*out = (struct prepare){.within_ms = read_millis(r->findings, n, "within"), .where = n->where};
	out->arguments = read_arguments(r, n, &out->split, &out->n_arguments);
}

static void read_prepare(struct target_reading *r, const struct node *n, struct prepare *out)
{
	static const struct shape shape = {.attributes = "within", .children = "argument"};
	read_shape(r->findings, n, &shape);
	read_command(r, n, out);
	if (!out->n_arguments)
		findings_add(r->findings, n->where, "<prepare> without an <argument>: what should be run?");
}

static int read_stop(struct target_reading *r, const struct node *n)
{
	static const struct shape shape = {.attributes = "signal", .required = "signal", .children = ""};
	if (!n)
		return 0;
	read_shape(r->findings, n, &shape);
	return read_signal(r, n);
}

static void read_reload(struct target_reading *r, const struct node *n, struct reload *out)
{
	static const struct shape shape = {.attributes = "signal done within", .children = "argument"};
	if (!n)
		return;
	read_shape(r->findings, n, &shape);
	read_command(r, n, &out->command);
	out->done = read_value(n, "done");
	bool by_signal = read_value(n, "signal") != NULL;
	if (by_signal)
		out->signal = read_signal(r, n);
	if (by_signal == (out->command.n_arguments > 0))
		findings_add(r->findings, n->where, "<reload> has either signal= or the <argument>s of a command");
	else if (out->done && !by_signal)
		findings_add(r->findings, read_where(n, "done"), "done= is for a signal: a command has done it when it ends");
	else if (out->done && !*out->done)
		findings_add(r->findings, read_where(n, "done"), "done=\"\" is in every log");
}

void process_read(struct target_reading *r, const struct node *n, struct process *out)
{
	static const struct shape shape = {
	    .attributes = "id package install",
	    .required = "id",
	    .children = "argument env file prepare version reload stop log"};
	struct findings *f = r->findings;
	read_shape(f, n, &shape);
	*out = (struct process){.id = read_id(f, n, "id"),
				.package = read_value(n, "package"),
				.install = read_value(n, "install"),
				.where = n->where};
	struct template_file *files = ARENA_NEW(r->arena, struct template_file, count(n, "file"));
	struct prepare *prepares = ARENA_NEW(r->arena, struct prepare, count(n, "prepare"));
	struct server_log *logs = ARENA_NEW(r->arena, struct server_log, count(n, "log"));
	out->arguments = read_arguments(r, n, &out->split, &out->n_arguments);
	out->env = parameters_read(r, n, "env", &out->n_env);
	for (size_t i = 0; i < out->n_env; i++)
		placeholders_check(r, out->env[i].where, out->env[i].value);
	for (size_t i = 0; i < n->n_children; i++) {
		if (strcmp(n->children[i].name, "file") == 0)
			read_file(r, &n->children[i], &files[out->n_files++]);
		else if (strcmp(n->children[i].name, "prepare") == 0)
			read_prepare(r, &n->children[i], &prepares[out->n_prepares++]);
		else if (strcmp(n->children[i].name, "log") == 0)
			read_log(r, &n->children[i], &logs[out->n_logs++]);
	}
	out->files = files;
	out->prepares = prepares;
	out->logs = logs;
	read_reload(r, read_child(f, n, "reload"), &out->reload);
	out->stop_signal = read_stop(r, read_child(f, n, "stop"));
	read_version(r, read_child(f, n, "version"), out);
	if (!out->n_arguments)
		findings_add(f, n->where, "<process> without an <argument>: what should be run?");
}
