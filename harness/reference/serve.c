/* The listener: options, sockets, signals. */
#include "harness/reference/reference.h"

#include "harness/base/opt.h"
#include "harness/base/text.h"
#include "harness/reference/crew.h"
#include "harness/reference/early.h"
#include "harness/reference/h1.h"
#include "harness/reference/moved.h"
#include "harness/reference/personality.h"
#include "harness/reference/server.h"
#include "harness/reference/sessions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static const char usage[] =
    "usage: mtlspec serve --listen MODE=IP:PORT... [--certificate FILE --key FILE --anchors FILE] [OPTION]...\n\n"
    "The reference server: HTTPS over TLS 1.2 and 1.3 that judges client certificates by its own rules.  MODE is\n"
    "none, optional, required, by-name, renegotiation (asks after the request), post-handshake (so too,\n"
    "under TLS 1.3 alone) or plain (HTTP without TLS; plain:HOST answers for no other host); port 0 lets the kernel choose.\n"
    "It prints \"listening MODE IP:PORT\" for each and serves until SIGTERM.";

enum {
	OPT_CERTIFICATE,
	OPT_KEY,
	OPT_ANCHORS,
	OPT_ANCHORS_FOR,
	OPT_DEPTH,
	OPT_BODY_LIMIT,
	OPT_EARLY_DATA,
	OPT_FAULT,
	OPT_LISTEN,
	OPT_NAME,
	OPT_PERSONALITY,
	OPT_PAGES,
	OPT_REDIRECT
};
static const struct opt options[] = {
    [OPT_CERTIFICATE] = {"certificate", 0, "FILE", "the server's own chain, PEM"},
    [OPT_KEY] = {"key", 0, "FILE", "its key, PEM"},
    [OPT_ANCHORS] = {"anchors", 0, "FILE", "trust anchors for client certificates, PEM"},
    [OPT_ANCHORS_FOR] = {"anchors-for", 0, "TRUST=FILE", "another anchor set, for --name"},
    [OPT_DEPTH] = {"depth", 0, "N", "intermediates allowed in a path (default 10)"},
    [OPT_BODY_LIMIT] = {"body-limit", 0, "BYTES",
			"of content to hold back while it asks after the request (default 65536)"},
    [OPT_EARLY_DATA] = {"early-data", 0, "wait|425",
			"take it; answer when the handshake is done, or 425 where a certificate counts"},
    [OPT_FAULT] = {"fault", 0, "NAME", "do this wrong; may be repeated"},
    [OPT_LISTEN] = {"listen", 0, "MODE=IP:PORT", "serve here; may be repeated"},
    [OPT_NAME] = {"name", 0, "HOST=MODE[,TRUST]", "a name of the by-name endpoints; may be repeated"},
    [OPT_PERSONALITY] = {"personality", 0, "NAME", "react as this product is documented to"},
    [OPT_REDIRECT] = {"redirect", 0, "HOST/PATH=HOST", "a page of one name that is another's; after --name"},
    [OPT_PAGES] = {"error-pages", 0, "detailed|generic", "a personality's: for the machine itself, or for the world"},
};

static const char *const mode_words[] = {
    [APP_NONE] = "none",   [APP_OPTIONAL] = "optional",		  [APP_REQUIRED] = "required",
    [APP_PLAIN] = "plain", [APP_RENEGOTIATION] = "renegotiation", [APP_POST_HANDSHAKE] = "post-handshake"};

static enum rc take_fault(struct server *s, const char *name, struct err *err)
{
	size_t n;
	const struct fault_row *rows = fault_rows(&n);
	if (!*name)
		return RC_OK; /* a target's empty parameter */
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			s->faults.on[i] = true;
			return RC_OK;
		}
	}
	return err_set(err, RC_INPUT, "no fault is called %s; serve --help lists them", name);
}

/* Splits "LEFT=RIGHT" (arena). */
static enum rc split(struct server *s, const char *option, const char *text, const char **left, const char **right,
		     struct err *err)
{
	const char *equals = strchr(text, '=');
	if (!equals || equals == text || !equals[1])
		return err_set(err, RC_INPUT, "--%s %s: expected %s", option, text, "LEFT=RIGHT");
	*left = arena_strndup(&s->arena, text, (size_t)(equals - text));
	*right = equals + 1;
	return RC_OK;
}

static const char *lower(struct server *s, const char *host)
{
	char *copy = arena_strdup(&s->arena, host);
	text_lower(copy);
	return copy;
}

