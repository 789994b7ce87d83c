/* text.h - globs, words, numbers, durations, hex and base64, and the list macro for enums with text. */
#ifndef HARNESS_BASE_TEXT_H
#define HARNESS_BASE_TEXT_H

#include "harness/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Enums with text: one list macro LIST(X) of rows X(VALUE, "text") gives the enum, the names and the parser.
 *   ENUM_DECLARE(negotiation, NEGOTIATION, NEGOTIATION_LIST)   in a header
 *   ENUM_DEFINE(negotiation, NEGOTIATION, NEGOTIATION_LIST)    in one .c
 * declare enum negotiation {..., NEGOTIATION__COUNT}, negotiation_text(), negotiation_parse(), negotiation_words().
 */
#define ENUM_MEMBER_(value, text) value,
#define ENUM_NAME_(value, text) text,
#define ENUM_DECLARE(stem, STEM, LIST)                                                   \
	enum stem { LIST(ENUM_MEMBER_) STEM##__COUNT };                                  \
	const char *stem##_text(enum stem value);                                        \
	bool stem##_parse(const char *text, enum stem *value);                           \
	const char *stem##_words(void)
#define ENUM_DEFINE(stem, STEM, LIST)                                                    \
	static const char *const stem##_names_[] = {LIST(ENUM_NAME_)};                   \
	const char *stem##_text(enum stem value)                                         \
	{                                                                                \
		return (unsigned)value < STEM##__COUNT ? stem##_names_[value] : "?";     \
	}                                                                                \
	bool stem##_parse(const char *text, enum stem *value)                            \
	{                                                                                \
		int at = text_index(stem##_names_, STEM##__COUNT, text);                 \
		if (at >= 0)                                                             \
			*value = (enum stem)at;                                          \
		return at >= 0;                                                          \
	}                                                                                \
	const char *stem##_words(void)                                                   \
	{                                                                                \
		static char words[1024];                                                 \
		return text_join(words, sizeof words, stem##_names_, STEM##__COUNT);     \
	}                                                                                \
	struct enum_define_needs_semicolon_##stem

/* Index of `text` among `names`, or -1. */
int text_index(const char *const *names, size_t n, const char *text);
/* The names joined by spaces into `out`; returns `out`. */
const char *text_join(char *out, size_t size, const char *const *names, size_t n);

/* Only * and ? are special: any run of characters, any one character. */
bool text_glob(const char *pattern, const char *text);
/* Is `text` what any of these patterns, separated by blanks, stands for? */
bool text_glob_any(const char *patterns, const char *text);
/* Walk space-separated words: *at moves on, the word is copied into `out`; false at the end or if a word is too long. */
bool text_word(const char **at, char *out, size_t size);
bool text_has_word(const char *words, const char *word); /* NULL words has none */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
void text_lower(char *text); /* letters of ASCII, in place */
bool text_equal(const char *a, const char *b); /* NULL equals only NULL */

/* Whole-string decimal in [min, max]; false otherwise. */
bool text_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* "-30d", "+2h", "90s", "1y" (365 days), "0" -> seconds. */
bool text_offset(const char *text, int64_t *seconds);
/* "250ms", "2s", "5m" -> milliseconds. */
bool text_millis(const char *text, uint32_t *ms);

void text_hex(struct buf *b, const void *data, size_t len); /* lower case */
void text_base64(struct buf *b, const void *data, size_t len);
bool text_unhex(struct buf *b, const char *text);
/* FNV-1a, 64 bit. */
uint64_t text_hash(const void *data, size_t len, uint64_t seed);

#endif
