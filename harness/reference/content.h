/*
 * content.h - what was received of a request's content: counted and digested as it comes, kept nowhere.  Owns the hash
 * while it is open.
 */
#ifndef HARNESS_REFERENCE_CONTENT_H
#define HARNESS_REFERENCE_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#define CONTENT_HEX 65

struct content {
	void *hash; /* NULL: not open */
	uint64_t length, most;
};

/* What comes behind `most` bytes is lost. */
void content_open(struct content *c, uint64_t most);
void content_add(struct content *c, const void *data, size_t len);
/* SHA-256 as lower-case hex; closes.  `hex` NULL only closes.  Idempotent: a closed one leaves "". */
void content_close(struct content *c, char *hex);

#endif
