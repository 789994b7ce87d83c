/*
 * model.h - everything that XML can say, once loaded: conditions, scenarios, requirements, impossible cells, profiles,
 * diagnoses, known failures, targets.  Lives in the suite's arena, const after loading, no pointer into libxml2.
 * These structs are the interface: unit tests build them as C literals.
 */
#ifndef HARNESS_SUITE_MODEL_H
#define HARNESS_SUITE_MODEL_H

#include "clients/job.h"
#include "clients/vocab.h"
#include "harness/base/text.h"

#define NEGOTIATION_LIST(X)                          \
	X(NEGOTIATION_NONE, "none")                  \
	X(NEGOTIATION_OPTIONAL, "optional")          \
	X(NEGOTIATION_REQUIRED, "required")          \
	X(NEGOTIATION_RENEGOTIATION, "renegotiation") \
	X(NEGOTIATION_POST_HANDSHAKE, "post-handshake") \
	X(NEGOTIATION_BY_NAME, "by-name")
ENUM_DECLARE(negotiation, NEGOTIATION, NEGOTIATION_LIST);

#define DECISION_LIST(X)                       \
	X(DECISION_ACCEPT, "accept")           \
	X(DECISION_ANONYMOUS, "anonymous")     \
	X(DECISION_REDIRECT, "redirect")       \
	X(DECISION_REJECT, "reject")           \
	X(DECISION_UNANSWERED, "unanswered")
ENUM_DECLARE(decision, DECISION, DECISION_LIST);

#define SEVERITY_LIST(X) X(SEVERITY_LOW, "low") X(SEVERITY_MEDIUM, "medium") X(SEVERITY_HIGH, "high") X(SEVERITY_CRITICAL, "critical")
ENUM_DECLARE(severity, SEVERITY, SEVERITY_LIST);

#define IMPACT_LIST(X) X(IMPACT_HARMLESS, "harmless") X(IMPACT_LOAD, "load") X(IMPACT_STATE, "state") X(IMPACT_HOSTILE, "hostile")
ENUM_DECLARE(impact, IMPACT, IMPACT_LIST);

#define LEVEL_LIST(X) X(LEVEL_MUST, "must") X(LEVEL_SHOULD, "should") X(LEVEL_POLICY, "policy")
ENUM_DECLARE(level, LEVEL, LEVEL_LIST);

#define PHASE_LIST(X)                              \
	X(PHASE_CONNECT, "connect")                \
	X(PHASE_HANDSHAKE, "handshake")            \
	X(PHASE_LATE, "late")                      \
	X(PHASE_RENEGOTIATION, "renegotiation")    \
	X(PHASE_POST_HANDSHAKE, "post-handshake")  \
	X(PHASE_RESPONSE, "response")
ENUM_DECLARE(phase, PHASE, PHASE_LIST);

#define VERDICT_LIST(X)                            \
	X(VERDICT_PASS, "pass")                    \
	X(VERDICT_OBSERVED, "observed")            \
	X(VERDICT_DEVIATION, "deviation")          \
	X(VERDICT_FALSE_REJECT, "false-reject")    \
	X(VERDICT_VIOLATION, "violation")          \
	X(VERDICT_FALSE_ACCEPT, "false-accept")    \
	X(VERDICT_CRASH, "crash")                  \
	X(VERDICT_INCONCLUSIVE, "inconclusive")    \
	X(VERDICT_BROKEN, "broken")                \
	X(VERDICT_KNOWN_FAILURE, "known-failure")  \
	X(VERDICT_UNEXPECTED_PASS, "unexpected-pass") \
	X(VERDICT_FLAKY, "flaky")                  \
	X(VERDICT_UNSUPPORTED, "unsupported")      \
	X(VERDICT_IMPOSSIBLE, "impossible")        \
	X(VERDICT_EXCLUDED, "excluded")
/* The first nine are in order of precedence inside a case: a later one wins. */
ENUM_DECLARE(verdict, VERDICT, VERDICT_LIST);

#define ECHO_FORM_LIST(X)                          \
	X(ECHO_SUBJECT, "subject")                 \
	X(ECHO_SHA1_HEX, "sha1-hex")               \
	X(ECHO_SHA256_HEX, "sha256-hex")           \
	X(ECHO_DER_BASE64, "der-base64")           \
	X(ECHO_PEM_URL, "pem-url")
ENUM_DECLARE(echo_form, ECHO, ECHO_FORM_LIST);

struct where {
	const char *file;
	int line;
};

struct attribute {
	const char *name, *value;
	int line;
};

