#include "harness/target/running.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "harness/base/log.h"
#include "harness/target/ready.h"
#include "harness/target/url.h"
#include "harness/target/version.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READY_MS	 15000u
#define READY_WRAPPED_MS 60000u /* valgrind starts a server about twenty times slower */
#define STOP_GRACE_MS	 3000u

static enum rc make_dir(struct running *r, struct err *err)
{
	r->dir = arena_printf(r->arena, "%s/%s", r->spec.dir, r->target->id);
	for (int i = 2; fs_exists(r->dir); i++)
		r->dir = arena_printf(r->arena, "%s/%s-%d", r->spec.dir, r->target->id, i);
	return fs_mkdirs(r->dir, err);
}

/* The program itself and, behind a wrapper, the one that it runs. */
static enum rc check_installed(const struct running *r, const struct member *m, struct err *err)
{
	char path[PATH_MAX];
	if (!proc_find(m->argv[0], path, sizeof path))
		return prepare_absent(m->process, m->argv[0], err);
	for (size_t i = 0; i < m->process->n_arguments; i++) {
		const struct setting *s = material_setting(r, "program");
		if (s && strcmp(m->process->arguments[i], "@program@") == 0 && !proc_find(s->value, path, sizeof path))
			return prepare_absent(m->process, s->value, err);
	}
	return RC_OK;
}

/* Behind a wrapper that looks in PATH alone, a server in sbin would not be found by its name. */
static void locate_program(struct running *r)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < r->n_settings; i++)
		if (strcmp(r->settings[i].name, "program") == 0 && !strchr(r->settings[i].value, '@') &&
		    proc_find(r->settings[i].value, path, sizeof path))
			r->settings[i].value = arena_strdup(r->arena, path);
}

static enum rc prepare_files(struct running *r, const struct process *p, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < p->n_files; i++) {
		const struct template_file *f = &p->files[i];
		const char *to = arena_printf(r->arena, "%s/%s", r->dir, f->to);
		char *parent = arena_strdup(r->arena, to);
		*strrchr(parent, '/') = '\0';
		TRY(fs_mkdirs(parent, err));
		TRY(expand_file(r->arena, &r->expand, arena_printf(r->arena, "%s/%s", r->target->dir, f->from), to,
				f->verbatim, err));
	}
out:
	return rc;
}

static enum rc prepare_env(struct running *r, struct member *m, struct err *err)
{
	enum rc rc = RC_OK;
	const struct process *p = m->process;
	const char **env = ARENA_NEW(r->arena, const char *, p->n_env + 1);
	for (size_t i = 0; i < p->n_env; i++) {
		const char *value;
		TRY(expand_text(r->arena, &r->expand, p->env[i].value, p->env[i].where, &value, err));
		env[i] = arena_printf(r->arena, "%s=%s", p->env[i].name, value);
	}
	m->env = env;
out:
	return rc;
}

static void prepare_watches(struct running *r, struct member *m)
{
	const struct process *p = m->process;
	m->watches = ARENA_NEW(r->arena, struct watch, p->n_logs + 1);
	m->n_watches = 0;
	m->watches[m->n_watches++].path = m->log;
	for (size_t i = 0; i < p->n_logs; i++) {
		if (strcmp(p->logs[i].path, "stderr") == 0)
			m->watches[0].crash = p->logs[i].crash;
		else
			m->watches[m->n_watches++] =
			    (struct watch){.path = arena_printf(r->arena, "%s/%s", r->dir, p->logs[i].path),
					   .crash = p->logs[i].crash};
	}
}

static enum rc prepare(struct running *r, struct member *m, struct err *err)
{
	enum rc rc;
	const struct process *p = m->process;
	m->log = arena_printf(r->arena, "%s/%s.log", r->dir, p->id);
	TRY(prepare_vector(r, p->arguments, p->split, p->n_arguments, p->where, &m->argv, err));
	TRY(check_installed(r, m, err));
	TRY(prepare_env(r, m, err));
	TRY(prepare_files(r, p, err));
	prepare_watches(r, m);
	TRY(prepare_run(r, m, err));
out:
	return rc;
}

static int stop_signal(const struct member *m)
{
	return m->process->stop_signal ? m->process->stop_signal : SIGTERM;
}

static enum rc start(struct running *r, struct member *m, struct err *err)
{
	int fd = open(m->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, RC_FAULT, "cannot write %s", m->log);
	for (size_t i = 0; i < m->n_watches; i++)
		m->watches[i].born = health_end(m->watches[i].path);
	/* If we are killed, a master must still end its workers: it gets its ordinary stop signal. */
	struct proc_spec spec = {.argv = m->argv,
				 .env = m->env,
				 .dir = r->dir,
				 .out = fd,
				 .log = fd,
				 .death_signal = stop_signal(m),
				 .guard = r->spec.guard};
	enum rc rc = proc_start(&m->proc, &spec, err);
	close(fd);
	return rc;
}

