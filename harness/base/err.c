#include "harness/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void PRINTF_LIKE(3, 0) put(struct err *err, const char *prefix, const char *fmt, va_list ap, const char *suffix)
{
	if (!err || err->text[0])
		return;
	size_t n = (size_t)snprintf(err->text, sizeof err->text, "%s", prefix);
	if (n < sizeof err->text)
		n += (size_t)vsnprintf(err->text + n, sizeof err->text - n, fmt, ap);
	if (n < sizeof err->text)
		snprintf(err->text + n, sizeof err->text - n, "%s", suffix);
}

enum rc err_set(struct err *err, enum rc rc, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	put(err, "", fmt, ap, "");
	va_end(ap);
	return rc;
}

enum rc err_at(struct err *err, enum rc rc, const char *file, int line, const char *fmt, ...)
{
	char prefix[512];
	snprintf(prefix, sizeof prefix, "%s:%d: ", file, line);
	va_list ap;
	va_start(ap, fmt);
	put(err, prefix, fmt, ap, "");
	va_end(ap);
	return rc;
}

enum rc err_errno(struct err *err, enum rc rc, const char *fmt, ...)
{
	char suffix[160];
	snprintf(suffix, sizeof suffix, ": %s", strerror(errno));
	va_list ap;
	va_start(ap, fmt);
	put(err, "", fmt, ap, suffix);
	va_end(ap);
	return rc;
}