/* An element kept as it was written: what conditions say of certificates, for the forge's knob table to interpret. */
struct node {
	const char *name;
	const struct attribute *attributes;
	size_t n_attributes;
	const struct node *children;
	size_t n_children;
	const char *text; /* "" when there is none */
	struct where where;
};

/* when="tls=1.2|1.3 condition=leaf-*": every term must hold; alternatives behind |; globs. */
struct when_term {
	const char *key, *pattern;
};
struct when {
	const struct when_term *terms; /* none: always holds */
	size_t n;
};

struct requirement {
	const char *id; /* "R-081" */
	const char *section, *level, *text;
	struct where where;
};

/* The whole credential, or the message around it: a delta on the base hierarchy. */
struct condition {
	const char *id, *title, *formerly;
	const char *row;    /* of the catalogue: "C-010" */
	const char *clause; /* requirement ids, space-separated */
	const char *quote;  /* the words of the clause that justify a decision the catalogue leaves open; or NULL */
	enum level level;
	unsigned decision; /* BIT(DECISION_ACCEPT), BIT(DECISION_REJECT), or both: policy */
	bool none;	   /* no certificate at all: the third column of the decision table */
	const char *differs_from; /* its control; NULL for a control of its own */
	const char *needs;	  /* capabilities, space-separated; may be NULL */
	const char *own;	  /* id of a target's <identity>, for the conditions own:ID; else NULL */
	const char *trust;	  /* whose anchors its path leads to, when it is not "main": condition_decision() */
	const char *openssl;	  /* the errors a second verifier lists: "CERT_HAS_EXPIRED"; "" for none */
	const char *openssl_reason; /* why there is more than one */
	const struct node *body;    /* root, intermediate, leaf, message, proof, store ... */
	struct where where;
};

struct axis {
	const char *name;
	const char *const *values;
	size_t n;
	struct where where;
};

/* One verb as written; {axis} is replaced when a case is made. */
struct script_step {
	enum verb verb;
	const struct attribute *attributes;
	size_t n_attributes;
	const struct node *headers;
	size_t n_headers;
	struct where where;
};

struct expect {
	const char *of; /* request id; NULL: the only one */
	struct when when;
	unsigned decision;   /* mask of BIT(enum decision); 0: not said */
	bool as_condition;   /* the decision table of the condition and the endpoint */
	bool policy;	     /* left to the profile; without a line: observed */
	const char *signals; /* space-separated; NULL: any */
	unsigned phases;     /* mask; 0: any */
	const char *identity, *identity_not; /* credential ids */
	const char *same_as;		      /* request id: every watched header as in its answer */
	const char *body;		      /* "intact": at the server, as <received> tells */
	const char *resumed;		      /* "yes", "no" */
	const char *fetch, *within, *or_start;
	bool or_closed; /* a connection that ended before the request was sent is as good */
	const char *clause;
	enum level level; /* LEVEL_MUST unless said */
	struct where where;
};

struct given {
	const char *of;
	unsigned decision;
	const char *session, *fetch;
	const char *event, *on; /* name of an event; connection id, NULL: any */
	struct when when;
	struct where where;
};

struct never {
	const char *event; /* name of an event, or late-request: hello-request and reauth-request */
	const char *on;	   /* connection id; NULL: any */
	unsigned times;	   /* it must not be seen so often; 0: not once */
	enum level level;  /* LEVEL_MUST unless said */
	struct when when;
	const char *clause;
	struct where where;
};

/* <clause id="R-074" when="tls=1.2"/>: the clause that a scenario tests in some of its cells. */
struct clause_ref {
	const char *ids;
	struct when when;
	struct where where;
};

struct scenario {
	const char *suite, *id, *title, *formerly, *why;
	const char *clause;
	const struct clause_ref *clauses; /* the first that holds goes before `clause`: scenario_clause() */
	size_t n_clauses;
	enum severity severity;
	enum impact impact;
	const char *needs, *endpoint; /* may be NULL */
	unsigned tls, negotiation, http, client; /* masks; client defaults to willing */
	const char *conditions;	   /* globs, space-separated; NULL: the scenario has no condition axis */
	struct where matrix;
	const struct axis *axes;
	size_t n_axes;
	const struct script_step *steps; /* the default script when none is written */
	size_t n_steps;
	bool default_script;
	const struct expect *expects;
	size_t n_expects;
	const struct given *givens;
	size_t n_givens;
	const struct never *nevers;
	size_t n_nevers;
	struct where where;
};

struct impossible {
	struct when when;
	const char *clause, *reason;
	struct where where;
};