static enum rc take_listen(struct server *s, const char *text, struct err *err)
{
	enum rc rc;
	const char *word, *address;
	TRY(split(s, "listen", text, &word, &address, err));
	if (s->endpoints == ENDPOINTS_MAX)
		return err_set(err, RC_INPUT, "more than %d times --listen", ENDPOINTS_MAX);
	struct endpoint *e = &s->endpoint[s->endpoints];
	size_t len = strcspn(word, ":");
	int mode = text_index(mode_words, sizeof mode_words / sizeof *mode_words, arena_strndup(&s->arena, word, len));
	if (word[len] && (mode != APP_PLAIN || !word[len + 1]))
		return err_set(err, RC_INPUT, "--listen %s: only plain:HOST has a host, other names have --name", text);
	*e = (struct endpoint){.word = word, .fd = -1, .late_ms = TCP_LATE_MS, .by_name = strcmp(word, "by-name") == 0};
	if (mode < 0 && !e->by_name)
		return err_set(err, RC_INPUT, "--listen %s: no mode is called %s", text, word);
	if (!e->by_name) {
		e->n = 1;
		e->site = ARENA_NEW(&s->arena, struct site, 1);
		e->site->policy.mode = (enum app_mode)mode;
		e->site->policy.host = word[len] ? lower(s, word + len + 1) : NULL;
	}
	s->address[s->endpoints++] = address;
out:
	return rc;
}

static enum rc take_name(struct server *s, const char *text, struct err *err)
{
	enum rc rc;
	const char *host, *rest;
	TRY(split(s, "name", text, &host, &rest, err));
	if (s->names == SITES_MAX)
		return err_set(err, RC_INPUT, "more than %d times --name", SITES_MAX);
	size_t len = strcspn(rest, ",");
	int mode = text_index(mode_words, APP_PLAIN, arena_strndup(&s->arena, rest, len));
	if (mode < 0)
		return err_set(err, RC_INPUT, "--name %s: the mode is none, optional or required", text);
	struct site *site = &s->named[s->names];
	site->policy.host = lower(s, host);
	site->policy.mode = (enum app_mode)mode;
	s->named_trust[s->names++] = rest[len] ? rest + len + 1 : "main";
out:
	return rc;
}

static enum rc take_trust(struct server *s, const char *name, const char *file, struct err *err)
{
	if (s->trusts == TRUSTS_MAX)
		return err_set(err, RC_INPUT, "more than %d anchor sets", TRUSTS_MAX);
	struct trust *t = s->trust[s->trusts++] = ARENA_NEW(&s->arena, struct trust, 1);
	*t = (struct trust){.name = name, .file = file};
	return RC_OK;
}

static enum rc take_personality(struct server *s, const char *name, struct err *err)
{
	if (*name && !(s->personality = personality_find(name)))
		return err_set(err, RC_INPUT, "no personality is called %s; serve --help lists them", name);
	return RC_OK;
}

static enum rc take_pages(struct server *s, const char *word, struct err *err)
{
	s->hide_details = strcmp(word, "generic") == 0;
	if (!s->hide_details && strcmp(word, "detailed") != 0)
		return err_set(err, RC_INPUT, "--error-pages %s: detailed or generic", word);
	return RC_OK;
}

static enum rc take(void *context, int row, const char *argument, struct err *err)
{
	struct server *s = context;
	const char *left, *right;
	enum rc rc = RC_OK;
	switch (row) {
	case OPT_CERTIFICATE:
		s->certificate = argument;
		break;
	case OPT_KEY:
		s->key = argument;
		break;
	case OPT_ANCHORS:
		return take_trust(s, "main", argument, err);
	case OPT_ANCHORS_FOR:
		TRY(split(s, "anchors-for", argument, &left, &right, err));
		return take_trust(s, left, right, err);
	case OPT_DEPTH:
		if (!text_u64(argument, 0, PATH_LENGTH, &s->depth))
			return err_set(err, RC_INPUT, "--depth %s: a number from 0 to %d", argument, PATH_LENGTH);
		break;
	case OPT_BODY_LIMIT:
		if (!text_u64(argument, 0, SERVER_H1_BODY, &s->hold))
			return err_set(err, RC_INPUT, "--body-limit %s: a number from 0 to %d", argument,
				       SERVER_H1_BODY);
		break;
	case OPT_EARLY_DATA:
		return early_parse(argument, &s->takes_early, &s->too_early, err);
	case OPT_FAULT:
		return take_fault(s, argument, err);
	case OPT_LISTEN:
		return take_listen(s, argument, err);
	case OPT_NAME:
		return take_name(s, argument, err);
	case OPT_PERSONALITY:
		return take_personality(s, argument, err);
	case OPT_PAGES:
		return take_pages(s, argument, err);
	case OPT_REDIRECT:
		return moved_take(&s->arena, s->named, s->names, argument, err);
	}
out:
	return rc;
}

