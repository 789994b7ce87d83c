/* moved.h - the option for pages of one name that are another's, where they need a certificate (app.c answers them). */
#ifndef HARNESS_REFERENCE_MOVED_H
#define HARNESS_REFERENCE_MOVED_H

#include "harness/reference/tcp.h"

/* "HOST/PATH=HOST" goes to the site of the first host; texts live in the arena. */
enum rc moved_take(struct arena *a, struct site *sites, size_t n, const char *text, struct err *err) MUST_USE;

#endif
