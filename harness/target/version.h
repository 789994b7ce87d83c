/* version.h - finds version numbers in what "program -v" prints.  Pure. */
#ifndef HARNESS_TARGET_VERSION_H
#define HARNESS_TARGET_VERSION_H

#include <stddef.h>

/* The version behind `pattern` ("nginx/"), or the first number when the pattern is NULL or ""; "" when there is none. */
void version_product(const char *text, const char *pattern, char *out, size_t size);
/* "OpenSSL 3.0.19": the last TLS library named with a number (what runs stands behind what it was built with); or "". */
void version_library(const char *text, char *out, size_t size);

#endif
