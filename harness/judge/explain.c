#include "harness/judge/explain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIGNALS  16
#define SIGNAL_SCORE 40 /* as much as a long phrase: a signal is exact */

struct query {
	const char *text; /* lower case, every run of blanks one space */
	char signals[MAX_SIGNALS][48];
	size_t n_signals;
};

static char *normalise(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) + 1), *to = out;
	for (const char *p = text; *p; p++) {
		bool blank = isspace((unsigned char)*p) || !isprint((unsigned char)*p);
		if (blank && (to == out || to[-1] == ' '))
			continue;
		*to++ = blank ? ' ' : (char)tolower((unsigned char)*p);
	}
	while (to > out && to[-1] == ' ')
		to--;
	*to = '\0';
	return out;
}

/* A byte that continues a word or a number: "403.1" is not found in "403.16", nor "48" in "0x48". */
static bool continues(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *find_words(const char *text, const char *words)
{
	size_t len = strlen(words);
	for (const char *p = text; len && (p = strstr(p, words)); p++) {
		bool starts = p == text || !continues(p[-1]) || !continues(words[0]);
		bool ends = !continues(p[len]) || !continues(words[len - 1]);
		bool number =
		    isdigit((unsigned char)words[len - 1]) && p[len] == '.' && isdigit((unsigned char)p[len + 1]);
		if (starts && ends && !number)
			return p;
	}
	return NULL;
}

static void add_signal(struct query *q, const char *kind, const char *word)
{
	char signal[48];
	if (strlen(kind) + strlen(word) >= sizeof signal || q->n_signals == MAX_SIGNALS)
		return;
	memcpy(signal, kind, strlen(kind) + 1);
	memcpy(signal + strlen(kind), word, strlen(word) + 1);
	for (size_t i = 0; i < q->n_signals; i++)
		if (strcmp(q->signals[i], signal) == 0)
			return;
	memcpy(q->signals[q->n_signals++], signal, sizeof signal);
}

static void add_alert(struct query *q, unsigned long number)
{
	const char *name = number < 256 ? alert_text((unsigned)number) : "?";
	if (strcmp(name, "?") != 0 && strcmp(name, "close_notify") != 0)
		add_signal(q, "alert:", name);
}

/* "alert number 48" (OpenSSL), "fatal alert code is 48" (Schannel), "alert(48)", "alert 48". */
static void find_alert_numbers(struct query *q)
{
	static const char *const leads[] = {"alert number ", "alert code is ", "alert(", "alert ", "alert: ", "alert:"};
	for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
		for (const char *p = q->text; (p = strstr(p, leads[i])); p++) {
			const char *digits = p + strlen(leads[i]);
			size_t len = strspn(digits, "0123456789");
			if (len && len <= 3 && !continues(digits[len]))
				add_alert(q, strtoul(digits, NULL, 10));
		}
}

/* "unknown_ca" as a word of its own; "alert unknown ca" as OpenSSL and Firefox spell it. */
static void find_alert_names(struct query *q)
{
	for (unsigned n = 1; n < 256; n++) {
		const char *name = alert_text(n);
		char spaced[64] = "alert ";
		size_t lead = strlen(spaced), len = strlen(name);
		if (strcmp(name, "?") == 0 || lead + len >= sizeof spaced)
			continue;
		for (size_t i = 0; i <= len; i++)
			spaced[lead + i] = name[i] == '_' ? ' ' : name[i];
		if (find_words(q->text, name) || find_words(q->text, spaced) || strcmp(q->text, spaced + lead) == 0)
			add_alert(q, n);
	}
}

static bool is_status(const char *digits, size_t len)
{
	return len == 3 && digits[0] >= '1' && digits[0] <= '5';
}

/* "HTTP/1.1 400", "http:403.16", "status 400", "error 403.16", "status code: 400". */
static void find_statuses(struct query *q)
{
	static const char *const leads[] = {"http/1.0 ", "http/1.1 ", "http/2 ", "http/3 ",	"http:",
					    "status ",	 "status: ",  "code: ",	 "http error ", "detailed error - "};
	for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
		for (const char *p = q->text; (p = strstr(p, leads[i])); p++) {
			const char *digits = p + strlen(leads[i]);
			size_t len = strspn(digits, "0123456789");
			char word[16];
			if (!is_status(digits, len))
				continue;
			size_t sub = digits[len] == '.' ? strspn(digits + len + 1, "0123456789") : 0;
			size_t all = sub && sub <= 2 ? len + 1 + sub : len;
			memcpy(word, digits, all);
			word[all] = '\0';
			add_signal(q, "http:", word);
		}
}

/* The whole text is one short word: "48", "400", "403.16", "reset". */
static void find_alone(struct query *q)
{
	static const char *const words[] = {"close", "eof", "reset", "timeout"};
	size_t len = strspn(q->text, "0123456789"), rest = strlen(q->text + len);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(q->text, words[i]) == 0)
			add_signal(q, "", words[i]);
	if (len && len <= 3 && !rest)
		add_alert(q, strtoul(q->text, NULL, 10));
	bool sub = rest > 1 && rest <= 3 && q->text[len] == '.' && strspn(q->text + len + 1, "0123456789") == rest - 1;
	if (is_status(q->text, len) && (!rest || sub))
		add_signal(q, "http:", q->text);
}