/* One line of a product's dialect.  Keys of `when`: tls negotiation http client condition scenario expected. */
struct profile_line {
	struct when when;
	unsigned decision;   /* only for what is policy; 0 otherwise */
	const char *signals; /* sanctioned; NULL: any */
	unsigned phases;
	const char *version; /* ">=1.27.4" of the product; NULL: every version */
	const char *source;  /* document or domain row; never "observed" */
	struct where where;
};
struct profile {
	const char *id, *title, *product;
	const struct profile_line *lines;
	size_t n_lines;
	struct where where;
};

/* Observed outcome x context -> causes, checks, fixes. */
struct diagnosis {
	const char *id; /* "KB-17" */
	const char *title;
	struct when when; /* keys: signal phase decision verdict condition negotiation tls http product asked sent */
	const char *match; /* words that `explain` looks for in pasted text, one alternative a line; may be NULL */
	const char *const *causes, *const *checks, *const *fixes;
	size_t n_causes, n_checks, n_fixes;
	struct where where;
};

/* A pinned verdict (known failures), or a predicted one (ci/expect). */
struct pin {
	const char *cases;  /* glob over case ids */
	const char *target; /* glob; NULL: any */
	struct when when;   /* keys: tls negotiation http client condition scenario version library */
	unsigned verdicts;  /* mask of BIT(enum verdict) */
	const char *reason, *link;
	const char *until; /* "2027-01-31"; NULL: no date */
	struct where where;
};
struct pins {
	const char *path;
	const struct pin *rows;
	size_t n;
};

struct parameter {
	const char *name, *value;
	struct where where;
};

struct template_file {
	const char *from, *to; /* from: beside target.xml; to: in the target's run directory */
	bool verbatim;	       /* copied without replacing placeholders */
};

struct server_log {
	const char *path;  /* in the run directory; "stderr" for the captured one */
	const char *crash; /* a documented phrase that says a worker died */
};

/* A command that must end well: a build or a key store, before the process starts; one that tells it something. */
struct prepare {
	const char *const *arguments; /* as the process's own */
	const bool *split;
	size_t n_arguments;
	uint32_t within_ms; /* 0: default */
	struct where where;
};

/* How a process is told to read its configuration again: by a signal or by a command; neither: it cannot be. */
struct reload {
	int signal;
	const char *done; /* what it then says in its log, and when it has started; or NULL.  Its workers of before are gone, too */
	struct prepare command; /* to its end; n_arguments 0: none */
};

struct process {
	const char *id;
	const char *package; /* Debian package of the program, named when it is absent */
	const char *install; /* where it comes from when Debian has none; or NULL */
	const char *const *arguments; /* with @PLACEHOLDERS@; an argument that is empty after replacement is dropped,
					 one written <argument split="yes"> is split at blanks */
	const bool *split;
	size_t n_arguments;
	const struct parameter *env;
	size_t n_env;
	const struct template_file *files;
	size_t n_files;
	const struct prepare *prepares; /* run in order, when the files are there */
	size_t n_prepares;
	const char *const *version; /* command whose output names the version; n 0: none */
	size_t n_version;
	const char *version_pattern; /* text before the version: "nginx/" */
	struct reload reload;
	int stop_signal; /* 0: SIGTERM */
	const struct server_log *logs;
	size_t n_logs;
	struct where where;
};

struct endpoint_name {
	const char *id, *host;
	enum negotiation negotiation;
	const char *trust; /* "main" unless said */
	const char *redirect; /* a path there that leads to the same one of the protected name; NULL: none */
};

struct endpoint {
	const char *id;
	const char *url;     /* SNI, Host and path; may hold @port:ID@ */
	const char *address; /* where to connect, "ip:port"; NULL: from the url */
	enum negotiation negotiation;
	unsigned tls, http; /* masks; 0: as the target's */
	const char *trust;
	bool strangers; /* also serves clients without a certificate (none, optional, late without insisting) */
	const struct endpoint_name *names;
	size_t n_names;
	struct where where;
};

struct status_rule { /* <accept>, <reject> */
	const char *statuses; /* "200", "2xx 304"; NULL: the default */
	const char *contains; /* in the body; NULL: anything */
	const char *location; /* prefix of Location for a redirect that refuses */
};

struct echo_rule {
	const char *header; /* NULL when the identity shows in the body */
	const char *body;   /* text before it in the body */
	enum echo_form as;
};

/* Response headers that say what the server received of the request's content. */
struct received_rule {
	const char *length, *sha256; /* NULL: the target does not say; length alone may be NULL */
};

struct verified_rule {
	const char *header, *yes, *no;
};

struct identity {
	const char *id, *certificate, *key, *password_env;
	unsigned decision;
	struct where where;
};

