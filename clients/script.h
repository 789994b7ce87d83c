/*
 * script.h - the interpreter's state and what a verb sees of it.  A verb is one function in verb/ and one row in
 * script.c; it records what happens and decides nothing.
 */
#ifndef CLIENTS_SCRIPT_H
#define CLIENTS_SCRIPT_H

#include "clients/http.h"

/* A saved session under its handle; lives for one job. */
struct saved {
	const char *handle; /* of the job */
	struct tls_session session;
};

struct conn {
	struct tls_link link;
	struct http_link http;
	bool open; /* the handshake is done and http is there */
};

/* One job in progress. */
struct script {
	const struct job *job;
	struct recorder rec;
	uint64_t budget_at_us;
	struct tls_shared *shared;  /* borrowed */
	client_world *world;	    /* may be NULL */
	struct conn *conns;	    /* JOB_MAX_CONNECTIONS of them, borrowed */
	struct exchange *exchanges; /* JOB_MAX_REQUESTS, borrowed */
	unsigned char *ahead;	    /* read-ahead of all connections, borrowed */
	struct arena arena;	    /* owned: saved sessions */
	struct saved saved[JOB_MAX_CONNECTIONS];
	size_t n_saved;
	struct err *err;
	enum rc rc;
};

typedef void verb_run(struct script *s, const struct job_step *step);
verb_run verb_connect, verb_request, verb_await, verb_answer, verb_save, verb_close, verb_wait, verb_renegotiate,
    verb_key_update, verb_world;

/* Runs every step until the budget is spent, then closes what is open.  RC_FAULT: the harness could not go on. */
enum rc script_run(struct script *s) MUST_USE;

/* For verbs.  NULL: there is no such connection (any more), or its request was never made. */
struct conn *script_conn(struct script *s, int index);
struct exchange *script_exchange(struct script *s, int index);
struct exchange *script_open_exchange(struct script *s, int conn); /* the first one still unanswered */
/* `ms` from now, or the end of the budget if that comes first. */
struct deadline script_deadline(const struct script *s, uint32_t ms, const char *name);
void script_close(struct script *s, struct conn *c, enum how_close how);

#endif
