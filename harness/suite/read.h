/*
 * read.h - reads one element: its attributes as words, masks, ids and times, with a finding for whatever is not legal.
 * Shared by all vocabularies.  Values outlive the call (arena of the tree).
 */
#ifndef HARNESS_SUITE_READ_H
#define HARNESS_SUITE_READ_H

#include "harness/suite/findings.h"
#include "harness/suite/model.h"

/* What an element may hold: words separated by spaces; NULL children: anything goes. */
struct shape {
	const char *attributes, *required, *children;
	bool text;
};

/* Unknown attributes and elements, missing attributes and stray text are findings that list the legal words. */
void read_shape(struct findings *f, const struct node *n, const struct shape *shape);

const char *read_value(const struct node *n, const char *name);	 /* NULL when it is not there */
struct where read_where(const struct node *n, const char *name); /* of the attribute, or the element */
const struct node *read_child(struct findings *f, const struct node *n,
			      const char *name); /* the only one of its name */
/* Text with runs of blanks made one; NULL for no node. */
const char *read_text(struct arena *a, const struct node *n);

/* Whether `word` is one of the space-separated `words`, and which. */
int read_index(const char *words, const char *word, size_t len);

/* An id: letters, digits and . _ - and at most 64 bytes, since it becomes part of a case id. */
bool read_id_is_legal(const char *id);
const char *read_id(struct findings *f, const struct node *n, const char *name);
/* Index of the attribute's value among `words`; `fallback` when absent or wrong. */
int read_word(struct findings *f, const struct node *n, const char *name, const char *words, int fallback);
/* Mask of its words; 0 when absent. */
unsigned read_mask(struct findings *f, const struct node *n, const char *name, const char *words);
bool read_yes(struct findings *f, const struct node *n, const char *name, bool fallback);
uint64_t read_number(struct findings *f, const struct node *n, const char *name, uint64_t min, uint64_t max);
uint32_t read_millis(struct findings *f, const struct node *n, const char *name); /* 0 when absent */
/* Each word must be one of `words`. */
void read_words(struct findings *f, const struct node *n, const char *name, const char *words);

/* Words separated by spaces, into the arena. */
const char *const *read_list(struct arena *a, const char *text, size_t *n);

/*
 * A host name as it will be sent: a finding when the TLS library would alter or refuse it (bytes outside printable
 * ASCII, an escaped NUL, more than 255 bytes; RFC 6066 3, RFC 1035 2.3.4).
 */
void read_host(struct findings *f, struct where where, const char *what, const char *host, size_t len);

/* A finding for every alternative of the pattern that matches none of `words`. */
void read_pattern(struct findings *f, struct where where, const struct when_term *t, const char *words);
/* The attribute when= with its legal keys. */
struct when read_when(struct findings *f, struct arena *a, const struct node *n, const char *keys);
/* A set of signals: "alert:unknown_ca http:400 reset"; * and ? stand for any characters. */
const char *read_signals(struct findings *f, const struct node *n, const char *name);

/* What needs= and has= may say. */
#define CAPABILITY_WORDS "alpn body-echo body-limit ca-list clock concurrent crl early-data echo extended-master-secret forward keep-alive ocsp redirect reload resumption session-id store tenants"

#endif