static enum rc fit(struct server *s, struct site *site, const char *trust, struct err *err)
{
	site->policy.faults = &s->faults;
	site->policy.depth = (unsigned)s->depth;
	site->policy.hold = s->personality ? s->personality->body_limit : s->hold;
	site->policy.personality = s->personality;
	site->policy.hide_details = s->hide_details;
	site->policy.too_early = s->too_early;
	if (site->policy.mode == APP_PLAIN)
		return RC_OK;
	if (!trust_find(s, trust))
		return err_set(err, RC_INPUT, "no anchors are given for %s", trust);
	if (gnutls_session_ticket_key_generate(&site->ticket_key) < 0)
		return err_set(err, RC_FAULT, "GnuTLS makes no key for tickets");
	if (!(site->sessions = sessions_open()))
		return err_errno(err, RC_FAULT, "cannot map memory");
	return RC_OK;
}

/* Whether to renegotiate with whom is late.c's to say, not GnuTLS's: hence unsafe, which only means that it lets us. */
static const char *const version_words[] = {[VERSIONS_ALL] =
						"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%UNSAFE_RENEGOTIATION",
					    [VERSIONS_TLS12] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:%UNSAFE_RENEGOTIATION",
					    [VERSIONS_TLS13] = "NORMAL:-VERS-ALL:+VERS-TLS1.3",
					    [VERSIONS_OLD] = "NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:%UNSAFE_RENEGOTIATION"};

static enum versions versions_of(const struct server *s, const struct endpoint *e)
{
	const struct persona_row *row = personality_react(s->personality, APP_NONE, true, CLIENT_COMES);
	if (row && row->reaction == PERSONA_REFUSES_VERSION)
		return VERSIONS_TLS12;
	if (s->personality) /* one port, every version: it asks as the version can */
		return VERSIONS_ALL;
	if (s->faults.on[FAULT_ACCEPTS_OLD_TLS])
		return VERSIONS_OLD;
	return !e->by_name && e->site->policy.mode == APP_POST_HANDSHAKE ? VERSIONS_TLS13 : VERSIONS_ALL;
}