struct limits {
	unsigned in_flight; /* connections at once; 0: not limited (8 active, 512 waiting) */
	unsigned rate;	    /* connections a second; 0: not limited */
	uint32_t connect_ms, handshake_ms, response_ms, budget_ms; /* 0: default */
};

struct variant {
	const char *id, *title;
	const char *profile, *has; /* instead of the target's; NULL: as the target's */
	uint64_t body_limit;	   /* likewise; 0: as the target's */
	const struct endpoint *endpoints; /* likewise, all of them; n_endpoints 0: as the target's */
	size_t n_endpoints;
	const struct parameter *sets;
	size_t n_sets;
	struct where where;
};

struct target {
	const char *id, *title, *product, *profile;
	const char *dir;  /* of target.xml */
	const char *file;
	bool remote;	  /* no process: someone else runs it */
	unsigned tls, http, negotiation; /* capability masks; negotiation follows from the endpoints */
	const char *has;		  /* further capabilities: "echo ca-list store"; body-limit and body-echo follow from what is declared */
	const char *server_ca;
	const struct parameter *parameters;
	size_t n_parameters;
	const struct process *processes;
	size_t n_processes;
	const struct endpoint *endpoints;
	size_t n_endpoints;
	struct status_rule accept, reject;
	struct echo_rule echo;		/* header and body NULL: none */
	struct verified_rule verified;	/* header NULL: none */
	struct received_rule received;	/* sha256 NULL: none */
	struct limits limits;
	const struct variant *variants;
	size_t n_variants;
	const struct identity *identities;
	size_t n_identities;
	uint64_t body_limit;
	struct where where;
};

struct suite {
	const struct node *base; /* <base> of the conditions: the hierarchy every delta starts from */
	const struct condition *conditions;
	size_t n_conditions;
	const struct scenario *scenarios;
	size_t n_scenarios;
	const struct requirement *requirements;
	size_t n_requirements;
	const struct impossible *impossibles;
	size_t n_impossibles;
	const struct profile *profiles;
	size_t n_profiles;
	const struct diagnosis *diagnoses;
	size_t n_diagnoses;
	const char *const *files; /* everything read, for the digest and the copy kept beside the results */
	size_t n_files;
	const char *dir;
};

const struct condition *suite_condition(const struct suite *s, const char *id);
/*
 * What a conforming verifier that trusts the anchors of `trust` decides (RFC 5280 6.1.1(d)): a mask like the element's
 * decision=, which is that of "main".  Elsewhere only a certificate from there is accepted.
 */
unsigned condition_decision(const struct condition *c, const char *trust);
const struct requirement *suite_requirement(const struct suite *s, const char *id);
const struct profile *suite_profile(const struct suite *s, const char *id);

/* `lookup` gives the value of a key or NULL; a term whose key has no value does not hold. */
typedef const char *when_lookup(const void *context, const char *key);
bool when_holds(const struct when *w, when_lookup *lookup, const void *context);
/* Its condition axis is "*": nine tenths of a suite. */
bool scenario_runs_every_condition(const struct scenario *s);
/* Its script has one of these verbs. */
bool scenario_has_verb(const struct scenario *s, enum verb verb);
/* Its script has a world verb. */
bool scenario_changes_world(const struct scenario *s);
const char *script_attribute(const struct script_step *step, const char *name); /* as it stands; NULL when it is not there */
/* Nothing else may run beside it: it changes the target, or may take it down, and others' connections with it. */
bool scenario_runs_alone(const struct scenario *s);
/* The clause of a scenario in one cell, or NULL. */
const char *scenario_clause(const struct scenario *s, when_lookup *lookup, const void *context);

/*
 * The next {name} in a value and the length of the name; NULL when there is none.  Other braces are themselves.
 * value_expand() puts what `lookup` knows in its place (arena; the text itself when there is nothing to replace).
 */
const char *value_placeholder(const char *text, size_t *len);
const char *value_expand(struct arena *a, const char *text, when_lookup *lookup, const void *context);

/* request/@body: "49152", "48k", "1m", "limit", "limit+1", "limit-1" of a target's body-limit.  False for anything else. */
bool body_size_parse(const char *text, uint64_t limit, uint64_t *bytes);
/* connect/@fragment: "segment-64", "record-1": pieces of 1 to 16384 bytes. */
bool fragment_parse(const char *text, struct job_fragment *out);
/* wait/@ms: "250", or with a unit as other times: "250ms", "2s". */
bool wait_parse(const char *text, uint32_t *ms);
/* times=: a whole number from 1 to 64. */
bool times_parse(const char *text, unsigned *times);

#endif
