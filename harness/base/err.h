/*
 * err.h - the one error idiom: a must-use status and one sentence, written where the fault is detected.
 * Owns nothing.  Knows no domain.  A server's refusal is an observation, never an error.
 */
#ifndef HARNESS_BASE_ERR_H
#define HARNESS_BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))

enum rc {
	RC_OK,
	RC_INPUT,  /* the user's words or files are wrong: exit 2 */
	RC_FAULT,  /* the harness or its environment failed: exit 3 */
	RC_ABSENT, /* what was asked for is not there: program, file, anything selected */
	RC_TIMEOUT,
	RC_END, /* the stream ended where it may end */
};

/* One sentence.  All-zero is "no error".  The first sentence written stays. */
struct err {
	char text[1024];
};

/* Write the sentence and return `rc`, so that a caller can `return err_set(...)`. */
enum rc err_set(struct err *err, enum rc rc, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same behind "file:line: ". */
enum rc err_at(struct err *err, enum rc rc, const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/* The same with ": " and the text of errno behind it. */
enum rc err_errno(struct err *err, enum rc rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Sets `rc` (a local of the caller) and leaves by `out:`.  The only macro that hides control flow. */
#define TRY(call)                   \
	do {                        \
		rc = (call);        \
		if (rc != RC_OK)    \
			goto out;   \
	} while (0)

#endif
