#include "reports/progress.h"

#include "reports/report.h"

#include <inttypes.h>
#include <string.h>

#define TERMINAL_GAP_US 100000
#define PLAIN_GAP_US	10000000
#define WIDTH		79 /* a longer line would wrap, and \r returns to the start of the last row only */

void progress_open(struct progress *p, FILE *file, bool terminal, uint64_t now_us)
{
	*p = (struct progress){.file = file, .terminal = terminal, .began_us = now_us, .last_us = now_us};
}

/* Is it time for a line? */
static bool due(const struct progress *p, uint64_t done, uint64_t total, uint64_t now_us)
{
	bool end = done >= total;
	if (p->terminal)
		return !p->drawn || now_us - p->last_us >= TERMINAL_GAP_US;
	if (done == 0)
		return false;
	unsigned tenth = total ? (unsigned)(done * 10 / total) : 10;
	return now_us - p->last_us >= PLAIN_GAP_US || (tenth > p->last_tenth && !end) || (end && p->last_tenth < 10);
}

static uint32_t guess(const struct progress *p, uint64_t done, uint64_t total, uint64_t now_us)
{
	if (done == 0 || done >= total)
		return done ? 0 : PROGRESS_ETA_UNKNOWN;
	double left = (double)(now_us - p->began_us) / 1e6 / (double)done * (double)(total - done);
	return left < 1e9 ? (uint32_t)(left + 0.5) : PROGRESS_ETA_UNKNOWN;
}

static void put_eta(char *out, size_t size, uint32_t eta)
{
	if (eta == PROGRESS_ETA_UNKNOWN)
		snprintf(out, size, "?");
	else if (eta < 100)
		snprintf(out, size, "%us", eta);
	else if (eta < 6000)
		snprintf(out, size, "%um%02us", eta / 60, eta % 60);
	else
		snprintf(out, size, "%uh%02um", eta / 3600, eta / 60 % 60);
}

static void put_line(char *out, size_t size, uint64_t done, uint64_t total, const uint64_t *verdicts, uint32_t eta)
{
	uint64_t failed = 0, errors = 0, pinned = 0;
	char left[32];
	for (int v = 0; v < VERDICT__COUNT; v++) {
		const char *element = report_junit_element((enum verdict)v, false);
		if (element && strcmp(element, "failure") == 0)
			failed += verdicts[v];
		else if (element && strcmp(element, "error") == 0)
			errors += verdicts[v];
		else if (element)
			pinned += verdicts[v];
	}
	uint64_t bad = failed + errors + pinned, passed = done > bad ? done - bad : 0;
	put_eta(left, sizeof left, eta);
	int n = snprintf(out, size,
			 "%" PRIu64 "/%" PRIu64 " %u%%  %" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " errors",
			 done, total, total ? (unsigned)(done * 100 / total) : 100, passed, failed, errors);
	if (n > 0 && (size_t)n < size && done < total)
		snprintf(out + n, size - (size_t)n, ", %s left", left);
}

void progress_update(struct progress *p, uint64_t done, uint64_t total, const uint64_t verdicts[static VERDICT__COUNT],
		     uint32_t eta_s, uint64_t now_us)
{
	char text[256];
	if (!p->file || !due(p, done, total, now_us))
		return;
	p->last_us = now_us;
	p->last_tenth = total ? (unsigned)(done * 10 / total) : 10;
	put_line(text, sizeof text, done, total, verdicts,
		 eta_s == PROGRESS_ETA_UNKNOWN ? guess(p, done, total, now_us) : eta_s);
	if (p->terminal)
		fprintf(p->file, "\r\033[K%.*s", WIDTH, text);
	else
		fprintf(p->file, "%s\n", text);
	p->drawn = p->terminal;
	fflush(p->file);
}

void progress_clear(struct progress *p)
{
	if (!p->drawn)
		return;
	fputs("\r\033[K", p->file);
	fflush(p->file);
	p->drawn = false;
}

void progress_close(struct progress *p)
{
	progress_clear(p);
	*p = (struct progress){0};
}