/* One alternative of a signal term against a signal of the query: 403 and 403.16 are near, not the same. */
static unsigned signal_score(const char *pattern, const char *signal)
{
	size_t n = strlen(signal), m = strlen(pattern);
	if (strcmp(pattern, signal) == 0 || (strchr(pattern, '*') && text_glob(pattern, signal)))
		return SIGNAL_SCORE;
	if (text_starts(pattern, "http:") && text_starts(pattern, signal) && pattern[n] == '.')
		return SIGNAL_SCORE / 2;
	return text_starts(signal, "http:") && text_starts(signal, pattern) && signal[m] == '.' ? SIGNAL_SCORE / 2 : 0;
}

static void score_signals(const struct query *q, const struct diagnosis *d, struct explain_hit *hit)
{
	for (size_t t = 0; t < d->when.n; t++) {
		const char *alternatives = d->when.terms[t].pattern;
		if (strcmp(d->when.terms[t].key, "signal") != 0)
			continue;
		while (*alternatives) {
			char each[64];
			size_t len = strcspn(alternatives, "|");
			if (len < sizeof each) {
				memcpy(each, alternatives, len);
				each[len] = '\0';
				for (size_t i = 0; i < q->n_signals; i++) {
					unsigned score = signal_score(each, q->signals[i]);
					hit->score += score;
					if (score)
						hit->found = q->signals[i];
				}
			}
			alternatives += len + (alternatives[len] == '|');
		}
	}
}

static void score_words(struct arena *a, const struct query *q, const struct diagnosis *d, struct explain_hit *hit)
{
	size_t longest = 0;
	for (const char *line = d->match; line && *line;) {
		size_t len = strcspn(line, "\n");
		const char *words = normalise(a, arena_strndup(a, line, len));
		if (find_words(q->text, words)) {
			size_t n = strlen(words);
			/* an error code is as telling as a sentence */
			hit->score += n < 10 ? SIGNAL_SCORE : SIGNAL_SCORE + (unsigned)n;
			if (n > longest) {
				longest = n;
				hit->found = arena_strndup(a, line, len);
			}
		}
		line += len + (line[len] == '\n');
	}
}

/* A product that the text names: a little nearer than the others. */
static void score_product(const struct query *q, const struct diagnosis *d, struct explain_hit *hit)
{
	for (size_t t = 0; hit->score && t < d->when.n; t++) {
		const char *alternatives = d->when.terms[t].pattern;
		while (strcmp(d->when.terms[t].key, "product") == 0 && *alternatives) {
			char each[64];
			size_t len = strcspn(alternatives, "|");
			if (len && len < sizeof each) {
				memcpy(each, alternatives, len);
				each[len] = '\0';
				hit->score += find_words(q->text, each) ? 5 : 0;
			}
			alternatives += len + (alternatives[len] == '|');
		}
	}
}

void explain_rank(struct arena *a, const struct suite *s, const char *text, const struct explain_hit **out, size_t *n)
{
	struct query *q = ARENA_NEW(a, struct query, 1); /* hits point to its signals */
	struct explain_hit *hits = ARENA_NEW(a, struct explain_hit, s->n_diagnoses + 1);
	q->text = normalise(a, text);
	find_alone(q);
	find_alert_numbers(q);
	find_alert_names(q);
	find_statuses(q);
	*n = 0;
	for (size_t i = 0; i < s->n_diagnoses; i++) {
		struct explain_hit hit = {.diagnosis = &s->diagnoses[i]};
		if (strlen(s->diagnoses[i].id) && find_words(q->text, normalise(a, s->diagnoses[i].id))) {
			hit.score += 10 * SIGNAL_SCORE; /* asked for by name */
			hit.found = s->diagnoses[i].id;
		}
		score_signals(q, hit.diagnosis, &hit);
		score_words(a, q, hit.diagnosis, &hit);
		score_product(q, hit.diagnosis, &hit);
		if (!hit.score)
			continue;
		size_t at = (*n)++;
		for (; at > 0 && hits[at - 1].score < hit.score; at--)
			hits[at] = hits[at - 1];
		hits[at] = hit;
	}
	*out = hits;
}
