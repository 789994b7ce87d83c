/* running.h - inside of a running target, shared by running.c, reload.c, prepare.c, material.c and health.c; nobody else includes it. */
#ifndef HARNESS_TARGET_RUNNING_H
#define HARNESS_TARGET_RUNNING_H

#include "harness/base/proc.h"
#include "harness/target/expand.h"
#include "harness/target/ports.h"
#include "harness/target/target.h"
#include "harness/target/workers.h"

#include <sys/types.h>

/* A file in which a crash may show. */
struct watch {
	const char *path;
	const char *crash; /* a phrase of the product; NULL: sanitizer words only */
	off_t floor, seen; /* nothing before floor is read; up to seen it was */
	off_t born;	   /* its end when the process was started */
};

struct member { /* a process of the target */
	const struct process *process;
	struct proc proc;
	const char *const *argv, *const *env; /* expanded; NULL-terminated */
	const char *log;		      /* its stdout and stderr */
	struct watch *watches;
	size_t n_watches;
	struct workers workers;
	unsigned vain; /* times in a row that a worker vanished and no log said why */
};

struct setting { /* a parameter after variant and --set */
	const char *name, *value;
	struct where where;
	bool literal; /* from --set: the user's words are not expanded */
	bool busy;    /* being expanded: catches a parameter that means itself */
};

struct running {
	struct arena *arena; /* the caller's */
	struct target_spec spec;
	const struct target *target;
	const char *dir;
	struct setting *settings;
	size_t n_settings;
	struct ports ports;
	struct expand expand;
	const char *server_cert, *server_key, *server_ca, *crls; /* NULL until asked for */
	const char *const *anchors;				 /* files of anchors that are written */
	size_t n_anchors;
	struct member *members;
	struct live_endpoint *endpoints;
	char version[64], library[64];
};

/* material.c: what @PLACEHOLDERS@ stand for; files are made when first asked for. */
enum rc material_settings(struct running *r, struct err *err) MUST_USE;
enum rc material_lookup(void *running, const char *name, const char **value, struct err *err) MUST_USE;
const struct setting *material_setting(const struct running *r, const char *name);

/* prepare.c: expanded arguments without the empty ones, those marked split at blanks; NULL-terminated. */
enum rc prepare_vector(struct running *r, const char *const *list, const bool *split, size_t n, struct where where,
		       const char *const **out, struct err *err) MUST_USE;
/* RC_ABSENT, with a sentence that says what to install. */
enum rc prepare_absent(const struct process *p, const char *program, struct err *err) MUST_USE;
/* The process's <prepare> commands, each to its end.  RC_FAULT with its last words; RC_END: given up. */
enum rc prepare_run(struct running *r, struct member *m, struct err *err) MUST_USE;

/* One command of a process, to its end; `what` names it in the complaint.  Errors as above. */
enum rc prepare_command(struct running *r, struct member *m, const struct prepare *p, const char *what,
			struct err *err) MUST_USE;

/* running.c: until every endpoint speaks TLS and whatever else has a port takes connections.  RC_FAULT; RC_END: given up. */
enum rc running_wait_ready(struct running *r, struct err *err) MUST_USE;

/* health.c */
void health_begin(struct running *r); /* what the logs hold by now is old */
off_t health_end(const char *path); /* where it ends; 0 when there is none */
/* The last lines of a file in one line, at most size. */
void health_tail(const char *path, char *out, size_t size);

#endif
