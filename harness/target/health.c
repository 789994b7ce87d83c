#include "harness/target/running.h"

#include "harness/base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OVERLAP 64 /* a phrase may be cut by the end of what was read */
#define LOG_MS	100u
#define VAIN_MAX 3
#define ENDING_MS 1000u

/* What sanitizers and valgrind say of a memory error (their manuals: AddressSanitizer, UBSan, Memcheck 4.2). */
static const char *const sanitizer_words[] = {"ERROR: AddressSanitizer", "runtime error:", "Invalid read",
					      "Invalid write"};

off_t health_end(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : 0;
}

void health_begin(struct running *r)
{
	for (size_t i = 0; i < r->target->n_processes; i++) {
		struct member *m = &r->members[i];
		for (size_t k = 0; k < m->n_watches; k++)
			m->watches[k].floor = m->watches[k].seen = health_end(m->watches[k].path);
		workers_look(&m->workers, m->proc.pid);
	}
}

static const char *phrase_in(const struct watch *w, const char *text)
{
	if (w->crash && strstr(text, w->crash))
		return w->crash;
	for (size_t i = 0; i < sizeof sanitizer_words / sizeof *sanitizer_words; i++)
		if (strstr(text, sanitizer_words[i]))
			return sanitizer_words[i];
	return NULL;
}

/* The line of `text` that holds `phrase`, at most size. */
static void quote(const char *text, const char *phrase, char *out, size_t size)
{
	const char *at = strstr(text, phrase), *start = at;
	while (start > text && start[-1] != '\n' && at - start < 160)
		start--;
	snprintf(out, size, "%.*s", (int)strcspn(start, "\n"), start);
}

/* Reads what was added since the last look; true when it tells of a crash. */
static bool look(struct watch *w, char *line, size_t size)
{
	char chunk[16384 + OVERLAP + 1];
	bool found = false;
	off_t end = health_end(w->path);
	if (end < w->seen)
		w->floor = w->seen = 0; /* rotated or truncated */
	if (end == w->seen)
		return false;
	int fd = open(w->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	for (off_t at = w->seen - w->floor > OVERLAP ? w->seen - OVERLAP : w->floor; at < end && !found;) {
		ssize_t n = pread(fd, chunk, sizeof chunk - 1, at);
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			chunk[i] = chunk[i] ? chunk[i] : ' ';
		chunk[n] = '\0';
		const char *phrase = phrase_in(w, chunk);
		found = phrase != NULL;
		if (found)
			quote(chunk, phrase, line, size);
		at += n == (ssize_t)sizeof chunk - 1 ? n - OVERLAP : n;
	}
	close(fd);
	w->seen = end;
	if (found)
		w->floor = end; /* told once */
	return found;
}

/* True when a log has told of something new; `text` gets the line. */
static bool logs_speak(struct member *m, char *text, size_t size)
{
	for (size_t k = 0; k < m->n_watches; k++)
		if (look(&m->watches[k], text, size) && !workers_told(&m->workers, text))
			return true;
	return false;
}

/*
 * A worker that vanished: its master has taken note of it, and logs why within moments.  Where they come and go with the
 * connections that is no news, and waiting for it every time would cost more than the cases.
 */
static bool logs_speak_soon(struct member *m, char *text, size_t size)
{
	uint64_t until = clock_us() + LOG_MS * 1000u;
	do {
		if (logs_speak(m, text, size)) {
			m->vain = 0;
			return true;
		}
		poll(NULL, 0, 2);
	} while (clock_us() < until && m->vain < VAIN_MAX);
	m->vain++;
	return false;
}

/* Killed, a process closes its connections and takes its children along before it can be waited for. */
static bool is_alive(struct member *m)
{
	if (!proc_alive(&m->proc) || !workers_ending(m->proc.pid))
		return !m->proc.ended;
	uint64_t until = clock_us() + ENDING_MS * 1000u;
	while (proc_alive(&m->proc) && clock_us() < until)
		poll(NULL, 0, 1);
	return !m->proc.ended;
}

static bool member_healthy(struct member *m, char *how, size_t size)
{
	char text[256];
	bool vanished = false;
	if (m->proc.pid && !is_alive(m)) {
		snprintf(how, size, "process %s ended: %s", m->process->id,
			 proc_status_text(m->proc.status, text, sizeof text));
		return false;
	}
	if (m->proc.pid && workers_died(&m->workers, m->proc.pid, &vanished, text, sizeof text)) {
		snprintf(how, size, "process %s: %s", m->process->id, text);
		return false;
	}
	if (vanished ? logs_speak_soon(m, text, sizeof text) : logs_speak(m, text, sizeof text)) {
		snprintf(how, size, "process %s says: %s", m->process->id, text);
		return false;
	}
	return true;
}

bool running_healthy(struct running *r, char *how, size_t size)
{
	bool healthy = true;
	if (size)
		how[0] = '\0';
	for (size_t i = 0; i < r->target->n_processes; i++)
		if (!member_healthy(&r->members[i], how, healthy ? size : 0))
			healthy = false;
	return healthy;
}

void health_tail(const char *path, char *out, size_t size)
{
	char text[2048];
	size_t len = 0;
	off_t end = health_end(path), from = end > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : 0;
	out[0] = '\0';
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = pread(fd, text, sizeof text - 1, from);
	close(fd);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	const char *start = text + n;
	for (int lines = 0; start > text && n - (start - text) < (ssize_t)size - 8; start--)
		if (start[-1] == '\n' && ++lines == 4)
			break;
	for (const char *p = start; *p && len + 4 < size; p++) {
		if (*p == '\n')
			len += (size_t)snprintf(out + len, size - len, " | ");
		else
			out[len++] = (unsigned char)*p < ' ' ? ' ' : *p;
	}
	out[len] = '\0';
}