static enum rc died_at_start(const struct member *m, struct err *err)
{
	char how[128], tail[600] = "";
	for (size_t i = 0; i < m->n_watches && !tail[0]; i++)
		health_tail(m->watches[i].path, tail, sizeof tail);
	return err_set(err, RC_FAULT, "process %s ended before it was ready: %s; it said: %s", m->process->id,
		       proc_status_text(m->proc.status, how, sizeof how), tail[0] ? tail : "nothing");
}

static enum rc live_endpoint(struct running *r, struct live_endpoint *l, const struct endpoint *e, struct err *err)
{
	enum rc rc;
	const char *text, *host;
	struct url url;
	uint16_t port;
	l->endpoint = e;
	TRY(expand_text(r->arena, &r->expand, e->url, e->where, &text, err));
	TRY(url_parse(r->arena, text, e->where, &url, err));
	host = url.host;
	port = url.port;
	if (e->address) {
		TRY(expand_text(r->arena, &r->expand, e->address, e->where, &text, err));
		TRY(url_address(r->arena, text, e->where, &host, &port, err));
	}
	TRY(ready_resolve(r->arena, host, port, &l->address, err));
	l->host = url.host;
	l->authority = url.authority;
	l->path = url.path;
	for (size_t i = 0; i < e->n_names && i < sizeof l->names / sizeof *l->names; i++)
		l->names[i] = e->names[i].host;
out:
	return rc;
}

static enum rc live_endpoints(struct running *r, struct err *err)
{
	enum rc rc = RC_OK;
	r->endpoints = ARENA_NEW(r->arena, struct live_endpoint, r->target->n_endpoints);
	for (size_t i = 0; i < r->target->n_endpoints; i++)
		TRY(live_endpoint(r, &r->endpoints[i], &r->target->endpoints[i], err));
out:
	return rc;
}

static uint32_t ready_ms(const struct running *r)
{
	uint32_t ms;
	const struct setting *ready = material_setting(r, "ready"), *wrapper = material_setting(r, "wrapper");
	if (ready && text_millis(ready->value, &ms))
		return ms;
	return wrapper && *wrapper->value ? READY_WRAPPED_MS : READY_MS;
}

/* Asks until `ask` is answered, a process has ended, or the time is over. */
static enum rc wait_answer(struct running *r, const struct live_endpoint *l, uint16_t port, uint64_t until,
			   struct err *err)
{
	struct job_address local = {"127.0.0.1", port};
	for (;;) {
		if (l ? ready_tls(&l->address, l->host, 1000) : ready_tcp(&local, 1000))
			return RC_OK;
		for (size_t i = 0; i < r->target->n_processes; i++)
			if (!proc_alive(&r->members[i].proc))
				return died_at_start(&r->members[i], err);
		if (r->spec.give_up && r->spec.give_up())
			return RC_END;
		if (clock_us() >= until)
			break;
		poll(NULL, 0, 5); /* the next try; a refused connect comes back at once */
	}
	char tail[600] = "";
	for (size_t i = 0; i < r->target->n_processes && !tail[0]; i++)
		health_tail(r->members[i].log, tail, sizeof tail);
	return err_set(err, RC_FAULT, "target %s: %s%s at 127.0.0.1:%u after %u ms; its log says: %s", r->target->id,
		       l ? "no TLS answer from endpoint " : "nothing listens", l ? l->endpoint->id : "",
		       l ? l->address.port : port, ready_ms(r), tail[0] ? tail : "nothing");
}

/* Every endpoint speaks TLS, and whatever else has a port (a backend) takes connections. */
enum rc running_wait_ready(struct running *r, struct err *err)
{
	enum rc rc = RC_OK;
	uint64_t until = clock_us() + (uint64_t)ready_ms(r) * 1000u;
	for (size_t i = 0; i < r->ports.n; i++)
		TRY(wait_answer(r, NULL, r->ports.list[i].number, until, err));
	for (size_t i = 0; i < r->target->n_endpoints; i++)
		TRY(wait_answer(r, &r->endpoints[i], 0, until, err));
	health_begin(r);
out:
	return rc;
}

static void stop_all(struct running *r)
{
	for (size_t i = r->target->n_processes; r->members && i-- > 0;) {
		if (r->members[i].process)
			proc_stop(&r->members[i].proc, stop_signal(&r->members[i]), STOP_GRACE_MS);
	}
}

static enum rc start_all(struct running *r, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < r->target->n_processes; i++) {
		struct member *m = &r->members[i];
		m->process = &r->target->processes[i];
		TRY(prepare(r, m, err));
		ports_release(&r->ports);
		TRY(start(r, m, err));
	}
	TRY(live_endpoints(r, err));
	ports_release(&r->ports);
	rc = running_wait_ready(r, err);