static enum rc prepare(struct server *s, struct err *err)
{
	enum rc rc = RC_OK;
	bool tls = false;
	for (size_t i = 0; i < s->endpoints; i++)
		tls = tls || s->endpoint[i].by_name || s->endpoint[i].site->policy.mode != APP_PLAIN;
	if (s->endpoints == 0)
		return err_set(err, RC_INPUT, "nothing to serve: give --listen MODE=IP:PORT");
	if (tls && (!s->certificate || !s->key || s->trusts == 0))
		return err_set(err, RC_INPUT, "TLS needs --certificate, --key and --anchors");
	for (int i = 0; tls && i < VERSIONS_COUNT; i++)
		if (gnutls_priority_init(&s->priority[i], version_words[i], NULL) < 0)
			return err_set(err, RC_FAULT, "GnuTLS does not know TLS 1.2 and 1.3");
	if (tls)
		TRY(trust_load(s, err));
	if (tls && s->takes_early && !(s->early = early_open()))
		return err_errno(err, RC_FAULT, "cannot map memory");
	for (size_t i = 0; i < s->names; i++)
		TRY(fit(s, &s->named[i], s->named_trust[i], err));
	for (size_t i = 0; i < s->endpoints; i++) {
		struct endpoint *e = &s->endpoint[i];
		e->early = s->early;
		e->priority = s->priority[versions_of(s, e)];
		e->first = mmap(NULL, sizeof *e->first, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (e->first == MAP_FAILED)
			return err_errno(err, RC_FAULT, "cannot map memory");
		e->first->admit = ADMIT_ANONYMOUS;
		if (e->by_name) {
			e->n = s->names;
			if (e->n == 0)
				return err_set(err, RC_INPUT, "by-name needs --name HOST=MODE");
			continue;
		}
		TRY(fit(s, e->site, "main", err));
	}
out:
	return rc;
}

/* Address in words: host may be [::1]. */
static enum rc open_listener(struct server *s, size_t at, struct err *err)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	const char *text = s->address[at], *colon = strrchr(text, ':');
	if (!colon)
		return err_set(err, RC_INPUT, "%s: expected IP:PORT", text);
	bool brackets = text[0] == '[' && colon[-1] == ']';
	char *host = arena_strndup(&s->arena, text + brackets, (size_t)(colon - text) - 2u * brackets);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return err_set(err, RC_INPUT, "%s: expected IP:PORT", text);
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	s->endpoint[at].fd = fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	bool good = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
	freeaddrinfo(found);
	if (!good)
		return err_errno(err, RC_FAULT, "cannot listen at %s", text);
	struct sockaddr_storage real;
	socklen_t size = sizeof real;
	char ip[64], port[16];
	getsockname(fd, (struct sockaddr *)&real, &size);
	getnameinfo((struct sockaddr *)&real, size, ip, sizeof ip, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
	printf("listening %s %s%s%s:%s\n", s->endpoint[at].word, brackets ? "[" : "", ip, brackets ? "]" : "", port);
	fflush(stdout);
	return RC_OK;
}

static volatile sig_atomic_t stop, again;
static void on_signal(int number)
{
	if (number == SIGHUP)
		again = 1;
	else if (number != SIGCHLD)
		stop = 1;
}

static void accept_one(struct server *s, struct crew *crew, size_t at)
{
	int fd = accept4(s->endpoint[at].fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		crew_serve(crew, fd, s->serving, s->endpoints, at);
}

/* Signals arrive only inside ppoll(), so that none is missed between looking and waiting. */
static enum rc loop(struct server *s, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};
	sigset_t held, free_set;
	struct pollfd p[ENDPOINTS_MAX];
	static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD, SIGHUP};
	sigemptyset(&held);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaddset(&held, numbers[i]);
	sigprocmask(SIG_BLOCK, &held, &free_set);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		sigaction(numbers[i], &act, NULL);
		sigdelset(&free_set, numbers[i]);
	}
	struct crew *crew = crew_open(tcp_may_die(&s->serving[0]), &held);
	if (!crew)
		return err_errno(err, RC_FAULT, "cannot begin to serve");
	while (!stop) {
		for (size_t i = 0; i < s->endpoints; i++)
			p[i] = (struct pollfd){.fd = s->endpoint[i].fd, .events = POLLIN};
		nfds_t n = crew_has_room(crew) ? (nfds_t)s->endpoints : 0;
		int ready = ppoll(p, n, NULL, &free_set);
		crew_collect(crew);
		if (again) {
			again = 0;
			trust_reload(s);
			continue;
		}
		for (size_t i = 0; ready > 0 && i < n; i++)
			if (p[i].revents && crew_has_room(crew))
				accept_one(s, crew, i);
	}
	crew_close(&crew);
	return RC_OK;
}

static void forget_sessions(struct site *site)
{
	gnutls_free(site->ticket_key.data);
	sessions_close(&site->sessions);
}

static void close_all(struct server *s)
{
	for (size_t i = 0; i < s->endpoints; i++)
		if (s->endpoint[i].fd >= 0)
			close(s->endpoint[i].fd);
	for (size_t i = 0; i < s->endpoints; i++)
		if (!s->endpoint[i].by_name)
			forget_sessions(s->endpoint[i].site);
	for (size_t i = 0; i < s->names; i++)
		forget_sessions(&s->named[i]);
	trust_close(s);
	early_close(&s->early);
	for (int i = 0; i < VERSIONS_COUNT; i++)
		if (s->priority[i])
			gnutls_priority_deinit(s->priority[i]);
	arena_fini(&s->arena);
}

static enum rc help(void)
{
	size_t n, many;
	const struct fault_row *rows = fault_rows(&n);
	const struct personality *all = personalities(&many);
	puts("\nPersonalities:");
	for (size_t i = 0; i < many; i++)
		printf("  %-34s %s\n", all[i].name, all[i].sentence);
	puts("\nFaults:");
	for (size_t i = 0; i < n; i++)
		printf("  %-34s %s\n", rows[i].name, rows[i].sentence);
	return RC_END;
}

enum rc reference_serve(int argc, char **argv, struct err *err)
{
	enum rc rc;
	static struct server s;
	int rest;
	s = (struct server){.depth = 10, .hold = 65536};
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* workers may be told to abort */
	rc = opt_parse(argc, argv, usage, options, sizeof options / sizeof *options, take, &s, &rest, err);
	if (rc == RC_END)
		help();
	TRY(rc);
	if (rest < argc)
		TRY(err_set(err, RC_INPUT, "serve takes no argument %s", argv[rest]));
	TRY(prepare(&s, err));
	for (size_t i = 0; i < s.endpoints; i++)
		TRY(open_listener(&s, i, err));
	trust_publish(&s);
	rc = loop(&s, err);
out:
	close_all(&s);
	return rc;
}
