/* check.h - whether a condition says only what the forge understands.  Pure table lookups; no crypto types. */
#ifndef HARNESS_PKI_CHECK_H
#define HARNESS_PKI_CHECK_H

#include "harness/base/err.h"

struct suite;
struct condition;

/*
 * Checks the node tree of a condition against the knob table and the base; condition NULL: the base alone.  Needs
 * suite->base only.  RC_INPUT with "file:line: " for an unknown element, attribute, value or certificate name.
 */
enum rc forge_check(const struct suite *suite, const struct condition *condition, struct err *err) MUST_USE;

#endif
