/* when="tls=1.2|1.3 condition=leaf-*": parsed here, held against a case by when_holds in model.c. */
#include "harness/suite/read.h"
#include "harness/suite/suite.h"

#include <string.h>

/* NULL, or what is wrong with the text. */
static const char *parse(struct arena *a, const char *text, struct when *out)
{
	size_t n;
	const char *const *words = read_list(a, text, &n);
	struct when_term *terms = ARENA_NEW(a, struct when_term, n);
	*out = (struct when){terms, 0};
	for (size_t i = 0; i < n; i++, out->n++) {
		const char *equals = strchr(words[i], '=');
		if (!equals || equals == words[i] || !equals[1])
			return arena_printf(a, "when: \"%.200s\" is not key=pattern", words[i]);
		terms[i].key = arena_strndup(a, words[i], (size_t)(equals - words[i]));
		terms[i].pattern = arena_strdup(a, equals + 1);
		for (size_t j = 0; j < i; j++)
			if (strcmp(terms[j].key, terms[i].key) == 0)
				return arena_printf(a, "when: %.100s= twice; alternatives stand behind | in one term",
						    terms[i].key);
	}
	return NULL;
}

enum rc when_parse(struct arena *a, const char *text, struct when *out, const char *file, int line, struct err *err)
{
	const char *wrong = parse(a, text, out);
	return wrong ? err_at(err, RC_INPUT, file, line, "%s", wrong) : RC_OK;
}

/* Words that a pattern of this key must be able to match; NULL when anything may stand there. */
static const char *legal_values(const char *key)
{
	static const struct {
		const char *key;
		const char *(*words)(void);
	} known[] = {
	    {"tls", tls_words},		{"negotiation", negotiation_words},
	    {"http", http_words},	{"client", client_kind_words},
	    {"phase", phase_words},	{"decision", decision_words},
	    {"verdict", verdict_words},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].key, key) == 0)
			return known[i].words();
	if (strcmp(key, "expected") == 0)
		return "accept anonymous reject";
	return strcmp(key, "asked") == 0 || strcmp(key, "sent") == 0 ? "yes no" : NULL;
}

static bool matches_one(const char *pattern, const char *words)
{
	char word[64];
	while (text_word(&words, word, sizeof word))
		if (text_glob(pattern, word))
			return true;
	return false;
}

void read_pattern(struct findings *f, struct where where, const struct when_term *t, const char *words)
{
	char each[256];
	for (const char *p = t->pattern;; p++) {
		size_t len = strcspn(p, "|");
		if (len < sizeof each) {
			memcpy(each, p, len);
			each[len] = '\0';
			if (!matches_one(each, words))
				findings_add(f, where, "when: %s=%s can never hold; values of %s: %s", t->key, each,
					     t->key, words);
		}
		p += len;
		if (!*p)
			return;
	}
}

struct when read_when(struct findings *f, struct arena *a, const struct node *n, const char *keys)
{
	struct when when = {0};
	const char *text = read_value(n, "when");
	struct where where = read_where(n, "when");
	const char *wrong = text ? parse(a, text, &when) : NULL;
	if (wrong)
		findings_add(f, where, "%s", wrong);
	for (size_t i = 0; i < when.n; i++) {
		const struct when_term *t = &when.terms[i];
		const char *words = legal_values(t->key);
		if (read_index(keys, t->key, strlen(t->key)) < 0)
			findings_add(f, where, "when: unknown key %s; legal: %s", t->key, keys);
		else if (words)
			read_pattern(f, where, t, words);
	}
	return when;
}