out:
	if (rc != RC_OK)
		stop_all(r);
	return rc;
}

/* The words of bind(2) that every server passes on: somebody took a port between our release and its start. */
static bool port_taken(const struct running *r)
{
	char tail[600];
	for (size_t i = 0; i < r->target->n_processes; i++) {
		const struct member *m = &r->members[i];
		for (size_t k = 0; k < m->n_watches; k++) {
			health_tail(m->watches[k].path, tail, sizeof tail);
			if (strstr(tail, "ddress already in use"))
				return true;
		}
	}
	return false;
}

static void probe_version(struct running *r)
{
	for (size_t i = 0; i < r->target->n_processes; i++) {
		const struct process *p = &r->target->processes[i];
		char text[8192] = "";
		int status;
		struct err ignored = {{0}}; /* a version nobody can tell stops no run */
		const char *const *argv;
		if (!p->n_version ||
		    prepare_vector(r, p->version, NULL, p->n_version, p->where, &argv, &ignored) != RC_OK)
			continue;
		struct proc_spec spec = {.argv = argv, .env = r->members[i].env, .dir = r->dir, .out = -1, .log = -1};
		if (proc_run(&spec, ready_ms(r), text, sizeof text, &status, &ignored) != RC_OK) {
			log_info("target=%s process=%s version=unknown reason=\"%s\"", r->target->id, p->id,
				 ignored.text);
			continue;
		}
		if (!r->version[0])
			version_product(text, p->version_pattern, r->version, sizeof r->version);
		if (!r->library[0])
			version_library(text, r->library, sizeof r->library);
	}
}

static enum rc open_local(struct running *r, struct err *err)
{
	enum rc rc;
	locate_program(r);
	TRY(make_dir(r, err));
	r->members = ARENA_NEW(r->arena, struct member, r->target->n_processes);
	struct err first = {{0}};
	rc = start_all(r, &first);
	if (rc == RC_FAULT && port_taken(r)) {
		log_warn("target=%s a port was taken meanwhile: starting again on others", r->target->id);
		for (size_t i = 0; i < r->target->n_processes; i++)
			if (r->members[i].log)
				unlink(r->members[i].log);
		ports_fini(&r->ports);
		rc = start_all(r, err);
	} else if (rc != RC_OK) {
		err_set(err, rc, "%s", first.text);
	}
	if (rc == RC_OK)
		probe_version(r);
out:
	return rc;
}

enum rc running_open(struct running **out, const struct target_spec *spec, struct arena *a, struct err *err)
{
	enum rc rc;
	struct running *r = ARENA_NEW(a, struct running, 1);
	r->arena = a;
	r->spec = *spec;
	r->target = spec->target;
	r->expand = (struct expand){material_lookup, r};
	TRY(material_settings(r, err));
	rc = r->target->remote ? live_endpoints(r, err) : open_local(r, err);
out:
	if (rc != RC_OK)
		running_close(&r);
	*out = r;
	return rc;
}

void running_close(struct running **r)
{
	if (!*r)
		return;
	stop_all(*r);
	ports_fini(&(*r)->ports);
	*r = NULL;
}

void running_disown(struct running *r)
{
	for (size_t i = 0; r->members && i < r->target->n_processes; i++)
		r->members[i].proc = (struct proc){0};
}

enum rc running_stop(struct running *r, struct err *err)
{
	enum rc rc;
	uint64_t until = clock_us() + STOP_GRACE_MS * 1000ull;
	stop_all(r);
	/* Workers may be behind their master. */
	while ((rc = ports_hold(&r->ports, err)) == RC_END && clock_us() < until)
		poll(NULL, 0, 5);
	return rc == RC_END ? RC_FAULT : rc;
}

enum rc running_restart(struct running *r, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < r->target->n_processes; i++) {
		struct member *m = &r->members[i];
		if (proc_alive(&m->proc))
			continue;
		proc_stop(&m->proc, SIGKILL, 0); /* children that outlived it hold the port */
		ports_release(&r->ports);
		TRY(start(r, m, err));
	}
	rc = running_wait_ready(r, err);
out:
	return rc;
}

size_t running_endpoints(const struct running *r, const struct live_endpoint **out)
{
	*out = r->endpoints;
	return r->target->n_endpoints;
}

const char *running_product(const struct running *r)
{
	return r->target->product ? r->target->product : "";
}

const char *running_version(const struct running *r)
{
	return r->version;
}

const char *running_library(const struct running *r)
{
	return r->library;
}

const char *running_dir(const struct running *r)
{
	return r->dir;
}

const char *running_parameter(const struct running *r, const char *name)
{
	const struct setting *s = material_setting(r, name);
	return s ? s->value : NULL;
}
